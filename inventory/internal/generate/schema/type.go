package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// writer writes one type and the definitions it reaches.
type writer struct {
	out  *bytes.Buffer
	defs map[string]*definition

	// names are the definitions met so far, by id; queue those still to be written.
	names map[string]string
	taken map[string]bool
	queue []string
	// made are objects that only attributes with a dot in their name
	// ("Endpoint.Address") speak of.
	made map[string]*object
}

// object is the fields of a type or definition in the form that is written:
// name to expression.
type object struct {
	fields map[string]field
}

type field struct {
	shape              shape
	required, readOnly bool
	made               string // the name of a made object, instead of shape
}

func (w *writer) resource(r *resource) error {
	w.names, w.taken, w.made = map[string]string{}, map[string]bool{}, map[string]*object{}
	top := &object{fields: map[string]field{}}
	for name, p := range r.Properties {
		top.fields[name] = field{shape: p.Type, required: p.Required}
	}
	// extra holds, by definition id, the fields that dotted attributes add to it.
	extra := map[string]map[string]field{}
	for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
		w.attribute(top, extra, strings.Split(name, "."), r.Attributes[name].Type)
	}

	fmt.Fprintf(w.out, "=%s\n", r.Type)
	if len(r.PrimaryIdentifier) > 0 {
		fmt.Fprintf(w.out, "#%s\n", strings.Join(r.PrimaryIdentifier, " "))
	}
	if len(r.RefIdentifier) > 0 && !slices.Equal(r.RefIdentifier, r.PrimaryIdentifier) {
		fmt.Fprintf(w.out, "^%s\n", strings.Join(r.RefIdentifier, " "))
	}
	if r.Tag != nil && r.Tag.Property != "" {
		fmt.Fprintf(w.out, "%%%s\n", r.Tag.Property)
	}
	if r.ARN != "" {
		fmt.Fprintf(w.out, "~%s\n", r.ARN)
	}
	if err := w.fields(top.fields); err != nil {
		return err
	}
	for len(w.queue) > 0 {
		id := w.queue[0]
		w.queue = w.queue[1:]
		fields := map[string]field{}
		if o, ok := w.made[id]; ok {
			fields = o.fields
		} else {
			d, ok := w.defs[id]
			if !ok {
				return fmt.Errorf("definition %s does not exist", id)
			}
			for name, p := range d.Properties {
				fields[name] = field{shape: p.Type, required: p.Required}
			}
			for name, f := range extra[id] {
				if _, ok := fields[name]; !ok {
					fields[name] = f
				}
			}
		}
		fmt.Fprintf(w.out, "@%s\n", w.names[id])
		if err := w.fields(fields); err != nil {
			return err
		}
	}
	return nil
}

// attribute adds what Fn::GetAtt can read. A property of the same name wins: it
// can be written. "Endpoint.Address" becomes a field of the object Endpoint.
func (w *writer) attribute(top *object, extra map[string]map[string]field, path []string, s shape) {
	name := path[0]
	f, ok := top.fields[name]
	if len(path) == 1 {
		// Its parts may have been met before: then it is an object already.
		if !ok {
			top.fields[name] = field{shape: s, readOnly: true}
		}
		return
	}
	if !ok {
		id := "made:" + strings.Join([]string{name}, ".")
		w.made[id] = &object{fields: map[string]field{}}
		f = field{made: id, readOnly: true}
		top.fields[name] = f
	}
	w.nested(f, extra, path[1:], s)
}

func (w *writer) nested(f field, extra map[string]map[string]field, path []string, s shape) {
	var fields map[string]field
	own := map[string]property{}
	id := f.made
	if id != "" {
		fields = w.made[id].fields
	} else {
		chosen := choose(f.shape)
		if chosen.Type != "ref" {
			return // anything, or a list: there is no single object to add to
		}
		id = chosen.Reference.Ref
		if extra[id] == nil {
			extra[id] = map[string]field{}
		}
		fields = extra[id]
		if d := w.defs[id]; d != nil {
			own = d.Properties
		}
	}
	name := path[0]
	next, ok := fields[name]
	if p, has := own[name]; has && !ok {
		next, ok = field{shape: p.Type}, true
	}
	if len(path) == 1 {
		if !ok {
			fields[name] = field{shape: s, readOnly: true}
		}
		return
	}
	if !ok {
		mid := id + "." + name
		w.made[mid] = &object{fields: map[string]field{}}
		next = field{made: mid, readOnly: true}
		fields[name] = next
	}
	w.nested(next, extra, path[1:], s)
}

func (w *writer) fields(fields map[string]field) error {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if strings.ContainsAny(name, " \n") || name == "" || strings.IndexByte("=#^%~@", name[0]) >= 0 {
			return fmt.Errorf("property name %q cannot be written", name)
		}
		f := fields[name]
		w.out.WriteString(name)
		w.out.WriteByte(' ')
		if f.required {
			w.out.WriteByte('!')
		}
		if f.readOnly {
			w.out.WriteByte('-')
		}
		if f.made != "" {
			w.out.WriteString("&" + w.name(f.made, name))
		} else if err := w.shape(f.shape); err != nil {
			return fmt.Errorf("property %s: %w", name, err)
		}
		w.out.WriteByte('\n')
	}
	return nil
}

func (w *writer) shape(s shape) error {
	s = choose(s)
	code, ok := map[string]string{"string": "s", "integer": "i", "number": "n", "boolean": "b", "date-time": "t", "json": "j", "tag": "g"}[s.Type]
	switch {
	case ok:
		w.out.WriteString(code)
	case s.Type == "array" && s.Element != nil:
		w.out.WriteByte('[')
		return w.shape(*s.Element)
	case s.Type == "map" && s.Element != nil:
		w.out.WriteByte('{')
		return w.shape(*s.Element)
	case s.Type == "ref" && s.Reference != nil:
		d, ok := w.defs[s.Reference.Ref]
		if !ok {
			return fmt.Errorf("definition %s does not exist", s.Reference.Ref)
		}
		w.out.WriteString("&" + w.name(s.Reference.Ref, d.Name))
	default:
		return fmt.Errorf("type %q is new to this generator", s.Type)
	}
	return nil
}

// name gives a definition its name within the type and queues it when it is new.
func (w *writer) name(id, want string) string {
	if n, ok := w.names[id]; ok {
		return n
	}
	n := want
	for i := 2; w.taken[n]; i++ {
		n = fmt.Sprintf("%s%d", want, i)
	}
	w.names[id], w.taken[n] = n, true
	w.queue = append(w.queue, id)
	return n
}

// choose turns a union into one shape. Of a structure and json, the structure
// is the newer description of the same value; everything else may be anything.
func choose(s shape) shape {
	if s.Type != "union" {
		return s
	}
	var structures []shape
	for _, t := range s.Types {
		switch t.Type {
		case "json":
		case "ref", "array":
			structures = append(structures, t)
		default:
			return shape{Type: "json"}
		}
	}
	if len(structures) == 1 {
		return structures[0]
	}
	return shape{Type: "json"}
}
