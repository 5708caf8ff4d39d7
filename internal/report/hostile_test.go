package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"merlon.dev/merlon"
)

// hostile are names as the owner of an account could choose them, or an attacker
// who has got hold of it.
var hostile = []string{
	"\x1b[2J\x1b]0;owned\x07 cleared",
	"\u009b31mC1\u0085next",
	"<script>alert(1)</script><img src=x onerror=alert(2)>",
	"</script><!--<script>",
	"=cmd|' /C calc'!A0",
	"+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1", " =1+1", "＝1+1",
	"two\nlines\r\nand\x00nul",
	"safe\u202egnp.exe\u2066\u200b",
	"bad utf8 \xff\xfe\xc3(",
	"| pipe `tick` *star* [link](javascript:alert(1)) <b>",
	`"quoted", and; \ back`,
	"\u2028separator\u2029",
	"tag\U000e0041 soft\u00adhyphen\ufeff",
	"日本語-ÄÖÜ-🦊",
	"${jndi:ldap://x} {{template}} %s %n",
	"__proto__",
}

// hostileFindings puts each name everywhere a name can stand.
func hostileFindings() (*Run, []merlon.Finding) {
	run := testRun()
	var list []merlon.Finding
	for i, h := range hostile {
		account := merlon.AccountID(h)
		if i%2 == 0 {
			account = "111122223333"
		}
		g := merlon.Gap{Call: "s3:" + h, Account: account, Region: merlon.Region(h), Resource: h, Cause: merlon.CauseFailed, Code: h, Message: h, Actions: []string{h}, Statement: h}
		run.Gaps = append(run.Gaps, g)
		f := finding("s3/tls-only", h, h, account, merlon.Region(h), merlon.Fail, h+" fails")
		if i%3 == 0 {
			f.Verdict, f.Reasons = merlon.UnknownResult, []string{h}
		}
		if i%5 == 0 {
			f.Control = h
		}
		f.Type = h
		f.Gaps = []string{g.Key(), h}
		value, _ := json.Marshal(h)
		f.Evidence = []merlon.Evidence{{Path: h, Value: value, Call: h}, {Path: "raw", Value: json.RawMessage(h)}, {Path: "utf8", Value: json.RawMessage("\"\xff\u202e\"")}}
		if i%4 == 0 {
			f.Excepted = &merlon.Exception{Control: h, Resource: h, Owner: h, Reason: h}
		}
		list = append(list, f)
		run.Scope.Accounts = append(run.Scope.Accounts, Account{account, h})
		run.Controls["x/"+h] = run.Controls["s3/tls-only"]
	}
	run.Scope.Path, run.Version = hostile[0], hostile[2]
	return run, list
}

func hostileSummary() *Summary {
	s := testSummary()
	s.Warnings = hostile
	s.Calls = map[string]Calls{}
	s.Resources = map[string]int{}
	for _, h := range hostile {
		s.Calls[h] = Calls{Calls: 1}
		s.Resources[h] = 1
	}
	return s
}

// TestHostileNames: no format may carry a byte that its reader would act on.
func TestHostileNames(t *testing.T) {
	run, findings := hostileFindings()
	for _, format := range FormatNames() {
		t.Run(format, func(t *testing.T) {
			out := render(t, format, Config{Width: 100, All: true, Verdicts: all}, run, findings, hostileSummary())
			if !utf8.Valid(out) {
				t.Error("not UTF-8")
			}
			for i, r := range string(out) {
				if dangerous(r) && r != '\n' && !(r == '\t' && (format == "html" || format == "sarif")) {
					from := max(0, i-40)
					t.Fatalf("byte %d is %U: %q", i, r, out[from:i+4])
				}
			}
			for _, bad := range []string{"<script>alert", "<img src=x", "</script><!--"} {
				if format != "terminal" && format != "csv" && bytes.Contains(out, []byte(bad)) {
					t.Errorf("%q stands in the report as it is", bad)
				}
			}
		})
	}
}

// TestHostileValuesSurviveJSON: escaping must not change what was read.
func TestHostileValuesSurviveJSON(t *testing.T) {
	run, findings := hostileFindings()
	lines := bytes.Split(bytes.TrimSpace(render(t, "jsonl", Config{Verdicts: all}, run, findings, hostileSummary())), []byte("\n"))
	if len(lines) != len(findings) {
		t.Fatalf("%d lines for %d findings: a name broke a line", len(lines), len(findings))
	}
	var doc struct{ Findings []record }
	if err := json.Unmarshal(render(t, "json", Config{Verdicts: all}, run, findings, hostileSummary()), &doc); err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		want := strings.ToValidUTF8(hostile[i], "\ufffd\ufffd")
		if strings.Contains(want, "\ufffd") {
			continue // each bad byte becomes one U+FFFD; TestHostileNames looks at those
		}
		if r.Resource != want || doc.Findings[i].Name != want {
			t.Errorf("%q became %q and %q", want, r.Resource, doc.Findings[i].Name)
		}
		var value string
		if err := json.Unmarshal(r.Evidence[0].Value, &value); err != nil || value != want {
			t.Errorf("evidence %q became %q (%v)", want, value, err)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain-ÄÖÜ 日本 🦊":  "plain-ÄÖÜ 日本 🦊",
		"a\x1b[31mb":      `a\x1b[31mb`,
		"a\nb\r\tc\x00":   `a\nb\r\tc\x00`,
		"a\u009bb\x7f":    `a\u009bb\x7f`,
		"a\u202eb\u2066":  `a\u202eb\u2066`,
		"a\xffb":          `a\xffb`,
		"a\ufffdb":        "a\ufffdb",
		"t\U000e0041":     `t\U000e0041`,
		"z\u200bw\ufeff!": `z\u200bw\ufeff!`,
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
	if got := CleanLines("a\n\tb\r\x1b"); got != "a\n\tb\\r\\x1b" {
		t.Errorf("CleanLines: %q", got)
	}
}

func FuzzClean(f *testing.F) {
	for _, h := range hostile {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := Clean(s)
		if !utf8.ValidString(c) {
			t.Errorf("%q is not UTF-8", c)
		}
		if i := strings.IndexFunc(c, dangerous); i >= 0 {
			t.Errorf("%q keeps a dangerous character at %d", c, i)
		}
		if Clean(c) != c {
			t.Errorf("%q is cleaned again", c)
		}
		for _, line := range wrap(c, 12) {
			if columns(line) > 12 {
				t.Errorf("wrap: %q is too wide", line)
			}
		}
		if e := elide(c, 9); columns(e) > 9 {
			t.Errorf("elide: %q is too wide", e)
		}
		b, err := jsonText(s)
		if err != nil || !json.Valid(b) {
			t.Fatalf("jsonText(%q) = %q, %v", s, b, err)
		}
		var back string
		if err := json.Unmarshal(b, &back); err != nil || utf8.ValidString(s) && back != s {
			t.Errorf("%q came back as %q (%v)", s, back, err)
		}
	})
}

// FuzzFormats puts one text everywhere and reads every format back.
func FuzzFormats(f *testing.F) {
	for _, h := range hostile {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = s[:min(len(s), 1<<12)]
		run := testRun()
		run.Scope.Accounts = append(run.Scope.Accounts, Account{merlon.AccountID(s), s})
		list := []merlon.Finding{finding("s3/tls-only", s, s, merlon.AccountID(s), merlon.Region(s), merlon.Fail, s)}
		list[0].Evidence = []merlon.Evidence{{Path: s, Value: json.RawMessage(s), Call: s}}
		list[0].Reasons, list[0].Gaps = []string{s}, []string{s}
		sum := &Summary{Warnings: []string{s}, Calls: map[string]Calls{s: {Calls: 1}}}
		for _, format := range FormatNames() {
			out := render(t, format, Config{Verdicts: all}, run, list, sum)
			if i := bytes.IndexFunc(out, func(r rune) bool { return dangerous(r) && r != '\n' && r != '\t' }); i >= 0 || !utf8.Valid(out) {
				t.Errorf("%s carries a dangerous character at %d", format, i)
			}
			switch format {
			case "json", "sarif", "jsonl", "ocsf":
				if !json.Valid(out) {
					t.Errorf("%s is not JSON: %s", format, out)
				}
			case "csv":
				rows, err := csv.NewReader(bytes.NewReader(out)).ReadAll()
				if err != nil || len(rows) != 2 {
					t.Errorf("%d rows, %v", len(rows), err)
				}
			case "html":
				for _, id := range []string{"rows", "meta"} {
					_, rest, _ := bytes.Cut(out, []byte(`id="`+id+`">`))
					data, _, _ := bytes.Cut(rest, []byte("</script>"))
					if !json.Valid(data) {
						t.Errorf("%s is not JSON: %s", id, data)
					}
				}
			}
		}
	})
}
