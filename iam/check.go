package iam

import (
	"errors"
	"slices"
	"strings"

	"merlon.dev/merlon/iam/reference"
)

// ErrNoPrincipals says that a rule asks who makes a request, and the policies
// are such as are attached to a principal: they do not say.
var ErrNoPrincipals = errors.New("the rule asks who, and the policy names no principals: it binds whoever it is attached to")

// Check says whether policies, taken together, permit no request that a rule
// forbids; if that is Violated the witness is one. What is said of [Compare]
// holds here too. r may be nil.
//
// Safe for concurrent use.
func Check(r *reference.Reference, policies []*Policy, rule *Rule) (*Conclusion, error) {
	identity, err := identityBased(policies)
	if err != nil {
		return nil, err
	}
	if identity && rule.asksWho {
		if !slices.ContainsFunc(policies, func(p *Policy) bool { return len(p.Statements) > 0 || p.unknown != "" }) {
			return &Conclusion{Outcome: Holds}, nil
		}
		return nil, ErrNoPrincipals
	}
	forbidden := []*Policy{rule.form(policies, identity)}
	p := newProof(r)
	p.identity = identity
	p.addAll(policies, "the policy")
	p.addAll(forbidden, "the rule")
	p.settle(policies, forbidden, rule.named())
	return p.conclude(func(w *Witness) bool {
		return permits(policies, w.Request, w.Bounded) == Allowed && permits(forbidden, w.Request, w.Bounded) == Allowed
	}, func() bool {
		allow, deny := p.split(policies)
		of, except := p.split(forbidden)
		return p.each([][]*clause{allow, of}, append(deny, except...), rule.covers)
	}), nil
}

// covers says whether a party is one that the rule is about.
func (r *Rule) covers(of *party) bool {
	who := &of.principal
	switch {
	case r.nobody && who.Kind != Anonymous, r.public && !of.foreign:
		return false
	case r.foreign:
		return who.Kind != Service && (who.Account == "" || !slices.Contains(r.outside, who.Account))
	}
	return true
}

// named is a policy that names the accounts of the rule, for the census.
func (r *Rule) named() []*Policy {
	p := &Policy{Statements: []Statement{{}}}
	for _, id := range r.outside {
		p.Statements[0].Principals = append(p.Statements[0].Principals, PrincipalElement{Type: "AWS", Value: id})
	}
	return []*Policy{p}
}

// form is the rule's policy in the form of those that it is held against.
func (r *Rule) form(policies []*Policy, identity bool) *Policy {
	p := *r.policy
	p.Statements = slices.Clone(p.Statements)
	for i := range p.Statements {
		s := &p.Statements[i]
		if !identity && !s.HasPrincipal {
			s.HasPrincipal = true
			if s.Principals == nil {
				s.Principals = []PrincipalElement{{Type: "*", Value: "*"}}
			}
		}
		if r.public && r.conjured {
			s.Conditions = append(slices.Clone(s.Conditions), stranger(policies)...)
		}
	}
	return &p
}

// trusted are keys whose fixed values make a policy one that is not public.
// S3 has a list of them (https://docs.aws.amazon.com/sdkfornet/v3/apidocs/items/S3/TPublicAccessBlockConfiguration.html,
// read 2026-11-24); those of organizations, of VPC endpoints and KMS's are of
// the same nature. The principal's ARN and account need no place here: they are
// a property of the party.
var trusted = [...]string{
	"aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn", "aws:sourceowner", "aws:sourceaccount", "aws:userid",
	"aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths",
	"aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths", "aws:federatedprovider",
	"s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:dataaccesspointarn", "s3:dataaccesspointaccount", "kms:calleraccount",
}

// stranger are conditions that hold for whoever has none of the values by which
// policies know their own: the organization, VPC, source … and addresses.
func stranger(policies []*Policy) []Condition {
	values := make(map[string][]Element)
	var keys []string
	for _, p := range policies {
		for i := range p.Statements {
			for j := range p.Statements[i].Conditions {
				c := &p.Statements[i].Conditions[j]
				key := c.compiled.key
				network := key == "aws:sourceip" || key == "aws:vpcsourceip"
				if !network && !slices.Contains(trusted[:], key) {
					continue
				}
				for _, v := range c.Values {
					if network && !narrow(v.Text) || !network && !fixed(v.Text) {
						continue
					}
					if values[key] == nil {
						keys = append(keys, key)
					}
					values[key] = append(values[key], v)
				}
			}
		}
	}
	var out []Condition
	for _, key := range keys {
		c := Condition{Operator: "StringNotLike", Key: key, Values: values[key]}
		if key == "aws:sourceip" || key == "aws:vpcsourceip" {
			c.Operator = "NotIpAddress"
		}
		c.compile(false)
		out = append(out, c)
	}
	return out
}

// narrow says whether a range of addresses may be someone's. Nobody is assigned
// more than an IPv4 /8 or, but for registries, an IPv6 /32: what is wider is
// everybody's. The widths are ours; S3 only says that a policy that "limits
// access to a set of CIDRs" is not public.
func narrow(text string) bool {
	p, ok := parsePrefix(text)
	return ok && (p.Addr().Is4() && p.Bits() >= 8 || p.Addr().Is6() && p.Bits() >= 32)
}

// fixed says whether a value, wildcards and all, is of one account or organization.
func fixed(text string) bool {
	if strings.Contains(text, "${") {
		return false
	}
	if !strings.ContainsAny(text, "*?") {
		return true
	}
	if parts := strings.SplitN(text, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		return account(parts[4])
	}
	id, _, found := strings.Cut(text, "/") // a path of an organization
	return found && strings.HasPrefix(id, "o-") && !strings.ContainsAny(id, "*?")
}
