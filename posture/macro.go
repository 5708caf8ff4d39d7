package posture

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

// presentFunc is the function that the macros ask whether an element is there:
// true, or the unknown that the element is.
const presentFunc = "@present"

// macros are the macros of a control. Those over a range differ from cel-go's in
// one thing: an unknown element stands for any number of elements, so what they
// say of it must hold if there is none. cel-go's own exists(x, true) over one
// unknown element is true, where the list may be empty.
func macros() []cel.Macro {
	return append(loopMacros(), monitoredMacro())
}

// loopMacros are those that are made of nothing but CEL's own parts.
func loopMacros() []cel.Macro {
	return []cel.Macro{
		parser.HasMacro,
		cel.ReceiverMacro(operators.All, 2, makeAll),
		cel.ReceiverMacro(operators.Exists, 2, makeExists),
		cel.ReceiverMacro(operators.ExistsOne, 2, makeExistsOne),
		cel.ReceiverMacro("existsOne", 2, makeExistsOne),
		cel.ReceiverMacro(operators.Map, 2, makeMap),
		cel.ReceiverMacro(operators.Map, 3, makeMap),
		cel.ReceiverMacro(operators.Filter, 2, makeFilter),
		cel.ReceiverMacro("related", 1, makeRelated),
		cel.GlobalMacro("daysSince", 1, makeDaysSince),
	}
}

// fold checks the loop variable and makes a comprehension.
func fold(eh cel.MacroExprFactory, target ast.Expr, args []ast.Expr, init, condition, step, result ast.Expr) (ast.Expr, *cel.Error) {
	name := args[0].AsIdent()
	if args[0].Kind() != ast.IdentKind || name == eh.AccuIdentName() || name == parser.AccumulatorName {
		return nil, eh.NewError(args[0].ID(), "the first argument must be the name of a variable")
	}
	switch name {
	case "resource", "account", "region", "params", "now":
		return nil, eh.NewError(args[0].ID(), name+" is taken: name the variable of the loop otherwise")
	}
	return eh.NewComprehension(target, name, eh.AccuIdentName(), init, condition, step, result), nil
}

// present asks whether the loop's element is there. It comes last, so that it
// is asked only where the rest does not settle the matter.
func present(eh cel.MacroExprFactory, args []ast.Expr) ast.Expr {
	return eh.NewCall(presentFunc, eh.NewIdent(args[0].AsIdent()))
}

func makeAll(eh cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	holds := eh.NewCall(operators.LogicalOr, args[1], eh.NewCall(operators.LogicalNot, present(eh, args)))
	return fold(eh, target, args,
		eh.NewLiteral(types.True),
		eh.NewCall(operators.NotStrictlyFalse, eh.NewAccuIdent()),
		eh.NewCall(operators.LogicalAnd, eh.NewAccuIdent(), holds),
		eh.NewAccuIdent())
}

func makeExists(eh cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	return fold(eh, target, args,
		eh.NewLiteral(types.False),
		eh.NewCall(operators.NotStrictlyFalse, eh.NewCall(operators.LogicalNot, eh.NewAccuIdent())),
		eh.NewCall(operators.LogicalOr, eh.NewAccuIdent(), eh.NewCall(operators.LogicalAnd, args[1], present(eh, args))),
		eh.NewAccuIdent())
}

func makeExistsOne(eh cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	more := eh.NewCall(operators.Add, eh.NewAccuIdent(), eh.NewLiteral(types.Int(1)))
	return fold(eh, target, args,
		eh.NewLiteral(types.Int(0)),
		eh.NewLiteral(types.True),
		eh.NewCall(operators.Conditional, eh.NewCall(operators.LogicalAnd, args[1], present(eh, args)), more, eh.NewAccuIdent()),
		eh.NewCall(operators.Equals, eh.NewAccuIdent(), eh.NewLiteral(types.Int(1))))
}

func makeMap(eh cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	keep := present(eh, args)
	if len(args) == 3 {
		keep = eh.NewCall(operators.LogicalAnd, args[1], keep)
	}
	return collect(eh, target, args, keep, args[len(args)-1])
}

func makeFilter(eh cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	if args[0].Kind() != ast.IdentKind {
		return nil, eh.NewError(args[0].ID(), "the first argument must be the name of a variable")
	}
	return collect(eh, target, args, eh.NewCall(operators.LogicalAnd, args[1], present(eh, args)), eh.NewIdent(args[0].AsIdent()))
}

// collect makes the list of what is kept; its form is the one that cel-go
// builds without copying.
func collect(eh cel.MacroExprFactory, target ast.Expr, args []ast.Expr, keep, element ast.Expr) (ast.Expr, *cel.Error) {
	return fold(eh, target, args,
		eh.NewList(),
		eh.NewLiteral(types.True),
		eh.NewCall(operators.Conditional, keep, eh.NewCall(operators.Add, eh.NewAccuIdent(), eh.NewList(element)), eh.NewAccuIdent()),
		eh.NewAccuIdent())
}

// relationPrefix begins the name of the field that stands for a relation. The
// fields of a resource are fixed, so no document can have one of that name.
const relationPrefix = "related/"

// relationField gives the relation that a field stands for.
func relationField(field string) (string, bool) {
	if len(field) > len(relationPrefix) && field[:len(relationPrefix)] == relationPrefix {
		return field[len(relationPrefix):], true
	}
	return "", false
}

// makeRelated turns x.related('policy') into the selection of a field, so that
// the type checker knows what the relation leads to.
func makeRelated(eh cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	name, ok := "", false
	if args[0].Kind() == ast.LiteralKind {
		var s types.String
		s, ok = args[0].AsLiteral().(types.String)
		name = string(s)
	}
	if !ok {
		return nil, eh.NewError(args[0].ID(), "the relation must be a word in quotes")
	}
	return eh.NewSelect(target, relationPrefix+name), nil
}

// makeDaysSince hands the time of the scan to the function.
func makeDaysSince(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	return eh.NewCall(daysFunc, args[0], eh.NewIdent("now")), nil
}
