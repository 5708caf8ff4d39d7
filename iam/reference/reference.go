package reference

import (
	_ "embed"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

//go:embed reference.gz
var embedded []byte

// Reference is the whole of the data. It may be used concurrently; it reads a
// service when it is first asked for and keeps it.
type Reference struct {
	source  Source
	entries []*entry // sorted by prefix
	global  func() *globals
	calls   func() *calls
	logging func() []Unlogged
}

// entry is a service in the index.
type entry struct {
	prefix, name string
	rcp          bool
	arns, keys   string // separated by spaces, without prefix itself
	read         func() (*Service, error)
}

// Source says where the data come from and how old they are.
type Source struct {
	Package   string    // the npm package
	Version   string    // its version
	Date      time.Time // the day the package's data were collected
	Integrity string    // of the package's tarball, as npm writes it
}

// Load opens the data that the binary carries. Each call gives a Reference of
// its own: make one and hand it on. It costs less than a millisecond.
func Load() (*Reference, error) { return open(embedded) }

// Source says where the data come from.
func (r *Reference) Source() Source { return r.source }

// Prefixes are the service prefixes, sorted.
func (r *Reference) Prefixes() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, e := range r.entries {
			if !yield(e.prefix) {
				return
			}
		}
	}
}

// Services are all services, sorted by prefix. Whoever walks them all reads all
// of the data; see [Reference.Prefixes].
func (r *Reference) Services() iter.Seq[*Service] {
	return func(yield func(*Service) bool) {
		for _, e := range r.entries {
			if !yield(e.service()) {
				return
			}
		}
	}
}

// Service finds a service by its prefix, in any case.
func (r *Reference) Service(prefix string) (*Service, bool) {
	e, ok := r.entry(prefix)
	if !ok {
		return nil, false
	}
	return e.service(), true
}

func (r *Reference) entry(prefix string) (*entry, bool) {
	i, ok := search(r.entries, prefix, func(e **entry) string { return (*e).prefix })
	if !ok {
		return nil, false
	}
	return r.entries[i], true
}

// service reads the service. It cannot fail: data from elsewhere were read whole
// by [Open], and those of the binary by the generator and by a test. Were it
// otherwise, a service without actions would be worse than a program that stops.
func (e *entry) service() *Service {
	s, err := e.read()
	if err != nil {
		panic(fmt.Sprintf("reference data of the binary: %v", err))
	}
	return s
}

// Action finds an action by its full name, "s3:GetObject", in any case.
func (r *Reference) Action(name string) (Action, bool) {
	prefix, name, ok := strings.Cut(name, ":")
	if !ok {
		return Action{}, false
	}
	s, ok := r.Service(prefix)
	if !ok {
		return Action{}, false
	}
	return s.Action(name)
}

// Match are the actions that a pattern of a policy's Action element matches,
// "s3:Get*" or "*", by service and name, in any case. A pattern without a colon
// matches nothing unless it is made of "*" alone, as in AWS.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html (read 2026-11-24)
func (r *Reference) Match(pattern string) iter.Seq[Action] {
	return func(yield func(Action) bool) {
		prefix, name, ok := strings.Cut(pattern, ":")
		if !ok {
			if pattern == "" || strings.Trim(pattern, "*") != "" {
				return
			}
			prefix, name = "*", "*"
		}
		for _, s := range r.matchServices(prefix) {
			for a := range s.Match(name) {
				if !yield(a) {
					return
				}
			}
		}
	}
}

func (r *Reference) matchServices(pattern string) []*Service {
	if !strings.ContainsAny(pattern, "*?") {
		if s, ok := r.Service(pattern); ok {
			return []*Service{s}
		}
		return nil
	}
	var found []*Service
	for _, e := range r.entries {
		if matchFold(pattern, e.prefix) {
			found = append(found, e.service())
		}
	}
	return found
}

// ActionsOn are the actions that take a resource with that ARN (or some of those
// that the pattern of a policy names), of the given levels or of all, sorted by
// service and name. Actions without resource types are not among them, though a
// policy with the Resource "*" grants them too.
func (r *Reference) ActionsOn(arn string, levels ...AccessLevel) []Action {
	types := map[string][]string{} // by service
	for _, t := range r.ResourceTypes(arn) {
		types[t.Service] = append(types[t.Service], t.Name)
	}
	var found []Action
	for _, e := range r.entries {
		names := types[e.prefix]
		if len(names) == 0 {
			continue
		}
		for _, a := range e.service().actions {
			if (len(levels) == 0 || slices.Contains(levels, a.Level)) && slices.ContainsFunc(names, a.Takes) {
				found = append(found, a)
			}
		}
	}
	return found
}
