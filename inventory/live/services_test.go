package live

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"merlon.dev/merlon/inventory"
)

// readVerbs are the beginnings of operations that change nothing.
var readVerbs = regexp.MustCompile(`^(Get|List|Describe|BatchGet|Search|Lookup|GenerateCredentialReport$|GenerateServiceLastAccessedDetails$)`)

// TestDeclarations holds every declared operation to the promises that the rest
// relies on: it reads, what it fills exists, "not there" has a source, and its
// pages can be followed.
func TestDeclarations(t *testing.T) {
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	names, owner := map[string]bool{}, map[string]string{}
	for _, s := range LastAccessed(Services()) {
		if names[s.Name] {
			t.Errorf("service %s is listed twice", s.Name)
		}
		names[s.Name] = true
		if s.Title == "" || s.Collect == nil || len(s.AllTypes()) == 0 {
			t.Errorf("service %s lacks a title, types or a collect function", s.Name)
		}
		for _, typ := range s.AllTypes() {
			if _, ok := schemas.Type(typ); !ok {
				t.Errorf("%s: type %s has no schema; closest is %s", s.Name, typ, schemas.ClosestType(typ))
			}
			if o := owner[typ]; o != "" && o != s.Name {
				t.Errorf("type %s is written by %s and by %s: coverage could not tell whether it was read", typ, o, s.Name)
			}
			owner[typ] = s.Name
		}
		seen := map[string]bool{}
		for _, o := range s.Operations {
			// One operation may serve two ends: a list, and facts of what is in it.
			if seen[o.Call()+" "+o.Per] {
				t.Errorf("%s: %s is listed twice", s.Name, o.Call())
			}
			seen[o.Call()+" "+o.Per] = true
			if !readVerbs.MatchString(o.Name) {
				t.Errorf("%s is not an operation that only reads", o.Call())
			}
			if len(o.Absent) > 0 && !strings.Contains(o.Source, "https://") {
				t.Errorf("%s: the codes %v need the page that says they mean \"not there\"", o.Call(), o.Absent)
			}
			if o.Per == "" && len(o.Types) == 0 {
				t.Errorf("%s: a list call must say what it lists, or a denial of it would go unnoticed", o.Call())
			}
			if o.Per != "" && len(o.Fills) == 0 && len(o.Types) == 0 && !o.Optional {
				t.Errorf("%s: a call about a %s must say what it fills, or a denial of it would go unnoticed", o.Call(), o.Per)
			}
			if o.Per != "" && !slices.Contains(s.AllTypes(), o.Per) {
				t.Errorf("%s is about a %s, which the service does not say it writes: its controls would be out of scope", o.Call(), o.Per)
			}
			if o.Per != "" {
				typ, ok := schemas.Type(o.Per)
				if !ok {
					t.Errorf("%s: no type %s", o.Call(), o.Per)
					continue
				}
				for _, f := range o.Fills {
					if _, ok := typ.Lookup(f); !ok && f != "tags" {
						t.Errorf("%s fills %s of %s, which does not exist; closest is %s", o.Call(), f, o.Per, typ.Closest(f))
					}
				}
			}
			checkPaging(t, o)
		}
	}
}

// checkPaging demands that an answer with a token has a request field for it.
func checkPaging(t *testing.T, o *Operation) {
	t.Helper()
	out := reflect.TypeOf(o.Output()).Elem()
	for i := range out.NumField() {
		f := out.Field(i)
		if !strings.Contains(f.Name, "Token") && !strings.Contains(f.Name, "Marker") {
			continue
		}
		known := slices.ContainsFunc(tokens[:], func(tk struct{ out, in string }) bool { return tk.out == f.Name })
		if !known && !slices.Contains([]string{"DeleteMarker", "LockToken"}, f.Name) {
			t.Errorf("%s: the answer has a field %s that paging does not know", o.Call(), f.Name)
		}
	}
}
