package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Response is an answer as it goes over the wire.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Encode writes an operation's output in a protocol. The data has the members
// under AWS's names, in any case; texts may be given as objects (a policy), times as
// text, numbers or [time.Time], bytes as []byte or text. The error wraps [ErrValue] and
// names the member that does not fit: one the model does not have is an error
// too, so that a slip in test data is not taken for absence. For an operation
// that is not modelled the data goes out as it is.
func (s *Service) Encode(p Protocol, op *Operation, out map[string]any, requestID string) (*Response, error) {
	out, err := s.quirks(out)
	if err != nil {
		return nil, fmt.Errorf("%w: %s:%s: %w", ErrValue, s.Name, op.Name, err)
	}
	res := &Response{Status: 200, Header: http.Header{}}
	if op.Status != 0 {
		res.Status = op.Status
	}
	res.Header.Set("x-amzn-RequestId", requestID)
	member := &Member{Shape: op.Output}
	if !op.modelled {
		member.Shape = string(Any)
	} else if op.Output == "" {
		member.Shape = ""
	}
	switch p {
	case Query, EC2, RESTXML:
		err = s.encodeXML(res, p, op, member, out, requestID)
	default:
		err = s.encodeData(res, p, op, member, out)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s:%s: %w", ErrValue, s.Name, op.Name, err)
	}
	return res, nil
}

// restParts writes the members that stand in headers and the status, and gives
// back the rest.
func (s *Service) restParts(res *Response, op *Operation, out map[string]any) (map[string]any, error) {
	if op.Output == "" || !op.modelled {
		return out, nil
	}
	sh := s.Shape(op.Output)
	body := map[string]any{}
	for name, v := range out {
		m := sh.Member(name)
		if m == nil || m.At == "" {
			body[name] = v
			continue
		}
		if err := s.header(res, m, v); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return body, nil
}

func (s *Service) header(res *Response, m *Member, v any) error {
	v, err := plain(v)
	if err != nil || v == nil {
		return err
	}
	switch m.At {
	case "statusCode":
		n, err := integer(v)
		res.Status = int(n)
		return err
	case "headers":
		all, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("want a map, have %T", v)
		}
		for k, e := range all {
			t, err := text(e)
			if err != nil {
				return err
			}
			res.Header.Set(m.Wire+k, t)
		}
		return nil
	}
	if s.Shape(m.Shape).Kind == Time {
		t, err := moment(v)
		if err != nil {
			return err
		}
		res.Header.Set(m.wireName(), formatTime(t, or(m.Format, or(s.Shape(m.Shape).Format, "rfc822"))))
		return nil
	}
	t, err := text(v)
	res.Header.Set(m.wireName(), t)
	return err
}

// payload splits off the member that is the whole body; raw bodies are
// written at once.
func (s *Service) payload(res *Response, op *Operation, body map[string]any) (m *Member, v any, done bool, err error) {
	if op.Output == "" || !op.modelled {
		return nil, nil, false, nil
	}
	sh := s.Shape(op.Output)
	if sh.Payload == "" {
		return nil, nil, false, nil
	}
	m = sh.Member(sh.Payload)
	for name := range body {
		if sh.Member(name) != m {
			return nil, nil, false, fmt.Errorf("no member %s", name)
		}
	}
	v, _ = lookup(body, m.Name)
	if k := s.Shape(m.Shape).Kind; k == Blob || k == String {
		t, err := text(v)
		res.Body = []byte(t)
		return m, v, true, err
	}
	return m, v, false, nil
}

// encodeData writes the JSON protocols and CBOR.
func (s *Service) encodeData(res *Response, p Protocol, op *Operation, member *Member, out map[string]any) error {
	var v any = out
	switch p {
	case JSON:
		res.Header.Set("Content-Type", "application/x-amz-json-"+or(s.JSONVersion, "1.1"))
	case CBOR:
		res.Header.Set("Content-Type", "application/cbor")
		res.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
	case RESTJSON:
		res.Header.Set("Content-Type", "application/json")
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
		v = body
		if m != nil {
			member, v = m, inner
		}
		if res.Status == http.StatusNoContent {
			return nil
		}
	}
	e := dataEncoder{s: s, cbor: p == CBOR}
	if err := e.value("", member, v); err != nil {
		return err
	}
	res.Body = e.buf
	return nil
}

// dataEncoder writes JSON or CBOR by a shape.
type dataEncoder struct {
	s    *Service
	cbor bool
	buf  []byte
}

func (e *dataEncoder) value(path string, m *Member, v any) error {
	if err := e.shape(path, m, v); err != nil {
		if strings.HasPrefix(err.Error(), "at ") {
			return err
		}
		return fmt.Errorf("at %s: %w", or(path, "the output"), err)
	}
	return nil
}

func (e *dataEncoder) shape(path string, m *Member, v any) error {
	v, err := plain(v)
	if err != nil {
		return err
	}
	if v == nil {
		e.null()
		return nil
	}
	sh := e.s.Shape(m.Shape)
	switch sh.Kind {
	case Struct, "":
		data, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("want an object, have %T", v)
		}
		return e.object(path, data, func(name string) (string, *Member, error) {
			inner := sh.Member(name)
			if inner == nil {
				return "", nil, fmt.Errorf("no member %s", name)
			}
			return inner.wireName(), inner, nil
		})
	case Map:
		data, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("want a map, have %T", v)
		}
		return e.object(path, data, func(name string) (string, *Member, error) { return name, sh.Item, nil })
	case List:
		list, ok := v.([]any)
		if !ok {
			return fmt.Errorf("want a list, have %T", v)
		}
		return e.array(path, sh.Item, list)
	case Any:
		return e.any(path, v)
	}
	return e.scalar(sh, m, v)
}

func (e *dataEncoder) any(path string, v any) error {
	anything := &Member{Shape: string(Any)}
	switch v := v.(type) {
	case map[string]any:
		return e.object(path, v, func(name string) (string, *Member, error) { return name, anything, nil })
	case []any:
		return e.array(path, anything, v)
	case int64:
		return e.scalar(&Shape{Kind: Int}, anything, v)
	case float64:
		return e.scalar(&Shape{Kind: Float}, anything, v)
	case bool:
		return e.scalar(&Shape{Kind: Bool}, anything, v)
	case time.Time:
		return e.scalar(&Shape{Kind: Time}, anything, v)
	case []byte:
		return e.scalar(&Shape{Kind: Blob}, anything, v)
	}
	return e.scalar(&Shape{Kind: String}, anything, v)
}

func (e *dataEncoder) object(path string, data map[string]any, member func(string) (string, *Member, error)) error {
	names := slices.Sorted(maps.Keys(data))
	names = slices.DeleteFunc(names, func(n string) bool { return data[n] == nil })
	if e.cbor {
		e.buf = appendHead(e.buf, 5, uint64(len(names)))
	} else {
		e.buf = append(e.buf, '{')
	}
	for i, name := range names {
		key, m, err := member(name)
		if err != nil {
			return err
		}
		if e.cbor {
			e.buf = appendText(e.buf, key)
		} else {
			if i > 0 {
				e.buf = append(e.buf, ',')
			}
			e.string(key)
			e.buf = append(e.buf, ':')
		}
		if err := e.value(join(path, name), m, data[name]); err != nil {
			return err
		}
	}
	if !e.cbor {
		e.buf = append(e.buf, '}')
	}
	return nil
}

func (e *dataEncoder) array(path string, item *Member, list []any) error {
	if e.cbor {
		e.buf = appendHead(e.buf, 4, uint64(len(list)))
	} else {
		e.buf = append(e.buf, '[')
	}
	for i, v := range list {
		if i > 0 && !e.cbor {
			e.buf = append(e.buf, ',')
		}
		if err := e.value(path+"["+strconv.Itoa(i)+"]", item, v); err != nil {
			return err
		}
	}
	if !e.cbor {
		e.buf = append(e.buf, ']')
	}
	return nil
}

func (e *dataEncoder) null() {
	if e.cbor {
		e.buf = append(e.buf, 0xf6)
		return
	}
	e.buf = append(e.buf, "null"...)
}

func (e *dataEncoder) string(s string) {
	if e.cbor {
		e.buf = appendText(e.buf, s)
		return
	}
	b := bytes.NewBuffer(e.buf)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	// Encoding a string to memory cannot fail.
	_ = enc.Encode(s)
	e.buf = bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

func (e *dataEncoder) scalar(sh *Shape, m *Member, v any) error {
	switch sh.Kind {
	case Int:
		n, err := integer(v)
		if err != nil {
			return err
		}
		if e.cbor {
			e.buf = appendInt(e.buf, n)
		} else {
			e.buf = strconv.AppendInt(e.buf, n, 10)
		}
	case Float:
		f, err := float(v)
		if err != nil {
			return err
		}
		if e.cbor {
			e.buf = appendFloat(e.buf, f)
		} else {
			e.buf = strconv.AppendFloat(e.buf, f, 'f', -1, 64)
		}
	case Bool:
		b, err := boolean(v)
		if err != nil {
			return err
		}
		if e.cbor {
			e.buf = appendBool(e.buf, b)
		} else {
			e.buf = strconv.AppendBool(e.buf, b)
		}
	case Time:
		t, err := moment(v)
		if err != nil {
			return err
		}
		format := or(m.Format, sh.Format)
		switch {
		case e.cbor:
			e.buf = appendFloat(append(e.buf, 0xc1), float64(t.UnixMilli())/1000)
		case format == "" || format == "unixTimestamp":
			e.buf = append(e.buf, epoch(t)...)
		default:
			e.string(formatTime(t, format))
		}
	case Blob:
		t, err := text(v)
		if err != nil {
			return err
		}
		if e.cbor {
			e.buf = append(appendHead(e.buf, 2, uint64(len(t))), t...)
		} else {
			e.string(base64.StdEncoding.EncodeToString([]byte(t)))
		}
	default:
		t, err := text(v)
		if err != nil {
			return err
		}
		e.string(t)
	}
	return nil
}
