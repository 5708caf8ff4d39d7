package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// maxRequestLine bounds one line of a file of requests.
const maxRequestLine = 64 << 20

// encodeJSON writes one value for a person to read as well.
func encodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// encodeLines writes one JSON object a line.
func encodeLines[T any](w io.Writer, list []T) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for i := range list {
		if err := e.Encode(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// openRequests opens a file of requests; "-" is standard input.
func (e *Environment) openRequests(file string) (io.ReadCloser, error) {
	if file == "-" {
		return io.NopCloser(e.Stdin), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read requests: %w", err)
	}
	return f, nil
}

// answerLines writes an answer for each line of requests before it reads the
// next; empty lines have none. An error of answer says that the line is no
// request: its answer is written all the same, and the error that is returned in
// the end counts such lines.
func answerLines(w io.Writer, r io.Reader, answer func(number int, line []byte) (any, error)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxRequestLine)
	out := bufio.NewWriter(w)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	number, bad := 0, 0
	for lines.Scan() {
		number++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		a, unread := answer(number, line)
		if unread != nil {
			bad++
		}
		if err := encoder.Encode(a); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read requests: line %d: %w", number+1, err)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d lines could not be read; their answers say why", bad, number)
	}
	return nil
}
