package iam_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
)

// lintCase is a file of testdata/lint: documents that break the rule of its
// name, and documents that do not. A document that is no JSON stands as a string.
type lintCase struct {
	Kind        iam.PolicyKind
	Holder      iam.Holder
	Account     string
	Accounts    []string
	ResourceARN string
	Bad, Good   []json.RawMessage
}

func newLinter(t testing.TB) *iam.Linter {
	t.Helper()
	r, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	return iam.NewLinter(r, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
}

// source is the document of a case. "@large" stands for one that no rule can
// look at wholly and nobody wants to read.
func source(t *testing.T, raw json.RawMessage) []byte {
	t.Helper()
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return raw
	}
	if text == "@large" {
		return largePolicy(500)
	}
	return []byte(text)
}

func largePolicy(statements int) []byte {
	var b strings.Builder
	b.WriteString(`{"Version":"2012-10-17","Statement":[`)
	for i := range statements {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket-%d/*"}`, i)
	}
	b.WriteString("]}")
	return []byte(b.String())
}

func codes(found []iam.LintFinding) []string {
	var out []string
	for _, f := range found {
		out = append(out, f.Code)
	}
	return out
}

// TestLintRules holds each rule to its examples: it must speak of every bad one
// and of no good one.
func TestLintRules(t *testing.T) {
	linter := newLinter(t)
	names := map[string]bool{}
	for _, rule := range iam.LintRules() {
		if names[rule.Code] {
			t.Errorf("two rules %s", rule.Code)
		}
		names[rule.Code] = true
		t.Run(rule.Code, func(t *testing.T) {
			if rule.Title == "" || rule.Why == "" || rule.Fix == "" || rule.Severity.Rank() > 4 {
				t.Errorf("incomplete: %+v", rule)
			}
			raw, err := os.ReadFile(filepath.Join("testdata", "lint", rule.Code+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var c lintCase
			if err := json.Unmarshal(raw, &c); err != nil {
				t.Fatal(err)
			}
			if len(c.Bad) == 0 || len(c.Good) == 0 {
				t.Fatal("wants bad and good examples")
			}
			lint := func(raw json.RawMessage) []iam.LintFinding {
				return linter.Lint(&iam.LintDocument{Source: source(t, raw), Kind: c.Kind, Holder: c.Holder, Account: c.Account, Accounts: c.Accounts, ResourceARN: c.ResourceARN})
			}
			for i, raw := range c.Bad {
				found := lint(raw)
				at := slices.IndexFunc(found, func(f iam.LintFinding) bool { return f.Code == rule.Code })
				if at < 0 {
					t.Errorf("bad %d: only %v\n%s", i+1, codes(found), raw)
					continue
				}
				f := found[at]
				if f.Line < 1 || f.Column < 1 || f.Message == "" || f.Fix == "" || f.Severity != rule.Severity {
					t.Errorf("bad %d: incomplete %+v", i+1, f)
				}
			}
			for i, raw := range c.Good {
				for _, f := range lint(raw) {
					if f.Code == rule.Code {
						t.Errorf("good %d: %s\n%s", i+1, f.Message, raw)
					}
				}
			}
		})
	}
	files, err := filepath.Glob("testdata/lint/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".json"); !names[name] {
			t.Errorf("%s is of no rule", f)
		}
	}
	if len(names) < 45 {
		t.Errorf("%d rules", len(names))
	}
}

func TestLintPlaces(t *testing.T) {
	source := `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjet"], "Resource": "arn:aws:s3:::b/*"},
    {"Sid": "é", "Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*",
     "Condition": {"StringEquals": {"aws:usernaem": "x"}}}
  ]
}`
	type place struct {
		Code         string
		Statement    int
		Line, Column int
		Pointer      string
	}
	var got []place
	for _, f := range newLinter(t).Lint(&iam.LintDocument{Source: []byte(source), Kind: iam.IdentityPolicy}) {
		got = append(got, place{f.Code, f.Statement, f.Line, f.Column, f.Pointer})
		if want := strings.Split(source, "\n")[f.Line-1]; f.Column > len([]rune(want)) {
			t.Errorf("%s at column %d of %q", f.Code, f.Column, want)
		}
	}
	want := []place{
		{"read-without-list", 0, 4, 36, "/Statement/0/Action/0"},
		{"unknown-action", 0, 4, 52, "/Statement/0/Action/1"},
		{"deny-without-effect", 1, 5, 5, "/Statement/1"},
		{"sid-characters", 1, 5, 5, "/Statement/1"},
		{"unknown-condition-key", 1, 6, 37, "/Statement/1/Condition/StringEquals/aws:usernaem"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestLintUnknown: what is not known is not judged, what stands beside it is.
func TestLintUnknown(t *testing.T) {
	source := []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"},{"Effect":"Allow","Action":"s3:GetObjet"}]}`)
	for _, tt := range []struct {
		unknown []string
		want    []string
	}{
		{nil, []string{"pass-role-any", "missing-resource", "unknown-action"}},
		{[]string{"/Statement/0/Resource", "/Statement/1/Resource"}, []string{"unknown-action"}},
		{[]string{"/Statement/0", "/Statement/1/Action/0"}, []string{"missing-resource"}},
		{[]string{"/Statement"}, nil},
		{[]string{""}, nil},
	} {
		got := codes(newLinter(t).Lint(&iam.LintDocument{Source: source, Kind: iam.IdentityPolicy, Unknown: tt.unknown}))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v:\n%s", tt.unknown, diff)
		}
	}
}

func TestKindOf(t *testing.T) {
	for source, want := range map[string]iam.PolicyKind{
		`{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}`:                                iam.IdentityPolicy,
		`{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Principal":"*"}}`:                iam.ResourcePolicy,
		`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}}`: iam.TrustPolicy,
		`{"Statement":{"Effect":"Allow","Action":"ecr:BatchGetImage","Principal":{"AWS":"111122223333"}}}`:       iam.ResourcePolicy,
		`broken`: iam.IdentityPolicy,
	} {
		if got := iam.KindOf([]byte(source)); got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
}

func TestPolicySize(t *testing.T) {
	for _, tt := range []struct {
		source       string
		all, compact int
	}{
		{`{"a": "b c"}`, 12, 11},
		{"{\n\t\"é\" : \"\\\" x\"\r\n}", 18, 12},
		{"", 0, 0},
	} {
		if all, compact := iam.PolicySize([]byte(tt.source)); all != tt.all || compact != tt.compact {
			t.Errorf("%q: %d and %d, want %d and %d", tt.source, all, compact, tt.all, tt.compact)
		}
	}
}

// TestLintTogether: the inline policies of one holder share a limit.
func TestLintTogether(t *testing.T) {
	source := largePolicy(10)
	d := &iam.LintDocument{Source: source, Kind: iam.IdentityPolicy, Holder: iam.UserInline, Others: 2000}
	if got := codes(newLinter(t).Lint(d)); !slices.Contains(got, "too-large") {
		t.Errorf("%v", got)
	}
	d.Others = 0
	if got := codes(newLinter(t).Lint(d)); slices.Contains(got, "too-large") {
		t.Errorf("%v", got)
	}
}

// TestLintHostile: the time is bounded whatever the document.
func TestLintHostile(t *testing.T) {
	linter := newLinter(t)
	list := func(n int, text string) string {
		var out []string
		for i := range n {
			out = append(out, fmt.Sprintf(text, i))
		}
		return strings.Join(out, ",")
	}
	for name, source := range map[string]string{
		"statements": string(largePolicy(10_000)),
		"actions":    `{"Statement":{"Effect":"Allow","Action":[` + list(20_000, `"ec2:*a%d*"`) + `],"Resource":"*"}}`,
		"resources":  `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":[` + list(20_000, `"arn:aws:s3:::*a*b%d*"`) + `]}}`,
		"wild ARNs":  `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":[` + list(500, `"arn:*:*a*b%d*:*:*`+strings.Repeat("*a", 900)+`"`) + `]}}`,
		"keys":       `{"Statement":{"Effect":"Deny","Action":"ec2:*","Resource":"*","Condition":{"StringLike":{` + list(20_000, `"aws:Requesttags/%d":["*a*","b*"]`) + `}}}`,
		"variables":  `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::` + strings.Repeat("${aws:username}", 50_000) + `"}}`,
		"one action": `{"Statement":{"Effect":"Allow","Action":"s3:` + strings.Repeat("*a", 500_000) + `","Resource":"*"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			linter.Lint(&iam.LintDocument{Source: []byte(source)})
			if d := time.Since(start); d > 15*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

func FuzzLint(f *testing.F) {
	linter := newLinter(f)
	files, err := filepath.Glob("testdata/lint/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		var c lintCase
		if err := json.Unmarshal(raw, &c); err != nil {
			f.Fatal(err)
		}
		for _, s := range append(c.Bad, c.Good...) {
			f.Add([]byte(s), string(c.Kind), c.Account)
		}
	}
	f.Fuzz(func(t *testing.T, source []byte, kind, account string) {
		k, err := iam.ParsePolicyKind(kind)
		if err != nil {
			k = ""
		}
		for _, x := range linter.Lint(&iam.LintDocument{Source: source, Kind: k, Account: account, ResourceARN: account}) {
			if x.Offset < 0 || x.Offset > len(source) || x.Line < 1 || x.Column < 1 || x.Code == "" || x.Message == "" {
				t.Errorf("%+v", x)
			}
			if line, column := iam.Position(source, x.Offset); line != x.Line || column != x.Column {
				t.Errorf("%s: line %d, column %d, want %d, %d", x.Code, x.Line, x.Column, line, column)
			}
		}
	})
}
