package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"

	"merlon.dev/merlon"
)

// ErrClosedPipe is wrapped where the reader of standard output went away before
// the report was whole, as `| head` does.
var ErrClosedPipe = errors.New("the reader of the output went away")

// Config is what writers need to know of where they write.
type Config struct {
	// Stdout receives the reports that name no file.
	Stdout io.Writer
	// Terminal says that Stdout is a terminal and Width its columns; where Width
	// is 0 the terminal report is 100 columns wide.
	Terminal bool
	Width    int
	// Getenv reads NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM; nil means none is set.
	Getenv func(string) string
	// Verdicts are those shown one by one; nil means fail and unknown. The
	// counts cover all.
	Verdicts []merlon.Verdict
	// All keeps the terminal and Markdown reports from shortening long lists.
	All bool

	// toFile is true for a writer whose output goes to a file.
	toFile bool
	// others are the reports written beside this one.
	others []Spec
}

// Output is every report of one scan. It counts each finding and hands those
// that are to be shown to the writers. It may not be used concurrently.
type Output struct {
	cfg     Config
	sinks   []sink
	counter *counter
}

type sink struct {
	spec Spec
	dest destination
	buf  *bufio.Writer
	Writer
}

// destination takes the bytes of a report; one of Commit and Abort ends it.
type destination interface {
	io.Writer
	Commit() error
	Abort()
}

// Open parses the --format arguments and opens what they name, so that a folder
// that is not there shows before the scan and not after it; none means the
// terminal report. Two reports to one place are an error that wraps [ErrFormat].
//
// A file appears, or is replaced, only when its report is whole.
func Open(specs []string, cfg Config) (*Output, error) {
	if len(specs) == 0 {
		specs = []string{"terminal"}
	}
	if cfg.Verdicts == nil {
		cfg.Verdicts = []merlon.Verdict{merlon.Fail, merlon.UnknownResult}
	}
	var parsed []Spec
	for _, s := range specs {
		spec, err := ParseSpec(s)
		if err != nil {
			return nil, err
		}
		for _, other := range parsed {
			switch {
			case spec.Path == "" && other.Path == "":
				return nil, fmt.Errorf("%w: %s and %s would both be written to standard output\nhint: give one of them a file: %s=FILE",
					ErrFormat, other.Format.Name, spec.Format.Name, spec.Format.Name)
			case samePath(spec.Path, other.Path):
				return nil, fmt.Errorf("%w: %s and %s would both be written to %s",
					ErrFormat, other.Format.Name, spec.Format.Name, Clean(spec.Path))
			}
		}
		parsed = append(parsed, spec)
	}
	o := &Output{cfg: cfg}
	for _, spec := range parsed {
		var dest destination
		if spec.Path == "" {
			dest = standardOutput{cfg.Stdout}
		} else {
			f, err := createFile(spec.Path)
			if err != nil {
				o.Abort()
				return nil, fmt.Errorf("write report: %w", explain(err))
			}
			dest = f
		}
		c := cfg
		c.toFile, c.others = spec.Path != "", parsed
		buf := bufio.NewWriterSize(dest, 64<<10)
		o.sinks = append(o.sinks, sink{spec, dest, buf, spec.Format.open(buf, c)})
	}
	return o, nil
}

// Files lists the reports that are written to files.
func (o *Output) Files() []Spec {
	var out []Spec
	for _, s := range o.sinks {
		if s.spec.Path != "" {
			out = append(out, s.spec)
		}
	}
	return out
}

// Begin starts every report.
func (o *Output) Begin(run *Run) error {
	o.counter = newCounter(run.Controls)
	return o.each(func(s *sink) error { return s.Begin(run) })
}

// Finding counts f and writes it to every report if its verdict is shown.
func (o *Output) Finding(f *merlon.Finding) error {
	o.counter.add(f)
	if !slices.Contains(o.cfg.Verdicts, f.Verdict) {
		return nil
	}
	for i := range o.sinks {
		if err := o.sinks[i].Finding(f); err != nil {
			return o.fail(&o.sinks[i], err)
		}
	}
	return nil
}

// End sets s.Counts, finishes every report and puts the files in their places.
func (o *Output) End(s *Summary) error {
	s.Counts = o.counter.counts()
	return o.each(func(k *sink) error {
		if err := k.End(s); err != nil {
			return err
		}
		if err := k.buf.Flush(); err != nil {
			return err
		}
		return k.dest.Commit()
	})
}

// Counts are the counts up to now.
func (o *Output) Counts() Counts { return o.counter.counts() }

// Abort removes what was begun. It does nothing after End.
func (o *Output) Abort() {
	for i := range o.sinks {
		o.sinks[i].dest.Abort()
	}
}

func (o *Output) each(do func(*sink) error) error {
	for i := range o.sinks {
		if err := do(&o.sinks[i]); err != nil {
			return o.fail(&o.sinks[i], err)
		}
	}
	return nil
}

// fail ends all reports and says which of them could not be written.
func (o *Output) fail(s *sink, err error) error {
	o.Abort()
	where := "standard output"
	if s.spec.Path != "" {
		where = Clean(s.spec.Path)
	}
	return fmt.Errorf("write %s report to %s: %w", s.spec.Format.Name, where, explain(err))
}

// explain adds what a person can do to the errors that happen to reports.
func explain(err error) error {
	switch {
	case errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		return fmt.Errorf("%w: %w", ErrClosedPipe, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fmt.Errorf("%w\nhint: the disk is full; free some space or name a file on another disk", err)
	}
	return err
}

type standardOutput struct{ io.Writer }

func (standardOutput) Commit() error { return nil }
func (standardOutput) Abort()        {}
