package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"merlon.dev/merlon"
)

var now = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

const sample = `
scan: {role: MerlonReadOnly, regions: [eu-west-1, "!us-east-1"], fail-on: medium}
parameters:
  iam/unused: {days: 30}
exceptions:
  - control: s3/*
    resource: arn:aws:s3:::public-*
    owner: web@example.com
    reason: the site's pictures
    until: 2026-06-15
  - {control: ec2/x, resource: "*", owner: a, reason: b, until: 2026-06-14}
  - {control: ec2/y, resource: "*", owner: a, until: 2030-01-01}
gaps:
  - {call: "s3:GetBucketAcl", account: "111122223333", owner: a, reason: b, until: 2030-01-01}
`

func TestParse(t *testing.T) {
	c, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	c.Path = "/x/merlon.yaml"
	f := &merlon.Finding{Control: "s3/tls", Resource: "arn:aws:s3:::public-a"}
	if e := c.Except(f, now); e == nil || e.Owner != "web@example.com" {
		t.Errorf("on its last day an exception counts: %v", e)
	}
	if e := c.Except(f, now.AddDate(0, 0, 1)); e != nil {
		t.Errorf("after its last day it does not: %v", e)
	}
	for _, f := range []*merlon.Finding{{Control: "s3/tls", Resource: "arn:aws:s3:::private"}, {Control: "ec2/x", Resource: "r"}, {Control: "ec2/y", Resource: "r"}} {
		if e := c.Except(f, now); e != nil {
			t.Errorf("%+v is excepted by %+v", f, e)
		}
	}
	w := strings.Join(c.Warnings(now), "\n")
	for _, want := range []string{"line 11", "ended on 2026-06-14", "line 12", "has no reason", "counts again"} {
		if !strings.Contains(w, want) {
			t.Errorf("warnings lack %q:\n%s", want, w)
		}
	}
	if got := c.AcceptGap(&merlon.Gap{Call: "s3:GetBucketAcl", Account: "111122223333"}, now); got != "a" {
		t.Errorf("accepted by %q", got)
	}
	if got := c.AcceptGap(&merlon.Gap{Call: "s3:GetBucketAcl", Account: "444455556666"}, now); got != "" {
		t.Errorf("another account's gap was accepted by %q", got)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"exceptions: [{control: a}]":                            "line 1: an exception needs control and resource",
		"exceptions:\n- {control: a, resource: b, until: soon}": `line 2: "soon" is not a day`,
		"exception: []":        "line 1: field exception is not a word of this place",
		"scan: {fail-on: bad}": "unknown severity",
		"gaps: [{owner: x}]":   "line 1: an accepted gap needs the call",
		"scan: [":              "line 1",
	} {
		_, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	user := t.TempDir()
	deep := filepath.Join(root, "repo", "a", "b")
	for _, d := range []string{deep, filepath.Join(root, "repo", ".git"), filepath.Join(user, "merlon")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(p string) string {
		if err := os.WriteFile(p, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		return p
	}
	write(filepath.Join(root, Name)) // outside the repository: not ours
	if got := Find(deep, user); got != "" {
		t.Errorf("found %s outside the repository", got)
	}
	u := write(filepath.Join(user, "merlon", Name))
	if got := Find(deep, user); got != u {
		t.Errorf("got %q, want the user's", got)
	}
	r := write(filepath.Join(root, "repo", Name))
	if got := Find(deep, user); got != r {
		t.Errorf("got %q, want the repository's", got)
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true}, {"a*c", "abc", true}, {"a*c", "abd", false}, {"*b*", "abc", true}, {"abc", "abc", true}, {"", "a", false},
		{"a*a*a*b", strings.Repeat("a", 10000), false},
	} {
		if got := Match(c.pattern, c.text); got != c.want {
			t.Errorf("Match(%q, %.20q) = %v", c.pattern, c.text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err == nil {
			c.Warnings(now)
		}
	})
}
