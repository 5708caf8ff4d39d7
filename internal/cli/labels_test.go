package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/demo"
	"merlon.dev/merlon/internal/awstest"
	"merlon.dev/merlon/internal/config"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/live"
	"merlon.dev/merlon/posture"
)

// label says of a check, by its id in another tool, which resources are badly
// configured and which are their good twins.
type label struct {
	Alias   string           `json:"alias"`
	Account merlon.AccountID `json:"account"`
	Region  string           `json:"region"`
	Good    []string         `json:"good"`
	Bad     []string         `json:"bad"`
}

func readLabels(t *testing.T, path string) []label {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []label
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l label
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	if len(out) == 0 {
		t.Fatal("no labels")
	}
	return out
}

// everything is an environment for tests: nothing of the user's, a fixed clock.
func everything(t *testing.T) Environment {
	dir := t.TempDir()
	return Environment{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}, Getenv: func(string) string { return "" }, Dir: dir, CacheDir: dir,
		Now: demo.Day}
}

// builtIn compiles the built-in controls once for all tests.
func builtIn(t *testing.T) *posture.Catalog {
	t.Helper()
	cat, err := compileBuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

var compileBuiltIn = sync.OnceValues(func() (*posture.Catalog, error) {
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		return nil, err
	}
	return loadControls(schemas, nil)
})

// verdicts runs all controls over a snapshot and keeps every verdict by control
// and resource.
func verdicts(t *testing.T, s *inventory.Snapshot) (*posture.Catalog, map[string]map[string]merlon.Verdict, []merlon.Finding) {
	t.Helper()
	cat := builtIn(t)
	got := map[string]map[string]merlon.Verdict{}
	var all []merlon.Finding
	opts := posture.Options{Verdicts: []merlon.Verdict{merlon.Pass, merlon.Fail, merlon.UnknownResult, merlon.NotApplicable}}
	_, err := cat.Run(t.Context(), s, opts, func(f *merlon.Finding) error {
		if got[f.Control] == nil {
			got[f.Control] = map[string]merlon.Verdict{}
		}
		got[f.Control][f.Resource] = f.Verdict
		all = append(all, merlon.Finding{ID: f.ID, Control: f.Control, Resource: f.Resource, Account: f.Account, Region: f.Region, Verdict: f.Verdict})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return cat, got, all
}

// checkLabels demands that every label holds in both directions: its control
// fails the bad resource and passes the good twin.
func checkLabels(t *testing.T, s *inventory.Snapshot, labels []label) {
	t.Helper()
	cat, got, _ := verdicts(t, s)
	find := func(of map[string]merlon.Verdict, name string) (merlon.Verdict, bool) {
		if v, ok := of[name]; ok {
			return v, true
		}
		for key, v := range of {
			if strings.HasSuffix(key, "/"+name) || strings.HasSuffix(key, ":"+name) {
				return v, true
			}
		}
		return "", false
	}
	checked := 0
	for _, l := range labels {
		var controls []string
		for _, c := range cat.Controls() {
			if slices.Contains(c.Aliases, l.Alias) {
				controls = append(controls, c.ID)
			}
		}
		if len(controls) == 0 {
			t.Errorf("no control has the alias %s", l.Alias)
			continue
		}
		// Several controls may answer for one check of another tool, some of them on
		// other resources: one must say it, and none the contrary.
		for want, names := range map[merlon.Verdict][]string{merlon.Pass: l.Good, merlon.Fail: l.Bad} {
			for _, n := range names {
				said := map[merlon.Verdict]string{}
				for _, c := range controls {
					if v, ok := find(got[c], n); ok {
						said[v] = c
					}
				}
				checked++
				contrary := merlon.Pass
				if want == merlon.Pass {
					contrary = merlon.Fail
				}
				if said[want] == "" || said[contrary] != "" {
					t.Errorf("%s (%v): %v for %s, want %s", l.Alias, controls, said, n, want)
				}
			}
		}
	}
	t.Logf("%d labels, %d verdicts checked", len(labels), checked)
}

// replayDemo reads the built-in organization through a wrapper around its source.
func replayDemo(t *testing.T, wrap func(live.Source) live.Source) *inventory.Snapshot {
	t.Helper()
	dir := t.TempDir()
	if err := demo.Unpack(dir); err != nil {
		t.Fatal(err)
	}
	return replayFolder(t, dir, wrap)
}

func TestDemoLabels(t *testing.T) {
	checkLabels(t, replayDemo(t, nil), readLabels(t, "../../demo/labels.jsonl"))
}

// TestSeededLabels is the same on the emulator itself, with enough products for
// 1,500 resources in three regions.
func TestSeededLabels(t *testing.T) {
	moto := awstest.StartMoto(t)
	file := filepath.Join(t.TempDir(), "labels.jsonl")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	seed, err := awstest.Python(ctx, "demo/seed.py", "--endpoint", moto.URL, "--labels", file, "--copies", "7")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := seed.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	env := everything(t)
	env.Now = time.Now
	in := &input{env: env, quiet: true, config: &config.Config{}, output: filepath.Join(env.Dir, "seeded.db")}
	in.live = live.Options{EndpointURL: moto.URL, Organization: true, Role: "OrganizationAccountAccessRole", Regions: []string{"us-east-1", "eu-west-1", "eu-central-1"},
		Parallel: 16, Limits: live.DefaultLimits(), Budget: live.NewBudget(0, time.Now)}
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	path, err := in.collect(ctx, schemas)
	if err != nil {
		t.Fatal(err)
	}
	s, err := inventory.Open(ctx, path, schemas)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	types, err := s.Types(ctx)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, tc := range types {
		n += tc.Count
	}
	if n < 1500 {
		t.Errorf("%d resources were seeded and read, want at least 1,500", n)
	}
	checkLabels(t, s, readLabels(t, file))
}
