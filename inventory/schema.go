package inventory

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync"
)

//go:generate go run ./internal/generate/schema $AWS_SERVICE_SPEC/db.json.gz schema/cloudformation.txt.gz

//go:embed schema/cloudformation.txt.gz schema/*.yaml
var embedded embed.FS

// cloudFormationFile holds the CloudFormation types; every other file of the
// folder that ends in .yaml holds types, facts and relations of our own.
const cloudFormationFile = "cloudformation.txt.gz"

// SchemaSet says what every resource type looks like: the CloudFormation types
// and those of Merlon's own, with what is observed of them and how they relate.
// It is safe for concurrent use. Types are decoded when they are first asked for.
type SchemaSet struct {
	cloudFormation *archive
	own            map[string]*ownType
	observed       map[string]*observedDecl
	relations      map[string]map[string]*relationDecl
	names          []string // sorted

	mu    sync.Mutex
	types map[string]*Type
}

// LoadSchemas reads the schemas that are built in: the index of the
// CloudFormation types, and the files schema/*.yaml whole. It checks that every
// type and every relation these files name exists; [SchemaSet.Verify] checks the
// paths as well. An error names file and line.
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
		own:            map[string]*ownType{},
		observed:       map[string]*observedDecl{},
		relations:      map[string]map[string]*relationDecl{},
		types:          map[string]*Type{},
	}
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, e := range entries {
		if e.IsDir() || path.Ext(e.Name()) != ".yaml" {
			continue
		}
		data, err := fs.ReadFile(dir, e.Name())
		if err != nil {
			return nil, err
		}
		f, err := parseSchemaFile(e.Name(), data)
		if err == nil {
			err = s.merge(f)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	s.names = slices.AppendSeq(slices.Collect(maps.Keys(s.own)), maps.Keys(cfn.member))
	slices.Sort(s.names)
	if err := s.checkNames(); err != nil {
		return nil, err
	}
	return s, nil
}

// merge adds one file. Several files may speak of one type as long as what they
// say does not overlap: a service's file adds its relations to the account.
func (s *SchemaSet) merge(f *schemaFile) error {
	var errs []error
	for _, t := range f.types {
		if old, ok := s.own[t.name]; ok {
			errs = append(errs, t.at.errorf("type %s is defined already at %s", t.name, old.at))
			continue
		}
		s.own[t.name] = t
	}
	for _, o := range f.observed {
		into, ok := s.observed[o.typ]
		if !ok {
			s.observed[o.typ] = o
			continue
		}
		for name, p := range o.object.fields {
			if _, ok := into.object.fields[name]; ok {
				errs = append(errs, o.at.errorf("%s of %s is observed already at %s", name, o.typ, into.at))
				continue
			}
			into.object.fields[name] = p
		}
	}
	for _, r := range f.relations {
		into, ok := s.relations[r.typ]
		if !ok {
			into = map[string]*relationDecl{}
			s.relations[r.typ] = into
		}
		if old, ok := into[r.Name]; ok {
			errs = append(errs, r.at.errorf("relation %s of %s is defined already at %s", r.Name, r.typ, old.at))
			continue
		}
		into[r.Name] = r
	}
	return errors.Join(errs...)
}

// exists reports whether there is a type of that name, without decoding it.
func (s *SchemaSet) exists(name string) bool {
	if _, ok := s.own[name]; ok {
		return true
	}
	_, ok := s.cloudFormation.member[name]
	return ok
}

// checkNames checks that what the files name exists, which needs no decoding.
func (s *SchemaSet) checkNames() error {
	var errs []error
	must := func(at position, name string) bool {
		if s.exists(name) {
			return true
		}
		errs = append(errs, at.errorf("there is no type %s%s", name, didYouMean(s.ClosestType(name))))
		return false
	}
	for _, name := range slices.Sorted(maps.Keys(s.observed)) {
		must(s.observed[name].at, name)
	}
	for _, name := range slices.Sorted(maps.Keys(s.relations)) {
		for _, rel := range slices.Sorted(maps.Keys(s.relations[name])) {
			r := s.relations[name][rel]
			if !must(r.at, name) || !must(r.at, r.Target) || r.Inverse == "" {
				continue
			}
			other, ok := s.relations[r.Target][r.Inverse]
			switch {
			case !ok:
				errs = append(errs, r.at.errorf("%s has no relation %s", r.Target, r.Inverse))
			case len(other.By) == 0 || other.Target != name:
				errs = append(errs, r.at.errorf("relation %s of %s does not lead to %s by a property", r.Inverse, r.Target, name))
			}
		}
	}
	return errors.Join(errs...)
}

// Names lists all types in alphabetical order.
func (s *SchemaSet) Names() []string { return slices.Clone(s.names) }

// Version names the source of the CloudFormation types and its version.
func (s *SchemaSet) Version() string { return s.cloudFormation.version }

// Type gives a type by its name, "AWS::S3::Bucket"; false when there is none.
// What it returns is shared and must not be changed.
func (s *SchemaSet) Type(name string) (*Type, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.types[name]; ok {
		return t, true
	}
	// A path that does not exist leaves the type usable; Verify reports it, and a
	// test verifies what is built in.
	t, _ := s.build(name)
	if t == nil {
		return nil, false
	}
	s.types[name] = t
	return t, true
}

// Verify decodes every type and checks all that LoadSchemas leaves open: the
// paths of relations and that what names a property names one that is there.
func (s *SchemaSet) Verify() error {
	var errs []error
	for _, name := range s.names {
		s.mu.Lock()
		_, err := s.build(name)
		s.mu.Unlock()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// build decodes a type. It gives the type and an error where only a relation is
// wrong. The caller holds s.mu.
func (s *SchemaSet) build(name string) (*Type, error) {
	var t *Type
	if own, ok := s.own[name]; ok {
		t = own.newType()
	} else if s.exists(name) {
		var err error
		if t, err = s.cloudFormation.decode(name); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", cloudFormationFile, name, err)
		}
	} else {
		return nil, fmt.Errorf("there is no type %s", name)
	}
	t.Observed = objectProperty(newObject(name + ".observed"))
	if o, ok := s.observed[name]; ok {
		t.Observed = objectProperty(o.object)
	}
	t.Relations = make(map[string]*Relation, len(s.relations[name]))
	var errs []error
	for rel, d := range s.relations[name] {
		r := d.Relation
		if len(r.By) > 0 {
			many, err := t.follow(r.By)
			if err != nil {
				errs = append(errs, d.at.errorf("relation %s of %s: %w", rel, name, err))
			}
			r.Many = many
		} else if r.Inverse != "" {
			r.Anywhere = s.relations[r.Target][r.Inverse].Anywhere
		}
		t.Relations[rel] = &r
	}
	return t, errors.Join(errs...)
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
