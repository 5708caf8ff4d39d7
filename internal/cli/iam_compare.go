package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
)

func newIAMCompare(env Environment) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "compare OLD NEW",
		Short: "Prove that a policy permits no more than another, or show a request",
		Long: `Compare says whether NEW permits any request that OLD does not. It reasons about all
requests at once: actions, resources and values of context keys are sets. If NEW
permits more it shows one such request, which the evaluator has confirmed.

OLD and NEW are files (- for standard input) with a policy document, or with a list
of documents that count together. Both are policies of identities, or both are
policies of resources (with principals). What cannot be decided is said.

Exit codes: 0 no more permissive; 1 failure; 2 usage; 3 NEW permits more;
4 undecided.`,
		Example: `  merlon iam compare old.json new.json
  git show HEAD:policy.json | merlon iam compare - policy.json`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := checkProofFormat(format); err != nil {
				return err
			}
			if args[0] == "-" && args[1] == "-" {
				return usage("standard input can be OLD or NEW, not both")
			}
			old, err := readDocuments(env, args[0])
			if err != nil {
				return err
			}
			next, err := readDocuments(env, args[1])
			if err != nil {
				return err
			}
			ref, err := reference.Load()
			if err != nil {
				return err
			}
			conclusion, err := iam.Compare(ref, old, next)
			if err != nil {
				return explainProof(fmt.Errorf("compare %s with %s: %w", args[0], args[1], err))
			}
			if err := printComparison(env, conclusion, format); err != nil {
				return err
			}
			return outcomeExit(conclusion.Outcome)
		},
	}
	c.Flags().StringVar(&format, "format", "text", "text or json")
	return c
}

func printComparison(env Environment, c *iam.Conclusion, format string) error {
	if format == "json" {
		return encodeJSON(env.Stdout, c)
	}
	switch c.Outcome {
	case iam.Holds:
		fmt.Fprintln(env.Stdout, "NEW is no more permissive than OLD.")
	case iam.Violated:
		fmt.Fprintln(env.Stdout, "NEW permits what OLD does not:")
		printWitness(env.Stdout, c.Witness)
	default:
		fmt.Fprintln(env.Stdout, "Undecided whether NEW permits more than OLD:")
		printWhy(env.Stdout, c.Why)
	}
	return nil
}
