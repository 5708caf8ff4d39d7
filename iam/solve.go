package iam

import (
	"slices"

	"merlon.dev/merlon/iam/reference"
)

// bound is what a principal's kind says of a context key.
type bound struct {
	absent, there bool
	language      *language // nil: any value
	except        *language // nil: none
	id            uint32    // tells bounds apart
	hint          string    // a value to try first
}

// solve finds a point of the axis that agrees with all claims.
func (x *axis) solve(claims []claim, within *bound, b *budget) solution {
	key := make([]byte, 0, 4+3*len(claims))
	if within != nil {
		key = appendNumber(key, within.id)
	}
	sorted := slices.Clone(claims)
	slices.SortFunc(sorted, func(a, b claim) int { return a.proposition - b.proposition })
	for i, c := range sorted {
		if i > 0 && c.proposition == sorted[i-1].proposition {
			if c.want != sorted[i-1].want {
				return solution{complete: true}
			}
			continue
		}
		n := uint32(c.proposition) << 1
		if c.want {
			n |= 1
		}
		key = appendNumber(key, n)
	}
	if s, ok := x.solved[string(key)]; ok {
		return s
	}
	s := x.search(sorted, within, b)
	x.solved[string(key)] = s
	return s
}

func (x *axis) search(claims []claim, within *bound, b *budget) solution {
	may := bound{}
	if within != nil {
		may = *within
	}
	absent := point{}
	mayAbsent := !x.always && !may.there && x.agrees(claims, absent)
	preferAbsent := !x.wanted && x.kind != reference.IPAddress
	if mayAbsent && (preferAbsent || may.absent) {
		return solution{point: absent, found: true, complete: true}
	}
	if may.absent {
		return solution{complete: true}
	}
	complete := true
	if values, ok, sure := x.values(claims, &may, b); ok {
		return solution{point: point{true, values}, found: true, complete: true}
	} else if !sure {
		complete = false
	}
	if mayAbsent {
		return solution{point: absent, found: true, complete: true}
	}
	if empty := (point{true, []string{""}}); may.language == nil && x.text() && x.agrees(claims, empty) {
		return solution{point: empty, found: true, complete: true}
	}
	return solution{complete: complete}
}

// text says whether the key's values may be any string, the empty one included.
func (x *axis) text() bool {
	return x.kind == 0 || x.kind == reference.String || x.kind == reference.Binary
}

// need is a set that a value must be in or must not.
type need struct {
	set  int
	want bool
}

// values finds values, not all of them empty, that agree with the claims.
func (x *axis) values(claims []claim, may *bound, b *budget) (values []string, found, complete bool) {
	var every []need // of every value
	var some []need  // of at least one value each
	for _, c := range claims {
		p := &x.propositions[c.proposition]
		if p.set < 0 {
			if p.present != c.want {
				return nil, false, true
			}
			continue
		}
		n := need{p.set, c.want != p.negated}
		// ForAllValues and negation ask every value, their opposite asks one.
		universal := (p.over == forAllValues || p.over == noSet && p.negated) == c.want
		if universal || !x.many {
			every = append(every, n)
		} else {
			some = append(some, n)
		}
	}
	if len(some) == 0 {
		v, ok, sure := x.value(every, may, b)
		if !ok {
			return nil, false, sure
		}
		return []string{v}, true, true
	}
	solid := false
	for _, n := range some {
		v, ok, sure := x.value(append(slices.Clone(every), n), may, b)
		if !ok && x.text() && may.language == nil && x.fits("", append(slices.Clone(every), n)) {
			v, ok = "", true
		}
		if !ok {
			return nil, false, sure
		}
		solid = solid || v != ""
		if !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	if !solid {
		v, ok, sure := x.value(every, may, b)
		if !ok {
			// The empty values alone may still do, where no set operator counts them out.
			return values, x.agrees(claims, point{true, values}), sure
		}
		values = append(values, v)
	}
	return values, true, true
}

func (x *axis) fits(value string, needs []need) bool {
	for _, n := range needs {
		if x.holds(n.set, value) != n.want {
			return false
		}
	}
	return true
}

// value finds one value, not empty.
func (x *axis) value(needs []need, may *bound, b *budget) (value string, found, complete bool) {
	base := x.base
	if may.language != nil {
		base = may.language
	}
	allowed := func(v string) bool {
		return base.match(v) && (may.except == nil || !may.except.match(v)) && x.fits(v, needs)
	}
	if may.hint != "" && allowed(may.hint) {
		return may.hint, true, true
	}
	if i := slices.IndexFunc(x.hints, allowed); i >= 0 && (x.finite == nil || x.kind != 0) {
		return x.hints[i], true, true
	}
	if x.finite != nil {
		if i := slices.IndexFunc(x.finite, allowed); i >= 0 {
			return x.finite[i], true, true
		}
		return "", false, !x.partial || x.kind == reference.Bool
	}
	var pos, neg []*language
	if may.except != nil {
		neg = append(neg, may.except)
	}
	for _, n := range needs {
		if l := x.sets[n.set].language; n.want {
			pos = append(pos, l)
		} else {
			neg = append(neg, l)
		}
	}
	return solve(base, pos, neg, fillersOf(x), b)
}

// fillersOf are what wildcards are filled with first.
func fillersOf(x *axis) []string { return []string{"example", "x", "", "1"} }
