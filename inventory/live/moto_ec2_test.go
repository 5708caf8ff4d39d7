package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
)

// motoNetwork makes a VPC with a public subnet and gives the ids of both and of a
// group that lets everyone in by SSH.
func motoNetwork(t *testing.T, c *ec2.Client) (vpc, subnet, group string) {
	t.Helper()
	ctx := t.Context()
	vpc = *must(c.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16"), AmazonProvidedIpv6CidrBlock: aws.Bool(true)})).Vpc.VpcId
	must(c.AssociateVpcCidrBlock(ctx, &ec2.AssociateVpcCidrBlockInput{VpcId: &vpc, CidrBlock: aws.String("10.9.0.0/16")}))
	subnet = *must(c.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: aws.String("10.0.1.0/24")})).Subnet.SubnetId
	gateway := must(c.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{})).InternetGateway.InternetGatewayId
	must(c.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{VpcId: &vpc, InternetGatewayId: gateway}))
	table := must(c.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &vpc})).RouteTable.RouteTableId
	must(c.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: table, SubnetId: &subnet}))
	must(c.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: table, DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: gateway}))
	list := must(c.CreateManagedPrefixList(ctx, &ec2.CreateManagedPrefixListInput{PrefixListName: aws.String("office"), AddressFamily: aws.String("IPv4"), MaxEntries: aws.Int32(5),
		Entries: []types.AddPrefixListEntry{{Cidr: aws.String("198.51.100.0/24")}}})).PrefixList.PrefixListId
	group = *must(c.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{GroupName: aws.String("web"), Description: aws.String("the web"), VpcId: &vpc})).GroupId
	must(c.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: []types.IpPermission{
		{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}, Ipv6Ranges: []types.Ipv6Range{{CidrIpv6: aws.String("::/0")}}},
		{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443), PrefixListIds: []types.PrefixListId{{PrefixListId: list}}}}}))
	return vpc, subnet, group
}

func TestMotoEC2(t *testing.T) {
	cfg, src := moto(t)
	cfg.Region = "eu-west-1"
	ctx, c := t.Context(), ec2.NewFromConfig(cfg)
	vpc, subnet, group := motoNetwork(t, c)
	instance := *must(c.RunInstances(ctx, &ec2.RunInstancesInput{ImageId: aws.String("ami-12345678"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1), InstanceType: types.InstanceTypeT3Micro,
		SubnetId: &subnet, SecurityGroupIds: []string{group}, UserData: aws.String("aHVzaA=="), MetadataOptions: &types.InstanceMetadataOptionsRequest{HttpTokens: types.HttpTokensStateRequired},
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("Name"), Value: aws.String("web 1")}}}}})).Instances[0].InstanceId
	volume := *must(c.CreateVolume(ctx, &ec2.CreateVolumeInput{AvailabilityZone: aws.String("eu-west-1a"), Size: aws.Int32(8), Encrypted: aws.Bool(true)})).VolumeId
	must(c.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{LaunchTemplateName: aws.String("web"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String("ami-12345678"), UserData: aws.String("aHVzaA==")}}))
	template := *must(c.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateName: aws.String("web"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String("ami-12345678"),
		MetadataOptions: &types.LaunchTemplateInstanceMetadataOptionsRequest{HttpTokens: types.LaunchTemplateHttpTokensStateRequired}}})).LaunchTemplateVersion.LaunchTemplateId
	must(c.EnableEbsEncryptionByDefault(ctx, &ec2.EnableEbsEncryptionByDefaultInput{}))
	gateway := *must(c.CreateTransitGateway(ctx, &ec2.CreateTransitGatewayInput{Options: &types.TransitGatewayRequestOptions{AutoAcceptSharedAttachments: types.AutoAcceptSharedAttachmentsValueEnable}})).TransitGateway.TransitGatewayId
	must(c.CreateTransitGatewayVpcAttachment(ctx, &ec2.CreateTransitGatewayVpcAttachmentInput{TransitGatewayId: &gateway, VpcId: &vpc, SubnetIds: []string{subnet}}))

	got := collectIn(t, src, motoAccount, ec2Service())
	got.onlyGaps(t, "ec2:DescribeClientVpnEndpoints", "ec2:DescribeInstanceConnectEndpoints", "ec2:DescribeSecurityGroupVpcAssociations", "ec2:DescribeVpcBlockPublicAccessExclusions",
		"ec2:DescribeVpcBlockPublicAccessOptions", "ec2:GetEbsDefaultKmsKeyId", "ec2:GetImageBlockPublicAccessState", "ec2:GetInstanceMetadataDefaults", "ec2:GetSerialConsoleAccessStatus",
		"ec2:GetSnapshotBlockPublicAccessState", "ec2:SearchTransitGatewayRoutes")
	for _, test := range []struct {
		typ, id string
		path    []any
		want    any
	}{
		{instanceType, instance, []any{"name"}, "web 1"},
		{instanceType, instance, []any{"properties", "SecurityGroupIds"}, []any{group}},
		{instanceType, instance, []any{"properties", "MetadataOptions", "HttpTokens"}, "required"},
		{volumeType, volume, []any{"properties", "Encrypted"}, true},
		{launchTemplateType, template, []any{"properties", "LaunchTemplateData", "MetadataOptions", "HttpTokens"}, "required"},
		{launchTemplateType, template, []any{"observed", "DefaultVersionData", "UserData"}, "REDACTED"},
		{regionSettingsType, "eu-west-1", []any{"properties", "EbsEncryptionByDefault"}, true},
		{securityGroupType, group, []any{"properties", "SecurityGroupIngress", 1, "CidrIpv6"}, "::/0"},
		{transitGatewayType, gateway, []any{"properties", "AutoAcceptSharedAttachments"}, "enable"},
	} {
		if diff := cmp.Diff(test.want, at(got.one(t, test.typ, test.id), test.path...)); diff != "" {
			t.Errorf("%s %v (-want +got):\n%s", test.typ, test.path, diff)
		}
	}
	for _, relation := range []struct {
		typ, id, name string
		want          int
	}{
		{securityGroupType, group, "networkInterfaces", 1}, {securityGroupType, group, "ingressPrefixLists", 1}, {instanceType, instance, "networkInterfaces", 1}, {instanceType, instance, "subnet", 1},
		{subnetType, subnet, "routeTableAssociations", 1}, {subnetType, subnet, "networkAclAssociations", 1}, {vpcType, vpc, "gatewayAttachments", 1}, {vpcType, vpc, "cidrBlocks", 2},
		{vpcType, vpc, "routeTables", 2}, {vpcType, vpc, "transitGatewayAttachments", 1}, {transitGatewayType, gateway, "routeTables", 1},
	} {
		if found := got.related(t, relation.typ, relation.id, relation.name); len(found) != relation.want {
			t.Errorf("%s of %s: %d, not %d", relation.name, relation.id, len(found), relation.want)
		}
	}
}

func TestMotoBalancers(t *testing.T) {
	cfg, src := moto(t)
	cfg.Region = "eu-west-1"
	ctx, c, e := t.Context(), elbv2.NewFromConfig(cfg), ec2.NewFromConfig(cfg)
	vpc, subnet, group := motoNetwork(t, e)
	other := *must(e.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: aws.String("10.0.2.0/24"), AvailabilityZone: aws.String("eu-west-1b")})).Subnet.SubnetId
	balancer := *must(c.CreateLoadBalancer(ctx, &elbv2.CreateLoadBalancerInput{Name: aws.String("web"), Subnets: []string{subnet, other}, SecurityGroups: []string{group},
		Tags: []elbtypes.Tag{{Key: aws.String("env"), Value: aws.String("prod")}}})).LoadBalancers[0].LoadBalancerArn
	targets := must(c.CreateTargetGroup(ctx, &elbv2.CreateTargetGroupInput{Name: aws.String("web"), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(80), VpcId: &vpc})).TargetGroups[0].TargetGroupArn
	listener := *must(c.CreateListener(ctx, &elbv2.CreateListenerInput{LoadBalancerArn: &balancer, Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(80),
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: targets}}})).Listeners[0].ListenerArn
	must(c.CreateRule(ctx, &elbv2.CreateRuleInput{ListenerArn: &listener, Priority: aws.Int32(5), Conditions: []elbtypes.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/x"}}},
		Actions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: targets}}}))
	a := autoscaling.NewFromConfig(cfg)
	must(a.CreateLaunchConfiguration(ctx, &autoscaling.CreateLaunchConfigurationInput{LaunchConfigurationName: aws.String("old"), ImageId: aws.String("ami-12345678"), InstanceType: aws.String("t3.micro"), UserData: aws.String("aHVzaA==")}))
	must(a.CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{AutoScalingGroupName: aws.String("group"), LaunchConfigurationName: aws.String("old"), MinSize: aws.Int32(0), MaxSize: aws.Int32(1),
		VPCZoneIdentifier: aws.String(subnet + "," + other)}))

	got := collectIn(t, src, motoAccount, elbv2Service(), elbService(), autoscalingService())
	got.onlyGaps(t)
	for _, test := range []struct {
		typ, id string
		path    []any
		want    any
	}{
		{balancerType, balancer, []any{"tags", "env"}, "prod"},
		{balancerType, balancer, []any{"properties", "SecurityGroups"}, []any{group}},
		{listenerType, listener, []any{"properties", "DefaultActions", 0, "Type"}, "forward"},
		{listenerType, listener, []any{"name"}, "web:80"},
		{scalingGroupType, "group", []any{"properties", "VPCZoneIdentifier"}, []any{subnet, other}},
		{launchConfigurationType, "old", []any{"properties", "UserData"}, "REDACTED"},
	} {
		if diff := cmp.Diff(test.want, at(got.one(t, test.typ, test.id), test.path...)); diff != "" {
			t.Errorf("%s %v (-want +got):\n%s", test.typ, test.path, diff)
		}
	}
	for _, relation := range []struct {
		typ, id, name string
		want          int
	}{{balancerType, balancer, "listeners", 1}, {balancerType, balancer, "targetGroups", 1}, {listenerType, listener, "rules", 1}, {scalingGroupType, "group", "launchConfiguration", 1}} {
		if found := got.related(t, relation.typ, relation.id, relation.name); len(found) != relation.want {
			t.Errorf("%s of %s: %d, not %d", relation.name, relation.id, len(found), relation.want)
		}
	}
}
