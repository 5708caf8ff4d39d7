package merlon

import (
	"encoding/json"
	"strings"
	"time"
)

// Resource is one thing in an account, in the form that every engine reads.
//
// Properties follow the CloudFormation resource schema of Type (or the schema
// that package inventory defines for a "Merlon::" type) whether the resource
// was read from a running account, a recording or a template. What only a
// running account has stands in Observed.
type Resource struct {
	// Type is the CloudFormation type name, for example "AWS::S3::Bucket".
	Type string
	// ID is the primary identifier, unique within type, account and region.
	ID string
	// ARN is empty where AWS has none.
	ARN     ARN
	Name    string
	Account AccountID
	Region  Region
	// Tags are the resource's tags; nil where there are none.
	Tags map[string]string
	// Properties and Observed are JSON objects, or nil for an empty one.
	Properties json.RawMessage
	Observed   json.RawMessage
	// Unknowns say which parts of the document could not be known.
	Unknowns []Unknown
	// Perhaps says why the resource may not be there at all: a template makes it
	// only under a condition that cannot be decided. It is empty for what is there.
	// Such a resource is judged as if it were there; what relates to it is unknown.
	Perhaps string
	// Calls says which calls the document was read from; it is provenance and
	// does not count when two snapshots are compared.
	Calls []Read
}

// Read is one AWS call that a resource was read from.
type Read struct {
	// Call is "service:Operation", for example "s3:GetBucketPolicy".
	Call string
	// At is when AWS answered; zero for templates.
	At time.Time
	// Properties are the top-level parts the call filled ("properties.BucketEncryption",
	// "observed.PolicyStatus"); empty means the whole resource.
	Properties []string `json:",omitempty"`
}

// Unknown marks a part of a resource whose value is not known.
type Unknown struct {
	// Path is a JSON pointer into an object with the members "properties",
	// "observed" and "tags": "/properties/BucketEncryption". Everything below
	// it is unknown, and so is whether it is there at all.
	Path string
	// Reason says why, for a person: "s3:GetBucketEncryption was denied".
	Reason string
	// Gap is the key of the Gap behind it; empty where the value cannot be
	// known yet (an intrinsic function, a fact of the account).
	Gap string `json:",omitempty"`
}

// Key names the resource in findings: its ARN, or account/region/type/id where
// AWS has none.
func (r *Resource) Key() string {
	if r.ARN != "" {
		return string(r.ARN)
	}
	return strings.Join([]string{string(r.Account), string(r.Region), r.Type, r.ID}, "/")
}

// Service is the middle part of the type, in lower case: "s3" for "AWS::S3::Bucket".
func (r *Resource) Service() string { return ServiceOf(r.Type) }

// ServiceOf is the middle part of a type name in lower case.
func ServiceOf(typ string) string {
	f := strings.SplitN(typ, "::", 3)
	if len(f) < 2 {
		return ""
	}
	return strings.ToLower(f[1])
}
