package live

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

const (
	parameterType         = "AWS::SSM::Parameter"
	parameterPolicyType   = "AWS::SSM::ResourcePolicy"
	documentType          = "AWS::SSM::Document"
	managedInstanceType   = "Merlon::SSM::ManagedInstance"
	complianceType        = "Merlon::SSM::ResourceCompliance"
	ssmRegionSettingsType = "Merlon::SSM::RegionSettings"
)

// publicSharingSetting says whether documents may be shared with everybody.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-ssm-sharing.html (read 2026-11-24).
const publicSharingSetting = "/ssm/documents/console/public-sharing-permission"

var (
	ssmDescribeParameters = operation(ssm.NewFromConfig, (*ssm.Client).DescribeParameters, Declaration{
		Types: []string{parameterType}})
	ssmGetResourcePolicies = operation(ssm.NewFromConfig, (*ssm.Client).GetResourcePolicies, Declaration{
		Per: parameterType, Types: []string{parameterPolicyType}, Key: []string{"ResourceArn"}, Optional: true})
	ssmListDocuments = operation(ssm.NewFromConfig, (*ssm.Client).ListDocuments, Declaration{
		Types: []string{documentType}})
	ssmDescribeDocumentPermission = operation(ssm.NewFromConfig, (*ssm.Client).DescribeDocumentPermission, Declaration{
		Per: documentType, Key: []string{"Name"}, Fills: []string{"observed.Public", "observed.ShareAccounts"}})
	ssmGetDocument = operation(ssm.NewFromConfig, (*ssm.Client).GetDocument, Declaration{
		Per: documentType, Key: []string{"Name"}, Fills: []string{"properties.Content"}, Optional: true})
	ssmDescribeInstanceInformation = operation(ssm.NewFromConfig, (*ssm.Client).DescribeInstanceInformation, Declaration{
		Types: []string{managedInstanceType}})
	ssmListResourceComplianceSummaries = operation(ssm.NewFromConfig, (*ssm.Client).ListResourceComplianceSummaries, Declaration{
		Types: []string{complianceType}, Optional: true})
	ssmGetServiceSetting = operation(ssm.NewFromConfig, (*ssm.Client).GetServiceSetting, Declaration{
		Types: []string{ssmRegionSettingsType}})
)

// ssmPage is the largest page that Systems Manager gives.
var ssmPage = aws.Int32(50)

// ssmService reads what is known about parameters, never their values; the
// account's own documents and whom they are shared with; the managed instances
// and whether they are patched.
func ssmService() *Service {
	return &Service{
		Name: "ssm", Title: "Systems Manager",
		Operations: []*Operation{ssmDescribeParameters.Operation, ssmGetResourcePolicies.Operation, ssmListDocuments.Operation,
			ssmDescribeDocumentPermission.Operation, ssmGetDocument.Operation, ssmDescribeInstanceInformation.Operation,
			ssmListResourceComplianceSummaries.Operation, ssmGetServiceSetting.Operation},
		Collect: collectSSM,
	}
}

func collectSSM(ctx context.Context, s *Scope) error {
	steps := []func(context.Context) error{s.ssmParameters, s.ssmDocuments, s.ssmInstances, s.ssmSettings}
	return each(ctx, s, steps, func(ctx context.Context, step func(context.Context) error) error { return step(ctx) })
}

func (s *Scope) ssmParameters(ctx context.Context) error {
	return ssmDescribeParameters.List(ctx, s, &ssm.DescribeParametersInput{MaxResults: ssmPage}, func(out *ssm.DescribeParametersOutput) error {
		return each(ctx, s, out.Parameters, s.ssmParameter)
	})
}

func (s *Scope) ssmParameter(ctx context.Context, p types.ParameterMetadata) error {
	name, arn := aws.ToString(p.Name), aws.ToString(p.ARN)
	if arn == "" {
		slash := "/"
		if name != "" && name[0] == '/' {
			slash = ""
		}
		arn = "arn:" + string(s.Partition) + ":ssm:" + string(s.Region) + ":" + string(s.Account) + ":parameter" + slash + name
	}
	d := s.Draft(parameterType, name, arn, name).From(ssmDescribeParameters.Operation, s)
	d.Set("Arn", arn)
	d.Fold(p, Folding{Drop: []string{"ARN"}})
	d.UnknownBecause("properties.Value", "values are never read")
	d.UnknownBecause("tags", tagsApart)
	// Only parameters of this tier can be shared:
	// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-shared-parameters.html (read 2026-11-24).
	if p.Tier == types.ParameterTierAdvanced {
		err := ssmGetResourcePolicies.Pages(ctx, s, d, &ssm.GetResourcePoliciesInput{ResourceArn: &arn, MaxResults: ssmPage}, func(out *ssm.GetResourcePoliciesOutput) error {
			for _, e := range out.Policies {
				id := aws.ToString(e.PolicyId)
				r := s.Draft(parameterPolicyType, id+"|"+arn, "", name).From(ssmGetResourcePolicies.Operation, s)
				r.Set("PolicyId", id)
				r.Set("PolicyHash", e.PolicyHash)
				r.Set("ResourceArn", arn)
				r.SetDocument("Policy", e.Policy)
				if err := s.Put(ctx, r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return s.Put(ctx, d)
}

func (s *Scope) ssmDocuments(ctx context.Context) error {
	in := &ssm.ListDocumentsInput{MaxResults: ssmPage, Filters: []types.DocumentKeyValuesFilter{{Key: aws.String("Owner"), Values: []string{"Self"}}}}
	return ssmListDocuments.List(ctx, s, in, func(out *ssm.ListDocumentsOutput) error {
		return each(ctx, s, out.DocumentIdentifiers, s.ssmDocument)
	})
}

func (s *Scope) ssmDocument(ctx context.Context, i types.DocumentIdentifier) error {
	name := aws.ToString(i.Name)
	arn := "arn:" + string(s.Partition) + ":ssm:" + string(s.Region) + ":" + string(s.Account) + ":document/" + name
	d := s.Draft(documentType, name, arn, name).From(ssmListDocuments.Operation, s)
	d.Fold(i, Folding{})
	in := &ssm.DescribeDocumentPermissionInput{Name: &name, PermissionType: types.DocumentPermissionTypeShare}
	var with []string
	err := ssmDescribeDocumentPermission.Pages(ctx, s, d, in, func(out *ssm.DescribeDocumentPermissionOutput) error {
		with = append(with, out.AccountIds...)
		// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeDocumentPermission.html (read 2026-11-24)
		d.Observe("Public", slices.ContainsFunc(with, func(a string) bool { return a == "all" || a == "All" }))
		d.Observe("ShareAccounts", slices.DeleteFunc(slices.Clone(with), func(a string) bool { return a == "all" || a == "All" }))
		return nil
	})
	if err != nil {
		return err
	}
	if i.DocumentType != types.DocumentTypeSession {
		d.UnknownBecause("properties.Content", "read of the preferences of sessions only: documents may hold secrets")
		return s.Put(ctx, d)
	}
	err = ssmGetDocument.Get(ctx, s, d, &ssm.GetDocumentInput{Name: &name, DocumentFormat: types.DocumentFormatJson}, func(out *ssm.GetDocumentOutput) error {
		content, ok := sessionPreferences(aws.ToString(out.Content))
		if !ok {
			d.UnknownBecause("properties.Content", "the document is not JSON")
			return nil
		}
		d.setPlain("Content", content)
		return nil
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}

// sessionPreferences takes what a session document says about logs, keys and
// users. Commands that start a shell, and parameters, may hold secrets and are left out.
// https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html (read 2026-11-24).
func sessionPreferences(text string) (map[string]any, bool) {
	var doc struct {
		SchemaVersion string         `json:"schemaVersion"`
		Description   string         `json:"description"`
		SessionType   string         `json:"sessionType"`
		Inputs        map[string]any `json:"inputs"`
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return nil, false
	}
	inputs := map[string]any{}
	for _, k := range []string{"s3BucketName", "s3KeyPrefix", "s3EncryptionEnabled", "cloudWatchLogGroupName", "cloudWatchEncryptionEnabled",
		"cloudWatchStreamingEnabled", "kmsKeyId", "runAsEnabled", "runAsDefaultUser", "idleSessionTimeout", "maxSessionDuration"} {
		if v, ok := doc.Inputs[k]; ok {
			inputs[k] = v
		}
	}
	return map[string]any{"schemaVersion": doc.SchemaVersion, "description": doc.Description, "sessionType": doc.SessionType, "inputs": inputs}, true
}

func (s *Scope) ssmInstances(ctx context.Context) error {
	some := false
	whole, err := ssmDescribeInstanceInformation.ListAll(ctx, s, &ssm.DescribeInstanceInformationInput{MaxResults: ssmPage}, func(out *ssm.DescribeInstanceInformationOutput) error {
		for _, i := range out.InstanceInformationList {
			some = true
			id := aws.ToString(i.InstanceId)
			d := s.Draft(managedInstanceType, id, "", aws.ToString(i.Name)).From(ssmDescribeInstanceInformation.Operation, s)
			// The agent reports every few minutes; PingStatus says whether it does.
			d.Fold(i, Folding{Drop: []string{"LastPingDateTime"}})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || whole && !some {
		return err
	}
	return ssmListResourceComplianceSummaries.List(ctx, s, &ssm.ListResourceComplianceSummariesInput{MaxResults: ssmPage}, func(out *ssm.ListResourceComplianceSummariesOutput) error {
		for _, c := range out.ResourceComplianceSummaryItems {
			id := aws.ToString(c.ResourceId)
			d := s.Draft(complianceType, id+"|"+aws.ToString(c.ComplianceType), "", id).From(ssmListResourceComplianceSummaries.Operation, s)
			d.Fold(c, Folding{})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Scope) ssmSettings(ctx context.Context) error {
	return ssmGetServiceSetting.List(ctx, s, &ssm.GetServiceSettingInput{SettingId: aws.String(publicSharingSetting)}, func(out *ssm.GetServiceSettingOutput) error {
		d := s.Draft(ssmRegionSettingsType, string(s.Region), "", "Systems Manager in "+string(s.Region)).From(ssmGetServiceSetting.Operation, s)
		d.Set("Region", string(s.Region))
		if out.ServiceSetting != nil {
			d.Set("PublicDocumentSharing", out.ServiceSetting.SettingValue)
		}
		return s.Put(ctx, d)
	})
}
