package live

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"
	"github.com/aws/aws-sdk-go-v2/service/efs/types"
)

const (
	fileSystemType     = "AWS::EFS::FileSystem"
	mountTargetType    = "AWS::EFS::MountTarget"
	efsAccessPointType = "AWS::EFS::AccessPoint"
)

var (
	efsDescribeFileSystems = operation(efs.NewFromConfig, (*efs.Client).DescribeFileSystems, Declaration{
		Types: []string{fileSystemType}})
	efsDescribeFileSystemPolicy = operation(efs.NewFromConfig, (*efs.Client).DescribeFileSystemPolicy, Declaration{
		Per: fileSystemType, Key: []string{"FileSystemId"}, Fills: []string{"properties.FileSystemPolicy"},
		Absent: []string{"PolicyNotFound"},
		Source: "https://docs.aws.amazon.com/efs/latest/ug/API_DescribeFileSystemPolicy.html (read 2026-11-24)"})
	efsDescribeBackupPolicy = operation(efs.NewFromConfig, (*efs.Client).DescribeBackupPolicy, Declaration{
		Per: fileSystemType, Key: []string{"FileSystemId"}, Fills: []string{"properties.BackupPolicy"},
		Absent: []string{"PolicyNotFound"},
		Source: "https://docs.aws.amazon.com/efs/latest/ug/API_DescribeBackupPolicy.html (read 2026-11-24)"})
	efsDescribeReplicationConfigurations = operation(efs.NewFromConfig, (*efs.Client).DescribeReplicationConfigurations, Declaration{Optional: true,
		Per: fileSystemType, Shared: true, Fills: []string{"properties.ReplicationConfiguration"},
		Absent: []string{"ReplicationNotFound"},
		Source: "https://docs.aws.amazon.com/efs/latest/ug/API_DescribeReplicationConfigurations.html (read 2026-11-24)"})
	efsDescribeMountTargets = operation(efs.NewFromConfig, (*efs.Client).DescribeMountTargets, Declaration{
		Per: fileSystemType, Key: []string{"FileSystemId"}, Types: []string{mountTargetType}})
	efsDescribeMountTargetSecurityGroups = operation(efs.NewFromConfig, (*efs.Client).DescribeMountTargetSecurityGroups, Declaration{
		Per: mountTargetType, Key: []string{"MountTargetId"}, Fills: []string{"properties.SecurityGroups"}})
	efsDescribeAccessPoints = operation(efs.NewFromConfig, (*efs.Client).DescribeAccessPoints, Declaration{
		Types: []string{efsAccessPointType}, Optional: true})
)

// efsService reads file systems: three calls each, one for each of their mount
// targets, and two a region that has some.
func efsService() *Service {
	return &Service{
		Name: "efs", Title: "EFS",
		Operations: []*Operation{efsDescribeFileSystems.Operation, efsDescribeFileSystemPolicy.Operation, efsDescribeBackupPolicy.Operation,
			efsDescribeReplicationConfigurations.Operation, efsDescribeMountTargets.Operation, efsDescribeMountTargetSecurityGroups.Operation,
			efsDescribeAccessPoints.Operation},
		Collect: collectEFS,
	}
}

func collectEFS(ctx context.Context, s *Scope) error {
	var drafts []*Draft
	var mu sync.Mutex
	whole, err := efsDescribeFileSystems.ListAll(ctx, s, &efs.DescribeFileSystemsInput{MaxItems: aws.Int32(100)}, func(out *efs.DescribeFileSystemsOutput) error {
		return each(ctx, s, out.FileSystems, func(ctx context.Context, f types.FileSystemDescription) error {
			d, err := s.fileSystem(ctx, f)
			mu.Lock()
			defer mu.Unlock()
			drafts = append(drafts, d)
			return err
		})
	})
	if err != nil || whole && len(drafts) == 0 {
		return err
	}
	if len(drafts) > 0 {
		if err := s.efsReplication(ctx, drafts); err != nil {
			return err
		}
	}
	for _, d := range drafts {
		if err := s.Put(ctx, d); err != nil {
			return err
		}
	}
	return s.efsAccessPoints(ctx)
}

// fileSystem reads one file system, all but its replication, and writes its mount targets.
func (s *Scope) fileSystem(ctx context.Context, f types.FileSystemDescription) (*Draft, error) {
	id := aws.ToString(f.FileSystemId)
	d := s.Draft(fileSystemType, id, aws.ToString(f.FileSystemArn), aws.ToString(f.Name)).From(efsDescribeFileSystems.Operation, s)
	d.Set("Arn", f.FileSystemArn)
	d.Set("Encrypted", aws.ToBool(f.Encrypted))
	if z := f.SizeInBytes; z != nil {
		z.Timestamp = nil // when it was measured, each hour
	}
	d.Fold(f, Folding{Drop: []string{"FileSystemArn", "Encrypted", "CreationToken"}})
	d.UnknownBecause("properties.LifecyclePolicies", "not read: it takes a call for each file system")
	err := efsDescribeFileSystemPolicy.Get(ctx, s, d, &efs.DescribeFileSystemPolicyInput{FileSystemId: &id}, func(out *efs.DescribeFileSystemPolicyOutput) error {
		d.SetDocument("FileSystemPolicy", out.Policy)
		return nil
	})
	if err != nil {
		return d, err
	}
	err = efsDescribeBackupPolicy.Get(ctx, s, d, &efs.DescribeBackupPolicyInput{FileSystemId: &id}, func(out *efs.DescribeBackupPolicyOutput) error {
		d.Fit("BackupPolicy", out.BackupPolicy)
		return nil
	})
	if err != nil || f.NumberOfMountTargets == 0 {
		return d, err
	}
	return d, efsDescribeMountTargets.Pages(ctx, s, d, &efs.DescribeMountTargetsInput{FileSystemId: &id, MaxItems: aws.Int32(100)}, func(out *efs.DescribeMountTargetsOutput) error {
		return each(ctx, s, out.MountTargets, s.mountTarget)
	})
}

func (s *Scope) mountTarget(ctx context.Context, m types.MountTargetDescription) error {
	id := aws.ToString(m.MountTargetId)
	d := s.Draft(mountTargetType, id, "", id).From(efsDescribeMountTargets.Operation, s)
	d.Set("Id", id)
	d.Fold(m, Folding{Drop: []string{"MountTargetId"}})
	err := efsDescribeMountTargetSecurityGroups.Get(ctx, s, d, &efs.DescribeMountTargetSecurityGroupsInput{MountTargetId: &id}, func(out *efs.DescribeMountTargetSecurityGroupsOutput) error {
		d.Set("SecurityGroups", out.SecurityGroups)
		return nil
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}

func (s *Scope) efsReplication(ctx context.Context, drafts []*Draft) error {
	byID := map[string]*Draft{}
	for _, d := range drafts {
		byID[d.ID] = d
	}
	in := &efs.DescribeReplicationConfigurationsInput{MaxResults: aws.Int32(100)}
	return efsDescribeReplicationConfigurations.Batch(ctx, s, drafts, in, func(out *efs.DescribeReplicationConfigurationsOutput) error {
		for _, r := range out.Replications {
			if d := byID[aws.ToString(r.SourceFileSystemId)]; d != nil {
				d.Fit("ReplicationConfiguration.Destinations", r.Destinations)
			}
		}
		return nil
	})
}

func (s *Scope) efsAccessPoints(ctx context.Context) error {
	return efsDescribeAccessPoints.List(ctx, s, &efs.DescribeAccessPointsInput{MaxResults: aws.Int32(100)}, func(out *efs.DescribeAccessPointsOutput) error {
		for _, p := range out.AccessPoints {
			d := s.Draft(efsAccessPointType, aws.ToString(p.AccessPointId), aws.ToString(p.AccessPointArn), aws.ToString(p.Name)).From(efsDescribeAccessPoints.Operation, s)
			d.Set("Arn", p.AccessPointArn)
			d.Fold(p, Folding{Drop: []string{"AccessPointArn"}})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
