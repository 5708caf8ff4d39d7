package awscli

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	aatypes "github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	idtypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	r53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory/live"
)

func TestDecode(t *testing.T) {
	when := time.Date(2019, 5, 3, 20, 59, 48, 939000000, time.UTC)
	trust := `{"Version":"2012-10-17","Statement":[]}`
	for _, test := range []struct {
		name, body string
		want       any
	}{
		{"nothing", `{}`, &ec2.DescribeVpcsOutput{}},
		{"metadata", `{"ResponseMetadata":{"RequestId":"x"}}`, &ec2.DescribeVpcsOutput{}},
		{"names in any case", `{"clusterArns":["a","b"]}`, &ecs.ListClustersOutput{ClusterArns: []string{"a", "b"}}},
		{"null is not there", `{"LocationConstraint":null}`, &s3.GetBucketLocationOutput{}},
		{"an empty list is a list", `{"Buckets":[]}`, &s3.ListBucketsOutput{Buckets: []s3types.Bucket{}}},
		{"a choice", `{"Status":"Enabled","MFADelete":"Disabled"}`, &s3.GetBucketVersioningOutput{Status: "Enabled", MFADelete: "Disabled"}},
		{"what is new is left out", `{"Buckets":[{"Name":"b","Colour":{"deep":["blue",1,null]}}],"More":1}`, &s3.ListBucketsOutput{Buckets: []s3types.Bucket{{Name: aws.String("b")}}}},
		{"a map", `{"Attributes":{"Owner":"1","Policy":"{}"}}`, &sns.GetTopicAttributesOutput{Attributes: map[string]string{"Owner": "1", "Policy": "{}"}}},
		{"a map of numbers", `{"SummaryMap":{"Users":3}}`, &iam.GetAccountSummaryOutput{SummaryMap: map[string]int32{"Users": 3}}},
		{"a number as text", `{"MaxItems":"100","HostedZoneSummaries":[]}`, &route53.ListHostedZonesByVPCOutput{MaxItems: aws.Int32(100), HostedZoneSummaries: []r53types.HostedZoneSummary{}}},
		{"a document as an object", `{"Role":{"RoleName":"r","AssumeRolePolicyDocument": {"Version":"2012-10-17","Statement":[]} }}`, &iam.GetRoleOutput{Role: &iamtypes.Role{RoleName: aws.String("r"), AssumeRolePolicyDocument: &trust}}},
		{"a document as text", `{"Role":{"AssumeRolePolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[]}"}}`, &iam.GetRoleOutput{Role: &iamtypes.Role{AssumeRolePolicyDocument: &trust}}},
		{"bytes as text", `{"Content":"user,arn\n<root>,x"}`, &iam.GetCredentialReportOutput{Content: []byte("user,arn\n<root>,x")}},
		{"bytes as base64", `{"Content":"dXNlcixhcm4K"}`, &iam.GetCredentialReportOutput{Content: []byte("user,arn\n")}},
		{"a union", `{"GroupMemberships":[{"MemberId":{"UserId":"u"}}]}`, &identitystore.ListGroupMembershipsOutput{GroupMemberships: []idtypes.GroupMembership{{MemberId: &idtypes.MemberIdMemberUserId{Value: "u"}}}}},
		{"a union in any case", `{"analyzers":[{"arn":"a","configuration":{"unusedAccess":{"unusedAccessAge":90}}}]}`, &accessanalyzer.ListAnalyzersOutput{Analyzers: []aatypes.AnalyzerSummary{{Arn: aws.String("a"),
			Configuration: &aatypes.AnalyzerConfigurationMemberUnusedAccess{Value: aatypes.UnusedAccessConfiguration{UnusedAccessAge: aws.Int32(90)}}}}}},
		{"a union's member that is new", `{"analyzers":[{"arn":"a","configuration":{"other":{}}}]}`, &accessanalyzer.ListAnalyzersOutput{Analyzers: []aatypes.AnalyzerSummary{{Arn: aws.String("a")}}}},
		{"a time", `{"GeneratedTime":"2019-05-03T20:59:48.939000+00:00"}`, &iam.GetCredentialReportOutput{GeneratedTime: &when}},
		{"escapes", `{"Policy":"\"\u00e4\ud83d\ude00\\\/\n\u2028"}`, &s3.GetBucketPolicyOutput{Policy: aws.String("\"ä😀\\/\n\u2028")}},
		{"an integer as a float", `{"SummaryMap":{"Users":3.0}}`, &iam.GetAccountSummaryOutput{SummaryMap: map[string]int32{"Users": 3}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := reflect.New(reflect.TypeOf(test.want).Elem()).Interface()
			failure, err := newDecoder().body([]byte(test.body), got)
			if err != nil || failure != nil {
				t.Fatal(failure, err)
			}
			if diff := cmp.Diff(test.want, got, compare()...); diff != "" {
				t.Errorf("- want, + got:\n%s", diff)
			}
		})
	}
}

// TestDecodeRefuses demands an error that names the place for everything that
// would otherwise be taken for nothing.
func TestDecodeRefuses(t *testing.T) {
	for _, test := range []struct {
		name, body, want string
		out              any
	}{
		{"nothing", "", "the file is empty", &ec2.DescribeVpcsOutput{}},
		{"spaces", " \n", "the file is empty", &ec2.DescribeVpcsOutput{}},
		{"cut off", `{"Vpcs":[{"VpcId":"v"},`, "not JSON: byte 23", &ec2.DescribeVpcsOutput{}},
		{"HTML", "<html><body>502 Bad Gateway</body></html>", "not JSON but HTML", &ec2.DescribeVpcsOutput{}},
		{"a table", "---\n|DescribeVpcs|", "not JSON", &ec2.DescribeVpcsOutput{}},
		{"two values", "{} {}", "not JSON", &ec2.DescribeVpcsOutput{}},
		{"null", "null", "want an object, have null", &ec2.DescribeVpcsOutput{}},
		{"a list", `[{"VpcId":"v"}]`, "want an object, have a list", &ec2.DescribeVpcsOutput{}},
		{"another answer", `{"Subnets":[{"SubnetId":"s"}]}`, `holds "Subnets", where the answer would hold "NextToken", "Vpcs"`, &ec2.DescribeVpcsOutput{}},
		{"another kind of thing in the list", `{"Vpcs":[{"VpcId":"v"},{"vpc_id":"w"}]}`, `Vpcs[1]: holds "vpc_id"`, &ec2.DescribeVpcsOutput{}},
		{"an object for a list", `{"Vpcs":{"VpcId":"v"}}`, "Vpcs: want a list, have an object", &ec2.DescribeVpcsOutput{}},
		{"a string for a list", `{"Vpcs":"vpc-1"}`, "Vpcs: want a list, have a string", &ec2.DescribeVpcsOutput{}},
		{"a list for a string", `{"Vpcs":[{"VpcId":["v"]}]}`, "Vpcs[0].VpcId: want a string, have a list", &ec2.DescribeVpcsOutput{}},
		{"a number for a string", `{"Vpcs":[{"VpcId":1}]}`, "Vpcs[0].VpcId: want a string, have a number", &ec2.DescribeVpcsOutput{}},
		{"a string for a truth", `{"Vpcs":[{"IsDefault":"true"}]}`, "Vpcs[0].IsDefault: want true or false, have a string", &ec2.DescribeVpcsOutput{}},
		{"a null in a list", `{"Vpcs":[null]}`, "Vpcs[0]: want a value, have null", &ec2.DescribeVpcsOutput{}},
		{"twice", `{"Vpcs":[],"vpcs":[]}`, "vpcs: is there twice", &ec2.DescribeVpcsOutput{}},
		{"an object where no document is", `{"Vpcs":[{"VpcId":{"a":1}}]}`, "Vpcs[0].VpcId: want a string, have an object", &ec2.DescribeVpcsOutput{}},
		{"too large a number", `{"SummaryMap":{"Users":3000000000}}`, "SummaryMap.Users: 3000000000 is too large", &iam.GetAccountSummaryOutput{}},
		{"half a user", `{"SummaryMap":{"Users":1.5}}`, `SummaryMap.Users: want an integer, have "1.5"`, &iam.GetAccountSummaryOutput{}},
		{"no number", `{"SummaryMap":{"Users":"many"}}`, `SummaryMap.Users: want an integer, have "many"`, &iam.GetAccountSummaryOutput{}},
		{"no time", `{"GeneratedTime":"yesterday"}`, `GeneratedTime: "yesterday" is not a time`, &iam.GetCredentialReportOutput{}},
		{"a list for a time", `{"GeneratedTime":[]}`, "GeneratedTime: want a time, have a list", &iam.GetCredentialReportOutput{}},
		{"bytes as a list", `{"Content":[1,2]}`, "Content: want bytes as text, have a list", &iam.GetCredentialReportOutput{}},
		{"two members of a union", `{"GroupMemberships":[{"MemberId":{"UserId":"u","userid":"v"}}]}`, "GroupMemberships[0].MemberId: holds", &identitystore.ListGroupMembershipsOutput{}},
		{"a union that is text", `{"GroupMemberships":[{"MemberId":"u"}]}`, "GroupMemberships[0].MemberId: want an object, have a string", &identitystore.ListGroupMembershipsOutput{}},
		{"names for a terminal", "{\"Vpcs\":[{\"\\u001b[31m\":1}]}", `"\x1b[31m"`, &ec2.DescribeVpcsOutput{}},
		{"an error that is a list", `{"Error":[]}`, `holds "Error"`, &ec2.DescribeVpcsOutput{}},
		{"an error's code that is a number", `{"Error":{"Code":403}}`, "Error.Code: want a string, have a number", &ec2.DescribeVpcsOutput{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := newDecoder().body([]byte(test.body), test.out)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

// TestDecodeFailure reads the errors that calls ended with.
func TestDecodeFailure(t *testing.T) {
	for body, want := range map[string]live.Failure{
		`{"Error":{"Code":"AccessDeniedException","Message":"no"}}`:                           {Cause: merlon.CauseDenied, Code: "AccessDeniedException", Message: "no"},
		`{"Error":{"Code":"Throttling","Message":"slow"},"ResponseMetadata":{}}`:              {Cause: merlon.CauseThrottled, Code: "Throttling", Message: "slow"},
		`{"Error":{"Code":"NoSuchBucketPolicy"}}`:                                             {Cause: merlon.CauseFailed, Code: "NoSuchBucketPolicy"},
		`{"Error":{"Code":"","Message":"cut","Cause":"Malformed"}}`:                           {Cause: merlon.CauseMalformed, Message: "cut"},
		`{"Vpcs":[{"VpcId":"v"}],"NextToken":"t","Error":{"Code":"Throttling"},"other":true}`: {Cause: merlon.CauseThrottled, Code: "Throttling"},
		`{"Error":{}}`: {Cause: merlon.CauseFailed},
	} {
		failure, err := newDecoder().body([]byte(body), &ec2.DescribeVpcsOutput{})
		if err != nil || failure == nil || *failure != want {
			t.Errorf("%s: %+v, %v; want %+v", body, failure, err, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	at := time.Date(2018, 11, 26, 20, 36, 35, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2018-11-26T20:36:35Z":             at,
		"2018-11-26T20:36:35":              at,
		"2018-11-26T13:36:35-07:00":        at,
		"2018-11-26T20:36:35+0000":         at,
		"2018-11-26 13:36:35.422000-07:00": at.Add(422 * time.Millisecond),
		"2018-11-26 20:36:35":              at,
		"2018-11-26T20:36:35.422":          at.Add(422 * time.Millisecond),
		"Mon, 26 Nov 2018 20:36:35 GMT":    at,
		"1543264595":                       at,
		"1543264595.422":                   at.Add(422 * time.Millisecond),
		"1543264595422":                    at.Add(422 * time.Millisecond),
		"1.543264595E9":                    at,
		"2018-11-26":                       at.Truncate(24 * time.Hour),
		"0":                                time.Unix(0, 0),
	} {
		if got, err := parseTime(text); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("parseTime(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "NaN", "1e300", "2018-13-01", "26/11/2018"} {
		if got, err := parseTime(text); err == nil {
			t.Errorf("parseTime(%q) = %v, want an error", text, got)
		}
	}
}
