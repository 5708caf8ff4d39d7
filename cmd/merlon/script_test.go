package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"merlon.dev/merlon/internal/awstest"
)

func TestMain(m *testing.M) {
	testscript.Main(cleaning{m}, map[string]func(){"merlon": main, "apicaller": apicaller})
}

// cleaning removes the program that tests have built.
type cleaning struct{ *testing.M }

func (c cleaning) Run() int {
	defer func() {
		if builtDir != "" {
			os.RemoveAll(builtDir)
		}
	}()
	return c.M.Run()
}

// builtDir is where [built] put its program.
var builtDir string

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "merlon-test-")
	if err != nil {
		return "", err
	}
	builtDir = dir
	path := filepath.Join(dir, "merlon")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

// built is the program as a user has it, without the race detector.
func built(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestScripts runs the command line as a user would: testdata/script/*.txtar.
func TestScripts(t *testing.T) {
	recordings, err := filepath.Abs("../../inventory/awscli/testdata")
	if err != nil {
		t.Fatal(err)
	}
	aws := awstest.Start(t)
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
		Setup: func(e *testscript.Env) error {
			e.Setenv("RECORDINGS", recordings)
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, "cache"))
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "config"))
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			// A server of an empty account; scripts that use it say so.
			e.Setenv("FAKEAWS", aws.URL)
			e.Setenv("FAKEKEY", awstest.AccessKey("111122223333"))
			// The repository must not be found by a search upwards for merlon.yaml.
			return os.Mkdir(filepath.Join(e.WorkDir, ".git"), 0o755)
		},
	})
}

// exits runs a program and demands an exit code: "exits 3 merlon scan".
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program [args]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
