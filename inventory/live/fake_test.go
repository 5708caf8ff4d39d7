package live

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	smithy "github.com/aws/smithy-go"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// fake is a Source that answers from functions by call name; a call without one
// is answered with an empty output.
type fake struct {
	mu      sync.Mutex
	answers map[string]func(p Place, in any) (any, error)
	made    []string
}

func (f *fake) Open(_ context.Context, p Place) (Caller, error) { return fakeCaller{f, p}, nil }

type fakeCaller struct {
	f *fake
	p Place
}

func (c fakeCaller) Call(_ context.Context, o *Operation, in any) (any, Stats, error) {
	c.f.mu.Lock()
	c.f.made = append(c.f.made, o.Call())
	answer := c.f.answers[o.Call()]
	c.f.mu.Unlock()
	st := Stats{At: fakeNow, Attempts: 1}
	if answer == nil {
		return o.Output(), st, nil
	}
	out, err := answer(c.p, in)
	return out, st, err
}

// answer registers the answer to one operation.
func answer[I, O any](f *fake, o op[I, O], fn func(p Place, in *I) (*O, error)) {
	if f.answers == nil {
		f.answers = map[string]func(Place, any) (any, error){}
	}
	f.answers[o.Call()] = func(p Place, in any) (any, error) {
		out, err := fn(p, in.(*I))
		if err != nil {
			return nil, err
		}
		return out, nil
	}
}

// apiError is an error as a service answers it.
func apiError(code string) error { return apiErrorText(code, "no") }

func apiErrorText(code, text string) error {
	return &smithy.GenericAPIError{Code: code, Message: text}
}

var fakeNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// collected is what a service wrote.
type collected struct {
	snapshot *inventory.Snapshot
	gaps     []merlon.Gap
	calls    []string
}

// collect runs services over a source in account 111122223333, eu-west-1 (and
// us-east-1 for the global ones), and holds every document to its schema.
func collect(t *testing.T, src Source, services ...*Service) *collected {
	t.Helper()
	return collectIn(t, src, "111122223333", services...)
}

// collectIn is collect in another account.
func collectIn(t *testing.T, src Source, account merlon.AccountID, services ...*Service) *collected {
	t.Helper()
	ctx := t.Context()
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	meta := inventory.Meta{Kind: inventory.KindLive, Started: fakeNow, Finished: fakeNow,
		Accounts: []inventory.Account{{ID: account, Regions: []merlon.Region{"eu-west-1", "us-east-1"}}}}
	for _, s := range services {
		meta.Services = append(meta.Services, s.Meta())
	}
	path := t.TempDir() + "/snapshot.db"
	b, err := inventory.Create(ctx, path, schemas, meta)
	if err != nil {
		t.Fatal(err)
	}
	w := &Walk{Services: services, Source: src, Schemas: schemas, Progress: NoProgress{}, Accounts: 1, Units: 4, Now: func() time.Time { return fakeNow },
		Targets: []Target{{ID: account, Name: "test", Partition: "aws", Regions: []merlon.Region{"eu-west-1", "us-east-1"}}}}
	if err := w.Run(ctx, b); err != nil {
		t.Fatal(err)
	}
	if err := b.Finish(ctx, meta); err != nil {
		t.Fatal(err)
	}
	s, err := inventory.Open(ctx, path, schemas)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c := &collected{snapshot: s}
	if err := s.Gaps(ctx, func(g *merlon.Gap) error { c.gaps = append(c.gaps, *g); return nil }); err != nil {
		t.Fatal(err)
	}
	if f, ok := src.(*fake); ok {
		c.calls = f.made
	}
	c.check(t, schemas)
	return c
}

// check holds every resource to its schema.
func (c *collected) check(t *testing.T, schemas *inventory.SchemaSet) {
	t.Helper()
	types, err := c.snapshot.Types(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range types {
		typ, ok := schemas.Type(tc.Type)
		if !ok {
			t.Errorf("type %s has no schema", tc.Type)
			continue
		}
		err := c.snapshot.Each(t.Context(), tc.Type, func(r *merlon.Resource) error {
			for _, p := range typ.CheckResource(r) {
				// What is observed is kept whole; only what controls read is declared.
				if strings.HasPrefix(p.Path, "/observed/") && p.Message == "there is no such property" {
					continue
				}
				t.Errorf("%s: %v", r.Key(), p)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// one finds the resource of a type and id, decoded: "properties", "observed", "tags" …
func (c *collected) one(t *testing.T, typ, id string) map[string]any {
	t.Helper()
	var found map[string]any
	err := c.snapshot.Documents(t.Context(), typ, func(d *inventory.Document) error {
		var doc map[string]any
		if err := json.Unmarshal(d.JSON, &doc); err != nil {
			return err
		}
		if doc["id"] == id {
			found = doc
			unknowns := map[string]any{}
			for _, u := range d.Unknowns {
				unknowns[u.Path] = u.Reason
			}
			found["unknowns"] = unknowns
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found == nil {
		t.Fatalf("no %s %s was collected", typ, id)
	}
	return found
}

// at follows a dotted path; a number is an index into a list.
func at(doc map[string]any, path ...any) any {
	var v any = doc
	for _, p := range path {
		switch k := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				return fmt.Sprintf("no object at %v", p)
			}
			v = m[k]
		case int:
			l, ok := v.([]any)
			if !ok || k >= len(l) {
				return fmt.Sprintf("no element %d", k)
			}
			v = l[k]
		}
	}
	return v
}
