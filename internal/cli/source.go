package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"merlon.dev/merlon"
	"merlon.dev/merlon/internal/config"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/iac"
	"merlon.dev/merlon/inventory/live"
)

// input is where a command takes an inventory from: exactly one of a snapshot, a
// CLI folder, templates, or live AWS.
type input struct {
	env Environment

	configPath string
	snapshot   string
	awscli     string
	templates  []string
	parameters map[string]string

	live      live.Options
	perSecond float64
	resume    bool
	maxAge    time.Duration
	record    string
	output    string
	quiet     bool
	dry       bool
	// accessed also reads what each user and role used (--last-accessed).
	accessed bool

	// title stands for the source in reports, where its path says nothing.
	title string

	config *config.Config
	// notes are what a loader has to say that is no finding; reports show them.
	notes []string
}

// addFlags registers the flags for every input; live alone for collect.
func (in *input) addFlags(f *pflag.FlagSet, liveOnly bool) {
	f.StringVar(&in.configPath, "config", "", "read this merlon.yaml instead of looking for one")
	if !liveOnly {
		f.StringVar(&in.snapshot, "snapshot", "", "read a snapshot `FILE` that `merlon collect` wrote")
		f.StringArrayVar(&in.templates, "cloudformation", nil, "read a CloudFormation template `FILE` (repeatable)")
		f.StringToStringVar(&in.parameters, "parameter", nil, "a template parameter, `NAME=VALUE` (repeatable)")
	}
	f.StringVar(&in.awscli, "awscli", "", "read a `DIR` of AWS CLI output (CloudMapper's layout, or --record)")
	f.StringVar(&in.live.Profile, "profile", "", "AWS profile (default $AWS_PROFILE, or the environment's credentials)")
	f.BoolVar(&in.live.Organization, "organization", false, "read every account of the organization (needs --role)")
	f.StringVar(&in.live.Role, "role", "", "role `NAME` to assume in each account")
	f.StringVar(&in.live.ExternalID, "external-id", "", "external id that the role's trust asks for")
	f.StringToStringVar(&in.live.SessionTags, "session-tag", nil, "session tag `KEY=VALUE` for the assumed role (repeatable)")
	f.StringArrayVar(&in.live.Accounts, "account", nil, "account `ID` to read, or !ID to leave out (repeatable)")
	f.StringArrayVar(&in.live.Regions, "region", nil, "`REGION` to read, or !REGION to leave out (repeatable; default all that are opted in)")
	f.StringArrayVar(&in.live.Services, "service", nil, "`SERVICE` to read, or !SERVICE to leave out (repeatable)")
	f.StringVar(&in.live.EndpointURL, "endpoint-url", "", "send the calls to `URL` instead of AWS (an emulator)")
	f.Float64Var(&in.perSecond, "max-calls-per-second", 0, "limit on all calls together (default: only the limits of each service)")
	f.IntVar(&in.live.Parallel, "parallel", 32, "calls made at a time")
	f.StringVar(&in.record, "record", "", "also write what AWS answered to `DIR` as AWS CLI output, secrets taken out")
	f.BoolVar(&in.dry, "dry-run", false, "print the number and kinds of calls instead of making them")
	f.BoolVar(&in.resume, "resume", false, "go on with the last unfinished scan of the same scope")
	f.DurationVar(&in.maxAge, "max-age", 0, "use a snapshot of the same scope that is younger than this, such as 1h")
	f.BoolVarP(&in.quiet, "quiet", "q", false, "no progress and no summary of calls")
}

// addLastAccessed registers the flag for what costs calls for each user and role.
func (in *input) addLastAccessed(f *pflag.FlagSet) {
	f.BoolVar(&in.accessed, "last-accessed", false, "also read which services and actions each IAM user and role used, and when (two calls or more for each)")
}

// services are the collectors that the flags choose.
func (in *input) services() ([]*live.Service, error) {
	services, err := live.Select(live.Services(), in.live.Services)
	if err != nil {
		return nil, usage("%w", err)
	}
	if in.accessed {
		if !slices.ContainsFunc(services, func(s *live.Service) bool { return s.Name == "iam" }) {
			return nil, usage("--last-accessed is read by the service iam, which --service leaves out")
		}
		services = live.LastAccessed(services)
	}
	return services, nil
}

// prepare reads merlon.yaml and fills in what the flags leave open.
func (in *input) prepare(c *cobra.Command) error {
	path := in.configPath
	if path == "" {
		path = config.Find(in.env.Dir, in.env.ConfigDir)
	}
	cfg, err := config.Load(path)
	if err != nil {
		return err
	}
	in.config = cfg
	changed := c.Flags().Changed
	if !changed("organization") && !changed("account") {
		in.live.Organization = cfg.Scan.Organization
	}
	if !changed("role") && (in.live.Organization || changed("account")) {
		in.live.Role = cfg.Scan.Role
	}
	if !changed("external-id") {
		in.live.ExternalID = cfg.Scan.ExternalID
	}
	for name, pair := range map[string]struct{ to, from *[]string }{
		"account": {&in.live.Accounts, &cfg.Scan.Accounts}, "region": {&in.live.Regions, &cfg.Scan.Regions}, "service": {&in.live.Services, &cfg.Scan.Services},
	} {
		if !changed(name) {
			*pair.to = *pair.from
		}
	}
	for _, a := range in.live.Accounts {
		if !merlon.AccountID(strings.TrimPrefix(a, "!")).Valid() {
			return usage("--account %q: an account id has twelve digits", a)
		}
	}
	if in.live.Parallel < 1 {
		return usage("--parallel %d: at least one call at a time", in.live.Parallel)
	}
	given := 0
	for _, g := range []bool{in.snapshot != "", in.awscli != "", len(in.templates) > 0} {
		if g {
			given++
		}
	}
	if given > 1 {
		return usage("--snapshot, --awscli and --cloudformation exclude each other")
	}
	if in.accessed && (in.snapshot != "" || len(in.templates) > 0) {
		return usage("--last-accessed is for reading accounts, not for --snapshot and --cloudformation")
	}
	in.live.Limits = live.DefaultLimits()
	in.live.Budget = live.NewBudget(in.perSecond, in.env.Now)
	return nil
}

// open gives the snapshot of whatever the flags name, collecting it if need be.
func (in *input) open(ctx context.Context, schemas *inventory.SchemaSet) (*inventory.Snapshot, error) {
	switch {
	case in.snapshot != "":
		s, err := inventory.Open(ctx, in.snapshot, schemas)
		if err != nil {
			return nil, err
		}
		if s.Unfinished() {
			s.Close()
			return nil, hint(fmt.Errorf("read snapshot %s: %w", in.snapshot, inventory.ErrUnfinished), "finish it with `merlon collect --resume -o %s`", in.snapshot)
		}
		return s, nil
	case len(in.templates) > 0:
		return in.template(ctx, schemas)
	}
	path, err := in.collect(ctx, schemas)
	if err != nil {
		return nil, err
	}
	return inventory.Open(ctx, path, schemas)
}

// opened opens what the flags name, reads it and closes it.
func (in *input) opened(ctx context.Context, read func(*inventory.Snapshot) error) error {
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		return err
	}
	s, err := in.open(ctx, schemas)
	if err != nil {
		return err
	}
	defer s.Close()
	return read(s)
}

// template loads CloudFormation templates into a snapshot: in memory, unless -o
// names a file.
func (in *input) template(ctx context.Context, schemas *inventory.SchemaSet) (*inventory.Snapshot, error) {
	now := in.env.Now()
	path := in.output
	if path == "" {
		path = "memory:" + merlon.HashID(append([]string{now.String()}, in.templates...)...)
	}
	meta := inventory.Meta{Kind: inventory.KindTemplate, Version: version, Source: strings.Join(in.templates, " "), Started: now}
	b, err := inventory.Create(ctx, path, schemas, meta)
	if err != nil {
		return nil, err
	}
	opts := iac.Options{Parameters: in.parameters, Now: now}
	for _, a := range in.live.Accounts {
		opts.Account = merlon.AccountID(a)
	}
	for _, r := range in.live.Regions {
		opts.Region = merlon.Region(r)
	}
	result, err := iac.CloudFormation(ctx, b, schemas, in.templates, opts)
	if err != nil {
		b.Close()
		return nil, err
	}
	for _, n := range result.Notes {
		in.notes = append(in.notes, n.String())
	}
	meta.Accounts, meta.Services, meta.Finished = result.Accounts, result.Services, in.env.Now()
	return b.FinishOpen(ctx, meta)
}

// scope identifies what was asked for, so that only a scan of the same may be
// resumed or reused.
func (in *input) scope(account merlon.AccountID) string {
	o := in.live
	words := []string{string(account), fmt.Sprint(o.Organization), o.Role, o.EndpointURL}
	for _, list := range [][]string{o.Accounts, o.Regions, o.Services} {
		sorted := slices.Sorted(slices.Values(list))
		words = append(words, strings.Join(sorted, ","))
	}
	// A scan without the flag keeps the id it always had.
	if in.accessed {
		words = append(words, "last-accessed")
	}
	return merlon.HashID(words...)
}

// snapshots is the folder in which scans without -o keep theirs.
func (in *input) snapshots() (string, error) {
	if in.env.CacheDir == "" {
		return "", hint(errors.New("there is no cache folder to keep the snapshot in"), "set HOME or XDG_CACHE_HOME, or name a file with -o")
	}
	dir := filepath.Join(in.env.CacheDir, "merlon", "snapshots")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder for snapshots: %w", err)
	}
	return dir, nil
}
