package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestParsePolicyRefuses: what is not JSON, or has no statements to be made out.
func TestParsePolicyRefuses(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)
	for _, c := range []struct {
		name, source, says string
		syntax             bool
	}{
		{"nothing", ``, "line 1, column 1: unexpected EOF", true},
		{"blanks", " \n ", "unexpected EOF", true},
		{"cut off", `{"Statement":[{"Effect":"Allow"`, "unexpected EOF", true},
		{"line comment", "{\n// all\n\"Statement\":[]}", "line 2, column 1:", true},
		{"block comment", `{"Statement":[]/* none */}`, "column 16", true},
		{"trailing comma", `{"Statement":[],}`, "column 17", true},
		{"single quotes", `{'Statement':[]}`, "column 2", true},
		{"two documents", `{"Statement":[]}{"Statement":[]}`, "more follows", true},
		{"deep nesting", `{"Statement":` + deep + `}`, "nested deeper than 32", true},
		{"deep lists", strings.Repeat("[", 100_000), "nested deeper than 32", true},
		{"UTF-16", "\xff\xfe{\x00}\x00", "invalid character", true},
		{"null", `null`, "a policy is an object, this is null", false},
		{"a list", `[]`, "a policy is an object, this is a list", false},
		{"a string", `"{}"`, "a policy is an object, this is a string", false},
		{"no statement", `{"Version":"2012-10-17"}`, "needs a Statement", false},
		{"statement in lower case", `{"statement":[]}`, "needs a Statement", false},
		{"statement is a string", `{"Statement":"*"}`, "an object or a list of objects, this is a string", false},
		{"too large", `{"Statement":[` + strings.Repeat(" ", MaxDocumentBytes) + `]}`, "larger than 8388608", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := ParsePolicy([]byte(c.source))
			if err == nil {
				t.Fatalf("it is read, as %d statements", len(p.Statements))
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says %q, not %q", err, c.says)
			}
			var syntax *SyntaxError
			if errors.As(err, &syntax) != c.syntax {
				t.Errorf("a SyntaxError: %v, want %v", !c.syntax, c.syntax)
			}
		})
	}
}

// TestParsePolicyDoubts: what is JSON and not what AWS accepts is a Problem,
// and where it concerns the meaning the decision is Unknown.
func TestParsePolicyDoubts(t *testing.T) {
	statement := func(members string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"` + members + `}}`
	}
	for _, c := range []struct {
		name, source, code string
		want               Decision
	}{
		{"as it should be", statement(``), "", Allowed},
		{"byte order mark", "\xef\xbb\xbf" + statement(``), "", Allowed},
		{"a list of one statement", `{"Statement":[{"Effect":"Allow","Action":["*"],"Resource":["*"]}]}`, "", Allowed},
		{"a key twice, the later allows", statement(`,"Effect":"Deny","Effect":"Allow"`), "duplicate-key", Allowed},
		{"a key twice, the later denies", statement(`,"Effect":"Deny"`), "duplicate-key", ExplicitlyDenied},
		{"Statement twice", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"},"Statement":[]}`, "duplicate-key", ImplicitlyDenied},
		{"a condition's operator twice", statement(`,"Condition":{"Bool":{"k":"true"},"Bool":{"k":"false"}}`), "duplicate-key", Allowed},
		{"a condition's key twice", statement(`,"Condition":{"Bool":{"k":"false","k":"true"}}`), "duplicate-key", ImplicitlyDenied},
		{"unknown version", `{"Version":"2099-01-01","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, "version", Allowed},
		{"version is a number", `{"Version":2012,"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, "not-a-string", Allowed},
		{"unknown element of the policy", `{"Comment":"x","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, "unknown-element", Allowed},
		{"unknown element of a statement", statement(`,"Resources":"*"`), "unknown-element", Unknown},
		{"element in lower case", statement(`,"condition":{}`), "unknown-element", Unknown},
		{"effect in lower case", `{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}`, "effect", Unknown},
		{"effect is a list", `{"Statement":{"Effect":["Allow"],"Action":"*","Resource":"*"}}`, "not-a-string", Unknown},
		{"no effect", `{"Statement":{"Action":"*","Resource":"*"}}`, "missing-effect", Unknown},
		{"no action", `{"Statement":{"Effect":"Allow","Resource":"*"}}`, "missing-action", Unknown},
		{"Action and NotAction", statement(`,"NotAction":"s3:*"`), "both", Unknown},
		{"Resource and NotResource", statement(`,"NotResource":"arn:aws:s3:::b"`), "both", Unknown},
		{"a number among the actions", `{"Statement":{"Effect":"Allow","Action":[7],"Resource":"*"}}`, "not-a-string", Unknown},
		{"null for the resource", `{"Statement":{"Effect":"Allow","Action":"*","Resource":null}}`, "not-a-string", Unknown},
		{"an object for the resource", `{"Statement":{"Effect":"Allow","Action":"*","Resource":{"Ref":"B"}}}`, "not-a-string", Unknown},
		{"a statement that is a string", `{"Statement":["x"]}`, "statement", Unknown},
		{"condition is a list", statement(`,"Condition":[]`), "condition", Unknown},
		{"condition is null", statement(`,"Condition":null`), "condition", Unknown},
		{"an operator that holds a string", statement(`,"Condition":{"Bool":"true"}`), "condition", Unknown},
		{"an object as a value", statement(`,"Condition":{"StringEquals":{"k":{"x":1}}}`), "not-a-string", Unknown},
		{"an empty condition", statement(`,"Condition":{}`), "", Allowed},
		{"an operator without keys", statement(`,"Condition":{"Bool":{}}`), "", Allowed},
		{"a condition without values", statement(`,"Condition":{"StringEquals":{"k":[]}}`), "", ImplicitlyDenied},
		{"a boolean for a string", statement(`,"Condition":{"Bool":{"k":false}}`), "", Allowed},
		{"a number for a string", statement(`,"Condition":{"NumericEquals":{"n":10.0}}`), "", Allowed},
		{"a number too big for a double", statement(`,"Condition":{"NumericLessThan":{"n":123456789012345678901234567890}}`), "", Allowed},
		{"a number too big for anything", statement(`,"Condition":{"NumericLessThan":{"n":1e999999999}}`), "", ImplicitlyDenied},
		{"unknown operator", statement(`,"Condition":{"StringMatches":{"k":"x"}}`), "operator", Unknown},
		{"unknown set operator", statement(`,"Condition":{"ForSomeValues:StringEquals":{"k":"x"}}`), "operator", Unknown},
		{"set operators that nest", statement(`,"Condition":{"ForAnyValue:ForAllValues:StringEquals":{"k":"x"}}`), "operator", Unknown},
		{"IfExists twice", statement(`,"Condition":{"StringEqualsIfExistsIfExists":{"k":"x"}}`), "operator", Unknown},
		{"NullIfExists", statement(`,"Condition":{"NullIfExists":{"k":"true"}}`), "operator", Unknown},
		{"a variable within a variable", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:${k}}"}}`, "", ImplicitlyDenied},
		{"a variable without end", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${k"}}`, "", ImplicitlyDenied},
		{"a variable without name", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${}"}}`, "", ImplicitlyDenied},
		{"unknown service", `{"Statement":{"Effect":"Allow","Action":"s33:*","Resource":"*"}}`, "", ImplicitlyDenied},
		{"not UTF-8", "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"arn:aws:s3:::b/\xff\"}}", "", ImplicitlyDenied},
		{"half a surrogate", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::\ud800"}}`, "", ImplicitlyDenied},
		{"no statements", `{"Statement":[]}`, "", ImplicitlyDenied},
		{"no actions", `{"Statement":{"Effect":"Allow","Action":[],"Resource":"*"}}`, "", ImplicitlyDenied},
		{"no exceptions", `{"Statement":{"Effect":"Allow","NotAction":[],"Resource":"*"}}`, "empty", Unknown},
		{"a Principal that is a name", statement(`,"Principal":"alice"`), "principal", Unknown},
		{"a Principal of unknown type", statement(`,"Principal":{"User":"alice"}`), "principal", Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := ParsePolicy([]byte(c.source))
			if err != nil {
				t.Fatal(err)
			}
			r := Request{Principal: Principal{Kind: User, Account: ownAccount}, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", ResourceAccount: ownAccount,
				Context: NewContext().Set("k", "false").Set("n", "10")}
			policies := &Policies{Identity: []*Policy{p}}
			if got := Evaluate(&r, policies); got != c.want {
				t.Errorf("%v, want %v: %s", got, c.want, Explain(&r, policies).Why)
			}
			var codes []string
			for _, problem := range p.Problems {
				codes = append(codes, problem.Code)
				if problem.Offset < 0 || problem.Offset >= len(c.source) || problem.Message == "" {
					t.Errorf("problem %+v is nowhere in the document", problem)
				}
			}
			if all := strings.Join(codes, " "); c.code == "" && all != "" || !strings.Contains(all, c.code) {
				t.Errorf("problems %q, want %q", all, c.code)
			}
		})
	}
}

// TestDuplicateKeyIsPlaced: the problem stands where the later one does.
func TestDuplicateKeyIsPlaced(t *testing.T) {
	source := []byte("{\"Statement\":[],\n  \"Statement\":[]}")
	p, err := ParsePolicy(source)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Problems) != 1 {
		t.Fatalf("%d problems", len(p.Problems))
	}
	if line, column := Position(source, p.Problems[0].Offset); line != 2 || column != 3 {
		t.Errorf("line %d, column %d", line, column)
	}
}

// TestLargePolicies: ten thousand statements, and a megabyte in one of them.
func TestLargePolicies(t *testing.T) {
	var many strings.Builder
	many.WriteString(`{"Version":"2012-10-17","Statement":[`)
	for i := range 10_000 {
		fmt.Fprintf(&many, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/%d"},`, i)
	}
	many.WriteString(`{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::b/9999"}]}`)
	long := `{"Statement":{"Effect":"Allow","Action":["` + strings.Repeat(`s3:Get*","`, 100_000) + `s3:x"],"Resource":"*"}}`
	for _, c := range []struct {
		name, source, resource string
		want                   Decision
	}{
		{"the last but one allows", many.String(), "arn:aws:s3:::b/9998", Allowed},
		{"the last denies", many.String(), "arn:aws:s3:::b/9999", ExplicitlyDenied},
		{"a megabyte of actions", long, "*", Allowed},
	} {
		p, err := ParsePolicy([]byte(c.source))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		r := Request{Principal: Principal{Kind: User, Account: ownAccount}, Action: "s3:GetObject", Resource: c.resource}
		if got := Evaluate(&r, &Policies{Identity: []*Policy{p}}); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// written is a policy as a document, so that it can be read again.
func written(t *testing.T, p *Policy) []byte {
	t.Helper()
	texts := func(elements []Element) []string {
		out := make([]string, len(elements))
		for i, e := range elements {
			out[i] = e.Text
		}
		return out
	}
	name := func(name string, not bool) string {
		if not {
			return "Not" + name
		}
		return name
	}
	var statements []any
	for _, s := range p.Statements {
		out := object{"Effect": s.Effect.String(), "Sid": s.Sid, name("Action", s.NotAction): texts(s.Actions)}
		if s.HasResource {
			out[name("Resource", s.NotResource)] = texts(s.Resources)
		}
		if s.HasPrincipal {
			principals := object{}
			for _, e := range s.Principals {
				if e.Type == "*" {
					out[name("Principal", s.NotPrincipal)] = "*"
					break
				}
				list, _ := principals[e.Type].([]string)
				principals[e.Type] = append(list, e.Value)
			}
			if out[name("Principal", s.NotPrincipal)] == nil {
				out[name("Principal", s.NotPrincipal)] = principals
			}
		}
		conditions := object{}
		for _, c := range s.Conditions {
			if conditions[c.Operator] == nil {
				conditions[c.Operator] = object{}
			}
			conditions[c.Operator].(object)[c.Key] = texts(c.Values)
		}
		out["Condition"] = conditions
		statements = append(statements, out)
	}
	document := object{"Version": p.Version, "Id": p.ID, "Statement": statements}
	if statements == nil {
		document["Statement"] = []any{}
	}
	raw, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func FuzzParsePolicy(f *testing.F) {
	for seed := range uint64(20) {
		raw, err := json.Marshal(seededMaker(seed).policy(seed%2 == 0))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte("\xef\xbb\xbf{\"Statement\":{\"Effect\":\"Allow\",\"Effect\":\"Deny\",\"Action\":[],\"Resource\":\"\\ud800\"}}"))
	f.Add([]byte(`{"Statement":[1,{"Principal":{"AWS":"*","Service":[]},"NotAction":true,"Condition":{"Bool":{"k":[false,1e9]}}}]}`))
	f.Fuzz(func(t *testing.T, source []byte) {
		p, err := ParsePolicy(source)
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			if syntax.Line < 1 || syntax.Column < 1 || syntax.Line > bytes.Count(source, []byte("\n"))+1 {
				t.Errorf("line %d, column %d of %d bytes", syntax.Line, syntax.Column, len(source))
			}
		}
		if err != nil {
			return
		}
		sound := true
		for _, s := range p.Statements {
			sound = sound && s.invalid == ""
		}
		for _, problem := range p.Problems {
			if problem.Offset < 0 || problem.Offset > len(source) {
				t.Errorf("problem at %d of %d bytes", problem.Offset, len(source))
			}
		}
		r := Request{Principal: Principal{Kind: User, Account: ownAccount}, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Context: NewOpenContext()}
		policies := &Policies{Identity: []*Policy{p}, Resource: []*Policy{p}}
		said := Evaluate(&r, policies)
		if !sound {
			return
		}
		again, err := ParsePolicy(written(t, p))
		if err != nil {
			t.Fatalf("written anew it is not read: %v", err)
		}
		less := func(a, b Condition) bool { return a.Operator+"\x00"+a.Key < b.Operator+"\x00"+b.Key }
		ignore := cmp.Options{
			cmpopts.IgnoreUnexported(Policy{}, Statement{}, Condition{}), cmpopts.IgnoreFields(Policy{}, "Problems"),
			cmpopts.IgnoreFields(Statement{}, "Offset"), cmpopts.IgnoreFields(Element{}, "Offset"), cmpopts.IgnoreFields(Condition{}, "Offset"),
			cmpopts.IgnoreFields(PrincipalElement{}, "Offset"), cmpopts.SortSlices(less), cmpopts.EquateEmpty(),
			cmpopts.SortSlices(func(a, b PrincipalElement) bool { return a.Type+a.Value < b.Type+b.Value }),
		}
		if diff := cmp.Diff(p, again, ignore); diff != "" {
			t.Errorf("written anew it reads differently: %s", diff)
		}
		if got := Evaluate(&r, &Policies{Identity: []*Policy{again}, Resource: []*Policy{again}}); got != said {
			t.Errorf("written anew it says %v, not %v", got, said)
		}
	})
}
