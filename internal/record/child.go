package record

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Child is a program that is to be run with its own environment.
type Child struct {
	Args           []string
	Env            []string // added to, and before, that of this process
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Run runs the program to its end and gives its exit code, 128 and the signal's
// number where a signal ended it. A context that ends interrupts it, and kills it
// ten seconds later. The error says that it could not be started.
func (c *Child) Run(ctx context.Context) (code int, err error) {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("run %s: %w", c.Args[0], err)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	switch state := cmd.ProcessState; {
	case err != nil && !errors.As(err, &exit) && state == nil:
		return 0, fmt.Errorf("run %s: %w", c.Args[0], err)
	case state.ExitCode() >= 0:
		return state.ExitCode(), nil
	default:
		if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return 128 + int(status.Signal()), nil
		}
		return 1, nil
	}
}

// Environment is what a program must have set to go through the proxy: its address,
// and bundle, a file with the certificates to trust. The addresses at which
// instances and containers find their credentials are left out.
func (p *Proxy) Environment(bundle string) []string {
	direct := "169.254.169.254,169.254.170.2,169.254.170.23,fd00:ec2::254,fd00:ec2::23,localhost,127.0.0.1,::1"
	var env []string
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		env = append(env, name+"="+p.URL())
	}
	for _, name := range []string{"AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"} {
		env = append(env, name+"="+bundle)
	}
	return append(env, "NO_PROXY="+direct, "no_proxy="+direct)
}

// systemBundles are where systems keep the certificates they trust in one file.
func systemBundles() []string {
	return []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem"}
}

// maxBundle bounds a file of certificates.
const maxBundle = 16 << 20

// ReadBundle reads a file of certificates.
func ReadBundle(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxBundle+1))
	if err != nil {
		return nil, fmt.Errorf("read certificates %s: %w", path, err)
	}
	if len(b) > maxBundle {
		return nil, fmt.Errorf("read certificates %s: larger than %d bytes", path, maxBundle)
	}
	return b, nil
}

// WriteBundle writes a file in the folder with the certificates that the system
// trusts, those given, and the proxy's authority.
func (p *Proxy) WriteBundle(dir string, more []byte) (path string, err error) {
	var all []string
	for _, s := range systemBundles() {
		if b, err := ReadBundle(s); err == nil {
			all = append(all, string(b))
			break
		}
	}
	all = append(all, string(more), string(p.Certificate()))
	path = filepath.Join(dir, "certificates.pem")
	if err := os.WriteFile(path, []byte(strings.Join(all, "\n")), 0o600); err != nil {
		return "", fmt.Errorf("write certificates: %w", err)
	}
	return path, nil
}
