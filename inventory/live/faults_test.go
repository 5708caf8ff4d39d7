package live

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/internal/awstest"
	"merlon.dev/merlon/inventory"
)

// shortLimits give up soon: a test does not wait for a minute.
var shortLimits = Limits{Timeout: 400 * time.Millisecond, Throttles: 3, Failures: 3, Backoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond}

// signIn makes the environment one of credentials in the management account of s.
func signIn(t *testing.T, s *awstest.Server) {
	t.Helper()
	none := filepath.Join(t.TempDir(), "none")
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL": s.URL, "AWS_ACCESS_KEY_ID": awstest.AccessKey(awstest.Management), "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "",
		"AWS_REGION": "us-east-1", "AWS_PROFILE": "", "AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(k, v)
	}
}

// scan reads the services as the command line does, into a file that is begun
// or, where it is there, gone on with. The snapshot is nil where the scan stopped.
func scan(t *testing.T, o Options, path string, services ...*Service) (*inventory.Snapshot, error) {
	t.Helper()
	ctx := t.Context()
	o.Parallel = 8
	if o.Budget == nil {
		o.Budget = NewBudget(0, time.Now)
	}
	if o.Limits == (Limits{}) {
		o.Limits = shortLimits
	}
	session, err := Connect(ctx, o)
	if err != nil {
		return nil, err
	}
	targets, err := session.Targets(ctx)
	if err != nil {
		return nil, err
	}
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	meta := inventory.Meta{Kind: inventory.KindLive, Started: fakeNow}
	for _, s := range services {
		meta.Services = append(meta.Services, s.Meta())
	}
	var b *inventory.Builder
	if _, serr := os.Stat(path); serr == nil {
		b, _, err = inventory.Resume(ctx, path, schemas)
	} else {
		b, err = inventory.Create(ctx, path, schemas, meta)
	}
	if err != nil {
		t.Fatal(err)
	}
	w := &Walk{Services: services, Targets: targets, Source: session.Source(), Schemas: schemas, Progress: NoProgress{}, Accounts: 4, Units: 16, Now: func() time.Time { return fakeNow }}
	if err := w.Run(ctx, b); err != nil {
		if cerr := b.Close(); cerr != nil {
			t.Fatal(cerr)
		}
		return nil, err
	}
	for _, a := range w.Targets {
		meta.Accounts = append(meta.Accounts, inventory.Account{ID: a.ID, Name: a.Name, Regions: a.Regions})
	}
	meta.Finished = fakeNow
	if err := b.Finish(ctx, meta); err != nil {
		t.Fatal(err)
	}
	snapshot, err := inventory.Open(ctx, path, schemas)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { snapshot.Close() })
	return snapshot, nil
}

// mustScan is scan of a new file that must not stop.
func mustScan(t *testing.T, o Options, services ...*Service) *inventory.Snapshot {
	t.Helper()
	s, err := scan(t, o, filepath.Join(t.TempDir(), "scan.db"), services...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func gapsOf(t *testing.T, s *inventory.Snapshot) []merlon.Gap {
	t.Helper()
	var out []merlon.Gap
	if err := s.Gaps(t.Context(), func(g *merlon.Gap) error { out = append(out, *g); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

func typesOf(t *testing.T, s *inventory.Snapshot) map[string]int {
	t.Helper()
	types, err := s.Types(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{}
	for _, c := range types {
		out[c.Type] = c.Count
	}
	return out
}

func callsOf(t *testing.T, s *inventory.Snapshot) map[string]inventory.CallCount {
	t.Helper()
	calls, err := s.Calls(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]inventory.CallCount{}
	for _, c := range calls {
		out[c.Call] = c
	}
	return out
}

// same demands that two snapshots hold the same, gaps included.
func same(t *testing.T, a, b *inventory.Snapshot) {
	t.Helper()
	equal, difference, err := inventory.Equal(t.Context(), a, b)
	if err != nil {
		t.Fatal(err)
	}
	if !equal {
		t.Errorf("the snapshots differ: %s", difference)
	}
}

// fleetServices speak EC2's protocol, JSON and REST with XML.
func fleetServices() []*Service {
	return []*Service{regionService(), ec2Service(), secretsmanagerService(), s3Service()}
}

// TestFaultsBecomeGaps breaks one list call and one call about a resource in
// every way there is. The failure is a Gap with its cause, what the call would
// have told is unknown, and nothing else is lost or claimed to be gone.
func TestFaultsBecomeGaps(t *testing.T) {
	plain := awstest.Start(t)
	fleet := awstest.Fleet{Accounts: 1, Regions: 1, Busy: 1}
	plain.Populate(fleet)
	signIn(t, plain)
	whole := mustScan(t, Options{}, fleetServices()...)
	if gaps := gapsOf(t, whole); len(gaps) > 0 {
		t.Fatalf("the undisturbed scan has gaps: %s", gaps[0].Text())
	}
	before := typesOf(t, whole)

	illegal := awstest.Fail(awstest.Error{Code: "IllegalLocationConstraintException", Status: 400, Message: "The eu-west-3 location constraint is incompatible for the region specific endpoint this request was sent to."})
	effects := []struct {
		name  string
		do    awstest.Effect
		cause merlon.Cause
		code  string
	}{
		{"denied", awstest.Deny(), merlon.CauseDenied, "*"},
		{"throttled for ever", awstest.Throttle(), merlon.CauseThrottled, "*"},
		{"hanging", awstest.Hang(), merlon.CauseTimeout, ""},
		{"HTML", awstest.HTML(), merlon.CauseMalformed, ""},
		{"cut", awstest.Cut(), merlon.CauseMalformed, ""},
		{"reset", awstest.Reset(), merlon.CauseFailed, ""},
		{"not JSON and not XML", awstest.Answer(200, "text/html", "<html>login</html>"), merlon.CauseMalformed, ""},
		{"error without a word", awstest.Answer(500, "", ""), merlon.CauseFailed, "*"},
		{"nothing", awstest.Answer(200, "", ""), merlon.CauseMalformed, ""},
		{"HTML called XML", awstest.Answer(200, "text/xml", "\n<!DOCTYPE html><html></html>"), merlon.CauseMalformed, ""},
		{"other region", awstest.Redirect("eu-west-3"), merlon.CauseFailed, "PermanentRedirect"},
		{"illegal location", illegal, merlon.CauseFailed, "IllegalLocationConstraintException"},
	}
	lists := map[string]string{"ec2:DescribeSecurityGroups": "AWS::EC2::SecurityGroup", "secretsmanager:ListSecrets": "AWS::SecretsManager::Secret", "s3:ListBuckets": "AWS::S3::Bucket"}
	const get = "s3:GetBucketVersioning"
	for _, e := range effects {
		for _, call := range append(slices.Sorted(maps.Keys(lists)), get) {
			typ, isList := lists[call]
			t.Run(e.name+"/"+call, func(t *testing.T) {
				s := awstest.Start(t)
				s.Populate(fleet)
				signIn(t, s)
				fault := s.Inject(awstest.Fault{Match: awstest.Match{Call: call}, Do: e.do})
				began := time.Now()
				snapshot := mustScan(t, Options{}, fleetServices()...)
				if took := time.Since(began); took > 15*time.Second {
					t.Errorf("gave up after %s", took)
				}
				if e.name == "HTML" && fault.Hits() > 2*max(1, before["AWS::S3::Bucket"]) {
					t.Errorf("a broken answer was asked for %d times", fault.Hits())
				}
				gaps := gapsOf(t, snapshot)
				if len(gaps) == 0 {
					t.Fatal("no gap: the failure passed silently")
				}
				for _, g := range gaps {
					if g.Call != call {
						t.Errorf("a gap of another call: %s", g.Text())
					}
					if g.Cause != e.cause || e.code != "*" && g.Code != e.code {
						t.Errorf("cause %s, code %q; want %s, %q (%s)", g.Cause, g.Code, e.cause, e.code, g.Message)
					}
					if strings.ContainsAny(g.Text(), "\n\x1b") {
						t.Errorf("more than a line: %q", g.Text())
					}
					if e.cause == merlon.CauseDenied && (len(g.Actions) == 0 || !strings.Contains(g.Statement, g.Actions[0])) {
						t.Errorf("a denial without the statement that grants it: %+v", g)
					}
				}
				if err := inventory.Diff(t.Context(), whole, snapshot, func(c *inventory.Change) error {
					if !isList && c.Kind == inventory.Changed && len(c.Parts) == 0 {
						return nil // a part is unknown now
					}
					return fmt.Errorf("%s %s %+v", c.Kind, c.Key, c.Parts)
				}); err != nil {
					t.Errorf("what was not read counts as a change: %v", err)
				}
				after := typesOf(t, snapshot)
				for other, n := range before {
					if behind := isList && (other == typ || strings.HasPrefix(other, typ)); !behind && after[other] != n {
						t.Errorf("%d of %s, %d before", after[other], other, n)
					}
				}
				if !isList {
					unknown := 0
					if err := snapshot.Documents(t.Context(), "AWS::S3::Bucket", func(d *inventory.Document) error {
						for _, u := range d.Unknowns {
							if u.Path == "/properties/VersioningConfiguration" {
								unknown++
							}
						}
						return nil
					}); err != nil {
						t.Fatal(err)
					}
					if unknown != before["AWS::S3::Bucket"] {
						t.Errorf("the versioning of %d of %d buckets is unknown", unknown, before["AWS::S3::Bucket"])
					}
				} else if c := snapshot.Coverage(typ, awstest.Management, "us-east-1"); len(c.Gaps) == 0 {
					t.Errorf("%s counts as wholly read: %+v", typ, c)
				}
			})
		}
	}
}

// TestDeniedEverywhere: an account that allows nothing is all gaps, and the scan ends.
func TestDeniedEverywhere(t *testing.T) {
	s := awstest.Start(t)
	s.Populate(awstest.Fleet{Accounts: 1, Regions: 1})
	signIn(t, s)
	for _, m := range []string{"ec2:*", "s3:*", "s3control:*", "secretsmanager:*"} {
		s.Inject(awstest.Fault{Match: awstest.Match{Call: m}, Do: awstest.Deny()})
	}
	_, err := scan(t, Options{}, filepath.Join(t.TempDir(), "a.db"), fleetServices()...)
	if err == nil || !strings.Contains(err.Error(), "ec2:DescribeRegions") {
		t.Errorf("without the list of regions: %v", err)
	}
	snapshot := mustScan(t, Options{Regions: []string{"us-east-1"}}, ec2Service(), s3Service(), secretsmanagerService())
	for typ := range typesOf(t, snapshot) {
		if strings.HasPrefix(typ, "AWS::") {
			t.Errorf("a resource of type %s out of nothing", typ)
		}
	}
	missing := map[string]bool{}
	for _, g := range gapsOf(t, snapshot) {
		for _, typ := range g.Types {
			missing[typ] = true
		}
	}
	for _, svc := range []*Service{ec2Service(), s3Service(), secretsmanagerService()} {
		for _, o := range svc.Operations {
			for _, typ := range o.Types {
				if o.Per == "" && !o.Optional && !missing[typ] {
					t.Errorf("%s: no gap says that %s could not be read", o.Call(), typ)
				}
			}
		}
	}
}

// TestThrottledForAWhile: what AWS throttles is asked for again, more slowly, and
// the calls are counted as they were.
func TestThrottledForAWhile(t *testing.T) {
	plain := awstest.Start(t)
	fleet := awstest.Fleet{Accounts: 1, Regions: 1, Busy: 1, Items: 12}
	plain.Populate(fleet)
	signIn(t, plain)
	whole := mustScan(t, Options{}, s3Service())

	s := awstest.Start(t)
	s.Populate(fleet)
	signIn(t, s)
	const rate = 60
	limit := s.Inject(awstest.Fault{Match: awstest.Match{Call: "s3:*"}, Do: awstest.Limit(rate, 10)})
	limits := shortLimits
	limits.Throttles, limits.MaxBackoff = 10, time.Second
	began := time.Now()
	snapshot := mustScan(t, Options{Limits: limits}, s3Service())
	took := time.Since(began)
	same(t, whole, snapshot)
	throttles, calls, attempts := 0, 0, 0
	for name, c := range callsOf(t, snapshot) {
		throttles, calls, attempts = throttles+c.Throttles, calls+c.Calls, attempts+c.Attempts
		if c.Attempts != c.Calls+c.Throttles {
			t.Errorf("%s: %d calls, %d throttles, %d attempts", name, c.Calls, c.Throttles, c.Attempts)
		}
	}
	if served := s.Called(awstest.Match{Call: "s3*"}); attempts != served {
		t.Errorf("the table has %d attempts, the server %d", attempts, served)
	}
	if throttles == 0 || throttles > calls/2 {
		t.Errorf("%d of %d calls were throttled: the budget does not slow down (hits %d)", throttles, calls, limit.Hits())
	}
	t.Logf("%d calls, %d throttled, %.0f a second of %d allowed", calls, throttles, float64(calls)/took.Seconds(), rate)
}

// TestThrottledForEver bounds the time that a service which throttles everything
// takes, however many resources there are.
func TestThrottledForEver(t *testing.T) {
	s := awstest.Start(t)
	s.Populate(awstest.Fleet{Accounts: 1, Regions: 1, Busy: 1, Items: 60})
	signIn(t, s)
	fault := s.Inject(awstest.Fault{Match: awstest.Match{Call: "s3:GetBucketAcl"}, Do: awstest.Throttle()})
	limits := shortLimits
	limits.Throttles, limits.MaxBackoff = 2, time.Minute
	snapshot := mustScan(t, Options{Limits: limits}, s3Service())
	if gaps := gapsOf(t, snapshot); len(gaps) != 60 {
		t.Errorf("%d gaps for 60 buckets", len(gaps))
	}
	if hits := fault.Hits(); hits > 8*limits.Throttles+10 {
		t.Errorf("asked %d times", hits)
	}
	for name, c := range callsOf(t, snapshot) {
		if c.Attempts < c.Calls {
			t.Errorf("%s: %d attempts at %d calls", name, c.Attempts, c.Calls)
		}
	}
}

// TestPatienceEnds: an operation that answers again after it was given up is
// called again.
func TestPatienceEnds(t *testing.T) {
	p := newPatience(20 * time.Millisecond)
	key, cause := bucketKey{account: "111122223333", service: "s3"}, errors.New("slow down")
	for range lapses {
		if n, err := p.allow(key, "GetBucketAcl"); n < 2 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		p.gaveUp(key, "GetBucketAcl", cause)
	}
	if _, err := p.allow(key, "GetBucketAcl"); !errors.Is(err, cause) {
		t.Errorf("still called: %v", err)
	}
	if n, err := p.allow(key, "GetBucketPolicy"); n < 2 || err != nil {
		t.Errorf("another operation: %d, %v", n, err)
	}
	time.Sleep(25 * time.Millisecond)
	if n, err := p.allow(key, "GetBucketAcl"); n != 1 || err != nil {
		t.Errorf("the attempt that is due: %d, %v", n, err)
	}
	if _, err := p.allow(key, "GetBucketAcl"); err == nil {
		t.Error("two attempts at once")
	}
	p.answered(key, "GetBucketAcl")
	if n, err := p.allow(key, "GetBucketAcl"); n < 2 || err != nil {
		t.Errorf("after an answer: %d, %v", n, err)
	}
	p.gaveUp(key, "GetBucketAcl", cause)
	p.forget("111122223333")
	if len(p.ops) > 0 {
		t.Error("an account that was read is kept")
	}
}

// TestGarbledIsNotRepeated: what is answered with a page, call after call, is tried
// once each; one that says "not found" is not tried again at all.
func TestGarbledIsNotRepeated(t *testing.T) {
	const buckets = 20
	for status, most := range map[int]int{500: buckets + lapses + 8, 404: buckets} {
		s := awstest.Start(t)
		s.Populate(awstest.Fleet{Accounts: 1, Regions: 1, Busy: 1, Items: buckets})
		signIn(t, s)
		fault := s.Inject(awstest.Fault{Match: awstest.Match{Call: "s3:GetBucketLogging"}, Do: awstest.Answer(status, "text/html", "<html>no</html>")})
		snapshot := mustScan(t, Options{Limits: shortLimits}, s3Service())
		if gaps := gapsOf(t, snapshot); len(gaps) != buckets {
			t.Errorf("%d: %d gaps for %d buckets", status, len(gaps), buckets)
		}
		if n := fault.Hits(); n < buckets || n > most {
			t.Errorf("%d: asked %d times, %d at most", status, n, most)
		}
	}
	p := newPatience(time.Minute)
	key := bucketKey{account: "111122223333", service: "s3"}
	for range lapses {
		p.garbled(key, "x")
	}
	if n, err := p.allow(key, "x"); n != 1 || err != nil {
		t.Errorf("after pages: %d, %v", n, err)
	}
	p.answered(key, "x")
	if n, err := p.allow(key, "x"); n < 2 || err != nil {
		t.Errorf("after an answer: %d, %v", n, err)
	}
}

// TestCallsASecond measures --max-calls-per-second at the server.
func TestCallsASecond(t *testing.T) {
	s := awstest.Start(t)
	s.Populate(awstest.Fleet{Accounts: 1, Regions: 2, Busy: 2})
	signIn(t, s)
	const perSecond = 40
	began := time.Now()
	mustScan(t, Options{Budget: NewBudget(perSecond, time.Now)}, ec2Service(), s3Service())
	took := time.Since(began).Seconds()
	calls := s.Called(awstest.Match{}) - 2 // the caller's identity and the regions
	if most := perSecond*took + perSecond/4 + 1; float64(calls) > most {
		t.Errorf("%d calls in %.1f s; at most %.0f are allowed", calls, took, most)
	}
	if least := 0.6 * perSecond * took; float64(calls) < least {
		t.Errorf("%d calls in %.1f s: slower than asked", calls, took)
	}
}

// TestEndlessPaging: a service that repeats its token is not asked for ever.
func TestEndlessPaging(t *testing.T) {
	s := awstest.Start(t)
	signIn(t, s)
	s.Handle(awstest.Match{Call: "secretsmanager:ListSecrets"}, func(c *awstest.Call) (any, error) {
		name := fmt.Sprintf("secret-%d", c.N)
		return map[string]any{"NextToken": "again", "SecretList": []any{map[string]any{"Name": name, "ARN": "arn:aws:secretsmanager:us-east-1:" + string(c.Account) + ":secret:" + name + "-abcdef"}}}, nil
	})
	snapshot := mustScan(t, Options{Regions: []string{"us-east-1"}}, secretsmanagerService())
	if n := s.Called(awstest.Match{Call: "secretsmanager:ListSecrets"}); n != 2 {
		t.Errorf("asked %d times", n)
	}
	gaps := gapsOf(t, snapshot)
	if len(gaps) != 1 || !strings.Contains(gaps[0].Message, "paging does not end") || !slices.Contains(gaps[0].Types, "AWS::SecretsManager::Secret") {
		t.Errorf("gaps %+v", gaps)
	}
	if n := typesOf(t, snapshot)["AWS::SecretsManager::Secret"]; n != 2 {
		t.Errorf("%d secrets of the two pages were kept", n)
	}
}

// TestDuplicates: an answer twice is one resource; two that differ are a Gap.
func TestDuplicates(t *testing.T) {
	s := awstest.Start(t)
	fleet := awstest.Fleet{Accounts: 1, Regions: 1, Busy: 1}
	s.Populate(fleet)
	signIn(t, s)
	whole := mustScan(t, Options{}, fleetServices()...)
	s.Inject(awstest.Fault{Do: awstest.Repeat()})
	same(t, whole, mustScan(t, Options{}, fleetServices()...))

	s.Put(awstest.Match{Call: "ec2:DescribeVolumes"}, map[string]any{"Volumes": []any{
		map[string]any{"VolumeId": "vol-1", "Encrypted": true}, map[string]any{"VolumeId": "vol-1", "Encrypted": false}}})
	gaps := gapsOf(t, mustScan(t, Options{}, ec2Service()))
	if len(gaps) != 1 || gaps[0].Cause != merlon.CauseMalformed || !strings.Contains(gaps[0].Resource, "vol-1") {
		t.Errorf("two volumes of one id: gaps %+v", gaps)
	}
}

// TestLargePolicy: a policy of a megabyte is kept, byte for byte; a document
// above the limit is a Gap.
func TestLargePolicy(t *testing.T) {
	s := awstest.Start(t)
	signIn(t, s)
	policy := func(size int) map[string]any {
		var statements []any
		for i := range size / 1000 {
			statements = append(statements, map[string]any{"Sid": fmt.Sprintf("s%d", i), "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/" + strings.Repeat("x", 890)})
		}
		return map[string]any{"Version": "2012-10-17", "Statement": statements}
	}
	s.Put(awstest.Match{Call: "s3:ListBuckets"}, map[string]any{"Buckets": []any{
		map[string]any{"Name": "b", "BucketRegion": "us-east-1"}, map[string]any{"Name": "huge", "BucketRegion": "us-east-1"}}})
	s.Put(awstest.Match{Call: "s3:GetBucketPolicy", Input: map[string]string{"Bucket": "b"}}, map[string]any{"Policy": policy(1<<20 + 1<<16)})
	s.Put(awstest.Match{Call: "s3:GetBucketPolicy", Input: map[string]string{"Bucket": "huge"}}, map[string]any{"Policy": policy(inventory.MaxDocument + 1<<20)})
	limits := shortLimits
	limits.Timeout = 20 * time.Second
	snapshot := mustScan(t, Options{Regions: []string{"us-east-1"}, Limits: limits}, s3Service())
	found := 0
	if err := snapshot.Each(t.Context(), "AWS::S3::BucketPolicy", func(r *merlon.Resource) error {
		found++
		if n := len(r.Properties); n < 1<<20 {
			t.Errorf("%s: %d bytes", r.ID, n)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	gaps := gapsOf(t, snapshot)
	if found != 1 || len(gaps) != 1 || gaps[0].Cause != merlon.CauseTooLarge || !slices.Contains(gaps[0].Types, "AWS::S3::BucketPolicy") {
		t.Errorf("%d policies, gaps %+v", found, gaps)
	}
}

// TestEmptyAccount: nothing is no gap, and no resource but the account's own.
func TestEmptyAccount(t *testing.T) {
	s := awstest.Start(t)
	signIn(t, s)
	snapshot := mustScan(t, Options{Regions: []string{"us-east-1"}}, Services()...)
	for _, g := range gapsOf(t, snapshot) {
		t.Errorf("a gap: %s", g.Text())
	}
	if n := typesOf(t, snapshot)["Merlon::Account::Account"]; n != 1 {
		t.Errorf("%d accounts", n)
	}
	for _, c := range s.Mutations() {
		// The report is not there before someone has asked for it.
		if c.Name() != "iam:GenerateCredentialReport" {
			t.Errorf("a scan made the call %s", c.Name())
		}
	}
}
