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
	cause := o.pages(ctx, s, "", "", in, func(out *O, _ merlon.Read) error { return fn(out) })
	return cause == nil, s.listed(ctx, o.Operation, "", cause)
}

// Batch makes one call about several resources. Any failure makes the parts that
// the operation fills unknown on each of them; there is one Gap for the batch.
func (o op[I, O]) Batch(ctx context.Context, s *Scope, rs []*Draft, in *I, fn func(*O) error) error {
	err := o.pages(ctx, s, "", "", in, func(out *O, read merlon.Read) error {
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
	g := s.gap(o.Operation, "", err)
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
