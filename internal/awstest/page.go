package awstest

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"maps"
	"strconv"
	"strings"

	"merlon.dev/merlon/internal/awstest/wire"
)

// defaultPage is the most that an answer carries where nobody says otherwise.
const defaultPage = 1000

// Items is a list that is made as it is served: fifty thousand groups need no
// memory. It stands where the operation's paged list stands.
type Items struct {
	Len int
	At  func(i int) any
}

// pageLimit is the page size that a request asks for.
func pageLimit(req *wire.Request) (int, bool) {
	p := req.Operation.Page
	if p == nil || p.Limit == "" {
		return 0, false
	}
	v, ok := wire.Get(req.Input, p.Limit)
	if !ok {
		return 0, false
	}
	switch v := v.(type) {
	case int64:
		return int(v), true
	case float64:
		return int(v), true
	case string:
		n, err := strconv.Atoi(v)
		return n, err == nil
	}
	return 0, false
}

// page cuts the part of an output that a request asks for and sets the token of
// the next. An output that has a token already is the handler's own page.
func page(req *wire.Request, c *Call, out map[string]any, size int, repeat bool) (map[string]any, error) {
	p := req.Operation.Page
	if p == nil {
		return out, nil
	}
	if v, ok := wire.Get(out, p.Out); ok && v != nil && v != "" {
		return out, nil
	}
	var lists []Items
	total := 0
	for _, path := range p.Result {
		l, err := itemsAt(out, path)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %s: %w", wire.ErrValue, c.Name(), path, err)
		}
		lists = append(lists, l)
		total += l.Len
	}
	offset, err := startOf(req, c, total)
	if err != nil {
		return nil, err
	}
	n := defaultPage
	if limit, ok := pageLimit(req); ok && limit > 0 {
		n = limit
	}
	if size > 0 {
		n = min(n, size)
	}
	end := min(offset+n, total)
	out = maps.Clone(out)
	at, sent := 0, 0
	for i, path := range p.Result {
		part := []any{}
		for j := max(offset-at, 0); j < lists[i].Len && at+j < end; j++ {
			part = append(part, lists[i].At(j))
		}
		if repeat && len(part) > 0 {
			part = append(part, part[0])
		}
		at += lists[i].Len
		set(out, path, part)
		sent += len(part)
		// Quantity stands beside each list (CloudFront), KeyCount counts all of them (S3).
		if dot := strings.LastIndexByte(path, '.'); dot >= 0 {
			count(req, out, path[:dot], "Quantity", len(part))
		}
	}
	count(req, out, "", "KeyCount", sent)
	if end < total {
		set(out, p.Out, token(c, end, req))
	}
	if p.More != "" {
		set(out, p.More, end < total)
	}
	return out, nil
}

// itemsAt reads a list of an output.
func itemsAt(out map[string]any, path string) (Items, error) {
	v, ok := wire.Get(out, path)
	if !ok || v == nil {
		return Items{}, nil
	}
	if it, ok := v.(Items); ok {
		return it, nil
	}
	list, err := wire.Array(v)
	return Items{len(list), func(i int) any { return list[i] }}, err
}

// set writes a value at a dotted path, copying the objects on the way: the
// handler's data is not touched.
func set(out map[string]any, path string, v any) {
	name, rest, deep := strings.Cut(path, ".")
	for k := range out {
		if wire.SameName(k, name) {
			name = k
		}
	}
	if !deep {
		out[name] = v
		return
	}
	inner, err := wire.Object(out[name])
	if err != nil {
		inner = map[string]any{}
	}
	inner = maps.Clone(inner)
	set(inner, rest, v)
	out[name] = inner
}

// count sets the member that says how many items an answer carries, where the
// structure at a path has it.
func count(req *wire.Request, out map[string]any, path, name string, n int) {
	sh := req.Service.Shape(req.Operation.Output)
	if path != "" {
		for part := range strings.SplitSeq(path, ".") {
			m := sh.Member(part)
			if m == nil {
				return
			}
			sh = req.Service.Shape(m.Shape)
		}
		name = path + "." + name
	}
	if sh.Member(name[strings.LastIndexByte(name, '.')+1:]) != nil {
		set(out, name, n)
	}
}

// token names a place in a list and what the list was asked for, so that one
// of another call is not honoured.
func token(c *Call, offset int, req *wire.Request) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%s", offset, seal(c, req)))
}

// seal is a hash of the call without its paging.
func seal(c *Call, req *wire.Request) string {
	in := maps.Clone(c.Input)
	for k := range in {
		if wire.SameName(k, req.Operation.Page.In) || wire.SameName(k, req.Operation.Page.Limit) {
			delete(in, k)
		}
	}
	h := fnv.New64a()
	// fmt prints maps in the order of their keys.
	fmt.Fprint(h, c.Name(), c.Account, c.Region, in)
	return strconv.FormatUint(h.Sum64(), 36)
}

// startOf is the offset that a request's token names. Where the parameter is a
// name to start from, one that is no token starts at the beginning.
func startOf(req *wire.Request, c *Call, total int) (int, error) {
	v, ok := wire.Get(c.Input, req.Operation.Page.In)
	if !ok || v == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(fmt.Sprint(v))
	if err == nil {
		at, mark, _ := strings.Cut(string(b), ".")
		if n, err := strconv.Atoi(at); err == nil && mark == seal(c, req) && n > 0 && n <= total {
			return n, nil
		}
	}
	name := strings.ToLower(req.Operation.Page.In)
	if strings.Contains(name, "token") || strings.Contains(name, "marker") {
		return 0, invalid(req, "The token '"+fmt.Sprint(v)+"' is invalid")
	}
	return 0, nil
}
