package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"

	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// encodeXML writes the query protocols and rest-xml.
func (s *Service) encodeXML(res *Response, p Protocol, op *Operation, member *Member, out map[string]any, requestID string) error {
	e := xmlEncoder{s: s, ec2: p == EC2}
	if p == RESTXML {
		return s.encodeRESTXML(res, op, out)
	}
	res.Header.Set("Content-Type", "text/xml;charset=UTF-8")
	e.declare(op.Name+"Response", s.Namespace)
	if p == EC2 {
		e.element("requestId", requestID)
		if err := e.fields("", member, out); err != nil {
			return err
		}
	} else {
		if op.Output != "" || !op.modelled {
			wrapper := or(op.Wrapper, op.Name+"Result")
			e.open(wrapper)
			if err := e.fields("", member, out); err != nil {
				return err
			}
			e.shut(wrapper)
		}
		e.open("ResponseMetadata")
		e.element("RequestId", requestID)
		e.shut("ResponseMetadata")
	}
	e.shut(op.Name + "Response")
	res.Body = e.buf.Bytes()
	return nil
}

func (s *Service) encodeRESTXML(res *Response, op *Operation, out map[string]any) error {
	res.Header.Set("Content-Type", "application/xml")
	body, err := s.restParts(res, op, out)
	if err != nil {
		return err
	}
	m, inner, done, err := s.payload(res, op, body)
	if done || err != nil {
		if done {
			res.Header.Set("Content-Type", "application/octet-stream")
		}
		return err
	}
	e := xmlEncoder{s: s}
	root, member, data := or(op.Output, op.Name+"Result"), &Member{Shape: op.Output}, any(body)
	if m != nil {
		root, member, data = m.wireName(), m, inner
		if inner == nil {
			return nil
		}
	}
	if s.Name == "s3" && op.Name == "GetBucketLocation" {
		// The root itself holds the value, and nothing stands for us-east-1.
		v, _ := lookup(body, "LocationConstraint")
		t, err := text(v)
		if err != nil {
			return err
		}
		e.declare("LocationConstraint", s.Namespace)
		e.text(t)
		e.shut("LocationConstraint")
		res.Body = e.buf.Bytes()
		return nil
	}
	if res.Status == http.StatusNoContent || op.Method == http.MethodHead {
		return nil
	}
	v, err := plain(data)
	if err != nil {
		return err
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("want an object, have %T", v)
	}
	e.declare(root, s.Namespace)
	if err := e.fields("", member, fields); err != nil {
		return err
	}
	e.shut(root)
	res.Body = e.buf.Bytes()
	return nil
}

// xmlEncoder writes XML by a shape.
type xmlEncoder struct {
	s   *Service
	ec2 bool
	buf bytes.Buffer
}

func (e *xmlEncoder) declare(root, namespace string) {
	e.buf.WriteString(xml.Header)
	e.buf.WriteString("<" + root)
	if namespace != "" {
		e.buf.WriteString(` xmlns="` + namespace + `"`)
	}
	e.buf.WriteString(">")
}

func (e *xmlEncoder) open(name string) { e.buf.WriteString("<" + name + ">") }
func (e *xmlEncoder) shut(name string) { e.buf.WriteString("</" + name + ">") }

// text escapes; characters that XML cannot carry become U+FFFD.
func (e *xmlEncoder) text(s string) {
	// Writing to memory cannot fail.
	_ = xml.EscapeText(&e.buf, []byte(s))
}

func (e *xmlEncoder) element(name, content string) {
	e.open(name)
	e.text(content)
	e.shut(name)
}

// fields writes the members of a structure.
func (e *xmlEncoder) fields(path string, m *Member, data map[string]any) error {
	sh := e.s.Shape(m.Shape)
	for _, name := range slices.Sorted(maps.Keys(data)) {
		v := data[name]
		if v == nil {
			continue
		}
		at := join(path, name)
		inner := sh.Member(name)
		switch {
		case inner != nil && inner.Attr:
			continue
		case inner != nil:
		case sh.Kind == Any:
			inner = e.guess(name)
		default:
			return fmt.Errorf("at %s: no member %s", or(path, "the output"), name)
		}
		if err := e.value(at, e.s.xmlName(inner), inner, v); err != nil {
			return err
		}
	}
	return nil
}

// guess is a member that no model has, under the name that the protocol's habit
// gives it.
func (e *xmlEncoder) guess(name string) *Member {
	m := &Member{Name: name, Shape: string(Any)}
	if e.ec2 {
		m.Wire = strings.ToLower(name[:1]) + name[1:]
	}
	return m
}

func (e *xmlEncoder) value(path, name string, m *Member, v any) error {
	if !validName(name) {
		return fmt.Errorf("at %s: %q is not a name in XML", path, name)
	}
	v, err := plain(v)
	if err != nil {
		return fmt.Errorf("at %s: %w", path, err)
	}
	if v == nil {
		return nil
	}
	sh := e.s.Shape(m.Shape)
	kind := sh.Kind
	if kind == Any {
		switch v.(type) {
		case map[string]any:
			kind = Struct
		case []any:
			kind = List
			sh = &Shape{Kind: List, Item: &Member{Shape: string(Any), Wire: "member"}}
			if e.ec2 {
				sh.Item.Wire = "item"
			}
		}
	}
	switch kind {
	case Struct:
		data, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("at %s: want an object, have %T", path, v)
		}
		if err := e.start(name, sh, data); err != nil {
			return fmt.Errorf("at %s: %w", path, err)
		}
		if err := e.fields(path, m, data); err != nil {
			return err
		}
		e.shut(name)
		return nil
	case List:
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("at %s: want a list, have %T", path, v)
		}
		itemName := name
		if !sh.Flat && !m.Flat {
			e.open(name)
			defer e.shut(name)
			itemName = or(sh.Item.Wire, "member")
		}
		for i, item := range list {
			if err := e.value(fmt.Sprintf("%s[%d]", path, i), itemName, sh.Item, item); err != nil {
				return err
			}
		}
		return nil
	case Map:
		return e.mapping(path, name, sh, m, v)
	}
	t, err := e.scalar(sh, m, v)
	if err != nil {
		return fmt.Errorf("at %s: %w", path, err)
	}
	e.element(name, t)
	return nil
}

// start opens an element with its attributes.
func (e *xmlEncoder) start(name string, sh *Shape, data map[string]any) error {
	e.buf.WriteString("<" + name)
	for i := range sh.Members {
		m := &sh.Members[i]
		v, ok := lookup(data, m.Name)
		if !m.Attr || !ok {
			continue
		}
		t, err := text(v)
		if err != nil {
			return err
		}
		if prefix, _, ok := strings.Cut(m.wireName(), ":"); ok && prefix == "xsi" {
			e.buf.WriteString(` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`)
		}
		e.buf.WriteString(" " + m.wireName() + `="`)
		e.text(t)
		e.buf.WriteString(`"`)
	}
	e.buf.WriteString(">")
	return nil
}

func (e *xmlEncoder) mapping(path, name string, sh *Shape, m *Member, v any) error {
	data, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("at %s: want a map, have %T", path, v)
	}
	entry := name
	if !sh.Flat && !m.Flat {
		e.open(name)
		defer e.shut(name)
		entry = "entry"
	}
	for _, k := range slices.Sorted(maps.Keys(data)) {
		e.open(entry)
		e.element(or(sh.Key.Wire, "key"), k)
		if err := e.value(join(path, k), or(sh.Item.Wire, "value"), sh.Item, data[k]); err != nil {
			return err
		}
		e.shut(entry)
	}
	return nil
}

func (e *xmlEncoder) scalar(sh *Shape, m *Member, v any) (string, error) {
	switch sh.Kind {
	case Int:
		n, err := integer(v)
		if err != nil {
			return "", err
		}
		return text(n)
	case Float:
		f, err := float(v)
		if err != nil {
			return "", err
		}
		return text(f)
	case Bool:
		b, err := boolean(v)
		if err != nil {
			return "", err
		}
		return text(b)
	case Time:
		t, err := moment(v)
		if err != nil {
			return "", err
		}
		return formatTime(t, or(m.Format, or(sh.Format, "iso8601"))), nil
	case Blob:
		t, err := text(v)
		return base64.StdEncoding.EncodeToString([]byte(t)), err
	}
	return text(v)
}

// validName keeps data with strange names from becoming broken XML.
func validName(s string) bool {
	for i, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '.' && c != ':') {
			return false
		}
	}
	return s != ""
}
