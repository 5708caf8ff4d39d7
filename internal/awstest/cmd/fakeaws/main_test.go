package main

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"merlon.dev/merlon/internal/awstest"
)

// output is a writer that may be read while it is written.
type output struct {
	mu sync.Mutex
	b  strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// TestRun starts the command, lists the organization's accounts and stops it.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out output
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, config{addr: "127.0.0.1:0", fleet: awstest.Fleet{Accounts: 5, Regions: 2}, latency: 30 * time.Millisecond, page: 3, rate: 1000, burst: 20}, &out)
	}()
	var url string
	for range 6000 {
		if m := regexp.MustCompile(`AWS_ENDPOINT_URL=(\S+) `).FindStringSubmatch(out.String()); m != nil {
			url = m[1]
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "AWSOrganizationsV20161128.ListAccounts")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+awstest.AccessKey(awstest.Management)+"/20261124/us-east-1/organizations/aws4_request, Signature=x")
	began := time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || time.Since(began) < 30*time.Millisecond {
		t.Errorf("status %d after %s", res.StatusCode, time.Since(began))
	}
	res.Body.Close()
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"1 organizations:ListAccounts", "1 calls, 1 at once at most, 0 writes", awstest.FleetRole} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "problem") {
		t.Error(out.String())
	}
}

func TestRunRefuses(t *testing.T) {
	for _, c := range []config{
		{addr: "127.0.0.1:0"},
		{addr: "127.0.0.1:0", fleet: awstest.Fleet{Accounts: 1}},
		{addr: "127.0.0.1:none", fleet: awstest.Fleet{Accounts: 1, Regions: 1}},
	} {
		if err := run(t.Context(), c, &output{}); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}
