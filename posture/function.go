package posture

import (
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// daysFunc is what the macro daysSince(t) calls with the time of the scan.
const daysFunc = "@days"

// isPresent is true of everything that is there; the decorator answers for what
// may not be.
func isPresent(ref.Val) ref.Val { return types.True }

// daysBetween is the number of whole days from the first time to the second;
// negative where the first is later. A time may be its RFC 3339 text.
func daysBetween(from, to ref.Val) ref.Val {
	if s, ok := from.(types.String); ok {
		from = timestamp(string(s))
	}
	a, ok := from.(types.Timestamp)
	if !ok {
		if types.IsError(from) {
			return from
		}
		return noOverload(from)
	}
	b, ok := to.(types.Timestamp)
	if !ok {
		return noOverload(to)
	}
	const day = 24 * time.Hour
	d := b.Sub(a.Time)
	n := d / day
	if d < 0 && d%day != 0 {
		n--
	}
	return types.Int(n)
}

// parseJSON gives the value of a JSON text.
func parseJSON(v ref.Val) ref.Val {
	s, ok := v.(types.String)
	if !ok {
		return noOverload(v)
	}
	d := &document{}
	if err := d.parse(string(s), nil, nil); err != nil {
		return types.WrapErr(err)
	}
	return d.root()
}

// globMatch is glob(pattern, text).
func globMatch(pattern, text ref.Val) ref.Val {
	p, ok := pattern.(types.String)
	if !ok {
		return noOverload(pattern)
	}
	t, ok := text.(types.String)
	if !ok {
		return noOverload(text)
	}
	return types.Bool(glob(string(p), string(t)))
}

// glob reports whether the whole text matches a pattern in which * stands for
// any characters and ? for one. Nothing escapes them. It takes at most
// len(pattern) × len(text) steps, whatever the pattern.
func glob(pattern, text string) bool {
	p, t := 0, 0
	star, mark := -1, 0 // the last * and where the text behind it was tried from
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == '?':
			p++
			t += runeSize(text[t:])
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			mark += runeSize(text[mark:])
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// runeSize is the length of the first character; a byte that is no UTF-8 counts
// as one.
func runeSize(s string) int {
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}
