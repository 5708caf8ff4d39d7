package access

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
	"merlon.dev/merlon/inventory"
)

// Snapshot is what an index is made of; [inventory.Snapshot] is one. Its
// methods may be called concurrently.
type Snapshot interface {
	Meta() inventory.Meta
	Documents(ctx context.Context, typ string, fn func(*inventory.Document) error) error
	Get(ctx context.Context, key string, fn func(*inventory.Document) error) error
	Related(ctx context.Context, from inventory.Subject, relation string, fn func(*inventory.Document) error) ([]merlon.Unknown, error)
	Coverage(typ string, account merlon.AccountID, region merlon.Region) inventory.Coverage
}

// reader reads a Snapshot's resources and remembers why what is not known is not.
type reader struct {
	Snapshot
	reasons *reasons
}

// reasons are the unknowns that were met, by their text.
type reasons struct {
	mu sync.Mutex
	by map[string]merlon.Unknown
}

func (r *reasons) add(unknowns []merlon.Unknown) {
	if len(unknowns) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range unknowns {
		r.by[u.Reason] = u
	}
}

// Unknown is the unknown with a reason, with the gap behind it where there is one.
func (x *Index) Unknown(why string) merlon.Unknown {
	r := x.snapshot.reasons
	r.mu.Lock()
	defer r.mu.Unlock()
	if u, ok := r.by[why]; ok {
		return u
	}
	return merlon.Unknown{Reason: why}
}

// Each calls fn with every resource of a type.
func (r reader) Each(ctx context.Context, typ string, fn func(*merlon.Resource) error) error {
	return r.Documents(ctx, typ, func(d *inventory.Document) error {
		resource, err := d.Resource()
		if err != nil {
			return err
		}
		return fn(resource)
	})
}

func (r reader) seen(fn func(*inventory.Document) error) func(*inventory.Document) error {
	return func(d *inventory.Document) error {
		r.reasons.add(d.Unknowns)
		return fn(d)
	}
}

// Documents is that of the snapshot.
func (r reader) Documents(ctx context.Context, typ string, fn func(*inventory.Document) error) error {
	return r.Snapshot.Documents(ctx, typ, r.seen(fn))
}

// Get is that of the snapshot.
func (r reader) Get(ctx context.Context, key string, fn func(*inventory.Document) error) error {
	return r.Snapshot.Get(ctx, key, r.seen(fn))
}

// Related is that of the snapshot.
func (r reader) Related(ctx context.Context, from inventory.Subject, relation string, fn func(*inventory.Document) error) ([]merlon.Unknown, error) {
	unknowns, err := r.Snapshot.Related(ctx, from, relation, r.seen(fn))
	r.reasons.add(unknowns)
	return unknowns, err
}

// Coverage is that of the snapshot.
func (r reader) Coverage(typ string, account merlon.AccountID, region merlon.Region) inventory.Coverage {
	c := r.Snapshot.Coverage(typ, account, region)
	r.reasons.add(c.Unknowns())
	return c
}

// Options say how questions are meant.
type Options struct {
	Now time.Time // the time of the requests; zero leaves it unknown

	// StrictGuardrails makes SCPs and RCPs that could not be read unknown.
	// Otherwise they count as what AWS attaches by default, which allows
	// everything, and answers carry a note.
	StrictGuardrails bool
}

// Index is what a snapshot says about who may do what. It is made by Load,
// not changed afterwards, and safe for concurrent use. It reads resources from
// the snapshot when it is asked about them: the snapshot must stay open.
type Index struct {
	snapshot   reader
	reference  *reference.Reference
	options    Options
	principals []*Principal
	byARN      map[string]*Principal
	accounts   map[string]*Account
	members    map[string]*Account    // of the organization, where they are not in the snapshot
	managed    map[string]*iam.Policy // by ARN
	gaps       []merlon.Unknown       // why there may be principals that are not listed
	people     []*Person
	memory     memory
	escalation escalation
}

// Principals are all users, roles and root users, by ARN.
func (x *Index) Principals() []*Principal { return x.principals }

// Account is what is known of an account; nil for one that is not in the snapshot.
func (x *Index) Account(id string) *Account { return x.accounts[id] }

// Accounts are those in the snapshot, by id.
func (x *Index) Accounts() []*Account {
	out := make([]*Account, 0, len(x.accounts))
	for _, a := range x.accounts {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *Account) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Gaps say why principals may be missing from the index; none when all are there.
func (x *Index) Gaps() []merlon.Unknown { return x.gaps }

// Load reads the principals and the organization of a snapshot.
func Load(ctx context.Context, s Snapshot, options Options) (*Index, error) {
	known, err := reference.Load()
	if err != nil {
		return nil, err
	}
	x := &Index{snapshot: reader{s, &reasons{by: map[string]merlon.Unknown{}}}, reference: known, options: options, byARN: make(map[string]*Principal), accounts: make(map[string]*Account), members: make(map[string]*Account),
		managed: make(map[string]*iam.Policy)}
	for _, a := range s.Meta().Accounts {
		x.accounts[string(a.ID)] = &Account{ID: string(a.ID), Name: a.Name}
	}
	for _, step := range []func(context.Context) error{x.loadOrganization, x.loadAccountBlocks, x.loadManagedPolicies, x.loadPrincipals, x.loadPeople} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	x.memory.able, x.memory.direct = sync.OnceValue(x.assuming), sync.OnceValue(x.directCall)
	slices.SortFunc(x.principals, func(a, b *Principal) int { return strings.Compare(a.ARN, b.ARN) })
	return x, nil
}

// assuming are those with an sts:AssumeRole of their own, by account.
func (x *Index) assuming() map[string][]*Principal {
	out := map[string][]*Principal{}
	for _, p := range x.principals {
		if p.Kind != iam.Root && mayCall(p.Identity, "sts:AssumeRole") {
			out[p.Account] = append(out[p.Account], p)
		}
	}
	return out
}

// globalCoverage says whether resources of a global service's type were read in
// an account.
func (x *Index) globalCoverage(typ, account string) inventory.Coverage {
	return x.snapshot.Coverage(typ, merlon.AccountID(account), merlon.Region(x.globalRegion(account)))
}

// missing notes why resources of a type may be missing from any account.
func (x *Index) missing(typ string) {
	for _, a := range x.snapshot.Meta().Accounts {
		c := x.globalCoverage(typ, string(a.ID))
		for _, u := range c.Unknowns() {
			u.Reason = string(a.ID) + ": " + u.Reason
			x.gaps = append(x.gaps, u)
		}
	}
}

// unknownAt is why the value at a JSON pointer of a resource is not known: the
// unknown covers it. Unknowns below it are not meant.
func unknownAt(r *merlon.Resource, pointer string) string {
	for _, u := range r.Unknowns {
		if pointer == u.Path || strings.HasPrefix(pointer, u.Path+"/") || u.Path == "" {
			return u.Reason
		}
	}
	return ""
}

// policyAt makes a policy of the document at a pointer. It is nil where the
// resource has none, and an unknown one where that is not known. A statement in
// which something is not known stays, and matches only perhaps.
func policyAt(r *merlon.Resource, raw json.RawMessage, pointer, name string) *iam.Policy {
	if why := unknownAt(r, pointer); why != "" {
		return iam.UnknownPolicy(name, why)
	}
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	return parsed(r, raw, pointer, name)
}

func parsed(r *merlon.Resource, raw json.RawMessage, pointer, name string) *iam.Policy {
	if raw[0] == '"' { // some schemas keep the document as text
		var text string
		if err := json.Unmarshal(raw, &text); err != nil || text == "" {
			return nil
		}
		raw = json.RawMessage(text)
	}
	p, err := iam.ParsePolicy(raw)
	if err != nil {
		return iam.UnknownPolicy(name, err.Error())
	}
	p.Name = name
	for _, u := range r.Unknowns {
		rest, below := strings.CutPrefix(u.Path, pointer+"/")
		if !below {
			continue
		}
		if rest, ok := strings.CutPrefix(rest, "Statement/"); ok {
			index, part, _ := strings.Cut(rest, "/")
			if n, ok := number(index); ok && n < len(p.Statements) {
				p.Statements[n].Unclear(part, u.Reason)
				continue
			}
			if len(p.Statements) == 1 {
				p.Statements[0].Unclear(rest, u.Reason)
				continue
			}
		}
		return iam.UnknownPolicy(name, u.Reason)
	}
	return p
}

func number(text string) (int, bool) {
	n := 0
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' || n > 1<<20 {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, text != ""
}
