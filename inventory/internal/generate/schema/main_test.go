package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// database is a small db.json: two services, unions, attributes with dots, a
// definition that contains itself and two that share a name.
const database = `{"schema":{
"resource":{"entities":[
 {"cloudFormationType":"AWS::B::Two","primaryIdentifier":["Id"],"cfnRefIdentifier":["Name"],"properties":{"Name":{"type":{"type":"string"}}},"attributes":{"Id":{"type":{"type":"integer"}}}},
 {"cloudFormationType":"AWS::A::One","primaryIdentifier":["Name","Endpoint.Port"],"arnTemplate":"arn:${Partition}:a:::${Name}",
  "tagInformation":{"tagPropertyName":"Tags","variant":"standard"},
  "properties":{
   "Name":{"type":{"type":"string"},"required":true},
   "Tags":{"type":{"type":"array","element":{"type":"tag"}}},
   "Policy":{"type":{"type":"union","types":[{"type":"json"},{"type":"string"}]}},
   "Keys":{"type":{"type":"union","types":[{"type":"array","element":{"type":"ref","reference":{"$ref":"1"}}},{"type":"json"}]}},
   "Either":{"type":{"type":"union","types":[{"type":"ref","reference":{"$ref":"1"}},{"type":"ref","reference":{"$ref":"2"}}]}},
   "Rule":{"type":{"type":"ref","reference":{"$ref":"2"}},"required":true},
   "Other":{"type":{"type":"ref","reference":{"$ref":"3"}}},
   "Limits":{"type":{"type":"map","element":{"type":"number"}}},
   "Since":{"type":{"type":"date-time"}}},
  "attributes":{
   "Arn":{"type":{"type":"string"}},
   "Name":{"type":{"type":"string"}},
   "Endpoint.Port":{"type":{"type":"integer"}},
   "Endpoint.Host.Name":{"type":{"type":"string"}},
   "Rule.State":{"type":{"type":"string"}},
   "Rule.On":{"type":{"type":"string"}},
   "Policy.Version":{"type":{"type":"string"}}}}]},
"typeDefinition":{"entities":[
 {"$id":"1","name":"Key","properties":{"K":{"type":{"type":"string"},"required":true}}},
 {"$id":"2","name":"Rule","properties":{"On":{"type":{"type":"boolean"}},"And":{"type":{"type":"array","element":{"type":"ref","reference":{"$ref":"2"}}}}}},
 {"$id":"3","name":"Rule","properties":{"Off":{"type":{"type":"json"}}}}]}}}`

const distilled = `@aws-cdk/test 1.2.3
SIZE AWS::A::One AWS::B::Two
=AWS::A::One
#Name Endpoint.Port
%Tags
~arn:${Partition}:a:::${Name}
Arn -s
Either j
Endpoint -&Endpoint
Keys [&Key
Limits {n
Name !s
Other &Rule
Policy j
Rule !&Rule2
Since t
Tags [g
@Endpoint
Host -&Host
Port -i
@Key
K !s
@Rule
Off j
@Rule2
And [&Rule2
On b
State -s
@Host
Name -s
=AWS::B::Two
#Id
^Name
Id -i
Name s
`

func TestDistil(t *testing.T) {
	db := folder(t, database, `{"name":"@aws-cdk/test","version":"1.2.3"}`)
	out := filepath.Join(t.TempDir(), "out.txt.gz")
	if err := run([]string{db, out}); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	got := text(t, first)
	// The compressed size is the compressor's affair.
	lines := strings.SplitAfter(got, "\n")
	if len(lines) > 1 {
		_, types, _ := strings.Cut(lines[1], " ")
		lines[1] = "SIZE " + types
	}
	if d := cmp.Diff(distilled, strings.Join(lines, "")); d != "" {
		t.Error(d)
	}
	for range 5 {
		if err := run([]string{db, out}); err != nil {
			t.Fatal(err)
		}
		again, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again) {
			t.Fatal("the same database gives another file")
		}
	}
}

func TestDistilErrors(t *testing.T) {
	pkg := `{"name":"@aws-cdk/test","version":"1.2.3"}`
	for name, tt := range map[string]struct{ db, pkg, want string }{
		"another form":       {`{"schema":{}}`, pkg, "another form"},
		"not JSON":           {`{`, pkg, "unexpected end"},
		"no version":         {database, `{"name":"x"}`, "no name or version"},
		"a new kind":         {strings.Replace(database, `"date-time"`, `"duration"`, 1), pkg, `property Since: type "duration" is new`},
		"a missing ref":      {strings.Replace(database, `"$id":"3"`, `"$id":"4"`, 1), pkg, "definition 3 does not exist"},
		"a name of no parts": {strings.Replace(database, "AWS::B::Two", "Two", 1), pkg, `type "Two" does not have three parts`},
		"a name with blanks": {strings.Replace(database, `"Since"`, `"Since When"`, 1), pkg, `property name "Since When" cannot be written`},
	} {
		err := run([]string{folder(t, tt.db, tt.pkg), filepath.Join(t.TempDir(), "out")})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if err := run(nil); err == nil || !strings.Contains(err.Error(), "usage") {
		t.Errorf("no arguments: %v", err)
	}
}

// folder writes a package and gives the path of its database.
func folder(t *testing.T, db, pkg string) string {
	t.Helper()
	dir := t.TempDir()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(db)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"db.json.gz": b.Bytes(), "package.json": []byte(pkg)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "db.json.gz")
}

func text(t *testing.T, data []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
