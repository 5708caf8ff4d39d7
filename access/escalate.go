package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"merlon.dev/merlon/iam"
)

// Gain is what a path ends with.
type Gain string

// The gains.
const (
	GainAdministrator Gain = "administrator" // everything in the account of Becomes
	GainPrincipal     Gain = "principal"     // what the principal Becomes may do
	GainPermissions   Gain = "permissions"   // policies of its own choice, or of a group, within what still bounds it
)

// Path is a way from a principal to more than it has, as calls that would walk it.
type Path struct {
	From    string `json:"from"`
	Gains   Gain   `json:"gains"`
	Becomes string `json:"becomes"` // whose permissions it has in the end; From where it raised its own
	Account string `json:"account"` // of Becomes
	// Decision is Allowed where every step is, Unknown where one depends on
	// something that is not known, which Why names.
	Decision iam.Decision `json:"decision"`
	Why      string       `json:"why,omitempty"`
	// Granted: every hop assumes a role that trusts the one before; nothing was changed.
	Granted bool  `json:"granted,omitempty"`
	Hops    []Hop `json:"hops"`
	// Witness is an action on a resource that the end may do and From may not;
	// empty for an administrator.
	Witness string `json:"witness,omitempty"`
}

// Hop is one technique of a path.
type Hop struct {
	Technique string       `json:"technique"` // id in the catalogue
	Name      string       `json:"name"`
	Also      []string     `json:"also,omitempty"` // techniques that end alike
	From      string       `json:"from"`
	To        string       `json:"to"`
	How       string       `json:"how,omitempty"` // elevated, unbounded, "group NAME"
	Calls     []string     `json:"calls"`
	Needs     []Permission `json:"needs"`
	Waits     string       `json:"waits,omitempty"` // what has to happen as well
	Decision  iam.Decision `json:"decision"`
	Why       string       `json:"why,omitempty"`
}

// Permission is a request that a hop depends on.
type Permission struct {
	Principal string       `json:"principal"`
	Action    string       `json:"action"`
	Resource  string       `json:"resource"`
	Decision  iam.Decision `json:"decision"`
}

// escalation keeps the graph of an index and what was worked out of it.
type escalation struct {
	mu    sync.Mutex
	graph *graph
	paths map[string][]Path
}

// with calls fn with the graph, one caller at a time.
func (e *escalation) with(ctx context.Context, x *Index, fn func(*graph) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.graph == nil {
		g, err := newGraph(ctx, x)
		if err != nil {
			return fmt.Errorf("escalation: %w", err)
		}
		e.graph, e.paths = g, map[string][]Path{}
	}
	return fn(e.graph)
}

// Escalates lists the shortest path from a principal to each principal and
// set of policies that has more than it has itself: administrators first, then
// what is certain. An administrator and a root user have none. Unknown says
// why there may be more paths than are listed; empty where these are all. The
// result is remembered, and the caller must not change it. Safe for concurrent use.
func (x *Index) Escalates(ctx context.Context, p *Principal) (paths []Path, unknown string, err error) {
	err = x.escalation.with(ctx, x, func(g *graph) error {
		base := g.x.byARN[p.ARN]
		if base == nil && p.RoleARN != "" {
			base = g.x.byARN[p.RoleARN]
		}
		if base == nil {
			unknown = p.ARN + " is not in the snapshot"
			return nil
		}
		key := base.ARN
		if done, ok := x.escalation.paths[key]; ok {
			paths, unknown = done, g.unknown(base)
			return nil
		}
		paths, err = g.escalations(ctx, base, everyGain)
		if err == nil {
			x.escalation.paths[key] = paths
		}
		unknown = g.unknown(base)
		return err
	})
	return paths, unknown, err
}

// Escalations lists for every user and role that is no administrator the
// shortest path to one; for those that reach none for certain, the shortest path to one
// principal that has more, or with each to every one. Service-linked roles do
// not act by themselves and are left out. Unknowns say why there may be more.
func (x *Index) Escalations(ctx context.Context, each bool) (paths []Path, unknowns []string, err error) {
	err = x.escalation.with(ctx, x, func(g *graph) error {
		seen := map[string]bool{}
		for _, p := range x.principals {
			want := shortest
			if each {
				want = shortestElseEach
			}
			found, err := g.escalations(ctx, p, want)
			if err != nil {
				return err
			}
			paths = append(paths, found...)
			if why := g.unknown(p); why != "" && !seen[why] {
				seen[why] = true
				unknowns = append(unknowns, why)
			}
		}
		slices.SortStableFunc(paths, comparePaths)
		return nil
	})
	return paths, unknowns, err
}

// unknown says why a principal may have more paths than were found.
func (g *graph) unknown(p *Principal) string {
	if p.Kind == iam.Root || p.ServiceLinked {
		return ""
	}
	switch n := g.node(p, ""); {
	case n.opaque != "":
		return "part of the policies of " + p.ARN + " is not known: " + n.opaque
	case n.cut:
		return fmt.Sprintf("%s can become more than %d principals, and no more were followed", p.ARN, maxGained)
	}
	if len(g.x.gaps) > 0 {
		return "principals or policies may be missing: " + g.x.gaps[0].Reason
	}
	return ""
}

// maxGained is how many principals are followed from one; that there may be more
// is then said.
const maxGained = 2000

// arrivalAt is how a walk came to a node.
type arrivalAt struct {
	from     *node
	by       *move
	decision iam.Decision
}

// wanted is which paths of a principal are asked for.
type wanted uint8

const (
	administratorOnly wanted = iota
	shortest                 // to administrator, else to one with more
	shortestElseEach         // to administrator, else to everyone with more
	everyGain
)

// escalations walks from a principal, first by what is certain, then by what is
// perhaps. Unless every gain is asked for, a certain administrator ends the walk.
func (g *graph) escalations(ctx context.Context, p *Principal, want wanted) ([]Path, error) {
	if p.Kind == iam.Root || p.ServiceLinked || p.Type == "" {
		return nil, nil
	}
	start := g.node(p, "")
	if g.administrator(start) == iam.Yes {
		return nil, nil
	}
	skip := want == administratorOnly || want == shortest
	came := map[*node]*arrivalAt{start: {decision: iam.Allowed}}
	order := []*node{start}
	hope := false
	for _, most := range []iam.Decision{iam.Allowed, iam.Unknown} {
		for i := 0; i < len(order) && len(order) < maxGained; i++ {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			n := order[i]
			if g.administrator(n) == iam.Yes || skip && n.hopeless {
				continue // there is nothing more to gain
			}
			for _, m := range g.expand(n, want != everyGain) {
				if came[m.to] != nil {
					continue
				}
				d := min2(came[n].decision, m.decision)
				if most == iam.Allowed && d != iam.Allowed {
					continue
				}
				came[m.to] = &arrivalAt{from: n, by: m, decision: d}
				order = append(order, m.to)
				admin := g.administrator(m.to)
				hope = hope || admin != iam.No
				if want != everyGain && d == iam.Allowed && admin == iam.Yes {
					return []Path{g.path(start, m.to, came)}, nil
				}
			}
		}
	}
	start.cut = len(order) >= maxGained
	if !hope && !start.cut {
		for _, n := range order {
			n.hopeless = true
		}
	}
	if !hope && want == administratorOnly {
		return nil, nil
	}
	var out []Path
	for _, n := range order[1:] {
		if g.administrator(n) == iam.No && (want == administratorOnly || want == shortest && len(out) > 0) {
			continue
		}
		if path := g.path(start, n, came); path.Gains != "" {
			out = append(out, path)
		}
	}
	slices.SortStableFunc(out, comparePaths)
	if skip && len(out) > 1 {
		out = out[:1]
	}
	return out, nil
}

// comparePaths puts administrators before others, the certain before the
// possible, the short before the long.
func comparePaths(a, b Path) int {
	rank := func(p *Path) int {
		r := len(p.Hops)
		if p.Decision != iam.Allowed {
			r += 1 << 10
		}
		if p.Gains != GainAdministrator {
			r += 1 << 20
		}
		return r
	}
	if c := rank(&a) - rank(&b); c != 0 {
		return c
	}
	return strings.Compare(a.From+" "+a.Becomes, b.From+" "+b.Becomes)
}

// path tells a walk; its Gains is empty where the end has no more than the start.
func (g *graph) path(start, end *node, came map[*node]*arrivalAt) Path {
	p := Path{From: start.base.ARN, Becomes: end.base.ARN, Account: end.base.Account, Decision: came[end].decision, Granted: true}
	switch g.administrator(end) {
	case iam.Yes:
		p.Gains = GainAdministrator
	case iam.Maybe:
		p.Gains = GainAdministrator
		p.Decision, p.Why = iam.Unknown, "whether "+end.base.ARN+" is an administrator depends: "+end.adminWhy
	default:
		witness, more := g.more(start, end)
		if more == iam.No {
			return Path{}
		}
		p.Witness = witness
		if more == iam.Maybe {
			p.Decision, p.Why = iam.Unknown, "whether "+end.base.ARN+" may do more is not known for certain"
			if witness != "" {
				p.Why += ": " + witness + " depends on the request"
			}
		}
		p.Gains = GainPrincipal
		if end.how != "" {
			p.Gains = GainPermissions
		}
	}
	for at := end; at != start; at = came[at].from {
		h := g.hop(came[at].from, came[at].by)
		p.Granted = p.Granted && h.Technique == "sts-001"
		if h.Why != "" {
			p.Why = h.Why
		}
		p.Hops = append(p.Hops, h)
	}
	slices.Reverse(p.Hops)
	return p
}

// hop tells a move.
func (g *graph) hop(from *node, m *move) Hop {
	h := Hop{Technique: m.t.ID, Name: m.t.Name, Also: m.also, From: from.base.ARN, To: m.to.base.ARN, How: m.to.how, Waits: m.t.Waits, Decision: m.decision}
	if m.decision != iam.Allowed {
		h.Why = m.why
	}
	var relay *Principal
	if arn := m.bound["relay"]; arn != "" {
		relay = g.x.byARN[arn]
	}
	for i := range m.t.Steps {
		s := &m.t.Steps[i]
		q, who := g.question(from, s, m.bound, m.to.base, relay, g.holderOf(m))
		request, policies, _ := q.Of(who)
		d := iam.Evaluate(&request, &policies)
		if d == iam.Unknown && h.Why == "" {
			h.Why = s.Action + " on " + request.Resource + ": " + iam.Explain(&request, &policies).Why
		}
		h.Needs = append(h.Needs, Permission{Principal: who.ARN, Action: s.Action, Resource: request.Resource, Decision: d})
		if s.Call == "" {
			continue
		}
		call := fill(s.Call, m.bound)
		if region := m.bound["region"]; region != "" && !strings.HasPrefix(call, "aws iam ") && !strings.HasPrefix(call, "aws sts ") {
			call += " --region " + region
		}
		h.Calls = append(h.Calls, call)
	}
	return h
}

func (g *graph) holderOf(m *move) *holder {
	arn := m.bound["thing"]
	if arn == "" || g.found[m.t.Thing] == nil {
		return nil
	}
	for _, h := range g.found[m.t.Thing].all() {
		if h.resource.ARN == arn {
			return h
		}
	}
	return nil
}
