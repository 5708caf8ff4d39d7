package iam

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
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

type setOperator uint8

const (
	noSet setOperator = iota
	forAnyValue
	forAllValues
)

// operator is a comparison without its negation.
type operator struct {
	family  family
	negated bool
	order   order
}

type family uint8

const (
	stringEquals family = iota
	stringEqualsFold
	stringLike
	numeric
	date
	boolean
	binary
	address
	arn
	null
)

type order uint8

const (
	equal order = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
)

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

// operators are the condition operators of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// (read 2026-11-24), by their name in lower case.
func operatorNamed(name string) (operator, bool) {
	negate := func(o operator) operator { o.negated = true; return o }
	switch strings.ToLower(name) {
	case "stringequals":
		return operator{family: stringEquals}, true
	case "stringnotequals":
		return negate(operator{family: stringEquals}), true
	case "stringequalsignorecase":
		return operator{family: stringEqualsFold}, true
	case "stringnotequalsignorecase":
		return negate(operator{family: stringEqualsFold}), true
	case "stringlike":
		return operator{family: stringLike}, true
	case "stringnotlike":
		return negate(operator{family: stringLike}), true
	case "numericequals":
		return operator{family: numeric}, true
	case "numericnotequals":
		return negate(operator{family: numeric}), true
	case "numericlessthan":
		return operator{family: numeric, order: less}, true
	case "numericlessthanequals":
		return operator{family: numeric, order: lessOrEqual}, true
	case "numericgreaterthan":
		return operator{family: numeric, order: greater}, true
	case "numericgreaterthanequals":
		return operator{family: numeric, order: greaterOrEqual}, true
	case "dateequals":
		return operator{family: date}, true
	case "datenotequals":
		return negate(operator{family: date}), true
	case "datelessthan":
		return operator{family: date, order: less}, true
	case "datelessthanequals":
		return operator{family: date, order: lessOrEqual}, true
	case "dategreaterthan":
		return operator{family: date, order: greater}, true
	case "dategreaterthanequals":
		return operator{family: date, order: greaterOrEqual}, true
	case "bool":
		return operator{family: boolean}, true
	case "binaryequals":
		return operator{family: binary}, true
	case "ipaddress":
		return operator{family: address}, true
	case "notipaddress":
		return negate(operator{family: address}), true
	case "arnequals", "arnlike":
		return operator{family: arn}, true
	case "arnnotequals", "arnnotlike":
		return negate(operator{family: arn}), true
	case "null":
		return operator{family: null}, true
	}
	return operator{}, false
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
					if t.op.order.holds(compareInts(n, w.integer)) {
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

// splitARN cuts a pattern into an ARN's six components; colons inside a
// variable do not part it. "*" alone stands for any ARN.
func splitARN(text string) ([]string, bool) {
	if text == "*" {
		return []string{"arn", "*", "*", "*", "*", "*"}, true
	}
	parts := make([]string, 0, 6)
	depth, from := 0, 0
	for i := 0; i < len(text) && len(parts) < 5; i++ {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			depth++
		case text[i] == '}' && depth > 0:
			depth--
		case text[i] == ':' && depth == 0:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	parts = append(parts, text[from:])
	return parts, len(parts) == 6
}

func (o order) holds(compared int) bool {
	switch o {
	case less:
		return compared < 0
	case lessOrEqual:
		return compared <= 0
	case greater:
		return compared > 0
	case greaterOrEqual:
		return compared >= 0
	}
	return compared == 0
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// smallInteger reads a whole number of at most 18 digits without using memory.
func smallInteger(text string) (int64, bool) {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || len(digits) > 18 {
		return 0, false
	}
	for i := 0; i < len(digits); i++ {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// parseNumber reads an integer or a decimal, exactly; "10abc" and "0x1f" are none.
// Longer than 64 characters is none either: no key has such values.
func parseNumber(text string) (*big.Rat, bool) {
	if text == "" || len(text) > 64 {
		return nil, false
	}
	exponent := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9', c == '.', c == '-', c == '+':
		case c == 'e' || c == 'E':
			n, err := strconv.Atoi(text[i+1:])
			if err != nil || n > 400 || n < -400 {
				return nil, false
			}
			exponent++
		default:
			return nil, false
		}
	}
	if exponent > 1 {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// The layouts of https://www.w3.org/TR/NOTE-datetime, to which the operators'
// page refers, and those without a zone, which count as UTC.
var dateLayouts = [...]string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02", "2006-01", "2006"}

// parseDate reads a W3C date (ISO 8601) or seconds since 1970. Four digits are a year.
func parseDate(text string) (time.Time, bool) {
	if n, ok := smallInteger(text); ok && len(text) != 4 {
		return time.Unix(n, 0), true
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func parseBool(text string) (value, ok bool) {
	switch {
	case strings.EqualFold(text, "true"):
		return true, true
	case strings.EqualFold(text, "false"):
		return false, true
	}
	return false, false
}

// parsePrefix reads a CIDR range or one address; host bits are cut off.
func parsePrefix(text string) (netip.Prefix, bool) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, false
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}
