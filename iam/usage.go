package iam

import (
	"slices"
	"strings"
	"time"

	"merlon.dev/merlon/iam/reference"
)

// UsageOptions say how calls become grants.
type UsageOptions struct {
	// Resources is how many resources of one kind an action is granted one by one;
	// more are granted by what their ARNs begin with. 0 means 20.
	Resources int
	// IncludeDenied grants what AWS refused as well.
	IncludeDenied bool
}

// Bounds of what a Usage keeps, whatever the calls say.
const (
	maxKinds  = 20000 // kinds of resources of all actions together
	maxTallys = 20000 // different calls that are listed
	maxNotes  = 2000  // assumptions that are listed
)

// Usage gathers calls and says which policy they need. It is not safe for
// concurrent use. Its memory is bounded whatever is added.
type Usage struct {
	ref     *reference.Reference
	opts    UsageOptions
	actions map[string]*usedAction
	kinds   int
	calls   tallies
	denied  tallies
	unknown tallies
	free    tallies
	mayNeed map[string]map[string]bool
	passed  map[string]bool // calls that pass a role which is not known
	assumed map[string]bool
	logged  map[string]bool // resource types of data events that were seen
	// observed are the calls of data events that were looked at.
	observed map[string]bool
	full     bool
	first    time.Time
	last     time.Time
	count    int
	failed   int
	via      map[string]int
}

// usedAction is an action and what it was called on.
type usedAction struct {
	tally   Tally
	kinds   map[string]*kindUse
	widened int
}

// NewUsage begins without calls.
func NewUsage(ref *reference.Reference, opts UsageOptions) *Usage {
	if opts.Resources <= 0 {
		opts.Resources = 20
	}
	return &Usage{ref: ref, opts: opts, actions: map[string]*usedAction{}, calls: tallies{}, denied: tallies{}, unknown: tallies{}, free: tallies{},
		mayNeed: map[string]map[string]bool{}, passed: map[string]bool{}, assumed: map[string]bool{}, logged: map[string]bool{}, observed: map[string]bool{}, via: map[string]int{}}
}

// Tally counts calls of one name.
type Tally struct {
	Call        string    `json:"call"` // "s3.amazonaws.com GetObject"; the action in Actions
	Count       int       `json:"count"`
	First, Last time.Time `json:"-"`
	Codes       []string  `json:"codes,omitempty"`   // AWS's error codes
	Actions     []string  `json:"actions,omitempty"` // that it needs
	Resources   []string  `json:"resources,omitempty"`
}

func (t *Tally) seen(at time.Time) {
	t.Count++
	t.First, t.Last = span(t.First, t.Last, at)
}

func span(first, last, at time.Time) (time.Time, time.Time) {
	if at.IsZero() {
		return first, last
	}
	if first.IsZero() || at.Before(first) {
		first = at
	}
	if at.After(last) {
		last = at
	}
	return first, last
}

type tallies map[string]*Tally

// add counts a call; false where no more names are kept.
func (t tallies) add(c *Call) (*Tally, bool) {
	name := c.Service + " " + c.Operation
	one := t[name]
	if one == nil {
		if len(t) >= maxTallys {
			return &Tally{}, false
		}
		one = &Tally{Call: name}
		t[name] = one
	}
	one.seen(c.Time)
	return one, true
}

func (t tallies) list() []Tally {
	out := make([]Tally, 0, len(t))
	for _, k := range sortedKeys(t) {
		out = append(out, *t[k])
	}
	return out
}

// Observe tells what the record as a whole holds: a call by anyone shows that
// data events of its kind are recorded.
func (u *Usage) Observe(c *Call) {
	name := c.Service + " " + c.Operation
	if !c.Data || u.observed[name] || len(u.observed) >= maxTallys {
		return
	}
	u.observed[name] = true
	m, ok := u.ref.ActionsOf(c.Service, c.Operation)
	if !ok {
		return
	}
	for _, a := range m.Needed {
		if u.ref.Logging(a) != reference.DataEvent {
			continue
		}
		for _, un := range u.ref.Unlogged() {
			if !u.logged[un.ResourceType] && compiledAction(un.Action).match(a, nil) == Yes {
				u.logged[un.ResourceType] = true
			}
		}
	}
}

func compiledAction(text string) *pattern {
	p := compileAction(text)
	return &p
}

// Calls is how many calls were added.
func (u *Usage) Calls() int { return u.count }

const passRole = "iam:PassRole"

// Add counts a call of the principal that the policy is for.
func (u *Usage) Add(c *Call) {
	u.count++
	u.first, u.last = span(u.first, u.last, c.Time)
	if c.Via != "" && len(u.via) < maxTallys {
		u.via[c.Via]++
	}
	denied := c.Denied()
	list := u.calls
	switch {
	case denied:
		list = u.denied
	case c.Error != "":
		u.failed++
	}
	t, ok := list.add(c)
	u.full = u.full || !ok
	if c.Error != "" && len(t.Codes) < 20 && !slices.Contains(t.Codes, c.Error) {
		t.Codes = append(t.Codes, c.Error)
	}
	m, known := u.ref.ActionsOf(c.Service, c.Operation)
	if !known {
		_, ok := u.unknown.add(c)
		u.full = u.full || !ok
		return
	}
	t.Actions = m.Needed
	if len(m.Needed)+len(m.Possible) == 0 {
		u.free.add(c)
		return
	}
	if denied && !u.opts.IncludeDenied {
		u.refused(t, m, c)
		return
	}
	for _, name := range m.Needed {
		u.use(name, c, true)
	}
	for _, name := range m.Possible {
		if name == passRole && u.use(name, c, false) {
			continue
		}
		u.possible(name, c)
	}
}

// refused keeps on what a denied call would have had to be allowed.
func (u *Usage) refused(t *Tally, m reference.Mapping, c *Call) {
	for _, name := range m.Needed {
		a, ok := u.ref.Action(name)
		if !ok {
			continue
		}
		for _, r := range resourcesOf(u.ref, a, c).resources {
			if len(t.Resources) < u.opts.Resources && !slices.Contains(t.Resources, r) {
				t.Resources = append(t.Resources, r)
			}
		}
	}
}

func (u *Usage) possible(name string, c *Call) {
	call := c.Service + " " + c.Operation
	if u.mayNeed[name] == nil {
		u.mayNeed[name] = map[string]bool{}
	}
	if len(u.mayNeed[name]) < maxNotes {
		u.mayNeed[name][call] = true
	}
}

// use grants an action for a call. A role to be passed is granted only where the
// call names it: a guess would let the principal take any role.
func (u *Usage) use(name string, c *Call, needed bool) bool {
	a, ok := u.ref.Action(name)
	if !ok {
		u.unknown.add(c)
		return false
	}
	bound := resourcesOf(u.ref, a, c)
	if a.String() == passRole && bound.widened {
		if needed && len(u.passed) < maxNotes {
			u.passed[c.Service+" "+c.Operation] = true
		}
		return false
	}
	used := u.actions[a.String()]
	if used == nil {
		used = &usedAction{tally: Tally{Call: a.String()}, kinds: map[string]*kindUse{}}
		u.actions[a.String()] = used
	}
	used.tally.seen(c.Time)
	if bound.widened {
		used.widened++
	}
	if bound.assumed != "" && len(u.assumed) < maxNotes {
		u.assumed[bound.assumed] = true
	}
	for _, r := range bound.resources {
		u.bind(used, r)
	}
	return true
}

// kindUse are the resources of one kind (those of a bucket, a type's in an
// account and region) that an action was called on: one by one, or what they
// begin with when there are too many.
type kindUse struct {
	each   map[string]bool
	prefix string // set when each is nil
	count  int    // of different resources until they were too many
}

func (u *Usage) bind(used *usedAction, resource string) {
	name := kindOf(resource)
	k := used.kinds[name]
	if k == nil {
		if u.kinds >= maxKinds {
			u.full = true
			return
		}
		u.kinds++
		k = &kindUse{each: map[string]bool{}}
		used.kinds[name] = k
	}
	if k.each == nil {
		k.prefix = commonPrefix(k.prefix, resource, name)
		return
	}
	k.each[resource] = true
	k.count = len(k.each)
	// Buckets, queues and topics have no kind of their own below their service.
	if len(k.each) <= u.opts.Resources || !strings.HasSuffix(name, "/") && !strings.HasSuffix(name, ":") {
		return
	}
	k.prefix = resource
	for r := range k.each {
		k.prefix = commonPrefix(k.prefix, r, name)
	}
	k.each = nil
}

// kindOf is an ARN up to the first separator behind its account: of objects the
// bucket, of tables "table/". Where there is none it is the ARN itself.
func kindOf(resource string) string {
	colons := 0
	for i := 0; i < len(resource); i++ {
		switch c := resource[i]; {
		case colons >= 5 && (c == '/' || c == ':'):
			return resource[:i+1]
		case c == ':':
			colons++
		}
	}
	return resource
}

// commonPrefix is what both begin with, cut behind a separator (which stands in no
// escape) and never shorter than the kind, with which both begin.
func commonPrefix(a, b, kind string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	if n < len(a) || n < len(b) {
		if i := strings.LastIndexAny(a[:n], "/:-_."); i >= 0 {
			n = i + 1
		} else {
			n = 0
		}
	}
	return a[:max(n, len(kind))]
}
