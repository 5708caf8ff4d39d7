package iam

import "unicode/utf8"

// unit is one character of a pattern, a wildcard or a variable.
type unit struct {
	kind tokenKind
	char rune
	key  string
}

// unitsOf takes a pattern apart. Rows of wildcards are put in one order, so that
// "*?" and "?*" are the same.
func unitsOf(p *pattern) []unit {
	var out []unit
	for _, t := range p.tokens {
		switch t.kind {
		case literal:
			for _, c := range t.text {
				out = append(out, unit{kind: literal, char: c})
			}
		case name:
			out = append(out, unit{kind: name, key: t.variable.key + "\x00" + t.variable.fallback})
		case one:
			i := len(out)
			for i > 0 && out[i-1].kind == many {
				i--
			}
			out = append(out, unit{})
			copy(out[i+1:], out[i:])
			out[i] = unit{kind: one}
		case many:
			if n := len(out); n > 0 && out[n-1].kind == many {
				continue
			}
			out = append(out, unit{kind: many})
		case within:
			out = append(out, unit{kind: within})
		}
	}
	return out
}

// includes reports whether u alone, wildcards repeated, can stand for all that o can.
func (u unit) includes(o unit) bool {
	switch u.kind {
	case literal:
		return o.kind == literal && o.char == u.char
	case one:
		return o.kind == literal || o.kind == one
	case many:
		return true
	case within:
		return o.kind == within || o.kind == literal && o.char != ':'
	case name:
		return o.kind == name && o.key == u.key
	}
	return false
}

func (u unit) repeats() bool { return u.kind == many || u.kind == within }

// covers reports whether p matches every text that q matches. True is certain;
// false may be wrong where q's wildcards are narrower together than each alone.
// It takes time of the product of the lengths.
func (p *pattern) covers(q *pattern) bool {
	if p.any {
		return true
	}
	if p.exact() || q.exact() {
		if q.exact() && !p.variables {
			return glob(p.tokens, q.text(), p.fold)
		}
		return q.exact() && p.exact() && p.text() == q.text()
	}
	a, b := unitsOf(p), unitsOf(q)
	row, next := make([]bool, len(a)+1), make([]bool, len(a)+1)
	row[0] = true
	skip(a, row)
	for _, t := range b {
		clear(next)
		for i, u := range a {
			if !row[i] || !u.includes(t) {
				continue
			}
			if u.repeats() {
				next[i] = true
			} else {
				next[i+1] = true
			}
		}
		skip(a, next)
		row, next = next, row
	}
	return row[len(a)]
}

// skip adds the positions behind wildcards that stand for nothing.
func skip(a []unit, row []bool) {
	for i, u := range a {
		if row[i] && u.repeats() {
			row[i+1] = true
		}
	}
}

// size is a pattern's length for the purpose of costs.
func (p *pattern) size() int {
	n := 1
	for _, t := range p.tokens {
		n += 1 + utf8.RuneCountInString(t.text)
	}
	return n
}

// exact reports whether the pattern matches one text alone.
func (p *pattern) exact() bool {
	return len(p.tokens) == 0 || len(p.tokens) == 1 && p.tokens[0].kind == literal
}

// text is what an exact pattern matches.
func (p *pattern) text() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0].text
}

// covers is [pattern.covers] within the run's means.
func (r *lintRun) covers(p, q *pattern) bool {
	cost := p.size() * q.size()
	if p.exact() || q.exact() {
		cost = p.size() + q.size()
	}
	return r.spend(cost) && p.covers(q)
}

// allCovered reports whether each of the inner patterns is covered by one of
// the outer.
func (r *lintRun) allCovered(outer, inner []pattern) bool {
	for i := range inner {
		if !r.oneCovers(outer, &inner[i]) {
			return false
		}
	}
	return true
}

func (r *lintRun) oneCovers(outer []pattern, inner *pattern) bool {
	for i := range outer {
		if r.covers(&outer[i], inner) {
			return true
		}
	}
	return false
}
