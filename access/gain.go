package access

import (
	"strings"

	"merlon.dev/merlon/iam"
)

// maxProbes is how many requests are compared before two principals count as
// different for want of a proof that they are not.
const maxProbes = 20000

// more says whether a node may do something that another may not, and gives one
// such thing. It asks about what the end's own policies grant; that a resource's
// policy names one and not the other does not count.
func (g *graph) more(start, end *node) (witness string, is iam.Match) {
	asked := 0
	perhaps := ""
	for _, policy := range end.asking.Identity {
		if start.asking.Boundaries == nil && contains(start.asking.Identity, policy) {
			continue
		}
		for i := range policy.Statements {
			s := &policy.Statements[i]
			if s.Effect != iam.Allow {
				continue
			}
			for _, action := range g.granted(s) {
				for _, arn := range g.grantedOn(end.base, s) {
					if asked++; asked > maxProbes {
						return perhaps, iam.Maybe
					}
					account := accountIn(arn)
					if account == arn || account == "" {
						account = end.base.Account
					}
					q := g.x.Ask(action, &Resource{ARN: arn, Account: account}, nil)
					request, policies, _ := q.Of(end.asking)
					has := iam.Evaluate(&request, &policies)
					if denied(has) {
						continue
					}
					request, policies, _ = q.Of(start.asking)
					had := iam.Evaluate(&request, &policies)
					switch {
					case has == iam.Allowed && denied(had):
						return action + " on " + arn, iam.Yes
					case had != iam.Allowed && perhaps == "":
						perhaps = action + " on " + arn
					}
				}
			}
		}
	}
	if perhaps != "" {
		return perhaps, iam.Maybe
	}
	if end.opaque != "" {
		return "", iam.Maybe
	}
	return "", iam.No
}

func contains(list []*iam.Policy, p *iam.Policy) bool {
	for _, q := range list {
		if p == q {
			return true
		}
	}
	return false
}

// granted are the actions that a statement names, those that change something
// no later than others.
func (g *graph) granted(s *iam.Statement) []string {
	if list, ok := g.actions[s]; ok {
		return list
	}
	patterns := []string{"*"}
	if !s.NotAction {
		patterns = nil
		for _, e := range s.Actions {
			patterns = append(patterns, e.Text)
		}
	}
	var out []string
	for _, pattern := range patterns {
		before := len(out)
		for a := range g.x.reference.Match(pattern) {
			if name := a.String(); s.MatchesAction(name) != iam.No {
				out = append(out, name)
			}
		}
		if len(out) == before && !s.NotAction && !strings.ContainsAny(pattern, "*?") && strings.Contains(pattern, ":") {
			out = append(out, pattern) // newer than the reference
		}
	}
	g.actions[s] = out
	return out
}

// grantedOn are resources that a statement is about, its wildcards filled in.
func (g *graph) grantedOn(p *Principal, s *iam.Statement) []string {
	if s.NotResource {
		return []string{"*"}
	}
	var out []string
	for _, e := range s.Resources {
		if len(out) == 8 {
			break
		}
		text := e.Text
		if text != "*" {
			parts := strings.SplitN(text, ":", 6)
			if len(parts) == 6 {
				for i := range 5 {
					parts[i] = strings.ReplaceAll(parts[i], "*", map[int]string{0: "arn", 1: "aws", 2: "merlon", 3: g.x.globalRegion(p.Account), 4: p.Account}[i])
				}
				text = strings.Join(parts, ":")
			}
			text = strings.ReplaceAll(strings.ReplaceAll(text, "*", probeName), "?", "m")
		}
		out = append(out, text)
	}
	return out
}
