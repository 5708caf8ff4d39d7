package iac

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

var testNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// loaded is what a load wrote.
type loaded struct {
	*Result
	snapshot *inventory.Snapshot
	schemas  *inventory.SchemaSet
	gaps     []merlon.Gap
}

var testSchemas = func() func(t testing.TB) *inventory.SchemaSet {
	var set *inventory.SchemaSet
	return func(t testing.TB) *inventory.SchemaSet {
		t.Helper()
		if set == nil {
			var err error
			if set, err = inventory.LoadSchemas(); err != nil {
				t.Fatal(err)
			}
		}
		return set
	}
}()

// loadPaths loads templates and holds every resource to its schema.
func loadPaths(t testing.TB, opts Options, paths ...string) (*loaded, error) {
	t.Helper()
	ctx := context.Background()
	schemas := testSchemas(t)
	opts.Now = testNow
	path := t.TempDir() + "/snapshot.db"
	b, err := inventory.Create(ctx, path, schemas, inventory.Meta{Kind: inventory.KindTemplate})
	if err != nil {
		t.Fatal(err)
	}
	res, err := CloudFormation(ctx, b, schemas, paths, opts)
	if err != nil {
		b.Close()
		return nil, err
	}
	if err := b.Finish(ctx, inventory.Meta{Kind: inventory.KindTemplate, Accounts: res.Accounts, Services: res.Services, Started: testNow, Finished: testNow}); err != nil {
		t.Fatal(err)
	}
	s, err := inventory.Open(ctx, path, schemas)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	l := &loaded{Result: res, snapshot: s, schemas: schemas}
	if err := s.Gaps(ctx, func(g *merlon.Gap) error { l.gaps = append(l.gaps, *g); return nil }); err != nil {
		t.Fatal(err)
	}
	types, err := s.Types(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range types {
		typ, ok := schemas.Type(tc.Type)
		if !ok {
			t.Errorf("%s has no schema", tc.Type)
			continue
		}
		err := s.Each(ctx, tc.Type, func(r *merlon.Resource) error {
			for _, p := range typ.CheckResource(r) {
				if !unknownAt(r, p.Path) {
					t.Errorf("%s: %v", r.Key(), p)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return l, nil
}

func unknownAt(r *merlon.Resource, path string) bool {
	for _, u := range r.Unknowns {
		if path == u.Path || strings.HasPrefix(path, u.Path+"/") {
			return true
		}
	}
	return false
}

// load loads one template from text.
func load(t testing.TB, opts Options, text string) *loaded {
	t.Helper()
	path := filepath.Join(t.TempDir(), "demo.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := loadPaths(t, opts, path)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// one finds the resource of a type and id.
func (l *loaded) one(t testing.TB, typ, id string) *merlon.Resource {
	t.Helper()
	var found *merlon.Resource
	var ids []string
	err := l.snapshot.Each(context.Background(), typ, func(r *merlon.Resource) error {
		ids = append(ids, r.ID)
		if r.ID == id {
			c := *r
			found = &c
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == nil {
		t.Fatalf("no %s %s; there are %q", typ, id, ids)
	}
	return found
}

func properties(t testing.TB, r *merlon.Resource) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(r.Properties, &m); err != nil {
		t.Fatal(err)
	}
	return m
}
