package wire

import (
	"strconv"
	"strings"
)

// Service is the model of one AWS service.
type Service struct {
	// Name is the last element of the SDK's package: "ec2", "cloudwatchlogs".
	Name string `json:"name"`
	// Protocol is what the service speaks by default; the request decides
	// where it speaks several.
	Protocol Protocol `json:"protocol"`
	// Signing is the service in the credential scope of a signature, Version
	// the API version that query requests carry, Target what stands before the
	// operation in X-Amz-Target and in paths of rpc-v2-cbor.
	Signing     string                `json:"signing"`
	Version     string                `json:"version"`
	Target      string                `json:"target,omitempty"`
	JSONVersion string                `json:"json,omitempty"`
	Namespace   string                `json:"ns,omitempty"`
	Operations  map[string]*Operation `json:"ops"`
	Shapes      map[string]*Shape     `json:"shapes"`
	// Errors are the codes the model names, with their status codes.
	Errors map[string]int `json:"errors,omitempty"`
	// QueryErrors are the codes that stand in the x-amzn-query-error header
	// of services that once spoke the query protocol, by the newer code.
	QueryErrors map[string]string `json:"queryErrors,omitempty"`

	routes []route
}

// Operation is one call of a service.
type Operation struct {
	Name   string `json:"-"`
	Method string `json:"method,omitempty"`
	URI    string `json:"uri,omitempty"`
	// Input and Output name structures; empty where there is none.
	Input   string `json:"in,omitempty"`
	Output  string `json:"out,omitempty"`
	Wrapper string `json:"wrap,omitempty"`
	Status  int    `json:"status,omitempty"`
	Page    *Page  `json:"page,omitempty"`

	modelled bool
}

// Page says how an operation is paged. Paths have dots: "DistributionList.Items".
type Page struct {
	In     string   `json:"in"`
	Out    string   `json:"out"`
	More   string   `json:"more,omitempty"`
	Limit  string   `json:"limit,omitempty"`
	Result []string `json:"result"`
}

// Kind is the kind of a value.
type Kind string

// The kinds. Scalars that need no more than their kind stand for their shape.
const (
	String Kind = "s"
	Int    Kind = "i"
	Float  Kind = "f"
	Bool   Kind = "b"
	Time   Kind = "t"
	Blob   Kind = "x"
	Struct Kind = "{"
	List   Kind = "["
	Map    Kind = "m"
	Any    Kind = "*" // a document: any JSON
)

// Shape is a structure, list or map, or a scalar with attributes.
type Shape struct {
	Kind    Kind     `json:"k"`
	Members []Member `json:"m,omitempty"`
	// Payload is the member that is the whole body in REST protocols.
	Payload string `json:"p,omitempty"`
	// Item is the element of a list or the value of a map, Key the map's key.
	Item *Member `json:"i,omitempty"`
	Key  *Member `json:"key,omitempty"`
	Flat bool    `json:"flat,omitempty"`
	// Format is the timestamp format: iso8601, unixTimestamp, rfc822.
	Format string `json:"f,omitempty"`
	Min    *int   `json:"min,omitempty"`
	Max    *int   `json:"max,omitempty"`
}

// Member is a named part of a structure.
type Member struct {
	Name  string `json:"n,omitempty"`
	Shape string `json:"s"`
	// Wire is the name on the wire where it is not Name.
	Wire string `json:"w,omitempty"`
	// Query is the name in ec2 requests where it is not the capitalised Wire.
	Query string `json:"q,omitempty"`
	// At is where the member stands in REST protocols when not in the body:
	// header, headers, uri, querystring, statusCode.
	At       string `json:"at,omitempty"`
	Flat     bool   `json:"flat,omitempty"`
	Attr     bool   `json:"attr,omitempty"`
	Required bool   `json:"r,omitempty"`
	Format   string `json:"f,omitempty"`
	Stream   bool   `json:"stream,omitempty"`
}

// wireName is the name on the wire.
func (m *Member) wireName() string {
	if m.Wire != "" {
		return m.Wire
	}
	return m.Name
}

// Shape finds a shape by the name a Member gives; scalars are their own name.
func (s *Service) Shape(name string) *Shape {
	if sh, ok := s.Shapes[name]; ok {
		return sh
	}
	return &Shape{Kind: Kind(name)}
}

// Member finds a structure's member by its name, without regard to the case
// of the first letter, or by its name on the wire: nil when there is none.
func (sh *Shape) Member(name string) *Member {
	for i := range sh.Members {
		if sh.Members[i].Name == name {
			return &sh.Members[i]
		}
	}
	for i := range sh.Members {
		if m := &sh.Members[i]; SameName(m.Name, name) || m.Wire == name {
			return m
		}
	}
	return nil
}

// SameName compares member names without regard to the case of their letters:
// the SDK writes ClusterArn and DBInstanceArn where models have clusterArn
// and the CLI prints either.
func SameName(a, b string) bool { return strings.EqualFold(a, b) }

// readPrefixes begin the names of operations that change nothing.
var readPrefixes = []string{
	"Get", "List", "Describe", "BatchGet", "BatchDescribe", "BatchCheck", "Search", "Head",
	"Lookup", "Simulate", "Check", "Decode", "Estimate", "Preview", "Validate", "Verify", "Select", "Query", "Scan", "Filter",
	"Discover", "Resolve", "Is", "View",
}

// reads are further operations that change nothing that lasts, though their
// names do not say so.
var reads = map[string]bool{
	"sts:AssumeRole": true, "sts:AssumeRoleWithSAML": true, "sts:AssumeRoleWithWebIdentity": true, "sts:AssumeRoot": true,
	"sts:GetFederationToken": true, "iam:GenerateCredentialReport": true, "iam:GenerateServiceLastAccessedDetails": true,
	"iam:GenerateOrganizationsAccessReport": true, "dynamodb:BatchGetItem": true, "inspector2:BatchGetAccountStatus": true,
	"cloudformation:EstimateTemplateCost": true, "cloudformation:DetectStackDrift": false, "cloudformation:DetectStackResourceDrift": false,
	"route53:TestDNSAnswer": true, "eventbridge:TestEventPattern": true, "cloudformation:ValidateTemplate": true,
}

// IsRead reports whether an operation leaves everything as it is; what is not
// known to, is taken for a write.
func IsRead(service, operation string) bool {
	if v, ok := reads[service+":"+operation]; ok {
		return v
	}
	for _, p := range readPrefixes {
		if rest, ok := strings.CutPrefix(operation, p); ok && (rest == "" || rest[0] < 'a' || rest[0] > 'z') {
			return true
		}
	}
	return false
}

// limitRange is the range of the operation's page limit, or ok false.
func (s *Service) limitRange(op *Operation) (lo, hi int, ok bool) {
	if op.Page == nil || op.Page.Limit == "" || op.Input == "" {
		return 0, 0, false
	}
	m := s.Shape(op.Input).Member(op.Page.Limit)
	if m == nil {
		return 0, 0, false
	}
	sh := s.Shape(m.Shape)
	lo, hi = 0, 1<<31-1
	if sh.Min != nil {
		lo = *sh.Min
	}
	if sh.Max != nil {
		hi = *sh.Max
	}
	return lo, hi, sh.Kind == Int
}

// CheckLimit tells whether a page limit is one that the service accepts; a
// message says why not.
func (s *Service) CheckLimit(op *Operation, limit int) (message string, ok bool) {
	lo, hi, known := s.limitRange(op)
	if !known || limit >= lo && limit <= hi {
		return "", true
	}
	return "Value " + strconv.Itoa(limit) + " at '" + op.Page.Limit + "' failed to satisfy constraint: Member must be between " +
		strconv.Itoa(lo) + " and " + strconv.Itoa(hi), false
}
