package posture_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/posture"
)

const (
	acct1 = merlon.AccountID("111111111111")
	acct2 = merlon.AccountID("222222222222")
)

var day = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// world is a snapshot being described.
type world struct {
	meta      inventory.Meta
	resources []merlon.Resource
	gaps      []merlon.Gap
	// outside are units that were not read.
	outside map[inventory.Unit]bool
}

func newWorld() *world {
	return &world{outside: map[inventory.Unit]bool{}, meta: inventory.Meta{
		Kind: inventory.KindLive, Started: day, Finished: day,
		Accounts: []inventory.Account{{ID: acct1, Regions: []merlon.Region{"eu-central-1", "us-east-1"}}, {ID: acct2, Regions: []merlon.Region{"eu-central-1"}}},
		Services: []inventory.Service{
			{Name: "account", Global: true, Types: []string{"Merlon::Account::Account"}},
			{Name: "s3", Global: true, Types: []string{"AWS::S3::Bucket", "AWS::S3::BucketPolicy"}},
			{Name: "sqs", Types: []string{"AWS::SQS::Queue"}},
			{Name: "cloudtrail", Types: []string{"AWS::CloudTrail::Trail"}},
		},
	}}
}

func (w *world) add(typ, id string, account merlon.AccountID, region merlon.Region, properties string, more ...func(*merlon.Resource)) {
	r := merlon.Resource{Type: typ, ID: id, Name: id, Account: account, Region: region, Properties: json.RawMessage(properties)}
	for _, m := range more {
		m(&r)
	}
	w.resources = append(w.resources, r)
}

func (w *world) open(t testing.TB) *inventory.Snapshot {
	t.Helper()
	ctx := context.Background()
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	b, err := inventory.Create(ctx, t.TempDir()+"/snapshot", schemas, w.meta)
	if err != nil {
		t.Fatal(err)
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	writers := map[inventory.Unit]*inventory.UnitWriter{}
	for _, a := range w.meta.Accounts {
		for _, s := range w.meta.Services {
			regions := a.Regions
			if s.Global {
				regions = []merlon.Region{"us-east-1"}
			}
			for _, r := range regions {
				u := inventory.Unit{Account: a.ID, Region: r, Service: s.Name}
				if w.outside[u] {
					continue
				}
				writers[u], err = b.Begin(ctx, u, day)
				check(err)
			}
		}
	}
	var any *inventory.UnitWriter
	for _, any = range writers {
		break
	}
	for i := range w.resources {
		check(any.Put(ctx, &w.resources[i]))
	}
	for i := range w.gaps {
		check(any.Gap(ctx, &w.gaps[i]))
	}
	for _, u := range writers {
		check(u.Done(ctx, day))
	}
	check(b.Finish(ctx, w.meta))
	s, err := inventory.Open(ctx, b.Path(), schemas)
	check(err)
	t.Cleanup(func() { s.Close() })
	return s
}

// control writes a control's file; fields given replace the ordinary ones.
func control(resource, require string, fields ...string) *fstest.MapFile {
	text := fmt.Sprintf("title: T\narea: data\nseverity: low\nresource: %s\nwhy: w\nfix: {text: f}\nrequire: >-\n  %s\n", resource, require)
	message := "message: m"
	for _, f := range fields {
		if strings.HasPrefix(f, "message:") {
			message = f
			continue
		}
		text += f + "\n"
	}
	return &fstest.MapFile{Data: []byte(text + message + "\n")}
}

func load(t testing.TB, files fstest.MapFS) *posture.Catalog {
	t.Helper()
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	c, err := posture.Load(schemas, posture.Folder{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var allVerdicts = []merlon.Verdict{merlon.Pass, merlon.Fail, merlon.UnknownResult, merlon.NotApplicable}

func run(t testing.TB, c *posture.Catalog, s posture.Snapshot, opts posture.Options) ([]merlon.Finding, *posture.Summary) {
	t.Helper()
	var out []merlon.Finding
	sum, err := c.Run(t.Context(), s, opts, func(f *merlon.Finding) error { out = append(out, *f); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return out, sum
}

// verdicts are the findings in a line each.
func verdicts(findings []merlon.Finding) []string {
	out := []string{}
	for _, f := range findings {
		out = append(out, fmt.Sprintf("%s %s/%s %s %s", f.Control, f.Account, f.Region, f.Name, f.Verdict))
	}
	return out
}

func TestRunOrder(t *testing.T) {
	w := newWorld()
	w.add("AWS::SQS::Queue", "z", acct1, "eu-central-1", `{}`)
	w.add("AWS::SQS::Queue", "a", acct2, "eu-central-1", `{"SqsManagedSseEnabled":true}`)
	w.add("AWS::SQS::Queue", "b", acct1, "us-east-1", `{"SqsManagedSseEnabled":false}`)
	w.add("AWS::SQS::Queue", "a", acct1, "eu-central-1", `{"SqsManagedSseEnabled":true}`)
	w.add("AWS::S3::Bucket", "b", acct1, "us-east-1", `{}`)
	w.add("AWS::CloudTrail::Trail", "t", acct1, "us-east-1", `{"IsLogging":true,"S3BucketName":"b"}`)
	w.gaps = append(w.gaps,
		merlon.Gap{Call: "sqs:ListQueues", Account: acct1, Region: "us-east-1", Types: []string{"AWS::SQS::Queue"}, Cause: merlon.CauseDenied},
		merlon.Gap{Call: "sqs:ListQueues", Account: acct2, Region: "eu-central-1", Types: []string{"AWS::SQS::Queue"}, Cause: merlon.CauseThrottled})
	c := load(t, fstest.MapFS{
		"sqs/sse.yaml":   control("AWS::SQS::Queue", "resource.properties.?SqsManagedSseEnabled.orValue(false)"),
		"sqs/named.yaml": control("AWS::SQS::Queue", "resource.name == 'a'", "when: resource.region != 'us-east-1'"),
		"s3/any.yaml":    control("AWS::S3::Bucket", "true"),
		"kms/any.yaml":   control("AWS::KMS::Key", "true"),
	})
	s := w.open(t)
	want := []string{
		"s3/any 111111111111/us-east-1 b pass",
		"sqs/named 111111111111/eu-central-1 a pass",
		"sqs/sse 111111111111/eu-central-1 a pass",
		"sqs/named 111111111111/eu-central-1 z fail",
		"sqs/sse 111111111111/eu-central-1 z fail",
		"sqs/named 111111111111/us-east-1 111111111111/us-east-1 unknown",
		"sqs/sse 111111111111/us-east-1 111111111111/us-east-1 unknown",
		"sqs/named 111111111111/us-east-1 b not-applicable",
		"sqs/sse 111111111111/us-east-1 b fail",
		"sqs/named 222222222222/eu-central-1 222222222222/eu-central-1 unknown",
		"sqs/sse 222222222222/eu-central-1 222222222222/eu-central-1 unknown",
		"sqs/named 222222222222/eu-central-1 a pass",
		"sqs/sse 222222222222/eu-central-1 a pass",
	}
	for _, workers := range []int{1, 2, 7} {
		findings, sum := run(t, c, s, posture.Options{Verdicts: allVerdicts, Workers: workers})
		if diff := cmp.Diff(want, verdicts(findings)); diff != "" {
			t.Errorf("with %d workers (-want +got):\n%s", workers, diff)
		}
		counts := map[string]map[merlon.AccountID]posture.Tally{
			"s3/any":    {acct1: {Pass: 1}},
			"sqs/named": {acct1: {Pass: 1, Fail: 1, Unknown: 1, NotApplicable: 1}, acct2: {Pass: 1, Unknown: 1}},
			"sqs/sse":   {acct1: {Pass: 1, Fail: 2, Unknown: 1}, acct2: {Pass: 1, Unknown: 1}},
		}
		if diff := cmp.Diff(&posture.Summary{Resources: 5, Counts: counts, OutOfScope: []string{"kms/any"}}, sum); diff != "" {
			t.Errorf("with %d workers the summary (-want +got):\n%s", workers, diff)
		}
	}
	// Fail and unknown are what a handler gets unless it asks for more; the counts
	// do not depend on it.
	findings, sum := run(t, c, s, posture.Options{Select: func(c *posture.Control) bool { return c.ID == "sqs/sse" }})
	if got := len(findings); got != 4 {
		t.Errorf("%d findings, want 4: %v", got, verdicts(findings))
	}
	if sum.Counts["sqs/sse"][acct1].Pass != 1 || len(sum.Counts) != 1 {
		t.Errorf("counts are %v", sum.Counts)
	}
	denied := findings[slices.IndexFunc(findings, func(f merlon.Finding) bool { return f.Account == acct2 })]
	if denied.Resource != "222222222222/eu-central-1" || denied.Reasons[0] != "sqs:ListQueues in 222222222222/eu-central-1 was throttled until Merlon gave up" ||
		len(denied.Gaps) != 1 || denied.Gaps[0] != w.gaps[1].Key() || denied.OutOfScope || denied.ID != merlon.FindingID("sqs/sse", denied.Resource, acct2, "eu-central-1", "") {
		t.Errorf("the finding of the denied list is %+v", denied)
	}
}

func TestRunGlobalServiceIsDeniedOnce(t *testing.T) {
	w := newWorld()
	w.gaps = append(w.gaps, merlon.Gap{Call: "s3:ListBuckets", Account: acct1, Region: "us-east-1", Types: []string{"AWS::S3::Bucket"}, Cause: merlon.CauseDenied})
	findings, _ := run(t, load(t, fstest.MapFS{"s3/any.yaml": control("AWS::S3::Bucket", "true")}), w.open(t), posture.Options{})
	if got, want := verdicts(findings), []string{"s3/any 111111111111/us-east-1 111111111111/us-east-1 unknown"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRunFinding(t *testing.T) {
	read := time.Date(2026, 2, 28, 1, 2, 3, 0, time.UTC)
	w := newWorld()
	w.add("AWS::S3::Bucket", "b", acct1, "us-east-1", `{"BucketName":"b","VersioningConfiguration":{"Status":"Suspended"},"Tags":[{"Key":"k","Value":"`+strings.Repeat("x", 2000)+`"}]}`, func(r *merlon.Resource) {
		r.ARN = "arn:aws:s3:::b"
		r.Observed = json.RawMessage(`{"CreationDate":"2025-03-01T00:00:00Z"}`)
		r.Calls = []merlon.Read{{Call: "s3:ListBuckets", At: read}, {Call: "s3:GetBucketVersioning", At: read.Add(time.Second), Properties: []string{"properties.VersioningConfiguration"}}}
	})
	w.add("AWS::S3::BucketPolicy", "b", acct1, "us-east-1", `{"Bucket":"b","PolicyDocument":{"Statement":[]}}`, func(r *merlon.Resource) {
		r.Calls = []merlon.Read{{Call: "s3:GetBucketPolicy", At: read.Add(time.Minute)}}
	})
	c := load(t, fstest.MapFS{"s3/v.yaml": control("AWS::S3::Bucket",
		"resource.properties.?VersioningConfiguration.?Status.orValue('') == 'Enabled' || resource.related('policy').size() == params.policies || resource.properties.?Tags.orValue([]).size() == 9",
		"message: '${resource.name} is ${resource.properties.?VersioningConfiguration.?Status}, ${daysSince(resource.observed.?CreationDate.orValue(now))} days old, logs ${resource.properties.?LoggingConfiguration.?LogFilePrefix}; wanted $${Enabled}'",
		"discriminator: resource.id", "parameters: {policies: 2}")})
	findings, _ := run(t, c, w.open(t), posture.Options{})
	if len(findings) != 1 {
		t.Fatalf("got %v", verdicts(findings))
	}
	got := findings[0]
	tags := got.Evidence[2]
	got.Evidence = got.Evidence[:2]
	want := merlon.Finding{
		ID: merlon.FindingID("s3/v", "arn:aws:s3:::b", acct1, "us-east-1", "b"), Control: "s3/v", Resource: "arn:aws:s3:::b", Name: "b", Type: "AWS::S3::Bucket",
		Account: acct1, Region: "us-east-1", Verdict: merlon.Fail, Severity: merlon.Low,
		Message: "b is Suspended, 365 days old, logs nothing; wanted ${Enabled}",
		Evidence: []merlon.Evidence{
			{Path: "properties.VersioningConfiguration.Status", Value: json.RawMessage(`"Suspended"`), Call: "s3:GetBucketVersioning", At: read.Add(time.Second)},
			{Path: "related('policy')", Value: json.RawMessage(`[{"id":"b","properties":{"Bucket":"b","PolicyDocument":{"Statement":[]}},"observed":{}}]`), Call: "s3:GetBucketPolicy", At: read.Add(time.Minute)},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if tags.Path != "properties.Tags" || len(tags.Value) > 600 || !json.Valid(tags.Value) || !strings.Contains(string(tags.Value), "(2000 bytes)") || tags.Call != "s3:ListBuckets" {
		t.Errorf("the long value is %s from %s", tags.Value, tags.Call)
	}
}

func TestRunUnknown(t *testing.T) {
	gap := merlon.Gap{Call: "s3:GetBucketPolicy", Account: acct1, Region: "us-east-1", Resource: "arn:aws:s3:::b", Types: []string{"AWS::S3::BucketPolicy"}, Cause: merlon.CauseDenied}
	w := newWorld()
	arn := func(r *merlon.Resource) { r.ARN = "arn:aws:s3:::b" }
	unknown := func(u ...merlon.Unknown) func(*merlon.Resource) { return func(r *merlon.Resource) { r.Unknowns = u } }
	w.add("AWS::S3::Bucket", "b", acct1, "us-east-1", `{}`, arn, unknown(
		merlon.Unknown{Path: "/properties/BucketEncryption", Reason: "s3:GetBucketEncryption was denied", Gap: "g1"},
		merlon.Unknown{Path: "/properties/BucketName", Reason: "known after deployment"}))
	w.gaps = append(w.gaps, gap)
	c := load(t, fstest.MapFS{
		"a/property.yaml":  control("AWS::S3::Bucket", "resource.properties.?BucketEncryption.hasValue()"),
		"b/later.yaml":     control("AWS::S3::Bucket", "resource.properties.?BucketName.orValue('') == 'x'"),
		"c/both.yaml":      control("AWS::S3::Bucket", "resource.properties.?BucketEncryption.hasValue() && resource.properties.?BucketName.hasValue()"),
		"d/settled.yaml":   control("AWS::S3::Bucket", "resource.properties.?BucketEncryption.hasValue() && resource.name == 'x'"),
		"e/relation.yaml":  control("AWS::S3::Bucket", "resource.related('policy').size() == 0"),
		"f/outside.yaml":   control("AWS::S3::Bucket", "resource.related('accessPoints').all(p, false)"),
		"g/when.yaml":      control("AWS::S3::Bucket", "false", "when: resource.properties.?BucketEncryption.hasValue()"),
		"h/error.yaml":     control("AWS::S3::Bucket", "{'a': 1}[resource.name] == 1"),
		"i/account.yaml":   control("AWS::S3::Bucket", "account.name == '111111111111'"),
		"j/region.yaml":    control("AWS::S3::Bucket", "region.name == 'us-east-1'"),
		"k/malformed.yaml": control("AWS::S3::Bucket", "json(resource.name) == 1"),
	})
	findings, sum := run(t, c, w.open(t), posture.Options{Verdicts: allVerdicts})
	type unknowns struct {
		verdict    merlon.Verdict
		gaps       []string
		reasons    []string
		outOfScope bool
	}
	want := map[string]unknowns{
		"a/property":  {merlon.UnknownResult, []string{"g1"}, []string{"s3:GetBucketEncryption was denied"}, false},
		"b/later":     {merlon.UnknownResult, nil, []string{"known after deployment"}, true},
		"c/both":      {merlon.UnknownResult, []string{"g1"}, []string{"known after deployment", "s3:GetBucketEncryption was denied"}, false},
		"d/settled":   {merlon.Fail, nil, nil, false},
		"e/relation":  {merlon.UnknownResult, []string{gap.Key()}, []string{"s3:GetBucketPolicy on arn:aws:s3:::b was denied"}, false},
		"f/outside":   {merlon.UnknownResult, nil, []string{"AWS::S3::AccessPoint was not asked for (out of scope)"}, true},
		"g/when":      {merlon.UnknownResult, []string{"g1"}, []string{"s3:GetBucketEncryption was denied"}, false},
		"h/error":     {merlon.UnknownResult, nil, []string{"the control could not be evaluated: no such key: b"}, false},
		"i/account":   {merlon.UnknownResult, nil, []string{"nothing is known of account 111111111111 (out of scope)"}, true},
		"j/region":    {merlon.UnknownResult, nil, []string{"nothing is known of region us-east-1 (out of scope)"}, true},
		"k/malformed": {merlon.UnknownResult, nil, []string{`the control could not be evaluated: not a JSON document: unexpected 'b' at byte 0`}, false},
	}
	got := map[string]unknowns{}
	for _, f := range findings {
		got[f.Control] = unknowns{f.Verdict, f.Gaps, f.Reasons, f.OutOfScope}
		if f.Verdict == merlon.UnknownResult && !strings.HasPrefix(f.Message, "cannot tell: T (") {
			t.Errorf("%s says %q", f.Control, f.Message)
		}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(unknowns{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if sum.Counts["b/later"][acct1].OutOfScope != 1 || sum.Counts["a/property"][acct1].OutOfScope != 0 {
		t.Errorf("counts are %v", sum.Counts)
	}
}

func TestRunAsksTheAccount(t *testing.T) {
	w := newWorld()
	w.add("Merlon::Account::Account", string(acct1), acct1, "us-east-1", `{"AccountId":"111111111111"}`)
	w.add("Merlon::Account::Account", string(acct2), acct2, "us-east-1", `{"AccountId":"222222222222"}`)
	w.add("AWS::CloudTrail::Trail", "t", acct1, "eu-central-1", `{"IsLogging":true,"S3BucketName":"b","IsMultiRegionTrail":true}`)
	w.add("AWS::CloudTrail::Trail", "u", acct1, "us-east-1", `{"IsLogging":false,"S3BucketName":"b"}`)
	for _, a := range []merlon.AccountID{acct1, acct2} {
		w.add("AWS::SQS::Queue", "q", a, "eu-central-1", `{}`)
		w.add("AWS::SQS::Queue", "r", a, "eu-central-1", `{}`)
	}
	// The list of another region failed: one good trail is enough, none is not.
	w.gaps = append(w.gaps, merlon.Gap{Call: "cloudtrail:ListTrails", Account: acct2, Region: "eu-central-1", Types: []string{"AWS::CloudTrail::Trail"}, Cause: merlon.CauseDenied})
	rule := "account.related('trails').exists(t, t.properties.IsLogging && t.properties.?IsMultiRegionTrail.orValue(false))"
	findings, _ := run(t, load(t, fstest.MapFS{
		"account/trail.yaml": control("Merlon::Account::Account", strings.Replace(rule, "account.", "resource.", 1)),
		"sqs/trail.yaml":     control("AWS::SQS::Queue", rule),
	}), w.open(t), posture.Options{Verdicts: allVerdicts})
	want := []string{
		"sqs/trail 111111111111/eu-central-1 q pass", "sqs/trail 111111111111/eu-central-1 r pass",
		"sqs/trail 222222222222/eu-central-1 q unknown", "sqs/trail 222222222222/eu-central-1 r unknown",
		"account/trail 111111111111/us-east-1 111111111111 pass", "account/trail 222222222222/us-east-1 222222222222 unknown",
	}
	if diff := cmp.Diff(want, verdicts(findings)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRunParameters(t *testing.T) {
	w := newWorld()
	w.add("AWS::SQS::Queue", "q", acct1, "eu-central-1", `{"VisibilityTimeout":60}`)
	s := w.open(t)
	c := load(t, fstest.MapFS{"sqs/p.yaml": control("AWS::SQS::Queue", "resource.properties.?VisibilityTimeout.orValue(0) >= params.least", "parameters: {least: 30}")})
	verdict := func(set map[string]any) merlon.Verdict {
		findings, _ := run(t, c, s, posture.Options{Verdicts: allVerdicts, Parameters: map[string]map[string]any{"sqs/p": set}})
		return findings[0].Verdict
	}
	if got := verdict(nil); got != merlon.Pass {
		t.Errorf("with the default: %s", got)
	}
	if got := verdict(map[string]any{"least": 90}); got != merlon.Fail {
		t.Errorf("with 90: %s", got)
	}
	for want, set := range map[string]map[string]map[string]any{
		"parameters: there is no control sqs/q; did you mean sqs/p?":                          {"sqs/q": {"least": 1}},
		"parameters of sqs/p: there is no last; did you mean least?":                          {"sqs/p": {"last": 1}},
		"parameters of sqs/p: least must be of the kind of its default, 30":                   {"sqs/p": {"least": "x"}},
		"parameters of sqs/p: least: a parameter is a number, a word, true or false, or a li": {"sqs/p": {"least": map[string]any{}}},
	} {
		_, err := c.Run(t.Context(), s, posture.Options{Parameters: set}, func(*merlon.Finding) error { return nil })
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestRunEndsWithTheHandlersError(t *testing.T) {
	w := newWorld()
	for i := range 1000 {
		w.add("AWS::SQS::Queue", fmt.Sprintf("q%04d", i), acct1, "eu-central-1", `{}`)
	}
	s := w.open(t)
	c := load(t, fstest.MapFS{"sqs/no.yaml": control("AWS::SQS::Queue", "false")})
	stop := errors.New("stop")
	n := 0
	_, err := c.Run(t.Context(), s, posture.Options{}, func(*merlon.Finding) error {
		if n++; n == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 3 {
		t.Errorf("error %v after %d findings", err, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n = 0
	_, err = c.Run(ctx, s, posture.Options{}, func(*merlon.Finding) error {
		n++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || n == 1000 {
		t.Errorf("error %v after %d findings", err, n)
	}
}

// brokenSnapshot fails where relations are asked for.
type brokenSnapshot struct{ *inventory.Snapshot }

func (brokenSnapshot) Related(context.Context, inventory.Subject, string, func(*inventory.Document) error) ([]merlon.Unknown, error) {
	return nil, inventory.ErrDamaged
}

func TestRunEndsWithTheSnapshotsError(t *testing.T) {
	w := newWorld()
	w.add("AWS::S3::Bucket", "b", acct1, "us-east-1", `{}`)
	s := w.open(t)
	for _, require := range []string{"resource.related('policy').size() == 0", "resource.related('policy').size() == 0 || true"} {
		c := load(t, fstest.MapFS{"s3/p.yaml": control("AWS::S3::Bucket", require)})
		_, err := c.Run(t.Context(), brokenSnapshot{s}, posture.Options{Verdicts: allVerdicts}, func(f *merlon.Finding) error {
			t.Errorf("a verdict of a damaged snapshot: %s", f.Verdict)
			return nil
		})
		if !errors.Is(err, inventory.ErrDamaged) {
			t.Errorf("%s: error %v", require, err)
		}
	}
}

func TestRunCostLimit(t *testing.T) {
	w := newWorld()
	w.add("AWS::SQS::Queue", "q", acct1, "eu-central-1", `{}`)
	s := w.open(t)
	schemas := s.Schemas()
	files := fstest.MapFS{
		"sqs/dear.yaml":  control("AWS::SQS::Queue", "lists.range(2000).all(a, lists.range(2000).all(b, lists.range(2000).all(c, a + b + c >= 0)))"),
		"sqs/cheap.yaml": control("AWS::SQS::Queue", "lists.range(20).all(a, a in [1, 2] || resource.properties == resource.properties || a >= 0)"),
	}
	c, err := posture.Load(schemas, posture.Folder{FS: files, CostLimit: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	findings, _ := run(t, c, s, posture.Options{Verdicts: allVerdicts})
	if got := verdicts(findings); !slices.Equal(got, []string{"sqs/cheap 111111111111/eu-central-1 q pass", "sqs/dear 111111111111/eu-central-1 q unknown"}) {
		t.Fatalf("got %v", got)
	}
	if r := findings[1].Reasons[0]; !strings.Contains(r, "cost limit exceeded") {
		t.Errorf("the reason is %q", r)
	}
}

func TestRunTemplate(t *testing.T) {
	w := newWorld()
	w.meta.Kind = inventory.KindTemplate
	w.add("AWS::S3::Bucket", "b", acct1, "us-east-1", `{}`)
	findings, sum := run(t, load(t, fstest.MapFS{
		"s3/policy.yaml":    control("AWS::S3::Bucket", "resource.related('policy').size() == 0"),
		"s3/account.yaml":   control("AWS::S3::Bucket", "account.related('publicAccessBlock').size() == 0"),
		"account/some.yaml": control("Merlon::IAM::PasswordPolicy", "true"),
	}), w.open(t), posture.Options{Verdicts: allVerdicts})
	if got, want := verdicts(findings), []string{"s3/account 111111111111/us-east-1 b unknown", "s3/policy 111111111111/us-east-1 b pass"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !findings[0].OutOfScope || !slices.Equal(sum.OutOfScope, []string{"account/some"}) {
		t.Errorf("out of scope: %v, %v", findings[0].OutOfScope, sum.OutOfScope)
	}
}

// TestRunLongRelation: a relation to more than is kept parsed answers as one to
// few does.
func TestRunLongRelation(t *testing.T) {
	rules := fstest.MapFS{
		"a/exists.yaml": control("Merlon::Account::Account", "resource.related('buckets').exists(b, b.name == 'b7' && b.properties.?VersioningConfiguration.?Status.orValue('') == 'Enabled')"),
		"a/all.yaml":    control("Merlon::Account::Account", "resource.related('buckets').all(b, b.properties.?VersioningConfiguration.hasValue())"),
		"a/none.yaml":   control("Merlon::Account::Account", "resource.related('buckets').exists(b, b.name == 'x')"),
		"a/size.yaml":   control("Merlon::Account::Account", "resource.related('buckets').size() > 7"),
		"a/index.yaml":  control("Merlon::Account::Account", "resource.related('buckets')[0].name == 'b0' && !resource.related('buckets')[?100000].hasValue()"),
		"a/filter.yaml": control("Merlon::Account::Account", "resource.related('buckets').filter(b, b.name.endsWith('7')).map(b, b.related('policy').size()).exists(n, n == 1)"),
		"a/sum.yaml":    control("Merlon::Account::Account", "(resource.related('buckets') + resource.related('buckets')).exists(b, b.name == 'b7')"),
		"a/whole.yaml":  control("Merlon::Account::Account", "resource.related('buckets').distinct().size() > 7"),
	}
	c := load(t, rules)
	for _, tc := range []struct {
		name         string
		gap, unknown bool
		want         []merlon.Verdict // all, exists, filter, index, none, size, sum, whole
	}{
		{"known", false, false, []merlon.Verdict{merlon.Fail, merlon.Pass, merlon.Pass, merlon.Pass, merlon.Fail, merlon.Pass, merlon.Pass, merlon.Pass}},
		{"one unknown", false, true, []merlon.Verdict{merlon.UnknownResult, merlon.Pass, merlon.Pass, merlon.Pass, merlon.Fail, merlon.Pass, merlon.Pass, merlon.UnknownResult}},
		{"not all listed", true, false, []merlon.Verdict{merlon.Fail, merlon.Pass, merlon.UnknownResult, merlon.UnknownResult, merlon.UnknownResult, merlon.UnknownResult, merlon.Pass, merlon.UnknownResult}},
	} {
		for _, n := range []int{9, 600} {
			w := newWorld()
			w.add("Merlon::Account::Account", string(acct1), acct1, "us-east-1", `{"AccountId":"111111111111"}`)
			for i := range n {
				properties := `{"VersioningConfiguration":{"Status":"Enabled"},"Tags":[{"Key":"k","Value":"` + strings.Repeat("x", 9000) + `"}]}`
				if i == 3 {
					properties = `{}`
				}
				w.add("AWS::S3::Bucket", fmt.Sprintf("b%d", i), acct1, "us-east-1", properties, func(r *merlon.Resource) {
					if i == 3 && tc.unknown {
						r.Unknowns = []merlon.Unknown{{Path: "/properties/VersioningConfiguration", Reason: "s3:GetBucketVersioning was denied", Gap: "g"}}
					}
				})
			}
			w.add("AWS::S3::BucketPolicy", "b7", acct1, "us-east-1", `{"Bucket":"b7","PolicyDocument":{}}`)
			if tc.gap {
				w.gaps = append(w.gaps, merlon.Gap{Call: "s3:ListBuckets", Account: acct1, Region: "us-east-1", Types: []string{"AWS::S3::Bucket"}, Cause: merlon.CauseDenied})
			}
			findings, _ := run(t, c, w.open(t), posture.Options{Verdicts: allVerdicts})
			var got []merlon.Verdict
			for _, f := range findings {
				got = append(got, f.Verdict)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("%s, %d buckets: got %v, want %v", tc.name, n, got, tc.want)
			}
		}
	}
}
