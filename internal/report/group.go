package report

import (
	"cmp"
	"slices"

	"merlon.dev/merlon"
)

// groups gathers findings by control and account for the reports that are read
// from top to bottom. With a limit it keeps that many findings of each control
// in each account, the same ones in whatever order they arrive, so that its
// memory does not grow with the account.
type groups struct {
	limit     int
	byControl map[string]*group
}

type group struct {
	control  string
	severity merlon.Severity // the worst that failed, else the worst
	tally    Tally
	accounts map[merlon.AccountID]*accountGroup
}

type accountGroup struct {
	account merlon.AccountID
	tally   Tally
	list    []entry
}

// entry is what a list shows of a finding, escaped.
type entry struct {
	id, resource, name, region, message string
	verdict                             merlon.Verdict
	severity                            merlon.Severity
	known, outOfScope                   bool
	reasons                             []string
}

func newGroups(limit int) *groups {
	return &groups{limit, map[string]*group{}}
}

func (gs *groups) add(f *merlon.Finding) {
	g := gs.byControl[f.Control]
	if g == nil {
		g = &group{control: f.Control, severity: f.Severity, accounts: map[merlon.AccountID]*accountGroup{}}
		gs.byControl[f.Control] = g
	}
	a := g.accounts[f.Account]
	if a == nil {
		a = &accountGroup{account: f.Account}
		g.accounts[f.Account] = a
	}
	fails := g.tally.Fail
	g.tally.count(f)
	a.tally.count(f)
	// The first failure settles the severity anew: an unknown's counts for less.
	if first := fails == 0 && g.tally.Fail == 1; first || f.Severity.Rank() < g.severity.Rank() && (g.tally.Fail > fails || fails == 0) {
		g.severity = f.Severity
	}
	if f.Excepted != nil {
		return
	}
	e := entry{
		id: Clean(f.ID), resource: Clean(f.Resource), name: Clean(f.Name), region: Clean(string(f.Region)),
		message: Clean(f.Message), verdict: f.Verdict, severity: f.Severity, known: f.Known, outOfScope: f.OutOfScope,
	}
	if f.Verdict == merlon.UnknownResult {
		for _, r := range f.Reasons {
			e.reasons = append(e.reasons, Clean(r))
		}
	}
	at, _ := slices.BinarySearchFunc(a.list, e, compareEntries)
	if gs.limit > 0 && at >= gs.limit {
		return
	}
	a.list = slices.Insert(a.list, at, e)
	if gs.limit > 0 && len(a.list) > gs.limit {
		a.list = a.list[:gs.limit]
	}
}

// order is the place of a verdict in a list.
func order(v merlon.Verdict) int {
	switch v {
	case merlon.Fail:
		return 0
	case merlon.Pass:
		return 2
	case merlon.NotApplicable:
		return 3
	}
	return 1
}

func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(order(a.verdict), order(b.verdict)), cmp.Compare(a.severity.Rank(), b.severity.Rank()),
		cmp.Compare(a.resource, b.resource), cmp.Compare(a.region, b.region), cmp.Compare(a.id, b.id))
}

// sorted lists the groups that keep admits: those with failures first, worst
// first, then by number and id.
func (gs *groups) sorted(keep func(*group) bool) []*group {
	var out []*group
	for _, g := range gs.byControl {
		if keep(g) {
			out = append(out, g)
		}
	}
	slices.SortFunc(out, func(a, b *group) int {
		return cmp.Or(
			cmp.Compare(b2i(a.tally.Fail == 0), b2i(b.tally.Fail == 0)),
			cmp.Compare(a.severity.Rank(), b.severity.Rank()),
			cmp.Compare(b.tally.Fail, a.tally.Fail),
			cmp.Compare(b.tally.Unknown, a.tally.Unknown),
			cmp.Compare(a.control, b.control))
	})
	return out
}

// sorted lists the accounts with most failures first.
func (g *group) sorted() []*accountGroup {
	var out []*accountGroup
	for _, a := range g.accounts {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *accountGroup) int {
		return cmp.Or(cmp.Compare(b.tally.Fail, a.tally.Fail), cmp.Compare(b.tally.Unknown, a.tally.Unknown), cmp.Compare(a.account, b.account))
	})
	return out
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// missing is the gaps that have one call and cause in common.
type missing struct {
	Call     string
	Cause    merlon.Cause
	Gaps     int
	Accepted int
	Accounts []merlon.AccountID
	Regions  []merlon.Region
	Actions  []string
	// First is one of them, for its words.
	First *merlon.Gap
}

// missingCalls gathers gaps by call and cause, most first.
func missingCalls(gaps []merlon.Gap) []missing {
	type key struct {
		call  string
		cause merlon.Cause
	}
	index := map[key]int{}
	var out []missing
	for i := range gaps {
		g := &gaps[i]
		k := key{g.Call, g.Cause}
		at, ok := index[k]
		if !ok {
			at = len(out)
			index[k] = at
			out = append(out, missing{Call: g.Call, Cause: g.Cause, First: g})
		}
		m := &out[at]
		m.Gaps++
		m.Accepted += b2i(g.Accepted != "")
		m.Accounts = insert(m.Accounts, g.Account)
		m.Regions = insert(m.Regions, g.Region)
		for _, a := range g.Actions {
			m.Actions = insert(m.Actions, a)
		}
	}
	slices.SortFunc(out, func(a, b missing) int {
		return cmp.Or(cmp.Compare(b.Gaps-b.Accepted, a.Gaps-a.Accepted), cmp.Compare(a.Call, b.Call), cmp.Compare(a.Cause, b.Cause))
	})
	return out
}

// insert puts v into a sorted list without repeats; the empty word is left out.
func insert[S ~string](list []S, v S) []S {
	if v == "" {
		return list
	}
	at, found := slices.BinarySearch(list, v)
	if found {
		return list
	}
	return slices.Insert(list, at, v)
}
