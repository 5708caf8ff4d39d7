package live

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// ec2Service reads EC2 and VPC: one service to AWS and to the IAM prefix.
func ec2Service() *Service {
	return &Service{
		Name: "ec2", Title: "EC2 and VPC", Types: []string{regionSettingsType},
		Operations: slices.Concat(instanceOperations(), volumeOperations(), ec2SettingsOperations(), launchTemplateOperations(), vpcOperations(),
			securityGroupOperations(), routeOperations(), interfaceOperations(), gatewayOperations(), endpointOperations(),
			transitGatewayOperations(), vpnOperations(), prefixListOperations()),
		Collect: collectEC2,
	}
}

// ec2Region is one region while it is read: what the first lists show decides
// what else is asked, so that a region with nothing but its default VPC costs 20
// calls. A type that is not asked about cannot exist there (no instance is
// without an interface) or has no effect (a prefix list that no rule names).
type ec2Region struct {
	*Scope

	mu sync.Mutex
	// blind: a list that decides could not be read, so that everything is asked.
	blind    bool
	vpcs     int
	used     bool // something other than a default VPC with its gateway
	ipv6     bool
	transit  bool
	vpn      bool // virtual private gateways
	lodgers  bool // an address in a subnet is taken, or may be
	launches bool // launch templates
	images   map[string]bool
	prefixes map[string]bool // prefix lists that rules and routes name
	ends     map[string]bool // kinds of route targets: "nat", "eigw", "cagw" …
}

func collectEC2(ctx context.Context, s *Scope) error {
	r := &ec2Region{Scope: s, images: map[string]bool{}, prefixes: map[string]bool{}, ends: map[string]bool{}}
	if err := r.all(ctx, r.settings, r.listVPCs, r.securityGroups, r.volumes, r.snapshots, r.ownImages, r.addresses, r.launchTemplates,
		r.internetGateways, r.transitGateways, r.vpnGateways); err != nil {
		return err
	}
	if r.asks(func() bool { return r.vpcs > 0 }) {
		if err := r.all(ctx, r.subnets, r.routeTables, r.networkACLs, r.flowLogs); err != nil {
			return err
		}
	}
	if r.asks(func() bool { return r.lodgers }) {
		if err := r.interfaces(ctx); err != nil {
			return err
		}
	}
	var steps []func(context.Context) error
	add := func(when func() bool, more ...func(context.Context) error) {
		if r.asks(when) {
			steps = append(steps, more...)
		}
	}
	add(func() bool { return r.vpcs > 1 }, r.securityGroupAssociations)
	add(func() bool { return r.used }, r.instances, r.natGateways, r.endpoints, r.endpointServices, r.peerings, r.dhcpOptions,
		r.connectEndpoints, r.clientVPNs)
	add(func() bool { return r.used || r.launches }, r.keyPairs)
	add(func() bool { return r.used || len(r.prefixes) > 0 }, r.prefixLists)
	add(func() bool { return r.ipv6 || r.ends["eigw"] }, r.egressOnlyGateways)
	add(func() bool { return r.ends["cagw"] }, r.carrierGateways)
	add(func() bool { return r.transit || r.vpn }, r.vpnConnections)
	if err := r.all(ctx, steps...); err != nil {
		return err
	}
	if len(r.images) == 0 {
		return nil
	}
	return r.usedImages(ctx)
}

// all runs the steps side by side.
func (r *ec2Region) all(ctx context.Context, steps ...func(context.Context) error) error {
	return each(ctx, r.Scope, steps, func(ctx context.Context, step func(context.Context) error) error { return step(ctx) })
}

// asks reports whether a condition holds or cannot be known.
func (r *ec2Region) asks(when func() bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.blind || when()
}

// note changes what is known of the region.
func (r *ec2Region) note(fn func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fn()
}

// decided notes whether a list that decides was read to its end.
func (r *ec2Region) decided(whole bool, err error) error {
	if !whole {
		r.note(func() { r.blind = true })
	}
	return err
}

// seen notes what a route shows: the kinds of targets beside the local
// one and internet gateways.
func (r *ec2Region) seen(route *types.Route) {
	r.note(func() {
		for _, target := range []*string{route.GatewayId, route.NatGatewayId, route.EgressOnlyInternetGatewayId, route.CarrierGatewayId, route.TransitGatewayId,
			route.VpcPeeringConnectionId, route.NetworkInterfaceId, route.InstanceId, route.LocalGatewayId, route.CoreNetworkArn, route.OdbNetworkArn} {
			kind, _, _ := strings.Cut(aws.ToString(target), "-")
			if kind != "" && kind != "local" && kind != "igw" {
				r.used, r.ends[kind] = true, true
			}
		}
		if l := aws.ToString(route.DestinationPrefixListId); l != "" {
			r.prefixes[l] = true
		}
	})
}

// arn is the ARN of a thing of EC2 in this region. owner is the account that the
// answer names, which for what is shared is not the one being read.
func (r *ec2Region) arn(owner *string, resource string) string {
	account := aws.ToString(owner)
	if account == "" {
		account = string(r.Account)
	}
	return "arn:" + string(r.Partition) + ":ec2:" + string(r.Region) + ":" + account + ":" + resource
}

// gone: AWS lists some things for an hour after they ceased to exist.
func gone[T ~string](state T) bool { return state == "deleted" || state == "terminated" }

// page sizes: the largest that EC2 takes.
var (
	pageOf1000 = aws.Int32(1000)
	pageOf500  = aws.Int32(500)
	pageOf200  = aws.Int32(200)
	pageOf100  = aws.Int32(100)
)
