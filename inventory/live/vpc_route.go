package live

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const (
	routeTableType     = "AWS::EC2::RouteTable"
	routeType          = "AWS::EC2::Route"
	subnetRouteType    = "AWS::EC2::SubnetRouteTableAssociation"
	gatewayRouteType   = "AWS::EC2::GatewayRouteTableAssociation"
	vpnPropagationType = "AWS::EC2::VPNGatewayRoutePropagation"
	aclType            = "AWS::EC2::NetworkAcl"
	aclEntryType       = "AWS::EC2::NetworkAclEntry"
	subnetACLType      = "AWS::EC2::SubnetNetworkAclAssociation"
)

var (
	ec2DescribeRouteTables = operation(ec2.NewFromConfig, (*ec2.Client).DescribeRouteTables, Declaration{Optional: true,
		Types: []string{routeTableType, routeType, subnetRouteType, gatewayRouteType, vpnPropagationType}})
	ec2DescribeNetworkAcls = operation(ec2.NewFromConfig, (*ec2.Client).DescribeNetworkAcls, Declaration{Optional: true,
		Types: []string{aclType, aclEntryType, subnetACLType}})
)

func routeOperations() []*Operation {
	return []*Operation{ec2DescribeRouteTables.Operation, ec2DescribeNetworkAcls.Operation}
}

// routeTables reads the tables, and out of the same answer their routes and
// associations, which are resources of their own in CloudFormation.
func (r *ec2Region) routeTables(ctx context.Context) error {
	return r.decided(ec2DescribeRouteTables.ListAll(ctx, r.Scope, &ec2.DescribeRouteTablesInput{MaxResults: pageOf100}, func(out *ec2.DescribeRouteTablesOutput) error {
		for i := range out.RouteTables {
			if err := r.routeTable(ctx, &out.RouteTables[i]); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (r *ec2Region) routeTable(ctx context.Context, t *types.RouteTable) error {
	id := aws.ToString(t.RouteTableId)
	d := r.Draft(routeTableType, id, r.arn(t.OwnerId, "route-table/"+id), "").From(ec2DescribeRouteTables.Operation, r.Scope)
	d.Fold(t, Folding{Drop: []string{"Routes", "Associations"}})
	main := false
	for i := range t.Associations {
		a := &t.Associations[i]
		// The main association names no subnet: it holds for all without one.
		main = main || aws.ToBool(a.Main)
		if err := r.routeAssociation(ctx, a); err != nil {
			return err
		}
	}
	d.Observe("Main", main)
	if err := r.Put(ctx, d); err != nil {
		return err
	}
	for i := range t.Routes {
		r.seen(&t.Routes[i])
		if err := r.route(ctx, id, &t.Routes[i]); err != nil {
			return err
		}
	}
	for _, v := range t.PropagatingVgws {
		gateway := aws.ToString(v.GatewayId)
		p := r.Draft(vpnPropagationType, id+"|"+gateway, "", "").From(ec2DescribeRouteTables.Operation, r.Scope)
		p.Set("RouteTableIds", []string{id})
		p.Set("VpnGatewayId", gateway)
		if err := r.Put(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (r *ec2Region) routeAssociation(ctx context.Context, a *types.RouteTableAssociation) error {
	typ, id := subnetRouteType, aws.ToString(a.RouteTableAssociationId)
	switch {
	case a.SubnetId != nil:
	case a.GatewayId != nil:
		typ, id = gatewayRouteType, aws.ToString(a.GatewayId)
	default:
		return nil
	}
	d := r.Draft(typ, id, "", "").From(ec2DescribeRouteTables.Operation, r.Scope)
	d.Fold(a, Folding{Rename: map[string]string{"RouteTableAssociationId": associationName(typ)}, Drop: []string{"Main"}})
	return r.Put(ctx, d)
}

func associationName(typ string) string {
	if typ == gatewayRouteType {
		return "AssociationId"
	}
	return "Id"
}

func (r *ec2Region) route(ctx context.Context, table string, t *types.Route) error {
	to := destination(t)
	d := r.Draft(routeType, table+"|"+to, "", to).From(ec2DescribeRouteTables.Operation, r.Scope)
	f := Folding{}
	// The API calls an endpoint a gateway; CloudFormation does so for gateway
	// endpoints alone, whose destination is their service's prefix list.
	if strings.HasPrefix(aws.ToString(t.GatewayId), "vpce-") && t.DestinationPrefixListId == nil {
		f.Rename = map[string]string{"GatewayId": "VpcEndpointId"}
	}
	d.Fold(t, f)
	d.Set("RouteTableId", table)
	d.Set("CidrBlock", to)
	return r.Put(ctx, d)
}

// destination is what the route is for; a table has one route for each.
func destination(t *types.Route) string {
	switch {
	case t.DestinationCidrBlock != nil:
		return *t.DestinationCidrBlock
	case t.DestinationIpv6CidrBlock != nil:
		return *t.DestinationIpv6CidrBlock
	}
	return aws.ToString(t.DestinationPrefixListId)
}

// networkACLs reads the lists with their entries and the subnets they hold for.
// The last entry, which denies the rest, is among them, with number 32767.
func (r *ec2Region) networkACLs(ctx context.Context) error {
	return ec2DescribeNetworkAcls.List(ctx, r.Scope, &ec2.DescribeNetworkAclsInput{MaxResults: pageOf1000}, func(out *ec2.DescribeNetworkAclsOutput) error {
		for i := range out.NetworkAcls {
			if err := r.networkACL(ctx, &out.NetworkAcls[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *ec2Region) networkACL(ctx context.Context, a *types.NetworkAcl) error {
	id := aws.ToString(a.NetworkAclId)
	d := r.Draft(aclType, id, r.arn(a.OwnerId, "network-acl/"+id), "").From(ec2DescribeNetworkAcls.Operation, r.Scope)
	d.Fold(a, Folding{Rename: map[string]string{"NetworkAclId": "Id"}, Drop: []string{"Entries", "Associations"}})
	if err := r.Put(ctx, d); err != nil {
		return err
	}
	for i := range a.Entries {
		if err := r.aclEntry(ctx, id, &a.Entries[i]); err != nil {
			return err
		}
	}
	for _, s := range a.Associations {
		c := r.Draft(subnetACLType, aws.ToString(s.NetworkAclAssociationId), "", "").From(ec2DescribeNetworkAcls.Operation, r.Scope)
		c.Set("AssociationId", s.NetworkAclAssociationId)
		c.Set("NetworkAclId", s.NetworkAclId)
		c.Set("SubnetId", s.SubnetId)
		if err := r.Put(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (r *ec2Region) aclEntry(ctx context.Context, acl string, e *types.NetworkAclEntry) error {
	direction := "ingress"
	if aws.ToBool(e.Egress) {
		direction = "egress"
	}
	name := direction + " " + strconv.Itoa(int(aws.ToInt32(e.RuleNumber)))
	id := acl + "|" + direction + "|" + strconv.Itoa(int(aws.ToInt32(e.RuleNumber)))
	d := r.Draft(aclEntryType, id, "", acl+" "+name).From(ec2DescribeNetworkAcls.Operation, r.Scope)
	d.Fold(e, Folding{Rename: map[string]string{"IcmpTypeCode": "Icmp"}})
	d.Set("NetworkAclId", acl)
	d.Set("Egress", aws.ToBool(e.Egress))
	return r.Put(ctx, d)
}
