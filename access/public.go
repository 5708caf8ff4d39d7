package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/inventory"
)

// Exposure is what one audience can do with one resource, for certain or
// perhaps.
type Exposure struct {
	Resource string   `json:"resource"`
	Type     string   `json:"type"`
	Account  string   `json:"account"`
	Region   string   `json:"region,omitempty"`
	Audience Audience `json:"audience"`
	Who      string   `json:"who"`
	Public   bool     `json:"public"` // everybody can be in the audience who wants to

	Certainty iam.Decision  `json:"certainty"` // Allowed or Unknown
	Why       string        `json:"why,omitempty"`
	Actions   []ActionGroup `json:"actions,omitempty"`
	Witness   *Witness      `json:"witness,omitempty"` // none where a policy could not be read
	By        []string      `json:"by,omitempty"`      // the statements that let in
	Asks      []string      `json:"asks,omitempty"`    // their conditions
	Notes     []string      `json:"notes,omitempty"`
}

// Public lists what the anonymous and foreign principals can reach by resource
// policy, ACL, grant or trust, over all [PolicyTypes]. Each is decided by
// evaluating requests that a stranger can make, whose context keys are chosen
// as the conditions want them where a caller may choose. Sorted by resource.
// An error names the resource that could not be read.
func (x *Index) Public(ctx context.Context) ([]Exposure, error) {
	all, err := x.exposures(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(e Exposure) bool { return !e.Audience.outside() }), nil
}

// outside says whether those of the audience are none of ours.
func (a Audience) outside() bool {
	return a != OwnAccount && a != OwnOrganization && a != Provider
}

func (x *Index) exposures(ctx context.Context) ([]Exposure, error) {
	var out []Exposure
	for _, typ := range PolicyTypes() {
		err := x.snapshot.Documents(ctx, typ, func(d *inventory.Document) error {
			doc, err := d.Resource()
			if err != nil {
				return err
			}
			r, err := x.resource(ctx, doc, d.Row)
			if err != nil {
				return err
			}
			found, err := x.exposed(ctx, r, doc)
			out = append(out, found...)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("exposure of %s: %w", typ, err)
		}
	}
	slices.SortStableFunc(out, func(a, b Exposure) int { return strings.Compare(a.Resource, b.Resource) })
	return out, nil
}

// PublicWitness is a request that everybody may make who wants to, for a
// resource of the snapshot or something in it. Where there is none, unknown
// says what keeps it from being excluded; nil and "" mean that there is none.
// The error wraps [inventory.ErrNotFound] where the snapshot has no such resource.
func (x *Index) PublicWitness(ctx context.Context, key string) (w *Witness, unknown string, err error) {
	var doc *merlon.Resource
	var row int64
	err = x.snapshot.Get(ctx, key, func(d *inventory.Document) (err error) {
		row = d.Row
		doc, err = d.Resource()
		return err
	})
	if err != nil {
		return nil, "", err
	}
	r, err := x.resource(ctx, doc, row)
	if err != nil {
		return nil, "", err
	}
	found, err := x.exposed(ctx, r, doc)
	if err != nil {
		return nil, "", err
	}
	for _, e := range found {
		switch {
		case !e.Public:
		case e.Certainty == iam.Allowed:
			return e.Witness, "", nil
		case unknown == "":
			unknown = e.Why
		}
	}
	return nil, unknown, nil
}

// inNetwork are types that only answer within networks: who reaches those is
// another question.
var inNetwork = map[string]struct{ property, why string }{
	"AWS::EFS::FileSystem":           {"", "a file system answers only where one of its mount targets can be reached"},
	"AWS::OpenSearchService::Domain": {"VPCOptions", "the domain answers only within its VPC"},
	"AWS::S3::AccessPoint":           {"VpcConfiguration", "the access point answers only within its VPC"},
}

// exposed is what those who are not of the resource's account can do with it.
func (x *Index) exposed(ctx context.Context, r *Resource, doc *merlon.Resource) ([]Exposure, error) {
	g := &gathering{x: x, r: r, byKey: map[string]*found{}}
	if n, ok := inNetwork[r.Type]; ok && (n.property == "" || at(doc.Properties, n.property) != nil) {
		g.network = n.why
	}
	if r.Type == "AWS::KMS::Key" {
		// "You cannot … change their key policies": those of AWS's keys let in its
		// own account alone, through the service.
		// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html, read 2026-11-24
		var o struct{ KeyManager string }
		if err := decode(doc, nil, &o); err != nil || o.KeyManager == "AWS" {
			return nil, err
		}
	}
	fixed, err := x.facts(ctx, r, doc)
	if err != nil {
		return nil, err
	}
	for _, policy := range r.Policies {
		if why := policy.Unknown(); why != "" {
			p := everyone()
			if !slices.Contains(withoutAccount, arnService(r.Owner)) {
				p = anyAccount()
			}
			g.at(&p).perhaps(policy.Name + ": " + why)
			continue
		}
		for i := range policy.Statements {
			s := &policy.Statements[i]
			if s.Effect == iam.Deny || s.Effect == iam.NoEffect && s.Problem() == "" {
				continue
			}
			if s.Unnamed() {
				// Whom it names is not known: it may be everyone.
				p := anyAccount()
				g.at(&p).perhaps(policy.Name + ": " + s.Problem())
			}
			for _, p := range x.parties(s, r) {
				p = p.with(fixed)
				g.gather(&p, policy, s)
			}
		}
	}
	if r.Type == "AWS::S3::Bucket" {
		if err := x.objectACLs(r, doc, g); err != nil {
			return nil, err
		}
	}
	if r.Type == "AWS::S3::AccessPoint" {
		if err := x.throughBucket(ctx, doc, g); err != nil {
			return nil, err
		}
	}
	return g.list(), nil
}

// facts are keys that follow from the resource and not from the caller.
func (x *Index) facts(ctx context.Context, r *Resource, doc *merlon.Resource) (map[string][]string, error) {
	if r.Type != "AWS::Lambda::Function" {
		return nil, nil
	}
	var kinds []string
	scratch := &Resource{row: r.row}
	err := x.related(ctx, doc, "urls", scratch, r.Owner, func(u *merlon.Resource) error {
		var p struct{ AuthType string }
		err := decode(u, &p, nil)
		kinds = append(kinds, p.AuthType)
		return err
	})
	if err != nil || len(scratch.Policies) > 0 {
		return nil, err // whether there are URLs is not known
	}
	if len(kinds) == 0 {
		return map[string][]string{"lambda:functionurlauthtype": nil}, nil
	}
	return map[string][]string{"lambda:functionurlauthtype": kinds[:1]}, nil
}

// objectACLs: objects have ACLs of their own, which a scan does not read, where
// the bucket lets them count.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html, read 2026-11-24
func (x *Index) objectACLs(r *Resource, doc *merlon.Resource, g *gathering) error {
	var p struct {
		PublicAccessBlockConfiguration struct{ IgnorePublicAcls bool }
		OwnershipControls              struct {
			Rules []struct{ ObjectOwnership string }
		}
	}
	if err := decode(doc, &p, nil); err != nil {
		return err
	}
	for _, rule := range p.OwnershipControls.Rules {
		if rule.ObjectOwnership == "BucketOwnerEnforced" {
			return nil
		}
	}
	account := x.accounts[r.Account]
	if p.PublicAccessBlockConfiguration.IgnorePublicAcls || account != nil && account.ignorePublicACLs == iam.Yes {
		return nil
	}
	e := everyone()
	if f := g.at(&e); len(f.allowed) == 0 {
		f.perhaps("objects can have public ACLs of their own, which are not read: the bucket neither disables ACLs nor ignores public ones")
	}
	return nil
}

// throughBucket keeps what the bucket of an access point allows as well.
func (x *Index) throughBucket(ctx context.Context, doc *merlon.Resource, g *gathering) error {
	var p struct {
		Bucket                         string
		PublicAccessBlockConfiguration struct{ RestrictPublicBuckets bool }
	}
	if err := decode(doc, &p, nil); err != nil {
		return err
	}
	bucket, err := x.Keyed(ctx, "arn:"+partitionOf(g.r.Owner)+":s3:::"+p.Bucket)
	if err != nil && !errors.Is(err, inventory.ErrNotFound) {
		return err
	}
	for key, f := range g.byKey {
		switch {
		case p.PublicAccessBlockConfiguration.RestrictPublicBuckets && f.party.audience.Public():
			delete(g.byKey, key)
		case bucket == nil:
			f.demote("the policy of bucket " + p.Bucket + ", which must allow it as well, was not read")
		case bucket.Restricted == iam.Yes:
			delete(g.byKey, key)
		default:
			f.demote("the policy of bucket " + p.Bucket + " must allow it as well")
		}
	}
	return nil
}

// targets are ARNs that stand for what a statement names of a resource.
func targets(r *Resource, s *iam.Statement) []string {
	inside := ""
	switch r.Type {
	case "AWS::S3::Bucket":
		inside = r.Owner + "/"
	case "AWS::S3::AccessPoint":
		inside = r.Owner + "/object/"
	case "AWS::OpenSearchService::Domain":
		inside = r.Owner + "/"
	case "AWS::ApiGateway::RestApi":
		id := r.Owner[strings.LastIndexByte(r.Owner, '/')+1:]
		return []string{"arn:" + partitionOf(r.Owner) + ":execute-api:" + r.Region + ":" + r.Account + ":" + id + "/stage/GET/path"}
	}
	out := []string{r.Owner}
	add := func(target string) {
		if !slices.Contains(out, target) && len(out) < 64 {
			out = append(out, target)
		}
	}
	if inside != "" && !s.HasResource || s.NotResource {
		add(inside + "any/key")
	}
	for _, e := range s.Resources {
		text := e.Text
		if inside != "" {
			if text == "*" || strings.HasPrefix(inside, strings.TrimSuffix(text, "*")) && strings.HasSuffix(text, "*") {
				add(inside + "any/key")
			} else if i := strings.IndexByte(text, '/'); i >= 0 {
				rest := strings.TrimPrefix(text[i+1:], "object/")
				add(inside + filled(rest, "any"))
			}
			continue
		}
		if strings.HasPrefix(text, r.Owner) && len(text) > len(r.Owner) && (text[len(r.Owner)] == '/' || text[len(r.Owner)] == ':') {
			add(filled(text, "any"))
		}
	}
	return out
}

// gathering collects what is found about one resource.
type gathering struct {
	x       *Index
	r       *Resource
	network string
	byKey   map[string]*found
	order   []string
}

// found is what one party can do.
type found struct {
	party    party
	allowed  map[string]*Witness
	maybe    map[string]*Witness
	why      string
	by, asks []string
	notes    []string
}

func (g *gathering) at(p *party) *found {
	key := p.key()
	if g.byKey[key] == nil {
		g.byKey[key] = &found{party: *p, allowed: map[string]*Witness{}, maybe: map[string]*Witness{}}
		g.order = append(g.order, key)
	}
	return g.byKey[key]
}

func (f *found) perhaps(why string) {
	if f.why == "" {
		f.why = why
	}
}

// demote makes what was certain depend on something.
func (f *found) demote(why string) {
	for a, w := range f.allowed {
		f.maybe[a] = w
	}
	if len(f.allowed) > 0 {
		f.why = why
	}
	clear(f.allowed)
}

// gather asks about every action that the statement allows a party.
func (g *gathering) gather(p *party, policy *iam.Policy, s *iam.Statement) {
	f := g.at(p)
	let := false
	for _, target := range targets(g.r, s) {
		if s.MatchesResource(target, nil) == iam.No && s.Problem() == "" {
			continue
		}
		attempts := map[string]*attempt{} // by service: what binds differs
		for _, action := range g.actions(target) {
			if s.MatchesAction(action) == iam.No || f.allowed[action] != nil {
				continue
			}
			if p.audience == Anyone && !anonymousCalls(action) {
				continue
			}
			if p.principal.Kind == iam.Federated && strings.EqualFold(action, "sts:AssumeRole") || p.principal.Kind != iam.Federated && strings.HasPrefix(action, "sts:AssumeRoleWith") {
				continue
			}
			if p.audience == AnyAccount && g.r.Type == "AWS::Lambda::Function" && strings.EqualFold(action, "lambda:InvokeFunctionUrl") && g.byKey[(&party{audience: Anyone, who: "anonymous"}).key()] != nil &&
				g.byKey[(&party{audience: Anyone, who: "anonymous"}).key()].allowed[action] != nil {
				continue
			}
			a := attempts[serviceOf(action)]
			if a == nil {
				a = g.x.newAttempt(p, s, g.r, target, action)
				attempts[serviceOf(action)] = a
			}
			switch a.decide(action) {
			case iam.Allowed:
				let = true
				delete(f.maybe, action)
				f.allowed[action] = a.witness()
			case iam.Unknown:
				let = true
				f.perhaps(a.why())
				if f.maybe[action] == nil {
					f.maybe[action] = a.witness()
				}
			}
			for _, n := range a.notes {
				if !slices.Contains(f.notes, n) {
					f.notes = append(f.notes, n)
				}
			}
		}
	}
	if let {
		f.by = appendNew(f.by, label(policy, s))
		for _, ask := range asks(s) {
			f.asks = appendNew(f.asks, ask)
		}
	}
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func label(p *iam.Policy, s *iam.Statement) string {
	if s.Sid != "" {
		return fmt.Sprintf("%q of %s", s.Sid, p.Name)
	}
	return fmt.Sprintf("statement %d of %s", s.Index+1, p.Name)
}

// asks are a statement's conditions in words.
func asks(s *iam.Statement) []string {
	var out []string
	for _, c := range s.Conditions {
		var values []string
		for _, v := range c.Values {
			values = append(values, v.Text)
		}
		out = append(out, c.Key+" "+c.Operator+" "+strings.Join(values, ", "))
	}
	return out
}

// actions are those that can be asked of a target. They are remembered by type.
func (g *gathering) actions(target string) []string {
	key := g.r.Type
	if target != g.r.Owner {
		key += "/"
	}
	if list, ok := g.x.memory.actions.Load(key); ok {
		return list.([]string)
	}
	var out []string
	for _, a := range g.x.actionsOn("*", target) {
		out = append(out, a.String())
	}
	g.x.memory.actions.Store(key, out)
	return out
}

func (g *gathering) list() []Exposure {
	var out []Exposure
	anonymous := g.byKey[(&party{audience: Anyone, who: "anonymous"}).key()]
	for _, key := range g.order {
		f := g.byKey[key]
		if f == nil {
			continue
		}
		if g.network != "" {
			f.demote(g.network)
		}
		// What the anonymous may, every account may: it is said once.
		if f.party.audience == AnyAccount && anonymous != nil {
			for a := range anonymous.allowed {
				delete(f.allowed, a)
				delete(f.maybe, a)
			}
			for a := range anonymous.maybe {
				delete(f.maybe, a)
			}
			if len(f.maybe) == 0 && f.why == anonymous.why {
				f.why = ""
			}
		}
		e := Exposure{Resource: g.r.Owner, Type: g.r.Type, Account: g.r.Account, Region: g.r.Region, Audience: f.party.audience, Who: f.party.who,
			Public: f.party.audience.Public(), By: f.by, Asks: f.asks, Notes: f.notes}
		if len(f.allowed) > 0 {
			sure := e
			sure.Certainty = iam.Allowed
			sure.Actions, sure.Witness = g.x.groups(f.allowed)
			out = append(out, sure)
		}
		if len(f.maybe) > 0 || f.why != "" && len(f.allowed) == 0 {
			e.Certainty, e.Why = iam.Unknown, f.why
			e.Actions, e.Witness = g.x.groups(f.maybe)
			out = append(out, e)
		}
	}
	return out
}
