package posture

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// decode turns a tape into what encoding/json makes of the text.
func decode(text string, nodes []node, at uint32) any {
	n := &nodes[at]
	switch n.kind {
	case kindNull:
		return nil
	case kindFalse:
		return false
	case kindTrue:
		return true
	case kindInt, kindDouble:
		return json.Number(text[n.start:n.end])
	case kindString:
		return keyText(text, n)
	case kindList:
		out := []any{}
		for i := at + 1; i < n.next; i = nodes[i].next {
			out = append(out, decode(text, nodes, i))
		}
		return out
	default:
		out := map[string]any{}
		for i := at + 1; i < n.next; i = nodes[i+1].next {
			out[keyText(text, &nodes[i])] = decode(text, nodes, i+1)
		}
		return out
	}
}

func TestParseTape(t *testing.T) {
	texts := []string{
		`null`, `true`, ` false `, `0`, `-0`, `-12`, `1.5e-3`, `9223372036854775808`, `"a"`, `""`,
		`"\u00e9\n\"\\\/"`, `"\ud83d\ude00"`, `"\ud83dx"`, `"\ud83d\u0041"`, "\"\xff\"", `[]`, `[1,[2,{}],"x"]`, `{}`,
		`{"a":null,"b":[null]}`, ` { "z" : 1 , "a" : { "b" : [ ] } } `, `{"\u0061":1,"b":2}`,
	}
	for _, text := range texts {
		nodes, err := parseTape(text, nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, want := decode(text, nodes, 0), standard(t, text); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, want %#v", text, got, want)
		}
	}
}

func TestParseTapeRefuses(t *testing.T) {
	texts := []string{
		``, ` `, `{`, `[`, `"`, `"a`, `nul`, `truth`, `01`, `-`, `1.`, `.5`, `1e`, `+1`, `[1,]`, `{"a":1,}`, `{a:1}`, `{"a" 1}`, `{"a":}`,
		`1 2`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"\n\"", `[1 2]`, `{"a":1 "b":2}`, `NaN`, `'a'`,
		`{"a":1,"a":2}`, `{"b":1,"a":2,"b":3}`, `{"a":1,"\u0061":2}`, `{"a":1,"a":null}`,
		strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1),
		strings.Repeat(`{"a":`, maxDepth+1) + "1" + strings.Repeat("}", maxDepth+1),
	}
	many := `{"z":0`
	for i := range 40 {
		many += `,"k` + strconv.Itoa(i) + `":1`
	}
	texts = append(texts, many+`,"k7":1}`)
	for _, text := range texts {
		if _, err := parseTape(text, nil); !errors.Is(err, errJSON) {
			t.Errorf("%.40q: error %v, want one that wraps errJSON", text, err)
		}
	}
	if _, err := parseTape(many+`}`, nil); err != nil {
		t.Errorf("without the duplicate: %v", err)
	}
	deepest := strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)
	if _, err := parseTape(deepest, nil); err != nil {
		t.Errorf("%d lists in one another: %v", maxDepth, err)
	}
}

func TestParseTapeCountsMembersThatAreThere(t *testing.T) {
	nodes, err := parseTape(`{"a":null,"b":1,"c":[null,2]}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := nodes[0].count; got != 2 {
		t.Errorf("the object counts %d members, want 2", got)
	}
	if got := nodes[6].count; nodes[6].kind != kindList || got != 2 {
		t.Errorf("the list counts %d elements, want 2", got)
	}
}

func standard(t testing.TB, text string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func FuzzParseTape(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x\u00e9",null,true]}`, `"\ud800"`, `[[[[]]]]`, `{"a":1,"a":2}`, `-0.0e+1`, "\"\x80\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		nodes, err := parseTape(text, nil)
		if err != nil {
			// What encoding/json takes is refused for its depth or a duplicate only.
			if json.Valid([]byte(text)) && !strings.Contains(err.Error(), "occurs twice") && !strings.Contains(err.Error(), "deep") {
				t.Fatalf("refused %q: %v", text, err)
			}
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("took %q", text)
		}
		if got, want := decode(text, nodes, 0), standard(t, text); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %#v, want %#v", text, got, want)
		}
	})
}
