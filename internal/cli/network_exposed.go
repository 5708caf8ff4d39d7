package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/internal/report"
	"merlon.dev/merlon/reach"
)

func newNetworkExposed(env Environment) *cobra.Command {
	in := &input{env: env}
	var asJSON bool
	c := &cobra.Command{
		Use:   "exposed",
		Short: "List everything that the internet reaches",
		Long: `Exposed lists each public address with the ports on which a packet from the internet
arrives and is answered, by all that is in its way: not what a security group says,
but what gets through. Ports that only some range reaches are listed with the range.

Exit codes: 0 answered; 1 failure; 2 usage.`,
		Example: `  merlon network exposed --snapshot acme.db
  merlon network exposed --json --awscli ./account-data`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := in.prepare(c); err != nil {
				return err
			}
			return in.networks(c.Context(), func(n *reach.Network) error {
				list := n.Exposed()
				if asJSON {
					return encodeLines(env.Stdout, list)
				}
				return printExposed(env.Stdout, list)
			})
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

func printExposed(w io.Writer, list []reach.Exposure) error {
	var b strings.Builder
	if len(list) == 0 {
		b.WriteString("The internet reaches nothing.\n")
	}
	place, resource := "", ""
	for _, e := range list {
		if p := e.Account + " " + e.Region; p != place {
			place = p
			fmt.Fprintf(&b, "\n%s\n", report.Clean(p))
		}
		if e.Resource != resource {
			resource = e.Resource
			fmt.Fprintf(&b, "  %s in %s\n", report.Clean(e.Resource), report.Clean(e.VPC))
		}
		fmt.Fprintf(&b, "    %-16s %-5s %-14s from %s", e.Address, e.Protocol, e.Ports, report.Clean(e.From))
		if e.Verdict == reach.Unknown {
			b.WriteString(", perhaps: ")
			for i, m := range e.Missing {
				if i > 0 {
					b.WriteString("; ")
				}
				b.WriteString(report.Clean(m.Reason))
			}
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, strings.TrimPrefix(b.String(), "\n"))
	return err
}
