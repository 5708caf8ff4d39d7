package iam

import (
	"errors"

	"merlon.dev/merlon"
)

// Pages that many rules rest on, read 2026-11-24.
const (
	pageGrammar    = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
	pageElements   = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html"
	pageVersion    = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html"
	pageSid        = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html"
	pageAction     = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html"
	pageNotAction  = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html"
	pageResource   = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"
	pageNotRes     = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notresource.html"
	pageARN        = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"
	pagePrincipal  = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"
	pageNotPrinc   = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html"
	pageOperators  = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"
	pageCondition  = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html"
	pageKeys       = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"
	pageMulti      = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html"
	pageVariables  = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html"
	pageQuotas     = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
	pageChecks     = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
	pageDeputy     = "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"
	pageOIDC       = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html"
	pageSCP        = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html"
	pageRCP        = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html"
	pageReference  = "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"
	pageEvaluation = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"
	pagePassRole   = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
	pageMFA        = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html"
	pageBest       = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
)

// syntaxRules are what the parser says: each of its problems under its code.
func syntaxRules() []LintRule {
	of := func(code, title, why, fix, source string, severity merlon.Severity) LintRule {
		return LintRule{Code: code, Title: title, Severity: severity, Why: why, Fix: fix, Source: source, reads: otherElement, document: func(r *lintRun) { r.problems(code) }}
	}
	return []LintRule{
		{Code: "not-json", Title: "The document is not JSON", Severity: merlon.High, Source: pageGrammar,
			Why: "AWS refuses what is not JSON; comments and trailing commas are not.",
			Fix: "Repair the JSON where the message points."},
		{Code: "not-a-policy", Title: "The document is no policy", Severity: merlon.High, Source: pageGrammar,
			Why: "A policy is an object with a Statement; without it nothing is allowed and nothing denied.",
			Fix: "Write an object with Version and Statement."},
		{Code: "too-much", Title: "Not all of the document was looked at", Severity: merlon.Medium,
			Why: "The document is far larger than any policy that AWS accepts, so some rules stopped before its end.",
			Fix: "Split the document."},
		of("duplicate-key", "A member stands twice", "AWS takes the later of two members with one name and drops the earlier without a word: half of what was written has no effect.",
			"Merge the two into one.", pageGrammar, merlon.High),
		of("version", "The Version is none that AWS knows", "AWS refuses a policy whose Version is not one of its two dates.",
			`Write "Version": "2012-10-17".`, pageVersion, merlon.High),
		of("unknown-element", "An element that the policy language does not have", "AWS refuses a policy with an element it does not know. Names are case-sensitive.",
			"Correct the name, or take the element out.", pageElements, merlon.High),
		of("not-a-string", "A value that is no string", "Where the language wants a string, AWS refuses other values or reads them in a way that was not meant.",
			"Put the value in quotes.", pageGrammar, merlon.Medium),
		of("statement", "A statement is no object", "AWS refuses a policy in whose list of statements something else stands.",
			"Write each statement as an object.", pageGrammar, merlon.High),
		of("effect", "The Effect is neither Allow nor Deny", "AWS refuses the policy. The words are case-sensitive.",
			"Write Allow or Deny.", pageGrammar, merlon.High),
		of("missing-effect", "A statement without an Effect", "AWS refuses a statement that neither allows nor denies.",
			"Add Effect.", pageGrammar, merlon.High),
		of("missing-action", "A statement without an Action", "AWS refuses a statement that names no action; where a service takes it all the same, it has no effect.",
			"Add Action or NotAction.", pageGrammar, merlon.High),
		of("both", "An element and its negation in one statement", "AWS refuses a statement with both, Action and NotAction for instance.",
			"Keep one of the two, or write two statements.", pageGrammar, merlon.High),
		of("principal", "A Principal that cannot be read", "AWS refuses a Principal that is neither \"*\" nor an object with AWS, Service, Federated or CanonicalUser.",
			`Write {"AWS": "arn:…"}, {"Service": "…amazonaws.com"} or "*".`, pagePrincipal, merlon.High),
		of("condition", "A Condition that cannot be read", "AWS refuses a Condition that is not an object of operators, each with an object of keys.",
			`Write {"StringEquals": {"key": "value"}}.`, pageCondition, merlon.High),
		of("operator", "A condition operator that does not exist", "AWS refuses an operator that it does not know.",
			"Correct the operator's name.", pageOperators, merlon.High),
	}
}

// problems reports what the parser found under a code.
func (r *lintRun) problems(code string) {
	for _, p := range r.policy.Problems {
		if p.Code != code {
			continue
		}
		r.current = r.statementAt(p.Offset)
		if r.current == nil || r.unknown[r.current.Index] == 0 {
			r.report(p.Offset, "%s", p.Message)
		}
	}
	r.current = nil
}

// statementAt is the last statement that begins at or before an offset, nil
// where there is none. Elements behind the list of statements are few and
// reported without one by their rules.
func (r *lintRun) statementAt(offset int) *Statement {
	var at *Statement
	for i := range r.policy.Statements {
		if s := &r.policy.Statements[i]; s.Offset <= offset {
			at = s
		}
	}
	return at
}

// broken reports a document of which no statement could be made out.
func (r *lintRun) broken(err error) {
	var syntax *SyntaxError
	if errors.As(err, &syntax) {
		r.as("not-json")
		r.report(syntax.Offset, "%v", syntax.Err)
		return
	}
	r.as("not-a-policy")
	r.report(0, "%v", err)
}
