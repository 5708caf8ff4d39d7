package posture

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// Snapshot is what controls are run over; [inventory.Snapshot] is one. Its
// methods may be called concurrently.
type Snapshot interface {
	Meta() inventory.Meta
	// Documents calls fn in the order of account, region and id.
	Documents(ctx context.Context, typ string, fn func(*inventory.Document) error) error
	Lookup(ctx context.Context, typ string, account merlon.AccountID, region merlon.Region, id string, fn func(*inventory.Document) error) error
	Related(ctx context.Context, from inventory.Subject, relation string, fn func(*inventory.Document) error) ([]merlon.Unknown, error)
	Coverage(typ string, account merlon.AccountID, region merlon.Region) inventory.Coverage
	Get(ctx context.Context, key string, fn func(*inventory.Document) error) error
}

// Options say how controls are run.
type Options struct {
	// Now is the time that ages are measured at; zero means when the snapshot was
	// begun, so that a saved snapshot always gives the same verdicts.
	Now time.Time
	// Verdicts are those the handler gets; nil means fail and unknown.
	Verdicts []merlon.Verdict
	// Select chooses among the controls; nil takes all.
	Select func(*Control) bool
	// Parameters replace the defaults of controls' parameters: control, then name.
	Parameters map[string]map[string]any
	// Workers evaluate at the same time; 0 means two.
	Workers int
}

// Tally counts verdicts.
type Tally struct {
	Pass, Fail, Unknown, NotApplicable int
	// OutOfScope is how many of Unknown no call of the scan could have settled.
	OutOfScope int
}

func (t *Tally) count(v merlon.Verdict, outOfScope bool) {
	switch v {
	case merlon.Pass:
		t.Pass++
	case merlon.Fail:
		t.Fail++
	case merlon.NotApplicable:
		t.NotApplicable++
	default:
		t.Unknown++
		if outOfScope {
			t.OutOfScope++
		}
	}
}

// Summary is what a run counted.
type Summary struct {
	// Resources is how many resources at least one control looked at.
	Resources int
	// Counts are the verdicts by control and account, of all verdicts whatever
	// the handler got. A control that ran has an entry, also without a verdict.
	Counts map[string]map[merlon.AccountID]Tally
	// OutOfScope are the controls that did not run: nothing of their type was
	// asked for. Sorted.
	OutOfScope []string
}

// Run judges every resource of a snapshot by every control on its type and
// calls handle with the findings of the wanted verdicts, from one goroutine, in
// the order of type, account, region, id and control. Where a list call was
// denied, each control on what it would have listed gives one unknown for the
// account and region.
//
// Memory does not grow with the snapshot. The error is that of the snapshot, of
// handle, of the context, or of a parameter that a control does not have.
func (c *Catalog) Run(ctx context.Context, snapshot Snapshot, opts Options, handle func(*merlon.Finding) error) (*Summary, error) {
	r, err := c.runner(snapshot, opts)
	if err != nil {
		return nil, err
	}
	return r.run(ctx, handle)
}

type runner struct {
	catalog  *Catalog
	snapshot Snapshot
	meta     inventory.Meta
	now      time.Time
	wanted   [4]bool
	workers  int
	plans    []*plan // by type
	skipped  []string
}

func (r *runner) run(ctx context.Context, handle func(*merlon.Finding) error) (*Summary, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan *batch, r.workers)
	order := make(chan *batch, 4*r.workers)

	engines := newEngines(r.snapshot, r.now)
	var workers sync.WaitGroup
	for range r.workers {
		workers.Go(func() {
			e := newEvaluator(ctx, r.snapshot, r.catalog.schemas, r.now, engines)
			for b := range work {
				if b.err = context.Cause(ctx); b.err == nil {
					b.err = r.judge(e, b)
				}
				close(b.done)
			}
		})
	}
	readErr := make(chan error, 1)
	go func() {
		err := r.read(ctx, work, order)
		close(work)
		close(order)
		readErr <- err
	}()

	s := &Summary{Counts: map[string]map[merlon.AccountID]Tally{}, OutOfScope: r.skipped}
	for _, p := range r.plans {
		for _, rule := range p.rules {
			s.Counts[rule.ID] = map[merlon.AccountID]Tally{}
		}
	}
	var failed error
	for b := range order {
		<-b.done
		if failed == nil {
			if failed = b.err; failed == nil {
				failed = s.take(b, handle)
			}
			if failed != nil {
				cancel(failed)
			}
		}
	}
	workers.Wait()
	if err := <-readErr; err != nil && failed == nil {
		failed = err
	}
	if failed != nil {
		return nil, failed
	}
	return s, nil
}

// take adds a batch to the summary and hands out its findings.
func (s *Summary) take(b *batch, handle func(*merlon.Finding) error) error {
	s.Resources += len(b.items)
	for i, rule := range b.plan.rules {
		total := s.Counts[rule.ID]
		for account, t := range b.counts[i] {
			sum := total[account]
			sum.Pass += t.Pass
			sum.Fail += t.Fail
			sum.Unknown += t.Unknown
			sum.NotApplicable += t.NotApplicable
			sum.OutOfScope += t.OutOfScope
			total[account] = sum
		}
	}
	for _, f := range b.findings {
		if err := handle(f); err != nil {
			return err
		}
	}
	return nil
}

// outOfScope: no call of the scan could have settled it.
func (o *outcome) outOfScope() bool {
	return o.verdict == merlon.UnknownResult && o.err == nil &&
		!slices.ContainsFunc(o.unknowns, func(u merlon.Unknown) bool { return u.Gap != "" })
}

// ErrNoControl: there is no control of that id.
var ErrNoControl = errors.New("no such control")
