package wire

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// route is an operation's URI pattern: "/2015-03-31/functions/{FunctionName}?x=y".
type route struct {
	op       *Operation
	segments []segment
	query    map[string]string
	// needs are query parameters and headers that the input requires.
	needQuery  []string
	needHeader []string
}

type segment struct {
	text   string // literal, or the label's name
	label  bool
	greedy bool
}

func (s *Service) compileRoutes() {
	if s.Protocol != RESTXML && s.Protocol != RESTJSON {
		return
	}
	for _, op := range s.Operations {
		if op.Method == "" {
			op.Method = http.MethodPost
		}
		path, query, _ := strings.Cut(op.URI, "?")
		r := route{op: op, query: map[string]string{}}
		for part := range strings.SplitSeq(query, "&") {
			if part != "" {
				k, v, _ := strings.Cut(part, "=")
				r.query[k] = v
			}
		}
		for _, part := range split(path) {
			seg := segment{text: part}
			if strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}") {
				seg.label, seg.text = true, part[1:len(part)-1]
				seg.text, seg.greedy = strings.CutSuffix(seg.text, "+")
			}
			r.segments = append(r.segments, seg)
		}
		if op.Input != "" {
			for _, m := range s.Shape(op.Input).Members {
				switch {
				case m.Required && m.At == "querystring":
					r.needQuery = append(r.needQuery, m.wireName())
				case m.Required && m.At == "header":
					r.needHeader = append(r.needHeader, m.wireName())
				}
			}
		}
		s.routes = append(s.routes, r)
	}
	slices.SortFunc(s.routes, func(a, b route) int { return strings.Compare(a.op.Name, b.op.Name) })
}

// split cuts a path at its slashes, without the one it begins with and without
// an empty end.
func split(path string) []string {
	f := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if f[len(f)-1] == "" {
		f = f[:len(f)-1]
	}
	return f
}

// match fits a request's path (split, still escaped) and query into the route;
// score is higher the more exact the fit is.
func (rt *route) match(r *http.Request, path []string, query url.Values) (labels map[string]string, score int, ok bool) {
	if rt.op.Method != r.Method {
		return nil, 0, false
	}
	labels = map[string]string{}
	i := 0
	for n, seg := range rt.segments {
		switch {
		case i >= len(path):
			return nil, 0, false
		case seg.greedy:
			rest := len(rt.segments) - n - 1
			if len(path)-rest <= i {
				return nil, 0, false
			}
			labels[seg.text] = strings.Join(path[i:len(path)-rest], "/")
			i = len(path) - rest
			continue
		case seg.label:
			if path[i] == "" {
				return nil, 0, false
			}
			labels[seg.text] = path[i]
		case path[i] != seg.text:
			return nil, 0, false
		default:
			score += 100
		}
		i++
	}
	if i != len(path) {
		return nil, 0, false
	}
	for k, v := range rt.query {
		if !query.Has(k) || v != "" && query.Get(k) != v {
			return nil, 0, false
		}
		score += 1000
	}
	for _, k := range rt.needQuery {
		if !query.Has(k) {
			score -= 10
			continue
		}
		score += 10
	}
	for _, k := range rt.needHeader {
		if r.Header.Get(k) == "" {
			score -= 10
			continue
		}
		score += 10
	}
	if query.Get("x-id") == rt.op.Name {
		score += 10000
	}
	return labels, score, true
}

func (c *Catalog) routeREST(req *Request, r *http.Request, body []byte) error {
	if req.Scope.Service == "" {
		return errors.New("no signature that names the service")
	}
	signing := req.Scope.Service
	if signing == "s3express" || signing == "s3-outposts" {
		signing = "s3" // directory buckets and buckets on Outposts
	}
	found, err := c.where(func(s *Service) bool {
		return s.Signing == signing && (s.Protocol == RESTXML || s.Protocol == RESTJSON) &&
			(s.Signing != "s3" || (s.Name == "s3control") == strings.HasPrefix(r.URL.Path, "/v20180820/"))
	})
	if err != nil {
		return err
	}
	path, query := split(r.URL.EscapedPath()), r.URL.Query()
	best, labels := 0, map[string]string(nil)
	for _, s := range found {
		for i := range s.routes {
			l, score, ok := s.routes[i].match(r, path, query)
			if !ok {
				continue
			}
			// GetBucketLifecycleConfiguration replaced GetBucketLifecycle under the
			// same URI: of two that fit equally the longer name wins.
			if labels == nil || score > best || score == best && strings.HasPrefix(s.routes[i].op.Name, req.Operation.Name) {
				req.Service, req.Operation, req.Protocol = s, s.routes[i].op, s.Protocol
				labels, best = l, score
			}
		}
	}
	if req.Operation == nil {
		return fmt.Errorf("no operation of a service signed as %.60q has this URI", req.Scope.Service)
	}
	for k, v := range labels {
		u, err := url.PathUnescape(v)
		if err != nil {
			return err
		}
		labels[k] = u
	}
	req.Input, err = req.Service.decodeREST(req.Operation, req.Protocol, r, labels, query, body)
	return err
}
