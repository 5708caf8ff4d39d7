package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

const (
	kmsKeyType   = "AWS::KMS::Key"
	kmsAliasType = "AWS::KMS::Alias"
	kmsGrantType = "Merlon::KMS::Grant"
)

// kmsMetadata are the parts of a key that kms:DescribeKey fills.
var kmsMetadata = []string{"properties.Description", "properties.Enabled", "properties.KeySpec", "properties.KeyUsage",
	"properties.MultiRegion", "properties.Origin", "observed.AWSAccountId", "observed.KeyManager", "observed.KeyState",
	"observed.CreationDate", "observed.DeletionDate", "observed.ValidTo", "observed.ExpirationModel", "observed.CustomKeyStoreId",
	"observed.CloudHsmClusterId", "observed.MultiRegionConfiguration", "observed.EncryptionAlgorithms",
	"observed.SigningAlgorithms", "observed.MacAlgorithms", "observed.KeyAgreementAlgorithms"}

var (
	kmsListKeys = operation(kms.NewFromConfig, (*kms.Client).ListKeys, Declaration{
		Types: []string{kmsKeyType}})
	kmsListAliases = operation(kms.NewFromConfig, (*kms.Client).ListAliases, Declaration{Optional: true,
		Types: []string{kmsAliasType}})
	kmsDescribeKey = operation(kms.NewFromConfig, (*kms.Client).DescribeKey, Declaration{
		Per: kmsKeyType, Key: []string{"KeyId"}, Fills: kmsMetadata})
	kmsGetKeyPolicy = operation(kms.NewFromConfig, (*kms.Client).GetKeyPolicy, Declaration{
		Per: kmsKeyType, Key: []string{"KeyId"}, Fills: []string{"properties.KeyPolicy"}})
	kmsGetKeyRotationStatus = operation(kms.NewFromConfig, (*kms.Client).GetKeyRotationStatus, Declaration{
		Per: kmsKeyType, Key: []string{"KeyId"}, Fills: []string{"properties.EnableKeyRotation", "properties.RotationPeriodInDays",
			"observed.NextRotationDate", "observed.OnDemandRotationStartDate"},
		// Only of a key whose kind could not be read: rotation is for symmetric keys.
		Absent: []string{"UnsupportedOperationException"},
		Source: "https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html (read 2026-11-24)"})
	kmsListGrants = operation(kms.NewFromConfig, (*kms.Client).ListGrants, Declaration{
		Per: kmsKeyType, Key: []string{"KeyId"}, Types: []string{kmsGrantType}})
)

// kmsService reads keys, their policies, rotation, grants and aliases: four calls
// for each key that a customer manages, three where it cannot rotate, none for
// those of AWS, which nobody in the account can change.
func kmsService() *Service {
	return &Service{
		Name: "kms", Title: "KMS",
		Operations: []*Operation{kmsListKeys.Operation, kmsListAliases.Operation, kmsDescribeKey.Operation, kmsGetKeyPolicy.Operation,
			kmsGetKeyRotationStatus.Operation, kmsListGrants.Operation},
		Collect: collectKMS,
	}
}

func collectKMS(ctx context.Context, s *Scope) error {
	var keys []types.KeyListEntry
	whole, err := kmsListKeys.ListAll(ctx, s, &kms.ListKeysInput{Limit: aws.Int32(1000)}, func(out *kms.ListKeysOutput) error {
		keys = append(keys, out.Keys...)
		return nil
	})
	if err != nil || whole && len(keys) == 0 {
		return err
	}
	managed, err := s.kmsAliases(ctx)
	if err != nil {
		return err
	}
	return each(ctx, s, keys, func(ctx context.Context, k types.KeyListEntry) error {
		d := s.Draft(kmsKeyType, aws.ToString(k.KeyId), aws.ToString(k.KeyArn), "").From(kmsListKeys.Operation, s)
		d.Set("KeyId", k.KeyId)
		d.Set("Arn", k.KeyArn)
		d.UnknownBecause("tags", tagsApart)
		if managed[d.ID] {
			return s.kmsManagedKey(ctx, d)
		}
		return s.kmsKey(ctx, d)
	})
}

// tagsApart is why tags are unknown where a list leaves them out and every
// resource would need a call for them alone.
const tagsApart = "the list gives no tags, and a call for each resource would be needed to read them"

// kmsAliases writes the aliases and gives the ids of the keys that are AWS's own:
// the prefix alias/aws/ is kept for them
// (https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html, read 2026-11-24).
func (s *Scope) kmsAliases(ctx context.Context) (managed map[string]bool, err error) {
	managed = map[string]bool{}
	reserved := map[string]bool{}
	err = kmsListAliases.List(ctx, s, &kms.ListAliasesInput{Limit: aws.Int32(100)}, func(out *kms.ListAliasesOutput) error {
		for _, a := range out.Aliases {
			name, key := aws.ToString(a.AliasName), aws.ToString(a.TargetKeyId)
			if key == "" {
				continue // AWS reserves names for keys that it has not made yet
			}
			if strings.HasPrefix(name, "alias/aws/") {
				managed[key] = true
				// Emulators that are asked for a service's key twice at once make two; AWS has one.
				if reserved[name] {
					continue
				}
				reserved[name] = true
			}
			d := s.Draft(kmsAliasType, name, aws.ToString(a.AliasArn), name).From(kmsListAliases.Operation, s)
			d.Fold(a, Folding{Drop: []string{"AliasArn"}})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	return managed, err
}

// kmsManagedKey writes a key that AWS manages. Its policy cannot be changed and
// its rotation is always on
// (https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html, read 2026-11-24);
// the rest would cost a call for each and is unknown.
func (s *Scope) kmsManagedKey(ctx context.Context, d *Draft) error {
	const reason = "not read: AWS manages this key"
	d.Set("EnableKeyRotation", true)
	d.Observe("KeyManager", types.KeyManagerTypeAws)
	d.Observe("AWSAccountId", string(s.Account))
	d.UnknownBecause("properties.KeyPolicy", reason)
	for _, f := range kmsMetadata {
		if f != "observed.KeyManager" && f != "observed.AWSAccountId" {
			d.UnknownBecause(f, reason)
		}
	}
	return s.Put(ctx, d)
}

func (s *Scope) kmsKey(ctx context.Context, d *Draft) error {
	var meta *types.KeyMetadata
	err := kmsDescribeKey.Get(ctx, s, d, &kms.DescribeKeyInput{KeyId: &d.ID}, func(out *kms.DescribeKeyOutput) error {
		if meta = out.KeyMetadata; meta == nil {
			return nil
		}
		d.Fold(meta, Folding{Drop: []string{"Arn", "KeyId", "CustomerMasterKeySpec"}})
		return nil
	})
	if err != nil {
		return err
	}
	if meta != nil && meta.KeyManager == types.KeyManagerTypeAws {
		d.Set("EnableKeyRotation", true)
		d.UnknownBecause("properties.KeyPolicy", "not read: AWS manages this key")
		return s.Put(ctx, d)
	}
	steps := []func(context.Context) error{
		func(ctx context.Context) error {
			return kmsGetKeyPolicy.Get(ctx, s, d, &kms.GetKeyPolicyInput{KeyId: &d.ID, PolicyName: aws.String("default")}, func(out *kms.GetKeyPolicyOutput) error {
				d.SetDocument("KeyPolicy", out.Policy)
				return nil
			})
		},
		func(ctx context.Context) error { return s.kmsRotation(ctx, d, meta) },
		func(ctx context.Context) error { return s.kmsGrants(ctx, d) },
	}
	if err := each(ctx, s, steps, func(ctx context.Context, step func(context.Context) error) error { return step(ctx) }); err != nil {
		return err
	}
	return s.Put(ctx, d)
}

// kmsRotation asks whether a key rotates by itself. KMS rotates symmetric
// encryption keys whose material it made, and none that waits for its deletion
// (https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html, read 2026-11-24).
func (s *Scope) kmsRotation(ctx context.Context, d *Draft, meta *types.KeyMetadata) error {
	if meta != nil {
		waits := meta.KeyState == types.KeyStatePendingDeletion || meta.KeyState == types.KeyStatePendingReplicaDeletion
		if meta.KeySpec != types.KeySpecSymmetricDefault || meta.Origin != types.OriginTypeAwsKms || waits {
			d.Set("EnableKeyRotation", false)
			return nil
		}
	}
	return kmsGetKeyRotationStatus.Get(ctx, s, d, &kms.GetKeyRotationStatusInput{KeyId: &d.ID}, func(out *kms.GetKeyRotationStatusOutput) error {
		d.Set("EnableKeyRotation", out.KeyRotationEnabled)
		d.Fold(out, Folding{Drop: []string{"KeyId", "KeyRotationEnabled"}})
		return nil
	})
}

func (s *Scope) kmsGrants(ctx context.Context, d *Draft) error {
	return kmsListGrants.Pages(ctx, s, d, &kms.ListGrantsInput{KeyId: &d.ID, Limit: aws.Int32(100)}, func(out *kms.ListGrantsOutput) error {
		for _, g := range out.Grants {
			r := s.Draft(kmsGrantType, aws.ToString(g.GrantId), "", aws.ToString(g.Name)).From(kmsListGrants.Operation, s)
			r.Fold(g, Folding{Drop: []string{"KeyId"}})
			r.Set("KeyId", d.ARN)
			if err := s.Put(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
}
