package iac

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"merlon.dev/merlon"
)

// ref evaluates Ref: a parameter, a pseudo parameter or a resource.
func (s *stack) ref(arg *node) any {
	name, ok := arg.scalar()
	if !ok {
		if s.extended {
			if t, stands, ok := text(s.eval(arg)); ok && !stands {
				return s.ref(&node{kind: textNode, text: t, line: arg.line, col: arg.col})
			}
		}
		return s.wrong(arg, "Ref", nil, "a name")
	}
	if strings.HasPrefix(name, "AWS::") {
		return s.pseudo(name, arg)
	}
	if p := s.section["Parameters"].field(name); p != nil {
		return s.parameter(name, p)
	}
	if r := s.byLogical[name]; r != nil {
		return s.refResource(r, arg)
	}
	s.note(arg, "Ref: there is no parameter or resource %s", quote(name))
	return unknownf("there is no parameter or resource %s (line %d)", quote(name), arg.line)
}

// pseudo gives a pseudo parameter. What the options do not say is a stand-in.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html (read 2026-11-24).
func (s *stack) pseudo(name string, arg *node) any {
	l := s.l
	switch name {
	case "AWS::AccountId":
		return made(string(l.account), l.opts.Account == "")
	case "AWS::Region":
		return made(string(l.region), l.opts.Region == "")
	case "AWS::Partition":
		return made(string(merlon.PartitionOf(l.region)), l.opts.Region == "")
	case "AWS::URLSuffix":
		return made(urlSuffix(l.region), l.opts.Region == "")
	case "AWS::StackName":
		return standIn(s.name)
	case "AWS::StackId":
		return standIn("arn:" + string(merlon.PartitionOf(l.region)) + ":cloudformation:" + string(l.region) + ":" + string(l.account) +
			":stack/" + s.name + "/00000000-0000-0000-0000-000000000000")
	case "AWS::NoValue":
		return noValue{}
	case "AWS::NotificationARNs":
		return unknownf("the stack's notification topics are chosen when it is created")
	}
	s.note(arg, "there is no pseudo parameter %s", quote(name))
	return unknownf("there is no pseudo parameter %s (line %d)", quote(name), arg.line)
}

func urlSuffix(r merlon.Region) string {
	if merlon.PartitionOf(r) == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// parameter gives what a parameter is: as given, its default, or unknown.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html (read 2026-11-24).
func (s *stack) parameter(name string, p *node) any {
	if v, ok := s.params[name]; ok {
		return v
	}
	v := s.parameterValue(name, p)
	s.params[name] = v
	return v
}

func (s *stack) parameterValue(name string, p *node) any {
	typ, _ := p.field("Type").scalar()
	if echo := p.field("NoEcho"); echo != nil {
		if t, ok := echo.scalar(); !ok || !strings.EqualFold(t, "false") {
			return &unknown{"the parameter " + name + " is secret (NoEcho)", s.symbol(name)}
		}
	}
	var t string
	stands := false
	if given, ok := s.given[name]; ok {
		var isText bool
		if t, stands, isText = text(given); !isText {
			if u, ok := given.(*unknown); ok {
				return u
			}
			if u := firstUnknown(given); u != nil {
				return u
			}
			if list, ok := given.([]any); ok && isList(typ) {
				return list
			}
			return unknownf("the parameter %s is given as %s", name, kindWord(given))
		}
	} else if d, ok := p.field("Default").scalar(); ok {
		t = d
	} else if allowed := p.field("AllowedValues"); allowed != nil && allowed.kind == listNode && len(allowed.items) == 1 && !isList(typ) {
		t, _ = allowed.items[0].scalar()
	} else {
		s.l.note(Note{File: s.file, Line: p.line, Column: p.col,
			Message: fmt.Sprintf("the parameter %s has no default: what depends on it is unknown until it is given a value", quote(name))})
		reason := "the parameter " + name + " has no default and no value was given"
		if isList(typ) {
			return &unknown{reason: reason}
		}
		return &unknown{reason, s.symbol(name)}
	}
	if strings.HasPrefix(typ, "AWS::SSM::Parameter::Value<") {
		return unknownf("the parameter %s is read from Systems Manager when the stack is created", name)
	}
	if isList(typ) {
		list := []any{}
		if strings.TrimSpace(t) != "" {
			for _, e := range strings.Split(t, ",") {
				list = append(list, resolved(strings.TrimSpace(e), stands))
			}
		}
		return list
	}
	return resolved(t, stands)
}

// symbol names a parameter's value. No template can write one: NUL is refused in
// YAML, and made an unknown of its own in JSON.
func (s *stack) symbol(parameter string) string { return "\x00" + s.name + "/" + parameter + "\x00" }

func isList(typ string) bool { return typ == "CommaDelimitedList" || strings.HasPrefix(typ, "List<") }

// refResource gives what Ref of a resource returns.
func (s *stack) refResource(r *resource, arg *node) any {
	if u := s.absent(r, arg); u != nil {
		return u
	}
	return s.identityOf(r).ref
}

// absent tells of a reference to a resource that the stack does not have.
func (s *stack) absent(r *resource, arg *node) *unknown {
	c := r.body.field("Condition")
	if c == nil {
		return nil
	}
	name, _ := c.scalar()
	if d := s.condition(name, c); d.why == nil && !d.value {
		s.note(arg, "%s is not there: its condition %s is false", r.logical, quote(name))
		return unknownf("%s is not there: its condition %s is false (line %d)", r.logical, quote(name), arg.line)
	}
	return nil
}

// getAtt evaluates Fn::GetAtt.
func (s *stack) getAtt(arg *node) any {
	arg = splitAttribute(arg)
	if arg.kind != listNode || len(arg.items) < 2 {
		return s.wrong(arg, "Fn::GetAtt", nil, "a resource and an attribute")
	}
	logical, ok := arg.items[0].scalar()
	r := s.byLogical[logical]
	if !ok || r == nil {
		s.note(arg, "Fn::GetAtt: there is no resource %s", quote(logical))
		return unknownf("there is no resource %s (line %d)", quote(logical), arg.line)
	}
	var parts []string
	for _, n := range arg.items[1:] {
		t, stands, ok := text(s.eval(n))
		if !ok || stands {
			return unknownf("the attribute of %s is not known (line %d)", logical, n.line)
		}
		parts = append(parts, t)
	}
	if u := s.absent(r, arg); u != nil {
		return u
	}
	return s.attribute(r, strings.Join(parts, "."), arg)
}

// attribute gives an attribute of a resource: its ARN or id, a property that the
// template sets, or one that is known from those.
func (s *stack) attribute(r *resource, name string, arg *node) any {
	if typ, _ := r.body.field("Type").scalar(); typ == stackType {
		return s.output(r, name)
	}
	if r.typ == nil {
		return unknownf("%s.%s is known only once the stack exists", r.logical, name)
	}
	if v, ok := s.madeAttribute(r, name); ok {
		return v
	}
	// Only what is small is handed on: properties that hold each other's would grow.
	p, ok := r.typ.Properties.Field(name)
	if ok && !p.ReadOnly {
		v := r.property(name)
		if _, _, ok := text(v); ok {
			return v
		}
		if u, ok := v.(*unknown); ok {
			return u
		}
	}
	if _, known := r.typ.Lookup("properties." + name); !known && !strings.HasPrefix(r.typ.Name, "AWS::Serverless::") {
		s.note(arg, "%s has no attribute %s", r.typ.Name, quote(name))
	}
	return unknownf("%s.%s is known only once the stack exists", r.logical, name)
}

// findInMap evaluates Fn::FindInMap, with the default value that
// AWS::LanguageExtensions adds.
func (s *stack) findInMap(arg *node) any {
	const name = "Fn::FindInMap"
	a, u := s.arguments(arg, name, 3, 4)
	if u != nil {
		return u
	}
	var keys [3]string
	for i := range keys {
		t, stands, ok := text(a[i])
		if !ok {
			return s.wrong(arg, name, a[i], "text")
		}
		if stands {
			return unknownf("it looks up what AWS fills in when the stack is created (line %d)", arg.line)
		}
		keys[i] = t
	}
	if v := s.section["Mappings"].field(keys[0]).field(keys[1]).field(keys[2]); v != nil {
		return s.eval(v)
	}
	if len(a) == 4 {
		if m, ok := a[3].(map[string]any); ok {
			if d, ok := m["DefaultValue"]; ok {
				return d
			}
		}
	}
	s.note(arg, "no mapping has %s, %s, %s", quote(keys[0]), quote(keys[1]), quote(keys[2]))
	return unknownf("no mapping has %s, %s, %s (line %d)", quote(keys[0]), quote(keys[1]), quote(keys[2]), arg.line)
}

// cidr evaluates Fn::Cidr: count blocks of 2^bits addresses from the start of a
// block. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html (read 2026-11-24).
func (s *stack) cidr(arg *node) any {
	const name = "Fn::Cidr"
	a, u := s.arguments(arg, name, 2, 3)
	if u != nil {
		return u
	}
	if len(a) == 2 {
		a = append(a, "8")
	}
	var t [3]string
	for i := range t {
		var stands, ok bool
		if t[i], stands, ok = text(a[i]); !ok || stands {
			return s.wrong(arg, name, a[i], "a block, a count and a number of bits")
		}
	}
	block, err := netip.ParsePrefix(t[0])
	count, err2 := strconv.Atoi(t[1])
	bits, err3 := strconv.Atoi(t[2])
	if err != nil || err2 != nil || err3 != nil || count < 1 || count > 256 || bits < 1 || bits > block.Addr().BitLen()-block.Bits() {
		s.note(arg, "Fn::Cidr cannot make %s blocks of %s bits from %s", quote(t[1]), quote(t[2]), quote(t[0]))
		return unknownf("Fn::Cidr cannot make %s blocks of %s bits from %s (line %d)", quote(t[1]), quote(t[2]), quote(t[0]), arg.line)
	}
	length := block.Addr().BitLen() - bits
	list := make([]any, 0, count)
	at := block.Masked().Addr()
	for range count {
		if !block.Contains(at) {
			s.note(arg, "Fn::Cidr: %s has no room for %d blocks", block, count)
			return unknownf("Fn::Cidr: %s has no room for %d blocks (line %d)", block, count, arg.line)
		}
		list = append(list, netip.PrefixFrom(at, length).String())
		at = advance(at, bits)
	}
	return list
}

// advance adds 2^bits to an address.
func advance(a netip.Addr, bits int) netip.Addr {
	b := a.AsSlice()
	carry := 1 << (bits % 8)
	for i := len(b) - 1 - bits/8; i >= 0 && carry > 0; i-- {
		sum := int(b[i]) + carry
		b[i], carry = byte(sum), sum>>8
	}
	next, _ := netip.AddrFromSlice(b)
	return next
}
