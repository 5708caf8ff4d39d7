package posture

import (
	"encoding/json"
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// complete fills in what tests leave out.
func (t *trial) complete() {
	named := map[string]*testResource{}
	for i := range t.resources {
		r := &t.resources[i]
		typ, ok := t.catalog.schemas.Type(r.Type)
		if !ok {
			hint := ""
			if c := t.catalog.schemas.ClosestType(r.Type); c != "" {
				hint = "; did you mean " + c + "?"
			}
			t.problem(r.node, "there is no type %s%s", r.Type, hint)
			continue
		}
		if r.Account == "" {
			r.Account = testAccount
		}
		if r.Region == "" {
			r.Region = t.regionOf(r.Type)
		}
		switch r.Type {
		case accountType:
			r.ID = string(r.Account)
		case regionType:
			r.ID = string(r.Region)
		}
		if r.ID == "" {
			r.ID = r.Name
		}
		if r.ID == "" {
			t.problem(r.node, "a resource needs a name or an id")
			continue
		}
		if r.Name == "" {
			r.Name = r.ID
		}
		if r.properties == nil {
			r.properties = map[string]any{}
		}
		if len(typ.ID) == 1 {
			if p, ok := typ.Properties.Field(typ.ID[0]); ok && p.Kind == inventory.String && r.properties[typ.ID[0]] == nil {
				r.properties[typ.ID[0]] = r.ID
			}
		}
		if r.ARN == "" {
			r.ARN = arnOf(typ.ARN, &r.Resource)
		}
		if old, ok := named[r.Type+" "+r.Name]; ok {
			t.problem(r.node, "a %s named %s is defined already in line %d", r.Type, r.Name, old.node.Line)
		}
		named[r.Type+" "+r.Name] = r
	}
}

// arnOf fills in an ARN's pattern where only the id is left to say.
func arnOf(pattern string, r *merlon.Resource) merlon.ARN {
	known := strings.NewReplacer("${Partition}", string(merlon.PartitionOf(r.Region)), "${Region}", string(r.Region), "${Account}", string(r.Account))
	arn := known.Replace(pattern)
	before, rest, ok := strings.Cut(arn, "${")
	if !ok {
		return merlon.ARN(arn)
	}
	_, after, ok := strings.Cut(rest, "}")
	if !ok || strings.Contains(after, "${") || strings.HasPrefix(r.ID, "arn:") {
		return ""
	}
	return merlon.ARN(before + r.ID + after)
}

// regionOf is where resources of a type are unless a test says otherwise.
func (t *trial) regionOf(typ string) merlon.Region {
	if s, ok := t.service(typ); ok && s.Global || typ == accountType {
		return merlon.PartitionOf(testRegion).GlobalRegion()
	}
	return testRegion
}

func (t *trial) service(typ string) (inventory.Service, bool) {
	for _, s := range t.opts.Services {
		if slices.Contains(s.Types, typ) {
			return s, true
		}
	}
	return inventory.Service{}, false
}

// applyGaps turns failed calls into the snapshot's gaps and unknowns, as a
// collector would.
func (t *trial) applyGaps() {
	for i := range t.gaps {
		g := &t.gaps[i]
		effect, ok := CallEffect{}, false
		if t.opts.Call != nil {
			effect, ok = t.opts.Call(g.Call)
		}
		if !ok {
			t.problem(g.node, "no collector makes the call %s", g.Call)
			continue
		}
		if g.Account == "" {
			g.Account = testAccount
		}
		if g.Region == "" {
			typ := effect.Per
			if typ == "" && len(effect.Types) > 0 {
				typ = effect.Types[0]
			}
			g.Region = t.regionOf(typ)
		}
		if effect.Per == "" {
			if g.resource != "" {
				t.problem(g.node, "%s is not about one resource", g.Call)
			}
			gap := g.Gap
			gap.Types = effect.Types
			t.gapped = append(t.gapped, gap)
			continue
		}
		found := false
		for k := range t.resources {
			r := &t.resources[k]
			if r.Type != effect.Per || g.resource != "" && g.resource != r.Name && g.resource != r.ID {
				continue
			}
			found = true
			gap := g.Gap
			gap.Account, gap.Region, gap.Resource, gap.Types = r.Account, r.Region, r.Key(), effect.Types
			t.gapped = append(t.gapped, gap)
			for _, part := range effect.Fills {
				r.Unknowns = append(r.Unknowns, merlon.Unknown{Path: "/" + strings.ReplaceAll(part, ".", "/"), Reason: gap.Text(), Gap: gap.Key()})
			}
		}
		if !found {
			t.problem(g.node, "there is no %s %s that %s could be about", effect.Per, g.resource, g.Call)
		}
	}
}

func (t *trial) applyUnknowns() {
	for _, u := range t.unknowns {
		i := slices.IndexFunc(t.resources, func(r testResource) bool { return r.Name == u.resource || r.ID == u.resource })
		if i < 0 {
			t.problem(u.node, "there is no resource %s", u.resource)
			continue
		}
		r := &t.resources[i]
		typ, ok := t.catalog.schemas.Type(r.Type)
		if !ok {
			continue
		}
		var names []string
		for _, p := range strings.Split(u.path, ".") {
			if strings.Trim(p, "0123456789") != "" {
				names = append(names, p)
			}
		}
		if _, ok := typ.Lookup(strings.Join(names, ".")); !ok {
			hint := ""
			if c := typ.Closest(strings.Join(names, ".")); c != "" {
				hint = "; did you mean " + c + "?"
			}
			t.problem(u.node, "%s has no %s%s", r.Type, u.path, hint)
			continue
		}
		r.Unknowns = append(r.Unknowns, merlon.Unknown{Path: "/" + strings.ReplaceAll(u.path, ".", "/"), Reason: u.reason})
	}
}

// validate holds the resources against their schemas.
func (t *trial) validate() {
	for i := range t.resources {
		r := &t.resources[i]
		typ, ok := t.catalog.schemas.Type(r.Type)
		if !ok {
			continue
		}
		var err error
		if r.Properties, err = json.Marshal(r.properties); err != nil {
			t.problem(r.node, "%v", err)
		}
		if len(r.observed) > 0 {
			if r.Observed, err = json.Marshal(r.observed); err != nil {
				t.problem(r.node, "%v", err)
			}
		}
		for _, p := range typ.CheckResource(&r.Resource) {
			t.problem(r.at(p.Path), "%s", p)
		}
	}
}
