package main

import (
	"fmt"
	"slices"
	"strings"

	"merlon.dev/merlon/iam/reference"
)

// compare holds what was packed to the package, both ways: everything of the
// package is there, and as many of each.
func compare(p *source, ref *reference.Reference) error {
	n := 0
	for s := range ref.Services() {
		n++
		src := p.services[s.Prefix]
		if src == nil || s.Name != p.names[s.Prefix] || s.ResourceControlPolicies != slices.Contains(p.rcp, s.Prefix) {
			return fmt.Errorf("service %s", s.Prefix)
		}
		if err := compareService(src, s); err != nil {
			return fmt.Errorf("%s: %w", s.Prefix, err)
		}
	}
	if n != len(p.prefixes) {
		return fmt.Errorf("%d services, not %d", n, len(p.prefixes))
	}
	return nil
}

func compareService(src *service, s *reference.Service) error {
	actions, types, keys := count(s.Actions()), count(s.ResourceTypes()), count(s.ConditionKeys())
	if actions != len(src.actions) || types != len(src.types) || keys != len(src.keys) {
		return fmt.Errorf("%d actions, %d types, %d keys, not %d, %d, %d", actions, types, keys, len(src.actions), len(src.types), len(src.keys))
	}
	for _, k := range src.keys {
		got, ok := s.ConditionKey(k.Key)
		t := got.Type.String()
		if got.Multivalued {
			t = "ArrayOf" + t
		}
		if !ok || got.Name != k.Key || t != k.Type {
			return fmt.Errorf("condition key %s: %+v", k.Key, got)
		}
	}
	for _, t := range src.types {
		got, ok := s.ResourceType(t.Key)
		if !ok || got.Name != t.Key || strings.Join(got.ARNs, ", ") != t.ARN || !same(got.ConditionKeys, t.ConditionKeys) {
			return fmt.Errorf("resource type %s: %+v", t.Key, got)
		}
	}
	for _, a := range src.actions {
		got, ok := s.Action(a.Name)
		level, err := accessLevel(a.AccessLevel)
		if err != nil {
			return err
		}
		if !ok || got.Name != a.Name || got.Level != level || !same(got.ConditionKeys, a.ConditionKeys) || len(got.Resources) != len(a.ResourceTypes) {
			return fmt.Errorf("action %s: %+v", a.Name, got)
		}
		for i, r := range a.ResourceTypes {
			if g := got.Resources[i]; g.Type != r.Name || g.Required != r.Required || !same(g.ConditionKeys, r.ConditionKeys) {
				return fmt.Errorf("action %s on %s: %+v", a.Name, r.Name, g)
			}
		}
	}
	return nil
}

func count[T any](seq func(func(T) bool)) int {
	n := 0
	for range seq {
		n++
	}
	return n
}

// same compares sets of condition keys without regard to case, which differs
// between AWS's lists.
func same(a, b []string) bool {
	fold := func(l []string) []string {
		out := make([]string, len(l))
		for i, s := range l {
			out[i] = strings.ToLower(s)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	return slices.Equal(fold(a), fold(b))
}
