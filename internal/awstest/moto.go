package awstest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// MotoVersion is the version of moto that the tests were written against.
const MotoVersion = "5.2.1"

// ErrNoMoto: moto_server is not installed.
var ErrNoMoto = errors.New("moto_server is neither on PATH nor in .cache/venv/bin: run internal/awstest/moto.sh, or pip install 'moto[server]==" + MotoVersion + "'")

// motoTimeout is how long moto may take to answer for the first time; loading
// AWS's managed policies takes seconds, on a busy machine more.
const motoTimeout = 90 * time.Second

// Moto is a running moto_server: an emulated AWS with state, for what this
// package's own server does not do. Any credentials do; AssumeRole into any account works.
type Moto struct {
	// URL is the endpoint, on 127.0.0.1.
	URL string

	cmd    *exec.Cmd
	output *tail
	done   chan struct{}
	err    error // of the process, once done is closed
}

// StartMoto runs a moto_server of its own for a test and stops it after. Where
// moto is not installed the test fails: it is never skipped.
func StartMoto(tb testing.TB) *Moto {
	tb.Helper()
	m, err := RunMoto(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := m.Stop(); err != nil {
			tb.Errorf("stop moto: %v", err)
		}
	})
	return m
}

// RunMoto runs a moto_server on a free port and waits until it answers. The
// error is [ErrNoMoto] where it is not installed. The caller stops it.
func RunMoto(ctx context.Context) (*Moto, error) {
	program, err := findProgram("moto_server")
	if err != nil {
		return nil, ErrNoMoto
	}
	// Between finding a free port and moto's taking it, another may come first.
	for range 3 {
		var m *Moto
		if m, err = runMoto(ctx, program); err == nil {
			return m, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

func runMoto(ctx context.Context, program string) (*Moto, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	m := &Moto{URL: "http://127.0.0.1:" + port, output: &tail{}, done: make(chan struct{})}
	// The process ends by Stop, not with a context: tests' contexts end before their cleanups.
	m.cmd = exec.Command(program, "-H", "127.0.0.1", "-p", port)
	m.cmd.Env = append(os.Environ(), "MOTO_IAM_LOAD_MANAGED_POLICIES=true", "MOTO_EC2_LOAD_DEFAULT_AMIS=false", "PYTHONUNBUFFERED=1")
	m.cmd.Stdout, m.cmd.Stderr = m.output, m.output
	m.cmd.WaitDelay = 5 * time.Second
	if err := m.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() {
		m.err = m.cmd.Wait()
		close(m.done)
	}()
	if err := m.ready(ctx); err != nil {
		return nil, errors.Join(err, m.Stop())
	}
	return m, nil
}

// ready waits for the first answer.
func (m *Moto) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, motoTimeout)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-m.done:
			return fmt.Errorf("moto_server ended before it answered: %w\n%s", m.err, m.output)
		case <-ctx.Done():
			return fmt.Errorf("moto_server did not answer: %w\n%s", ctx.Err(), m.output)
		case <-tick.C:
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.URL+"/moto-api/", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			continue
		}
		res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return nil
		}
	}
}

// PID is the process id, for measurements of what the emulator itself costs.
func (m *Moto) PID() int { return m.cmd.Process.Pid }

// Stop ends the process: politely, and after five seconds by force. It may be called again.
func (m *Moto) Stop() error {
	select {
	case <-m.done:
		return nil
	default:
	}
	if err := m.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-m.done:
		return nil
	case <-time.After(5 * time.Second):
	}
	if err := m.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-m.done
	return nil
}

// Python makes a command of a script (its path from the repository's root) with
// an interpreter that has boto3: the one that moto_server runs with.
func Python(ctx context.Context, script string, args ...string) (*exec.Cmd, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	program := "python3"
	if moto, err := findProgram("moto_server"); err == nil {
		program = interpreter(moto)
	}
	return exec.CommandContext(ctx, program, append([]string{filepath.Join(root, filepath.FromSlash(script))}, args...)...), nil
}

// interpreter reads the first line of a Python script; where that names no
// Python (a wrapper), python3 on PATH it is.
func interpreter(script string) string {
	f, err := os.Open(script)
	if err != nil {
		return "python3"
	}
	defer f.Close()
	line, err := bufio.NewReader(io.LimitReader(f, 4096)).ReadString('\n')
	p, ok := strings.CutPrefix(strings.TrimSpace(line), "#!")
	if err != nil || !ok || !strings.Contains(filepath.Base(p), "python") {
		return "python3"
	}
	return p
}

// findProgram looks on PATH, then in .cache/venv/bin of the repository.
func findProgram(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	root, err := repository()
	if err != nil {
		return "", err
	}
	return exec.LookPath(filepath.Join(root, ".cache", "venv", "bin", name))
}

// repository is the folder of go.mod, the working directory or above it.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod in the working directory or above it")
		}
		dir = up
	}
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// tail keeps the end of what a process writes.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

// tailSize is enough for a Python traceback.
const tailSize = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if len(t.buf) > tailSize {
		t.buf = bytes.Clone(t.buf[len(t.buf)-tailSize:])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
