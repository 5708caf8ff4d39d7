package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"merlon.dev/merlon/access"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
)

// writeLastAccessed writes what is left of a principal's policies in a snapshot
// without what it did not use.
func writeLastAccessed(ctx context.Context, env Environment, ref *reference.Reference, out *policyOutput, snapshot, who string) error {
	in := &input{env: env, snapshot: snapshot}
	var today []*iam.Policy
	var list []iam.ServiceAccess
	var read time.Time
	var bounded bool
	err := in.asking(ctx, false, func(x *access.Index) error {
		p, err := principal(x, who)
		if err != nil {
			return err
		}
		today, bounded = p.Identity, p.Boundaries != nil
		var unknown string
		if list, read, unknown, err = x.LastAccessed(ctx, p); err != nil {
			return err
		}
		if unknown != "" {
			return hint(fmt.Errorf("what %s used is not known: %s", p.ARN, unknown), "read it with `merlon collect -o FILE --last-accessed`")
		}
		return nil
	})
	if err != nil {
		return err
	}
	n, err := iam.Narrow(ref, today, list)
	if err != nil {
		return err
	}
	docs, err := n.Documents(out.size)
	if err != nil {
		return err
	}
	changes, err := compareDocuments(ref, today, docs)
	if err != nil {
		return err
	}
	return out.print(env, docs, said{notes: append(documentNotes(docs), narrowedNotes(n, read, bounded)...), narrowed: n, changes: changes})
}

// narrowedNotes says what the policy rests on and what the data cannot tell.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html, read 2026-11-24
func narrowedNotes(n *iam.Narrowed, read time.Time, bounded bool) []note {
	notes := []note{{"rests-on", fmt.Sprintf("last-accessed data of %s: %s used within AWS's tracking period, the last 400 days (less where a Region began to track later)",
		read.UTC().Format(time.RFC3339), plural(len(n.Used), "service was", "services were"))},
		{"cannot-know", "what is called more rarely than that, the last hours before the data were read (up to four), and on which resources: those stay as today's policies have them"},
		{"cannot-know", "whether a call was allowed: attempts that AWS refused count as uses"}}
	add := func(kind, format string, list []string) {
		if len(list) > 0 {
			notes = append(notes, note{kind, fmt.Sprintf(format, few(list))})
		}
	}
	add("not-used", "services that are not granted any more: %s", n.Unused)
	byService := map[string][]string{}
	for _, a := range n.UnusedActions {
		service, name, _ := strings.Cut(a, ":")
		byService[service] = append(byService[service], name)
	}
	for _, s := range slices.Sorted(maps.Keys(byService)) {
		add("not-used", s+": actions that are not granted any more: %s", byService[s])
	}
	add("service-level", "AWS says only when these services were used, not which actions: all that today's policies allow of them stays: %s", n.ServiceLevel)
	add("not-tracked", "of these services AWS tracks some actions (management, not data such as reading an object); the others stay, used or not: %s", n.Untracked)
	add("no-data", "today's policies allow these services and the data do not mention them; they are not granted: %s", n.Unlisted)
	if n.Denials > 0 {
		notes = append(notes, note{"deny", fmt.Sprintf("%s as today: they also hold against resource policies", plural(n.Denials, "Deny statement stays", "Deny statements stay"))})
	}
	if bounded {
		notes = append(notes, note{"boundary", "the permissions boundary stays as it is; what it forbids was not taken from the policy"})
	}
	return notes
}
