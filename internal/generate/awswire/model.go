package main

import (
	"encoding/json"
	"slices"
	"strings"

	"merlon.dev/merlon/internal/awstest/wire"
)

// model is botocore's service-2.json, as far as it is read.
type model struct {
	Metadata struct {
		APIVersion      string          `json:"apiVersion"`
		EndpointPrefix  string          `json:"endpointPrefix"`
		JSONVersion     string          `json:"jsonVersion"`
		Protocol        string          `json:"protocol"`
		SigningName     string          `json:"signingName"`
		TargetPrefix    string          `json:"targetPrefix"`
		XMLNamespace    string          `json:"xmlNamespace"`
		QueryCompatible json.RawMessage `json:"awsQueryCompatible"`
	} `json:"metadata"`
	Operations map[string]struct {
		HTTP struct {
			Method       string `json:"method"`
			RequestURI   string `json:"requestUri"`
			ResponseCode int    `json:"responseCode"`
		} `json:"http"`
		Input  *ref `json:"input"`
		Output *ref `json:"output"`
	} `json:"operations"`
	Shapes map[string]*shape `json:"shapes"`
}

type ref struct {
	Shape           string `json:"shape"`
	Location        string `json:"location"`
	LocationName    string `json:"locationName"`
	QueryName       string `json:"queryName"`
	Flattened       bool   `json:"flattened"`
	XMLAttribute    bool   `json:"xmlAttribute"`
	Streaming       bool   `json:"streaming"`
	ResultWrapper   string `json:"resultWrapper"`
	TimestampFormat string `json:"timestampFormat"`
}

type shape struct {
	Type            string          `json:"type"`
	Members         orderedRefs     `json:"members"`
	Required        []string        `json:"required"`
	Payload         string          `json:"payload"`
	Member          *ref            `json:"member"`
	Key             *ref            `json:"key"`
	Value           *ref            `json:"value"`
	Flattened       bool            `json:"flattened"`
	TimestampFormat string          `json:"timestampFormat"`
	Min             *float64        `json:"min"`
	Max             *float64        `json:"max"`
	Document        bool            `json:"document"`
	Exception       bool            `json:"exception"`
	Error           json.RawMessage `json:"error"`
}

// orderedRefs are members with their sorted names, so that the same model gives
// the same table.
type orderedRefs struct {
	names []string
	refs  map[string]*ref
}

func (o *orderedRefs) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &o.refs); err != nil {
		return err
	}
	for n := range o.refs {
		o.names = append(o.names, n)
	}
	slices.Sort(o.names)
	return nil
}

// pagination is an entry of paginators-1.json.
type pagination struct {
	Input  words  `json:"input_token"`
	Output words  `json:"output_token"`
	More   string `json:"more_results"`
	Limit  string `json:"limit_key"`
	Result words  `json:"result_key"`
}

// words is a string or a list of strings.
type words []string

func (w *words) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*w = words{s}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(w))
}

// scalars are the kinds of the simple types.
var scalars = map[string]wire.Kind{
	"string": wire.String, "character": wire.String, "integer": wire.Int, "long": wire.Int, "short": wire.Int, "bigint": wire.Int, "byte": wire.Int,
	"float": wire.Float, "double": wire.Float, "boolean": wire.Bool, "timestamp": wire.Time, "blob": wire.Blob,
}

// service turns the model into the table's form.
func (m *model) service(name string, pages map[string]pagination) *wire.Service {
	s := &wire.Service{
		Name: name, Protocol: wire.Protocol(m.Metadata.Protocol), Signing: m.Metadata.SigningName, Version: m.Metadata.APIVersion,
		Target: m.Metadata.TargetPrefix, JSONVersion: m.Metadata.JSONVersion, Namespace: m.Metadata.XMLNamespace,
		Operations: map[string]*wire.Operation{}, Shapes: map[string]*wire.Shape{}, Errors: map[string]int{},
	}
	if s.Signing == "" {
		s.Signing = m.Metadata.EndpointPrefix
	}
	compatible := len(m.Metadata.QueryCompatible) > 0
	for opName, o := range m.Operations {
		op := &wire.Operation{Method: o.HTTP.Method, URI: o.HTTP.RequestURI, Status: o.HTTP.ResponseCode}
		if op.Method == "POST" {
			op.Method = ""
		}
		if op.URI == "/" {
			op.URI = ""
		}
		if op.Status == 200 {
			op.Status = 0
		}
		if o.Input != nil {
			op.Input = o.Input.Shape
			m.keep(s, op.Input)
		}
		if o.Output != nil {
			op.Output, op.Wrapper = o.Output.Shape, o.Output.ResultWrapper
			m.keep(s, op.Output)
		}
		op.Page = m.page(op, pages[opName])
		s.Operations[opName] = op
	}
	for shapeName, sh := range m.Shapes {
		if !sh.Exception {
			continue
		}
		code, status := shapeName, 400
		var e struct {
			Code           string `json:"code"`
			HTTPStatusCode int    `json:"httpStatusCode"`
		}
		if len(sh.Error) > 0 && json.Unmarshal(sh.Error, &e) == nil {
			if e.HTTPStatusCode != 0 {
				status = e.HTTPStatusCode
			}
			if e.Code != "" && compatible {
				if s.QueryErrors == nil {
					s.QueryErrors = map[string]string{}
				}
				s.QueryErrors[shapeName] = e.Code
			} else if e.Code != "" {
				code = e.Code
			}
		}
		s.Errors[code] = status
	}
	return s
}

// name is the table's name of a shape: a scalar without attributes is its kind.
func (m *model) name(shapeName string) string {
	sh := m.Shapes[shapeName]
	if sh == nil {
		return string(wire.Any)
	}
	if sh.Type == "structure" && sh.Document {
		return string(wire.Any)
	}
	kind, scalar := scalars[sh.Type]
	if scalar && sh.TimestampFormat == "" && (kind != wire.Int || sh.Min == nil && sh.Max == nil) {
		return string(kind)
	}
	return shapeName
}

// keep copies a shape and what it holds into the table.
func (m *model) keep(s *wire.Service, shapeName string) string {
	name := m.name(shapeName)
	if name != shapeName || s.Shapes[name] != nil {
		return name
	}
	from := m.Shapes[shapeName]
	to := &wire.Shape{Payload: from.Payload, Flat: from.Flattened, Format: from.TimestampFormat}
	s.Shapes[name] = to
	switch from.Type {
	case "structure":
		to.Kind = wire.Struct
		for _, n := range from.Members.names {
			member := m.member(s, n, from.Members.refs[n])
			member.Required = slices.Contains(from.Required, n)
			to.Members = append(to.Members, member)
		}
	case "list":
		item := m.member(s, "", from.Member)
		to.Kind, to.Item = wire.List, &item
	case "map":
		key, value := m.member(s, "", from.Key), m.member(s, "", from.Value)
		to.Kind, to.Key, to.Item = wire.Map, &key, &value
	default:
		to.Kind = scalars[from.Type]
		to.Min, to.Max = whole(from.Min), whole(from.Max)
	}
	return name
}

func whole(f *float64) *int {
	if f == nil || *f != float64(int(*f)) {
		return nil
	}
	i := int(*f)
	return &i
}

func (m *model) member(s *wire.Service, name string, r *ref) wire.Member {
	out := wire.Member{
		Name: name, Shape: m.keep(s, r.Shape), At: r.Location, Flat: r.Flattened, Attr: r.XMLAttribute,
		Format: r.TimestampFormat, Stream: r.Streaming, Query: r.QueryName,
	}
	if r.LocationName != name {
		out.Wire = r.LocationName
	}
	return out
}

// page is how an operation is paged: as botocore says, else what the usual
// names give away.
func (m *model) page(op *wire.Operation, p pagination) *wire.Page {
	in, out := m.Shapes[op.Input], m.Shapes[op.Output]
	if in == nil || out == nil {
		return nil
	}
	if len(p.Input) > 0 && len(p.Output) > 0 && len(p.Result) > 0 {
		page := &wire.Page{In: p.Input[0], Out: first(p.Output[0]), More: first(p.More), Limit: p.Limit}
		for _, r := range p.Result {
			if r = first(r); r != "" && m.kindAt(out, r) == "list" {
				page.Result = append(page.Result, r)
			}
		}
		if len(page.Result) > 0 && m.kindAt(out, page.Out) == "string" {
			return page
		}
	}
	page := &wire.Page{
		In:    member(in, "NextToken", "nextToken", "Marker", "marker", "NextMarker", "position", "PaginationToken", "ContinuationToken"),
		Out:   member(out, "NextToken", "nextToken", "NextMarker", "nextMarker", "Marker", "marker", "position", "PaginationToken", "ContinuationToken"),
		More:  member(out, "IsTruncated", "Truncated"),
		Limit: member(in, "MaxResults", "maxResults", "MaxItems", "MaxRecords", "Limit", "limit", "PageSize", "MaxEntries"),
	}
	for _, n := range out.Members.names {
		if m.Shapes[out.Members.refs[n].Shape].Type == "list" {
			page.Result = append(page.Result, n)
		}
	}
	if page.In != "" && page.Out != "" && len(page.Result) == 1 {
		return page
	}
	return m.nested(in, out)
}

// nested is how CloudFront pages: a structure in the output holds the items and
// the next marker.
func (m *model) nested(in, out *shape) *wire.Page {
	if in.Members.refs["Marker"] == nil {
		return nil
	}
	for _, n := range out.Members.names {
		if m.kindAt(out, n+".NextMarker") == "string" && m.kindAt(out, n+".Items") == "list" {
			page := &wire.Page{In: "Marker", Out: n + ".NextMarker", Limit: member(in, "MaxItems"), Result: []string{n + ".Items"}}
			if m.kindAt(out, n+".IsTruncated") == "boolean" {
				page.More = n + ".IsTruncated"
			}
			return page
		}
	}
	return nil
}

// first is the first alternative of a JMESPath expression when it is plain
// names and dots.
func first(expr string) string {
	expr, _, _ = strings.Cut(expr, "||")
	expr = strings.TrimSpace(expr)
	if strings.ContainsAny(expr, "[]()*@|&` ") {
		return ""
	}
	return expr
}

// kindAt is the type of what stands at a path of a structure, or "".
func (m *model) kindAt(sh *shape, path string) string {
	for name := range strings.SplitSeq(path, ".") {
		r := sh.Members.refs[name]
		if r == nil || m.Shapes[r.Shape] == nil {
			return ""
		}
		sh = m.Shapes[r.Shape]
	}
	return sh.Type
}

// member is the first of the names that the structure has.
func member(sh *shape, names ...string) string {
	for _, n := range names {
		if sh.Members.refs[n] != nil {
			return n
		}
	}
	return ""
}
