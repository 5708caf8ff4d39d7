package iam

import (
	"errors"
	"fmt"

	"merlon.dev/merlon/iam/reference"
)

// Outcome is what became of something that was to be shown.
type Outcome uint8

// The outcomes.
const (
	Undecided Outcome = iota // neither shown nor refuted
	Holds                    // shown for every request
	Violated                 // refuted by a request
)

func (o Outcome) String() string { return [...]string{"undecided", "holds", "violated"}[o] }

// MarshalText writes undecided, holds or violated.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Conclusion is the answer of [Compare] and [Check].
type Conclusion struct {
	Outcome Outcome  `json:"outcome"`
	Witness *Witness `json:"witness,omitempty"` // where Violated
	Why     []string `json:"why,omitempty"`     // where Undecided: what could not be decided
}

// ErrMixedPolicies says that some of the policies name principals, as those of
// resources do, and some do not.
var ErrMixedPolicies = errors.New("some policies name principals and some do not")

// Compare says whether next permits no request that old does not permit; if
// that is Violated the witness is one. Of each, policies are taken together:
// a request is permitted that some statement allows and none denies.
//
// It reasons about all requests at once: actions, resources and values of
// context keys are sets, and what Holds does so for each of them. What it takes
// from AWS's documentation is the type of a context key (a Bool is true or
// false), whether it has several values, and what the kind of a principal says
// of keys such as aws:PrincipalArn; r may be nil, then it takes types from
// nowhere. Keys are otherwise independent of each other, of the action and of
// the resource. Whether a grant names an account or a user within makes no
// difference to it: both permit the user.
//
// Safe for concurrent use.
func Compare(r *reference.Reference, old, next []*Policy) (*Conclusion, error) {
	identity, err := identityBased(old, next)
	if err != nil {
		return nil, err
	}
	p := newProof(r)
	p.identity = identity
	p.addAll(old, "OLD")
	p.addAll(next, "NEW")
	p.settle(old, next)
	return p.conclude(func(w *Witness) bool {
		d := permits(old, w.Request, w.Bounded)
		return permits(next, w.Request, w.Bounded) == Allowed && (d == ImplicitlyDenied || d == ExplicitlyDenied)
	}, func() bool {
		oldAllow, oldDeny := p.split(old)
		allow, deny := p.split(next)
		return p.each([][]*clause{allow}, append(oldAllow, deny...), nil) ||
			p.each([][]*clause{allow, oldDeny}, deny, nil)
	}), nil
}

// conclude runs a search with a test of what it finds.
func (p *proof) conclude(confirm func(*Witness) bool, run func() bool) *Conclusion {
	var odd *Witness // confirmed, though not of AWS's present
	found := 0
	var hit *Witness
	p.accept = func(s *search) bool {
		found++
		confirmed := false
		for w := range s.candidates {
			if !confirm(w) {
				continue
			}
			confirmed = true
			if w.Note == "" {
				hit = w
				return true
			}
			if odd == nil {
				odd = w
			}
			break
		}
		if !confirmed {
			s.doubts()
		}
		if found >= maxRequests {
			p.budget.left = 0
		}
		return p.budget.left <= 0
	}
	run()
	switch {
	case hit != nil:
		return &Conclusion{Outcome: Violated, Witness: hit}
	case odd != nil:
		return &Conclusion{Outcome: Violated, Witness: odd}
	case len(p.why) > 0:
		return &Conclusion{Outcome: Undecided, Why: p.why}
	}
	return &Conclusion{Outcome: Holds}
}

func (p *proof) addAll(policies []*Policy, name string) {
	for i, policy := range policies {
		label := name
		if len(policies) > 1 {
			label = fmt.Sprintf("%s, policy %d", name, i+1)
		}
		if policy.unknown != "" {
			p.undecided(label + " could not be read: " + policy.unknown)
		}
		p.add(policy, label)
	}
}

// settle makes the parties and closes the axes.
func (p *proof) settle(sets ...[]*Policy) {
	if p.identity {
		p.parties = identities()
	} else {
		var c census
		for _, policies := range sets {
			c.count(policies)
		}
		p.parties = c.take()
		if c.full {
			p.undecided(fmt.Sprintf("the policies name more than %d combinations of principals", maxParties))
		}
		if c.parts != "" {
			p.undecided(fmt.Sprintf("a condition on the principal has a wildcard within an account number: %q", c.parts))
		}
	}
	p.prepare()
}

// split parts the clauses that allow from those that deny. A statement with
// neither effect may be either.
func (p *proof) split(policies []*Policy) (allow, deny []*clause) {
	for _, policy := range policies {
		for i := range policy.Statements {
			c := p.of[&policy.Statements[i]]
			if c.statement.Effect != Deny {
				allow = append(allow, c)
			}
			if c.statement.Effect != Allow {
				deny = append(deny, c)
			}
		}
	}
	return allow, deny
}

// identityBased says whether policies are all without principals.
func identityBased(sets ...[]*Policy) (identity bool, err error) {
	with, without := false, false
	for _, policies := range sets {
		for _, p := range policies {
			for i := range p.Statements {
				if p.Statements[i].HasPrincipal {
					with = true
				} else if p.Statements[i].invalid == "" {
					without = true
				}
			}
		}
	}
	if with && without {
		return false, ErrMixedPolicies
	}
	return !with, nil
}

// Permits says what policies, all of a principal or all of a resource, say of a
// request on their own: everything else that AWS asks is taken to allow it.
func Permits(policies []*Policy, r *Request) Decision { return permits(policies, r, false) }

func permits(policies []*Policy, r *Request, bounded bool) Decision {
	identity, err := identityBased(policies)
	if err != nil {
		return Unknown
	}
	ask := *r
	everything := []*Policy{grantAll()}
	if identity {
		// The resource's own policy, where one must allow, leaves it to the account.
		ask.ResourceAccount = ask.Principal.Account
		return Evaluate(&ask, &Policies{Identity: policies, Resource: []*Policy{delegateTo(ask.Principal.Account)}})
	}
	// In another account than the resource's both sides must allow, so that the
	// resource's policy decides alone when the other allows everything.
	ask.ResourceAccount = "000000000000"
	p := &Policies{Resource: policies, Identity: everything}
	if bounded {
		p.Boundaries = everything
	}
	if ask.Principal.Kind == FederatedUser {
		p.Session = everything
	}
	return Evaluate(&ask, p)
}

func grantAll() *Policy {
	p := &Policy{}
	p.Statements = []Statement{{Effect: Allow, HasResource: true, actions: []pattern{compileAction("*")}, resources: []pattern{compilePattern("*", false, false)}}}
	return p
}

func delegateTo(account string) *Policy {
	p := grantAll()
	p.Statements[0].HasPrincipal = true
	p.Statements[0].Principals = []PrincipalElement{{Type: "AWS", Value: account}}
	return p
}
