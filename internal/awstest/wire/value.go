package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// ErrValue is wrapped by the errors of [Service.Encode]: the data does not fit
// the model.
var ErrValue = errors.New("data does not fit the service's model")

// plain brings a value into one of few forms, one level deep: nil, string,
// bool, int64, float64, []byte, [time.Time], map[string]any or []any. Values
// of other structs go through their JSON form.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, bool, int64, float64, []byte, time.Time, map[string]any, []any:
		return v, nil
	case int:
		return int64(v), nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	case json.RawMessage:
		var out any
		err := json.Unmarshal(v, &out)
		return out, err
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Pointer, reflect.Interface:
		if r.IsNil() {
			return nil, nil
		}
		return plain(r.Elem().Interface())
	case reflect.String:
		return r.String(), nil
	case reflect.Bool:
		return r.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return int64(r.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return r.Float(), nil
	case reflect.Slice, reflect.Array:
		if r.Kind() == reflect.Slice && r.Type().Elem().Kind() == reflect.Uint8 {
			return r.Bytes(), nil
		}
		out := make([]any, r.Len())
		for i := range out {
			out[i] = r.Index(i).Interface()
		}
		return out, nil
	case reflect.Map:
		if r.Type().Key().Kind() == reflect.String {
			out := make(map[string]any, r.Len())
			for it := r.MapRange(); it.Next(); {
				out[it.Key().String()] = it.Value().Interface()
			}
			return out, nil
		}
	case reflect.Struct:
		b, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		var out any
		err = json.Unmarshal(b, &out)
		return out, err
	}
	return nil, fmt.Errorf("a value of type %T", v)
}

// Text is a scalar as text: what stands in an XML element or a header.
// Objects and lists where text is wanted become their JSON, so that policies can be
// written as data.
func text(v any) (string, error) {
	v, err := plain(v)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case []byte:
		return string(v), nil
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), nil
	}
	b, err := json.Marshal(v)
	return string(b), err
}

// number reads an integer; a float must be whole.
func integer(v any) (int64, error) {
	switch v := v.(type) {
	case int64:
		return v, nil
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v), nil
		}
	case string:
		return strconv.ParseInt(v, 10, 64)
	}
	return 0, fmt.Errorf("%v is not an integer", v)
}

func float(v any) (float64, error) {
	switch v := v.(type) {
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	case string:
		return strconv.ParseFloat(v, 64)
	}
	return 0, fmt.Errorf("%v is not a number", v)
}

func boolean(v any) (bool, error) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case string:
		return strconv.ParseBool(v)
	}
	return false, fmt.Errorf("%v is not a boolean", v)
}

// moment reads a time: a [time.Time], seconds since 1970, or text as AWS and
// its CLI write it.
func moment(v any) (time.Time, error) {
	switch v := v.(type) {
	case time.Time:
		return v.UTC(), nil
	case int64:
		return time.Unix(v, 0).UTC(), nil
	case float64:
		return fromEpoch(v), nil
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999", time.DateOnly, http.TimeFormat} {
			if t, err := time.Parse(layout, v); err == nil {
				return t.UTC(), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("%v is not a time", v)
}

func fromEpoch(f float64) time.Time { return time.UnixMilli(int64(math.Round(f * 1000))).UTC() }

// timeFormats are the formats that a model may name.
func formatTime(t time.Time, format string) string {
	switch format {
	case "unixTimestamp":
		return epoch(t)
	case "rfc822":
		return t.UTC().Format(http.TimeFormat)
	}
	if t.Nanosecond() != 0 {
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// epoch is the time in seconds since 1970, with milliseconds where it has any.
func epoch(t time.Time) string {
	if t.Nanosecond()/1e6 == 0 {
		return strconv.FormatInt(t.Unix(), 10)
	}
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64)
}

// Get reads a member of data by a dotted path, without regard to case.
func Get(data map[string]any, path string) (any, bool) {
	var v any = data
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = lookup(m, name); !ok {
			return nil, false
		}
	}
	return v, true
}

func lookup(m map[string]any, name string) (any, bool) {
	if v, ok := m[name]; ok {
		return v, true
	}
	for k, v := range m {
		if SameName(k, name) {
			return v, true
		}
	}
	return nil, false
}

// Empty is the answer of an account that has nothing: every list and map of
// the output empty, and what the model requires inside of a payload at its zero.
func (s *Service) Empty(op *Operation) map[string]any {
	out := map[string]any{}
	if op.Output == "" {
		return out
	}
	sh := s.Shape(op.Output)
	for _, m := range sh.Members {
		if m.At != "" {
			continue
		}
		switch s.Shape(m.Shape).Kind {
		case List:
			out[m.Name] = []any{}
		case Map:
			out[m.Name] = map[string]any{}
		case Struct:
			if m.Required || m.Name == sh.Payload {
				out[m.Name] = s.zero(m.Shape, 0)
			}
		case Bool:
			// IsTruncated: false is what ends paging.
			if m.Required || op.Page != nil && op.Page.More == m.Name {
				out[m.Name] = false
			}
		}
	}
	return out
}

// zero is a structure with what it requires.
func (s *Service) zero(shape string, depth int) map[string]any {
	out := map[string]any{}
	for _, m := range s.Shape(shape).Members {
		if !m.Required || depth > 5 {
			continue
		}
		switch s.Shape(m.Shape).Kind {
		case List:
			out[m.Name] = []any{}
		case Map:
			out[m.Name] = map[string]any{}
		case Struct:
			out[m.Name] = s.zero(m.Shape, depth+1)
		case Bool:
			out[m.Name] = false
		case Int, Float:
			out[m.Name] = int64(0)
		case String:
			out[m.Name] = ""
		}
	}
	return out
}

// Object reads data as a map of members; the map may be the data itself.
func Object(v any) (map[string]any, error) {
	v, err := plain(v)
	if err != nil {
		return nil, err
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("want an object, have %T", v)
	}
	return m, nil
}

// Array reads data as a list.
func Array(v any) ([]any, error) {
	v, err := plain(v)
	if err != nil {
		return nil, err
	}
	l, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("want a list, have %T", v)
	}
	return l, nil
}
