package awscli

import (
	"os"
	"strings"
	"testing"
)

// TestVerb holds the verbs to those that botocore 1.43.11 gives: testdata/verbs.tsv
// has every operation of its 14,473 whose name is more than words with a capital.
func TestVerb(t *testing.T) {
	text, err := os.ReadFile("testdata/verbs.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(text))
	if len(lines) < 1200 {
		t.Fatalf("%d fields in the table", len(lines))
	}
	for i := 0; i < len(lines); i += 2 {
		if got := verb(lines[i]); got != lines[i+1] {
			t.Errorf("verb(%q) = %q, want %q", lines[i], got, lines[i+1])
		}
	}
	for name, want := range map[string]string{"ListBuckets": "list-buckets", "list-buckets": "list-buckets", "": "", "A": "a"} {
		if got := verb(name); got != want {
			t.Errorf("verb(%q) = %q, want %q", name, got, want)
		}
	}
}
