package live

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"merlon.dev/merlon"
)

const trailType = "AWS::CloudTrail::Trail"

var (
	cloudtrailDescribeTrails = operation(cloudtrail.NewFromConfig, (*cloudtrail.Client).DescribeTrails, Declaration{
		Types: []string{trailType}})
	cloudtrailGetTrailStatus = operation(cloudtrail.NewFromConfig, (*cloudtrail.Client).GetTrailStatus, Declaration{
		Per: trailType, Fills: []string{"properties.IsLogging", "observed.StartLoggingTime", "observed.StopLoggingTime",
			"observed.LatestDeliveryTime", "observed.LatestDeliveryError", "observed.LatestDigestDeliveryTime", "observed.LatestDigestDeliveryError",
			"observed.LatestCloudWatchLogsDeliveryTime", "observed.LatestCloudWatchLogsDeliveryError",
			"observed.LatestNotificationTime", "observed.LatestNotificationError"}})
	cloudtrailGetEventSelectors = operation(cloudtrail.NewFromConfig, (*cloudtrail.Client).GetEventSelectors, Declaration{
		Per: trailType, Fills: []string{"properties.EventSelectors", "properties.AdvancedEventSelectors"}})
	cloudtrailGetInsightSelectors = operation(cloudtrail.NewFromConfig, (*cloudtrail.Client).GetInsightSelectors, Declaration{
		Per: trailType, Fills: []string{"properties.InsightSelectors"}, Optional: true,
		Absent: []string{"InsightNotEnabledException"},
		Source: "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetInsightSelectors.html (read 2026-11-24)"})
	cloudtrailListTags = operation(cloudtrail.NewFromConfig, (*cloudtrail.Client).ListTags, Declaration{
		Per: trailType, Fills: []string{"tags"}})
)

func cloudtrailService() *Service {
	return &Service{
		Name: "cloudtrail", Title: "CloudTrail",
		Operations: []*Operation{cloudtrailDescribeTrails.Operation, cloudtrailGetTrailStatus.Operation, cloudtrailGetEventSelectors.Operation,
			cloudtrailGetInsightSelectors.Operation, cloudtrailListTags.Operation},
		Collect: collectCloudTrail,
	}
}

func collectCloudTrail(ctx context.Context, s *Scope) error {
	return cloudtrailDescribeTrails.List(ctx, s, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(true)}, func(out *cloudtrail.DescribeTrailsOutput) error {
		return each(ctx, s, out.TrailList, func(ctx context.Context, t types.Trail) error { return s.trail(ctx, t) })
	})
}

// trail reads one trail, once: a trail of all regions, or of the organization,
// shows in every region as a shadow of the one at home. Where the home is out of
// scope the first region in scope tells of it, since it still records there.
func (s *Scope) trail(ctx context.Context, t types.Trail) error {
	home := merlon.Region(aws.ToString(t.HomeRegion))
	if home != s.Region && (slices.Contains(s.Regions, home) || len(s.Regions) == 0 || s.Regions[0] != s.Region) {
		return nil
	}
	arn, name := aws.ToString(t.TrailARN), aws.ToString(t.Name)
	d := s.Draft(trailType, name, arn, name).From(cloudtrailDescribeTrails.Operation, s)
	d.Region = home
	d.Fold(t, Folding{
		Rename: map[string]string{"Name": "TrailName", "LogFileValidationEnabled": "EnableLogFileValidation", "KmsKeyId": "KMSKeyId"},
		Drop:   []string{"TrailARN"},
	})
	err := cloudtrailGetTrailStatus.Get(ctx, s, d, &cloudtrail.GetTrailStatusInput{Name: &arn}, func(out *cloudtrail.GetTrailStatusOutput) error {
		d.Set("IsLogging", aws.ToBool(out.IsLogging))
		// The times that are texts repeat the others for old clients.
		d.Fold(out, Folding{Drop: []string{"IsLogging", "TimeLoggingStarted", "TimeLoggingStopped", "LatestDeliveryAttemptTime", "LatestNotificationAttemptTime"}})
		return nil
	})
	if err != nil {
		return err
	}
	err = cloudtrailGetEventSelectors.Get(ctx, s, d, &cloudtrail.GetEventSelectorsInput{TrailName: &arn}, func(out *cloudtrail.GetEventSelectorsOutput) error {
		d.Fit("EventSelectors", out.EventSelectors)
		d.Fit("AdvancedEventSelectors", out.AdvancedEventSelectors)
		return nil
	})
	if err != nil {
		return err
	}
	if aws.ToBool(t.HasInsightSelectors) {
		err = cloudtrailGetInsightSelectors.Get(ctx, s, d, &cloudtrail.GetInsightSelectorsInput{TrailName: &arn}, func(out *cloudtrail.GetInsightSelectorsOutput) error {
			d.Fit("InsightSelectors", out.InsightSelectors)
			return nil
		})
		if err != nil {
			return err
		}
	}
	// A trail of the organization is another account's, whose tags this one may not read.
	if p, perr := merlon.ParseARN(arn); perr == nil && p.Account == s.Account {
		err = cloudtrailListTags.Get(ctx, s, d, &cloudtrail.ListTagsInput{ResourceIdList: []string{arn}}, func(out *cloudtrail.ListTagsOutput) error {
			for _, r := range out.ResourceTagList {
				d.Tag(r.TagsList)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return s.Put(ctx, d)
}
