package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/posture"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// noon is the clock of these tests.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func testControls() map[string]*posture.Control {
	list := []*posture.Control{
		{
			ID: "iam/root-access-key", Title: "Root user has no access key", Area: merlon.Identity, Severity: merlon.Critical,
			Resource: "Merlon::IAM::CredentialReportEntry", Why: "The root user's key can do everything and cannot be limited by a policy.",
			Fix: posture.Fix{Text: "Delete the root user's access keys and use roles instead.",
				CLI: "aws iam delete-access-key --access-key-id KEY"},
			Requirements: []string{"cis-7.0/1.3", "fsbp/IAM.4"}, Aliases: []string{"prowler/iam_no_root_access_key", "securityhub/IAM.4"},
			Source: posture.Source{URL: "https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html", Read: "2026-11-24"},
		},
		{
			ID: "s3/tls-only", Title: "S3 bucket refuses requests without TLS", Area: merlon.Data, Severity: merlon.Medium,
			Resource: "AWS::S3::Bucket", Why: "Whoever is on the way reads the object and can replay the signed request.",
			Fix: posture.Fix{Text: "Deny every action on the bucket and its objects when aws:SecureTransport is false.",
				CLI:            "aws s3api put-bucket-policy --bucket BUCKET --policy file://policy.json",
				Terraform:      "resource \"aws_s3_bucket_policy\" \"tls\" {\n  bucket = aws_s3_bucket.b.id\n  policy = data.aws_iam_policy_document.tls.json\n}",
				CloudFormation: "TlsOnly:\n  Type: AWS::S3::BucketPolicy\n  Properties:\n    Bucket: !Ref Bucket"},
			Requirements: []string{"cis-7.0/2.1.1", "wa-security/SEC09-BP02"}, Aliases: []string{"prowler/s3_bucket_secure_transport_policy", "securityhub/S3.5"},
			Source: posture.Source{URL: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html", Read: "2026-11-24"},
		},
		{
			ID: "ec2/ssh-from-anywhere", Title: "SSH is not open to the whole internet", Area: merlon.Infrastructure, Severity: merlon.High,
			Resource: "AWS::EC2::SecurityGroup", Why: "Every scanner of the internet finds the port within minutes.",
			Fix: posture.Fix{Text: "Narrow the rule to your own addresses, or use Session Manager and remove it."}, Requirements: []string{"cis-7.0/5.2"},
		},
		{
			ID: "guardduty/enabled", Title: "GuardDuty watches the region", Area: merlon.Detection, Severity: merlon.High,
			Resource: "Merlon::Account::Region", Why: "Nobody else looks at the logs at night.",
			Fix: posture.Fix{Text: "Enable GuardDuty for the organization."}, Requirements: []string{"fsbp/GuardDuty.1"},
		},
	}
	m := map[string]*posture.Control{}
	for _, c := range list {
		m[c.ID] = c
	}
	return m
}

func testRun() *Run {
	return &Run{
		Version: "0.3.0", Started: noon,
		Scope: Scope{
			Source: "live", Path: "org.merlon",
			Accounts: []Account{{ID: "111122223333", Name: "production"}, {ID: "444455556666", Name: "development"}},
			Regions:  []merlon.Region{"eu-central-1", "us-east-1"},
		},
		Controls: testControls(),
		Gaps: []merlon.Gap{
			{Call: "s3:GetBucketPolicy", Account: "111122223333", Region: "eu-central-1", Resource: "arn:aws:s3:::vault",
				Cause: merlon.CauseDenied, Code: "AccessDenied", Actions: []string{"s3:GetBucketPolicy"},
				Statement: `{"Effect":"Allow","Action":"s3:GetBucketPolicy","Resource":"*"}`},
			{Call: "guardduty:ListDetectors", Account: "444455556666", Region: "us-east-1", Types: []string{"AWS::GuardDuty::Detector"},
				Cause: merlon.CauseThrottled, Accepted: "ops@example.com"},
		},
		Frameworks:   map[string]string{"cis-7.0": "CIS AWS Foundations Benchmark 7.0", "fsbp": "AWS Foundational Security Best Practices"},
		Requirements: map[string]string{"cis-7.0/2.1.1": "Ensure S3 bucket policy denies HTTP requests"},
	}
}

func finding(control, resource, name string, account merlon.AccountID, region merlon.Region, v merlon.Verdict, message string) merlon.Finding {
	c := testControls()[control]
	f := merlon.Finding{
		ID: merlon.FindingID(control, resource, account, region, ""), Control: control, Resource: resource, Name: name,
		Account: account, Region: region, Verdict: v, Message: message,
	}
	if c != nil {
		f.Type, f.Severity = c.Resource, c.Severity
	}
	return f
}

func testFindings(run *Run) []merlon.Finding {
	const prod, dev = "111122223333", "444455556666"
	list := []merlon.Finding{
		finding("iam/root-access-key", prod+"/us-east-1/Merlon::IAM::CredentialReportEntry/root", "root", prod, "us-east-1", merlon.Fail, "the root user has 1 active access key; wanted: none"),
		finding("s3/tls-only", "arn:aws:s3:::logs", "logs", prod, "eu-central-1", merlon.Fail, "logs answers requests that come over plain HTTP"),
		finding("s3/tls-only", "arn:aws:s3:::vault", "vault", prod, "eu-central-1", merlon.UnknownResult, "vault cannot be judged"),
		finding("s3/tls-only", "arn:aws:s3:::good", "good", prod, "eu-central-1", merlon.Pass, "good refuses plain HTTP"),
		finding("s3/tls-only", "arn:aws:s3:::website", "website", dev, "us-east-1", merlon.Fail, "website answers requests that come over plain HTTP"),
		finding("ec2/ssh-from-anywhere", "arn:aws:ec2:eu-central-1:111122223333:security-group/sg-1", "bastion", prod, "eu-central-1", merlon.Fail, "bastion lets 0.0.0.0/0 reach port 22; wanted: known addresses"),
		finding("guardduty/enabled", dev+"/us-east-1", "", dev, "us-east-1", merlon.UnknownResult, "GuardDuty's detectors could not be listed"),
		finding("guardduty/enabled", prod+"/us-east-1", "", prod, "us-east-1", merlon.NotApplicable, ""),
	}
	list[1].Evidence = []merlon.Evidence{{Path: "properties.Policy", Value: json.RawMessage(`{"Statement": []}`), Call: "s3:GetBucketPolicy", At: noon.Add(-time.Minute)}}
	list[2].Gaps, list[2].Reasons = []string{run.Gaps[0].Key()}, []string{"s3:GetBucketPolicy on arn:aws:s3:::vault was denied"}
	list[4].Excepted = &merlon.Exception{Control: "s3/tls-only", Resource: "arn:aws:s3:::website", Owner: "web@example.com", Reason: "a public site without secrets", Until: noon.AddDate(0, 3, 0)}
	list[5].Known = true
	list[6].Gaps, list[6].Reasons = []string{run.Gaps[1].Key()}, []string{"guardduty:ListDetectors in 444455556666/us-east-1 was throttled until Merlon gave up"}
	return list
}

func testSummary() *Summary {
	return &Summary{
		Finished:  noon.Add(90 * time.Second),
		Resources: map[string]int{"AWS::S3::Bucket": 4, "AWS::EC2::SecurityGroup": 1},
		Calls:     map[string]Calls{"s3": {Calls: 1200, Retries: 2, Throttles: 1}, "iam": {Calls: 9}},
		Warnings:  []string{"the exception for ec2/* on arn:aws:ec2:* ended on 2026-10-01; its findings count again"},
	}
}

// render writes a whole report in one format, in memory.
func render(t testing.TB, format string, cfg Config, run *Run, findings []merlon.Finding, s *Summary) []byte {
	t.Helper()
	var b bytes.Buffer
	cfg.Stdout = &b
	out, err := Open([]string{format}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Begin(run); err != nil {
		t.Fatal(err)
	}
	for i := range findings {
		if err := out.Finding(&findings[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.End(s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// all shows every verdict.
var all = []merlon.Verdict{merlon.Fail, merlon.UnknownResult, merlon.Pass, merlon.NotApplicable}

// golden compares got with testdata/NAME.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got, -update rewrites it):\n%s", path, diff)
	}
}

// manyFindings are n findings of 60 controls in 12 accounts and 4 regions, with
// a message and evidence of the usual size.
func manyFindings(n int) (*Run, []merlon.Finding) {
	run := &Run{Version: "0.3.0", Started: noon, Controls: map[string]*posture.Control{},
		Scope: Scope{Source: "live", Path: "/var/cache/merlon/last.merlon"}, Frameworks: map[string]string{"cis-7.0": "CIS AWS Foundations Benchmark 7.0", "fsbp": "AWS Foundational Security Best Practices", "pci-4.0.1": "PCI DSS 4.0.1"}}
	services := []string{"s3", "ec2", "iam", "rds", "lambda", "kms", "sqs", "sns", "ecs", "eks"}
	types := map[string]string{"s3": "AWS::S3::Bucket", "ec2": "AWS::EC2::SecurityGroup", "iam": "AWS::IAM::Role", "rds": "AWS::RDS::DBInstance", "lambda": "AWS::Lambda::Function", "kms": "AWS::KMS::Key", "sqs": "AWS::SQS::Queue", "sns": "AWS::SNS::Topic", "ecs": "AWS::ECS::Service", "eks": "AWS::EKS::Cluster"}
	rules := []string{"encrypted at rest", "not public", "tagged with its owner", "refuses plain HTTP", "logged", "has a backup of less than a day"}
	var ids []string
	for i := range 60 {
		svc, rule := services[i%len(services)], rules[i/len(services)]
		id := fmt.Sprintf("%s/rule-%d", svc, i/len(services))
		ids = append(ids, id)
		run.Controls[id] = &posture.Control{
			ID: id, Title: fmt.Sprintf("%s is %s", types[svc], rule), Area: merlon.Areas()[i%5], Severity: merlon.Severities()[(i/3)%5], Resource: types[svc],
			Why:          "What is not protected is read by whoever finds it, and nobody notices until the data is for sale.",
			Fix:          posture.Fix{Text: "Set the property and deploy.", CLI: "aws " + svc + " put-thing --name NAME", Terraform: "resource \"aws_thing\" \"x\" {\n  enabled = true\n}", CloudFormation: "Thing:\n  Type: " + types[svc] + "\n  Properties:\n    Enabled: true"},
			Requirements: []string{fmt.Sprintf("cis-7.0/%d.%d", i%5+1, i), fmt.Sprintf("fsbp/%s.%d", svc, i), fmt.Sprintf("pci-4.0.1/%d.1", i%12+1)}, Aliases: []string{"prowler/" + svc + "_rule"},
			Source: posture.Source{URL: "https://docs.aws.amazon.com/", Read: "2026-11-24"},
		}
	}
	names := []string{"production", "staging", "development", "security", "log-archive", "shared-services", "data-lake", "sandbox-anna", "sandbox-ben", "payments", "payments-staging", "network"}
	regions := []merlon.Region{"eu-central-1", "us-east-1", "eu-west-1", "ap-southeast-2"}
	run.Scope.Regions = regions
	for i, name := range names {
		id := merlon.AccountID(fmt.Sprintf("1000000000%02d", i))
		run.Scope.Accounts = append(run.Scope.Accounts, Account{id, name})
		run.Gaps = append(run.Gaps, merlon.Gap{Call: "kms:GetKeyPolicy", Account: id, Region: "eu-central-1", Cause: merlon.CauseDenied, Code: "AccessDeniedException",
			Actions: []string{"kms:GetKeyPolicy"}, Statement: `{"Effect":"Allow","Action":["kms:GetKeyPolicy"],"Resource":"*"}`})
	}
	list := make([]merlon.Finding, n)
	for i := range list {
		c := run.Controls[ids[(i*7)%len(ids)]]
		a := i % len(names)
		id, region := run.Scope.Accounts[a].ID, regions[(i/3)%len(regions)]
		name := fmt.Sprintf("%s-%s-%05d", names[a], c.ID[:2], i)
		arn := fmt.Sprintf("arn:aws:%s:%s:%s:thing/%s", c.ID[:3], region, id, name)
		f := merlon.Finding{ID: merlon.FindingID(c.ID, arn, id, region, ""), Control: c.ID, Resource: arn, Name: name, Type: c.Resource,
			Account: id, Region: region, Verdict: merlon.Fail, Severity: c.Severity,
			Message:  name + " has no server-side encryption of its own; wanted: aws:kms with a customer-managed key",
			Evidence: []merlon.Evidence{{Path: "properties.Encryption", Value: json.RawMessage(fmt.Sprintf(`{"Rules":[{"Algorithm":"AES256","Index":%d}]}`, i)), Call: "svc:GetThing", At: noon}}}
		if i%11 == 0 {
			f.Verdict, f.Gaps, f.Reasons = merlon.UnknownResult, []string{run.Gaps[a].Key()}, []string{run.Gaps[a].Text()}
			f.Message = name + " cannot be judged"
		}
		if i%97 == 0 {
			f.Excepted = &merlon.Exception{Control: c.ID, Resource: arn, Owner: "ops@example.com", Reason: "to be replaced in spring", Until: noon.AddDate(0, 4, 0)}
		}
		list[i] = f
	}
	return run, list
}
