package iam

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// candidates are values of which every class that the tests can tell apart has
// one: for each family of operators that compares by order, by range or by
// meaning. Strings have an automaton instead.
func candidates(tests []*test) []string {
	var numbers []*big.Rat
	var dates []time.Time
	var ranges []netip.Prefix
	var blobs []string
	var out []string
	for _, t := range tests {
		for i := range t.wants {
			w := &t.wants[i]
			switch {
			case !w.valid:
			case t.op.family == numeric:
				numbers = append(numbers, w.number)
			case t.op.family == date:
				dates = append(dates, w.when)
			case t.op.family == address:
				ranges = append(ranges, w.prefix)
			case t.op.family == binary:
				blobs = append(blobs, base64.StdEncoding.EncodeToString(w.bytes))
			}
		}
		switch t.op.family {
		case boolean:
			out = append(out, "true", "false")
		case numeric:
			numbers = append(numbers, new(big.Rat))
		}
	}
	out = append(out, numberClasses(numbers)...)
	out = append(out, dateClasses(dates)...)
	out = append(out, addressClasses(ranges)...)
	if len(blobs) > 0 {
		out = append(append(out, blobs...), base64.StdEncoding.EncodeToString([]byte(strings.Join(blobs, "")+"x")))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// numberClasses are the numbers themselves, one between each two neighbours and
// one beyond either end; whole ones where there is room.
func numberClasses(numbers []*big.Rat) []string {
	if len(numbers) == 0 {
		return nil
	}
	slices.SortFunc(numbers, (*big.Rat).Cmp)
	numbers = slices.CompactFunc(numbers, func(a, b *big.Rat) bool { return a.Cmp(b) == 0 })
	one := big.NewRat(1, 1)
	all := []*big.Rat{floor(new(big.Rat).Sub(numbers[0], one))}
	for i, n := range numbers {
		all = append(all, n)
		if i+1 < len(numbers) {
			next := floor(new(big.Rat).Add(n, one))
			if next.Cmp(n) <= 0 || next.Cmp(numbers[i+1]) >= 0 {
				next = new(big.Rat).Mul(new(big.Rat).Add(n, numbers[i+1]), big.NewRat(1, 2))
			}
			all = append(all, next)
		}
	}
	all = append(all, floor(new(big.Rat).Add(numbers[len(numbers)-1], one)))
	var out []string
	for _, n := range all {
		// Decimals have finite halves: their text is exact.
		text := n.FloatString(0)
		for digits := 0; digits <= 60; digits += 4 {
			text = n.FloatString(digits)
			if back, ok := new(big.Rat).SetString(text); ok && back.Cmp(n) == 0 {
				break
			}
		}
		if digits := strings.TrimRight(text, "0"); strings.Contains(text, ".") {
			text = strings.TrimSuffix(digits, ".")
		}
		out = append(out, text)
	}
	return out
}

func floor(n *big.Rat) *big.Rat {
	q := new(big.Int).Div(n.Num(), n.Denom())
	return new(big.Rat).SetInt(q)
}

func dateClasses(dates []time.Time) []string {
	if len(dates) == 0 {
		return nil
	}
	slices.SortFunc(dates, time.Time.Compare)
	dates = slices.CompactFunc(dates, time.Time.Equal)
	all := []time.Time{dates[0].Add(-time.Second)}
	for i, d := range dates {
		all = append(all, d)
		if i+1 < len(dates) {
			all = append(all, d.Add(dates[i+1].Sub(d)/2))
		}
	}
	all = append(all, dates[len(dates)-1].Add(time.Second))
	var out []string
	for _, d := range all {
		if y := d.UTC().Year(); y >= 0 && y <= 9999 {
			out = append(out, d.UTC().Format(time.RFC3339Nano))
		}
	}
	return out
}

// addressClasses are, for each range, an address of it that no narrower range
// has, and addresses that none has.
func addressClasses(ranges []netip.Prefix) []string {
	if len(ranges) == 0 {
		return nil
	}
	slices.SortFunc(ranges, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	ranges = slices.Compact(ranges)
	var out []string
	take := func(p netip.Prefix) {
		var inner []netip.Prefix
		for _, r := range ranges {
			if r != p && r.Bits() >= p.Bits() && p.Contains(r.Addr()) {
				inner = append(inner, r)
			}
		}
		if a, ok := outside(p, inner); ok {
			out = append(out, a.String())
		}
	}
	for _, r := range ranges {
		take(r)
	}
	for _, r := range []string{"203.0.113.0/24", "0.0.0.0/0", "2001:db8::/32", "::/0"} {
		take(netip.MustParsePrefix(r)) // documentation's addresses first: they read best
	}
	return out
}

// outside finds an address of p in none of inner, which lie within p and are sorted.
func outside(p netip.Prefix, inner []netip.Prefix) (netip.Addr, bool) {
	if len(inner) == 0 {
		a := p.Addr()
		if p.Bits() < a.BitLen() {
			a = a.Next() // ….1 looks like an address, ….0 like a network
		}
		return a, true
	}
	if slices.Contains(inner, p) {
		return netip.Addr{}, false
	}
	bits := p.Bits() + 1
	low := netip.PrefixFrom(p.Addr(), bits)
	upper := p.Addr().AsSlice()
	upper[(bits-1)/8] |= 0x80 >> ((bits - 1) % 8)
	at, _ := netip.AddrFromSlice(upper)
	for _, half := range []netip.Prefix{low, netip.PrefixFrom(at, bits)} {
		var in []netip.Prefix
		for _, r := range inner {
			if half.Contains(r.Addr()) && r.Bits() >= bits {
				in = append(in, r)
			}
		}
		if a, ok := outside(half, in); ok {
			return a, true
		}
	}
	return netip.Addr{}, false
}
