package posture

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// filterEvents are the log events of AWS's own examples.
const filterEvent = `{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],
 "objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"ThisFlag":true,"other.name":"dotted",
 "user":{"id":1,"email":"John.Stiles@example.com"},"users":[{"id":2,"email":"John.Doe@example.com"},{"id":3,"email":"Jane.Doe@example.com"}],
 "actions":["GET","PUT","DELETE"],"coordinates":[[0,1,2],[4,5,6],[7,8,9]],"latency":500,"text400":"400"}`

func TestFilterPattern(t *testing.T) {
	var event any
	if err := json.Unmarshal([]byte(filterEvent), &event); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ pattern, want string }{
		// The examples of AWS's page.
		{`{ $.eventType = "UpdateTrail" }`, "yes"},
		{`{ $.sourceIPAddress != 123.123.* }`, "yes"},
		{`{ $.arrayKey[0] = "value" }`, "yes"},
		{`{ $.objectList[1].id = 2 }`, "yes"},
		{`{ $.SomeObject IS NULL }`, "yes"},
		{`{ $.SomeOtherObject NOT EXISTS }`, "yes"},
		{`{ $.ThisFlag IS TRUE }`, "yes"},
		{`{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }`, "yes"},
		{`{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }`, "no"},
		{`{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }`, "yes"},
		{`{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch) && $.actions[2] = nomatch }`, "no"},
		{`{ $.users = 1 }`, "no"},
		{`{ $.users != 1 }`, "no"}, // a list matches nothing
		{`{ $.latency >= 500 }`, "yes"},
		{`{ $.latency < 10e3 }`, "yes"},
		{`{ $.latency < 10e-3 }`, "no"},
		{`{ $.latency != 500 }`, "no"},
		{`{ $.latency > +1000 }`, "no"},
		{`{ $.latency <= 500.5 }`, "yes"},
		// Text.
		{`{$.eventType=UpdateTrail}`, "yes"},
		{`{ $.eventType = updateTrail }`, "no"}, // case counts
		{`{ $.eventType = "*Trail" }`, "yes"},
		{`{ $.eventType = Update* }`, "yes"},
		{`{ $.eventType = *date* }`, "yes"},
		{`{ $.eventType = "*Trai" }`, "no"},
		{`{ $.eventType = * }`, "yes"},
		{`{ $.nothing = * }`, "no"},
		{`{ $.eventType = Up*il }`, "open"},
		{`{ $.eventType = Up*xx }`, "no"}, // whatever the star means
		{`{ $.eventType = %^Update[A-Z]% }`, "yes"},
		{`{ $.eventType != %Trail$% }`, "no"},
		{`{ $.text400 = 400 }`, "yes"},
		{`{ $.latency = "500" }`, "yes"},
		{`{ $.latency = 5* }`, "yes"},
		{`{ $.eventType > 1 }`, "no"},
		{`{ $.user.email = 'John.Stiles@example.com' }`, "yes"},
		{`{ $.user.email = "John\.Stiles@example.com" }`, "yes"},
		{`{ $.['other.name'] = dotted }`, "yes"},
		{`{ $["other.name"] = dotted }`, "yes"},
		{`{ $.users[*].id = 3 }`, "yes"},
		{`{ $.users[*].id = 4 }`, "no"},
		{`{ $.users[7].id = 3 }`, "no"},
		// What is not there.
		{`{ $.nothing = x }`, "no"},
		{`{ $.nothing != x }`, "open"},
		{`{ $.nothing != x && $.eventType = other }`, "no"},
		{`{ $.nothing != x || $.eventType = UpdateTrail }`, "yes"},
		{`{ $.nothing != x || $.eventType = other }`, "open"},
		{`{ $.nothing IS NULL }`, "no"},
		{`{ $.SomeObject EXISTS }`, "yes"},
		{`{ $.SomeObject NOT EXISTS }`, "no"},
		{`{ $.SomeObject != x }`, "open"},
		{`{ $.SomeObject = x }`, "no"},
		{`{ $.ThisFlag = true }`, "open"},
		{`{ $.ThisFlag is false }`, "no"},
		{`{ $.eventType IS TRUE }`, "no"},
		// Words.
		{``, "yes"},
		{`UpdateTrail`, "yes"},
		{`UpdateTrail StopLogging`, "no"},
		{`?UpdateTrail ?StopLogging`, "yes"},
		{`?StopLogging ?DeleteTrail`, "no"},
		{`UpdateTrail -StopLogging`, "yes"},
		{`UpdateTrail -GET`, "no"},
		{`"another value"`, "yes"},
		{`%Update(x)%`, "error"},
		{`%Update[A-Z]rail%`, "yes"},
		// What is no pattern.
		{`{ $.eventType = }`, "error"},
		{`{ $.eventType = "x }`, "error"},
		{`{ eventType = x }`, "error"},
		{`{ $ = x }`, "error"},
		{`{ $. = x }`, "error"},
		{`{ $.a[x] = 1 }`, "error"},
		{`{ $.a[0 = 1 }`, "error"},
		{`{ ($.a = 1 }`, "error"},
		{`{ $.a = 1) }`, "error"},
		{`{ $.a = 1 } x`, "error"},
		{`{ $.a = Failed authentication }`, "error"},
		{`{ $.a IS }`, "error"},
		{`{ $.a IS NOT NULL }`, "error"},
		{`{ $.a ~ 1 }`, "error"},
		{`{ $.a < x }`, "error"},
		{`{ $.a = %x }`, "error"},
		{`{ $.a = %[% }`, "error"},
		{`{ $.a < %x% }`, "error"},
		{`{ $.a = 1 & $.b = 2 }`, "error"},
		{`{}`, "error"},
		{`{`, "error"},
		{`[ip, user, status = 4*]`, "error"},
		{strings.Repeat("(", 1000), "no"}, // a word
		{"{" + strings.Repeat("(", 1000) + "$.a = 1" + strings.Repeat(")", 1000) + "}", "error"},
		{strings.Repeat("x", maxFilterPattern+1), "error"},
	} {
		got := "error"
		if p, err := parseFilterPattern(tt.pattern); err == nil {
			yes, err := p.matches(event)
			switch {
			case errors.Is(err, errFilterOpen):
				got = "open"
			case err == nil && yes:
				got = "yes"
			case err == nil:
				got = "no"
			}
		}
		if got != tt.want {
			t.Errorf("%.100s: %s, not %s", tt.pattern, got, tt.want)
		}
	}
}

func FuzzFilterPattern(f *testing.F) {
	for _, s := range []string{`{ ($.a = "x*" && $.b[0].c != 1e3) || $.d NOT EXISTS }`, `?a -"b c" %x%`, `{ $['a'] IS TRUE }`, `[a, b]`} {
		f.Add(s)
	}
	var event any
	if err := json.Unmarshal([]byte(filterEvent), &event); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parseFilterPattern(text)
		if err != nil {
			return
		}
		yes, err := p.matches(event)
		if yes && err != nil {
			t.Errorf("%q matches and has no answer: %v", text, err)
		}
		if p.condition == nil {
			return
		}
		// In parentheses it means the same.
		inner := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "{"), "}")
		again, err := parseFilterPattern("{(" + inner + ")}")
		if err != nil {
			if len(text) > maxFilterPattern-10 || strings.Count(text, "(") >= maxFilterNesting {
				return
			}
			t.Fatalf("%q is a pattern, in parentheses it is none: %v", text, err)
		}
		if other, _ := again.matches(event); other != yes {
			t.Errorf("%q: %v, in parentheses %v", text, yes, other)
		}
	})
}
