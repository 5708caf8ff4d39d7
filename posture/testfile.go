package posture

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"merlon.dev/merlon"
)

// testCase is one case of a _test.yaml file: an account as it may be, and what
// the control says of it.
type testCase struct {
	*source
	node       *yaml.Node
	name       string
	now        time.Time
	parameters map[string]any
	resources  []testResource
	gaps       []testGap
	unknowns   []testUnknown
	expect     []expectation
}

type testResource struct {
	node *yaml.Node
	merlon.Resource
	properties, observed map[string]any
}

// testGap is a call that failed.
type testGap struct {
	node     *yaml.Node
	resource string // a name; empty for all that the call is about
	merlon.Gap
}

// testUnknown is a value that is not known yet, as a template may have one.
type testUnknown struct {
	node                   *yaml.Node
	resource, path, reason string
}

type expectation struct {
	node    *yaml.Node
	name    string
	verdict merlon.Verdict
	message string // a part of the message; empty for any
}

// parseTests reads a _test.yaml file: a list of cases.
func parseTests(file string, data []byte) ([]testCase, error) {
	s := newSource(file, data)
	root, err := s.document(data)
	if err != nil {
		return nil, err
	}
	d := &decoder{source: s}
	if root.Kind != yaml.SequenceNode {
		return nil, s.nodeErrorf(root, "a file of tests is a list of cases, each beginning with “- name:”")
	}
	var out []testCase
	for _, n := range root.Content {
		out = append(out, d.testCase(n))
	}
	return out, errors.Join(d.errs...)
}

func (d *decoder) testCase(n *yaml.Node) testCase {
	c := testCase{source: d.source, node: n, now: testTime()}
	d.object(n, "case", map[string]func(*yaml.Node){
		"name": d.text(&c.name),
		"now": func(n *yaml.Node) {
			t, err := time.Parse(time.RFC3339, n.Value)
			if err != nil {
				d.fail(n, "now must be a time such as 2026-01-31T12:00:00Z")
			}
			c.now = t
		},
		"parameters": func(n *yaml.Node) { c.parameters = d.parameters(n) },
		"resources": d.each(func(n *yaml.Node) {
			r := testResource{node: n}
			d.object(n, "resource", map[string]func(*yaml.Node){
				"type": d.text(&r.Type), "id": d.text(&r.ID), "name": d.text(&r.Name), "perhaps": d.text(&r.Perhaps),
				"arn":     func(n *yaml.Node) { r.ARN = merlon.ARN(n.Value) },
				"account": func(n *yaml.Node) { r.Account = merlon.AccountID(n.Value) },
				"region":  func(n *yaml.Node) { r.Region = merlon.Region(n.Value) },
				"tags": func(n *yaml.Node) {
					r.Tags = map[string]string{}
					for i := 0; i+1 < len(n.Content); i += 2 {
						r.Tags[n.Content[i].Value] = n.Content[i+1].Value
					}
				},
				"properties": func(n *yaml.Node) { r.properties = d.jsonObject(n) },
				"observed":   func(n *yaml.Node) { r.observed = d.jsonObject(n) },
			})
			if r.Type == "" {
				d.fail(n, "a resource needs a type")
			}
			c.resources = append(c.resources, r)
		}),
		"gaps": d.each(func(n *yaml.Node) {
			g := testGap{node: n}
			d.object(n, "gap", map[string]func(*yaml.Node){
				"call": d.text(&g.Call), "resource": d.text(&g.resource), "code": d.text(&g.Code),
				"cause":   func(n *yaml.Node) { g.Cause = merlon.Cause(n.Value) },
				"account": func(n *yaml.Node) { g.Account = merlon.AccountID(n.Value) },
				"region":  func(n *yaml.Node) { g.Region = merlon.Region(n.Value) },
			})
			if g.Call == "" {
				d.fail(n, "a gap needs a call, such as s3:GetBucketPolicy")
			}
			if g.Cause == "" {
				g.Cause = merlon.CauseDenied
			}
			c.gaps = append(c.gaps, g)
		}),
		"unknowns": d.each(func(n *yaml.Node) {
			u := testUnknown{node: n, reason: "known after deployment"}
			d.object(n, "unknown", map[string]func(*yaml.Node){"resource": d.text(&u.resource), "path": d.text(&u.path), "reason": d.text(&u.reason)})
			if u.resource == "" || u.path == "" {
				d.fail(n, "an unknown needs a resource and a path, such as properties.BucketEncryption")
			}
			c.unknowns = append(c.unknowns, u)
		}),
		"expect": func(n *yaml.Node) { c.expect = d.expectations(n) },
	})
	if c.name == "" {
		d.fail(n, "a case needs a name")
	}
	if len(c.expect) == 0 {
		d.fail(n, "a case must expect something")
	}
	return c
}

// testTime is the time of the scan in tests that name none.
func testTime() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func (d *decoder) each(fn func(*yaml.Node)) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.SequenceNode {
			d.fail(n, "this must be a list")
			return
		}
		for _, e := range n.Content {
			fn(e)
		}
	}
}

func (d *decoder) expectations(n *yaml.Node) []expectation {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "expect is a list of “name of a resource: verdict”")
		return nil
	}
	var out []expectation
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		e := expectation{node: k, name: k.Value}
		verdict := func(n *yaml.Node) { decodeWord(d, n, &e.verdict, merlon.ParseVerdict) }
		if v.Kind == yaml.MappingNode {
			d.object(v, "expectation", map[string]func(*yaml.Node){"verdict": verdict, "message": d.text(&e.message)})
		} else {
			verdict(v)
		}
		out = append(out, e)
	}
	return out
}

func (d *decoder) jsonObject(n *yaml.Node) map[string]any {
	v, ok := d.json(n).(map[string]any)
	if !ok {
		d.fail(n, "this must be a list of “name: value”")
	}
	return v
}

// json turns YAML into what encoding/json would decode: times stay text, whole
// numbers keep their digits.
func (d *decoder) json(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if _, ok := out[k.Value]; ok {
				d.fail(k, "%s occurs twice", k.Value)
			}
			if v := d.json(n.Content[i+1]); v != nil {
				out[k.Value] = v
			}
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, e := range n.Content {
			out = append(out, d.json(e))
		}
		return out
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		if _, err := strconv.ParseInt(n.Value, 10, 64); err == nil && json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
		d.fail(n, "%s is no decimal number; put it in quotes if it is text", n.Value)
		return nil
	case "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
		d.fail(n, "%s is no number that JSON can hold", n.Value)
		return nil
	}
	return n.Value
}

// at finds the node that a JSON pointer of the schema check leads to, or the
// nearest above it.
func (r *testResource) at(pointer string) *yaml.Node {
	n := r.node
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		next := (*yaml.Node)(nil)
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == step {
					next = n.Content[i+1]
				}
			}
		case yaml.SequenceNode:
			if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
				next = n.Content[i]
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}
