package posture

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// snapshot writes what the case describes.
func (t *trial) snapshot(ctx context.Context) (*inventory.Snapshot, error) {
	meta := inventory.Meta{Kind: inventory.KindLive, Started: t.now, Finished: t.now, Services: t.services()}
	account := func(id merlon.AccountID) *inventory.Account {
		i := slices.IndexFunc(meta.Accounts, func(a inventory.Account) bool { return a.ID == id })
		if i < 0 {
			i = len(meta.Accounts)
			meta.Accounts = append(meta.Accounts, inventory.Account{ID: id, Regions: []merlon.Region{testRegion}})
		}
		return &meta.Accounts[i]
	}
	account(testAccount)
	for i := range t.resources {
		r := &t.resources[i]
		a := account(r.Account)
		if s, ok := t.service(r.Type); !(ok && s.Global) && r.Type != accountType && !slices.Contains(a.Regions, r.Region) {
			a.Regions = append(a.Regions, r.Region)
		}
	}
	t.always(&meta)
	b, err := inventory.Create(ctx, "memory:control-test-"+rand.Text(), t.catalog.schemas, meta)
	if err != nil {
		return nil, err
	}
	if err := t.write(ctx, b, &meta); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	s, err := inventory.Open(ctx, b.Path(), t.catalog.schemas)
	return s, errors.Join(err, b.Close())
}

// services are those that matter to the case; types that no collector lists
// have one of their own.
func (t *trial) services() []inventory.Service {
	types := slices.Clone(t.rule.leads)
	for i := range t.resources {
		types = append(types, t.resources[i].Type)
	}
	for i := range t.gapped {
		types = append(types, t.gapped[i].Types...)
	}
	types = append(types, accountType, regionType)
	slices.Sort(types)
	var out []inventory.Service
	for _, typ := range slices.Compact(types) {
		s, ok := t.service(typ)
		if !ok {
			s = inventory.Service{Name: "of " + typ, Global: typ == accountType, Types: []string{typ}}
		}
		if !slices.ContainsFunc(out, func(o inventory.Service) bool { return o.Name == s.Name }) {
			out = append(out, s)
		}
	}
	return out
}

// always adds the resources that every snapshot has: the accounts and their regions.
func (t *trial) always(meta *inventory.Meta) {
	has := func(typ string, account merlon.AccountID, id string) bool {
		return slices.ContainsFunc(t.resources, func(r testResource) bool { return r.Type == typ && r.Account == account && r.ID == id })
	}
	for _, a := range meta.Accounts {
		if !has(accountType, a.ID, string(a.ID)) {
			t.extra = append(t.extra, merlon.Resource{Type: accountType, ID: string(a.ID), Name: string(a.ID), Account: a.ID,
				Region: merlon.PartitionOf(testRegion).GlobalRegion(), Properties: json.RawMessage(`{"AccountId":"` + string(a.ID) + `"}`)})
		}
		for _, r := range a.Regions {
			if !has(regionType, a.ID, string(r)) {
				t.extra = append(t.extra, merlon.Resource{Type: regionType, ID: string(r), Name: string(r), Account: a.ID, Region: r,
					Properties: json.RawMessage(`{"Region":"` + string(r) + `"}`)})
			}
		}
	}
}

func (t *trial) write(ctx context.Context, b *inventory.Builder, meta *inventory.Meta) error {
	writers := map[inventory.Unit]*inventory.UnitWriter{}
	for _, a := range meta.Accounts {
		for _, s := range meta.Services {
			for _, region := range regionsOf(a, s.Global) {
				u := inventory.Unit{Account: a.ID, Region: region, Service: s.Name}
				w, err := b.Begin(ctx, u, t.now)
				if err != nil {
					return err
				}
				writers[u] = w
			}
		}
	}
	// Which unit a resource came from decides nothing but its coverage.
	writer := func(account merlon.AccountID, region merlon.Region, types ...string) *inventory.UnitWriter {
		for _, s := range meta.Services {
			for _, typ := range types {
				if w := writers[inventory.Unit{Account: account, Region: region, Service: s.Name}]; w != nil && slices.Contains(s.Types, typ) {
					return w
				}
			}
		}
		for _, w := range writers {
			return w
		}
		return nil
	}
	for i := range t.resources {
		r := &t.resources[i].Resource
		if err := writer(r.Account, r.Region, r.Type).Put(ctx, r); err != nil {
			return err
		}
	}
	for i := range t.extra {
		r := &t.extra[i]
		if err := writer(r.Account, r.Region, r.Type).Put(ctx, r); err != nil {
			return err
		}
	}
	for i := range t.gapped {
		g := &t.gapped[i]
		if err := writer(g.Account, g.Region, g.Types...).Gap(ctx, g); err != nil {
			return err
		}
	}
	for _, w := range writers {
		if err := w.Done(ctx, t.now); err != nil {
			return err
		}
	}
	_, err := b.Finished(ctx) // makes what is written visible to a reader
	return err
}
