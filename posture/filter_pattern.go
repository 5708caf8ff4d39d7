package posture

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// maxFilterPattern is the longest pattern that is read; AWS takes 1,024 characters.
const maxFilterPattern = 4096

// filterPattern is a filter pattern of CloudWatch Logs: words that must occur
// in a log event, or a condition on the members of a JSON event. Patterns for
// events of words between spaces are refused.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html and
// https://github.com/awsdocs/amazon-cloudwatch-logs-user-guide/blob/main/doc_source/FilterAndPatternSyntax.md
// (read 2026-11-24).
type filterPattern struct {
	condition filterCondition // nil for a pattern of words
	words     []filterWord
}

// filterAnswer is what a condition says of an event. Where AWS does not say what
// a condition means, the answer is open and the reason an error.
type filterAnswer struct {
	yes  bool
	open error
}

// filterCondition is a condition on a JSON event, decoded as encoding/json does.
type filterCondition interface {
	holds(event any) filterAnswer
}

// filterWord is a word that must, must not, or may occur.
type filterWord struct {
	sign  byte // 0, '-' or '?'
	text  string
	regex *regexp.Regexp
}

func parseFilterPattern(text string) (*filterPattern, error) {
	if len(text) > maxFilterPattern {
		return nil, fmt.Errorf("the filter pattern has more than %d characters", maxFilterPattern)
	}
	p := &filterParser{text: strings.TrimSpace(text)}
	switch {
	case strings.HasPrefix(p.text, "{"):
		c, err := p.pattern()
		if err != nil {
			return nil, fmt.Errorf("filter pattern %.80q: at %d: %w", text, p.at+1, err)
		}
		return &filterPattern{condition: c}, nil
	case strings.HasPrefix(p.text, "["):
		return nil, fmt.Errorf("filter pattern %.80q is for events of words between spaces", text)
	}
	words, err := p.words()
	if err != nil {
		return nil, fmt.Errorf("filter pattern %.80q: at %d: %w", text, p.at+1, err)
	}
	return &filterPattern{words: words}, nil
}

// matches reports whether an event matches; an error says that nobody can tell.
func (f *filterPattern) matches(event any) (bool, error) {
	if f.condition != nil {
		a := f.condition.holds(event)
		return a.yes, a.open
	}
	text, err := json.Marshal(event)
	if err != nil {
		return false, fmt.Errorf("event: %w", err)
	}
	perhaps, one, must := false, false, false
	for _, w := range f.words {
		found := strings.Contains(string(text), w.text)
		if w.regex != nil {
			found = w.regex.Match(text)
		}
		switch w.sign {
		case '-':
			if found {
				return false, nil
			}
		case '?':
			perhaps, one = true, one || found
		default:
			must = true
			if !found {
				return false, nil
			}
		}
	}
	// "?a ?b" asks for one of them, unless another word is asked for.
	return !perhaps || one || must, nil
}

// filterAll and filterAny are the two ways to join conditions.
type (
	filterAll []filterCondition
	filterAny []filterCondition
)

func (all filterAll) holds(event any) filterAnswer {
	out := filterAnswer{yes: true}
	for _, c := range all {
		a := c.holds(event)
		if a.open == nil && !a.yes {
			return a
		}
		if a.open != nil {
			out = a
		}
	}
	return out
}

func (anyOf filterAny) holds(event any) filterAnswer {
	out := filterAnswer{}
	for _, c := range anyOf {
		a := c.holds(event)
		if a.open == nil && a.yes {
			return a
		}
		if a.open != nil {
			out = a
		}
	}
	return out
}

// filterTest is a condition on one member.
type filterTest struct {
	selector []filterStep
	source   string // the selector as it is written
	// operator is = != < > <= >=, or exists, missing, null, true, false.
	operator string
	value    string
	number   float64
	isNumber bool
	regex    *regexp.Regexp
}

// filterStep leads to a member by name, an element by index, or to every element.
type filterStep struct {
	name  string
	index int
	kind  filterStepKind
}

type filterStepKind int

const (
	filterMember filterStepKind = iota
	filterElement
	filterEvery
)

// errFilterOpen is wrapped by the reasons why a condition has no answer.
var errFilterOpen = errors.New("AWS does not say whether the filter pattern matches")

func (t *filterTest) holds(event any) filterAnswer {
	nodes, wild := follow(event, t.selector)
	switch t.operator {
	case "exists":
		return filterAnswer{yes: len(nodes) > 0}
	case "missing":
		return filterAnswer{yes: len(nodes) == 0}
	}
	if len(nodes) == 0 {
		if t.operator == "!=" && !wild {
			return filterAnswer{open: fmt.Errorf("%w: %s != … where there is none", errFilterOpen, t.source)}
		}
		return filterAnswer{}
	}
	out := filterAnswer{}
	for _, n := range nodes {
		a := t.compare(n)
		if a.open == nil && a.yes {
			return a
		}
		if a.open != nil {
			out = a
		}
	}
	return out
}

// follow gives what a selector leads to; wild says that it goes to every element of a list.
func follow(v any, selector []filterStep) (nodes []any, wild bool) {
	nodes = []any{v}
	for _, s := range selector {
		var next []any
		for _, n := range nodes {
			switch c := n.(type) {
			case map[string]any:
				if e, ok := c[s.name]; ok && s.kind == filterMember {
					next = append(next, e)
				}
			case []any:
				switch {
				case s.kind == filterEvery:
					next = append(next, c...)
				case s.kind == filterElement && s.index < len(c):
					next = append(next, c[s.index])
				}
			}
		}
		wild = wild || s.kind == filterEvery
		nodes = next
	}
	return nodes, wild
}

func (t *filterTest) compare(n any) filterAnswer {
	switch t.operator {
	case "null":
		return filterAnswer{yes: n == nil}
	case "true", "false":
		b, ok := n.(bool)
		return filterAnswer{yes: ok && b == (t.operator == "true")}
	}
	switch v := n.(type) {
	case string:
		return t.compareText(v)
	case float64:
		if !t.isNumber {
			return t.compareText(strconv.FormatFloat(v, 'f', -1, 64))
		}
		return filterAnswer{yes: ordered(v, t.operator, t.number)}
	case bool:
		return filterAnswer{open: fmt.Errorf("%w: %s is true or false and is compared with %.40q", errFilterOpen, t.source, t.value)}
	case nil:
		if t.operator == "!=" {
			return filterAnswer{open: fmt.Errorf("%w: %s != … where it is null", errFilterOpen, t.source)}
		}
	}
	// A list or an object matches nothing, whatever the operator.
	return filterAnswer{}
}

func ordered(a float64, operator string, b float64) bool {
	switch operator {
	case "=":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case ">":
		return a > b
	case "<=":
		return a <= b
	}
	return a >= b
}

// compareText compares text, with * at the beginning and the end of the pattern
// for any text. Of one in the middle AWS has said that it stands for itself;
// where it matters whether it does, the answer is open.
func (t *filterTest) compareText(s string) filterAnswer {
	var same bool
	switch {
	case t.operator != "=" && t.operator != "!=":
		return filterAnswer{}
	case t.regex != nil:
		same = t.regex.MatchString(s)
	default:
		same = wildcard(t.value, s)
		if inner := strings.Trim(t.value, "*"); strings.Contains(inner, "*") {
			if wide := everyStar(t.value, s); wide != same {
				return filterAnswer{open: fmt.Errorf("%w: * stands within %.40q", errFilterOpen, t.value)}
			}
		}
	}
	return filterAnswer{yes: same == (t.operator == "=")}
}

// wildcard takes a * at either end for any text.
func wildcard(pattern, s string) bool {
	front, back := strings.HasPrefix(pattern, "*"), strings.HasSuffix(pattern, "*")
	core := strings.TrimSuffix(strings.TrimPrefix(pattern, "*"), "*")
	switch {
	case front && back || pattern == "*":
		return strings.Contains(s, core)
	case front:
		return strings.HasSuffix(s, core)
	case back:
		return strings.HasPrefix(s, core)
	}
	return s == pattern
}

// everyStar takes every * for any text, and nothing else.
func everyStar(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(s, parts[0])
	for _, p := range parts[1 : len(parts)-1] {
		if !ok {
			return false
		}
		_, rest, ok = strings.Cut(rest, p)
	}
	return ok && strings.HasSuffix(rest, parts[len(parts)-1])
}
