package awstest_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"merlon.dev/merlon/internal/awstest"
)

// TestMoto starts moto, fills it with a twentieth of the benchmark account and
// counts what is there.
func TestMoto(t *testing.T) {
	m := awstest.StartMoto(t)
	cmd, err := awstest.Python(t.Context(), "internal/awstest/seed/benchmark.py", "--endpoint", m.URL, "--region", "eu-central-1", "--scale", "0.05")
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("seed: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var made struct {
		Resources map[string]int `json:"resources"`
	}
	if err := json.Unmarshal(out, &made); err != nil {
		t.Fatal(err)
	}
	if len(made.Resources) != 16 {
		t.Errorf("seeded %v", made.Resources)
	}
	cfg := aws.Config{
		BaseEndpoint: aws.String(m.URL), Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient: &awstest.Client{Client: http.Client{Timeout: time.Minute}},
	}
	roles, err := iam.NewFromConfig(cfg).ListRoles(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(roles.Roles) != made.Resources["roles"]+1 {
		t.Errorf("%d roles, seeded %d and the functions' own", len(roles.Roles), made.Resources["roles"])
	}
	e := ec2.NewFromConfig(cfg)
	instances, err := e.DescribeInstances(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range instances.Reservations {
		for _, i := range r.Instances {
			n++
			if len(i.BlockDeviceMappings) != 2 || len(i.NetworkInterfaces) != 1 {
				t.Errorf("instance %s has %d volumes and %d interfaces", *i.InstanceId, len(i.BlockDeviceMappings), len(i.NetworkInterfaces))
			}
		}
	}
	if n != made.Resources["instances"] {
		t.Errorf("%d instances, seeded %d", n, made.Resources["instances"])
	}
	managed, err := iam.NewFromConfig(cfg).GetPolicy(t.Context(), &iam.GetPolicyInput{PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
	if err != nil || *managed.Policy.PolicyName != "AdministratorAccess" {
		t.Errorf("AWS's managed policies are not loaded: %v, %v", managed, err)
	}
	images, err := e.DescribeImages(t.Context(), nil)
	if err != nil || len(images.Images) != 1 {
		t.Errorf("%d images, want the seeded one alone (%v)", len(images.Images), err)
	}

	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.DescribeImages(t.Context(), nil); err == nil {
		t.Error("moto answers after it was stopped")
	}
}

func TestSeedRefusesAWS(t *testing.T) {
	cmd, err := awstest.Python(t.Context(), "internal/awstest/seed/benchmark.py", "--endpoint", "https://iam.amazonaws.com")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "never AWS") {
		t.Errorf("error %v: %s", err, out)
	}
}

// TestMotoIsNotThere looks for moto where there is none.
func TestMotoIsNotThere(t *testing.T) {
	empty := t.TempDir()
	if err := os.WriteFile(filepath.Join(empty, "go.mod"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(empty)
	t.Setenv("PATH", empty)
	if _, err := awstest.RunMoto(t.Context()); !errors.Is(err, awstest.ErrNoMoto) || !strings.Contains(err.Error(), "pip install") {
		t.Errorf("error %v", err)
	}
}

// TestMotoThatFails must say what the program said, and must not wait.
func TestMotoThatFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "moto_server"), []byte("#!/bin/sh\necho no module named flask >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := awstest.RunMoto(ctx); err == nil || !strings.Contains(err.Error(), "no module named flask") {
		t.Errorf("error %v", err)
	}
	if ctx.Err() != nil {
		t.Error("it waited")
	}
}

// TestMotoScript runs moto.sh where neither moto nor Python is: it must end
// with what to install.
func TestMotoScript(t *testing.T) {
	dir := t.TempDir()
	for _, p := range []string{"internal/awstest", "bin"} {
		if err := os.MkdirAll(filepath.Join(dir, p), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	script, err := os.ReadFile("moto.sh")
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(dir, "internal/awstest/moto.sh")
	if err := os.WriteFile(at, script, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"dirname", "cat"} {
		p, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(p, filepath.Join(dir, "bin", tool)); err != nil {
			t.Fatal(err)
		}
	}
	run := func() (string, error) {
		cmd := exec.Command("/bin/sh", at)
		cmd.Env = []string{"PATH=" + filepath.Join(dir, "bin")}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run(); err == nil || !strings.Contains(out, "pip install 'moto[server]=="+awstest.MotoVersion+"'") {
		t.Errorf("error %v: %s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "bin/moto_server"), []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := run(); err != nil {
		t.Errorf("with moto on PATH: %v: %s", err, out)
	}
}
