package cli

import "github.com/spf13/cobra"

// newIAM holds the commands over the IAM engine.
func newIAM(env Environment) *cobra.Command {
	c := &cobra.Command{
		Use:   "iam",
		Short: "Ask who can do what, and why",
		Long: `The commands of iam evaluate policies as AWS does: identity and resource policies,
boundaries, session policies, SCPs and RCPs. What depends on something that is
not known is answered with unknown.`,
		Example: `  merlon iam evaluate --requests requests.jsonl`,
	}
	c.AddCommand(newIAMEvaluate(env))
	group(c)
	return c
}
