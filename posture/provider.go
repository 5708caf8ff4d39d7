package posture

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"merlon.dev/merlon/inventory"
)

// provider tells CEL's type checker what resources look like. A resource type
// is a CEL type of the same name, a definition within it one named as
// [inventory.Property.ObjectName]. Its methods must not be used concurrently.
type provider struct {
	types.Provider // the types of CEL itself
	schemas        *inventory.SchemaSet
	objects        map[string]*inventory.Property
	documents      map[string]*inventory.Type
	fields         map[string]*types.FieldType // by type and field
	// subject and params are what the control at hand is about.
	subject *inventory.Type
	params  map[string]*types.Type
	// missed are the fields that were asked for and do not exist.
	missed []missedField
}

type missedField struct{ typ, field string }

func newProvider(schemas *inventory.SchemaSet) *provider {
	return &provider{schemas: schemas, objects: map[string]*inventory.Property{}, documents: map[string]*inventory.Type{}, fields: map[string]*types.FieldType{}}
}

// begin prepares for a control.
func (p *provider) begin(subject *inventory.Type, params map[string]*types.Type) {
	p.subject, p.params, p.missed = subject, params, nil
}

// document gives the resource type of a CEL type's name.
func (p *provider) document(name string) (*inventory.Type, bool) {
	if name == subjectType {
		return p.subject, p.subject != nil
	}
	if !strings.Contains(name, "::") || strings.Contains(name, ".") {
		return nil, false
	}
	t, ok := p.documents[name]
	if !ok {
		if t, ok = p.schemas.Type(name); ok {
			p.documents[name] = t
		}
	}
	return t, ok
}

// FindStructType implements [types.Provider].
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.document(name); ok || p.objects[name] != nil || name == paramsType || fixedTypes[name] != nil {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames implements [types.Provider]; nothing asks for them.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	return nil, p.objects[name] != nil
}

// FindStructFieldType implements [types.Provider]. The types have no accessors:
// with one cel-go would answer has() without seeing unknowns.
func (p *provider) FindStructFieldType(typ, field string) (*types.FieldType, bool) {
	t, ok := p.field(typ, field)
	if !ok {
		p.missed = append(p.missed, missedField{typ, field})
		return nil, false
	}
	return t, true
}

func (p *provider) field(typ, field string) (*types.FieldType, bool) {
	if typ == paramsType {
		t, ok := p.params[field]
		return &types.FieldType{Type: t}, ok
	}
	key := typ + "\x00" + field
	if typ != subjectType {
		if t, ok := p.fields[key]; ok {
			return t, true
		}
	}
	t, ok := p.makeField(typ, field)
	if !ok {
		return nil, false
	}
	f := &types.FieldType{Type: t}
	if typ != subjectType {
		p.fields[key] = f
	}
	return f, true
}

func (p *provider) makeField(typ, field string) (*types.Type, bool) {
	if fixed, ok := fixedTypes[typ]; ok {
		t, ok := fixed[field]
		return t, ok
	}
	if o, ok := p.objects[typ]; ok {
		f, ok := o.Field(field)
		if !ok {
			return nil, false
		}
		return p.typeOf(f), true
	}
	doc, ok := p.document(typ)
	if !ok {
		return nil, false
	}
	if name, ok := relationField(field); ok {
		r, ok := doc.Relations[name]
		if !ok {
			return nil, false
		}
		return types.NewListType(types.NewObjectType(r.Target)), true
	}
	switch field {
	case "type", "id", "arn", "name", "account", "region":
		return types.StringType, true
	case "tags":
		return types.NewMapType(types.StringType, types.StringType), true
	case "properties":
		return p.typeOf(doc.Properties), true
	case "observed":
		return p.typeOf(doc.Observed), true
	}
	return nil, false
}

// typeOf is the CEL type of a property.
func (p *provider) typeOf(prop *inventory.Property) *types.Type {
	switch prop.Kind {
	case inventory.String:
		return types.StringType
	case inventory.Integer:
		return types.IntType
	case inventory.Number:
		return types.DoubleType
	case inventory.Boolean:
		return types.BoolType
	case inventory.Timestamp:
		return types.TimestampType
	case inventory.List:
		return types.NewListType(p.typeOf(prop.Elem))
	case inventory.Map:
		return types.NewMapType(types.StringType, p.typeOf(prop.Elem))
	case inventory.Object:
		name := prop.ObjectName()
		p.objects[name] = prop
		return types.NewObjectType(name)
	}
	return types.DynType
}

// mayBeAbsent reports whether a field that exists may be missing from a document.
func (p *provider) mayBeAbsent(typ, field string) bool {
	o, ok := p.objects[typ]
	if !ok {
		return false
	}
	f, ok := o.Field(field)
	return ok && !f.Required
}

// EnumValue implements [types.Provider]: there are none.
func (p *provider) EnumValue(name string) ref.Val {
	return types.NewErr("unknown enum %s", name)
}

// NewValue implements [types.Provider]: controls make no resources.
func (p *provider) NewValue(name string, _ map[string]ref.Val) ref.Val {
	return types.NewErr("%s cannot be made in a control", name)
}

var stringList = types.NewListType(types.StringType)

// fixedTypes are the types of what functions return.
var fixedTypes = map[string]map[string]*types.Type{
	statementType: {
		"Sid": types.StringType, "Effect": types.StringType,
		"Actions": stringList, "NotActions": stringList, "Resources": stringList, "NotResources": stringList,
		"Principals": types.NewObjectType(principalsType), "NotPrincipals": types.NewObjectType(principalsType),
		"Conditions": types.NewMapType(types.StringType, types.NewMapType(types.StringType, stringList)),
	},
	principalsType: {"AWS": stringList, "Service": stringList, "Federated": stringList, "CanonicalUser": stringList},
}

// describe names a type as a person would: without cel-go's words.
func (p *provider) describe(t *types.Type) string {
	switch t.Kind() {
	case types.ListKind:
		return "list of " + p.describe(t.Parameters()[0])
	case types.MapKind:
		return "map of " + p.describe(t.Parameters()[1])
	case types.OpaqueKind:
		if len(t.Parameters()) == 1 {
			return "optional " + p.describe(t.Parameters()[0])
		}
	case types.StructKind:
		if t.TypeName() == subjectType && p.subject != nil {
			return p.subject.Name
		}
	case types.DynKind:
		return "any value"
	}
	return t.TypeName()
}

// missing says that a field does not exist, with the closest that does.
func (p *provider) missing(m missedField) string {
	if m.typ == paramsType {
		return fmt.Sprintf("there is no parameter %s%s", m.field, didYouMean(m.field, keysSorted(p.params)))
	}
	if fixed, ok := fixedTypes[m.typ]; ok {
		return fmt.Sprintf("a %s has no %s%s", m.typ, m.field, didYouMean(m.field, keysSorted(fixed)))
	}
	if doc, ok := p.document(m.typ); ok {
		if name, ok := relationField(m.field); ok {
			return fmt.Sprintf("%s has no relation %q%s", doc.Name, name, didYouMean(name, keysSorted(doc.Relations)))
		}
		words := []string{"type", "id", "arn", "name", "account", "region", "tags", "properties", "observed"}
		if hint := didYouMean(m.field, words); hint != "" {
			return fmt.Sprintf("%s has no %s%s", doc.Name, m.field, hint)
		}
		if c := doc.Closest(m.field); c != "" {
			return fmt.Sprintf("%s has no %s; did you mean %s?", doc.Name, m.field, c)
		}
		return fmt.Sprintf("%s has no %s", doc.Name, m.field)
	}
	if o, ok := p.objects[m.typ]; ok {
		var names []string
		for name := range o.Fields() {
			names = append(names, name)
		}
		hint := didYouMean(m.field, names)
		for _, side := range []string{".properties", ".observed"} {
			if t, ok := strings.CutSuffix(m.typ, side); ok && hint == "" {
				if doc, ok := p.document(t); ok {
					if c := doc.Closest(side[1:] + "." + m.field); c != "" {
						hint = "; did you mean " + c + "?"
					}
				}
			}
		}
		return fmt.Sprintf("%s has no %s%s", m.typ, m.field, hint)
	}
	return fmt.Sprintf("there is no %s in %s", m.field, m.typ)
}
