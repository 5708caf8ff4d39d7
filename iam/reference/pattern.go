package reference

import "strings"

// matchFold reports whether the pattern, with "*" and "?", matches all of s
// without regard to the case of ASCII letters. The time is at most the product
// of the lengths; names of actions are short.
func matchFold(pattern, s string) bool {
	p, i := 0, 0
	star, mark := -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || lowerByte(pattern[p]) == lowerByte(s[i])):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// pattern is the pattern of an ARN, of a type ("${Region}" is a variable) or of
// a policy ("*", "?").
type pattern []token

type token struct {
	kind tokenKind
	char byte // of a literal
}

type tokenKind uint8

const (
	literal tokenKind = iota
	one               // any character
	many              // any number of characters, none included
	// manyInPart is many without ":": what a variable in the first five parts of
	// an ARN can be.
	manyInPart
	oneInPart
)

func (k tokenKind) repeats() bool { return k == many || k == manyInPart }

// accepts reports whether the token can stand for the character.
func (t token) accepts(c byte) bool {
	switch t.kind {
	case literal:
		return t.char == c
	case oneInPart, manyInPart:
		return c != ':'
	default:
		return true
	}
}

// meets reports whether one character can be read by both.
func (t token) meets(o token) bool {
	switch {
	case t.kind == literal:
		return o.accepts(t.char)
	case o.kind == literal:
		return t.accepts(o.char)
	default:
		return true
	}
}

// arnParts are the parts of an ARN that hold no colon: "arn", partition,
// service, region and account.
const arnParts = 5

// typePattern compiles the pattern of a resource type. A variable of the first
// five parts stands for one character at least, so that an ARN that lacks its
// region or account is none of the type; one of the resource for any number,
// since it must cover the "*" of a policy.
func typePattern(s string) pattern {
	var p pattern
	part := 0
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], "${"):
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				end = len(s) - i - 1
			}
			i += end
			if part < arnParts {
				p = append(p, token{kind: oneInPart}, token{kind: manyInPart})
			} else {
				p = append(p, token{kind: many})
			}
		case s[i] == '*' && part < arnParts:
			p = append(p, token{kind: manyInPart})
		case s[i] == '*':
			p = append(p, token{kind: many})
		default:
			if s[i] == ':' {
				part++
			}
			p = append(p, token{kind: literal, char: s[i]})
		}
	}
	return p
}

// policyPattern compiles an ARN of a policy. A row of "*" is one.
func policyPattern(s string) pattern {
	p := make(pattern, 0, len(s))
	for i := range len(s) {
		switch s[i] {
		case '*':
			if len(p) == 0 || p[len(p)-1].kind != many {
				p = append(p, token{kind: many})
			}
		case '?':
			p = append(p, token{kind: one})
		default:
			p = append(p, token{kind: literal, char: s[i]})
		}
	}
	return p
}

// overlaps reports whether some string matches both patterns, in time and space
// of the product of their lengths at most.
func (p pattern) overlaps(q pattern) bool {
	// States are pairs of positions; row i of reach is what q can be at when p is
	// at i. Moves never lead back, so one pass in order finds all.
	row := make([]bool, len(q)+1)
	next := make([]bool, len(q)+1)
	row[0] = true
	for i := 0; ; i++ {
		any := false
		clear(next)
		for j := range row {
			if !row[j] {
				continue
			}
			any = true
			if i == len(p) {
				if j == len(q) {
					return true
				}
				if q[j].kind.repeats() {
					row[j+1] = true
				}
				continue
			}
			if p[i].kind.repeats() {
				next[j] = true
			}
			if j == len(q) {
				continue
			}
			if q[j].kind.repeats() {
				row[j+1] = true
			}
			if p[i].meets(q[j]) {
				switch pr, qr := p[i].kind.repeats(), q[j].kind.repeats(); {
				case pr && qr: // leads to where it is
				case pr:
					row[j+1] = true
				case qr:
					next[j] = true
				default:
					next[j+1] = true
				}
			}
		}
		if !any || i == len(p) {
			return false
		}
		row, next = next, row
	}
}

// covers reports whether every string that q matches is matched by p. A false
// answer may be wrong: a wildcard of q is only taken to be covered by one of p
// that can stand for anything it stands for.
func (p pattern) covers(q pattern) bool {
	row := make([]bool, len(p)+1)
	next := make([]bool, len(p)+1)
	row[0] = true
	closure(p, row)
	for _, t := range q {
		clear(next)
		for i := range p {
			if row[i] && p[i].includes(t) {
				if p[i].kind.repeats() {
					next[i] = true
				} else if !t.kind.repeats() {
					next[i+1] = true
				}
			}
		}
		closure(p, next)
		row, next = next, row
	}
	return row[len(p)]
}

// closure adds the positions behind wildcards that may stand for nothing.
func closure(p pattern, row []bool) {
	for i := range p {
		if row[i] && p[i].kind.repeats() {
			row[i+1] = true
		}
	}
}

// includes reports whether t can stand for each character that o can.
func (t token) includes(o token) bool {
	switch t.kind {
	case literal:
		return o.kind == literal && o.char == t.char
	case oneInPart, manyInPart:
		return o.kind == oneInPart || o.kind == manyInPart || o.kind == literal && o.char != ':'
	default:
		return true
	}
}
