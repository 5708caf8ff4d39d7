package access

import (
	"context"
	"strings"

	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
)

// Denies says whether every request for an action (a pattern such as "s3:*") on
// a resource of the snapshot and on everything in it, whoever makes it, is
// explicitly denied by policies on the resource or above it, where the request
// has these context keys. Every other key may have any value. An answer of
// Maybe says why.
//
// It holds where for each action, statements that name everyone and whose
// conditions hold for sure deny it on the resource itself and on names in it
// that no policy can have foreseen.
func (x *Index) Denies(ctx context.Context, key, actions string, keys map[string][]string) (iam.Match, string, error) {
	r, err := x.Keyed(ctx, key)
	if err != nil {
		return iam.Maybe, "", err
	}
	c := iam.NewOpenContext()
	c.Set("aws:ResourceAccount", r.Account)
	for k, v := range r.Tags {
		c.Set("aws:ResourceTag/"+k, v)
	}
	for k, v := range keys {
		c.Set(k, v...)
	}
	above := [][]*iam.Policy{r.Policies}
	if strings.Contains(actions, ":") || actions == "*" {
		levels, _ := x.guardrails(r.Account, true)
		above = append(above, levels...)
	}
	for _, probe := range probes(r) {
		remaining := x.actionsOn(actions, probe)
		if len(remaining) == 0 {
			continue
		}
		perhaps := ""
		for _, level := range above {
			for _, p := range level {
				if why := p.Unknown(); why != "" {
					perhaps = why
					continue
				}
				remaining, perhaps = undenied(p, probe, c, remaining, perhaps)
			}
		}
		if len(remaining) > 0 {
			if perhaps != "" {
				return iam.Maybe, perhaps, nil
			}
			return iam.No, "", nil
		}
	}
	return iam.Yes, "", nil
}

// undenied is what a policy leaves of the actions.
func undenied(p *iam.Policy, probe string, c *iam.Context, actions []reference.Action, perhaps string) ([]reference.Action, string) {
	for i := range p.Statements {
		s := &p.Statements[i]
		switch {
		case s.Problem() != "" && s.Effect != iam.Allow:
			perhaps = s.Problem()
			continue
		case s.Effect != iam.Deny || !s.Everyone() || s.MatchesResource(probe, c) != iam.Yes || s.MatchesConditions(c) != iam.Yes:
			continue
		}
		var left []reference.Action
		for _, a := range actions {
			if s.MatchesAction(a.String()) != iam.Yes {
				left = append(left, a)
			}
		}
		actions = left
	}
	return actions, perhaps
}

// probes are names that stand for a resource and everything in it: no pattern
// that a policy may hold matches both of a pair but one that matches all.
func probes(r *Resource) []string {
	out := []string{r.Owner}
	switch r.Type {
	case "AWS::S3::Bucket", "AWS::S3::AccessPoint":
		inside := r.Owner + "/"
		if r.Type == "AWS::S3::AccessPoint" {
			inside += "object/"
		}
		out = append(out, inside+"~", inside+"~/Merlon probe 7f3a9c51e0d24b68/~.~")
	}
	return out
}

// actionsOn are the actions of a pattern that can be asked of a resource.
func (x *Index) actionsOn(pattern, arn string) []reference.Action {
	types := map[string]bool{}
	for _, t := range x.reference.ResourceTypes(arn) {
		types[t.Name] = true
	}
	var out []reference.Action
	for a := range x.reference.Match(pattern) {
		for _, r := range a.Resources {
			if types[r.Type] {
				out = append(out, a)
				break
			}
		}
	}
	return out
}

// AccountDenies says whether service control policies keep everyone in an
// account from an action on any resource: some level denies it, or does not
// allow it. Root users are everyone too; the management account is bound by
// nothing.
func (x *Index) AccountDenies(id, action string, keys map[string][]string) (iam.Match, string) {
	a := x.bound(id)
	switch {
	case a == nil:
		return iam.Maybe, "account " + id + " was not read"
	case a.Unread != "":
		return iam.Maybe, a.Unread
	}
	c := iam.NewOpenContext()
	c.Set("aws:PrincipalAccount", id)
	for k, v := range keys {
		c.Set(k, v...)
	}
	perhaps := ""
	for _, level := range a.SCPs {
		allowed := false
		for _, p := range level {
			if why := p.Unknown(); why != "" {
				perhaps, allowed = why, true
				continue
			}
			for i := range p.Statements {
				s := &p.Statements[i]
				about := s.MatchesAction(action)
				switch {
				case s.Effect == iam.Allow:
					allowed = allowed || about != iam.No
				case about == iam.Yes && !s.NotResource && s.MatchesResource("*", c) == iam.Yes && s.MatchesConditions(c) == iam.Yes:
					return iam.Yes, ""
				case s.Problem() != "":
					perhaps = s.Problem()
				}
			}
		}
		if !allowed {
			return iam.Yes, ""
		}
	}
	if perhaps != "" {
		return iam.Maybe, perhaps
	}
	return iam.No, ""
}

// OnObjects says whether an action of S3 is about objects rather than buckets.
func (x *Index) OnObjects(action string) bool {
	a, ok := x.reference.Action(action)
	return ok && a.Service == "s3" && a.Takes("object") && !a.Takes("bucket")
}
