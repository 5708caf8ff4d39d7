package live

import (
	"strconv"
	"strings"
	"sync"

	"merlon.dev/merlon/inventory"
)

// Folding maps one struct of the SDK onto a resource: each field whose name (in
// any case) and shape fit the CloudFormation schema becomes that property; all
// the others are kept, under their own names, among the observed facts. So
// nothing a list call gives is lost, and a collector says only what differs.
type Folding struct {
	// Rename gives the property of a field by the field's name: "DBSubnetGroup" →
	// "DBSubnetGroupName". The value still has to fit.
	Rename map[string]string
	// Drop lists fields to leave out: secrets, and what the draft's own fields hold.
	Drop []string
	// Observe lists fields that are facts although a property has their name.
	Observe []string
}

// Fold maps a struct (or pointer to one) of the SDK.
func (d *Draft) Fold(v any, f Folding) {
	if m, ok := plain(v).(map[string]any); ok {
		d.foldPlain(m, f)
	}
}

// foldPlain is Fold for what is plain already: its empty objects count.
func (d *Draft) foldPlain(m map[string]any, f Folding) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, value := range m {
		switch {
		case contains(f.Drop, name):
		case isTags(name) && tagsShaped(value):
			d.tag(value)
		case contains(f.Observe, name) || d.schema == nil:
			d.observed[name] = value
		default:
			d.fold(name, value, f.Rename)
		}
	}
}

func (d *Draft) fold(name string, value any, rename map[string]string) {
	want := name
	if r, ok := rename[name]; ok {
		want = r
	}
	property, p := d.names.field(d.schema.Properties, want)
	if p == nil {
		d.observed[name] = value
		return
	}
	fitted, whole, ok := d.names.fit(value, p, 0)
	if ok {
		d.properties[property] = fitted
	}
	if !ok || !whole {
		d.observed[name] = value
	}
}

// nameIndex finds the fields of objects by name in any case. It is safe for
// concurrent use.
type nameIndex struct {
	mu      sync.Mutex
	objects map[string]map[string]string
}

func newNameIndex() *nameIndex { return &nameIndex{objects: map[string]map[string]string{}} }

// field finds the member of an object by name in any case.
func (x *nameIndex) field(object *inventory.Property, name string) (string, *inventory.Property) {
	if p, ok := object.Field(name); ok {
		return name, p
	}
	x.mu.Lock()
	lower, ok := x.objects[object.ObjectName()]
	if !ok {
		lower = map[string]string{}
		for n := range object.Fields() {
			lower[strings.ToLower(n)] = n
		}
		x.objects[object.ObjectName()] = lower
	}
	x.mu.Unlock()
	n, ok := lower[strings.ToLower(name)]
	if !ok {
		return "", nil
	}
	p, _ := object.Field(n)
	return n, p
}

const maxDepth = 24

// fit shapes a plain value like the property. whole is false when a part of it
// found no place.
func (x *nameIndex) fit(v any, p *inventory.Property, depth int) (fitted any, whole, ok bool) {
	if depth > maxDepth || v == nil {
		return nil, false, false
	}
	switch p.Kind {
	case inventory.JSON:
		if s, isText := v.(string); isText {
			return document(s), true, true
		}
		return v, true, true
	case inventory.String, inventory.Timestamp:
		switch t := v.(type) {
		case string:
			return t, true, true
		case int64:
			return strconv.FormatInt(t, 10), true, true
		case bool:
			return strconv.FormatBool(t), true, true
		}
	case inventory.Integer:
		switch t := v.(type) {
		case int64:
			return t, true, true
		case string:
			if n, err := strconv.ParseInt(t, 10, 64); err == nil {
				return n, true, true
			}
		}
	case inventory.Number:
		switch t := v.(type) {
		case int64, float64:
			return t, true, true
		case string:
			if n, err := strconv.ParseFloat(t, 64); err == nil {
				return n, true, true
			}
		}
	case inventory.Boolean:
		switch t := v.(type) {
		case bool:
			return t, true, true
		case string:
			if b, err := strconv.ParseBool(t); err == nil {
				return b, true, true
			}
		}
	case inventory.List:
		list, isList := v.([]any)
		if !isList {
			return nil, false, false
		}
		out := make([]any, 0, len(list))
		whole = true
		for _, e := range list {
			y, w, ok := x.fit(e, p.Elem, depth+1)
			if !ok {
				return nil, false, false
			}
			whole = whole && w
			out = append(out, y)
		}
		return out, whole, true
	case inventory.Map:
		m, isMap := v.(map[string]any)
		if !isMap {
			return nil, false, false
		}
		out := make(map[string]any, len(m))
		whole = true
		for k, e := range m {
			y, w, ok := x.fit(e, p.Elem, depth+1)
			if !ok {
				return nil, false, false
			}
			whole = whole && w
			out[k] = y
		}
		return out, whole, true
	case inventory.Object:
		m, isMap := v.(map[string]any)
		if !isMap {
			return nil, false, false
		}
		out := map[string]any{}
		whole = true
		for k, e := range m {
			if n, q := x.field(p, k); q != nil {
				if y, w, ok := x.fit(e, q, depth+1); ok {
					out[n] = y
					whole = whole && w
					continue
				}
			}
			whole = false
		}
		// An object of which nothing fits is another object.
		return out, whole, len(out) > 0 || len(m) == 0
	}
	return nil, false, false
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func isTags(name string) bool {
	return name == "Tags" || name == "TagList" || name == "TagSet"
}

// tagsShaped tells tags from something else of that name.
func tagsShaped(v any) bool {
	switch t := v.(type) {
	case []any:
		for _, e := range t {
			m, ok := e.(map[string]any)
			if !ok || first(m, "Key", "TagKey") == nil {
				return false
			}
		}
		return true
	case map[string]any:
		for _, e := range t {
			if _, ok := e.(string); !ok {
				return false
			}
		}
		return true
	}
	return false
}

// Fit sets one property from a value of the SDK, shaped like the schema. What
// finds no place is kept among the observed facts under the same path. A path
// that the schema does not have is a mistake of the collector, and the value is
// kept as a fact.
func (d *Draft) Fit(path string, v any) {
	value := plain(v)
	if value == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.schema == nil {
		return
	}
	p, found := d.schema.Lookup("properties." + path)
	if found {
		fitted, whole, ok := d.names.fit(value, p, 0)
		if ok {
			set(d.properties, path, fitted)
		}
		if ok && whole {
			return
		}
	}
	set(d.observed, path, value)
}
