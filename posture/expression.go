package posture

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// expression is a compiled piece of CEL.
type expression struct {
	text    string
	checked *cel.Ast
	program cel.Program
}

// fault is what is wrong with an expression, at an offset in its text counted
// in characters.
type fault struct {
	offset  int
	message string
}

// compile parses, type-checks and plans an expression. A nil want takes every
// type of result.
func (e *environment) compile(text string, want *types.Type, costLimit uint64) (*expression, []fault) {
	e.provider.missed = nil
	parsed, issues := e.Parse(text)
	if err := issues.Err(); err != nil {
		return nil, e.faults(text, issues)
	}
	checked, issues := e.Check(parsed)
	if err := issues.Err(); err != nil {
		return nil, e.faults(text, issues)
	}
	if faults := e.lint(checked.NativeRep()); len(faults) > 0 {
		return nil, faults
	}
	if want != nil && !checked.OutputType().IsExactType(want) {
		return nil, []fault{{0, fmt.Sprintf("the result is %s, where %s is wanted", e.provider.describe(checked.OutputType()), e.provider.describe(want))}}
	}
	program, err := e.program(checked, costLimit)
	if err != nil {
		return nil, []fault{{0, err.Error()}}
	}
	return &expression{text: text, checked: checked, program: program}, nil
}

var (
	undefinedField = regexp.MustCompile(`^undefined field '(.*)'$`)
	undeclared     = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
)

// faults translates cel-go's errors.
func (e *environment) faults(text string, issues *cel.Issues) []fault {
	var out []fault
	missed := slices.Clone(e.provider.missed)
	for _, err := range issues.Errors() {
		f := fault{offset: offsetOf(text, err.Location), message: strings.TrimSpace(err.Message)}
		if m := undefinedField.FindStringSubmatch(f.message); m != nil {
			for i, miss := range missed {
				if miss.field == m[1] {
					f.message = e.provider.missing(miss)
					missed = slices.Delete(missed, i, i+1)
					break
				}
			}
			f.offset = afterDot(text, f.offset)
		} else if m := undeclared.FindStringSubmatch(f.message); m != nil {
			words := append(slices.Sorted(keysSeq(e.Functions())), "resource", "account", "region", "params", "now")
			f.message = fmt.Sprintf("there is no %s%s", m[1], didYouMean(m[1], words))
		}
		if text, _, long := strings.Cut(f.message, " expecting {"); long {
			f.message = text
		}
		f.message = strings.ReplaceAll(f.message, "optional_type(", "optional(")
		out = append(out, f)
	}
	return out
}

func keysSeq[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !strings.HasPrefix(k, "@") && !yield(k) {
				return
			}
		}
	}
}

// offsetOf turns a line and column into an offset.
func offsetOf(text string, at common.Location) int {
	line, offset := 1, 0
	for _, r := range text {
		if line >= at.Line() {
			break
		}
		offset++
		if r == '\n' {
			line++
		}
	}
	return offset + max(at.Column(), 0)
}

// afterDot moves from the dot of a selection to the name behind it.
func afterDot(text string, offset int) int {
	chars := []rune(text)
	for offset < len(chars) && strings.ContainsRune(".?", chars[offset]) {
		offset++
	}
	return offset
}

// lint refuses what the type checker lets pass and an evaluation would fail on:
// reading what may be absent without a question mark, and functions the
// property test of unknowns does not cover.
func (e *environment) lint(checked *ast.AST) []fault {
	l := &linter{environment: e, checked: checked}
	ast.PreOrderVisit(checked.Expr(), ast.NewExprVisitor(l.visit))
	slices.SortStableFunc(l.faults, func(a, b fault) int { return a.offset - b.offset })
	return l.faults
}

type linter struct {
	*environment
	checked *ast.AST
	faults  []fault
}

func (l *linter) add(id int64, format string, args ...any) {
	offset := 0
	if r, ok := l.checked.SourceInfo().GetOffsetRange(id); ok {
		offset = int(r.Start)
	}
	l.faults = append(l.faults, fault{offset, fmt.Sprintf(format, args...)})
}

func (l *linter) visit(e ast.Expr) {
	switch e.Kind() {
	case ast.SelectKind:
		if _, isName := l.checked.ReferenceMap()[e.ID()]; !isName && !e.AsSelect().IsTestOnly() {
			l.selection(e)
		}
		if _, isRelation := relationField(e.AsSelect().FieldName()); isRelation && e.AsSelect().IsTestOnly() {
			l.add(e.ID(), "a relation is always there: ask for its .size() > 0")
		}
	case ast.CallKind:
		l.call(e)
	case ast.LiteralKind:
		switch e.AsLiteral().(type) {
		case types.Uint, types.Bytes:
			l.add(e.ID(), "there are no bytes and no unsigned numbers in a document")
		}
	case ast.StructKind:
		l.add(e.ID(), "a control cannot make a %s", e.AsStruct().TypeName())
	}
}

func (l *linter) selection(e ast.Expr) {
	s := e.AsSelect()
	field := s.FieldName()
	t := l.checked.GetType(s.Operand().ID())
	switch t.Kind() {
	case types.StructKind:
		if l.provider.mayBeAbsent(t.TypeName(), field) {
			l.add(e.ID(), "%s may be absent: read it as .?%s and say what holds then, for example with .orValue(…)", field, field)
		}
	case types.MapKind, types.DynKind:
		l.add(e.ID(), "%s may be absent: read it as .?%s and say what holds then, for example with .orValue(…)", field, field)
	}
}

func (l *linter) call(e ast.Expr) {
	c := e.AsCall()
	name := c.FunctionName()
	if !l.allowed[name] {
		l.add(e.ID(), "function %s is not available to controls", name)
		return
	}
	switch name {
	case operators.Index, operators.OptIndex:
		// What the index is must be known: an unknown element hides only those
		// that a whole number leads to.
		switch t := l.checked.GetType(c.Args()[1].ID()); t.Kind() {
		case types.IntKind, types.StringKind, types.BoolKind:
		default:
			l.add(c.Args()[1].ID(), "an index must be a number or a string, not %s: write int(…) or string(…)", l.provider.describe(t))
		}
	case overloads.Matches:
		pattern := c.Args()[len(c.Args())-1]
		if pattern.Kind() != ast.LiteralKind {
			l.add(pattern.ID(), "the pattern must be a string in quotes")
		}
	}
}
