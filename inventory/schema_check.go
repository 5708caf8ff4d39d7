package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"merlon.dev/merlon"
)

// Problem is one place where a document does not follow its schema.
type Problem struct {
	// Path is a JSON pointer into the document: "/properties/BucketName".
	Path    string
	Message string
}

func (p Problem) String() string { return p.Path + ": " + p.Message }

// maxProblems bounds what one document can have said about it.
const maxProblems = 100

// Check holds a document against the schema: the members "properties" and
// "observed" of doc, as encoding/json decodes them (with or without UseNumber);
// other members are left alone. It finds properties that do not exist, values of
// the wrong kind and, for types of Merlon's own and under observed, missing
// values that should always be there. What is observed may be more than is
// declared: collectors keep all that AWS says, and a fact is declared when a
// control is to read it. The order is that of the paths.
func (t *Type) Check(doc map[string]any) []Problem { return t.check(doc, nil) }

// CheckResource is Check for a resource. A value that stands among the
// resource's unknowns is not missed.
func (t *Type) CheckResource(r *merlon.Resource) []Problem {
	if r.Type != t.Name {
		return []Problem{{"", fmt.Sprintf("a resource of type %q, held against %s", r.Type, t.Name)}}
	}
	doc := map[string]any{}
	var out []Problem
	for name, raw := range map[string]json.RawMessage{"properties": r.Properties, "observed": r.Observed} {
		if len(raw) == 0 {
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil {
			out = append(out, Problem{"/" + name, "not JSON: " + err.Error()})
			continue
		}
		doc[name] = v
	}
	return append(out, t.check(doc, r.Unknowns)...)
}

func (t *Type) check(doc map[string]any, unknown []merlon.Unknown) []Problem {
	c := &checker{unknown: map[string]bool{}}
	for _, u := range unknown {
		c.unknown[u.Path] = true
	}
	for _, side := range []struct {
		name    string
		schema  *Property
		demands bool
	}{{"properties", t.Properties, t.Own()}, {"observed", t.Observed, true}} {
		v, ok := doc[side.name]
		if !ok {
			v = map[string]any{}
		}
		c.demands, c.open = side.demands, side.name == "observed"
		c.value("/"+side.name, side.schema, v)
	}
	return c.problems
}

type checker struct {
	// demands says whether required properties are missed, open whether there may
	// be more than the schema knows.
	demands, open bool

	unknown  map[string]bool
	problems []Problem
}

func (c *checker) add(path, format string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, Problem{path, fmt.Sprintf(format, args...)})
	}
}

func (c *checker) value(path string, p *Property, v any) {
	if len(c.problems) >= maxProblems || c.unknown[path] {
		return
	}
	right := true
	switch p.Kind {
	case String:
		_, right = v.(string)
	case Timestamp:
		s, ok := v.(string)
		if ok {
			if _, err := time.Parse(time.RFC3339, s); err != nil {
				c.add(path, "%s is not a time in the form of RFC 3339", shortJSON(v))
			}
		}
		right = ok
	case Integer:
		right = isInteger(v)
	case Number:
		right = isNumber(v)
	case Boolean:
		_, right = v.(bool)
	case JSON:
	case List:
		list, ok := v.([]any)
		for i, e := range list {
			c.value(path+"/"+strconv.Itoa(i), p.Elem, e)
		}
		right = ok
	case Map:
		m, ok := v.(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(m)) {
			c.value(pointer(path, k), p.Elem, m[k])
		}
		right = ok
	case Object:
		m, ok := v.(map[string]any)
		if ok {
			c.object(path, p, m)
		}
		right = ok
	}
	if !right {
		c.add(path, "%s is not of kind %s", shortJSON(v), p.Kind)
	}
}

func (c *checker) object(path string, p *Property, m map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		f, ok := p.Field(k)
		if !ok && c.open {
			continue
		}
		if !ok {
			var names []string
			for n := range p.Fields() {
				names = append(names, n)
			}
			c.add(pointer(path, k), "there is no such property%s", didYouMean(closest(k, names)))
			continue
		}
		c.value(pointer(path, k), f, m[k])
	}
	if !c.demands {
		return
	}
	for k, f := range p.Fields() {
		if _, ok := m[k]; !ok && f.Required && !c.unknown[pointer(path, k)] {
			c.add(pointer(path, k), "is missing")
		}
	}
}

func isNumber(v any) bool {
	switch v.(type) {
	case float64, json.Number, int, int64:
		return true
	}
	return false
}

func isInteger(v any) bool {
	switch n := v.(type) {
	case float64:
		return n == math.Trunc(n) && !math.IsInf(n, 0)
	case json.Number:
		_, err := n.Int64()
		return err == nil
	}
	return isNumber(v)
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// pointer appends a name to a JSON pointer (RFC 6901).
func pointer(path, name string) string { return path + "/" + pointerEscape.Replace(name) }

// shortJSON shows a value within a message.
func shortJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	const most = 60
	if len(b) > most {
		return string(bytes.ToValidUTF8(b[:most], nil)) + "…"
	}
	return string(b)
}
