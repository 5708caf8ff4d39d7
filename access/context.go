package access

import (
	"strconv"
	"strings"
	"time"

	"merlon.dev/merlon/iam"
)

// principalContext fills in the global keys that describe a principal. What
// the inventory cannot know of them stays unknown.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html, read 2026-11-24
func (x *Index) principalContext(p *Principal, tagsKnown, withoutMFA bool) *iam.Context {
	c := iam.NewOpenContext()
	c.Set("aws:PrincipalArn", p.ARN)
	c.Set("aws:PrincipalAccount", p.Account)
	c.Set("aws:PrincipalIsAWSService", "false")
	c.SetAbsent("aws:PrincipalServiceName").SetAbsent("aws:PrincipalServiceNamesList")
	c.Set("kms:CallerAccount", p.Account)
	x.organizationKeys(c, "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", p.Account)
	for k, v := range p.Tags {
		c.Set("aws:PrincipalTag/"+k, v)
	}
	// A session may bring tags of its own where the trust lets it.
	if tagsKnown && (p.Kind != iam.Role || !mayTagSession(p.Trust)) {
		c.Close("aws:PrincipalTag/")
	}
	switch p.Kind {
	case iam.Root:
		c.Set("aws:PrincipalType", "Account").SetAbsent("aws:username").Set("aws:userid", p.Account)
		c.SetAbsent("aws:FederatedProvider").SetAbsent("aws:SourceIdentity")
	case iam.User:
		c.Set("aws:PrincipalType", "User").Set("aws:username", p.Name)
		if p.ID != "" {
			c.Set("aws:userid", p.ID)
		}
		c.SetAbsent("aws:FederatedProvider").SetAbsent("aws:SourceIdentity")
	case iam.Role:
		c.Set("aws:PrincipalType", "AssumedRole").SetAbsent("aws:username").SetPresent("aws:userid").SetPresent("aws:TokenIssueTime")
	}
	if withoutMFA {
		// Absent with long-term keys, false in a console session: never true.
		c.SetOneOf("aws:MultiFactorAuthPresent", nil, []string{"false"}).SetAbsent("aws:MultiFactorAuthAge")
	}
	return c
}

func (x *Index) organizationKeys(c *iam.Context, id, paths, account string) {
	a := x.bound(account)
	switch {
	case a == nil || a.InOrganization == iam.Maybe:
	case a.InOrganization == iam.No:
		c.SetAbsent(id).SetAbsent(paths)
	default:
		c.Set(id, a.Organization)
		if a.Path != "" {
			c.Set(paths, a.Path)
		}
	}
}

// mayTagSession says whether a trust allows sessions to bring tags.
func mayTagSession(trust *iam.Policy) bool {
	if trust == nil || trust.Unknown() != "" {
		return true
	}
	for i := range trust.Statements {
		s := &trust.Statements[i]
		if s.Effect != iam.Deny && s.MatchesAction("sts:TagSession") != iam.No {
			return true
		}
	}
	return false
}

// directCall are the keys of a direct call over TLS, made now.
func (x *Index) directCall() *iam.Context {
	c := iam.NewOpenContext()
	// A caller chooses TLS, and calls directly: what a service does on its
	// behalf is another question.
	c.Set("aws:SecureTransport", "true").Set("aws:ViaAWSService", "false")
	for _, key := range []string{"aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceOwner", "kms:ViaService"} {
		c.SetAbsent(key)
	}
	if !x.options.Now.IsZero() {
		c.Set("aws:CurrentTime", x.options.Now.UTC().Format(time.RFC3339)).Set("aws:EpochTime", strconv.FormatInt(x.options.Now.Unix(), 10))
	}
	return c
}

// requestContext are the keys of a direct call on a resource, whoever makes it;
// what it does not hold is not known.
func (x *Index) requestContext(r *Resource, action string) *iam.Context {
	c := x.memory.direct().Clone()
	if r.Account != "" {
		c.Set("aws:ResourceAccount", r.Account)
		c.Set("s3:ResourceAccount", r.Account)
		x.organizationKeys(c, "aws:ResourceOrgID", "aws:ResourceOrgPaths", r.Account)
	}
	if r.Region != "" {
		c.Set("aws:RequestedRegion", r.Region)
	}
	for k, v := range r.Tags {
		c.Set("aws:ResourceTag/"+k, v)
		c.Set(serviceOf(action)+":ResourceTag/"+k, v)
	}
	if r.tagsKnown {
		c.Close("aws:ResourceTag/").Close(serviceOf(action) + ":ResourceTag/")
	}
	return c
}

func serviceOf(action string) string {
	service, _, _ := strings.Cut(action, ":")
	return strings.ToLower(service)
}
