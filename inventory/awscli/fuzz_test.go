package awscli

import (
	"bytes"
	"path"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon/inventory/live"
)

// FuzzDecode reads arbitrary files. What is accepted must be writable and read
// again as the same, apart from secrets.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{}`, `{"Vpcs":[{"VpcId":"v","IsDefault":true}],"NextToken":"t"}`, `{"SummaryMap":{"Users":3}}`, `{"Content":"YQ==","GeneratedTime":"2019-05-03T20:59:48Z"}`,
		`{"analyzers":[{"arn":"a","configuration":{"unusedAccess":{"unusedAccessAge":90}}}]}`, `{"Error":{"Code":"AccessDenied","Message":"m"}}`, `{"Attributes":{"Policy":{"a":[1,"\u00e4"]}}}`,
		`{"Role":{"AssumeRolePolicyDocument":{"Statement":[]}}}`, `[`, `{"Vpcs":[{"VpcId":`, "<html>"} {
		f.Add([]byte(s))
	}
	d := newDecoder()
	outputs := []struct {
		service string
		out     any
	}{{"ec2", ec2.DescribeVpcsOutput{}}, {"iam", iam.GetAccountSummaryOutput{}}, {"iam", iam.GetCredentialReportOutput{}}, {"iam", iam.GetRoleOutput{}}, {"sns", sns.GetTopicAttributesOutput{}}, {"accessanalyzer", accessanalyzer.ListAnalyzersOutput{}}}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, o := range outputs {
			first := reflect.New(reflect.TypeOf(o.out)).Interface()
			failure, err := d.body(data, first)
			if err != nil || failure != nil {
				continue
			}
			op := &live.Operation{Service: o.service}
			body := encode(op, first)
			second := reflect.New(reflect.TypeOf(o.out)).Interface()
			if _, err := d.body(body, second); err != nil {
				t.Fatalf("%s was written as %s: %v", data, body, err)
			}
			// Texts with what is no UTF-8 or no document's form change once, not twice.
			if again := encode(op, second); !bytes.Equal(encode(op, second), again) || len(again) == 0 {
				t.Fatalf("%s and %s", body, again)
			}
			third := reflect.New(reflect.TypeOf(o.out)).Interface()
			if _, err := d.body(encode(op, second), third); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(second, third, compare()...); diff != "" {
				t.Fatalf("%s: %s", data, diff)
			}
		}
	})
}

// FuzzVerb holds names of operations to the form of the CLI's verbs.
func FuzzVerb(f *testing.F) {
	for _, s := range []string{"DescribeDBInstances", "ListWebACLs", "GetBucketAcl", "CreateCachediSCSIVolume", "a-b", "", "ÄÖ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		v := verb(name)
		if strings.ContainsAny(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") && !strings.Contains(name, "-") {
			t.Errorf("verb(%q) = %q has capitals", name, v)
		}
		if strings.Contains(name, "-") && v != name {
			t.Errorf("verb(%q) = %q; a verb stays what it is", name, v)
		}
	})
}

// FuzzQuote holds names of files to what keeps a folder together: one element of
// a path, not too long, and no two values with one name.
func FuzzQuote(f *testing.F) {
	f.Add("a", "b")
	f.Add("../x", "..")
	f.Add("", "\x00")
	f.Add(strings.Repeat("x", 300), strings.Repeat("x", 301))
	f.Fuzz(func(t *testing.T, a, b string) {
		if a == "" || b == "" {
			return
		}
		x, y := level{values: []string{a}}.fileName(), level{values: []string{b}}.fileName()
		if x == "." || x == ".." || path.Base(x) != x || len(x) > 255 || strings.ContainsAny(x, "/\\\x00") {
			t.Errorf("%q is named %q", a, x)
		}
		if (x == y) != (a == b) {
			t.Errorf("%q and %q are named %q and %q", a, b, x, y)
		}
		if len(quote(a)) <= maxName && unquote(x) != a {
			t.Errorf("%q is named %q and read as %q", a, x, unquote(x))
		}
		if ab := (level{values: []string{a, b}}).fileName(); ab == x || ab == y {
			t.Errorf("%q and %q together are named like one of them", a, b)
		}
	})
}
