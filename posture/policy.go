package posture

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// statementsFunc is the function that reads IAM policies.
const statementsFunc = "statements"

// principalKinds are the members that a Principal element may have.
//
// Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html (read 2026-11-24).
var principalKinds = [...]string{"AWS", "Service", "Federated", "CanonicalUser"}

// statements gives the statements of an IAM policy document in one form: what
// may be one string or a list of them is a list, "Principal": "*" is the AWS
// principal "*", what is absent is empty. The document may be an object, JSON
// text, a list of statements, an optional of one of these, or null (no policy).
//
// What is not known in the document is not known in the result; what makes no
// sense (a number as an action) is an error where it is read.
func statements(doc ref.Val) ref.Val {
	switch t := doc.(type) {
	case *types.Optional:
		if !t.HasValue() {
			return &list{sound: true}
		}
		return statements(t.GetValue())
	case types.Null:
		return &list{sound: true}
	case types.String:
		if strings.TrimSpace(string(t)) == "" {
			return &list{sound: true}
		}
		parsed := parseJSON(t)
		if _, isText := parsed.(types.String); isText {
			return types.NewErr("a policy must be an object")
		}
		if types.IsUnknownOrError(parsed) {
			return parsed
		}
		return statements(parsed)
	case traits.Mapper:
		if o, ok := doc.(*object); ok && o.doc != nil {
			return o.doc.policy(o.at, func() ref.Val { return statementList(t) })
		}
		return statementList(t)
	case traits.Lister:
		return statementsOf(t)
	case *types.Unknown, *types.Err:
		return doc
	}
	return types.NewErr("a policy must be an object or JSON text, not %s", doc.Type().TypeName())
}

// policy keeps what statements makes of a node: many controls ask for it.
func (d *document) policy(at uint32, compute func() ref.Val) ref.Val {
	if v, ok := d.policies[at]; ok {
		return v
	}
	v := compute()
	if d.policies == nil {
		d.policies = map[uint32]ref.Val{}
	}
	d.policies[at] = v
	return v
}

func statementList(doc traits.Mapper) ref.Val {
	v, ok := doc.Find(types.String("Statement"))
	if !ok {
		return &list{sound: true}
	}
	switch t := v.(type) {
	case traits.Mapper:
		return newList([]ref.Val{statement(t)})
	case traits.Lister:
		return statementsOf(t)
	case *types.Unknown, *types.Err:
		return v
	}
	return types.NewErr("the Statement of a policy must be an object or a list")
}

func statementsOf(l traits.Lister) ref.Val {
	n, _ := l.Size().(types.Int)
	out := make([]ref.Val, 0, n)
	for i := types.Int(0); i < n; i++ {
		out = append(out, statement(l.Get(i)))
	}
	return newList(out)
}

func statement(v ref.Val) ref.Val {
	if types.IsUnknownOrError(v) {
		return v
	}
	m, ok := v.(traits.Mapper)
	if !ok {
		return types.NewErr("a statement must be an object, not %s", v.Type().TypeName())
	}
	get := func(name string) ref.Val {
		v, ok := m.Find(types.String(name))
		if !ok {
			return types.NullValue
		}
		return v
	}
	return &object{members: []member{
		{"Sid", word(get("Sid"))},
		{"Effect", word(get("Effect"))},
		{"Actions", words(get("Action"))},
		{"NotActions", words(get("NotAction"))},
		{"Resources", words(get("Resource"))},
		{"NotResources", words(get("NotResource"))},
		{"Principals", principals(get("Principal"))},
		{"NotPrincipals", principals(get("NotPrincipal"))},
		{"Conditions", conditions(get("Condition"))},
	}}
}

// word is one string; null is the empty one.
func word(v ref.Val) ref.Val {
	switch v.(type) {
	case types.String, *types.Unknown, *types.Err:
		return v
	case types.Null:
		return types.String("")
	}
	return types.NewErr("a policy has %s where a string should be", v.Type().TypeName())
}

// words is a list of strings, of which one may stand alone; null is the empty one.
func words(v ref.Val) ref.Val {
	switch t := v.(type) {
	case *types.Unknown, *types.Err:
		return v
	case types.Null:
		return &list{sound: true}
	case traits.Lister:
		n, _ := t.Size().(types.Int)
		out := make([]ref.Val, 0, n)
		for i := types.Int(0); i < n; i++ {
			out = append(out, text(t.Get(i)))
		}
		return newList(out)
	}
	return newList([]ref.Val{text(v)})
}

// text is a string, or a number or a boolean as a policy may write one instead.
func text(v ref.Val) ref.Val {
	switch t := v.(type) {
	case types.String, *types.Unknown, *types.Err:
		return v
	case types.Bool:
		return types.String(fmt.Sprint(bool(t)))
	case types.Int, types.Double:
		return t.ConvertToType(types.StringType)
	}
	return types.NewErr("a policy has %s where a string should be", v.Type().TypeName())
}

// principals gives the four kinds of principals, each a list.
func principals(v ref.Val) ref.Val {
	lists := map[string]ref.Val{}
	switch t := v.(type) {
	case *types.Unknown, *types.Err:
		return v
	case types.Null:
	case types.String:
		lists["AWS"] = newList([]ref.Val{t})
	case traits.Mapper:
		for _, k := range keysOf(t) {
			name, _ := k.(types.String)
			e, ok := t.Find(k)
			if !ok {
				continue
			}
			known := false
			for _, kind := range principalKinds {
				known = known || kind == string(name)
			}
			switch {
			case known:
				lists[string(name)] = words(e)
			case types.IsUnknown(e):
				return e // it may not be there; if it is, nobody knows what it means
			default:
				return types.NewErr("a policy has a principal of the kind %.40q", string(name))
			}
		}
	default:
		return types.NewErr("a principal must be an object or \"*\", not %s", v.Type().TypeName())
	}
	out := &object{}
	for _, kind := range principalKinds {
		l, ok := lists[kind]
		if !ok {
			l = &list{sound: true}
		}
		out.members = append(out.members, member{kind, l})
	}
	return out
}

// conditions gives operator → key → values. The names of keys are not sensitive
// to case, so each stands as it is written and in lower case:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html (read 2026-11-24).
func conditions(v ref.Val) ref.Val {
	switch t := v.(type) {
	case *types.Unknown, *types.Err:
		return v
	case types.Null:
		return &object{}
	case traits.Mapper:
		out := &object{}
		for _, k := range keysOf(t) {
			if e, ok := t.Find(k); ok {
				name, _ := k.(types.String)
				out.members = append(out.members, member{string(name), conditionKeys(e)})
			}
		}
		return out
	}
	return types.NewErr("a condition must be an object, not %s", v.Type().TypeName())
}

func conditionKeys(v ref.Val) ref.Val {
	m, ok := v.(traits.Mapper)
	if !ok {
		if types.IsUnknownOrError(v) {
			return v
		}
		return types.NewErr("a condition operator must have an object, not %s", v.Type().TypeName())
	}
	written := &object{}
	var lower []member
	for _, k := range keysOf(m) {
		e, ok := m.Find(k)
		if !ok {
			continue
		}
		name, _ := k.(types.String)
		vals := words(e)
		written.members = append(written.members, member{string(name), vals})
		lower = append(lower, member{strings.ToLower(string(name)), vals})
	}
	for i, l := range lower {
		if old, ok := written.find(l.name); !ok {
			written.members = append(written.members, l)
		} else if l.name != written.members[i].name {
			written.set(l.name, join(old, l.value))
		}
	}
	return written
}

// set replaces a member of an object that a function made.
func (o *object) set(name string, v ref.Val) {
	for i := range o.members {
		if o.members[i].name == name {
			o.members[i].value = v
		}
	}
}

// join makes one list of two; what is not a list counts more than one.
func join(a, b ref.Val) ref.Val {
	x, ok := a.(*list)
	if !ok {
		return a
	}
	if _, ok := b.(*list); !ok {
		return b
	}
	return x.Add(b)
}
