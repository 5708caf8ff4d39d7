package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

const (
	eventBusType      = "AWS::Events::EventBus"
	eventRuleType     = "AWS::Events::Rule"
	eventEndpointType = "AWS::Events::Endpoint"
	eventsPage        = 100
)

var (
	eventsListBuses = operation(eventbridge.NewFromConfig, (*eventbridge.Client).ListEventBuses, Declaration{
		Types: []string{eventBusType, eventRuleType}})
	eventsListRules = operation(eventbridge.NewFromConfig, (*eventbridge.Client).ListRules, Declaration{
		Per: eventBusType, Key: []string{"EventBusName"}, Types: []string{eventRuleType}})
	eventsListTargets = operation(eventbridge.NewFromConfig, (*eventbridge.Client).ListTargetsByRule, Declaration{
		Per: eventRuleType, Key: []string{"Rule", "EventBusName"}, Fills: []string{"properties.Targets"}, Optional: true})
	eventsListEndpoints = operation(eventbridge.NewFromConfig, (*eventbridge.Client).ListEndpoints, Declaration{
		Types: []string{eventEndpointType}, Optional: true})
)

func eventbridgeService() *Service {
	return &Service{
		Name: "eventbridge", Title: "EventBridge",
		Operations: []*Operation{eventsListBuses.Operation, eventsListRules.Operation, eventsListTargets.Operation, eventsListEndpoints.Operation},
		Collect:    collectEventBridge,
	}
}

func collectEventBridge(ctx context.Context, s *Scope) error {
	buses := 0
	whole, err := eventsListBuses.ListAll(ctx, s, &eventbridge.ListEventBusesInput{Limit: aws.Int32(eventsPage)}, func(out *eventbridge.ListEventBusesOutput) error {
		buses += len(out.EventBuses)
		return each(ctx, s, out.EventBuses, s.eventBus)
	})
	if err != nil {
		return err
	}
	if whole && buses < 2 {
		// A global endpoint stands in front of a bus and its twin in another region.
		return s.Outside(ctx, []string{eventEndpointType}, "EventBridge has only its default bus in "+string(s.Region)+": global endpoints were not asked for")
	}
	return eventsListEndpoints.List(ctx, s, &eventbridge.ListEndpointsInput{MaxResults: aws.Int32(eventsPage)}, func(out *eventbridge.ListEndpointsOutput) error {
		for _, e := range out.Endpoints {
			d := s.Draft(eventEndpointType, aws.ToString(e.Name), aws.ToString(e.Arn), aws.ToString(e.Name)).From(eventsListEndpoints.Operation, s)
			d.Fold(e, Folding{})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Scope) eventBus(ctx context.Context, b types.EventBus) error {
	name := aws.ToString(b.Name)
	d := s.Draft(eventBusType, name, aws.ToString(b.Arn), name).From(eventsListBuses.Operation, s)
	d.Fold(b, Folding{Drop: []string{"Policy"}})
	d.SetDocument("Policy", b.Policy)
	d.notAsked("tags", "properties.KmsKeyIdentifier", "properties.DeadLetterConfig", "properties.LogConfig")
	err := eventsListRules.Pages(ctx, s, d, &eventbridge.ListRulesInput{EventBusName: &name, Limit: aws.Int32(eventsPage)}, func(out *eventbridge.ListRulesOutput) error {
		return each(ctx, s, out.Rules, s.eventRule)
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}

// eventRule reads a rule. Its targets take a call; those of the rules that AWS's
// services make for themselves tell nothing new.
func (s *Scope) eventRule(ctx context.Context, r types.Rule) error {
	d := s.Draft(eventRuleType, aws.ToString(r.Arn), aws.ToString(r.Arn), aws.ToString(r.Name)).From(eventsListRules.Operation, s)
	d.Fold(r, Folding{Drop: []string{"EventPattern"}})
	d.SetDocument("EventPattern", r.EventPattern)
	d.notAsked("tags")
	if aws.ToString(r.ManagedBy) != "" {
		d.UnknownBecause("properties.Targets", "Merlon does not ask for the targets of rules that AWS's services manage")
		return s.Put(ctx, d)
	}
	var targets []types.Target
	err := eventsListTargets.Pages(ctx, s, d, &eventbridge.ListTargetsByRuleInput{Rule: r.Name, EventBusName: r.EventBusName, Limit: aws.Int32(eventsPage)}, func(out *eventbridge.ListTargetsByRuleOutput) error {
		for _, t := range out.Targets {
			targets = append(targets, withoutSecrets(t))
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.Fit("Targets", targets)
	return s.Put(ctx, d)
}

// withoutSecrets hides what a target is sent: constants and headers may hold passwords.
func withoutSecrets(t types.Target) types.Target {
	hide := func(p *string) *string {
		if p == nil {
			return nil
		}
		return aws.String(redacted)
	}
	t.Input = hide(t.Input)
	if t.InputTransformer != nil {
		x := *t.InputTransformer
		x.InputTemplate = hide(x.InputTemplate)
		t.InputTransformer = &x
	}
	if t.HttpParameters != nil {
		x := *t.HttpParameters
		x.HeaderParameters = hideValues(x.HeaderParameters)
		x.QueryStringParameters = hideValues(x.QueryStringParameters)
		x.PathParameterValues = nil
		t.HttpParameters = &x
	}
	if t.RedshiftDataParameters != nil {
		x := *t.RedshiftDataParameters
		x.Sql, x.Sqls = hide(x.Sql), nil
		t.RedshiftDataParameters = &x
	}
	if t.RunCommandParameters != nil || t.SageMakerPipelineParameters != nil {
		t.RunCommandParameters, t.SageMakerPipelineParameters = nil, nil
	}
	return t
}

// hideValues keeps the keys.
func hideValues(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k := range m {
		out[k] = redacted
	}
	return out
}
