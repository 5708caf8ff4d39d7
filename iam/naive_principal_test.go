package iam

import (
	"slices"
	"strings"
)

// naivePrincipal is who asks, by the kinds the documentation tells apart.
type naivePrincipal struct {
	text    string
	kind    string // anonymous, service, provider, root, user, role, session, federated
	account string
	role    string // name of a session's or a role's role
	linked  bool   // a service-linked role or its session
}

func newNaivePrincipal(text string) naivePrincipal {
	p := naivePrincipal{text: text}
	parts := strings.SplitN(text, ":", 6)
	if len(parts) < 6 {
		p.kind = "service"
		if text == "anonymous" {
			p.kind = "anonymous"
		}
		return p
	}
	p.account = parts[4]
	path := strings.Split(parts[5], "/")
	switch path[0] {
	case "root", "user", "role":
		p.kind = path[0]
	case "assumed-role":
		p.kind = "session"
	case "federated-user":
		p.kind = "federated"
	default:
		p.kind = "provider"
	}
	if p.kind == "session" {
		p.role = path[1]
	}
	if p.kind == "role" {
		p.role = path[len(path)-1]
	}
	p.linked = strings.Contains(text, ":role/aws-service-role/") || strings.HasPrefix(p.role, "AWSServiceRoleFor")
	return p
}

// ways says how a Principal element names the principal: "everyone", "itself"
// (a user, a session, a root user, a service), "role" (the role's ARN) and
// "account". None: it does not.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (p naivePrincipal) ways(element any) []string {
	if element == "*" {
		return []string{"everyone"}
	}
	var out []string
	for kind, values := range element.(map[string]any) {
		for _, v := range naiveStrings(values) {
			if way := p.way(kind, v); way != "" {
				out = append(out, way)
			}
		}
	}
	return out
}

func (p naivePrincipal) way(kind, value string) string {
	root := "arn:aws:iam::" + p.account + ":root"
	switch {
	case kind == "AWS" && value == "*":
		return "everyone"
	case kind == "Service" && p.kind == "service" && value == p.text, kind == "Federated" && p.kind == "provider" && value == p.text:
		return "itself"
	case kind != "AWS" || p.account == "" || p.kind == "provider":
		return ""
	case p.kind == "root" && (value == root || value == p.account):
		return "itself"
	case value == root || value == p.account: // "The account ARN and the shortened account ID behave the same way."
		return "account"
	case p.kind == "role" && value == p.text:
		return "role"
	case value == p.text:
		return "itself"
	case p.kind == "session" && strings.HasPrefix(value, "arn:aws:iam::"+p.account+":role/") && strings.HasSuffix(value, "/"+p.role):
		return "role" // a session's ARN lacks its role's path; names are unique in an account
	}
	return ""
}

// applies says whether a statement of a resource policy is about the
// principal, and how it names it.
func (p naivePrincipal) applies(statement map[string]any, bounded bool) []string {
	if element, ok := statement["Principal"]; ok {
		return p.ways(element)
	}
	element, ok := statement["NotPrincipal"]
	if !ok {
		return nil
	}
	ways := p.ways(element)
	spared := len(ways) > 0
	if statement["Effect"] == "Deny" {
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
		// "you must also specify the account ARN of the not-denied principal"; for a
		// session "include both the ARN for a role and the ARN for the account
		// containing that role"; a principal with a permissions boundary is always denied.
		switch p.kind {
		case "session", "role":
			spared = slices.Contains(ways, "role") && slices.Contains(ways, "account")
		case "user", "federated":
			spared = slices.Contains(ways, "itself") && slices.Contains(ways, "account")
		}
		spared = (spared || slices.Contains(ways, "everyone")) && !bounded
	}
	if spared {
		return nil
	}
	return []string{"everyone"}
}
