package live

import (
	"fmt"
	"reflect"
)

// tokens are the pairs of fields by which AWS's services page: the answer's and
// the request's. A test holds every declared operation to them.
var tokens = [...]struct{ out, in string }{
	{"NextToken", "NextToken"},
	{"NextMarker", "Marker"},
	{"NextMarker", "NextMarker"},
	{"Marker", "Marker"},
	{"NextPageMarker", "Marker"},
	{"ContinuationToken", "ContinuationToken"},
	{"NextContinuationToken", "ContinuationToken"},
	{"Position", "Position"},
	{"LastEvaluatedTableName", "ExclusiveStartTableName"},
	{"PaginationToken", "PaginationToken"},
}

// nextToken is the token of the next page and the field it stood in, "" for the last. Where the answer
// says whether it is cut off, that counts: some services repeat the marker.
// CloudFront keeps both inside a list object.
func nextToken(out any) (field, token string) {
	v := reflect.ValueOf(out).Elem()
	if list := inner(v); list.IsValid() {
		v = list
	}
	if t := v.FieldByName("IsTruncated"); t.IsValid() && !truth(t) {
		return "", ""
	}
	for _, t := range tokens {
		if s := text(v.FieldByName(t.out)); s != "" {
			return t.out, s
		}
	}
	return "", ""
}

// NextToken is the token of the page after an answer, "" for the last one. out
// is a pointer to an operation's output.
func NextToken(out any) string {
	_, token := nextToken(out)
	return token
}

// PageToken is the token of the page that a request asks for, "" for the first
// one. in is a pointer to an operation's input.
func PageToken(in any) string {
	v := reflect.ValueOf(in).Elem()
	for _, t := range tokens {
		if s := text(v.FieldByName(t.in)); s != "" {
			return s
		}
	}
	return ""
}

// IsToken reports whether a field of a request or of an answer carries a page
// token.
func IsToken(field string) bool {
	for _, t := range tokens {
		if t.in == field || t.out == field {
			return true
		}
	}
	return false
}

// inner finds CloudFront's list object: the only struct besides the metadata.
func inner(v reflect.Value) reflect.Value {
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() == reflect.Pointer && !f.IsNil() && f.Elem().Kind() == reflect.Struct {
			e := f.Elem()
			if e.FieldByName("IsTruncated").IsValid() && e.FieldByName("NextMarker").IsValid() {
				return e
			}
		}
	}
	return reflect.Value{}
}

// setToken puts the token that stood in a field of the answer into the request.
func setToken(in any, field, token string) error {
	v := reflect.ValueOf(in).Elem()
	for _, t := range tokens {
		if t.out != field {
			continue
		}
		f := v.FieldByName(t.in)
		if f.IsValid() && f.Kind() == reflect.Pointer && f.Type().Elem().Kind() == reflect.String {
			f.Set(reflect.ValueOf(&token).Convert(f.Type()))
			return nil
		}
	}
	return fmt.Errorf("%T has a next page and no field to ask for it", in)
}

func text(v reflect.Value) string {
	for v.IsValid() && v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() != reflect.String {
		return ""
	}
	return v.String()
}

func truth(v reflect.Value) bool {
	if v.Kind() == reflect.Pointer {
		return !v.IsNil() && v.Elem().Kind() == reflect.Bool && v.Elem().Bool()
	}
	return v.Kind() == reflect.Bool && v.Bool()
}
