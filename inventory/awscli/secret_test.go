package awscli

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	agtypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	cogtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	gluetypes "github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"merlon.dev/merlon/inventory/live"
)

// hush is in every value that must not be written.
const hush = "hunter2-hush"

func TestSecrets(t *testing.T) {
	for _, test := range []struct {
		service string
		out     any
		keeps   []string
	}{
		{"lambda", &lambda.ListFunctionsOutput{Functions: []lambdatypes.FunctionConfiguration{{FunctionName: aws.String("f"), Environment: &lambdatypes.EnvironmentResponse{Variables: map[string]string{"STAGE": hush}}}}}, []string{`"STAGE":"REDACTED"`, `"f"`}},
		{"lambda", &lambda.GetFunctionOutput{Code: &lambdatypes.FunctionCodeLocation{Location: aws.String("https://b.s3.amazonaws.com/x?X-Amz-Security-Token=" + hush + "&X-Amz-Date=1&X-Amz-Signature=" + hush)}}, []string{"https://b.s3.amazonaws.com/x?", "X-Amz-Date=1"}},
		{"ecs", &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &ecstypes.TaskDefinition{ContainerDefinitions: []ecstypes.ContainerDefinition{{Environment: []ecstypes.KeyValuePair{{Name: aws.String("STAGE"), Value: aws.String(hush)}}, Secrets: []ecstypes.Secret{{Name: aws.String("DB"), ValueFrom: aws.String("arn:aws:ssm:x")}}}}}}, []string{`"STAGE"`, "arn:aws:ssm:x"}},
		{"codebuild", &codebuild.BatchGetProjectsOutput{Projects: []cbtypes.Project{{Environment: &cbtypes.ProjectEnvironment{EnvironmentVariables: []cbtypes.EnvironmentVariable{{Name: aws.String("A"), Value: aws.String(hush), Type: "PLAINTEXT"}}}}}}, []string{`"A"`}},
		{"ec2", &ec2.DescribeLaunchTemplateVersionsOutput{LaunchTemplateVersions: []ec2types.LaunchTemplateVersion{{LaunchTemplateData: &ec2types.ResponseLaunchTemplateData{UserData: aws.String(hush)}}}}, nil},
		{"ec2", &ec2.DescribeInstanceAttributeOutput{UserData: &ec2types.AttributeValue{Value: aws.String(hush)}}, nil},
		{"ec2", &ec2.DescribeVpnConnectionsOutput{VpnConnections: []ec2types.VpnConnection{{VpnConnectionId: aws.String("vpn-1"), CustomerGatewayConfiguration: aws.String("<psk>" + hush), Options: &ec2types.VpnConnectionOptions{TunnelOptions: []ec2types.TunnelOption{{PreSharedKey: aws.String(hush)}}}}}}, []string{"vpn-1"}},
		{"ssm", &ssm.GetParametersOutput{Parameters: []ssmtypes.Parameter{{Name: aws.String("/a"), Value: aws.String(hush)}}}, []string{`"/a"`}},
		{"secretsmanager", &secretsmanager.GetSecretValueOutput{Name: aws.String("s"), SecretString: aws.String(hush), SecretBinary: []byte(hush)}, []string{`"s"`}},
		{"cloudformation", &cloudformation.DescribeStacksOutput{Stacks: []cftypes.Stack{{Parameters: []cftypes.Parameter{{ParameterKey: aws.String("Any"), ParameterValue: aws.String(hush)}}}}}, []string{`"Any"`}},
		{"cloudformation", &cloudformation.DescribeStacksOutput{Stacks: []cftypes.Stack{{Outputs: []cftypes.Output{{OutputKey: aws.String("Key"), OutputValue: aws.String(hush)}, {OutputKey: aws.String("BootstrapVersion"), OutputValue: aws.String("21")}}}}}, []string{`"Key"`, `"21"`}},
		{"eventbridge", &eventbridge.ListTargetsByRuleOutput{Targets: []ebtypes.Target{{Id: aws.String("t"), Input: aws.String(hush), InputTransformer: &ebtypes.InputTransformer{InputTemplate: aws.String(hush)},
			HttpParameters:         &ebtypes.HttpParameters{HeaderParameters: map[string]string{"X-Key": hush}, QueryStringParameters: map[string]string{"q": hush}, PathParameterValues: []string{hush}},
			RedshiftDataParameters: &ebtypes.RedshiftDataParameters{Sql: aws.String(hush), Sqls: []string{hush}}}}}, []string{`"t"`, `"X-Key"`}},
		{"sns", &sns.ListSubscriptionsOutput{Subscriptions: []snstypes.Subscription{{Protocol: aws.String("https"), Endpoint: aws.String("https://example.com/" + hush)}, {Protocol: aws.String("email"), Endpoint: aws.String("kept@example.com")}}}, []string{"kept@example.com"}},
		{"apigateway", &apigateway.GetApiKeysOutput{Items: []agtypes.ApiKey{{Id: aws.String("k"), Value: aws.String(hush)}}}, []string{`"k"`}},
		{"cognitoidentityprovider", &cognitoidentityprovider.DescribeUserPoolClientOutput{UserPoolClient: &cogtypes.UserPoolClientType{ClientId: aws.String("c"), ClientSecret: aws.String(hush)}}, []string{`"c"`}},
		{"cognitoidentityprovider", &cognitoidentityprovider.DescribeIdentityProviderOutput{IdentityProvider: &cogtypes.IdentityProviderType{ProviderDetails: map[string]string{"client_secret": hush, "client_id": "kept"}}}, []string{"kept"}},
		{"glue", &glue.GetJobsOutput{Jobs: []gluetypes.Job{{DefaultArguments: map[string]string{"--db-password": hush, "--secret-arn": "arn:aws:secretsmanager:kept"}}}}, []string{"arn:aws:secretsmanager:kept"}},
		{"iam", &iam.ListAccessKeysOutput{AccessKeyMetadata: []iamtypes.AccessKeyMetadata{{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE")}}}, []string{"AKIAIOSFODNN7EXAMPLE"}},
		{"rds", &rds.DescribeDBParametersOutput{Parameters: []rdstypes.Parameter{{ParameterName: aws.String("password_encryption"), ParameterValue: aws.String("kept")}}}, []string{"kept"}},
		{"ec2", &ec2.DescribeVpcsOutput{Vpcs: []ec2types.Vpc{{Tags: []ec2types.Tag{{Key: aws.String("secret-owner"), Value: aws.String("kept")}}}}}, []string{"kept"}},
		{"codebuild", &codebuild.BatchGetProjectsOutput{Projects: []cbtypes.Project{{Environment: &cbtypes.ProjectEnvironment{EnvironmentVariables: []cbtypes.EnvironmentVariable{{Name: aws.String("PASSWORD"), Value: aws.String("/kept"), Type: "PARAMETER_STORE"}}}}}}, []string{"/kept"}},
	} {
		body := string(encode(&live.Operation{Service: test.service}, test.out))
		if strings.Contains(body, hush) || strings.Contains(body, "aHVudGVyMi1odXNo") {
			t.Errorf("%T: a secret was written: %s", test.out, body)
		}
		for _, k := range test.keeps {
			if !strings.Contains(body, k) {
				t.Errorf("%T: %q is missing from %s", test.out, k, body)
			}
		}
	}
}

func TestScrub(t *testing.T) {
	for text, want := range map[string]string{
		"key AKIAIOSFODNN7EXAMPLE, session ASIAIOSFODNN7EXAMPLE.":                    "key REDACTED, session REDACTED.",
		"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY":           "aws_secret_access_key = REDACTED",
		`{"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}`:            `{"SecretAccessKey": "REDACTED"}`,
		"run --db-password=hunter2hunter2 --verbose":                                 "run --db-password=REDACTED --verbose",
		"postgres://app:s3cr3t@db.internal:5432/x":                                   "postgres://app:REDACTED@db.internal:5432/x",
		"https://hooks.slack.com/services/T0/B0/abcdef":                              "https://hooks.slack.com/services/REDACTED",
		"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nmore": "REDACTED\nmore",
		"-----BEGIN PRIVATE KEY-----\nMIIE, cut off":                                 "REDACTED",
		"token ghp_abcdefghijklmnopqrstuvwxyz0123456789":                             "token REDACTED",
		"xoxb-1234567890-abc":                           "REDACTED",
		"Bearer eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK": "Bearer REDACTED",
		// What is no secret stays.
		"-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----":                                     "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
		`{"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/web:ref:refs/heads/main"}}`: `{"StringEquals":{"token.actions.githubusercontent.com:sub":"repo:acme/web:ref:refs/heads/main"}}`,
		"arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/password-a1B2c3":                          "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/password-a1B2c3",
		"H4QrZXTeJhAFtZ6dfi7NjMZiGHZfFgGpD38SjX+BaMw=":                                                     "H4QrZXTeJhAFtZ6dfi7NjMZiGHZfFgGpD38SjX+BaMw=",
		"https://sqs.eu-west-1.amazonaws.com/111122223333/q":                                               "https://sqs.eu-west-1.amazonaws.com/111122223333/q",
		"AROAIOSFODNN7EXAMPLE": "AROAIOSFODNN7EXAMPLE",
	} {
		if got := scrub(text); got != want {
			t.Errorf("scrub(%q) = %q, want %q", text, got, want)
		}
	}
}
