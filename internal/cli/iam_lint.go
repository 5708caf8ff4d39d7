package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
	"merlon.dev/merlon/internal/report"
	"merlon.dev/merlon/inventory"
)

func newIAMLint(env Environment) *cobra.Command {
	in := &input{env: env}
	var kind, format, failOn, least string
	var ignore []string
	c := &cobra.Command{
		Use:   "lint [FILE|DIR|-]…",
		Short: "Look for mistakes in policies",
		Long: `Lint looks for what AWS refuses, what never matches, what lets in more than it
seems to and what has no effect, in policy documents: files, folders of *.json and
standard input (-), or without arguments every policy of an inventory: inline and
managed policies, trust policies, policies on resources, SCPs, RCPs, permission
sets and endpoint policies. Policies that AWS manages are left out.

The kind of a file's policy is guessed from what it says; SCPs, RCPs, boundaries,
session and endpoint policies need --kind. docs/reference/lint-rules.md lists the
rules.

Exit codes: 0 nothing at or above --fail-on; 1 failure; 2 usage; 3 findings at or
above --fail-on; 4 none of those, but a policy could not be read.`,
		Example: `  merlon iam lint policy.json
  merlon iam lint --kind scp policies/
  terraform output -raw policy | merlon iam lint -
  merlon iam lint --snapshot acme.db --format sarif > lint.sarif`,
		RunE: func(c *cobra.Command, args []string) error {
			write, ok := lintWriters()[format]
			if !ok {
				return usage("--format %q: terminal, json, jsonl or sarif", format)
			}
			shown, err := merlon.ParseSeverity(least)
			if err != nil {
				return usage("--severity: %w", err)
			}
			fail := -1
			if failOn != "none" {
				s, err := merlon.ParseSeverity(failOn)
				if err != nil {
					return usage("--fail-on: %w, or none", err)
				}
				fail = s.Rank()
			}
			var as iam.PolicyKind
			if kind != "" {
				if as, err = iam.ParsePolicyKind(kind); err != nil {
					return usage("--kind: %w", err)
				}
			}
			for _, code := range ignore {
				if !slices.ContainsFunc(iam.LintRules(), func(r iam.LintRule) bool { return r.Code == code }) {
					return usage("--ignore: there is no rule %q", code)
				}
			}
			ref, err := reference.Load()
			if err != nil {
				return err
			}
			var policies []lintPolicy
			var notes []string
			if len(args) > 0 {
				policies, err = filePolicies(env.Stdin, args, as)
			} else if as != "" {
				return usage("--kind is for files: an inventory says what its policies are")
			} else {
				policies, notes, err = in.policies(c)
			}
			if err != nil {
				return err
			}
			for _, n := range notes {
				fmt.Fprintf(env.Stderr, "merlon: not looked at: %s\n", report.Clean(n))
			}
			linter := iam.NewLinter(ref, env.Now())
			result := lintResult{Policies: len(policies), Unread: len(notes)}
			failed := false
			for i := range policies {
				p := &policies[i]
				for _, f := range linter.Lint(&p.doc) {
					if slices.Contains(ignore, f.Code) {
						continue
					}
					failed = failed || f.Severity.Rank() <= fail
					if f.Severity.Rank() > shown.Rank() {
						result.Hidden++
						continue
					}
					result.add(p, f)
				}
			}
			if err := write(env.Stdout, &result); err != nil {
				return err
			}
			switch {
			case failed:
				return &exitError{code: exitFindings}
			case len(notes) > 0:
				return &exitError{code: exitIncomplete}
			}
			return nil
		},
	}
	in.addFlags(c.Flags(), false)
	f := c.Flags()
	f.StringVar(&kind, "kind", "", "the `KIND` of the files' policies: identity, boundary, session, resource, trust, endpoint, scp or rcp (default: guessed)")
	f.StringVar(&format, "format", "terminal", "terminal, json, jsonl or sarif")
	f.StringVar(&failOn, "fail-on", "high", "exit with 3 at a finding of this `SEVERITY` or above: critical, high, medium, low, info or none")
	f.StringVar(&least, "severity", "low", "list findings of this `SEVERITY` or above")
	f.StringSliceVar(&ignore, "ignore", nil, "leave out the rule `CODE` (repeatable)")
	return c
}

// policies opens the inventory and takes its policies out. A gap that hides
// policies is a note.
func (in *input) policies(c *cobra.Command) ([]lintPolicy, []string, error) {
	if err := in.prepare(c); err != nil {
		return nil, nil, err
	}
	var found []lintPolicy
	var notes []string
	err := in.opened(c.Context(), func(s *inventory.Snapshot) (err error) {
		if found, notes, err = snapshotPolicies(c.Context(), s); err != nil {
			return err
		}
		hidden, err := hiddenPolicies(c.Context(), s)
		notes = append(notes, hidden...)
		return err
	})
	return found, notes, err
}

// hiddenPolicies are the list calls whose failure hides policies.
func hiddenPolicies(ctx context.Context, s *inventory.Snapshot) ([]string, error) {
	types := map[string]bool{}
	for _, p := range placements() {
		types[p.typ] = true
	}
	var out []string
	err := s.Gaps(ctx, func(g *merlon.Gap) error {
		if g.Accepted == "" && slices.ContainsFunc(g.Types, func(t string) bool { return types[t] }) {
			out = append(out, g.Text())
		}
		return nil
	})
	return out, err
}
