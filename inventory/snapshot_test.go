package inventory

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"merlon.dev/merlon"
)

var testTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func testSchemas(t testing.TB) *SchemaSet {
	t.Helper()
	s, err := LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testMeta() Meta {
	return Meta{Kind: KindLive, Started: testTime, Finished: testTime,
		Accounts: []Account{{ID: "111122223333", Regions: []merlon.Region{"eu-west-1", "us-east-1"}}},
		Services: []Service{{Name: "s3", Global: true, Types: []string{"AWS::S3::Bucket", "AWS::S3::BucketPolicy"}},
			{Name: "ec2", Types: []string{"AWS::EC2::Instance", "AWS::EC2::SecurityGroup"}}}}
}

func bucket(name, props string) *merlon.Resource {
	return &merlon.Resource{Type: "AWS::S3::Bucket", ID: name, Name: name, ARN: merlon.ARN("arn:aws:s3:::" + name),
		Account: "111122223333", Region: "eu-west-1", Properties: []byte(props)}
}

func policy(bucket string) *merlon.Resource {
	return &merlon.Resource{Type: "AWS::S3::BucketPolicy", ID: bucket, Name: bucket, Account: "111122223333", Region: "eu-west-1",
		Properties: fmt.Appendf(nil, `{"Bucket":%q}`, bucket)}
}

// write makes a finished snapshot: fill gets the writer of the s3 unit.
func write(t *testing.T, meta Meta, fill func(w *UnitWriter)) *Snapshot {
	t.Helper()
	ctx := t.Context()
	schemas := testSchemas(t)
	path := filepath.Join(t.TempDir(), "a.db")
	b, err := Create(ctx, path, schemas, meta)
	if err != nil {
		t.Fatal(err)
	}
	w, err := b.Begin(ctx, Unit{"111122223333", "us-east-1", "s3"}, testTime)
	if err != nil {
		t.Fatal(err)
	}
	fill(w)
	if err := w.Done(ctx, testTime); err != nil {
		t.Fatal(err)
	}
	if err := b.Finish(ctx, meta); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a finished snapshot is one file: %v", err)
	}
	s, err := Open(ctx, path, schemas)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t *testing.T, w *UnitWriter, rs ...*merlon.Resource) {
	t.Helper()
	for _, r := range rs {
		if err := w.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

func subject(r *merlon.Resource, row int64) Subject {
	return Subject{Row: row, Type: r.Type, ID: r.ID, ARN: r.ARN, Account: r.Account, Region: r.Region}
}

// related gives the ids of a relation and the reasons why there may be more.
func related(t *testing.T, s *Snapshot, typ, id, relation string) (ids, reasons []string) {
	t.Helper()
	var from Subject
	err := s.Lookup(t.Context(), typ, "111122223333", "eu-west-1", id, func(d *Document) error {
		r, err := d.Resource()
		from = subject(r, d.Row)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	unknowns, err := s.Related(t.Context(), from, relation, func(d *Document) error {
		r, err := d.Resource()
		ids = append(ids, r.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range unknowns {
		reasons = append(reasons, u.Reason)
	}
	return ids, reasons
}

func TestSnapshotCanonical(t *testing.T) {
	s := write(t, testMeta(), func(w *UnitWriter) {
		put(t, w, bucket("b", `{"b":1.50,"a":{"z":"<&>","y":12345678901234567890}}`), bucket("a", ``))
	})
	var docs []string
	if err := s.Documents(t.Context(), "AWS::S3::Bucket", func(d *Document) error { docs = append(docs, string(d.JSON)); return nil }); err != nil {
		t.Fatal(err)
	}
	want := `{"type":"AWS::S3::Bucket","id":"b","arn":"arn:aws:s3:::b","name":"b","account":"111122223333","region":"eu-west-1","tags":{},"properties":{"a":{"y":12345678901234567890,"z":"<&>"},"b":1.50},"observed":{}}`
	if len(docs) != 2 || docs[1] != want {
		t.Errorf("got %q\nwant %q", docs, want)
	}
}

// TestByARN: a resource is found by its ARN in an index and not among all.
func TestByARN(t *testing.T) {
	s := write(t, testMeta(), func(w *UnitWriter) { put(t, w, bucket("b", ``)) })
	for _, query := range []string{"SELECT n" + whereARN + " LIMIT 1", "SELECT n" + whereARN + " AND type = 'x' AND account = 'y'"} {
		var a, b, c int
		var plan string
		if err := s.db.QueryRowContext(t.Context(), "EXPLAIN QUERY PLAN "+query, "arn:aws:s3:::b").Scan(&a, &b, &c, &plan); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan, "resource_arn") {
			t.Errorf("%s: %s", query, plan)
		}
	}
}

func TestDuplicates(t *testing.T) {
	s := write(t, testMeta(), func(w *UnitWriter) {
		put(t, w, bucket("same", `{"a":1}`), bucket("same", `{"a":1}`), bucket("differs", `{"a":1}`), bucket("differs", `{"a":2}`))
	})
	var gaps []string
	if err := s.Gaps(t.Context(), func(g *merlon.Gap) error { gaps = append(gaps, g.Resource+" "+string(g.Cause)); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(gaps) != 1 || gaps[0] != "arn:aws:s3:::differs Malformed" {
		t.Errorf("gaps %v", gaps)
	}
}

func TestRelated(t *testing.T) {
	s := write(t, testMeta(), func(w *UnitWriter) {
		put(t, w, bucket("with", `{"LoggingConfiguration":{"DestinationBucketName":"logs"}}`), policy("with"), bucket("logs", ``),
			bucket("dangling", `{"LoggingConfiguration":{"DestinationBucketName":"elsewhere"}}`), bucket("denied", ``))
		g := &merlon.Gap{Call: "s3:GetBucketPolicy", Account: "111122223333", Region: "eu-west-1", Resource: "arn:aws:s3:::denied",
			Types: []string{"AWS::S3::BucketPolicy"}, Cause: merlon.CauseDenied}
		if err := w.Gap(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	})
	for _, c := range []struct{ id, relation, ids, reason string }{
		{"with", "policy", "with", ""},
		{"logs", "policy", "", ""},
		{"denied", "policy", "", "s3:GetBucketPolicy on arn:aws:s3:::denied was denied"},
		{"with", "logBucket", "logs", ""},
		{"logs", "logsOf", "with", ""},
		{"dangling", "logBucket", "", "dangling refers to the AWS::S3::Bucket elsewhere, which is not among what was read"},
		{"with", "accessPoints", "", "AWS::S3::AccessPoint was not asked for (out of scope)"},
	} {
		ids, reasons := related(t, s, "AWS::S3::Bucket", c.id, c.relation)
		if strings.Join(ids, " ") != c.ids || strings.Join(reasons, " ") != c.reason {
			t.Errorf("%s.%s: %v, %q; want %q, %q", c.id, c.relation, ids, reasons, c.ids, c.reason)
		}
	}
}

func TestCoverage(t *testing.T) {
	s := write(t, testMeta(), func(w *UnitWriter) {
		g := &merlon.Gap{Call: "s3:ListBuckets", Account: "111122223333", Region: "us-east-1", Types: []string{"AWS::S3::Bucket"}, Cause: merlon.CauseDenied}
		if err := w.Gap(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	})
	if c := s.Coverage("AWS::S3::Bucket", "111122223333", "eu-west-1"); c.Complete || len(c.Gaps) != 1 {
		t.Errorf("a denied list of a global service counts in every region: %+v", c)
	}
	if c := s.Coverage("AWS::S3::BucketPolicy", "111122223333", "eu-west-1"); !c.Complete {
		t.Errorf("a type whose calls succeeded is complete: %+v", c)
	}
	if c := s.Coverage("AWS::EC2::Instance", "111122223333", "eu-west-1"); c.Complete || !c.OutOfScope {
		t.Errorf("a unit that was never read is out of scope: %+v", c)
	}
}

func TestResume(t *testing.T) {
	ctx := t.Context()
	schemas := testSchemas(t)
	path := filepath.Join(t.TempDir(), "a.db")
	meta := testMeta()
	meta.Finished = time.Time{}
	b, err := Create(ctx, path, schemas, meta)
	if err != nil {
		t.Fatal(err)
	}
	begin := func(service string) *UnitWriter {
		w, err := b.Begin(ctx, Unit{"111122223333", "us-east-1", service}, testTime)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	done, open := begin("s3"), begin("ec2")
	put(t, done, bucket("kept", ``))
	put(t, open, bucket("lost", ``))
	if err := done.Done(ctx, testTime); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b, _, err = Resume(ctx, path, schemas)
	if err != nil {
		t.Fatal(err)
	}
	units, err := b.Finished(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(units) != 1 || !units[Unit{"111122223333", "us-east-1", "s3"}] {
		t.Errorf("finished units %v", units)
	}
	begin("ec2") // can begin again
	if err := b.Finish(ctx, testMeta()); err != nil {
		t.Fatal(err)
	}
	s, err := Open(ctx, path, schemas)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	types, err := s.Types(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(types) != 1 || types[0].Count != 1 {
		t.Errorf("after resuming: %v, want the one bucket of the finished unit", types)
	}
}

func TestOpenBad(t *testing.T) {
	ctx := t.Context()
	schemas := testSchemas(t)
	good := write(t, testMeta(), func(w *UnitWriter) {
		for i := range 2000 {
			put(t, w, bucket(fmt.Sprint("bucket-", i), `{"BucketName":"`+strings.Repeat("x", 200)+`"}`))
		}
	})
	data, err := os.ReadFile(good.Path())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	newer := append([]byte(nil), data...)
	newer[63] = 99
	flipped := []byte(strings.ReplaceAll(string(data), "xxxxxxxx", "xxxxyxxx"))
	for _, c := range []struct {
		name string
		path string
		want error
	}{
		{"text", file("t", []byte(strings.Repeat("hello ", 100))), ErrNotSnapshot},
		{"empty", file("e", nil), ErrNotSnapshot},
		{"folder", dir, ErrNotSnapshot},
		{"newer", file("n", newer), ErrNewer},
		{"cut", file("c", data[:len(data)/2]), ErrDamaged},
		{"flipped", file("f", flipped), ErrDamaged},
		{"missing", filepath.Join(dir, "none"), os.ErrNotExist},
	} {
		s, err := Open(ctx, c.path, schemas)
		if err == nil {
			err = readAll(ctx, s)
			s.Close()
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func readAll(ctx context.Context, s *Snapshot) error {
	types, err := s.Types(ctx)
	if err != nil {
		return err
	}
	for _, t := range types {
		if err := s.Each(ctx, t.Type, func(*merlon.Resource) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

func TestDiff(t *testing.T) {
	before := write(t, testMeta(), func(w *UnitWriter) {
		put(t, w, bucket("gone", ``), bucket("same", `{"a":1}`), bucket("changed", `{"a":{"b":1},"l":[1]}`))
	})
	after := write(t, testMeta(), func(w *UnitWriter) {
		put(t, w, bucket("added", ``), bucket("same", `{"a":1}`), bucket("changed", `{"a":{"b":2},"l":[1,2]}`))
	})
	var got []string
	err := Diff(t.Context(), before, after, func(c *Change) error {
		line := string(c.Kind) + " " + c.Name
		for _, p := range c.Parts {
			line += fmt.Sprintf(" %s:%s→%s", p.Path, p.Before, p.After)
		}
		got = append(got, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "added added|changed changed properties.a.b:1→2 properties.l:[1]→[1,2]|gone gone"
	if strings.Join(got, "|") != want {
		t.Errorf("got %q\nwant %q", strings.Join(got, "|"), want)
	}
	if same, difference, err := Equal(t.Context(), before, before); !same || err != nil {
		t.Errorf("a snapshot equals itself: %s %v", difference, err)
	}
}

func TestQuery(t *testing.T) {
	s := write(t, testMeta(), func(w *UnitWriter) {
		put(t, w, bucket("a", `{"BucketName":"a","VersioningConfiguration":{"Status":"Enabled"}}`), policy("a"))
	})
	query := func(q string) (string, error) {
		var out []string
		err := s.Query(t.Context(), q, func(row []any) error { out = append(out, fmt.Sprint(row...)); return nil })
		return strings.Join(out, "|"), err
	}
	if got, err := query("SELECT BucketName, json_extract(VersioningConfiguration, '$.Status') AS v FROM s3_bucket"); err != nil || got != "BucketNamev|aEnabled" {
		t.Errorf("%q %v", got, err)
	}
	if got, err := query("SELECT count(*) AS n FROM resources"); err != nil || got != "n|2" {
		t.Errorf("%q %v", got, err)
	}
	for _, bad := range []string{"DELETE FROM resource", "ATTACH '" + t.TempDir() + "/x.db' AS x", "SELECT nothing FROM nowhere"} {
		if got, err := query(bad); err == nil {
			t.Errorf("%s: %q and no error", bad, got)
		}
	}
	if n := ViewName("AWS::ElasticLoadBalancingV2::LoadBalancer"); n != "elasticloadbalancingv2_load_balancer" {
		t.Errorf("view name %s", n)
	}
}
