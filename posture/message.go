package posture

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// messagePart is a piece of a message: text, or CEL that gives some.
type messagePart struct {
	text string
	// cel is what stood between ${ and }, from offset on (in characters).
	cel        string
	offset     int
	expression *expression
}

// parseMessage splits a message at its ${…}; $${ is a plain ${.
func parseMessage(message string) ([]messagePart, []fault) {
	var parts []messagePart
	chars := []rune(message)
	text := strings.Builder{}
	for i := 0; i < len(chars); {
		switch {
		case hasAt(chars, i, "$${"):
			text.WriteString("${")
			i += 3
		case hasAt(chars, i, "${"):
			end := closing(chars, i+2)
			if end < 0 {
				return nil, []fault{{i, "the ${ is not closed"}}
			}
			if strings.TrimSpace(string(chars[i+2:end])) == "" {
				return nil, []fault{{i, "there is nothing in ${}"}}
			}
			if text.Len() > 0 {
				parts = append(parts, messagePart{text: text.String()})
				text.Reset()
			}
			parts = append(parts, messagePart{cel: string(chars[i+2 : end]), offset: i + 2})
			i = end + 1
		default:
			// A message is one line, however the file folds it.
			if unicode.IsSpace(chars[i]) {
				chars[i] = ' '
				if i > 0 && chars[i-1] == ' ' {
					i++
					continue
				}
			}
			text.WriteRune(chars[i])
			i++
		}
	}
	if text.Len() > 0 {
		parts = append(parts, messagePart{text: text.String()})
	}
	return parts, nil
}

func hasAt(chars []rune, i int, s string) bool {
	for _, r := range s {
		if i >= len(chars) || chars[i] != r {
			return false
		}
		i++
	}
	return true
}

// closing finds the brace that closes a ${, past braces and quotes within, or -1.
func closing(chars []rune, i int) int {
	depth, quote := 0, rune(0)
	for ; i < len(chars); i++ {
		switch r := chars[i]; {
		case quote != 0:
			if r == '\\' {
				i++
			} else if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case r == '{':
			depth++
		case r == '}':
			if depth == 0 {
				return i
			}
			depth--
		}
	}
	return -1
}

// maxMessageValue bounds what one value adds to a message, in characters.
const maxMessageValue = 200

// render puts a message together. What cannot be said is shown as "?": the
// verdict does not depend on it.
func render(parts []messagePart, vars cel.Activation) string {
	var b strings.Builder
	for i := range parts {
		if parts[i].expression == nil {
			b.WriteString(parts[i].text)
			continue
		}
		v, _, err := parts[i].expression.program.Eval(vars)
		if err != nil {
			b.WriteString("?")
			continue
		}
		b.WriteString(cut(plain(v), maxMessageValue))
	}
	return b.String()
}

// cut shortens a text to a number of characters.
func cut(s string, most int) string {
	n := 0
	for i := range s {
		if n == most {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// plain writes a value for a person: words without quotes, lists with commas.
func plain(v ref.Val) string {
	switch t := v.(type) {
	case types.String:
		return string(t)
	case types.Timestamp:
		return t.UTC().Format(time.RFC3339)
	case types.Duration:
		return t.Duration.String()
	case types.Int:
		return strconv.FormatInt(int64(t), 10)
	case types.Double:
		return strconv.FormatFloat(float64(t), 'g', -1, 64)
	case types.Bool:
		return strconv.FormatBool(bool(t))
	case types.Null:
		return "nothing"
	case *types.Optional:
		if t.HasValue() {
			return plain(t.GetValue())
		}
		return "nothing"
	case *types.Unknown, *types.Err:
		return "?"
	case traits.Mapper:
		return string(jsonOf(v, maxMessageValue))
	case traits.Lister:
		n, _ := t.Size().(types.Int)
		if n == 0 {
			return "none"
		}
		var words []string
		for i := types.Int(0); i < n && i < 20; i++ {
			words = append(words, plain(t.Get(i)))
		}
		return strings.Join(words, ", ")
	}
	return v.Type().TypeName()
}

// jsonOf writes a value as JSON of about the given number of bytes: what goes
// beyond is cut and says so.
func jsonOf(v ref.Val, budget int) json.RawMessage {
	w := &shortener{left: budget}
	w.value(v)
	return w.out
}
