package iam

import "merlon.dev/merlon"

// redundancyRules concern statements that add nothing.
func redundancyRules() []LintRule {
	return []LintRule{
		{Code: "redundant-statement", Title: "A statement that another one covers", Severity: merlon.Low, document: redundantStatements,
			Why: "Whatever it matches another statement of the same effect matches as well. It misleads the reader: taking something out of it changes nothing.",
			Fix: "Take it out, or narrow the other one."},
		{Code: "same-statement", Title: "A statement stands twice", Severity: merlon.Low, document: sameStatements,
			Why: "One of the two will be changed one day and the other forgotten.",
			Fix: "Take one of them out."},
	}
}

func redundantStatements(r *lintRun) {
	done := map[int]bool{}
	r.pairs(func(a, b *Statement) {
		if a.Effect == NoEffect || a.Effect != b.Effect || done[a.Index] || !r.subsumes(b, a) || r.subsumes(a, b) {
			return
		}
		done[a.Index] = true
		r.current = a
		r.report(a.Offset, "statement %d matches whatever this one does", b.Index+1)
	})
	r.current = nil
}

// sameStatements reports the later of two that cover each other.
func sameStatements(r *lintRun) {
	done := map[int]bool{}
	r.pairs(func(a, b *Statement) {
		if a.Effect == NoEffect || a.Effect != b.Effect || a.Index < b.Index || done[a.Index] || !r.subsumes(b, a) || !r.subsumes(a, b) {
			return
		}
		done[a.Index] = true
		r.current = a
		r.report(a.Offset, "statement %d says the same", b.Index+1)
	})
	r.current = nil
}
