package iam

import "slices"

// language is a set of strings: those that one of its strands matches.
type language struct {
	strands   []*strand
	all       bool // everything
	variables bool
	vague     bool // some strands are not known exactly
}

func newLanguage(strands ...*strand) *language {
	l := &language{}
	for _, t := range strands {
		if t == nil {
			continue
		}
		l.strands = append(l.strands, t)
		l.variables = l.variables || t.variables
		l.vague = l.vague || t.vague
		l.all = l.all || len(t.cells) == 1 && t.cells[0].loop && t.cells[0].set == anything
	}
	return l
}

// match says whether a value, in which variables stand as symbols, is in it.
func (l *language) match(value string) bool {
	if l.all {
		return true
	}
	for _, t := range l.strands {
		if t.match(value) {
			return true
		}
	}
	return false
}

// outer is a language that holds this one whatever its variables are.
func (l *language) outer() []*strand {
	out := make([]*strand, 0, len(l.strands))
	for _, t := range l.strands {
		switch {
		case t.vague:
			out = append(out, spelled("*"))
		case t.variables:
			wide := &strand{fold: t.fold}
			for _, c := range t.cells {
				if c.set == exactly && c.r >= firstSymbol {
					wide.loop(anything)
				} else {
					wide.cells = append(wide.cells, c)
				}
			}
			out = append(out, wide)
		default:
			out = append(out, t)
		}
	}
	return out
}

// inner is a language within this one whatever its variables are. Where keep
// is set variables stay as symbols.
func (l *language) inner(keep bool) []*strand {
	if !l.vague && (keep || !l.variables) {
		return l.strands
	}
	out := make([]*strand, 0, len(l.strands))
	for _, t := range l.strands {
		if !t.vague && (keep || !t.variables) {
			out = append(out, t)
		}
	}
	return out
}

// solve finds a value in base and every one of pos and in none of neg. Where it
// finds none and says complete, there is none, whatever the values of variables
// are; a value may hold symbols and may fail once they have values.
//
// With one language to be in, a variable may be taken for a character of its
// own: pattern by pattern, what covers it as a symbol covers it with any value.
// With two, equal values could bring together what symbols keep apart; then
// only the outer languages prove that there is nothing.
func solve(base *language, pos, neg []*language, fillers []string, b *budget) (value string, found, complete bool) {
	for _, n := range neg {
		if n.all && !n.vague {
			return "", false, true
		}
	}
	variables, vague := false, false
	for _, p := range pos {
		variables = variables || p.variables
		vague = vague || p.vague
	}
	if !vague {
		if v, ok := guess(base, pos, neg, fillers); ok {
			return v, true, true
		}
	}
	if len(pos) == 1 && covered(pos[0], neg) {
		return "", false, true
	}
	if !variables && !vague {
		return newAutomaton(arrange(base, pos, neg, false, false)).search(b)
	}
	if v, ok, _ := newAutomaton(arrange(base, pos, neg, false, true)).search(b); ok {
		return v, true, true
	}
	if len(pos) == 1 && !vague {
		// A variable's value may lie in base where its symbol does not.
		return newAutomaton(arrange(nil, pos, neg, false, true)).search(b)
	}
	return newAutomaton(arrange(base, pos, neg, true, false)).search(b)
}

func arrange(base *language, pos, neg []*language, outer, keep bool) []side {
	var out []side
	if base != nil {
		out = append(out, side{base.strands, true})
	}
	for _, p := range pos {
		switch {
		case p.all:
		case outer:
			out = append(out, side{p.outer(), true})
		default:
			out = append(out, side{p.strands, true})
		}
	}
	for _, n := range neg {
		if strands := n.inner(keep); len(strands) > 0 {
			out = append(out, side{strands, false})
		}
	}
	return out
}

// guess tries the samples of one language to be in: nearly always one will do.
func guess(base *language, pos, neg []*language, fillers []string) (string, bool) {
	from := base
	for _, p := range pos {
		if !p.all && (from == base || len(p.strands) < len(from.strands)) {
			from = p
		}
	}
	for i, t := range from.strands {
		if i == 16 {
			break
		}
		for _, f := range fillers {
			v := t.sample(f)
			if within := base.match(v) || t.variables; !within || !t.match(v) {
				continue
			}
			if !slices.ContainsFunc(pos, func(l *language) bool { return !l.match(v) }) &&
				!slices.ContainsFunc(neg, func(l *language) bool { return l.match(v) }) {
				return v, true
			}
			if t.prefix() == len(t.cells) {
				break
			}
		}
	}
	return "", false
}

// covered says whether each strand of p lies within one of neg's.
func covered(p *language, neg []*language) bool {
	for _, t := range p.strands {
		in := slices.ContainsFunc(neg, func(l *language) bool {
			return l.all && !l.vague || slices.ContainsFunc(l.strands, func(o *strand) bool { return o == t && !o.vague || o.covers(t) })
		})
		if !in {
			return false
		}
	}
	return true
}
