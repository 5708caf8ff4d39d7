package awscli

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon/internal/awstest"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/live"
)

// TestMoto records a scan of moto's account, through the SDK and its protocols,
// and replays it: both snapshots say the same.
func TestMoto(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	moto := awstest.StartMoto(t)
	seed, err := awstest.Python(t.Context(), "internal/awstest/seed/benchmark.py", "--endpoint", moto.URL, "--region", "eu-central-1", "--scale", "0.02")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := seed.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	limits := live.DefaultLimits()
	limits.Failures, limits.Backoff = 1, time.Millisecond // moto fails the same again
	session, err := live.Connect(t.Context(), live.Options{EndpointURL: moto.URL, Regions: []string{"eu-central-1", "us-east-1"}, Parallel: 8,
		Budget: live.NewBudget(0, time.Now), Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	targets, err := session.Targets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "recording")
	first := walk(t, session.Source(), targets, recorder(t, dir))
	second := replay(t, dir)
	if diff := cmp.Diff(content(t, first), content(t, second)); diff != "" {
		t.Errorf("the replay differs (- live, + replayed):\n%s", diff)
	}
	for _, typ := range []string{"AWS::S3::Bucket", "AWS::IAM::Role", "AWS::EC2::Instance"} {
		if len(resources(t, second, typ)) == 0 {
			t.Errorf("no %s: the account was not filled", typ)
		}
	}
	changed := 0
	if err := inventory.Diff(t.Context(), first, second, func(*inventory.Change) error { changed++; return nil }); err != nil || changed > 0 {
		t.Errorf("%d changes, %v", changed, err)
	}
}
