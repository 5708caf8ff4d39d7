package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	idtypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/google/go-cmp/cmp"
)

const motoAdmin = "arn:aws:iam::aws:policy/AdministratorAccess"

// motoIAM fills an account: a user with everything, a group, a role, a policy.
func motoIAM(t *testing.T, cfg aws.Config) {
	t.Helper()
	ctx, c := t.Context(), iam.NewFromConfig(cfg)
	document := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)
	trust := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)
	user, group, role := aws.String("alice"), aws.String("admins"), aws.String("app")
	policy := must(c.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: aws.String("own"), PolicyDocument: document})).Policy
	must(c.CreateUser(ctx, &iam.CreateUserInput{UserName: user, Path: aws.String("/team/"), Tags: []iamtypes.Tag{{Key: aws.String("mail"), Value: aws.String("a@example.com")}}}))
	must(c.CreateLoginProfile(ctx, &iam.CreateLoginProfileInput{UserName: user, Password: aws.String("correct horse battery")}))
	must(c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: user}))
	must(c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: user, PolicyName: aws.String("inline"), PolicyDocument: document}))
	must(c.CreateGroup(ctx, &iam.CreateGroupInput{GroupName: group}))
	must(c.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: group, UserName: user}))
	must(c.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: group, PolicyArn: aws.String(motoAdmin)}))
	must(c.CreateRole(ctx, &iam.CreateRoleInput{RoleName: role, AssumeRolePolicyDocument: trust, Description: aws.String("the app"), MaxSessionDuration: aws.Int32(7200), PermissionsBoundary: policy.Arn}))
	must(c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: policy.Arn}))
	must(c.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: role}))
	must(c.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: role, RoleName: role}))
	must(c.UpdateAccountPasswordPolicy(ctx, &iam.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: aws.Int32(14)}))
	must(c.CreateVirtualMFADevice(ctx, &iam.CreateVirtualMFADeviceInput{VirtualMFADeviceName: aws.String("phone")}))
	must(c.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://token.actions.githubusercontent.com"), ClientIDList: []string{"sts.amazonaws.com"},
		ThumbprintList: []string{"0123456789012345678901234567890123456789"}}))
	must(c.CreateAccountAlias(ctx, &iam.CreateAccountAliasInput{AccountAlias: aws.String("shop")}))
	must(account.NewFromConfig(cfg).PutAlternateContact(ctx, &account.PutAlternateContactInput{AlternateContactType: accounttypes.AlternateContactTypeSecurity,
		EmailAddress: aws.String("s@example.com"), Name: aws.String("S"), PhoneNumber: aws.String("1"), Title: aws.String("T")}))
}

// motoOrganization makes an organization with a unit, an account in it and a
// policy on the unit, and gives the account's and the policy's ids.
func motoOrganization(t *testing.T, cfg aws.Config) (member, policy string) {
	t.Helper()
	ctx, c := t.Context(), organizations.NewFromConfig(cfg)
	must(c.CreateOrganization(ctx, &organizations.CreateOrganizationInput{FeatureSet: orgtypes.OrganizationFeatureSetAll}))
	root := must(c.ListRoots(ctx, &organizations.ListRootsInput{})).Roots[0].Id
	must(c.EnablePolicyType(ctx, &organizations.EnablePolicyTypeInput{RootId: root, PolicyType: orgtypes.PolicyTypeServiceControlPolicy}))
	unit := must(c.CreateOrganizationalUnit(ctx, &organizations.CreateOrganizationalUnitInput{ParentId: root, Name: aws.String("Production")})).OrganizationalUnit.Id
	made := must(c.CreateAccount(ctx, &organizations.CreateAccountInput{AccountName: aws.String("shop"), Email: aws.String("s@example.com")})).CreateAccountStatus.AccountId
	must(c.MoveAccount(ctx, &organizations.MoveAccountInput{AccountId: made, SourceParentId: root, DestinationParentId: unit}))
	p := must(c.CreatePolicy(ctx, &organizations.CreatePolicyInput{Name: aws.String("leave"), Description: aws.String("d"), Type: orgtypes.PolicyTypeServiceControlPolicy,
		Content: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}`)})).Policy.PolicySummary.Id
	must(c.AttachPolicy(ctx, &organizations.AttachPolicyInput{PolicyId: p, TargetId: unit}))
	return aws.ToString(made), aws.ToString(p)
}

// motoSSO gives a group a permission set, and the ARN of the set.
func motoSSO(t *testing.T, cfg aws.Config) (instance, set string) {
	t.Helper()
	ctx, c, store := t.Context(), ssoadmin.NewFromConfig(cfg), identitystore.NewFromConfig(cfg)
	in := must(c.ListInstances(ctx, &ssoadmin.ListInstancesInput{})).Instances[0]
	group := must(store.CreateGroup(ctx, &identitystore.CreateGroupInput{IdentityStoreId: in.IdentityStoreId, DisplayName: aws.String("admins")})).GroupId
	user := must(store.CreateUser(ctx, &identitystore.CreateUserInput{IdentityStoreId: in.IdentityStoreId, UserName: aws.String("ada"), DisplayName: aws.String("Ada"),
		Name: &idtypes.Name{GivenName: aws.String("Ada"), FamilyName: aws.String("L")}})).UserId
	must(store.CreateGroupMembership(ctx, &identitystore.CreateGroupMembershipInput{IdentityStoreId: in.IdentityStoreId, GroupId: group, MemberId: &idtypes.MemberIdMemberUserId{Value: *user}}))
	made := must(c.CreatePermissionSet(ctx, &ssoadmin.CreatePermissionSetInput{InstanceArn: in.InstanceArn, Name: aws.String("Admin"), SessionDuration: aws.String("PT12H")})).PermissionSet.PermissionSetArn
	must(c.AttachManagedPolicyToPermissionSet(ctx, &ssoadmin.AttachManagedPolicyToPermissionSetInput{InstanceArn: in.InstanceArn, PermissionSetArn: made, ManagedPolicyArn: aws.String(motoAdmin)}))
	must(c.CreateAccountAssignment(ctx, &ssoadmin.CreateAccountAssignmentInput{InstanceArn: in.InstanceArn, PermissionSetArn: made, PrincipalId: group, PrincipalType: ssotypes.PrincipalTypeGroup,
		TargetId: aws.String(motoAccount), TargetType: ssotypes.TargetTypeAwsAccount}))
	// AWS does this by itself with an assignment.
	must(c.ProvisionPermissionSet(ctx, &ssoadmin.ProvisionPermissionSetInput{InstanceArn: in.InstanceArn, PermissionSetArn: made, TargetType: ssotypes.ProvisionTargetTypeAllProvisionedAccounts}))
	return aws.ToString(in.InstanceArn), aws.ToString(made)
}

func TestMotoIdentity(t *testing.T) {
	cfg, src := moto(t)
	motoIAM(t, cfg)
	member, policy := motoOrganization(t, cfg)
	instance, set := motoSSO(t, cfg)
	c := collectIn(t, src, motoAccount, accountService(), iamService(), organizationsService(), ssoService())
	c.onlyGaps(t, "account:GetContactInformation", "iam:ListOrganizationsFeatures", "iam:ListServiceSpecificCredentials", "organizations:DescribeResourcePolicy",
		"sso-admin:DescribeInstanceAccessControlAttributeConfiguration", "sso-admin:GetPermissionsBoundaryForPermissionSet", "sso-admin:ListApplications", "sso-admin:ListTagsForResource")
	own := "arn:aws:iam::" + motoAccount + ":policy/own"
	for _, tt := range []struct {
		doc  map[string]any
		path []any
		want any
	}{
		{c.one(t, accountType, motoAccount), []any{"observed", "AccountSummary", "Users"}, 1.0},
		{c.one(t, accountType, motoAccount), []any{"observed", "Aliases", 0}, "shop"},
		{c.one(t, alternateContactType, "SECURITY"), []any{"properties", "EmailAddress"}, "s@example.com"},
		{c.one(t, userType, "alice"), []any{"properties", "Groups"}, []any{"admins"}},
		{c.one(t, userType, "alice"), []any{"properties", "LoginProfile", "Password"}, "REDACTED"},
		{c.one(t, userType, "alice"), []any{"properties", "Policies", 0, "PolicyDocument", "Statement", 0, "Action"}, "s3:*"},
		{c.one(t, userType, "alice"), []any{"tags", "mail"}, "a@example.com"},
		{c.one(t, credentialReportType, "alice"), []any{"properties", "AccessKey1Active"}, true},
		{c.one(t, credentialReportType, "alice"), []any{"properties", "MfaActive"}, false},
		{c.one(t, groupType, "admins"), []any{"properties", "ManagedPolicyArns"}, []any{motoAdmin}},
		{c.one(t, roleType, "app"), []any{"properties", "MaxSessionDuration"}, 7200.0},
		{c.one(t, roleType, "app"), []any{"properties", "PermissionsBoundary"}, own},
		{c.one(t, roleType, "app"), []any{"properties", "ManagedPolicyArns"}, []any{own}},
		{c.one(t, managedPolicyType, own), []any{"properties", "PolicyDocument", "Statement", 0, "Action"}, "s3:*"},
		{c.one(t, managedPolicyType, motoAdmin), []any{"properties", "PolicyDocument", "Statement", 0, "Action"}, "*"},
		{c.one(t, passwordPolicyType, motoAccount), []any{"properties", "MinimumPasswordLength"}, 14.0},
		{c.one(t, instanceProfileType, "app"), []any{"properties", "Roles"}, []any{"app"}},
		{c.one(t, mfaDeviceType, "arn:aws:iam::"+motoAccount+":mfa/phone"), []any{"properties", "VirtualMfaDeviceName"}, "phone"},
		{c.one(t, oidcProviderType, "arn:aws:iam::"+motoAccount+":oidc-provider/token.actions.githubusercontent.com"), []any{"properties", "Url"}, "https://token.actions.githubusercontent.com"},
		{c.one(t, memberAccountType, member), []any{"properties", "AccountName"}, "shop"},
		{c.one(t, organizationPolicyType, policy), []any{"properties", "Content", "Statement", 0, "Action"}, "organizations:LeaveOrganization"},
		{c.one(t, permissionSetType, instance+"|"+set), []any{"properties", "ManagedPolicies"}, []any{motoAdmin}},
		{c.one(t, permissionSetType, instance+"|"+set), []any{"properties", "SessionDuration"}, "PT12H"},
	} {
		if d := cmp.Diff(tt.want, at(tt.doc, tt.path...)); d != "" {
			t.Errorf("%v %v: %s", tt.doc["id"], tt.path, d)
		}
	}
	if got := c.related(t, organizationPolicyType, policy, "units"); len(got) != 1 {
		t.Errorf("units of the policy: %v", got)
	}
	if got := c.related(t, permissionSetType, instance+"|"+set, "assignments"); len(got) != 1 {
		t.Errorf("assignments: %v", got)
	}
}
