package posture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// record is a resource's document in use.
type record struct {
	document
	root ref.Val // an *object, or an unknown that covers it all
	rel  relations
	// provenance is what the calls are decoded from when they are asked for.
	provenance string
	decoded    []merlon.Read
}

// evaluator evaluates controls on one resource after another. It is used by one
// goroutine.
type evaluator struct {
	ctx      context.Context
	snapshot Snapshot
	engines  *engines
	shapes   *shapes
	now      ref.Val

	subject         record
	account, region cachedRecord
	// spare are records of related resources, used of them the subject's.
	spare []*record
	used  int
	// relatedBytes counts the related documents that the account and the region
	// have been asked for; beyond keepRelated they are not kept for the next resource.
	relatedBytes int
	params       ref.Val
	// failed is an error of the snapshot, which ends the run: what depends on it
	// is no verdict.
	failed error
}

// cachedRecord is a document that many resources share.
type cachedRecord struct {
	account merlon.AccountID
	region  merlon.Region
	value   ref.Val
	record  *record
}

const keepRelated = 16 << 20

func newEvaluator(ctx context.Context, snapshot Snapshot, schemas *inventory.SchemaSet, now time.Time, engines *engines) *evaluator {
	return &evaluator{ctx: ctx, snapshot: snapshot, engines: engines, shapes: newShapes(schemas), now: types.Timestamp{Time: now.UTC()}}
}

// begin takes the next resource. The text must not change afterwards.
func (e *evaluator) begin(typ, text string, row int64, unknowns []merlon.Unknown, provenance string) error {
	e.used = 0
	if e.relatedBytes > keepRelated {
		clear(e.account.known())
		clear(e.region.known())
		e.relatedBytes = 0
	}
	return e.fill(&e.subject, typ, text, row, unknowns, provenance)
}

func (c *cachedRecord) known() map[string]ref.Val {
	if c.record == nil {
		return nil
	}
	return c.record.rel.known
}

// fill parses a document into a record.
func (e *evaluator) fill(r *record, typ, text string, row int64, unknowns []merlon.Unknown, provenance string) error {
	if err := r.parse(text, unknowns, e.shapes.of(typ)); err != nil {
		return err
	}
	r.provenance, r.decoded = provenance, nil
	known := r.rel.known
	clear(known)
	r.rel = relations{source: e, known: known, subject: inventory.Subject{
		Row: row, Type: typ, ID: r.word("id"), ARN: merlon.ARN(r.word("arn")),
		Account: merlon.AccountID(r.word("account")), Region: merlon.Region(r.word("region")),
	}}
	r.root = r.document.root()
	if o, ok := r.root.(*object); ok {
		o.res = &r.rel
		o.rec = r
	}
	return nil
}

// calls are those that the document was read from; nil where they cannot be
// decoded: they are evidence of nothing then.
func (r *record) calls() []merlon.Read {
	if r == nil {
		return nil
	}
	if r.decoded == nil {
		calls, err := inventory.Calls([]byte(r.provenance))
		if err != nil {
			return nil
		}
		r.decoded = calls
	}
	return r.decoded
}

// word reads a string member of the root, whether or not it is unknown to
// controls: it says what the resource is.
func (d *document) word(name string) string {
	if at, ok := d.member(0, name); ok && d.nodes[at].kind == kindString {
		return keyText(d.text, &d.nodes[at])
	}
	return ""
}

// fail notes an error of the snapshot, which ends the run.
func (e *evaluator) fail(err error) ref.Val {
	e.failed = errors.Join(e.failed, err)
	return types.WrapErr(err)
}

// ResolveName implements [cel.Activation].
func (e *evaluator) ResolveName(name string) (any, bool) {
	switch name {
	case "resource":
		return e.subject.root, true
	case "account":
		return e.accountOf(e.subject.rel.subject), true
	case "region":
		return e.regionOf(e.subject.rel.subject), true
	case "params":
		return e.params, true
	case "now":
		return e.now, true
	}
	return nil, false
}

// Parent implements [cel.Activation].
func (e *evaluator) Parent() cel.Activation { return nil }

func (e *evaluator) accountOf(s inventory.Subject) ref.Val {
	if e.account.value == nil || e.account.account != s.Account {
		region := s.Region
		if region != "" {
			region = merlon.PartitionOf(region).GlobalRegion()
		}
		e.account = e.lookup(accountType, s.Account, region, string(s.Account), "account "+string(s.Account))
		e.account.account = s.Account
	}
	return e.account.value
}

func (e *evaluator) regionOf(s inventory.Subject) ref.Val {
	if e.region.value == nil || e.region.account != s.Account || e.region.region != s.Region {
		e.region = e.lookup(regionType, s.Account, s.Region, string(s.Region), "region "+string(s.Region))
		e.region.account, e.region.region = s.Account, s.Region
	}
	return e.region.value
}

func (e *evaluator) lookup(typ string, account merlon.AccountID, region merlon.Region, id, what string) cachedRecord {
	r := &record{}
	err := e.snapshot.Lookup(e.ctx, typ, account, region, id, func(d *inventory.Document) error {
		return e.fill(r, typ, string(d.JSON), d.Row, d.Unknowns, string(d.Provenance))
	})
	switch {
	case errors.Is(err, inventory.ErrNotFound):
		return cachedRecord{value: newUnknown(merlon.Unknown{Reason: "nothing is known of " + what + " (out of scope)"})}
	case err != nil:
		return cachedRecord{value: e.fail(fmt.Errorf("%s: %w", what, err))}
	}
	return cachedRecord{value: r.root, record: r}
}

// outcome is a verdict with what an unknown lacked.
type outcome struct {
	verdict  merlon.Verdict
	unknowns []merlon.Unknown
	err      error
}

// judge gives the verdict of a control on the resource.
func (e *evaluator) judge(r *rule, params ref.Val) outcome {
	e.params = params
	if r.when != nil {
		switch o := e.truth(r.when); o.verdict {
		case merlon.Fail:
			return outcome{verdict: merlon.NotApplicable}
		case merlon.UnknownResult:
			return o
		}
	}
	return e.truth(r.require)
}

// truth evaluates a condition: pass for true, fail for false.
func (e *evaluator) truth(x *expression) outcome {
	v, _, err := x.program.Eval(e)
	switch t := v.(type) {
	case types.Bool:
		if t {
			return outcome{verdict: merlon.Pass}
		}
		return outcome{verdict: merlon.Fail}
	case *types.Unknown:
		return outcome{verdict: merlon.UnknownResult, unknowns: explainUnknown(t)}
	}
	if err == nil {
		err = fmt.Errorf("the result is neither true nor false")
	}
	return outcome{verdict: merlon.UnknownResult, err: err}
}
