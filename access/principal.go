package access

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
)

// Principal is an identity of the snapshot with all that binds it.
type Principal struct {
	iam.Principal
	Name string
	Type string // AWS::IAM::User, AWS::IAM::Role, or "" for a root user
	Tags map[string]string

	Identity   []*iam.Policy // attached to it and, for a user, to its groups
	Boundaries []*iam.Policy // nil: none
	Trust      *iam.Policy   // of a role
	Groups     []string      // of a user

	// PermissionSet is the name of the Identity Center permission set that made the role.
	PermissionSet string

	context *iam.Context
}

// Context is what is known of the keys that describe the principal; it is
// empty of everything that depends on the request.
func (p *Principal) Context() *iam.Context { return p.context }

func malformed(r *merlon.Resource, err error) error {
	return fmt.Errorf("%s %s: %w", r.Type, r.Key(), err)
}

const (
	typeUser          = "AWS::IAM::User"
	typeGroup         = "AWS::IAM::Group"
	typeRole          = "AWS::IAM::Role"
	typeManagedPolicy = "AWS::IAM::ManagedPolicy"
	typeReportEntry   = "Merlon::IAM::CredentialReportEntry"
)

// identityProperties are those of a user, a group and a role that matter.
type identityProperties struct {
	UserName, GroupName, RoleName, Path, Arn, RoleId string
	Groups                                           []string
	ManagedPolicyArns                                []string
	PermissionsBoundary                              string
	AssumeRolePolicyDocument                         json.RawMessage
	Policies                                         []struct {
		PolicyName     string
		PolicyDocument json.RawMessage
	}
}

func (x *Index) loadManagedPolicies(ctx context.Context) error {
	x.missing(typeManagedPolicy)
	return x.snapshot.Each(ctx, typeManagedPolicy, func(r *merlon.Resource) error {
		var p struct {
			PolicyDocument json.RawMessage
			Users          []string
		}
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		doc := policyAt(r, p.PolicyDocument, "/properties/PolicyDocument", policyName(string(r.ARN), r.Name))
		if doc == nil {
			doc = iam.UnknownPolicy(r.Name, "the policy has no document")
		}
		x.managed[r.Key()] = doc
		x.managed[r.ID] = doc
		return nil
	})
}

func policyName(arn, name string) string {
	if arn != "" {
		return arn
	}
	return name
}

// knownManaged are documents of AWS's own policies that never change in
// meaning, for sources that name them without their text.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AdministratorAccess.html, read 2026-11-24
var knownManaged = map[string]string{
	"AdministratorAccess": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	"IAMFullAccess":       `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*","organizations:DescribeAccount","organizations:DescribeOrganization","organizations:DescribeOrganizationalUnit","organizations:DescribePolicy","organizations:ListChildren","organizations:ListParents","organizations:ListPoliciesForTarget","organizations:ListRoots","organizations:ListPolicies","organizations:ListTargetsForPolicy"],"Resource":"*"}]}`,
	"AmazonS3FullAccess":  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","s3-object-lambda:*"],"Resource":"*"}]}`,
}

// managedPolicy finds a managed policy by its ARN.
func (x *Index) managedPolicy(arn string) *iam.Policy {
	if p := x.managed[arn]; p != nil {
		return p
	}
	if name, ok := strings.CutPrefix(arn, "arn:aws:iam::aws:policy/"); ok && knownManaged[name] != "" {
		if p, err := iam.ParsePolicy([]byte(knownManaged[name])); err == nil {
			p.Name = arn
			return p
		}
	}
	return iam.UnknownPolicy(arn, "the text of the policy was not read")
}

// attached are the identity policies of one user, group or role.
func (x *Index) attached(r *merlon.Resource, p *identityProperties) []*iam.Policy {
	label := r.Name
	var out []*iam.Policy
	if why := unknownAt(r, "/properties/Policies"); why != "" {
		out = append(out, iam.UnknownPolicy("inline policies of "+label, why))
	}
	for i, inline := range p.Policies {
		name := label + "/" + inline.PolicyName
		if doc := policyAt(r, inline.PolicyDocument, fmt.Sprintf("/properties/Policies/%d/PolicyDocument", i), name); doc != nil {
			out = append(out, doc)
		}
	}
	if why := unknownBelow(r, "/properties/ManagedPolicyArns"); why != "" {
		out = append(out, iam.UnknownPolicy("managed policies of "+label, why))
	}
	for _, arn := range p.ManagedPolicyArns {
		if arn != "" {
			out = append(out, x.managedPolicy(arn))
		}
	}
	return out
}

// unknownBelow is why the value at a pointer, or something in it, is not known.
func unknownBelow(r *merlon.Resource, pointer string) string {
	if why := unknownAt(r, pointer); why != "" {
		return why
	}
	for _, u := range r.Unknowns {
		if strings.HasPrefix(u.Path, pointer+"/") {
			return u.Reason
		}
	}
	return ""
}

func (x *Index) boundaries(r *merlon.Resource, p *identityProperties) []*iam.Policy {
	if why := unknownAt(r, "/properties/PermissionsBoundary"); why != "" {
		// Whether there is one is not known: it may limit or not.
		return []*iam.Policy{iam.UnknownPolicy("boundary of "+r.Name, why)}
	}
	if p.PermissionsBoundary == "" {
		return nil
	}
	return []*iam.Policy{x.managedPolicy(p.PermissionsBoundary)}
}

func (x *Index) loadPrincipals(ctx context.Context) error {
	groups := map[string][]*iam.Policy{} // account/name
	err := x.snapshot.Each(ctx, typeGroup, func(r *merlon.Resource) error {
		var p identityProperties
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		groups[string(r.Account)+"/"+r.ID] = x.attached(r, &p)
		return nil
	})
	if err != nil {
		return err
	}
	withoutMFA := map[string]bool{} // ARNs of users that have no device
	err = x.snapshot.Each(ctx, typeReportEntry, func(r *merlon.Resource) error {
		var p struct {
			Arn       string
			MfaActive *bool
		}
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		if p.MfaActive != nil && !*p.MfaActive {
			withoutMFA[p.Arn] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	x.missing(typeUser)
	err = x.snapshot.Each(ctx, typeUser, func(r *merlon.Resource) error {
		var p identityProperties
		var o struct{ UserId string }
		if err := decode(r, &p, &o); err != nil {
			return err
		}
		who := &Principal{Principal: iam.Principal{Kind: iam.User, ARN: r.Key(), Account: string(r.Account), ID: o.UserId},
			Name: r.Name, Type: r.Type, Tags: r.Tags, Groups: p.Groups}
		who.Identity = x.attached(r, &p)
		if why := unknownBelow(r, "/properties/Groups"); why != "" {
			who.Identity = append(who.Identity, iam.UnknownPolicy("policies of the groups of "+r.Name, why))
		}
		for _, g := range p.Groups {
			policies, ok := groups[string(r.Account)+"/"+g]
			if !ok && g != "" {
				policies = []*iam.Policy{iam.UnknownPolicy("policies of group "+g, "the group was not read")}
			}
			who.Identity = append(who.Identity, policies...)
		}
		who.Boundaries = x.boundaries(r, &p)
		x.add(who, unknownAt(r, "/tags"), withoutMFA[who.ARN])
		return nil
	})
	if err != nil {
		return err
	}
	x.missing(typeRole)
	err = x.snapshot.Each(ctx, typeRole, func(r *merlon.Resource) error {
		var p identityProperties
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		who := &Principal{Principal: iam.Principal{Kind: iam.Role, ARN: r.Key(), Account: string(r.Account), ID: p.RoleId,
			ServiceLinked: strings.HasPrefix(p.Path, "/aws-service-role/")}, Name: r.Name, Type: r.Type, Tags: r.Tags}
		who.Identity = x.attached(r, &p)
		who.Boundaries = x.boundaries(r, &p)
		who.Trust = policyAt(r, p.AssumeRolePolicyDocument, "/properties/AssumeRolePolicyDocument", r.Key())
		if strings.HasPrefix(p.Path, "/aws-reserved/sso.amazonaws.com/") {
			who.PermissionSet = permissionSetName(r.Name)
		}
		x.add(who, unknownAt(r, "/tags"), false)
		return nil
	})
	if err != nil {
		return err
	}
	for id := range x.accounts {
		arn := "arn:" + x.partition(id) + ":iam::" + id + ":root"
		x.add(&Principal{Principal: iam.Principal{Kind: iam.Root, ARN: arn, Account: id}, Name: "root user of " + id}, "", withoutMFA[arn])
	}
	return nil
}

// permissionSetName is the "Name" of AWSReservedSSO_Name_0123456789abcdef.
func permissionSetName(role string) string {
	name, ok := strings.CutPrefix(role, "AWSReservedSSO_")
	if !ok {
		return ""
	}
	if i := strings.LastIndexByte(name, '_'); i > 0 {
		name = name[:i]
	}
	return name
}

func (x *Index) partition(account string) string {
	for _, a := range x.snapshot.Meta().Accounts {
		if string(a.ID) == account && len(a.Regions) > 0 {
			return string(merlon.PartitionOf(a.Regions[0]))
		}
	}
	return "aws"
}

func (x *Index) add(p *Principal, tagsUnknown string, withoutMFA bool) {
	p.context = x.principalContext(p, tagsUnknown == "", withoutMFA)
	x.principals = append(x.principals, p)
	x.byARN[p.ARN] = p
}

// Principal finds one by its ARN, or a session's role.
func (x *Index) Principal(arn string) *Principal {
	if p := x.byARN[arn]; p != nil {
		return p
	}
	who, err := iam.ParsePrincipal(arn)
	if err != nil || who.Kind != iam.Session {
		return nil
	}
	_, rest, _ := strings.Cut(arn, "/")
	name, _, _ := strings.Cut(rest, "/")
	for _, p := range x.principals {
		if p.Kind == iam.Role && p.Account == who.Account && p.Name == name {
			session := *p
			session.Principal = who
			session.RoleARN, session.ServiceLinked = p.ARN, p.ServiceLinked
			return &session
		}
	}
	return nil
}

// globalRegion is where an account's global services are called.
func (x *Index) globalRegion(account string) string {
	return string(merlon.Partition(x.partition(account)).GlobalRegion())
}
