package iam

import (
	"strings"

	"merlon.dev/merlon"
)

// principalRules concern the Principal and NotPrincipal elements.
func principalRules() []LintRule {
	return []LintRule{
		{Code: "principal-form", Title: "A principal that is none", Severity: merlon.High, Source: pagePrincipal, reads: principalElement, statement: principalForm,
			Why: "AWS refuses a principal that is not an account, an ARN of IAM or STS, a unique id or \"*\".",
			Fix: "Write twelve digits, arn:aws:iam::ACCOUNT:user/NAME, arn:aws:iam::ACCOUNT:role/NAME or arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION."},
		{Code: "principal-wildcard", Title: "A wildcard inside a principal", Severity: merlon.High, Source: pagePrincipal, reads: principalElement, statement: principalWildcard,
			Why: "A principal matches as a whole or not at all; a wildcard in part of an ARN is refused or matches nothing.",
			Fix: `Use "*" with a condition of ArnLike on aws:PrincipalArn.`},
		{Code: "principal-group", Title: "A group as a principal", Severity: merlon.High, Source: pagePrincipal, reads: principalElement, statement: principalGroup,
			Why: "Groups are no principals; AWS refuses them.",
			Fix: "Name a role, or the account and let identity policies decide."},
		{Code: "deleted-principal", Title: "A principal that has been deleted", Severity: merlon.Medium, Source: pagePrincipal, reads: principalElement, statement: deletedPrincipal,
			Why: "AWS shows a unique id in place of the ARN once the user or role is gone. The entry matches nobody, also not a new one of the same name.",
			Fix: "Take it out, or write the ARN of the one that is meant now."},
		{Code: "service-principal-form", Title: "A service principal that is none", Severity: merlon.High, Source: pagePrincipal, reads: principalElement, statement: serviceForm,
			Why: "The name of a service as a principal ends in .amazonaws.com; others match nothing or are refused.",
			Fix: "Write SERVICE.amazonaws.com as the service's documentation has it."},
		{Code: "service-principal-any", Title: "Every AWS service as a principal", Severity: merlon.High, Source: pagePrincipal, reads: principalElement | otherElement, statement: anyService,
			Why: "Every service of AWS, used from any account, is meant.",
			Fix: "Name the service."},
		{Code: "principal-variable", Title: "A policy variable in a principal", Severity: merlon.High, Source: pageVariables, reads: principalElement, statement: principalVariable,
			Why: "Variables work in Resource and in the values of conditions only.",
			Fix: "Write the principal out, or use a condition."},
		{Code: "allow-not-principal", Title: "Allow with NotPrincipal", Severity: merlon.Critical, Source: pageNotPrinc, reads: otherElement, statement: allowNotPrincipal,
			Why: "Everyone but the list is allowed, anonymous callers included.",
			Fix: "List who is meant in Principal."},
		{Code: "deny-not-principal", Title: "Deny with NotPrincipal", Severity: merlon.Low, Source: pageNotPrinc, reads: otherElement, statement: denyNotPrincipal,
			Why: "The account, the role and each session must be listed, and one with a permissions boundary is denied all the same. AWS advises against it.",
			Fix: `Write "Principal": "*" with ArnNotEquals on aws:PrincipalArn.`},
		{Code: "public-resource", Title: "Everyone is allowed", Severity: merlon.High, Source: pagePrincipal, statement: publicResource, Kinds: []PolicyKind{ResourcePolicy},
			Why: "The statement allows every caller in the world and no condition narrows it.",
			Fix: "Name the principals, or add a condition on aws:PrincipalOrgID, aws:SourceAccount, aws:SourceVpce …"},
		{Code: "confused-deputy", Title: "A service is allowed, whoever uses it", Severity: merlon.Medium, Source: pageDeputy, statement: confusedDeputy, Kinds: []PolicyKind{ResourcePolicy},
			Why: "The service acts for customers of all accounts: another account can make it reach this resource.",
			Fix: "Add a condition on aws:SourceArn, aws:SourceAccount, aws:SourceOrgID or aws:SourceOrgPaths."},
		{Code: "redundant-principal", Title: "A principal that another entry covers", Severity: merlon.Info, reads: principalElement, statement: redundantPrincipals,
			Why: `Beside "*" no other principal changes anything, nor does a second of the same.`,
			Fix: "Take it out; or take the wildcard out, if it was not meant."},
	}
}

func (s *Statement) awsPrincipals(fn func(p PrincipalElement)) {
	for _, p := range s.Principals {
		if p.Type == "AWS" {
			fn(p)
		}
	}
}

func principalForm(r *lintRun, s *Statement) {
	s.awsPrincipals(func(p PrincipalElement) {
		if strings.Contains(p.Value, "${") || wild(p.Value) || deletedID(p.Value) || account(p.Value) {
			return
		}
		parts := strings.SplitN(p.Value, ":", 6)
		fine := len(parts) == 6 && parts[0] == "arn" && partition(parts[1]) && (parts[2] == "iam" || parts[2] == "sts") && parts[3] == "" && parts[5] != ""
		switch {
		case !fine:
			r.report(p.Offset, "%q is no principal", p.Value)
		case !account(parts[4]):
			r.report(p.Offset, "%q: the account has not twelve digits", p.Value)
		case parts[2] == "iam" && parts[5] != "root" && !strings.HasPrefix(parts[5], "user/") && !strings.HasPrefix(parts[5], "role/") && !strings.HasPrefix(parts[5], "group/"):
			r.report(p.Offset, "%q is neither a user nor a role nor an account", p.Value)
		case parts[2] == "sts" && !strings.HasPrefix(parts[5], "assumed-role/") && !strings.HasPrefix(parts[5], "federated-user/") && parts[5] != "self":
			r.report(p.Offset, "%q is no session", p.Value)
		}
	})
	for _, p := range s.Principals {
		if p.Type == "Federated" && !strings.Contains(p.Value, ".") && !strings.HasPrefix(p.Value, "arn:") && p.Value != "*" {
			r.report(p.Offset, "%q is no identity provider", p.Value)
		}
		if p.Type == "Federated" && strings.HasPrefix(p.Value, "arn:") && !strings.Contains(p.Value, ":saml-provider/") && !strings.Contains(p.Value, ":oidc-provider/") {
			r.report(p.Offset, "%q is no identity provider", p.Value)
		}
	}
}

func principalWildcard(r *lintRun, s *Statement) {
	for _, p := range s.Principals {
		if p.Type != "*" && p.Value != "*" && wild(p.Value) {
			r.report(p.Offset, "%q matches no principal", p.Value)
		}
	}
}

func principalGroup(r *lintRun, s *Statement) {
	s.awsPrincipals(func(p PrincipalElement) {
		if parts := strings.SplitN(p.Value, ":", 6); len(parts) == 6 && parts[2] == "iam" && strings.HasPrefix(parts[5], "group/") {
			r.report(p.Offset, "%q is a group", p.Value)
		}
	})
}

// deletedID reports whether a value is the unique id of a user, role or group
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html, read 2026-11-24).
func deletedID(value string) bool {
	if len(value) < 16 || len(value) > 128 || strings.ToUpper(value) != value {
		return false
	}
	for _, prefix := range [...]string{"AIDA", "AROA", "AGPA", "ANPA", "ASIA", "AKIA"} {
		if strings.HasPrefix(value, prefix) && !strings.ContainsAny(value, ":/*") {
			return true
		}
	}
	return false
}

func deletedPrincipal(r *lintRun, s *Statement) {
	s.awsPrincipals(func(p PrincipalElement) {
		if deletedID(p.Value) {
			r.report(p.Offset, "%s is the unique id of a user or role that is gone", p.Value)
		}
	})
}

func serviceForm(r *lintRun, s *Statement) {
	for _, p := range s.Principals {
		if p.Type == "Service" && p.Value != "*" && !wild(p.Value) && !strings.Contains(p.Value, "${") && (!serviceName(p.Value) || strings.ToLower(p.Value) != p.Value) {
			r.report(p.Offset, "%q is no service principal", p.Value)
		}
	}
}

func anyService(r *lintRun, s *Statement) {
	for _, p := range s.Principals {
		if s.Effect == Allow && p.Type == "Service" && p.Value == "*" {
			r.report(p.Offset, "all services are meant")
		}
	}
}

func principalVariable(r *lintRun, s *Statement) {
	for _, p := range s.Principals {
		if strings.Contains(p.Value, "${") {
			r.report(p.Offset, "%q: the variable is literal text here", p.Value)
		}
	}
}

func allowNotPrincipal(r *lintRun, s *Statement) {
	if s.Effect == Allow && s.NotPrincipal {
		r.report(s.Offset, "everyone but the list is allowed")
	}
}

func denyNotPrincipal(r *lintRun, s *Statement) {
	if s.Effect == Deny && s.NotPrincipal {
		r.report(s.Offset, "Deny with NotPrincipal")
	}
}

// everyone is the Principal element that means all callers.
func (s *Statement) everyone() (PrincipalElement, bool) {
	if s.NotPrincipal {
		return PrincipalElement{}, false
	}
	for _, p := range s.Principals {
		if p.Type == "*" || p.Type == "AWS" && p.Value == "*" {
			return p, true
		}
	}
	return PrincipalElement{}, false
}

// narrows reports whether a condition lets only some callers through: a
// positive operator without IfExists on a key that says who calls or from where.
func narrows(c *Condition) bool {
	t := &c.compiled
	if t.op.negated || t.ifExists || t.set == forAllValues || t.op.family == null || t.invalid != "" {
		return false
	}
	for _, v := range c.Values {
		if isStar(v.Text) || v.Text == "0.0.0.0/0" || v.Text == "::/0" || t.op.family == arn && (strings.HasPrefix(v.Text, "arn:aws:*") || strings.HasPrefix(v.Text, "arn:*")) {
			return false
		}
	}
	switch t.key {
	case "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn", "aws:vpcsourceip", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths",
		"aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths", "aws:arn",
		"aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:principalarn", "aws:principalservicename", "aws:principalservicenameslist",
		"aws:userid", "aws:username", "aws:federatedprovider", "aws:principalisawsservice",
		"s3:dataaccesspointarn", "s3:dataaccesspointaccount", "kms:calleraccount", "kms:viaservice", "lambda:functionurlauthtype", "sns:endpoint", "lambda:eventsourcetoken", "sts:externalid", "elasticfilesystem:accessedviamounttarget":
		return true
	}
	return strings.HasPrefix(t.key, "aws:principaltag/") && len(c.Values) > 0 || providerKey(c.Key)
}

func (s *Statement) narrowed() bool {
	for i := range s.Conditions {
		if narrows(&s.Conditions[i]) {
			return true
		}
	}
	return false
}

func publicResource(r *lintRun, s *Statement) {
	if p, ok := s.everyone(); ok && s.Effect == Allow && !s.narrowed() && !s.impossible(r) {
		r.report(p.Offset, "every caller may %s", r.listed(s.Actions))
	}
}

// impossible reports whether the conditions of the statement never hold.
func (s *Statement) impossible(r *lintRun) bool {
	for i := range s.Conditions {
		for j := range s.Conditions[:i] {
			a, b := &s.Conditions[i], &s.Conditions[j]
			if i < maxPairs && a.compiled.key == b.compiled.key && (r.exclude(a, b) || r.exclude(b, a)) {
				return true
			}
		}
	}
	return false
}

// fromSource reports whether a condition says for whom a service acts. Every
// operator but a negation of nothing will do: what it compares is its matter.
func fromSource(c *Condition) bool {
	switch c.compiled.key {
	case "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc", "aws:sourcevpce", "aws:principalorgid", "aws:principalaccount",
		"kms:calleraccount", "kms:viaservice", "kms:grantisforawsresource", "sts:externalid", "cognito-identity.amazonaws.com:aud", "lambda:eventsourcetoken",
		"s3:dataaccesspointarn":
		return !c.compiled.op.negated
	}
	return strings.HasPrefix(c.compiled.key, "kms:encryptioncontext:") && !c.compiled.op.negated
}

func confusedDeputy(r *lintRun, s *Statement) {
	if s.Effect != Allow || s.NotPrincipal {
		return
	}
	for i := range s.Conditions {
		if fromSource(&s.Conditions[i]) {
			return
		}
	}
	for _, p := range s.Principals {
		// These act for the owner of the resource alone.
		if p.Type == "Service" && !strings.HasPrefix(p.Value, "cloudfront") && serviceName(p.Value) {
			r.report(p.Offset, "%s may %s for whoever uses it", p.Value, r.listed(s.Actions))
		}
	}
}

func redundantPrincipals(r *lintRun, s *Statement) {
	_, any := s.everyone()
	seen := map[string]bool{}
	for _, p := range s.Principals {
		key := p.Type + "\x00" + p.Value
		switch {
		case seen[key]:
			r.report(p.Offset, "%q stands twice", p.Value)
		case any && p.Type == "AWS" && p.Value != "*":
			r.report(p.Offset, "%q is covered by the \"*\" beside it", p.Value)
		}
		seen[key] = true
	}
}
