package iac

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// parseYAML reads the one document of a YAML file.
func parseYAML(data []byte) (*node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: it is empty", ErrTemplate)
		}
		return nil, fmt.Errorf("%w: %s", ErrTemplate, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrTemplate)
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: it holds more than one YAML document", ErrTemplate)
	}
	p := &yamlParser{within: map[*yaml.Node]bool{}}
	return p.value(doc.Content[0], 0)
}

type yamlParser struct {
	nodes  int
	within map[*yaml.Node]bool // aliases being followed
}

// jsonNumber is what JSON accepts as a number. A zero in front makes text: it is
// an account id or a file mode, not a number that can be written back.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func (p *yamlParser) value(y *yaml.Node, depth int) (*node, error) {
	if p.nodes++; p.nodes > maxNodes || depth > maxDepth {
		return nil, badNode(y.Line, y.Column, "it is nested deeper than %d or has more than %d values", maxDepth, maxNodes)
	}
	if y.Kind == yaml.AliasNode {
		if p.within[y.Alias] {
			return nil, badNode(y.Line, y.Column, "the alias *%s contains itself", y.Value)
		}
		p.within[y.Alias] = true
		defer delete(p.within, y.Alias)
		return p.value(y.Alias, depth+1)
	}
	n, err := p.plain(y, depth)
	if err != nil {
		return nil, err
	}
	if tag, ok := strings.CutPrefix(y.Tag, "!"); ok && tag != "" && !strings.HasPrefix(tag, "!") {
		return shortForm(tag, n), nil
	}
	return n, nil
}

func (p *yamlParser) plain(y *yaml.Node, depth int) (*node, error) {
	n := &node{line: y.Line, col: y.Column}
	switch y.Kind {
	case yaml.ScalarNode:
		p.scalar(y, n)
	case yaml.SequenceNode:
		n.kind = listNode
		for _, c := range y.Content {
			item, err := p.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
	case yaml.MappingNode:
		n.kind = objectNode
		if err := p.mapping(y, n, depth); err != nil {
			return nil, err
		}
	default:
		return nil, badNode(y.Line, y.Column, "a YAML node of an unexpected kind")
	}
	return n, nil
}

func (p *yamlParser) scalar(y *yaml.Node, n *node) {
	n.kind, n.text = textNode, sanitized(y.Value)
	if y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 ||
		(y.Tag != "" && !strings.HasPrefix(y.ShortTag(), "!!")) {
		return
	}
	switch y.ShortTag() {
	case "!!null":
		n.kind = nullNode
	case "!!bool":
		if b, err := strconv.ParseBool(strings.ToLower(y.Value)); err == nil {
			n.kind, n.text = boolNode, strconv.FormatBool(b)
		}
	case "!!int", "!!float":
		if jsonNumber.MatchString(y.Value) {
			n.kind = numberNode
		}
	default:
		// CloudFormation reads YAML 1.1, in which these are booleans.
		// https://yaml.org/type/bool.html (read 2026-11-24).
		switch y.Value {
		case "yes", "Yes", "YES", "on", "On", "ON":
			n.kind, n.text = boolNode, "true"
		case "no", "No", "NO", "off", "Off", "OFF":
			n.kind, n.text = boolNode, "false"
		}
	}
}

func (p *yamlParser) mapping(y *yaml.Node, n *node, depth int) error {
	seen := keySet{}
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k := y.Content[i]
		for k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.Kind != yaml.ScalarNode {
			return badNode(k.Line, k.Column, "a key must be text")
		}
		item, err := p.value(y.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		if k.ShortTag() == "!!merge" {
			merged = append(merged, item)
			continue
		}
		if err := seen.add(k.Value, k.Line, k.Column); err != nil {
			return err
		}
		n.keys = append(n.keys, nodeKey{k.Value, k.Line, k.Column})
		n.items = append(n.items, item)
	}
	// What the mapping sets itself goes before what it merges, and an earlier
	// merge before a later: https://yaml.org/type/merge.html (read 2026-11-24).
	for _, m := range merged {
		list := []*node{m}
		if m.kind == listNode {
			list = m.items
		}
		for _, m := range list {
			if m.kind != objectNode {
				return badNode(m.line, m.col, "<< must merge an object, not %s", nodeWords[m.kind])
			}
			for i, k := range m.keys {
				if _, ok := seen[k.name]; ok {
					continue
				}
				if p.nodes++; p.nodes > maxNodes {
					return badNode(m.line, m.col, "it has more than %d values", maxNodes)
				}
				seen[k.name] = k.line
				n.keys = append(n.keys, k)
				n.items = append(n.items, m.items[i])
			}
		}
	}
	return nil
}

// shortForm writes !Name as {Fn::Name: …}; !Ref and !Condition have no "Fn::".
func shortForm(tag string, arg *node) *node {
	name := "Fn::" + tag
	switch tag {
	case "Ref", "Condition":
		name = tag
	case "GetAtt":
		arg = splitAttribute(arg)
	}
	return &node{kind: objectNode, line: arg.line, col: arg.col, keys: []nodeKey{{name, arg.line, arg.col}}, items: []*node{arg}}
}

// splitAttribute makes a list of "Resource.Attribute"; attributes have dots too.
func splitAttribute(n *node) *node {
	if n.kind != textNode {
		return n
	}
	a, b, ok := strings.Cut(n.text, ".")
	if !ok {
		return n
	}
	part := func(s string) *node { return &node{kind: textNode, text: s, line: n.line, col: n.col} }
	return &node{kind: listNode, line: n.line, col: n.col, items: []*node{part(a), part(b)}}
}
