package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	ownPrefix = "Merlon::"
	// maxSchemaFile and maxSchemaDepth bound what a schema file may ask of the reader.
	maxSchemaFile  = 1 << 20
	maxSchemaDepth = 16
)

var (
	ownTypeName  = regexp.MustCompile(`^Merlon::[A-Z][A-Za-z0-9]*::[A-Z][A-Za-z0-9]*$`)
	propertyName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	relationName = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)
)

// position is a line of a schema file.
type position struct {
	file string
	line int
}

func (p position) String() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

func (p position) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %w", p, fmt.Errorf(format, args...))
}

// schemaFile is one file schema/SERVICE.yaml; docs/design/contracts.md has the
// syntax.
type schemaFile struct {
	types     []*ownType
	observed  []*observedDecl
	relations []*relationDecl
}

type ownType struct {
	name, description, tags string
	id                      []string
	properties              *object
	at                      position
}

func (t *ownType) newType() *Type {
	return &Type{Name: t.name, Description: t.description, ID: t.id, Ref: t.id, TagProperty: t.tags,
		Properties: objectProperty(t.properties)}
}

type observedDecl struct {
	typ    string
	object *object
	at     position
}

type relationDecl struct {
	Relation
	typ string
	at  position
}

// parseSchemaFile reads a file strictly: whatever it does not know is an error.
// It gives all errors at once, each with file and line.
func parseSchemaFile(name string, data []byte) (*schemaFile, error) {
	p := &schemaParser{file: name, out: new(schemaFile)}
	if len(data) > maxSchemaFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, maxSchemaFile)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return p.out, nil // nothing but comments
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: more than one document", name)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, fmt.Errorf("%s: not a YAML document", name)
	}
	for _, e := range p.mapping(doc.Content[0]) {
		switch e.key {
		case "types":
			for _, t := range p.mapping(e.value) {
				p.ownType(t)
			}
		case "observed":
			for _, o := range p.mapping(e.value) {
				obj := p.object(o.value, o.key+".observed", 0)
				p.out.observed = append(p.out.observed, &observedDecl{typ: o.key, object: obj, at: o.at})
			}
		case "relations":
			for _, t := range p.mapping(e.value) {
				for _, r := range p.mapping(t.value) {
					p.relation(t.key, r)
				}
			}
		default:
			p.fail(e.at, "unknown key %q: types, observed or relations", e.key)
		}
	}
	if err := errors.Join(p.errs...); err != nil {
		return nil, err
	}
	return p.out, nil
}

type schemaParser struct {
	file string
	out  *schemaFile
	errs []error
}

func (p *schemaParser) fail(at position, format string, args ...any) {
	p.errs = append(p.errs, at.errorf(format, args...))
}

func (p *schemaParser) at(n *yaml.Node) position { return position{p.file, n.Line} }

type entry struct {
	key   string
	value *yaml.Node
	at    position
}

// mapping lists the entries of a mapping in order. Keys are words, each once.
func (p *schemaParser) mapping(n *yaml.Node) []entry {
	if n.Kind != yaml.MappingNode || n.Anchor != "" {
		p.fail(p.at(n), "a mapping is wanted here")
		return nil
	}
	seen := make(map[string]bool, len(n.Content)/2)
	var out []entry
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		key, ok := p.text(k)
		if !ok {
			continue
		}
		if seen[key] {
			p.fail(p.at(k), "%q stands here twice", key)
			continue
		}
		seen[key] = true
		out = append(out, entry{key, n.Content[i+1], p.at(k)})
	}
	return out
}

// text reads a scalar that is a string.
func (p *schemaParser) text(n *yaml.Node) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" || n.Anchor != "" || n.Value == "" {
		p.fail(p.at(n), "text is wanted here")
		return "", false
	}
	return n.Value, true
}

func (p *schemaParser) texts(n *yaml.Node) []string {
	if n.Kind != yaml.SequenceNode || n.Anchor != "" || len(n.Content) == 0 {
		p.fail(p.at(n), "a list of words is wanted here")
		return nil
	}
	var out []string
	for _, c := range n.Content {
		if s, ok := p.text(c); ok {
			out = append(out, s)
		}
	}
	return out
}

func (p *schemaParser) ownType(e entry) {
	t := &ownType{name: e.key, at: e.at, properties: newObject(e.key + ".properties")}
	if !ownTypeName.MatchString(e.key) {
		p.fail(e.at, "%q is no name for a type of our own: Merlon::Service::Name", e.key)
	}
	for _, f := range p.mapping(e.value) {
		switch f.key {
		case "description":
			t.description, _ = p.text(f.value)
		case "id":
			t.id = p.texts(f.value)
		case "tags":
			t.tags, _ = p.text(f.value)
		case "properties":
			t.properties = p.object(f.value, t.properties.name, 0)
		default:
			p.fail(f.at, "unknown key %q: description, id, tags or properties", f.key)
		}
	}
	if t.description == "" || len(t.id) == 0 {
		p.fail(e.at, "type %s needs a description and an id", e.key)
	}
	for _, id := range t.id {
		if f, ok := t.properties.fields[id]; !ok {
			p.fail(e.at, "type %s: its id %s is not among its properties", e.key, id)
		} else if !f.Required {
			p.fail(e.at, "type %s: its id %s must be always there (!)", e.key, id)
		}
	}
	if _, ok := t.properties.fields[t.tags]; t.tags != "" && !ok {
		p.fail(e.at, "type %s: %s, which holds its tags, is not among its properties", e.key, t.tags)
	}
	p.out.types = append(p.out.types, t)
}

// object reads {Name: kind, …}. A name may end with "!", for kinds that are no
// word: "Rules!: [string]".
func (p *schemaParser) object(n *yaml.Node, name string, depth int) *object {
	o := newObject(name)
	for _, e := range p.mapping(n) {
		field, required := strings.CutSuffix(e.key, "!")
		if !propertyName.MatchString(field) {
			p.fail(e.at, "%q is no name for a property", field)
			continue
		}
		if _, ok := o.fields[field]; ok {
			p.fail(e.at, "%q stands here twice", field)
			continue
		}
		f := p.property(e.value, name+"."+field, depth+1)
		f.Required = f.Required || required
		o.fields[field] = f
	}
	return o
}

// property reads what stands for a kind: a word, [kind], {…} or {"*": kind}.
func (p *schemaParser) property(n *yaml.Node, name string, depth int) *Property {
	out := &Property{Kind: JSON}
	if depth > maxSchemaDepth {
		p.fail(p.at(n), "nested deeper than %d", maxSchemaDepth)
		return out
	}
	switch n.Kind {
	case yaml.SequenceNode:
		if len(n.Content) != 1 || n.Anchor != "" {
			p.fail(p.at(n), "a list is written [kind]")
			return out
		}
		return &Property{Kind: List, Elem: p.property(n.Content[0], name, depth+1)}
	case yaml.MappingNode:
		if len(n.Content) == 2 && n.Content[0].Value == "*" {
			return &Property{Kind: Map, Elem: p.property(n.Content[1], name, depth+1)}
		}
		return objectProperty(p.object(n, name, depth))
	}
	word, ok := p.text(n)
	if !ok {
		return out
	}
	word, required := strings.CutSuffix(word, "!")
	out, ok = kindOf(word)
	if !ok {
		p.fail(p.at(n), "unknown kind %q: string, integer, number, boolean, timestamp, json, [kind], map[kind] or {…}", word)
	}
	out.Required = required
	return out
}

// kindOf reads a kind that is one word.
func kindOf(word string) (*Property, bool) {
	if inner, ok := strings.CutPrefix(word, "map["); ok && strings.HasSuffix(inner, "]") {
		elem, ok := kindOf(strings.TrimSuffix(inner, "]"))
		return &Property{Kind: Map, Elem: elem}, ok
	}
	for k := String; k <= JSON; k++ {
		if k.String() == word {
			return &Property{Kind: k}, true
		}
	}
	return &Property{Kind: JSON}, false
}

// relation reads {to, by}, {from, relation} or {within, type}.
func (p *schemaParser) relation(typ string, e entry) {
	r := &relationDecl{typ: typ, at: e.at}
	r.Name = e.key
	if !relationName.MatchString(e.key) {
		p.fail(e.at, "%q is no name for a relation: it begins with a small letter", e.key)
	}
	got := map[string]string{}
	for _, f := range p.mapping(e.value) {
		switch f.key {
		case "to", "by", "from", "relation", "within", "type", "match":
			if s, ok := p.text(f.value); ok {
				got[f.key] = s
			}
		case "anywhere":
			if f.value.Value != "true" || f.value.Tag != "!!bool" {
				p.fail(f.at, "anywhere is true or left out")
			}
			r.Anywhere = true
		default:
			p.fail(f.at, "unknown key %q: to and by, from and relation, within and type, match, anywhere", f.key)
		}
	}
	match := got["match"]
	delete(got, "match")
	both := func(a, b string) bool { return len(got) == 2 && got[a] != "" && got[b] != "" }
	switch {
	case both("to", "by"):
		r.Target = got["to"]
		r.By, r.Match = strings.Split(got["by"], "."), match
	case both("from", "relation"):
		r.Target, r.Inverse, r.Many = got["from"], got["relation"], true
	case both("within", "type"):
		r.Target, r.Within, r.Many = got["type"], Scope(got["within"]), true
		if r.Within != ScopeAccount && r.Within != ScopeRegion {
			p.fail(e.at, "within is account or region, not %q", got["within"])
		}
	default:
		p.fail(e.at, "relation %s needs to and by, or from and relation, or within and type", e.key)
	}
	if (r.Anywhere || match != "") && r.By == nil {
		p.fail(e.at, "match and anywhere are for a relation by a property")
	}
	p.out.relations = append(p.out.relations, r)
}
