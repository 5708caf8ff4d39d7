package iam

import (
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam/reference"
)

// actionRules concern the Action and NotAction elements.
func actionRules() []LintRule {
	return []LintRule{
		{Code: "action-form", Title: "An action that is none", Severity: merlon.High, Source: pageAction, reads: actionElement, statement: actionForm,
			Why: `An action is "*" or a service's prefix, a colon and a name. AWS refuses other texts or they match nothing.`,
			Fix: "Write service:Action."},
		{Code: "service-wildcard", Title: "A wildcard in a service's prefix", Severity: merlon.High, Source: pageAction, reads: actionElement, statement: serviceWildcard,
			Why: `AWS takes no wildcard before the colon; only "*" alone stands for all services.`,
			Fix: "Name each service."},
		{Code: "unknown-service", Title: "A service that is not known", Severity: merlon.High, Source: pageReference, reads: actionElement, statement: unknownService,
			Why: "No action of AWS has this prefix, so the entry matches nothing. In a Deny nothing is denied by it.",
			Fix: "Correct the prefix. It is not always the service's name: CloudWatch's is cloudwatch, its logs' is logs, Step Functions' is states."},
		{Code: "unknown-action", Title: "An action that is not known", Severity: merlon.High, Source: pageReference, reads: actionElement, statement: unknownAction,
			Why: "The service lists no such action, so the entry matches nothing. Not every API call has an action of its own name: HeadObject needs s3:GetObject.",
			Fix: "Correct the name; see the service's page of the Service Authorization Reference. A very new action may be missing in Merlon's data."},
		{Code: "wildcard-without-action", Title: "A wildcard that matches no action", Severity: merlon.High, Source: pageReference, reads: actionElement, statement: wildcardWithoutAction,
			Why: "The service has no action that the pattern fits, so the entry matches nothing.",
			Fix: "Correct the pattern."},
		{Code: "variable-in-action", Title: "A policy variable in an action", Severity: merlon.High, Source: pageVariables, reads: actionElement, statement: variableInAction,
			Why: "Variables work in Resource and in the values of conditions only.",
			Fix: "Write the action out."},
		{Code: "redundant-action", Title: "An action that another entry covers", Severity: merlon.Info, reads: actionElement, statement: redundantActions,
			Why: "The entry changes nothing; it hides what the list really says and counts against the size limit.",
			Fix: "Take it out, or narrow the wildcard."},
		{Code: "deprecated-action", Title: "An action that AWS has retired", Severity: merlon.Medium, Source: "https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/migrate-granularaccess-whatis.html", reads: actionElement, statement: deprecatedActions,
			Why: "The actions of aws-portal and two of purchase-orders have been replaced by finer ones and no longer decide anything.",
			Fix: "Use the actions of account, billing, payments, invoicing, tax, freetier, consolidatedbilling, cur or purchase-orders that replace it."},
		{Code: "allow-not-action", Title: "Allow with NotAction", Severity: merlon.High, Source: pageNotAction, reads: actionElement | otherElement, statement: allowNotAction,
			Kinds: []PolicyKind{IdentityPolicy, ResourcePolicy, TrustPolicy},
			Why:   "Everything but the list is allowed, every service that AWS will ever add included.",
			Fix:   "List what is needed in Action. To take something away from a wide Allow, use a Deny."},
	}
}

// splitAction cuts an action at its colon.
func splitAction(text string) (prefix, name string, ok bool) {
	prefix, name, ok = strings.Cut(text, ":")
	return prefix, name, ok && prefix != "" && name != ""
}

func actionForm(r *lintRun, s *Statement) {
	for _, a := range s.Actions {
		prefix, name, ok := splitAction(a.Text)
		switch {
		case isStar(a.Text), strings.Contains(a.Text, "${"):
		case !ok:
			r.report(a.Offset, "%q is no action: it reads service:Name", a.Text)
		case strings.Trim(strings.ToLower(prefix), "abcdefghijklmnopqrstuvwxyz0123456789-*?") != "", strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789*?_-.") != "":
			r.report(a.Offset, "%q holds characters that no action has", a.Text)
		}
	}
}

// named calls fn with each action that has a prefix without wildcards.
func (r *lintRun) named(s *Statement, fn func(e Element, prefix, name string)) {
	for _, a := range s.Actions {
		if prefix, name, ok := splitAction(a.Text); ok && !strings.ContainsAny(prefix, "*? $") {
			fn(a, prefix, name)
		}
	}
}

func serviceWildcard(r *lintRun, s *Statement) {
	for _, a := range s.Actions {
		prefix, _, ok := strings.Cut(a.Text, ":")
		if ok && strings.ContainsAny(prefix, "*?") {
			r.report(a.Offset, "%q: the wildcard stands in the service's prefix", a.Text)
		}
	}
}

func unknownService(r *lintRun, s *Statement) {
	r.named(s, func(e Element, prefix, _ string) {
		if _, ok := r.linter.reference.Service(prefix); ok || !r.spend(200_000) {
			return
		}
		var names []string
		for p := range r.linter.reference.Prefixes() {
			names = append(names, p)
		}
		r.report(e.Offset, "no service has the prefix %q%s", prefix, didYouMean(nearestName(prefix, names)))
	})
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + name + "?"
}

func unknownAction(r *lintRun, s *Statement) {
	r.named(s, func(e Element, prefix, name string) {
		if strings.ContainsAny(name, "*?") {
			return
		}
		service, ok := r.linter.reference.Service(prefix)
		if !ok || retired(prefix, name) {
			return
		}
		if _, ok := service.Action(name); ok || !r.spend(500_000) {
			return
		}
		r.report(e.Offset, "%s has no action %q%s", service.Name, name, didYouMean(r.closestAction(service, name)))
	})
}

func (r *lintRun) closestAction(service *reference.Service, name string) string {
	var names []string
	for a := range service.Actions() {
		names = append(names, a.Name)
	}
	if n := nearestName(name, names); n != "" {
		return service.Prefix + ":" + n
	}
	return ""
}

func wildcardWithoutAction(r *lintRun, s *Statement) {
	r.named(s, func(e Element, prefix, name string) {
		service, ok := r.linter.reference.Service(prefix)
		if !ok || !strings.ContainsAny(name, "*?") {
			return
		}
		if found, _ := r.matching(e.Text); len(found) == 0 && r.work > 0 {
			r.report(e.Offset, "no action of %s fits %q", service.Name, e.Text)
		}
	})
}

func variableInAction(r *lintRun, s *Statement) {
	for _, a := range s.Actions {
		if strings.Contains(a.Text, "${") {
			r.report(a.Offset, "%q: the variable is literal text here", a.Text)
		}
	}
}

// maxPairs is how many values of one list are compared with each other; more
// than that AWS has no room for.
const maxPairs = 400

// redundant calls fn with each pattern that another one of the list covers: of
// two equal ones the later.
func (r *lintRun) redundant(list []pattern, fn func(i, by int)) {
	if len(list) > maxPairs {
		r.work = 0
		return
	}
	for i := range list {
		for j := range list {
			if i == j || !r.covers(&list[j], &list[i]) {
				continue
			}
			if j > i && r.covers(&list[i], &list[j]) {
				continue // equal: the later one is reported
			}
			fn(i, j)
			break
		}
	}
}

func redundantActions(r *lintRun, s *Statement) {
	r.redundant(s.actions, func(i, by int) {
		r.report(s.Actions[i].Offset, "%q is covered by %q", s.Actions[i].Text, s.Actions[by].Text)
	})
}

// retired lists what AWS ended on 2023-07-06, of
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/migrate-granularaccess-whatis.html (read 2026-11-24).
func retired(prefix, name string) bool {
	switch strings.ToLower(prefix) {
	case "aws-portal":
		return true
	case "purchase-orders":
		name = strings.ToLower(name)
		return name == "viewpurchaseorders" || name == "modifypurchaseorders"
	}
	return false
}

func deprecatedActions(r *lintRun, s *Statement) {
	r.named(s, func(e Element, prefix, name string) {
		if retired(prefix, name) {
			r.report(e.Offset, "%s decides nothing any more", e.Text)
		}
	})
}

func allowNotAction(r *lintRun, s *Statement) {
	if s.Effect == Allow && s.NotAction {
		r.report(s.Offset, "everything but %s is allowed", r.listed(s.Actions))
	}
}

// listed names up to three values.
func (r *lintRun) listed(list []Element) string {
	var b strings.Builder
	for i, e := range list {
		if i == 3 {
			b.WriteString(" …")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(e.Text)
	}
	return b.String()
}
