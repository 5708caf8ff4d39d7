package posture

import (
	"context"
	"fmt"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// Batches are of so many documents or bytes, whichever is reached first.
const (
	batchDocuments = 64
	batchBytes     = 256 << 10
)

// batch is a piece of work: some resources of one type, or what could not be
// listed of it.
type batch struct {
	plan   *plan
	text   strings.Builder
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

// newBatch starts a batch.
func newBatch(p *plan) *batch {
	return &batch{plan: p, items: make([]item, 0, batchDocuments)}
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
		b := newBatch(p)
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
						b = newBatch(p)
					}
					b.denied = append(b.denied, denied[0])
					denied = denied[1:]
				}
			}
			b.text.Write(d.JSON)
			end := b.text.Len()
			b.text.Write(d.Provenance)
			b.items = append(b.items, item{end, b.text.Len(), d.Row, d.Unknowns})
			if len(b.items) >= batchDocuments || b.text.Len() >= batchBytes {
				size := b.text.Len()
				if err := send(b); err != nil {
					return err
				}
				b = newBatch(p)
				b.text.Grow(size + size/16)
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
				b = newBatch(p)
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
	text := b.text.String()
	from := 0
	var tallies []*Tally // of the account at hand, by rule
	last := merlon.AccountID("")
	for k := range b.items {
		it := &b.items[k]
		if err := e.begin(p.typ, text[from:it.end], it.row, it.unknowns, text[it.end:it.next]); err != nil {
			return fmt.Errorf("resource %d of %s: %w", it.row, p.typ, err)
		}
		from = it.next
		if account := e.subject.rel.subject.Account; tallies == nil || account != last {
			tallies, last = tallies[:0], account
			for i := range p.rules {
				tallies = append(tallies, b.tally(i, account))
			}
		}
		for i, rule := range p.rules {
			o := e.judge(rule, p.params[i])
			if e.failed != nil {
				return e.failed
			}
			tallies[i].count(o.verdict, o.outOfScope())
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

// tally finds the counts of a rule in an account.
func (b *batch) tally(rule int, account merlon.AccountID) *Tally {
	t, ok := b.counts[rule][account]
	if !ok {
		t = &Tally{}
		b.counts[rule][merlon.AccountID(strings.Clone(string(account)))] = t
	}
	return t
}
