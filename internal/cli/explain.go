package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"merlon.dev/merlon"
	"merlon.dev/merlon/internal/report"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/posture"
)

func newExplain(env Environment) *cobra.Command {
	in := &input{env: env}
	j := &judgement{}
	var control, resource string
	c := &cobra.Command{
		Use:   "explain [FINDING]",
		Short: "Say what a finding rests on: what was read, and the value of each part",
		Long: `Explain takes the id of a finding and prints what was read for it (by which call,
when), the control's condition, and the value of each of its parts. It looks in
the snapshot that is named, or in the newest one of the user's cache. With
--control and --resource it explains any verdict, a pass as well.`,
		Example: `  merlon explain 3f9a0c1d2e4b5a67
  merlon explain 3f9a0c1d2e4b5a67 --snapshot acme.db
  merlon explain --control s3/tls-only --resource arn:aws:s3:::logs --snapshot acme.db`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if (len(args) == 1) == (control != "" || resource != "") || (control == "") != (resource == "") {
				return usage("explain needs the id of a finding, or --control and --resource")
			}
			if err := in.prepare(c); err != nil {
				return err
			}
			id := ""
			if len(args) == 1 {
				id = args[0]
			}
			return in.explain(c.Context(), j, id, control, resource)
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().StringVar(&control, "control", "", "explain what this control says of --resource")
	c.Flags().StringVar(&resource, "resource", "", "ARN, or account/region/type/id, of the resource")
	c.Flags().StringArrayVar(&j.folders, "controls", nil, "a `DIR` of your own controls (repeatable)")
	return c
}

func (in *input) explain(ctx context.Context, j *judgement, id, control, resource string) error {
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		return err
	}
	cat, err := loadControls(schemas, append(in.config.Scan.Controls, j.folders...))
	if err != nil {
		return err
	}
	if in.snapshot == "" && in.awscli == "" && len(in.templates) == 0 {
		if in.snapshot, err = in.newest(); err != nil {
			return err
		}
	}
	s, err := in.open(ctx, schemas)
	if err != nil {
		return err
	}
	defer s.Close()
	opts := posture.Options{Parameters: in.config.Parameters}
	if id != "" {
		f, err := find(ctx, cat, s, opts, id)
		if err != nil {
			return err
		}
		control, resource = f.Control, f.Resource
	}
	e, err := cat.Explain(ctx, s, control, resource, opts)
	if err != nil {
		if errors.Is(err, posture.ErrNoControl) {
			return noControl(cat, control)
		}
		return err
	}
	return printExplanation(in.env.Stdout, s, e)
}

// newest is the newest snapshot of the cache.
func (in *input) newest() (string, error) {
	dir, err := in.snapshots()
	if err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.db"))
	if err != nil {
		return "", err
	}
	newest, when := "", time.Time{}
	for _, f := range found {
		st, err := os.Stat(f)
		if err == nil && st.ModTime().After(when) {
			newest, when = f, st.ModTime()
		}
	}
	if newest == "" {
		return "", hint(errors.New("there is no snapshot in the cache"), "scan first, or name one with --snapshot FILE")
	}
	return newest, nil
}

var errFound = errors.New("found")

// find runs the controls until the finding of an id comes by.
func find(ctx context.Context, cat *posture.Catalog, s *inventory.Snapshot, opts posture.Options, id string) (*merlon.Finding, error) {
	var found *merlon.Finding
	opts.Verdicts = []merlon.Verdict{merlon.Fail, merlon.UnknownResult, merlon.Pass, merlon.NotApplicable}
	_, err := cat.Run(ctx, s, opts, func(f *merlon.Finding) error {
		if f.ID == id {
			found = f
			return errFound
		}
		return nil
	})
	if err != nil && !errors.Is(err, errFound) {
		return nil, err
	}
	if found == nil {
		return nil, hint(fmt.Errorf("no finding %s in %s", id, s.Path()), "the ids are in the reports; --snapshot FILE names the snapshot they came from")
	}
	return found, nil
}

func printExplanation(w io.Writer, s *inventory.Snapshot, e *posture.Explanation) error {
	var b strings.Builder
	f := e.Finding
	fmt.Fprintf(&b, "%s  %s  %s\n%s\n%s\n", strings.ToUpper(string(f.Verdict)), f.Control, report.Clean(e.Control.Title), report.Clean(f.Resource), report.Clean(f.Message))
	fmt.Fprintf(&b, "from %s\n", report.Clean(s.Path()))
	if len(f.Reasons) > 0 {
		b.WriteString("\nWhat was lacking\n")
		for _, r := range f.Reasons {
			fmt.Fprintf(&b, "  %s\n", report.Clean(r))
		}
	}
	if len(f.Evidence) > 0 {
		b.WriteString("\nWhat was read\n")
		for _, v := range f.Evidence {
			fmt.Fprintf(&b, "  %s = %s%s\n", report.Clean(v.Path), report.Clean(string(v.Value)), where(v.Call, v.At))
		}
	}
	if len(e.Calls) > 0 {
		b.WriteString("\nCalls the resource was read from\n")
		for _, c := range e.Calls {
			fmt.Fprintf(&b, "  %s%s\n", report.Clean(c.Call), where("", c.At))
		}
	}
	for _, p := range []struct {
		name string
		part *posture.Part
	}{{"When", e.When}, {"Require", e.Require}} {
		if p.part != nil {
			fmt.Fprintf(&b, "\n%s\n", p.name)
			printPart(&b, p.part, 1)
		}
	}
	fmt.Fprintf(&b, "\nWhy it matters\n  %s\n\nFix\n  %s\n", report.Clean(e.Control.Why), report.Clean(e.Control.Fix.Text))
	_, err := io.WriteString(w, b.String())
	return err
}

func where(call string, at time.Time) string {
	text := ""
	if call != "" {
		text = "  (" + report.Clean(call)
	}
	if !at.IsZero() {
		if text == "" {
			text = "  ("
		} else {
			text += ", "
		}
		text += at.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	if text != "" {
		text += ")"
	}
	return text
}

func printPart(b *strings.Builder, p *posture.Part, depth int) {
	value := report.Clean(string(p.Value))
	switch {
	case p.Error != "":
		value = "error: " + report.Clean(p.Error)
	case len(p.Unknown) > 0:
		value = "unknown: " + report.Clean(p.Unknown[0].Reason)
	}
	text := p.Text
	if p.Operator != "" {
		text = p.Operator
	}
	fmt.Fprintf(b, "%s%s → %s\n", strings.Repeat("  ", depth), report.Clean(strings.Join(strings.Fields(text), " ")), value)
	for i := range p.Parts {
		printPart(b, &p.Parts[i], depth+1)
	}
}
