package posture

import (
	"context"
	"crypto/rand"
	"encoding/json"
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

// complete fills in what tests leave out.
func (t *trial) complete() {
	named := map[string]*testResource{}
	for i := range t.resources {
		r := &t.resources[i]
		typ, ok := t.catalog.schemas.Type(r.Type)
		if !ok {
			hint := ""
			if c := t.catalog.schemas.ClosestType(r.Type); c != "" {
				hint = "; did you mean " + c + "?"
			}
			t.problem(r.node, "there is no type %s%s", r.Type, hint)
			continue
		}
		if r.Account == "" {
			r.Account = testAccount
		}
		if r.Region == "" {
			r.Region = t.regionOf(r.Type)
		}
		switch r.Type {
		case accountType:
			r.ID = string(r.Account)
		case regionType:
			r.ID = string(r.Region)
		}
		if r.ID == "" {
			r.ID = r.Name
		}
		if r.ID == "" {
			t.problem(r.node, "a resource needs a name or an id")
			continue
		}
		if r.Name == "" {
			r.Name = r.ID
		}
		if r.properties == nil {
			r.properties = map[string]any{}
		}
		if len(typ.ID) == 1 {
			if p, ok := typ.Properties.Field(typ.ID[0]); ok && p.Kind == inventory.String && r.properties[typ.ID[0]] == nil {
				r.properties[typ.ID[0]] = r.ID
			}
		}
		if r.ARN == "" {
			r.ARN = arnOf(typ.ARN, &r.Resource)
		}
		if old, ok := named[r.Type+" "+r.Name]; ok {
			t.problem(r.node, "a %s named %s is defined already in line %d", r.Type, r.Name, old.node.Line)
		}
		named[r.Type+" "+r.Name] = r
	}
}

// arnOf fills in an ARN's pattern where only the id is left to say.
func arnOf(pattern string, r *merlon.Resource) merlon.ARN {
	known := strings.NewReplacer("${Partition}", string(merlon.PartitionOf(r.Region)), "${Region}", string(r.Region), "${Account}", string(r.Account))
	arn := known.Replace(pattern)
	before, rest, ok := strings.Cut(arn, "${")
	if !ok {
		return merlon.ARN(arn)
	}
	_, after, ok := strings.Cut(rest, "}")
	if !ok || strings.Contains(after, "${") || strings.HasPrefix(r.ID, "arn:") {
		return ""
	}
	return merlon.ARN(before + r.ID + after)
}

// regionOf is where resources of a type are unless a test says otherwise.
func (t *trial) regionOf(typ string) merlon.Region {
	if s, ok := t.service(typ); ok && s.Global || typ == accountType {
		return merlon.PartitionOf(testRegion).GlobalRegion()
	}
	return testRegion
}

func (t *trial) service(typ string) (inventory.Service, bool) {
	for _, s := range t.opts.Services {
		if slices.Contains(s.Types, typ) {
			return s, true
		}
	}
	return inventory.Service{}, false
}

// applyGaps turns failed calls into the snapshot's gaps and unknowns, as a
// collector would.
func (t *trial) applyGaps() {
	for i := range t.gaps {
		g := &t.gaps[i]
		effect, ok := CallEffect{}, false
		if t.opts.Call != nil {
			effect, ok = t.opts.Call(g.Call)
		}
		if !ok {
			t.problem(g.node, "no collector makes the call %s", g.Call)
			continue
		}
		if g.Account == "" {
			g.Account = testAccount
		}
		if g.Region == "" {
			typ := effect.Per
			if typ == "" && len(effect.Types) > 0 {
				typ = effect.Types[0]
			}
			g.Region = t.regionOf(typ)
		}
		if effect.Per == "" {
			if g.resource != "" {
				t.problem(g.node, "%s is not about one resource", g.Call)
			}
			gap := g.Gap
			gap.Types = effect.Types
			t.gapped = append(t.gapped, gap)
			continue
		}
		found := false
		for k := range t.resources {
			r := &t.resources[k]
			if r.Type != effect.Per || g.resource != "" && g.resource != r.Name && g.resource != r.ID {
				continue
			}
			found = true
			gap := g.Gap
			gap.Account, gap.Region, gap.Resource, gap.Types = r.Account, r.Region, r.Key(), effect.Types
			t.gapped = append(t.gapped, gap)
			for _, part := range effect.Fills {
				r.Unknowns = append(r.Unknowns, merlon.Unknown{Path: "/" + strings.ReplaceAll(part, ".", "/"), Reason: gap.Text(), Gap: gap.Key()})
			}
		}
		if !found {
			t.problem(g.node, "there is no %s %s that %s could be about", effect.Per, g.resource, g.Call)
		}
	}
}

func (t *trial) applyUnknowns() {
	for _, u := range t.unknowns {
		i := slices.IndexFunc(t.resources, func(r testResource) bool { return r.Name == u.resource || r.ID == u.resource })
		if i < 0 {
			t.problem(u.node, "there is no resource %s", u.resource)
			continue
		}
		r := &t.resources[i]
		typ, ok := t.catalog.schemas.Type(r.Type)
		if !ok {
			continue
		}
		var names []string
		for _, p := range strings.Split(u.path, ".") {
			if strings.Trim(p, "0123456789") != "" {
				names = append(names, p)
			}
		}
		if _, ok := typ.Lookup(strings.Join(names, ".")); !ok {
			hint := ""
			if c := typ.Closest(strings.Join(names, ".")); c != "" {
				hint = "; did you mean " + c + "?"
			}
			t.problem(u.node, "%s has no %s%s", r.Type, u.path, hint)
			continue
		}
		r.Unknowns = append(r.Unknowns, merlon.Unknown{Path: "/" + strings.ReplaceAll(u.path, ".", "/"), Reason: u.reason})
	}
}

// validate holds the resources against their schemas.
func (t *trial) validate() {
	for i := range t.resources {
		r := &t.resources[i]
		typ, ok := t.catalog.schemas.Type(r.Type)
		if !ok {
			continue
		}
		var err error
		if r.Properties, err = json.Marshal(r.properties); err != nil {
			t.problem(r.node, "%v", err)
		}
		if len(r.observed) > 0 {
			if r.Observed, err = json.Marshal(r.observed); err != nil {
				t.problem(r.node, "%v", err)
			}
		}
		for _, p := range typ.CheckResource(&r.Resource) {
			t.problem(r.at(p.Path), "%s", p)
		}
	}
}

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
	types := t.rule.types()
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

// types are the resource types that a control's expressions lead to.
func (r *rule) types() []string {
	out := []string{r.Resource}
	exprs := []*expression{r.when, r.require, r.discriminator}
	for i := range r.message {
		exprs = append(exprs, r.message[i].expression)
	}
	for _, x := range exprs {
		if x == nil {
			continue
		}
		for _, t := range x.checked.NativeRep().TypeMap() {
			for len(t.Parameters()) > 0 {
				t = t.Parameters()[len(t.Parameters())-1]
			}
			if doc, ok := r.env.provider.document(t.TypeName()); ok && t.TypeName() != subjectType {
				out = append(out, doc.Name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
