package live

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"merlon.dev/merlon"
)

// rdsFake has, in eu-west-1, an instance, a cluster of each engine with one
// instance of DocumentDB, and three snapshots.
func rdsFake() *fake {
	f := &fake{}
	home := func(p Place) bool { return p.Region == "eu-west-1" }
	answer(f, rdsDescribeDBInstances, func(p Place, _ *rds.DescribeDBInstancesInput) (*rds.DescribeDBInstancesOutput, error) {
		if !home(p) {
			return &rds.DescribeDBInstancesOutput{}, nil
		}
		return &rds.DescribeDBInstancesOutput{DBInstances: []types.DBInstance{
			{
				DBInstanceIdentifier: aws.String("orders"), DBInstanceArn: aws.String("arn:aws:rds:eu-west-1:111122223333:db:orders"), Engine: aws.String("postgres"),
				Endpoint:           &types.Endpoint{Address: aws.String("orders.example"), Port: aws.Int32(5432), HostedZoneId: aws.String("Z1")},
				DBParameterGroups:  []types.DBParameterGroupStatus{{DBParameterGroupName: aws.String("strict")}},
				DBSubnetGroup:      &types.DBSubnetGroup{DBSubnetGroupName: aws.String("private"), VpcId: aws.String("vpc-1")},
				VpcSecurityGroups:  []types.VpcSecurityGroupMembership{{VpcSecurityGroupId: aws.String("sg-1"), Status: aws.String("active")}},
				PubliclyAccessible: aws.Bool(true), StorageEncrypted: aws.Bool(false), AllocatedStorage: aws.Int32(20), MultiAZ: aws.Bool(false),
				IAMDatabaseAuthenticationEnabled: aws.Bool(true), EnabledCloudwatchLogsExports: []string{"postgresql"}, PerformanceInsightsEnabled: aws.Bool(true),
				MasterUserSecret:      &types.MasterUserSecret{SecretArn: aws.String("arn:aws:secretsmanager:eu-west-1:111122223333:secret:s"), SecretStatus: aws.String("active")},
				PendingModifiedValues: &types.PendingModifiedValues{MasterUserPassword: aws.String("hunter2"), MultiAZ: aws.Bool(true)},
				TagList:               []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}},
				LatestRestorableTime:  &fakeNow, CertificateDetails: &types.CertificateDetails{CAIdentifier: aws.String("rds-ca-rsa2048-g1"), ValidTill: &fakeNow},
			},
			{
				DBInstanceIdentifier: aws.String("doc-1"), DBInstanceArn: aws.String("arn:aws:rds:eu-west-1:111122223333:db:doc-1"), Engine: aws.String("docdb"),
				DBClusterIdentifier: aws.String("doc"), DBInstanceClass: aws.String("db.r6g.large"), PubliclyAccessible: aws.Bool(false),
				Endpoint: &types.Endpoint{Address: aws.String("doc.example"), Port: aws.Int32(27017)},
			},
		}}, nil
	})
	answer(f, rdsDescribeDBClusters, func(p Place, _ *rds.DescribeDBClustersInput) (*rds.DescribeDBClustersOutput, error) {
		if !home(p) {
			return &rds.DescribeDBClustersOutput{}, nil
		}
		out := &rds.DescribeDBClustersOutput{}
		for id, engine := range map[string]string{"aurora": "aurora-postgresql", "doc": "docdb", "graph": "neptune"} {
			out.DBClusters = append(out.DBClusters, types.DBCluster{
				DBClusterIdentifier: aws.String(id), DBClusterArn: aws.String("arn:aws:rds:eu-west-1:111122223333:cluster:" + id), Engine: aws.String(engine),
				DBClusterParameterGroup: aws.String("default." + engine), DBSubnetGroup: aws.String("private"), Endpoint: aws.String(id + ".example"), Port: aws.Int32(5432),
				VpcSecurityGroups: []types.VpcSecurityGroupMembership{{VpcSecurityGroupId: aws.String("sg-1")}}, StorageEncrypted: aws.Bool(true),
				IAMDatabaseAuthenticationEnabled: aws.Bool(true), DeletionProtection: aws.Bool(true), DbClusterResourceId: aws.String("cluster-" + id),
				PendingModifiedValues: &types.ClusterPendingModifiedValues{MasterUserPassword: aws.String("hunter2")},
				DBClusterMembers:      []types.DBClusterMember{{DBInstanceIdentifier: aws.String(id + "-1"), IsClusterWriter: aws.Bool(true)}},
			})
		}
		return out, nil
	})
	answer(f, rdsDescribeDBSnapshots, func(p Place, _ *rds.DescribeDBSnapshotsInput) (*rds.DescribeDBSnapshotsOutput, error) {
		if !home(p) {
			return &rds.DescribeDBSnapshotsOutput{}, nil
		}
		snapshot := func(id, kind string) types.DBSnapshot {
			return types.DBSnapshot{DBSnapshotIdentifier: aws.String(id), DBSnapshotArn: aws.String("arn:aws:rds:eu-west-1:111122223333:snapshot:" + id), SnapshotType: aws.String(kind),
				DBInstanceIdentifier: aws.String("orders"), Encrypted: aws.Bool(false)}
		}
		return &rds.DescribeDBSnapshotsOutput{DBSnapshots: []types.DBSnapshot{snapshot("open", "manual"), snapshot("lent", "manual"), snapshot("nightly", "automated")}}, nil
	})
	answer(f, rdsDescribeDBSnapshotAttributes, func(_ Place, in *rds.DescribeDBSnapshotAttributesInput) (*rds.DescribeDBSnapshotAttributesOutput, error) {
		values := map[string][]string{"open": {"all", "444455556666"}, "lent": {"444455556666"}}[*in.DBSnapshotIdentifier]
		return &rds.DescribeDBSnapshotAttributesOutput{DBSnapshotAttributesResult: &types.DBSnapshotAttributesResult{
			DBSnapshotAttributes: []types.DBSnapshotAttribute{{AttributeName: aws.String("restore"), AttributeValues: values}, {AttributeName: aws.String("other"), AttributeValues: []string{"all"}}}}}, nil
	})
	answer(f, rdsDescribeDBParameterGroups, func(Place, *rds.DescribeDBParameterGroupsInput) (*rds.DescribeDBParameterGroupsOutput, error) {
		return &rds.DescribeDBParameterGroupsOutput{DBParameterGroups: []types.DBParameterGroup{
			{DBParameterGroupName: aws.String("strict"), DBParameterGroupFamily: aws.String("postgres16")},
			{DBParameterGroupName: aws.String("unused"), DBParameterGroupFamily: aws.String("neptune1.3")}}}, nil
	})
	answer(f, rdsDescribeDBParameters, func(_ Place, in *rds.DescribeDBParametersInput) (*rds.DescribeDBParametersOutput, error) {
		if aws.ToString(in.Source) == "user" {
			return &rds.DescribeDBParametersOutput{Parameters: []types.Parameter{{ParameterName: aws.String("work_mem"), ParameterValue: aws.String("64")}}}, nil
		}
		if len(in.Filters) != 1 || *in.Filters[0].Name != "parameter-name" || !slices.Contains(in.Filters[0].Values, "rds.force_ssl") {
			return nil, apiError("InvalidParameterValue")
		}
		return &rds.DescribeDBParametersOutput{Parameters: []types.Parameter{
			{ParameterName: aws.String("rds.force_ssl"), ParameterValue: aws.String("1")},
			{ParameterName: aws.String("something.else"), ParameterValue: aws.String("1")},
			{ParameterName: aws.String("log_statement")}}}, nil
	})
	answer(f, rdsDescribeDBClusterParameterGroups, func(Place, *rds.DescribeDBClusterParameterGroupsInput) (*rds.DescribeDBClusterParameterGroupsOutput, error) {
		return &rds.DescribeDBClusterParameterGroupsOutput{DBClusterParameterGroups: []types.DBClusterParameterGroup{
			{DBClusterParameterGroupName: aws.String("default.docdb"), DBParameterGroupFamily: aws.String("docdb5.0"), DBClusterParameterGroupArn: aws.String("arn:aws:rds:eu-west-1:111122223333:cluster-pg:default.docdb")}}}, nil
	})
	answer(f, rdsDescribeDBClusterParameters, func(_ Place, in *rds.DescribeDBClusterParametersInput) (*rds.DescribeDBClusterParametersOutput, error) {
		return &rds.DescribeDBClusterParametersOutput{Parameters: []types.Parameter{{ParameterName: aws.String("tls"), ParameterValue: aws.String("enabled")}}}, nil
	})
	answer(f, rdsDescribeDBSubnetGroups, func(Place, *rds.DescribeDBSubnetGroupsInput) (*rds.DescribeDBSubnetGroupsOutput, error) {
		return &rds.DescribeDBSubnetGroupsOutput{DBSubnetGroups: []types.DBSubnetGroup{{DBSubnetGroupName: aws.String("private"), DBSubnetGroupDescription: aws.String("d"),
			VpcId: aws.String("vpc-1"), Subnets: []types.Subnet{{SubnetIdentifier: aws.String("subnet-1")}}}}}, nil
	})
	answer(f, rdsDescribeEventSubscriptions, func(Place, *rds.DescribeEventSubscriptionsInput) (*rds.DescribeEventSubscriptionsOutput, error) {
		return &rds.DescribeEventSubscriptionsOutput{EventSubscriptionsList: []types.EventSubscription{{CustSubscriptionId: aws.String("all"), Enabled: aws.Bool(true),
			SnsTopicArn: aws.String("arn:aws:sns:eu-west-1:111122223333:t"), SourceType: aws.String("db-instance"), EventCategoriesList: []string{"failure"}, SourceIdsList: []string{"orders"}}}}, nil
	})
	answer(f, rdsDescribeDBProxies, func(Place, *rds.DescribeDBProxiesInput) (*rds.DescribeDBProxiesOutput, error) {
		return &rds.DescribeDBProxiesOutput{DBProxies: []types.DBProxy{{DBProxyName: aws.String("pool"), RequireTLS: aws.Bool(false), EngineFamily: aws.String("POSTGRESQL"),
			Auth: []types.UserAuthConfigInfo{{AuthScheme: "SECRETS", SecretArn: aws.String("arn:aws:secretsmanager:eu-west-1:111122223333:secret:s")}}}}}, nil
	})
	return f
}

func TestRDSInstance(t *testing.T) {
	c := collect(t, rdsFake(), rdsService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	d := c.one(t, rdsInstanceType, "orders")
	for path, want := range map[string]any{
		"PubliclyAccessible": true, "StorageEncrypted": false, "AllocatedStorage": "20", "Port": "5432", "DBParameterGroupName": "strict",
		"DBSubnetGroupName": "private", "EnableIAMDatabaseAuthentication": true, "EnablePerformanceInsights": true, "ManageMasterUserPassword": true,
		"DBInstanceArn": "arn:aws:rds:eu-west-1:111122223333:db:orders",
	} {
		if got := at(d, "properties", path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if got := at(d, "properties", "VPCSecurityGroups", 0); got != "sg-1" {
		t.Errorf("security group %v", got)
	}
	if got := at(d, "properties", "EnableCloudwatchLogsExports", 0); got != "postgresql" {
		t.Errorf("log exports %v", got)
	}
	if at(d, "tags", "env") != "prod" || at(d, "observed", "PendingModifiedValues", "MultiAZ") != true {
		t.Errorf("tags %v, observed %v", d["tags"], d["observed"])
	}
	text, err := json.Marshal(d)
	if err != nil || strings.Contains(string(text), "hunter2") {
		t.Errorf("a password is in the snapshot: %s %v", text, err)
	}
	doc := c.one(t, documentInstanceType, "doc-1")
	if at(doc, "properties", "Endpoint") != "doc.example" || at(doc, "properties", "Port") != "27017" || at(doc, "observed", "PubliclyAccessible") != false {
		t.Errorf("DocumentDB: %v %v", doc["properties"], doc["observed"])
	}
}

func TestRDSClusters(t *testing.T) {
	c := collect(t, rdsFake(), rdsService())
	for _, x := range []struct {
		typ, id string
		want    map[string]any
	}{
		{rdsClusterType, "aurora", map[string]any{"EnableIAMDatabaseAuthentication": true, "DBClusterParameterGroupName": "default.aurora-postgresql", "StorageEncrypted": true, "Port": 5432.0, "DBClusterResourceId": "cluster-aurora"}},
		{neptuneClusterType, "graph", map[string]any{"IamAuthEnabled": true, "Endpoint": "graph.example", "DBPort": 5432.0, "Port": "5432", "ClusterResourceId": "cluster-graph"}},
		{documentClusterType, "doc", map[string]any{"Id": "doc", "DBClusterIdentifier": "doc", "Endpoint": "doc.example", "DeletionProtection": true}},
	} {
		d := c.one(t, x.typ, x.id)
		for path, want := range x.want {
			if got := at(d, "properties", path); got != want {
				t.Errorf("%s: %s is %v, want %v", x.id, path, got, want)
			}
		}
		if at(d, "properties", "VpcSecurityGroupIds", 0) != "sg-1" || at(d, "observed", "DBClusterMembers", 0, "IsClusterWriter") != true {
			t.Errorf("%s: %v %v", x.id, d["properties"], d["observed"])
		}
		if text, err := json.Marshal(d); err != nil || strings.Contains(string(text), "hunter2") {
			t.Errorf("%s: a password is in the snapshot: %s %v", x.id, text, err)
		}
	}
}

func TestRDSSnapshots(t *testing.T) {
	c := collect(t, rdsFake(), rdsService())
	for id, want := range map[string]struct {
		public   bool
		accounts int
	}{"open": {true, 1}, "lent": {false, 1}, "nightly": {false, 0}} {
		p := c.one(t, rdsSnapshotType, id)["properties"].(map[string]any)
		if p["Public"] != want.public || len(p["RestoreAccounts"].([]any)) != want.accounts {
			t.Errorf("%s: %v, want %+v", id, p, want)
		}
	}
	if n := count(c.calls, "rds:DescribeDBSnapshotAttributes"); n != 2 {
		t.Errorf("attributes were asked for %d times for two snapshots that can be shared", n)
	}
}

func count(calls []string, call string) (n int) {
	for _, c := range calls {
		if c == call {
			n++
		}
	}
	return n
}

func TestRDSSettings(t *testing.T) {
	c := collect(t, rdsFake(), rdsService())
	g := c.one(t, rdsGroupType, "strict")
	if at(g, "properties", "Parameters", "work_mem") != "64" || at(g, "properties", "Parameters", "rds.force_ssl") != nil {
		t.Errorf("changed parameters %v", g["properties"])
	}
	if in := at(g, "observed", "Parameters").(map[string]any); len(in) != 1 || in["rds.force_ssl"] != "1" {
		t.Errorf("parameters in force %v", in)
	}
	unused := c.one(t, neptuneGroupType, "unused")
	if at(unused, "unknowns", "/properties/Parameters") == nil || at(unused, "properties", "Name") != "unused" {
		t.Errorf("the parameters of an unused group are not read: %v", unused)
	}
	if doc := c.one(t, documentClusterGroupType, "default.docdb"); at(doc, "observed", "Parameters", "tls") != "enabled" {
		t.Errorf("DocumentDB's parameters %v", doc)
	}
	if n := count(c.calls, "rds:DescribeDBClusterParameters"); n != 1 {
		t.Errorf("a default group was asked for %d times: nobody can have changed it", n)
	}
	if n := c.one(t, rdsSubnetGroupType, "private"); at(n, "properties", "SubnetIds", 0) != "subnet-1" {
		t.Errorf("subnet group %v", n["properties"])
	}
	if e := c.one(t, rdsSubscriptionType, "all"); at(e, "properties", "EventCategories", 0) != "failure" || at(e, "properties", "SourceIds", 0) != "orders" {
		t.Errorf("subscription %v", e["properties"])
	}
	if p := c.one(t, rdsProxyType, "pool"); at(p, "properties", "RequireTLS") != false || at(p, "properties", "Auth", 0, "AuthScheme") != "SECRETS" {
		t.Errorf("proxy %v", p["properties"])
	}
}

// TestRDSEmptyRegion: what only databases use is not asked for without any.
func TestRDSEmptyRegion(t *testing.T) {
	c := collect(t, &fake{}, rdsService())
	if len(c.calls) != 2*4 {
		t.Errorf("two empty regions cost %d calls: %v", len(c.calls), c.calls)
	}
}

func TestRDSGaps(t *testing.T) {
	f := rdsFake()
	answer(f, rdsDescribeDBInstances, func(Place, *rds.DescribeDBInstancesInput) (*rds.DescribeDBInstancesOutput, error) {
		return nil, apiError("AccessDenied")
	})
	answer(f, rdsDescribeDBClusters, func(Place, *rds.DescribeDBClustersInput) (*rds.DescribeDBClustersOutput, error) {
		return &rds.DescribeDBClustersOutput{}, nil
	})
	answer(f, rdsDescribeDBSnapshotAttributes, func(Place, *rds.DescribeDBSnapshotAttributesInput) (*rds.DescribeDBSnapshotAttributesOutput, error) {
		return nil, apiError("AccessDenied")
	})
	c := collect(t, f, rdsService())
	if !slices.ContainsFunc(c.gaps, func(g merlon.Gap) bool {
		return g.Call == "rds:DescribeDBInstances" && slices.Contains(g.Types, rdsInstanceType) && g.Resource == ""
	}) {
		t.Errorf("no gap over the instances: %+v", c.gaps)
	}
	if u := c.one(t, rdsSnapshotType, "open"); at(u, "unknowns", "/properties/Public") == nil {
		t.Errorf("whether a snapshot is public is unknown: %v", u["unknowns"])
	}
	// A list that was denied may hide databases: their settings are read all the same.
	c.one(t, rdsSubnetGroupType, "private")
}
