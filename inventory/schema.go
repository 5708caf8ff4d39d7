package inventory

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

//go:generate go run ./internal/generate/schema $AWS_SERVICE_SPEC/db.json.gz schema/cloudformation.txt.gz

//go:embed schema/cloudformation.txt.gz schema/*.yaml
var embedded embed.FS

// cloudFormationFile holds the CloudFormation types; the files *.yaml beside it
// hold types, facts and relations of our own.
const cloudFormationFile = "cloudformation.txt.gz"

// SchemaSet says what every resource type looks like: the CloudFormation types
// and those of Merlon's own, with what is observed of them and how they relate.
// It is safe for concurrent use. A type is read when it is first asked for.
type SchemaSet struct {
	cloudFormation *archive
	declared       map[string]*declarations // by type
	names          []string                 // sorted

	mu        sync.Mutex
	types     map[string]*Type
	relations map[string]map[string]*relationDecl
}

// declarations are what the files schema/*.yaml say of one type.
type declarations struct {
	own       *section // of a type of our own
	observed  []*section
	relations []*section
}

// LoadSchemas opens the schemas that are built in. It reads which types there
// are and which the files speak of, and no more; [SchemaSet.Verify] reads all of
// it, and a test does so for what is built in. An error names file and line.
func LoadSchemas() (*SchemaSet, error) {
	dir, err := fs.Sub(embedded, "schema")
	if err != nil {
		return nil, fmt.Errorf("read schemas: %w", err)
	}
	s, err := loadSchemas(dir)
	if err != nil {
		return nil, fmt.Errorf("read schemas: %w", err)
	}
	return s, nil
}

func loadSchemas(dir fs.FS) (*SchemaSet, error) {
	data, err := fs.ReadFile(dir, cloudFormationFile)
	if err != nil {
		return nil, err
	}
	cfn, err := openArchive(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cloudFormationFile, err)
	}
	s := &SchemaSet{
		cloudFormation: cfn,
		declared:       map[string]*declarations{},
		types:          map[string]*Type{},
		relations:      map[string]map[string]*relationDecl{},
	}
	files, err := fs.Glob(dir, "*.yaml")
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, name := range files {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		sections, err := splitSchemaFile(name, data)
		errs = append(errs, err)
		for _, sec := range sections {
			errs = append(errs, s.declare(sec))
		}
	}
	s.names = slices.Collect(maps.Keys(cfn.member))
	for name, d := range s.declared {
		if d.own != nil {
			s.names = append(s.names, name)
		}
	}
	slices.Sort(s.names)
	for _, name := range slices.Sorted(maps.Keys(s.declared)) {
		d := s.declared[name]
		for _, sec := range slices.Concat(d.observed, d.relations) {
			errs = append(errs, s.mustExist(sec.at, name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// declare files a section under its type. Several files may speak of one type:
// a service's file adds its relations to the account.
func (s *SchemaSet) declare(sec *section) error {
	d, ok := s.declared[sec.typ]
	if !ok {
		d = new(declarations)
		s.declared[sec.typ] = d
	}
	switch sec.kind {
	case "observed":
		d.observed = append(d.observed, sec)
	case "relations":
		d.relations = append(d.relations, sec)
	default:
		if d.own != nil {
			return sec.at.errorf("type %s is defined already at %s", sec.typ, d.own.at)
		}
		if !ownTypeName.MatchString(sec.typ) {
			return sec.at.errorf("%q is no name for a type of our own: Merlon::Service::Name", sec.typ)
		}
		d.own = sec
	}
	return nil
}

// exists reports whether there is a type of that name, without reading it.
func (s *SchemaSet) exists(name string) bool {
	if d, ok := s.declared[name]; ok && d.own != nil {
		return true
	}
	_, ok := s.cloudFormation.member[name]
	return ok
}

func (s *SchemaSet) mustExist(at position, name string) error {
	if s.exists(name) {
		return nil
	}
	return at.errorf("there is no type %s%s", name, didYouMean(s.ClosestType(name)))
}

// Names lists all types in alphabetical order.
func (s *SchemaSet) Names() []string { return slices.Clone(s.names) }

// Version names the source of the CloudFormation types and its version.
func (s *SchemaSet) Version() string { return s.cloudFormation.version }

// Type gives a type by its name, "AWS::S3::Bucket"; false when there is none, or
// when what is written of it is wrong, which Verify would say.
// What it returns is shared and must not be changed.
func (s *SchemaSet) Type(name string) (*Type, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.types[name]; ok {
		return t, true
	}
	t, err := s.build(name)
	if err != nil {
		return nil, false
	}
	s.types[name] = t
	return t, true
}

// Verify reads every type and everything the files say of it. Its error holds
// all that is wrong, each with file and line.
func (s *SchemaSet) Verify() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, name := range s.names {
		_, err := s.build(name)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// build reads a type. The caller holds s.mu.
func (s *SchemaSet) build(name string) (*Type, error) {
	d := s.declared[name]
	if d == nil {
		d = new(declarations)
	}
	var t *Type
	var err error
	switch {
	case d.own != nil:
		t, err = d.own.parseType()
	case s.exists(name):
		t, err = s.cloudFormation.decode(name)
	default:
		err = fmt.Errorf("there is no type %s", name)
	}
	if err != nil {
		return nil, err
	}
	observed := newObject(name + ".observed")
	for _, sec := range d.observed {
		if err := sec.parseObserved(observed); err != nil {
			return nil, err
		}
	}
	t.Observed = objectProperty(observed)

	decls, err := s.relationsOf(name)
	if err != nil {
		return nil, err
	}
	t.Relations = make(map[string]*Relation, len(decls))
	var errs []error
	for _, rel := range slices.Sorted(maps.Keys(decls)) {
		r, err := s.relate(t, decls[rel])
		errs = append(errs, err)
		t.Relations[rel] = r
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return t, nil
}

// relationsOf reads the relations of a type as they are written. The caller
// holds s.mu.
func (s *SchemaSet) relationsOf(name string) (map[string]*relationDecl, error) {
	if r, ok := s.relations[name]; ok {
		return r, nil
	}
	out := map[string]*relationDecl{}
	if d, ok := s.declared[name]; ok {
		for _, sec := range d.relations {
			if err := sec.parseRelations(out); err != nil {
				return nil, err
			}
		}
	}
	s.relations[name] = out
	return out, nil
}

// relate completes a relation of t and checks what it names.
func (s *SchemaSet) relate(t *Type, d *relationDecl) (*Relation, error) {
	r := d.Relation
	if err := s.mustExist(d.at, r.Target); err != nil {
		return nil, err
	}
	switch {
	case r.By != nil:
		many, err := t.follow(r.By)
		if err != nil {
			return nil, d.at.errorf("relation %s of %s: %w", r.Name, t.Name, err)
		}
		r.Many = many
	case r.Inverse != "":
		others, err := s.relationsOf(r.Target)
		if err != nil {
			return nil, err
		}
		other, ok := others[r.Inverse]
		if !ok {
			near := closest(r.Inverse, slices.Collect(maps.Keys(others)))
			return nil, d.at.errorf("%s has no relation %s%s", r.Target, r.Inverse, didYouMean(near))
		}
		if other.By == nil || other.Target != t.Name {
			return nil, d.at.errorf("relation %s of %s does not lead to %s by a property", r.Inverse, r.Target, t.Name)
		}
		r.Anywhere = other.Anywhere
	}
	return &r, nil
}

// follow walks the path of a relation and tells whether it leads to several
// values. It must end in text.
func (t *Type) follow(by []string) (many bool, err error) {
	at, full := t.Properties, "properties"
	if by[0] == "observed" {
		at, full, by = t.Observed, "observed", by[1:]
	}
	for _, name := range by {
		at, many = at.element(many)
		if at.Kind == JSON {
			return many, nil
		}
		full += "." + name
		next, ok := at.Field(name)
		if !ok {
			return many, fmt.Errorf("there is no %s%s", full, didYouMean(t.Closest(full)))
		}
		at = next
	}
	at, many = at.element(many)
	if at.Kind != String && at.Kind != JSON {
		return many, fmt.Errorf("%s is of kind %s, not the id, ARN or name of a resource", full, at.Kind)
	}
	return many, nil
}

// element goes down to what a list holds.
func (p *Property) element(many bool) (*Property, bool) {
	for p.Kind == List {
		p, many = p.Elem, true
	}
	return p, many
}

func didYouMean(s string) string {
	if s == "" {
		return ""
	}
	return "; did you mean " + s + "?"
}
