package iam

import (
	"net/netip"
	"strings"

	"merlon.dev/merlon"
)

// valueRules concern the values that conditions compare with.
func valueRules() []LintRule {
	return []LintRule{
		{Code: "condition-value", Title: "A value that the operator cannot read", Severity: merlon.High, Source: pageOperators, reads: conditionElement, statement: valueForm,
			Why: "The value is no number, date, address, ARN or boolean as the operator wants it, so it equals nothing: a positive operator never matches, a negated one always does.",
			Fix: "Correct the value: dates are 2026-01-31T00:00:00Z, addresses 192.0.2.0/24, booleans true or false."},
		{Code: "ip-host-bits", Title: "An address range with bits behind its mask", Severity: merlon.Medium, Source: pageOperators, reads: conditionElement, statement: hostBits,
			Why: "The mask cuts the address off: 10.0.0.5/8 is all of 10.0.0.0/8. One address is /32, or /128.",
			Fix: "Write the range's first address, or the mask that was meant."},
		{Code: "literal-wildcard", Title: "A wildcard that is literal text", Severity: merlon.High, Source: pageOperators, reads: conditionElement, statement: literalWildcard,
			Why: "StringEquals and its negations compare letter by letter: * and ? are only themselves.",
			Fix: "Use StringLike or StringNotLike."},
		{Code: "private-source-ip", Title: "aws:SourceIp with a private range", Severity: merlon.High, Source: pageKeys, reads: conditionElement, statement: privateSource,
			Why: "aws:SourceIp is the public address that a request comes from; through a VPC endpoint it is absent. A private range never matches.",
			Fix: "Use aws:VpcSourceIp with aws:SourceVpc or aws:SourceVpce, or the public address."},
		{Code: "variable-without-version", Title: "Policy variables in a policy of 2008", Severity: merlon.High, Source: pageVariables, document: variablesWithoutVersion,
			Why: `Without Version 2012-10-17 ${aws:username} is literal text and matches only itself: an Allow grants nothing, a Deny denies nothing.`,
			Fix: `Add "Version": "2012-10-17".`},
		{Code: "unknown-variable", Title: "A policy variable that is not known", Severity: merlon.High, Source: pageVariables, reads: resourceElement | conditionElement, statement: unknownVariable,
			Why: "A variable without a value makes what it stands in match nothing.",
			Fix: "Correct the key's name."},
		{Code: "variable-form", Title: "A policy variable that does not end", Severity: merlon.High, Source: pageVariables, reads: resourceElement | conditionElement, statement: variableForm,
			Why: "A ${ without } is literal text.",
			Fix: "Close the brace."},
		{Code: "multivalued-variable", Title: "A key with many values as a variable", Severity: merlon.High, Source: pageVariables, reads: resourceElement | conditionElement, statement: multivaluedVariable,
			Why: "A key that can have several values is no variable: AWS does not fill it in.",
			Fix: "Use a key with one value."},
		{Code: "expired", Title: "A statement whose time is over", Severity: merlon.Medium, Source: pageOperators, reads: conditionElement, statement: expired,
			Why: "The date has passed: the statement never matches again.",
			Fix: "Take the statement out."},
		{Code: "organization-id-form", Title: "An organization id that is none", Severity: merlon.High, Source: pageKeys, reads: conditionElement, statement: organizationID,
			Why: "The id of an organization is o- and letters and digits; a path begins with it. Other values never match.",
			Fix: "Write the id, o-…, or the path, o-…/r-…/ou-…/."},
		{Code: "account-id-form", Title: "An account id that is none", Severity: merlon.High, Source: pageKeys, reads: conditionElement, statement: accountID,
			Why: "The value is compared with twelve digits. Other values never match.",
			Fix: "Write the twelve digits, zeros in front included."},
	}
}

func valueForm(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		for j, w := range c.compiled.wants {
			v := c.Values[j]
			if strings.Contains(v.Text, "${") {
				continue
			}
			short := c.compiled.op.family == arn && !strings.HasPrefix(v.Text, "arn:") && !strings.HasPrefix(v.Text, "*")
			if !w.valid || short {
				r.report(v.Offset, "%q is no %s", v.Text, familyText(c.compiled.op.family))
			}
		}
	}
}

func familyText(f family) string {
	switch f {
	case numeric:
		return "number"
	case date:
		return "date: 2026-01-31T00:00:00Z or seconds since 1970"
	case boolean, null:
		return "boolean: true or false"
	case binary:
		return "base64 text"
	case address:
		return "address or CIDR range"
	case arn:
		return "ARN of six parts"
	}
	return "text"
}

func hostBits(r *lintRun, s *Statement) {
	r.prefixes(s, func(_ *Condition, v Element, p netip.Prefix) {
		if p != p.Masked() {
			r.report(v.Offset, "%s is all of %s", v.Text, p.Masked())
		}
	})
}

// prefixes calls fn with each CIDR range or address of the statement.
func (r *lintRun) prefixes(s *Statement, fn func(*Condition, Element, netip.Prefix)) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if c.compiled.op.family != address {
			continue
		}
		for _, v := range c.Values {
			if p, err := netip.ParsePrefix(v.Text); err == nil {
				fn(c, v, p)
			} else if a, err := netip.ParseAddr(v.Text); err == nil {
				fn(c, v, netip.PrefixFrom(a, a.BitLen()))
			}
		}
	}
}

func literalWildcard(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if f := c.compiled.op.family; f != stringEquals && f != stringEqualsFold {
			continue
		}
		for _, v := range c.Values {
			if strings.Contains(v.Text, "*") || strings.Contains(v.Text, "?") && !strings.Contains(v.Text, "://") {
				plain := strings.NewReplacer("${*}", "", "${?}", "").Replace(v.Text)
				if wild(plain) {
					r.report(v.Offset, "%s compares %q letter by letter", c.Operator, v.Text)
				}
			}
		}
	}
}

func privateSource(r *lintRun, s *Statement) {
	r.prefixes(s, func(c *Condition, v Element, p netip.Prefix) {
		a := p.Masked().Addr()
		shared := netip.MustParsePrefix("100.64.0.0/10")
		if c.compiled.key == "aws:sourceip" && p.Bits() >= 7 && (a.IsPrivate() && wholePrivate(p) || a.IsLoopback() || a.IsLinkLocalUnicast() || a.Is4() && shared.Contains(a) && p.Bits() >= 10) {
			r.report(v.Offset, "%s is private: no request comes from it", v.Text)
		}
	})
}

// wholePrivate reports whether the range lies in one of the private ones
// (https://www.rfc-editor.org/rfc/rfc1918, https://www.rfc-editor.org/rfc/rfc4193, read 2026-11-24).
func wholePrivate(p netip.Prefix) bool {
	for _, text := range [...]string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"} {
		if private := netip.MustParsePrefix(text); private.Contains(p.Addr()) && p.Bits() >= private.Bits() {
			return true
		}
	}
	return false
}

// variablesOf calls fn with the inside of each ${…} of resources and condition
// values, where variables work.
func variablesOf(s *Statement, fn func(e Element, inside string, closed bool)) {
	each := func(e Element) {
		for text := e.Text; ; {
			start := strings.Index(text, "${")
			if start < 0 {
				return
			}
			end := strings.IndexByte(text[start:], '}')
			if end < 0 {
				fn(e, text[start+2:], false)
				return
			}
			fn(e, text[start+2:start+end], true)
			text = text[start+end+1:]
		}
	}
	for _, e := range s.Resources {
		each(e)
	}
	for i := range s.Conditions {
		for _, v := range s.Conditions[i].Values {
			each(v)
		}
	}
}

// variablesWithoutVersion reports the first place alone: the repair is one.
func variablesWithoutVersion(r *lintRun) {
	if r.policy.Version == "2012-10-17" {
		return
	}
	for i := range r.policy.Statements {
		s := &r.policy.Statements[i]
		done := false
		variablesOf(s, func(e Element, inside string, closed bool) {
			if !done && closed && strings.Contains(inside, ":") {
				done = true
				r.current = s
				r.report(e.Offset, "${%s} is literal text without Version 2012-10-17", inside)
			}
		})
		if done {
			break
		}
	}
	r.current = nil
}

func unknownVariable(r *lintRun, s *Statement) {
	if r.policy.Version != "2012-10-17" {
		return
	}
	variablesOf(s, func(e Element, inside string, closed bool) {
		v := parseVariable(inside)
		if !closed || inside == "*" || inside == "?" || inside == "$" || providerKey(v.key) || !r.spend(100_000) {
			return
		}
		if _, ok := r.key(v.key); !ok {
			var names []string
			for k := range r.linter.reference.GlobalKeys() {
				names = append(names, k.Name)
			}
			r.report(e.Offset, "no request carries %q%s", v.key, didYouMean(nearestName(v.key, names)))
		}
	})
}

func variableForm(r *lintRun, s *Statement) {
	variablesOf(s, func(e Element, _ string, closed bool) {
		if !closed {
			r.report(e.Offset, "%q: the variable has no closing brace", e.Text)
		}
	})
}

func multivaluedVariable(r *lintRun, s *Statement) {
	if r.policy.Version != "2012-10-17" {
		return
	}
	variablesOf(s, func(e Element, inside string, closed bool) {
		if k, ok := r.key(parseVariable(inside).key); closed && ok && k.Multivalued {
			r.report(e.Offset, "%s can have several values", k.Name)
		}
	})
}

func expired(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		t := &c.compiled
		if t.key != "aws:currenttime" && t.key != "aws:epochtime" || t.op.family != date || t.op.negated || t.op.order == greater || t.op.order == greaterOrEqual {
			continue
		}
		over := len(t.wants) > 0
		for _, w := range t.wants {
			over = over && w.valid && w.when.Before(r.linter.now)
		}
		if over {
			r.report(c.Offset, "%s %s has passed", c.Operator, c.Values[0].Text)
		}
	}
}

func organizationID(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if f := c.compiled.op.family; f != stringEquals && f != stringEqualsFold && f != stringLike {
			continue
		}
		switch c.compiled.key {
		case "aws:principalorgid", "aws:resourceorgid", "aws:sourceorgid", "aws:vpceorgid", "aws:principalorgpaths", "aws:resourceorgpaths", "aws:sourceorgpaths", "aws:vpceorgpaths":
		default:
			continue
		}
		for _, v := range c.Values {
			if !strings.HasPrefix(v.Text, "o-") && !strings.HasPrefix(v.Text, "*") && !strings.Contains(v.Text, "${") {
				r.report(v.Offset, "%q is no organization's", v.Text)
			}
		}
	}
}

func accountID(r *lintRun, s *Statement) {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if f := c.compiled.op.family; f != stringEquals && f != stringLike && f != stringEqualsFold {
			continue
		}
		switch c.compiled.key {
		case "aws:principalaccount", "aws:resourceaccount", "aws:sourceaccount", "aws:vpceaccount", "kms:calleraccount", "s3:resourceaccount":
		default:
			continue
		}
		for _, v := range c.Values {
			if !account(v.Text) && !wild(v.Text) && !strings.Contains(v.Text, "${") {
				r.report(v.Offset, "%q has not twelve digits", v.Text)
			}
		}
	}
}
