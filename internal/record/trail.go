package record

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"merlon.dev/merlon/iam"
)

// TrailSum is what files of CloudTrail held.
type TrailSum struct {
	Files     int `json:"files"`
	Events    int `json:"events"`
	Others    int `json:"others"`
	Malformed int `json:"malformed"`
	// Unread are files that could not be read to their ends, with the reason.
	Unread []Unread `json:"unread,omitempty"`
}

// Unread is a file that could not be read to its end, or records in it.
type Unread struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// ErrNoTrail is wrapped by the error of [ReadTrails] when a path holds no file of
// CloudTrail.
var ErrNoTrail = errors.New("no file of CloudTrail")

// maxUnread bounds the list of files that could not be read.
const maxUnread = 1000

// ReadTrails reads files of CloudTrail, and every file below folders whose name
// ends in .json, .jsonl or .gz, in the order of their names; digests are passed
// over, symbolic links below a folder are not followed. The function gets each API
// call; its error ends the reading. A file that is broken is listed and the rest
// is read.
func ReadTrails(ctx context.Context, paths []string, each func(*iam.Call) error) (*TrailSum, error) {
	sum := &TrailSum{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return sum, fmt.Errorf("read CloudTrail: %w", err)
		}
		before := sum.Files
		if !info.IsDir() {
			if err := sum.file(ctx, path, each); err != nil {
				return sum, err
			}
			continue
		}
		err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				sum.unread(p, err)
				if d != nil && d.IsDir() {
					return fs.SkipDir
				}
				return nil
			case d.IsDir() && (d.Name() == "CloudTrail-Digest" || d.Name() == "CloudTrail-Insight"):
				return fs.SkipDir
			case !d.Type().IsRegular() || !isTrail(d.Name()):
				return nil
			}
			return sum.file(ctx, p, each)
		})
		if err != nil {
			return sum, err
		}
		if sum.Files == before && len(sum.Unread) == 0 {
			return sum, fmt.Errorf("%w below %s: names end in .json, .jsonl or .gz", ErrNoTrail, path)
		}
	}
	return sum, nil
}

func isTrail(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{".json", ".jsonl", ".gz"}, func(s string) bool { return strings.HasSuffix(name, s) })
}

func (s *TrailSum) unread(path string, err error) {
	if len(s.Unread) < maxUnread {
		s.Unread = append(s.Unread, Unread{path, err.Error()})
	}
}

// file reads one file; only what ends the whole reading is an error.
func (s *TrailSum) file(ctx context.Context, path string, each func(*iam.Call) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.Files++
	f, err := os.Open(path)
	if err != nil {
		s.unread(path, err)
		return nil
	}
	defer f.Close()
	buffered := bufio.NewReaderSize(f, 64<<10)
	var r io.Reader = buffered
	if head, err := buffered.Peek(2); err == nil && head[0] == 0x1f && head[1] == 0x8b {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			s.unread(path, err)
			return nil
		}
		defer z.Close()
		r = z
	}
	var stop error
	count, err := iam.ReadTrail(r, func(c *iam.Call) error {
		if stop = ctx.Err(); stop == nil {
			stop = each(c)
		}
		return stop
	})
	s.Events += count.Events
	s.Others += count.Others
	s.Malformed += count.Malformed
	switch {
	case stop != nil:
		return stop
	case err != nil:
		s.unread(path, err)
	case count.Malformed > 0:
		s.unread(path, fmt.Errorf("%d of %d records: %s", count.Malformed, count.Events, count.Problem))
	}
	return nil
}
