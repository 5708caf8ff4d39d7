package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

const (
	accountType            = "Merlon::Account::Account"
	alternateContactType   = "Merlon::Account::AlternateContact"
	contactInformationType = "Merlon::Account::ContactInformation"
)

const accountErrors = "https://docs.aws.amazon.com/accounts/latest/reference/API_GetAlternateContact.html (read 2026-11-24)"

var (
	accountGetSummary = operation(iam.NewFromConfig, (*iam.Client).GetAccountSummary, Declaration{
		Per: accountType, Fills: []string{"observed.AccountSummary"}})
	accountListAliases = operation(iam.NewFromConfig, (*iam.Client).ListAccountAliases, Declaration{
		Per: accountType, Fills: []string{"observed.Aliases"}})
	accountGetAlternateContact = operation(account.NewFromConfig, (*account.Client).GetAlternateContact, Declaration{
		Types: []string{alternateContactType}, Key: []string{"AlternateContactType"}, Times: 3,
		Absent: []string{"ResourceNotFoundException"}, Source: accountErrors})
	accountGetContactInformation = operation(account.NewFromConfig, (*account.Client).GetContactInformation, Declaration{
		Types: []string{contactInformationType}, Absent: []string{"ResourceNotFoundException"}, Source: accountErrors})
)

// accountService writes the account itself and the facts of it that are in no
// other resource.
func accountService() *Service {
	return &Service{
		Name: "account", Title: "Account", Global: true, Types: []string{accountType},
		Operations: []*Operation{accountGetSummary.Operation, accountListAliases.Operation, accountGetAlternateContact.Operation, accountGetContactInformation.Operation},
		Collect:    collectAccount,
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
