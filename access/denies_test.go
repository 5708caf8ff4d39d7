package access

import (
	"context"
	"testing"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
)

func TestDenies(t *testing.T) {
	policy := func(statements string) thing {
		return thing{typ: "AWS::S3::BucketPolicy", id: "b", properties: `{"Bucket":"b","PolicyDocument":{"Version":"2012-10-17","Statement":[` + statements + `]}}`}
	}
	const condition = `"Condition":{"Bool":{"aws:SecureTransport":"false"}}`
	plain := map[string][]string{"aws:SecureTransport": {"false"}}
	for _, test := range []struct {
		name       string
		statements string
		want       iam.Match
	}{
		{"bucket and objects", `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],` + condition + `}`, iam.Yes},
		{"in two statements", `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b",` + condition + `},{"Effect":"Deny","Principal":{"AWS":"*"},"Action":["s3:*"],"Resource":"arn:aws:s3:::b/*",` + condition + `}`, iam.Yes},
		{"by a number", `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"NumericLessThan":{"s3:TlsVersion":"1.2"}}}`, iam.No},
		{"if it exists", `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"BoolIfExists":{"aws:SecureTransport":"false"}}}`, iam.Yes},
		{"objects alone", `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*",` + condition + `}`, iam.No},
		{"some objects", `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/a*"],` + condition + `}`, iam.No},
		{"objects of one letter", `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/?"],` + condition + `}`, iam.No},
		{"some actions", `{"Effect":"Deny","Principal":"*","Action":"s3:Get*","Resource":"*",` + condition + `}`, iam.No},
		{"some principals", `{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*",` + condition + `}`, iam.No},
		{"all but some principals", `{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*",` + condition + `}`, iam.No},
		{"a condition more", `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"},"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}`, iam.No},
		{"the other way round", `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`, iam.No},
		{"an Allow", `{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*",` + condition + `}`, iam.No},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, why, err := load(t, bucket, policy(test.statements)).Denies(context.Background(), "arn:aws:s3:::b", "s3:*", plain)
			if err != nil || got != test.want {
				t.Errorf("got %v (%s, %v), want %v", got, why, err, test.want)
			}
		})
	}
	unread := policy("")
	unread.unknowns = []merlon.Unknown{{Path: "/properties/PolicyDocument", Reason: "a parameter without a value"}}
	if got, why, err := load(t, bucket, unread).Denies(context.Background(), "arn:aws:s3:::b", "s3:*", plain); got != iam.Maybe || why == "" || err != nil {
		t.Errorf("an unknown policy: %v, %q, %v", got, why, err)
	}
}
