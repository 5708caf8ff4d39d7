package live

import (
	"context"
	"slices"

	"merlon.dev/merlon/inventory"
)

// Service is one collector.
type Service struct {
	// Name is what --service takes: "s3".
	Name string
	// Global services are read once an account, in the partition's global region.
	Global bool
	// Title is the name a person knows.
	Title string
	// Types are the resource types it writes, for those that no operation names.
	Types []string
	// Operations are all the calls it may make.
	Operations []*Operation
	// Collect reads one account and region.
	Collect func(ctx context.Context, s *Scope) error
	// NotIn lists the partitions that do not have the service.
	NotIn []string
}

// AllTypes are the types the service writes, sorted.
func (s *Service) AllTypes() []string {
	types := slices.Clone(s.Types)
	for _, o := range s.Operations {
		types = append(types, o.Types...)
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// behind adds to types those that are asked for about each resource of them:
// without the balancers there are no listeners to ask for either.
func (s *Service) behind(types []string) []string {
	out := slices.Clone(types)
	for i := 0; i < len(out); i++ {
		for _, o := range s.Operations {
			if o.Per != out[i] {
				continue
			}
			for _, t := range o.Types {
				if !slices.Contains(out, t) {
					out = append(out, t)
				}
			}
		}
	}
	return out
}

// Meta is how a snapshot remembers the service.
func (s *Service) Meta() inventory.Service {
	return inventory.Service{Name: s.Name, Global: s.Global, Types: s.AllTypes()}
}
