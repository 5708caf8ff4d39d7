package awstest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/backup"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/internal/awstest"
)

const testAccount merlon.AccountID = "222233334444"

// config is a client's configuration for an account and region of the server;
// nothing is retried.
func config(s *awstest.Server, account merlon.AccountID, region string) aws.Config {
	return aws.Config{
		BaseEndpoint: aws.String(s.URL), Region: region, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(awstest.AccessKey(account), "secret", ""),
		HTTPClient:  s.Client(),
	}
}

func s3Client(c aws.Config) *s3.Client {
	return s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true })
}

// TestProtocols sends data through each protocol, two items a page, and reads it
// with the SDK's paginators.
func TestProtocols(t *testing.T) {
	s := awstest.Start(t)
	s.PageSize(2)
	ctx, cfg := t.Context(), config(s, testAccount, "eu-central-1")
	created := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

	t.Run("ec2", func(t *testing.T) {
		s.Put(awstest.Match{Call: "ec2:DescribeSecurityGroups", Region: "eu-central-1"}, map[string]any{"SecurityGroups": []map[string]any{
			{"GroupId": "sg-1", "GroupName": "one", "Tags": []any{map[string]string{"Key": "env", "Value": "a<b&\"c\""}},
				"IpPermissions": []any{map[string]any{"FromPort": 22, "ToPort": 22, "IpProtocol": "tcp", "IpRanges": []any{map[string]any{"CidrIp": "0.0.0.0/0"}}}}},
			{"GroupId": "sg-2"}, {"GroupId": "sg-3"}, {"GroupId": "sg-4"}, {"GroupId": "sg-5"},
		}})
		var got []ec2types.SecurityGroup
		pages := 0
		p := ec2.NewDescribeSecurityGroupsPaginator(ec2.NewFromConfig(cfg), &ec2.DescribeSecurityGroupsInput{})
		for ; p.HasMorePages(); pages++ {
			out, err := p.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, out.SecurityGroups...)
		}
		if len(got) != 5 || pages != 3 {
			t.Fatalf("%d groups on %d pages, want 5 on 3", len(got), pages)
		}
		if g := got[0]; *g.GroupId != "sg-1" || *g.Tags[0].Value != `a<b&"c"` || *g.IpPermissions[0].FromPort != 22 || *g.IpPermissions[0].IpRanges[0].CidrIp != "0.0.0.0/0" {
			t.Errorf("group %+v", g)
		}
		other, err := ec2.NewFromConfig(config(s, testAccount, "us-east-1")).DescribeSecurityGroups(ctx, nil)
		if err != nil || len(other.SecurityGroups) != 0 {
			t.Errorf("the other region has %v, %v", other, err)
		}
	})

	t.Run("iam", func(t *testing.T) {
		policy := map[string]any{"Version": "2012-10-17", "Statement": []any{}}
		s.Put(awstest.Match{Call: "iam:GetAccountAuthorizationDetails"}, map[string]any{
			"UserDetailList": []any{map[string]any{"UserName": "ann", "CreateDate": created}, map[string]any{"UserName": "bob"}, map[string]any{"UserName": "cy"}},
			"RoleDetailList": []any{map[string]any{"RoleName": "r", "AssumeRolePolicyDocument": policy}},
			"Policies":       []any{map[string]any{"PolicyName": "p", "PolicyVersionList": []any{map[string]any{"Document": `{"a": "b c+d"}`}}}},
		})
		var users, roles, policies []string
		p := iam.NewGetAccountAuthorizationDetailsPaginator(iam.NewFromConfig(cfg), nil)
		for p.HasMorePages() {
			out, err := p.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range out.UserDetailList {
				users = append(users, *u.UserName)
			}
			for _, r := range out.RoleDetailList {
				roles = append(roles, *r.AssumeRolePolicyDocument)
			}
			for _, pol := range out.Policies {
				policies = append(policies, *pol.PolicyVersionList[0].Document)
			}
		}
		if diff := cmp.Diff([]string{"ann", "bob", "cy"}, users); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"%7B%22Statement%22%3A%5B%5D%2C%22Version%22%3A%222012-10-17%22%7D"}, roles); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"%7B%22a%22%3A%20%22b%20c%2Bd%22%7D"}, policies); diff != "" {
			t.Error(diff)
		}
		sum, err := iam.NewFromConfig(cfg).GetAccountSummary(ctx, nil)
		if err != nil || sum.SummaryMap["AccountMFAEnabled"] != 1 {
			t.Errorf("summary %v, %v", sum, err)
		}
		rep, err := iam.NewFromConfig(cfg).GetCredentialReport(ctx, nil)
		if err != nil || !strings.Contains(string(rep.Content), "<root_account>,arn:aws:iam::222233334444:root") {
			t.Errorf("report %v, %v", rep, err)
		}
	})

	t.Run("s3", func(t *testing.T) {
		s.Put(awstest.Match{Call: "s3:ListBuckets"}, map[string]any{"Buckets": []any{
			map[string]any{"Name": "one", "CreationDate": created, "BucketRegion": "eu-central-1"}, map[string]any{"Name": "two"}, map[string]any{"Name": "three"},
		}})
		c := s3Client(cfg)
		var names []string
		p := s3.NewListBucketsPaginator(c, &s3.ListBucketsInput{})
		for p.HasMorePages() {
			out, err := p.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range out.Buckets {
				names = append(names, *b.Name)
				if *b.Name == "one" && !b.CreationDate.Equal(created) {
					t.Errorf("created %v", b.CreationDate)
				}
			}
		}
		if diff := cmp.Diff([]string{"one", "two", "three"}, names); diff != "" {
			t.Error(diff)
		}
		s.Put(awstest.Match{Call: "s3:GetBucketPolicy", Input: map[string]string{"Bucket": "one"}}, map[string]any{"Policy": `{"Version":"2012-10-17"}`})
		pol, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String("one")})
		if err != nil || *pol.Policy != `{"Version":"2012-10-17"}` {
			t.Errorf("policy %v, %v", pol, err)
		}
		_, err = c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String("two")})
		wantCode(t, err, "NoSuchBucketPolicy", 404)
		s.Put(awstest.Match{Call: "s3:GetBucketLocation", Input: map[string]string{"Bucket": "one"}}, map[string]any{"LocationConstraint": "eu-central-1"})
		loc, err := c.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String("one")})
		if err != nil || loc.LocationConstraint != "eu-central-1" {
			t.Errorf("location %v, %v", loc, err)
		}
		s.Put(awstest.Match{Call: "s3:GetBucketAcl"}, map[string]any{"Owner": map[string]any{"ID": "me"}, "Grants": []any{
			map[string]any{"Permission": "READ", "Grantee": map[string]any{"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}},
		}})
		acl, err := c.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: aws.String("one")})
		if err != nil || len(acl.Grants) != 1 || acl.Grants[0].Grantee.Type != "Group" || *acl.Grants[0].Grantee.URI != "http://acs.amazonaws.com/groups/global/AllUsers" {
			t.Errorf("acl %+v, %v", acl, err)
		}
		enc, err := c.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: aws.String("two")})
		if err != nil || enc.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm != "AES256" {
			t.Errorf("encryption %v, %v", enc, err)
		}
		head, err := c.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("two")})
		if err != nil || *head.BucketRegion != "eu-central-1" {
			t.Errorf("head %v, %v", head, err)
		}
		s.Put(awstest.Match{Call: "s3:GetBucketLifecycleConfiguration"}, map[string]any{"Rules": []any{map[string]any{"ID": "r", "Status": "Enabled", "Filter": map[string]any{"Prefix": ""}}}})
		life, err := c.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: aws.String("one")})
		if err != nil || *life.Rules[0].ID != "r" {
			t.Errorf("lifecycle %v, %v", life, err)
		}
		s.Put(awstest.Match{Call: "s3:ListObjectsV2"}, map[string]any{"Contents": []any{map[string]any{"Key": "a", "Size": 5}}})
		list, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("one")})
		if err != nil || *list.KeyCount != 1 || *list.Contents[0].Size != 5 {
			t.Errorf("objects %v, %v", list, err)
		}
	})

	t.Run("s3control", func(t *testing.T) {
		s.Put(awstest.Match{Call: "s3control:GetPublicAccessBlock", Account: testAccount}, map[string]any{"PublicAccessBlockConfiguration": map[string]any{"BlockPublicAcls": true}})
		c := s3control.NewFromConfig(cfg)
		out, err := c.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(string(testAccount))})
		if err != nil || !*out.PublicAccessBlockConfiguration.BlockPublicAcls {
			t.Errorf("%v, %v", out, err)
		}
	})

	t.Run("json", func(t *testing.T) {
		s.Put(awstest.Match{Call: "kms:ListKeys"}, map[string]any{"Keys": []any{map[string]any{"KeyId": "1"}, map[string]any{"KeyId": "2"}, map[string]any{"KeyId": "3"}}})
		s.Put(awstest.Match{Call: "kms:DescribeKey", Input: map[string]string{"KeyId": "2"}}, map[string]any{"KeyMetadata": map[string]any{"KeyId": "2", "CreationDate": created, "Enabled": true}})
		c := kms.NewFromConfig(cfg)
		var ids []string
		p := kms.NewListKeysPaginator(c, nil)
		for p.HasMorePages() {
			out, err := p.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range out.Keys {
				ids = append(ids, *k.KeyId)
			}
		}
		if diff := cmp.Diff([]string{"1", "2", "3"}, ids); diff != "" {
			t.Error(diff)
		}
		key, err := c.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("2")})
		if err != nil || !key.KeyMetadata.CreationDate.Equal(created) || !key.KeyMetadata.Enabled {
			t.Errorf("%v, %v", key, err)
		}
		s.Put(awstest.Match{Call: "dynamodb:ListTables"}, map[string]any{"TableNames": []string{"a", "b", "c"}})
		var tables []string
		tp := dynamodb.NewListTablesPaginator(dynamodb.NewFromConfig(cfg), nil)
		for tp.HasMorePages() {
			out, err := tp.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			tables = append(tables, out.TableNames...)
		}
		if diff := cmp.Diff([]string{"a", "b", "c"}, tables); diff != "" {
			t.Error(diff)
		}
		s.Put(awstest.Match{Call: "sqs:GetQueueAttributes"}, map[string]any{"Attributes": map[string]any{"Policy": "{}"}})
		attrs, err := sqs.NewFromConfig(cfg).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String("https://sqs/q")})
		if err != nil || attrs.Attributes["Policy"] != "{}" {
			t.Errorf("%v, %v", attrs, err)
		}
	})

	t.Run("query", func(t *testing.T) {
		s.Put(awstest.Match{Call: "sns:GetTopicAttributes"}, map[string]any{"Attributes": map[string]any{"TopicArn": "arn:x", "Policy": "{\n}"}})
		out, err := sns.NewFromConfig(cfg).GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String("arn:x")})
		if err != nil || out.Attributes["Policy"] != "{\n}" || out.Attributes["TopicArn"] != "arn:x" {
			t.Errorf("%v, %v", out, err)
		}
	})

	t.Run("rest-json", func(t *testing.T) {
		s.Put(awstest.Match{Call: "lambda:ListFunctions"}, map[string]any{"Functions": []any{
			map[string]any{"FunctionName": "f", "Environment": map[string]any{"Variables": map[string]string{"A": "b"}}}, map[string]any{"FunctionName": "g"}, map[string]any{"FunctionName": "h"},
		}})
		c := lambda.NewFromConfig(cfg)
		var names []string
		p := lambda.NewListFunctionsPaginator(c, nil)
		for p.HasMorePages() {
			out, err := p.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range out.Functions {
				names = append(names, *f.FunctionName)
			}
		}
		if diff := cmp.Diff([]string{"f", "g", "h"}, names); diff != "" {
			t.Error(diff)
		}
		_, err := c.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: aws.String("arn:aws:lambda:eu-central-1:222233334444:function:f")})
		wantCode(t, err, "ResourceNotFoundException", 404)

		s.Put(awstest.Match{Call: "guardduty:ListDetectors"}, map[string]any{"DetectorIds": []string{"d1"}})
		s.Put(awstest.Match{Call: "guardduty:GetDetector", Input: map[string]string{"DetectorId": "d1"}}, map[string]any{"Status": "ENABLED", "Features": []any{map[string]any{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}}})
		g := guardduty.NewFromConfig(cfg)
		det, err := g.ListDetectors(ctx, nil)
		if err != nil || !slices.Equal(det.DetectorIds, []string{"d1"}) {
			t.Fatalf("%v, %v", det, err)
		}
		d, err := g.GetDetector(ctx, &guardduty.GetDetectorInput{DetectorId: aws.String("d1")})
		if err != nil || d.Status != "ENABLED" || d.Features[0].Name != "S3_DATA_EVENTS" {
			t.Errorf("%v, %v", d, err)
		}
		s.Put(awstest.Match{Call: "eks:DescribeCluster", Input: map[string]string{"name": "c"}}, map[string]any{"cluster": map[string]any{"name": "c", "createdAt": created}})
		cl, err := eks.NewFromConfig(cfg).DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String("c")})
		if err != nil || !cl.Cluster.CreatedAt.Equal(created) {
			t.Errorf("%v, %v", cl, err)
		}
		s.Put(awstest.Match{Call: "accessanalyzer:ListAnalyzers"}, map[string]any{"analyzers": []any{map[string]any{"arn": "a", "name": "n", "type": "ACCOUNT", "status": "ACTIVE", "createdAt": created}}})
		an, err := accessanalyzer.NewFromConfig(cfg).ListAnalyzers(ctx, nil)
		if err != nil || !an.Analyzers[0].CreatedAt.Equal(created) {
			t.Errorf("%v, %v", an, err)
		}
		vaults, err := backup.NewFromConfig(cfg).ListBackupVaults(ctx, nil)
		if err != nil || vaults.BackupVaultList == nil || len(vaults.BackupVaultList) != 0 {
			t.Errorf("%v, %v", vaults, err)
		}
	})

	t.Run("rest-xml", func(t *testing.T) {
		s.Put(awstest.Match{Call: "route53:ListHostedZones"}, map[string]any{"HostedZones": []any{
			map[string]any{"Id": "/hostedzone/Z1", "Name": "a.", "CallerReference": "x"}, map[string]any{"Id": "/hostedzone/Z2", "Name": "b."}, map[string]any{"Id": "/hostedzone/Z3", "Name": "c."},
		}})
		var names []string
		p := route53.NewListHostedZonesPaginator(route53.NewFromConfig(cfg), nil)
		for p.HasMorePages() {
			out, err := p.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, z := range out.HostedZones {
				names = append(names, *z.Name)
			}
		}
		if diff := cmp.Diff([]string{"a.", "b.", "c."}, names); diff != "" {
			t.Error(diff)
		}
		cf := cloudfront.NewFromConfig(cfg)
		empty, err := cf.ListDistributions(ctx, nil)
		if err != nil || empty.DistributionList == nil || *empty.DistributionList.Quantity != 0 || *empty.DistributionList.IsTruncated {
			t.Fatalf("%v, %v", empty, err)
		}
		s.Put(awstest.Match{Call: "cloudfront:ListDistributions"}, map[string]any{"DistributionList": map[string]any{"Items": []any{
			map[string]any{"Id": "1", "Aliases": map[string]any{"Quantity": 1, "Items": []string{"x.org"}}}, map[string]any{"Id": "2"}, map[string]any{"Id": "3"},
		}}})
		var ids []string
		cp := cloudfront.NewListDistributionsPaginator(cf, nil)
		for cp.HasMorePages() {
			out, err := cp.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range out.DistributionList.Items {
				ids = append(ids, *d.Id)
			}
			if int(*out.DistributionList.Quantity) != len(out.DistributionList.Items) {
				t.Errorf("quantity %d of %d", *out.DistributionList.Quantity, len(out.DistributionList.Items))
			}
		}
		if diff := cmp.Diff([]string{"1", "2", "3"}, ids); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("cbor", func(t *testing.T) {
		s.Put(awstest.Match{Call: "cloudwatch:DescribeAlarms"}, map[string]any{"MetricAlarms": []any{
			map[string]any{"AlarmName": "a", "Threshold": 1.5, "Period": 300, "ActionsEnabled": true, "StateUpdatedTimestamp": created, "AlarmActions": []string{"arn:t"}},
			map[string]any{"AlarmName": "b"}, map[string]any{"AlarmName": "c"},
		}})
		var names []string
		p := cloudwatch.NewDescribeAlarmsPaginator(cloudwatch.NewFromConfig(cfg), nil)
		for p.HasMorePages() {
			out, err := p.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range out.MetricAlarms {
				names = append(names, *a.AlarmName)
				if *a.AlarmName == "a" && (*a.Threshold != 1.5 || *a.Period != 300 || !*a.ActionsEnabled || !a.StateUpdatedTimestamp.Equal(created) || a.AlarmActions[0] != "arn:t") {
					t.Errorf("alarm %+v", a)
				}
			}
		}
		if diff := cmp.Diff([]string{"a", "b", "c"}, names); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("sts", func(t *testing.T) {
		id, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
		if err != nil || *id.Account != string(testAccount) {
			t.Errorf("%v, %v", id, err)
		}
	})
	if m := s.Mutations(); len(m) != 0 {
		t.Errorf("reads were taken for writes: %v", m)
	}
}

// wantCode fails unless the client saw this error code and HTTP status.
func wantCode(t *testing.T, err error, code string, status int) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("error %v, want the code %s", err, code)
	}
	var withStatus interface{ HTTPStatusCode() int }
	if !errors.As(err, &withStatus) || withStatus.HTTPStatusCode() != status {
		t.Errorf("error %v, want status %d", err, status)
	}
}

// calls are one read call of each protocol.
func calls(s *awstest.Server) map[string]func(context.Context) error {
	cfg := config(s, testAccount, "eu-central-1")
	return map[string]func(context.Context) error{
		"ec2:DescribeInstances": func(ctx context.Context) error {
			_, err := ec2.NewFromConfig(cfg).DescribeInstances(ctx, nil)
			return err
		},
		"iam:ListUsers":  func(ctx context.Context) error { _, err := iam.NewFromConfig(cfg).ListUsers(ctx, nil); return err },
		"s3:ListBuckets": func(ctx context.Context) error { _, err := s3Client(cfg).ListBuckets(ctx, nil); return err },
		"kms:ListKeys":   func(ctx context.Context) error { _, err := kms.NewFromConfig(cfg).ListKeys(ctx, nil); return err },
		"sqs:ListQueues": func(ctx context.Context) error { _, err := sqs.NewFromConfig(cfg).ListQueues(ctx, nil); return err },
		"sns:ListTopics": func(ctx context.Context) error { _, err := sns.NewFromConfig(cfg).ListTopics(ctx, nil); return err },
		"lambda:ListFunctions": func(ctx context.Context) error {
			_, err := lambda.NewFromConfig(cfg).ListFunctions(ctx, nil)
			return err
		},
		"guardduty:ListDetectors": func(ctx context.Context) error {
			_, err := guardduty.NewFromConfig(cfg).ListDetectors(ctx, nil)
			return err
		},
		"route53:ListHostedZones": func(ctx context.Context) error {
			_, err := route53.NewFromConfig(cfg).ListHostedZones(ctx, nil)
			return err
		},
		"cloudwatch:DescribeAlarms": func(ctx context.Context) error {
			_, err := cloudwatch.NewFromConfig(cfg).DescribeAlarms(ctx, nil)
			return err
		},
		"backup:ListBackupVaults": func(ctx context.Context) error {
			_, err := backup.NewFromConfig(cfg).ListBackupVaults(ctx, nil)
			return err
		},
		"cloudfront:ListDistributions": func(ctx context.Context) error {
			_, err := cloudfront.NewFromConfig(cfg).ListDistributions(ctx, nil)
			return err
		},
	}
}

// TestRefusals checks that clients see a refusal under the code that the
// service itself uses.
func TestRefusals(t *testing.T) {
	type answer struct {
		code   string
		status int
	}
	tests := []struct {
		name string
		do   awstest.Effect
		want map[string]answer
	}{
		{"denied", awstest.Deny(), map[string]answer{
			"ec2:DescribeInstances": {"UnauthorizedOperation", 403}, "iam:ListUsers": {"AccessDenied", 403}, "s3:ListBuckets": {"AccessDenied", 403},
			"kms:ListKeys": {"AccessDeniedException", 400}, "sqs:ListQueues": {"AccessDeniedException", 400}, "sns:ListTopics": {"AuthorizationError", 403},
			"lambda:ListFunctions": {"AccessDeniedException", 403}, "guardduty:ListDetectors": {"AccessDeniedException", 403},
			"route53:ListHostedZones": {"AccessDenied", 403}, "cloudwatch:DescribeAlarms": {"AccessDenied", 403},
			"backup:ListBackupVaults": {"AccessDeniedException", 403}, "cloudfront:ListDistributions": {"AccessDenied", 403},
		}},
		{"throttled", awstest.Throttle(), map[string]answer{
			"ec2:DescribeInstances": {"RequestLimitExceeded", 503}, "iam:ListUsers": {"Throttling", 400}, "s3:ListBuckets": {"SlowDown", 503},
			"kms:ListKeys": {"ThrottlingException", 400}, "sqs:ListQueues": {"ThrottlingException", 400}, "sns:ListTopics": {"Throttling", 400},
			"lambda:ListFunctions": {"TooManyRequestsException", 429}, "guardduty:ListDetectors": {"ThrottlingException", 429},
			"route53:ListHostedZones": {"Throttling", 400}, "cloudwatch:DescribeAlarms": {"Throttling", 400},
			"backup:ListBackupVaults": {"ThrottlingException", 429}, "cloudfront:ListDistributions": {"Throttling", 400},
		}},
		{"expired", awstest.Expire(), map[string]answer{
			"ec2:DescribeInstances": {"RequestExpired", 400}, "iam:ListUsers": {"ExpiredToken", 403}, "s3:ListBuckets": {"ExpiredToken", 400},
			"kms:ListKeys": {"ExpiredTokenException", 400}, "sqs:ListQueues": {"ExpiredTokenException", 400}, "sns:ListTopics": {"ExpiredToken", 403},
			"lambda:ListFunctions": {"ExpiredTokenException", 403}, "guardduty:ListDetectors": {"ExpiredTokenException", 403},
			"route53:ListHostedZones": {"ExpiredToken", 400}, "cloudwatch:DescribeAlarms": {"ExpiredToken", 403},
			"backup:ListBackupVaults": {"ExpiredTokenException", 403}, "cloudfront:ListDistributions": {"ExpiredToken", 400},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := awstest.Start(t)
			f := s.Inject(awstest.Fault{Do: test.do})
			all := calls(s)
			if len(all) != len(test.want) {
				t.Fatalf("%d calls, %d answers", len(all), len(test.want))
			}
			for name, call := range all {
				t.Run(name, func(t *testing.T) { wantCode(t, call(t.Context()), test.want[name].code, test.want[name].status) })
			}
			if f.Hits() != len(all) {
				t.Errorf("%d hits of %d calls", f.Hits(), len(all))
			}
			f.Remove()
			for _, name := range slices.Sorted(maps.Keys(all)) {
				if err := all[name](t.Context()); err != nil {
					t.Errorf("%s after the fault: %v", name, err)
				}
			}
		})
	}
}

func TestDeniedMessageNamesTheAction(t *testing.T) {
	s := awstest.Start(t)
	s.Inject(awstest.Fault{Do: awstest.Deny()})
	err := calls(s)["s3:ListBuckets"](t.Context())
	if want := fmt.Sprintf("User: arn:aws:iam::%s:user/merlon is not authorized to perform: s3:ListAllMyBuckets", testAccount); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q in it", err, want)
	}
}
