package report

import (
	"fmt"
	"io"
	"strings"
)

// style is an SGR sequence without its frame; empty is plain.
type style string

// The styles, all from the sixteen colours that a terminal's user chooses.
const (
	plain   style = ""
	bold    style = "1"
	dim     style = "2"
	red     style = "31"
	boldRed style = "1;31"
	alarm   style = "1;97;41"
	yellow  style = "33"
	green   style = "32"
	blue    style = "34"
	cyan    style = "36"
)

// page prints text that was cleaned before, within a width. The first error
// stays in err and silences the rest.
type page struct {
	w     io.Writer
	width int
	color bool
	err   error
}

func (p *page) paint(s style, text string) string {
	if !p.color || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func (p *page) println(parts ...string) {
	if p.err != nil {
		return
	}
	_, p.err = io.WriteString(p.w, strings.TrimRight(strings.Join(parts, ""), " ")+"\n")
}

// wrapped prints text in style s after indent columns, the first line behind
// lead, which takes up leadColumns of the indent.
func (p *page) wrapped(indent int, lead string, leadColumns int, s style, text string) {
	for i, line := range wrap(text, p.width-indent) {
		if i == 0 {
			p.println(lead, strings.Repeat(" ", max(0, indent-leadColumns)), p.paint(s, line))
			continue
		}
		p.println(strings.Repeat(" ", indent), p.paint(s, line))
	}
}

// wrap breaks text at spaces into lines of at most width columns; a word longer
// than a line is broken after a character a name is usually divided at, or where
// the line ends.
func wrap(text string, width int) []string {
	width = max(width, 10)
	var lines []string
	line, used := "", 0
	for _, word := range strings.Fields(text) {
		n := columns(word)
		switch {
		case used == 0 && n <= width:
			line, used = word, n
			continue
		case used > 0 && used+1+n <= width:
			line, used = line+" "+word, used+1+n
			continue
		}
		if used > 0 {
			lines = append(lines, line)
		}
		for n > width {
			head, rest := breakWord(word, width)
			lines = append(lines, head)
			word, n = rest, columns(rest)
		}
		line, used = word, n
	}
	if used > 0 || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

func breakWord(word string, width int) (head, rest string) {
	cut, soft, used := 0, 0, 0
	for i, r := range word {
		used += runeColumns(r)
		if used > width {
			break
		}
		cut = i + len(string(r))
		if strings.ContainsRune("/:-_.,", r) {
			soft = cut
		}
	}
	if soft > cut/2 {
		cut = soft
	}
	if cut == 0 {
		cut = len(word)
	}
	return word[:cut], word[cut:]
}

// elide cuts text to width columns, its middle replaced by an ellipsis.
func elide(text string, width int) string {
	n := columns(text)
	if n <= width {
		return text
	}
	runes := []rune(text)
	head, used := 0, 0
	for used+runeColumns(runes[head]) <= width/2 {
		used += runeColumns(runes[head])
		head++
	}
	tail := len(runes)
	for used+runeColumns(runes[tail-1])+1 <= width {
		tail--
		used += runeColumns(runes[tail])
	}
	return string(runes[:head]) + "…" + string(runes[tail:])
}

// pad fills text up to width columns, on the left for numbers.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-columns(text)))
}

func padLeft(text string, width int) string {
	return strings.Repeat(" ", max(0, width-columns(text))) + text
}

// number writes n with a comma at every third digit.
func number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural is a number with its noun: "1 account", "3 accounts".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if s, ok := strings.CutSuffix(noun, "y"); ok {
		return number(n) + " " + s + "ies"
	}
	return number(n) + " " + noun + "s"
}
