package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/inventory"
)

// Resource is what a request is about: the policies on it and what its
// condition keys are made of.
type Resource struct {
	ARN     string // as asked; it may name something inside the resource, such as an object
	Owner   string // the key of the resource in the snapshot, "" where it is not there
	Type    string
	Account string // "" where it is not known
	Region  string
	Tags    map[string]string

	// Policies are those on it: its resource policy, its trust, what its ACL
	// and its grants amount to. One that could not be read is an unknown policy.
	Policies []*iam.Policy

	// Restricted is a bucket's RestrictPublicBuckets with a public policy:
	// nobody from outside the account is let in, save AWS services.
	Restricted iam.Match

	// Notes say what kept policies from counting.
	Notes []string

	tagsKnown bool
	row       int64
}

// source says how a type carries its policy: in a property of its own, or on
// related resources.
type source struct {
	property string // dotted path of a document in the properties
	relation string // name of a relation to resources that hold it …
	document string // … in this property
}

// sources are the types with resource policies.
var sources = map[string]source{
	"AWS::S3::Bucket":                  {relation: "policy", document: "PolicyDocument"},
	"AWS::S3::AccessPoint":             {property: "Policy"},
	"AWS::SQS::Queue":                  {relation: "policies", document: "PolicyDocument"},
	"AWS::SNS::Topic":                  {relation: "policies", document: "PolicyDocument"},
	"AWS::SecretsManager::Secret":      {relation: "policy", document: "ResourcePolicy"},
	"AWS::KMS::Key":                    {property: "KeyPolicy"},
	"AWS::IAM::Role":                   {property: "AssumeRolePolicyDocument"},
	"AWS::ECR::Repository":             {property: "RepositoryPolicyText"},
	"AWS::EFS::FileSystem":             {property: "FileSystemPolicy"},
	"AWS::OpenSearchService::Domain":   {property: "AccessPolicies"},
	"AWS::DynamoDB::Table":             {property: "ResourcePolicy.PolicyDocument"},
	"AWS::Backup::BackupVault":         {property: "AccessPolicy"},
	"AWS::Events::EventBus":            {property: "Policy"},
	"AWS::ApiGateway::RestApi":         {property: "Policy"},
	"AWS::Lambda::Function":            {relation: "policy", document: "PolicyDocument"},
	"AWS::Organizations::Organization": {relation: "resourcePolicy", document: "Content"},
}

// withPolicies are the services, as in ARNs, whose resources may carry a
// policy: what is not in the snapshot may have one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html, read 2026-11-24
var withPolicies = []string{"s3", "sqs", "sns", "secretsmanager", "kms", "iam", "ecr", "elasticfilesystem", "es", "dynamodb", "backup", "events",
	"execute-api", "lambda", "logs", "glacier", "glue", "kinesis", "mediastore", "s3-object-lambda", "s3-outposts", "s3express", "s3tables", "s3vectors", "ses", "schemas",
	"codeartifact", "codebuild", "acm-pca", "lex", "iot", "vpc-lattice", "rekognition", "redshift-serverless", "signer", "ssm-incidents", "states", "xray", "cloudtrail", "bedrock", "bedrock-agentcore"}

// PolicyTypes are the resource types whose policies the index reads, by name.
func PolicyTypes() []string {
	out := make([]string, 0, len(sources))
	for typ := range sources {
		if typ != "AWS::Organizations::Organization" {
			out = append(out, typ)
		}
	}
	slices.Sort(out)
	return out
}

// PolicySource is where a type carries its policy: a dotted path of properties,
// or the name of a relation; both are "" for a type without one.
func PolicySource(typ string) (property, relation string) {
	return sources[typ].property, sources[typ].relation
}

// Resource finds what a request's ARN is about: the resource itself, or the one
// that holds it (the bucket of an object). What is not in the snapshot has the
// account of its ARN and, in services that know resource policies, an unknown one.
func (x *Index) Resource(ctx context.Context, arn string) (*Resource, error) {
	out := &Resource{ARN: arn}
	if arn == "*" {
		return out, nil
	}
	for _, candidate := range holders(arn) {
		r, err := x.Keyed(ctx, candidate)
		switch {
		case errors.Is(err, inventory.ErrNotFound):
			continue
		case err != nil:
			return nil, err
		}
		r.ARN = arn
		return r, nil
	}
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) == 6 {
		out.Region, out.Account = parts[3], parts[4]
		if slices.Contains(withPolicies, parts[2]) && !strings.ContainsAny(parts[5], "*?") {
			out.Policies = []*iam.Policy{iam.UnknownPolicy(arn, "it is not in the snapshot")}
		}
	}
	return out, nil
}

// holders are an ARN and what it may be inside of, the nearest first.
func holders(arn string) []string {
	out := []string{arn}
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return out
	}
	prefix := strings.Join(parts[:5], ":") + ":"
	rest := parts[5]
	for range 8 {
		i := strings.LastIndexAny(rest, "/:")
		if i <= 0 {
			break
		}
		rest = rest[:i]
		out = append(out, prefix+rest)
	}
	if i := strings.IndexByte(parts[5], '/'); i > 0 && parts[2] == "s3" {
		out = append(out, prefix+parts[5][:i])
	}
	return out
}

// Keyed is the resource of the snapshot with a key; the error wraps
// [inventory.ErrNotFound] where there is none.
func (x *Index) Keyed(ctx context.Context, key string) (*Resource, error) {
	var found *merlon.Resource
	var row int64
	err := x.snapshot.Get(ctx, key, func(d *inventory.Document) (err error) {
		row = d.Row
		found, err = d.Resource()
		return err
	})
	if err != nil {
		return nil, err
	}
	return x.resource(ctx, found, row)
}

func (x *Index) resource(ctx context.Context, r *merlon.Resource, row int64) (*Resource, error) {
	out := &Resource{ARN: r.Key(), Owner: r.Key(), row: row, Type: r.Type, Account: string(r.Account), Region: string(r.Region), Tags: r.Tags,
		tagsKnown: unknownBelow(r, "/tags") == ""}
	src, ok := sources[r.Type]
	if !ok {
		return out, nil
	}
	name := r.Key()
	switch {
	case src.property != "":
		pointer := "/properties/" + strings.ReplaceAll(src.property, ".", "/")
		if doc := policyAt(r, at(r.Properties, src.property), pointer, name); doc != nil {
			out.Policies = append(out.Policies, doc)
		}
	default:
		if err := x.relatedPolicies(ctx, r, src.relation, src.document, name, out); err != nil {
			return nil, err
		}
	}
	var err error
	switch r.Type {
	case "AWS::S3::Bucket":
		err = x.bucket(r, out)
	case "AWS::KMS::Key":
		err = x.grants(ctx, r, out)
	case "AWS::Lambda::Function":
		err = x.permissions(ctx, r, out)
	}
	return out, err
}

// relatedPolicies adds the documents of related resources.
func (x *Index) relatedPolicies(ctx context.Context, r *merlon.Resource, relation, property, name string, out *Resource) error {
	return x.related(ctx, r, relation, out, name, func(policy *merlon.Resource) error {
		if doc := policyAt(policy, at(policy.Properties, property), "/properties/"+property, name); doc != nil {
			out.Policies = append(out.Policies, doc)
		}
		return nil
	})
}

// related calls fn with each related resource, and adds an unknown policy where
// there may be more.
func (x *Index) related(ctx context.Context, r *merlon.Resource, relation string, out *Resource, name string, fn func(*merlon.Resource) error) error {
	subject := inventory.Subject{Row: out.row, Type: r.Type, ID: r.ID, ARN: r.ARN, Account: r.Account, Region: r.Region}
	unknowns, err := x.snapshot.Related(ctx, subject, relation, func(d *inventory.Document) error {
		other, err := d.Resource()
		if err != nil {
			return err
		}
		return fn(other)
	})
	if err != nil {
		return fmt.Errorf("%s of %s: %w", relation, r.Key(), err)
	}
	for _, u := range unknowns {
		out.Policies = append(out.Policies, iam.UnknownPolicy(name, u.Reason))
	}
	return nil
}

// at is the JSON at a dotted path, nil where there is none.
func at(raw json.RawMessage, path string) json.RawMessage {
	for _, step := range strings.Split(path, ".") {
		var object map[string]json.RawMessage
		if len(raw) == 0 || json.Unmarshal(raw, &object) != nil {
			return nil
		}
		raw = object[step]
	}
	return raw
}
