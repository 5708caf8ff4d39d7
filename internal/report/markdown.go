package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"merlon.dev/merlon"
)

// What a Markdown report shows of a long list; code hosts cut long comments.
const (
	markdownFindings = 10 // of a control in an account
	markdownControls = 60
	markdownGaps     = 25
)

// markdown writes a report for pull requests and wikis, in CommonMark with the
// tables of GitHub.
type markdown struct {
	w      io.Writer
	cfg    Config
	run    *Run
	names  map[merlon.AccountID]string
	groups *groups
	err    error
}

func newMarkdown(w io.Writer, cfg Config) Writer {
	limit := markdownFindings
	if cfg.All {
		limit = 0
	}
	return &markdown{w: w, cfg: cfg, groups: newGroups(limit)}
}

func (m *markdown) Begin(run *Run) error {
	m.run, m.names = run, run.accountNames()
	return nil
}

func (m *markdown) Finding(f *merlon.Finding) error {
	m.groups.add(f)
	return nil
}

func (m *markdown) printf(format string, args ...any) {
	if m.err == nil {
		_, m.err = fmt.Fprintf(m.w, format, args...)
	}
}

func (m *markdown) End(s *Summary) error {
	total := s.Counts.Total()
	m.printf("# Merlon report\n\n")
	sc := &m.run.Scope
	m.printf("%s, %s, %s", plural(len(sc.Accounts), "account"), plural(len(sc.Regions), "region"), mdText(sourceText(sc)))
	if !m.run.Started.IsZero() {
		m.printf(", %s", m.run.Started.UTC().Format("2 Jan 2006 15:04 UTC"))
	}
	m.printf(". Merlon %s.\n\n", mdText(m.run.Version))
	if s.Interrupted {
		m.printf("> The scan was stopped before it had read everything: this is not the whole.\n\n")
	}
	for _, w := range s.Warnings {
		m.printf("> %s\n>\n", mdText(w))
	}
	if len(s.Warnings) > 0 {
		m.printf("\n")
	}
	if total.Judged() == 0 {
		m.printf("No control judged anything: nothing in scope, or nothing could be read.\n\n")
	} else {
		m.printf("**%s.**", capital(tallyText(total)))
		if n := m.run.acceptedGaps(); n > 0 {
			m.printf(" %s.", plural(n, "accepted gap"))
		}
		m.printf("\n\n")
		m.areas(s)
		m.accounts(s)
	}
	m.controls()
	m.unjudged()
	m.gaps()
	return m.err
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func (m *markdown) areas(s *Summary) {
	cells, areas := s.Counts.By(byAreaSeverity), s.Counts.By(byArea)
	m.printf("| Area | Critical | High | Medium | Low | Info | Unknown | Passed |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	names := []string{}
	for _, a := range merlon.Areas() {
		names = append(names, string(a))
	}
	for _, a := range sortedKeys(areas) {
		if _, err := merlon.ParseArea(a); err != nil {
			names = append(names, a)
		}
	}
	for _, name := range names {
		m.printf("| %s |", mdCell(cmpOr(name, "other")))
		for _, sev := range merlon.Severities() {
			m.printf(" %s |", number(cells[name+"/"+string(sev)].Fail))
		}
		m.printf(" %s | %s |\n", number(areas[name].Unknown), number(areas[name].Pass))
	}
	m.printf("\n")
}

func (m *markdown) accounts(s *Summary) {
	sums := s.Counts.By(byAccount)
	if len(sums) < 2 {
		return
	}
	m.printf("| Account | Failed | Unknown | Passed | Excepted |\n| --- | ---: | ---: | ---: | ---: |\n")
	for _, id := range sortedKeys(sums) {
		t := sums[id]
		m.printf("| %s | %s | %s | %s | %s |\n", mdCell(m.account(merlon.AccountID(id))), number(t.Fail), number(t.Unknown), number(t.Pass), number(t.Excepted))
	}
	m.printf("\n")
}

func (m *markdown) account(id merlon.AccountID) string {
	if n := m.names[id]; n != "" {
		return n + " " + string(id)
	}
	return string(id)
}

func (m *markdown) controls() {
	list := m.groups.sorted(func(g *group) bool { return g.tally.Fail > 0 })
	for i, g := range list {
		if i == markdownControls && !m.cfg.All {
			m.printf("And %s more with failures.\n\n", plural(len(list)-i, "control"))
			return
		}
		c := m.run.control(g.control)
		m.printf("## %s: %s\n\n", capital(mdText(string(g.severity))), mdText(c.Title))
		m.printf("%s: %s.", mdCode(g.control), tallyText(g.tally))
		if why := strings.TrimSpace(c.Why); why != "" {
			m.printf(" %s", mdText(why))
		}
		m.printf("\n\n")
		if text := strings.TrimSpace(c.Fix.Text); text != "" {
			m.printf("**Fix:** %s\n\n", mdText(text))
		}
		for _, f := range fixForms(c.Fix) {
			m.printf("<details><summary>%s</summary>\n\n%s\n</details>\n\n", f.name, mdBlock(f.text, f.language))
		}
		m.printf("| | Finding | Resource | Account | Region |\n| --- | --- | --- | --- | --- |\n")
		more := 0
		for _, a := range g.sorted() {
			for _, e := range a.list {
				m.printf("| %s | %s | %s | %s | %s |\n", mark(e.verdict), mdCell(e.message), mdCodeCell(e.resource), mdCell(m.account(a.account)), mdCell(e.region))
			}
			more += a.tally.Judged() - a.tally.Excepted - len(a.list)
		}
		if more > 0 {
			m.printf("\nAnd %s more.\n", number(more))
		}
		m.printf("\n")
	}
}

// mark says a verdict in a narrow column.
func mark(v merlon.Verdict) string {
	switch v {
	case merlon.Fail:
		return "failed"
	case merlon.Pass:
		return "passed"
	case merlon.NotApplicable:
		return "n/a"
	}
	return "unknown"
}

func (m *markdown) unjudged() {
	list := m.groups.sorted(func(g *group) bool { return g.tally.Fail == 0 && g.tally.Unknown > 0 })
	if len(list) == 0 {
		return
	}
	m.printf("## Could not be judged\n\n")
	for i, g := range list {
		if i == markdownControls && !m.cfg.All {
			m.printf("- and %s more\n", plural(len(list)-i, "control"))
			break
		}
		m.printf("- %s (%s): %s", mdText(m.run.control(g.control).Title), mdCode(g.control), tallyText(g.tally))
		if why := firstReason(g); why != "" {
			m.printf("; %s", mdText(why))
		}
		m.printf("\n")
	}
	m.printf("\n")
}

func (m *markdown) gaps() {
	list := missingCalls(m.run.Gaps)
	if len(list) == 0 {
		return
	}
	m.printf("## Could not be read\n\n")
	for i := range list {
		if i == markdownGaps && !m.cfg.All {
			m.printf("- and %s more\n", plural(len(list)-i, "call"))
			break
		}
		m.printf("- %s", mdText(list[i].text()))
		if len(list[i].Actions) > 0 {
			m.printf("; needs %s", mdCode(strings.Join(list[i].Actions, ", ")))
		}
		m.printf("\n")
	}
	m.printf("\n")
}

// mdText is text in which nothing is markup: every character that CommonMark or
// GitHub gives a meaning is escaped, and a name cannot mention a user.
//
// Escapes: https://spec.commonmark.org/0.31.2/#backslash-escapes (read 2026-11-24).
func mdText(s string) string {
	s = strings.ReplaceAll(Clean(strings.ReplaceAll(s, "\n", " ")), "\u00a0", " ")
	var b strings.Builder
	before := ' '
	for i, r := range s {
		next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '@' && !word(before) && word(next):
			b.WriteString("@<!-- -->")
		case strings.ContainsRune("\\`*_[]|~#!$", r),
			// What would turn the start of a line into a list or a rule.
			strings.ContainsRune("-+=", r) && i == 0,
			// What links by itself: "http://", "www.".
			r == ':' && next == '/', r == '.' && strings.HasSuffix(strings.ToLower(s[:i]), "www"):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}

// word reports whether a character may be part of a user's name.
func word(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_'
}

// mdCell is mdText for a table, where a bar is escaped already and an empty cell
// is fine.
func mdCell(s string) string { return mdText(s) }

// mdCode is a code span whose fence is longer than any run of backticks in it. A
// text that could be markup for a reader who knows no code spans is escaped instead.
func mdCode(s string) string {
	s = Clean(s)
	if strings.ContainsAny(s, "<&") {
		return mdText(s)
	}
	if strings.TrimSpace(s) == "" {
		return ""
	}
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if s[0] == '`' || s[len(s)-1] == '`' || s[0] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}

// mdCodeCell is mdCode for a table, in which only a bar still counts.
func mdCodeCell(s string) string {
	if code := mdCode(s); strings.HasPrefix(code, "`") {
		return strings.ReplaceAll(code, "|", `\|`)
	}
	return mdCode(s)
}

// mdBlock is a code block whose fence is longer than any run of backticks in it.
func mdBlock(s, language string) string {
	s = strings.Trim(CleanLines(s), "\n")
	fence := strings.Repeat("`", max(3, longestRun(s, '`')+1))
	return fence + language + "\n" + s + "\n" + fence + "\n"
}

func longestRun(s string, c rune) int {
	longest, n := 0, 0
	for _, r := range s {
		if r != c {
			n = 0
			continue
		}
		n++
		longest = max(longest, n)
	}
	return longest
}
