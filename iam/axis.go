package iam

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"merlon.dev/merlon/iam/reference"
)

// An axis is one thing in which requests differ: the action, the resource, or a
// context key. Its propositions are what the policies say about it.
type axis struct {
	name   string // as the first policy wrote it
	key    string // lower case; "action" and "resource" have no colon before them
	kind   reference.ValueType
	many   bool // one request may have several values
	always bool // in every request
	wanted bool // a variable stands for its value
	base   *language
	hints  []string // values to try first

	propositions []proposition
	sets         []valueSet
	named        map[string]int // propositions and sets by their meaning
	finite       []string       // values that make all the difference; nil for strings
	partial      bool           // finite does not hold every class
	prepared     bool
	solved       map[string]solution
	known        map[string][]bool // what each set says of a value
}

// proposition is a condition, or the action or resource element of a statement.
type proposition struct {
	set     int // of values that fit; -1 of Null
	negated bool
	over    setOperator
	absent  bool // the answer where the key is absent
	present bool // the answer of Null where it is not
}

// valueSet are the values that fit.
type valueSet struct {
	language *language // of strings and ARNs
	test     *test     // of the rest
}

// point is the state of one axis in a request.
type point struct {
	there  bool
	values []string
}

// claim is a proposition that must hold or must not.
type claim struct {
	proposition int
	want        bool
}

type solution struct {
	point    point
	found    bool
	complete bool // found none, and there is none
}

func (x *axis) addSet(id string, make func() valueSet) int {
	if i, ok := x.named[id]; ok {
		return i
	}
	i := len(x.sets)
	x.sets = append(x.sets, make())
	x.named[id] = i
	return i
}

// addElement adds a list of action or resource patterns.
func (x *axis) addElement(patterns []pattern, s *symbols) int {
	texts := make([]string, len(patterns))
	for i := range patterns {
		texts[i] = fmt.Sprintf("%v%q", patterns[i].variables, patterns[i].source)
	}
	slices.Sort(texts)
	id := "element " + strings.Join(texts, ",")
	set := x.addSet(id, func() valueSet {
		strands := make([]*strand, len(patterns))
		for i := range patterns {
			strands[i] = strandOf(&patterns[i], s)
		}
		return valueSet{language: newLanguage(strands...)}
	})
	return x.addProposition("="+id, proposition{set: set})
}

func (x *axis) addProposition(id string, p proposition) int {
	if i, ok := x.named[id]; ok {
		return i
	}
	i := len(x.propositions)
	x.propositions = append(x.propositions, p)
	x.named[id] = i
	return i
}

// addCondition adds a condition of a statement.
func (x *axis) addCondition(c *Condition, s *symbols) int {
	t := &c.compiled
	texts := make([]string, len(c.Values))
	variables := false
	for i, v := range c.Values {
		texts[i] = fmt.Sprintf("%q", v.Text)
		variables = variables || i < len(t.wants) && t.wants[i].hasVariables()
	}
	slices.Sort(texts)
	id := fmt.Sprintf("%d %d %v %s", t.op.family, t.op.order, variables, strings.Join(slices.Compact(texts), ","))
	if t.op.family == null {
		return x.addProposition(fmt.Sprintf("null %d %s", t.set, id), proposition{set: -1,
			absent:  t.matchEntry(entry{state: absent}, noContext) == Yes,
			present: t.matchEntry(entry{state: present, values: []string{"x"}}, noContext) == Yes})
	}
	set := x.addSet(id, func() valueSet {
		switch t.op.family {
		case stringEquals, stringEqualsFold, stringLike:
			strands := make([]*strand, len(t.wants))
			for i := range t.wants {
				strands[i] = strandOf(&t.wants[i].text, s)
			}
			return valueSet{language: newLanguage(strands...)}
		case arn:
			strands := make([]*strand, len(t.wants))
			for i := range t.wants {
				if t.wants[i].valid {
					strands[i] = strandOfARN(&t.wants[i], s)
				}
			}
			return valueSet{language: newLanguage(strands...)}
		}
		return valueSet{test: t}
	})
	return x.addProposition(fmt.Sprintf("%v %d %v=%s", t.op.negated, t.set, t.ifExists, id),
		proposition{set: set, negated: t.op.negated, over: t.set, absent: t.missing() == Yes})
}

func (w *want) hasVariables() bool {
	return w.text.variables || slices.ContainsFunc(w.parts, func(p pattern) bool { return p.variables })
}

// prepare is called once, when all propositions are known.
func (x *axis) prepare() {
	x.solved = make(map[string]solution)
	x.known = make(map[string][]bool)
	var tests []*test
	words := 0
	for _, s := range x.sets {
		if s.test != nil {
			tests = append(tests, s.test)
		} else {
			words++
		}
	}
	switch {
	case x.kind == reference.Bool:
		x.finite = []string{"false", "true"}
	case len(tests) > 0:
		x.finite = candidates(tests)
		x.finite = append(x.finite, "x", "other value") // what is no number, date, address …
		x.partial = words > 0
		for _, s := range x.sets {
			if s.language != nil {
				for _, t := range s.language.strands {
					x.finite = append(x.finite, t.sample("x"))
				}
			}
		}
		x.finite = slices.DeleteFunc(x.finite, func(v string) bool { return v == "" || !isA(v, x.kind) })
		families := tests[0].op.family
		for _, t := range tests {
			x.partial = x.partial || t.op.family != families
		}
	}
	x.prepared = true
}

// isA says whether a key of that type can have the value.
func isA(value string, kind reference.ValueType) bool {
	ok := true
	switch kind {
	case reference.IPAddress:
		_, err := netip.ParseAddr(value)
		ok = err == nil
	case reference.Numeric:
		_, ok = parseNumber(value)
	case reference.Date:
		_, ok = parseDate(value)
	}
	return ok
}

// holds says whether a value is in a set; it remembers.
func (x *axis) holds(set int, value string) bool {
	row, ok := x.known[value]
	if !ok {
		row = make([]bool, len(x.sets))
		for i, s := range x.sets {
			if s.language != nil {
				row[i] = s.language.match(value)
			} else {
				row[i] = s.test.fits(value, noContext) == Yes
			}
		}
		if len(x.known) < 1<<12 {
			x.known[value] = row
		}
	}
	return row[set]
}

// says is the answer of a proposition at a point; as [test.match].
func (x *axis) says(proposition int, at point) bool {
	p := &x.propositions[proposition]
	switch {
	case !at.there:
		return p.absent
	case p.set < 0:
		return p.present
	case p.over == forAllValues && emptySet(at.values):
		return true
	case p.over == forAnyValue && emptySet(at.values):
		return false
	}
	in := func(v string) bool { return x.holds(p.set, v) != p.negated }
	switch {
	case p.over == forAllValues, p.over == noSet && p.negated:
		return !slices.ContainsFunc(at.values, func(v string) bool { return !in(v) })
	}
	return slices.ContainsFunc(at.values, in)
}

func (x *axis) agrees(claims []claim, at point) bool {
	for _, c := range claims {
		if x.says(c.proposition, at) != c.want {
			return false
		}
	}
	return true
}
