package awscli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"merlon.dev/merlon/inventory/live"
)

// encoder writes one answer in the CLI's form, without its secrets.
type encoder struct {
	service string
	out     bytes.Buffer
}

// encode gives the JSON of an operation's output: what is not set is left out,
// times are RFC 3339 in UTC, IAM's documents are objects, unions {"Member": …}.
func encode(o *live.Operation, out any) []byte {
	e := &encoder{service: o.Service}
	e.value(reflect.ValueOf(out), field{})
	return e.out.Bytes()
}

// field is where a value stands.
type field struct {
	name   string
	secret bool // everything below is
}

func (e *encoder) value(v reflect.Value, f field) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.Kind() == reflect.Interface {
			e.union(v, f)
			return
		}
		e.value(v.Elem(), f)
	case reflect.Struct:
		if v.Type() == timeType {
			e.text(v.Interface().(time.Time).UTC().Format(time.RFC3339Nano))
			return
		}
		e.object(v, f)
	case reflect.Slice:
		if v.Type() == bytesType {
			e.bytes(v.Bytes(), f)
			return
		}
		e.out.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				e.out.WriteByte(',')
			}
			e.value(v.Index(i), f)
		}
		e.out.WriteByte(']')
	case reflect.Map:
		e.mapping(v, f)
	case reflect.String:
		e.string(v.String(), f)
	case reflect.Bool:
		e.out.WriteString(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.out.WriteString(strconv.FormatInt(v.Int(), 10))
	case reflect.Float32, reflect.Float64:
		e.float(v)
	default:
		e.out.WriteString("null")
	}
}

func (e *encoder) float(v reflect.Value) {
	x := v.Float()
	if math.IsNaN(x) || math.IsInf(x, 0) {
		e.text(strconv.FormatFloat(x, 'g', -1, 64))
		return
	}
	e.out.WriteString(strconv.FormatFloat(x, 'g', -1, v.Type().Bits()))
}

// object writes the members that are set, by name.
func (e *encoder) object(v reflect.Value, f field) {
	t := v.Type()
	var set []int
	for i := range t.NumField() {
		if sf := t.Field(i); sf.IsExported() && sf.Name != "ResultMetadata" && e.isSet(v.Field(i)) {
			set = append(set, i)
		}
	}
	slices.SortFunc(set, func(a, b int) int { return strings.Compare(t.Field(a).Name, t.Field(b).Name) })
	pair := !tagged(f.name) && secretPair(e.service, v)
	e.out.WriteByte('{')
	for n, i := range set {
		if n > 0 {
			e.out.WriteByte(',')
		}
		name := t.Field(i).Name
		e.text(spelled(e.service, t.Name(), name))
		e.out.WriteByte(':')
		e.value(v.Field(i), field{name, f.secret || pair && isValue(name) || secretMember(e.service, t.Name(), name, v.Field(i))})
	}
	e.out.WriteByte('}')
}

// isSet reports whether a field holds something a file can hold.
func (e *encoder) isSet(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface:
		return !v.IsNil() && path.Base(v.Type().PkgPath()) != "document" && unionMember(v).IsValid()
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return !v.IsNil()
	case reflect.Chan, reflect.Func:
		return false
	}
	return !v.IsZero()
}

func (e *encoder) mapping(v reflect.Value, f field) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	e.out.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			e.out.WriteByte(',')
		}
		e.text(scrub(k.String()))
		e.out.WriteByte(':')
		x := v.MapIndex(k)
		if (x.Kind() == reflect.Slice || x.Kind() == reflect.Map || x.Kind() == reflect.Pointer) && x.IsNil() {
			e.out.WriteString("null")
			continue
		}
		e.value(x, field{k.String(), f.secret || secretName(k.String()) && !tagged(f.name) && !reference(x)})
	}
	e.out.WriteByte('}')
}

// unionMember is the struct FooMemberBar that a union's value is, or invalid.
func unionMember(v reflect.Value) reflect.Value {
	m := v.Elem()
	if m.Kind() == reflect.Pointer && !m.IsNil() {
		m = m.Elem()
	}
	if m.Kind() != reflect.Struct || !strings.HasPrefix(m.Type().Name(), v.Type().Name()+"Member") || !m.FieldByName("Value").IsValid() {
		return reflect.Value{}
	}
	return m
}

func (e *encoder) union(v reflect.Value, f field) {
	m := unionMember(v)
	if !m.IsValid() {
		e.out.WriteString("null")
		return
	}
	name := memberName(v.Type(), m.Type())
	e.out.WriteByte('{')
	e.text(spelled(e.service, v.Type().Name(), name))
	e.out.WriteByte(':')
	e.value(m.FieldByName("Value"), field{name, f.secret})
	e.out.WriteByte('}')
}

func (e *encoder) string(s string, f field) {
	switch {
	case f.secret && s != "":
		s = redacted
	case f.name == "AccessKeyId":
		// The identifier of a key is no secret and names it in findings.
	case e.service == "iam" && isDocument(f.name):
		if doc, ok := parsed(s); ok {
			e.out.Write(doc)
			return
		}
		s = scrub(s)
	default:
		s = scrub(s)
	}
	e.text(s)
}

// parsed gives the JSON of a document as IAM sends it, percent-encoded.
func parsed(text string) ([]byte, bool) {
	if strings.HasPrefix(text, "%7B") || strings.HasPrefix(text, "%7b") {
		plain, err := url.PathUnescape(text)
		if err != nil {
			return nil, false
		}
		text = plain
	}
	text = scrub(text)
	if !strings.HasPrefix(text, "{") || !json.Valid([]byte(text)) {
		return nil, false
	}
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		return nil, false
	}
	return b.Bytes(), true
}

// bytes are written as text where that reads back as the same bytes, else as base64.
func (e *encoder) bytes(b []byte, f field) {
	if f.secret && len(b) > 0 {
		b = []byte(redacted)
	}
	if utf8.Valid(b) {
		text := scrub(string(b))
		if bytes.Equal(parseBytes(text), []byte(text)) {
			e.text(text)
			return
		}
		b = []byte(text)
	}
	e.text(base64.StdEncoding.EncodeToString(b))
}

// text writes a JSON string. HTML is nobody's concern in a file.
func (e *encoder) text(s string) {
	plain := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			plain = false
			break
		}
	}
	if plain {
		e.out.WriteByte('"')
		e.out.WriteString(s)
		e.out.WriteByte('"')
		return
	}
	enc := json.NewEncoder(&e.out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err == nil {
		e.out.Truncate(e.out.Len() - 1) // the encoder's newline
	}
}

// spelled is the member's name as boto3 has it: the SDK writes all of them with
// a capital. Readers of the folder other than this package tell the difference.
//
// The models in botocore/data of version 1.43.11 (read 2026-11-24).
func spelled(service, typ, name string) string {
	switch service {
	case "accessanalyzer", "apigateway", "cloudwatchlogs", "codebuild", "ecs", "eks", "inspector2", "macie2", "ram", "sfn":
	case "ecr":
		if typ == "Tag" {
			return name
		}
	case "cloudtrail":
		if name != "TrailList" {
			return name
		}
	default:
		return name
	}
	return strings.ToLower(name[:1]) + name[1:]
}
