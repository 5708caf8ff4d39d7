package live

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"
)

const pointARN = "arn:aws:s3:eu-west-1:111122223333:accesspoint/door"

func accessPointFake() *fake {
	f := &fake{}
	answer(f, s3controlGetPublicAccessBlock, func(Place, *s3control.GetPublicAccessBlockInput) (*s3control.GetPublicAccessBlockOutput, error) {
		return nil, apiError("NoSuchPublicAccessBlockConfiguration")
	})
	block := &types.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(false), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(false)}
	answer(f, s3controlListAccessPoints, func(p Place, _ *s3control.ListAccessPointsInput) (*s3control.ListAccessPointsOutput, error) {
		if p.Region != "eu-west-1" {
			return &s3control.ListAccessPointsOutput{}, nil
		}
		return &s3control.ListAccessPointsOutput{AccessPointList: []types.AccessPoint{
			{Name: aws.String("door"), Bucket: aws.String("b"), AccessPointArn: aws.String(pointARN), NetworkOrigin: types.NetworkOriginInternet, Alias: aws.String("door-s3alias")},
			{Name: aws.String("inner"), Bucket: aws.String("b"), AccessPointArn: aws.String(pointARN + "2"), NetworkOrigin: types.NetworkOriginVpc, VpcConfiguration: &types.VpcConfiguration{VpcId: aws.String("vpc-1")}}}}, nil
	})
	answer(f, s3controlGetAccessPoint, func(Place, *s3control.GetAccessPointInput) (*s3control.GetAccessPointOutput, error) {
		return &s3control.GetAccessPointOutput{PublicAccessBlockConfiguration: block, CreationDate: &fakeNow}, nil
	})
	answer(f, s3controlGetAccessPointPolicy, func(_ Place, in *s3control.GetAccessPointPolicyInput) (*s3control.GetAccessPointPolicyOutput, error) {
		if *in.Name == "inner" {
			return nil, apiError("NoSuchAccessPointPolicy")
		}
		return &s3control.GetAccessPointPolicyOutput{Policy: aws.String(`{"Statement":[{"Effect":"Allow"}]}`)}, nil
	})
	answer(f, s3controlGetAccessPointPolicyStatus, func(Place, *s3control.GetAccessPointPolicyStatusInput) (*s3control.GetAccessPointPolicyStatusOutput, error) {
		return &s3control.GetAccessPointPolicyStatusOutput{PolicyStatus: &types.PolicyStatus{IsPublic: true}}, nil
	})
	answer(f, s3controlListMultiRegion, func(p Place, _ *s3control.ListMultiRegionAccessPointsInput) (*s3control.ListMultiRegionAccessPointsOutput, error) {
		if p.Region != "us-west-2" {
			return nil, apiError("PermanentRedirect")
		}
		return &s3control.ListMultiRegionAccessPointsOutput{AccessPoints: []types.MultiRegionAccessPointReport{{Name: aws.String("many"), Alias: aws.String("m1.mrap"), PublicAccessBlock: block, Status: types.MultiRegionAccessPointStatusReady,
			Regions: []types.RegionReport{{Bucket: aws.String("b"), BucketAccountId: aws.String("111122223333"), Region: aws.String("eu-west-1")}}}}}, nil
	})
	answer(f, s3controlGetMultiRegionPolicy, func(p Place, _ *s3control.GetMultiRegionAccessPointPolicyInput) (*s3control.GetMultiRegionAccessPointPolicyOutput, error) {
		if p.Region != "us-west-2" {
			return nil, apiError("PermanentRedirect")
		}
		return &s3control.GetMultiRegionAccessPointPolicyOutput{Policy: &types.MultiRegionAccessPointPolicyDocument{Established: &types.EstablishedMultiRegionAccessPointPolicy{Policy: aws.String(`{"Statement":[]}`)}}}, nil
	})
	answer(f, s3controlGetMultiRegionPolicyStatus, func(Place, *s3control.GetMultiRegionAccessPointPolicyStatusInput) (*s3control.GetMultiRegionAccessPointPolicyStatusOutput, error) {
		return &s3control.GetMultiRegionAccessPointPolicyStatusOutput{Established: &types.PolicyStatus{IsPublic: false}}, nil
	})
	return f
}

func TestS3AccessPoints(t *testing.T) {
	c := collect(t, accessPointFake(), s3AccessPointService(), s3Service())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	block := map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": false, "IgnorePublicAcls": true, "RestrictPublicBuckets": false}
	d := c.one(t, accessPointType, "door")
	want := map[string]any{"Name": "door", "Arn": pointARN, "Bucket": "b", "NetworkOrigin": "Internet", "Alias": "door-s3alias", "PublicAccessBlockConfiguration": block,
		"Policy": map[string]any{"Statement": []any{map[string]any{"Effect": "Allow"}}}}
	if diff := cmp.Diff(want, d["properties"]); diff != "" {
		t.Error(diff)
	}
	if at(d, "observed", "PolicyStatus", "IsPublic") != true {
		t.Errorf("observed %v", d["observed"])
	}
	inner := c.one(t, accessPointType, "inner")
	if at(inner, "properties", "Policy") != nil || at(inner, "unknowns", "/properties/Policy") != nil || at(inner, "properties", "VpcConfiguration", "VpcId") != "vpc-1" {
		t.Errorf("without a policy: %v", inner)
	}
	m := c.one(t, multiRegionType, "many")
	if diff := cmp.Diff(block, at(m, "properties", "PublicAccessBlockConfiguration")); diff != "" || m["region"] != "us-east-1" || m["arn"] != "arn:aws:s3::111122223333:accesspoint/m1.mrap" {
		t.Errorf("%v: %s", m, diff)
	}
	if at(m, "observed", "PolicyStatus", "IsPublic") != false {
		t.Errorf("observed %v", m["observed"])
	}
	if got := c.related(t, multiRegionType, "many", "policy"); len(got) != 1 {
		t.Errorf("policy %v", got)
	}
}

func TestS3AccessPointGaps(t *testing.T) {
	f := accessPointFake()
	answer(f, s3controlGetAccessPoint, func(Place, *s3control.GetAccessPointInput) (*s3control.GetAccessPointOutput, error) {
		return nil, apiError("AccessDenied")
	})
	answer(f, s3controlGetAccessPointPolicy, func(Place, *s3control.GetAccessPointPolicyInput) (*s3control.GetAccessPointPolicyOutput, error) {
		return nil, apiError("AccessDenied")
	})
	answer(f, s3controlGetMultiRegionPolicy, func(Place, *s3control.GetMultiRegionAccessPointPolicyInput) (*s3control.GetMultiRegionAccessPointPolicyOutput, error) {
		return nil, apiError("AccessDenied")
	})
	c := collect(t, f, s3AccessPointService(), s3Service())
	d := c.one(t, accessPointType, "door")
	if at(d, "unknowns", "/properties/PublicAccessBlockConfiguration") == nil || at(d, "unknowns", "/properties/Policy") == nil || at(d, "observed", "PolicyStatus", "IsPublic") != true {
		t.Errorf("access point %v", d)
	}
	if len(c.gaps) != 5 {
		t.Errorf("gaps %v", c.gaps)
	}
	if !slices.Contains(c.calls, "s3control:GetMultiRegionAccessPointPolicyStatus") {
		t.Error("what S3 thinks of a policy that may not be read is asked for")
	}
	if c := collect(t, &fake{}, s3AccessPointService()); len(c.calls) != 2 {
		t.Errorf("a region without access points costs one call: %v", c.calls)
	}
}
