package posture

import (
	"strings"
	"testing"
	"testing/fstest"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// minimal is a control with nothing more than it needs; tests replace parts of it.
const minimal = `title: T
area: data
severity: low
resource: AWS::S3::Bucket
require: "true"
message: m
why: w
fix: {text: f}
`

func schemas(t testing.TB) *inventory.SchemaSet {
	t.Helper()
	s, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func loadOne(t testing.TB, text string) (*Catalog, error) {
	t.Helper()
	return Load(schemas(t), Folder{FS: fstest.MapFS{"s3/x.yaml": {Data: []byte(text)}}, Name: "dir"})
}

func TestLoad(t *testing.T) {
	text := strings.NewReplacer("message: m", "message: 'm ${resource.name}'\nparameters: {days: 90, words: [a, b], on: true, share: 0.5}\nrequirements: [cis-7.0/1.1]\naliases: [prowler/x, securityhub/S3.1]\n"+
		"source: {url: \"https://example.com\", read: 2026-11-24}\ndiscriminator: resource.id\nwhen: resource.name != ''").Replace(minimal)
	c, err := loadOne(t, text)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := c.Control("s3/x")
	if !ok || len(c.Controls()) != 1 || c.Controls()[0] != got {
		t.Fatalf("the catalogue holds %v", c.Controls())
	}
	if got.Title != "T" || got.Area != merlon.Data || got.Severity != merlon.Low || got.File != "dir/s3/x.yaml" || got.When == "" || got.Discriminator != "resource.id" ||
		got.Fix.Text != "f" || got.Requirements[0] != "cis-7.0/1.1" || len(got.Aliases) != 2 || got.Source.Read != "2026-11-24" || got.Parameters["days"] != 90 {
		t.Errorf("got %+v", got)
	}
	if c.Closest("s3/y") != "s3/x" || c.Closest("something/else") != "" {
		t.Errorf("closest: %q, %q", c.Closest("s3/y"), c.Closest("something/else"))
	}
}

// TestLoadRefuses gives what each mistake is answered with: file, line, column,
// and the nearest thing that exists.
func TestLoadRefuses(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"a key that does not exist", strings.Replace(minimal, "why: w", "whi: w", 1), `dir/s3/x.yaml:7:1: a control has no "whi"; did you mean why?`},
		{"a key within fix", strings.Replace(minimal, "{text: f}", "{text: f, clj: x}", 1), `dir/s3/x.yaml:8:16: a fix has no "clj"; did you mean cli?`},
		{"a key that occurs twice", minimal + "title: U\n", `dir/s3/x.yaml:9:1: title occurs twice`},
		{"a key that is missing", strings.Replace(minimal, "title: T\n", "", 1), "dir/s3/x.yaml:1:1: title is missing"},
		{"no fix", strings.Replace(minimal, "fix: {text: f}\n", "", 1), "dir/s3/x.yaml:1:1: fix: text is missing"},
		{"an empty value", strings.Replace(minimal, "why: w", "why: ''", 1), "dir/s3/x.yaml:7:6: this must not be empty"},
		{"a list for a text", strings.Replace(minimal, "why: w", "why: [w]", 1), "dir/s3/x.yaml:7:6: this must be text"},
		{"an area", strings.Replace(minimal, "area: data", "area: dada", 1), `dir/s3/x.yaml:2:7: unknown area "dada": identity, detection, infrastructure, data or incident-response`},
		{"a severity", strings.Replace(minimal, "severity: low", "severity: lo", 1), `dir/s3/x.yaml:3:11: unknown severity "lo": critical, high, medium, low or info`},
		{"a type", strings.Replace(minimal, "S3::Bucket", "S3::Buckett", 1), "dir/s3/x.yaml:4:11: there is no type AWS::S3::Buckett; did you mean AWS::S3::Bucket?"},
		{"a requirement", minimal + "requirements: [cis]\n", "dir/s3/x.yaml:9:16: this must have the form framework/requirement"},
		{"a requirement twice", minimal + "requirements: [a/b, a/b]\n", "dir/s3/x.yaml:9:21: a/b occurs twice"},
		{"a source without a day", minimal + "source: {url: \"https://x\", read: soon}\n", "dir/s3/x.yaml:9:9: read must be the day the page was read, as 2026-01-31"},
		{"a source that is no page", minimal + "source: {url: x, read: 2026-01-31}\n", "dir/s3/x.yaml:9:9: url must begin with https://"},
		{"a playbook", strings.Replace(minimal, "{text: f}", "{text: f, playbook: s3/x}", 1), "dir/s3/x.yaml:8:26: there is no playbook s3/x"},
		{"a parameter's name", minimal + "parameters: {Days-: 1}\n", `dir/s3/x.yaml:9:14: the name of a parameter has the form maxAgeDays, not "Days-"`},
		{"a parameter's value", minimal + "parameters: {days: {a: 1}}\n", "dir/s3/x.yaml:9:20: a parameter is a number, a word, true or false, or a list of numbers or words"},
		{"a parameter of two kinds", minimal + "parameters: {days: [1, a]}\n", "dir/s3/x.yaml:9:20: the values of a parameter's list must be of one kind"},
		{"an anchor", strings.Replace(minimal, "why: w", "why: &a w", 1), "dir/s3/x.yaml:7:6: anchors and aliases are not used in these files"},
		{"no YAML", "a: b: c\n", "dir/s3/x.yaml:1:1: mapping values are not allowed in this context"},
		{"nothing", "# a comment\n", "dir/s3/x.yaml:1:1: the file is empty"},
		{"two documents", minimal + "---\n" + minimal, "dir/s3/x.yaml:9:1: a file holds one document"},
		{"a list", "- a\n", "dir/s3/x.yaml:1:1: a control is a list of “name: value”"},
		{"too large", minimal + "# " + strings.Repeat("x", MaxControlFile), "dir/s3/x.yaml:1:1: 1048"},

		{"a property", strings.Replace(minimal, `"true"`, "resource.properties.?BucketEncrption.hasValue()", 1),
			"dir/s3/x.yaml:5:31: AWS::S3::Bucket.properties has no BucketEncrption; did you mean BucketEncryption?"},
		{"a property in double quotes", strings.Replace(minimal, `"true"`, `"'\"' != '' && resource.properties.?BucketEncrption.hasValue()"`, 1), "dir/s3/x.yaml:5:46: AWS::S3::Bucket.properties has no BucketEncrption"},
		{"a property in single quotes", strings.Replace(minimal, `"true"`, `'''x'' != '''' && resource.properties.?BucketEncrption.hasValue()'`, 1), "dir/s3/x.yaml:5:49: AWS::S3::Bucket.properties has no BucketEncrption"},
		{"a property in a folded block", strings.Replace(minimal, `"true"`, ">-\n  resource.name != ''\n  && resource.properties.?BucketEncrption\n    .hasValue()", 1), "dir/s3/x.yaml:7:27: AWS::S3::Bucket.properties has no BucketEncrption"},
		{"a property in a literal block", strings.Replace(minimal, `"true"`, "|\n  resource.name != ''\n\n  && resource.properties.?BucketEncrption.hasValue()", 1), "dir/s3/x.yaml:8:27: AWS::S3::Bucket.properties has no BucketEncrption"},
		{"a property on a folded plain line", strings.Replace(minimal, `"true"`, "resource.name != ''\n  && resource.properties.?BucketEncrption.hasValue()", 1), "dir/s3/x.yaml:6:27: AWS::S3::Bucket.properties has no BucketEncrption"},
		{"a property behind other letters", strings.Replace(minimal, `"true"`, `"resource.name != 'äöü€' && resource.properties.?BucketEncrption.hasValue()"`, 1), "dir/s3/x.yaml:5:59: AWS::S3::Bucket.properties has no BucketEncrption"},
		{"a property of a list's element", strings.Replace(minimal, `"true"`, "resource.properties.?Tags.orValue([]).exists(t, t.Kei == '')", 1), "dir/s3/x.yaml:5:60: Tag has no Kei; did you mean Key?"},
		{"a property that is observed", strings.Replace(minimal, `"true"`, "resource.properties.?PolicyStatus.hasValue()", 1), "dir/s3/x.yaml:5:31: AWS::S3::Bucket.properties has no PolicyStatus; did you mean observed.PolicyStatus?"},
		{"a property without properties", strings.Replace(minimal, `"true"`, "resource.BucketEncryption == ''", 1), "dir/s3/x.yaml:5:19: AWS::S3::Bucket has no BucketEncryption; did you mean properties.BucketEncryption?"},
		{"what may be absent", strings.Replace(minimal, `"true"`, "resource.properties.VersioningConfiguration.Status == 'Enabled'", 1), "dir/s3/x.yaml:5:29: VersioningConfiguration may be absent: read it as .?VersioningConfiguration"},
		{"a tag that may be absent", strings.Replace(minimal, `"true"`, "resource.tags.env == ''", 1), "dir/s3/x.yaml:5:23: env may be absent"},
		{"a relation", strings.Replace(minimal, `"true"`, "resource.related('polcy').size() > 0", 1), `dir/s3/x.yaml:5:26: AWS::S3::Bucket has no relation "polcy"; did you mean policy?`},
		{"a relation that is computed", strings.Replace(minimal, `"true"`, "resource.related(resource.name).size() > 0", 1), "dir/s3/x.yaml:5:35: the relation must be a word in quotes"},
		{"a related property", strings.Replace(minimal, `"true"`, "resource.related('policy').exists(p, p.properties.Buckit == '')", 1), "dir/s3/x.yaml:5:60: AWS::S3::BucketPolicy.properties has no Buckit; did you mean Bucket?"},
		{"a variable", strings.Replace(minimal, `"true"`, "resorce.name == ''", 1), "dir/s3/x.yaml:5:10: there is no resorce; did you mean resource?"},
		{"a function", strings.Replace(minimal, `"true"`, "isPublicRang('x')", 1), "dir/s3/x.yaml:5:22: there is no isPublicRang; did you mean isPublicRange?"},
		{"a function that controls have not", strings.Replace(minimal, `"true"`, "math.isNaN(1.5)", 1), "dir/s3/x.yaml:5:20: function math.isNaN is not available to controls"},
		{"a parameter", strings.Replace(minimal, `"true"`, "params.dais > 1", 1) + "parameters: {days: 1}\n", "dir/s3/x.yaml:5:17: there is no parameter dais; did you mean days?"},
		{"a type mismatch", strings.Replace(minimal, `"true"`, "resource.name > 5", 1), "dir/s3/x.yaml:5:24: found no matching overload"},
		{"no condition", strings.Replace(minimal, `"true"`, "resource.name", 1), "dir/s3/x.yaml:5:10: the result is string, where bool is wanted"},
		{"a when", minimal + "when: resource.nam == ''\n", "dir/s3/x.yaml:9:16: AWS::S3::Bucket has no nam; did you mean name?"},
		{"no CEL", strings.Replace(minimal, `"true"`, "resource.name ==", 1), "dir/s3/x.yaml:5:26: Syntax error: mismatched input '<EOF>'"},
		{"a pattern that is data", strings.Replace(minimal, `"true"`, "resource.name.matches(resource.id)", 1), "dir/s3/x.yaml:5:40: the pattern must be a string in quotes"},
		{"a pattern that is none", strings.Replace(minimal, `"true"`, "resource.name.matches('(')", 1), "dir/s3/x.yaml:5:10: error parsing regexp"},
		{"an index of any kind", strings.Replace(minimal, `"true"`, "resource.related('policy').all(p, [1][dyn(p.id)] == 1)", 1), "dir/s3/x.yaml:5:51: an index must be a number or a string"},
		{"a relation that is always there", strings.Replace(minimal, `"true"`, "has(resource.related('policy'))", 1), "dir/s3/x.yaml:5:13: a relation is always there: ask for its .size() > 0"},
		{"bytes", strings.Replace(minimal, `"true"`, "b'x' == b'y'", 1), "dir/s3/x.yaml:5:10: there are no bytes and no unsigned numbers in a document"},
		{"a loop over a variable that is taken", strings.Replace(minimal, `"true"`, "'[1].exists(account, true)'", 1), "dir/s3/x.yaml:5:22: account is taken: name the variable of the loop otherwise"},
		{"a nest", strings.Replace(minimal, `"true"`, strings.Repeat("!(", 200)+"true"+strings.Repeat(")", 200), 1), "dir/s3/x.yaml:5:"},
		{"a message", strings.Replace(minimal, "message: m", "message: 'm ${resource.nam}'", 1), "dir/s3/x.yaml:6:24: AWS::S3::Bucket has no nam; did you mean name?"},
		{"a message that does not close", strings.Replace(minimal, "message: m", "message: 'm ${resource.name'", 1), "dir/s3/x.yaml:6:13: the ${ is not closed"},
		{"an empty hole in a message", strings.Replace(minimal, "message: m", "message: 'm ${ }'", 1), "dir/s3/x.yaml:6:13: there is nothing in ${}"},
	} {
		_, err := loadOne(t, tc.text)
		if err == nil {
			t.Errorf("%s is taken", tc.name)
			continue
		}
		if !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", tc.name, err, tc.want)
		}
	}
}

func TestLoadTellsEverything(t *testing.T) {
	_, err := Load(schemas(t),
		Folder{FS: fstest.MapFS{"a/x.yaml": {Data: []byte(minimal)}, "a/bad.yaml": {Data: []byte("title: T\n")}, "a/x_test.yaml": {Data: []byte("no control")}, ".git/y.yaml": {Data: []byte("no control")}}, Name: "one"},
		Folder{FS: fstest.MapFS{"a/x.yaml": {Data: []byte(minimal)}, "Bad_Name.yaml": {Data: []byte(minimal)}}, Name: "two"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"one/a/bad.yaml:1:1: area is missing", "one/a/bad.yaml:1:1: require is missing", "two/a/x.yaml:1:1: control a/x exists already: one/a/x.yaml",
		`two/Bad_Name.yaml:1:1: a control's path is its id: words of a-z, 0-9 and - with / between them, not "Bad_Name"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
}

func TestPlaybooksThatExist(t *testing.T) {
	text := strings.Replace(minimal, "{text: f}", "{text: f, playbook: s3/block}", 1)
	_, err := Load(schemas(t), Folder{FS: fstest.MapFS{"s3/x.yaml": {Data: []byte(text)}}, Playbooks: map[string]bool{"s3/block": true}})
	if err != nil {
		t.Error(err)
	}
}

func FuzzParseControl(f *testing.F) {
	f.Add(minimal)
	f.Add("title: &a T\nwhy: *a\n")
	f.Add("require: |\n  a &&\n  b\nparameters: {a: [1, 2]}\n")
	f.Add("a: [[[[{}]]]]\n--- \n")
	s := schemas(f)
	env, err := newEnvironment(newProvider(s))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseControl("f.yaml", "s3/x", []byte(text))
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				if line != "" && !strings.HasPrefix(line, "f.yaml:") && !strings.Contains(err.Error(), "\nf.yaml:") && !strings.HasPrefix(err.Error(), "f.yaml:") {
					t.Fatalf("an error without a place: %q", line)
				}
			}
			return
		}
		// What parses must compile or be refused, without a panic; so must its tests.
		_, _ = compile(env, parsed, 0)
		_, _ = parseTests("f_test.yaml", []byte(text))
	})
}

func FuzzParseTests(f *testing.F) {
	f.Add("- name: n\n  resources: [{type: AWS::S3::Bucket, name: b, properties: {A: [1, 2.5, x, null, 2026-01-01]}}]\n  gaps: [{call: a:B}]\n  unknowns: [{resource: b, path: properties.A.0}]\n  expect: {b: fail}\n")
	f.Add("- {name: n, expect: {b: {verdict: pass, message: m}}}\n")
	f.Fuzz(func(t *testing.T, text string) {
		cases, err := parseTests("f_test.yaml", []byte(text))
		if err == nil {
			for _, c := range cases {
				if c.name == "" || len(c.expect) == 0 {
					t.Fatalf("a case without a name or an expectation: %q", text)
				}
			}
		}
	})
}
