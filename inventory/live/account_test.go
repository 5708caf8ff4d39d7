package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
)

func accountFake(management string) *fake {
	f := &fake{}
	answer(f, accountGetSummary, func(Place, *iam.GetAccountSummaryInput) (*iam.GetAccountSummaryOutput, error) {
		return &iam.GetAccountSummaryOutput{SummaryMap: map[string]int32{"AccountMFAEnabled": 0, "Users": 7}}, nil
	})
	answer(f, accountListAliases, func(Place, *iam.ListAccountAliasesInput) (*iam.ListAccountAliasesOutput, error) {
		return &iam.ListAccountAliasesOutput{AccountAliases: []string{"shop"}}, nil
	})
	answer(f, accountDescribeOrganization, func(Place, *organizations.DescribeOrganizationInput) (*organizations.DescribeOrganizationOutput, error) {
		if management == "" {
			return nil, apiError("AWSOrganizationsNotInUseException")
		}
		return &organizations.DescribeOrganizationOutput{Organization: &orgtypes.Organization{Id: aws.String("o-example123"), MasterAccountId: &management}}, nil
	})
	answer(f, accountListOrganizationsFeatures, func(Place, *iam.ListOrganizationsFeaturesInput) (*iam.ListOrganizationsFeaturesOutput, error) {
		return &iam.ListOrganizationsFeaturesOutput{EnabledFeatures: []iamtypes.FeatureType{iamtypes.FeatureTypeRootSessions}}, nil
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
	denied := func(f *fake) {
		answer(f, accountDescribeOrganization, func(Place, *organizations.DescribeOrganizationInput) (*organizations.DescribeOrganizationOutput, error) {
			return nil, apiError("AccessDeniedException")
		})
	}
	for _, tt := range []struct {
		name       string
		management string
		change     func(*fake)
		gaps       int
		id, isManagement, features,
		unknown any
	}{
		{"management account", "111122223333", nil, 0, "o-example123", true, []any{"RootSessions"}, nil},
		{"management account without trusted access for IAM", "111122223333", func(f *fake) {
			answer(f, accountListOrganizationsFeatures, func(Place, *iam.ListOrganizationsFeaturesInput) (*iam.ListOrganizationsFeaturesOutput, error) {
				return nil, apiError("ServiceAccessNotEnabledException")
			})
		}, 0, "o-example123", true, nil, nil},
		{"member", "999988887777", nil, 0, "o-example123", false, nil, nil},
		{"alone", "", nil, 0, nil, false, nil, nil},
		{"denied", "", denied, 1, nil, nil, nil, "organizations:DescribeOrganization on 111122223333/us-east-1/Merlon::Account::Account/111122223333 was denied (AccessDeniedException)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := accountFake(tt.management)
			if tt.change != nil {
				tt.change(f)
			}
			c := collect(t, f, accountService())
			if len(c.gaps) != tt.gaps {
				t.Errorf("gaps: %+v", c.gaps)
			}
			a := c.one(t, accountType, "111122223333")
			got := []any{at(a, "observed", "OrganizationId"), at(a, "observed", "IsManagementAccount"), at(a, "observed", "OrganizationFeatures"), at(a, "unknowns", "/observed/IsManagementAccount"),
				at(a, "observed", "AccountSummary", "AccountMFAEnabled"), at(a, "observed", "Aliases", 0)}
			if d := cmp.Diff([]any{tt.id, tt.isManagement, tt.features, tt.unknown, 0.0, "shop"}, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAccountContacts(t *testing.T) {
	c := collect(t, accountFake(""), accountService())
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
