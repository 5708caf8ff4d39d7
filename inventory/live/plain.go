package live

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"reflect"
	"strings"
	"time"
)

// plain turns a value of the SDK into maps, lists, strings, numbers and booleans,
// keyed by the SDK's field names: nil pointers, empty enums, empty lists and the
// metadata of an answer are left out, times are RFC 3339 in UTC, bytes base64.
// nil stands for nothing.
func plain(v any) any {
	if v == nil {
		return nil
	}
	return plainValue(reflect.ValueOf(v))
}

var (
	timeType   = reflect.TypeFor[time.Time]()
	bytesType  = reflect.TypeFor[[]byte]()
	numberType = reflect.TypeFor[json.Number]()
)

func plainValue(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		if v.Kind() == reflect.Interface {
			return plainUnion(v.Elem())
		}
		if v.Elem().Kind() == reflect.String {
			return v.Elem().String() // set, though empty
		}
		return plainValue(v.Elem())
	case reflect.Struct:
		if v.Type() == timeType {
			return v.Interface().(time.Time).UTC().Format(time.RFC3339)
		}
		m := map[string]any{}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() || f.Name == "ResultMetadata" {
				continue
			}
			if x := plainValue(v.Field(i)); x != nil {
				m[f.Name] = x
			}
		}
		return m
	case reflect.Slice:
		if v.Type() == bytesType {
			if v.Len() == 0 {
				return nil
			}
			return base64.StdEncoding.EncodeToString(v.Bytes())
		}
		if v.Len() == 0 {
			return nil
		}
		list := make([]any, 0, v.Len())
		for i := range v.Len() {
			list = append(list, plainValue(v.Index(i)))
		}
		return list
	case reflect.Map:
		if v.Len() == 0 {
			return nil
		}
		m := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			if x := plainValue(it.Value()); x != nil {
				m[it.Key().String()] = x
			}
		}
		return m
	case reflect.String:
		if v.Len() == 0 {
			return nil
		}
		if v.Type() == numberType {
			return v.Interface()
		}
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint()
	case reflect.Float32, reflect.Float64:
		return v.Float()
	}
	return nil
}

// plainUnion names the member of a union as AWS's JSON does: the SDK's type
// "FooMemberBar" with a field Value is {"Bar": …}. Other interface values are
// documents or already plain.
func plainUnion(v reflect.Value) any {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() == reflect.Struct {
		if _, member, ok := strings.Cut(v.Type().Name(), "Member"); ok && member != "" {
			if f := v.FieldByName("Value"); f.IsValid() {
				x := plainValue(f)
				if x == nil {
					x = map[string]any{}
				}
				return map[string]any{member: x}
			}
		}
	}
	return plainValue(v)
}

// document parses a policy that AWS gives as text. IAM percent-encodes it
// (RFC 3986): https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html (read 2026-11-24).
func document(text string) any {
	if strings.HasPrefix(text, "%") { // no JSON begins so; white space may come before the brace
		if plain, err := url.PathUnescape(text); err == nil {
			text = plain
		}
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil || d.More() {
		return text
	}
	return v
}
