package merlon_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "merlon.dev/merlon"

// layers is the order of the packages: one imports only from lines above its
// own. Change it together with docs/design/architecture.md.
var layers = [][]string{
	{"", "controls", "detections", "playbooks", "baselines", "sops", "frameworks", "demo", "internal/awstest/wire", "iam/reference"},
	{"iam", "inventory", "internal/config", "internal/awstest"},
	{"access", "inventory/inventorytest", "inventory/live", "inventory/iac", "internal/secret", "internal/record"},
	{"reach", "inventory/awscli"},
	{"posture", "detect", "internal/credential", "internal/pki"},
	{"respond", "baseline"},
	{"respond/awsact", "internal/store", "internal/report", "internal/notify"},
	{"internal/web"},
	{"internal/cli"},
	// fakeaws serves the AWS of the tests for benchmarks, which is more than a
	// generator: nothing imports it, and it imports no more than it serves.
	{"cmd/merlon", "internal/awstest/cmd/fakeaws"},
}

// fences keep what is heavy or dangerous in the packages that need it.
var fences = []struct {
	prefix  string
	allowed []string
}{
	{"github.com/aws/", []string{"inventory/live", "inventory/awscli", "detect", "respond/awsact", "internal/notify", "internal/credential"}},
	{"database/sql", []string{"inventory", "internal/store"}},
	{"modernc.org/sqlite", []string{"inventory", "internal/store"}},
	{"cel.dev/", []string{"posture", "detect"}},
	// Their reflection keeps the linker from dropping the SDK's methods: 40 MB.
	{"html/template", nil},
	{"text/template", nil},
}

func TestLayers(t *testing.T) {
	level := map[string]int{}
	for i, line := range layers {
		for _, p := range line {
			level[p] = i
		}
	}
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != "." && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		if dir == "." {
			dir = ""
		}
		// Generators are programs of their own: nothing imports them.
		if strings.Contains("/"+dir+"/", "/internal/generate/") {
			return nil
		}
		seen++
		mine, ok := level[dir]
		if !ok {
			t.Errorf("%s: package %q stands on no line of the layer table", path, dir)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if imp == module || strings.HasPrefix(imp, module+"/") {
				other := strings.TrimPrefix(strings.TrimPrefix(imp, module), "/")
				l, ok := level[other]
				switch {
				case !ok:
					t.Errorf("%s imports %s, which stands on no line", path, imp)
				case l >= mine:
					t.Errorf("%s imports %s, which is not above it", path, imp)
				}
			}
			for _, fence := range fences {
				if (imp == strings.TrimSuffix(fence.prefix, "/") || strings.HasPrefix(imp, fence.prefix)) && !slices.Contains(fence.allowed, dir) {
					t.Errorf("%s imports %s: only %v may", path, imp, fence.allowed)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Fatal("no Go file was looked at")
	}
}
