package posture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/common/types/ref"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// Options say how controls are run.
type Options struct {
	// Now is the time that ages are measured at; zero means when the snapshot was
	// begun, so that a saved snapshot always gives the same verdicts.
	Now time.Time
	// Verdicts are those the handler gets; nil means fail and unknown.
	Verdicts []merlon.Verdict
	// Select chooses among the controls; nil takes all.
	Select func(*Control) bool
	// Parameters replace the defaults of controls' parameters: control, then name.
	Parameters map[string]map[string]any
	// Workers evaluate at the same time; 0 means two.
	Workers int
}

// Tally counts verdicts.
type Tally struct {
	Pass, Fail, Unknown, NotApplicable int
	// OutOfScope is how many of Unknown no call of the scan could have settled.
	OutOfScope int
}

func (t *Tally) count(v merlon.Verdict, outOfScope bool) {
	switch v {
	case merlon.Pass:
		t.Pass++
	case merlon.Fail:
		t.Fail++
	case merlon.NotApplicable:
		t.NotApplicable++
	default:
		t.Unknown++
		if outOfScope {
			t.OutOfScope++
		}
	}
}

// Summary is what a run counted.
type Summary struct {
	// Resources is how many resources at least one control looked at.
	Resources int
	// Counts are the verdicts by control and account, of all verdicts whatever
	// the handler got. A control that ran has an entry, also without a verdict.
	Counts map[string]map[merlon.AccountID]Tally
	// OutOfScope are the controls that did not run: nothing of their type was
	// asked for. Sorted.
	OutOfScope []string
}

// Run judges every resource of a snapshot by every control on its type and
// calls handle with the findings of the wanted verdicts, from one goroutine, in
// the order of type, account, region, id and control. Where a list call was
// denied, each control on what it would have listed gives one unknown for the
// account and region.
//
// Memory does not grow with the snapshot. The error is that of the snapshot, of
// handle, of the context, or of a parameter that a control does not have.
func (c *Catalog) Run(ctx context.Context, snapshot Snapshot, opts Options, handle func(*merlon.Finding) error) (*Summary, error) {
	r, err := c.runner(snapshot, opts)
	if err != nil {
		return nil, err
	}
	return r.run(ctx, handle)
}

type runner struct {
	catalog  *Catalog
	snapshot Snapshot
	meta     inventory.Meta
	now      time.Time
	wanted   [4]bool
	workers  int
	plans    []*plan // by type
	skipped  []string
	// buffers are those of batches that have been read.
	buffers chan []byte
}

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

// Batches are of so many documents or bytes, whichever is reached first.
const (
	batchDocuments = 64
	batchBytes     = 256 << 10
)

// batch is a piece of work: some resources of one type, or what could not be
// listed of it.
type batch struct {
	plan   *plan
	text   []byte
	items  []item
	denied []denial
	// What came of it.
	findings []*merlon.Finding
	counts   []map[merlon.AccountID]*Tally // by rule of the plan
	err      error
	done     chan struct{}
}

type item struct {
	end      int // of the document in text
	next     int // behind what the calls are decoded from
	row      int64
	unknowns []merlon.Unknown
}

func (r *runner) run(ctx context.Context, handle func(*merlon.Finding) error) (*Summary, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan *batch, r.workers)
	r.buffers = make(chan []byte, 4*r.workers)
	order := make(chan *batch, 4*r.workers)

	var workers sync.WaitGroup
	for range r.workers {
		workers.Go(func() {
			e := newEvaluator(ctx, r.snapshot, r.catalog.schemas, r.now)
			for b := range work {
				if b.err = context.Cause(ctx); b.err == nil {
					b.err = r.judge(e, b)
				}
				close(b.done)
			}
		})
	}
	readErr := make(chan error, 1)
	go func() {
		err := r.read(ctx, work, order)
		close(work)
		close(order)
		readErr <- err
	}()

	s := &Summary{Counts: map[string]map[merlon.AccountID]Tally{}, OutOfScope: r.skipped}
	for _, p := range r.plans {
		for _, rule := range p.rules {
			s.Counts[rule.ID] = map[merlon.AccountID]Tally{}
		}
	}
	var failed error
	for b := range order {
		<-b.done
		if failed == nil {
			if failed = b.err; failed == nil {
				failed = s.take(b, handle)
			}
			if failed != nil {
				cancel(failed)
			}
		}
	}
	workers.Wait()
	if err := <-readErr; err != nil && failed == nil {
		failed = err
	}
	if failed != nil {
		return nil, failed
	}
	return s, nil
}

// take adds a batch to the summary and hands out its findings.
func (s *Summary) take(b *batch, handle func(*merlon.Finding) error) error {
	s.Resources += len(b.items)
	for i, rule := range b.plan.rules {
		total := s.Counts[rule.ID]
		for account, t := range b.counts[i] {
			sum := total[account]
			sum.Pass += t.Pass
			sum.Fail += t.Fail
			sum.Unknown += t.Unknown
			sum.NotApplicable += t.NotApplicable
			sum.OutOfScope += t.OutOfScope
			total[account] = sum
		}
	}
	for _, f := range b.findings {
		if err := handle(f); err != nil {
			return err
		}
	}
	return nil
}

// batch starts one, in the memory of an older one where there is some.
func (r *runner) batch(p *plan) *batch {
	b := &batch{plan: p, items: make([]item, 0, batchDocuments)}
	select {
	case b.text = <-r.buffers:
	default:
	}
	return b
}

// read cuts the snapshot into batches.
func (r *runner) read(ctx context.Context, work, order chan<- *batch) error {
	send := func(b *batch) error {
		b.done = make(chan struct{})
		// The order comes first: whoever waits for a batch sees those before it.
		select {
		case order <- b:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		work <- b // the workers never stop taking
		return nil
	}
	for _, p := range r.plans {
		denied := p.denied
		b := r.batch(p)
		err := r.snapshot.Documents(ctx, p.typ, func(d *inventory.Document) error {
			if len(denied) > 0 {
				account, region, err := placeOf(d.JSON)
				if err != nil {
					return err
				}
				for len(denied) > 0 && (denied[0].account < account || denied[0].account == account && denied[0].region <= region) {
					if len(b.items) > 0 {
						if err := send(b); err != nil {
							return err
						}
						b = r.batch(p)
					}
					b.denied = append(b.denied, denied[0])
					denied = denied[1:]
				}
			}
			b.text = append(b.text, d.JSON...)
			end := len(b.text)
			b.text = append(b.text, d.Provenance...)
			b.items = append(b.items, item{end, len(b.text), d.Row, d.Unknowns})
			if len(b.items) >= batchDocuments || len(b.text) >= batchBytes {
				if err := send(b); err != nil {
					return err
				}
				b = r.batch(p)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read resources of %s: %w", p.typ, err)
		}
		if len(denied) > 0 {
			if len(b.items) > 0 {
				if err := send(b); err != nil {
					return err
				}
				b = r.batch(p)
			}
			b.denied = append(b.denied, denied...)
		}
		if len(b.items) > 0 || len(b.denied) > 0 {
			if err := send(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// placeOf reads the account and region of a stored document.
func placeOf(doc []byte) (merlon.AccountID, merlon.Region, error) {
	var d document
	if err := d.parse(string(doc), nil, nil); err != nil {
		return "", "", err
	}
	return merlon.AccountID(d.word("account")), merlon.Region(d.word("region")), nil
}

// judge evaluates a batch: first what could not be listed, then the resources.
func (r *runner) judge(e *evaluator, b *batch) error {
	p := b.plan
	b.counts = make([]map[merlon.AccountID]*Tally, len(p.rules))
	for i := range b.counts {
		b.counts[i] = map[merlon.AccountID]*Tally{}
	}
	for _, d := range b.denied {
		for i, rule := range p.rules {
			f := d.finding(rule)
			b.tally(i, d.account).count(merlon.UnknownResult, f.OutOfScope)
			if r.wanted[verdictIndex(merlon.UnknownResult)] {
				b.findings = append(b.findings, f)
			}
		}
	}
	text := string(b.text)
	select {
	case r.buffers <- b.text[:0]:
	default:
	}
	b.text = nil
	from := 0
	for k := range b.items {
		it := &b.items[k]
		if err := e.begin(p.typ, text[from:it.end], it.row, it.unknowns, text[it.end:it.next]); err != nil {
			return fmt.Errorf("resource %d of %s: %w", it.row, p.typ, err)
		}
		from = it.next
		account := e.subject.rel.subject.Account
		for i, rule := range p.rules {
			o := e.judge(rule, p.params[i])
			if e.failed != nil {
				return e.failed
			}
			b.tally(i, account).count(o.verdict, o.outOfScope())
			if r.wanted[verdictIndex(o.verdict)] {
				b.findings = append(b.findings, e.finding(rule, o))
				if e.failed != nil {
					return e.failed
				}
			}
		}
		if k&7 == 7 {
			if err := context.Cause(e.ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// tally finds the counts of a rule in an account; they come in runs.
func (b *batch) tally(rule int, account merlon.AccountID) *Tally {
	t, ok := b.counts[rule][account]
	if !ok {
		t = &Tally{}
		b.counts[rule][merlon.AccountID(strings.Clone(string(account)))] = t
	}
	return t
}

// outOfScope: no call of the scan could have settled it.
func (o *outcome) outOfScope() bool {
	return o.verdict == merlon.UnknownResult && o.err == nil &&
		!slices.ContainsFunc(o.unknowns, func(u merlon.Unknown) bool { return u.Gap != "" })
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

// ErrNoControl: there is no control of that id.
var ErrNoControl = errors.New("no such control")
