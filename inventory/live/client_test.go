package live

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"merlon.dev/merlon/internal/awstest"
)

// TestLargeAnswersFromAFastServer reads answers that take longer to arrive than
// the SDK needs to close the request's body.
func TestLargeAnswersFromAFastServer(t *testing.T) {
	s := awstest.Start(t)
	s.Put(awstest.Match{Call: "ec2:DescribeSecurityGroups"}, map[string]any{"SecurityGroups": awstest.Items{Len: 1000, At: func(i int) any {
		return map[string]any{"GroupId": fmt.Sprintf("sg-%08d", i), "GroupName": "a group", "VpcId": "vpc-1"}
	}}})
	cfg := aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(s.URL), HTTPClient: HTTPClient(nil, 4), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(awstest.AccessKey("222233334444"), "secret", ""),
	}
	c := ec2.NewFromConfig(cfg)
	for i := range 150 {
		out, err := c.DescribeSecurityGroups(t.Context(), nil)
		if err != nil {
			t.Fatalf("call %d: %v", i+1, err)
		}
		if len(out.SecurityGroups) != 1000 {
			t.Fatalf("call %d: %d groups", i+1, len(out.SecurityGroups))
		}
	}
}

// TestForeign: a page is no answer, whatever it says it is; JSON is one, though
// an emulator calls it a page.
func TestForeign(t *testing.T) {
	for _, x := range []struct {
		name, kind, body, want string
		status                 int
	}{
		{"JSON", "application/json", `{"Functions": []}`, "", 200},
		{"JSON that is called a page", "text/html; charset=utf-8", ` {"Functions": []}`, "", 200},
		{"a page", "text/html", "<html>sign in</html>", "an HTML page", 200},
		{"a page with a failure", "text/html", "<!DOCTYPE html><p>{", "an HTML page", 404},
		{"a page that is called JSON", "application/json", "<!DOCTYPE html>", "an HTML page", 200},
		{"XHTML", "text/html", `<?xml version="1.0"?><!DOCTYPE html>`, "an HTML page", 200},
		{"nothing that is called a page", "text/html", "", "an HTML page", 200},
		{"nothing", "", "", "an empty body", 200},
	} {
		resp := &http.Response{StatusCode: x.status, Header: http.Header{"Content-Type": {x.kind}}}
		req := &http.Request{Method: http.MethodGet}
		if got := foreign(resp, bufio.NewReader(strings.NewReader(x.body)), req); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}
