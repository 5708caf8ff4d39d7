package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const (
	interfaceType = "AWS::EC2::NetworkInterface"
	addressType   = "AWS::EC2::EIP"
	flowLogType   = "AWS::EC2::FlowLog"
)

var (
	ec2DescribeNetworkInterfaces = operation(ec2.NewFromConfig, (*ec2.Client).DescribeNetworkInterfaces, Declaration{Optional: true,
		Types: []string{interfaceType}})
	ec2DescribeAddresses = operation(ec2.NewFromConfig, (*ec2.Client).DescribeAddresses, Declaration{
		Types: []string{addressType}})
	ec2DescribeFlowLogs = operation(ec2.NewFromConfig, (*ec2.Client).DescribeFlowLogs, Declaration{Optional: true,
		Types: []string{flowLogType}})
)

func interfaceOperations() []*Operation {
	return []*Operation{ec2DescribeNetworkInterfaces.Operation, ec2DescribeAddresses.Operation, ec2DescribeFlowLogs.Operation}
}

// interfaces reads every network interface, those that AWS manages too: they are
// where packets arrive, whatever service stands behind.
func (r *ec2Region) interfaces(ctx context.Context) error {
	in := &ec2.DescribeNetworkInterfacesInput{MaxResults: pageOf1000, IncludeManagedResources: aws.Bool(true)}
	return r.decided(ec2DescribeNetworkInterfaces.ListAll(ctx, r.Scope, in, func(out *ec2.DescribeNetworkInterfacesOutput) error {
		if len(out.NetworkInterfaces) > 0 {
			r.note(func() { r.used = true })
		}
		for i := range out.NetworkInterfaces {
			if err := r.networkInterface(ctx, &out.NetworkInterfaces[i]); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (r *ec2Region) networkInterface(ctx context.Context, n *types.NetworkInterface) error {
	id := aws.ToString(n.NetworkInterfaceId)
	d := r.Draft(interfaceType, id, r.arn(n.OwnerId, "network-interface/"+id), "").From(ec2DescribeNetworkInterfaces.Operation, r.Scope)
	d.Fold(n, Folding{Rename: map[string]string{"NetworkInterfaceId": "Id", "ConnectionTrackingConfiguration": "ConnectionTrackingSpecification"}})
	d.Set("GroupSet", groupIDs(n.Groups))
	d.Set("PrimaryPrivateIpAddress", n.PrivateIpAddress)
	for _, a := range n.Ipv6Addresses {
		if aws.ToBool(a.IsPrimaryIpv6) {
			d.Set("PrimaryIpv6Address", a.Ipv6Address)
			d.Set("EnablePrimaryIpv6", true)
		}
	}
	return r.Put(ctx, d)
}

// addresses reads Elastic IP addresses. The id is the allocation's, by which
// everything names it, and not CloudFormation's "address|allocation".
func (r *ec2Region) addresses(ctx context.Context) error {
	return ec2DescribeAddresses.List(ctx, r.Scope, &ec2.DescribeAddressesInput{}, func(out *ec2.DescribeAddressesOutput) error {
		for _, a := range out.Addresses {
			id := aws.ToString(a.AllocationId)
			if id == "" {
				id = aws.ToString(a.PublicIp)
			}
			if aws.ToString(a.InstanceId) == "" {
				a.InstanceId = nil // there, and empty, for one that an interface alone has
			}
			d := r.Draft(addressType, id, r.arn(nil, "elastic-ip/"+id), aws.ToString(a.PublicIp)).From(ec2DescribeAddresses.Operation, r.Scope)
			d.Fold(a, Folding{})
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *ec2Region) flowLogs(ctx context.Context) error {
	return ec2DescribeFlowLogs.List(ctx, r.Scope, &ec2.DescribeFlowLogsInput{MaxResults: pageOf1000}, func(out *ec2.DescribeFlowLogsOutput) error {
		for _, l := range out.FlowLogs {
			id := aws.ToString(l.FlowLogId)
			d := r.Draft(flowLogType, id, r.arn(nil, "vpc-flow-log/"+id), "").From(ec2DescribeFlowLogs.Operation, r.Scope)
			d.Fold(l, Folding{Rename: map[string]string{"FlowLogId": "Id"}})
			d.Set("ResourceType", flowLogSubject(aws.ToString(l.ResourceId)))
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// flowLogSubject is the ResourceType that a template would say; the API leaves it
// to the id's beginning.
func flowLogSubject(id string) string {
	for _, s := range []struct{ prefix, kind string }{{"vpc-", "VPC"}, {"subnet-", "Subnet"}, {"eni-", "NetworkInterface"},
		{"tgw-attach-", "TransitGatewayAttachment"}, {"tgw-", "TransitGateway"}, {"nat-", "RegionalNatGateway"}} {
		if len(id) > len(s.prefix) && id[:len(s.prefix)] == s.prefix {
			return s.kind
		}
	}
	return ""
}
