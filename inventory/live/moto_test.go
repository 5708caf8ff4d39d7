package live

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"merlon.dev/merlon/internal/awstest"
)

// motoAccount is the account that moto is in.
const motoAccount = "123456789012"

// moto starts an emulated AWS and gives what fills it and what reads it.
func moto(t *testing.T) (aws.Config, Source) {
	t.Helper()
	m := awstest.StartMoto(t)
	cfg := aws.Config{Region: "us-east-1", BaseEndpoint: &m.URL, Credentials: credentials.NewStaticCredentialsProvider("AKIAMOTO", "secret", "")}
	cfg.HTTPClient = HTTPClient(http.DefaultClient, 8)
	src := NewAWS(NewBudget(0, time.Now), Limits{Timeout: 60 * time.Second, Throttles: 2, Failures: 1, Backoff: time.Millisecond, MaxBackoff: time.Millisecond}, 8)
	src.Configure(motoAccount, cfg)
	return cfg, src
}

// onlyGaps demands that no call failed but those that moto is known not to do.
func (c *collected) onlyGaps(t *testing.T, known ...string) {
	t.Helper()
	for _, g := range c.gaps {
		if !slices.Contains(known, g.Call) {
			t.Errorf("gap: %s: %s", g.Text(), g.Message)
		}
	}
}

// must gives what a call made; a test cannot go on without it.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
