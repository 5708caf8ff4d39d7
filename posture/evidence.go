package posture

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"merlon.dev/merlon"
)

// maxEvidence is about how many bytes of a value a finding carries.
const maxEvidence = 500

// read is a path that a control reads: from a variable through members.
type read struct {
	root  string // resource, account or region
	steps []string
}

// String is the path for a person: "properties.BucketEncryption",
// "account.related('trails')".
func (r read) String() string {
	var b strings.Builder
	if r.root != "resource" {
		b.WriteString(r.root)
	}
	for _, s := range r.steps {
		if b.Len() > 0 {
			b.WriteString(".")
		}
		if name, ok := relationField(s); ok {
			s = "related('" + name + "')"
		}
		b.WriteString(s)
	}
	return b.String()
}

// readsOf finds what expressions read of the documents: the longest paths, each
// once, in the order of the text. What identifies a resource is left out.
func readsOf(expressions ...*expression) []read {
	var out []read
	for _, x := range expressions {
		if x == nil {
			continue
		}
		var walk func(e ast.Expr)
		walk = func(e ast.Expr) {
			if r, ok := pathOf(e); ok {
				out = append(out, r)
				return
			}
			for _, c := range children(e) {
				walk(c)
			}
		}
		walk(x.checked.NativeRep().Expr())
	}
	var kept []read
	for i, r := range out {
		text := r.String()
		if len(r.steps) == 0 || len(r.steps) == 1 && !strings.HasPrefix(r.steps[0], relationPrefix) && r.steps[0] != "tags" {
			continue
		}
		longer := func(o read) bool { return strings.HasPrefix(o.String(), text+".") }
		if slices.ContainsFunc(out, longer) || slices.ContainsFunc(out[:i], func(o read) bool { return o.String() == text }) {
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

// pathOf follows selections down to one of the documents.
func pathOf(e ast.Expr) (read, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		switch name := e.AsIdent(); name {
		case "resource", "account", "region":
			return read{root: name}, true
		}
	case ast.SelectKind:
		s := e.AsSelect()
		if r, ok := pathOf(s.Operand()); ok {
			return r.to(s.FieldName()), true
		}
	case ast.CallKind:
		c := e.AsCall()
		switch c.FunctionName() {
		case operators.OptSelect, operators.OptIndex, operators.Index:
			if key := c.Args()[1]; key.Kind() == ast.LiteralKind {
				if name, ok := key.AsLiteral().(types.String); ok {
					if r, ok := pathOf(c.Args()[0]); ok {
						return r.to(string(name)), true
					}
				}
			}
		}
	}
	return read{}, false
}

func (r read) to(step string) read {
	return read{root: r.root, steps: append(slices.Clone(r.steps), step)}
}

func children(e ast.Expr) []ast.Expr {
	switch e.Kind() {
	case ast.SelectKind:
		return []ast.Expr{e.AsSelect().Operand()}
	case ast.CallKind:
		c := e.AsCall()
		if c.IsMemberFunction() {
			return append([]ast.Expr{c.Target()}, c.Args()...)
		}
		return c.Args()
	case ast.ListKind:
		return e.AsList().Elements()
	case ast.MapKind:
		var out []ast.Expr
		for _, m := range e.AsMap().Entries() {
			out = append(out, m.AsMapEntry().Key(), m.AsMapEntry().Value())
		}
		return out
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		return []ast.Expr{c.IterRange(), c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()}
	}
	return nil
}

// evidence gives the values that a control read of the resource at hand. What
// is unknown is no evidence and is left out.
func (e *evaluator) evidence(r *rule) []merlon.Evidence {
	var out []merlon.Evidence
	for _, path := range r.reads {
		v, ok := e.follow(path)
		if !ok {
			continue
		}
		ev := merlon.Evidence{Path: path.String(), Value: jsonOf(v, maxEvidence)}
		if call, found := e.callOf(path, v); found {
			ev.Call, ev.At = call.Call, call.At
		}
		out = append(out, ev)
	}
	return append(out, e.answers(r)...)
}

// follow reads a path; what is absent is null. It is false for an unknown.
func (e *evaluator) follow(path read) (ref.Val, bool) {
	root, _ := e.ResolveName(path.root)
	v, _ := root.(ref.Val)
	for _, step := range path.steps {
		o, ok := v.(*object)
		if !ok {
			break
		}
		if v, ok = o.find(step); !ok {
			return types.NullValue, true
		}
	}
	if types.IsUnknownOrError(v) {
		return nil, false
	}
	return v, true
}

// callOf finds the call that a path was read with.
func (e *evaluator) callOf(path read, v ref.Val) (merlon.Read, bool) {
	of := &e.subject
	steps := path.steps
	switch path.root {
	case "account":
		of = e.account.record
	case "region":
		of = e.region.record
	}
	if _, ok := relationField(steps[0]); ok {
		// The call that read the first of the related resources.
		l, ok := v.(traits.Lister)
		if !ok || l.Size() == types.IntZero {
			return merlon.Read{}, false
		}
		o, ok := l.Get(types.IntZero).(*object)
		if !ok || o.rec == nil {
			return merlon.Read{}, false
		}
		of, steps = o.rec, nil
	}
	calls := of.calls()
	part := strings.Join(steps[:min(2, len(steps))], ".")
	var whole *merlon.Read
	for i := range calls {
		if slices.Contains(calls[i].Properties, part) {
			return calls[i], true
		}
		if len(calls[i].Properties) == 0 && whole == nil {
			whole = &calls[i]
		}
	}
	if whole == nil {
		return merlon.Read{}, false
	}
	return *whole, true
}

// finding makes the finding of an outcome on the resource at hand.
func (e *evaluator) finding(r *rule, o outcome) *merlon.Finding {
	s := e.subject.rel.subject
	f := &merlon.Finding{
		Control: r.ID, Resource: strings.Clone(s.Key()), Name: strings.Clone(e.subject.word("name")), Type: r.Resource,
		Account: merlon.AccountID(strings.Clone(string(s.Account))), Region: merlon.Region(strings.Clone(string(s.Region))),
		Verdict: o.verdict, Severity: r.Severity,
	}
	if f.Name == "" {
		f.Name = strings.Clone(s.ID)
	}
	discriminator := ""
	if r.discriminator != nil {
		if v, _, err := r.discriminator.program.Eval(e); err == nil && !types.IsUnknown(v) {
			discriminator = plain(v)
		}
	}
	f.ID = merlon.FindingID(f.Control, f.Resource, f.Account, f.Region, discriminator)
	switch o.verdict {
	case merlon.Fail:
		f.Message = render(r.message, e)
	case merlon.UnknownResult:
		lack(f, r.Title, o)
	default:
		f.Message = r.Title
	}
	if o.verdict != merlon.NotApplicable {
		f.Evidence = e.evidence(r)
	}
	return f
}

// lack says in a finding what its verdict lacked.
func lack(f *merlon.Finding, title string, o outcome) {
	f.OutOfScope = o.err == nil
	for _, u := range o.unknowns {
		if u.Gap != "" {
			f.OutOfScope = false
			if !slices.Contains(f.Gaps, u.Gap) {
				f.Gaps = append(f.Gaps, u.Gap)
			}
		}
		if u.Reason != "" && !slices.Contains(f.Reasons, u.Reason) {
			f.Reasons = append(f.Reasons, u.Reason)
		}
	}
	if o.err != nil {
		f.Reasons = append(f.Reasons, fmt.Sprintf("the control could not be evaluated: %v", o.err))
	}
	slices.Sort(f.Gaps)
	f.Message = "cannot tell: " + title
	if len(f.Reasons) > 0 {
		f.Message += " (" + cut(f.Reasons[0], maxMessageValue) + ")"
	}
}
