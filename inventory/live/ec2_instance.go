package live

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const (
	instanceType = "AWS::EC2::Instance"
	keyPairType  = "AWS::EC2::KeyPair"
)

var (
	ec2DescribeInstances = operation(ec2.NewFromConfig, (*ec2.Client).DescribeInstances, Declaration{
		Types: []string{instanceType}, Optional: true})
	ec2DescribeKeyPairs = operation(ec2.NewFromConfig, (*ec2.Client).DescribeKeyPairs, Declaration{Optional: true,
		Types: []string{keyPairType}})
)

func instanceOperations() []*Operation {
	return []*Operation{ec2DescribeInstances.Operation, ec2DescribeKeyPairs.Operation}
}

// instances reads all that runs or could be started again. What only
// DescribeInstanceAttribute tells (termination protection, user data) is one call
// an attribute and instance, and is not read.
func (r *ec2Region) instances(ctx context.Context) error {
	in := &ec2.DescribeInstancesInput{MaxResults: pageOf1000, IncludeManagedResources: aws.Bool(true)}
	return ec2DescribeInstances.List(ctx, r.Scope, in, func(out *ec2.DescribeInstancesOutput) error {
		for i := range out.Reservations {
			for j := range out.Reservations[i].Instances {
				if err := r.instance(ctx, &out.Reservations[i], &out.Reservations[i].Instances[j]); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (r *ec2Region) instance(ctx context.Context, res *types.Reservation, i *types.Instance) error {
	if i.State != nil && gone(i.State.Name) {
		return nil
	}
	id := aws.ToString(i.InstanceId)
	d := r.Draft(instanceType, id, r.arn(res.OwnerId, "instance/"+id), "").From(ec2DescribeInstances.Operation, r.Scope)
	d.Fold(i, Folding{
		Rename: map[string]string{"PublicIpAddress": "PublicIp", "Licenses": "LicenseSpecifications"},
		Drop:   []string{"ClientToken"},
		// CloudFormation's properties of these names are what to make at launch.
		Observe: []string{"BlockDeviceMappings", "NetworkInterfaces"},
	})
	d.Observe("OwnerId", res.OwnerId)
	d.Observe("ReservationId", res.ReservationId)
	d.Observe("RequesterId", res.RequesterId)
	if p := i.IamInstanceProfile; p != nil {
		d.Set("IamInstanceProfile", lastPart(aws.ToString(p.Arn)))
	}
	if m := i.Monitoring; m != nil {
		d.Set("Monitoring", m.State == types.MonitoringStateEnabled || m.State == types.MonitoringStatePending)
	}
	d.Set("SecurityGroupIds", groupIDs(i.SecurityGroups))
	if p := i.Placement; p != nil {
		d.Set("AvailabilityZone", p.AvailabilityZone)
		d.Set("Tenancy", p.Tenancy)
		d.Set("PlacementGroupName", p.GroupName)
		d.Set("HostId", p.HostId)
		d.Set("HostResourceGroupArn", p.HostResourceGroupArn)
		d.Set("Affinity", p.Affinity)
	}
	if len(i.NetworkInterfaces) > 0 {
		d.Fit("Ipv6Addresses", ipv6Addresses(i.NetworkInterfaces[0].Ipv6Addresses))
	}
	for _, t := range i.Tags {
		// AWS writes these tags itself; nobody else may use the prefix.
		// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-instances-from-launch-template.html (read 2026-11-24)
		switch aws.ToString(t.Key) {
		case "aws:ec2launchtemplate:id":
			d.Set("LaunchTemplate.LaunchTemplateId", t.Value)
		case "aws:ec2launchtemplate:version":
			d.Set("LaunchTemplate.Version", t.Value)
		}
	}
	if i.State != nil && i.State.Name == types.InstanceStateNameStopped {
		if at, ok := transitionTime(aws.ToString(i.StateTransitionReason)); ok {
			d.Observe("StoppedTime", at)
		} else {
			d.UnknownBecause("observed.StoppedTime", "EC2 does not say when the instance was stopped")
		}
	}
	if image := aws.ToString(i.ImageId); image != "" {
		r.note(func() { r.images[image] = true })
	}
	return r.Put(ctx, d)
}

// lastPart is the name at the end of an ARN's resource: the instance profile's.
func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

func groupIDs(groups []types.GroupIdentifier) []string {
	var ids []string
	for _, g := range groups {
		ids = append(ids, aws.ToString(g.GroupId))
	}
	return ids
}

func ipv6Addresses(list []types.InstanceIpv6Address) []map[string]any {
	var out []map[string]any
	for _, a := range list {
		out = append(out, map[string]any{"Ipv6Address": aws.ToString(a.Ipv6Address)})
	}
	return out
}

var transitionAt = regexp.MustCompile(`\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)`)

// transitionTime reads "User initiated (2025-03-01 10:00:00 GMT)", the only place
// where EC2 says when an instance was stopped.
func transitionTime(reason string) (time.Time, bool) {
	m := transitionAt.FindStringSubmatch(reason)
	if m == nil {
		return time.Time{}, false
	}
	at, err := time.Parse("2006-01-02 15:04:05", m[1])
	return at, err == nil
}

func (r *ec2Region) keyPairs(ctx context.Context) error {
	return ec2DescribeKeyPairs.List(ctx, r.Scope, &ec2.DescribeKeyPairsInput{}, func(out *ec2.DescribeKeyPairsOutput) error {
		for _, k := range out.KeyPairs {
			name := aws.ToString(k.KeyName)
			d := r.Draft(keyPairType, name, r.arn(nil, "key-pair/"+name), name).From(ec2DescribeKeyPairs.Operation, r.Scope)
			d.Fold(k, Folding{Rename: map[string]string{"PublicKey": "PublicKeyMaterial"}})
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
