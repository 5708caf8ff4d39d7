package live

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
)

func configFake() *fake {
	f := &fake{}
	says(f, configDescribeRecorders, &configservice.DescribeConfigurationRecordersOutput{ConfigurationRecorders: []types.ConfigurationRecorder{{
		Name: aws.String("default"), Arn: aws.String("arn:aws:config:eu-west-1:111122223333:configuration-recorder/default/abc"),
		RoleARN:        aws.String("arn:aws:iam::111122223333:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"),
		RecordingGroup: &types.RecordingGroup{AllSupported: true, IncludeGlobalResourceTypes: true, RecordingStrategy: &types.RecordingStrategy{UseOnly: types.RecordingStrategyTypeAllSupportedResourceTypes}},
		RecordingScope: types.RecordingScopePaid,
	}}})
	says(f, configDescribeRecorderStatus, &configservice.DescribeConfigurationRecorderStatusOutput{ConfigurationRecordersStatus: []types.ConfigurationRecorderStatus{
		{Name: aws.String("default"), Recording: true, LastStatus: types.RecorderStatusFailure, LastErrorCode: aws.String("AccessDenied")}}})
	says(f, configDescribeChannels, &configservice.DescribeDeliveryChannelsOutput{DeliveryChannels: []types.DeliveryChannel{{
		Name: aws.String("default"), S3BucketName: aws.String("config-logs"), SnsTopicARN: aws.String("arn:aws:sns:eu-west-1:111122223333:config"),
		ConfigSnapshotDeliveryProperties: &types.ConfigSnapshotDeliveryProperties{DeliveryFrequency: types.MaximumExecutionFrequencyTwentyFourHours}}}})
	says(f, configDescribeChannelStatus, &configservice.DescribeDeliveryChannelStatusOutput{DeliveryChannelsStatus: []types.DeliveryChannelStatus{
		{Name: aws.String("default"), ConfigHistoryDeliveryInfo: &types.ConfigExportDeliveryInfo{LastStatus: types.DeliveryStatusSuccess}}}})
	says(f, configDescribeRules, &configservice.DescribeConfigRulesOutput{ConfigRules: []types.ConfigRule{{
		ConfigRuleName: aws.String("s3-public"), ConfigRuleArn: aws.String("arn:aws:config:eu-west-1:111122223333:config-rule/config-rule-1"), ConfigRuleId: aws.String("config-rule-1"),
		ConfigRuleState: types.ConfigRuleStateActive, InputParameters: aws.String(`{"a":"1"}`), Source: &types.Source{Owner: types.OwnerAws, SourceIdentifier: aws.String("S3_BUCKET_PUBLIC_READ_PROHIBITED")}}}})
	says(f, configDescribeAggregators, &configservice.DescribeConfigurationAggregatorsOutput{ConfigurationAggregators: []types.ConfigurationAggregator{{
		ConfigurationAggregatorName: aws.String("org"), ConfigurationAggregatorArn: aws.String("arn:aws:config:eu-west-1:111122223333:config-aggregator/1"),
		OrganizationAggregationSource: &types.OrganizationAggregationSource{RoleArn: aws.String("arn:aws:iam::111122223333:role/agg"), AllAwsRegions: true}}}})
	return f
}

func TestConfig(t *testing.T) {
	c := collect(t, configFake(), configService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	c.hold(t, []fact{
		{configRecorderType, "default", way("arn"), "arn:aws:config:eu-west-1:111122223333:configuration-recorder/default/abc"},
		{configRecorderType, "default", way("properties", "RecordingGroup", "AllSupported"), true},
		{configRecorderType, "default", way("properties", "RecordingGroup", "RecordingStrategy", "UseOnly"), "ALL_SUPPORTED_RESOURCE_TYPES"},
		{configRecorderType, "default", way("observed", "Recording"), true},
		{configRecorderType, "default", way("observed", "LastErrorCode"), "AccessDenied"},
		{configChannelType, "default", way("properties", "S3BucketName"), "config-logs"},
		{configChannelType, "default", way("observed", "ConfigHistoryDeliveryInfo", "LastStatus"), "Success"},
		{configRuleType, "s3-public", way("properties", "InputParameters", "a"), "1"},
		{configAggregatorType, "org", way("properties", "OrganizationAggregationSource", "AllAwsRegions"), true},
	})
	if n := c.cost()["configservice:DescribeConfigurationRecorderStatus"]; n != 1 {
		t.Errorf("the status of all recorders takes one call where there are some: %d", n)
	}
	// The other region has no recorder: nobody looked for channels and rules there.
	cover := c.snapshot.Coverage(configRuleType, "111122223333", "us-east-1")
	if cover.Complete || !cover.OutOfScope || !strings.Contains(cover.Reason, "no recorder") {
		t.Errorf("coverage of rules without a recorder: %+v", cover)
	}
}

func TestConfigGaps(t *testing.T) {
	f := configFake()
	fails(f, configDescribeRecorders, "AccessDeniedException")
	c := collect(t, f, configService())
	if len(c.gaps) != 2 {
		t.Errorf("one gap a region: %+v", c.gaps)
	}
	c.hold(t, []fact{{configChannelType, "default", way("properties", "S3BucketName"), "config-logs"}})

	f = configFake()
	fails(f, configDescribeRecorderStatus, "AccessDeniedException")
	c = collect(t, f, configService())
	unknowns := at(c.one(t, configRecorderType, "default"), "unknowns").(map[string]any)
	if unknowns["/observed/Recording"] == nil {
		t.Errorf("whether it records must be unknown: %v", unknowns)
	}

	f = configFake()
	says(f, configDescribeRecorderStatus, &configservice.DescribeConfigurationRecorderStatusOutput{})
	c = collect(t, f, configService())
	unknowns = at(c.one(t, configRecorderType, "default"), "unknowns").(map[string]any)
	if unknowns["/observed/Recording"] == nil {
		t.Errorf("a recorder without a status is not one that is off: %v", unknowns)
	}
}
