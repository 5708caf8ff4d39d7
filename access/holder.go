package access

import (
	"context"
	"encoding/json"
	"strings"

	"merlon.dev/merlon"
)

// holder is a resource that exists and may have a role of its own.
type holder struct {
	resource *Resource
	name     string
	roles    []*Principal
	unclear  string // why it is not known which role it has
}

// stock are the things of one type, by account, and where some may be missing.
type stock struct {
	things map[string][]*holder
	unread map[string]string // account to reason
}

const typeInstanceProfile = "AWS::IAM::InstanceProfile"

// loadThings reads the resources of each kind.
func (g *graph) loadThings(ctx context.Context, kinds map[string]*thingKind) error {
	if err := g.loadProfiles(ctx); err != nil {
		return err
	}
	for name, kind := range kinds {
		f := &stock{things: map[string][]*holder{}, unread: map[string]string{}}
		g.found[name] = f
		for _, a := range g.x.snapshot.Meta().Accounts {
			for _, region := range a.Regions {
				c := g.x.snapshot.Coverage(kind.Type, a.ID, region)
				if unknowns := c.Unknowns(); len(unknowns) > 0 {
					f.unread[string(a.ID)] = "whether there is an " + kind.Type + " is not known: " + unknowns[0].Reason
					break
				}
			}
		}
		err := g.x.snapshot.Each(ctx, kind.Type, func(r *merlon.Resource) error {
			t := g.thing(r, kind)
			if t == nil {
				return nil
			}
			f.things[string(r.Account)] = append(f.things[string(r.Account)], t)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, t := range g.found["function"].all() {
		full, err := g.x.Keyed(ctx, t.resource.Owner)
		if err != nil {
			return err
		}
		t.resource.Policies = full.Policies
	}
	return nil
}

func (f *stock) all() []*holder {
	var out []*holder
	if f != nil {
		for _, list := range f.things {
			out = append(out, list...)
		}
	}
	return out
}

func (g *graph) thing(r *merlon.Resource, kind *thingKind) *holder {
	account := string(r.Account)
	for _, path := range kind.Where {
		if raw := at(r.Properties, path); len(raw) == 0 || string(raw) == "null" {
			if unknownBelow(r, pointer(path)) == "" {
				return nil
			}
		}
	}
	id := r.ID
	if id == "" {
		id = r.Name
	}
	arn := string(r.ARN)
	if arn == "" {
		arn = id
		if !strings.HasPrefix(id, "arn:") {
			arn = fill(kind.ARN, map[string]string{"partition": g.partition(account), "region": string(r.Region), "account": account, "id": id})
		}
	}
	t := &holder{name: lastName(id), resource: &Resource{ARN: arn, Owner: r.Key(), Type: r.Type, Account: account, Region: string(r.Region), Tags: r.Tags,
		tagsKnown: unknownBelow(r, "/tags") == ""}}
	add := func(role *Principal) {
		if role == nil || role.ServiceLinked {
			return
		}
		for _, old := range t.roles {
			if old == role {
				return
			}
		}
		t.roles = append(t.roles, role)
	}
	for _, path := range kind.Role {
		if value := t.text(r, path); value != "" {
			add(g.roleNamed(account, value))
		}
	}
	for _, path := range kind.Profile {
		if value := t.text(r, path); value != "" {
			for _, role := range g.profiles[account+"/"+lastName(value)] {
				add(role)
			}
			if why := g.unread[typeInstanceProfile+account]; why != "" && len(t.roles) == 0 {
				t.unclear = why
			}
		}
	}
	return t
}

// text is a string of a resource; where it is not known, the thing is unclear.
func (t *holder) text(r *merlon.Resource, path string) string {
	from, rest := r.Properties, path
	if observed, ok := strings.CutPrefix(path, "observed."); ok {
		from, rest = r.Observed, observed
	}
	if why := unknownBelow(r, pointer(path)); why != "" {
		t.unclear = why
		return ""
	}
	var value string
	if raw := at(from, rest); len(raw) == 0 || json.Unmarshal(raw, &value) != nil {
		return ""
	}
	return value
}

func pointer(path string) string {
	if rest, ok := strings.CutPrefix(path, "observed."); ok {
		return "/observed/" + strings.ReplaceAll(rest, ".", "/")
	}
	return "/properties/" + strings.ReplaceAll(path, ".", "/")
}

// loadProfiles reads which roles instance profiles have.
func (g *graph) loadProfiles(ctx context.Context) error {
	g.profiles = map[string][]*Principal{}
	g.profileOf = map[*Principal]string{}
	for _, a := range g.x.snapshot.Meta().Accounts {
		c := g.x.globalCoverage(typeInstanceProfile, string(a.ID))
		if unknowns := c.Unknowns(); len(unknowns) > 0 {
			g.unread[typeInstanceProfile+string(a.ID)] = "instance profiles were not read: " + unknowns[0].Reason
		}
	}
	return g.x.snapshot.Each(ctx, typeInstanceProfile, func(r *merlon.Resource) error {
		var p struct {
			InstanceProfileName string
			Roles               []string
		}
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		account := string(r.Account)
		name := p.InstanceProfileName
		if name == "" {
			name = lastName(r.ID)
		}
		arn := string(r.ARN)
		if arn == "" {
			arn = "arn:" + g.partition(account) + ":iam::" + account + ":instance-profile/" + name
		}
		for _, value := range p.Roles {
			if role := g.roleNamed(account, value); role != nil {
				g.profiles[account+"/"+name] = append(g.profiles[account+"/"+name], role)
				g.profileOf[role] = arn
			}
		}
		return nil
	})
}

// roleNamed finds a role by its ARN or name.
func (g *graph) roleNamed(account, value string) *Principal {
	if p := g.x.byARN[value]; p != nil {
		return p
	}
	return g.roleByName[account+"/"+lastName(value)]
}

// lastName is what stands after the last slash or, in an ARN, colon.
func lastName(id string) string {
	if i := strings.LastIndexByte(id, '/'); i >= 0 {
		return id[i+1:]
	}
	if i := strings.LastIndexByte(id, ':'); i >= 0 && strings.HasPrefix(id, "arn:") {
		return id[i+1:]
	}
	return id
}
