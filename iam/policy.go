package iam

import (
	"fmt"
	"strings"
)

// Policy is a parsed policy document. It is not changed after it was parsed,
// and safe for concurrent use.
type Policy struct {
	Name       string // what a trace calls it: an ARN or a name; set by the caller before use
	Version    string // "2012-10-17", "2008-10-17", or "" (which means 2008-10-17)
	ID         string
	Statements []Statement
	Problems   []Problem // where the document is not what AWS accepts

	unknown string // why nothing is known of it
}

// Effect is what a statement does.
type Effect uint8

// The effects. The zero value is that of a statement whose Effect is missing or wrong.
const (
	NoEffect Effect = iota
	Allow
	Deny
)

func (e Effect) String() string {
	return [...]string{"none", "Allow", "Deny"}[e]
}

// Element is a string of a document and where it stood.
type Element struct {
	Text   string
	Offset int
}

// Statement is one statement. Where an element was absent its list is nil.
type Statement struct {
	Index        int // in the document, from 0
	Offset       int
	Sid          string
	Effect       Effect
	Principals   []PrincipalElement
	HasPrincipal bool // "Principal" or "NotPrincipal" was there
	NotPrincipal bool
	Actions      []Element
	NotAction    bool
	Resources    []Element
	HasResource  bool
	NotResource  bool
	Conditions   []Condition

	unnamed   bool   // whom it names is not known
	invalid   string // why AWS would not accept it; its matching is then unknown
	actions   []pattern
	resources []pattern
}

// PrincipalElement is one value of a Principal or NotPrincipal element.
type PrincipalElement struct {
	Type   string // AWS, Service, Federated, CanonicalUser, or "*" for the bare wildcard
	Value  string
	Offset int
}

// Condition is one key under one operator.
type Condition struct {
	Operator string // as written
	Key      string // as written
	Values   []Element
	Offset   int

	compiled test
}

// Problem is a place where a document is not what AWS accepts, or not what
// its author will have meant.
type Problem struct {
	Code    string // a short name: duplicate-key, missing-effect …
	Offset  int
	Message string
}

// UnknownPolicy stands for a policy that applies and whose text is not known:
// it may allow and deny anything.
func UnknownPolicy(name, why string) *Policy {
	return &Policy{Name: name, unknown: why}
}

// UnreadKey is a condition key that no request has. A statement that whoever
// makes policies puts under it matches perhaps, and only what it is about; the
// condition's value is the reason, for a person.
const UnreadKey = "merlon:Unread"

// Unknown says why nothing is known of the policy, "" when it is known.
func (p *Policy) Unknown() string { return p.unknown }

// ParsePolicy reads a policy document. An error is a [*SyntaxError] (not
// JSON), or says that no statement can be made out. Whatever else AWS would
// refuse is a Problem; a statement with one that concerns its meaning matches
// nothing for certain and everything perhaps.
//
// Of a member that stands twice the later one counts, as in AWS's parser.
func ParsePolicy(source []byte) (*Policy, error) {
	root, err := readValue(source)
	if err != nil {
		return nil, err
	}
	if root.kind != kindObject {
		return nil, fmt.Errorf("a policy is an object, this is %v", root.kind)
	}
	p := &Policy{}
	var statements *value
	for _, m := range p.unique(root) {
		switch m.name {
		case "Version":
			p.Version = p.scalar(m.value, "Version")
			if p.Version != "2012-10-17" && p.Version != "2008-10-17" {
				p.problem("version", m.value.offset, "Version is %q; AWS knows 2012-10-17 and 2008-10-17", p.Version)
			}
		case "Id":
			p.ID = p.scalar(m.value, "Id")
		case "Statement":
			statements = m.value
		default:
			p.problem("unknown-element", m.offset, "a policy has no element %q", m.name)
		}
	}
	switch {
	case statements == nil:
		return nil, fmt.Errorf("a policy needs a Statement")
	case statements.kind == kindObject:
		p.Statements = []Statement{p.statement(0, statements)}
	case statements.kind == kindList:
		p.Statements = make([]Statement, 0, len(statements.items))
		for i, item := range statements.items {
			p.Statements = append(p.Statements, p.statement(i, item))
		}
	default:
		return nil, fmt.Errorf("the element Statement is an object or a list of objects, this is %v", statements.kind)
	}
	return p, nil
}

func (p *Policy) problem(code string, offset int, format string, args ...any) string {
	message := fmt.Sprintf(format, args...)
	p.Problems = append(p.Problems, Problem{Code: code, Offset: offset, Message: message})
	return message
}

// unique are the members of an object, the later of two with one name.
func (p *Policy) unique(v *value) []member {
	seen := make(map[string]int, len(v.members))
	var out []member
	for _, m := range v.members {
		if i, twice := seen[m.name]; twice {
			p.problem("duplicate-key", m.offset, "%q stands twice; AWS takes the later one and drops the earlier", m.name)
			out[i] = m
			continue
		}
		seen[m.name] = len(out)
		out = append(out, m)
	}
	return out
}

// scalar is a string; numbers and booleans count as what they were written as.
func (p *Policy) scalar(v *value, what string) string {
	switch v.kind {
	case kindString:
		return v.text
	case kindNumber, kindBool:
		p.problem("not-a-string", v.offset, "%s is %v where a string belongs", what, v.kind)
		return v.text
	}
	p.problem("not-a-string", v.offset, "%s is %v where a string belongs", what, v.kind)
	return ""
}

// strings are a string or a list of strings.
func (p *Policy) strings(v *value, what string, loose bool) ([]Element, bool) {
	items := []*value{v}
	if v.kind == kindList {
		items = v.items
	}
	out := make([]Element, 0, len(items))
	ok := true
	for _, item := range items {
		switch {
		case item.kind == kindString, loose && (item.kind == kindNumber || item.kind == kindBool):
			out = append(out, Element{Text: item.text, Offset: item.offset})
		default:
			p.problem("not-a-string", item.offset, "%s holds %v where a string belongs", what, item.kind)
			ok = false
		}
	}
	return out, ok
}

func (p *Policy) statement(index int, v *value) Statement {
	s := Statement{Index: index, Offset: v.offset}
	if v.kind != kindObject {
		s.invalid = p.problem("statement", v.offset, "a statement is an object, this is %v", v.kind)
		return s
	}
	seen := make(map[string]bool)
	for _, m := range p.unique(v) {
		seen[m.name] = true
		ok := true
		switch m.name {
		case "Sid":
			s.Sid = p.scalar(m.value, "Sid")
		case "Effect":
			switch p.scalar(m.value, "Effect") {
			case "Allow":
				s.Effect = Allow
			case "Deny":
				s.Effect = Deny
			default:
				s.invalid = p.problem("effect", m.value.offset, "Effect is Allow or Deny, not %q", m.value.text)
			}
		case "Principal", "NotPrincipal":
			s.HasPrincipal, s.NotPrincipal = true, m.name == "NotPrincipal"
			s.Principals, ok = p.principals(m.value)
		case "Action", "NotAction":
			s.NotAction = m.name == "NotAction"
			s.Actions, ok = p.strings(m.value, m.name, false)
		case "Resource", "NotResource":
			s.HasResource, s.NotResource = true, m.name == "NotResource"
			s.Resources, ok = p.strings(m.value, m.name, false)
		case "Condition":
			s.Conditions, ok = p.conditions(m.value)
		default:
			s.invalid = p.problem("unknown-element", m.offset, "a statement has no element %q", m.name)
		}
		if !ok && s.invalid == "" {
			s.invalid = p.Problems[len(p.Problems)-1].Message
		}
	}
	for _, pair := range [][2]string{{"Principal", "NotPrincipal"}, {"Action", "NotAction"}, {"Resource", "NotResource"}} {
		if seen[pair[0]] && seen[pair[1]] {
			s.invalid = p.problem("both", v.offset, "a statement has %s or %s, not both", pair[0], pair[1])
		}
	}
	if !seen["Effect"] {
		s.invalid = p.problem("missing-effect", v.offset, "the statement has no Effect")
	}
	if s.NotAction && len(s.Actions) == 0 || s.NotResource && len(s.Resources) == 0 {
		// "Arrays can take one or more values"; an empty one must not mean "all but nothing".
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html, read 2026-11-24
		s.invalid = p.problem("empty", v.offset, "a list of exceptions is empty")
	}
	if !seen["Action"] && !seen["NotAction"] {
		s.invalid = p.problem("missing-action", v.offset, "the statement has no Action")
	}
	variables := p.Version == "2012-10-17"
	for _, a := range s.Actions {
		s.actions = append(s.actions, compileAction(a.Text))
	}
	for _, r := range s.Resources {
		s.resources = append(s.resources, compileResource(r.Text, variables))
	}
	for i := range s.Conditions {
		s.Conditions[i].compile(variables)
		if why := s.Conditions[i].compiled.invalid; why != "" {
			p.problem("operator", s.Conditions[i].Offset, "%s", why)
		}
	}
	return s
}

func (p *Policy) principals(v *value) ([]PrincipalElement, bool) {
	switch v.kind {
	case kindString:
		if v.text == "*" {
			return []PrincipalElement{{Type: "*", Value: "*", Offset: v.offset}}, true
		}
		p.problem("principal", v.offset, "a Principal is \"*\" or an object, not %q", v.text)
		return nil, false
	case kindObject:
	default:
		p.problem("principal", v.offset, "a Principal is \"*\" or an object, not %v", v.kind)
		return nil, false
	}
	var out []PrincipalElement
	ok := true
	for _, m := range p.unique(v) {
		switch m.name {
		case "AWS", "Service", "Federated", "CanonicalUser":
		default:
			p.problem("principal", m.offset, "a Principal has no member %q; AWS, Service, Federated and CanonicalUser are known", m.name)
			ok = false
			continue
		}
		values, fine := p.strings(m.value, "Principal", false)
		ok = ok && fine
		for _, e := range values {
			out = append(out, PrincipalElement{Type: m.name, Value: e.Text, Offset: e.Offset})
		}
	}
	return out, ok
}

func (p *Policy) conditions(v *value) ([]Condition, bool) {
	if v.kind != kindObject {
		p.problem("condition", v.offset, "a Condition is an object, this is %v", v.kind)
		return nil, false
	}
	var out []Condition
	ok := true
	for _, operator := range p.unique(v) {
		if operator.value.kind != kindObject {
			p.problem("condition", operator.value.offset, "%s holds an object of keys and values, this is %v", operator.name, operator.value.kind)
			ok = false
			continue
		}
		for _, key := range p.unique(operator.value) {
			values, fine := p.strings(key.value, "the condition on "+key.name, true)
			ok = ok && fine
			out = append(out, Condition{Operator: operator.name, Key: key.name, Values: values, Offset: key.offset})
		}
	}
	return out, ok
}

// Unclear says that part of a statement ("Principal/AWS", "" for all of it) is
// not known: from then on it matches perhaps. It is for whoever makes a policy,
// before anybody else has it.
func (s *Statement) Unclear(part, why string) {
	s.invalid = why
	s.unnamed = s.unnamed || part == "" || strings.HasPrefix(part, "Principal") || strings.HasPrefix(part, "NotPrincipal")
}

// Unnamed says that whom the statement names is not known, or not all of it.
func (s *Statement) Unnamed() bool {
	return s.unnamed || s.invalid != "" && len(s.Principals) == 0
}

// MatchesAction says whether the statement is about an action, such as "s3:GetObject".
func (s *Statement) MatchesAction(action string) Match {
	if s.invalid != "" {
		return Maybe
	}
	return s.matchAction(action)
}

// MatchesResource says whether the statement is about a resource.
func (s *Statement) MatchesResource(resource string, c *Context) Match {
	if s.invalid != "" {
		return Maybe
	}
	return s.matchResource(resource, c)
}

// MatchesConditions says whether the statement's conditions hold.
func (s *Statement) MatchesConditions(c *Context) Match {
	if s.invalid != "" {
		return Maybe
	}
	m := Yes
	for i := range s.Conditions {
		m = min(m, s.Conditions[i].compiled.match(c))
	}
	return m
}

// Everyone says whether the Principal element is the wildcard.
func (s *Statement) Everyone() bool {
	if s.NotPrincipal {
		return false
	}
	for _, e := range s.Principals {
		if e.Value == "*" && (e.Type == "*" || e.Type == "AWS") {
			return true
		}
	}
	return false
}

// Problem says why AWS would not accept the statement or what of it is not
// known; "" where it is whole.
func (s *Statement) Problem() string { return s.invalid }
