package live

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/backup/types"

	"merlon.dev/merlon"
)

func backupFake() *fake {
	f := &fake{}
	answer(f, backupListBackupVaults, func(p Place, _ *backup.ListBackupVaultsInput) (*backup.ListBackupVaultsOutput, error) {
		if p.Region != "eu-west-1" {
			return &backup.ListBackupVaultsOutput{}, nil
		}
		return &backup.ListBackupVaultsOutput{BackupVaultList: []types.BackupVaultListMember{
			{BackupVaultName: aws.String("safe"), BackupVaultArn: aws.String("arn:aws:backup:eu-west-1:111122223333:backup-vault:safe"), EncryptionKeyArn: aws.String("k"),
				Locked: aws.Bool(true), MinRetentionDays: aws.Int64(7), LockDate: &fakeNow, NumberOfRecoveryPoints: 1},
			{BackupVaultName: aws.String("Default"), BackupVaultArn: aws.String("arn:aws:backup:eu-west-1:111122223333:backup-vault:Default"), Locked: aws.Bool(false), MinRetentionDays: aws.Int64(1)}}}, nil
	})
	answer(f, backupGetBackupVaultAccessPolicy, func(_ Place, in *backup.GetBackupVaultAccessPolicyInput) (*backup.GetBackupVaultAccessPolicyOutput, error) {
		if *in.BackupVaultName != "safe" {
			return nil, &types.ResourceNotFoundException{}
		}
		return &backup.GetBackupVaultAccessPolicyOutput{Policy: aws.String(`{"Statement":[{"Effect":"Deny","Principal":"*","Action":"backup:DeleteRecoveryPoint"}]}`)}, nil
	})
	answer(f, backupListRecoveryPoints, func(_ Place, in *backup.ListRecoveryPointsByBackupVaultInput) (*backup.ListRecoveryPointsByBackupVaultOutput, error) {
		return &backup.ListRecoveryPointsByBackupVaultOutput{RecoveryPoints: []types.RecoveryPointByBackupVault{{RecoveryPointArn: aws.String("arn:aws:ec2:eu-west-1::snapshot/snap-1"),
			BackupVaultName: in.BackupVaultName, IsEncrypted: false, ResourceType: aws.String("EBS"), Status: types.RecoveryPointStatusCompleted,
			Lifecycle: &types.Lifecycle{DeleteAfterDays: aws.Int64(30)}}}}, nil
	})
	answer(f, backupListBackupPlans, func(p Place, _ *backup.ListBackupPlansInput) (*backup.ListBackupPlansOutput, error) {
		if p.Region != "eu-west-1" {
			return &backup.ListBackupPlansOutput{}, nil
		}
		return &backup.ListBackupPlansOutput{BackupPlansList: []types.BackupPlansListMember{{BackupPlanId: aws.String("plan-1"), BackupPlanName: aws.String("daily"),
			BackupPlanArn: aws.String("arn:aws:backup:eu-west-1:111122223333:backup-plan:plan-1"), VersionId: aws.String("v")}}}, nil
	})
	answer(f, backupGetBackupPlan, func(Place, *backup.GetBackupPlanInput) (*backup.GetBackupPlanOutput, error) {
		return &backup.GetBackupPlanOutput{BackupPlan: &types.BackupPlan{BackupPlanName: aws.String("daily"), Rules: []types.BackupRule{{RuleName: aws.String("r"), RuleId: aws.String("id"),
			TargetBackupVaultName: aws.String("safe"), Lifecycle: &types.Lifecycle{DeleteAfterDays: aws.Int64(35)},
			CopyActions: []types.CopyAction{{DestinationBackupVaultArn: aws.String("arn:aws:backup:eu-central-1:444455556666:backup-vault:x")}}}}}}, nil
	})
	answer(f, backupListBackupSelections, func(Place, *backup.ListBackupSelectionsInput) (*backup.ListBackupSelectionsOutput, error) {
		return &backup.ListBackupSelectionsOutput{BackupSelectionsList: []types.BackupSelectionsListMember{{SelectionId: aws.String("sel-1"), SelectionName: aws.String("all")}}}, nil
	})
	answer(f, backupGetBackupSelection, func(Place, *backup.GetBackupSelectionInput) (*backup.GetBackupSelectionOutput, error) {
		return &backup.GetBackupSelectionOutput{BackupSelection: &types.BackupSelection{SelectionName: aws.String("all"), IamRoleArn: aws.String("arn:aws:iam::111122223333:role/b"), Resources: []string{"*"},
			ListOfTags: []types.Condition{{ConditionKey: aws.String("backup"), ConditionType: types.ConditionTypeStringequals, ConditionValue: aws.String("yes")}}}}, nil
	})
	answer(f, backupListProtectedResources, func(Place, *backup.ListProtectedResourcesInput) (*backup.ListProtectedResourcesOutput, error) {
		return &backup.ListProtectedResourcesOutput{Results: []types.ProtectedResource{{ResourceArn: aws.String("arn:aws:rds:eu-west-1:111122223333:db:orders"), ResourceType: aws.String("RDS"), LastBackupTime: &fakeNow}}}, nil
	})
	answer(f, backupListReportPlans, func(Place, *backup.ListReportPlansInput) (*backup.ListReportPlansOutput, error) {
		return &backup.ListReportPlansOutput{ReportPlans: []types.ReportPlan{{ReportPlanArn: aws.String("arn:aws:backup:eu-west-1:111122223333:report-plan:r"), ReportPlanName: aws.String("r"),
			ReportDeliveryChannel: &types.ReportDeliveryChannel{S3BucketName: aws.String("reports")}, ReportSetting: &types.ReportSetting{ReportTemplate: aws.String("BACKUP_JOB_REPORT")}}}}, nil
	})
	return f
}

func TestBackup(t *testing.T) {
	c := collect(t, backupFake(), backupService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	v := c.one(t, backupVaultType, "safe")
	if at(v, "properties", "LockConfiguration", "MinRetentionDays") != 7.0 || at(v, "properties", "AccessPolicy", "Statement", 0, "Effect") != "Deny" || at(v, "observed", "LockDate") == nil {
		t.Errorf("vault %v %v", v["properties"], v["observed"])
	}
	d := c.one(t, backupVaultType, "Default")
	if at(d, "properties", "LockConfiguration") != nil || at(d, "properties", "AccessPolicy") != nil || at(d, "observed", "Locked") != false {
		t.Errorf("default vault %v %v", d["properties"], d["observed"])
	}
	r := c.one(t, recoveryPointType, "safe|arn:aws:ec2:eu-west-1::snapshot/snap-1")
	if at(r, "properties", "IsEncrypted") != false || at(r, "properties", "Lifecycle", "DeleteAfterDays") != 30.0 {
		t.Errorf("recovery point %v", r["properties"])
	}
	rule := at(c.one(t, backupPlanType, "plan-1"), "properties", "BackupPlan", "BackupPlanRule", 0).(map[string]any)
	if rule["TargetBackupVault"] != "safe" || at(rule, "Lifecycle", "DeleteAfterDays") != 35.0 || at(rule, "CopyActions", 0, "DestinationBackupVaultArn") == nil {
		t.Errorf("rule %v", rule)
	}
	s := c.one(t, backupSelectionType, "sel-1_plan-1")
	if at(s, "properties", "BackupPlanId") != "plan-1" || at(s, "properties", "BackupSelection", "Resources", 0) != "*" || at(s, "properties", "BackupSelection", "ListOfTags", 0, "ConditionKey") != "backup" {
		t.Errorf("selection %v", s["properties"])
	}
	c.one(t, protectedResourceType, "arn:aws:rds:eu-west-1:111122223333:db:orders")
	if p := c.one(t, backupReportType, "arn:aws:backup:eu-west-1:111122223333:report-plan:r"); at(p, "properties", "ReportDeliveryChannel", "S3BucketName") != "reports" {
		t.Errorf("report plan %v", p["properties"])
	}
	// One for the empty region; four lists, a policy each, one vault with something
	// in it, the plan and its selection.
	if len(c.calls) != 1+4+2+1+3 {
		t.Errorf("%d calls: %v", len(c.calls), c.calls)
	}
}

func TestBackupGaps(t *testing.T) {
	f := backupFake()
	denied := apiError("AccessDeniedException")
	answer(f, backupGetBackupVaultAccessPolicy, func(Place, *backup.GetBackupVaultAccessPolicyInput) (*backup.GetBackupVaultAccessPolicyOutput, error) {
		return nil, denied
	})
	answer(f, backupListBackupSelections, func(Place, *backup.ListBackupSelectionsInput) (*backup.ListBackupSelectionsOutput, error) {
		return nil, denied
	})
	answer(f, backupListProtectedResources, func(Place, *backup.ListProtectedResourcesInput) (*backup.ListProtectedResourcesOutput, error) {
		return nil, denied
	})
	c := collect(t, f, backupService())
	if v := c.one(t, backupVaultType, "safe"); at(v, "unknowns", "/properties/AccessPolicy") == nil {
		t.Errorf("unknowns %v", v["unknowns"])
	}
	for call, typ := range map[string]string{"backup:ListBackupSelections": backupSelectionType, "backup:ListProtectedResources": protectedResourceType} {
		if !slices.ContainsFunc(c.gaps, func(g merlon.Gap) bool { return g.Call == call && slices.Equal(g.Types, []string{typ}) }) {
			t.Errorf("no gap of %s: %+v", call, c.gaps)
		}
	}
}
