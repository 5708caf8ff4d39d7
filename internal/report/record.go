package report

import (
	"encoding/json"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/posture"
)

// record is a finding as JSON Lines and JSON carry it.
type record struct {
	ID       string           `json:"id"`
	Control  string           `json:"control"`
	Aliases  []string         `json:"aliases"`
	Resource string           `json:"resource"`
	Type     string           `json:"type"`
	Account  merlon.AccountID `json:"account"`
	Region   merlon.Region    `json:"region"`
	Verdict  merlon.Verdict   `json:"verdict"`
	Severity merlon.Severity  `json:"severity"`
	Message  string           `json:"message"`
	Evidence []evidence       `json:"evidence"`
	Gaps     []gap            `json:"gaps"`

	Name         string       `json:"name,omitempty"`
	Title        string       `json:"title,omitempty"`
	Area         merlon.Area  `json:"area,omitempty"`
	Fix          *posture.Fix `json:"fix,omitempty"`
	Requirements []string     `json:"requirements,omitempty"`
	Exception    *exception   `json:"exception,omitempty"`
	Reasons      []string     `json:"reasons,omitempty"`
	OutOfScope   bool         `json:"outOfScope,omitempty"`
	Known        bool         `json:"known,omitempty"`
}

type evidence struct {
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
	Call  string          `json:"call,omitempty"`
	At    time.Time       `json:"at,omitzero"`
}

// gap is what a reader needs of a Gap beside a finding; the whole of it stands
// in the JSON document's own list.
type gap struct {
	Call    string       `json:"call"`
	Cause   merlon.Cause `json:"cause"`
	Actions []string     `json:"actions"`
}

// exception is a merlon.Exception whose end is a day.
type exception struct {
	Control  string `json:"control"`
	Resource string `json:"resource"`
	Owner    string `json:"owner"`
	Reason   string `json:"reason"`
	Until    string `json:"until,omitempty"`
}

// records makes records of findings.
type records struct {
	run  *Run
	gaps map[string]*merlon.Gap
}

func newRecords(run *Run) records { return records{run, run.gapsByKey()} }

// of is the record of a finding without what its control says.
func (rs records) of(f *merlon.Finding) record {
	r := record{
		ID: f.ID, Control: f.Control, Aliases: append([]string{}, rs.run.control(f.Control).Aliases...), Resource: f.Resource, Type: f.Type,
		Account: f.Account, Region: f.Region, Verdict: f.Verdict, Severity: f.Severity,
		Message: f.Message, Evidence: make([]evidence, 0, len(f.Evidence)), Gaps: make([]gap, 0, len(f.Gaps)),
		Name: f.Name, Reasons: f.Reasons, OutOfScope: f.OutOfScope, Known: f.Known,
		Exception: exceptionOf(f.Excepted),
	}
	for _, e := range f.Evidence {
		r.Evidence = append(r.Evidence, evidence{e.Path, jsonValue(e.Value), e.Call, e.At.UTC()})
	}
	for _, key := range f.Gaps {
		g := rs.gaps[key]
		if g == nil {
			// A key without its gap still says that something is missing.
			g = &merlon.Gap{Call: key}
		}
		r.Gaps = append(r.Gaps, gap{g.Call, g.Cause, append([]string{}, g.Actions...)})
	}
	return r
}

// whole is the record of a finding with what its control says.
func (rs records) whole(f *merlon.Finding) record {
	r := rs.of(f)
	c := rs.run.Controls[f.Control]
	if c == nil {
		return r
	}
	r.Title, r.Area, r.Requirements, r.Fix = c.Title, c.Area, c.Requirements, &c.Fix
	return r
}

func exceptionOf(e *merlon.Exception) *exception {
	if e == nil {
		return nil
	}
	return &exception{e.Control, e.Resource, e.Owner, e.Reason, day(e.Until)}
}

// day is a date as YYYY-MM-DD, empty for the zero time.
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}
