package posture

import (
	"testing"
)

// TestTrailEvent: what is given replaces, the rest is an ordinary call.
func TestTrailEvent(t *testing.T) {
	e := newGuardEnvironment(t)
	for text, want := range map[string]bool{
		`trailEvent({}).?eventName.orValue('') == 'DescribeInstances'`:                                                                                                true,
		`trailEvent({}).?readOnly.orValue(false) == true`:                                                                                                             true,
		`trailEvent({'eventName': 'StopLogging'}).?readOnly.orValue(true) == false`:                                                                                   true,
		`trailEvent({'eventName': 'StopLogging', 'errorCode': 'AccessDenied'}) == trailEvent({'errorCode': 'AccessDenied', 'eventName': 'StopLogging'})`:              true,
		`filterMatches('{ $.eventName = "StopLogging" && $.userIdentity.type = "AssumedRole" }', trailEvent({'eventName': 'StopLogging'}))`:                           true,
		`filterMatches('{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }', trailEvent({'userIdentity': {'type': 'Root'}}))`:                    true,
		`filterMatches('{ $.userIdentity.type = "Root" }', trailEvent({'userIdentity': {'type': 'IAMUser'}}))`:                                                        false,
		`filterMatches('{ $.responseElements.ConsoleLogin = "Success" }', trailEvent({'responseElements': {'ConsoleLogin': 'Success'}}))`:                             true,
		`filterMatches('{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }', trailEvent({'errorCode': 'Client.UnauthorizedOperation'}))`: true,
		`filterMatches('{ $.errorCode = "*UnauthorizedOperation" }', trailEvent({}))`:                                                                                 false,
		`filterMatches('{ $.n = 5 && $.l[1] = 2 }', {'n': dyn(5), 'l': dyn([1.0, 2.0])})`:                                                                             true,
	} {
		x, faults := e.compile(text, nil, 0)
		if len(faults) > 0 {
			t.Errorf("%s: %v", text, faults)
			continue
		}
		if v, _, err := x.program.Eval(&variables{}); err != nil || v.Value() != want {
			t.Errorf("%s: %v, %v, not %v", text, v, err, want)
		}
	}
	for _, text := range []string{`filterMatches('{ $.eventName }', trailEvent({}))`, `filterMatches('{ $.none != x }', trailEvent({}))`} {
		x, faults := e.compile(text, nil, 0)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if v, _, err := x.program.Eval(&variables{}); err == nil {
			t.Errorf("%s: %v, where nobody can tell", text, v)
		}
	}
}
