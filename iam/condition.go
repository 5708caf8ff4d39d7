package iam

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// test is a condition, compiled.
type test struct {
	key      string // lower case
	op       operator
	ifExists bool
	set      setOperator
	invalid  string
	wants    []want
}

// want is one value of the policy's side, ready to be compared.
type want struct {
	text    pattern
	parts   []pattern // of an ARN
	number  *big.Rat
	integer int64 // the number where it is a small whole one
	small   bool
	when    time.Time
	prefix  netip.Prefix
	bytes   []byte
	isTrue  bool
	valid   bool
}

func (c *Condition) compile(variables bool) {
	t := test{key: strings.ToLower(c.Key)}
	name := c.Operator
	if prefix, rest, found := strings.Cut(name, ":"); found {
		switch strings.ToLower(prefix) {
		case "foranyvalue":
			t.set = forAnyValue
		case "forallvalues":
			t.set = forAllValues
		default:
			t.invalid = fmt.Sprintf("%q is no set operator; ForAnyValue and ForAllValues are known", prefix)
		}
		name = rest
	}
	if lower := strings.ToLower(name); strings.HasSuffix(lower, "ifexists") {
		t.ifExists = true
		name = name[:len(name)-len("ifexists")]
	}
	op, known := operatorNamed(name)
	switch {
	case !known:
		t.invalid = fmt.Sprintf("%q is no condition operator", c.Operator)
	case op.family == null && t.ifExists:
		t.invalid = "Null has no IfExists"
	}
	t.op = op
	if t.invalid == "" {
		for _, v := range c.Values {
			t.wants = append(t.wants, newWant(op, v.Text, variables))
		}
	}
	c.compiled = t
}

func newWant(op operator, text string, variables bool) want {
	w := want{valid: true}
	switch op.family {
	case stringEquals:
		w.text = compileText(text, false, variables)
	case stringEqualsFold:
		w.text = compileText(text, true, variables)
	case stringLike:
		w.text = compilePattern(text, false, variables)
	case numeric:
		w.number, w.valid = parseNumber(text)
		w.integer, w.small = smallInteger(text)
	case date:
		w.when, w.valid = parseDate(text)
	case boolean, null:
		w.isTrue, w.valid = parseBool(text)
	case binary:
		var err error
		w.bytes, err = base64.StdEncoding.DecodeString(text)
		w.valid = err == nil
	case address:
		w.prefix, w.valid = parsePrefix(text)
	case arn:
		// Variables hold no colon that would part an ARN: they are cut off first.
		parts, ok := splitARN(text)
		if w.valid = ok; !ok && variables && strings.Contains(text, "${") {
			// The variables must bring the colons: what they amount to is split.
			w.text, w.valid = compilePattern(text, false, true), true
			return w
		}
		for _, part := range parts {
			w.parts = append(w.parts, compilePattern(part, false, variables))
		}
	}
	return w
}

// match answers for a request's context. Rules, each from the operators'
// page: a key that is absent fails a positive operator, passes a negated one
// and one with IfExists; ForAllValues passes and ForAnyValue fails when there
// is no value. A value that is not of the operator's type equals nothing.
func (t *test) match(c *Context) Match {
	if t.invalid != "" {
		return Maybe
	}
	e := c.lookup(t.key)
	if e.state != oneOf {
		return t.matchEntry(e, c)
	}
	all, any := Yes, No
	for _, option := range e.options {
		m := t.matchEntry(option, c)
		all, any = min(all, m), max(any, m)
	}
	if all == any {
		return all
	}
	return Maybe
}

func (t *test) matchEntry(e entry, c *Context) Match {
	if t.op.family == null && t.set != noSet {
		// "Avoid using the Null condition operator with the ForAllValues or
		// ForAnyValue qualifiers because they always return a true or false respectively."
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html, read 2026-11-24
		return matchOf(t.set == forAllValues)
	}
	if t.op.family == null {
		return t.matchNull(e)
	}
	switch e.state {
	case unstated, valued:
		return Maybe
	case absent:
		return t.missing()
	}
	switch t.set {
	case forAllValues:
		if emptySet(e.values) {
			return Yes
		}
		all := Yes
		for _, v := range e.values {
			all = min(all, t.one(v, c))
		}
		return all
	case forAnyValue:
		if emptySet(e.values) {
			return No
		}
		any := No
		for _, v := range e.values {
			any = max(any, t.one(v, c))
		}
		return any
	}
	// Several values without a set operator: a positive operator asks for one
	// that fits, a negated one for none that does.
	out := No
	for _, v := range e.values {
		out = max(out, t.fits(v, c))
	}
	if t.op.negated {
		return out.not()
	}
	return out
}

func (t *test) missing() Match {
	switch {
	case t.ifExists, t.set == forAllValues:
		return Yes
	case t.set == forAnyValue:
		return No
	}
	return matchOf(t.op.negated)
}

func (t *test) matchNull(e entry) Match {
	out := No
	for _, w := range t.wants {
		switch {
		case !w.valid:
		case e.state == unstated:
			out = max(out, Maybe)
		case w.isTrue == (e.state == absent):
			return Yes
		}
	}
	return out
}

// emptySet says whether values "resolve to a null data set, such as an empty string".
func emptySet(values []string) bool {
	for _, v := range values {
		if v != "" {
			return false
		}
	}
	return true
}

// one compares one value of the request, negation included.
func (t *test) one(value string, c *Context) Match {
	m := t.fits(value, c)
	if t.op.negated {
		return m.not()
	}
	return m
}

// fits says whether a value of the request equals, or stands in the asked order
// to, one of the policy's values.
func (t *test) fits(value string, c *Context) Match {
	out := No
	switch t.op.family {
	case stringEquals, stringLike, stringEqualsFold:
		for i := range t.wants {
			if out = max(out, t.wants[i].text.match(value, c)); out == Yes {
				return Yes
			}
		}
		return out
	case numeric:
		if n, ok := smallInteger(value); ok {
			for i := range t.wants {
				w := &t.wants[i]
				switch {
				case !w.valid:
				case w.small:
					if t.op.order.holds(cmp.Compare(n, w.integer)) {
						return Yes
					}
				case t.op.order.holds(new(big.Rat).SetInt64(n).Cmp(w.number)):
					return Yes
				}
			}
			return No
		}
		n, ok := parseNumber(value)
		if !ok {
			return No
		}
		for i := range t.wants {
			if w := &t.wants[i]; w.valid && t.op.order.holds(n.Cmp(w.number)) {
				return Yes
			}
		}
		return No
	case date:
		when, ok := parseDate(value)
		if !ok {
			return No
		}
		for i := range t.wants {
			if w := &t.wants[i]; w.valid && t.op.order.holds(when.Compare(w.when)) {
				return Yes
			}
		}
		return No
	case boolean:
		is, ok := parseBool(value)
		for i := range t.wants {
			if w := &t.wants[i]; ok && w.valid && w.isTrue == is {
				return Yes
			}
		}
		return No
	case binary:
		got, err := base64.StdEncoding.DecodeString(value)
		for i := range t.wants {
			if w := &t.wants[i]; err == nil && w.valid && string(w.bytes) == string(got) {
				return Yes
			}
		}
		return No
	case address:
		a, err := netip.ParseAddr(value)
		if err != nil {
			return No
		}
		a = a.Unmap()
		for i := range t.wants {
			if w := &t.wants[i]; w.valid && w.prefix.Contains(a) {
				return Yes
			}
		}
		return No
	case arn:
		for i := range t.wants {
			if out = max(out, t.wants[i].matchARN(value, c)); out == Yes {
				return Yes
			}
		}
		return out
	}
	return Maybe
}

// matchARN compares each of the six components on its own.
func (w *want) matchARN(value string, c *Context) Match {
	if !w.valid || !strings.HasPrefix(value, "arn:") {
		return No
	}
	if w.parts == nil {
		return w.matchWholeARN(value, c)
	}
	out := Yes
	for i := range w.parts {
		part := value
		if i < len(w.parts)-1 {
			var found bool
			if part, value, found = strings.Cut(value, ":"); !found {
				return No
			}
		}
		if out = min(out, w.parts[i].match(part, c)); out == No {
			return No
		}
	}
	return out
}

// matchWholeARN is matchARN for text whose variables hold some of the colons.
func (w *want) matchWholeARN(value string, c *Context) Match {
	tokens, state := w.text.resolve(nil, c)
	if state != Yes {
		return state
	}
	for i := range 6 {
		part := value
		if i < 5 {
			var found bool
			if part, value, found = strings.Cut(value, ":"); !found {
				return No
			}
		}
		var cut bool
		var own []token
		if own, tokens, cut = cutTokens(tokens, i < 5); cut != (i < 5) || !glob(own, part, false) {
			return No
		}
	}
	return Yes
}

// cutTokens parts tokens at their first colon, where asked to.
func cutTokens(tokens []token, atColon bool) (before, after []token, found bool) {
	for i, t := range tokens {
		if !atColon || t.kind != literal {
			continue
		}
		if head, tail, found := strings.Cut(t.text, ":"); found {
			before = append(slices.Clone(tokens[:i]), token{kind: literal, text: head})
			return before, append([]token{{kind: literal, text: tail}}, tokens[i+1:]...), true
		}
	}
	return tokens, nil, false
}

// The layouts of https://www.w3.org/TR/NOTE-datetime, to which the operators'
// page refers, and those without a zone, which count as UTC.
