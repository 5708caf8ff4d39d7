package reach

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// Snapshot is what a network is made of; [inventory.Snapshot] is one.
type Snapshot interface {
	Documents(ctx context.Context, typ string, fn func(*inventory.Document) error) error
	Coverage(typ string, account merlon.AccountID, region merlon.Region) inventory.Coverage
}

// Missing is what an unknown lacked.
type Missing struct {
	Call    string `json:"call,omitempty"`
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Gap     string `json:"-"` // the key of the gap behind it
}

// loader fills a network from one snapshot.
type loader struct {
	*Network
	ctx      context.Context
	snapshot Snapshot
}

// Load reads the networks of a snapshot.
func Load(ctx context.Context, s Snapshot) (*Network, error) {
	l := &loader{Network: &Network{balancers: map[string]*balancer{}, byAddress: map[netip.Addr][]*netInterface{},
		byPublic: map[netip.Addr]*netInterface{}, natsAt: map[netip.Addr][]*nat{}, nodesOf: map[string][]*netInterface{}, blocks: map[string]*block{}}, ctx: ctx, snapshot: s}
	l.Network.coverage = func(typ string, p place) []Missing { return coverage(s, typ, p) }
	for _, step := range []func() error{l.loadVPCs, l.loadSubnets, l.loadRouteTables, l.loadACLs, l.loadGroups, l.loadPrefixLists, l.loadInterfaces,
		l.loadGateways, l.loadPeerings, l.loadTransit, l.loadBlocks, l.loadBalancers} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	l.resolveLists()
	return l.Network, nil
}

// coverage is why resources of a type may be missing in a place.
func coverage(s Snapshot, typ string, p place) []Missing {
	c := s.Coverage(typ, merlon.AccountID(p.account), merlon.Region(p.region))
	if c.Complete {
		return nil
	}
	var out []Missing
	for _, g := range c.Gaps {
		out = append(out, Missing{Call: g.Call, Account: string(g.Account), Region: string(g.Region), Reason: g.Text(), Gap: g.Key()})
	}
	if len(out) == 0 {
		out = []Missing{{Account: p.account, Region: p.region, Reason: c.Reason}}
	}
	return out
}

// read decodes each resource of a type. Members of properties and observed
// facts are decoded into v, which fn then reads; v is zeroed before each.
func read[T any](l *loader, typ string, fn func(p place, v *T, r *merlon.Resource) error) error {
	err := l.snapshot.Documents(l.ctx, typ, func(d *inventory.Document) error {
		r, err := d.Resource()
		if err != nil {
			return err
		}
		var v T
		for _, raw := range []json.RawMessage{r.Properties, r.Observed} {
			if len(raw) == 0 {
				continue
			}
			var wrong *json.UnmarshalTypeError
			switch err := json.Unmarshal(raw, &v); {
			case errors.As(err, &wrong):
				// The rest is decoded; what is not as AWS writes it is not known.
				r.Unknowns = append(r.Unknowns, merlon.Unknown{Path: "/properties", Reason: fmt.Sprintf("%s is %s in %s", wrong.Field, wrong.Value, r.Key())})
			case err != nil:
				return fmt.Errorf("%s: %w", r.Key(), err)
			}
		}
		return fn(place{r.ID, string(r.Account), string(r.Region)}, &v, r)
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", typ, err)
	}
	return nil
}

// unclearAt is why something at or below a part of a resource is not known.
func unclearAt(r *merlon.Resource, parts ...string) string {
	for _, u := range r.Unknowns {
		for _, p := range parts {
			pointer := "/properties/" + p
			if u.Path == pointer || strings.HasPrefix(u.Path, pointer+"/") || strings.HasPrefix(pointer, u.Path+"/") {
				return u.Reason
			}
		}
	}
	return ""
}

func (l *loader) loadVPCs() error {
	type properties struct {
		CidrBlock               string
		CidrBlockAssociationSet []struct {
			CidrBlock      string
			CidrBlockState struct{ State string }
		}
		Ipv6CidrBlockAssociationSet []struct {
			Ipv6CidrBlock      string
			Ipv6CidrBlockState struct{ State string }
		}
	}
	err := read(l, "AWS::EC2::VPC", func(p place, v *properties, _ *merlon.Resource) error {
		n := &vpc{place: p, edges: map[string]*routeTable{}}
		n.add(v.CidrBlock)
		for _, a := range v.CidrBlockAssociationSet {
			if a.CidrBlockState.State == "" || a.CidrBlockState.State == "associated" {
				n.add(a.CidrBlock)
			}
		}
		for _, a := range v.Ipv6CidrBlockAssociationSet {
			if a.Ipv6CidrBlockState.State == "" || a.Ipv6CidrBlockState.State == "associated" {
				n.add(a.Ipv6CidrBlock)
			}
		}
		l.vpcs.put(p, n)
		return nil
	})
	if err != nil {
		return err
	}
	type more struct{ VpcId, CidrBlock, Ipv6CidrBlock string }
	return read(l, "AWS::EC2::VPCCidrBlock", func(p place, v *more, _ *merlon.Resource) error {
		if n := l.vpcs.get(v.VpcId, p); n != nil {
			n.add(v.CidrBlock)
			n.add(v.Ipv6CidrBlock)
		}
		return nil
	})
}

func (v *vpc) add(text string) {
	if p, ok := parsePrefix(text); ok && text != "" {
		for _, old := range v.ranges {
			if old == p {
				return
			}
		}
		v.ranges = append(v.ranges, p)
	}
}

func (l *loader) loadSubnets() error {
	type properties struct {
		VpcId, CidrBlock, Ipv6CidrBlock, AvailabilityZone string
		Ipv6CidrBlockAssociationSet                       []struct{ Ipv6CidrBlock string }
	}
	err := read(l, "AWS::EC2::Subnet", func(p place, v *properties, _ *merlon.Resource) error {
		n := &subnet{place: p, vpc: v.VpcId, zone: v.AvailabilityZone}
		texts := []string{v.CidrBlock, v.Ipv6CidrBlock}
		for _, a := range v.Ipv6CidrBlockAssociationSet {
			texts = append(texts, a.Ipv6CidrBlock)
		}
		for _, t := range texts {
			if r, ok := parsePrefix(t); ok {
				n.ranges = append(n.ranges, r)
			}
		}
		l.subnets.put(p, n)
		if v := l.vpcs.get(n.vpc, p); v != nil {
			v.subnets = append(v.subnets, n)
		}
		return nil
	})
	if err != nil {
		return err
	}
	type association struct{ SubnetId, RouteTableId, NetworkAclId string }
	err = read(l, "AWS::EC2::SubnetRouteTableAssociation", func(p place, v *association, _ *merlon.Resource) error {
		if n := l.subnets.get(v.SubnetId, p); n != nil {
			n.table = v.RouteTableId
		}
		return nil
	})
	if err != nil {
		return err
	}
	return read(l, "AWS::EC2::SubnetNetworkAclAssociation", func(p place, v *association, _ *merlon.Resource) error {
		if n := l.subnets.get(v.SubnetId, p); n != nil {
			n.acl = v.NetworkAclId
		}
		return nil
	})
}

func (l *loader) loadRouteTables() error {
	type properties struct {
		VpcId string
		Main  bool
	}
	err := read(l, "AWS::EC2::RouteTable", func(p place, v *properties, _ *merlon.Resource) error {
		t := &routeTable{place: p, vpc: v.VpcId, main: v.Main}
		l.tables.put(p, t)
		if n := l.vpcs.get(v.VpcId, p); n != nil && v.Main {
			n.main = t
		}
		return nil
	})
	if err != nil {
		return err
	}
	type entry struct {
		RouteTableId, DestinationCidrBlock, DestinationIpv6CidrBlock, DestinationPrefixListId string
		GatewayId, NatGatewayId, EgressOnlyInternetGatewayId, VpcPeeringConnectionId          string
		TransitGatewayId, VpcEndpointId, InstanceId, NetworkInterfaceId                       string
		CarrierGatewayId, LocalGatewayId, CoreNetworkArn                                      string
		State, Origin                                                                         string
	}
	err = read(l, "AWS::EC2::Route", func(p place, v *entry, r *merlon.Resource) error {
		t := l.tables.get(v.RouteTableId, p)
		if t == nil {
			return nil
		}
		n := route{list: v.DestinationPrefixListId, blackhole: v.State == "blackhole", propagated: v.Origin == "EnableVgwRoutePropagation"}
		for _, text := range []string{v.DestinationCidrBlock, v.DestinationIpv6CidrBlock} {
			if to, ok := parsePrefix(text); ok {
				n.to = append(n.to, to)
				n.text = text
			}
		}
		if n.list != "" {
			n.text = n.list
		}
		if len(n.to) == 0 && n.list == "" {
			t.unclear = "a route without a destination that can be read"
			return nil
		}
		n.target = targetOf(v.GatewayId, []target{{"nat_gateway", v.NatGatewayId}, {"egress_only_internet_gateway", v.EgressOnlyInternetGatewayId},
			{"vpc_peering", v.VpcPeeringConnectionId}, {"transit_gateway", v.TransitGatewayId}, {"vpc_endpoint", v.VpcEndpointId},
			{"network_interface", v.NetworkInterfaceId}, {"instance", v.InstanceId}, {"carrier_gateway", v.CarrierGatewayId},
			{"local_gateway", v.LocalGatewayId}, {"core_network", v.CoreNetworkArn}})
		t.routes = append(t.routes, n)
		if why := unclearAt(r, "DestinationCidrBlock", "GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId"); why != "" {
			t.unclear = why
		}
		return nil
	})
	if err != nil {
		return err
	}
	type edge struct{ GatewayId, RouteTableId string }
	return read(l, "AWS::EC2::GatewayRouteTableAssociation", func(p place, v *edge, _ *merlon.Resource) error {
		if t := l.tables.get(v.RouteTableId, p); t != nil {
			if n := l.vpcs.get(t.vpc, p); n != nil {
				n.edges[v.GatewayId] = t
			}
		}
		return nil
	})
}

func targetOf(gateway string, others []target) target {
	switch {
	case gateway == "local":
		return target{"local", "local"}
	case strings.HasPrefix(gateway, "igw-"):
		return target{"internet_gateway", gateway}
	case strings.HasPrefix(gateway, "vgw-"):
		return target{"vpn_gateway", gateway}
	case strings.HasPrefix(gateway, "vpce-"):
		return target{"vpc_endpoint", gateway}
	}
	for _, t := range others {
		if t.id != "" {
			return t
		}
	}
	return target{"unknown", gateway}
}

func (l *loader) loadACLs() error {
	type properties struct{ VpcId string }
	err := read(l, "AWS::EC2::NetworkAcl", func(p place, v *properties, _ *merlon.Resource) error {
		l.acls.put(p, &acl{place: p, vpc: v.VpcId})
		return nil
	})
	if err != nil {
		return err
	}
	type entry struct {
		NetworkAclId, CidrBlock, Ipv6CidrBlock, RuleAction string
		Egress                                             bool
		Protocol, RuleNumber                               int
		PortRange                                          *struct{ From, To int }
		Icmp                                               *struct{ Type, Code int }
	}
	err = read(l, "AWS::EC2::NetworkAclEntry", func(p place, v *entry, r *merlon.Resource) error {
		a := l.acls.get(v.NetworkAclId, p)
		if a == nil {
			return nil
		}
		if why := unclearAt(r, "CidrBlock", "Ipv6CidrBlock", "RuleAction", "Egress", "Protocol", "RuleNumber", "PortRange"); why != "" {
			a.unclear = why
			return nil
		}
		n := aclEntry{egress: v.Egress, number: v.RuleNumber, allow: strings.EqualFold(v.RuleAction, "allow"), protocol: v.Protocol, ports: allPorts, icmp: -1}
		text := v.CidrBlock
		if text == "" {
			text = v.Ipv6CidrBlock
		}
		prefix, ok := parsePrefix(text)
		if !ok {
			a.unclear = fmt.Sprintf("entry %d has a range that cannot be read: %q", v.RuleNumber, text)
			return nil
		}
		n.prefix = prefix
		if v.PortRange != nil && (v.Protocol == 6 || v.Protocol == 17) {
			n.ports = portRange(v.PortRange.From, v.PortRange.To)
		}
		if v.Icmp != nil && (v.Protocol == 1 || v.Protocol == 58) {
			n.icmp = v.Icmp.Type
		}
		a.entries = append(a.entries, n)
		return nil
	})
	for _, a := range l.acls.at {
		a.sort()
	}
	return err
}

// portRange is a range as AWS writes it; -1 or a whole range stand for all.
func portRange(from, to int) ports {
	if from < 0 || to < 0 || from > 65535 || to > 65535 {
		return allPorts
	}
	if from > to {
		return nil
	}
	return ports{{uint16(from), uint16(to)}}
}

func (l *loader) loadGroups() error {
	type rule struct {
		IpProtocol, CidrIp, CidrIpv6                      string
		FromPort, ToPort                                  *int
		SourcePrefixListId, DestinationPrefixListId       string
		SourceSecurityGroupId, DestinationSecurityGroupId string
	}
	type properties struct {
		VpcId                                     string
		SecurityGroupIngress, SecurityGroupEgress []rule
	}
	convert := func(g *group, rules []rule) []groupRule {
		var out []groupRule
		for _, v := range rules {
			n := groupRule{protocol: protocolNumber(v.IpProtocol), ports: allPorts, icmp: -1, list: v.SourcePrefixListId + v.DestinationPrefixListId,
				group: v.SourceSecurityGroupId + v.DestinationSecurityGroupId}
			if n.protocol == protocolUnknown {
				g.unclear = fmt.Sprintf("a rule with the protocol %q", v.IpProtocol)
				continue
			}
			if v.FromPort != nil {
				switch n.protocol {
				case 6, 17:
					to := *v.FromPort
					if v.ToPort != nil {
						to = *v.ToPort
					}
					n.ports = portRange(*v.FromPort, to)
				case 1, 58:
					n.icmp = *v.FromPort
				}
			}
			for _, text := range []string{v.CidrIp, v.CidrIpv6} {
				if text == "" {
					continue
				}
				prefix, ok := parsePrefix(text)
				if !ok {
					g.unclear = fmt.Sprintf("a rule with a range that cannot be read: %q", text)
					continue
				}
				n.prefixes = append(n.prefixes, prefix)
				n.text = text
			}
			switch {
			case n.list != "":
				n.text = n.list
			case n.group != "":
				n.text = n.group
			}
			out = append(out, n)
		}
		return out
	}
	return read(l, "AWS::EC2::SecurityGroup", func(p place, v *properties, r *merlon.Resource) error {
		g := &group{place: p, vpc: v.VpcId}
		g.ingress, g.egress = convert(g, v.SecurityGroupIngress), convert(g, v.SecurityGroupEgress)
		if why := unclearAt(r, "SecurityGroupIngress", "SecurityGroupEgress"); why != "" {
			g.unclear = why
		}
		l.groups.put(p, g)
		return nil
	})
}

const protocolUnknown = -2

// protocolNumber reads a protocol as security groups write it.
func protocolNumber(text string) int {
	switch strings.ToLower(text) {
	case "-1", "all":
		return -1
	case "tcp":
		return 6
	case "udp":
		return 17
	case "icmp":
		return 1
	case "icmpv6":
		return 58
	}
	n := 0
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' || n > 255 {
			return protocolUnknown
		}
		n = n*10 + int(text[i]-'0')
	}
	if text == "" || n > 255 {
		return protocolUnknown
	}
	return n
}

func (l *loader) loadPrefixLists() error {
	type properties struct {
		PrefixListName string
		Entries        []struct{ Cidr string }
	}
	return read(l, "AWS::EC2::PrefixList", func(p place, v *properties, r *merlon.Resource) error {
		n := &prefixList{place: p, name: v.PrefixListName, known: len(v.Entries) > 0 && unclearAt(r, "Entries") == ""}
		for _, e := range v.Entries {
			prefix, ok := parsePrefix(e.Cidr)
			if !ok {
				n.known = false
				continue
			}
			n.entries = append(n.entries, prefix)
		}
		l.lists.put(p, n)
		return nil
	})
}

// resolveLists writes the entries of known prefix lists into the rules and
// routes that name them.
func (l *loader) resolveLists() {
	for _, g := range l.groups.at {
		for _, rules := range [][]groupRule{g.ingress, g.egress} {
			for i := range rules {
				if list := l.lists.get(rules[i].list, g.place); list != nil && list.known {
					rules[i].prefixes, rules[i].list = list.entries, ""
				}
			}
		}
	}
	for _, t := range l.tables.at {
		for i := range t.routes {
			if list := l.lists.get(t.routes[i].list, t.place); list != nil && list.known {
				t.routes[i].to, t.routes[i].list = list.entries, ""
			}
		}
	}
}
