package access

import (
	"context"
	"slices"
	"strings"
	"sync"

	"merlon.dev/merlon/iam"
)

// Who is one that may do something.
type Who struct {
	Principal string       `json:"principal"`
	Kind      string       `json:"kind"` // user, role, root user, person, anonymous, service …
	Account   string       `json:"account,omitempty"`
	Decision  iam.Decision `json:"decision"` // Allowed or Unknown
	// Chain are the roles it assumes on the way, the last of which may; empty
	// where it may itself.
	Chain []string `json:"chain,omitempty"`
	// Why is the reason of an Unknown, or a condition of an Allowed.
	Why string `json:"why,omitempty"`
	// Outside: not of an account in the snapshot; that its own account lets it is assumed.
	Outside bool `json:"outside,omitempty"`
}

// WhoCan lists everyone who may do an action on a resource: principals of all
// accounts, those that get there by assuming roles, people of Identity Center,
// and whom a policy lets in from outside. Principals that may not are not listed.
func (x *Index) WhoCan(ctx context.Context, action, resource string, keys map[string][]string) ([]Who, []string, error) {
	r, err := x.Resource(ctx, resource)
	if err != nil {
		return nil, nil, err
	}
	w := &search{x: x, keys: keys, reached: map[*Principal]*arrival{}}
	notes := map[string]bool{}
	question := x.Ask(action, r, keys)
	for _, p := range x.callers(action, r) {
		request, policies, said := question.Of(p)
		d := iam.Evaluate(&request, &policies)
		if d != iam.Allowed && d != iam.Unknown {
			continue
		}
		for _, n := range said {
			notes[n] = true
		}
		why := ""
		if d == iam.Unknown {
			why = iam.Explain(&request, &policies).Why
		}
		w.reach(p, &arrival{decision: d, why: why})
	}
	if err := w.spread(ctx); err != nil {
		return nil, nil, err
	}
	out := w.list()
	out = append(out, x.outsiders(r, action, keys, r.Policies, nil)...)
	for _, step := range w.order {
		if step.Kind == iam.Role && step.Trust != nil && w.reached[step].decision == iam.Allowed {
			role := roleResource(step)
			chain := append([]string{step.ARN}, w.chain(step)...)
			for _, verb := range []string{"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"} {
				out = append(out, x.outsiders(role, verb, keys, role.Policies, chain)...)
			}
		}
	}
	out = unique(out)
	said := make([]string, 0, len(notes))
	for n := range notes {
		said = append(said, n)
	}
	slices.Sort(said)
	return out, said, nil
}

// search goes backwards from those who may to those who can become them.
type search struct {
	x       *Index
	keys    map[string][]string
	reached map[*Principal]*arrival
	order   []*Principal
}

// arrival is how a principal gets there.
type arrival struct {
	decision iam.Decision
	next     *Principal // the role it assumes, nil where it may itself
	why      string
}

// order puts the certain before the possible.
func (a *arrival) order() int {
	if a.decision == iam.Allowed {
		return 0
	}
	return 1
}

func (s *search) reach(p *Principal, a *arrival) {
	if old := s.reached[p]; old != nil {
		if old.decision == iam.Allowed || a.decision != iam.Allowed {
			return
		}
		*old = *a
		s.order = append(s.order, p)
		return
	}
	s.reached[p] = a
	s.order = append(s.order, p)
}

// spread walks from each reached role to those who may assume it. One that is
// reached for certain after it was reached perhaps is walked again.
func (s *search) spread(ctx context.Context) error {
	slices.SortStableFunc(s.order, func(a, b *Principal) int { return s.reached[a].order() - s.reached[b].order() })
	for i := 0; i < len(s.order); i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		role := s.order[i]
		if role.Kind != iam.Role || role.Trust == nil {
			continue
		}
		at := *s.reached[role]
		for _, e := range s.x.assumers(role, s.keys) {
			if at.decision != iam.Allowed || e.decision != iam.Allowed {
				why := at.why
				if e.decision != iam.Allowed {
					why = "assuming " + role.ARN + ": " + e.why
				}
				s.reach(e.from, &arrival{decision: iam.Unknown, next: role, why: why})
				continue
			}
			s.reach(e.from, &arrival{decision: iam.Allowed, next: role})
		}
	}
	return nil
}

// edge is one who may assume a role, for certain or perhaps.
type edge struct {
	from     *Principal
	decision iam.Decision
	why      string
}

// assumers are those who may assume a role. The answer without keys of the
// request is remembered.
func (x *Index) assumers(role *Principal, keys map[string][]string) []edge {
	if len(keys) == 0 {
		if e, ok := x.memory.assumers.Load(role); ok {
			return e.([]edge)
		}
	}
	question := x.Ask("sts:AssumeRole", roleResource(role), keys)
	var out []edge
	for _, p := range x.candidates(role) {
		if p == role {
			continue
		}
		request, policies, _ := question.Of(p)
		switch d := iam.Evaluate(&request, &policies); d {
		case iam.Allowed:
			out = append(out, edge{from: p, decision: d})
		case iam.Unknown:
			out = append(out, edge{from: p, decision: d, why: iam.Explain(&request, &policies).Why})
		}
	}
	if len(keys) == 0 {
		x.memory.assumers.Store(role, out)
	}
	return out
}

// memory is what an index works out once.
type memory struct {
	assumers sync.Map // *Principal to []edge
	callers  sync.Map // action to []*Principal
	able     func() map[string][]*Principal
	direct   func() *iam.Context
	actions  sync.Map // type, with "/" for what is inside, to []string
}

// callers are the principals that an action on a resource is worth asking
// about: those with an Allow of their own for it, root users, and whom the
// resource's policies may let in.
func (x *Index) callers(action string, r *Resource) []*Principal {
	for _, p := range r.Policies {
		if p.Unknown() != "" {
			return x.principals
		}
		for i := range p.Statements {
			s := &p.Statements[i]
			if s.Effect == iam.Deny || s.MatchesAction(action) == iam.No {
				continue
			}
			if s.NotPrincipal || s.Problem() != "" {
				return x.principals
			}
			for _, e := range s.Principals {
				// What names a principal or everyone grants by itself; an account delegates.
				if e.Type != "Service" && e.Type != "Federated" && (x.accounts[accountIn(e.Value)] == nil || !strings.HasSuffix(e.Value, ":root")) {
					return x.principals
				}
			}
		}
	}
	key := strings.ToLower(action)
	if list, ok := x.memory.callers.Load(key); ok {
		return list.([]*Principal)
	}
	var out []*Principal
	for _, p := range x.principals {
		if p.Kind == iam.Root || mayCall(p.Identity, action) {
			out = append(out, p)
		}
	}
	x.memory.callers.Store(key, out)
	return out
}

// roleResource is a role as what sts:AssumeRole is about.
func roleResource(role *Principal) *Resource {
	r := &Resource{ARN: role.ARN, Owner: role.ARN, Type: typeRole, Account: role.Account, Tags: role.Tags, tagsKnown: true}
	if role.Trust != nil {
		r.Policies = []*iam.Policy{role.Trust}
	}
	return r
}

// candidates are those who might assume a role: whom its trust names, and of
// the accounts it trusts those who have an sts:AssumeRole of their own.
func (x *Index) candidates(role *Principal) []*Principal {
	able := x.memory.able()
	if role.Trust.Unknown() != "" {
		return x.principals
	}
	seen := map[*Principal]bool{}
	var out []*Principal
	add := func(list ...*Principal) {
		for _, p := range list {
			if p != nil && !seen[p] {
				seen[p] = true
				out = append(out, p)
			}
		}
	}
	for i := range role.Trust.Statements {
		st := &role.Trust.Statements[i]
		if st.Effect == iam.Deny || st.MatchesAction("sts:AssumeRole") == iam.No {
			continue
		}
		if st.NotPrincipal {
			return x.principals
		}
		for _, e := range st.Principals {
			switch {
			case e.Value == "*" && (e.Type == "AWS" || e.Type == "*"):
				// Within the account everyone is let in, without a policy of its own.
				for _, p := range x.principals {
					if p.Account == role.Account {
						add(p)
					}
				}
				for _, list := range able {
					add(list...)
				}
			case e.Type != "AWS":
			case x.byARN[e.Value] != nil && x.byARN[e.Value].Kind != iam.Root:
				add(x.byARN[e.Value])
			default:
				add(able[accountIn(e.Value)]...)
			}
		}
	}
	return out
}

// accountIn is the account of a principal element: the twelve digits, or an ARN's.
func accountIn(value string) string {
	if parts := strings.SplitN(value, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return value
}

// mayCall says whether some Allow of the policies is about an action.
func mayCall(policies []*iam.Policy, action string) bool {
	for _, p := range policies {
		if p.Unknown() != "" {
			return true
		}
		for i := range p.Statements {
			if s := &p.Statements[i]; s.Effect != iam.Deny && s.MatchesAction(action) != iam.No {
				return true
			}
		}
	}
	return false
}

// chain are the roles on the way from a principal, itself left out.
func (s *search) chain(p *Principal) []string {
	var out []string
	for steps := 0; steps < 64; steps++ {
		a := s.reached[p]
		if a == nil || a.next == nil {
			break
		}
		out = append(out, a.next.ARN)
		p = a.next
	}
	return out
}

func (s *search) list() []Who {
	var out []Who
	for _, p := range s.x.principals {
		a := s.reached[p]
		if a == nil {
			continue
		}
		out = append(out, Who{Principal: p.ARN, Kind: p.Kind.String(), Account: p.Account, Decision: a.decision, Chain: s.chain(p), Why: a.why})
	}
	for _, person := range s.x.people {
		if !person.Active {
			continue
		}
		for _, assignment := range person.Assignments {
			a := s.reached[assignment.Role]
			if a == nil {
				continue
			}
			via := "permission set " + assignment.PermissionSet
			if assignment.Group != "" {
				via += " by group " + assignment.Group
			}
			out = append(out, Who{Principal: person.Name, Kind: "person", Account: assignment.Account, Decision: a.decision,
				Chain: append([]string{via, assignment.Role.ARN}, s.chain(assignment.Role)...), Why: a.why})
		}
	}
	return out
}

// outsiders are those whom a resource's policies name and the snapshot does not
// have: the anonymous, other accounts, services, identity providers.
func (x *Index) outsiders(r *Resource, action string, keys map[string][]string, policies []*iam.Policy, chain []string) []Who {
	var out []Who
	tried := map[string]bool{}
	try := func(who iam.Principal, name string) {
		if tried[name] {
			return
		}
		tried[name] = true
		request, applying, _ := x.Request(x.Stranger(who, true), action, r, keys)
		d := iam.Evaluate(&request, &applying)
		if d != iam.Allowed && d != iam.Unknown {
			return
		}
		w := Who{Principal: name, Kind: who.Kind.String(), Account: who.Account, Decision: d, Chain: chain, Outside: who.Kind != iam.Service}
		if d == iam.Unknown {
			w.Why = iam.Explain(&request, &applying).Why
		}
		out = append(out, w)
	}
	for _, p := range policies {
		for i := range p.Statements {
			s := &p.Statements[i]
			if s.Effect != iam.Allow || s.MatchesAction(action) == iam.No {
				continue
			}
			if s.NotPrincipal {
				try(iam.Principal{Kind: iam.Anonymous}, "anonymous")
			}
			for _, e := range s.Principals {
				switch {
				case e.Value == "*" && e.Type != "Service" && e.Type != "Federated":
					if serviceOf(action) != "sts" {
						try(iam.Principal{Kind: iam.Anonymous}, "anonymous")
					}
					try(foreigner, "any AWS account")
				case e.Type == "Service":
					try(iam.Principal{Kind: iam.Service, ARN: e.Value}, e.Value)
				case e.Type == "Federated":
					try(iam.Principal{Kind: iam.Federated, ARN: e.Value, Account: accountIn(e.Value)}, e.Value)
				case e.Type == "AWS":
					if x.accounts[accountIn(e.Value)] != nil {
						continue // one of ours, or one that is gone
					}
					who, err := iam.ParsePrincipal(e.Value)
					if err != nil {
						continue
					}
					if who.Kind == iam.Root { // the account: anyone in it
						who = iam.Principal{Kind: iam.User, ARN: strings.Replace(foreigner.ARN, foreigner.Account, who.Account, 1), Account: who.Account}
					}
					try(who, e.Value)
				}
			}
		}
	}
	return out
}

// foreigner is a user of some account that nobody knows.
var foreigner = iam.Principal{Kind: iam.User, ARN: "arn:aws:iam::000000000000:user/anyone", Account: "000000000000"}

// unique drops repeated lines, keeps the surest and shortest of each principal, and sorts.
func unique(list []Who) []Who {
	best := map[string]Who{}
	for _, w := range list {
		key := w.Principal + "\x00" + w.Kind + "\x00" + w.Account
		old, ok := best[key]
		if !ok || rank(w) < rank(old) {
			best[key] = w
		}
	}
	out := make([]Who, 0, len(best))
	for _, w := range best {
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b Who) int {
		if c := rank(a) - rank(b); c != 0 {
			return c
		}
		if c := strings.Compare(a.Account, b.Account); c != 0 {
			return c
		}
		return strings.Compare(a.Principal+a.Kind, b.Principal+b.Kind)
	})
	return out
}

func rank(w Who) int {
	r := len(w.Chain)
	if w.Decision != iam.Allowed {
		r += 1 << 20
	}
	return r
}
