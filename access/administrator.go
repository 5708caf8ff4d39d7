package access

import (
	"merlon.dev/merlon/iam"
)

// administratorProbes are calls by which one gives oneself any permission; an
// administrator may make all of them on any name.
var administratorProbes = []struct{ action, resource string }{
	{"iam:AttachRolePolicy", "role/"}, {"iam:PutRolePolicy", "role/"}, {"iam:UpdateAssumeRolePolicy", "role/"},
	{"iam:CreatePolicyVersion", "policy/"}, {"iam:AttachUserPolicy", "user/"}, {"iam:PutUserPolicy", "user/"},
}

// probeName is a name that no policy can have foreseen.
const probeName = "merlon-probe-7f3a9c51e0d24b68"

// Administrator says whether a principal is an administrator of its account:
// it may do everything, by its own policies and boundary, and the account's
// SCPs leave it the calls that give away permissions.
//
// "Everything" is asked as an action that does not exist on a resource that
// does not exist, so that only a grant of all actions answers it. SCPs do not
// count there: they bind everyone in the account alike. An answer of Maybe says
// why. One who may only give itself permissions is no administrator; it
// escalates ([Index.Escalates]).
func (x *Index) Administrator(p *Principal) (iam.Match, string) {
	if p.Kind == iam.Root {
		return iam.Yes, ""
	}
	if p.ServiceLinked {
		return iam.No, ""
	}
	least, why := iam.Yes, ""
	ask := func(action string, r *Resource, scps bool) bool {
		request, policies, _ := x.Ask(action, r, nil).Of(p)
		if !scps {
			policies.SCPs = nil
		}
		switch iam.Evaluate(&request, &policies) {
		case iam.Allowed:
		case iam.Unknown:
			if least == iam.Yes {
				least, why = iam.Maybe, iam.Explain(&request, &policies).Why
			}
		default:
			least, why = iam.No, ""
		}
		return least != iam.No
	}
	any := &Resource{ARN: "arn:aws:merlon::" + p.Account + ":" + probeName, Account: p.Account, tagsKnown: true}
	if !ask("merlon:"+probeName, any, false) {
		return iam.No, ""
	}
	prefix := "arn:" + x.partition(p.Account) + ":iam::" + p.Account + ":"
	for _, probe := range administratorProbes {
		r := &Resource{ARN: prefix + probe.resource + probeName, Account: p.Account, Region: x.globalRegion(p.Account), tagsKnown: true}
		if !ask(probe.action, r, true) {
			return iam.No, ""
		}
	}
	return least, why
}
