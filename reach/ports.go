package reach

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// span is a range of ports, both ends included.
type span struct{ lo, hi uint16 }

// ports is a set of ports: spans in order, none touching the next.
type ports []span

var (
	allPorts = ports{{0, 65535}}
	// ephemeral are the ports a client answers on: those of NAT gateways and of
	// every system in use lie within.
	// https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports, read 2026-11-24
	ephemeral = ports{{1024, 65535}}
)

func onePort(p uint16) ports { return ports{{p, p}} }

func (p ports) empty() bool { return len(p) == 0 }

// and is what both sets hold.
func (p ports) and(q ports) ports {
	var out ports
	for i, j := 0, 0; i < len(p) && j < len(q); {
		lo, hi := max(p[i].lo, q[j].lo), min(p[i].hi, q[j].hi)
		if lo <= hi {
			out = append(out, span{lo, hi})
		}
		if p[i].hi < q[j].hi {
			i++
		} else {
			j++
		}
	}
	return out
}

// or is what either holds.
func (p ports) or(q ports) ports {
	all := slices.Concat(p, q)
	slices.SortFunc(all, func(a, b span) int { return int(a.lo) - int(b.lo) })
	var out ports
	for _, s := range all {
		if n := len(out); n > 0 && int(s.lo) <= int(out[n-1].hi)+1 {
			out[n-1].hi = max(out[n-1].hi, s.hi)
			continue
		}
		out = append(out, s)
	}
	return out
}

// less is what p holds and q does not.
func (p ports) less(q ports) ports {
	var gaps ports
	next := 0
	for _, s := range q {
		if int(s.lo) > next {
			gaps = append(gaps, span{uint16(next), s.lo - 1})
		}
		next = int(s.hi) + 1
	}
	if next <= 65535 {
		gaps = append(gaps, span{uint16(next), 65535})
	}
	return p.and(gaps)
}

// String writes ports as 22, 80-443; all where it is all of them.
func (p ports) String() string {
	if len(p) == 1 && p[0] == allPorts[0] {
		return "all"
	}
	var out []string
	for _, s := range p {
		if s.lo == s.hi {
			out = append(out, strconv.Itoa(int(s.lo)))
			continue
		}
		out = append(out, fmt.Sprintf("%d-%d", s.lo, s.hi))
	}
	return strings.Join(out, ", ")
}

// has says whether a port is in the set.
func (p ports) has(port uint16) bool {
	return slices.ContainsFunc(p, func(s span) bool { return s.lo <= port && port <= s.hi })
}
