package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/redshift/types"
)

const (
	redshiftClusterType     = "AWS::Redshift::Cluster"
	redshiftGroupType       = "AWS::Redshift::ClusterParameterGroup"
	redshiftSubnetGroupType = "AWS::Redshift::ClusterSubnetGroup"
	redshiftSnapshotType    = "Merlon::Redshift::ClusterSnapshot"
)

var (
	redshiftDescribeClusters = operation(redshift.NewFromConfig, (*redshift.Client).DescribeClusters, Declaration{
		Types: []string{redshiftClusterType}})
	redshiftDescribeLoggingStatus = operation(redshift.NewFromConfig, (*redshift.Client).DescribeLoggingStatus, Declaration{
		Per: redshiftClusterType, Key: []string{"ClusterIdentifier"}, Fills: []string{"properties.LoggingProperties", "observed.LoggingEnabled",
			"observed.LastLogFailureTime", "observed.LastLogDeliveryTime"}})
	redshiftDescribeClusterParameterGroups = operation(redshift.NewFromConfig, (*redshift.Client).DescribeClusterParameterGroups, Declaration{
		Types: []string{redshiftGroupType}, Optional: true})
	redshiftDescribeClusterParameters = operation(redshift.NewFromConfig, (*redshift.Client).DescribeClusterParameters, Declaration{
		Per: redshiftGroupType, Key: []string{"ParameterGroupName"}, Fills: []string{"properties.Parameters", "observed.Parameters"}})
	redshiftDescribeClusterSubnetGroups = operation(redshift.NewFromConfig, (*redshift.Client).DescribeClusterSubnetGroups, Declaration{
		Types: []string{redshiftSubnetGroupType}, Optional: true})
	redshiftDescribeClusterSnapshots = operation(redshift.NewFromConfig, (*redshift.Client).DescribeClusterSnapshots, Declaration{
		Types: []string{redshiftSnapshotType}})
)

var redshiftPage = aws.Int32(100)

// redshiftService reads clusters, their snapshots and what they are set up with:
// two calls a region, two more where there are clusters, one for each cluster and
// for each parameter group in use.
func redshiftService() *Service {
	return &Service{
		Name: "redshift", Title: "Redshift",
		Operations: []*Operation{redshiftDescribeClusters.Operation, redshiftDescribeLoggingStatus.Operation,
			redshiftDescribeClusterParameterGroups.Operation, redshiftDescribeClusterParameters.Operation,
			redshiftDescribeClusterSubnetGroups.Operation, redshiftDescribeClusterSnapshots.Operation},
		Collect: collectRedshift,
	}
}

func collectRedshift(ctx context.Context, s *Scope) error {
	used := map[string]bool{}
	some := false
	whole, err := redshiftDescribeClusters.ListAll(ctx, s, &redshift.DescribeClustersInput{MaxRecords: redshiftPage}, func(out *redshift.DescribeClustersOutput) error {
		for _, c := range out.Clusters {
			some = true
			for _, g := range c.ClusterParameterGroups {
				used[aws.ToString(g.ParameterGroupName)] = true
			}
		}
		return each(ctx, s, out.Clusters, s.redshiftCluster)
	})
	if err != nil {
		return err
	}
	if err := s.redshiftSnapshots(ctx); err != nil {
		return err
	}
	if whole && !some {
		return nil
	}
	if err := s.redshiftGroups(ctx, used); err != nil {
		return err
	}
	return s.redshiftSubnetGroups(ctx)
}

func (s *Scope) redshiftARN(kind, id string) string {
	return "arn:" + string(s.Partition) + ":redshift:" + string(s.Region) + ":" + string(s.Account) + ":" + kind + ":" + id
}

func (s *Scope) redshiftCluster(ctx context.Context, c types.Cluster) error {
	id := aws.ToString(c.ClusterIdentifier)
	d := s.Draft(redshiftClusterType, id, s.redshiftARN("cluster", id), id).From(redshiftDescribeClusters.Operation, s)
	if p := c.PendingModifiedValues; p != nil {
		p.MasterUserPassword = nil
	}
	if len(c.ClusterParameterGroups) > 0 {
		d.Set("ClusterParameterGroupName", c.ClusterParameterGroups[0].ParameterGroupName)
	}
	var groups, roles []string
	for _, g := range c.VpcSecurityGroups {
		groups = append(groups, aws.ToString(g.VpcSecurityGroupId))
	}
	for _, r := range c.IamRoles {
		roles = append(roles, aws.ToString(r.IamRoleArn))
	}
	d.Set("VpcSecurityGroupIds", groups)
	d.Set("IamRoles", roles)
	kind := "single-node"
	if aws.ToInt32(c.NumberOfNodes) > 1 {
		kind = "multi-node"
	}
	d.Set("ClusterType", kind)
	d.Set("MultiAZ", strings.EqualFold(aws.ToString(c.MultiAZ), "enabled"))
	d.Set("ManageMasterPassword", c.MasterPasswordSecretArn != nil)
	if e := c.Endpoint; e != nil {
		d.Set("Endpoint.Address", e.Address)
		d.Fit("Endpoint.Port", e.Port)
		d.Fit("Port", e.Port)
	}
	if e := c.ElasticIpStatus; e != nil {
		d.Set("ElasticIp", e.ElasticIp)
	}
	if y := c.ClusterSnapshotCopyStatus; y != nil {
		d.Set("DestinationRegion", y.DestinationRegion)
		d.Set("SnapshotCopyGrantName", y.SnapshotCopyGrantName)
		d.Fit("SnapshotCopyRetentionPeriod", y.RetentionPeriod)
	}
	if h := c.HsmStatus; h != nil {
		d.Set("HsmClientCertificateIdentifier", h.HsmClientCertificateIdentifier)
		d.Set("HsmConfigurationIdentifier", h.HsmConfigurationIdentifier)
	}
	d.Fold(c, Folding{Drop: []string{"ClusterParameterGroups", "VpcSecurityGroups", "IamRoles", "MultiAZ", "Endpoint", "ElasticIpStatus",
		"ClusterSnapshotCopyStatus", "HsmStatus", "ClusterSecurityGroups", "DataTransferProgress", "ResizeInfo", "NextMaintenanceWindowStartTime",
		"ExpectedNextSnapshotScheduleTime"}})
	err := redshiftDescribeLoggingStatus.Get(ctx, s, d, &redshift.DescribeLoggingStatusInput{ClusterIdentifier: &id}, func(out *redshift.DescribeLoggingStatusOutput) error {
		d.Observe("LoggingEnabled", aws.ToBool(out.LoggingEnabled))
		d.Observe("LastLogFailureTime", out.LastFailureTime)
		d.Observe("LastLogDeliveryTime", out.LastSuccessfulDeliveryTime)
		if aws.ToBool(out.LoggingEnabled) {
			d.Set("LoggingProperties.BucketName", out.BucketName)
			d.Set("LoggingProperties.S3KeyPrefix", out.S3KeyPrefix)
			d.Set("LoggingProperties.LogDestinationType", out.LogDestinationType)
			d.Set("LoggingProperties.LogExports", out.LogExports)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}

func (s *Scope) redshiftGroups(ctx context.Context, used map[string]bool) error {
	return redshiftDescribeClusterParameterGroups.List(ctx, s, &redshift.DescribeClusterParameterGroupsInput{MaxRecords: redshiftPage}, func(out *redshift.DescribeClusterParameterGroupsOutput) error {
		return each(ctx, s, out.ParameterGroups, func(ctx context.Context, g types.ClusterParameterGroup) error {
			name := aws.ToString(g.ParameterGroupName)
			d := s.Draft(redshiftGroupType, name, s.redshiftARN("parametergroup", name), name).From(redshiftDescribeClusterParameterGroups.Operation, s)
			d.Fold(g, Folding{})
			if !used[name] {
				d.UnknownBecause("properties.Parameters", groupNotUsed)
				d.UnknownBecause("observed.Parameters", groupNotUsed)
				return s.Put(ctx, d)
			}
			changed, inForce := []any{}, map[string]any{}
			err := redshiftDescribeClusterParameters.Pages(ctx, s, d, &redshift.DescribeClusterParametersInput{ParameterGroupName: &name, MaxRecords: redshiftPage}, func(out *redshift.DescribeClusterParametersOutput) error {
				for _, p := range out.Parameters {
					if p.ParameterName == nil || p.ParameterValue == nil {
						continue
					}
					inForce[*p.ParameterName] = *p.ParameterValue
					if aws.ToString(p.Source) == "user" {
						changed = append(changed, map[string]any{"ParameterName": *p.ParameterName, "ParameterValue": *p.ParameterValue})
					}
				}
				d.setPlain("Parameters", changed)
				d.Observe("Parameters", inForce)
				return nil
			})
			if err != nil {
				return err
			}
			return s.Put(ctx, d)
		})
	})
}

func (s *Scope) redshiftSubnetGroups(ctx context.Context) error {
	return redshiftDescribeClusterSubnetGroups.List(ctx, s, &redshift.DescribeClusterSubnetGroupsInput{MaxRecords: redshiftPage}, func(out *redshift.DescribeClusterSubnetGroupsOutput) error {
		for _, g := range out.ClusterSubnetGroups {
			name := aws.ToString(g.ClusterSubnetGroupName)
			d := s.Draft(redshiftSubnetGroupType, name, s.redshiftARN("subnetgroup", name), name).From(redshiftDescribeClusterSubnetGroups.Operation, s)
			var subnets []string
			for _, n := range g.Subnets {
				subnets = append(subnets, aws.ToString(n.SubnetIdentifier))
			}
			d.Set("SubnetIds", subnets)
			d.Fold(g, Folding{Drop: []string{"Subnets"}})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Scope) redshiftSnapshots(ctx context.Context) error {
	return redshiftDescribeClusterSnapshots.List(ctx, s, &redshift.DescribeClusterSnapshotsInput{MaxRecords: redshiftPage}, func(out *redshift.DescribeClusterSnapshotsOutput) error {
		for _, n := range out.Snapshots {
			// A snapshot that another account shares with this one is listed too.
			if owner := aws.ToString(n.OwnerAccount); owner != "" && owner != string(s.Account) {
				continue
			}
			id, cluster := aws.ToString(n.SnapshotIdentifier), aws.ToString(n.ClusterIdentifier)
			arn := aws.ToString(n.SnapshotArn)
			if arn == "" {
				arn = s.redshiftARN("snapshot", cluster+"/"+id)
			}
			d := s.Draft(redshiftSnapshotType, cluster+"|"+id, arn, id).From(redshiftDescribeClusterSnapshots.Operation, s)
			accounts := []any{}
			for _, a := range n.AccountsWithRestoreAccess {
				accounts = append(accounts, aws.ToString(a.AccountId))
			}
			d.setPlain("RestoreAccounts", accounts)
			d.Fold(n, Folding{Drop: []string{"AccountsWithRestoreAccess", "SnapshotArn", "BackupProgressInMegaBytes",
				"CurrentBackupRateInMegaBytesPerSecond", "ElapsedTimeInSeconds", "EstimatedSecondsToCompletion", "ManualSnapshotRemainingDays"}})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
