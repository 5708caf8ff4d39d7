package iac

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"merlon.dev/merlon"
)

// What evaluation gives is nil, bool, json.Number, string, []any, map[string]any
// or one of these.
type (
	// standIn is text in the place of what AWS makes when the stack is created: the
	// account, the stack's name, a resource's id. It is good for telling which
	// things refer to which, and decides nothing: a condition over it is unknown.
	standIn string
	// unknown is a value that cannot be told; it may be that there is none. Two with
	// the same symbol, if it has one, are the same text whatever that is.
	unknown struct{ reason, symbol string }
	// noValue is AWS::NoValue: what holds it is as if it were not written.
	noValue struct{}
)

func unknownf(format string, args ...any) *unknown {
	return &unknown{reason: fmt.Sprintf(format, args...)}
}

// parts puts text together of which some may be unknown.
type parts struct {
	text   strings.Builder
	stands bool
	why    *unknown // the first that is unknown
	opaque bool     // one has no symbol
}

// add adds a part; false where it is no text.
func (p *parts) add(v any) bool {
	if u, ok := v.(*unknown); ok {
		if p.why == nil {
			p.why = u
		}
		p.opaque = p.opaque || u.symbol == ""
		p.text.WriteString(u.symbol)
		return true
	}
	t, stands, ok := text(v)
	p.stands = p.stands || stands
	p.text.WriteString(t)
	return ok
}

// value is the whole: text, or an unknown with a symbol if its parts allow one.
func (p *parts) value() any {
	switch {
	case p.why == nil:
		return resolved(p.text.String(), p.stands)
	case p.opaque:
		return &unknown{reason: p.why.reason}
	}
	return &unknown{p.why.reason, p.text.String()}
}

// text gives a scalar as text, and whether it only stands for another.
func text(v any) (s string, stands, ok bool) {
	switch t := v.(type) {
	case string:
		return t, false, true
	case standIn:
		return string(t), true, true
	case bool:
		return strconv.FormatBool(t), false, true
	case json.Number:
		return t.String(), false, true
	}
	return "", false, false
}

// made is text again, standing for another where a part of it did.
func made(s string, stands bool) any {
	if stands {
		return standIn(s)
	}
	return s
}

// kindWord says what a value is, for a person.
func kindWord(v any) string {
	switch v.(type) {
	case nil:
		return nodeWords[nullNode]
	case bool:
		return nodeWords[boolNode]
	case json.Number:
		return nodeWords[numberNode]
	case []any:
		return nodeWords[listNode]
	case map[string]any:
		return nodeWords[objectNode]
	}
	return nodeWords[textNode]
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// pointer appends a name to a JSON pointer.
func pointer(path, name string) string { return path + "/" + pointerEscape.Replace(name) }

// plain takes the unknowns out of a value: what is left can be written as JSON.
// An unknown member is absent, an unknown element null; out gets their paths.
func plain(v any, path string, out *[]merlon.Unknown) any {
	switch t := v.(type) {
	case standIn:
		return string(t)
	case noValue:
		return nil
	case *unknown:
		*out = append(*out, merlon.Unknown{Path: path, Reason: t.reason})
		return nil
	case []any:
		list := make([]any, len(t))
		for i, e := range t {
			list[i] = plain(e, path+"/"+strconv.Itoa(i), out)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(t))
		for _, k := range sortedKeys(t) {
			e := t[k]
			if p := plain(e, pointer(path, k), out); p != nil {
				m[k] = p
			}
		}
		return m
	}
	return v
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// firstUnknown finds an unknown at any depth of a value, as why something made of
// the value is unknown: it has no symbol.
func firstUnknown(v any) *unknown {
	switch t := v.(type) {
	case *unknown:
		return &unknown{reason: t.reason}
	case []any:
		for _, e := range t {
			if u := firstUnknown(e); u != nil {
				return u
			}
		}
	case map[string]any:
		for _, k := range sortedKeys(t) {
			if u := firstUnknown(t[k]); u != nil {
				return u
			}
		}
	}
	return nil
}

// clone copies lists and objects, so that one can be changed.
func clone(v any) any {
	switch t := v.(type) {
	case []any:
		list := slices.Clone(t)
		for i := range list {
			list[i] = clone(list[i])
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(t))
		for k, e := range t {
			m[k] = clone(e)
		}
		return m
	}
	return v
}
