package posture

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// maxFilterNesting bounds the parentheses within parentheses.
const maxFilterNesting = 50

// filterParser reads a filter pattern.
type filterParser struct {
	text string
	at   int
}

func (p *filterParser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take reads a piece of text where it stands, after white space.
func (p *filterParser) take(s string) bool {
	p.space()
	if !strings.HasPrefix(p.text[p.at:], s) {
		return false
	}
	p.at += len(s)
	return true
}

// pattern reads { condition }.
func (p *filterParser) pattern() (filterCondition, error) {
	p.take("{")
	c, err := p.anyOf(0)
	if err != nil {
		return nil, err
	}
	if !p.take("}") {
		return nil, errors.New("there is no closing brace here")
	}
	if p.space(); p.at < len(p.text) {
		return nil, errors.New("something follows the closing brace")
	}
	return c, nil
}

// anyOf reads conditions joined by ||, which binds less than &&.
func (p *filterParser) anyOf(depth int) (filterCondition, error) {
	if depth > maxFilterNesting {
		return nil, errors.New("the parentheses are nested too deep")
	}
	var out filterAny
	for {
		c, err := p.allOf(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
		if !p.take("||") {
			return out, nil
		}
	}
}

func (p *filterParser) allOf(depth int) (filterCondition, error) {
	var out filterAll
	for {
		c, err := p.one(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
		if !p.take("&&") {
			return out, nil
		}
	}
}

func (p *filterParser) one(depth int) (filterCondition, error) {
	if p.take("(") {
		c, err := p.anyOf(depth + 1)
		if err != nil {
			return nil, err
		}
		if !p.take(")") {
			return nil, errors.New("there is no closing parenthesis here")
		}
		return c, nil
	}
	return p.test()
}

// test reads selector operator value.
func (p *filterParser) test() (*filterTest, error) {
	t := &filterTest{}
	p.space()
	begin := p.at
	if !p.take("$") {
		return nil, errors.New("a selector begins with $")
	}
	for {
		step, ok, err := p.step()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		t.selector = append(t.selector, step)
	}
	t.source = p.text[begin:p.at]
	if len(t.selector) == 0 {
		return nil, errors.New("a selector names a member: $.eventName")
	}
	for _, op := range [...]string{"!=", "<=", ">=", "=", "<", ">"} {
		if p.take(op) {
			t.operator = op
			return t, p.value(t)
		}
	}
	words := strings.Join(p.keywords(), " ")
	switch words {
	case "EXISTS":
		t.operator = "exists"
	case "NOT EXISTS":
		t.operator = "missing"
	case "IS NULL":
		t.operator = "null"
	case "IS TRUE":
		t.operator = "true"
	case "IS FALSE":
		t.operator = "false"
	default:
		return nil, fmt.Errorf("after a selector stands = != < > <= >= EXISTS or IS, not %.40q", words)
	}
	return t, nil
}

// keywords reads words of letters up to what ends a test.
func (p *filterParser) keywords() (out []string) {
	for len(out) < 3 {
		p.space()
		begin := p.at
		for p.at < len(p.text) && isLetter(p.text[p.at]) {
			p.at++
		}
		if begin == p.at {
			return out
		}
		out = append(out, strings.ToUpper(p.text[begin:p.at]))
	}
	return out
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isNameByte(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || c == '_' || c == '-' || c == ':' || c >= 0x80
}

// step reads .name, [3], [*], ["name"] or .["name"].
func (p *filterParser) step() (filterStep, bool, error) {
	rest := p.text[p.at:]
	if after, ok := strings.CutPrefix(rest, "."); ok && !strings.HasPrefix(after, "[") {
		begin := p.at + 1
		for p.at = begin; p.at < len(p.text) && isNameByte(p.text[p.at]); p.at++ {
		}
		if p.at == begin {
			return filterStep{}, false, errors.New("a name follows the dot")
		}
		return filterStep{name: p.text[begin:p.at]}, true, nil
	}
	inner, ok := strings.CutPrefix(strings.TrimPrefix(rest, "."), "[")
	if !ok {
		return filterStep{}, false, nil
	}
	p.at = len(p.text) - len(inner)
	p.space()
	var s filterStep
	switch {
	case p.at < len(p.text) && (p.text[p.at] == '\'' || p.text[p.at] == '"'):
		name, err := p.quoted()
		if err != nil {
			return s, false, err
		}
		s.name = name
	case p.take("*"):
		s.kind = filterEvery
	default:
		begin := p.at
		for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
			p.at++
		}
		n, err := strconv.Atoi(p.text[begin:p.at])
		if err != nil {
			return s, false, errors.New("in brackets stands a number, * or a name in quotes")
		}
		s.kind, s.index = filterElement, n
	}
	if !p.take("]") {
		return s, false, errors.New("there is no closing bracket here")
	}
	return s, true, nil
}

// quoted reads text in quotes, where \ keeps the next character as it is.
func (p *filterParser) quoted() (string, error) {
	quote := p.text[p.at]
	var b strings.Builder
	for i := p.at + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '\\' && i+1 < len(p.text):
			i++
			b.WriteByte(p.text[i])
		case c == quote:
			p.at = i + 1
			return b.String(), nil
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("the quotes are not closed")
}

var filterNumber = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// value reads what a member is compared with.
func (p *filterParser) value(t *filterTest) error {
	p.space()
	if p.at == len(p.text) {
		return errors.New("there is no value here")
	}
	switch c := p.text[p.at]; c {
	case '"', '\'':
		text, err := p.quoted()
		t.value = text
		return err
	case '%':
		re, err := p.regex()
		t.regex = re
		if err == nil && t.operator != "=" && t.operator != "!=" {
			err = errors.New("a regular expression goes with = and !=")
		}
		return err
	}
	begin := p.at
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n(){}&|<>=", p.text[p.at]) < 0 {
		p.at++
	}
	t.value = p.text[begin:p.at]
	if t.value == "" {
		return errors.New("there is no value here")
	}
	if filterNumber.MatchString(t.value) {
		n, err := strconv.ParseFloat(t.value, 64)
		if err != nil {
			return fmt.Errorf("%.40q is too large a number", t.value)
		}
		t.number, t.isNumber = n, true
	} else if t.operator != "=" && t.operator != "!=" {
		return fmt.Errorf("%s compares numbers, and %.40q is none", t.operator, t.value)
	}
	return nil
}

// regex reads %expression%, of the few forms that AWS takes.
func (p *filterParser) regex() (*regexp.Regexp, error) {
	text, _, ok := strings.Cut(p.text[p.at+1:], "%")
	if !ok || text == "" {
		return nil, errors.New("a regular expression stands between two %")
	}
	if strings.ContainsAny(text, "()") {
		return nil, errors.New("a regular expression of CloudWatch Logs has no parentheses")
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("regular expression %.40q: %w", text, err)
	}
	p.at += len(text) + 2
	return re, nil
}

// words reads a pattern of words: ERROR, "two words", -not, ?perhaps, %regex%.
func (p *filterParser) words() ([]filterWord, error) {
	var out []filterWord
	for {
		p.space()
		if p.at == len(p.text) {
			return out, nil
		}
		var w filterWord
		if c := p.text[p.at]; (c == '-' || c == '?') && p.at+1 < len(p.text) {
			w.sign = c
			p.at++
		}
		var err error
		switch c := p.text[p.at]; c {
		case '"':
			w.text, err = p.quoted()
		case '%':
			w.regex, err = p.regex()
		default:
			begin := p.at
			for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) < 0 {
				p.at++
			}
			w.text = p.text[begin:p.at]
		}
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
}
