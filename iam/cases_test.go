package iam

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
)

// caseMaker makes questions out of small alphabets, so that things match. What
// it chooses comes from pick: a seeded generator, or the bytes of a fuzzer.
type caseMaker struct {
	pick func(n int) int // in [0, n)

	who, service, account string // of the question in the making
	attached              bool   // a statement may do without Resource, as in a trust policy
	tidy                  bool   // only what the documents' own rules and the principal's kind permit
}

func seededMaker(seed uint64) *caseMaker {
	r := rand.New(rand.NewPCG(seed, 1))
	return &caseMaker{pick: r.IntN, service: "s3"}
}

// bytesMaker chooses by a fuzzer's bytes; when they run out it takes the first of everything.
func bytesMaker(data []byte) *caseMaker {
	return &caseMaker{service: "s3", pick: func(n int) int {
		if len(data) == 0 {
			return 0
		}
		b := int(data[0])
		data = data[1:]
		return b % n
	}}
}

func choose[T any](m *caseMaker, of ...T) T { return of[m.pick(len(of))] }

// chance is true in percent of the cases.
func (m *caseMaker) chance(percent int) bool { return m.pick(100) < percent }

const (
	ownAccount   = "111122223333"
	otherAccount = "444455556666"
)

type object = map[string]any

// question is one line of `merlon iam evaluate`, policies that AWS would accept.
func (m *caseMaker) question() object {
	account := choose(m, ownAccount, ownAccount, ownAccount, ownAccount, otherAccount)
	action, resource := m.call(account)
	m.who, m.account = m.principal(), account
	m.service, _, _ = strings.Cut(strings.ToLower(action), ":")
	q := object{
		"name": "x",
		"request": object{
			"principal": m.who, "action": action, "resource": resource,
			"resourceAccount": account, "context": m.context(),
		},
		"identityPolicies": m.policies(90, false),
		"resourcePolicy":   nil, "boundaries": nil, "sessionPolicy": nil,
		"scps": []any{}, "rcps": []any{},
	}
	if m.chance(75) {
		m.attached = true
		q["resourcePolicy"] = m.policy(true)
		m.attached = false
	}
	if m.chance(25) {
		q["boundaries"] = m.policies(70, false)
	}
	if m.chance(25) {
		q["sessionPolicy"] = m.broad(false)
	}
	if m.chance(10) {
		q["endpointPolicy"] = m.broad(true)
		if m.tidy {
			q["endpointPolicy"] = m.guardrail()
		}
	}
	if m.chance(30) {
		q["scps"] = m.levels(false)
	}
	if m.chance(25) {
		q["rcps"] = m.levels(true)
	}
	if m.tidy {
		m.tidyUp(q)
	}
	return q
}

// tidyUp takes from a question the policies that its principal cannot have.
func (m *caseMaker) tidyUp(q object) {
	session := strings.Contains(m.who, ":assumed-role/") || strings.Contains(m.who, ":federated-user/")
	if !session {
		q["sessionPolicy"] = nil
	}
	if !strings.HasPrefix(m.who, "arn:") || strings.Contains(m.who, "-provider/") {
		q["identityPolicies"], q["scps"] = []any{}, []any{}
	}
	if !session && !strings.Contains(m.who, ":user/") && !strings.Contains(m.who, ":role/") || strings.Contains(m.who, "ServiceRole") {
		q["boundaries"] = nil
	}
	if strings.HasSuffix(m.who, ":root") {
		q["identityPolicies"] = []any{}
	}
}

func (m *caseMaker) line() []byte {
	line, err := json.Marshal(m.question())
	if err != nil {
		panic(err)
	}
	return line
}

func (m *caseMaker) principal() string {
	arn := "arn:aws:iam::" + ownAccount
	sts := "arn:aws:sts::" + ownAccount
	return choose(m,
		arn+":user/alice", arn+":user/alice", arn+":user/team/bob", arn+":role/worker", arn+":role/app/worker",
		sts+":assumed-role/worker/s1", sts+":assumed-role/worker/s1", sts+":assumed-role/worker/s2", sts+":federated-user/fred", arn+":root",
		"lambda.amazonaws.com", "anonymous", arn+":saml-provider/idp",
		arn+":role/aws-service-role/es.amazonaws.com/AWSServiceRoleForES", sts+":assumed-role/AWSServiceRoleForES/s")
}

// call is an action and what it is done to.
func (m *caseMaker) call(account string) (action, resource string) {
	switch m.pick(10) {
	case 0, 1:
		return choose(m, "kms:Decrypt", "KMS:encrypt", "kms:RetireGrant"), "arn:aws:kms:eu-west-1:" + account + ":key/k1"
	case 2, 3:
		return choose(m, "sts:AssumeRole", "sts:TagSession"), "arn:aws:iam::" + account + ":role/worker"
	case 4:
		return "sqs:SendMessage", "arn:aws:sqs:eu-west-1:" + account + ":alice-q"
	case 5:
		return "ec2:DescribeInstances", "*"
	}
	return choose(m, "s3:GetObject", "s3:PutObject", "s3:getobjectacl"),
		choose(m, "arn:aws:s3:::b/alice/k", "arn:aws:s3:::b/k:1:2", "arn:aws:s3:::B/k", "arn:aws:s3:::b/*", "arn:aws:s3:::b/é")
}

// contextAlphabet are the values that a key takes in requests; nil is absent.
// The keys with more than one value are multivalued by their type.
var contextAlphabet = map[string][][]string{
	"aws:username":               {nil, {"alice"}, {"bob"}, {"*"}},
	"aws:SourceIp":               {nil, {"192.0.2.1"}, {"198.51.100.7"}, {"2001:db8::1"}, {"nowhere"}},
	"aws:SecureTransport":        {nil, {"true"}, {"false"}, {"True"}},
	"aws:CurrentTime":            {nil, {"2024-06-01T12:00:00Z"}, {"1717243200"}, {"2024-06-01T14:00:00+02:00"}, {"soon"}},
	"s3:max-keys":                {nil, {"10"}, {"10.0"}, {"9.5"}, {"-1"}, {"10abc"}, {"100000000000000000001"}},
	"aws:TagKeys":                {nil, {"a"}, {"a", "b"}, {"b", "c"}, {"", ""}, {"A"}},
	"aws:SourceArn":              {nil, {"arn:aws:s3:::b"}, {"arn:aws:sns:eu-west-1:111122223333:topic"}, {"arn:aws:s3:::b"}, {"arn:aws:sns:a:b:c:d:topic"}, {"no-arn"}},
	"aws:PrincipalTag/team":      {nil, {"red"}, {"arn:aws:s?:::*"}, {"Red"}, {"arn:aws:s3:::b"}, {"RÉD"}},
	"aws:ResourceTag/blob":       {nil, {"QQ=="}, {"Qg=="}, {"?"}},
	"aws:MultiFactorAuthPresent": {nil, {"true"}, {"false"}},
}

var contextKeys = []string{
	"aws:username", "aws:SourceIp", "aws:SecureTransport", "aws:CurrentTime", "s3:max-keys", "aws:TagKeys",
	"aws:SourceArn", "aws:PrincipalTag/team", "aws:ResourceTag/blob", "aws:MultiFactorAuthPresent",
}

func (m *caseMaker) context() object {
	out := object{}
	for _, key := range contextKeys {
		values := choose(m, contextAlphabet[key]...)
		switch {
		case len(values) == 0 && m.chance(30):
			out[key] = choose[any](m, nil, []any{})
		case len(values) == 1 && m.chance(70):
			out[key] = values[0]
		case len(values) > 0:
			out[key] = values
		}
	}
	return out
}

func (m *caseMaker) policies(percent int, named bool) []any {
	out := []any{}
	for m.chance(percent) && len(out) < 3 {
		out = append(out, m.policy(named))
		percent -= 40
	}
	return out
}

func (m *caseMaker) policy(named bool) object {
	var statements []any
	for range 1 + m.pick(3) {
		statements = append(statements, m.statement(named))
	}
	return m.document(statements)
}

func (m *caseMaker) document(statements []any) object {
	p := object{"Version": "2012-10-17", "Statement": statements}
	if len(statements) == 1 && m.chance(40) {
		p["Statement"] = statements[0]
	}
	switch m.pick(12) {
	case 0:
		p["Version"] = "2008-10-17"
	case 1:
		delete(p, "Version")
	}
	return p
}

// broad is a policy that mostly allows everything, as guardrails do.
func (m *caseMaker) broad(named bool) object {
	if !m.chance(75) {
		return m.policy(named)
	}
	all := object{"Effect": "Allow", "Action": "*", "Resource": "*"}
	if named {
		all["Principal"] = "*"
	}
	statements := []any{all}
	if m.chance(25) {
		s := m.statement(named)
		s["Effect"] = "Deny"
		statements = append(statements, s)
	}
	return m.document(statements)
}

func (m *caseMaker) levels(named bool) []any {
	out := []any{}
	for range 1 + m.pick(3) {
		level := []any{m.broad(named)}
		if m.tidy && named {
			out = append(out, []any{m.guardrail()})
			continue
		}
		if m.chance(20) {
			level = append(level, m.policy(named))
		}
		out = append(out, level)
	}
	return out
}

// guardrail is a resource control policy with the one that AWS attaches itself.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html, read 2026-11-24
func (m *caseMaker) guardrail() object {
	statements := []any{object{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}
	if m.chance(60) {
		statements = append(statements, object{"Effect": "Deny", "Principal": "*", "Action": m.some(m.service+":*", "s3:Get*", "sts:Assume*"),
			"Resource": m.some("*", "*", "arn:aws:s3:::b/*"), "Condition": m.conditions()})
	}
	return object{"Version": "2012-10-17", "Statement": statements}
}

func (m *caseMaker) statement(named bool) object {
	s := object{"Effect": choose(m, "Allow", "Allow", "Allow", "Allow", "Deny")}
	actions := m.some("*", "*", "*", m.service+":*", m.service+":*", "s3:Get*", "s3:?etObject", "S3:PUTOBJECT", "kms:Decrypt", "sts:Assume*", "ec2:*", "*:*Object*")
	if m.tidy {
		actions = m.some("*", "*", m.service+":*", m.service+":*", "s3:Get*", "s3:?etObject", "S3:PUTOBJECT", "kms:Decrypt", "sts:Assume*", "ec2:*")
	}
	resources := m.some("*", "*", "*", "*")
	if m.chance(60) {
		resources = m.some(resourcePatterns[m.service]...)
	}
	if m.chance(15) {
		resources = m.some(resourcePatterns["s3"]...)
	}
	name := func(element string, percent int) string {
		if m.chance(percent) {
			return "Not" + element
		}
		return element
	}
	s[name("Action", 10)] = actions
	if !m.attached || !m.chance(10) {
		s[name("Resource", 10)] = resources
	}
	if named {
		s[name("Principal", 15)] = m.principals()
	}
	conditions := 20
	if s["Effect"] == "Deny" {
		conditions = 70
	}
	if m.chance(conditions) {
		s["Condition"] = m.conditions()
	}
	return s
}

func (m *caseMaker) principals() any {
	if m.chance(15) {
		return "*"
	}
	if m.chance(30) && strings.HasPrefix(m.who, "arn:") {
		return object{"AWS": m.some(m.who, ownAccount)}
	}
	arn := "arn:aws:iam::" + ownAccount
	sts := "arn:aws:sts::" + ownAccount
	out := object{"AWS": m.some(
		arn+":root", ownAccount, ownAccount, arn+":user/alice", arn+":user/team/bob", arn+":role/worker", arn+":role/app/worker",
		sts+":assumed-role/worker/s1", sts+":federated-user/fred", arn+":role/aws-service-role/es.amazonaws.com/AWSServiceRoleForES",
		"arn:aws:iam::"+otherAccount+":root", "*", arn+":user/*")}
	if m.chance(25) {
		out["Service"] = m.some("lambda.amazonaws.com", "ec2.amazonaws.com")
	}
	if m.chance(15) {
		out["Federated"] = arn + ":saml-provider/idp"
	}
	return out
}

// resourcePatterns are what policies write for the resources of a service.
var resourcePatterns = map[string][]string{
	"s3": {"arn:aws:s3:::b/*", "arn:aws:s3:::?/k*", "arn:aws:s3*", "arn:aws:s3:*:k", "arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/${aws:username, 'alice'}/k",
		"arn:aws:s3:::b/${*}", "arn:aws:s3:::*:?", "arn:aws:s3:::b/é", "arn:aws:s3:::b/?", "arn:aws:s3:::${aws:TagKeys}/k", "arn:aws:s3:::b${$}", "arn:aws:s?:::b/*"},
	"kms": {"arn:aws:kms:*:" + ownAccount + ":key/*", "arn:aws:*:*:*:*", "arn:aws:k*s:eu-west-?:*:key/k1", "arn:*:kms:*"},
	"sts": {"arn:aws:iam::*:role/*", "arn:aws:iam?:111122223333:role/worker", "arn:aws:iam::?11122223333:*", "arn:aws:iam::" + ownAccount + ":role/worker"},
	"sqs": {"arn:aws:sqs:eu-*-1:*:${aws:username}-q", "arn:aws:?qs:*:*q", "arn:aws:sqs:*"},
	"ec2": {"*", "arn:aws:ec2:*:*:instance/*"},
}

// some is one value or a list of two or three.
func (m *caseMaker) some(of ...string) any {
	if m.chance(60) {
		return choose(m, of...)
	}
	out := []any{choose(m, of...), choose(m, of...)}
	if m.chance(30) {
		out = append(out, choose(m, of...))
	}
	return out
}

// policySide are the operators that fit a key and the values that a policy names.
var policySide = map[string]struct{ operators, values []string }{
	"aws:username":               {stringOperators, []string{"alice", "ALICE", "a*", "?ob", "${*}", "*", "", "${aws:PrincipalTag/team, 'bob'}", "${aws:USERNAME}", "${aws:TagKeys}"}},
	"aws:SourceIp":               {[]string{"IpAddress", "NotIpAddress"}, []string{"192.0.2.0/24", "192.0.2.1", "198.51.100.7/32", "2001:db8::/32", "0.0.0.0/0", "::/0", "300.1.1.1", "10.0.0.0/33"}},
	"aws:SecureTransport":        {[]string{"Bool"}, []string{"true", "false", "True", "yes"}},
	"aws:MultiFactorAuthPresent": {[]string{"Bool"}, []string{"true", "false"}},
	"aws:CurrentTime":            {dateOperators, []string{"2024-06-01T12:00:00Z", "2024-06-01", "2024-06", "2024", "1717243200", "2025-01-01T00:00Z", "whenever"}},
	"s3:max-keys":                {numericOperators, []string{"10", "10.00", "9", "-1", "0", "100000000000000000000", "ten"}},
	"aws:TagKeys":                {stringOperators, []string{"a", "b", "A", "*", "", "${aws:username}"}},
	"aws:SourceArn": {[]string{"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"}, []string{"arn:aws:sns:*:111122223333:*", "arn:aws:s3:::b", "${aws:PrincipalTag/team}", "arn:aws:s3:::${aws:username}",
		"${aws:PrincipalTag/team}", "arn:aws:sns:a:*:topic", "arn:*:*:*:*:*", "arn:aws:s3", "arn:aws:s?:::b"}},
	"aws:PrincipalTag/team": {stringOperators, []string{"red", "RED", "r?d", "réd", "RÉD", "${aws:username}", "Red"}},
	"aws:ResourceTag/blob":  {[]string{"BinaryEquals"}, []string{"QQ==", "Qg==", "QQ"}},
}

var (
	stringOperators  = []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"}
	dateOperators    = []string{"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"}
	numericOperators = []string{"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"}
)

func (m *caseMaker) conditions() object {
	out := object{}
	for range 1 + m.pick(2) {
		key := choose(m, contextKeys...)
		side := policySide[key]
		var operator string
		var values any
		switch {
		case m.chance(12):
			operator, values = "Null", choose[any](m, "true", "false", true, []any{"true", "false"})
		default:
			operator, values = choose(m, side.operators...), m.some(side.values...)
			if m.chance(20) {
				operator += "IfExists"
			}
			if m.chance(6) {
				values = []any{}
			}
		}
		if key == "aws:TagKeys" && operator != "Null" || m.chance(6) {
			operator = choose(m, "ForAllValues:", "ForAnyValue:") + operator
		}
		if m.chance(20) {
			key = strings.ToUpper(key)
		}
		keys, _ := out[operator].(object)
		if keys == nil {
			keys = object{}
			out[operator] = keys
		}
		keys[key] = values
	}
	return out
}
