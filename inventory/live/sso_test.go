package live

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	idtypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
)

const (
	ssoArn = "arn:aws:sso:::instance/ssoins-1111"
	setArn = "arn:aws:sso:::permissionSet/ssoins-1111/ps-1"
)

func ssoFake(owner string) *fake {
	f := &fake{}
	answer(f, ssoListInstances, func(p Place, in *ssoadmin.ListInstancesInput) (*ssoadmin.ListInstancesOutput, error) {
		if in.RegionScope != types.RegionScopeAllRegions {
			return nil, apiError("ValidationException")
		}
		return &ssoadmin.ListInstancesOutput{Instances: []types.InstanceMetadata{{InstanceArn: aws.String(ssoArn), IdentityStoreId: aws.String("d-1"), OwnerAccountId: &owner,
			PrimaryRegion: aws.String("eu-central-1"), Status: types.InstanceStatusActive}}}, nil
	})
	// What is in the instance is told where it lives.
	home := func(p Place) error {
		if p.Region != "eu-central-1" {
			return fmt.Errorf("asked in %s", p.Region)
		}
		return nil
	}
	answer(f, ssoListPermissionSets, func(p Place, _ *ssoadmin.ListPermissionSetsInput) (*ssoadmin.ListPermissionSetsOutput, error) {
		return &ssoadmin.ListPermissionSetsOutput{PermissionSets: []string{setArn}}, home(p)
	})
	answer(f, ssoDescribePermissionSet, func(p Place, _ *ssoadmin.DescribePermissionSetInput) (*ssoadmin.DescribePermissionSetOutput, error) {
		return &ssoadmin.DescribePermissionSetOutput{PermissionSet: &types.PermissionSet{Name: aws.String("Admin"), PermissionSetArn: aws.String(setArn), SessionDuration: aws.String("PT12H"), CreatedDate: &fakeNow}}, home(p)
	})
	answer(f, ssoListManagedPolicies, func(_ Place, in *ssoadmin.ListManagedPoliciesInPermissionSetInput) (*ssoadmin.ListManagedPoliciesInPermissionSetOutput, error) {
		if in.NextToken == nil {
			return &ssoadmin.ListManagedPoliciesInPermissionSetOutput{NextToken: aws.String("2"), AttachedManagedPolicies: []types.AttachedManagedPolicy{{Arn: aws.String(adminArn)}}}, nil
		}
		return &ssoadmin.ListManagedPoliciesInPermissionSetOutput{AttachedManagedPolicies: []types.AttachedManagedPolicy{{Arn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}}}, nil
	})
	answer(f, ssoListCustomerPolicies, func(Place, *ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput) (*ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetOutput, error) {
		return &ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetOutput{CustomerManagedPolicyReferences: []types.CustomerManagedPolicyReference{{Name: aws.String("own"), Path: aws.String("/")}}}, nil
	})
	answer(f, ssoGetInlinePolicy, func(Place, *ssoadmin.GetInlinePolicyForPermissionSetInput) (*ssoadmin.GetInlinePolicyForPermissionSetOutput, error) {
		return &ssoadmin.GetInlinePolicyForPermissionSetOutput{InlinePolicy: aws.String(`{"Statement":[{"Action":"*"}]}`)}, nil
	})
	answer(f, ssoGetBoundary, func(Place, *ssoadmin.GetPermissionsBoundaryForPermissionSetInput) (*ssoadmin.GetPermissionsBoundaryForPermissionSetOutput, error) {
		return nil, apiError("ResourceNotFoundException")
	})
	answer(f, ssoListTags, func(Place, *ssoadmin.ListTagsForResourceInput) (*ssoadmin.ListTagsForResourceOutput, error) {
		return &ssoadmin.ListTagsForResourceOutput{Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("x")}}}, nil
	})
	answer(f, ssoListProvisioned, func(p Place, _ *ssoadmin.ListAccountsForProvisionedPermissionSetInput) (*ssoadmin.ListAccountsForProvisionedPermissionSetOutput, error) {
		return &ssoadmin.ListAccountsForProvisionedPermissionSetOutput{AccountIds: []string{"111122223333"}}, home(p)
	})
	answer(f, ssoListAssignments, func(p Place, in *ssoadmin.ListAccountAssignmentsInput) (*ssoadmin.ListAccountAssignmentsOutput, error) {
		return &ssoadmin.ListAccountAssignmentsOutput{AccountAssignments: []types.AccountAssignment{
			{AccountId: in.AccountId, PermissionSetArn: in.PermissionSetArn, PrincipalType: types.PrincipalTypeGroup, PrincipalId: aws.String("g-1")},
			{AccountId: in.AccountId, PermissionSetArn: in.PermissionSetArn, PrincipalType: types.PrincipalTypeUser, PrincipalId: aws.String("u-1")}}}, home(p)
	})
	answer(f, ssoListApplications, func(p Place, _ *ssoadmin.ListApplicationsInput) (*ssoadmin.ListApplicationsOutput, error) {
		return &ssoadmin.ListApplicationsOutput{Applications: []types.Application{{ApplicationArn: aws.String("arn:aws:sso::111122223333:application/ssoins-1111/apl-1"), Name: aws.String("wiki"), InstanceArn: aws.String(ssoArn)}}}, home(p)
	})
	answer(f, ssoDescribeAttributes, func(Place, *ssoadmin.DescribeInstanceAccessControlAttributeConfigurationInput) (*ssoadmin.DescribeInstanceAccessControlAttributeConfigurationOutput, error) {
		return &ssoadmin.DescribeInstanceAccessControlAttributeConfigurationOutput{InstanceAccessControlAttributeConfiguration: &types.InstanceAccessControlAttributeConfiguration{
			AccessControlAttributes: []types.AccessControlAttribute{{Key: aws.String("team"), Value: &types.AccessControlAttributeValue{Source: []string{"${path:enterprise.department}"}}}}}}, nil
	})
	answer(f, identityListUsers, func(p Place, _ *identitystore.ListUsersInput) (*identitystore.ListUsersOutput, error) {
		return &identitystore.ListUsersOutput{Users: []idtypes.User{{UserId: aws.String("u-1"), UserName: aws.String("ada"), IdentityStoreId: aws.String("d-1"), Birthdate: aws.String("1815-12-10"),
			Emails: []idtypes.Email{{Value: aws.String("ada@example.com"), Primary: true}}, UserStatus: idtypes.UserStatusEnabled}}}, home(p)
	})
	answer(f, identityListGroups, func(p Place, _ *identitystore.ListGroupsInput) (*identitystore.ListGroupsOutput, error) {
		return &identitystore.ListGroupsOutput{Groups: []idtypes.Group{{GroupId: aws.String("g-1"), DisplayName: aws.String("admins"), IdentityStoreId: aws.String("d-1")}}}, home(p)
	})
	answer(f, identityListMemberships, func(p Place, in *identitystore.ListGroupMembershipsInput) (*identitystore.ListGroupMembershipsOutput, error) {
		return &identitystore.ListGroupMembershipsOutput{GroupMemberships: []idtypes.GroupMembership{{MembershipId: aws.String("m-1"), GroupId: in.GroupId, IdentityStoreId: aws.String("d-1"),
			MemberId: &idtypes.MemberIdMemberUserId{Value: "u-1"}}}}, home(p)
	})
	return f
}

func TestSSO(t *testing.T) {
	c := collect(t, ssoFake("111122223333"), ssoService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	set := c.one(t, permissionSetType, ssoArn+"|"+setArn)
	group := ssoArn + "|111122223333|AWS_ACCOUNT|" + setArn + "|GROUP|g-1"
	user := c.one(t, identityUserType, "arn:aws:identitystore:::user/u-1")
	for _, tt := range []struct {
		doc  map[string]any
		path []any
		want any
	}{
		{c.one(t, ssoInstanceType, ssoArn), []any{"region"}, "eu-central-1"},
		{c.one(t, ssoInstanceType, ssoArn), []any{"properties", "OwnerAccountId"}, "111122223333"},
		{set, []any{"name"}, "Admin"},
		{set, []any{"arn"}, setArn},
		{set, []any{"tags", "team"}, "x"},
		{set, []any{"properties", "ManagedPolicies"}, []any{adminArn, "arn:aws:iam::aws:policy/ReadOnlyAccess"}},
		{set, []any{"properties", "CustomerManagedPolicyReferences", 0, "Name"}, "own"},
		{set, []any{"properties", "InlinePolicy", "Statement", 0, "Action"}, "*"},
		{set, []any{"properties", "PermissionsBoundary"}, nil},
		{set, []any{"properties", "SessionDuration"}, "PT12H"},
		{set, []any{"observed", "AccountIds"}, []any{"111122223333"}},
		{set, []any{"unknowns"}, map[string]any{}},
		{c.one(t, ssoAssignmentType, group), []any{"properties", "PrincipalType"}, "GROUP"},
		{user, []any{"properties", "Emails", 0, "Value"}, "ada@example.com"},
		{user, []any{"properties", "Birthdate"}, nil},
		{user, []any{"observed", "Birthdate"}, nil},
		{c.one(t, identityMemberType, "m-1|d-1"), []any{"properties", "MemberId", "UserId"}, "u-1"},
		{c.one(t, ssoAttributesType, ssoArn), []any{"properties", "AccessControlAttributes", 0, "Value", "Source", 0}, "${path:enterprise.department}"},
		{c.one(t, ssoApplicationType, "arn:aws:sso::111122223333:application/ssoins-1111/apl-1"), []any{"properties", "Name"}, "wiki"},
	} {
		if d := cmp.Diff(tt.want, at(tt.doc, tt.path...)); d != "" {
			t.Errorf("%v %v: %s", tt.doc["id"], tt.path, d)
		}
	}
	if got := c.related(t, ssoAssignmentType, group, "group"); !slices.Equal(got, []string{"g-1|d-1"}) {
		t.Errorf("group of the assignment: %v", got)
	}
	if got := c.related(t, identityUserType, "arn:aws:identitystore:::user/u-1", "memberships"); !slices.Equal(got, []string{"m-1|d-1"}) {
		t.Errorf("memberships: %v", got)
	}
	if got := c.related(t, permissionSetType, ssoArn+"|"+setArn, "assignments"); len(got) != 2 {
		t.Errorf("assignments: %v", got)
	}
}

func TestSSOElsewhere(t *testing.T) {
	denySets := func(f *fake) {
		answer(f, ssoListPermissionSets, func(Place, *ssoadmin.ListPermissionSetsInput) (*ssoadmin.ListPermissionSetsOutput, error) {
			return nil, apiError("AccessDeniedException")
		})
	}
	for _, tt := range []struct {
		name     string
		owner    string
		change   func(*fake)
		gaps     int
		complete bool
		outside  bool
		instance bool
	}{
		{"owner", "111122223333", nil, 0, true, false, true},
		{"owner, denied", "111122223333", denySets, 1, false, false, true},
		{"delegated administrator", "999988887777", nil, 0, true, false, true},
		{"member that sees it", "999988887777", denySets, 0, false, true, true},
		{"no instance", "", func(f *fake) {
			answer(f, ssoListInstances, func(Place, *ssoadmin.ListInstancesInput) (*ssoadmin.ListInstancesOutput, error) {
				return &ssoadmin.ListInstancesOutput{}, nil
			})
		}, 0, true, false, false},
		{"instances denied", "", func(f *fake) {
			answer(f, ssoListInstances, func(Place, *ssoadmin.ListInstancesInput) (*ssoadmin.ListInstancesOutput, error) {
				return nil, apiError("AccessDeniedException")
			})
		}, 1, false, false, false},
		{"where a set is used, denied", "111122223333", func(f *fake) {
			answer(f, ssoListProvisioned, func(Place, *ssoadmin.ListAccountsForProvisionedPermissionSetInput) (*ssoadmin.ListAccountsForProvisionedPermissionSetOutput, error) {
				return nil, apiError("AccessDeniedException")
			})
		}, 1, false, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := ssoFake(tt.owner)
			if tt.change != nil {
				tt.change(f)
			}
			c := collect(t, f, ssoService())
			if len(c.gaps) != tt.gaps {
				t.Errorf("gaps: %+v", c.gaps)
			}
			cover := c.snapshot.Coverage(ssoAssignmentType, "111122223333", "us-east-1")
			if cover.Complete != tt.complete || cover.OutOfScope != tt.outside || tt.outside && !strings.Contains(cover.Reason, "account 999988887777") {
				t.Errorf("coverage of assignments: %+v", cover)
			}
			n := 0
			if err := c.snapshot.Each(t.Context(), ssoInstanceType, func(*merlon.Resource) error { n++; return nil }); err != nil {
				t.Fatal(err)
			}
			if (n == 1) != tt.instance {
				t.Errorf("%d instances", n)
			}
		})
	}
}
