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

func newIAMEscalate(env Environment) *cobra.Command {
	in := &input{env: env}
	var strict, asJSON, all bool
	c := &cobra.Command{
		Use:   "escalate [PRINCIPAL]",
		Short: "Show every path from a principal to more, as the calls that walk it",
		Long: `Escalate shows how users and roles get more than they have: by raising their own
permissions, by another user's key or password, by assuming roles, by handing a role
to a service, by what already runs as a role, and by chains of these. It knows the
65 paths of pathfinding.cloud. Each step is decided by evaluating the request on the
resource it is about, with SCPs, boundaries, conditions and trust policies, and
needs the resource to be there; nothing is matched by name.

Without PRINCIPAL it lists the shortest path to administrator of everyone who has
one, and says of the others how much they gain; --all shows those paths too. With
PRINCIPAL it shows the shortest path to each principal with more permissions.

An administrator may do everything its account's SCPs leave, IAM included; it does
not escalate. Allowed is certain. Unknown depends on something that is not known,
which is named. Nothing is called: the lines with aws are what one would type.

Exit codes: 0 answered; 1 failure; 2 usage.`,
		Example: `  merlon iam escalate --snapshot acme.db
  merlon iam escalate checkout.dev --snapshot acme.db
  merlon iam escalate arn:aws:iam::111122223333:role/ci --json --snapshot acme.db`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := in.prepare(c); err != nil {
				return err
			}
			return in.asking(c.Context(), strict, func(x *access.Index) error {
				var paths []access.Path
				var unknowns []string
				if len(args) == 1 {
					p, err := principal(x, args[0])
					if err != nil {
						return err
					}
					found, unknown, err := x.Escalates(c.Context(), p)
					if err != nil {
						return err
					}
					if unknown != "" {
						unknowns = []string{unknown}
					}
					paths = found
					if len(found) == 0 && !asJSON {
						if is, _ := x.Administrator(p); is == iam.Yes {
							_, err := fmt.Fprintf(env.Stdout, "%s is an administrator already\n", report.Clean(p.ARN))
							return err
						}
					}
				} else {
					var err error
					if paths, unknowns, err = x.Escalations(c.Context(), all); err != nil {
						return err
					}
				}
				if asJSON {
					return encodeLines(env.Stdout, paths)
				}
				return printPaths(env.Stdout, paths, unknowns, all || len(args) == 1)
			})
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().BoolVar(&strict, "strict", false, "take SCPs and RCPs that could not be read for unknown")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a path")
	c.Flags().BoolVar(&all, "all", false, "without PRINCIPAL: show paths that do not end with an administrator as well")
	return c
}

func printPaths(w io.Writer, paths []access.Path, unknowns []string, all bool) error {
	var b strings.Builder
	certain, perhaps := 0, 0
	lesser := map[string]int{}
	for i := range paths {
		switch p := &paths[i]; {
		case p.Gains != access.GainAdministrator && !all:
			lesser[p.From]++
		case p.Decision == iam.Allowed:
			certain++
		default:
			perhaps++
		}
	}
	what := "to administrator"
	if all {
		what = "to more permissions"
	}
	fmt.Fprintf(&b, "%s %s, %d perhaps\n", plural(certain, "path", "paths"), what, perhaps)
	for i := range paths {
		if paths[i].Gains == access.GainAdministrator || all {
			printPath(&b, &paths[i])
		}
	}
	if len(lesser) > 0 {
		fmt.Fprintf(&b, "\n%s more without becoming an administrator: name one, or add --all\n", plural(len(lesser), "principal gains", "principals gain"))
	}
	printMore(&b, unknowns, "path")
	_, err := io.WriteString(w, b.String())
	return err
}

// printMore says why there may be more than was listed.
func printMore(b *strings.Builder, unknowns []string, what string) {
	for i, u := range unknowns {
		if i == 5 {
			fmt.Fprintf(b, "      and %d more reasons\n", len(unknowns)-i)
			break
		}
		fmt.Fprintf(b, "\nThere may be a %s more: %s\n", what, report.Clean(u))
	}
}

func printPath(b *strings.Builder, p *access.Path) {
	b.WriteString("\n")
	fmt.Fprintf(b, "%v  %s\n", p.Decision, report.Clean(p.From))
	switch p.Gains {
	case access.GainAdministrator:
		fmt.Fprintf(b, "         becomes administrator of %s", p.Account)
		if p.Becomes != p.From {
			fmt.Fprintf(b, " as %s", report.Clean(p.Becomes))
		}
		b.WriteString("\n")
	case access.GainPrincipal:
		fmt.Fprintf(b, "         becomes %s\n", report.Clean(p.Becomes))
	default:
		fmt.Fprintf(b, "         gives permissions of its choice to %s\n", report.Clean(p.Becomes))
	}
	if p.Witness != "" {
		fmt.Fprintf(b, "         and may then, for one: %s\n", report.Clean(p.Witness))
	}
	if p.Why != "" {
		fmt.Fprintf(b, "         depends: %s\n", report.Clean(p.Why))
	}
	for i := range p.Hops {
		printHop(b, i+1, &p.Hops[i], p)
	}
}

func printHop(b *strings.Builder, n int, h *access.Hop, p *access.Path) {
	fmt.Fprintf(b, "  %d. %s (%s", n, report.Clean(h.Name), h.Technique)
	if len(h.Also) > 0 {
		fmt.Fprintf(b, "; also %s", strings.Join(h.Also, ", "))
	}
	b.WriteString(")\n")
	for _, call := range h.Calls {
		fmt.Fprintf(b, "       %s\n", report.Clean(call))
	}
	if h.Waits != "" {
		fmt.Fprintf(b, "       then: %s\n", h.Waits)
	}
	if h.Why != "" && h.Why != p.Why {
		fmt.Fprintf(b, "       depends: %s\n", report.Clean(h.Why))
	}
	if n < len(p.Hops) {
		fmt.Fprintf(b, "       now as %s", report.Clean(h.To))
		if h.How != "" {
			fmt.Fprintf(b, " (%s)", howText(h.How))
		}
		b.WriteString("\n")
	}
}

// howText says in words what a principal has more than before.
func howText(how string) string {
	if name, ok := strings.CutPrefix(how, "group "); ok {
		return "in group " + report.Clean(name)
	}
	switch how {
	case "elevated":
		return "with any policy"
	case "unbounded":
		return "without its boundary"
	}
	return "with any policy and without its boundary"
}
