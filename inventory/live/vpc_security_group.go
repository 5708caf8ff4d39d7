package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const (
	securityGroupType            = "AWS::EC2::SecurityGroup"
	securityGroupAssociationType = "AWS::EC2::SecurityGroupVpcAssociation"
)

var (
	ec2DescribeSecurityGroups = operation(ec2.NewFromConfig, (*ec2.Client).DescribeSecurityGroups, Declaration{
		Types: []string{securityGroupType}})
	ec2DescribeSecurityGroupVpcAssociations = operation(ec2.NewFromConfig, (*ec2.Client).DescribeSecurityGroupVpcAssociations, Declaration{
		Types: []string{securityGroupAssociationType}, Optional: true})
)

func securityGroupOperations() []*Operation {
	return []*Operation{ec2DescribeSecurityGroups.Operation, ec2DescribeSecurityGroupVpcAssociations.Operation}
}

func (r *ec2Region) securityGroups(ctx context.Context) error {
	in := &ec2.DescribeSecurityGroupsInput{MaxResults: pageOf1000}
	return r.decided(ec2DescribeSecurityGroups.ListAll(ctx, r.Scope, in, func(out *ec2.DescribeSecurityGroupsOutput) error {
		for i := range out.SecurityGroups {
			if err := r.securityGroup(ctx, &out.SecurityGroups[i]); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (r *ec2Region) securityGroup(ctx context.Context, g *types.SecurityGroup) error {
	id, name := aws.ToString(g.GroupId), aws.ToString(g.GroupName)
	d := r.Draft(securityGroupType, id, r.arn(g.OwnerId, "security-group/"+id), name).From(ec2DescribeSecurityGroups.Operation, r.Scope)
	d.Fold(g, Folding{
		Rename: map[string]string{"Description": "GroupDescription"},
		Drop:   []string{"SecurityGroupArn", "IpPermissions", "IpPermissionsEgress"},
	})
	d.Set("Id", id)
	ingress, lists := rules(g.IpPermissions, aws.ToString(g.OwnerId), ingressEnds)
	egress, more := rules(g.IpPermissionsEgress, aws.ToString(g.OwnerId), egressEnds)
	d.Set("SecurityGroupIngress", ingress)
	d.Set("SecurityGroupEgress", egress)
	d.Observe("PeerGroups", append(peerGroups(g.IpPermissions, "ingress"), peerGroups(g.IpPermissionsEgress, "egress")...))
	r.note(func() {
		for _, l := range append(lists, more...) {
			r.prefixes[l] = true
		}
	})
	return r.Put(ctx, d)
}

// ends are the names of a rule's other end in CloudFormation.
type ends struct{ group, owner, list string }

var (
	ingressEnds = ends{"SourceSecurityGroupId", "SourceSecurityGroupOwnerId", "SourcePrefixListId"}
	egressEnds  = ends{"DestinationSecurityGroupId", "", "DestinationPrefixListId"}
)

// rules gives CloudFormation's rules: one for each range, list and group, where
// the API has one a protocol and port. The owner of a group is said only where it
// is another account, as in a template. It also gives the prefix lists named.
func rules(permissions []types.IpPermission, owner string, e ends) (out []map[string]any, lists []string) {
	for _, p := range permissions {
		add := func(key string, value, description *string) map[string]any {
			rule := map[string]any{"IpProtocol": aws.ToString(p.IpProtocol)}
			// With -1 there are no ports, and both are absent.
			if p.FromPort != nil {
				rule["FromPort"] = int64(*p.FromPort)
			}
			if p.ToPort != nil {
				rule["ToPort"] = int64(*p.ToPort)
			}
			set(rule, key, aws.ToString(value))
			set(rule, "Description", aws.ToString(description))
			out = append(out, rule)
			return rule
		}
		for _, x := range p.IpRanges {
			add("CidrIp", x.CidrIp, x.Description)
		}
		for _, x := range p.Ipv6Ranges {
			add("CidrIpv6", x.CidrIpv6, x.Description)
		}
		for _, x := range p.PrefixListIds {
			add(e.list, x.PrefixListId, x.Description)
			lists = append(lists, aws.ToString(x.PrefixListId))
		}
		for _, x := range p.UserIdGroupPairs {
			rule := add(e.group, x.GroupId, x.Description)
			if u := aws.ToString(x.UserId); e.owner != "" && u != "" && u != owner {
				rule[e.owner] = u
			}
		}
	}
	return out, lists
}

// peerGroups are the groups that rules name in other VPCs and accounts, with the
// peering that makes them count. AWS leaves a rule whose group or peering is gone
// as stale.
func peerGroups(permissions []types.IpPermission, direction string) []map[string]any {
	var out []map[string]any
	for _, p := range permissions {
		for _, x := range p.UserIdGroupPairs {
			if x.VpcId == nil && x.VpcPeeringConnectionId == nil && x.PeeringStatus == nil {
				continue
			}
			m, ok := plain(x).(map[string]any)
			if !ok {
				continue
			}
			delete(m, "Description")
			m["Direction"] = direction
			out = append(out, m)
		}
	}
	return out
}

func (r *ec2Region) securityGroupAssociations(ctx context.Context) error {
	in := &ec2.DescribeSecurityGroupVpcAssociationsInput{MaxResults: pageOf1000}
	return ec2DescribeSecurityGroupVpcAssociations.List(ctx, r.Scope, in, func(out *ec2.DescribeSecurityGroupVpcAssociationsOutput) error {
		for _, a := range out.SecurityGroupVpcAssociations {
			d := r.Draft(securityGroupAssociationType, aws.ToString(a.GroupId)+"|"+aws.ToString(a.VpcId), "", "").
				From(ec2DescribeSecurityGroupVpcAssociations.Operation, r.Scope)
			d.Fold(a, Folding{})
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
