package awscli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// scanner walks over a JSON text that [valid] has accepted, so that nothing in it
// has to be checked again and no tree of it has to be held.
type scanner struct {
	data []byte
	pos  int
}

// valid says what is wrong with a text that is not JSON.
func valid(data []byte) error {
	if json.Valid(data) {
		return nil
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("the file is empty; the command that should have written it may have failed")
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("<")) {
		return errors.New("not JSON but HTML or XML")
	}
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON: byte %d: %w", syntax.Offset, err)
	}
	return fmt.Errorf("not JSON: %w", err)
}

// peek is the first byte of the next value: '{', '[', '"', 't', 'f', 'n', '-' or
// a digit; 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r', ',', ':':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// kind names what comes next, for errors.
func (s *scanner) kind() string {
	switch s.peek() {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}

// null skips a null and reports whether there was one.
func (s *scanner) null() bool {
	if s.peek() != 'n' {
		return false
	}
	s.pos += len("null")
	return true
}

// boolean reads true or false.
func (s *scanner) boolean() bool {
	if s.peek() == 't' {
		s.pos += len("true")
		return true
	}
	s.pos += len("false")
	return false
}

// number reads the text of a number.
func (s *scanner) number() string {
	s.peek()
	start := s.pos
	for s.pos < len(s.data) && bytes.IndexByte([]byte("+-.0123456789eE"), s.data[s.pos]) >= 0 {
		s.pos++
	}
	return string(s.data[start:s.pos])
}

// string reads a string.
func (s *scanner) string() string {
	quoted := s.skipString()
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var out string
	if err := json.Unmarshal(quoted, &out); err != nil {
		return string(inner) // not reached: the text is valid
	}
	return out
}

func (s *scanner) skipString() []byte {
	s.peek()
	start := s.pos
	for s.pos++; s.data[s.pos] != '"'; s.pos++ {
		if s.data[s.pos] == '\\' {
			s.pos++
		}
	}
	s.pos++
	return s.data[start:s.pos]
}

// raw reads any value as it stands.
func (s *scanner) raw() []byte {
	c := s.peek()
	start := s.pos
	switch c {
	case '"':
		return s.skipString()
	case '{', '[':
		for depth := 0; ; {
			switch s.data[s.pos] {
			case '"':
				s.skipString()
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			s.pos++
			if depth == 0 {
				return s.data[start:s.pos]
			}
		}
	case 't', 'f':
		s.boolean()
	case 'n':
		s.null()
	default:
		s.number()
	}
	return s.data[start:s.pos]
}

// object calls fn before each member's value, which fn has to read.
func (s *scanner) object(fn func(key string) error) error {
	s.peek()
	s.pos++
	for s.peek() != '}' {
		key := s.string()
		s.peek()
		if err := fn(key); err != nil {
			return err
		}
	}
	s.pos++
	return nil
}

// list calls fn before each element, which fn has to read.
func (s *scanner) list(fn func(i int) error) error {
	s.peek()
	s.pos++
	for i := 0; s.peek() != ']'; i++ {
		if err := fn(i); err != nil {
			return err
		}
	}
	s.pos++
	return nil
}
