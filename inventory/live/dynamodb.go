package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const tableType = "AWS::DynamoDB::Table"

var (
	dynamodbListTables = operation(dynamodb.NewFromConfig, (*dynamodb.Client).ListTables, Declaration{
		Types: []string{tableType}})
	dynamodbDescribeTable = operation(dynamodb.NewFromConfig, (*dynamodb.Client).DescribeTable, Declaration{
		Per: tableType, Key: []string{"TableName"}, Fills: []string{"properties.AttributeDefinitions", "properties.BillingMode",
			"properties.DeletionProtectionEnabled", "properties.GlobalSecondaryIndexes", "properties.KeySchema", "properties.LocalSecondaryIndexes",
			"properties.OnDemandThroughput", "properties.ProvisionedThroughput", "properties.SSESpecification", "properties.StreamSpecification",
			"properties.TableClass", "properties.StreamArn", "properties.WarmThroughput", "properties.VectorIndexes",
			"observed.TableStatus", "observed.SSEDescription", "observed.Replicas", "observed.CreationDateTime", "observed.ItemCount"}})
	dynamodbDescribeContinuousBackups = operation(dynamodb.NewFromConfig, (*dynamodb.Client).DescribeContinuousBackups, Declaration{
		Per: tableType, Key: []string{"TableName"}, Fills: []string{"properties.PointInTimeRecoverySpecification"}})
	dynamodbGetResourcePolicy = operation(dynamodb.NewFromConfig, (*dynamodb.Client).GetResourcePolicy, Declaration{
		Per: tableType, Key: []string{"ResourceArn"}, Fills: []string{"properties.ResourcePolicy"},
		Absent: []string{"PolicyNotFoundException"},
		Source: "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetResourcePolicy.html (read 2026-11-24)"})
)

// dynamodbService reads tables: three calls each. Their tags, when items expire
// and the policies of their streams would each cost one more, and no control
// reads them: they are unknown.
func dynamodbService() *Service {
	return &Service{
		Name: "dynamodb", Title: "DynamoDB",
		Operations: []*Operation{dynamodbListTables.Operation, dynamodbDescribeTable.Operation, dynamodbDescribeContinuousBackups.Operation,
			dynamodbGetResourcePolicy.Operation},
		Collect: collectDynamoDB,
	}
}

func collectDynamoDB(ctx context.Context, s *Scope) error {
	return dynamodbListTables.List(ctx, s, &dynamodb.ListTablesInput{Limit: aws.Int32(100)}, func(out *dynamodb.ListTablesOutput) error {
		return each(ctx, s, out.TableNames, s.table)
	})
}

func (s *Scope) table(ctx context.Context, name string) error {
	arn := "arn:" + string(s.Partition) + ":dynamodb:" + string(s.Region) + ":" + string(s.Account) + ":table/" + name
	d := s.Draft(tableType, name, arn, name).From(dynamodbListTables.Operation, s)
	d.Set("TableName", name)
	d.Set("Arn", arn)
	d.UnknownBecause("tags", tagsApart)
	const apart = "not read: it takes a call for each table"
	d.UnknownBecause("properties.TimeToLiveSpecification", apart)
	d.UnknownBecause("properties.KinesisStreamSpecification", apart)
	d.UnknownBecause("properties.ContributorInsightsSpecification", apart)
	steps := []func(context.Context) error{
		func(ctx context.Context) error {
			return dynamodbDescribeTable.Get(ctx, s, d, &dynamodb.DescribeTableInput{TableName: &name}, func(out *dynamodb.DescribeTableOutput) error {
				if out.Table != nil {
					describeTable(d, *out.Table)
				}
				return nil
			})
		},
		func(ctx context.Context) error {
			return dynamodbDescribeContinuousBackups.Get(ctx, s, d, &dynamodb.DescribeContinuousBackupsInput{TableName: &name}, func(out *dynamodb.DescribeContinuousBackupsOutput) error {
				if b := out.ContinuousBackupsDescription; b != nil && b.PointInTimeRecoveryDescription != nil {
					p := b.PointInTimeRecoveryDescription
					d.Set("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", p.PointInTimeRecoveryStatus == types.PointInTimeRecoveryStatusEnabled)
					d.Fit("PointInTimeRecoverySpecification.RecoveryPeriodInDays", p.RecoveryPeriodInDays)
				}
				return nil
			})
		},
		func(ctx context.Context) error {
			return dynamodbGetResourcePolicy.Get(ctx, s, d, &dynamodb.GetResourcePolicyInput{ResourceArn: &arn}, func(out *dynamodb.GetResourcePolicyOutput) error {
				d.SetDocument("ResourcePolicy.PolicyDocument", out.Policy)
				return nil
			})
		},
	}
	if err := each(ctx, s, steps, func(ctx context.Context, step func(context.Context) error) error { return step(ctx) }); err != nil {
		return err
	}
	return s.Put(ctx, d)
}

// describeTable fills in what the description of a table says in other words
// than CloudFormation, and keeps the rest.
func describeTable(d *Draft, t types.TableDescription) {
	// Without a summary the table has had provisioned capacity ever since it was made:
	// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BillingModeSummary.html (read 2026-11-24).
	mode := types.BillingModeProvisioned
	if b := t.BillingModeSummary; b != nil && b.BillingMode != "" {
		mode = b.BillingMode
	}
	d.Set("BillingMode", string(mode))
	d.Set("StreamArn", t.LatestStreamArn)
	if c := t.TableClassSummary; c != nil {
		d.Set("TableClass", c.TableClass)
	}
	// Without a description AWS's own key encrypts the table:
	// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_SSESpecification.html (read 2026-11-24).
	if e := t.SSEDescription; e != nil {
		d.Set("SSESpecification.SSEEnabled", e.Status == types.SSEStatusEnabled || e.Status == types.SSEStatusUpdating || e.Status == types.SSEStatusEnabling)
		d.Set("SSESpecification.SSEType", e.SSEType)
		d.Set("SSESpecification.KMSMasterKeyId", e.KMSMasterKeyArn)
	}
	d.Fold(t, Folding{Drop: []string{"TableName", "TableArn", "BillingModeSummary", "LatestStreamArn", "TableClassSummary"}})
}
