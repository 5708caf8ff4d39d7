package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// Target is one account to read.
type Target struct {
	ID        merlon.AccountID
	Name      string
	Partition merlon.Partition
	// Regions are those in scope and opted in.
	Regions []merlon.Region
	// Open makes the source ready for the account (assumes its role) and may
	// narrow its regions; nil where there is nothing to do.
	Open func(ctx context.Context, t *Target) error
	// Close is called when the account has been read; nil for nothing to do.
	Close func()
}

// Walk reads accounts into a snapshot.
type Walk struct {
	Services []*Service
	Targets  []Target
	Source   Source
	Schemas  *inventory.SchemaSet
	Progress Progress
	// Recorder writes what AWS answered; nil for none.
	Recorder Recorder
	// Accounts and Units are how many are read at a time.
	Accounts, Units int
	// Now is the clock of the scan.
	Now func() time.Time

	ids []merlon.AccountID // of the targets
}

// unit is one piece of work.
type unit struct {
	target  *Target
	region  merlon.Region
	service *Service
}

// units are the pieces of one account, the global services first.
func (w *Walk) units(t *Target) []unit {
	var out []unit
	global := t.Partition.GlobalRegion()
	for _, s := range w.Services {
		if s.Global && !slices.Contains(s.NotIn, string(t.Partition)) {
			out = append(out, unit{t, global, s})
		}
	}
	for _, r := range t.Regions {
		for _, s := range w.Services {
			if !s.Global && !slices.Contains(s.NotIn, string(t.Partition)) {
				out = append(out, unit{t, r, s})
			}
		}
	}
	return out
}

// Run reads everything that the builder does not hold yet. What cannot be read
// becomes a Gap; an error means that the snapshot is unfinished.
func (w *Walk) Run(ctx context.Context, b *inventory.Builder) error {
	done, err := b.Finished(ctx)
	if err != nil {
		return err
	}
	names := newNameIndex()
	w.ids = nil
	for i := range w.Targets {
		w.ids = append(w.ids, w.Targets[i].ID)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	accounts := make(chan struct{}, max(1, w.Accounts))
	slots := make(chan struct{}, max(1, w.Units))
	var (
		wg      sync.WaitGroup
		mu      sync.Mutex
		expired []error
	)
	for i := range w.Targets {
		t := &w.Targets[i]
		accounts <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-accounts }()
			err := w.account(ctx, b, t, done, slots, names)
			if errors.Is(err, ErrExpired) {
				// The other accounts have credentials of their own.
				mu.Lock()
				expired = append(expired, fmt.Errorf("account %s: %w", t.ID, err))
				mu.Unlock()
			} else if err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return errors.Join(expired...)
}

func (w *Walk) account(ctx context.Context, b *inventory.Builder, t *Target, done map[inventory.Unit]bool, slots chan struct{}, names *nameIndex) error {
	if t.Close != nil {
		defer t.Close()
	}
	var closed error
	if t.Open != nil {
		if closed = t.Open(ctx, t); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if w.Recorder != nil {
		if err := w.Recorder.Account(t, closed); err != nil {
			return fmt.Errorf("record account %s: %w", t.ID, err)
		}
	}
	var todo []unit
	for _, u := range w.units(t) {
		if !done[inventory.Unit{Account: t.ID, Region: u.region, Service: u.service.Name}] {
			todo = append(todo, u)
		}
	}
	w.Progress.Planned(len(todo))
	if closed != nil && causeFor(closed) == merlon.CauseExpired {
		// Whoever assumes the role has to sign in again; what is not finished is
		// read by --resume.
		return spent(closed)
	}
	if closed != nil {
		return w.closed(ctx, b, t, todo, closed)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, u := range todo {
		slots <- struct{}{}
		if ctx.Err() != nil {
			<-slots
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := w.unit(ctx, b, u, names); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// closed records that an account could not be entered at all: every type in it
// is a gap, and the scan of the others goes on.
func (w *Walk) closed(ctx context.Context, b *inventory.Builder, t *Target, todo []unit, cause error) error {
	for _, u := range todo {
		uw, err := b.Begin(ctx, inventory.Unit{Account: t.ID, Region: u.region, Service: u.service.Name}, w.Now())
		if err != nil {
			return err
		}
		g := &merlon.Gap{Call: "sts:AssumeRole", Account: t.ID, Region: u.region, Types: u.service.AllTypes(), Cause: causeFor(cause), Code: code(cause), Message: message(cause)}
		action := "sts:AssumeRole"
		var entry *entryError
		if errors.As(cause, &entry) {
			g.Call, action = entry.call, entry.action
		}
		if g.Cause == merlon.CauseDenied {
			g.Actions = []string{action}
			g.Statement = grant(g.Actions)
		}
		if err := uw.Gap(ctx, g); err != nil {
			return err
		}
		if err := uw.Done(ctx, w.Now()); err != nil {
			return err
		}
		w.Progress.Done(t.ID, u.region, u.service.Name)
	}
	return nil
}

// empty reports whether the source holds nothing of a service in a place. The
// account and the region themselves are always there.
func (w *Walk) empty(u unit) bool {
	sparse, ok := w.Source.(Sparse)
	if !ok || len(u.service.Operations) == 0 || slices.Contains(u.service.Types, accountType) {
		return false
	}
	return !sparse.Holds(Place{u.target.ID, u.region}, u.service.Operations)
}

// missing records a service of which a recording holds nothing as one Gap over
// all its types, under the name of the first of its calls.
func (w *Walk) missing(ctx context.Context, uw *inventory.UnitWriter, u unit) error {
	g := &merlon.Gap{Call: u.service.Operations[0].Call(), Account: u.target.ID, Region: u.region, Types: u.service.AllTypes(), Cause: merlon.CauseNotRecorded,
		Message: fmt.Sprintf("the recording holds no call of %s here", u.service.Title)}
	if err := uw.Gap(ctx, g); err != nil {
		return err
	}
	if err := uw.Done(ctx, w.Now()); err != nil {
		return err
	}
	w.Progress.Done(u.target.ID, u.region, u.service.Name)
	return nil
}

func (w *Walk) unit(ctx context.Context, b *inventory.Builder, u unit, names *nameIndex) error {
	uw, err := b.Begin(ctx, inventory.Unit{Account: u.target.ID, Region: u.region, Service: u.service.Name}, w.Now())
	if err != nil {
		return err
	}
	if w.empty(u) {
		return w.missing(ctx, uw, u)
	}
	s := &Scope{Account: u.target.ID, AccountName: u.target.Name, Region: u.region, Partition: u.target.Partition, Accounts: w.ids, Regions: u.target.Regions, Now: w.Now(),
		service: u.service, source: w.Source, writer: uw, schemas: w.Schemas, names: names, parallel: 8,
		recorder: w.Recorder, progress: w.Progress, callers: map[merlon.Region]Caller{}}
	if err := u.service.Collect(ctx, s); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if errors.Is(err, ErrExpired) {
			return err
		}
		return fmt.Errorf("read %s in %s/%s: %w", u.service.Name, u.target.ID, u.region, err)
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := uw.Done(ctx, w.Now()); err != nil {
		return err
	}
	w.Progress.Done(u.target.ID, u.region, u.service.Name)
	return nil
}
