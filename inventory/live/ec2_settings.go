package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const (
	regionSettingsType = "Merlon::EC2::RegionSettings"
	snapshotBlockType  = "AWS::EC2::SnapshotBlockPublicAccess"
	vpcBlockType       = "AWS::EC2::VPCBlockPublicAccessOptions"
	vpcExclusionType   = "AWS::EC2::VPCBlockPublicAccessExclusion"
)

var (
	ec2GetEbsEncryptionByDefault = operation(ec2.NewFromConfig, (*ec2.Client).GetEbsEncryptionByDefault, Declaration{
		Per: regionSettingsType, Fills: []string{"properties.EbsEncryptionByDefault"}})
	ec2GetEbsDefaultKmsKeyId = operation(ec2.NewFromConfig, (*ec2.Client).GetEbsDefaultKmsKeyId, Declaration{
		Per: regionSettingsType, Fills: []string{"properties.EbsDefaultKmsKeyId"}, Optional: true})
	ec2GetSnapshotBlockPublicAccessState = operation(ec2.NewFromConfig, (*ec2.Client).GetSnapshotBlockPublicAccessState, Declaration{
		Per: regionSettingsType, Fills: []string{"properties.SnapshotBlockPublicAccessState"}, Types: []string{snapshotBlockType}})
	ec2GetImageBlockPublicAccessState = operation(ec2.NewFromConfig, (*ec2.Client).GetImageBlockPublicAccessState, Declaration{
		Per: regionSettingsType, Fills: []string{"properties.ImageBlockPublicAccessState"}})
	ec2GetSerialConsoleAccessStatus = operation(ec2.NewFromConfig, (*ec2.Client).GetSerialConsoleAccessStatus, Declaration{
		Per: regionSettingsType, Fills: []string{"properties.SerialConsoleAccessEnabled"}})
	ec2GetInstanceMetadataDefaults = operation(ec2.NewFromConfig, (*ec2.Client).GetInstanceMetadataDefaults, Declaration{
		Per: regionSettingsType, Fills: []string{"properties.InstanceMetadataDefaults"}})
	ec2DescribeVpcBlockPublicAccessOptions = operation(ec2.NewFromConfig, (*ec2.Client).DescribeVpcBlockPublicAccessOptions, Declaration{
		Types: []string{vpcBlockType, vpcExclusionType}})
	ec2DescribeVpcBlockPublicAccessExclusions = operation(ec2.NewFromConfig, (*ec2.Client).DescribeVpcBlockPublicAccessExclusions, Declaration{
		Types: []string{vpcExclusionType}, Optional: true})
)

func ec2SettingsOperations() []*Operation {
	return []*Operation{ec2GetEbsEncryptionByDefault.Operation, ec2GetEbsDefaultKmsKeyId.Operation, ec2GetSnapshotBlockPublicAccessState.Operation,
		ec2GetImageBlockPublicAccessState.Operation, ec2GetSerialConsoleAccessStatus.Operation, ec2GetInstanceMetadataDefaults.Operation,
		ec2DescribeVpcBlockPublicAccessOptions.Operation, ec2DescribeVpcBlockPublicAccessExclusions.Operation}
}

// settings reads what EC2 sets for the whole region. Allowed images
// (GetAllowedImagesSettings) are left out: no rule of the frameworks asks for them.
func (r *ec2Region) settings(ctx context.Context) error {
	region, account := string(r.Region), string(r.Account)
	d := r.Draft(regionSettingsType, region, "", region)
	d.Set("Region", region)
	steps := []func(context.Context) error{
		func(ctx context.Context) error {
			encrypts := false
			err := ec2GetEbsEncryptionByDefault.Get(ctx, r.Scope, d, &ec2.GetEbsEncryptionByDefaultInput{}, func(out *ec2.GetEbsEncryptionByDefaultOutput) error {
				encrypts = aws.ToBool(out.EbsEncryptionByDefault)
				d.Set("EbsEncryptionByDefault", encrypts)
				return nil
			})
			if err != nil || !encrypts {
				return err
			}
			return ec2GetEbsDefaultKmsKeyId.Get(ctx, r.Scope, d, &ec2.GetEbsDefaultKmsKeyIdInput{}, func(out *ec2.GetEbsDefaultKmsKeyIdOutput) error {
				d.Set("EbsDefaultKmsKeyId", out.KmsKeyId)
				return nil
			})
		},
		func(ctx context.Context) error {
			return ec2GetSnapshotBlockPublicAccessState.Get(ctx, r.Scope, d, &ec2.GetSnapshotBlockPublicAccessStateInput{}, func(out *ec2.GetSnapshotBlockPublicAccessStateOutput) error {
				d.Set("SnapshotBlockPublicAccessState", out.State)
				b := r.Draft(snapshotBlockType, account, "", "").From(ec2GetSnapshotBlockPublicAccessState.Operation, r.Scope)
				b.Set("AccountId", account)
				b.Set("State", out.State)
				b.Observe("ManagedBy", out.ManagedBy)
				return r.Put(ctx, b)
			})
		},
		func(ctx context.Context) error {
			return ec2GetImageBlockPublicAccessState.Get(ctx, r.Scope, d, &ec2.GetImageBlockPublicAccessStateInput{}, func(out *ec2.GetImageBlockPublicAccessStateOutput) error {
				d.Set("ImageBlockPublicAccessState", out.ImageBlockPublicAccessState)
				return nil
			})
		},
		func(ctx context.Context) error {
			return ec2GetSerialConsoleAccessStatus.Get(ctx, r.Scope, d, &ec2.GetSerialConsoleAccessStatusInput{}, func(out *ec2.GetSerialConsoleAccessStatusOutput) error {
				d.Set("SerialConsoleAccessEnabled", aws.ToBool(out.SerialConsoleAccessEnabled))
				return nil
			})
		},
		func(ctx context.Context) error {
			return ec2GetInstanceMetadataDefaults.Get(ctx, r.Scope, d, &ec2.GetInstanceMetadataDefaultsInput{}, func(out *ec2.GetInstanceMetadataDefaultsOutput) error {
				d.Fit("InstanceMetadataDefaults", out.AccountLevel)
				return nil
			})
		},
		r.blockPublicAccess,
	}
	if err := r.all(ctx, steps...); err != nil {
		return err
	}
	return r.Put(ctx, d)
}

// blockPublicAccess reads VPC Block Public Access; exclusions mean something
// only where it is on.
func (r *ec2Region) blockPublicAccess(ctx context.Context) error {
	on := false
	whole, err := ec2DescribeVpcBlockPublicAccessOptions.ListAll(ctx, r.Scope, &ec2.DescribeVpcBlockPublicAccessOptionsInput{}, func(out *ec2.DescribeVpcBlockPublicAccessOptionsOutput) error {
		o := out.VpcBlockPublicAccessOptions
		if o == nil {
			return nil
		}
		on = o.InternetGatewayBlockMode != types.InternetGatewayBlockModeOff
		d := r.Draft(vpcBlockType, string(r.Account), "", "").From(ec2DescribeVpcBlockPublicAccessOptions.Operation, r.Scope)
		d.Set("AccountId", string(r.Account))
		d.Fold(o, Folding{Drop: []string{"AwsAccountId", "AwsRegion"}})
		return r.Put(ctx, d)
	})
	// Where it is not known whether the block is on, what is excluded tells nothing:
	// the Gap is over both.
	if err != nil || !whole || !on {
		return err
	}
	in := &ec2.DescribeVpcBlockPublicAccessExclusionsInput{MaxResults: pageOf1000}
	return ec2DescribeVpcBlockPublicAccessExclusions.List(ctx, r.Scope, in, func(out *ec2.DescribeVpcBlockPublicAccessExclusionsOutput) error {
		for _, x := range out.VpcBlockPublicAccessExclusions {
			id := aws.ToString(x.ExclusionId)
			d := r.Draft(vpcExclusionType, id, r.arn(nil, "vpc-block-public-access-exclusion/"+id), "").From(ec2DescribeVpcBlockPublicAccessExclusions.Operation, r.Scope)
			d.Fold(x, Folding{})
			// The excluded VPC or subnet is named by its ARN alone.
			switch what := lastPart(aws.ToString(x.ResourceArn)); {
			case len(what) > 4 && what[:4] == "vpc-":
				d.Set("VpcId", what)
			default:
				d.Set("SubnetId", what)
			}
			if err := r.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
