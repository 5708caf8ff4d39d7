package posture

import (
	"context"
	"fmt"
	"sync"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"merlon.dev/merlon/access"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/inventory"
)

// The functions that ask the IAM engine.
const (
	deniesFunc        = "denies"
	principalsWhoFunc = "principalsWho"
)

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
	case deniesFunc:
		return append(organization, onResources...)
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
}

func newEngines(snapshot Snapshot, now time.Time) *engines {
	return &engines{snapshot: snapshot, now: now}
}

func (g *engines) access(ctx context.Context) (*access.Index, error) {
	g.once.Do(func() { g.index, g.err = access.Load(ctx, g.snapshot, access.Options{Now: g.now}) })
	return g.index, g.err
}

// asking gives the engine and what it is asked about: a resource's document.
func asking(v ref.Val) (*evaluator, *access.Index, *inventory.Subject, ref.Val) {
	o, ok := v.(*object)
	if !ok || o.res == nil {
		if types.IsUnknownOrError(v) {
			return nil, nil, nil, v
		}
		return nil, nil, nil, types.NewErr("the engine must be asked about a resource, not %s", v.Type().TypeName())
	}
	e, ok := o.res.source.(*evaluator)
	if !ok {
		return nil, nil, nil, types.NewErr("nothing is known of the resource's snapshot")
	}
	x, err := e.engines.access(e.ctx)
	if err != nil {
		return nil, nil, nil, e.fail(err)
	}
	return e, x, &o.res.subject, nil
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
