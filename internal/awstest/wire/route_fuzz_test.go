package wire

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
)

// FuzzRoute feeds the router what a client could send: it must never panic,
// and what it routes must have a service, an operation and an input.
func FuzzRoute(f *testing.F) {
	f.Add("GET", "/b/k?acl&x-id=GetObjectAcl", "s3", "", "", "")
	f.Add("POST", "/", "ec2", "application/x-www-form-urlencoded", "", "Action=DescribeVpcs&Version=2016-11-15&Filter.1.Value.1=a&VpcId.1=b")
	f.Add("POST", "/", "iam", "application/x-www-form-urlencoded", "", "Action=SimulateCustomPolicy&Version=2010-05-08&ContextEntries.member.1.ContextKeyValues.member.1=x")
	f.Add("POST", "/", "sns", "application/x-www-form-urlencoded", "", "Action=CreateTopic&Version=2010-03-31&Attributes.entry.1.key=a&Attributes.entry.1.value=b")
	f.Add("POST", "/", "kms", "", "TrentService.ListKeys", `{"Limit":1}`)
	f.Add("PUT", "/b?publicAccessBlock", "s3", "", "", "<A><BlockPublicAcls>true</BlockPublicAcls></A>")
	f.Add("GET", "/2015-03-31/functions/a%3Ab/policy", "lambda", "", "", "")
	f.Add("POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics", "monitoring", "cbor", "", "\xbf\xff")
	f.Add("POST", "/v20180820/tags/x", "s3", "", "", "<T><Tags><member><Key>a</Key></member></Tags></T>")
	c, err := Open()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, target, service, contentType, header, body string) {
		u, err := url.Parse(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: method, URL: u, Header: http.Header{}}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIA/20261124/eu-west-1/"+service+"/aws4_request, Signature=x")
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("X-Amz-Target", header)
		if contentType == "cbor" {
			r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		}
		req, err := c.Route(r, []byte(body))
		if err != nil {
			if !errors.Is(err, ErrRequest) {
				t.Errorf("error %v", err)
			}
			return
		}
		if req.Service == nil || req.Operation == nil || req.Input == nil || req.Protocol == "" {
			t.Errorf("routed to %+v", req)
		}
	})
}
