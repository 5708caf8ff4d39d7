package iam

import (
	"fmt"
	"strings"
)

// Layer is a kind of policy in a decision.
type Layer uint8

// The layers, in the order in which a trace lists them.
const (
	LayerSCP Layer = iota
	LayerRCP
	LayerEndpoint
	LayerResource
	LayerIdentity
	LayerBoundary
	LayerSession
)

func (l Layer) String() string {
	return [...]string{"service control policy", "resource control policy", "VPC endpoint policy", "resource policy",
		"identity policy", "permissions boundary", "session policy"}[l]
}

// MarshalText writes the layer's name.
func (l Layer) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// MarshalText writes yes, no or unknown.
func (m Match) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// MarshalText writes Allow or Deny.
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// Trace is how a decision came about: every layer, policy, statement and condition.
type Trace struct {
	Decision Decision     `json:"decision"`
	Why      string       `json:"why"`
	Layers   []LayerTrace `json:"layers"`
}

// LayerTrace is what the policies of one layer said.
type LayerTrace struct {
	Layer    Layer         `json:"layer"`
	Level    int           `json:"level,omitempty"`  // of an SCP or RCP, from 1 at the organization's root
	Exempt   string        `json:"exempt,omitempty"` // why the layer does not count
	Allow    Match         `json:"allow"`
	Deny     Match         `json:"deny"`
	Policies []PolicyTrace `json:"policies,omitempty"`
}

// PolicyTrace is what one policy said.
type PolicyTrace struct {
	Name       string           `json:"name,omitempty"`
	Unknown    string           `json:"unknown,omitempty"` // why its text is not known
	Statements []StatementTrace `json:"statements,omitempty"`
}

// StatementTrace is how one statement was compared with the request.
type StatementTrace struct {
	Index      int              `json:"index"`
	Sid        string           `json:"sid,omitempty"`
	Effect     Effect           `json:"effect"`
	Match      Match            `json:"match"`
	Invalid    string           `json:"invalid,omitempty"`
	Action     Match            `json:"action"`
	Resource   Match            `json:"resource"`
	Principal  Match            `json:"principal"`
	Named      string           `json:"named,omitempty"` // how a resource policy names the principal
	Conditions []ConditionTrace `json:"conditions,omitempty"`
	Decides    bool             `json:"decides,omitempty"` // the decision rests on it
}

// ConditionTrace is one condition with the values that were compared.
type ConditionTrace struct {
	Operator string   `json:"operator"`
	Key      string   `json:"key"`
	Wanted   []string `json:"wanted"`
	Got      []string `json:"got,omitempty"`
	State    string   `json:"state"` // present, absent or unknown
	Match    Match    `json:"match"`
}

// Explain decides a request as [Evaluate] does, and says why.
func Explain(r *Request, p *Policies) *Trace {
	e := evaluation{request: r, policies: p, trace: &Trace{}}
	e.trace.Decision = e.decide()
	return e.trace
}

func (e *evaluation) exempt(layer Layer, why string) {
	if e.trace != nil {
		e.trace.Layers = append(e.trace.Layers, LayerTrace{Layer: layer, Exempt: why})
	}
}

// traceLayer asks the same questions as layer and writes the answers down.
func (e *evaluation) traceLayer(kind Layer, level int, policies []*Policy) verdict {
	var v verdict
	lt := LayerTrace{Layer: kind, Level: level}
	for _, p := range policies {
		pt := PolicyTrace{Name: p.Name, Unknown: p.unknown}
		if p.unknown != "" {
			v.add(nil, byUnread, Maybe)
		}
		for i := range p.Statements {
			s := &p.Statements[i]
			g, m := e.statement(kind, s)
			if m != No {
				v.add(s, g, m)
			}
			pt.Statements = append(pt.Statements, e.traceStatement(kind, s, m))
		}
		lt.Policies = append(lt.Policies, pt)
	}
	lt.Allow, lt.Deny = v.allow(), v.deny
	e.trace.Layers = append(e.trace.Layers, lt)
	return v
}

func (e *evaluation) traceStatement(kind Layer, s *Statement, m Match) StatementTrace {
	st := StatementTrace{Index: s.Index, Sid: s.Sid, Effect: s.Effect, Match: m, Invalid: s.invalid, Principal: Yes}
	if s.invalid != "" {
		st.Action, st.Resource, st.Principal = Maybe, Maybe, Maybe
		return st
	}
	st.Invalid = s.misplaced(kind)
	st.Action = s.matchAction(e.request.Action)
	st.Resource = s.matchResource(e.request.Resource, e.context)
	if s.HasPrincipal && kind.namesPrincipals() {
		var g grade
		g, st.Principal = s.principalMatch(&e.request.Principal, e.policies.Boundaries != nil)
		if st.Principal != No && s.Effect == Allow {
			st.Named = g.String()
		}
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		ct := ConditionTrace{Operator: c.Operator, Key: c.Key, Match: c.compiled.match(e.context)}
		for _, w := range c.Values {
			ct.Wanted = append(ct.Wanted, w.Text)
		}
		switch in := e.context.lookup(c.compiled.key); in.state {
		case present:
			ct.Got, ct.State = in.values, "present"
		case absent:
			ct.State = "absent"
		case valued:
			ct.State = "present, value unknown"
		case oneOf:
			ct.State = "one of a few known values"
		default:
			ct.State = "unknown"
		}
		st.Conditions = append(st.Conditions, ct)
	}
	return st
}

func (g grade) String() string {
	return [...]string{"", "by an id that may be its own", "by its account", "by its role", "directly"}[g]
}

// conclude marks the statements the decision rests on and puts it into words.
func (t *Trace) conclude(r *Request, d Decision) {
	t.Decision = d
	switch d {
	case ExplicitlyDenied:
		t.Why = t.mark(func(l *LayerTrace, s *StatementTrace) bool { return s.Effect == Deny && s.Match == Yes }, true)
	case Allowed:
		t.Why = t.mark(func(l *LayerTrace, s *StatementTrace) bool {
			return s.Effect == Allow && s.Match == Yes && (l.Layer == LayerIdentity || l.Layer == LayerResource)
		}, false)
		if t.Why == "" {
			t.Why = "the root user may do everything in its own account that no policy denies"
		}
	case Unknown:
		t.Why = t.mark(func(l *LayerTrace, s *StatementTrace) bool { return s.Match == Maybe }, false)
		if t.Why == "" {
			t.Why = t.unread()
		}
	case ImplicitlyDenied:
		t.Why = t.missing(r)
	}
}

// mark sets Decides on the statements that fit, only the first where one is
// enough, and describes them.
func (t *Trace) mark(fits func(*LayerTrace, *StatementTrace) bool, first bool) string {
	var out []string
	for i := range t.Layers {
		l := &t.Layers[i]
		for j := range l.Policies {
			p := &l.Policies[j]
			for k := range p.Statements {
				s := &p.Statements[k]
				if !fits(l, s) {
					continue
				}
				s.Decides = true
				out = append(out, describe(l, p, s))
				if first {
					return out[0]
				}
			}
		}
	}
	return strings.Join(out, "; ")
}

func describe(l *LayerTrace, p *PolicyTrace, s *StatementTrace) string {
	label := fmt.Sprintf("statement %d", s.Index+1)
	if s.Sid != "" {
		label = fmt.Sprintf("statement %q", s.Sid)
	}
	text := fmt.Sprintf("%s of %s %s", label, l.Layer, p.Name)
	if strings.HasPrefix(p.Name, l.Layer.String()) {
		text = label + " of " + p.Name
	}
	if p.Name == "" {
		text = fmt.Sprintf("%s of a %s", label, l.Layer)
	}
	switch {
	case s.Invalid != "":
		return text + " is not valid: " + s.Invalid
	case s.Match == Maybe:
		for _, c := range s.Conditions {
			if c.Match == Maybe && c.Key == UnreadKey {
				return fmt.Sprintf("%s %s could not be read: %s", l.Layer, p.Name, strings.Join(c.Wanted, ", "))
			}
			if c.Match == Maybe {
				return fmt.Sprintf("%s %ss it only if %s is known: %s %s", text, strings.ToLower(s.Effect.String()), c.Key, c.Operator, strings.Join(c.Wanted, ", "))
			}
		}
		return text + " may match"
	case s.Effect == Deny:
		return text + " denies it"
	}
	return text + " allows it"
}

func (t *Trace) unread() string {
	for _, l := range t.Layers {
		for _, p := range l.Policies {
			if p.Unknown != "" {
				return fmt.Sprintf("%s %s could not be read: %s", l.Layer, p.Name, p.Unknown)
			}
		}
	}
	return "what is known does not decide it"
}

// missing names the layers that would have to allow and do not.
func (t *Trace) missing(r *Request) string {
	if r.Principal.Kind == Root && assumesRole(r) {
		return "a root user cannot assume a role"
	}
	alone := r.Principal.Kind == Anonymous || r.Principal.Kind == Service || r.Principal.Kind == Federated
	var allowing, lacking []string
	for i := range t.Layers {
		l := &t.Layers[i]
		switch {
		case l.Layer == LayerIdentity && (alone || r.Principal.Kind == Root):
			// It has none, or needs none.
		case l.Exempt != "":
			if l.Layer == LayerSession {
				lacking = append(lacking, l.Exempt)
			}
		case l.Allow == No && (l.Layer != LayerResource || alone || !r.SameAccount() || needsResourcePolicy(r)):
			text := "no " + l.Layer.String() + " allows it"
			if l.Level > 0 {
				text = fmt.Sprintf("no %s of level %d allows it", l.Layer, l.Level)
			}
			lacking = append(lacking, text)
		case l.Allow == Yes && l.Layer == LayerIdentity:
			allowing = append(allowing, "an identity policy allows it")
		case l.Allow == Yes && l.Layer == LayerResource && !alone && r.SameAccount():
			allowing = append(allowing, "the resource's policy allows its account or role")
		}
	}
	if len(lacking) == 0 {
		return "what allows it is not enough: the resource's policy does not delegate to the account"
	}
	text := strings.Join(lacking, "; ")
	if len(allowing) > 0 {
		text = strings.Join(allowing, " and ") + ", but " + text
	}
	return text
}
