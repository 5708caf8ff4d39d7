package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func dynamodbFake() *fake {
	f := &fake{}
	answer(f, dynamodbListTables, func(p Place, in *dynamodb.ListTablesInput) (*dynamodb.ListTablesOutput, error) {
		switch {
		case p.Region != "eu-west-1":
			return &dynamodb.ListTablesOutput{}, nil
		case in.ExclusiveStartTableName == nil:
			return &dynamodb.ListTablesOutput{TableNames: []string{"orders"}, LastEvaluatedTableName: aws.String("orders")}, nil
		}
		return &dynamodb.ListTablesOutput{TableNames: []string{"plain"}}, nil
	})
	answer(f, dynamodbDescribeTable, func(_ Place, in *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
		t := types.TableDescription{TableName: in.TableName, TableStatus: types.TableStatusActive, DeletionProtectionEnabled: aws.Bool(false),
			KeySchema:             []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
			ProvisionedThroughput: &types.ProvisionedThroughputDescription{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(5), NumberOfDecreasesToday: aws.Int64(0)}}
		if *in.TableName == "orders" {
			t.DeletionProtectionEnabled = aws.Bool(true)
			t.BillingModeSummary = &types.BillingModeSummary{BillingMode: types.BillingModePayPerRequest}
			t.SSEDescription = &types.SSEDescription{Status: types.SSEStatusEnabled, SSEType: types.SSETypeKms, KMSMasterKeyArn: aws.String("arn:aws:kms:eu-west-1:111122223333:key/mine")}
			t.Replicas = []types.ReplicaDescription{{RegionName: aws.String("us-east-1")}}
		}
		return &dynamodb.DescribeTableOutput{Table: &t}, nil
	})
	answer(f, dynamodbDescribeContinuousBackups, func(_ Place, in *dynamodb.DescribeContinuousBackupsInput) (*dynamodb.DescribeContinuousBackupsOutput, error) {
		p := &types.PointInTimeRecoveryDescription{PointInTimeRecoveryStatus: types.PointInTimeRecoveryStatusDisabled}
		if *in.TableName == "orders" {
			p = &types.PointInTimeRecoveryDescription{PointInTimeRecoveryStatus: types.PointInTimeRecoveryStatusEnabled, RecoveryPeriodInDays: aws.Int32(7)}
		}
		return &dynamodb.DescribeContinuousBackupsOutput{ContinuousBackupsDescription: &types.ContinuousBackupsDescription{PointInTimeRecoveryDescription: p}}, nil
	})
	answer(f, dynamodbGetResourcePolicy, func(_ Place, in *dynamodb.GetResourcePolicyInput) (*dynamodb.GetResourcePolicyOutput, error) {
		if *in.ResourceArn != "arn:aws:dynamodb:eu-west-1:111122223333:table/orders" {
			return nil, &types.PolicyNotFoundException{}
		}
		return &dynamodb.GetResourcePolicyOutput{Policy: aws.String(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"dynamodb:*","Resource":"*"}]}`)}, nil
	})
	return f
}

func TestDynamoDB(t *testing.T) {
	c := collect(t, dynamodbFake(), dynamodbService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	d := c.one(t, tableType, "orders")
	for _, x := range []struct {
		want any
		path []any
	}{
		{true, []any{"DeletionProtectionEnabled"}},
		{"PAY_PER_REQUEST", []any{"BillingMode"}},
		{true, []any{"SSESpecification", "SSEEnabled"}},
		{"arn:aws:kms:eu-west-1:111122223333:key/mine", []any{"SSESpecification", "KMSMasterKeyId"}},
		{true, []any{"PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"}},
		{7.0, []any{"PointInTimeRecoverySpecification", "RecoveryPeriodInDays"}},
		{"444455556666", []any{"ResourcePolicy", "PolicyDocument", "Statement", 0, "Principal", "AWS"}},
		{"HASH", []any{"KeySchema", 0, "KeyType"}},
		{5.0, []any{"ProvisionedThroughput", "ReadCapacityUnits"}},
	} {
		if got := at(d, append([]any{"properties"}, x.path...)...); got != x.want {
			t.Errorf("%v is %v, want %v", x.path, got, x.want)
		}
	}
	if at(d, "arn") != "arn:aws:dynamodb:eu-west-1:111122223333:table/orders" || at(d, "observed", "Replicas", 0, "RegionName") != "us-east-1" {
		t.Errorf("table %v %v", d["arn"], d["observed"])
	}
	plain := c.one(t, tableType, "plain")
	p := plain["properties"].(map[string]any)
	if p["SSESpecification"] != nil || p["ResourcePolicy"] != nil || p["BillingMode"] != "PROVISIONED" || at(p, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != false {
		t.Errorf("plain table %v", p)
	}
	for _, path := range []string{"/tags", "/properties/TimeToLiveSpecification"} {
		if at(plain, "unknowns", path) == nil {
			t.Errorf("%s was not read and must be unknown: %v", path, plain["unknowns"])
		}
	}
	// One call for an empty region, two pages, three calls a table.
	if len(c.calls) != 1+2+2*3 {
		t.Errorf("%d calls: %v", len(c.calls), c.calls)
	}
}

func TestDynamoDBGaps(t *testing.T) {
	f := dynamodbFake()
	answer(f, dynamodbDescribeTable, func(Place, *dynamodb.DescribeTableInput) (*dynamodb.DescribeTableOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	answer(f, dynamodbDescribeContinuousBackups, func(Place, *dynamodb.DescribeContinuousBackupsInput) (*dynamodb.DescribeContinuousBackupsOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	answer(f, dynamodbGetResourcePolicy, func(Place, *dynamodb.GetResourcePolicyInput) (*dynamodb.GetResourcePolicyOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c := collect(t, f, dynamodbService())
	if len(c.gaps) != 2*3 {
		t.Errorf("gaps %+v", c.gaps)
	}
	d := c.one(t, tableType, "orders")
	for _, path := range []string{"/properties/SSESpecification", "/properties/DeletionProtectionEnabled", "/properties/PointInTimeRecoverySpecification", "/properties/ResourcePolicy", "/observed/Replicas"} {
		if at(d, "unknowns", path) == nil {
			t.Errorf("%s must be unknown: %v", path, d["unknowns"])
		}
	}
}
