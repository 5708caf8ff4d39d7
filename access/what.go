package access

import (
	"context"
	"maps"
	"slices"
	"strings"

	"merlon.dev/merlon/iam"
)

// Ability is what somebody can do, itself or as a role it can become.
type Ability struct {
	Principal string       `json:"principal"`
	Chain     []string     `json:"chain,omitempty"` // the roles assumed on the way, this one the last
	Decision  iam.Decision `json:"decision"`        // of the way there
	Why       string       `json:"why,omitempty"`
	Can       []Capability `json:"can"`
}

// Capability is what somebody can do with one service on one pattern of resources.
type Capability struct {
	Service  string        `json:"service"`
	Resource string        `json:"resource"`
	Except   []string      `json:"except,omitempty"`
	Decision iam.Decision  `json:"decision"`
	Why      string        `json:"why,omitempty"`
	All      bool          `json:"all"` // every action of the service that takes such resources
	Count    int           `json:"count"`
	Levels   []ActionGroup `json:"levels"`
}

// WhatCan says what a principal can do, by service, resources and access level,
// itself and as each role that it can become by any chain.
func (x *Index) WhatCan(ctx context.Context, p *Principal) ([]Ability, error) {
	var out []Ability
	for _, at := range x.becomes(p) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		list, err := x.Permissions(ctx, at.of, PermissionFilter{})
		if err != nil {
			return nil, err
		}
		out = append(out, Ability{Principal: at.of.ARN, Chain: at.chain, Decision: at.decision, Why: at.why, Can: x.capabilities(list)})
	}
	return out, nil
}

// becoming is a principal and the roles by which it is reached.
type becoming struct {
	of       *Principal
	chain    []string
	decision iam.Decision
	why      string
}

// becomes are a principal and all roles that it can become, by the shortest
// chains, what is certain before what is possible.
func (x *Index) becomes(p *Principal) []becoming {
	steps := []becoming{{of: p, decision: iam.Allowed}}
	seen := map[string]bool{p.ARN: true}
	for _, sure := range []bool{true, false} {
		for i := 0; i < len(steps); i++ {
			at := steps[i]
			for _, role := range x.principals {
				if role.Kind != iam.Role || role.Trust == nil || seen[role.ARN] {
					continue
				}
				request, policies, _ := x.Request(at.of, "sts:AssumeRole", roleResource(role), nil)
				d := iam.Evaluate(&request, &policies)
				if d != iam.Allowed && (sure || d != iam.Unknown) {
					continue
				}
				next := becoming{of: role, chain: append(slices.Clone(at.chain), role.ARN), decision: at.decision, why: at.why}
				if d == iam.Unknown && next.decision == iam.Allowed {
					next.decision, next.why = d, "assuming "+role.ARN+": "+iam.Explain(&request, &policies).Why
				}
				seen[role.ARN] = true
				steps = append(steps, next)
			}
		}
	}
	return steps
}

// capabilities puts permissions together by service and resources.
func (x *Index) capabilities(list []Entitlement) []Capability {
	at := map[string][]Entitlement{}
	for _, p := range list {
		key := strings.Join([]string{p.Service, p.Resource, p.Decision.String(), strings.Join(p.Except, " ")}, "\x00")
		at[key] = append(at[key], p)
	}
	var out []Capability
	for _, key := range slices.Sorted(maps.Keys(at)) {
		first := at[key][0]
		c := Capability{Service: first.Service, Resource: first.Resource, Except: first.Except, Decision: first.Decision, Why: first.Why, Count: len(at[key])}
		var actions []string
		for _, p := range at[key] {
			actions = append(actions, p.Action)
		}
		c.Levels = x.byLevel(actions)
		if s, ok := x.reference.Service(c.Service); ok && c.Resource == "*" {
			total := 0
			for range s.Actions() {
				total++
			}
			c.All = total == c.Count
		}
		out = append(out, c)
	}
	return out
}
