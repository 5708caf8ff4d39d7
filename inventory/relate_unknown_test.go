package inventory

import (
	"slices"
	"strings"
	"testing"

	"merlon.dev/merlon"
)

func TestHiding(t *testing.T) {
	for _, c := range []struct {
		path, by string
		want     bool
	}{
		{"/properties/Bucket", "Bucket", true},
		{"/properties", "Bucket", true},
		{"", "Bucket", true},
		{"/properties/BucketName", "Bucket", false},
		{"/properties/Bucket/x", "Bucket", false},
		{"/properties/A/0/B", "A.B", true},
		{"/properties/A", "A.B", true},
		{"/properties/A/0", "A.B", true},
		{"/properties/A/0/C", "A.B", false},
		{"/observed", "A.B", false},
		{"/observed", "observed.A", true},
		{"/observed/A", "observed.A", true},
		{"/properties/A", "observed.A", false},
		{"/propertiesA", "A", false},
	} {
		got := len(hiding([]merlon.Unknown{{Path: c.path}}, strings.Split(c.by, "."))) == 1
		if got != c.want {
			t.Errorf("%s hides %s: %v", c.path, c.by, got)
		}
	}
}

// TestRelatedUnknown: what may point at a subject makes the relation unknown.
func TestRelatedUnknown(t *testing.T) {
	meta := testMeta()
	meta.Kind = KindTemplate
	open := &merlon.Resource{Type: "AWS::S3::BucketPolicy", ID: "open", Name: "open", Account: "111122223333", Region: "eu-west-1",
		Unknowns: []merlon.Unknown{{Path: "/properties/Bucket", Reason: "a parameter"}}}
	perhapsPolicy := policy("a")
	perhapsPolicy.Perhaps = "the condition X"
	both := bucket("a", `{}`)
	both.Perhaps = "the condition X"
	other := bucket("a", `{}`)
	other.Perhaps = "the condition Y"

	for _, c := range []struct {
		name     string
		put      []*merlon.Resource
		from     string // type
		relation string
		found    int
		reasons  []string
	}{
		{"all is known", []*merlon.Resource{bucket("a", `{}`), policy("a")}, "AWS::S3::Bucket", "policy", 1, nil},
		{"one may be its own", []*merlon.Resource{bucket("a", `{}`), policy("a"), open}, "AWS::S3::Bucket", "policy", 1, []string{"open may belong to it: a parameter"}},
		{"another type's", []*merlon.Resource{bucket("a", `{}`), {Type: "AWS::S3::Bucket", ID: "b", Account: "111122223333", Region: "eu-west-1",
			Unknowns: []merlon.Unknown{{Path: "/properties/Bucket"}}}}, "AWS::S3::Bucket", "policy", 0, nil},
		{"it is not known where it points", []*merlon.Resource{bucket("a", `{}`), open}, "AWS::S3::BucketPolicy", "bucket", 0, []string{"a parameter"}},
		{"it may not be there", []*merlon.Resource{bucket("a", `{}`), perhapsPolicy}, "AWS::S3::Bucket", "policy", 0, []string{"may not be there: the condition X"}},
		{"both are there or none", []*merlon.Resource{both, perhapsPolicy}, "AWS::S3::Bucket", "policy", 1, nil},
		{"each under its own condition", []*merlon.Resource{other, perhapsPolicy}, "AWS::S3::Bucket", "policy", 0, []string{"may not be there: the condition X"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := write(t, meta, func(w *UnitWriter) { put(t, w, c.put...) })
			id := "a"
			if c.from == "AWS::S3::BucketPolicy" {
				id = "open"
			}
			ids, reasons := related(t, s, c.from, id, c.relation)
			if len(ids) != c.found || len(reasons) != len(c.reasons) {
				t.Fatalf("found %v, unknown %q; want %d and %q", ids, reasons, c.found, c.reasons)
			}
			for _, want := range c.reasons {
				if !slices.ContainsFunc(reasons, func(r string) bool { return strings.Contains(r, want) }) {
					t.Errorf("no unknown says %q: %q", want, reasons)
				}
			}
		})
	}
}
