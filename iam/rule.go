package iam

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Rule says what must never be permitted: the requests that the Allow
// statements of its policy match and its Deny statements do not, made by its
// audience.
type Rule struct {
	Text   string
	policy *Policy

	public   bool     // strangers only
	outside  []string // accounts: everybody but them and services
	foreign  bool     // everybody outside of outside
	nobody   bool     // anonymous only
	asksWho  bool     // it means nothing where policies name no principals
	conjured bool     // made of text, not of a document
}

// RuleFromPolicy makes a rule of a document whose Allow statements are what must
// never be permitted.
func RuleFromPolicy(name string, p *Policy) *Rule {
	r := &Rule{Text: name, policy: p}
	for i := range p.Statements {
		r.asksWho = r.asksWho || p.Statements[i].HasPrincipal
	}
	return r
}

// RuleSyntax is the grammar of [ParseRule], for a person.
const RuleSyntax = `never CLAUSE …: a request that meets every clause must not be permitted.
  public                                strangers: no account, or one that the policy does not name
  ACTION,… | *                          s3:GetObject, kms:*
  on RESOURCE,…                         arn:aws:s3:::bucket/*
  by PRINCIPAL,…                        an ARN, an account, a service, or anonymous
  outside [the] organization ID [or accounts ID,…]
  outside account[s] ID,…               services are inside
  from outside RANGE,…                  aws:SourceIp is elsewhere or absent
  without|unless CONDITION              it does not hold, or its key is absent
  with|when CONDITION                   it holds
CONDITION: MFA, TLS, KEY, KEY=VALUE,… (with * and ?), KEY<N, KEY<=N, KEY>N, KEY>=N`

// maxRule bounds a rule's text, in bytes.
const maxRule = 64 << 10

// ParseRule reads a rule such as "never kms:Decrypt without MFA"; [RuleSyntax]
// is its grammar. An error says at which word it stopped.
func ParseRule(text string) (*Rule, error) {
	if len(text) > maxRule {
		return nil, fmt.Errorf("rule of %d bytes: longer than %d", len(text), maxRule)
	}
	p := &ruleParser{words: ruleWords(text)}
	p.rule = &Rule{Text: text, policy: &Policy{Name: "rule", Version: "2012-10-17"}, conjured: true}
	p.statement = Statement{Effect: Allow}
	p.take("never")
	for clauses := 0; ; clauses++ {
		if len(p.words) == 0 && clauses > 0 {
			break
		}
		if err := p.clause(); err != nil {
			return nil, fmt.Errorf("rule %q: %w", text, err)
		}
	}
	s := &p.statement
	if s.Actions == nil {
		s.Actions = []Element{{Text: "*"}}
	}
	if s.Resources == nil {
		s.Resources = []Element{{Text: "*"}}
	}
	s.HasResource = true
	for _, a := range s.Actions {
		s.actions = append(s.actions, compileAction(a.Text))
	}
	for _, r := range s.Resources {
		s.resources = append(s.resources, compileResource(r.Text, false))
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		c.compile(false)
		for j, w := range c.compiled.wants {
			if !w.valid {
				return nil, fmt.Errorf("rule %q: %q is no value for %s", text, c.Values[j].Text, c.Operator)
			}
		}
	}
	p.rule.policy.Statements = []Statement{*s}
	return p.rule, nil
}

type ruleParser struct {
	words     []string
	rule      *Rule
	statement Statement
}

// ruleWords parts a text at white space; lists stay whole, also where white
// space follows their commas.
func ruleWords(text string) []string {
	var out []string
	open := false
	for _, w := range strings.Fields(text) {
		if open || len(out) > 0 && strings.HasPrefix(w, ",") {
			out[len(out)-1] += w
		} else {
			out = append(out, w)
		}
		open = strings.HasSuffix(w, ",")
	}
	return out
}

// take takes the next word where it is one of these, in any case.
func (p *ruleParser) take(words ...string) bool {
	if len(p.words) > 0 && slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, p.words[0]) }) {
		p.words = p.words[1:]
		return true
	}
	return false
}

// list takes a list; what says which kind.
func (p *ruleParser) list(what string, fits func(string) bool) ([]string, error) {
	if len(p.words) == 0 {
		return nil, fmt.Errorf("%s is missing at the end", what)
	}
	items := strings.Split(p.words[0], ",")
	for _, i := range items {
		if !fits(i) {
			return nil, fmt.Errorf("%q is not %s", i, what)
		}
	}
	p.words = p.words[1:]
	return items, nil
}

func (p *ruleParser) clause() error {
	switch {
	case p.take("public"):
		p.rule.public, p.rule.asksWho = true, true
	case p.take("on"):
		items, err := p.list("a resource", func(s string) bool { return s == "*" || strings.HasPrefix(s, "arn:") })
		if err != nil {
			return err
		}
		if p.statement.Resources != nil {
			return errors.New(`"on" stands twice; name all resources in one list`)
		}
		p.statement.Resources = elements(items)
	case p.take("by"):
		return p.by()
	case p.take("outside"):
		return p.outside()
	case p.take("from"):
		if !p.take("outside") {
			return errors.New(`"from" is followed by "outside"`)
		}
		items, err := p.list("a range of addresses", func(s string) bool { _, ok := parsePrefix(s); return ok })
		if err != nil {
			return err
		}
		p.condition("NotIpAddress", "aws:SourceIp", items)
	case p.take("without", "unless"):
		return p.asks(false)
	case p.take("with", "when"):
		return p.asks(true)
	default:
		items, err := p.list("an action or a word that rules know", isAction)
		if err != nil {
			return err
		}
		if p.statement.Actions != nil {
			return errors.New("actions stand twice; name all in one list")
		}
		p.statement.Actions = elements(items)
	}
	return nil
}

// isAction says whether a word is an action or a pattern of actions.
func isAction(s string) bool {
	service, name, found := strings.Cut(s, ":")
	return s == "*" || found && service != "" && name != "" && !strings.Contains(name, ":")
}

func (p *ruleParser) by() error {
	items, err := p.list("a principal", func(s string) bool { _, err := ParsePrincipal(s); return err == nil && s != "*" })
	if err != nil {
		return err
	}
	if p.statement.Principals != nil || p.rule.nobody {
		return errors.New(`"by" stands twice; name all principals in one list`)
	}
	p.rule.asksWho = true
	for _, i := range items {
		who, _ := ParsePrincipal(i)
		switch who.Kind {
		case Anonymous:
			if len(items) > 1 {
				return errors.New("anonymous stands alone")
			}
			p.rule.nobody = true
		case Service:
			p.statement.Principals = append(p.statement.Principals, PrincipalElement{Type: "Service", Value: i})
		case Federated:
			p.statement.Principals = append(p.statement.Principals, PrincipalElement{Type: "Federated", Value: i})
		default:
			p.statement.Principals = append(p.statement.Principals, PrincipalElement{Type: "AWS", Value: i})
		}
	}
	return nil
}

func (p *ruleParser) outside() error {
	p.rule.foreign, p.rule.asksWho = true, true
	p.take("the")
	organization := p.take("organization", "organisation")
	if organization {
		ids, err := p.list("an organization's id (o-…)", func(s string) bool { return strings.HasPrefix(s, "o-") && !strings.ContainsAny(s, "*?$") })
		if err != nil {
			return err
		}
		p.condition("StringNotEquals", "aws:PrincipalOrgID", ids)
		if !p.take("or") {
			return nil
		}
	}
	if !p.take("account", "accounts") {
		return errors.New(`"outside" is followed by the organization or by accounts, "or" by accounts`)
	}
	ids, err := p.list("an account (12 digits)", account)
	p.rule.outside = append(p.rule.outside, ids...)
	return err
}

func elements(texts []string) []Element {
	out := make([]Element, len(texts))
	for i, t := range texts {
		out[i].Text = t
	}
	return out
}

func (p *ruleParser) condition(operator, key string, values []string) {
	p.statement.Conditions = append(p.statement.Conditions, Condition{Operator: operator, Key: key, Values: elements(values)})
}

// asks reads a condition and adds it, or its opposite, which holds as well where
// the key is absent.
func (p *ruleParser) asks(with bool) error {
	if len(p.words) == 0 {
		return errors.New("a condition is missing at the end")
	}
	word := p.words[0]
	p.words = p.words[1:]
	not := func(positive, negative string) string {
		if with {
			return positive
		}
		return negative
	}
	switch strings.ToUpper(word) {
	case "MFA":
		if with {
			p.condition("Bool", "aws:MultiFactorAuthPresent", []string{"true"})
		} else {
			p.condition("BoolIfExists", "aws:MultiFactorAuthPresent", []string{"false"})
		}
		return nil
	case "TLS":
		p.condition("Bool", "aws:SecureTransport", []string{not("true", "false")})
		return nil
	}
	at := strings.IndexAny(word, "<>=")
	key, operator, value := word, "", ""
	if at >= 0 {
		key, operator, value = word[:at], word[at:at+1], word[at+1:]
		if operator != "=" && strings.HasPrefix(value, "=") {
			operator, value = operator+"=", value[1:]
		}
	}
	if !strings.Contains(key, ":") || strings.ContainsAny(key, "*?!") {
		return fmt.Errorf("%q is not a condition: MFA, TLS, KEY, KEY=VALUE, KEY<N …", word)
	}
	values := strings.Split(value, ",")
	switch operator {
	case "":
		p.condition("Null", key, []string{not("false", "true")})
	case "=":
		ranges := !slices.ContainsFunc(values, func(v string) bool {
			_, ok := parsePrefix(v)
			return !ok
		})
		if ranges {
			p.condition(not("IpAddress", "NotIpAddress"), key, values)
		} else {
			p.condition(not("StringLike", "StringNotLike"), key, values)
		}
	case "<":
		p.condition(not("NumericLessThan", "NumericGreaterThanEqualsIfExists"), key, []string{value})
	case "<=":
		p.condition(not("NumericLessThanEquals", "NumericGreaterThanIfExists"), key, []string{value})
	case ">":
		p.condition(not("NumericGreaterThan", "NumericLessThanEqualsIfExists"), key, []string{value})
	case ">=":
		p.condition(not("NumericGreaterThanEquals", "NumericLessThanIfExists"), key, []string{value})
	}
	return nil
}
