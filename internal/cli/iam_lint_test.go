package cli

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
)

var updateLint = flag.Bool("update-lint-rules", false, "write docs/reference/lint-rules.md")

// TestLintReference holds the page of rules to the table of rules.
func TestLintReference(t *testing.T) {
	const path = "../../docs/reference/lint-rules.md"
	var b strings.Builder
	rules := iam.LintRules()
	fmt.Fprintf(&b, "# Rules of `merlon iam lint`\n\n%d rules, by code. Written from the table in package `iam` by\n`go test ./internal/cli -run TestLintReference -update-lint-rules`. Pages were read 2026-11-24.\n", len(rules))
	for _, r := range rules {
		fmt.Fprintf(&b, "\n## %s\n\n%s (%s", r.Code, r.Title, r.Severity)
		for i, k := range r.Kinds {
			sep := ", "
			if i == 0 {
				sep = "; only for "
			}
			fmt.Fprintf(&b, "%s%s", sep, k)
		}
		fmt.Fprintf(&b, ")\n\n%s\n\n**Fix:** %s\n", r.Why, r.Fix)
		if r.Source != "" {
			fmt.Fprintf(&b, "\nSource: <%s>\n", r.Source)
		}
	}
	if *updateLint {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(got)); diff != "" {
		t.Errorf("%s is not up to date:\n%s", path, diff)
	}
}

// TestDocumentsAt takes policies out of a resource: objects and strings, with
// what is not known left to the linter or, as a whole, named.
func TestDocumentsAt(t *testing.T) {
	r := &merlon.Resource{Type: "AWS::IAM::Role", ID: "r", ARN: "arn:aws:iam::111122223333:role/r",
		Properties: []byte(`{"Policies":[{"PolicyName":"a","PolicyDocument":{"Statement":[]}},{"PolicyName":"b","PolicyDocument":"{\"Statement\": {}}"},{"PolicyName":"c"}]}`),
		Unknowns:   []merlon.Unknown{{Path: "/properties/Policies/0/PolicyDocument/Statement/0/Resource"}, {Path: "/properties/Policies/2/PolicyDocument"}}}
	found, lost := documentsAt(r, placement{"AWS::IAM::Role", "Policies.[].PolicyDocument", iam.IdentityPolicy, iam.RoleInline})
	type seen struct {
		Part, Source string
		Unknown      []string
		Others       int
	}
	var got []seen
	for _, f := range found {
		got = append(got, seen{f.part, string(f.doc.Source), f.doc.Unknown, f.doc.Others})
	}
	want := []seen{
		{"/properties/Policies/0/PolicyDocument", `{"Statement":[]}`, []string{"/Statement/0/Resource"}, 16},
		{"/properties/Policies/1/PolicyDocument", `{"Statement": {}}`, nil, 16},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"arn:aws:iam::111122223333:role/r: properties/Policies/2/PolicyDocument is not known"}, lost); diff != "" {
		t.Error(diff)
	}
}
