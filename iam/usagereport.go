package iam

import (
	"maps"
	"slices"
	"time"

	"merlon.dev/merlon/iam/reference"
)

// UsageReport is the policy that calls need and what it rests on.
type UsageReport struct {
	Grants Grants `json:"-"`

	Calls  int       `json:"calls"`
	Failed int       `json:"failed"` // with an error other than a refusal: granted
	First  time.Time `json:"first,omitzero"`
	Last   time.Time `json:"last,omitzero"`
	// Actions are what was granted, with the number of calls.
	Actions []Tally `json:"actions"`
	// Denied are calls that AWS refused. They are granted only where asked for.
	Denied []Tally `json:"denied"`
	// Unknown are calls of which it is not known which action they need.
	Unknown []Tally `json:"unknown"`
	// Free are calls that need no permission.
	Free []Tally `json:"free"`
	// Widened are granted actions whose resource the calls did not tell, wholly or
	// in part; General those with so many resources that they are granted by what
	// the ARNs begin with.
	Widened []Widening `json:"widened"`
	General []Widening `json:"general"`
	// PassRole are calls that pass a role which is not known. It is not granted.
	PassRole []string `json:"passRole"`
	// MayNeed are actions that were not granted and that calls may need, which their
	// parameters and resources decide.
	MayNeed []Dependence `json:"mayNeed"`
	Assumed []string     `json:"assumed"`
	// Via are the services that made calls for the principal.
	Via []string `json:"via"`
	// Unlogged are actions that the record would not show.
	Unlogged []reference.Unlogged `json:"unlogged"`
	// Full says that there were more different calls or resources than are kept:
	// the policy is not complete.
	Full bool `json:"full"`
}

// Widening is an action with resources that are wider than what was seen.
type Widening struct {
	Action    string   `json:"action"`
	Resources []string `json:"resources"`
}

// Report says what the calls so far need.
func (u *Usage) Report() *UsageReport {
	r := &UsageReport{Calls: u.count, Failed: u.failed, First: u.first, Last: u.last, Full: u.full, Denied: u.denied.list(), Unknown: u.unknown.list(), Free: u.free.list(),
		Via: slices.Sorted(maps.Keys(u.via)), Assumed: slices.Sorted(maps.Keys(u.assumed)), PassRole: slices.Sorted(maps.Keys(u.passed))}
	for _, name := range sortedKeys(u.actions) {
		used := u.actions[name]
		r.Actions = append(r.Actions, used.tally)
		var general []string
		for _, kind := range sortedKeys(used.kinds) {
			k := used.kinds[kind]
			if k.each == nil {
				r.Grants.Add(name, k.prefix+"*")
				general = append(general, k.prefix+"*")
				continue
			}
			r.Grants.Add(name, slices.Sorted(maps.Keys(k.each))...)
		}
		if general != nil {
			r.General = append(r.General, Widening{name, general})
		}
		if used.widened > 0 {
			r.Widened = append(r.Widened, Widening{name, r.Grants.Resources(name)})
		}
	}
	for _, name := range sortedKeys(u.mayNeed) {
		if _, granted := r.Grants.on[name]; !granted {
			r.MayNeed = append(r.MayNeed, Dependence{name, slices.Sorted(maps.Keys(u.mayNeed[name]))})
		}
	}
	for _, un := range u.ref.Unlogged() {
		if un.ResourceType == "" || !u.logged[un.ResourceType] {
			r.Unlogged = append(r.Unlogged, un)
		}
	}
	return r
}
