package iam

import "strings"

// Decision is the answer to a request.
type Decision uint8

// The decisions. Unknown is the zero value: nothing was decided. Where not
// everything is known, Allowed and ExplicitlyDenied stand whatever the rest is;
// ImplicitlyDenied says that nothing allows the request, which may turn out to
// be denied explicitly as well.
const (
	Unknown Decision = iota
	Allowed
	ImplicitlyDenied
	ExplicitlyDenied
)

func (d Decision) String() string {
	return [...]string{"Unknown", "Allowed", "ImplicitlyDenied", "ExplicitlyDenied"}[d]
}

// MarshalText writes the decision's name.
func (d Decision) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Request is one call: who, what, on what.
type Request struct {
	Principal Principal
	Action    string // "s3:GetObject"
	Resource  string // an ARN, or "*" for an action that takes no resource
	// ResourceAccount owns the resource. Empty: the account in the resource's
	// ARN, and without one there, the principal's.
	ResourceAccount string
	Context         *Context // nil: no key at all
}

// Policies are those that apply to a request. Nil lists mean that there are
// none of the kind; what is given applies, save to those whom AWS exempts by
// their kind.
type Policies struct {
	Identity []*Policy // attached to the principal and, for a user, to its groups
	Resource []*Policy // on the resource: its policy, a role's trust, what an ACL or a KMS grant amounts to

	// Boundaries is nil where the principal has no permissions boundary; else
	// one of them must allow.
	Boundaries []*Policy
	// Session is nil where no session policy was passed; else one must allow.
	Session []*Policy

	// SCPs and RCPs are levels, from the organization's root to the account;
	// one policy of each level must allow.
	SCPs [][]*Policy
	RCPs [][]*Policy

	Endpoint []*Policy // of the VPC endpoint the request comes through; nil for none
}

// verdict is what the policies of one layer say.
type verdict struct {
	deny    Match
	account Match // allowed to the principal's account
	role    Match // allowed to the principal's role
	direct  Match // allowed to the principal itself
}

func (v verdict) allow() Match { return max(v.account, v.role, v.direct) }

var noContext = &Context{} // never written to

// Evaluate decides a request. It allocates nothing once the policies are
// parsed, save for comparisons of numbers that are no small integers. Safe for
// concurrent use.
func Evaluate(r *Request, p *Policies) Decision {
	e := evaluation{request: r, policies: p}
	return e.decide()
}

// evaluation is one run; trace is nil where nobody asks why.
type evaluation struct {
	request  *Request
	policies *Policies
	trace    *Trace
	context  *Context
}

// SameAccount says whether the principal's account owns the resource.
func (r *Request) SameAccount() bool {
	return r.Principal.Account != "" && r.Principal.Account == r.owner()
}

func (r *Request) owner() string {
	if r.ResourceAccount != "" {
		return r.ResourceAccount
	}
	if id := accountOf(r.Resource); id != "" {
		return id
	}
	return r.Principal.Account
}

// accountOf is the account in an ARN, "" where it has none.
func accountOf(arn string) string {
	for range 4 {
		_, rest, found := strings.Cut(arn, ":")
		if !found {
			return ""
		}
		arn = rest
	}
	if id, _, found := strings.Cut(arn, ":"); found && account(id) {
		return id
	}
	return ""
}

// decide follows
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
// and …_evaluation-logic-cross-account.html (read 2026-11-24).
func (e *evaluation) decide() Decision {
	r, p := e.request, e.policies
	who := &r.Principal
	if e.context = r.Context; e.context == nil {
		e.context = noContext
	}

	deny, permitted := No, Yes // permitted: what SCPs, RCPs and the endpoint leave open
	limit := func(v verdict) {
		deny = max(deny, v.deny)
		permitted = min(permitted, v.allow())
	}
	if bindsSCP(who) {
		for i, level := range p.SCPs {
			limit(e.layer(LayerSCP, i+1, level))
		}
	} else if len(p.SCPs) > 0 {
		e.exempt(LayerSCP, "service control policies bind users, roles and root users of member accounts, not "+exemptName(who))
	}
	switch {
	case who.serviceLinked() && len(p.RCPs) > 0:
		e.exempt(LayerRCP, "resource control policies do not bind service-linked roles")
	case strings.EqualFold(r.Action, "kms:RetireGrant") && len(p.RCPs) > 0:
		// https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html, read 2026-11-24
		e.exempt(LayerRCP, "resource control policies do not bind kms:RetireGrant")
	default:
		for i, level := range p.RCPs {
			limit(e.layer(LayerRCP, i+1, level))
		}
	}
	if p.Endpoint != nil {
		limit(e.layer(LayerEndpoint, 0, p.Endpoint))
	}

	resource := e.layer(LayerResource, 0, p.Resource)
	identity := e.layer(LayerIdentity, 0, p.Identity)
	deny = max(deny, resource.deny, identity.deny)
	ceiling := Yes // what boundary and session policy leave of what the identity may
	if p.Boundaries != nil {
		v := e.layer(LayerBoundary, 0, p.Boundaries)
		deny, ceiling = max(deny, v.deny), min(ceiling, v.allow())
	}
	switch {
	case p.Session != nil:
		v := e.layer(LayerSession, 0, p.Session)
		deny, ceiling = max(deny, v.deny), min(ceiling, v.allow())
	case who.Kind == FederatedUser:
		// "If there is no session policy, the code checks whether the principal
		// is a role session … Otherwise, the request is implicitly denied."
		ceiling = No
		e.exempt(LayerSession, "a federated user without a session policy has no permissions of its own")
	}

	allowed := min(e.combine(identity.allow(), resource, ceiling), permitted)
	decision := Unknown
	switch {
	case deny == Yes:
		decision = ExplicitlyDenied
	case allowed == No:
		decision = ImplicitlyDenied
	case allowed == Yes && deny == No:
		decision = Allowed
	}
	if e.trace != nil {
		e.trace.conclude(r, decision)
	}
	return decision
}

// combine says whether the account's own policies allow, given what identity
// and resource policies say and the ceiling of boundary and session policy.
func (e *evaluation) combine(identity Match, resource verdict, ceiling Match) Match {
	r := e.request
	switch r.Principal.Kind {
	case Anonymous, Service, Federated:
		// They have no identity policies; only the resource can let them in.
		return resource.direct
	case Root:
		if assumesRole(r) {
			// "You cannot use AWS account root user credentials to call AssumeRole."
			// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html, read 2026-11-24
			return No
		}
		identity = Yes // it has full access to its own account without any policy
	}
	if !r.SameAccount() {
		return min(identity, ceiling, resource.allow())
	}
	if needsResourcePolicy(r) {
		// The account's policies count only where the resource's policy delegates to the account.
		if r.Principal.Kind == Root {
			return max(resource.account, resource.direct)
		}
		identity = min(identity, max(resource.account, resource.role, resource.direct))
	}
	return max(resource.direct, min(max(identity, resource.role), ceiling))
}

// needsResourcePolicy says whether the resource's own policy must allow in the
// same account too: "IAM role trust policies and KMS key policies are
// exceptions to this logic, because they must explicitly allow access for
// principals." (…_policy-eval-denyallow.html)
func needsResourcePolicy(r *Request) bool {
	if assumesRole(r) {
		return true
	}
	return hasPrefix(r.Action, "kms:", true) && strings.Contains(r.Resource, ":key/")
}

func assumesRole(r *Request) bool {
	return hasPrefix(r.Action, "sts:", true) && strings.Contains(r.Resource, ":role/")
}

// bindsSCP says whether service control policies bind such a principal. The
// root user of a member account is bound.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html, read 2026-11-24
func bindsSCP(p *Principal) bool {
	switch p.Kind {
	case Anonymous, Service, Federated:
		return false
	}
	return !p.serviceLinked()
}

func exemptName(p *Principal) string {
	switch p.Kind {
	case Anonymous:
		return "the anonymous"
	case Service:
		return "services"
	case Federated:
		return "those an identity provider vouches for"
	}
	return "service-linked roles"
}

// layer asks the policies of one kind.
func (e *evaluation) layer(kind Layer, level int, policies []*Policy) verdict {
	if e.trace != nil {
		return e.traceLayer(kind, level, policies)
	}
	var v verdict
	for _, p := range policies {
		if p.unknown != "" {
			v.add(nil, byUnread, Maybe)
			continue
		}
		for i := range p.Statements {
			s := &p.Statements[i]
			g, m := e.statement(kind, s)
			if m != No {
				v.add(s, g, m)
			}
		}
	}
	return v
}

// add counts a statement's match; s is nil for a policy that is not known.
func (v *verdict) add(s *Statement, g grade, m Match) {
	if s == nil || s.Effect == NoEffect {
		v.deny, v.direct = max(v.deny, Maybe), max(v.direct, Maybe)
		return
	}
	switch {
	case s.Effect == Deny:
		v.deny = max(v.deny, m)
	case g == byAccount || g == byUnread:
		v.account = max(v.account, m)
	case g == byRole:
		v.role = max(v.role, m)
	default:
		v.direct = max(v.direct, m)
	}
}

// namesPrincipals says whether the layer's statements have a Principal.
func (l Layer) namesPrincipals() bool {
	return l == LayerResource || l == LayerEndpoint || l == LayerRCP
}

// misplaced says why AWS would not accept the statement in a policy of that
// kind, "" where it would. What it then means is not known.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
// and …_elements_resource.html, read 2026-11-24
func (s *Statement) misplaced(kind Layer) string {
	switch {
	case !s.HasResource && kind != LayerResource:
		return "it has no Resource"
	case !s.HasPrincipal && (kind == LayerResource || kind == LayerEndpoint):
		return "it has no Principal"
	case s.HasPrincipal && !kind.namesPrincipals():
		return "it has a Principal"
	}
	return ""
}

// statement says whether a statement matches, and how closely it names the principal.
func (e *evaluation) statement(kind Layer, s *Statement) (grade, Match) {
	if s.invalid != "" {
		return direct, Maybe
	}
	most := Yes
	if s.misplaced(kind) != "" {
		most = Maybe
	}
	m := s.matchAction(e.request.Action)
	if m == No {
		return unnamed, No
	}
	if m = min(m, most, s.matchResource(e.request.Resource, e.context)); m == No {
		return unnamed, No
	}
	g := direct
	if s.HasPrincipal && kind.namesPrincipals() {
		var named Match
		g, named = s.principalMatch(&e.request.Principal, e.policies.Boundaries != nil)
		if m = min(m, named); m == No {
			return unnamed, No
		}
	}
	for i := range s.Conditions {
		if m = min(m, s.Conditions[i].compiled.match(e.context)); m == No {
			return unnamed, No
		}
	}
	return g, m
}

func (s *Statement) matchAction(action string) Match {
	out := No
	for i := range s.actions {
		if s.actions[i].match(action, nil) == Yes {
			out = Yes
			break
		}
	}
	if s.NotAction {
		return out.not()
	}
	return out
}

// matchResource: a statement without Resource, as in a trust policy, is about
// what it is attached to.
func (s *Statement) matchResource(resource string, c *Context) Match {
	if !s.HasResource {
		return Yes
	}
	out := No
	for i := range s.resources {
		if out = max(out, s.resources[i].match(resource, c)); out == Yes {
			break
		}
	}
	if s.NotResource {
		return out.not()
	}
	return out
}
