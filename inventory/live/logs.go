package live

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

const (
	logGroupType          = "AWS::Logs::LogGroup"
	metricFilterType      = "AWS::Logs::MetricFilter"
	logsResourcePolicy    = "AWS::Logs::ResourcePolicy"
	logsDestinationType   = "AWS::Logs::Destination"
	logsPage              = 50
	dataProtectionEnabled = types.DataProtectionStatusActivated
)

var (
	logsDescribeGroups = operation(cloudwatchlogs.NewFromConfig, (*cloudwatchlogs.Client).DescribeLogGroups, Declaration{
		Types: []string{logGroupType}})
	logsDescribeMetricFilters = operation(cloudwatchlogs.NewFromConfig, (*cloudwatchlogs.Client).DescribeMetricFilters, Declaration{Optional: true,
		Types: []string{metricFilterType}})
	logsDescribeResourcePolicies = operation(cloudwatchlogs.NewFromConfig, (*cloudwatchlogs.Client).DescribeResourcePolicies, Declaration{
		Types: []string{logsResourcePolicy}})
	logsDescribeDestinations = operation(cloudwatchlogs.NewFromConfig, (*cloudwatchlogs.Client).DescribeDestinations, Declaration{
		Types: []string{logsDestinationType}})
)

func logsService() *Service {
	return &Service{
		Name: "logs", Title: "CloudWatch Logs",
		Operations: []*Operation{logsDescribeGroups.Operation, logsDescribeMetricFilters.Operation, logsDescribeResourcePolicies.Operation, logsDescribeDestinations.Operation,
			logsDescribeDeliverySources.Operation, logsDescribeDeliveries.Operation},
		Collect: collectLogs,
	}
}

func collectLogs(ctx context.Context, s *Scope) error {
	groups := false
	whole, err := logsDescribeGroups.ListAll(ctx, s, &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(logsPage)}, func(out *cloudwatchlogs.DescribeLogGroupsOutput) error {
		groups = groups || len(out.LogGroups) > 0
		for _, g := range out.LogGroups {
			if err := s.logGroup(ctx, g); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if groups || !whole {
		if err := s.metricFilters(ctx); err != nil {
			return err
		}
	}
	if err := s.logsResourcePolicies(ctx); err != nil {
		return err
	}
	if err := s.logsDestinations(ctx); err != nil {
		return err
	}
	// What services deliver is asked for where there are logs, and where CloudFront's are.
	if !groups && whole && s.Region != s.Partition.GlobalRegion() {
		return nil
	}
	return s.deliveries(ctx)
}

func (s *Scope) logGroup(ctx context.Context, g types.LogGroup) error {
	name, arn := aws.ToString(g.LogGroupName), aws.ToString(g.LogGroupArn)
	if arn == "" {
		arn = strings.TrimSuffix(aws.ToString(g.Arn), ":*")
	}
	d := s.Draft(logGroupType, name, arn, name).From(logsDescribeGroups.Operation, s)
	// How much is stored changes with every line that is written.
	d.Fold(g, Folding{Drop: []string{"CreationTime", "StoredBytes", "LogGroupArn"}})
	d.Observe("CreationTime", milliseconds(g.CreationTime))
	d.notAsked("tags", "properties.FieldIndexPolicies", "properties.ResourcePolicyDocument")
	if g.DataProtectionStatus == dataProtectionEnabled {
		d.notAsked("properties.DataProtectionPolicy")
	}
	return s.Put(ctx, d)
}

// metricFilters reads the filters of all log groups at once.
func (s *Scope) metricFilters(ctx context.Context) error {
	return logsDescribeMetricFilters.List(ctx, s, &cloudwatchlogs.DescribeMetricFiltersInput{Limit: aws.Int32(logsPage)}, func(out *cloudwatchlogs.DescribeMetricFiltersOutput) error {
		for _, f := range out.MetricFilters {
			group, name := aws.ToString(f.LogGroupName), aws.ToString(f.FilterName)
			d := s.Draft(metricFilterType, group+"|"+name, "", name).From(logsDescribeMetricFilters.Operation, s)
			d.Fold(f, Folding{Drop: []string{"CreationTime", "MetricTransformations", "FilterPattern"}})
			// An empty pattern matches every event, which is not the same as none.
			d.properties["FilterPattern"] = aws.ToString(f.FilterPattern)
			d.Observe("CreationTime", milliseconds(f.CreationTime))
			d.Fit("MetricTransformations", metricTransformations(f.MetricTransformations))
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// metricTransformations gives dimensions as CloudFormation does, as a list.
func metricTransformations(list []types.MetricTransformation) []map[string]any {
	var out []map[string]any
	for _, t := range list {
		m, ok := plain(t).(map[string]any)
		if !ok {
			continue
		}
		delete(m, "Dimensions")
		var dims []any
		for _, k := range sortedKeys(t.Dimensions) {
			dims = append(dims, map[string]any{"Key": k, "Value": t.Dimensions[k]})
		}
		if dims != nil {
			m["Dimensions"] = dims
		}
		out = append(out, m)
	}
	return out
}

func (s *Scope) logsResourcePolicies(ctx context.Context) error {
	return logsDescribeResourcePolicies.List(ctx, s, &cloudwatchlogs.DescribeResourcePoliciesInput{}, func(out *cloudwatchlogs.DescribeResourcePoliciesOutput) error {
		for _, p := range out.ResourcePolicies {
			name := aws.ToString(p.PolicyName)
			d := s.Draft(logsResourcePolicy, name, "", name).From(logsDescribeResourcePolicies.Operation, s)
			d.Set("PolicyName", name)
			d.SetDocument("PolicyDocument", p.PolicyDocument)
			d.Observe("LastUpdatedTime", milliseconds(p.LastUpdatedTime))
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Scope) logsDestinations(ctx context.Context) error {
	return logsDescribeDestinations.List(ctx, s, &cloudwatchlogs.DescribeDestinationsInput{Limit: aws.Int32(logsPage)}, func(out *cloudwatchlogs.DescribeDestinationsOutput) error {
		for _, t := range out.Destinations {
			d := s.Draft(logsDestinationType, aws.ToString(t.DestinationName), aws.ToString(t.Arn), aws.ToString(t.DestinationName)).From(logsDescribeDestinations.Operation, s)
			d.Fold(t, Folding{Drop: []string{"CreationTime", "AccessPolicy"}})
			// CloudFormation has the policy as text; as an object it stands beside it.
			d.Set("DestinationPolicy", t.AccessPolicy)
			if p := aws.ToString(t.AccessPolicy); p != "" {
				d.observePlain("AccessPolicy", document(p))
			}
			d.Observe("CreationTime", milliseconds(t.CreationTime))
			d.notAsked("tags")
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// milliseconds is a time that AWS gives in milliseconds since 1970; nil for none.
func milliseconds(ms *int64) any {
	if ms == nil || *ms == 0 {
		return nil
	}
	return time.UnixMilli(*ms)
}
