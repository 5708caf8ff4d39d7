package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"merlon.dev/merlon"
)

const (
	accessPointType       = "AWS::S3::AccessPoint"
	multiRegionType       = "AWS::S3::MultiRegionAccessPoint"
	multiRegionPolicyType = "AWS::S3::MultiRegionAccessPointPolicy"
)

var (
	s3controlListAccessPoints = operation(newS3Control, (*s3control.Client).ListAccessPoints, Declaration{
		Types: []string{accessPointType}, Key: []string{"AccountId"}})
	s3controlGetAccessPoint = operation(newS3Control, (*s3control.Client).GetAccessPoint, Declaration{
		Per: accessPointType, Key: []string{"AccountId", "Name"}, Fills: []string{"properties.PublicAccessBlockConfiguration", "observed.CreationDate"}})
	s3controlGetAccessPointPolicy = operation(newS3Control, (*s3control.Client).GetAccessPointPolicy, Declaration{
		Per: accessPointType, Key: []string{"AccountId", "Name"}, Fills: []string{"properties.Policy"},
		Absent: []string{"NoSuchAccessPointPolicy"}, Source: s3Errors})
	s3controlGetAccessPointPolicyStatus = operation(newS3Control, (*s3control.Client).GetAccessPointPolicyStatus, Declaration{
		Per: accessPointType, Key: []string{"AccountId", "Name"}, Fills: []string{"observed.PolicyStatus"}, Optional: true,
		Absent: []string{"NoSuchAccessPointPolicy"}, Source: s3Errors})

	s3controlListMultiRegion = operation(newS3Control, (*s3control.Client).ListMultiRegionAccessPoints, Declaration{
		Types: []string{multiRegionType}, Key: []string{"AccountId"}})
	s3controlGetMultiRegionPolicy = operation(newS3Control, (*s3control.Client).GetMultiRegionAccessPointPolicy, Declaration{
		Per: multiRegionType, Types: []string{multiRegionPolicyType}, Key: []string{"AccountId", "Name"}})
	s3controlGetMultiRegionPolicyStatus = operation(newS3Control, (*s3control.Client).GetMultiRegionAccessPointPolicyStatus, Declaration{
		Per: multiRegionType, Fills: []string{"observed.PolicyStatus"}, Key: []string{"AccountId", "Name"}, Optional: true})
)

// s3AccessPointService reads the access points of a region: other doors to a
// bucket, each with a policy of its own. Those of several regions are the s3
// service's. Access points of FSx file systems are in another list.
func s3AccessPointService() *Service {
	return &Service{
		Name: "s3accesspoints", Title: "S3 access points",
		Operations: []*Operation{s3controlListAccessPoints.Operation, s3controlGetAccessPoint.Operation, s3controlGetAccessPointPolicy.Operation,
			s3controlGetAccessPointPolicyStatus.Operation},
		Collect: collectS3AccessPoints,
	}
}

func collectS3AccessPoints(ctx context.Context, s *Scope) error {
	account := string(s.Account)
	return s3controlListAccessPoints.List(ctx, s, &s3control.ListAccessPointsInput{AccountId: &account, MaxResults: 1000}, func(out *s3control.ListAccessPointsOutput) error {
		return each(ctx, s, out.AccessPointList, s.accessPoint)
	})
}

func (s *Scope) accessPoint(ctx context.Context, p types.AccessPoint) error {
	account, name, arn := string(s.Account), aws.ToString(p.Name), aws.ToString(p.AccessPointArn)
	d := s.Draft(accessPointType, name, arn, name).From(s3controlListAccessPoints.Operation, s)
	d.Fold(p, Folding{Rename: map[string]string{"AccessPointArn": "Arn"}})
	d.UnknownBecause("tags", tagsApart)
	err := s3controlGetAccessPoint.Get(ctx, s, d, &s3control.GetAccessPointInput{AccountId: &account, Name: &name}, func(out *s3control.GetAccessPointOutput) error {
		d.Fit("PublicAccessBlockConfiguration", out.PublicAccessBlockConfiguration)
		d.Observe("CreationDate", out.CreationDate)
		return nil
	})
	if err != nil {
		return err
	}
	asked := false
	err = s3controlGetAccessPointPolicy.Get(ctx, s, d, &s3control.GetAccessPointPolicyInput{AccountId: &account, Name: &name}, func(out *s3control.GetAccessPointPolicyOutput) error {
		asked = aws.ToString(out.Policy) != ""
		d.SetDocument("Policy", out.Policy)
		return nil
	})
	if err != nil {
		return err
	}
	// Where the policy may not be read, what S3 thinks of it is worth the more.
	if asked || d.isUnknown("properties.Policy") {
		err = s3controlGetAccessPointPolicyStatus.Get(ctx, s, d, &s3control.GetAccessPointPolicyStatusInput{AccountId: &account, Name: &name}, func(out *s3control.GetAccessPointPolicyStatusOutput) error {
			d.Observe("PolicyStatus", out.PolicyStatus)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return s.Put(ctx, d)
}

// multiRegionHome is where all calls about access points of several regions go:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_ListMultiRegionAccessPoints.html (read 2026-11-24).
const multiRegionHome merlon.Region = "us-west-2"

// multiRegionAccessPoints reads those of the account. Only the commercial
// partition has them:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiRegionAccessPointRestrictions.html (read 2026-11-24).
func (s *Scope) multiRegionAccessPoints(ctx context.Context) error {
	if s.Partition != "aws" {
		return nil
	}
	account := string(s.Account)
	in := &s3control.ListMultiRegionAccessPointsInput{AccountId: &account, MaxResults: 100}
	return s3controlListMultiRegion.ListIn(ctx, s, multiRegionHome, in, func(out *s3control.ListMultiRegionAccessPointsOutput) error {
		return each(ctx, s, out.AccessPoints, s.multiRegionAccessPoint)
	})
}

func (s *Scope) multiRegionAccessPoint(ctx context.Context, p types.MultiRegionAccessPointReport) error {
	account, name := string(s.Account), aws.ToString(p.Name)
	d := s.Draft(multiRegionType, name, "arn:"+string(s.Partition)+":s3::"+account+":accesspoint/"+aws.ToString(p.Alias), name).From(s3controlListMultiRegion.Operation, s)
	d.Region = multiRegionHome // while it is asked about
	d.Fold(p, Folding{Rename: map[string]string{"PublicAccessBlock": "PublicAccessBlockConfiguration"}})
	asked, failed := false, true
	err := s3controlGetMultiRegionPolicy.Get(ctx, s, d, &s3control.GetMultiRegionAccessPointPolicyInput{AccountId: &account, Name: &name}, func(out *s3control.GetMultiRegionAccessPointPolicyOutput) error {
		failed = false
		if out.Policy == nil || out.Policy.Established == nil || aws.ToString(out.Policy.Established.Policy) == "" {
			return nil
		}
		asked = true
		x := s.Draft(multiRegionPolicyType, name, "", name).From(s3controlGetMultiRegionPolicy.Operation, s)
		x.Set("MrapName", name)
		x.SetDocument("Policy", out.Policy.Established.Policy)
		return s.Put(ctx, x)
	})
	if err != nil {
		return err
	}
	if asked || failed {
		err = s3controlGetMultiRegionPolicyStatus.Get(ctx, s, d, &s3control.GetMultiRegionAccessPointPolicyStatusInput{AccountId: &account, Name: &name}, func(out *s3control.GetMultiRegionAccessPointPolicyStatusOutput) error {
			d.Observe("PolicyStatus", out.Established)
			return nil
		})
		if err != nil {
			return err
		}
	}
	d.Region = s.Region
	return s.Put(ctx, d)
}
