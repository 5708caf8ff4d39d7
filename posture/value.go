package posture

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// object is a JSON object as CEL sees it: a map from strings. It has no
// FindStringKey, with which cel-go would answer has() without seeing unknowns.
type object struct {
	// doc and at say where the members are; of an object that a function made,
	// doc is nil and they are in members.
	doc     *document
	at      uint32
	shape   *shape
	members []member
	// res is set on the root of a resource's document: it has relations.
	res *relations
	// rec is the record that it is the root of.
	rec *record
}

// member is one member of an object that a function made.
type member struct {
	name  string
	value ref.Val
}

// find gives a member; one whose value is null is not there.
func (o *object) find(key string) (ref.Val, bool) {
	if o.doc == nil {
		for i := range o.members {
			if o.members[i].name == key {
				return o.members[i].value, true
			}
		}
		return nil, false
	}
	if o.res != nil {
		if name, ok := relationField(key); ok {
			return o.res.related(name), true
		}
	}
	if at, ok := o.doc.member(o.at, key); ok {
		if o.doc.nodes[at].kind == kindNull && o.doc.vals[at] == nil {
			return nil, false
		}
		return o.doc.value(at, o.shape.field(key)), true
	}
	if o.doc.nodes[o.at].flags&flagHole != 0 {
		for i := range o.doc.missing {
			if m := &o.doc.missing[i]; m.at == o.at && m.key == key {
				return m.unknown, true
			}
		}
	}
	return nil, false
}

// each calls fn with every member, in the order of the text, until it says no.
func (o *object) each(fn func(name string, v ref.Val) bool) {
	if o.doc == nil {
		for i := range o.members {
			if !fn(o.members[i].name, o.members[i].value) {
				return
			}
		}
		return
	}
	d := o.doc
	for k := o.at + 1; k < d.nodes[o.at].next; k = d.nodes[k+1].next {
		if d.nodes[k+1].kind == kindNull && d.vals[k+1] == nil {
			continue
		}
		name := keyText(d.text, &d.nodes[k])
		if !fn(name, d.value(k+1, o.shape.field(name))) {
			return
		}
	}
	if d.nodes[o.at].flags&flagHole != 0 {
		for i := range d.missing {
			if m := &d.missing[i]; m.at == o.at && !fn(m.key, m.unknown) {
				return
			}
		}
	}
}

// keys lists the names of all members, also of those that may not be there.
func (o *object) keys() []ref.Val {
	var out []ref.Val
	o.each(func(name string, _ ref.Val) bool {
		out = append(out, types.String(name))
		return true
	})
	return out
}

func (o *object) hole() *types.Unknown {
	if o.doc != nil && o.doc.nodes[o.at].flags&flagHole == 0 {
		return nil
	}
	var u *types.Unknown
	o.each(func(_ string, v ref.Val) bool {
		u = types.MergeUnknowns(u, asUnknown(v))
		return true
	})
	return u
}

func (o *object) deepHole() *types.Unknown {
	if o.doc != nil && o.doc.nodes[o.at].flags&flagHole == 0 {
		return nil
	}
	var u *types.Unknown
	o.each(func(_ string, v ref.Val) bool {
		u = types.MergeUnknowns(u, unknownIn(v))
		return true
	})
	return u
}

// Find implements [traits.Mapper].
func (o *object) Find(key ref.Val) (ref.Val, bool) {
	switch k := key.(type) {
	case types.String:
		return o.find(string(k))
	case *types.Unknown, *types.Err:
		return k, false
	}
	return nil, false
}

// Get implements [traits.Indexer].
func (o *object) Get(key ref.Val) ref.Val {
	v, ok := o.Find(key)
	if !ok {
		return types.ValOrErr(v, "no such key: %v", key)
	}
	return v
}

// Contains implements [traits.Container].
func (o *object) Contains(key ref.Val) ref.Val { return contains(o, key) }

// Size implements [traits.Sizer]. It must be a number: cel-go asserts one. The
// decorator asks for holes before it asks for the size.
func (o *object) Size() ref.Val {
	if o.doc != nil && o.doc.nodes[o.at].flags&flagHole == 0 {
		return types.Int(o.doc.nodes[o.at].count)
	}
	n := types.Int(0)
	o.each(func(string, ref.Val) bool { n++; return true })
	return n
}

// Iterator implements [traits.Iterable]: over the keys, with an unknown for one
// that may not be there.
func (o *object) Iterator() traits.Iterator {
	it := &iterator{}
	o.each(func(name string, v ref.Val) bool {
		if u := asUnknown(v); u != nil {
			it.rest = append(it.rest, u)
		} else {
			it.rest = append(it.rest, types.String(name))
		}
		return true
	})
	return it
}

// Type implements [ref.Val].
func (o *object) Type() ref.Type { return types.MapType }

// Value implements [ref.Val].
func (o *object) Value() any { return o }

// Equal implements [ref.Val].
func (o *object) Equal(other ref.Val) ref.Val { return equal(o, other) }

// IsZeroValue implements [traits.Zeroer].
func (o *object) IsZeroValue() bool { return o.Size() == types.IntZero }

// ConvertToType implements [ref.Val].
func (o *object) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.MapType:
		return o
	case types.TypeType:
		return types.MapType
	}
	return types.NewErr("an object cannot be converted to %s", t.TypeName())
}

// ConvertToNative implements [ref.Val]: nothing needs it.
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("an object cannot be converted to %v", t)
}

// list is a JSON list as CEL sees it.
type list struct {
	elems []ref.Val
	// sound: there is no unknown in it at any depth.
	sound bool
}

// newList makes a list of values that may be or hold unknowns.
func newList(elems []ref.Val) *list { return &list{elems: elems} }

func (l *list) hole() *types.Unknown {
	if l.sound {
		return nil
	}
	var u *types.Unknown
	for _, e := range l.elems {
		u = types.MergeUnknowns(u, asUnknown(e))
	}
	return u
}

func (l *list) deepHole() *types.Unknown {
	if l.sound {
		return nil
	}
	var u *types.Unknown
	for _, e := range l.elems {
		u = types.MergeUnknowns(u, unknownIn(e))
	}
	return u
}

// element gives the element at an index; behind an unknown element nobody knows
// which that is.
func (l *list) element(i int64) (ref.Val, bool) {
	if i < 0 {
		return nil, false
	}
	if !l.sound {
		var u *types.Unknown
		for _, e := range l.elems[:min(i, int64(len(l.elems))-1)+1] {
			u = types.MergeUnknowns(u, asUnknown(e))
		}
		if u != nil {
			return u, true
		}
	}
	if i >= int64(len(l.elems)) {
		return nil, false
	}
	return l.elems[i], true
}

// GetInt64Index is what cel-go's index qualifier asks first; beyond an unknown
// element every index is unknown, also one behind the end.
func (l *list) GetInt64Index(i int64) (any, bool) { return l.element(i) }

// Get implements [traits.Indexer].
func (l *list) Get(index ref.Val) ref.Val {
	i, err := types.GetOrError(index)
	if err != nil {
		return types.ValOrErr(index, "%v", err)
	}
	// Those who go over a list by its size want the elements as they stand.
	if i >= 0 && int64(i) < int64(len(l.elems)) {
		return l.elems[i]
	}
	return types.NewErr("index out of bounds: %d", i)
}

// Add implements [traits.Adder].
func (l *list) Add(other ref.Val) ref.Val {
	o, ok := other.(traits.Lister)
	if !ok {
		return noOverload(other)
	}
	elems := append(make([]ref.Val, 0, len(l.elems)), l.elems...)
	n, _ := o.Size().(types.Int)
	for i := types.Int(0); i < n; i++ {
		elems = append(elems, o.Get(i))
	}
	return newList(elems)
}

// Contains implements [traits.Container].
func (l *list) Contains(v ref.Val) ref.Val { return contains(l, v) }

// Size implements [traits.Sizer]; see object.Size.
func (l *list) Size() ref.Val { return types.Int(len(l.elems)) }

// Iterator implements [traits.Iterable].
func (l *list) Iterator() traits.Iterator { return &iterator{rest: l.elems} }

// Fold implements [traits.Foldable].
func (l *list) Fold(f traits.Folder) {
	for i, e := range l.elems {
		if !f.FoldEntry(types.Int(i), e) {
			return
		}
	}
}

// Type implements [ref.Val].
func (l *list) Type() ref.Type { return types.ListType }

// Value implements [ref.Val].
func (l *list) Value() any { return l }

// Equal implements [ref.Val].
func (l *list) Equal(other ref.Val) ref.Val { return equal(l, other) }

// IsZeroValue implements [traits.Zeroer].
func (l *list) IsZeroValue() bool { return len(l.elems) == 0 }

// ConvertToType implements [ref.Val].
func (l *list) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.ListType:
		return l
	case types.TypeType:
		return types.ListType
	}
	return types.NewErr("a list cannot be converted to %s", t.TypeName())
}

// ConvertToNative implements [ref.Val]: nothing needs it.
func (l *list) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a list cannot be converted to %v", t)
}

// iterator goes over values that are there already.
type iterator struct{ rest []ref.Val }

// HasNext implements [traits.Iterator].
func (it *iterator) HasNext() ref.Val { return types.Bool(len(it.rest) > 0) }

// Next implements [traits.Iterator].
func (it *iterator) Next() ref.Val {
	if len(it.rest) == 0 {
		return types.NewErr("the iteration is over")
	}
	v := it.rest[0]
	it.rest = it.rest[1:]
	return v
}

// Type implements [ref.Val].
func (it *iterator) Type() ref.Type { return types.IteratorType }

// Value implements [ref.Val].
func (it *iterator) Value() any { return nil }

// Equal implements [ref.Val].
func (it *iterator) Equal(ref.Val) ref.Val { return types.NewErr("no such overload") }

// ConvertToType implements [ref.Val].
func (it *iterator) ConvertToType(ref.Type) ref.Val { return types.NewErr("no such overload") }

// ConvertToNative implements [ref.Val].
func (it *iterator) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("an iterator cannot be converted to %v", t)
}
