package inventory

import (
	"errors"
	"fmt"
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

// section is what one file says of one type under "types", "observed" or
// "relations". Its text is read when the type is asked for.
type section struct {
	kind, typ string
	at        position
	start     int    // where the entry begins in the file
	text      string // its lines, from the one with its key on
}

var sectionEntry = regexp.MustCompile(`^  ([A-Za-z0-9:]+):(?: .*)?$`)

// splitSchemaFile takes a file apart without reading YAML: in block style,
// content stands deeper than its key, so that a line two blanks deep is always an
// entry. It gives the sections it finds, and what is wrong beside them.
func splitSchemaFile(name string, data []byte) ([]*section, error) {
	if len(data) > maxSchemaFile {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, maxSchemaFile)
	}
	var out []*section
	var errs []error
	kinds, seen := map[string]bool{}, map[string]bool{}
	kind := ""
	var current *section
	at := position{file: name}
	whole, end := string(data), 0
	for line := range strings.Lines(whole) {
		at.line++
		start := end
		end += len(line)
		bare := strings.TrimRight(line, " \r\n")
		text := strings.TrimLeft(bare, " ")
		depth := len(bare) - len(text)
		switch {
		case text == "" || text[0] == '#':
			// Kept within an entry: it may be part of a text.
		case depth == 0:
			current = nil
			kind, _, _ = strings.Cut(text, ":")
			rest := strings.TrimPrefix(text, kind)
			if kind != "types" && kind != "observed" && kind != "relations" {
				errs = append(errs, at.errorf("unknown key %q: types, observed or relations", kind))
			} else if rest = strings.TrimSpace(strings.TrimPrefix(rest, ":")); rest != "" && rest[0] != '#' {
				errs = append(errs, at.errorf("the entries of %s stand on lines of their own, two blanks deep", kind))
			} else if kinds[kind] {
				errs = append(errs, at.errorf("%q stands here twice", kind))
			}
			kinds[kind] = true
			continue
		case depth == 1 || depth == 2 || current == nil:
			m := sectionEntry.FindStringSubmatch(bare)
			if m == nil || kind == "" {
				errs = append(errs, at.errorf("a type's name is wanted here, two blanks deep"))
				continue
			}
			if seen[kind+" "+m[1]] {
				errs = append(errs, at.errorf("%q stands here twice", m[1]))
			}
			seen[kind+" "+m[1]] = true
			current = &section{kind: kind, typ: m[1], at: at, start: start}
			out = append(out, current)
		}
		if current != nil {
			current.text = whole[current.start:end]
		}
	}
	return out, errors.Join(errs...)
}

// parse reads the text and gives the value of its one entry.
func (s *section) parse() (*schemaParser, *yaml.Node, error) {
	p := &schemaParser{file: s.at.file}
	// The empty lines make the positions those of the file.
	text := strings.Repeat("\n", s.at.line-1) + s.text
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, nil, s.at.errorf("entry %s: %w", s.typ, err)
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, nil, s.at.errorf("not a YAML document")
	}
	entries := p.mapping(doc.Content[0])
	if err := errors.Join(p.errs...); err != nil {
		return nil, nil, err
	}
	if len(entries) != 1 || entries[0].key != s.typ {
		return nil, nil, s.at.errorf("something else than one entry for %s", s.typ)
	}
	return p, entries[0].value, nil
}

// parseType reads {description, id, tags, properties}.
func (s *section) parseType() (*Type, error) {
	p, n, err := s.parse()
	if err != nil {
		return nil, err
	}
	t := &Type{Name: s.typ, Properties: objectProperty(newObject(s.typ + ".properties"))}
	for _, f := range p.mapping(n) {
		switch f.key {
		case "description":
			t.Description, _ = p.text(f.value)
		case "id":
			t.ID = p.texts(f.value)
			t.Ref = t.ID
		case "tags":
			t.TagProperty, _ = p.text(f.value)
		case "properties":
			p.fields(t.Properties.object, f.value, 0)
		default:
			p.fail(f.at, "unknown key %q: description, id, tags or properties", f.key)
		}
	}
	if t.Description == "" || len(t.ID) == 0 {
		p.fail(s.at, "type %s needs a description and an id", s.typ)
	}
	for _, id := range t.ID {
		if f, ok := t.Properties.Field(id); !ok {
			p.fail(s.at, "type %s: its id %s is not among its properties", s.typ, id)
		} else if !f.Required {
			p.fail(s.at, "type %s: its id %s must be always there (!)", s.typ, id)
		}
	}
	if _, ok := t.Properties.Field(t.TagProperty); t.TagProperty != "" && !ok {
		p.fail(s.at, "type %s: %s, which holds its tags, is not among its properties", s.typ, t.TagProperty)
	}
	return t, errors.Join(p.errs...)
}

// parseObserved adds the facts to o, which may hold those of other files.
func (s *section) parseObserved(o *object) error {
	p, n, err := s.parse()
	if err != nil {
		return err
	}
	p.fields(o, n, 0)
	return errors.Join(p.errs...)
}

// parseRelations adds the relations to out, which may hold those of other files.
func (s *section) parseRelations(out map[string]*relationDecl) error {
	p, n, err := s.parse()
	if err != nil {
		return err
	}
	for _, e := range p.mapping(n) {
		if old, ok := out[e.key]; ok {
			p.fail(e.at, "relation %s of %s is defined already at %s", e.key, s.typ, old.at)
			continue
		}
		out[e.key] = p.relation(e)
	}
	return errors.Join(p.errs...)
}

// relationDecl is a relation as it is written.
type relationDecl struct {
	Relation
	at position
}

// schemaParser reads strictly: whatever it does not know is an error. It goes on
// after one, so that all are told at once.
type schemaParser struct {
	file string
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

// fields reads {Name: kind, …} into o. A name may end with "!", for kinds that
// are no word: "Rules!: [string]".
func (p *schemaParser) fields(o *object, n *yaml.Node, depth int) {
	for _, e := range p.mapping(n) {
		field, required := strings.CutSuffix(e.key, "!")
		if !propertyName.MatchString(field) {
			p.fail(e.at, "%q is no name for a property", field)
			continue
		}
		if _, ok := o.fields[field]; ok {
			p.fail(e.at, "%s is among the fields of %s already", field, o.name)
			continue
		}
		f := p.property(e.value, o.name+"."+field, depth+1)
		f.Required = f.Required || required
		o.fields[field] = f
	}
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
		o := newObject(name)
		p.fields(o, n, depth)
		return objectProperty(o)
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
func (p *schemaParser) relation(e entry) *relationDecl {
	r := &relationDecl{at: e.at}
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
	return r
}
