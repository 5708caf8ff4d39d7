package iac

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
)

// function gives the name and the argument of an object that is a call of an
// intrinsic function: {Ref: x}, {Fn::Join: …}.
func function(n *node) (name string, arg *node, ok bool) {
	if n.kind != objectNode || len(n.keys) != 1 {
		return "", nil, false
	}
	name = n.keys[0].name
	if name != "Ref" && !strings.HasPrefix(name, "Fn::") {
		return "", nil, false
	}
	return name, n.items[0], true
}

// eval gives the value of a node.
func (s *stack) eval(n *node) any {
	if n == nil {
		return nil
	}
	if !s.spend(len(n.text)) {
		return errWork
	}
	s.depth++
	defer func() { s.depth-- }()
	if s.depth > 8*maxDepth {
		return unknownf("functions are nested too deeply")
	}
	switch n.kind {
	case boolNode:
		return n.text == "true"
	case numberNode:
		return json.Number(n.text)
	case textNode:
		return resolved(n.text, false)
	case listNode:
		list := make([]any, 0, len(n.items))
		for _, c := range n.items {
			if v := s.eval(c); v != (noValue{}) {
				list = append(list, v)
			}
		}
		return list
	case objectNode:
		if name, arg, ok := function(n); ok {
			return s.call(name, arg)
		}
		n = s.expanded(n)
		m := make(map[string]any, len(n.items))
		for i, k := range n.keys {
			if k.name == "Fn::Transform" || strings.HasPrefix(k.name, "Fn::ForEach::") {
				return unknownf("%s makes what stands here (line %d)", k.name, k.line)
			}
			if v := s.eval(n.items[i]); v != (noValue{}) {
				m[k.name] = v
			}
		}
		return m
	}
	return nil
}

// resolved looks for dynamic references, which CloudFormation fills in when it
// creates the stack.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html (read 2026-11-24).
func resolved(text string, stands bool) any {
	if i := strings.Index(text, "{{resolve:"); i >= 0 && strings.Contains(text[i:], "}}") {
		return unknownf("a dynamic reference is resolved when the stack is created")
	}
	return made(text, stands)
}

// call evaluates an intrinsic function.
func (s *stack) call(name string, arg *node) any {
	switch name {
	case "Ref":
		return s.ref(arg)
	case "Fn::GetAtt":
		return s.getAtt(arg)
	case "Fn::Sub":
		return s.sub(arg)
	case "Fn::Join":
		return s.join(arg)
	case "Fn::If":
		return s.choose(arg)
	case "Fn::FindInMap":
		return s.findInMap(arg)
	case "Fn::Select":
		return s.pick(arg)
	case "Fn::Split":
		return s.split(arg)
	case "Fn::Base64":
		v := s.eval(arg)
		t, stands, ok := text(v)
		if !ok {
			return s.wrong(arg, name, v, "text")
		}
		return made(base64.StdEncoding.EncodeToString([]byte(t)), stands)
	case "Fn::Cidr":
		return s.cidr(arg)
	case "Fn::Length":
		v := s.eval(arg)
		if l, ok := v.([]any); ok && s.extended {
			for _, e := range l {
				if _, ok := e.(*unknown); ok {
					return firstUnknown(e)
				}
			}
			return json.Number(strconv.Itoa(len(l)))
		}
		return s.wrong(arg, name, v, "a list")
	case "Fn::ToJsonString":
		return s.toJSON(arg)
	case "Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Condition":
		d := s.decide(&node{kind: objectNode, keys: []nodeKey{{name: name}}, items: []*node{arg}, line: arg.line, col: arg.col})
		if d.why != nil {
			return d.why
		}
		return d.value
	case "Fn::ImportValue":
		return s.importValue(arg)
	case "Fn::GetAZs":
		return unknownf("the Availability Zones of an account are known only to AWS")
	case "Fn::GetStackOutput":
		return unknownf("another stack's output is known only to AWS")
	case "Fn::Transform":
		return unknownf("Fn::Transform (line %d) is run by AWS", arg.line)
	}
	s.note(arg, "there is no function %s", name)
	return unknownf("there is no function %s (line %d)", name, arg.line)
}

// wrong is the value of a function whose argument has another form than it takes.
func (s *stack) wrong(arg *node, name string, v any, want string) *unknown {
	if u := firstUnknown(v); u != nil {
		return u
	}
	s.note(arg, "%s takes %s, not %s", name, want, kindWord(v))
	return unknownf("%s takes %s, not %s (line %d)", name, want, kindWord(v), arg.line)
}

// arguments evaluates the list of a function that takes least to most arguments.
func (s *stack) arguments(arg *node, name string, least, most int) ([]any, *unknown) {
	if arg.kind != listNode || len(arg.items) < least || len(arg.items) > most {
		s.note(arg, "%s takes a list of %d", name, least)
		return nil, unknownf("%s takes a list of %d (line %d)", name, least, arg.line)
	}
	list := make([]any, len(arg.items))
	for i, n := range arg.items {
		list[i] = s.eval(n)
	}
	return list, nil
}

func (s *stack) join(arg *node) any {
	a, u := s.arguments(arg, "Fn::Join", 2, 2)
	if u != nil {
		return u
	}
	sep, stands, ok := text(a[0])
	if !ok {
		return s.wrong(arg, "Fn::Join", a[0], "text between the parts")
	}
	list, ok := a[1].([]any)
	if !ok {
		return s.wrong(arg, "Fn::Join", a[1], "a list")
	}
	p := parts{stands: stands}
	for i, e := range list {
		if i > 0 {
			p.text.WriteString(sep)
		}
		before := p.text.Len()
		if !p.add(e) {
			return s.wrong(arg, "Fn::Join", e, "a list of text")
		}
		if !s.spend(p.text.Len() - before + len(sep)) {
			return errWork
		}
	}
	return p.value()
}

func (s *stack) split(arg *node) any {
	a, u := s.arguments(arg, "Fn::Split", 2, 2)
	if u != nil {
		return u
	}
	sep, _, ok := text(a[0])
	if !ok || sep == "" {
		return s.wrong(arg, "Fn::Split", a[0], "text to split at")
	}
	t, stands, ok := text(a[1])
	if !ok {
		return s.wrong(arg, "Fn::Split", a[1], "text")
	}
	parts := strings.Split(t, sep)
	if !s.spend(len(t) + 16*len(parts)) {
		return errWork
	}
	list := make([]any, len(parts))
	for i, p := range parts {
		list[i] = made(p, stands)
	}
	return list
}

func (s *stack) pick(arg *node) any {
	a, u := s.arguments(arg, "Fn::Select", 2, 2)
	if u != nil {
		return u
	}
	at, stands, ok := text(a[0])
	if !ok || stands {
		return s.wrong(arg, "Fn::Select", a[0], "an index")
	}
	list, ok := a[1].([]any)
	if !ok {
		return s.wrong(arg, "Fn::Select", a[1], "a list")
	}
	i, err := strconv.Atoi(at)
	if err != nil || i < 0 || i >= len(list) {
		// An unknown element may stand for several.
		if u := firstUnknown(a[1]); u != nil {
			return u
		}
		s.note(arg, "Fn::Select has no element %s in a list of %d", quote(at), len(list))
		return unknownf("Fn::Select has no element %s in a list of %d (line %d)", quote(at), len(list), arg.line)
	}
	for _, e := range list[:i] {
		if _, ok := e.(*unknown); ok {
			return firstUnknown(e)
		}
	}
	return list[i]
}

func (s *stack) toJSON(arg *node) any {
	if !s.extended {
		s.note(arg, "Fn::ToJsonString needs the transform AWS::LanguageExtensions")
	}
	v := s.eval(arg)
	if u := firstUnknown(v); u != nil {
		return u
	}
	b, err := json.Marshal(plain(v, "", nil))
	if err != nil {
		return unknownf("Fn::ToJsonString: %v (line %d)", err, arg.line)
	}
	if !s.spend(len(b)) {
		return errWork
	}
	return made(string(b), holdsStandIn(v))
}

func holdsStandIn(v any) bool {
	switch t := v.(type) {
	case standIn:
		return true
	case []any:
		for _, e := range t {
			if holdsStandIn(e) {
				return true
			}
		}
	case map[string]any:
		for _, e := range t {
			if holdsStandIn(e) {
				return true
			}
		}
	}
	return false
}

// quote shows text of a template within a message, without its control characters.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.Quote(s)
}
