package access

import (
	"slices"
	"strings"

	"merlon.dev/merlon/iam"
)

// Witness is a request that would be let in.
type Witness struct {
	Principal string              `json:"principal"`
	Action    string              `json:"action"`
	Resource  string              `json:"resource"`
	Context   map[string][]string `json:"context,omitempty"` // the keys that the conditions ask for
}

// attempt is a party's try at what a statement allows: the request that it
// would make, with the context keys chosen as its policies want them.
type attempt struct {
	x          *Index
	party      *party
	statement  *iam.Statement
	conditions []iam.Condition // of everything that binds the resource

	request  iam.Request
	policies iam.Policies
	set      map[string][]string // chosen keys, as policies write them
	notes    []string
}

// newAttempt prepares a request for one of the statement's actions.
func (x *Index) newAttempt(p *party, s *iam.Statement, r *Resource, target, action string) *attempt {
	a := &attempt{x: x, party: p, statement: s, set: map[string][]string{}}
	at := *r
	at.ARN = target
	stranger := *x.Stranger(p.principal, true)
	stranger.Account = "" // its own side, with the guardrails there, is taken for granted
	a.request, a.policies, a.notes = x.Request(&stranger, action, &at, nil)
	a.request.Principal = p.principal
	if a.request.SameAccount() {
		a.policies.Resource = r.Policies
	}
	for _, policies := range append([][]*iam.Policy{a.policies.Resource}, a.policies.RCPs...) {
		for _, doc := range policies {
			for i := range doc.Statements {
				a.conditions = append(a.conditions, doc.Statements[i].Conditions...)
			}
		}
	}
	a.base()
	a.satisfy()
	return a
}

// base sets what the party has without further ado.
func (a *attempt) base() {
	c := a.request.Context
	if a.party.principal.Kind == iam.Service {
		c.SetAbsent("aws:SourceIp")
	} else if len(a.conditions) > 0 {
		c.Set("aws:SourceIp", elsewhere(a.conditions))
	}
	for _, cond := range a.conditions {
		key := strings.ToLower(cond.Key)
		if key == "aws:sourceip" {
			continue
		}
		switch how, values := a.party.power(key); {
		case how == given && len(values) > 0:
			c.Set(key, values[0]...)
		case how == chosen:
			if _, is := c.Get(key); is == iam.Maybe {
				c.SetAbsent(key)
			}
		case how == foreign && slices.Contains(a.party.unclear, key):
			c.SetUnknown(key)
		}
	}
}

// on is the statement with its conditions on one key alone.
func on(s *iam.Statement, key string) *iam.Statement {
	only := *s
	only.Conditions = nil
	for _, c := range s.Conditions {
		if strings.EqualFold(c.Key, key) {
			only.Conditions = append(only.Conditions, c)
		}
	}
	return &only
}

// satisfy chooses keys so that the statement's conditions hold, as far as the
// party can.
func (a *attempt) satisfy() {
	for _, cond := range a.statement.Conditions {
		only := on(a.statement, cond.Key)
		if only.MatchesConditions(a.request.Context) != iam.Yes {
			a.try(cond.Key, only.Conditions, func() bool { return only.MatchesConditions(a.request.Context) == iam.Yes })
		} else if values, is := a.request.Context.Get(cond.Key); is == iam.Yes && len(values) > 0 {
			a.set[cond.Key] = values // as the condition asks
		}
	}
}

// try sets a key to each value that the party could give it until the test
// passes; what it was comes back where none does.
func (a *attempt) try(key string, conditions []iam.Condition, passes func() bool) bool {
	c := a.request.Context
	before, was := c.Get(key)
	if was == iam.Yes && before == nil {
		return false // present, with a value that is not known
	}
	candidates, open := a.candidates(strings.ToLower(key), conditions)
	for _, values := range candidates {
		c.Set(key, values...)
		if passes() {
			if values == nil {
				delete(a.set, key)
			} else {
				a.set[key] = values
			}
			return true
		}
	}
	switch {
	case open, was == iam.Maybe:
		c.SetUnknown(key)
	case was == iam.No:
		c.SetAbsent(key)
	default:
		c.Set(key, before...)
	}
	return false
}

// candidates are values of a key that are worth a try, nil for absent; open
// says that there are others which cannot be written down here.
func (a *attempt) candidates(key string, conditions []iam.Condition) (out [][]string, open bool) {
	who := &a.party.principal
	if key == "aws:sourceip" {
		if who.Kind == iam.Service {
			return nil, false
		}
		for _, c := range conditions {
			if address, is := wide(c.Values); is {
				out = append(out, []string{address})
			}
		}
		return append(out, []string{elsewhere(append(slices.Clone(a.conditions), conditions...))}, nil), false
	}
	if name, claim, ok := a.claim(key); ok {
		return a.claims(name, claim, conditions)
	}
	how, values := a.party.power(key)
	switch {
	case key == "aws:principalarn" && !a.party.named && who.Kind == iam.User, key == "aws:sourcearn" && who.Kind == iam.Service:
		for _, c := range conditions {
			for _, v := range c.Values {
				if arn := filledARN(v.Text, strangerAccount); arn != "" {
					out = append(out, []string{arn})
				}
			}
		}
		if key == "aws:sourcearn" {
			service, _, _ := strings.Cut(who.ARN, ".")
			out = append(out, []string{"arn:aws:" + service + ":eu-west-1:" + strangerAccount + ":" + strangerName})
		}
		return out, false
	case key == "aws:userid" && who.Kind == iam.User:
		for _, c := range conditions {
			for _, v := range c.Values {
				if strings.HasPrefix(v.Text, "*") {
					out = append(out, []string{filled(v.Text, "AROAANYONEANYONEANYON:x")})
				}
			}
		}
		return out, false
	case how == foreign:
		return nil, true
	case how == given:
		return values, false
	}
	for _, c := range conditions {
		for _, v := range c.Values {
			text, known := a.resolved(v.Text)
			open = open || !known
			out = append(out, []string{filled(text, "any")})
		}
	}
	if key == "aws:tokenissuetime" || strings.Contains(key, "time") || strings.Contains(key, "date") {
		out = append(out, []string{"2099-01-01T00:00:00Z"}, []string{"1970-01-02T00:00:00Z"})
	}
	return append(out, nil, []string{"any"}, []string{"true"}, []string{"false"}, []string{"1"}, []string{"0"}, []string{"1000000000"}), open
}

// resolved writes the variables of a value out; not known where one is not.
func (a *attempt) resolved(text string) (string, bool) {
	for from := 0; ; {
		start := strings.Index(text[from:], "${")
		if start < 0 {
			return text, true
		}
		start += from
		end := strings.IndexByte(text[start:], '}')
		if end < 0 {
			return text, true
		}
		key, _, _ := strings.Cut(text[start+2:start+end], ",")
		if key == "*" || key == "?" || key == "$" {
			from = start + end
			continue
		}
		values, is := a.request.Context.Get(strings.TrimSpace(key))
		if is != iam.Yes || len(values) != 1 {
			return text, is == iam.No
		}
		text = text[:start] + values[0] + text[start+end+1:]
		from = start + len(values[0])
	}
}

// claim splits a key of an identity provider: its name and the claim.
func (a *attempt) claim(key string) (issuer, claim string, ok bool) {
	i := strings.LastIndexByte(key, ':')
	if a.party.principal.Kind != iam.Federated || i < 0 || !strings.Contains(key[:i], ".") {
		return "", "", false
	}
	return key[:i], key[i+1:], true
}

// claims are what a stranger's token can say.
func (a *attempt) claims(name, claim string, conditions []iam.Condition) (out [][]string, open bool) {
	shared := sharedIssuer(name)
	if shared == nil {
		return nil, true
	}
	for _, c := range conditions {
		for _, v := range c.Values {
			switch {
			case claim == "sub":
				for _, s := range shared.subjects(v.Text) {
					out = append(out, []string{s})
				}
			case claim == "aud" && (shared.audience || strings.Trim(v.Text, "*?") == ""):
				out = append(out, []string{filled(v.Text, "any")})
			case claim == "amr":
				out = append(out, []string{filled(v.Text, "any")})
			}
		}
	}
	if claim == "amr" {
		// Whether a pool lets guests in is a setting of the pool.
		return nil, true
	}
	return out, claim != "sub" && claim != "aud"
}

// decide asks about one action, and evades denials where the party can.
func (a *attempt) decide(action string) iam.Decision {
	a.request.Action = action
	if arn, is := a.request.Context.Get("aws:PrincipalArn"); is == iam.Yes && len(arn) == 1 && a.party.principal.Kind == iam.User && !a.party.named {
		if who, err := iam.ParsePrincipal(arn[0]); err == nil {
			a.request.Principal = who
		}
	}
	d := iam.Evaluate(&a.request, &a.policies)
	for range 8 {
		if d != iam.ExplicitlyDenied && d != iam.Unknown || !a.evade() {
			break
		}
		d = iam.Evaluate(&a.request, &a.policies)
	}
	return d
}

// evade changes a key so that a Deny no longer matches and the statement still does.
func (a *attempt) evade() bool {
	for _, policies := range append([][]*iam.Policy{a.policies.Resource}, a.policies.RCPs...) {
		for _, doc := range policies {
			for i := range doc.Statements {
				s := &doc.Statements[i]
				if s.Effect != iam.Deny || s.MatchesAction(a.request.Action) == iam.No || s.MatchesResource(a.request.Resource, a.request.Context) == iam.No ||
					s.MatchesConditions(a.request.Context) == iam.No {
					continue
				}
				for _, cond := range s.Conditions {
					deny, keep := on(s, cond.Key), on(a.statement, cond.Key)
					if deny.MatchesConditions(a.request.Context) != iam.No && a.try(cond.Key, append(slices.Clone(deny.Conditions), keep.Conditions...), func() bool {
						return deny.MatchesConditions(a.request.Context) == iam.No && keep.MatchesConditions(a.request.Context) == iam.Yes
					}) {
						return true
					}
				}
			}
		}
	}
	return false
}

// why is the reason of an Unknown.
func (a *attempt) why() string { return iam.Explain(&a.request, &a.policies).Why }

func (a *attempt) witness() *Witness {
	w := &Witness{Principal: a.request.Principal.ARN, Action: a.request.Action, Resource: a.request.Resource}
	if w.Principal == "" {
		w.Principal = "anonymous"
	}
	if len(a.set) > 0 {
		w.Context = make(map[string][]string, len(a.set))
		for k, v := range a.set {
			w.Context[k] = v
		}
	}
	if a.party.principal.Kind == iam.Federated {
		for k, v := range a.party.fixed {
			if values, is := a.request.Context.Get(k); is == iam.Yes && w.Context[k] == nil && strings.HasSuffix(k, ":sub") {
				if len(values) > 0 {
					v = values
				}
				if w.Context == nil {
					w.Context = map[string][]string{}
				}
				w.Context[k] = v
			}
		}
	}
	if len(w.Context) == 0 {
		w.Context = nil
	}
	return w
}
