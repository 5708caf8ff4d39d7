package iam

import (
	"fmt"
	"slices"
	"strings"
)

// A party stands for principals between whom no policy in hand makes a
// difference: one that is named, or one for all that are not.
type party struct {
	principal Principal
	bounded   bool   // has a permissions boundary
	foreign   bool   // anonymous, or of an account that no policy names
	shape     string // "user", "role" … of one that has no name yet
	bounds    map[string]*bound
}

// maxParties bounds the combinations of accounts, names and unique ids.
const maxParties = 4096

// census gathers the principals that policies tell apart.
type census struct {
	accounts   []string
	arns       []Principal
	services   []string
	federated  []string
	ids        []string // unique ids of users and roles
	canonicals []string
	excepting  bool   // some Deny has NotPrincipal
	parts      string // an account in a pattern with wildcards that are part of it
	next       uint32
	parties    []*party
	full       bool
}

func addTo(list *[]string, value string) {
	if !slices.Contains(*list, value) {
		*list = append(*list, value)
	}
}

// count reads the policies' principals, and what conditions say of the
// principal's account and ARN.
func (c *census) count(policies []*Policy) {
	for _, p := range policies {
		for i := range p.Statements {
			s := &p.Statements[i]
			c.excepting = c.excepting || s.NotPrincipal && s.Effect == Deny
			for _, e := range s.Principals {
				switch {
				case e.Value == "*":
				case e.Type == "Service":
					addTo(&c.services, strings.ToLower(e.Value))
				case e.Type == "Federated":
					addTo(&c.federated, e.Value)
				case e.Type == "CanonicalUser":
					addTo(&c.canonicals, e.Value)
				case e.Type == "AWS":
					c.name(e.Value)
				}
			}
			for j := range s.Conditions {
				k := &s.Conditions[j]
				switch k.compiled.key {
				case "aws:principalaccount":
					for _, v := range k.Values {
						c.mentioned(v.Text)
					}
				case "aws:principalservicename":
					for _, v := range k.Values {
						if !strings.ContainsAny(v.Text, "*?$") {
							addTo(&c.services, strings.ToLower(v.Text))
						}
					}
				case "aws:principalarn":
					for _, v := range k.Values {
						if parts := strings.SplitN(v.Text, ":", 6); len(parts) == 6 {
							c.mentioned(parts[4])
						}
					}
				}
			}
		}
	}
}

func (c *census) mentioned(text string) {
	switch {
	case account(text):
		addTo(&c.accounts, text)
	case strings.ContainsAny(text, "*?") && strings.Trim(text, "*") != "" && strings.Trim(text, "?") != "":
		c.parts = text
	}
}

func (c *census) name(value string) {
	if uniqueID(value) {
		addTo(&c.ids, value)
		return
	}
	p, err := ParsePrincipal(value)
	if err != nil || p.Account == "" {
		return
	}
	addTo(&c.accounts, p.Account)
	if p.Kind != Root && !slices.ContainsFunc(c.arns, func(o Principal) bool { return o.ARN == p.ARN }) {
		c.arns = append(c.arns, p)
	}
}

// identities are the parties of policies that name no principal: whoever they
// are attached to.
func identities() []*party {
	who := Principal{Kind: Role, ARN: "arn:aws:iam::111122223333:role/example", Account: "111122223333"}
	arns := principalARNs("iam", "############", "user/+*", "role/+*", "root")
	arns.strands = append(arns.strands, principalARNs("sts", "############", "federated-user/+*", "assumed-role/+*").strands...)
	return []*party{{principal: who, bounds: map[string]*bound{"aws:principalarn": {there: true, language: arns, hint: who.ARN}}}}
}

// principalARNs are the ARNs of an account's principals in every partition.
func principalARNs(service, account string, names ...string) *language {
	l := &language{}
	for _, partition := range []string{"aws", "aws-cn", "aws-us-gov"} {
		for _, n := range names {
			l.strands = append(l.strands, spelled("arn:"+partition+":"+service+"::"+account+":"+n))
		}
	}
	return l
}

func unused(from []string, candidates ...string) string {
	for _, v := range candidates {
		if !slices.Contains(from, v) {
			return v
		}
	}
	for i := 0; ; i++ {
		if v := fmt.Sprintf("%d%s", i, candidates[0]); !slices.Contains(from, v) {
			return v
		}
	}
}

func unusedAccount(from []string) string {
	for n := 999988887777; ; n-- {
		if v := fmt.Sprint(n); !slices.Contains(from, v) {
			return v
		}
	}
}

// take are the parties, strangers first.
func (c *census) take() []*party {
	c.add(&party{principal: Principal{Kind: Anonymous}, foreign: true, bounds: c.anonymous()})
	stranger := unusedAccount(c.accounts)
	for _, a := range append([]string{stranger}, c.accounts...) {
		foreign := a == stranger
		prefix := "arn:aws:iam::" + a + ":"
		c.addIdentity(Principal{Kind: Role, ARN: prefix + "role/" + c.free("role"), Account: a}, foreign, "role", principalARNs("iam", a, "role/+*"))
		c.addIdentity(Principal{Kind: User, ARN: prefix + "user/" + c.free("user"), Account: a}, foreign, "user", principalARNs("iam", a, "user/+*"))
		c.addIdentity(Principal{Kind: Root, ARN: prefix + "root", Account: a}, foreign, "", principalARNs("iam", a, "root"))
	}
	for _, p := range c.arns {
		switch p.Kind {
		case Session:
			roles := []string{"arn:aws:iam::" + p.Account + ":role/" + p.roleName()}
			for _, r := range c.arns {
				if r.Kind == Role && r.Account == p.Account && r.ARN[strings.LastIndexByte(r.ARN, '/')+1:] == p.roleName() {
					addTo(&roles, r.ARN)
				}
			}
			for _, r := range roles {
				p.RoleARN = r
				c.addIdentity(p, false, "", newLanguage(exact(r)))
			}
		case FederatedUser:
			c.addIdentity(p, false, "", newLanguage(exact(p.ARN)))
			for _, u := range c.arns {
				if u.Kind == User && u.Account == p.Account {
					p.UserARN = u.ARN
					c.addIdentity(p, false, "", newLanguage(exact(p.ARN)))
				}
			}
		case Role, User:
			c.addIdentity(p, false, "", newLanguage(exact(p.ARN)))
		}
	}
	other := unused(c.services, "lambda.amazonaws.com", "ec2.amazonaws.com", "events.amazonaws.com")
	for _, s := range append(slices.Clone(c.services), other) {
		b := c.anonymous()
		b["aws:principalisawsservice"] = c.fixed("true")
		b["aws:principalservicename"] = c.fixed(s)
		delete(b, "aws:principaltype")
		delete(b, "aws:principalaccount")
		c.add(&party{principal: Principal{Kind: Service, ARN: s}, bounds: b})
	}
	foreign := unused(c.federated, "accounts.example.com")
	for _, f := range append(slices.Clone(c.federated), foreign) {
		c.add(&party{principal: Principal{Kind: Federated, ARN: f, Account: accountOf(f)}, bounds: map[string]*bound{
			"aws:principalarn": c.none(), "aws:principalorgid": c.none(), "aws:principalorgpaths": c.none()}})
	}
	return c.parties
}

// free is a name that no ARN in hand has.
func (c *census) free(kind string) string {
	var names []string
	for _, p := range c.arns {
		names = append(names, p.ARN[strings.LastIndexByte(p.ARN, '/')+1:])
	}
	return unused(names, "example", "example-"+kind, "other-"+kind)
}

func (c *census) add(p *party) {
	if len(c.parties) >= maxParties {
		c.full = true
		return
	}
	c.parties = append(c.parties, p)
}

// addIdentity adds a user, role … of an account, with what AWS says of its
// context keys, once for each unique id that policies name.
func (c *census) addIdentity(p Principal, foreign bool, shape string, arns *language) {
	except := &language{}
	if shape != "" {
		for _, o := range c.arns {
			if o.Kind == p.Kind && o.Account == p.Account {
				except.strands = append(except.strands, exact(o.ARN))
			}
		}
	}
	b := map[string]*bound{
		"aws:principalarn":          c.bound(bound{there: true, language: arns, except: except, hint: p.ARN}),
		"aws:principalaccount":      c.fixed(p.Account),
		"aws:principaltype":         c.fixed([...]string{"", "Account", "User", "AssumedRole", "AssumedRole", "FederatedUser", "", ""}[p.Kind]),
		"aws:principalisawsservice": c.fixed("false"),
		"aws:principalservicename":  c.none(),
		"aws:userid":                c.bound(bound{there: true}),
	}
	switch {
	case p.Kind != User:
		b["aws:username"] = c.none()
	case shape != "":
		b["aws:username"] = c.bound(bound{there: true})
	default:
		b["aws:username"] = c.fixed(p.ARN[strings.LastIndexByte(p.ARN, '/')+1:])
	}
	ids := []string{"-"}
	for _, id := range c.ids {
		if strings.HasPrefix(id, "AROA") == (p.Kind == Role || p.Kind == Session) {
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		for _, canonical := range append([]string{"-"}, c.canonicals...) {
			p.ID, p.CanonicalID = id, canonical
			named := foreign && id == "-" && canonical == "-"
			c.add(&party{principal: p, foreign: named, shape: shape, bounds: b})
			if c.excepting && (p.Kind == User || p.Kind == Role || p.Kind == Session) {
				c.add(&party{principal: p, foreign: named, shape: shape, bounds: b, bounded: true})
			}
		}
	}
}

// anonymous are the bounds of those who sign with no account's key.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html, read 2026-11-24
func (c *census) anonymous() map[string]*bound {
	b := map[string]*bound{"aws:principaltype": c.fixed("Anonymous")}
	for _, key := range []string{"aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:principalisawsservice",
		"aws:principalservicename", "aws:username", "aws:multifactorauthpresent", "aws:multifactorauthage", "aws:tokenissuetime", tagBound} {
		b[key] = c.none()
	}
	// "Anonymous requests return anonymous", says the page; older copies say that
	// there is no key.
	b["aws:principalaccount"] = c.bound(bound{language: newLanguage(exact("anonymous"))})
	return b
}

// tagBound stands for every key aws:PrincipalTag/….
const tagBound = "aws:principaltag/"

func (c *census) bound(b bound) *bound {
	c.next++
	b.id = c.next
	return &b
}

func (c *census) none() *bound { return c.bound(bound{absent: true}) }

func (c *census) fixed(value string) *bound {
	return c.bound(bound{there: true, language: newLanguage(exact(value))})
}

// on is what the party's kind says of a key.
func (p *party) on(key string) *bound {
	if strings.HasPrefix(key, tagBound) {
		key = tagBound
	}
	return p.bounds[key]
}
