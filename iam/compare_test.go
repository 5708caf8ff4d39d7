package iam

import (
	"strings"
	"testing"
)

// policyOf parses statements without the braces and the version around them.
func policyOf(tb testing.TB, statements ...string) []*Policy {
	tb.Helper()
	p, err := ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`))
	if err != nil {
		tb.Fatalf("%v\n%s", err, statements)
	}
	return []*Policy{p}
}

func TestCompare(t *testing.T) {
	r := loadReference(t)
	const all = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	for _, c := range []struct {
		name     string
		old, new []string
		want     Outcome
		action   string // of the witness, where it must be this one
		absent   string
		note     bool
	}{
		{name: "the same", old: []string{all}, new: []string{all}, want: Holds},
		{name: "nothing is no more than something", old: []string{all}, want: Holds},
		{name: "something is more than nothing", new: []string{all}, want: Violated},
		{name: "an action more", want: Violated, action: "s3:PutObject",
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`},
			new: []string{`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::b/*"}`}},
		{name: "an action less", want: Holds,
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`},
			old: []string{`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::b/*"}`}},
		{name: "patterns that say the same", want: Holds,
			old: []string{`{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::b/a*","arn:aws:s3:::b/b*"]}`},
			new: []string{`{"Effect":"Allow","Action":"S3:GET*","Resource":["arn:aws:s3:::b/a*","arn:aws:s3:::b/b?c*"]}`}},
		{name: "one pattern covered by two", want: Holds,
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b*"},
				{"Effect":"Deny","Action":"s3:*","NotResource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]}`}},
		{name: "a wider resource", want: Violated,
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b*/*"}`}},
		{name: "a Deny dropped", want: Violated, action: "s3:DeleteBucket",
			old: []string{all, `{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}`}, new: []string{all}},
		{name: "a Deny added", want: Holds,
			new: []string{all, `{"Effect":"Deny","Action":"s3:DeleteBucket","Resource":"*"}`}, old: []string{all}},
		{name: "Allow with NotAction is all but what a Deny names", want: Holds,
			old: []string{`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`}, new: []string{all, `{"Effect":"Deny","Action":"iam:*","Resource":"*"}`}},
		{name: "a condition dropped", want: Violated,
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`}},
		{name: "a range within a range", want: Holds,
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/9","10.128.0.0/9"]}}}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`}},
		{name: "IfExists lets requests without the key through", want: Violated, absent: "aws:MultiFactorAuthPresent",
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"true"}}}`}},
		{name: "numbers", want: Holds,
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"3600"}}}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}}`}},
		{name: "numbers the other way", want: Violated,
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"3600"}}}`},
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}}`}},
		{name: "true and false are all that a Bool can be", want: Holds,
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}`,
				`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`}},
		{name: "ForAllValues is satisfied by no value, ForAnyValue is not", want: Violated, absent: "aws:TagKeys",
			old: []string{`{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":["a","b"]}}}`},
			new: []string{`{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}}`}},
		{name: "two values at once", want: Violated,
			old: []string{`{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}}`,
				`{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":"b"}}}`},
			new: []string{`{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}}}`}},
		{name: "the same variable", want: Holds,
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}/*"}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}/d/*"}`}},
		{name: "a variable for a wildcard", want: Holds,
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}/d/*"}`}},
		{name: "a wildcard for a variable", want: Violated,
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}/*"}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*/d"}`}},
		{name: "a variable with one value", want: Undecided,
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/bob"}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}","Condition":{"StringEquals":{"aws:username":"bob"}}}`}},
		{name: "a variable may meet a Deny that symbols miss", want: Undecided,
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`, `{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/bob","Condition":{"StringEquals":{"aws:PrincipalTag/a":"b"}}}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}","Condition":{"StringEquals":{"aws:PrincipalTag/a":"b"}}}`}},
		{name: "an operator that nobody knows", want: Undecided,
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringMatches":{"aws:username":"x"}}}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`}},
		{name: "an unknown operator that does not matter", want: Holds,
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"StringMatches":{"aws:username":"x"}}}`},
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`}},
		{name: "actions to come", want: Violated, note: true,
			old: []string{`{"Effect":"Allow","Action":["s3:GetObject","s3:GetObjectAcl"],"Resource":"arn:aws:s3:::b/*"}`},
			new: []string{`{"Effect":"Allow","Action":["s3:GetObject","s3:GetObjectAc?"],"Resource":"arn:aws:s3:::b/*"}`}},
		{name: "patterns built to explode", want: Violated,
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::*a*a*a*a*a*a*a*a*a*b"}`},
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::*a*a*a*a*a*a*a*a*b"}`}},
		{name: "patterns built to explode, the other way", want: Holds,
			new: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::*a*a*a*a*a*a*a*a*a*b"}`},
			old: []string{`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::*a*a*a*a*a*a*a*a*b"}`}},
		{name: "resource policy: a principal more", want: Violated,
			old: []string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`},
			new: []string{`{"Effect":"Allow","Principal":{"AWS":["111122223333","444455556666"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}},
		{name: "resource policy: a user of the account", want: Holds,
			old: []string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`},
			new: []string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/a"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`}},
		{name: "resource policy: a condition for a principal", want: Holds,
			old: []string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`},
			new: []string{`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}}`}},
		{name: "resource policy: a condition that several accounts meet", want: Violated,
			old: []string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`},
			new: []string{`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/admin"}}}`}},
		{name: "resource policy: a service", want: Violated,
			old: []string{`{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*","Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}`},
			new: []string{`{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}`}},
		{name: "trust policy", want: Violated,
			old: []string{`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:o/r:ref:refs/heads/main"}}}`},
			new: []string{`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:o/r:*"}}}`}},
		{name: "NotPrincipal spares whom it lists", want: Violated,
			old: []string{`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}`, `{"Effect":"Deny","NotPrincipal":{"AWS":["111122223333","arn:aws:iam::111122223333:user/a"]},"Action":"s3:*","Resource":"*"}`},
			new: []string{`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}`, `{"Effect":"Deny","NotPrincipal":{"AWS":["111122223333","arn:aws:iam::111122223333:user/a","arn:aws:iam::111122223333:user/b"]},"Action":"s3:*","Resource":"*"}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			old, next := policyOf(t, c.old...), policyOf(t, c.new...)
			got, err := Compare(r, old, next)
			if err != nil {
				t.Fatal(err)
			}
			if got.Outcome != c.want {
				t.Fatalf("%v %+v %v, want %v", got.Outcome, got.Witness, got.Why, c.want)
			}
			switch w := got.Witness; {
			case c.want == Undecided && len(got.Why) == 0:
				t.Error("undecided without a reason")
			case w == nil:
			case c.action != "" && w.Action != c.action:
				t.Errorf("the witness is %+v, want the action %s", w, c.action)
			case c.absent != "" && (len(w.Absent) != 1 || w.Absent[0] != c.absent):
				t.Errorf("the witness is %+v, want %s absent", w, c.absent)
			case (w.Note != "") != c.note:
				t.Errorf("the note is %q", w.Note)
			case w.Statement == "":
				t.Error("the witness names no statement")
			}
			hold(t, old, next, got)
		})
	}
	if _, err := Compare(r, policyOf(t, all), policyOf(t, `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`)); err == nil {
		t.Error("an identity policy is compared with a resource's")
	}
}

// hold checks a witness with the evaluator.
func hold(t *testing.T, old, next []*Policy, c *Conclusion) {
	t.Helper()
	if c.Outcome != Violated {
		return
	}
	if d := permits(next, c.Witness.Request, c.Witness.Bounded); d != Allowed {
		t.Errorf("NEW: %v for %+v", d, c.Witness)
	}
	if d := permits(old, c.Witness.Request, c.Witness.Bounded); d == Allowed || d == Unknown {
		t.Errorf("OLD: %v for %+v", d, c.Witness)
	}
}
