package live

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// in eu-west-1 alone: a region beside it stays empty.
func there[I, O any](fn func(in *I) *O) func(Place, *I) (*O, error) {
	return func(p Place, in *I) (*O, error) {
		if p.Region != "eu-west-1" {
			return new(O), nil
		}
		return fn(in), nil
	}
}

func denied403[I, O any](Place, *I) (*O, error) { return nil, apiError("UnauthorizedOperation") }

// defaultRegion is a region as AWS hands it out: a default VPC and nothing in it.
func defaultRegion() *fake {
	f := &fake{}
	answer(f, ec2DescribeVpcs, there(func(*ec2.DescribeVpcsInput) *ec2.DescribeVpcsOutput {
		return &ec2.DescribeVpcsOutput{Vpcs: []types.Vpc{{VpcId: aws.String("vpc-0"), CidrBlock: aws.String("172.31.0.0/16"), IsDefault: aws.Bool(true), OwnerId: aws.String("111122223333")}}}
	}))
	answer(f, ec2DescribeRouteTables, there(func(*ec2.DescribeRouteTablesInput) *ec2.DescribeRouteTablesOutput {
		return &ec2.DescribeRouteTablesOutput{RouteTables: []types.RouteTable{{RouteTableId: aws.String("rtb-0"), VpcId: aws.String("vpc-0"),
			Associations: []types.RouteTableAssociation{{Main: aws.Bool(true), RouteTableAssociationId: aws.String("rtbassoc-0"), RouteTableId: aws.String("rtb-0")}},
			Routes: []types.Route{{DestinationCidrBlock: aws.String("172.31.0.0/16"), GatewayId: aws.String("local"), State: "active"},
				{DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: aws.String("igw-0"), State: "active"}}}}}
	}))
	subnet(f, 4091)
	answer(f, ec2DescribeVpcBlockPublicAccessOptions, func(Place, *ec2.DescribeVpcBlockPublicAccessOptionsInput) (*ec2.DescribeVpcBlockPublicAccessOptionsOutput, error) {
		return &ec2.DescribeVpcBlockPublicAccessOptionsOutput{VpcBlockPublicAccessOptions: &types.VpcBlockPublicAccessOptions{InternetGatewayBlockMode: types.InternetGatewayBlockModeOff}}, nil
	})
	return f
}

// subnet is the region's only one, a /20, with some addresses left.
func subnet(f *fake, free int32) {
	answer(f, ec2DescribeSubnets, there(func(*ec2.DescribeSubnetsInput) *ec2.DescribeSubnetsOutput {
		return &ec2.DescribeSubnetsOutput{Subnets: []types.Subnet{{SubnetId: aws.String("subnet-0"), VpcId: aws.String("vpc-0"), CidrBlock: aws.String("172.31.0.0/20"), AvailableIpAddressCount: &free}}}
	}))
}

func called(c *collected) map[string]int {
	n := map[string]int{}
	for _, name := range c.calls {
		n[strings.TrimPrefix(name, "ec2:")]++
	}
	return n
}

// TestEC2EmptyRegion holds the calls that a region with nothing in it costs: two
// regions are read, one of them without even a VPC.
func TestEC2EmptyRegion(t *testing.T) {
	c := collect(t, defaultRegion(), ec2Service())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %v", c.gaps)
	}
	both := []string{"DescribeAddresses", "DescribeImages", "DescribeInternetGateways", "DescribeLaunchTemplates", "DescribeSecurityGroups",
		"DescribeSnapshots", "DescribeTransitGateways", "DescribeVolumes", "DescribeVpcBlockPublicAccessOptions", "DescribeVpcs", "DescribeVpnGateways",
		"GetEbsEncryptionByDefault", "GetImageBlockPublicAccessState", "GetInstanceMetadataDefaults", "GetSerialConsoleAccessStatus", "GetSnapshotBlockPublicAccessState"}
	one := []string{"DescribeFlowLogs", "DescribeNetworkAcls", "DescribeRouteTables", "DescribeSubnets"}
	want := map[string]int{}
	for _, n := range both {
		want[n] = 2
	}
	for _, n := range one {
		want[n] = 1
	}
	if diff := cmp.Diff(want, called(c)); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if n := len(both) + len(one); n > 20 {
		t.Errorf("%d calls for a region with its default VPC; 20 are allowed", n)
	}
	table := c.one(t, routeTableType, "rtb-0")
	if at(table, "observed", "Main") != true {
		t.Errorf("main table: %v", table)
	}
	if d := c.one(t, routeType, "rtb-0|0.0.0.0/0"); at(d, "properties", "GatewayId") != "igw-0" || at(d, "observed", "State") != "active" {
		t.Errorf("route %v", d)
	}
}

// TestVacant: only what counts all its addresses as free has no interface.
func TestVacant(t *testing.T) {
	for name, x := range map[string]struct {
		subnet types.Subnet
		want   bool
	}{
		"empty":                     {types.Subnet{CidrBlock: aws.String("10.0.0.0/24"), AvailableIpAddressCount: aws.Int32(251)}, true},
		"the largest":               {types.Subnet{CidrBlock: aws.String("10.0.0.0/16"), AvailableIpAddressCount: aws.Int32(65531)}, true},
		"one address taken":         {types.Subnet{CidrBlock: aws.String("10.0.0.0/24"), AvailableIpAddressCount: aws.Int32(250)}, false},
		"an emulator's own count":   {types.Subnet{CidrBlock: aws.String("10.0.0.0/24"), AvailableIpAddressCount: aws.Int32(256)}, false},
		"no count":                  {types.Subnet{CidrBlock: aws.String("10.0.0.0/24")}, false},
		"IPv6 only":                 {types.Subnet{Ipv6Native: aws.Bool(true), AvailableIpAddressCount: aws.Int32(0)}, false},
		"IPv6 only, with a range":   {types.Subnet{Ipv6Native: aws.Bool(true), CidrBlock: aws.String("10.0.0.0/24"), AvailableIpAddressCount: aws.Int32(251)}, false},
		"no range":                  {types.Subnet{AvailableIpAddressCount: aws.Int32(251)}, false},
		"a range that is none":      {types.Subnet{CidrBlock: aws.String("10.0.0.0"), AvailableIpAddressCount: aws.Int32(251)}, false},
		"a range of another family": {types.Subnet{CidrBlock: aws.String("fd00::/120"), AvailableIpAddressCount: aws.Int32(251)}, false},
	} {
		if got := vacant(x.subnet); got != x.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestEC2Decisions: what a list shows decides what else is asked, and a list that
// could not be read lets nothing go unasked.
func TestEC2Decisions(t *testing.T) {
	route := func(r types.Route) func(*fake) {
		return func(f *fake) {
			answer(f, ec2DescribeRouteTables, there(func(*ec2.DescribeRouteTablesInput) *ec2.DescribeRouteTablesOutput {
				return &ec2.DescribeRouteTablesOutput{RouteTables: []types.RouteTable{{RouteTableId: aws.String("rtb-0"), VpcId: aws.String("vpc-0"), Routes: []types.Route{r}}}}
			}))
		}
	}
	used := []string{"DescribeInstances", "DescribeKeyPairs", "DescribeNatGateways", "DescribeVpcEndpoints", "DescribeVpcPeeringConnections", "DescribeManagedPrefixLists"}
	everything := append(slices.Clone(used), "DescribeNetworkInterfaces", "DescribeSecurityGroupVpcAssociations", "DescribeEgressOnlyInternetGateways", "DescribeCarrierGateways", "DescribeVpnConnections")
	tests := map[string]struct {
		change func(*fake)
		asked  []string
	}{
		"an interface": {func(f *fake) {
			subnet(f, 4090)
			answer(f, ec2DescribeNetworkInterfaces, there(func(*ec2.DescribeNetworkInterfacesInput) *ec2.DescribeNetworkInterfacesOutput {
				return &ec2.DescribeNetworkInterfacesOutput{NetworkInterfaces: []types.NetworkInterface{{NetworkInterfaceId: aws.String("eni-0"), SubnetId: aws.String("subnet-0")}}}
			}))
		}, used},
		"a subnet with an address taken": {func(f *fake) { subnet(f, 4090) }, []string{"DescribeNetworkInterfaces"}},
		"a launch template": {func(f *fake) {
			answer(f, ec2DescribeLaunchTemplates, there(func(*ec2.DescribeLaunchTemplatesInput) *ec2.DescribeLaunchTemplatesOutput {
				return &ec2.DescribeLaunchTemplatesOutput{LaunchTemplates: []types.LaunchTemplate{{LaunchTemplateId: aws.String("lt-0")}}}
			}))
		}, []string{"DescribeKeyPairs"}},
		"no launch templates": {func(f *fake) { answer(f, ec2DescribeLaunchTemplates, denied403) }, []string{"DescribeKeyPairs"}},
		"a second VPC": {func(f *fake) {
			answer(f, ec2DescribeVpcs, there(func(*ec2.DescribeVpcsInput) *ec2.DescribeVpcsOutput {
				return &ec2.DescribeVpcsOutput{Vpcs: []types.Vpc{{VpcId: aws.String("vpc-0"), IsDefault: aws.Bool(true)}, {VpcId: aws.String("vpc-1")}}}
			}))
		}, append(slices.Clone(used), "DescribeSecurityGroupVpcAssociations")},
		"a default VPC that another account shares": {func(f *fake) {
			answer(f, ec2DescribeVpcs, there(func(*ec2.DescribeVpcsInput) *ec2.DescribeVpcsOutput {
				return &ec2.DescribeVpcsOutput{Vpcs: []types.Vpc{{VpcId: aws.String("vpc-0"), IsDefault: aws.Bool(true), OwnerId: aws.String("444455556666")}}}
			}))
		}, used},
		"a route to a NAT gateway":       {route(types.Route{DestinationCidrBlock: aws.String("0.0.0.0/0"), NatGatewayId: aws.String("nat-0")}), used},
		"a route to a peering":           {route(types.Route{DestinationCidrBlock: aws.String("10.0.0.0/8"), VpcPeeringConnectionId: aws.String("pcx-0")}), used},
		"a route to a gateway endpoint":  {route(types.Route{DestinationPrefixListId: aws.String("pl-0"), GatewayId: aws.String("vpce-0")}), used},
		"a route to an egress-only gate": {route(types.Route{DestinationIpv6CidrBlock: aws.String("::/0"), EgressOnlyInternetGatewayId: aws.String("eigw-0")}), append(slices.Clone(used), "DescribeEgressOnlyInternetGateways")},
		"a route to a carrier gateway":   {route(types.Route{DestinationCidrBlock: aws.String("0.0.0.0/0"), CarrierGatewayId: aws.String("cagw-0")}), append(slices.Clone(used), "DescribeCarrierGateways")},
		"a VPN gateway": {func(f *fake) {
			answer(f, ec2DescribeVpnGateways, there(func(*ec2.DescribeVpnGatewaysInput) *ec2.DescribeVpnGatewaysOutput {
				return &ec2.DescribeVpnGatewaysOutput{VpnGateways: []types.VpnGateway{{VpnGatewayId: aws.String("vgw-0"), State: types.VpnStateAvailable}}}
			}))
		}, []string{"DescribeVpnConnections"}},
		"a VPN gateway that was deleted": {func(f *fake) {
			answer(f, ec2DescribeVpnGateways, there(func(*ec2.DescribeVpnGatewaysInput) *ec2.DescribeVpnGatewaysOutput {
				return &ec2.DescribeVpnGatewaysOutput{VpnGateways: []types.VpnGateway{{VpnGatewayId: aws.String("vgw-0"), State: types.VpnStateDeleted}}}
			}))
		}, nil},
		"no route tables":    {func(f *fake) { answer(f, ec2DescribeRouteTables, denied403) }, everything},
		"no subnets":         {func(f *fake) { answer(f, ec2DescribeSubnets, denied403) }, everything},
		"no interfaces":      {func(f *fake) { subnet(f, 4090); answer(f, ec2DescribeNetworkInterfaces, denied403) }, everything},
		"no VPCs":            {func(f *fake) { answer(f, ec2DescribeVpcs, denied403) }, everything},
		"no VPN gateways":    {func(f *fake) { answer(f, ec2DescribeVpnGateways, denied403) }, everything},
		"no security groups": {func(f *fake) { answer(f, ec2DescribeSecurityGroups, denied403) }, everything},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := called(collect(t, defaultRegion(), ec2Service()))
			f := defaultRegion()
			test.change(f)
			after := called(collect(t, f, ec2Service()))
			for _, n := range test.asked {
				if after[n] == 0 {
					t.Errorf("%s was not asked", n)
				}
			}
			if test.asked == nil {
				if diff := cmp.Diff(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))); diff != "" {
					t.Errorf("asked more than before (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestEC2Denied: what one denied call would have told is unknown, and nothing of
// it stands in the documents.
func TestEC2Denied(t *testing.T) {
	f := wholeRegion()
	answer(f, ec2DescribeSnapshots, func(p Place, in *ec2.DescribeSnapshotsInput) (*ec2.DescribeSnapshotsOutput, error) {
		if len(in.RestorableByUserIds) > 0 {
			return nil, apiError("UnauthorizedOperation")
		}
		return ownSnapshots(in), nil
	})
	answer(f, ec2DescribeLaunchTemplateVersions, denied403)
	answer(f, ec2GetEbsEncryptionByDefault, denied403)
	answer(f, ec2GetSnapshotBlockPublicAccessState, denied403)
	answer(f, ec2GetManagedPrefixListEntries, denied403)
	answer(f, ec2DescribeVpcEndpointConnections, denied403)
	answer(f, ec2DescribeVpcEndpointServicePermissions, denied403)
	answer(f, ec2SearchTransitGatewayRoutes, denied403)
	c := collect(t, f, ec2Service())
	for _, want := range []struct{ typ, id, path string }{
		{snapshotType, "snap-public", "/properties/Public"},
		{launchTemplateType, "lt-1", "/properties/LaunchTemplateData"},
		{launchTemplateType, "lt-1", "/observed/DefaultVersionData"},
		{regionSettingsType, "eu-west-1", "/properties/EbsEncryptionByDefault"},
		{regionSettingsType, "eu-west-1", "/properties/SnapshotBlockPublicAccessState"},
		{prefixListType, "pl-office", "/properties/Entries"},
		{endpointServiceType, "vpce-svc-1", "/observed/Connections"},
	} {
		d := c.one(t, want.typ, want.id)
		if d["unknowns"].(map[string]any)[want.path] == nil {
			t.Errorf("%s %s: %s must be unknown, got %v", want.typ, want.id, want.path, d["unknowns"])
		}
		parts := strings.Split(want.path, "/")
		if v := at(d, parts[1], parts[2]); v != nil {
			t.Errorf("%s %s: %s is unknown and says %v", want.typ, want.id, want.path, v)
		}
	}
	missing := map[string]string{}
	for _, g := range c.gaps {
		if g.Cause != merlon.CauseDenied || len(g.Actions) == 0 || g.Statement == "" {
			t.Errorf("gap %+v", g)
		}
		for _, typ := range g.Types {
			missing[typ] = g.Resource
		}
	}
	for _, typ := range []string{endpointPermissionsType, transitRouteType, snapshotBlockType} {
		if missing[typ] == "" {
			t.Errorf("no gap says that %s are missing: %v", typ, missing)
		}
	}
}

// TestEC2ListsDenied denies every list and finds each type again among the gaps.
func TestEC2ListsDenied(t *testing.T) {
	f := wholeRegion()
	for _, o := range ec2Service().Operations {
		if o.Per == "" {
			f.answers[o.Call()] = func(Place, any) (any, error) { return nil, apiError("UnauthorizedOperation") }
		}
	}
	c := collect(t, f, ec2Service())
	for _, o := range ec2Service().Operations {
		for _, typ := range o.Types {
			if o.Per != "" {
				continue // asked about what a list gives
			}
			if cover := c.snapshot.Coverage(typ, "111122223333", "eu-west-1"); cover.Complete {
				t.Errorf("%s passes as read although %s was denied", typ, o.Call())
			}
		}
	}
	if err := c.snapshot.Each(t.Context(), vpcType, func(r *merlon.Resource) error { t.Errorf("%s was read", r.Key()); return nil }); err != nil {
		t.Fatal(err)
	}
}

// TestEC2Secrets: nothing of user data and pre-shared keys gets into the file.
func TestEC2Secrets(t *testing.T) {
	c := collect(t, wholeRegion(), ec2Service())
	seen := 0
	for _, typ := range []string{launchTemplateType, vpnConnectionType, instanceType} {
		err := c.snapshot.Documents(t.Context(), typ, func(d *inventory.Document) error {
			seen++
			if strings.Contains(string(d.JSON), "hush") {
				t.Errorf("a secret stands in %s", d.JSON)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 3 {
		t.Errorf("only %d resources with secrets were read", seen)
	}
	tunnel := at(c.one(t, vpnConnectionType, "vpn-1"), "properties", "VpnTunnelOptionsSpecifications", 0)
	if diff := cmp.Diff(map[string]any{"PreSharedKey": "REDACTED", "TunnelInsideCidr": "169.254.1.0/30", "DPDTimeoutSeconds": float64(30),
		"IKEVersions": []any{map[string]any{"Value": "ikev2"}}}, tunnel); diff != "" {
		t.Errorf("tunnel (-want +got):\n%s", diff)
	}
}
