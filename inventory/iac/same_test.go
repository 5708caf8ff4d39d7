package iac_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/iac"
	"merlon.dev/merlon/inventory/live"
)

// recorded answers calls with the JSON of one file, an object by call name. A
// call that is not there gives an empty answer; a text is an error code.
type recorded map[string]json.RawMessage

func (r recorded) Open(context.Context, live.Place) (live.Caller, error) { return r, nil }

func (r recorded) Call(_ context.Context, o *live.Operation, _ any) (any, live.Stats, error) {
	out := o.Output()
	raw, ok := r[o.Call()]
	if !ok {
		return out, live.Stats{Attempts: 1}, nil
	}
	var code string
	if json.Unmarshal(raw, &code) == nil {
		return nil, live.Stats{Attempts: 1}, &live.Failure{Cause: merlon.CauseFailed, Code: code}
	}
	return out, live.Stats{Attempts: 1}, json.Unmarshal(raw, out)
}

const (
	sameAccount merlon.AccountID = "111122223333"
	sameRegion  merlon.Region    = "eu-west-1"
)

// only says which properties one of the two sides alone has, and why.
var only = map[string][]string{
	// The collectors keep the interfaces among the observed facts, where they have
	// addresses; the protection is a call for every instance.
	"AWS::EC2::Instance": {"NetworkInterfaces", "DisableApiTermination"},
}

// TestSame: the collectors and the loader end in the same form. Each folder of
// testdata/same has a template and what AWS answers once its stack exists. Every
// resource of the template must be among what is collected, and all that the
// loader knows of it the same; the collectors must find nothing more in it than
// what the loader says it does not know.
func TestSame(t *testing.T) {
	dirs, err := filepath.Glob("testdata/same/*")
	if err != nil || len(dirs) < 4 {
		t.Fatal(dirs, err)
	}
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	for _, dir := range dirs {
		name := filepath.Base(dir)
		t.Run(name, func(t *testing.T) {
			accounts := []inventory.Account{{ID: sameAccount, Regions: []merlon.Region{sameRegion, "us-east-1"}}}
			running := snapshot(t, schemas, inventory.Meta{Kind: inventory.KindLive, Started: now(), Accounts: accounts}, func(b *inventory.Builder) error {
				raw, err := os.ReadFile(dir + "/answers.json")
				if err != nil {
					return err
				}
				var source recorded
				if err := json.Unmarshal(raw, &source); err != nil {
					return err
				}
				services, err := live.Select(live.Services(), []string{name})
				if err != nil {
					return err
				}
				w := &live.Walk{Services: services, Source: source, Schemas: schemas, Progress: live.NoProgress{}, Accounts: 1, Units: 1, Now: now,
					Targets: []live.Target{{ID: sameAccount, Partition: "aws", Regions: []merlon.Region{sameRegion, "us-east-1"}}}}
				return w.Run(t.Context(), b)
			})
			planned := snapshot(t, schemas, inventory.Meta{Kind: inventory.KindTemplate, Started: now(), Accounts: accounts}, func(b *inventory.Builder) error {
				res, err := iac.CloudFormation(t.Context(), b, schemas, []string{dir + "/demo.yaml"}, iac.Options{Account: sameAccount, Region: sameRegion, Now: now()})
				if err == nil && len(res.Notes) > 0 {
					t.Errorf("notes: %v", res.Notes)
				}
				return err
			})
			if len(planned) == 0 {
				t.Fatal("the template has no resources")
			}
			for key, want := range planned {
				got, ok := running[key]
				if !ok {
					t.Errorf("%s was not collected; there are %q", key, like(running, want.Type))
					continue
				}
				unknowns := append(slices.Clone(want.Unknowns), got.Unknowns...)
				for _, p := range only[want.Type] {
					unknowns = append(unknowns, merlon.Unknown{Path: "/properties/" + p})
				}
				if d := cmp.Diff(comparable(t, want, unknowns), comparable(t, got, unknowns)); d != "" {
					t.Errorf("%s (-template +collected):\n%s", key, d)
				}
			}
		})
	}
}

func snapshot(t *testing.T, schemas *inventory.SchemaSet, meta inventory.Meta, fill func(*inventory.Builder) error) map[string]*merlon.Resource {
	t.Helper()
	path := t.TempDir() + "/a.db"
	b, err := inventory.Create(t.Context(), path, schemas, meta)
	if err != nil {
		t.Fatal(err)
	}
	if err := fill(b); err != nil {
		t.Fatal(err)
	}
	meta.Finished = meta.Started
	if err := b.Finish(t.Context(), meta); err != nil {
		t.Fatal(err)
	}
	s, err := inventory.Open(t.Context(), path, schemas)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	types, err := s.Types(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*merlon.Resource{}
	for _, typ := range types {
		err := s.Each(t.Context(), typ.Type, func(r *merlon.Resource) error {
			out[strings.Join([]string{string(r.Account), string(r.Region), r.Type, r.ID}, "/")] = r
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func like(all map[string]*merlon.Resource, typ string) (keys []string) {
	for k, r := range all {
		if r.Type == typ {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// comparable is a resource without what only a running one has and without what
// a template cannot know.
func comparable(t *testing.T, r *merlon.Resource, unknowns []merlon.Unknown) map[string]any {
	t.Helper()
	var props map[string]any
	if err := json.Unmarshal(r.Properties, &props); err != nil {
		t.Fatal(err)
	}
	tags := map[string]any{}
	for k, v := range r.Tags {
		tags[k] = v
	}
	doc := map[string]any{"id": r.ID, "arn": string(r.ARN), "properties": props, "tags": tags}
	for _, u := range unknowns {
		remove(doc, strings.Split(strings.TrimPrefix(u.Path, "/"), "/"))
	}
	return doc
}

func remove(v any, path []string) {
	switch t := v.(type) {
	case map[string]any:
		if len(path) == 1 {
			delete(t, path[0])
		} else {
			remove(t[path[0]], path[1:])
		}
	case []any:
		if i, err := strconv.Atoi(path[0]); err == nil && i < len(t) {
			if len(path) == 1 {
				t[i] = nil
			} else {
				remove(t[i], path[1:])
			}
		}
	}
}

// TestGlobal: the loader keeps resources under the global region where the
// collectors do.
func TestGlobal(t *testing.T) {
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	b, err := inventory.Create(t.Context(), t.TempDir()+"/a.db", schemas, inventory.Meta{Kind: inventory.KindTemplate})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	res, err := iac.CloudFormation(t.Context(), b, schemas, []string{"testdata/same/iam/demo.yaml"}, iac.Options{Region: sameRegion})
	if err != nil {
		t.Fatal(err)
	}
	global := map[string]bool{}
	for _, s := range res.Services {
		for _, typ := range s.Types {
			global[typ] = s.Global
		}
	}
	// Asked in one region, these are of the region they say themselves.
	regional := []string{"s3", "sso"}
	for _, s := range live.Services() {
		m := s.Meta()
		for _, typ := range m.Types {
			if want := m.Global && !slices.Contains(regional, m.Name); strings.HasPrefix(typ, "AWS::") && global[typ] != want {
				t.Errorf("%s of the collector %s: global is %v with the loader; identity.yaml lists the global services", typ, m.Name, global[typ])
			}
		}
	}
}
