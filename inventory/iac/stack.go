package iac

import (
	"fmt"
	"io/fs"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// maxWork bounds what is evaluated for each file that a load reads: values, and
// bytes of text, so that a template that doubles a text thirty times ends in an
// error. Nested stacks share it.
const maxWork = 16 << 20

// stack is one template being evaluated. It is used by one goroutine.
type stack struct {
	l         *loader
	file      string // as a person knows it
	folder    fs.FS  // in which nested templates are looked for; nil for none
	inFolder  string // the template's own name in there
	outer     *stack // that this one is nested in
	maybe     string // why the stack may not be there; empty where it is
	outputs   map[string]bool
	name      string
	root      *node
	section   map[string]*node
	parents   int  // stacks around this one
	explicit  bool // named by the caller, not found in a folder
	given     map[string]any
	extended  bool // AWS::LanguageExtensions is on
	declared  bool // the list of resources has been read
	params    map[string]any
	conds     map[string]*decision
	resources []*resource
	byLogical map[string]*resource
	depth     int
	quiet     int // above zero: no notes
}

// decision is a condition once it was looked at.
type decision struct {
	done  bool
	value bool
	why   *unknown // set where it cannot be decided
}

// resource is one entry of Resources.
type resource struct {
	s       *stack
	logical string
	typ     *inventory.Type
	body    *node
	at      nodeKey
	// maybe says why the resource may not be there; empty where it is.
	maybe string

	values     map[string]any // top-level properties that were evaluated
	busy       map[string]bool
	identity   *identity
	inner      *stack // of a nested stack
	nestedRead bool
	props      map[string]any
	reads      []merlon.Read
	folded     bool
	hidden     *unknown // set where a macro makes properties
}

// place names a line for reports: "template:FILE:LINE".
func (s *stack) place(line int) string { return fmt.Sprintf("template:%s:%d", s.file, line) }

func (s *stack) note(n *node, format string, args ...any) {
	if s.quiet > 0 {
		return
	}
	if n == nil {
		n = s.root
	}
	s.l.note(Note{File: s.file, Line: n.line, Column: n.col, Message: fmt.Sprintf(format, args...)})
}

// spend counts work; false when there was too much of it.
func (s *stack) spend(n int) bool {
	s.l.work += n + 1
	return s.l.work <= s.l.allowed
}

var errWork = &unknown{reason: "the template expands to more than Merlon evaluates"}

// newStack checks the outline of a template.
func (l *loader) newStack(file, name string, root *node) (*stack, error) {
	s := &stack{l: l, file: file, name: name, root: root, section: map[string]*node{}, given: map[string]any{},
		outputs: map[string]bool{}, params: map[string]any{}, conds: map[string]*decision{}, byLogical: map[string]*resource{}}
	if root.kind != objectNode {
		return nil, badNode(root.line, root.col, "it is %s; an object with Resources was expected", nodeWords[root.kind])
	}
	for i, k := range root.keys {
		switch k.name {
		case "Parameters", "Mappings", "Conditions", "Resources", "Outputs":
			if root.items[i].kind == nullNode {
				continue
			}
			if root.items[i].kind != objectNode {
				return nil, badNode(k.line, k.col, "%s must be an object and is %s", k.name, nodeWords[root.items[i].kind])
			}
			s.section[k.name] = root.items[i]
		case "Transform":
			s.section[k.name] = root.items[i]
		}
	}
	if s.section["Resources"] == nil {
		return nil, fmt.Errorf("%d:%d: %w%s", root.line, root.col, errNoResources, mistaken(root))
	}
	return s, nil
}

// mistaken says what else an object without Resources seems to be.
func mistaken(root *node) string {
	switch {
	case root.field("openapi") != nil || root.field("swagger") != nil:
		return "; it looks like an OpenAPI description"
	case root.field("apiVersion") != nil && root.field("kind") != nil:
		return "; it looks like a Kubernetes manifest"
	case root.field("services") != nil:
		return "; it looks like a Compose file or a Serverless Framework service"
	case root.field("Statement") != nil:
		return "; it looks like a policy document"
	case root.field("format_version") != nil && root.field("planned_values") != nil:
		return "; it looks like a Terraform plan"
	case root.field("$schema") != nil:
		return "; it looks like a schema or a template of another cloud"
	}
	return ""
}

// declare reads the list of resources, following Fn::ForEach, and decides which
// are there.
func (s *stack) declare() error {
	s.transforms()
	defer func() { s.declared = true }()
	entries, err := s.loops(s.section["Resources"], 0)
	if err != nil {
		return err
	}
	for i, k := range entries.keys {
		body := entries.items[i]
		if s.byLogical[k.name] != nil {
			return badNode(k.line, k.col, "the resource %q is declared twice", k.name)
		}
		if strings.HasPrefix(k.name, "Fn::") {
			s.unsupported(body, k.name, "it adds resources that are known only when AWS has run it")
			continue
		}
		name, ok := body.field("Type").scalar()
		if !ok {
			if body.field("Type") != nil && body.field("Type").kind == objectNode {
				s.unsupported(body, "the resource "+k.name, "a preprocessor that has not run makes its type")
				continue
			}
			return badNode(k.line, k.col, "the resource %q has no Type", k.name)
		}
		if p := body.field("Properties"); p != nil && p.kind != objectNode && p.kind != nullNode {
			return badNode(p.line, p.col, "Properties of %q must be an object and is %s", k.name, nodeWords[p.kind])
		}
		r := &resource{s: s, logical: k.name, body: body, at: k, values: map[string]any{}, busy: map[string]bool{}}
		s.byLogical[k.name] = r
		if typ, ok := s.l.schemas.Type(name); ok && !typ.Own() {
			r.typ = typ
		}
		s.resources = append(s.resources, r)
	}
	return nil
}

// keep decides whether a resource goes into the snapshot as it is.
func (s *stack) keep(r *resource) bool {
	r.maybe = s.maybe
	if c := r.body.field("Condition"); c != nil {
		name, _ := c.scalar()
		switch d := s.condition(name, c); {
		case d.why != nil && s.maybe != "":
			r.maybe = s.maybe + "; " + d.why.reason
		case d.why != nil:
			r.maybe = d.why.reason
		case !d.value:
			return false
		}
	}
	name, _ := r.body.field("Type").scalar()
	switch {
	case name == stackType:
		s.nested(r)
		return false
	case name == "AWS::CDK::Metadata":
		return false // which version of the CDK wrote the template
	case strings.HasPrefix(name, "AWS::Serverless::"):
		s.unsupported(r.body, name, "SAM resources become other resources when they are deployed; give the result of `sam build` and `aws cloudformation package`, or the deployed stack's processed template")
		return false
	case strings.HasPrefix(name, "Custom::") || name == "AWS::CloudFormation::CustomResource":
		s.note(r.body, "%s %s is left out: what a custom resource makes is not in the template", name, r.logical)
		return false
	case strings.HasSuffix(name, "::MODULE"):
		s.unsupported(r.body, name, "a module's content is in the account's registry")
		return false
	case r.typ == nil && strings.HasPrefix(name, "AWS::"):
		s.unsupported(r.body, name, "this type is not among the schemas"+didYouMean(s.l.schemas.ClosestType(name)))
		return false
	case r.typ == nil:
		s.note(r.body, "%s %s is left out: the type is not AWS's", name, r.logical)
		return false
	case strings.HasPrefix(name, "AWS::CloudFormation::Wait"):
		return false
	}
	return true
}

func didYouMean(s string) string {
	if s == "" {
		return ""
	}
	return "; did you mean " + s + "?"
}

// unsupported records that a part of the template is not judged.
func (s *stack) unsupported(n *node, what, why string) {
	s.l.gap(merlon.Gap{Call: fmt.Sprintf("%s:%d", s.place(n.line), n.col), Account: s.l.account, Region: s.l.region,
		Cause: merlon.CauseUnsupported, Code: what, Message: why})
	s.note(n, "%s is not read: %s", what, why)
}

// transforms notes the macros that change the template in ways nobody can know.
func (s *stack) transforms() {
	t := s.section["Transform"]
	if t == nil {
		return
	}
	list := []*node{t}
	if t.kind == listNode {
		list = t.items
	}
	for _, n := range list {
		name, ok := n.scalar()
		if !ok {
			name, _ = n.field("Name").scalar()
		}
		switch name {
		case "AWS::LanguageExtensions":
			s.extended = true
		case "AWS::Serverless-2016-10-31", "AWS::SecretsManager-2020-07-23", "AWS::SecretsManager-2024-09-16", "AWS::CodeDeployBlueGreen":
			// They act on resource types of their own, which are told of one by one,
			// or add what helps a deployment.
		default:
			s.unsupported(n, "the transform "+quote(name), "a macro may change any part of the template")
		}
	}
}

// errNoResources: the file is something else than a template.
var errNoResources = fmt.Errorf("%w: it has no Resources", ErrTemplate)
