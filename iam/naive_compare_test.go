package iam

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

// casesFile is where TestTidy leaves its questions, for comparison with other
// evaluators: see internal/iamcompare.
var casesFile = flag.String("cases", "", "write the generated questions to this file")

// TestTidy compares the two evaluators on questions without policies that AWS
// would refuse or that the principal cannot have.
func TestTidy(t *testing.T) {
	var lines bytes.Buffer
	for seed := range uint64(5_000) {
		m := seededMaker(seed)
		m.tidy = true
		q := m.question()
		q["name"] = fmt.Sprint(seed)
		line, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		want := naiveDecide(line)
		if got, trace := firstDecision(t, line); got.String() != want {
			t.Fatalf("case %d: %v, the naive evaluator says %s: %s\n%s", seed, got, want, trace.Why, line)
		}
		lines.Write(line)
		lines.WriteByte('\n')
	}
	if *casesFile != "" {
		if err := os.WriteFile(*casesFile, lines.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// firstDecision is what the evaluator proper says to a line.
func firstDecision(t *testing.T, line []byte) (Decision, *Trace) {
	t.Helper()
	q, problems, err := ParseQuestion(line)
	if err != nil || len(problems) > 0 {
		t.Fatalf("%v %v\n%s", err, problems, line)
	}
	got := Evaluate(&q.Request, &q.Policies)
	trace := Explain(&q.Request, &q.Policies)
	if trace.Decision != got || trace.Why == "" {
		t.Fatalf("with a trace it is %v (%q), without %v\n%s", trace.Decision, trace.Why, got, line)
	}
	return got, trace
}

// TestNaive compares the two evaluators on generated cases.
func TestNaive(t *testing.T) {
	const cases = 6_000
	seen := make(map[string]int)
	different := 0
	for seed := range uint64(cases) {
		line := seededMaker(seed).line()
		want := naiveDecide(line)
		got, trace := firstDecision(t, line)
		seen[want]++
		if got.String() != want {
			t.Errorf("case %d: %v, the naive evaluator says %s: %s\n%s", seed, got, want, trace.Why, line)
			if different++; different == 3 {
				t.Fatal("and so on")
			}
		}
	}
	for _, d := range []Decision{Allowed, ImplicitlyDenied, ExplicitlyDenied} {
		if n := seen[d.String()]; n < cases/8 {
			t.Errorf("%v is only %d of %d cases: the alphabets are lopsided", d, n, cases)
		}
	}
	t.Log(seen)
}

func FuzzEvaluate(f *testing.F) {
	for seed := range uint64(20) {
		r := seededMaker(seed)
		data := make([]byte, 400)
		for i := range data {
			data[i] = byte(r.pick(256))
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		line := bytesMaker(data).line()
		want := naiveDecide(line)
		if got, trace := firstDecision(t, line); got.String() != want {
			t.Errorf("%v, the naive evaluator says %s: %s\n%s", got, want, trace.Why, line)
		}
	})
}

// TestNaiveConditions compares every operator with every value of the alphabets.
func TestNaiveConditions(t *testing.T) {
	compared, met := 0, 0
	for _, key := range contextKeys {
		side := policySide[key]
		for _, operator := range append([]string{"Null"}, side.operators...) {
			names := []string{operator, "ForAllValues:" + operator, "ForAnyValue:" + operator}
			if operator != "Null" {
				names = append(names, operator+"IfExists", "ForAllValues:"+operator+"IfExists", "ForAnyValue:"+operator+"IfExists")
			}
			lists := [][]string{{}, {side.values[0], side.values[1]}, {"true"}, {"false"}}
			for _, v := range side.values {
				lists = append(lists, []string{v})
			}
			for _, name := range names {
				for _, wanted := range lists {
					for _, variables := range []bool{true, false} {
						compiled := Condition{Operator: name, Key: key}
						for _, w := range wanted {
							compiled.Values = append(compiled.Values, Element{Text: w})
						}
						compiled.compile(variables)
						for _, team := range contextAlphabet["aws:PrincipalTag/team"] {
							for _, user := range contextAlphabet["aws:username"] {
								for _, got := range contextAlphabet[key] {
									if len(got) > 1 && !strings.HasPrefix(name, "For") && operator != "Null" {
										continue // AWS does not say what several values mean without a set operator
									}
									context := naiveContext{"aws:PrincipalTag/team": team, "aws:username": user, "aws:TagKeys": {"a", "b"}}
									context[key] = got
									real := NewContext()
									for k, v := range context {
										real.Set(k, v...)
									}
									want := naiveCondition(name, wanted, variables, got, context)
									if is := compiled.compiled.match(real); is != matchOf(want) {
										t.Errorf("%s %s %q, the request has %q, %q, %q: %v, the naive evaluator says %v", name, key, wanted, got, team, user, is, want)
									}
									compared++
									if want {
										met++
									}
								}
							}
						}
					}
				}
			}
		}
	}
	if compared < 100_000 || met < compared/5 || met > compared*4/5 {
		t.Errorf("%d of %d conditions were met: the alphabets are lopsided", met, compared)
	}
}
