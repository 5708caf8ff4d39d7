package iam

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// trailRecord is an event by a session of the role app in the path /team/.
func trailRecord(source, name, request, more string) string {
	return fmt.Sprintf(`{"eventVersion":"1.11","eventTime":"2026-11-20T10:00:00Z","eventSource":%q,"eventName":%q,"awsRegion":"eu-west-1","eventType":"AwsApiCall",
"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/app/i-1","accountId":"111122223333",
"sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/team/app"}}},
"recipientAccountId":"111122223333","requestParameters":%s%s}`, source, name, request, more)
}

const appRole = "arn:aws:iam::111122223333:role/team/app"

func readCalls(t testing.TB, text string) ([]*Call, TrailCount) {
	t.Helper()
	var calls []*Call
	count, err := ReadTrail(strings.NewReader(text), func(c *Call) error {
		calls = append(calls, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return calls, count
}

func TestReadTrailForms(t *testing.T) {
	event := trailRecord("s3.amazonaws.com", "GetObject", `{"bucketName":"b","key":"k"}`, "")
	for name, text := range map[string]string{
		"delivered": `{"Records":[` + event + `]}`,
		"list":      `[` + event + `]`,
		"lines":     event + "\n",
		"lookup":    `{"Events":[{"EventName":"GetObject","CloudTrailEvent":` + fmt.Sprintf("%q", strings.ReplaceAll(event, "\n", " ")) + `}],"NextToken":"x"}`,
	} {
		calls, count := readCalls(t, text)
		if len(calls) != 1 || count.Events != 1 || count.Malformed != 0 {
			t.Errorf("%s: %d calls, count %+v; want one", name, len(calls), count)
			continue
		}
		c := calls[0]
		want := &Call{Service: "s3.amazonaws.com", Operation: "GetObject", Partition: "aws", Region: "eu-west-1", Account: "111122223333",
			Principal: appRole, Session: "arn:aws:sts::111122223333:assumed-role/app/i-1", Time: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC),
			Parameters: map[string][]string{"bucketname": {"b"}, "key": {"k"}}, Complete: true}
		if diff := cmp.Diff(want, c); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestReadTrailCounts(t *testing.T) {
	signIn := strings.Replace(trailRecord("signin.amazonaws.com", "ConsoleLogin", "null", ""), "AwsApiCall", "AwsConsoleSignIn", 1)
	calls, count := readCalls(t, `{"Records":[`+signIn+`,{"eventName":"x"},7,`+trailRecord("sts.amazonaws.com", "GetCallerIdentity", "null", "")+`]}`)
	if len(calls) != 1 || calls[0].Operation != "GetCallerIdentity" {
		t.Errorf("calls: %v", calls)
	}
	if count.Events != 4 || count.Others != 1 || count.Malformed != 2 || count.Problem == "" {
		t.Errorf("count: %+v", count)
	}
}

func TestReadTrailRefuses(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"no JSON":         strings.NewReader("hello"),
		"cut":             strings.NewReader(`{"Records":[{"eventName":"x"`),
		"cut in the list": strings.NewReader(`{"Records":[` + trailRecord("s3.amazonaws.com", "GetObject", "{}", "")),
		"no list":         strings.NewReader(`{"Records":{}}`),
		"a number":        strings.NewReader(`7`),
		"endless record":  io.MultiReader(strings.NewReader(`{"Records":[{"eventName":"`), endless{}),
		"endless member":  io.MultiReader(strings.NewReader(`{"a":"`), endless{}),
	} {
		if _, err := ReadTrail(r, func(*Call) error { return nil }); !errors.Is(err, ErrTrail) {
			t.Errorf("%s: error %v, want ErrTrail", name, err)
		}
	}
	stop := errors.New("stop")
	if _, err := ReadTrail(strings.NewReader(`[`+trailRecord("s3.amazonaws.com", "GetObject", "{}", "")+`]`), func(*Call) error { return stop }); err != stop {
		t.Errorf("error of the function: %v", err)
	}
}

// endless is the letter a, over and over.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestIsBy(t *testing.T) {
	withIssuer := &Call{Principal: appRole, Session: "arn:aws:sts::111122223333:assumed-role/app/i-1"}
	without := &Call{Principal: "arn:aws:sts::111122223333:assumed-role/app/i-1"}
	for _, c := range []struct {
		call      *Call
		principal string
		want      bool
	}{
		{withIssuer, appRole, true},
		{withIssuer, "arn:aws:sts::111122223333:assumed-role/app/i-1", true},
		{withIssuer, "arn:aws:sts::111122223333:assumed-role/app/i-2", false},
		{withIssuer, "arn:aws:iam::111122223333:role/app", false},
		{without, "arn:aws:iam::111122223333:role/app", true},
		{without, appRole, true},
		{without, "arn:aws:iam::444455556666:role/app", false},
		{without, "arn:aws:iam::111122223333:role/apple", false},
	} {
		if got := c.call.IsBy(c.principal); got != c.want {
			t.Errorf("%s is by %s: %v, want %v", c.call.Principal, c.principal, got, c.want)
		}
	}
}

// usageOf adds all calls of the records.
func usageOf(t testing.TB, opts UsageOptions, records ...string) *UsageReport {
	t.Helper()
	u := NewUsage(loadReference(t), opts)
	calls, count := readCalls(t, "["+strings.Join(records, ",")+"]")
	if count.Malformed > 0 {
		t.Fatal(count.Problem)
	}
	for _, c := range calls {
		u.Observe(c)
		u.Add(c)
	}
	return u.Report()
}

func TestUsageResources(t *testing.T) {
	const at = "eu-west-1:111122223333:"
	for _, c := range []struct {
		name, source, operation, request, more string
		action                                 string
		want                                   []string
	}{
		{"object", "s3.amazonaws.com", "GetObject", `{"bucketName":"b","key":"a/k"}`, "", "s3:GetObject", []string{"arn:aws:s3:::b/a/k"}},
		{"object named by the event", "s3.amazonaws.com", "HeadObject", `{}`, `,"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::b/k"},{"ARN":"arn:aws:s3:::b"}]`, "s3:GetObject", []string{"arn:aws:s3:::b/k"}},
		{"objects by prefix", "s3.amazonaws.com", "DeleteObjects", `{"bucketName":"b"}`, `,"resources":[{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::b/"}]`, "s3:DeleteObject", []string{"arn:aws:s3:::b/*"}},
		{"a key that is a pattern", "s3.amazonaws.com", "GetObject", `{"bucketName":"b","key":"*"}`, "", "s3:GetObject", []string{"arn:aws:s3:::b/${*}"}},
		{"an ARN that is a pattern", "s3.amazonaws.com", "GetObject", `{}`, `,"resources":[{"ARN":"arn:aws:s3:::b/*"}]`, "s3:GetObject", []string{"arn:aws:s3:::b/${*}"}},
		{"bucket", "s3.amazonaws.com", "ListObjects", `{"bucketName":"b","prefix":"x"}`, "", "s3:ListBucket", []string{"arn:aws:s3:::b"}},
		{"copy reads its source", "s3.amazonaws.com", "CopyObject", `{"bucketName":"to","key":"k2","x-amz-copy-source":"from/k%201"}`, "", "s3:GetObject", []string{"arn:aws:s3:::from/k 1"}},
		{"copy writes its target", "s3.amazonaws.com", "CopyObject", `{"bucketName":"to","key":"k2","x-amz-copy-source":"from/k1"}`, "", "s3:PutObject", []string{"arn:aws:s3:::to/k2"}},
		{"table", "dynamodb.amazonaws.com", "Query", `{"tableName":"t"}`, "", "dynamodb:Query", []string{"arn:aws:dynamodb:" + at + "table/t"}},
		{"index", "dynamodb.amazonaws.com", "Query", `{"tableName":"t","indexName":"i"}`, "", "dynamodb:Query", []string{"arn:aws:dynamodb:" + at + "table/t", "arn:aws:dynamodb:" + at + "table/t/index/i"}},
		{"tables of a batch", "dynamodb.amazonaws.com", "BatchGetItem", `{"requestItems":{"t1":{"keys":[]},"t2":{}}}`, "", "dynamodb:BatchGetItem", []string{"arn:aws:dynamodb:" + at + "table/t1", "arn:aws:dynamodb:" + at + "table/t2"}},
		{"function", "lambda.amazonaws.com", "GetFunction20150331v2", `{"functionName":"arn:aws:lambda:` + at + `function:f"}`, "", "lambda:GetFunction", []string{"arn:aws:lambda:" + at + "function:f"}},
		{"function by short name", "lambda.amazonaws.com", "Invoke", `{"functionName":"111122223333:function:f","qualifier":"live"}`, "", "lambda:InvokeFunction", []string{"arn:aws:lambda:" + at + "function:f:live"}},
		{"queue", "sqs.amazonaws.com", "PurgeQueue", `{"queueUrl":"https://sqs.eu-west-1.amazonaws.com/111122223333/q"}`, "", "sqs:PurgeQueue", []string{"arn:aws:sqs:" + at + "q"}},
		{"secret by name", "secretsmanager.amazonaws.com", "GetSecretValue", `{"secretId":"db"}`, "", "secretsmanager:GetSecretValue", []string{"arn:aws:secretsmanager:" + at + "secret:db-??????"}},
		{"key by alias", "kms.amazonaws.com", "Decrypt", `{"keyId":"alias/a"}`, `,"resources":[{"ARN":"arn:aws:kms:` + at + `key/k-1","type":"AWS::KMS::Key"}]`, "kms:Decrypt", []string{"arn:aws:kms:" + at + "key/k-1"}},
		{"parameter", "ssm.amazonaws.com", "GetParameters", `{"names":["/a/b","c"]}`, "", "ssm:GetParameters", []string{"arn:aws:ssm:" + at + "parameter/a/b", "arn:aws:ssm:" + at + "parameter/c"}},
		{"instances", "ec2.amazonaws.com", "StopInstances", `{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]}}`, "", "ec2:StopInstances", []string{"arn:aws:ec2:" + at + "instance/i-1", "arn:aws:ec2:" + at + "instance/i-2"}},
		{"tags", "ec2.amazonaws.com", "CreateTags", `{"resourcesSet":{"items":[{"resourceId":"vol-1"},{"resourceId":"ami-1"}]}}`, "", "ec2:CreateTags", []string{"arn:aws:ec2:" + at + "volume/vol-1", "arn:aws:ec2:eu-west-1::image/ami-1"}},
		{"role with its path", "iam.amazonaws.com", "GetRole", `{"roleName":"r"}`, `,"responseElements":{"role":{"arn":"arn:aws:iam::111122223333:role/p/r"}}`, "iam:GetRole", []string{"arn:aws:iam::111122223333:role/p/r"}},
		{"role to pass", "lambda.amazonaws.com", "CreateFunction20150331", `{"functionName":"f","role":"arn:aws:iam::111122223333:role/r"}`, "", "iam:PassRole", []string{"arn:aws:iam::111122223333:role/r"}},
		{"log group", "logs.amazonaws.com", "PutRetentionPolicy", `{"logGroupName":"/a"}`, "", "logs:PutRetentionPolicy", []string{"arn:aws:logs:" + at + "log-group:/a", "arn:aws:logs:" + at + "log-group:/a:*"}},
		{"no resource", "ec2.amazonaws.com", "DescribeInstances", `{}`, "", "ec2:DescribeInstances", []string{"*"}},
		{"rest api", "apigateway.amazonaws.com", "GetStages", `{"restApiId":"a*"}`, "", "apigateway:GET", []string{"arn:aws:apigateway:eu-west-1::/restapis/a${*}", "arn:aws:apigateway:eu-west-1::/restapis/a${*}/*"}},
		{"stack by name", "cloudformation.amazonaws.com", "DeleteStack", `{"stackName":"s"}`, "", "cloudformation:DeleteStack", []string{"arn:aws:cloudformation:" + at + "stack/s/*"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := usageOf(t, UsageOptions{}, trailRecord(c.source, c.operation, c.request, c.more))
			if got := r.Grants.Resources(c.action); !slices.Equal(got, c.want) {
				t.Errorf("%s on %v, want %v (all: %v, unknown: %v)", c.action, got, c.want, r.Grants.Actions(), r.Unknown)
			}
		})
	}
}

func TestUsageSays(t *testing.T) {
	r := usageOf(t, UsageOptions{},
		trailRecord("dynamodb.amazonaws.com", "DescribeTable", `{}`, ""),
		trailRecord("iam.amazonaws.com", "GetUser", `{"userName":"u"}`, ""),
		trailRecord("ec2.amazonaws.com", "TerminateInstances", `{"instancesSet":{"items":[{"instanceId":"i-1"}]}}`, `,"errorCode":"Client.UnauthorizedOperation"`),
		trailRecord("nonesuch.amazonaws.com", "Do", `{}`, ""),
		trailRecord("sts.amazonaws.com", "GetCallerIdentity", `null`, ""),
		trailRecord("lambda.amazonaws.com", "CreateFunction20150331", `{"functionName":"f"}`, ""),
		trailRecord("s3.amazonaws.com", "GetObject", `{"bucketName":"b","key":"k"}`, `,"errorCode":"NoSuchKey","managementEvent":false,"eventCategory":"Data"`),
	)
	if got := r.Grants.Resources("ec2:TerminateInstances"); got != nil {
		t.Errorf("what was denied is granted: %v", got)
	}
	if len(r.Denied) != 1 || !slices.Equal(r.Denied[0].Actions, []string{"ec2:TerminateInstances"}) || !slices.Equal(r.Denied[0].Codes, []string{"Client.UnauthorizedOperation"}) ||
		!slices.Equal(r.Denied[0].Resources, []string{"arn:aws:ec2:eu-west-1:111122223333:instance/i-1"}) {
		t.Errorf("denied: %+v", r.Denied)
	}
	if len(r.Unknown) != 1 || r.Unknown[0].Call != "nonesuch.amazonaws.com Do" {
		t.Errorf("unknown: %+v", r.Unknown)
	}
	if len(r.Free) != 1 || r.Free[0].Call != "sts.amazonaws.com GetCallerIdentity" {
		t.Errorf("free: %+v", r.Free)
	}
	if got := r.Grants.Resources("iam:PassRole"); got != nil || !slices.Equal(r.PassRole, []string{"lambda.amazonaws.com CreateFunction20150331"}) {
		t.Errorf("iam:PassRole on %v, calls that pass an unknown role %v", got, r.PassRole)
	}
	if !slices.ContainsFunc(r.Widened, func(w Widening) bool {
		return w.Action == "dynamodb:DescribeTable" && slices.Equal(w.Resources, []string{"arn:aws:dynamodb:eu-west-1:111122223333:table/*"})
	}) {
		t.Errorf("widened: %+v; want DescribeTable on every table of account and region", r.Widened)
	}
	if !slices.Equal(r.Assumed, []string{"the path of user u is taken to be /"}) {
		t.Errorf("assumed: %v", r.Assumed)
	}
	if r.Calls != 7 || r.Failed != 1 || r.First.IsZero() {
		t.Errorf("calls %d, failed %d, first %v", r.Calls, r.Failed, r.First)
	}
	unlogged := map[string]bool{}
	for _, u := range r.Unlogged {
		unlogged[u.ResourceType] = true
	}
	if unlogged["AWS::S3::Object"] || !unlogged["AWS::DynamoDB::Table"] || !unlogged[""] {
		t.Errorf("not logged: %v; data events of objects were seen, of tables not", unlogged)
	}
	granted := usageOf(t, UsageOptions{IncludeDenied: true}, trailRecord("ec2.amazonaws.com", "TerminateInstances", `{"instancesSet":{"items":[{"instanceId":"i-1"}]}}`, `,"errorCode":"Client.UnauthorizedOperation"`))
	if got := granted.Grants.Resources("ec2:TerminateInstances"); len(got) != 1 {
		t.Errorf("with IncludeDenied: %v", got)
	}
}

func TestUsageGeneralizes(t *testing.T) {
	var records []string
	for i := range 30 {
		records = append(records, trailRecord("s3.amazonaws.com", "GetObject", fmt.Sprintf(`{"bucketName":"b","key":"in/2026-%02d/x%d"}`, i%12, i), ""),
			trailRecord("s3.amazonaws.com", "ListObjects", fmt.Sprintf(`{"bucketName":"b%d"}`, i), ""))
	}
	records = append(records, trailRecord("s3.amazonaws.com", "GetObject", `{"bucketName":"other","key":"k"}`, ""))
	r := usageOf(t, UsageOptions{}, records...)
	if got, want := r.Grants.Resources("s3:GetObject"), []string{"arn:aws:s3:::b/in/2026-*", "arn:aws:s3:::other/k"}; !slices.Equal(got, want) {
		t.Errorf("objects: %v, want %v", got, want)
	}
	// Names of buckets say nothing about other buckets.
	if got := r.Grants.Resources("s3:ListBucket"); len(got) != 30 {
		t.Errorf("buckets: %v, want each by its name", got)
	}
	if len(r.General) != 1 || r.General[0].Action != "s3:GetObject" {
		t.Errorf("general: %v", r.General)
	}
}

func TestUsageIsBounded(t *testing.T) {
	u := NewUsage(loadReference(t), UsageOptions{})
	for i := range maxTallys + 10 {
		u.Add(&Call{Service: "x", Operation: fmt.Sprint("Op", i)})
		u.Add(&Call{Service: "s3", Operation: "ListObjects", Parameters: map[string][]string{"bucketname": {fmt.Sprint("b", i)}}})
	}
	r := u.Report()
	if len(r.Unknown) != maxTallys || len(r.Grants.Resources("s3:ListBucket")) != maxKinds || !r.Full {
		t.Errorf("%d unknown calls, %d buckets, full %v", len(r.Unknown), len(r.Grants.Resources("s3:ListBucket")), r.Full)
	}
}

func TestRemoved(t *testing.T) {
	ref := loadReference(t)
	p, err := ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","sqs:SendMessage"],"Resource":["arn:aws:s3:::b/*","arn:aws:s3:::c/*"]},
{"Effect":"Allow","Action":"sts:GetCallerIdentity","Resource":"*"},
{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var g Grants
	g.Add("s3:GetObject", "arn:aws:s3:::b/*", "arn:aws:s3:::c/x/*")
	g.Add("sts:GetCallerIdentity", "*")
	got := map[string]Removal{}
	for _, r := range Removed(ref, []*Policy{p}, &g) {
		got[r.Action] = r
	}
	if len(got) != 3 {
		t.Errorf("removed: %v; want GetObject, PutObject, SendMessage", got)
	}
	if r := got["s3:GetObject"]; r.Entirely || !slices.Equal(r.From, []string{"arn:aws:s3:::c/*"}) {
		t.Errorf("s3:GetObject: %+v", r)
	}
	if r := got["s3:PutObject"]; !r.Entirely || r.Logging == 0 {
		t.Errorf("s3:PutObject: %+v; it is a data event", r)
	}
	if all := Removed(ref, []*Policy{must(t, `{"Statement":{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}}`)}, &g); len(all) < 10000 {
		t.Errorf("NotAction: %d removals, want all of AWS but IAM", len(all))
	}
}

func must(t *testing.T, text string) *Policy {
	t.Helper()
	p, err := ParsePolicy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParseMetric(t *testing.T) {
	m, err := ParseMetric([]byte(`{"Version":1,"ClientId":"me","Type":"ApiCall","Service":"CloudWatch Logs","Api":"PutLogEvents","Timestamp":1795168800000,"Region":"eu-west-1","FinalAwsException":"AccessDeniedException","SessionToken":"secret"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Metric{Client: "me", Call: &Call{Service: "CloudWatch Logs", Operation: "PutLogEvents", Region: "eu-west-1", Error: "AccessDeniedException", Time: time.UnixMilli(1795168800000).UTC()}}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "[]", `{"Type":"x"}`, `{"Type":"ApiCall","Service":"S3"}`, `{"Type":"ApiCall","Service":"S3\u001b[31m","Api":"GetObject"}`, `{"Type":"ApiCall","Service":"S3","Api":"` + strings.Repeat("a", 200) + `"}`} {
		if _, err := ParseMetric([]byte(bad)); !errors.Is(err, ErrMetric) {
			t.Errorf("%.60q: error %v, want ErrMetric", bad, err)
		}
	}
}

func FuzzReadTrail(f *testing.F) {
	f.Add(`{"Records":[` + trailRecord("s3.amazonaws.com", "CopyObject", `{"bucketName":"b","key":"${*}?","x-amz-copy-source":"/a/b%zz"}`, `,"resources":[{"ARN":"arn:aws:s3:::b/*"},{"ARNPrefix":"arn"}]`) + `]}`)
	f.Add(`{"Events":[{"CloudTrailEvent":"{}"}]}`)
	f.Add(trailRecord("iam.amazonaws.com", "CreateRole", `{"path":"/*/","roleName":"a"}`, `,"responseElements":{"role":{"arn":"arn:aws:iam::1:role/x"}}`))
	ref := loadReference(f)
	f.Fuzz(func(t *testing.T, text string) {
		u := NewUsage(ref, UsageOptions{Resources: 2, IncludeDenied: true})
		count, err := ReadTrail(strings.NewReader(text), func(c *Call) error {
			u.Observe(c)
			u.Add(c)
			return nil
		})
		if err != nil && !errors.Is(err, ErrTrail) {
			t.Fatalf("error of another kind: %v", err)
		}
		if count.Malformed+count.Others > count.Events {
			t.Fatalf("count: %+v", count)
		}
		r := u.Report()
		docs, err := r.Grants.Documents(ManagedPolicySize)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range docs {
			b, err := d.Indent()
			if err != nil {
				t.Fatal(err)
			}
			p, err := ParsePolicy(b)
			if err != nil || len(p.Problems) > 0 {
				t.Fatalf("not a policy: %v %v\n%s", err, p, b)
			}
			if d.Size() > ManagedPolicySize {
				t.Fatalf("%d characters", d.Size())
			}
		}
	})
}

func FuzzParseMetric(f *testing.F) {
	f.Add([]byte(`{"Type":"ApiCallAttempt","Service":"S3","Api":"GetObject","Region":"eu-west-1","AwsException":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseMetric(b)
		if err != nil {
			if !errors.Is(err, ErrMetric) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if !isName(m.Call.Service, " -.") || !isName(m.Call.Operation, "_") || len(m.Call.Error) > 128 {
			t.Fatalf("let through: %+v", m.Call)
		}
	})
}
