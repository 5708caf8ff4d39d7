package iam

import (
	"strings"

	"merlon.dev/merlon"
)

// kindRules say which elements a kind of policy has.
func kindRules() []LintRule {
	return []LintRule{
		{Code: "principal-not-allowed", Title: "A Principal where there can be none", Severity: merlon.High, Source: pagePrincipal, statement: principalNotAllowed, reads: otherElement,
			Kinds: []PolicyKind{IdentityPolicy, BoundaryPolicy, SessionPolicy, SCP},
			Why:   "Whom such a policy concerns follows from what it is attached to; AWS refuses a Principal in it.",
			Fix:   "Take the element out, or use the policy as a resource or trust policy."},
		{Code: "missing-principal", Title: "No Principal", Severity: merlon.High, Source: pagePrincipal, statement: missingPrincipal, reads: principalElement,
			Kinds: []PolicyKind{ResourcePolicy, TrustPolicy, EndpointPolicy, RCP},
			Why:   "A policy on a resource must say whom it concerns; AWS refuses it, or the statement has no effect.",
			Fix:   "Add Principal."},
		{Code: "missing-resource", Title: "No Resource", Severity: merlon.High, Source: pageResource, statement: missingResource, reads: resourceElement,
			Kinds: []PolicyKind{IdentityPolicy, BoundaryPolicy, SessionPolicy, SCP, RCP, EndpointPolicy},
			Why:   "AWS refuses a statement that names no resource.",
			Fix:   `Add Resource with ARNs, or "*" where the actions take no resource.`},
		{Code: "trust-resource", Title: "A trust policy with a Resource", Severity: merlon.High, Source: pageResource, statement: trustResource, reads: otherElement, Kinds: []PolicyKind{TrustPolicy},
			Why: "The resource of a trust policy is the role itself; AWS refuses the element.",
			Fix: "Take Resource out."},
		{Code: "trust-action", Title: "A trust policy on actions that assume no role", Severity: merlon.High, Source: pageChecks, statement: trustActions, reads: actionElement, Kinds: []PolicyKind{TrustPolicy},
			Why: "In a trust policy only the actions of STS mean something; others never match.",
			Fix: "Name sts:AssumeRole, sts:AssumeRoleWithSAML, sts:AssumeRoleWithWebIdentity, sts:TagSession or sts:SetSourceIdentity."},
		{Code: "not-principal-unsupported", Title: "NotPrincipal where AWS does not take it", Severity: merlon.High, Source: pageNotPrinc, statement: notPrincipalUnsupported, reads: otherElement, Kinds: []PolicyKind{TrustPolicy, RCP},
			Why: "Trust policies and RCPs have no NotPrincipal; AWS refuses it.",
			Fix: "Use Principal with a condition on aws:PrincipalArn or aws:PrincipalAccount."},
		{Code: "rcp-allow", Title: "An RCP that allows", Severity: merlon.High, Source: pageRCP, statement: rcpAllow, reads: otherElement, Kinds: []PolicyKind{RCP},
			Why: "Allow is for RCPFullAWSAccess alone; AWS refuses it in an RCP of your own.",
			Fix: "Write a Deny for what must not happen."},
		{Code: "rcp-not-action", Title: "An RCP with NotAction", Severity: merlon.High, Source: pageRCP, statement: rcpNotAction, reads: otherElement, Kinds: []PolicyKind{RCP},
			Why: "RCPs have no NotAction; AWS refuses it.",
			Fix: "List the actions."},
		{Code: "rcp-principal", Title: "An RCP on some principals", Severity: merlon.High, Source: pageRCP, statement: rcpPrincipal, reads: principalElement, Kinds: []PolicyKind{RCP},
			Why: `The Principal of an RCP is "*"; AWS refuses others.`,
			Fix: `Write "Principal": "*" and narrow it with a condition on aws:PrincipalArn.`},
		{Code: "rcp-action", Title: "An RCP on a service that RCPs do not bind", Severity: merlon.High, Source: "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html", statement: rcpAction, reads: actionElement, Kinds: []PolicyKind{RCP},
			Why: "RCPs bind the resources of some services only: a Deny for others does not bite.",
			Fix: "Deny it in an SCP or in the resource's policy."},
		{Code: "rcp-version", Title: "An RCP without the Version of 2012", Severity: merlon.High, Source: pageRCP, document: rcpVersion, Kinds: []PolicyKind{RCP},
			Why: "An RCP must carry Version 2012-10-17.",
			Fix: `Add "Version": "2012-10-17".`},
	}
}

func principalNotAllowed(r *lintRun, s *Statement) {
	if s.HasPrincipal {
		r.report(s.Offset, "%s in %s", either(s.NotPrincipal, "NotPrincipal", "Principal"), r.kindText())
	}
}

// kindText is the kind with its article.
func (r *lintRun) kindText() string {
	switch r.Kind {
	case IdentityPolicy:
		return "an identity policy"
	case BoundaryPolicy:
		return "a permissions boundary"
	case EndpointPolicy:
		return "an endpoint policy"
	case SCP, RCP:
		return "an " + strings.ToUpper(string(r.Kind))
	}
	return "a " + string(r.Kind) + " policy"
}

func missingPrincipal(r *lintRun, s *Statement) {
	if !s.HasPrincipal && s.invalid == "" {
		r.report(s.Offset, "the statement has no Principal, which %s needs", r.kindText())
	}
}

func missingResource(r *lintRun, s *Statement) {
	if !s.HasResource && s.invalid == "" {
		r.report(s.Offset, "the statement has no Resource, which %s needs", r.kindText())
	}
}

func trustResource(r *lintRun, s *Statement) {
	if s.HasResource {
		r.report(s.Offset, "%s in a trust policy", either(s.NotResource, "NotResource", "Resource"))
	}
}

func trustActions(r *lintRun, s *Statement) {
	for _, a := range s.Actions {
		if prefix, _, ok := strings.Cut(strings.ToLower(a.Text), ":"); ok && prefix != "sts" && !isStar(a.Text) {
			r.report(a.Offset, "%s assumes no role", a.Text)
		}
	}
}

func notPrincipalUnsupported(r *lintRun, s *Statement) {
	if s.NotPrincipal {
		r.report(s.Offset, "NotPrincipal in %s", r.kindText())
	}
}

// fullAccess reports whether the statement is the one of RCPFullAWSAccess.
func fullAccess(s *Statement) bool {
	return len(s.Actions) == 1 && s.Actions[0].Text == "*" && !s.NotAction && len(s.Resources) == 1 && s.Resources[0].Text == "*" && len(s.Conditions) == 0
}

func rcpAllow(r *lintRun, s *Statement) {
	if s.Effect == Allow && !fullAccess(s) {
		r.report(s.Offset, "an RCP of your own can only deny")
	}
}

func rcpNotAction(r *lintRun, s *Statement) {
	if s.NotAction {
		r.report(s.Offset, "NotAction in an RCP")
	}
}

func rcpPrincipal(r *lintRun, s *Statement) {
	for _, p := range s.Principals {
		if p.Value != "*" {
			r.report(p.Offset, "the Principal of an RCP is \"*\", not %q", p.Value)
			return
		}
	}
}

func rcpAction(r *lintRun, s *Statement) {
	for _, a := range s.Actions {
		prefix, _, _ := strings.Cut(a.Text, ":")
		service, ok := r.linter.reference.Service(prefix)
		if ok && !service.ResourceControlPolicies {
			r.report(a.Offset, "RCPs do not bind %s", service.Name)
		}
	}
}

func rcpVersion(r *lintRun) {
	if r.policy.Version != "2012-10-17" {
		r.report(0, "the RCP's Version is not 2012-10-17")
	}
}
