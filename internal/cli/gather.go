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

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/awscli"
	"merlon.dev/merlon/inventory/live"
)

// collect reads live AWS, or a folder of CLI output, into a snapshot file and
// returns its path.
func (in *input) collect(ctx context.Context, schemas *inventory.SchemaSet) (string, error) {
	services, err := in.services()
	if err != nil {
		return "", err
	}
	if in.awscli != "" {
		return in.replay(ctx, schemas, services)
	}
	session, err := live.Connect(ctx, in.live)
	if err != nil {
		return "", err
	}
	scope := in.scope(session.Account)
	if in.maxAge > 0 {
		if path := in.reusable(ctx, schemas, scope); path != "" {
			return path, nil
		}
	}
	targets, err := session.Targets(ctx)
	if err != nil {
		return "", err
	}
	b, meta, err := in.builder(ctx, schemas, scope)
	if err != nil {
		return "", err
	}
	meta.Kind, meta.Version, meta.Source, meta.Scope = inventory.KindLive, version, session.Caller, scope
	return in.run(ctx, &live.Walk{Services: services, Targets: targets, Source: session.Source(), Schemas: schemas}, b, meta)
}

// replay reads a folder of AWS CLI output as if it were AWS.
func (in *input) replay(ctx context.Context, schemas *inventory.SchemaSet, services []*live.Service) (string, error) {
	folder, targets, err := awscli.Open(in.awscli)
	if err != nil {
		return "", err
	}
	defer folder.Close()
	targets, err = live.Narrow(targets, in.live)
	if err != nil {
		return "", usage("%w", err)
	}
	dir, err := filepath.Abs(in.awscli)
	if err != nil {
		return "", err
	}
	scope := merlon.HashID("awscli", dir, in.scope(""))
	b, meta, err := in.builder(ctx, schemas, scope)
	if err != nil {
		return "", err
	}
	meta.Kind, meta.Version, meta.Source, meta.Scope = inventory.KindAWSCLI, version, dir, scope
	return in.run(ctx, &live.Walk{Services: services, Targets: targets, Source: folder, Schemas: schemas}, b, meta)
}

// run walks the targets and finishes the snapshot.
func (in *input) run(ctx context.Context, walk *live.Walk, b *inventory.Builder, meta inventory.Meta) (string, error) {
	accounts := func() {
		meta.Accounts = nil
		for _, t := range walk.Targets {
			meta.Accounts = append(meta.Accounts, inventory.Account{ID: t.ID, Name: t.Name, Regions: t.Regions})
		}
	}
	walk.Accounts, walk.Units, walk.Now = 4, 2*in.live.Parallel, in.env.Now
	if in.record != "" {
		recorder, err := awscli.NewRecorder(in.record, in.resume)
		if err != nil {
			b.Close()
			return "", err
		}
		defer recorder.Close()
		walk.Recorder = recorder
	}
	meta.Services = nil
	for _, s := range walk.Services {
		meta.Services = append(meta.Services, s.Meta())
	}
	accounts()
	if err := b.SetMeta(ctx, meta); err != nil {
		b.Close()
		return "", err
	}
	p := newProgress(in.env, len(walk.Targets), in.quiet)
	walk.Progress = p
	err := walk.Run(ctx, b)
	p.stop()
	if err != nil {
		if cerr := b.Close(); cerr != nil && !errors.Is(err, inventory.ErrFull) {
			err = errors.Join(err, cerr)
		}
		if errors.Is(err, context.Canceled) {
			return "", hint(fmt.Errorf("interrupted; what was read is in %s", b.Path()), "go on where it stopped with --resume")
		}
		return "", err
	}
	accounts() // each account's regions are known now
	meta.Finished = in.env.Now()
	if err := b.Finish(ctx, meta); err != nil {
		return "", err
	}
	return b.Path(), nil
}

// builder makes a new snapshot file, or opens the unfinished one.
func (in *input) builder(ctx context.Context, schemas *inventory.SchemaSet, scope string) (*inventory.Builder, inventory.Meta, error) {
	path := in.output
	if path == "" {
		dir, err := in.snapshots()
		if err != nil {
			return nil, inventory.Meta{}, err
		}
		if in.resume {
			if path = in.unfinished(ctx, schemas, scope); path == "" {
				return nil, inventory.Meta{}, hint(errors.New("there is no unfinished scan of this scope to resume"), "scan without --resume")
			}
		} else {
			path = filepath.Join(dir, scope+"-"+in.env.Now().UTC().Format("20060102T150405.000000000")+".db")
		}
	}
	if in.resume {
		b, meta, err := inventory.Resume(ctx, path, schemas)
		if err != nil {
			return nil, inventory.Meta{}, err
		}
		switch {
		case meta.Scope != scope:
			err = hint(fmt.Errorf("resume %s: it was a scan of another scope", path), "use the same account, organization, region and service flags as then")
		case !meta.Finished.IsZero():
			err = fmt.Errorf("resume %s: that scan is finished", path)
		}
		if err != nil {
			b.Close()
			return nil, inventory.Meta{}, err
		}
		return b, meta, nil
	}
	if in.output != "" {
		if _, err := os.Lstat(path); err == nil {
			return nil, inventory.Meta{}, hint(fmt.Errorf("create snapshot %s: the file is there already", path), "name another file, or add --resume if its scan was interrupted")
		}
	}
	meta := inventory.Meta{Started: in.env.Now()}
	b, err := inventory.Create(ctx, path, schemas, meta)
	return b, meta, err
}

// kept lists the snapshots of a scope in the cache, newest first.
func (in *input) kept(scope string) []string {
	dir, err := in.snapshots()
	if err != nil {
		return nil
	}
	found, err := filepath.Glob(filepath.Join(dir, scope+"-*.db"))
	if err != nil {
		return nil
	}
	slices.Sort(found)
	slices.Reverse(found)
	return found
}

// unfinished is the newest unfinished snapshot of a scope, "" for none.
func (in *input) unfinished(ctx context.Context, schemas *inventory.SchemaSet, scope string) string {
	for _, path := range in.kept(scope) {
		if s, err := inventory.Open(ctx, path, schemas); err == nil {
			open := s.Unfinished()
			s.Close()
			if open {
				return path
			}
		}
	}
	return ""
}

// reusable is a finished snapshot of the scope that is young enough, "" for none.
func (in *input) reusable(ctx context.Context, schemas *inventory.SchemaSet, scope string) string {
	for _, path := range in.kept(scope) {
		if s, err := inventory.Open(ctx, path, schemas); err == nil {
			age := in.env.Now().Sub(s.Meta().Finished)
			finished := !s.Unfinished()
			s.Close()
			if finished && age >= 0 && age <= in.maxAge {
				return path
			}
		}
	}
	return ""
}

// progress draws one line on a terminal: accounts, regions, calls, time left.
type progress struct {
	counts  *counts
	stopped chan struct{}
	done    chan struct{}
}

func newProgress(env Environment, accounts int, quiet bool) *progress {
	p := &progress{counts: newCounts(accounts, env.Now), stopped: make(chan struct{}), done: make(chan struct{})}
	if quiet || !env.ErrTerminal {
		close(p.done)
		return p
	}
	go func() {
		defer close(p.done)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				fmt.Fprintf(env.Stderr, "\r\x1b[K%s", p.counts.line(env.Now()))
			case <-p.stopped:
				fmt.Fprint(env.Stderr, "\r\x1b[K")
				return
			}
		}
	}()
	return p
}

func (p *progress) stop() {
	close(p.stopped)
	<-p.done
}

func (p *progress) Planned(n int) { p.counts.planned.Add(int64(n)) }

func (p *progress) Called(account merlon.AccountID, region merlon.Region, call string, attempts, throttles int) {
	p.counts.called(account, region, attempts, throttles)
}

func (p *progress) Done(merlon.AccountID, merlon.Region, string) { p.counts.done.Add(1) }

func thousands(n int64) string {
	s := fmt.Sprint(n)
	var b strings.Builder
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}
