package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// dangerous reports whether a character may change how the text around it is
// shown or what a terminal does: C0, DEL and C1 controls, line separators, marks
// that change the direction of text, and characters that cannot be seen.
//
// Bidirectional controls: https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters;
// tags and invisible operators: https://www.unicode.org/reports/tr36/ (read 2026-11-24).
func dangerous(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f:
		return true
	case r < 0x600:
		return r == 0xad || r == 0x34f
	case r == 0x61c, r == 0x180e, r == 0xfeff,
		r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f,
		r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

// Clean shows a text on one line: what [dangerous] names and bytes that are not
// UTF-8 stand as Go would escape them ("\n", "\x1b", "\u202e").
func Clean(s string) string { return clean(s, false) }

// CleanLines is Clean for text of several lines; line feeds and tabs stay.
func CleanLines(s string) string { return clean(s, true) }

func clean(s string, lines bool) string {
	keep := func(r rune) bool { return lines && (r == '\n' || r == '\t') }
	bad := func(r rune) bool {
		return dangerous(r) && !keep(r) || r == utf8.RuneError
	}
	if strings.IndexFunc(s, bad) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !dangerous(r) || keep(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return b.String()
}

// JSON is the JSON of v in which dangerous characters stand as \u escapes,
// so that the text is harmless on a terminal and in a page while its value is
// the one that was read. Bytes that are not UTF-8 become U+FFFD.
func JSON(v any) ([]byte, error) { return jsonText(v) }

func jsonText(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return escapeJSON(b), nil
}

// escapeJSON escapes within strings only, since that is where such characters
// can stand in valid JSON without white space.
func escapeJSON(b []byte) []byte {
	risky := func(r rune) bool { return r >= 0x7f && dangerous(r) || r == utf8.RuneError }
	if bytes.IndexFunc(b, risky) < 0 {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			out = append(out, "\ufffd"...)
		case !risky(r) || r == utf8.RuneError:
			out = append(out, b[i:i+n]...)
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
		i += n
	}
	return out
}

// jsonValue is a value read from an account as valid JSON: what is not JSON
// becomes a string, nothing becomes null.
func jsonValue(v json.RawMessage) json.RawMessage {
	switch {
	case len(bytes.TrimSpace(v)) == 0:
		return json.RawMessage("null")
	case json.Valid(v):
		return v
	}
	s, err := json.Marshal(string(v))
	if err != nil {
		return json.RawMessage("null")
	}
	return s
}

// columns is the number of terminal columns that a cleaned text takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// runeColumns is 2 for East Asian wide characters and emoji, 0 for combining
// marks, 1 otherwise.
//
// Ranges: https://www.unicode.org/reports/tr11/ (read 2026-11-24), rounded to blocks.
func runeColumns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60,
		r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}
