package iac

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzParse: nothing makes the parser panic or lose a place, and what is JSON
// means the same when it is read as YAML.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "Resources: {}", `{"Resources": {"A": {"Type": "AWS::S3::Bucket"}}}`, "a: !Sub x\nb: !GetAtt a.b\nc: &x [1]\nd: *x\n", "<<: {a: 1}\nb: |\n  x\n", "- !Foo\n- 0x10\n- 1_000\n- .5\n- 2012-10-17\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := parse(data)
		if err != nil {
			return
		}
		count := 0
		var walk func(n *node)
		walk = func(n *node) {
			if count++; count > 10_000 {
				return
			}
			if n.line < 1 || n.col < 1 {
				t.Fatalf("a node at %d:%d", n.line, n.col)
			}
			if len(n.keys) != 0 && len(n.keys) != len(n.items) {
				t.Fatalf("%d keys and %d values", len(n.keys), len(n.items))
			}
			if n.kind == numberNode && !jsonNumber.MatchString(n.text) {
				t.Fatalf("%q is not a JSON number", n.text)
			}
			for _, c := range n.items {
				walk(c)
			}
		}
		walk(root)
	})
}

// FuzzIntrinsics: no expression makes the loader panic, hang or write a document
// that does not follow its schema.
func FuzzIntrinsics(f *testing.F) {
	for _, s := range []string{`!Ref Plain`, `!Sub "${Bucket.Arn}${!x}${Open}"`, `!Join [",", !Ref Colors]`, `!If [IsBlue, 1, !Ref "AWS::NoValue"]`,
		`!Cidr [10.0.0.0/16, 3, 8]`, `!Select [0, !Split [",", a]]`, `!FindInMap [M, a, x]`, `{"Fn::ForEach::x": [a, [b], {c: d}]}`, `{"Fn::Transform": {}, a: 1}`,
		`!Base64 {"Fn::GetAtt": [Bucket, Arn]}`, `{"Fn::ToJsonString": {a: !Ref Open}}`, `!Equals [!Ref "AWS::Region", x]`, `!Cidr ["::/0", 256, 128]`, `!ImportValue x`} {
		f.Add(s)
	}
	schemas := testSchemas(f)
	tables, err := loadTables()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		l, err := newLoader(schemas, tables, Options{})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		defer func() {
			if d := time.Since(start); d > time.Minute {
				t.Fatalf("it took %v", d)
			}
		}()
		text := "Transform: AWS::LanguageExtensions" + evaluated + strings.ReplaceAll(expr, "\n", " ") + `
  Other:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: ` + strings.ReplaceAll(expr, "\n", " ") + `
      SecurityGroupIngress: [` + strings.ReplaceAll(expr, "\n", " ") + `]
      Tags: ` + strings.ReplaceAll(expr, "\n", " ") + "\n"
		if _, err := l.add("t.yaml", "t.yaml", []byte(text)); err != nil {
			return
		}
		if err := l.evaluate(context.Background()); err != nil {
			return
		}
		l.fold()
		for _, s := range l.stacks {
			for _, r := range s.resources {
				check(t, r)
			}
		}
	})
}

// check finishes a resource and holds it to its schema.
func check(t *testing.T, r *resource) {
	t.Helper()
	out, err := r.finish()
	if err != nil {
		t.Fatal(err)
	}
	if out.ID == "" {
		t.Fatalf("%s has no id", r.logical)
	}
	for _, p := range r.typ.CheckResource(out) {
		if !unknownAt(out, p.Path) {
			t.Fatalf("%v in %s", p, out.Properties)
		}
	}
	for _, u := range out.Unknowns {
		if u.Reason == "" || !strings.HasPrefix(u.Path, "/") {
			t.Fatalf("unknown %+v", u)
		}
	}
}

// TestPublicTemplates loads some of AWS's own templates, which testdata/public
// holds with their licence: each loads, and every document follows its schema.
func TestPublicTemplates(t *testing.T) {
	paths, err := filepath.Glob("testdata/public/*.*")
	if err != nil {
		t.Fatal(err)
	}
	loadedOnes := 0
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !looksLikeTemplate(data) {
			continue
		}
		for _, opts := range []Options{{}, {Account: "111122223333", Region: "eu-west-1"}} {
			l, err := loadPaths(t, opts, path)
			if err != nil {
				t.Error(err)
				continue
			}
			if l.Resources == 0 {
				t.Errorf("%s: no resources", path)
			}
			loadedOnes++
		}
	}
	if loadedOnes < 10 {
		t.Errorf("%d loads", loadedOnes)
	}
}
