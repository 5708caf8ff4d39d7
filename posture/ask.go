package posture

import (
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"merlon.dev/merlon"
	"merlon.dev/merlon/access"
)

// ask is a question that a control puts to an engine about the resource at
// hand, with arguments that are written out: its answer is evidence.
type ask struct {
	text string
	call func(resource ref.Val) ref.Val
}

// calls are those of engine functions in an expression, in the order of the text.
func engineCalls(expressions ...*expression) []ast.CallExpr {
	var out []ast.CallExpr
	for _, x := range expressions {
		if x == nil {
			continue
		}
		ast.PostOrderVisit(x.checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
			if e.Kind() == ast.CallKind && seesSnapshot(e.AsCall().FunctionName()) {
				out = append(out, e.AsCall())
			}
		}))
	}
	return out
}

// asksOf finds the questions of expressions, each once.
func asksOf(expressions ...*expression) []ask {
	var out []ask
	seen := map[string]bool{}
	for _, c := range engineCalls(expressions...) {
		if a, ok := askOf(c); ok && !seen[a.text] {
			seen[a.text] = true
			out = append(out, a)
		}
	}
	return out
}

func askOf(c ast.CallExpr) (ask, bool) {
	args := c.Args()
	about := func(i int) bool {
		return i < len(args) && args[i].Kind() == ast.IdentKind && args[i].AsIdent() == "resource"
	}
	switch c.FunctionName() {
	case publicWitnessFunc:
		return ask{"publicWitness(resource)", publicWitness}, about(0)
	case escalatesFunc:
		return ask{"escalates(resource)", escalates}, about(0)
	case reachableFunc:
		return ask{"exposedPorts(resource)", exposedPorts}, about(0)
	case principalsWhoFunc:
		action, ok := literalText(args[0])
		return ask{"principalsWho('" + action + "', resource)", func(r ref.Val) ref.Val { return principalsWho(types.String(action), r) }}, ok && about(1)
	}
	return ask{}, false // the answer of denies is the verdict itself
}

func literalText(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

// policyReads are the policies on a resource, where a control asks the engine
// about them.
func policyReads(typ string, expressions ...*expression) []read {
	for _, c := range engineCalls(expressions...) {
		switch c.FunctionName() {
		case deniesFunc, publicWitnessFunc, principalsWhoFunc:
		default:
			continue
		}
		switch property, relation := access.PolicySource(typ); {
		case property != "":
			return []read{{root: "resource", steps: append([]string{"properties"}, strings.Split(property, ".")...)}}
		case relation != "":
			return []read{{root: "resource", steps: []string{relationPrefix + relation}}}
		}
	}
	return nil
}

// answers are what the engines say of the resource at hand. What is unknown is
// no evidence.
func (e *evaluator) answers(r *rule) []merlon.Evidence {
	var out []merlon.Evidence
	for _, a := range r.asks {
		v := a.call(e.subject.root)
		if types.IsUnknownOrError(v) {
			continue
		}
		ev := merlon.Evidence{Path: a.text, Value: jsonOf(v, maxEvidence)}
		if calls := e.subject.calls(); len(calls) > 0 {
			ev.Call, ev.At = calls[0].Call, calls[0].At
		}
		out = append(out, ev)
	}
	return out
}
