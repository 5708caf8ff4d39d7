package report

import "merlon.dev/merlon"

// Count adds n verdicts that were not handed over as findings: the passed ones
// of a large account, for example, which nobody asked to see one by one.
func (o *Output) Count(control string, account merlon.AccountID, severity merlon.Severity, v merlon.Verdict, n int) {
	if n == 0 {
		return
	}
	t := Tally{}
	switch v {
	case merlon.Fail:
		t.Fail = n
	case merlon.Pass:
		t.Pass = n
	case merlon.NotApplicable:
		t.NotApplicable = n
	default:
		t.Unknown = n
	}
	o.counter.addTally(cellKey{control, account, severity}, t)
}

func (c *counter) addTally(key cellKey, t Tally) {
	cell := c.cells[key]
	if cell == nil {
		cell = new(Tally)
		c.cells[key] = cell
	}
	cell.add(t)
}
