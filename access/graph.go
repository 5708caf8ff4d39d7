package access

import (
	"context"
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
)

// graph is who can become whom. Its nodes are the principals as they are, and
// as they would be with more policies; an edge is one technique.
type graph struct {
	x          *Index
	techniques []*Technique // the surest and shortest first
	nodes      map[string]*node
	everything *iam.Policy // AdministratorAccess

	byAccount  map[string]*residents
	roleByName map[string]*Principal // account/name
	groups     map[string]*groupOf   // account/name
	logins     map[*Principal]*login
	profiles   map[string][]*Principal // account/name of an instance profile
	profileOf  map[*Principal]string
	found      map[string]*stock
	unread     map[string]string
	regions    map[string][]string
	partitions map[string]string
	assumable  map[*Principal][]*Principal // who might assume which roles
	trusted    map[string][]trusting       // account/service
	calls      map[*iam.Policy]map[string]bool
	resources  map[string]*Resource
	questions  map[string]*Question
	plain      map[plainQuestion]*Question
	actions    map[*iam.Statement][]string
	kinds      map[string]*thingKind
	written    map[string]*iam.Policy // what a caller lets itself in with
}

// residents are the users and roles of an account that can be gained.
type residents struct {
	users, roles []*Principal
	groups       []*groupOf
}

type groupOf struct {
	arn, name string
	resource  *Resource
	policies  []*iam.Policy
}

// login is what a user already has: yes, no or perhaps.
type login struct {
	password iam.Match
	full     iam.Match // two access keys, which is the most
	why      string
}

// What a node may have that the snapshot's principal has not.
const (
	elevated  = "elevated"  // any policy
	unbounded = "unbounded" // no boundary
)

// node is a principal, as it is or with more policies.
type node struct {
	p    *Principal // with the policies of the node
	base *Principal // as the snapshot has it
	how  string     // "", elevated, unbounded, both, or "group NAME"

	admin     iam.Match
	adminWhy  string
	adminDone bool

	opaque   string // why part of its policies is not known
	asking   *Principal
	moves    []*move
	expanded bool
	partial  bool // expanded as far as the first certain administrator
	cut      bool // a walk from here ended for its length
	hopeless bool // a walk from here met no administrator, not even perhaps
}

type move struct {
	to       *node
	t        *Technique
	decision iam.Decision
	bound    map[string]string
	why      string   // of an Unknown that no request explains
	also     []string // ids of other techniques with the same end
}

func newGraph(ctx context.Context, x *Index) (*graph, error) {
	c, err := parseCatalogue(escalationsYAML)
	if err != nil {
		return nil, err
	}
	everything, err := iam.ParsePolicy([]byte(knownManaged["AdministratorAccess"]))
	if err != nil {
		return nil, err
	}
	everything.Name = "AdministratorAccess"
	g := &graph{x: x, techniques: slices.Clone(c.Techniques), nodes: map[string]*node{}, everything: everything, byAccount: map[string]*residents{},
		roleByName: map[string]*Principal{}, groups: map[string]*groupOf{}, logins: map[*Principal]*login{}, found: map[string]*stock{},
		unread: map[string]string{}, regions: map[string][]string{}, partitions: map[string]string{}, trusted: map[string][]trusting{},
		calls: map[*iam.Policy]map[string]bool{}, resources: map[string]*Resource{}, questions: map[string]*Question{}, plain: map[plainQuestion]*Question{}, actions: map[*iam.Statement][]string{}, kinds: c.Things, written: map[string]*iam.Policy{}}
	slices.SortStableFunc(g.techniques, func(a, b *Technique) int { return a.cost() - b.cost() })
	for _, a := range x.snapshot.Meta().Accounts {
		for _, r := range a.Regions {
			g.regions[string(a.ID)] = append(g.regions[string(a.ID)], string(r))
		}
		g.partitions[string(a.ID)] = x.partition(string(a.ID))
	}
	for _, p := range x.principals {
		at := g.residents(p.Account)
		switch {
		case p.Type == typeUser:
			at.users = append(at.users, p)
		case p.Type == typeRole && !p.ServiceLinked:
			at.roles = append(at.roles, p)
			g.roleByName[p.Account+"/"+p.Name] = p
		default:
			continue
		}
		g.resources[p.ARN] = &Resource{ARN: p.ARN, Owner: p.ARN, Type: p.Type, Account: p.Account, Region: x.globalRegion(p.Account), Tags: p.Tags, tagsKnown: true}
	}
	for _, load := range []func(context.Context) error{g.loadGroups, g.loadLogins, func(ctx context.Context) error { return g.loadThings(ctx, c.Things) }} {
		if err := load(ctx); err != nil {
			return nil, err
		}
	}
	g.loadAssumable()
	return g, nil
}

// cost orders techniques that end alike.
func (t *Technique) cost() int {
	n := len(t.Steps)
	if t.Waits != "" {
		n += 100
	}
	return n
}

func (g *graph) partition(account string) string {
	if p := g.partitions[account]; p != "" {
		return p
	}
	return "aws"
}

func (g *graph) residents(account string) *residents {
	at := g.byAccount[account]
	if at == nil {
		at = &residents{}
		g.byAccount[account] = at
	}
	return at
}

func (g *graph) loadGroups(ctx context.Context) error {
	return g.x.snapshot.Each(ctx, typeGroup, func(r *merlon.Resource) error {
		var p identityProperties
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		account := string(r.Account)
		grp := &groupOf{arn: r.Key(), name: r.ID, policies: g.x.attached(r, &p),
			resource: &Resource{ARN: r.Key(), Owner: r.Key(), Type: typeGroup, Account: account, Region: g.x.globalRegion(account), tagsKnown: true}}
		g.groups[account+"/"+r.ID] = grp
		g.residents(account).groups = append(g.residents(account).groups, grp)
		return nil
	})
}

const typeAccessKey = "AWS::IAM::AccessKey"

// loadLogins reads who has a password and how many access keys.
func (g *graph) loadLogins(ctx context.Context) error {
	keys := map[string]int{}
	err := g.x.snapshot.Each(ctx, typeAccessKey, func(r *merlon.Resource) error {
		var p struct{ UserName string }
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		keys[string(r.Account)+"/"+p.UserName]++
		return nil
	})
	if err != nil {
		return err
	}
	return g.x.snapshot.Each(ctx, typeUser, func(r *merlon.Resource) error {
		user := g.x.byARN[r.Key()]
		if user == nil {
			return nil
		}
		l := &login{}
		switch raw := at(r.Properties, "LoginProfile"); {
		case len(raw) > 0 && string(raw) != "null":
			l.password = iam.Yes
		case unknownBelow(r, "/properties/LoginProfile") != "":
			l.password, l.why = iam.Maybe, "whether "+user.Name+" has a password is not known"
		}
		c := g.x.globalCoverage(typeAccessKey, string(r.Account))
		switch {
		case keys[string(r.Account)+"/"+r.ID] >= 2:
			l.full = iam.Yes
		case len(c.Unknowns()) > 0:
			l.full, l.why = iam.Maybe, "how many access keys "+user.Name+" has is not known"
		}
		g.logins[user] = l
		return nil
	})
}

// loadAssumable turns each role's trust round.
func (g *graph) loadAssumable() {
	g.assumable = map[*Principal][]*Principal{}
	for _, role := range g.x.principals {
		if role.Type != typeRole || role.ServiceLinked || role.Trust == nil || role.Trust.Unknown() != "" {
			continue
		}
		for _, p := range g.x.candidates(role) {
			g.assumable[p] = append(g.assumable[p], role)
		}
	}
}

// node is a principal with more policies: how says which.
func (g *graph) node(base *Principal, how string) *node {
	key := base.ARN + "\x00" + how
	if n := g.nodes[key]; n != nil {
		return n
	}
	n := &node{p: base, base: base, how: how}
	switch {
	case how == elevated:
		n.p = g.with(base, g.everything)
	case how == unbounded:
		p := *base
		p.Boundaries = nil
		n.p = &p
	case how == elevated+" "+unbounded:
		n.p = g.with(base, g.everything)
		n.p.Boundaries = nil
	case strings.HasPrefix(how, "group "):
		if grp := g.groups[base.Account+"/"+strings.TrimPrefix(how, "group ")]; grp != nil {
			n.p = g.with(base, grp.policies...)
			n.p.Groups = append(slices.Clip(base.Groups), grp.name)
		}
	}
	n.asking = n.p
	var known []*iam.Policy
	for _, p := range n.p.Identity {
		if why := p.Unknown(); why != "" {
			n.opaque = p.Name + ": " + why
			continue
		}
		known = append(known, p)
	}
	if n.opaque != "" {
		// What an unread policy may allow is everything: only what the others
		// allow is followed, and that perhaps, for it may deny as well.
		p := *n.p
		p.Identity = known
		n.asking = &p
	}
	g.nodes[key] = n
	return n
}

func (g *graph) with(base *Principal, more ...*iam.Policy) *Principal {
	p := *base
	p.Identity = slices.Concat(base.Identity, more)
	return &p
}

// administrator says whether the node is one.
func (g *graph) administrator(n *node) iam.Match {
	if !n.adminDone {
		n.admin, n.adminWhy = g.x.Administrator(n.asking)
		if n.opaque != "" && n.admin == iam.Yes {
			n.admin, n.adminWhy = iam.Maybe, n.opaque
		}
		n.adminDone = true
	}
	return n.admin
}

// mayCall says whether some Allow of a principal is about an action.
func (g *graph) mayCall(p *Principal, action string) bool {
	for _, policy := range p.Identity {
		memo := g.calls[policy]
		if memo == nil {
			memo = map[string]bool{}
			g.calls[policy] = memo
		}
		may, ok := memo[action]
		if !ok {
			may = mayCall([]*iam.Policy{policy}, action)
			memo[action] = may
		}
		if may {
			return true
		}
	}
	return false
}

// trusting is a role that a service may assume.
type trusting struct {
	role     *Principal
	decision iam.Decision
	why      string
}

// trustingRoles are the roles of an account that a service may assume.
func (g *graph) trustingRoles(account, service string) []trusting {
	key := account + "/" + service
	if list, ok := g.trusted[key]; ok {
		return list
	}
	var out []trusting
	who := g.x.Stranger(iam.Principal{Kind: iam.Service, ARN: service}, false)
	for _, role := range g.residents(account).roles {
		if !namesService(role.Trust, service) {
			continue
		}
		request, policies, _ := g.x.Ask("sts:AssumeRole", roleResource(role), nil).Of(who)
		// A service says for whom it acts, where it does: a trust that asks for
		// it is one that works.
		request.Context = request.Context.Over()
		request.Context.Set("aws:SourceAccount", account).SetUnknown("aws:SourceArn")
		g.x.organizationKeys(request.Context, "aws:SourceOrgID", "aws:SourceOrgPaths", account)
		switch d := iam.Evaluate(&request, &policies); d {
		case iam.Allowed:
			out = append(out, trusting{role: role, decision: d})
		case iam.Unknown:
			out = append(out, trusting{role: role, decision: d, why: "whether " + service + " may assume " + role.ARN + ": " + iam.Explain(&request, &policies).Why})
		}
	}
	g.trusted[key] = out
	return out
}

func namesService(trust *iam.Policy, service string) bool {
	if trust == nil {
		return false
	}
	if trust.Unknown() != "" {
		return true
	}
	for i := range trust.Statements {
		s := &trust.Statements[i]
		if s.Effect == iam.Deny {
			continue
		}
		if s.Problem() != "" || s.NotPrincipal {
			return true
		}
		for _, e := range s.Principals {
			if e.Value == "*" || e.Type == "Service" && strings.EqualFold(e.Value, service) {
				return true
			}
		}
	}
	return false
}
