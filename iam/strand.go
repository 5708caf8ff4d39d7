package iam

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A strand is one pattern of a policy as an automaton reads it: cells in a row,
// each of which consumes a character or, looping, any number of them.
type strand struct {
	cells     []cell
	fold      bool // letters match in any case; cells are lower case
	variables bool
	vague     bool // its language is not known exactly
}

type cell struct {
	set  cellSet
	loop bool
	r    rune // of exactly
}

type cellSet uint8

const (
	exactly cellSet = iota
	anything
	colonless
	digit
)

// Policy variables become characters of their own, beyond all that Unicode
// assigns. A variable equals itself and is otherwise only spanned by "*".
const (
	firstSymbol = rune(0xF0000)
	// What a looping or single wildcard of one pattern is to another; see covers.
	wildLoop      = rune(0x10FFF0)
	wildOne       = rune(0x10FFF1)
	wildColonless = rune(0x10FFF2)
	wildDigit     = rune(0x10FFF3)
	wildLoopLess  = rune(0x10FFF4)
)

// maxStrand bounds the characters of one pattern. AWS's longest ARNs have 2,048.
const maxStrand = 4096

// symbols are the variables of the policies that are compared.
type symbols struct {
	list  []symbol
	index map[symbol]rune
}

type symbol struct {
	variable variable
	fold     bool
}

func (s *symbols) of(v variable, fold bool) rune {
	key := symbol{v, fold}
	if r, ok := s.index[key]; ok {
		return r
	}
	if s.index == nil {
		s.index = make(map[symbol]rune)
	}
	r := firstSymbol + rune(len(s.list))
	s.index[key] = r
	s.list = append(s.list, key)
	return r
}

func (s *symbols) get(r rune) (symbol, bool) {
	if i := int(r - firstSymbol); r >= firstSymbol && i < len(s.list) {
		return s.list[i], true
	}
	return symbol{}, false
}

// append adds the tokens of a pattern. inSegment keeps every wildcard from
// crossing a colon, as in an ARN's first five components.
func (t *strand) append(tokens []token, s *symbols, inSegment bool) {
	wild := anything
	if inSegment {
		wild = colonless
	}
	for _, k := range tokens {
		switch k.kind {
		case literal:
			for _, r := range k.text {
				if r >= firstSymbol {
					t.vague = true
				}
				t.cells = append(t.cells, cell{r: r})
			}
		case one:
			set := wild
			if k.inside {
				set = colonless
			}
			t.cells = append(t.cells, cell{set: set})
		case many:
			t.loop(wild)
		case within:
			t.loop(colonless)
		case name:
			t.variables = true
			t.cells = append(t.cells, cell{r: s.of(k.variable, t.fold)})
		}
	}
	if len(t.cells) > maxStrand || len(s.list) > 1<<12 {
		t.vague = true
	}
}

func (t *strand) loop(set cellSet) {
	if n := len(t.cells); n > 0 && t.cells[n-1].loop && t.cells[n-1].set == set {
		return // "**" is "*"
	}
	t.cells = append(t.cells, cell{set: set, loop: true})
}

func strandOf(p *pattern, s *symbols) *strand {
	t := &strand{fold: p.fold}
	t.append(p.tokens, s, false)
	return t
}

// strandOfARN joins an ARN's components; see [want.matchARN]. It is nil where
// no ARN can match.
func strandOfARN(w *want, s *symbols) *strand {
	if w.parts == nil {
		return &strand{vague: true, variables: true} // variables bring the colons
	}
	if len(w.parts) != 6 {
		return nil
	}
	t := &strand{}
	if w.parts[0].variables {
		t.vague = true
	} else if !glob(w.parts[0].tokens, "arn", false) {
		return nil
	}
	t.append([]token{{kind: literal, text: "arn"}}, s, false)
	for i := 1; i < 6; i++ {
		t.append([]token{{kind: literal, text: ":"}}, s, false)
		t.append(w.parts[i].tokens, s, i < 5)
	}
	return t
}

// spelled makes a strand of text in which "*" is anything, "@" anything without
// a colon, "#" a digit and "+" a character other than a colon.
func spelled(text string) *strand {
	t := &strand{}
	for _, r := range text {
		switch r {
		case '*':
			t.loop(anything)
		case '@':
			t.loop(colonless)
		case '#':
			t.cells = append(t.cells, cell{set: digit})
		case '+':
			t.cells = append(t.cells, cell{set: colonless})
		default:
			t.cells = append(t.cells, cell{r: r})
		}
	}
	return t
}

// exact is the strand of one value.
func exact(value string) *strand {
	t := &strand{}
	for _, r := range value {
		t.cells = append(t.cells, cell{r: r})
	}
	return t
}

// holds says whether the cell consumes r.
func (c *cell) holds(r rune, fold bool) bool {
	switch c.set {
	case exactly:
		return r == c.r || fold && unicode.ToLower(r) == c.r
	case anything:
		return r < firstSymbol || c.loop || r == wildOne || r == wildColonless || r == wildDigit
	case colonless:
		return r != ':' && r < firstSymbol || r == wildColonless || r == wildDigit || c.loop && r == wildLoopLess
	}
	return r >= '0' && r <= '9' || r == wildDigit
}

// prefix is the length of the text that every match begins with, in cells.
func (t *strand) prefix() int {
	for i := range t.cells {
		if t.cells[i].set != exactly {
			return i
		}
	}
	return len(t.cells)
}

// match runs the strand over a value. Of two ways through a pattern the one
// behind the last "*" has all that the other has, so that few are ever open.
func (t *strand) match(value string) bool {
	n := t.prefix()
	rest := value
	for i := 0; i < n; i++ {
		r, w := utf8.DecodeRuneInString(rest)
		if w == 0 || !t.cells[i].holds(r, t.fold) {
			return false
		}
		rest = rest[w:]
	}
	if n == len(t.cells) {
		return rest == ""
	}
	var space [32]int
	open := t.closure(space[:0], n)
	for _, r := range rest {
		var ok bool
		if open, ok = t.step(open, r); !ok {
			return false
		}
	}
	return len(open) > 0 && open[len(open)-1] == len(t.cells)
}

// closure adds position p and those behind looping cells. Positions ascend.
func (t *strand) closure(open []int, p int) []int {
	for {
		if len(open) == 0 || open[len(open)-1] < p {
			open = append(open, p)
		} else if !slices.Contains(open, p) {
			open = append(open, p)
			slices.Sort(open)
		}
		if p == len(t.cells) || !t.cells[p].loop {
			return open
		}
		p++
	}
}

func (t *strand) step(open []int, r rune) ([]int, bool) {
	var space [32]int
	next := space[:0]
	for _, p := range open {
		if p == len(t.cells) || !t.cells[p].holds(r, t.fold) {
			continue
		}
		if t.cells[p].loop {
			if t.cells[p].set == anything {
				next = next[:0]
			}
			next = t.closure(next, p)
		} else {
			next = t.closure(next, p+1)
		}
	}
	return append(open[:0], next...), len(next) > 0
}

// covers says whether t certainly matches all that other matches. A "no" is
// not certain.
func (t *strand) covers(other *strand) bool {
	if t.vague || other.vague || other.fold && !t.fold {
		return false
	}
	var space [32]int
	open := t.closure(space[:0], 0)
	for _, c := range other.cells {
		r := c.r
		switch {
		case c.set == anything && c.loop:
			r = wildLoop
		case c.set == anything:
			r = wildOne
		case c.set == colonless && c.loop:
			r = wildLoopLess
		case c.set == colonless:
			r = wildColonless
		case c.set == digit:
			r = wildDigit
		}
		if c.loop {
			// None and any number of characters: only what loops stays.
			kept := open[:0]
			for _, p := range open {
				if p < len(t.cells) && t.cells[p].loop && t.cells[p].holds(r, t.fold) {
					kept = append(kept, p)
				}
			}
			open = kept
			for i := 0; i < len(open); i++ {
				open = t.closure(open, open[i])
			}
			if len(open) == 0 {
				return false
			}
			continue
		}
		var ok bool
		if open, ok = t.step(open, r); !ok {
			return false
		}
	}
	return len(open) > 0 && open[len(open)-1] == len(t.cells)
}

// sample is a value that the strand matches, with filler for its wildcards.
func (t *strand) sample(filler string) string {
	var b strings.Builder
	for _, c := range t.cells {
		switch {
		case c.set == exactly:
			b.WriteRune(c.r)
		case c.loop:
			b.WriteString(filler)
		case c.set == digit:
			b.WriteByte('9')
		default:
			b.WriteByte('x')
		}
	}
	return b.String()
}
