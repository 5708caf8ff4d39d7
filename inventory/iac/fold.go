package iac

import (
	"slices"
	"strings"
)

// attachment is a type that only adds to another resource. It is folded into its
// owner, as the collectors see it; where the owner is not in the templates it
// stays a resource of its own.
type attachment struct {
	owner string   // type of the owner
	by    []string // properties that name owners, one or a list
	into  string   // property of the owner, a list
	// element lists the properties that make the element; one name alone stands for
	// its value, "*" for all but by.
	element []string
	// stays is set where the attachment is something by itself too.
	stays bool
}

// attachments are the types whose owners' schemas have the property.
//
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html (read 2026-11-24).
func attachments(typ string) []attachment {
	inline := []string{"PolicyName", "PolicyDocument"}
	switch typ {
	case "AWS::EC2::SecurityGroupIngress":
		return []attachment{{owner: "AWS::EC2::SecurityGroup", by: []string{"GroupId", "GroupName"}, into: "SecurityGroupIngress", element: []string{"*"}}}
	case "AWS::EC2::SecurityGroupEgress":
		return []attachment{{owner: "AWS::EC2::SecurityGroup", by: []string{"GroupId"}, into: "SecurityGroupEgress", element: []string{"*"}}}
	case "AWS::IAM::RolePolicy":
		return []attachment{{owner: "AWS::IAM::Role", by: []string{"RoleName"}, into: "Policies", element: inline}}
	case "AWS::IAM::UserPolicy":
		return []attachment{{owner: "AWS::IAM::User", by: []string{"UserName"}, into: "Policies", element: inline}}
	case "AWS::IAM::GroupPolicy":
		return []attachment{{owner: "AWS::IAM::Group", by: []string{"GroupName"}, into: "Policies", element: inline}}
	case "AWS::IAM::Policy":
		return []attachment{
			{owner: "AWS::IAM::Role", by: []string{"Roles"}, into: "Policies", element: inline},
			{owner: "AWS::IAM::User", by: []string{"Users"}, into: "Policies", element: inline},
			{owner: "AWS::IAM::Group", by: []string{"Groups"}, into: "Policies", element: inline}}
	case "AWS::IAM::ManagedPolicy":
		return []attachment{
			{owner: "AWS::IAM::Role", by: []string{"Roles"}, into: "ManagedPolicyArns", element: []string{"PolicyArn"}, stays: true},
			{owner: "AWS::IAM::User", by: []string{"Users"}, into: "ManagedPolicyArns", element: []string{"PolicyArn"}, stays: true},
			{owner: "AWS::IAM::Group", by: []string{"Groups"}, into: "ManagedPolicyArns", element: []string{"PolicyArn"}, stays: true}}
	case "AWS::IAM::UserToGroupAddition":
		return []attachment{{owner: "AWS::IAM::User", by: []string{"Users"}, into: "Groups", element: []string{"GroupName"}}}
	case "AWS::ElasticLoadBalancingV2::ListenerCertificate":
		return []attachment{{owner: "AWS::ElasticLoadBalancingV2::Listener", by: []string{"ListenerArn"}, into: "Certificates", element: []string{"Certificates"}}}
	}
	return nil
}

// owners finds resources by what refers to them.
type owners map[string]map[string]*resource

func (l *loader) owners() owners {
	o := owners{}
	for _, s := range l.stacks {
		for _, r := range s.resources {
			m := o[r.typ.Name]
			if m == nil {
				m = map[string]*resource{}
				o[r.typ.Name] = m
			}
			id := s.identityOf(r)
			ref, _, _ := text(id.ref)
			for _, k := range []string{id.id, id.arn, ref, id.symbol, id.symbolARN()} {
				if k != "" && m[k] == nil {
					m[k] = r
				}
			}
		}
	}
	return o
}

// fold folds all attachments of a load into their owners.
func (l *loader) fold() {
	index := l.owners()
	l.index = index
	l.symbols(index)
	for _, s := range l.stacks {
		for _, r := range s.resources {
			list := attachments(r.typ.Name)
			left := false
			for _, a := range list {
				left = r.foldInto(a, index[a.owner]) || left
			}
			r.folded = len(list) > 0 && !left && !list[0].stays
		}
	}
	for _, s := range l.stacks {
		s.resources = slices.DeleteFunc(s.resources, func(r *resource) bool { return r.folded })
	}
}

// foldInto adds to the owners an attachment names and tells whether there are
// owners that are not here or not known.
func (r *resource) foldInto(a attachment, index map[string]*resource) (left bool) {
	for _, by := range a.by {
		v, ok := r.props[by]
		if !ok {
			continue
		}
		names, isList := v.([]any)
		if !isList {
			names = []any{v}
		}
		var rest []any
		for _, n := range names {
			t, _, ok := text(n)
			if u, isUnknown := n.(*unknown); isUnknown {
				t = u.symbol
			}
			if owner := index[t]; owner != nil && t != "" && owner != r {
				owner.attach(a, r)
				continue
			}
			rest = append(rest, n)
			if !ok {
				r.attachPerhaps(a, by, n)
			}
		}
		switch {
		case len(rest) > 0:
			left = true
			if isList {
				r.props[by] = rest
			}
		case a.stays:
			delete(r.props, by)
		}
	}
	return left
}

// attach adds an attachment's element to the owner.
func (r *resource) attach(a attachment, from *resource) {
	var element any
	switch {
	case from.maybe != "":
		element = &unknown{reason: from.maybe}
	case from.hidden != nil:
		element = from.hidden
	case a.element[0] == "PolicyArn":
		element = standIn(from.s.identityOf(from).arn)
	case a.element[0] == "*":
		m := clone(from.props).(map[string]any)
		for _, by := range a.by {
			delete(m, by)
		}
		element = m
	case len(a.element) == 1:
		element = clone(from.props[a.element[0]])
	default:
		m := map[string]any{}
		for _, p := range a.element {
			if v, ok := from.props[p]; ok {
				m[p] = clone(v)
			}
		}
		element = m
	}
	r.add(a.into, element)
	r.readAt(a.into, from.s.place(from.at.line))
}

// add appends to a list of the resource; of an unknown list nothing more is known.
func (r *resource) add(property string, element any) {
	more, ok := element.([]any)
	if !ok {
		more = []any{element}
	}
	switch t := r.props[property].(type) {
	case nil:
		r.props[property] = more
	case []any:
		for _, e := range more {
			if s, _, ok := text(e); ok && slices.ContainsFunc(t, func(x any) bool { y, _, ok := text(x); return ok && x != nil && y == s }) {
				continue
			}
			t = append(t, e)
		}
		r.props[property] = t
	}
}

// attachPerhaps marks the resources that an undecided reference may mean: a rule
// for one of two groups may be a rule of either.
func (r *resource) attachPerhaps(a attachment, by string, v any) {
	u := firstUnknown(v)
	if u == nil {
		return
	}
	for _, logical := range mentioned(r.body.field("Properties").field(by)) {
		if o := r.s.byLogical[logical]; o != nil && o.typ != nil && o.typ.Name == a.owner && o.props != nil {
			o.add(a.into, u)
		}
	}
}

// mentioned lists the resources that a node refers to.
func mentioned(n *node) []string {
	if n == nil {
		return nil
	}
	var out []string
	if name, arg, ok := function(n); ok {
		switch name {
		case "Ref":
			if t, ok := arg.scalar(); ok {
				return []string{t}
			}
		case "Fn::GetAtt":
			if a := splitAttribute(arg); a.kind == listNode && len(a.items) > 0 {
				if t, ok := a.items[0].scalar(); ok {
					return []string{t}
				}
			}
		case "Fn::Sub":
			t, _ := arg.scalar()
			if arg.kind == listNode && len(arg.items) > 0 {
				t, _ = arg.items[0].scalar()
			}
			for _, part := range strings.Split(t, "${")[1:] {
				name, _, _ := strings.Cut(part, "}")
				name, _, _ = strings.Cut(name, ".")
				out = append(out, name)
			}
		}
	}
	for _, c := range n.items {
		out = append(out, mentioned(c)...)
	}
	return out
}
