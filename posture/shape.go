package posture

import "merlon.dev/merlon/inventory"

// shapes makes the shapes of resource documents from their schemas; one a type,
// shared by all documents. Not safe for concurrent use.
type shapes struct {
	schemas *inventory.SchemaSet
	types   map[string]*shape
	objects map[string]*shape // definitions, which may contain themselves
}

func newShapes(schemas *inventory.SchemaSet) *shapes {
	return &shapes{schemas: schemas, types: map[string]*shape{}, objects: map[string]*shape{}}
}

// of gives the shape of a type's documents; nil where nothing is converted.
func (s *shapes) of(typ string) *shape {
	if sh, ok := s.types[typ]; ok {
		return sh
	}
	var sh *shape
	if t, ok := s.schemas.Type(typ); ok {
		fields := map[string]*shape{}
		for name, p := range map[string]*inventory.Property{"properties": t.Properties, "observed": t.Observed} {
			if f := s.property(p); f != nil {
				fields[name] = f
			}
		}
		if len(fields) > 0 {
			sh = &shape{fields: fields}
		}
	}
	s.types[typ] = sh
	return sh
}

func (s *shapes) property(p *inventory.Property) *shape {
	switch p.Kind {
	case inventory.Number:
		return &shape{convert: convertDouble}
	case inventory.Timestamp:
		return &shape{convert: convertTime}
	case inventory.List, inventory.Map:
		if e := s.property(p.Elem); e != nil {
			return &shape{elem: e}
		}
	case inventory.Object:
		name := p.ObjectName()
		if sh, ok := s.objects[name]; ok {
			return sh
		}
		// A definition that contains itself finds this one, also if it turns out
		// to be empty.
		sh := &shape{fields: map[string]*shape{}}
		s.objects[name] = sh
		for field, f := range p.Fields() {
			if c := s.property(f); c != nil {
				sh.fields[field] = c
			}
		}
		if sh.empty() {
			s.objects[name] = nil
			return nil
		}
		return sh
	}
	return nil
}

// empty reports whether nothing below the shape is converted: its fields lead
// nowhere but back to it.
func (s *shape) empty() bool {
	var walk func(t *shape, seen map[*shape]bool) bool
	walk = func(t *shape, seen map[*shape]bool) bool {
		if t == nil || seen[t] {
			return true
		}
		seen[t] = true
		if t.convert != convertNone || !walk(t.elem, seen) {
			return false
		}
		for _, f := range t.fields {
			if !walk(f, seen) {
				return false
			}
		}
		return true
	}
	return walk(s, map[*shape]bool{})
}
