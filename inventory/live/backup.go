package live

import (
	"context"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"
)

const (
	backupVaultType       = "AWS::Backup::BackupVault"
	backupPlanType        = "AWS::Backup::BackupPlan"
	backupSelectionType   = "AWS::Backup::BackupSelection"
	backupReportType      = "AWS::Backup::ReportPlan"
	recoveryPointType     = "Merlon::Backup::RecoveryPoint"
	protectedResourceType = "Merlon::Backup::ProtectedResource"
)

var (
	backupListBackupVaults = operation(backup.NewFromConfig, (*backup.Client).ListBackupVaults, Declaration{
		Types: []string{backupVaultType}})
	backupGetBackupVaultAccessPolicy = operation(backup.NewFromConfig, (*backup.Client).GetBackupVaultAccessPolicy, Declaration{
		Per: backupVaultType, Key: []string{"BackupVaultName"}, Fills: []string{"properties.AccessPolicy"},
		Absent: []string{"ResourceNotFoundException"},
		Source: "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_GetBackupVaultAccessPolicy.html (read 2026-11-24)"})
	backupListRecoveryPoints = operation(backup.NewFromConfig, (*backup.Client).ListRecoveryPointsByBackupVault, Declaration{
		Per: backupVaultType, Key: []string{"BackupVaultName"}, Types: []string{recoveryPointType}, Optional: true})
	backupListBackupPlans = operation(backup.NewFromConfig, (*backup.Client).ListBackupPlans, Declaration{Optional: true,
		Types: []string{backupPlanType}})
	backupGetBackupPlan = operation(backup.NewFromConfig, (*backup.Client).GetBackupPlan, Declaration{
		Per: backupPlanType, Key: []string{"BackupPlanId"}, Fills: []string{"properties.BackupPlan"}})
	backupListBackupSelections = operation(backup.NewFromConfig, (*backup.Client).ListBackupSelections, Declaration{
		Per: backupPlanType, Key: []string{"BackupPlanId"}, Types: []string{backupSelectionType}})
	backupGetBackupSelection = operation(backup.NewFromConfig, (*backup.Client).GetBackupSelection, Declaration{
		Per: backupSelectionType, Key: []string{"BackupPlanId", "SelectionId"}, Fills: []string{"properties.BackupSelection"}})
	backupListProtectedResources = operation(backup.NewFromConfig, (*backup.Client).ListProtectedResources, Declaration{
		Types: []string{protectedResourceType}, Optional: true})
	backupListReportPlans = operation(backup.NewFromConfig, (*backup.Client).ListReportPlans, Declaration{
		Types: []string{backupReportType}, Optional: true})
)

// backupService reads vaults, what lies in them, plans and what they choose, and
// when each resource was backed up last. Nothing is backed up without a vault,
// nor reported on, and no plan works: a region without vaults costs one call.
func backupService() *Service {
	return &Service{
		Name: "backup", Title: "Backup",
		Operations: []*Operation{backupListBackupVaults.Operation, backupGetBackupVaultAccessPolicy.Operation, backupListRecoveryPoints.Operation,
			backupListBackupPlans.Operation, backupGetBackupPlan.Operation, backupListBackupSelections.Operation, backupGetBackupSelection.Operation,
			backupListProtectedResources.Operation, backupListReportPlans.Operation},
		Collect: collectBackup,
	}
}

func collectBackup(ctx context.Context, s *Scope) error {
	var some atomic.Bool
	vaults, err := backupListBackupVaults.ListAll(ctx, s, &backup.ListBackupVaultsInput{MaxResults: aws.Int32(1000)}, func(out *backup.ListBackupVaultsOutput) error {
		return each(ctx, s, out.BackupVaultList, func(ctx context.Context, v types.BackupVaultListMember) error {
			some.Store(true)
			return s.backupVault(ctx, v)
		})
	})
	if err != nil {
		return err
	}
	if vaults && !some.Load() {
		return nil
	}
	err = backupListBackupPlans.List(ctx, s, &backup.ListBackupPlansInput{MaxResults: aws.Int32(1000)}, func(out *backup.ListBackupPlansOutput) error {
		return each(ctx, s, out.BackupPlansList, func(ctx context.Context, p types.BackupPlansListMember) error {
			some.Store(true)
			return s.backupPlan(ctx, p)
		})
	})
	if err != nil {
		return err
	}
	if err := s.protectedResources(ctx); err != nil {
		return err
	}
	return s.backupReports(ctx)
}

func (s *Scope) backupVault(ctx context.Context, v types.BackupVaultListMember) error {
	name := aws.ToString(v.BackupVaultName)
	d := s.Draft(backupVaultType, name, aws.ToString(v.BackupVaultArn), name).From(backupListBackupVaults.Operation, s)
	if aws.ToBool(v.Locked) {
		d.Fit("LockConfiguration.MinRetentionDays", v.MinRetentionDays)
		d.Fit("LockConfiguration.MaxRetentionDays", v.MaxRetentionDays)
	}
	d.Fold(v, Folding{})
	d.UnknownBecause("tags", tagsApart)
	d.UnknownBecause("properties.Notifications", "not read: it takes a call for each vault")
	err := backupGetBackupVaultAccessPolicy.Get(ctx, s, d, &backup.GetBackupVaultAccessPolicyInput{BackupVaultName: &name}, func(out *backup.GetBackupVaultAccessPolicyOutput) error {
		d.SetDocument("AccessPolicy", out.Policy)
		return nil
	})
	if err != nil {
		return err
	}
	if v.NumberOfRecoveryPoints > 0 {
		if err := s.recoveryPoints(ctx, d, name); err != nil {
			return err
		}
	}
	return s.Put(ctx, d)
}

func (s *Scope) recoveryPoints(ctx context.Context, vault *Draft, name string) error {
	in := &backup.ListRecoveryPointsByBackupVaultInput{BackupVaultName: &name, MaxResults: aws.Int32(1000)}
	return backupListRecoveryPoints.Pages(ctx, s, vault, in, func(out *backup.ListRecoveryPointsByBackupVaultOutput) error {
		for _, p := range out.RecoveryPoints {
			arn := aws.ToString(p.RecoveryPointArn)
			// The ARN is that of the snapshot where the resource's own service keeps it:
			// the same in every vault that has it.
			d := s.Draft(recoveryPointType, name+"|"+arn, "", arn).From(backupListRecoveryPoints.Operation, s)
			d.Fold(p, Folding{})
			d.Set("BackupVaultName", name)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Scope) backupPlan(ctx context.Context, p types.BackupPlansListMember) error {
	id := aws.ToString(p.BackupPlanId)
	d := s.Draft(backupPlanType, id, aws.ToString(p.BackupPlanArn), aws.ToString(p.BackupPlanName)).From(backupListBackupPlans.Operation, s)
	d.Fold(p, Folding{Drop: []string{"BackupPlanName", "AdvancedBackupSettings"}})
	d.UnknownBecause("tags", tagsApart)
	err := backupGetBackupPlan.Get(ctx, s, d, &backup.GetBackupPlanInput{BackupPlanId: &id}, func(out *backup.GetBackupPlanOutput) error {
		if b := out.BackupPlan; b != nil {
			d.Set("BackupPlan.BackupPlanName", b.BackupPlanName)
			d.Fit("BackupPlan.AdvancedBackupSettings", b.AdvancedBackupSettings)
			d.Fit("BackupPlan.ScanSettings", b.ScanSettings)
			d.Fit("BackupPlan.BackupPlanRule", backupRules(b.Rules))
		}
		return nil
	})
	if err != nil {
		return err
	}
	in := &backup.ListBackupSelectionsInput{BackupPlanId: &id, MaxResults: aws.Int32(1000)}
	err = backupListBackupSelections.Pages(ctx, s, d, in, func(out *backup.ListBackupSelectionsOutput) error {
		return each(ctx, s, out.BackupSelectionsList, func(ctx context.Context, m types.BackupSelectionsListMember) error {
			return s.backupSelection(ctx, id, m)
		})
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}

// backupRules gives the rules CloudFormation's name of the vault.
func backupRules(rules []types.BackupRule) []any {
	list, _ := plain(rules).([]any)
	for _, r := range list {
		if m, ok := r.(map[string]any); ok {
			m["TargetBackupVault"] = m["TargetBackupVaultName"]
			delete(m, "TargetBackupVaultName")
			delete(m, "RuleId")
		}
	}
	return list
}

func (s *Scope) backupSelection(ctx context.Context, plan string, m types.BackupSelectionsListMember) error {
	id := aws.ToString(m.SelectionId)
	d := s.Draft(backupSelectionType, id+"_"+plan, "", aws.ToString(m.SelectionName)).From(backupListBackupSelections.Operation, s)
	d.Set("Id", d.ID)
	d.Set("SelectionId", id)
	d.Set("BackupPlanId", plan)
	d.Observe("CreationDate", m.CreationDate)
	err := backupGetBackupSelection.Get(ctx, s, d, &backup.GetBackupSelectionInput{BackupPlanId: &plan, SelectionId: &id}, func(out *backup.GetBackupSelectionOutput) error {
		d.Fit("BackupSelection", out.BackupSelection)
		return nil
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}

func (s *Scope) protectedResources(ctx context.Context) error {
	return backupListProtectedResources.List(ctx, s, &backup.ListProtectedResourcesInput{MaxResults: aws.Int32(1000)}, func(out *backup.ListProtectedResourcesOutput) error {
		for _, r := range out.Results {
			arn := aws.ToString(r.ResourceArn)
			name := aws.ToString(r.ResourceName)
			if name == "" {
				name = arn
			}
			d := s.Draft(protectedResourceType, arn, "", name).From(backupListProtectedResources.Operation, s)
			d.Fold(r, Folding{})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Scope) backupReports(ctx context.Context) error {
	return backupListReportPlans.List(ctx, s, &backup.ListReportPlansInput{MaxResults: aws.Int32(1000)}, func(out *backup.ListReportPlansOutput) error {
		for _, r := range out.ReportPlans {
			arn := aws.ToString(r.ReportPlanArn)
			d := s.Draft(backupReportType, arn, arn, aws.ToString(r.ReportPlanName)).From(backupListReportPlans.Operation, s)
			d.Fold(r, Folding{})
			d.UnknownBecause("tags", tagsApart)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
