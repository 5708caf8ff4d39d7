package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

const (
	secretType         = "AWS::SecretsManager::Secret"
	secretPolicyType   = "AWS::SecretsManager::ResourcePolicy"
	secretRotationType = "AWS::SecretsManager::RotationSchedule"
)

var (
	secretsmanagerListSecrets = operation(secretsmanager.NewFromConfig, (*secretsmanager.Client).ListSecrets, Declaration{
		Types: []string{secretType, secretRotationType}})
	secretsmanagerGetResourcePolicy = operation(secretsmanager.NewFromConfig, (*secretsmanager.Client).GetResourcePolicy, Declaration{
		Per: secretType, Key: []string{"SecretId"}, Types: []string{secretPolicyType}})
)

// secretsmanagerService reads what is known about secrets, and who may use them:
// one call each. Their values are never read.
func secretsmanagerService() *Service {
	return &Service{
		Name: "secretsmanager", Title: "Secrets Manager",
		Operations: []*Operation{secretsmanagerListSecrets.Operation, secretsmanagerGetResourcePolicy.Operation},
		Collect:    collectSecretsManager,
	}
}

func collectSecretsManager(ctx context.Context, s *Scope) error {
	in := &secretsmanager.ListSecretsInput{MaxResults: aws.Int32(100), IncludePlannedDeletion: aws.Bool(true)}
	return secretsmanagerListSecrets.List(ctx, s, in, func(out *secretsmanager.ListSecretsOutput) error {
		return each(ctx, s, out.SecretList, s.secret)
	})
}

func (s *Scope) secret(ctx context.Context, e types.SecretListEntry) error {
	arn, name := aws.ToString(e.ARN), aws.ToString(e.Name)
	d := s.Draft(secretType, arn, arn, name).From(secretsmanagerListSecrets.Operation, s)
	d.Set("Id", arn)
	// Only the primary's own description names its replicas.
	d.UnknownBecause("properties.ReplicaRegions", "the list does not name the regions of replicas")
	// Which versions there are changes with each rotation and says nothing of the secret.
	d.Fold(e, Folding{Drop: []string{"ARN", "SecretVersionsToStages"}})
	if aws.ToBool(e.RotationEnabled) {
		r := s.Draft(secretRotationType, arn, "", name).From(secretsmanagerListSecrets.Operation, s)
		r.Set("Id", arn)
		r.Set("SecretId", arn)
		r.Set("RotationLambdaARN", e.RotationLambdaARN)
		r.Set("ExternalSecretRotationRoleArn", e.ExternalSecretRotationRoleArn)
		r.Fit("ExternalSecretRotationMetadata", e.ExternalSecretRotationMetadata)
		r.Fit("RotationRules", e.RotationRules)
		if err := s.Put(ctx, r); err != nil {
			return err
		}
	}
	if e.DeletedDate != nil {
		// Nobody can use a secret that waits for its deletion, and AWS does not answer for its policy:
		// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetResourcePolicy.html (read 2026-11-24).
		return s.Put(ctx, d)
	}
	err := secretsmanagerGetResourcePolicy.Get(ctx, s, d, &secretsmanager.GetResourcePolicyInput{SecretId: &arn}, func(out *secretsmanager.GetResourcePolicyOutput) error {
		if aws.ToString(out.ResourcePolicy) == "" {
			return nil
		}
		p := s.Draft(secretPolicyType, arn, "", name).From(secretsmanagerGetResourcePolicy.Operation, s)
		p.Set("Id", arn)
		p.Set("SecretId", arn)
		p.SetDocument("ResourcePolicy", out.ResourcePolicy)
		return s.Put(ctx, p)
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}
