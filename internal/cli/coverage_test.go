package cli

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"merlon.dev/merlon"
	"merlon.dev/merlon/frameworks"
	"merlon.dev/merlon/inventory/live"
)

var update = flag.Bool("update", false, "write generated documents and goldens anew")

// TestRequirements holds the requirements that controls name to the frameworks.
func TestRequirements(t *testing.T) {
	all, err := frameworks.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range builtIn(t).Controls() {
		for _, r := range c.Requirements {
			id, req, ok := strings.Cut(r, "/")
			f := all[id]
			switch {
			case !ok || f == nil:
				t.Errorf("%s: no framework %q (%s)", c.ID, id, r)
			case f.Complete && f.Requirements[req].Title == "":
				t.Errorf("%s: %s has no requirement %s", c.ID, id, req)
			}
		}
	}
}

// numbers compares "2.1.10" and "2.2" by their numbers.
func numbers(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		m, _ := strconv.Atoi(x[i])
		n, _ := strconv.Atoi(y[i])
		if m != n {
			return m - n
		}
	}
	return len(x) - len(y)
}

// TestCoverage holds docs/coverage.md to the controls and collectors that there
// are; -update writes it.
func TestCoverage(t *testing.T) {
	all, err := frameworks.Load()
	if err != nil {
		t.Fatal(err)
	}
	controls := builtIn(t).Controls()
	by := map[string][]string{}
	service, severity := map[string]int{}, map[merlon.Severity]int{}
	for _, c := range controls {
		service[strings.SplitN(c.ID, "/", 2)[0]]++
		severity[c.Severity]++
		for _, r := range c.Requirements {
			by[r] = append(by[r], c.ID)
		}
	}
	var b strings.Builder
	b.WriteString("# Coverage\n\nGenerated from the controls and collectors by `go test ./internal/cli -run TestCoverage -update`; do not edit.\n\n")
	fmt.Fprintf(&b, "%d controls: ", len(controls))
	for i, s := range merlon.Severities() {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d %s", severity[s], s)
	}
	b.WriteString(".\n\n## CIS AWS Foundations 7.0\n\n| requirement | title | controls |\n| --- | --- | --- |\n")
	cis := all["cis-7.0"]
	missing := 0
	for _, req := range slices.SortedFunc(maps.Keys(cis.Requirements), numbers) {
		r := cis.Requirements[req]
		text := "**none yet**"
		if ids := by["cis-7.0/"+req]; len(ids) > 0 {
			text = strings.Join(ids, ", ")
		} else if r.Manual {
			text = "no program can judge it"
		} else {
			missing++
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", req, r.Title, text)
	}
	b.WriteString("\n## Controls by service\n\n| service | controls |\n| --- | --- |\n")
	for _, s := range slices.Sorted(maps.Keys(service)) {
		fmt.Fprintf(&b, "| %s | %d |\n", s, service[s])
	}
	b.WriteString("\n## What is read\n\n| service | types | calls once a region or account | calls once a resource |\n| --- | --- | --- | --- |\n")
	for _, s := range live.Services() {
		once, each := 0, 0
		for _, o := range s.Operations {
			if o.Per == "" {
				once++
			} else {
				each++
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d |\n", s.Title, strings.Join(s.AllTypes(), ", "), once, each)
	}
	const file = "../../docs/coverage.md"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != b.String() {
		t.Errorf("%s is not what the controls and collectors say: run go test ./internal/cli -run TestCoverage -update", file)
	}
	t.Logf("%d requirements of CIS 7.0 have no control yet", missing)
}
