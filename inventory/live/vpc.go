package live

import (
	"context"
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const (
	vpcType          = "AWS::EC2::VPC"
	vpcCidrBlockType = "AWS::EC2::VPCCidrBlock"
	subnetType       = "AWS::EC2::Subnet"
	dhcpOptionsType  = "AWS::EC2::DHCPOptions"
)

var (
	ec2DescribeVpcs = operation(ec2.NewFromConfig, (*ec2.Client).DescribeVpcs, Declaration{
		Types: []string{vpcType, vpcCidrBlockType}})
	ec2DescribeSubnets = operation(ec2.NewFromConfig, (*ec2.Client).DescribeSubnets, Declaration{Optional: true,
		Types: []string{subnetType}})
	ec2DescribeDhcpOptions = operation(ec2.NewFromConfig, (*ec2.Client).DescribeDhcpOptions, Declaration{
		Types: []string{dhcpOptionsType}, Optional: true})
)

func vpcOperations() []*Operation {
	return []*Operation{ec2DescribeVpcs.Operation, ec2DescribeSubnets.Operation, ec2DescribeDhcpOptions.Operation}
}

const dnsNotRead = "Merlon does not ask for the DNS attributes: that is two calls a VPC"

// listVPCs reads the account's VPCs and those shared with it, which carry their
// owner's account in the ARN and in observed.OwnerId.
func (r *ec2Region) listVPCs(ctx context.Context) error {
	return r.decided(ec2DescribeVpcs.ListAll(ctx, r.Scope, &ec2.DescribeVpcsInput{MaxResults: pageOf1000}, func(out *ec2.DescribeVpcsOutput) error {
		for _, v := range out.Vpcs {
			if err := r.vpc(ctx, v); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (r *ec2Region) vpc(ctx context.Context, v types.Vpc) error {
	id := aws.ToString(v.VpcId)
	r.note(func() {
		r.vpcs++
		r.used = r.used || !aws.ToBool(v.IsDefault) || (v.OwnerId != nil && *v.OwnerId != string(r.Account))
		r.ipv6 = r.ipv6 || len(v.Ipv6CidrBlockAssociationSet) > 0
	})
	d := r.Draft(vpcType, id, r.arn(v.OwnerId, "vpc/"+id), "").From(ec2DescribeVpcs.Operation, r.Scope)
	d.Fold(v, Folding{Rename: map[string]string{"EncryptionControl": "VpcEncryptionControl"}})
	d.UnknownBecause("properties.EnableDnsHostnames", dnsNotRead)
	d.UnknownBecause("properties.EnableDnsSupport", dnsNotRead)
	var ranges []*Draft
	var ids, ipv6 []string
	for _, a := range v.CidrBlockAssociationSet {
		ids = append(ids, aws.ToString(a.AssociationId))
		// The first range is the VPC's own property; the others are added to it.
		if aws.ToString(a.CidrBlock) != aws.ToString(v.CidrBlock) && associated(a.CidrBlockState) {
			c := r.cidrBlock(id, a.AssociationId)
			c.Set("CidrBlock", a.CidrBlock)
			ranges = append(ranges, c)
		}
	}
	for _, a := range v.Ipv6CidrBlockAssociationSet {
		if !associated(a.Ipv6CidrBlockState) {
			continue
		}
		ipv6 = append(ipv6, aws.ToString(a.Ipv6CidrBlock))
		c := r.cidrBlock(id, a.AssociationId)
		c.Fold(a, Folding{Rename: map[string]string{"NetworkBorderGroup": "Ipv6CidrBlockNetworkBorderGroup"}, Drop: []string{"AssociationId"}})
		c.Set("AmazonProvidedIpv6CidrBlock", aws.ToString(a.Ipv6Pool) == "Amazon")
		ranges = append(ranges, c)
	}
	d.Set("CidrBlockAssociations", ids)
	d.Set("Ipv6CidrBlocks", ipv6)
	if err := r.Put(ctx, d); err != nil {
		return err
	}
	for _, c := range ranges {
		if err := r.Put(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (r *ec2Region) cidrBlock(vpc string, association *string) *Draft {
	id := aws.ToString(association)
	d := r.Draft(vpcCidrBlockType, id+"|"+vpc, "", "").From(ec2DescribeVpcs.Operation, r.Scope)
	d.Set("Id", id)
	d.Set("VpcId", vpc)
	return d
}

// associated: packets are routed by a range only while it is.
func associated(s *types.VpcCidrBlockState) bool {
	return s == nil || s.State == types.VpcCidrBlockStateCodeAssociated || s.State == types.VpcCidrBlockStateCodeAssociating || s.State == ""
}

func (r *ec2Region) subnets(ctx context.Context) error {
	return r.decided(ec2DescribeSubnets.ListAll(ctx, r.Scope, &ec2.DescribeSubnetsInput{MaxResults: pageOf1000}, func(out *ec2.DescribeSubnetsOutput) error {
		for _, n := range out.Subnets {
			if !vacant(n) {
				r.note(func() { r.lodgers = true })
			}
			id := aws.ToString(n.SubnetId)
			d := r.Draft(subnetType, id, r.arn(n.OwnerId, "subnet/"+id), "").From(ec2DescribeSubnets.Operation, r.Scope)
			d.Fold(n, Folding{Drop: []string{"SubnetArn"}})
			var ipv6 []string
			for _, a := range n.Ipv6CidrBlockAssociationSet {
				if a.Ipv6CidrBlockState == nil || a.Ipv6CidrBlockState.State == types.SubnetCidrBlockStateCodeAssociated {
					ipv6 = append(ipv6, aws.ToString(a.Ipv6CidrBlock))
				}
			}
			if len(ipv6) > 0 {
				d.Set("Ipv6CidrBlock", ipv6[0])
				d.Set("Ipv6CidrBlocks", ipv6)
			}
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	}))
}

// reserved is how many addresses of each subnet AWS keeps:
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html (read 2026-11-24).
const reserved = 5

// vacant reports a subnet in which no network interface is: every interface takes
// an IPv4 address, those of stopped instances too, but where a subnet has none
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html, read 2026-11-24).
func vacant(n types.Subnet) bool {
	if n.AvailableIpAddressCount == nil || aws.ToBool(n.Ipv6Native) || n.CidrBlock == nil {
		return false
	}
	block, err := netip.ParsePrefix(*n.CidrBlock)
	return err == nil && block.Addr().Is4() && int64(*n.AvailableIpAddressCount) == int64(1)<<(32-block.Bits())-reserved
}

func (r *ec2Region) dhcpOptions(ctx context.Context) error {
	return ec2DescribeDhcpOptions.List(ctx, r.Scope, &ec2.DescribeDhcpOptionsInput{MaxResults: pageOf1000}, func(out *ec2.DescribeDhcpOptionsOutput) error {
		for _, o := range out.DhcpOptions {
			id := aws.ToString(o.DhcpOptionsId)
			d := r.Draft(dhcpOptionsType, id, r.arn(o.OwnerId, "dhcp-options/"+id), "").From(ec2DescribeDhcpOptions.Operation, r.Scope)
			d.Fold(o, Folding{Drop: []string{"DhcpConfigurations"}})
			for _, c := range o.DhcpConfigurations {
				var values []string
				for _, v := range c.Values {
					values = append(values, aws.ToString(v.Value))
				}
				dhcpOption(d, aws.ToString(c.Key), values)
			}
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// dhcpOption sets one option under the name that CloudFormation gives it; one
// that it does not know is kept under its own.
func dhcpOption(d *Draft, key string, values []string) {
	names := map[string]string{"domain-name": "DomainName", "domain-name-servers": "DomainNameServers", "ntp-servers": "NtpServers",
		"netbios-name-servers": "NetbiosNameServers", "netbios-node-type": "NetbiosNodeType", "ipv6-address-preferred-lease-time": "Ipv6AddressPreferredLeaseTime"}
	switch name := names[key]; {
	case len(values) == 0:
	case name == "":
		d.Observe(key, values)
	case name == "DomainNameServers" || name == "NtpServers" || name == "NetbiosNameServers":
		d.Set(name, values)
	default:
		d.Fit(name, values[0])
	}
}
