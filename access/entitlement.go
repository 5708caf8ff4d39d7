package access

import (
	"context"
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
	"merlon.dev/merlon/inventory"
)

// Entitlement is one action that a principal may do on some resources.
type Entitlement struct {
	Action   string       `json:"action"`
	Service  string       `json:"service"`
	Level    string       `json:"level"`
	Resource string       `json:"resource"`         // a pattern of a policy, or the ARN of a resource whose own policy grants it
	Except   []string     `json:"except,omitempty"` // patterns that a Deny takes away from it
	Decision iam.Decision `json:"decision"`         // Allowed or Unknown
	Why      string       `json:"why,omitempty"`    // of an Unknown
	By       string       `json:"by,omitempty"`     // "resource policy" where that grants it
}

// PermissionFilter narrows what Permissions lists; the zero value lists all.
type PermissionFilter struct {
	Service string                // a prefix such as "s3"
	Level   reference.AccessLevel // 0: every level
}

// Permissions expands what a principal may do to the actions of the reference
// and to resources, net of denials, boundaries and SCPs: for each action and each
// pattern of resources that an Allow names, a request is evaluated for a resource
// that stands for the pattern. What resource policies grant it is added for the
// resources of the snapshot. Where two patterns with wildcards only overlap in
// part, a boundary's say, their common part is not found.
func (x *Index) Permissions(ctx context.Context, p *Principal, f PermissionFilter) ([]Entitlement, error) {
	e := &expansion{x: x, p: p, filter: f, region: "us-east-1"}
	for _, a := range x.snapshot.Meta().Accounts {
		if string(a.ID) == p.Account && len(a.Regions) > 0 {
			e.region = string(a.Regions[0])
			e.global = string(merlon.PartitionOf(a.Regions[0]).GlobalRegion())
			e.partition = string(merlon.PartitionOf(a.Regions[0]))
		}
	}
	if e.partition == "" {
		e.partition, e.global = "aws", "us-east-1"
	}
	e.patterns()
	for service := range x.reference.Prefixes() {
		if f.Service != "" && !strings.EqualFold(service, f.Service) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s, _ := x.reference.Service(service)
		for a := range s.Actions() {
			if f.Level == 0 || a.Level == f.Level {
				e.expand(s, a)
			}
		}
	}
	if err := e.granted(ctx); err != nil {
		return nil, err
	}
	return e.out, nil
}

// expansion is one run of Permissions.
type expansion struct {
	x                         *Index
	p                         *Principal
	filter                    PermissionFilter
	region, global, partition string
	allows                    []scope
	unknown                   string // why identity policies are not all known
	out                       []Entitlement
}

// scope is a statement that allows, with one of the patterns it names.
type scope struct {
	statement *iam.Statement
	pattern   string
}

func (e *expansion) patterns() {
	lists := [][]*iam.Policy{e.p.Identity, e.p.Boundaries}
	if a := e.x.accounts[e.p.Account]; a != nil {
		lists = append(lists, a.SCPs...)
	}
	for i, list := range lists {
		for _, doc := range list {
			if why := doc.Unknown(); why != "" && i == 0 {
				e.unknown = doc.Name + ": " + why
			}
			for j := range doc.Statements {
				s := &doc.Statements[j]
				if s.Effect == iam.Deny {
					continue
				}
				if s.NotResource || e.p.Kind == iam.Root {
					e.allows = append(e.allows, scope{s, "*"})
				}
				for _, r := range s.Resources {
					if !s.NotResource && (i == 0 || r.Text != "*") {
						e.allows = append(e.allows, scope{s, r.Text})
					}
				}
			}
		}
	}
	if e.p.Kind == iam.Root || e.unknown != "" {
		e.allows = append(e.allows, scope{nil, "*"})
	}
}

// expand decides an action for each pattern that may be about it.
func (e *expansion) expand(service *reference.Service, a reference.Action) {
	name := a.String()
	var patterns []string
	for _, s := range e.allows {
		if s.statement != nil && s.statement.MatchesAction(name) == iam.No {
			continue
		}
		patterns = appendNew(patterns, s.pattern)
	}
	slices.SortStableFunc(patterns, func(a, b string) int { return len(a) - len(b) })
	wide := false
	for _, pattern := range patterns {
		if wide {
			break // all resources: narrower patterns say nothing more
		}
		arn, ok := e.standIn(service, a, pattern)
		if !ok {
			continue
		}
		r := &Resource{ARN: arn, Account: e.p.Account, Region: e.global}
		if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
			if parts[4] != "" {
				r.Account = parts[4]
			}
			if parts[3] != "" || a.Service == "s3" {
				r.Region = e.region
			}
		} else {
			r.Region = e.region
		}
		needs := strings.Contains(arn, ":key/") && a.Service == "kms" || assumesRole(name) && strings.Contains(arn, ":role/")
		if needs || r.Account != e.p.Account {
			// The other side decides as well; what is listed is this side.
			r.Policies = []*iam.Policy{letting(r.Account, e.p.Account)}
		}
		request, policies, _ := e.x.Request(e.p, name, r, nil)
		d := iam.Evaluate(&request, &policies)
		if d != iam.Allowed && d != iam.Unknown {
			continue
		}
		found := Entitlement{Action: name, Service: a.Service, Level: a.Level.String(), Resource: pattern, Decision: d}
		if d == iam.Unknown {
			found.Why = iam.Explain(&request, &policies).Why
		} else {
			wide = pattern == "*"
		}
		found.Except = e.exceptions(&policies, name, pattern)
		e.out = append(e.out, found)
	}
}

// letting is a policy by which a resource's account delegates to another.
func letting(owner, account string) *iam.Policy {
	p, err := made("the resource's side", []map[string]any{{"Effect": "Allow", "Principal": map[string]any{"AWS": account}, "Action": "*", "Resource": "*"}})
	if err != nil {
		return iam.UnknownPolicy("the resource's side of "+owner, err.Error())
	}
	return p
}

// standIn is an ARN that stands for all that a pattern names and the action
// takes; not ok where the action takes nothing of it.
func (e *expansion) standIn(service *reference.Service, a reference.Action, pattern string) (string, bool) {
	if len(a.Resources) == 0 {
		return "*", pattern == "*"
	}
	for _, taken := range a.Resources {
		t, ok := service.ResourceType(taken.Type)
		if !ok || len(t.ARNs) == 0 {
			continue
		}
		if pattern == "*" {
			return e.written(t.ARNs[0]), true
		}
	}
	if pattern == "*" {
		return "*", true
	}
	for _, t := range service.TypesOf(pattern) {
		if a.Takes(t.Name) {
			return e.fill(pattern), true
		}
	}
	return "", false
}

// fill writes a pattern's wildcards and variables out.
func (e *expansion) fill(pattern string) string {
	parts := strings.SplitN(pattern, ":", 6)
	for i := range parts {
		if len(parts) != 6 {
			break
		}
		switch {
		case parts[i] != "*":
		case i == 1:
			parts[i] = e.partition
		case i == 3:
			parts[i] = e.region
		case i == 4:
			parts[i] = e.p.Account
		}
	}
	text := strings.Join(parts, ":")
	text = strings.ReplaceAll(text, "${aws:username}", e.p.Name)
	text = strings.ReplaceAll(text, "${aws:PrincipalAccount}", e.p.Account)
	return filled(text, "any-7f3a9c51")
}

// written fills in a type's ARN: "arn:${Partition}:s3:::${BucketName}".
func (e *expansion) written(template string) string {
	text := strings.NewReplacer("${Partition}", e.partition, "${Region}", e.region, "${Account}", e.p.Account).Replace(template)
	for {
		start := strings.Index(text, "${")
		if start < 0 {
			return strings.ReplaceAll(text, "*", "any-7f3a9c51")
		}
		end := strings.IndexByte(text[start:], '}')
		if end < 0 {
			return text
		}
		text = text[:start] + "any-7f3a9c51" + text[start+end+1:]
	}
}

// exceptions are the resources that denials take away: those that are narrower
// than the pattern and whose conditions may hold.
func (e *expansion) exceptions(p *iam.Policies, action, pattern string) []string {
	var out []string
	lists := append([][]*iam.Policy{p.Identity, p.Boundaries}, p.SCPs...)
	for _, list := range lists {
		for _, doc := range list {
			for i := range doc.Statements {
				s := &doc.Statements[i]
				if s.Effect != iam.Deny || s.NotResource || s.MatchesAction(action) == iam.No || s.MatchesConditions(e.p.context) == iam.No {
					continue
				}
				for _, r := range s.Resources {
					if r.Text != "*" && r.Text != pattern && within(r.Text, pattern) {
						out = appendNew(out, r.Text)
					}
				}
			}
		}
	}
	return out
}

// within says whether a pattern may name something that another names: what
// stands before its first wildcard fits.
func within(narrow, wide string) bool {
	a, _, _ := strings.Cut(narrow, "*")
	b, _, _ := strings.Cut(wide, "*")
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
}

// granted adds what the policies of the snapshot's resources let the principal do.
func (e *expansion) granted(ctx context.Context) error {
	have := map[string]bool{} // actions that it has on everything
	for _, p := range e.out {
		if p.Resource == "*" && p.Decision == iam.Allowed {
			have[p.Action] = true
		}
	}
	for _, typ := range PolicyTypes() {
		err := e.x.snapshot.Documents(ctx, typ, func(d *inventory.Document) error {
			doc, err := d.Resource()
			if err != nil {
				return err
			}
			r, err := e.x.resource(ctx, doc, d.Row)
			if err != nil {
				return err
			}
			e.resource(r, have)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *expansion) resource(r *Resource, have map[string]bool) {
	g := &gathering{x: e.x, r: r}
	for _, doc := range r.Policies {
		for i := range doc.Statements {
			s := &doc.Statements[i]
			if s.Effect != iam.Allow || !e.named(s) {
				continue
			}
			for _, target := range targets(r, s) {
				for _, action := range g.actions(target) {
					a, _ := e.x.reference.Action(action)
					if have[action] || s.MatchesAction(action) == iam.No || e.filter.Service != "" && !strings.EqualFold(a.Service, e.filter.Service) || e.filter.Level != 0 && a.Level != e.filter.Level {
						continue
					}
					at := *r
					at.ARN = target
					request, policies, _ := e.x.Request(e.p, action, &at, nil)
					d := iam.Evaluate(&request, &policies)
					shown := Entitlement{Action: action, Service: a.Service, Level: a.Level.String(), Resource: strings.TrimSuffix(target, "any/key"), Decision: d, By: "resource policy"}
					if shown.Resource != target {
						shown.Resource += "*"
					}
					if d == iam.Unknown {
						shown.Why = iam.Explain(&request, &policies).Why
					}
					same := func(p Entitlement) bool {
						return p.Action == action && (p.Resource == shown.Resource || p.Resource == target) && p.Decision == d
					}
					if (d == iam.Allowed || d == iam.Unknown) && !slices.ContainsFunc(e.out, same) {
						e.out = append(e.out, shown)
					}
				}
			}
		}
	}
}

// named says whether a statement of a resource's policy names the principal
// itself or everyone: one that names its account only delegates.
func (e *expansion) named(s *iam.Statement) bool {
	if s.NotPrincipal || s.Everyone() {
		return true
	}
	for _, p := range s.Principals {
		if p.Value == e.p.ARN || p.Value == e.p.ID && e.p.ID != "" || accountIn(p.Value) == e.p.Account && e.p.Kind == iam.Root {
			return true
		}
	}
	return false
}
