package reach

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory/inventorytest"
)

const (
	ours   = "111122223333"
	region = "eu-central-1"
)

// collected are the types that a world counts as read though it has none of them.
var collected = []string{"AWS::EC2::VPC", "AWS::EC2::VPCCidrBlock", "AWS::EC2::Subnet", "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::SubnetNetworkAclAssociation",
	"AWS::EC2::RouteTable", "AWS::EC2::Route", "AWS::EC2::GatewayRouteTableAssociation", "AWS::EC2::NetworkAcl", "AWS::EC2::NetworkAclEntry", "AWS::EC2::SecurityGroup",
	"AWS::EC2::PrefixList", "AWS::EC2::NetworkInterface", "AWS::EC2::Instance", "AWS::EC2::VPCGatewayAttachment", "AWS::EC2::NatGateway", "AWS::EC2::EgressOnlyInternetGateway",
	"AWS::EC2::VPCEndpoint", "AWS::EC2::VPCPeeringConnection", "Merlon::EC2::TransitGatewayAttachment", "AWS::EC2::TransitGatewayVpcAttachment",
	"AWS::EC2::TransitGatewayRouteTable", "AWS::EC2::TransitGatewayRouteTableAssociation", "AWS::EC2::TransitGatewayRoute", "AWS::EC2::VPCBlockPublicAccessOptions",
	"AWS::EC2::VPCBlockPublicAccessExclusion"}

// network makes a Network of lines "Type id {properties}"; a line "gap Type
// call" says that a call for a type was denied.
func network(tb testing.TB, lines string) *Network {
	tb.Helper()
	resources := []*merlon.Resource{{Type: "Merlon::Account::Account", ID: ours, Account: ours, Region: region}}
	var gaps []*merlon.Gap
	for _, line := range strings.Split(lines, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.SplitN(line, " ", 3)
		if f[0] == "gap" {
			gaps = append(gaps, &merlon.Gap{Call: f[2], Account: ours, Region: region, Types: []string{f[1]}, Cause: "AccessDenied"})
			continue
		}
		typ := f[0]
		if !strings.Contains(typ, "::") {
			typ = "AWS::EC2::" + typ
		}
		r := &merlon.Resource{Type: typ, ID: f[1], Name: f[1], Account: ours, Region: region, Properties: json.RawMessage(f[2])}
		if strings.HasPrefix(f[1], "arn:") {
			r.ARN = merlon.ARN(f[1])
		}
		resources = append(resources, r)
	}
	n, err := Load(context.Background(), inventorytest.Snapshot(tb, resources, gaps, collected...))
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// openACL are the lines of an ACL that lets everything pass.
func openACL(id, vpc string) string {
	return fmt.Sprintf(`NetworkAcl %[1]s {"VpcId":"%[2]s"}
NetworkAclEntry %[1]s|in {"NetworkAclId":"%[1]s","Egress":false,"Protocol":-1,"RuleAction":"allow","RuleNumber":100,"CidrBlock":"0.0.0.0/0"}
NetworkAclEntry %[1]s|in6 {"NetworkAclId":"%[1]s","Egress":false,"Protocol":-1,"RuleAction":"allow","RuleNumber":101,"Ipv6CidrBlock":"::/0"}
NetworkAclEntry %[1]s|out {"NetworkAclId":"%[1]s","Egress":true,"Protocol":-1,"RuleAction":"allow","RuleNumber":100,"CidrBlock":"0.0.0.0/0"}
NetworkAclEntry %[1]s|out6 {"NetworkAclId":"%[1]s","Egress":true,"Protocol":-1,"RuleAction":"allow","RuleNumber":101,"Ipv6CidrBlock":"::/0"}
`, id, vpc)
}

// place puts a subnet with its table and ACL into a VPC.
func subnetIn(id, vpc, cidr, table, acl, zone string) string {
	return fmt.Sprintf(`Subnet %[1]s {"VpcId":"%[2]s","CidrBlock":"%[3]s","AvailabilityZone":"%[6]s"}
SubnetRouteTableAssociation a-%[1]s {"SubnetId":"%[1]s","RouteTableId":"%[4]s"}
SubnetNetworkAclAssociation n-%[1]s {"SubnetId":"%[1]s","NetworkAclId":"%[5]s"}
`, id, vpc, cidr, table, acl, zone)
}

func host(id, subnet, vpc, private, public, groups string) string {
	association := ""
	if public != "" {
		association = `,"Association":{"PublicIp":"` + public + `"}`
	}
	return fmt.Sprintf(`NetworkInterface eni-%[1]s {"SubnetId":"%[2]s","VpcId":"%[3]s","PrivateIpAddress":"%[4]s","PrivateIpAddresses":[{"PrivateIpAddress":"%[4]s","Primary":true%[5]s}],"GroupSet":[%[6]s],"Attachment":{"InstanceId":"i-%[1]s"}}
Instance i-%[1]s {"SubnetId":"%[2]s","VpcId":"%[3]s","PrivateIpAddress":"%[4]s"}
`, id, subnet, vpc, private, association, groups)
}

func routeTo(table, cidr, key, target string) string {
	return fmt.Sprintf("Route %[1]s|%[2]s {\"RouteTableId\":\"%[1]s\",\"DestinationCidrBlock\":\"%[2]s\",\"%[3]s\":\"%[4]s\"}\n", table, cidr, key, target)
}

// twoTiers is a VPC with a public and a private subnet, a web host and a
// database, a NAT gateway, and a peer.
func twoTiers() string {
	return `VPC vpc-1 {"CidrBlock":"10.0.0.0/16"}
VPCGatewayAttachment IGW|vpc-1 {"VpcId":"vpc-1","InternetGatewayId":"igw-1"}
RouteTable rtb-pub {"VpcId":"vpc-1"}
RouteTable rtb-priv {"VpcId":"vpc-1","Main":true}
` + routeTo("rtb-pub", "10.0.0.0/16", "GatewayId", "local") + routeTo("rtb-pub", "0.0.0.0/0", "GatewayId", "igw-1") +
		routeTo("rtb-priv", "10.0.0.0/16", "GatewayId", "local") + routeTo("rtb-priv", "0.0.0.0/0", "NatGatewayId", "nat-1") + routeTo("rtb-priv", "10.1.0.0/16", "VpcPeeringConnectionId", "pcx-1") +
		openACL("acl-1", "vpc-1") + subnetIn("subnet-pub", "vpc-1", "10.0.0.0/24", "rtb-pub", "acl-1", "a") + subnetIn("subnet-priv", "vpc-1", "10.0.1.0/24", "rtb-priv", "acl-1", "a") +
		`SecurityGroup sg-web {"VpcId":"vpc-1","SecurityGroupIngress":[{"IpProtocol":"tcp","FromPort":443,"ToPort":443,"CidrIp":"0.0.0.0/0"},{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"CidrIp":"198.51.100.0/24"}],"SecurityGroupEgress":[{"IpProtocol":"-1","CidrIp":"0.0.0.0/0"}]}
SecurityGroup sg-db {"VpcId":"vpc-1","SecurityGroupIngress":[{"IpProtocol":"tcp","FromPort":5432,"ToPort":5432,"SourceSecurityGroupId":"sg-web"}],"SecurityGroupEgress":[{"IpProtocol":"-1","CidrIp":"0.0.0.0/0"}]}
NatGateway nat-1 {"SubnetId":"subnet-pub","VpcId":"vpc-1","State":"available","NatGatewayAddresses":[{"PrivateIp":"10.0.0.200","PublicIp":"198.51.100.200"}]}
` + host("web", "subnet-pub", "vpc-1", "10.0.0.10", "198.51.100.10", `"sg-web"`) + host("bare", "subnet-pub", "vpc-1", "10.0.0.11", "", `"sg-web"`) + host("db", "subnet-priv", "vpc-1", "10.0.1.10", "", `"sg-db"`) +
		`VPC vpc-2 {"CidrBlock":"10.1.0.0/16"}
RouteTable rtb-2 {"VpcId":"vpc-2","Main":true}
` + routeTo("rtb-2", "10.1.0.0/16", "GatewayId", "local") + routeTo("rtb-2", "10.0.0.0/16", "VpcPeeringConnectionId", "pcx-1") +
		openACL("acl-2", "vpc-2") + subnetIn("subnet-2", "vpc-2", "10.1.0.0/24", "rtb-2", "acl-2", "a") +
		`SecurityGroup sg-2 {"VpcId":"vpc-2","SecurityGroupIngress":[{"IpProtocol":"-1","CidrIp":"10.0.0.0/8"}],"SecurityGroupEgress":[{"IpProtocol":"-1","CidrIp":"0.0.0.0/0"}]}
VPCPeeringConnection pcx-1 {"VpcId":"vpc-1","PeerVpcId":"vpc-2","PeerOwnerId":"` + ours + `","PeerRegion":"` + region + `","Status":{"Code":"active"}}
` + host("peer", "subnet-2", "vpc-2", "10.1.0.10", "", `"sg-2"`)
}
