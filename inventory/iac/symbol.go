package iac

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"merlon.dev/merlon/inventory"
)

// symbolARN is the resource's ARN with the unknown name in it.
func (id *identity) symbolARN() string {
	if id.symbol == "" || !strings.Contains(id.arn, id.base) {
		return ""
	}
	return strings.Replace(id.arn, id.base, id.symbol, 1)
}

// symbols finds out which unknowns name a resource of the templates all the same:
// a bucket whose name is "${App}-logs" is what "${App}-logs" names elsewhere,
// whatever App is. They become what Ref and GetAtt of the resource give.
func (l *loader) symbols(index owners) {
	var arns []*identity
	for _, s := range l.stacks {
		for _, r := range s.resources {
			if id := s.identityOf(r); id.symbolARN() != "" {
				arns = append(arns, id)
			}
		}
	}
	for _, s := range l.stacks {
		for _, r := range s.resources {
			x := &symbolizer{r: r, index: index, arns: arns}
			for name, v := range r.props {
				_, was := v.(*unknown)
				now := x.replace(v, []string{name})
				r.props[name] = now
				if _, is := now.(*unknown); was && !is && slices.Contains(r.typ.ID, name) {
					// What it belongs to identifies it, such as a bucket its policy.
					r.values[name], r.identity = now, nil
				}
			}
		}
	}
}

type symbolizer struct {
	r     *resource
	index owners
	arns  []*identity
}

func (x *symbolizer) replace(v any, path []string) any {
	switch t := v.(type) {
	case *unknown:
		if t.symbol != "" {
			return x.known(t, path)
		}
	case []any:
		for i, e := range t {
			t[i] = x.replace(e, path)
		}
	case map[string]any:
		for k, e := range t {
			t[k] = x.replace(e, append(path[:len(path):len(path)], k))
		}
	}
	return v
}

// known gives what an unknown names, or the unknown.
func (x *symbolizer) known(u *unknown, path []string) any {
	// An ARN says itself what it is of, wherever it stands.
	if strings.HasPrefix(u.symbol, "arn:") {
		for _, id := range x.arns {
			if rest, ok := strings.CutPrefix(u.symbol, id.symbolARN()); ok && !strings.Contains(rest, "\x00") && (rest == "" || strings.ContainsAny(rest[:1], "/:*")) {
				return standIn(id.arn + rest)
			}
		}
		return u
	}
	// A name says it where a relation leads to one type.
	for _, name := range slices.Sorted(maps.Keys(x.r.typ.Relations)) {
		rel := x.r.typ.Relations[name]
		if samePath(rel, path) {
			if other := x.index[rel.Target][u.symbol]; other != nil && other != x.r {
				return standIn(other.s.identityOf(other).id)
			}
		}
	}
	return u
}

func samePath(rel *inventory.Relation, path []string) bool {
	if len(rel.By) != len(path) {
		return false
	}
	for i, p := range path {
		if rel.By[i] != p {
			return false
		}
	}
	return true
}

// sanitized takes NUL out of text that a template writes, so that no template
// writes a symbol.
func sanitized(t string) string {
	if strings.Contains(t, "\x00") {
		return strconv.Quote(t)
	}
	return t
}
