package iam

import "testing"

func TestContextStates(t *testing.T) {
	c := NewOpenContext().Set("aws:Set", "v").SetAbsent("aws:Gone").SetPresent("aws:There").
		SetOneOf("aws:MFA", nil, []string{"false"}).Set("aws:PrincipalTag/team", "a").Close("aws:PrincipalTag/")
	over := c.Over().Set("aws:set", "w")
	for _, test := range []struct {
		context  *Context
		operator string
		key      string
		value    string
		want     Match
	}{
		{c, "StringEquals", "AWS:set", "v", Yes},
		{over, "StringEquals", "aws:Set", "v", No},
		{over, "StringEquals", "aws:PrincipalTag/Team", "a", Yes},
		{c, "StringNotEquals", "aws:PrincipalTag/other", "a", Yes},
		{c, "StringNotEquals", "aws:Gone", "a", Yes},
		{c, "StringEquals", "aws:There", "a", Maybe},
		{c, "Null", "aws:There", "false", Yes},
		{c, "Null", "aws:Else", "false", Maybe},
		{c, "StringEqualsIfExists", "aws:Else", "a", Maybe},
		// Neither absence nor "false" is true; with IfExists absence passes.
		{c, "Bool", "aws:MFA", "true", No},
		{c, "BoolIfExists", "aws:MFA", "true", Maybe},
		{c, "BoolIfExists", "aws:MFA", "false", Yes},
	} {
		condition := Condition{Operator: test.operator, Key: test.key, Values: []Element{{Text: test.value}}}
		condition.compile(true)
		if got := condition.compiled.match(test.context); got != test.want {
			t.Errorf("%s %s %s: got %v, want %v", test.operator, test.key, test.value, got, test.want)
		}
	}
}
