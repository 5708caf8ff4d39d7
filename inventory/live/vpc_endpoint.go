package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const (
	endpointType            = "AWS::EC2::VPCEndpoint"
	endpointServiceType     = "AWS::EC2::VPCEndpointService"
	endpointPermissionsType = "AWS::EC2::VPCEndpointServicePermissions"
	connectEndpointType     = "AWS::EC2::InstanceConnectEndpoint"
)

var (
	ec2DescribeVpcEndpoints = operation(ec2.NewFromConfig, (*ec2.Client).DescribeVpcEndpoints, Declaration{
		Types: []string{endpointType}, Optional: true})
	ec2DescribeVpcEndpointServiceConfigurations = operation(ec2.NewFromConfig, (*ec2.Client).DescribeVpcEndpointServiceConfigurations, Declaration{
		Types: []string{endpointServiceType}, Optional: true})
	ec2DescribeVpcEndpointConnections = operation(ec2.NewFromConfig, (*ec2.Client).DescribeVpcEndpointConnections, Declaration{
		Per: endpointServiceType, Fills: []string{"observed.Connections"}, Optional: true})
	ec2DescribeVpcEndpointServicePermissions = operation(ec2.NewFromConfig, (*ec2.Client).DescribeVpcEndpointServicePermissions, Declaration{
		Per: endpointServiceType, Types: []string{endpointPermissionsType}, Optional: true})
	ec2DescribeInstanceConnectEndpoints = operation(ec2.NewFromConfig, (*ec2.Client).DescribeInstanceConnectEndpoints, Declaration{
		Types: []string{connectEndpointType}, Optional: true})
)

func endpointOperations() []*Operation {
	return []*Operation{ec2DescribeVpcEndpoints.Operation, ec2DescribeVpcEndpointServiceConfigurations.Operation, ec2DescribeVpcEndpointConnections.Operation,
		ec2DescribeVpcEndpointServicePermissions.Operation, ec2DescribeInstanceConnectEndpoints.Operation}
}

func (r *ec2Region) endpoints(ctx context.Context) error {
	return ec2DescribeVpcEndpoints.List(ctx, r.Scope, &ec2.DescribeVpcEndpointsInput{MaxResults: pageOf1000}, func(out *ec2.DescribeVpcEndpointsOutput) error {
		for _, e := range out.VpcEndpoints {
			// The API's states are in capitals in its documentation and not in its answers.
			if e.State == types.StateDeleted || gone(e.State) {
				continue
			}
			id := aws.ToString(e.VpcEndpointId)
			d := r.Draft(endpointType, id, r.arn(e.OwnerId, "vpc-endpoint/"+id), "").From(ec2DescribeVpcEndpoints.Operation, r.Scope)
			d.Fold(e, Folding{Rename: map[string]string{"VpcEndpointId": "Id"}})
			var groups []string
			for _, g := range e.Groups {
				groups = append(groups, aws.ToString(g.GroupId))
			}
			d.Set("SecurityGroupIds", groups)
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// endpointServices reads what the account offers by PrivateLink, to whom, and who
// is connected.
func (r *ec2Region) endpointServices(ctx context.Context) error {
	var services []*Draft
	in := &ec2.DescribeVpcEndpointServiceConfigurationsInput{MaxResults: pageOf1000}
	err := ec2DescribeVpcEndpointServiceConfigurations.List(ctx, r.Scope, in, func(out *ec2.DescribeVpcEndpointServiceConfigurationsOutput) error {
		for _, c := range out.ServiceConfigurations {
			if c.ServiceState == types.ServiceStateDeleted {
				continue
			}
			id := aws.ToString(c.ServiceId)
			d := r.Draft(endpointServiceType, id, r.arn(nil, "vpc-endpoint-service/"+id), "").From(ec2DescribeVpcEndpointServiceConfigurations.Operation, r.Scope)
			d.Fold(c, Folding{Drop: []string{"SupportedIpAddressTypes", "SupportedRegions"}})
			var kinds []string
			for _, t := range c.SupportedIpAddressTypes {
				kinds = append(kinds, string(t))
			}
			d.Set("SupportedIpAddressTypes", kinds)
			var regions []string
			for _, s := range c.SupportedRegions {
				regions = append(regions, aws.ToString(s.Region))
			}
			d.Set("SupportedRegions", regions)
			services = append(services, d)
		}
		return nil
	})
	if err != nil || len(services) == 0 {
		return err
	}
	connections := map[string][]types.VpcEndpointConnection{}
	ask := &ec2.DescribeVpcEndpointConnectionsInput{MaxResults: pageOf1000}
	err = ec2DescribeVpcEndpointConnections.Batch(ctx, r.Scope, services, ask, func(out *ec2.DescribeVpcEndpointConnectionsOutput) error {
		for _, c := range out.VpcEndpointConnections {
			id := aws.ToString(c.ServiceId)
			connections[id] = append(connections[id], c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return each(ctx, r.Scope, services, func(ctx context.Context, d *Draft) error {
		d.Observe("Connections", connections[d.ID])
		if err := r.endpointPermissions(ctx, d); err != nil {
			return err
		}
		return r.Put(ctx, d)
	})
}

func (r *ec2Region) endpointPermissions(ctx context.Context, service *Draft) error {
	var principals []string
	asked := false
	in := &ec2.DescribeVpcEndpointServicePermissionsInput{ServiceId: &service.ID, MaxResults: pageOf1000}
	err := ec2DescribeVpcEndpointServicePermissions.Get(ctx, r.Scope, service, in, func(out *ec2.DescribeVpcEndpointServicePermissionsOutput) error {
		asked = asked || out.NextToken == nil
		for _, p := range out.AllowedPrincipals {
			principals = append(principals, aws.ToString(p.Principal))
		}
		return nil
	})
	// Half a list would pass for the whole one.
	if err != nil || !asked {
		return err
	}
	d := r.Draft(endpointPermissionsType, service.ID, "", service.Name).From(ec2DescribeVpcEndpointServicePermissions.Operation, r.Scope)
	d.Set("ServiceId", service.ID)
	d.Set("AllowedPrincipals", principals)
	return r.Put(ctx, d)
}

// connectEndpoints reads EC2 Instance Connect Endpoints: a way to port 22 and
// 3389 of instances that have no public address.
func (r *ec2Region) connectEndpoints(ctx context.Context) error {
	in := &ec2.DescribeInstanceConnectEndpointsInput{MaxResults: aws.Int32(50)}
	return ec2DescribeInstanceConnectEndpoints.List(ctx, r.Scope, in, func(out *ec2.DescribeInstanceConnectEndpointsOutput) error {
		for _, e := range out.InstanceConnectEndpoints {
			if e.State == types.Ec2InstanceConnectEndpointStateDeleteComplete {
				continue
			}
			id := aws.ToString(e.InstanceConnectEndpointId)
			d := r.Draft(connectEndpointType, id, r.arn(e.OwnerId, "instance-connect-endpoint/"+id), "").From(ec2DescribeInstanceConnectEndpoints.Operation, r.Scope)
			d.Fold(e, Folding{Rename: map[string]string{"InstanceConnectEndpointId": "Id"}, Drop: []string{"InstanceConnectEndpointArn"}})
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
