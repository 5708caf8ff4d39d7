package iam

import (
	"fmt"
	"slices"
	"strings"

	"merlon.dev/merlon/iam/reference"
)

// A proof is a search for a request that some statements match and others do
// not. Requests are points of a space: an axis for the action, the resource and
// each context key, and the parties that make them. Statements are claims about
// axes that must all hold, so each matches a box of the space; the search looks
// for a point in some boxes and outside of others, and either finds one or
// shows that every way to leave the others is empty.
type proof struct {
	reference *reference.Reference // nil: keys have no types, actions are only names
	symbols   symbols
	axes      []*axis
	index     map[string]int // axes by key
	parties   []*party
	identity  bool // policies without principals
	clauses   []*clause
	of        map[*Statement]*clause
	budget    budget

	accept func(*search) bool // a request was found: true ends the search
	why    []string           // what was not decided
	failed map[string]bool    // claims that are known to lead nowhere
}

// clause is a statement, ready for the search.
type clause struct {
	statement *Statement
	name      string
	terms     []term
	doubt     string // why it is not known exactly when it matches
}

// term is a claim about one axis.
type term struct {
	axis int
	claim
}

// request is a point of the space, as found.
type request struct {
	party  *party
	points []point
	within []*clause // it is in these
	claims [][]claim
}

// Limits of one proof, chosen so that it ends in well under a second.
const (
	maxSteps    = 12_000_000
	maxRequests = 64 // found and not confirmed
)

const (
	actionAxis = iota
	resourceAxis
)

func newProof(r *reference.Reference) *proof {
	p := &proof{reference: r, index: make(map[string]int), of: make(map[*Statement]*clause), budget: budget{maxSteps}}
	action := p.axis("action")
	action.base = newLanguage(spelled("+@:+@"))
	action.always = true
	resource := p.axis("resource")
	resource.always = true
	resource.base = newLanguage(arnStrand(), exact("*"))
	return p
}

// arnStrand is any ARN.
func arnStrand() *strand {
	t := spelled("arn:+@:+@:@:@:")
	t.cells = append(t.cells, cell{set: anything}, cell{set: anything, loop: true})
	return t
}

// axis finds or makes the axis of a key.
func (p *proof) axis(name string) *axis {
	key := strings.ToLower(name)
	if i, ok := p.index[key]; ok {
		return p.axes[i]
	}
	x := &axis{name: name, key: key, named: make(map[string]int), hints: hintsFor(key)}
	if p.reference != nil && strings.Contains(key, ":") {
		if k, ok := p.reference.ConditionKey(name); ok {
			x.kind, x.many = k.Type, k.Multivalued
			x.always = k.Presence == reference.Always || k.Presence == reference.WhenSigned && p.identity
		}
	}
	x.base = &language{strands: []*strand{{cells: []cell{{set: anything}, {set: anything, loop: true}}}}}
	switch x.kind {
	case reference.ARN:
		x.base = newLanguage(arnStrand())
	case 0, reference.String:
		if len(x.hints) == 0 && strings.Contains(key, ":") {
			x.hints = []string{"example"}
		}
	}
	p.index[key] = len(p.axes)
	p.axes = append(p.axes, x)
	return x
}

// add reads a policy's statements. Every policy is added before the search.
func (p *proof) add(policy *Policy, name string) {
	for i := range policy.Statements {
		s := &policy.Statements[i]
		c := &clause{statement: s, name: fmt.Sprintf("statement %d of %s", i+1, name)}
		if s.Sid != "" {
			c.name = fmt.Sprintf("statement %q of %s", s.Sid, name)
		}
		p.clauses = append(p.clauses, c)
		p.of[s] = c
		if s.invalid != "" {
			c.doubt = s.invalid
			continue
		}
		if s.Effect == NoEffect {
			c.doubt = "it has no effect"
			continue
		}
		if p.identity && !s.HasResource {
			c.doubt = "it has no Resource"
		}
		p.term(c, actionAxis, p.axes[actionAxis].addElement(s.actions, &p.symbols), !s.NotAction)
		if s.HasResource {
			p.term(c, resourceAxis, p.axes[resourceAxis].addElement(s.resources, &p.symbols), !s.NotResource)
		}
		for j := range s.Conditions {
			k := &s.Conditions[j]
			if k.compiled.invalid != "" {
				c.doubt = k.compiled.invalid
				continue
			}
			x := p.axis(k.Key)
			if k.compiled.set != noSet && x.kind == 0 {
				x.many = true // its author takes it for one of many values, and nobody knows better
			}
			p.term(c, p.index[x.key], x.addCondition(k, &p.symbols), true)
		}
	}
}

func (p *proof) term(c *clause, axis, proposition int, want bool) {
	x := p.axes[axis]
	if q := x.propositions[proposition]; q.set >= 0 {
		if l := x.sets[q.set].language; l != nil && l.all && want && axis <= resourceAxis {
			return
		}
	}
	c.terms = append(c.terms, term{axis, claim{proposition, want}})
}

// prepare is called when every policy was added.
func (p *proof) prepare() {
	for _, s := range p.symbols.list {
		p.axis(s.variable.key).wanted = true
	}
	for _, x := range p.axes {
		x.prepare()
	}
}

// who says whether a clause binds a party.
func (p *proof) who(c *clause, of *party) Match {
	if p.identity {
		return Yes
	}
	if c.statement.invalid != "" {
		return Yes
	}
	g, m := c.statement.principalMatch(&of.principal, of.bounded)
	switch of.principal.Kind {
	case Anonymous, Service, Federated:
		if c.statement.Effect == Allow && g != direct {
			return No // nothing of theirs could complete a grant to an account
		}
	}
	return m
}

// each runs the search for each party, those that nothing tells apart once.
func (p *proof) each(groups [][]*clause, avoid []*clause, fits func(*party) bool) (stopped bool) {
	seen := make(map[string]bool)
	var all []*clause
	for _, g := range groups {
		all = append(all, g...)
	}
	all = append(all, avoid...)
	key := make([]byte, 0, len(all)+4*len(p.axes))
	for _, of := range p.parties {
		if fits != nil && !fits(of) {
			continue
		}
		key = key[:0]
		for _, c := range all {
			key = append(key, byte(p.who(c, of)))
		}
		for _, x := range p.axes {
			b := of.on(x.key)
			if b != nil {
				key = fmt.Appendf(key, "%s %d,", x.key, b.id)
			}
		}
		if seen[string(key)] {
			continue
		}
		seen[string(key)] = true
		if p.party(groups, avoid, of) {
			return true
		}
		if p.budget.left <= 0 {
			p.undecided(fmt.Sprintf("the policies are too entangled: gave up after %d steps", maxSteps))
			return false
		}
	}
	return false
}

// party searches for one party.
func (p *proof) party(groups [][]*clause, avoid []*clause, of *party) bool {
	s := &search{proof: p, request: request{party: of, points: make([]point, len(p.axes)), claims: make([][]claim, len(p.axes))}}
	for _, c := range avoid {
		if c.statement.invalid == "" && c.doubt == "" && p.who(c, of) == Yes {
			s.avoid = append(s.avoid, c)
		}
	}
	for i := range p.axes {
		if !s.solve(i) {
			return false
		}
	}
	p.failed = make(map[string]bool)
	return s.enter(groups)
}

func (p *proof) undecided(why string) {
	if !slices.Contains(p.why, why) {
		p.why = append(p.why, why)
	}
}

func hintsFor(key string) []string {
	switch key {
	case "aws:username":
		return []string{"alice"}
	case "aws:principalorgid", "aws:resourceorgid", "aws:sourceorgid":
		return []string{"o-0000000000"}
	case "aws:principalaccount", "aws:sourceaccount", "aws:resourceaccount":
		return []string{"999988887777"}
	case "aws:requestedregion":
		return []string{"us-east-1"}
	case "aws:useragent":
		return []string{"aws-cli/2.31.0"}
	case "aws:currenttime", "aws:tokenissuetime":
		return []string{"2026-11-24T12:00:00Z"}
	case "aws:epochtime":
		return []string{"1795521600"}
	case "aws:securetransport":
		return []string{"true"}
	case "aws:sourceip", "aws:vpcsourceip":
		return []string{"203.0.113.1"}
	}
	return nil
}
