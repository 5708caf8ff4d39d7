package cli

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/internal/report"
)

// lintLine is one finding as JSON.
type lintLine struct {
	Policy string         `json:"policy"`         // a path, or the key of the resource
	Part   string         `json:"part,omitempty"` // the document's JSON pointer in the resource
	Kind   iam.PolicyKind `json:"kind"`
	iam.LintFinding
	file bool
}

// lintResult is what lint has to say.
type lintResult struct {
	Policies int        `json:"policies"`
	Unread   int        `json:"unread"` // policies that could not be looked at
	Hidden   int        `json:"hidden"` // findings below --severity
	Findings []lintLine `json:"findings"`
}

func (r *lintResult) add(p *lintPolicy, f iam.LintFinding) {
	kind := p.doc.Kind
	if kind == "" {
		kind = iam.KindOf(p.doc.Source)
	}
	r.Findings = append(r.Findings, lintLine{Policy: p.name, Part: p.part, Kind: kind, LintFinding: f, file: p.file})
}

func lintWriters() map[string]func(io.Writer, *lintResult) error {
	return map[string]func(io.Writer, *lintResult) error{"terminal": lintTerminal, "json": lintJSON, "jsonl": lintLines, "sarif": lintSARIF}
}

// place is where a finding stands: line and column in a file, the JSON pointer
// in a resource, whose document nobody can open at a line.
func (l *lintLine) place() string {
	if l.file {
		return fmt.Sprintf("%d:%d", l.Line, l.Column)
	}
	if l.Pointer == "" {
		return "/"
	}
	return l.Pointer
}

// lintTerminal groups findings by policy.
func lintTerminal(w io.Writer, r *lintResult) error {
	var b strings.Builder
	last := ""
	counts := map[merlon.Severity]int{}
	for i := range r.Findings {
		l := &r.Findings[i]
		counts[l.Severity]++
		if head := l.Policy + "\x00" + l.Part; i == 0 || head != last {
			last = head
			part := ""
			if l.Part != "" {
				part = " " + strings.TrimPrefix(l.Part, "/properties/")
			}
			fmt.Fprintf(&b, "%s%s (%s policy)\n", report.Clean(l.Policy), report.Clean(part), l.Kind)
		}
		fmt.Fprintf(&b, "  %-8s %s  %s: %s\n", l.Severity, report.Clean(l.place()), l.Code, report.Clean(l.Message))
		fmt.Fprintf(&b, "           fix: %s\n", report.Clean(l.Fix))
	}
	if len(r.Findings) > 0 {
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%s looked at", plural(r.Policies, "policy", "policies"))
	for _, s := range merlon.Severities() {
		if counts[s] > 0 {
			fmt.Fprintf(&b, ", %d %s", counts[s], s)
		}
	}
	if len(r.Findings) == 0 {
		b.WriteString(", nothing found")
	}
	if r.Hidden > 0 {
		fmt.Fprintf(&b, "; %d less severe not listed (--severity)", r.Hidden)
	}
	if r.Unread > 0 {
		fmt.Fprintf(&b, "; %d could not be read", r.Unread)
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func lintJSON(w io.Writer, r *lintResult) error {
	if r.Findings == nil {
		r.Findings = []lintLine{}
	}
	return writeJSONLine(w, r)
}

func lintLines(w io.Writer, r *lintResult) error {
	for i := range r.Findings {
		if err := writeJSONLine(w, &r.Findings[i]); err != nil {
			return err
		}
	}
	return nil
}

func writeJSONLine(w io.Writer, v any) error {
	b, err := report.JSON(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// lintSARIF writes SARIF 2.1.0
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, read 2026-11-24).
func lintSARIF(w io.Writer, r *lintResult) error {
	type object = map[string]any
	rules := []object{}
	for _, rule := range iam.LintRules() {
		o := object{"id": rule.Code, "shortDescription": object{"text": rule.Title}, "fullDescription": object{"text": rule.Why},
			"help": object{"text": rule.Fix}, "defaultConfiguration": object{"level": report.SARIFLevel(rule.Severity)}}
		if rule.Source != "" {
			o["helpUri"] = rule.Source
		}
		rules = append(rules, o)
	}
	results := []object{}
	for i := range r.Findings {
		l := &r.Findings[i]
		u := url.URL{Path: filepath.ToSlash(l.Policy)}
		if !l.file {
			u = url.URL{Scheme: "merlon", Path: "/" + strings.TrimPrefix(l.Policy, "/")}
		}
		physical := object{"artifactLocation": object{"uri": u.String()}}
		if l.file {
			physical["region"] = object{"startLine": l.Line, "startColumn": l.Column}
		}
		results = append(results, object{"ruleId": l.Code, "level": report.SARIFLevel(l.Severity), "message": object{"text": l.Message},
			"locations": []object{{"physicalLocation": physical, "logicalLocations": []object{{"fullyQualifiedName": l.Policy + l.Part + l.Pointer}}}}})
	}
	return writeJSONLine(w, object{"$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", "version": "2.1.0",
		"runs": []object{{"tool": object{"driver": object{"name": "Merlon", "version": version, "rules": rules}}, "columnKind": "unicodeCodePoints", "results": results}}})
}
