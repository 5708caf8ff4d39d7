package live

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

func ownSnapshots(in *ec2.DescribeSnapshotsInput) *ec2.DescribeSnapshotsOutput {
	out := &ec2.DescribeSnapshotsOutput{Snapshots: []types.Snapshot{{SnapshotId: aws.String("snap-public"), VolumeId: aws.String("vol-1"), Encrypted: aws.Bool(false)}}}
	if len(in.RestorableByUserIds) == 0 {
		out.Snapshots = append(out.Snapshots, types.Snapshot{SnapshotId: aws.String("snap-own"), Encrypted: aws.Bool(true)})
	}
	return out
}

// wholeRegion holds one of nearly everything.
func wholeRegion() *fake {
	f := defaultRegion()
	owner := aws.String("111122223333")
	answer(f, ec2DescribeVpcs, there(func(*ec2.DescribeVpcsInput) *ec2.DescribeVpcsOutput {
		return &ec2.DescribeVpcsOutput{Vpcs: []types.Vpc{{VpcId: aws.String("vpc-1"), OwnerId: owner, CidrBlock: aws.String("10.0.0.0/16"),
			CidrBlockAssociationSet: []types.VpcCidrBlockAssociation{{AssociationId: aws.String("vpc-cidr-assoc-1"), CidrBlock: aws.String("10.0.0.0/16"), CidrBlockState: &types.VpcCidrBlockState{State: "associated"}},
				{AssociationId: aws.String("vpc-cidr-assoc-2"), CidrBlock: aws.String("10.9.0.0/16"), CidrBlockState: &types.VpcCidrBlockState{State: "associated"}},
				{AssociationId: aws.String("vpc-cidr-assoc-3"), CidrBlock: aws.String("10.8.0.0/16"), CidrBlockState: &types.VpcCidrBlockState{State: "disassociated"}}},
			Ipv6CidrBlockAssociationSet: []types.VpcIpv6CidrBlockAssociation{{AssociationId: aws.String("vpc-cidr-assoc-6"), Ipv6CidrBlock: aws.String("2001:db8::/56"), Ipv6Pool: aws.String("Amazon"), Ipv6CidrBlockState: &types.VpcCidrBlockState{State: "associated"}}}},
			{VpcId: aws.String("vpc-shared"), OwnerId: aws.String("444455556666"), CidrBlock: aws.String("10.1.0.0/16")}}}
	}))
	answer(f, ec2DescribeSecurityGroups, there(func(*ec2.DescribeSecurityGroupsInput) *ec2.DescribeSecurityGroupsOutput {
		return &ec2.DescribeSecurityGroupsOutput{SecurityGroups: []types.SecurityGroup{{GroupId: aws.String("sg-1"), GroupName: aws.String("web"), Description: aws.String("the web"), OwnerId: owner, VpcId: aws.String("vpc-1"),
			IpPermissions: []types.IpPermission{
				{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0"), Description: aws.String("all")}, {CidrIp: aws.String("10.0.0.0/8")}},
					Ipv6Ranges: []types.Ipv6Range{{CidrIpv6: aws.String("::/0")}}, PrefixListIds: []types.PrefixListId{{PrefixListId: aws.String("pl-aws")}}},
				{IpProtocol: aws.String("-1"), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: aws.String("sg-2"), UserId: owner},
					{GroupId: aws.String("sg-9"), UserId: aws.String("444455556666"), VpcId: aws.String("vpc-9"), VpcPeeringConnectionId: aws.String("pcx-1"), PeeringStatus: aws.String("active")}}}},
			IpPermissionsEgress: []types.IpPermission{{IpProtocol: aws.String("icmp"), FromPort: aws.Int32(-1), ToPort: aws.Int32(-1), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: aws.String("sg-2"), UserId: owner}}}}}}}
	}))
	answer(f, ec2DescribeInstances, there(func(*ec2.DescribeInstancesInput) *ec2.DescribeInstancesOutput {
		return &ec2.DescribeInstancesOutput{Reservations: []types.Reservation{{OwnerId: owner, Instances: []types.Instance{{
			InstanceId: aws.String("i-1"), ImageId: aws.String("ami-other"), SubnetId: aws.String("subnet-1"), PublicIpAddress: aws.String("198.51.100.7"), PrivateIpAddress: aws.String("10.0.1.5"),
			State: &types.InstanceState{Name: types.InstanceStateNameStopped, Code: aws.Int32(80)}, StateTransitionReason: aws.String("User initiated (2025-03-01 10:00:00 GMT)"),
			IamInstanceProfile: &types.IamInstanceProfile{Arn: aws.String("arn:aws:iam::111122223333:instance-profile/path/web")},
			MetadataOptions:    &types.InstanceMetadataOptionsResponse{HttpTokens: types.HttpTokensStateOptional, HttpPutResponseHopLimit: aws.Int32(2), State: "applied"},
			Monitoring:         &types.Monitoring{State: types.MonitoringStateDisabled}, Placement: &types.Placement{AvailabilityZone: aws.String("eu-west-1a"), Tenancy: types.TenancyDedicated},
			SecurityGroups: []types.GroupIdentifier{{GroupId: aws.String("sg-1"), GroupName: aws.String("web")}},
			Tags:           []types.Tag{{Key: aws.String("Name"), Value: aws.String("web 1")}, {Key: aws.String("aws:ec2launchtemplate:id"), Value: aws.String("lt-1")}, {Key: aws.String("aws:ec2launchtemplate:version"), Value: aws.String("2")}},
			NetworkInterfaces: []types.InstanceNetworkInterface{{NetworkInterfaceId: aws.String("eni-1"), Ipv6Addresses: []types.InstanceIpv6Address{{Ipv6Address: aws.String("2001:db8::5")}},
				Groups: []types.GroupIdentifier{{GroupId: aws.String("sg-1")}}}},
			BlockDeviceMappings: []types.InstanceBlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsInstanceBlockDevice{VolumeId: aws.String("vol-1"), DeleteOnTermination: aws.Bool(true)}}},
		}, {InstanceId: aws.String("i-gone"), State: &types.InstanceState{Name: types.InstanceStateNameTerminated}}}}}}
	}))
	answer(f, ec2DescribeSnapshots, there(ownSnapshots))
	answer(f, ec2DescribeImages, there(func(in *ec2.DescribeImagesInput) *ec2.DescribeImagesOutput {
		if len(in.Owners) > 0 {
			return &ec2.DescribeImagesOutput{Images: []types.Image{{ImageId: aws.String("ami-own"), Name: aws.String("golden"), OwnerId: owner, Public: aws.Bool(true)}}}
		}
		if diff := cmp.Diff([]string{"ami-other"}, in.Filters[0].Values); diff != "" {
			return &ec2.DescribeImagesOutput{}
		}
		return &ec2.DescribeImagesOutput{Images: []types.Image{{ImageId: aws.String("ami-other"), OwnerId: aws.String("137112412989"), ImageOwnerAlias: aws.String("amazon"), DeprecationTime: aws.String("2025-01-01T00:00:00.000Z")}}}
	}))
	answer(f, ec2DescribeLaunchTemplates, there(func(*ec2.DescribeLaunchTemplatesInput) *ec2.DescribeLaunchTemplatesOutput {
		return &ec2.DescribeLaunchTemplatesOutput{LaunchTemplates: []types.LaunchTemplate{{LaunchTemplateId: aws.String("lt-1"), LaunchTemplateName: aws.String("web"), DefaultVersionNumber: aws.Int64(1), LatestVersionNumber: aws.Int64(2)}}}
	}))
	answer(f, ec2DescribeLaunchTemplateVersions, there(func(*ec2.DescribeLaunchTemplateVersionsInput) *ec2.DescribeLaunchTemplateVersionsOutput {
		return &ec2.DescribeLaunchTemplateVersionsOutput{LaunchTemplateVersions: []types.LaunchTemplateVersion{
			{LaunchTemplateId: aws.String("lt-1"), VersionNumber: aws.Int64(1), DefaultVersion: aws.Bool(true), LaunchTemplateData: &types.ResponseLaunchTemplateData{UserData: aws.String("hush"), ImageId: aws.String("ami-old")}},
			{LaunchTemplateId: aws.String("lt-1"), VersionNumber: aws.Int64(2), DefaultVersion: aws.Bool(false), LaunchTemplateData: &types.ResponseLaunchTemplateData{UserData: aws.String("hush"),
				MetadataOptions: &types.LaunchTemplateInstanceMetadataOptions{HttpTokens: types.LaunchTemplateHttpTokensStateRequired, State: "applied"}}}}}
	}))
	answer(f, ec2GetEbsEncryptionByDefault, there(func(*ec2.GetEbsEncryptionByDefaultInput) *ec2.GetEbsEncryptionByDefaultOutput {
		return &ec2.GetEbsEncryptionByDefaultOutput{EbsEncryptionByDefault: aws.Bool(true)}
	}))
	answer(f, ec2GetEbsDefaultKmsKeyId, there(func(*ec2.GetEbsDefaultKmsKeyIdInput) *ec2.GetEbsDefaultKmsKeyIdOutput {
		return &ec2.GetEbsDefaultKmsKeyIdOutput{KmsKeyId: aws.String("alias/aws/ebs")}
	}))
	networkOf(f, owner)
	return f
}

// networkOf adds what stands between networks.
func networkOf(f *fake, owner *string) {
	answer(f, ec2DescribeRouteTables, there(func(*ec2.DescribeRouteTablesInput) *ec2.DescribeRouteTablesOutput {
		return &ec2.DescribeRouteTablesOutput{RouteTables: []types.RouteTable{{RouteTableId: aws.String("rtb-1"), VpcId: aws.String("vpc-1"), OwnerId: owner,
			PropagatingVgws: []types.PropagatingVgw{{GatewayId: aws.String("vgw-1")}},
			Associations: []types.RouteTableAssociation{{SubnetId: aws.String("subnet-1"), RouteTableId: aws.String("rtb-1"), RouteTableAssociationId: aws.String("rtbassoc-1")},
				{GatewayId: aws.String("igw-1"), RouteTableId: aws.String("rtb-1"), RouteTableAssociationId: aws.String("rtbassoc-2")}},
			Routes: []types.Route{{DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: aws.String("vpce-firewall"), State: "active", Origin: "CreateRoute"},
				{DestinationPrefixListId: aws.String("pl-aws"), GatewayId: aws.String("vpce-s3"), State: "active"},
				{DestinationIpv6CidrBlock: aws.String("::/0"), EgressOnlyInternetGatewayId: aws.String("eigw-1"), State: "blackhole"}}}}}
	}))
	answer(f, ec2DescribeNetworkAcls, there(func(*ec2.DescribeNetworkAclsInput) *ec2.DescribeNetworkAclsOutput {
		return &ec2.DescribeNetworkAclsOutput{NetworkAcls: []types.NetworkAcl{{NetworkAclId: aws.String("acl-1"), VpcId: aws.String("vpc-1"), OwnerId: owner, IsDefault: aws.Bool(false),
			Entries: []types.NetworkAclEntry{{RuleNumber: aws.Int32(100), Protocol: aws.String("6"), RuleAction: types.RuleActionAllow, Egress: aws.Bool(false), CidrBlock: aws.String("0.0.0.0/0"), PortRange: &types.PortRange{From: aws.Int32(22), To: aws.Int32(22)}},
				{RuleNumber: aws.Int32(100), Protocol: aws.String("58"), RuleAction: types.RuleActionDeny, Egress: aws.Bool(true), Ipv6CidrBlock: aws.String("::/0"), IcmpTypeCode: &types.IcmpTypeCode{Code: aws.Int32(-1), Type: aws.Int32(-1)}}},
			Associations: []types.NetworkAclAssociation{{NetworkAclAssociationId: aws.String("aclassoc-1"), NetworkAclId: aws.String("acl-1"), SubnetId: aws.String("subnet-1")}}}}}
	}))
	answer(f, ec2DescribeManagedPrefixLists, there(func(*ec2.DescribeManagedPrefixListsInput) *ec2.DescribeManagedPrefixListsOutput {
		return &ec2.DescribeManagedPrefixListsOutput{PrefixLists: []types.ManagedPrefixList{{PrefixListId: aws.String("pl-office"), PrefixListName: aws.String("office"), OwnerId: owner, AddressFamily: aws.String("IPv4")},
			{PrefixListId: aws.String("pl-aws"), PrefixListName: aws.String("com.amazonaws.eu-west-1.s3"), OwnerId: aws.String("AWS")}, {PrefixListId: aws.String("pl-aws-2"), OwnerId: aws.String("AWS")}}}
	}))
	answer(f, ec2GetManagedPrefixListEntries, there(func(in *ec2.GetManagedPrefixListEntriesInput) *ec2.GetManagedPrefixListEntriesOutput {
		return &ec2.GetManagedPrefixListEntriesOutput{Entries: []types.PrefixListEntry{{Cidr: aws.String("203.0.113.0/24"), Description: in.PrefixListId}}}
	}))
	answer(f, ec2DescribeVpcEndpointServiceConfigurations, there(func(*ec2.DescribeVpcEndpointServiceConfigurationsInput) *ec2.DescribeVpcEndpointServiceConfigurationsOutput {
		return &ec2.DescribeVpcEndpointServiceConfigurationsOutput{ServiceConfigurations: []types.ServiceConfiguration{{ServiceId: aws.String("vpce-svc-1"), AcceptanceRequired: aws.Bool(false), SupportedIpAddressTypes: []types.ServiceConnectivityType{"ipv4"}}}}
	}))
	answer(f, ec2DescribeVpcEndpointConnections, there(func(*ec2.DescribeVpcEndpointConnectionsInput) *ec2.DescribeVpcEndpointConnectionsOutput {
		return &ec2.DescribeVpcEndpointConnectionsOutput{VpcEndpointConnections: []types.VpcEndpointConnection{{ServiceId: aws.String("vpce-svc-1"), VpcEndpointOwner: aws.String("444455556666")}}}
	}))
	answer(f, ec2DescribeVpcEndpointServicePermissions, there(func(*ec2.DescribeVpcEndpointServicePermissionsInput) *ec2.DescribeVpcEndpointServicePermissionsOutput {
		return &ec2.DescribeVpcEndpointServicePermissionsOutput{AllowedPrincipals: []types.AllowedPrincipal{{Principal: aws.String("*")}}}
	}))
	answer(f, ec2DescribeTransitGateways, there(func(*ec2.DescribeTransitGatewaysInput) *ec2.DescribeTransitGatewaysOutput {
		return &ec2.DescribeTransitGatewaysOutput{TransitGateways: []types.TransitGateway{{TransitGatewayId: aws.String("tgw-1"), OwnerId: owner, Options: &types.TransitGatewayOptions{AutoAcceptSharedAttachments: "enable", AmazonSideAsn: aws.Int64(64512)}}}}
	}))
	answer(f, ec2DescribeTransitGatewayAttachments, there(func(*ec2.DescribeTransitGatewayAttachmentsInput) *ec2.DescribeTransitGatewayAttachmentsOutput {
		return &ec2.DescribeTransitGatewayAttachmentsOutput{TransitGatewayAttachments: []types.TransitGatewayAttachment{{TransitGatewayAttachmentId: aws.String("tgw-attach-1"), TransitGatewayId: aws.String("tgw-1"), ResourceType: "peering",
			Association: &types.TransitGatewayAttachmentAssociation{TransitGatewayRouteTableId: aws.String("tgw-rtb-1"), State: "associated"}}}}
	}))
	answer(f, ec2DescribeTransitGatewayRouteTables, there(func(*ec2.DescribeTransitGatewayRouteTablesInput) *ec2.DescribeTransitGatewayRouteTablesOutput {
		return &ec2.DescribeTransitGatewayRouteTablesOutput{TransitGatewayRouteTables: []types.TransitGatewayRouteTable{{TransitGatewayRouteTableId: aws.String("tgw-rtb-1"), TransitGatewayId: aws.String("tgw-1")}}}
	}))
	answer(f, ec2SearchTransitGatewayRoutes, there(func(in *ec2.SearchTransitGatewayRoutesInput) *ec2.SearchTransitGatewayRoutesOutput {
		if in.NextToken == nil {
			return &ec2.SearchTransitGatewayRoutesOutput{AdditionalRoutesAvailable: aws.Bool(true), NextToken: aws.String("more"), Routes: []types.TransitGatewayRoute{
				{DestinationCidrBlock: aws.String("10.5.0.0/16"), State: "active", Type: "static", TransitGatewayAttachments: []types.TransitGatewayRouteAttachment{{TransitGatewayAttachmentId: aws.String("tgw-attach-1")}}}}}
		}
		return &ec2.SearchTransitGatewayRoutesOutput{Routes: []types.TransitGatewayRoute{{DestinationCidrBlock: aws.String("10.6.0.0/16"), State: "blackhole", Type: "static"}}}
	}))
	answer(f, ec2DescribeVpnConnections, there(func(*ec2.DescribeVpnConnectionsInput) *ec2.DescribeVpnConnectionsOutput {
		return &ec2.DescribeVpnConnectionsOutput{VpnConnections: []types.VpnConnection{{VpnConnectionId: aws.String("vpn-1"), TransitGatewayId: aws.String("tgw-1"), CustomerGatewayId: aws.String("cgw-1"), Type: "ipsec.1",
			Routes:                       []types.VpnStaticRoute{{DestinationCidrBlock: aws.String("192.168.0.0/16"), State: "available"}, {DestinationCidrBlock: aws.String("192.169.0.0/16"), State: "deleted"}},
			CustomerGatewayConfiguration: aws.String("<hush/>"), VgwTelemetry: []types.VgwTelemetry{{Status: "UP"}},
			Options: &types.VpnConnectionOptions{StaticRoutesOnly: aws.Bool(true), TunnelOptions: []types.TunnelOption{{PreSharedKey: aws.String("hush"), TunnelInsideCidr: aws.String("169.254.1.0/30"), DpdTimeoutSeconds: aws.Int32(30),
				IkeVersions: []types.IKEVersionsListValue{{Value: aws.String("ikev2")}}}}}}}}
	}))
}

func TestEC2Mapping(t *testing.T) {
	c := collect(t, wholeRegion(), ec2Service())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	tests := []struct {
		typ, id string
		path    []any
		want    any
	}{
		{instanceType, "i-1", []any{"arn"}, "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"},
		{instanceType, "i-1", []any{"name"}, "web 1"},
		{instanceType, "i-1", []any{"properties", "IamInstanceProfile"}, "web"},
		{instanceType, "i-1", []any{"properties", "PublicIp"}, "198.51.100.7"},
		{instanceType, "i-1", []any{"properties", "SecurityGroupIds"}, []any{"sg-1"}},
		{instanceType, "i-1", []any{"properties", "MetadataOptions"}, map[string]any{"HttpTokens": "optional", "HttpPutResponseHopLimit": float64(2)}},
		{instanceType, "i-1", []any{"properties", "Monitoring"}, false},
		{instanceType, "i-1", []any{"properties", "State"}, map[string]any{"Name": "stopped", "Code": "80"}},
		{instanceType, "i-1", []any{"properties", "Tenancy"}, "dedicated"},
		{instanceType, "i-1", []any{"properties", "LaunchTemplate"}, map[string]any{"LaunchTemplateId": "lt-1", "Version": "2"}},
		{instanceType, "i-1", []any{"properties", "Ipv6Addresses"}, []any{map[string]any{"Ipv6Address": "2001:db8::5"}}},
		{instanceType, "i-1", []any{"properties", "BlockDeviceMappings"}, nil},
		{instanceType, "i-1", []any{"properties", "NetworkInterfaces"}, nil},
		{instanceType, "i-1", []any{"observed", "StoppedTime"}, "2025-03-01T10:00:00Z"},
		{instanceType, "i-1", []any{"observed", "BlockDeviceMappings", 0, "Ebs", "VolumeId"}, "vol-1"},
		{securityGroupType, "sg-1", []any{"properties", "SecurityGroupIngress"}, []any{
			map[string]any{"IpProtocol": "tcp", "FromPort": float64(22), "ToPort": float64(22), "CidrIp": "0.0.0.0/0", "Description": "all"},
			map[string]any{"IpProtocol": "tcp", "FromPort": float64(22), "ToPort": float64(22), "CidrIp": "10.0.0.0/8"},
			map[string]any{"IpProtocol": "tcp", "FromPort": float64(22), "ToPort": float64(22), "CidrIpv6": "::/0"},
			map[string]any{"IpProtocol": "tcp", "FromPort": float64(22), "ToPort": float64(22), "SourcePrefixListId": "pl-aws"},
			map[string]any{"IpProtocol": "-1", "SourceSecurityGroupId": "sg-2"},
			map[string]any{"IpProtocol": "-1", "SourceSecurityGroupId": "sg-9", "SourceSecurityGroupOwnerId": "444455556666"}}},
		{securityGroupType, "sg-1", []any{"properties", "SecurityGroupEgress"}, []any{
			map[string]any{"IpProtocol": "icmp", "FromPort": float64(-1), "ToPort": float64(-1), "DestinationSecurityGroupId": "sg-2"}}},
		{securityGroupType, "sg-1", []any{"properties", "GroupDescription"}, "the web"},
		{securityGroupType, "sg-1", []any{"observed", "PeerGroups", 0, "PeeringStatus"}, "active"},
		{vpcType, "vpc-1", []any{"properties", "Ipv6CidrBlocks"}, []any{"2001:db8::/56"}},
		{vpcType, "vpc-shared", []any{"arn"}, "arn:aws:ec2:eu-west-1:444455556666:vpc/vpc-shared"},
		{vpcCidrBlockType, "vpc-cidr-assoc-2|vpc-1", []any{"properties", "CidrBlock"}, "10.9.0.0/16"},
		{vpcCidrBlockType, "vpc-cidr-assoc-6|vpc-1", []any{"properties", "AmazonProvidedIpv6CidrBlock"}, true},
		{snapshotType, "snap-public", []any{"properties", "Public"}, true},
		{snapshotType, "snap-own", []any{"properties", "Public"}, false},
		{snapshotType, "snap-own", []any{"arn"}, "arn:aws:ec2:eu-west-1::snapshot/snap-own"},
		{imageType, "ami-own", []any{"properties", "Public"}, true},
		{imageType, "ami-other", []any{"properties", "DeprecationTime"}, "2025-01-01T00:00:00.000Z"},
		{launchTemplateType, "lt-1", []any{"properties", "LaunchTemplateData"}, map[string]any{"UserData": "REDACTED", "MetadataOptions": map[string]any{"HttpTokens": "required"}}},
		{launchTemplateType, "lt-1", []any{"observed", "DefaultVersionData", "ImageId"}, "ami-old"},
		{regionSettingsType, "eu-west-1", []any{"properties", "EbsDefaultKmsKeyId"}, "alias/aws/ebs"},
		{routeType, "rtb-1|0.0.0.0/0", []any{"properties", "VpcEndpointId"}, "vpce-firewall"},
		{routeType, "rtb-1|pl-aws", []any{"properties", "GatewayId"}, "vpce-s3"},
		{routeType, "rtb-1|::/0", []any{"observed", "State"}, "blackhole"},
		{subnetRouteType, "rtbassoc-1", []any{"properties", "SubnetId"}, "subnet-1"},
		{gatewayRouteType, "igw-1", []any{"properties"}, map[string]any{"GatewayId": "igw-1", "RouteTableId": "rtb-1", "AssociationId": "rtbassoc-2"}},
		{vpnPropagationType, "rtb-1|vgw-1", []any{"properties", "VpnGatewayId"}, "vgw-1"},
		{aclEntryType, "acl-1|ingress|100", []any{"properties"}, map[string]any{"NetworkAclId": "acl-1", "RuleNumber": float64(100), "Protocol": float64(6), "RuleAction": "allow", "Egress": false, "CidrBlock": "0.0.0.0/0",
			"PortRange": map[string]any{"From": float64(22), "To": float64(22)}}},
		{aclEntryType, "acl-1|egress|100", []any{"properties", "Icmp"}, map[string]any{"Code": float64(-1), "Type": float64(-1)}},
		{subnetACLType, "aclassoc-1", []any{"properties", "SubnetId"}, "subnet-1"},
		{prefixListType, "pl-office", []any{"properties", "Entries", 0, "Cidr"}, "203.0.113.0/24"},
		{prefixListType, "pl-aws", []any{"properties", "Entries", 0, "Cidr"}, "203.0.113.0/24"},
		{prefixListType, "pl-aws-2", []any{"properties", "Entries"}, nil},
		{endpointServiceType, "vpce-svc-1", []any{"properties", "SupportedIpAddressTypes"}, []any{"ipv4"}},
		{endpointServiceType, "vpce-svc-1", []any{"observed", "Connections", 0, "VpcEndpointOwner"}, "444455556666"},
		{endpointPermissionsType, "vpce-svc-1", []any{"properties", "AllowedPrincipals"}, []any{"*"}},
		{transitGatewayType, "tgw-1", []any{"properties", "AutoAcceptSharedAttachments"}, "enable"},
		{transitAssociationType, "tgw-rtb-1|tgw-attach-1", []any{"properties", "TransitGatewayAttachmentId"}, "tgw-attach-1"},
		{transitRouteType, "tgw-rtb-1|10.5.0.0/16", []any{"properties", "TransitGatewayAttachmentId"}, "tgw-attach-1"},
		{transitRouteType, "tgw-rtb-1|10.6.0.0/16", []any{"properties", "Blackhole"}, true},
		{vpnConnectionType, "vpn-1", []any{"properties", "StaticRoutesOnly"}, true},
		{vpnRouteType, "192.168.0.0/16|vpn-1", []any{"properties"}, map[string]any{"DestinationCidrBlock": "192.168.0.0/16", "VpnConnectionId": "vpn-1"}},
		{vpnConnectionType, "vpn-1", []any{"observed", "VgwTelemetry", 0, "Status"}, "UP"},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, at(c.one(t, test.typ, test.id), test.path...)); diff != "" {
			t.Errorf("%s %s %v (-want +got):\n%s", test.typ, test.id, test.path, diff)
		}
	}
	if n := called(c)["DescribeTransitGatewayPeeringAttachments"]; n != 1 {
		t.Errorf("the details of peerings were asked %d times", n)
	}
	if d := c.one(t, prefixListType, "pl-aws-2"); d["unknowns"].(map[string]any)["/properties/Entries"] == nil {
		t.Error("entries that were not asked for must be unknown")
	}
}

func TestTransitionTime(t *testing.T) {
	tests := map[string]time.Time{
		"User initiated (2025-03-01 10:00:00 GMT)": time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC),
		"User initiated (2025-03-01 10:00:00 UTC)": time.Date(2025, 3, 1, 10, 0, 0, 0, time.UTC),
		"User initiated":            {},
		"(2025-13-01 10:00:00 GMT)": {},
		"":                          {},
	}
	for reason, want := range tests {
		if got, ok := transitionTime(reason); !got.Equal(want) || ok != !want.IsZero() {
			t.Errorf("%q gives %v %v", reason, got, ok)
		}
	}
}
