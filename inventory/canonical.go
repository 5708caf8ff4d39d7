package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"

	"merlon.dev/merlon"
)

// MaxDocument is the largest document of one resource in bytes; what is larger
// is refused, so that one hostile policy cannot fill the memory of every reader.
const MaxDocument = 16 << 20

// document is a resource as it is stored: the order of the members is fixed and
// the keys below them are sorted, so that equal resources have equal bytes.
type document struct {
	Type       string            `json:"type"`
	ID         string            `json:"id"`
	ARN        merlon.ARN        `json:"arn"`
	Name       string            `json:"name"`
	Account    merlon.AccountID  `json:"account"`
	Region     merlon.Region     `json:"region"`
	Tags       map[string]string `json:"tags"`
	Properties json.RawMessage   `json:"properties"`
	Observed   json.RawMessage   `json:"observed"`
}

// extra is what stands beside a document.
type extra struct {
	Unknowns []merlon.Unknown `json:"u,omitempty"`
	Perhaps  string           `json:"p,omitempty"`
	// Calls come last: what begins with them holds nothing else.
	Calls []merlon.Read `json:"c,omitempty"`
}

// canonical decodes a JSON object and encodes it with sorted keys, without
// insignificant space and with numbers as they were written. It returns the
// decoded value as well.
func canonical(raw json.RawMessage) (json.RawMessage, map[string]any, error) {
	if len(bytes.TrimSpace(raw)) == 0 || string(raw) == "null" {
		return json.RawMessage("{}"), map[string]any{}, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		return nil, nil, err
	}
	if v == nil {
		v = map[string]any{}
	}
	out, err := encode(v)
	return out, v, err
}

// encode writes JSON without HTML escapes: policies keep their <, > and &.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// marshal gives the stored form of a resource and its decoded properties and observed facts.
func marshal(r *merlon.Resource) (doc, ext []byte, props, observed map[string]any, err error) {
	d := document{Type: r.Type, ID: r.ID, ARN: r.ARN, Name: r.Name, Account: r.Account, Region: r.Region, Tags: r.Tags}
	if d.Tags == nil {
		d.Tags = map[string]string{}
	}
	if d.Properties, props, err = canonical(r.Properties); err != nil {
		return nil, nil, nil, nil, fmt.Errorf("properties of %s: %w", r.Key(), err)
	}
	if d.Observed, observed, err = canonical(r.Observed); err != nil {
		return nil, nil, nil, nil, fmt.Errorf("observed facts of %s: %w", r.Key(), err)
	}
	if doc, err = encode(d); err != nil {
		return nil, nil, nil, nil, err
	}
	if len(doc) > MaxDocument {
		return nil, nil, nil, nil, fmt.Errorf("%s: %d bytes are more than %d: %w", r.Key(), len(doc), MaxDocument, ErrTooLarge)
	}
	if len(r.Unknowns) > 0 || len(r.Calls) > 0 || r.Perhaps != "" {
		if ext, err = encode(extra{Unknowns: r.Unknowns, Perhaps: r.Perhaps, Calls: r.Calls}); err != nil {
			return nil, nil, nil, nil, err
		}
	}
	return doc, ext, props, observed, nil
}

func checksum(doc, ext []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Checksum(doc, table), table, ext)
}

// values collects the scalar strings at a path through objects and lists.
func values(v any, path []string, out *[]string) {
	switch t := v.(type) {
	case []any:
		for _, e := range t {
			values(e, path, out)
		}
	case map[string]any:
		if len(path) > 0 {
			values(t[path[0]], path[1:], out)
		}
	case string:
		if len(path) == 0 && t != "" {
			*out = append(*out, t)
		}
	case json.Number:
		if len(path) == 0 {
			*out = append(*out, t.String())
		}
	}
}
