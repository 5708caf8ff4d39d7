package iam

import (
	"fmt"
	"slices"
	"strings"

	"merlon.dev/merlon/iam/reference"
)

// Witness is a request that refutes what was to be shown. [Permits] confirms it.
type Witness struct {
	Principal string              `json:"principal,omitempty"` // of resource-based policies; as in ParsePrincipal
	Action    string              `json:"action"`
	Resource  string              `json:"resource"`
	Context   map[string][]string `json:"context,omitempty"`   // every key that the request has, of those the policies ask for
	Absent    []string            `json:"absent,omitempty"`    // keys that it must not have
	Statement string              `json:"statement,omitempty"` // what permits it
	Note      string              `json:"note,omitempty"`      // what is unusual about it

	// Request is the same for [Permits].
	Request *Request `json:"-"`
	// Bounded says that it takes a principal with a permissions boundary.
	Bounded bool `json:"bounded,omitempty"`
}

// fill gives a value's symbols their values at the request's points.
func (p *proof) fill(value string, points []point, depth int) (string, bool) {
	if !strings.ContainsFunc(value, func(r rune) bool { return r >= firstSymbol }) {
		return value, true
	}
	var b strings.Builder
	for _, r := range value {
		s, is := p.symbols.get(r)
		if !is {
			b.WriteRune(r)
			continue
		}
		at := points[p.index[s.variable.key]]
		switch {
		case at.there && len(at.values) == 1 && depth < 8:
			v, ok := p.fill(at.values[0], points, depth+1)
			if !ok {
				return "", false
			}
			b.WriteString(v)
		case !at.there && s.variable.hasDefault:
			b.WriteString(s.variable.fallback)
		default:
			return "", false
		}
	}
	return b.String(), true
}

// witness makes a request of points; "no" where a variable has no value.
func (s *search) witness(points []point) (*Witness, bool) {
	w := &Witness{Context: make(map[string][]string), Bounded: s.request.party.bounded}
	context := NewContext()
	for i, x := range s.axes {
		if !points[i].there {
			if i > resourceAxis && len(s.claims[i]) > 0 {
				w.Absent = append(w.Absent, x.name)
			}
			continue
		}
		values := make([]string, len(points[i].values))
		for j, v := range points[i].values {
			var ok bool
			if values[j], ok = s.fill(v, points, 0); !ok {
				return nil, false
			}
		}
		switch i {
		case actionAxis:
			w.Action = values[0]
		case resourceAxis:
			w.Resource = values[0]
		default:
			w.Context[x.name] = values
			context.Set(x.key, values...)
		}
	}
	slices.Sort(w.Absent)
	who := s.request.party.principal
	if arn, is := context.Get("aws:principalarn"); is == Yes && s.request.party.shape != "" {
		if other, err := ParsePrincipal(arn[0]); err == nil && other.Kind == who.Kind {
			who.ARN, who.Account, who.ServiceLinked = other.ARN, other.Account, other.ServiceLinked
		}
	} else if name, is := context.Get("aws:username"); is == Yes && s.request.party.shape == "user" {
		who.ARN = who.ARN[:strings.LastIndexByte(who.ARN, '/')+1] + name[0]
	}
	for i := range s.within {
		if c := s.within[i]; c.statement.Effect == Allow {
			w.Statement = c.name
			break
		}
	}
	if !s.identity {
		w.Principal = who.ARN
		if who.Kind == Anonymous {
			w.Principal = "anonymous"
		}
	}
	w.Request = &Request{Principal: who, Action: w.Action, Resource: w.Resource, Context: context}
	return w, true
}

// candidates are the request as found and, before it, as AWS could really see
// it: with an action that exists, on a resource of a type that it takes.
func (s *search) candidates(yield func(*Witness) bool) {
	try := func(points []point, note string) bool {
		w, ok := s.witness(points)
		if !ok {
			return true
		}
		w.Note = note
		return yield(w)
	}
	if s.reference != nil {
		tried := 0
		var first []point
		for a := range s.real {
			if tried++; tried > 40 {
				break
			}
			points := slices.Clone(s.points)
			points[actionAxis].values = []string{a.String()}
			if first == nil && s.clear(points) {
				first = points
			}
			if s.place(points, a) && !try(points, "") {
				return
			}
		}
		if first != nil && !try(first, "AWS documents no resource of this form for the action") {
			return
		}
	}
	note := ""
	if s.reference != nil {
		note = "AWS documents no such action today"
	}
	try(s.points, note)
}

// clear says whether points are outside of all that is to be avoided.
func (s *search) clear(points []point) bool {
	was := s.points
	s.points = points
	defer func() { s.points = was }()
	return !slices.ContainsFunc(s.avoid, s.inside)
}

// real are the documented actions that agree with the claims.
func (s *search) real(yield func(reference.Action) bool) {
	const maxLooked = 4000
	looked := 0
	x := s.axes[actionAxis]
	look := func(pattern string) bool {
		for a := range s.reference.Match(pattern) {
			if looked++; looked > maxLooked {
				return false
			}
			if x.agrees(s.claims[actionAxis], point{true, []string{a.String()}}) && !yield(a) {
				return false
			}
		}
		return true
	}
	var patterns []string
	collect := func(statement *Statement) {
		for _, a := range statement.Actions {
			if service, _, ok := strings.Cut(a.Text, ":"); ok && !strings.ContainsAny(service, "*?") {
				if statement.NotAction {
					addTo(&patterns, service+":*")
				} else {
					addTo(&patterns, a.Text)
				}
			}
		}
	}
	for _, c := range s.within {
		collect(c.statement)
	}
	for _, p := range []string{"s3:GetObject", "iam:CreateUser", "ec2:RunInstances", "sts:AssumeRole", "dynamodb:*", "s3:*", "iam:*"} {
		addTo(&patterns, p)
	}
	for _, c := range s.clauses {
		if len(patterns) < 64 {
			collect(c.statement)
		}
	}
	for _, p := range patterns {
		if !look(p) {
			return
		}
	}
}

// place finds a resource of a type that the action takes.
func (s *search) place(points []point, a reference.Action) bool {
	x := s.axes[resourceAxis]
	if s.agreesAt(points, "*") && len(a.Resources) == 0 {
		return true
	}
	service, ok := s.reference.Service(a.Service)
	if !ok {
		return false
	}
	types := slices.Clone(a.Resources)
	slices.SortStableFunc(types, func(a, b reference.ActionResource) int {
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		}
		return 1
	})
	for _, r := range types {
		t, ok := service.ResourceType(r.Type)
		if !ok {
			continue
		}
		for _, text := range t.ARNs {
			if s.agreesAt(points, likely(text)) {
				return true
			}
			l := newLanguage(shapeOf(text))
			found := x.search(s.claims[resourceAxis], &bound{there: true, language: l}, &s.budget)
			if found.found {
				points[resourceAxis] = found.point
				if s.clear(points) {
					return true
				}
			}
		}
	}
	return false
}

func (s *search) agreesAt(points []point, resource string) bool {
	points[resourceAxis] = point{true, []string{resource}}
	return s.axes[resourceAxis].agrees(s.claims[resourceAxis], points[resourceAxis]) && s.clear(points)
}

// likely is an ARN of a documented form, with names for its variables.
func likely(form string) string {
	return eachVariable(form, func(name string) string {
		switch name {
		case "Partition":
			return "aws"
		case "Region":
			return "us-east-1"
		case "Account":
			return "111122223333"
		}
		return "example"
	})
}

// eachVariable replaces each ${NAME} of an ARN's form.
func eachVariable(form string, with func(name string) string) string {
	var b strings.Builder
	for {
		head, rest, found := strings.Cut(form, "${")
		b.WriteString(head)
		if !found {
			return b.String()
		}
		name, rest, _ := strings.Cut(rest, "}")
		b.WriteString(with(name))
		form = rest
	}
}

// shapeOf is the language of a documented form of ARNs.
func shapeOf(form string) *strand {
	t := &strand{}
	for _, part := range strings.SplitAfter(eachVariable(form, func(name string) string {
		switch name {
		case "Partition", "Region":
			return "\x00+@\x00"
		case "Account":
			return "\x00############\x00"
		}
		return "\x00+\x01\x00"
	}), "\x00") {
		part = strings.TrimSuffix(part, "\x00")
		switch part {
		case "+@", "############":
			t.cells = append(t.cells, spelled(part).cells...)
		case "+\x01":
			t.cells = append(t.cells, cell{set: anything}, cell{set: anything, loop: true})
		default:
			t.cells = append(t.cells, exact(part).cells...)
		}
	}
	return t
}

// doubts says why a request that was found could not be confirmed.
func (s *search) doubts() {
	before := len(s.why)
	for _, c := range s.clauses {
		if c.doubt != "" && s.who(c, s.request.party) != No {
			s.undecided(fmt.Sprintf("%s may match or not: %s", c.name, c.doubt))
		}
	}
	for _, c := range s.clauses {
		if s.who(c, s.request.party) == Maybe {
			s.undecided(c.name + " may match or not: it names a principal by an id")
		}
	}
	if len(s.why) > before {
		slices.Sort(s.why)
		return
	}
	for _, v := range s.symbols.list {
		s.undecided(fmt.Sprintf("it depends on the value of the policy variable ${%s}", v.variable.key))
	}
	if len(s.symbols.list) == 0 && len(s.why) == 0 {
		s.undecided("a request was found that the evaluator does not confirm")
	}
}
