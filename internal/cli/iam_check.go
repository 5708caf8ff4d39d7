package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
	"merlon.dev/merlon/internal/report"
)

// checked is what became of one rule.
type checked struct {
	Rule string `json:"rule"`
	*iam.Conclusion
}

func newIAMCheck(env Environment) *cobra.Command {
	var rules, documents []string
	var format string
	c := &cobra.Command{
		Use:   "check POLICY --deny RULE",
		Short: "Prove that a policy keeps to rules, or show a request that breaks one",
		Long: `Check says whether POLICY permits any request that a rule forbids, over all
requests at once; if so it shows one, which the evaluator has confirmed. What
cannot be decided is said.

POLICY is a file (- for standard input) with a policy document, or with a list of
documents that count together. A rule is text:

` + iam.RuleSyntax + `

or, with --deny-policy, a document whose Allow statements are what must never be
permitted (its Deny statements are exceptions).

Exit codes: 0 every rule holds; 1 failure; 2 usage; 3 a rule is violated; 4 none is,
and one is undecided.`,
		Example: `  merlon iam check bucket-policy.json --deny 'never public'
  merlon iam check bucket-policy.json --deny 'never outside the organization o-a1b2c3d4e5' --deny 'never without TLS'
  merlon iam check role.json --deny 'never kms:Decrypt without MFA'
  merlon iam check role.json --deny-policy guard.json --format json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkProofFormat(format); err != nil {
				return err
			}
			all, err := readRules(env, args[0], rules, documents)
			if err != nil {
				return err
			}
			policies, err := readDocuments(env, args[0])
			if err != nil {
				return err
			}
			ref, err := reference.Load()
			if err != nil {
				return err
			}
			var results []checked
			var outcomes []iam.Outcome
			for _, rule := range all {
				conclusion, err := iam.Check(ref, policies, rule)
				if err != nil {
					return explainProof(fmt.Errorf("check %s: %q: %w", args[0], rule.Text, err))
				}
				results = append(results, checked{rule.Text, conclusion})
				outcomes = append(outcomes, conclusion.Outcome)
			}
			if format == "json" {
				if err := encodeJSON(env.Stdout, results); err != nil {
					return err
				}
				return outcomeExit(outcomes...)
			}
			for _, r := range results {
				fmt.Fprintf(env.Stdout, "%-9s %s\n", r.Outcome, report.Clean(r.Rule))
				if r.Witness != nil {
					printWitness(env.Stdout, r.Witness)
				}
				printWhy(env.Stdout, r.Why)
			}
			return outcomeExit(outcomes...)
		},
	}
	c.Flags().StringArrayVar(&rules, "deny", nil, "`RULE` that must hold, such as 'never public'; may be given several times")
	c.Flags().StringArrayVar(&documents, "deny-policy", nil, "`FILE` with a policy document of what must never be permitted; may be given several times")
	c.Flags().StringVar(&format, "format", "text", "text or json")
	return c
}

// readRules reads the rules of the command line.
func readRules(env Environment, policy string, rules, documents []string) ([]*iam.Rule, error) {
	if len(rules)+len(documents) == 0 {
		return nil, usage("iam check needs a rule: --deny 'never public', or --deny-policy FILE")
	}
	var out []*iam.Rule
	for _, text := range rules {
		rule, err := iam.ParseRule(text)
		if err != nil {
			return nil, usage("%w\nRules read:\n%s", err, iam.RuleSyntax)
		}
		out = append(out, rule)
	}
	for _, name := range documents {
		if name == "-" && policy == "-" {
			return nil, usage("standard input can be the policy or a rule, not both")
		}
		policies, err := readDocuments(env, name)
		if err != nil {
			return nil, err
		}
		for _, p := range policies {
			out = append(out, iam.RuleFromPolicy(p.Name, p))
		}
	}
	return out, nil
}
