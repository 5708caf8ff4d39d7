package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
)

func TestGolden(t *testing.T) {
	env := func(name string) func(string) string {
		return func(n string) string {
			if n == name {
				return "1"
			}
			return ""
		}
	}
	for _, tt := range []struct {
		name, format string
		cfg          Config
	}{
		{"terminal-wide.txt", "terminal", Config{Width: 120}},
		{"terminal-narrow.txt", "terminal", Config{Width: 60, Terminal: true, Getenv: env("NO_COLOR")}},
		{"terminal-color.txt", "terminal", Config{Width: 100, Getenv: env("CLICOLOR_FORCE")}},
		{"terminal-all.txt", "terminal", Config{Width: 100, Verdicts: all}},
		{"report.json", "json", Config{Verdicts: all}},
		{"report.jsonl", "jsonl", Config{}},
		{"report.csv", "csv", Config{Verdicts: all}},
		{"report.md", "markdown", Config{}},
		{"report.sarif", "sarif", Config{Verdicts: all}},
		{"report.ocsf.jsonl", "ocsf", Config{Verdicts: all}},
		{"report-all.jsonl", "jsonl", Config{Verdicts: all}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run := testRun()
			golden(t, tt.name, render(t, tt.format, tt.cfg, run, testFindings(run), testSummary()))
		})
	}
}

func TestEmptyReport(t *testing.T) {
	run := &Run{Version: "0.3.0", Started: noon, Scope: Scope{Source: "live"}}
	text := string(render(t, "terminal", Config{}, run, nil, &Summary{}))
	if !strings.Contains(text, "No control judged anything") {
		t.Errorf("an empty scan looks like a clean one:\n%s", text)
	}
	for _, format := range FormatNames() {
		render(t, format, Config{}, run, nil, &Summary{})
	}
}

// TestJSONLines reads each line back: the members that other programs rely on
// are there and have their types, also where they are empty.
func TestJSONLines(t *testing.T) {
	run := testRun()
	findings := testFindings(run)
	lines := bytes.Split(bytes.TrimSpace(render(t, "jsonl", Config{Verdicts: all}, run, findings, testSummary())), []byte("\n"))
	if len(lines) != len(findings) {
		t.Fatalf("%d lines for %d findings", len(lines), len(findings))
	}
	for i, line := range lines {
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		for _, name := range []string{"id", "control", "resource", "type", "account", "region", "verdict", "severity", "message"} {
			if _, ok := m[name].(string); !ok {
				t.Errorf("line %d: %s is %T", i+1, name, m[name])
			}
		}
		for _, name := range []string{"aliases", "evidence", "gaps"} {
			if _, ok := m[name].([]any); !ok {
				t.Errorf("line %d: %s is %T, not a list", i+1, name, m[name])
			}
		}
		if m["verdict"] != string(findings[i].Verdict) || m["id"] != findings[i].ID {
			t.Errorf("line %d is %v %v", i+1, m["id"], m["verdict"])
		}
		if fix, ok := m["fix"].(map[string]any); !ok || fix["text"] == "" {
			t.Errorf("line %d has no fix", i+1)
		}
	}
	var unknown struct{ Gaps []gap }
	if err := json.Unmarshal(lines[2], &unknown); err != nil {
		t.Fatal(err)
	}
	want := []gap{{"s3:GetBucketPolicy", merlon.CauseDenied, []string{"s3:GetBucketPolicy"}}}
	if diff := cmp.Diff(want, unknown.Gaps); diff != "" {
		t.Error(diff)
	}
}

func TestJSONDocument(t *testing.T) {
	run := testRun()
	var doc struct {
		Version  string
		Controls map[string]struct{ Fix struct{ CLI string } }
		Findings []record
		Gaps     []merlon.Gap
		Summary  struct {
			Total    Tally
			Severity map[string]Tally
			Area     map[string]Tally
		}
	}
	if err := json.Unmarshal(render(t, "json", Config{}, run, testFindings(run), testSummary()), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Findings) != 6 {
		t.Errorf("%d findings, want the 4 failed and 2 unknown", len(doc.Findings))
	}
	for _, f := range doc.Findings {
		if _, ok := doc.Controls[f.Control]; !ok {
			t.Errorf("control %s of finding %s is not in the document", f.Control, f.ID)
		}
	}
	want := Tally{Fail: 3, Unknown: 2, Pass: 1, NotApplicable: 1, Excepted: 1, Known: 1}
	if diff := cmp.Diff(want, doc.Summary.Total); diff != "" {
		t.Error(diff)
	}
	if len(doc.Gaps) != 2 || doc.Gaps[0].Statement == "" {
		t.Errorf("gaps %v", doc.Gaps)
	}
}

func TestCounts(t *testing.T) {
	run := testRun()
	c := newCounter(run.Controls)
	for _, f := range testFindings(run) {
		c.add(&f)
	}
	counts := c.counts()
	for _, tt := range []struct {
		name string
		key  func(*Cell) []string
		want map[string]Tally
	}{
		{"area", byArea, map[string]Tally{
			"identity": {Fail: 1}, "data": {Fail: 1, Unknown: 1, Pass: 1, Excepted: 1},
			"infrastructure": {Fail: 1, Known: 1}, "detection": {Unknown: 1, NotApplicable: 1}}},
		{"account", byAccount, map[string]Tally{
			"111122223333": {Fail: 3, Unknown: 1, Pass: 1, NotApplicable: 1, Known: 1}, "444455556666": {Unknown: 1, Excepted: 1}}},
		{"framework", byFramework, map[string]Tally{
			"cis-7.0": {Fail: 3, Unknown: 1, Pass: 1, Excepted: 1, Known: 1}, "fsbp": {Fail: 1, Unknown: 1, NotApplicable: 1},
			"wa-security": {Fail: 1, Unknown: 1, Pass: 1, Excepted: 1}}},
	} {
		if diff := cmp.Diff(tt.want, counts.By(tt.key)); diff != "" {
			t.Errorf("by %s: %s", tt.name, diff)
		}
	}
	var ids []string
	for _, w := range counts.worst() {
		ids = append(ids, w.ID)
	}
	if diff := cmp.Diff([]string{"iam/root-access-key", "ec2/ssh-from-anywhere", "s3/tls-only"}, ids); diff != "" {
		t.Error(diff)
	}
}

// An odd verdict must never be taken for a good one.
func TestOddVerdictIsUnknown(t *testing.T) {
	var tally Tally
	tally.count(&merlon.Finding{Verdict: "passed?"})
	if diff := cmp.Diff(Tally{Unknown: 1}, tally); diff != "" {
		t.Error(diff)
	}
}

// TestTerminalOrder: what the report says must not depend on the order in which
// controls happen to run, and long lists are cut with their number.
func TestTerminalOrder(t *testing.T) {
	run, findings := manyFindings(20_000)
	first := render(t, "terminal", Config{Width: 100}, run, findings, &Summary{})
	rnd := rand.New(rand.NewPCG(1, 2))
	rnd.Shuffle(len(findings), func(i, j int) { findings[i], findings[j] = findings[j], findings[i] })
	if second := render(t, "terminal", Config{Width: 100}, run, findings, &Summary{}); !bytes.Equal(first, second) {
		t.Error("the report depends on the order of the findings")
	}
	if n := bytes.Count(first, []byte("\n")); n > 4000 {
		t.Errorf("%d lines for a person to read", n)
	}
	if !bytes.Contains(first, []byte("more: --all or --format html=FILE shows them")) {
		t.Error("nothing says how to see what is left out")
	}
	full := render(t, "terminal", Config{Width: 100, All: true}, run, findings, &Summary{})
	shown, excepted := bytes.Count(full, []byte("✗"))+bytes.Count(full, []byte("  ? ")), 0
	for i := range findings {
		excepted += b2i(findings[i].Excepted != nil)
	}
	if shown < 20_000-excepted-700 {
		t.Errorf("--all shows %d of %d", shown, 20_000-excepted)
	}
}

func TestTerminalWidth(t *testing.T) {
	run, findings := manyFindings(500)
	run.Scope.Accounts[0].Name = strings.Repeat("a-very-long-name-", 8)
	findings[1].Name, findings[1].Message = strings.Repeat("日本語", 40), strings.Repeat("日本語", 40)
	for _, width := range []int{40, 60, 80, 100, 140} {
		for i, line := range strings.Split(string(render(t, "terminal", Config{Width: width, Verdicts: all, All: true}, run, findings, testSummary())), "\n") {
			// The matrix has a least width of its own.
			if limit := max(width, 60); columns(line) > limit {
				t.Errorf("width %d: line %d has %d columns: %s", width, i+1, columns(line), line)
			}
		}
	}
}

func TestColored(t *testing.T) {
	for _, tt := range []struct {
		env      map[string]string
		terminal bool
		toFile   bool
		want     bool
	}{
		{nil, true, false, true},
		{nil, false, false, false},
		{nil, true, true, false},
		{map[string]string{"NO_COLOR": "1"}, true, false, false},
		{map[string]string{"NO_COLOR": ""}, true, false, true},
		{map[string]string{"CLICOLOR_FORCE": "1"}, false, false, true},
		{map[string]string{"CLICOLOR_FORCE": "0"}, false, false, false},
		{map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, false, false, false},
		{map[string]string{"CLICOLOR": "0"}, true, false, false},
		{map[string]string{"TERM": "dumb"}, true, false, false},
	} {
		name := fmt.Sprint(slices.Sorted(maps.Keys(tt.env)), tt.terminal, tt.toFile)
		cfg := Config{Terminal: tt.terminal, toFile: tt.toFile, Getenv: func(n string) string { return tt.env[n] }}
		if got := colored(cfg); got != tt.want {
			t.Errorf("%s: colored = %v", name, got)
		}
	}
}

// Verdicts that were only counted stand beside those that were handed over.
func TestCount(t *testing.T) {
	run := testRun()
	out, err := Open([]string{"jsonl"}, Config{Stdout: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Begin(run); err != nil {
		t.Fatal(err)
	}
	f := finding("s3/tls-only", "arn:aws:s3:::a", "a", "111122223333", "us-east-1", merlon.Fail, "a")
	if err := out.Finding(&f); err != nil {
		t.Fatal(err)
	}
	for v, n := range map[merlon.Verdict]int{merlon.Pass: 7, merlon.NotApplicable: 2, merlon.UnknownResult: 3, merlon.Fail: 1} {
		out.Count("s3/tls-only", "111122223333", merlon.Medium, v, n)
	}
	if err := out.Finding(&f); err != nil {
		t.Fatal(err)
	}
	var s Summary
	if err := out.End(&s); err != nil {
		t.Fatal(err)
	}
	want := Counts{{Control: "s3/tls-only", Account: "111122223333", Area: merlon.Data, Severity: merlon.Medium,
		Frameworks: []string{"cis-7.0", "wa-security"}, Tally: Tally{Fail: 3, Unknown: 3, Pass: 7, NotApplicable: 2}}}
	if diff := cmp.Diff(want, s.Counts); diff != "" {
		t.Error(diff)
	}
}
