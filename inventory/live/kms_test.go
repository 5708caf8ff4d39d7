package live

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"merlon.dev/merlon"
)

func kmsARN(id string) string { return "arn:aws:kms:eu-west-1:111122223333:key/" + id }

// kmsFake has five keys: of a customer, of AWS (by its alias, and one without),
// for signing, and on its way out.
func kmsFake() *fake {
	f := &fake{}
	keys := map[string]types.KeyMetadata{
		"mine":    {KeySpec: types.KeySpecSymmetricDefault, KeyState: types.KeyStateEnabled, Enabled: true},
		"signing": {KeySpec: types.KeySpecEccNistP256, KeyState: types.KeyStateEnabled, Enabled: true},
		"leaving": {KeySpec: types.KeySpecSymmetricDefault, KeyState: types.KeyStatePendingDeletion, DeletionDate: &fakeNow},
		"theirs":  {KeySpec: types.KeySpecSymmetricDefault, KeyManager: types.KeyManagerTypeAws},
	}
	answer(f, kmsListAliases, func(p Place, _ *kms.ListAliasesInput) (*kms.ListAliasesOutput, error) {
		if p.Region != "eu-west-1" {
			return &kms.ListAliasesOutput{}, nil
		}
		return &kms.ListAliasesOutput{Aliases: []types.AliasListEntry{
			{AliasName: aws.String("alias/mine"), AliasArn: aws.String("arn:aws:kms:eu-west-1:111122223333:alias/mine"), TargetKeyId: aws.String("mine"), CreationDate: &fakeNow},
			{AliasName: aws.String("alias/aws/ebs"), AliasArn: aws.String("arn:aws:kms:eu-west-1:111122223333:alias/aws/ebs"), TargetKeyId: aws.String("ebs")},
			{AliasName: aws.String("alias/aws/ebs"), AliasArn: aws.String("arn:aws:kms:eu-west-1:111122223333:alias/aws/ebs"), TargetKeyId: aws.String("another")},
			{AliasName: aws.String("alias/aws/s3")}}}, nil
	})
	answer(f, kmsListKeys, func(p Place, _ *kms.ListKeysInput) (*kms.ListKeysOutput, error) {
		out := &kms.ListKeysOutput{}
		if p.Region == "eu-west-1" {
			for _, id := range []string{"mine", "signing", "leaving", "theirs", "ebs"} {
				out.Keys = append(out.Keys, types.KeyListEntry{KeyId: aws.String(id), KeyArn: aws.String(kmsARN(id))})
			}
		}
		return out, nil
	})
	answer(f, kmsDescribeKey, func(_ Place, in *kms.DescribeKeyInput) (*kms.DescribeKeyOutput, error) {
		m, ok := keys[*in.KeyId]
		if !ok {
			return nil, apiError("NotFoundException")
		}
		m.KeyId, m.Arn = in.KeyId, aws.String(kmsARN(*in.KeyId))
		//lint:ignore SA1019 what AWS still sends must not get in the way
		m.CustomerMasterKeySpec, m.Origin = types.CustomerMasterKeySpec(m.KeySpec), types.OriginTypeAwsKms
		if m.KeyManager == "" {
			m.KeyManager = types.KeyManagerTypeCustomer
		}
		return &kms.DescribeKeyOutput{KeyMetadata: &m}, nil
	})
	answer(f, kmsGetKeyPolicy, func(Place, *kms.GetKeyPolicyInput) (*kms.GetKeyPolicyOutput, error) {
		return &kms.GetKeyPolicyOutput{Policy: aws.String(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`)}, nil
	})
	answer(f, kmsGetKeyRotationStatus, func(Place, *kms.GetKeyRotationStatusInput) (*kms.GetKeyRotationStatusOutput, error) {
		return &kms.GetKeyRotationStatusOutput{KeyRotationEnabled: true, RotationPeriodInDays: aws.Int32(180), NextRotationDate: &fakeNow}, nil
	})
	answer(f, kmsListGrants, func(_ Place, in *kms.ListGrantsInput) (*kms.ListGrantsOutput, error) {
		if *in.KeyId != "mine" {
			return &kms.ListGrantsOutput{}, nil
		}
		return &kms.ListGrantsOutput{Grants: []types.GrantListEntry{{GrantId: aws.String("g1"), KeyId: in.KeyId, GranteePrincipal: aws.String("arn:aws:iam::444455556666:root"),
			Operations:  []types.GrantOperation{"Decrypt"},
			Constraints: &types.GrantConstraints{EncryptionContextEquals: map[string]string{"a": "b"}}}}}, nil
	})
	return f
}

func TestKMS(t *testing.T) {
	c := collect(t, kmsFake(), kmsService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %v", c.gaps)
	}
	mine := c.one(t, kmsKeyType, "mine")
	for path, want := range map[string]any{"KeySpec": "SYMMETRIC_DEFAULT", "EnableKeyRotation": true, "RotationPeriodInDays": 180.0, "Enabled": true, "Arn": kmsARN("mine")} {
		if got := at(mine, "properties", path); got != want {
			t.Errorf("mine: %s is %v, want %v", path, got, want)
		}
	}
	if got := at(mine, "properties", "KeyPolicy", "Statement", 0, "Principal"); got != "*" {
		t.Errorf("policy: principal %v", got)
	}
	if at(mine, "observed", "KeyManager") != "CUSTOMER" || at(mine, "observed", "CustomerMasterKeySpec") != nil {
		t.Errorf("observed %v", mine["observed"])
	}
	if at(mine, "unknowns", "/tags") == nil {
		t.Error("tags were not read and must be unknown")
	}
	if got := at(c.one(t, kmsKeyType, "signing"), "properties", "EnableKeyRotation"); got != false {
		t.Errorf("a key for signing cannot rotate: %v", got)
	}
	if got := at(c.one(t, kmsKeyType, "leaving"), "properties", "EnableKeyRotation"); got != false {
		t.Errorf("a key that is to be deleted does not rotate: %v", got)
	}
	g := c.one(t, kmsGrantType, "g1")
	if at(g, "properties", "KeyId") != kmsARN("mine") || at(g, "properties", "Constraints", "EncryptionContextEquals", "a") != "b" {
		t.Errorf("grant %v", g["properties"])
	}
	if a := c.one(t, kmsAliasType, "alias/mine"); at(a, "properties", "TargetKeyId") != "mine" {
		t.Errorf("alias %v", a["properties"])
	}
}

// TestKMSManagedKeys: keys of AWS cost no call each, one where no alias tells.
func TestKMSManagedKeys(t *testing.T) {
	c := collect(t, kmsFake(), kmsService())
	for _, id := range []string{"ebs", "theirs"} {
		k := c.one(t, kmsKeyType, id)
		if at(k, "observed", "KeyManager") != "AWS" || at(k, "properties", "EnableKeyRotation") != true || at(k, "unknowns", "/properties/KeyPolicy") == nil {
			t.Errorf("%s: %v %v %v", id, k["properties"], k["observed"], k["unknowns"])
		}
	}
	counts := map[string]int{}
	for _, call := range c.calls {
		counts[call]++
	}
	want := map[string]int{"kms:ListAliases": 1, "kms:ListKeys": 2, "kms:DescribeKey": 4, "kms:GetKeyPolicy": 3, "kms:GetKeyRotationStatus": 1, "kms:ListGrants": 3}
	for call, n := range want {
		if counts[call] != n {
			t.Errorf("%s was called %d times, want %d", call, counts[call], n)
		}
	}
}

func TestKMSGaps(t *testing.T) {
	f := kmsFake()
	answer(f, kmsDescribeKey, func(Place, *kms.DescribeKeyInput) (*kms.DescribeKeyOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	answer(f, kmsGetKeyPolicy, func(Place, *kms.GetKeyPolicyInput) (*kms.GetKeyPolicyOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	answer(f, kmsGetKeyRotationStatus, func(Place, *kms.GetKeyRotationStatusInput) (*kms.GetKeyRotationStatusOutput, error) {
		return nil, apiError("UnsupportedOperationException")
	})
	answer(f, kmsListGrants, func(Place, *kms.ListGrantsInput) (*kms.ListGrantsOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	answer(f, kmsListAliases, func(Place, *kms.ListAliasesInput) (*kms.ListAliasesOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c := collect(t, f, kmsService())
	mine := c.one(t, kmsKeyType, "mine")
	for _, path := range []string{"/observed/KeyManager", "/observed/KeyState", "/properties/KeySpec", "/properties/KeyPolicy"} {
		if at(mine, "unknowns", path) == nil {
			t.Errorf("%s must be unknown: %v", path, mine["unknowns"])
		}
	}
	if at(mine, "unknowns", "/properties/EnableKeyRotation") != nil {
		t.Error("a key that cannot rotate is known not to")
	}
	if !slices.ContainsFunc(c.gaps, func(g merlon.Gap) bool {
		return g.Call == "kms:ListGrants" && g.Resource == kmsARN("mine") && slices.Equal(g.Types, []string{kmsGrantType})
	}) {
		t.Errorf("no gap says that the grants of the key are missing: %+v", c.gaps)
	}
	if !slices.ContainsFunc(c.gaps, func(g merlon.Gap) bool { return g.Call == "kms:ListAliases" && g.Resource == "" }) {
		t.Errorf("no gap says that the aliases are missing: %+v", c.gaps)
	}
}
