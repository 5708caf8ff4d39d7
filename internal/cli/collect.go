package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/inventory"
)

func newCollect(env Environment) *cobra.Command {
	in := &input{env: env}
	c := &cobra.Command{
		Use:   "collect",
		Short: "Read accounts into a snapshot file",
		Long: `Collect reads accounts into a snapshot, an SQLite file that scan, query and the
other commands take with --snapshot. It only ever reads. What could not be read
is in the snapshot as a gap.`,
		Example: `  merlon collect -o acme.db
  merlon collect -o acme.db --organization --role MerlonReadOnly --external-id 7f3c
  merlon collect -o acme.db --region eu-central-1 --service s3 --service iam
  merlon collect -o acme.db --last-accessed    what users and roles used, too
  merlon collect -o acme.db --resume           go on after an interruption
  merlon collect --dry-run                     the calls that would be made`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := in.prepare(c); err != nil {
				return err
			}
			schemas, err := inventory.LoadSchemas()
			if err != nil {
				return err
			}
			if in.dry {
				return in.dryRun(c.Context(), schemas)
			}
			if in.output == "" {
				return usage("collect needs the file to write: -o FILE")
			}
			path, err := in.collect(c.Context(), schemas)
			if err != nil {
				return err
			}
			s, err := inventory.Open(c.Context(), path, schemas)
			if err != nil {
				return err
			}
			defer s.Close()
			return in.collected(c.Context(), s)
		},
	}
	in.addFlags(c.Flags(), true)
	in.addLastAccessed(c.Flags())
	c.Flags().StringVarP(&in.output, "output", "o", "", "snapshot `FILE` to write")
	return c
}

func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf("1 %s", one)
	}
	return fmt.Sprintf("%s %s", thousands(int64(n)), many)
}
