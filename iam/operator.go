package iam

import "strings"

// operator is a comparison without its negation.
type operator struct {
	family  family
	negated bool
	order   order
}

// operatorNamed finds one of the condition operators of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// (read 2026-11-24) by its name, whose letters have no case.
func operatorNamed(name string) (operator, bool) {
	negate := func(o operator) operator { o.negated = true; return o }
	switch strings.ToLower(name) {
	case "stringequals":
		return operator{family: stringEquals}, true
	case "stringnotequals":
		return negate(operator{family: stringEquals}), true
	case "stringequalsignorecase":
		return operator{family: stringEqualsFold}, true
	case "stringnotequalsignorecase":
		return negate(operator{family: stringEqualsFold}), true
	case "stringlike":
		return operator{family: stringLike}, true
	case "stringnotlike":
		return negate(operator{family: stringLike}), true
	case "numericequals":
		return operator{family: numeric}, true
	case "numericnotequals":
		return negate(operator{family: numeric}), true
	case "numericlessthan":
		return operator{family: numeric, order: less}, true
	case "numericlessthanequals":
		return operator{family: numeric, order: lessOrEqual}, true
	case "numericgreaterthan":
		return operator{family: numeric, order: greater}, true
	case "numericgreaterthanequals":
		return operator{family: numeric, order: greaterOrEqual}, true
	case "dateequals":
		return operator{family: date}, true
	case "datenotequals":
		return negate(operator{family: date}), true
	case "datelessthan":
		return operator{family: date, order: less}, true
	case "datelessthanequals":
		return operator{family: date, order: lessOrEqual}, true
	case "dategreaterthan":
		return operator{family: date, order: greater}, true
	case "dategreaterthanequals":
		return operator{family: date, order: greaterOrEqual}, true
	case "bool":
		return operator{family: boolean}, true
	case "binaryequals":
		return operator{family: binary}, true
	case "ipaddress":
		return operator{family: address}, true
	case "notipaddress":
		return negate(operator{family: address}), true
	case "arnequals", "arnlike":
		return operator{family: arn}, true
	case "arnnotequals", "arnnotlike":
		return negate(operator{family: arn}), true
	case "null":
		return operator{family: null}, true
	}
	return operator{}, false
}

type setOperator uint8

const (
	noSet setOperator = iota
	forAnyValue
	forAllValues
)

type family uint8

const (
	stringEquals family = iota
	stringEqualsFold
	stringLike
	numeric
	date
	boolean
	binary
	address
	arn
	null
)

type order uint8

const (
	equal order = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
)

func (o order) holds(compared int) bool {
	switch o {
	case less:
		return compared < 0
	case lessOrEqual:
		return compared <= 0
	case greater:
		return compared > 0
	case greaterOrEqual:
		return compared >= 0
	}
	return compared == 0
}
