package live

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/redshift"
	"github.com/aws/aws-sdk-go-v2/service/redshift/types"
)

func redshiftFake() *fake {
	f := &fake{}
	home := func(p Place) bool { return p.Region == "eu-west-1" }
	answer(f, redshiftDescribeClusters, func(p Place, _ *redshift.DescribeClustersInput) (*redshift.DescribeClustersOutput, error) {
		if !home(p) {
			return &redshift.DescribeClustersOutput{}, nil
		}
		cluster := func(id string) types.Cluster {
			return types.Cluster{ClusterIdentifier: aws.String(id), NodeType: aws.String("ra3.large"), NumberOfNodes: aws.Int32(2), DBName: aws.String("dev"), MasterUsername: aws.String("admin"),
				PubliclyAccessible: aws.Bool(true), Encrypted: aws.Bool(false), AllowVersionUpgrade: aws.Bool(true), AutomatedSnapshotRetentionPeriod: aws.Int32(1), MultiAZ: aws.String("Disabled"),
				EnhancedVpcRouting: aws.Bool(false), Endpoint: &types.Endpoint{Address: aws.String("a"), Port: aws.Int32(5439)},
				ClusterParameterGroups: []types.ClusterParameterGroupStatus{{ParameterGroupName: aws.String("strict")}},
				VpcSecurityGroups:      []types.VpcSecurityGroupMembership{{VpcSecurityGroupId: aws.String("sg-1")}},
				IamRoles:               []types.ClusterIamRole{{IamRoleArn: aws.String("arn:aws:iam::111122223333:role/load")}},
				PendingModifiedValues:  &types.PendingModifiedValues{MasterUserPassword: aws.String("hunter2"), NodeType: aws.String("ra3.xlplus")},
				Tags:                   []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}}}
		}
		return &redshift.DescribeClustersOutput{Clusters: []types.Cluster{cluster("sales"), cluster("quiet")}}, nil
	})
	answer(f, redshiftDescribeLoggingStatus, func(_ Place, in *redshift.DescribeLoggingStatusInput) (*redshift.DescribeLoggingStatusOutput, error) {
		if *in.ClusterIdentifier == "quiet" {
			return &redshift.DescribeLoggingStatusOutput{LoggingEnabled: aws.Bool(false)}, nil
		}
		return &redshift.DescribeLoggingStatusOutput{LoggingEnabled: aws.Bool(true), BucketName: aws.String("logs"), LogDestinationType: types.LogDestinationTypeS3}, nil
	})
	answer(f, redshiftDescribeClusterParameterGroups, func(Place, *redshift.DescribeClusterParameterGroupsInput) (*redshift.DescribeClusterParameterGroupsOutput, error) {
		return &redshift.DescribeClusterParameterGroupsOutput{ParameterGroups: []types.ClusterParameterGroup{
			{ParameterGroupName: aws.String("strict"), ParameterGroupFamily: aws.String("redshift-1.0"), Description: aws.String("d")}, {ParameterGroupName: aws.String("unused")}}}, nil
	})
	answer(f, redshiftDescribeClusterParameters, func(Place, *redshift.DescribeClusterParametersInput) (*redshift.DescribeClusterParametersOutput, error) {
		return &redshift.DescribeClusterParametersOutput{Parameters: []types.Parameter{
			{ParameterName: aws.String("require_ssl"), ParameterValue: aws.String("true"), Source: aws.String("user")},
			{ParameterName: aws.String("enable_user_activity_logging"), ParameterValue: aws.String("false"), Source: aws.String("engine-default")}}}, nil
	})
	answer(f, redshiftDescribeClusterSnapshots, func(p Place, _ *redshift.DescribeClusterSnapshotsInput) (*redshift.DescribeClusterSnapshotsOutput, error) {
		if !home(p) {
			return &redshift.DescribeClusterSnapshotsOutput{}, nil
		}
		return &redshift.DescribeClusterSnapshotsOutput{Snapshots: []types.Snapshot{
			{SnapshotIdentifier: aws.String("s"), ClusterIdentifier: aws.String("sales"), OwnerAccount: aws.String("111122223333"), AccountsWithRestoreAccess: []types.AccountWithRestoreAccess{{AccountId: aws.String("444455556666")}}},
			{SnapshotIdentifier: aws.String("lent"), ClusterIdentifier: aws.String("x"), OwnerAccount: aws.String("444455556666")}}}, nil
	})
	return f
}

func TestRedshift(t *testing.T) {
	c := collect(t, redshiftFake(), redshiftService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	d := c.one(t, redshiftClusterType, "sales")
	for path, want := range map[string]any{"PubliclyAccessible": true, "Encrypted": false, "ClusterType": "multi-node", "MultiAZ": false, "ClusterParameterGroupName": "strict", "Port": 5439.0, "ManageMasterPassword": false} {
		if got := at(d, "properties", path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if at(d, "properties", "LoggingProperties", "BucketName") != "logs" || at(d, "properties", "VpcSecurityGroupIds", 0) != "sg-1" || at(d, "properties", "IamRoles", 0) != "arn:aws:iam::111122223333:role/load" || at(d, "tags", "env") != "prod" {
		t.Errorf("cluster %v", d["properties"])
	}
	if d["arn"] != "arn:aws:redshift:eu-west-1:111122223333:cluster:sales" {
		t.Errorf("arn %v", d["arn"])
	}
	if text, err := json.Marshal(d); err != nil || strings.Contains(string(text), "hunter2") {
		t.Errorf("a password is in the snapshot: %s %v", text, err)
	}
	if q := c.one(t, redshiftClusterType, "quiet"); at(q, "properties", "LoggingProperties") != nil || at(q, "observed", "LoggingEnabled") != false {
		t.Errorf("no logging: %v", q)
	}
	g := c.one(t, redshiftGroupType, "strict")
	if at(g, "observed", "Parameters", "enable_user_activity_logging") != "false" || at(g, "properties", "Parameters", 0, "ParameterName") != "require_ssl" || at(g, "properties", "Parameters", 1) != "no element 1" {
		t.Errorf("parameters %v %v", g["properties"], g["observed"])
	}
	if u := c.one(t, redshiftGroupType, "unused"); at(u, "unknowns", "/properties/Parameters") == nil {
		t.Errorf("unused group %v", u)
	}
	if s := c.one(t, redshiftSnapshotType, "sales|s"); at(s, "properties", "RestoreAccounts", 0) != "444455556666" {
		t.Errorf("snapshot %v", s["properties"])
	}
	all, err := c.snapshot.Types(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range all {
		if tc.Type == redshiftSnapshotType && tc.Count != 1 {
			t.Errorf("%d snapshots: another account's are not this one's", tc.Count)
		}
	}
	if len(c.calls) != 2+4+2+1 {
		t.Errorf("%d calls: %v", len(c.calls), c.calls)
	}
}

func TestRedshiftGaps(t *testing.T) {
	f := redshiftFake()
	denied := apiError("AccessDenied")
	answer(f, redshiftDescribeLoggingStatus, func(Place, *redshift.DescribeLoggingStatusInput) (*redshift.DescribeLoggingStatusOutput, error) {
		return nil, denied
	})
	answer(f, redshiftDescribeClusterParameters, func(Place, *redshift.DescribeClusterParametersInput) (*redshift.DescribeClusterParametersOutput, error) {
		return nil, denied
	})
	c := collect(t, f, redshiftService())
	if d := c.one(t, redshiftClusterType, "sales"); at(d, "unknowns", "/properties/LoggingProperties") == nil {
		t.Errorf("unknowns %v", d["unknowns"])
	}
	if g := c.one(t, redshiftGroupType, "strict"); at(g, "unknowns", "/observed/Parameters") == nil {
		t.Errorf("unknowns %v", g["unknowns"])
	}
}
