package reach

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Trace answers a question: whether some packet gets from one end to the other
// and its answer back. Where an end is several addresses, one pair that works
// is enough. It is safe for concurrent use.
func (n *Network) Trace(q *Question) *Answer {
	a := &Answer{ID: q.ID, Verdict: Unreachable, StoppedBy: []Stop{}, Missing: []Missing{}, Path: []Hop{}}
	from, err := n.ends(&q.From)
	if err != nil {
		return a.fail(err)
	}
	to, err := n.ends(&q.To)
	if err != nil {
		return a.fail(err)
	}
	if len(from) == 0 {
		a.StoppedBy = append(a.StoppedBy, Stop{Kind: "source", ID: q.From.name(), Direction: Egress, Why: "it has no address"})
		return a
	}
	if len(to) == 0 {
		a.StoppedBy = append(a.StoppedBy, Stop{Kind: "destination", ID: q.To.name(), Direction: Ingress, Why: "it has no address"})
		return a
	}
	// Addresses of one kind do not talk to the other; where both ends have both,
	// the pairs that cannot are no answer.
	alike := slices.ContainsFunc(from, func(f end) bool {
		return slices.ContainsFunc(to, func(t end) bool { return f.address.Is4() == t.address.Is4() })
	})
	for _, f := range from {
		for _, t := range to {
			if alike && f.address.Is4() != t.address.Is4() {
				continue
			}
			b := n.connect(q, f, t)
			if a.take(b); a.Verdict == Reachable {
				return a
			}
		}
	}
	return a
}

func (a *Answer) fail(err error) *Answer {
	a.Verdict, a.Error = Unknown, err.Error()
	a.Missing = append(a.Missing, Missing{Reason: err.Error()})
	return a
}

// take joins the answer for one pair of addresses: reachable beats unknown
// beats unreachable, of which what stops it adds up.
func (a *Answer) take(b *Answer) {
	switch {
	case b.Verdict == Reachable:
		a.Verdict, a.StoppedBy, a.Missing, a.Path = b.Verdict, []Stop{}, []Missing{}, b.Path
	case b.Verdict == Unknown:
		if a.Verdict != Unknown {
			a.StoppedBy, a.Path = []Stop{}, b.Path
		}
		a.Verdict = Unknown
		for _, m := range b.Missing {
			if !slices.Contains(a.Missing, m) {
				a.Missing = append(a.Missing, m)
			}
		}
	case a.Verdict == Unreachable:
		for _, s := range b.StoppedBy {
			if !slices.ContainsFunc(a.StoppedBy, func(o Stop) bool { return o.Kind == s.Kind && o.ID == s.ID && o.Direction == s.Direction }) {
				a.StoppedBy = append(a.StoppedBy, s)
			}
		}
		if len(a.Path) == 0 {
			a.Path = b.Path
		}
	}
}

// end is one address at an end of a question.
type end struct {
	site
	public   netip.Addr // in front of the address; what a destination was asked for by
	byPublic bool       // a destination is meant by its public address
	balancer *balancer
	attached *attachment // of a source outside, where it comes in
	gateway  *vpnGateway
	through  *balancer
}

func (p *Point) name() string {
	for _, s := range []string{p.Instance, p.Interface, p.LoadBalancer, p.Subnet, p.VPC, p.VPNGateway, p.TransitGatewayAttachment, p.IP} {
		if s != "" {
			return s
		}
	}
	return "internet"
}

// sampleInternet stands for hosts of the internet that no rule names: an
// address for documentation (RFC 5737, RFC 3849).
var (
	sampleInternet  = netip.MustParseAddr("203.0.113.77")
	sampleInternet6 = netip.MustParseAddr("2001:db8:ffff::77")
	sampleHost      = netip.MustParseAddr("203.0.113.79")
	sampleBalancer  = netip.MustParseAddr("203.0.113.78")
	noAddress       netip.Addr
)

// ends are the addresses that a point may mean.
func (n *Network) ends(p *Point) ([]end, error) {
	var asked netip.Addr
	if p.IP != "" {
		a, err := netip.ParseAddr(p.IP)
		if err != nil {
			return nil, fmt.Errorf("%q is no address", p.IP)
		}
		asked = a.Unmap()
	}
	given := 0
	for _, set := range []bool{p.Instance != "", p.Interface != "", p.LoadBalancer != "", p.Subnet != "", p.VPC != "", p.VPNGateway != "", p.TransitGatewayAttachment != "", p.Internet} {
		if set {
			given++
		}
	}
	if given > 1 {
		return nil, fmt.Errorf("an end is one thing; this one names %d", given)
	}
	var out []end
	switch {
	case p.Internet:
		if asked.IsValid() {
			return []end{{site: site{outside: "internet", address: asked, explicit: true}}}, nil
		}
		return []end{{site: site{outside: "internet", address: sampleInternet}}, {site: site{outside: "internet", address: sampleInternet6}}}, nil
	case p.Instance != "":
		i := n.instances.get(p.Instance, place{})
		if i == nil {
			return nil, fmt.Errorf("instance %s is not in the snapshot", p.Instance)
		}
		for _, id := range i.interfaces {
			out = append(out, n.interfaceEnds(n.interfaces.get(id, i.place), asked)...)
		}
	case p.Interface != "":
		i := n.interfaces.get(p.Interface, place{})
		if i == nil {
			return nil, fmt.Errorf("interface %s is not in the snapshot", p.Interface)
		}
		out = n.interfaceEnds(i, asked)
	case p.LoadBalancer != "":
		b := n.balancers[p.LoadBalancer]
		if b == nil {
			return nil, fmt.Errorf("load balancer %s is not in the snapshot", p.LoadBalancer)
		}
		out = n.balancerEnds(b)
	case p.Subnet != "":
		s := n.subnets.get(p.Subnet, place{})
		if s == nil {
			return nil, fmt.Errorf("subnet %s is not in the snapshot", p.Subnet)
		}
		out = n.subnetEnds(s, asked)
	case p.VPC != "":
		v := n.vpcs.get(p.VPC, place{})
		if v == nil {
			return nil, fmt.Errorf("VPC %s is not in the snapshot", p.VPC)
		}
		for _, s := range v.subnets {
			out = append(out, n.subnetEnds(s, asked)...)
		}
		slices.SortFunc(out, func(a, b end) int { return a.address.Compare(b.address) })
	case p.VPNGateway != "":
		g := n.vpnGateways.get(p.VPNGateway, place{})
		if g == nil {
			return nil, fmt.Errorf("VPN gateway %s is not attached in the snapshot", p.VPNGateway)
		}
		v := n.vpcs.get(g.vpc, g.place)
		if v == nil {
			return nil, fmt.Errorf("the VPC of %s, %s, is not in the snapshot", g.id, g.vpc)
		}
		out = []end{{site: site{outside: "vpn_gateway", vpc: v, address: outsideAddress(v, asked), explicit: asked.IsValid()}, gateway: g}}
	case p.TransitGatewayAttachment != "":
		a := n.attachments.get(p.TransitGatewayAttachment, place{})
		if a == nil {
			return nil, fmt.Errorf("attachment %s is not in the snapshot", p.TransitGatewayAttachment)
		}
		if a.kind == "vpc" {
			return n.ends(&Point{VPC: a.resource, IP: p.IP})
		}
		out = []end{{site: site{outside: "transit_gateway_attachment", address: outsideAddress(nil, asked), explicit: asked.IsValid()}, attached: a}}
	case asked.IsValid():
		out = n.addressEnds(asked)
	default:
		return nil, fmt.Errorf("an end needs an instance, interface, load_balancer, subnet, vpc, vpn_gateway, transit_gateway_attachment, internet or ip")
	}
	if p.Through != "" {
		b := n.balancers[p.Through]
		if b == nil {
			return nil, fmt.Errorf("load balancer %s is not in the snapshot", p.Through)
		}
		for i := range out {
			out[i].through = b
		}
	}
	return out, nil
}

// interfaceEnds are an interface's addresses, or the one that was asked for.
func (n *Network) interfaceEnds(i *netInterface, asked netip.Addr) []end {
	if i == nil {
		return nil
	}
	at := site{vpc: n.vpcs.get(i.vpc, i.place), subnet: n.subnets.get(i.subnet, i.place), iface: i}
	var out []end
	for _, a := range i.addresses {
		if asked.IsValid() && a.private != asked && a.public != asked {
			continue
		}
		at.address = a.private
		out = append(out, end{site: at, public: a.public, byPublic: asked.IsValid() && a.public == asked})
	}
	return out
}

func (n *Network) subnetEnds(s *subnet, asked netip.Addr) []end {
	v := n.vpcs.get(s.vpc, s.place)
	var out []end
	for _, r := range s.ranges {
		a := asked
		if !a.IsValid() {
			a = n.free(v, r)
		}
		if r.Contains(a) {
			e := end{site: site{vpc: v, subnet: s, address: a}}
			if v != nil && asked.IsValid() {
				e.iface = n.interfaceAt(v, a)
			}
			out = append(out, e)
		}
	}
	return out
}

// free is an address of a range that no interface has: it stands for any host
// that may be there. The first four and the last are AWS's own.
func (n *Network) free(v *vpc, r netip.Prefix) netip.Addr {
	a := r.Addr()
	for range 4 {
		a = a.Next()
	}
	for range 1024 {
		if !r.Contains(a) {
			break
		}
		if v == nil || n.interfaceAt(v, a) == nil {
			return a
		}
		a = a.Next()
	}
	return r.Addr()
}

// outsideAddress is an address on the far side of a gateway.
func outsideAddress(v *vpc, asked netip.Addr) netip.Addr {
	if asked.IsValid() {
		return asked
	}
	for _, text := range []string{"192.168.255.77", "10.255.255.77", "172.31.255.77"} {
		if a := netip.MustParseAddr(text); v == nil || !v.has(a) {
			return a
		}
	}
	return sampleInternet
}

// addressEnds are whom an address alone means.
func (n *Network) addressEnds(a netip.Addr) []end {
	if i := n.byPublic[a]; i != nil {
		return n.interfaceEnds(i, a)
	}
	var out []end
	for _, i := range n.byAddress[a] {
		out = append(out, n.interfaceEnds(i, a)...)
	}
	if len(out) > 0 {
		return out
	}
	for _, s := range n.subnets.at {
		out = append(out, n.subnetEnds(s, a)...)
	}
	slices.SortFunc(out, func(a, b end) int { return strings.Compare(a.subnet.id, b.subnet.id) })
	if len(out) == 0 && !private(a) {
		return []end{{site: site{outside: "internet", address: a, explicit: true}}}
	}
	return out
}

// connect tries one pair of ends, there and back.
func (n *Network) connect(q *Question, f, t end) *Answer {
	if t.through != nil {
		return n.throughBalancer(q, f, t)
	}
	if t.balancer != nil && q.Port != nil && !t.balancer.listens(int(q.Protocol), uint16(*q.Port)) {
		return &Answer{Verdict: Unreachable, StoppedBy: []Stop{{Kind: "load_balancer", ID: t.balancer.arn, Direction: Ingress,
			Why: fmt.Sprintf("no listener on %v port %d", q.Protocol, *q.Port)}}}
	}
	p := packet{protocol: int(q.Protocol), sport: ephemeral, dport: allPorts, icmp: 8}
	if q.Port != nil && (q.Protocol == 6 || q.Protocol == 17) {
		p.dport = onePort(uint16(*q.Port))
	}
	if q.Protocol == 58 {
		p.icmp = 128
	}
	best := &Answer{Verdict: Unreachable}
	for _, src := range n.sources(f, t) {
		try := p
		try.src = src.address
		at := f
		at.address = src.address
		best.take(n.exchange(at, t, try).verdict())
		if best.Verdict == Reachable {
			break
		}
	}
	return best
}

// source is an address of the internet that is worth trying, and the range that
// a rule names it by; "" is any that no rule names.
type source struct {
	address netip.Addr
	within  netip.Prefix
}

// wide says whether a range is too large to be somebody's own: the internet.
func (s source) wide() bool {
	if !s.within.IsValid() {
		return true
	}
	if s.address.Is4() {
		return s.within.Bits() <= 8
	}
	return s.within.Bits() <= 16
}

// sources are the addresses of the internet worth trying: the sample, and one of
// each range that the destination's rules name. Other ends have one.
func (n *Network) sources(f, t end) []source {
	out := []source{{address: f.address}}
	if f.outside != "internet" || f.explicit || t.subnet == nil {
		return out
	}
	add := func(p netip.Prefix) {
		if a := p.Addr(); a.Is4() == f.address.Is4() && p.Bits() > 0 && len(out) < 256 {
			if p.Bits() < a.BitLen() {
				a = a.Next()
			}
			if !private(a) && !slices.ContainsFunc(out, func(s source) bool { return s.address == a }) {
				out = append(out, source{a, p})
			}
		}
	}
	if t.iface != nil {
		for _, id := range t.iface.groups {
			if g := n.groups.get(id, t.iface.place); g != nil {
				for i := range g.ingress {
					for _, p := range g.ingress[i].prefixes {
						add(p)
					}
				}
			}
		}
	}
	if a := n.acls.get(t.subnet.acl, t.subnet.place); a != nil {
		for i := range a.entries {
			add(a.entries[i].prefix)
		}
	}
	return out
}

// exchange sends a packet and its answer.
func (n *Network) exchange(f, t end, p packet) *walk {
	w := &walk{n: n, home: f.stand()}
	if f.address.Is4() != t.address.Is4() {
		w.stop("destination", t.address.String(), Ingress, "%v and %v are of two kinds", f.address, t.address)
		return w
	}
	p.dst = t.address
	outside := f.outside == "internet"
	if (outside || t.byPublic) && t.outside == "" && t.address.Is4() {
		p.dst = t.public
	}
	switch {
	case outside && t.outside != "":
		w.stop("source", f.address.String(), Egress, "both ends are outside")
		return w
	case outside:
		w.fromInternet(t, p)
	case f.attached != nil:
		w.pass("transit_gateway_attachment", f.attached.id, Ingress, "")
		w.switched(f.attached, p)
	case f.gateway != nil:
		w.fromGateway(f, p)
	default:
		if f.vpc == nil {
			w.unsure("the VPC of %v is not in the snapshot", f.address)
		} else {
			w.leave(f.site, p)
		}
	}
	w.expect(t.site, "destination")
	lost := slices.ContainsFunc(w.stops, func(s Stop) bool { return s.Kind == "public_address" && s.Direction == Egress })
	if w.arrived != nil && !lost { // without an address of its own nobody can answer it
		w.accepted = w.seen.dport
		w.answer(f)
	}
	return w
}

// stand is an interface for a source that is none of the snapshot.
func (e *end) stand() *netInterface {
	switch {
	case e.balancer != nil:
		return e.iface
	case e.outside == "" && e.iface == nil && e.subnet != nil:
		return &netInterface{place: place{e.subnet.id, e.subnet.account, e.subnet.region}, subnet: e.subnet.id, vpc: e.subnet.vpc, addresses: []address{{private: e.address}}}
	}
	return nil
}

// fromInternet begins at the internet.
func (w *walk) fromInternet(t end, p packet) {
	if t.iface == nil && t.balancer == nil {
		// A subnet or a VPC: a host there may have a public address.
		if t.vpc == nil || t.subnet == nil {
			w.unsure("the VPC of %v is not in the snapshot", t.address)
			return
		}
		w.enter(&netInterface{place: t.subnet.place, subnet: t.subnet.id, vpc: t.vpc.id}, packet{src: p.src, dst: t.address, protocol: p.protocol, sport: p.sport, dport: p.dport, icmp: p.icmp})
		return
	}
	if !t.address.Is6() && !p.dst.IsValid() {
		w.stop("public_address", siteID(t.site), Ingress, "%v has no public address", t.address)
		p.dst = t.address
	}
	if private(p.dst) && p.dst.Is6() {
		w.stop("public_address", siteID(t.site), Ingress, "%v is no global address", p.dst)
	}
	w.enter(t.iface, p)
}

// fromGateway begins behind a VPN gateway.
func (w *walk) fromGateway(f end, p packet) {
	w.pass("vpn_gateway", f.gateway.id, Ingress, "")
	if edge := f.vpc.edges[f.gateway.id]; edge != nil {
		if r, _ := edge.lookup(p.dst); r != nil && r.target.kind != "local" {
			w.unsure("%s sends what comes in by %s to %s, and what that does is not known", edge.id, f.gateway.id, r.target.id)
		}
	}
	if !f.vpc.has(p.dst) {
		w.stop("vpn_gateway", f.gateway.id, Ingress, "it leads to the addresses of %s only", f.vpc.id)
		return
	}
	w.arrive(f.vpc, p)
}

// expect checks that what arrived did so where it should.
func (w *walk) expect(want site, kind string) {
	if w.arrived == nil {
		return
	}
	got := w.arrived
	switch {
	case want.outside != "" && got.outside == want.outside:
		return
	case want.outside == "" && got.outside == "" && got.address == want.address && (want.vpc == nil || got.vpc == want.vpc):
		return
	case want.outside == "internet" && got.outside == "service" && !want.explicit:
		return
	}
	where := got.outside
	if where == "" {
		where = got.vpc.id + " " + got.address.String()
	}
	w.stop(kind, want.address.String(), Ingress, "the packet ends at %s", where)
	w.arrived = nil
}

// answer sends the reply of what arrived.
func (w *walk) answer(f end) {
	at, p := *w.arrived, w.seen
	w.arrived, w.back = nil, true
	reply := packet{src: p.dst, dst: p.src, protocol: p.protocol, sport: p.dport, dport: p.sport, icmp: 0}
	if p.protocol == 58 {
		reply.icmp = 129
	}
	switch at.outside {
	case "":
		w.leave(at, reply)
	case "internet", "service":
		w.internet(reply)
	case "vpn_gateway":
		if f.vpc != nil {
			w.arrive(f.vpc, reply)
		}
	default:
		// What lies behind the attachment sends its answer the way it came.
		if f.vpc != nil {
			w.arrive(f.vpc, reply)
		}
	}
	w.expect(f.site, "source")
}

// verdict puts what the walk met into an answer.
func (w *walk) verdict() *Answer {
	a := &Answer{Verdict: Reachable, Path: w.path}
	for _, s := range w.stops {
		if !slices.ContainsFunc(a.StoppedBy, func(o Stop) bool {
			return o.Kind == s.Kind && o.ID == s.ID && (o.Direction == s.Direction || s.Kind == "public_address")
		}) {
			a.StoppedBy = append(a.StoppedBy, s)
		}
	}
	switch {
	case len(a.StoppedBy) > 0:
		a.Verdict = Unreachable
	case len(w.missing) > 0 || w.arrived == nil:
		a.Verdict = Unknown
		if len(w.missing) == 0 { // an unknown always says what it lacks
			w.unsure("where the packet ends is not known")
		}
		for _, m := range w.missing {
			if !slices.Contains(a.Missing, m) {
				a.Missing = append(a.Missing, m)
			}
		}
	}
	return a
}
