package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/access"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/internal/report"
)

func newIAMPublic(env Environment) *cobra.Command {
	in := &input{env: env}
	var strict, asJSON bool
	c := &cobra.Command{
		Use:   "public",
		Short: "List everything that the anonymous or foreign principals can reach",
		Long: `Public goes through every resource policy, ACL, KMS grant and role trust and asks,
by evaluating requests, what somebody can do who is not of the organization: the
anonymous, whoever has an AWS account, whoever gets a token from a shared OpenID
Connect issuer (GitHub, GitLab, Terraform Cloud, Cognito …), named foreign accounts
and organizations, and AWS services on behalf of any of their customers (confused
deputies: a service that is let in without aws:SourceArn or aws:SourceAccount).

The requests choose the context keys that a caller may choose (TLS, headers, tags of
its own principals, prefixes, an address in a range wider than /8) and not those that
bind (organization, VPC endpoint, narrow addresses). Block Public Access, RCPs and
Deny statements count. Each answer has a request as its witness.

Certain is what is allowed now; perhaps depends on something named.

Exit codes: 0 answered; 1 failure; 2 usage.`,
		Example: `  merlon iam public --snapshot acme.db
  merlon iam public --json --snapshot acme.db | jq 'select(.public)'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := in.prepare(c); err != nil {
				return err
			}
			return in.asking(c.Context(), strict, func(x *access.Index) error {
				list, err := x.Public(c.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return encodeLines(env.Stdout, list)
				}
				return printPublic(env.Stdout, list)
			})
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().BoolVar(&strict, "strict", false, "take RCPs that could not be read for unknown")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

// printPublic writes the exposures in groups: public for certain, public
// perhaps, foreign accounts and organizations, confused deputies.
func printPublic(w io.Writer, list []access.Exposure) error {
	var b strings.Builder
	groups := []struct {
		title string
		fits  func(*access.Exposure) bool
		short bool
	}{
		{"Public", func(e *access.Exposure) bool { return e.Public && e.Certainty == iam.Allowed }, false},
		{"Perhaps public", func(e *access.Exposure) bool { return e.Public && e.Certainty != iam.Allowed }, false},
		{"Open to foreign accounts and organizations", func(e *access.Exposure) bool { return !e.Public && e.Audience != access.ConfusedDeputy }, false},
		{"Confused deputies: services that act for any of their customers", func(e *access.Exposure) bool {
			return e.Audience == access.ConfusedDeputy && e.Type != "AWS::IAM::Role"
		}, false},
		{"Roles that a service assumes without aws:SourceArn or aws:SourceAccount (a role is only passed within its account)", func(e *access.Exposure) bool {
			return e.Audience == access.ConfusedDeputy && e.Type == "AWS::IAM::Role"
		}, true},
	}
	certain, perhaps := map[string]bool{}, map[string]bool{}
	for i := range list {
		switch {
		case groups[0].fits(&list[i]):
			certain[list[i].Resource] = true
		case groups[1].fits(&list[i]):
			perhaps[list[i].Resource] = true
		}
	}
	for r := range certain {
		delete(perhaps, r)
	}
	fmt.Fprintf(&b, "%s public, %d perhaps\n", plural(len(certain), "resource is", "resources are"), len(perhaps))
	for _, g := range groups {
		title := "\n" + g.title + ":\n"
		for i := range list {
			if !g.fits(&list[i]) {
				continue
			}
			b.WriteString(title)
			title = ""
			if g.short {
				fmt.Fprintf(&b, "  %s  %s\n", report.Clean(list[i].Resource), report.Clean(list[i].Who))
				continue
			}
			printExposure(&b, &list[i])
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func printExposure(b *strings.Builder, e *access.Exposure) {
	fmt.Fprintf(b, "  %s\n      who: %s\n", report.Clean(e.Resource), report.Clean(e.Who))
	for _, g := range e.Actions {
		fmt.Fprintf(b, "      %s: %s\n", strings.ToLower(g.Level), report.Clean(g.Summary))
	}
	for _, by := range e.By {
		fmt.Fprintf(b, "      by: %s\n", report.Clean(by))
	}
	if e.Why != "" {
		fmt.Fprintf(b, "      depends: %s\n", report.Clean(e.Why))
	}
	if w := e.Witness; w != nil {
		fmt.Fprintf(b, "      request: %s %s %s%s\n", report.Clean(w.Principal), report.Clean(w.Action), report.Clean(w.Resource), keysOf(w.Context))
	}
	for _, n := range e.Notes {
		fmt.Fprintf(b, "      note: %s\n", report.Clean(n))
	}
}

// keysOf writes context keys as --context takes them.
func keysOf(keys map[string][]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		for _, v := range keys[k] {
			fmt.Fprintf(&b, " --context %s=%s", report.Clean(k), report.Clean(v))
		}
	}
	return b.String()
}
