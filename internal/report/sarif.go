package report

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/posture"
)

// sarifLog writes one SARIF log with one run. The rules come first, since the
// controls are known before the findings; the invocation comes last.
//
// Properties: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
// (read 2026-11-24); "security-severity" is what code hosts sort by:
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
// (read 2026-11-24).
type sarifLog struct {
	w     io.Writer
	rules map[string]int
	first bool
	records
}

func newSARIF(w io.Writer, _ Config) Writer { return &sarifLog{w: w} }

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type sarifRule struct {
	ID               string             `json:"id"`
	ShortDescription sarifText          `json:"shortDescription"`
	FullDescription  sarifText          `json:"fullDescription"`
	Help             sarifText          `json:"help"`
	HelpURI          string             `json:"helpUri,omitempty"`
	Default          sarifConfiguration `json:"defaultConfiguration"`
	Properties       sarifRuleBag       `json:"properties"`
}

type sarifConfiguration struct {
	Level string `json:"level"`
}

type sarifRuleBag struct {
	Tags             []string        `json:"tags"`
	SecuritySeverity string          `json:"security-severity"`
	Severity         merlon.Severity `json:"severity"`
	Resource         string          `json:"resource"`
	Requirements     []string        `json:"requirements"`
	Aliases          []string        `json:"aliases"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    *int               `json:"ruleIndex,omitempty"`
	Kind         string             `json:"kind"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	Properties   sarifResultBag     `json:"properties"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations"`
}

type sarifPhysical struct {
	Artifact struct {
		URI string `json:"uri"`
	} `json:"artifactLocation"`
	Region *sarifRegion `json:"region,omitempty"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

type sarifLogical struct {
	Name string `json:"name,omitempty"`
	Full string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification,omitempty"`
}

type sarifResultBag struct {
	Verdict   merlon.Verdict   `json:"verdict"`
	Severity  merlon.Severity  `json:"severity"`
	Type      string           `json:"type"`
	Account   merlon.AccountID `json:"account"`
	Region    merlon.Region    `json:"region"`
	Evidence  []evidence       `json:"evidence"`
	Gaps      []gap            `json:"gaps"`
	Reasons   []string         `json:"reasons,omitempty"`
	Exception *exception       `json:"exception,omitempty"`
	Known     bool             `json:"known"`
}

type sarifNotification struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Start         string              `json:"startTimeUtc,omitempty"`
	End           string              `json:"endTimeUtc,omitempty"`
	Notifications []sarifNotification `json:"toolExecutionNotifications"`
}

func (s *sarifLog) Begin(run *Run) error {
	s.records, s.first, s.rules = newRecords(run), true, map[string]int{}
	ids := sortedKeys(run.Controls)
	rules := make([]sarifRule, 0, len(ids))
	for i, id := range ids {
		s.rules[id] = i
		rules = append(rules, rule(id, run.Controls[id]))
	}
	type driver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	b, err := jsonText(driver{"Merlon", run.Version, rules})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.w, `{"$schema":"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":%s},"results":[`, b)
	return err
}

// rule is a control with its help in text and Markdown.
func rule(id string, c *posture.Control) sarifRule {
	text := strings.TrimSpace(c.Fix.Text)
	md := mdText(c.Title) + "\n\n" + mdText(strings.TrimSpace(c.Why)) + "\n\n**Fix:** " + mdText(text) + "\n"
	for _, f := range fixForms(c.Fix) {
		text += "\n\n" + f.name + ":\n" + f.text
		md += "\n" + f.name + ":\n\n" + mdBlock(f.text, f.language)
	}
	r := sarifRule{
		ID: id, ShortDescription: sarifText{Text: orSpace(c.Title)}, FullDescription: sarifText{Text: cmpOr(strings.TrimSpace(c.Why), orSpace(c.Title))},
		Help: sarifText{orSpace(text), md}, Default: sarifConfiguration{SARIFLevel(c.Severity)},
		Properties: sarifRuleBag{
			Tags: append([]string{"security", string(c.Area)}, frameworksOf(c)...), SecuritySeverity: securitySeverity(c.Severity),
			Severity: c.Severity, Resource: c.Resource, Requirements: append([]string{}, c.Requirements...), Aliases: append([]string{}, c.Aliases...),
		},
	}
	if strings.HasPrefix(c.Source.URL, "https://") {
		if u, err := url.Parse(c.Source.URL); err == nil {
			r.HelpURI = u.String()
		}
	}
	return r
}

// orSpace keeps a text that the schema wants from being empty.
func orSpace(s string) string { return cmpOr(s, "-") }

type fixForm struct{ name, language, text string }

// fixForms are the forms of a repair that there are, besides its text.
func fixForms(f posture.Fix) []fixForm {
	var out []fixForm
	for _, form := range []fixForm{{"AWS CLI", "sh", f.CLI}, {"Terraform", "hcl", f.Terraform}, {"CloudFormation", "yaml", f.CloudFormation}} {
		if strings.TrimSpace(form.text) != "" {
			out = append(out, form)
		}
	}
	return out
}

// SARIFLevel is the level of SARIF 2.1.0 for a severity: error, warning or note.
func SARIFLevel(s merlon.Severity) string {
	switch s {
	case merlon.Critical, merlon.High:
		return "error"
	case merlon.Medium:
		return "warning"
	}
	return "note"
}

// securitySeverity is a number in the band of the word: over 9.0 critical, 7.0
// to 8.9 high, 4.0 to 6.9 medium, below that low.
func securitySeverity(s merlon.Severity) string {
	switch s {
	case merlon.Critical:
		return "9.5"
	case merlon.High:
		return "8.0"
	case merlon.Medium:
		return "5.5"
	case merlon.Low:
		return "2.0"
	}
	return "0.0"
}

// sarifKind is the result's kind: "open" is what SARIF calls a rule that had too
// little information to decide (3.27.9).
func sarifKind(v merlon.Verdict) string {
	switch v {
	case merlon.Fail:
		return "fail"
	case merlon.Pass:
		return "pass"
	case merlon.NotApplicable:
		return "notApplicable"
	}
	return "open"
}

func (s *sarifLog) Finding(f *merlon.Finding) error {
	r := s.of(f)
	res := sarifResult{
		RuleID: f.Control, Kind: sarifKind(f.Verdict), Level: "none", Message: sarifText{Text: cmpOr(f.Message, s.run.control(f.Control).Title, f.Control, "-")},
		Fingerprints: map[string]string{"merlon/v1": f.ID},
		Properties:   sarifResultBag{f.Verdict, f.Severity, f.Type, f.Account, f.Region, r.Evidence, r.Gaps, f.Reasons, r.Exception, f.Known},
	}
	// A level other than none is for failures alone (3.27.10).
	if f.Verdict == merlon.Fail {
		res.Level = SARIFLevel(f.Severity)
	}
	if i, ok := s.rules[f.Control]; ok {
		res.RuleIndex = &i
	}
	loc := sarifLocation{Logical: []sarifLogical{{f.Name, f.Resource, "resource"}}}
	loc.Physical.Artifact.URI = s.uri(f)
	if len(s.run.Scope.Templates) == 1 {
		loc.Physical.Region = &sarifRegion{1}
	}
	res.Locations = []sarifLocation{loc}
	if f.Excepted != nil {
		text := f.Excepted.Reason
		if f.Excepted.Owner != "" {
			text += " (" + f.Excepted.Owner + ", until " + cmpOr(day(f.Excepted.Until), "no date") + ")"
		}
		res.Suppressions = []sarifSuppression{{"external", "accepted", text}}
	}
	b, err := jsonText(res)
	if err != nil {
		return err
	}
	sep := ",\n"
	if s.first {
		sep, s.first = "\n", false
	}
	_, err = s.w.Write(append([]byte(sep), b...))
	return err
}

// uri is the template for what comes from one alone, else the resource's ARN, which is
// a URI once its odd characters are escaped, else a path of our own.
func (s *sarifLog) uri(f *merlon.Finding) string {
	if t := s.run.Scope.Templates; len(t) == 1 {
		u := url.URL{Path: filepath.ToSlash(t[0])}
		if filepath.IsAbs(t[0]) {
			u.Scheme = "file"
		}
		return u.String()
	}
	text := strings.ToValidUTF8(f.Resource, "\ufffd")
	if !strings.HasPrefix(text, "arn:") {
		text = "merlon:" + text
	}
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~:/@", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func (s *sarifLog) End(sum *Summary) error {
	inv := sarifInvocation{Successful: !sum.Interrupted, Notifications: []sarifNotification{}}
	if !s.run.Started.IsZero() {
		inv.Start = s.run.Started.UTC().Format(time.RFC3339)
	}
	if !sum.Finished.IsZero() {
		inv.End = sum.Finished.UTC().Format(time.RFC3339)
	}
	for i := range s.run.Gaps {
		g := &s.run.Gaps[i]
		text := g.Text()
		if len(g.Actions) > 0 {
			text += "; needs " + strings.Join(g.Actions, ", ")
		}
		if g.Accepted != "" {
			text += "; accepted by " + g.Accepted
		}
		inv.Notifications = append(inv.Notifications, sarifNotification{"warning", sarifText{Text: text}})
	}
	for _, w := range sum.Warnings {
		inv.Notifications = append(inv.Notifications, sarifNotification{"warning", sarifText{Text: orSpace(w)}})
	}
	bag := struct {
		Total        Tally `json:"total"`
		AcceptedGaps int   `json:"acceptedGaps"`
	}{sum.Counts.Total(), s.run.acceptedGaps()}
	b, err := jsonText(inv)
	if err != nil {
		return err
	}
	p, err := jsonText(bag)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.w, "\n],\"invocations\":[%s],\"properties\":%s}]}\n", b, p)
	return err
}
