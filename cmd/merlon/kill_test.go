package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"merlon.dev/merlon/internal/awstest"
	"merlon.dev/merlon/inventory"
)

// TestKill ends a collection with SIGKILL at random moments, fifty times, goes
// on with --resume each time, and demands the snapshot of an undisturbed one.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	binary := built(t)
	aws := awstest.Start(t)
	aws.Populate(awstest.Fleet{Accounts: 3, Regions: 3})
	aws.Inject(awstest.Fault{Do: awstest.Delay(2 * time.Millisecond)})
	collect := func(file string, extra ...string) *exec.Cmd {
		args := append([]string{"collect", "-q", "-o", file, "--organization", "--role", awstest.FleetRole, "--parallel", "4"}, extra...)
		c := exec.CommandContext(t.Context(), binary, args...)
		c.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+aws.URL, "AWS_ACCESS_KEY_ID="+awstest.AccessKey(awstest.Management), "AWS_SECRET_ACCESS_KEY=secret",
			"AWS_REGION=us-east-1", "HOME="+dir, "XDG_CACHE_HOME="+dir, "XDG_CONFIG_HOME="+dir, "AWS_CONFIG_FILE="+dir+"/none", "AWS_SHARED_CREDENTIALS_FILE="+dir+"/none")
		return c
	}
	whole := filepath.Join(dir, "whole.db")
	began := time.Now()
	if out, err := collect(whole).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took := time.Since(began)

	broken := filepath.Join(dir, "broken.db")
	kills := 0
	for round := 0; ; round++ {
		if round > 400 {
			t.Fatalf("after %d rounds and %d kills the collection has not ended", round, kills)
		}
		var extra []string
		if _, err := os.Stat(broken); err == nil {
			extra = []string{"--resume"}
		}
		var out bytes.Buffer
		c := collect(broken, extra...)
		c.Stdout, c.Stderr = &out, &out
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- c.Wait() }()
		// The fifty are spread over the work: a short life each, then it may end.
		life := time.Hour
		if kills < 50 {
			life = took/12 + rand.N(took/12)
		}
		var err error
		select {
		case err = <-done:
		case <-time.After(life):
			if kerr := c.Process.Kill(); kerr != nil && !errors.Is(kerr, os.ErrProcessDone) {
				t.Fatal(kerr)
			}
			<-done
			kills++
			continue
		}
		if err == nil && kills < 50 {
			// It got through before its fifty: begin another.
			if err := os.Remove(broken); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err != nil {
			// Killed before it had a snapshot, the file is there and holds nothing.
			if bytes.Contains(out.Bytes(), []byte("not a Merlon snapshot")) {
				if err := os.Remove(broken); err != nil {
					t.Fatal(err)
				}
				continue
			}
			t.Fatalf("round %d after %d kills: %v\n%s", round, kills, err, &out)
		}
		break
	}
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	a, err := inventory.Open(t.Context(), whole, schemas)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := inventory.Open(t.Context(), broken, schemas)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	same, difference, err := inventory.Equal(t.Context(), a, b)
	if err != nil {
		t.Fatal(err)
	}
	if !same {
		t.Errorf("killed %d times and resumed, the snapshot differs: %s", kills, difference)
	}
	if m := aws.Mutations(); len(m) > 0 {
		t.Errorf("a collection wrote: %v", m[0])
	}
	t.Logf("killed %d times", kills)
}
