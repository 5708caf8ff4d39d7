package live

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"merlon.dev/merlon"
)

func ssmFake() *fake {
	f := &fake{}
	home := func(p Place) bool { return p.Region == "eu-west-1" }
	answer(f, ssmDescribeParameters, func(p Place, _ *ssm.DescribeParametersInput) (*ssm.DescribeParametersOutput, error) {
		if !home(p) {
			return &ssm.DescribeParametersOutput{}, nil
		}
		return &ssm.DescribeParametersOutput{Parameters: []types.ParameterMetadata{
			{Name: aws.String("/db/password"), ARN: aws.String("arn:aws:ssm:eu-west-1:111122223333:parameter/db/password"), Type: types.ParameterTypeSecureString,
				KeyId: aws.String("alias/aws/ssm"), Tier: types.ParameterTierAdvanced, Version: 3},
			{Name: aws.String("plain"), Type: types.ParameterTypeString, Tier: types.ParameterTierStandard}}}, nil
	})
	answer(f, ssmGetResourcePolicies, func(Place, *ssm.GetResourcePoliciesInput) (*ssm.GetResourcePoliciesOutput, error) {
		return &ssm.GetResourcePoliciesOutput{Policies: []types.GetResourcePoliciesResponseEntry{{PolicyId: aws.String("p1"), PolicyHash: aws.String("h"), Policy: aws.String(`{"Statement":[]}`)}}}, nil
	})
	answer(f, ssmListDocuments, func(p Place, in *ssm.ListDocumentsInput) (*ssm.ListDocumentsOutput, error) {
		if !home(p) || len(in.Filters) != 1 || in.Filters[0].Values[0] != "Self" {
			return &ssm.ListDocumentsOutput{}, nil
		}
		return &ssm.ListDocumentsOutput{DocumentIdentifiers: []types.DocumentIdentifier{
			{Name: aws.String("SSM-SessionManagerRunShell"), DocumentType: types.DocumentTypeSession, Owner: aws.String("111122223333")},
			{Name: aws.String("patch"), DocumentType: types.DocumentTypeCommand, Owner: aws.String("111122223333")}}}, nil
	})
	answer(f, ssmDescribeDocumentPermission, func(_ Place, in *ssm.DescribeDocumentPermissionInput) (*ssm.DescribeDocumentPermissionOutput, error) {
		switch {
		case *in.Name != "patch":
			return &ssm.DescribeDocumentPermissionOutput{}, nil
		case in.NextToken == nil:
			return &ssm.DescribeDocumentPermissionOutput{AccountIds: []string{"444455556666"}, NextToken: aws.String("2")}, nil
		}
		return &ssm.DescribeDocumentPermissionOutput{AccountIds: []string{"all"}}, nil
	})
	answer(f, ssmGetDocument, func(Place, *ssm.GetDocumentInput) (*ssm.GetDocumentOutput, error) {
		return &ssm.GetDocumentOutput{Content: aws.String(`{"schemaVersion":"1.0","sessionType":"Standard_Stream","inputs":{"s3BucketName":"logs","kmsKeyId":"",` +
			`"cloudWatchEncryptionEnabled":true,"shellProfile":{"linux":"export TOKEN=hunter2"}}}`)}, nil
	})
	answer(f, ssmDescribeInstanceInformation, func(p Place, _ *ssm.DescribeInstanceInformationInput) (*ssm.DescribeInstanceInformationOutput, error) {
		if !home(p) {
			return &ssm.DescribeInstanceInformationOutput{}, nil
		}
		return &ssm.DescribeInstanceInformationOutput{InstanceInformationList: []types.InstanceInformation{{InstanceId: aws.String("i-1"), PingStatus: types.PingStatusOnline}}}, nil
	})
	answer(f, ssmListResourceComplianceSummaries, func(Place, *ssm.ListResourceComplianceSummariesInput) (*ssm.ListResourceComplianceSummariesOutput, error) {
		return &ssm.ListResourceComplianceSummariesOutput{ResourceComplianceSummaryItems: []types.ResourceComplianceSummaryItem{{ResourceId: aws.String("i-1"), ComplianceType: aws.String("Patch"),
			Status: types.ComplianceStatusNonCompliant, NonCompliantSummary: &types.NonCompliantSummary{NonCompliantCount: 2, SeveritySummary: &types.SeveritySummary{CriticalCount: 1}}}}}, nil
	})
	answer(f, ssmGetServiceSetting, func(Place, *ssm.GetServiceSettingInput) (*ssm.GetServiceSettingOutput, error) {
		return &ssm.GetServiceSettingOutput{ServiceSetting: &types.ServiceSetting{SettingValue: aws.String("Disable")}}, nil
	})
	return f
}

func TestSSM(t *testing.T) {
	c := collect(t, ssmFake(), ssmService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	p := c.one(t, parameterType, "/db/password")
	if at(p, "properties", "Type") != "SecureString" || at(p, "observed", "KeyId") != "alias/aws/ssm" || at(p, "unknowns", "/properties/Value") == nil {
		t.Errorf("parameter %v", p)
	}
	if plain := c.one(t, parameterType, "plain"); at(plain, "arn") != "arn:aws:ssm:eu-west-1:111122223333:parameter/plain" {
		t.Errorf("ARN %v", plain["arn"])
	}
	r := c.one(t, parameterPolicyType, "p1|arn:aws:ssm:eu-west-1:111122223333:parameter/db/password")
	if at(r, "properties", "Policy", "Statement") == nil {
		t.Errorf("policy %v", r["properties"])
	}
	if n := count(c.calls, "ssm:GetResourcePolicies"); n != 1 {
		t.Errorf("%d parameters were asked for a policy, one can have one", n)
	}
	d := c.one(t, documentType, "patch")
	if at(d, "observed", "Public") != true || at(d, "observed", "ShareAccounts", 0) != "444455556666" || at(d, "unknowns", "/properties/Content") == nil {
		t.Errorf("document %v %v", d["observed"], d["unknowns"])
	}
	i := c.one(t, complianceType, "i-1|Patch")
	if at(i, "properties", "Status") != "NON_COMPLIANT" || at(i, "properties", "NonCompliantSummary", "SeveritySummary", "CriticalCount") != 1.0 {
		t.Errorf("compliance %v", i["properties"])
	}
	c.one(t, managedInstanceType, "i-1")
	if s := c.one(t, ssmRegionSettingsType, "us-east-1"); at(s, "properties", "PublicDocumentSharing") != "Disable" {
		t.Errorf("settings %v", s["properties"])
	}
	if n := count(c.calls, "ssm:ListResourceComplianceSummaries"); n != 1 {
		t.Errorf("compliance was asked for in %d regions, one has machines", n)
	}
}

func TestSSMSessionPreferences(t *testing.T) {
	c := collect(t, ssmFake(), ssmService())
	d := c.one(t, documentType, "SSM-SessionManagerRunShell")
	if at(d, "properties", "Content", "inputs", "s3BucketName") != "logs" || at(d, "properties", "Content", "inputs", "cloudWatchEncryptionEnabled") != true {
		t.Errorf("content %v", d["properties"])
	}
	if at(d, "observed", "Public") != false {
		t.Errorf("observed %v", d["observed"])
	}
	if text, err := json.Marshal(d); err != nil || strings.Contains(string(text), "hunter2") {
		t.Errorf("a secret is in the snapshot: %s %v", text, err)
	}
	f := ssmFake()
	answer(f, ssmGetDocument, func(Place, *ssm.GetDocumentInput) (*ssm.GetDocumentOutput, error) {
		return &ssm.GetDocumentOutput{Content: aws.String("not JSON")}, nil
	})
	d = collect(t, f, ssmService()).one(t, documentType, "SSM-SessionManagerRunShell")
	if at(d, "unknowns", "/properties/Content") == nil {
		t.Errorf("what cannot be read is unknown: %v", d)
	}
}

func TestSSMGaps(t *testing.T) {
	f := ssmFake()
	denied := apiError("AccessDeniedException")
	answer(f, ssmDescribeDocumentPermission, func(Place, *ssm.DescribeDocumentPermissionInput) (*ssm.DescribeDocumentPermissionOutput, error) {
		return nil, denied
	})
	answer(f, ssmDescribeInstanceInformation, func(Place, *ssm.DescribeInstanceInformationInput) (*ssm.DescribeInstanceInformationOutput, error) {
		return nil, denied
	})
	answer(f, ssmGetServiceSetting, func(Place, *ssm.GetServiceSettingInput) (*ssm.GetServiceSettingOutput, error) { return nil, denied })
	c := collect(t, f, ssmService())
	if d := c.one(t, documentType, "patch"); at(d, "unknowns", "/observed/Public") == nil {
		t.Errorf("unknowns %v", d["unknowns"])
	}
	for call, typ := range map[string]string{"ssm:DescribeInstanceInformation": managedInstanceType, "ssm:GetServiceSetting": ssmRegionSettingsType} {
		if !slices.ContainsFunc(c.gaps, func(g merlon.Gap) bool { return g.Call == call && slices.Equal(g.Types, []string{typ}) }) {
			t.Errorf("no gap of %s: %+v", call, c.gaps)
		}
	}
	// Machines may be there though they cannot be listed.
	c.one(t, complianceType, "i-1|Patch")
}
