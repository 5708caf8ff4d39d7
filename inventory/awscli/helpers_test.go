package awscli

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/live"
)

var scanTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// loadSchemas reads the schemas once for all tests.
var loadSchemas = sync.OnceValues(inventory.LoadSchemas)

// snapshots numbers the snapshots in memory.
var snapshots atomic.Int64

// replay collects a folder into a snapshot and holds every document to its schema.
func replay(t *testing.T, dir string, services ...*live.Service) *inventory.Snapshot {
	t.Helper()
	f, targets, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return walk(t, f, targets, nil, services...)
}

// walk collects from a source into a snapshot.
func walk(t *testing.T, source live.Source, targets []live.Target, recorder live.Recorder, services ...*live.Service) *inventory.Snapshot {
	t.Helper()
	ctx := t.Context()
	schemas, err := loadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	if services == nil {
		services = live.Services()
	}
	meta := inventory.Meta{Kind: inventory.KindAWSCLI, Started: scanTime, Finished: scanTime}
	for _, s := range services {
		meta.Services = append(meta.Services, s.Meta())
	}
	for _, x := range targets {
		meta.Accounts = append(meta.Accounts, inventory.Account{ID: x.ID, Name: x.Name, Regions: x.Regions})
	}
	file := fmt.Sprintf("memory:awscli-%d", snapshots.Add(1))
	b, err := inventory.Create(ctx, file, schemas, meta)
	if err != nil {
		t.Fatal(err)
	}
	w := &live.Walk{Services: services, Targets: targets, Source: source, Schemas: schemas, Progress: live.NoProgress{}, Recorder: recorder,
		Accounts: 2, Units: 4, Now: func() time.Time { return scanTime }}
	if err := w.Run(ctx, b); err != nil {
		t.Fatal(err)
	}
	s, err := b.FinishOpen(ctx, meta)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// resources lists the ids of a type.
func resources(t *testing.T, s *inventory.Snapshot, typ string) map[string]*merlon.Resource {
	t.Helper()
	found := map[string]*merlon.Resource{}
	if err := s.Each(t.Context(), typ, func(r *merlon.Resource) error { found[r.ID] = r; return nil }); err != nil {
		t.Fatal(err)
	}
	return found
}

// gaps lists the gaps of a snapshot by what they say.
func gaps(t *testing.T, s *inventory.Snapshot) map[string]merlon.Gap {
	t.Helper()
	found := map[string]merlon.Gap{}
	if err := s.Gaps(t.Context(), func(g *merlon.Gap) error { found[g.Text()] = *g; return nil }); err != nil {
		t.Fatal(err)
	}
	return found
}

// tree writes files into a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
