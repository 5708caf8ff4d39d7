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
	f.StringVar(&t.snapshot, "snapshot", "", "snapshot `FILE` for --current and --last-accessed")
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

// difference is how a proposal differs from today's policies.
type difference struct {
	Removed []iam.Removal `json:"removed"`
	// Lost says whether today's policies permit a request that the proposal does
	// not, Gained the reverse; each with such a request.
	Lost   *iam.Conclusion `json:"lost"`
	Gained *iam.Conclusion `json:"gained"`
}

// against compares a proposal with today's policies; nil where none were named.
func (t *todaysPolicies) against(ctx context.Context, env Environment, ref *reference.Reference, g *iam.Grants) (*difference, error) {
	if len(t.files) == 0 && !t.current {
		return nil, nil
	}
	today, err := t.read(ctx, env)
	if err != nil {
		return nil, err
	}
	docs, err := g.Documents(iam.ManagedPolicySize)
	if err != nil {
		return nil, err
	}
	d, err := compareDocuments(ref, today, docs)
	if err != nil {
		return nil, err
	}
	d.Removed = iam.Removed(ref, today, g)
	return d, nil
}

// compareDocuments compares new policies with today's by what they permit.
func compareDocuments(ref *reference.Reference, today []*iam.Policy, docs []iam.Document) (*difference, error) {
	var proposed []*iam.Policy
	for _, d := range docs {
		text, err := d.Indent()
		if err != nil {
			return nil, err
		}
		p, err := iam.ParsePolicy(text)
		if err != nil {
			return nil, fmt.Errorf("compare with the new policy: %w", err)
		}
		p.Name = "the new policy"
		proposed = append(proposed, p)
	}
	d := &difference{Removed: []iam.Removal{}}
	var err error
	if d.Lost, err = iam.Compare(ref, proposed, today); err != nil {
		return nil, err
	}
	if d.Gained, err = iam.Compare(ref, today, proposed); err != nil {
		return nil, err
	}
	return d, nil
}

// read gives today's policies.
func (t *todaysPolicies) read(ctx context.Context, env Environment) ([]*iam.Policy, error) {
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
	return today, nil
}

// differenceNotes puts a difference into words: a request that the new policy no
// longer permits, one that it newly does, then the actions.
func differenceNotes(d *difference) []note {
	if d == nil {
		return nil
	}
	var notes []note
	for _, one := range []struct {
		kind, holds, violated string
		c                     *iam.Conclusion
	}{
		{"lost", "the new policy permits all that today's does", "a request that is no longer permitted", d.Lost},
		{"gained", "the new policy permits nothing that today's does not", "a request that is newly permitted", d.Gained},
	} {
		switch one.c.Outcome {
		case iam.Holds:
			notes = append(notes, note{one.kind, one.holds})
		case iam.Violated:
			w := one.c.Witness
			text := fmt.Sprintf("%s: %s on %s", one.violated, w.Action, w.Resource)
			for _, k := range slices.Sorted(maps.Keys(w.Context)) {
				text += fmt.Sprintf(", %s = %s", k, few(w.Context[k]))
			}
			notes = append(notes, note{one.kind, text})
		default:
			notes = append(notes, note{one.kind, "undecided: " + few(one.c.Why)})
		}
	}
	return append(notes, removalNotes(d.Removed)...)
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
