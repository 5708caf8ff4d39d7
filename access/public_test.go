package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"merlon.dev/merlon/iam"
)

// exposed writes what Public finds as "who: action action", with "?" where it
// is not certain.
func exposed(t *testing.T, x *Index) string {
	t.Helper()
	list, err := x.Public(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range list {
		line := e.Who
		if e.Certainty != iam.Allowed {
			line += "?"
		}
		for _, g := range e.Actions {
			line += " " + strings.Join(g.Actions, " ")
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// owned is a bucket whose ACLs are off.
var owned = thing{typ: "AWS::S3::Bucket", id: "b", arn: "arn:aws:s3:::b", properties: `{"BucketName":"b","OwnershipControls":{"Rules":[{"ObjectOwnership":"BucketOwnerEnforced"}]}}`}

func bucketPolicy(statements string) thing {
	return thing{typ: "AWS::S3::BucketPolicy", id: "b", properties: `{"Bucket":"b","PolicyDocument":{"Version":"2012-10-17","Statement":[` + statements + `]}}`}
}

// get is a statement that lets everyone read objects on a condition.
func get(principal, condition string) string {
	return `{"Effect":"Allow","Principal":` + principal + `,"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"` + condition + `}`
}

func when(operator, key, value string) string {
	return `,"Condition":{"` + operator + `":{"` + key + `":` + value + `}}`
}

// TestPublicConditions: which conditions a stranger can meet.
func TestPublicConditions(t *testing.T) {
	const public = "anonymous s3:GetObject"
	const account = "any AWS account s3:GetObject"
	deny := func(condition string) string {
		return get(`"*"`, "") + `,{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]` + condition + `}`
	}
	for _, test := range []struct{ name, statements, want string }{
		{"everyone", get(`"*"`, ""), public},
		{"everyone as AWS", get(`{"AWS":"*"}`, ""), public},
		{"its own account", get(`{"AWS":"`+ours+`"}`, ""), ""},
		{"an account of the snapshot", get(`{"AWS":"`+theirs+`"}`, ""), ""},
		{"a foreign account", get(`{"AWS":"999988887777"}`, ""), "999988887777 s3:GetObject"},
		{"TLS", get(`"*"`, when("Bool", "aws:SecureTransport", `"true"`)), public},
		{"plain HTTP only", get(`"*"`, when("Bool", "aws:SecureTransport", `"false"`)), public},
		{"a referer", get(`"*"`, when("StringLike", "aws:Referer", `"https://acme.example/*"`)), public},
		{"an address of its own", get(`"*"`, when("IpAddress", "aws:SourceIp", `"203.0.113.0/24"`)), ""},
		{"a single address in the documentation's range", get(`"*"`, when("IpAddress", "aws:SourceIp", `"198.51.100.23"`)), ""},
		{"all addresses", get(`"*"`, when("IpAddress", "aws:SourceIp", `"0.0.0.0/0"`)), public},
		{"all addresses in halves", get(`"*"`, when("IpAddress", "aws:SourceIp", `["0.0.0.0/1","128.0.0.0/1"]`)), public},
		{"all of IPv6", get(`"*"`, when("IpAddress", "aws:SourceIp", `"::/0"`)), public},
		{"a private range", get(`"*"`, when("IpAddress", "aws:SourceIp", `"10.0.0.0/8"`)), ""},
		{"all but some addresses", get(`"*"`, when("NotIpAddress", "aws:SourceIp", `"203.0.113.0/24"`)), public},
		{"a VPC endpoint", get(`"*"`, when("StringEquals", "aws:SourceVpce", `"vpce-1"`)), ""},
		{"any VPC endpoint", get(`"*"`, when("StringLike", "aws:SourceVpce", `"vpce-*"`)), public},
		{"a foreign organization", get(`"*"`, when("StringEquals", "aws:PrincipalOrgID", `"o-1234567890"`)), "o-1234567890 s3:GetObject"},
		{"any organization", get(`"*"`, when("StringLike", "aws:PrincipalOrgID", `"o-*"`)), account},
		{"a role's name in any account", get(`"*"`, when("ArnLike", "aws:PrincipalArn", `"arn:aws:iam::*:role/deploy"`)), account},
		{"a role of ours", get(`"*"`, when("ArnLike", "aws:PrincipalArn", `"arn:aws:iam::`+ours+`:role/deploy"`)), ""},
		{"a role of another's", get(`"*"`, when("ArnEquals", "aws:PrincipalArn", `"arn:aws:iam::999988887777:role/deploy"`)), "arn:aws:iam::999988887777:role/deploy s3:GetObject"},
		{"a tag of the caller", get(`"*"`, when("StringEquals", "aws:PrincipalTag/team", `"web"`)), account},
		{"MFA", get(`"*"`, when("Bool", "aws:MultiFactorAuthPresent", `"true"`)), account},
		{"a tag of the object", get(`"*"`, when("StringEquals", "s3:ExistingObjectTag/public", `"yes"`)), "anonymous? s3:GetObject"},
		{"a denial without TLS", deny(when("Bool", "aws:SecureTransport", `"false"`)), public},
		{"a denial outside of the organization", deny(when("StringNotEquals", "aws:PrincipalOrgID", `"o-1234567890"`)), ""},
		{"a denial outside of a VPC", deny(when("StringNotEquals", "aws:SourceVpc", `"vpc-1"`)), ""},
		{"a denial without a header", deny(when("StringNotEquals", "aws:UserAgent", `"secret"`)), public},
		{"a denial by an address", deny(when("IpAddress", "aws:SourceIp", `"198.51.100.0/24"`)), public},
		{"all but one may", `{"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`, public},
		{"a service for anybody", get(`{"Service":"cloudtrail.amazonaws.com"}`, ""), "cloudtrail.amazonaws.com s3:GetObject"},
		{"a service for its account", get(`{"Service":"cloudtrail.amazonaws.com"}`, when("StringEquals", "aws:SourceAccount", `"`+ours+`"`)), ""},
		{"a service for a thing", get(`{"Service":"cloudtrail.amazonaws.com"}`, when("ArnLike", "aws:SourceArn", `"arn:aws:cloudtrail:*:`+ours+`:trail/*"`)), ""},
		{"a service for anybody's thing", get(`{"Service":"cloudtrail.amazonaws.com"}`, when("ArnLike", "aws:SourceArn", `"arn:aws:cloudtrail:*:*:trail/main"`)), "cloudtrail.amazonaws.com s3:GetObject"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := exposed(t, load(t, owned, bucketPolicy(test.statements))); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestPublicTrust: trust of everybody, with and without what only one's own have.
func TestPublicTrust(t *testing.T) {
	provider := func(host, condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::` + ours + `:oidc-provider/` + host + `"},"Action":"sts:AssumeRoleWithWebIdentity"` + condition + `}]}`
	}
	const github = "token.actions.githubusercontent.com"
	const web = " sts:AssumeRoleWithWebIdentity"
	external := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"` + when("StringEquals", "sts:ExternalId", `"x"`) + `}]}`
	for _, test := range []struct{ name, trust, want string }{
		{"everyone", trust(`"*"`), "any AWS account sts:AssumeRole"},
		{"who knows an external id", external, "any AWS account? sts:AssumeRole"},
		{"an account with an external id", strings.Replace(external, `"AWS":"*"`, `"AWS":"999988887777"`, 1), "999988887777 sts:AssumeRole"},
		{"a service", trust(`{"Service":"lambda.amazonaws.com"}`), "lambda.amazonaws.com sts:AssumeRole"},
		{"any workflow", provider(github, ""), "any subject of " + github + web},
		{"any workflow, its audience named", provider(github, when("StringEquals", github+":aud", `"sts.amazonaws.com"`)), "any subject of " + github + web},
		{"a repository's workflows", provider(github, when("StringLike", github+":sub", `"repo:acme/app:*"`)), ""},
		{"any repository of one name", provider(github, when("StringLike", github+":sub", `"repo:*/app:*"`)), "any subject of " + github + web},
		{"owners that begin so", provider(github, when("StringLike", github+":sub", `"repo:acme*"`)), "any subject of " + github + web},
		{"any project", provider("gitlab.com", when("StringLike", "gitlab.com:sub", `"project_path:*"`)), "any subject of gitlab.com" + web},
		{"any workspace", provider("app.terraform.io", when("StringLike", "app.terraform.io:sub", `"organization:*:run_phase:apply"`)), "any subject of app.terraform.io" + web},
		{"an organization's workspaces", provider("app.terraform.io", when("StringLike", "app.terraform.io:sub", `"organization:acme:*"`)), ""},
		{"a provider of its own", provider("id.acme.example", ""), ""},
		{"Google, one application", provider("accounts.google.com", when("StringEquals", "accounts.google.com:aud", `"app"`)), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := exposed(t, load(t, role("r", test.trust, ""))); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestPublicWitness(t *testing.T) {
	block := strings.TrimSuffix(owned.properties, "}") + `,"PublicAccessBlockConfiguration":{"RestrictPublicBuckets":true}}`
	blocked := owned
	blocked.properties = block
	unread := bucketPolicy(get(`"*"`, ""))
	unread.unknowns = nil
	open := bucketPolicy(get(`"*"`, when("StringEquals", "aws:UserAgent", `"curl"`)))
	for _, test := range []struct {
		name          string
		things        []thing
		want, unknown string
	}{
		{"a witness with what it must send", []thing{owned, open}, "anonymous s3:GetObject arn:aws:s3:::b/any/key map[aws:UserAgent:[curl]]", ""},
		{"nothing", []thing{owned}, "", ""},
		{"restricted", []thing{blocked, open}, "", ""},
		{"a named account is not the public", []thing{owned, bucketPolicy(get(`{"AWS":"999988887777"}`, ""))}, "", ""},
		{"objects may have ACLs", []thing{bucket}, "", "objects can have public ACLs"},
		{"perhaps", []thing{owned, bucketPolicy(get(`"*"`, when("StringEquals", "s3:ExistingObjectTag/a", `"b"`)))}, "", "s3:ExistingObjectTag/a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, unknown, err := load(t, test.things...).PublicWitness(context.Background(), "arn:aws:s3:::b")
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if w != nil {
				got = fmt.Sprint(w.Principal, " ", w.Action, " ", w.Resource, " ", w.Context)
			}
			if got != test.want || (unknown == "") != (test.unknown == "") || !strings.Contains(unknown, test.unknown) {
				t.Errorf("got %q, unknown %q; want %q, unknown %q", got, unknown, test.want, test.unknown)
			}
		})
	}
}

// TestWitnessHolds: every witness is let in when it is asked as a question of its own.
func TestWitnessHolds(t *testing.T) {
	x := load(t, owned, bucketPolicy(get(`"*"`, when("ArnLike", "aws:PrincipalArn", `"arn:aws:iam::*:role/deploy"`))+","+get(`{"AWS":"999988887777"}`, when("IpAddress", "aws:SourceIp", `"0.0.0.0/1"`))))
	list, err := x.Public(context.Background())
	if err != nil || len(list) != 2 {
		t.Fatalf("%v %v", list, err)
	}
	for _, e := range list {
		who, err := iam.ParsePrincipal(e.Witness.Principal)
		if err != nil {
			t.Fatal(err)
		}
		a, err := x.Can(context.Background(), x.Stranger(who, true), e.Witness.Action, e.Witness.Resource, e.Witness.Context)
		if err != nil || a.Trace.Decision != iam.Allowed {
			t.Errorf("%+v: %v %v", e.Witness, a, err)
		}
	}
}

func BenchmarkPublic(b *testing.B) {
	var things []thing
	for i := range 10_000 {
		name := fmt.Sprintf("bucket-%05d", i)
		bucket := owned
		bucket.id, bucket.arn, bucket.properties = name, "arn:aws:s3:::"+name, strings.ReplaceAll(owned.properties, `"b"`, `"`+name+`"`)
		statements := `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::` + name + `","arn:aws:s3:::` + name + `/*"]` + when("Bool", "aws:SecureTransport", `"false"`) + `}`
		switch i % 10 {
		case 0:
			statements += "," + strings.ReplaceAll(get(`"*"`, ""), ":::b/", ":::"+name+"/")
		case 1:
			statements += `,{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"` + when("StringEquals", "aws:PrincipalOrgID", `"o-1234567890"`) + `}`
		case 2:
			statements += `,{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + name + `/*"}`
		}
		policy := bucketPolicy(statements)
		policy.id, policy.properties = name, strings.Replace(policy.properties, `"Bucket":"b"`, `"Bucket":"`+name+`"`, 1)
		things = append(things, bucket, policy)
	}
	x := load(b, things...)
	for b.Loop() {
		list, err := x.Public(context.Background())
		if err != nil || len(list) != 3000 {
			b.Fatal(len(list), err)
		}
	}
}
