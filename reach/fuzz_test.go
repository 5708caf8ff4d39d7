package reach

import (
	"net/netip"
	"testing"
)

func FuzzParsePrefix(f *testing.F) {
	for _, s := range []string{"10.0.0.0/8", "0.0.0.0/0", "::/0", "10.1.2.3", "10.0.0.0/33", "fe80::1%eth0/64", "1.2.3.4/", " 10.0.0.0/8 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := parsePrefix(text)
		if !ok {
			return
		}
		if !p.IsValid() || p != p.Masked() {
			t.Errorf("%q gives %v", text, p)
		}
		if again, ok := parsePrefix(p.String()); !ok || again != p {
			t.Errorf("%v does not read back: %v", p, again)
		}
	})
}

// FuzzPorts compares the sets with a naive one.
func FuzzPorts(f *testing.F) {
	f.Add(uint16(1), uint16(10), uint16(5), uint16(20), uint16(8))
	f.Add(uint16(0), uint16(65535), uint16(0), uint16(0), uint16(65535))
	f.Fuzz(func(t *testing.T, a, b, c, d, probe uint16) {
		p, q := ports{{min(a, b), max(a, b)}}, ports{{min(c, d), max(c, d)}}
		in := func(s ports, x uint16) bool {
			for _, r := range s {
				if r.lo <= x && x <= r.hi {
					return true
				}
			}
			return false
		}
		r := p.or(ports{{probe, probe}})
		for _, x := range []uint16{a, b, c, d, probe, probe - 1, probe + 1, 0, 65535} {
			if in(p.and(q), x) != (in(p, x) && in(q, x)) {
				t.Errorf("%d in %v and %v", x, p, q)
			}
			if in(r.or(q), x) != (in(r, x) || in(q, x)) {
				t.Errorf("%d in %v or %v", x, r, q)
			}
			if in(r.less(q), x) != (in(r, x) && !in(q, x)) {
				t.Errorf("%d in %v less %v", x, r, q)
			}
		}
	})
}

func FuzzQuestion(f *testing.F) {
	f.Add([]byte(`{"id":"1","from":{"internet":true},"to":{"instance":"i-web"},"protocol":"tcp","port":443}`))
	f.Add([]byte(`{"from":{"ip":"10.0.0.10"},"to":{"ip":"::1"},"protocol":300,"port":null}`))
	f.Add([]byte(`{"from":{},"to":{"vpc":"vpc-1","through":"x"},"protocol":-1,"port":70000}`))
	n := network(f, twoTiers())
	f.Fuzz(func(t *testing.T, line []byte) {
		q, err := ParseQuestion(line)
		if err != nil {
			return
		}
		a := n.Trace(q)
		switch a.Verdict {
		case Reachable:
			if len(a.StoppedBy) > 0 {
				t.Errorf("%s is reachable and stopped by %v", line, a.StoppedBy)
			}
		case Unreachable:
			if len(a.StoppedBy) == 0 {
				t.Errorf("%s is unreachable and nothing stops it", line)
			}
		case Unknown:
			if len(a.Missing) == 0 {
				t.Errorf("%s is unknown and nothing is missing", line)
			}
		}
	})
}

// TestAddresses: an interface is found by each of its addresses.
func TestAddresses(t *testing.T) {
	n := network(t, twoTiers())
	for _, i := range n.interfaces.at {
		for _, a := range i.addresses {
			if a.private.IsValid() && n.interfaceAt(n.vpcs.get(i.vpc, i.place), a.private) != i {
				t.Errorf("%v of %s is found elsewhere", a.private, i.id)
			}
		}
	}
	if private(netip.MustParseAddr("100.64.1.1")) == private(netip.MustParseAddr("100.128.1.1")) {
		t.Error("shared address space is private, what follows it is not")
	}
}
