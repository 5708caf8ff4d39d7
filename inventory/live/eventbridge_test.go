package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cloudformationtypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

const (
	ownRule     = "arn:aws:events:eu-west-1:111122223333:rule/partner/own"
	managedRule = "arn:aws:events:eu-west-1:111122223333:rule/AutoScalingManagedRule"
)

func eventbridgeFake() *fake {
	f := &fake{}
	says(f, eventsListBuses, &eventbridge.ListEventBusesOutput{EventBuses: []types.EventBus{
		{Name: aws.String("default"), Arn: aws.String("arn:aws:events:eu-west-1:111122223333:event-bus/default")},
		{Name: aws.String("partner"), Arn: aws.String("arn:aws:events:eu-west-1:111122223333:event-bus/partner"), Policy: aws.String(openPolicy)}}})
	answer(f, eventsListRules, func(_ Place, in *eventbridge.ListRulesInput) (*eventbridge.ListRulesOutput, error) {
		if *in.EventBusName == "default" {
			return &eventbridge.ListRulesOutput{Rules: []types.Rule{{Name: aws.String("AutoScalingManagedRule"), Arn: aws.String(managedRule), EventBusName: in.EventBusName, ManagedBy: aws.String("autoscaling.amazonaws.com"), State: types.RuleStateEnabled}}}, nil
		}
		return &eventbridge.ListRulesOutput{Rules: []types.Rule{{Name: aws.String("own"), Arn: aws.String(ownRule), EventBusName: in.EventBusName, EventPattern: aws.String(`{"source":["aws.guardduty"],"x":[]}`), State: types.RuleStateEnabled}}}, nil
	})
	says(f, eventsListTargets, &eventbridge.ListTargetsByRuleOutput{Targets: []types.Target{{Id: aws.String("1"), Arn: aws.String(alertsTopic), RoleArn: aws.String("arn:aws:iam::111122223333:role/r"),
		Input: aws.String(`{"password":"hidden1"}`), HttpParameters: &types.HttpParameters{HeaderParameters: map[string]string{"X-Key": "hidden2"}, PathParameterValues: []string{"hidden3"}},
		InputTransformer:       &types.InputTransformer{InputTemplate: aws.String("hidden4"), InputPathsMap: map[string]string{"a": "$.a"}},
		RedshiftDataParameters: &types.RedshiftDataParameters{Database: aws.String("db"), Sql: aws.String("hidden5")}}}})
	says(f, eventsListEndpoints, &eventbridge.ListEndpointsOutput{Endpoints: []types.Endpoint{{Name: aws.String("orders"), Arn: aws.String("arn:aws:events:eu-west-1:111122223333:endpoint/orders"),
		EventBuses:        []types.EndpointEventBus{{EventBusArn: aws.String("arn:aws:events:eu-west-1:111122223333:event-bus/partner")}},
		RoutingConfig:     &types.RoutingConfig{FailoverConfig: &types.FailoverConfig{Primary: &types.Primary{HealthCheck: aws.String("h")}, Secondary: &types.Secondary{Route: aws.String("us-east-1")}}},
		ReplicationConfig: &types.ReplicationConfig{State: types.ReplicationStateDisabled}}}})
	return f
}

func TestEventBridge(t *testing.T) {
	c := collect(t, eventbridgeFake(), eventbridgeService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	c.hold(t, []fact{
		{eventBusType, "partner", way("properties", "Policy", "Statement", 0, "Principal"), "*"},
		{eventBusType, "default", way("properties", "Policy"), nil},
		{eventRuleType, ownRule, way("properties", "EventPattern"), map[string]any{"source": []any{"aws.guardduty"}, "x": []any{}}},
		{eventRuleType, ownRule, way("properties", "Targets", 0), map[string]any{"Id": "1", "Arn": alertsTopic, "RoleArn": "arn:aws:iam::111122223333:role/r", "Input": "REDACTED",
			"HttpParameters":         map[string]any{"HeaderParameters": map[string]any{"X-Key": "REDACTED"}},
			"InputTransformer":       map[string]any{"InputTemplate": "REDACTED", "InputPathsMap": map[string]any{"a": "$.a"}},
			"RedshiftDataParameters": map[string]any{"Database": "db", "Sql": "REDACTED", "WithEvent": false}}},
		{eventRuleType, managedRule, way("observed", "ManagedBy"), "autoscaling.amazonaws.com"},
		{eventRuleType, managedRule, way("unknowns", "/properties/Targets"), "Merlon does not ask for the targets of rules that AWS's services manage"},
		{eventEndpointType, "orders", way("properties", "ReplicationConfig", "State"), "DISABLED"},
	})
	noneOf(t, c, "hidden", "aws.guardduty")
	if n := c.cost()["events:ListTargetsByRule"]; n != 1 {
		t.Errorf("targets of %d rules were asked for", n)
	}
}

func TestEventBridgeGaps(t *testing.T) {
	f := eventbridgeFake()
	fails(f, eventsListRules, "AccessDeniedException")
	c := collect(t, f, eventbridgeService())
	if len(c.gaps) != 2 {
		t.Errorf("one gap a bus: %+v", c.gaps)
	}
	if _, unknowns := relatedUnknown(t, c, c.subject(t, eventBusType, "partner"), "rules"); len(unknowns) == 0 {
		t.Error("the rules of a bus that could not be listed must be unknown")
	}
	f = eventbridgeFake()
	fails(f, eventsListTargets, "AccessDeniedException")
	c = collect(t, f, eventbridgeService())
	if u := at(c.one(t, eventRuleType, ownRule), "unknowns").(map[string]any); u["/properties/Targets"] == nil {
		t.Errorf("unknowns of a rule whose targets may not be read: %v", u)
	}
}

func TestCloudFormation(t *testing.T) {
	const root, nested = "arn:aws:cloudformation:eu-west-1:111122223333:stack/app/1", "arn:aws:cloudformation:eu-west-1:111122223333:stack/app-db/2"
	f := &fake{}
	answer(f, cloudformationListStacks, func(p Place, in *cloudformation.DescribeStacksInput) (*cloudformation.DescribeStacksOutput, error) {
		if p.Region != "eu-west-1" {
			return &cloudformation.DescribeStacksOutput{}, nil
		}
		app := cloudformationtypes.Stack{StackId: aws.String(root), StackName: aws.String("app"), StackStatus: cloudformationtypes.StackStatusCreateComplete, CreationTime: &fakeNow, LastUpdatedTime: &fakeNow,
			RoleARN: aws.String("arn:aws:iam::111122223333:role/deploy"), Tags: []cloudformationtypes.Tag{{Key: aws.String("env"), Value: aws.String("prod")}},
			DriftInformation: &cloudformationtypes.StackDriftInformation{StackDriftStatus: cloudformationtypes.StackDriftStatusDrifted},
			Parameters:       []cloudformationtypes.Parameter{{ParameterKey: aws.String("Password"), ParameterValue: aws.String("hidden1")}},
			Outputs: []cloudformationtypes.Output{{OutputKey: aws.String("Key"), OutputValue: aws.String("hidden2"), ExportName: aws.String("app-key")},
				{OutputKey: aws.String("BootstrapVersion"), OutputValue: aws.String("21")}}}
		if in.StackName != nil {
			app.EnableTerminationProtection = aws.Bool(true)
			return &cloudformation.DescribeStacksOutput{Stacks: []cloudformationtypes.Stack{app}}, nil
		}
		return &cloudformation.DescribeStacksOutput{Stacks: []cloudformationtypes.Stack{app,
			{StackId: aws.String(nested), StackName: aws.String("app-db"), StackStatus: cloudformationtypes.StackStatusCreateComplete, CreationTime: &fakeNow, ParentId: aws.String(root), RootId: aws.String(root)}}}, nil
	})
	c := collect(t, f, cloudformationService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	c.hold(t, []fact{
		{stackType, root, way("name"), "app"},
		{stackType, root, way("tags", "env"), "prod"},
		{stackType, root, way("properties", "Parameters"), map[string]any{"Password": "REDACTED"}},
		{stackType, root, way("properties", "Outputs", 0), map[string]any{"OutputKey": "Key", "OutputValue": "REDACTED", "ExportName": "app-key"}},
		{stackType, root, way("properties", "LastUpdateTime"), "2026-01-02T03:04:05Z"},
		{stackType, root, way("observed", "DriftInformation", "StackDriftStatus"), "DRIFTED"},
		{stackType, root, way("observed", "EnableTerminationProtection"), true},
		{stackType, root, way("observed", "BootstrapVersion"), 21.0},
		{stackType, nested, way("observed", "EnableTerminationProtection"), nil},
	})
	noneOf(t, c, "hidden", "app-key")
	if n := c.cost()["cloudformation:DescribeStacks"]; n != 3 {
		t.Errorf("%d calls for two regions and one stack of its own", n)
	}
	if n := len(related(t, c, c.subject(t, stackType, root), "nested")); n != 1 {
		t.Errorf("%d nested stacks", n)
	}
}
