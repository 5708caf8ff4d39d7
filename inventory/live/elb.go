package live

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
)

const classicBalancerType = "AWS::ElasticLoadBalancing::LoadBalancer"

var (
	elbDescribeLoadBalancers = operation(elb.NewFromConfig, (*elb.Client).DescribeLoadBalancers, Declaration{
		Types: []string{classicBalancerType}})
	elbDescribeLoadBalancerAttributes = operation(elb.NewFromConfig, (*elb.Client).DescribeLoadBalancerAttributes, Declaration{
		Per: classicBalancerType, Fills: []string{"properties.AccessLoggingPolicy", "properties.ConnectionDrainingPolicy", "properties.ConnectionSettings",
			"properties.CrossZone", "observed.AdditionalAttributes"}})
	elbDescribeLoadBalancerPolicies = operation(elb.NewFromConfig, (*elb.Client).DescribeLoadBalancerPolicies, Declaration{
		Per: classicBalancerType, Fills: []string{"properties.Policies"}, Optional: true})
	elbDescribeTags = operation(elb.NewFromConfig, (*elb.Client).DescribeTags, Declaration{
		Per: classicBalancerType, Fills: []string{"tags"}})
)

// elbService reads classic load balancers.
func elbService() *Service {
	return &Service{
		Name: "elb", Title: "Classic Load Balancers",
		Operations: []*Operation{elbDescribeLoadBalancers.Operation, elbDescribeLoadBalancerAttributes.Operation, elbDescribeLoadBalancerPolicies.Operation, elbDescribeTags.Operation},
		Collect:    collectELB,
	}
}

func collectELB(ctx context.Context, s *Scope) error {
	return elbDescribeLoadBalancers.List(ctx, s, &elb.DescribeLoadBalancersInput{PageSize: aws.Int32(100)}, func(out *elb.DescribeLoadBalancersOutput) error {
		var mu sync.Mutex
		var drafts []*Draft
		err := each(ctx, s, out.LoadBalancerDescriptions, func(ctx context.Context, l types.LoadBalancerDescription) error {
			d, err := s.classicBalancer(ctx, l)
			mu.Lock()
			defer mu.Unlock()
			drafts = append(drafts, d)
			return err
		})
		if err != nil {
			return err
		}
		for chunk := range slices.Chunk(drafts, 20) {
			if err := s.classicTags(ctx, chunk); err != nil {
				return err
			}
		}
		return nil
	})
}

// classicTags reads the tags of up to twenty balancers and writes them.
func (s *Scope) classicTags(ctx context.Context, drafts []*Draft) error {
	byName := map[string]*Draft{}
	var names []string
	for _, d := range drafts {
		byName[d.ID] = d
		names = append(names, d.ID)
	}
	err := elbDescribeTags.Batch(ctx, s, drafts, &elb.DescribeTagsInput{LoadBalancerNames: names}, func(out *elb.DescribeTagsOutput) error {
		for _, t := range out.TagDescriptions {
			if d := byName[aws.ToString(t.LoadBalancerName)]; d != nil {
				d.Tag(t.Tags)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if err := s.Put(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scope) classicBalancer(ctx context.Context, l types.LoadBalancerDescription) (*Draft, error) {
	name := aws.ToString(l.LoadBalancerName)
	arn := "arn:" + string(s.Partition) + ":elasticloadbalancing:" + string(s.Region) + ":" + string(s.Account) + ":loadbalancer/" + name
	d := s.Draft(classicBalancerType, name, arn, name).From(elbDescribeLoadBalancers.Operation, s)
	d.Fold(l, Folding{Drop: []string{"ListenerDescriptions", "Instances", "Policies"}})
	var instances []string
	for _, i := range l.Instances {
		instances = append(instances, aws.ToString(i.InstanceId))
	}
	d.Set("Instances", instances)
	var listeners []map[string]any
	encrypted := false
	for _, x := range l.ListenerDescriptions {
		if x.Listener == nil {
			continue
		}
		encrypted = encrypted || x.Listener.SSLCertificateId != nil
		m := map[string]any{"LoadBalancerPort": strconv.Itoa(int(x.Listener.LoadBalancerPort)), "InstancePort": strconv.Itoa(int(aws.ToInt32(x.Listener.InstancePort))),
			"Protocol": aws.ToString(x.Listener.Protocol)}
		set(m, "InstanceProtocol", aws.ToString(x.Listener.InstanceProtocol))
		set(m, "SSLCertificateId", aws.ToString(x.Listener.SSLCertificateId))
		if len(x.PolicyNames) > 0 {
			m["PolicyNames"] = plain(x.PolicyNames)
		}
		listeners = append(listeners, m)
	}
	d.Set("Listeners", listeners)
	if p := l.Policies; p != nil {
		d.Fit("AppCookieStickinessPolicy", p.AppCookieStickinessPolicies)
		d.Fit("LBCookieStickinessPolicy", p.LBCookieStickinessPolicies)
	}
	err := elbDescribeLoadBalancerAttributes.Get(ctx, s, d, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerName: &name}, func(out *elb.DescribeLoadBalancerAttributesOutput) error {
		classicAttributes(d, out.LoadBalancerAttributes)
		return nil
	})
	// Only the policies of encrypted listeners say something: which TLS they speak.
	if err != nil || !encrypted {
		return d, err
	}
	err = elbDescribeLoadBalancerPolicies.Get(ctx, s, d, &elb.DescribeLoadBalancerPoliciesInput{LoadBalancerName: &name}, func(out *elb.DescribeLoadBalancerPoliciesOutput) error {
		var policies []map[string]any
		for _, p := range out.PolicyDescriptions {
			attributes := []map[string]any{}
			for _, a := range p.PolicyAttributeDescriptions {
				attributes = append(attributes, map[string]any{"Name": aws.ToString(a.AttributeName), "Value": aws.ToString(a.AttributeValue)})
			}
			policies = append(policies, map[string]any{"PolicyName": aws.ToString(p.PolicyName), "PolicyType": aws.ToString(p.PolicyTypeName), "Attributes": attributes})
		}
		d.Set("Policies", policies)
		return nil
	})
	return d, err
}

func classicAttributes(d *Draft, a *types.LoadBalancerAttributes) {
	if a == nil {
		return
	}
	if x := a.AccessLog; x != nil {
		d.Set("AccessLoggingPolicy", map[string]any{"Enabled": x.Enabled})
		d.Set("AccessLoggingPolicy.S3BucketName", x.S3BucketName)
		d.Set("AccessLoggingPolicy.S3BucketPrefix", x.S3BucketPrefix)
		d.Set("AccessLoggingPolicy.EmitInterval", x.EmitInterval)
	}
	if x := a.ConnectionDraining; x != nil {
		d.Fit("ConnectionDrainingPolicy", x)
	}
	if x := a.ConnectionSettings; x != nil {
		d.Fit("ConnectionSettings", x)
	}
	if x := a.CrossZoneLoadBalancing; x != nil {
		d.Set("CrossZone", x.Enabled)
	}
	d.Observe("AdditionalAttributes", a.AdditionalAttributes)
}
