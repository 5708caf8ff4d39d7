package record

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// routes.gz has the operations of the services that speak REST: a line "service",
// the name in the signature and the SDK's id, then a line each with name, method,
// path, and the query parameters and headers that a request needs.
//
//go:generate go run ../generate/routes -botocore ../../.cache/venv/lib/python3*/site-packages/botocore/data -o routes.gz

//go:embed routes.gz
var packedRoutes []byte

// maxRoutes bounds what the table may unpack to.
const maxRoutes = 16 << 20

// routeTable finds the operation of a request by its method and path. It may be
// used concurrently.
type routeTable struct {
	bySigning map[string][]route
}

type route struct {
	service, operation, method string
	segments                   []string
	query                      url.Values // that the path demands
	needQuery, needHeader      []string
}

func loadRoutes() (*routeTable, error) {
	z, err := gzip.NewReader(bytes.NewReader(packedRoutes))
	if err != nil {
		return nil, fmt.Errorf("table of routes: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(z, maxRoutes))
	if err != nil {
		return nil, fmt.Errorf("table of routes: %w", err)
	}
	t := &routeTable{bySigning: map[string][]route{}}
	signing, service := "", ""
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case strings.HasPrefix(line, "#"):
		case f[0] == "service" && len(f) == 3:
			signing, service = f[1], f[2]
		case len(f) == 5:
			path, query, _ := strings.Cut(f[2], "?")
			r := route{service: service, operation: f[0], method: f[1], segments: segments(path), needQuery: fields(f[3]), needHeader: fields(f[4])}
			if r.query, err = url.ParseQuery(query); err != nil {
				return nil, fmt.Errorf("table of routes: line %q: %w", line, err)
			}
			t.bySigning[signing] = append(t.bySigning[signing], r)
		default:
			return nil, fmt.Errorf("table of routes: line %q", line)
		}
	}
	return t, nil
}

func fields(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// segments cuts a path at its slashes, without an empty end.
func segments(path string) []string {
	s := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if s[len(s)-1] == "" {
		s = s[:len(s)-1]
	}
	return s
}

// find gives the route that fits best, and what stands for its labels. The path is
// escaped. S3 Control shares its name in signatures with S3, not its paths.
func (t *routeTable) find(signing, method, path string, query url.Values, header http.Header) (*route, map[string]string) {
	switch signing {
	case "s3express":
		signing = "s3"
	case "s3-outposts":
		if !strings.HasPrefix(path, "/S3Outposts/") {
			signing = "s3"
		}
	}
	parts := segments(path)
	var best *route
	var labels map[string]string
	top := 0
	list := t.bySigning[signing]
	for i := range list {
		r := &list[i]
		if signing == "s3" && strings.HasPrefix(path, "/v20180820/") != (r.service == "S3 Control") {
			continue
		}
		l, score, ok := r.match(method, parts, query, header)
		// GetBucketLifecycleConfiguration replaced GetBucketLifecycle at the same path:
		// of two that fit alike the longer name wins.
		if ok && (best == nil || score > top || score == top && strings.HasPrefix(r.operation, best.operation)) {
			best, labels, top = r, l, score
		}
	}
	return best, labels
}

func (r *route) match(method string, parts []string, query url.Values, header http.Header) (labels map[string]string, score int, ok bool) {
	if r.method != method {
		return nil, 0, false
	}
	labels = map[string]string{}
	at := 0
	for n, s := range r.segments {
		label, isLabel := strings.CutPrefix(s, "{")
		label = strings.TrimSuffix(label, "}")
		label, greedy := strings.CutSuffix(label, "+")
		switch {
		case at >= len(parts):
			return nil, 0, false
		case isLabel && greedy:
			end := len(parts) - (len(r.segments) - n - 1)
			if end <= at {
				return nil, 0, false
			}
			labels[label] = strings.Join(parts[at:end], "/")
			at = end
			continue
		case isLabel && parts[at] == "":
			return nil, 0, false
		case isLabel:
			labels[label] = parts[at]
		case s != parts[at]:
			return nil, 0, false
		default:
			score += 100
		}
		at++
	}
	if at != len(parts) {
		return nil, 0, false
	}
	for k, v := range r.query {
		if !query.Has(k) || v[0] != "" && query.Get(k) != v[0] {
			return nil, 0, false
		}
		score += 1000
	}
	for _, k := range r.needQuery {
		if !query.Has(k) {
			return nil, 0, false
		}
		score += 10
	}
	for _, k := range r.needHeader {
		if header.Get(k) == "" {
			return nil, 0, false
		}
		score += 10
	}
	if query.Get("x-id") == r.operation {
		score += 10000
	}
	return labels, score, true
}
