package iac

import (
	"encoding/json"
	"slices"
	"strings"

	"merlon.dev/merlon"
)

// evaluate evaluates all properties of a resource.
func (r *resource) evaluate() {
	s := r.s
	s.identityOf(r)
	r.props = map[string]any{}
	r.reads = []merlon.Read{{Call: s.place(r.at.line)}}
	set := r.set()
	if set == nil || set.kind != objectNode {
		return
	}
	if name, _, ok := function(set); ok {
		r.hidden = unknownf("%s makes all the properties (line %d)", name, set.line)
		return
	}
	for i, k := range set.keys {
		p, ok := r.typ.Properties.Field(k.name)
		switch {
		case k.name == "Fn::Transform":
			r.hidden = unknownf("Fn::Transform (line %d) is run by AWS", k.line)
			continue
		case !ok:
			s.noSuch(set.items[i], r.typ.Properties, r.typ.Name, k.name)
			continue
		case p.ReadOnly:
			s.note(set.items[i], "%s of %s cannot be set", k.name, r.typ.Name)
			continue
		}
		if v := r.property(k.name); v != (noValue{}) {
			r.props[k.name] = clone(v)
			r.read(k.name, k.line)
		}
	}
}

// read notes the line a property is set at.
func (r *resource) read(property string, line int) {
	r.readAt(property, r.s.place(line))
}

func (r *resource) readAt(property, call string) {
	for i := range r.reads {
		if r.reads[i].Call == call && len(r.reads[i].Properties) > 0 {
			if !slices.Contains(r.reads[i].Properties, "properties."+property) {
				r.reads[i].Properties = append(r.reads[i].Properties, "properties."+property)
			}
			return
		}
	}
	r.reads = append(r.reads, merlon.Read{Call: call, Properties: []string{"properties." + property}})
}

const onlyRunning = "only a running resource has it, a template cannot tell"

// finish gives the resource as the snapshot holds it.
func (r *resource) finish() (*merlon.Resource, error) {
	id := r.s.identityOf(r)
	out := &merlon.Resource{Type: r.typ.Name, ID: id.id, ARN: merlon.ARN(id.arn), Name: id.name, Account: r.s.l.account, Region: id.region,
		Calls: r.reads, Perhaps: r.maybe}
	r.normalize()
	if r.hidden == nil {
		r.defaults()
	}
	r.redact()
	r.tags(out)
	r.attributes()
	props, err := json.Marshal(plain(r.props, "/properties", &out.Unknowns))
	if err != nil {
		return nil, err
	}
	out.Properties = props
	if r.hidden != nil {
		out.Unknowns = append(out.Unknowns, merlon.Unknown{Path: "/properties", Reason: r.hidden.reason}, merlon.Unknown{Path: "/tags", Reason: r.hidden.reason})
	}
	out.Unknowns = append(out.Unknowns, merlon.Unknown{Path: "/observed", Reason: onlyRunning})
	return out, nil
}

// attributes adds what a template cannot set: what identifies the resource, as the
// collectors do, and that the rest is not known.
func (r *resource) attributes() {
	for name, p := range r.typ.Properties.Fields() {
		if _, ok := r.props[name]; ok {
			continue
		}
		identifies := slices.Contains(r.typ.ID, name) || slices.Contains(r.typ.Ref, name)
		switch {
		case p.ReadOnly && identifies && !strings.Contains(r.s.identityOf(r).made[name], "|"):
			if v, ok := r.s.madeAttribute(r, name); ok {
				r.props[name] = r.s.fit(v, p, r.body, name, 0)
				continue
			}
			fallthrough
		case p.ReadOnly:
			r.props[name] = unknownf("it is known only once the resource exists")
		case identifies:
			r.props[name] = unknownf("AWS makes it up when the resource is created")
		}
	}
}

// tags moves the tags out of the properties.
func (r *resource) tags(out *merlon.Resource) {
	name := r.typ.TagProperty
	v, ok := r.props[name]
	if name == "" || !ok {
		r.nameTag(out)
		return
	}
	delete(r.props, name)
	tags := map[string]string{}
	add := func(k, v any) {
		key, _, ok := text(k)
		if !ok {
			// A key that is not known may be any key.
			reason := "a tag's key is not known"
			if u := firstUnknown(k); u != nil {
				reason = u.reason
			}
			out.Unknowns = append(out.Unknowns, merlon.Unknown{Path: "/tags", Reason: reason})
			return
		}
		value, _, ok := text(v)
		if !ok {
			reason := "the tag's value is not known"
			if u := firstUnknown(v); u != nil {
				reason = u.reason
			}
			out.Unknowns = append(out.Unknowns, merlon.Unknown{Path: pointer("/tags", key), Reason: reason})
			return
		}
		tags[key] = value
	}
	switch t := v.(type) {
	case *unknown:
		out.Unknowns = append(out.Unknowns, merlon.Unknown{Path: "/tags", Reason: t.reason})
	case map[string]any:
		for _, k := range sortedKeys(t) {
			add(k, t[k])
		}
	case []any:
		for _, e := range t {
			switch m := e.(type) {
			case *unknown:
				out.Unknowns = append(out.Unknowns, merlon.Unknown{Path: "/tags", Reason: m.reason})
			case map[string]any:
				value, ok := m["Value"]
				if !ok {
					value = ""
				}
				add(m["Key"], value)
			}
		}
	}
	if len(tags) > 0 {
		out.Tags = tags
	}
	r.nameTag(out)
}

// nameTag names what has no name of its own by its Name tag, as the collectors do.
func (r *resource) nameTag(out *merlon.Resource) {
	if n := out.Tags["Name"]; n != "" && (out.Name == r.logical || out.Name == out.ID) && !strings.Contains(n, "\x00") {
		out.Name = n
	}
}
