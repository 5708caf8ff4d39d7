package iac

import (
	"slices"
	"strings"

	"merlon.dev/merlon"
)

// identity is how the rest of the snapshot knows a resource.
type identity struct {
	id   string
	arn  string
	name string
	ref  any
	// base is the name where the template gives none: the stack's and the logical id.
	base   string
	region merlon.Region
	made   map[string]string // id properties whose value was made up
	// symbol is the name where it is an unknown that can be told from others.
	symbol string
}

// identityOf works out id, ARN and name, once.
func (s *stack) identityOf(r *resource) *identity {
	if r.identity != nil {
		return r.identity
	}
	base := s.name + "-" + r.logical
	id := &identity{base: base, id: base, name: r.logical, ref: standIn(base), region: s.l.region, made: map[string]string{}}
	// What refers back to this resource while its name is being worked out gets the
	// made-up one: CloudFormation refuses such a circle.
	r.identity = id
	if r.typ == nil {
		return id
	}
	known := s.l.tables.identity
	if isGlobal(known, r.typ) {
		id.region = merlon.PartitionOf(s.l.region).GlobalRegion()
	}
	values := map[string]any{}
	for _, p := range r.typ.ID {
		values[p] = s.idValue(r, p)
	}
	for _, p := range r.typ.Ref {
		if _, ok := values[p]; !ok {
			values[p] = s.idValue(r, p)
		}
	}
	if len(r.typ.ID) > 0 {
		id.id, _ = joined(r.typ.ID, values)
	}
	id.arn = s.arnOf(r)
	// Where the id is the ARN, it is known only now.
	for p, v := range values {
		if v == nil {
			values[p] = standIn(id.arn)
			if id.arn == "" {
				values[p] = standIn(base)
			}
			id.made[p], _, _ = text(values[p])
		}
	}
	if len(r.typ.ID) > 0 {
		id.id, _ = joined(r.typ.ID, values)
	}
	if pattern, ok := known.Whole[r.typ.Name]; ok {
		id.id = s.fill(r, pattern)
		id.arn = s.arnOf(r)
	}
	if len(r.typ.Ref) > 0 {
		t, stands := joined(r.typ.Ref, values)
		id.ref = made(t, stands)
	}
	if pattern, ok := known.Ref[r.typ.Name]; ok && pattern != "" {
		id.ref = standIn(s.fill(r, pattern))
	} else if ok {
		id.ref = &unknown{r.logical + " is known only once the stack exists", s.symbol(r.logical)}
	}
	return id
}

func joined(props []string, values map[string]any) (string, bool) {
	var parts []string
	stands := false
	for _, p := range props {
		t, st, _ := text(values[p])
		parts, stands = append(parts, t), stands || st
	}
	return strings.Join(parts, "|"), stands
}

// idValue gives one of the properties that identify a resource: as the template
// sets it or made up; nil for an ARN, which is made of the others.
func (s *stack) idValue(r *resource, name string) any {
	p, ok := r.typ.Properties.Field(name)
	if ok && !p.ReadOnly {
		v := r.property(name)
		if t, stands, ok := text(v); ok && t != "" {
			if !stands {
				r.identity.name = t
			}
			return made(t, stands)
		}
		if u, ok := v.(*unknown); ok {
			r.identity.symbol = u.symbol
		}
	}
	if v := s.derived(r, name); v != nil {
		t, stands, _ := text(v)
		r.identity.made[name] = t
		return made(t, stands)
	}
	if pattern, ok := s.l.tables.identity.ID[r.typ.Name]; ok {
		v := s.fill(r, pattern)
		r.identity.made[name] = v
		return standIn(v)
	}
	if strings.HasSuffix(name, "Arn") {
		return nil
	}
	r.identity.made[name] = r.identity.base
	return standIn(r.identity.base)
}

// derived gives what a read-only property is that identifies the resource and
// follows from others, as the collectors write it; nil for none.
func (s *stack) derived(r *resource, name string) any {
	switch r.typ.Name + "." + name {
	case "AWS::EC2::Route.CidrBlock":
		for _, p := range []string{"DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"} {
			if v := r.property(p); v != (noValue{}) {
				if _, _, ok := text(v); ok {
					return v
				}
			}
		}
	case "AWS::EC2::VPCGatewayAttachment.AttachmentType":
		if r.property("VpnGatewayId") != (noValue{}) {
			return "VGW"
		}
		return "IGW"
	case "AWS::EC2::EIP.AllocationId":
		return standIn("eipalloc-" + r.identity.base)
	case "AWS::EC2::NetworkAclEntry.Id":
		acl, _, ok := text(r.property("NetworkAclId"))
		number, _, also := text(r.property("RuleNumber"))
		if !ok || !also {
			return nil
		}
		direction := "ingress"
		if r.property("Egress") == true {
			direction = "egress"
		}
		return standIn(acl + "|" + direction + "|" + number)
	}
	return nil
}

// arnOf fills the pattern of the type's ARN; a type that is known by its ARN has
// one in any case.
func (s *stack) arnOf(r *resource) string {
	pattern, ok := s.l.tables.identity.ARN[r.typ.Name]
	if !ok {
		pattern = r.typ.ARN
	}
	if pattern == "" {
		for _, p := range r.typ.ID {
			f, ok := r.typ.Properties.Field(p)
			if strings.HasSuffix(p, "Arn") && (!ok || f.ReadOnly) {
				words := strings.Split(r.typ.Name, "::")
				pattern = "arn:${Partition}:" + strings.ToLower(words[1]) + ":${Region}:${Account}:" + strings.ToLower(words[2]) + "/${Made}"
				break
			}
		}
	}
	if pattern == "" {
		return ""
	}
	return s.fill(r, pattern)
}

// fill writes the values of a resource into a pattern with ${Variables}: those of
// the service authorization reference and of the file identity.yaml.
func (s *stack) fill(r *resource, pattern string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(pattern, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		pattern = after
		b.WriteString(s.fillOne(r, name))
	}
}

func (s *stack) fillOne(r *resource, name string) string {
	l, id := s.l, r.identity
	switch name {
	case "Partition":
		return string(merlon.PartitionOf(l.region))
	case "Region":
		return string(l.region)
	case "Account":
		return string(l.account)
	case "Suffix":
		return urlSuffix(l.region)
	case "Made":
		return id.base
	case "ID":
		return id.id
	case "ARN":
		return id.arn
	}
	if plain, ok := strings.CutSuffix(name, "WithPath"); ok {
		path := "/"
		if t, _, ok := text(r.property("Path")); ok && strings.HasPrefix(t, "/") {
			path = t
		}
		return strings.TrimPrefix(path, "/") + s.fillOne(r, plain)
	}
	if p, ok := r.typ.Properties.Field(name); ok && !p.ReadOnly {
		return s.textOr(r, name)
	}
	if v, ok := id.made[name]; ok {
		return v
	}
	if len(r.typ.ID) == 1 && !strings.HasSuffix(r.typ.ID[0], "Arn") {
		return id.id
	}
	// The reference's PolicyName is the schema's ManagedPolicyName, its Name the
	// schema's TopicName.
	for p, f := range r.typ.Properties.Fields() {
		if !f.ReadOnly && strings.HasSuffix(p, name) {
			return s.textOr(r, p)
		}
	}
	words := strings.Split(r.typ.Name, "::")
	if last := words[len(words)-1] + "Name"; strings.HasSuffix(name, "Name") {
		if f, ok := r.typ.Properties.Field(last); ok && !f.ReadOnly {
			return s.textOr(r, last)
		}
	}
	return id.base
}

// textOr is a property as text, or the made-up name.
func (s *stack) textOr(r *resource, property string) string {
	if t, stands, ok := text(r.property(property)); ok && t != "" {
		if !stands {
			r.identity.name = t
		}
		return t
	}
	if u, ok := r.property(property).(*unknown); ok {
		r.identity.symbol = u.symbol
	}
	return r.identity.base
}

// madeAttribute gives an attribute that follows from the identity.
func (s *stack) madeAttribute(r *resource, name string) (any, bool) {
	id := s.identityOf(r)
	if u, ok := id.ref.(*unknown); ok && slices.Contains(r.typ.Ref, name) {
		return u, true
	}
	if pattern, ok := s.l.tables.identity.Attribute[r.typ.Name][name]; ok {
		return standIn(s.fill(r, pattern)), true
	}
	for _, p := range r.typ.ID {
		if p == name && len(r.typ.ID) == 1 {
			return id.idText(), true
		}
	}
	if v, ok := id.made[name]; ok {
		return standIn(v), true
	}
	if p, ok := r.typ.Properties.Field(name); ok && !p.ReadOnly {
		return nil, false
	}
	words := strings.Split(r.typ.Name, "::")
	last := words[len(words)-1]
	if id.arn != "" && (name == "Arn" || name == last+"Arn") {
		return standIn(id.arn), true
	}
	// A bucket's name is no RoleId: only what is of the id's own kind is the id.
	for _, kind := range []string{"Id", "Name"} {
		if len(r.typ.ID) == 1 && strings.HasSuffix(r.typ.ID[0], kind) && (name == kind || name == last+kind) {
			return id.idText(), true
		}
	}
	return nil, false
}

// idText is the id as a value: made-up parts make it a stand-in.
func (id *identity) idText() any { return made(id.id, len(id.made) > 0) }
