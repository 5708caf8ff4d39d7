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

func newIAMCrossAccount(env Environment) *cobra.Command {
	in := &input{env: env}
	var format string
	var asJSON, strict bool
	c := &cobra.Command{
		Use:   "cross-account",
		Short: "Show which accounts let each other in: the web of trust",
		Long: `Cross-account lists who from another account is let in by role trusts, resource
policies, ACLs and KMS grants: the account or organization it comes from, whether that
is one of ours, who there (a trust of the account's root means anybody there), what it
may do, and by which kinds of conditions it is bound (external id, organization, MFA,
network, tag). That the other account allows it to its own people is assumed.

Exit codes: 0 answered; 1 failure; 2 usage.`,
		Example: `  merlon iam cross-account --snapshot acme.db
  merlon iam cross-account --format dot --snapshot acme.db | dot -Tsvg -o trust.svg`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if asJSON {
				format = "json"
			}
			print, ok := map[string]func(io.Writer, []access.Trust) error{"table": printTrust, "json": encodeLines[access.Trust], "dot": trustDOT, "mermaid": trustMermaid}[format]
			if !ok {
				return usage("--format %q: table, dot, mermaid and json are known", format)
			}
			if err := in.prepare(c); err != nil {
				return err
			}
			return in.asking(c.Context(), strict, func(x *access.Index) error {
				list, err := x.CrossAccount(c.Context())
				if err != nil {
					return err
				}
				return print(env.Stdout, list)
			})
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().StringVar(&format, "format", "table", "table, dot, mermaid or json (one object a line)")
	c.Flags().BoolVar(&strict, "strict", false, "take RCPs that could not be read for unknown")
	c.Flags().BoolVar(&asJSON, "json", false, "short for --format json")
	return c
}

func printTrust(w io.Writer, list []access.Trust) error {
	var b strings.Builder
	outside := 0
	for _, t := range list {
		if !t.Inside {
			outside++
		}
	}
	fmt.Fprintf(&b, "%s, %d from outside\n", plural(len(list), "trust between accounts", "trusts between accounts"), outside)
	from := ""
	for _, t := range list {
		if head := trustName(t.From, t.FromName); head != from {
			from = head
			side := "outside"
			if t.Inside {
				side = "ours"
			}
			fmt.Fprintf(&b, "\n%s (%s)\n", report.Clean(head), side)
		}
		perhaps := ""
		if t.Decision != iam.Allowed {
			perhaps = " perhaps"
		}
		fmt.Fprintf(&b, "  → %s in %s\n      %s may%s: %s\n", report.Clean(t.Resource), report.Clean(trustName(t.To, t.ToName)), report.Clean(t.Who), perhaps, report.Clean(strings.Join(t.Actions, ", ")))
		if len(t.Guards) > 0 {
			fmt.Fprintf(&b, "      bound by: %s\n", strings.Join(t.Guards, ", "))
		}
		if t.Why != "" {
			fmt.Fprintf(&b, "      depends: %s\n", report.Clean(t.Why))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func trustName(id, name string) string {
	if name == "" {
		return id
	}
	return name + " " + id
}

// trustArrow is all that goes from one account to another, as one arrow.
type trustArrow struct {
	from, to, label string
	inside          bool
}

func trustArrows(list []access.Trust) []trustArrow {
	at := map[[2]string]int{}
	count := map[[2]string]int{}
	bound := map[[2]string]int{}
	var out []trustArrow
	for _, t := range list {
		key := [2]string{t.From, t.To}
		if _, ok := at[key]; !ok {
			at[key] = len(out)
			out = append(out, trustArrow{from: trustName(t.From, t.FromName), to: trustName(t.To, t.ToName), inside: t.Inside})
		}
		count[key]++
		if len(t.Guards) > 0 {
			bound[key]++
		}
		label := plural(count[key], "resource", "resources")
		if bound[key] > 0 {
			label += fmt.Sprintf(", %d with conditions", bound[key])
		}
		out[at[key]].label = label
	}
	return out
}

// trustDOT writes the accounts as a graph for Graphviz.
func trustDOT(w io.Writer, list []access.Trust) error {
	quote := func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(report.Clean(s)) + `"`
	}
	var b strings.Builder
	b.WriteString("digraph trust {\n  rankdir=LR;\n  node [shape=box];\n")
	for _, a := range trustArrows(list) {
		if !a.inside {
			fmt.Fprintf(&b, "  %s [style=filled, fillcolor=\"#f4c7c3\"];\n", quote(a.from))
		}
		fmt.Fprintf(&b, "  %s -> %s [label=%s];\n", quote(a.from), quote(a.to), quote(a.label))
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// trustMermaid writes the accounts as a Mermaid flowchart.
func trustMermaid(w io.Writer, list []access.Trust) error {
	escape := func(s string) string {
		return strings.NewReplacer(`#`, "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;").Replace(report.Clean(s))
	}
	ids := map[string]string{}
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	node := func(name string, inside bool) string {
		if id, ok := ids[name]; ok {
			return id
		}
		id := fmt.Sprintf("n%d", len(ids)+1)
		ids[name] = id
		class := ""
		if !inside {
			class = ":::outside"
		}
		fmt.Fprintf(&b, "  %s[\"%s\"]%s\n", id, escape(name), class)
		return id
	}
	for _, a := range trustArrows(list) {
		from, to := node(a.from, a.inside), node(a.to, true)
		fmt.Fprintf(&b, "  %s -->|\"%s\"| %s\n", from, escape(a.label), to)
	}
	b.WriteString("  classDef outside fill:#f4c7c3\n")
	_, err := io.WriteString(w, b.String())
	return err
}
