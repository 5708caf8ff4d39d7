package iam

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// question is a case of testdata/rules: a question in the wire form, the
// decision, and the page that says so.
type question struct {
	Why    string          `json:"why"`
	Source string          `json:"source"`
	Want   string          `json:"want"`
	Ask    json.RawMessage `json:"ask"`
}

// TestRules holds one case or more for each rule that evaluators get wrong.
func TestRules(t *testing.T) {
	files, err := filepath.Glob("testdata/rules/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rules: %v", err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var cases []question
		if err := json.Unmarshal(raw, &cases); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for _, c := range cases {
			t.Run(strings.TrimSuffix(filepath.Base(f), ".json")+"/"+c.Why, func(t *testing.T) {
				if c.Source == "" {
					t.Error("no source")
				}
				q, problems, err := ParseQuestion(c.Ask)
				if err != nil {
					t.Fatal(err)
				}
				if len(problems) > 0 {
					t.Log(problems)
				}
				got := Evaluate(&q.Request, &q.Policies)
				trace := Explain(&q.Request, &q.Policies)
				if got.String() != c.Want {
					t.Errorf("got %v, want %s\n%s", got, c.Want, trace.Why)
				}
				if trace.Decision != got {
					t.Errorf("with a trace it is %v, without %v", trace.Decision, got)
				}
				if trace.Why == "" {
					t.Error("the trace does not say why")
				}
			})
		}
	}
}
