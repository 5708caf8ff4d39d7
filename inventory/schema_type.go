package inventory

import (
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// PropertyKind is what a property holds, in terms of JSON.
type PropertyKind int

// The kinds. The zero PropertyKind is none of them.
const (
	String    PropertyKind = iota + 1
	Integer                // a JSON number without a fraction
	Number                 // any JSON number
	Boolean                // true or false
	Timestamp              // a string in the form of RFC 3339
	JSON                   // anything, null included
	List                   // of Property.Elem
	Map                    // from any string to Property.Elem
	Object                 // of Property.Fields
)

var kindWords = [...]string{String: "string", Integer: "integer", Number: "number", Boolean: "boolean",
	Timestamp: "timestamp", JSON: "json", List: "list", Map: "map", Object: "object"}

// String is the word for the kind, as schema files write it.
func (k PropertyKind) String() string {
	if k < String || int(k) >= len(kindWords) {
		return "kind " + strconv.Itoa(int(k))
	}
	return kindWords[k]
}

// Type is the schema of one resource type. It is read-only.
type Type struct {
	// Name is the CloudFormation type name or begins with "Merlon::".
	Name string
	// Description is a sentence; empty for CloudFormation types.
	Description string
	// ID names the properties that together identify the resource within account
	// and region; empty for a few old types.
	ID []string
	// Ref names the properties that Ref returns in a template: ID where
	// CloudFormation does not say otherwise.
	Ref []string
	// ARN is a pattern such as "arn:${Partition}:s3:::${BucketName}", its words
	// those of the service authorization reference; empty where none is known.
	ARN string
	// TagProperty is the property that holds the tags; empty where a resource of
	// the type cannot be tagged.
	TagProperty string
	// Properties and Observed are objects, never nil.
	Properties, Observed *Property
	// Relations are the type's relations by name; never nil.
	Relations map[string]*Relation
}

// Own reports whether the type is one of Merlon's own.
func (t *Type) Own() bool { return strings.HasPrefix(t.Name, ownPrefix) }

// Property is the schema of a value. Properties of recursive types lead back to
// themselves: do not walk or print them without an end in mind.
type Property struct {
	Kind PropertyKind
	// Required says that a template must set it; in types of Merlon's own and
	// under Observed, that it is always there.
	Required bool
	// ReadOnly marks what a template cannot set: attributes such as Arn.
	ReadOnly bool
	// Elem is what a List or Map holds; nil for other kinds.
	Elem *Property

	object *object
}

// object is the fields of an Object property, shared by all that refer to it.
type object struct {
	name   string
	fields map[string]*Property
}

func newObject(name string) *object {
	return &object{name: name, fields: map[string]*Property{}}
}

func objectProperty(o *object) *Property { return &Property{Kind: Object, object: o} }

// Field gives a field of an Object; false where there is none, and for every
// other kind.
func (p *Property) Field(name string) (*Property, bool) {
	if p.object == nil {
		return nil, false
	}
	f, ok := p.object.fields[name]
	return f, ok
}

// Fields lists the fields of an Object in alphabetical order; nothing for other kinds.
func (p *Property) Fields() iter.Seq2[string, *Property] {
	return func(yield func(string, *Property) bool) {
		if p.object == nil {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(p.object.fields)) {
			if !yield(name, p.object.fields[name]) {
				return
			}
		}
	}
}

// ObjectName names the definition of an Object: two properties with the same
// name have the same fields. "AWS::S3::Bucket.properties" is the whole of a
// type's properties, "AWS::S3::Bucket.BucketEncryption" a definition within it.
// It is empty for other kinds.
func (p *Property) ObjectName() string {
	if p.object == nil {
		return ""
	}
	return p.object.name
}

// Lookup follows a path with dots from the document: "properties.Tags.Key". It
// goes through lists as if they were not there; after a map the next part is a
// key, whatever it is; below a JSON value everything is JSON.
func (t *Type) Lookup(path string) (*Property, bool) {
	parts := strings.Split(path, ".")
	var at *Property
	switch parts[0] {
	case "properties":
		at = t.Properties
	case "observed":
		at = t.Observed
	default:
		return nil, false
	}
	for _, name := range parts[1:] {
		at, _ = at.element(false)
		switch at.Kind {
		case JSON:
			return at, true
		case Map:
			at = at.Elem
		default:
			next, ok := at.Field(name)
			if !ok {
				return nil, false
			}
			at = next
		}
	}
	return at, true
}

// Scope is how far a relation to everything of a type goes.
type Scope string

// The scopes of [Relation.Within].
const (
	ScopeNone    Scope = ""        // the relation is of another form
	ScopeAccount Scope = "account" // all regions of the resource's account
	ScopeRegion  Scope = "region"  // the resource's account and region
)

// Relation leads from a resource to others of one type. It is of one of three
// forms: By, Inverse or Within is set.
type Relation struct {
	Name string
	// Target is the type of the resources it leads to.
	Target string
	// By is the path to a value that is the other's id, ARN or name: names within
	// the properties, or "observed" and names within that. It goes through lists
	// without a word.
	By []string
	// Match is a pattern of what leads to the Target, where By may also hold what
	// leads elsewhere or nowhere: "igw-*", or "!*alias/*" for what does not match.
	// Empty for every value; see Leads.
	Match string
	// Inverse is a relation of Target, of the By form; this one leads back to all
	// whose Inverse leads here.
	Inverse string
	// Within makes this a relation to everything of the type Target that is there.
	Within Scope
	// Many is false where the path can lead to one value at most.
	Many bool
	// Anywhere widens where an id or a name is looked for from the resource's own
	// account, in its region and in the global one, to all accounts and regions. An
	// ARN is always looked for where it says. An inverse has its relation's.
	Anywhere bool
}

// Leads reports whether a value found at By can be that of a Target.
func (r *Relation) Leads(value string) bool {
	if r.Match == "" {
		return true
	}
	pattern, not := strings.CutPrefix(r.Match, "!")
	return matches(pattern, value) != not
}

// matches holds a value against a pattern in which * stands for any text.
func matches(pattern, value string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(value, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		if _, rest, ok = strings.Cut(rest, p); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, last)
}
