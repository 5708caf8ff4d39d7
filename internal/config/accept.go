package config

import (
	"fmt"
	"path/filepath"
	"time"

	"merlon.dev/merlon"
)

// Problem says why an acceptance does not count at a time; "" when it does. An
// acceptance without an owner, a reason or an end date never counts.
func (a *Acceptance) Problem(now time.Time) string {
	switch {
	case a.Owner == "":
		return "has no owner"
	case a.Reason == "":
		return "has no reason"
	case a.Until.IsZero():
		return "has no end date (until)"
	case !now.Before(a.Until.AddDate(0, 0, 1)):
		return "ended on " + a.Until.Format(time.DateOnly)
	}
	return ""
}

// Except finds the exception that covers a finding at a time; nil for none.
func (c *Config) Except(f *merlon.Finding, now time.Time) *merlon.Exception {
	for i := range c.Exceptions {
		e := &c.Exceptions[i]
		if e.Problem(now) != "" || !Match(e.Control, f.Control) || !Match(e.Resource, f.Resource) ||
			!matchOptional(e.Account, string(f.Account)) || !matchOptional(e.Region, string(f.Region)) {
			continue
		}
		return &merlon.Exception{Control: e.Control, Resource: e.Resource, Owner: e.Owner, Reason: e.Reason, Until: e.Until.Time}
	}
	return nil
}

// AcceptGap says who accepted a gap; "" for nobody.
func (c *Config) AcceptGap(g *merlon.Gap, now time.Time) string {
	for i := range c.Gaps {
		a := &c.Gaps[i]
		if a.Problem(now) == "" && Match(a.Call, g.Call) && matchOptional(a.Resource, g.Resource) &&
			matchOptional(a.Account, string(g.Account)) && matchOptional(a.Region, string(g.Region)) {
			return a.Owner
		}
	}
	return ""
}

// Warnings are the acceptances that do not count, each as a sentence.
func (c *Config) Warnings(now time.Time) []string {
	var out []string
	say := func(line int, what, problem string) {
		out = append(out, fmt.Sprintf("%s line %d: the %s %s, so what it covers counts again", filepath.Base(c.Path), line, what, problem))
	}
	for i := range c.Exceptions {
		e := &c.Exceptions[i]
		if p := e.Problem(now); p != "" {
			say(e.Line, "exception for "+e.Control+" on "+e.Resource, p)
		}
	}
	for i := range c.Gaps {
		g := &c.Gaps[i]
		if p := g.Problem(now); p != "" {
			say(g.Line, "accepted gap "+g.Call, p)
		}
	}
	return out
}

func matchOptional(pattern, text string) bool { return pattern == "" || Match(pattern, text) }

// Match reports whether text fits a pattern in which * stands for any text. It
// takes time linear in pattern times text at worst and never backtracks further
// than to the last star.
func Match(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
