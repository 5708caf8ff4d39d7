package iam

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	r := loadReference(t)
	const (
		public   = `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`
		ownOrg   = `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-aaaaaaaaaa"}}}`
		partner  = `{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`
		plainTLS = `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
		office   = `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}`
		half     = `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}}}`
		logs     = `{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"}`
		decrypt  = `{"Effect":"Allow","Action":"kms:*","Resource":"*"}`
		needMFA  = `{"Effect":"Deny","Action":"kms:Dec*","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}`
		badMFA   = `{"Effect":"Deny","Action":"kms:Dec*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}`
		passRole = `{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":["ec2.amazonaws.com","ecs.amazonaws.com"]}}}`
	)
	for _, c := range []struct {
		rule   string
		policy []string
		want   Outcome
		who    string
	}{
		{"never public", []string{public}, Violated, "anonymous"},
		{"never public", []string{ownOrg, partner, logs}, Holds, ""},
		{"never public", []string{office}, Holds, ""},
		{"never public", []string{half}, Violated, "anonymous"},
		{"never public", []string{strings.Replace(ownOrg, "StringEquals", "StringEqualsIfExists", 1)}, Violated, "anonymous"},
		{"never public", []string{strings.Replace(ownOrg, `"aws:PrincipalOrgID":"o-aaaaaaaaaa"`, `"aws:PrincipalTag/team":"a"`, 1)}, Violated, "arn:aws:iam::999988887777:role/example"},
		{"never public", []string{public, `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}}`}, Holds, ""},
		{"never s3:PutObject public", []string{public}, Holds, ""},
		{"never public on arn:aws:s3:::c/*", []string{public}, Holds, ""},
		{"never outside the organization o-aaaaaaaaaa", []string{ownOrg, logs}, Holds, ""},
		{"never outside the organization o-bbbbbbbbbb", []string{ownOrg}, Violated, ""},
		{"never outside the organization o-aaaaaaaaaa", []string{partner}, Violated, ""},
		{"never outside the organization o-aaaaaaaaaa or accounts 444455556666, 111122223333", []string{ownOrg, partner}, Holds, ""},
		{"never outside account 444455556666", []string{partner}, Holds, ""},
		{"never outside accounts 111122223333", []string{partner}, Violated, "arn:aws:iam::444455556666:role/example"},
		{"never without TLS", []string{public, plainTLS}, Holds, ""},
		{"never without TLS", []string{public}, Violated, "anonymous"},
		{"never from outside 192.0.2.0/24,198.51.100.0/24", []string{office}, Holds, ""},
		{"never from outside 192.0.2.0/25", []string{office}, Violated, "anonymous"},
		{"never by anonymous", []string{partner}, Holds, ""},
		{"never by anonymous", []string{public}, Violated, "anonymous"},
		{"never by cloudtrail.amazonaws.com", []string{logs}, Violated, "cloudtrail.amazonaws.com"},
		{"never by 111122223333", []string{partner, logs}, Holds, ""},
		{"never by arn:aws:iam::444455556666:user/a", []string{partner}, Violated, "arn:aws:iam::444455556666:user/a"},
		{"never kms:Decrypt without MFA", []string{decrypt}, Violated, ""},
		{"never kms:Decrypt without MFA", []string{decrypt, needMFA}, Holds, ""},
		{"never kms:Decrypt without MFA", []string{decrypt, badMFA}, Violated, ""},
		{"kms:Encrypt without mfa", []string{decrypt, needMFA}, Violated, ""},
		{"never iam:PassRole unless iam:PassedToService=ec2.amazonaws.com,ecs.amazonaws.com", []string{passRole}, Holds, ""},
		{"never iam:PassRole unless iam:PassedToService=ec2.*", []string{passRole}, Violated, ""},
		{"never iam:PassRole without iam:PassedToService", []string{passRole}, Holds, ""},
		{"never iam:PassRole with iam:PassedToService=lambda.amazonaws.com", []string{passRole}, Holds, ""},
		{"never iam:PassRole on arn:aws:iam::111122223333:role/admin", []string{passRole}, Violated, ""},
		{"never sts:AssumeRole without aws:MultiFactorAuthAge<3600", []string{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":"900"}}}`}, Holds, ""},
		{"never sts:AssumeRole without aws:MultiFactorAuthAge<=899", []string{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":"900"}}}`}, Violated, ""},
		{"never iam:*", []string{`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`}, Holds, ""},
		{"never iam:*", []string{`{"Effect":"Allow","NotAction":"iam:Create*","Resource":"*"}`}, Violated, ""},
		{"never iam:*", []string{`{"Effect":"Allow","Action":"iam:*","Resource":"*","Condition":{"StringResembles":{"a:b":"c"}}}`}, Undecided, ""},
	} {
		t.Run(c.rule, func(t *testing.T) {
			rule, err := ParseRule(c.rule)
			if err != nil {
				t.Fatal(err)
			}
			policy := policyOf(t, c.policy...)
			got, err := Check(r, policy, rule)
			if err != nil {
				t.Fatal(err)
			}
			if got.Outcome != c.want {
				t.Fatalf("%v %+v %v, want %v of %s", got.Outcome, got.Witness, got.Why, c.want, c.policy)
			}
			if got.Outcome == Undecided && len(got.Why) == 0 {
				t.Error("undecided without a reason")
			}
			if w := got.Witness; w != nil {
				if d := Permits(policy, w.Request); d != Allowed {
					t.Errorf("%v for the witness %+v", d, w)
				}
				if c.who != "" && w.Principal != c.who {
					t.Errorf("the witness is %s, want %s", w.Principal, c.who)
				}
				if w.Note != "" {
					t.Errorf("note %q", w.Note)
				}
			}
		})
	}
	rule, err := ParseRule("never public")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Check(r, policyOf(t, decrypt), rule); !errors.Is(err, ErrNoPrincipals) {
		t.Errorf("a rule about principals on an identity policy: %v", err)
	}
}

// TestCheckDocument: a rule may be a document, its Deny statements are exceptions.
func TestCheckDocument(t *testing.T) {
	r := loadReference(t)
	rule := RuleFromPolicy("guard.json", policyOf(t, `{"Effect":"Allow","Action":"s3:Delete*","Resource":"arn:aws:s3:::b/*"}`,
		`{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::b/tmp/*"}`)[0])
	for policy, want := range map[string]Outcome{
		`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/tmp/*"}`:                  Holds,
		`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/t*"}`:                     Violated,
		`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`:      Violated,
		`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/tmp/x*"}`: Holds,
	} {
		got, err := Check(r, policyOf(t, policy), rule)
		if err != nil || got.Outcome != want {
			t.Errorf("%s: %v, %v, want %v", policy, got, err, want)
		}
	}
}

func TestParseRuleErrors(t *testing.T) {
	for rule, want := range map[string]string{
		"":                                    "missing",
		"never":                               "missing",
		"never ever":                          `"ever" is not an action`,
		"never s3:GetObject on bucket":        `"bucket" is not a resource`,
		"never s3:GetObject s3:PutObject":     "actions stand twice",
		"never on * on *":                     `"on" stands twice`,
		"never from 10.0.0.0/8":               `"outside"`,
		"never from outside 10.0.0.0/33":      "not a range",
		"never outside":                       "accounts",
		"never outside the organization acme": `"acme" is not an organization's id`,
		"never outside accounts 1111":         "12 digits",
		"never by somebody":                   "not a principal",
		"never by anonymous,111122223333":     "stands alone",
		"never without":                       "condition is missing",
		"never without colons":                "not a condition",
		"never without a:b<x":                 `"x" is no value`,
	} {
		if _, err := ParseRule(rule); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", rule, err, want)
		}
	}
}

// TestCheckTruth holds "never ACTION on RESOURCE" on generated policies against
// the evaluator's answers to generated requests.
func TestCheckTruth(t *testing.T) {
	r := loadReference(t)
	rules := []string{"never s3:GetObject on arn:aws:s3:::b/a", "never s3:* on arn:aws:s3:::b*", "never without TLS", "never from outside 10.0.0.0/8",
		"never s3:PutObject without MFA", "never without aws:PrincipalTag/t=a*", "never with aws:TagKeys=a", "never without aws:MultiFactorAuthAge<2"}
	var outcomes [3]int
	for seed := range 1200 {
		d := dice{Rand: rand.New(rand.NewPCG(uint64(seed), 2)), resources: seed%2 == 0}
		text := d.pick(rules...)
		rule, err := ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		statements := d.statements()
		policy := policyOf(t, statements...)
		got, err := Check(r, policy, rule)
		if err != nil {
			t.Fatal(err)
		}
		outcomes[got.Outcome]++
		forbidden := []*Policy{rule.form(policy, !d.resources)}
		if w := got.Witness; w != nil && (permits(policy, w.Request, w.Bounded) != Allowed || permits(forbidden, w.Request, w.Bounded) != Allowed) {
			t.Fatalf("seed %d: %q: no witness is %+v\n%s", seed, text, w, strings.Join(statements, "\n"))
		}
		if got.Outcome == Undecided {
			t.Errorf("seed %d: %q: undecided: %v", seed, text, got.Why)
		}
		for range 100 {
			q := d.request()
			if got.Outcome == Holds && permits(policy, q, false) == Allowed && permits(forbidden, q, false) == Allowed {
				t.Fatalf("seed %d: %q holds, but %+v by %v\ncontext %+v\n%s", seed, text, q, q.Principal, q.Context, strings.Join(statements, "\n"))
			}
		}
	}
	if outcomes[Holds] < 100 || outcomes[Violated] < 100 {
		t.Errorf("undecided, holds, violated: %v", outcomes)
	}
}

func FuzzParseRule(f *testing.F) {
	f.Add("never kms:Decrypt without MFA")
	f.Add("never outside the organization o-aaaaaaaaaa or accounts 111122223333 from outside 10.0.0.0/8 with a:b>=3")
	f.Add("never public on arn:aws:s3:::b/* by anonymous unless aws:TagKeys=a*,b")
	f.Fuzz(func(t *testing.T, text string) {
		rule, err := ParseRule(text)
		if err != nil {
			if rule != nil {
				t.Error("a rule and an error")
			}
			return
		}
		policy := policyOf(t, `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`)
		got, err := Check(nil, policy, rule)
		if err != nil {
			t.Fatal(err)
		}
		if w := got.Witness; w != nil && Permits(policy, w.Request) != Allowed {
			t.Errorf("%q: no witness is %+v", text, w)
		}
	})
}

// FuzzCompare compares what a fuzzer writes, and what dice make of its seed.
func FuzzCompare(f *testing.F) {
	f.Add(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`, `{"Effect":"Deny","NotAction":"s3:Get*","Resource":"arn:aws:s3:::b/${aws:username}"}`, uint64(0))
	f.Add(`{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"s3:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-01-01"}}}`,
		`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"ForAllValues:StringLike":{"aws:TagKeys":"É*"}}}`, uint64(7))
	r := loadReference(f)
	f.Fuzz(func(t *testing.T, a, b string, seed uint64) {
		d := dice{Rand: rand.New(rand.NewPCG(seed, 3)), resources: seed%2 == 0, variables: seed%3 == 0}
		contradict(t, r, d, 50)
		old, err := ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[` + a + `]}`))
		if err != nil {
			return
		}
		next, err := ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[` + a + "," + b + `]}`))
		if err != nil {
			return
		}
		got, err := Compare(r, []*Policy{old}, []*Policy{next})
		if err != nil {
			return
		}
		hold(t, []*Policy{old}, []*Policy{next}, got)
		if same, err := Compare(r, []*Policy{next}, []*Policy{next}); err == nil && same.Outcome == Violated {
			t.Errorf("a policy is more permissive than itself: %+v", same.Witness)
		}
	})
}
