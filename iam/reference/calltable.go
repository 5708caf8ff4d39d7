package reference

import (
	_ "embed"
	"strings"
)

// calls.txt holds the exceptions, written by hand and explained at its head;
// sdk.txt what follows from the SDK's models, one record a line:
//
//	service	ID	ENDPOINT	SIGNED	PREFIX     the names of a service and its prefix in policies
//	verb	ID	ACTION	OPERATION…         operations that need that one action
//	passes	ID	OPERATION…                 operations whose parameters can hold a role

var (
	//go:embed calls.txt
	callsFile string
	//go:embed sdk.txt
	sdkFile string
)

// calls are both files, indexed; see callKey and callName.
type calls struct {
	services   map[string][]sdkService // by each of their names
	exceptions map[string]Mapping
	passes     map[string]bool
	sources    map[string][]string // further prefixes of an event source
}

type sdkService struct{ id, prefix string }

// newCalls reads the files. Lines that cannot be read are passed over here; a
// test reads them strictly.
func newCalls() *calls {
	c := &calls{services: map[string][]sdkService{}, exceptions: map[string]Mapping{}, passes: map[string]bool{}, sources: map[string][]string{}}
	for line := range strings.Lines(sdkFile) {
		c.sdkLine(strings.Split(strings.TrimSpace(line), "\t"))
	}
	section := ""
	for line := range strings.Lines(callsFile) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "@"); ok {
			section = name
			continue
		}
		left, right, ok := strings.Cut(line, " =")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		if section == "@" {
			c.sources[left] = strings.Fields(right)
			continue
		}
		m := parseMapping(right)
		for op := range strings.FieldsSeq(left) {
			c.exceptions[callKey(section, op)] = m
		}
	}
	return c
}

func (c *calls) sdkLine(f []string) {
	switch {
	case f[0] == "service" && len(f) == 5:
		s := sdkService{id: f[1], prefix: f[4]}
		seen := map[string]bool{}
		for _, name := range f[1:] {
			if n := callName(name); !seen[n] {
				seen[n] = true
				c.services[n] = append(c.services[n], s)
			}
		}
	case f[0] == "verb" && len(f) == 4:
		for op := range strings.FieldsSeq(f[3]) {
			c.exceptions[callKey(f[1], op)] = Mapping{Needed: []string{f[2]}}
		}
	case f[0] == "passes" && len(f) == 3:
		for op := range strings.FieldsSeq(f[2]) {
			c.passes[callKey(f[1], op)] = true
		}
	}
}

// parseMapping reads the right side of a line: "a b ? c", or "-".
func parseMapping(s string) Mapping {
	needed, possible, _ := strings.Cut(s, "?")
	m := Mapping{Needed: strings.Fields(needed), Possible: strings.Fields(possible)}
	if len(m.Needed) == 1 && m.Needed[0] == "-" {
		m.Needed = nil
	}
	return m
}
