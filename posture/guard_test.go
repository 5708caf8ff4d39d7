package posture

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// The guard: an expression that answers although something in the data is
// unknown gives the same answer for everything that may stand there, nothing
// included. It is tried on expressions that are put together at random from
// every function, operator and macro a control may use.

// guardDocument is what the expressions are about; each member is a variable.
const guardDocument = `{
 "i":3,"j":22,"f":1.5,"s":"abc","t":"b","b":true,"c":false,"when":"2026-01-02T03:04:05Z","range":"10.0.0.0/8","text":"{\"a\":[1,{\"b\":22}]}",
 "one":[5],"ints":[3,22,5,22],"strs":["b","a","abc"],"objs":[{"a":1,"p":"x"},{"a":22,"q":[1,2]},{"a":3,"p":"abc","o":{"z":1}}],
 "m":{"k":"v","n":"b","abc":"abc"},"mi":{"a":3,"b":22},"mm":{"a":[1,2],"b":[3,22]},"o":{"a":22,"p":"b","o":{"z":1}},"ll":[[1,2],[3,22],[]],"d":{"x":{"y":[1,{"z":"b"}]},"l":[1,"b"]},
 "policy":{"Version":"2012-10-17","Statement":[
  {"Sid":"one","Effect":"Allow","Principal":"*","Action":"s3:*","Resource":["arn:a","arn:b"],"Condition":{"StringEquals":{"aws:SourceArn":"b","AWS:sourcearn":["c"]},"Bool":{"aws:SecureTransport":false}}},
  {"Effect":"Deny","NotPrincipal":{"AWS":["a","b"],"Service":"ec2"},"NotAction":["a","b"],"NotResource":"*"}]}
}`

// guardVariables are the variables with their types.
func guardVariables() map[string]*cel.Type {
	ints, dynMap := cel.ListType(cel.IntType), cel.MapType(cel.StringType, cel.DynType)
	return map[string]*cel.Type{
		"i": cel.IntType, "j": cel.IntType, "f": cel.DoubleType, "s": cel.StringType, "t": cel.StringType, "b": cel.BoolType, "c": cel.BoolType,
		"when": cel.TimestampType, "range": cel.StringType, "text": cel.StringType,
		"ints": ints, "one": ints, "strs": cel.ListType(cel.StringType), "objs": cel.ListType(dynMap),
		"o": dynMap, "m": cel.MapType(cel.StringType, cel.StringType), "mi": cel.MapType(cel.StringType, cel.IntType), "mm": cel.MapType(cel.StringType, ints),
		"ll": cel.ListType(ints), "d": cel.DynType, "policy": cel.DynType, "now": cel.TimestampType,
	}
}

// production is one way to make an expression of a type: {type} stands for any
// expression of that type. Types are short words; x is the variable of a loop.
type production struct {
	result string
	text   string
	covers []string
}

// productions say for each function how it is called. The test fails where a
// function that controls may use is in none.
func productions() []production {
	return []production{
		// Variables and literals.
		{"bool", "b", nil}, {"bool", "c", nil}, {"bool", "true", nil}, {"bool", "false", nil},
		{"int", "i", nil}, {"int", "j", nil}, {"int", "22", nil}, {"int", "1", nil}, {"int", "0", nil},
		{"double", "f", nil}, {"double", "1.5", nil},
		{"string", "s", nil}, {"string", "t", nil}, {"string", "'b'", nil}, {"string", "'abc'", nil}, {"string", "range", nil},
		{"time", "when", nil}, {"time", "now", nil}, {"duration", "duration('36h')", []string{"duration"}},
		{"ints", "ints", nil}, {"ints", "one", nil}, {"ints", "[3, 22]", nil}, {"ints", "[]", nil}, {"ints", "[{int}, {int}]", nil}, {"ints", "[?{oint}, {int}]", nil},
		{"strs", "strs", nil}, {"strs", "['b', 'abc']", nil}, {"strs", "[{string}]", nil},
		{"objs", "objs", nil}, {"objs", "[{obj}]", nil}, {"obj", "o", nil}, {"obj", "objs[0]", nil}, {"obj", "{'a': dyn({int}), 'p': dyn({string})}", nil}, {"obj", "{?'a': {odyn}}", nil}, {"odyn", "o.?p", nil}, {"odyn", "optional.of(dyn({int}))", nil},
		{"map", "m", nil}, {"map", "{'k': {string}}", nil}, {"mapi", "mi", nil}, {"mapi", "{'a': {int}, 'b': 22}", nil}, {"mapl", "mm", nil}, {"mapl", "{'a': {ints}}", nil},
		{"lists", "ll", nil}, {"lists", "[{ints}, {ints}]", nil}, {"dyn", "d", nil}, {"dyn", "dyn({any})", []string{"dyn"}}, {"dyn", "policy", nil},
		{"any", "{bool}", nil}, {"any", "{int}", nil}, {"any", "{string}", nil}, {"any", "{ints}", nil}, {"any", "{obj}", nil}, {"any", "{dyn}", nil}, {"any", "{objs}", nil},
		{"any", "{mapl}", nil}, {"any", "{lists}", nil}, {"any", "{oint}", nil},
		// Logic and comparison.
		{"bool", "({bool} && {bool})", []string{"_&&_"}}, {"bool", "({bool} || {bool})", []string{"_||_"}}, {"bool", "!{bool}", []string{"!_"}},
		{"bool", "({bool} ? {bool} : {bool})", []string{"_?_:_"}}, {"ints", "({bool} ? {ints} : {ints})", nil}, {"obj", "({bool} ? {obj} : {obj})", nil},
		{"bool", "{bool} == {bool}", []string{"_==_"}}, {"bool", "{int} == {int}", nil}, {"bool", "{ints} == {ints}", nil}, {"bool", "{strs} != {strs}", []string{"_!=_"}},
		{"bool", "{obj} == {obj}", nil}, {"bool", "{map} != {map}", nil}, {"bool", "{lists} == {lists}", nil}, {"bool", "{oint} == {oint}", nil}, {"bool", "{dyn} == {dyn}", nil},
		{"bool", "{objs} == {objs}", nil}, {"bool", "{mapl} == {mapl}", nil}, {"bool", "{oints} != {oints}", nil}, {"bool", "{time} == {time}", nil},
		{"bool", "{int} < {int}", []string{"_<_"}}, {"bool", "{int} >= {double}", []string{"_>=_"}}, {"bool", "{string} > {string}", []string{"_>_"}}, {"bool", "{time} <= {time}", []string{"_<=_"}},
		{"bool", "{duration} < {duration}", nil},
		{"bool", "{int} in {ints}", []string{"@in"}}, {"bool", "{string} in {strs}", nil}, {"bool", "{ints} in {lists}", nil}, {"bool", "{string} in {map}", nil}, {"bool", "{string} in {mapl}", nil},
		{"bool", "{obj} in {objs}", nil}, {"bool", "{string} in {obj}", nil}, {"bool", "{string} in ['b', 'x']", nil}, {"bool", "{int} in [3, 22]", nil}, {"bool", "{dyn} in [dyn(3), dyn('b')]", nil},
		// Arithmetic.
		{"int", "({int} + {int})", []string{"_+_"}}, {"int", "({int} - {int})", []string{"_-_"}}, {"int", "({int} * {int})", []string{"_*_"}}, {"int", "({int} / 2)", []string{"_/_"}}, {"int", "({int} % 5)", []string{"_%_"}},
		{"int", "-{int}", []string{"-_"}}, {"string", "({string} + {string})", nil}, {"ints", "({ints} + {ints})", nil}, {"int", "({ints} + {ints})[3]", nil}, {"int", "([3, 22] + {ints})[3]", nil}, {"oint", "({ints} + {ints})[?5]", nil}, {"objs", "({objs} + {objs})", nil}, {"lists", "({lists} + {lists})", nil}, {"strs", "({strs} + {strs})", nil},
		{"time", "({time} + {duration})", nil}, {"duration", "({time} - {time})", nil},
		// Reading.
		{"int", "{ints}[0]", []string{"_[_]"}}, {"int", "{ints}[1]", nil}, {"int", "{mapi}['a']", nil}, {"ints", "{lists}[0]", nil}, {"ints", "{mapl}['a']", nil}, {"obj", "{objs}[1]", nil}, {"string", "{map}[{string}]", nil},
		{"oint", "{ints}[?1]", []string{"_[?_]"}}, {"oint", "{ints}[?9]", nil}, {"oint", "{mapi}[?'a']", nil}, {"oint", "{mapi}.?zz", []string{"_?._"}}, {"oint", "{mapi}.?a", nil}, {"oints", "{mapl}.?a", nil}, {"oints", "{lists}[?0]", nil},
		{"oint", "{oints}[0]", nil}, {"oint", "{oints}[?1]", nil}, {"ostring", "{map}[?{string}]", nil},
		{"oint", "optional.none()", []string{"optional.none"}}, {"oint", "optional.of({int})", []string{"optional.of"}}, {"oints", "optional.of({ints})", nil},
		{"int", "{oint}.value()", []string{"value"}}, {"bool", "{oint}.hasValue()", []string{"hasValue"}}, {"bool", "{oints}.hasValue()", nil}, {"oint", "{oint}.or({oint})", []string{"or"}}, {"int", "{oint}.orValue({int})", []string{"orValue"}},
		{"ints", "{oints}.orValue({ints})", nil}, {"string", "{ostring}.orValue({string})", nil}, {"oint", "{oint}.optMap(x, x + {int})", nil}, {"oint", "{oints}.optFlatMap(x, x[?0])", nil}, {"oint", "{oints}.optMap(x, x.size())", nil},
		{"bool", "has({obj}.a)", nil}, {"bool", "has({obj}.p)", nil}, {"bool", "has({dyn}.x.y)", nil}, {"bool", "has({obj}.o.z)", nil},
		{"dyn", "{obj}.?a.orValue(1)", nil}, {"odyn", "{dyn}.?x.?y", nil}, {"odyn", "{dyn}.?l[?1]", nil}, {"dyn", "{odyn}.orValue(1)", nil}, {"dyn", "{odyn}.or({odyn}).orValue('b')", nil}, {"any", "{odyn}", nil},
		// Sizes.
		{"int", "size({ints})", []string{"size"}}, {"int", "{strs}.size()", nil}, {"int", "size({map})", nil}, {"int", "{string}.size()", nil}, {"int", "{objs}.size()", nil}, {"int", "{mapl}.size()", nil}, {"int", "size({obj})", nil}, {"int", "size({dyn})", nil},
		// Loops.
		{"bool", "{ints}.exists(x, x == {int})", []string{presentFunc, "@not_strictly_false"}}, {"bool", "{ints}.all(x, x < {int})", nil}, {"bool", "{ints}.exists_one(x, x == {int})", nil}, {"bool", "{strs}.existsOne(x, x == {string})", nil},
		{"bool", "{ints}.exists(x, {bool})", nil}, {"bool", "{ints}.all(x, {bool})", nil}, {"bool", "{objs}.exists_one(x, {bool})", nil}, {"bool", "{ints}.exists_one(x, {bool})", nil}, {"bool", "{map}.exists(x, {bool})", nil}, {"bool", "{mapl}.all(x, {bool})", nil},
		{"bool", "{objs}.exists(x, x.?a.orValue(0) == {int})", nil}, {"bool", "{objs}.all(x, has(x.p))", nil}, {"bool", "{map}.exists(x, x == {string})", nil}, {"bool", "{map}.all(x, m[?x].orValue('b') == {string})", nil},
		{"bool", "{mapl}.exists(x, {int} in mm[x])", nil}, {"bool", "{lists}.exists(x, {int} in x)", nil}, {"bool", "{lists}.all(x, x.size() > {int})", nil}, {"bool", "{lists}.exists(x, x == {ints})", nil},
		{"ints", "{ints}.map(x, x + {int})", nil}, {"ints", "{ints}.map(x, {int})", nil}, {"ints", "{ints}.map(x, x > {int}, x)", nil}, {"ints", "{ints}.map(x, {bool}, 1)", nil}, {"strs", "{map}.map(x, x)", nil}, {"ints", "{lists}.map(x, x.size())", nil},
		{"ints", "{ints}.filter(x, x > {int})", nil}, {"ints", "{ints}.filter(x, {bool})", nil}, {"objs", "{objs}.filter(x, x.?a.orValue(0) == {int})", nil}, {"strs", "{map}.filter(x, x != {string})", nil}, {"lists", "{lists}.filter(x, {int} in x)", nil},
		{"objs", "{objs}.filter(x, {bool})", nil}, {"lists", "{lists}.map(x, x)", nil}, {"objs", "{objs}.map(x, x)", nil},
		{"bool", "cel.bind(y, {ints}, y == {ints})", nil}, {"int", "cel.bind(y, {objs}, y.size())", nil},
		// Strings.
		{"bool", "{string}.contains({string})", []string{"contains"}}, {"bool", "{string}.startsWith({string})", []string{"startsWith"}}, {"bool", "{string}.endsWith({string})", []string{"endsWith"}}, {"bool", "{string}.matches('^a.*')", []string{"matches"}},
		{"string", "{string}.charAt(0)", []string{"charAt"}}, {"int", "{string}.indexOf({string})", []string{"indexOf"}}, {"int", "{string}.lastIndexOf({string})", []string{"lastIndexOf"}}, {"string", "{string}.lowerAscii()", []string{"lowerAscii"}},
		{"string", "{string}.upperAscii()", []string{"upperAscii"}}, {"string", "{string}.replace('b', 'c')", []string{"replace"}}, {"strs", "{string}.split('b')", []string{"split"}}, {"string", "{string}.substring(1)", []string{"substring"}},
		{"string", "{string}.trim()", []string{"trim"}}, {"string", "{strs}.join(',')", []string{"join"}}, {"string", "{strs}.join()", nil}, {"string", "{string}.reverse()", []string{"reverse"}},
		{"string", "'%d %s'.format([{int}, {string}])", []string{"format"}}, {"string", "'%s'.format([{objs}])", nil}, {"string", "'%s %s'.format([{mapl}, {lists}])", nil},
		// Lists.
		{"ints", "{ints}.reverse()", nil}, {"ints", "{ints}.distinct()", []string{"distinct"}}, {"objs", "{objs}.distinct()", nil}, {"ints", "{ints}.sort()", []string{"sort"}}, {"strs", "{strs}.sort()", nil}, {"ints", "{ints}.slice(0, 1)", []string{"slice"}},
		{"objs", "{objs}.sortBy(x, x.?a.orValue(0) == 1 ? 1 : 2)", []string{"@sortByAssociatedKeys"}}, {"ints", "{ints}.sortBy(x, -x)", nil}, {"ints", "{lists}.flatten()", []string{"flatten"}}, {"ints", "lists.range({int} % 4)", []string{"lists.range"}},
		{"bool", "sets.contains({ints}, {ints})", []string{"sets.contains"}}, {"bool", "sets.intersects({strs}, {strs})", []string{"sets.intersects"}}, {"bool", "sets.equivalent({ints}, {ints})", []string{"sets.equivalent"}}, {"bool", "sets.contains({objs}, {objs})", nil},
		// Numbers.
		{"int", "math.greatest({int}, {int})", []string{"math.@max"}}, {"int", "math.least({ints})", []string{"math.@min"}}, {"int", "math.greatest({int}, {int}, {int})", nil}, {"int", "math.abs({int})", []string{"math.abs"}},
		{"double", "math.ceil({double})", []string{"math.ceil"}}, {"double", "math.floor({double})", []string{"math.floor"}}, {"double", "math.round({double})", []string{"math.round"}},
		// Conversions and times.
		{"int", "int({string})", []string{"int"}}, {"int", "int({double})", nil}, {"double", "double({int})", []string{"double"}}, {"string", "string({int})", []string{"string"}}, {"bool", "bool({string})", []string{"bool"}}, {"bool", "bool({dyn})", nil}, {"string", "string({dyn})", nil},
		{"time", "timestamp('2026-01-01T00:00:00Z')", []string{"timestamp"}}, {"time", "timestamp({string})", nil}, {"duration", "duration({string})", nil},
		{"int", "{time}.getFullYear()", []string{"getFullYear"}}, {"int", "{time}.getMonth()", []string{"getMonth"}}, {"int", "{time}.getDayOfYear()", []string{"getDayOfYear"}}, {"int", "{time}.getDate()", []string{"getDate"}}, {"int", "{time}.getDayOfWeek()", []string{"getDayOfWeek"}},
		{"int", "{time}.getHours()", []string{"getHours"}}, {"int", "{duration}.getMinutes()", []string{"getMinutes"}}, {"int", "{duration}.getSeconds()", []string{"getSeconds"}},
		{"int", "daysSince({time})", []string{daysFunc}}, {"int", "daysSince({string})", nil},
		// Merlon's own.
		{"bool", "isPublicRange({string})", []string{"isPublicRange"}}, {"bool", "isAnywhere({string})", []string{"isAnywhere"}}, {"bool", "cidrContains(range, {string})", []string{"cidrContains"}}, {"bool", "glob({string}, {string})", []string{"glob"}},
		{"bool", "filterMatches('{ $.a = 22 || $.p != b }', {obj})", []string{"filterMatches"}}, {"bool", "filterMatches({string}, trailEvent({map}))", []string{"trailEvent"}}, {"any", "trailEvent({obj})", nil}, {"bool", "filterMatches('{ $.k = v }', {dyn})", nil},
		{"dyn", "json(text)", []string{"json"}}, {"dyn", "json({string})", nil}, {"stmts", "statements({dyn})", []string{statementsFunc}}, {"stmts", "statements(policy)", nil}, {"stmts", "statements(optional.of(policy))", nil}, {"stmts", "statements(policy.?Statement)", nil},
		{"bool", "{stmts}.exists(x, x.Effect == 'Allow' && '*' in x.Principals.AWS)", nil}, {"bool", "{stmts}.all(x, x.Actions.exists(y, glob(y, 's3:Get')))", nil}, {"int", "{stmts}.size()", nil}, {"bool", "{stmts}.exists(x, x.Sid == {string})", nil},
		{"bool", "{stmts}.exists(x, x.Conditions.?StringEquals[?'aws:sourcearn'].orValue([]) == {strs})", nil}, {"bool", "{stmts}.all(x, x.NotPrincipals.Service.size() == 0)", nil}, {"bool", "{stmts}.exists(x, x.Resources == {strs})", nil},
		{"bool", "{stmts}.exists(x, x.Conditions.exists(y, x.Conditions[y].exists(z, z == 'aws:securetransport')))", nil}, {"bool", "{stmts}.exists(x, x.Principals == x.NotPrincipals)", nil}, {"bool", "{stmts}.exists(x, x.Conditions.size() > 1)", nil},
		{"bool", "{stmts}.exists(x, x.NotActions.size() > 0)", nil}, {"strs", "{stmts}.map(x, x.Effect)", nil},
	}
}

// generator makes expressions.
type generator struct {
	by  map[string][]production
	rng *rand.Rand
}

func (g *generator) make(result string, depth int) string {
	all := g.by[result]
	if depth <= 0 {
		var leaves []production
		for _, p := range all {
			if !strings.Contains(p.text, "{") {
				leaves = append(leaves, p)
			}
		}
		if len(leaves) > 0 {
			all = leaves
		}
	}
	return g.fill(all[g.rng.IntN(len(all))].text, depth-1)
}

// fill replaces the {type}s; braces that hold anything else are a map's.
func (g *generator) fill(text string, depth int) string {
	for name := range g.by {
		for strings.Contains(text, "{"+name+"}") {
			text = strings.Replace(text, "{"+name+"}", g.make(name, depth), 1)
		}
	}
	return text
}

// variables resolves the members of a document as variables.
type variables struct{ root ref.Val }

func (v *variables) ResolveName(name string) (any, bool) {
	if name == "now" {
		return timestamp("2026-11-24T00:00:00Z"), true
	}
	if o, ok := v.root.(*object); ok {
		if e, ok := o.find(name); ok {
			return e, true
		}
	}
	return nil, false
}

func (v *variables) Parent() cel.Activation { return nil }

type guardEnvironment struct {
	*environment
	shape *shape
}

func newGuardEnvironment(t testing.TB) *guardEnvironment {
	t.Helper()
	schemas, err := inventory.LoadSchemas()
	if err != nil {
		t.Fatal(err)
	}
	e, err := newEnvironment(newProvider(schemas))
	if err != nil {
		t.Fatal(err)
	}
	var opts []cel.EnvOption
	for name, typ := range guardVariables() {
		if name != "now" {
			opts = append(opts, cel.Variable(name, typ))
		}
	}
	if e.Env, err = e.Extend(opts...); err != nil {
		t.Fatal(err)
	}
	return &guardEnvironment{e, &shape{fields: map[string]*shape{"when": {convert: convertTime}}}}
}

func (e *guardEnvironment) parse(t testing.TB, doc string, unknowns ...merlon.Unknown) ref.Val {
	t.Helper()
	d := &document{}
	if err := d.parse(doc, unknowns, e.shape); err != nil {
		t.Fatal(err)
	}
	return d.root()
}

func (e *guardEnvironment) eval(p cel.Program, root ref.Val) ref.Val {
	v, _, err := p.Eval(&variables{root})
	if err != nil {
		return types.WrapErr(err)
	}
	return v
}

// place is somewhere in the document, with what may stand there.
type place struct {
	variable string // that it is in
	pointer  string
	unknown  ref.Val
	docs     []string
	roots    []ref.Val
}

func guardPlaces(t testing.TB, e *guardEnvironment) []place {
	t.Helper()
	doc := standard(t, guardDocument)
	text, err := json.Marshal(doc) // in the canonical order, as snapshots have it
	if err != nil {
		t.Fatal(err)
	}
	fillers := []string{`3`, `22`, `-1`, `1.5`, `"b"`, `"abc"`, `"*"`, `""`, `"0.0.0.0/0"`, `"Allow"`, `true`, `false`, `[]`, `[22]`, `[3,22]`, `["b"]`, `[{"a":1}]`, `{}`, `{"a":1}`, `{"k":"v"}`,
		`{"AWS":"*"}`, `{"Service":["s"]}`, `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}`, `"2027-01-01T00:00:00Z"`, `[[3,22]]`, `{"StringEquals":{"AWS:SourceArn":"b"}}`, `{"z":"b"}`}
	var places []place
	var walk func(v any, path []string)
	walk = func(v any, path []string) {
		if len(path) > 0 {
			pl := place{variable: path[0], pointer: "/" + strings.Join(path, "/")}
			pl.unknown = e.parse(t, string(text), merlon.Unknown{Path: pl.pointer, Reason: "test"})
			var values [][]any
			for _, f := range fillers {
				values = append(values, []any{standard(t, f)})
			}
			if len(path) > 1 { // a variable is always there
				values = append(values, nil)
			}
			values = append(values, []any{json.Number("22"), "b"}, []any{map[string]any{"a": json.Number("22")}, map[string]any{}})
			for _, with := range values {
				out, err := json.Marshal(substitute(doc, path, with))
				if err != nil {
					t.Fatal(err)
				}
				pl.docs = append(pl.docs, string(out))
				pl.roots = append(pl.roots, e.parse(t, string(out)))
			}
			places = append(places, pl)
		}
		switch c := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(c)) {
				walk(c[k], append(slices.Clone(path), k))
			}
			if len(path) > 0 {
				walk(nil, append(slices.Clone(path), "a"+strconv.Itoa(len(path)))) // one that is not there
			}
		case []any:
			for i, e := range c {
				walk(e, append(slices.Clone(path), strconv.Itoa(i)))
			}
			walk(nil, append(slices.Clone(path), strconv.Itoa(len(c)+1)))
		}
	}
	walk(doc, nil)
	return places
}

// substitute copies the document with values in a place: none, one, or in a
// list more than one.
func substitute(v any, path []string, with []any) any {
	switch c := v.(type) {
	case map[string]any:
		out := maps.Clone(c)
		if len(path) > 1 {
			out[path[0]] = substitute(c[path[0]], path[1:], with)
		} else if delete(out, path[0]); len(with) > 0 {
			out[path[0]] = with[0]
		}
		return out
	case []any:
		i, _ := strconv.Atoi(path[0])
		if len(path) > 1 {
			out := slices.Clone(c)
			out[i] = substitute(c[i], path[1:], with)
			return out
		}
		before, after := c, []any{}
		if i < len(c) {
			before, after = c[:i], c[i+1:]
		}
		return append([]any{}, slices.Concat(before, with, after)...)
	}
	return v
}

func same(a, b ref.Val) bool {
	ea, oka := a.(*types.Err)
	eb, okb := b.(*types.Err)
	if oka || okb {
		return oka && okb && ea.Error() == eb.Error()
	}
	return equal(a, b) == types.True && a.Type() == b.Type() || fmt.Sprint(a) == "NaN" && fmt.Sprint(b) == "NaN"
}

// guarding tries expressions and counts what came of it.
type guarding struct {
	*guardEnvironment
	text                       string // the document
	places                     []place
	words                      *regexp.Regexp
	answered, unknown, refused int
}

func newGuarding(t testing.TB) *guarding {
	e := newGuardEnvironment(t)
	canonical, err := json.Marshal(standard(t, guardDocument))
	if err != nil {
		t.Fatal(err)
	}
	return &guarding{guardEnvironment: e, text: string(canonical), places: guardPlaces(t, e), words: regexp.MustCompile(`[a-z]+`)}
}

// try evaluates an expression with each place unknown in turn and, where it
// answers nevertheless, with everything that may stand there. It reports whether
// the expression compiles: not all that are put together do, such as math.least([]).
func (g *guarding) try(t *testing.T, text string) bool {
	t.Helper()
	checked, issues := g.Compile(text)
	if issues.Err() != nil {
		g.refused++
		return false
	}
	p, err := g.program(checked, 0)
	if err != nil {
		g.refused++
		return false
	}
	mentions := map[string]bool{}
	for _, w := range g.words.FindAllString(text, -1) {
		mentions[w] = true
	}
	for _, pl := range g.places {
		if !mentions[pl.variable] {
			continue
		}
		got := g.eval(p, pl.unknown)
		if types.IsError(got) {
			continue
		}
		if unknownIn(got) != nil {
			g.unknown++
			continue
		}
		g.answered++
		for k, root := range pl.roots {
			if with := g.eval(p, root); !same(got, with) {
				t.Fatalf("%s\nis %v with %s unknown, and %v with\n%s", text, got, pl.pointer, with, pl.docs[k])
			}
		}
	}
	return true
}

// tryTwo does the same with two places unknown at once, and a few of the values
// that may stand in them.
func (g *guarding) tryTwo(t *testing.T, text string, rng *rand.Rand) {
	t.Helper()
	checked, issues := g.Compile(text)
	if issues.Err() != nil {
		return
	}
	p, err := g.program(checked, 0)
	if err != nil {
		return
	}
	a, b := g.places[rng.IntN(len(g.places))], g.places[rng.IntN(len(g.places))]
	if a.variable == b.variable || !strings.Contains(text, a.variable) || !strings.Contains(text, b.variable) {
		return
	}
	got := g.eval(p, g.parse(t, g.text, merlon.Unknown{Path: a.pointer, Reason: "a"}, merlon.Unknown{Path: b.pointer, Reason: "b"}))
	if types.IsError(got) || unknownIn(got) != nil {
		return
	}
	for range 40 {
		first := a.docs[rng.IntN(len(a.docs))]
		other := standard(t, b.docs[rng.IntN(len(b.docs))]).(map[string]any)
		doc := standard(t, first).(map[string]any)
		doc[b.variable] = other[b.variable]
		out, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if with := g.eval(p, g.parse(t, string(out))); !same(got, with) {
			t.Fatalf("%s\nis %v with %s and %s unknown, and %v with\n%s", text, got, a.pointer, b.pointer, with, out)
		}
	}
}

func newGenerator(seed uint64) *generator {
	g := &generator{by: map[string][]production{}, rng: rand.New(rand.NewPCG(seed, 11))}
	for _, p := range productions() {
		g.by[p.result] = append(g.by[p.result], p)
	}
	return g
}

func TestUnknownGuard(t *testing.T) {
	guard, g := newGuarding(t), newGenerator(2026)
	// Every production is tried with small arguments, then many at random.
	for _, p := range productions() {
		works := false
		for range 3 {
			works = guard.try(t, g.fill(p.text, 0)) || works
		}
		if !works {
			t.Errorf("%s never compiled", p.text)
		}
	}
	const random = 1500
	for range random {
		text := g.make("bool", 1+g.rng.IntN(4))
		guard.try(t, text)
		guard.tryTwo(t, text, g.rng)
	}
	if guard.refused > random/10 {
		t.Errorf("%d expressions were refused", guard.refused)
	}
	if guard.answered < 10_000 || guard.unknown < 10_000 {
		t.Errorf("%d answers and %d unknowns prove little", guard.answered, guard.unknown)
	}
	t.Logf("%d refused, %d places, %d answers, %d unknowns", guard.refused, len(guard.places), guard.answered, guard.unknown)
}

func FuzzUnknownGuard(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed)
	}
	guard := newGuarding(f)
	f.Fuzz(func(t *testing.T, seed uint64) {
		g := newGenerator(seed)
		text := g.make("bool", 1+g.rng.IntN(4))
		guard.try(t, text)
		guard.tryTwo(t, text, g.rng)
	})
}

func TestGuardCoversEveryFunction(t *testing.T) {
	e := newGuardEnvironment(t)
	covered := map[string]bool{}
	for _, p := range productions() {
		for _, name := range p.covers {
			covered[name] = true
		}
	}
	// What asks an engine is about a snapshot, not a document: package access
	// tries the same on its answers.
	for _, name := range engineFunctions() {
		covered[name] = true
	}
	for name := range e.allowed {
		if !covered[name] {
			t.Errorf("controls may use %s, and the guard does not try it", name)
		}
		if !e.HasFunction(name) {
			t.Errorf("%s is allowed and does not exist", name)
		}
	}
	for name := range covered {
		if !e.allowed[name] {
			t.Errorf("the guard tries %s, which controls may not use", name)
		}
	}
	var macros []string
	for _, m := range e.Macros() {
		macros = append(macros, m.Function())
	}
	slices.Sort(macros)
	text := ""
	for _, p := range productions() {
		text += p.text + "\n"
	}
	for _, name := range slices.Compact(macros) {
		// monitored stands for a text of the others.
		if name != "related" && name != "monitored" && !strings.Contains(text, name+"(") {
			t.Errorf("controls may use the macro %s, and the guard does not try it", name)
		}
	}
}
