package live

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"merlon.dev/merlon"
)

func s3Fake() *fake {
	f := &fake{}
	answer(f, s3ListBuckets, func(Place, *s3.ListBucketsInput) (*s3.ListBucketsOutput, error) {
		return &s3.ListBucketsOutput{Buckets: []types.Bucket{
			{Name: aws.String("logs"), BucketRegion: aws.String("eu-west-1"), CreationDate: &fakeNow},
			{Name: aws.String("elsewhere"), BucketRegion: aws.String("ap-south-1")}}}, nil
	})
	answer(f, s3controlGetPublicAccessBlock, func(Place, *s3control.GetPublicAccessBlockInput) (*s3control.GetPublicAccessBlockOutput, error) {
		return nil, apiError("NoSuchPublicAccessBlockConfiguration")
	})
	answer(f, s3GetBucketEncryption, func(Place, *s3.GetBucketEncryptionInput) (*s3.GetBucketEncryptionOutput, error) {
		return &s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{
			{BucketKeyEnabled: aws.Bool(true), ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: "aws:kms", KMSMasterKeyID: aws.String("k")}}}}}, nil
	})
	answer(f, s3GetBucketPolicy, func(Place, *s3.GetBucketPolicyInput) (*s3.GetBucketPolicyOutput, error) {
		return &s3.GetBucketPolicyOutput{Policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"<&>"}]}`)}, nil
	})
	return f
}

func TestS3(t *testing.T) {
	c := collect(t, s3Fake(), s3Service())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %v", c.gaps)
	}
	b := c.one(t, bucketType, "logs")
	if got := at(b, "region"); got != "eu-west-1" {
		t.Errorf("region %v", got)
	}
	rule := at(b, "properties", "BucketEncryption", "ServerSideEncryptionConfiguration", 0).(map[string]any)
	if rule["BucketKeyEnabled"] != true || at(rule, "ServerSideEncryptionByDefault", "SSEAlgorithm") != "aws:kms" {
		t.Errorf("encryption %v", rule)
	}
	if p := c.one(t, bucketPolicyType, "logs"); at(p, "properties", "PolicyDocument", "Statement", 0, "Resource") != "<&>" {
		t.Errorf("policy %v", p)
	}
	reads := 0
	for _, call := range c.calls {
		if call == "s3:GetBucketPolicy" {
			reads++
		}
	}
	if reads != 1 {
		t.Errorf("GetBucketPolicy was called %d times for one bucket in scope", reads)
	}
}

func TestS3Gaps(t *testing.T) {
	f := s3Fake()
	answer(f, s3GetBucketEncryption, func(Place, *s3.GetBucketEncryptionInput) (*s3.GetBucketEncryptionOutput, error) {
		return nil, apiError("AccessDenied")
	})
	answer(f, s3GetBucketPolicy, func(Place, *s3.GetBucketPolicyInput) (*s3.GetBucketPolicyOutput, error) {
		return nil, apiError("AccessDenied")
	})
	answer(f, s3GetPublicAccessBlock, func(Place, *s3.GetPublicAccessBlockInput) (*s3.GetPublicAccessBlockOutput, error) {
		return nil, apiError("NoSuchPublicAccessBlockConfiguration")
	})
	c := collect(t, f, s3Service())
	b := c.one(t, bucketType, "logs")
	unknowns := b["unknowns"].(map[string]any)
	if unknowns["/properties/BucketEncryption"] == nil {
		t.Errorf("denied encryption must be unknown: %v", unknowns)
	}
	if unknowns["/properties/PublicAccessBlockConfiguration"] != nil {
		t.Errorf("an absent block is known to be absent: %v", unknowns)
	}
	if len(c.gaps) != 2 {
		t.Fatalf("gaps: %+v", c.gaps)
	}
	for _, g := range c.gaps {
		if g.Cause != merlon.CauseDenied || g.Resource != "arn:aws:s3:::logs" || len(g.Actions) != 1 || !strings.Contains(g.Statement, g.Actions[0]) {
			t.Errorf("gap %+v", g)
		}
	}
}
