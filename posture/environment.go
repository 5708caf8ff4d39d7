package posture

import (
	"fmt"
	"maps"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/ext"
)

// Limits of an expression. The longest in the catalogue has some 400 characters.
const (
	maxExpression = 16 << 10
	maxNodes      = 4000
	maxNesting    = 60
)

// environment is what an expression may use: types, variables, functions. It is
// read-only; programs may be planned by one goroutine at a time.
type environment struct {
	*cel.Env
	provider *provider
	bindings map[string]*functions.Overload
	allowed  map[string]bool
}

// standardFunctions are what controls may use of CEL's standard library and of
// cel-go's extensions. Each is covered by the property test of unknowns; one
// that is not listed is refused when a control is compiled. Left out: bytes and
// uint (no document has them), type, getters with a time zone (they depend on
// the machine), optional.ofNonZeroValue (wrong where an element is unknown).
func standardFunctions() map[string][]string {
	out := map[string][]string{
		// Times without a zone are UTC.
		overloads.TimeGetFullYear:     {overloads.TimestampToYear},
		overloads.TimeGetMonth:        {overloads.TimestampToMonth},
		overloads.TimeGetDayOfYear:    {overloads.TimestampToDayOfYear},
		overloads.TimeGetDate:         {overloads.TimestampToDayOfMonthOneBased},
		overloads.TimeGetDayOfWeek:    {overloads.TimestampToDayOfWeek},
		overloads.TimeGetHours:        {overloads.TimestampToHours, overloads.DurationToHours},
		overloads.TimeGetMinutes:      {overloads.TimestampToMinutes, overloads.DurationToMinutes},
		overloads.TimeGetSeconds:      {overloads.TimestampToSeconds, overloads.DurationToSeconds},
		overloads.TypeConvertBool:     {overloads.BoolToBool, overloads.StringToBool},
		overloads.TypeConvertDouble:   {overloads.DoubleToDouble, overloads.IntToDouble, overloads.StringToDouble},
		overloads.TypeConvertInt:      {overloads.IntToInt, overloads.DoubleToInt, overloads.DurationToInt, overloads.StringToInt, overloads.TimestampToInt},
		overloads.TypeConvertString:   {overloads.StringToString, overloads.BoolToString, overloads.DoubleToString, overloads.DurationToString, overloads.IntToString, overloads.TimestampToString},
		overloads.Size:                {overloads.SizeString, overloads.SizeStringInst, overloads.SizeList, overloads.SizeListInst, overloads.SizeMap, overloads.SizeMapInst},
		overloads.TypeConvertDuration: nil, overloads.TypeConvertTimestamp: nil, overloads.TypeConvertDyn: nil,
		overloads.Contains: nil, overloads.EndsWith: nil, overloads.StartsWith: nil, overloads.Matches: nil,
	}
	for _, op := range []string{
		operators.Conditional, operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.NotStrictlyFalse,
		operators.Equals, operators.NotEquals, operators.Add, operators.Subtract, operators.Multiply, operators.Divide,
		operators.Modulo, operators.Negate, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
		operators.Index, operators.In,
	} {
		out[op] = nil
	}
	return out
}

// extensionFunctions are those of cel-go's extensions.
func extensionFunctions() []string {
	return []string{
		operators.OptSelect, operators.OptIndex, "optional.none", "optional.of", "value", "hasValue", "or", "orValue",
		"charAt", "indexOf", "join", "lastIndexOf", "lowerAscii", "replace", "split", "substring", "trim", "upperAscii", "format", "reverse",
		"slice", "flatten", "sort", "@sortByAssociatedKeys", "lists.range", "distinct",
		"sets.contains", "sets.equivalent", "sets.intersects",
		"math.@max", "math.@min", "math.abs", "math.ceil", "math.floor", "math.round",
	}
}

// newEnvironment builds the environment over a provider of types.
func newEnvironment(provider *provider) (*environment, error) {
	own := ownFunctions()
	standard := standardFunctions()
	subset := env.NewLibrarySubset().SetDisableMacros(true)
	for _, name := range slices.Sorted(maps.Keys(standard)) {
		f := env.NewFunction(name)
		for _, id := range standard[name] {
			f.Overloads = append(f.Overloads, env.NewOverload(id, nil, nil))
		}
		subset.AddIncludedFunctions(f)
	}
	opts := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(subset)),
		cel.Macros(macros()...),
		cel.OptionalTypes(cel.OptionalTypesVersion(1)),
		ext.Strings(ext.StringsVersion(4)),
		ext.Lists(ext.ListsVersion(2), ext.ListsMaxRangeSize(10_000)),
		ext.Sets(), ext.Math(ext.MathVersion(1)), ext.Bindings(ext.BindingsVersion(0)),
		func(e *cel.Env) (*cel.Env, error) {
			provider.Provider = e.CELTypeProvider()
			return cel.CustomTypeProvider(provider)(e)
		},
		cel.CrossTypeNumericComparisons(true),
		cel.EnableMacroCallTracking(),
		cel.DefaultUTCTimeZone(true),
		cel.ParserRecursionLimit(maxNesting),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.ExpressionNodeLimit(maxNodes),
		cel.Variable("resource", cel.ObjectType(subjectType)),
		cel.Variable("account", cel.ObjectType(accountType)),
		cel.Variable("region", cel.ObjectType(regionType)),
		cel.Variable("params", cel.ObjectType(paramsType)),
		cel.Variable("now", cel.TimestampType),
	}
	allowed := map[string]bool{}
	for name := range standard {
		allowed[name] = true
	}
	for _, name := range extensionFunctions() {
		allowed[name] = true
	}
	for _, f := range own {
		opts = append(opts, cel.Function(f.name, f.overloads...))
		allowed[f.name] = true
	}
	e, err := cel.NewCustomEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("build the environment of controls: %w", err)
	}
	bindings := map[string]*functions.Overload{}
	for name, f := range e.Functions() {
		b, err := f.Bindings()
		if err != nil {
			return nil, fmt.Errorf("build the environment of controls: function %s: %w", name, err)
		}
		for _, o := range b {
			bindings[o.Operator] = o
		}
	}
	return &environment{Env: e, provider: provider, bindings: bindings, allowed: allowed}, nil
}

// program plans a checked expression. A cost limit above 0 ends an evaluation
// that goes beyond it with an error.
func (e *environment) program(checked *cel.Ast, costLimit uint64) (cel.Program, error) {
	d := newDecorator(e.bindings, checked.NativeRep())
	// The program keeps its options, which should not keep the expression.
	defer func() { *d = decorator{} }()
	opts := []cel.ProgramOption{
		cel.CustomDecoratorV2(d.step),
		cel.EvalOptions(cel.OptOptimize),
	}
	if costLimit > 0 {
		opts = append(opts, cel.CostLimit(costLimit))
	}
	return e.Program(checked, opts...)
}

// ownFunction is a function of Merlon's own.
type ownFunction struct {
	name      string
	overloads []cel.FunctionOpt
}

// ownFunctions lists the functions that Merlon adds to CEL. A new one is added
// here: with a dyn parameter where it takes documents, its name in seesUnknown
// if it decides itself what an unknown in an argument means, and an example in
// the property test, which fails without one. A function that asks an engine
// (iam, reach) reaches the snapshot through the resource it is given: see
// object.res.
func ownFunctions() []ownFunction {
	return []ownFunction{
		{presentFunc, []cel.FunctionOpt{cel.Overload("present_dyn", []*cel.Type{cel.DynType}, cel.BoolType, cel.UnaryBinding(isPresent))}},
		{daysFunc, []cel.FunctionOpt{
			cel.Overload("days_timestamp", []*cel.Type{cel.TimestampType, cel.TimestampType}, cel.IntType, cel.BinaryBinding(daysBetween)),
			cel.Overload("days_string", []*cel.Type{cel.StringType, cel.TimestampType}, cel.IntType, cel.BinaryBinding(daysBetween)),
		}},
		{statementsFunc, []cel.FunctionOpt{cel.Overload("statements_dyn", []*cel.Type{cel.DynType}, cel.ListType(cel.ObjectType(statementType)), cel.UnaryBinding(statements))}},
		{"isPublicRange", []cel.FunctionOpt{cel.Overload("is_public_range", []*cel.Type{cel.StringType}, cel.BoolType, cel.UnaryBinding(isPublicRange))}},
		{"isAnywhere", []cel.FunctionOpt{cel.Overload("is_anywhere", []*cel.Type{cel.StringType}, cel.BoolType, cel.UnaryBinding(isAnywhere))}},
		{"cidrContains", []cel.FunctionOpt{cel.Overload("cidr_contains", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType, cel.BinaryBinding(cidrContains))}},
		{"glob", []cel.FunctionOpt{cel.Overload("glob_string", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType, cel.BinaryBinding(globMatch))}},
		{"filterMatches", []cel.FunctionOpt{cel.Overload("filter_matches", []*cel.Type{cel.StringType, cel.DynType}, cel.BoolType, cel.BinaryBinding(filterMatches))}},
		{"trailEvent", []cel.FunctionOpt{cel.Overload("trail_event", []*cel.Type{cel.MapType(cel.StringType, cel.DynType)}, cel.MapType(cel.StringType, cel.DynType), cel.UnaryBinding(trailEvent))}},
		{"json", []cel.FunctionOpt{cel.Overload("json_string", []*cel.Type{cel.StringType}, cel.DynType, cel.UnaryBinding(parseJSON))}},
		{deniesFunc, []cel.FunctionOpt{cel.Overload("denies_dyn", []*cel.Type{cel.DynType, cel.StringType, cel.MapType(cel.StringType, cel.DynType)}, cel.BoolType, cel.FunctionBinding(denies))}},
		{principalsWhoFunc, []cel.FunctionOpt{cel.Overload("principals_who_dyn", []*cel.Type{cel.StringType, cel.DynType}, cel.ListType(cel.StringType), cel.BinaryBinding(principalsWho))}},
		{publicWitnessFunc, []cel.FunctionOpt{cel.Overload("public_witness_dyn", []*cel.Type{cel.DynType}, cel.DynType, cel.UnaryBinding(publicWitness))}},
		{escalatesFunc, []cel.FunctionOpt{cel.Overload("escalates_dyn", []*cel.Type{cel.DynType}, cel.ListType(cel.StringType), cel.UnaryBinding(escalates))}},
		{reachableFunc, []cel.FunctionOpt{cel.Overload("reachable_from_internet_dyn", []*cel.Type{cel.DynType, cel.IntType}, cel.BoolType, cel.BinaryBinding(reachableFromInternet))}},
		{exposedPortsFunc, []cel.FunctionOpt{cel.Overload("exposed_ports_dyn", []*cel.Type{cel.DynType}, cel.ListType(cel.StringType), cel.UnaryBinding(exposedPorts))}},
	}
}

// The names of types that no schema has.
const (
	subjectType    = "resource" // whatever the control's subject is
	paramsType     = "params"
	statementType  = "statement"
	principalsType = "principals"
	accountType    = "Merlon::Account::Account"
	regionType     = "Merlon::Account::Region"
)
