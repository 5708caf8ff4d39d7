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

func newIAMAdmins(env Environment) *cobra.Command {
	in := &input{env: env}
	var strict, asJSON bool
	c := &cobra.Command{
		Use:   "admins",
		Short: "List everyone who is an administrator, in any way",
		Long: `Admins lists for each account who is its administrator: by policies of its own, by
assuming roles, by escalation; root users, people of Identity Center by their
permission sets, and those outside whom an administrator's role trusts.

An administrator may do everything its account's SCPs leave, IAM included. This is
found by evaluating requests, so that it does not matter what a policy is called.
merlon iam escalate PRINCIPAL shows a path in full.

Exit codes: 0 answered; 1 failure; 2 usage.`,
		Example: `  merlon iam admins --snapshot acme.db
  merlon iam admins --json --snapshot acme.db`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := in.prepare(c); err != nil {
				return err
			}
			return in.asking(c.Context(), strict, func(x *access.Index) error {
				list, unknowns, err := x.Admins(c.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return encodeLines(env.Stdout, list)
				}
				return printAdmins(env.Stdout, x, list, unknowns)
			})
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().BoolVar(&strict, "strict", false, "take SCPs and RCPs that could not be read for unknown")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

func printAdmins(w io.Writer, x *access.Index, list []access.Admin, unknowns []string) error {
	var b strings.Builder
	certain := 0
	for i := range list {
		if list[i].Decision == iam.Allowed {
			certain++
		}
	}
	fmt.Fprintf(&b, "%d are administrators or can become one, %d perhaps\n", certain, len(list)-certain)
	account := ""
	for i := range list {
		a := &list[i]
		if a.Account != account {
			account = a.Account
			fmt.Fprintf(&b, "\n%s", account)
			if at := x.Account(account); at != nil && at.Name != "" {
				fmt.Fprintf(&b, " %s", report.Clean(at.Name))
			}
			b.WriteString("\n")
		}
		printAdmin(&b, a)
	}
	printMore(&b, unknowns, "way")
	_, err := io.WriteString(w, b.String())
	return err
}

func printAdmin(b *strings.Builder, a *access.Admin) {
	mark := " "
	if a.Decision != iam.Allowed {
		mark = "?"
	}
	fmt.Fprintf(b, "%s %-10s %-17s %s", mark, a.Way, a.Kind, report.Clean(a.Principal))
	if a.Outside {
		b.WriteString(" (outside)")
	}
	b.WriteString("\n")
	for _, by := range a.By {
		fmt.Fprintf(b, "                               → %s\n", report.Clean(by))
	}
	if a.Path != nil {
		for i := range a.Path.Hops {
			h := &a.Path.Hops[i]
			fmt.Fprintf(b, "                               → %s (%s)\n", report.Clean(h.To), h.Technique)
		}
	}
	if a.Why != "" {
		fmt.Fprintf(b, "                               depends: %s\n", report.Clean(a.Why))
	}
}
