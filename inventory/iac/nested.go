package iac

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

const stackType = "AWS::CloudFormation::Stack"

// maxNesting bounds how deep stacks lie in stacks.
const maxNesting = 10

// nested gives the stack that a resource of the type AWS::CloudFormation::Stack
// makes, reading its template the first time; nil where that is not at hand.
func (s *stack) nested(r *resource) *stack {
	if r.nestedRead {
		return r.inner
	}
	r.nestedRead = true
	set := r.body.field("Properties")
	url, stands, ok := text(s.eval(set.field("TemplateURL")))
	switch {
	case !ok || stands:
		s.unsupported(r.body, stackType, "where its template is, is not known")
		return nil
	case strings.Contains(url, "://") || path.IsAbs(url) || s.folder == nil:
		s.unsupported(r.body, stackType, "its template is not beside this one: "+quote(url))
		return nil
	case s.parents >= maxNesting:
		s.unsupported(r.body, stackType, "the stacks are nested too deeply")
		return nil
	}
	name := path.Join(path.Dir(s.inFolder), url)
	for outer := s; outer != nil; outer = outer.outer {
		if outer.inFolder == name {
			s.unsupported(r.body, stackType, "the template nests itself")
			return nil
		}
	}
	inner, err := s.readNested(r, name)
	if err != nil {
		s.unsupported(r.body, stackType, "its template "+quote(url)+" cannot be read: "+nestedError(err))
		return nil
	}
	if p := set.field("Parameters"); p != nil && p.kind == objectNode {
		for i, k := range p.keys {
			if v := s.eval(p.items[i]); v != (noValue{}) {
				inner.given[k.name] = v
			}
		}
	}
	inner.maybe = r.maybe
	r.inner = inner
	s.l.nested[inner.file] = true
	s.l.stacks = append(s.l.stacks, inner)
	return inner
}

func nestedError(err error) string {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return "there is no such file in the folder"
	}
	return err.Error()
}

func (s *stack) readNested(r *resource, name string) (*stack, error) {
	if len(s.l.stacks) >= maxTemplates {
		return nil, errors.New("there are too many templates")
	}
	data, err := readFile(s.folder, name)
	if err != nil {
		return nil, err
	}
	if !s.spend(len(data)) {
		return nil, errors.New(errWork.reason)
	}
	root, err := parse(data)
	if err != nil {
		return nil, err
	}
	file := strings.TrimSuffix(s.file, s.inFolder) + name
	inner, err := s.l.newStack(file, s.l.stackName(s.name+"-"+r.logical), root)
	if err != nil {
		return nil, err
	}
	inner.folder, inner.inFolder, inner.parents, inner.outer = s.folder, name, s.parents+1, s
	return inner, inner.declare()
}

// output gives "Outputs.NAME" of a nested stack.
func (s *stack) output(r *resource, attribute string) any {
	open := unknownf("%s.%s is known only once the nested stack exists", r.logical, attribute)
	name, ok := strings.CutPrefix(attribute, "Outputs.")
	if !ok || s.outputs[r.logical+"."+name] {
		return open
	}
	inner := s.nested(r)
	if inner == nil {
		return open
	}
	s.outputs[r.logical+"."+name] = true // until it is known, it is asked for by itself
	defer delete(s.outputs, r.logical+"."+name)
	out := inner.section["Outputs"].field(name)
	if out == nil {
		s.note(r.body, "%s has no output %s", r.logical, quote(name))
		return open
	}
	if why := inner.outputCondition(out); why != nil {
		return why
	}
	v := inner.eval(out.field("Value"))
	if _, _, ok := text(v); ok {
		return v
	}
	if u, ok := v.(*unknown); ok {
		return u
	}
	if u := firstUnknown(v); u != nil {
		return u
	}
	return open
}

// outputCondition says why an output may not be there.
func (s *stack) outputCondition(out *node) *unknown {
	c := out.field("Condition")
	if c == nil {
		return nil
	}
	name, _ := c.scalar()
	d := s.condition(name, c)
	if d.why == nil && !d.value {
		return unknownf("the output's condition %s is false", quote(name))
	}
	return d.why
}

// importValue evaluates Fn::ImportValue: what another template of the same load
// exports under a name that is known, else unknown.
func (s *stack) importValue(arg *node) any {
	open := unknownf("Fn::ImportValue cannot be known before the stack exists")
	v := s.eval(arg)
	name, stands, ok := text(v)
	if u := firstUnknown(v); u != nil {
		return u
	}
	if !ok || stands || s.l.importing[name] {
		return open
	}
	s.l.importing[name] = true
	defer delete(s.l.importing, name)
	var found any
	for _, other := range s.l.stacks {
		outputs := other.section["Outputs"]
		if outputs == nil || other == s {
			continue
		}
		for _, out := range outputs.items {
			export, stands, ok := text(other.eval(out.field("Export").field("Name")))
			if !ok || stands || export != name || other.outputCondition(out) != nil {
				continue
			}
			if found != nil {
				return open // two of one name cannot both be deployed: which one is, is open
			}
			found = other.eval(out.field("Value"))
		}
	}
	if _, _, ok := text(found); ok {
		return found
	}
	return open
}
