package live

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"
)

const (
	detectorType              = "AWS::GuardDuty::Detector"
	guarddutyMasterType       = "AWS::GuardDuty::Master"
	guarddutyMemberType       = "AWS::GuardDuty::Member"
	guarddutyDestinationType  = "AWS::GuardDuty::PublishingDestination"
	guarddutyMembersPage      = 50
	guarddutyStatisticsGroups = 100
)

var (
	guarddutyListDetectors = operation(guardduty.NewFromConfig, (*guardduty.Client).ListDetectors, Declaration{
		Types: []string{detectorType, guarddutyMasterType, guarddutyMemberType, guarddutyDestinationType}})
	guarddutyGetDetector = operation(guardduty.NewFromConfig, (*guardduty.Client).GetDetector, Declaration{
		Per: detectorType, Key: []string{"DetectorId"}, Fills: []string{"properties.Enable", "properties.Features", "properties.FindingPublishingFrequency", "tags",
			"observed.Status", "observed.ServiceRole", "observed.CreatedAt", "observed.UpdatedAt"}})
	guarddutyGetAdministrator = operation(guardduty.NewFromConfig, (*guardduty.Client).GetAdministratorAccount, Declaration{
		Per: detectorType, Key: []string{"DetectorId"}, Types: []string{guarddutyMasterType}})
	guarddutyGetStatistics = operation(guardduty.NewFromConfig, (*guardduty.Client).GetFindingsStatistics, Declaration{
		Per: detectorType, Key: []string{"DetectorId"}, Fills: []string{"observed.Findings"}})
	guarddutyListDestinations = operation(guardduty.NewFromConfig, (*guardduty.Client).ListPublishingDestinations, Declaration{
		Per: detectorType, Key: []string{"DetectorId"}, Types: []string{guarddutyDestinationType}})
	guarddutyDescribeDestination = operation(guardduty.NewFromConfig, (*guardduty.Client).DescribePublishingDestination, Declaration{
		Per: guarddutyDestinationType, Key: []string{"DetectorId", "DestinationId"}, Fills: []string{"properties.DestinationProperties", "properties.PublishingFailureStartTimestamp", "tags"}})
	guarddutyListMembers = operation(guardduty.NewFromConfig, (*guardduty.Client).ListMembers, Declaration{
		Per: detectorType, Key: []string{"DetectorId"}, Types: []string{guarddutyMemberType}, Optional: true})
	guarddutyDescribeOrganization = operation(guardduty.NewFromConfig, (*guardduty.Client).DescribeOrganizationConfiguration, Declaration{
		Per: detectorType, Key: []string{"DetectorId"}, Fills: []string{"observed.OrganizationConfiguration"}, Optional: true})
)

func guarddutyService() *Service {
	return &Service{
		Name: "guardduty", Title: "GuardDuty",
		Operations: []*Operation{guarddutyListDetectors.Operation, guarddutyGetDetector.Operation, guarddutyGetAdministrator.Operation,
			guarddutyGetStatistics.Operation, guarddutyListDestinations.Operation, guarddutyDescribeDestination.Operation,
			guarddutyListMembers.Operation, guarddutyDescribeOrganization.Operation},
		Collect: collectGuardDuty,
	}
}

func collectGuardDuty(ctx context.Context, s *Scope) error {
	return guarddutyListDetectors.List(ctx, s, &guardduty.ListDetectorsInput{}, func(out *guardduty.ListDetectorsOutput) error {
		return each(ctx, s, out.DetectorIds, s.detector)
	})
}

// detector reads one detector; a region has one at most.
func (s *Scope) detector(ctx context.Context, id string) error {
	arn := "arn:" + string(s.Partition) + ":guardduty:" + string(s.Region) + ":" + string(s.Account) + ":detector/" + id
	d := s.Draft(detectorType, id, arn, id).From(guarddutyListDetectors.Operation, s)
	d.Set("Id", id)
	steps := []func() error{
		func() error {
			return guarddutyGetDetector.Get(ctx, s, d, &guardduty.GetDetectorInput{DetectorId: &id}, func(out *guardduty.GetDetectorOutput) error {
				d.Set("Enable", out.Status == types.DetectorStatusEnabled)
				d.Fit("Features", detectorFeatures(out.Features))
				// What DataSources tells stands in the features too:
				// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-feature-object-api-changes-march2023.html (read 2026-11-24).
				d.Fold(out, Folding{Drop: []string{"Features", "DataSources"}})
				return nil
			})
		},
		func() error { return s.guarddutyOrganization(ctx, d) },
		func() error { return s.guarddutyFindings(ctx, d) },
		func() error { return s.guarddutyDestinations(ctx, d) },
	}
	if err := each(ctx, s, steps, func(_ context.Context, step func() error) error { return step() }); err != nil {
		return err
	}
	return s.Put(ctx, d)
}

// detectorFeatures leaves out when each feature was last changed.
func detectorFeatures(features []types.DetectorFeatureConfigurationResult) []map[string]any {
	var out []map[string]any
	for _, f := range features {
		m := map[string]any{"Name": string(f.Name), "Status": string(f.Status)}
		var more []any
		for _, a := range f.AdditionalConfiguration {
			more = append(more, map[string]any{"Name": string(a.Name), "Status": string(a.Status)})
		}
		if more != nil {
			m["AdditionalConfiguration"] = more
		}
		out = append(out, m)
	}
	return out
}

// guarddutyOrganization finds the account that administers this one, or, where
// there is none, the members that this one administers.
func (s *Scope) guarddutyOrganization(ctx context.Context, d *Draft) error {
	alone := false
	err := guarddutyGetAdministrator.Get(ctx, s, d, &guardduty.GetAdministratorAccountInput{DetectorId: &d.ID}, func(out *guardduty.GetAdministratorAccountOutput) error {
		a := out.Administrator
		if a == nil || aws.ToString(a.AccountId) == "" {
			alone = true
			return nil
		}
		m := s.Draft(guarddutyMasterType, d.ID+"|"+*a.AccountId, "", *a.AccountId).From(guarddutyGetAdministrator.Operation, s)
		m.Set("DetectorId", d.ID)
		m.Set("MasterId", a.AccountId)
		m.Fold(a, Folding{Drop: []string{"AccountId"}})
		return s.Put(ctx, m)
	})
	if err != nil || !alone {
		return err
	}
	members := 0
	err = guarddutyListMembers.Pages(ctx, s, d, &guardduty.ListMembersInput{DetectorId: &d.ID, MaxResults: aws.Int32(guarddutyMembersPage), OnlyAssociated: aws.String("true")},
		func(out *guardduty.ListMembersOutput) error {
			for _, member := range out.Members {
				members++
				id := aws.ToString(member.AccountId)
				m := s.Draft(guarddutyMemberType, d.ID+"|"+id, "", id).From(guarddutyListMembers.Operation, s)
				m.Set("DetectorId", d.ID)
				m.Set("MemberId", id)
				m.Set("Status", member.RelationshipStatus)
				m.Set("Email", member.Email)
				m.Observe("MemberDetectorId", member.DetectorId)
				if err := s.Put(ctx, m); err != nil {
					return err
				}
			}
			return nil
		})
	if err != nil || members == 0 {
		return err
	}
	return guarddutyDescribeOrganization.Get(ctx, s, d, &guardduty.DescribeOrganizationConfigurationInput{DetectorId: &d.ID}, func(out *guardduty.DescribeOrganizationConfigurationOutput) error {
		d.Observe("OrganizationConfiguration.AutoEnableOrganizationMembers", out.AutoEnableOrganizationMembers)
		d.Observe("OrganizationConfiguration.MemberAccountLimitReached", out.MemberAccountLimitReached)
		d.Observe("OrganizationConfiguration.Features", out.Features)
		return nil
	})
}

// guarddutyFindings counts the findings that are not archived by GuardDuty's
// ranges of severity.
func (s *Scope) guarddutyFindings(ctx context.Context, d *Draft) error {
	in := &guardduty.GetFindingsStatisticsInput{DetectorId: &d.ID, GroupBy: types.GroupByTypeSeverity, MaxResults: aws.Int32(guarddutyStatisticsGroups),
		FindingCriteria: &types.FindingCriteria{Criterion: map[string]types.Condition{"service.archived": {Equals: []string{"false"}}}}}
	counts := map[string]int64{"Critical": 0, "High": 0, "Medium": 0, "Low": 0}
	add := func(severity float64, n int32) {
		counts[severityRange(severity)] += int64(n)
	}
	return guarddutyGetStatistics.Get(ctx, s, d, in, func(out *guardduty.GetFindingsStatisticsOutput) error {
		if st := out.FindingStatistics; st != nil {
			for _, g := range st.GroupedBySeverity {
				add(aws.ToFloat64(g.Severity), aws.ToInt32(g.TotalFindings))
			}
			//lint:ignore SA1019 detectors that answer in the older form still do
			for severity, n := range st.CountBySeverity {
				// The older form of the same answer.
				if v, err := strconv.ParseFloat(severity, 64); err == nil && len(st.GroupedBySeverity) == 0 {
					add(v, n)
				}
			}
		}
		for name, n := range counts {
			d.Observe("Findings."+name, n)
		}
		return nil
	})
}

// severityRange is the word for a severity of GuardDuty.
//
// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html (read 2026-11-24).
func severityRange(severity float64) string {
	switch {
	case severity >= 9:
		return "Critical"
	case severity >= 7:
		return "High"
	case severity >= 4:
		return "Medium"
	}
	return "Low"
}

func (s *Scope) guarddutyDestinations(ctx context.Context, d *Draft) error {
	return guarddutyListDestinations.Pages(ctx, s, d, &guardduty.ListPublishingDestinationsInput{DetectorId: &d.ID}, func(out *guardduty.ListPublishingDestinationsOutput) error {
		for _, dest := range out.Destinations {
			id := aws.ToString(dest.DestinationId)
			p := s.Draft(guarddutyDestinationType, d.ID+"|"+id, "", id).From(guarddutyListDestinations.Operation, s)
			p.Set("DetectorId", d.ID)
			p.Set("Id", id)
			p.Set("DestinationType", dest.DestinationType)
			p.Set("Status", dest.Status)
			err := guarddutyDescribeDestination.Get(ctx, s, p, &guardduty.DescribePublishingDestinationInput{DetectorId: &d.ID, DestinationId: &id}, func(out *guardduty.DescribePublishingDestinationOutput) error {
				p.Fit("DestinationProperties", out.DestinationProperties)
				p.Fit("PublishingFailureStartTimestamp", out.PublishingFailureStartTimestamp)
				p.Tag(out.Tags)
				return nil
			})
			if err != nil {
				return err
			}
			if err := s.Put(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
}
