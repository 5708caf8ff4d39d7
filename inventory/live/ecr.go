package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
)

const (
	repositoryType       = "AWS::ECR::Repository"
	registryPolicyType   = "AWS::ECR::RegistryPolicy"
	registryScanningType = "AWS::ECR::RegistryScanningConfiguration"
)

const ecrAPI = "https://docs.aws.amazon.com/AmazonECR/latest/APIReference/"

var (
	ecrDescribeRepositories = operation(ecr.NewFromConfig, (*ecr.Client).DescribeRepositories, Declaration{
		Types: []string{repositoryType}})
	ecrGetRepositoryPolicy = operation(ecr.NewFromConfig, (*ecr.Client).GetRepositoryPolicy, Declaration{
		Per: repositoryType, Key: []string{"RepositoryName"}, Fills: []string{"properties.RepositoryPolicyText"},
		Absent: []string{"RepositoryPolicyNotFoundException"}, Source: ecrAPI + "API_GetRepositoryPolicy.html (read 2026-11-24)"})
	ecrGetLifecyclePolicy = operation(ecr.NewFromConfig, (*ecr.Client).GetLifecyclePolicy, Declaration{
		Per: repositoryType, Key: []string{"RepositoryName"}, Fills: []string{"properties.LifecyclePolicy"},
		Absent: []string{"LifecyclePolicyNotFoundException"}, Source: ecrAPI + "API_GetLifecyclePolicy.html (read 2026-11-24)"})
	ecrGetRegistryScanningConfiguration = operation(ecr.NewFromConfig, (*ecr.Client).GetRegistryScanningConfiguration, Declaration{Optional: true,
		Types: []string{registryScanningType}})
	ecrGetRegistryPolicy = operation(ecr.NewFromConfig, (*ecr.Client).GetRegistryPolicy, Declaration{
		Types:  []string{registryPolicyType},
		Absent: []string{"RegistryPolicyNotFoundException"}, Source: ecrAPI + "API_GetRegistryPolicy.html (read 2026-11-24)"})
)

// ecrService reads repositories of container images, two calls each, and the
// registry's own policy and scanning. An empty region costs two calls, since a
// registry without repositories may still be opened to others; nothing is there to scan.
func ecrService() *Service {
	return &Service{
		Name: "ecr", Title: "Elastic Container Registry",
		Operations: []*Operation{ecrDescribeRepositories.Operation, ecrGetRepositoryPolicy.Operation, ecrGetLifecyclePolicy.Operation,
			ecrGetRegistryScanningConfiguration.Operation, ecrGetRegistryPolicy.Operation},
		Collect: collectECR,
	}
}

func collectECR(ctx context.Context, s *Scope) error {
	account := string(s.Account)
	some := false
	whole, err := ecrDescribeRepositories.ListAll(ctx, s, &ecr.DescribeRepositoriesInput{MaxResults: aws.Int32(1000)}, func(out *ecr.DescribeRepositoriesOutput) error {
		some = some || len(out.Repositories) > 0
		return each(ctx, s, out.Repositories, s.repository)
	})
	if err != nil {
		return err
	}
	if some || !whole {
		if err := s.registryScanning(ctx, account); err != nil {
			return err
		}
	}
	return ecrGetRegistryPolicy.List(ctx, s, &ecr.GetRegistryPolicyInput{}, func(out *ecr.GetRegistryPolicyOutput) error {
		if aws.ToString(out.PolicyText) == "" {
			return nil
		}
		d := s.Draft(registryPolicyType, account, "", "").From(ecrGetRegistryPolicy.Operation, s)
		d.Set("RegistryId", account)
		d.SetDocument("PolicyText", out.PolicyText)
		return s.Put(ctx, d)
	})
}

func (s *Scope) registryScanning(ctx context.Context, account string) error {
	return ecrGetRegistryScanningConfiguration.List(ctx, s, &ecr.GetRegistryScanningConfigurationInput{}, func(out *ecr.GetRegistryScanningConfigurationOutput) error {
		if out.ScanningConfiguration == nil {
			return nil
		}
		d := s.Draft(registryScanningType, account, "", "").From(ecrGetRegistryScanningConfiguration.Operation, s)
		d.Set("RegistryId", account)
		// A registry without rules scans what the repositories' own settings say.
		d.setPlain("Rules", []any{})
		d.Fold(out.ScanningConfiguration, Folding{})
		return s.Put(ctx, d)
	})
}

func (s *Scope) repository(ctx context.Context, r types.Repository) error {
	name, arn := aws.ToString(r.RepositoryName), aws.ToString(r.RepositoryArn)
	d := s.Draft(repositoryType, name, arn, name).From(ecrDescribeRepositories.Operation, s)
	d.Fold(r, Folding{Drop: []string{"RepositoryArn"}})
	d.Set("Arn", arn)
	d.UnknownBecause("tags", tagsApart)
	err := ecrGetRepositoryPolicy.Get(ctx, s, d, &ecr.GetRepositoryPolicyInput{RepositoryName: &name}, func(out *ecr.GetRepositoryPolicyOutput) error {
		d.SetDocument("RepositoryPolicyText", out.PolicyText)
		return nil
	})
	if err != nil {
		return err
	}
	err = ecrGetLifecyclePolicy.Get(ctx, s, d, &ecr.GetLifecyclePolicyInput{RepositoryName: &name}, func(out *ecr.GetLifecyclePolicyOutput) error {
		d.Set("LifecyclePolicy.LifecyclePolicyText", out.LifecyclePolicyText)
		return nil
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}
