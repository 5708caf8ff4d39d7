package iac

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
)

// TestDefaultRules holds every rule to the schemas: its paths and its values.
func TestDefaultRules(t *testing.T) {
	schemas := testSchemas(t)
	tables, err := loadTables()
	if err != nil {
		t.Fatal(err)
	}
	if err := verifyDefaults(tables.defaults, schemas); err != nil {
		t.Fatal(err)
	}
	for typ, rules := range tables.defaults {
		s, _ := schemas.Type(typ)
		for _, rule := range rules {
			if rule.Set == "" {
				continue
			}
			props := map[string]any{}
			at := props
			for p := s.Properties; ; {
				name, rest, more := cutPath(rule.Set, at)
				if !more {
					at[name] = rule.To
					break
				}
				f, _ := p.Field(name)
				next := map[string]any{}
				at[name] = next
				for f.Elem != nil {
					at[name] = []any{next}
					f = f.Elem
				}
				at, p, rule.Set = next, f, rest
			}
			raw, err := json.Marshal(props)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range s.CheckResource(&merlon.Resource{Type: typ, Properties: raw}) {
				t.Errorf("%s: %v", typ, p)
			}
		}
	}
}

func cutPath(path string, _ map[string]any) (name, rest string, more bool) {
	for i := range path {
		if path[i] == '.' {
			return path[:i], path[i+1:], true
		}
	}
	return path, "", false
}

func TestVerifyDefaults(t *testing.T) {
	schemas := testSchemas(t)
	source := "https://docs.aws.amazon.com/x.html"
	for name, rules := range map[string]map[string][]defaultRule{
		"no such type":     {"AWS::S3::Nothing": {}},
		"no such property": {"AWS::S3::Bucket": {{Set: "Nothing", Source: source}}},
		"no source":        {"AWS::S3::Bucket": {{Set: "BucketName"}}},
		"no reason":        {"AWS::S3::Bucket": {{Unknown: "BucketName", Source: source}}},
		"both":             {"AWS::S3::Bucket": {{Set: "BucketName", Unknown: "BucketName", Because: "x", Source: source}}},
		"wrong condition":  {"AWS::S3::Bucket": {{Set: "BucketName", Unless: []string{"Nothing"}, Source: source}}},
	} {
		if verifyDefaults(rules, schemas) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestDefaults(t *testing.T) {
	l := load(t, Options{}, `
Parameters: {Open: {Type: String}}
Resources:
  Plain: {Type: AWS::S3::Bucket}
  Opened:
    Type: AWS::S3::Bucket
    Properties: {PublicAccessBlockConfiguration: {BlockPublicAcls: true}}
  Unsure:
    Type: AWS::S3::Bucket
    Properties: {PublicAccessBlockConfiguration: {BlockPublicAcls: !Ref Open}}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}
  KmsQueue: {Type: AWS::SQS::Queue, Properties: {QueueName: k, KmsMasterKeyId: alias/a}}
  OpenQueue: {Type: AWS::SQS::Queue, Properties: {QueueName: o, KmsMasterKeyId: !Ref Open}}
  Key: {Type: AWS::KMS::Key}
  Volume: {Type: AWS::EC2::Volume, Properties: {Size: "10", AvailabilityZone: a}}
  Database: {Type: AWS::RDS::DBInstance, Properties: {DBInstanceIdentifier: d}}
  Restored: {Type: AWS::RDS::DBInstance, Properties: {DBInstanceIdentifier: r, DBSnapshotIdentifier: s}}
`)
	all := map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true}
	one := map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": false, "IgnorePublicAcls": false, "RestrictPublicBuckets": false}
	none := map[string]any{"BlockPublicPolicy": false, "IgnorePublicAcls": false, "RestrictPublicBuckets": false}
	for _, c := range []struct {
		typ, id, property string
		want              any    // nil: unknown
		unknown           string // path
	}{
		{typ: "AWS::S3::Bucket", id: "demo-Plain", property: "PublicAccessBlockConfiguration", want: all},
		{typ: "AWS::S3::Bucket", id: "demo-Opened", property: "PublicAccessBlockConfiguration", want: one},
		{typ: "AWS::S3::Bucket", id: "demo-Unsure", property: "PublicAccessBlockConfiguration", want: none, unknown: "/properties/PublicAccessBlockConfiguration/BlockPublicAcls"},
		{typ: "AWS::SQS::Queue", id: "https://sqs.us-east-1.amazonaws.com/000000000000/q", property: "SqsManagedSseEnabled", want: true},
		{typ: "AWS::SQS::Queue", id: "https://sqs.us-east-1.amazonaws.com/000000000000/k", property: "SqsManagedSseEnabled", want: false},
		{typ: "AWS::SQS::Queue", id: "https://sqs.us-east-1.amazonaws.com/000000000000/o", property: "SqsManagedSseEnabled", unknown: "/properties/SqsManagedSseEnabled"},
		{typ: "AWS::KMS::Key", id: "demo-Key", property: "KeyPolicy", want: map[string]any{"Id": "key-default-1", "Version": "2012-10-17", "Statement": []any{map[string]any{
			"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": map[string]any{"AWS": "arn:aws:iam::000000000000:root"}}}}},
		{typ: "AWS::EC2::Volume", id: "vol-demo-Volume", property: "Encrypted", unknown: "/properties/Encrypted"},
		{typ: "AWS::EC2::Volume", id: "vol-demo-Volume", property: "Size", want: 10.0},
		{typ: "AWS::RDS::DBInstance", id: "d", property: "StorageEncrypted", want: false},
		{typ: "AWS::RDS::DBInstance", id: "r", property: "StorageEncrypted", unknown: "/properties/StorageEncrypted"},
	} {
		r := l.one(t, c.typ, c.id)
		if d := cmp.Diff(c.want, properties(t, r)[c.property]); d != "" {
			t.Errorf("%s %s: %s", c.id, c.property, d)
		}
		if got := unknownAt(r, "/properties/"+c.property) || unknownAt(r, c.unknown); got != (c.unknown != "") {
			t.Errorf("%s %s: unknown %v in %v", c.id, c.property, got, r.Unknowns)
		}
	}
}
