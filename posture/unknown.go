package posture

import (
	"hash/fnv"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"merlon.dev/merlon"
)

// newUnknown makes the value that stands where something is not known. It
// carries why in a form that survives cel-go's merging of unknowns: the words
// are the attribute's name, and the id is their hash, so that merging keeps two
// different unknowns apart and joins equal ones.
func newUnknown(u merlon.Unknown) *types.Unknown {
	words := u.Gap + "\x00" + u.Path + "\x00" + u.Reason
	h := fnv.New64a()
	h.Write([]byte(words))
	return types.NewUnknown(int64(h.Sum64()>>1), types.NewAttributeTrail(words))
}

// explainUnknown gives back what was put into the unknowns that u was merged
// from, in the order of their text.
func explainUnknown(u *types.Unknown) []merlon.Unknown {
	var out []merlon.Unknown
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			f := strings.SplitN(t.Variable(), "\x00", 3)
			if len(f) != 3 {
				f = []string{"", "", "a value is not known"}
			}
			out = append(out, merlon.Unknown{Gap: f[0], Path: f[1], Reason: f[2]})
		}
	}
	slices.SortFunc(out, func(a, b merlon.Unknown) int {
		return strings.Compare(a.Reason+"\x00"+a.Path+"\x00"+a.Gap, b.Reason+"\x00"+b.Path+"\x00"+b.Gap)
	})
	return slices.Compact(out)
}

// holder is a container that can tell where unknowns are in it. An unknown that
// is an element or a member stands for any value and for none: whoever put it
// there did not know whether there is one.
type holder interface {
	// hole gives the unknowns that are elements or members, merged, or nil.
	hole() *types.Unknown
	// deepHole gives the unknowns at any depth, merged, or nil.
	deepHole() *types.Unknown
}

// unknownIn gives the unknowns that v is or contains at any depth, merged, or nil.
func unknownIn(v ref.Val) *types.Unknown {
	switch t := v.(type) {
	case *types.Unknown:
		return t
	case types.String, types.Bool, types.Int, types.Double, types.Null, types.Timestamp, types.Duration, *types.Err:
		return nil
	case holder:
		return t.deepHole()
	case *types.Optional:
		if t.HasValue() {
			return unknownIn(t.GetValue())
		}
		return nil
	case traits.Lister:
		var u *types.Unknown
		n, _ := t.Size().(types.Int)
		for i := types.Int(0); i < n; i++ {
			u = types.MergeUnknowns(u, unknownIn(t.Get(i)))
		}
		return u
	case traits.Mapper:
		var u *types.Unknown
		for it := t.Iterator(); it.HasNext() == types.True; {
			k := it.Next()
			u = types.MergeUnknowns(u, unknownIn(k))
			if e, ok := t.Find(k); ok {
				u = types.MergeUnknowns(u, unknownIn(e))
			}
		}
		return u
	}
	return nil
}

// unknownElement gives the unknowns that are themselves elements or members of
// v, merged, or nil: where there is one, nobody knows how many there are.
func unknownElement(v ref.Val) *types.Unknown {
	if h, ok := v.(holder); ok {
		return h.hole()
	}
	var u *types.Unknown
	switch t := v.(type) {
	case traits.Lister:
		n, _ := t.Size().(types.Int)
		for i := types.Int(0); i < n; i++ {
			if e, ok := t.Get(i).(*types.Unknown); ok {
				u = types.MergeUnknowns(u, e)
			}
		}
	case traits.Mapper:
		for it := t.Iterator(); it.HasNext() == types.True; {
			k := it.Next()
			if e, ok := k.(*types.Unknown); ok {
				u = types.MergeUnknowns(u, e)
			} else if e, ok := t.Find(k); ok {
				if e, ok := e.(*types.Unknown); ok {
					u = types.MergeUnknowns(u, e)
				}
			}
		}
	}
	return u
}

// equal compares three-valued and deep: true and false hold whatever the
// unknowns in either value turn out to be; otherwise the answer is those that
// matter.
func equal(a, b ref.Val) ref.Val {
	ua, oka := a.(*types.Unknown)
	ub, okb := b.(*types.Unknown)
	if oka || okb {
		if !oka {
			return ub
		}
		if !okb {
			return ua
		}
		return types.MergeUnknowns(ua, ub)
	}
	switch x := a.(type) {
	case types.String:
		y, ok := b.(types.String)
		return types.Bool(ok && x == y)
	case types.Bool:
		y, ok := b.(types.Bool)
		return types.Bool(ok && x == y)
	case *types.Optional:
		y, ok := b.(*types.Optional)
		if !ok {
			return types.False
		}
		if !x.HasValue() || !y.HasValue() {
			return types.Bool(x.HasValue() == y.HasValue())
		}
		return equal(x.GetValue(), y.GetValue())
	case traits.Mapper:
		if y, ok := b.(traits.Mapper); ok {
			return equalMaps(x, y)
		}
		return types.False
	case traits.Lister:
		if y, ok := b.(traits.Lister); ok {
			return equalLists(x, y)
		}
		return types.False
	}
	return types.Equal(a, b)
}

func equalLists(a, b traits.Lister) ref.Val {
	if u := types.MergeUnknowns(unknownElement(a), unknownElement(b)); u != nil {
		return u
	}
	n, m := a.Size().(types.Int), b.Size().(types.Int)
	if n != m {
		return types.False
	}
	var u *types.Unknown
	for i := types.Int(0); i < n; i++ {
		switch r := equal(a.Get(i), b.Get(i)).(type) {
		case types.Bool:
			if !r {
				return types.False
			}
		case *types.Unknown:
			u = types.MergeUnknowns(u, r)
		case *types.Err:
			return r
		}
	}
	if u != nil {
		return u
	}
	return types.True
}

func equalMaps(a, b traits.Mapper) ref.Val {
	var u *types.Unknown
	one := func(a, b traits.Mapper, both bool) ref.Val {
		keys := keysOf(a)
		for _, k := range keys {
			x, _ := a.Find(k)
			y, ok := b.Find(k)
			if !ok {
				// The member of one that the other lacks may itself not be there.
				if x, ok := x.(*types.Unknown); ok {
					u = types.MergeUnknowns(u, x)
					continue
				}
				return types.False
			}
			if !both {
				continue
			}
			switch r := equal(x, y).(type) {
			case types.Bool:
				if !r {
					return types.False
				}
			case *types.Unknown:
				u = types.MergeUnknowns(u, r)
			case *types.Err:
				return r
			}
		}
		return nil
	}
	if r := one(a, b, true); r != nil {
		return r
	}
	if r := one(b, a, false); r != nil {
		return r
	}
	if u != nil {
		return u
	}
	return types.True
}

// keysOf lists the keys of a map, those of unknown members among them.
func keysOf(m traits.Mapper) []ref.Val {
	if k, ok := m.(interface{ keys() []ref.Val }); ok {
		return k.keys()
	}
	var out []ref.Val
	for it := m.Iterator(); it.HasNext() == types.True; {
		out = append(out, it.Next())
	}
	return out
}

// contains decides "v in c" for a list (its elements) or a map (its keys),
// three-valued.
func contains(c, v ref.Val) ref.Val {
	u := types.MergeUnknowns(asUnknown(c), asUnknown(v))
	if u != nil {
		return u
	}
	switch t := c.(type) {
	case traits.Mapper:
		e, ok := t.Find(v)
		if x, isUnknown := e.(*types.Unknown); isUnknown {
			return x
		}
		if err, isErr := e.(*types.Err); isErr {
			return err
		}
		return types.Bool(ok)
	case traits.Lister:
		n, _ := t.Size().(types.Int)
		for i := types.Int(0); i < n; i++ {
			switch r := equal(v, t.Get(i)).(type) {
			case types.Bool:
				if r {
					return types.True
				}
			case *types.Unknown:
				u = types.MergeUnknowns(u, r)
			}
		}
		if u != nil {
			return u
		}
		return types.False
	}
	return noOverload(c)
}

func asUnknown(v ref.Val) *types.Unknown {
	u, _ := v.(*types.Unknown)
	return u
}

// noOverload is the error of a function that has no form for such a value. It
// is made anew each time: cel-go writes into the errors it is given.
func noOverload(v ref.Val) ref.Val {
	return types.NewErr("no such overload for %s", v.Type().TypeName())
}
