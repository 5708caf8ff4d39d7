package live

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

const (
	balancerType     = "AWS::ElasticLoadBalancingV2::LoadBalancer"
	listenerType     = "AWS::ElasticLoadBalancingV2::Listener"
	listenerRuleType = "AWS::ElasticLoadBalancingV2::ListenerRule"
	targetGroupType  = "AWS::ElasticLoadBalancingV2::TargetGroup"
	trustStoreType   = "AWS::ElasticLoadBalancingV2::TrustStore"
)

var (
	elbv2DescribeLoadBalancers = operation(elbv2.NewFromConfig, (*elbv2.Client).DescribeLoadBalancers, Declaration{
		Types: []string{balancerType}})
	elbv2DescribeLoadBalancerAttributes = operation(elbv2.NewFromConfig, (*elbv2.Client).DescribeLoadBalancerAttributes, Declaration{
		Per: balancerType, Fills: []string{"properties.LoadBalancerAttributes"}})
	elbv2DescribeListeners = operation(elbv2.NewFromConfig, (*elbv2.Client).DescribeListeners, Declaration{
		Per: balancerType, Types: []string{listenerType}})
	elbv2DescribeRules = operation(elbv2.NewFromConfig, (*elbv2.Client).DescribeRules, Declaration{
		Per: listenerType, Types: []string{listenerRuleType}})
	elbv2DescribeListenerCertificates = operation(elbv2.NewFromConfig, (*elbv2.Client).DescribeListenerCertificates, Declaration{
		Per: listenerType, Fills: []string{"properties.Certificates"}, Optional: true})
	elbv2DescribeTargetGroups = operation(elbv2.NewFromConfig, (*elbv2.Client).DescribeTargetGroups, Declaration{Optional: true,
		Types: []string{targetGroupType}})
	elbv2DescribeTargetGroupAttributes = operation(elbv2.NewFromConfig, (*elbv2.Client).DescribeTargetGroupAttributes, Declaration{
		Per: targetGroupType, Fills: []string{"properties.TargetGroupAttributes"}, Optional: true})
	elbv2DescribeTargetHealth = operation(elbv2.NewFromConfig, (*elbv2.Client).DescribeTargetHealth, Declaration{
		Per: targetGroupType, Fills: []string{"properties.Targets", "observed.TargetHealth"}})
	elbv2DescribeTags = operation(elbv2.NewFromConfig, (*elbv2.Client).DescribeTags, Declaration{
		Per: balancerType, Fills: []string{"tags"}})
	elbv2DescribeTrustStores = operation(elbv2.NewFromConfig, (*elbv2.Client).DescribeTrustStores, Declaration{
		Types: []string{trustStoreType}, Optional: true})
)

// elbv2Service reads application, network and gateway load balancers.
func elbv2Service() *Service {
	return &Service{
		Name: "elbv2", Title: "Elastic Load Balancing",
		Operations: []*Operation{elbv2DescribeLoadBalancers.Operation, elbv2DescribeLoadBalancerAttributes.Operation, elbv2DescribeListeners.Operation,
			elbv2DescribeRules.Operation, elbv2DescribeListenerCertificates.Operation, elbv2DescribeTargetGroups.Operation,
			elbv2DescribeTargetGroupAttributes.Operation, elbv2DescribeTargetHealth.Operation, elbv2DescribeTags.Operation, elbv2DescribeTrustStores.Operation},
		Collect: collectELBv2,
	}
}

// balancers is one region's read. A balancer with its listeners costs five or six
// calls, since AWS tells of one balancer or listener at a time; left out is what
// would be a call each and serves neither reachability nor a rule: the attributes
// of listeners, and of target groups behind application load balancers.
type balancers struct {
	*Scope

	mu sync.Mutex
	// mutual: a listener asks for client certificates.
	mutual bool
}

func collectELBv2(ctx context.Context, s *Scope) error {
	b := &balancers{Scope: s}
	// A page and its drafts are held until their tags are read: 100, not the
	// 400 that a page may have.
	some := false
	whole, err := elbv2DescribeLoadBalancers.ListAll(ctx, s, &elbv2.DescribeLoadBalancersInput{PageSize: aws.Int32(100)}, func(out *elbv2.DescribeLoadBalancersOutput) error {
		some = some || len(out.LoadBalancers) > 0
		var all []*Draft
		err := each(ctx, s, out.LoadBalancers, func(ctx context.Context, l types.LoadBalancer) error {
			drafts, err := b.balancer(ctx, l)
			b.mu.Lock()
			defer b.mu.Unlock()
			all = append(all, drafts...)
			return err
		})
		if err != nil {
			return err
		}
		return b.finish(ctx, all)
	})
	// Without a balancer nothing reaches a target group.
	if err != nil || whole && !some {
		return err
	}
	err = elbv2DescribeTargetGroups.List(ctx, s, &elbv2.DescribeTargetGroupsInput{PageSize: aws.Int32(100)}, func(out *elbv2.DescribeTargetGroupsOutput) error {
		var all []*Draft
		err := each(ctx, s, out.TargetGroups, func(ctx context.Context, g types.TargetGroup) error {
			d, err := b.targetGroup(ctx, g)
			b.mu.Lock()
			defer b.mu.Unlock()
			all = append(all, d)
			return err
		})
		if err != nil {
			return err
		}
		return b.finish(ctx, all)
	})
	if err != nil || !b.mutual {
		return err
	}
	return b.trustStores(ctx)
}

// finish reads the tags, twenty resources a call, and writes the resources.
func (b *balancers) finish(ctx context.Context, drafts []*Draft) error {
	// The order in which the calls came back must not decide what is asked.
	slices.SortFunc(drafts, func(a, c *Draft) int { return strings.Compare(a.ID, c.ID) })
	chunks := slices.Collect(slices.Chunk(drafts, 20))
	err := each(ctx, b.Scope, chunks, func(ctx context.Context, chunk []*Draft) error {
		arns, byARN := make([]string, 0, len(chunk)), make(map[string]*Draft, len(chunk))
		for _, d := range chunk {
			arns = append(arns, d.ARN)
			byARN[d.ARN] = d
		}
		return elbv2DescribeTags.Batch(ctx, b.Scope, chunk, &elbv2.DescribeTagsInput{ResourceArns: arns}, func(out *elbv2.DescribeTagsOutput) error {
			for _, t := range out.TagDescriptions {
				if d := byARN[aws.ToString(t.ResourceArn)]; d != nil {
					d.Tag(t.Tags)
				}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if err := b.Put(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// balancer reads one balancer and its listeners with their rules.
func (b *balancers) balancer(ctx context.Context, l types.LoadBalancer) ([]*Draft, error) {
	arn, name := aws.ToString(l.LoadBalancerArn), aws.ToString(l.LoadBalancerName)
	d := b.Draft(balancerType, arn, arn, name).From(elbv2DescribeLoadBalancers.Operation, b.Scope)
	d.Fold(l, Folding{Rename: map[string]string{"CanonicalHostedZoneId": "CanonicalHostedZoneID"}})
	d.Set("Name", name)
	var subnets []string
	var mappings []map[string]any
	fixed := false
	for _, z := range l.AvailabilityZones {
		subnets = append(subnets, aws.ToString(z.SubnetId))
		m := map[string]any{"SubnetId": aws.ToString(z.SubnetId)}
		for _, a := range z.LoadBalancerAddresses {
			fixed = true
			set(m, "AllocationId", aws.ToString(a.AllocationId))
			set(m, "PrivateIPv4Address", aws.ToString(a.PrivateIPv4Address))
			set(m, "IPv6Address", aws.ToString(a.IPv6Address))
		}
		mappings = append(mappings, m)
	}
	d.Set("Subnets", subnets)
	if fixed {
		d.Set("SubnetMappings", mappings)
	}
	err := elbv2DescribeLoadBalancerAttributes.Get(ctx, b.Scope, d, &elbv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &arn}, func(out *elbv2.DescribeLoadBalancerAttributesOutput) error {
		d.Fit("LoadBalancerAttributes", out.Attributes)
		return nil
	})
	drafts := []*Draft{d}
	if err != nil {
		return drafts, err
	}
	var listeners []types.Listener
	err = elbv2DescribeListeners.Get(ctx, b.Scope, d, &elbv2.DescribeListenersInput{LoadBalancerArn: &arn}, func(out *elbv2.DescribeListenersOutput) error {
		listeners = append(listeners, out.Listeners...)
		return nil
	})
	if err != nil {
		return drafts, err
	}
	for _, x := range listeners {
		more, err := b.listener(ctx, l, x)
		drafts = append(drafts, more...)
		if err != nil {
			return drafts, err
		}
	}
	return drafts, nil
}

const listenerAttributesNotRead = "Merlon does not ask for the attributes of listeners: that is a call for each"

func (b *balancers) listener(ctx context.Context, of types.LoadBalancer, l types.Listener) ([]*Draft, error) {
	arn := aws.ToString(l.ListenerArn)
	name := aws.ToString(of.LoadBalancerName) + ":" + strconv.Itoa(int(aws.ToInt32(l.Port)))
	d := b.Draft(listenerType, arn, arn, name).From(elbv2DescribeListeners.Operation, b.Scope)
	d.Fold(l, Folding{Drop: []string{"Certificates"}})
	d.UnknownBecause("properties.ListenerAttributes", listenerAttributesNotRead)
	if l.MutualAuthentication != nil && l.MutualAuthentication.TrustStoreArn != nil {
		b.mu.Lock()
		b.mutual = true
		b.mu.Unlock()
	}
	drafts := []*Draft{d}
	if l.Protocol == types.ProtocolEnumHttps || l.Protocol == types.ProtocolEnumTls {
		if err := b.certificates(ctx, d, l.Certificates); err != nil {
			return drafts, err
		}
	}
	// The listeners of the others have no rules beside the default actions.
	if of.Type != types.LoadBalancerTypeEnumApplication {
		return drafts, nil
	}
	err := elbv2DescribeRules.Get(ctx, b.Scope, d, &elbv2.DescribeRulesInput{ListenerArn: &arn}, func(out *elbv2.DescribeRulesOutput) error {
		for _, r := range out.Rules {
			if aws.ToBool(r.IsDefault) {
				continue // the listener's DefaultActions
			}
			id := aws.ToString(r.RuleArn)
			x := b.Draft(listenerRuleType, id, id, name+" rule "+aws.ToString(r.Priority)).From(elbv2DescribeRules.Operation, b.Scope)
			x.Fold(r, Folding{})
			x.Set("ListenerArn", arn)
			drafts = append(drafts, x)
		}
		return nil
	})
	return drafts, err
}

// certificates adds those that a listener presents by the client's server name to
// its default one. Known is the whole list or nothing.
func (b *balancers) certificates(ctx context.Context, listener *Draft, all []types.Certificate) error {
	return elbv2DescribeListenerCertificates.Get(ctx, b.Scope, listener, &elbv2.DescribeListenerCertificatesInput{ListenerArn: &listener.ID}, func(out *elbv2.DescribeListenerCertificatesOutput) error {
		for _, c := range out.Certificates {
			if !aws.ToBool(c.IsDefault) {
				all = append(all, c)
			}
		}
		if out.NextMarker == nil {
			listener.Fit("Certificates", all)
		}
		return nil
	})
}

const targetAttributesNotRead = "Merlon does not ask for the attributes of a target group behind an application load balancer: that is a call for each"

func (b *balancers) targetGroup(ctx context.Context, g types.TargetGroup) (*Draft, error) {
	arn, name := aws.ToString(g.TargetGroupArn), aws.ToString(g.TargetGroupName)
	d := b.Draft(targetGroupType, arn, arn, name).From(elbv2DescribeTargetGroups.Operation, b.Scope)
	d.Fold(g, Folding{})
	d.Set("Name", name)
	err := elbv2DescribeTargetHealth.Get(ctx, b.Scope, d, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &arn}, func(out *elbv2.DescribeTargetHealthOutput) error {
		var targets []types.TargetDescription
		for _, h := range out.TargetHealthDescriptions {
			if h.Target != nil {
				targets = append(targets, *h.Target)
			}
		}
		d.Fit("Targets", targets)
		d.Observe("TargetHealth", out.TargetHealthDescriptions)
		return nil
	})
	if err != nil {
		return d, err
	}
	// Of a network or gateway load balancer's group they say whether the target
	// sees the client's address.
	if g.Protocol == types.ProtocolEnumHttp || g.Protocol == types.ProtocolEnumHttps || g.TargetType == types.TargetTypeEnumLambda {
		d.UnknownBecause("properties.TargetGroupAttributes", targetAttributesNotRead)
		return d, nil
	}
	err = elbv2DescribeTargetGroupAttributes.Get(ctx, b.Scope, d, &elbv2.DescribeTargetGroupAttributesInput{TargetGroupArn: &arn}, func(out *elbv2.DescribeTargetGroupAttributesOutput) error {
		d.Fit("TargetGroupAttributes", out.Attributes)
		return nil
	})
	return d, err
}

func (b *balancers) trustStores(ctx context.Context) error {
	return elbv2DescribeTrustStores.List(ctx, b.Scope, &elbv2.DescribeTrustStoresInput{PageSize: aws.Int32(400)}, func(out *elbv2.DescribeTrustStoresOutput) error {
		for _, t := range out.TrustStores {
			arn := aws.ToString(t.TrustStoreArn)
			d := b.Draft(trustStoreType, arn, arn, aws.ToString(t.Name)).From(elbv2DescribeTrustStores.Operation, b.Scope)
			d.Fold(t, Folding{})
			if err := b.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
