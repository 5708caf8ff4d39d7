package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go/logging"

	"merlon.dev/merlon"
)

// ErrNoCredentials: the environment holds no AWS credentials.
var ErrNoCredentials = errors.New("no AWS credentials found")

// Options say which accounts, regions and services to read, and as whom.
type Options struct {
	Profile     string
	EndpointURL string
	// Role is the name (or path and name) of the role to assume in each account
	// of the organization, ExternalID and Tags what its trust asks for.
	Role        string
	ExternalID  string
	SessionTags map[string]string
	// Organization reads all accounts of the organization.
	Organization bool
	// Accounts, Regions and Services include; with a leading "!" they exclude.
	Accounts, Regions, Services []string
	// Parallel is how many calls are made at a time.
	Parallel int
	Budget   *Budget
	Limits   Limits
}

// Session is a checked set of credentials and what they may be used for.
type Session struct {
	opts      Options
	cfg       aws.Config
	source    *AWS
	Caller    string // the ARN of the caller
	Account   merlon.AccountID
	Partition merlon.Partition
}

// Connect finds credentials and asks AWS whose they are. The error wraps
// [ErrNoCredentials] where there are none.
func Connect(ctx context.Context, o Options) (*Session, error) {
	var load []func(*config.LoadOptions) error
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return nil, fmt.Errorf("load AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	cfg.HTTPClient = HTTPClient(cfg.HTTPClient, o.Parallel)
	// What the SDK would print of broken answers is in the gaps.
	cfg.Logger = logging.Nop{}
	// The few calls of the session itself are tried again by the SDK.
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts, r.MaxBackoff = o.Limits.Throttles, o.Limits.MaxBackoff })
	}
	if endpoint := cmpOr(o.EndpointURL, os.Getenv("AWS_ENDPOINT_URL")); endpoint != "" {
		cfg.BaseEndpoint = &endpoint
	}
	s := &Session{opts: o, cfg: cfg, source: NewAWS(o.Budget, o.Limits, o.Parallel)}
	short, cancel := s.limited(ctx)
	defer cancel()
	if _, err := cfg.Credentials.Retrieve(short); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: %s", ErrNoCredentials, message(err))
	}
	id, err := sts.NewFromConfig(cfg).GetCallerIdentity(short, &sts.GetCallerIdentityInput{})
	if err != nil {
		if isCredentials(err) {
			return nil, fmt.Errorf("%w: %s", ErrNoCredentials, message(err))
		}
		return nil, fmt.Errorf("ask AWS in %s who is calling: %w", cfg.Region, spent(err))
	}
	s.Caller, s.Account = aws.ToString(id.Arn), merlon.AccountID(aws.ToString(id.Account))
	if !s.Account.Valid() {
		return nil, fmt.Errorf("ask AWS who is calling: the answer names no account")
	}
	s.Partition = merlon.PartitionOf(merlon.Region(cfg.Region))
	if p, err := merlon.ParseARN(s.Caller); err == nil {
		s.Partition = p.Partition
	}
	s.source.Configure(s.Account, cfg)
	return s, nil
}

// limited bounds the calls of the session itself: one that hangs must not hold
// up the scan for ever.
func (s *Session) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 2*s.opts.Limits.Timeout)
}

// spent marks an error of expired credentials as [ErrExpired].
func spent(err error) error {
	if err != nil && causeFor(err) == merlon.CauseExpired {
		return fmt.Errorf("%w: %w", ErrExpired, err)
	}
	return err
}

// entryError is why an account could not be entered: the call that failed there.
type entryError struct {
	call, action string
	err          error
}

func (e *entryError) Error() string { return e.call + ": " + e.err.Error() }

func (e *entryError) Unwrap() error { return e.err }

// Source answers the calls of this session.
func (s *Session) Source() *AWS { return s.source }

// Targets finds the accounts in scope: the organization's, the ones named (with
// a role to assume in them), or the caller's own. The regions of an account are
// found when it is entered, each account having opted in for itself; an account
// that cannot be entered is a gap, not an error.
func (s *Session) Targets(ctx context.Context) ([]Target, error) {
	own := Target{ID: s.Account, Partition: s.Partition}
	accounts := []Target{own}
	switch {
	case s.opts.Organization:
		if s.opts.Role == "" {
			return nil, errors.New("reading an organization needs the name of the role to assume in each account (--role)")
		}
		var err error
		if accounts, err = s.organization(ctx); err != nil {
			return nil, err
		}
	case s.opts.Role != "":
		accounts = nil
		for _, a := range s.opts.Accounts {
			if !strings.HasPrefix(a, "!") {
				accounts = append(accounts, Target{ID: merlon.AccountID(a), Partition: s.Partition})
			}
		}
		if len(accounts) == 0 {
			return nil, errors.New("--role needs --organization, or --account for each account to assume it in")
		}
	}
	var out []Target
	for _, t := range accounts {
		if selected(s.opts.Accounts, string(t.ID)) {
			out = append(out, t)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no account is left: %d found, none matches %s", len(accounts), strings.Join(s.opts.Accounts, " "))
	}
	regions, err := s.regionsOf(ctx, s.cfg)
	if err != nil {
		return nil, err
	}
	for i := range out {
		t := &out[i]
		t.Regions = regions
		if t.ID != s.Account {
			t.Open = s.enter
			t.Close = func() { s.source.Forget(t.ID) }
		}
	}
	return out, nil
}

// regionsOf are the regions that are opted in and selected. A region named
// exactly is taken at its word, so that DescribeRegions need not be allowed.
func (s *Session) regionsOf(ctx context.Context, cfg aws.Config) ([]merlon.Region, error) {
	named := slices.ContainsFunc(s.opts.Regions, func(r string) bool { return !strings.HasPrefix(r, "!") })
	if named {
		var out []merlon.Region
		for _, r := range s.opts.Regions {
			if !strings.HasPrefix(r, "!") && selected(s.opts.Regions, r) {
				out = append(out, merlon.Region(r))
			}
		}
		slices.Sort(out)
		return slices.Compact(out), nil
	}
	short, cancel := s.limited(ctx)
	defer cancel()
	res, err := ec2.NewFromConfig(cfg).DescribeRegions(short, &ec2.DescribeRegionsInput{})
	if err != nil {
		return nil, fmt.Errorf("list the regions that are opted in (ec2:DescribeRegions): %w", spent(err))
	}
	var out []merlon.Region
	for _, r := range res.Regions {
		name := aws.ToString(r.RegionName)
		if aws.ToString(r.OptInStatus) != "not-opted-in" && selected(s.opts.Regions, name) {
			out = append(out, merlon.Region(name))
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		return nil, fmt.Errorf("no region is left: %d found, none matches %s", len(res.Regions), strings.Join(s.opts.Regions, " "))
	}
	return out, nil
}

// enter assumes the role in an account, makes the source ready for it and finds
// its regions.
func (s *Session) enter(ctx context.Context, t *Target) error {
	arn := fmt.Sprintf("arn:%s:iam::%s:role/%s", t.Partition, t.ID, strings.TrimPrefix(s.opts.Role, "/"))
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(s.cfg), arn, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "merlon"
		if s.opts.ExternalID != "" {
			o.ExternalID = &s.opts.ExternalID
		}
		for _, k := range sortedKeys(s.opts.SessionTags) {
			v := s.opts.SessionTags[k]
			o.Tags = append(o.Tags, ststypes.Tag{Key: &k, Value: &v})
		}
	})
	cfg := s.cfg.Copy()
	cfg.Credentials = aws.NewCredentialsCache(provider)
	short, cancel := s.limited(ctx)
	defer cancel()
	if _, err := cfg.Credentials.Retrieve(short); err != nil {
		return &entryError{"sts:AssumeRole", "sts:AssumeRole", err}
	}
	regions, err := s.regionsOf(ctx, cfg)
	if err != nil {
		return &entryError{"ec2:DescribeRegions", "ec2:DescribeRegions", err}
	}
	t.Regions = regions
	s.source.Configure(t.ID, cfg)
	return nil
}

// Narrow applies the account and region options to targets that were found
// elsewhere, in a recording.
func Narrow(targets []Target, o Options) ([]Target, error) {
	var out []Target
	for _, t := range targets {
		if !selected(o.Accounts, string(t.ID)) {
			continue
		}
		t.Regions = slices.DeleteFunc(slices.Clone(t.Regions), func(r merlon.Region) bool { return !selected(o.Regions, string(r)) })
		if len(t.Regions) > 0 {
			out = append(out, t)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("nothing is left: %d accounts found, none matches the accounts and regions asked for", len(targets))
	}
	return out, nil
}

// selected applies a list of names to include and, with "!", to exclude.
func selected(list []string, name string) bool {
	include, any := false, false
	for _, l := range list {
		if x, ok := strings.CutPrefix(l, "!"); ok {
			if x == name {
				return false
			}
			continue
		}
		any = true
		include = include || l == name
	}
	return include || !any
}

// Select gives the services that a list names, or the closest name in the error.
func Select(all []*Service, list []string) ([]*Service, error) {
	for _, l := range list {
		name := strings.TrimPrefix(l, "!")
		if !slices.ContainsFunc(all, func(s *Service) bool { return s.Name == name }) {
			var names []string
			for _, s := range all {
				names = append(names, s.Name)
			}
			return nil, fmt.Errorf("no service %q: there are %s", name, strings.Join(names, ", "))
		}
	}
	var out []*Service
	for _, s := range all {
		if selected(list, s.Name) {
			out = append(out, s)
		}
	}
	return out, nil
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
