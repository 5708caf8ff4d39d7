package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/access"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/internal/report"
)

func newIAMCan(env Environment) *cobra.Command {
	in := &input{env: env}
	var keys []string
	var strict, asJSON, full bool
	c := &cobra.Command{
		Use:   "can PRINCIPAL ACTION RESOURCE",
		Short: "Say whether someone may do something, and why",
		Long: `Can decides one request with everything that binds the principal and the resource:
identity policies, groups, boundary, SCPs and RCPs of every level, resource policy,
ACL, grants, Block Public Access. The trace names each policy and statement.

The request is a direct call over TLS, made now. What the inventory knows is filled
in (tags, organization, account, no MFA device); a key that is not known makes a
condition unknown: give it with --context. SCPs and RCPs that could not be read
count as AWS's default, which is said; with --strict they are unknown.

PRINCIPAL is an ARN, the name of a user or role, a service (lambda.amazonaws.com)
or anonymous. RESOURCE is an ARN, or * for an action that takes none.

Exit codes: 0 answered; 1 failure; 2 usage.`,
		Example: `  merlon iam can alice s3:GetObject arn:aws:s3:::acme-data/report.csv --snapshot acme.db
  merlon iam can arn:aws:iam::111122223333:role/ci iam:PassRole arn:aws:iam::111122223333:role/admin \
      --context iam:PassedToService=ec2.amazonaws.com --snapshot acme.db`,
		Args: cobra.ExactArgs(3),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkAction(args[1]); err != nil {
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
				p, err := principal(x, args[0])
				if err != nil {
					return err
				}
				a, err := x.Can(c.Context(), p, args[1], args[2], values)
				if err != nil {
					return err
				}
				if asJSON {
					return json.NewEncoder(env.Stdout).Encode(a)
				}
				return printAnswer(env.Stdout, a, full)
			})
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().StringArrayVar(&keys, "context", nil, "a condition key of the request, `KEY=VALUE` (repeatable)")
	c.Flags().BoolVar(&strict, "strict", false, "take SCPs and RCPs that could not be read for unknown")
	c.Flags().BoolVar(&asJSON, "json", false, "print the decision and its trace as JSON")
	c.Flags().BoolVar(&full, "all", false, "print the statements that do not match as well")
	return c
}

// printAnswer writes a decision for a person: the answer, the reason, then the trace.
func printAnswer(w io.Writer, a *access.Answer, full bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n  %s\n  %s on %s\n\nWhy: %s\n", a.Trace.Decision, report.Clean(a.Principal), report.Clean(a.Action), report.Clean(a.Resource), report.Clean(a.Trace.Why))
	for _, n := range a.Notes {
		fmt.Fprintf(&b, "Note: %s\n", report.Clean(n))
	}
	b.WriteString("\nTrace:\n")
	for _, l := range a.Trace.Layers {
		printLayer(&b, &l, full)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func printLayer(b *strings.Builder, l *iam.LayerTrace, full bool) {
	name := l.Layer.String()
	if l.Level > 0 {
		name = fmt.Sprintf("%s, level %d", name, l.Level)
	}
	switch {
	case l.Exempt != "":
		fmt.Fprintf(b, "  %s: does not count: %s\n", name, report.Clean(l.Exempt))
		return
	case len(l.Policies) == 0:
		fmt.Fprintf(b, "  %s: none\n", name)
		return
	}
	fmt.Fprintf(b, "  %s: allows %v, denies %v\n", name, l.Allow, l.Deny)
	for _, p := range l.Policies {
		hidden := 0
		fmt.Fprintf(b, "    %s\n", report.Clean(p.Name))
		if p.Unknown != "" {
			fmt.Fprintf(b, "      unknown: %s\n", report.Clean(p.Unknown))
		}
		for _, s := range p.Statements {
			if s.Match == iam.No && !full {
				hidden++
				continue
			}
			printStatement(b, &s)
		}
		if hidden > 0 {
			fmt.Fprintf(b, "      %s without a match\n", plural(hidden, "statement", "statements"))
		}
	}
}

func printStatement(b *strings.Builder, s *iam.StatementTrace) {
	label := fmt.Sprintf("statement %d", s.Index+1)
	if s.Sid != "" {
		label += " " + s.Sid
	}
	mark := " "
	if s.Decides {
		mark = ">"
	}
	fmt.Fprintf(b, "    %s %s %v: matches %v (action %v, resource %v, principal %v)", mark, report.Clean(label), s.Effect, s.Match, s.Action, s.Resource, s.Principal)
	if s.Named != "" {
		fmt.Fprintf(b, ", named %s", s.Named)
	}
	b.WriteString("\n")
	if s.Invalid != "" {
		fmt.Fprintf(b, "        not clear: %s\n", report.Clean(s.Invalid))
	}
	for _, c := range s.Conditions {
		got := c.State
		if len(c.Got) > 0 {
			got = strings.Join(c.Got, ", ")
		}
		fmt.Fprintf(b, "        %s %s wants %s, is %s: %v\n", report.Clean(c.Operator), report.Clean(c.Key), report.Clean(strings.Join(c.Wanted, ", ")), report.Clean(got), c.Match)
	}
}
