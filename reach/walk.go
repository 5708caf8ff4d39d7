package reach

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// packet is what is sent: the ports that may still be in use on either side.
type packet struct {
	src, dst     netip.Addr
	protocol     int
	sport, dport ports
	icmp         int // the type: of a request there, of its reply back
}

func (p packet) ported() bool { return p.protocol == 6 || p.protocol == 17 }

// site is where a packet is: at an interface, at an address of a subnet, or outside.
type site struct {
	vpc      *vpc
	subnet   *subnet
	iface    *netInterface
	address  netip.Addr
	nat      *nat
	outside  string // internet, vpn_gateway, transit_gateway_attachment, service
	explicit bool   // an outside address that was asked for, not a sample
}

// walk is one packet's way, and the way of its answer.
type walk struct {
	n       *Network
	back    bool
	stops   []Stop
	missing []Missing
	path    []Hop
	arrived *site
	seen    packet // the packet as it arrived
	// accepted are the destination's ports on which the packet arrived.
	accepted ports
	natted   []natted
	entered  bool // it came in by an internet gateway
	// home is the source where it is no interface of the snapshot: a host that
	// may be in a subnet, a balancer's node.
	home  *netInterface
	steps int
}

// natted is a translation that the answer undoes.
type natted struct {
	nat    *nat
	origin site
}

const maxSteps = 64 // gateways a packet may pass; more is a loop

func (w *walk) direction(d Direction) Direction {
	if w.back {
		return Return
	}
	return d
}

func (w *walk) stop(kind, id string, d Direction, why string, args ...any) {
	w.stops = append(w.stops, Stop{Kind: kind, ID: id, Direction: w.direction(d), Why: fmt.Sprintf(why, args...)})
}

func (w *walk) pass(kind, id string, d Direction, rule string, args ...any) {
	w.path = append(w.path, Hop{Kind: kind, ID: id, Direction: w.direction(d), Rule: fmt.Sprintf(rule, args...)})
}

// lack notes that an id could not be followed: it was not collected, or is not there.
func (w *walk) lack(typ, id string, from place) {
	missing := w.n.coverage(typ, from)
	if len(missing) == 0 {
		missing = []Missing{{Account: from.account, Region: from.region, Reason: id + " is not in the snapshot"}}
	}
	w.missing = append(w.missing, missing...)
}

func (w *walk) unsure(reason string, args ...any) {
	w.missing = append(w.missing, Missing{Reason: fmt.Sprintf(reason, args...)})
}

// leave sends a packet from a site inside a VPC.
func (w *walk) leave(from site, p packet) {
	if w.steps++; w.steps > maxSteps {
		w.stop("route_table", "", Egress, "the routes lead in a circle")
		return
	}
	if from.iface != nil && !w.back {
		w.groups(from.iface, Egress, p.dst, &p)
	}
	if from.subnet == nil {
		w.unsure("the subnet of %v is not in the snapshot", from.address)
		return
	}
	if slices.ContainsFunc(from.subnet.ranges, func(r netip.Prefix) bool { return r.Contains(p.dst) }) {
		// Network ACLs do not see what stays inside a subnet.
		w.deliver(from.vpc, from.subnet, p, false)
		return
	}
	w.acl(from.subnet, Egress, &p)
	w.route(from, p)
}

// route follows the subnet's route table.
func (w *walk) route(from site, p packet) {
	t := w.n.tableOf(from.subnet)
	if t == nil {
		w.lack("AWS::EC2::RouteTable", "the route table of "+from.subnet.id, from.subnet.place)
		return
	}
	if missing := w.n.coverage("AWS::EC2::Route", t.place); len(missing) > 0 {
		w.missing = append(w.missing, missing...)
	}
	if t.unclear != "" {
		w.unsure("%s: %s", t.id, t.unclear)
	}
	r, perhaps := t.lookup(p.dst)
	for _, q := range perhaps {
		if w.mayHold(q, t, p.dst) {
			w.lack("AWS::EC2::PrefixList", "prefix list "+q.list, t.place)
		}
	}
	switch {
	case r == nil:
		w.stop("route_table", t.id, Egress, "no route to %v", p.dst)
		return
	case r.blackhole:
		w.stop("route_table", t.id, Egress, "the route %s to %s is a blackhole", r.text, r.target.id)
		return
	}
	w.pass("route_table", t.id, Egress, "%s to %s", r.text, r.target.id)
	w.follow(from, r.target, t, p)
}

// mayHold says whether a prefix list that was not read may hold an address:
// AWS's own lists hold public addresses of its services.
func (w *walk) mayHold(r *route, t *routeTable, a netip.Addr) bool {
	list := w.n.lists.get(r.list, t.place)
	return list == nil || !strings.HasPrefix(list.name, "com.amazonaws.") || !private(a)
}

func (w *walk) follow(from site, to target, t *routeTable, p packet) {
	switch to.kind {
	case "local":
		w.arrive(from.vpc, p)
	case "internet_gateway":
		w.exit(from, to.id, t, p)
	case "nat_gateway":
		w.translate(from, to.id, p)
	case "egress_only_internet_gateway":
		w.exitOnly(from, to.id, p)
	case "vpc_peering":
		w.peer(from, to.id, p)
	case "transit_gateway":
		w.transit(from, to.id, p)
	case "vpn_gateway":
		if from.vpc.vgw != to.id {
			w.stop("vpn_gateway", to.id, Egress, "it is not attached to %s", from.vpc.id)
			return
		}
		w.pass("vpn_gateway", to.id, Egress, "")
		w.outside("vpn_gateway", p)
	case "vpc_endpoint":
		w.endpoint(from, to.id, p)
	case "network_interface", "instance":
		w.appliance(from, to, p)
	default:
		w.unsure("%s %s in %s is not modelled", to.kind, to.id, t.id)
	}
}

func (w *walk) outside(where string, p packet) {
	w.arrived, w.seen = &site{outside: where, address: p.dst}, p
}

// arrive brings a packet to an address of a VPC.
func (w *walk) arrive(v *vpc, p packet) {
	s := v.subnetOf(p.dst)
	if s == nil {
		if missing := w.n.coverage("AWS::EC2::Subnet", v.place); len(missing) > 0 {
			w.missing = append(w.missing, missing...)
			return
		}
		w.stop("destination", p.dst.String(), Ingress, "no subnet of %s has the address", v.id)
		return
	}
	w.deliver(v, s, p, true)
}

// deliver brings a packet to an address of a subnet.
func (w *walk) deliver(v *vpc, s *subnet, p packet, filtered bool) {
	if filtered {
		w.acl(s, Ingress, &p)
	}
	at := site{vpc: v, subnet: s, address: p.dst, iface: w.n.interfaceAt(v, p.dst)}
	if w.back {
		// An answer to a NAT gateway goes on to whom it belongs.
		for i := len(w.natted) - 1; i >= 0; i-- {
			if t := w.natted[i]; t.nat.private == p.dst {
				w.natted = w.natted[:i]
				w.pass("nat_gateway", t.nat.id, Egress, "")
				p.dst = t.origin.address
				w.leave(site{vpc: v, subnet: s, address: t.nat.private, nat: t.nat}, p)
				return
			}
		}
	} else {
		if g := w.n.natAt(v.id, p.dst); g != nil {
			w.stop("nat_gateway", g.id, Ingress, "it drops what nobody behind it asked for")
			return
		}
		if at.iface != nil {
			w.groups(at.iface, Ingress, p.src, &p)
		}
	}
	w.arrived, w.seen = &at, p
}

// exit sends a packet to the internet by an internet gateway.
// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html, read 2026-11-24
func (w *walk) exit(from site, id string, t *routeTable, p packet) {
	if from.vpc.igw != id {
		if missing := w.n.coverage("AWS::EC2::VPCGatewayAttachment", from.vpc.place); len(missing) > 0 {
			w.missing = append(w.missing, missing...)
		} else {
			w.stop("internet_gateway", id, Egress, "it is not attached to %s", from.vpc.id)
		}
		return
	}
	w.blocked(from.vpc, from.subnet, from.nat != nil, Egress)
	if from.iface != nil && from.iface.denyIGW {
		w.stop("network_interface", from.iface.id, Egress, "it denies all traffic of internet gateways")
	}
	if !p.src.Is6() {
		public := netip.Addr{}
		switch {
		case from.nat != nil:
			public = from.nat.public
		case from.iface != nil:
			for _, a := range from.iface.addresses {
				if a.private == p.src {
					public = a.public
				}
			}
		}
		switch {
		case public.IsValid():
			p.src = public
		case from.iface == nil && from.nat == nil:
			// Any host of the subnet: one there may have a public address.
			p.src = sampleHost
		default:
			w.stop("public_address", siteID(from), Egress, "%v has no public address", p.src)
		}
	} else if private(p.src) {
		w.stop("public_address", siteID(from), Egress, "%v is no global address", p.src)
	}
	if private(p.dst) {
		w.stop("internet", p.dst.String(), Egress, "the internet does not route %v", p.dst)
		return
	}
	w.pass("internet_gateway", id, Egress, "")
	w.internet(p)
}

func siteID(s site) string {
	switch {
	case s.iface != nil:
		return s.iface.id
	case s.nat != nil:
		return s.nat.id
	}
	return s.address.String()
}

// internet brings a packet to a public address: one of the snapshot's, or one elsewhere.
func (w *walk) internet(p packet) {
	target := w.n.byPublic[p.dst]
	if p.dst.Is6() {
		if all := w.n.byAddress[p.dst]; len(all) > 0 {
			target = all[0]
		}
	}
	if target != nil {
		w.enter(target, p)
		return
	}
	if w.back && w.home != nil && (p.dst == sampleHost || p.dst == sampleBalancer) {
		w.enter(w.home, p)
		return
	}
	if w.back {
		for i := len(w.natted) - 1; i >= 0; i-- {
			if t := w.natted[i]; t.nat.public == p.dst {
				w.enterNAT(t, p)
				return
			}
		}
	}
	w.outside("internet", p)
}

// enter brings a packet from the internet to an interface.
func (w *walk) enter(to *netInterface, p packet) {
	v, s := w.n.vpcs.get(to.vpc, to.place), w.n.subnets.get(to.subnet, to.place)
	switch {
	case v == nil:
		w.lack("AWS::EC2::VPC", to.vpc, to.place)
		return
	case s == nil:
		w.lack("AWS::EC2::Subnet", to.subnet, to.place)
		return
	}
	if v.igw == "" {
		if missing := w.n.coverage("AWS::EC2::VPCGatewayAttachment", v.place); len(missing) > 0 {
			w.missing = append(w.missing, missing...)
		} else {
			w.stop("internet_gateway", v.id, Ingress, "%s has no internet gateway", v.id)
		}
		// What else stops it is asked for nevertheless.
	}
	if to.denyIGW {
		w.stop("network_interface", to.id, Ingress, "it denies all traffic of internet gateways")
	}
	w.blocked(v, s, false, Ingress)
	if !p.dst.Is6() {
		for _, a := range to.addresses {
			if a.public == p.dst || to == w.home && p.dst == sampleHost {
				p.dst = a.private
			}
		}
	}
	w.entered = w.entered || !w.back
	if v.igw != "" {
		w.pass("internet_gateway", v.igw, Ingress, "")
	}
	if edge := v.edges[v.igw]; edge != nil && v.igw != "" {
		if r, _ := edge.lookup(p.dst); r != nil && r.target.kind != "local" {
			w.unsure("%s sends what comes in by %s to %s, and what that does is not known", edge.id, v.igw, r.target.id)
		}
	}
	w.deliver(v, s, p, true)
}

// enterNAT brings an answer from the internet back to a NAT gateway.
func (w *walk) enterNAT(t natted, p packet) {
	v, s := w.n.vpcs.get(t.nat.vpc, t.nat.place), w.n.subnets.get(t.nat.subnet, t.nat.place)
	if v == nil || s == nil {
		w.lack("AWS::EC2::Subnet", t.nat.subnet, t.nat.place)
		return
	}
	w.pass("internet_gateway", v.igw, Ingress, "")
	p.dst = t.nat.private
	w.deliver(v, s, p, true)
}

// translate sends a packet through a NAT gateway.
// https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html, read 2026-11-24
func (w *walk) translate(from site, id string, p packet) {
	if w.back && w.entered {
		w.stop("nat_gateway", id, Egress, "the answer to what came in by the internet gateway would leave by the NAT gateway, with another address")
		return
	}
	g := w.n.nats.get(id, from.subnet.place)
	if g == nil {
		if len(w.n.coverage("AWS::EC2::NatGateway", from.subnet.place)) == 0 {
			w.stop("nat_gateway", id, Egress, "there is no such NAT gateway")
		} else {
			w.lack("AWS::EC2::NatGateway", id, from.subnet.place)
		}
		return
	}
	if g.state != "" && g.state != "available" {
		w.stop("nat_gateway", id, Egress, "it is %s", g.state)
		return
	}
	if p.protocol != 6 && p.protocol != 17 && p.protocol != 1 && p.protocol != -1 {
		w.stop("nat_gateway", id, Egress, "it translates TCP, UDP and ICMP only")
		return
	}
	if p.src.Is6() {
		w.stop("nat_gateway", id, Egress, "it does not translate IPv6 addresses")
		return
	}
	v, s := w.n.vpcs.get(g.vpc, g.place), w.n.subnets.get(g.subnet, g.place)
	if v == nil || s == nil || !g.private.IsValid() {
		w.lack("AWS::EC2::Subnet", g.subnet, g.place)
		return
	}
	if s != from.subnet {
		w.acl(s, Ingress, &p)
	}
	w.pass("nat_gateway", id, Egress, "")
	w.natted = append(w.natted, natted{g, site{vpc: from.vpc, subnet: from.subnet, iface: from.iface, address: p.src}})
	p.src = g.private
	w.leave(site{vpc: v, subnet: s, address: g.private, nat: g}, p)
}

// exitOnly sends a packet out by an egress-only internet gateway.
func (w *walk) exitOnly(from site, id string, p packet) {
	switch {
	case w.back && w.entered:
		w.stop("egress_only_internet_gateway", id, Egress, "it lets out no answer to what came in from the internet")
		return
	case !p.src.Is6():
		w.stop("egress_only_internet_gateway", id, Egress, "it is for IPv6")
		return
	}
	if at := w.n.egressOnly.get(id, from.subnet.place); at != nil && at.id != "" && at.id != from.vpc.id {
		w.stop("egress_only_internet_gateway", id, Egress, "it is not attached to %s", from.vpc.id)
		return
	}
	w.blocked(from.vpc, from.subnet, true, Egress)
	if private(p.dst) {
		w.stop("internet", p.dst.String(), Egress, "the internet does not route %v", p.dst)
		return
	}
	w.pass("egress_only_internet_gateway", id, Egress, "")
	w.outside("internet", p)
}

// blocked applies VPC Block Public Access.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html, read 2026-11-24
func (w *walk) blocked(v *vpc, s *subnet, outbound bool, d Direction) {
	b := w.n.blocks[v.account+"/"+v.region]
	if b == nil {
		return
	}
	exclusion := b.exclusions[v.id]
	if e := b.exclusions[s.id]; e != "" {
		exclusion = e
	}
	open := exclusion == "allow-bidirectional" || exclusion == "allow-egress" && outbound
	switch {
	case open:
	case b.mode == "block-bidirectional", b.mode == "block-ingress" && !outbound:
		w.stop("vpc_block_public_access", v.account, d, "%s is set in %s", b.mode, v.region)
	}
}

// peer sends a packet over a peering connection.
// https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html, read 2026-11-24
func (w *walk) peer(from site, id string, p packet) {
	c := w.n.peerings.get(id, from.subnet.place)
	if c == nil {
		w.lack("AWS::EC2::VPCPeeringConnection", id, from.subnet.place)
		return
	}
	if c.status != "" && c.status != "active" {
		w.stop("vpc_peering", id, Egress, "it is %s", c.status)
		return
	}
	other := c.peer
	if other == from.vpc.id {
		other = c.requester
	}
	v := w.n.vpcs.get(other, place{"", c.peerAccount, c.peerRegion})
	if v == nil {
		w.lack("AWS::EC2::VPC", other, place{"", c.peerAccount, c.peerRegion})
		return
	}
	for _, a := range from.vpc.ranges {
		if slices.ContainsFunc(v.ranges, a.Overlaps) {
			w.stop("vpc_peering", id, Egress, "the ranges of %s and %s overlap", from.vpc.id, v.id)
			return
		}
	}
	if !v.has(p.dst) {
		w.stop("vpc_peering", id, Egress, "%v is not in %s, and a peering leads no further", p.dst, v.id)
		return
	}
	w.pass("vpc_peering", id, Egress, "")
	w.arrive(v, p)
}

// endpoint sends a packet to a VPC endpoint in a route table.
func (w *walk) endpoint(from site, id string, p packet) {
	e := w.n.endpoints.get(id, from.subnet.place)
	switch {
	case e == nil:
		w.lack("AWS::EC2::VPCEndpoint", id, from.subnet.place)
	case strings.EqualFold(e.kind, "Gateway"):
		w.pass("vpc_endpoint", id, Egress, "%s", e.service)
		w.outside("service", p)
	default:
		w.unsure("what lies behind %s (%s) decides, and is not modelled", id, e.kind)
	}
}

// appliance sends a packet to an interface that is to pass it on.
func (w *walk) appliance(from site, to target, p packet) {
	id := to.id
	if to.kind == "instance" {
		i := w.n.instances.get(id, from.subnet.place)
		if i == nil || len(i.interfaces) == 0 {
			w.lack("AWS::EC2::Instance", id, from.subnet.place)
			return
		}
		id = i.interfaces[0]
	}
	f := w.n.interfaces.get(id, from.subnet.place)
	switch {
	case f == nil:
		w.lack("AWS::EC2::NetworkInterface", id, from.subnet.place)
	case f.check:
		w.stop("source_dest_check", f.id, Egress, "it takes only packets to its own addresses")
	default:
		w.pass("network_interface", f.id, Egress, "as an appliance")
		w.unsure("what the appliance behind %s does with the packet is not known", f.id)
	}
}
