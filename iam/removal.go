package iam

import (
	"maps"
	"slices"

	"merlon.dev/merlon/iam/reference"
)

// Removal is an action that a policy of today allows and a proposed one does not,
// or on fewer resources.
type Removal struct {
	Action string                `json:"action"`
	Level  reference.AccessLevel `json:"-"`
	// Entirely: the proposal does not allow it at all. Otherwise From are the
	// resources on which it no longer is, as today's policies write them.
	Entirely bool     `json:"entirely"`
	From     []string `json:"from,omitempty"`
	// Logging says whether CloudTrail would have shown its use.
	Logging reference.Logging `json:"-"`
}

// Removed lists what a proposal takes away from the Allow statements of policies.
// It knows the actions of the reference only, and does not look at conditions or
// at Deny: what they forbid today is listed as if it were allowed.
func Removed(ref *reference.Reference, today []*Policy, proposal *Grants) []Removal {
	have := map[string]map[string]bool{}
	levels := map[string]reference.AccessLevel{}
	for _, p := range today {
		for i := range p.Statements {
			s := &p.Statements[i]
			if s.Effect != Allow {
				continue
			}
			for a := range s.expand(ref) {
				name := a.String()
				levels[name] = a.Level
				if have[name] == nil {
					have[name] = map[string]bool{}
				}
				switch {
				case s.NotResource || !s.HasResource || len(a.Resources) == 0:
					have[name]["*"] = true
				default:
					for _, r := range s.Resources {
						have[name][r.Text] = true
					}
				}
			}
		}
	}
	var out []Removal
	for _, name := range sortedKeys(have) {
		r := Removal{Action: name, Level: levels[name], Logging: ref.Logging(name)}
		if name == passRole {
			r.Logging = reference.NoEvent
		}
		granted := map[string]bool{}
		for _, g := range proposal.Resources(name) {
			granted[g] = true
		}
		switch {
		case len(granted) == 0:
			r.Entirely = true
			r.From = slices.Sorted(maps.Keys(have[name]))
		case granted["*"]:
			continue
		default:
			for resource := range have[name] {
				if !granted[resource] && !coveredBy(resource, granted) {
					r.From = append(r.From, resource)
				}
			}
			if len(r.From) == 0 {
				continue
			}
			slices.Sort(r.From)
		}
		out = append(out, r)
	}
	return out
}

// expand are the known actions that the statement's Action or NotAction names.
func (s *Statement) expand(ref *reference.Reference) func(func(reference.Action) bool) {
	if s.NotAction {
		return func(yield func(reference.Action) bool) {
			for a := range ref.Match("*") {
				if s.matchAction(a.String()) == Yes && !yield(a) {
					return
				}
			}
		}
	}
	return func(yield func(reference.Action) bool) {
		seen := map[string]bool{}
		for _, e := range s.Actions {
			for a := range ref.Match(e.Text) {
				if name := a.String(); !seen[name] {
					seen[name] = true
					if !yield(a) {
						return
					}
				}
			}
		}
	}
}
