package awscli

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"merlon.dev/merlon/inventory/live"
)

const (
	account1 = "111122223333"
	cluster  = "arn:aws:ecs:eu-west-1:111122223333:cluster/web"
	task     = "arn:aws:ecs:eu-west-1:111122223333:task/web/0a1b"
)

// TestFind looks for the file of a request in folders as CloudMapper and people
// make them. The region asked in is eu-west-1; a want of "" means that no file is
// this request's.
func TestFind(t *testing.T) {
	zones := `{"HostedZones": [{"Id": "/hostedzone/Z1", "Name": "one.example."}, {"Id": "/hostedzone/Z2", "Name": "two.example."}, {"Id": "/hostedzone/Z3", "Name": "two.example."}]}`
	for _, test := range []struct {
		name  string
		o     live.Operation
		in    any
		files []string
		want  string
	}{
		{"a list", live.Operation{Service: "ec2", Name: "DescribeVpcs"}, &ec2.DescribeVpcsInput{MaxResults: aws.Int32(5)}, []string{"eu-west-1/ec2-describe-vpcs.json"}, "eu-west-1/ec2-describe-vpcs.json"},
		{"a page of a list", live.Operation{Service: "ec2", Name: "DescribeVpcs"}, &ec2.DescribeVpcsInput{NextToken: aws.String("x")}, []string{"eu-west-1/ec2-describe-vpcs.json"}, "eu-west-1/ec2-describe-vpcs.json"},
		{"another region's list", live.Operation{Service: "ec2", Name: "DescribeVpcs"}, &ec2.DescribeVpcsInput{}, []string{"us-east-1/ec2-describe-vpcs.json"}, ""},
		{"a filtered list is not the whole list", live.Operation{Service: "ec2", Name: "DescribeVpcs"}, &ec2.DescribeVpcsInput{Filters: []ec2types.Filter{{Name: aws.String("is-default")}}}, []string{"eu-west-1/ec2-describe-vpcs.json"}, ""},
		{"some of a list are not the whole list", live.Operation{Service: "ec2", Name: "DescribeVpcs"}, &ec2.DescribeVpcsInput{VpcIds: []string{"vpc-1"}}, []string{"eu-west-1/ec2-describe-vpcs.json"}, ""},
		{"what is one's own goes without saying", live.Operation{Service: "ec2", Name: "DescribeSnapshots"}, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}}, []string{"eu-west-1/ec2-describe-snapshots.json"}, "eu-west-1/ec2-describe-snapshots.json"},
		{"another's own", live.Operation{Service: "ec2", Name: "DescribeSnapshots"}, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"amazon"}}, []string{"eu-west-1/ec2-describe-snapshots.json"}, ""},
		{"public ones are not one's own", live.Operation{Service: "ec2", Name: "DescribeSnapshots"}, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, RestorableByUserIds: []string{"all"}}, []string{"eu-west-1/ec2-describe-snapshots.json"}, ""},
		{"one call a resource", live.Operation{Service: "s3", Name: "GetBucketPolicy", Declaration: live.Declaration{Key: []string{"Bucket"}}}, &s3.GetBucketPolicyInput{Bucket: aws.String("b"), ExpectedBucketOwner: aws.String(account1)}, []string{"eu-west-1/s3-get-bucket-policy/b"}, "eu-west-1/s3-get-bucket-policy/b"},
		{"S3's files are in the global region", live.Operation{Service: "s3", Name: "GetBucketPolicy"}, &s3.GetBucketPolicyInput{Bucket: aws.String("b")}, []string{"us-east-1/s3-get-bucket-policy/b"}, "us-east-1/s3-get-bucket-policy/b"},
		{"the CLI's command", live.Operation{Service: "s3", Name: "GetBucketPolicy"}, &s3.GetBucketPolicyInput{Bucket: aws.String("b")}, []string{"eu-west-1/s3api-get-bucket-policy/b"}, "eu-west-1/s3api-get-bucket-policy/b"},
		{"no other bucket's", live.Operation{Service: "s3", Name: "GetBucketPolicy"}, &s3.GetBucketPolicyInput{Bucket: aws.String("b")}, []string{"eu-west-1/s3-get-bucket-policy/b.json", "eu-west-1/s3-get-bucket-policy/B", "eu-west-1/s3-get-bucket-policy/bb", "eu-west-1/s3-get-bucket-policy.json"}, ""},
		{"a global service's file lies anywhere", live.Operation{Service: "iam", Name: "ListUsers"}, &iam.ListUsersInput{}, []string{"us-west-2/iam-list-users.json"}, "us-west-2/iam-list-users.json"},
		{"a choice that narrows nothing", live.Operation{Service: "iam", Name: "ListPolicies"}, &iam.ListPoliciesInput{Scope: iamtypes.PolicyScopeTypeLocal}, []string{"us-east-1/iam-list-policies.json"}, "us-east-1/iam-list-policies.json"},
		{"a choice that asks for something else", live.Operation{Service: "organizations", Name: "ListPolicies"}, &organizations.ListPoliciesInput{Filter: orgtypes.PolicyTypeResourceControlPolicy}, []string{"us-east-1/organizations-list-policies.json"}, ""},
		{"… and has its file", live.Operation{Service: "organizations", Name: "ListPolicies"}, &organizations.ListPoliciesInput{Filter: orgtypes.PolicyTypeResourceControlPolicy}, []string{"us-east-1/organizations-list-policies/RESOURCE_CONTROL_POLICY"}, "us-east-1/organizations-list-policies/RESOURCE_CONTROL_POLICY"},
		{"boto3's name of Config", live.Operation{Service: "configservice", Name: "DescribeConfigRules"}, &configservice.DescribeConfigRulesInput{}, []string{"eu-west-1/config-describe-config-rules.json"}, "eu-west-1/config-describe-config-rules.json"},
		{"the CLI's name of Config", live.Operation{Service: "configservice", Name: "DescribeConfigRules"}, &configservice.DescribeConfigRulesInput{}, []string{"eu-west-1/configservice-describe-config-rules.json"}, "eu-west-1/configservice-describe-config-rules.json"},
		{"the demo's misspelling", live.Operation{Service: "accessanalyzer", Name: "ListAnalyzers"}, &accessanalyzer.ListAnalyzersInput{}, []string{"eu-west-1/accessanalzyer-list-analyzers.json"}, "eu-west-1/accessanalzyer-list-analyzers.json"},
		{"the older service's list of domains", live.Operation{Service: "opensearch", Name: "ListDomainNames"}, &opensearch.ListDomainNamesInput{}, []string{"eu-west-1/es-list-domain-names.json"}, "eu-west-1/es-list-domain-names.json"},
		{"the older service's domains are of another shape", live.Operation{Service: "opensearch", Name: "DescribeDomain"}, &opensearch.DescribeDomainInput{DomainName: aws.String("d")}, []string{"eu-west-1/es-describe-domain/d", "eu-west-1/es-describe-elasticsearch-domain/d"}, ""},
		{"the default bus", live.Operation{Service: "eventbridge", Name: "ListRules"}, &eventbridge.ListRulesInput{EventBusName: aws.String("default")}, []string{"eu-west-1/events-list-rules.json"}, "eu-west-1/events-list-rules.json"},
		{"another bus", live.Operation{Service: "eventbridge", Name: "ListRules"}, &eventbridge.ListRulesInput{EventBusName: aws.String("mine")}, []string{"eu-west-1/events-list-rules.json"}, ""},
		{"the only policy a key has", live.Operation{Service: "kms", Name: "GetKeyPolicy"}, &kms.GetKeyPolicyInput{KeyId: aws.String("k"), PolicyName: aws.String("default")}, []string{"eu-west-1/kms-get-key-policy/k"}, "eu-west-1/kms-get-key-policy/k"},
		{"a key by its ARN", live.Operation{Service: "kms", Name: "GetKeyPolicy"}, &kms.GetKeyPolicyInput{KeyId: aws.String("arn:aws:kms:eu-west-1:111122223333:key/k")}, []string{"eu-west-1/kms-get-key-policy/k"}, "eu-west-1/kms-get-key-policy/k"},
		{"a key of another account", live.Operation{Service: "kms", Name: "GetKeyPolicy"}, &kms.GetKeyPolicyInput{KeyId: aws.String("arn:aws:kms:eu-west-1:999999999999:key/k")}, []string{"eu-west-1/kms-get-key-policy/k"}, ""},
		{"a key of another region", live.Operation{Service: "kms", Name: "GetKeyPolicy"}, &kms.GetKeyPolicyInput{KeyId: aws.String("arn:aws:kms:us-east-1:111122223333:key/k")}, []string{"eu-west-1/kms-get-key-policy/k"}, ""},
		{"a function's name, the file by its ARN", live.Operation{Service: "lambda", Name: "GetPolicy"}, &lambda.GetPolicyInput{FunctionName: aws.String("f")}, []string{"eu-west-1/lambda-get-policy/arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Af"}, "eu-west-1/lambda-get-policy/arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Af"},
		{"two ARNs end with the name", live.Operation{Service: "lambda", Name: "GetPolicy"}, &lambda.GetPolicyInput{FunctionName: aws.String("f")}, []string{"eu-west-1/lambda-get-policy/arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Af", "eu-west-1/lambda-get-policy/arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Alayer%3Af"}, ""},
		{"a secret by its ARN", live.Operation{Service: "secretsmanager", Name: "GetResourcePolicy"}, &secretsmanager.GetResourcePolicyInput{SecretId: aws.String("arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/main-a1B2c3")}, []string{"eu-west-1/secretsmanager-get-resource-policy/db%2Fmain"}, "eu-west-1/secretsmanager-get-resource-policy/db%2Fmain"},
		{"a field for any kind of resource takes no names", live.Operation{Service: "rds", Name: "ListTagsForResource"}, &rds.ListTagsForResourceInput{ResourceName: aws.String("arn:aws:rds:eu-west-1:111122223333:db:x")}, []string{"eu-west-1/rds-list-tags-for-resource/x", "eu-west-1/rds-list-tags-for-resource/arn%3Aaws%3Ards%3Aeu-west-1%3A111122223333%3Asnapshot%3Ax"}, ""},
		{"quoted", live.Operation{Service: "sqs", Name: "GetQueueAttributes"}, &sqs.GetQueueAttributesInput{QueueUrl: aws.String("https://q/1 2/ä")}, []string{"eu-west-1/sqs-get-queue-attributes/https%3A%2F%2Fq%2F1+2%2F%C3%A4"}, "eu-west-1/sqs-get-queue-attributes/https%3A%2F%2Fq%2F1+2%2F%C3%A4"},
		{"a zone by its id", live.Operation{Service: "route53", Name: "ListResourceRecordSets"}, &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String("Z1")}, []string{"us-east-1/route53-list-resource-record-sets/%2Fhostedzone%2FZ1"}, "us-east-1/route53-list-resource-record-sets/%2Fhostedzone%2FZ1"},
		{"a zone by its name", live.Operation{Service: "route53", Name: "ListResourceRecordSets"}, &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String("/hostedzone/Z1")}, []string{"us-east-1/route53-list-resource-record-sets/one.example.", "us-east-1/route53-list-hosted-zones.json"}, "us-east-1/route53-list-resource-record-sets/one.example."},
		{"a name that two zones have", live.Operation{Service: "route53", Name: "ListResourceRecordSets"}, &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String("Z2")}, []string{"us-east-1/route53-list-resource-record-sets/two.example.", "us-east-1/route53-list-hosted-zones.json"}, ""},
		{"two levels", live.Operation{Service: "ecs", Name: "DescribeTasks"}, &ecs.DescribeTasksInput{Cluster: aws.String(cluster), Tasks: []string{task}}, []string{"eu-west-1/ecs-describe-tasks/" + quote(cluster) + "/" + quote(task)}, "eu-west-1/ecs-describe-tasks/" + quote(cluster) + "/" + quote(task)},
		{"another cluster's task", live.Operation{Service: "ecs", Name: "DescribeTasks"}, &ecs.DescribeTasksInput{Cluster: aws.String("other"), Tasks: []string{task}}, []string{"eu-west-1/ecs-describe-tasks/" + quote(cluster) + "/" + quote(task)}, ""},
		{"a level is missing", live.Operation{Service: "ecs", Name: "DescribeTasks"}, &ecs.DescribeTasksInput{Cluster: aws.String(cluster), Tasks: []string{task}}, []string{"eu-west-1/ecs-describe-tasks/" + quote(cluster)}, ""},
		{"a folder where the file would be", live.Operation{Service: "s3", Name: "GetBucketPolicy"}, &s3.GetBucketPolicyInput{Bucket: aws.String("b")}, []string{"eu-west-1/s3-get-bucket-policy/b/x"}, ""},
		{"the account's own id", live.Operation{Service: "s3control", Name: "GetPublicAccessBlock"}, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(account1)}, []string{"eu-west-1/s3control-get-public-access-block.json"}, "eu-west-1/s3control-get-public-access-block.json"},
		{"up and out", live.Operation{Service: "s3", Name: "GetBucketPolicy"}, &s3.GetBucketPolicyInput{Bucket: aws.String("../s3-list-buckets.json")}, []string{"eu-west-1/s3-list-buckets.json", "eu-west-1/s3-get-bucket-policy/x"}, ""},
		{"dots", live.Operation{Service: "s3", Name: "GetBucketPolicy"}, &s3.GetBucketPolicyInput{Bucket: aws.String("..")}, []string{"eu-west-1/s3-list-buckets.json", "eu-west-1/s3-get-bucket-policy/x"}, ""},
		{"a name that no file system takes", live.Operation{Service: "s3", Name: "GetBucketPolicy"}, &s3.GetBucketPolicyInput{Bucket: aws.String(strings.Repeat("é", 300))}, []string{"eu-west-1/s3-get-bucket-policy/x"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			content := map[string]string{}
			for _, f := range test.files {
				content[account1+"/"+f] = "{}"
				if strings.HasSuffix(f, "hosted-zones.json") {
					content[account1+"/"+f] = zones
				}
			}
			content[account1+"/eu-west-1/x"] = ""
			f, _, err := Open(tree(t, content))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			c := &caller{f: f, a: f.accounts[account1], place: live.Place{Account: account1, Region: "eu-west-1"}}
			got, err := c.find(&test.o, ask(&test.o, test.in))
			if test.want == "" {
				if !errors.Is(err, live.ErrNotRecorded) {
					t.Errorf("found %q, %v; want nothing", got, err)
				}
				return
			}
			if err != nil || got != account1+"/"+test.want {
				t.Errorf("found %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

// TestAsk holds what names a file apart from what does not.
func TestAsk(t *testing.T) {
	o := &live.Operation{Service: "ec2", Name: "DescribeVpcs"}
	a := ask(o, &ec2.DescribeVpcsInput{MaxResults: aws.Int32(5)})
	b := ask(o, &ec2.DescribeVpcsInput{MaxResults: aws.Int32(5), NextToken: aws.String("t")})
	if a.print != b.print {
		t.Error("the pages of a list are not one request")
	}
	c := ask(o, &ec2.DescribeVpcsInput{MaxResults: aws.Int32(5), VpcIds: []string{"v"}})
	if a.print == c.print {
		t.Error("two requests are told for one")
	}
	q := ask(&live.Operation{Declaration: live.Declaration{Key: []string{"Tasks", "Cluster"}}}, &ecs.DescribeTasksInput{Cluster: aws.String("c"), Tasks: []string{"b", "a"}})
	if len(q.levels) != 2 || q.levels[0].fileName() != "a,b" || q.levels[1].fileName() != "c" {
		t.Errorf("the key says the order of the levels: %+v", q.levels)
	}
}

func TestQuote(t *testing.T) {
	for value, want := range map[string]string{
		"a b/c:d": "a+b%2Fc%3Ad", "ä": "%C3%A4", "_.-~": "_.-~", ".": "%2E", "..": "%2E%2E", "a..b": "a..b", "": "", "x,y": "x%2Cy", "%": "%25", "\x00": "%00",
	} {
		if got := quote(value); got != want {
			t.Errorf("quote(%q) = %q, want %q", value, got, want)
		}
		if got := unquote(want); got != value {
			t.Errorf("unquote(%q) = %q, want %q", want, got, value)
		}
	}
	long := level{values: []string{strings.Repeat("x", 500)}}
	other := level{values: []string{strings.Repeat("x", 501)}}
	if n := long.fileName(); len(n) > maxName || n == other.fileName() {
		t.Errorf("long names must be cut and stay apart: %q", n)
	}
}
