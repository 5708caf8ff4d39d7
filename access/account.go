package access

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
)

// Account is an account and what its organization says of it.
type Account struct {
	ID   string
	Name string

	// Organization is the id of the account's organization: "" with
	// InOrganization No means that it is in none.
	Organization   string
	InOrganization iam.Match
	Path           string // "o-…/r-…/ou-…/", where it is known
	Management     bool

	// SCPs and RCPs are the levels that bind the account, from the root down.
	// Unread says why they are not known.
	SCPs   [][]*iam.Policy
	RCPs   [][]*iam.Policy
	Unread string

	// What the account's own S3 Block Public Access does.
	ignorePublicACLs, restrictPublicBuckets iam.Match
}

const (
	typeOrganization = "AWS::Organizations::Organization"
	typeOrgAccount   = "AWS::Organizations::Account"
	typeUnit         = "AWS::Organizations::OrganizationalUnit"
	typeOrgRoot      = "Merlon::Organizations::Root"
	typeOrgPolicy    = "AWS::Organizations::Policy"
)

// tree is an organization as far as it was read.
type tree struct {
	parents  map[string]string // account or OU to its parent
	policies map[string]map[string][]*iam.Policy
	enabled  map[string]bool // policy types in use
	read     bool            // the tree and the policies are all there
	why      string
}

func (x *Index) loadOrganization(ctx context.Context) error {
	t := &tree{parents: map[string]string{}, policies: map[string]map[string][]*iam.Policy{}, enabled: map[string]bool{}, why: "the organization's policies are readable in its management account, which was not read"}
	organization, management := "", ""
	known := map[string]bool{} // accounts that say which organization they are in
	err := x.snapshot.Each(ctx, typeOrganization, func(r *merlon.Resource) error {
		var p struct{ Id, ManagementAccountId string }
		var o struct{ TreeRead bool }
		if err := decode(r, &p, &o); err != nil {
			return err
		}
		if a := x.accounts[string(r.Account)]; a != nil {
			known[a.ID] = true
			a.Organization, a.InOrganization, a.Management = p.Id, iam.Yes, a.ID == p.ManagementAccountId
		}
		if o.TreeRead {
			t.read, t.why = true, ""
			organization, management = p.Id, p.ManagementAccountId
			for _, typ := range []string{typeOrgAccount, typeUnit, typeOrgRoot, typeOrgPolicy} {
				c := x.snapshot.Coverage(typ, r.Account, merlon.PartitionOf(r.Region).GlobalRegion())
				if us := c.Unknowns(); len(us) > 0 {
					t.read, t.why = false, us[0].Reason
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := x.loadTree(ctx, t); err != nil {
		return err
	}
	for id, a := range x.accounts {
		if !known[id] {
			c := x.globalCoverage(typeOrganization, id)
			if us := c.Unknowns(); len(us) > 0 {
				a.InOrganization, a.Unread = iam.Maybe, us[0].Reason
			}
			continue
		}
		t.bind(a)
	}
	for id := range t.parents {
		if x.accounts[id] == nil && merlon.AccountID(id).Valid() {
			a := &Account{ID: id, Organization: organization, InOrganization: iam.Yes, Management: id == management}
			t.bind(a)
			x.members[id] = a
		}
	}
	return nil
}

// bound is an account of the snapshot or of its organization.
func (x *Index) bound(id string) *Account {
	if a := x.accounts[id]; a != nil {
		return a
	}
	return x.members[id]
}

func (x *Index) loadTree(ctx context.Context, t *tree) error {
	err := x.snapshot.Each(ctx, typeOrgRoot, func(r *merlon.Resource) error {
		var p struct {
			Id          string
			PolicyTypes []struct{ Type, Status string }
		}
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		for _, pt := range p.PolicyTypes {
			if pt.Status == "ENABLED" {
				t.enabled[pt.Type] = true
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, typ := range []string{typeUnit, typeOrgAccount} {
		err := x.snapshot.Each(ctx, typ, func(r *merlon.Resource) error {
			var p struct {
				Id, AccountId, ParentId string
				ParentIds               []string
			}
			if err := decode(r, &p, nil); err != nil {
				return err
			}
			id, parent := p.Id, p.ParentId
			if typ == typeOrgAccount {
				id = p.AccountId
				if len(p.ParentIds) > 0 {
					parent = p.ParentIds[0]
				}
			}
			t.parents[id] = parent
			return nil
		})
		if err != nil {
			return err
		}
	}
	return x.snapshot.Each(ctx, typeOrgPolicy, func(r *merlon.Resource) error {
		var p struct {
			Name, Type string
			Content    json.RawMessage
			TargetIds  []string
		}
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		if p.Type != "SERVICE_CONTROL_POLICY" && p.Type != "RESOURCE_CONTROL_POLICY" {
			return nil
		}
		if why := unknownAt(r, "/properties/TargetIds"); why != "" {
			t.read, t.why = false, why
		}
		doc := policyAt(r, p.Content, "/properties/Content", p.Name)
		if doc == nil {
			doc = iam.UnknownPolicy(p.Name, "the policy has no content")
		}
		t.enabled[p.Type] = t.enabled[p.Type] || len(p.TargetIds) > 0
		for _, target := range p.TargetIds {
			if t.policies[target] == nil {
				t.policies[target] = map[string][]*iam.Policy{}
			}
			t.policies[target][p.Type] = append(t.policies[target][p.Type], doc)
		}
		return nil
	})
}

// bind gives an account the policies of its levels. The management account is
// bound by none.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html, read 2026-11-24
func (t *tree) bind(a *Account) {
	if a.Management {
		return
	}
	if !t.read {
		a.Unread = t.why
		return
	}
	var levels []string
	for id, steps := a.ID, 0; id != "" && steps < 16; id, steps = t.parents[id], steps+1 {
		levels = append(levels, id)
	}
	slices.Reverse(levels)
	if len(levels) < 2 || !strings.HasPrefix(levels[0], "r-") {
		a.Unread = "where the account stands in the organization is not known"
		return
	}
	a.Path = a.Organization + "/" + strings.Join(levels[:len(levels)-1], "/") + "/"
	collect := func(typ string) [][]*iam.Policy {
		if !t.enabled[typ] {
			return nil
		}
		out := make([][]*iam.Policy, len(levels))
		for i, id := range levels {
			out[i] = t.policies[id][typ]
		}
		return out
	}
	a.SCPs, a.RCPs = collect("SERVICE_CONTROL_POLICY"), collect("RESOURCE_CONTROL_POLICY")
}

// guardrails are the SCPs that bind a principal of an account, or the RCPs that
// bind a resource of it, and a note where they had to be assumed.
func (x *Index) guardrails(account string, rcps bool) (levels [][]*iam.Policy, note string) {
	name, fallback := "service control policies", "FullAWSAccess"
	if rcps {
		name, fallback = "resource control policies", "RCPFullAWSAccess"
	}
	a := x.bound(account)
	why := "account " + account + " was not read"
	switch {
	case a == nil && rcps && account == "":
		why = "the resource's account is not known"
	case a == nil:
	case a.Unread != "":
		why = a.Unread
	case rcps:
		return a.RCPs, ""
	default:
		return a.SCPs, ""
	}
	if x.options.StrictGuardrails {
		return [][]*iam.Policy{{iam.UnknownPolicy("", why)}}, ""
	}
	return nil, name + " were taken for AWS's default, " + fallback + ": " + why
}

// decode reads a resource's properties and observed facts; either target may be nil.
func decode(r *merlon.Resource, properties, observed any) error {
	if properties != nil && len(r.Properties) > 0 {
		if err := json.Unmarshal(r.Properties, properties); err != nil {
			return malformed(r, err)
		}
	}
	if observed != nil && len(r.Observed) > 0 {
		if err := json.Unmarshal(r.Observed, observed); err != nil {
			return malformed(r, err)
		}
	}
	return nil
}
