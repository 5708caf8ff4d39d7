package report

import (
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/posture"
)

// Writer is one report that is being written. The calls come in this order and
// from one goroutine: Begin once, Finding for each finding to be shown, End once.
// An error of any of them ends the report; nothing more may be called then.
//
// Writers keep the order in which findings arrive, save those that group them
// (terminal, markdown). None of them keeps a *merlon.Finding after Finding
// returns, nor the slices in it.
type Writer interface {
	Begin(*Run) error
	Finding(*merlon.Finding) error
	End(*Summary) error
}

// Run says what a scan looked at; it is complete before the first finding.
// A Run is not changed by writers.
type Run struct {
	// Version is Merlon's own, for example "0.3.0".
	Version string
	Started time.Time
	Scope   Scope
	// Controls are those that were run, by id. Findings of a control that is
	// not among them are shown with what they carry themselves.
	Controls map[string]*posture.Control
	// Gaps are all gaps of the snapshot; findings refer to them by [merlon.Gap.Key].
	Gaps []merlon.Gap
	// Frameworks are titles by framework id ("cis-7.0") and Requirements titles
	// by requirement ("cis-7.0/2.1.4"). Both may lack entries, or be nil.
	Frameworks   map[string]string
	Requirements map[string]string
}

// Scope is what was asked for.
type Scope struct {
	// Source is "live", "awscli" or "template", as snapshots call it.
	Source string
	// Path is the snapshot that the findings come from, or the folder or
	// templates that were read; it may be empty.
	Path string
	// Templates are the template files that were read.
	Templates []string
	Accounts  []Account
	Regions   []merlon.Region
	// Services are those the scan was narrowed to; empty means all.
	Services []string
}

// Account is an account in scope with the name the organization gives it,
// which may be empty.
type Account struct {
	ID   merlon.AccountID `json:"id"`
	Name string           `json:"name,omitempty"`
}

// Summary is what is known when the last finding has been judged.
type Summary struct {
	Finished time.Time
	// Counts covers every verdict, also those that are not shown one by one.
	// [Output.End] fills it in.
	Counts Counts
	// Resources is the number of resources by type.
	Resources map[string]int
	// Calls is what was asked of AWS by service; empty for a scan of a file.
	Calls map[string]Calls
	// Warnings are sentences for a person: an exception past its date, an
	// account that could not be entered.
	Warnings []string
	// Interrupted is true where the scan was stopped before it had read everything.
	Interrupted bool
}

// Calls counts requests to one AWS service.
type Calls struct {
	Calls     int `json:"calls"`
	Retries   int `json:"retries,omitempty"`
	Throttles int `json:"throttles,omitempty"`
}

// control is the metadata of a finding's control; what is missing is empty.
func (r *Run) control(id string) *posture.Control {
	if c := r.Controls[id]; c != nil {
		return c
	}
	return &posture.Control{ID: id, Title: id}
}

// accountNames are the names of the accounts that have one.
func (r *Run) accountNames() map[merlon.AccountID]string {
	names := make(map[merlon.AccountID]string, len(r.Scope.Accounts))
	for _, a := range r.Scope.Accounts {
		if a.Name != "" {
			names[a.ID] = a.Name
		}
	}
	return names
}

// gapsByKey is the gaps as findings refer to them.
func (r *Run) gapsByKey() map[string]*merlon.Gap {
	m := make(map[string]*merlon.Gap, len(r.Gaps))
	for i := range r.Gaps {
		m[r.Gaps[i].Key()] = &r.Gaps[i]
	}
	return m
}

// acceptedGaps counts the gaps that somebody accepted.
func (r *Run) acceptedGaps() int {
	n := 0
	for i := range r.Gaps {
		if r.Gaps[i].Accepted != "" {
			n++
		}
	}
	return n
}
