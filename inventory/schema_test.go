package inventory

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// builtIn gives the schemas that are built in.
func builtIn(t testing.TB) *SchemaSet {
	t.Helper()
	s, err := LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// builtInType gives one of their types.
func builtInType(t testing.TB, name string) *Type {
	t.Helper()
	typ, ok := builtIn(t).Type(name)
	if !ok {
		t.Fatalf("no type %s", name)
	}
	return typ
}

func TestBuiltInSchemas(t *testing.T) {
	s := builtIn(t)
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
	names := s.Names()
	if n := len(names); n < 1800 {
		t.Errorf("%d types, want more than 1,800: CloudFormation has as many", n)
	}
	for _, want := range []string{"AWS::S3::Bucket", "AWS::EC2::Instance", "Merlon::Account::Account", "Merlon::Account::Region"} {
		if _, ok := s.Type(want); !ok {
			t.Errorf("no type %s", want)
		}
	}
	if _, ok := s.Type("AWS::S3::Bukket"); ok {
		t.Error("a type that does not exist was found")
	}
	if want := "@aws-cdk/aws-service-spec "; !strings.HasPrefix(s.Version(), want) {
		t.Errorf("version %q, want %q and a number", s.Version(), want)
	}
	for _, name := range names {
		typ, ok := s.Type(name)
		if !ok {
			t.Errorf("no type %s, though it is listed", name)
			continue
		}
		seen := map[string]bool{}
		checkProperty(t, name+".properties", typ.Properties, seen)
		checkProperty(t, name+".observed", typ.Observed, seen)
		if typ.TagProperty != "" {
			if _, ok := typ.Properties.Field(typ.TagProperty); !ok {
				t.Errorf("%s: tag property %s does not exist", name, typ.TagProperty)
			}
		}
	}
}

// checkProperty holds every property that can be reached to what the kinds promise.
func checkProperty(t *testing.T, path string, p *Property, seen map[string]bool) {
	t.Helper()
	if p.Kind < String || p.Kind > Object {
		t.Errorf("%s: %v", path, p.Kind)
	}
	if (p.Elem != nil) != (p.Kind == List || p.Kind == Map) {
		t.Errorf("%s is of kind %s with elements of %v", path, p.Kind, p.Elem)
	}
	if (p.ObjectName() != "") != (p.Kind == Object) {
		t.Errorf("%s is of kind %s and named %q", path, p.Kind, p.ObjectName())
	}
	if p.Elem != nil {
		checkProperty(t, path+"[]", p.Elem, seen)
	}
	if p.Kind == Object && !seen[p.ObjectName()] {
		seen[p.ObjectName()] = true
		for name, f := range p.Fields() {
			checkProperty(t, path+"."+name, f, seen)
		}
	}
}

// What controls ask an account for.
func TestAccountRelations(t *testing.T) {
	account := builtInType(t, "Merlon::Account::Account")
	for _, want := range []string{"trails", "detectors", "configRecorders", "analyzers", "hubs", "passwordPolicy", "credentialReport",
		"publicAccessBlock", "alarms", "metricFilters", "users", "roles", "alternateContacts", "contactInformation", "regions"} {
		r, ok := account.Relations[want]
		if !ok {
			t.Errorf("an account has no %s", want)
			continue
		}
		if r.Within != ScopeAccount || !r.Many {
			t.Errorf("%s: within %q, many %v", want, r.Within, r.Many)
		}
	}
}

func TestSchemasConcurrently(t *testing.T) {
	s := builtIn(t)
	names := s.Names()
	types := make([][]*Type, 4)
	var wg sync.WaitGroup
	for i := range types {
		wg.Go(func() {
			for _, n := range names[:200] {
				typ, _ := s.Type(n)
				types[i] = append(types[i], typ)
			}
		})
	}
	wg.Wait()
	for i := range types {
		for j := range types[i] {
			if types[i][j] == nil || types[i][j] != types[0][j] {
				t.Fatalf("%s: not one type for all", names[j])
			}
		}
	}
}

// small is a folder with a few types in place of CloudFormation's.
func small(files map[string]string) fstest.MapFS {
	dir := fstest.MapFS{cloudFormationFile: {Data: pack("=AWS::A::B\n#Name\nName !s\nItems [&Item\n@Item\nId s\nSize i\nMore &Item\n", "AWS::A::B")}}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return dir
}

// pack writes an archive of one member.
func pack(text string, types ...string) []byte {
	member := zip(text)
	return append(zip(fmt.Sprintf("test 1\n%d %s\n", len(member), strings.Join(types, " "))), member...)
}

func zip(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.Bytes()
}

const rightSchema = `# a comment
types:
  Merlon::A::C:
    description: A thing.
    id: [Id]
    tags: Tags
    properties:
      Id: string!
      Of: string   # the B's name
      Tags: [{Key: string, Value: string}]
      Rules!: [{Port: integer, Deep: {"*": {N: number}}}]
      Map: map[string]

observed:
  AWS::A::B: {Seen: timestamp, Any: json, On: boolean!, "Labels": "map[string]"}
  Merlon::A::C:
    Peers: [string]
relations:
  Merlon::A::C:
    b: {to: AWS::A::B, by: Of, match: "b-*", anywhere: true}
    peers: {to: AWS::A::B, by: observed.Peers}
  AWS::A::B:
    cs: {from: Merlon::A::C, relation: b}
    items: {to: AWS::A::B, by: Items.More.Id}
    all: {within: region, type: Merlon::A::C}
`

func TestSchemaFile(t *testing.T) {
	s, err := loadSchemas(small(map[string]string{"a.yaml": rightSchema}))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(); err != nil {
		t.Fatal(err)
	}
	c, ok := s.Type("Merlon::A::C")
	if !ok {
		t.Fatal("no type Merlon::A::C")
	}
	if c.Description != "A thing." || !cmp.Equal(c.ID, []string{"Id"}) || c.TagProperty != "Tags" || !c.Own() {
		t.Errorf("type %+v", c)
	}
	kinds := map[string]string{}
	for _, path := range []string{"properties.Id", "properties.Of", "properties.Tags", "properties.Rules", "properties.Rules.Port",
		"properties.Rules.Deep.any.N", "properties.Map", "properties.Map.key", "observed.Peers"} {
		p, ok := c.Lookup(path)
		if !ok {
			t.Errorf("no %s", path)
			continue
		}
		kinds[path] = p.Kind.String()
		if p.Required {
			kinds[path] += "!"
		}
	}
	want := map[string]string{"properties.Id": "string!", "properties.Of": "string", "properties.Tags": "list", "properties.Rules": "list!",
		"properties.Rules.Port": "integer", "properties.Rules.Deep.any.N": "number", "properties.Map": "map", "properties.Map.key": "string", "observed.Peers": "list"}
	if d := cmp.Diff(want, kinds); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]*Relation{
		"b":     {Name: "b", Target: "AWS::A::B", By: []string{"Of"}, Match: "b-*", Anywhere: true},
		"peers": {Name: "peers", Target: "AWS::A::B", By: []string{"observed", "Peers"}, Many: true},
	}, c.Relations); d != "" {
		t.Error(d)
	}
	b, _ := s.Type("AWS::A::B")
	if d := cmp.Diff(map[string]*Relation{
		"cs":    {Name: "cs", Target: "Merlon::A::C", Inverse: "b", Many: true, Anywhere: true},
		"items": {Name: "items", Target: "AWS::A::B", By: []string{"Items", "More", "Id"}, Many: true},
		"all":   {Name: "all", Target: "Merlon::A::C", Within: ScopeRegion, Many: true},
	}, b.Relations); d != "" {
		t.Error(d)
	}
	if on, ok := b.Observed.Field("On"); !ok || !on.Required || on.Kind != Boolean {
		t.Errorf("observed On: %+v", on)
	}
}

// Files add to one type without knowing of each other.
func TestSchemaFilesTogether(t *testing.T) {
	s, err := loadSchemas(small(map[string]string{
		"a.yaml": rightSchema,
		"b.yaml": "observed:\n  AWS::A::B: {More: string}\nrelations:\n  AWS::A::B:\n    others: {within: account, type: AWS::A::B}\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	b, ok := s.Type("AWS::A::B")
	if !ok {
		t.Fatal("no type AWS::A::B")
	}
	for _, path := range []string{"observed.Seen", "observed.More"} {
		if _, ok := b.Lookup(path); !ok {
			t.Errorf("no %s", path)
		}
	}
	if len(b.Relations) != 4 {
		t.Errorf("relations %v, want those of both files", b.Relations)
	}
}

func TestSchemaFileErrors(t *testing.T) {
	own := func(s string) string {
		return "types:\n  Merlon::A::D:\n    description: x\n    id: [Id]\n    properties:\n      Id: string!\n" + s
	}
	tests := []struct{ name, text, want string }{
		{"unknown part", "kinds:\n  AWS::A::B: {}\n", `a.yaml:1: unknown key "kinds"`},
		{"part twice", "observed:\n  AWS::A::B: {X: string}\nobserved:\n  AWS::A::B: {Y: string}\n", `a.yaml:3: "observed" stands here twice`},
		{"flow at the top", "observed: {AWS::A::B: {X: string}}\n", "a.yaml:1: the entries of observed stand on lines of their own"},
		{"document mark", "---\nobserved:\n  AWS::A::B: {X: string}\n", `a.yaml:1: unknown key "---"`},
		{"one blank", "observed:\n AWS::A::B: {X: string}\n", "a.yaml:2: a type's name is wanted here"},
		{"four blanks", "observed:\n    AWS::A::B: {X: string}\n", "a.yaml:2: a type's name is wanted here"},
		{"type twice", "observed:\n  AWS::A::B: {X: string}\n  AWS::A::B: {Y: string}\n", `a.yaml:3: "AWS::A::B" stands here twice`},
		{"not YAML", "observed:\n  AWS::A::B: {X: string\n", "a.yaml:2: entry AWS::A::B: yaml: "},
		{"observed of no type", "observed:\n  AWS::A::Bee: {X: string}\n", "a.yaml:2: there is no type AWS::A::Bee; did you mean AWS::A::B?"},
		{"relations of no type", "relations:\n  AWS::A::Bee:\n    x: {within: region, type: AWS::A::B}\n", "a.yaml:2: there is no type AWS::A::Bee"},
		{"own type of AWS", "types:\n  AWS::A::D:\n    description: x\n", "a.yaml:2: \"AWS::A::D\" is no name"},
		{"own type, unknown key", own("    name: x\n"), `a.yaml:7: unknown key "name"`},
		{"own type, no description", "types:\n  Merlon::A::D:\n    id: [Id]\n    properties: {Id: string!}\n", "a.yaml:2: type Merlon::A::D needs a description"},
		{"own type, no id", "types:\n  Merlon::A::D:\n    description: x\n    properties: {Id: string!}\n", "a.yaml:2: type Merlon::A::D needs a description and an id"},
		{"id is no property", "types:\n  Merlon::A::D:\n    description: x\n    id: [No]\n    properties: {Id: string!}\n", "its id No is not among its properties"},
		{"id may be absent", "types:\n  Merlon::A::D:\n    description: x\n    id: [Id]\n    properties: {Id: string}\n", "its id Id must be always there"},
		{"tags are no property", own("    tags: Tags\n"), "Tags, which holds its tags, is not among its properties"},
		{"unknown kind", "observed:\n  AWS::A::B:\n    X: strnig\n", `a.yaml:3: unknown kind "strnig"`},
		{"unknown kind in a map", "observed:\n  AWS::A::B:\n    X: map[text]\n", `a.yaml:3: unknown kind "map[text]"`},
		{"number for a kind", "observed:\n  AWS::A::B:\n    X: 5\n", "a.yaml:3: text is wanted here"},
		{"nothing for a kind", "observed:\n  AWS::A::B:\n    X:\n", "a.yaml:3: text is wanted here"},
		{"list of two", "observed:\n  AWS::A::B:\n    X: [string, string]\n", "a.yaml:3: a list is written [kind]"},
		{"field twice", "observed:\n  AWS::A::B:\n    X: string\n    X: string\n", `a.yaml:4: "X" stands here twice`},
		{"field twice, once always there", "observed:\n  AWS::A::B:\n    X: string\n    X!: string\n", "a.yaml:4: X is among the fields of AWS::A::B.observed already"},
		{"field with a dot", "observed:\n  AWS::A::B:\n    X.Y: string\n", `a.yaml:3: "X.Y" is no name for a property`},
		{"anchor", "observed:\n  AWS::A::B:\n    X: &x {A: string}\n    Y: string\n", "a.yaml:3: a mapping is wanted here"},
		{"alias", "observed:\n  AWS::A::B:\n    X: &x string\n    Y: *x\n", "a.yaml:4: text is wanted here"},
		{"merge", "observed:\n  AWS::A::B:\n    X: {<<: {A: string}}\n", "is wanted here"},
		{"too deep", "observed:\n  AWS::A::B:\n    X: " + strings.Repeat("[", 40) + "string" + strings.Repeat("]", 40) + "\n", "a.yaml:3: nested deeper than 16"},
		{"relation name", "relations:\n  AWS::A::B:\n    Bees: {within: region, type: AWS::A::B}\n", `a.yaml:3: "Bees" is no name for a relation`},
		{"relation key", "relations:\n  AWS::A::B:\n    x: {to: AWS::A::B, via: Name}\n", `a.yaml:3: unknown key "via"`},
		{"relation of two forms", "relations:\n  AWS::A::B:\n    x: {to: AWS::A::B, by: Name, within: region}\n", "a.yaml:3: relation x needs to and by"},
		{"half a relation", "relations:\n  AWS::A::B:\n    x: {to: AWS::A::B}\n", "a.yaml:3: relation x needs to and by"},
		{"relation twice", "relations:\n  AWS::A::B:\n    x: {to: AWS::A::B, by: Name}\n    x: {to: AWS::A::B, by: Name}\n", `a.yaml:4: "x" stands here twice`},
		{"target", "relations:\n  AWS::A::B:\n    x: {to: AWS::A::Bee, by: Name}\n", "a.yaml:3: there is no type AWS::A::Bee; did you mean AWS::A::B?"},
		{"path", "relations:\n  AWS::A::B:\n    x: {to: AWS::A::B, by: Items.Idd}\n", "a.yaml:3: relation x of AWS::A::B: there is no properties.Items.Idd; did you mean properties.Items.Id?"},
		{"observed path", "relations:\n  AWS::A::B:\n    x: {to: AWS::A::B, by: observed.No}\n", "a.yaml:3: relation x of AWS::A::B: there is no observed.No"},
		{"empty path", "relations:\n  AWS::A::B:\n    x: {to: AWS::A::B, by: observed}\n", "observed is of kind object"},
		{"path to a number", "relations:\n  AWS::A::B:\n    x: {to: AWS::A::B, by: Items.Size}\n", "properties.Items.Size is of kind integer, not the id"},
		{"path to an object", "relations:\n  AWS::A::B:\n    x: {to: AWS::A::B, by: Items}\n", "properties.Items is of kind object"},
		{"no such inverse", "relations:\n  AWS::A::B:\n    up: {to: AWS::A::B, by: Name}\n    x: {from: AWS::A::B, relation: upp}\n", "a.yaml:4: AWS::A::B has no relation upp; did you mean up?"},
		{"inverse of an inverse", "relations:\n  AWS::A::B:\n    up: {to: AWS::A::B, by: Name}\n    x: {from: AWS::A::B, relation: up}\n    y: {from: AWS::A::B, relation: x}\n", "relation x of AWS::A::B does not lead to AWS::A::B by a property"},
		{"scope", "relations:\n  AWS::A::B:\n    x: {within: world, type: AWS::A::B}\n", `a.yaml:3: within is account or region, not "world"`},
		{"anywhere of a scope", "relations:\n  AWS::A::B:\n    x: {within: region, type: AWS::A::B, anywhere: true}\n", "a.yaml:3: match and anywhere are for a relation by a property"},
		{"anywhere is false", "relations:\n  AWS::A::B:\n    x: {to: AWS::A::B, by: Name, anywhere: false}\n", "a.yaml:3: anywhere is true or left out"},
		{"too large", "# " + strings.Repeat("x", maxSchemaFile), "a.yaml: larger than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := loadAndVerify(map[string]string{"a.yaml": tt.text}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	t.Run("two files", func(t *testing.T) {
		one := own("") + "observed:\n  AWS::A::B: {X: string}\nrelations:\n  AWS::A::B:\n    x: {to: AWS::A::B, by: Name}\n"
		err := loadAndVerify(map[string]string{"a.yaml": one, "b.yaml": own("")})
		if want := "b.yaml:2: type Merlon::A::D is defined already at a.yaml:2"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		_, rest, _ := strings.Cut(one, "observed:")
		err = loadAndVerify(map[string]string{"a.yaml": one, "b.yaml": "observed:" + rest})
		if want := "b.yaml:2: X is among the fields of AWS::A::B.observed already"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		_, rest, _ = strings.Cut(one, "relations:")
		err = loadAndVerify(map[string]string{"a.yaml": one, "b.yaml": "relations:" + rest})
		if want := "b.yaml:3: relation x of AWS::A::B is defined already at a.yaml:11"; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	})
}

func loadAndVerify(files map[string]string) error {
	s, err := loadSchemas(small(files))
	if err != nil {
		return err
	}
	return s.Verify()
}

// FuzzSchemaFile holds the reader to its word: no panic, and a file that
// verifies can be asked for every type that it names.
func FuzzSchemaFile(f *testing.F) {
	f.Add(rightSchema)
	f.Add("observed:\n  AWS::A::B: {X: &x [string], Y: *x}\n")
	f.Add("types:\n  Merlon::A::D:\n    description: >-\n      a\n\n      b\n    id: [Id]\n    properties: {Id: string!, \"Map!\": {\"*\": [json]}}\n")
	f.Add("relations:\n  AWS::A::B:\n    x: {to: AWS::A::B, by: \"observed..\", match: \"!*\"}\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := loadSchemas(small(map[string]string{"a.yaml": text}))
		if err != nil {
			return
		}
		if s.Verify() != nil {
			return
		}
		for _, name := range s.Names() {
			typ, ok := s.Type(name)
			if !ok {
				t.Fatalf("%s verifies and is not there", name)
			}
			for _, r := range typ.Relations {
				r.Leads(text)
				if _, ok := s.Type(r.Target); !ok {
					t.Fatalf("%s: relation %s leads to %s, which is not there", name, r.Name, r.Target)
				}
			}
			typ.Closest(text)
			typ.Check(map[string]any{"properties": map[string]any{}, "observed": map[string]any{text: text}})
		}
	})
}

func BenchmarkLoadSchemas(b *testing.B) {
	for b.Loop() {
		builtIn(b)
	}
}

// BenchmarkFirstType is what the first type costs a program that has just begun.
func BenchmarkFirstType(b *testing.B) {
	for b.Loop() {
		builtInType(b, "AWS::EC2::Instance")
	}
}
