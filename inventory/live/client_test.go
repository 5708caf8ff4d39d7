package live

import (
	"fmt"
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
