package iam

import (
	"strings"
	"unicode/utf8"
)

// pattern is text with wildcards and, in resources and conditions, policy
// variables. Matching needs no memory beyond the stack, and time linear in
// the text for any one pattern: it never explores two ways at a time.
type pattern struct {
	tokens    []token
	fold      bool // letters match without regard to case; tokens are lower case
	any       bool // "*" alone
	variables bool
	source    string
}

type token struct {
	kind     tokenKind
	inside   bool   // of ?: a colon is none of its characters
	text     string // of a literal
	variable variable
}

type tokenKind uint8

const (
	literal tokenKind = iota
	one               // ?
	many              // *
	within            // * that stays inside its ARN segment
	name              // ${…}
)

// variable is a policy variable: the value of a context key, or its default.
type variable struct {
	key        string // lower case
	fallback   string
	hasDefault bool
}

// compileAction compiles an action pattern: letters match in any case.
func compileAction(text string) pattern {
	return compilePattern(strings.ToLower(text), true, false)
}

// compileResource compiles a Resource value. A wildcard spans slashes. In one
// of an ARN's first five segments it spans colons only when it is a "*" and the
// last character of its segment
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html,
// read 2026-11-24). The sixth segment is everything that follows, colons included.
func compileResource(text string, variables bool) pattern {
	p := compilePattern(text, false, variables)
	if !strings.HasPrefix(text, "arn:") {
		return p
	}
	colons := 0
	for i := range p.tokens {
		t := &p.tokens[i]
		switch t.kind {
		case literal:
			colons += strings.Count(t.text, ":")
		case one:
			t.inside = colons < 5
		case many:
			last := i+1 == len(p.tokens) || p.tokens[i+1].kind == literal && strings.HasPrefix(p.tokens[i+1].text, ":")
			if colons < 5 && !last {
				t.kind = within
			}
		}
	}
	return p
}

// compilePattern compiles text with * and ?, and ${…} where variables is set.
func compilePattern(text string, fold, variables bool) pattern {
	p := pattern{fold: fold, source: text, any: text == "*"}
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			p.tokens = append(p.tokens, token{kind: literal, text: lit.String()})
			lit.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '*':
			flush()
			p.tokens = append(p.tokens, token{kind: many})
		case c == '?':
			flush()
			p.tokens = append(p.tokens, token{kind: one})
		case variables && c == '$' && strings.HasPrefix(text[i:], "${"):
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				lit.WriteByte(c)
				continue
			}
			inside := text[i+2 : i+end]
			i += end
			switch inside {
			case "*", "?", "$":
				lit.WriteString(inside)
			default:
				flush()
				p.tokens = append(p.tokens, token{kind: name, variable: parseVariable(inside)})
				p.variables = true
			}
		default:
			lit.WriteByte(c)
		}
	}
	flush()
	return p
}

// compileText compiles text in which only variables are special.
func compileText(text string, fold, variables bool) pattern {
	if fold {
		text = strings.ToLower(text)
	}
	if !variables || !strings.Contains(text, "${") {
		p := pattern{fold: fold, source: text}
		if text != "" {
			p.tokens = []token{{kind: literal, text: text}}
		}
		return p
	}
	p := compilePattern(text, fold, true)
	for i, t := range p.tokens {
		switch t.kind {
		case many:
			p.tokens[i] = token{kind: literal, text: "*"}
		case one:
			p.tokens[i] = token{kind: literal, text: "?"}
		}
	}
	p.any = false
	return p
}

// parseVariable reads "key" or "key, 'default'".
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html, read 2026-11-24
func parseVariable(inside string) variable {
	key, rest, found := strings.Cut(inside, ",")
	v := variable{key: strings.ToLower(strings.TrimSpace(key))}
	if rest = strings.TrimSpace(rest); found && len(rest) >= 2 && rest[0] == '\'' && rest[len(rest)-1] == '\'' {
		v.fallback, v.hasDefault = rest[1:len(rest)-1], true
	}
	return v
}

// maxStackTokens is how many tokens a pattern with variables may have before
// matching it needs memory of its own.
const maxStackTokens = 24

// match compares the whole of text. A variable without value matches nothing;
// one whose value is unknown gives Maybe, unless no value could match.
func (p *pattern) match(text string, c *Context) Match {
	if p.any {
		return Yes
	}
	if p.fold && !ascii(text) {
		text = strings.ToLower(text)
	}
	if !p.variables {
		return matchOf(glob(p.tokens, text, p.fold))
	}
	var space [maxStackTokens]token
	tokens, state := p.resolve(space[:0], c)
	if state == No || !glob(tokens, text, p.fold) {
		return No
	}
	return state
}

// resolve puts values in the place of variables: No where one has none. Maybe
// where one is not known, and a "*" stands for it.
func (p *pattern) resolve(space []token, c *Context) ([]token, Match) {
	tokens := append(space, p.tokens...)
	state := Yes
	for i := range tokens {
		t := &tokens[i]
		if t.kind != name {
			continue
		}
		v, is := c.single(t.variable.key)
		if is == absent && t.variable.hasDefault {
			v, is = t.variable.fallback, present
		}
		switch is {
		case present:
			if p.fold {
				v = strings.ToLower(v)
			}
			*t = token{kind: literal, text: v}
		case absent:
			return nil, No
		default:
			state = Maybe
			*t = token{kind: many}
		}
	}
	return tokens, state
}

// glob matches without backtracking over more than the last wildcard: of two
// wildcards the first may stop at its first fit. One that stays within its
// segment and meets a colon gives way to the last that may cross it.
func glob(tokens []token, text string, fold bool) bool {
	ti, pos := 0, 0
	star, starPos := -1, 0   // the last wildcard and where its text ends
	cross, crossPos := -1, 0 // the last that may cross a colon
	for {
		if ti == len(tokens) {
			if pos == len(text) {
				return true
			}
		} else {
			switch t := &tokens[ti]; t.kind {
			case many:
				if ti+1 == len(tokens) {
					return true
				}
				star, starPos = ti, pos
				cross, crossPos = ti, pos
				ti++
				continue
			case within:
				star, starPos = ti, pos
				ti++
				continue
			case one:
				if pos < len(text) && !(t.inside && text[pos] == ':') {
					pos += width(text[pos:])
					ti++
					continue
				}
			case literal:
				if hasPrefix(text[pos:], t.text, fold) {
					pos += len(t.text)
					ti++
					continue
				}
			}
		}
		// A literal behind the last wildcard can be looked for at once.
		if star >= 0 && tokens[star].kind == within && (starPos >= len(text) || text[starPos] == ':') {
			star, starPos = cross, crossPos
		}
		if star < 0 || starPos >= len(text) {
			return false
		}
		starPos += width(text[starPos:])
		if next := star + 1; tokens[star].kind == many && next < len(tokens) && tokens[next].kind == literal && !fold {
			i := strings.Index(text[starPos:], tokens[next].text)
			if i < 0 {
				return false
			}
			starPos += i
		}
		if tokens[star].kind == many {
			crossPos = starPos
		}
		ti, pos = star+1, starPos
	}
}

// width is the length in bytes of the character that text begins with.
func width(text string) int {
	if text[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(text)
	return n
}

func ascii(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// hasPrefix compares without regard to the case of ASCII letters where fold is
// set; prefix is then lower case, and so are the text's other letters.
func hasPrefix(text, prefix string, fold bool) bool {
	if !fold {
		return strings.HasPrefix(text, prefix)
	}
	if len(text) < len(prefix) {
		return false
	}
	for i := 0; i < len(prefix); i++ {
		c := text[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}
