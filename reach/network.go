package reach

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// Network is what a snapshot says of networks. It is made by Load, not changed
// afterwards, and safe for concurrent use.
type Network struct {
	vpcs        table[vpc]
	subnets     table[subnet]
	tables      table[routeTable]
	acls        table[acl]
	groups      table[group]
	interfaces  table[netInterface]
	instances   table[instance]
	lists       table[prefixList]
	nats        table[nat]
	peerings    table[peering]
	endpoints   table[endpoint]
	egressOnly  table[place]
	vpnGateways table[vpnGateway]
	attachments table[attachment]
	transit     table[transitTable]
	balancers   map[string]*balancer // by ARN

	byAddress map[netip.Addr][]*netInterface // private and IPv6 addresses
	byPublic  map[netip.Addr]*netInterface
	natsAt    map[netip.Addr][]*nat      // by their private address
	nodesOf   map[string][]*netInterface // of load balancers, by the description that names one
	blocks    map[string]*block          // VPC Block Public Access by account/region
	coverage  func(typ string, p place) []Missing
}

// place is where a resource is.
type place struct {
	id, account, region string
}

// table finds resources by id. Ids are unique in AWS; in made-up data two
// accounts may have the same, and the nearer one is meant.
type table[T any] struct {
	at map[place]*T
	by map[string][]*T
}

func (t *table[T]) put(p place, v *T) {
	if t.at == nil {
		t.at, t.by = map[place]*T{}, map[string][]*T{}
	}
	if t.at[p] == nil {
		t.by[p.id] = append(t.by[p.id], v)
	}
	t.at[p] = v
}

// get finds an id as seen from a place: there, else the only one of that id anywhere.
func (t *table[T]) get(id string, from place) *T {
	if v := t.at[place{id, from.account, from.region}]; v != nil {
		return v
	}
	if all := t.by[id]; len(all) == 1 {
		return all[0]
	}
	return nil
}

type vpc struct {
	place
	ranges  []netip.Prefix
	subnets []*subnet
	main    *routeTable
	igw     string // the attached internet gateway; "" for none
	vgw     string
	// edges are the gateway route tables: what comes in by the gateway is routed by them.
	edges map[string]*routeTable
}

func (v *vpc) has(a netip.Addr) bool {
	return slices.ContainsFunc(v.ranges, func(p netip.Prefix) bool { return p.Contains(a) })
}

type subnet struct {
	place
	vpc    string
	ranges []netip.Prefix
	zone   string
	table  string // of an association of its own; "" takes the VPC's main one
	acl    string
}

type routeTable struct {
	place
	unclear string // why part of it is not known
	vpc     string
	main    bool
	routes  []route
}

type route struct {
	to         []netip.Prefix
	list       string // a prefix list whose entries are not known
	target     target
	blackhole  bool
	propagated bool
	text       string // the destination as written
}

// target is where a route leads.
type target struct {
	kind string // local, internet_gateway, nat_gateway …: the kinds of Stop
	id   string
}

type acl struct {
	place
	unclear string // why part of it is not known
	vpc     string
	entries []aclEntry // by direction and number
}

type aclEntry struct {
	egress   bool
	number   int
	allow    bool
	protocol int // -1: all
	prefix   netip.Prefix
	ports    ports
	icmp     int // type; -1: all
}

type group struct {
	place
	unclear         string // why part of it is not known
	vpc             string
	ingress, egress []groupRule
}

type groupRule struct {
	protocol int // -1: all
	ports    ports
	icmp     int
	prefixes []netip.Prefix
	list     string // prefix list
	group    string
	text     string
}

type netInterface struct {
	place
	unclear     string // why part of it is not known
	subnet      string
	vpc         string
	addresses   []address
	groups      []string
	check       bool // source/destination check
	instance    string
	kind        string
	description string
	denyIGW     bool
}

// address is a private address, and the public one in front of it.
type address struct {
	private netip.Addr
	public  netip.Addr
}

type instance struct {
	place
	interfaces []string
}

type prefixList struct {
	place
	name    string
	entries []netip.Prefix
	known   bool
}

type nat struct {
	place
	subnet   string
	vpc      string
	public   netip.Addr
	private  netip.Addr
	internal bool // a private NAT gateway
	state    string
}

type peering struct {
	place
	status                  string
	requester, peer         string
	requesterR, peerR       []netip.Prefix
	peerAccount, peerRegion string
}

type endpoint struct {
	place
	vpc     string
	kind    string // Gateway, Interface, GatewayLoadBalancer
	service string
}

type vpnGateway struct {
	place
	vpc string
}

type attachment struct {
	place
	gateway  string
	resource string // vpc-…, vpn-…
	kind     string
	state    string
	table    string // the associated route table
	subnets  []string
}

type transitTable struct {
	place
	routes []transitRoute
}

type transitRoute struct {
	to         netip.Prefix
	attachment string
	blackhole  bool
	propagated bool
	priority   int
}

type balancer struct {
	place
	arn       string
	kind      string // application, network, gateway, classic
	public    bool
	subnets   []string
	groups    []string
	listeners []listener
}

type listener struct {
	protocol string
	port     uint16
	groups   []targetGroup
}

type targetGroup struct {
	arn      string
	protocol string
	port     uint16
	kind     string // instance, ip, lambda, alb
	preserve bool
	targets  []string
}

type block struct {
	mode       string            // off, block-bidirectional, block-ingress
	exclusions map[string]string // VPC or subnet to its mode
}

// lookup finds the route for an address: the longest prefix; of two as long a
// static one before a propagated one. A prefix list that is not known may hold
// a longer one: perhaps names it.
// https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html, read 2026-11-24
func (t *routeTable) lookup(a netip.Addr) (best *route, perhaps []*route) {
	length := -1
	for i := range t.routes {
		r := &t.routes[i]
		if r.list != "" {
			perhaps = append(perhaps, r)
			continue
		}
		for _, p := range r.to {
			if !p.Contains(a) {
				continue
			}
			if p.Bits() > length || p.Bits() == length && best.propagated && !r.propagated {
				best, length = r, p.Bits()
			}
		}
	}
	return best, perhaps
}

func (t *transitTable) lookup(a netip.Addr) *transitRoute {
	var best *transitRoute
	for i := range t.routes {
		r := &t.routes[i]
		if !r.to.Contains(a) {
			continue
		}
		if best == nil || r.to.Bits() > best.to.Bits() || r.to.Bits() == best.to.Bits() && r.priority < best.priority {
			best = r
		}
	}
	return best
}

// sort puts ACL entries in the order in which they are tried.
func (a *acl) sort() {
	slices.SortStableFunc(a.entries, func(x, y aclEntry) int { return cmp.Compare(x.number, y.number) })
}

func (n *Network) tableOf(s *subnet) *routeTable {
	if s.table != "" {
		return n.tables.get(s.table, s.place)
	}
	if v := n.vpcs.get(s.vpc, s.place); v != nil {
		return v.main
	}
	return nil
}

// subnetOf finds the subnet of a VPC that holds an address.
func (v *vpc) subnetOf(a netip.Addr) *subnet {
	for _, s := range v.subnets {
		if slices.ContainsFunc(s.ranges, func(p netip.Prefix) bool { return p.Contains(a) }) {
			return s
		}
	}
	return nil
}

// natAt finds the NAT gateway of a VPC that has a private address.
func (n *Network) natAt(vpc string, a netip.Addr) *nat {
	for _, g := range n.natsAt[a] {
		if g.vpc == vpc {
			return g
		}
	}
	return nil
}

// interfaceAt finds the interface of a VPC that has an address.
func (n *Network) interfaceAt(v *vpc, a netip.Addr) *netInterface {
	for _, i := range n.byAddress[a] {
		if i.vpc == v.id {
			return i
		}
	}
	return nil
}

// private says whether an address is one that the internet does not route.
// RFC 1918, 6598, 3927, 4193, and what no host may have.
func private(a netip.Addr) bool {
	if a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
		return true
	}
	return shared.Contains(a)
}

var shared = netip.MustParsePrefix("100.64.0.0/10")

func parsePrefix(text string) (netip.Prefix, bool) {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	return p.Masked(), true
}
