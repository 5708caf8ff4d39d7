package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
	"merlon.dev/merlon/internal/record"
)

// recording is what `iam record` was asked for.
type recording struct {
	proxy   bool
	hosts   []string
	port    int
	account string
	usageFlags
	today todaysPolicies
	out   policyOutput
}

func newIAMRecord(env Environment) *cobra.Command {
	r := &recording{}
	c := &cobra.Command{
		Use:   "record -o FILE -- COMMAND [ARG …]",
		Short: "Run a program and write the policy that its calls to AWS need",
		Long: `Record runs a command, notes the calls it makes to AWS, and writes the policy that
they need.

By default it listens for the client-side metrics that SDKs send when told to
(AWS CLI, boto3, the SDKs for Java 1, Go 1, JavaScript 2, Ruby, PHP and .NET). They
name operations, not resources. With --proxy it stands between the program and AWS,
for programs that send none (Terraform, the SDKs for Go 2, Java 2, JavaScript 3,
Rust): it sees the resources as well. The proxy is told to the program alone
(HTTPS_PROXY, AWS_CA_BUNDLE and their like), looks into connections to AWS alone,
and keeps neither credentials nor bodies; its certificate authority lives in memory
and ends with the run.

Both listen on 127.0.0.1 and want a secret that only the program has.

Exit codes: those of the command; if that is 0, 4 when the record is not complete.
1 and 2 may also be record's own: nothing was run, or the policy not written.`,
		Example: `  merlon iam record -o policy.json -- aws s3 ls s3://reports
  merlon iam record --proxy --account-id 111122223333 -o policy.json -- terraform apply`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return r.run(c.Context(), env, args) },
	}
	c.Flags().SetInterspersed(false)
	f := c.Flags()
	f.BoolVar(&r.proxy, "proxy", false, "stand between the program and AWS instead of listening for metrics")
	f.StringArrayVar(&r.hosts, "aws-host", nil, "look into connections to `HOST` as well: an emulator, a private endpoint (repeatable)")
	f.IntVar(&r.port, "csm-port", 0, "listen for metrics on UDP `PORT` (default a free one, which the program is told)")
	f.StringVar(&r.account, "account-id", "", "the account that the calls are made in, to fill into ARNs (default *)")
	r.usageFlags.addFlags(f)
	f.StringArrayVar(&r.today.files, "compare", nil, "list what is taken away compared with the policy in `FILE` (repeatable)")
	r.out.addFlags(f)
	return c
}

func (r *recording) run(ctx context.Context, env Environment, args []string) error {
	if err := r.out.check(); err != nil {
		return err
	}
	switch {
	case r.out.path == "":
		return usage("iam record needs -o FILE: standard output is the program's")
	case r.account != "" && !merlon.AccountID(r.account).Valid():
		return usage("--account-id %q: an account id has twelve digits", r.account)
	case r.port < 0 || r.port > 65535:
		return usage("--csm-port %d: between 0 and 65535", r.port)
	case len(r.hosts) > 0 && !r.proxy:
		return usage("--aws-host is for --proxy")
	}
	ref, err := reference.Load()
	if err != nil {
		return err
	}
	u := iam.NewUsage(ref, r.options())
	add := func(c *iam.Call) {
		c.Account = r.account
		u.Add(c)
	}
	child := &record.Child{Args: args, Stdin: env.Stdin, Stdout: env.Stdout, Stderr: env.Stderr}
	var code int
	if r.proxy {
		code, err = r.throughProxy(ctx, env, child, add)
	} else {
		code, err = r.withMetrics(ctx, child, add)
	}
	if err != nil {
		return err
	}
	report := u.Report()
	if report.Calls == 0 && !r.proxy {
		fmt.Fprintln(env.Stderr, "nothing: no metrics came; if the program called AWS, its SDK does not send them: use --proxy")
	}
	err = writeUsage(ctx, env, ref, &r.out, &r.today, report, nil)
	var incomplete *exitError
	if code != 0 && (err == nil || errors.As(err, &incomplete)) {
		if err != nil {
			complain(env, err)
		}
		return &exitError{code: code}
	}
	return err
}

func (r *recording) withMetrics(ctx context.Context, child *record.Child, add func(*iam.Call)) (int, error) {
	m, err := record.ListenMetrics(r.port, add)
	if err != nil {
		return 0, err
	}
	child.Env = m.Environment()
	code, err := child.Run(ctx)
	if closed := m.Close(); err == nil {
		err = closed
	}
	return code, err
}

func (r *recording) throughProxy(ctx context.Context, env Environment, child *record.Child, add func(*iam.Call)) (int, error) {
	opts := record.ProxyOptions{Hosts: r.hosts, Upstream: http.ProxyFromEnvironment, Call: add, Now: env.Now}
	var trusted []byte
	if path := env.Getenv("AWS_CA_BUNDLE"); path != "" {
		var err error
		if trusted, err = record.ReadBundle(path); err != nil {
			return 0, err
		}
		if opts.Roots, err = x509.SystemCertPool(); err != nil {
			opts.Roots = x509.NewCertPool()
		}
		opts.Roots.AppendCertsFromPEM(trusted)
	}
	p, err := record.StartProxy(opts)
	if err != nil {
		return 0, err
	}
	defer p.Close()
	dir, err := os.MkdirTemp("", "merlon-record-")
	if err != nil {
		return 0, fmt.Errorf("write certificates: %w", err)
	}
	defer os.RemoveAll(dir)
	bundle, err := p.WriteBundle(dir, trusted)
	if err != nil {
		return 0, err
	}
	child.Env = p.Environment(bundle)
	code, err := child.Run(ctx)
	if closed := p.Close(); err == nil {
		err = closed
	}
	if n := p.Unsigned(); n > 0 {
		fmt.Fprintf(env.Stderr, "unsigned: %d requests to AWS carried no signature; no policy of an identity is asked about them\n", n)
	}
	return code, err
}
