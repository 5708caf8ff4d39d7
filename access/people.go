package access

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
)

// Person is someone in Identity Center and what is assigned to it.
type Person struct {
	ARN     string
	Name    string // user name
	Email   string
	Display string
	Active  bool // not known to be disabled

	Assignments []Assignment
}

// Assignment is a permission set that a person has in an account.
type Assignment struct {
	Account       string
	PermissionSet string
	Group         string     // the group by which it has it; "" where assigned itself
	Role          *Principal // the role it becomes in the account
}

// People are those of Identity Center, by name.
func (x *Index) People() []*Person { return x.people }

const (
	typePermissionSet = "AWS::SSO::PermissionSet"
	typeAssignment    = "AWS::SSO::Assignment"
	typeStoreUser     = "AWS::IdentityStore::User"
	typeStoreGroup    = "AWS::IdentityStore::Group"
	typeMembership    = "AWS::IdentityStore::GroupMembership"
)

// permissionSet is one as Identity Center has it, for accounts whose reserved
// role was not read.
type permissionSet struct {
	name     string
	resource *merlon.Resource
	inline   json.RawMessage
	managed  []string
	custom   []struct{ Name, Path string }
	boundary struct {
		CustomerManagedPolicyReference struct{ Name, Path string }
		ManagedPolicyArn               string
	}
}

func (x *Index) loadPeople(ctx context.Context) error {
	sets := map[string]*permissionSet{} // by ARN
	err := x.snapshot.Each(ctx, typePermissionSet, func(r *merlon.Resource) error {
		var p struct {
			Name, PermissionSetArn          string
			InlinePolicy                    json.RawMessage
			ManagedPolicies                 []string
			CustomerManagedPolicyReferences []struct{ Name, Path string }
			PermissionsBoundary             struct {
				CustomerManagedPolicyReference struct{ Name, Path string }
				ManagedPolicyArn               string
			}
		}
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		s := &permissionSet{name: p.Name, resource: r, inline: p.InlinePolicy, managed: p.ManagedPolicies, custom: p.CustomerManagedPolicyReferences}
		s.boundary = p.PermissionsBoundary
		sets[p.PermissionSetArn] = s
		return nil
	})
	if err != nil {
		return err
	}
	people := map[string]*Person{} // by user id
	err = x.snapshot.Each(ctx, typeStoreUser, func(r *merlon.Resource) error {
		var p struct {
			UserId, UserName, DisplayName, UserStatus string
			Emails                                    []struct {
				Value   string
				Primary bool
			}
		}
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		person := &Person{ARN: r.Key(), Name: p.UserName, Display: p.DisplayName, Active: p.UserStatus != "DISABLED"}
		for _, e := range p.Emails {
			if person.Email == "" || e.Primary {
				person.Email = e.Value
			}
		}
		people[p.UserId] = person
		x.people = append(x.people, person)
		return nil
	})
	if err != nil {
		return err
	}
	groups := map[string]string{}
	err = x.snapshot.Each(ctx, typeStoreGroup, func(r *merlon.Resource) error {
		var p struct{ GroupId, DisplayName string }
		err := decode(r, &p, nil)
		groups[p.GroupId] = p.DisplayName
		return err
	})
	if err != nil {
		return err
	}
	members := map[string][]string{}
	err = x.snapshot.Each(ctx, typeMembership, func(r *merlon.Resource) error {
		var p struct {
			GroupId  string
			MemberId struct{ UserId string }
		}
		err := decode(r, &p, nil)
		members[p.GroupId] = append(members[p.GroupId], p.MemberId.UserId)
		return err
	})
	if err != nil {
		return err
	}
	roles := x.reservedRoles()
	err = x.snapshot.Each(ctx, typeAssignment, func(r *merlon.Resource) error {
		var p struct{ PermissionSetArn, PrincipalId, PrincipalType, TargetId string }
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		set := sets[p.PermissionSetArn]
		if set == nil {
			set = &permissionSet{name: p.PermissionSetArn}
		}
		key := p.TargetId + "/" + set.name
		if roles[key] == nil {
			roles[key] = x.wouldBe(set, p.TargetId)
		}
		a := Assignment{Account: p.TargetId, PermissionSet: set.name, Role: roles[key]}
		users := []string{p.PrincipalId}
		if p.PrincipalType == "GROUP" {
			a.Group = groups[p.PrincipalId]
			users = members[p.PrincipalId]
		}
		for _, id := range users {
			person := people[id]
			if person == nil {
				person = &Person{Name: id, Active: true}
				people[id] = person
				x.people = append(x.people, person)
			}
			person.Assignments = append(person.Assignments, a)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(x.people, func(a, b *Person) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// reservedRoles are the roles that permission sets became, by account/name.
func (x *Index) reservedRoles() map[string]*Principal {
	out := map[string]*Principal{}
	for _, p := range x.principals {
		if p.PermissionSet != "" {
			out[p.Account+"/"+p.PermissionSet] = p
		}
	}
	return out
}

// wouldBe is the role of a permission set in an account where it was not read:
// its policies are those of the permission set.
func (x *Index) wouldBe(set *permissionSet, account string) *Principal {
	role := "AWSReservedSSO_" + set.name + "_*"
	p := &Principal{Principal: iam.Principal{Kind: iam.Role, Account: account,
		ARN: "arn:" + x.partition(account) + ":iam::" + account + ":role/aws-reserved/sso.amazonaws.com/" + role},
		Name: role, Type: typeRole, PermissionSet: set.name}
	if set.resource == nil {
		p.Identity = []*iam.Policy{iam.UnknownPolicy("permission set "+set.name, "the permission set was not read")}
		x.add(p, "", false)
		return p
	}
	r := set.resource
	if doc := policyAt(r, set.inline, "/properties/InlinePolicy", set.name+"/inline"); doc != nil {
		p.Identity = append(p.Identity, doc)
	}
	for _, property := range []string{"ManagedPolicies", "CustomerManagedPolicyReferences"} {
		if why := unknownBelow(r, "/properties/"+property); why != "" {
			p.Identity = append(p.Identity, iam.UnknownPolicy(property+" of "+set.name, why))
		}
	}
	for _, arn := range set.managed {
		p.Identity = append(p.Identity, x.managedPolicy(arn))
	}
	custom := func(name, path string) string {
		if path == "" {
			path = "/"
		}
		return "arn:" + x.partition(account) + ":iam::" + account + ":policy" + path + name
	}
	for _, c := range set.custom {
		p.Identity = append(p.Identity, x.managedPolicy(custom(c.Name, c.Path)))
	}
	switch b := set.boundary; {
	case unknownBelow(r, "/properties/PermissionsBoundary") != "":
		p.Boundaries = []*iam.Policy{iam.UnknownPolicy("boundary of "+set.name, unknownBelow(r, "/properties/PermissionsBoundary"))}
	case b.ManagedPolicyArn != "":
		p.Boundaries = []*iam.Policy{x.managedPolicy(b.ManagedPolicyArn)}
	case b.CustomerManagedPolicyReference.Name != "":
		p.Boundaries = []*iam.Policy{x.managedPolicy(custom(b.CustomerManagedPolicyReference.Name, b.CustomerManagedPolicyReference.Path))}
	}
	x.add(p, "", false)
	return p
}
