package reach

import (
	"fmt"
	"slices"
	"strings"
)

// balancerPrefix begins the description that Elastic Load Balancing gives the
// interfaces of its nodes.
const balancerPrefix = "ELB "

// nodes are a balancer's interfaces: those whose description names it.
func (n *Network) nodes(b *balancer) []*netInterface {
	_, name, _ := strings.Cut(b.arn, ":loadbalancer/")
	var out []*netInterface
	for _, i := range n.nodesOf[balancerPrefix+name] {
		if slices.Contains(b.subnets, i.subnet) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(x, y *netInterface) int { return strings.Compare(x.id, y.id) })
	return out
}

// balancerEnds are a balancer's addresses. Where its interfaces were not read,
// an address of each of its subnets stands for one, public where the balancer is.
func (n *Network) balancerEnds(b *balancer) []end {
	var out []end
	for _, i := range n.nodes(b) {
		for _, e := range n.interfaceEnds(i, noAddress) {
			e.balancer = b
			out = append(out, e)
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, id := range b.subnets {
		s := n.subnets.get(id, b.place)
		if s == nil {
			continue
		}
		v := n.vpcs.get(s.vpc, s.place)
		for _, r := range s.ranges {
			a := n.free(v, r)
			i := &netInterface{place: place{b.arn, b.account, b.region}, subnet: s.id, vpc: s.vpc, groups: b.groups, check: true, addresses: []address{{private: a}}}
			e := end{site: site{vpc: v, subnet: s, iface: i, address: a}, balancer: b}
			if b.public && a.Is4() {
				e.public = sampleBalancer
				i.addresses[0].public = sampleBalancer
			}
			out = append(out, e)
		}
	}
	return out
}

// listens says whether a balancer has a listener for a port.
func (b *balancer) listens(protocol int, port uint16) bool {
	return slices.ContainsFunc(b.listeners, func(l listener) bool { return l.port == port && l.carries(protocol) })
}

func (l *listener) carries(protocol int) bool {
	switch strings.ToUpper(l.protocol) {
	case "UDP":
		return protocol == 17
	case "TCP_UDP", "GENEVE":
		return protocol == 6 || protocol == 17
	case "QUIC":
		return protocol == 17
	}
	return protocol == 6
}

// throughBalancer asks for a target behind a balancer: from the client to the
// listener, then from the balancer to the target's port.
func (n *Network) throughBalancer(q *Question, f, t end) *Answer {
	b := t.through
	if q.Port == nil {
		return &Answer{Verdict: Unknown, Missing: []Missing{{Reason: "the port of the listener must be given"}}}
	}
	var groups []targetGroup
	for _, l := range b.listeners {
		if l.port == uint16(*q.Port) && l.carries(int(q.Protocol)) {
			groups = append(groups, l.groups...)
		}
	}
	var group *targetGroup
	for i := range groups {
		if groups[i].holds(t) {
			group = &groups[i]
		}
	}
	front := Question{ID: q.ID, Protocol: q.Protocol, Port: q.Port}
	best := &Answer{Verdict: Unreachable}
	nodes := n.balancerEnds(b)
	for _, node := range nodes {
		first := n.connect(&front, f, node)
		if first.Verdict == Unreachable {
			best.take(first)
			continue
		}
		if group == nil {
			best.take(&Answer{Verdict: Unreachable, Path: first.Path, StoppedBy: []Stop{{Kind: "load_balancer", ID: b.arn, Direction: Ingress,
				Why: fmt.Sprintf("the listener on port %d does not forward to it", *q.Port)}}})
			continue
		}
		port := int(group.port)
		second := n.behind(q, node, t, f, group, port)
		joined := &Answer{Verdict: Reachable, Path: append(slices.Clone(first.Path), second.Path...),
			StoppedBy: second.StoppedBy, Missing: append(slices.Clone(first.Missing), second.Missing...)}
		switch {
		case second.Verdict == Unreachable:
			joined.Verdict = Unreachable
		case first.Verdict == Unknown || second.Verdict == Unknown:
			joined.Verdict = Unknown
		}
		if best.take(joined); best.Verdict == Reachable {
			return best
		}
	}
	if len(nodes) == 0 {
		return &Answer{Verdict: Unknown, Missing: []Missing{{Reason: "the subnets of " + b.arn + " are not in the snapshot"}}}
	}
	return best
}

// behind asks for the way from a balancer's node to a target. A network load
// balancer that keeps the client's address is not seen by the target's rules.
func (n *Network) behind(q *Question, node, t, client end, group *targetGroup, port int) *Answer {
	p := packet{protocol: int(q.Protocol), sport: ephemeral, dport: onePort(uint16(port)), src: node.address, dst: t.address}
	t.through = nil
	if node.balancer.kind != "network" || !group.preserve {
		return n.exchange(node, t, p).verdict()
	}
	w := &walk{n: n}
	if t.subnet == nil || t.vpc == nil {
		return &Answer{Verdict: Unknown, Missing: []Missing{{Reason: "the subnet of " + siteID(t.site) + " is not in the snapshot"}}}
	}
	p.src = client.address
	if client.public.IsValid() {
		p.src = client.public
	}
	if node.subnet != t.subnet {
		w.acl(t.subnet, Ingress, &p)
	}
	if t.iface != nil {
		w.groups(t.iface, Ingress, p.src, &p)
	}
	w.arrived, w.seen = &t.site, p
	w.back = true
	back := packet{src: p.dst, dst: p.src, protocol: p.protocol, sport: p.dport, dport: p.sport}
	if node.subnet != t.subnet {
		w.acl(t.subnet, Egress, &back)
	}
	return w.verdict()
}

// holds says whether a target group has an end among its targets.
func (g *targetGroup) holds(e end) bool {
	return slices.ContainsFunc(g.targets, func(id string) bool {
		return e.iface != nil && (id == e.iface.instance || id == e.iface.id) || id == e.address.String()
	})
}
