package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	"github.com/aws/aws-sdk-go-v2/service/inspector2/types"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	macietypes "github.com/aws/aws-sdk-go-v2/service/macie2/types"
)

func inspectorFake() *fake {
	f := &fake{}
	own, other := aws.String("111122223333"), aws.String("999988887777")
	on, off := &types.State{Status: types.StatusEnabled}, &types.State{Status: types.StatusDisabled}
	answer(f, inspectorGetStatus, func(p Place, _ *inspector2.BatchGetAccountStatusInput) (*inspector2.BatchGetAccountStatusOutput, error) {
		state := off
		if p.Region == "eu-west-1" {
			state = on
		}
		return &inspector2.BatchGetAccountStatusOutput{Accounts: []types.AccountState{{AccountId: own, State: state, ResourceState: &types.ResourceState{Ec2: state, Ecr: state, Lambda: off}}}}, nil
	})
	says(f, inspectorListCoverage, &inspector2.ListCoverageOutput{CoveredResources: []types.CoveredResource{
		{AccountId: own, ResourceId: aws.String("i-1"), ResourceType: types.CoverageResourceTypeAwsEc2Instance, ScanType: types.ScanTypePackage, ScanStatus: &types.ScanStatus{StatusCode: types.ScanStatusCodeActive, Reason: types.ScanStatusReasonSuccessful}},
		{AccountId: own, ResourceId: aws.String("i-1"), ResourceType: types.CoverageResourceTypeAwsEc2Instance, ScanType: types.ScanTypeNetwork},
		{AccountId: own, ResourceId: aws.String("i-2"), ResourceType: types.CoverageResourceTypeAwsEc2Instance, ScanType: types.ScanTypePackage, ScanStatus: &types.ScanStatus{StatusCode: types.ScanStatusCodeInactive, Reason: types.ScanStatusReasonUnmanagedEc2Instance}},
		{AccountId: other, ResourceId: aws.String("i-9"), ResourceType: types.CoverageResourceTypeAwsEc2Instance}}})
	answer(f, inspectorCountFindings, func(_ Place, in *inspector2.ListFindingAggregationsInput) (*inspector2.ListFindingAggregationsOutput, error) {
		var out inspector2.ListFindingAggregationsOutput
		switch in.AggregationType {
		case types.AggregationTypeAccount:
			out.Responses = []types.AggregationResponse{&types.AggregationResponseMemberAccountAggregation{Value: types.AccountAggregationResponse{AccountId: own, ExploitAvailableCount: aws.Int64(1), SeverityCounts: &types.SeverityCounts{All: aws.Int64(9), Critical: aws.Int64(2)}}}}
		case types.AggregationTypeAwsEc2Instance:
			out.Responses = []types.AggregationResponse{
				&types.AggregationResponseMemberEc2InstanceAggregation{Value: types.Ec2InstanceAggregationResponse{AccountId: own, InstanceId: aws.String("i-1"), NetworkFindings: aws.Int64(1), SeverityCounts: &types.SeverityCounts{All: aws.Int64(5), Critical: aws.Int64(2), High: aws.Int64(1), Medium: aws.Int64(2)}}},
				&types.AggregationResponseMemberEc2InstanceAggregation{Value: types.Ec2InstanceAggregationResponse{AccountId: other, InstanceId: aws.String("i-9")}}}
		case types.AggregationTypeAwsEcrContainer:
			out.Responses = []types.AggregationResponse{&types.AggregationResponseMemberAwsEcrContainerAggregation{Value: types.AwsEcrContainerAggregationResponse{AccountId: own,
				ResourceId: aws.String("arn:aws:ecr:eu-west-1:111122223333:repository/app/sha256:0"), Repository: aws.String("app"), ImageTags: []string{"v1"}, SeverityCounts: &types.SeverityCounts{All: aws.Int64(1)}}}}
		default:
			return nil, apiError("ValidationException")
		}
		return &out, nil
	})
	return f
}

func TestInspector(t *testing.T) {
	c := collect(t, inspectorFake(), inspectorService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	c.hold(t, []fact{
		{inspectorScannedType, "i-1", way("properties", "SeverityCounts"), map[string]any{"All": 5.0, "Critical": 2.0, "High": 1.0, "Medium": 2.0}},
		{inspectorScannedType, "i-1", way("properties", "NetworkFindings"), 1.0},
		{inspectorScannedType, "i-1", way("properties", "Scans", 1, "ScanType"), "NETWORK"},
		{inspectorScannedType, "i-2", way("properties", "Scans", 0, "Reason"), "UNMANAGED_EC2_INSTANCE"},
		{inspectorScannedType, "i-2", way("properties", "SeverityCounts"), map[string]any{"All": 0.0, "Critical": 0.0, "High": 0.0, "Medium": 0.0}},
		{inspectorScannedType, "arn:aws:ecr:eu-west-1:111122223333:repository/app/sha256:0", way("properties", "RepositoryName"), "app"},
	})
	if got := len(ids(t, c, inspectorScannedType)); got != 3 {
		t.Errorf("%d scanned resources: another account's are not this one's", got)
	}
	if got := len(ids(t, c, inspectorStatusType)); got != 2 {
		t.Errorf("%d statuses: each region has one, on or off", got)
	}
	if n := c.cost()["inspector2:ListFindingAggregations"]; n != 3 {
		t.Errorf("%d counts: one of the account, one for each kind that is on", n)
	}
}

func TestInspectorGaps(t *testing.T) {
	f := inspectorFake()
	fails(f, inspectorCountByResource, "AccessDeniedException")
	c := collect(t, f, inspectorService())
	for _, id := range []string{"i-1", "i-2"} {
		d := c.one(t, inspectorScannedType, id)
		if at(d, "properties", "SeverityCounts") != nil || d["unknowns"].(map[string]any)["/properties/SeverityCounts"] == nil {
			t.Errorf("what was found in %s must be unknown, not nothing: %v", id, d)
		}
	}
	if cover := c.snapshot.Coverage(inspectorScannedType, "111122223333", "eu-west-1"); cover.Complete {
		t.Error("images that could not be counted are missing")
	}
	f = inspectorFake()
	says(f, inspectorGetStatus, &inspector2.BatchGetAccountStatusOutput{FailedAccounts: []types.FailedAccount{{AccountId: aws.String("111122223333"), ErrorCode: types.ErrorCodeInternalError}}})
	c = collect(t, f, inspectorService())
	if u := c.one(t, inspectorStatusType, "111122223333")["unknowns"].(map[string]any); u["/properties/State"] == nil {
		t.Errorf("a status that Inspector could not tell: %v", u)
	}
	f = inspectorFake()
	fails(f, inspectorGetStatus, "AccessDeniedException")
	c = collect(t, f, inspectorService())
	if cover := c.snapshot.Coverage(inspectorStatusType, "111122223333", "eu-west-1"); cover.Complete || len(c.cost()) != 1 {
		t.Errorf("coverage %+v after calls %v", cover, c.cost())
	}
}

func macieFake() *fake {
	f := &fake{}
	answer(f, macieGetSession, func(p Place, _ *macie2.GetMacieSessionInput) (*macie2.GetMacieSessionOutput, error) {
		if p.Region != "eu-west-1" {
			return nil, apiErrorText("AccessDeniedException", "Macie is not enabled.")
		}
		return &macie2.GetMacieSessionOutput{Status: macietypes.MacieStatusEnabled, CreatedAt: &fakeNow, FindingPublishingFrequency: macietypes.FindingPublishingFrequencyOneHour}, nil
	})
	says(f, macieGetDiscovery, &macie2.GetAutomatedDiscoveryConfigurationOutput{Status: macietypes.AutomatedDiscoveryStatusDisabled})
	says(f, macieListJobs, &macie2.ListClassificationJobsOutput{Items: []macietypes.JobSummary{{JobId: aws.String("j1"), Name: aws.String("weekly"), JobType: macietypes.JobTypeScheduled, JobStatus: macietypes.JobStatusRunning,
		BucketDefinitions: []macietypes.S3BucketDefinitionForJob{{AccountId: aws.String("111122223333"), Buckets: []string{"data"}}}}}})
	return f
}

func TestMacie(t *testing.T) {
	c := collect(t, macieFake(), macieService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	c.hold(t, []fact{
		{macieSessionType, "111122223333", way("properties"), map[string]any{"AwsAccountId": "111122223333", "Status": "ENABLED", "FindingPublishingFrequency": "ONE_HOUR", "AutomatedDiscoveryStatus": "DISABLED"}},
		{macieJobType, "j1", way("properties", "BucketDefinitions", 0, "Buckets", 0), "data"},
	})
	if cover := c.snapshot.Coverage(macieSessionType, "111122223333", "us-east-1"); !cover.Complete {
		t.Errorf("where Macie is off there is no session: %+v", cover)
	}
}

func TestMacieDenied(t *testing.T) {
	f := macieFake()
	fails(f, macieGetSession, "AccessDeniedException: User: arn:aws:iam::111122223333:user/u is not authorized to perform: macie2:GetMacieSession")
	c := collect(t, f, macieService())
	if cover := c.snapshot.Coverage(macieSessionType, "111122223333", "eu-west-1"); cover.Complete || len(c.gaps) != 2 {
		t.Errorf("a denial must not look like \"not enabled\": %+v, %+v", cover, c.gaps)
	}
	f = macieFake()
	says(f, macieGetAdministrator, &macie2.GetAdministratorAccountOutput{Administrator: &macietypes.Invitation{AccountId: aws.String("999988887777"), RelationshipStatus: macietypes.RelationshipStatusEnabled}})
	c = collect(t, f, macieService())
	u := at(c.one(t, macieSessionType, "111122223333"), "unknowns").(map[string]any)
	if u["/properties/AutomatedDiscoveryStatus"] == nil || len(c.gaps) != 0 {
		t.Errorf("a member is not told: %v, %+v", u, c.gaps)
	}
}
