package live

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"merlon.dev/merlon"
)

const (
	ssoInstanceType      = "AWS::SSO::Instance"
	permissionSetType    = "AWS::SSO::PermissionSet"
	ssoAssignmentType    = "AWS::SSO::Assignment"
	ssoApplicationType   = "AWS::SSO::Application"
	ssoAttributesType    = "AWS::SSO::InstanceAccessControlAttributeConfiguration"
	identityUserType     = "AWS::IdentityStore::User"
	identityGroupType    = "AWS::IdentityStore::Group"
	identityMemberType   = "AWS::IdentityStore::GroupMembership"
	ssoPermissionSetPage = 100
)

// identityCenter are the types that an account which only sees an instance is
// not told about.
var identityCenter = [...]string{permissionSetType, ssoAssignmentType, ssoApplicationType, ssoAttributesType, identityUserType, identityGroupType, identityMemberType}

var (
	ssoListInstances = operation(ssoadmin.NewFromConfig, (*ssoadmin.Client).ListInstances, Declaration{
		Types: append([]string{ssoInstanceType}, identityCenter[:]...)})
	ssoListPermissionSets = operation(ssoadmin.NewFromConfig, (*ssoadmin.Client).ListPermissionSets, Declaration{
		Types: []string{permissionSetType, ssoAssignmentType}, Key: []string{"InstanceArn"}, Optional: true})
	ssoDescribePermissionSet = operation(ssoadmin.NewFromConfig, (*ssoadmin.Client).DescribePermissionSet, Declaration{
		Per: permissionSetType, Key: []string{"PermissionSetArn"}, Fills: []string{"properties.Name", "properties.Description", "properties.SessionDuration",
			"properties.RelayStateType", "observed.CreatedDate"}})
	ssoListManagedPolicies = operation(ssoadmin.NewFromConfig, (*ssoadmin.Client).ListManagedPoliciesInPermissionSet, Declaration{
		Per: permissionSetType, Key: []string{"PermissionSetArn"}, Fills: []string{"properties.ManagedPolicies"}})
	ssoListCustomerPolicies = operation(ssoadmin.NewFromConfig, (*ssoadmin.Client).ListCustomerManagedPolicyReferencesInPermissionSet, Declaration{
		Per: permissionSetType, Key: []string{"PermissionSetArn"}, Fills: []string{"properties.CustomerManagedPolicyReferences"}})
	ssoGetInlinePolicy = operation(ssoadmin.NewFromConfig, (*ssoadmin.Client).GetInlinePolicyForPermissionSet, Declaration{
		Per: permissionSetType, Key: []string{"PermissionSetArn"}, Fills: []string{"properties.InlinePolicy"}})
	ssoGetBoundary = operation(ssoadmin.NewFromConfig, (*ssoadmin.Client).GetPermissionsBoundaryForPermissionSet, Declaration{
		Per: permissionSetType, Key: []string{"PermissionSetArn"}, Fills: []string{"properties.PermissionsBoundary"}, Absent: []string{"ResourceNotFoundException"},
		Source: "https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_GetPermissionsBoundaryForPermissionSet.html (read 2026-11-24)"})
	ssoListTags = operation(ssoadmin.NewFromConfig, (*ssoadmin.Client).ListTagsForResource, Declaration{
		Per: permissionSetType, Key: []string{"ResourceArn"}, Fills: []string{"tags"}})
	ssoListProvisioned = operation(ssoadmin.NewFromConfig, (*ssoadmin.Client).ListAccountsForProvisionedPermissionSet, Declaration{
		Per: permissionSetType, Types: []string{ssoAssignmentType}, Key: []string{"PermissionSetArn"}, Fills: []string{"observed.AccountIds"}})
	ssoListAssignments = operation(ssoadmin.NewFromConfig, (*ssoadmin.Client).ListAccountAssignments, Declaration{
		Types: []string{ssoAssignmentType}, Key: []string{"PermissionSetArn", "AccountId"}, Optional: true})
	ssoListApplications = operation(ssoadmin.NewFromConfig, (*ssoadmin.Client).ListApplications, Declaration{
		Types: []string{ssoApplicationType}, Key: []string{"InstanceArn"}, Optional: true})
	ssoDescribeAttributes = operation(ssoadmin.NewFromConfig, (*ssoadmin.Client).DescribeInstanceAccessControlAttributeConfiguration, Declaration{
		Types: []string{ssoAttributesType}, Key: []string{"InstanceArn"}, Optional: true, Absent: []string{"ResourceNotFoundException"},
		Source: "https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_DescribeInstanceAccessControlAttributeConfiguration.html (read 2026-11-24)"})
	identityListUsers = operation(identitystore.NewFromConfig, (*identitystore.Client).ListUsers, Declaration{
		Types: []string{identityUserType}, Key: []string{"IdentityStoreId"}, Optional: true})
	identityListGroups = operation(identitystore.NewFromConfig, (*identitystore.Client).ListGroups, Declaration{
		Types: []string{identityGroupType, identityMemberType}, Key: []string{"IdentityStoreId"}, Optional: true})
	identityListMemberships = operation(identitystore.NewFromConfig, (*identitystore.Client).ListGroupMemberships, Declaration{
		Types: []string{identityMemberType}, Key: []string{"GroupId"}, Optional: true})
)

// ssoService reads Identity Center. One call finds the instances of all regions.
func ssoService() *Service {
	return &Service{
		Name: "sso", Title: "IAM Identity Center", Global: true,
		Operations: []*Operation{ssoListInstances.Operation, ssoListPermissionSets.Operation, ssoDescribePermissionSet.Operation, ssoListManagedPolicies.Operation,
			ssoListCustomerPolicies.Operation, ssoGetInlinePolicy.Operation, ssoGetBoundary.Operation, ssoListTags.Operation, ssoListProvisioned.Operation,
			ssoListAssignments.Operation, ssoListApplications.Operation, ssoDescribeAttributes.Operation, identityListUsers.Operation,
			identityListGroups.Operation, identityListMemberships.Operation},
		Collect: collectSSO,
	}
}

func collectSSO(ctx context.Context, s *Scope) error {
	var found []types.InstanceMetadata
	whole, err := ssoListInstances.ListAll(ctx, s, &ssoadmin.ListInstancesInput{RegionScope: types.RegionScopeAllRegions}, func(out *ssoadmin.ListInstancesOutput) error {
		found = append(found, out.Instances...)
		return nil
	})
	if err != nil || !whole {
		return err
	}
	return each(ctx, s, found, s.ssoInstance)
}

// instance is an Identity Center instance being read.
type instance struct {
	s      *Scope
	arn    string
	store  string
	region merlon.Region
}

func (s *Scope) ssoInstance(ctx context.Context, m types.InstanceMetadata) error {
	x := &instance{s: s, arn: aws.ToString(m.InstanceArn), store: aws.ToString(m.IdentityStoreId), region: merlon.Region(aws.ToString(m.PrimaryRegion))}
	if x.region == "" {
		x.region = s.Region
	}
	d := x.draft(ssoInstanceType, x.arn, x.arn, aws.ToString(m.Name)).From(ssoListInstances.Operation, s)
	if d.Name == "" {
		d.Name = x.store
	}
	d.Fold(m, Folding{})
	owner := merlon.AccountID(aws.ToString(m.OwnerAccountId))
	reads, sets, err := x.permissionSets(ctx, owner)
	if err != nil {
		return err
	}
	if !reads {
		reason := "only account " + string(owner) + ", which owns the Identity Center instance, or a delegated administrator can read it"
		d.UnknownBecause("tags", reason)
		if err := s.Outside(ctx, identityCenter[:], reason); err != nil {
			return err
		}
		return s.Put(ctx, d)
	}
	if err := x.tagged(ctx, d); err != nil {
		return err
	}
	steps := []func(context.Context) error{
		func(ctx context.Context) error { return each(ctx, s, sets, x.permissionSet) },
		x.applications, x.attributes, x.users, x.groups,
	}
	return each(ctx, s, steps, func(ctx context.Context, step func(context.Context) error) error { return step(ctx) })
}

func (x *instance) draft(typ, id, arn, name string) *Draft {
	d := x.s.Draft(typ, id, arn, name)
	d.Region = x.region
	return d
}

// permissionSets lists the permission sets and says whether this account may: its
// owner, or a delegated administrator where the owner is not read itself. There
// is no other way to ask than to try.
func (x *instance) permissionSets(ctx context.Context, owner merlon.AccountID) (reads bool, sets []string, err error) {
	s := x.s
	if owner != s.Account && slices.Contains(s.Accounts, owner) {
		return false, nil, nil
	}
	in := &ssoadmin.ListPermissionSetsInput{InstanceArn: &x.arn, MaxResults: aws.Int32(ssoPermissionSetPage)}
	err = ssoListPermissionSets.pages(ctx, s, x.region, "", in, func(out *ssoadmin.ListPermissionSetsOutput, _ merlon.Read) error {
		sets = append(sets, out.PermissionSets...)
		return nil
	})
	if err != nil && !fatal(err) && owner != s.Account && denied(code(err), err) {
		return false, nil, nil
	}
	return true, sets, s.listed(ctx, ssoListPermissionSets.Operation, x.region, err)
}

func (x *instance) tagged(ctx context.Context, d *Draft) error {
	err := ssoListTags.Pages(ctx, x.s, d, &ssoadmin.ListTagsForResourceInput{InstanceArn: &x.arn, ResourceArn: &d.ARN}, func(out *ssoadmin.ListTagsForResourceOutput) error {
		d.Tag(out.Tags)
		return nil
	})
	if err != nil {
		return err
	}
	return x.s.Put(ctx, d)
}

func (x *instance) permissionSet(ctx context.Context, arn string) error {
	s := x.s
	d := x.draft(permissionSetType, x.arn+"|"+arn, arn, arn).From(ssoListPermissionSets.Operation, s)
	d.Set("InstanceArn", x.arn)
	d.Set("PermissionSetArn", arn)
	var managed, accounts []string
	var references []types.CustomerManagedPolicyReference
	steps := []func() error{
		func() error {
			return ssoDescribePermissionSet.Get(ctx, s, d, &ssoadmin.DescribePermissionSetInput{InstanceArn: &x.arn, PermissionSetArn: &arn}, func(out *ssoadmin.DescribePermissionSetOutput) error {
				if out.PermissionSet != nil {
					d.Name = aws.ToString(out.PermissionSet.Name)
					d.Fold(out.PermissionSet, Folding{Rename: map[string]string{"RelayState": "RelayStateType"}})
				}
				return nil
			})
		},
		func() error {
			return ssoListManagedPolicies.Pages(ctx, s, d, &ssoadmin.ListManagedPoliciesInPermissionSetInput{InstanceArn: &x.arn, PermissionSetArn: &arn}, func(out *ssoadmin.ListManagedPoliciesInPermissionSetOutput) error {
				for _, p := range out.AttachedManagedPolicies {
					managed = append(managed, aws.ToString(p.Arn))
				}
				return nil
			})
		},
		func() error {
			return ssoListCustomerPolicies.Pages(ctx, s, d, &ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput{InstanceArn: &x.arn, PermissionSetArn: &arn}, func(out *ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetOutput) error {
				references = append(references, out.CustomerManagedPolicyReferences...)
				return nil
			})
		},
		func() error {
			return ssoGetInlinePolicy.Get(ctx, s, d, &ssoadmin.GetInlinePolicyForPermissionSetInput{InstanceArn: &x.arn, PermissionSetArn: &arn}, func(out *ssoadmin.GetInlinePolicyForPermissionSetOutput) error {
				d.SetDocument("InlinePolicy", out.InlinePolicy)
				return nil
			})
		},
		func() error {
			return ssoGetBoundary.Get(ctx, s, d, &ssoadmin.GetPermissionsBoundaryForPermissionSetInput{InstanceArn: &x.arn, PermissionSetArn: &arn}, func(out *ssoadmin.GetPermissionsBoundaryForPermissionSetOutput) error {
				d.Set("PermissionsBoundary", out.PermissionsBoundary)
				return nil
			})
		},
		func() error {
			in := &ssoadmin.ListAccountsForProvisionedPermissionSetInput{InstanceArn: &x.arn, PermissionSetArn: &arn}
			err := ssoListProvisioned.pages(ctx, s, x.region, "", in, func(out *ssoadmin.ListAccountsForProvisionedPermissionSetOutput, _ merlon.Read) error {
				accounts = append(accounts, out.AccountIds...)
				return nil
			})
			if err != nil && !fatal(err) {
				// The assignments there are missing, whomever one asks for them.
				d.unknown(ssoListProvisioned.Fills, s.gap(ssoListProvisioned.Operation, x.region, err))
			}
			return s.listed(ctx, ssoListProvisioned.Operation, x.region, err)
		},
	}
	if err := each(ctx, s, steps, func(_ context.Context, step func() error) error { return step() }); err != nil {
		return err
	}
	d.Set("ManagedPolicies", managed)
	d.Set("CustomerManagedPolicyReferences", references)
	d.Observe("AccountIds", accounts)
	if err := x.tagged(ctx, d); err != nil {
		return err
	}
	return each(ctx, s, accounts, func(ctx context.Context, account string) error { return x.assignments(ctx, arn, account) })
}

// assignments writes who has a permission set in an account.
func (x *instance) assignments(ctx context.Context, set, account string) error {
	s := x.s
	in := &ssoadmin.ListAccountAssignmentsInput{InstanceArn: &x.arn, PermissionSetArn: &set, AccountId: &account}
	return ssoListAssignments.ListIn(ctx, s, x.region, in, func(out *ssoadmin.ListAccountAssignmentsOutput) error {
		for _, a := range out.AccountAssignments {
			kind, principal := string(a.PrincipalType), aws.ToString(a.PrincipalId)
			id := x.arn + "|" + account + "|AWS_ACCOUNT|" + set + "|" + kind + "|" + principal
			d := x.draft(ssoAssignmentType, id, "", kind+" "+principal).From(ssoListAssignments.Operation, s)
			d.Set("InstanceArn", x.arn)
			d.Set("TargetId", account)
			d.Set("TargetType", "AWS_ACCOUNT")
			d.Set("PermissionSetArn", set)
			d.Set("PrincipalType", kind)
			d.Set("PrincipalId", principal)
			switch a.PrincipalType {
			case types.PrincipalTypeUser:
				d.Observe("PrincipalArn", x.storeArn("user", principal, nil))
			case types.PrincipalTypeGroup:
				d.Observe("PrincipalArn", x.storeArn("group", principal, nil))
			}
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *instance) applications(ctx context.Context) error {
	s := x.s
	return ssoListApplications.ListIn(ctx, s, x.region, &ssoadmin.ListApplicationsInput{InstanceArn: &x.arn}, func(out *ssoadmin.ListApplicationsOutput) error {
		for _, a := range out.Applications {
			arn := aws.ToString(a.ApplicationArn)
			d := x.draft(ssoApplicationType, arn, arn, aws.ToString(a.Name)).From(ssoListApplications.Operation, s)
			d.Fold(a, Folding{})
			d.UnknownBecause("tags", "Identity Center lists applications without their tags")
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// attributes are what of a person becomes a session tag.
func (x *instance) attributes(ctx context.Context) error {
	s := x.s
	in := &ssoadmin.DescribeInstanceAccessControlAttributeConfigurationInput{InstanceArn: &x.arn}
	return ssoDescribeAttributes.ListIn(ctx, s, x.region, in, func(out *ssoadmin.DescribeInstanceAccessControlAttributeConfigurationOutput) error {
		c := out.InstanceAccessControlAttributeConfiguration
		if c == nil {
			return nil
		}
		d := x.draft(ssoAttributesType, x.arn, "", "access control attributes").From(ssoDescribeAttributes.Operation, s)
		d.Set("InstanceArn", x.arn)
		d.Fit("AccessControlAttributes", c.AccessControlAttributes)
		return s.Put(ctx, d)
	})
}
