package wire

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func service(t *testing.T, name string) *Service {
	t.Helper()
	c, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Service(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestEncode pins the bytes of each protocol.
func TestEncode(t *testing.T) {
	type named string
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	const head = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	tests := []struct {
		name, service, operation string
		out                      map[string]any
		want                     string
	}{
		{"ec2", "ec2", "DescribeVpcs", map[string]any{"Vpcs": []any{map[string]any{"VpcId": named("v\n<"), "IsDefault": true, "Tags": []any{}}}},
			head + `<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15"><requestId>id</requestId><vpcSet><item><isDefault>true</isDefault><tagSet></tagSet><vpcId>v&#xA;&lt;</vpcId></item></vpcSet></DescribeVpcsResponse>`},
		{"ec2 not modelled", "ec2", "DescribeNews", map[string]any{"NewThings": []any{map[string]any{"ThingId": 1}}},
			head + `<DescribeNewsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15"><requestId>id</requestId><newThings><item><thingId>1</thingId></item></newThings></DescribeNewsResponse>`},
		{"query map", "sns", "GetTopicAttributes", map[string]any{"Attributes": map[string]any{"b": 1, "a": true}},
			head + `<GetTopicAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><GetTopicAttributesResult><Attributes><entry><key>a</key><value>true</value></entry><entry><key>b</key><value>1</value></entry></Attributes></GetTopicAttributesResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetTopicAttributesResponse>`},
		{"query time and document", "iam", "GetRole", map[string]any{"Role": map[string]any{"CreateDate": at, "AssumeRolePolicyDocument": map[string]any{"a": "b c"}}},
			head + `<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><AssumeRolePolicyDocument>%7B%22a%22%3A%22b%20c%22%7D</AssumeRolePolicyDocument><CreateDate>2026-01-02T03:04:05.678Z</CreateDate></Role></GetRoleResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetRoleResponse>`},
		{"rest-xml flat list and attribute", "s3", "GetBucketAcl", map[string]any{"Grants": []any{map[string]any{"Grantee": map[string]any{"Type": "Group", "URI": "u"}}}},
			head + `<GetBucketAclOutput><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>u</URI></Grantee></Grant></AccessControlList></GetBucketAclOutput>`},
		{"rest-xml flat", "s3", "GetBucketLifecycleConfiguration", map[string]any{"Rules": []any{map[string]any{"ID": "1"}, map[string]any{"ID": "2"}}},
			head + `<GetBucketLifecycleConfigurationOutput><Rule><ID>1</ID></Rule><Rule><ID>2</ID></Rule></GetBucketLifecycleConfigurationOutput>`},
		{"rest-xml root", "s3", "GetBucketLocation", map[string]any{"LocationConstraint": "eu-west-1"},
			head + `<LocationConstraint>eu-west-1</LocationConstraint>`},
		{"rest-xml text", "s3", "GetBucketPolicy", map[string]any{"Policy": map[string]any{"Version": "2012-10-17"}}, `{"Version":"2012-10-17"}`},
		{"json", "kms", "GetPublicKey", map[string]any{"PublicKey": []byte("key"), "KeyId": "<k>", "KeyUsage": nil}, `{"KeyId":"<k>","PublicKey":"a2V5"}`},
		{"json time", "kms", "DescribeKey", map[string]any{"KeyMetadata": map[string]any{"CreationDate": "2026-01-02T03:04:05Z", "DeletionDate": 1.5, "KeyId": "k"}},
			`{"KeyMetadata":{"CreationDate":1767323045,"DeletionDate":1.5,"KeyId":"k"}}`},
		{"rest-json renames", "guardduty", "GetDetector", map[string]any{"Status": "ENABLED", "tags": map[string]string{"A": "b"}}, `{"status":"ENABLED","tags":{"A":"b"}}`},
		{"any case", "ecs", "DescribeClusters", map[string]any{"Clusters": []any{map[string]any{"ClusterArn": "a"}}}, `{"clusters":[{"clusterArn":"a"}]}`},
		{"iso time in json", "securityhub", "DescribeHub", map[string]any{"SubscribedAt": "2026"}, `{"SubscribedAt":"2026"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := service(t, test.service)
			res, err := s.Encode(s.Protocol, s.operation(test.operation), test.out, "id")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(res.Body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEncodeRefuses keeps slips in test data from passing as absence.
func TestEncodeRefuses(t *testing.T) {
	tests := []struct {
		service, operation string
		out                map[string]any
		want               string
	}{
		{"ec2", "DescribeVpcs", map[string]any{"Vpcs": []any{map[string]any{"VpcIdd": 1}}}, "at Vpcs[0]: no member VpcIdd"},
		{"ec2", "DescribeVpcs", map[string]any{"Vpcss": 1}, "at the output: no member Vpcss"},
		{"ec2", "DescribeVpcs", map[string]any{"Vpcs": []any{map[string]any{"IsDefault": "maybe"}}}, "at Vpcs[0].IsDefault"},
		{"ec2", "DescribeNews", map[string]any{"a b": 1}, "not a name in XML"},
		{"kms", "DescribeKey", map[string]any{"KeyMetadata": []any{}}, "at KeyMetadata: want an object"},
		{"kms", "ListKeys", map[string]any{"Keys": "none"}, "at Keys: want a list"},
		{"kms", "ListKeys", map[string]any{"Keys": make(chan int)}, "chan int"},
		{"s3", "GetBucketPolicy", map[string]any{"Polcy": "x"}, "no member Polcy"},
		{"cloudwatch", "DescribeAlarms", map[string]any{"MetricAlarms": []any{map[string]any{"Period": 1.5}}}, "at MetricAlarms[0].Period"},
		{"cloudwatch", "DescribeAlarms", map[string]any{"MetricAlarms": []any{map[string]any{"StateUpdatedTimestamp": "soon"}}}, "not a time"},
	}
	for _, test := range tests {
		s := service(t, test.service)
		_, err := s.Encode(s.Protocol, s.operation(test.operation), test.out, "id")
		if !errors.Is(err, ErrValue) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s:%s %v: error %v, want %q", test.service, test.operation, test.out, err, test.want)
		}
	}
}

// TestEmptyOfEverything encodes the empty output of each operation of each
// service, and checks what the table says of paging.
func TestEmptyOfEverything(t *testing.T) {
	c, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	names := c.Services()
	if len(names) < 59 {
		t.Errorf("only %d services", len(names))
	}
	paged := 0
	for _, name := range names {
		s := service(t, name)
		for _, op := range s.Operations {
			if _, err := s.Encode(s.Protocol, op, s.Empty(op), "id"); err != nil {
				t.Error(err)
			}
			if op.Page == nil {
				continue
			}
			paged++
			for _, path := range append([]string{op.Page.Out}, op.Page.Result...) {
				sh := s.Shape(op.Output)
				for part := range strings.SplitSeq(path, ".") {
					m := sh.Member(part)
					if m == nil {
						t.Fatalf("%s:%s: no %s", name, op.Name, path)
					}
					sh = s.Shape(m.Shape)
				}
				if want := sh.Kind == List; want == (path == op.Page.Out) {
					t.Errorf("%s:%s: %s is of kind %s", name, op.Name, path, sh.Kind)
				}
			}
			if s.Shape(op.Input).Member(op.Page.In) == nil {
				t.Errorf("%s:%s: no input %s", name, op.Name, op.Page.In)
			}
		}
	}
	if paged < 1200 {
		t.Errorf("only %d operations are paged", paged)
	}
}

func TestIsRead(t *testing.T) {
	for call, want := range map[string]bool{
		"ec2:DescribeVpcs": true, "ec2:RunInstances": false, "s3:HeadBucket": true, "sts:AssumeRole": true, "iam:GenerateCredentialReport": true,
		"ecr:BatchGetImage": true, "ecr:BatchDeleteImage": false, "sqs:ReceiveMessage": false, "iam:SimulatePrincipalPolicy": true, "kms:Decrypt": false,
		"ec2:IssueThing": false, "glue:GetTable": true, "x:Getaway": false, "x:Unheard": false, "iam:UpdateRole": false, "dynamodb:Query": true,
		"cloudformation:DetectStackDrift": false, "securityhub:BatchGetSecurityControls": true, "securityhub:BatchUpdateFindings": false,
	} {
		service, operation, _ := strings.Cut(call, ":")
		if got := IsRead(service, operation); got != want {
			t.Errorf("%s: %v", call, got)
		}
	}
}

func TestCBOR(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b := appendHead(nil, 5, 4)
	b = appendInt(appendText(b, "n"), -70000)
	b = appendFloat(appendText(b, "f"), 1.25)
	b = appendFloat(append(appendText(b, "t"), 0xc1), float64(at.Unix()))
	b = append(appendText(b, "l"), 0x9f, 0xf5, 0xf6, 0x42, 1, 2, 0xff)
	got, err := DecodeCBOR(b)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"n": int64(-70000), "f": 1.25, "t": at, "l": []any{true, nil, []byte{1, 2}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for in, want := range map[string]any{
		"\x18\x64": int64(100), "\x19\x03\xe8": int64(1000), "\x1b\x7f\xff\xff\xff\xff\xff\xff\xff": int64(math.MaxInt64), "\x38\x63": int64(-100),
		"\xf9\x3e\x00": 1.5, "\xf9\xc4\x00": -4.0, "\xf9\x00\x01": 5.960464477539063e-08, "\xfa\x47\xc3\x50\x00": 100000.0,
		"\x7f\x61a\x62bc\xff": "abc", "\xc1\x00": time.Unix(0, 0).UTC(), "\xa0": map[string]any{}, "\x80": []any{},
	} {
		if got, err := DecodeCBOR([]byte(in)); err != nil || !cmp.Equal(got, want) {
			t.Errorf("% x: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "\x18", "\x62a", "\x9a\xff\xff\xff\xff", "\xa1\x01\x01", "\xa1\x61a", "\x1c", "\x01\x01", "\xff", "\x7f\x01\xff", "\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
		strings.Repeat("\x81", 100) + "\x01"} {
		if v, err := DecodeCBOR([]byte(in)); err == nil {
			t.Errorf("% x: %v", in, v)
		}
	}
}
