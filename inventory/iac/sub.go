package iac

import (
	"strings"
)

// sub evaluates Fn::Sub: text with ${Name}, ${Resource.Attribute}, ${AWS::Region}
// or a name of its own map in it; ${!Name} is ${Name} as text.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html (read 2026-11-24).
func (s *stack) sub(arg *node) any {
	template, own := arg, (*node)(nil)
	if arg.kind == listNode {
		if len(arg.items) != 2 || arg.items[1].kind != objectNode {
			return s.wrong(arg, "Fn::Sub", nil, "text, or a list of text and an object")
		}
		template, own = arg.items[0], arg.items[1]
	}
	t, ok := template.scalar()
	if !ok {
		return s.wrong(arg, "Fn::Sub", nil, "text")
	}
	var b parts
	values := map[string]any{}
	for {
		before, rest, found := strings.Cut(t, "${")
		b.text.WriteString(before)
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.text.WriteString("${" + rest)
			break
		}
		t = after
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			b.text.WriteString("${" + literal + "}")
			continue
		}
		name = strings.TrimSpace(name)
		v, ok := values[name]
		if !ok {
			v = s.variable(name, own, template)
			values[name] = v
		}
		length := b.text.Len()
		if !b.add(v) {
			return s.wrong(template, "Fn::Sub", v, "text for ${"+name+"}")
		}
		if !s.spend(b.text.Len() - length) {
			return errWork
		}
	}
	return b.value()
}

func (s *stack) variable(name string, own, at *node) any {
	if v := own.field(name); v != nil {
		return s.eval(v)
	}
	leaf := func(t string) *node { return &node{kind: textNode, text: t, line: at.line, col: at.col} }
	if resource, attribute, ok := strings.Cut(name, "."); ok {
		return s.getAtt(&node{kind: listNode, line: at.line, col: at.col, items: []*node{leaf(resource), leaf(attribute)}})
	}
	return s.ref(leaf(name))
}
