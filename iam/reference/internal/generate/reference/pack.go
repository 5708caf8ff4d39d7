package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"merlon.dev/merlon/iam/reference"
)

// memberSize is the text that a gzip member holds at least: smaller ones compress
// worse, larger ones make a service slower to reach.
const memberSize = 64 << 10

// pack writes the form that package reference describes in decode.go.
func pack(p *source, integrity string) ([]byte, error) {
	date, _, _ := strings.Cut(p.UpdatedAt, "T")
	var index, body bytes.Buffer
	fmt.Fprintf(&index, "source\t%s\t%s\t%s\t%s\n", p.Name, p.Version, date, integrity)

	var services []string // lines of the index
	var text bytes.Buffer
	member := 0
	flush := func() error {
		if text.Len() == 0 {
			return nil
		}
		start := body.Len()
		if err := compress(&body, text.Bytes()); err != nil {
			return err
		}
		fmt.Fprintf(&index, "member\t%d\t%d\n", start, body.Len())
		text.Reset()
		member++
		return nil
	}
	for _, prefix := range slices.Sorted(slices.Values(p.prefixes)) {
		start := text.Len()
		w := &writer{out: &text, prefix: prefix, arns: map[string]bool{}, places: map[string]int{}, types: map[string]int{}}
		if err := w.service(p.services[prefix]); err != nil {
			return nil, fmt.Errorf("%s: %w", prefix, err)
		}
		rcp := "0"
		if slices.Contains(p.rcp, prefix) {
			rcp = "1"
		}
		line := strings.Join([]string{"service", prefix, p.names[prefix], strconv.Itoa(member), strconv.Itoa(start), strconv.Itoa(text.Len()), rcp,
			strings.Join(slices.Sorted(maps.Keys(w.arns)), " "), strings.Join(w.keyPrefixes(), " ")}, "\t")
		if strings.Count(line, "\t") != 8 || strings.Contains(line, "\n") {
			return nil, fmt.Errorf("%s: a tab or a line break in %q", prefix, line)
		}
		services = append(services, line)
		if text.Len() >= memberSize {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	for _, line := range services {
		index.WriteString(line + "\n")
	}
	var out bytes.Buffer
	if err := compress(&out, index.Bytes()); err != nil {
		return nil, err
	}
	_, err := body.WriteTo(&out)
	return out.Bytes(), err
}

func compress(out *bytes.Buffer, text []byte) error {
	z, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(text); err != nil {
		return err
	}
	return z.Close()
}

// writer writes the lines of one service.
type writer struct {
	out    *bytes.Buffer
	prefix string
	arns   map[string]bool // services in ARNs, without the prefix
	keys   []conditionKey
	places map[string]int // of keys, by name in lower case
	types  map[string]int
}

func (w *writer) service(s *service) error {
	w.keys = sorted(s.keys, func(k conditionKey) string { return k.Key })
	for i, k := range w.keys {
		t, multi, err := valueType(k.Type)
		if err != nil {
			return fmt.Errorf("condition key %s: %w", k.Key, err)
		}
		w.places[strings.ToLower(k.Key)] = i
		letter := string("?SNDBAIX"[t])
		if multi {
			letter += "+"
		}
		if err := w.line("k", letter, k.Key); err != nil {
			return err
		}
	}
	for i, t := range sorted(s.types, func(t resourceType) string { return t.Key }) {
		w.types[strings.ToLower(t.Key)] = i
		for _, arn := range t.arns() {
			f := strings.SplitN(arn, ":", 6)
			if len(f) != 6 || f[0] != "arn" || strings.Contains(arn, " ") {
				return fmt.Errorf("resource type %s has the ARN %q", t.Key, arn)
			}
			if f[2] != w.prefix {
				w.arns[f[2]] = true
			}
		}
		keys, err := w.list(t.ConditionKeys)
		if err == nil {
			err = w.line("r", t.Key, strings.Join(t.arns(), " "), keys)
		}
		if err != nil {
			return fmt.Errorf("resource type %s: %w", t.Key, err)
		}
	}
	for _, a := range sorted(s.actions, func(a action) string { return a.Name }) {
		if err := w.action(a); err != nil {
			return fmt.Errorf("action %s: %w", a.Name, err)
		}
	}
	return nil
}

func (w *writer) action(a action) error {
	level, err := accessLevel(a.AccessLevel)
	if err != nil {
		return err
	}
	if len(a.Dependent) > 0 {
		return errors.New("dependent actions: the package had none when this was written; keep them now")
	}
	var types []string
	for _, r := range a.ResourceTypes {
		i, ok := w.types[strings.ToLower(r.Name)]
		if !ok {
			return fmt.Errorf("no resource type %s", r.Name)
		}
		if len(r.Dependent) > 0 {
			return errors.New("dependent actions of a resource type")
		}
		s := strconv.Itoa(i)
		if r.Required {
			s += "!"
		}
		keys, err := w.list(r.ConditionKeys)
		if err != nil {
			return err
		}
		if keys != "" {
			s += ":" + keys
		}
		types = append(types, s)
	}
	keys, err := w.list(a.ConditionKeys)
	if err != nil {
		return err
	}
	return w.line("a", strconv.Itoa(int(level)), a.Name, strings.Join(types, ";"), keys)
}

// list gives the places of keys, in order.
func (w *writer) list(names []string) (string, error) {
	places := make([]int, len(names))
	for i, n := range names {
		p, ok := w.places[strings.ToLower(n)]
		if !ok {
			return "", fmt.Errorf("condition key %s is not listed", n)
		}
		places[i] = p
	}
	slices.Sort(places)
	var out []string
	for _, p := range slices.Compact(places) {
		out = append(out, strconv.Itoa(p))
	}
	return strings.Join(out, ","), nil
}

func (w *writer) line(fields ...string) error {
	for _, f := range fields {
		if strings.ContainsAny(f, "\t\n") {
			return fmt.Errorf("a tab or a line break in %q", f)
		}
	}
	w.out.WriteString(strings.Join(fields, "\t") + "\n")
	return nil
}

// keyPrefixes are what stands before the colon of keys, without the service's own
// and "aws".
func (w *writer) keyPrefixes() []string {
	var found []string
	for _, k := range w.keys {
		p, _, _ := strings.Cut(strings.ToLower(k.Key), ":")
		// The variable keeps its form: it is what marks it.
		if i := strings.Index(k.Key, "${"); i >= 0 && i < len(p) {
			p, _, _ = strings.Cut(k.Key, ":")
		}
		if p != w.prefix && p != "aws" {
			found = append(found, p)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// sorted gives the values in the order of their names in lower case.
func sorted[T any](m map[string]T, name func(T) string) []T {
	return slices.SortedFunc(maps.Values(m), func(a, b T) int {
		return cmp.Compare(strings.ToLower(name(a)), strings.ToLower(name(b)))
	})
}

// accessLevel reads the package's levels: AWS marks what changes permissions or
// tags as Write too.
func accessLevel(s string) (reference.AccessLevel, error) {
	return reference.ParseLevel(strings.TrimSuffix(s, ", Write"))
}

// valueType reads the package's types of condition keys.
func valueType(s string) (t reference.ValueType, multi bool, err error) {
	s, multi = strings.CutPrefix(s, "ArrayOf")
	for t = reference.String; t <= reference.Binary; t++ {
		if t.String() == s {
			return t, multi, nil
		}
	}
	return 0, false, fmt.Errorf("type %q", s)
}
