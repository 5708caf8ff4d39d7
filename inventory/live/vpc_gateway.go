package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const (
	internetGatewayType   = "AWS::EC2::InternetGateway"
	gatewayAttachmentType = "AWS::EC2::VPCGatewayAttachment"
	natGatewayType        = "AWS::EC2::NatGateway"
	egressOnlyType        = "AWS::EC2::EgressOnlyInternetGateway"
	carrierGatewayType    = "AWS::EC2::CarrierGateway"
	peeringType           = "AWS::EC2::VPCPeeringConnection"
)

var (
	ec2DescribeInternetGateways = operation(ec2.NewFromConfig, (*ec2.Client).DescribeInternetGateways, Declaration{
		Types: []string{internetGatewayType, gatewayAttachmentType}})
	ec2DescribeNatGateways = operation(ec2.NewFromConfig, (*ec2.Client).DescribeNatGateways, Declaration{
		Types: []string{natGatewayType}, Optional: true})
	ec2DescribeEgressOnlyInternetGateways = operation(ec2.NewFromConfig, (*ec2.Client).DescribeEgressOnlyInternetGateways, Declaration{
		Types: []string{egressOnlyType}, Optional: true})
	ec2DescribeCarrierGateways = operation(ec2.NewFromConfig, (*ec2.Client).DescribeCarrierGateways, Declaration{
		Types: []string{carrierGatewayType}, Optional: true})
	ec2DescribeVpcPeeringConnections = operation(ec2.NewFromConfig, (*ec2.Client).DescribeVpcPeeringConnections, Declaration{
		Types: []string{peeringType}, Optional: true})
)

func gatewayOperations() []*Operation {
	return []*Operation{ec2DescribeInternetGateways.Operation, ec2DescribeNatGateways.Operation, ec2DescribeEgressOnlyInternetGateways.Operation,
		ec2DescribeCarrierGateways.Operation, ec2DescribeVpcPeeringConnections.Operation}
}

func (r *ec2Region) internetGateways(ctx context.Context) error {
	return ec2DescribeInternetGateways.List(ctx, r.Scope, &ec2.DescribeInternetGatewaysInput{MaxResults: pageOf1000}, func(out *ec2.DescribeInternetGatewaysOutput) error {
		for _, g := range out.InternetGateways {
			id := aws.ToString(g.InternetGatewayId)
			d := r.Draft(internetGatewayType, id, r.arn(g.OwnerId, "internet-gateway/"+id), "").From(ec2DescribeInternetGateways.Operation, r.Scope)
			d.Fold(g, Folding{})
			if err := r.Put(ctx, d); err != nil {
				return err
			}
			for _, a := range g.Attachments {
				if err := r.gatewayAttachment(ctx, ec2DescribeInternetGateways.Operation, "IGW", "InternetGatewayId", id, a.VpcId, string(a.State)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// gatewayAttachment writes the tie between a VPC and its internet or VPN gateway.
func (r *ec2Region) gatewayAttachment(ctx context.Context, from *Operation, kind, property, gateway string, vpc *string, state string) error {
	if state == string(types.AttachmentStatusDetached) {
		return nil
	}
	d := r.Draft(gatewayAttachmentType, kind+"|"+aws.ToString(vpc), "", gateway).From(from, r.Scope)
	d.Set("AttachmentType", kind)
	d.Set(property, gateway)
	d.Set("VpcId", vpc)
	d.Observe("State", state)
	return r.Put(ctx, d)
}

func (r *ec2Region) natGateways(ctx context.Context) error {
	return ec2DescribeNatGateways.List(ctx, r.Scope, &ec2.DescribeNatGatewaysInput{MaxResults: pageOf1000}, func(out *ec2.DescribeNatGatewaysOutput) error {
		for i := range out.NatGateways {
			if g := &out.NatGateways[i]; !gone(g.State) {
				if err := r.natGateway(ctx, g); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (r *ec2Region) natGateway(ctx context.Context, g *types.NatGateway) error {
	id := aws.ToString(g.NatGatewayId)
	d := r.Draft(natGatewayType, id, r.arn(nil, "natgateway/"+id), "").From(ec2DescribeNatGateways.Operation, r.Scope)
	d.Fold(g, Folding{})
	var allocations, addresses []string
	for _, a := range g.NatGatewayAddresses {
		// A gateway of one address, as older answers give it, does not say which is first.
		if aws.ToBool(a.IsPrimary) || len(g.NatGatewayAddresses) == 1 {
			d.Set("AllocationId", a.AllocationId)
			d.Set("PrivateIpAddress", a.PrivateIp)
			d.Set("EniId", a.NetworkInterfaceId)
			continue
		}
		if a.AllocationId != nil {
			allocations = append(allocations, *a.AllocationId)
		}
		if a.PrivateIp != nil {
			addresses = append(addresses, *a.PrivateIp)
		}
	}
	d.Set("SecondaryAllocationIds", allocations)
	d.Set("SecondaryPrivateIpAddresses", addresses)
	return r.Put(ctx, d)
}

func (r *ec2Region) egressOnlyGateways(ctx context.Context) error {
	in := &ec2.DescribeEgressOnlyInternetGatewaysInput{MaxResults: pageOf200}
	return ec2DescribeEgressOnlyInternetGateways.List(ctx, r.Scope, in, func(out *ec2.DescribeEgressOnlyInternetGatewaysOutput) error {
		for _, g := range out.EgressOnlyInternetGateways {
			id := aws.ToString(g.EgressOnlyInternetGatewayId)
			d := r.Draft(egressOnlyType, id, r.arn(nil, "egress-only-internet-gateway/"+id), "").From(ec2DescribeEgressOnlyInternetGateways.Operation, r.Scope)
			d.Fold(g, Folding{Rename: map[string]string{"EgressOnlyInternetGatewayId": "Id"}})
			for _, a := range g.Attachments {
				d.Set("VpcId", a.VpcId)
			}
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *ec2Region) carrierGateways(ctx context.Context) error {
	return ec2DescribeCarrierGateways.List(ctx, r.Scope, &ec2.DescribeCarrierGatewaysInput{MaxResults: pageOf1000}, func(out *ec2.DescribeCarrierGatewaysOutput) error {
		for _, g := range out.CarrierGateways {
			if gone(g.State) {
				continue
			}
			id := aws.ToString(g.CarrierGatewayId)
			d := r.Draft(carrierGatewayType, id, r.arn(g.OwnerId, "carrier-gateway/"+id), "").From(ec2DescribeCarrierGateways.Operation, r.Scope)
			d.Fold(g, Folding{})
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// peerings reads the connections that the account asked for or accepts: both
// sides see one, under one id, and it is the requester's in its ARN.
func (r *ec2Region) peerings(ctx context.Context) error {
	in := &ec2.DescribeVpcPeeringConnectionsInput{MaxResults: pageOf1000}
	return ec2DescribeVpcPeeringConnections.List(ctx, r.Scope, in, func(out *ec2.DescribeVpcPeeringConnectionsOutput) error {
		for i := range out.VpcPeeringConnections {
			if err := r.peering(ctx, &out.VpcPeeringConnections[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *ec2Region) peering(ctx context.Context, p *types.VpcPeeringConnection) error {
	if p.Status != nil && gone(p.Status.Code) {
		return nil
	}
	id := aws.ToString(p.VpcPeeringConnectionId)
	var requester, accepter types.VpcPeeringConnectionVpcInfo
	if p.RequesterVpcInfo != nil {
		requester = *p.RequesterVpcInfo
	}
	if p.AccepterVpcInfo != nil {
		accepter = *p.AccepterVpcInfo
	}
	d := r.Draft(peeringType, id, r.arn(requester.OwnerId, "vpc-peering-connection/"+id), "").From(ec2DescribeVpcPeeringConnections.Operation, r.Scope)
	d.Fold(p, Folding{Rename: map[string]string{"VpcPeeringConnectionId": "Id"}})
	d.Set("VpcId", requester.VpcId)
	d.Set("PeerVpcId", accepter.VpcId)
	d.Set("PeerOwnerId", accepter.OwnerId)
	d.Set("PeerRegion", accepter.Region)
	return r.Put(ctx, d)
}
