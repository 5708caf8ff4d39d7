package awstest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// scanCall is the i-th of a mix of calls over a fleet, one of each protocol in turn.
func scanCall(i int) *http.Request {
	form := "application/x-www-form-urlencoded"
	calls := []struct{ method, path, service, contentType, target, body string }{
		{"POST", "/", "ec2", form, "", "Action=DescribeSecurityGroups&Version=2016-11-15&MaxResults=1000"},
		{"POST", "/", "ec2", form, "", "Action=DescribeNatGateways&Version=2016-11-15"},
		{"GET", "/2015-03-31/functions?MaxItems=50", "lambda", "", "", ""},
		{"POST", "/", "kms", "", "TrentService.ListKeys", "{}"},
		{"GET", "/2013-04-01/hostedzone", "route53", "", "", ""},
		{"POST", "/", "iam", form, "", "Action=GetAccountAuthorizationDetails&Version=2010-05-08"},
		{"GET", "/detector", "guardduty", "", "", ""},
		{"POST", "/service/GraniteServiceVersion20100801/operation/DescribeAlarms", "monitoring", "application/cbor", "", "\xbf\xff"},
	}
	c := calls[i%len(calls)]
	r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
	account, region := Fleet{}.AccountID(i%200), Regions()[i%17]
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/20261124/%s/%s/aws4_request, Signature=x", AccessKey(account), region, c.service))
	r.Header.Set("Content-Type", c.contentType)
	r.Header.Set("X-Amz-Target", c.target)
	if c.contentType == "application/cbor" {
		r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
	}
	return r
}

// TestConcurrentCalls is for the race detector, and checks that no call is lost.
func TestConcurrentCalls(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	s.Populate(Fleet{Accounts: 200})
	const workers, each = 8, 100
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				rec := httptest.NewRecorder()
				s.ServeHTTP(rec, scanCall(w*each+i))
				if rec.Code != http.StatusOK {
					t.Errorf("status %d: %s", rec.Code, rec.Body)
				}
				s.Calls()
			}
		})
	}
	wg.Wait()
	if n := s.Called(Match{}); n != workers*each {
		t.Errorf("%d calls were counted", n)
	}
	if p := s.Problems(); len(p) > 0 {
		t.Error(p)
	}
}

// BenchmarkServe is what one call costs the server, without the network.
func BenchmarkServe(b *testing.B) {
	s, err := New()
	if err != nil {
		b.Fatal(err)
	}
	s.Populate(Fleet{Accounts: 200})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, scanCall(i))
		if rec.Code != http.StatusOK {
			b.Fatal(rec.Code)
		}
	}
}
