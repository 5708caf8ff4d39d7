package posture

import (
	"fmt"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// source is a file, for error messages that say where.
type source struct {
	file  string
	lines [][]rune
}

func newSource(file string, data []byte) *source {
	s := &source{file: file}
	for _, line := range strings.Split(string(data), "\n") {
		s.lines = append(s.lines, []rune(strings.TrimSuffix(line, "\r")))
	}
	return s
}

// errorf is an error at a line and column, both counted from 1.
func (s *source) errorf(line, column int, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", s.file, line, column, fmt.Sprintf(format, args...))
}

// nodeErrorf is an error at a YAML node.
func (s *source) nodeErrorf(n *yaml.Node, format string, args ...any) error {
	return s.errorf(n.Line, n.Column, format, args...)
}

// find gives the line and column at which the character of a scalar stands, by
// its offset in the decoded value. YAML folds lines, indents and escapes, but
// never changes the order of what is not space, so the text is followed by that.
func (s *source) find(n *yaml.Node, offset int) (line, column int) {
	value := []rune(n.Value)
	offset = min(offset, len(value))
	c := &cursor{lines: s.lines, line: n.Line - 1, column: n.Column - 1}
	quote := rune(0)
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		c.line, c.column = n.Line, 0 // behind the line of the indicator
	case n.Style&yaml.DoubleQuotedStyle != 0:
		quote = '"'
		c.column++
	case n.Style&yaml.SingleQuotedStyle != 0:
		quote = '\''
		c.column++
	}
	for i, r := range value {
		if unicode.IsSpace(r) && i < offset {
			continue
		}
		c.skipSpace(quote)
		if i >= offset || c.done() {
			break
		}
		c.advance(quote)
	}
	if c.done() {
		return n.Line, n.Column
	}
	return c.line + 1, c.column + 1
}

// cursor goes over the characters of a file.
type cursor struct {
	lines        [][]rune
	line, column int
}

func (c *cursor) done() bool { return c.line >= len(c.lines) }

// peek is the character at the cursor; the end of a line is a newline.
func (c *cursor) peek() rune {
	if c.column >= len(c.lines[c.line]) {
		return '\n'
	}
	return c.lines[c.line][c.column]
}

func (c *cursor) step() {
	if c.column >= len(c.lines[c.line]) {
		c.line, c.column = c.line+1, 0
		return
	}
	c.column++
}

// skipSpace goes over white space, and in double quotes over escaped white space.
func (c *cursor) skipSpace(quote rune) {
	for !c.done() {
		if unicode.IsSpace(c.peek()) {
			c.step()
			continue
		}
		if quote == '"' && c.peek() == '\\' {
			line := c.lines[c.line]
			if c.column+1 >= len(line) || strings.ContainsRune(" tnr\t", line[c.column+1]) {
				c.step()
				c.step()
				continue
			}
		}
		return
	}
}

// advance goes over one character as it is written.
func (c *cursor) advance(quote rune) {
	r := c.peek()
	c.step()
	switch {
	case quote == '\'' && r == '\'' && !c.done() && c.peek() == '\'':
		c.step()
	case quote == '"' && r == '\\' && !c.done():
		digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[c.peek()]
		c.step()
		for ; digits > 0 && !c.done(); digits-- {
			c.step()
		}
	}
}
