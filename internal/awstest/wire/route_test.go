package wire

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// signed is a request with a credential scope.
func signed(method, target, service string, header map[string]string, body string) (*http.Request, []byte) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIA222233334444TEST/20261124/eu-central-1/"+service+"/aws4_request, SignedHeaders=host, Signature=x")
	for k, v := range header {
		r.Header.Set(k, v)
	}
	return r, []byte(body)
}

func TestRoute(t *testing.T) {
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	tests := []struct {
		method, target, service string
		header                  map[string]string
		body                    string
		want                    string
		input                   string // a path of the input
		value                   any
	}{
		{"GET", "/", "s3", nil, "", "s3:ListBuckets", "", nil},
		{"GET", "/?x-id=ListBuckets&max-buckets=7", "s3", nil, "", "s3:ListBuckets", "MaxBuckets", int64(7)},
		{"GET", "/b?acl", "s3", nil, "", "s3:GetBucketAcl", "Bucket", "b"},
		{"GET", "/b?lifecycle", "s3", nil, "", "s3:GetBucketLifecycleConfiguration", "Bucket", "b"},
		{"GET", "/b?notification", "s3", nil, "", "s3:GetBucketNotificationConfiguration", "Bucket", "b"},
		{"GET", "/b?list-type=2&prefix=a%2Fb", "s3", nil, "", "s3:ListObjectsV2", "Prefix", "a/b"},
		{"GET", "/b?prefix=a", "s3", nil, "", "s3:ListObjects", "", nil},
		{"GET", "/b/", "s3", nil, "", "s3:ListObjects", "Bucket", "b"},
		{"GET", "/b/k/l%20m", "s3", nil, "", "s3:GetObject", "Key", "k/l m"},
		{"GET", "/b/k?acl", "s3", nil, "", "s3:GetObjectAcl", "Key", "k"},
		{"HEAD", "/b", "s3", nil, "", "s3:HeadBucket", "", nil},
		{"PUT", "/b/k", "s3", map[string]string{"X-Amz-Copy-Source": "x/y"}, "", "s3:CopyObject", "CopySource", "x/y"},
		{"PUT", "/b/k", "s3", nil, "data", "s3:PutObject", "", nil},
		{"PUT", "/b?policy", "s3", nil, "{}", "s3:PutBucketPolicy", "", nil},
		{"PUT", "/b?publicAccessBlock", "s3", nil, "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>",
			"s3:PutPublicAccessBlock", "PublicAccessBlockConfiguration.BlockPublicAcls", true},
		{"GET", "/v20180820/configuration/publicAccessBlock", "s3", map[string]string{"x-amz-account-id": "1"}, "", "s3control:GetPublicAccessBlock", "AccountId", "1"},
		{"GET", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu%3A1%3Afunction%3Af/policy", "lambda", nil, "", "lambda:GetPolicy", "FunctionName", "arn:aws:lambda:eu:1:function:f"},
		{"GET", "/2015-03-31/functions/", "lambda", nil, "", "lambda:ListFunctions", "", nil},
		{"GET", "/2015-03-31/functions?MaxItems=3", "lambda", nil, "", "lambda:ListFunctions", "MaxItems", int64(3)},
		{"GET", "/restapis/a/stages", "apigateway", nil, "", "apigateway:GetStages", "restApiId", "a"},
		{"GET", "/v2/apis/a/stages", "apigateway", nil, "", "apigatewayv2:GetStages", "ApiId", "a"},
		{"GET", "/2013-04-01/hostedzone/Z/rrset?maxitems=1", "route53", nil, "", "route53:ListResourceRecordSets", "HostedZoneId", "Z"},
		{"POST", "/detector/d/findings/get", "guardduty", nil, `{"findingIds":["a"]}`, "guardduty:GetFindings", "DetectorId", "d"},
		{"POST", "/", "ec2", form, "Action=DescribeVpcs&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1.Value.1=v&MaxResults=5", "ec2:DescribeVpcs", "MaxResults", int64(5)},
		{"POST", "/", "elasticloadbalancing", form, "Action=DescribeLoadBalancers&Version=2015-12-01&LoadBalancerArns.member.1=x", "elasticloadbalancingv2:DescribeLoadBalancers", "", nil},
		{"POST", "/", "elasticloadbalancing", form, "Action=DescribeLoadBalancers&Version=2012-06-01", "elasticloadbalancing:DescribeLoadBalancers", "", nil},
		{"POST", "/", "iam", form, "Action=GetRole&Version=2010-05-08&RoleName=r", "iam:GetRole", "RoleName", "r"},
		{"POST", "/", "iam", form, "Action=BrandNew&Version=2010-05-08&Some=r", "iam:BrandNew", "Some", "r"},
		{"POST", "/", "kms", map[string]string{"X-Amz-Target": "TrentService.ListKeys"}, `{"Limit":2}`, "kms:ListKeys", "Limit", float64(2)},
		{"POST", "/", "cloudtrail", map[string]string{"X-Amz-Target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.DescribeTrails"}, `{}`, "cloudtrail:DescribeTrails", "", nil},
		{"POST", "/service/GraniteServiceVersion20100801/operation/DescribeAlarms", "monitoring", map[string]string{"Smithy-Protocol": "rpc-v2-cbor"},
			"\xbf\x6aMaxRecords\x05\xff", "cloudwatch:DescribeAlarms", "MaxRecords", int64(5)},
	}
	c, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.target+" "+test.want, func(t *testing.T) {
			r, body := signed(test.method, test.target, test.service, test.header, test.body)
			req, err := c.Route(r, body)
			if err != nil {
				t.Fatal(err)
			}
			if got := req.Service.Name + ":" + req.Operation.Name; got != test.want {
				t.Fatalf("routed to %s, want %s", got, test.want)
			}
			if test.input != "" {
				if v, _ := Get(req.Input, test.input); v != test.value {
					t.Errorf("%s is %#v, want %#v (of %v)", test.input, v, test.value, req.Input)
				}
			}
			if req.Scope != (Scope{"AKIA222233334444TEST", "eu-central-1", test.service}) {
				t.Errorf("scope %+v", req.Scope)
			}
		})
	}
}
