package iam

import (
	"strings"

	"merlon.dev/merlon"
)

// multivalueRules concern ForAllValues and ForAnyValue.
func multivalueRules() []LintRule {
	return []LintRule{
		{Code: "for-all-values-allow", Title: "Allow with ForAllValues and no test that the key is there", Severity: merlon.High, Source: pageMulti, reads: conditionElement | otherElement, statement: forAllAllow,
			Why: "ForAllValues holds where the key is absent or empty: who sends no value at all is allowed.",
			Fix: `Add "Null": {"KEY": "false"} on the same key.`},
		{Code: "for-all-values-deny", Title: "Deny with ForAllValues", Severity: merlon.Low, Source: pageMulti, reads: conditionElement | otherElement, statement: forAllDeny,
			Why: "ForAllValues holds where the key is absent, so requests without it are denied as well; and one value that does not fit lets a request pass.",
			Fix: "Deny with ForAnyValue and the negated operator, or add a Null test."},
		{Code: "set-operator-single", Title: "A set operator on a key with one value", Severity: merlon.Medium, Source: pageMulti, reads: conditionElement, statement: setOnSingle,
			Why: "The key has one value at most. ForAllValues passes where it is absent, ForAnyValue turns a negated operator round there; AWS advises against both.",
			Fix: "Take the set operator off."},
		{Code: "multivalued-without-set-operator", Title: "A key with many values without a set operator", Severity: merlon.Medium, Source: pageMulti, reads: conditionElement, statement: multivaluedBare,
			Why: "A request can carry several values of the key; without ForAnyValue or ForAllValues AWS does not say how they are compared.",
			Fix: "Say ForAnyValue: or ForAllValues: before the operator."},
		{Code: "for-any-value-negated-deny", Title: "A Deny that an absent key slips past", Severity: merlon.Medium, Source: pageMulti, reads: conditionElement | otherElement, statement: anyNegatedDeny,
			Why: "ForAnyValue fails where the key is absent, with a negated operator too: requests without the key are not denied.",
			Fix: `Add a second Deny with "Null": {"KEY": "true"}, or use the negated operator with ForAllValues semantics that you mean.`},
	}
}

// nullTested reports whether the statement asks for the key's presence.
func (s *Statement) nullTested(key string) bool {
	for i := range s.Conditions {
		if t := &s.Conditions[i].compiled; t.key == key && (t.op.family == null && allBool(t, false) || t.op.family != null && t.set != forAllValues && !t.ifExists && !t.op.negated) {
			return true
		}
	}
	return false
}

func forAllAllow(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if s.Effect == Allow && c.compiled.set == forAllValues && !s.nullTested(c.compiled.key) && !tagKeysGuard(s, c) {
			r.report(c.Offset, "%s on %s passes where the key is absent", c.Operator, c.Key)
		}
	}
}

// tagKeysGuard reports the case that AWS itself recommends: aws:TagKeys with
// ForAllValues limits which tags may be set, and setting none is harmless.
func tagKeysGuard(_ *Statement, c *Condition) bool {
	return c.compiled.key == "aws:tagkeys"
}

func forAllDeny(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if s.Effect == Deny && c.compiled.set == forAllValues && !s.nullTested(c.compiled.key) {
			r.report(c.Offset, "%s on %s holds where the key is absent, and fails by one value that does not fit", c.Operator, c.Key)
		}
	}
}

func setOnSingle(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if c.compiled.set == noSet || providerKey(c.Key) {
			continue
		}
		if k, ok := r.key(c.Key); ok && !k.Multivalued {
			r.report(c.Offset, "%s on %s, which has one value", c.Operator, c.Key)
		}
	}
}

func multivaluedBare(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if c.compiled.set != noSet || c.compiled.op.family == null || c.compiled.invalid != "" {
			continue
		}
		if k, ok := r.key(c.Key); ok && k.Multivalued {
			r.report(c.Offset, "%s on %s, which can have several values", c.Operator, c.Key)
		}
	}
}

func anyNegatedDeny(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		t := &c.compiled
		if s.Effect != Deny || t.set != forAnyValue || !t.op.negated || t.ifExists || s.nullTested(t.key) || r.deniedWhenAbsent(t.key) {
			continue
		}
		r.report(c.Offset, "%s on %s does not hold where the key is absent", c.Operator, c.Key)
	}
}

// deniedWhenAbsent reports whether another Deny of the policy takes the key's absence.
func (r *lintRun) deniedWhenAbsent(key string) bool {
	for i := range r.policy.Statements {
		s := &r.policy.Statements[i]
		for j := range s.Conditions {
			if t := &s.Conditions[j].compiled; s.Effect == Deny && strings.EqualFold(t.key, key) && t.op.family == null && allBool(t, true) {
				return true
			}
		}
	}
	return false
}
