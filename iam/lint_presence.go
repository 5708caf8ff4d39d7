package iam

import (
	"strings"

	"merlon.dev/merlon"
)

// presenceRules concern keys that some requests do not carry.
func presenceRules() []LintRule {
	return []LintRule{
		{Code: "mfa-deny-bool", Title: "A Deny without MFA that long-term keys slip past", Severity: merlon.High, Source: pageMFA, reads: conditionElement | otherElement, statement: mfaDenyBool,
			Why: "aws:MultiFactorAuthPresent is absent from requests signed with long-term access keys, and Bool fails where it is absent: just the callers without MFA are not denied.",
			Fix: "Use BoolIfExists."},
		{Code: "mfa-allow-if-exists", Title: "An Allow with MFA that needs none", Severity: merlon.High, Source: pageMFA, reads: conditionElement | otherElement, statement: mfaAllowIfExists,
			Why: "BoolIfExists passes where aws:MultiFactorAuthPresent is absent, as it is with long-term access keys: no MFA is needed.",
			Fix: "Use Bool."},
		{Code: "mfa-null", Title: "MFA tested by presence", Severity: merlon.Medium, Source: pageMFA, reads: conditionElement, statement: mfaNull,
			Why: "aws:MultiFactorAuthPresent is there with the value false in every request with temporary credentials that were got without MFA. Its presence proves nothing.",
			Fix: "Use Bool (Allow) or BoolIfExists (Deny) with true or false."},
		{Code: "null-both", Title: "Null with true and false", Severity: merlon.High, Source: pageOperators, reads: conditionElement, statement: nullBoth,
			Why: "The key may be there or not: the condition always holds.",
			Fix: "Keep the one that was meant."},
		{Code: "network-deny-breaks-services", Title: "A Deny by network that AWS services meet as well", Severity: merlon.Info, Source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_deny-ip.html", reads: conditionElement | otherElement, statement: networkDeny,
			Kinds: []PolicyKind{IdentityPolicy, SCP, BoundaryPolicy},
			Why:   "When a service calls another on the principal's behalf, the address and the VPC are the service's: CloudFormation, Athena and others stop working.",
			Fix:   `Add "Bool": {"aws:ViaAWSService": "false"}, or a test on aws:CalledVia.`},
		{Code: "source-vpc-alone", Title: "A Deny outside the VPC that the console and the internet share", Severity: merlon.Info, Source: pageKeys, reads: conditionElement | otherElement, statement: sourceVPCAlone, Kinds: []PolicyKind{ResourcePolicy},
			Why: "aws:SourceVpc and aws:SourceVpce are absent outside of endpoints, so a negated operator denies everyone there: people in the console and the pipelines that change this policy included.",
			Fix: "Except an administrator's role with aws:PrincipalArn, and AWS services with aws:PrincipalIsAWSService."},
	}
}

func (r *lintRun) bools(s *Statement, key string, fn func(c *Condition, is bool)) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if c.compiled.key == key && c.compiled.op.family == boolean && len(c.compiled.wants) == 1 && c.compiled.wants[0].valid {
			fn(c, c.compiled.wants[0].isTrue)
		}
	}
}

func mfaDenyBool(r *lintRun, s *Statement) {
	r.bools(s, "aws:multifactorauthpresent", func(c *Condition, is bool) {
		if s.Effect == Deny && !is && !c.compiled.ifExists && !r.deniedWhenAbsent(c.compiled.key) {
			r.report(c.Offset, "Bool on %s does not hold for long-term access keys", c.Key)
		}
	})
}

func mfaAllowIfExists(r *lintRun, s *Statement) {
	r.bools(s, "aws:multifactorauthpresent", func(c *Condition, is bool) {
		if s.Effect == Allow && is && c.compiled.ifExists {
			r.report(c.Offset, "BoolIfExists on %s holds for long-term access keys", c.Key)
		}
	})
}

func mfaNull(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if c.compiled.key != "aws:multifactorauthpresent" || c.compiled.op.family != null {
			continue
		}
		tested := false
		r.bools(s, c.compiled.key, func(*Condition, bool) { tested = true })
		for j := range r.policy.Statements {
			// A Deny where the key is absent goes with one where it is false.
			if o := &r.policy.Statements[j]; o.Effect == s.Effect && o.Index != s.Index {
				r.bools(o, c.compiled.key, func(*Condition, bool) { tested = true })
			}
		}
		if !tested {
			r.report(c.Offset, "Null on %s says nothing of MFA", c.Key)
		}
	}
}

func nullBoth(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		t := &s.Conditions[i].compiled
		if t.op.family != null {
			continue
		}
		yes, no := false, false
		for _, w := range t.wants {
			yes = yes || w.valid && w.isTrue
			no = no || w.valid && !w.isTrue
		}
		if yes && no {
			r.report(s.Conditions[i].Offset, "Null on %s with true and false always holds", s.Conditions[i].Key)
		}
	}
}

func hasKey(s *Statement, prefixes ...string) bool {
	for i := range s.Conditions {
		for _, p := range prefixes {
			if strings.HasPrefix(s.Conditions[i].compiled.key, p) {
				return true
			}
		}
	}
	return false
}

func networkDeny(r *lintRun, s *Statement) {
	if s.Effect != Deny || hasKey(s, "aws:viaawsservice", "aws:calledvia", "aws:principalisawsservice") {
		return
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		switch c.compiled.key {
		case "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip":
			if c.compiled.op.negated {
				r.report(c.Offset, "%s on %s denies what AWS services do on the principal's behalf", c.Operator, c.Key)
				return
			}
		}
	}
}

func sourceVPCAlone(r *lintRun, s *Statement) {
	if s.Effect != Deny || hasKey(s, "aws:principalarn", "aws:principalaccount", "aws:principalisawsservice", "aws:viaawsservice", "aws:principaltag/", "aws:userid", "aws:principalorgid", "aws:sourceip") {
		return
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if k := c.compiled.key; (k == "aws:sourcevpc" || k == "aws:sourcevpce") && c.compiled.op.negated && !c.compiled.ifExists {
			r.report(c.Offset, "%s on %s denies everyone outside of endpoints", c.Operator, c.Key)
			return
		}
	}
}
