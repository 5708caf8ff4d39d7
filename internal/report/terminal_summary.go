package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"merlon.dev/merlon"
)

// summary prints the numbers: areas by severity, then what was set aside, then
// what the scan took.
func (t *terminal) summary(s *Summary) {
	t.rule("Summary")
	p := &t.page
	total := s.Counts.Total()
	t.matrix(s)
	p.println()
	if total.Judged() == 0 {
		p.wrapped(0, "", 0, yellow, "No control judged anything: nothing in scope, or nothing could be read.")
	} else if total.Fail == 0 && total.Unknown > 0 {
		p.wrapped(0, "", 0, yellow, "Nothing failed in what could be judged; "+number(total.Unknown)+" verdicts are unknown.")
	} else if total.Fail == 0 {
		p.wrapped(0, "", 0, green, "Nothing failed.")
	}
	t.byAccount(s)
	aside := []struct {
		n    int
		text string
	}{
		{total.Excepted, "excepted by merlon.yaml"},
		{total.Known, "known from the baseline"},
		{total.OutOfScope, "unknown because it was out of scope"},
		{total.NotApplicable, "not applicable"},
	}
	var words []string
	for _, a := range aside {
		if a.n > 0 {
			words = append(words, number(a.n)+" "+a.text)
		}
	}
	if n := t.run.acceptedGaps(); n > 0 {
		words = append(words, plural(n, "accepted gap"))
	}
	if len(words) > 0 {
		p.wrapped(0, "", 0, dim, strings.Join(words, " · "))
	}
	t.calls(s)
	for _, w := range s.Warnings {
		p.wrapped(2, p.paint(yellow, "!"), 1, plain, Clean(w))
	}
}

// matrix prints the failures by area and severity, with the unknown and passed beside.
func (t *terminal) matrix(s *Summary) {
	p := &t.page
	cells, areas := s.Counts.By(byAreaSeverity), s.Counts.By(byArea)
	width, heads := 10, []string{"critical", "high", "medium", "low", "info", "unknown", "passed"}
	if t.narrow() {
		width, heads = 6, []string{"crit", "high", "med", "low", "info", "unkn", "pass"}
	}
	const label = 17
	line := strings.Repeat(" ", label)
	for _, h := range heads {
		line += padLeft(h, width)
	}
	p.println(p.paint(dim, line))
	row := func(name string, fails [5]int, a Tally, weight style) {
		cols := []string{p.paint(weight, pad(elide(name, label), label))}
		for i, sev := range merlon.Severities() {
			st := severityStyle(sev)
			if sev == merlon.Critical {
				st = boldRed
			}
			if fails[i] == 0 {
				st = dim
			}
			cols = append(cols, p.paint(st, padLeft(short(fails[i], width), width)))
		}
		st := yellow
		if a.Unknown == 0 {
			st = dim
		}
		cols = append(cols, p.paint(st, padLeft(short(a.Unknown, width), width)), p.paint(dim, padLeft(short(a.Pass, width), width)))
		p.println(cols...)
	}
	names := []string{}
	for _, a := range merlon.Areas() {
		names = append(names, string(a))
	}
	for _, a := range sortedKeys(areas) {
		if !slices.Contains(names, a) {
			names = append(names, a)
		}
	}
	var totals [5]int
	for _, name := range names {
		var fails [5]int
		for i, sev := range merlon.Severities() {
			fails[i] = cells[name+"/"+string(sev)].Fail
			totals[i] += fails[i]
		}
		shown := Clean(name)
		if name == "" {
			shown = "other"
		}
		row(shown, fails, areas[name], plain)
	}
	row("total", totals, s.Counts.Total(), bold)
}

// short fits a number into a column with a space before it; a dot stands for 0.
func short(n, width int) string {
	if n == 0 {
		return "·"
	}
	s := number(n)
	if len(s) < width {
		return s
	}
	s = fmt.Sprint(n)
	switch {
	case len(s) < width:
		return s
	case n < 1_000_000:
		return fmt.Sprintf("%dk", n/1000)
	default:
		return fmt.Sprintf("%dM", n/1_000_000)
	}
}

// byAccount prints the failures of each account where there are several.
func (t *terminal) byAccount(s *Summary) {
	sums := s.Counts.By(byAccount)
	if len(sums) < 2 {
		return
	}
	ids := sortedKeys(sums)
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Compare(sums[b].Fail, sums[a].Fail) })
	const most = 10
	for i, id := range ids {
		if i == most && !t.cfg.All {
			t.page.println(t.page.paint(dim, "and "+plural(len(ids)-i, "account")+" more: "+t.seeAll()))
			break
		}
		name := t.accountText(merlon.AccountID(id))
		t.page.wrapped(2, "", 0, plain, name+": "+tallyText(Tally{Fail: sums[id].Fail, Unknown: sums[id].Unknown, Pass: sums[id].Pass, Excepted: sums[id].Excepted}))
	}
	t.page.println()
}

// calls prints what was asked of AWS, a service at a time.
func (t *terminal) calls(s *Summary) {
	if len(s.Calls) == 0 {
		return
	}
	var all Calls
	for _, c := range s.Calls {
		all.Calls += c.Calls
		all.Retries += c.Retries
		all.Throttles += c.Throttles
	}
	text := plural(all.Calls, "call") + " to " + plural(len(s.Calls), "service")
	if !s.Finished.IsZero() && !t.run.Started.IsZero() {
		text += " in " + s.Finished.Sub(t.run.Started).Round(1e8).String()
	}
	text += fmt.Sprintf(", %s, %s throttled", plural(all.Retries, "retry"), number(all.Throttles))
	t.page.wrapped(0, "", 0, dim, text)
	names := sortedKeys(s.Calls)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(s.Calls[b].Calls, s.Calls[a].Calls) })
	var words []string
	for _, n := range names {
		c, w := s.Calls[n], ""
		w = Clean(n) + " " + number(c.Calls)
		if c.Retries > 0 || c.Throttles > 0 {
			w += fmt.Sprintf(" (%s, %s throttled)", plural(c.Retries, "retry"), number(c.Throttles))
		}
		words = append(words, w)
	}
	t.page.wrapped(2, "", 0, dim, strings.Join(words, " · "))
}

// next says what to do with all this.
func (t *terminal) next(s *Summary) {
	var steps []string
	worst := s.Counts.worst()
	for i, w := range worst {
		if i == 3 {
			break
		}
		c := t.run.control(w.ID)
		step := fmt.Sprintf("Fix %s (%s, %d failed)", Clean(w.ID), Clean(string(w.Severity)), w.Tally.Fail)
		if text := Clean(strings.TrimSpace(c.Fix.Text)); text != "" {
			step += ": " + text
		}
		steps = append(steps, step)
	}
	if id := t.example(worst); id != "" {
		steps = append(steps, "merlon explain "+id+" shows what was read and why it failed")
	}
	actions := 0
	for i := range t.run.Gaps {
		if t.run.Gaps[i].Accepted == "" {
			actions += len(t.run.Gaps[i].Actions)
		}
	}
	if actions > 0 {
		steps = append(steps, "merlon permissions --format json prints the policy that grants what was missing")
	}
	if s.Interrupted {
		steps = append(steps, "merlon scan --resume goes on where the scan was stopped")
	}
	if path := t.pagePath(); path != "" {
		steps = append(steps, "Open "+path+" in a browser to search and filter everything")
	} else if s.Counts.Total().Judged() > 0 {
		cmd := "merlon scan --format html=report.html"
		if t.run.Scope.Source == "live" && t.run.Scope.Path != "" {
			cmd = "merlon scan --snapshot " + shellWord(Clean(t.run.Scope.Path)) + " --format html=report.html"
		}
		steps = append(steps, cmd+" writes everything as one page for a browser")
	}
	if len(steps) == 0 {
		return
	}
	t.rule("Next")
	for i, step := range steps {
		t.page.wrapped(4, fmt.Sprintf("  %d", i+1), 3, plain, step)
	}
}

// example is a finding of the worst control that the list shows.
func (t *terminal) example(worst []worstControl) string {
	for _, w := range worst {
		g := t.groups.byControl[w.ID]
		if g == nil {
			continue
		}
		for _, a := range g.sorted() {
			if len(a.list) > 0 && a.list[0].verdict == merlon.Fail {
				return a.list[0].id
			}
		}
	}
	return ""
}

// pagePath is the HTML report that is written beside this one.
func (t *terminal) pagePath() string {
	for _, s := range t.cfg.others {
		if s.Format.Name == "html" && s.Path != "" {
			return Clean(s.Path)
		}
	}
	return ""
}

// shellWord quotes a path for a shell where it needs to be.
func shellWord(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
