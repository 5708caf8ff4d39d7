package access

import (
	"slices"
	"strings"

	"merlon.dev/merlon/iam"
)

// choice is what the caller of a technique picks: the region, the names of what
// it makes, and the things it uses.
type choice struct {
	bound    map[string]string
	decision iam.Decision
	why      string
	scratch  map[string]string // bound, with what the last try gained
}

// bestRegion is the region in which a technique goes furthest, "" for none.
func (g *graph) bestRegion(account string, in func(string) *choice) string {
	perhaps := ""
	for _, region := range g.regions[account] {
		switch c := in(region); {
		case c == nil:
		case c.decision == iam.Allowed:
			return region
		case perhaps == "":
			perhaps = region
		}
	}
	return perhaps
}

// choose binds what the caller picks in a region, so that as much as can be is
// allowed of the steps that do not depend on whom it gains; nil where one of
// them is denied whatever it picks.
func (g *graph) choose(n *node, t *Technique, region string) *choice {
	account := n.base.Account
	c := &choice{decision: iam.Allowed, bound: map[string]string{"partition": g.partition(account), "region": region, "account": account,
		"self": n.base.ARN, "self.name": n.base.Name}}
	open := slices.Clone(gainedVariables)
	for _, w := range t.With {
		open = append(open, w.Name)
	}
	for _, v := range t.New {
		open = append(open, v.Name)
	}
	decided := map[*step]bool{}
	// settle decides the steps that have become decidable. Those of which only
	// the context is still open help to pick and are decided again later.
	settle := func(bound map[string]string, open []string, mark bool) (pick, firm iam.Decision) {
		pick, firm = iam.Allowed, iam.Allowed
		for i := range t.Steps {
			s := &t.Steps[i]
			if decided[s] || s.By != "" || s.Trust != "" || needs(s.On, open) {
				continue
			}
			d := g.decide(n, s, bound, nil, nil, nil)
			pick = min2(pick, d)
			if !s.needs(open) {
				firm = min2(firm, d)
				decided[s] = mark
			}
		}
		return pick, firm
	}
	rank, firm := settle(c.bound, open, true)
	if c.decision = firm; denied(rank) {
		return nil
	}
	pick := func(name string, candidates []candidate) bool {
		open = slices.DeleteFunc(open, func(v string) bool { return v == name })
		best, sure, at := iam.ImplicitlyDenied, iam.ImplicitlyDenied, -1
		for i, option := range candidates {
			bound := map[string]string{name: option.arn, name + ".name": option.name}
			for k, v := range c.bound {
				bound[k] = v
			}
			d, firm := settle(bound, open, false)
			if d = min2(d, option.most); d == iam.Allowed || d == iam.Unknown && best != iam.Unknown {
				best, sure, at = d, min2(firm, option.most), i
			}
			if d == iam.Allowed {
				break
			}
		}
		if at < 0 {
			return false
		}
		c.bound[name], c.bound[name+".name"] = candidates[at].arn, candidates[at].name
		settle(c.bound, open, true)
		c.decision = min2(c.decision, sure)
		if c.why == "" {
			c.why = candidates[at].why
		}
		return true
	}
	for _, w := range t.With {
		if !pick(w.Name, g.existing(w.Thing, account, region)) {
			return nil
		}
	}
	for _, v := range t.New {
		if !pick(v.Name, g.names(n, t, v.Name, fill(v.ARN, c.bound))) {
			return nil
		}
	}
	return c
}

// candidate is a name that may be picked.
type candidate struct {
	arn, name string
	most      iam.Decision
	why       string
}

// maxCandidates is how many names are tried for one thing.
const maxCandidates = 32

// existing are the things of a kind in a region.
func (g *graph) existing(kind, account, region string) []candidate {
	f := g.found[kind]
	var out []candidate
	for _, t := range f.things[account] {
		if t.resource.Region == region && len(out) < maxCandidates {
			g.resources[t.resource.ARN] = t.resource
			out = append(out, candidate{arn: t.resource.ARN, name: t.name, most: iam.Allowed})
		}
	}
	if why := f.unread[account]; why != "" {
		arn := fill(g.kinds[kind].ARN, map[string]string{"partition": g.partition(account), "region": region, "account": account, "id": "NAME"})
		out = append(out, candidate{arn: arn, name: "NAME", most: iam.Unknown, why: why})
	}
	return out
}

// names are ARNs of something new that the node's policies may allow: a plain
// one, and what the patterns of its own statements come to.
func (g *graph) names(n *node, t *Technique, variable, arn string) []candidate {
	before, after, _ := strings.Cut(arn, "{name}")
	out := []candidate{{arn: before + "merlon" + after, name: "merlon", most: iam.Allowed}}
	for i := range t.Steps {
		s := &t.Steps[i]
		if !s.needs([]string{variable}) {
			continue
		}
		for _, policy := range n.asking.Identity {
			for j := range policy.Statements {
				st := &policy.Statements[j]
				if st.Effect != iam.Allow || st.NotResource || st.MatchesAction(s.Action) == iam.No {
					continue
				}
				for _, e := range st.Resources {
					name, ok := instance(e.Text, before, after)
					c := candidate{arn: before + name + after, name: name, most: iam.Allowed}
					if ok && len(out) < maxCandidates && !slices.ContainsFunc(out, func(o candidate) bool { return o.arn == c.arn }) {
						out = append(out, c)
					}
				}
			}
		}
	}
	return out
}

// instance is a name that makes before+name+after match a pattern, if there is
// an easy one: the pattern's part for the name with its wildcards filled in.
func instance(pattern, before, after string) (string, bool) {
	fixed := strings.SplitN(pattern, ":", 6)
	want := strings.SplitN(before, ":", 6)
	if len(fixed) != 6 || len(want) != 6 {
		return "", false
	}
	rest, ok := strings.CutPrefix(fixed[5], want[5])
	if !ok {
		return "", false
	}
	if cut, ok := strings.CutSuffix(rest, after); ok {
		rest = cut
	} else if i := strings.IndexByte(rest, '/'); i >= 0 && after != "" {
		rest = rest[:i]
	} else if i := strings.IndexByte(rest, ':'); i >= 0 && after != "" {
		rest = rest[:i]
	}
	if strings.Contains(rest, "${") {
		return "", false
	}
	rest = strings.ReplaceAll(strings.ReplaceAll(rest, "*", "merlon"), "?", "m")
	return rest, rest != "" && len(rest) < 200
}
