package access

import (
	"context"
	"slices"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
)

// Trust is one line of the web of trust: an account, or somebody in it, is let
// in to a resource of another.
type Trust struct {
	From     string `json:"from"` // an account, an organization, "any AWS account" or "anonymous"
	FromName string `json:"fromName,omitempty"`
	Who      string `json:"who"`    // anybody there, role deploy, user alice
	Inside   bool   `json:"inside"` // From is of the organization or the snapshot

	To       string   `json:"to"` // the resource's account
	ToName   string   `json:"toName,omitempty"`
	Resource string   `json:"resource"`
	Type     string   `json:"type"`
	Actions  []string `json:"actions"` // summaries by level
	// Guards are what kinds of conditions bind it: external id, organization,
	// MFA, network, tag; Asks are the conditions themselves.
	Guards   []string     `json:"guards,omitempty"`
	Asks     []string     `json:"asks,omitempty"`
	Decision iam.Decision `json:"decision"`
	Why      string       `json:"why,omitempty"`
}

// CrossAccount is the web of trust among accounts: who from another account is
// let in by role trusts, resource policies, ACLs and grants; that the other
// account allows it to its own people is assumed. Sorted by from, to, resource.
func (x *Index) CrossAccount(ctx context.Context) ([]Trust, error) {
	all, err := x.exposures(ctx)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	err = x.snapshot.Each(ctx, typeOrgAccount, func(r *merlon.Resource) error {
		names[r.ID] = r.Name
		return nil
	})
	if err != nil {
		return nil, err
	}
	for id, a := range x.accounts {
		if a.Name != "" {
			names[id] = a.Name
		}
	}
	var out []Trust
	for _, e := range all {
		if e.Audience == ConfusedDeputy || e.Audience == Provider || e.Audience == AnySubject || len(e.Actions) == 0 {
			continue
		}
		t := Trust{From: e.Who, Who: "anybody there", Inside: !e.Audience.outside(), To: e.Account, ToName: names[e.Account], Resource: e.Resource, Type: e.Type,
			Guards: guards(e.Asks), Asks: e.Asks, Decision: e.Certainty, Why: e.Why}
		if e.Audience == ForeignAccount || e.Audience == OwnAccount {
			t.From = accountIn(e.Who)
			if who, err := iam.ParsePrincipal(e.Who); err == nil && who.Kind != iam.Root {
				t.Who = e.Who[strings.LastIndexByte(e.Who, ':')+1:]
				t.Who = strings.Replace(t.Who, "/", " ", 1)
			}
		}
		t.FromName = names[t.From]
		for _, g := range e.Actions {
			t.Actions = append(t.Actions, g.Summary)
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b Trust) int {
		return strings.Compare(a.From+"\x00"+a.To+"\x00"+a.Resource+"\x00"+a.Who, b.From+"\x00"+b.To+"\x00"+b.Resource+"\x00"+b.Who)
	})
	return out, nil
}

// guards are the kinds of conditions that bind whom a statement lets in.
func guards(asks []string) []string {
	var out []string
	for _, ask := range asks {
		key, _, _ := strings.Cut(strings.ToLower(ask), " ")
		switch {
		case key == "sts:externalid":
			out = appendNew(out, "external id")
		case strings.HasPrefix(key, "aws:principalorg"):
			out = appendNew(out, "organization")
		case strings.HasPrefix(key, "aws:multifactorauth"):
			out = appendNew(out, "MFA")
		case key == "aws:sourceip" || strings.HasPrefix(key, "aws:sourcevpc") || strings.HasPrefix(key, "aws:vpc"):
			out = appendNew(out, "network")
		case strings.HasPrefix(key, "aws:principaltag/"):
			out = appendNew(out, "tag")
		case key == "aws:principalarn" || key == "aws:principalaccount" || key == "kms:calleraccount":
			out = appendNew(out, "principal")
		}
	}
	return out
}
