package posture

import (
	"context"
	"encoding/json"
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// Explanation says how a control came to its verdict on one resource.
type Explanation struct {
	Control *Control
	// Finding is the verdict as a run gives it, with the values that were read and
	// the calls they came from as its evidence.
	Finding *merlon.Finding
	// When and Require are the control's conditions in parts; nil where the
	// control has no such condition, or where there was no resource to judge.
	When, Require *Part
	// Calls are all calls that the resource was read from.
	Calls []merlon.Read
}

// Part is a piece of a condition with its value.
type Part struct {
	Text string
	// Operator is "and", "or" or "not" where the part is made of Parts; empty for
	// a comparison, whose Parts are what is compared, and for the rest.
	Operator string
	// Value is JSON, cut to a size fit for reading; nil where there is none.
	Value json.RawMessage
	// Unknown says why the value is not known, Error why there is none.
	Unknown []merlon.Unknown
	Error   string
	Parts   []Part
}

// Explain judges one resource by one control and says how. The resource is its
// key as findings carry it: an ARN, account/region/type/id, or account/region
// for what could not be listed. The error wraps [ErrNoControl] or
// inventory.ErrNotFound.
func (c *Catalog) Explain(ctx context.Context, snapshot Snapshot, control, resource string, opts Options) (*Explanation, error) {
	r, ok := c.byID[control]
	if !ok {
		return nil, fmt.Errorf("%w: %s%s", ErrNoControl, control, didYouMean(control, keysSorted(c.byID)))
	}
	opts.Select = func(o *Control) bool { return o.ID == control }
	run, err := c.runner(snapshot, opts)
	if err != nil {
		return nil, err
	}
	out := &Explanation{Control: r.Control}
	for _, p := range run.plans {
		for _, d := range p.denied {
			if string(d.account)+"/"+string(d.region) == resource {
				out.Finding = d.finding(r)
				return out, nil
			}
		}
	}
	params, err := r.parameters(opts.Parameters[control])
	if err != nil {
		return nil, err
	}
	e := newEvaluator(ctx, snapshot, c.schemas, run.now, newEngines(snapshot, run.now))
	err = snapshot.Get(ctx, resource, func(d *inventory.Document) error {
		typ, err := typeOf(string(d.JSON))
		if err != nil {
			return err
		}
		if typ != r.Resource {
			return fmt.Errorf("%s is about %s, and %s is a %s", control, r.Resource, resource, typ)
		}
		return e.begin(typ, string(d.JSON), d.Row, d.Unknowns, string(d.Provenance))
	})
	if err != nil {
		return nil, fmt.Errorf("explain %s on %s: %w", control, resource, err)
	}
	o := e.judge(r, params)
	out.Finding = e.finding(r, o)
	out.Calls = e.subject.calls()
	// The catalogue's own environment may be in use.
	x := &explainer{evaluator: e, rule: r}
	if x.environment, err = newEnvironment(newProvider(c.schemas)); err != nil {
		return nil, err
	}
	kinds := map[string]*types.Type{}
	for name, v := range r.Parameters {
		_, kinds[name], err = parameterValue(v)
		if err != nil {
			return nil, err
		}
	}
	x.provider.begin(r.subject, kinds)
	if out.When, err = x.condition(r.When); err != nil {
		return nil, err
	}
	if out.Require, err = x.condition(r.Require); err != nil {
		return nil, err
	}
	if e.failed != nil {
		return nil, fmt.Errorf("explain %s on %s: %w", control, resource, e.failed)
	}
	return out, nil
}

type explainer struct {
	*environment
	*evaluator
	rule *rule
}

// condition takes a whole condition apart; nil for none.
func (x *explainer) condition(text string) (*Part, error) {
	if text == "" {
		return nil, nil
	}
	whole, faults := x.compile(text, types.BoolType, 0)
	if len(faults) > 0 {
		return nil, fmt.Errorf("%s: %s", x.rule.File, faults[0].message)
	}
	p := x.part(whole.checked, whole.checked.NativeRep().Expr())
	return &p, nil
}

// part evaluates a piece of an expression and what it is made of.
func (x *explainer) part(whole *cel.Ast, e ast.Expr) Part {
	var p Part
	text, err := cel.ExprToString(e, whole.NativeRep().SourceInfo())
	if err != nil {
		return Part{Error: err.Error()}
	}
	p.Text = text
	p.evaluate(x, text)
	if e.Kind() != ast.CallKind {
		return p
	}
	call := e.AsCall()
	parts := call.Args()
	switch call.FunctionName() {
	case operators.LogicalAnd:
		p.Operator, parts = "and", flatten(e, operators.LogicalAnd)
	case operators.LogicalOr:
		p.Operator, parts = "or", flatten(e, operators.LogicalOr)
	case operators.LogicalNot:
		p.Operator = "not"
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In:
	default:
		return p
	}
	for _, a := range parts {
		if p.Operator == "" && constant(a) {
			continue
		}
		p.Parts = append(p.Parts, x.part(whole, a))
	}
	return p
}

// flatten gives the terms of a chain of one operator.
func flatten(e ast.Expr, operator string) []ast.Expr {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operator {
		return []ast.Expr{e}
	}
	var out []ast.Expr
	for _, a := range e.AsCall().Args() {
		out = append(out, flatten(a, operator)...)
	}
	return out
}

// constant reports whether an expression reads nothing.
func constant(e ast.Expr) bool {
	if e.Kind() == ast.IdentKind {
		return false
	}
	for _, c := range children(e) {
		if !constant(c) {
			return false
		}
	}
	return true
}

func (p *Part) evaluate(x *explainer, text string) {
	expr, faults := x.compile(text, nil, x.rule.costLimit)
	if len(faults) > 0 {
		p.Error = faults[0].message
		return
	}
	v, _, err := expr.program.Eval(x.evaluator)
	if err != nil {
		p.Error = err.Error()
		return
	}
	if u := asUnknown(v); u != nil {
		p.Unknown = explainUnknown(u)
		return
	}
	p.Value = jsonOf(v, maxEvidence)
}
