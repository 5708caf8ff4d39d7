package iac

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrTemplate is wrapped by every error about a file that is not a template that
// can be read; the text says the line.
var ErrTemplate = errors.New("not a CloudFormation template that can be read")

// The limits of one template. AWS takes 1 MB and 500 resources
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html,
// read 2026-11-24); what generators make before it is split may be larger.
const (
	maxFile  = 2 << 20
	maxDepth = 100     // of what is written
	maxNodes = 500_000 // with the aliases of YAML followed
)

type nodeKind int

const (
	nullNode nodeKind = iota
	boolNode
	numberNode // text has the form of a JSON number
	textNode
	listNode
	objectNode
)

var nodeWords = [...]string{nullNode: "nothing", boolNode: "true or false", numberNode: "a number", textNode: "text", listNode: "a list", objectNode: "an object"}

// node is a value as the template writes it, with its place. The short forms of
// YAML (!Ref) are in the long form ({Ref: …}) already. Nodes are shared where
// YAML has aliases and are not changed.
type node struct {
	kind      nodeKind
	text      string // of scalars, as written
	items     []*node
	keys      []nodeKey // of objects, beside items
	line, col int
}

type nodeKey struct {
	name      string
	line, col int
}

// field gives a member of an object, or nil.
func (n *node) field(name string) *node {
	if n == nil || n.kind != objectNode {
		return nil
	}
	for i := range n.keys {
		if n.keys[i].name == name {
			return n.items[i]
		}
	}
	return nil
}

// scalar gives the text of a scalar.
func (n *node) scalar() (string, bool) {
	if n == nil || n.kind == listNode || n.kind == objectNode || n.kind == nullNode {
		return "", false
	}
	return n.text, true
}

// parse reads JSON or YAML.
func parse(data []byte) (*node, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("%w: %d bytes are more than %d", ErrTemplate, len(data), maxFile)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrTemplate)
	}
	if trimmed[0] != '{' && trimmed[0] != '[' {
		return parseYAML(data)
	}
	n, err := parseJSON(data)
	if err == nil {
		return n, nil
	}
	// YAML can be written with braces too. Where it is neither, what is wrong with
	// it as JSON says more.
	if n, yerr := parseYAML(data); yerr == nil {
		return n, nil
	}
	return nil, err
}

// badNode is an error at a place.
func badNode(line, col int, format string, args ...any) error {
	return fmt.Errorf("%d:%d: %w: %s", line, col, ErrTemplate, fmt.Sprintf(format, args...))
}
