package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticache/types"
)

const (
	cacheClusterType     = "AWS::ElastiCache::CacheCluster"
	replicationGroupType = "AWS::ElastiCache::ReplicationGroup"
	serverlessCacheType  = "AWS::ElastiCache::ServerlessCache"
	cacheSubnetGroupType = "AWS::ElastiCache::SubnetGroup"
	cacheUserType        = "AWS::ElastiCache::User"
	cacheUserGroupType   = "AWS::ElastiCache::UserGroup"
)

var (
	elasticacheDescribeCacheClusters = operation(elasticache.NewFromConfig, (*elasticache.Client).DescribeCacheClusters, Declaration{
		Types: []string{cacheClusterType}})
	elasticacheDescribeReplicationGroups = operation(elasticache.NewFromConfig, (*elasticache.Client).DescribeReplicationGroups, Declaration{
		Types: []string{replicationGroupType}, Optional: true})
	elasticacheDescribeServerlessCaches = operation(elasticache.NewFromConfig, (*elasticache.Client).DescribeServerlessCaches, Declaration{
		Types: []string{serverlessCacheType}})
	elasticacheDescribeCacheSubnetGroups = operation(elasticache.NewFromConfig, (*elasticache.Client).DescribeCacheSubnetGroups, Declaration{
		Types: []string{cacheSubnetGroupType}, Optional: true})
	elasticacheDescribeUserGroups = operation(elasticache.NewFromConfig, (*elasticache.Client).DescribeUserGroups, Declaration{
		Types: []string{cacheUserGroupType}, Optional: true})
	elasticacheDescribeUsers = operation(elasticache.NewFromConfig, (*elasticache.Client).DescribeUsers, Declaration{
		Types: []string{cacheUserType}, Optional: true})
)

var elasticachePage = aws.Int32(100)

// elasticacheService reads caches: two calls for a region without any, at most
// four more for one with some.
func elasticacheService() *Service {
	return &Service{
		Name: "elasticache", Title: "ElastiCache",
		Operations: []*Operation{elasticacheDescribeCacheClusters.Operation, elasticacheDescribeReplicationGroups.Operation,
			elasticacheDescribeServerlessCaches.Operation, elasticacheDescribeCacheSubnetGroups.Operation,
			elasticacheDescribeUserGroups.Operation, elasticacheDescribeUsers.Operation},
		Collect: collectElastiCache,
	}
}

func collectElastiCache(ctx context.Context, s *Scope) error {
	// A replication group is described without what its clusters have in common,
	// and CloudFormation has no clusters of their own for it.
	members, clusters, groupsUsed := map[string]types.CacheCluster{}, false, false
	whole, err := elasticacheDescribeCacheClusters.ListAll(ctx, s, &elasticache.DescribeCacheClustersInput{MaxRecords: elasticachePage, ShowCacheNodeInfo: aws.Bool(true)}, func(out *elasticache.DescribeCacheClustersOutput) error {
		for _, c := range out.CacheClusters {
			clusters = true
			if g := aws.ToString(c.ReplicationGroupId); g != "" {
				if _, ok := members[g]; !ok {
					members[g] = c
				}
				continue
			}
			if err := s.Put(ctx, s.cacheCluster(c)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(members) > 0 || !whole {
		err = elasticacheDescribeReplicationGroups.List(ctx, s, &elasticache.DescribeReplicationGroupsInput{MaxRecords: elasticachePage}, func(out *elasticache.DescribeReplicationGroupsOutput) error {
			for _, g := range out.ReplicationGroups {
				groupsUsed = groupsUsed || len(g.UserGroupIds) > 0
				member, ok := members[aws.ToString(g.ReplicationGroupId)]
				if err := s.Put(ctx, s.replicationGroup(g, member, ok)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	err = elasticacheDescribeServerlessCaches.List(ctx, s, &elasticache.DescribeServerlessCachesInput{MaxResults: aws.Int32(50)}, func(out *elasticache.DescribeServerlessCachesOutput) error {
		for _, c := range out.ServerlessCaches {
			groupsUsed = groupsUsed || c.UserGroupId != nil
			name := aws.ToString(c.ServerlessCacheName)
			d := s.Draft(serverlessCacheType, name, aws.ToString(c.ARN), name).From(elasticacheDescribeServerlessCaches.Operation, s)
			d.Fold(c, Folding{})
			d.UnknownBecause("tags", tagsApart)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if clusters || !whole {
		if err := s.cacheSubnetGroups(ctx); err != nil {
			return err
		}
	}
	if groupsUsed {
		return s.cacheUsers(ctx)
	}
	return nil
}

func (s *Scope) cacheCluster(c types.CacheCluster) *Draft {
	id := aws.ToString(c.CacheClusterId)
	d := s.Draft(cacheClusterType, id, aws.ToString(c.ARN), id).From(elasticacheDescribeCacheClusters.Operation, s)
	d.Set("ClusterName", id)
	if p := c.CacheParameterGroup; p != nil {
		d.Set("CacheParameterGroupName", p.CacheParameterGroupName)
	}
	if n := c.NotificationConfiguration; n != nil {
		d.Set("NotificationTopicArn", n.TopicArn)
	}
	d.Set("VpcSecurityGroupIds", cacheSecurityGroups(c))
	d.Fit("Port", cachePort(c))
	d.Fold(c, Folding{Drop: []string{"ARN", "CacheClusterId", "CacheParameterGroup", "SecurityGroups", "ClientDownloadLandingPage"}})
	d.UnknownBecause("tags", tagsApart)
	return d
}

func cacheSecurityGroups(c types.CacheCluster) []string {
	var ids []string
	for _, g := range c.SecurityGroups {
		ids = append(ids, aws.ToString(g.SecurityGroupId))
	}
	return ids
}

func cachePort(c types.CacheCluster) *int32 {
	if c.ConfigurationEndpoint != nil {
		return c.ConfigurationEndpoint.Port
	}
	if len(c.CacheNodes) > 0 && c.CacheNodes[0].Endpoint != nil {
		return c.CacheNodes[0].Endpoint.Port
	}
	return nil
}

// replicationGroup takes what the group's clusters have in common from one of
// them; without one it is unknown.
func (s *Scope) replicationGroup(g types.ReplicationGroup, member types.CacheCluster, ok bool) *Draft {
	id := aws.ToString(g.ReplicationGroupId)
	d := s.Draft(replicationGroupType, id, aws.ToString(g.ARN), id).From(elasticacheDescribeReplicationGroups.Operation, s)
	d.Fold(g, Folding{
		Rename: map[string]string{"Description": "ReplicationGroupDescription"},
		Drop:   []string{"ARN", "AutomaticFailover", "MultiAZ", "DataTiering", "ConfigurationEndpoint"},
	})
	d.Set("AutomaticFailoverEnabled", g.AutomaticFailover == types.AutomaticFailoverStatusEnabled)
	d.Set("MultiAZEnabled", g.MultiAZ == types.MultiAZStatusEnabled)
	d.Set("DataTieringEnabled", g.DataTiering == types.DataTieringStatusEnabled)
	d.Set("NumNodeGroups", len(g.NodeGroups))
	d.Set("NumCacheClusters", len(g.MemberClusters))
	if i := g.GlobalReplicationGroupInfo; i != nil {
		d.Set("GlobalReplicationGroupId", i.GlobalReplicationGroupId)
	}
	if e := g.ConfigurationEndpoint; e != nil {
		d.Fit("ConfigurationEndPoint", e)
		d.Fit("Port", e.Port)
	} else if len(g.NodeGroups) > 0 && g.NodeGroups[0].PrimaryEndpoint != nil {
		d.Fit("PrimaryEndPoint", g.NodeGroups[0].PrimaryEndpoint)
		d.Fit("ReaderEndPoint", g.NodeGroups[0].ReaderEndpoint)
		d.Fit("Port", g.NodeGroups[0].PrimaryEndpoint.Port)
	}
	d.UnknownBecause("tags", tagsApart)
	if !ok {
		for _, p := range []string{"EngineVersion", "CacheSubnetGroupName", "SecurityGroupIds", "CacheParameterGroupName", "NotificationTopicArn", "PreferredMaintenanceWindow"} {
			d.UnknownBecause("properties."+p, "none of the group's clusters could be read")
		}
		return d
	}
	d.From(elasticacheDescribeCacheClusters.Operation, s)
	d.Set("EngineVersion", member.EngineVersion)
	d.Set("CacheSubnetGroupName", member.CacheSubnetGroupName)
	d.Set("SecurityGroupIds", cacheSecurityGroups(member))
	d.Set("PreferredMaintenanceWindow", member.PreferredMaintenanceWindow)
	if p := member.CacheParameterGroup; p != nil {
		d.Set("CacheParameterGroupName", p.CacheParameterGroupName)
	}
	if n := member.NotificationConfiguration; n != nil {
		d.Set("NotificationTopicArn", n.TopicArn)
	}
	// The group's own fields for these two came later and may be missing.
	if g.Engine == nil {
		d.Set("Engine", member.Engine)
	}
	if g.AutoMinorVersionUpgrade == nil {
		d.Fit("AutoMinorVersionUpgrade", member.AutoMinorVersionUpgrade)
	}
	return d
}

func (s *Scope) cacheSubnetGroups(ctx context.Context) error {
	return elasticacheDescribeCacheSubnetGroups.List(ctx, s, &elasticache.DescribeCacheSubnetGroupsInput{MaxRecords: elasticachePage}, func(out *elasticache.DescribeCacheSubnetGroupsOutput) error {
		for _, g := range out.CacheSubnetGroups {
			name := aws.ToString(g.CacheSubnetGroupName)
			d := s.Draft(cacheSubnetGroupType, name, aws.ToString(g.ARN), name).From(elasticacheDescribeCacheSubnetGroups.Operation, s)
			var subnets []string
			for _, n := range g.Subnets {
				subnets = append(subnets, aws.ToString(n.SubnetIdentifier))
			}
			d.Set("SubnetIds", subnets)
			d.Fold(g, Folding{Rename: map[string]string{"CacheSubnetGroupDescription": "Description"}, Drop: []string{"ARN", "Subnets"}})
			d.UnknownBecause("tags", tagsApart)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// cacheUsers reads who may log in, where a cache asks for it.
func (s *Scope) cacheUsers(ctx context.Context) error {
	err := elasticacheDescribeUserGroups.List(ctx, s, &elasticache.DescribeUserGroupsInput{MaxRecords: elasticachePage}, func(out *elasticache.DescribeUserGroupsOutput) error {
		for _, g := range out.UserGroups {
			id := aws.ToString(g.UserGroupId)
			d := s.Draft(cacheUserGroupType, id, aws.ToString(g.ARN), id).From(elasticacheDescribeUserGroups.Operation, s)
			d.Fold(g, Folding{})
			d.UnknownBecause("tags", tagsApart)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return elasticacheDescribeUsers.List(ctx, s, &elasticache.DescribeUsersInput{MaxRecords: elasticachePage}, func(out *elasticache.DescribeUsersOutput) error {
		for _, u := range out.Users {
			d := s.Draft(cacheUserType, aws.ToString(u.UserId), aws.ToString(u.ARN), aws.ToString(u.UserName)).From(elasticacheDescribeUsers.Operation, s)
			if a := u.Authentication; a != nil {
				d.Set("NoPasswordRequired", a.Type == types.AuthenticationTypeNoPassword)
			}
			d.Fold(u, Folding{})
			d.UnknownBecause("tags", tagsApart)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
