package posture_test

import (
	"testing"

	"merlon.dev/merlon/controls"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/live"
	"merlon.dev/merlon/posture"
)

// testOptions are what the collectors read.
func testOptions() posture.TestOptions {
	opts := posture.TestOptions{}
	calls := map[string]posture.CallEffect{}
	for _, s := range live.Services() {
		opts.Services = append(opts.Services, s.Meta())
		for _, o := range s.Operations {
			// Of one call with two ends a test means the list.
			if have, ok := calls[o.Call()]; ok && have.Per == "" {
				continue
			}
			calls[o.Call()] = posture.CallEffect{Types: o.Types, Per: o.Per, Fills: o.Fills}
		}
	}
	opts.Call = func(call string) (posture.CallEffect, bool) {
		e, ok := calls[call]
		return e, ok
	}
	return opts
}

func loadCatalogue(t testing.TB) (*posture.Catalog, posture.Folder) {
	t.Helper()
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	folder := posture.Folder{FS: controls.FS(), Name: "controls"}
	c, err := posture.Load(schemas, folder)
	if err != nil {
		t.Fatal(err)
	}
	return c, folder
}

func TestCatalogue(t *testing.T) {
	c, folder := loadCatalogue(t)
	results, err := c.Test(t.Context(), folder, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	if len(results) < 3*len(c.Controls()) {
		t.Errorf("%d cases for %d controls", len(results), len(c.Controls()))
	}
	for _, r := range results {
		for _, p := range r.Problems {
			t.Errorf("%s: %s", r.Name, p)
		}
	}
	for _, control := range c.Controls() {
		// What no other tool checks still answers to somebody's requirement.
		if control.Source.URL == "" || len(control.Aliases)+len(control.Requirements) == 0 {
			t.Errorf("%s names no source, or neither aliases nor requirements", control.File)
		}
	}
}
