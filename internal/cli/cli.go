// Package cli is Merlon's command line: one file a command. It alone chooses
// exit codes, writes to standard output and knows where files lie.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"merlon.dev/merlon/internal/report"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/live"
)

// Exit codes, as the help of every command states them.
const (
	exitClean      = 0
	exitFailure    = 1
	exitUsage      = 2
	exitFindings   = 3
	exitIncomplete = 4
)

// version is Merlon's own; a release sets it with -ldflags "-X …".
var version = "0.1.0-dev"

// Environment is what a command may touch of the world; tests bring their own.
type Environment struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Dir            string
	// CacheDir and ConfigDir are the user's; empty when there are none.
	CacheDir, ConfigDir string
	Now                 func() time.Time
	// Terminal and ErrTerminal say that Stdout and Stderr are terminals, Width
	// how many columns Stdout has.
	Terminal, ErrTerminal bool
	Width                 int
}

// System is the environment of the running process.
func System() Environment {
	e := Environment{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Dir: ".", Now: time.Now,
		Terminal: term.IsTerminal(int(os.Stdout.Fd())), ErrTerminal: term.IsTerminal(int(os.Stderr.Fd()))}
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		e.Width = w
	}
	if d, err := os.UserCacheDir(); err == nil {
		e.CacheDir = d
	}
	if d, err := os.UserConfigDir(); err == nil {
		e.ConfigDir = d
	}
	return e
}

// exitError carries an exit code; its text was printed already when quiet.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// hinted is an error with a line that says what to do.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

func hint(err error, format string, args ...any) error {
	return hinted{err, fmt.Sprintf(format, args...)}
}

// Run executes one command line and returns its exit code.
func Run(ctx context.Context, args []string, env Environment) int {
	root := newRoot(env)
	root.SetArgs(args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitClean
	}
	var ee *exitError
	if errors.As(err, &ee) {
		if ee.err != nil {
			complain(env, ee.err)
		}
		return ee.code
	}
	if errors.Is(err, report.ErrClosedPipe) {
		return exitFailure
	}
	complain(env, explain(ctx, err))
	return exitFailure
}

// complain prints an error, and its hint on a line of its own.
func complain(env Environment, err error) {
	text := err.Error()
	var h hinted
	if errors.As(err, &h) {
		text += "\nhint: " + h.hint
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = report.Clean(l)
	}
	fmt.Fprintf(env.Stderr, "merlon: %s\n", strings.Join(lines, "\n"))
}

// explain adds a hint to the errors that a person can act on.
func explain(ctx context.Context, err error) error {
	var h hinted
	if errors.As(err, &h) {
		return err
	}
	switch {
	case errors.Is(err, live.ErrNoCredentials):
		return hint(err, "set AWS_PROFILE (or --profile) to a profile that works with `aws sts get-caller-identity`, or sign in with `aws sso login`;\n      without credentials, `merlon demo` shows what a scan looks like")
	case errors.Is(err, live.ErrExpired):
		return hint(err, "renew them, then go on where this scan stopped with --resume")
	case errors.Is(err, inventory.ErrFull):
		return hint(err, "free some space or name another disk with -o, then go on with --resume")
	case errors.Is(err, inventory.ErrNewer):
		return hint(err, "read it with the Merlon that wrote it, or a newer one")
	case errors.Is(err, inventory.ErrDamaged):
		return hint(err, "the file was cut or changed after it was written; scan again")
	case errors.Is(err, inventory.ErrNotSnapshot):
		return hint(err, "--snapshot takes a file that `merlon collect -o FILE` wrote")
	case ctx.Err() != nil:
		return hint(fmt.Errorf("interrupted"), "go on where it stopped with --resume")
	}
	return err
}

func newRoot(env Environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "merlon",
		Short: "Keep AWS accounts secure: read them, say what is wrong, prove why",
		Long: `Merlon reads what an AWS organization is (live, from a snapshot, from AWS CLI
output or from CloudFormation), says what is wrong and proves why.

Reading never changes an account. What could not be read is reported as unknown,
never as passed.`,
		Example: `  merlon demo                                  look at a built-in organization
  merlon scan                                  scan the account of the current credentials
  merlon scan --organization --role MerlonReadOnly --format terminal --format html=report.html
  merlon collect -o acme.db && merlon scan --snapshot acme.db
  merlon scan --cloudformation template.yaml`,
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w\nSee '%s --help'.", err, c.CommandPath())
	})
	root.AddCommand(newDemo(env), newScan(env), newCollect(env), newDiff(env), newControls(env), newExplain(env), newPermissions(env), newQuery(env), newIAM(env), newNetwork(env))
	for _, c := range root.Commands() {
		wrapArgs(c)
	}
	group(root)
	return root
}

// group makes a command that only holds others say so of a word it does not know.
func group(c *cobra.Command) {
	c.Args = cobra.ArbitraryArgs
	c.SuggestionsMinimumDistance = 2
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		near := c.SuggestionsFor(args[0])
		if len(near) > 0 {
			return usage("there is no command %q; did you mean %s?\nSee '%s --help'.", args[0], strings.Join(near, " or "), c.CommandPath())
		}
		return usage("there is no command %q\nSee '%s --help'.", args[0], c.CommandPath())
	}
}

// wrapArgs makes wrong arguments a usage error.
func wrapArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usage("%w\nSee '%s --help'.", err, c.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
}

const exitHelp = `
Exit codes: 0 nothing at or above --fail-on; 1 failure; 2 usage; 3 findings at or
above --fail-on; 4 none of those, but something could not be read (a gap that
nobody accepted in merlon.yaml).`
