package iam

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

func TestParseQuestion(t *testing.T) {
	line := func(context, members string) string {
		return `{"name":"n","request":{"principal":"arn:aws:iam::111122223333:user/alice","action":"s3:GetObject","resource":"arn:aws:s3:::b/k","resourceAccount":"111122223333","context":` +
			context + `}` + members + `}`
	}
	when := func(condition string) string {
		return `,"identityPolicies":[{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":` + condition + `}}]`
	}
	for _, c := range []struct {
		name, line, problem string
		want                Decision
	}{
		{"nothing but the request", line(`{}`, ``), "", ImplicitlyDenied},
		{"no context", line(`null`, `,"identityPolicies":[`+allowAll+`]`), "", Allowed},
		{"a policy that stands for a list", line(`{}`, `,"identityPolicies":`+allowAll), "", Allowed},
		{"nulls", line(`{}`, `,"identityPolicies":[`+allowAll+`],"resourcePolicy":null,"boundaries":null,"sessionPolicy":null,"scps":null,"rcps":null`), "", Allowed},
		{"no boundary allows", line(`{}`, `,"identityPolicies":[`+allowAll+`],"boundaries":[]`), "", ImplicitlyDenied},
		{"no levels", line(`{}`, `,"identityPolicies":[`+allowAll+`],"scps":[],"rcps":[]`), "", Allowed},
		{"a level without a policy", line(`{}`, `,"identityPolicies":[`+allowAll+`],"scps":[[]]`), "", ImplicitlyDenied},
		{"a number in the context", line(`{"n":10}`, when(`{"NumericEquals":{"n":"10"}}`)), "", Allowed},
		{"a number too big for a double", line(`{"n":100000000000000000001}`, when(`{"NumericGreaterThan":{"n":"100000000000000000000"}}`)), "", Allowed},
		{"a boolean in the context", line(`{"b":true}`, when(`{"Bool":{"b":"true"}}`)), "", Allowed},
		{"null in the context", line(`{"b":null}`, when(`{"Null":{"b":"true"}}`)), "", Allowed},
		{"an empty list in the context", line(`{"b":[]}`, when(`{"Null":{"b":"true"}}`)), "", Allowed},
		{"a key twice, the later counts", line(`{"b":"1","b":"2"}`, when(`{"StringEquals":{"b":"2"}}`)), "", Allowed},
		{"a key twice in different case", line(`{"b":"1","B":"2"}`, when(`{"StringEquals":{"b":"2"}}`)), "in different case", Unknown},
		{"a member misspelled", line(`{}`, `,"identityPolicies":[`+allowAll+`],"scp":[[]]`), `unknown field "scp"`, Allowed},
		{"a policy that is none", line(`{}`, `,"identityPolicies":[{"Statement":7}]`), "identity policy 1: the element Statement", Unknown},
		{"a null among policies", line(`{}`, `,"identityPolicies":[null]`), "identity policy 1: a policy is an object", Unknown},
		{"an SCP that is none", line(`{}`, `,"identityPolicies":[`+allowAll+`],"scps":[["x"]]`), "level 1 SCP 1", Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, problems, err := ParseQuestion([]byte(c.line))
			if err != nil {
				t.Fatal(err)
			}
			if got := Evaluate(&q.Request, &q.Policies); got != c.want {
				t.Errorf("%v, want %v: %s", got, c.want, Explain(&q.Request, &q.Policies).Why)
			}
			if said := fmt.Sprint(problems); (c.problem == "") != (len(problems) == 0) || !strings.Contains(said, c.problem) {
				t.Errorf("problems %s, want %q", said, c.problem)
			}
		})
	}
	for _, c := range []struct{ name, line, says string }{
		{"not JSON", `{`, "request: unexpected"},
		{"an array", `[]`, "cannot unmarshal array"},
		{"two objects", line(`{}`, ``) + line(`{}`, ``), "more follows"},
		{"no principal", `{"request":{"action":"a:b","resource":"*"}}`, `principal ""`},
		{"no action", `{"request":{"principal":"anonymous","resource":"*"}}`, "action and resource"},
		{"an object in the context", line(`{"k":{}}`, ``), `context key "k": an object`},
		{"a list in a list", line(`{"k":[[]]}`, ``), "a list with a list in it"},
		{"policies that are a string", line(`{}`, `,"identityPolicies":"*"`), "cannot unmarshal string"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := ParseQuestion([]byte(c.line)); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %q", err, c.says)
			}
		})
	}
}

func FuzzParseQuestion(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seededMaker(seed).line())
	}
	f.Add([]byte(`{"request":{"principal":"*","action":"a:b","resource":"*","context":{"k":[1,true,"x",1e9]}},"scps":[{},[null]]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		q, problems, err := ParseQuestion(line)
		if err != nil {
			return
		}
		got, trace := Evaluate(&q.Request, &q.Policies), Explain(&q.Request, &q.Policies)
		if trace.Decision != got || trace.Why == "" {
			t.Errorf("with a trace %v (%q), without %v", trace.Decision, trace.Why, got)
		}
		if _, err := json.Marshal(trace); err != nil {
			t.Errorf("the trace is no JSON: %v", err)
		}
		again, problemsAgain, err := ParseQuestion(line)
		if err != nil || len(problems) != len(problemsAgain) || Evaluate(&again.Request, &again.Policies) != got {
			t.Errorf("asked again it is different: %v", err)
		}
	})
}
