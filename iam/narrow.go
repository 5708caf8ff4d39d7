package iam

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"merlon.dev/merlon/iam/reference"
)

// ErrNarrow is wrapped by the error of [Narrow] for policies that are not fully
// understood: what is left of them would be a guess.
var ErrNarrow = errors.New("cannot be narrowed")

// ServiceAccess is what IAM's last-accessed data say of one service that someone
// may use. Attempts that AWS refused count as well.
//
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ServiceLastAccessed.html, read 2026-11-24
type ServiceAccess struct {
	Service string    // the prefix of its actions: "s3"
	Last    time.Time // zero: not within the tracking period
	// Actions are those that AWS tracks there, by their names without the prefix,
	// each with its last use; the zero time for one that was not used. Nil where AWS
	// lists none: then nothing is known but when the service was used.
	Actions map[string]time.Time
}

// Narrowed is what is left of policies without what was not used.
type Narrowed struct {
	Statements []DocumentStatement `json:"-"`

	// Used are the services that were used, Unused those that today's policies allow
	// and nobody used: nothing of them is granted.
	Used   []string `json:"used"`
	Unused []string `json:"unused"`
	// UnusedActions are tracked actions of used services that today's policies allow
	// and nobody used: "s3:DeleteBucket". They are not granted.
	UnusedActions []string `json:"unusedActions"`
	// ServiceLevel are used services of which AWS lists no action, Untracked those of
	// which it lists some: what today's policies allow there and AWS does not track
	// stays granted, used or not.
	ServiceLevel []string `json:"serviceLevel"`
	Untracked    []string `json:"untracked"`
	// Unlisted are services that today's policies allow and the data do not mention.
	// Nothing of them is granted.
	Unlisted []string `json:"unlisted"`
	// Denials is how many Deny statements there are; all stay as they are.
	Denials int `json:"denials"`
}

// Documents writes what is left as policies of at most limit characters each; see
// [Grants.Documents].
func (n *Narrowed) Documents(limit int) ([]Document, error) { return pack(n.Statements, limit) }

// Narrow takes from policies what was not used: it permits no request that they do
// not. Resources, conditions and Deny statements stay as they are (a Deny also holds
// against resource policies); of the actions that a statement allows those stay that
// were used, and those of used services of which AWS does not say whether they were.
// A pattern such as "s3:Get*" stays as long as nothing that it matches is known to be
// unused, and is written out otherwise, with the actions that the reference knows.
//
// The error wraps [ErrNarrow] where a policy or a statement is not fully understood.
func Narrow(ref *reference.Reference, today []*Policy, accessed []ServiceAccess) (*Narrowed, error) {
	n := &narrowing{ref: ref, services: map[string]*serviceUse{}, unused: map[string]bool{}, unusedActions: map[string]bool{},
		level: map[string]bool{}, untracked: map[string]bool{}, unlisted: map[string]bool{}, at: map[string]int{}}
	for i := range accessed {
		n.learn(&accessed[i])
	}
	for _, p := range today {
		if why := p.Unknown(); why != "" {
			return nil, fmt.Errorf("policy %s %w: %s", p.Name, ErrNarrow, why)
		}
		for i := range p.Statements {
			s := &p.Statements[i]
			if why := s.notNarrowed(); why != "" {
				return nil, fmt.Errorf("statement %d of policy %s %w: %s", s.Index+1, p.Name, ErrNarrow, why)
			}
			n.statement(s, p.Version == "2012-10-17")
		}
	}
	out := &Narrowed{Unused: sortedKeys(n.unused), UnusedActions: sortedKeys(n.unusedActions), ServiceLevel: sortedKeys(n.level),
		Untracked: sortedKeys(n.untracked), Unlisted: sortedKeys(n.unlisted), Used: []string{}}
	for _, name := range sortedKeys(n.services) {
		if n.services[name].used {
			out.Used = append(out.Used, name)
		}
	}
	for _, s := range n.statements {
		if s.Effect == Deny.String() {
			out.Denials++
		} else {
			s.Action = shortest(s.Action)
		}
		out.Statements = append(out.Statements, s)
	}
	return out, nil
}

// notNarrowed is why nothing can be said of a statement of an identity policy.
func (s *Statement) notNarrowed() string {
	if s.invalid != "" {
		return s.invalid
	}
	if !s.HasResource || s.HasPrincipal || len(s.Actions) == 0 {
		return "it is no statement of a user's or role's policy"
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if c.compiled.invalid != "" {
			return c.compiled.invalid
		}
		if c.Key == UnreadKey {
			return "part of it was not read"
		}
	}
	return ""
}

// serviceUse is what is known of a service; names are in small letters.
type serviceUse struct {
	used   bool
	listed bool
	last   map[string]time.Time // by name in small letters
	names  map[string]string    // as AWS writes them
}

type narrowing struct {
	ref                                               *reference.Reference
	services                                          map[string]*serviceUse
	unused, unusedActions, level, untracked, unlisted map[string]bool

	statements []DocumentStatement
	at         map[string]int // Allow statements, by all but their actions
}

// learn takes in what is said of a service. AWS may list a prefix more than once,
// for products that share it: what one of them says was used, was.
func (n *narrowing) learn(a *ServiceAccess) {
	prefix := strings.ToLower(a.Service)
	u := n.services[prefix]
	if u == nil {
		u = &serviceUse{last: map[string]time.Time{}, names: map[string]string{}}
		n.services[prefix] = u
	}
	u.used = u.used || !a.Last.IsZero()
	for name, last := range a.Actions {
		key := strings.ToLower(name)
		u.listed, u.names[key] = true, name
		if last.After(u.last[key]) || u.last[key].IsZero() {
			u.last[key] = last
		}
		// An action cannot have been used and its service not.
		u.used = u.used || !last.IsZero()
	}
}

// statement adds what is left of a statement.
func (n *narrowing) statement(s *Statement, variables bool) {
	out := DocumentStatement{Effect: s.Effect.String()}
	list := &out.Resource
	if s.NotResource {
		list = &out.NotResource
	}
	*list = words(s.Resources, variables)
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if out.Condition == nil {
			out.Condition = map[string]map[string]Words{}
		}
		if out.Condition[c.Operator] == nil {
			out.Condition[c.Operator] = map[string]Words{}
		}
		out.Condition[c.Operator][c.Key] = words(c.Values, variables)
	}
	if s.Effect == Deny {
		if list = &out.Action; s.NotAction {
			list = &out.NotAction
		}
		*list = words(s.Actions, true)
		n.statements = append(n.statements, out)
		return
	}
	actions := map[string]bool{}
	if s.NotAction {
		n.except(s, actions)
	} else {
		for _, e := range s.Actions {
			n.pattern(e.Text, actions)
		}
	}
	if len(actions) == 0 {
		return
	}
	// Statements that differ in nothing but their actions become one.
	slices.Sort(out.Resource)
	slices.Sort(out.NotResource)
	out.Resource, out.NotResource = slices.Compact(out.Resource), slices.Compact(out.NotResource)
	key := out.key()
	i, ok := n.at[key]
	if !ok {
		i = len(n.statements)
		n.at[key] = i
		n.statements = append(n.statements, out)
	}
	n.statements[i].Action = append(n.statements[i].Action, slices.Collect(maps.Keys(actions))...)
}

// words are the strings of an element for a document of Version 2012-10-17: in the
// older version "${" begins no variable.
func words(list []Element, variables bool) Words {
	out := make(Words, 0, len(list))
	for _, e := range list {
		if !variables {
			e.Text = strings.ReplaceAll(e.Text, "${", "${$}{")
		}
		out = append(out, e.Text)
	}
	return out
}

// pattern adds what is left of an Action pattern, service by service.
func (n *narrowing) pattern(text string, actions map[string]bool) {
	prefix, name, ok := strings.Cut(text, ":")
	if !ok {
		if text == "" || strings.Trim(text, "*") != "" {
			return // matches nothing
		}
		prefix, name = "*", "*"
	}
	if !strings.ContainsAny(prefix, "*?") {
		n.inService(strings.ToLower(prefix), prefix, name, true, actions)
		return
	}
	services := compileAction(prefix)
	for _, p := range n.prefixes() {
		if services.match(p, nil) == Yes {
			n.inService(p, p, name, false, actions)
		}
	}
}

// prefixes are those of the data and of the reference, sorted.
func (n *narrowing) prefixes() []string {
	all := map[string]bool{}
	for p := range n.services {
		all[p] = true
	}
	for p := range n.ref.Prefixes() {
		all[strings.ToLower(p)] = true
	}
	return sortedKeys(all)
}

// use gives what is known of a service that was used, nil for another, and notes which.
func (n *narrowing) use(prefix string) *serviceUse {
	u := n.services[prefix]
	switch {
	case u == nil:
		n.unlisted[prefix] = true
		return nil
	case !u.used:
		n.unused[prefix] = true
		return nil
	case !u.listed:
		n.level[prefix] = true
	}
	return u
}

// inService adds what is left of a pattern within one service; written is the prefix
// as the policy has it, named says that the policy names the service.
func (n *narrowing) inService(prefix, written, name string, named bool, actions map[string]bool) {
	known := map[string]string{} // by small letters
	for a := range n.ref.Match(prefix + ":" + name) {
		known[strings.ToLower(a.Name)] = a.Name
	}
	whole := true
	if u := n.services[prefix]; u != nil {
		matches := compileAction(name)
		for key, original := range u.names {
			if matches.match(key, nil) == Yes {
				known[key] = original
				whole = whole && !u.last[key].IsZero()
			}
		}
	}
	if len(known) == 0 && !named && strings.Trim(name, "*") != "" {
		return // a wildcard for services met one without such an action
	}
	u := n.use(prefix)
	if u == nil {
		return
	}
	if whole {
		for key := range known {
			n.keeps(prefix, u, key)
		}
		actions[written+":"+name] = true
		return
	}
	n.each(prefix, u, known, actions)
}

// each adds the actions one by one that were used or are not tracked.
func (n *narrowing) each(prefix string, u *serviceUse, known map[string]string, actions map[string]bool) {
	for key, original := range known {
		if n.keeps(prefix, u, key) {
			actions[prefix+":"+original] = true
		} else {
			n.unusedActions[prefix+":"+original] = true
		}
	}
}

// keeps decides about an action of a used service.
func (n *narrowing) keeps(prefix string, u *serviceUse, key string) bool {
	last, tracked := u.last[key]
	if !tracked && u.listed {
		n.untracked[prefix] = true
	}
	return !tracked || !last.IsZero()
}

// except adds what is left of a NotAction: of each used service all but what it names.
func (n *narrowing) except(s *Statement, actions map[string]bool) {
	for _, prefix := range n.prefixes() {
		known, all := map[string]string{}, true
		take := func(name string) {
			if s.matchAction(prefix+":"+name) == Yes {
				known[strings.ToLower(name)] = name
			} else {
				all = false
			}
		}
		if service, ok := n.ref.Service(prefix); ok {
			for a := range service.Actions() {
				take(a.Name)
			}
		}
		if u := n.services[prefix]; u != nil {
			for _, name := range u.names {
				take(name)
			}
		}
		if len(known) == 0 && !all {
			continue // nothing of the service is allowed
		}
		u := n.use(prefix)
		if u == nil {
			continue
		}
		for key := range known {
			all = n.keeps(prefix, u, key) && all
		}
		// A pattern stands for the service only where no exception is about it: one
		// may name actions that the reference does not know.
		if all && !s.excludes(prefix) {
			actions[prefix+":*"] = true
			continue
		}
		n.each(prefix, u, known, actions)
	}
}

// excludes says whether an element of NotAction can name an action of the service.
func (s *Statement) excludes(prefix string) bool {
	for _, e := range s.Actions {
		of, _, ok := strings.Cut(e.Text, ":")
		if !ok {
			of = e.Text
		}
		if p := compileAction(of); p.match(prefix, nil) == Yes {
			return true
		}
	}
	return false
}

// shortest sorts actions and leaves out what another of them matches.
func shortest(actions Words) Words {
	slices.Sort(actions)
	actions = slices.Compact(actions)
	var wide []pattern
	var texts []string
	for _, a := range actions {
		// A "?" would match the "*" of another pattern as one character.
		if strings.Contains(a, "*") && !strings.Contains(a, "?") {
			wide, texts = append(wide, compileAction(a)), append(texts, a)
		}
	}
	return slices.DeleteFunc(actions, func(a string) bool {
		for i := range wide {
			// Of two that differ in their letters' case alone the first one stays.
			if a != texts[i] && wide[i].match(strings.ToLower(a), nil) == Yes && !(strings.EqualFold(a, texts[i]) && a < texts[i]) {
				return true
			}
		}
		return false
	})
}
