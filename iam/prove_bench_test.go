package iam

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// large makes a policy of at most 6,144 characters, AWS's limit of a managed
// policy, from numbered statements.
func large(tb testing.TB, statement func(i int) string) []*Policy {
	tb.Helper()
	var out []string
	length := 40
	for i := 0; ; i++ {
		s := statement(i)
		if length += len(s) + 1; length > 6144 {
			break
		}
		out = append(out, s)
	}
	return policyOf(tb, out...)
}

// pairs are two large policies each, and what is true of them.
func pairs(tb testing.TB) map[string]struct {
	old, next []*Policy
	want      Outcome
} {
	type pair = struct {
		old, next []*Policy
		want      Outcome
	}
	typical := func(change func(i int, s string) string) []*Policy {
		return large(tb, func(i int) string {
			s := fmt.Sprintf(`{"Sid":"S%02d","Effect":"Allow","Action":["s3:GetObject*","s3:PutObject","dynamodb:Query","dynamodb:GetItem"],"Resource":["arn:aws:s3:::team-%02d-*/*","arn:aws:dynamodb:*:111122223333:table/t%02d"],"Condition":{"StringEquals":{"aws:PrincipalTag/team":"t%02d"}}}`, i, i, i, i)
			if i%4 == 3 {
				s = fmt.Sprintf(`{"Sid":"S%02d","Effect":"Deny","Action":"s3:Delete*","Resource":"arn:aws:s3:::team-%02d-*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}`, i, i)
			}
			return change(i, s)
		})
	}
	same := func(_ int, s string) string { return s }
	enumerated := func(skip int) []*Policy {
		return large(tb, func(i int) string {
			if i == skip {
				i = 0
			}
			return fmt.Sprintf(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/%03d/*"}`, i)
		})
	}
	grid := func(of string) []*Policy {
		return large(tb, func(i int) string {
			return fmt.Sprintf(`{"Effect":"Allow","Action":"s3:A%02d*","Resource":"arn:aws:s3:::b/*%s%02d*"}`, i/2, of, i%2)
		})
	}
	crossed := large(tb, func(i int) string {
		return fmt.Sprintf(`{"Effect":"Allow","Action":"s3:*","%s":"arn:aws:s3:::b/*","Condition":{"String%sLike":{"aws:PrincipalTag/k%d":"a*"}}}`, "Resource", []string{"", "Not"}[i%2], i/2)
	})
	contained := large(tb, func(i int) string {
		return fmt.Sprintf(`{"Effect":"Allow","Action":"s3:*","Resource":"*%02da*%02db*"}`, i, i)
	})
	return map[string]pair{
		"typical, the same":           {typical(same), typical(same), Holds},
		"typical, narrower":           {typical(same), typical(func(_ int, s string) string { return strings.ReplaceAll(s, "-*/*", "-x/*") }), Holds},
		"typical, one statement more": {typical(same), typical(func(i int, s string) string { return strings.ReplaceAll(s, `"t17"`, `"t1"`) }), Violated},
		"one wide for many narrow":    {enumerated(-1), policyOf(tb, `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*/*"}`), Violated},
		"many narrow in one wide":     {policyOf(tb, `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*/*"}`), enumerated(-1), Holds},
		"one of many left out":        {enumerated(40), enumerated(-1), Violated},
		"a grid of overlaps":          {grid("x"), grid("x"), Holds},
		"a grid and another":          {grid("x"), grid("y"), Violated},
		"a condition or its opposite": {crossed, policyOf(tb, `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`), Holds},
		"many infixes":                {contained, contained, Holds},
		"denied infixes": {contained, append(policyOf(tb, `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::*"}`), large(tb, func(i int) string {
			return fmt.Sprintf(`{"Effect":"Deny","Action":"s3:*","Resource":"*%02da*%02db*"}`, i, i)
		})...), Violated},
	}
}

// BenchmarkCompare is two policies of 6,144 characters. To reach: 50 ms.
func BenchmarkCompare(b *testing.B) {
	r := loadReference(b)
	for name, p := range pairs(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Compare(r, p.old, p.next); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestCompareLarge(t *testing.T) {
	r := loadReference(t)
	for name, p := range pairs(t) {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			got, err := Compare(r, p.old, p.next)
			if err != nil {
				t.Fatal(err)
			}
			if got.Outcome != p.want {
				t.Errorf("%v %v %+v, want %v", got.Outcome, got.Why, got.Witness, p.want)
			}
			// Loaded machines take longer; what explodes takes minutes.
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("it took %v", d)
			} else {
				t.Log(d)
			}
			hold(t, p.old, p.next, got)
		})
	}
}
