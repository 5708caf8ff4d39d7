package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"merlon.dev/merlon/iam"
)

// gainedVariables are bound by whom a technique gains.
var gainedVariables = []string{"role", "user", "group", "policy", "thing", "profile", "relay", "service-principal"}

// expand works out what a node can move to by one technique each. With enough, a
// certain administrator ends the work.
func (g *graph) expand(n *node, enough bool) []*move {
	if n.expanded && (enough || !n.partial) {
		return n.moves
	}
	n.expanded, n.partial, n.moves = true, false, nil
	best := map[*node]*move{}
	for _, t := range g.techniques {
		if n.partial {
			break
		}
		if !g.worthAsking(n, t) {
			continue
		}
		g.try(n, t, func(m *move) {
			n.partial = n.partial || enough && m.decision == iam.Allowed && g.administrator(m.to) == iam.Yes
			old := best[m.to]
			switch {
			case old == nil:
				best[m.to] = m
				n.moves = append(n.moves, m)
			case old.decision != iam.Allowed && m.decision == iam.Allowed:
				m.also = nil
				*old = *m
			case old.decision == m.decision && old.t != t && !slices.Contains(old.also, t.ID):
				old.also = append(old.also, t.ID)
			}
		})
	}
	return n.moves
}

// worthAsking says whether the node has an Allow for each action that its own
// policies must allow.
func (g *graph) worthAsking(n *node, t *Technique) bool {
	if t.Target == "group" && n.how != "" || t.Target == "self" && t.Gains == "policies" && strings.HasPrefix(n.how, elevated) {
		return false
	}
	for i := range t.Steps {
		s := &t.Steps[i]
		if s.By != "" || s.Trust != "" || assumesRole(s.Action) || t.Thing == "function" {
			continue // a policy of the resource may do
		}
		if !g.mayCall(n.asking, s.Action) {
			return false
		}
	}
	return true
}

// try calls found with each move that a technique gives a node.
func (g *graph) try(n *node, t *Technique, found func(*move)) {
	account := n.base.Account
	here := g.residents(account)
	// What does not depend on whom it gains is decided once a region.
	free := map[string]*choice{}
	type question struct {
		step *step
		arn  string
	}
	answers := map[question]iam.Decision{}
	in := func(region string) *choice {
		c, ok := free[region]
		if !ok {
			c = g.choose(n, t, region)
			free[region] = c
		}
		return c
	}
	reach := func(to *node, region, why string, most iam.Decision, bound map[string]string, target, relay *Principal, held *holder) {
		if to == n {
			return
		}
		c := in(region)
		if c == nil {
			return
		}
		// One map serves all tries: they bind the same names.
		if c.scratch == nil {
			c.scratch = maps.Clone(c.bound)
		}
		maps.Copy(c.scratch, bound)
		decision := min2(c.decision, most)
		for i := range t.Steps {
			s := &t.Steps[i]
			if s.By == "" && s.Trust == "" && !s.needs(gainedVariables) {
				continue
			}
			// What one resource is asked for is asked once, whoever is gained by it.
			plain := s.By == "" && s.Trust == "" && len(s.Context) == 0 && !assumesRole(s.Action)
			asked := question{step: s}
			if plain {
				asked.arn = fill(s.On, c.scratch)
			}
			d, done := answers[asked]
			if !plain || !done {
				d = g.decide(n, s, c.scratch, target, relay, held)
			}
			if plain {
				answers[asked] = d
			}
			if decision = min2(decision, d); decision == iam.ImplicitlyDenied {
				return
			}
		}
		m := &move{to: to, t: t, decision: decision, why: why, bound: maps.Clone(c.scratch)}
		if m.why == "" {
			m.why = c.why
		}
		if n.opaque != "" && m.decision == iam.Allowed {
			m.decision, m.why = iam.Unknown, "part of the policies of "+n.base.Name+" is not known: "+n.opaque
		}
		found(m)
	}
	passed := func(fn func(region string, r trusting, service string)) {
		for _, service := range t.Services {
			list := g.trustingRoles(account, service)
			if len(list) == 0 {
				continue
			}
			region := g.bestRegion(account, in)
			if region == "" {
				return
			}
			for _, r := range list {
				fn(region, r, service)
			}
		}
	}
	global := g.x.globalRegion(account)
	switch t.Target {
	case "self":
		if t.Kind == "user" && n.base.Type != typeUser || t.Kind == "role" && (n.base.Type != typeRole || protected(n.base)) {
			return
		}
		how := elevated
		switch {
		case t.Gains == "unbounded" && n.p.Boundaries == nil:
			return
		case t.Gains == "unbounded" && n.how == elevated, t.Gains == "policies" && n.how == unbounded:
			how = elevated + " " + unbounded
		case t.Gains == "unbounded":
			how = unbounded
		}
		own := bindPrincipal(map[string]string{}, n.base)
		for _, bound := range g.through(t, n.base, n.p, own) {
			reach(g.node(n.base, how), global, "", iam.Allowed, bound, n.base, nil, nil)
		}
	case "user":
		for _, u := range here.users {
			if u == n.base {
				continue
			}
			why, most := g.loginFits(t, u)
			if most == iam.ImplicitlyDenied {
				continue
			}
			for _, bound := range g.through(t, u, u, bindPrincipal(map[string]string{}, u)) {
				reach(g.gained(t, u), global, why, most, bound, u, nil, nil)
			}
		}
	case "role":
		g.tryRoles(n, t, here, global, reach)
	case "group":
		if n.base.Type != typeUser {
			return
		}
		for _, grp := range here.groups {
			if slices.Contains(n.base.Groups, grp.name) {
				continue
			}
			bound := map[string]string{"group": grp.arn, "group.name": grp.name}
			reach(g.node(n.base, "group "+grp.name), global, "", iam.Allowed, bound, nil, nil, nil)
		}
	case "passed":
		passed(func(region string, r trusting, service string) {
			if r.role == n.base {
				return
			}
			bound := bindPrincipal(map[string]string{"service-principal": service}, r.role)
			why, most := r.why, r.decision
			if t.Profile {
				profile := g.profileOf[r.role]
				if profile == "" {
					if why = g.unread[typeInstanceProfile+account]; why == "" {
						return
					}
					profile, most = "arn:"+g.partition(account)+":iam::"+account+":instance-profile/"+r.role.Name, iam.Unknown
				}
				bound["profile"], bound["profile.name"] = profile, lastName(profile)
			}
			reach(g.gained(t, r.role), region, why, most, bound, r.role, nil, nil)
		})
	case "held":
		useless := map[*holder]bool{} // things that the node may not touch, whatever role they have
		g.holders(n, t, in, func(region string, held *holder, role *Principal, why string, most iam.Decision) {
			if role == n.base {
				return
			}
			no, checked := useless[held]
			if !checked {
				no = !g.mayTouch(n, t, held, in(region))
				useless[held] = no
			}
			if no {
				return
			}
			bound := bindPrincipal(map[string]string{"thing": held.resource.ARN, "thing.name": held.name}, role)
			reach(g.gained(t, role), region, why, most, bound, role, nil, held)
		})
	case "executed":
		relayed := func(region string, relay *Principal, held *holder, service, why string, most iam.Decision) {
			for _, role := range g.assumable[relay] {
				d, because := g.assumes(g.node(relay, ""), role)
				if d == iam.ImplicitlyDenied || role == n.base {
					continue
				}
				if d == iam.Unknown && why == "" {
					why = because
				}
				bound := bindPrincipal(map[string]string{"relay": relay.ARN, "relay.name": relay.Name, "service-principal": service}, role)
				if held != nil {
					bound["thing"], bound["thing.name"] = held.resource.ARN, held.name
				}
				reach(g.gained(t, role), region, why, min2(most, d), bound, role, relay, held)
			}
		}
		if t.Thing == "" {
			passed(func(region string, r trusting, service string) {
				relayed(region, r.role, nil, service, r.why, r.decision)
			})
			return
		}
		g.holders(n, t, in, func(region string, held *holder, relay *Principal, why string, most iam.Decision) {
			relayed(region, relay, held, t.thing.Service, why, most)
		})
	}
}

// tryRoles goes through the roles of a technique that names one.
func (g *graph) tryRoles(n *node, t *Technique, here *residents, global string, reach func(*node, string, string, iam.Decision, map[string]string, *Principal, *Principal, *holder)) {
	changes, assumes := false, false
	for i := range t.Steps {
		if assumesRole(t.Steps[i].Action) {
			assumes = assumes || t.Steps[i].Trust == ""
		} else {
			changes = true
		}
	}
	roles := here.roles
	if assumes {
		roles = g.assumable[n.base]
	}
	for _, role := range roles {
		if role == n.base || changes && (role.Account != n.base.Account || protected(role)) {
			continue
		}
		for _, bound := range g.through(t, role, role, bindPrincipal(map[string]string{}, role)) {
			reach(g.gained(t, role), global, "", iam.Allowed, bound, role, nil, nil)
		}
	}
}

// holders goes through the things with a role: those that are there, and where
// some were not read, every role that the thing's service may assume, perhaps.
func (g *graph) holders(n *node, t *Technique, in func(string) *choice, fn func(region string, held *holder, role *Principal, why string, most iam.Decision)) {
	account := n.base.Account
	f := g.found[t.Thing]
	perhaps := func(held *holder, why string) {
		for _, r := range g.trustingRoles(account, t.thing.Service) {
			fn(held.resource.Region, held, r.role, why, iam.Unknown)
		}
	}
	for _, held := range f.things[account] {
		if held.unclear != "" {
			perhaps(held, "which role "+held.resource.ARN+" has is not known: "+held.unclear)
			continue
		}
		for _, role := range held.roles {
			fn(held.resource.Region, held, role, "", iam.Allowed)
		}
	}
	if why := f.unread[account]; why != "" {
		region := g.bestRegion(account, in)
		if region == "" {
			return
		}
		arn := fill(t.thing.ARN, map[string]string{"partition": g.partition(account), "region": region, "account": account, "id": "NAME"})
		perhaps(&holder{name: "NAME", resource: g.made(arn, account, region)}, why)
	}
}

// mayTouch says whether the steps that are about a thing alone are not denied.
func (g *graph) mayTouch(n *node, t *Technique, held *holder, c *choice) bool {
	if c == nil {
		return false
	}
	if c.scratch == nil {
		c.scratch = maps.Clone(c.bound)
	}
	c.scratch["thing"], c.scratch["thing.name"] = held.resource.ARN, held.name
	others := slices.DeleteFunc(slices.Clone(gainedVariables), func(v string) bool { return v == "thing" })
	for i := range t.Steps {
		s := &t.Steps[i]
		if s.By == "" && s.Trust == "" && needs(s.On, []string{"thing"}) && !s.needs(others) && denied(g.decide(n, s, c.scratch, nil, nil, held)) {
			return false
		}
	}
	return true
}

// gained is the node that a technique gives.
func (g *graph) gained(t *Technique, p *Principal) *node {
	if t.Gains == "both" {
		return g.node(p, elevated)
	}
	return g.node(p, "")
}

// protected roles are changed by AWS alone.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/using-service-linked-roles.html
// and …/IAM/latest/UserGuide/troubleshoot_roles.html, read 2026-11-24
func protected(p *Principal) bool {
	return p.ServiceLinked || strings.Contains(p.ARN, ":role/aws-reserved/")
}

func bindPrincipal(bound map[string]string, p *Principal) map[string]string {
	kind := "role"
	if p.Type == typeUser {
		kind = "user"
	}
	bound[kind], bound[kind+".name"] = p.ARN, p.Name
	return bound
}

// through are the ways in which the policies of a principal can be written:
// itself, a policy of its own account that it has, a group it is in.
func (g *graph) through(t *Technique, p, now *Principal, bound map[string]string) []map[string]string {
	bind := func(name, arn, label string) map[string]string {
		m := map[string]string{name: arn, name + ".name": label}
		for k, v := range bound {
			m[k] = v
		}
		return m
	}
	var out []map[string]string
	switch t.Through {
	case "":
		return []map[string]string{bound}
	case "policy", "boundary":
		list := now.Identity
		if t.Through == "boundary" {
			list = now.Boundaries
		}
		for _, policy := range list {
			if strings.HasPrefix(policy.Name, "arn:") && accountIn(policy.Name) == p.Account {
				out = append(out, bind("policy", policy.Name, lastName(policy.Name)))
			}
		}
	case "group":
		for _, name := range now.Groups {
			if grp := g.groups[p.Account+"/"+name]; grp != nil {
				out = append(out, bind("group", grp.arn, grp.name))
			}
		}
	}
	return out
}

// loginFits says whether a user has, or has not, what the technique makes.
func (g *graph) loginFits(t *Technique, u *Principal) (why string, most iam.Decision) {
	l := g.logins[u]
	if l == nil {
		return "", iam.Allowed
	}
	fits := iam.Yes
	switch t.Where.Password {
	case "yes":
		fits = l.password
	case "no":
		fits = iam.Yes - l.password
	}
	switch t.Where.Keys {
	case "full":
		fits = min(fits, l.full)
	case "free":
		// Where the number is not known a key is likely to be free: at most two
		// exist, and iam-003 is asked about as well.
		fits = min(fits, iam.Yes-l.full)
	}
	switch fits {
	case iam.Yes:
		return "", iam.Allowed
	case iam.Maybe:
		return l.why, iam.Unknown
	}
	return "", iam.ImplicitlyDenied
}

// min2 is the lesser of two answers: denied, unknown, allowed.
func min2(a, b iam.Decision) iam.Decision {
	switch {
	case denied(a) || denied(b):
		return iam.ImplicitlyDenied
	case a == iam.Unknown || b == iam.Unknown:
		return iam.Unknown
	}
	return iam.Allowed
}

func denied(d iam.Decision) bool { return d == iam.ImplicitlyDenied || d == iam.ExplicitlyDenied }

// made is a resource of which nothing but its name is known.
func (g *graph) made(arn, account, region string) *Resource {
	if r := g.resources[arn]; r != nil {
		return r
	}
	return &Resource{ARN: arn, Account: account, Region: region}
}

// decide asks whether a step is allowed.
func (g *graph) decide(n *node, s *step, bound map[string]string, target, relay *Principal, held *holder) iam.Decision {
	q, who := g.question(n, s, bound, target, relay, held)
	request, policies, _ := q.Of(who)
	return iam.Evaluate(&request, &policies)
}

// question is a step as a question, and who asks it.
func (g *graph) question(n *node, s *step, bound map[string]string, target, relay *Principal, held *holder) (*Question, *Principal) {
	who := n.asking
	switch s.By {
	case "target":
		who = target
	case "relay":
		who = relay
	}
	arn := fill(s.On, bound)
	if len(s.Context) == 0 && s.Trust == "" && !assumesRole(s.Action) {
		// The common case, without a key to put together.
		plain := plainQuestion{action: s.Action, arn: arn, region: bound["region"], account: n.base.Account}
		q := g.plain[plain]
		if q == nil {
			q = g.x.Ask(s.Action, g.subject(n, s, arn, bound, target, held), nil)
			g.plain[plain] = q
		}
		return q, who
	}
	key := s.Action + "\x00" + arn + "\x00" + bound["region"] + "\x00" + s.Trust
	if s.Trust != "" {
		key += n.base.ARN
	}
	var keys map[string][]string
	if len(s.Context) > 0 {
		keys = make(map[string][]string, len(s.Context))
		for k, v := range s.Context {
			// A key whose value is not settled yet is left unknown.
			if value := fill(v, bound); !strings.Contains(value, "{") {
				keys[k] = []string{value}
			}
		}
		for _, k := range sortedKeys(keys) {
			key += "\x00" + k + "=" + keys[k][0]
		}
	}
	if arn == "*" {
		key += "\x00" + n.base.Account
	}
	q := g.questions[key]
	if q == nil {
		q = g.x.Ask(s.Action, g.subject(n, s, arn, bound, target, held), keys)
		g.questions[key] = q
	}
	return q, who
}

// plainQuestion tells questions without context of their own apart.
type plainQuestion struct{ action, arn, region, account string }

func sortedKeys(m map[string][]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// subject is the resource a step is about, with the policies on it.
func (g *graph) subject(n *node, s *step, arn string, bound map[string]string, target *Principal, held *holder) *Resource {
	var r *Resource
	switch {
	case assumesRole(s.Action) && target != nil:
		r = roleResource(target)
	case held != nil && arn == held.resource.ARN:
		r = held.resource
	case g.resources[arn] != nil:
		r = g.resources[arn]
	case g.groups[n.base.Account+"/"+bound["group.name"]] != nil && arn == bound["group"]:
		r = g.groups[n.base.Account+"/"+bound["group.name"]].resource
	default:
		account := accountIn(arn)
		if account == arn || account == "" {
			account = n.base.Account
		}
		r = g.made(arn, account, bound["region"])
		if strings.HasPrefix(arn, "arn:"+g.partition(account)+":ssm:") {
			r.Account = "" // documents of AWS belong to AWS
		}
	}
	if s.Trust == "" {
		return r
	}
	// The caller has just let itself in.
	own := *r
	own.Policies = nil
	own.Policies = []*iam.Policy{g.letIn(n.base, s.Action)}
	return &own
}

// letIn is a resource policy that allows an action to a principal by name.
func (g *graph) letIn(p *Principal, action string) *iam.Policy {
	key := p.ARN + "\x00" + action
	policy := g.written[key]
	if policy == nil {
		var err error
		policy, err = iam.ParsePolicy([]byte(fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":%q},"Action":%q,"Resource":"*"}]}`, p.ARN, action)))
		if err != nil {
			policy = iam.UnknownPolicy("", err.Error())
		}
		policy.Name = "what was just written"
		g.written[key] = policy
	}
	return policy
}

// assumes says whether a node may assume a role, as the role's trust is.
func (g *graph) assumes(n *node, role *Principal) (iam.Decision, string) {
	s := &step{Action: "sts:AssumeRole", On: "{role}"}
	q, who := g.question(n, s, bindPrincipal(map[string]string{}, role), role, nil, nil)
	request, policies, _ := q.Of(who)
	switch d := iam.Evaluate(&request, &policies); d {
	case iam.Allowed:
		return d, ""
	case iam.Unknown:
		return d, "assuming " + role.ARN + ": " + iam.Explain(&request, &policies).Why
	}
	return iam.ImplicitlyDenied, ""
}
