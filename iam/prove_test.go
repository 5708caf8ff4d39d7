package iam

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"merlon.dev/merlon/iam/reference"
)

// dice make policies and requests over a world so small that requests are
// likely to fall on the edges of statements.
type dice struct {
	*rand.Rand
	resources bool // resource-based policies
	variables bool
}

func (d dice) pick(from ...string) string { return from[d.IntN(len(from))] }

func (d dice) some(from ...string) string {
	var out []string
	for range 1 + d.IntN(3) {
		out = append(out, fmt.Sprintf("%q", d.pick(from...)))
	}
	return "[" + strings.Join(out, ",") + "]"
}

func (d dice) statement() string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"Effect":%q`, d.pick("Allow", "Allow", "Deny"))
	if d.resources {
		element := d.pick("Principal", "Principal", "Principal", "NotPrincipal")
		switch d.IntN(5) {
		case 0:
			fmt.Fprintf(&b, `,%q:"*"`, element)
		case 1:
			fmt.Fprintf(&b, `,%q:{"Service":%s}`, element, d.some("sns.amazonaws.com", "sqs.amazonaws.com"))
		default:
			fmt.Fprintf(&b, `,%q:{"AWS":%s}`, element, d.some("111111111111", "222222222222", "arn:aws:iam::111111111111:user/a",
				"arn:aws:iam::111111111111:role/r", "arn:aws:sts::111111111111:assumed-role/r/s", "arn:aws:iam::222222222222:root", "AIDAEXAMPLEEXAMPLE00", "*"))
		}
	}
	fmt.Fprintf(&b, `,%q:%s`, d.pick("Action", "Action", "Action", "NotAction"), d.some("*", "s3:*", "s3:Get*", "s3:GetObject", "s3:PutObject", "S3:*Object", "iam:PassRole", "s3:?etObject", "s3:Get*A*"))
	resources := []string{"*", "arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:s3:::b*", "arn:aws:s3:::b/?", "arn:aws:s3:::*/a", "arn:aws:s3:*:*:b/a", "arn:*:b/*a*a", "arn:aws:s3:::b/a*"}
	if d.variables {
		resources = append(resources, "arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/${aws:username}*", "arn:aws:s3:::${aws:PrincipalTag/t, 'b'}/a")
	}
	fmt.Fprintf(&b, `,%q:%s`, d.pick("Resource", "Resource", "Resource", "NotResource"), d.some(resources...))
	var conditions []string
	for range d.IntN(3) {
		suffix := d.pick("", "", "IfExists")
		not := d.pick("", "Not")
		words := []string{"a", "b", "ab", "A", "a*", "*b", "?", "", "*"}
		if d.variables {
			words = append(words, "${aws:username}", "x${aws:PrincipalTag/t}")
		}
		switch d.IntN(10) {
		case 0, 1:
			conditions = append(conditions, fmt.Sprintf(`"String%sLike%s":{%q:%s}`, not, suffix, d.pick("aws:username", "aws:PrincipalTag/t", "my:key"), d.some(words...)))
		case 2:
			conditions = append(conditions, fmt.Sprintf(`"String%sEquals%s%s":{"aws:PrincipalTag/t":%s}`, not, d.pick("", "IgnoreCase"), suffix, d.some(words...)))
		case 3, 4:
			conditions = append(conditions, fmt.Sprintf(`"%s:String%sLike%s":{"aws:TagKeys":%s}`, d.pick("ForAnyValue", "ForAllValues"), not, suffix, d.some(words...)))
		case 5:
			conditions = append(conditions, fmt.Sprintf(`"Numeric%s%s":{"aws:MultiFactorAuthAge":%s}`, d.pick("LessThan", "LessThanEquals", "GreaterThan", "Equals", "NotEquals"), suffix, d.some("1", "2", "5", "-1", "x")))
		case 6:
			conditions = append(conditions, fmt.Sprintf(`"%sIpAddress%s":{"aws:SourceIp":%s}`, not, suffix, d.some("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "::/0", "x")))
		case 7:
			conditions = append(conditions, fmt.Sprintf(`"Bool%s":{%q:%q}`, suffix, d.pick("aws:SecureTransport", "aws:MultiFactorAuthPresent"), d.pick("true", "false", "TRUE", "x")))
		case 8:
			conditions = append(conditions, fmt.Sprintf(`"Null":{%q:%q}`, d.pick("aws:username", "aws:PrincipalTag/t", "aws:TagKeys", "aws:SourceIp", "aws:MultiFactorAuthAge"), d.pick("true", "false")))
		case 9:
			conditions = append(conditions, fmt.Sprintf(`"Arn%sLike%s":{"aws:PrincipalArn":%s}`, not, suffix, d.some("arn:aws:iam::111111111111:user/*", "arn:aws:iam::*:role/r", "arn:aws:iam::*:user/a", "arn:*:*:*:*:*")))
		}
	}
	// A key under an operator stands once in a document.
	if len(conditions) == 2 && strings.SplitN(conditions[0], ":{", 2)[0] == strings.SplitN(conditions[1], ":{", 2)[0] {
		conditions = conditions[:1]
	}
	if len(conditions) > 0 {
		fmt.Fprintf(&b, `,"Condition":{%s}`, strings.Join(conditions, ","))
	}
	b.WriteString("}")
	return b.String()
}

func (d dice) statements() []string {
	var out []string
	for range 1 + d.IntN(4) {
		out = append(out, d.statement())
	}
	return out
}

// relative changes a policy a little, so that the two are close.
func (d dice) relative(of []string) []string {
	out := append([]string(nil), of...)
	switch d.IntN(4) {
	case 0:
		return append(out, d.statement())
	case 1:
		out[d.IntN(len(out))] = d.statement()
		return out
	case 2:
		i := d.IntN(len(out))
		return append(out[:i], out[i+1:]...)
	}
	return d.statements()
}

func (d dice) request() *Request {
	c := NewContext()
	r := &Request{Action: d.pick("s3:GetObject", "s3:PutObject", "s3:GetObjectAcl", "iam:PassRole", "s3:ListBucket"),
		Resource: d.pick("*", "arn:aws:s3:::b", "arn:aws:s3:::b/a", "arn:aws:s3:::b/ab", "arn:aws:s3:::bb/a", "arn:aws:s3:eu:1:b/a", "arn:aws:s3:::c", "arn:aws:s3:::b/", "arn:aws:s3:::b/A"), Context: c}
	who := "arn:aws:iam::111111111111:role/x"
	if d.resources {
		who = d.pick("anonymous", "sns.amazonaws.com", "ec2.amazonaws.com", "arn:aws:iam::111111111111:user/a", "arn:aws:iam::111111111111:user/b",
			"arn:aws:iam::111111111111:role/r", "arn:aws:sts::111111111111:assumed-role/r/s", "arn:aws:iam::222222222222:root", "arn:aws:iam::333333333333:role/r", "arn:aws:iam::222222222222:user/a")
	}
	p, err := ParsePrincipal(who)
	if err != nil {
		panic(err)
	}
	if p.ID = "-"; p.Kind == User && d.IntN(3) == 0 {
		p.ID = "AIDAEXAMPLEEXAMPLE00"
	}
	r.Principal = p
	words := []string{"a", "b", "ab", "A", "xa", "", "c"}
	signed := p.Account != ""
	if signed {
		arn := p.ARN
		if p.Kind == Session {
			arn = "arn:aws:iam::111111111111:role/r"
		}
		if !d.resources {
			arn = d.pick("arn:aws:iam::111111111111:user/a", "arn:aws:iam::111111111111:user/b", "arn:aws:iam::222222222222:role/r", "arn:aws:iam::222222222222:role/q")
		}
		c.Set("aws:PrincipalArn", arn)
	}
	switch {
	case !d.resources && d.IntN(3) > 0:
		c.Set("aws:username", d.pick(words...))
	case d.resources && p.Kind == User:
		c.Set("aws:username", p.ARN[strings.LastIndexByte(p.ARN, '/')+1:])
	}
	if (!d.resources || signed) && d.IntN(3) > 0 {
		c.Set("aws:PrincipalTag/t", d.pick(words...))
	}
	if d.IntN(3) > 0 {
		c.Set("my:key", d.pick(words...))
	}
	for n := d.IntN(3); n > 0; n-- {
		tags := []string{d.pick(words...)}
		if n > 1 {
			tags = append(tags, d.pick(words...))
		}
		c.Set("aws:TagKeys", tags...)
	}
	if (!d.resources || signed) && d.IntN(2) > 0 {
		c.Set("aws:MultiFactorAuthAge", d.pick("0", "1", "2", "3", "5", "6", "-1", "-2", "1.5"))
	}
	if d.IntN(3) > 0 {
		c.Set("aws:SourceIp", d.pick("10.0.0.1", "10.1.0.1", "10.1.2.3", "192.0.2.1", "2001:db8::1"))
	}
	c.Set("aws:SecureTransport", d.pick("true", "false"))
	if (!d.resources || signed) && d.IntN(3) > 0 {
		c.Set("aws:MultiFactorAuthPresent", d.pick("true", "false"))
	}
	return r
}

// contradict compares generated policies and tries requests on what is said of
// them. It reports the outcome, and whether a request showed that NEW permits more.
func contradict(t *testing.T, r *reference.Reference, d dice, tries int) (*Conclusion, bool) {
	t.Helper()
	a := d.statements()
	b := d.relative(a)
	old, next := policyOf(t, a...), policyOf(t, b...)
	if d.resources && (len(a) == 0 || len(b) == 0) {
		return &Conclusion{Outcome: Holds}, false
	}
	got, err := Compare(r, old, next)
	if err != nil {
		t.Fatal(err)
	}
	hold(t, old, next, got)
	if w := got.Witness; w != nil && !w.Bounded && w.Request.Principal.ID != "AIDAEXAMPLEEXAMPLE00" {
		if d := naivePermits(t, b, w); d != "Allowed" {
			t.Errorf("the second evaluator says of NEW: %s for %+v\n%s", d, w, strings.Join(b, "\n"))
		}
		if d := naivePermits(t, a, w); d == "Allowed" {
			t.Errorf("the second evaluator says of OLD: %s for %+v\n%s", d, w, strings.Join(a, "\n"))
		}
	}
	more := false
	for range tries {
		q := d.request()
		if permits(next, q, false) != Allowed {
			continue
		}
		if o := permits(old, q, false); o == ImplicitlyDenied || o == ExplicitlyDenied {
			more = true
			if got.Outcome == Holds {
				t.Fatalf("holds, but OLD says %v, NEW Allowed to %+v of %v\ncontext %+v\nOLD %s\nNEW %s", o, q, q.Principal, q.Context, strings.Join(a, "\n    "), strings.Join(b, "\n    "))
			}
			break
		}
	}
	return got, more
}

// naivePermits asks the second evaluator what [Permits] asks the first.
func naivePermits(t *testing.T, statements []string, w *Witness) string {
	t.Helper()
	raw := func(s string) json.RawMessage {
		return json.RawMessage(`[{"Version":"2012-10-17","Statement":[` + s + `]}]`)
	}
	who, account := w.Principal, "000000000000"
	line := map[string]any{"identityPolicies": raw(`{"Effect":"Allow","Action":"*","Resource":"*"}`), "resourcePolicy": raw(strings.Join(statements, ","))}
	if who == "" {
		who, account = w.Request.Principal.ARN, w.Request.Principal.Account
		line = map[string]any{"identityPolicies": raw(strings.Join(statements, ",")),
			"resourcePolicy": raw(`{"Effect":"Allow","Principal":{"AWS":"` + account + `"},"Action":"*","Resource":"*"}`)}
	}
	line["request"] = map[string]any{"principal": who, "action": w.Action, "resource": w.Resource, "resourceAccount": account, "context": w.Context}
	text, err := json.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	return naiveDecide(text)
}

// TestCompareTruth: "no more permissive" is contradicted by no request, every
// witness is one to the evaluator, and without variables all is decided.
func TestCompareTruth(t *testing.T) {
	r := loadReference(t)
	pairs := 1200
	if testing.Short() {
		pairs = 300
	}
	for _, world := range []dice{{}, {resources: true}, {variables: true}, {resources: true, variables: true}} {
		t.Run(fmt.Sprintf("resources=%v variables=%v", world.resources, world.variables), func(t *testing.T) {
			var outcomes [3]int
			missed := 0
			for seed := range pairs {
				world.Rand = rand.New(rand.NewPCG(uint64(seed), 1))
				got, more := contradict(t, r, world, 150)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
				outcomes[got.Outcome]++
				if more && got.Outcome == Undecided {
					missed++
				}
				if got.Outcome == Undecided && !world.variables {
					t.Errorf("seed %d: undecided: %v", seed, got.Why)
				}
			}
			t.Logf("undecided %d (of which a few requests refute %d), holds %d, violated %d", outcomes[Undecided], missed, outcomes[Holds], outcomes[Violated])
			if outcomes[Holds] < pairs/10 || outcomes[Violated] < pairs/10 {
				t.Error("the policies are not close enough to each other to test anything")
			}
			if outcomes[Undecided] > pairs/5 {
				t.Error("too much is left undecided")
			}
		})
	}
}
