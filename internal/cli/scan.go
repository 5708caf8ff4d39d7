package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"merlon.dev/merlon"
	"merlon.dev/merlon/frameworks"
	"merlon.dev/merlon/internal/config"
	"merlon.dev/merlon/internal/report"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/posture"
)

// judgement is how a scan judges and reports, beside its input.
type judgement struct {
	formats  []string
	verdicts []string
	failOn   string
	folders  []string // --controls
	only     []string // --control
	baseline string
	all      bool
}

func newScan(env Environment) *cobra.Command {
	in := &input{env: env}
	j := &judgement{}
	c := &cobra.Command{
		Use:   "scan",
		Short: "Judge accounts, a snapshot or a template by every control",
		Long: `Scan judges an inventory by every control and reports what fails and what could
not be told. The inventory is the account of the current credentials, the whole
organization, a snapshot, a folder of AWS CLI output or CloudFormation templates;
the controls are the same for all of them.
` + exitHelp,
		Example: `  merlon scan
  merlon scan --format terminal --format html=report.html --format jsonl=findings.jsonl
  merlon scan --organization --role MerlonReadOnly --external-id 7f3c
  merlon scan --snapshot acme.db --fail-on medium
  merlon scan --cloudformation template.yaml --format sarif=merlon.sarif
  merlon scan --snapshot today.db --baseline yesterday.jsonl   only what is new fails`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := in.prepare(c); err != nil {
				return err
			}
			if !c.Flags().Changed("fail-on") && in.config.Scan.FailOn != "" {
				j.failOn = in.config.Scan.FailOn
			}
			return in.scan(c.Context(), j)
		},
	}
	in.addFlags(c.Flags(), false)
	in.addLastAccessed(c.Flags())
	f := c.Flags()
	f.StringVarP(&in.output, "output", "o", "", "keep the snapshot in `FILE` (default: the user's cache folder)")
	j.addReportFlags(c, "high")
	f.StringVar(&j.baseline, "baseline", "", "a jsonl report `FILE` of an earlier scan: only what is not in it counts for the exit code")
	j.addFlags(c)
	return c
}

// addReportFlags registers the flags that say what is reported and when it fails.
func (j *judgement) addReportFlags(c *cobra.Command, failOn string) {
	f := c.Flags()
	f.StringArrayVar(&j.formats, "format", nil, "report `NAME[=FILE]`: "+strings.Join(report.FormatNames(), ", ")+" (repeatable; default terminal)")
	f.StringSliceVar(&j.verdicts, "verdicts", []string{"fail", "unknown"}, "verdicts to list one by one: fail, unknown, pass, not-applicable")
	f.StringVar(&j.failOn, "fail-on", failOn, "exit with 3 when something of this `SEVERITY` or above fails: critical, high, medium, low, info or none")
	f.BoolVar(&j.all, "all", false, "do not shorten long lists in the terminal and Markdown reports")
}

// addFlags registers the flags that choose controls.
func (j *judgement) addFlags(c *cobra.Command) {
	c.Flags().StringArrayVar(&j.folders, "controls", nil, "a `DIR` of your own controls, besides the built-in ones (repeatable)")
	c.Flags().StringArrayVar(&j.only, "control", nil, "only controls whose id matches `PATTERN`, or !PATTERN to leave out (* for any text; repeatable)")
}

// parse checks the flags before anything is read.
func (j *judgement) parse() (verdicts []merlon.Verdict, failOn int, err error) {
	for _, v := range j.verdicts {
		p, err := merlon.ParseVerdict(v)
		if err != nil {
			return nil, 0, usage("--verdicts: %w", err)
		}
		verdicts = append(verdicts, p)
	}
	if j.failOn == "none" {
		return verdicts, -1, nil
	}
	s, err := merlon.ParseSeverity(j.failOn)
	if err != nil {
		return nil, 0, usage("--fail-on: %w, or none", err)
	}
	return verdicts, s.Rank(), nil
}

// selects applies --control to an id.
func (j *judgement) selects(id string) bool {
	include, any := false, false
	for _, p := range j.only {
		if x, ok := strings.CutPrefix(p, "!"); ok {
			if config.Match(x, id) {
				return false
			}
			continue
		}
		any = true
		include = include || config.Match(p, id)
	}
	return include || !any
}

func (in *input) scan(ctx context.Context, j *judgement) error {
	verdicts, failOn, err := j.parse()
	if err != nil {
		return err
	}
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		return err
	}
	if in.dry {
		return in.dryRun(ctx, schemas)
	}
	catalog, err := loadControls(schemas, append(slices.Clone(in.config.Scan.Controls), j.folders...))
	if err != nil {
		return err
	}
	known, err := readBaseline(j.baseline)
	if err != nil {
		return err
	}
	out, err := report.Open(j.formats, report.Config{Stdout: in.env.Stdout, Terminal: in.env.Terminal, Width: in.env.Width, Getenv: in.env.Getenv, Verdicts: verdicts, All: j.all})
	if err != nil {
		if errors.Is(err, report.ErrFormat) {
			return usage("%w", err)
		}
		return err
	}
	defer out.Abort()
	s, err := in.open(ctx, schemas)
	if err != nil {
		return err
	}
	defer s.Close()
	worst, err := in.judge(ctx, j, s, catalog, known, out, verdicts)
	if err != nil {
		return err
	}
	for _, f := range out.Files() {
		if !in.quiet {
			fmt.Fprintf(in.env.Stderr, "%s report: %s\n", f.Format.Name, report.Clean(f.Path))
		}
	}
	return worst.exit(failOn)
}

// outcome is what decides the exit code.
type outcome struct {
	// worst is the rank of the worst finding that counts; -1 for none.
	worst int
	// gaps is how many gaps nobody accepted.
	gaps int
}

func (o outcome) exit(failOn int) error {
	switch {
	case failOn >= 0 && o.worst >= 0 && o.worst <= failOn:
		return &exitError{code: exitFindings}
	case o.gaps > 0 && failOn >= 0:
		return &exitError{code: exitIncomplete}
	}
	return nil
}

// judge runs the controls over a snapshot into the reports.
func (in *input) judge(ctx context.Context, j *judgement, s *inventory.Snapshot, catalog *posture.Catalog, known map[string]bool, out *report.Output, verdicts []merlon.Verdict) (outcome, error) {
	now := in.env.Now()
	result := outcome{worst: -1}
	run, err := in.begin(ctx, s, catalog, now)
	if err != nil {
		return result, err
	}
	for _, g := range run.Gaps {
		if g.Accepted == "" {
			result.gaps++
		}
	}
	if err := out.Begin(run); err != nil {
		return result, err
	}
	handled := append([]merlon.Verdict{merlon.Fail, merlon.UnknownResult}, verdicts...)
	opts := posture.Options{Verdicts: handled, Parameters: in.config.Parameters, Select: func(c *posture.Control) bool { return j.selects(c.ID) }}
	roomy, err := in.roomy(ctx, s)
	if err != nil {
		return result, err
	}
	defer roomy()
	sum, err := catalog.Run(ctx, s, opts, func(f *merlon.Finding) error {
		if f.Verdict == merlon.Fail || f.Verdict == merlon.UnknownResult {
			f.Excepted = in.config.Except(f, now)
			f.Known = known[f.ID]
		}
		if f.Verdict == merlon.Fail && f.Excepted == nil && !f.Known && (result.worst < 0 || f.Severity.Rank() < result.worst) {
			result.worst = f.Severity.Rank()
		}
		return out.Finding(f)
	})
	if err != nil {
		return result, err
	}
	for id, accounts := range sum.Counts {
		c, ok := catalog.Control(id)
		if !ok {
			continue
		}
		for account, t := range accounts {
			for v, n := range map[merlon.Verdict]int{merlon.Pass: t.Pass, merlon.NotApplicable: t.NotApplicable} {
				if !slices.Contains(handled, v) {
					out.Count(id, account, c.Severity, v, n)
				}
			}
		}
	}
	end, err := in.end(ctx, s)
	if err != nil {
		return result, err
	}
	return result, out.End(end)
}

// From manyResources on the heap may grow to three times what is in use while
// controls run: documents live for as long as they are judged, and collecting them
// less often saves a twelfth of the time for some 20 MB.
// Up to fewResources the heap is kept near what is in use: what the engines leave
// behind would otherwise be half of the memory (175 MB instead of 140 for 3,251
// resources, for a fifth more time).
const (
	manyResources = 200_000
	judgingGC     = 200
	fewResources  = 20_000
	judgingHeap   = 80 << 20
)

// roomy sets the garbage collector for the run of controls over few or many resources,
// unless the user did, and gives what sets it back.
func (in *input) roomy(ctx context.Context, s *inventory.Snapshot) (back func(), err error) {
	back = func() {}
	if in.env.Getenv("GOGC") != "" || in.env.Getenv("GOMEMLIMIT") != "" {
		return back, nil
	}
	types, err := s.Types(ctx)
	if err != nil {
		return back, err
	}
	n := 0
	for _, t := range types {
		n += t.Count
	}
	switch {
	case n >= manyResources:
		before := debug.SetGCPercent(judgingGC)
		back = func() { debug.SetGCPercent(before) }
	case n <= fewResources:
		before := debug.SetMemoryLimit(judgingHeap)
		back = func() { debug.SetMemoryLimit(before) }
	}
	return back, nil
}

// begin is what the reports say before the first finding.
func (in *input) begin(ctx context.Context, s *inventory.Snapshot, catalog *posture.Catalog, now time.Time) (*report.Run, error) {
	m := s.Meta()
	run := &report.Run{Version: version, Started: m.Started, Controls: map[string]*posture.Control{}}
	run.Scope = report.Scope{Source: string(m.Kind), Path: s.Path(), Templates: in.templates, Services: in.live.Services}
	if m.Kind != inventory.KindLive {
		run.Scope.Path = m.Source
	}
	if in.title != "" {
		run.Scope.Path = in.title
	}
	regions := map[merlon.Region]bool{}
	for _, a := range m.Accounts {
		run.Scope.Accounts = append(run.Scope.Accounts, report.Account{ID: a.ID, Name: a.Name})
		for _, r := range a.Regions {
			regions[r] = true
		}
	}
	for r := range regions {
		run.Scope.Regions = append(run.Scope.Regions, r)
	}
	slices.Sort(run.Scope.Regions)
	for _, c := range catalog.Controls() {
		run.Controls[c.ID] = c
	}
	all, err := frameworks.Load()
	if err != nil {
		return nil, err
	}
	run.Frameworks, run.Requirements = map[string]string{}, map[string]string{}
	for id, f := range all {
		run.Frameworks[id] = f.Title
		for req, r := range f.Requirements {
			run.Requirements[id+"/"+req] = r.Title
		}
	}
	err = s.Gaps(ctx, func(g *merlon.Gap) error {
		gap := *g
		gap.Accepted = in.config.AcceptGap(g, now)
		run.Gaps = append(run.Gaps, gap)
		return nil
	})
	return run, err
}

// end is what the reports say after the last finding.
func (in *input) end(ctx context.Context, s *inventory.Snapshot) (*report.Summary, error) {
	sum := &report.Summary{Finished: s.Meta().Finished, Resources: map[string]int{}, Calls: map[string]report.Calls{}, Warnings: append(in.config.Warnings(in.env.Now()), in.notes...)}
	types, err := s.Types(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range types {
		sum.Resources[t.Type] = t.Count
	}
	calls, err := s.Calls(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range calls {
		service, _, _ := strings.Cut(c.Call, ":")
		t := sum.Calls[service]
		t.Calls += c.Calls
		t.Retries += max(0, c.Attempts-c.Calls)
		t.Throttles += c.Throttles
		sum.Calls[service] = t
	}
	return sum, nil
}

// readBaseline reads the ids of the findings in an earlier jsonl report.
func readBaseline(path string) (map[string]bool, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read baseline: %w", err)
	}
	defer f.Close()
	known := map[string]bool{}
	r := bufio.NewReaderSize(f, 1<<20)
	for line := 1; ; line++ {
		text, err := r.ReadBytes('\n')
		if len(text) > 0 {
			var v struct {
				ID      string `json:"id"`
				Control string `json:"control"`
			}
			if jerr := json.Unmarshal(text, &v); jerr != nil || v.ID == "" || v.Control == "" {
				return nil, hint(fmt.Errorf("read baseline %s line %d: not a finding", path, line), "--baseline takes a report that --format jsonl=FILE wrote")
			}
			known[v.ID] = true
		}
		if errors.Is(err, io.EOF) {
			return known, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read baseline: %w", err)
		}
	}
}
