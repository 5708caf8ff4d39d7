package live

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"merlon.dev/merlon"
)

const (
	organizationType       = "AWS::Organizations::Organization"
	organizationRootType   = "Merlon::Organizations::Root"
	organizationUnitType   = "AWS::Organizations::OrganizationalUnit"
	memberAccountType      = "AWS::Organizations::Account"
	organizationPolicyType = "AWS::Organizations::Policy"
	delegationPolicyType   = "AWS::Organizations::ResourcePolicy"
	delegatedAdminType     = "Merlon::Organizations::DelegatedAdministrator"
)

const (
	organizationErrors = "https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html (read 2026-11-24)"
	rootAccessErrors   = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOrganizationsFeatures.html (read 2026-11-24)"
)

// organizationTree are the types that a member account is not told about.
var organizationTree = [...]string{organizationRootType, organizationUnitType, memberAccountType, organizationPolicyType, delegationPolicyType, delegatedAdminType}

var (
	organizationsDescribeOrganization = operation(organizations.NewFromConfig, (*organizations.Client).DescribeOrganization, Declaration{
		Types: append([]string{organizationType}, organizationTree[:]...), Absent: []string{"AWSOrganizationsNotInUseException"}, Source: organizationErrors})
	organizationsListRoots = operation(organizations.NewFromConfig, (*organizations.Client).ListRoots, Declaration{
		Types: []string{organizationRootType, organizationUnitType, memberAccountType, organizationPolicyType}, Optional: true})
	organizationsListUnits = operation(organizations.NewFromConfig, (*organizations.Client).ListOrganizationalUnitsForParent, Declaration{
		Types: []string{organizationUnitType, memberAccountType}, Key: []string{"ParentId"}, Optional: true})
	organizationsListAccounts = operation(organizations.NewFromConfig, (*organizations.Client).ListAccountsForParent, Declaration{
		Types: []string{memberAccountType}, Key: []string{"ParentId"}, Optional: true})
	organizationsListPolicies = operation(organizations.NewFromConfig, (*organizations.Client).ListPolicies, Declaration{
		Types: []string{organizationPolicyType}, Key: []string{"Filter"}, Optional: true})
	organizationsDescribePolicy = operation(organizations.NewFromConfig, (*organizations.Client).DescribePolicy, Declaration{
		Per: organizationPolicyType, Key: []string{"PolicyId"}, Fills: []string{"properties.Content"}})
	organizationsListTargets = operation(organizations.NewFromConfig, (*organizations.Client).ListTargetsForPolicy, Declaration{
		Per: organizationPolicyType, Key: []string{"PolicyId"}, Fills: []string{"properties.TargetIds", "observed.Targets"}})
	organizationsListTags = operation(organizations.NewFromConfig, (*organizations.Client).ListTagsForResource, Declaration{
		Per: memberAccountType, Key: []string{"ResourceId"}, Fills: []string{"tags"}})
	organizationsListServices = operation(organizations.NewFromConfig, (*organizations.Client).ListAWSServiceAccessForOrganization, Declaration{
		Per: organizationType, Fills: []string{"observed.EnabledServices"}})
	// Without trusted access for IAM, or without all features, no root access is managed centrally.
	organizationsListFeatures = operation(iam.NewFromConfig, (*iam.Client).ListOrganizationsFeatures, Declaration{
		Per: organizationType, Fills: []string{"observed.RootAccessFeatures"}, Optional: true,
		Absent: []string{"ServiceAccessNotEnabledException", "OrganizationNotInAllFeaturesModeException"}, Source: rootAccessErrors})
	organizationsListDelegated = operation(organizations.NewFromConfig, (*organizations.Client).ListDelegatedAdministrators, Declaration{
		Types: []string{delegatedAdminType}, Optional: true})
	organizationsListDelegatedServices = operation(organizations.NewFromConfig, (*organizations.Client).ListDelegatedServicesForAccount, Declaration{
		Per: delegatedAdminType, Key: []string{"AccountId"}, Fills: []string{"properties.Services"}})
	organizationsDescribeResourcePolicy = operation(organizations.NewFromConfig, (*organizations.Client).DescribeResourcePolicy, Declaration{
		Types: []string{delegationPolicyType}, Absent: []string{"ResourcePolicyNotFoundException"}, Optional: true,
		Source: "https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeResourcePolicy.html (read 2026-11-24)"})
)

func organizationsService() *Service {
	return &Service{
		Name: "organizations", Title: "Organizations", Global: true,
		Operations: []*Operation{organizationsDescribeOrganization.Operation, organizationsListRoots.Operation, organizationsListUnits.Operation,
			organizationsListAccounts.Operation, organizationsListPolicies.Operation, organizationsDescribePolicy.Operation, organizationsListTargets.Operation,
			organizationsListTags.Operation, organizationsListServices.Operation, organizationsListFeatures.Operation,
			organizationsListDelegated.Operation,
			organizationsListDelegatedServices.Operation, organizationsDescribeResourcePolicy.Operation},
		Collect: collectOrganizations,
	}
}

// collectOrganizations writes the organization in each account, and what is in it
// once: in the management account; where that is not among the accounts of the
// scan, in a delegated administrator. Whether an account is one cannot be asked
// from the account itself, so it is tried, and a denial there is no gap.
func collectOrganizations(ctx context.Context, s *Scope) error {
	var org *Draft
	var management merlon.AccountID
	err := organizationsDescribeOrganization.List(ctx, s, &organizations.DescribeOrganizationInput{}, func(out *organizations.DescribeOrganizationOutput) error {
		o := out.Organization
		if o == nil {
			return nil
		}
		management = merlon.AccountID(aws.ToString(o.MasterAccountId))
		org = s.Draft(organizationType, aws.ToString(o.Id), aws.ToString(o.Arn), aws.ToString(o.Id)).From(organizationsDescribeOrganization.Operation, s)
		org.Fold(o, Folding{
			Rename: map[string]string{"MasterAccountArn": "ManagementAccountArn", "MasterAccountEmail": "ManagementAccountEmail", "MasterAccountId": "ManagementAccountId"},
			// AWS says of this field that it is not to be used; the root's says what is enabled.
			Drop: []string{"AvailablePolicyTypes"}})
		return nil
	})
	if err != nil || org == nil {
		return err
	}
	t := &tree{s: s, org: org}
	reads, err := t.roots(ctx, management)
	if err != nil {
		return err
	}
	if !reads {
		reason := "only the management account " + string(management) + " or a delegated administrator can read it"
		for _, part := range []string{"properties.RootId", "observed.EnabledServices", "observed.RootAccessFeatures"} {
			org.UnknownBecause(part, reason)
		}
		if err := s.Outside(ctx, organizationTree[:], reason); err != nil {
			return err
		}
		return s.Put(ctx, org)
	}
	org.Observe("TreeRead", true)
	if len(t.found) > 0 {
		org.Set("RootId", t.found[0].Id)
	}
	t.manages = management == s.Account
	return t.read(ctx)
}

// tree is an organization being read.
type tree struct {
	s     *Scope
	org   *Draft
	found []types.Root
	// manages: this is the management account.
	manages bool
}

// roots lists the roots and says whether this account is the one to read the rest.
func (t *tree) roots(ctx context.Context, management merlon.AccountID) (bool, error) {
	s := t.s
	gather := func(out *organizations.ListRootsOutput) error {
		t.found = append(t.found, out.Roots...)
		return nil
	}
	if management == s.Account {
		return true, organizationsListRoots.List(ctx, s, &organizations.ListRootsInput{}, gather)
	}
	if slices.Contains(s.Accounts, management) {
		return false, nil
	}
	err := organizationsListRoots.pages(ctx, s, "", "", &organizations.ListRootsInput{}, func(out *organizations.ListRootsOutput, _ merlon.Read) error { return gather(out) })
	if err != nil && !fatal(err) && denied(code(err), err) {
		return false, nil
	}
	return true, s.listed(ctx, organizationsListRoots.Operation, "", err)
}

func (t *tree) read(ctx context.Context) error {
	s := t.s
	steps := []func(context.Context) error{
		func(ctx context.Context) error {
			return each(ctx, s, t.found, t.root)
		},
		t.policies,
		t.delegated,
		t.resourcePolicy,
		func(ctx context.Context) error {
			if err := t.rootAccess(ctx); err != nil {
				return err
			}
			var enabled []types.EnabledServicePrincipal
			err := organizationsListServices.Pages(ctx, s, t.org, &organizations.ListAWSServiceAccessForOrganizationInput{}, func(out *organizations.ListAWSServiceAccessForOrganizationOutput) error {
				enabled = append(enabled, out.EnabledServicePrincipals...)
				return nil
			})
			if err != nil {
				return err
			}
			t.org.Observe("EnabledServices", enabled)
			return s.Put(ctx, t.org)
		},
	}
	return each(ctx, s, steps, func(ctx context.Context, step func(context.Context) error) error { return step(ctx) })
}

// rootAccess says what of the root users' access is managed centrally, which only
// the management account is told.
func (t *tree) rootAccess(ctx context.Context) error {
	if !t.manages {
		t.org.UnknownBecause("observed.RootAccessFeatures", "only the management account can read it")
		return nil
	}
	return organizationsListFeatures.Get(ctx, t.s, t.org, &iam.ListOrganizationsFeaturesInput{}, func(out *iam.ListOrganizationsFeaturesOutput) error {
		t.org.Observe("RootAccessFeatures", out.EnabledFeatures)
		return nil
	})
}

// root writes a root and all that is below it.
func (t *tree) root(ctx context.Context, r types.Root) error {
	s, id := t.s, aws.ToString(r.Id)
	d := s.Draft(organizationRootType, id, aws.ToString(r.Arn), aws.ToString(r.Name)).From(organizationsListRoots.Operation, s)
	d.Fold(r, Folding{})
	if err := t.tagged(ctx, d); err != nil {
		return err
	}
	return t.below(ctx, id, t.org.ID+"/"+id+"/", 0)
}

// maxUnitDepth is more than the five levels that AWS allows below a root.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html (read 2026-11-24).
const maxUnitDepth = 10

// below writes the accounts and units under a parent. path is the parent's, as
// aws:PrincipalOrgPaths has it.
func (t *tree) below(ctx context.Context, parent, path string, depth int) error {
	s := t.s
	if depth > maxUnitDepth {
		return stop(s.writer.Gap(ctx, &merlon.Gap{Call: organizationsListUnits.Call(), Account: s.Account, Region: s.Region,
			Types: organizationsListUnits.Types, Cause: merlon.CauseTooLarge, Message: "units nest deeper than " + strconv.Itoa(maxUnitDepth)}))
	}
	err := organizationsListAccounts.List(ctx, s, &organizations.ListAccountsForParentInput{ParentId: &parent}, func(out *organizations.ListAccountsForParentOutput) error {
		return each(ctx, s, out.Accounts, func(ctx context.Context, a types.Account) error {
			id := aws.ToString(a.Id)
			d := s.Draft(memberAccountType, id, aws.ToString(a.Arn), aws.ToString(a.Name)).From(organizationsListAccounts.Operation, s)
			d.Set("ParentIds", []string{parent})
			d.Set("Paths", []string{path + id + "/"})
			d.Fold(a, Folding{Rename: map[string]string{"Id": "AccountId", "Name": "AccountName"}})
			return t.tagged(ctx, d)
		})
	})
	if err != nil {
		return err
	}
	return organizationsListUnits.List(ctx, s, &organizations.ListOrganizationalUnitsForParentInput{ParentId: &parent}, func(out *organizations.ListOrganizationalUnitsForParentOutput) error {
		for _, u := range out.OrganizationalUnits {
			id := aws.ToString(u.Id)
			d := s.Draft(organizationUnitType, id, aws.ToString(u.Arn), aws.ToString(u.Name)).From(organizationsListUnits.Operation, s)
			d.Set("ParentId", parent)
			d.Set("Path", path+id+"/")
			d.Fold(u, Folding{})
			if err := t.tagged(ctx, d); err != nil {
				return err
			}
			if err := t.below(ctx, id, path+id+"/", depth+1); err != nil {
				return err
			}
		}
		return nil
	})
}

// tagged reads the tags of a root, unit, account or policy and writes it.
func (t *tree) tagged(ctx context.Context, d *Draft) error {
	err := organizationsListTags.Pages(ctx, t.s, d, &organizations.ListTagsForResourceInput{ResourceId: &d.ID}, func(out *organizations.ListTagsForResourceOutput) error {
		d.Tag(out.Tags)
		return nil
	})
	if err != nil {
		return err
	}
	return t.s.Put(ctx, d)
}
