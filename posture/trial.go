package posture

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// Where the resources of a test are unless it says otherwise.
const (
	testAccount = merlon.AccountID("111122223333")
	testRegion  = merlon.Region("eu-central-1")
)

// CallEffect says what a call reads, so that a test can name one that failed:
// it lists Types; or, for each resource of the type Per, it fills parts
// ("properties.BucketEncryption") and adds resources of Types.
type CallEffect struct {
	Types []string
	Per   string
	Fills []string
}

// TestOptions say what tests of controls need to know of the collectors.
type TestOptions struct {
	// Services are the collectors, with the types that each lists. Types that no
	// collector lists yet count as read.
	Services []inventory.Service
	// Call gives the effect of a call ("s3:GetBucketPolicy"); false for a call
	// that no collector makes, which a test must not name.
	Call func(call string) (CallEffect, bool)
}

// TestResult is what came of one case of a control's test.
type TestResult struct {
	Control string
	// File and Line say where the case is.
	File string
	Line int
	Name string
	// Problems are what is wrong, each with file, line and column; none where the
	// case holds.
	Problems []string
}

// Test runs the tests of all controls of a folder, which must be one of those
// the catalogue was loaded from. A control must have a test with at least a
// pass, a fail and an unknown. The error is one of reading the folder; what the
// tests find is in the results, in the order of the files.
func (c *Catalog) Test(ctx context.Context, folder Folder, opts TestOptions) ([]TestResult, error) {
	var files []string
	err := fs.WalkDir(folder.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasSuffix(name, "_test.yaml") {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read tests of %s: %w", folder.Name, err)
	}
	controls, err := controlFiles(folder.FS)
	if err != nil {
		return nil, fmt.Errorf("read controls of %s: %w", folder.Name, err)
	}
	var out []TestResult
	for _, name := range files {
		results, err := c.testFile(ctx, folder, name, opts)
		if err != nil {
			return nil, err
		}
		out = append(out, results...)
	}
	for _, name := range controls {
		id := strings.TrimSuffix(name, ".yaml")
		if !slices.Contains(files, id+"_test.yaml") {
			out = append(out, TestResult{Control: id, File: path.Join(folder.Name, name), Line: 1,
				Problems: []string{fmt.Sprintf("%s:1:1: the control has no test %s_test.yaml", path.Join(folder.Name, name), id)}})
		}
	}
	return out, nil
}

func (c *Catalog) testFile(ctx context.Context, folder Folder, name string, opts TestOptions) ([]TestResult, error) {
	data, err := readLimited(folder.FS, name)
	if err != nil {
		return nil, fmt.Errorf("read test: %w", err)
	}
	file := path.Join(folder.Name, name)
	result := TestResult{Control: strings.TrimSuffix(name, "_test.yaml"), File: file, Line: 1}
	r, ok := c.byID[result.Control]
	if !ok {
		result.Problems = []string{fmt.Sprintf("%s:1:1: there is no control %s%s", file, result.Control, didYouMean(result.Control, keysSorted(c.byID)))}
		return []TestResult{result}, nil
	}
	cases, err := parseTests(file, data)
	if err != nil {
		result.Problems = strings.Split(err.Error(), "\n")
		return []TestResult{result}, nil
	}
	seen := map[merlon.Verdict]bool{}
	var out []TestResult
	for i := range cases {
		tc := &cases[i]
		t := &trial{catalog: c, rule: r, testCase: tc, opts: opts}
		problems, err := t.run(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, tc.node.Line, err)
		}
		for _, e := range tc.expect {
			seen[e.verdict] = true
		}
		out = append(out, TestResult{Control: r.ID, File: file, Line: tc.node.Line, Name: tc.name, Problems: problems})
	}
	for _, v := range []merlon.Verdict{merlon.Pass, merlon.Fail, merlon.UnknownResult} {
		if !seen[v] {
			result.Problems = append(result.Problems, fmt.Sprintf("%s:1:1: no case expects %s", file, v))
		}
	}
	if len(result.Problems) > 0 {
		out = append(out, result)
	}
	return out, nil
}

// trial is one case being tried.
type trial struct {
	*testCase
	catalog  *Catalog
	rule     *rule
	opts     TestOptions
	problems []string
	// gapped are the gaps in the snapshot's form.
	gapped []merlon.Gap
	extra  []merlon.Resource
}

func (t *trial) problem(n *yaml.Node, format string, args ...any) {
	t.problems = append(t.problems, t.nodeErrorf(n, format, args...).Error())
}

// run builds the snapshot, runs the one control over it and compares. The error
// is one of the snapshot's.
func (t *trial) run(ctx context.Context) ([]string, error) {
	t.complete()
	t.applyGaps()
	t.applyUnknowns()
	t.validate()
	if len(t.problems) > 0 {
		return t.problems, nil
	}
	snapshot, err := t.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var findings []*merlon.Finding
	_, err = t.catalog.Run(ctx, snapshot, Options{
		Now:        t.now,
		Verdicts:   []merlon.Verdict{merlon.Pass, merlon.Fail, merlon.UnknownResult, merlon.NotApplicable},
		Select:     func(c *Control) bool { return c.ID == t.rule.ID },
		Parameters: map[string]map[string]any{t.rule.ID: t.parameters},
		Workers:    1,
	}, func(f *merlon.Finding) error {
		findings = append(findings, f)
		return nil
	})
	if err := errors.Join(err, snapshot.Close()); err != nil {
		return nil, err
	}
	t.compare(findings)
	return t.problems, nil
}

// compare holds the findings against what is expected.
func (t *trial) compare(findings []*merlon.Finding) {
	met := make([]bool, len(t.expect))
	for _, f := range findings {
		i := slices.IndexFunc(t.expect, func(e expectation) bool { return t.means(e.name, f) })
		if i < 0 {
			t.problem(t.node, "%s got %s, and the case expects nothing of it (%s)", f.Name, f.Verdict, f.Message)
			continue
		}
		met[i] = true
		e := t.expect[i]
		if f.Verdict != e.verdict {
			t.problem(e.node, "%s got %s, not %s (%s)", e.name, f.Verdict, e.verdict, f.Message)
		} else if !strings.Contains(f.Message, e.message) {
			t.problem(e.node, "the message of %s is %q, without %q", e.name, f.Message, e.message)
		}
	}
	for i, e := range t.expect {
		if !met[i] {
			t.problem(e.node, "%s got no verdict, where %s is expected", e.name, e.verdict)
		}
	}
}

// means reports whether a name of the test stands for a finding's resource:
// "account" for the account itself and for what could not be listed in it,
// "region" for the region.
func (t *trial) means(name string, f *merlon.Finding) bool {
	place := string(f.Account) + "/" + string(f.Region)
	switch name {
	case f.Name, f.Resource:
		return true
	case "account":
		return f.Account == testAccount && (f.Type == accountType || f.Resource == place)
	case "region":
		return f.Account == testAccount && f.Region == testRegion && f.Type == regionType
	}
	return false
}
