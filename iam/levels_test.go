package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon/iam/reference"
)

func loadReference(t testing.TB) *reference.Reference {
	t.Helper()
	ref, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestGenerateLevels(t *testing.T) {
	ref := loadReference(t)
	const table = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
	p, err := Generate(ref, Wishes{
		Levels:  []LevelWish{{reference.List, "arn:aws:s3:::logs"}, {reference.Tagging, table}, {reference.List, "sts"}},
		Actions: []ActionWish{{Action: "dynamodb:GetItem"}, {Action: "sts:GetCallerIdentity"}, {Action: "dynamodb:PutItem", On: []string{table + "-new"}}},
		Exclude: []string{"s3:ListBucketV*"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for action, want := range map[string][]string{
		"s3:ListBucket":                {"arn:aws:s3:::logs"},
		"dynamodb:TagResource":         {table},
		"dynamodb:UntagResource":       {table},
		"dynamodb:GetItem":             {table},
		"dynamodb:PutItem":             {table + "-new"},
		"sts:GetCallerIdentity":        {"*"},
		"s3:ListBucketVersions":        nil, // excluded
		"s3:GetObject":                 nil, // another level
		"s3:GetBucketTagging":          nil,
		"dynamodb:DeleteItem":          nil,
		"dynamodb:ListTables":          nil,
		"s3:ListAllMyBuckets":          nil,
		"s3:PutBucketTagging":          nil,
		"dynamodb:ListTagsOfResources": nil,
	} {
		if got := p.Grants.Resources(action); !slices.Equal(got, want) {
			t.Errorf("%s is granted on %v, want %v", action, got, want)
		}
	}
	if want := []LevelWish{{reference.List, "sts"}}; !cmp.Equal(p.Nothing, want) {
		t.Errorf("wishes without an action: %v, want %v", p.Nothing, want)
	}
}

func TestGenerateSaysWhatLacks(t *testing.T) {
	ref := loadReference(t)
	p, err := Generate(ref, Wishes{Actions: []ActionWish{{Action: "ec2:RunInstances", On: []string{"arn:aws:ec2:eu-west-1:111122223333:instance/*"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Lacking) != 1 || !slices.Contains(p.Lacking[0].Types, "image") || slices.Contains(p.Lacking[0].Types, "instance") {
		t.Errorf("lacking: %v; want the image but not the instance", p.Lacking)
	}
	if len(p.MayNeed) != 1 || !slices.Contains(p.MayNeed[0].Others, "iam:PassRole") {
		t.Errorf("may need: %v; want iam:PassRole", p.MayNeed)
	}
}

func TestGenerateRefuses(t *testing.T) {
	ref := loadReference(t)
	for name, w := range map[string]Wishes{
		"no such ARN":         {Levels: []LevelWish{{reference.Read, "arn:aws:s3:eu-west-1:111122223333"}}},
		"region missing":      {Levels: []LevelWish{{reference.Read, "arn:aws:dynamodb::111122223333:table/t"}}},
		"every service":       {Levels: []LevelWish{{reference.Read, "arn:aws:*:::x"}}},
		"no service":          {Levels: []LevelWish{{reference.Read, "s33"}}},
		"no action":           {Actions: []ActionWish{{Action: "s3:GetObjects"}}},
		"no resource":         {Actions: []ActionWish{{Action: "s3:GetObject"}}},
		"resource of another": {Actions: []ActionWish{{Action: "s3:GetObject", On: []string{"arn:aws:s3:::bucket"}}}},
		"exclude nothing":     {Exclude: []string{"s3:Nothing*"}},
		"too long":            {Levels: []LevelWish{{reference.Read, "arn:aws:s3:::" + strings.Repeat("b", 3000)}}},
	} {
		if p, err := Generate(ref, w); !errors.Is(err, ErrWish) {
			t.Errorf("%s: error %v, grants %v; want ErrWish", name, err, p)
		}
	}
}

// allows expands documents to pairs of action and resource.
func allows(t *testing.T, docs []Document) map[string]bool {
	t.Helper()
	got := map[string]bool{}
	for _, d := range docs {
		for _, s := range d.Statement {
			for _, a := range s.Action {
				for _, r := range s.Resource {
					got[a+" "+r] = true
				}
			}
		}
	}
	return got
}

// size counts as AWS does: characters of the document without white space.
func size(t *testing.T, d Document) int {
	t.Helper()
	b, err := d.Indent()
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(b) {
		t.Fatalf("not JSON: %s", b)
	}
	n := 0
	for _, r := range string(b) {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

func TestDocuments(t *testing.T) {
	many := &Grants{}
	for i := range 300 {
		many.Add("dynamodb:GetItem", fmt.Sprintf("arn:aws:dynamodb:eu-west-1:111122223333:table/a-table-with-a-name-%d", i))
		many.Add(fmt.Sprintf("ec2:Describe%d", i), "*")
	}
	mixed := &Grants{}
	mixed.Add("s3:GetObject", "arn:aws:s3:::a/*", "arn:aws:s3:::b/\"<é>\"")
	mixed.Add("s3:PutObject", "arn:aws:s3:::a/*")
	mixed.Add("s3:ListAllMyBuckets", "*")
	one := &Grants{}
	one.Add("s3:ListAllMyBuckets", "*")
	for _, c := range []struct {
		name  string
		g     *Grants
		limit int
		docs  int
	}{
		{"empty", &Grants{}, ManagedPolicySize, 0},
		{"one", one, ManagedPolicySize, 1},
		{"mixed", mixed, ManagedPolicySize, 1},
		{"many", many, ManagedPolicySize, 5},
		{"many in small ones", many, 2048, 14},
	} {
		t.Run(c.name, func(t *testing.T) {
			docs, err := c.g.Documents(c.limit)
			if err != nil {
				t.Fatal(err)
			}
			if len(docs) != c.docs {
				t.Errorf("%d documents, want %d", len(docs), c.docs)
			}
			for i, d := range docs {
				n := size(t, d)
				if n != d.Size() && !strings.Contains(fmt.Sprint(d), " ") {
					t.Errorf("document %d has %d characters, Size says %d", i, n, d.Size())
				}
				if d.Size() < n || d.Size() > c.limit {
					t.Errorf("document %d: Size %d, counted %d, limit %d", i, d.Size(), n, c.limit)
				}
			}
			want := map[string]bool{}
			for _, a := range c.g.Actions() {
				for _, r := range c.g.Resources(a) {
					want[a+" "+r] = true
				}
			}
			if diff := cmp.Diff(want, allows(t, docs)); diff != "" {
				t.Errorf("the documents allow something else (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := mixed.Documents(100); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a limit of 100: error %v, want ErrTooLarge", err)
	}
}

func TestUncovered(t *testing.T) {
	for _, c := range []struct{ in, want []string }{
		{[]string{"arn:aws:s3:::b/*", "arn:aws:s3:::b/k", "arn:aws:s3:::b", "arn:aws:s3:::b/p*"}, []string{"arn:aws:s3:::b", "arn:aws:s3:::b/*"}},
		{[]string{"arn:aws:s3:::b*", "arn:aws:s3:::b"}, []string{"arn:aws:s3:::b*"}},
		{[]string{"*", "arn:aws:s3:::b"}, []string{"*"}},
		// A wildcard of the first parts may or may not cross a colon; both stay.
		{[]string{"arn:aws:sqs:*", "arn:aws:sqs:eu-west-1:111122223333:q"}, []string{"arn:aws:sqs:*", "arn:aws:sqs:eu-west-1:111122223333:q"}},
		// One character is not any number of them.
		{[]string{"arn:aws:s3:::b?", "arn:aws:s3:::b*c"}, []string{"arn:aws:s3:::b*c", "arn:aws:s3:::b?"}},
	} {
		set := map[string]bool{}
		for _, r := range c.in {
			set[r] = true
		}
		if got := uncovered(set); !slices.Equal(got, c.want) {
			t.Errorf("uncovered(%v) = %v, want %v", c.in, got, c.want)
		}
	}
}

func TestLiteralResource(t *testing.T) {
	for in, want := range map[string]string{
		"arn:aws:s3:::b/a-b_c.d": "arn:aws:s3:::b/a-b_c.d",
		"arn:aws:s3:::b/*":       "arn:aws:s3:::b/${*}",
		"b/$1?":                  "b/${$}1${?}",
		"b/日本":                   "b/??",
		"b/a b\n":                "b/a b?",
	} {
		if got := literalResource(in); got != want {
			t.Errorf("literalResource(%q) = %q, want %q", in, got, want)
		}
	}
	// The evaluator reads it as what it was.
	p, err := ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"` + literalResource("arn:aws:s3:::b/*") + `"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]Decision{"*": Allowed, "k": ImplicitlyDenied} {
		q := &Request{Principal: Principal{Kind: User, ARN: "arn:aws:iam::111122223333:user/u", Account: "111122223333"}, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/" + key, ResourceAccount: "111122223333", Context: NewContext()}
		if got := Evaluate(q, &Policies{Identity: []*Policy{p}}); got != want {
			t.Errorf("key %q: %v, want %v", key, got, want)
		}
	}
}
