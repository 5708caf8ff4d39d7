package report

import (
	"io"

	"merlon.dev/merlon"
)

// jsonLines writes one finding a line, each complete in itself.
type jsonLines struct {
	w io.Writer
	records
}

func newJSONLines(w io.Writer, _ Config) Writer { return &jsonLines{w: w} }

func (j *jsonLines) Begin(run *Run) error {
	j.records = newRecords(run)
	return nil
}

func (j *jsonLines) Finding(f *merlon.Finding) error {
	b, err := jsonText(j.whole(f))
	if err != nil {
		return err
	}
	_, err = j.w.Write(append(b, '\n'))
	return err
}

func (j *jsonLines) End(*Summary) error { return nil }
