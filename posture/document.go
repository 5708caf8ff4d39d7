package posture

import (
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"merlon.dev/merlon"
)

// document is a parsed JSON text whose values are made when they are asked for.
// It is used by one goroutine at a time and may be parsed into again; values
// of the text before are then invalid, but for their strings.
type document struct {
	text  string
	nodes []node
	// vals caches the value of each node. An unknown stands here in the place
	// of what it covers, so that nothing below it can be reached.
	vals []ref.Val
	// missing are unknown members and elements that the text does not have.
	missing []missing
	// objects is where values of objects live; it is never grown while a value
	// of it is in use.
	objects []object
	shape   *shape
	// policies keeps what the function statements made of a node.
	policies map[uint32]ref.Val
}

// missing is an unknown member, or an element behind the last (key is then empty).
type missing struct {
	at      uint32 // the container
	key     string
	unknown *types.Unknown
}

// parse reads text and puts the unknowns where their paths lead. The shape may
// be nil; the result's root is values()[0].
func (d *document) parse(text string, unknowns []merlon.Unknown, s *shape) error {
	nodes, err := parseTape(text, d.nodes)
	if err != nil {
		return err
	}
	d.text, d.nodes, d.shape = text, nodes, s
	d.missing = d.missing[:0]
	clear(d.policies)
	if cap(d.vals) < len(nodes) {
		d.vals = make([]ref.Val, len(nodes), len(nodes)*3/2)
	} else {
		d.vals = d.vals[:len(nodes)]
		clear(d.vals)
	}
	objects := 0
	for i := range nodes {
		if nodes[i].kind == kindObject {
			objects++
		}
	}
	if cap(d.objects) < objects {
		d.objects = make([]object, 0, objects*3/2)
	} else {
		d.objects = d.objects[:0]
	}
	for i := range unknowns {
		d.cover(&unknowns[i])
	}
	return nil
}

// root is the value of the whole text.
func (d *document) root() ref.Val { return d.value(0, d.shape) }

// cover puts an unknown where its path leads: over the value that is there, or
// where it would be. A path that makes no sense covers the whole document.
func (d *document) cover(u *merlon.Unknown) {
	unknown := newUnknown(*u)
	put := func(at uint32) {
		if old, ok := d.vals[at].(*types.Unknown); ok {
			unknown = types.MergeUnknowns(old, unknown)
		}
		d.vals[at] = unknown
	}
	if !strings.HasPrefix(u.Path, "/") {
		put(0)
		return
	}
	var at uint32
	for _, step := range strings.Split(u.Path[1:], "/") {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		if _, ok := d.vals[at].(*types.Unknown); ok {
			break // something above it is unknown already
		}
		n := &d.nodes[at]
		switch n.kind {
		case kindObject:
			n.flags |= flagHole
			next, ok := d.member(at, step)
			// A member that is null is as good as none.
			if !ok {
				d.addMissing(at, step, unknown)
				return
			}
			at = next
		case kindList:
			n.flags |= flagHole
			i, err := strconv.ParseUint(step, 10, 32)
			if err != nil || i >= uint64(n.count) {
				d.addMissing(at, "", unknown)
				return
			}
			at++
			for ; i > 0; i-- {
				at = d.nodes[at].next
			}
		default:
			put(at)
			return
		}
	}
	put(at)
}

// addMissing records an unknown where the text has nothing, once a place.
func (d *document) addMissing(at uint32, key string, u *types.Unknown) {
	for i := range d.missing {
		if m := &d.missing[i]; m.at == at && m.key == key {
			m.unknown = types.MergeUnknowns(m.unknown, u)
			return
		}
	}
	d.missing = append(d.missing, missing{at, key, u})
}

// member finds the node of a member's value.
func (d *document) member(at uint32, key string) (uint32, bool) {
	end := d.nodes[at].next
	for k := at + 1; k < end; {
		n := &d.nodes[k]
		if n.flags&flagEscaped == 0 {
			if d.text[n.start:n.end] == key {
				return k + 1, true
			}
		} else if unescape(d.text[n.start:n.end]) == key {
			return k + 1, true
		}
		k = d.nodes[k+1].next
	}
	return 0, false
}

// value gives a node's value and keeps it.
func (d *document) value(at uint32, s *shape) ref.Val {
	if v := d.vals[at]; v != nil {
		return v
	}
	v := d.make(at, s)
	d.vals[at] = v
	return v
}

func (d *document) make(at uint32, s *shape) ref.Val {
	n := &d.nodes[at]
	switch n.kind {
	case kindFalse:
		return types.False
	case kindTrue:
		return types.True
	case kindInt:
		text := d.text[n.start:n.end]
		if s.is(convertDouble) {
			return types.Double(double(text))
		}
		if i, ok := integer(text); ok {
			return types.Int(i)
		}
		return types.Double(double(text))
	case kindDouble:
		return types.Double(double(d.text[n.start:n.end]))
	case kindString:
		text := keyText(d.text, n)
		if s.is(convertTime) {
			return timestamp(text)
		}
		return types.String(text)
	case kindList:
		l := &list{elems: make([]ref.Val, 0, n.count), sound: n.flags&flagHole == 0}
		for i := at + 1; i < n.next; i = d.nodes[i].next {
			l.elems = append(l.elems, d.value(i, s.element()))
		}
		for i := range d.missing {
			if m := &d.missing[i]; m.at == at {
				l.elems = append(l.elems, m.unknown)
			}
		}
		return l
	case kindObject:
		if len(d.objects) == cap(d.objects) {
			return &object{doc: d, at: at, shape: s}
		}
		d.objects = append(d.objects, object{doc: d, at: at, shape: s})
		return &d.objects[len(d.objects)-1]
	default:
		return types.NullValue
	}
}

// timestamp reads a time as the collectors write it, RFC 3339.
func timestamp(text string) ref.Val {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return types.NewErr("%.40q is no RFC 3339 time", text)
	}
	return types.Timestamp{Time: t.UTC()}
}

// conversion is what JSON has no kind for.
type conversion uint8

const (
	convertNone conversion = iota
	convertDouble
	convertTime
)

// shape says which values of a document are converted: those below fields (by
// name) and elements. The nil shape converts nothing.
type shape struct {
	convert conversion
	fields  map[string]*shape
	elem    *shape // of a list, or of a map whatever the key
}

func (s *shape) is(c conversion) bool { return s != nil && s.convert == c }

func (s *shape) element() *shape {
	if s == nil {
		return nil
	}
	return s.elem
}

func (s *shape) field(name string) *shape {
	if s == nil {
		return nil
	}
	if f, ok := s.fields[name]; ok {
		return f
	}
	return s.elem
}
