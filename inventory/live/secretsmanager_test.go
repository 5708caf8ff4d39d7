package live

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"merlon.dev/merlon"
)

func secretARN(name string) string {
	return "arn:aws:secretsmanager:eu-west-1:111122223333:secret:" + name + "-AbCdEf"
}

func secretsFake() *fake {
	f := &fake{}
	answer(f, secretsmanagerListSecrets, func(p Place, in *secretsmanager.ListSecretsInput) (*secretsmanager.ListSecretsOutput, error) {
		if p.Region != "eu-west-1" {
			return &secretsmanager.ListSecretsOutput{}, nil
		}
		return &secretsmanager.ListSecretsOutput{SecretList: []types.SecretListEntry{
			{ARN: aws.String(secretARN("db")), Name: aws.String("db"), KmsKeyId: aws.String("alias/mine"), RotationEnabled: aws.Bool(true), LastAccessedDate: &fakeNow,
				RotationLambdaARN:      aws.String("arn:aws:lambda:eu-west-1:111122223333:function:rotate"),
				RotationRules:          &types.RotationRulesType{AutomaticallyAfterDays: aws.Int64(30)},
				SecretVersionsToStages: map[string][]string{"v1": {"AWSCURRENT"}},
				Tags:                   []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}}},
			{ARN: aws.String(secretARN("plain")), Name: aws.String("plain")},
			{ARN: aws.String(secretARN("leaving")), Name: aws.String("leaving"), DeletedDate: &fakeNow},
		}}, nil
	})
	answer(f, secretsmanagerGetResourcePolicy, func(_ Place, in *secretsmanager.GetResourcePolicyInput) (*secretsmanager.GetResourcePolicyOutput, error) {
		switch *in.SecretId {
		case secretARN("db"):
			return &secretsmanager.GetResourcePolicyOutput{ResourcePolicy: aws.String(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"secretsmanager:GetSecretValue","Resource":"*"}}`)}, nil
		case secretARN("leaving"):
			return nil, apiError("InvalidRequestException")
		}
		return &secretsmanager.GetResourcePolicyOutput{}, nil
	})
	return f
}

func TestSecretsManager(t *testing.T) {
	c := collect(t, secretsFake(), secretsmanagerService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	d := c.one(t, secretType, secretARN("db"))
	if at(d, "name") != "db" || at(d, "properties", "KmsKeyId") != "alias/mine" || at(d, "tags", "env") != "prod" || at(d, "observed", "RotationEnabled") != true {
		t.Errorf("secret %v", d)
	}
	if at(d, "observed", "SecretVersionsToStages") != nil {
		t.Errorf("the versions make every two scans differ: %v", d["observed"])
	}
	r := c.one(t, secretRotationType, secretARN("db"))
	if at(r, "properties", "RotationRules", "AutomaticallyAfterDays") != 30.0 || at(r, "properties", "SecretId") != secretARN("db") {
		t.Errorf("rotation %v", r["properties"])
	}
	if p := c.one(t, secretPolicyType, secretARN("db")); at(p, "properties", "ResourcePolicy", "Statement", "Principal") != "*" {
		t.Errorf("policy %v", p["properties"])
	}
	c.one(t, secretType, secretARN("leaving"))
	types, err := c.snapshot.Types(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range types {
		want := map[string]int64{secretType: 3, secretPolicyType: 1, secretRotationType: 1}[tc.Type]
		if int64(tc.Count) != want {
			t.Errorf("%d of %s, want %d", tc.Count, tc.Type, want)
		}
	}
}

func TestSecretsManagerGaps(t *testing.T) {
	f := secretsFake()
	answer(f, secretsmanagerGetResourcePolicy, func(Place, *secretsmanager.GetResourcePolicyInput) (*secretsmanager.GetResourcePolicyOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c := collect(t, f, secretsmanagerService())
	if !slices.ContainsFunc(c.gaps, func(g merlon.Gap) bool {
		return g.Call == "secretsmanager:GetResourcePolicy" && g.Resource == secretARN("db") && slices.Equal(g.Types, []string{secretPolicyType})
	}) || len(c.gaps) != 2 {
		t.Errorf("gaps %+v", c.gaps)
	}
}
