package reach

import (
	"fmt"
	"net/netip"
	"slices"
)

// groups applies an interface's security groups to a packet: some rule of some
// group must allow it. They see the first packet only; answers pass.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html, read 2026-11-24
func (w *walk) groups(i *netInterface, d Direction, remote netip.Addr, p *packet) {
	var allowed, perhaps ports
	rule, through := "", ""
	var unsure []Missing
	if i.unclear != "" {
		perhaps = p.dport
		unsure = append(unsure, Missing{Reason: i.id + ": " + i.unclear})
	}
	for _, id := range i.groups {
		g := w.n.groups.get(id, i.place)
		if g == nil {
			perhaps = p.dport
			if missing := w.n.coverage("AWS::EC2::SecurityGroup", i.place); len(missing) > 0 {
				unsure = append(unsure, missing...)
			} else {
				unsure = append(unsure, Missing{Account: i.account, Region: i.region, Reason: id + " is not in the snapshot"})
			}
			continue
		}
		if g.unclear != "" {
			perhaps = p.dport
			unsure = append(unsure, Missing{Account: g.account, Region: g.region, Reason: g.id + ": " + g.unclear})
		}
		rules := g.ingress
		if d == Egress {
			rules = g.egress
		}
		for k := range rules {
			r := &rules[k]
			part := r.covers(p)
			if part.empty() {
				continue
			}
			switch m, missing := w.isMember(r, g, remote); {
			case m:
				if allowed.empty() {
					rule, through = fmt.Sprintf("%v %s from %s", Protocol(r.protocol), r.text, g.id), g.id
				}
				allowed = allowed.or(part)
			case missing != nil:
				perhaps = perhaps.or(part)
				unsure = append(unsure, *missing)
			}
		}
	}
	switch {
	case !allowed.empty():
		p.dport = p.dport.and(allowed)
		w.pass("security_group", through, d, "%s", rule)
	case !perhaps.empty():
		w.missing = append(w.missing, unsure...)
	case len(i.groups) == 0:
		// A few kinds of interfaces have none: NAT gateways, network load balancers of old.
		w.pass("network_interface", i.id, d, "no security group")
	default:
		for _, id := range i.groups {
			w.stop("security_group", id, d, "no rule allows %s %s %v", p.text(), preposition(d), remote)
		}
	}
}

func preposition(d Direction) string {
	if d == Egress {
		return "to"
	}
	return "from"
}

func (p *packet) text() string {
	text := Protocol(p.protocol).String()
	if p.ported() && len(p.dport) == 1 && p.dport[0].lo == p.dport[0].hi {
		text = fmt.Sprintf("%s port %d", text, p.dport[0].lo)
	}
	return text
}

// covers is which of a packet's ports a rule is about, whatever the address.
func (r *groupRule) covers(p *packet) ports {
	switch {
	case r.protocol == -1:
		return p.dport
	case r.protocol != p.protocol:
		return nil
	case p.protocol == 1 || p.protocol == 58:
		if r.icmp != -1 && r.icmp != p.icmp {
			return nil
		}
		return p.dport
	case p.ported():
		return p.dport.and(r.ports)
	}
	return p.dport
}

// isMember says whether a rule is about an address. What is not known is returned.
func (w *walk) isMember(r *groupRule, g *group, remote netip.Addr) (bool, *Missing) {
	if slices.ContainsFunc(r.prefixes, func(q netip.Prefix) bool { return q.Contains(remote) }) {
		return true, nil
	}
	if r.list != "" {
		return false, &Missing{Call: "ec2:GetManagedPrefixListEntries", Account: g.account, Region: g.region, Reason: "the entries of " + r.list + " were not read"}
	}
	if r.group == "" {
		return false, nil
	}
	// A group stands for the private addresses of its members.
	members := w.n.byAddress[remote]
	if w.home != nil && slices.ContainsFunc(w.home.addresses, func(a address) bool { return a.private == remote }) {
		members = append(slices.Clip(members), w.home)
	}
	for _, i := range members {
		if slices.Contains(i.groups, r.group) && w.sees(g, i) {
			return true, nil
		}
		if i.unclear != "" && w.sees(g, i) {
			return false, &Missing{Reason: i.id + ": " + i.unclear}
		}
	}
	if missing := w.n.coverage("AWS::EC2::NetworkInterface", g.place); len(missing) > 0 && private(remote) && len(w.n.byAddress[remote]) == 0 {
		return false, &missing[0]
	}
	return false, nil
}

// sees says whether a group may name members that are in an interface's VPC: its
// own, or one it is peered or attached with in the same region.
func (w *walk) sees(g *group, i *netInterface) bool {
	if g.vpc == i.vpc || g.vpc == "" {
		return true
	}
	for _, c := range w.n.peerings.at {
		if (c.requester == g.vpc && c.peer == i.vpc || c.peer == g.vpc && c.requester == i.vpc) && (c.status == "" || c.status == "active") {
			return g.region == i.region
		}
	}
	return false
}

// acl applies a subnet's network ACL: the lowest number that matches decides.
// They see every packet, answers too.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html, read 2026-11-24
func (w *walk) acl(s *subnet, d Direction, p *packet) {
	if s.acl == "" {
		if missing := w.n.coverage("AWS::EC2::SubnetNetworkAclAssociation", s.place); len(missing) > 0 {
			w.missing = append(w.missing, missing...)
		}
		return // a template's subnet has the VPC's default one, which allows all
	}
	a := w.n.acls.get(s.acl, s.place)
	if a == nil {
		w.lack("AWS::EC2::NetworkAcl", s.acl, s.place)
		return
	}
	if missing := w.n.coverage("AWS::EC2::NetworkAclEntry", a.place); len(missing) > 0 {
		w.missing = append(w.missing, missing...)
		return
	}
	if a.unclear != "" {
		w.unsure("%s: %s", a.id, a.unclear)
		return
	}
	remote := p.src
	if d == Egress {
		remote = p.dst
	}
	left, allowed := p.dport, ports(nil)
	rule, denied := 0, 0
	for k := range a.entries {
		e := &a.entries[k]
		if e.egress != (d == Egress) || !e.prefix.Contains(remote) || left.empty() {
			continue
		}
		part := e.covers(p, left)
		if part.empty() {
			continue
		}
		if e.allow {
			if rule == 0 {
				rule = e.number
			}
			allowed = allowed.or(part)
		} else if denied == 0 {
			denied = e.number
		}
		left = left.less(part)
	}
	if allowed.empty() {
		if denied == 0 || denied == 32767 {
			w.stop("network_acl", a.id, d, "no rule allows %s %s %v", p.text(), preposition(d), remote)
			return
		}
		w.stop("network_acl", a.id, d, "rule %d denies %s %s %v", denied, p.text(), preposition(d), remote)
		return
	}
	p.dport = allowed
	w.pass("network_acl", a.id, d, "rule %d", rule)
}

func (e *aclEntry) covers(p *packet, left ports) ports {
	switch {
	case e.protocol == -1:
		return left
	case e.protocol != p.protocol:
		return nil
	case p.protocol == 1 || p.protocol == 58:
		if e.icmp != -1 && e.icmp != p.icmp {
			return nil
		}
		return left
	case p.ported():
		return left.and(e.ports)
	}
	return left
}
