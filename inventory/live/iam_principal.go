package live

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"merlon.dev/merlon"
)

// details are the users, groups, roles and policies of one account, put together
// before they are written: other calls tell more about all of them.
type details struct {
	users, groups, roles []*Draft
	policies             []types.ManagedPolicyDetail
	byName               map[string]*Draft // users and roles, by type and name
	// used are the ARNs of the managed policies that something is bound by.
	used map[string]bool
}

// iamPrincipals reads the details and the credential report, and what was used
// where that was asked for, and writes all of it.
func (s *Scope) iamPrincipals(ctx context.Context, wait reportWait, accessed bool) error {
	all := &details{byName: map[string]*Draft{}, used: map[string]bool{}}
	var report *credentialReport
	steps := []func(context.Context) error{
		func(ctx context.Context) error { return s.iamDetails(ctx, all) },
		func(ctx context.Context) (err error) {
			report, err = s.fetchReport(ctx, wait)
			return err
		},
	}
	if err := each(ctx, s, steps, func(ctx context.Context, step func(context.Context) error) error { return step(ctx) }); err != nil {
		return err
	}
	if err := s.moreOfRoles(ctx, all); err != nil {
		return err
	}
	if err := s.moreOfUsers(ctx, all); err != nil {
		return err
	}
	if accessed {
		if err := s.lastAccessed(ctx, all, wait); err != nil {
			return err
		}
	} else {
		for _, d := range slices.Concat(all.users, all.roles) {
			d.UnknownBecause(servicesLastAccessed, lastAccessedNotAsked)
		}
	}
	if err := s.iamCredentialReport(ctx, all.users, report); err != nil {
		return err
	}
	for _, list := range [][]*Draft{all.users, all.groups, all.roles} {
		for _, d := range list {
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
	}
	for i := range all.policies {
		if err := s.managedPolicy(ctx, &all.policies[i], all.used); err != nil {
			return err
		}
	}
	return nil
}

// iamDetails reads who and what there is.
func (s *Scope) iamDetails(ctx context.Context, all *details) error {
	in := &iam.GetAccountAuthorizationDetailsInput{MaxItems: iamPage}
	return iamGetAccountAuthorizationDetails.List(ctx, s, in, func(out *iam.GetAccountAuthorizationDetailsOutput) error {
		for i := range out.UserDetailList {
			s.user(all, &out.UserDetailList[i])
		}
		for i := range out.GroupDetailList {
			s.group(all, &out.GroupDetailList[i])
		}
		for i := range out.RoleDetailList {
			s.role(all, &out.RoleDetailList[i])
		}
		all.policies = append(all.policies, out.Policies...)
		return nil
	})
}

func (s *Scope) principal(typ, name string, arn *string) *Draft {
	return s.Draft(typ, name, aws.ToString(arn), name).From(iamGetAccountAuthorizationDetails.Operation, s)
}

func (s *Scope) user(all *details, u *types.UserDetail) {
	name := aws.ToString(u.UserName)
	d := s.principal(userType, name, u.Arn)
	d.Set("Groups", u.GroupList)
	d.Fold(u, Folding{Drop: []string{"GroupList", "UserPolicyList", "AttachedManagedPolicies", "PermissionsBoundary"}})
	d.bind(all, u.UserPolicyList, u.AttachedManagedPolicies, u.PermissionsBoundary)
	all.users = append(all.users, d)
	all.byName[userType+" "+name] = d
}

func (s *Scope) group(all *details, g *types.GroupDetail) {
	d := s.principal(groupType, aws.ToString(g.GroupName), g.Arn)
	d.Fold(g, Folding{Drop: []string{"GroupPolicyList", "AttachedManagedPolicies"}})
	d.bind(all, g.GroupPolicyList, g.AttachedManagedPolicies, nil)
	all.groups = append(all.groups, d)
}

func (s *Scope) role(all *details, r *types.RoleDetail) {
	name := aws.ToString(r.RoleName)
	d := s.principal(roleType, name, r.Arn)
	d.SetDocument("AssumeRolePolicyDocument", r.AssumeRolePolicyDocument)
	// The instance profiles have a call of their own, with those that hold no role.
	d.Fold(r, Folding{Drop: []string{"AssumeRolePolicyDocument", "InstanceProfileList", "RolePolicyList", "AttachedManagedPolicies", "PermissionsBoundary"}})
	d.bind(all, r.RolePolicyList, r.AttachedManagedPolicies, r.PermissionsBoundary)
	all.roles = append(all.roles, d)
	all.byName[roleType+" "+name] = d
}

// bind sets the policies of a principal in CloudFormation's form.
func (d *Draft) bind(all *details, inline []types.PolicyDetail, attached []types.AttachedPolicy, boundary *types.AttachedPermissionsBoundary) {
	var policies, arns []any
	for _, p := range inline {
		policies = append(policies, map[string]any{"PolicyName": aws.ToString(p.PolicyName), "PolicyDocument": document(aws.ToString(p.PolicyDocument))})
	}
	for _, a := range attached {
		arns = append(arns, aws.ToString(a.PolicyArn))
		all.used[aws.ToString(a.PolicyArn)] = true
	}
	if policies != nil {
		d.setPlain("Policies", policies)
	}
	if arns != nil {
		d.setPlain("ManagedPolicyArns", arns)
	}
	if boundary != nil {
		d.Set("PermissionsBoundary", boundary.PermissionsBoundaryArn)
		all.used[aws.ToString(boundary.PermissionsBoundaryArn)] = true
	}
}

func (s *Scope) moreOfRoles(ctx context.Context, all *details) error {
	if len(all.roles) == 0 {
		return nil
	}
	return iamListRoles.Batch(ctx, s, all.roles, &iam.ListRolesInput{MaxItems: iamPage}, func(out *iam.ListRolesOutput) error {
		for _, r := range out.Roles {
			if d := all.byName[roleType+" "+aws.ToString(r.RoleName)]; d != nil {
				d.Set("Description", r.Description)
				d.Set("MaxSessionDuration", r.MaxSessionDuration)
			}
		}
		return nil
	})
}

// moreOfUsers adds the credentials of CodeCommit, Keyspaces and Bedrock (the
// long-term API keys), which the credential report only counts.
func (s *Scope) moreOfUsers(ctx context.Context, all *details) error {
	if len(all.users) == 0 {
		return nil
	}
	found := map[*Draft][]types.ServiceSpecificCredentialMetadata{}
	err := iamListServiceSpecificCredentials.Batch(ctx, s, all.users, &iam.ListServiceSpecificCredentialsInput{AllUsers: aws.Bool(true), MaxItems: iamPage}, func(out *iam.ListServiceSpecificCredentialsOutput) error {
		for _, c := range out.ServiceSpecificCredentials {
			if d := all.byName[userType+" "+aws.ToString(c.UserName)]; d != nil {
				found[d] = append(found[d], c)
			}
		}
		return nil
	})
	for d, list := range found {
		d.Observe("ServiceSpecificCredentials", list)
	}
	return err
}

// managedPolicy writes a policy with the document of its default version. A
// policy of AWS's own that nothing is bound by is not a fact of the account.
func (s *Scope) managedPolicy(ctx context.Context, p *types.ManagedPolicyDetail, used map[string]bool) error {
	arn := aws.ToString(p.Arn)
	parts, err := merlon.ParseARN(arn)
	ours := err == nil && parts.Account == "aws"
	if ours && !used[arn] && aws.ToInt32(p.AttachmentCount) == 0 && aws.ToInt32(p.PermissionsBoundaryUsageCount) == 0 {
		return nil
	}
	d := s.principal(managedPolicyType, arn, &arn)
	_, d.Name = splitPath(arn, ":policy")
	d.Set("PolicyArn", arn)
	d.Observe("AwsManaged", ours)
	var versions []any
	for _, v := range p.PolicyVersionList {
		m := map[string]any{"VersionId": aws.ToString(v.VersionId), "IsDefaultVersion": v.IsDefaultVersion}
		set(m, "CreateDate", plain(v.CreateDate))
		if v.IsDefaultVersion {
			d.SetDocument("PolicyDocument", v.Document)
		} else if !ours && v.Document != nil {
			// Whoever may set the default version may have what another one allows.
			m["Document"] = document(*v.Document)
		}
		versions = append(versions, m)
	}
	d.mu.Lock()
	set(d.observed, "PolicyVersionList", any(versions))
	d.mu.Unlock()
	if !ours {
		d.UnknownBecause("tags", tagsNotListed)
	}
	d.Fold(p, Folding{Rename: map[string]string{"PolicyName": "ManagedPolicyName"}, Drop: []string{"Arn", "PolicyVersionList"}})
	return s.Put(ctx, d)
}

// splitPath gives the path and the name behind the kind in an IAM ARN:
// "arn:aws:iam::1:mfa/team/phone" has the path "/team/" and the name "phone".
func splitPath(arn, kind string) (path, name string) {
	_, rest, ok := strings.Cut(arn, kind)
	if !ok {
		return "", arn
	}
	i := strings.LastIndexByte(rest, '/')
	return rest[:i+1], rest[i+1:]
}

// isRoot tells the root user's ARN.
func isRoot(arn string) bool {
	p, err := merlon.ParseARN(arn)
	return err == nil && p.Service == "iam" && p.Resource == "root"
}

// withScheme gives an OIDC provider's URL as CloudFormation has it; the API leaves the scheme out.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOpenIDConnectProvider.html (read 2026-11-24).
func withScheme(url string) string {
	if url == "" || strings.Contains(url, "://") {
		return url
	}
	return "https://" + url
}
