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
		Example: `  merlon iam can alice s3:GetObject arn:aws:s3:::acme-data/report.csv --snapshot acme.db
  merlon iam who-can s3:GetObject arn:aws:s3:::acme-data/report.csv --snapshot acme.db
  merlon iam escalate --snapshot acme.db
  merlon iam evaluate --requests requests.jsonl
  merlon iam compare old.json new.json
  merlon iam check bucket-policy.json --deny 'never public'`,
	}
	c.AddCommand(
		newIAMAdmins(env),
		newIAMCan(env),
		newIAMCheck(env),
		newIAMCompare(env),
		newIAMCrossAccount(env),
		newIAMEscalate(env),
		newIAMEvaluate(env),
		newIAMGenerate(env),
		newIAMLint(env),
		newIAMPermissions(env),
		newIAMPublic(env),
		newIAMRecord(env),
		newIAMReport(env),
		newIAMWhatCan(env),
		newIAMWhoCan(env),
	)
	group(c)
	return c
}
