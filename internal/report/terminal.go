package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"merlon.dev/merlon"
)

// What a terminal report shows of a long list.
const (
	terminalFindings = 5  // of a control in an account
	terminalAccounts = 5  // of a control
	terminalControls = 40 // in full
	terminalGaps     = 12
)

// terminal prints controls worst first, then accounts and findings; the summary
// and what to do next stand at the end, where a person's eye is when it stops.
type terminal struct {
	cfg    Config
	page   page
	run    *Run
	names  map[merlon.AccountID]string
	groups *groups
}

func newTerminal(w io.Writer, cfg Config) Writer {
	width := cfg.Width
	if width <= 0 || cfg.toFile {
		width = 100
	}
	limit := terminalFindings
	if cfg.All {
		limit = 0
	}
	return &terminal{
		cfg:    cfg,
		page:   page{w: w, width: min(max(width, 40), 140), color: colored(cfg)},
		groups: newGroups(limit),
	}
}

// colored decides as no-color.org and bixense.com/clicolors say: NO_COLOR wins,
// then CLICOLOR_FORCE, then whether a terminal listens that knows colours.
func colored(cfg Config) bool {
	env := func(name string) string {
		if cfg.Getenv == nil {
			return ""
		}
		return cfg.Getenv(name)
	}
	switch {
	case env("NO_COLOR") != "":
		return false
	case env("CLICOLOR_FORCE") != "" && env("CLICOLOR_FORCE") != "0":
		return true
	}
	return cfg.Terminal && !cfg.toFile && env("TERM") != "dumb" && env("CLICOLOR") != "0"
}

func (t *terminal) narrow() bool { return t.page.width < 90 }

func (t *terminal) Begin(run *Run) error {
	t.run, t.names = run, run.accountNames()
	return nil
}

func (t *terminal) Finding(f *merlon.Finding) error {
	t.groups.add(f)
	return nil
}

func (t *terminal) End(s *Summary) error {
	t.heading(s)
	t.failed()
	t.passed()
	t.unjudged()
	t.gaps()
	t.summary(s)
	t.next(s)
	return t.page.err
}

// rule prints the title of a section.
func (t *terminal) rule(title string) {
	p := &t.page
	p.println()
	p.println(p.paint(bold, title), " ", p.paint(dim, strings.Repeat("─", max(0, p.width-columns(title)-1))))
}

func (t *terminal) heading(s *Summary) {
	sc := &t.run.Scope
	words := []string{plural(len(sc.Accounts), "account"), plural(len(sc.Regions), "region")}
	if n := sum(s.Resources); n > 0 {
		words = append(words, plural(n, "resource"))
	}
	words = append(words, sourceText(sc))
	if !t.run.Started.IsZero() {
		words = append(words, t.run.Started.UTC().Format("2 Jan 2006 15:04 UTC"))
	}
	t.page.wrapped(0, "", 0, bold, "Merlon "+Clean(t.run.Version)+" · "+strings.Join(words, " · "))
	if s.Interrupted {
		t.page.wrapped(0, "", 0, yellow, "The scan was stopped before it had read everything: what follows is not the whole.")
	}
}

// sourceText says where the resources come from.
func sourceText(s *Scope) string {
	path := Clean(s.Path)
	switch s.Source {
	case "live":
		return "read live"
	case "awscli":
		return "AWS CLI folder " + path
	case "template":
		return "template " + path
	}
	return strings.TrimSpace(Clean(s.Source) + " " + path)
}

func severityStyle(s merlon.Severity) style {
	switch s {
	case merlon.Critical:
		return alarm
	case merlon.High:
		return boldRed
	case merlon.Medium:
		return yellow
	case merlon.Low:
		return blue
	}
	return dim
}

// failed prints the controls with failures in full.
func (t *terminal) failed() {
	list := t.groups.sorted(func(g *group) bool { return g.tally.Fail > 0 })
	for i, g := range list {
		if i == terminalControls && !t.cfg.All {
			more := 0
			for _, rest := range list[i:] {
				more += rest.tally.Fail
			}
			t.page.println()
			t.page.wrapped(0, "", 0, dim, fmt.Sprintf("and %s more with %s: %s", plural(len(list)-i, "control"), plural(more, "failure"), t.seeAll()))
			break
		}
		t.control(g)
	}
}

// control prints one control with its accounts.
func (t *terminal) control(g *group) {
	p, c := &t.page, t.run.control(g.control)
	indent := 10
	if t.narrow() {
		indent = 2
	}
	p.println()
	badge := strings.ToUpper(Clean(string(g.severity)))
	if t.narrow() {
		lead := p.paint(severityStyle(g.severity), badge) + " "
		n := columns(badge) + 1
		p.wrapped(n, lead, n, bold, Clean(c.Title))
	} else {
		p.wrapped(indent, p.paint(severityStyle(g.severity), badge), columns(badge), bold, Clean(c.Title))
	}
	about := Clean(g.control) + " · " + tallyText(g.tally)
	if n := len(g.accounts); n > 1 {
		about += " in " + plural(n, "account")
	}
	p.wrapped(indent, "", 0, dim, about)
	if text := Clean(strings.TrimSpace(c.Fix.Text)); text != "" {
		p.wrapped(indent+5, strings.Repeat(" ", indent)+p.paint(green, "Fix"), indent+3, plain, text)
	}
	accounts := g.sorted()
	for i, a := range accounts {
		if i == terminalAccounts && !t.cfg.All {
			more := 0
			for _, rest := range accounts[i:] {
				more += rest.tally.Fail
			}
			p.wrapped(indent, "", 0, dim, fmt.Sprintf("and %s more with %s: %s", plural(len(accounts)-i, "account"), plural(more, "failure"), t.seeAll()))
			break
		}
		t.account(a, indent)
	}
}

func (t *terminal) account(a *accountGroup, indent int) {
	p := &t.page
	aside := ""
	if a.tally.Excepted > 0 {
		aside = " · " + number(a.tally.Excepted) + " excepted"
	}
	p.wrapped(indent, "", 0, cyan, t.accountText(a.account)+aside)
	for _, e := range a.list {
		t.entry(e, indent+2)
	}
	listed := a.tally.Judged() - a.tally.Excepted
	if more := listed - len(a.list); more > 0 {
		p.wrapped(indent+4, "", 0, dim, fmt.Sprintf("and %s more: %s", number(more), t.seeAll()))
	}
}

// accountText is the account's name and number.
func (t *terminal) accountText(id merlon.AccountID) string {
	number := Clean(string(id))
	name := Clean(t.names[id])
	if name == "" {
		return number
	}
	return elide(name, 40) + " " + number
}

// entry prints a finding: what was seen, then where.
func (t *terminal) entry(e entry, indent int) {
	p := &t.page
	sign, s := "?", yellow
	switch e.verdict {
	case merlon.Fail:
		sign, s = "✗", red
	case merlon.Pass:
		sign, s = "✓", green
	case merlon.NotApplicable:
		sign, s = "–", dim
	}
	p.wrapped(indent+2, strings.Repeat(" ", indent)+p.paint(s, sign), indent+1, plain, cmpOr(e.message, e.name, e.resource))
	where := []string{e.resource}
	if t.narrow() && e.name != "" {
		where[0] = e.name
	}
	if e.region != "" {
		where = append(where, e.region)
	}
	where = append(where, e.id)
	if e.known {
		where = append(where, "known")
	}
	p.wrapped(indent+2, "", 0, dim, strings.Join(where, " · "))
	for _, r := range e.reasons {
		p.wrapped(indent+2, "", 0, dim, r)
	}
}

// passed prints what passed or does not apply, where it was asked for.
func (t *terminal) passed() {
	list := t.groups.sorted(func(g *group) bool {
		return g.tally.Fail == 0 && g.tally.Unknown == 0 && g.tally.Pass+g.tally.NotApplicable > 0
	})
	if len(list) == 0 {
		return
	}
	t.rule("Passed or not applicable")
	for i, g := range list {
		if i == terminalControls && !t.cfg.All {
			t.page.println("  ", t.page.paint(dim, "and "+plural(len(list)-i, "control")+" more: "+t.seeAll()))
			break
		}
		t.page.wrapped(4, "  "+t.page.paint(green, "✓"), 3, plain, fmt.Sprintf("%s (%s): %s", Clean(t.run.control(g.control).Title), Clean(g.control), tallyText(g.tally)))
	}
}

// unjudged prints the controls that have no failure and could not be judged
// somewhere, one a line.
func (t *terminal) unjudged() {
	list := t.groups.sorted(func(g *group) bool { return g.tally.Fail == 0 && g.tally.Unknown > 0 })
	if len(list) == 0 {
		return
	}
	t.rule("Could not be judged")
	p := &t.page
	for i, g := range list {
		if i == terminalControls && !t.cfg.All {
			more := 0
			for _, rest := range list[i:] {
				more += rest.tally.Unknown
			}
			p.wrapped(4, "", 0, dim, fmt.Sprintf("and %s more with %s unknown: %s", plural(len(list)-i, "control"), number(more), t.seeAll()))
			break
		}
		p.wrapped(4, "  "+p.paint(yellow, "?"), 3, plain, fmt.Sprintf("%s (%s): %s", Clean(t.run.control(g.control).Title), Clean(g.control), tallyText(g.tally)))
		if why := firstReason(g); why != "" {
			p.wrapped(4, "", 0, dim, why)
		}
	}
}

// firstReason is why the first finding of the group is unknown.
func firstReason(g *group) string {
	for _, a := range g.sorted() {
		for _, e := range a.list {
			switch {
			case e.verdict != merlon.UnknownResult:
			case len(e.reasons) > 0:
				return e.reasons[0]
			case e.message != "":
				return e.message
			}
		}
	}
	return ""
}

// gaps prints what could not be read and the actions that were missing.
func (t *terminal) gaps() {
	if len(t.run.Gaps) == 0 {
		return
	}
	t.rule("Could not be read")
	p := &t.page
	list := missingCalls(t.run.Gaps)
	for i, m := range list {
		if i == terminalGaps && !t.cfg.All {
			p.wrapped(4, "", 0, dim, fmt.Sprintf("and %s more: %s", plural(len(list)-i, "call"), t.seeAll()))
			break
		}
		p.wrapped(4, "  "+p.paint(yellow, "!"), 3, plain, m.text())
		if len(m.Actions) > 0 {
			p.wrapped(4, "", 0, dim, "needs "+Clean(strings.Join(m.Actions, ", ")))
		}
	}
}

// text says what was missing how often and where.
func (m *missing) text() string {
	one := merlon.Gap{Call: m.Call, Cause: m.Cause}
	if m.Gaps == 1 {
		one = *m.First
	}
	s := one.Text()
	if m.Gaps > 1 {
		s += fmt.Sprintf(", %s times", number(m.Gaps))
		if len(m.Accounts) > 0 {
			s += " in " + plural(len(m.Accounts), "account")
		}
		if len(m.Regions) > 0 {
			s += ", " + plural(len(m.Regions), "region")
		}
	}
	if m.Accepted > 0 {
		s += fmt.Sprintf(" (%s accepted)", number(m.Accepted))
	}
	return Clean(s)
}

// seeAll says how to see what a list leaves out.
func (t *terminal) seeAll() string {
	for _, s := range t.cfg.others {
		if s.Path != "" && s.Format.Name != "terminal" {
			return "see " + Clean(s.Path)
		}
	}
	return "--all or --format html=FILE shows them"
}

// tallyText says what a control found: "3 failed, 1 unknown, 2 excepted".
func tallyText(t Tally) string {
	var words []string
	for _, w := range []struct {
		n    int
		word string
	}{{t.Fail, "failed"}, {t.Unknown, "unknown"}, {t.Pass, "passed"}, {t.NotApplicable, "not applicable"}, {t.Excepted, "excepted"}, {t.Known, "known before"}} {
		if w.n > 0 {
			words = append(words, number(w.n)+" "+w.word)
		}
	}
	if len(words) == 0 {
		return "nothing judged"
	}
	return strings.Join(words, ", ")
}

func sum(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}

func cmpOr(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// sortedKeys are the keys of m in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
