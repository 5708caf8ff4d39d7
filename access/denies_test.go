package access

import (
	"context"
	"strconv"
	"strings"
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

// TestUnknownStatement: an answer that is given although a statement is not
// known is the answer for whatever may stand there.
func TestUnknownStatement(t *testing.T) {
	statements := []string{
		`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`,
		`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`,
		`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b"}`,
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + ours + `:user/alice"},"Action":"s3:*","Resource":"*"}`,
		`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}`,
	}
	plain := map[string][]string{"aws:SecureTransport": {"false"}}
	ask := func(list []string, unknown int) (iam.Match, map[string]iam.Decision) {
		doc := thing{typ: "AWS::S3::BucketPolicy", id: "b", properties: `{"Bucket":"b","PolicyDocument":{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}}`}
		if unknown >= 0 {
			doc.unknowns = []merlon.Unknown{{Path: "/properties/PolicyDocument/Statement/" + strconv.Itoa(unknown), Reason: "a parameter"}}
		}
		x := load(t, bucket, doc, user("alice", ""), user("bob", allow("s3:GetObject", "*")))
		m, _, err := x.Denies(context.Background(), "arn:aws:s3:::b", "s3:*", plain)
		if err != nil {
			t.Fatal(err)
		}
		r, err := x.Resource(context.Background(), "arn:aws:s3:::b/k")
		if err != nil {
			t.Fatal(err)
		}
		decisions := map[string]iam.Decision{}
		for _, p := range x.Principals() {
			decisions[p.ARN] = x.Decide(p, "s3:GetObject", r, nil)
		}
		return m, decisions
	}
	definite := 0
	for _, a := range statements {
		m, decisions := ask([]string{a, `{}`}, 1)
		for _, b := range statements {
			known, each := ask([]string{a, b}, -1)
			if m != iam.Maybe {
				definite++
				if m != known {
					t.Errorf("denies: %v with an unknown statement, %v with %s\n%s", m, known, b, a)
				}
			}
			for arn, d := range decisions {
				allowed := each[arn] == iam.Allowed
				if d != iam.Unknown && (d == iam.Allowed) != allowed {
					t.Errorf("%s: %v with an unknown statement, %v with %s\n%s", arn, d, each[arn], b, a)
				}
			}
		}
	}
	if definite == 0 {
		t.Error("no answer was definite: nothing was tried")
	}
}

func TestAccountDenies(t *testing.T) {
	ask := func(content string) (iam.Match, string) {
		org := func(account, observed string) thing {
			return thing{typ: typeOrganization, id: "o-1", account: account, properties: `{"Id":"o-1","ManagementAccountId":"` + theirs + `"}`, observed: observed}
		}
		x := load(t, org(theirs, `{"TreeRead":true}`), org(ours, `{}`),
			thing{typ: typeOrgRoot, id: "r-1", account: theirs, properties: `{"Id":"r-1","PolicyTypes":[{"Type":"SERVICE_CONTROL_POLICY","Status":"ENABLED"}]}`},
			thing{typ: typeOrgAccount, id: ours, account: theirs, properties: `{"AccountId":"` + ours + `","ParentIds":["r-1"]}`},
			thing{typ: typeOrgPolicy, id: "p-full", account: theirs, properties: `{"Name":"full","Type":"SERVICE_CONTROL_POLICY","TargetIds":["r-1"],"Content":` + allow("*", "*") + `}`},
			thing{typ: typeOrgPolicy, id: "p-1", account: theirs, properties: `{"Name":"own","Type":"SERVICE_CONTROL_POLICY","TargetIds":["` + ours + `"],"Content":` + content + `}`})
		return x.AccountDenies(ours, "cloudtrail:StopLogging", nil)
	}
	deny := func(rest string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny",` + rest + `}]}`
	}
	for _, test := range []struct {
		name, content string
		want          iam.Match
	}{
		{"denied to everyone", deny(`"Action":"cloudtrail:*","Resource":"*"`), iam.Yes},
		{"allowed by no policy of a level", allow("ec2:*", "*"), iam.Yes},
		{"denied on one trail", deny(`"Action":"cloudtrail:*","Resource":"arn:aws:cloudtrail:*:*:trail/t"`), iam.No},
		{"denied on all but one trail", deny(`"Action":"cloudtrail:*","NotResource":"arn:aws:cloudtrail:*:*:trail/t"`), iam.No},
		{"denied to all but one role", deny(`"Action":"cloudtrail:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/admin"}}`), iam.No},
		{"another action", deny(`"Action":"cloudtrail:DeleteTrail","Resource":"*"`), iam.No},
	} {
		if got, why := ask(test.content); got != test.want {
			t.Errorf("%s: got %v (%s), want %v", test.name, got, why, test.want)
		}
	}
}
