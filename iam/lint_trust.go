package iam

import (
	"slices"
	"strings"

	"merlon.dev/merlon"
)

// trustRules concern who may assume a role.
func trustRules() []LintRule {
	trust := []PolicyKind{TrustPolicy}
	return []LintRule{
		{Code: "trust-anyone", Title: "A role that anyone may assume", Severity: merlon.Critical, Source: pagePrincipal, Kinds: trust, statement: trustAnyone,
			Why: "Every principal of every account may assume the role.",
			Fix: "Name the principals, or add a condition on aws:PrincipalOrgID or aws:PrincipalArn."},
		{Code: "trust-without-external-id", Title: "A foreign account is trusted without an external id", Severity: merlon.Medium, Source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html", Kinds: trust, statement: trustExternalID,
			Why: "A third party that works for many customers can be made to use this role for another of them.",
			Fix: `Add "StringEquals": {"sts:ExternalId": "…"} with an id that the third party chose for you.`},
		{Code: "oidc-without-subject", Title: "Every user of an identity provider may assume the role", Severity: merlon.Critical, Source: pageOIDC, Kinds: trust, statement: oidcSubject,
			Why: "Providers such as GitHub's vouch for everyone who has an account there. Without a condition on the subject every one of them may assume the role.",
			Fix: `Add a condition on PROVIDER:sub, for GitHub "repo:ORGANIZATION/REPOSITORY:ref:refs/heads/main".`},
		{Code: "oidc-wildcard-subject", Title: "A wildcard in the subject of a federated trust", Severity: merlon.High, Source: "https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws", Kinds: trust, statement: oidcWildcard,
			Why: "The wildcard stands before the repository or project is named in full, so others than the one that was meant fit: anyone can make an organization or a repository whose name begins alike.",
			Fix: "Write organization and repository out; keep a wildcard for branches at most."},
		{Code: "oidc-any-ref", Title: "Every branch and pull request of a repository may assume the role", Severity: merlon.Low, Source: "https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws", Kinds: trust, statement: oidcAnyRef,
			Why: "Whoever may push any branch, and pull requests of the repository, gets the role.",
			Fix: "Name the branch or the environment: repo:ORGANIZATION/REPOSITORY:environment:production."},
		{Code: "oidc-without-audience", Title: "A federated trust without audience", Severity: merlon.Medium, Source: pageOIDC, Kinds: trust, statement: oidcAudience,
			Why: "Tokens that the provider made for other applications are accepted. With Cognito's identity pools those are the pools of all accounts.",
			Fix: `Add "StringEquals": {"PROVIDER:aud": "…"}.`},
		{Code: "cognito-unauthenticated", Title: "Guests of an identity pool may assume the role", Severity: merlon.Medium, Source: "https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html", Kinds: trust, statement: cognitoGuests,
			Why: "Without a condition on cognito-identity.amazonaws.com:amr, or with the value unauthenticated, whoever knows the pool's id gets the role.",
			Fix: `Add "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}.`},
		{Code: "saml-without-audience", Title: "A SAML trust without audience", Severity: merlon.Low, Source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_saml.html", Kinds: trust, statement: samlAudience,
			Why: "Assertions made for another purpose than signing in to AWS are accepted.",
			Fix: `Add "StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}.`},
		{Code: "federated-action", Title: "A federated trust with the wrong action", Severity: merlon.High, Source: pageChecks, Kinds: trust, statement: federatedAction,
			Why: "Users of an OIDC provider call sts:AssumeRoleWithWebIdentity, those of a SAML provider sts:AssumeRoleWithSAML, others sts:AssumeRole. The wrong action never matches.",
			Fix: "Name the action that goes with the principal."},
		{Code: "service-trust-confused-deputy", Title: "A service that acts for many may assume the role", Severity: merlon.Info, Source: pageDeputy, Kinds: trust, statement: deputyTrust,
			Why: "The service's documentation asks for a condition on the source: it takes the ARN of a role from whoever configures it.",
			Fix: "Add a condition on aws:SourceAccount or aws:SourceArn."},
	}
}

func trustAnyone(r *lintRun, s *Statement) {
	if p, ok := s.everyone(); ok && s.Effect == Allow && !s.narrowed() && !s.impossible(r) {
		r.report(p.Offset, "every principal of every account may assume the role")
	}
	for _, p := range s.Principals {
		if s.Effect == Allow && p.Type == "Federated" && p.Value == "*" && !s.narrowed() {
			r.report(p.Offset, "users of every identity provider may assume the role")
		}
	}
}

// ownerOf is the account that an AWS principal names.
func ownerOf(value string) string {
	if account(value) {
		return value
	}
	if parts := strings.SplitN(value, ":", 6); len(parts) == 6 && account(parts[4]) {
		return parts[4]
	}
	return ""
}

func trustExternalID(r *lintRun, s *Statement) {
	if s.Effect != Allow || s.NotPrincipal || r.Account == "" || !s.matchesAction("sts:AssumeRole") {
		return
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		switch c.compiled.key {
		case "sts:externalid", "aws:principalorgid", "aws:principalorgpaths", "aws:multifactorauthpresent", "aws:sourcearn", "aws:sourceaccount":
			if !c.compiled.op.negated && !c.compiled.ifExists {
				return
			}
		}
	}
	for _, p := range s.Principals {
		if owner := ownerOf(p.Value); p.Type == "AWS" && owner != "" && owner != r.Account && !slices.Contains(r.Accounts, owner) {
			r.report(p.Offset, "account %s is not one of the organization's, and no external id is asked for", owner)
		}
	}
}

// oidcProvider is the host name and path of an OIDC provider that a principal names.
func oidcProvider(p PrincipalElement) string {
	if p.Type != "Federated" {
		return ""
	}
	if _, host, ok := strings.Cut(p.Value, ":oidc-provider/"); ok {
		return strings.ToLower(host)
	}
	if !strings.HasPrefix(p.Value, "arn:") && strings.Contains(p.Value, ".") {
		return strings.ToLower(p.Value)
	}
	return ""
}

// federated calls fn with each OIDC provider that the statement allows.
func federated(s *Statement, fn func(p PrincipalElement, provider string)) {
	if s.Effect != Allow || s.NotPrincipal {
		return
	}
	for _, p := range s.Principals {
		if provider := oidcProvider(p); provider != "" {
			fn(p, provider)
		}
	}
}

// tests are the conditions on a provider's claim that restrict it.
func tests(s *Statement, provider, claim string) []*Condition {
	var out []*Condition
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if t := &c.compiled; t.key == provider+":"+claim && !t.op.negated && !t.ifExists && t.set != forAllValues && t.op.family != null && len(c.Values) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// claims besides the subject that name one user or workload, by provider:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html (read 2026-11-24).
func otherClaims(provider string) []string {
	switch {
	case provider == "token.actions.githubusercontent.com":
		return []string{"sub", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref", "environment", "enterprise", "enterprise_id"}
	case provider == "accounts.google.com":
		return []string{"sub", "email", "oaud", "aud"}
	case provider == "cognito-identity.amazonaws.com", provider == "graph.facebook.com", provider == "www.amazon.com":
		// The audience is one's own pool or application.
		return []string{"sub", "aud", "app_id", "user_id", "amr"}
	}
	return []string{"sub", "email", "id", "group", "groups", "namespace"}
}

func oidcSubject(r *lintRun, s *Statement) {
	federated(s, func(p PrincipalElement, provider string) {
		for _, claim := range otherClaims(provider) {
			for _, c := range tests(s, provider, claim) {
				if !slices.ContainsFunc(c.Values, func(v Element) bool { return isStar(v.Text) && c.compiled.op.family == stringLike }) {
					return
				}
			}
		}
		r.report(p.Offset, "no condition on %s:sub says who of the provider's users may assume the role", provider)
	})
}

func oidcWildcard(r *lintRun, s *Statement) {
	federated(s, func(p PrincipalElement, provider string) {
		for _, c := range tests(s, provider, "sub") {
			for _, v := range c.Values {
				if c.compiled.op.family == stringLike && looseSubject(provider, v.Text) {
					r.report(v.Offset, "%q fits more than one owner's subjects", v.Text)
				}
			}
		}
	})
}

// looseSubject reports whether a wildcard comes before the subject names its
// owner in full: for GitHub organization and repository, for GitLab the project
// path's group, for others before the last separator.
func looseSubject(provider, subject string) bool {
	at := strings.IndexAny(subject, "*?")
	if at < 0 || isStar(subject) {
		return false // oidc-without-subject has "*"
	}
	switch {
	case provider == "token.actions.githubusercontent.com":
		rest, ok := strings.CutPrefix(subject, "repo:")
		if !ok {
			return at < len("repo:")
		}
		owner, rest, slash := strings.Cut(rest, "/")
		name, _, _ := strings.Cut(rest, ":")
		// repo:ORG/* is every repository of one's own organization: wide, not loose.
		return !slash || wild(owner) || wild(name) && name != "*"
	case strings.HasPrefix(subject, "project_path:"):
		group, _, slash := strings.Cut(strings.TrimPrefix(subject, "project_path:"), "/")
		return !slash || wild(group)
	case strings.HasPrefix(subject, "organization:"):
		name, _, _ := strings.Cut(strings.TrimPrefix(subject, "organization:"), ":")
		return wild(name)
	case strings.HasPrefix(subject, "system:serviceaccount:"):
		return strings.HasPrefix(subject, "system:serviceaccount:*")
	}
	return at == 0
}

func oidcAnyRef(r *lintRun, s *Statement) {
	const github = "token.actions.githubusercontent.com"
	federated(s, func(p PrincipalElement, provider string) {
		if provider != github || len(tests(s, github, "environment"))+len(tests(s, github, "job_workflow_ref"))+len(tests(s, github, "ref")) > 0 {
			return
		}
		for _, c := range tests(s, github, "sub") {
			for _, v := range c.Values {
				if c.compiled.op.family == stringLike && strings.HasSuffix(v.Text, "*") && !looseSubject(provider, v.Text) && !isStar(v.Text) &&
					(strings.HasSuffix(v.Text, "/*") || strings.HasSuffix(v.Text, ":*")) && strings.Count(v.Text, ":") <= 2 {
					r.report(v.Offset, "%q fits every branch, tag and pull request", v.Text)
				}
			}
		}
	})
}

func oidcAudience(r *lintRun, s *Statement) {
	federated(s, func(p PrincipalElement, provider string) {
		for _, claim := range []string{"aud", "app_id", "oaud", "azp"} {
			if len(tests(s, provider, claim)) > 0 {
				return
			}
		}
		// The audience of Terraform's and of a cluster's tokens is fixed by the
		// provider's list of client ids all the same; Cognito's is not.
		if provider == "cognito-identity.amazonaws.com" || len(tests(s, provider, "sub")) == 0 {
			r.report(p.Offset, "no condition on %s:aud", provider)
		}
	})
}

func cognitoGuests(r *lintRun, s *Statement) {
	const cognito = "cognito-identity.amazonaws.com"
	federated(s, func(p PrincipalElement, provider string) {
		if provider != cognito {
			return
		}
		found := tests(s, cognito, "amr")
		if len(found) == 0 {
			r.report(p.Offset, "no condition on %s:amr keeps guests out", cognito)
		}
		for _, c := range found {
			for _, v := range c.Values {
				if strings.EqualFold(v.Text, "unauthenticated") || isStar(v.Text) {
					r.report(v.Offset, "guests of the pool may assume the role")
				}
			}
		}
	})
}

func samlAudience(r *lintRun, s *Statement) {
	if s.Effect != Allow {
		return
	}
	for _, p := range s.Principals {
		if p.Type == "Federated" && strings.Contains(p.Value, ":saml-provider/") && !hasKey(s, "saml:aud", "saml:iss", "saml:sub", "saml:namequalifier", "saml:edu") {
			r.report(p.Offset, "no condition on SAML:aud")
		}
	}
}

func federatedAction(r *lintRun, s *Statement) {
	if s.Effect != Allow || s.NotPrincipal || s.NotAction || len(s.Actions) == 0 {
		return
	}
	for _, p := range s.Principals {
		want := "sts:AssumeRole"
		switch {
		case p.Type == "Federated" && strings.Contains(p.Value, ":saml-provider/"):
			want = "sts:AssumeRoleWithSAML"
		case oidcProvider(p) != "":
			want = "sts:AssumeRoleWithWebIdentity"
		case p.Type == "Federated":
			continue
		}
		assumes := false
		for _, a := range s.Actions {
			assumes = assumes || strings.Contains(strings.ToLower(a.Text), "assumerole")
		}
		if assumes && !s.matchesAction(want) && want != "sts:AssumeRole" {
			r.report(p.Offset, "%s assumes the role by %s, which the statement does not allow", p.Value, want)
		}
		if want == "sts:AssumeRole" && assumes && !s.matchesAction(want) && len(s.Principals) == 1 {
			r.report(p.Offset, "%s assumes the role by %s, which the statement does not allow", p.Value, want)
		}
	}
}

// deputies are services whose documentation asks for aws:SourceArn or
// aws:SourceAccount in the role's trust policy, because who configures them
// hands over a role's ARN. Compute services (EC2, Lambda, ECS tasks) are not
// among them: iam:PassRole guards those.
func deputy(service string) bool {
	switch strings.TrimSuffix(service, ".amazonaws.com") {
	case "bedrock", "scheduler", "pipes", "apigateway", "transfer", "ses", "cloudtrail", "logs", "delivery.logs", "vpc-flow-logs", "config", "firehose", "sns", "iot", "appsync", "datasync", "dms", "kendra", "comprehend", "forecast", "rekognition", "polly", "databrew", "airflow-env":
		return true
	}
	return false
}

func deputyTrust(r *lintRun, s *Statement) {
	if s.Effect != Allow || s.NotPrincipal || slices.ContainsFunc(s.Conditions, func(c Condition) bool { return fromSource(&c) }) {
		return
	}
	for _, p := range s.Principals {
		if p.Type == "Service" && deputy(p.Value) {
			r.report(p.Offset, "%s takes the role for whoever names it", p.Value)
		}
	}
}
