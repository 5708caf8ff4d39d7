package live

import (
	"context"
	"slices"

	"merlon.dev/merlon"
)

// ListAll is List that also says whether the list was read to its end. What is
// asked for only where the list holds something must be asked for when it could
// not be read.
func (o op[I, O]) ListAll(ctx context.Context, s *Scope, in *I, fn func(*O) error) (whole bool, err error) {
	page := *in
	return s.list(ctx, o.Operation, "", &page, answers(fn))
}

// Batch makes one call about several resources. Any failure makes the parts that
// the operation fills unknown on each of them; there is one Gap for the batch.
func (o op[I, O]) Batch(ctx context.Context, s *Scope, rs []*Draft, in *I, fn func(*O) error) error {
	page := *in
	return s.batch(ctx, o.Operation, rs, &page, answers(fn))
}

func (s *Scope) batch(ctx context.Context, o *Operation, rs []*Draft, in any, fn func(any) error) error {
	err := s.pages(ctx, o, "", "", in, func(out any, read merlon.Read) error {
		read.Properties = o.Fills
		for _, r := range rs {
			r.read(read)
		}
		return fn(out)
	})
	if err == nil || fatal(err) {
		return err
	}
	if o.absent(err) {
		return nil
	}
	g := s.gap(o, "", err)
	g.Types = o.Types
	for _, r := range rs {
		r.unknown(o.Fills, g)
	}
	return stop(s.writer.Gap(ctx, g))
}

// follow takes over what was learned for many resources at once: which call told
// it, and which parts stayed unknown. known is false when some did.
func (d *Draft) follow(one *Draft) (known bool) {
	one.mu.Lock()
	calls, unknowns := slices.Clone(one.calls), slices.Clone(one.unknowns)
	one.mu.Unlock()
	for _, c := range calls {
		d.read(c)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unknowns = append(d.unknowns, unknowns...)
	return len(unknowns) == 0
}
