package iam

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon/iam/reference"
)

var used = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// accessedData: s3 with three tracked actions of which two were used, sqs without any
// list, ec2 not used, DynamoDB used through one action alone.
func accessedData() []ServiceAccess {
	return []ServiceAccess{
		{Service: "s3", Last: used, Actions: map[string]time.Time{"CreateBucket": used, "DeleteBucket": {}, "ListAllMyBuckets": used}},
		{Service: "sqs", Last: used},
		{Service: "ec2", Actions: map[string]time.Time{"RunInstances": {}}},
		{Service: "dynamodb", Actions: map[string]time.Time{"CreateTable": used, "DeleteTable": {}}},
	}
}

func parsed(t *testing.T, texts ...string) []*Policy {
	t.Helper()
	var out []*Policy
	for i, text := range texts {
		p, err := ParsePolicy([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		p.Name = fmt.Sprintf("p%d", i)
		out = append(out, p)
	}
	return out
}

// policiesOf writes documents and reads them again.
func policiesOf(t *testing.T, docs []Document) []*Policy {
	t.Helper()
	var texts []string
	for _, d := range docs {
		text, err := d.Indent()
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return parsed(t, texts...)
}

func asked(action, resource string, c *Context) *Request {
	return &Request{Principal: Principal{Kind: User, ARN: "arn:aws:iam::111122223333:user/alice", Account: "111122223333"}, Action: action, Resource: resource, Context: c}
}

func TestNarrow(t *testing.T) {
	ref, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	const head = `{"Version":"2012-10-17","Statement":[`
	for _, tt := range []struct {
		name, today, want string // statements
	}{
		{"used, unused and untracked actions",
			`{"Effect":"Allow","Action":["s3:CreateBucket","s3:DeleteBucket","s3:GetObject"],"Resource":"arn:aws:s3:::b*"}`,
			`{"Effect":"Allow","Action":["s3:CreateBucket","s3:GetObject"],"Resource":"arn:aws:s3:::b*"}`},
		{"letters of any case", `{"Effect":"Allow","Action":["S3:deletebucket","SQS:sendmessage"],"Resource":"*"}`, `{"Effect":"Allow","Action":"SQS:sendmessage","Resource":"*"}`},
		{"a pattern of which nothing is known to be unused stays", `{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}`, `{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}`},
		{"a pattern with an unused action is written out", `{"Effect":"Allow","Action":"s3:*teBucket","Resource":"*"}`, `{"Effect":"Allow","Action":"s3:CreateBucket","Resource":"*"}`},
		{"a service without a list of actions stays whole", `{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`, `{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`},
		{"an action that the reference does not know", `{"Effect":"Allow","Action":["sqs:Nonesuch","ec2:Nonesuch"],"Resource":"*"}`, `{"Effect":"Allow","Action":"sqs:Nonesuch","Resource":"*"}`},
		{"a service that was not used, and one without data", `{"Effect":"Allow","Action":["ec2:*","kms:Decrypt"],"Resource":"*"}`, ``},
		{"a service whose use only an action shows", `{"Effect":"Allow","Action":["dynamodb:CreateTable","dynamodb:DeleteTable"],"Resource":"*"}`, `{"Effect":"Allow","Action":"dynamodb:CreateTable","Resource":"*"}`},
		{"a wildcard in the service", `{"Effect":"Allow","Action":"*:SendMessage","Resource":"*"}`, `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}`},
		{"what matches nothing", `{"Effect":"Allow","Action":"s3","Resource":"*"}`, ``},
		{"conditions and resources stay",
			`{"Sid":"A","Effect":"Allow","Action":"s3:CreateBucket","NotResource":["arn:aws:s3:::x","arn:aws:s3:::y"],"Condition":{"Bool":{"aws:SecureTransport":true},"StringEquals":{"aws:RequestedRegion":["eu-west-1","eu-central-1"]}}}`,
			`{"Effect":"Allow","Action":"s3:CreateBucket","NotResource":["arn:aws:s3:::x","arn:aws:s3:::y"],"Condition":{"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:RequestedRegion":["eu-west-1","eu-central-1"]}}}`},
		{"Deny stays, of unused services too", `{"Effect":"Deny","NotAction":"ec2:*","Resource":"*"},{"Effect":"Deny","Action":"ec2:*","Resource":"*"}`,
			`{"Effect":"Deny","NotAction":"ec2:*","Resource":"*"},{"Effect":"Deny","Action":"ec2:*","Resource":"*"}`},
		{"statements alike but for their actions become one, without what a pattern holds",
			`{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/*","arn:aws:s3:::a/*"]},{"Effect":"Allow","Action":"s3:Get*","Resource":["arn:aws:s3:::a/*","arn:aws:s3:::b/*"]}`,
			`{"Effect":"Allow","Action":"s3:Get*","Resource":["arn:aws:s3:::a/*","arn:aws:s3:::b/*"]}`},
		{"those under another condition do not",
			`{"Effect":"Allow","Action":"s3:Get*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}},{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`,
			`{"Effect":"Allow","Action":"s3:Get*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}},{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			today := parsed(t, head+tt.today+`]}`)
			n, err := Narrow(ref, today, accessedData())
			if err != nil {
				t.Fatal(err)
			}
			docs, err := n.Documents(ManagedPolicySize)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			for _, d := range docs {
				b, err := marshal(d)
				if err != nil {
					t.Fatal(err)
				}
				got += string(b)
				if size := utf8.RuneCountInString(string(b)); d.Size() != size {
					t.Errorf("its size is %d and not %d", size, d.Size())
				}
			}
			want := ""
			if tt.want != "" {
				want = head + tt.want + `]}`
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if c, err := Compare(ref, today, policiesOf(t, docs)); err != nil || c.Outcome == Violated {
				t.Errorf("it permits what today's policies do not: %+v %v", c, err)
			}
		})
	}
}

func TestNarrowEverything(t *testing.T) {
	ref, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, statement string }{
		{"*", `{"Effect":"Allow","Action":"*","Resource":"*"}`},
		{"all but a service", `{"Effect":"Allow","NotAction":"kms:*","Resource":"*"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			today := parsed(t, `{"Version":"2012-10-17","Statement":`+tt.statement+`}`)
			n, err := Narrow(ref, today, accessedData())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]string{"ec2"}, n.Unused); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"dynamodb:DeleteTable", "s3:DeleteBucket"}, n.UnusedActions); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"sqs"}, n.ServiceLevel); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"dynamodb", "s3"}, n.Untracked); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"dynamodb", "s3", "sqs"}, n.Used); d != "" {
				t.Error(d)
			}
			if len(n.Unlisted) < 100 || strings.Contains(strings.Join(n.Unlisted, " "), "sqs") {
				t.Errorf("services without data: %v", n.Unlisted)
			}
			docs, err := n.Documents(ManagedPolicySize)
			if err != nil {
				t.Fatal(err)
			}
			left := policiesOf(t, docs)
			for action, want := range map[string]Decision{"sqs:SendMessage": Allowed, "s3:GetObject": Allowed, "s3:CreateBucket": Allowed, "dynamodb:GetItem": Allowed,
				"s3:DeleteBucket": ImplicitlyDenied, "ec2:RunInstances": ImplicitlyDenied, "kms:Decrypt": ImplicitlyDenied} {
				if got := Permits(left, asked(action, "arn:aws:x:::y", NewContext())); got != want {
					t.Errorf("%s is %v, want %v", action, got, want)
				}
			}
		})
	}
}

// TestNarrowOldVersion: what is no variable today must not become one.
func TestNarrowOldVersion(t *testing.T) {
	ref, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	today := parsed(t, `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:::${aws:username}-*","Condition":{"StringLike":{"aws:UserAgent":"${aws:username}*"}}}}`)
	n, err := Narrow(ref, today, accessedData())
	if err != nil {
		t.Fatal(err)
	}
	docs, err := n.Documents(ManagedPolicySize)
	if err != nil {
		t.Fatal(err)
	}
	left := policiesOf(t, docs)
	for _, name := range []string{"alice", "${aws:username}"} {
		c := NewContext()
		c.Set("aws:username", "alice")
		c.Set("aws:UserAgent", name+"/1")
		r := asked("sqs:SendMessage", "arn:aws:sqs:::"+name+"-q", c)
		if old, now := Permits(today, r), Permits(left, r); old != now || (old == Allowed) != (name != "alice") {
			t.Errorf("%s: %v today, %v then", name, old, now)
		}
	}
}

func TestNarrowRefuses(t *testing.T) {
	ref, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, policies := range map[string][]*Policy{
		"an unread policy":      {UnknownPolicy("p", "denied")},
		"an unknown operator":   parsed(t, `{"Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Nonesuch":{"aws:username":"x"}}}}`),
		"a trust policy":        parsed(t, `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}}`),
		"a wrong effect":        parsed(t, `{"Statement":{"Effect":"Perhaps","Action":"s3:*","Resource":"*"}}`),
		"a condition left open": parsed(t, `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"`+UnreadKey+`":"no"}}}}`),
	} {
		if _, err := Narrow(ref, policies, accessedData()); !errors.Is(err, ErrNarrow) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNarrowSplits: a list of exceptions is never cut in two, which would except nothing.
func TestNarrowSplits(t *testing.T) {
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf(`"arn:aws:sqs:eu-west-1:111122223333:queue-%03d"`, i))
	}
	list := strings.Join(names, ",")
	s := Narrowed{Statements: []DocumentStatement{{Effect: "Allow", NotResource: Words{"a", "b"}}}}
	for i := range 60 {
		s.Statements[0].Action = append(s.Statements[0].Action, fmt.Sprintf("sqs:Action%03d", i))
	}
	docs, err := s.Documents(400)
	if err != nil || len(docs) < 2 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	actions := 0
	for _, d := range docs {
		if d.Size() > 400 {
			t.Errorf("a document has %d characters", d.Size())
		}
		for _, st := range d.Statement {
			actions += len(st.Action)
			if len(st.NotResource) != 2 {
				t.Errorf("exceptions were cut: %v", st.NotResource)
			}
		}
	}
	if actions != 60 {
		t.Errorf("%d of 60 actions are left", actions)
	}
	ref, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	n, err := Narrow(ref, parsed(t, `{"Statement":{"Effect":"Allow","Action":"sqs:*","NotResource":[`+list+`]}}`), accessedData())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Documents(1000); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too many exceptions for a policy: %v", err)
	}
}

// TestNarrowKeepsItsPromise asks the evaluator about policies and data made at
// random: nothing is gained, and what was used or may have been is not lost.
func TestNarrowKeepsItsPromise(t *testing.T) {
	ref, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(4, 2))
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	actions := []string{"sqs:SendMessage", "sqs:DeleteQueue", "s3:GetObject", "s3:DeleteBucket", "s3:CreateBucket", "kms:Decrypt", "ec2:RunInstances"}
	patterns := append([]string{"*", "s3:*", "s?s:*", "*:De*", "s*:*", "sqs:??????ueue", "S3:*Bucket", "kms:*", "ec2:Run*"}, actions...)
	resources := []string{"arn:aws:x:::a", "arn:aws:x:::b", "arn:aws:x:::ab"}
	allowed, taken := 0, 0
	for range 400 {
		var texts []string
		for range 1 + rnd.IntN(3) {
			s := fmt.Sprintf(`{"Effect":%q,%q:[%q,%q],%q:[%q]`, pick("Allow", "Allow", "Deny"), pick("Action", "Action", "NotAction"), pick(patterns...), pick(patterns...),
				pick("Resource", "Resource", "NotResource"), pick("*", "arn:aws:x:::a*", "arn:aws:x:::b"))
			if rnd.IntN(3) == 0 {
				s += `,"Condition":{"StringEquals":{"aws:username":"alice"}}`
			}
			texts = append(texts, s+"}")
		}
		today := parsed(t, `{"Version":"2012-10-17","Statement":[`+strings.Join(texts, ",")+`]}`)
		var data []ServiceAccess
		kept := map[string]bool{}
		for _, service := range []string{"sqs", "s3", "kms", "ec2"} {
			a := ServiceAccess{Service: service}
			state := rnd.IntN(4) // not listed, not used, used, used with actions
			if state >= 2 {
				a.Last = used
			}
			for _, name := range actions {
				of, bare, _ := strings.Cut(name, ":")
				if of != service {
					continue
				}
				kept[name] = state >= 2
				if state == 3 && rnd.IntN(2) == 0 {
					if a.Actions == nil {
						a.Actions = map[string]time.Time{}
					}
					a.Actions[bare] = [...]time.Time{{}, used}[rnd.IntN(2)]
					kept[name] = !a.Actions[bare].IsZero()
				}
			}
			if state > 0 {
				data = append(data, a)
			}
		}
		n, err := Narrow(ref, today, data)
		if err != nil {
			t.Fatal(err)
		}
		docs, err := n.Documents(ManagedPolicySize)
		if err != nil {
			t.Fatal(err)
		}
		left := policiesOf(t, docs)
		for _, action := range actions {
			for _, resource := range resources {
				for _, user := range []string{"alice", "bob"} {
					c := NewContext()
					c.Set("aws:username", user)
					r := asked(action, resource, c)
					before, after := Permits(today, r), Permits(left, r)
					want := before
					if before == Allowed && !kept[action] {
						want = ImplicitlyDenied
						taken++
					}
					if before == Allowed {
						allowed++
					}
					if after != want {
						t.Fatalf("%s on %s by %s: %v today, %v then, want %v\n%s\n%+v\n%+v", action, resource, user, before, after, want, strings.Join(texts, "\n"), data, docs)
					}
				}
			}
		}
	}
	if allowed < 1000 || taken < 1000 {
		t.Errorf("%d requests were allowed and %d of them no longer: too few to tell", allowed, taken)
	}
}

func TestNarrowExceptions(t *testing.T) {
	ref, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	// The reference does not know the action that is excepted.
	today := parsed(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":["sqs:Nonesuch"],"Resource":"*"}}`)
	n, err := Narrow(ref, today, accessedData())
	if err != nil {
		t.Fatal(err)
	}
	docs, err := n.Documents(ManagedPolicySize)
	if err != nil {
		t.Fatal(err)
	}
	left := policiesOf(t, docs)
	for action, want := range map[string]Decision{"sqs:Nonesuch": ImplicitlyDenied, "sqs:SendMessage": Allowed} {
		if got := Permits(left, asked(action, "arn:aws:x:::y", NewContext())); got != want {
			t.Errorf("%s is %v, want %v", action, got, want)
		}
	}
}

func TestShortest(t *testing.T) {
	for _, tt := range []struct{ actions, want Words }{
		{Words{"s3:GetObject", "s3:Get*", "s3:GetObject"}, Words{"s3:Get*"}},
		{Words{"s3:Get*", "s3:*"}, Words{"s3:*"}},
		{Words{"s3:G*", "s3:G?*"}, Words{"s3:G*"}},
		{Words{"s3:GE*", "s3:Ge*"}, Words{"s3:GE*"}},
		{Words{"s3:*Object", "s3:Get*"}, Words{"s3:*Object", "s3:Get*"}},
		{Words{"sqs:SendMessage"}, Words{"sqs:SendMessage"}},
	} {
		if d := cmp.Diff(tt.want, shortest(append(Words{}, tt.actions...))); d != "" {
			t.Errorf("%v: %s", tt.actions, d)
		}
	}
}
