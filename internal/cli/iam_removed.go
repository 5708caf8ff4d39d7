package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"merlon.dev/merlon/access"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
)

// todaysPolicies are those that a generated policy would replace.
type todaysPolicies struct {
	files    []string
	current  bool
	snapshot string
	// principal is whose policies --current means.
	principal string
}

func (t *todaysPolicies) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&t.files, "compare", nil, "list what is taken away compared with the policy in `FILE` (repeatable)")
	f.BoolVar(&t.current, "current", false, "list what is taken away compared with the principal's policies in --snapshot")
	f.StringVar(&t.snapshot, "snapshot", "", "snapshot `FILE` for --current")
}

func (t *todaysPolicies) check(principal string) error {
	t.principal = principal
	switch {
	case t.current && t.snapshot == "":
		return usage("--current needs --snapshot FILE")
	case t.current && principal == "":
		return usage("--current needs --principal ARN")
	case t.snapshot != "" && !t.current:
		return usage("--snapshot is for --current")
	}
	return nil
}

// removed lists what a proposal takes away.
func (t *todaysPolicies) removed(ctx context.Context, env Environment, ref *reference.Reference, g *iam.Grants) ([]iam.Removal, error) {
	if len(t.files) == 0 && !t.current {
		return nil, nil
	}
	var today []*iam.Policy
	for _, path := range t.files {
		policies, err := readDocuments(env, path)
		if err != nil {
			return nil, err
		}
		today = append(today, policies...)
	}
	if t.current {
		in := &input{env: env, snapshot: t.snapshot}
		err := in.asking(ctx, false, func(x *access.Index) error {
			p, err := principal(x, t.principal)
			if err == nil {
				today = append(today, p.Identity...)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for _, p := range today {
		if why := p.Unknown(); why != "" {
			return nil, fmt.Errorf("compare with policy %s: it could not be read: %s", p.Name, why)
		}
	}
	return iam.Removed(ref, today, g), nil
}

// removalNotes says what is taken away, service by service, and apart what is taken
// away though CloudTrail would not have shown its use.
func removalNotes(removed []iam.Removal) []note {
	taken, unseen := map[string][]string{}, map[string][]string{}
	var narrowed []note
	for _, r := range removed {
		service, name, _ := strings.Cut(r.Action, ":")
		switch {
		case !r.Entirely:
			narrowed = append(narrowed, note{"narrowed", fmt.Sprintf("%s no longer on %s", r.Action, few(r.From))})
		case r.Logging != reference.ManagementEvent:
			unseen[service] = append(unseen[service], name)
		default:
			taken[service] = append(taken[service], name)
		}
	}
	var notes []note
	for _, s := range slices.Sorted(maps.Keys(taken)) {
		notes = append(notes, note{"taken-away", s + ": " + few(taken[s])})
	}
	notes = append(notes, narrowed...)
	for _, s := range slices.Sorted(maps.Keys(unseen)) {
		notes = append(notes, note{"taken-away-unseen", s + ": " + few(unseen[s]) + "; a trail that does not record these events does not show whether they are used"})
	}
	return notes
}
