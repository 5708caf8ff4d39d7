package cli

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
	"merlon.dev/merlon/internal/record"
)

// trailSource is the record of calls that a policy is made from.
type trailSource struct {
	paths     []string
	principal string
	usageFlags
}

// usageFlags say how calls become grants.
type usageFlags struct {
	denied    bool
	resources int
}

func (s *trailSource) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&s.paths, "cloudtrail", nil, "read CloudTrail's `FILE|DIR` (repeatable)")
	f.StringVar(&s.principal, "principal", "", "the `ARN` whose calls count; those of a role are its sessions'")
	s.usageFlags.addFlags(f)
}

func (u *usageFlags) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&u.denied, "include-denied", false, "grant calls that were denied as well")
	f.IntVar(&u.resources, "resources", 20, "name up to `N` resources of a kind one by one, more by what they have in common")
}

func (u *usageFlags) options() iam.UsageOptions {
	return iam.UsageOptions{Resources: u.resources, IncludeDenied: u.denied}
}

// maxPrincipals bounds how many principals are told apart.
const maxPrincipals = 100000

// read goes through the files once. Without --principal the calls must be those of
// one principal: a policy for several would give each what the others need.
func (s *trailSource) read(ctx context.Context, ref *reference.Reference) (*iam.Usage, *record.TrailSum, error) {
	if s.principal != "" {
		if _, err := iam.ParsePrincipal(s.principal); err != nil {
			return nil, nil, usage("--principal: %w", err)
		}
	}
	u := iam.NewUsage(ref, s.options())
	who := map[string]int{}
	first := s.principal
	sum, err := record.ReadTrails(ctx, s.paths, func(c *iam.Call) error {
		u.Observe(c)
		if len(who) < maxPrincipals || who[c.Principal] > 0 {
			who[c.Principal]++
		}
		if first == "" && strings.HasPrefix(c.Principal, "arn:") {
			first = c.Principal
		}
		if c.IsBy(first) {
			u.Add(c)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	identities := 0
	for p := range who {
		if strings.HasPrefix(p, "arn:") {
			identities++
		}
	}
	switch {
	case s.principal == "" && identities > 1:
		return nil, nil, usage("%w", hint(fmt.Errorf("the record holds calls of %d principals", identities), "say whose policy it is with --principal:\n%s", busiest(who)))
	case u.Calls() == 0 && identities == 0:
		return nil, nil, fmt.Errorf("the record holds no call by a user or role (%d events in %d files)", sum.Events, sum.Files)
	case u.Calls() == 0:
		return nil, nil, hint(fmt.Errorf("the record holds no call by %s", s.principal), "it holds calls by:\n%s", busiest(who))
	}
	return u, sum, nil
}

// busiest lists the principals with the most calls.
func busiest(who map[string]int) string {
	names := slices.DeleteFunc(slices.Collect(maps.Keys(who)), func(n string) bool { return !strings.HasPrefix(n, "arn:") })
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(who[b], who[a]), cmp.Compare(a, b))
	})
	var lines []string
	for i, n := range names {
		if i == 20 {
			lines = append(lines, fmt.Sprintf("      and %d more", len(names)-i))
			break
		}
		lines = append(lines, fmt.Sprintf("      %s (%d calls)", n, who[n]))
	}
	return strings.Join(lines, "\n")
}

// writeUsage writes the policy that calls need. sum is nil when they do not come
// from CloudTrail.
func writeUsage(ctx context.Context, env Environment, ref *reference.Reference, out *policyOutput, today *todaysPolicies, r *iam.UsageReport, sum *record.TrailSum) error {
	changes, err := today.against(ctx, env, ref, &r.Grants)
	if err != nil {
		return err
	}
	about := said{notes: usageNotes(r), usage: r, trail: sum, changes: changes}
	if sum != nil {
		about.notes = append(about.notes, trailNotes(r, sum, changes)...)
	} else {
		r.Unlogged = nil
	}
	if err := out.write(env, ref, &r.Grants, about); err != nil {
		return err
	}
	switch {
	case r.Full:
		return &exitError{exitIncomplete, fmt.Errorf("there are more different calls or resources than are kept: the policy is not complete")}
	case sum != nil && len(sum.Unread) > 0:
		return &exitError{exitIncomplete, fmt.Errorf("%d of %d files could not be read completely: the policy may lack what stands in them", len(sum.Unread), sum.Files)}
	}
	return nil
}

// usageNotes says what a policy from calls rests on.
func usageNotes(r *iam.UsageReport) []note {
	rests := fmt.Sprintf("%d calls that need %d actions", r.Calls, len(r.Actions))
	if !r.First.IsZero() {
		rests += fmt.Sprintf(", from %s to %s", r.First.UTC().Format(time.RFC3339), r.Last.UTC().Format(time.RFC3339))
	}
	if r.Failed > 0 {
		rests += fmt.Sprintf("; %d of them failed for other reasons than permission", r.Failed)
	}
	notes := []note{{"rests-on", rests}}
	for _, t := range r.Unknown {
		notes = append(notes, note{"unmapped", fmt.Sprintf("%s (%d calls): which action it needs is not known; it is not granted", t.Call, t.Count)})
	}
	for _, t := range r.Denied {
		text := fmt.Sprintf("%s was refused %d times (%s)", t.Call, t.Count, strings.Join(t.Codes, ", "))
		if len(t.Actions) > 0 {
			text += "; it needs " + strings.Join(t.Actions, ", ")
		}
		if len(t.Resources) > 0 {
			text += " on " + few(t.Resources)
		}
		notes = append(notes, note{"denied", text})
	}
	for _, c := range r.PassRole {
		notes = append(notes, note{"pass-role", c + " passes a role that the record does not name; iam:PassRole is not granted, grant it on that role alone"})
	}
	for _, w := range r.Widened {
		notes = append(notes, note{"widened", fmt.Sprintf("%s: the resource of some call is not known; granted on %s", w.Action, few(w.Resources))})
	}
	for _, w := range r.General {
		notes = append(notes, note{"generalized", fmt.Sprintf("%s: too many resources to name (--resources); granted on %s", w.Action, few(w.Resources))})
	}
	for _, a := range r.Assumed {
		notes = append(notes, note{"assumed", a})
	}
	for _, d := range r.MayNeed {
		notes = append(notes, note{"may-need", fmt.Sprintf("%s was not seen and may be needed by %s", d.Action, few(d.Others))})
	}
	if len(r.Via) > 0 {
		notes = append(notes, note{"via", "calls that services made for the principal are granted as well: " + few(r.Via)})
	}
	return notes
}

// few lists names, not too many.
func few(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// trailNotes says what CloudTrail does not show: in full for the services that are
// used or that today's policy allows, since it is there that something may lack.
func trailNotes(r *iam.UsageReport, sum *record.TrailSum, changes *difference) []note {
	var notes []note
	var removed []iam.Removal
	if changes != nil {
		removed = changes.Removed
	}
	for _, u := range sum.Unread {
		notes = append(notes, note{"unread", fmt.Sprintf("%s: %s", u.Path, u.Reason)})
	}
	near := map[string]bool{}
	for _, a := range r.Grants.Actions() {
		service, _, _ := strings.Cut(a, ":")
		near[service] = true
	}
	for _, a := range removed {
		service, _, _ := strings.Cut(a.Action, ":")
		near[service] = true
	}
	byType, other := map[string][]string{}, 0
	for _, u := range r.Unlogged {
		service, _, _ := strings.Cut(u.Action, ":")
		if !near[service] {
			other++
			continue
		}
		byType[u.ResourceType] = append(byType[u.ResourceType], u.Action)
	}
	for _, t := range slices.Sorted(maps.Keys(byType)) {
		if t == "" {
			notes = append(notes, note{"not-logged", "CloudTrail never records " + strings.Join(byType[t], ", ")})
			continue
		}
		notes = append(notes, note{"not-logged", fmt.Sprintf("no data event of %s is in the record, so that these would not be seen: %s", t, strings.Join(byType[t], ", "))})
	}
	notes = append(notes, note{"not-logged", fmt.Sprintf("iam:PassRole is never an event of its own; %d actions and patterns of services that were not used are not logged either (--format json lists them)", other)})
	return notes
}
