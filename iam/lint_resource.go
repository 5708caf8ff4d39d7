package iam

import (
	"fmt"
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam/reference"
)

// resourceRules concern the Resource and NotResource elements.
func resourceRules() []LintRule {
	return []LintRule{
		{Code: "resource-form", Title: "A resource that is no ARN", Severity: merlon.High, Source: pageARN, reads: resourceElement, statement: resourceForm,
			Why: `A resource is "*" or an ARN of six parts: arn:partition:service:region:account:resource. AWS refuses other texts.`,
			Fix: "Write the ARN out."},
		{Code: "resource-arn", Title: "An ARN with a part that cannot be", Severity: merlon.High, Source: pageARN, reads: resourceElement, statement: resourceARN,
			Why: "The partition, the service, the region or the account has a form that AWS does not use, so nothing matches.",
			Fix: "Correct the part."},
		{Code: "resource-region-account", Title: "An ARN with a region or account too much or too little", Severity: merlon.High, Source: pageReference, reads: resourceElement, statement: resourceParts,
			Why: "ARNs of some services have no region or no account (a bucket's has neither), those of others need them. A pattern that differs matches nothing.",
			Fix: "Leave the part empty or fill it, as in the message."},
		{Code: "unknown-resource-type", Title: "No resource has an ARN of this form", Severity: merlon.Medium, Source: pageReference, reads: resourceElement, statement: unknownResourceType,
			Why: "The service lists no resource type whose ARN could look like this, so nothing matches.",
			Fix: "Correct what stands behind the account."},
		{Code: "action-needs-star", Title: "An action that takes no resource", Severity: merlon.Medium, Source: pageReference, reads: actionElement | resourceElement, statement: actionNeedsStar,
			Why: `The action is evaluated against "*". A statement that names ARNs never matches it.`,
			Fix: `Move it to a statement with "Resource": "*", narrowed by a condition where the action has keys.`},
		{Code: "action-never-matches", Title: "An action whose resources are not listed", Severity: merlon.Medium, Source: pageReference, reads: actionElement | resourceElement, statement: actionNeverMatches,
			Why: "None of the statement's resources is of a type that the action takes: s3:ListBucket wants the bucket, s3:GetObject its objects. The action has no effect here.",
			Fix: "Add the ARN of the type in the message, or take the action out."},
		{Code: "resource-never-matches", Title: "A resource that no action takes", Severity: merlon.Medium, Source: pageReference, reads: actionElement | resourceElement, statement: resourceNeverMatches,
			Why: "No action of the statement takes a resource of this type, so the entry has no effect.",
			Fix: "Add the actions that were meant, or take the resource out."},
		{Code: "missing-required-resource", Title: "A resource type that the action needs as well", Severity: merlon.Low, Source: pageReference, document: missingRequired, Kinds: []PolicyKind{IdentityPolicy},
			Why: "Some actions are checked against several resources at once: RunInstances against the image, the subnet, the volume … All of them must be allowed, or the call fails.",
			Fix: "Allow the action on the types in the message as well."},
		{Code: "allow-not-resource", Title: "Allow with NotResource", Severity: merlon.High, Source: pageNotRes, reads: resourceElement | otherElement, statement: allowNotResource,
			Kinds: []PolicyKind{IdentityPolicy, ResourcePolicy},
			Why:   "Everything but the list is allowed, whatever will be created later included.",
			Fix:   "List what is needed in Resource. To take something away from a wide Allow, use a Deny."},
		{Code: "redundant-resource", Title: "A resource that another entry covers", Severity: merlon.Info, reads: resourceElement, statement: redundantResources,
			Why: "The entry changes nothing and counts against the size limit.",
			Fix: "Take it out, or narrow the wildcard."},
		{Code: "foreign-resource", Title: "A resource policy on another resource", Severity: merlon.High, Source: pageResource, reads: resourceElement, statement: foreignResource, Kinds: []PolicyKind{ResourcePolicy},
			Why: "A resource's policy is asked about that resource alone; a statement on another never matches. In a Deny nothing is denied by it.",
			Fix: "Name the resource that the policy is attached to."},
	}
}

// arnFields cuts a pattern into an ARN's six parts, with variables as wildcards.
func arnFields(text string) ([]string, bool) {
	parts := strings.SplitN(withoutVariables(text), ":", 6)
	return parts, len(parts) == 6
}

// wild reports whether a pattern may stand for more than its text.
func wild(text string) bool { return strings.ContainsAny(text, "*?") }

// shortPattern reports whether wildcards make up for the parts that a pattern
// lacks: "arn:aws:s3*", "arn:*".
func shortPattern(text string) bool {
	return strings.HasPrefix(text, "arn:") && strings.Contains(text, "*") || strings.HasPrefix(text, "*")
}

func resourceForm(r *lintRun, s *Statement) {
	for _, e := range s.Resources {
		plain := withoutVariables(e.Text)
		parts, six := arnFields(e.Text)
		switch {
		case isStar(plain), shortPattern(plain):
		case !six || parts[0] != "arn":
			r.report(e.Offset, "%q is neither \"*\" nor an ARN", e.Text)
		case parts[5] == "":
			r.report(e.Offset, "%q ends before the resource", e.Text)
		}
	}
}

// ARNs calls fn with the parts of each resource that is an ARN of six parts.
func (r *lintRun) arns(s *Statement, fn func(e Element, parts []string)) {
	for _, e := range s.Resources {
		if parts, six := arnFields(e.Text); six && parts[0] == "arn" && len(e.Text) <= longestARN {
			fn(e, parts)
		}
	}
}

// longestARN is the length of the longest ARN
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, read 2026-11-24).
const longestARN = 2048

// partitions are AWS's own.
func partition(text string) bool {
	switch text {
	case "aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc":
		return true
	}
	return false
}

// regionForm reports whether a text looks like a region: letters, a direction, a number.
func regionForm(text string) bool {
	words := strings.Split(text, "-")
	if len(words) < 3 {
		return false
	}
	last := words[len(words)-1]
	if last == "" || strings.Trim(last, "0123456789") != "" {
		return false
	}
	for _, w := range words[:len(words)-1] {
		if w == "" || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
			return false
		}
	}
	return true
}

func resourceARN(r *lintRun, s *Statement) {
	r.arns(s, func(e Element, parts []string) {
		service, region, owner := parts[2], parts[3], parts[4]
		switch {
		case !wild(parts[1]) && !partition(parts[1]):
			r.report(e.Offset, "%q is no partition of AWS", parts[1])
		case service == "":
			r.report(e.Offset, "the service is missing in %q", e.Text)
		case service != strings.ToLower(service):
			r.report(e.Offset, "the service %q is written in lower case", service)
		case region != "" && !wild(region) && !regionForm(region) && service != "cloudfront" && region != "global":
			r.report(e.Offset, "%q is no region", region)
		case owner != "" && !wild(owner) && !account(owner) && owner != "aws" && owner != "aws-managed" && owner != "cloudfront" && owner != "third-party" && owner != "aws-marketplace":
			r.report(e.Offset, "%q is no account: twelve digits, or empty", owner)
		}
	})
}

// wellFormed reports whether the two rules above pass an ARN.
func (r *lintRun) wellFormed(e Element) bool {
	parts, six := arnFields(e.Text)
	return six && parts[0] == "arn" && parts[5] != "" && len(e.Text) <= longestARN && (wild(parts[1]) || partition(parts[1])) &&
		parts[2] != "" && parts[2] == strings.ToLower(parts[2])
}

// mended gives the ARN with its region and account emptied or filled such that
// some resource type fits, and what was done.
func (r *lintRun) mended(e Element, parts []string) (string, bool) {
	for _, try := range []struct{ region, account, text string }{
		{"", parts[4], "without region"},
		{parts[3], "", "without account"},
		{"", "", "without region and account"},
		{"*", parts[4], "with a region"},
		{parts[3], "*", "with an account"},
		{"*", "*", "with region and account"},
		{"", "*", "with an account and without region"},
	} {
		if try.region == parts[3] && try.account == parts[4] || try.region == "*" && parts[3] != "" || try.account == "*" && parts[4] != "" {
			continue
		}
		arn := strings.Join([]string{"arn", parts[1], parts[2], try.region, try.account, parts[5]}, ":")
		if r.oneOfService(arn, parts[2]) {
			return try.text, true
		}
	}
	return "", false
}

// oneOfService reports whether some type has that ARN whose own ARNs begin with
// the service. Types whose service is a variable fit everything.
func (r *lintRun) oneOfService(arn, service string) bool {
	for _, t := range r.typesOf(arn) {
		for _, a := range t.ARNs {
			if f := strings.SplitN(a, ":", 4); len(f) == 4 && f[2] == service {
				return true
			}
		}
	}
	return false
}

// typed calls fn with well-formed ARNs of services that have resource types and
// to which no type belongs.
func (r *lintRun) untyped(s *Statement, fn func(e Element, parts []string)) {
	r.arns(s, func(e Element, parts []string) {
		if wild(parts[2]) || !r.wellFormed(e) || r.oneOfService(withoutVariables(e.Text), parts[2]) || r.work <= 0 {
			return
		}
		// A service without types in the reference says nothing.
		if !r.oneOfService("arn:*:"+parts[2]+":*", parts[2]) {
			return
		}
		fn(e, parts)
	})
}

func resourceParts(r *lintRun, s *Statement) {
	r.untyped(s, func(e Element, parts []string) {
		if how, ok := r.mended(e, parts); ok {
			r.report(e.Offset, "%q: ARNs of this form stand %s", e.Text, how)
		}
	})
}

func unknownResourceType(r *lintRun, s *Statement) {
	r.untyped(s, func(e Element, parts []string) {
		if _, ok := r.mended(e, parts); !ok {
			r.report(e.Offset, "%q: %s has no resource with such an ARN", e.Text, parts[2])
		}
	})
}

// specific reports whether a statement names resources one by one, all of them
// ARNs that some type of resource fits. Others are the matter of other rules.
func (r *lintRun) specific(s *Statement) bool {
	if !s.HasResource || s.NotResource || len(s.Resources) == 0 || r.Kind == TrustPolicy {
		return false
	}
	for _, e := range s.Resources {
		if shortPattern(withoutVariables(e.Text)) && !sixParts(e.Text) || !r.wellFormed(e) || len(r.typesOf(e.Text)) == 0 {
			return false
		}
	}
	return true
}

func sixParts(text string) bool {
	_, six := arnFields(text)
	return six
}

// typeSet are the types that some of the patterns can name, as service/type.
func (r *lintRun) typeSet(resources []Element) map[string]bool {
	set := map[string]bool{}
	for _, e := range resources {
		for _, t := range r.typesOf(e.Text) {
			set[typeName(t.Service, t.Name)] = true
		}
	}
	return set
}

func typeName(service, name string) string { return service + "/" + strings.ToLower(name) }

// takesOne reports whether an action takes a resource of one of the types.
func takesOne(a reference.Action, types map[string]bool) bool {
	return slices.ContainsFunc(a.Resources, func(t reference.ActionResource) bool { return types[typeName(a.Service, t.Type)] })
}

func actionNeedsStar(r *lintRun, s *Statement) {
	if !r.specific(s) || s.NotAction {
		return
	}
	r.named(s, func(e Element, prefix, name string) {
		if a, ok := r.linter.reference.Action(e.Text); ok && len(a.Resources) == 0 {
			r.report(e.Offset, "%s takes no resource: only \"Resource\": \"*\" matches it", a)
		}
	})
}

func actionNeverMatches(r *lintRun, s *Statement) {
	if !r.specific(s) || s.NotAction {
		return
	}
	types := r.typeSet(s.Resources)
	r.named(s, func(e Element, prefix, name string) {
		found, _ := r.matching(e.Text)
		var first *reference.Action
		for i := range found {
			a := &found[i]
			if len(a.Resources) > 0 && first == nil {
				first = a
			}
			if takesOne(*a, types) {
				return
			}
		}
		switch {
		case first == nil || r.work <= 0:
		case len(found) == 1:
			r.report(e.Offset, "%s takes %s, and none of the statement's resources is one", first, r.typeText(*first))
		default:
			r.report(e.Offset, "no action that %q matches takes one of the statement's resources", e.Text)
		}
	})
}

// typeText names the types that an action takes, with their ARNs.
func (r *lintRun) typeText(a reference.Action) string {
	service, ok := r.linter.reference.Service(a.Service)
	if !ok {
		return "other resources"
	}
	var names []string
	for _, t := range a.Resources {
		if rt, ok := service.ResourceType(t.Type); ok && len(names) < 3 {
			names = append(names, fmt.Sprintf("%s (%s)", rt.Name, rt.ARNs[0]))
		}
	}
	return strings.Join(names, " or ")
}

func resourceNeverMatches(r *lintRun, s *Statement) {
	if !r.specific(s) || s.NotAction || len(s.Actions) == 0 {
		return
	}
	taken := map[string]bool{}
	for _, e := range s.Actions {
		found, every := r.matching(e.Text)
		if every || len(found) == 0 || !r.spend(100*len(found)) {
			return // an unknown action may take anything
		}
		for _, a := range found {
			for _, t := range a.Resources {
				taken[typeName(a.Service, t.Type)] = true
			}
		}
	}
	for _, e := range s.Resources {
		fits := func(t reference.ResourceType) bool { return taken[typeName(t.Service, t.Name)] }
		if !slices.ContainsFunc(r.typesOf(e.Text), fits) && r.work > 0 {
			r.report(e.Offset, "no action of the statement takes %q", e.Text)
		}
	}
}

// missingRequired looks at explicit actions that need several types, over all
// Allow statements of the document.
func missingRequired(r *lintRun) {
	if r.unknown[-1] != 0 || len(r.policy.Statements) > maxPairs {
		return
	}
	for i := range r.policy.Statements {
		if r.unknown[i] != 0 {
			return
		}
	}
	seen := map[string]bool{}
	for i := range r.policy.Statements {
		s := &r.policy.Statements[i]
		if s.Effect != Allow || !r.specific(s) {
			continue
		}
		r.named(s, func(e Element, _, _ string) {
			a, ok := r.linter.reference.Action(e.Text)
			if !ok || seen[a.String()] {
				return
			}
			seen[a.String()] = true
			var required, met []string
			for _, t := range a.Resources {
				if t.Required {
					required = append(required, t.Type)
					if r.allowedOn(a, t.Type) {
						met = append(met, t.Type)
					}
				}
			}
			// None at all is what action-never-matches reports.
			if len(met) == 0 || len(met) == len(required) || r.work <= 0 {
				return
			}
			var missing []string
			for _, t := range required {
				if !slices.Contains(met, t) {
					missing = append(missing, t)
				}
			}
			r.current = s
			r.report(e.Offset, "%s needs %s as well, which no statement here allows", a, strings.Join(missing, ", "))
		})
	}
	r.current = nil
}

// allowedOn reports whether some Allow statement matches the action and may name
// a resource of the type.
func (r *lintRun) allowedOn(a reference.Action, typ string) bool {
	for i := range r.policy.Statements {
		s := &r.policy.Statements[i]
		if s.Effect != Allow || !s.matchesAction(a.String()) {
			continue
		}
		if s.NotResource {
			return true
		}
		for _, e := range s.Resources {
			if isStar(e.Text) || slices.ContainsFunc(r.typesOf(e.Text), func(t reference.ResourceType) bool { return t.Service == a.Service && t.Name == typ }) {
				return true
			}
		}
	}
	return false
}

// matchesAction reports whether the statement concerns the action.
func (s *Statement) matchesAction(action string) bool {
	for i := range s.actions {
		if s.actions[i].match(action, nil) == Yes {
			return !s.NotAction
		}
	}
	return s.NotAction
}

func allowNotResource(r *lintRun, s *Statement) {
	if s.Effect == Allow && s.NotResource {
		r.report(s.Offset, "everything but %s is allowed", r.listed(s.Resources))
	}
}

func redundantResources(r *lintRun, s *Statement) {
	r.redundant(s.resources, func(i, by int) {
		r.report(s.Resources[i].Offset, "%q is covered by %q", s.Resources[i].Text, s.Resources[by].Text)
	})
}

// foreignResource compares what stands behind the account up to the first
// wildcard: what lies in a bucket begins with its ARN.
func foreignResource(r *lintRun, s *Statement) {
	if r.ResourceARN == "" || s.NotResource {
		return
	}
	own := strings.SplitN(r.ResourceARN, ":", 6)
	if len(own) != 6 {
		return
	}
	r.arns(s, func(e Element, parts []string) {
		for i, part := range parts[1:5] {
			if want := own[i+1]; part != "" && want != "" && !glob(compilePattern(part, false, false).tokens, want, false) {
				r.report(e.Offset, "the policy is on %s, the statement on %q", r.ResourceARN, e.Text)
				return
			}
		}
		if !meets(parts[5], own[5]) {
			r.report(e.Offset, "the policy is on %s, the statement on %q", r.ResourceARN, e.Text)
		}
	})
}

// meets reports whether a pattern can name the resource or something in it.
func meets(pattern, resource string) bool {
	if glob(compilePattern(pattern, false, false).tokens, resource, false) {
		return true
	}
	return meetsHead(pattern, resource+"/") || meetsHead(pattern, resource+":")
}

// meetsHead reports whether a pattern can name something that begins with head.
func meetsHead(pattern, head string) bool {
	for i := range len(head) {
		switch {
		case i == len(pattern):
			return false
		case pattern[i] == '*':
			return true
		case pattern[i] != '?' && pattern[i] != head[i]:
			return false
		}
	}
	return true
}
