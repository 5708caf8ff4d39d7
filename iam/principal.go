package iam

import (
	"fmt"
	"strings"
)

// PrincipalKind is what makes a request.
type PrincipalKind uint8

// The kinds of principals.
const (
	Anonymous     PrincipalKind = iota
	Root                        // an account's root user
	User                        // an IAM user
	Role                        // a role, asked about as such; its sessions are Sessions
	Session                     // a session of a role: arn:aws:sts::…:assumed-role/…
	FederatedUser               // a session of GetFederationToken
	Service                     // an AWS service: lambda.amazonaws.com
	Federated                   // someone an identity provider vouches for, who assumes a role
)

func (k PrincipalKind) String() string {
	return [...]string{"anonymous", "root user", "user", "role", "role session", "federated user", "service", "identity provider"}[k]
}

// Principal is who makes a request.
type Principal struct {
	Kind    PrincipalKind
	ARN     string // as AWS writes it; the name of a Service; of an identity provider its ARN or name
	Account string // 12 digits; empty for services and the anonymous

	// RoleARN is a session's role where it is known: a session's own ARN lacks
	// the role's path. UserARN is the user who began a FederatedUser's session.
	RoleARN string
	UserARN string

	// ID is the unique id (AIDA…, AROA…) and CanonicalID the account's id in
	// S3, where they are known.
	ID          string
	CanonicalID string

	// ServiceLinked says that the role belongs to a service: no SCP and no RCP
	// binds it. Of a session whose RoleARN is known, that says so instead.
	ServiceLinked bool
}

// serviceLinked tells service-linked roles by the path that IAM reserves for them.
func (p *Principal) serviceLinked() bool {
	if p.Kind == Session && p.RoleARN != "" {
		return strings.Contains(p.RoleARN, ":role/aws-service-role/")
	}
	return p.ServiceLinked
}

// ParsePrincipal reads the ARN of a user, role, role session, federated user,
// root user or identity provider, a service's name, or "anonymous" ("*").
func ParsePrincipal(text string) (Principal, error) {
	switch {
	case text == "anonymous" || text == "*":
		return Principal{Kind: Anonymous}, nil
	case !strings.HasPrefix(text, "arn:"):
		if serviceName(text) {
			return Principal{Kind: Service, ARN: text}, nil
		}
		if account(text) {
			return Principal{Kind: Root, ARN: "arn:aws:iam::" + text + ":root", Account: text}, nil
		}
		return Principal{}, fmt.Errorf("principal %q: neither an ARN, nor an account, a service's name or anonymous", text)
	}
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || !account(parts[4]) {
		return Principal{}, fmt.Errorf("principal %q: not the ARN of an identity; it reads arn:aws:iam::ACCOUNT:user/NAME", text)
	}
	p := Principal{ARN: text, Account: parts[4]}
	kind, name, _ := strings.Cut(parts[5], "/")
	switch {
	case parts[2] == "iam" && parts[5] == "root":
		p.Kind = Root
	case parts[2] == "iam" && kind == "user" && name != "":
		p.Kind = User
	case parts[2] == "iam" && kind == "role" && name != "":
		p.Kind = Role
		p.ServiceLinked = strings.HasPrefix(name, "aws-service-role/")
	case parts[2] == "iam" && (kind == "saml-provider" || kind == "oidc-provider") && name != "":
		p.Kind = Federated
	case parts[2] == "sts" && kind == "assumed-role" && strings.Count(name, "/") == 1:
		p.Kind = Session
		// A session's ARN lacks the path that tells service-linked roles for
		// certain; where RoleARN is known its path counts.
		p.ServiceLinked = strings.HasPrefix(name, "AWSServiceRoleFor")
	case parts[2] == "sts" && kind == "federated-user" && name != "":
		p.Kind = FederatedUser
	default:
		return Principal{}, fmt.Errorf("principal %q: not a user, role, role session, federated user, root user or identity provider", text)
	}
	return p, nil
}

func account(text string) bool {
	if len(text) != 12 {
		return false
	}
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

func serviceName(text string) bool {
	return strings.HasSuffix(text, ".amazonaws.com") || strings.HasSuffix(text, ".amazonaws.com.cn") ||
		strings.HasSuffix(text, ".amazon.com") || strings.HasSuffix(text, ".aws.internal")
}

// grade is how closely a Principal element names a principal, which decides
// what else must allow.
type grade uint8

const (
	unnamed   grade = iota
	byUnread        // a canonical or unique id that may or may not be the principal's
	byAccount       // its account, which only delegates
	byRole          // its role, or the user behind a federated session
	direct          // the principal itself, or everyone
)

// names grades one element.
func (e *PrincipalElement) names(p *Principal) grade {
	switch e.Type {
	case "*":
		return direct
	case "AWS":
		if e.Value == "*" {
			return direct
		}
		return p.namedBy(e.Value)
	case "Service":
		if p.Kind == Service && (e.Value == "*" || strings.EqualFold(e.Value, p.ARN)) {
			return direct
		}
	case "Federated":
		if p.Kind == Federated && (e.Value == "*" || e.Value == p.ARN) {
			return direct
		}
	case "CanonicalUser":
		switch {
		case p.Account == "":
		case p.CanonicalID == "":
			return byUnread
		case p.CanonicalID == e.Value:
			return byAccount
		}
	}
	return unnamed
}

// namedBy grades an AWS value: an account, an ARN, or a unique id. There are
// no wildcards in it: "You cannot use a wildcard to match part of a principal
// name or ARN".
func (p *Principal) namedBy(value string) grade {
	if p.Account == "" || p.Kind == Federated {
		return unnamed // whom a provider vouches for is no identity of the account
	}
	if value == p.Account {
		return p.accountGrade()
	}
	if !strings.HasPrefix(value, "arn:") {
		switch {
		case p.ID == "" && uniqueID(value):
			return byUnread
		case p.ID != "" && value == p.ID:
			return p.ownGrade()
		}
		return unnamed
	}
	if value == p.ARN {
		return p.ownGrade()
	}
	rest, ok := strings.CutPrefix(value, "arn:")
	if !ok {
		return unnamed
	}
	_, rest, _ = strings.Cut(rest, ":") // the partition
	rest, iam := strings.CutPrefix(rest, "iam::")
	if !iam {
		return unnamed
	}
	id, name, _ := strings.Cut(rest, ":")
	if id != p.Account {
		return unnamed
	}
	switch {
	case name == "root":
		return p.accountGrade()
	case p.Kind == Session && p.RoleARN != "":
		if value == p.RoleARN {
			return byRole
		}
	case p.Kind == Session:
		if strings.HasPrefix(name, "role/") && name[strings.LastIndexByte(name, '/')+1:] == p.roleName() {
			return byRole
		}
	case p.Kind == FederatedUser && p.UserARN != "" && value == p.UserARN:
		return byRole
	}
	return unnamed
}

func (p *Principal) accountGrade() grade {
	if p.Kind == Root {
		return direct
	}
	return byAccount
}

// ownGrade: a role that is named by its ARN is limited by its boundary and its
// session's policy; a user and a session are not.
func (p *Principal) ownGrade() grade {
	if p.Kind == Role {
		return byRole
	}
	return direct
}

// roleName is the name of a session's role.
func (p *Principal) roleName() string {
	_, rest, _ := strings.Cut(p.ARN, "/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

// uniqueID says whether an AWS value has the form of a user's or role's unique id.
func uniqueID(value string) bool {
	return len(value) > 16 && (strings.HasPrefix(value, "AIDA") || strings.HasPrefix(value, "AROA"))
}

// principalMatch answers for a statement's Principal or NotPrincipal: how
// closely it names the principal, and whether it matches.
func (s *Statement) principalMatch(p *Principal, bounded bool) (grade, Match) {
	if s.NotPrincipal {
		if s.Effect == Deny {
			return direct, s.excepts(p, bounded).not()
		}
		for i := range s.Principals {
			switch s.Principals[i].names(p) {
			case unnamed:
			case byUnread:
				return direct, Maybe
			default:
				return unnamed, No
			}
		}
		return direct, Yes
	}
	best := unnamed
	for i := range s.Principals {
		best = max(best, s.Principals[i].names(p))
	}
	switch best {
	case unnamed:
		return unnamed, No
	case byUnread:
		return byAccount, Maybe
	}
	return best, Yes
}

// excepts says whether a Deny with NotPrincipal spares the principal. AWS
// checks the account, then the role, then the session, and each must be
// listed; one with a permissions boundary is never spared.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html, read 2026-11-24
func (s *Statement) excepts(p *Principal, bounded bool) Match {
	if bounded {
		return No
	}
	var listed, accountListed, unread bool
	for i := range s.Principals {
		e := &s.Principals[i]
		switch g := e.names(p); {
		case g == byUnread:
			unread = true
		case g == byAccount:
			accountListed = true
		case g == unnamed:
		case e.Type == "*" || e.Value == "*":
			return Yes
		case p.Kind == Root:
			return Yes
		case p.Kind == Session || p.Kind == FederatedUser:
			// The session's own ARN alone does not spare it: its role must be listed.
			listed = listed || g == byRole || p.Kind == FederatedUser
		default:
			listed = true
		}
	}
	if p.Account == "" || p.Kind == Federated {
		return matchOf(listed)
	}
	switch {
	case listed && accountListed:
		return Yes
	case unread && accountListed:
		return Maybe
	}
	return No
}
