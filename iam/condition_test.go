package iam

import (
	"math/big"
	"net/netip"
	"strings"
	"testing"
)

// operatorNames are all condition operators but Null.
var operatorNames = append(append(append([]string{
	"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike",
}, stringOperators...), dateOperators...), numericOperators...)

func conditionOf(operator string, values ...string) *test {
	c := Condition{Operator: operator, Key: "k"}
	for _, v := range values {
		c.Values = append(c.Values, Element{Text: v})
	}
	c.compile(true)
	return &c.compiled
}

// FuzzConditionValues: whatever stands on the two sides, a comparison is the
// opposite of its negation, equality and order agree, and the naive one agrees
// on what it reads.
func FuzzConditionValues(f *testing.F) {
	for _, s := range []string{"10", "10.0", "-0", "1e3", "2024-06-01T12:00:00Z", "2024", "1717243200", "true", "FALSE", "QQ==", "192.0.2.1", "192.0.2.0/24", "::ffff:192.0.2.1",
		"2001:db8::/32", "arn:aws:s3:::b", "arn:*:*:*:*:*", "${k}", "a*?", "", "9999-12-31T23:59:60Z", "1/2", "0x10", "1_000", "\xff", "fe80::1%eth0", "010.0.0.1"} {
		f.Add(s, "10")
		f.Add("10", s)
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, value, want string) {
		c := NewContext().Set("k", value)
		is := func(operator string) bool {
			m := conditionOf(operator, want).match(c)
			if m == Maybe && !strings.Contains(want, "${") {
				t.Errorf("%s %q, %q: unknown, although all is known", operator, value, want)
			}
			return m == Yes
		}
		for _, name := range operatorNames {
			if value == "" && strings.Contains(want, "${") {
				continue // what an empty variable amounts to is not known
			}
			if positive := strings.Replace(name, "Not", "", 1); positive != name && is(positive) == is(name) {
				t.Errorf("%s and %s of %q and %q are the same", positive, name, value, want)
			}
			if is(name) != is("ForAnyValue:"+name) && value != "" || is(name) != is("ForAllValues:"+name) && value != "" || is(name) != is(name+"IfExists") {
				t.Errorf("%s of one value %q and %q depends on the set operator", name, value, want)
			}
		}
		for _, family := range []string{"Numeric", "Date"} {
			less, equal, greater := is(family+"LessThan"), is(family+"Equals"), is(family+"GreaterThan")
			if less && equal || equal && greater || less && greater {
				t.Errorf("%s: %q is less, equal and greater than %q: %v %v %v", family, value, want, less, equal, greater)
			}
			if is(family+"LessThanEquals") != (less || equal) || is(family+"GreaterThanEquals") != (greater || equal) {
				t.Errorf("%s: orders of %q and %q disagree", family, value, want)
			}
		}
		if a, ok := naiveNumber(value); ok && len(value) <= 64 && len(want) <= 64 {
			if b, ok := naiveNumber(want); ok && is("NumericLessThan") != (a.Cmp(b) < 0) {
				t.Errorf("%q < %q", value, want)
			}
		}
		if is("StringEquals") && !strings.Contains(want, "${") && value != want {
			t.Errorf("%q equals %q", value, want)
		}
		if is("IpAddress") {
			if _, err := netip.ParseAddr(value); err != nil {
				t.Errorf("%q is an address of %q", value, want)
			}
		}
	})
}

func TestParseNumber(t *testing.T) {
	for text, want := range map[string]*big.Rat{
		"10": big.NewRat(10, 1), "10.50": big.NewRat(21, 2), "-3": big.NewRat(-3, 1), "+3": big.NewRat(3, 1), ".5": big.NewRat(1, 2), "1e3": big.NewRat(1000, 1), "0010": big.NewRat(10, 1),
		"": nil, " 10": nil, "10 ": nil, "10abc": nil, "0x1f": nil, "1_000": nil, "1/2": nil, "1e1e1": nil, "1e999999999": nil, "NaN": nil, "Inf": nil, "-": nil, ".": nil,
		"--1": nil, "1.2.3": nil, "١٠": nil, strings.Repeat("9", 65): nil,
	} {
		got, ok := parseNumber(text)
		if ok != (want != nil) || ok && got.Cmp(want) != 0 {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func TestParseDate(t *testing.T) {
	for text, want := range map[string]int64{
		"2024-06-01T12:00:00Z": 1717243200, "2024-06-01T14:00:00+02:00": 1717243200, "2024-06-01T12:00Z": 1717243200, "2024-06-01T12:00:00.000Z": 1717243200,
		"1717243200": 1717243200, "2024-06-01": 1717200000, "2024-06": 1717200000, "2024": 1704067200, "0": 0, "-1": -1,
	} {
		if got, ok := parseDate(text); !ok || got.Unix() != want {
			t.Errorf("%q is %v", text, got)
		}
	}
	for _, text := range []string{"", "today", "2024-13-01", "2024-06-31", "20240601T120000Z", "2024-06-01 12:00:00", "1717243200.5", "2024-06-01T25:00:00Z", "2024-6-1"} {
		if got, ok := parseDate(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestParsePrefix(t *testing.T) {
	for _, c := range []struct {
		prefix, in, out string
	}{
		{"192.0.2.0/24", "192.0.2.255", "192.0.3.0"},
		{"192.0.2.77/24", "192.0.2.1", "192.0.3.77"},
		{"192.0.2.1", "192.0.2.1", "192.0.2.2"},
		{"192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"},
		{"::ffff:192.0.2.0/120", "192.0.2.9", "192.0.3.0"},
		{"0.0.0.0/0", "255.255.255.255", "2001:db8::1"},
		{"::/0", "2001:db8::1", "nowhere"},
		{"2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", "2001:db8:1234:5679::1"},
		{"2001:db8::1", "2001:db8::1", "2001:db8::2"},
	} {
		if conditionOf("IpAddress", c.prefix).match(NewContext().Set("k", c.in)) != Yes {
			t.Errorf("%s is not in %s", c.in, c.prefix)
		}
		if conditionOf("IpAddress", c.prefix).match(NewContext().Set("k", c.out)) != No {
			t.Errorf("%s is in %s", c.out, c.prefix)
		}
	}
	for _, text := range []string{"", "192.0.2", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/024", "192.0.2.256", "2001:db8::/129", "10.0.0.0/8/8", "any"} {
		if p, ok := parsePrefix(text); ok {
			t.Errorf("%q is %v", text, p)
		}
	}
}
