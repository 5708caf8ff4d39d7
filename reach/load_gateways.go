package reach

import (
	"net/netip"
	"slices"
	"strings"

	"merlon.dev/merlon"
)

func (l *loader) loadInterfaces() error {
	type association struct{ PublicIp string }
	type properties struct {
		SubnetId, VpcId, InterfaceType, Description string
		PrivateIpAddress                            string
		GroupSet                                    []string
		SourceDestCheck                             *bool
		Ipv6Addresses                               []struct{ Ipv6Address string }
		PrivateIpAddresses                          []struct {
			PrivateIpAddress string
			Association      association
		}
		Association       association
		Attachment        struct{ InstanceId string }
		DenyAllIgwTraffic bool
	}
	err := read(l, "AWS::EC2::NetworkInterface", func(p place, v *properties, r *merlon.Resource) error {
		n := &netInterface{place: p, subnet: v.SubnetId, vpc: v.VpcId, groups: v.GroupSet, check: v.SourceDestCheck == nil || *v.SourceDestCheck,
			instance: v.Attachment.InstanceId, kind: v.InterfaceType, description: v.Description, denyIGW: v.DenyAllIgwTraffic}
		if why := unclearAt(r, "GroupSet", "SubnetId"); why != "" {
			n.unclear = why
		}
		seen := map[netip.Addr]bool{}
		add := func(private, public string) {
			a, err := netip.ParseAddr(private)
			if err != nil || seen[a] {
				return
			}
			seen[a] = true
			pub, _ := netip.ParseAddr(public)
			n.addresses = append(n.addresses, address{a, pub})
		}
		// Observed facts come last, with the public address of each private one.
		for i := range v.PrivateIpAddresses {
			a := v.PrivateIpAddresses[i]
			if a.Association.PublicIp == "" && a.PrivateIpAddress == v.PrivateIpAddress {
				a.Association = v.Association
			}
			add(a.PrivateIpAddress, a.Association.PublicIp)
		}
		add(v.PrivateIpAddress, v.Association.PublicIp)
		for _, a := range v.Ipv6Addresses {
			add(a.Ipv6Address, "")
		}
		l.addInterface(n)
		return nil
	})
	if err != nil {
		return err
	}
	of := map[place][]string{} // instance to its interfaces
	for _, n := range l.interfaces.at {
		if n.instance != "" {
			at := place{n.instance, n.account, n.region}
			of[at] = append(of[at], n.id)
		}
	}
	type instanceProperties struct {
		SubnetId, VpcId, PrivateIpAddress, PublicIp string
		SecurityGroupIds                            []string
		SourceDestCheck                             *bool
		State                                       struct{ Name string }
	}
	return read(l, "AWS::EC2::Instance", func(p place, v *instanceProperties, r *merlon.Resource) error {
		i := &instance{place: p, interfaces: slices.Sorted(slices.Values(of[p]))}
		// A source without interfaces of its own (an old folder, a template) still
		// has the instance's first one.
		if a, err := netip.ParseAddr(v.PrivateIpAddress); len(i.interfaces) == 0 && err == nil {
			pub, _ := netip.ParseAddr(v.PublicIp)
			n := &netInterface{place: place{"interface of " + p.id, p.account, p.region}, subnet: v.SubnetId, vpc: v.VpcId, groups: v.SecurityGroupIds,
				check: v.SourceDestCheck == nil || *v.SourceDestCheck, instance: p.id, addresses: []address{{a, pub}}}
			n.unclear = unclearAt(r, "SecurityGroupIds", "SubnetId")
			l.addInterface(n)
			i.interfaces = []string{n.id}
		}
		l.instances.put(p, i)
		return nil
	})
}

func (l *loader) addInterface(n *netInterface) {
	if n.vpc == "" {
		if s := l.subnets.get(n.subnet, n.place); s != nil {
			n.vpc = s.vpc
		}
	}
	l.interfaces.put(n.place, n)
	if strings.HasPrefix(n.description, balancerPrefix) {
		l.nodesOf[n.description] = append(l.nodesOf[n.description], n)
	}
	for _, a := range n.addresses {
		l.byAddress[a.private] = append(l.byAddress[a.private], n)
		if a.public.IsValid() {
			l.byPublic[a.public] = n
		}
	}
}

func (l *loader) loadGateways() error {
	type gatewayAttachment struct {
		VpcId, InternetGatewayId, VpnGatewayId string
		State                                  string
	}
	err := read(l, "AWS::EC2::VPCGatewayAttachment", func(p place, v *gatewayAttachment, _ *merlon.Resource) error {
		n := l.vpcs.get(v.VpcId, p)
		if n == nil || v.State == "detached" || v.State == "detaching" {
			return nil
		}
		if v.InternetGatewayId != "" {
			n.igw = v.InternetGatewayId
		}
		if v.VpnGatewayId != "" {
			n.vgw = v.VpnGatewayId
			l.vpnGateways.put(place{v.VpnGatewayId, p.account, p.region}, &vpnGateway{place: place{v.VpnGatewayId, p.account, p.region}, vpc: v.VpcId})
		}
		return nil
	})
	if err != nil {
		return err
	}
	type natProperties struct {
		SubnetId, VpcId, ConnectivityType, State string
		NatGatewayAddresses                      []struct{ PrivateIp, PublicIp string }
	}
	err = read(l, "AWS::EC2::NatGateway", func(p place, v *natProperties, _ *merlon.Resource) error {
		n := &nat{place: p, subnet: v.SubnetId, vpc: v.VpcId, internal: v.ConnectivityType == "private", state: v.State}
		for _, a := range v.NatGatewayAddresses {
			if n.private.IsValid() {
				break
			}
			n.private, _ = netip.ParseAddr(a.PrivateIp)
			n.public, _ = netip.ParseAddr(a.PublicIp)
		}
		l.nats.put(p, n)
		l.natsAt[n.private] = append(l.natsAt[n.private], n)
		return nil
	})
	if err != nil {
		return err
	}
	type eigw struct{ VpcId string }
	err = read(l, "AWS::EC2::EgressOnlyInternetGateway", func(p place, v *eigw, _ *merlon.Resource) error {
		l.egressOnly.put(p, &place{v.VpcId, p.account, p.region})
		return nil
	})
	if err != nil {
		return err
	}
	type endpointProperties struct{ VpcId, VpcEndpointType, ServiceName string }
	return read(l, "AWS::EC2::VPCEndpoint", func(p place, v *endpointProperties, _ *merlon.Resource) error {
		l.endpoints.put(p, &endpoint{place: p, vpc: v.VpcId, kind: v.VpcEndpointType, service: v.ServiceName})
		return nil
	})
}

func (l *loader) loadPeerings() error {
	type side struct {
		VpcId, CidrBlock string
		OwnerId, Region  string
		CidrBlockSet     []struct{ CidrBlock string }
		Ipv6CidrBlockSet []struct{ Ipv6CidrBlock string }
	}
	ranges := func(s side) []netip.Prefix {
		texts := []string{s.CidrBlock}
		for _, c := range s.CidrBlockSet {
			texts = append(texts, c.CidrBlock)
		}
		for _, c := range s.Ipv6CidrBlockSet {
			texts = append(texts, c.Ipv6CidrBlock)
		}
		var out []netip.Prefix
		for _, t := range texts {
			if p, ok := parsePrefix(t); ok && !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
		return out
	}
	type properties struct {
		VpcId, PeerVpcId, PeerOwnerId, PeerRegion string
		Status                                    struct{ Code string }
		RequesterVpcInfo, AccepterVpcInfo         side
	}
	return read(l, "AWS::EC2::VPCPeeringConnection", func(p place, v *properties, _ *merlon.Resource) error {
		n := &peering{place: p, status: v.Status.Code, requester: v.VpcId, peer: v.PeerVpcId, peerAccount: v.PeerOwnerId, peerRegion: v.PeerRegion,
			requesterR: ranges(v.RequesterVpcInfo), peerR: ranges(v.AccepterVpcInfo)}
		l.peerings.put(p, n)
		return nil
	})
}

func (l *loader) loadTransit() error {
	type properties struct {
		TransitGatewayId, ResourceType, ResourceId, State string
		Association                                       struct{ TransitGatewayRouteTableId string }
	}
	err := read(l, "Merlon::EC2::TransitGatewayAttachment", func(p place, v *properties, _ *merlon.Resource) error {
		l.attachments.put(p, &attachment{place: p, gateway: v.TransitGatewayId, resource: v.ResourceId, kind: v.ResourceType, state: v.State,
			table: v.Association.TransitGatewayRouteTableId})
		return nil
	})
	if err != nil {
		return err
	}
	type vpcAttachment struct {
		TransitGatewayId, VpcId, State string
		SubnetIds                      []string
	}
	for _, typ := range []string{"AWS::EC2::TransitGatewayVpcAttachment", "AWS::EC2::TransitGatewayAttachment"} {
		err = read(l, typ, func(p place, v *vpcAttachment, _ *merlon.Resource) error {
			a := l.attachments.get(p.id, p)
			if a == nil {
				a = &attachment{place: p, gateway: v.TransitGatewayId, resource: v.VpcId, kind: "vpc", state: v.State}
				l.attachments.put(p, a)
			}
			a.subnets = v.SubnetIds
			return nil
		})
		if err != nil {
			return err
		}
	}
	type tableProperties struct{ TransitGatewayId string }
	err = read(l, "AWS::EC2::TransitGatewayRouteTable", func(p place, _ *tableProperties, _ *merlon.Resource) error {
		l.transit.put(p, &transitTable{place: p})
		return nil
	})
	if err != nil {
		return err
	}
	type association struct{ TransitGatewayRouteTableId, TransitGatewayAttachmentId, State string }
	err = read(l, "AWS::EC2::TransitGatewayRouteTableAssociation", func(p place, v *association, _ *merlon.Resource) error {
		if a := l.attachments.get(v.TransitGatewayAttachmentId, p); a != nil && a.table == "" {
			a.table = v.TransitGatewayRouteTableId
		}
		return nil
	})
	if err != nil {
		return err
	}
	type entry struct {
		TransitGatewayRouteTableId, DestinationCidrBlock, TransitGatewayAttachmentId string
		Blackhole                                                                    bool
		State, Type                                                                  string
		TransitGatewayAttachments                                                    []struct{ TransitGatewayAttachmentId, ResourceType string }
	}
	err = read(l, "AWS::EC2::TransitGatewayRoute", func(p place, v *entry, _ *merlon.Resource) error {
		t := l.transit.get(v.TransitGatewayRouteTableId, p)
		to, ok := parsePrefix(v.DestinationCidrBlock)
		if t == nil || !ok {
			return nil
		}
		n := transitRoute{to: to, attachment: v.TransitGatewayAttachmentId, blackhole: v.Blackhole || v.State == "blackhole", propagated: v.Type == "propagated"}
		kind := ""
		for _, a := range v.TransitGatewayAttachments {
			if n.attachment == "" {
				n.attachment = a.TransitGatewayAttachmentId
			}
			kind = a.ResourceType
		}
		// Static routes first, then what was propagated from a VPC, from Direct
		// Connect, from a VPN.
		// https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html, read 2026-11-24
		if n.propagated {
			n.priority = 1 + max(0, slices.Index([]string{"vpc", "direct-connect-gateway", "connect", "vpn"}, kind))
		}
		t.routes = append(t.routes, n)
		return nil
	})
	return err
}

func (l *loader) loadBlocks() error {
	key := func(p place) string { return p.account + "/" + p.region }
	type options struct{ InternetGatewayBlockMode string }
	err := read(l, "AWS::EC2::VPCBlockPublicAccessOptions", func(p place, v *options, _ *merlon.Resource) error {
		l.blocks[key(p)] = &block{mode: v.InternetGatewayBlockMode, exclusions: map[string]string{}}
		return nil
	})
	if err != nil {
		return err
	}
	type exclusion struct{ VpcId, SubnetId, InternetGatewayExclusionMode, State string }
	return read(l, "AWS::EC2::VPCBlockPublicAccessExclusion", func(p place, v *exclusion, _ *merlon.Resource) error {
		b := l.blocks[key(p)]
		if b == nil || strings.HasPrefix(v.State, "delete") || strings.HasPrefix(v.State, "disable") {
			return nil
		}
		b.exclusions[v.VpcId+v.SubnetId] = v.InternetGatewayExclusionMode
		return nil
	})
}

func (l *loader) loadBalancers() error {
	type attribute struct{ Key, Value string }
	type properties struct {
		Name, Scheme, Type      string
		SecurityGroups, Subnets []string
	}
	err := read(l, "AWS::ElasticLoadBalancingV2::LoadBalancer", func(p place, v *properties, r *merlon.Resource) error {
		l.balancers[r.Key()] = &balancer{place: p, arn: r.Key(), kind: v.Type, public: v.Scheme == "internet-facing", subnets: v.Subnets, groups: v.SecurityGroups}
		return nil
	})
	if err != nil {
		return err
	}
	groups := map[string]targetGroup{}
	type groupProperties struct {
		Port                  int
		Protocol, TargetType  string
		Targets               []struct{ Id string }
		TargetGroupAttributes []attribute
	}
	err = read(l, "AWS::ElasticLoadBalancingV2::TargetGroup", func(_ place, v *groupProperties, r *merlon.Resource) error {
		g := targetGroup{arn: r.Key(), protocol: v.Protocol, port: uint16(max(0, min(v.Port, 65535))), kind: v.TargetType}
		// A network load balancer keeps the client's address for instances, and for
		// addresses where the protocol is UDP.
		// https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#client-ip-preservation, read 2026-11-24
		g.preserve = g.kind == "instance" || strings.Contains(g.protocol, "UDP")
		for _, a := range v.TargetGroupAttributes {
			if a.Key == "preserve_client_ip.enabled" {
				g.preserve = a.Value == "true"
			}
		}
		for _, t := range v.Targets {
			g.targets = append(g.targets, t.Id)
		}
		groups[g.arn] = g
		return nil
	})
	if err != nil {
		return err
	}
	type action struct {
		TargetGroupArn string
		ForwardConfig  struct {
			TargetGroups []struct{ TargetGroupArn string }
		}
	}
	type listenerProperties struct {
		LoadBalancerArn, Protocol string
		Port                      int
		DefaultActions            []action
	}
	targets := map[string][]string{} // listener to groups by its rules
	type ruleProperties struct {
		ListenerArn string
		Actions     []action
	}
	arns := func(actions []action) []string {
		var out []string
		for _, a := range actions {
			if a.TargetGroupArn != "" {
				out = append(out, a.TargetGroupArn)
			}
			for _, g := range a.ForwardConfig.TargetGroups {
				out = append(out, g.TargetGroupArn)
			}
		}
		return out
	}
	err = read(l, "AWS::ElasticLoadBalancingV2::ListenerRule", func(_ place, v *ruleProperties, _ *merlon.Resource) error {
		targets[v.ListenerArn] = append(targets[v.ListenerArn], arns(v.Actions)...)
		return nil
	})
	if err != nil {
		return err
	}
	err = read(l, "AWS::ElasticLoadBalancingV2::Listener", func(_ place, v *listenerProperties, r *merlon.Resource) error {
		b := l.balancers[v.LoadBalancerArn]
		if b == nil {
			return nil
		}
		n := listener{protocol: v.Protocol, port: uint16(max(0, min(v.Port, 65535)))}
		seen := map[string]bool{}
		for _, arn := range append(arns(v.DefaultActions), targets[r.Key()]...) {
			if g, ok := groups[arn]; ok && !seen[arn] {
				seen[arn] = true
				n.groups = append(n.groups, g)
			}
		}
		b.listeners = append(b.listeners, n)
		return nil
	})
	if err != nil {
		return err
	}
	type classic struct {
		LoadBalancerName, Scheme           string
		SecurityGroups, Subnets, Instances []string
		Listeners                          []struct{ LoadBalancerPort, InstancePort, Protocol, InstanceProtocol string }
	}
	return read(l, "AWS::ElasticLoadBalancing::LoadBalancer", func(p place, v *classic, r *merlon.Resource) error {
		b := &balancer{place: p, arn: r.Key(), kind: "classic", public: v.Scheme != "internal", subnets: v.Subnets, groups: v.SecurityGroups}
		for _, x := range v.Listeners {
			b.listeners = append(b.listeners, listener{protocol: x.Protocol, port: portOf(x.LoadBalancerPort),
				groups: []targetGroup{{protocol: x.InstanceProtocol, port: portOf(x.InstancePort), kind: "instance", targets: v.Instances}}})
		}
		l.balancers[b.arn] = b
		return nil
	})
}

func portOf(text string) uint16 {
	n := 0
	for i := 0; i < len(text) && n <= 65535; i++ {
		if text[i] < '0' || text[i] > '9' {
			return 0
		}
		n = n*10 + int(text[i]-'0')
	}
	if n > 65535 {
		return 0
	}
	return uint16(n)
}
