package posture

import (
	"fmt"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// decorator replaces the steps of a program that would overlook an unknown in a
// list or a map:
//
//   - ==, != and in compare three-valued and deep;
//   - size is unknown where an element is, + joins lists so that it stays so;
//   - every other function gives unknown where an argument holds one, unless it
//     is known to look itself (seesUnknown) or its arguments are scalars.
//
// What is not named here is therefore guarded, also a function that a later
// version of cel-go adds.
type decorator struct {
	// bindings are the implementations by overload and by function.
	bindings map[string]*functions.Overload
	types    map[int64]*types.Type
	calls    map[int64]ast.Expr
}

// seesUnknown are the functions that look at unknowns in their arguments
// themselves, or hand the argument on as it is.
func seesUnknown(function string) bool {
	switch function {
	case overloads.TypeConvertDyn, "optional.of", "value", "hasValue", statementsFunc:
		return true
	}
	return seesSnapshot(function)
}

func newDecorator(bindings map[string]*functions.Overload, checked *ast.AST) *decorator {
	d := &decorator{bindings: bindings, types: checked.TypeMap(), calls: map[int64]ast.Expr{}}
	ast.PostOrderVisit(checked.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.CallKind {
			d.calls[e.ID()] = e
		}
	}))
	return d
}

func (d *decorator) step(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok {
		return i, nil
	}
	args := call.Args()
	switch name := call.Function(); name {
	case operators.Equals, operators.NotEquals:
		return &equality{InterpretableCall: call, left: args[0], right: args[1], negate: name == operators.NotEquals}, nil
	case operators.In:
		return &membership{InterpretableCall: call, element: args[0], container: args[1]}, nil
	case overloads.Size:
		return &size{InterpretableCall: call, arg: args[0]}, nil
	case operators.Add:
		if d.holds(call) {
			return &addition{InterpretableCall: call, left: args[0], right: args[1]}, nil
		}
		return i, nil
	case presentFunc:
		return &presence{InterpretableCall: call, arg: args[0]}, nil
	default:
		if seesUnknown(name) || !d.holds(call) {
			return i, nil
		}
		impl := d.bindings[call.OverloadID()]
		if impl == nil {
			impl = d.bindings[name]
		}
		if impl == nil {
			return nil, fmt.Errorf("function %s has no implementation", name)
		}
		return &guard{InterpretableCall: call, args: args, impl: impl}, nil
	}
}

// holds reports whether an argument of the call may be a container, by what
// the type checker found; what it does not know may be one.
func (d *decorator) holds(call interpreter.InterpretableCall) bool {
	e, ok := d.calls[call.ID()]
	if !ok {
		return true
	}
	c := e.AsCall()
	if c.IsMemberFunction() && d.mayHold(c.Target()) {
		return true
	}
	for _, a := range c.Args() {
		if d.mayHold(a) {
			return true
		}
	}
	return false
}

func (d *decorator) mayHold(e ast.Expr) bool {
	t, ok := d.types[e.ID()]
	if !ok {
		return true
	}
	switch t.Kind() {
	case types.BoolKind, types.IntKind, types.DoubleKind, types.StringKind, types.TimestampKind, types.DurationKind, types.NullTypeKind:
		return false
	}
	return true
}

// equality is == or !=.
type equality struct {
	interpreter.InterpretableCall
	left, right interpreter.InterpretableV2
	negate      bool
}

// Exec implements [interpreter.InterpretableV2].
func (e *equality) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	a := e.left.Exec(frame)
	if types.IsError(a) {
		return a
	}
	b := e.right.Exec(frame)
	if types.IsError(b) {
		return b
	}
	res := equal(a, b)
	if r, ok := res.(types.Bool); ok && e.negate {
		res = !r
	}
	if costs := frame.CostTracker(); costs != nil {
		costs.EvalBinary(frame, e.ID(), e, a, b, res)
	}
	return res
}

// Eval implements [interpreter.Interpretable].
func (e *equality) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, e.Exec)
}

// membership is "element in container".
type membership struct {
	interpreter.InterpretableCall
	element, container interpreter.InterpretableV2
}

// Exec implements [interpreter.InterpretableV2].
func (m *membership) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	v := m.element.Exec(frame)
	if types.IsError(v) {
		return v
	}
	c := m.container.Exec(frame)
	if types.IsError(c) {
		return c
	}
	res := contains(c, v)
	if costs := frame.CostTracker(); costs != nil {
		costs.EvalBinary(frame, m.ID(), m, v, c, res)
	}
	return res
}

// Eval implements [interpreter.Interpretable].
func (m *membership) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, m.Exec)
}

// size is the number of elements, members or characters.
type size struct {
	interpreter.InterpretableCall
	arg interpreter.InterpretableV2
}

// Exec implements [interpreter.InterpretableV2].
func (s *size) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	v := s.arg.Exec(frame)
	if types.IsUnknownOrError(v) {
		return v
	}
	if u := unknownElement(v); u != nil {
		return u
	}
	sizer, ok := v.(traits.Sizer)
	if !ok {
		return noOverload(v)
	}
	res := sizer.Size()
	if costs := frame.CostTracker(); costs != nil {
		costs.EvalUnary(frame, s.ID(), s, v, res)
	}
	return res
}

// Eval implements [interpreter.Interpretable].
func (s *size) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, s.Exec)
}

// addition is + where it may join lists.
type addition struct {
	interpreter.InterpretableCall
	left, right interpreter.InterpretableV2
}

// Exec implements [interpreter.InterpretableV2].
func (a *addition) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	l := a.left.Exec(frame)
	if types.IsError(l) {
		return l
	}
	r := a.right.Exec(frame)
	if types.IsError(r) {
		return r
	}
	if u := types.MergeUnknowns(asUnknown(l), asUnknown(r)); u != nil {
		return u
	}
	var res ref.Val
	if adder, ok := l.(traits.Adder); !ok {
		res = noOverload(l)
	} else if ll, ok := l.(traits.Lister); ok && (unknownElement(l) != nil || unknownElement(r) != nil) {
		// Only a list of ours knows that what is behind an unknown element has no
		// certain index.
		res = newList(nil).Add(ll).(*list).Add(r)
	} else {
		res = adder.Add(r)
	}
	if costs := frame.CostTracker(); costs != nil {
		costs.EvalBinary(frame, a.ID(), a, l, r, res)
	}
	return res
}

// Eval implements [interpreter.Interpretable].
func (a *addition) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, a.Exec)
}

// presence is true, or the unknown that the argument is.
type presence struct {
	interpreter.InterpretableCall
	arg interpreter.InterpretableV2
}

// Exec implements [interpreter.InterpretableV2].
func (p *presence) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	v := p.arg.Exec(frame)
	if types.IsUnknownOrError(v) {
		return v
	}
	return types.True
}

// Eval implements [interpreter.Interpretable].
func (p *presence) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, p.Exec)
}

// guard is a call that is unknown where an argument is or holds an unknown.
type guard struct {
	interpreter.InterpretableCall
	args []interpreter.InterpretableV2
	impl *functions.Overload
}

// Exec implements [interpreter.InterpretableV2].
func (g *guard) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	vals := make([]ref.Val, len(g.args))
	var u *types.Unknown
	for i, a := range g.args {
		v := a.Exec(frame)
		if types.IsError(v) {
			return v
		}
		u = types.MergeUnknowns(u, unknownIn(v))
		vals[i] = v
	}
	if u != nil {
		return u
	}
	res := g.call(vals)
	if costs := frame.CostTracker(); costs != nil {
		costs.EvalVarArgs(frame, g.ID(), g, vals, res)
	}
	return res
}

// Eval implements [interpreter.Interpretable].
func (g *guard) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, g.Exec)
}

func (g *guard) call(vals []ref.Val) ref.Val {
	if g.impl.OperandTrait != 0 && !vals[0].Type().HasTrait(g.impl.OperandTrait) {
		return noOverload(vals[0])
	}
	switch {
	case len(vals) == 1 && g.impl.Unary != nil:
		return g.impl.Unary(vals[0])
	case len(vals) == 2 && g.impl.Binary != nil:
		return g.impl.Binary(vals[0], vals[1])
	case g.impl.Function != nil:
		return g.impl.Function(vals...)
	}
	return types.NewErr("function %s takes no %d arguments", g.Function(), len(vals))
}
