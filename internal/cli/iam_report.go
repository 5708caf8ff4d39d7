package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"merlon.dev/merlon/access"
	"merlon.dev/merlon/internal/report"
)

// credentialReport is what `merlon iam report` says.
type credentialReport struct {
	Day         string              `json:"day"`
	UnusedDays  int                 `json:"unusedDays"`
	Credentials []access.Credential `json:"credentials"`
	SamePerson  []access.Same       `json:"samePerson"`
	RoleUses    []access.RoleUse    `json:"roleUses"`
}

func newIAMReport(env Environment) *cobra.Command {
	in := &input{env: env}
	var unused int
	var asJSON bool
	var day string
	c := &cobra.Command{
		Use:   "report",
		Short: "Report credentials: their ages, what is unused, and what to do",
		Long: `Report goes through the credential report of every account (passwords, access keys,
MFA, root users), roles, groups, policies and, where they were collected with
--last-accessed, the services that users and roles did not use. It says how old each is,
whether it is unused, and what to do. It lists identities that seem to be of one person
(one name, mail or tag among IAM users and Identity Center), and which resource acts
with which role. What was not read is unknown, and said so.

Exit codes: 0 answered; 1 failure; 2 usage.`,
		Example: `  merlon iam report --unused 90 --snapshot acme.db
  merlon iam report --json --snapshot acme.db | jq '.credentials[] | select(.do)'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if unused < 1 {
				return usage("--unused %d: a number of days", unused)
			}
			now := env.Now()
			if day != "" {
				var err error
				if now, err = time.Parse(time.DateOnly, day); err != nil {
					return usage("--now %q: a day such as 2026-11-20", day)
				}
			}
			if err := in.prepare(c); err != nil {
				return err
			}
			return in.asking(c.Context(), false, func(x *access.Index) error {
				r := credentialReport{Day: now.UTC().Format(time.DateOnly), UnusedDays: unused, SamePerson: x.SamePerson()}
				var err error
				if r.Credentials, err = x.Credentials(c.Context(), now, time.Duration(unused)*24*time.Hour); err != nil {
					return err
				}
				if r.RoleUses, err = x.RoleUses(c.Context()); err != nil {
					return err
				}
				if asJSON {
					return json.NewEncoder(env.Stdout).Encode(&r)
				}
				return printCredentials(env.Stdout, &r)
			})
		},
	}
	in.addFlags(c.Flags(), false)
	c.Flags().IntVar(&unused, "unused", 90, "count what was not used for so many `DAYS`")
	c.Flags().StringVar(&day, "now", "", "count ages from this `DAY` instead of today, such as 2026-11-20")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}

func printCredentials(w io.Writer, r *credentialReport) error {
	var b strings.Builder
	todo, unknown := 0, 0
	for _, c := range r.Credentials {
		if c.Do != "" {
			todo++
		}
		if c.Unknown != "" {
			unknown++
		}
	}
	fmt.Fprintf(&b, "%s on %s: %d to do, %d not known\n", plural(len(r.Credentials), "credential", "credentials"), r.Day, todo, unknown)
	section := func(title string, fits func(*access.Credential) bool) {
		for i := range r.Credentials {
			c := &r.Credentials[i]
			if !fits(c) {
				continue
			}
			if title != "" {
				fmt.Fprintf(&b, "\n%s:\n", title)
				title = ""
			}
			fmt.Fprintf(&b, "  %s  %s", report.Clean(c.Owner), c.Kind)
			if c.AgeDays > 0 {
				fmt.Fprintf(&b, ", %s old", plural(c.AgeDays, "day", "days"))
			}
			switch {
			case c.UnusedDays >= 0 && !c.LastUsed.IsZero():
				fmt.Fprintf(&b, ", used %s ago", plural(c.UnusedDays, "day", "days"))
			case c.UnusedDays >= 0 && c.Kind != "group" && c.Kind != "policy":
				b.WriteString(", never used")
			}
			b.WriteString("\n")
			if c.Unknown != "" {
				fmt.Fprintf(&b, "      unknown: %s\n", report.Clean(c.Unknown))
			}
			if c.Do != "" {
				fmt.Fprintf(&b, "      do: %s\n", report.Clean(c.Do))
			}
		}
	}
	section("To do", func(c *access.Credential) bool { return c.Do != "" })
	section("Not known", func(c *access.Credential) bool { return c.Do == "" && c.Unknown != "" })
	section("In order", func(c *access.Credential) bool { return c.Do == "" && c.Unknown == "" })
	for i, s := range r.SamePerson {
		if i == 0 {
			b.WriteString("\nMore than one identity for one person:\n")
		}
		fmt.Fprintf(&b, "  %s %s\n", s.By, report.Clean(s.Value))
		for _, who := range s.Identities {
			fmt.Fprintf(&b, "      %s\n", report.Clean(who))
		}
	}
	role := ""
	for i, u := range r.RoleUses {
		if i == 0 {
			b.WriteString("\nRoles that resources act with:\n")
		}
		if u.Role != role {
			role = u.Role
			fmt.Fprintf(&b, "  %s\n", report.Clean(role))
		}
		fmt.Fprintf(&b, "      %s as %s\n", report.Clean(u.Resource), u.As)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
