package iac

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"merlon.dev/merlon/inventory"
)

// bomb doubles a text n times through variables of Fn::Sub within each other.
func bomb(n int) string {
	inner := `"xxxxxxxxxxxxxxxx"`
	for range n {
		inner = `{"Fn::Sub": ["${a}${a}", {"a": ` + inner + `}]}`
	}
	return `{"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": ` + inner + `}}}}`
}

// aliases has n anchors, each of ten of the one before.
func aliases(n int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x]\n")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return b.String() + "Resources: {}\n"
}

func TestBadTemplates(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "it is empty"},
		{"only space", " \n\t\n", "it is empty"},
		{"only a comment", "# nothing\n", "it is empty"},
		{"text", "hello", "1:1: not a CloudFormation template that can be read: it is text; an object with Resources was expected"},
		{"a list", "[1, 2]", "1:1: not a CloudFormation template that can be read: it is a list; an object with Resources was expected"},
		{"no resources", "Parameters: {}", "it has no Resources"},
		{"a Kubernetes manifest", "apiVersion: v1\nkind: Pod\n", "it has no Resources; it looks like a Kubernetes manifest"},
		{"an OpenAPI description", "openapi: 3.0.0\n", "it looks like an OpenAPI description"},
		{"a Terraform plan", `{"format_version": "1.2", "planned_values": {}}`, "it looks like a Terraform plan"},
		{"a policy", `{"Version": "2012-10-17", "Statement": []}`, "it looks like a policy document"},
		{"resources are a list", "Resources: []\n", "1:1: not a CloudFormation template that can be read: Resources must be an object and is a list"},
		{"a resource is text", "Resources:\n  A: x\n", `2:3: not a CloudFormation template that can be read: the resource "A" has no Type`},
		{"a type that is a list", "Resources:\n  A: {Type: [x]}\n", `the resource "A" has no Type`},
		{"properties are text", "Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties: x\n", `4:17: not a CloudFormation template that can be read: Properties of "A" must be an object and is text`},
		{"a key twice in YAML", "Resources:\n  A: {Type: AWS::S3::Bucket}\n  A: {Type: AWS::SNS::Topic}\n", `3:3: not a CloudFormation template that can be read: "A" is set a second time, first in line 2`},
		{"a key twice in JSON", "{\"Resources\": {\"A\": {},\n \"A\": {}}}", `2:2: not a CloudFormation template that can be read: "A" is set a second time, first in line 1`},
		{"broken YAML", "Resources:\n  A: [\n", "not a CloudFormation template that can be read: line "},
		{"broken JSON", "{\"Resources\": {\n  \"A\": ]\n}", "2:8: not a CloudFormation template that can be read: not JSON"},
		{"JSON cut off", "{\"Resources\": {\n", "the JSON ends before it is complete"},
		{"more after JSON", "{\"Resources\": {}} x", "1:19"},
		{"two documents", "Resources: {}\n---\nResources: {}\n", "more than one YAML document"},
		{"a key that is a list", "Resources:\n  ? [a]\n  : b\n", "a key must be text"},
		{"an alias in itself", "Resources: &a {A: *a}\n", "contains itself"},
		{"a merge of text", "Resources: {<<: x}\n", "<< must merge an object"},
		{"a bomb of aliases", aliases(9), "has more than"},
		{"deep JSON", strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000), "nested deeper than"},
		{"deep YAML", strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "nested deeper than"},
		{"deeper YAML than its reader bears", "a: " + strings.Repeat("[", 200_000), "not a CloudFormation template"},
		{"a bomb of text", bomb(30), "expands to more than"},
		{"a bomb of loops", "Transform: AWS::LanguageExtensions\nResources:\n" + loops(6), "expands to more than Merlon evaluates"},
		{"binary", "\x00\x01\x02", "not a CloudFormation template"},
		{"not UTF-8", "Resources: {A: {Type: \xff}}", "not a CloudFormation template"},
		{"an account that is none", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := Options{}
			if c.want == "" {
				opts.Account, c.text, c.want = "12", "Resources: {}", `the account "12" is not twelve digits`
			}
			path := filepath.Join(t.TempDir(), "t.yaml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, err := loadPaths(t, opts, path)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if opts.Account == "" && !errors.Is(err, ErrTemplate) {
				t.Errorf("%v is not an ErrTemplate", err)
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

// loops nests n Fn::ForEach of twenty values each.
func loops(n int) string {
	body := `{"A${a0}": {Type: AWS::S3::Bucket}}`
	values := strings.TrimSuffix(strings.Repeat("x, ", 20), ", ")
	for i := range n {
		body = fmt.Sprintf("{\"Fn::ForEach::L%d\": [a%d, [%s], %s]}", i, i, values, body)
	}
	return "  " + strings.TrimSuffix(strings.TrimPrefix(body, "{"), "}") + "\n"
}

func TestLargeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.yaml")
	if err := os.WriteFile(path, []byte("Resources: {}\n"+strings.Repeat("# x\n", maxFile/4)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadPaths(t, Options{}, path); !errors.Is(err, ErrTemplate) || !strings.Contains(err.Error(), "larger than") {
		t.Error(err)
	}
	if _, err := loadPaths(t, Options{}, path+"-not"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestFolderLinks: what a link in the folder points at outside of it is not read.
func TestFolderLinks(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(outside+"/secret.yaml", []byte("Resources: {A: {Type: AWS::S3::Bucket}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	main := "Resources:\n  N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: link.yaml}}\n  T: {Type: AWS::SNS::Topic}\n"
	if err := os.WriteFile(dir+"/main.yaml", []byte(main), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside+"/secret.yaml", dir+"/link.yaml"); err != nil {
		t.Fatal(err)
	}
	l, err := loadPaths(t, Options{}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if l.Resources != 1 || len(l.gaps) != 1 || !strings.Contains(l.gaps[0].Message, "cannot be read") {
		t.Errorf("%d resources, gaps %+v", l.Resources, l.gaps)
	}
}

// TestManyResources: thousands of resources that refer to each other, in a
// bearable time and size.
func TestManyResources(t *testing.T) {
	var b strings.Builder
	b.WriteString("Resources:\n")
	const n = 5000
	for i := range n {
		fmt.Fprintf(&b, "  R%d: {Type: AWS::S3::Bucket, Properties: {Tags: [{Key: next, Value: !GetAtt R%d.Arn}]}}\n", i, (i+1)%n)
	}
	start := time.Now()
	l := load(t, Options{}, b.String())
	if l.Resources != n {
		t.Errorf("%d resources", l.Resources)
	}
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("%d resources took %v", n, d)
	}
	if r := l.one(t, "AWS::S3::Bucket", "demo-R4999"); r.Tags["next"] != "arn:aws:s3:::demo-R0" {
		t.Errorf("tags %v", r.Tags)
	}
}

// TestCircles: names that depend on each other end, and are unknown.
func TestCircles(t *testing.T) {
	l := load(t, Options{}, `
Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}
Resources:
  One: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "${Two}-x"}}
  Two: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "${One}-x"}}
  Self: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref Self, AccessControl: !GetAtt Self.AccessControl}}
  If: {Type: AWS::S3::Bucket, Condition: A, Properties: {BucketName: c}}
`)
	if l.Resources != 4 {
		t.Errorf("%d resources", l.Resources)
	}
	if r := l.one(t, "AWS::S3::Bucket", "c"); !strings.Contains(r.Perhaps, "depends on itself") {
		t.Errorf("perhaps %q", r.Perhaps)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	schemas := testSchemas(t)
	b, err := inventory.Create(ctx, t.TempDir()+"/a.db", schemas, inventory.Meta{Kind: inventory.KindTemplate})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	cancel()
	if _, err := CloudFormation(ctx, b, schemas, []string{"testdata/stacks"}, Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestMemory: a template of the largest size in its worst form stays small.
func TestMemory(t *testing.T) {
	text := "Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Metadata:\n" + strings.Repeat("    - a\n", maxFile/8-20)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	root, err := parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 400<<20 {
		t.Errorf("%d MB for a file of %d MB", n>>20, len(text)>>20)
	}
	runtime.KeepAlive(root)
}
