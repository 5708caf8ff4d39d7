package posture

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// errJSON is wrapped by every error of the parser.
var errJSON = errors.New("not a JSON document")

const (
	// maxDepth bounds the nesting of a document; it is that of encoding/json, through
	// which every document has gone before.
	maxDepth = 10_000
	// maxText bounds a document's size so that offsets fit the tape.
	maxText = 64 << 20
)

// kind is what a node of the tape is.
type kind uint8

const (
	kindNull kind = iota
	kindFalse
	kindTrue
	kindInt
	kindDouble
	kindString
	kindList
	kindObject
)

// The flags of a node.
const (
	flagEscaped uint8 = 1 << iota // a string with escapes or bytes that are no UTF-8
	flagHole                      // a container with an unknown somewhere in it
)

// node is one value of a document. The members of an object are its key, a
// string, followed by its value; those of a list its elements. A container's
// members stand behind it, up to next.
type node struct {
	kind  kind
	flags uint8
	// start and end bound the value in the text; of a string, what is between
	// the quotes.
	start, end uint32
	// next is the node behind the value and all that is in it.
	next uint32
	// count is the number of members or elements; members that are null do not
	// count.
	count uint32
}

// tapeParser turns a JSON text into nodes. It takes what RFC 8259 allows and
// refuses an object that names a member twice, since readers differ in what
// that means.
type tapeParser struct {
	text  string
	pos   int
	nodes []node
	keys  map[string]struct{} // reused to find duplicates in large objects
}

// parseTape parses text into nodes, appended to buf[:0].
func parseTape(text string, buf []node) ([]node, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("%w: %d bytes are more than %d", errJSON, len(text), maxText)
	}
	p := tapeParser{text: text, nodes: buf[:0]}
	p.space()
	if err := p.value(0); err != nil {
		return nil, err
	}
	p.space()
	if p.pos != len(text) {
		return nil, p.errorf("text behind the value")
	}
	return p.nodes, nil
}

func (p *tapeParser) errorf(format string, args ...any) error {
	return fmt.Errorf("%w: %s at byte %d", errJSON, fmt.Sprintf(format, args...), p.pos)
}

func (p *tapeParser) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// value parses one value and appends its nodes.
func (p *tapeParser) value(depth int) error {
	if p.pos >= len(p.text) {
		return p.errorf("the text ends where a value should be")
	}
	switch c := p.text[p.pos]; c {
	case '{':
		return p.object(depth + 1)
	case '[':
		return p.list(depth + 1)
	case '"':
		return p.str()
	case 't':
		return p.word("true", kindTrue)
	case 'f':
		return p.word("false", kindFalse)
	case 'n':
		return p.word("null", kindNull)
	default:
		if c == '-' || c >= '0' && c <= '9' {
			return p.number()
		}
		return p.errorf("unexpected %q", rune(c))
	}
}

func (p *tapeParser) add(n node) int {
	p.nodes = append(p.nodes, n)
	p.nodes[len(p.nodes)-1].next = uint32(len(p.nodes))
	return len(p.nodes) - 1
}

func (p *tapeParser) word(w string, k kind) error {
	if !strings.HasPrefix(p.text[p.pos:], w) {
		return p.errorf("unexpected %q", p.text[p.pos])
	}
	p.add(node{kind: k, start: uint32(p.pos), end: uint32(p.pos + len(w))})
	p.pos += len(w)
	return nil
}

func (p *tapeParser) object(depth int) error {
	if depth > maxDepth {
		return p.errorf("nested more than %d deep", maxDepth)
	}
	at := p.add(node{kind: kindObject, start: uint32(p.pos)})
	p.pos++
	var count, members uint32
	sorted, last := true, ""
	p.space()
	if p.pos < len(p.text) && p.text[p.pos] == '}' {
		p.pos++
	} else {
		for {
			if p.pos >= len(p.text) || p.text[p.pos] != '"' {
				return p.errorf("a member's name should be here")
			}
			k := len(p.nodes)
			if err := p.str(); err != nil {
				return err
			}
			key := keyText(p.text, &p.nodes[k])
			sorted = sorted && (members == 0 || key > last)
			last = key
			members++
			p.space()
			if p.pos >= len(p.text) || p.text[p.pos] != ':' {
				return p.errorf("a colon should be here")
			}
			p.pos++
			p.space()
			if err := p.value(depth); err != nil {
				return err
			}
			if p.nodes[k+1].kind != kindNull {
				count++
			}
			p.space()
			if p.pos >= len(p.text) {
				return p.errorf("the object does not end")
			}
			if p.text[p.pos] == '}' {
				p.pos++
				break
			}
			if p.text[p.pos] != ',' {
				return p.errorf("a comma or } should be here")
			}
			p.pos++
			p.space()
		}
	}
	n := &p.nodes[at]
	n.end, n.next, n.count = uint32(p.pos), uint32(len(p.nodes)), count
	if !sorted {
		return p.duplicates(at, members)
	}
	return nil
}

// duplicates looks for a member that occurs twice in an object whose keys are
// not in order.
func (p *tapeParser) duplicates(at int, members uint32) error {
	end := p.nodes[at].next
	if members <= 16 {
		for a := uint32(at + 1); a < end; a = p.nodes[a+1].next {
			for b := p.nodes[a+1].next; b < end; b = p.nodes[b+1].next {
				if k := keyText(p.text, &p.nodes[a]); k == keyText(p.text, &p.nodes[b]) {
					return p.errorf("member %q occurs twice", k)
				}
			}
		}
		return nil
	}
	if p.keys == nil {
		p.keys = make(map[string]struct{}, members)
	}
	clear(p.keys)
	for a := uint32(at + 1); a < end; a = p.nodes[a+1].next {
		k := keyText(p.text, &p.nodes[a])
		if _, ok := p.keys[k]; ok {
			return p.errorf("member %q occurs twice", k)
		}
		p.keys[k] = struct{}{}
	}
	return nil
}

func (p *tapeParser) list(depth int) error {
	if depth > maxDepth {
		return p.errorf("nested more than %d deep", maxDepth)
	}
	at := p.add(node{kind: kindList, start: uint32(p.pos)})
	p.pos++
	count := uint32(0)
	p.space()
	if p.pos < len(p.text) && p.text[p.pos] == ']' {
		p.pos++
	} else {
		for {
			if err := p.value(depth); err != nil {
				return err
			}
			count++
			p.space()
			if p.pos >= len(p.text) {
				return p.errorf("the list does not end")
			}
			if p.text[p.pos] == ']' {
				p.pos++
				break
			}
			if p.text[p.pos] != ',' {
				return p.errorf("a comma or ] should be here")
			}
			p.pos++
			p.space()
		}
	}
	n := &p.nodes[at]
	n.end, n.next, n.count = uint32(p.pos), uint32(len(p.nodes)), count
	return nil
}

func (p *tapeParser) str() error {
	p.pos++
	n := node{kind: kindString, start: uint32(p.pos)}
	text, plain := p.text, true
	for i := p.pos; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			n.end = uint32(i)
			p.pos = i + 1
			if !plain && n.flags == 0 && !utf8.ValidString(text[n.start:n.end]) {
				n.flags = flagEscaped
			}
			p.add(n)
			return nil
		case c == '\\':
			n.flags = flagEscaped
			size := escapeSize(text[i:])
			if size == 0 {
				p.pos = i
				return p.errorf("bad escape in a string")
			}
			i += size - 1
		case c < ' ':
			p.pos = i
			return p.errorf("control character in a string")
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	return p.errorf("the string does not end")
}

// escapeSize is the length of the escape sequence at the start of s, or 0 if it is none.
func escapeSize(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(s) < 6 {
			return 0
		}
		if _, err := strconv.ParseUint(s[2:6], 16, 16); err != nil {
			return 0
		}
		return 6
	}
	return 0
}

func (p *tapeParser) number() error {
	text, i := p.text, p.pos
	digits := func() bool {
		from := i
		for i < len(text) && text[i] >= '0' && text[i] <= '9' {
			i++
		}
		return i > from
	}
	k := kindInt
	if text[i] == '-' {
		i++
	}
	if i < len(text) && text[i] == '0' {
		i++
	} else if !digits() {
		return p.errorf("bad number")
	}
	if i < len(text) && text[i] == '.' {
		k = kindDouble
		i++
		if !digits() {
			return p.errorf("bad number")
		}
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		k = kindDouble
		i++
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		if !digits() {
			return p.errorf("bad number")
		}
	}
	p.add(node{kind: k, start: uint32(p.pos), end: uint32(i)})
	p.pos = i
	return nil
}

// keyText is the decoded text of a string node.
func keyText(text string, n *node) string {
	s := text[n.start:n.end]
	if n.flags&flagEscaped == 0 {
		return s
	}
	return unescape(s)
}

// unescape decodes what is between the quotes of a JSON string. Bytes that are
// no UTF-8 and halves of surrogate pairs become U+FFFD, as in encoding/json.
func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			r, size := utf8.DecodeRuneInString(s[i:])
			b.WriteRune(r)
			i += size
			continue
		}
		switch c := s[i+1]; c {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			r := hexRune(s[i+2:])
			i += 6
			if utf16.IsSurrogate(r) {
				second := rune(utf8.RuneError)
				if len(s) >= i+6 && s[i] == '\\' && s[i+1] == 'u' {
					second = hexRune(s[i+2:])
				}
				if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
					i += 6
				}
			}
			b.WriteRune(r)
			continue
		default:
			b.WriteByte(c)
		}
		i += 2
	}
	return b.String()
}

// hexRune reads four hexadecimal digits, which the parser has checked.
func hexRune(s string) rune {
	n, err := strconv.ParseUint(s[:4], 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}

// integer gives the value of a kindInt node; ok is false where it is out of the
// range of an int64.
func integer(s string) (n int64, ok bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// double gives the value of any number; one that is too large is infinite.
func double(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return math.NaN()
	}
	return f
}
