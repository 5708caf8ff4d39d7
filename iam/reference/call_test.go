package reference_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon/iam/reference"
)

func TestActionsOf(t *testing.T) {
	r := load(t)
	for _, tt := range []struct {
		service, operation string
		needed             string
		possible           string // some of them
	}{
		{"s3.amazonaws.com", "ListObjectsV2", "s3:ListBucket", ""},
		{"S3", "ListObjects", "s3:ListBucket", ""},
		{"s3", "HeadObject", "s3:GetObject", "kms:Decrypt"},
		{"s3.amazonaws.com", "HeadBucket", "s3:ListBucket", ""},
		{"s3.amazonaws.com", "ListBuckets", "s3:ListAllMyBuckets", ""},
		{"s3.amazonaws.com", "GetBucketEncryption", "s3:GetEncryptionConfiguration", ""},
		{"s3.amazonaws.com", "UploadPart", "s3:PutObject", ""},
		{"s3.amazonaws.com", "CopyObject", "s3:GetObject s3:PutObject", ""},
		{"s3.amazonaws.com", "GetBucketCors", "s3:GetBucketCORS", ""},
		{"S3 Control", "GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock", ""},
		{"S3", "GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", ""},
		{"s3.amazonaws.com", "GetAccountPublicAccessBlock", "s3:GetAccountPublicAccessBlock", ""},
		{"lambda.amazonaws.com", "Invoke", "lambda:InvokeFunction", ""},
		{"lambda.amazonaws.com", "GetFunction20150331v2", "lambda:GetFunction", ""},
		{"lambda.amazonaws.com", "CreateFunction20150331", "lambda:CreateFunction iam:PassRole", ""},
		{"cloudfront.amazonaws.com", "CreateDistribution2020_05_31", "cloudfront:CreateDistribution", ""},
		{"monitoring.amazonaws.com", "PutMetricAlarm", "cloudwatch:PutMetricAlarm", ""},
		{"CloudWatch", "PutMetricData", "cloudwatch:PutMetricData", ""},
		{"CloudWatch Logs", "PutLogEvents", "logs:PutLogEvents", ""},
		{"logs.amazonaws.com", "CreateLogGroup", "logs:CreateLogGroup", ""},
		{"email", "SendEmail", "ses:SendEmail", ""},
		{"SESv2", "CreateEmailIdentity", "ses:CreateEmailIdentity", ""},
		{"API Gateway", "CreateRestApi", "apigateway:POST", ""},
		{"apigateway.amazonaws.com", "GetRestApis", "apigateway:GET", ""},
		{"ApiGatewayV2", "UpdateApi", "apigateway:PATCH", ""},
		{"apigateway.amazonaws.com", "DeleteApi", "apigateway:DELETE", ""},
		{"Elastic Load Balancing v2", "CreateLoadBalancer", "elasticloadbalancing:CreateLoadBalancer", ""},
		{"elasticloadbalancing.amazonaws.com", "DescribeTargetHealth", "elasticloadbalancing:DescribeTargetHealth", ""},
		{"IoT Data Plane", "Publish", "iot:Publish", ""},
		{"iotdata", "GetThingShadow", "iot:GetThingShadow", ""},
		{"autoscaling.amazonaws.com", "RegisterScalableTarget", "application-autoscaling:RegisterScalableTarget", ""},
		{"autoscaling.amazonaws.com", "CreateAutoScalingGroup", "autoscaling:CreateAutoScalingGroup", ""},
		{"Resource Groups Tagging API", "GetResources", "tag:GetResources", ""},
		{"EventBridge", "PutRule", "events:PutRule", ""},
		{"SFN", "StartExecution", "states:StartExecution", ""},
		{"EFS", "CreateFileSystem", "elasticfilesystem:CreateFileSystem", ""},
		{"Cost Explorer", "GetCostAndUsage", "ce:GetCostAndUsage", ""},
		{"kms.amazonaws.com", "ReEncrypt", "kms:ReEncryptFrom kms:ReEncryptTo", ""},
		{"sts.amazonaws.com", "GetCallerIdentity", "", ""},
		{"sts.amazonaws.com", "AssumeRole", "sts:AssumeRole", "sts:TagSession"},
		{"sqs.amazonaws.com", "SendMessageBatch", "sqs:SendMessage", ""},
		{"ec2.amazonaws.com", "RunInstances", "ec2:RunInstances", "iam:PassRole"},
		{"ec2.amazonaws.com", "runinstances", "ec2:RunInstances", "iam:PassRole"},
		// DocDB and Neptune go by the name too, and pass no role.
		{"rds.amazonaws.com", "CreateDBInstance", "rds:CreateDBInstance", "iam:PassRole"},
		{"s3express.amazonaws.com", "PutObject", "s3express:CreateSession", ""},
		{"Glue", "CreateJob", "glue:CreateJob", "iam:PassRole"},
		{"DynamoDB", "ExecuteStatement", "", "dynamodb:PartiQLSelect dynamodb:PartiQLDelete"},
		{"DynamoDB Streams", "GetRecords", "dynamodb:GetRecords", ""},
		{"neptunedata", "ExecuteFastReset", "neptune-db:ResetDatabase", ""},
		{"signin.amazonaws.com", "ConsoleLogin", "", ""},
		{"access-analyzer.amazonaws.com", "ListFindingsV2", "access-analyzer:ListFindings", ""},
	} {
		m, ok := r.ActionsOf(tt.service, tt.operation)
		if !ok {
			t.Errorf("%s %s is unknown", tt.service, tt.operation)
			continue
		}
		if got := strings.Join(m.Needed, " "); got != tt.needed {
			t.Errorf("%s %s needs %q, not %q", tt.service, tt.operation, tt.needed, got)
		}
		for p := range strings.FieldsSeq(tt.possible) {
			if !slices.Contains(m.Possible, p) {
				t.Errorf("%s %s may need %s: %v", tt.service, tt.operation, p, m.Possible)
			}
		}
	}
	for _, tt := range [][2]string{{"", ""}, {"s3", ""}, {"s3", "NoSuchThing"}, {"nowhere.amazonaws.com", "GetObject"}, {"s3.amazonaws.com", "20150331"}, {"ec2", "RunInstances1"}} {
		if m, ok := r.ActionsOf(tt[0], tt[1]); ok {
			t.Errorf("%q %q needs %v", tt[0], tt[1], m)
		}
	}
}

// TestPossibleIsOwn: adding iam:PassRole to one answer must not write into the
// table that all share.
func TestPossibleIsOwn(t *testing.T) {
	r := load(t)
	first, _ := r.ActionsOf("ECS", "RunTask")
	second, _ := r.ActionsOf("ECS", "RunTask")
	if diff := cmp.Diff(first, second); diff != "" || !slices.Contains(first.Possible, "iam:PassRole") {
		t.Errorf("%v, then %v", first, second)
	}
}

// TestCallTable holds each line of the hand-written table to its form and each
// action in it to the reference.
func TestCallTable(t *testing.T) {
	r := load(t)
	lines, section := 0, ""
	seen := map[string]bool{}
	for _, line := range readLines(t, "calls.txt") {
		if name, ok := strings.CutPrefix(line, "@"); ok {
			section = name
			continue
		}
		ops, actions, ok := strings.Cut(line, " =")
		if !ok || section == "" {
			t.Errorf("line %q", line)
			continue
		}
		lines++
		if section == "@" {
			for p := range strings.FieldsSeq(actions) {
				if _, ok := r.Service(p); !ok {
					t.Errorf("%q: no service %s", line, p)
				}
			}
			continue
		}
		for op := range strings.FieldsSeq(ops) {
			if seen[section+":"+op] {
				t.Errorf("%s %s stands twice", section, op)
			}
			seen[section+":"+op] = true
			if _, ok := r.ActionsOf(section, op); !ok {
				t.Errorf("%s %s is not found", section, op)
			}
		}
		if strings.TrimSpace(actions) == "-" {
			continue
		}
		n := 0
		for a := range strings.FieldsSeq(actions) {
			if a == "?" {
				continue
			}
			n++
			if got, ok := r.Action(a); !ok || got.String() != a {
				t.Errorf("%q: no action %s", line, a)
			}
		}
		if n == 0 {
			t.Errorf("%q names no action", line)
		}
	}
	if lines < 100 {
		t.Errorf("%d lines", lines)
	}
}

// TestSDKTable holds the generated table to its form, and to the reference.
func TestSDKTable(t *testing.T) {
	r := load(t)
	kinds := map[string]int{}
	for _, line := range readLines(t, "sdk.txt") {
		f := strings.Split(line, "\t")
		kinds[f[0]]++
		switch {
		case f[0] == "service" && len(f) == 5:
			if _, ok := r.Service(f[4]); !ok && f[4] != "connectparticipant" {
				t.Errorf("%q: no such prefix", line)
			}
		case f[0] == "verb" && len(f) == 4:
			if _, ok := r.Action(f[2]); !ok {
				t.Errorf("%q: no such action", line)
			}
		case f[0] == "passes" && len(f) == 3:
		default:
			t.Errorf("line %q", line)
		}
	}
	if kinds["service"] < 400 || kinds["verb"] != 10 || kinds["passes"] < 150 {
		t.Errorf("%v", kinds)
	}
}

func TestLogging(t *testing.T) {
	r := load(t)
	for action, want := range map[string]reference.Logging{
		"s3:GetObject":                  reference.DataEvent,
		"S3:GETOBJECTVERSION":           reference.DataEvent,
		"s3:GetBucketPolicy":            reference.ManagementEvent,
		"lambda:InvokeFunction":         reference.DataEvent,
		"lambda:CreateFunction":         reference.ManagementEvent,
		"dynamodb:PutItem":              reference.DataEvent,
		"dynamodb:CreateTable":          reference.ManagementEvent,
		"sqs:SendMessage":               reference.DataEvent,
		"sns:Publish":                   reference.DataEvent,
		"kms:Decrypt":                   reference.ManagementEvent,
		"execute-api:Invoke":            reference.NoEvent,
		"rds-db:connect":                reference.NoEvent,
		"sts:AssumeRole":                reference.ManagementEvent,
		"secretsmanager:GetSecretValue": reference.ManagementEvent,
	} {
		if got := r.Logging(action); got != want {
			t.Errorf("%s: %v, want %v", action, got, want)
		}
	}
	if n := len(r.Unlogged()); n < 150 {
		t.Errorf("%d patterns", n)
	}
	for _, u := range r.Unlogged() {
		n := 0
		for range r.Match(u.Action) {
			n++
		}
		if n == 0 {
			t.Errorf("no action is %s", u.Action)
		}
		if u.ResourceType != "" && strings.Count(u.ResourceType, "::") != 2 {
			t.Errorf("%s: resource type %q", u.Action, u.ResourceType)
		}
	}
}

// readLines gives the lines of a table without comments and empty ones.
func readLines(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}
