package posture

import (
	"encoding/json"
	"strings"
	"testing"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

func TestParseMessage(t *testing.T) {
	for _, tc := range []struct{ message, want string }{
		{"plain", "plain"},
		{"a ${b} c", "a |b@4| c"},
		{"${a}${b}", "a@2|b@6"},
		{"ä ${ {'}': 1}[\"}\"] }", "ä | {'}': 1}[\"}\"] @4"},
		{"${'\\'}'}", "'\\'}'@2"},
		{"$${a} costs $5 and {b}", "${a} costs $5 and {b}"},
		{"", ""},
		{"a  b\n c\t${x}  d", "a b c |x@10| d"},
	} {
		parts, faults := parseMessage(tc.message)
		var got []string
		for _, p := range parts {
			if p.cel != "" {
				got = append(got, p.cel+"@"+plain(types.Int(p.offset)))
			} else {
				got = append(got, p.text)
			}
		}
		if len(faults) > 0 || strings.Join(got, "|") != tc.want {
			t.Errorf("%q gives %q, %v", tc.message, strings.Join(got, "|"), faults)
		}
	}
	for message, at := range map[string]int{"${a": 0, "ab ${ }": 3, "a ${'}": 2, "${{}": 0} {
		if _, faults := parseMessage(message); len(faults) != 1 || faults[0].offset != at {
			t.Errorf("%q gives %v", message, faults)
		}
	}
}

func TestPlain(t *testing.T) {
	for want, v := range map[string]ref.Val{
		"x": types.String("x"), "-3": types.Int(-3), "1.5": types.Double(1.5), "true": types.True, "nothing": types.NullValue, "?": types.NewErr("x"),
		"2026-01-01T00:00:00Z": timestamp("2026-01-01T01:00:00+01:00"), "a, 1": newList([]ref.Val{types.String("a"), types.Int(1)}), "none": newList(nil),
		"y": types.OptionalOf(types.String("y")), `{"a":1}`: &object{members: []member{{"a", types.Int(1)}}}, `{"a":1,"b":2}`: types.NewStringInterfaceMap(types.DefaultTypeAdapter, map[string]any{"b": 2, "a": 1}),
	} {
		if got := plain(v); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := cut("äöü", 2); got != "äö…" {
		t.Errorf("cut gives %q", got)
	}
}

func TestShortenedJSONIsJSON(t *testing.T) {
	deep := `{"a":[` + strings.Repeat(`{"b":["xxxxxxxxxxxxxxxx",{"c":"ä\"</script>\u0000"}]},`, 50) + `1],"z":"` + strings.Repeat("ü", 3000) + `","zz":1,"zzz":2}`
	d := &document{}
	if err := d.parse(deep, nil, nil); err != nil {
		t.Fatal(err)
	}
	for budget := 0; budget < 9000; budget += 37 {
		out := jsonOf(d.root(), budget)
		if !json.Valid(out) {
			t.Fatalf("with %d bytes: %s", budget, out)
		}
		if len(out) > budget+400 {
			t.Errorf("with %d bytes there are %d", budget, len(out))
		}
	}
	whole := jsonOf(d.root(), 1<<20)
	var a, b any
	if json.Unmarshal(whole, &a) != nil || json.Unmarshal([]byte(deep), &b) != nil || string(whole) == "" || !equalJSON(a, b) {
		t.Errorf("what fits is not whole: %s", whole)
	}
}

func equalJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
