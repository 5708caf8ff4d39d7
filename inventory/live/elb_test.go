package live

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
)

const balancerARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/"

// balancersFake has n application balancers, each with a listener for HTTP and one
// for HTTPS and a target group.
func balancersFake(n int) *fake {
	f := &fake{}
	answer(f, elbv2DescribeLoadBalancers, there(func(*elbv2.DescribeLoadBalancersInput) *elbv2.DescribeLoadBalancersOutput {
		out := &elbv2.DescribeLoadBalancersOutput{}
		for i := range n {
			name := fmt.Sprintf("lb%03d", i)
			out.LoadBalancers = append(out.LoadBalancers, types.LoadBalancer{LoadBalancerArn: aws.String(balancerARN + "app/" + name + "/1"), LoadBalancerName: &name, Type: types.LoadBalancerTypeEnumApplication,
				Scheme: "internet-facing", VpcId: aws.String("vpc-1"), AvailabilityZones: []types.AvailabilityZone{{SubnetId: aws.String("subnet-1"), ZoneName: aws.String("eu-west-1a")}}})
		}
		return out
	}))
	answer(f, elbv2DescribeLoadBalancerAttributes, there(func(*elbv2.DescribeLoadBalancerAttributesInput) *elbv2.DescribeLoadBalancerAttributesOutput {
		return &elbv2.DescribeLoadBalancerAttributesOutput{Attributes: []types.LoadBalancerAttribute{{Key: aws.String("deletion_protection.enabled"), Value: aws.String("false")}}}
	}))
	answer(f, elbv2DescribeListeners, there(func(in *elbv2.DescribeListenersInput) *elbv2.DescribeListenersOutput {
		base := strings.Replace(*in.LoadBalancerArn, "loadbalancer", "listener", 1)
		return &elbv2.DescribeListenersOutput{Listeners: []types.Listener{
			{ListenerArn: aws.String(base + "/80"), LoadBalancerArn: in.LoadBalancerArn, Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp,
				DefaultActions: []types.Action{{Type: types.ActionTypeEnumRedirect, RedirectConfig: &types.RedirectActionConfig{Protocol: aws.String("HTTPS"), StatusCode: "HTTP_301"}}}},
			{ListenerArn: aws.String(base + "/443"), LoadBalancerArn: in.LoadBalancerArn, Port: aws.Int32(443), Protocol: types.ProtocolEnumHttps, SslPolicy: aws.String("ELBSecurityPolicy-2016-08"),
				Certificates:   []types.Certificate{{CertificateArn: aws.String("arn:aws:acm:eu-west-1:111122223333:certificate/1")}},
				DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: aws.String("arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/tg/1")}}}}}
	}))
	answer(f, elbv2DescribeListenerCertificates, there(func(*elbv2.DescribeListenerCertificatesInput) *elbv2.DescribeListenerCertificatesOutput {
		return &elbv2.DescribeListenerCertificatesOutput{Certificates: []types.Certificate{{CertificateArn: aws.String("arn:aws:acm:eu-west-1:111122223333:certificate/1"), IsDefault: aws.Bool(true)},
			{CertificateArn: aws.String("arn:aws:acm:eu-west-1:111122223333:certificate/2"), IsDefault: aws.Bool(false)}}}
	}))
	answer(f, elbv2DescribeRules, there(func(in *elbv2.DescribeRulesInput) *elbv2.DescribeRulesOutput {
		base := strings.Replace(*in.ListenerArn, "listener", "listener-rule", 1)
		return &elbv2.DescribeRulesOutput{Rules: []types.Rule{{RuleArn: aws.String(base + "/d"), IsDefault: aws.Bool(true), Priority: aws.String("default")},
			{RuleArn: aws.String(base + "/1"), IsDefault: aws.Bool(false), Priority: aws.String("10"), Actions: []types.Action{{Type: types.ActionTypeEnumFixedResponse}}, Conditions: []types.RuleCondition{{Field: aws.String("path-pattern"), Values: []string{"/x"}}}}}}
	}))
	answer(f, elbv2DescribeTargetGroups, there(func(*elbv2.DescribeTargetGroupsInput) *elbv2.DescribeTargetGroupsOutput {
		out := &elbv2.DescribeTargetGroupsOutput{}
		for i := range n {
			out.TargetGroups = append(out.TargetGroups, types.TargetGroup{TargetGroupArn: aws.String(fmt.Sprintf("arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/tg%03d/1", i)), TargetGroupName: aws.String(fmt.Sprintf("tg%03d", i)),
				Protocol: types.ProtocolEnumHttp, TargetType: types.TargetTypeEnumInstance})
		}
		return out
	}))
	answer(f, elbv2DescribeTargetHealth, there(func(*elbv2.DescribeTargetHealthInput) *elbv2.DescribeTargetHealthOutput {
		return &elbv2.DescribeTargetHealthOutput{TargetHealthDescriptions: []types.TargetHealthDescription{{Target: &types.TargetDescription{Id: aws.String("i-1"), Port: aws.Int32(8080)}, TargetHealth: &types.TargetHealth{State: "healthy"}}}}
	}))
	answer(f, elbv2DescribeTags, there(func(in *elbv2.DescribeTagsInput) *elbv2.DescribeTagsOutput {
		out := &elbv2.DescribeTagsOutput{}
		for _, arn := range in.ResourceArns {
			out.TagDescriptions = append(out.TagDescriptions, types.TagDescription{ResourceArn: &arn, Tags: []types.Tag{{Key: aws.String("arn"), Value: &arn}}})
		}
		return out
	}))
	return f
}

func TestELBv2Calls(t *testing.T) {
	c := collect(t, balancersFake(40), elbv2Service())
	// Two of them are the other, empty region's.
	if n := len(c.calls) - 2; n > 265 {
		t.Errorf("%d calls for 40 balancers with two listeners each", n)
	}
	if len(c.gaps) != 0 {
		t.Errorf("gaps %+v", c.gaps)
	}
}

func TestELBv2(t *testing.T) {
	c := collect(t, balancersFake(2), elbv2Service())
	lb := balancerARN + "app/lb001/1"
	listener := strings.Replace(lb, "loadbalancer", "listener", 1) + "/443"
	rule := strings.Replace(listener, "listener", "listener-rule", 1) + "/1"
	for _, test := range []struct {
		typ, id string
		path    []any
		want    any
	}{
		{balancerType, lb, []any{"properties", "Subnets"}, []any{"subnet-1"}},
		{balancerType, lb, []any{"properties", "SubnetMappings"}, nil},
		{balancerType, lb, []any{"properties", "Name"}, "lb001"},
		{balancerType, lb, []any{"properties", "LoadBalancerAttributes"}, []any{map[string]any{"Key": "deletion_protection.enabled", "Value": "false"}}},
		{balancerType, lb, []any{"tags", "arn"}, lb},
		{listenerType, listener, []any{"properties", "SslPolicy"}, "ELBSecurityPolicy-2016-08"},
		{listenerType, listener, []any{"properties", "Certificates"}, []any{map[string]any{"CertificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/1"},
			map[string]any{"CertificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/2"}}},
		{listenerType, listener, []any{"tags", "arn"}, listener},
		{listenerRuleType, rule, []any{"properties", "Priority"}, float64(10)},
		{listenerRuleType, rule, []any{"properties", "ListenerArn"}, listener},
		{targetGroupType, "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/tg001/1", []any{"properties", "Targets"}, []any{map[string]any{"Id": "i-1", "Port": float64(8080)}}},
		{targetGroupType, "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/tg001/1", []any{"observed", "TargetHealth", 0, "TargetHealth", "State"}, "healthy"},
	} {
		if diff := cmp.Diff(test.want, at(c.one(t, test.typ, test.id), test.path...)); diff != "" {
			t.Errorf("%s %s %v (-want +got):\n%s", test.typ, test.id, test.path, diff)
		}
	}
}

// TestELBv2Network: a network balancer's target group says whose address a target
// sees, and its addresses are fixed.
func TestELBv2Network(t *testing.T) {
	f := balancersFake(0)
	arn, group := balancerARN+"net/n/1", "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/n/1"
	answer(f, elbv2DescribeLoadBalancers, there(func(*elbv2.DescribeLoadBalancersInput) *elbv2.DescribeLoadBalancersOutput {
		return &elbv2.DescribeLoadBalancersOutput{LoadBalancers: []types.LoadBalancer{{LoadBalancerArn: &arn, LoadBalancerName: aws.String("n"), Type: types.LoadBalancerTypeEnumNetwork,
			AvailabilityZones: []types.AvailabilityZone{{SubnetId: aws.String("subnet-1"), LoadBalancerAddresses: []types.LoadBalancerAddress{{AllocationId: aws.String("eipalloc-1")}}}}}}}
	}))
	answer(f, elbv2DescribeTargetGroups, there(func(*elbv2.DescribeTargetGroupsInput) *elbv2.DescribeTargetGroupsOutput {
		return &elbv2.DescribeTargetGroupsOutput{TargetGroups: []types.TargetGroup{{TargetGroupArn: &group, TargetGroupName: aws.String("n"), Protocol: types.ProtocolEnumTcp}}}
	}))
	answer(f, elbv2DescribeTargetGroupAttributes, there(func(*elbv2.DescribeTargetGroupAttributesInput) *elbv2.DescribeTargetGroupAttributesOutput {
		return &elbv2.DescribeTargetGroupAttributesOutput{Attributes: []types.TargetGroupAttribute{{Key: aws.String("preserve_client_ip.enabled"), Value: aws.String("true")}}}
	}))
	answer(f, elbv2DescribeTags, func(Place, *elbv2.DescribeTagsInput) (*elbv2.DescribeTagsOutput, error) {
		return nil, apiError("AccessDenied")
	})
	answer(f, elbv2DescribeListeners, func(Place, *elbv2.DescribeListenersInput) (*elbv2.DescribeListenersOutput, error) {
		return nil, apiError("AccessDenied")
	})
	c := collect(t, f, elbv2Service())
	b := c.one(t, balancerType, arn)
	if diff := cmp.Diff([]any{map[string]any{"SubnetId": "subnet-1", "AllocationId": "eipalloc-1"}}, at(b, "properties", "SubnetMappings")); diff != "" {
		t.Error(diff)
	}
	if b["unknowns"].(map[string]any)["/tags"] == nil {
		t.Errorf("denied tags must be unknown: %v", b["unknowns"])
	}
	g := c.one(t, targetGroupType, group)
	if diff := cmp.Diff([]any{map[string]any{"Key": "preserve_client_ip.enabled", "Value": "true"}}, at(g, "properties", "TargetGroupAttributes")); diff != "" {
		t.Error(diff)
	}
	found := false
	for _, x := range c.gaps {
		found = found || x.Call == "elbv2:DescribeListeners" && x.Resource == arn && cmp.Equal(x.Types, []string{listenerType})
	}
	if !found {
		t.Errorf("the balancer's listeners must be a gap: %+v", c.gaps)
	}
}

func TestELB(t *testing.T) {
	f := &fake{}
	answer(f, elbDescribeLoadBalancers, there(func(*elb.DescribeLoadBalancersInput) *elb.DescribeLoadBalancersOutput {
		return &elb.DescribeLoadBalancersOutput{LoadBalancerDescriptions: []elbtypes.LoadBalancerDescription{
			{LoadBalancerName: aws.String("old"), Scheme: aws.String("internet-facing"), Subnets: []string{"subnet-1"}, Instances: []elbtypes.Instance{{InstanceId: aws.String("i-1")}},
				HealthCheck:          &elbtypes.HealthCheck{Target: aws.String("HTTP:80/"), Interval: aws.Int32(30), Timeout: aws.Int32(5), HealthyThreshold: aws.Int32(2), UnhealthyThreshold: aws.Int32(2)},
				ListenerDescriptions: []elbtypes.ListenerDescription{{PolicyNames: []string{"tls"}, Listener: &elbtypes.Listener{LoadBalancerPort: 443, InstancePort: aws.Int32(80), Protocol: aws.String("HTTPS"), InstanceProtocol: aws.String("HTTP"), SSLCertificateId: aws.String("arn:aws:iam::111122223333:server-certificate/x")}}}},
			{LoadBalancerName: aws.String("plain"), ListenerDescriptions: []elbtypes.ListenerDescription{{Listener: &elbtypes.Listener{LoadBalancerPort: 80, InstancePort: aws.Int32(80), Protocol: aws.String("HTTP")}}}}}}
	}))
	answer(f, elbDescribeLoadBalancerAttributes, there(func(*elb.DescribeLoadBalancerAttributesInput) *elb.DescribeLoadBalancerAttributesOutput {
		return &elb.DescribeLoadBalancerAttributesOutput{LoadBalancerAttributes: &elbtypes.LoadBalancerAttributes{AccessLog: &elbtypes.AccessLog{Enabled: false}, ConnectionDraining: &elbtypes.ConnectionDraining{Enabled: true, Timeout: aws.Int32(300)},
			CrossZoneLoadBalancing: &elbtypes.CrossZoneLoadBalancing{Enabled: false}, AdditionalAttributes: []elbtypes.AdditionalAttribute{{Key: aws.String("elb.http.desyncmitigationmode"), Value: aws.String("monitor")}}}}
	}))
	answer(f, elbDescribeLoadBalancerPolicies, there(func(in *elb.DescribeLoadBalancerPoliciesInput) *elb.DescribeLoadBalancerPoliciesOutput {
		return &elb.DescribeLoadBalancerPoliciesOutput{PolicyDescriptions: []elbtypes.PolicyDescription{{PolicyName: aws.String("tls"), PolicyTypeName: aws.String("SSLNegotiationPolicyType"),
			PolicyAttributeDescriptions: []elbtypes.PolicyAttributeDescription{{AttributeName: aws.String("Protocol-TLSv1"), AttributeValue: aws.String("true")}}}}}
	}))
	c := collect(t, f, elbService())
	d := c.one(t, classicBalancerType, "old")
	want := map[string]any{"LoadBalancerName": "old", "Scheme": "internet-facing", "Subnets": []any{"subnet-1"}, "Instances": []any{"i-1"}, "CrossZone": false,
		"HealthCheck":         map[string]any{"Target": "HTTP:80/", "Interval": "30", "Timeout": "5", "HealthyThreshold": "2", "UnhealthyThreshold": "2"},
		"AccessLoggingPolicy": map[string]any{"Enabled": false}, "ConnectionDrainingPolicy": map[string]any{"Enabled": true, "Timeout": float64(300)},
		"Listeners": []any{map[string]any{"LoadBalancerPort": "443", "InstancePort": "80", "Protocol": "HTTPS", "InstanceProtocol": "HTTP", "SSLCertificateId": "arn:aws:iam::111122223333:server-certificate/x", "PolicyNames": []any{"tls"}}},
		"Policies":  []any{map[string]any{"PolicyName": "tls", "PolicyType": "SSLNegotiationPolicyType", "Attributes": []any{map[string]any{"Name": "Protocol-TLSv1", "Value": "true"}}}}}
	if diff := cmp.Diff(want, d["properties"]); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
	if at(d, "observed", "AdditionalAttributes", 0, "Value") != "monitor" {
		t.Errorf("observed %v", d["observed"])
	}
	asked := 0
	for _, call := range c.calls {
		if call == "elb:DescribeLoadBalancerPolicies" {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("policies were asked of %d balancers; one is encrypted", asked)
	}
}

func TestAutoScaling(t *testing.T) {
	f := &fake{}
	answer(f, autoscalingDescribeAutoScalingGroups, there(func(*autoscaling.DescribeAutoScalingGroupsInput) *autoscaling.DescribeAutoScalingGroupsOutput {
		return &autoscaling.DescribeAutoScalingGroupsOutput{AutoScalingGroups: []astypes.AutoScalingGroup{{AutoScalingGroupName: aws.String("g"), AutoScalingGroupARN: aws.String("arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:1:autoScalingGroupName/g"),
			MinSize: aws.Int32(1), MaxSize: aws.Int32(3), DesiredCapacity: aws.Int32(2), DefaultCooldown: aws.Int32(300), AvailabilityZones: []string{"eu-west-1a"}, VPCZoneIdentifier: aws.String("subnet-1, subnet-2"),
			LaunchConfigurationName: aws.String("l"), HealthCheckType: aws.String("EC2"), Tags: []astypes.TagDescription{{Key: aws.String("env"), Value: aws.String("prod"), PropagateAtLaunch: aws.Bool(true)}},
			Instances: []astypes.Instance{{InstanceId: aws.String("i-1")}}}}}
	}))
	answer(f, autoscalingDescribeLaunchConfigurations, there(func(*autoscaling.DescribeLaunchConfigurationsInput) *autoscaling.DescribeLaunchConfigurationsOutput {
		return &autoscaling.DescribeLaunchConfigurationsOutput{LaunchConfigurations: []astypes.LaunchConfiguration{{LaunchConfigurationName: aws.String("l"), ImageId: aws.String("ami-1"), KeyName: aws.String(""), UserData: aws.String("hush"),
			AssociatePublicIpAddress: aws.Bool(true), InstanceMonitoring: &astypes.InstanceMonitoring{Enabled: aws.Bool(true)}, MetadataOptions: &astypes.InstanceMetadataOptions{HttpTokens: "optional"}}}}
	}))
	c := collect(t, f, autoscalingService())
	g := c.one(t, scalingGroupType, "g")
	want := map[string]any{"AutoScalingGroupName": "g", "AutoScalingGroupARN": "arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:1:autoScalingGroupName/g", "MinSize": "1", "MaxSize": "3",
		"DesiredCapacity": "2", "Cooldown": "300", "AvailabilityZones": []any{"eu-west-1a"}, "VPCZoneIdentifier": []any{"subnet-1", "subnet-2"}, "LaunchConfigurationName": "l", "HealthCheckType": "EC2"}
	if diff := cmp.Diff(want, g["properties"]); diff != "" {
		t.Errorf("group (-want +got):\n%s", diff)
	}
	if at(g, "tags", "env") != "prod" || at(g, "observed", "Instances", 0, "InstanceId") != "i-1" {
		t.Errorf("group %v", g)
	}
	l := c.one(t, launchConfigurationType, "l")
	want = map[string]any{"LaunchConfigurationName": "l", "ImageId": "ami-1", "UserData": "REDACTED", "AssociatePublicIpAddress": true, "InstanceMonitoring": true, "MetadataOptions": map[string]any{"HttpTokens": "optional"}}
	if diff := cmp.Diff(want, l["properties"]); diff != "" {
		t.Errorf("launch configuration (-want +got):\n%s", diff)
	}
}
