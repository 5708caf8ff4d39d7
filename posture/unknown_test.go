package posture

import (
	"reflect"
	"testing"

	"cel.dev/cel-go/common/types"

	"merlon.dev/merlon"
)

// TestUnknownIsNoWiderThanItMustBe: the guard forbids answers that do not hold;
// these are answers that must be given.
func TestUnknownIsNoWiderThanItMustBe(t *testing.T) {
	e := newGuardEnvironment(t)
	const doc = `{"objs":[{"a":22,"p":"x"},{"a":3}],"ints":[22,5],"m":{"k":"v"},"mm":{"a":[1]},"d":{"x":{"y":1}},"strs":["a"],"s":"abc","b":true,
"policy":{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"},{"Effect":"Deny","Action":"x"}]}}`
	for _, tc := range []struct{ unknown, text, want string }{
		{"/objs/1/a", "objs.exists(o, o.?a.orValue(0) == 22)", "true"},
		{"/objs/1", "objs.exists(o, o.?a.orValue(0) == 22)", "true"},
		{"/objs/5", "objs.exists(o, o.?a.orValue(0) == 22)", "true"},
		{"/objs/0/a", "objs.exists(o, o.?a.orValue(0) == 22)", "unknown"},
		{"/objs/1", "objs.all(o, o.?a.orValue(0) == 3)", "false"},
		{"/objs/1/p", "objs.size()", "2"},
		{"/objs/1", "objs.size()", "unknown"},
		{"/ints/1", "22 in ints", "true"},
		{"/ints/1", "5 in ints", "unknown"},
		{"/ints/1", "ints[0]", "22"},
		{"/ints/0", "ints[1]", "unknown"},
		{"/m/z", "'k' in m", "true"},
		{"/m/z", "'q' in m", "false"},
		{"/m/z", "has(m.k)", "true"},
		{"/m/z", "has(m.z)", "unknown"},
		{"/m/z", "m == {'k': 'w'}", "false"},
		{"/m/z", "m == {'k': 'v'}", "unknown"},
		{"/m/k", "m.?k.orValue('v') == 'v'", "unknown"},
		{"/d/x/z", "d.x.y", "1"},
		{"/d/q/r", "d.?q.hasValue()", "unknown"},
		{"/d", "d.?x.hasValue()", "unknown"},
		{"/s", "s == 'abc' || b", "true"},
		{"/s", "s == 'abc' && !b", "false"},
		{"/mm/a/0", "'a' in mm", "true"},
		{"/mm/a/0", "[1, 2] == mm['a']", "unknown"},
		{"/mm/a/0", "size(mm)", "1"},
		{"/policy/Statement/1", "statements(policy).exists(s, s.Effect == 'Allow' && '*' in s.Principals.AWS)", "true"},
		{"/policy/Statement/0/Action", "statements(policy).exists(s, s.Effect == 'Allow' && '*' in s.Principals.AWS)", "true"},
		{"/policy/Statement/0/Action", "statements(policy).exists(s, 's3:GetObject' in s.Actions)", "unknown"},
		{"/policy/Statement/0/Principal", "statements(policy).exists(s, s.Effect == 'Allow' && '*' in s.Principals.AWS)", "unknown"},
		{"/policy/Statement/0/Sid", "statements(policy).exists(s, '*' in s.Principals.AWS)", "true"},
		{"/policy", "statements(policy).size()", "unknown"},
		{"", "b", "unknown"},
		{"nonsense", "b", "unknown"},
	} {
		checked, issues := e.Compile(tc.text)
		if issues.Err() != nil {
			t.Fatal(issues.Err())
		}
		p, err := e.program(checked, 0)
		if err != nil {
			t.Fatal(err)
		}
		root := e.parse(t, doc, merlon.Unknown{Path: tc.unknown, Reason: "test"})
		got := ""
		if types.IsUnknown(root) {
			got = "unknown"
		} else if v := e.eval(p, root); types.IsUnknown(v) {
			got = "unknown"
		} else {
			got = plain(v)
		}
		if got != tc.want {
			t.Errorf("%s with %q unknown is %s, want %s", tc.text, tc.unknown, got, tc.want)
		}
	}
}

func TestExplainUnknown(t *testing.T) {
	a := merlon.Unknown{Path: "/a", Reason: "s3:A was denied", Gap: "g1"}
	b := merlon.Unknown{Path: "/b", Reason: "known after deployment"}
	u := types.MergeUnknowns(types.MergeUnknowns(newUnknown(b), newUnknown(a)), newUnknown(b))
	if got, want := explainUnknown(u), []merlon.Unknown{b, a}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// Merging one unknown with two others must leave each result as it was.
	base := types.MergeUnknowns(newUnknown(a), newUnknown(b))
	first := types.MergeUnknowns(base, newUnknown(merlon.Unknown{Reason: "first"}))
	second := types.MergeUnknowns(base, newUnknown(merlon.Unknown{Reason: "second"}))
	if len(explainUnknown(first)) != 3 || explainUnknown(first)[0].Reason != "first" || explainUnknown(second)[2].Reason != "second" {
		t.Errorf("first %v, second %v", explainUnknown(first), explainUnknown(second))
	}
}

func TestDocumentConverts(t *testing.T) {
	d := &document{}
	shape := &shape{fields: map[string]*shape{
		"at": {convert: convertTime}, "n": {convert: convertDouble}, "times": {elem: &shape{convert: convertTime}}, "map": {elem: &shape{fields: map[string]*shape{"at": {convert: convertTime}}}},
	}}
	if err := d.parse(`{"at":"2026-01-01T00:00:00+01:00","n":3,"i":3,"big":9223372036854775808,"times":["2026-01-01T00:00:00Z"],"map":{"x":{"at":"no time"}},"s":"2026-01-01T00:00:00Z"}`, nil, shape); err != nil {
		t.Fatal(err)
	}
	root := d.root().(*object)
	get := func(name string) any { v, _ := root.find(name); return v }
	if got := get("at"); got != timestamp("2025-12-31T23:00:00Z") {
		t.Errorf("at is %v", got)
	}
	if got := get("n"); got != types.Double(3) {
		t.Errorf("n is %T %v", got, got)
	}
	if got := get("i"); got != types.Int(3) {
		t.Errorf("i is %T %v", got, got)
	}
	if got := get("big"); got != types.Double(9223372036854775808) {
		t.Errorf("big is %T %v", got, got)
	}
	if got := get("times").(*list).elems[0]; got != timestamp("2026-01-01T00:00:00Z") {
		t.Errorf("times holds %v", got)
	}
	x, _ := get("map").(*object).find("x")
	if at, _ := x.(*object).find("at"); !types.IsError(at) {
		t.Errorf("what is no time gives %v", at)
	}
	if got := get("s"); got != types.String("2026-01-01T00:00:00Z") {
		t.Errorf("s is %v", got)
	}
}
