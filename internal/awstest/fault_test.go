package awstest_test

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"merlon.dev/merlon"
	"merlon.dev/merlon/internal/awstest"
)

// TestBroken checks that answers that are none arrive as such, in every protocol.
func TestBroken(t *testing.T) {
	s := awstest.Start(t)
	s.Put(awstest.Match{Call: "ec2:DescribeInstances"}, map[string]any{"Reservations": []any{map[string]any{"OwnerId": strings.Repeat("1", 10000)}}})
	for name, call := range calls(s) {
		t.Run(name, func(t *testing.T) {
			f := s.Inject(awstest.Fault{Do: awstest.HTML()})
			err := call(t.Context())
			var status interface{ HTTPStatusCode() int }
			if !errors.As(err, &status) || status.HTTPStatusCode() != 500 {
				t.Errorf("an HTML page gave %v", err)
			}
			f.Remove()

			f = s.Inject(awstest.Fault{Do: awstest.Cut()})
			if err := call(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) && !isSyntax(err) {
				t.Errorf("a cut body gave %v", err)
			}
			f.Remove()

			f = s.Inject(awstest.Fault{Do: awstest.Reset()})
			if err := call(t.Context()); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
				t.Errorf("a reset connection gave %v", err)
			}
			f.Remove()

			f = s.Inject(awstest.Fault{Do: awstest.Hang()})
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a hanging call gave %v", err)
			}
			cancel()
			f.Remove()

			if err := call(t.Context()); err != nil {
				t.Errorf("with no fault: %v", err)
			}
		})
	}
}

// isSyntax: some decoders hide why the body ended.
func isSyntax(err error) bool {
	var x *xml.SyntaxError
	var d *smithy.DeserializationError
	return errors.As(err, &x) || errors.As(err, &d)
}

// TestFaultAddress checks that a fault hits the calls it names and no others.
func TestFaultAddress(t *testing.T) {
	denied := func(account merlon.AccountID, region, operation, user string) func(*awstest.Server) error {
		return func(s *awstest.Server) error {
			c := iam.NewFromConfig(config(s, account, region))
			if operation == "GetUser" {
				_, err := c.GetUser(context.Background(), &iam.GetUserInput{UserName: aws.String(user)})
				return err
			}
			_, err := c.ListUsers(context.Background(), nil)
			return err
		}
	}
	const other merlon.AccountID = "555566667777"
	tests := []struct {
		name  string
		fault awstest.Fault
		call  func(*awstest.Server) error
		hit   []bool // call by call
	}{
		{"any", awstest.Fault{}, denied(testAccount, "us-east-1", "", ""), []bool{true, true}},
		{"operation", awstest.Fault{Match: awstest.Match{Call: "iam:ListUsers"}}, denied(testAccount, "us-east-1", "", ""), []bool{true}},
		{"another operation", awstest.Fault{Match: awstest.Match{Call: "iam:ListUser"}}, denied(testAccount, "us-east-1", "", ""), []bool{false}},
		{"prefix", awstest.Fault{Match: awstest.Match{Call: "iam:List*"}}, denied(testAccount, "us-east-1", "", ""), []bool{true}},
		{"service", awstest.Fault{Match: awstest.Match{Call: "iam:*"}}, denied(testAccount, "us-east-1", "GetUser", "ann"), []bool{true}},
		{"account", awstest.Fault{Match: awstest.Match{Account: testAccount}}, denied(testAccount, "us-east-1", "", ""), []bool{true}},
		{"another account", awstest.Fault{Match: awstest.Match{Account: testAccount}}, denied(other, "us-east-1", "", ""), []bool{false}},
		{"region", awstest.Fault{Match: awstest.Match{Region: "us-east-1"}}, denied(other, "us-east-1", "", ""), []bool{true}},
		{"another region", awstest.Fault{Match: awstest.Match{Region: "us-east-1"}}, denied(other, "cn-north-1", "", ""), []bool{false}},
		{"input", awstest.Fault{Match: awstest.Match{Input: map[string]string{"UserName": "ann"}}}, denied(other, "us-east-1", "GetUser", "ann"), []bool{true}},
		{"another input", awstest.Fault{Match: awstest.Match{Input: map[string]string{"UserName": "ann"}}}, denied(other, "us-east-1", "GetUser", "bob"), []bool{false}},
		{"twice", awstest.Fault{Times: 2}, denied(other, "us-east-1", "", ""), []bool{true, true, false, false}},
		{"from the third on", awstest.Fault{From: 3}, denied(other, "us-east-1", "", ""), []bool{false, false, true, true}},
		{"the second alone", awstest.Fault{From: 2, Times: 1}, denied(other, "us-east-1", "", ""), []bool{false, true, false}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := awstest.Start(t)
			test.fault.Do = awstest.Deny()
			s.Inject(test.fault)
			for i, hit := range test.hit {
				if err := test.call(s); (err != nil) != hit {
					t.Errorf("call %d: error %v, want one: %v", i+1, err, hit)
				}
			}
		})
	}
}

func TestDelayAddsUpAndLetsTheAnswerThrough(t *testing.T) {
	s := awstest.Start(t)
	s.Inject(awstest.Fault{Do: awstest.Delay(20 * time.Millisecond)})
	s.Inject(awstest.Fault{Do: awstest.Delay(30 * time.Millisecond)})
	began := time.Now()
	if err := calls(s)["iam:ListUsers"](t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("answered after %s", took)
	}
}

func TestDelayEndsWithTheCaller(t *testing.T) {
	s := awstest.Start(t)
	s.Inject(awstest.Fault{Do: awstest.Delay(time.Hour)})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	var timeout net.Error
	if err := calls(s)["kms:ListKeys"](ctx); !errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &timeout) {
		t.Errorf("error %v", err)
	}
}

func TestRedirect(t *testing.T) {
	s := awstest.Start(t)
	s.Inject(awstest.Fault{Match: awstest.Match{Call: "s3:GetBucketAcl", Region: "us-east-1"}, Do: awstest.Redirect("eu-west-1")})
	// A client that follows redirects would hide the answer.
	c := s3Client(config(s, testAccount, "us-east-1"))
	_, err := c.GetBucketAcl(t.Context(), &s3.GetBucketAclInput{Bucket: aws.String("b")})
	wantCode(t, err, "PermanentRedirect", 301)
	if _, err := s3Client(config(s, testAccount, "eu-west-1")).GetBucketAcl(t.Context(), &s3.GetBucketAclInput{Bucket: aws.String("b")}); err != nil {
		t.Error(err)
	}
}

func TestRepeat(t *testing.T) {
	s := awstest.Start(t)
	s.PageSize(2)
	s.Put(awstest.Match{Call: "kms:ListKeys"}, map[string]any{"Keys": []any{map[string]any{"KeyId": "1"}, map[string]any{"KeyId": "2"}, map[string]any{"KeyId": "3"}}})
	s.Inject(awstest.Fault{Do: awstest.Repeat()})
	var ids []string
	p := kms.NewListKeysPaginator(kms.NewFromConfig(config(s, testAccount, "eu-west-1")), nil)
	for p.HasMorePages() {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range out.Keys {
			ids = append(ids, *k.KeyId)
		}
	}
	if got := strings.Join(ids, " "); got != "1 2 1 3 3" {
		t.Errorf("got %s", got)
	}
}

// TestManyGroups reads fifty thousand security groups page by page.
func TestManyGroups(t *testing.T) {
	s := awstest.Start(t)
	s.Put(awstest.Match{Call: "ec2:DescribeSecurityGroups"}, map[string]any{"SecurityGroups": awstest.Items{Len: 50000, At: func(i int) any {
		return map[string]any{"GroupId": fmt.Sprintf("sg-%08d", i), "GroupName": "g", "VpcId": "vpc-1"}
	}}})
	seen := map[string]bool{}
	pages := 0
	p := ec2.NewDescribeSecurityGroupsPaginator(ec2.NewFromConfig(config(s, testAccount, "eu-west-1")), &ec2.DescribeSecurityGroupsInput{MaxResults: aws.Int32(1000)})
	for ; p.HasMorePages(); pages++ {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range out.SecurityGroups {
			seen[*g.GroupId] = true
		}
	}
	if len(seen) != 50000 || pages != 50 || s.Called(awstest.Match{Call: "ec2:DescribeSecurityGroups"}) != 50 {
		t.Errorf("%d groups on %d pages", len(seen), pages)
	}
}

func TestHugePolicy(t *testing.T) {
	s := awstest.Start(t)
	policy := `{"Statement":"` + strings.Repeat("<&> ", 1<<18) + `"}`
	s.Put(awstest.Match{Call: "s3:GetBucketPolicy"}, map[string]any{"Policy": policy})
	out, err := s3Client(config(s, testAccount, "eu-west-1")).GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String("b")})
	if err != nil || *out.Policy != policy {
		t.Errorf("error %v, or another policy", err)
	}
}

func TestTokens(t *testing.T) {
	s := awstest.Start(t)
	s.Put(awstest.Match{Call: "iam:ListUsers"}, map[string]any{"Users": []any{map[string]any{"UserName": "a"}, map[string]any{"UserName": "b"}}})
	c := iam.NewFromConfig(config(s, testAccount, "us-east-1"))
	first, err := c.ListUsers(t.Context(), &iam.ListUsersInput{MaxItems: aws.Int32(1)})
	if err != nil || !first.IsTruncated || first.Marker == nil {
		t.Fatalf("%+v, %v", first, err)
	}
	_, err = c.ListUsers(t.Context(), &iam.ListUsersInput{Marker: aws.String("made up")})
	wantCode(t, err, "ValidationError", 400)
	_, err = iam.NewFromConfig(config(s, "555566667777", "us-east-1")).ListUsers(t.Context(), &iam.ListUsersInput{Marker: first.Marker})
	wantCode(t, err, "ValidationError", 400)
	_, err = c.ListUsers(t.Context(), &iam.ListUsersInput{MaxItems: aws.Int32(1001)})
	wantCode(t, err, "ValidationError", 400)
	_, err = ec2.NewFromConfig(config(s, testAccount, "us-east-1")).DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{MaxResults: aws.Int32(3)})
	wantCode(t, err, "InvalidParameterValue", 400)
	last, err := c.ListUsers(t.Context(), &iam.ListUsersInput{MaxItems: aws.Int32(1), Marker: first.Marker})
	if err != nil || last.IsTruncated || last.Marker != nil || *last.Users[0].UserName != "b" {
		t.Errorf("%+v, %v", last, err)
	}
}

// TestSessions assumes roles in accounts of their own, and ends the sessions.
func TestSessions(t *testing.T) {
	s := awstest.Start(t)
	ctx := t.Context()
	base := config(s, awstest.Management, "us-east-1")
	enter := func(account string) aws.Config {
		out, err := sts.NewFromConfig(base).AssumeRole(ctx, &sts.AssumeRoleInput{
			RoleArn: aws.String("arn:aws:iam::" + account + ":role/path/audit"), RoleSessionName: aws.String("merlon"), DurationSeconds: aws.Int32(900),
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Until(*out.Credentials.Expiration); d < 14*time.Minute || d > 16*time.Minute {
			t.Errorf("the session lasts %s", d)
		}
		c := base
		c.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
		return c
	}
	first := enter("222233334444")
	id, err := sts.NewFromConfig(first).GetCallerIdentity(ctx, nil)
	if err != nil || *id.Arn != "arn:aws:sts::222233334444:assumed-role/audit/merlon" {
		t.Fatalf("%v, %v", id, err)
	}
	s.ExpireSessions()
	_, err = sts.NewFromConfig(first).GetCallerIdentity(ctx, nil)
	wantCode(t, err, "ExpiredToken", 403)
	if _, err := sts.NewFromConfig(enter("222233334444")).GetCallerIdentity(ctx, nil); err != nil {
		t.Errorf("a new session: %v", err)
	}
	if _, err := sts.NewFromConfig(base).GetCallerIdentity(ctx, nil); err != nil {
		t.Errorf("credentials that are no session: %v", err)
	}
	_, err = sts.NewFromConfig(base).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::1:user/x"), RoleSessionName: aws.String("m")})
	wantCode(t, err, "ValidationError", 400)
	// A handler of the test may refuse some and leave the others.
	s.Handle(awstest.Match{Call: "sts:AssumeRole"}, func(c *awstest.Call) (any, error) {
		if strings.Contains(c.Text("RoleArn"), "333344445555") {
			return nil, s.Denied(c)
		}
		return nil, awstest.ErrPass
	})
	enter("222233334444")
	_, err = sts.NewFromConfig(base).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::333344445555:role/audit"), RoleSessionName: aws.String("m")})
	wantCode(t, err, "AccessDenied", 403)
}

func TestDisabledRegion(t *testing.T) {
	s := awstest.Start(t)
	s.DisableRegion("me-south-1")
	ctx := t.Context()
	_, err := ec2.NewFromConfig(config(s, testAccount, "me-south-1")).DescribeVpcs(ctx, nil)
	wantCode(t, err, "AuthFailure", 401)
	_, err = kms.NewFromConfig(config(s, testAccount, "me-south-1")).ListKeys(ctx, nil)
	wantCode(t, err, "UnrecognizedClientException", 400)
	c := ec2.NewFromConfig(config(s, testAccount, "us-east-1"))
	on, err := c.DescribeRegions(ctx, nil)
	if err != nil || len(on.Regions) != 17 {
		t.Errorf("%v, %v", on, err)
	}
	all, err := c.DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(true)})
	if err != nil || len(all.Regions) != 18 || *all.Regions[17].OptInStatus != "not-opted-in" {
		t.Errorf("%v, %v", all, err)
	}
}

func TestLimit(t *testing.T) {
	s := awstest.Start(t)
	s.Inject(awstest.Fault{Do: awstest.Limit(0.001, 3)})
	call := calls(s)["kms:ListKeys"]
	for i := range 5 {
		if err := call(t.Context()); (err != nil) != (i >= 3) {
			t.Errorf("call %d: %v", i+1, err)
		}
	}
	if err := calls(s)["iam:ListUsers"](t.Context()); err != nil {
		t.Errorf("another service: %v", err)
	}
}

func TestCountsAndMutations(t *testing.T) {
	s := awstest.Start(t)
	ctx := t.Context()
	for range 3 {
		if _, err := kms.NewFromConfig(config(s, testAccount, "eu-west-1")).ListKeys(ctx, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := kms.NewFromConfig(config(s, testAccount, "eu-west-2")).ListKeys(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := kms.NewFromConfig(config(s, testAccount, "eu-west-2")).DisableKey(ctx, &kms.DisableKeyInput{KeyId: aws.String("k")}); err != nil {
		t.Fatal(err)
	}
	want := []awstest.Counted{
		{Count: awstest.Count{Call: "kms:DisableKey", Account: testAccount, Region: "eu-west-2"}, N: 1},
		{Count: awstest.Count{Call: "kms:ListKeys", Account: testAccount, Region: "eu-west-1"}, N: 3},
		{Count: awstest.Count{Call: "kms:ListKeys", Account: testAccount, Region: "eu-west-2"}, N: 1},
	}
	if got := s.Calls(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("calls %v, want %v", got, want)
	}
	if n := s.Called(awstest.Match{Call: "kms:List*"}); n != 4 {
		t.Errorf("%d calls", n)
	}
	m := s.Mutations()
	if len(m) != 1 || m[0].Name() != "kms:DisableKey" || m[0].Text("KeyId") != "k" {
		t.Errorf("mutations %v", m)
	}
	s.Forget()
	if len(s.Calls()) != 0 || len(s.Mutations()) != 0 {
		t.Error("not forgotten")
	}
}

// TestProblems checks that slips of a test come to light.
func TestProblems(t *testing.T) {
	s := awstest.Start(t)
	cfg := config(s, testAccount, "eu-west-1")
	tests := []struct {
		name string
		do   func()
		want string
	}{
		{"operation", func() { s.Put(awstest.Match{Call: "kms:ListKeyz"}, nil) }, `no operation "ListKeyz"`},
		{"service", func() { s.Put(awstest.Match{Call: "logs:DescribeLogGroups"}, nil) }, `no service "logs"`},
		{"member", func() {
			s.Put(awstest.Match{Call: "kms:ListKeys"}, map[string]any{"Keys": []any{map[string]any{"KeyIdd": "1"}}})
			_, err := kms.NewFromConfig(cfg).ListKeys(t.Context(), nil)
			wantCode(t, err, "InternalFailure", 500)
		}, "at Keys[0]: no member KeyIdd"},
		{"kind", func() {
			s.Put(awstest.Match{Call: "ec2:DescribeVpcs"}, map[string]any{"Vpcs": map[string]any{"VpcId": "1"}})
			_, err := ec2.NewFromConfig(cfg).DescribeVpcs(t.Context(), nil)
			wantCode(t, err, "InternalFailure", 500)
		}, "want a list"},
		{"request", func() {
			res, err := http.Get(s.URL + "/nothing")
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != http.StatusNotFound {
				t.Errorf("status %d", res.StatusCode)
			}
		}, "not a request to AWS"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.do()
			if p := s.Problems(); len(p) != 1 || !strings.Contains(p[0], test.want) {
				t.Errorf("problems %q, want one with %q", p, test.want)
			}
		})
	}
}
