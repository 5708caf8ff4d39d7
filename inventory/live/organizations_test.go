package live

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

const orgArn = "arn:aws:organizations::999988887777:"

func organizationsFake(management string) *fake {
	f := &fake{}
	answer(f, organizationsDescribeOrganization, func(Place, *organizations.DescribeOrganizationInput) (*organizations.DescribeOrganizationOutput, error) {
		return &organizations.DescribeOrganizationOutput{Organization: &types.Organization{Id: aws.String("o-example123"), Arn: aws.String(orgArn + "organization/o-example123"),
			FeatureSet: types.OrganizationFeatureSetAll, MasterAccountId: &management}}, nil
	})
	answer(f, organizationsListRoots, func(Place, *organizations.ListRootsInput) (*organizations.ListRootsOutput, error) {
		return &organizations.ListRootsOutput{Roots: []types.Root{{Id: aws.String("r-ab12"), Arn: aws.String(orgArn + "root/o-example123/r-ab12"), Name: aws.String("Root"),
			PolicyTypes: []types.PolicyTypeSummary{{Type: types.PolicyTypeServiceControlPolicy, Status: types.PolicyTypeStatusEnabled},
				{Type: types.PolicyTypeTagPolicy, Status: types.PolicyTypeStatusPendingDisable}}}}}, nil
	})
	answer(f, organizationsListUnits, func(_ Place, in *organizations.ListOrganizationalUnitsForParentInput) (*organizations.ListOrganizationalUnitsForParentOutput, error) {
		if *in.ParentId != "r-ab12" {
			return &organizations.ListOrganizationalUnitsForParentOutput{}, nil
		}
		return &organizations.ListOrganizationalUnitsForParentOutput{OrganizationalUnits: []types.OrganizationalUnit{
			{Id: aws.String("ou-ab12-prod0001"), Arn: aws.String(orgArn + "ou/o-example123/ou-ab12-prod0001"), Name: aws.String("Production")}}}, nil
	})
	answer(f, organizationsListAccounts, func(_ Place, in *organizations.ListAccountsForParentInput) (*organizations.ListAccountsForParentOutput, error) {
		id := map[string]string{"r-ab12": "999988887777", "ou-ab12-prod0001": "111122223333"}[*in.ParentId]
		return &organizations.ListAccountsForParentOutput{Accounts: []types.Account{{Id: &id, Arn: aws.String(orgArn + "account/o-example123/" + id), Name: aws.String("n" + id),
			Email: aws.String("a@example.com"), Status: types.AccountStatusActive, State: types.AccountStateActive, JoinedTimestamp: &fakeNow}}}, nil
	})
	answer(f, organizationsListPolicies, func(_ Place, in *organizations.ListPoliciesInput) (*organizations.ListPoliciesOutput, error) {
		if in.Filter != types.PolicyTypeServiceControlPolicy {
			return nil, apiError("PolicyTypeNotEnabledException")
		}
		return &organizations.ListPoliciesOutput{Policies: []types.PolicySummary{
			{Id: aws.String("p-FullAWSAccess"), Arn: aws.String("arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"), Name: aws.String("FullAWSAccess"), AwsManaged: true, Type: in.Filter},
			{Id: aws.String("p-regions1"), Arn: aws.String(orgArn + "policy/o-example123/service_control_policy/p-regions1"), Name: aws.String("regions"), Type: in.Filter}}}, nil
	})
	answer(f, organizationsDescribePolicy, func(_ Place, in *organizations.DescribePolicyInput) (*organizations.DescribePolicyOutput, error) {
		return &organizations.DescribePolicyOutput{Policy: &types.Policy{Content: aws.String(`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"` + *in.PolicyId + `"}]}`)}}, nil
	})
	answer(f, organizationsListTargets, func(_ Place, in *organizations.ListTargetsForPolicyInput) (*organizations.ListTargetsForPolicyOutput, error) {
		return &organizations.ListTargetsForPolicyOutput{Targets: []types.PolicyTargetSummary{{TargetId: aws.String("r-ab12"), Type: types.TargetTypeRoot},
			{TargetId: aws.String("ou-ab12-prod0001"), Type: types.TargetTypeOrganizationalUnit}, {TargetId: aws.String("111122223333"), Type: types.TargetTypeAccount}}}, nil
	})
	answer(f, organizationsListTags, func(_ Place, in *organizations.ListTagsForResourceInput) (*organizations.ListTagsForResourceOutput, error) {
		return &organizations.ListTagsForResourceOutput{Tags: []types.Tag{{Key: aws.String("of"), Value: in.ResourceId}}}, nil
	})
	answer(f, organizationsListServices, func(_ Place, in *organizations.ListAWSServiceAccessForOrganizationInput) (*organizations.ListAWSServiceAccessForOrganizationOutput, error) {
		if in.NextToken == nil {
			return &organizations.ListAWSServiceAccessForOrganizationOutput{NextToken: aws.String("2"), EnabledServicePrincipals: []types.EnabledServicePrincipal{{ServicePrincipal: aws.String("iam.amazonaws.com")}}}, nil
		}
		return &organizations.ListAWSServiceAccessForOrganizationOutput{EnabledServicePrincipals: []types.EnabledServicePrincipal{{ServicePrincipal: aws.String("sso.amazonaws.com")}}}, nil
	})
	answer(f, organizationsListFeatures, func(Place, *iam.ListOrganizationsFeaturesInput) (*iam.ListOrganizationsFeaturesOutput, error) {
		return &iam.ListOrganizationsFeaturesOutput{EnabledFeatures: []iamtypes.FeatureType{iamtypes.FeatureTypeRootSessions}}, nil
	})
	answer(f, organizationsListDelegated, func(Place, *organizations.ListDelegatedAdministratorsInput) (*organizations.ListDelegatedAdministratorsOutput, error) {
		return &organizations.ListDelegatedAdministratorsOutput{DelegatedAdministrators: []types.DelegatedAdministrator{{Id: aws.String("111122223333"), Name: aws.String("audit"), DelegationEnabledDate: &fakeNow}}}, nil
	})
	answer(f, organizationsListDelegatedServices, func(Place, *organizations.ListDelegatedServicesForAccountInput) (*organizations.ListDelegatedServicesForAccountOutput, error) {
		return &organizations.ListDelegatedServicesForAccountOutput{DelegatedServices: []types.DelegatedService{{ServicePrincipal: aws.String("guardduty.amazonaws.com")}}}, nil
	})
	answer(f, organizationsDescribeResourcePolicy, func(Place, *organizations.DescribeResourcePolicyInput) (*organizations.DescribeResourcePolicyOutput, error) {
		return nil, apiError("ResourcePolicyNotFoundException")
	})
	return f
}

func TestOrganizations(t *testing.T) {
	c := collect(t, organizationsFake("111122223333"), organizationsService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	org, member := c.one(t, organizationType, "o-example123"), c.one(t, memberAccountType, "111122223333")
	scp, aws := c.one(t, organizationPolicyType, "p-regions1"), c.one(t, organizationPolicyType, "p-FullAWSAccess")
	for _, tt := range []struct {
		doc  map[string]any
		path []any
		want any
	}{
		{org, []any{"properties", "ManagementAccountId"}, "111122223333"},
		{org, []any{"properties", "RootId"}, "r-ab12"},
		{org, []any{"observed", "TreeRead"}, true},
		{org, []any{"observed", "RootAccessFeatures"}, []any{"RootSessions"}},
		{org, []any{"observed", "EnabledServices", 1, "ServicePrincipal"}, "sso.amazonaws.com"},
		{member, []any{"properties", "ParentIds"}, []any{"ou-ab12-prod0001"}},
		{member, []any{"properties", "Paths"}, []any{"o-example123/r-ab12/ou-ab12-prod0001/111122223333/"}},
		{member, []any{"properties", "AccountName"}, "n111122223333"},
		{member, []any{"properties", "JoinedTimestamp"}, "2026-01-02T03:04:05Z"},
		{member, []any{"tags", "of"}, "111122223333"},
		{c.one(t, organizationUnitType, "ou-ab12-prod0001"), []any{"properties", "ParentId"}, "r-ab12"},
		{c.one(t, organizationUnitType, "ou-ab12-prod0001"), []any{"properties", "Path"}, "o-example123/r-ab12/ou-ab12-prod0001/"},
		{c.one(t, organizationRootType, "r-ab12"), []any{"properties", "PolicyTypes", 0, "Type"}, "SERVICE_CONTROL_POLICY"},
		{scp, []any{"properties", "Content", "Statement", 0, "Resource"}, "p-regions1"},
		{scp, []any{"properties", "TargetIds"}, []any{"r-ab12", "ou-ab12-prod0001", "111122223333"}},
		{scp, []any{"properties", "Type"}, "SERVICE_CONTROL_POLICY"},
		{scp, []any{"tags", "of"}, "p-regions1"},
		{aws, []any{"properties", "AwsManaged"}, true},
		{aws, []any{"tags"}, map[string]any{}},
		{c.one(t, delegatedAdminType, "111122223333"), []any{"properties", "Services", 0, "ServicePrincipal"}, "guardduty.amazonaws.com"},
	} {
		if d := cmp.Diff(tt.want, at(tt.doc, tt.path...)); d != "" {
			t.Errorf("%v %v: %s", tt.doc["id"], tt.path, d)
		}
	}
	for relation, want := range map[string][]string{"roots": {"r-ab12"}, "units": {"ou-ab12-prod0001"}, "accounts": {"111122223333"}} {
		if got := c.related(t, organizationPolicyType, "p-regions1", relation); !slices.Equal(got, want) {
			t.Errorf("%s of the policy: %v", relation, got)
		}
	}
	if got := c.related(t, organizationUnitType, "ou-ab12-prod0001", "policies"); len(got) != 2 {
		t.Errorf("policies of the unit: %v", got)
	}
}

// related lists the ids that a relation leads to.
func (c *collected) related(t *testing.T, typ, id, relation string) []string {
	t.Helper()
	var ids []string
	err := c.snapshot.Documents(t.Context(), typ, func(d *inventory.Document) error {
		r, err := d.Resource()
		if err != nil || r.ID != id {
			return err
		}
		from := inventory.Subject{Row: d.Row, Type: r.Type, ID: r.ID, ARN: r.ARN, Account: r.Account, Region: r.Region}
		_, err = c.snapshot.Related(t.Context(), from, relation, func(x *inventory.Document) error {
			r, err := x.Resource()
			if err == nil {
				ids = append(ids, r.ID)
			}
			return err
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// TestOrganizationsElsewhere: the same organization seen from accounts that may
// or may not read it.
func TestOrganizationsElsewhere(t *testing.T) {
	denied := func(f *fake) {
		answer(f, organizationsListRoots, func(Place, *organizations.ListRootsInput) (*organizations.ListRootsOutput, error) {
			return nil, apiError("AccessDeniedException")
		})
	}
	for _, tt := range []struct {
		name       string
		management string
		change     func(*fake)
		gaps       int
		complete   bool
		outside    bool
		org        bool
		unknowns   int // of the organization
	}{
		{"the management account", "111122223333", func(*fake) {}, 0, true, false, true, 0},
		{"the management account, denied", "111122223333", denied, 1, false, false, true, 0},
		{"a delegated administrator", "999988887777", func(*fake) {}, 0, true, false, true, 1},
		{"a member", "999988887777", denied, 0, false, true, true, 3},
		{"an account that stands alone", "", func(f *fake) {
			answer(f, organizationsDescribeOrganization, func(Place, *organizations.DescribeOrganizationInput) (*organizations.DescribeOrganizationOutput, error) {
				return nil, apiError("AWSOrganizationsNotInUseException")
			})
		}, 0, true, false, false, 0},
		{"the management account without trusted access for IAM", "111122223333", func(f *fake) {
			answer(f, organizationsListFeatures, func(Place, *iam.ListOrganizationsFeaturesInput) (*iam.ListOrganizationsFeaturesOutput, error) {
				return nil, apiError("ServiceAccessNotEnabledException")
			})
		}, 0, true, false, true, 0},
		{"denied whether there is one", "", func(f *fake) {
			answer(f, organizationsDescribeOrganization, func(Place, *organizations.DescribeOrganizationInput) (*organizations.DescribeOrganizationOutput, error) {
				return nil, apiError("AccessDeniedException")
			})
		}, 1, false, false, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := organizationsFake(tt.management)
			tt.change(f)
			c := collect(t, f, organizationsService())
			if len(c.gaps) != tt.gaps {
				t.Errorf("gaps: %+v", c.gaps)
			}
			cover := c.snapshot.Coverage(organizationPolicyType, "111122223333", "us-east-1")
			if cover.Complete != tt.complete || cover.OutOfScope != tt.outside || tt.outside && !strings.Contains(cover.Reason, "management account 999988887777") {
				t.Errorf("coverage of policies: %+v", cover)
			}
			n := 0
			err := c.snapshot.Each(t.Context(), organizationType, func(r *merlon.Resource) error {
				n++
				if len(r.Unknowns) != tt.unknowns {
					t.Errorf("unknowns of the organization: %v", r.Unknowns)
				}
				return nil
			})
			if err != nil || (n == 1) != tt.org {
				t.Errorf("%d organizations, error %v", n, err)
			}
		})
	}
}

// TestOrganizationsOnce: a member is not asked where the management account is
// among the accounts of the scan.
func TestOrganizationsOnce(t *testing.T) {
	f := organizationsFake("999988887777")
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	w := &Walk{Services: []*Service{organizationsService()}, Source: f, Schemas: schemas, Progress: NoProgress{}, Accounts: 1, Units: 1, Now: func() time.Time { return fakeNow }}
	for _, id := range []merlon.AccountID{"111122223333", "999988887777"} {
		w.Targets = append(w.Targets, Target{ID: id, Partition: "aws", Regions: []merlon.Region{"us-east-1"}})
	}
	b, err := inventory.Create(t.Context(), t.TempDir()+"/s.db", schemas, inventory.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := w.Run(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, call := range f.made {
		counts[call]++
	}
	if counts["organizations:DescribeOrganization"] != 2 || counts["organizations:ListRoots"] != 1 {
		t.Errorf("calls %v", slices.Sorted(maps.Keys(counts)))
	}
}
