package iam

import (
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam/reference"
)

// conditionRules concern the keys of conditions and how operators fit them.
func conditionRules() []LintRule {
	return []LintRule{
		{Code: "unknown-condition-key", Title: "A condition key that is not known", Severity: merlon.High, Source: pageKeys, reads: conditionElement, statement: unknownKey,
			Why: "No request carries the key: a positive operator on it never matches, a negated one always does.",
			Fix: "Correct the name; see the service's page of the Service Authorization Reference."},
		{Code: "condition-key-unsupported", Title: "A condition key that the actions do not have", Severity: merlon.Medium, Source: pageReference, reads: actionElement | conditionElement, statement: unsupportedKey,
			Why: "AWS lists the key for none of the statement's actions: a positive operator on it never matches, a negated one always does. AWS's lists have gaps, so try it before you rely on either.",
			Fix: "Use a key that the actions have, or move the condition to the actions that have this one."},
		{Code: "condition-key-partial", Title: "A condition key that one of the actions does not have", Severity: merlon.Low, Source: pageReference, reads: actionElement | conditionElement, statement: partialKey,
			Why: "For this action the key is never there: an Allow with a positive operator never grants it, a Deny never denies it.",
			Fix: "Move the action to a statement of its own."},
		{Code: "if-exists-always", Title: "IfExists on a key that is never there", Severity: merlon.High, Source: pageOperators, reads: actionElement | conditionElement, statement: ifExistsAlways,
			Why: "IfExists passes where the key is absent, and AWS lists it for none of the actions: the condition restricts nothing.",
			Fix: "Use a key that the actions have."},
		{Code: "operator-type", Title: "An operator that does not suit the key", Severity: merlon.Medium, Source: pageOperators, reads: conditionElement, statement: operatorType,
			Why: "The key's values are of another type than the operator compares, so it hardly ever matches as meant: StringEquals on an address compares letters, not ranges.",
			Fix: "Use an operator of the key's type, as in the message."},
		{Code: "contradiction", Title: "Conditions that exclude each other", Severity: merlon.High, Source: pageCondition, reads: conditionElement, statement: contradictions,
			Why: "All conditions of a statement must hold at once. These never do, so the statement never matches.",
			Fix: "Put alternatives into one list of values, or into two statements."},
		{Code: "trivial-condition", Title: "A condition that restricts nothing", Severity: merlon.Medium, reads: conditionElement, statement: trivial,
			Why: "Every value matches; only whether the key is there counts.",
			Fix: "Name the values that were meant, or use Null to ask for presence."},
		{Code: "deprecated-key", Title: "A condition key that AWS has replaced", Severity: merlon.Low, Source: pageChecks, reads: conditionElement, statement: deprecatedKey,
			Why: "AWS recommends newer keys that say which ARN is meant.",
			Fix: "Use aws:PrincipalArn or aws:SourceArn."},
		{Code: "spoofable-key", Title: "Access by a header that anyone can write", Severity: merlon.Medium, Source: pageKeys, reads: conditionElement | otherElement, statement: spoofable,
			Kinds: []PolicyKind{IdentityPolicy, ResourcePolicy, TrustPolicy, EndpointPolicy},
			Why:   "aws:Referer and aws:UserAgent are what the caller says of himself.",
			Fix:   "Use a key that AWS fills in: aws:SourceVpce, aws:PrincipalOrgID, aws:SourceIp …"},
		{Code: "redundant-value", Title: "A value that another one covers", Severity: merlon.Info, reads: conditionElement, statement: redundantValues,
			Why: "The value changes nothing and counts against the size limit.",
			Fix: "Take it out."},
	}
}

// providerKey reports whether a key is one of an identity provider, whose name
// is a host name: "token.actions.githubusercontent.com:sub".
func providerKey(key string) bool {
	prefix, _, _ := strings.Cut(key, ":")
	return strings.Contains(prefix, ".") || strings.EqualFold(prefix, "saml")
}

func unknownKey(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if _, ok := r.key(c.Key); ok || providerKey(c.Key) || !r.spend(300_000) {
			continue
		}
		prefix, rest, colon := strings.Cut(c.Key, ":")
		service, known := r.linter.reference.Service(prefix)
		var names []string
		switch {
		case strings.EqualFold(prefix, "aws"), !colon:
			for k := range r.linter.reference.GlobalKeys() {
				names = append(names, k.Name)
			}
			if tag, _, slash := strings.Cut(rest, "/"); slash {
				// aws:PrincipalTags/x: the part before the slash is what may be wrong.
				names = []string{"aws:PrincipalTag", "aws:ResourceTag", "aws:RequestTag"}
				r.report(c.Offset, "no request carries %q%s", c.Key, didYouMean(nearestName("aws:"+tag, names)))
				continue
			}
		case known:
			for k := range service.ConditionKeys() {
				names = append(names, k.Name)
			}
		}
		r.report(c.Offset, "no request carries %q%s", c.Key, didYouMean(nearestName(c.Key, names)))
	}
}

// support says of a key which of the statement's actions have it: how many are
// named without wildcards and have it or not, and whether anything else does.
type support struct {
	decided bool // every entry is an action or a wildcard that is known
	some    bool
	without []Element // entries that do not have it
}

// supports asks the reference whether the statement's actions have a key. Keys
// of identity providers and unknown ones are left undecided.
func (r *lintRun) supports(s *Statement, c *Condition) support {
	if s.NotAction || len(s.Actions) == 0 || providerKey(c.Key) {
		return support{}
	}
	key, known := r.key(c.Key)
	if !known {
		return support{}
	}
	out := support{decided: true}
	for _, e := range s.Actions {
		found, every := r.matching(e.Text)
		if every || len(found) == 0 {
			return support{}
		}
		has := false
		for _, a := range found {
			if !r.spend(2000) {
				return support{}
			}
			if r.linter.reference.Knows(a, c.Key) || r.undocumented(a, key) {
				has = true
				break
			}
		}
		if has {
			out.some = true
		} else {
			out.without = append(out.without, e)
		}
	}
	return out
}

// undocumented reports what AWS's tables leave out: sts:RoleSessionName and its
// like stand with some actions only although every call that assumes a role has
// them, and IAM documents iam:PassedToService on pages of its own.
func (r *lintRun) undocumented(a reference.Action, key reference.ConditionKey) bool {
	return a.Service == "sts" && strings.HasPrefix(strings.ToLower(key.Name), "sts:")
}

func unsupportedKey(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if c.compiled.ifExists || c.compiled.op.family == null || c.compiled.invalid != "" {
			continue
		}
		if u := r.supports(s, c); u.decided && !u.some {
			effect := "the condition never holds"
			if c.compiled.op.negated && c.compiled.set != forAnyValue || c.compiled.set == forAllValues {
				effect = "the condition always holds"
			}
			r.report(c.Offset, "AWS lists %s for no action of the statement: %s", c.Key, effect)
		}
	}
}

func partialKey(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if c.compiled.ifExists || c.compiled.op.negated || c.compiled.op.family == null || c.compiled.set == forAllValues {
			continue
		}
		if u := r.supports(s, c); u.decided && u.some {
			for _, e := range u.without {
				if !wild(e.Text) {
					r.report(e.Offset, "AWS does not list %s for %s", c.Key, e.Text)
				}
			}
		}
	}
}

func ifExistsAlways(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if !c.compiled.ifExists {
			continue
		}
		if u := r.supports(s, c); u.decided && !u.some {
			r.report(c.Offset, "AWS lists %s for no action of the statement: the condition always holds", c.Key)
		}
	}
}

// suits says whether an operator compares a key's type as its values want.
func suits(f family, t reference.ValueType) bool {
	switch f {
	case null:
		return true
	case stringEquals, stringEqualsFold, stringLike:
		// Letters do for ARNs and booleans; ranges, order and dates need their own.
		return t != reference.Numeric && t != reference.Date && t != reference.IPAddress
	case numeric:
		return t == reference.Numeric || t == reference.Date
	case date:
		return t == reference.Date || t == reference.Numeric
	case boolean:
		return t == reference.Bool
	case binary:
		return t == reference.Binary
	case address:
		return t == reference.IPAddress
	case arn:
		// Many services write the type String for keys that hold ARNs.
		return t == reference.ARN || t == reference.String
	}
	return true
}

func operatorType(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		key, ok := r.key(c.Key)
		if !ok || key.Type == 0 || c.compiled.invalid != "" || suits(c.compiled.op.family, key.Type) {
			continue
		}
		r.report(c.Offset, "%s on %s, whose values are of the type %s: use %s", c.Operator, c.Key, key.Type, operatorsFor(key.Type))
	}
}

func operatorsFor(t reference.ValueType) string {
	switch t {
	case reference.Numeric:
		return "Numeric…"
	case reference.Date:
		return "Date…"
	case reference.Bool:
		return "Bool"
	case reference.ARN:
		return "ArnLike or ArnNotLike"
	case reference.IPAddress:
		return "IpAddress or NotIpAddress"
	case reference.Binary:
		return "BinaryEquals"
	}
	return "StringEquals, StringLike or their negations"
}

// contradictions looks at pairs of conditions on one key. Only what is certain
// is reported: no set operators and no variables.
func contradictions(r *lintRun, s *Statement) {
	if len(s.Conditions) > maxPairs {
		r.work = 0
		return
	}
	for i := range s.Conditions {
		a := &s.Conditions[i]
		for j := range s.Conditions[:i] {
			b := &s.Conditions[j]
			if a.compiled.key == b.compiled.key && (r.exclude(a, b) || r.exclude(b, a)) {
				r.report(a.Offset, "%s and %s on %s never hold together", b.Operator, a.Operator, a.Key)
			}
		}
	}
}

// exclude reports whether a and b cannot both hold for one request.
func (r *lintRun) exclude(a, b *Condition) bool {
	x, y := &a.compiled, &b.compiled
	if x.invalid != "" || y.invalid != "" || len(x.wants) == 0 || len(y.wants) == 0 {
		return false
	}
	// Null true wants the key absent; a positive operator wants it present.
	if x.op.family == null {
		needs := y.op.family != null && !y.op.negated && !y.ifExists && y.set != forAllValues
		other := y.op.family == null && allBool(y, false)
		return allBool(x, true) && (needs || other)
	}
	if x.set != noSet || y.set != noSet || y.op.family == null || x.ifExists && y.ifExists {
		return false
	}
	if x.ifExists && y.op.negated || y.ifExists && x.op.negated {
		return false // both pass where the key is absent
	}
	if key, ok := r.key(a.Key); !ok || key.Multivalued {
		return false
	}
	// From here on x is positive: it wants the key present with one of its values.
	if x.op.negated || x.op.order != equal && x.op.family != y.op.family {
		return false
	}
	switch {
	case x.op.family == numeric && y.op.family == numeric, x.op.family == date && y.op.family == date:
		return disjointRanges(x, y)
	case x.op.order != equal || x.op.family == address || x.op.family == binary:
		return false
	case x.op.family == boolean && y.op.family == boolean:
		return x.wants[0].isTrue != y.wants[0].isTrue && len(x.wants) == 1 && len(y.wants) == 1
	}
	// Each exact value of x must be refused by y.
	empty := NewContext()
	for i, w := range x.wants {
		value := a.Values[i].Text
		if x.op.family == stringLike && wild(value) || x.op.family == arn && wild(value) || w.text.variables || strings.Contains(value, "${") {
			return false
		}
		if x.op.family == stringEqualsFold && y.op.family != stringEqualsFold || hasVariables(y) {
			return false
		}
		if !r.spend(len(value) * len(y.wants)) {
			return false
		}
		m := y.fits(value, empty)
		if y.op.negated {
			m = m.not()
		}
		if m != No {
			return false
		}
	}
	return true
}

func hasVariables(t *test) bool {
	return slices.ContainsFunc(t.wants, func(w want) bool {
		return w.text.variables || slices.ContainsFunc(w.parts, func(p pattern) bool { return p.variables })
	})
}

func allBool(t *test, is bool) bool {
	for _, w := range t.wants {
		if !w.valid || w.isTrue != is {
			return false
		}
	}
	return true
}

// disjointRanges compares an upper with a lower bound, one value each.
func disjointRanges(x, y *test) bool {
	if len(x.wants) != 1 || len(y.wants) != 1 || !x.wants[0].valid || !y.wants[0].valid || y.op.negated {
		return false
	}
	var c int
	if x.op.family == numeric {
		c = x.wants[0].number.Cmp(y.wants[0].number)
	} else {
		c = x.wants[0].when.Compare(y.wants[0].when)
	}
	lowerOf := func(o order) bool { return o == greater || o == greaterOrEqual }
	upperOf := func(o order) bool { return o == less || o == lessOrEqual }
	strict := x.op.order == less || y.op.order == greater
	switch {
	case x.op.order == equal && y.op.order == equal:
		return c != 0
	case (upperOf(x.op.order) || x.op.order == equal) && (lowerOf(y.op.order) || y.op.order == equal):
		return c < 0 || c == 0 && strict
	}
	return false
}

// trivial finds values that everything matches, on keys that are always there
// or where presence can hardly have been meant.
func trivial(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		for _, v := range c.Values {
			all := false
			switch c.compiled.op.family {
			case stringLike:
				all = isStar(v.Text)
			case arn:
				all = isStar(v.Text) || strings.Trim(v.Text, "arn:*") == "" && strings.HasPrefix(v.Text, "arn:*")
			case address:
				all = v.Text == "0.0.0.0/0" || v.Text == "::/0"
			}
			if all {
				r.report(v.Offset, "every value of %s matches %q", c.Key, v.Text)
			}
		}
	}
}

func deprecatedKey(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		if c := &s.Conditions[i]; c.compiled.key == "aws:arn" {
			r.report(c.Offset, "%s has been replaced", c.Key)
		}
	}
}

func spoofable(r *lintRun, s *Statement) {
	if s.Effect != Allow {
		return
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if k := c.compiled.key; (k == "aws:referer" || k == "aws:useragent") && !c.compiled.op.negated {
			r.report(c.Offset, "%s is a header that the caller writes", c.Key)
		}
	}
}

func redundantValues(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if c.compiled.invalid != "" || len(c.compiled.wants) != len(c.Values) {
			continue
		}
		switch c.compiled.op.family {
		case stringEquals, stringEqualsFold, stringLike:
			list := make([]pattern, len(c.compiled.wants))
			for j, w := range c.compiled.wants {
				list[j] = w.text
			}
			r.redundant(list, func(j, by int) {
				r.report(c.Values[j].Offset, "%q is covered by %q", c.Values[j].Text, c.Values[by].Text)
			})
		}
	}
}
