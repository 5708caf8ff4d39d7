package reach

import (
	"slices"
	"strings"
)

// Exposure is what the internet reaches of one address.
type Exposure struct {
	Resource  string    `json:"resource"` // what is behind the address: an instance, a balancer, else the interface
	Interface string    `json:"interface,omitempty"`
	Account   string    `json:"account"`
	Region    string    `json:"region"`
	VPC       string    `json:"vpc"`
	Address   string    `json:"address"`
	Protocol  string    `json:"protocol"`
	Ports     string    `json:"ports"`
	From      string    `json:"from"` // "internet", or the range that rules let in
	Verdict   Verdict   `json:"verdict"`
	Missing   []Missing `json:"missing,omitempty"`

	ports ports
	wide  bool
}

// protocols are those that are asked about; a rule for another is for all.
var protocols = []int{6, 17, 1}

// Exposed is everything that the internet reaches, by account, region, resource
// and address: each public address with the ports on which a packet arrives and
// is answered. What may be reached, for want of something that was not read, is
// unknown.
func (n *Network) Exposed() []Exposure {
	var out []Exposure
	seen := map[*netInterface]bool{}
	for _, b := range n.balancers {
		for _, node := range n.balancerEnds(b) {
			seen[node.iface] = true
			out = append(out, n.exposure(node)...)
		}
	}
	for _, i := range n.interfaces.at {
		if seen[i] || n.isNAT(i) {
			continue
		}
		for _, e := range n.interfaceEnds(i, noAddress) {
			out = append(out, n.exposure(e)...)
		}
	}
	slices.SortFunc(out, func(a, b Exposure) int {
		return strings.Compare(a.Account+a.Region+a.Resource+a.Address+a.Protocol+a.From, b.Account+b.Region+b.Resource+b.Address+b.Protocol+b.From)
	})
	return slices.CompactFunc(out, func(a, b Exposure) bool {
		return a.Resource == b.Resource && a.Address == b.Address && a.Protocol == b.Protocol && a.From == b.From && a.Ports == b.Ports
	})
}

func (n *Network) isNAT(i *netInterface) bool {
	return i.kind == "nat_gateway" || slices.ContainsFunc(i.addresses, func(a address) bool { return n.natAt(i.vpc, a.private) != nil })
}

// exposure is what the internet reaches of one end.
func (n *Network) exposure(t end) []Exposure {
	public := t.public
	if t.address.Is6() {
		public = t.address
	}
	if !public.IsValid() || private(public) {
		return nil
	}
	var out []Exposure
	for _, protocol := range protocols {
		p := packet{protocol: protocol, sport: ephemeral, dport: allPorts, icmp: 8}
		if protocol == 1 && t.address.Is6() {
			p.protocol, p.icmp = 58, 128
		}
		sample := sampleInternet
		if t.address.Is6() {
			sample = sampleInternet6
		}
		f := end{site: site{outside: "internet", address: sample}}
		anyone := ports(nil) // what the whole internet reaches is not said again of a part
		for _, src := range n.sources(f, t) {
			at, try := f, p
			at.address, try.src = src.address, src.address
			w := n.exchange(at, t, try)
			a := w.verdict()
			if a.Verdict == Unreachable {
				continue
			}
			got := w.accepted
			if t.balancer != nil {
				got = got.and(t.balancer.open(protocol))
			}
			if a.Verdict == Reachable {
				if got = got.less(anyone); got.empty() {
					continue
				}
				if !src.within.IsValid() {
					anyone = got
				}
			}
			e := Exposure{Resource: n.behindOf(t), Account: t.subnet.account, Region: t.subnet.region, VPC: t.subnet.vpc, Address: public.String(),
				Protocol: Protocol(p.protocol).String(), Ports: got.String(), From: "internet", Verdict: a.Verdict, Missing: a.Missing, ports: got, wide: src.wide()}
			if !w.seen.ported() && p.protocol != 6 && p.protocol != 17 {
				e.Ports = ""
			}
			if t.iface != nil && t.balancer == nil {
				e.Interface = t.iface.id
			}
			if src.within.IsValid() {
				e.From = src.within.String()
			}
			out = append(out, e)
		}
	}
	return out
}

// open are the ports of a balancer's listeners.
func (b *balancer) open(protocol int) ports {
	var out ports
	for _, l := range b.listeners {
		if l.carries(protocol) {
			out = out.or(onePort(l.port))
		}
	}
	return out
}

func (n *Network) behindOf(t end) string {
	switch {
	case t.balancer != nil:
		return t.balancer.arn
	case t.iface.instance != "":
		return t.iface.instance
	}
	return t.iface.id
}

// ExposureOf is what the internet reaches of a resource, named as for [Network.Reaches].
func (n *Network) ExposureOf(typ, id, arn, account, region string) (list []Exposure, ok bool) {
	ends, ok := n.endsOf(typ, place{id, account, region}, arn)
	for _, t := range ends {
		list = append(list, n.exposure(t)...)
	}
	return list, ok
}

// Reaches says whether the internet reaches a resource on a TCP port: Reachable,
// Unreachable, or Unknown with what is missing. A range that a rule names counts
// as the internet where it is a /8 or wider (IPv6: /16). Resources are instances,
// interfaces and balancers, by their id or ARN and place; ok is false for others.
func (n *Network) Reaches(typ, id, arn, account, region string, port int) (v Verdict, missing []Missing, ok bool) {
	list, ok := n.ExposureOf(typ, id, arn, account, region)
	v = Unreachable
	for _, e := range list {
		if e.Protocol != "tcp" || !e.wide || len(e.ports) > 0 && !e.ports.has(uint16(port)) {
			continue
		}
		if e.Verdict == Reachable {
			return Reachable, nil, true
		}
		v, missing = Unknown, append(missing, e.Missing...)
	}
	return v, missing, ok
}

func (n *Network) endsOf(typ string, p place, arn string) ([]end, bool) {
	var out []end
	switch typ {
	case "AWS::EC2::Instance":
		if i := n.instances.get(p.id, p); i != nil {
			for _, id := range i.interfaces {
				out = append(out, n.interfaceEnds(n.interfaces.get(id, p), noAddress)...)
			}
		}
	case "AWS::EC2::NetworkInterface":
		out = n.interfaceEnds(n.interfaces.get(p.id, p), noAddress)
	case "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer":
		if b := n.balancers[arn]; b != nil {
			out = n.balancerEnds(b)
		}
	default:
		return nil, false
	}
	return out, true
}
