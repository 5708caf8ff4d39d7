package iam

import "slices"

// search is one run over the space for one party. Its request always agrees
// with every claim made so far.
type search struct {
	*proof
	request
	avoid []*clause
}

// solve finds the point of an axis anew. "Nothing" that is not certain is noted.
func (s *search) solve(axis int) bool {
	x := s.axes[axis]
	r := x.solve(s.claims[axis], s.request.party.on(x.key), &s.budget)
	if r.found {
		s.points[axis] = r.point
		return true
	}
	if !r.complete {
		if s.budget.left > 0 {
			s.undecided("what values of " + x.name + " are left is not known for certain")
		}
	}
	return false
}

// enter puts the request into one clause of each group, in every way.
func (s *search) enter(groups [][]*clause) bool {
	if len(groups) == 0 {
		return s.leave()
	}
	for _, c := range groups[0] {
		if s.who(c, s.request.party) == No {
			continue
		}
		if s.budget.left <= 0 {
			return false
		}
		undo := s.save(c.terms)
		s.within = append(s.within, c)
		if s.claim(c.terms) && s.enter(groups[1:]) {
			return true
		}
		s.within = s.within[:len(s.within)-1]
		undo()
	}
	return false
}

// save remembers the axes that terms are about.
func (s *search) save(terms []term) (undo func()) {
	type was struct {
		axis   int
		point  point
		claims int
	}
	var saved []was
	for _, t := range terms {
		if !slices.ContainsFunc(saved, func(w was) bool { return w.axis == t.axis }) {
			saved = append(saved, was{t.axis, s.points[t.axis], len(s.claims[t.axis])})
		}
	}
	return func() {
		for _, w := range saved {
			s.points[w.axis] = w.point
			s.claims[w.axis] = s.claims[w.axis][:w.claims]
		}
	}
}

func (s *search) claim(terms []term) bool {
	for _, t := range terms {
		s.claims[t.axis] = append(s.claims[t.axis], t.claim)
	}
	for i, t := range terms {
		if slices.ContainsFunc(terms[:i], func(o term) bool { return o.axis == t.axis }) {
			continue
		}
		if !s.solve(t.axis) {
			return false
		}
	}
	return true
}

// inside says whether the request is in a clause.
func (s *search) inside(c *clause) bool {
	for _, t := range c.terms {
		if s.axes[t.axis].says(t.proposition, s.points[t.axis]) != t.want {
			return false
		}
	}
	return true
}

// denied says whether a term of the clause is claimed not to hold. A point in
// which variables have no values yet may not show it.
func (s *search) denied(c *clause) bool {
	for _, t := range c.terms {
		t.want = !t.want
		if slices.Contains(s.claims[t.axis], t.claim) {
			return true
		}
	}
	return false
}

// open counts the terms of a clause that may still be denied.
func (s *search) open(c *clause) int {
	n := 0
	for _, t := range c.terms {
		if !slices.Contains(s.claims[t.axis], t.claim) {
			n++
		}
	}
	return n
}

// leave takes the request out of every clause that it must not be in: of one
// that it is in, some term must be denied, and each is tried.
func (s *search) leave() bool {
	if !s.budget.spend(len(s.avoid) + 1) {
		return false
	}
	var worst *clause
	least := 0
	for _, c := range s.avoid {
		if !s.inside(c) || s.denied(c) {
			continue
		}
		if n := s.open(c); worst == nil || n < least {
			worst, least = c, n
		}
		if least == 0 {
			return false
		}
	}
	if worst == nil {
		return s.accept(s)
	}
	key := s.fingerprint()
	if s.failed[key] {
		return false
	}
	for _, t := range worst.terms {
		if slices.Contains(s.claims[t.axis], t.claim) {
			continue
		}
		t.want = !t.want
		undo := s.save([]term{t})
		if s.claim([]term{t}) && s.leave() {
			return true
		}
		undo()
		if s.budget.left <= 0 {
			return false
		}
	}
	s.failed[key] = true
	return false
}

// fingerprint names the claims that stand.
func (s *search) fingerprint() string {
	var key []byte
	for i, claims := range s.claims {
		if len(claims) == 0 {
			continue
		}
		sorted := slices.Clone(claims)
		slices.SortFunc(sorted, func(a, b claim) int { return a.proposition - b.proposition })
		key = appendNumber(key, uint32(i)|1<<31)
		for _, c := range slices.Compact(sorted) {
			n := uint32(c.proposition) << 1
			if c.want {
				n |= 1
			}
			key = appendNumber(key, n)
		}
	}
	return string(key)
}
