package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	smithy "github.com/aws/smithy-go"

	"merlon.dev/merlon"
	"merlon.dev/merlon/demo"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/awscli"
	"merlon.dev/merlon/inventory/live"
)

// replayFolder reads a folder of CLI output into a snapshot in memory.
func replayFolder(t *testing.T, dir string, wrap func(live.Source) live.Source, regions ...string) *inventory.Snapshot {
	t.Helper()
	folder, targets, err := awscli.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if targets, err = live.Narrow(targets, live.Options{Regions: regions}); err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	var src live.Source = folder
	if wrap != nil {
		src = wrap(folder)
	}
	meta := inventory.Meta{Kind: inventory.KindAWSCLI, Started: demo.Day(), Finished: demo.Day()}
	services := live.Services()
	for _, s := range services {
		meta.Services = append(meta.Services, s.Meta())
	}
	for _, a := range targets {
		meta.Accounts = append(meta.Accounts, inventory.Account{ID: a.ID, Name: a.Name, Regions: a.Regions})
	}
	b, err := inventory.Create(t.Context(), filepath.Join(t.TempDir(), "replay.db"), schemas, meta)
	if err != nil {
		t.Fatal(err)
	}
	w := &live.Walk{Services: services, Targets: targets, Source: src, Schemas: schemas, Progress: live.NoProgress{}, Accounts: 3, Units: 8, Now: demo.Day}
	if err := w.Run(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	s, err := b.FinishOpen(t.Context(), meta)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// denying is a source that denies one operation.
type denying struct {
	live.Source
	op *live.Operation
}

func (d denying) Open(ctx context.Context, p live.Place) (live.Caller, error) {
	c, err := d.Source.Open(ctx, p)
	return denyingCaller{c, d.op}, err
}

type denyingCaller struct {
	live.Caller
	op *live.Operation
}

func (d denyingCaller) Call(ctx context.Context, o *live.Operation, in any) (any, live.Stats, error) {
	if o.Service == d.op.Service && o.Name == d.op.Name {
		return nil, live.Stats{Attempts: 1}, &smithy.GenericAPIError{Code: "AccessDenied", Message: "not authorized"}
	}
	return d.Caller.Call(ctx, o, in)
}

// TestDenyEachCall denies each declared call in turn on the built-in
// organization and demands that no control turns from fail to pass, that what it
// said of the resource is still said, or that the control says unknown of the
// account; and that the denial is recorded.
func TestDenyEachCall(t *testing.T) {
	dir := t.TempDir()
	if err := demo.Unpack(dir); err != nil {
		t.Fatal(err)
	}
	// One region has every service, the global ones too.
	const region = "us-east-1"
	_, _, before := verdicts(t, replayFolder(t, dir, nil, region))
	var seen []string
	for _, s := range live.Services() {
		for _, o := range s.Operations {
			name := o.Service + ":" + o.Name
			if slices.Contains(seen, name) {
				continue
			}
			seen = append(seen, name)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				snapshot := replayFolder(t, dir, func(src live.Source) live.Source { return denying{src, o} }, region)
				_, _, after := verdicts(t, snapshot)
				for _, problem := range softened(before, after) {
					t.Error(problem)
				}
			})
		}
	}
	if len(seen) < 100 {
		t.Errorf("only %d calls are declared", len(seen))
	}
}

// softened lists the failures that a denied call made disappear.
func softened(before, after []merlon.Finding) []string {
	byID := map[string]merlon.Verdict{}
	unknown := map[string]bool{}
	for _, f := range after {
		byID[f.ID] = f.Verdict
		if f.Verdict == merlon.UnknownResult {
			unknown[f.Control+" "+string(f.Account)] = true
		}
	}
	var out []string
	for _, f := range before {
		if f.Verdict != merlon.Fail {
			continue
		}
		v, ok := byID[f.ID]
		switch {
		case ok && (v == merlon.Pass || v == merlon.NotApplicable):
			out = append(out, fmt.Sprintf("%s on %s turned from fail to %s", f.Control, f.Resource, v))
		case !ok && !unknown[f.Control+" "+string(f.Account)]:
			out = append(out, fmt.Sprintf("%s on %s failed before and is not mentioned now, and nothing of %s is unknown", f.Control, f.Resource, f.Account))
		}
	}
	return out
}
