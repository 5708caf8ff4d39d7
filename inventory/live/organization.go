package live

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"merlon.dev/merlon"
)

// organization lists the active accounts. It works from the management account
// and from a delegated administrator.
//
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html (read 2026-11-24).
func (s *Session) organization(ctx context.Context) ([]Target, error) {
	client := organizations.NewFromConfig(s.cfg)
	var out []Target
	pages := organizations.NewListAccountsPaginator(client, &organizations.ListAccountsInput{})
	for pages.HasMorePages() {
		page, err := func() (*organizations.ListAccountsOutput, error) {
			short, cancel := s.limited(ctx)
			defer cancel()
			return pages.NextPage(short)
		}()
		if err != nil {
			return nil, fmt.Errorf("list the accounts of the organization (organizations:ListAccounts, from the management account or a delegated administrator): %w", spent(err))
		}
		for _, a := range page.Accounts {
			// An account that is closed or suspended answers no call.
			if a.State != "" && a.State != types.AccountStateActive || a.State == "" && a.Status != types.AccountStatusActive {
				continue
			}
			out = append(out, Target{ID: merlon.AccountID(aws.ToString(a.Id)), Name: aws.ToString(a.Name), Partition: s.Partition})
		}
	}
	return out, nil
}
