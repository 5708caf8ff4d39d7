package iam

import (
	"slices"
	"unicode"
)

// side is a union of strands that a value must match, or must not.
type side struct {
	strands []*strand
	want    bool
}

// automaton is the product of the automata of several sides, built state by
// state as it is searched. A state is the set of positions that the strands may
// be at; those that cannot match any more are not in it.
type automaton struct {
	sides []side
	cells []cell  // of all strands one after the other, an end after each
	owner []int32 // side of a position
	ends  []bool  // position is behind a strand's last cell
	first []int32 // positions where strands begin
	of    []int32 // strand of a position
	folds []bool  // by position
	mixed bool    // some strands know case, some do not
}

// maxStates bounds one search; beyond it the answer is "not known".
const maxStates = 20000

// budget counts the steps that a proof may still take.
type budget struct{ left int }

func (b *budget) spend(n int) bool { b.left -= n; return b.left > 0 }

func newAutomaton(sides []side) *automaton {
	a := &automaton{sides: sides}
	var fold, plain bool
	n := int32(0)
	for i, s := range sides {
		for _, t := range s.strands {
			a.first = append(a.first, int32(len(a.cells)))
			a.cells = append(append(a.cells, t.cells...), cell{})
			for range len(t.cells) + 1 {
				a.owner = append(a.owner, int32(i))
				a.of = append(a.of, n)
				a.folds = append(a.folds, t.fold)
				a.ends = append(a.ends, false)
			}
			a.ends[len(a.ends)-1] = true
			fold, plain = fold || t.fold, plain || !t.fold
			n++
		}
	}
	a.mixed = fold && plain
	return a
}

// endless says that everything that follows position p matches.
func (a *automaton) endless(p int32) bool {
	return !a.ends[p] && a.cells[p].loop && a.cells[p].set == anything && a.ends[p+1]
}

type node struct {
	items  []int32
	parent int32
	r      rune
}

// search finds a shortest value that matches every wanted side and no other.
// complete says that "none" is certain.
func (a *automaton) search(b *budget) (value string, found, complete bool) {
	for _, s := range a.sides {
		if s.want && len(s.strands) == 0 {
			return "", false, true
		}
	}
	w := &walker{a: a, stamp: make([]int32, len(a.cells)), live: make([]int32, len(a.sides)), seen: make(map[string]struct{})}
	w.start()
	for _, p := range a.first {
		w.add(p)
	}
	nodes := make([]node, 0, 256)
	if items, ok := w.finish(); ok {
		nodes = append(nodes, node{items: items, parent: -1})
	}
	for at := 0; at < len(nodes); at++ {
		n := nodes[at]
		if a.accepts(n.items) {
			return spell(nodes, at), true, true
		}
		if len(nodes) > maxStates || !b.spend(len(n.items)) {
			return "", false, false
		}
		for _, r := range a.alphabet(n.items) {
			if !b.spend(len(n.items)) {
				return "", false, false
			}
			w.start()
			for _, p := range n.items {
				c := &a.cells[p]
				if a.ends[p] || !c.holds(r, a.folds[p]) {
					continue
				}
				if !c.loop {
					p++
				}
				w.add(p)
			}
			if items, ok := w.finish(); ok {
				nodes = append(nodes, node{items: items, parent: int32(at), r: r})
			}
		}
	}
	return "", false, true
}

func spell(nodes []node, at int) string {
	var out []rune
	for ; nodes[at].parent >= 0; at = int(nodes[at].parent) {
		out = append(out, nodes[at].r)
	}
	slices.Reverse(out)
	return string(out)
}

func (a *automaton) accepts(items []int32) bool {
	met := 0
	for i := range a.sides {
		if a.sides[i].want {
			met++
		}
	}
	last := int32(-1)
	for _, p := range items {
		if o := a.owner[p]; a.ends[p] {
			if !a.sides[o].want {
				return false
			}
			if o != last {
				met--
				last = o
			}
		}
	}
	return met == 0
}

// alphabet is one character for each that the open positions tell apart.
func (a *automaton) alphabet(items []int32) []rune {
	var out []rune
	var wild, colon, number bool
	add := func(r rune) {
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	for _, p := range items {
		if a.ends[p] {
			continue
		}
		switch c := a.cells[p]; c.set {
		case exactly:
			add(c.r)
			if a.folds[p] && a.mixed {
				for _, r := range cases(c.r) {
					add(r)
				}
			}
		case digit:
			number = true
		case colonless:
			wild, colon = true, true
		default:
			wild = true
		}
	}
	if colon {
		add(':')
	}
	if number {
		for r := '9'; r >= '0'; r-- {
			if !slices.Contains(out, r) {
				out = append(out, r)
				break
			}
		}
	}
	if wild {
		out = append(out, unnamedRune(out))
	}
	return out
}

// cases are the other characters whose lower case is r.
func cases(r rune) []rune {
	var out []rune
	for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
		if unicode.ToLower(o) == r {
			out = append(out, o)
		}
	}
	if r == 'i' {
		out = append(out, '\u0130') // no other case folds to it, but its lower case is i
	}
	return out
}

// unnamedRune is a character that stands for all that nobody names.
func unnamedRune(taken []rune) rune {
	for _, r := range "xyzabcdefghijklmnopqrstuvwXYZABCDEFGHIJKLMNOPQRSTUVW-_." {
		if !slices.Contains(taken, r) && !slices.Contains(taken, unicode.ToLower(r)) {
			return r
		}
	}
	for r := rune(0x4E00); ; r++ {
		if !slices.Contains(taken, r) {
			return r
		}
	}
}

// walker gathers the positions of one state.
type walker struct {
	a     *automaton
	stamp []int32 // of positions, the round in which they were added
	live  []int32 // of sides likewise
	round int32
	items []int32
	dead  bool
	seen  map[string]struct{}
	key   []byte
}

func (w *walker) start() {
	w.round++
	w.items = w.items[:0]
	w.dead = false
}

func (w *walker) add(p int32) {
	for w.stamp[p] != w.round {
		w.stamp[p] = w.round
		w.items = append(w.items, p)
		o := w.a.owner[p]
		w.live[o] = w.round
		if !w.a.sides[o].want && w.a.endless(p) {
			w.dead = true // whatever follows, it matches what it must not
		}
		if w.a.ends[p] || !w.a.cells[p].loop {
			return
		}
		p++
	}
}

// finish gives the state, unless nothing acceptable can follow or it was seen
// before. Positions before an open "*" of the same strand are dropped: whatever
// follows that they would match, the "*" spans as well.
func (w *walker) finish() ([]int32, bool) {
	if w.dead {
		return nil, false
	}
	for i := range w.a.sides {
		if w.a.sides[i].want && w.live[i] != w.round {
			return nil, false
		}
	}
	slices.Sort(w.items)
	kept := w.items[:0]
	from := 0
	for i, p := range w.items {
		if i > 0 && w.a.of[p] != w.a.of[w.items[i-1]] {
			from = len(kept)
		}
		if !w.a.ends[p] && w.a.cells[p].loop && w.a.cells[p].set == anything {
			kept = kept[:from]
		}
		kept = append(kept, p)
	}
	w.key = w.key[:0]
	for _, p := range kept {
		w.key = appendNumber(w.key, uint32(p))
	}
	if _, ok := w.seen[string(w.key)]; ok {
		return nil, false
	}
	w.seen[string(w.key)] = struct{}{}
	return slices.Clone(kept), true
}

// appendNumber makes numbers part of a map's key.
func appendNumber(key []byte, n uint32) []byte {
	return append(key, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}
