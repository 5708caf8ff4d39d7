package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
)

const testHub = "arn:aws:securityhub:eu-west-1:111122223333:hub/default"

func securityhubFake() *fake {
	f := &fake{}
	answer(f, securityhubDescribeHub, func(p Place, _ *securityhub.DescribeHubInput) (*securityhub.DescribeHubOutput, error) {
		if p.Region != "eu-west-1" {
			return nil, apiErrorText("InvalidAccessException", "Account 111122223333 is not subscribed to AWS Security Hub")
		}
		return &securityhub.DescribeHubOutput{HubArn: aws.String(testHub), AutoEnableControls: aws.Bool(true), ControlFindingGenerator: types.ControlFindingGeneratorSecurityControl, SubscribedAt: aws.String("2025-01-02T03:04:05.000Z")}, nil
	})
	says(f, securityhubGetStandards, &securityhub.GetEnabledStandardsOutput{StandardsSubscriptions: []types.StandardsSubscription{{
		StandardsArn: aws.String("arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0"), StandardsStatus: types.StandardsStatusReady,
		StandardsSubscriptionArn: aws.String("arn:aws:securityhub:eu-west-1:111122223333:subscription/cis/v/1.2.0")}}})
	fails(f, securityhubDescribeOrganization, "InvalidAccessException: Account 111122223333 is not an administrator for this organization")
	says(f, securityhubListAggregators, &securityhub.ListFindingAggregatorsOutput{FindingAggregators: []types.FindingAggregator{
		{FindingAggregatorArn: aws.String("arn:aws:securityhub:eu-west-1:111122223333:finding-aggregator/1")},
		{FindingAggregatorArn: aws.String("arn:aws:securityhub:us-east-1:111122223333:finding-aggregator/2")}}})
	says(f, securityhubGetAggregator, &securityhub.GetFindingAggregatorOutput{RegionLinkingMode: aws.String("ALL_REGIONS"), FindingAggregationRegion: aws.String("eu-west-1")})
	return f
}

func TestSecurityHub(t *testing.T) {
	c := collect(t, securityhubFake(), securityhubService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	c.hold(t, []fact{
		{hubType, testHub, way("properties"), map[string]any{"ARN": testHub, "AutoEnableControls": true, "ControlFindingGenerator": "SECURITY_CONTROL", "SubscribedAt": "2025-01-02T03:04:05.000Z"}},
		{hubType, testHub, way("observed"), map[string]any{}},
		{standardType, "arn:aws:securityhub:eu-west-1:111122223333:subscription/cis/v/1.2.0", way("observed", "StandardsStatus"), "READY"},
		{findingAggregatorType, "arn:aws:securityhub:eu-west-1:111122223333:finding-aggregator/1", way("properties", "RegionLinkingMode"), "ALL_REGIONS"},
	})
	if n := c.cost()["securityhub:GetFindingAggregator"]; n != 1 {
		t.Errorf("the aggregator of another region is read there: %d", n)
	}
	// Not enabled is a fact.
	if cover := c.snapshot.Coverage(hubType, "111122223333", "us-east-1"); !cover.Complete {
		t.Errorf("coverage where it is not enabled: %+v", cover)
	}
}

// TestSecurityHubDenied: one code for "not enabled" and for "not allowed".
func TestSecurityHubDenied(t *testing.T) {
	f := securityhubFake()
	fails(f, securityhubDescribeHub, "InvalidAccessException: The account does not have permission to perform this action")
	c := collect(t, f, securityhubService())
	if cover := c.snapshot.Coverage(hubType, "111122223333", "eu-west-1"); len(c.gaps) != 2 || cover.Complete {
		t.Errorf("a denial must not look like \"not enabled\": %+v, gaps %+v", cover, c.gaps)
	}
	f = securityhubFake()
	fails(f, securityhubGetAdministrator, "AccessDeniedException")
	c = collect(t, f, securityhubService())
	c.hold(t, []fact{{hubType, testHub, way("unknowns", "/observed/Administrator"), "securityhub:GetAdministratorAccount on " + testHub + " was denied (AccessDeniedException)"}})
}
