package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticache/types"
)

func elasticacheFake() *fake {
	f := &fake{}
	home := func(p Place) bool { return p.Region == "eu-west-1" }
	answer(f, elasticacheDescribeCacheClusters, func(p Place, _ *elasticache.DescribeCacheClustersInput) (*elasticache.DescribeCacheClustersOutput, error) {
		if !home(p) {
			return &elasticache.DescribeCacheClustersOutput{}, nil
		}
		member := types.CacheCluster{CacheClusterId: aws.String("sessions-001"), ReplicationGroupId: aws.String("sessions"), Engine: aws.String("redis"), EngineVersion: aws.String("7.1"),
			CacheSubnetGroupName: aws.String("private"), SecurityGroups: []types.SecurityGroupMembership{{SecurityGroupId: aws.String("sg-1")}}, AutoMinorVersionUpgrade: aws.Bool(true),
			CacheParameterGroup: &types.CacheParameterGroupStatus{CacheParameterGroupName: aws.String("default.redis7")}}
		second := member
		second.CacheClusterId = aws.String("sessions-002")
		return &elasticache.DescribeCacheClustersOutput{CacheClusters: []types.CacheCluster{member, second,
			{CacheClusterId: aws.String("pages"), ARN: aws.String("arn:aws:elasticache:eu-west-1:111122223333:cluster:pages"), Engine: aws.String("memcached"), NumCacheNodes: aws.Int32(2),
				TransitEncryptionEnabled: aws.Bool(false), ConfigurationEndpoint: &types.Endpoint{Address: aws.String("a"), Port: aws.Int32(11211)},
				NotificationConfiguration: &types.NotificationConfiguration{TopicArn: aws.String("t")}}}}, nil
	})
	answer(f, elasticacheDescribeReplicationGroups, func(Place, *elasticache.DescribeReplicationGroupsInput) (*elasticache.DescribeReplicationGroupsOutput, error) {
		return &elasticache.DescribeReplicationGroupsOutput{ReplicationGroups: []types.ReplicationGroup{{ReplicationGroupId: aws.String("sessions"), Description: aws.String("d"),
			ARN:            aws.String("arn:aws:elasticache:eu-west-1:111122223333:replicationgroup:sessions"),
			MemberClusters: []string{"sessions-001", "sessions-002"}, AtRestEncryptionEnabled: aws.Bool(true), TransitEncryptionEnabled: aws.Bool(false), AuthTokenEnabled: aws.Bool(false),
			AutomaticFailover: types.AutomaticFailoverStatusEnabled, MultiAZ: types.MultiAZStatusDisabled, SnapshotRetentionLimit: aws.Int32(0), UserGroupIds: []string{"people"},
			NodeGroups: []types.NodeGroup{{PrimaryEndpoint: &types.Endpoint{Address: aws.String("p"), Port: aws.Int32(6379)}}}}}}, nil
	})
	answer(f, elasticacheDescribeServerlessCaches, func(p Place, _ *elasticache.DescribeServerlessCachesInput) (*elasticache.DescribeServerlessCachesOutput, error) {
		if !home(p) {
			return &elasticache.DescribeServerlessCachesOutput{}, nil
		}
		return &elasticache.DescribeServerlessCachesOutput{ServerlessCaches: []types.ServerlessCache{{ServerlessCacheName: aws.String("burst"), Engine: aws.String("valkey"), SecurityGroupIds: []string{"sg-1"}}}}, nil
	})
	answer(f, elasticacheDescribeCacheSubnetGroups, func(Place, *elasticache.DescribeCacheSubnetGroupsInput) (*elasticache.DescribeCacheSubnetGroupsOutput, error) {
		return &elasticache.DescribeCacheSubnetGroupsOutput{CacheSubnetGroups: []types.CacheSubnetGroup{{CacheSubnetGroupName: aws.String("private"), Subnets: []types.Subnet{{SubnetIdentifier: aws.String("subnet-1")}}}}}, nil
	})
	answer(f, elasticacheDescribeUserGroups, func(Place, *elasticache.DescribeUserGroupsInput) (*elasticache.DescribeUserGroupsOutput, error) {
		return &elasticache.DescribeUserGroupsOutput{UserGroups: []types.UserGroup{{UserGroupId: aws.String("people"), UserIds: []string{"default"}, Engine: aws.String("redis")}}}, nil
	})
	answer(f, elasticacheDescribeUsers, func(Place, *elasticache.DescribeUsersInput) (*elasticache.DescribeUsersOutput, error) {
		return &elasticache.DescribeUsersOutput{Users: []types.User{{UserId: aws.String("default"), UserName: aws.String("default"), AccessString: aws.String("on ~* +@all"), Engine: aws.String("redis"),
			Authentication: &types.Authentication{Type: types.AuthenticationTypeNoPassword}}}}, nil
	})
	return f
}

func TestElastiCache(t *testing.T) {
	c := collect(t, elasticacheFake(), elasticacheService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	g := c.one(t, replicationGroupType, "sessions")
	for path, want := range map[string]any{"AtRestEncryptionEnabled": true, "TransitEncryptionEnabled": false, "AutomaticFailoverEnabled": true, "MultiAZEnabled": false, "Engine": "redis",
		"EngineVersion": "7.1", "CacheSubnetGroupName": "private", "CacheParameterGroupName": "default.redis7", "AutoMinorVersionUpgrade": true, "Port": 6379.0,
		"ReplicationGroupDescription": "d", "NumCacheClusters": 2.0, "NumNodeGroups": 1.0, "SnapshotRetentionLimit": 0.0} {
		if got := at(g, "properties", path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if at(g, "properties", "SecurityGroupIds", 0) != "sg-1" || at(g, "observed", "AuthTokenEnabled") != false {
		t.Errorf("group %v %v", g["properties"], g["observed"])
	}
	m := c.one(t, cacheClusterType, "pages")
	if at(m, "properties", "ClusterName") != "pages" || at(m, "properties", "Port") != 11211.0 || at(m, "properties", "NotificationTopicArn") != "t" {
		t.Errorf("cluster %v", m["properties"])
	}
	all, err := c.snapshot.Types(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range all {
		if tc.Type == cacheClusterType && tc.Count != 1 {
			t.Errorf("%d clusters: those of a replication group are parts of it", tc.Count)
		}
	}
	c.one(t, serverlessCacheType, "burst")
	if n := c.one(t, cacheSubnetGroupType, "private"); at(n, "properties", "SubnetIds", 0) != "subnet-1" {
		t.Errorf("subnet group %v", n["properties"])
	}
	if u := c.one(t, cacheUserType, "default"); at(u, "properties", "NoPasswordRequired") != true || at(u, "observed", "Authentication", "Type") != "no-password" {
		t.Errorf("user %v", u)
	}
	if len(c.calls) != 2+6 {
		t.Errorf("%d calls: %v", len(c.calls), c.calls)
	}
}

func TestElastiCacheGaps(t *testing.T) {
	f := elasticacheFake()
	answer(f, elasticacheDescribeCacheClusters, func(Place, *elasticache.DescribeCacheClustersInput) (*elasticache.DescribeCacheClustersOutput, error) {
		return nil, apiError("AccessDenied")
	})
	c := collect(t, f, elasticacheService())
	// The groups are asked for all the same, and what their clusters would say is unknown.
	g := c.one(t, replicationGroupType, "sessions")
	if at(g, "unknowns", "/properties/SecurityGroupIds") == nil || at(g, "properties", "AtRestEncryptionEnabled") != true {
		t.Errorf("group %v %v", g["properties"], g["unknowns"])
	}
	if len(c.gaps) != 2 {
		t.Errorf("gaps %+v", c.gaps)
	}
}
