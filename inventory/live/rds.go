package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// The API of RDS serves Neptune and DocumentDB too; CloudFormation has types of
// their own for them.
const (
	rdsInstanceType        = "AWS::RDS::DBInstance"
	rdsClusterType         = "AWS::RDS::DBCluster"
	neptuneInstanceType    = "AWS::Neptune::DBInstance"
	neptuneClusterType     = "AWS::Neptune::DBCluster"
	documentInstanceType   = "AWS::DocDB::DBInstance"
	documentClusterType    = "AWS::DocDB::DBCluster"
	rdsSnapshotType        = "Merlon::RDS::DBSnapshot"
	rdsClusterSnapshotType = "Merlon::RDS::DBClusterSnapshot"
)

var (
	rdsDescribeDBInstances = operation(rds.NewFromConfig, (*rds.Client).DescribeDBInstances, Declaration{
		Types: []string{rdsInstanceType, neptuneInstanceType, documentInstanceType}})
	rdsDescribeDBClusters = operation(rds.NewFromConfig, (*rds.Client).DescribeDBClusters, Declaration{
		Types: []string{rdsClusterType, neptuneClusterType, documentClusterType}})
)

// rdsPage is the largest page that RDS gives.
var rdsPage = aws.Int32(100)

// rdsService reads databases, their snapshots and what they are set up with. A
// region without databases and snapshots costs four calls: what is asked for
// beyond them matters to databases only.
func rdsService() *Service {
	return &Service{
		Name: "rds", Title: "RDS, Neptune and DocumentDB",
		Operations: []*Operation{rdsDescribeDBInstances.Operation, rdsDescribeDBClusters.Operation,
			rdsDescribeDBSnapshots.Operation, rdsDescribeDBSnapshotAttributes.Operation,
			rdsDescribeDBClusterSnapshots.Operation, rdsDescribeDBClusterSnapshotAttributes.Operation,
			rdsDescribeDBParameterGroups.Operation, rdsDescribeDBParameters.Operation,
			rdsDescribeDBClusterParameterGroups.Operation, rdsDescribeDBClusterParameters.Operation,
			rdsDescribeDBSubnetGroups.Operation, rdsDescribeEventSubscriptions.Operation, rdsDescribeDBProxies.Operation},
		Collect: collectRDS,
	}
}

func collectRDS(ctx context.Context, s *Scope) error {
	use := rdsUse{instanceGroups: map[string]bool{}, clusterGroups: map[string]bool{}}
	steps := []func(context.Context) error{
		func(ctx context.Context) error { return s.rdsInstances(ctx, &use) },
		func(ctx context.Context) error { return s.rdsClusters(ctx, &use) },
		s.rdsSnapshots,
		s.rdsClusterSnapshots,
	}
	if err := each(ctx, s, steps, func(ctx context.Context, step func(context.Context) error) error { return step(ctx) }); err != nil {
		return err
	}
	return s.rdsSettings(ctx, &use)
}

// rdsUse is what the databases of a region use. Its two halves are filled by two
// steps that run side by side.
type rdsUse struct {
	instances, clusters           bool // there are some, or their list could not be read
	instanceGroups, clusterGroups map[string]bool
}

func (s *Scope) rdsInstances(ctx context.Context, use *rdsUse) error {
	whole, err := rdsDescribeDBInstances.ListAll(ctx, s, &rds.DescribeDBInstancesInput{MaxRecords: rdsPage}, func(out *rds.DescribeDBInstancesOutput) error {
		for _, i := range out.DBInstances {
			use.instances = true
			for _, g := range i.DBParameterGroups {
				use.instanceGroups[aws.ToString(g.DBParameterGroupName)] = true
			}
			if err := s.Put(ctx, s.rdsInstance(i)); err != nil {
				return err
			}
		}
		return nil
	})
	use.instances = use.instances || !whole
	return err
}

// rdsEngineType picks the type by the engine's name, which begins with "neptune" or "docdb".
func rdsEngineType(engine *string, rdsType, neptuneType, documentType string) string {
	switch e := aws.ToString(engine); {
	case strings.HasPrefix(e, "neptune"):
		return neptuneType
	case strings.HasPrefix(e, "docdb"):
		return documentType
	}
	return rdsType
}

func (s *Scope) rdsInstance(i types.DBInstance) *Draft {
	id := aws.ToString(i.DBInstanceIdentifier)
	typ := rdsEngineType(i.Engine, rdsInstanceType, neptuneInstanceType, documentInstanceType)
	d := s.Draft(typ, id, aws.ToString(i.DBInstanceArn), id).From(rdsDescribeDBInstances.Operation, s)
	if p := i.PendingModifiedValues; p != nil {
		p.MasterUserPassword = nil
	}
	f := Folding{
		Rename: map[string]string{"IAMDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
			"EnabledCloudwatchLogsExports": "EnableCloudwatchLogsExports", "PerformanceInsightsEnabled": "EnablePerformanceInsights",
			"ReadReplicaSourceDBInstanceIdentifier": "SourceDBInstanceIdentifier", "ReadReplicaSourceDBClusterIdentifier": "SourceDBClusterIdentifier"},
		// LatestRestorableTime is a clock that moves every five minutes.
		Drop: []string{"DBInstanceArn", "DBParameterGroups", "DBSecurityGroups", "DBSubnetGroup", "VpcSecurityGroups", "DomainMemberships",
			"OptionGroupMemberships", "DbInstancePort", "LatestRestorableTime"},
	}
	// Fit keeps as a fact what the type has no property for.
	switch typ {
	case rdsInstanceType:
		d.Set("DBInstanceArn", i.DBInstanceArn)
		d.Set("ManageMasterUserPassword", i.MasterUserSecret != nil)
	case documentInstanceType:
		d.Set("Id", id)
	}
	if e := i.Endpoint; e != nil {
		d.Fit("Port", e.Port)
		if typ != rdsInstanceType {
			f.Drop = append(f.Drop, "Endpoint")
			d.Set("Endpoint", e.Address)
		}
	}
	if len(i.DBParameterGroups) > 0 {
		d.Fit("DBParameterGroupName", i.DBParameterGroups[0].DBParameterGroupName)
	}
	d.Fit("VPCSecurityGroups", rdsSecurityGroups(i.VpcSecurityGroups))
	if len(i.OptionGroupMemberships) > 0 {
		d.Fit("OptionGroupName", i.OptionGroupMemberships[0].OptionGroupName)
	}
	if len(i.DomainMemberships) > 0 {
		m := i.DomainMemberships[0]
		d.Fit("Domain", m.Domain)
		d.Fit("DomainFqdn", m.FQDN)
		d.Fit("DomainIAMRoleName", m.IAMRoleName)
		d.Fit("DomainAuthSecretArn", m.AuthSecretArn)
	}
	if n := i.DBSubnetGroup; n != nil {
		d.Fit("DBSubnetGroupName", n.DBSubnetGroupName)
		d.Observe("VpcId", n.VpcId)
	}
	d.Fold(i, f)
	return d
}

func rdsSecurityGroups(groups []types.VpcSecurityGroupMembership) []string {
	var ids []string
	for _, g := range groups {
		ids = append(ids, aws.ToString(g.VpcSecurityGroupId))
	}
	return ids
}

func (s *Scope) rdsClusters(ctx context.Context, use *rdsUse) error {
	whole, err := rdsDescribeDBClusters.ListAll(ctx, s, &rds.DescribeDBClustersInput{MaxRecords: rdsPage}, func(out *rds.DescribeDBClustersOutput) error {
		for _, c := range out.DBClusters {
			use.clusters = true
			use.clusterGroups[aws.ToString(c.DBClusterParameterGroup)] = true
			if err := s.Put(ctx, s.rdsCluster(c)); err != nil {
				return err
			}
		}
		return nil
	})
	use.clusters = use.clusters || !whole
	return err
}

func (s *Scope) rdsCluster(c types.DBCluster) *Draft {
	id := aws.ToString(c.DBClusterIdentifier)
	typ := rdsEngineType(c.Engine, rdsClusterType, neptuneClusterType, documentClusterType)
	d := s.Draft(typ, id, aws.ToString(c.DBClusterArn), id).From(rdsDescribeDBClusters.Operation, s)
	if p := c.PendingModifiedValues; p != nil {
		p.MasterUserPassword = nil
	}
	f := Folding{
		Rename: map[string]string{"DBClusterParameterGroup": "DBClusterParameterGroupName", "DBSubnetGroup": "DBSubnetGroupName",
			"HttpEndpointEnabled": "EnableHttpEndpoint", "GlobalWriteForwardingRequested": "EnableGlobalWriteForwarding",
			"EnabledCloudwatchLogsExports": "EnableCloudwatchLogsExports", "ScalingConfigurationInfo": "ScalingConfiguration"},
		Drop: []string{"DBClusterArn", "VpcSecurityGroups", "Endpoint", "ReaderEndpoint", "DomainMemberships", "LatestRestorableTime",
			"EarliestRestorableTime", "EarliestBacktrackTime"},
	}
	// Each of the three types spells some things in its own way.
	if typ == rdsClusterType {
		f.Rename["IAMDatabaseAuthenticationEnabled"] = "EnableIAMDatabaseAuthentication"
		d.Set("DBClusterArn", c.DBClusterArn)
		d.Set("ManageMasterUserPassword", c.MasterUserSecret != nil)
		d.Set("Endpoint.Address", c.Endpoint)
		d.Fit("Endpoint.Port", c.Port)
		d.Set("ReadEndpoint.Address", c.ReaderEndpoint)
		if len(c.DomainMemberships) > 0 {
			d.Set("Domain", c.DomainMemberships[0].Domain)
			d.Set("DomainIAMRoleName", c.DomainMemberships[0].IAMRoleName)
		}
	} else {
		f.Rename["DbClusterResourceId"] = "ClusterResourceId"
		d.Set("Endpoint", c.Endpoint)
		d.Set("ReadEndpoint", c.ReaderEndpoint)
	}
	switch typ {
	case neptuneClusterType:
		f.Rename["IAMDatabaseAuthenticationEnabled"] = "IamAuthEnabled"
		f.Rename["ServerlessV2ScalingConfiguration"] = "ServerlessScalingConfiguration"
		d.Fit("DBPort", c.Port)
	case documentClusterType:
		d.Set("Id", id)
		d.Set("ManageMasterUserPassword", c.MasterUserSecret != nil)
		if m := c.MasterUserSecret; m != nil {
			d.Set("MasterUserSecretKmsKeyId", m.KmsKeyId)
		}
	}
	d.Set("VpcSecurityGroupIds", rdsSecurityGroups(c.VpcSecurityGroups))
	d.Fold(c, f)
	return d
}
