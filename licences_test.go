package merlon_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// permissive are the licences a dependency of the binary may have, by words of
// their texts.
var permissive = []struct {
	name string
	text *regexp.Regexp
}{
	{"Apache-2.0", regexp.MustCompile(`Apache License\s+Version 2\.0`)},
	{"MIT", regexp.MustCompile(`Permission is hereby granted, free of charge, to any person obtaining a copy`)},
	{"BSD", regexp.MustCompile(`Redistribution and use in source and binary forms, with or without\s+modification`)},
	{"ISC", regexp.MustCompile(`Permission to use, copy, modify, and/?(or)? distribute this software for any\s+purpose`)},
}

// TestLicences holds every module that is compiled into the binary to the list.
func TestLicences(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}{{end}}{{end}}", "./cmd/merlon").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || seen[path] {
			continue
		}
		seen[path] = true
		if name := licence(t, dir); name == "" {
			t.Errorf("%s: no permissive licence found in %s", path, dir)
		}
	}
	if len(seen) < 10 {
		t.Fatalf("only %d modules were looked at", len(seen))
	}
}

func licence(t *testing.T, dir string) string {
	files, err := filepath.Glob(filepath.Join(dir, "[LC][IiO][CcP][EeY]*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		for _, l := range permissive {
			if l.text.Match(text) {
				return l.name
			}
		}
	}
	return ""
}
