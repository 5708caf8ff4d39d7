package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"merlon.dev/merlon"
)

func TestCSVReadsBack(t *testing.T) {
	run, findings := hostileFindings()
	rows, err := csv.NewReader(bytes.NewReader(render(t, "csv", Config{Verdicts: all}, run, findings, hostileSummary()))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(findings)+1 {
		t.Fatalf("%d rows for %d findings and a head", len(rows), len(findings))
	}
	at := func(name string) int { return slices.Index(rows[0], name) }
	for i, row := range rows[1:] {
		for j, cell := range row {
			if first := strings.TrimLeft(cell, " \t\n\u00a0\u3000"); first != "" && strings.ContainsRune("=+-@＝＋－＠\t\r", []rune(first)[0]) {
				t.Errorf("row %d, %s starts a formula: %q", i+1, rows[0][j], cell)
			}
		}
		if got, want := strings.TrimPrefix(row[at("resource")], "'"), Clean(hostile[i]); got != want {
			t.Errorf("resource %q, want %q", got, want)
		}
		if row[at("id")] != findings[i].ID || row[at("verdict")] != string(findings[i].Verdict) {
			t.Errorf("row %d is %q %q", i+1, row[at("id")], row[at("verdict")])
		}
	}
	// Every form of the fix is there, with its lines.
	run = testRun()
	rows, err = csv.NewReader(bytes.NewReader(render(t, "csv", Config{}, run, testFindings(run), testSummary()))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if tf := rows[2][at("fix_terraform")]; tf != run.Controls["s3/tls-only"].Fix.Terraform {
		t.Errorf("Terraform fix %q", tf)
	}
}

func TestCSVCell(t *testing.T) {
	for in, want := range map[string]string{
		"":            "",
		"plain = 1":   "plain = 1",
		"=1+1":        "'=1+1",
		"  =1+1":      "'  =1+1",
		"-5":          "'-5",
		"@SUM(A1)":    "'@SUM(A1)",
		"+1":          "'+1",
		"＝1":          "'＝1",
		"\u00a0=1":    "'\u00a0=1",
		"\tx":         "'\tx",
		`\t=1`:        `'\t=1`,
		"arn:aws:s3:": "arn:aws:s3:",
	} {
		if got := csvCell(in); got != want {
			t.Errorf("csvCell(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestSARIFStructure checks what the 2.1.0 schema and its prose require of the
// objects that are written.
func TestSARIFStructure(t *testing.T) {
	hostileRun, hostileList := hostileFindings()
	run := testRun()
	for _, tt := range []struct {
		name     string
		run      *Run
		findings []merlon.Finding
		sum      *Summary
	}{
		{"usual", run, testFindings(run), testSummary()},
		{"hostile", hostileRun, hostileList, hostileSummary()},
		{"empty", &Run{}, nil, &Summary{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := render(t, "sarif", Config{Verdicts: all}, tt.run, tt.findings, tt.sum)
			var log struct {
				Version string
				Schema  string `json:"$schema"`
				Runs    []struct {
					Tool struct {
						Driver struct {
							Name  string
							Rules []struct {
								ID                   string
								ShortDescription     struct{ Text string }
								Help                 struct{ Text, Markdown string }
								DefaultConfiguration struct{ Level string }
								Properties           map[string]any
							}
						}
					}
					Results []struct {
						RuleID    string
						RuleIndex *int
						Kind      string
						Level     string
						Message   struct{ Text string }
						Locations []struct {
							PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
							LogicalLocations []struct{ FullyQualifiedName string }
						}
						PartialFingerprints map[string]string
						Suppressions        []struct{ Kind, Status string }
					}
					Invocations []struct{ ExecutionSuccessful *bool }
				}
			}
			if err := json.Unmarshal(out, &log); err != nil {
				t.Fatal(err)
			}
			if log.Version != "2.1.0" || !strings.HasSuffix(log.Schema, "sarif-schema-2.1.0.json") || len(log.Runs) != 1 {
				t.Fatalf("version %q, schema %q, %d runs", log.Version, log.Schema, len(log.Runs))
			}
			r := log.Runs[0]
			if r.Tool.Driver.Name != "Merlon" || len(r.Tool.Driver.Rules) != len(tt.run.Controls) || len(r.Results) != len(tt.findings) {
				t.Fatalf("%s: %d rules, %d results", r.Tool.Driver.Name, len(r.Tool.Driver.Rules), len(r.Results))
			}
			if len(r.Invocations) != 1 || r.Invocations[0].ExecutionSuccessful == nil {
				t.Error("the invocation does not say whether it was successful")
			}
			seen := map[string]bool{}
			for _, rule := range r.Tool.Driver.Rules {
				if rule.ID == "" || seen[rule.ID] || rule.ShortDescription.Text == "" || rule.Help.Text == "" || rule.Help.Markdown == "" {
					t.Errorf("rule %+v", rule)
				}
				seen[rule.ID] = true
				if !slices.Contains([]string{"error", "warning", "note"}, rule.DefaultConfiguration.Level) || rule.Properties["security-severity"] == "" {
					t.Errorf("rule %s: level %q", rule.ID, rule.DefaultConfiguration.Level)
				}
			}
			for i, res := range r.Results {
				f := tt.findings[i]
				if res.Message.Text == "" || res.RuleID != strings.ToValidUTF8(f.Control, "\ufffd\ufffd") && !strings.Contains(res.RuleID, "\ufffd") {
					t.Errorf("result %d: rule %q, message %q", i, res.RuleID, res.Message.Text)
				}
				if res.RuleIndex != nil && r.Tool.Driver.Rules[*res.RuleIndex].ID != res.RuleID {
					t.Errorf("result %d: index %d is rule %s, not %s", i, *res.RuleIndex, r.Tool.Driver.Rules[*res.RuleIndex].ID, res.RuleID)
				}
				wantKind := map[merlon.Verdict]string{merlon.Fail: "fail", merlon.Pass: "pass", merlon.UnknownResult: "open", merlon.NotApplicable: "notApplicable"}[f.Verdict]
				if res.Kind != wantKind || (res.Level == "none") == (f.Verdict == merlon.Fail) {
					t.Errorf("result %d: %s is kind %q, level %q", i, f.Verdict, res.Kind, res.Level)
				}
				if (f.Excepted != nil) != (len(res.Suppressions) == 1) {
					t.Errorf("result %d: %d suppressions", i, len(res.Suppressions))
				}
				if len(res.Locations) != 1 || len(res.Locations[0].LogicalLocations) != 1 || res.PartialFingerprints["merlon/v1"] != f.ID {
					t.Fatalf("result %d: %+v", i, res)
				}
				if u := res.Locations[0].PhysicalLocation.ArtifactLocation.URI; u == "" || strings.ContainsAny(u, " <>\"{}|\\^`\x00\x1b\n") {
					t.Errorf("result %d: %q is not a URI reference", i, u)
				}
			}
		})
	}
}

func TestSARIFTemplateLocation(t *testing.T) {
	run := testRun()
	run.Scope.Source, run.Scope.Templates = "template", []string{"infra/main stack.yaml"}
	out := string(render(t, "sarif", Config{}, run, testFindings(run), testSummary()))
	if !strings.Contains(out, `"artifactLocation":{"uri":"infra/main%20stack.yaml"},"region":{"startLine":1}`) {
		t.Error("a finding of a template does not point to it")
	}
}

// TestOCSFRequired checks the attributes that class 2003 and its objects require
// in version 1.5.0.
func TestOCSFRequired(t *testing.T) {
	run := testRun()
	findings := testFindings(run)
	lines := bytes.Split(bytes.TrimSpace(render(t, "ocsf", Config{Verdicts: all}, run, findings, testSummary())), []byte("\n"))
	if len(lines) != len(findings) {
		t.Fatalf("%d events for %d findings", len(lines), len(findings))
	}
	wantStatus := map[merlon.Verdict]float64{merlon.Pass: 1, merlon.UnknownResult: 2, merlon.Fail: 3, merlon.NotApplicable: 99}
	for i, line := range lines {
		var e map[string]any
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		get := func(path string) any {
			var v any = e
			for p := range strings.SplitSeq(path, ".") {
				switch x := v.(type) {
				case map[string]any:
					v = x[p]
				case []any:
					v = x[0].(map[string]any)[p]
				}
			}
			return v
		}
		for path, want := range map[string]any{
			"category_uid": 2.0, "class_uid": 2003.0, "activity_id": 1.0, "type_uid": 200301.0, "time": float64(noon.UnixMilli()),
			"metadata.version": "1.5.0", "metadata.product.name": "Merlon", "metadata.profiles": nil, "cloud.provider": "AWS",
			"cloud.account.type_id": 10.0, "finding_info.uid": findings[i].ID, "compliance.control": findings[i].Control,
			"compliance.status_id": wantStatus[findings[i].Verdict], "resources.uid": findings[i].Resource, "resources.type": findings[i].Type,
			"observables.type_id": 10.0, "unmapped.verdict": string(findings[i].Verdict),
		} {
			got := get(path)
			if want == nil && got == nil || want != nil && got != want {
				t.Errorf("event %d: %s is %v, want %v", i, path, got, want)
			}
		}
		if desc, ok := get("remediation.desc").(string); !ok || desc == "" {
			t.Errorf("event %d has no remediation", i)
		}
		if excepted := findings[i].Excepted != nil; excepted != (get("status_id") == 3.0) {
			t.Errorf("event %d: status %v", i, get("status_id"))
		}
	}
	if sev := []float64{5, 3, 3, 1}; true {
		for i, want := range sev {
			var e struct {
				SeverityID float64 `json:"severity_id"`
			}
			if err := json.Unmarshal(lines[i], &e); err != nil || e.SeverityID != want {
				t.Errorf("event %d: severity %v, want %v (%v)", i, e.SeverityID, want, err)
			}
		}
	}
}

func TestMarkdownEscapes(t *testing.T) {
	for in, want := range map[string]string{
		"plain words.":         "plain words.",
		"<b>&":                 "&lt;b&gt;&amp;",
		"[x](javascript:y)":    `\[x\](javascript:y)`,
		"a | b `c` *d* _e_":    "a \\| b \\`c\\` \\*d\\* \\_e\\_",
		"# head":               `\# head`,
		"- item":               `\- item`,
		"ask @team now":        "ask @<!-- -->team now",
		"anna@example.com":     "anna@example.com",
		"see http://evil":      `see http\://evil`,
		"www.evil.example":     `www\.evil.example`,
		"two\nlines":           "two lines",
		"esc\x1b[0m":           `esc\\x1b\[0m`,
		"${jndi}":              `\${jndi}`,
		`back\slash`:           `back\\slash`,
		"~~strike~~ and !bang": `\~\~strike\~\~ and \!bang`,
	} {
		if got := mdText(in); got != want {
			t.Errorf("mdText(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"arn:aws:s3:::b": "`arn:aws:s3:::b`",
		"a`b":            "``a`b``",
		"`":              "`` ` ``",
		"":               "",
		"a|b":            `a\|b`,
	} {
		got := mdCodeCell(in)
		if in == "a|b" {
			want = "`" + want + "`"
		}
		if got != want {
			t.Errorf("mdCodeCell(%q) = %q, want %q", in, got, want)
		}
	}
	if got := mdBlock("a\n```\nb", "sh"); got != "````sh\na\n```\nb\n````\n" {
		t.Errorf("mdBlock: %q", got)
	}
}

// TestMarkdownTables: no name may add or take a column.
func TestMarkdownTables(t *testing.T) {
	run, findings := hostileFindings()
	bars := func(line string) int {
		line = strings.ReplaceAll(line, `\\`, "")
		return strings.Count(line, "|") - strings.Count(line, `\|`)
	}
	want := 0
	for i, line := range strings.Split(string(render(t, "markdown", Config{Verdicts: all, All: true}, run, findings, hostileSummary())), "\n") {
		if !strings.HasPrefix(line, "|") {
			want = 0
			continue
		}
		if want == 0 {
			want = bars(line)
		}
		if got := bars(line); got != want {
			t.Errorf("line %d has %d bars, want %d: %s", i+1, got, want, line)
		}
	}
}
