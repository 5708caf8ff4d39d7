package report

import (
	"io"
	"strings"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/posture"
)

// document writes one JSON object: the run, its controls once each, the findings
// one a line, and the summary last, so that it need not be held in memory.
type document struct {
	w     io.Writer
	first bool
	records
}

func newDocument(w io.Writer, _ Config) Writer { return &document{w: w} }

// documentControl is what the document says of a control.
type documentControl struct {
	Title        string          `json:"title"`
	Area         merlon.Area     `json:"area"`
	Severity     merlon.Severity `json:"severity"`
	Resource     string          `json:"resource"`
	Why          string          `json:"why"`
	Fix          posture.Fix     `json:"fix"`
	Requirements []string        `json:"requirements"`
	Aliases      []string        `json:"aliases"`
	Source       posture.Source  `json:"source"`
}

type documentScope struct {
	Source   string          `json:"source"`
	Path     string          `json:"path,omitempty"`
	Accounts []Account       `json:"accounts"`
	Regions  []merlon.Region `json:"regions"`
	Services []string        `json:"services,omitempty"`
}

// documentSummary is the summary with the sums that readers ask for.
type documentSummary struct {
	Finished     time.Time        `json:"finished,omitzero"`
	Interrupted  bool             `json:"interrupted"`
	Total        Tally            `json:"total"`
	Severity     map[string]Tally `json:"severity"`
	Area         map[string]Tally `json:"area"`
	Account      map[string]Tally `json:"account"`
	Framework    map[string]Tally `json:"framework"`
	Control      map[string]Tally `json:"control"`
	AcceptedGaps int              `json:"acceptedGaps"`
	Resources    map[string]int   `json:"resources"`
	Calls        map[string]Calls `json:"calls"`
	Warnings     []string         `json:"warnings"`
}

func (d *document) Begin(run *Run) error {
	d.records, d.first = newRecords(run), true
	controls := make(map[string]documentControl, len(run.Controls))
	for id, c := range run.Controls {
		controls[id] = documentControl{c.Title, c.Area, c.Severity, c.Resource, c.Why, c.Fix,
			append([]string{}, c.Requirements...), append([]string{}, c.Aliases...), c.Source}
	}
	head := struct {
		Version      string                     `json:"version"`
		Started      time.Time                  `json:"started,omitzero"`
		Scope        documentScope              `json:"scope"`
		Frameworks   map[string]string          `json:"frameworks,omitempty"`
		Requirements map[string]string          `json:"requirements,omitempty"`
		Controls     map[string]documentControl `json:"controls"`
		Gaps         []merlon.Gap               `json:"gaps"`
	}{
		run.Version, run.Started.UTC(),
		documentScope{run.Scope.Source, run.Scope.Path, append([]Account{}, run.Scope.Accounts...),
			append([]merlon.Region{}, run.Scope.Regions...), run.Scope.Services},
		run.Frameworks, run.Requirements, controls, append([]merlon.Gap{}, run.Gaps...),
	}
	b, err := jsonText(head)
	if err != nil {
		return err
	}
	// The object stays open for the findings.
	_, err = io.WriteString(d.w, strings.TrimSuffix(string(b), "}")+`,"findings":[`)
	return err
}

func (d *document) Finding(f *merlon.Finding) error {
	b, err := jsonText(d.of(f))
	if err != nil {
		return err
	}
	sep := ",\n"
	if d.first {
		sep, d.first = "\n", false
	}
	_, err = d.w.Write(append([]byte(sep), b...))
	return err
}

func (d *document) End(s *Summary) error {
	sum := documentSummary{
		Finished: s.Finished.UTC(), Interrupted: s.Interrupted, Total: s.Counts.Total(),
		Severity: s.Counts.By(bySeverity), Area: s.Counts.By(byArea), Account: s.Counts.By(byAccount),
		Framework: s.Counts.By(byFramework), Control: s.Counts.By(byControl),
		AcceptedGaps: d.run.acceptedGaps(), Resources: s.Resources, Calls: s.Calls,
		Warnings: append([]string{}, s.Warnings...),
	}
	if sum.Resources == nil {
		sum.Resources = map[string]int{}
	}
	if sum.Calls == nil {
		sum.Calls = map[string]Calls{}
	}
	b, err := jsonText(sum)
	if err != nil {
		return err
	}
	_, err = d.w.Write(append(append([]byte("\n],\"summary\":"), b...), '}', '\n'))
	return err
}
