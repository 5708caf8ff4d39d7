package posture

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"merlon.dev/merlon/inventory"
)

// relations gives the root of a resource's document its relations.
type relations struct {
	subject inventory.Subject
	known   map[string]ref.Val
	source  relationSource
}

// relationSource finds related resources: a list of their documents, with an
// unknown in it where there may be more.
type relationSource interface {
	related(from inventory.Subject, relation string) ref.Val
}

// related gives the resources that a relation leads to, and remembers them.
func (r *relations) related(name string) ref.Val {
	if v, ok := r.known[name]; ok {
		return v
	}
	if r.source == nil {
		return types.NewErr("nothing is known of relation %s", name)
	}
	v := r.source.related(r.subject, name)
	if r.known == nil {
		r.known = map[string]ref.Val{}
	}
	r.known[name] = v
	return v
}
