package report

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrFormat is wrapped by errors about a --format argument that makes no sense.
var ErrFormat = errors.New("not a report format")

// Format is a form of report that can be asked for by name.
type Format struct {
	Name string
	// About is one line for a help text.
	About string
	// Extension is the usual one of its files, with the dot.
	Extension string

	open func(io.Writer, Config) Writer
}

// Formats lists the formats in the order of help texts.
func Formats() []Format {
	return []Format{
		{"terminal", "for reading: grouped, worst first", ".txt", newTerminal},
		{"json", "one document with controls, findings and summary", ".json", newDocument},
		{"jsonl", "one verdict a line, each complete in itself", ".jsonl", newJSONLines},
		{"csv", "one row a finding, for spreadsheets", ".csv", newCSV},
		{"markdown", "for pull requests and wikis", ".md", newMarkdown},
		{"sarif", "SARIF 2.1.0, for code hosts", ".sarif", newSARIF},
		{"ocsf", "OCSF 1.5.0 Compliance Findings, one a line", ".ocsf.jsonl", newOCSF},
		{"html", "one page for a browser, with search and filters", ".html", newHTML},
	}
}

// FormatNames lists the names alone.
func FormatNames() []string {
	var names []string
	for _, f := range Formats() {
		names = append(names, f.Name)
	}
	return names
}

// Spec is a parsed --format argument.
type Spec struct {
	Format Format
	// Path is the file to write; empty for standard output.
	Path string
}

// ParseSpec reads NAME or NAME=FILE, where the file "-" is standard output.
// Errors wrap [ErrFormat]; an unknown name lists the formats and the closest one.
func ParseSpec(s string) (Spec, error) {
	name, path, given := strings.Cut(s, "=")
	if given && path == "" {
		return Spec{}, fmt.Errorf("%w: %q names no file after %q (%s=FILE, or - for standard output)", ErrFormat, s, "=", Clean(name))
	}
	if path == "-" {
		path = ""
	}
	for _, f := range Formats() {
		if f.Name == name {
			return Spec{f, path}, nil
		}
	}
	err := fmt.Errorf("%w: %q; there are %s", ErrFormat, name, strings.Join(FormatNames(), ", "))
	if near := closest(strings.ToLower(name), FormatNames()); near != "" {
		err = fmt.Errorf("%w\nhint: did you mean %s?", err, near)
	}
	return Spec{}, err
}

// closest is the word at the least edit distance from s, or "" where none is near.
func closest(s string, words []string) string {
	aliases := map[string]string{"ndjson": "jsonl", "md": "markdown", "text": "terminal", "table": "terminal", "asff": "ocsf", "json-ocsf": "ocsf", "htm": "html"}
	if w := aliases[s]; w != "" {
		return w
	}
	best, least := "", 3
	for _, w := range words {
		if d := distance(s, w); d < least {
			best, least = w, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes; long inputs are cut, since only
// small distances matter.
func distance(a, b string) int {
	if len(a) > 40 {
		a = a[:40]
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
