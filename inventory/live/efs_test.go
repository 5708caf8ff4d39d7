package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"
)

func efsFake() *fake {
	f := &fake{}
	answer(f, efsDescribeFileSystems, func(p Place, _ *efs.DescribeFileSystemsInput) (*efs.DescribeFileSystemsOutput, error) {
		if p.Region != "eu-west-1" {
			return &efs.DescribeFileSystemsOutput{}, nil
		}
		return &efs.DescribeFileSystemsOutput{FileSystems: []types.FileSystemDescription{
			{FileSystemId: aws.String("fs-1"), FileSystemArn: aws.String("arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1"), Name: aws.String("home"),
				Encrypted: aws.Bool(true), KmsKeyId: aws.String("k"), NumberOfMountTargets: 1, SizeInBytes: &types.FileSystemSize{Value: 6144},
				FileSystemProtection: &types.FileSystemProtectionDescription{ReplicationOverwriteProtection: types.ReplicationOverwriteProtectionEnabled},
				Tags:                 []types.Tag{{Key: aws.String("Name"), Value: aws.String("home")}}},
			{FileSystemId: aws.String("fs-2"), FileSystemArn: aws.String("arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-2")}}}, nil
	})
	answer(f, efsDescribeFileSystemPolicy, func(_ Place, in *efs.DescribeFileSystemPolicyInput) (*efs.DescribeFileSystemPolicyOutput, error) {
		if *in.FileSystemId != "fs-1" {
			return nil, &types.PolicyNotFound{}
		}
		return &efs.DescribeFileSystemPolicyOutput{Policy: aws.String(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"elasticfilesystem:ClientMount"}]}`)}, nil
	})
	answer(f, efsDescribeBackupPolicy, func(_ Place, in *efs.DescribeBackupPolicyInput) (*efs.DescribeBackupPolicyOutput, error) {
		if *in.FileSystemId != "fs-1" {
			return nil, &types.PolicyNotFound{}
		}
		return &efs.DescribeBackupPolicyOutput{BackupPolicy: &types.BackupPolicy{Status: types.StatusEnabled}}, nil
	})
	answer(f, efsDescribeReplicationConfigurations, func(Place, *efs.DescribeReplicationConfigurationsInput) (*efs.DescribeReplicationConfigurationsOutput, error) {
		return &efs.DescribeReplicationConfigurationsOutput{Replications: []types.ReplicationConfigurationDescription{
			{SourceFileSystemId: aws.String("fs-1"), Destinations: []types.Destination{{Region: aws.String("eu-central-1"), Status: types.ReplicationStatusEnabled}}}}}, nil
	})
	answer(f, efsDescribeMountTargets, func(_ Place, in *efs.DescribeMountTargetsInput) (*efs.DescribeMountTargetsOutput, error) {
		return &efs.DescribeMountTargetsOutput{MountTargets: []types.MountTargetDescription{
			{MountTargetId: aws.String("fsmt-1"), FileSystemId: in.FileSystemId, SubnetId: aws.String("subnet-1"), NetworkInterfaceId: aws.String("eni-1"), VpcId: aws.String("vpc-1")}}}, nil
	})
	answer(f, efsDescribeMountTargetSecurityGroups, func(Place, *efs.DescribeMountTargetSecurityGroupsInput) (*efs.DescribeMountTargetSecurityGroupsOutput, error) {
		return &efs.DescribeMountTargetSecurityGroupsOutput{SecurityGroups: []string{"sg-1"}}, nil
	})
	answer(f, efsDescribeAccessPoints, func(Place, *efs.DescribeAccessPointsInput) (*efs.DescribeAccessPointsOutput, error) {
		return &efs.DescribeAccessPointsOutput{AccessPoints: []types.AccessPointDescription{{AccessPointId: aws.String("fsap-1"), FileSystemId: aws.String("fs-1"),
			RootDirectory: &types.RootDirectory{Path: aws.String("/")}, PosixUser: &types.PosixUser{Uid: aws.Int64(0), Gid: aws.Int64(0)}}}}, nil
	})
	return f
}

func TestEFS(t *testing.T) {
	c := collect(t, efsFake(), efsService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	d := c.one(t, fileSystemType, "fs-1")
	p := d["properties"].(map[string]any)
	if p["Encrypted"] != true || at(p, "BackupPolicy", "Status") != "ENABLED" || at(p, "FileSystemPolicy", "Statement", 0, "Principal", "AWS") != "*" ||
		at(p, "ReplicationConfiguration", "Destinations", 0, "Region") != "eu-central-1" || at(p, "FileSystemProtection", "ReplicationOverwriteProtection") != "ENABLED" {
		t.Errorf("properties %v", p)
	}
	if d["name"] != "home" || at(d, "tags", "Name") != "home" || at(d, "observed", "SizeInBytes", "Value") != 6144.0 {
		t.Errorf("file system %v", d)
	}
	q := c.one(t, fileSystemType, "fs-2")["properties"].(map[string]any)
	if q["Encrypted"] != false || q["BackupPolicy"] != nil || q["FileSystemPolicy"] != nil || q["ReplicationConfiguration"] != nil {
		t.Errorf("a file system with nothing set: %v", q)
	}
	if m := c.one(t, mountTargetType, "fsmt-1"); at(m, "properties", "SecurityGroups", 0) != "sg-1" || at(m, "observed", "NetworkInterfaceId") != "eni-1" {
		t.Errorf("mount target %v", m)
	}
	if a := c.one(t, efsAccessPointType, "fsap-1"); at(a, "properties", "RootDirectory", "Path") != "/" || at(a, "properties", "PosixUser", "Uid") != "0" {
		t.Errorf("access point %v", a)
	}
	// One for the empty region; list, replication, access points, two each, one for
	// the mount targets of one and one for the target's groups.
	if len(c.calls) != 1+3+2*2+1+1 {
		t.Errorf("%d calls: %v", len(c.calls), c.calls)
	}
}

func TestEFSGaps(t *testing.T) {
	f := efsFake()
	denied := apiError("AccessDeniedException")
	answer(f, efsDescribeFileSystemPolicy, func(Place, *efs.DescribeFileSystemPolicyInput) (*efs.DescribeFileSystemPolicyOutput, error) {
		return nil, denied
	})
	answer(f, efsDescribeBackupPolicy, func(Place, *efs.DescribeBackupPolicyInput) (*efs.DescribeBackupPolicyOutput, error) {
		return nil, denied
	})
	answer(f, efsDescribeReplicationConfigurations, func(Place, *efs.DescribeReplicationConfigurationsInput) (*efs.DescribeReplicationConfigurationsOutput, error) {
		return nil, denied
	})
	answer(f, efsDescribeMountTargetSecurityGroups, func(Place, *efs.DescribeMountTargetSecurityGroupsInput) (*efs.DescribeMountTargetSecurityGroupsOutput, error) {
		return nil, denied
	})
	c := collect(t, f, efsService())
	d := c.one(t, fileSystemType, "fs-2")
	for _, path := range []string{"/properties/FileSystemPolicy", "/properties/BackupPolicy", "/properties/ReplicationConfiguration"} {
		if at(d, "unknowns", path) == nil {
			t.Errorf("%s must be unknown: %v", path, d["unknowns"])
		}
	}
	if m := c.one(t, mountTargetType, "fsmt-1"); at(m, "unknowns", "/properties/SecurityGroups") == nil {
		t.Errorf("mount target %v", m["unknowns"])
	}
}
