package access

import (
	"context"
	"slices"
	"strings"

	"merlon.dev/merlon/iam"
)

// Way is how one is an administrator.
type Way string

// The ways.
const (
	WayRoot     Way = "root user"
	WayItself   Way = "itself"     // by its own policies, or as a person by a permission set's
	WayRoles    Way = "roles"      // by assuming roles that trust it
	WayEscalate Way = "escalation" // by a path that changes or uses something
)

// Admin is one who is an administrator of an account, or can become one.
type Admin struct {
	Principal string       `json:"principal"`
	Kind      string       `json:"kind"`    // user, role, root user, person, identity provider …
	Account   string       `json:"account"` // that it administers
	Way       Way          `json:"way"`
	Decision  iam.Decision `json:"decision"` // Allowed or Unknown
	Why       string       `json:"why,omitempty"`
	// By are the permission set and role of a person, the role of an outsider.
	By      []string `json:"by,omitempty"`
	Outside bool     `json:"outside,omitempty"` // not of an account in the snapshot
	Path    *Path    `json:"path,omitempty"`    // of the ways roles and escalation
}

// Admins lists all who are administrators of an account of the snapshot
// ([Index.Administrator]) or can become one: users and roles, root users, the
// people of Identity Center, and from outside those whom an administrator's role
// trusts. Service-linked roles are left out. Unknowns say why there may be more.
func (x *Index) Admins(ctx context.Context) (list []Admin, unknowns []string, err error) {
	err = x.escalation.with(ctx, x, func(g *graph) error {
		of := map[*Principal]*Admin{}
		seen := map[string]bool{}
		for _, p := range x.principals {
			if why := g.unknown(p); why != "" && !seen[why] {
				seen[why] = true
				unknowns = append(unknowns, why)
			}
			a, err := g.admin(ctx, p)
			if err != nil {
				return err
			}
			if a == nil {
				continue
			}
			of[p] = a
			list = append(list, *a)
			if a.Way == WayItself && a.Decision == iam.Allowed && p.Type == typeRole {
				list = append(list, g.outsideAdmins(p)...)
			}
		}
		list = append(list, x.peopleAdmins(of)...)
		return nil
	})
	slices.SortStableFunc(list, func(a, b Admin) int {
		rank := func(a *Admin) int {
			r := slices.Index([]Way{WayRoot, WayItself, WayRoles, WayEscalate}, a.Way)
			if a.Decision != iam.Allowed {
				r += 10
			}
			return r
		}
		if c := strings.Compare(a.Account, b.Account); c != 0 {
			return c
		}
		if c := rank(&a) - rank(&b); c != 0 {
			return c
		}
		return strings.Compare(a.Principal, b.Principal)
	})
	return list, unknowns, err
}

func (g *graph) admin(ctx context.Context, p *Principal) (*Admin, error) {
	a := &Admin{Principal: p.ARN, Kind: p.Kind.String(), Account: p.Account, Decision: iam.Allowed}
	if p.Kind == iam.Root {
		a.Way = WayRoot
		return a, nil
	}
	if p.ServiceLinked || p.Type == "" {
		return nil, nil
	}
	n := g.node(p, "")
	switch g.administrator(n) {
	case iam.Yes:
		a.Way = WayItself
		return a, nil
	case iam.Maybe:
		a.Way, a.Decision, a.Why = WayItself, iam.Unknown, n.adminWhy
	}
	paths, err := g.escalations(ctx, p, administratorOnly)
	if err != nil {
		return nil, err
	}
	if len(paths) > 0 && paths[0].Gains == GainAdministrator && (a.Way == "" || paths[0].Decision == iam.Allowed) {
		a.Path, a.Account, a.Decision, a.Why, a.Way = &paths[0], paths[0].Account, paths[0].Decision, paths[0].Why, WayEscalate
		if paths[0].Granted {
			a.Way = WayRoles
		}
	}
	if a.Way == "" {
		return nil, nil
	}
	return a, nil
}

// outsideAdmins are those from elsewhere whom an administrator's role trusts.
func (g *graph) outsideAdmins(role *Principal) []Admin {
	if role.Trust == nil || role.PermissionSet != "" {
		return nil // people of Identity Center are listed by name
	}
	r := roleResource(role)
	var out []Admin
	for _, verb := range []string{"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"} {
		for _, w := range g.x.outsiders(r, verb, nil, r.Policies, nil) {
			if !w.Outside || slices.ContainsFunc(out, func(a Admin) bool { return a.Principal == w.Principal }) {
				continue
			}
			out = append(out, Admin{Principal: w.Principal, Kind: w.Kind, Account: role.Account, Way: WayRoles, Decision: w.Decision, Why: w.Why, By: []string{role.ARN}, Outside: true})
		}
	}
	return out
}

// peopleAdmins are the people whose permission sets make them administrators.
func (x *Index) peopleAdmins(of map[*Principal]*Admin) []Admin {
	var out []Admin
	for _, person := range x.people {
		if !person.Active {
			continue
		}
		best := map[string]int{} // by account, index in out
		for _, assignment := range person.Assignments {
			a := of[assignment.Role]
			if a == nil {
				continue
			}
			via := "permission set " + assignment.PermissionSet
			if assignment.Group != "" {
				via += " by group " + assignment.Group
			}
			admin := Admin{Principal: person.Name, Kind: "person", Account: a.Account, Way: a.Way, Decision: a.Decision, Why: a.Why, By: []string{via, assignment.Role.ARN}, Path: a.Path}
			if i, ok := best[a.Account]; ok {
				if out[i].Decision != iam.Allowed && admin.Decision == iam.Allowed {
					out[i] = admin
				}
				continue
			}
			best[a.Account] = len(out)
			out = append(out, admin)
		}
	}
	return out
}
