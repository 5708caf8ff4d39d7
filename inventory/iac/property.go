package iac

import (
	"encoding/json"
	"strconv"
	"strings"

	"merlon.dev/merlon/inventory"
)

// set is the resource's properties as they are written, loops expanded.
func (r *resource) set() *node { return r.s.expanded(r.body.field("Properties")) }

// property evaluates a top-level property of a resource, once; noValue where it
// is not set.
func (r *resource) property(name string) any {
	if v, ok := r.values[name]; ok {
		return v
	}
	n := r.set().field(name)
	if n == nil {
		return noValue{}
	}
	if r.busy[name] {
		r.s.note(n, "%s of %s depends on itself", name, r.logical)
		return unknownf("%s of %s depends on itself", name, r.logical)
	}
	r.busy[name] = true
	p, ok := r.typ.Properties.Field(name)
	var v any
	if ok {
		v = r.s.shaped(n, p, name, 0)
	} else {
		v = noValue{}
	}
	delete(r.busy, name)
	r.values[name] = v
	return v
}

// shaped evaluates a node as a value of the property.
func (s *stack) shaped(n *node, p *inventory.Property, path string, depth int) any {
	if _, _, ok := function(n); ok {
		return s.fit(s.eval(n), p, n, path, depth)
	}
	if !s.spend(1) {
		return errWork
	}
	if n.kind == nullNode {
		return noValue{}
	}
	n = s.expanded(n)
	switch {
	case p.Kind == inventory.Object && n.kind == objectNode:
		m := make(map[string]any, len(n.items))
		for i, k := range n.keys {
			f, ok := p.Field(k.name)
			if !ok {
				if k.name == "Fn::Transform" || strings.HasPrefix(k.name, "Fn::ForEach::") {
					return s.eval(n)
				}
				s.noSuch(n.items[i], p, path, k.name)
				continue
			}
			if v := s.shaped(n.items[i], f, path+"."+k.name, depth+1); v != (noValue{}) {
				m[k.name] = v
			}
		}
		return m
	case p.Kind == inventory.Map && n.kind == objectNode:
		m := make(map[string]any, len(n.items))
		for i, k := range n.keys {
			if k.name == "Fn::Transform" {
				return s.eval(n)
			}
			if v := s.shaped(n.items[i], p.Elem, path+"."+k.name, depth+1); v != (noValue{}) {
				m[k.name] = v
			}
		}
		return orNothing(m, len(m))
	case p.Kind == inventory.List && n.kind == listNode:
		list := make([]any, 0, len(n.items))
		for _, c := range n.items {
			if v := s.shaped(c, p.Elem, path, depth+1); v != (noValue{}) {
				list = append(list, v)
			}
		}
		return orNothing(list, len(list))
	}
	return s.fit(s.eval(n), p, n, path, depth)
}

// orNothing leaves out empty lists and maps: AWS gives them back as nothing.
func orNothing(v any, n int) any {
	if n == 0 {
		return noValue{}
	}
	return v
}

func (s *stack) noSuch(n *node, p *inventory.Property, path, name string) {
	var names []string
	for f := range p.Fields() {
		names = append(names, f)
	}
	better := ""
	for _, f := range names {
		if strings.EqualFold(f, name) {
			better = f
		}
	}
	s.note(n, "there is no property %s.%s%s", path, quote(name), didYouMean(better))
}

// fit gives a value the kind of the property, as CloudFormation does: text for
// numbers and booleans and the other way round. What does not fit is unknown.
func (s *stack) fit(v any, p *inventory.Property, n *node, path string, depth int) any {
	if depth > 2*maxDepth {
		return unknownf("%s is nested too deeply (line %d)", path, n.line)
	}
	switch t := v.(type) {
	case *unknown, noValue:
		return v
	case nil:
		return noValue{}
	case []any:
		if p.Kind == inventory.List {
			list := make([]any, 0, len(t))
			for _, e := range t {
				if f := s.fit(e, p.Elem, n, path, depth+1); f != (noValue{}) {
					list = append(list, f)
				}
			}
			return orNothing(list, len(list))
		}
	case map[string]any:
		switch p.Kind {
		case inventory.Object, inventory.Map:
			m := make(map[string]any, len(t))
			for _, k := range sortedKeys(t) {
				f := p.Elem
				if p.Kind == inventory.Object {
					var ok bool
					if f, ok = p.Field(k); !ok {
						s.noSuch(n, p, path, k)
						continue
					}
				}
				if x := s.fit(t[k], f, n, path+"."+k, depth+1); x != (noValue{}) {
					m[k] = x
				}
			}
			if p.Kind == inventory.Map {
				return orNothing(m, len(m))
			}
			return m
		}
	}
	if p.Kind == inventory.JSON {
		if t, stands, ok := text(v); ok {
			if doc, ok := document(t); ok {
				return doc
			}
			return made(t, stands)
		}
		return v
	}
	if t, stands, ok := text(v); ok {
		switch p.Kind {
		case inventory.String, inventory.Timestamp:
			return made(t, stands)
		case inventory.Boolean:
			switch strings.ToLower(strings.TrimSpace(t)) {
			case "true":
				return true
			case "false":
				return false
			}
		case inventory.Integer, inventory.Number:
			if x, ok := number(strings.TrimSpace(t), p.Kind == inventory.Integer); ok {
				return x
			}
		}
	}
	s.note(n, "%s is %s where %s is wanted", path, kindWord(v), wanted(p.Kind))
	return unknownf("%s is %s where %s is wanted (line %d)", path, kindWord(v), wanted(p.Kind), n.line)
}

func wanted(k inventory.PropertyKind) string {
	switch k {
	case inventory.String:
		return "text"
	case inventory.Integer:
		return "a whole number"
	case inventory.Number:
		return "a number"
	case inventory.Boolean:
		return "true or false"
	case inventory.Timestamp:
		return "a time"
	case inventory.List:
		return "a list"
	}
	return "an object"
}

// number reads a number, an integer also from a float without a fraction.
func number(t string, whole bool) (json.Number, bool) {
	if i, err := strconv.ParseInt(t, 10, 64); err == nil {
		return json.Number(strconv.FormatInt(i, 10)), true
	}
	f, err := strconv.ParseFloat(t, 64)
	if err != nil || f != f || f > 1e300 || f < -1e300 {
		return "", false
	}
	if whole {
		if i := int64(f); float64(i) == f {
			return json.Number(strconv.FormatInt(i, 10)), true
		}
		return "", false
	}
	b, err := json.Marshal(f)
	return json.Number(b), err == nil
}

// document reads text that is a JSON object, such as a policy written as text.
func document(t string) (any, bool) {
	if !strings.HasPrefix(strings.TrimSpace(t), "{") {
		return nil, false
	}
	n, err := parseJSON([]byte(t))
	if err != nil {
		return nil, false
	}
	return literal(n), true
}

// literal gives what a node says, without looking for functions.
func literal(n *node) any {
	switch n.kind {
	case boolNode:
		return n.text == "true"
	case numberNode:
		return json.Number(n.text)
	case textNode:
		return n.text
	case listNode:
		list := make([]any, len(n.items))
		for i, c := range n.items {
			list[i] = literal(c)
		}
		return list
	case objectNode:
		m := make(map[string]any, len(n.items))
		for i, k := range n.keys {
			m[k.name] = literal(n.items[i])
		}
		return m
	}
	return nil
}
