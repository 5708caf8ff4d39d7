package iam

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// example is a policy that AWS publishes in the IAM User Guide, placeholders
// filled in, with requests and what the page says becomes of them.
type example struct {
	Page   string          `json:"page"`
	Policy json.RawMessage `json:"policy"`
	Beside bool            `json:"beside"` // "Use this policy in combination with other policies": one that allows all stands beside it
	Asks   []struct {
		Why      string         `json:"why"`
		Want     string         `json:"want"`
		Action   string         `json:"action"`
		Resource string         `json:"resource"`
		Context  map[string]any `json:"context"`
	} `json:"asks"`
}

// TestExamples asks AWS's published examples what their pages say of them; the
// pages are those of 2023, each read 2026-11-24.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("testdata/examples/*.json")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var list []example
		if err := json.Unmarshal(raw, &list); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		for _, e := range list {
			examples++
			_, page, _ := strings.Cut(e.Page, "reference_policies_examples_")
			policies := []any{e.Policy}
			if e.Beside {
				policies = append(policies, json.RawMessage(allowAll))
			}
			answers := make(map[bool]bool)
			for _, a := range e.Asks {
				answers[a.Want == Allowed.String()] = true
				t.Run(strings.TrimSuffix(page, ".html")+"/"+a.Why, func(t *testing.T) {
					q := object{"request": object{"principal": "arn:aws:iam::" + ownAccount + ":user/alice", "action": a.Action, "resource": a.Resource,
						"resourceAccount": ownAccount, "context": a.Context}, "identityPolicies": policies}
					if strings.HasPrefix(a.Action, "sts:") { // a role's trust must allow as well
						q["resourcePolicy"] = object{"Statement": object{"Effect": "Allow", "Principal": object{"AWS": ownAccount}, "Action": "*"}}
					}
					line, err := json.Marshal(q)
					if err != nil {
						t.Fatal(err)
					}
					if got, trace := firstDecision(t, line); got.String() != a.Want {
						t.Errorf("%v, want %s: %s", got, a.Want, trace.Why)
					}
					if naive := naiveDecide(line); naive != a.Want {
						t.Errorf("the naive evaluator says %s, want %s", naive, a.Want)
					}
				})
			}
			if len(answers) != 2 {
				t.Errorf("%s: a request that is allowed and one that is denied are wanted", e.Page)
			}
		}
	}
	if examples < 40 {
		t.Errorf("only %d examples", examples)
	}
}
