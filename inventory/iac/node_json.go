package iac

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sort"
	"strconv"
)

// parseJSON reads one JSON value with the place of each part.
func parseJSON(data []byte) (*node, error) {
	p := &jsonParser{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	p.dec.UseNumber()
	for i, c := range data {
		if c == '\n' {
			p.lines = append(p.lines, i)
		}
	}
	n, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		line, col := p.place(p.next())
		return nil, badNode(line, col, "there is more after the end of the JSON object")
	}
	return n, nil
}

type jsonParser struct {
	data  []byte
	dec   *json.Decoder
	lines []int // offsets of line ends
	nodes int
}

// next is the offset at which the next token begins.
func (p *jsonParser) next() int {
	i := int(p.dec.InputOffset())
	for i < len(p.data) {
		switch p.data[i] {
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
			continue
		}
		break
	}
	return i
}

// place counts lines and columns from 1; a column is a byte.
func (p *jsonParser) place(offset int) (line, col int) {
	l := sort.SearchInts(p.lines, offset)
	if l == 0 {
		return 1, offset + 1
	}
	return l + 1, offset - p.lines[l-1]
}

func (p *jsonParser) token() (json.Token, int, int, error) {
	at := p.next()
	line, col := p.place(at)
	t, err := p.dec.Token()
	if err == nil {
		return t, line, col, nil
	}
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		line, col = p.place(max(at, int(syntax.Offset)-1))
		return nil, line, col, badNode(line, col, "not JSON: %s", syntax.Error())
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, line, col, badNode(line, col, "the JSON ends before it is complete")
	}
	return nil, line, col, badNode(line, col, "not JSON: %s", err.Error())
}

func (p *jsonParser) value(depth int) (*node, error) {
	t, line, col, err := p.token()
	if err != nil {
		return nil, err
	}
	if p.nodes++; p.nodes > maxNodes || depth > maxDepth {
		return nil, badNode(line, col, "it is nested deeper than %d or has more than %d values", maxDepth, maxNodes)
	}
	n := &node{line: line, col: col}
	switch t := t.(type) {
	case nil:
		n.kind = nullNode
	case bool:
		n.kind, n.text = boolNode, strconv.FormatBool(t)
	case json.Number:
		n.kind, n.text = numberNode, t.String()
	case string:
		n.kind, n.text = textNode, sanitized(t)
	case json.Delim:
		if t == '[' {
			n.kind = listNode
			for p.dec.More() {
				item, err := p.value(depth + 1)
				if err != nil {
					return nil, err
				}
				n.items = append(n.items, item)
			}
		} else {
			n.kind = objectNode
			seen := keySet{}
			for p.dec.More() {
				k, line, col, err := p.token()
				if err != nil {
					return nil, err
				}
				name, _ := k.(string) // the decoder allows no other key
				if err := seen.add(name, line, col); err != nil {
					return nil, err
				}
				item, err := p.value(depth + 1)
				if err != nil {
					return nil, err
				}
				n.keys = append(n.keys, nodeKey{name, line, col})
				n.items = append(n.items, item)
			}
		}
		if _, _, _, err := p.token(); err != nil { // the closing bracket
			return nil, err
		}
	}
	return n, nil
}

// keySet refuses a key that an object has twice: which of the two AWS would take
// is nothing to guess at.
type keySet map[string]int

func (s keySet) add(name string, line, col int) error {
	if first, ok := s[name]; ok {
		return badNode(line, col, "%q is set a second time, first in line %d", name, first)
	}
	s[name] = line
	return nil
}
