package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"merlon.dev/merlon"
	"merlon.dev/merlon/internal/report"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/posture"
)

func newDiff(env Environment) *cobra.Command {
	in := &input{env: env}
	j := &judgement{failOn: "none"}
	var format string
	c := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "Compare two snapshots: resources and findings added, gone, changed",
		Long: `Diff compares two snapshots. A resource counts as added or gone only where the
call that would have listed it succeeded in the other snapshot. Findings are
worked out for both by the same controls.`,
		Example: `  merlon diff yesterday.db today.db
  merlon diff yesterday.db today.db --format jsonl`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if format != "terminal" && format != "jsonl" {
				return usage("--format %q: terminal or jsonl", format)
			}
			if err := in.prepare(c); err != nil {
				return err
			}
			return in.diff(c.Context(), j, args[0], args[1], format)
		},
	}
	c.Flags().StringVar(&in.configPath, "config", "", "read this merlon.yaml instead of looking for one")
	c.Flags().StringVar(&format, "format", "terminal", "terminal or jsonl")
	in.live.Parallel = 1
	j.addFlags(c)
	return c
}

func (in *input) diff(ctx context.Context, j *judgement, before, after, format string) error {
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		return err
	}
	catalog, err := loadControls(schemas, append(in.config.Scan.Controls, j.folders...))
	if err != nil {
		return err
	}
	var snaps [2]*inventory.Snapshot
	for i, path := range []string{before, after} {
		in.snapshot = path
		if snaps[i], err = in.open(ctx, schemas); err != nil {
			return err
		}
		defer snaps[i].Close()
	}
	d := &differences{w: in.env.Stdout, jsonl: format == "jsonl"}
	if err := inventory.Diff(ctx, snaps[0], snaps[1], d.resource); err != nil {
		return err
	}
	was, err := findings(ctx, catalog, snaps[0], in, j)
	if err != nil {
		return err
	}
	is, err := findings(ctx, catalog, snaps[1], in, j)
	if err != nil {
		return err
	}
	if err := d.findings(was, is); err != nil {
		return err
	}
	return d.end()
}

// findings are the failed and unknown verdicts of a snapshot, in order.
func findings(ctx context.Context, catalog *posture.Catalog, s *inventory.Snapshot, in *input, j *judgement) ([]merlon.Finding, error) {
	var out []merlon.Finding
	opts := posture.Options{Parameters: in.config.Parameters, Select: func(c *posture.Control) bool { return j.selects(c.ID) }}
	_, err := catalog.Run(ctx, s, opts, func(f *merlon.Finding) error {
		// What a comparison needs, not the evidence: there may be many.
		out = append(out, merlon.Finding{ID: f.ID, Control: f.Control, Resource: f.Resource, Verdict: f.Verdict, Severity: f.Severity, Message: f.Message, Account: f.Account, Region: f.Region})
		return nil
	})
	return out, err
}

// differences prints changes as they come and counts them.
type differences struct {
	w     io.Writer
	jsonl bool

	resources, found map[string]int
}

func (d *differences) resource(c *inventory.Change) error {
	if d.resources == nil {
		d.resources = map[string]int{}
		if !d.jsonl {
			fmt.Fprintln(d.w, "Resources")
		}
	}
	d.resources[string(c.Kind)]++
	if d.jsonl {
		return d.line(map[string]any{"what": "resource", "kind": c.Kind, "type": c.Type, "resource": c.Key, "name": c.Name, "account": c.Account, "region": c.Region, "parts": c.Parts})
	}
	if _, err := fmt.Fprintf(d.w, "  %-7s %s  %s\n", c.Kind, c.Type, report.Clean(c.Key)); err != nil {
		return err
	}
	for _, p := range c.Parts {
		if _, err := fmt.Fprintf(d.w, "            %s: %s → %s\n", report.Clean(p.Path), short(p.Before), short(p.After)); err != nil {
			return err
		}
	}
	return nil
}

func (d *differences) findings(was, is []merlon.Finding) error {
	index := func(list []merlon.Finding) map[string]*merlon.Finding {
		m := make(map[string]*merlon.Finding, len(list))
		for i := range list {
			m[list[i].ID] = &list[i]
		}
		return m
	}
	before, after := index(was), index(is)
	d.found = map[string]int{}
	say := func(kind string, f *merlon.Finding, then merlon.Verdict) error {
		if len(d.found) == 0 && !d.jsonl {
			fmt.Fprintln(d.w, "Findings")
		}
		d.found[kind]++
		if d.jsonl {
			return d.line(map[string]any{"what": "finding", "kind": kind, "id": f.ID, "control": f.Control, "resource": f.Resource, "account": f.Account, "region": f.Region, "severity": f.Severity, "verdict": f.Verdict, "before": then, "message": f.Message})
		}
		_, err := fmt.Fprintf(d.w, "  %-7s %-8s %s  %s\n            %s\n", kind, f.Severity, f.Control, report.Clean(f.Resource), report.Clean(f.Message))
		return err
	}
	for i := range is {
		f := &is[i]
		old := before[f.ID]
		switch {
		case old == nil:
			if err := say("added", f, ""); err != nil {
				return err
			}
		case old.Verdict != f.Verdict:
			if err := say("changed", f, old.Verdict); err != nil {
				return err
			}
		}
	}
	for i := range was {
		if after[was[i].ID] == nil {
			if err := say("gone", &was[i], was[i].Verdict); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *differences) end() error {
	if d.jsonl {
		return nil
	}
	_, err := fmt.Fprintf(d.w, "resources: %d added, %d gone, %d changed; findings: %d added, %d gone, %d changed\n",
		d.resources["added"], d.resources["gone"], d.resources["changed"], d.found["added"], d.found["gone"], d.found["changed"])
	return err
}

func (d *differences) line(v any) error {
	text, err := report.JSON(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(d.w, "%s\n", text)
	return err
}

// short is a value that fits a line.
func short(v []byte) string {
	s := report.Clean(string(v))
	if r := []rune(s); len(r) > 80 {
		s = string(r[:79]) + "…"
	}
	return s
}
