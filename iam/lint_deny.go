package iam

import (
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam/reference"
)

// denyRules concern statements that do not do what they seem to.
func denyRules() []LintRule {
	return []LintRule{
		{Code: "deny-without-effect", Title: "A Deny that does not bite", Severity: merlon.High, Source: pageEvaluation, statement: denyWithoutEffect,
			Why: "No request matches the statement: its actions do not exist, take none of its resources, or its conditions never hold. What it should prevent is not prevented.",
			Fix: "Repair what the other findings on the statement name."},
		{Code: "deny-half", Title: "A Deny on a bucket or on its objects alone", Severity: merlon.Medium, Source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html", reads: actionElement | resourceElement | otherElement, statement: denyHalf,
			Why: "s3:* has actions on the bucket and on its objects; the statement's resources are of one kind, so the other half is not denied.",
			Fix: "Name both: arn:aws:s3:::BUCKET and arn:aws:s3:::BUCKET/*."},
		{Code: "deny-everything", Title: "A Deny of everything", Severity: merlon.Medium, Source: pageEvaluation, statement: denyEverything,
			Kinds: []PolicyKind{IdentityPolicy, BoundaryPolicy, ResourcePolicy, SCP, RCP, SessionPolicy},
			Why:   "Nothing is left of what other statements allow; on a bucket or a key even the account's administrators are shut out.",
			Fix:   "Add the condition that was meant, or delete the policy."},
		{Code: "allow-denied", Title: "An Allow that a Deny takes back", Severity: merlon.Medium, Source: pageEvaluation, document: allowDenied,
			Why: "A Deny of the same policy covers the whole statement without a condition of its own: the Allow grants nothing.",
			Fix: "Take one of the two out, or narrow the Deny."},
		{Code: "read-without-list", Title: "Objects may be read and not listed", Severity: merlon.Info, Source: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html", document: readWithoutList, Kinds: []PolicyKind{IdentityPolicy},
			Why: "Without s3:ListBucket on the bucket a missing object is answered with 403 Access Denied rather than 404; many tools stop there.",
			Fix: "Allow s3:ListBucket on arn:aws:s3:::BUCKET, if the names may be known."},
	}
}

// never says why no request matches a statement, "" where one may.
func (r *lintRun) never(s *Statement) string {
	if s.invalid != "" {
		return ""
	}
	if why := r.neverActions(s); why != "" {
		return why
	}
	if why := r.neverResources(s); why != "" {
		return why
	}
	if s.impossible(r) {
		return "its conditions exclude each other"
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		t := &c.compiled
		if t.invalid != "" || t.op.negated || t.ifExists || t.set == forAllValues || len(t.wants) == 0 {
			continue
		}
		if !slices.ContainsFunc(t.wants, func(w want) bool { return w.valid }) {
			return "the values of " + c.Key + " are none"
		}
		if _, ok := r.key(c.Key); !ok && !providerKey(c.Key) && t.op.family != null && r.work > 0 {
			return "no request carries " + c.Key
		}
	}
	return ""
}

// neverActions says why none of the actions is ever asked for on one of the resources.
func (r *lintRun) neverActions(s *Statement) string {
	if s.NotAction || len(s.Actions) == 0 {
		return ""
	}
	var all []reference.Action
	for _, e := range s.Actions {
		found, every := r.matching(e.Text)
		if every || strings.Contains(e.Text, "${") {
			return ""
		}
		if prefix, name, ok := splitAction(e.Text); len(found) == 0 && ok && !wild(prefix) {
			if service, known := r.linter.reference.Service(prefix); known && !wild(name) && (!r.spend(500_000) || r.closestAction(service, name) == "") {
				return "" // it may be newer than the reference
			}
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return "none of its actions exists"
	}
	if !r.specific(s) || !r.spend(100*len(all)) {
		return ""
	}
	types := r.typeSet(s.Resources)
	if slices.ContainsFunc(all, func(a reference.Action) bool { return takesOne(a, types) }) || r.work <= 0 {
		return ""
	}
	return "none of its actions takes one of its resources"
}

// neverResources says why no resource can be one of the statement's.
func (r *lintRun) neverResources(s *Statement) string {
	if !s.HasResource || s.NotResource || len(s.Resources) == 0 {
		return ""
	}
	for _, e := range s.Resources {
		plain := withoutVariables(e.Text)
		if isStar(plain) || shortPattern(plain) || r.wellFormed(e) && (len(r.typesOf(e.Text)) > 0 || r.noTypes(e)) {
			return ""
		}
	}
	if r.work <= 0 {
		return ""
	}
	return "none of its resources exists"
}

// noTypes reports an ARN of a service of which the reference has no resources.
func (r *lintRun) noTypes(e Element) bool {
	parts, six := arnFields(e.Text)
	return six && !r.oneOfService("arn:*:"+parts[2]+":*", parts[2])
}

func denyWithoutEffect(r *lintRun, s *Statement) {
	if s.Effect != Deny {
		return
	}
	if why := r.never(s); why != "" {
		r.report(s.Offset, "nothing is denied: %s", why)
	}
}

func denyHalf(r *lintRun, s *Statement) {
	if s.Effect != Deny || s.NotAction || s.NotResource || len(s.Resources) == 0 {
		return
	}
	var all Element
	for _, a := range s.Actions {
		if strings.EqualFold(a.Text, "s3:*") || isStar(a.Text) && r.Kind == ResourcePolicy {
			all = a
		}
	}
	if all.Text == "" {
		return
	}
	buckets, objects := false, false
	for _, e := range s.Resources {
		parts, six := arnFields(e.Text)
		if !six || parts[2] != "s3" || parts[3] != "" {
			return
		}
		slash := strings.Contains(parts[5], "/")
		objects = objects || slash || strings.Contains(parts[5], "*")
		buckets = buckets || !slash
	}
	switch {
	case !objects:
		r.report(all.Offset, "%s is denied on the bucket, not on its objects", all.Text)
	case !buckets:
		r.report(all.Offset, "%s is denied on the objects, not on the bucket", all.Text)
	}
}

func denyEverything(r *lintRun, s *Statement) {
	if s.Effect != Deny || s.NotAction || s.NotResource || s.NotPrincipal || len(s.Conditions) > 0 {
		return
	}
	if s.HasPrincipal {
		if _, ok := s.everyone(); !ok {
			return
		}
	}
	star := slices.ContainsFunc(s.Actions, func(e Element) bool { return isStar(e.Text) })
	all := slices.ContainsFunc(s.Resources, func(e Element) bool { return isStar(e.Text) }) || r.Kind == ResourcePolicy && star
	if star && all {
		r.report(s.Offset, "every action is denied without a condition")
	}
}

// covers reports whether statement b matches whatever a matches, conditions of b
// apart: b must have none, or the same.
func (r *lintRun) subsumes(b, a *Statement) bool {
	if b.invalid != "" || a.invalid != "" || b.NotAction || a.NotAction || b.NotResource || a.NotResource || b.NotPrincipal || a.NotPrincipal {
		return false
	}
	if a.HasPrincipal != b.HasPrincipal || a.HasResource != b.HasResource || len(a.Actions) == 0 || a.HasResource && len(a.Resources) == 0 {
		return false
	}
	return samePrincipals(b, a) && r.impliedConditions(b, a) && r.allCovered(b.actions, a.actions) && r.allCovered(b.resources, a.resources)
}

// samePrincipals reports whether b names all that a names, by the letter.
func samePrincipals(b, a *Statement) bool {
	if !a.HasPrincipal {
		return true
	}
	for _, p := range a.Principals {
		if !slices.ContainsFunc(b.Principals, func(q PrincipalElement) bool { return q.Type == p.Type && q.Value == p.Value }) {
			return false
		}
	}
	return len(a.Principals) > 0
}

// impliedConditions reports whether each condition of b stands in a as well.
func (r *lintRun) impliedConditions(b, a *Statement) bool {
	for i := range b.Conditions {
		if !slices.ContainsFunc(a.Conditions, func(c Condition) bool { return r.implies(&c, &b.Conditions[i]) }) {
			return false
		}
	}
	return true
}

// implies reports whether c is d with the same or fewer values (of a negated
// operator: the same or more).
func (r *lintRun) implies(c, d *Condition) bool {
	if c.compiled.key != d.compiled.key || !strings.EqualFold(c.Operator, d.Operator) || !r.spend(len(c.Values)*len(d.Values)+1) {
		return false
	}
	few, many := c.Values, d.Values
	if c.compiled.op.negated {
		few, many = many, few
	}
	for _, v := range few {
		if !slices.ContainsFunc(many, func(w Element) bool { return w.Text == v.Text }) {
			return false
		}
	}
	return true
}

// pairs calls fn with pairs of statements until it says stop.
func (r *lintRun) pairs(fn func(a, b *Statement)) {
	n := len(r.policy.Statements)
	if n > maxPairs {
		r.work = 0
		return
	}
	for i := range n {
		for j := range n {
			a, b := &r.policy.Statements[i], &r.policy.Statements[j]
			if i != j && r.unknown[i]|r.unknown[j] == 0 {
				fn(a, b)
			}
		}
	}
}

func allowDenied(r *lintRun) {
	done := map[int]bool{}
	r.pairs(func(a, b *Statement) {
		if a.Effect != Allow || b.Effect != Deny || done[a.Index] || !r.subsumes(b, a) {
			return
		}
		done[a.Index] = true
		r.current = a
		r.report(a.Offset, "statement %d denies all of it", b.Index+1)
	})
	r.current = nil
}

func readWithoutList(r *lintRun) {
	for i := range r.policy.Statements {
		if r.unknown[i] != 0 || r.policy.Statements[i].NotAction {
			return
		}
	}
	for i := range r.policy.Statements {
		s := &r.policy.Statements[i]
		if s.Effect == Allow && s.matchesAction("s3:ListBucket") {
			return
		}
	}
	for i := range r.policy.Statements {
		s := &r.policy.Statements[i]
		for _, e := range s.Actions {
			if s.Effect == Allow && (strings.EqualFold(e.Text, "s3:GetObject") || strings.EqualFold(e.Text, "s3:GetObject*")) {
				r.current = s
				r.report(e.Offset, "%s is allowed, s3:ListBucket nowhere in the policy", e.Text)
				r.current = nil
				return
			}
		}
	}
}
