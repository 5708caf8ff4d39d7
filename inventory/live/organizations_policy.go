package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// policies writes the policies of the types that are enabled: those of others
// bind nobody.
func (t *tree) policies(ctx context.Context) error {
	seen := map[types.PolicyType]bool{}
	var enabled []types.PolicyType
	for _, r := range t.found {
		for _, p := range r.PolicyTypes {
			if p.Status == types.PolicyTypeStatusEnabled && !seen[p.Type] {
				seen[p.Type] = true
				enabled = append(enabled, p.Type)
			}
		}
	}
	return each(ctx, t.s, enabled, func(ctx context.Context, kind types.PolicyType) error {
		return organizationsListPolicies.List(ctx, t.s, &organizations.ListPoliciesInput{Filter: kind}, func(out *organizations.ListPoliciesOutput) error {
			return each(ctx, t.s, out.Policies, t.policy)
		})
	})
}

func (t *tree) policy(ctx context.Context, p types.PolicySummary) error {
	s, id := t.s, aws.ToString(p.Id)
	d := s.Draft(organizationPolicyType, id, aws.ToString(p.Arn), aws.ToString(p.Name)).From(organizationsListPolicies.Operation, s)
	d.Fold(p, Folding{})
	err := organizationsDescribePolicy.Get(ctx, s, d, &organizations.DescribePolicyInput{PolicyId: &id}, func(out *organizations.DescribePolicyOutput) error {
		if out.Policy != nil {
			d.SetDocument("Content", out.Policy.Content)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var targets []types.PolicyTargetSummary
	var ids []string
	err = organizationsListTargets.Pages(ctx, s, d, &organizations.ListTargetsForPolicyInput{PolicyId: &id}, func(out *organizations.ListTargetsForPolicyOutput) error {
		for _, target := range out.Targets {
			targets = append(targets, target)
			ids = append(ids, aws.ToString(target.TargetId))
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.Set("TargetIds", ids)
	d.Observe("Targets", targets)
	if p.AwsManaged {
		return s.Put(ctx, d)
	}
	return t.tagged(ctx, d)
}

func (t *tree) delegated(ctx context.Context) error {
	s := t.s
	return organizationsListDelegated.List(ctx, s, &organizations.ListDelegatedAdministratorsInput{}, func(out *organizations.ListDelegatedAdministratorsOutput) error {
		return each(ctx, s, out.DelegatedAdministrators, func(ctx context.Context, a types.DelegatedAdministrator) error {
			id := aws.ToString(a.Id)
			// The ARN is the account's, which is a resource of its own.
			d := s.Draft(delegatedAdminType, id, "", aws.ToString(a.Name)).From(organizationsListDelegated.Operation, s)
			d.Set("AccountId", id)
			d.Fold(a, Folding{Drop: []string{"Id"}})
			var services []types.DelegatedService
			err := organizationsListDelegatedServices.Pages(ctx, s, d, &organizations.ListDelegatedServicesForAccountInput{AccountId: &id}, func(out *organizations.ListDelegatedServicesForAccountOutput) error {
				services = append(services, out.DelegatedServices...)
				return nil
			})
			if err != nil {
				return err
			}
			d.Set("Services", services)
			return s.Put(ctx, d)
		})
	})
}

// resourcePolicy is the policy by which the management account delegates
// Organizations itself.
func (t *tree) resourcePolicy(ctx context.Context) error {
	s := t.s
	return organizationsDescribeResourcePolicy.List(ctx, s, &organizations.DescribeResourcePolicyInput{}, func(out *organizations.DescribeResourcePolicyOutput) error {
		p := out.ResourcePolicy
		if p == nil || p.ResourcePolicySummary == nil {
			return nil
		}
		id := aws.ToString(p.ResourcePolicySummary.Id)
		d := s.Draft(delegationPolicyType, id, aws.ToString(p.ResourcePolicySummary.Arn), id).From(organizationsDescribeResourcePolicy.Operation, s)
		d.Fold(p.ResourcePolicySummary, Folding{})
		d.SetDocument("Content", p.Content)
		return t.tagged(ctx, d)
	})
}
