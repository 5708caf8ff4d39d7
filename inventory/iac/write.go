package iac

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// write finishes the resources and writes them, a unit a template.
func (l *loader) write(ctx context.Context, b *inventory.Builder) (*Result, error) {
	out := &Result{Templates: len(l.stacks), Skipped: l.skipped}
	for _, s := range l.stacks {
		u, err := b.Begin(ctx, inventory.Unit{Account: l.account, Region: l.region, Service: Unit + ":" + s.name}, l.opts.Now)
		if err != nil {
			return nil, err
		}
		for _, r := range s.resources {
			done, err := r.finish()
			if err != nil {
				return nil, fmt.Errorf("read template %s: %s: %w", s.file, r.logical, err)
			}
			err = u.Put(ctx, done)
			if errors.Is(err, inventory.ErrTooLarge) {
				l.gap(merlon.Gap{Call: s.place(r.at.line), Account: l.account, Region: l.region, Resource: done.Key(), Types: []string{done.Type}, Cause: merlon.CauseTooLarge})
				continue
			}
			if err != nil {
				return nil, err
			}
			out.Resources++
		}
		for i := range l.gaps {
			if err := u.Gap(ctx, &l.gaps[i]); err != nil {
				return nil, err
			}
		}
		l.gaps = nil
		if err := u.Done(ctx, l.opts.Now); err != nil {
			return nil, err
		}
	}
	if len(l.gaps) > 0 {
		u, err := b.Begin(ctx, inventory.Unit{Account: l.account, Region: l.region, Service: Unit}, l.opts.Now)
		if err != nil {
			return nil, err
		}
		for i := range l.gaps {
			if err := u.Gap(ctx, &l.gaps[i]); err != nil {
				return nil, err
			}
		}
		if err := u.Done(ctx, l.opts.Now); err != nil {
			return nil, err
		}
	}
	sort.SliceStable(l.notes, func(i, j int) bool {
		a, b := l.notes[i], l.notes[j]
		return a.File < b.File || a.File == b.File && a.Line < b.Line
	})
	out.Notes = l.notes
	out.Accounts, out.Services = l.scope()
	return out, nil
}

// scope is what the snapshot's Meta says of a template.
func (l *loader) scope() ([]inventory.Account, []inventory.Service) {
	regions := []merlon.Region{l.region}
	if g := merlon.PartitionOf(l.region).GlobalRegion(); g != l.region {
		regions = append(regions, g)
	}
	regional, global := inventory.Service{Name: Unit}, inventory.Service{Name: Unit + "-global", Global: true}
	for _, name := range l.schemas.Names() {
		t, ok := l.schemas.Type(name)
		switch {
		case !ok || t.Own():
		case isGlobal(l.tables.identity, t):
			global.Types = append(global.Types, name)
		default:
			regional.Types = append(regional.Types, name)
		}
	}
	return []inventory.Account{{ID: l.account, Regions: regions}}, []inventory.Service{regional, global}
}
