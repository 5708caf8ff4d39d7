package live

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/google/go-cmp/cmp"

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

// TestS3Ownership: where access control lists are disabled the one that AWS would
// answer is known without asking.
func TestS3Ownership(t *testing.T) {
	for _, x := range []struct {
		name      string
		ownership types.ObjectOwnership
		owner     *types.Owner
		asked     int
	}{
		{"disabled", types.ObjectOwnershipBucketOwnerEnforced, &types.Owner{ID: aws.String("me")}, 0},
		{"disabled, by an unknown owner", types.ObjectOwnershipBucketOwnerEnforced, nil, 1},
		{"enabled", types.ObjectOwnershipBucketOwnerPreferred, &types.Owner{ID: aws.String("me")}, 1},
		{"of before the setting", "", &types.Owner{ID: aws.String("me")}, 1},
	} {
		t.Run(x.name, func(t *testing.T) {
			f := s3Fake()
			answer(f, s3ListBuckets, func(Place, *s3.ListBucketsInput) (*s3.ListBucketsOutput, error) {
				return &s3.ListBucketsOutput{Owner: x.owner, Buckets: []types.Bucket{{Name: aws.String("logs"), BucketRegion: aws.String("eu-west-1")}}}, nil
			})
			answer(f, s3GetBucketOwnershipControls, func(Place, *s3.GetBucketOwnershipControlsInput) (*s3.GetBucketOwnershipControlsOutput, error) {
				if x.ownership == "" {
					return nil, apiError("OwnershipControlsNotFoundError")
				}
				return &s3.GetBucketOwnershipControlsOutput{OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: x.ownership}}}}, nil
			})
			answer(f, s3GetBucketAcl, func(Place, *s3.GetBucketAclInput) (*s3.GetBucketAclOutput, error) {
				return &s3.GetBucketAclOutput{Owner: &types.Owner{ID: aws.String("me")}, Grants: []types.Grant{{Grantee: &types.Grantee{ID: aws.String("me"), Type: types.TypeCanonicalUser}, Permission: types.PermissionFullControl}}}, nil
			})
			c := collect(t, f, s3Service())
			want := map[string]any{"Owner": map[string]any{"ID": "me"}, "Grants": []any{map[string]any{"Grantee": map[string]any{"ID": "me", "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}}}
			if diff := cmp.Diff(any(want), at(c.one(t, bucketType, "logs"), "observed", "Acl")); diff != "" {
				t.Errorf("ACL (-want +got):\n%s", diff)
			}
			if n := count(c.calls, "s3:GetBucketAcl"); n != x.asked {
				t.Errorf("GetBucketAcl was called %d times, want %d", n, x.asked)
			}
		})
	}
	f := s3Fake()
	answer(f, s3GetBucketOwnershipControls, func(Place, *s3.GetBucketOwnershipControlsInput) (*s3.GetBucketOwnershipControlsOutput, error) {
		return nil, apiError("AccessDenied")
	})
	if c := collect(t, f, s3Service()); count(c.calls, "s3:GetBucketAcl") != 1 {
		t.Error("an ownership that could not be read tells nothing of the ACL")
	}
}

// TestS3Regions: buckets that are listed without their regions.
func TestS3Regions(t *testing.T) {
	home := map[string]types.BucketLocationConstraint{"a": "eu-west-1", "b": "eu-west-1", "c": "", "d": "ap-south-1"}
	for _, x := range []struct {
		name             string
		heeds, deny      bool
		lists, locations int
	}{
		{"one list for each region", true, false, 3, 1},
		{"a server that does not heed the region", false, false, 3, 4},
		{"denied", true, true, 2, 4},
	} {
		t.Run(x.name, func(t *testing.T) {
			f := s3Fake()
			answer(f, s3ListBuckets, func(p Place, in *s3.ListBucketsInput) (*s3.ListBucketsOutput, error) {
				out := &s3.ListBucketsOutput{}
				if in.BucketRegion != nil && x.deny {
					return nil, apiError("AccessDenied")
				}
				if in.BucketRegion != nil && *in.BucketRegion != string(p.Region) {
					t.Errorf("buckets in %s were asked for in %s", *in.BucketRegion, p.Region)
				}
				for _, name := range []string{"a", "b", "c", "d"} {
					if in.BucketRegion == nil || !x.heeds || string(locationRegion(home[name])) == *in.BucketRegion {
						out.Buckets = append(out.Buckets, types.Bucket{Name: &name})
					}
				}
				return out, nil
			})
			answer(f, s3GetBucketLocation, func(_ Place, in *s3.GetBucketLocationInput) (*s3.GetBucketLocationOutput, error) {
				return &s3.GetBucketLocationOutput{LocationConstraint: home[*in.Bucket]}, nil
			})
			c := collect(t, f, s3Service())
			if len(c.gaps) != 0 {
				t.Errorf("gaps: %v", c.gaps)
			}
			for name, want := range map[string]string{"a": "eu-west-1", "b": "eu-west-1", "c": "us-east-1"} {
				if got := at(c.one(t, bucketType, name), "region"); got != want {
					t.Errorf("%s is in %v, want %s", name, got, want)
				}
			}
			if n := count(c.calls, "s3:ListBuckets"); n != x.lists {
				t.Errorf("%d lists, want %d", n, x.lists)
			}
			if n := count(c.calls, "s3:GetBucketLocation"); n != x.locations {
				t.Errorf("%d locations, want %d", n, x.locations)
			}
		})
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
