package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
)

func accountFake() *fake {
	f := &fake{}
	answer(f, accountGetSummary, func(Place, *iam.GetAccountSummaryInput) (*iam.GetAccountSummaryOutput, error) {
		return &iam.GetAccountSummaryOutput{SummaryMap: map[string]int32{"AccountMFAEnabled": 0, "Users": 7}}, nil
	})
	answer(f, accountListAliases, func(Place, *iam.ListAccountAliasesInput) (*iam.ListAccountAliasesOutput, error) {
		return &iam.ListAccountAliasesOutput{AccountAliases: []string{"shop"}}, nil
	})
	answer(f, accountGetAlternateContact, func(_ Place, in *account.GetAlternateContactInput) (*account.GetAlternateContactOutput, error) {
		if in.AlternateContactType != types.AlternateContactTypeSecurity {
			return nil, apiError("ResourceNotFoundException")
		}
		return &account.GetAlternateContactOutput{AlternateContact: &types.AlternateContact{AlternateContactType: in.AlternateContactType, EmailAddress: aws.String("sec@example.com")}}, nil
	})
	answer(f, accountGetContactInformation, func(Place, *account.GetContactInformationInput) (*account.GetContactInformationOutput, error) {
		return &account.GetContactInformationOutput{ContactInformation: &types.ContactInformation{FullName: aws.String("Example"), CountryCode: aws.String("DE")}}, nil
	})
	return f
}

func TestAccount(t *testing.T) {
	c := collect(t, accountFake(), accountService())
	a := c.one(t, accountType, "111122223333")
	got := []any{at(a, "observed", "AccountSummary", "AccountMFAEnabled"), at(a, "observed", "AccountSummary", "Users"), at(a, "observed", "Aliases", 0), at(a, "name")}
	if d := cmp.Diff([]any{0.0, 7.0, "shop", "test"}, got); d != "" {
		t.Error(d)
	}
	if len(c.gaps) != 0 || len(c.calls) != 6 {
		t.Errorf("gaps %+v, calls %v", c.gaps, c.calls)
	}
}

func TestAccountGaps(t *testing.T) {
	f := accountFake()
	answer(f, accountGetSummary, func(Place, *iam.GetAccountSummaryInput) (*iam.GetAccountSummaryOutput, error) {
		return nil, apiError("AccessDenied")
	})
	answer(f, accountGetAlternateContact, func(Place, *account.GetAlternateContactInput) (*account.GetAlternateContactOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c := collect(t, f, accountService())
	if a := c.one(t, accountType, "111122223333"); at(a, "unknowns", "/observed/AccountSummary") == nil {
		t.Errorf("a denied summary is unknown: %v", a)
	}
	if len(c.gaps) != 2 || c.snapshot.Coverage(alternateContactType, "111122223333", "us-east-1").Complete {
		t.Errorf("gaps: %+v", c.gaps)
	}
}

func TestAccountContacts(t *testing.T) {
	c := collect(t, accountFake(), accountService())
	if got := at(c.one(t, alternateContactType, "SECURITY"), "properties", "EmailAddress"); got != "sec@example.com" {
		t.Errorf("security contact %v", got)
	}
	n := 0
	if err := c.snapshot.Each(t.Context(), alternateContactType, func(*merlon.Resource) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	if cover := c.snapshot.Coverage(alternateContactType, "111122223333", "us-east-1"); n != 1 || !cover.Complete {
		t.Errorf("%d alternate contacts, coverage %+v: the other two are known not to be there", n, cover)
	}
	if got := at(c.one(t, contactInformationType, "111122223333"), "properties", "CountryCode"); got != "DE" {
		t.Errorf("contact information %v", got)
	}
}
