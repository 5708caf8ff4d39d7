package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

func ecrFake() *fake {
	f := &fake{}
	answer(f, ecrDescribeRepositories, func(p Place, _ *ecr.DescribeRepositoriesInput) (*ecr.DescribeRepositoriesOutput, error) {
		if p.Region != "eu-west-1" {
			return &ecr.DescribeRepositoriesOutput{}, nil
		}
		return &ecr.DescribeRepositoriesOutput{Repositories: []types.Repository{
			{RepositoryName: aws.String("app"), RepositoryArn: aws.String("arn:aws:ecr:eu-west-1:111122223333:repository/app"), RegistryId: aws.String("111122223333"),
				ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: true}, ImageTagMutability: types.ImageTagMutabilityImmutable,
				EncryptionConfiguration: &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeKms, KmsKey: aws.String("k")}},
			{RepositoryName: aws.String("bare")}}}, nil
	})
	answer(f, ecrGetRepositoryPolicy, func(_ Place, in *ecr.GetRepositoryPolicyInput) (*ecr.GetRepositoryPolicyOutput, error) {
		if *in.RepositoryName == "bare" {
			return nil, &types.RepositoryPolicyNotFoundException{}
		}
		return &ecr.GetRepositoryPolicyOutput{PolicyText: aws.String(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*"}]}`)}, nil
	})
	answer(f, ecrGetLifecyclePolicy, func(_ Place, in *ecr.GetLifecyclePolicyInput) (*ecr.GetLifecyclePolicyOutput, error) {
		if *in.RepositoryName == "bare" {
			return nil, &types.LifecyclePolicyNotFoundException{}
		}
		return &ecr.GetLifecyclePolicyOutput{LifecyclePolicyText: aws.String(`{"rules":[]}`)}, nil
	})
	answer(f, ecrGetRegistryScanningConfiguration, func(Place, *ecr.GetRegistryScanningConfigurationInput) (*ecr.GetRegistryScanningConfigurationOutput, error) {
		return &ecr.GetRegistryScanningConfigurationOutput{ScanningConfiguration: &types.RegistryScanningConfiguration{ScanType: types.ScanTypeEnhanced, Rules: []types.RegistryScanningRule{
			{ScanFrequency: types.ScanFrequencyContinuousScan, RepositoryFilters: []types.ScanningRepositoryFilter{{Filter: aws.String("*"), FilterType: types.ScanningRepositoryFilterTypeWildcard}}}}}}, nil
	})
	answer(f, ecrGetRegistryPolicy, func(p Place, _ *ecr.GetRegistryPolicyInput) (*ecr.GetRegistryPolicyOutput, error) {
		if p.Region != "eu-west-1" {
			return nil, &types.RegistryPolicyNotFoundException{}
		}
		return &ecr.GetRegistryPolicyOutput{PolicyText: aws.String(`{"Statement":[]}`)}, nil
	})
	return f
}

func TestECR(t *testing.T) {
	c := collect(t, ecrFake(), ecrService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	d := c.one(t, repositoryType, "app")
	for _, x := range []struct {
		want any
		path []any
	}{
		{true, []any{"ImageScanningConfiguration", "ScanOnPush"}},
		{"IMMUTABLE", []any{"ImageTagMutability"}},
		{"k", []any{"EncryptionConfiguration", "KmsKey"}},
		{"*", []any{"RepositoryPolicyText", "Statement", 0, "Principal"}},
		{`{"rules":[]}`, []any{"LifecyclePolicy", "LifecyclePolicyText"}},
	} {
		if got := at(d, append([]any{"properties"}, x.path...)...); got != x.want {
			t.Errorf("%v is %v, want %v", x.path, got, x.want)
		}
	}
	if p := c.one(t, repositoryType, "bare")["properties"].(map[string]any); p["RepositoryPolicyText"] != nil || p["LifecyclePolicy"] != nil {
		t.Errorf("a repository without policies has %v", p)
	}
	if r := c.one(t, registryScanningType, "111122223333"); at(r, "properties", "ScanType") != "ENHANCED" || at(r, "properties", "Rules", 0, "RepositoryFilters", 0, "Filter") != "*" {
		t.Errorf("scanning %v", r["properties"])
	}
	c.one(t, registryPolicyType, "111122223333")
	if len(c.calls) != 2+3+2*2 {
		t.Errorf("%d calls: %v", len(c.calls), c.calls)
	}
}

func TestECRGaps(t *testing.T) {
	f := ecrFake()
	answer(f, ecrGetRepositoryPolicy, func(Place, *ecr.GetRepositoryPolicyInput) (*ecr.GetRepositoryPolicyOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	answer(f, ecrGetRegistryScanningConfiguration, func(Place, *ecr.GetRegistryScanningConfigurationInput) (*ecr.GetRegistryScanningConfigurationOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c := collect(t, f, ecrService())
	if at(c.one(t, repositoryType, "app"), "unknowns", "/properties/RepositoryPolicyText") == nil {
		t.Error("a denied policy must be unknown")
	}
	// Two repositories, and the scanning where there are some.
	if len(c.gaps) != 3 {
		t.Errorf("gaps %+v", c.gaps)
	}
}
