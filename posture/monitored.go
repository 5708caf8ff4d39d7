package posture

import (
	"errors"
	"fmt"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/parser"
)

// eventVariable is what monitoredText calls the event.
const eventVariable = "event__"

// monitoredText is what monitored(event) stands for: somebody hears of a CloudTrail
// event like this one. A trail of all regions that logs management events, those
// of the event's service among them, hands it to a log group; a metric filter
// there matches it, and does not match just anything; an alarm watches the filter's
// metric, and tells a topic to which somebody has subscribed.
//
// It follows the audit of CIS AWS Foundations 7.0, section 5.
const monitoredText = `
account.related('trails').exists(t,
  t.properties.?IsMultiRegionTrail.orValue(false) && t.properties.IsLogging
  && (t.properties.?EventSelectors.orValue([]).size() == 0 && t.properties.?AdvancedEventSelectors.orValue([]).size() == 0
    || t.properties.?EventSelectors.orValue([]).exists(s, s.?IncludeManagementEvents.orValue(true) && s.?ReadWriteType.orValue('All') == 'All'
      && !s.?ExcludeManagementEventSources.orValue([]).exists(x, x == event__.?eventSource.orValue('')))
    || t.properties.?AdvancedEventSelectors.orValue([]).exists(s,
      s.FieldSelectors.exists(f, f.Field == 'eventCategory' && f.?Equals.orValue([]).exists(v, v == 'Management'))
      && s.FieldSelectors.all(f, f.Field == 'eventCategory'
        || f.Field == 'eventSource' && !f.?NotEquals.orValue([]).exists(v, v == event__.?eventSource.orValue('')) && f.?Equals.orValue([]).size() == 0)))
  && t.related('logGroup').exists(g, g.related('metricFilters').exists(f,
    filterMatches(f.properties.FilterPattern, event__) && !filterMatches(f.properties.FilterPattern, trailEvent({}))
    && f.properties.MetricTransformations.exists(m, f.related('alarms').exists(a,
      a.properties.?MetricName.orValue('') == m.MetricName && a.properties.?Namespace.orValue('') == m.MetricNamespace
      && a.properties.?ActionsEnabled.orValue(true)
      && a.related('topics').exists(n, n.observed.?SubscriptionsConfirmed.orValue(0) > 0
        || n.related('subscriptions').exists(s, s.observed.?State.orValue('') == 'Confirmed')))))))`

// monitoredMacro is the macro monitored(event). Its argument is evaluated once,
// outside, as with cel.bind: the variables of monitoredText are not seen there.
func monitoredMacro() cel.Macro {
	parsed := sync.OnceValues(parseMonitored)
	return cel.GlobalMacro("monitored", 1, func(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
		body, err := parsed()
		if err != nil {
			return nil, eh.NewError(args[0].ID(), err.Error())
		}
		return eh.NewComprehension(eh.NewList(), "#unused", eventVariable, args[0],
			eh.NewLiteral(types.False), eh.NewIdent(eventVariable), eh.Copy(body)), nil
	})
}

func parseMonitored() (ast.Expr, error) {
	p, err := parser.NewParser(parser.Macros(loopMacros()...), parser.EnableOptionalSyntax(true))
	if err != nil {
		return nil, err
	}
	parsed, errs := p.Parse(common.NewTextSource(monitoredText))
	if len(errs.GetErrors()) > 0 {
		return nil, errors.New(errs.ToDisplayString())
	}
	return parsed.Expr(), nil
}

// filterMatches is filterMatches(pattern, event): whether a filter pattern of
// CloudWatch Logs matches a log event. What is no pattern, and what AWS does not
// say the meaning of, is an error.
func filterMatches(pattern, event ref.Val) ref.Val {
	s, ok := pattern.(types.String)
	if !ok {
		return noOverload(pattern)
	}
	p, err := parseFilterPattern(string(s))
	if err != nil {
		return types.WrapErr(err)
	}
	e, err := decoded(event, 0)
	if err != nil {
		return types.WrapErr(err)
	}
	yes, err := p.matches(e)
	if err != nil {
		return types.WrapErr(err)
	}
	return types.Bool(yes)
}

// decoded is a value as encoding/json would decode it.
func decoded(v ref.Val, depth int) (any, error) {
	if depth > maxNesting {
		return nil, errors.New("an event is nested too deep")
	}
	switch t := v.(type) {
	case types.String:
		return string(t), nil
	case types.Bool:
		return bool(t), nil
	case types.Int:
		return float64(t), nil
	case types.Double:
		return float64(t), nil
	case types.Null:
		return nil, nil
	case traits.Mapper:
		out := map[string]any{}
		for _, k := range keysOf(t) {
			name, ok := k.(types.String)
			if !ok {
				return nil, errors.New("the members of an event have names")
			}
			e, ok := t.Find(k)
			if !ok {
				continue
			}
			x, err := decoded(e, depth+1)
			if err != nil {
				return nil, err
			}
			out[string(name)] = x
		}
		return out, nil
	case traits.Lister:
		n, _ := t.Size().(types.Int)
		out := make([]any, 0, n)
		for i := types.Int(0); i < n; i++ {
			x, err := decoded(t.Get(i), depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
		return out, nil
	}
	return nil, fmt.Errorf("an event cannot hold %s", v.Type().TypeName())
}

// trailEvent is trailEvent(members): a CloudTrail event with these members, and
// the others of an ordinary call, a role's reading of EC2 that went well. Where
// the event is named, it is one that changes something.
//
// Members: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html (read 2026-11-24).
func trailEvent(members ref.Val) ref.Val {
	m, ok := members.(traits.Mapper)
	if !ok {
		return noOverload(members)
	}
	_, named := m.Find(types.String("eventName"))
	out := &object{}
	text := func(name, value string) { out.members = append(out.members, member{name, types.String(value)}) }
	text("eventVersion", "1.11")
	text("eventTime", "2026-01-01T00:00:00Z")
	text("eventSource", "ec2.amazonaws.com")
	text("eventName", "DescribeInstances")
	text("eventType", "AwsApiCall")
	text("eventCategory", "Management")
	text("awsRegion", "eu-central-1")
	text("sourceIPAddress", "198.51.100.7")
	text("userAgent", "aws-cli/2.0")
	text("recipientAccountId", "111122223333")
	text("eventID", "5b6ba27e-0000-4000-8000-000000000000")
	text("requestID", "5b6ba27e-0000-4000-8000-000000000001")
	object := func(members ...member) *object { return &object{members: members} }
	out.members = append(out.members,
		member{"managementEvent", types.True},
		member{"readOnly", !types.Bool(named)},
		member{"requestParameters", types.NullValue},
		member{"responseElements", types.NullValue},
		member{"userIdentity", object(
			member{"type", types.String("AssumedRole")},
			member{"principalId", types.String("AROAEXAMPLE:alice")},
			member{"arn", types.String("arn:aws:sts::111122223333:assumed-role/engineer/alice")},
			member{"accountId", types.String("111122223333")},
			member{"sessionContext", object(
				member{"sessionIssuer", object(member{"type", types.String("Role")}, member{"userName", types.String("engineer")})},
				member{"attributes", object(member{"mfaAuthenticated", types.String("false")})},
			)},
		)})
	for _, k := range keysOf(m) {
		name, ok := k.(types.String)
		if !ok {
			return types.NewErr("the members of an event have names, not %s", k.Type().TypeName())
		}
		v, ok := m.Find(k)
		if !ok {
			continue
		}
		if _, known := out.find(string(name)); known {
			out.set(string(name), v)
		} else {
			out.members = append(out.members, member{string(name), v})
		}
	}
	return out
}
