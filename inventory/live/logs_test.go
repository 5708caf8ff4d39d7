package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

const trailGroup = "arn:aws:logs:eu-west-1:111122223333:log-group:trail"

func logsFake() *fake {
	f := &fake{}
	says(f, logsDescribeGroups, &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []types.LogGroup{
		{LogGroupName: aws.String("trail"), LogGroupArn: aws.String(trailGroup), Arn: aws.String(trailGroup + ":*"), RetentionInDays: aws.Int32(365), MetricFilterCount: aws.Int32(1),
			KmsKeyId: aws.String("arn:aws:kms:eu-west-1:111122223333:key/1"), CreationTime: aws.Int64(1735787045000), StoredBytes: aws.Int64(12), LogGroupClass: types.LogGroupClassStandard},
		{LogGroupName: aws.String("plain"), Arn: aws.String("arn:aws:logs:eu-west-1:111122223333:log-group:plain:*"), MetricFilterCount: aws.Int32(0)}}})
	says(f, logsDescribeMetricFilters, &cloudwatchlogs.DescribeMetricFiltersOutput{MetricFilters: []types.MetricFilter{
		{FilterName: aws.String("root"), LogGroupName: aws.String("trail"), FilterPattern: aws.String(`{ $.userIdentity.type = "Root" }`),
			MetricTransformations: []types.MetricTransformation{{MetricName: aws.String("RootUse"), MetricNamespace: aws.String("CIS"), MetricValue: aws.String("1"), DefaultValue: aws.Float64(0),
				Dimensions: map[string]string{"b": "$.b", "a": "$.a"}}}},
		{FilterName: aws.String("all"), LogGroupName: aws.String("trail"), FilterPattern: aws.String("")}}})
	says(f, logsDescribeResourcePolicies, &cloudwatchlogs.DescribeResourcePoliciesOutput{ResourcePolicies: []types.ResourcePolicy{
		{PolicyName: aws.String("route53"), PolicyDocument: aws.String(`{"Statement":[{"Effect":"Allow","Principal":{"Service":"route53.amazonaws.com"},"Action":"logs:PutLogEvents","Resource":"*"}]}`)}}})
	says(f, logsDescribeDestinations, &cloudwatchlogs.DescribeDestinationsOutput{Destinations: []types.Destination{
		{DestinationName: aws.String("central"), Arn: aws.String("arn:aws:logs:eu-west-1:111122223333:destination:central"), RoleArn: aws.String("arn:aws:iam::111122223333:role/r"),
			TargetArn: aws.String("arn:aws:kinesis:eu-west-1:111122223333:stream/s"), AccessPolicy: aws.String(`{"Statement":[]}`)}}})
	return f
}

func TestLogs(t *testing.T) {
	c := collect(t, logsFake(), logsService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	c.hold(t, []fact{
		{logGroupType, "trail", way("arn"), trailGroup},
		{logGroupType, "plain", way("arn"), "arn:aws:logs:eu-west-1:111122223333:log-group:plain"},
		{logGroupType, "trail", way("properties", "Arn"), trailGroup + ":*"},
		{logGroupType, "trail", way("properties", "RetentionInDays"), 365.0},
		{logGroupType, "plain", way("properties", "RetentionInDays"), nil},
		{logGroupType, "trail", way("observed", "CreationTime"), "2025-01-02T03:04:05Z"},
		{logGroupType, "trail", way("observed", "StoredBytes"), nil},
		{metricFilterType, "trail|root", way("properties", "FilterPattern"), `{ $.userIdentity.type = "Root" }`},
		{metricFilterType, "trail|all", way("properties", "FilterPattern"), ""},
		{metricFilterType, "trail|root", way("properties", "MetricTransformations", 0), map[string]any{"MetricName": "RootUse", "MetricNamespace": "CIS", "MetricValue": "1", "DefaultValue": 0.0,
			"Dimensions": []any{map[string]any{"Key": "a", "Value": "$.a"}, map[string]any{"Key": "b", "Value": "$.b"}}}},
		{logsResourcePolicy, "route53", way("properties", "PolicyDocument", "Statement", 0, "Principal", "Service"), "route53.amazonaws.com"},
		{logsDestinationType, "central", way("observed", "AccessPolicy", "Statement"), []any{}},
		{logsDestinationType, "central", way("properties", "DestinationPolicy"), `{"Statement":[]}`},
	})
	if n := c.cost()["logs:DescribeMetricFilters"]; n != 1 {
		t.Errorf("filters were asked for %d times; one of two regions has a group", n)
	}
}

// TestLogsWithoutGroups: where the groups could not be listed nobody knows that
// there are no filters.
func TestLogsWithoutGroups(t *testing.T) {
	f := logsFake()
	fails(f, logsDescribeGroups, "AccessDeniedException")
	c := collect(t, f, logsService())
	c.one(t, metricFilterType, "trail|root")
	if n := c.cost()["logs:DescribeMetricFilters"]; n != 2 || len(c.gaps) != 2 {
		t.Errorf("%d calls for filters, gaps %+v", n, c.gaps)
	}
}

// TestTrailToTopic follows what CIS asks for: a trail's log group, its filter,
// the alarm on the filter's metric.
func TestTrailToTopic(t *testing.T) {
	f := logsFake()
	says(f, cloudtrailDescribeTrails, &cloudtrail.DescribeTrailsOutput{TrailList: []cloudtrailtypes.Trail{{Name: aws.String("main"), HomeRegion: aws.String("eu-west-1"),
		TrailARN: aws.String("arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"), S3BucketName: aws.String("b"), CloudWatchLogsLogGroupArn: aws.String(trailGroup + ":*")}}})
	says(f, cloudwatchDescribeAlarms, &cloudwatch.DescribeAlarmsOutput{
		MetricAlarms: []cloudwatchtypes.MetricAlarm{{AlarmName: aws.String("root"), AlarmArn: aws.String("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:root"), MetricName: aws.String("RootUse"), Namespace: aws.String("CIS"),
			ActionsEnabled: aws.Bool(true), AlarmActions: []string{"arn:aws:sns:eu-west-1:111122223333:alerts"}, StateValue: cloudwatchtypes.StateValueOk, StateReasonData: aws.String("{}"),
			Threshold: aws.Float64(1), Dimensions: []cloudwatchtypes.Dimension{{Name: aws.String("a"), Value: aws.String("b")}}}},
		CompositeAlarms: []cloudwatchtypes.CompositeAlarm{{AlarmName: aws.String("any"), AlarmArn: aws.String("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:any"), AlarmRule: aws.String("ALARM(root)")}}})
	c := collect(t, f, cloudtrailService(), cloudwatchService(), logsService())
	c.hold(t, []fact{
		{alarmType, "root", way("properties", "AlarmActions", 0), "arn:aws:sns:eu-west-1:111122223333:alerts"},
		{alarmType, "root", way("properties", "Dimensions", 0, "Name"), "a"},
		{alarmType, "root", way("properties", "Threshold"), 1.0},
		{alarmType, "root", way("observed", "StateReasonData"), nil},
		{compositeAlarmType, "any", way("properties", "AlarmRule"), "ALARM(root)"},
	})
	trail := c.subject(t, trailType, "main")
	for _, step := range []string{"logGroup", "metricFilters", "alarms"} {
		next := related(t, c, trail, step)
		if len(next) == 0 {
			t.Fatalf("%s of %s leads nowhere", step, trail.ID)
		}
		trail = next[0]
	}
	if trail.Type != alarmType {
		t.Errorf("the way ends at %s", trail.Type)
	}
}
