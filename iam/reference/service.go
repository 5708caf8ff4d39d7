package reference

import (
	"iter"
	"slices"
	"strings"
)

// Service is one service prefix of the policy language with all that belongs to
// it. It may be used concurrently and is never changed; slices within what it
// hands out are shared and must not be changed either.
type Service struct {
	Prefix string // what stands before the colon of its actions: "s3", "logs"
	Name   string // for people: "Amazon S3"
	// ResourceControlPolicies says whether the source lists the service among
	// those whose resources RCPs bind.
	ResourceControlPolicies bool

	actions []Action       // sorted by their names in lower case
	types   []ResourceType // likewise
	keys    []ConditionKey // likewise
}

// Action is one action of a service.
type Action struct {
	Service string // the prefix
	Name    string // "GetObject"
	Level   AccessLevel
	// Resources are the types it takes. Where there is none the action knows no
	// resource: only the Resource "*" matches it.
	Resources []ActionResource
	// ConditionKeys are those of the action whatever the resource, by their
	// names; see [Service.KeysOf] for all that it may see.
	ConditionKeys []string
}

// String is the action as policies write it: "s3:GetObject".
func (a Action) String() string { return a.Service + ":" + a.Name }

// Takes reports whether the action takes the service's resource type of that
// name (in any case).
func (a Action) Takes(resourceType string) bool {
	return slices.ContainsFunc(a.Resources, func(r ActionResource) bool { return equalFold(r.Type, resourceType) })
}

// ActionResource is a resource type that an action takes.
type ActionResource struct {
	Type string // the name of a ResourceType of the same service
	// Required: a statement on the action must name a resource of the type (or
	// "*"). Types that are not required are alternatives or optional.
	Required bool
	// ConditionKeys are those of the action that only count for this type.
	ConditionKeys []string
}

// ResourceType is a kind of resource that actions of a service take.
type ResourceType struct {
	Service string // the prefix of the service that lists it
	Name    string // "bucket", "log-group"
	// ARNs are its patterns, one as a rule: "arn:${Partition}:s3:::${BucketName}".
	// The service in the ARN need not be the prefix: ec2 lists IAM roles.
	ARNs          []string
	ConditionKeys []string // that every action on the type may see

	compiled []pattern
}

// Actions are all actions, sorted by name without regard to case.
func (s *Service) Actions() iter.Seq[Action] { return slices.Values(s.actions) }

// Action finds an action by its name without the prefix, in any case.
func (s *Service) Action(name string) (Action, bool) {
	i, ok := search(s.actions, name, func(a *Action) string { return a.Name })
	if !ok {
		return Action{}, false
	}
	return s.actions[i], true
}

// Match are the actions whose names the pattern matches: without the prefix, in
// any case, with "*" and "?".
func (s *Service) Match(pattern string) iter.Seq[Action] {
	return func(yield func(Action) bool) {
		if !strings.ContainsAny(pattern, "*?") {
			if a, ok := s.Action(pattern); ok {
				yield(a)
			}
			return
		}
		for i := range s.actions {
			if matchFold(pattern, s.actions[i].Name) && !yield(s.actions[i]) {
				return
			}
		}
	}
}

// ResourceTypes are all types, sorted by name.
func (s *Service) ResourceTypes() iter.Seq[ResourceType] { return slices.Values(s.types) }

// ResourceType finds a type by its name, in any case.
func (s *Service) ResourceType(name string) (ResourceType, bool) {
	i, ok := search(s.types, name, func(t *ResourceType) string { return t.Name })
	if !ok {
		return ResourceType{}, false
	}
	return s.types[i], true
}

// ActionsOn are the actions that take the type of that name.
func (s *Service) ActionsOn(resourceType string) iter.Seq[Action] {
	return func(yield func(Action) bool) {
		for i := range s.actions {
			if s.actions[i].Takes(resourceType) && !yield(s.actions[i]) {
				return
			}
		}
	}
}

// ConditionKeys are the keys that the service lists, the tag keys among the
// global ones included, sorted by name.
func (s *Service) ConditionKeys() iter.Seq[ConditionKey] { return slices.Values(s.keys) }

// KeysOf are the names of all condition keys that requests for the action may
// carry besides the global ones that every request may: those of the action, of
// the action on one of its types, and of the types. Sorted, without repetition.
func (s *Service) KeysOf(a Action) []string {
	names := slices.Clone(a.ConditionKeys)
	for _, r := range a.Resources {
		names = append(names, r.ConditionKeys...)
		if t, ok := s.ResourceType(r.Type); ok {
			names = append(names, t.ConditionKeys...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// search finds a name in a list that is sorted by names in lower case.
func search[T any](list []T, name string, of func(*T) string) (int, bool) {
	lo, hi := 0, len(list)
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if c := compareFold(of(&list[m]), name); c == 0 {
			return m, true
		} else if c < 0 {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo, false
}

// compareFold orders as the names in lower case do.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if c, d := lowerByte(a[i]), lowerByte(b[i]); c != d {
			return int(c) - int(d)
		}
	}
	return len(a) - len(b)
}

// lower is strings.ToLower for what are ASCII names: Unicode folding would let
// "K" (the Kelvin sign) pass for "k".
func lower(s string) string {
	for i := range len(s) {
		if c := s[i]; 'A' <= c && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = lowerByte(b[i])
			}
			return string(b)
		}
	}
	return s
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
