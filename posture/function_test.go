package posture

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

func TestGlob(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "a:b/c", true}, {"?", "", false}, {"?", "ä", true}, {"??", "ä", false},
		{"s3:Get*", "s3:GetObject", true}, {"s3:Get*", "s3:PutObject", false}, {"s3:*Object", "s3:GetObjectObject", true},
		{"arn:aws:s3:::b/*", "arn:aws:s3:::b/x/y", true}, {"arn:aws:s3:::b/*", "arn:aws:s3:::b", false},
		{"*a*b*c", "xaxbxc", true}, {"*a*b*c", "xaxcxb", false}, {"a**", "a", true}, {"a*?", "a", false}, {"A", "a", false}, {".*", "xx", false},
	} {
		if got := glob(tc.pattern, tc.text); got != tc.want {
			t.Errorf("glob(%q, %q) = %v, want %v", tc.pattern, tc.text, got, tc.want)
		}
	}
}

func TestGlobDoesNotBlowUp(t *testing.T) {
	pattern, text := strings.Repeat("*a", 2000)+"b", strings.Repeat("a", 20_000)
	begin := time.Now()
	if glob(pattern, text) {
		t.Error("there is no b in the text")
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("a*?b", "aXYb")
	f.Add("**", "")
	f.Add("?\xff*", "a\xffb")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 200 || len(text) > 2000 || !validText(pattern) || !validText(text) {
			return
		}
		quoted := regexp.QuoteMeta(pattern)
		re := regexp.MustCompile(`(?s)\A` + strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(quoted) + `\z`)
		if got, want := glob(pattern, text), re.MatchString(text); got != want {
			t.Errorf("glob(%q, %q) = %v, a regular expression says %v", pattern, text, got, want)
		}
	})
}

// validText: regular expressions and globs agree on what is UTF-8 only.
func validText(s string) bool { return strings.ToValidUTF8(s, "") == s }

func TestRanges(t *testing.T) {
	for _, tc := range []struct {
		text             string
		public, anywhere bool
	}{
		{"0.0.0.0/0", true, true}, {"::/0", true, true}, {"0.0.0.0/1", true, true}, {"128.0.0.0/1", true, true}, {"2000::/3", true, true},
		{"8.8.8.0/24", true, false}, {"8.8.8.8", true, false}, {"8.0.0.0/8", true, true}, {"8.0.0.0/9", true, false},
		{"10.0.0.0/8", false, false}, {"10.0.0.0/7", true, true}, {"10.1.2.3/32", false, false}, {"172.16.0.0/12", false, false}, {"172.0.0.0/8", true, true},
		{"192.168.1.1", false, false}, {"127.0.0.1", false, false}, {"169.254.169.254/32", false, false}, {"224.0.0.0/4", false, false}, {"224.0.0.0/3", false, false},
		{"100.64.0.0/10", false, false}, {"203.0.113.0/24", false, false}, {"203.0.112.0/23", true, false},
		{"fc00::/7", false, false}, {"fe80::1", false, false}, {"2a00:1450::/32", true, false}, {"2001:db8::/32", false, false}, {"2001:db8::/31", true, false}, {"::1", false, false},
		{"::ffff:0.0.0.0/96", true, true}, {"::ffff:10.0.0.1", false, false}, {"8000::/1", false, false},
	} {
		v := types.String(tc.text)
		if got := isPublicRange(v); got != types.Bool(tc.public) {
			t.Errorf("isPublicRange(%s) = %v", tc.text, got)
		}
		if got := isAnywhere(v); got != types.Bool(tc.anywhere) {
			t.Errorf("isAnywhere(%s) = %v", tc.text, got)
		}
	}
	for _, text := range []string{"", "pl-1", "10.0.0.0/33", "10.0.0/8", "fe80::1%eth0", "0.0.0.0/00", "any"} {
		if got := isPublicRange(types.String(text)); !types.IsError(got) {
			t.Errorf("isPublicRange(%q) = %v, want an error", text, got)
		}
	}
}

func TestCIDRContains(t *testing.T) {
	for _, tc := range []struct {
		outer, inner string
		want         bool
	}{
		{"10.0.0.0/8", "10.1.0.0/16", true}, {"10.1.0.0/16", "10.0.0.0/8", false}, {"10.0.0.0/8", "11.0.0.1", false}, {"0.0.0.0/0", "::/0", false},
		{"::/0", "fc00::1", true}, {"10.0.0.0/8", "::ffff:10.1.2.3", true}, {"10.9.9.9/8", "10.0.0.0/8", true},
	} {
		if got := cidrContains(types.String(tc.outer), types.String(tc.inner)); got != types.Bool(tc.want) {
			t.Errorf("cidrContains(%s, %s) = %v", tc.outer, tc.inner, got)
		}
	}
}

func TestDaysBetween(t *testing.T) {
	now := timestamp("2026-03-01T12:00:00Z")
	for _, tc := range []struct {
		from ref.Val
		want types.Int
	}{
		{timestamp("2026-03-01T12:00:00Z"), 0}, {timestamp("2026-02-28T12:00:01Z"), 0}, {timestamp("2026-02-28T12:00:00Z"), 1},
		{types.String("2025-03-01T12:00:00+02:00"), 365}, {timestamp("2026-03-01T12:00:01Z"), -1}, {timestamp("2026-03-03T12:00:00Z"), -2},
	} {
		if got := daysBetween(tc.from, now); got != tc.want {
			t.Errorf("daysBetween(%v) = %v, want %d", tc.from, got, tc.want)
		}
	}
	if got := daysBetween(types.String("yesterday"), now); !types.IsError(got) {
		t.Errorf("a word is %v days ago", got)
	}
}

func TestStatements(t *testing.T) {
	const empty = `"Sid":"","Effect":"Allow","Actions":[],"NotActions":[],"Resources":[],"NotResources":[],` +
		`"Principals":{"AWS":[],"Service":[],"Federated":[],"CanonicalUser":[]},"NotPrincipals":{"AWS":[],"Service":[],"Federated":[],"CanonicalUser":[]},"Conditions":{}`
	for _, tc := range []struct{ name, doc, want string }{
		{"no policy", `null`, `[]`},
		{"an empty one", `{}`, `[]`},
		{"one statement", `{"Statement":{"Effect":"Allow"}}`, `[{` + empty + `}]`},
		{"text", `"{\"Statement\":{\"Effect\":\"Allow\"}}"`, `[{` + empty + `}]`},
		{"empty text", `" "`, `[]`},
		{"strings and lists", `{"Statement":[{"Sid":"a","Effect":"Deny","Action":"s3:*","NotResource":["x","y"]}]}`,
			`[{"Sid":"a","Effect":"Deny","Actions":["s3:*"],"NotActions":[],"Resources":[],"NotResources":["x","y"],` +
				`"Principals":{"AWS":[],"Service":[],"Federated":[],"CanonicalUser":[]},"NotPrincipals":{"AWS":[],"Service":[],"Federated":[],"CanonicalUser":[]},"Conditions":{}}]`},
		{"anyone", `{"Statement":{"Effect":"Allow","Principal":"*"}}`, `[{` + strings.Replace(empty, `"Principals":{"AWS":[]`, `"Principals":{"AWS":["*"]`, 1) + `}]`},
		{"principals", `{"Statement":{"Effect":"Allow","Principal":{"AWS":"1","Service":["a","b"]},"NotPrincipal":{"Federated":"f"}}}`,
			`[{` + strings.NewReplacer(`"Principals":{"AWS":[],"Service":[]`, `"Principals":{"AWS":["1"],"Service":["a","b"]`,
				`"NotPrincipals":{"AWS":[],"Service":[],"Federated":[]`, `"NotPrincipals":{"AWS":[],"Service":[],"Federated":["f"]`).Replace(empty) + `}]`},
		{"conditions", `{"Statement":{"Effect":"Allow","Condition":{"Bool":{"aws:SecureTransport":false},"NumericLess":{"s3:x":5},"StringLike":{"AWS:a":["1"],"aws:A":"2"}}}}`,
			`[{` + strings.Replace(empty, `"Conditions":{}`, `"Conditions":{"Bool":{"aws:SecureTransport":["false"],"aws:securetransport":["false"]},`+
				`"NumericLess":{"s3:x":["5"]},"StringLike":{"AWS:a":["1"],"aws:A":["2"],"aws:a":["1","2"]}}`, 1) + `}]`},
	} {
		d := &document{}
		if err := d.parse(tc.doc, nil, nil); err != nil {
			t.Fatal(err)
		}
		if got := string(jsonOf(statements(d.root()), 1<<20)); got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

func TestStatementsRefuse(t *testing.T) {
	for _, doc := range []string{`5`, `"no JSON"`, `"5"`, `{"Statement":5}`, `"{\"a\":1,\"a\":2}"`} {
		d := &document{}
		if err := d.parse(doc, nil, nil); err != nil {
			t.Fatal(err)
		}
		if got := statements(d.root()); !types.IsError(got) {
			t.Errorf("%s gives %s", doc, jsonOf(got, 1000))
		}
	}
	// What makes no sense within a statement is an error where it is read.
	for _, doc := range []string{
		`{"Statement":{"Effect":["Allow"]}}`, `{"Statement":{"Action":{"a":1}}}`, `{"Statement":{"Action":[{}]}}`, `{"Statement":[7]}`,
		`{"Statement":{"Principal":5}}`, `{"Statement":{"Principal":{"Aws":"x"}}}`, `{"Statement":{"Condition":"x"}}`, `{"Statement":{"Condition":{"Bool":"x"}}}`,
	} {
		d := &document{}
		if err := d.parse(doc, nil, nil); err != nil {
			t.Fatal(err)
		}
		if got := string(jsonOf(statements(d.root()), 1<<20)); !strings.Contains(got, "error: ") {
			t.Errorf("%s gives %s", doc, got)
		}
	}
}
