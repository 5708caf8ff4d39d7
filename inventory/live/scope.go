package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// Scope is one account and region as a collector sees it: it makes the declared
// calls, turns their failures into gaps and writes resources. It is safe for
// concurrent use.
type Scope struct {
	Account     merlon.AccountID
	AccountName string
	Region      merlon.Region
	Partition   merlon.Partition
	// Accounts are all accounts of the scan.
	Accounts []merlon.AccountID
	// Regions are the account's regions in scope.
	Regions []merlon.Region
	// Now is the time of the scan.
	Now time.Time

	service  *Service
	source   Source
	writer   *inventory.UnitWriter
	schemas  *inventory.SchemaSet
	names    *nameIndex
	parallel int
	recorder Recorder
	progress Progress

	mu      sync.Mutex
	callers map[merlon.Region]Caller
}

// caller gives the caller of a region, the scope's own for "".
func (s *Scope) caller(ctx context.Context, region merlon.Region) (Caller, error) {
	if region == "" {
		region = s.Region
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.callers[region]; c != nil {
		return c, nil
	}
	c, err := s.source.Open(ctx, Place{s.Account, region})
	if err != nil {
		return nil, err
	}
	s.callers[region] = c
	return c, nil
}

// call makes one call and records it.
func (s *Scope) call(ctx context.Context, o *Operation, region merlon.Region, resource string, in any) (any, merlon.Read, error) {
	if !slices.Contains(s.service.Operations, o) {
		return nil, merlon.Read{}, fmt.Errorf("%s is not among the declared operations of %s", o.Call(), s.service.Name)
	}
	c, err := s.caller(ctx, region)
	if err != nil {
		return nil, merlon.Read{}, err
	}
	out, st, err := c.Call(ctx, o, in)
	if ctx.Err() != nil {
		return nil, merlon.Read{}, ctx.Err()
	}
	rec := inventory.Call{Name: o.Call(), Resource: resource, At: st.At, Took: st.Took, Attempts: st.Attempts, Throttles: st.Throttles}
	if err != nil {
		rec.Code = code(err)
		if rec.Code == "" {
			rec.Code = string(causeFor(err))
		}
	}
	// What was given up unmade is no call.
	if !errors.Is(err, ErrNotRecorded) && st.Attempts > 0 {
		if werr := s.writer.Call(ctx, rec); werr != nil {
			return nil, merlon.Read{}, stop(werr)
		}
		s.progress.Called(s.Account, s.Region, o.Call(), st.Attempts, st.Throttles)
	}
	if s.recorder != nil {
		if rerr := s.recorder.Record(Place{s.Account, s.regionOr(region)}, o, in, out, err); rerr != nil {
			return nil, merlon.Read{}, stop(fmt.Errorf("record %s: %w", o.Call(), rerr))
		}
	}
	return out, merlon.Read{Call: o.Call(), At: st.At}, err
}

func (s *Scope) regionOr(r merlon.Region) merlon.Region {
	if r == "" {
		return s.Region
	}
	return r
}

// fatal errors end the unit: nothing that follows could be told from a gap.
func fatal(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, inventory.ErrFull) || errors.Is(err, inventory.ErrDamaged) ||
		errors.Is(err, errStop) || errors.Is(err, ErrExpired)
}

// errStop wraps errors of Merlon itself (writing, a callback), as against those of a call.
var errStop = errors.New("stop")

func stop(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errStop, err)
}

// The methods of op only put types on what Scope does: a generic body would be
// compiled once for each of some four hundred operations.

// answers gives fn an answer in its type.
func answers[O any](fn func(*O) error) func(any) error {
	return func(out any) error {
		typed, ok := out.(*O)
		if !ok {
			return fmt.Errorf("the source answered with %T", out)
		}
		return fn(typed)
	}
}

// List makes a list call, page by page, and gives each page to fn. A failure is
// recorded as a Gap over the operation's types and is not returned; an error
// that is returned ends the unit.
func (o op[I, O]) List(ctx context.Context, s *Scope, in *I, fn func(*O) error) error {
	return o.ListIn(ctx, s, "", in, fn)
}

// ListIn is List in another region of the account.
func (o op[I, O]) ListIn(ctx context.Context, s *Scope, region merlon.Region, in *I, fn func(*O) error) error {
	page := *in
	_, err := s.list(ctx, o.Operation, region, &page, answers(fn))
	return err
}

// list makes a list call and says whether it was read to its end.
func (s *Scope) list(ctx context.Context, o *Operation, region merlon.Region, in any, fn func(any) error) (whole bool, err error) {
	cause := s.pages(ctx, o, region, "", in, func(out any, _ merlon.Read) error { return fn(out) })
	return cause == nil, s.listed(ctx, o, region, cause)
}

// listed turns the failure of a list call into a Gap.
func (s *Scope) listed(ctx context.Context, o *Operation, region merlon.Region, err error) error {
	if err == nil || fatal(err) {
		return err
	}
	if o.absent(err) {
		return nil
	}
	g := s.gap(o, region, err)
	g.Types = s.service.behind(o.Types)
	return stop(s.writer.Gap(ctx, g))
}

// Get makes a call about one resource and gives the answer to fn, which fills
// the resource in. "Not there" leaves it as it is; any other failure makes the
// parts that the operation fills unknown and is recorded as a Gap on the resource.
func (o op[I, O]) Get(ctx context.Context, s *Scope, r *Draft, in *I, fn func(*O) error) error {
	return o.Pages(ctx, s, r, in, fn)
}

// Pages is Get for an answer of several pages.
func (o op[I, O]) Pages(ctx context.Context, s *Scope, r *Draft, in *I, fn func(*O) error) error {
	page := *in
	return s.get(ctx, o.Operation, r, &page, answers(fn))
}

func (s *Scope) get(ctx context.Context, o *Operation, r *Draft, in any, fn func(any) error) error {
	region := s.Region
	if r.Region != "" && r.Region != s.Region && !s.anywhere(o) {
		region = r.Region
	}
	err := s.pages(ctx, o, region, r.Key(), in, func(out any, read merlon.Read) error {
		read.Properties = o.Fills
		r.read(read)
		return fn(out)
	})
	if err == nil || fatal(err) {
		return err
	}
	if o.absent(err) {
		r.read(merlon.Read{Call: o.Call(), At: time.Now(), Properties: o.Fills})
		return nil
	}
	g := s.gap(o, region, err)
	g.Resource, g.Types = r.Key(), o.Types
	r.unknown(o.Fills, g)
	return stop(s.writer.Gap(ctx, g))
}

// Outside notes that resources of the types cannot be listed from this account,
// for a reason that no permission would change: relations over them are unknown,
// and no Gap is counted.
func (s *Scope) Outside(ctx context.Context, types []string, reason string) error {
	return stop(s.writer.Outside(ctx, types, reason))
}

// anywhere: global services answer in one region only, but for S3, which answers
// for a bucket where it is and for access points of several regions in one, and Identity Center, which has a home region.
func (s *Scope) anywhere(o *Operation) bool {
	switch o.Service {
	case "s3", "s3control", "ssoadmin", "identitystore":
		return false
	}
	return s.service.Global
}

// pages makes a call and follows its pages, for collectors that treat its failure
// in a way of their own.
func (o op[I, O]) pages(ctx context.Context, s *Scope, region merlon.Region, resource string, in *I, fn func(*O, merlon.Read) error) error {
	page := *in
	return s.pages(ctx, o.Operation, region, resource, &page, func(out any, read merlon.Read) error {
		return answers(func(typed *O) error { return fn(typed, read) })(out)
	})
}

// pages makes a call and follows its pages; in is changed on the way.
func (s *Scope) pages(ctx context.Context, o *Operation, region merlon.Region, resource string, in any, fn func(any, merlon.Read) error) error {
	seen := map[string]bool{}
	for {
		out, read, err := s.call(ctx, o, region, resource, in)
		if err != nil {
			return err
		}
		if err := fn(out, read); err != nil {
			return stop(fmt.Errorf("%s: %w", o.Call(), err))
		}
		field, token := nextToken(out)
		if token == "" {
			return nil
		}
		if seen[token] {
			// A service that repeats a token would be asked for ever.
			return fmt.Errorf("%s: the same page token came twice: %w", o.Call(), errRepeated)
		}
		seen[token] = true
		if err := setToken(in, field, token); err != nil {
			return stop(fmt.Errorf("%s: %w", o.Call(), err))
		}
	}
}

var errRepeated = errors.New("paging does not end")

// gap describes the failure of a call.
func (s *Scope) gap(o *Operation, region merlon.Region, err error) *merlon.Gap {
	g := &merlon.Gap{Call: o.Call(), Account: s.Account, Region: s.regionOr(region), Cause: causeFor(err), Code: code(err), Message: message(err)}
	if g.Cause == merlon.CauseDenied {
		g.Actions = o.IAMActions()
		g.Statement = grant(g.Actions)
	}
	return g
}

// grant is the policy statement that allows the actions.
func grant(actions []string) string {
	text, err := json.Marshal(struct {
		Effect   string
		Action   []string
		Resource string
	}{"Allow", actions, "*"})
	if err != nil {
		return ""
	}
	return string(text)
}

// Put finishes a resource and writes it.
func (s *Scope) Put(ctx context.Context, d *Draft) error {
	r, err := d.finish()
	if err != nil {
		return stop(err)
	}
	err = s.writer.Put(ctx, r)
	if errors.Is(err, inventory.ErrTooLarge) {
		// The rest of the account is still worth reading.
		g := &merlon.Gap{Call: firstCall(r), Account: r.Account, Region: r.Region, Types: []string{r.Type}, Cause: merlon.CauseTooLarge, Message: message(err)}
		return stop(s.writer.Gap(ctx, g))
	}
	return stop(err)
}

func firstCall(r *merlon.Resource) string {
	if len(r.Calls) == 0 {
		return "merlon:Put"
	}
	return r.Calls[0].Call
}

// each runs fn over the items, some at a time, and returns the first error.
func each[T any](ctx context.Context, s *Scope, items []T, fn func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	slots := make(chan struct{}, s.parallel)
	for _, item := range items {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := fn(ctx, item); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// inScope reports whether resources in a region were asked for.
func (s *Scope) inScope(r merlon.Region) bool { return slices.Contains(s.Regions, r) }
