package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/internal/report"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/inventory/live"
)

// collected says what a collection found, in a few lines on stderr.
func (in *input) collected(ctx context.Context, s *inventory.Snapshot) error {
	if in.quiet {
		return nil
	}
	types, err := s.Types(ctx)
	if err != nil {
		return err
	}
	resources := 0
	for _, t := range types {
		resources += t.Count
	}
	gaps := 0
	byCause := map[merlon.Cause]int{}
	if err := s.Gaps(ctx, func(g *merlon.Gap) error { gaps++; byCause[g.Cause]++; return nil }); err != nil {
		return err
	}
	w := in.env.Stderr
	m := s.Meta()
	fmt.Fprintf(w, "%s of %s in %s, read in %s → %s\n", plural(resources, "resource", "resources"), plural(len(types), "type", "types"),
		plural(len(m.Accounts), "account", "accounts"), m.Finished.Sub(m.Started).Round(100*1e6), report.Clean(s.Path()))
	if gaps > 0 {
		var causes []string
		for c, n := range byCause {
			causes = append(causes, fmt.Sprintf("%s %s", thousands(int64(n)), c))
		}
		slices.Sort(causes)
		fmt.Fprintf(w, "%s could not be read: %s (see: merlon query --snapshot FILE 'SELECT * FROM gaps')\n", plural(gaps, "thing", "things"), strings.Join(causes, ", "))
	}
	return in.callTable(ctx, s)
}

// callTable prints the calls, retries and throttles a service.
func (in *input) callTable(ctx context.Context, s *inventory.Snapshot) error {
	calls, err := s.Calls(ctx)
	if err != nil || len(calls) == 0 {
		return err
	}
	sums := map[string]*report.Calls{}
	var names []string
	total := report.Calls{}
	for _, c := range calls {
		service, _, _ := strings.Cut(c.Call, ":")
		t := sums[service]
		if t == nil {
			t = &report.Calls{}
			sums[service] = t
			names = append(names, service)
		}
		for _, x := range []*report.Calls{t, &total} {
			x.Calls += c.Calls
			x.Retries += max(0, c.Attempts-c.Calls)
			x.Throttles += c.Throttles
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := sums[b].Calls - sums[a].Calls; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	w := in.env.Stderr
	fmt.Fprintf(w, "%-20s %9s %9s %9s\n", "calls by service", "calls", "retries", "throttles")
	for _, n := range names {
		fmt.Fprintf(w, "%-20s %9s %9s %9s\n", n, thousands(int64(sums[n].Calls)), thousands(int64(sums[n].Retries)), thousands(int64(sums[n].Throttles)))
	}
	fmt.Fprintf(w, "%-20s %9s %9s %9s\n", "all", thousands(int64(total.Calls)), thousands(int64(total.Retries)), thousands(int64(total.Throttles)))
	return nil
}

// dryRun prints the number and kinds of calls that a scan of this scope makes.
// The calls that are made once a region are known; of the calls that are made
// once a resource the number is known where a snapshot of the same scope is kept.
func (in *input) dryRun(ctx context.Context, schemas *inventory.SchemaSet) error {
	services, err := in.services()
	if err != nil {
		return err
	}
	session, err := live.Connect(ctx, in.live)
	if err != nil {
		return err
	}
	targets, err := session.Targets(ctx)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	known := in.lastCounts(ctx, schemas, in.scope(session.Account), counts)
	w := in.env.Stdout
	regions := 0
	for _, t := range targets {
		regions += len(t.Regions)
	}
	fmt.Fprintf(w, "%s, %s\n\n", plural(len(targets), "account", "accounts"), plural(regions, "region in all", "regions in all"))
	fmt.Fprintf(w, "%-48s %9s\n", "once an account (global services) or region", "calls")
	lists, more := 0, 0
	for _, s := range services {
		places := regions
		if s.Global {
			places = len(targets)
		}
		n := 0
		var names []string
		for _, o := range s.Operations {
			switch {
			case o.Per != "" && !o.Shared:
			case o.Optional:
				more += places
				names = append(names, o.Name+"?")
			default:
				n += max(1, o.Times)*places + o.PerAccount*len(targets)
				names = append(names, o.Name)
			}
		}
		if len(names) == 0 {
			continue
		}
		lists += n
		fmt.Fprintf(w, "%-48s %9s  %s\n", s.Name, thousands(int64(n)), strings.Join(names, " "))
	}
	fmt.Fprintf(w, "%-48s %9s\n", "together, if each answer fits one page", thousands(int64(lists)))
	fmt.Fprintf(w, "%-48s %9s\n\n", "those marked ?, at most", thousands(int64(more)))
	fmt.Fprintf(w, "%-48s %9s\n", "once a resource", "calls")
	total, perAccount := 0, 0
	for _, s := range services {
		per := map[string][]string{}
		var order []string
		for _, o := range s.Operations {
			if o.Per != "" && !o.Shared {
				if per[o.Per] == nil {
					order = append(order, o.Per)
				}
				name := o.Name
				if o.Optional {
					name += "?"
				}
				per[o.Per] = append(per[o.Per], name)
			}
		}
		for _, typ := range order {
			count := "each"
			if known {
				n := counts[typ] * len(per[typ])
				total += n
				count = thousands(int64(n))
			}
			perAccount++
			fmt.Fprintf(w, "%-48s %9s  %d × %s\n", typ, count, len(per[typ]), strings.Join(per[typ], " "))
		}
	}
	if known {
		fmt.Fprintf(w, "%-48s %9s  by the resources of the last scan of this scope\n\n%-48s %9s\n", "together", thousands(int64(total)), "all", thousands(int64(total+lists)))
	} else {
		fmt.Fprintln(w, "\nHow many resources there are is not known before the first scan of this scope.")
	}
	fmt.Fprintln(w, "A call marked ? is made only where the answer before it says that there is something to ask for.")
	return nil
}

// lastCounts fills in the resources of the last finished scan of a scope.
func (in *input) lastCounts(ctx context.Context, schemas *inventory.SchemaSet, scope string, counts map[string]int) bool {
	for _, path := range in.kept(scope) {
		s, err := inventory.Open(ctx, path, schemas)
		if err != nil {
			continue
		}
		types, err := s.Types(ctx)
		finished := !s.Unfinished()
		s.Close()
		if err != nil || !finished {
			continue
		}
		for _, t := range types {
			counts[t.Type] = t.Count
		}
		return true
	}
	return false
}
