package inventory

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCloudFormationTypes(t *testing.T) {
	tests := []struct {
		typ, path, want string // want: kind, "!" required, "-" read-only
	}{
		{"AWS::S3::Bucket", "properties.BucketName", "string"},
		{"AWS::S3::Bucket", "properties.Arn", "string-"},
		{"AWS::S3::Bucket", "properties.Tags.Key", "string!"},
		{"AWS::S3::Bucket", "properties.BucketEncryption.ServerSideEncryptionConfiguration.ServerSideEncryptionByDefault.SSEAlgorithm", "string!"},
		{"AWS::S3::BucketPolicy", "properties.Bucket", "string!"},
		// A policy is text or an object: anything, and so is what lies within.
		{"AWS::IAM::Role", "properties.AssumeRolePolicyDocument", "json!"},
		{"AWS::IAM::Role", "properties.AssumeRolePolicyDocument.Statement.Effect", "json!"},
		{"AWS::EC2::SecurityGroup", "properties.SecurityGroupIngress.FromPort", "integer"},
		// A structure is preferred to the json beside it.
		{"AWS::DynamoDB::Table", "properties.KeySchema", "list!"},
		{"AWS::DynamoDB::Table", "properties.KeySchema.AttributeName", "string!"},
		// Attributes with a dot are parts of an object.
		{"AWS::RDS::DBInstance", "properties.Endpoint.Address", "string"},
		{"AWS::Config::ConfigRule", "properties.Compliance.Type", "string"},
		{"AWS::EC2::TransitGatewayPeeringAttachment", "properties.Status.Code", "string"},
		{"AWS::SecurityHub::Hub", "properties.Tags.anything", "string"},
		// A definition that contains itself.
		{"AWS::WAFv2::WebACL", "properties.Rules.Statement.AndStatement.Statements.NotStatement.Statement.GeoMatchStatement.CountryCodes", "list"},
	}
	for _, tt := range tests {
		p, ok := builtInType(t, tt.typ).Lookup(tt.path)
		if !ok {
			t.Errorf("%s has no %s", tt.typ, tt.path)
			continue
		}
		got := p.Kind.String()
		if p.Required {
			got += "!"
		}
		if p.ReadOnly {
			got += "-"
		}
		if got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.typ, tt.path, got, tt.want)
		}
	}
	for _, path := range []string{"properties.No", "BucketName", "", "properties.BucketName.X", "tags", "properties."} {
		if _, ok := builtInType(t, "AWS::S3::Bucket").Lookup(path); ok {
			t.Errorf("a bucket has %q", path)
		}
	}

	bucket := builtInType(t, "AWS::S3::Bucket")
	if bucket.TagProperty != "Tags" || bucket.ARN != "arn:${Partition}:s3:::${BucketName}" || !slices.Equal(bucket.ID, []string{"BucketName"}) ||
		!slices.Equal(bucket.Ref, bucket.ID) || bucket.Own() {
		t.Errorf("bucket: %q, %q, %q, %q, own %v", bucket.TagProperty, bucket.ARN, bucket.ID, bucket.Ref, bucket.Own())
	}
	eip := builtInType(t, "AWS::EC2::EIP")
	if !slices.Equal(eip.ID, []string{"PublicIp", "AllocationId"}) || !slices.Equal(eip.Ref, []string{"PublicIp"}) {
		t.Errorf("address: id %q, Ref %q", eip.ID, eip.Ref)
	}

	// The recursive definition is one object wherever it is met.
	acl := builtInType(t, "AWS::WAFv2::WebACL")
	outer, _ := acl.Lookup("properties.Rules.Statement")
	inner, _ := acl.Lookup("properties.Rules.Statement.NotStatement.Statement")
	if outer.ObjectName() != inner.ObjectName() || outer.ObjectName() != "AWS::WAFv2::WebACL.Statement" {
		t.Errorf("objects %q and %q", outer.ObjectName(), inner.ObjectName())
	}
}

func TestDecodeTypeErrors(t *testing.T) {
	for _, expr := range []string{"", "!", "x", "ss", "[", "{[", "s-", "!-!s", "jj"} {
		if typ, err := decodeType("AWS::A::B", "Name "+expr+"\n"); err == nil {
			p, _ := typ.Properties.Field("Name")
			t.Errorf("%q was read as %s", expr, p.Kind)
		}
	}
	right := pack("=AWS::A::B\nName s\n", "AWS::A::B")
	for name, data := range map[string][]byte{
		"empty":             nil,
		"not gzip":          []byte("types"),
		"index cut":         right[:20],
		"size is no number": zip("v\nxx AWS::A::B\n"),
		"size too large":    zip("v\n999 AWS::A::B\n"),
		"negative size":     zip("v\n-1 AWS::A::B\n"),
		"empty line":        zip("v\n\n"),
	} {
		if _, err := openArchive(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, data := range map[string][]byte{
		"member cut":        pack("=AWS::A::B\nName s\n", "AWS::A::B")[:len(right)-10],
		"type not there":    pack("=AWS::A::B\nName s\n", "AWS::A::C"),
		"member is no gzip": append(zip("v\n3 AWS::A::B\n"), "abc"...),
	} {
		a, err := openArchive(data)
		if err != nil {
			if name == "member cut" {
				continue
			}
			t.Fatalf("%s: %v", name, err)
		}
		for typ := range a.member {
			if _, err := a.decode(typ); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	}
}

func TestLeads(t *testing.T) {
	tests := []struct {
		match, value string
		want         bool
	}{
		{"", "anything", true},
		{"igw-*", "igw-1", true},
		{"igw-*", "local", false},
		{"igw-*", "xigw-1", false},
		{"vol-ffffffff", "vol-ffffffff", true},
		{"vol-ffffffff", "vol-ffffffff0", false},
		{"!vol-ffffffff", "vol-ffffffff", false},
		{"!vol-ffffffff", "vol-1", true},
		{"*alias/*", "arn:aws:kms:eu-west-1:111122223333:alias/a", true},
		{"*alias/*", "alias/a", true},
		{"!*alias/*", "alias/a", false},
		{"!*alias/*", "1234", true},
		{"a*b*c", "abc", true},
		{"a*b*c", "axbxc", true},
		{"a*b*c", "acb", false},
		{"ab*ba", "aba", false},
	}
	for _, tt := range tests {
		r := Relation{Match: tt.match}
		if got := r.Leads(tt.value); got != tt.want {
			t.Errorf("%q leads %q: %v", tt.match, tt.value, got)
		}
	}
}

// credentialReport is the header of IAM's credential report.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html (read 2026-11-24)
const credentialReport = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active," +
	"access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service," +
	"access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service," +
	"cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated,additional_credentials_info"

func TestCredentialReportColumns(t *testing.T) {
	entry := builtInType(t, "Merlon::IAM::CredentialReportEntry")
	for column := range strings.SplitSeq(credentialReport, ",") {
		name := ""
		for word := range strings.SplitSeq(column, "_") {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
		want := String
		switch {
		case strings.HasSuffix(column, "_active"), strings.HasSuffix(column, "_enabled"):
			want = Boolean
		case strings.HasSuffix(column, "_time"), strings.HasSuffix(column, "_date"), strings.HasSuffix(column, "_rotated"),
			strings.HasSuffix(column, "_rotation"), strings.HasSuffix(column, "_used"), strings.HasSuffix(column, "_changed"):
			want = Timestamp
		}
		if p, ok := entry.Properties.Field(name); !ok || p.Kind != want {
			t.Errorf("column %s: %s is %v, want %s", column, name, p, want)
		}
	}
}

func TestKindString(t *testing.T) {
	got := []string{PropertyKind(0).String(), String.String(), JSON.String(), Object.String(), PropertyKind(10).String()}
	if d := cmp.Diff([]string{"kind 0", "string", "json", "object", "kind 10"}, got); d != "" {
		t.Error(d)
	}
}
