package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"merlon.dev/merlon"
)

const (
	accountType            = "Merlon::Account::Account"
	alternateContactType   = "Merlon::Account::AlternateContact"
	contactInformationType = "Merlon::Account::ContactInformation"
)

const (
	accountErrors      = "https://docs.aws.amazon.com/accounts/latest/reference/API_GetAlternateContact.html (read 2026-11-24)"
	organizationErrors = "https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html (read 2026-11-24)"
	rootAccessErrors   = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html (read 2026-11-24)"
)

// notInOrganization is the code for an account that stands alone.
const notInOrganization = "AWSOrganizationsNotInUseException"

var (
	accountGetSummary = operation(iam.NewFromConfig, (*iam.Client).GetAccountSummary, Declaration{
		Per: accountType, Fills: []string{"observed.AccountSummary"}})
	accountListAliases = operation(iam.NewFromConfig, (*iam.Client).ListAccountAliases, Declaration{
		Per: accountType, Fills: []string{"observed.Aliases"}})
	accountDescribeOrganization = operation(organizations.NewFromConfig, (*organizations.Client).DescribeOrganization, Declaration{
		Per: accountType, Fills: []string{"observed.OrganizationId", "observed.ManagementAccountId", "observed.IsManagementAccount"},
		Absent: []string{notInOrganization}, Source: organizationErrors})
	// Without trusted access for IAM, or without all features, no root access is managed centrally.
	accountListOrganizationsFeatures = operation(iam.NewFromConfig, (*iam.Client).ListOrganizationsFeatures, Declaration{
		Per: accountType, Fills: []string{"observed.OrganizationFeatures"}, Optional: true,
		Absent: []string{"ServiceAccessNotEnabledException", "OrganizationNotInAllFeaturesModeException"}, Source: rootAccessErrors})
	accountGetAlternateContact = operation(account.NewFromConfig, (*account.Client).GetAlternateContact, Declaration{
		Types: []string{alternateContactType}, Key: []string{"AlternateContactType"},
		Absent: []string{"ResourceNotFoundException"}, Source: accountErrors})
	accountGetContactInformation = operation(account.NewFromConfig, (*account.Client).GetContactInformation, Declaration{
		Types: []string{contactInformationType}, Absent: []string{"ResourceNotFoundException"}, Source: accountErrors})
)

// accountService writes the account itself and the facts of it that are in no
// other resource.
func accountService() *Service {
	return &Service{
		Name: "account", Title: "Account", Global: true, Types: []string{accountType},
		Operations: []*Operation{accountGetSummary.Operation, accountListAliases.Operation, accountDescribeOrganization.Operation,
			accountListOrganizationsFeatures.Operation, accountGetAlternateContact.Operation, accountGetContactInformation.Operation},
		Collect: collectAccount,
	}
}

func collectAccount(ctx context.Context, s *Scope) error {
	d := s.Draft(accountType, string(s.Account), "", s.AccountName)
	d.Set("AccountId", string(s.Account))
	d.Observe("Name", s.AccountName)
	steps := []func() error{
		func() error {
			return accountGetSummary.Get(ctx, s, d, &iam.GetAccountSummaryInput{}, func(out *iam.GetAccountSummaryOutput) error {
				d.Observe("AccountSummary", out.SummaryMap)
				return nil
			})
		},
		func() error {
			return accountListAliases.Get(ctx, s, d, &iam.ListAccountAliasesInput{}, func(out *iam.ListAccountAliasesOutput) error {
				d.Observe("Aliases", out.AccountAliases)
				return nil
			})
		},
		func() error { return s.accountOrganization(ctx, d) },
		func() error { return s.alternateContacts(ctx) },
		func() error { return s.contactInformation(ctx) },
	}
	if err := each(ctx, s, steps, func(_ context.Context, step func() error) error { return step() }); err != nil {
		return err
	}
	if aliases, ok := d.observed["Aliases"].([]any); ok && d.Name == "" {
		d.Name, _ = aliases[0].(string)
	}
	return s.Put(ctx, d)
}

// accountOrganization says which organization the account is in, and what of root
// access is managed centrally, which only the management account is told.
func (s *Scope) accountOrganization(ctx context.Context, d *Draft) error {
	management := false
	err := accountDescribeOrganization.Get(ctx, s, d, &organizations.DescribeOrganizationInput{}, func(out *organizations.DescribeOrganizationOutput) error {
		if o := out.Organization; o != nil {
			management = merlon.AccountID(aws.ToString(o.MasterAccountId)) == s.Account
			d.Observe("OrganizationId", o.Id)
			d.Observe("ManagementAccountId", o.MasterAccountId)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !d.isUnknown("observed.IsManagementAccount") {
		d.Observe("IsManagementAccount", management)
	}
	if !management {
		return nil
	}
	return accountListOrganizationsFeatures.Get(ctx, s, d, &iam.ListOrganizationsFeaturesInput{}, func(out *iam.ListOrganizationsFeaturesOutput) error {
		d.Observe("OrganizationFeatures", out.EnabledFeatures)
		return nil
	})
}

func (s *Scope) alternateContacts(ctx context.Context) error {
	for _, kind := range []types.AlternateContactType{types.AlternateContactTypeBilling, types.AlternateContactTypeOperations, types.AlternateContactTypeSecurity} {
		err := accountGetAlternateContact.List(ctx, s, &account.GetAlternateContactInput{AlternateContactType: kind}, func(out *account.GetAlternateContactOutput) error {
			d := s.Draft(alternateContactType, string(kind), "", string(kind)).From(accountGetAlternateContact.Operation, s)
			d.Fold(out.AlternateContact, Folding{})
			d.Set("AlternateContactType", string(kind))
			return s.Put(ctx, d)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Scope) contactInformation(ctx context.Context) error {
	return accountGetContactInformation.List(ctx, s, &account.GetContactInformationInput{}, func(out *account.GetContactInformationOutput) error {
		d := s.Draft(contactInformationType, string(s.Account), "", "contact information").From(accountGetContactInformation.Operation, s)
		d.Set("AccountId", string(s.Account))
		d.Fold(out.ContactInformation, Folding{})
		return s.Put(ctx, d)
	})
}
