package posture

import (
	"fmt"
	"reflect"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"merlon.dev/merlon"
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

// maxParsed is how many bytes of related documents are kept parsed, which takes
// some six times as much; of longer lists each document is parsed anew whenever
// it is looked at.
const maxParsed = 4 << 20

// relatedDocument is a document of a related resource as the snapshot has it.
type relatedDocument struct {
	text, provenance string
	row              int64
	unknowns         []merlon.Unknown
}

// related implements relationSource.
func (e *evaluator) related(from inventory.Subject, relation string) ref.Val {
	var docs []relatedDocument
	bytes := 0
	unknowns, err := e.snapshot.Related(e.ctx, from, relation, func(d *inventory.Document) error {
		docs = append(docs, relatedDocument{string(d.JSON), string(d.Provenance), d.Row, d.Unknowns})
		bytes += len(d.JSON)
		return nil
	})
	var more *types.Unknown
	for _, u := range unknowns {
		more = types.MergeUnknowns(more, newUnknown(u))
	}
	shared := from.Type == accountType || from.Type == regionType
	var out ref.Val
	if err == nil && bytes > maxParsed {
		out = &longList{source: e, docs: docs, more: more}
	} else if err == nil {
		l := &list{elems: make([]ref.Val, 0, len(docs)+1)}
		for i := range docs {
			// The subject's own relatives last as long as it does, others longer.
			r := &record{}
			if !shared {
				r = e.spareRecord()
			}
			var v ref.Val
			if v, err = e.open(r, &docs[i]); err != nil {
				break
			}
			l.elems = append(l.elems, v)
		}
		if more != nil {
			l.elems = append(l.elems, more)
		}
		out = l
	}
	if err != nil {
		return e.fail(fmt.Errorf("relation %s of %s: %w", relation, from.Key(), err))
	}
	if shared {
		e.relatedBytes += bytes
	}
	return out
}

// spareRecord gives a record that is free again when the next resource begins.
func (e *evaluator) spareRecord() *record {
	if e.used == len(e.spare) {
		e.spare = append(e.spare, &record{})
	}
	e.used++
	return e.spare[e.used-1]
}

// open parses a related document.
func (e *evaluator) open(r *record, d *relatedDocument) (ref.Val, error) {
	typ, err := typeOf(d.text)
	if err != nil {
		return nil, err
	}
	if err := e.fill(r, typ, d.text, d.row, d.unknowns, d.provenance); err != nil {
		return nil, err
	}
	return r.root, nil
}

// typeOf reads the type of a stored document, its first member.
func typeOf(doc string) (string, error) {
	if rest, ok := strings.CutPrefix(doc, `{"type":"`); ok {
		if typ, _, ok := strings.Cut(rest, `"`); ok && !strings.Contains(typ, `\`) {
			return typ, nil
		}
	}
	var d document
	if err := d.parse(doc, nil, nil); err != nil {
		return "", err
	}
	return d.word("type"), nil
}

// longList is a list of related resources that is too long to be kept parsed.
type longList struct {
	source *evaluator
	docs   []relatedDocument
	more   *types.Unknown // stands behind the last
}

func (l *longList) hole() *types.Unknown { return l.more }

func (l *longList) deepHole() *types.Unknown {
	u := l.more
	for i := range l.docs {
		for k := range l.docs[i].unknowns {
			u = types.MergeUnknowns(u, newUnknown(l.docs[i].unknowns[k]))
		}
	}
	return u
}

func (l *longList) length() int {
	if l.more != nil {
		return len(l.docs) + 1
	}
	return len(l.docs)
}

func (l *longList) at(i int) ref.Val {
	if i >= len(l.docs) {
		return l.more
	}
	v, err := l.source.open(&record{}, &l.docs[i])
	if err != nil {
		return l.source.fail(err)
	}
	return v
}

// GetInt64Index is as that of list.
func (l *longList) GetInt64Index(i int64) (any, bool) {
	switch {
	case i < 0:
		return nil, false
	case i < int64(len(l.docs)):
		return l.at(int(i)), true
	case l.more != nil:
		return l.more, true
	}
	return nil, false
}

// Get implements [traits.Indexer].
func (l *longList) Get(index ref.Val) ref.Val {
	i, err := types.GetOrError(index)
	if err != nil {
		return types.ValOrErr(index, "%v", err)
	}
	if i < 0 || int64(i) >= int64(l.length()) {
		return types.NewErr("index out of bounds: %d", i)
	}
	return l.at(int(i))
}

// Add implements [traits.Adder].
func (l *longList) Add(other ref.Val) ref.Val { return newList(nil).Add(l).(*list).Add(other) }

// Contains implements [traits.Container].
func (l *longList) Contains(v ref.Val) ref.Val { return contains(l, v) }

// Size implements [traits.Sizer]; see object.Size.
func (l *longList) Size() ref.Val { return types.Int(l.length()) }

// Iterator implements [traits.Iterable].
func (l *longList) Iterator() traits.Iterator {
	it := &iterator{}
	for i := range l.length() {
		it.rest = append(it.rest, l.at(i))
	}
	return it
}

// Fold implements [traits.Foldable].
func (l *longList) Fold(f traits.Folder) {
	for i := range l.length() {
		if !f.FoldEntry(types.Int(i), l.at(i)) {
			return
		}
	}
}

// Type implements [ref.Val].
func (l *longList) Type() ref.Type { return types.ListType }

// Value implements [ref.Val].
func (l *longList) Value() any { return l }

// Equal implements [ref.Val].
func (l *longList) Equal(other ref.Val) ref.Val { return equal(l, other) }

// ConvertToType implements [ref.Val].
func (l *longList) ConvertToType(t ref.Type) ref.Val {
	if t == types.ListType {
		return l
	}
	return types.NewErr("a list cannot be converted to %s", t.TypeName())
}

// ConvertToNative implements [ref.Val]: nothing needs it.
func (l *longList) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a list cannot be converted to %v", t)
}
