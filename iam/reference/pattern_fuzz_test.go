package reference

import (
	"regexp"
	"strings"
	"testing"
)

// wildcards makes a regular expression of a pattern with "*" and "?": the slow
// and plain way to say what one matches.
func wildcards(t *testing.T, pattern string, fold bool) *regexp.Regexp {
	q := regexp.QuoteMeta(pattern)
	q = strings.ReplaceAll(strings.ReplaceAll(q, `\*`, `.*`), `\?`, `.`)
	flags := "s"
	if fold {
		flags = "si"
	}
	re, err := regexp.Compile("(?" + flags + ")^" + q + "$")
	if err != nil {
		t.Fatal(err)
	}
	return re
}

// ascii reports whether the expression would see bytes as this package does.
func ascii(s ...string) bool {
	for _, s := range s {
		for i := range len(s) {
			if s[i] >= 0x80 {
				return false
			}
		}
	}
	return true
}

func FuzzMatchFold(f *testing.F) {
	f.Add("Get*", "GetObject")
	f.Add("*a*a*b", "aaaaaaaaaaaaac")
	f.Add("?", "")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 200 || len(s) > 200 {
			return
		}
		got := matchFold(pattern, s)
		if ascii(pattern, s) {
			if want := wildcards(t, pattern, true).MatchString(s); got != want {
				t.Errorf("%q on %q: %t", pattern, s, got)
			}
		}
	})
}

// FuzzOverlaps holds overlaps and covers to what they say of single strings: a
// pattern that matches a string overlaps with it; one that covers another matches
// whatever that matches and overlaps with it.
func FuzzOverlaps(f *testing.F) {
	f.Add("arn:aws:s3:::*", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", "arn:aws:s3:::b/k")
	f.Add("arn:*", "arn:${Partition}:sqs:${Region}:${Account}:${QueueName}", "arn:aws:sqs:r:1:q")
	f.Add("a*b?c", "*", "axbyc")
	f.Add("${", "x${y", "x")
	f.Fuzz(func(t *testing.T, policy, kind, s string) {
		if len(policy)+len(kind)+len(s) > 300 {
			return
		}
		p, q := policyPattern(policy), typePattern(kind)
		if p.overlaps(q) != q.overlaps(p) {
			t.Fatalf("%q and %q overlap one way only", policy, kind)
		}
		plain := make(pattern, 0, len(s))
		for i := range len(s) {
			plain = append(plain, token{kind: literal, char: s[i]})
		}
		if ascii(policy, s) && wildcards(t, policy, false).MatchString(s) != p.overlaps(plain) {
			t.Errorf("%q and the string %q: %t", policy, s, p.overlaps(plain))
		}
		if q.overlaps(plain) != q.covers(plain) {
			t.Errorf("%q and the string %q: overlaps %t, covers %t", kind, s, q.overlaps(plain), q.covers(plain))
		}
		if p.overlaps(plain) && q.overlaps(plain) && !p.overlaps(q) {
			t.Errorf("%q and %q both match %q and do not overlap", policy, kind, s)
		}
		if q.covers(p) && p.overlaps(plain) && !q.overlaps(plain) {
			t.Errorf("%q covers %q but does not match %q", kind, policy, s)
		}
	})
}

func FuzzCutVersion(f *testing.F) {
	f.Add("GetFunction20150331v2")
	f.Add("CreateDistribution2020_05_31")
	f.Add("20150331")
	f.Fuzz(func(t *testing.T, s string) {
		if got := cutVersion(s); !strings.HasPrefix(s, got) {
			t.Errorf("%q became %q", s, got)
		}
	})
}

// FuzzOpen: foreign data give an error or a reference that can be read.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("k\tS\taws:TagKeys\nr\tx\tarn:a:b:c:d:e\t0\na\t1\tList\t0!:0\t0\n"))
	f.Add([]byte("a\t9\tX\t\t\n"))
	f.Add([]byte("r\tx\t${\t,\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parseService(&entry{prefix: "x"}, string(text))
		if err != nil {
			return
		}
		for a := range s.Actions() {
			s.KeysOf(a)
		}
		for k := range s.ConditionKeys() {
			k.Matches("x:y")
		}
		s.TypesOf("arn:*")
		// And as a whole file, which it hardly ever is.
		if _, err := Open(text); err == nil {
			t.Error("text without an index was opened")
		}
	})
}
