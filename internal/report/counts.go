package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/posture"
)

// Tally is a number of findings by verdict. An excepted finding counts in
// Excepted alone, whatever its verdict.
type Tally struct {
	Fail          int `json:"fail"`
	Unknown       int `json:"unknown"`
	Pass          int `json:"pass"`
	NotApplicable int `json:"not-applicable"`
	Excepted      int `json:"excepted"`
	// Known is how many of Fail and Unknown a baseline already holds, OutOfScope
	// how many of Unknown no call of this scan could have settled.
	Known      int `json:"known"`
	OutOfScope int `json:"outOfScope"`
}

// Judged is the number of verdicts in the tally, excepted ones included.
func (t Tally) Judged() int { return t.Fail + t.Unknown + t.Pass + t.NotApplicable + t.Excepted }

func (t *Tally) add(u Tally) {
	t.Fail += u.Fail
	t.Unknown += u.Unknown
	t.Pass += u.Pass
	t.NotApplicable += u.NotApplicable
	t.Excepted += u.Excepted
	t.Known += u.Known
	t.OutOfScope += u.OutOfScope
}

func (t *Tally) count(f *merlon.Finding) {
	if f.Excepted != nil {
		t.Excepted++
		return
	}
	switch f.Verdict {
	case merlon.Fail:
		t.Fail++
	case merlon.Pass:
		t.Pass++
	case merlon.NotApplicable:
		t.NotApplicable++
	default:
		// A verdict that is none of the four is not known to be good.
		t.Unknown++
		if f.OutOfScope {
			t.OutOfScope++
		}
	}
	if f.Known && f.Verdict != merlon.Pass && f.Verdict != merlon.NotApplicable {
		t.Known++
	}
}

// Cell is the tally of one control in one account at one severity.
type Cell struct {
	Control  string
	Account  merlon.AccountID
	Area     merlon.Area
	Severity merlon.Severity
	// Frameworks are the frameworks that the control serves, each once.
	Frameworks []string
	Tally
}

// Counts are the cells of a scan, sorted by control, account and severity;
// every other number in a report is a sum of them.
type Counts []Cell

// Total is the sum of all cells.
func (c Counts) Total() Tally {
	var t Tally
	for i := range c {
		t.add(c[i].Tally)
	}
	return t
}

// By sums the cells under the keys that key gives each of them. A cell with two
// keys counts under both, one without a key under none.
func (c Counts) By(key func(*Cell) []string) map[string]Tally {
	sums := map[string]Tally{}
	for i := range c {
		for _, k := range key(&c[i]) {
			t := sums[k]
			t.add(c[i].Tally)
			sums[k] = t
		}
	}
	return sums
}

// The keys that reports sum by.
func bySeverity(c *Cell) []string  { return []string{string(c.Severity)} }
func byArea(c *Cell) []string      { return []string{string(c.Area)} }
func byAccount(c *Cell) []string   { return []string{string(c.Account)} }
func byControl(c *Cell) []string   { return []string{c.Control} }
func byFramework(c *Cell) []string { return c.Frameworks }
func byAreaSeverity(c *Cell) []string {
	return []string{string(c.Area) + "/" + string(c.Severity)}
}

// counter tallies findings as they pass.
type counter struct {
	controls map[string]*posture.Control
	cells    map[cellKey]*Tally
	// last is the cell of the finding before: they come in runs.
	lastKey cellKey
	last    *Tally
}

type cellKey struct {
	control  string
	account  merlon.AccountID
	severity merlon.Severity
}

func newCounter(controls map[string]*posture.Control) *counter {
	return &counter{controls: controls, cells: map[cellKey]*Tally{}}
}

func (c *counter) add(f *merlon.Finding) {
	key := cellKey{f.Control, f.Account, f.Severity}
	if c.last == nil || key != c.lastKey {
		t := c.cells[key]
		if t == nil {
			t = new(Tally)
			c.cells[key] = t
		}
		c.lastKey, c.last = key, t
	}
	c.last.count(f)
}

func (c *counter) counts() Counts {
	out := make(Counts, 0, len(c.cells))
	for key, t := range c.cells {
		cell := Cell{Control: key.control, Account: key.account, Severity: key.severity, Tally: *t}
		if ctl := c.controls[key.control]; ctl != nil {
			cell.Area, cell.Frameworks = ctl.Area, frameworksOf(ctl)
		}
		out = append(out, cell)
	}
	slices.SortFunc(out, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(a.Control, b.Control), cmp.Compare(a.Account, b.Account),
			cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Severity, b.Severity))
	})
	return out
}

// frameworksOf are the frameworks of a control's requirements, sorted, each once.
func frameworksOf(c *posture.Control) []string {
	set := map[string]bool{}
	for _, r := range c.Requirements {
		name, _, _ := strings.Cut(r, "/")
		set[name] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// worstControl is a control with what it found, as the lists of "fix first" need it.
type worstControl struct {
	ID       string
	Severity merlon.Severity
	Tally    Tally
	Accounts int
}

// worst lists the controls with failures, worst severity first, then the one
// with the most failures, then by id.
func (c Counts) worst() []worstControl {
	byID := map[string]*worstControl{}
	accounts := map[[2]string]bool{}
	for i := range c {
		cell := &c[i]
		if cell.Fail == 0 {
			continue
		}
		w := byID[cell.Control]
		if w == nil {
			w = &worstControl{ID: cell.Control, Severity: cell.Severity}
			byID[cell.Control] = w
		}
		if cell.Severity.Rank() < w.Severity.Rank() {
			w.Severity = cell.Severity
		}
		w.Tally.add(cell.Tally)
		if k := [2]string{cell.Control, string(cell.Account)}; !accounts[k] {
			accounts[k] = true
			w.Accounts++
		}
	}
	out := make([]worstControl, 0, len(byID))
	for _, w := range byID {
		out = append(out, *w)
	}
	slices.SortFunc(out, func(a, b worstControl) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()),
			cmp.Compare(b.Tally.Fail, a.Tally.Fail), cmp.Compare(a.ID, b.ID))
	})
	return out
}
