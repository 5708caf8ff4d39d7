package live

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const (
	volumeType   = "AWS::EC2::Volume"
	snapshotType = "Merlon::EC2::Snapshot"
	imageType    = "Merlon::EC2::Image"
)

var (
	ec2DescribeVolumes = operation(ec2.NewFromConfig, (*ec2.Client).DescribeVolumes, Declaration{
		Types: []string{volumeType}})
	ec2DescribeSnapshots = operation(ec2.NewFromConfig, (*ec2.Client).DescribeSnapshots, Declaration{
		Types: []string{snapshotType}})
	// The same call, asking which of them everyone may restore.
	ec2DescribePublicSnapshots = operation(ec2.NewFromConfig, (*ec2.Client).DescribeSnapshots, Declaration{
		Per: snapshotType, Fills: []string{"properties.Public"}, Key: []string{"RestorableByUserIds"}, Optional: true})
	ec2DescribeImages = operation(ec2.NewFromConfig, (*ec2.Client).DescribeImages, Declaration{
		Types: []string{imageType}})
	// The same call for the images of others that instances run.
	ec2DescribeUsedImages = operation(ec2.NewFromConfig, (*ec2.Client).DescribeImages, Declaration{
		Per: instanceType, Types: []string{imageType}, Optional: true})
)

func volumeOperations() []*Operation {
	return []*Operation{ec2DescribeVolumes.Operation, ec2DescribeSnapshots.Operation, ec2DescribePublicSnapshots.Operation,
		ec2DescribeImages.Operation, ec2DescribeUsedImages.Operation}
}

// sharesNotRead says why a part of a resource is unknown although nothing failed.
const sharesNotRead = "Merlon does not ask with which accounts each one is shared: that is a call for every snapshot and image"

func (r *ec2Region) volumes(ctx context.Context) error {
	in := &ec2.DescribeVolumesInput{MaxResults: pageOf500, IncludeManagedResources: aws.Bool(true)}
	return ec2DescribeVolumes.List(ctx, r.Scope, in, func(out *ec2.DescribeVolumesOutput) error {
		for _, v := range out.Volumes {
			id := aws.ToString(v.VolumeId)
			d := r.Draft(volumeType, id, r.arn(v.OwnerId, "volume/"+id), "").From(ec2DescribeVolumes.Operation, r.Scope)
			d.Fold(v, Folding{Drop: []string{"VolumeArn"}})
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// snapshots reads the account's own. One more call, made when there are some,
// tells which are public; sharing with single accounts would be a call each.
func (r *ec2Region) snapshots(ctx context.Context) error {
	var (
		asked  bool
		public = map[string]bool{}
		answer *Draft // holds what became of the question
	)
	in := &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, MaxResults: pageOf1000}
	return ec2DescribeSnapshots.List(ctx, r.Scope, in, func(out *ec2.DescribeSnapshotsOutput) error {
		if len(out.Snapshots) == 0 {
			return nil
		}
		if !asked {
			asked = true
			answer = r.Draft(snapshotType, "public", "", "")
			which := &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, RestorableByUserIds: []string{"all"}, MaxResults: pageOf1000}
			err := ec2DescribePublicSnapshots.Batch(ctx, r.Scope, []*Draft{answer}, which, func(out *ec2.DescribeSnapshotsOutput) error {
				for _, sn := range out.Snapshots {
					public[aws.ToString(sn.SnapshotId)] = true
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		for _, sn := range out.Snapshots {
			if err := r.snapshot(ctx, sn, public[aws.ToString(sn.SnapshotId)], answer); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *ec2Region) snapshot(ctx context.Context, sn types.Snapshot, public bool, answer *Draft) error {
	id := aws.ToString(sn.SnapshotId)
	d := r.Draft(snapshotType, id, "arn:"+string(r.Partition)+":ec2:"+string(r.Region)+"::snapshot/"+id, "").From(ec2DescribeSnapshots.Operation, r.Scope)
	d.Fold(sn, Folding{})
	if d.follow(answer) {
		d.Set("Public", public)
	}
	d.UnknownBecause("properties.CreateVolumePermissions", sharesNotRead)
	return r.Put(ctx, d)
}

// ownImages reads the images that the account owns; DescribeImages says itself
// which are public.
func (r *ec2Region) ownImages(ctx context.Context) error {
	in := &ec2.DescribeImagesInput{Owners: []string{"self"}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true), MaxResults: pageOf1000}
	return ec2DescribeImages.List(ctx, r.Scope, in, func(out *ec2.DescribeImagesOutput) error {
		for _, i := range out.Images {
			if err := r.image(ctx, i, ec2DescribeImages.Operation); err != nil {
				return err
			}
		}
		return nil
	})
}

// usedImages reads the images of others that instances run, for their age and
// owner. One that is no longer offered is not in the answer.
func (r *ec2Region) usedImages(ctx context.Context) error {
	ids := make([]string, 0, len(r.images))
	for id := range r.images {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	// A filter takes 200 values:
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html (read 2026-11-24)
	for chunk := range slices.Chunk(ids, 200) {
		in := &ec2.DescribeImagesInput{IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true), MaxResults: pageOf1000,
			Filters: []types.Filter{{Name: aws.String("image-id"), Values: chunk}}}
		err := ec2DescribeUsedImages.Batch(ctx, r.Scope, nil, in, func(out *ec2.DescribeImagesOutput) error {
			for _, i := range out.Images {
				if aws.ToString(i.OwnerId) == string(r.Account) {
					continue
				}
				if err := r.image(ctx, i, ec2DescribeUsedImages.Operation); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *ec2Region) image(ctx context.Context, i types.Image, from *Operation) error {
	id := aws.ToString(i.ImageId)
	d := r.Draft(imageType, id, "arn:"+string(r.Partition)+":ec2:"+string(r.Region)+"::image/"+id, aws.ToString(i.Name)).From(from, r.Scope)
	d.Fold(i, Folding{})
	d.UnknownBecause("properties.LaunchPermissions", sharesNotRead)
	return r.Put(ctx, d)
}
