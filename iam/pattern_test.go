package iam

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestPatternGrowth: patterns built to explode take time linear in the text.
// Eight times the text takes eight times the time; were it quadratic, 64 times.
func TestPatternGrowth(t *testing.T) {
	for _, c := range []struct {
		name    string
		pattern pattern
		text    func(n int) string
	}{
		{"condition", compilePattern("*a*a*a*b", false, false), func(n int) string { return strings.Repeat("a", n) }},
		{"fifty stars", compilePattern(strings.Repeat("*a", 50)+"*b", false, false), func(n int) string { return strings.Repeat("a", n) }},
		{"question marks", compilePattern("*?a*?a*?a?b", false, false), func(n int) string { return strings.Repeat("a", n) }},
		{"any case", compileAction("*a*a*a*b"), func(n int) string { return strings.Repeat("a", n) }},
		{"long literal", compilePattern("*aaaaaaab*aaaaaaac", false, false), func(n int) string { return strings.Repeat("a", n) }},
		{"within a segment", compileResource("arn:*:s*a*a*a*b:x", false), func(n int) string { return "arn:" + strings.Repeat("a", n) }},
		{"segment after segment", compileResource("arn:*:s*a*a*a*b:x", false), func(n int) string { return "arn:" + strings.Repeat(":saaaa", n/6) }},
		{"behind the segments", compileResource("arn:aws:s3:::*a*a*a*b", false), func(n int) string { return "arn:aws:s3:::" + strings.Repeat("a", n) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			const n = 50_000
			took := func(text string) time.Duration {
				best := time.Hour
				for range 8 {
					start := time.Now()
					if c.pattern.match(text, noContext) != No {
						t.Fatal("it matches")
					}
					best = min(best, time.Since(start))
				}
				return best
			}
			small, large := took(c.text(n)), took(c.text(8*n))
			if large > 30*small+time.Millisecond {
				t.Errorf("eight times the text takes %.1f times the time (%v, %v)", float64(large)/float64(small), small, large)
			}
		})
	}
}

// FuzzPattern compares the matcher with one that tries everything.
func FuzzPattern(f *testing.F) {
	for _, s := range [][2]string{
		{"*a*a*b", "aaaab"}, {"arn:aws:s3:::b/*", "arn:aws:s3:::b/k"}, {"arn:*:s?:*x:*", "arn:aws:s3:::x:y"}, {"a?c*", "aécd"},
		{"arn:a*b:*c*:d*:x", "arn:aab:c:d:x"}, {"${*}*${k}", "*xv"}, {"arn:aws:s*3*:*:e?:*:f", "arn:aws:s3:a:b:ef:g:f"}, {"*${aws:TagKeys, 'z'}", "z"},
	} {
		f.Add(s[0], s[1])
	}
	context := naiveContext{"k": {"v"}, "two": {"a", "b"}, "star": {"*"}}
	real := NewContext()
	for key, values := range context {
		real.Set(key, values...)
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		// The naive one takes exponential time; invalid UTF-8 cannot come out of JSON.
		if len(pattern) > 24 || len(text) > 32 || strings.Count(pattern, "*") > 6 || !utf8.ValidString(pattern) || !utf8.ValidString(text) {
			return
		}
		if strings.Contains(pattern, "${") && (strings.Contains(pattern, ",") || strings.ContainsAny(pattern, " \t")) {
			return // what stands between ${ and } is read loosely: see TestVariables
		}
		resource := compileResource(pattern, true)
		if got, want := resource.match(text, real), matchOf(naiveResource(pattern, true, text, context)); got != want {
			t.Errorf("resource %q, text %q: %v, the naive one says %v", pattern, text, got, want)
		}
		plain, _ := naiveExpand(pattern, true, false, nil)
		condition := compilePattern(pattern, false, false)
		if got, want := condition.match(text, real), matchOf(naiveGlob(plain, []rune(text))); got != want {
			t.Errorf("condition %q, text %q: %v, the naive one says %v", pattern, text, got, want)
		}
		action := compileAction(pattern)
		if got, want := action.match(text, nil), matchOf(naiveAction(pattern, text)); got != want {
			t.Errorf("action %q, text %q: %v, the naive one says %v", pattern, text, got, want)
		}
	})
}

// TestVariables: what may stand between ${ and }.
func TestVariables(t *testing.T) {
	c := NewContext().Set("aws:username", "alice").Set("tag/a b", "x").Set("two", "a", "b").Set("empty", "").SetUnknown("maybe")
	for _, tt := range []struct {
		pattern, text string
		want          Match
	}{
		{"${aws:username}", "alice", Yes},
		{"${AWS:UserName}", "alice", Yes},
		{"${ aws:username }", "alice", Yes},
		{"${aws:username, 'bob'}", "alice", Yes},
		{"${nobody, 'bob'}", "bob", Yes},
		{"${nobody,'bob'}", "bob", Yes},
		{"${nobody, ''}", "", Yes},
		{"${nobody, 'a, b'}", "a, b", Yes},
		{"${nobody, '*'}", "x", No},
		{"${nobody, bob}", "bob", No},
		{"${nobody}", "", No},
		{"${tag/a b}", "x", Yes},
		{"${two}", "a", No},
		{"${empty}", "", Maybe}, // "has no value", or is one without letters
		{"x${empty}", "y", No},
		{"${maybe}", "anything", Maybe},
		{"x${maybe}", "y", No},
		{"${maybe}${nobody}", "y", No},
		{"${maybe, 'd'}", "y", Maybe},
		{"${a${aws:username}}", "alice}", No},
		{"${", "${", Yes},
		{"$", "$", Yes},
		{"$*", "$x", Yes},
		{"${*}", "*", Yes},
		{"${*}", "x", No},
		{"${?}${$}", "?$", Yes},
	} {
		p := compilePattern(tt.pattern, false, true)
		if got := p.match(tt.text, c); got != tt.want {
			t.Errorf("%q, %q: %v, want %v", tt.pattern, tt.text, got, tt.want)
		}
	}
}

// TestPatternNaive compares the two matchers on generated ARNs and patterns.
func TestPatternNaive(t *testing.T) {
	m := seededMaker(7)
	word := func(alphabet string, most int) string {
		var b strings.Builder
		for range m.pick(most + 1) {
			b.WriteByte(alphabet[m.pick(len(alphabet))])
		}
		return b.String()
	}
	matched := 0
	const cases = 100_000
	for range cases {
		pattern, text := "arn:"+choose(m, "*:", "*", "")+word("aab:*?", 7), "arn:"+word("aab:", 11)
		got, want := No, naiveResource(pattern, true, text, nil)
		p := compileResource(pattern, true)
		if got = p.match(text, noContext); got != matchOf(want) {
			t.Fatalf("%q, %q: %v, the naive one says %v", pattern, text, got, want)
		}
		if want {
			matched++
		}
	}
	if matched < cases/50 {
		t.Errorf("only %d of %d match", matched, cases)
	}
}
