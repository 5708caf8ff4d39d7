package posture

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// shortener writes values as JSON within a budget of bytes: strings are cut, of
// lists and objects the last elements are left out, and each says how much is
// missing. It goes beyond the budget by what closes the brackets.
type shortener struct {
	out  []byte
	left int
}

func (w *shortener) raw(s string) {
	w.out = append(w.out, s...)
	w.left -= len(s)
}

func (w *shortener) text(s string) {
	if most := max(w.left, 16); len(s) > most {
		n := 0
		for i := range s {
			if i > most {
				break
			}
			n = i
		}
		s = s[:n] + "… (" + strconv.Itoa(len(s)) + " bytes)"
	}
	b, err := json.Marshal(s)
	if err != nil {
		b = []byte(`"?"`)
	}
	w.raw(string(b))
}

func (w *shortener) value(v ref.Val) {
	if w.left <= 0 {
		w.raw(`"…"`)
		return
	}
	switch t := v.(type) {
	case types.String:
		w.text(string(t))
	case types.Bool:
		w.raw(strconv.FormatBool(bool(t)))
	case types.Int:
		w.raw(strconv.FormatInt(int64(t), 10))
	case types.Double:
		if f := float64(t); math.IsNaN(f) || math.IsInf(f, 0) {
			w.text(strconv.FormatFloat(f, 'g', -1, 64))
		} else {
			w.raw(strconv.FormatFloat(f, 'g', -1, 64))
		}
	case types.Timestamp:
		w.text(t.UTC().Format(time.RFC3339))
	case types.Duration:
		w.text(t.Duration.String())
	case *types.Optional:
		if t.HasValue() {
			w.value(t.GetValue())
		} else {
			w.raw("null")
		}
	case *types.Unknown:
		w.text("unknown")
	case *types.Err:
		w.text("error: " + t.Error())
	case *object:
		w.object(t)
	case traits.Mapper:
		o := &object{}
		for _, k := range keysOf(t) {
			if e, ok := t.Find(k); ok {
				o.members = append(o.members, member{plain(k), e})
			}
		}
		// The maps of CEL have no order.
		slices.SortFunc(o.members, func(a, b member) int { return strings.Compare(a.name, b.name) })
		w.object(o)
	case traits.Lister:
		w.list(t)
	default:
		w.raw("null")
	}
}

func (w *shortener) list(l traits.Lister) {
	w.raw("[")
	n, _ := l.Size().(types.Int)
	for i := types.Int(0); i < n; i++ {
		if i > 0 {
			w.raw(",")
			if w.left <= 0 {
				w.text("… " + strconv.Itoa(int(n-i)) + " more")
				break
			}
		}
		w.value(l.Get(i))
	}
	w.raw("]")
}

func (w *shortener) object(o *object) {
	w.raw("{")
	n, left := 0, 0
	root := o.res != nil
	o.each(func(name string, v ref.Val) bool {
		if root && name != "id" && name != "properties" && name != "observed" {
			return true // a resource: what identifies it is enough
		}
		if n > 0 && w.left <= 0 {
			left++
			return true
		}
		if n > 0 {
			w.raw(",")
		}
		n++
		w.text(name)
		w.raw(":")
		w.value(v)
		return true
	})
	if left > 0 {
		w.raw(`,"…":` + strconv.Itoa(left))
	}
	w.raw("}")
}
