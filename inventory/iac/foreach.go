package iac

import (
	"strings"
)

// loops expands the Fn::ForEach entries of an object, where the transform
// AWS::LanguageExtensions is on.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html (read 2026-11-24).
func (s *stack) loops(n *node, depth int) (*node, error) {
	found := false
	for _, k := range n.keys {
		found = found || strings.HasPrefix(k.name, "Fn::ForEach::")
	}
	if !found {
		return n, nil
	}
	if depth > 8 {
		return nil, badNode(n.line, n.col, "Fn::ForEach is nested too deeply")
	}
	if !s.extended {
		s.note(n, "Fn::ForEach needs the transform AWS::LanguageExtensions")
	}
	out := &node{kind: objectNode, line: n.line, col: n.col}
	for i, k := range n.keys {
		if !strings.HasPrefix(k.name, "Fn::ForEach::") {
			out.keys, out.items = append(out.keys, k), append(out.items, n.items[i])
			continue
		}
		more, err := s.loop(k, n.items[i], depth)
		if err != nil {
			return nil, err
		}
		out.keys, out.items = append(out.keys, more.keys...), append(out.items, more.items...)
	}
	return out, nil
}

// expanded is loops for an object within a resource; where a loop cannot be run it
// stays and its place is unknown.
func (s *stack) expanded(n *node) *node {
	if n == nil || n.kind != objectNode || !s.extended {
		return n
	}
	out, err := s.loops(n, 0)
	if err != nil {
		return n
	}
	return out
}

func (s *stack) loop(k nodeKey, arg *node, depth int) (*node, error) {
	out := &node{kind: objectNode, line: arg.line, col: arg.col}
	if arg.kind != listNode || len(arg.items) != 3 || arg.items[2].kind != objectNode {
		return nil, badNode(k.line, k.col, "%s takes a list of a name, a collection and an object", k.name)
	}
	name, ok := arg.items[0].scalar()
	if !ok || name == "" {
		return nil, badNode(k.line, k.col, "%s: the loop's variable must be a name", k.name)
	}
	list, ok := s.collection(arg.items[1])
	if !ok && s.declared {
		return nil, badNode(k.line, k.col, "what %s goes over is known only when the stack is created", k.name)
	}
	if !ok {
		s.unsupported(arg.items[1], k.name, "what it goes over is known only when the stack is created")
		return out, nil
	}
	for _, v := range list {
		body, ok := s.replace(arg.items[2], name, v)
		if !ok {
			return nil, badNode(k.line, k.col, "%s expands to more than Merlon evaluates", k.name)
		}
		body, err := s.loops(body, depth+1)
		if err != nil {
			return nil, err
		}
		out.keys, out.items = append(out.keys, body.keys...), append(out.items, body.items...)
	}
	return out, nil
}

func (s *stack) collection(n *node) ([]string, bool) {
	list, ok := s.eval(n).([]any)
	if !ok {
		return nil, false
	}
	var out []string
	for _, v := range list {
		// The collection may hold lists, such as a parameter's, beside single values.
		more, isList := v.([]any)
		if !isList {
			more = []any{v}
		}
		for _, v := range more {
			t, stands, ok := text(v)
			if !ok || stands {
				return nil, false
			}
			out = append(out, t)
		}
	}
	return out, true
}

// replace writes value for ${name} and &{name} (value without what is not a
// letter or digit) in keys and text, and for {Ref: name}.
func (s *stack) replace(n *node, name, value string) (*node, bool) {
	if !s.spend(len(n.text) + 64) {
		return nil, false
	}
	letters := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, value)
	r := strings.NewReplacer("${"+name+"}", value, "&{"+name+"}", letters)
	var walk func(n *node) (*node, bool)
	walk = func(n *node) (*node, bool) {
		if f, arg, ok := function(n); ok && f == "Ref" && arg.kind == textNode && arg.text == name {
			return &node{kind: textNode, text: value, line: n.line, col: n.col}, true
		}
		out := *n
		if n.kind == textNode {
			out.text = r.Replace(n.text)
		}
		if !s.spend(len(out.text) + 64) {
			return nil, false
		}
		if n.keys != nil {
			out.keys = make([]nodeKey, len(n.keys))
			for i, k := range n.keys {
				out.keys[i] = nodeKey{r.Replace(k.name), k.line, k.col}
			}
		}
		if n.items != nil {
			out.items = make([]*node, len(n.items))
			for i, c := range n.items {
				var ok bool
				if out.items[i], ok = walk(c); !ok {
					return nil, false
				}
			}
		}
		return &out, true
	}
	return walk(n)
}
