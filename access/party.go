package access

import (
	"maps"
	"slices"
	"strings"

	"merlon.dev/merlon/iam"
)

// Audience is a kind of those whom a policy lets in from outside.
type Audience string

// The audiences, from the widest.
const (
	Anyone              Audience = "anonymous"            // without credentials; every AWS account as well
	AnyAccount          Audience = "any AWS account"      // whoever has one
	AnySubject          Audience = "any subject"          // whoever gets a token from an OpenID Connect issuer that many share
	ForeignOrganization Audience = "foreign organization" // all accounts of an organization that is not ours
	ForeignAccount      Audience = "foreign account"      // a named account that is not ours, or somebody in it
	ConfusedDeputy      Audience = "service"              // an AWS service, for whichever of its customers
	OwnOrganization     Audience = "own organization"     // all accounts of ours
	OwnAccount          Audience = "own account"          // a named account of ours
	Provider            Audience = "identity provider"    // those whom one's own provider vouches for
)

// Public says whether everybody can be in the audience who wants to.
func (a Audience) Public() bool { return a == Anyone || a == AnyAccount || a == AnySubject }

// party is one whom a statement may let in, as a principal that stands for it.
type party struct {
	audience  Audience
	who       string
	principal iam.Principal
	fixed     map[string][]string // keys (lower case) that it has, nil for absent
	unclear   []string            // keys of which it is not known what it has
	named     bool                // it knows what it was told: external ids
	deputy    string              // the service, of a confused deputy
}

// isOurs says whether an organization is one of the snapshot's accounts.
func (x *Index) isOurs(organization string) bool {
	for _, a := range x.accounts {
		if a.Organization == organization {
			return true
		}
	}
	return false
}

// withoutAccount are the services, by their prefix, that answer requests
// without a signature where a policy lets everyone in.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-overview-of-managing-access.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html, read 2026-11-24
var withoutAccount = []string{"s3", "sqs", "sns", "execute-api", "es", "elasticfilesystem"}

func anonymousCalls(action string) bool {
	return slices.Contains(withoutAccount, serviceOf(action)) || strings.EqualFold(action, "lambda:InvokeFunctionUrl")
}

// parties are those whom a statement may let in, the resource's own account
// left out.
func (x *Index) parties(s *iam.Statement, r *Resource) []party {
	var out []party
	if s.NotPrincipal {
		out = append(out, everyone(), anyAccount())
	}
	for _, e := range s.Principals {
		switch {
		case e.Value == "*" && e.Type != "Service" && e.Type != "Federated" && e.Type != "CanonicalUser":
			out = append(out, everyone(), anyAccount())
			out = append(out, x.conditional(s, r)...)
		case e.Type == "Service":
			out = append(out, deputy(e.Value))
		case e.Type == "Federated":
			out = append(out, vouched(e.Value))
		case e.Type == "CanonicalUser":
			p := anyAccount()
			p.audience, p.who, p.named = ForeignAccount, "canonical user "+e.Value, true
			p.principal.CanonicalID = e.Value
			out = append(out, p)
		case e.Type == "AWS":
			if account := accountIn(e.Value); account != r.Account {
				if p, ok := x.account(account, e.Value); ok {
					out = append(out, p)
				}
			}
		}
	}
	return out
}

func everyone() party {
	return party{audience: Anyone, who: "anonymous", principal: iam.Principal{Kind: iam.Anonymous}}
}

func anyAccount() party {
	return party{audience: AnyAccount, who: "any AWS account",
		principal: iam.Principal{Kind: iam.User, ARN: "arn:aws:iam::" + strangerAccount + ":user/" + strangerName, Account: strangerAccount, ID: "AIDAANYONEANYONEANYON", CanonicalID: strings.Repeat("0", 64)}}
}

func deputy(service string) party {
	return party{audience: ConfusedDeputy, who: service, principal: iam.Principal{Kind: iam.Service, ARN: service}, deputy: service}
}

// account is a named account, or a principal in one.
func (x *Index) account(id, value string) (party, bool) {
	who, err := iam.ParsePrincipal(value)
	if err != nil {
		return party{}, false // a unique id: what it belonged to is gone
	}
	p := party{audience: ForeignAccount, who: value, principal: who, named: true, unclear: []string{"aws:principalorgid", "aws:principalorgpaths"}}
	if who.Kind == iam.Root {
		p.principal = iam.Principal{Kind: iam.User, ARN: "arn:" + partitionOf(value) + ":iam::" + id + ":user/" + strangerName, Account: id}
	}
	if a := x.bound(id); a != nil {
		p.audience = OwnAccount
		if a.Organization != "" {
			p.unclear = nil
			p.fixed = map[string][]string{"aws:principalorgid": {a.Organization}}
			if a.Path != "" {
				p.fixed["aws:principalorgpaths"] = []string{a.Path}
			} else {
				p.unclear = []string{"aws:principalorgpaths"}
			}
		}
	}
	return p, true
}

func partitionOf(value string) string {
	if parts := strings.SplitN(value, ":", 3); len(parts) == 3 && parts[0] == "arn" {
		return parts[1]
	}
	return "aws"
}

// conditional are the accounts, organizations and services that the conditions
// of a statement name which lets everyone in.
func (x *Index) conditional(s *iam.Statement, r *Resource) []party {
	var out []party
	for _, c := range s.Conditions {
		operator := strings.ToLower(c.Operator)
		if strings.Contains(operator, "not") || strings.HasSuffix(operator, "null") {
			continue
		}
		for _, v := range c.Values {
			switch key := strings.ToLower(c.Key); key {
			case "aws:principalaccount", "kms:calleraccount", "aws:principalarn":
				id := accountIn(v.Text)
				if len(id) != 12 || strings.ContainsAny(id, "*?$") || id == r.Account {
					continue
				}
				value := id
				if key == "aws:principalarn" && !strings.ContainsAny(v.Text, "*?") {
					value = v.Text
				}
				if p, ok := x.account(id, value); ok {
					out = append(out, p)
				}
			case "aws:principalorgid", "aws:principalorgpaths":
				org, _, _ := strings.Cut(v.Text, "/")
				if strings.ContainsAny(org, "*?$") {
					continue
				}
				p := anyAccount()
				p.who, p.named = org, true
				p.audience = ForeignOrganization
				if x.isOurs(org) {
					p.audience = OwnOrganization
				}
				p.fixed = map[string][]string{"aws:principalorgid": {org}, "aws:principalorgpaths": {filled(v.Text, "r-0000")}}
				out = append(out, p)
			case "aws:sourcearn":
				if parts := strings.SplitN(v.Text, ":", 6); len(parts) == 6 && !strings.ContainsAny(parts[2], "*?") && parts[2] != "" {
					out = append(out, deputy(parts[2]+".amazonaws.com"))
				}
			}
		}
	}
	return out
}

// vouched are those of an identity provider.
func vouched(provider string) party {
	name, saml := issuerOf(provider)
	p := party{audience: Provider, who: name, principal: iam.Principal{Kind: iam.Federated, ARN: provider, Account: accountIn(provider)}}
	if !strings.HasPrefix(provider, "arn:") {
		p.principal.Account = ""
	}
	shared := sharedIssuer(name)
	if saml || shared == nil {
		return p
	}
	p.audience, p.who = AnySubject, "any subject of "+name
	p.fixed = map[string][]string{name + ":sub": {shared.subject}}
	p.fixed[name+":aud"] = []string{"anyone"}
	if name == "cognito-identity.amazonaws.com" {
		p.fixed[name+":amr"] = []string{"unauthenticated"}
	}
	return p
}

// key tells parties apart.
func (p *party) key() string { return string(p.audience) + "\x00" + p.who }

// power is what the party can do about a key.
func (p *party) power(key string) (power, [][]string) {
	if v, ok := p.fixed[key]; ok {
		return given, [][]string{v}
	}
	if slices.Contains(p.unclear, key) {
		return foreign, nil
	}
	if key == "sts:externalid" && p.named {
		return chosen, nil
	}
	return powerOver(key, &p.principal)
}

// with is the party with more keys that it has.
func (p party) with(fixed map[string][]string) party {
	if len(fixed) > 0 {
		all := maps.Clone(p.fixed)
		if all == nil {
			all = map[string][]string{}
		}
		maps.Copy(all, fixed)
		p.fixed = all
	}
	return p
}
