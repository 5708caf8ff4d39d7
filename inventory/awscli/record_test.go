package awscli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	smithy "github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/live"
)

// odd is a Source that answers every call with random values, the same for the
// same request, in up to three pages; some calls fail.
type odd struct {
	t    *testing.T
	d    *decoder
	seed uint64
}

func (x odd) Open(_ context.Context, p live.Place) (live.Caller, error) { return oddCaller{x, p}, nil }

type oddCaller struct {
	odd
	place live.Place
}

func (c oddCaller) Call(_ context.Context, o *live.Operation, in any) (any, live.Stats, error) {
	st := live.Stats{At: scanTime, Attempts: 1}
	token := live.PageToken(in)
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s %s %s ", c.seed, c.place, o.Call(), token)
	printValue(h, reflect.ValueOf(in))
	f := filler{rand: rand.New(rand.NewPCG(h.Sum64(), 2)), t: c.t, d: c.d, service: o.Service, plain: true}
	switch f.rand.IntN(12) {
	case 0:
		return nil, st, &smithy.GenericAPIError{Code: "AccessDenied", Message: "not <you>"}
	case 1:
		if len(o.Absent) > 0 {
			return nil, st, &smithy.GenericAPIError{Code: o.Absent[0], Message: "nothing"}
		}
	case 2:
		return nil, st, errors.New("the line\nwas cut") // no answer of the service
	case 3:
		return nil, st, fmt.Errorf("wait: %w", context.DeadlineExceeded)
	}
	out := o.Output()
	v := reflect.ValueOf(out).Elem()
	f.fill(v, 0, false)
	page(v, reflect.ValueOf(in).Elem(), token, f.rand.IntN(3) == 0)
	if report, ok := out.(*iam.GenerateCredentialReportOutput); ok {
		report.State = types.ReportStateTypeComplete // nobody waits for it
	}
	return out, st, nil
}

// page sets the token of the next page, p1 or p2, if there is to be more.
func page(out, in reflect.Value, token string, more bool) {
	for i := range out.NumField() {
		if live.IsToken(out.Type().Field(i).Name) || out.Type().Field(i).Name == "IsTruncated" {
			out.Field(i).SetZero()
		}
	}
	next := map[string]string{"": "p1", "p1": "p2"}[token]
	for _, name := range []string{"NextToken", "Marker"} {
		o, i := out.FieldByName(name), in.FieldByName(name)
		if !more || next == "" || !o.IsValid() || !i.IsValid() || o.Type() != i.Type() {
			continue
		}
		o.Set(reflect.ValueOf(&next))
		if t := out.FieldByName("IsTruncated"); t.IsValid() {
			yes := reflect.ValueOf(true)
			if t.Kind() == reflect.Pointer {
				t.Set(reflect.New(t.Type().Elem()))
				t = t.Elem()
			}
			t.Set(yes)
		}
		return
	}
}

// TestRecord scans odd accounts, records them and replays the recording: both
// snapshots say the same, and the replay records the same again.
func TestRecord(t *testing.T) {
	for _, s := range live.Services() {
		t.Run(s.Name, func(t *testing.T) {
			for seed := range uint64(4) {
				dir := filepath.Join(t.TempDir(), "recording")
				targets := []live.Target{{ID: "111122223333", Name: "odd & even", Partition: "aws", Regions: []merlon.Region{"eu-west-1", "us-east-1"}},
					{ID: "444455556666", Partition: "aws", Regions: []merlon.Region{"eu-central-1"}}}
				first := walk(t, odd{t, newDecoder(), seed}, targets, recorder(t, dir), s)
				again := filepath.Join(t.TempDir(), "again")
				f, targets, err := Open(dir)
				if err != nil {
					t.Fatal(err)
				}
				second := walk(t, f, targets, recorder(t, again), s)
				f.Close()
				if diff := cmp.Diff(content(t, first), content(t, second)); diff != "" {
					t.Errorf("seed %d: the replay differs (- live, + replayed):\n%s", seed, diff)
				}
				if diff := cmp.Diff(files(t, dir), files(t, again)); diff != "" {
					t.Errorf("seed %d: the recording of the replay differs:\n%s", seed, diff)
				}
			}
		})
	}
}

func recorder(t *testing.T, dir string) *Recorder {
	t.Helper()
	r, err := NewRecorder(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// content is what a snapshot says, without when it was read.
func content(t *testing.T, s *inventory.Snapshot) map[string]any {
	t.Helper()
	ctx := t.Context()
	out := map[string]any{}
	types, err := s.Types(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range types {
		err := s.Documents(ctx, typ.Type, func(d *inventory.Document) error {
			var doc map[string]any
			if err := json.Unmarshal(d.JSON, &doc); err != nil {
				return err
			}
			out[fmt.Sprint(doc["type"], doc["account"], doc["region"], doc["id"])] = map[string]any{"doc": doc, "unknowns": slices.Clone(d.Unknowns)}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Gaps(ctx, func(g *merlon.Gap) error { out["gap "+g.Key()] = *g; return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// files reads a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		out[rel] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
