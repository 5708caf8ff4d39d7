package cli

import (
	"bufio"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/access"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
	"merlon.dev/merlon/internal/report"
)

func newIAMPermissions(env Environment) *cobra.Command {
	in := &input{env: env}
	var strict, asJSON bool
	var level, prefix string
	c := &cobra.Command{
		Use:   "permissions PRINCIPAL",
		Short: "List the actions that someone may do, on which resources",
		Long: `Permissions expands what a principal may do itself to single actions with their access
level and the resources, net of denials, boundary and SCPs. A '?' marks what depends on
something that is not known; --json says on what. Roles that it can assume are not
followed: 'merlon iam what-can' does that.

Exit codes: 0 answered; 1 failure; 2 usage.`,
		Example: `  merlon iam permissions alice --level permissions-management --snapshot acme.db
  merlon iam permissions alice --prefix s3 --json --snapshot acme.db`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			filter := access.PermissionFilter{Service: prefix}
			if level != "" {
				var err error
				if filter.Level, err = reference.ParseLevel(level); err != nil {
					return usage("--level %q: list, read, tagging, write and permissions-management are known", level)
				}
			}
			if err := in.prepare(c); err != nil {
				return err
			}
			return in.asking(c.Context(), strict, func(x *access.Index) error {
				p, err := principal(x, args[0])
				if err != nil {
					return err
				}
				list, err := x.Permissions(c.Context(), p, filter)
				if err != nil {
					return err
				}
				if asJSON {
					return encodeLines(env.Stdout, list)
				}
				return printPermissions(env.Stdout, list)
			})
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().StringVar(&level, "level", "", "only this access `LEVEL`: list, read, tagging, write or permissions-management")
	c.Flags().StringVar(&prefix, "prefix", "", "only the actions of this service `PREFIX`, such as s3 (--service narrows what a live scan reads)")
	c.Flags().BoolVar(&strict, "strict", false, "take SCPs and RCPs that could not be read for unknown")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

func printPermissions(w io.Writer, list []access.Entitlement) error {
	out := bufio.NewWriter(w)
	for _, p := range list {
		mark := " "
		if p.Decision != iam.Allowed {
			mark = "?"
		}
		fmt.Fprintf(out, "%s %-52s %-22s %s", mark, p.Action, p.Level, report.Clean(p.Resource))
		for i, e := range p.Except {
			if i == 0 {
				fmt.Fprint(out, " but")
			}
			fmt.Fprintf(out, " %s", report.Clean(e))
		}
		if p.By != "" {
			fmt.Fprintf(out, " (by its %s)", p.By)
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "%s\n", plural(len(list), "permission", "permissions"))
	return out.Flush()
}
