package botocore

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestData(t *testing.T) {
	dir := t.TempDir()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(`{"a":2}`)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "__init__.py"), "x = 1\n__version__ = '9.8.7'\n")
	write(t, filepath.Join(dir, "data", "s3", "2006-03-01", "service-2.json"), `{"a":1}`)
	write(t, filepath.Join(dir, "data", "s3", "2020-01-01", "service-2.json.gz"), packed.String())
	write(t, filepath.Join(dir, "data", "endpoints.json"), `{`)

	d, err := Find(filepath.Join(dir, "d*a"))
	if err != nil || d.Version != "9.8.7" {
		t.Fatalf("%+v, %v", d, err)
	}
	newest, err := d.Newest("s3")
	if err != nil || filepath.Base(newest) != "2020-01-01" {
		t.Errorf("newest: %s, %v", newest, err)
	}
	if none, err := d.Newest("gone"); none != "" || err != nil {
		t.Errorf("a service that is not there: %q, %v", none, err)
	}
	for path, want := range map[string]int{filepath.Join(newest, "service-2.json"): 2, filepath.Join(d.Dir, "s3", "2006-03-01", "service-2.json"): 1} {
		var m struct{ A int }
		if err := Read(path, &m); err != nil || m.A != want {
			t.Errorf("%s: %v, %v", path, m, err)
		}
	}
	if err := Read(filepath.Join(newest, "paginators-1.json"), new(any)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := Read(filepath.Join(d.Dir, "endpoints.json"), new(any)); err == nil {
		t.Error("half a file is read")
	}
	for _, pattern := range []string{filepath.Join(dir, "*"), filepath.Join(dir, "none")} {
		if _, err := Find(pattern); err == nil {
			t.Errorf("%s names no one folder and is taken", pattern)
		}
	}
	write(t, filepath.Join(dir, "__init__.py"), "x = 1\n")
	if _, err := Find(filepath.Join(dir, "data")); err == nil {
		t.Error("a package without a version is taken")
	}
}
