package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"merlon.dev/merlon"
)

// csvTable writes one row a finding for spreadsheets, by RFC 4180.
type csvTable struct {
	w     *csv.Writer
	run   *Run
	gaps  map[string]*merlon.Gap
	names map[merlon.AccountID]string
}

func newCSV(w io.Writer, _ Config) Writer { return &csvTable{w: csv.NewWriter(w)} }

// csvColumns are the heads of the columns; new ones go to the end, so that what
// reads by number keeps working.
var csvColumns = [...]string{
	"id", "verdict", "severity", "control", "title", "area", "message", "name", "resource", "type", "account", "account_name",
	"region", "reasons", "gaps", "evidence", "excepted_by", "excepted_until", "exception_reason", "known", "requirements", "aliases",
	"fix", "fix_cli", "fix_terraform", "fix_cloudformation",
}

func (c *csvTable) Begin(run *Run) error {
	c.run, c.gaps, c.names = run, run.gapsByKey(), run.accountNames()
	if err := c.w.Write(csvColumns[:]); err != nil {
		return err
	}
	return nil
}

func (c *csvTable) Finding(f *merlon.Finding) error {
	ctl := c.run.control(f.Control)
	var gaps, evidence []string
	for _, key := range f.Gaps {
		if g := c.gaps[key]; g != nil {
			gaps = append(gaps, g.Text())
		} else {
			gaps = append(gaps, key)
		}
	}
	for _, e := range f.Evidence {
		evidence = append(evidence, e.Path+" = "+string(jsonValue(e.Value)))
	}
	var by, until, reason string
	if f.Excepted != nil {
		by, until, reason = f.Excepted.Owner, day(f.Excepted.Until), f.Excepted.Reason
	}
	row := [len(csvColumns)]string{
		f.ID, string(f.Verdict), string(f.Severity), f.Control, ctl.Title, string(ctl.Area), f.Message, f.Name, f.Resource, f.Type,
		string(f.Account), c.names[f.Account], string(f.Region), strings.Join(f.Reasons, "; "), strings.Join(gaps, "; "), strings.Join(evidence, "; "),
		by, until, reason, fmt.Sprint(f.Known), strings.Join(ctl.Requirements, " "), strings.Join(ctl.Aliases, " "),
		ctl.Fix.Text, ctl.Fix.CLI, ctl.Fix.Terraform, ctl.Fix.CloudFormation,
	}
	const fixes = len(row) - 4 // from here the text is the control's and has lines
	for i, s := range row {
		if i < fixes {
			row[i] = csvCell(Clean(s))
		} else {
			row[i] = csvCell(CleanLines(s))
		}
	}
	return c.w.Write(row[:])
}

func (c *csvTable) End(*Summary) error {
	c.w.Flush()
	return c.w.Error()
}

// csvCell keeps a spreadsheet from taking a text for a formula: an apostrophe
// goes before what begins, also behind spaces, with a character that starts one.
//
// Rule: https://owasp.org/www-community/attacks/CSV_Injection (read 2026-11-24),
// which names = + - @ tab and carriage return; their full-width forms start
// formulas in some locales.
func csvCell(s string) string {
	switch t := strings.TrimLeft(s, " \t\n\u00a0\u3000"); {
	case t == "":
		return s
	case strings.HasPrefix(t, `\t`), strings.HasPrefix(t, `\r`), strings.HasPrefix(t, `\n`):
		// An escaped tab is text by itself, but a tool may undo the escape.
		return "'" + s
	case strings.ContainsRune("=+-@＝＋－＠", []rune(t)[0]), s[0] == '\t', s[0] == '\n':
		return "'" + s
	}
	return s
}
