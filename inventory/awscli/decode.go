package awscli

import (
	"fmt"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory/live"
)

// decoder reads the CLI's JSON into the SDK's types. It is safe for concurrent use.
type decoder struct {
	unions map[reflect.Type][]reflect.Type
	fields sync.Map // reflect.Type → map[string]int
}

func newDecoder() *decoder { return &decoder{unions: memberTypes()} }

// mismatch is a value that does not fit; path leads to it from the outside.
type mismatch struct{ path, message string }

func (m *mismatch) Error() string {
	if m.path == "" {
		return m.message
	}
	return strings.TrimPrefix(m.path, ".") + ": " + m.message
}

func mismatched(format string, args ...any) error {
	return &mismatch{message: fmt.Sprintf(format, args...)}
}

// step is how a path goes on to a member; a name that is not a plain one is quoted.
func step(key string) string {
	for _, c := range key {
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return "[" + quoteShort(key) + "]"
		}
	}
	if key == "" || len(key) > 60 {
		return "[" + quoteShort(key) + "]"
	}
	return "." + key
}

// under puts steps before the path of a mismatch.
func under(at string, err error) error {
	if m, ok := err.(*mismatch); ok {
		return &mismatch{path: at + m.path, message: m.message}
	}
	return err
}

// body reads a whole file into an operation's output. The failure is the error
// that the recorded call ended with, nil where it succeeded: then out holds the
// pages that came before it, whole is false and it is to be asked for as one page
// more.
func (d *decoder) body(data []byte, out any) (failure *live.Failure, err error) {
	if err := valid(data); err != nil {
		return nil, err
	}
	s := &scanner{data: data}
	if s.peek() != '{' {
		return nil, mismatched("want an object, have %s", s.kind())
	}
	v := reflect.ValueOf(out).Elem()
	_, hasError := d.index(v.Type())["error"]
	t := &tally{}
	err = s.object(func(key string) error {
		switch {
		case key == "ResponseMetadata":
			s.raw()
			return nil
		case key == "Error" && !hasError && s.peek() == '{':
			failure = &live.Failure{Cause: merlon.CauseFailed}
			return under(".Error", d.failure(s, failure))
		}
		return d.member(s, v, key, t)
	})
	if err != nil {
		return nil, err
	}
	if failure == nil && t.strange() {
		return nil, mismatched("holds %s, where the answer would hold %s", list(t.unknown), list(d.known(v.Type())))
	}
	return failure, nil
}

// failure reads boto3's form of an error, and the cause that a Recorder adds.
func (d *decoder) failure(s *scanner, f *live.Failure) error {
	var e struct{ Code, Message, Cause *string }
	if err := d.value(s, reflect.ValueOf(&e).Elem(), ""); err != nil {
		return err
	}
	f.Code, f.Message = aws.ToString(e.Code), aws.ToString(e.Message)
	f.Cause = live.FailureOf(&smithy.GenericAPIError{Code: f.Code}).Cause
	if e.Cause != nil {
		f.Cause = merlon.Cause(*e.Cause)
	}
	return nil
}

// tally counts what was found in an object.
type tally struct {
	seen      []int
	holders   int // known members that can hold more than one value
	unknown   []string
	strangers int // unknown members that hold something
}

// strange: what is there is something else. A new member beside those that are
// known is only new.
func (t *tally) strange() bool {
	return t.strangers > 0 && t.holders == 0
}

// member reads the value of one member of an object into a struct.
func (d *decoder) member(s *scanner, v reflect.Value, key string, t *tally) error {
	i, ok := d.index(v.Type())[strings.ToLower(key)]
	if !ok {
		raw := s.raw()
		t.unknown = append(t.unknown, key)
		if string(raw) != "null" {
			t.strangers++
		}
		return nil
	}
	if slices.Contains(t.seen, i) {
		return under(step(key), mismatched("is there twice"))
	}
	t.seen = append(t.seen, i)
	f := v.Field(i)
	t.holders++
	return under(step(key), d.value(s, f, key))
}

// index finds the fields of a struct by name in lower case.
func (d *decoder) index(t reflect.Type) map[string]int {
	if m, ok := d.fields.Load(t); ok {
		return m.(map[string]int)
	}
	m := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		if f.IsExported() && f.Name != "ResultMetadata" {
			m[strings.ToLower(f.Name)] = i
		}
	}
	d.fields.Store(t, m)
	return m
}

// known lists the members of a struct for an error.
func (d *decoder) known(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Name != "ResultMetadata" {
			names = append(names, f.Name)
		}
	}
	return names
}

func list(names []string) string {
	const limit = 5
	var out []string
	for _, n := range names[:min(len(names), limit)] {
		out = append(out, quoteShort(n))
	}
	if len(names) > limit {
		out = append(out, "…")
	}
	return strings.Join(out, ", ")
}

var (
	timeType  = reflect.TypeFor[time.Time]()
	bytesType = reflect.TypeFor[[]byte]()
)

// value reads the next value into v. name is the member's name, which tells
// documents from other strings.
func (d *decoder) value(s *scanner, v reflect.Value, name string) error {
	if s.null() {
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		if err := d.value(s, p.Elem(), name); err != nil {
			return err
		}
		v.Set(p)
		return nil
	case reflect.Struct:
		if v.Type() == timeType {
			return d.time(s, v)
		}
		_, err := d.object(s, v)
		return err
	case reflect.Slice:
		if v.Type() == bytesType {
			return d.bytes(s, v)
		}
		return d.list(s, v, name)
	case reflect.Map:
		return d.mapping(s, v)
	case reflect.String:
		return d.string(s, v, name)
	case reflect.Bool:
		if c := s.peek(); c != 't' && c != 'f' {
			return mismatched("want true or false, have %s", s.kind())
		}
		v.SetBool(s.boolean())
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return d.integer(s, v)
	case reflect.Float32, reflect.Float64:
		return d.float(s, v)
	case reflect.Interface:
		return d.union(s, v)
	}
	return mismatched("the answer has a %s here, which no file can hold", v.Type())
}

func (d *decoder) object(s *scanner, v reflect.Value) (*tally, error) {
	if s.peek() != '{' {
		return nil, mismatched("want an object, have %s", s.kind())
	}
	t := &tally{}
	return t, s.object(func(key string) error { return d.member(s, v, key, t) })
}

func (d *decoder) list(s *scanner, v reflect.Value, name string) error {
	if s.peek() != '[' {
		return mismatched("want a list, have %s", s.kind())
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	elem := v.Type().Elem()
	return s.list(func(i int) error {
		at := "[" + strconv.Itoa(i) + "]"
		if s.peek() == 'n' {
			return under(at, mismatched("want a value, have null"))
		}
		v.Set(reflect.Append(v, reflect.Zero(elem)))
		e := v.Index(v.Len() - 1)
		if elem.Kind() == reflect.Struct && elem != timeType {
			t, err := d.object(s, e)
			if err == nil && t.strange() {
				err = mismatched("holds %s, where there would be %s", list(t.unknown), list(d.known(elem)))
			}
			return under(at, err)
		}
		return under(at, d.value(s, e, name))
	})
}

func (d *decoder) mapping(s *scanner, v reflect.Value) error {
	if s.peek() != '{' {
		return mismatched("want an object, have %s", s.kind())
	}
	typ := v.Type()
	v.Set(reflect.MakeMap(typ))
	return s.object(func(key string) error {
		e := reflect.New(typ.Elem()).Elem()
		if err := d.value(s, e, key); err != nil {
			return under(step(key), err)
		}
		v.SetMapIndex(reflect.ValueOf(key).Convert(typ.Key()), e)
		return nil
	})
}

// union reads {"Member": value} into the type that the SDK has for the member.
func (d *decoder) union(s *scanner, v reflect.Value) error {
	typ := v.Type()
	if path.Base(typ.PkgPath()) == "document" {
		s.raw() // free-form documents, which no collector reads
		return nil
	}
	members := d.unions[typ]
	if members == nil {
		return mismatched("the answer has a %s here, which is not in the table of unions", typ)
	}
	if s.peek() != '{' {
		return mismatched("want an object, have %s", s.kind())
	}
	return s.object(func(key string) error {
		if s.null() {
			return nil
		}
		for _, m := range members {
			if !strings.EqualFold(memberName(typ, m), key) {
				continue
			}
			if !v.IsNil() {
				return mismatched("holds %s besides another", quoteShort(key))
			}
			p := reflect.New(m)
			if err := d.value(s, p.Elem().FieldByName("Value"), key); err != nil {
				return under(step(key), err)
			}
			v.Set(p)
			return nil
		}
		s.raw() // a member that this SDK does not know, as it reads it itself
		return nil
	})
}

// memberName is "Bar" for the type FooMemberBar of the union Foo.
func memberName(union, member reflect.Type) string {
	return strings.TrimPrefix(member.Name(), union.Name()+"Member")
}
