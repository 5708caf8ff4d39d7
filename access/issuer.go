package access

import (
	"regexp"
	"strings"
)

// issuer is an OpenID Connect provider that gives tokens to customers of all
// kinds: a trust that does not name one's own in them trusts everybody's.
type issuer struct {
	host string
	// subject is what a stranger's token says; owner finds in a pattern the part
	// that only its owner can have, when it is written out.
	subject string
	owner   *regexp.Regexp
	// audience: whoever asks for a token chooses its audience.
	audience bool
}

// issuers are those that AWS's users share. The forms of the subjects are those
// of the issuers' pages, read 2026-11-24:
// https://docs.github.com/en/actions/reference/security/oidc
// https://docs.gitlab.com/ci/secrets/id_token_authentication/
// https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens
// https://buildkite.com/docs/pipelines/security/oidc
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html (Cognito, Google, Facebook, Amazon)
func issuers() []issuer {
	return []issuer{
		{"token.actions.githubusercontent.com", "repo:anyone/anything:ref:refs/heads/main", regexp.MustCompile(`^repo:[^*?/]+/`), true},
		{"gitlab.com", "project_path:anyone/anything:ref_type:branch:ref:main", regexp.MustCompile(`^project_path:[^*?/]+/`), true},
		{"app.terraform.io", "organization:anyone:project:any:workspace:any:run_phase:apply", regexp.MustCompile(`^organization:[^*?:]+:`), true},
		{"agent.buildkite.com", "organization:anyone:pipeline:any:ref:refs/heads/main:commit:0:step:any", regexp.MustCompile(`^organization:[^*?:]+:`), true},
		{"oidc.vercel.com", "owner:anyone:project:any:environment:production", regexp.MustCompile(`^owner:[^*?:]+:`), false},
		{"cognito-identity.amazonaws.com", "eu-west-1:00000000-0000-0000-0000-000000000000", regexp.MustCompile(`^[^*?]+$`), false},
		{"accounts.google.com", "000000000000000000000", regexp.MustCompile(`^[^*?]+$`), false},
		{"graph.facebook.com", "0000000000", regexp.MustCompile(`^[^*?]+$`), false},
		{"www.amazon.com", "amzn1.account.ANYONE", regexp.MustCompile(`^[^*?]+$`), false},
	}
}

// issuerOf is the host and path of a Federated principal: an ARN, or the name of
// one that AWS knows.
func issuerOf(principal string) (name string, saml bool) {
	if _, rest, ok := strings.Cut(principal, ":oidc-provider/"); ok {
		return rest, false
	}
	if strings.Contains(principal, ":saml-provider/") {
		return principal, true
	}
	return principal, false
}

func sharedIssuer(name string) *issuer {
	for _, i := range issuers() {
		if i.host == name {
			return &i
		}
	}
	return nil
}

// subjects are what the tokens of strangers can say that fits a pattern.
func (i *issuer) subjects(pattern string) []string {
	if i.owner.MatchString(pattern) || !strings.ContainsAny(pattern, "*?") {
		return nil
	}
	head, _, _ := strings.Cut(pattern, "*")
	var out []string
	for _, first := range []string{strings.TrimPrefix(i.subject, head), "anyone", i.subject, "anyone/anything", "repo:anyone/anything", "-anyone/anything:ref:refs/heads/main"} {
		text := strings.Replace(pattern, "*", first, 1)
		out = append(out, filled(text, "any"))
		out = append(out, filled(text, "anything:ref:refs/heads/main"))
	}
	// What no token can say is left out: its form is wrong, or it is the owner's.
	kept := out[:0]
	for _, s := range out {
		if i.form().MatchString(s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// form is what every subject of the issuer looks like.
func (i *issuer) form() *regexp.Regexp {
	kind, _, ok := strings.Cut(i.subject, ":")
	switch {
	case ok && strings.Contains(i.subject, "/"):
		return regexp.MustCompile(`^` + kind + `:[A-Za-z0-9_.-]+/[^:]+:.+$`)
	case ok && i.host != "cognito-identity.amazonaws.com":
		return regexp.MustCompile(`^` + kind + `:[A-Za-z0-9_.-]+:.+$`)
	}
	return regexp.MustCompile(`^.+$`)
}
