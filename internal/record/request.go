package record

import (
	"encoding/json"
	"errors"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
)

// maxBody is how much of a body is looked at for the operation and the names of
// resources; it goes on to AWS whole.
const maxBody = 1 << 20

// errUnsigned says that a request carries no signature: no identity's policy is
// asked about it.
var errUnsigned = errors.New("no signature")

// scope is the credential scope of a signature. The access key and the signature
// are not kept.
type scope struct{ region, service string }

// parseScope reads the scope from the Authorization header or the query of a
// presigned URL.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, read 2026-11-24
func parseScope(r *http.Request) (scope, error) {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if auth := r.Header.Get("Authorization"); strings.HasPrefix(auth, "AWS4-") {
		_, credential, _ = strings.Cut(auth, "Credential=")
		credential, _, _ = strings.Cut(credential, ",")
		credential, _, _ = strings.Cut(credential, " ")
	}
	f := strings.Split(credential, "/")
	var s scope
	switch {
	case len(f) == 5 && f[4] == "aws4_request":
		s = scope{f[2], f[3]}
	case len(f) == 4 && f[3] == "aws4_request": // SigV4A is for a set of regions
		s = scope{"", f[2]}
	default:
		return scope{}, errUnsigned
	}
	if !isWord(s.service) || s.region != "" && !isWord(s.region) {
		return scope{}, errUnsigned
	}
	return s, nil
}

// isWord holds foreign names to letters, digits and a few characters more.
func isWord(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// identify says which call a request is. body is its beginning. What cannot be told
// has the method and the path for an operation, which no action will answer.
func (t *routeTable) identify(r *http.Request, host string, body []byte) (*iam.Call, error) {
	s, err := parseScope(r)
	if err != nil {
		return nil, err
	}
	c := &iam.Call{Service: s.service, Region: s.region}
	query := r.URL.Query()
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	path := r.URL.EscapedPath()
	target := r.Header.Get("X-Amz-Target")
	switch {
	case strings.EqualFold(r.Header.Get("Smithy-Protocol"), "rpc-v2-cbor"):
		f := strings.Split(strings.Trim(path, "/"), "/")
		if len(f) == 4 && f[0] == "service" && f[2] == "operation" {
			c.Operation = f[3]
		}
	case target != "":
		c.Operation = target[strings.LastIndexByte(target, '.')+1:]
		c.Complete = addJSON(c, body)
	case s.service == "execute-api" && !strings.HasPrefix(path, "/@connections/"):
		c.Operation = "Invoke"
	default:
		form := url.Values{}
		if mediaType == "application/x-www-form-urlencoded" {
			// What follows a cut is lost, not what stands before it.
			if parsed, err := url.ParseQuery(string(body)); err == nil || len(parsed) > 0 {
				form = parsed
			}
		}
		if form.Get("Action") == "" && query.Get("Action") != "" && path == "/" {
			form = query
		}
		if form.Get("Action") != "" {
			c.Operation = form.Get("Action")
			c.Complete = len(body) < maxBody
			addForm(c, form)
			break
		}
		t.rest(c, s, r, host, path, query, body)
	}
	if !isWord(c.Operation) {
		c.Operation = ""
	}
	if c.Operation == "" {
		c.Operation = r.Method + " " + strings.Map(printable, path[:min(len(path), 100)])
	}
	return c, nil
}

func printable(r rune) rune {
	if r <= 0x20 || r >= 0x7f {
		return '?'
	}
	return r
}

// rest finds the operation of a service that speaks REST.
func (t *routeTable) rest(c *iam.Call, s scope, r *http.Request, host, path string, query url.Values, body []byte) {
	point := ""
	if s.service == "s3" || s.service == "s3express" {
		bucket := bucketOf(host)
		if i := strings.Index(host, ".s3-accesspoint"); i > 0 {
			point = host[:i]
			bucket = point
		}
		if bucket != "" {
			path = "/" + url.PathEscape(bucket) + path
		}
	}
	found, labels := t.find(s.service, r.Method, path, query, r.Header)
	if found == nil {
		return
	}
	c.Service, c.Operation = found.service, found.operation
	for k, v := range labels {
		if plain, err := url.PathUnescape(v); err == nil {
			c.AddParameter(strings.NewReplacer("_", "", "-", "").Replace(k), plain)
		}
	}
	if point != "" {
		c.Resources = accessPoint(c, point)
		delete(c.Parameters, "bucket")
		delete(c.Parameters, "key")
	}
	for k, list := range query {
		for _, v := range list {
			c.AddParameter(k, v)
		}
	}
	if v := r.Header.Get("X-Amz-Copy-Source"); v != "" {
		c.AddParameter("x-amz-copy-source", v)
	}
	// An object's content may be JSON; only the bodies of other services are parameters.
	if s.service != "s3" && s.service != "s3express" {
		addJSON(c, body)
	}
}

// bucketOf is the bucket in the name of a host, "" where it stands in the path.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html, read 2026-11-24
func bucketOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(host)
	if strings.Contains(host, ".s3-control.") || strings.Contains(host, ".s3express-control.") {
		return ""
	}
	for _, sep := range [...]string{".s3.", ".s3-", ".s3express-"} {
		// A bucket's name may hold ".s3." itself; the last is the service's.
		if i := strings.LastIndex(host, sep); i > 0 {
			return host[:i]
		}
	}
	return ""
}

// accessPoint names the access point of a host's first word, NAME-ACCOUNT, and the
// object in it.
//
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html, read 2026-11-24
func accessPoint(c *iam.Call, word string) []iam.CallResource {
	i := strings.LastIndexByte(word, '-')
	if i < 0 {
		return nil
	}
	arn := "arn:" + string(merlon.PartitionOf(merlon.Region(c.Region))) + ":s3:" + c.Region + ":" + word[i+1:] + ":accesspoint/" + word[:i]
	if key := c.Parameters["key"]; len(key) == 1 {
		arn += "/object/" + key[0]
	}
	return []iam.CallResource{{ARN: arn}}
}

// addJSON adds the parameters of a JSON body; false when it is not all there.
func addJSON(c *iam.Call, body []byte) bool {
	if len(body) == 0 || len(body) >= maxBody || body[0] != '{' {
		return false
	}
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		return false
	}
	before := c.Parameters
	c.SetParameters(v)
	for k, list := range before {
		for _, value := range list {
			c.AddParameter(k, value)
		}
	}
	return true
}

// addForm adds the parameters of a query request by the last word of their names:
// "InstanceId.1" and "Names.member.2" are lists.
func addForm(c *iam.Call, form url.Values) {
	for k, list := range form {
		words := strings.Split(k, ".")
		for len(words) > 1 {
			last := words[len(words)-1]
			if _, err := strconv.Atoi(last); err != nil && last != "member" && last != "Value" {
				break
			}
			words = words[:len(words)-1]
		}
		for _, v := range list {
			c.AddParameter(words[len(words)-1], v)
		}
	}
}
