package report

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"merlon.dev/merlon"
)

func TestParseSpec(t *testing.T) {
	for _, tt := range []struct {
		in, name, path string
		err            string
	}{
		{"terminal", "terminal", "", ""},
		{"jsonl=-", "jsonl", "", ""},
		{"json=out/a=b.json", "json", "out/a=b.json", ""},
		{"jsonl=", "", "", "names no file"},
		{"jsonll", "", "", "did you mean jsonl?"},
		{"Terminal", "", "", "did you mean terminal?"},
		{"ndjson", "", "", "did you mean jsonl?"},
		{"", "", "", "there are terminal, json"},
		{"\x1b[31m", "", "", `"\x1b[31m"`},
		{strings.Repeat("x", 1<<16), "", "", "there are"},
	} {
		s, err := ParseSpec(tt.in)
		if tt.err != "" {
			if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%.20q: error %v, want %q", tt.in, err, tt.err)
			}
			continue
		}
		if err != nil || s.Format.Name != tt.name || s.Path != tt.path {
			t.Errorf("%q: %q %q %v", tt.in, s.Format.Name, s.Path, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "r.json")
	for _, tt := range []struct {
		name  string
		specs []string
		want  string
	}{
		{"two to stdout", []string{"terminal", "jsonl=-"}, "both be written to standard output"},
		{"two to one file", []string{"json=" + file, "jsonl=" + dir + "/./r.json"}, "both be written to"},
		{"a folder", []string{"json=" + dir}, "is a folder"},
		{"no such folder", []string{"json=" + filepath.Join(dir, "no", "r.json")}, "hint: create the folder"},
	} {
		_, err := Open(tt.specs, Config{Stdout: io.Discard})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestFilesAppearWhole: until the report is whole the old one stays, and an
// aborted report leaves nothing.
func TestFilesAppearWhole(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "report.jsonl"), filepath.Join(dir, "latest")
	if err := os.WriteFile(path, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("report.jsonl", link); err != nil {
		t.Fatal(err)
	}
	run := testRun()
	findings := testFindings(run)
	begin := func() *Output {
		t.Helper()
		var stdout bytes.Buffer
		out, err := Open([]string{"jsonl=" + link, "json=" + filepath.Join(dir, "new.json"), "terminal"}, Config{Stdout: &stdout})
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Begin(run); err != nil {
			t.Fatal(err)
		}
		for i := range findings {
			if err := out.Finding(&findings[i]); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	out := begin()
	if b, _ := os.ReadFile(path); string(b) != "old" {
		t.Error("the old report is gone before the new one is whole")
	}
	out.Abort()
	if names, _ := os.ReadDir(dir); len(names) != 2 {
		t.Errorf("an aborted report left %v", names)
	}
	out = begin()
	if len(out.Files()) != 2 {
		t.Errorf("files: %v", out.Files())
	}
	if err := out.End(testSummary()); err != nil {
		t.Fatal(err)
	}
	out.Abort() // nothing to do any more
	b, err := os.ReadFile(path)
	if err != nil || bytes.Count(b, []byte("\n")) != 6 {
		t.Errorf("report of %d lines: %v", bytes.Count(b, []byte("\n")), err)
	}
	if info, _ := os.Lstat(link); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
	for name, mode := range map[string]os.FileMode{"report.jsonl": 0o640, "new.json": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}

// brokenWriter fails after n bytes.
type brokenWriter struct {
	n   int
	err error
}

func (w *brokenWriter) Write(b []byte) (int, error) {
	if w.n -= len(b); w.n < 0 {
		return 0, w.err
	}
	return len(b), nil
}

func TestWriteErrors(t *testing.T) {
	run, findings := manyFindings(2000)
	for _, format := range FormatNames() {
		for _, tt := range []struct {
			name string
			err  error
			is   error
			want string
		}{
			{"closed pipe", syscall.EPIPE, ErrClosedPipe, "the reader of the output went away"},
			{"full disk", syscall.ENOSPC, syscall.ENOSPC, "hint: the disk is full"},
		} {
			err := func() error {
				out, err := Open([]string{format}, Config{Stdout: &brokenWriter{1 << 12, tt.err}})
				if err != nil {
					return err
				}
				if err := out.Begin(run); err != nil {
					return err
				}
				for i := range findings {
					if err := out.Finding(&findings[i]); err != nil {
						return err
					}
				}
				return out.End(&Summary{})
			}()
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), format+" report to standard output") {
				t.Errorf("%s, %s: %v", format, tt.name, err)
			}
		}
	}
}

func TestVerdictsShown(t *testing.T) {
	run := testRun()
	for _, tt := range []struct {
		verdicts []merlon.Verdict
		want     int
	}{{nil, 6}, {[]merlon.Verdict{merlon.Pass}, 1}, {[]merlon.Verdict{}, 0}, {all, 8}} {
		s := testSummary()
		out := render(t, "jsonl", Config{Verdicts: tt.verdicts}, run, testFindings(run), s)
		if got := bytes.Count(out, []byte("\n")); got != tt.want {
			t.Errorf("%v: %d lines, want %d", tt.verdicts, got, tt.want)
		}
		if s.Counts.Total().Judged() != 8 {
			t.Errorf("%v: %d counted, want all 8", tt.verdicts, s.Counts.Total().Judged())
		}
	}
}
