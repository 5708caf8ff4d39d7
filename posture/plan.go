package posture

import (
	"cmp"
	"fmt"
	"slices"

	"cel.dev/cel-go/common/types/ref"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// plan is the controls on one type.
type plan struct {
	typ    string
	rules  []*rule
	params []ref.Val
	// denied are the accounts and regions of which the type was not listed.
	denied []denial
}

type denial struct {
	account merlon.AccountID
	region  merlon.Region
	unknown []merlon.Unknown
}

func verdictIndex(v merlon.Verdict) int {
	switch v {
	case merlon.Pass:
		return 0
	case merlon.Fail:
		return 1
	case merlon.NotApplicable:
		return 2
	}
	return 3
}

func (c *Catalog) runner(snapshot Snapshot, opts Options) (*runner, error) {
	r := &runner{catalog: c, snapshot: snapshot, meta: snapshot.Meta(), now: opts.Now, workers: opts.Workers}
	if r.workers <= 0 {
		r.workers = 2
	}
	if r.now.IsZero() {
		r.now = r.meta.Started
	}
	verdicts := opts.Verdicts
	if verdicts == nil {
		verdicts = []merlon.Verdict{merlon.Fail, merlon.UnknownResult}
	}
	for _, v := range verdicts {
		r.wanted[verdictIndex(v)] = true
	}
	for _, id := range keysSorted(opts.Parameters) {
		if _, ok := c.byID[id]; !ok {
			return nil, fmt.Errorf("parameters: there is no control %s%s", id, didYouMean(id, keysSorted(c.byID)))
		}
	}
	byType := map[string]*plan{}
	for _, rule := range c.rules {
		if opts.Select != nil && !opts.Select(rule.Control) {
			continue
		}
		p, ok := byType[rule.Resource]
		if !ok {
			p = &plan{typ: rule.Resource}
			byType[rule.Resource] = p
		}
		params, err := rule.parameters(opts.Parameters[rule.ID])
		if err != nil {
			return nil, err
		}
		p.rules = append(p.rules, rule)
		p.params = append(p.params, params)
	}
	for _, typ := range keysSorted(byType) {
		p := byType[typ]
		if r.inScope(p) {
			r.plans = append(r.plans, p)
			continue
		}
		for _, rule := range p.rules {
			r.skipped = append(r.skipped, rule.ID)
		}
	}
	slices.Sort(r.skipped)
	return r, nil
}

// parameters gives the values of a control's parameters.
func (r *rule) parameters(set map[string]any) (ref.Val, error) {
	o := &object{}
	for _, name := range keysSorted(r.params) {
		o.members = append(o.members, member{name, r.params[name]})
	}
	for _, name := range keysSorted(set) {
		old, ok := r.params[name]
		if !ok {
			return nil, fmt.Errorf("parameters of %s: there is no %s%s", r.ID, name, didYouMean(name, keysSorted(r.params)))
		}
		v, typ, err := parameterValue(set[name])
		if err != nil {
			return nil, fmt.Errorf("parameters of %s: %s: %w", r.ID, name, err)
		}
		if _, want, err := parameterValue(r.Parameters[name]); err != nil || !typ.IsExactType(want) {
			return nil, fmt.Errorf("parameters of %s: %s must be of the kind of its default, %s", r.ID, name, plain(old))
		}
		o.set(name, v)
	}
	return o, nil
}

// inScope reports whether anything of the plan's type was asked for, and notes
// what could not be listed.
func (r *runner) inScope(p *plan) bool {
	if r.meta.Kind == inventory.KindTemplate {
		c := r.snapshot.Coverage(p.typ, "", "")
		return !c.OutOfScope
	}
	var service *inventory.Service
	for i := range r.meta.Services {
		if slices.Contains(r.meta.Services[i].Types, p.typ) {
			service = &r.meta.Services[i]
		}
	}
	if service == nil {
		// Nobody lists the account and the region: they are always there.
		return p.typ == accountType || p.typ == regionType
	}
	inScope := false
	for _, a := range r.meta.Accounts {
		for _, region := range regionsOf(a, service.Global) {
			cover := r.snapshot.Coverage(p.typ, a.ID, region)
			if len(cover.Gaps) > 0 {
				p.denied = append(p.denied, denial{a.ID, region, cover.Unknowns()})
			}
			inScope = inScope || !cover.OutOfScope
		}
	}
	slices.SortFunc(p.denied, func(a, b denial) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.region, b.region))
	})
	return inScope
}

// regionsOf are the regions of an account in which a service is asked.
func regionsOf(a inventory.Account, global bool) []merlon.Region {
	if !global || len(a.Regions) == 0 {
		return a.Regions
	}
	return []merlon.Region{merlon.PartitionOf(a.Regions[0]).GlobalRegion()}
}

// finding is the unknown of a control for an account and region.
func (d *denial) finding(r *rule) *merlon.Finding {
	resource := string(d.account) + "/" + string(d.region)
	f := &merlon.Finding{
		ID: merlon.FindingID(r.ID, resource, d.account, d.region, ""), Control: r.ID, Resource: resource, Name: resource,
		Type: r.Resource, Account: d.account, Region: d.region, Verdict: merlon.UnknownResult, Severity: r.Severity,
	}
	lack(f, r.Title, outcome{verdict: merlon.UnknownResult, unknowns: d.unknown})
	return f
}
