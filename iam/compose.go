package iam

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// ManagedPolicySize is what a managed policy may have, in characters without
// white space. Inline policies of a user share 2,048 of them, of a group 5,120, of
// a role 10,240.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, read 2026-11-24
const ManagedPolicySize = 6144

// AttachedPolicies is how many managed policies a user, a group or a role can
// have unless AWS raises it; the page above.
const AttachedPolicies = 10

// ErrTooLarge is wrapped by the error of [Grants.Documents] when a single action on
// a single resource is larger than a policy may be.
var ErrTooLarge = errors.New("larger than a policy may be")

// Document is a policy to be written. Its zero value allows nothing.
type Document struct {
	Version   string
	Statement []DocumentStatement
}

// DocumentStatement is a statement to be written.
type DocumentStatement struct {
	Sid         string `json:",omitempty"`
	Effect      string
	Action      Words                       `json:",omitempty"`
	NotAction   Words                       `json:",omitempty"`
	Resource    Words                       `json:",omitempty"`
	NotResource Words                       `json:",omitempty"`
	Condition   map[string]map[string]Words `json:",omitempty"` // by operator and key
}

// Words are the strings of an element: one is written as a string, more as a list.
type Words []string

// MarshalJSON writes the element.
func (w Words) MarshalJSON() ([]byte, error) {
	if len(w) == 1 {
		return marshal(w[0])
	}
	return marshal([]string(w))
}

// marshal leaves "<", ">" and "&" as they are: escaped they would count sixfold.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Indent is the document as people read it, with a newline at the end.
func (d Document) Indent() ([]byte, error) {
	b, err := marshal(d)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// Size is the number of characters that count against AWS's limit: all but white
// space. White space within strings is counted, to be on the safe side.
func (d Document) Size() int {
	n := len(`{"Version":"","Statement":[]}`) + len(d.Version) + max(0, len(d.Statement)-1)
	for i := range d.Statement {
		n += d.Statement[i].size()
	}
	return n
}

func (s *DocumentStatement) size() int {
	n := len(`{"Effect":""}`) + len(s.Effect)
	for _, e := range [...]struct {
		name string
		list Words
	}{{"Action", s.Action}, {"NotAction", s.NotAction}, {"Resource", s.Resource}, {"NotResource", s.NotResource}} {
		if len(e.list) > 0 {
			n += len(`,"":`) + len(e.name) + e.list.size()
		}
	}
	if len(s.Condition) > 0 {
		n += len(`,"Condition":{}`) + len(s.Condition) - 1 // the commas
		for operator, keys := range s.Condition {
			n += quoted(operator) + len(`:{}`) + max(0, len(keys)-1)
			for key, values := range keys {
				n += quoted(key) + len(`:`) + values.size()
			}
		}
	}
	if s.Sid != "" {
		n += len(`"Sid":"",`) + len(s.Sid)
	}
	return n
}

func (w Words) size() int {
	n := 0
	for _, s := range w {
		n += quoted(s) + 1 // the comma behind it
	}
	if len(w) == 1 {
		return n - 1
	}
	return n - min(1, len(w)) + 2
}

// quoted is the length of a JSON string in characters.
func quoted(s string) int {
	n := 2
	for _, r := range s {
		switch {
		case r == '"' || r == '\\' || r == '\n' || r == '\r' || r == '\t' || r == '\b' || r == '\f':
			n += 2
		case r < 0x20 || r == 0x2028 || r == 0x2029 || r == unicode.ReplacementChar:
			n += 6
		default:
			n++
		}
	}
	return n
}

// Documents writes the grants as few and short policies of at most limit
// characters each; see [ManagedPolicySize]. Actions that stand on every resource
// share a statement. The others are grouped service by service, by equal
// resources or by equal actions, whichever is shorter; no statement allows what
// the grants do not. The error wraps [ErrTooLarge].
func (g *Grants) Documents(limit int) ([]Document, error) { return pack(g.statements(), limit) }

// pack puts statements into documents of at most limit characters.
func pack(statements []DocumentStatement, limit int) ([]Document, error) {
	empty := Document{Version: "2012-10-17"}
	room := limit - empty.Size()
	var parts []DocumentStatement
	for _, s := range statements {
		split, err := s.split(room)
		if err != nil {
			return nil, err
		}
		parts = append(parts, split...)
	}
	// The largest first, each into the first document with room for it.
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(parts[b].size(), parts[a].size()) })
	var docs [][]int
	var left []int
next:
	for _, i := range order {
		need := parts[i].size() + 1
		for d := range docs {
			if left[d] >= need {
				docs[d], left[d] = append(docs[d], i), left[d]-need
				continue next
			}
		}
		docs, left = append(docs, []int{i}), append(left, room-need+1)
	}
	out := make([]Document, 0, len(docs))
	for _, members := range docs {
		slices.Sort(members)
		d := empty
		for _, i := range members {
			d.Statement = append(d.Statement, parts[i])
		}
		out = append(out, d)
	}
	return out, nil
}

// split cuts a statement into parts that fit, each as full as it can be.
func (s DocumentStatement) split(room int) ([]DocumentStatement, error) {
	if s.size() <= room {
		return []DocumentStatement{s}, nil
	}
	if len(s.NotAction)+len(s.NotResource) > 0 {
		return s.halve(room)
	}
	// The longer list is cut; the other must leave room for what is cut from it.
	long, short := &s.Resource, &s.Action
	if s.Action.size() > s.Resource.size() {
		long, short = short, long
	}
	all := *long
	var out []DocumentStatement
	for len(all) > 0 {
		*long = all[:1]
		if over := s.size() - room; over > 0 {
			if len(*short) == 1 {
				return nil, fmt.Errorf("%w: %s on %.200s has %d characters more than are left", ErrTooLarge, s.Action[0], s.Resource[0], over)
			}
			half := len(*short) / 2
			a, b := s, s
			*long = all
			if short == &s.Action {
				a.Action, b.Action, a.Resource, b.Resource = s.Action[:half], s.Action[half:], all, all
			} else {
				a.Resource, b.Resource, a.Action, b.Action = s.Resource[:half], s.Resource[half:], all, all
			}
			first, err := a.split(room)
			if err != nil {
				return nil, err
			}
			second, err := b.split(room)
			return append(append(out, first...), second...), err
		}
		n, size := 1, s.size()+2 // with the brackets of a list
		for n < len(all) && size+quoted(all[n])+1 <= room {
			size += quoted(all[n]) + 1
			n++
		}
		*long = all[:n]
		out = append(out, s)
		all = all[n:]
	}
	return out, nil
}

// halve cuts the list of a statement that names exceptions in another. Exceptions
// themselves are never cut: two halves of them would together except nothing.
func (s DocumentStatement) halve(room int) ([]DocumentStatement, error) {
	if s.size() <= room {
		return []DocumentStatement{s}, nil
	}
	a, b := s, s
	switch half := len(s.Action) / 2; {
	case half > 0:
		a.Action, b.Action = s.Action[:half], s.Action[half:]
	case len(s.Resource) > 1:
		half = len(s.Resource) / 2
		a.Resource, b.Resource = s.Resource[:half], s.Resource[half:]
	default:
		return nil, fmt.Errorf("%w: a statement of exceptions has %d characters more than are left", ErrTooLarge, s.size()-room)
	}
	first, err := a.halve(room)
	if err != nil {
		return nil, err
	}
	second, err := b.halve(room)
	return append(first, second...), err
}

// key tells statements apart by all but their actions.
func (s *DocumentStatement) key() string {
	return fmt.Sprintf("%s %q %q %q %q", s.Effect, s.NotAction, s.Resource, s.NotResource, s.Condition)
}

// statements groups the grants: first what stands on every resource, then the
// services in their order.
func (g *Grants) statements() []DocumentStatement {
	var all []DocumentStatement
	if unbound := g.Unbound(); len(unbound) > 0 {
		all = append(all, DocumentStatement{Effect: "Allow", Action: unbound, Resource: Words{"*"}})
	}
	services := map[string]map[string][]string{} // service, action, resources
	for _, a := range g.Actions() {
		resources := g.Resources(a)
		if resources[0] == "*" {
			continue
		}
		service, _, _ := strings.Cut(a, ":")
		if services[service] == nil {
			services[service] = map[string][]string{}
		}
		services[service][a] = resources
	}
	for _, service := range sortedKeys(services) {
		of := services[service]
		byResources := group(of, func(a string, r []string) DocumentStatement {
			return DocumentStatement{Effect: "Allow", Action: Words{a}, Resource: r}
		})
		turned := map[string][]string{}
		for _, a := range sortedKeys(of) {
			for _, r := range of[a] {
				turned[r] = append(turned[r], a)
			}
		}
		byActions := group(turned, func(r string, a []string) DocumentStatement {
			return DocumentStatement{Effect: "Allow", Action: a, Resource: Words{r}}
		})
		if total(byActions) < total(byResources) {
			byResources = byActions
		}
		all = append(all, byResources...)
	}
	return all
}

// group makes one statement of the keys with equal lists.
func group(of map[string][]string, statement func(key string, list []string) DocumentStatement) []DocumentStatement {
	var out []DocumentStatement
	at := map[string]int{}
	for _, key := range sortedKeys(of) {
		id := strings.Join(of[key], "\x00")
		one := statement(key, of[key])
		i, seen := at[id]
		switch {
		case !seen:
			at[id] = len(out)
			out = append(out, one)
		case len(one.Action) == 1 && one.Action[0] == key:
			out[i].Action = append(out[i].Action, key)
		default:
			out[i].Resource = append(out[i].Resource, key)
		}
	}
	return out
}

func total(list []DocumentStatement) int {
	n := 0
	for i := range list {
		n += list[i].size() + 1
	}
	return n
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
