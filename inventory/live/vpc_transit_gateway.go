package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"merlon.dev/merlon"
)

const (
	transitGatewayType     = "AWS::EC2::TransitGateway"
	transitAttachmentType  = "Merlon::EC2::TransitGatewayAttachment"
	transitVPCType         = "AWS::EC2::TransitGatewayVpcAttachment"
	transitPeeringType     = "AWS::EC2::TransitGatewayPeeringAttachment"
	transitConnectType     = "AWS::EC2::TransitGatewayConnect"
	transitTableType       = "AWS::EC2::TransitGatewayRouteTable"
	transitRouteType       = "AWS::EC2::TransitGatewayRoute"
	transitAssociationType = "AWS::EC2::TransitGatewayRouteTableAssociation"
	transitPropagationType = "AWS::EC2::TransitGatewayRouteTablePropagation"
)

var (
	ec2DescribeTransitGateways = operation(ec2.NewFromConfig, (*ec2.Client).DescribeTransitGateways, Declaration{
		Types: []string{transitGatewayType}})
	ec2DescribeTransitGatewayAttachments = operation(ec2.NewFromConfig, (*ec2.Client).DescribeTransitGatewayAttachments, Declaration{
		Types: []string{transitAttachmentType, transitAssociationType}, Optional: true})
	ec2DescribeTransitGatewayVpcAttachments = operation(ec2.NewFromConfig, (*ec2.Client).DescribeTransitGatewayVpcAttachments, Declaration{
		Types: []string{transitVPCType}, Optional: true})
	ec2DescribeTransitGatewayPeeringAttachments = operation(ec2.NewFromConfig, (*ec2.Client).DescribeTransitGatewayPeeringAttachments, Declaration{
		Types: []string{transitPeeringType}, Optional: true})
	ec2DescribeTransitGatewayConnects = operation(ec2.NewFromConfig, (*ec2.Client).DescribeTransitGatewayConnects, Declaration{
		Types: []string{transitConnectType}, Optional: true})
	ec2DescribeTransitGatewayRouteTables = operation(ec2.NewFromConfig, (*ec2.Client).DescribeTransitGatewayRouteTables, Declaration{
		Types: []string{transitTableType}, Optional: true})
	ec2SearchTransitGatewayRoutes = operation(ec2.NewFromConfig, (*ec2.Client).SearchTransitGatewayRoutes, Declaration{
		Per: transitTableType, Key: []string{"TransitGatewayRouteTableId"}, Types: []string{transitRouteType}, Optional: true})
	ec2GetTransitGatewayRouteTablePropagations = operation(ec2.NewFromConfig, (*ec2.Client).GetTransitGatewayRouteTablePropagations, Declaration{
		Per: transitTableType, Types: []string{transitPropagationType}, Optional: true})
)

func transitGatewayOperations() []*Operation {
	return []*Operation{ec2DescribeTransitGateways.Operation, ec2DescribeTransitGatewayAttachments.Operation, ec2DescribeTransitGatewayVpcAttachments.Operation,
		ec2DescribeTransitGatewayPeeringAttachments.Operation, ec2DescribeTransitGatewayConnects.Operation, ec2DescribeTransitGatewayRouteTables.Operation,
		ec2SearchTransitGatewayRoutes.Operation, ec2GetTransitGatewayRouteTablePropagations.Operation}
}

// transitGateways reads the gateways, those shared with the account too, and,
// where there are any, what hangs on them.
func (r *ec2Region) transitGateways(ctx context.Context) error {
	found := false
	whole, err := ec2DescribeTransitGateways.ListAll(ctx, r.Scope, &ec2.DescribeTransitGatewaysInput{MaxResults: pageOf1000}, func(out *ec2.DescribeTransitGatewaysOutput) error {
		for _, g := range out.TransitGateways {
			if gone(g.State) {
				continue
			}
			found = true
			id := aws.ToString(g.TransitGatewayId)
			d := r.Draft(transitGatewayType, id, r.arn(g.OwnerId, "transit-gateway/"+id), "").From(ec2DescribeTransitGateways.Operation, r.Scope)
			d.Fold(g, Folding{Rename: map[string]string{"TransitGatewayId": "Id"}, Drop: []string{"Options"}})
			if o := g.Options; o != nil {
				d.Fold(o, Folding{Drop: []string{"EncryptionSupport"}})
				if e := o.EncryptionSupport; e != nil {
					d.Observe("EncryptionSupport", e)
					d.Set("EncryptionSupportState", e.EncryptionState)
				}
			}
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || whole && !found {
		return err
	}
	r.note(func() { r.transit = true })
	return r.all(ctx, r.transitAttachments, r.transitVPCs, r.transitTables)
}

// transitAttachments reads the attachments of every kind, and from the same
// answer the route table each is associated with, which only the gateway's owner
// is told.
func (r *ec2Region) transitAttachments(ctx context.Context) error {
	kinds := map[types.TransitGatewayAttachmentResourceType]bool{}
	in := &ec2.DescribeTransitGatewayAttachmentsInput{MaxResults: pageOf1000}
	whole, err := ec2DescribeTransitGatewayAttachments.ListAll(ctx, r.Scope, in, func(out *ec2.DescribeTransitGatewayAttachmentsOutput) error {
		for _, a := range out.TransitGatewayAttachments {
			if gone(a.State) {
				continue
			}
			kinds[a.ResourceType] = true
			id := aws.ToString(a.TransitGatewayAttachmentId)
			d := r.Draft(transitAttachmentType, id, r.arn(a.ResourceOwnerId, "transit-gateway-attachment/"+id), "").
				From(ec2DescribeTransitGatewayAttachments.Operation, r.Scope)
			d.Fold(a, Folding{})
			if err := r.Put(ctx, d); err != nil {
				return err
			}
			if a.Association == nil || a.Association.TransitGatewayRouteTableId == nil {
				continue
			}
			c := r.Draft(transitAssociationType, *a.Association.TransitGatewayRouteTableId+"|"+id, "", "").From(ec2DescribeTransitGatewayAttachments.Operation, r.Scope)
			c.Set("TransitGatewayRouteTableId", a.Association.TransitGatewayRouteTableId)
			c.Set("TransitGatewayAttachmentId", id)
			c.Observe("State", a.Association.State)
			c.Observe("ResourceId", a.ResourceId)
			c.Observe("ResourceType", a.ResourceType)
			if err := r.Put(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !whole || kinds[types.TransitGatewayAttachmentResourceTypePeering] {
		if err := r.transitPeerings(ctx); err != nil {
			return err
		}
	}
	if !whole || kinds[types.TransitGatewayAttachmentResourceTypeConnect] {
		return r.transitConnects(ctx)
	}
	return nil
}

func (r *ec2Region) transitVPCs(ctx context.Context) error {
	in := &ec2.DescribeTransitGatewayVpcAttachmentsInput{MaxResults: pageOf1000}
	return ec2DescribeTransitGatewayVpcAttachments.List(ctx, r.Scope, in, func(out *ec2.DescribeTransitGatewayVpcAttachmentsOutput) error {
		for _, a := range out.TransitGatewayVpcAttachments {
			if gone(a.State) {
				continue
			}
			id := aws.ToString(a.TransitGatewayAttachmentId)
			d := r.Draft(transitVPCType, id, r.arn(a.VpcOwnerId, "transit-gateway-attachment/"+id), "").From(ec2DescribeTransitGatewayVpcAttachments.Operation, r.Scope)
			d.Fold(a, Folding{Rename: map[string]string{"TransitGatewayAttachmentId": "Id"}})
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *ec2Region) transitPeerings(ctx context.Context) error {
	in := &ec2.DescribeTransitGatewayPeeringAttachmentsInput{MaxResults: pageOf1000}
	return ec2DescribeTransitGatewayPeeringAttachments.List(ctx, r.Scope, in, func(out *ec2.DescribeTransitGatewayPeeringAttachmentsOutput) error {
		for _, a := range out.TransitGatewayPeeringAttachments {
			if gone(a.State) {
				continue
			}
			id := aws.ToString(a.TransitGatewayAttachmentId)
			d := r.Draft(transitPeeringType, id, r.arn(nil, "transit-gateway-attachment/"+id), "").From(ec2DescribeTransitGatewayPeeringAttachments.Operation, r.Scope)
			d.Fold(a, Folding{})
			if q := a.RequesterTgwInfo; q != nil {
				d.Set("TransitGatewayId", q.TransitGatewayId)
			}
			if q := a.AccepterTgwInfo; q != nil {
				d.Set("PeerTransitGatewayId", q.TransitGatewayId)
				d.Set("PeerAccountId", q.OwnerId)
				d.Set("PeerRegion", q.Region)
			}
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *ec2Region) transitConnects(ctx context.Context) error {
	in := &ec2.DescribeTransitGatewayConnectsInput{MaxResults: pageOf1000}
	return ec2DescribeTransitGatewayConnects.List(ctx, r.Scope, in, func(out *ec2.DescribeTransitGatewayConnectsOutput) error {
		for _, a := range out.TransitGatewayConnects {
			if gone(a.State) {
				continue
			}
			id := aws.ToString(a.TransitGatewayAttachmentId)
			d := r.Draft(transitConnectType, id, r.arn(nil, "transit-gateway-attachment/"+id), "").From(ec2DescribeTransitGatewayConnects.Operation, r.Scope)
			d.Fold(a, Folding{})
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// transitTables reads the route tables, which only the gateway's owner sees, and
// for each its routes and propagations: EC2 gives these for one table at a time.
func (r *ec2Region) transitTables(ctx context.Context) error {
	in := &ec2.DescribeTransitGatewayRouteTablesInput{MaxResults: pageOf1000}
	return ec2DescribeTransitGatewayRouteTables.List(ctx, r.Scope, in, func(out *ec2.DescribeTransitGatewayRouteTablesOutput) error {
		return each(ctx, r.Scope, out.TransitGatewayRouteTables, func(ctx context.Context, t types.TransitGatewayRouteTable) error {
			if gone(t.State) {
				return nil
			}
			id := aws.ToString(t.TransitGatewayRouteTableId)
			d := r.Draft(transitTableType, id, r.arn(nil, "transit-gateway-route-table/"+id), "").From(ec2DescribeTransitGatewayRouteTables.Operation, r.Scope)
			d.Fold(t, Folding{})
			if err := r.transitRoutes(ctx, d); err != nil {
				return err
			}
			if err := r.transitPropagations(ctx, d); err != nil {
				return err
			}
			return r.Put(ctx, d)
		})
	})
}

// transitRoutes reads a table's routes: the filter on the state is there because
// the call demands one, and names every state that a route can have.
func (r *ec2Region) transitRoutes(ctx context.Context, table *Draft) error {
	in := &ec2.SearchTransitGatewayRoutesInput{TransitGatewayRouteTableId: &table.ID, MaxResults: pageOf1000,
		Filters: []types.Filter{{Name: aws.String("state"), Values: []string{"active", "blackhole"}}}}
	return ec2SearchTransitGatewayRoutes.Get(ctx, r.Scope, table, in, func(out *ec2.SearchTransitGatewayRoutesOutput) error {
		if aws.ToBool(out.AdditionalRoutesAvailable) && out.NextToken == nil {
			// Some answers say so and give no way to the rest.
			g := &merlon.Gap{Call: ec2SearchTransitGatewayRoutes.Call(), Account: r.Account, Region: r.Region, Resource: table.Key(), Types: []string{transitRouteType},
				Cause: merlon.CauseTooLarge, Message: "AWS gave a part of the table's routes"}
			if err := r.writer.Gap(ctx, g); err != nil {
				return err
			}
		}
		for _, t := range out.Routes {
			to := aws.ToString(t.DestinationCidrBlock)
			if to == "" {
				to = aws.ToString(t.PrefixListId)
			}
			d := r.Draft(transitRouteType, table.ID+"|"+to, "", to).From(ec2SearchTransitGatewayRoutes.Operation, r.Scope)
			d.Fold(t, Folding{})
			d.Set("DestinationCidrBlock", to)
			d.Set("TransitGatewayRouteTableId", table.ID)
			if t.State == types.TransitGatewayRouteStateBlackhole {
				d.Set("Blackhole", true)
			}
			if len(t.TransitGatewayAttachments) > 0 {
				d.Set("TransitGatewayAttachmentId", t.TransitGatewayAttachments[0].TransitGatewayAttachmentId)
			}
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *ec2Region) transitPropagations(ctx context.Context, table *Draft) error {
	in := &ec2.GetTransitGatewayRouteTablePropagationsInput{TransitGatewayRouteTableId: &table.ID, MaxResults: pageOf1000}
	return ec2GetTransitGatewayRouteTablePropagations.Get(ctx, r.Scope, table, in, func(out *ec2.GetTransitGatewayRouteTablePropagationsOutput) error {
		for _, p := range out.TransitGatewayRouteTablePropagations {
			attachment := aws.ToString(p.TransitGatewayAttachmentId)
			d := r.Draft(transitPropagationType, table.ID+"|"+attachment, "", "").From(ec2GetTransitGatewayRouteTablePropagations.Operation, r.Scope)
			d.Fold(p, Folding{})
			d.Set("TransitGatewayRouteTableId", table.ID)
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
