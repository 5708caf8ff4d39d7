package reach

import (
	"strings"
	"testing"
)

// ask gives the answer as "verdict kind:id:direction …".
func ask(t *testing.T, n *Network, question string) string {
	t.Helper()
	q, err := ParseQuestion([]byte(question))
	if err != nil {
		t.Fatal(err)
	}
	a := n.Trace(q)
	out := []string{string(a.Verdict)}
	for _, s := range a.StoppedBy {
		out = append(out, s.Kind+":"+s.ID+":"+string(s.Direction))
	}
	for _, m := range a.Missing {
		if m.Call != "" {
			out = append(out, m.Call)
		}
	}
	if a.Verdict == Unknown && len(a.Missing) == 0 {
		t.Error("an unknown that does not say what is missing")
	}
	return strings.Join(out, " ")
}

type traceCase struct{ name, question, want string }

func try(t *testing.T, n *Network, cases []traceCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := ask(t, n, c.question); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestTwoTiers(t *testing.T) {
	try(t, network(t, twoTiers()), []traceCase{
		{"the internet reaches a public host", `{"from":{"internet":true},"to":{"instance":"i-web"},"protocol":"tcp","port":443}`, "reachable"},
		{"on another port its group stops it", `{"from":{"internet":true},"to":{"instance":"i-web"},"protocol":"tcp","port":80}`, "unreachable security_group:sg-web:ingress"},
		{"from a range that a rule names", `{"from":{"internet":true},"to":{"instance":"i-web"},"protocol":"tcp","port":22}`, "reachable"},
		{"from an address outside it", `{"from":{"internet":true,"ip":"192.0.2.1"},"to":{"instance":"i-web"},"protocol":"tcp","port":22}`, "unreachable security_group:sg-web:ingress"},
		{"by its public address", `{"from":{"internet":true},"to":{"ip":"198.51.100.10"},"protocol":"tcp","port":443}`, "reachable"},
		{"without a public address", `{"from":{"internet":true},"to":{"instance":"i-bare"},"protocol":"tcp","port":443}`, "unreachable public_address:eni-bare:ingress"},
		{"out without a public address", `{"from":{"instance":"i-bare"},"to":{"internet":true},"protocol":"tcp","port":443}`, "unreachable public_address:eni-bare:egress"},
		{"out by NAT", `{"from":{"instance":"i-db"},"to":{"internet":true},"protocol":"tcp","port":443}`, "reachable"},
		{"in by NAT", `{"from":{"internet":true},"to":{"instance":"i-db"},"protocol":"tcp","port":5432}`,
			"unreachable public_address:eni-db:ingress security_group:sg-db:ingress nat_gateway:nat-1:return"},
		{"to the NAT gateway itself", `{"from":{"instance":"i-web"},"to":{"ip":"10.0.0.200"},"protocol":"tcp","port":80}`, "unreachable nat_gateway:nat-1:ingress"},
		{"NAT translates no GRE", `{"from":{"instance":"i-db"},"to":{"internet":true},"protocol":47}`, "unreachable nat_gateway:nat-1:egress"},
		{"a group stands for its members", `{"from":{"instance":"i-web"},"to":{"instance":"i-db"},"protocol":"tcp","port":5432}`, "reachable"},
		{"and not for others", `{"from":{"subnet":"subnet-pub"},"to":{"instance":"i-db"},"protocol":"tcp","port":5432}`, "unreachable security_group:sg-db:ingress"},
		{"a group is not its members' public addresses", `{"from":{"instance":"i-web"},"to":{"ip":"198.51.100.10"},"protocol":"tcp","port":22}`, "reachable"},
		{"over a peering", `{"from":{"instance":"i-db"},"to":{"instance":"i-peer"},"protocol":"tcp","port":22}`, "reachable"},
		{"a peering needs a route", `{"from":{"instance":"i-web"},"to":{"instance":"i-peer"},"protocol":"tcp","port":22}`,
			"unreachable internet:10.1.0.10:egress"},
		{"a peering needs a route back", `{"from":{"instance":"i-peer"},"to":{"instance":"i-web"},"protocol":"tcp","port":443}`,
			"unreachable internet:10.1.0.10:return"},
	})
}

// edit replaces a line of a world that begins with a prefix.
func edit(t *testing.T, lines, prefix, replacement string) string {
	t.Helper()
	out := strings.Split(lines, "\n")
	for i, l := range out {
		if strings.HasPrefix(l, prefix) {
			out[i] = replacement
			return strings.Join(out, "\n")
		}
	}
	t.Fatalf("no line begins with %q", prefix)
	return ""
}

// without drops the lines that begin with a prefix.
func without(lines string, prefixes ...string) string {
	var out []string
next:
	for _, l := range strings.Split(lines, "\n") {
		for _, p := range prefixes {
			if strings.HasPrefix(l, p) {
				continue next
			}
		}
		out = append(out, l)
	}
	return strings.Join(out, "\n")
}

// TestRules has a case for each rule of which tools are known to break it.
func TestRules(t *testing.T) {
	base := twoTiers()
	web := `{"from":{"internet":true},"to":{"instance":"i-web"},"protocol":"tcp","port":443}`
	out := `{"from":{"instance":"i-db"},"to":{"internet":true},"protocol":"tcp","port":443}`
	peer := `{"from":{"instance":"i-db"},"to":{"instance":"i-peer"},"protocol":"tcp","port":22}`
	entry := func(id, direction, action, number, ports string) string {
		return `NetworkAclEntry acl-1|` + id + ` {"NetworkAclId":"acl-1","Egress":` + direction + `,"Protocol":6,"RuleAction":"` + action + `","RuleNumber":` + number + `,"CidrBlock":"0.0.0.0/0","PortRange":` + ports + "}"
	}
	for _, c := range []struct{ name, lines, question, want string }{
		{"the lowest number that matches decides", base + entry("x", "false", "deny", "50", `{"From":443,"To":443}`), web, "unreachable network_acl:acl-1:ingress"},
		{"a higher number does not", base + entry("x", "false", "deny", "150", `{"From":443,"To":443}`), web, "reachable"},
		{"answers need the ephemeral ports", base + entry("x", "true", "deny", "50", `{"From":1024,"To":65535}`), web, "unreachable network_acl:acl-1:return"},
		{"some of them are enough", base + entry("x", "true", "deny", "50", `{"From":1024,"To":32767}`), web, "reachable"},
		{"ACLs are skipped within a subnet", base + entry("x", "false", "deny", "50", `{"From":0,"To":65535}`) + "\n" + host("mate", "subnet-pub", "vpc-1", "10.0.0.12", "", `"sg-web"`),
			`{"from":{"instance":"i-mate"},"to":{"instance":"i-web"},"protocol":"tcp","port":443}`, "reachable"},
		{"a blackhole drops", edit(t, base, "Route rtb-pub|0.0.0.0/0", `Route rtb-pub|0.0.0.0/0 {"RouteTableId":"rtb-pub","DestinationCidrBlock":"0.0.0.0/0","GatewayId":"igw-1","State":"blackhole"}`), web,
			"unreachable route_table:rtb-pub:return"},
		{"the longest prefix wins", base + strings.TrimSpace(routeTo("rtb-pub", "203.0.113.0/24", "NatGatewayId", "nat-1")),
			`{"from":{"internet":true,"ip":"203.0.113.9"},"to":{"instance":"i-web"},"protocol":"tcp","port":443}`, "unreachable nat_gateway:nat-1:return"},
		{"a static route beats a propagated one", base + `Route rtb-pub|p {"RouteTableId":"rtb-pub","DestinationCidrBlock":"0.0.0.0/0","GatewayId":"vgw-1","Origin":"EnableVgwRoutePropagation"}`, web, "reachable"},
		{"the gateway must be attached", edit(t, base, "VPCGatewayAttachment", ""), web, "unreachable internet_gateway:vpc-1:ingress internet_gateway:igw-1:return"},
		{"a group stops it whatever else is not known", without(base, "VPCGatewayAttachment", "RouteTable ", "Route ", "SubnetRouteTableAssociation ") + "\ngap AWS::EC2::RouteTable ec2:DescribeRouteTables\ngap AWS::EC2::VPCGatewayAttachment ec2:DescribeInternetGateways",
			`{"from":{"internet":true},"to":{"instance":"i-web"},"protocol":"tcp","port":80}`, "unreachable security_group:sg-web:ingress"},
		{"a peering must be active", edit(t, base, "VPCPeeringConnection", `VPCPeeringConnection pcx-1 {"VpcId":"vpc-1","PeerVpcId":"vpc-2","Status":{"Code":"pending-acceptance"}}`), peer, "unreachable vpc_peering:pcx-1:egress"},
		{"ranges of peers must not overlap", base + `VPCCidrBlock x {"VpcId":"vpc-2","CidrBlock":"10.0.128.0/24"}`, peer, "unreachable vpc_peering:pcx-1:egress"},
		{"a peering leads no further", base + strings.TrimSpace(routeTo("rtb-priv", "8.8.8.0/24", "VpcPeeringConnectionId", "pcx-1")),
			`{"from":{"instance":"i-db"},"to":{"ip":"8.8.8.8"},"protocol":"tcp","port":443}`, "unreachable vpc_peering:pcx-1:egress"},
		{"source and destination are checked", base + strings.TrimSpace(routeTo("rtb-priv", "8.8.8.0/24", "NetworkInterfaceId", "eni-web")),
			`{"from":{"instance":"i-db"},"to":{"ip":"8.8.8.8"},"protocol":"tcp","port":443}`, "unreachable source_dest_check:eni-web:egress"},
		{"public access is blocked both ways", base + `VPCBlockPublicAccessOptions ` + ours + ` {"InternetGatewayBlockMode":"block-bidirectional"}`, web,
			"unreachable vpc_block_public_access:" + ours + ":ingress vpc_block_public_access:" + ours + ":return"},
		{"blocked ingress lets NAT out", base + `VPCBlockPublicAccessOptions ` + ours + ` {"InternetGatewayBlockMode":"block-ingress"}`, out, "reachable"},
		{"an exclusion opens it", base + `VPCBlockPublicAccessOptions ` + ours + ` {"InternetGatewayBlockMode":"block-bidirectional"}
VPCBlockPublicAccessExclusion e {"VpcId":"vpc-1","InternetGatewayExclusionMode":"allow-bidirectional"}`, web, "reachable"},
		{"a prefix list that was not read", base + `Route rtb-pub|pl {"RouteTableId":"rtb-pub","DestinationPrefixListId":"pl-1","NatGatewayId":"nat-1"}`, web, "unknown"},
		{"route tables that were not read", without(base, "RouteTable ", "Route ", "SubnetRouteTableAssociation ") + "\ngap AWS::EC2::RouteTable ec2:DescribeRouteTables", out, "unknown ec2:DescribeRouteTables"},
		{"a gateway route table leads elsewhere", base + `RouteTable rtb-edge {"VpcId":"vpc-1"}
Route rtb-edge|a {"RouteTableId":"rtb-edge","DestinationCidrBlock":"10.0.0.0/24","NetworkInterfaceId":"eni-db"}
GatewayRouteTableAssociation igw-1 {"GatewayId":"igw-1","RouteTableId":"rtb-edge"}`, web, "unknown"},
		{"a gateway route table stays within the VPC", base + `RouteTable rtb-edge {"VpcId":"vpc-1"}
Route rtb-edge|a {"RouteTableId":"rtb-edge","DestinationCidrBlock":"10.0.0.0/16","GatewayId":"local"}
GatewayRouteTableAssociation igw-1 {"GatewayId":"igw-1","RouteTableId":"rtb-edge"}`, web, "reachable"},
		{"a ping is a request", edit(t, base, "SecurityGroup sg-web", pings("8")), strings.Replace(strings.Replace(web, "tcp", "icmp", 1), "443", "null", 1), "reachable"},
		{"and not its answer", edit(t, base, "SecurityGroup sg-web", pings("0")), strings.Replace(strings.Replace(web, "tcp", "icmp", 1), "443", "null", 1), "unreachable security_group:sg-web:ingress"},
		{"its answer is one to the ACL", edit(t, base, "SecurityGroup sg-web", pings("8")) + `NetworkAclEntry x {"NetworkAclId":"acl-1","Egress":true,"Protocol":1,"RuleAction":"deny","RuleNumber":50,"CidrBlock":"0.0.0.0/0","Icmp":{"Type":0,"Code":-1}}`, strings.Replace(strings.Replace(web, "tcp", "icmp", 1), "443", "null", 1), "unreachable network_acl:acl-1:return"},
		{"a group that is not there", edit(t, base, "SecurityGroup sg-web", ""), web, "unknown"},
		{"a circle of appliances ends", base + strings.TrimSpace(routeTo("rtb-pub", "0.0.0.0/1", "NatGatewayId", "nat-1")+routeTo("rtb-pub", "128.0.0.0/1", "NatGatewayId", "nat-1")), out, "unreachable route_table::egress"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := ask(t, network(t, c.lines), c.question); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// pings is the web host's group with one rule, for an ICMP type.
func pings(icmp string) string {
	return `SecurityGroup sg-web {"VpcId":"vpc-1","SecurityGroupIngress":[{"IpProtocol":"icmp","FromPort":` + icmp + `,"ToPort":-1,"CidrIp":"0.0.0.0/0"}],"SecurityGroupEgress":[]}`
}

func TestIPv6(t *testing.T) {
	lines := twoTiers() + `VPCCidrBlock six {"VpcId":"vpc-1","Ipv6CidrBlock":"2600:1f14::/56"}
Subnet subnet-6 {"VpcId":"vpc-1","Ipv6CidrBlock":"2600:1f14::/64"}
SubnetRouteTableAssociation a-6 {"SubnetId":"subnet-6","RouteTableId":"rtb-6"}
SubnetNetworkAclAssociation n-6 {"SubnetId":"subnet-6","NetworkAclId":"acl-1"}
RouteTable rtb-6 {"VpcId":"vpc-1"}
Route rtb-6|::/0 {"RouteTableId":"rtb-6","DestinationIpv6CidrBlock":"::/0","%s":"%s"}
EgressOnlyInternetGateway eigw-1 {"VpcId":"vpc-1"}
SecurityGroup sg-6 {"VpcId":"vpc-1","SecurityGroupIngress":[{"IpProtocol":"tcp","FromPort":443,"ToPort":443,"CidrIpv6":"::/0"}],"SecurityGroupEgress":[{"IpProtocol":"-1","CidrIpv6":"::/0"}]}
NetworkInterface eni-6 {"SubnetId":"subnet-6","VpcId":"vpc-1","Ipv6Addresses":[{"Ipv6Address":"2600:1f14::10"}],"GroupSet":["sg-6"]}`
	in := `{"from":{"internet":true},"to":{"interface":"eni-6"},"protocol":"tcp","port":443}`
	out := `{"from":{"interface":"eni-6"},"to":{"internet":true},"protocol":"tcp","port":443}`
	open := network(t, strings.NewReplacer("%s\":\"%s", "GatewayId\":\"igw-1").Replace(lines))
	closed := network(t, strings.NewReplacer("%s\":\"%s", "EgressOnlyInternetGatewayId\":\"eigw-1").Replace(lines))
	try(t, open, []traceCase{{"a global address is exposed", in, "reachable"}, {"and reaches out", out, "reachable"}})
	try(t, closed, []traceCase{{"an egress-only gateway lets nothing in", in, "unreachable egress_only_internet_gateway:eigw-1:return"}, {"and lets out", out, "reachable"}})
}

// transit is two VPCs and a VPN on a transit gateway.
func transitWorld() string {
	vpc := func(n string) string {
		return `VPC vpc-` + n + ` {"CidrBlock":"10.` + n + `.0.0/16"}
RouteTable rtb-` + n + ` {"VpcId":"vpc-` + n + `","Main":true}
` + routeTo("rtb-"+n, "10."+n+".0.0/16", "GatewayId", "local") + routeTo("rtb-"+n, "0.0.0.0/0", "TransitGatewayId", "tgw-1") +
			openACL("acl-"+n, "vpc-"+n) + subnetIn("subnet-"+n, "vpc-"+n, "10."+n+".0.0/24", "rtb-"+n, "acl-"+n, "a") +
			`SecurityGroup sg-` + n + ` {"VpcId":"vpc-` + n + `","SecurityGroupIngress":[{"IpProtocol":"-1","CidrIp":"0.0.0.0/0"}],"SecurityGroupEgress":[{"IpProtocol":"-1","CidrIp":"0.0.0.0/0"}]}
Merlon::EC2::TransitGatewayAttachment att-` + n + ` {"TransitGatewayAttachmentId":"att-` + n + `","TransitGatewayId":"tgw-1","ResourceType":"vpc","ResourceId":"vpc-` + n + `","State":"available","Association":{"TransitGatewayRouteTableId":"tgw-rtb-` + n + `"}}
TransitGatewayVpcAttachment att-` + n + ` {"TransitGatewayId":"tgw-1","VpcId":"vpc-` + n + `","SubnetIds":["subnet-` + n + `"]}
TransitGatewayRouteTable tgw-rtb-` + n + ` {"TransitGatewayId":"tgw-1"}
` + host(n, "subnet-"+n, "vpc-"+n, "10."+n+".0.10", "", `"sg-`+n+`"`)
	}
	return vpc("1") + vpc("2") + `TransitGatewayRoute tgw-rtb-1|a {"TransitGatewayRouteTableId":"tgw-rtb-1","DestinationCidrBlock":"10.2.0.0/16","TransitGatewayAttachmentId":"att-2","Type":"propagated"}
TransitGatewayRoute tgw-rtb-1|b {"TransitGatewayRouteTableId":"tgw-rtb-1","DestinationCidrBlock":"192.168.0.0/16","TransitGatewayAttachmentId":"att-vpn","Type":"static"}
TransitGatewayRoute tgw-rtb-2|a {"TransitGatewayRouteTableId":"tgw-rtb-2","DestinationCidrBlock":"10.1.0.0/16","TransitGatewayAttachmentId":"att-1","Type":"propagated"}
Merlon::EC2::TransitGatewayAttachment att-vpn {"TransitGatewayAttachmentId":"att-vpn","TransitGatewayId":"tgw-1","ResourceType":"vpn","ResourceId":"vpn-1","State":"available","Association":{"TransitGatewayRouteTableId":"tgw-rtb-v"}}
TransitGatewayRouteTable tgw-rtb-v {"TransitGatewayId":"tgw-1"}
TransitGatewayRoute tgw-rtb-v|a {"TransitGatewayRouteTableId":"tgw-rtb-v","DestinationCidrBlock":"10.1.0.0/16","TransitGatewayAttachmentId":"att-1","Type":"propagated"}`
}

// attachedAt gives a VPC's attachment a subnet of its own, whose ACL denies TCP
// port 22 in one direction.
func attachedAt(t *testing.T, lines, vpc, egress string) string {
	t.Helper()
	return edit(t, lines, "TransitGatewayVpcAttachment att-"+vpc, `TransitGatewayVpcAttachment att-`+vpc+` {"TransitGatewayId":"tgw-1","VpcId":"vpc-`+vpc+`","SubnetIds":["subnet-door"]}
`+openACL("acl-door", "vpc-"+vpc)+`NetworkAclEntry door {"NetworkAclId":"acl-door","Egress":`+egress+`,"Protocol":6,"RuleAction":"deny","RuleNumber":1,"CidrBlock":"0.0.0.0/0","PortRange":{"From":22,"To":22}}
`+subnetIn("subnet-door", "vpc-"+vpc, "10."+vpc+".7.0/28", "rtb-"+vpc, "acl-door", "a"))
}

func TestTransitGateway(t *testing.T) {
	base := transitWorld()
	across := `{"from":{"instance":"i-1"},"to":{"instance":"i-2"},"protocol":"tcp","port":22}`
	for _, c := range []struct{ name, lines, question, want string }{
		{"between two VPCs", base, across, "reachable"},
		{"route tables isolate", without(base, "TransitGatewayRoute tgw-rtb-1|a"), across, "unreachable transit_gateway_route_table:tgw-rtb-1:egress"},
		{"and on the way back", without(base, "TransitGatewayRoute tgw-rtb-2|a"), across, "unreachable transit_gateway_route_table:tgw-rtb-2:return"},
		{"an attachment serves its zones", edit(t, base, "Subnet subnet-1", `Subnet subnet-1 {"VpcId":"vpc-1","CidrBlock":"10.1.0.0/24","AvailabilityZone":"a"}
Subnet subnet-far {"VpcId":"vpc-1","CidrBlock":"10.1.9.0/24","AvailabilityZone":"b"}
`+host("far", "subnet-far", "vpc-1", "10.1.9.10", "", `"sg-1"`)), strings.Replace(across, "i-1", "i-far", 1), "unreachable transit_gateway_attachment:att-1:egress"},
		{"a blackhole", edit(t, base, "TransitGatewayRoute tgw-rtb-1|a", `TransitGatewayRoute tgw-rtb-1|a {"TransitGatewayRouteTableId":"tgw-rtb-1","DestinationCidrBlock":"10.2.0.0/16","Blackhole":true}`), across,
			"unreachable transit_gateway_route_table:tgw-rtb-1:egress"},
		{"a static route beats a propagated one", base + `
TransitGatewayRoute tgw-rtb-1|c {"TransitGatewayRouteTableId":"tgw-rtb-1","DestinationCidrBlock":"10.2.0.0/16","TransitGatewayAttachmentId":"att-vpn","Type":"static"}`, across,
			"unreachable destination:10.2.0.10:ingress"},
		{"what a VPC propagates beats what a VPN does", edit(t, base, "TransitGatewayRoute tgw-rtb-1|a", `TransitGatewayRoute tgw-rtb-1|0 {"TransitGatewayRouteTableId":"tgw-rtb-1","DestinationCidrBlock":"10.2.0.0/16","TransitGatewayAttachmentId":"att-vpn","Type":"propagated","TransitGatewayAttachments":[{"TransitGatewayAttachmentId":"att-vpn","ResourceType":"vpn"}]}
TransitGatewayRoute tgw-rtb-1|a {"TransitGatewayRouteTableId":"tgw-rtb-1","DestinationCidrBlock":"10.2.0.0/16","TransitGatewayAttachmentId":"att-2","Type":"propagated","TransitGatewayAttachments":[{"TransitGatewayAttachmentId":"att-2","ResourceType":"vpc"}]}`), across, "reachable"},
		{"the ACL of the attachment's subnet on the way in", attachedAt(t, base, "1", "false"), across, "unreachable network_acl:acl-door:ingress"},
		{"the ACL of the attachment's subnet on the way out", attachedAt(t, base, "2", "true"), across, "unreachable network_acl:acl-door:egress"},
		{"in from a VPN", base, `{"from":{"transit_gateway_attachment":"att-vpn","ip":"192.168.1.1"},"to":{"instance":"i-1"},"protocol":"tcp","port":22}`, "reachable"},
		{"the VPN has no route to the other", base, `{"from":{"transit_gateway_attachment":"att-vpn","ip":"192.168.1.1"},"to":{"instance":"i-2"},"protocol":"tcp","port":22}`,
			"unreachable transit_gateway_route_table:tgw-rtb-v:egress"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := ask(t, network(t, c.lines), c.question); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

const lb = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/front/1"

func balancerWorld(kind, targetPort string) string {
	arn := strings.Replace(lb, "/app/", "/"+kind+"/", 1)
	long := map[string]string{"app": "application", "net": "network"}[kind]
	return twoTiers() + `SecurityGroup sg-lb {"VpcId":"vpc-1","SecurityGroupIngress":[{"IpProtocol":"tcp","FromPort":443,"ToPort":443,"CidrIp":"0.0.0.0/0"}],"SecurityGroupEgress":[{"IpProtocol":"-1","CidrIp":"0.0.0.0/0"}]}
SecurityGroup sg-app {"VpcId":"vpc-1","SecurityGroupIngress":[{"IpProtocol":"tcp","FromPort":8080,"ToPort":8080,"SourceSecurityGroupId":"sg-lb"}],"SecurityGroupEgress":[]}
AWS::ElasticLoadBalancingV2::LoadBalancer ` + arn + ` {"Type":"` + long + `","Scheme":"internet-facing","SecurityGroups":["sg-lb"],"Subnets":["subnet-pub"]}
AWS::ElasticLoadBalancingV2::TargetGroup tg {"Port":` + targetPort + `,"Protocol":"HTTP","TargetType":"instance","Targets":[{"Id":"i-app"}]}
AWS::ElasticLoadBalancingV2::Listener l {"LoadBalancerArn":"` + arn + `","Port":443,"Protocol":"` + map[string]string{"app": "HTTPS", "net": "TCP"}[kind] + `","DefaultActions":[{"Type":"forward","TargetGroupArn":"` + ours + `/eu-central-1/AWS::ElasticLoadBalancingV2::TargetGroup/tg"}]}
` + host("app", "subnet-priv", "vpc-1", "10.0.1.20", "", `"sg-app"`)
}

func TestLoadBalancer(t *testing.T) {
	nlb := strings.Replace(lb, "/app/", "/net/", 1)
	try(t, network(t, balancerWorld("app", "8080")), []traceCase{
		{"its listener", `{"from":{"internet":true},"to":{"load_balancer":"` + lb + `"},"protocol":"tcp","port":443}`, "reachable"},
		{"no listener", `{"from":{"internet":true},"to":{"load_balancer":"` + lb + `"},"protocol":"tcp","port":80}`, "unreachable load_balancer:" + lb + ":ingress"},
		{"through it to its target", `{"from":{"internet":true},"to":{"instance":"i-app","through":"` + lb + `"},"protocol":"tcp","port":443}`, "reachable"},
		{"not past it", `{"from":{"internet":true},"to":{"instance":"i-app"},"protocol":"tcp","port":8080}`,
			"unreachable public_address:eni-app:ingress security_group:sg-app:ingress nat_gateway:nat-1:return"},
		{"not to what is no target", `{"from":{"internet":true},"to":{"instance":"i-db","through":"` + lb + `"},"protocol":"tcp","port":443}`, "unreachable load_balancer:" + lb + ":ingress"},
	})
	t.Run("the target's group admits another port", func(t *testing.T) {
		if got := ask(t, network(t, balancerWorld("app", "9090")), `{"from":{"internet":true},"to":{"instance":"i-app","through":"`+lb+`"},"protocol":"tcp","port":443}`); got != "unreachable security_group:sg-app:ingress" {
			t.Error(got)
		}
	})
	t.Run("a network balancer keeps the client's address", func(t *testing.T) {
		got := ask(t, network(t, balancerWorld("net", "8080")), `{"from":{"internet":true},"to":{"instance":"i-app","through":"`+nlb+`"},"protocol":"tcp","port":443}`)
		if got != "unreachable security_group:sg-app:ingress" {
			t.Error(got)
		}
	})
}
