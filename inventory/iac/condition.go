package iac

import (
	"fmt"
)

// condition decides a named condition, once.
func (s *stack) condition(name string, at *node) *decision {
	if d, ok := s.conds[name]; ok {
		if !d.done {
			s.note(at, "the condition %s depends on itself", quote(name))
			return &decision{why: unknownf("the condition %s depends on itself", quote(name))}
		}
		return d
	}
	body := s.section["Conditions"].field(name)
	if body == nil {
		s.note(at, "there is no condition %s", quote(name))
		return &decision{done: true, why: unknownf("there is no condition %s", quote(name))}
	}
	s.conds[name] = &decision{}
	d := s.decide(body)
	if d.why != nil {
		d.why = unknownf("the condition %s cannot be decided: %s", name, d.why.reason)
		s.l.note(Note{File: s.file, Line: body.line, Column: body.col, Message: d.why.reason})
	}
	d.done = true
	s.conds[name] = d
	return d
}

// decide evaluates the body of a condition in three-valued logic.
func (s *stack) decide(n *node) *decision {
	if n.kind == boolNode || n.kind == textNode {
		return truth(s.eval(n), n)
	}
	if n.kind != objectNode || len(n.keys) != 1 {
		return &decision{why: unknownf("a condition must be one function (line %d)", n.line)}
	}
	if !s.spend(1) {
		return &decision{why: errWork}
	}
	s.depth++
	defer func() { s.depth-- }()
	if s.depth > 8*maxDepth {
		return &decision{why: unknownf("functions are nested too deeply")}
	}
	name, arg := n.keys[0].name, n.items[0]
	switch name {
	case "Condition":
		c, _ := arg.scalar()
		return s.condition(c, arg)
	case "Fn::Equals":
		a, u := s.arguments(arg, name, 2, 2)
		if u != nil {
			return &decision{why: u}
		}
		return equal(a[0], a[1])
	case "Fn::Not":
		if arg.kind != listNode || len(arg.items) != 1 {
			return &decision{why: unknownf("Fn::Not takes a list of one condition (line %d)", arg.line)}
		}
		d := s.decide(arg.items[0])
		return &decision{value: !d.value, why: d.why}
	case "Fn::And", "Fn::Or":
		if arg.kind != listNode || len(arg.items) == 0 {
			return &decision{why: unknownf("%s takes a list of conditions (line %d)", name, arg.line)}
		}
		decides := name == "Fn::Or" // the value that one part settles alone
		var why *unknown
		for _, c := range arg.items {
			d := s.decide(c)
			switch {
			case d.why != nil:
				if why == nil {
					why = d.why
				}
			case d.value == decides:
				return &decision{value: decides}
			}
		}
		return &decision{value: !decides, why: why}
	}
	return truth(s.eval(n), n)
}

// truth reads a value that should be true or false.
func truth(v any, n *node) *decision {
	if t, stands, ok := text(v); ok && !stands {
		switch t {
		case "true", "True":
			return &decision{value: true}
		case "false", "False":
			return &decision{}
		}
	}
	if u := firstUnknown(v); u != nil {
		return &decision{why: u}
	}
	return &decision{why: unknownf("a condition must be true or false (line %d)", n.line)}
}

// equal compares two values as CloudFormation does: as text, with regard to case.
func equal(a, b any) *decision {
	for _, v := range []any{a, b} {
		if u := firstUnknown(v); u != nil {
			return &decision{why: u}
		}
		if holdsStandIn(v) {
			return &decision{why: unknownf("it compares with what AWS fills in when the stack is created")}
		}
	}
	return &decision{value: same(a, b)}
}

func same(a, b any) bool {
	x, _, ok := text(a)
	y, _, also := text(b)
	if ok && also {
		return x == y
	}
	la, ok := a.([]any)
	lb, also := b.([]any)
	if ok && also {
		if len(la) != len(lb) {
			return false
		}
		for i := range la {
			if !same(la[i], lb[i]) {
				return false
			}
		}
		return true
	}
	ma, ok := a.(map[string]any)
	mb, also := b.(map[string]any)
	if ok && also {
		return fmt.Sprint(ma) == fmt.Sprint(mb)
	}
	return false
}

// choose evaluates Fn::If.
func (s *stack) choose(arg *node) any {
	if arg.kind != listNode || len(arg.items) != 3 {
		s.note(arg, "Fn::If takes a condition and two values")
		return unknownf("Fn::If takes a condition and two values (line %d)", arg.line)
	}
	var d *decision
	if name, ok := arg.items[0].scalar(); ok {
		d = s.condition(name, arg.items[0])
	} else {
		d = s.decide(arg.items[0])
	}
	switch {
	case d.why != nil:
		s.quiet++ // one of the two is never used
		yes, no := s.eval(arg.items[1]), s.eval(arg.items[2])
		s.quiet--
		if firstUnknown(yes) == nil && firstUnknown(no) == nil && yes != (noValue{}) && same(yes, no) {
			return yes
		}
		return d.why
	case d.value:
		return s.eval(arg.items[1])
	default:
		return s.eval(arg.items[2])
	}
}
