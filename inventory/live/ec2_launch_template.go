package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

const launchTemplateType = "AWS::EC2::LaunchTemplate"

var (
	ec2DescribeLaunchTemplates = operation(ec2.NewFromConfig, (*ec2.Client).DescribeLaunchTemplates, Declaration{
		Types: []string{launchTemplateType}})
	ec2DescribeLaunchTemplateVersions = operation(ec2.NewFromConfig, (*ec2.Client).DescribeLaunchTemplateVersions, Declaration{
		Per: launchTemplateType, Fills: []string{"properties.LaunchTemplateData", "properties.VersionDescription", "observed.DefaultVersionData"}, Optional: true})
)

func launchTemplateOperations() []*Operation {
	return []*Operation{ec2DescribeLaunchTemplates.Operation, ec2DescribeLaunchTemplateVersions.Operation}
}

// launchTemplates reads all templates, and in one more call the latest and the
// default version of each: EC2 gives those of every template when none is named.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html (read 2026-11-24)
//
// LaunchTemplateData is the latest version's, as in a template of CloudFormation;
// what instances get unless they ask for a version is observed.DefaultVersionData.
func (r *ec2Region) launchTemplates(ctx context.Context) error {
	var drafts []*Draft
	byID, latest := map[string]*Draft{}, map[string]int64{}
	in := &ec2.DescribeLaunchTemplatesInput{MaxResults: pageOf200, IncludeManagedResources: aws.Bool(true)}
	whole, err := ec2DescribeLaunchTemplates.ListAll(ctx, r.Scope, in, func(out *ec2.DescribeLaunchTemplatesOutput) error {
		for _, t := range out.LaunchTemplates {
			id := aws.ToString(t.LaunchTemplateId)
			d := r.Draft(launchTemplateType, id, r.arn(nil, "launch-template/"+id), aws.ToString(t.LaunchTemplateName)).From(ec2DescribeLaunchTemplates.Operation, r.Scope)
			d.Fold(t, Folding{})
			drafts, byID[id], latest[id] = append(drafts, d), d, aws.ToInt64(t.LatestVersionNumber)
		}
		return nil
	})
	r.note(func() { r.launches = !whole || len(drafts) > 0 })
	if err != nil || len(drafts) == 0 {
		return err
	}
	versions := &ec2.DescribeLaunchTemplateVersionsInput{Versions: []string{"$Latest", "$Default"}, MaxResults: pageOf200, IncludeManagedResources: aws.Bool(true)}
	found := map[string]bool{}
	err = ec2DescribeLaunchTemplateVersions.Batch(ctx, r.Scope, drafts, versions, func(out *ec2.DescribeLaunchTemplateVersionsOutput) error {
		for _, v := range out.LaunchTemplateVersions {
			id := aws.ToString(v.LaunchTemplateId)
			if d := byID[id]; d != nil {
				found[id] = true
				templateVersion(d, v, latest[id])
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if !found[d.ID] {
			d.UnknownBecause("properties.LaunchTemplateData", "ec2:DescribeLaunchTemplateVersions did not tell of the template")
			d.UnknownBecause("observed.DefaultVersionData", "ec2:DescribeLaunchTemplateVersions did not tell of the template")
		}
		if err := r.Put(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// templateVersion puts a version's data where it belongs: a version may be the
// latest and the default at once.
func templateVersion(d *Draft, v types.LaunchTemplateVersion, latest int64) {
	data := types.ResponseLaunchTemplateData{}
	if v.LaunchTemplateData != nil {
		data = *v.LaunchTemplateData
	}
	if data.UserData != nil {
		data.UserData = aws.String(redacted)
	}
	if aws.ToInt64(v.VersionNumber) == latest {
		d.Fit("LaunchTemplateData", data)
		d.Set("VersionDescription", v.VersionDescription)
	}
	if aws.ToBool(v.DefaultVersion) {
		d.Observe("DefaultVersionData", data)
	}
}
