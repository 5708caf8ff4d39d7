package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"
)

const accountType = "Merlon::Account::Account"

var accountGetSummary = operation(iam.NewFromConfig, (*iam.Client).GetAccountSummary, Declaration{
	Per: accountType, Fills: []string{"observed.AccountSummary"}})

// accountService writes the account itself and the facts of it that are in no
// other resource.
func accountService() *Service {
	return &Service{
		Name: "account", Title: "Account", Global: true, Types: []string{accountType},
		Operations: []*Operation{accountGetSummary.Operation},
		Collect:    collectAccount,
	}
}

func collectAccount(ctx context.Context, s *Scope) error {
	d := s.Draft(accountType, string(s.Account), "", s.AccountName)
	d.Set("AccountId", string(s.Account))
	d.Observe("Name", s.AccountName)
	err := accountGetSummary.Get(ctx, s, d, &iam.GetAccountSummaryInput{}, func(out *iam.GetAccountSummaryOutput) error {
		d.Observe("AccountSummary", out.SummaryMap)
		return nil
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}
