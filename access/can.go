package access

import (
	"context"
	"slices"

	"merlon.dev/merlon/iam"
)

// rcpServices are the services that resource control policies bind.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html, read 2026-11-24
var rcpServices = []string{"s3", "sts", "kms", "sqs", "secretsmanager", "ecr", "aoss"}

// Question is an action on a resource, whoever asks: what all who ask share is
// worked out once. It is safe for concurrent use.
type Question struct {
	index    *Index
	action   string
	resource *Resource
	keys     *iam.Context
	rcps     [][]*iam.Policy
	notes    []string
}

// Ask begins a question. Keys sets or overrides context keys.
func (x *Index) Ask(action string, r *Resource, keys map[string][]string) *Question {
	q := &Question{index: x, action: action, resource: r, keys: x.requestContext(r, action)}
	if assumesRole(action) {
		q.keys.SetPresent("sts:RoleSessionName")
	}
	for k, v := range keys {
		q.keys.Set(k, v...)
	}
	q.notes = append(q.notes, r.Notes...)
	if slices.Contains(rcpServices, serviceOf(action)) && r.ARN != "*" {
		levels, note := x.guardrails(r.Account, true)
		q.rcps = levels
		if note != "" {
			q.notes = append(q.notes, note)
		}
	}
	return q
}

func assumesRole(action string) bool { return serviceOf(action) == "sts" }

// Of puts the question for a principal: the request, and the policies that bind
// it and the resource. Notes say what was assumed.
func (q *Question) Of(p *Principal) (iam.Request, iam.Policies, []string) {
	r := q.resource
	request := iam.Request{Principal: p.Principal, Action: q.action, Resource: r.ARN, ResourceAccount: r.Account, Context: q.keys.On(p.context)}
	policies := iam.Policies{Identity: p.Identity, Resource: r.Policies, Boundaries: p.Boundaries, RCPs: q.rcps}
	notes := q.notes
	if p.Account != "" {
		levels, note := q.index.guardrails(p.Account, false)
		policies.SCPs = levels
		if note != "" {
			notes = append(slices.Clip(notes), note)
		}
	}
	if !request.SameAccount() && p.Kind != iam.Service && r.Restricted != iam.No {
		policies.Resource = restricted(r, policies.Resource)
	}
	return request, policies, notes
}

// Request is Ask and Of for one principal.
func (x *Index) Request(p *Principal, action string, r *Resource, keys map[string][]string) (iam.Request, iam.Policies, []string) {
	return x.Ask(action, r, keys).Of(p)
}

// restricted is what RestrictPublicBuckets leaves of a bucket's policies for
// one from outside.
func restricted(r *Resource, policies []*iam.Policy) []*iam.Policy {
	if r.Restricted == iam.Yes {
		return nil
	}
	return append([]*iam.Policy{iam.UnknownPolicy("Block Public Access of "+r.ARN, "whether it restricts the public policy is not known")}, policies...)
}

// Decide answers a question about a principal of the index.
func (x *Index) Decide(p *Principal, action string, r *Resource, keys map[string][]string) iam.Decision {
	request, policies, _ := x.Request(p, action, r, keys)
	return iam.Evaluate(&request, &policies)
}

// Answer is a decision with its reasons.
type Answer struct {
	Principal string     `json:"principal"`
	Action    string     `json:"action"`
	Resource  string     `json:"resource"`
	Trace     *iam.Trace `json:"trace"`
	Notes     []string   `json:"notes,omitempty"`
}

// Can answers whether a principal may do something, with a trace.
func (x *Index) Can(ctx context.Context, p *Principal, action, resource string, keys map[string][]string) (*Answer, error) {
	r, err := x.Resource(ctx, resource)
	if err != nil {
		return nil, err
	}
	request, policies, notes := x.Request(p, action, r, keys)
	return &Answer{Principal: p.ARN, Action: action, Resource: resource, Trace: iam.Explain(&request, &policies), Notes: notes}, nil
}

// Stranger is a principal that is not in the snapshot: its identity policies
// are unknown, save for services and the anonymous, who have none. Allowing is
// true to take its own side for granted, as for "who from outside may".
func (x *Index) Stranger(who iam.Principal, allowing bool) *Principal {
	p := &Principal{Principal: who, Name: who.ARN}
	c := iam.NewOpenContext()
	switch who.Kind {
	case iam.Anonymous:
		for _, key := range []string{"aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:username", "aws:userid",
			"aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:TokenIssueTime", "kms:CallerAccount", "aws:FederatedProvider", "aws:SourceIdentity"} {
			c.SetAbsent(key)
		}
		c.Close("aws:PrincipalTag/").Set("aws:PrincipalType", "Anonymous").Set("aws:PrincipalIsAWSService", "false")
	case iam.Service:
		c.Set("aws:PrincipalIsAWSService", "true").Set("aws:PrincipalServiceName", who.ARN)
		c.SetAbsent("aws:username").SetAbsent("aws:MultiFactorAuthPresent").Close("aws:PrincipalTag/")
	default:
		c.Set("aws:PrincipalAccount", who.Account).Set("kms:CallerAccount", who.Account).Set("aws:PrincipalIsAWSService", "false")
		if who.ARN != "" {
			c.Set("aws:PrincipalArn", who.ARN)
		}
		if allowing {
			everything, err := iam.ParsePolicy([]byte(knownManaged["AdministratorAccess"]))
			if err == nil {
				everything.Name = "whatever its own account allows it"
				p.Identity = []*iam.Policy{everything}
			}
		} else {
			p.Identity = []*iam.Policy{iam.UnknownPolicy("policies of "+who.ARN, "the principal is not in the snapshot")}
		}
	}
	p.context = c
	return p
}
