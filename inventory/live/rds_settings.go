package live

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

const (
	rdsGroupType             = "AWS::RDS::DBParameterGroup"
	rdsClusterGroupType      = "AWS::RDS::DBClusterParameterGroup"
	neptuneGroupType         = "AWS::Neptune::DBParameterGroup"
	neptuneClusterGroupType  = "AWS::Neptune::DBClusterParameterGroup"
	documentClusterGroupType = "AWS::DocDB::DBClusterParameterGroup"
	rdsSubnetGroupType       = "AWS::RDS::DBSubnetGroup"
	rdsSubscriptionType      = "AWS::RDS::EventSubscription"
	rdsProxyType             = "AWS::RDS::DBProxy"
)

var rdsParameterFills = []string{"properties.Parameters", "observed.Parameters"}

var (
	rdsDescribeDBParameterGroups = operation(rds.NewFromConfig, (*rds.Client).DescribeDBParameterGroups, Declaration{Optional: true,
		Types: []string{rdsGroupType, neptuneGroupType}})
	// A group is one of three types; what the call fills has the same name in all.
	rdsDescribeDBParameters = operation(rds.NewFromConfig, (*rds.Client).DescribeDBParameters, Declaration{
		Per: rdsGroupType, Key: []string{"DBParameterGroupName", "Source"}, Fills: rdsParameterFills})
	rdsDescribeDBClusterParameterGroups = operation(rds.NewFromConfig, (*rds.Client).DescribeDBClusterParameterGroups, Declaration{Optional: true,
		Types: []string{rdsClusterGroupType, neptuneClusterGroupType, documentClusterGroupType}})
	rdsDescribeDBClusterParameters = operation(rds.NewFromConfig, (*rds.Client).DescribeDBClusterParameters, Declaration{
		Per: rdsClusterGroupType, Key: []string{"DBClusterParameterGroupName", "Source"}, Fills: rdsParameterFills})
	rdsDescribeDBSubnetGroups = operation(rds.NewFromConfig, (*rds.Client).DescribeDBSubnetGroups, Declaration{Optional: true,
		Types: []string{rdsSubnetGroupType}})
	rdsDescribeEventSubscriptions = operation(rds.NewFromConfig, (*rds.Client).DescribeEventSubscriptions, Declaration{Optional: true,
		Types: []string{rdsSubscriptionType}})
	rdsDescribeDBProxies = operation(rds.NewFromConfig, (*rds.Client).DescribeDBProxies, Declaration{Optional: true,
		Types: []string{rdsProxyType}})
)

// rdsSettings reads what the region's databases are set up with.
func (s *Scope) rdsSettings(ctx context.Context, use *rdsUse) error {
	if !use.instances && !use.clusters {
		return nil
	}
	steps := []func(context.Context) error{s.rdsSubnetGroups, s.rdsSubscriptions, s.rdsProxies}
	if use.instances {
		steps = append(steps, func(ctx context.Context) error { return s.rdsGroups(ctx, use.instanceGroups) })
	}
	if use.clusters {
		steps = append(steps, func(ctx context.Context) error { return s.rdsClusterGroups(ctx, use.clusterGroups) })
	}
	return each(ctx, s, steps, func(ctx context.Context, step func(context.Context) error) error { return step(ctx) })
}

// rdsParameters are the parameters that say whether connections are encrypted
// and what a database logs, of all engines. The families have some 400 each.
func rdsParameters() []string {
	return []string{
		// PostgreSQL, https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html (read 2026-11-24)
		"rds.force_ssl", "ssl_min_protocol_version", "log_connections", "log_disconnections", "log_statement", "log_min_duration_statement",
		"pgaudit.log", "pgaudit.role", "shared_preload_libraries", "password_encryption", "rds.accepted_password_auth_method", "rds.log_retention_period",
		// MySQL and MariaDB, https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-ssl-connections.html (read 2026-11-24)
		"require_secure_transport", "tls_version", "general_log", "slow_query_log", "log_output", "local_infile",
		"server_audit_logging", "server_audit_events",
		// SQL Server, https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/SQLServer.Ciphers.html (read 2026-11-24)
		"rds.tls10", "rds.tls11", "rds.tls12", "rds.rc4", "rds.3des168", "rds.fips",
		// Oracle
		"audit_trail", "unified_audit_sga_queue_size",
		// DocumentDB, https://docs.aws.amazon.com/documentdb/latest/developerguide/cluster_parameter_groups-list_of_parameters.html (read 2026-11-24)
		"tls", "audit_logs", "profiler",
		// Neptune, https://docs.aws.amazon.com/neptune/latest/userguide/parameters.html (read 2026-11-24)
		"neptune_enforce_ssl", "neptune_enable_audit_log",
	}
}

// groupNotUsed is why the parameters of a group are unknown.
const groupNotUsed = "parameters are read of groups that a database uses"

func (s *Scope) rdsGroups(ctx context.Context, used map[string]bool) error {
	return rdsDescribeDBParameterGroups.List(ctx, s, &rds.DescribeDBParameterGroupsInput{MaxRecords: rdsPage}, func(out *rds.DescribeDBParameterGroupsOutput) error {
		return each(ctx, s, out.DBParameterGroups, func(ctx context.Context, g types.DBParameterGroup) error {
			name := aws.ToString(g.DBParameterGroupName)
			d := s.rdsGroup(rdsDescribeDBParameterGroups.Operation, rdsGroupType, neptuneGroupType, rdsGroupType, name, g.DBParameterGroupArn, g.DBParameterGroupFamily, g.Description)
			read := func(source *string, names []types.Filter, take func([]types.Parameter)) error {
				return rdsDescribeDBParameters.Pages(ctx, s, d, &rds.DescribeDBParametersInput{DBParameterGroupName: &name, Source: source, Filters: names, MaxRecords: rdsPage},
					func(out *rds.DescribeDBParametersOutput) error { take(out.Parameters); return nil })
			}
			return s.rdsParametersOf(ctx, d, name, used, read)
		})
	})
}

func (s *Scope) rdsClusterGroups(ctx context.Context, used map[string]bool) error {
	return rdsDescribeDBClusterParameterGroups.List(ctx, s, &rds.DescribeDBClusterParameterGroupsInput{MaxRecords: rdsPage}, func(out *rds.DescribeDBClusterParameterGroupsOutput) error {
		return each(ctx, s, out.DBClusterParameterGroups, func(ctx context.Context, g types.DBClusterParameterGroup) error {
			name := aws.ToString(g.DBClusterParameterGroupName)
			d := s.rdsGroup(rdsDescribeDBClusterParameterGroups.Operation, rdsClusterGroupType, neptuneClusterGroupType, documentClusterGroupType, name, g.DBClusterParameterGroupArn, g.DBParameterGroupFamily, g.Description)
			read := func(source *string, names []types.Filter, take func([]types.Parameter)) error {
				return rdsDescribeDBClusterParameters.Pages(ctx, s, d, &rds.DescribeDBClusterParametersInput{DBClusterParameterGroupName: &name, Source: source, Filters: names, MaxRecords: rdsPage},
					func(out *rds.DescribeDBClusterParametersOutput) error { take(out.Parameters); return nil })
			}
			return s.rdsParametersOf(ctx, d, name, used, read)
		})
	})
}

// rdsGroup starts a parameter group; the type follows the family, which begins
// with the engine's name.
func (s *Scope) rdsGroup(o *Operation, rdsType, neptuneType, documentType, name string, arn, family, description *string) *Draft {
	typ := rdsEngineType(family, rdsType, neptuneType, documentType)
	d := s.Draft(typ, name, aws.ToString(arn), name).From(o, s)
	switch typ {
	case rdsGroupType:
		d.Set("DBParameterGroupName", name)
		d.Set("DBParameterGroupArn", arn)
	case rdsClusterGroupType:
		d.Set("DBClusterParameterGroupName", name)
	default:
		d.Set("Name", name)
	}
	d.Set("Family", family)
	d.Set("Description", description)
	d.UnknownBecause("tags", tagsApart)
	return d
}

// rdsParametersOf reads what somebody changed in a group (as CloudFormation has
// it) and the values in force of the parameters that matter, and writes the group.
// The groups named "default." cannot be changed
// (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/parameter-groups-overview.html, read 2026-11-24).
func (s *Scope) rdsParametersOf(ctx context.Context, d *Draft, name string, used map[string]bool, read func(source *string, names []types.Filter, take func([]types.Parameter)) error) error {
	if !used[name] {
		for _, f := range rdsParameterFills {
			d.UnknownBecause(f, groupNotUsed)
		}
		return s.Put(ctx, d)
	}
	if !strings.HasPrefix(name, "default.") {
		changed := map[string]any{}
		err := read(aws.String("user"), nil, func(ps []types.Parameter) {
			rdsValues(changed, ps, nil)
			d.setPlain("Parameters", changed)
		})
		if err != nil {
			return err
		}
	}
	wanted, inForce := rdsParameters(), map[string]any{}
	err := read(nil, []types.Filter{{Name: aws.String("parameter-name"), Values: wanted}}, func(ps []types.Parameter) {
		rdsValues(inForce, ps, wanted)
		d.Observe("Parameters", inForce)
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}

// rdsValues adds the values of the parameters that have one and, with names, are among them.
func rdsValues(to map[string]any, parameters []types.Parameter, names []string) {
	for _, p := range parameters {
		name := aws.ToString(p.ParameterName)
		if p.ParameterValue != nil && (names == nil || slices.Contains(names, name)) {
			to[name] = *p.ParameterValue
		}
	}
}

func (s *Scope) rdsSubnetGroups(ctx context.Context) error {
	return rdsDescribeDBSubnetGroups.List(ctx, s, &rds.DescribeDBSubnetGroupsInput{MaxRecords: rdsPage}, func(out *rds.DescribeDBSubnetGroupsOutput) error {
		for _, g := range out.DBSubnetGroups {
			name := aws.ToString(g.DBSubnetGroupName)
			d := s.Draft(rdsSubnetGroupType, name, aws.ToString(g.DBSubnetGroupArn), name).From(rdsDescribeDBSubnetGroups.Operation, s)
			var subnets []string
			for _, n := range g.Subnets {
				subnets = append(subnets, aws.ToString(n.SubnetIdentifier))
			}
			d.Set("SubnetIds", subnets)
			d.Fold(g, Folding{Drop: []string{"Subnets"}})
			d.UnknownBecause("tags", tagsApart)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Scope) rdsSubscriptions(ctx context.Context) error {
	return rdsDescribeEventSubscriptions.List(ctx, s, &rds.DescribeEventSubscriptionsInput{MaxRecords: rdsPage}, func(out *rds.DescribeEventSubscriptionsOutput) error {
		for _, e := range out.EventSubscriptionsList {
			name := aws.ToString(e.CustSubscriptionId)
			d := s.Draft(rdsSubscriptionType, name, aws.ToString(e.EventSubscriptionArn), name).From(rdsDescribeEventSubscriptions.Operation, s)
			d.Fold(e, Folding{
				Rename: map[string]string{"CustSubscriptionId": "SubscriptionName", "EventCategoriesList": "EventCategories", "SourceIdsList": "SourceIds"},
				Drop:   []string{"EventSubscriptionArn", "CustomerAwsId"},
			})
			d.UnknownBecause("tags", tagsApart)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Scope) rdsProxies(ctx context.Context) error {
	return rdsDescribeDBProxies.List(ctx, s, &rds.DescribeDBProxiesInput{MaxRecords: rdsPage}, func(out *rds.DescribeDBProxiesOutput) error {
		for _, p := range out.DBProxies {
			name := aws.ToString(p.DBProxyName)
			d := s.Draft(rdsProxyType, name, aws.ToString(p.DBProxyArn), name).From(rdsDescribeDBProxies.Operation, s)
			d.Fold(p, Folding{})
			d.UnknownBecause("tags", tagsApart)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
