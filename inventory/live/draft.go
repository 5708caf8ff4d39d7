package live

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// Draft is a resource being put together from the answers of several calls. It
// is safe for concurrent use; the exported fields are set before it is shared.
type Draft struct {
	Type    string
	ID      string
	ARN     string
	Name    string
	Account merlon.AccountID
	Region  merlon.Region

	schema *inventory.Type
	names  *nameIndex

	mu         sync.Mutex
	tags       map[string]string
	properties map[string]any
	observed   map[string]any
	unknowns   []merlon.Unknown
	calls      []merlon.Read
}

// Draft starts a resource of the scope's account and region. A type without a
// schema is a mistake of the collector; finish reports it.
func (s *Scope) Draft(typ, id, arn, name string) *Draft {
	schema, _ := s.schemas.Type(typ)
	return &Draft{Type: typ, ID: id, ARN: arn, Name: name, Account: s.Account, Region: s.Region,
		schema: schema, names: s.names, properties: map[string]any{}, observed: map[string]any{}}
}

// Key is the finished resource's key.
func (d *Draft) Key() string {
	r := merlon.Resource{Type: d.Type, ID: d.ID, ARN: merlon.ARN(d.ARN), Account: d.Account, Region: d.Region}
	return r.Key()
}

// From notes the list call the resource was read from.
func (d *Draft) From(o *Operation, s *Scope) *Draft {
	d.read(merlon.Read{Call: o.Call(), At: s.Now})
	return d
}

func (d *Draft) read(r merlon.Read) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		if c.Call == r.Call {
			return
		}
	}
	d.calls = append(d.calls, r)
}

// Set sets a property by its path in the CloudFormation schema
// ("VersioningConfiguration.Status"). nil and empty strings set nothing.
func (d *Draft) Set(path string, value any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	set(d.properties, path, plain(value))
}

// Observe sets a fact that CloudFormation has no property for.
func (d *Draft) Observe(path string, value any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	set(d.observed, path, plain(value))
}

// SetDocument sets a policy document that AWS gives as text: plain or, as IAM
// does, percent-encoded. What is not JSON is kept as the text it is.
func (d *Draft) SetDocument(path string, text *string) {
	if text != nil && *text != "" {
		d.setPlain(path, document(*text))
	}
}

// setPlain sets a property to a value that is plain already, as it is: the empty
// lists and objects of a policy are part of it.
func (d *Draft) setPlain(path string, value any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	set(d.properties, path, value)
}

// observePlain is setPlain for a fact.
func (d *Draft) observePlain(path string, value any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	set(d.observed, path, value)
}

// Tag sets tags from any of the SDK's forms: a list of keys and values or a map.
func (d *Draft) Tag(tags any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tag(plain(tags))
}

func (d *Draft) tag(v any) {
	add := func(k, v any) {
		key, _ := k.(string)
		value, _ := v.(string)
		if key != "" {
			if d.tags == nil {
				d.tags = map[string]string{}
			}
			d.tags[key] = value
		}
	}
	switch t := v.(type) {
	case map[string]any:
		for k, x := range t {
			add(k, x)
		}
	case []any:
		for _, e := range t {
			if m, ok := e.(map[string]any); ok {
				add(first(m, "Key", "TagKey"), first(m, "Value", "TagValue"))
			}
		}
	}
	if n, ok := d.tags["Name"]; ok && (d.Name == "" || d.Name == d.ID) {
		d.Name = n
	}
}

func first(m map[string]any, keys ...string) any {
	for _, k := range keys {
		if v, ok := m[k]; ok {
			return v
		}
	}
	return nil
}

// UnknownBecause marks a part as unknown for a reason that is not a failed call.
func (d *Draft) UnknownBecause(path, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unknowns = append(d.unknowns, merlon.Unknown{Path: pointer(path), Reason: reason})
}

// notAsked marks parts that take a call for each resource, which a scan does not
// make for what they tell.
func (d *Draft) notAsked(paths ...string) {
	for _, p := range paths {
		d.UnknownBecause(p, "Merlon does not ask for it: that takes a call for each "+d.Type)
	}
}

func (d *Draft) unknown(fills []string, g *merlon.Gap) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range fills {
		d.unknowns = append(d.unknowns, merlon.Unknown{Path: pointer(f), Reason: g.Text(), Gap: g.Key()})
	}
}

// isUnknown reports whether the part is known to be unknown.
func (d *Draft) isUnknown(path string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.unknowns, func(u merlon.Unknown) bool { return u.Path == pointer(path) })
}

// pointer turns "properties.A.B" into a JSON pointer.
func pointer(path string) string { return "/" + strings.ReplaceAll(path, ".", "/") }

func (d *Draft) finish() (*merlon.Resource, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.schema == nil {
		return nil, fmt.Errorf("%s has no schema: declare it in inventory/schema", d.Type)
	}
	r := &merlon.Resource{Type: d.Type, ID: d.ID, ARN: merlon.ARN(d.ARN), Name: d.Name, Account: d.Account, Region: d.Region,
		Tags: d.tags, Unknowns: slices.Clone(d.unknowns), Calls: slices.Clone(d.calls)}
	if r.Name == "" {
		r.Name = d.ID
	}
	// The answers came in any order; the document of one account is always the same.
	slices.SortFunc(r.Unknowns, func(a, b merlon.Unknown) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Gap, b.Gap), cmp.Compare(a.Reason, b.Reason))
	})
	var err error
	if r.Properties, err = json.Marshal(d.properties); err != nil {
		return nil, fmt.Errorf("properties of %s: %w", d.Key(), err)
	}
	if r.Observed, err = json.Marshal(d.observed); err != nil {
		return nil, fmt.Errorf("observed facts of %s: %w", d.Key(), err)
	}
	return r, nil
}

// set puts a value at a dotted path, making the objects on the way.
func set(m map[string]any, path string, value any) {
	if value == nil || value == "" {
		return
	}
	parts := strings.Split(path, ".")
	for _, p := range parts[:len(parts)-1] {
		next, ok := m[p].(map[string]any)
		if !ok {
			next = map[string]any{}
			m[p] = next
		}
		m = next
	}
	m[parts[len(parts)-1]] = value
}
