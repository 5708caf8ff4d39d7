package posture

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"merlon.dev/merlon"
	"merlon.dev/merlon/access"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/reach"
)

// The functions that ask the engines.
const (
	deniesFunc        = "denies"
	principalsWhoFunc = "principalsWho"
	publicWitnessFunc = "publicWitness"
	escalatesFunc     = "escalates"
	reachableFunc     = "reachableFromInternet"
	exposedPortsFunc  = "exposedPorts"
)

// engineFunctions are their names.
func engineFunctions() []string {
	return []string{deniesFunc, principalsWhoFunc, publicWitnessFunc, escalatesFunc, reachableFunc, exposedPortsFunc}
}

// seesSnapshot says whether a function asks an engine.
func seesSnapshot(function string) bool { return slices.Contains(engineFunctions(), function) }

// engineTypes are what the engine reads besides the resource it is asked
// about, by function: a control that calls one leads to them.
func engineTypes(function string) []string {
	organization := []string{"AWS::Organizations::Organization", "AWS::Organizations::Account", "AWS::Organizations::OrganizationalUnit",
		"Merlon::Organizations::Root", "AWS::Organizations::Policy"}
	principals := []string{"AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "Merlon::IAM::CredentialReportEntry",
		"AWS::SSO::PermissionSet", "AWS::SSO::Assignment", "AWS::IdentityStore::User", "AWS::IdentityStore::Group", "AWS::IdentityStore::GroupMembership"}
	onResources := []string{"AWS::S3::BucketPolicy", "Merlon::S3::AccountPublicAccessBlock", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy",
		"AWS::SecretsManager::ResourcePolicy", "Merlon::KMS::Grant", "AWS::Lambda::Permission", "AWS::Lambda::ResourcePolicy"}
	switch function {
	case reachableFunc, exposedPortsFunc:
		return []string{"AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::SubnetNetworkAclAssociation", "AWS::EC2::RouteTable",
			"AWS::EC2::Route", "AWS::EC2::GatewayRouteTableAssociation", "AWS::EC2::NetworkAcl", "AWS::EC2::NetworkAclEntry", "AWS::EC2::SecurityGroup",
			"AWS::EC2::PrefixList", "AWS::EC2::NetworkInterface", "AWS::EC2::Instance", "AWS::EC2::VPCGatewayAttachment", "AWS::EC2::NatGateway",
			"AWS::EC2::VPCBlockPublicAccessOptions", "AWS::EC2::VPCBlockPublicAccessExclusion"}
	case deniesFunc:
		return append(organization, onResources...)
	case publicWitnessFunc:
		return append(organization, onResources...)
	case escalatesFunc:
		return append(organization, principals...)
	case principalsWhoFunc:
		return append(append(organization, principals...), onResources...)
	}
	return nil
}

// engines are what controls may ask besides the data: made once for a run, when
// first asked, and shared by its workers.
type engines struct {
	snapshot Snapshot
	now      time.Time
	once     sync.Once
	index    *access.Index
	err      error

	networkOnce sync.Once
	network     *reach.Network
	networkErr  error
}

func newEngines(snapshot Snapshot, now time.Time) *engines {
	return &engines{snapshot: snapshot, now: now}
}

func (g *engines) access(ctx context.Context) (*access.Index, error) {
	g.once.Do(func() { g.index, g.err = access.Load(ctx, g.snapshot, access.Options{Now: g.now}) })
	return g.index, g.err
}

func (g *engines) reach(ctx context.Context) (*reach.Network, error) {
	g.networkOnce.Do(func() { g.network, g.networkErr = reach.Load(ctx, g.snapshot) })
	return g.network, g.networkErr
}

// reachableFromInternet is reachableFromInternet(resource, port): whether a TCP
// packet from the internet arrives at an instance, an interface or a load
// balancer, and is answered.
func reachableFromInternet(resource, port ref.Val) ref.Val {
	p, ok := port.(types.Int)
	if !ok || p < 0 || p > 65535 {
		return types.NewErr("a port is a number from 0 to 65535")
	}
	n, subject, problem := reaching(resource)
	if problem != nil {
		return problem
	}
	v, missing, ok := n.Reaches(subject.Type, subject.ID, string(subject.ARN), string(subject.Account), string(subject.Region), int(p))
	switch {
	case !ok:
		return types.NewErr("whether the internet reaches a %s is not worked out", subject.Type)
	case v == reach.Unknown:
		return lacking(nil, missing)
	}
	return types.Bool(v == reach.Reachable)
}

// exposedPorts is exposedPorts(resource): what the internet reaches of an
// instance, an interface or a load balancer, as "tcp 443 at 198.51.100.10 from internet".
func exposedPorts(resource ref.Val) ref.Val {
	n, subject, problem := reaching(resource)
	if problem != nil {
		return problem
	}
	list, ok := n.ExposureOf(subject.Type, subject.ID, string(subject.ARN), string(subject.Account), string(subject.Region))
	if !ok {
		return types.NewErr("whether the internet reaches a %s is not worked out", subject.Type)
	}
	var elems []ref.Val
	var more *types.Unknown
	for _, x := range list {
		if x.Verdict == reach.Unknown {
			more = lacking(more, x.Missing)
			continue
		}
		elems = append(elems, types.String(strings.TrimSpace(x.Protocol+" "+x.Ports)+" at "+x.Address+" from "+x.From))
	}
	if more != nil {
		elems = append(elems, more)
	}
	return newList(elems)
}

// reaching gives the network engine and what it is asked about.
func reaching(v ref.Val) (*reach.Network, *inventory.Subject, ref.Val) {
	e, subject, problem := asked(v)
	if problem != nil {
		return nil, nil, problem
	}
	n, err := e.engines.reach(e.ctx)
	if err != nil {
		return nil, nil, e.fail(err)
	}
	return n, subject, nil
}

// lacking adds what an answer of the network engine lacked to an unknown.
func lacking(u *types.Unknown, missing []reach.Missing) *types.Unknown {
	for _, m := range missing {
		u = types.MergeUnknowns(u, newUnknown(merlon.Unknown{Reason: m.Reason, Gap: m.Gap}))
	}
	return u
}

// asked gives the evaluator and the subject of a resource's document.
func asked(v ref.Val) (*evaluator, *inventory.Subject, ref.Val) {
	o, ok := v.(*object)
	if !ok || o.res == nil {
		if types.IsUnknownOrError(v) {
			return nil, nil, v
		}
		return nil, nil, types.NewErr("the engine must be asked about a resource, not %s", v.Type().TypeName())
	}
	e, ok := o.res.source.(*evaluator)
	if !ok {
		return nil, nil, types.NewErr("nothing is known of the resource's snapshot")
	}
	return e, &o.res.subject, nil
}

// asking gives the engine and what it is asked about: a resource's document.
func asking(v ref.Val) (*evaluator, *access.Index, *inventory.Subject, ref.Val) {
	e, subject, problem := asked(v)
	if problem != nil {
		return nil, nil, nil, problem
	}
	x, err := e.engines.access(e.ctx)
	if err != nil {
		return nil, nil, nil, e.fail(err)
	}
	return e, x, subject, nil
}

// denies is denies(resource, action, context): see [access.Index.Denies]. Of an
// account it asks the service control policies that bind it.
func denies(args ...ref.Val) ref.Val {
	e, x, subject, problem := asking(args[0])
	if problem != nil {
		return problem
	}
	action, ok := args[1].(types.String)
	if !ok {
		return noOverload(args[1])
	}
	keys, problem := contextOf(args[2])
	if problem != nil {
		return problem
	}
	var m iam.Match
	var why string
	var err error
	switch subject.Type {
	case accountType, "AWS::Organizations::Account":
		m, why = x.AccountDenies(subject.ID, string(action), keys)
	default:
		m, why, err = x.Denies(e.ctx, subject.Key(), string(action), keys)
	}
	switch {
	case err != nil:
		return e.fail(fmt.Errorf("what denies %s on %s: %w", action, subject.Key(), err))
	case m == iam.Maybe:
		return newUnknown(x.Unknown(why))
	}
	return types.Bool(m == iam.Yes)
}

// contextOf reads a map of condition keys; a value is a scalar or a list of them.
func contextOf(v ref.Val) (map[string][]string, ref.Val) {
	m, ok := v.(traits.Mapper)
	if !ok {
		return nil, noOverload(v)
	}
	out := map[string][]string{}
	for it := m.Iterator(); it.HasNext() == types.True; {
		k := it.Next()
		name, ok := k.(types.String)
		if !ok {
			return nil, noOverload(k)
		}
		value := m.Get(k)
		values := []ref.Val{value}
		if l, ok := value.(traits.Lister); ok {
			values = nil
			for i := l.Iterator(); i.HasNext() == types.True; {
				values = append(values, i.Next())
			}
		}
		for _, one := range values {
			if types.IsUnknownOrError(one) {
				return nil, one
			}
			text := one.ConvertToType(types.StringType)
			s, ok := text.(types.String)
			if !ok {
				return nil, noOverload(one)
			}
			out[string(name)] = append(out[string(name)], string(s))
		}
	}
	return out, nil
}

// principalsWho is principalsWho(action, resource): the ARNs of the users and
// roles, and the names of the people, that may, by any chain of roles; root
// users and service-linked roles are left out. An unknown stands in the list
// where there may be more.
func principalsWho(action, resource ref.Val) ref.Val {
	a, ok := action.(types.String)
	if !ok {
		return noOverload(action)
	}
	e, x, subject, problem := asking(resource)
	if problem != nil {
		return problem
	}
	target := subject.Key()
	if subject.Type == "AWS::S3::Bucket" && x.OnObjects(string(a)) {
		target += "/any object"
	}
	list, _, err := x.WhoCan(e.ctx, string(a), target, nil)
	if err != nil {
		return e.fail(fmt.Errorf("who may %s on %s: %w", a, subject.Key(), err))
	}
	var elems []ref.Val
	var more *types.Unknown
	for _, w := range list {
		switch {
		case w.Kind == iam.Root.String() || w.Kind == iam.Service.String():
		case w.Decision == iam.Unknown:
			more = types.MergeUnknowns(more, newUnknown(x.Unknown(w.Why)))
		default:
			elems = append(elems, types.String(w.Principal))
		}
	}
	for _, u := range x.Gaps() {
		more = types.MergeUnknowns(more, newUnknown(u))
	}
	if more != nil {
		elems = append(elems, more)
	}
	return newList(elems)
}

// publicWitness is publicWitness(resource): a request that an anonymous or a
// foreign principal may make, as a map of Principal, Action and Resource, or null.
func publicWitness(resource ref.Val) ref.Val {
	e, x, subject, problem := asking(resource)
	if problem != nil {
		return problem
	}
	w, unknown, err := x.PublicWitness(e.ctx, subject.Key())
	switch {
	case err != nil:
		return e.fail(fmt.Errorf("who from outside may use %s: %w", subject.Key(), err))
	case w == nil && unknown != "":
		return newUnknown(x.Unknown(unknown))
	case w == nil:
		return types.NullValue
	}
	return &object{members: []member{{"Principal", types.String(w.Principal)}, {"Action", types.String(w.Action)}, {"Resource", types.String(w.Resource)}}}
}

// escalates is escalates(principal): for each path from a user or a role to more
// than it has, what it gains and by which techniques. An unknown stands in the
// list where there may be more.
func escalates(principal ref.Val) ref.Val {
	e, x, subject, problem := asking(principal)
	if problem != nil {
		return problem
	}
	p := x.Principal(subject.Key())
	if p == nil {
		return types.NewErr("%s is no user or role of the snapshot", subject.Key())
	}
	paths, unknown, err := x.Escalates(e.ctx, p)
	if err != nil {
		return e.fail(fmt.Errorf("escalations of %s: %w", subject.Key(), err))
	}
	var elems []ref.Val
	var more *types.Unknown
	if unknown != "" {
		more = types.MergeUnknowns(more, newUnknown(x.Unknown(unknown)))
	}
	for _, path := range paths {
		switch {
		case path.Granted:
			// A role that trusts it was meant for it.
		case path.Decision == iam.Unknown:
			more = types.MergeUnknowns(more, newUnknown(x.Unknown(path.Why)))
		default:
			elems = append(elems, types.String(describePath(&path)))
		}
	}
	if more != nil {
		elems = append(elems, more)
	}
	return newList(elems)
}

func describePath(p *access.Path) string {
	text := "administrator of " + p.Account
	switch p.Gains {
	case access.GainPrincipal:
		text = p.Becomes
	case access.GainPermissions:
		text = "policies of its choice"
	}
	for i, h := range p.Hops {
		if i == 0 {
			text += " by "
		} else {
			text += ", then "
		}
		text += h.Name + " (" + h.Technique + ")"
	}
	return text
}
