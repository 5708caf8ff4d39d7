package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The files naive*_test.go are a second evaluator, written from AWS's
// documentation and not from the first: it shares no code with it, tries
// everything and knows no unknowns. Sources read 2026-11-24:
//
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
//   - https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
//   - https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
//   - https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
type naiveQuestion struct {
	Request struct {
		Principal       string
		Action          string
		Resource        string
		ResourceAccount string
		Context         map[string]any
	}
	IdentityPolicies, ResourcePolicy, Boundaries, SessionPolicy, EndpointPolicy any
	SCPs, RCPs                                                                  []any
}

// naiveRun is one evaluation.
type naiveRun struct {
	who       naivePrincipal
	action    string
	resource  string
	context   naiveContext
	bounded   bool
	anyDenies bool
}

// naiveDecide answers a line of `merlon iam evaluate` whose policies AWS would accept.
func naiveDecide(line []byte) string {
	var q naiveQuestion
	if err := json.Unmarshal(line, &q); err != nil {
		panic(err)
	}
	run := &naiveRun{
		who: newNaivePrincipal(q.Request.Principal), action: q.Request.Action, resource: q.Request.Resource,
		context: naiveContext{}, bounded: q.Boundaries != nil,
	}
	for key, v := range q.Request.Context {
		run.context[key] = naiveStrings(v)
	}
	who := run.who

	// Organization: "every level"; SCPs bind the users, roles and root users of
	// member accounts, RCPs everyone; neither binds service-linked roles.
	organization := true
	if bound := who.account != "" && who.kind != "provider" && !who.linked; bound {
		for _, level := range q.SCPs {
			organization = len(run.allows(level, false)) > 0 && organization
		}
	}
	if !who.linked && run.action != "kms:RetireGrant" { // "not effective in an RCP"
		for _, level := range q.RCPs {
			organization = len(run.allows(level, true)) > 0 && organization
		}
	}
	if q.EndpointPolicy != nil {
		organization = len(run.allows(q.EndpointPolicy, true)) > 0 && organization
	}

	identity := len(run.allows(q.IdentityPolicies, false)) > 0
	granted := run.allows(q.ResourcePolicy, true)
	limits := true // what boundary and session policy leave open
	if q.Boundaries != nil {
		limits = len(run.allows(q.Boundaries, false)) > 0
	}
	if q.SessionPolicy != nil {
		limits = len(run.allows(q.SessionPolicy, false)) > 0 && limits
	} else if who.kind == "federated" {
		limits = false // "Otherwise, the request is implicitly denied"
	}
	allowed := organization && run.allowed(q.Request.ResourceAccount == who.account, identity, limits, granted)
	switch {
	case run.anyDenies: // "If the code finds even one explicit deny that applies, the code returns a final decision of Deny."
		return "ExplicitlyDenied"
	case allowed:
		return "Allowed"
	}
	return "ImplicitlyDenied"
}

// allowed weighs what the accounts' own policies say.
func (run *naiveRun) allowed(sameAccount, identity, limits bool, granted []string) bool {
	has := func(way string) bool { return slices.Contains(granted, way) }
	service := strings.ToLower(strings.Split(run.action, ":")[0])
	trust := service == "sts" && strings.Contains(run.resource, ":role/")
	key := service == "kms" && strings.Contains(run.resource, ":key/")
	switch run.who.kind {
	case "anonymous", "service", "provider": // without an identity policy; the resource decides
		return has("everyone") || has("itself")
	case "root":
		if trust {
			return false // "You cannot use AWS account root user credentials to call AssumeRole."
		}
		identity = true // "with the exception of the AWS account root user, which has full access"
	}
	if !sameAccount { // "The request is allowed only if both evaluations return a decision of Allow."
		return identity && limits && len(granted) > 0
	}
	if has("itself") || has("everyone") { // named directly: no implicit deny of another policy counts
		return true
	}
	if has("role") { // "limited by an implicit deny in a permissions boundary or session policy"
		return limits
	}
	if (trust || key) && !has("account") {
		return false // "they must explicitly allow access for principals"
	}
	return identity && limits
}

// allows are the ways in which statements with Allow name the principal.
// Denies are noted on the way.
func (run *naiveRun) allows(policies any, named bool) []string {
	var out []string
	for _, p := range naiveList(policies) {
		policy := p.(map[string]any)
		for _, s := range naiveList(policy["Statement"]) {
			statement := s.(map[string]any)
			ways := []string{"everyone"}
			if named {
				ways = run.who.applies(statement, run.bounded)
			}
			if len(ways) == 0 || !run.matches(statement, policy["Version"] == "2012-10-17") {
				continue
			}
			if statement["Effect"] == "Deny" {
				run.anyDenies = true
				continue
			}
			out = append(out, ways...)
		}
	}
	return out
}

func (run *naiveRun) matches(statement map[string]any, variables bool) bool {
	action := func(text string) bool { return naiveAction(text, run.action) }
	resource := func(text string) bool { return naiveResource(text, variables, run.resource, run.context) }
	return naiveElement(statement, "Action", action) &&
		(statement["Resource"] == nil && statement["NotResource"] == nil || naiveElement(statement, "Resource", resource)) &&
		naiveConditions(statement["Condition"], variables, run.context)
}

func naiveElement(statement map[string]any, name string, fits func(string) bool) bool {
	if values, ok := statement["Not"+name]; ok {
		return !slices.ContainsFunc(naiveStrings(values), fits)
	}
	return slices.ContainsFunc(naiveStrings(statement[name]), fits)
}

// naiveList: "Many elements can take a JSON array as a value", or one value.
func naiveList(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func naiveStrings(v any) []string {
	var out []string
	for _, item := range naiveList(v) {
		out = append(out, fmt.Sprint(item))
	}
	return out
}
