package wire

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// ErrRequest is wrapped by every error of [Catalog.Route].
var ErrRequest = errors.New("not a request to AWS")

// Request is what an HTTP request asks of AWS.
type Request struct {
	Service   *Service
	Operation *Operation
	Protocol  Protocol
	Scope     Scope
	// Input has the members by their names in the model. Times stay as they
	// were written; numbers are float64 or int64.
	Input map[string]any
}

// Scope is the credential scope of a request's signature. The signature itself
// is not looked at.
type Scope struct {
	AccessKey string
	Region    string
	Service   string
}

// ParseScope reads the credential scope from the Authorization header or the
// query of a presigned URL; the zero Scope when there is none.
func ParseScope(r *http.Request) Scope {
	cred := r.URL.Query().Get("X-Amz-Credential")
	if auth := r.Header.Get("Authorization"); auth != "" {
		_, rest, _ := strings.Cut(auth, "Credential=")
		cred, _, _ = strings.Cut(rest, ",")
		cred, _, _ = strings.Cut(cred, " ")
	}
	f := strings.Split(cred, "/")
	switch {
	case len(f) == 5 && f[4] == "aws4_request":
		return Scope{AccessKey: f[0], Region: f[2], Service: f[3]}
	case len(f) == 4 && f[3] == "aws4_request": // SigV4A carries no region
		return Scope{AccessKey: f[0], Region: r.Header.Get("X-Amz-Region-Set"), Service: f[2]}
	}
	return Scope{}
}

// Route finds the service and operation that a request is for and decodes what
// it carries. body is the whole body of r. An operation that the models do not
// know (one newer than they are) is routed where the protocol names it.
func (c *Catalog) Route(r *http.Request, body []byte) (*Request, error) {
	req := &Request{Scope: ParseScope(r)}
	var err error
	switch {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		err = c.routeCBOR(req, r, body)
	case r.Header.Get("X-Amz-Target") != "":
		err = c.routeJSON(req, r, body)
	default:
		form, isForm := parseForm(r, body)
		if isForm {
			err = c.routeQuery(req, form)
		} else {
			err = c.routeREST(req, r, body)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s %.200q: %w", ErrRequest, r.Method, r.URL.Path, err)
	}
	return req, nil
}

// parseForm reads the parameters of a query request, which come in the body or
// (with GET) in the URL.
func parseForm(r *http.Request, body []byte) (url.Values, bool) {
	if t, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); t == "application/x-www-form-urlencoded" {
		if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") != "" {
			return form, true
		}
	}
	if q := r.URL.Query(); r.URL.Path == "/" && q.Get("Action") != "" && q.Get("Version") != "" {
		return q, true
	}
	return nil, false
}

func (c *Catalog) routeCBOR(req *Request, r *http.Request, body []byte) error {
	f := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(f) != 4 || f[0] != "service" || f[2] != "operation" || f[3] == "" {
		return errors.New("the path of rpc-v2-cbor is /service/NAME/operation/NAME")
	}
	if err := c.byTarget(req, f[1], f[3]); err != nil {
		return err
	}
	req.Protocol = CBOR
	in := map[string]any{}
	if len(body) > 0 {
		v, err := DecodeCBOR(body)
		if err != nil {
			return err
		}
		m, ok := v.(map[string]any)
		if !ok {
			return errors.New("the body is not a map")
		}
		in = m
	}
	req.Input = req.Service.rename(req.Operation.Input, in)
	return nil
}

func (c *Catalog) routeJSON(req *Request, r *http.Request, body []byte) error {
	target := r.Header.Get("X-Amz-Target")
	dot := strings.LastIndexByte(target, '.')
	if dot < 0 || dot == len(target)-1 {
		return fmt.Errorf("X-Amz-Target %.200q names no operation", target)
	}
	if err := c.byTarget(req, target[:dot], target[dot+1:]); err != nil {
		return err
	}
	req.Protocol = JSON
	in, err := decodeJSON(body)
	if err != nil {
		return err
	}
	req.Input = req.Service.rename(req.Operation.Input, in)
	return nil
}

func (c *Catalog) byTarget(req *Request, target, operation string) error {
	// The SDK for Go leaves the namespace out that botocore's model has:
	// "CloudTrail_20131101" for "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101".
	found, err := c.where(func(s *Service) bool { return s.Target == target || strings.HasSuffix(s.Target, "."+target) })
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("no service has the target prefix %.100q", target)
	}
	req.Service = found[0]
	req.Operation = req.Service.operation(operation)
	return nil
}

func (c *Catalog) routeQuery(req *Request, form url.Values) error {
	action, version := form.Get("Action"), form.Get("Version")
	found, err := c.where(func(s *Service) bool {
		return s.Version == version && (s.Protocol == Query || s.Protocol == EC2 || s.Protocol == CBOR || s.Target != "") &&
			(req.Scope.Service == "" || s.Signing == req.Scope.Service)
	})
	if err != nil {
		return err
	}
	for _, s := range found {
		if req.Service == nil || s.Operations[action] != nil {
			req.Service = s
		}
	}
	// Without a signature only the operation can say which service is meant.
	if req.Service == nil || req.Scope.Service == "" && req.Service.Operations[action] == nil {
		return fmt.Errorf("no service has the action %.100q in version %.40q", action, version)
	}
	req.Operation = req.Service.operation(action)
	req.Protocol = Query
	if req.Service.Protocol == EC2 {
		req.Protocol = EC2
	}
	req.Input = req.Service.decodeForm(req.Operation, req.Protocol, form)
	return nil
}

// operation finds an operation of the model, or makes up one that the model
// does not have.
func (s *Service) operation(name string) *Operation {
	if op := s.Operations[name]; op != nil {
		return op
	}
	return &Operation{Name: name, Wrapper: name + "Result"}
}

// Modelled reports whether the operation is known to the models.
func (o *Operation) Modelled() bool { return o.modelled }
