package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of a policy document. AWS's own limits are far lower (20,480
// characters for a bucket policy); what is larger is refused, not cut.
const (
	MaxDocumentBytes = 8 << 20
	maxDepth         = 32
)

// value is a JSON value that remembers where it stood.
type value struct {
	offset  int
	kind    kind
	text    string // of a string, a number or a boolean, as written
	members []member
	items   []*value
}

type member struct {
	name   string
	offset int
	value  *value
}

type kind uint8

const (
	kindNull kind = iota
	kindString
	kindNumber
	kindBool
	kindObject
	kindList
)

func (k kind) String() string {
	return [...]string{"null", "a string", "a number", "a boolean", "an object", "a list"}[k]
}

// SyntaxError says where a document stops being JSON.
type SyntaxError struct {
	Offset int // bytes from the start
	Line   int // from 1
	Column int // from 1, in characters
	Err    error
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %v", e.Line, e.Column, e.Err)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

// Position is the line and the column, both from 1, of a byte offset in a
// document. Columns count characters.
func Position(source []byte, offset int) (line, column int) {
	offset = min(max(offset, 0), len(source))
	before := source[:offset]
	line = bytes.Count(before, []byte{'\n'}) + 1
	if i := bytes.LastIndexByte(before, '\n'); i >= 0 {
		before = before[i+1:]
	}
	return line, utf8.RuneCount(before) + 1
}

type reader struct {
	source  []byte
	decoder *json.Decoder
}

// readValue parses one JSON document, offsets and all. A byte order mark is
// passed over: AWS strips it as well.
func readValue(source []byte) (*value, error) {
	if len(source) > MaxDocumentBytes {
		return nil, fmt.Errorf("policy document of %d bytes: larger than %d", len(source), MaxDocumentBytes)
	}
	body := source
	if bytes.HasPrefix(body, []byte("\xef\xbb\xbf")) {
		body = append([]byte("   "), body[3:]...) // offsets stay as they are
	}
	r := &reader{source: body, decoder: json.NewDecoder(bytes.NewReader(body))}
	r.decoder.UseNumber()
	v, err := r.value(0)
	if err == nil {
		if _, next := r.decoder.Token(); next != io.EOF {
			err = errors.New("more follows after the end of the document")
		}
	}
	if err != nil {
		offset := int(r.decoder.InputOffset())
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			offset = misfit(source, syntax)
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		line, column := Position(source, offset)
		return nil, &SyntaxError{Offset: offset, Line: line, Column: column, Err: err}
	}
	return v, nil
}

// misfit is the offset of the character that a syntax error is about. The
// decoder's two halves disagree on whether Offset counts that character.
func misfit(source []byte, syntax *json.SyntaxError) int {
	at := int(syntax.Offset)
	if at < len(source) && strings.Contains(syntax.Error(), "character "+strconv.QuoteRune(rune(source[at]))) {
		return at
	}
	return at - 1
}

// next is the offset of the next token.
func (r *reader) next() int {
	i := int(r.decoder.InputOffset())
	for i < len(r.source) {
		switch r.source[i] {
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
		default:
			return i
		}
	}
	return i
}

func (r *reader) value(depth int) (*value, error) {
	v := &value{offset: r.next()}
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	token, err := r.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case nil:
		v.kind = kindNull
	case string:
		v.kind, v.text = kindString, t
	case json.Number:
		v.kind, v.text = kindNumber, t.String()
	case bool:
		v.kind, v.text = kindBool, fmt.Sprint(t)
	case json.Delim:
		if t == '{' {
			v.kind = kindObject
			for r.decoder.More() {
				at := r.next()
				name, err := r.decoder.Token()
				if err != nil {
					return nil, err
				}
				text, ok := name.(string)
				if !ok {
					return nil, errors.New("a member without a name")
				}
				child, err := r.value(depth + 1)
				if err != nil {
					return nil, err
				}
				v.members = append(v.members, member{text, at, child})
			}
		} else {
			v.kind = kindList
			for r.decoder.More() {
				child, err := r.value(depth + 1)
				if err != nil {
					return nil, err
				}
				v.items = append(v.items, child)
			}
		}
		if _, err := r.decoder.Token(); err != nil {
			return nil, err
		}
	}
	return v, nil
}
