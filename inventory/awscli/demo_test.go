package awscli

import (
	"strings"
	"testing"

	"merlon.dev/merlon"
)

// TestDemo replays the demo account of CloudMapper: what is there is found, and
// what is not there is a gap.
func TestDemo(t *testing.T) {
	s := replay(t, "testdata/cloudmapper")
	for _, want := range []struct {
		typ string
		ids []string
	}{
		{"Merlon::Account::Account", []string{"123456789012"}},
		{"Merlon::Account::Region", []string{"us-east-1"}},
		{"AWS::S3::Bucket", []string{"cloudmapper_demo"}},
		{"AWS::S3::BucketPolicy", []string{"cloudmapper_demo"}},
		{"AWS::CloudTrail::Trail", []string{"cloudtrail"}},
		{"AWS::EC2::VPC", []string{"vpc-12345678"}},
		{"AWS::EC2::Subnet", []string{"subnet-00000001", "subnet-00000002", "subnet-00000003", "subnet-00000004"}},
		{"AWS::EC2::Instance", []string{"i-00000000000000000", "i-00000000000000001", "i-00000000000000002"}},
		{"AWS::EC2::SecurityGroup", []string{"sg-00000001", "sg-00000002", "sg-00000003", "sg-00000004", "sg-00000005", "sg-00000006", "sg-00000007", "sg-00000008"}},
		{"AWS::EC2::RouteTable", nil},
		{"AWS::ElasticLoadBalancing::LoadBalancer", []string{"weblb"}},
		{"AWS::RDS::DBInstance", []string{"database"}},
		{"AWS::SNS::TopicPolicy", []string{"arn:aws:sns:us-east-1:123456789012:demo_private", "arn:aws:sns:us-east-1:123456789012:demo_public"}},
		{"AWS::SQS::Queue", []string{"https://queue.amazonaws.com/123456789012/demo"}},
		{"AWS::IAM::Role", []string{"bad_role", "exfiller", "level1", "level3"}},
		{"AWS::IAM::User", []string{"USER", "USER_WITH_BAD_INLINE_POLICY"}},
	} {
		found := resources(t, s, want.typ)
		if len(found) != len(want.ids) {
			t.Errorf("%d of %s, want %d", len(found), want.typ, len(want.ids))
		}
		for _, id := range want.ids {
			if found[id] == nil {
				t.Errorf("no %s %s", want.typ, id)
			}
		}
	}
	if role := resources(t, s, "AWS::IAM::Role")["bad_role"]; role != nil && !strings.Contains(string(role.Properties), `"Principal":{"AWS":"*"}`) {
		t.Errorf("the trust of bad_role, an object in the file, was not read: %s", role.Properties)
	}
	if report := resources(t, s, "Merlon::IAM::CredentialReportEntry")["<root_account>"]; report == nil {
		t.Error("the credential report, text in the file, was not read")
	}
	bucket := resources(t, s, "AWS::S3::Bucket")["cloudmapper_demo"]
	unknown := map[string]bool{}
	for _, u := range bucket.Unknowns {
		unknown[u.Path] = true
	}
	if !unknown["/properties/BucketEncryption"] || unknown["/observed/Acl"] {
		t.Errorf("the encryption was not recorded and the ACL was: unknown are %v", unknown)
	}
	all := gaps(t, s)
	for text, g := range all {
		if g.Cause != merlon.CauseNotRecorded {
			t.Errorf("%s: %s; every file of the demo can be read", text, g.Message)
		}
	}
	for _, call := range []string{"ec2:DescribeRouteTables", "ec2:DescribeNetworkAcls", "ec2:DescribeInternetGateways", "ec2:DescribeNatGateways"} {
		if _, ok := all[call+" in 123456789012/us-east-1 is not in the recording"]; !ok {
			t.Errorf("%s was not recorded, and that must be a gap", call)
		}
	}
	g, ok := all["s3:GetBucketEncryption on arn:aws:s3:::cloudmapper_demo is not in the recording"]
	if !ok || g.Cause != merlon.CauseNotRecorded || !strings.HasSuffix(g.Message, "account-data/demo/us-east-1/s3-get-bucket-encryption/cloudmapper_demo") {
		t.Errorf("the gap must name the file that is missing: %+v", g)
	}
}

// TestDemoTraps: what the demo files under other names is found, and what only
// looks like an answer is none.
func TestDemoTraps(t *testing.T) {
	s := replay(t, "testdata/cloudmapper")
	if len(resources(t, s, "AWS::AccessAnalyzer::Analyzer")) != 1 {
		t.Error("accessanalzyer-list-analyzers.json, misspelt so, was not read")
	}
	domain := resources(t, s, "AWS::OpenSearchService::Domain")["myvpcdomain"]
	if domain == nil {
		t.Fatal("es-list-domain-names.json was not read")
	}
	if strings.Contains(string(domain.Properties), "EBSOptions") || len(domain.Unknowns) == 0 {
		t.Errorf("es-describe-elasticsearch-domain is the answer to another call, and the domain's settings are unknown: %s", domain.Properties)
	}
	if g, ok := gaps(t, s)["elbv2:DescribeTargetGroups in 123456789012/us-east-1 is not in the recording"]; !ok || g.Cause != merlon.CauseNotRecorded {
		t.Error("nobody listed the target groups")
	}
	for _, group := range resources(t, s, "AWS::EC2::SecurityGroup") {
		if group.ID == "sg-00000008" && !strings.Contains(string(group.Properties), `"CidrIp":"0.0.0.0/0"`) {
			t.Errorf("the open group: %s", group.Properties)
		}
	}
}
