package awscli

import (
	"fmt"
	"math/rand/v2"
	"path"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"merlon.dev/merlon/inventory/live"
)

// TestRoundTrip fills the answer of every declared operation with random values,
// writes it and reads it again: nothing may be lost or changed, whatever a
// collector to come reads.
func TestRoundTrip(t *testing.T) {
	d := newDecoder()
	operations := 0
	for _, s := range live.Services() {
		for _, o := range s.Operations {
			operations++
			if _, ok := reflect.TypeOf(o.Output()).Elem().FieldByName("Error"); ok {
				t.Errorf("%s: the answer has a member Error, which stands for failures", o.Call())
			}
			for seed := range uint64(3) {
				f := filler{rand: rand.New(rand.NewPCG(seed, 1)), t: t, d: d, service: o.Service}
				want := o.Output()
				f.fill(reflect.ValueOf(want).Elem(), 0, false)
				body := encode(o, want)
				got := o.Output()
				if _, err := d.body(body, got); err != nil {
					t.Fatalf("%s: %v\n%s", o.Call(), err, body)
				}
				if diff := cmp.Diff(want, got, compare()...); diff != "" {
					t.Errorf("%s changed (- written, + read):\n%s", o.Call(), diff)
				}
			}
		}
	}
	if operations == 0 {
		t.Fatal("no operation is declared")
	}
}

// compare are the options under which two answers are equal: the SDK's types hide
// a marker in a field that is not exported.
func compare() []cmp.Option {
	return []cmp.Option{
		cmp.FilterPath(func(p cmp.Path) bool {
			sf, ok := p.Last().(cmp.StructField)
			return ok && !sf.Type().AssignableTo(timeType) && strings.HasPrefix(sf.Name(), "noSmithy")
		}, cmp.Ignore()),
		cmpopts.IgnoreTypes(middleware.Metadata{}),
		cmpopts.EquateComparable(),
	}
}

// filler fills answers with random values that no rule takes for secrets; those
// that are secret by their place are filled with what replaces them.
type filler struct {
	rand    *rand.Rand
	t       *testing.T
	d       *decoder
	service string
	plain   bool // texts are words, and never empty
}

func (f *filler) fill(v reflect.Value, depth int, secret bool) {
	typ := v.Type()
	switch v.Kind() {
	case reflect.Pointer:
		if depth > 6 || f.rand.IntN(4) == 0 && !(f.plain && typ.Elem().Kind() == reflect.String) {
			return
		}
		p := reflect.New(typ.Elem())
		f.fill(p.Elem(), depth, secret)
		v.Set(p)
	case reflect.Struct:
		if typ == timeType {
			v.Set(reflect.ValueOf(time.Unix(f.rand.Int64N(4e9), f.rand.Int64N(1e9)).UTC()))
			return
		}
		if len(f.d.index(typ)) != len(f.d.known(typ)) {
			f.t.Errorf("%s has members that differ only in their case", typ)
		}
		for i := range typ.NumField() {
			if sf := typ.Field(i); sf.IsExported() && sf.Name != "ResultMetadata" {
				f.fill(v.Field(i), depth+1, secret || secretMember(f.service, typ.Name(), sf.Name, v.Field(i)) || typ.Name() == "EnvironmentVariable" && sf.Name == "Value")
			}
		}
	case reflect.Slice:
		if typ == bytesType {
			v.SetBytes([]byte(f.text(secret)))
			return
		}
		n := f.rand.IntN(5) - 1
		if f.plain {
			n = [...]int{-1, 0, 1, 1, 1, 2}[f.rand.IntN(6)] // what lists lists must come to an end
		}
		// A list of unions may not hold empty ones, which is what the deepest would be.
		if depth > 6 || n < 0 || depth > 5 && typ.Elem().Kind() == reflect.Interface {
			return
		}
		v.Set(reflect.MakeSlice(typ, n, n))
		for i := range n {
			f.fill(v.Index(i), depth+1, secret)
			if e := v.Index(i); e.Kind() == reflect.Slice && e.IsNil() {
				e.Set(reflect.MakeSlice(e.Type(), 0, 0)) // no list holds a null
			}
		}
	case reflect.Map:
		n := f.rand.IntN(4) - 1
		if depth > 6 || n < 0 {
			return
		}
		v.Set(reflect.MakeMap(typ))
		for range n {
			k, e := reflect.New(typ.Key()).Elem(), reflect.New(typ.Elem()).Elem()
			f.fill(k, depth+1, false)
			f.fill(e, depth+1, secret)
			if e.Kind() == reflect.Slice && e.IsNil() {
				e.Set(reflect.MakeSlice(e.Type(), 0, 0)) // AWS's maps hold no null
			}
			v.SetMapIndex(k, e)
		}
	case reflect.String:
		v.SetString(f.text(secret))
	case reflect.Bool:
		v.SetBool(f.rand.IntN(2) == 0)
	case reflect.Int32:
		v.SetInt(int64(int32(f.rand.Uint32())))
	case reflect.Int64:
		v.SetInt(int64(f.rand.Uint64()))
	case reflect.Float32:
		v.SetFloat(float64(f.rand.Float32()))
	case reflect.Float64:
		v.SetFloat(f.rand.NormFloat64() * 1e9)
	case reflect.Interface:
		if path.Base(typ.PkgPath()) == "document" || depth > 6 {
			return
		}
		members := f.d.unions[typ]
		if members == nil {
			f.t.Errorf("the union %s is not in unions.go: add its service to internal/generate/unions and run go generate", typ)
			return
		}
		m := reflect.New(members[f.rand.IntN(len(members))])
		f.fill(m.Elem().FieldByName("Value"), depth+1, secret)
		v.Set(m)
	default:
		f.t.Errorf("no value for a %s", typ)
	}
}

// text gives short random texts with everything in them that JSON minds.
func (f *filler) text(secret bool) string {
	if secret {
		return redacted
	}
	if f.plain {
		return fmt.Sprintf("word-%d", f.rand.IntN(1e6))
	}
	const letters = "abcXYZ019-_/:.,+ \"\\\n\t<>&'{}[]äß€😀\u2028\x7f"
	runes := []rune(letters)
	var b strings.Builder
	for range f.rand.IntN(12) {
		b.WriteRune(runes[f.rand.IntN(len(runes))])
	}
	return b.String()
}
