package iam

import (
	"encoding/base64"
	"math/big"
	"net"
	"regexp"
	"strings"
	"time"
)

// naiveContext are the keys of a request with their values.
type naiveContext map[string][]string

func (c naiveContext) values(key string) []string {
	for k, v := range c {
		if strings.EqualFold(k, key) { // "Condition key names are not case-sensitive."
			return v
		}
	}
	return nil
}

// naiveConditions: keys and operators are a logical AND.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
func naiveConditions(block any, variables bool, context naiveContext) bool {
	operators, _ := block.(map[string]any)
	for operator, keys := range operators {
		for key, values := range keys.(map[string]any) {
			if !naiveCondition(operator, naiveStrings(values), variables, context.values(key), context) {
				return false
			}
		}
	}
	return true
}

// naiveCondition is one key under one operator.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func naiveCondition(operator string, wanted []string, variables bool, got []string, context naiveContext) bool {
	operator, forAll := strings.CutPrefix(operator, "ForAllValues:")
	operator, forAny := strings.CutPrefix(operator, "ForAnyValue:")
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	if operator == "Null" {
		// "Avoid using the Null condition operator with the ForAllValues or ForAnyValue
		// qualifiers because they always return a true or false respectively."
		if forAll || forAny {
			return forAll
		}
		for _, w := range wanted {
			if strings.EqualFold(w, "true") && len(got) == 0 || strings.EqualFold(w, "false") && len(got) > 0 {
				return true
			}
		}
		return false
	}
	negated := strings.Contains(operator, "Not")
	if len(got) == 0 {
		switch {
		case ifExists: // "If the key is not present, evaluate the condition element as true."
			return true
		case forAll: // "It also returns true if there are no keys in the request."
			return true
		case forAny: // "For no matching key or a null dataset, the condition returns false."
			return false
		}
		// "the values do not match and the condition is false. If the policy condition
		// requires that the key is not matched … the condition is true."
		return negated
	}
	// One value: any of the policy's fits it; for a negated operator none may.
	test := func(value string) bool {
		for _, w := range wanted {
			if naiveFits(strings.Replace(operator, "Not", "", 1), value, w, variables, context) {
				return !negated
			}
		}
		return negated
	}
	empty := true
	for _, v := range got {
		empty = empty && v == ""
	}
	switch {
	case forAll: // "or if the key values resolve to a null data set, such as an empty string"
		for _, v := range got {
			if !empty && !test(v) {
				return false
			}
		}
		return true
	case forAny:
		for _, v := range got {
			if !empty && test(v) {
				return true
			}
		}
		return false
	}
	return test(got[0])
}

// naiveFits compares one value of the request with one of the policy.
func naiveFits(operator, value, want string, variables bool, context naiveContext) bool {
	switch operator {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike":
		pattern, ok := naiveExpand(want, operator == "StringLike", variables, context)
		if operator == "StringEqualsIgnoreCase" {
			var text strings.Builder
			for _, p := range pattern {
				text.WriteRune(p.r)
			}
			return ok && strings.EqualFold(text.String(), value)
		}
		return ok && naiveGlob(pattern, []rune(value))
	case "ArnEquals", "ArnLike":
		return naiveARN(want, value, variables, context)
	case "Bool":
		return strings.EqualFold(value, want) && (strings.EqualFold(want, "true") || strings.EqualFold(want, "false"))
	case "BinaryEquals":
		a, err := base64.StdEncoding.DecodeString(value)
		b, err2 := base64.StdEncoding.DecodeString(want)
		return err == nil && err2 == nil && string(a) == string(b)
	case "IpAddress":
		return naiveIP(value, want)
	}
	var sign int
	if order, ok := strings.CutPrefix(operator, "Numeric"); ok {
		a, fine := naiveNumber(value)
		b, fine2 := naiveNumber(want)
		if !fine || !fine2 {
			return false
		}
		operator, sign = order, a.Cmp(b)
	} else if order, ok := strings.CutPrefix(operator, "Date"); ok {
		a, fine := naiveDate(value)
		b, fine2 := naiveDate(want)
		if !fine || !fine2 {
			return false
		}
		operator, sign = order, a.Compare(b)
	}
	switch operator {
	case "Equals":
		return sign == 0
	case "LessThan":
		return sign < 0
	case "LessThanEquals":
		return sign <= 0
	case "GreaterThan":
		return sign > 0
	case "GreaterThanEquals":
		return sign >= 0
	}
	panic("no such operator: " + operator)
}

// naiveARN: "Each of the six colon-delimited components of the ARN is checked
// separately." Variables are replaced first.
func naiveARN(want, value string, variables bool, context naiveContext) bool {
	pattern, ok := naiveExpand(want, true, variables, context)
	got := strings.SplitN(value, ":", 6)
	if !ok || len(got) != 6 || got[0] != "arn" {
		return false
	}
	parts := [][]naiveRune{nil}
	for _, p := range pattern {
		if p.r == ':' && len(parts) < 6 {
			parts = append(parts, nil)
			continue
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], p)
	}
	for i := range got {
		if len(parts) != 6 || !naiveGlob(parts[i], []rune(got[i])) {
			return false
		}
	}
	return true
}

// naiveIP: "If you specify an IP address without the associated routing
// prefix, IAM uses the default prefix value of /32."
func naiveIP(value, want string) bool {
	ip := net.ParseIP(value)
	if ip == nil {
		return false
	}
	if !strings.Contains(want, "/") {
		return ip.Equal(net.ParseIP(want))
	}
	_, network, err := net.ParseCIDR(want)
	return err == nil && network.Contains(ip)
}

var naiveDecimal = regexp.MustCompile(`^[-+]?[0-9]+(\.[0-9]+)?$`)

func naiveNumber(text string) (*big.Rat, bool) {
	if !naiveDecimal.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// naiveDate: "one of the W3C implementations of the ISO 8601 date formats or in
// epoch (UNIX) time"; the former are listed at https://www.w3.org/TR/NOTE-datetime.
func naiveDate(text string) (time.Time, bool) {
	for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	if n, ok := naiveNumber(text); ok && n.IsInt() {
		return time.Unix(n.Num().Int64(), 0), true
	}
	return time.Time{}, false
}
