package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/access"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/internal/report"
)

func newIAMWhatCan(env Environment) *cobra.Command {
	in := &input{env: env}
	var strict, asJSON bool
	c := &cobra.Command{
		Use:   "what-can PRINCIPAL",
		Short: "Say what someone can do, itself and by the roles it can assume",
		Long: `What-can sums up what a principal can do by service, resources and access level: with
its own policies net of denials, boundary and SCPs; by the resource policies that name
it; and as every role that it can become by assuming roles, with the chain.

'merlon iam permissions' lists the actions one by one.

Exit codes: 0 answered; 1 failure; 2 usage.`,
		Example: `  merlon iam what-can alice --snapshot acme.db
  merlon iam what-can arn:aws:iam::111122223333:role/ci --json --snapshot acme.db`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := in.prepare(c); err != nil {
				return err
			}
			return in.asking(c.Context(), strict, func(x *access.Index) error {
				p, err := principal(x, args[0])
				if err != nil {
					return err
				}
				list, err := x.WhatCan(c.Context(), p)
				if err != nil {
					return err
				}
				if asJSON {
					return encodeLines(env.Stdout, list)
				}
				return printAbilities(env.Stdout, list)
			})
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().BoolVar(&strict, "strict", false, "take SCPs and RCPs that could not be read for unknown")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line: the principal, then each role it can become")
	return c
}

func printAbilities(w io.Writer, list []access.Ability) error {
	var b strings.Builder
	for i, a := range list {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(report.Clean(a.Principal))
		if a.Decision != iam.Allowed {
			b.WriteString(" (perhaps)")
		}
		b.WriteString("\n")
		if len(a.Chain) > 1 {
			fmt.Fprintf(&b, "  by way of %s\n", report.Clean(strings.Join(a.Chain[:len(a.Chain)-1], " → ")))
		}
		if a.Why != "" {
			fmt.Fprintf(&b, "  depends: %s\n", report.Clean(a.Why))
		}
		everything, services := 0, 0
		for _, c := range a.Can {
			if c.All && c.Decision == iam.Allowed && len(c.Except) == 0 {
				everything, services = everything+c.Count, services+1
			}
		}
		folded := services > 20
		if folded {
			fmt.Fprintf(&b, "  %d services: all %d actions on *\n", services, everything)
		}
		if len(a.Can) == 0 {
			b.WriteString("  nothing\n")
		}
		said := ""
		for _, c := range a.Can {
			if !folded || !c.All || c.Decision != iam.Allowed || len(c.Except) > 0 {
				printCapability(&b, &c, &said)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func printCapability(b *strings.Builder, c *access.Capability, said *string) {
	where := report.Clean(c.Resource)
	if len(c.Except) > 0 {
		where += " but " + report.Clean(strings.Join(c.Except, ", "))
	}
	perhaps := ""
	if c.Decision != iam.Allowed {
		perhaps = "perhaps "
	}
	if c.All {
		fmt.Fprintf(b, "  %s: %sall %d actions on %s\n", c.Service, perhaps, c.Count, where)
	} else {
		var levels []string
		for _, l := range c.Levels {
			levels = append(levels, fmt.Sprintf("%s %d", l.Level, len(l.Actions)))
		}
		fmt.Fprintf(b, "  %s: %s%s on %s\n", c.Service, perhaps, strings.Join(levels, ", "), where)
		if c.Count <= 6 {
			for _, l := range c.Levels {
				fmt.Fprintf(b, "      %s\n", report.Clean(l.Summary))
			}
		}
	}
	if c.Why != "" && c.Why != *said {
		*said = c.Why
		fmt.Fprintf(b, "      depends: %s\n", report.Clean(c.Why))
	}
}
