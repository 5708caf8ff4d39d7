package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
)

const (
	macieSessionType = "AWS::Macie::Session"
	macieJobType     = "Merlon::Macie::ClassificationJob"
)

var (
	// Macie answers "Macie is not enabled." under the code of a denial.
	macieGetSession = operation(macie2.NewFromConfig, (*macie2.Client).GetMacieSession, Declaration{
		Types: []string{macieSessionType, macieJobType}, Absent: []string{"AccessDeniedException: Macie is not enabled"},
		Source: "https://github.com/prowler-cloud/prowler/issues/1279, https://docs.aws.amazon.com/macie/latest/APIReference/macie.html (read 2026-11-24)"})
	macieGetAdministrator = operation(macie2.NewFromConfig, (*macie2.Client).GetAdministratorAccount, Declaration{
		Per: macieSessionType, Fills: []string{"observed.Administrator"}})
	macieGetDiscovery = operation(macie2.NewFromConfig, (*macie2.Client).GetAutomatedDiscoveryConfiguration, Declaration{
		Per: macieSessionType, Fills: []string{"properties.AutomatedDiscoveryStatus", "observed.AutomatedDiscovery"}, Optional: true})
	macieGetExport = operation(macie2.NewFromConfig, (*macie2.Client).GetClassificationExportConfiguration, Declaration{
		Per: macieSessionType, Fills: []string{"observed.ClassificationExport"}})
	macieListJobs = operation(macie2.NewFromConfig, (*macie2.Client).ListClassificationJobs, Declaration{
		Per: macieSessionType, Types: []string{macieJobType}})
)

func macieService() *Service {
	return &Service{
		Name: "macie2", Title: "Macie", NotIn: []string{"aws-cn", "aws-us-gov"},
		Operations: []*Operation{macieGetSession.Operation, macieGetAdministrator.Operation, macieGetDiscovery.Operation, macieGetExport.Operation, macieListJobs.Operation},
		Collect:    collectMacie,
	}
}

func collectMacie(ctx context.Context, s *Scope) error {
	account := string(s.Account)
	return macieGetSession.List(ctx, s, &macie2.GetMacieSessionInput{}, func(out *macie2.GetMacieSessionOutput) error {
		if out.Status == "" {
			return nil
		}
		d := s.Draft(macieSessionType, account, "", "Macie").From(macieGetSession.Operation, s)
		d.Set("AwsAccountId", account)
		d.Fold(out, Folding{})
		steps := []func() error{
			func() error { return s.macieDiscovery(ctx, d) },
			func() error {
				return macieGetExport.Get(ctx, s, d, &macie2.GetClassificationExportConfigurationInput{}, func(out *macie2.GetClassificationExportConfigurationOutput) error {
					d.Observe("ClassificationExport", out.Configuration)
					return nil
				})
			},
			func() error { return s.macieJobs(ctx, d) },
		}
		if err := each(ctx, s, steps, func(_ context.Context, step func() error) error { return step() }); err != nil {
			return err
		}
		return s.Put(ctx, d)
	})
}

// macieDiscovery reads whether Macie looks into the buckets by itself, which the
// administrator decides for all its members.
func (s *Scope) macieDiscovery(ctx context.Context, d *Draft) error {
	member := false
	err := macieGetAdministrator.Get(ctx, s, d, &macie2.GetAdministratorAccountInput{}, func(out *macie2.GetAdministratorAccountOutput) error {
		if a := out.Administrator; a != nil && aws.ToString(a.AccountId) != "" {
			member = true
			d.Observe("Administrator", a)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if member {
		d.UnknownBecause("properties.AutomatedDiscoveryStatus", "only Macie's administrator account is told of the automated discovery of its members")
		return nil
	}
	return macieGetDiscovery.Get(ctx, s, d, &macie2.GetAutomatedDiscoveryConfigurationInput{}, func(out *macie2.GetAutomatedDiscoveryConfigurationOutput) error {
		d.Set("AutomatedDiscoveryStatus", out.Status)
		d.Observe("AutomatedDiscovery.AutoEnableOrganizationMembers", out.AutoEnableOrganizationMembers)
		d.Observe("AutomatedDiscovery.FirstEnabledAt", out.FirstEnabledAt)
		d.Observe("AutomatedDiscovery.DisabledAt", out.DisabledAt)
		return nil
	})
}

func (s *Scope) macieJobs(ctx context.Context, session *Draft) error {
	return macieListJobs.Pages(ctx, s, session, &macie2.ListClassificationJobsInput{MaxResults: aws.Int32(200)}, func(out *macie2.ListClassificationJobsOutput) error {
		for _, j := range out.Items {
			id := aws.ToString(j.JobId)
			arn := "arn:" + string(s.Partition) + ":macie2:" + string(s.Region) + ":" + string(s.Account) + ":classification-job/" + id
			d := s.Draft(macieJobType, id, arn, aws.ToString(j.Name)).From(macieListJobs.Operation, s)
			d.Fold(j, Folding{})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
