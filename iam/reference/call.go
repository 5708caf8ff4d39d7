package reference

import (
	"slices"
	"strings"
)

// Mapping is what an API call needs.
type Mapping struct {
	// Needed are the actions without which the call is refused, by their full
	// names. Some calls need none (sts:GetCallerIdentity), some only Possible ones
	// (a statement of PartiQL says itself what it does).
	Needed []string
	// Possible are actions that the call may need besides; the parameters and the
	// resource decide: iam:PassRole where a role can be passed, kms:Decrypt where
	// the object may be encrypted.
	Possible []string
}

// ActionsOf says which actions a call needs. The service is what CloudTrail's
// eventSource ("monitoring.amazonaws.com"), the SDK's service id ("CloudWatch"),
// the name in a request's signature ("monitoring") or in policies ("cloudwatch")
// say, in any case; the operation may carry the version that CloudTrail adds to
// some ("GetFunction20150331v2").
//
// False means that it is not known: neither is there an exception in our table
// nor an action of the operation's name. Whoever writes a policy must then ask.
func (r *Reference) ActionsOf(service, operation string) (Mapping, bool) {
	c := r.calls()
	candidates := c.candidates(service)
	if m, ok := r.actionsOf(c, candidates, operation); ok {
		return m, true
	}
	if plain := cutVersion(operation); plain != operation {
		return r.actionsOf(c, candidates, plain)
	}
	return Mapping{}, false
}

func (r *Reference) actionsOf(c *calls, candidates []sdkService, operation string) (Mapping, bool) {
	for _, s := range candidates {
		m, ok := c.exception(s, operation)
		if !ok {
			a, found := r.Action(s.prefix + ":" + operation)
			if !found {
				continue
			}
			m = Mapping{Needed: []string{a.String()}}
		}
		if c.passes[callKey(s.id, operation)] && !slices.Contains(m.Needed, passRole) && !slices.Contains(m.Possible, passRole) {
			m.Possible = append(slices.Clip(m.Possible), passRole)
		}
		return m, true
	}
	return Mapping{}, false
}

const passRole = "iam:PassRole"

// candidates are the services that a name can mean, the likeliest first: the SDK's
// of that id, others that share the name, the prefix itself.
func (c *calls) candidates(service string) []sdkService {
	name := callName(service)
	found := slices.Clone(c.services[name])
	slices.SortStableFunc(found, func(a, b sdkService) int {
		return rank(a, name) - rank(b, name)
	})
	for _, p := range append([]string{name}, c.sources[name]...) {
		found = append(found, sdkService{prefix: p})
	}
	// The name of a prefix may have hyphens, which callName leaves out.
	return append(found, sdkService{prefix: lower(cutDomain(service))})
}

func rank(s sdkService, name string) int {
	if callName(s.id) == name {
		return 0
	}
	return 1
}

// exception finds the table's row for the service alone, else for the prefix.
func (c *calls) exception(s sdkService, operation string) (Mapping, bool) {
	if s.id != "" {
		if m, ok := c.exceptions[callKey(s.id, operation)]; ok {
			return m, true
		}
	}
	m, ok := c.exceptions[callKey(s.prefix, operation)]
	return m, ok
}

// callKey is how the tables name an operation.
func callKey(service, operation string) string { return callName(service) + ":" + lower(operation) }

// callName writes names of services alike: "CloudWatch Logs", "s3-control",
// "logs.amazonaws.com".
func callName(s string) string {
	s = lower(cutDomain(s))
	if !strings.ContainsAny(s, " -") {
		return s
	}
	return strings.NewReplacer(" ", "", "-", "").Replace(s)
}

func cutDomain(s string) string {
	for _, domain := range [...]string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazon.com"} {
		if head, ok := strings.CutSuffix(s, domain); ok {
			return head
		}
	}
	return s
}

// cutVersion removes the version of an API at the end of an event's name:
// "20150331", "20150331v2", "2020_05_31".
//
// https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html (read 2026-11-24)
func cutVersion(operation string) string {
	s := operation
	if head := strings.TrimRight(s, digits); head != s && strings.HasSuffix(head, "v") {
		if h := strings.TrimSuffix(head, "v"); strings.TrimRight(h, digits) != h {
			s = h
		}
	}
	head := strings.TrimRight(s, digits+"_")
	if v := strings.ReplaceAll(s[len(head):], "_", ""); len(v) != 8 || v[0] != '1' && v[0] != '2' {
		return operation
	}
	return head
}

const digits = "0123456789"
