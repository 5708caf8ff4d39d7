package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/demo"
	"merlon.dev/merlon/internal/report"
)

func newDemo(env Environment) *cobra.Command {
	in := &input{env: env}
	j := &judgement{}
	var keep string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Scan a built-in organization of three accounts",
		Long: `Demo scans an organization that is built in: a management account, an account for
logs and security, and a production account, read as AWS CLI output. It needs no
credentials and no network. It writes merlon-report.html beside the report on the
terminal and ends with 0 whatever it finds.`,
		Example: `  merlon demo
  merlon demo --format jsonl
  merlon demo --unpack acme          keep the organization's folder, to try other commands on it`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			dir := keep
			if dir == "" {
				temp, err := os.MkdirTemp("", "merlon-demo-")
				if err != nil {
					return fmt.Errorf("unpack the built-in organization: %w", err)
				}
				defer os.RemoveAll(temp)
				dir = temp
			} else if err := os.MkdirAll(dir, 0o700); err != nil {
				return fmt.Errorf("unpack the built-in organization: %w", err)
			}
			if err := demo.Unpack(dir); err != nil {
				return err
			}
			if keep != "" {
				fmt.Fprintf(env.Stderr, "the organization is in %s; try: merlon scan --awscli %s\n", report.Clean(keep), report.Clean(keep))
			}
			in.awscli, in.title = dir, "the built-in organization"
			// Ages count to the day of the recording.
			in.env.Now = func() time.Time { return demo.Day() }
			if len(j.formats) == 0 {
				j.formats = []string{"terminal", "html=merlon-report.html"}
			}
			in.live.Parallel = 8
			if in.output == "" && env.CacheDir == "" {
				in.output = filepath.Join(dir, "merlon-demo.db")
			}
			if err := in.prepare(c); err != nil {
				return err
			}
			return in.scan(c.Context(), j)
		},
	}
	f := c.Flags()
	f.StringVar(&in.configPath, "config", "", "read this merlon.yaml instead of looking for one")
	f.StringVar(&keep, "unpack", "", "keep the organization's folder in `DIR`")
	f.StringVarP(&in.output, "output", "o", "", "keep the snapshot in `FILE`")
	f.BoolVarP(&in.quiet, "quiet", "q", false, "no progress")
	j.addReportFlags(c, "none")
	j.addFlags(c)
	return c
}
