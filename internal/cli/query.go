package cli

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/internal/report"
	"merlon.dev/merlon/inventory"
)

func newQuery(env Environment) *cobra.Command {
	in := &input{env: env}
	var format string
	var tables bool
	c := &cobra.Command{
		Use:   "query 'SELECT …'",
		Short: "Ask a snapshot in SQL",
		Long: `Query runs a SELECT over an inventory. There is a view for each resource type in
it, s3_bucket for AWS::S3::Bucket, with a column for each property; besides them
resources, gaps and calls. --tables lists them with their columns. Objects and
lists are JSON: use json_extract and json_each. A query cannot change anything.`,
		Example: `  merlon query --snapshot acme.db --tables
  merlon query --snapshot acme.db 'SELECT account, region, id FROM ec2_instance'
  merlon query --snapshot acme.db "SELECT id, json_extract(VersioningConfiguration, '$.Status') AS versioning FROM s3_bucket"
  merlon query --snapshot acme.db --format csv 'SELECT * FROM gaps'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 && !tables {
				return usage("query needs a SELECT, or --tables")
			}
			write, ok := rowWriters()[format]
			if !ok {
				return usage("--format %q: table, csv, json or jsonl", format)
			}
			if err := in.prepare(c); err != nil {
				return err
			}
			return in.opened(c.Context(), func(s *inventory.Snapshot) error {
				if tables {
					return listViews(c, env.Stdout, s)
				}
				rows := write(env.Stdout)
				if err := s.Query(c.Context(), args[0], rows.row); err != nil {
					return err
				}
				return rows.end()
			})
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().StringVar(&format, "format", "table", "table, csv, json or jsonl")
	c.Flags().BoolVar(&tables, "tables", false, "list the views and their columns")
	return c
}

func listViews(c *cobra.Command, w io.Writer, s *inventory.Snapshot) error {
	views, err := s.Views(c.Context())
	if err != nil {
		return err
	}
	for _, v := range views {
		rows := ""
		if v.Rows > 0 {
			rows = " (" + plural(v.Rows, "row", "rows") + ")"
		}
		if _, err := fmt.Fprintf(w, "%s%s\n  %s\n", v.Name, rows, strings.Join(v.Columns, ", ")); err != nil {
			return err
		}
	}
	return nil
}

// rowWriter writes rows of which the first holds the column names.
type rowWriter interface {
	row([]any) error
	end() error
}

func rowWriters() map[string]func(io.Writer) rowWriter {
	return map[string]func(io.Writer) rowWriter{
		"table": func(w io.Writer) rowWriter { return &tableRows{w: w} },
		"csv":   func(w io.Writer) rowWriter { return &csvRows{w: csv.NewWriter(w)} },
		"json":  func(w io.Writer) rowWriter { return &jsonRows{w: w, array: true} },
		"jsonl": func(w io.Writer) rowWriter { return &jsonRows{w: w} },
	}
}

// cellText is a value as a person reads it, with nothing a terminal would act on.
func cellText(v any) string {
	switch t := v.(type) {
	case nil:
		return ""
	case []byte:
		return report.Clean(string(t))
	case string:
		return report.Clean(t)
	}
	return fmt.Sprint(v)
}

// tableRows keeps a screenful to find the widths, then streams.
type tableRows struct {
	w      io.Writer
	kept   [][]string
	widths []int
	fixed  bool
}

const (
	tableSample = 200
	maxColumn   = 80
)

func (t *tableRows) row(row []any) error {
	cells := make([]string, len(row))
	for i, v := range row {
		cells[i] = cellText(v)
	}
	if !t.fixed {
		t.kept = append(t.kept, cells)
		if len(t.kept) < tableSample {
			return nil
		}
		return t.flush()
	}
	return t.print(cells)
}

func (t *tableRows) flush() error {
	t.fixed = true
	for _, cells := range t.kept {
		for i, c := range cells {
			if i >= len(t.widths) {
				t.widths = append(t.widths, 0)
			}
			t.widths[i] = max(t.widths[i], min(maxColumn, utf8.RuneCountInString(c)))
		}
	}
	for i, cells := range t.kept {
		if err := t.print(cells); err != nil {
			return err
		}
		if i == 0 {
			var rule []string
			for _, w := range t.widths {
				rule = append(rule, strings.Repeat("─", w))
			}
			if err := t.print(rule); err != nil {
				return err
			}
		}
	}
	t.kept = nil
	return nil
}

func (t *tableRows) print(cells []string) error {
	var b strings.Builder
	for i, c := range cells {
		if n := utf8.RuneCountInString(c); n > maxColumn && i < len(cells)-1 {
			c = string([]rune(c)[:maxColumn-1]) + "…"
		}
		b.WriteString(c)
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", max(0, t.widths[i]-utf8.RuneCountInString(c))+2))
		}
	}
	_, err := fmt.Fprintln(t.w, strings.TrimRight(b.String(), " "))
	return err
}

func (t *tableRows) end() error {
	if t.fixed {
		return nil
	}
	return t.flush()
}

type csvRows struct{ w *csv.Writer }

func (c *csvRows) row(row []any) error {
	cells := make([]string, len(row))
	for i, v := range row {
		if b, ok := v.([]byte); ok {
			v = string(b)
		}
		if s, ok := v.(string); ok {
			cells[i] = report.Formula(report.Clean(s))
		} else {
			cells[i] = cellText(v)
		}
	}
	return c.w.Write(cells)
}

func (c *csvRows) end() error {
	c.w.Flush()
	return c.w.Error()
}

type jsonRows struct {
	w     io.Writer
	array bool
	names []string
	n     int
}

func (j *jsonRows) row(row []any) error {
	if j.names == nil {
		for _, v := range row {
			j.names = append(j.names, cellText(v))
		}
		return nil
	}
	m := make(map[string]any, len(row))
	for i, v := range row {
		if b, ok := v.([]byte); ok {
			v = string(b)
		}
		m[j.names[i]] = v
	}
	line, err := report.JSON(m)
	if err != nil {
		return err
	}
	before := ""
	if j.array {
		before = ",\n"
		if j.n == 0 {
			before = "[\n"
		}
	}
	j.n++
	after := "\n"
	if j.array {
		after = ""
	}
	_, err = fmt.Fprintf(j.w, "%s%s%s", before, line, after)
	return err
}

func (j *jsonRows) end() error {
	if !j.array {
		return nil
	}
	text := "\n]\n"
	if j.n == 0 {
		text = "[]\n"
	}
	_, err := io.WriteString(j.w, text)
	return err
}
