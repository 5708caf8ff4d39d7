package inventory

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"merlon.dev/merlon"
)

// UnitWriter writes what one unit finds. Its methods may be used concurrently.
type UnitWriter struct {
	b *Builder
	n int64
}

// Put writes a resource. Of two with the same type, account, region and id the
// first stays; where the second differs, a Gap says so.
func (w *UnitWriter) Put(ctx context.Context, r *merlon.Resource) error {
	if r.Type == "" || r.ID == "" {
		return fmt.Errorf("write resource: type %q and id %q must both be set", r.Type, r.ID)
	}
	doc, ext, props, observed, err := marshal(r)
	if err != nil {
		return err
	}
	refs := w.b.references(r, props, observed)
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	sum := checksum(doc, ext)
	n, fresh, err := w.b.insert(ctx, `INSERT INTO resource (unit, type, account, region, id, arn, doc, extra, sum)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (type, account, region, id) DO NOTHING`,
		w.n, r.Type, string(r.Account), string(r.Region), r.ID, string(r.ARN), []byte(doc), []byte(ext), int64(sum))
	if err != nil {
		return err
	}
	if !fresh {
		return w.b.duplicate(ctx, w.n, r, doc)
	}
	for _, ref := range refs {
		if err := w.b.exec(ctx, "INSERT OR IGNORE INTO reference VALUES (?, ?, ?)", n, ref.name, ref.key); err != nil {
			return err
		}
	}
	return nil
}

// Gap records that something could not be read.
func (w *UnitWriter) Gap(ctx context.Context, g *merlon.Gap) error {
	doc, err := encode(g)
	if err != nil {
		return err
	}
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	return w.b.gap(ctx, w.n, g, doc)
}

// Outside records that the unit's place is not where resources of the types can
// be read, and why: their coverage there is out of scope, which is not a Gap.
func (w *UnitWriter) Outside(ctx context.Context, types []string, reason string) error {
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	for _, t := range types {
		if err := w.b.exec(ctx, "INSERT OR IGNORE INTO outside VALUES (?, ?, ?)", w.n, t, reason); err != nil {
			return err
		}
	}
	return nil
}

// Call records a call that was made.
func (w *UnitWriter) Call(ctx context.Context, c Call) error {
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	return w.b.exec(ctx, "INSERT INTO call VALUES (?, ?, ?, ?, ?, ?, ?, ?)", w.n, c.Name, c.Resource,
		c.At.UTC().Format(time.RFC3339Nano), c.Took.Milliseconds(), c.Attempts, c.Throttles, c.Code)
}

// Done marks the unit as finished and makes it durable with what is pending.
func (w *UnitWriter) Done(ctx context.Context, at time.Time) error {
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	return w.b.exec(ctx, "UPDATE unit SET finished = ? WHERE n = ?", at.UTC().Format(time.RFC3339Nano), w.n)
}

// reference is one value by which a resource points at another.
type reference struct{ name, key string }

// gap writes a gap; the caller holds mu.
func (b *Builder) gap(ctx context.Context, unit int64, g *merlon.Gap, doc []byte) error {
	key := g.Key()
	if err := b.exec(ctx, "INSERT OR IGNORE INTO gap VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		unit, key, g.Call, string(g.Account), string(g.Region), g.Resource, string(g.Cause), doc); err != nil {
		return err
	}
	for _, t := range g.Types {
		if err := b.exec(ctx, "INSERT OR IGNORE INTO gap_type VALUES (?, ?, ?, ?, ?, ?)",
			key, unit, t, string(g.Account), string(g.Region), g.Resource); err != nil {
			return err
		}
	}
	return nil
}

// duplicate handles a second resource of the same identity. The same content is
// AWS repeating itself; other content cannot be told right from wrong, so it is
// a Gap on the resource. The caller holds mu.
func (b *Builder) duplicate(ctx context.Context, unit int64, r *merlon.Resource, doc []byte) error {
	var have []byte
	err := b.tx.QueryRowContext(ctx, "SELECT doc FROM resource WHERE type = ? AND account = ? AND region = ? AND id = ?",
		r.Type, string(r.Account), string(r.Region), r.ID).Scan(&have)
	if err != nil {
		return translate(err)
	}
	if bytes.Equal(have, doc) {
		return nil
	}
	call := "merlon:Read"
	if len(r.Calls) > 0 {
		call = r.Calls[0].Call
	}
	g := &merlon.Gap{Call: call, Account: r.Account, Region: r.Region, Resource: r.Key(), Types: []string{r.Type},
		Cause: merlon.CauseMalformed, Message: "two answers with this id differ; the first was kept"}
	text, err := encode(g)
	if err != nil {
		return err
	}
	return b.gap(ctx, unit, g, text)
}

// references finds what a resource points at, by its forward relations.
func (b *Builder) references(r *merlon.Resource, props, observed map[string]any) []reference {
	t, ok := b.schemas.Type(r.Type)
	if !ok {
		return nil
	}
	var refs []reference
	for name, rel := range t.Relations {
		if len(rel.By) == 0 {
			continue
		}
		if len(hiding(r.Unknowns, rel.By)) > 0 {
			refs = append(refs, reference{name, unknownKey})
		}
		var keys []string
		if rel.By[0] == "observed" {
			values(observed, rel.By[1:], &keys)
		} else {
			values(props, rel.By, &keys)
		}
		for _, k := range keys {
			if !rel.Leads(k) {
				continue
			}
			// AWS ends a log group's ARN in ":*" where it means the streams too.
			refs = append(refs, reference{name, strings.TrimSuffix(k, ":*")})
		}
	}
	return refs
}
