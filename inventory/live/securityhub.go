package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"

	"merlon.dev/merlon"
)

const (
	hubType               = "AWS::SecurityHub::Hub"
	standardType          = "AWS::SecurityHub::Standard"
	findingAggregatorType = "AWS::SecurityHub::FindingAggregator"
)

// Security Hub has one code for "not enabled", "not the administrator" and "not
// allowed"; its message says which.
const securityhubErrors = "https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DescribeHub.html (read 2026-11-24)"

var (
	securityhubDescribeHub = operation(securityhub.NewFromConfig, (*securityhub.Client).DescribeHub, Declaration{
		Types: []string{hubType, standardType, findingAggregatorType}, Absent: []string{"InvalidAccessException: is not subscribed to AWS Security Hub"}, Source: securityhubErrors})
	securityhubGetStandards = operation(securityhub.NewFromConfig, (*securityhub.Client).GetEnabledStandards, Declaration{
		Per: hubType, Types: []string{standardType}})
	securityhubGetAdministrator = operation(securityhub.NewFromConfig, (*securityhub.Client).GetAdministratorAccount, Declaration{
		Per: hubType, Fills: []string{"observed.Administrator"}})
	securityhubDescribeOrganization = operation(securityhub.NewFromConfig, (*securityhub.Client).DescribeOrganizationConfiguration, Declaration{
		Per: hubType, Fills: []string{"observed.OrganizationConfiguration"}, Optional: true,
		Absent: []string{"InvalidAccessException: is not an administrator for this organization"}, Source: securityhubErrors})
	securityhubListAggregators = operation(securityhub.NewFromConfig, (*securityhub.Client).ListFindingAggregators, Declaration{
		Per: hubType, Types: []string{findingAggregatorType}})
	securityhubGetAggregator = operation(securityhub.NewFromConfig, (*securityhub.Client).GetFindingAggregator, Declaration{
		Per: findingAggregatorType, Fills: []string{"properties.RegionLinkingMode", "properties.Regions", "properties.FindingAggregationRegion"}})
)

func securityhubService() *Service {
	return &Service{
		Name: "securityhub", Title: "Security Hub",
		Operations: []*Operation{securityhubDescribeHub.Operation, securityhubGetStandards.Operation, securityhubGetAdministrator.Operation,
			securityhubDescribeOrganization.Operation, securityhubListAggregators.Operation, securityhubGetAggregator.Operation},
		Collect: collectSecurityHub,
	}
}

func collectSecurityHub(ctx context.Context, s *Scope) error {
	return securityhubDescribeHub.List(ctx, s, &securityhub.DescribeHubInput{}, func(out *securityhub.DescribeHubOutput) error {
		arn := aws.ToString(out.HubArn)
		if arn == "" {
			return nil
		}
		d := s.Draft(hubType, arn, arn, "Security Hub").From(securityhubDescribeHub.Operation, s)
		d.Fold(out, Folding{Rename: map[string]string{"HubArn": "ARN"}})
		d.notAsked("tags")
		steps := []func() error{
			func() error { return s.securityhubStandards(ctx, d) },
			func() error { return s.securityhubOrganization(ctx, d) },
			func() error { return s.securityhubAggregators(ctx, d) },
		}
		if err := each(ctx, s, steps, func(_ context.Context, step func() error) error { return step() }); err != nil {
			return err
		}
		return s.Put(ctx, d)
	})
}

func (s *Scope) securityhubStandards(ctx context.Context, hub *Draft) error {
	return securityhubGetStandards.Pages(ctx, s, hub, &securityhub.GetEnabledStandardsInput{}, func(out *securityhub.GetEnabledStandardsOutput) error {
		for _, st := range out.StandardsSubscriptions {
			arn := aws.ToString(st.StandardsSubscriptionArn)
			d := s.Draft(standardType, arn, arn, aws.ToString(st.StandardsArn)).From(securityhubGetStandards.Operation, s)
			d.Fold(st, Folding{})
			d.notAsked("properties.DisabledStandardsControls")
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// securityhubOrganization finds the account that administers this one, or what
// this one sets for the organization.
func (s *Scope) securityhubOrganization(ctx context.Context, hub *Draft) error {
	alone := false
	err := securityhubGetAdministrator.Get(ctx, s, hub, &securityhub.GetAdministratorAccountInput{}, func(out *securityhub.GetAdministratorAccountOutput) error {
		if a := out.Administrator; a != nil && aws.ToString(a.AccountId) != "" {
			hub.Observe("Administrator", a)
		} else {
			alone = true
		}
		return nil
	})
	if err != nil || !alone {
		return err
	}
	return securityhubDescribeOrganization.Get(ctx, s, hub, &securityhub.DescribeOrganizationConfigurationInput{}, func(out *securityhub.DescribeOrganizationConfigurationOutput) error {
		hub.Observe("OrganizationConfiguration", map[string]any{"AutoEnable": aws.ToBool(out.AutoEnable), "AutoEnableStandards": string(out.AutoEnableStandards),
			"MemberAccountLimitReached": aws.ToBool(out.MemberAccountLimitReached)})
		hub.Observe("OrganizationConfiguration.Central", out.OrganizationConfiguration)
		return nil
	})
}

// securityhubAggregators reads the aggregator in its home region; the linked
// regions list it too.
func (s *Scope) securityhubAggregators(ctx context.Context, hub *Draft) error {
	return securityhubListAggregators.Pages(ctx, s, hub, &securityhub.ListFindingAggregatorsInput{}, func(out *securityhub.ListFindingAggregatorsOutput) error {
		for _, a := range out.FindingAggregators {
			arn := aws.ToString(a.FindingAggregatorArn)
			if p, err := merlon.ParseARN(arn); err != nil || p.Region != s.Region {
				continue
			}
			d := s.Draft(findingAggregatorType, arn, arn, "finding aggregator").From(securityhubListAggregators.Operation, s)
			d.Set("FindingAggregatorArn", arn)
			err := securityhubGetAggregator.Get(ctx, s, d, &securityhub.GetFindingAggregatorInput{FindingAggregatorArn: &arn}, func(out *securityhub.GetFindingAggregatorOutput) error {
				d.Fold(out, Folding{})
				return nil
			})
			if err != nil {
				return err
			}
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
