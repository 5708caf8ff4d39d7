package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

const (
	scalingGroupType        = "AWS::AutoScaling::AutoScalingGroup"
	launchConfigurationType = "AWS::AutoScaling::LaunchConfiguration"
)

var (
	autoscalingDescribeAutoScalingGroups = operation(autoscaling.NewFromConfig, (*autoscaling.Client).DescribeAutoScalingGroups, Declaration{
		Types: []string{scalingGroupType}})
	autoscalingDescribeLaunchConfigurations = operation(autoscaling.NewFromConfig, (*autoscaling.Client).DescribeLaunchConfigurations, Declaration{
		Types: []string{launchConfigurationType}})
)

func autoscalingService() *Service {
	return &Service{
		Name: "autoscaling", Title: "EC2 Auto Scaling",
		Operations: []*Operation{autoscalingDescribeAutoScalingGroups.Operation, autoscalingDescribeLaunchConfigurations.Operation},
		Collect:    collectAutoScaling,
	}
}

func collectAutoScaling(ctx context.Context, s *Scope) error {
	err := autoscalingDescribeAutoScalingGroups.List(ctx, s, &autoscaling.DescribeAutoScalingGroupsInput{MaxRecords: aws.Int32(100)}, func(out *autoscaling.DescribeAutoScalingGroupsOutput) error {
		for _, g := range out.AutoScalingGroups {
			if err := s.scalingGroup(ctx, g); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return autoscalingDescribeLaunchConfigurations.List(ctx, s, &autoscaling.DescribeLaunchConfigurationsInput{MaxRecords: aws.Int32(100)}, func(out *autoscaling.DescribeLaunchConfigurationsOutput) error {
		for _, l := range out.LaunchConfigurations {
			if err := s.launchConfiguration(ctx, l); err != nil {
				return err
			}
		}
		return nil
	})
}

const hooksNotRead = "Merlon does not ask for lifecycle hooks: that is a call for each group"

func (s *Scope) scalingGroup(ctx context.Context, g types.AutoScalingGroup) error {
	name := aws.ToString(g.AutoScalingGroupName)
	d := s.Draft(scalingGroupType, name, aws.ToString(g.AutoScalingGroupARN), name).From(autoscalingDescribeAutoScalingGroups.Operation, s)
	d.Fold(g, Folding{Rename: map[string]string{"DefaultCooldown": "Cooldown"}, Drop: []string{"VPCZoneIdentifier"}})
	if zones := aws.ToString(g.VPCZoneIdentifier); zones != "" {
		var subnets []string
		for subnet := range strings.SplitSeq(zones, ",") {
			subnets = append(subnets, strings.TrimSpace(subnet))
		}
		d.Set("VPCZoneIdentifier", subnets)
	}
	d.UnknownBecause("properties.LifecycleHookSpecificationList", hooksNotRead)
	return s.Put(ctx, d)
}

func (s *Scope) launchConfiguration(ctx context.Context, l types.LaunchConfiguration) error {
	name := aws.ToString(l.LaunchConfigurationName)
	// What is not set is there and empty.
	for _, text := range []**string{&l.KernelId, &l.RamdiskId, &l.KeyName, &l.UserData, &l.IamInstanceProfile, &l.SpotPrice, &l.ClassicLinkVPCId} {
		if aws.ToString(*text) == "" {
			*text = nil
		}
	}
	if l.UserData != nil {
		l.UserData = aws.String(redacted)
	}
	d := s.Draft(launchConfigurationType, name, aws.ToString(l.LaunchConfigurationARN), name).From(autoscalingDescribeLaunchConfigurations.Operation, s)
	d.Fold(l, Folding{Drop: []string{"LaunchConfigurationARN"}})
	if m := l.InstanceMonitoring; m != nil {
		d.Set("InstanceMonitoring", aws.ToBool(m.Enabled))
	}
	return s.Put(ctx, d)
}
