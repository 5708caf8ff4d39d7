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

func newIAMWhoCan(env Environment) *cobra.Command {
	in := &input{env: env}
	var keys []string
	var strict, asJSON bool
	c := &cobra.Command{
		Use:   "who-can ACTION RESOURCE",
		Short: "List everyone who may do something, by any chain of roles",
		Long: `Who-can lists the users, roles and root users of all accounts that may do an action
on a resource; those that get there by assuming roles, with the chain; the people of
Identity Center by their permission sets, assignments and groups; and whom policies
let in from outside: other accounts (that their own side allows it is assumed),
services, identity providers, the anonymous.

Allowed is certain. Unknown depends on something that is not known, which is named.

Exit codes: 0 answered; 1 failure; 2 usage.`,
		Example: `  merlon iam who-can s3:GetObject arn:aws:s3:::acme-data/report.csv --snapshot acme.db
  merlon iam who-can kms:Decrypt arn:aws:kms:eu-central-1:111122223333:key/1234 --json`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkAction(args[0]); err != nil {
				return err
			}
			values, err := contextKeys(keys)
			if err != nil {
				return err
			}
			if err := in.prepare(c); err != nil {
				return err
			}
			return in.asking(c.Context(), strict, func(x *access.Index) error {
				list, notes, err := x.WhoCan(c.Context(), args[0], args[1], values)
				if err != nil {
					return err
				}
				if asJSON {
					return encodeLines(env.Stdout, list)
				}
				return printWho(env.Stdout, x, list, notes)
			})
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().StringArrayVar(&keys, "context", nil, "a condition key of the request, `KEY=VALUE` (repeatable)")
	c.Flags().BoolVar(&strict, "strict", false, "take SCPs and RCPs that could not be read for unknown")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

func printWho(w io.Writer, x *access.Index, list []access.Who, notes []string) error {
	var b strings.Builder
	certain := 0
	for _, who := range list {
		if who.Decision == iam.Allowed {
			certain++
		}
	}
	fmt.Fprintf(&b, "%d may, %d perhaps\n", certain, len(list)-certain)
	for _, decision := range []iam.Decision{iam.Allowed, iam.Unknown} {
		title := map[iam.Decision]string{iam.Allowed: "\nMay:\n", iam.Unknown: "\nPerhaps:\n"}[decision]
		said := "" // a reason that follows itself is said once
		for _, who := range list {
			if who.Decision != decision {
				continue
			}
			b.WriteString(title)
			title = ""
			fmt.Fprintf(&b, "  %-14s %s", who.Kind, report.Clean(who.Principal))
			if who.Kind == "person" {
				fmt.Fprintf(&b, " in %s", who.Account)
			}
			if who.Outside {
				b.WriteString(" (outside)")
			}
			b.WriteString("\n")
			for _, step := range who.Chain {
				fmt.Fprintf(&b, "                   → %s\n", report.Clean(step))
			}
			if who.Why != "" && who.Why != said {
				said = who.Why
				fmt.Fprintf(&b, "                   %s\n", report.Clean(who.Why))
			}
		}
	}
	for _, n := range notes {
		fmt.Fprintf(&b, "\nNote: %s", report.Clean(n))
	}
	if gaps := x.Gaps(); len(gaps) > 0 {
		fmt.Fprintf(&b, "\nThere may be more: %s could not be read, such as %s", plural(len(gaps), "list of principals or policies", "lists of principals or policies"), report.Clean(gaps[0].Reason))
	}
	if len(notes)+len(x.Gaps()) > 0 {
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
