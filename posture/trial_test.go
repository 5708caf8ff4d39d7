package posture_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"merlon.dev/merlon/posture"
)

// trials runs the tests of one control and gives the problems.
func trials(t *testing.T, control *fstest.MapFile, tests string) []string {
	t.Helper()
	files := fstest.MapFS{"s3/x.yaml": control}
	if tests != "" {
		files["s3/x_test.yaml"] = &fstest.MapFile{Data: []byte(tests)}
	}
	results, err := load(t, files).Test(t.Context(), posture.Folder{FS: files}, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range results {
		out = append(out, r.Problems...)
	}
	return out
}

const versioned = "resource.properties.?VersioningConfiguration.?Status.orValue('') == 'Enabled'"

// rest makes a file complete: the cases that must be there.
const rest = `
- name: pass
  resources: [{type: AWS::S3::Bucket, name: b, properties: {VersioningConfiguration: {Status: Enabled}}}]
  expect: {b: pass}
- name: fail
  resources: [{type: AWS::S3::Bucket, name: b}]
  expect: {b: fail}
- name: unknown
  resources: [{type: AWS::S3::Bucket, name: b}]
  gaps: [{call: "s3:GetBucketVersioning", resource: b}]
  expect: {b: unknown}
`

func TestTrialsHold(t *testing.T) {
	if got := trials(t, control("AWS::S3::Bucket", versioned), rest+`
- name: filled in
  resources:
    - {type: AWS::S3::Bucket, id: c, arn: "arn:aws:s3:::c", region: eu-west-1, account: "999999999999", tags: {a: b}, observed: {CreationDate: 2026-01-01T00:00:00Z}}
    - {type: AWS::S3::Bucket, name: d, id: d-id}
  expect: {c: fail, "arn:aws:s3:::d-id": {verdict: fail, message: m}}
`); len(got) > 0 {
		t.Errorf("problems: %q", got)
	}
	account := control("Merlon::Account::Account", "resource.related('buckets').all(b, b.properties.?VersioningConfiguration.hasValue()) && resource.related('buckets').all(b, daysSince(b.observed.?CreationDate.orValue(now)) < 10)")
	if got := trials(t, account, `
- name: the account is always there
  expect: {account: pass}
- name: an old one
  now: 2026-01-31T00:00:00Z
  resources: [{type: AWS::S3::Bucket, name: b, properties: {VersioningConfiguration: {Status: Enabled}}, observed: {CreationDate: 2026-01-01T00:00:00Z}}]
  expect: {account: fail}
- name: its buckets are not known
  gaps: [{call: "s3:ListBuckets"}]
  expect: {account: unknown}
`); len(got) > 0 {
		t.Errorf("problems: %q", got)
	}
	region := control("Merlon::Account::Region", "resource.related('trails').exists(t, t.properties.IsLogging)")
	if got := trials(t, region, `
- name: a trail here, none there
  resources:
    - {type: AWS::CloudTrail::Trail, name: t, properties: {IsLogging: true, S3BucketName: b}}
    - {type: Merlon::Account::Region, id: us-east-1, region: us-east-1}
  expect: {region: pass, us-east-1: fail}
- name: not known
  gaps: [{call: "cloudtrail:DescribeTrails"}]
  expect: {region: unknown}
`); len(got) > 0 {
		t.Errorf("problems: %q", got)
	}
}

func TestTrialsFail(t *testing.T) {
	ctl := control("AWS::S3::Bucket", versioned, "parameters: {days: 1}")
	for _, tc := range []struct{ name, tests, want string }{
		{"another verdict", rest + "- name: n\n  resources: [{type: AWS::S3::Bucket, name: b}]\n  expect: {b: pass}\n", "s3/x_test.yaml:14:12: b got fail, not pass (m)"},
		{"another message", rest + "- name: n\n  resources: [{type: AWS::S3::Bucket, name: b}]\n  expect: {b: {verdict: fail, message: because}}\n", `s3/x_test.yaml:14:12: the message of b is "m", without "because"`},
		{"nothing expected", rest + "- name: n\n  resources: [{type: AWS::S3::Bucket, name: b}, {type: AWS::S3::Bucket, name: c}]\n  expect: {b: fail}\n", "s3/x_test.yaml:12:3: c got fail, and the case expects nothing of it (m)"},
		{"nothing got", rest + "- name: n\n  expect: {b: fail}\n", "s3/x_test.yaml:13:12: b got no verdict, where fail is expected"},
		{"a property that does not exist", rest + "- name: n\n  resources: [{type: AWS::S3::Bucket, name: b, properties: {Versioning: {Status: Enabled}}}]\n  expect: {b: fail}\n",
			"s3/x_test.yaml:13:73: /properties/Versioning: there is no such property"},
		{"a value of the wrong kind", rest + "- name: n\n  resources: [{type: AWS::S3::Bucket, name: b, properties: {VersioningConfiguration: {Status: 5}}}]\n  expect: {b: fail}\n",
			"s3/x_test.yaml:13:95: /properties/VersioningConfiguration/Status: 5 is not of kind string"},
		{"a type that does not exist", rest + "- name: n\n  resources: [{type: AWS::S3::Buckett, name: b}]\n  expect: {b: fail}\n", "s3/x_test.yaml:13:15: there is no type AWS::S3::Buckett; did you mean AWS::S3::Bucket?"},
		{"a call that nobody makes", rest + "- name: n\n  resources: [{type: AWS::S3::Bucket, name: b}]\n  gaps: [{call: \"s3:GetBucketColour\"}]\n  expect: {b: fail}\n", "s3/x_test.yaml:14:10: no collector makes the call s3:GetBucketColour"},
		{"a gap about nothing", rest + "- name: n\n  resources: [{type: AWS::S3::Bucket, name: b}]\n  gaps: [{call: \"s3:GetBucketPolicy\", resource: c}]\n  expect: {b: fail}\n", "s3/x_test.yaml:14:10: there is no AWS::S3::Bucket c that s3:GetBucketPolicy could be about"},
		{"a gap of a list about one", rest + "- name: n\n  resources: [{type: AWS::S3::Bucket, name: b}]\n  gaps: [{call: \"s3:ListBuckets\", resource: b}]\n  expect: {b: fail}\n", "s3/x_test.yaml:14:10: s3:ListBuckets is not about one resource"},
		{"an unknown of nothing", rest + "- name: n\n  resources: [{type: AWS::S3::Bucket, name: b}]\n  unknowns: [{resource: c, path: properties.BucketName}]\n  expect: {b: fail}\n", "s3/x_test.yaml:14:14: there is no resource c"},
		{"an unknown that does not exist", rest + "- name: n\n  resources: [{type: AWS::S3::Bucket, name: b}]\n  unknowns: [{resource: b, path: properties.BucketNam}]\n  expect: {b: fail}\n", "s3/x_test.yaml:14:14: AWS::S3::Bucket has no properties.BucketNam; did you mean properties.BucketName?"},
		{"two of a name", rest + "- name: n\n  resources: [{type: AWS::S3::Bucket, name: b}, {type: AWS::S3::Bucket, name: b}]\n  expect: {b: fail}\n", "s3/x_test.yaml:13:49: a AWS::S3::Bucket named b is defined already in line 13"},
		{"a verdict that does not exist", rest + "- name: n\n  expect: {b: ok}\n", `s3/x_test.yaml:13:15: unknown verdict "ok": pass, fail, unknown or not-applicable`},
		{"no expectation", rest + "- name: n\n", "s3/x_test.yaml:12:3: a case must expect something"},
		{"no name", rest + "- expect: {b: fail}\n", "s3/x_test.yaml:12:3: a case needs a name"},
		{"a number that is text", rest + "- name: n\n  resources: [{type: AWS::S3::Bucket, name: b, properties: {BucketName: 0123}}]\n  expect: {b: fail}\n", "s3/x_test.yaml:13:73: 0123 is no decimal number; put it in quotes if it is text"},
		{"no unknown case", rest[:strings.Index(rest, "- name: unknown")], "s3/x_test.yaml:1:1: no case expects unknown"},
		{"no test", "", "s3/x.yaml:1:1: the control has no test s3/x_test.yaml"},
	} {
		got := trials(t, ctl, tc.tests)
		if len(got) == 0 || !strings.HasPrefix(got[0], tc.want) {
			t.Errorf("%s:\ngot  %q\nwant %s", tc.name, got, tc.want)
		}
	}
}

func TestTestsWithoutAControl(t *testing.T) {
	files := fstest.MapFS{"s3/x.yaml": control("AWS::S3::Bucket", versioned), "s3/x_test.yaml": {Data: []byte(rest)}, "s3/y_test.yaml": {Data: []byte(rest)}}
	results, err := load(t, files).Test(t.Context(), posture.Folder{FS: files, Name: "mine"}, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	last := results[len(results)-1]
	if len(results) != 4 || len(last.Problems) != 1 || last.Problems[0] != "mine/s3/y_test.yaml:1:1: there is no control s3/y; did you mean s3/x?" {
		t.Errorf("got %+v", results)
	}
}

func TestScaffold(t *testing.T) {
	files, err := posture.Scaffold("s3/keeps-versions", time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	folder := posture.Folder{FS: fstest.MapFS{}}
	for name, text := range files {
		folder.FS.(fstest.MapFS)[name] = &fstest.MapFile{Data: []byte(text)}
	}
	c := load(t, folder.FS.(fstest.MapFS))
	if got, ok := c.Control("s3/keeps-versions"); !ok || got.Source.Read != "2026-11-24" {
		t.Errorf("the catalogue holds %v", c.Controls())
	}
	results, err := c.Test(t.Context(), folder, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	if len(results) < 5 {
		t.Errorf("%d cases", len(results))
	}
	for _, r := range results {
		for _, p := range r.Problems {
			t.Error(p)
		}
	}
	for _, id := range []string{"", "x", "s3/", "/x", "../x", "S3/x", "s3/x.yaml", "s3//x", "s3/-x"} {
		if _, err := posture.Scaffold(id, time.Now()); err == nil {
			t.Errorf("%q is taken for an id", id)
		}
	}
}
