package live

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const (
	vpnGatewayType      = "AWS::EC2::VPNGateway"
	vpnConnectionType   = "AWS::EC2::VPNConnection"
	vpnRouteType        = "AWS::EC2::VPNConnectionRoute"
	customerGatewayType = "AWS::EC2::CustomerGateway"
	clientVPNType       = "AWS::EC2::ClientVpnEndpoint"
)

var (
	ec2DescribeVpnGateways = operation(ec2.NewFromConfig, (*ec2.Client).DescribeVpnGateways, Declaration{
		Types: []string{vpnGatewayType, gatewayAttachmentType}})
	ec2DescribeVpnConnections = operation(ec2.NewFromConfig, (*ec2.Client).DescribeVpnConnections, Declaration{
		Types: []string{vpnConnectionType, vpnRouteType}, Optional: true})
	ec2DescribeCustomerGateways = operation(ec2.NewFromConfig, (*ec2.Client).DescribeCustomerGateways, Declaration{
		Types: []string{customerGatewayType}, Optional: true})
	ec2DescribeClientVpnEndpoints = operation(ec2.NewFromConfig, (*ec2.Client).DescribeClientVpnEndpoints, Declaration{
		Types: []string{clientVPNType}, Optional: true})
)

func vpnOperations() []*Operation {
	return []*Operation{ec2DescribeVpnGateways.Operation, ec2DescribeVpnConnections.Operation, ec2DescribeCustomerGateways.Operation,
		ec2DescribeClientVpnEndpoints.Operation}
}

func (r *ec2Region) vpnGateways(ctx context.Context) error {
	return r.decided(ec2DescribeVpnGateways.ListAll(ctx, r.Scope, &ec2.DescribeVpnGatewaysInput{}, func(out *ec2.DescribeVpnGatewaysOutput) error {
		for _, g := range out.VpnGateways {
			if gone(g.State) {
				continue
			}
			r.note(func() { r.vpn = true })
			id := aws.ToString(g.VpnGatewayId)
			d := r.Draft(vpnGatewayType, id, r.arn(nil, "vpn-gateway/"+id), "").From(ec2DescribeVpnGateways.Operation, r.Scope)
			d.Fold(g, Folding{})
			if err := r.Put(ctx, d); err != nil {
				return err
			}
			for _, a := range g.VpcAttachments {
				if err := r.gatewayAttachment(ctx, ec2DescribeVpnGateways.Operation, "VGW", "VpnGatewayId", id, a.VpcId, string(a.State)); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// vpnConnections reads the connections and the customer's ends of them. The
// configuration for the customer's device and the tunnels' options hold the
// pre-shared keys: they stay out.
func (r *ec2Region) vpnConnections(ctx context.Context) error {
	found := false
	whole, err := ec2DescribeVpnConnections.ListAll(ctx, r.Scope, &ec2.DescribeVpnConnectionsInput{}, func(out *ec2.DescribeVpnConnectionsOutput) error {
		for i := range out.VpnConnections {
			c := &out.VpnConnections[i]
			if gone(c.State) {
				continue
			}
			found = true
			if err := r.vpnConnection(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || whole && !found {
		return err
	}
	return ec2DescribeCustomerGateways.List(ctx, r.Scope, &ec2.DescribeCustomerGatewaysInput{}, func(out *ec2.DescribeCustomerGatewaysOutput) error {
		for _, g := range out.CustomerGateways {
			if gone(aws.ToString(g.State)) {
				continue
			}
			id := aws.ToString(g.CustomerGatewayId)
			d := r.Draft(customerGatewayType, id, r.arn(nil, "customer-gateway/"+id), "").From(ec2DescribeCustomerGateways.Operation, r.Scope)
			d.Fold(g, Folding{})
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *ec2Region) vpnConnection(ctx context.Context, c *types.VpnConnection) error {
	id := aws.ToString(c.VpnConnectionId)
	d := r.Draft(vpnConnectionType, id, r.arn(nil, "vpn-connection/"+id), "").From(ec2DescribeVpnConnections.Operation, r.Scope)
	d.Fold(c, Folding{Drop: []string{"CustomerGatewayConfiguration", "Options"}})
	if o := c.Options; o != nil {
		d.Fold(o, Folding{Drop: []string{"TunnelOptions"}})
		tunnels := slices.Clone(o.TunnelOptions)
		for i := range tunnels {
			if tunnels[i].PreSharedKey != nil {
				tunnels[i].PreSharedKey = aws.String(redacted)
			}
		}
		d.Fit("VpnTunnelOptionsSpecifications", tunnels)
	}
	if err := r.Put(ctx, d); err != nil {
		return err
	}
	for _, t := range c.Routes {
		if gone(t.State) {
			continue
		}
		to := aws.ToString(t.DestinationCidrBlock)
		x := r.Draft(vpnRouteType, to+"|"+id, "", to).From(ec2DescribeVpnConnections.Operation, r.Scope)
		x.Set("DestinationCidrBlock", to)
		x.Set("VpnConnectionId", id)
		x.Observe("State", t.State)
		if err := r.Put(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

func (r *ec2Region) clientVPNs(ctx context.Context) error {
	in := &ec2.DescribeClientVpnEndpointsInput{MaxResults: pageOf1000}
	return ec2DescribeClientVpnEndpoints.List(ctx, r.Scope, in, func(out *ec2.DescribeClientVpnEndpointsOutput) error {
		for _, e := range out.ClientVpnEndpoints {
			if e.Status != nil && gone(e.Status.Code) {
				continue
			}
			id := aws.ToString(e.ClientVpnEndpointId)
			d := r.Draft(clientVPNType, id, r.arn(nil, "client-vpn-endpoint/"+id), "").From(ec2DescribeClientVpnEndpoints.Operation, r.Scope)
			d.Fold(e, Folding{Rename: map[string]string{"ClientVpnEndpointId": "Id"}})
			if e.SelfServicePortalUrl != nil {
				d.Set("SelfServicePortal", "enabled")
			}
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
