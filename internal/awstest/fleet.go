package awstest

import (
	"fmt"
	"hash/fnv"
	"slices"

	"merlon.dev/merlon"
)

// Fleet is an organization made up by rule: the same numbers give the same
// accounts. Every account has some roles, a user, policies and buckets; every region its
// default VPC and nothing else, but for a few busy ones.
type Fleet struct {
	// Accounts are the accounts, the management account [Management] among them.
	Accounts int
	// Regions are the first of [Regions] that there are, at most seventeen; 0 is all.
	Regions int
	// Busy is how many regions of each account have resources, Items how many
	// of each kind. 0 is 2 and 3.
	Busy, Items int
}

// FleetRole is the role to assume in each account of a Fleet.
const FleetRole = "merlon-audit"

// AccountID is the id of the i-th account, from 0.
func (f Fleet) AccountID(i int) merlon.AccountID {
	if i == 0 {
		return Management
	}
	return merlon.AccountID(fmt.Sprintf("2%011d", i))
}

// Populate gives the server the fleet's organization, regions and resources.
func (s *Server) Populate(f Fleet) {
	f = f.defaults()
	s.SetOrganization(f.organization())
	s.SetRegions(f.regions())
	for call, h := range f.answers() {
		s.Handle(Match{Call: call}, func(c *Call) (any, error) {
			p := place{f, c.Account, c.Region}
			return h(p, c), nil
		})
	}
}

func (f Fleet) defaults() Fleet {
	if f.Regions == 0 || f.Regions > len(Regions()) {
		f.Regions = len(Regions())
	}
	if f.Busy == 0 {
		f.Busy = 2
	}
	if f.Items == 0 {
		f.Items = 3
	}
	f.Busy = min(f.Busy, f.Regions)
	return f
}

// regions has us-east-1, where global services answer, whatever the number.
func (f Fleet) regions() []merlon.Region {
	all := Regions()
	i := slices.Index(all, "us-east-1")
	all[0], all[i] = all[i], all[0]
	return all[:f.Regions]
}

func (f Fleet) organization() *Organization {
	o := &Organization{
		ID: "o-merlontest", Management: Management,
		Units: []Unit{{ID: "ou-test-workload", Name: "workloads"}, {ID: "ou-test-prod0000", Name: "production", Parent: "ou-test-workload"}, {ID: "ou-test-sandbox0", Name: "sandbox"}},
		Policies: []Policy{
			{ID: "p-FullAWSAccess", Name: "FullAWSAccess", Type: "SERVICE_CONTROL_POLICY", AWS: true, Content: allow("*", "*"),
				Targets: []string{Root, "ou-test-workload", "ou-test-prod0000", "ou-test-sandbox0"}},
			{ID: "p-leave000", Name: "deny-leaving", Type: "SERVICE_CONTROL_POLICY", Content: statement("Deny", "organizations:LeaveOrganization", "*"), Targets: []string{Root}},
			{ID: "p-RCPFullAWSAccess", Name: "RCPFullAWSAccess", Type: "RESOURCE_CONTROL_POLICY", AWS: true, Content: allow("*", "*"), Targets: []string{Root}},
		},
	}
	parents := []string{"ou-test-prod0000", "ou-test-workload", "ou-test-sandbox0"}
	for i := range f.Accounts {
		a := Account{ID: f.AccountID(i), Name: fmt.Sprintf("account-%d", i), Parent: parents[i%len(parents)]}
		if i == 0 {
			a.Name, a.Parent = "management", ""
		}
		o.Accounts = append(o.Accounts, a)
	}
	return o
}

func statement(effect string, action, resource any) map[string]any {
	return map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": effect, "Action": action, "Resource": resource}}}
}

func allow(action, resource any) map[string]any { return statement("Allow", action, resource) }

// place is an account and region of a fleet.
type place struct {
	f       Fleet
	account merlon.AccountID
	region  merlon.Region
}

// id makes up the identifier of the i-th resource of a kind here.
func (p place) id(prefix string, i int) string {
	h := fnv.New64a()
	fmt.Fprint(h, p.account, p.region, prefix, i)
	return fmt.Sprintf("%s-%017x", prefix, h.Sum64())
}

func (p place) arn(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, p.region, p.account, resource)
}

// busy reports whether the region is one in which the account has resources.
func (p place) busy() bool {
	regions := p.f.regions()
	i := slices.Index(regions, p.region)
	h := fnv.New32a()
	fmt.Fprint(h, p.account)
	first := int(h.Sum32()) % len(regions)
	return i >= 0 && (i-first+len(regions))%len(regions) < p.f.Busy
}

// each makes the resources of a kind: none where the region is not busy.
func (p place) each(make func(i int) any) []any {
	out := []any{}
	if !p.busy() {
		return out
	}
	for i := range p.f.Items {
		out = append(out, make(i))
	}
	return out
}
