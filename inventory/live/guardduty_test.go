package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"
)

func guarddutyFake() *fake {
	f := &fake{}
	says(f, guarddutyListDetectors, &guardduty.ListDetectorsOutput{DetectorIds: []string{"d1"}})
	says(f, guarddutyGetDetector, &guardduty.GetDetectorOutput{Status: types.DetectorStatusEnabled, ServiceRole: aws.String("role"), CreatedAt: aws.String("2025-01-02T03:04:05.000Z"),
		FindingPublishingFrequency: types.FindingPublishingFrequencySixHours, Tags: map[string]string{"env": "prod"},
		//lint:ignore SA1019 what AWS still sends must not get in the way
		DataSources: &types.DataSourceConfigurationsResult{S3Logs: &types.S3LogsConfigurationResult{Status: types.DataSourceStatusEnabled}},
		Features: []types.DetectorFeatureConfigurationResult{{Name: types.DetectorFeatureResultRuntimeMonitoring, Status: types.FeatureStatusEnabled, UpdatedAt: &fakeNow,
			AdditionalConfiguration: []types.DetectorAdditionalConfigurationResult{{Name: types.FeatureAdditionalConfigurationEksAddonManagement, Status: types.FeatureStatusDisabled}}}}})
	says(f, guarddutyGetStatistics, &guardduty.GetFindingsStatisticsOutput{FindingStatistics: &types.FindingStatistics{GroupedBySeverity: []types.SeverityStatistics{
		{Severity: aws.Float64(8), TotalFindings: aws.Int32(2)}, {Severity: aws.Float64(8.9), TotalFindings: aws.Int32(1)}, {Severity: aws.Float64(2), TotalFindings: aws.Int32(4)}}}})
	says(f, guarddutyListDestinations, &guardduty.ListPublishingDestinationsOutput{Destinations: []types.Destination{{DestinationId: aws.String("p1"), DestinationType: types.DestinationTypeS3, Status: types.PublishingStatusPublishing}}})
	says(f, guarddutyDescribeDestination, &guardduty.DescribePublishingDestinationOutput{DestinationProperties: &types.DestinationProperties{DestinationArn: aws.String("arn:aws:s3:::findings")}})
	return f
}

func TestGuardDuty(t *testing.T) {
	f := guarddutyFake()
	says(f, guarddutyListMembers, &guardduty.ListMembersOutput{Members: []types.Member{{AccountId: aws.String("222233334444"), RelationshipStatus: aws.String("Enabled"), Email: aws.String("a@example.com"), MasterId: aws.String("111122223333")}}})
	says(f, guarddutyDescribeOrganization, &guardduty.DescribeOrganizationConfigurationOutput{AutoEnableOrganizationMembers: types.AutoEnableMembersAll, MemberAccountLimitReached: aws.Bool(false)})
	c := collect(t, f, guarddutyService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	c.hold(t, []fact{
		{detectorType, "d1", way("arn"), "arn:aws:guardduty:eu-west-1:111122223333:detector/d1"},
		{detectorType, "d1", way("tags", "env"), "prod"},
		{detectorType, "d1", way("properties"), map[string]any{"Id": "d1", "Enable": true, "FindingPublishingFrequency": "SIX_HOURS", "Features": []any{map[string]any{"Name": "RUNTIME_MONITORING", "Status": "ENABLED",
			"AdditionalConfiguration": []any{map[string]any{"Name": "EKS_ADDON_MANAGEMENT", "Status": "DISABLED"}}}}}},
		{detectorType, "d1", way("observed", "Findings"), map[string]any{"Critical": 0.0, "High": 3.0, "Medium": 0.0, "Low": 4.0}},
		{detectorType, "d1", way("observed", "OrganizationConfiguration", "AutoEnableOrganizationMembers"), "ALL"},
		{guarddutyMemberType, "d1|222233334444", way("properties", "Status"), "Enabled"},
		{guarddutyDestinationType, "d1|p1", way("properties", "DestinationProperties", "DestinationArn"), "arn:aws:s3:::findings"},
	})
}

func TestGuardDutyMember(t *testing.T) {
	f := guarddutyFake()
	says(f, guarddutyGetAdministrator, &guardduty.GetAdministratorAccountOutput{Administrator: &types.Administrator{AccountId: aws.String("999988887777"), RelationshipStatus: aws.String("Enabled")}})
	c := collect(t, f, guarddutyService())
	c.hold(t, []fact{
		{guarddutyMasterType, "d1|999988887777", way("properties"), map[string]any{"DetectorId": "d1", "MasterId": "999988887777"}},
		{guarddutyMasterType, "d1|999988887777", way("observed", "RelationshipStatus"), "Enabled"},
	})
	if n := c.cost()["guardduty:ListMembers"]; n != 0 {
		t.Errorf("a member was asked for members %d times", n)
	}
}

func TestGuardDutyGaps(t *testing.T) {
	f := guarddutyFake()
	fails(f, guarddutyGetDetector, "AccessDeniedException")
	fails(f, guarddutyGetStatistics, "AccessDeniedException")
	fails(f, guarddutyGetAdministrator, "AccessDeniedException")
	c := collect(t, f, guarddutyService())
	if len(c.gaps) != 3 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	d := c.one(t, detectorType, "d1")
	unknowns := d["unknowns"].(map[string]any)
	for _, p := range []string{"/properties/Enable", "/properties/Features", "/observed/Findings", "/tags"} {
		if unknowns[p] == nil {
			t.Errorf("%s must be unknown: %v", p, unknowns)
		}
	}
	if n := c.cost()["guardduty:ListMembers"]; n != 0 {
		t.Errorf("members were asked for without knowing that there is no administrator")
	}
	f = guarddutyFake()
	fails(f, guarddutyListDetectors, "AccessDeniedException")
	c = collect(t, f, guarddutyService())
	if cover := c.snapshot.Coverage(detectorType, "111122223333", "eu-west-1"); cover.Complete || len(cover.Gaps) != 1 {
		t.Errorf("coverage after a denied list: %+v", cover)
	}
}
