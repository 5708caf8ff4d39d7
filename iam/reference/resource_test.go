package reference_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestResourceTypes(t *testing.T) {
	r := load(t)
	for _, tt := range []struct {
		arn  string
		want string // of the service before the slash; others are not looked at
	}{
		{"arn:aws:s3:::logs", "s3/bucket"},
		{"arn:aws:s3:::logs/a/b", "s3/object"},
		{"arn:aws:s3:::logs/*", "s3/object"},
		{"arn:aws:s3:::log*", "s3/bucket s3/object"},
		{"arn:aws:s3:::*", "s3/bucket s3/object"},
		{"arn:aws:s3:eu-west-1:111122223333:accesspoint/x", "s3/accesspoint"},
		{"arn:aws:s3:eu-west-1:111122223333:accesspoint/x/object/y", "s3/accesspointobject"},
		// A bucket's ARN has no region.
		{"arn:aws:s3:eu-west-1::logs", "s3/"},
		{"arn:aws:iam::111122223333:role/a/b", "iam/role"},
		{"arn:aws:iam::aws:policy/ReadOnlyAccess", "iam/policy"},
		{"arn:aws:iam::111122223333:*", "iam/access-report iam/assumed-role iam/delegation-request iam/federated-user iam/group iam/instance-profile iam/mfa iam/oidc-provider iam/policy iam/role iam/saml-provider iam/server-certificate iam/sms-mfa iam/user"},
		{"arn:aws:logs:eu-west-1:111122223333:log-group:/aws/x:*", "logs/log-group logs/log-stream"},
		{"arn:aws:logs:eu-west-1:111122223333:log-group:/aws/x:log-stream:y", "logs/log-stream"},
		{"arn:aws:dynamodb:eu-west-1:111122223333:table/t/index/i", "dynamodb/index"},
		{"arn:aws:dynamodb:eu-west-1:111122223333:table/t", "dynamodb/table"},
		{"arn:aws:sqs:eu-west-1:111122223333:q", "sqs/queue"},
		{"arn:aws:sqs::111122223333:q", "sqs/"},
		{"arn:aws:kms:eu-west-1:111122223333:alias/x", "kms/alias"},
		// In the policy language of ssm an instance is ec2's.
		{"arn:aws:ec2:eu-west-1:111122223333:instance/i-0", "ssm/instance"},
		{"arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/n/1", "elasticloadbalancing/loadbalancer/app/"},
		{"arn:aws:apigateway:eu-west-1::/apis/a/authorizers/b", "apigateway/Authorizer"},
		{"arn:aws:apigateway:eu-west-1::/restapis/a/authorizers/b", "apigateway/Authorizer"},
		{"arn:*:sqs:*:*:*", "sqs/queue"},
		{"arn:aws:sqs:*", "sqs/queue"},
		{"*", "sqs/queue"},
		{"arn:aws:*", "sqs/queue"},
		{"arn:aws:s?s:eu-west-1:111122223333:q", "sqs/queue"},
		{"", "sqs/"},
		{"arn:aws:sqs", "sqs/"},
		{strings.Repeat("*", 3000), "sqs/"},
	} {
		service, _, _ := strings.Cut(tt.want, "/")
		var got []string
		for _, rt := range r.ResourceTypes(tt.arn) {
			if rt.Service == service {
				got = append(got, rt.Service+"/"+rt.Name)
			}
		}
		want := strings.Fields(tt.want)
		if tt.want == service+"/" {
			want = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", tt.arn, diff)
		}
	}
}

// TestHostilePattern: the time is bounded whatever the pattern.
func TestHostilePattern(t *testing.T) {
	r := load(t)
	start := time.Now()
	r.ResourceTypes("arn:aws:ec2:" + strings.Repeat("*a", 250) + "b")
	for range r.Match("ec2:" + strings.Repeat("*e", 1000) + "!") {
		t.Error("a match")
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
}
