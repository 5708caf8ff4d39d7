package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxDepth bounds how deep a request may nest.
const maxDepth = 64

// decodeJSON reads a body that is an object or nothing.
func decodeJSON(body []byte) (map[string]any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("the body is not a JSON object: %w", err)
	}
	if m == nil {
		m = map[string]any{}
	}
	return m, nil
}

// rename gives the members of a decoded body their names in the model.
func (s *Service) rename(shape string, in map[string]any) map[string]any {
	if shape == "" {
		return in
	}
	if m, ok := s.renameValue(shape, in).(map[string]any); ok {
		return m
	}
	return in
}

func (s *Service) renameValue(shape string, v any) any {
	sh := s.Shape(shape)
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			switch sh.Kind {
			case Struct:
				if m := sh.byWire(k); m != nil {
					out[m.Name] = s.renameValue(m.Shape, e)
					continue
				}
			case Map:
				out[k] = s.renameValue(sh.Item.Shape, e)
				continue
			}
			out[k] = e
		}
		return out
	case []any:
		if sh.Kind == List {
			for i := range v {
				v[i] = s.renameValue(sh.Item.Shape, v[i])
			}
		}
	case string:
		if sh.Kind == Blob {
			if b, err := base64.StdEncoding.DecodeString(v); err == nil {
				return b
			}
		}
	}
	return v
}

// byWire finds the member with a name on the wire.
func (sh *Shape) byWire(name string) *Member {
	for i := range sh.Members {
		if sh.Members[i].wireName() == name {
			return &sh.Members[i]
		}
	}
	return nil
}

// decodeForm reads the parameters of a query or ec2 request.
func (s *Service) decodeForm(op *Operation, p Protocol, form url.Values) map[string]any {
	d := formDecoder{s: s, ec2: p == EC2, form: form, prefixes: map[string]bool{}}
	for k := range form {
		for i := range len(k) {
			if k[i] == '.' {
				d.prefixes[k[:i]] = true
			}
		}
	}
	if op.Input == "" {
		out := map[string]any{}
		for k := range form {
			if k != "Action" && k != "Version" {
				out[k] = form.Get(k)
			}
		}
		return out
	}
	m, _ := d.value("", &Member{Shape: op.Input}, 0).(map[string]any)
	if m == nil {
		m = map[string]any{}
	}
	return m
}

type formDecoder struct {
	s        *Service
	ec2      bool
	form     url.Values
	prefixes map[string]bool
}

// value reads what stands at a prefix; nil when nothing does.
func (d *formDecoder) value(prefix string, m *Member, depth int) any {
	has := prefix == "" || d.form.Has(prefix) || d.prefixes[prefix]
	if !has || depth > maxDepth {
		return nil
	}
	sh := d.s.Shape(m.Shape)
	switch sh.Kind {
	case Struct:
		out := map[string]any{}
		for i := range sh.Members {
			member := &sh.Members[i]
			if v := d.value(join(prefix, d.name(member)), member, depth+1); v != nil {
				out[member.Name] = v
			}
		}
		return out
	case List:
		base := prefix
		if !d.ec2 && !sh.Flat && !m.Flat {
			base = join(prefix, or(sh.Item.Wire, "member"))
		} else if sh.Item.Wire != "" && !d.ec2 {
			base = prefix[:strings.LastIndexByte(prefix, '.')+1] + sh.Item.Wire
		}
		out := []any{}
		for n := 1; ; n++ {
			v := d.value(base+"."+strconv.Itoa(n), sh.Item, depth+1)
			if v == nil {
				return out
			}
			out = append(out, v)
		}
	case Map:
		base := prefix
		if !sh.Flat && !m.Flat {
			base += ".entry"
		}
		out := map[string]any{}
		for n := 1; ; n++ {
			at := base + "." + strconv.Itoa(n)
			key := d.form.Get(at + "." + or(sh.Key.Wire, "key"))
			v := d.value(at+"."+or(sh.Item.Wire, "value"), sh.Item, depth+1)
			if v == nil {
				return out
			}
			out[key] = v
		}
	}
	return scalar(sh.Kind, d.form.Get(prefix))
}

// name is how a member is called in a form.
func (d *formDecoder) name(m *Member) string {
	if !d.ec2 {
		return m.wireName()
	}
	if m.Query != "" {
		return m.Query
	}
	n := m.wireName()
	return strings.ToUpper(n[:1]) + n[1:]
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// scalar reads a simple value from text; what does not fit its kind stays text.
func scalar(k Kind, text string) any {
	switch k {
	case Int:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case Float:
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return f
		}
	case Bool:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case Blob:
		if b, err := base64.StdEncoding.DecodeString(text); err == nil {
			return b
		}
	}
	return text
}

// decodeREST collects a request's input from URI, query, headers and body.
func (s *Service) decodeREST(op *Operation, p Protocol, r *http.Request, labels map[string]string, query url.Values, body []byte) (map[string]any, error) {
	out := map[string]any{}
	if op.Input == "" {
		return out, nil
	}
	sh := s.Shape(op.Input)
	for i := range sh.Members {
		m := &sh.Members[i]
		kind := s.Shape(m.Shape).Kind
		switch m.At {
		case "uri":
			if v, ok := labels[m.wireName()]; ok {
				out[m.Name] = scalar(kind, v)
			}
		case "querystring":
			switch {
			case kind == Map:
				rest := map[string]any{}
				for k := range query {
					if sh.byWire(k) == nil {
						rest[k] = query.Get(k)
					}
				}
				out[m.Name] = rest
			case kind == List && query.Has(m.wireName()):
				var l []any
				for _, v := range query[m.wireName()] {
					l = append(l, v)
				}
				out[m.Name] = l
			case query.Has(m.wireName()):
				out[m.Name] = scalar(kind, query.Get(m.wireName()))
			}
		case "header":
			if v := r.Header.Get(m.wireName()); v != "" {
				out[m.Name] = scalar(kind, v)
			}
		case "headers":
			rest := map[string]any{}
			for k := range r.Header {
				if len(k) >= len(m.Wire) && strings.EqualFold(k[:len(m.Wire)], m.Wire) {
					rest[strings.ToLower(k[len(m.Wire):])] = r.Header.Get(k)
				}
			}
			out[m.Name] = rest
		}
	}
	if len(body) == 0 {
		return out, nil
	}
	if sh.Payload != "" {
		m := sh.Member(sh.Payload)
		if k := s.Shape(m.Shape).Kind; k == Blob || k == String {
			out[m.Name] = body
			return out, nil
		}
		v, err := s.decodeBody(p, m, body)
		if err != nil {
			return nil, err
		}
		out[m.Name] = v
		return out, nil
	}
	v, err := s.decodeBody(p, &Member{Shape: op.Input}, body)
	if err != nil {
		return nil, err
	}
	if m, ok := v.(map[string]any); ok {
		for k, e := range m {
			if _, taken := out[k]; !taken {
				out[k] = e
			}
		}
	}
	return out, nil
}

func (s *Service) decodeBody(p Protocol, m *Member, body []byte) (any, error) {
	if p == RESTXML {
		root, err := parseXML(body)
		if err != nil {
			return nil, err
		}
		return s.fromXML(m, root), nil
	}
	in, err := decodeJSON(body)
	if err != nil {
		return nil, err
	}
	return s.renameValue(m.Shape, in), nil
}

// node is an element of an XML body.
type node struct {
	name  string
	attrs map[string]string
	text  string
	kids  []*node
}

func parseXML(body []byte) (*node, error) {
	dec := xml.NewDecoder(bytes.NewReader(body))
	var stack []*node
	root := &node{}
	stack = append(stack, root)
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("the body is not XML: %w", err)
		}
		top := stack[len(stack)-1]
		switch t := t.(type) {
		case xml.StartElement:
			if len(stack) > maxDepth {
				return nil, errors.New("the body nests too deep")
			}
			n := &node{name: t.Name.Local, attrs: map[string]string{}}
			for _, a := range t.Attr {
				n.attrs[a.Name.Local] = a.Value
			}
			top.kids = append(top.kids, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(t)
		}
	}
	if len(root.kids) != 1 {
		return nil, errors.New("the body has no root element")
	}
	return root.kids[0], nil
}

func (n *node) all(name string) []*node {
	var out []*node
	for _, k := range n.kids {
		if k.name == name {
			out = append(out, k)
		}
	}
	return out
}

func (s *Service) fromXML(m *Member, n *node) any {
	sh := s.Shape(m.Shape)
	switch sh.Kind {
	case Struct:
		out := map[string]any{}
		for i := range sh.Members {
			member := &sh.Members[i]
			name := s.xmlName(member)
			if member.Attr {
				_, local, _ := strings.Cut(":"+name, ":")
				if _, after, ok := strings.Cut(local, ":"); ok {
					local = after
				}
				if v, ok := n.attrs[local]; ok {
					out[member.Name] = v
				}
				continue
			}
			kids := n.all(name)
			if len(kids) == 0 {
				continue
			}
			inner := s.Shape(member.Shape)
			if inner.Kind == List && (inner.Flat || member.Flat) {
				var l []any
				for _, k := range kids {
					l = append(l, s.fromXML(inner.Item, k))
				}
				out[member.Name] = l
				continue
			}
			out[member.Name] = s.fromXML(member, kids[0])
		}
		return out
	case List:
		l := []any{}
		for _, k := range n.kids {
			l = append(l, s.fromXML(sh.Item, k))
		}
		return l
	case Map:
		out := map[string]any{}
		for _, e := range n.all("entry") {
			k, v := e.all(or(sh.Key.Wire, "key")), e.all(or(sh.Item.Wire, "value"))
			if len(k) == 1 && len(v) == 1 {
				out[k[0].text] = s.fromXML(sh.Item, v[0])
			}
		}
		return out
	}
	return scalar(sh.Kind, strings.TrimSpace(n.text))
}

// xmlName is the element a member stands in: a flat list takes its items' name
// where they have one.
func (s *Service) xmlName(m *Member) string {
	if sh := s.Shape(m.Shape); sh.Kind == List && (sh.Flat || m.Flat) && sh.Item.Wire != "" {
		return sh.Item.Wire
	}
	return m.wireName()
}
