package awstest

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"merlon.dev/merlon"
)

// Count names the calls that are counted together.
type Count struct {
	Call    string
	Account merlon.AccountID
	Region  merlon.Region
}

// Counted is a Count with its number.
type Counted struct {
	Count
	N int
}

// Calls lists what was called and how often, sorted by call, account and region.
// Attempts that a fault ended count too.
func (s *Server) Calls() []Counted {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Counted
	for k, n := range maps.All(s.counts) {
		out = append(out, Counted{k, n})
	}
	slices.SortFunc(out, func(a, b Counted) int {
		return cmp.Or(cmp.Compare(a.Call, b.Call), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
	})
	return out
}

// Called is the number of calls that match; m.Input is not looked at.
func (s *Server) Called(m Match) int {
	m.Input = nil
	n := 0
	for _, c := range s.Calls() {
		service, operation := cut(c.Call)
		if m.matches(&Call{Service: service, Operation: operation, Account: c.Account, Region: c.Region}) {
			n += c.N
		}
	}
	return n
}

// Mutations are the calls that would have changed something, in order. A scan
// must leave none. What is not known to be a read is taken for a write.
func (s *Server) Mutations() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.writes)
}

// Peak is the largest number of calls that were under way at once.
func (s *Server) Peak() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peak
}

// Forget sets all counts and the mutations back.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.counts)
	s.writes, s.peak = nil, s.inFlight
}

func cut(call string) (service, operation string) {
	service, operation, _ = strings.Cut(call, ":")
	return service, operation
}
