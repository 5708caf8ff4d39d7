package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon/internal/awstest/wire"
)

// TestService distils a model that has one of everything that is treated apart.
func TestService(t *testing.T) {
	var m model
	err := json.Unmarshal([]byte(`{
		"metadata": {"apiVersion": "2020-01-01", "endpointPrefix": "thing", "protocol": "rest-xml", "awsQueryCompatible": {}},
		"operations": {
			"ListThings": {"http": {"method": "GET", "requestUri": "/things"}, "input": {"shape": "ListIn"}, "output": {"shape": "ListOut"}},
			"ListNested": {"http": {"method": "POST", "requestUri": "/", "responseCode": 200}, "input": {"shape": "ListIn"}, "output": {"shape": "NestedOut"}},
			"DeleteThing": {"http": {"method": "DELETE", "requestUri": "/things", "responseCode": 204}}
		},
		"shapes": {
			"ListIn": {"type": "structure", "required": ["Kind"], "members": {"Marker": {"shape": "S"}, "MaxItems": {"shape": "Max"}, "Kind": {"shape": "S", "location": "querystring", "locationName": "kind"}}},
			"ListOut": {"type": "structure", "members": {"Things": {"shape": "Things"}, "NextMarker": {"shape": "S"}, "At": {"shape": "When"}}},
			"NestedOut": {"type": "structure", "payload": "List", "members": {"List": {"shape": "Nested"}}},
			"Nested": {"type": "structure", "members": {"Items": {"shape": "Things"}, "NextMarker": {"shape": "S"}, "IsTruncated": {"shape": "B"}}},
			"Things": {"type": "list", "flattened": true, "member": {"shape": "S", "locationName": "Thing"}},
			"S": {"type": "string"}, "B": {"type": "boolean"}, "When": {"type": "timestamp", "timestampFormat": "iso8601"},
			"Max": {"type": "integer", "min": 1, "max": 100}, "Unused": {"type": "structure"},
			"Gone": {"type": "structure", "exception": true, "error": {"code": "Thing.Gone", "httpStatusCode": 404}}
		}}`), &m)
	if err != nil {
		t.Fatal(err)
	}
	one, hundred := 1, 100
	want := &wire.Service{
		Name: "thing", Protocol: wire.RESTXML, Signing: "thing", Version: "2020-01-01",
		Operations: map[string]*wire.Operation{
			"ListThings": {Method: "GET", URI: "/things", Input: "ListIn", Output: "ListOut",
				Page: &wire.Page{In: "Marker", Out: "NextMarker", Limit: "MaxItems", Result: []string{"Things"}}},
			"ListNested": {Input: "ListIn", Output: "NestedOut",
				Page: &wire.Page{In: "Marker", Out: "List.NextMarker", More: "List.IsTruncated", Limit: "MaxItems", Result: []string{"List.Items"}}},
			"DeleteThing": {Method: "DELETE", URI: "/things", Status: 204},
		},
		Shapes: map[string]*wire.Shape{
			"ListIn":    {Kind: wire.Struct, Members: []wire.Member{{Name: "Kind", Shape: "s", At: "querystring", Wire: "kind", Required: true}, {Name: "Marker", Shape: "s"}, {Name: "MaxItems", Shape: "Max"}}},
			"ListOut":   {Kind: wire.Struct, Members: []wire.Member{{Name: "At", Shape: "When"}, {Name: "NextMarker", Shape: "s"}, {Name: "Things", Shape: "Things"}}},
			"NestedOut": {Kind: wire.Struct, Payload: "List", Members: []wire.Member{{Name: "List", Shape: "Nested"}}},
			"Nested":    {Kind: wire.Struct, Members: []wire.Member{{Name: "IsTruncated", Shape: "b"}, {Name: "Items", Shape: "Things"}, {Name: "NextMarker", Shape: "s"}}},
			"Things":    {Kind: wire.List, Flat: true, Item: &wire.Member{Shape: "s", Wire: "Thing"}},
			"When":      {Kind: wire.Time, Format: "iso8601"},
			"Max":       {Kind: wire.Int, Min: &one, Max: &hundred},
		},
		Errors:      map[string]int{"Gone": 404},
		QueryErrors: map[string]string{"Gone": "Thing.Gone"},
	}
	if diff := cmp.Diff(want, m.service("thing", nil), cmp.AllowUnexported(), cmp.FilterPath(func(p cmp.Path) bool {
		last := p.Last().String()
		return last == ".routes" || last == ".modelled"
	}, cmp.Ignore())); diff != "" {
		t.Error(diff)
	}
}

func TestFirst(t *testing.T) {
	for expr, want := range map[string]string{
		"NextMarker": "NextMarker", "A.B": "A.B", "NextMarker || Contents[-1].Key": "NextMarker", "Contents[-1].Key": "", "Pages[].Items": "",
	} {
		if got := first(expr); got != want {
			t.Errorf("%q: %q", expr, got)
		}
	}
}
