// Package inventorytest makes snapshots for tests of the packages that read
// them.
package inventorytest

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// Snapshot is one, in memory, of resources in the accounts and regions that
// they name. Every type of theirs, and every type given besides, counts as read
// there but those that a gap names. It is closed when the test ends.
func Snapshot(tb testing.TB, resources []*merlon.Resource, gaps []*merlon.Gap, types ...string) *inventory.Snapshot {
	tb.Helper()
	ctx := context.Background()
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		tb.Fatal(err)
	}
	meta := inventory.Meta{Kind: inventory.KindLive, Version: "test", Started: time.Unix(0, 0)}
	place := func(account merlon.AccountID, region merlon.Region) {
		i := slices.IndexFunc(meta.Accounts, func(a inventory.Account) bool { return a.ID == account })
		if i < 0 {
			i = len(meta.Accounts)
			meta.Accounts = append(meta.Accounts, inventory.Account{ID: account})
		}
		if a := &meta.Accounts[i]; !slices.Contains(a.Regions, region) {
			a.Regions = append(a.Regions, region)
		}
	}
	names := slices.Clone(types)
	for _, r := range resources {
		names = append(names, r.Type)
		place(r.Account, r.Region)
	}
	for _, g := range gaps {
		names = append(names, g.Types...)
		place(g.Account, g.Region)
	}
	slices.Sort(names)
	meta.Services = []inventory.Service{{Name: "all", Types: slices.Compact(names)}}
	b, err := inventory.Create(ctx, "memory:test-"+rand.Text(), schemas, meta)
	if err != nil {
		tb.Fatal(err)
	}
	writers := map[inventory.Unit]*inventory.UnitWriter{}
	for _, a := range meta.Accounts {
		for _, region := range a.Regions {
			u := inventory.Unit{Account: a.ID, Region: region, Service: "all"}
			if writers[u], err = b.Begin(ctx, u, meta.Started); err != nil {
				tb.Fatal(err)
			}
		}
	}
	for _, r := range resources {
		if err := writers[inventory.Unit{Account: r.Account, Region: r.Region, Service: "all"}].Put(ctx, r); err != nil {
			tb.Fatalf("%s %s: %v", r.Type, r.ID, err)
		}
	}
	for _, g := range gaps {
		if err := writers[inventory.Unit{Account: g.Account, Region: g.Region, Service: "all"}].Gap(ctx, g); err != nil {
			tb.Fatal(err)
		}
	}
	for _, w := range writers {
		if err := w.Done(ctx, meta.Started); err != nil {
			tb.Fatal(err)
		}
	}
	meta.Finished = time.Unix(1, 0)
	s, err := b.FinishOpen(ctx, meta)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}
