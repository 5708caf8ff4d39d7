package iam

import (
	"maps"
	"slices"
	"strings"
)

// Grants are what a policy is to allow: actions, each on resources as a Resource
// element writes them. The zero Grants is empty. It is not safe for concurrent
// use while it is changed.
type Grants struct {
	on map[string]map[string]bool // by action
}

// Add allows an action on resources.
func (g *Grants) Add(action string, resources ...string) {
	if len(resources) == 0 {
		return
	}
	if g.on == nil {
		g.on = make(map[string]map[string]bool)
	}
	set := g.on[action]
	if set == nil {
		set = make(map[string]bool)
		g.on[action] = set
	}
	for _, r := range resources {
		set[r] = true
	}
}

// Remove takes an action back.
func (g *Grants) Remove(action string) { delete(g.on, action) }

// Actions are the actions, sorted.
func (g *Grants) Actions() []string { return slices.Sorted(maps.Keys(g.on)) }

// Resources are the resources of an action, sorted, without those that another
// of them holds already.
func (g *Grants) Resources(action string) []string { return uncovered(g.on[action]) }

// Unbound are the actions that stand on every resource.
func (g *Grants) Unbound() []string {
	var out []string
	for _, a := range g.Actions() {
		if g.on[a]["*"] {
			out = append(out, a)
		}
	}
	return out
}

// uncovered leaves out what a shorter pattern of the set holds.
func uncovered(set map[string]bool) []string {
	if set["*"] {
		return []string{"*"}
	}
	var out []string
	for r := range set {
		if !coveredBy(r, set) {
			out = append(out, r)
		}
	}
	slices.Sort(out)
	return out
}

// coveredBy reports whether a prefix of the resource, followed by the only
// wildcard, is in the set. What follows an ARN's fifth colon may be anything,
// so whatever begins with that prefix is matched by it, wildcards included.
func coveredBy(resource string, set map[string]bool) bool {
	colons := 0
	for i := 0; i < len(resource); i++ {
		if colons >= 5 && set[resource[:i]+"*"] && resource[i:] != "*" {
			return true
		}
		switch resource[i] {
		case ':':
			colons++
		case '*', '?':
			return false
		}
	}
	return colons >= 5 && set[resource+"*"]
}

// maxResource is the length beyond which a resource is no ARN of AWS.
const maxResource = 2048

// literalResource writes a name or an ARN so that a Resource element means it
// and nothing else: "*", "?" and "$" are escaped, which wants Version 2012-10-17.
// For a character that policies may not hold stands "?".
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html and
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html, read 2026-11-24
func literalResource(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		c := s[i]
		plain = c > 0x20 && c < 0x7f && c != '*' && c != '?' && c != '$'
	}
	if plain {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '*' || r == '?' || r == '$':
			b.WriteString("${" + string(r) + "}")
		case r < 0x20 || r == 0x7f || r > 0xff:
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
