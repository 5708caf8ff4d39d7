package live

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logstypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	configtypes "github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventstypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	guarddutytypes "github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const motoTopic = "arn:aws:sns:us-east-1:" + motoAccount + ":alerts"

// motoDetection fills us-east-1: a trail whose root use raises an alarm that a
// queue hears of, and each detection service switched on.
func motoDetection(t *testing.T, cfg aws.Config) {
	t.Helper()
	// Moto calls the answers to writing HTML, which the client that reads refuses.
	cfg.HTTPClient = http.DefaultClient
	ctx := t.Context()
	role := aws.String("arn:aws:iam::" + motoAccount + ":role/r")
	must(newS3(cfg).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("logs")}))

	q := sqs.NewFromConfig(cfg)
	must(q.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("pager"), Attributes: map[string]string{"SqsManagedSseEnabled": "true", "Policy": openPolicy}}))
	n := sns.NewFromConfig(cfg)
	must(n.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("alerts")}))
	must(n.Subscribe(ctx, &sns.SubscribeInput{TopicArn: aws.String(motoTopic), Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:" + motoAccount + ":pager")}))

	l := cloudwatchlogs.NewFromConfig(cfg)
	must(l.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("trail")}))
	must(l.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String("trail"), RetentionInDays: aws.Int32(365)}))
	must(l.PutMetricFilter(ctx, &cloudwatchlogs.PutMetricFilterInput{LogGroupName: aws.String("trail"), FilterName: aws.String("root"), FilterPattern: aws.String(`{ $.userIdentity.type = "Root" }`),
		MetricTransformations: []logstypes.MetricTransformation{{MetricName: aws.String("RootUse"), MetricNamespace: aws.String("CIS"), MetricValue: aws.String("1")}}}))
	must(newCloudWatch(cfg).PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{AlarmName: aws.String("root"), MetricName: aws.String("RootUse"), Namespace: aws.String("CIS"), Statistic: cloudwatchtypes.StatisticSum,
		Period: aws.Int32(300), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: cloudwatchtypes.ComparisonOperatorGreaterThanOrEqualToThreshold, AlarmActions: []string{motoTopic}}))
	must(cloudtrail.NewFromConfig(cfg).CreateTrail(ctx, &cloudtrail.CreateTrailInput{Name: aws.String("main"), S3BucketName: aws.String("logs"), IsMultiRegionTrail: aws.Bool(true),
		CloudWatchLogsLogGroupArn: aws.String("arn:aws:logs:us-east-1:" + motoAccount + ":log-group:trail:*"), CloudWatchLogsRoleArn: role}))

	c := configservice.NewFromConfig(cfg)
	must(c.PutConfigurationRecorder(ctx, &configservice.PutConfigurationRecorderInput{ConfigurationRecorder: &configtypes.ConfigurationRecorder{Name: aws.String("default"), RoleARN: role,
		RecordingGroup: &configtypes.RecordingGroup{AllSupported: true}}}))
	must(c.PutDeliveryChannel(ctx, &configservice.PutDeliveryChannelInput{DeliveryChannel: &configtypes.DeliveryChannel{Name: aws.String("default"), S3BucketName: aws.String("logs")}}))
	must(c.StartConfigurationRecorder(ctx, &configservice.StartConfigurationRecorderInput{ConfigurationRecorderName: aws.String("default")}))

	must(guardduty.NewFromConfig(cfg).CreateDetector(ctx, &guardduty.CreateDetectorInput{Enable: aws.Bool(true), Features: []guarddutytypes.DetectorFeatureConfiguration{
		{Name: guarddutytypes.DetectorFeatureS3DataEvents, Status: guarddutytypes.FeatureStatusEnabled}}}))
	must(securityhub.NewFromConfig(cfg).EnableSecurityHub(ctx, &securityhub.EnableSecurityHubInput{}))
	e := eventbridge.NewFromConfig(cfg)
	must(e.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("findings"), EventPattern: aws.String(`{"source":["aws.guardduty"]}`)}))
	must(e.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("findings"), Targets: []eventstypes.Target{{Id: aws.String("1"), Arn: aws.String(motoTopic)}}}))
	must(cloudformation.NewFromConfig(cfg).CreateStack(ctx, &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(`{"Resources":{"T":{"Type":"AWS::SNS::Topic"}}}`), EnableTerminationProtection: aws.Bool(true)}))
}

// TestMotoDetection reads what moto was filled with. The gaps are what moto does
// not do: it answers 404 or 500 with HTML. Its Macie is on everywhere.
func TestMotoDetection(t *testing.T) {
	cfg, src := moto(t)
	motoDetection(t, cfg)
	c := collectIn(t, src, motoAccount, cloudformationService(), cloudtrailService(), cloudwatchService(), configService(), eventbridgeService(), guarddutyService(),
		inspectorService(), logsService(), macieService(), securityhubService(), snsService(), sqsService())
	c.onlyGaps(t, "configservice:DescribeDeliveryChannelStatus", "guardduty:GetFindingsStatistics", "guardduty:ListMembers", "guardduty:ListPublishingDestinations",
		"logs:DescribeDeliverySources", "macie2:GetAutomatedDiscoveryConfiguration", "macie2:GetClassificationExportConfiguration", "macie2:ListClassificationJobs", "securityhub:DescribeOrganizationConfiguration", "securityhub:GetEnabledStandards", "securityhub:ListFindingAggregators")
	c.hold(t, []fact{
		{configRecorderType, "default", way("observed", "Recording"), true},
		{configChannelType, "default", way("properties", "S3BucketName"), "logs"},
		{logGroupType, "trail", way("properties", "RetentionInDays"), 365.0},
		{topicType, motoTopic, way("properties", "TopicName"), "alerts"},
		{eventRuleType, "arn:aws:events:us-east-1:" + motoAccount + ":rule/findings", way("properties", "Targets", 0, "Arn"), motoTopic},
		{alarmType, "root", way("properties", "Threshold"), 1.0},
	})
	if detectors := ids(t, c, detectorType); len(detectors) != 1 {
		t.Errorf("detectors %v", detectors)
	} else {
		c.hold(t, []fact{{detectorType, detectors[0], way("properties", "Enable"), true}})
	}
	for _, typ := range []string{hubType, queueType, queuePolicyType, subscriptionType, stackType} {
		if len(ids(t, c, typ)) == 0 {
			t.Errorf("no %s was read", typ)
		}
	}
	from := c.subject(t, trailType, "main")
	for _, step := range []string{"logGroup", "metricFilters", "alarms", "topics", "subscriptions", "queue", "policies"} {
		next := related(t, c, from, step)
		if len(next) == 0 {
			t.Fatalf("%s of %s leads nowhere", step, from.ID)
		}
		from = next[0]
	}
	if from.Type != queuePolicyType {
		t.Errorf("the way from the trail ends at a %s", from.Type)
	}
}
