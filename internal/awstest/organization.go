package awstest

import (
	"fmt"

	"merlon.dev/merlon"
)

// Organization is an AWS organization as the management account sees it.
type Organization struct {
	ID string // "o-merlontest"
	// Management is the account that owns it, Delegated those that may list it too.
	Management merlon.AccountID
	Delegated  []merlon.AccountID
	Accounts   []Account
	Units      []Unit
	Policies   []Policy
}

// Account is a member of an organization, the management account included.
type Account struct {
	ID     merlon.AccountID
	Name   string
	Email  string // made up from the name where it is empty
	Status string // ACTIVE where it is empty
	Parent string // the id of a Unit; the root where it is empty
	Tags   map[string]string
}

// Unit is an organizational unit.
type Unit struct {
	ID     string // "ou-test-workload"
	Name   string
	Parent string // the id of a Unit; the root where it is empty
}

// Policy is a policy of an organization.
type Policy struct {
	ID      string // "p-denyall1"
	Name    string
	Type    string // SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY, …
	Content any    // text, or an object that becomes JSON
	AWS     bool   // managed by AWS
	// Targets are ids of accounts and units, or [Root].
	Targets []string
}

// Root is the id of every organization's root.
const Root = "r-test"

// SetOrganization makes the server's accounts an organization; nil ends it.
func (s *Server) SetOrganization(o *Organization) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.org = o
}

// organizationBuiltins answer AWS Organizations' reads.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_Operations.html (read 2026-11-24).
func (s *Server) organizationBuiltins() {
	calls := map[string]func(*Organization, *Call) (any, error){
		"DescribeAccount":            describeAccount,
		"DescribeOrganizationalUnit": describeUnit,
		"DescribePolicy":             describePolicy,
		"ListAccounts": func(o *Organization, _ *Call) (any, error) {
			return o.accounts(func(Account) bool { return true }), nil
		},
		"ListAccountsForParent":               listAccountsForParent,
		"ListChildren":                        listChildren,
		"ListDelegatedAdministrators":         listDelegated,
		"ListOrganizationalUnitsForParent":    listUnits,
		"ListParents":                         listParents,
		"ListPolicies":                        listPolicies,
		"ListPoliciesForTarget":               listPolicies,
		"ListRoots":                           listRoots,
		"ListTagsForResource":                 listAccountTags,
		"ListTargetsForPolicy":                listTargets,
		"ListAWSServiceAccessForOrganization": func(*Organization, *Call) (any, error) { return nil, nil },
	}
	for operation, h := range calls {
		s.Handle(Match{Call: "organizations:" + operation}, func(c *Call) (any, error) {
			s.mu.Lock()
			o := s.org
			s.mu.Unlock()
			if o == nil {
				return nil, notInUse()
			}
			if !o.mayList(c.Account) {
				return nil, &Error{Code: "AccessDeniedException", Message: "You don't have permissions to access this resource.", Status: 400}
			}
			return h(o, c)
		})
	}
	s.Handle(Match{Call: "organizations:DescribeOrganization"}, func(c *Call) (any, error) {
		s.mu.Lock()
		o := s.org
		s.mu.Unlock()
		if o == nil || !o.has(c.Account) {
			return nil, notInUse()
		}
		return map[string]any{"Organization": map[string]any{
			"Id": o.ID, "Arn": o.arn("organization", o.ID), "FeatureSet": "ALL", "MasterAccountId": o.Management,
			"MasterAccountArn": o.arn("account", o.ID+"/"+string(o.Management)), "MasterAccountEmail": "root@example.com",
			"AvailablePolicyTypes": policyTypes(),
		}}, nil
	})
}

func notInUse() *Error {
	return &Error{Code: "AWSOrganizationsNotInUseException", Message: "Your account is not a member of an organization.", Status: 400}
}

func (o *Organization) mayList(a merlon.AccountID) bool {
	for _, d := range o.Delegated {
		if d == a {
			return true
		}
	}
	return a == o.Management
}

func (o *Organization) has(a merlon.AccountID) bool {
	for i := range o.Accounts {
		if o.Accounts[i].ID == a {
			return true
		}
	}
	return a == o.Management
}

func (o *Organization) arn(kind, id string) string {
	return fmt.Sprintf("arn:aws:organizations::%s:%s/%s", o.Management, kind, id)
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

func (o *Organization) account(a Account) map[string]any {
	return map[string]any{
		"Id": a.ID, "Arn": o.arn("account", o.ID+"/"+string(a.ID)), "Name": a.Name, "Email": or(a.Email, a.Name+"@example.com"),
		"Status": or(a.Status, "ACTIVE"), "State": or(a.Status, "ACTIVE"), "JoinedMethod": "CREATED", "JoinedTimestamp": "2024-01-01T00:00:00Z",
	}
}

func (o *Organization) accounts(keep func(Account) bool) map[string]any {
	out := []any{}
	for _, a := range o.Accounts {
		if keep(a) {
			out = append(out, o.account(a))
		}
	}
	return map[string]any{"Accounts": out}
}

func (o *Organization) unit(u Unit) map[string]any {
	return map[string]any{"Id": u.ID, "Arn": o.arn("ou", o.ID+"/"+u.ID), "Name": u.Name}
}

func describeAccount(o *Organization, c *Call) (any, error) {
	for _, a := range o.Accounts {
		if string(a.ID) == c.Text("AccountId") {
			return map[string]any{"Account": o.account(a)}, nil
		}
	}
	return nil, &Error{Code: "AccountNotFoundException", Message: "You specified an account that doesn't exist.", Status: 400}
}

func describeUnit(o *Organization, c *Call) (any, error) {
	for _, u := range o.Units {
		if u.ID == c.Text("OrganizationalUnitId") {
			return map[string]any{"OrganizationalUnit": o.unit(u)}, nil
		}
	}
	return nil, &Error{Code: "OrganizationalUnitNotFoundException", Message: "You specified an organizational unit that doesn't exist.", Status: 400}
}

func listAccountsForParent(o *Organization, c *Call) (any, error) {
	parent := c.Text("ParentId")
	return o.accounts(func(a Account) bool { return or(a.Parent, Root) == parent }), nil
}

func listUnits(o *Organization, c *Call) (any, error) {
	out := []any{}
	for _, u := range o.Units {
		if or(u.Parent, Root) == c.Text("ParentId") {
			out = append(out, o.unit(u))
		}
	}
	return map[string]any{"OrganizationalUnits": out}, nil
}

func listChildren(o *Organization, c *Call) (any, error) {
	out := []any{}
	parent, kind := c.Text("ParentId"), c.Text("ChildType")
	for _, a := range o.Accounts {
		if kind == "ACCOUNT" && or(a.Parent, Root) == parent {
			out = append(out, map[string]any{"Id": a.ID, "Type": kind})
		}
	}
	for _, u := range o.Units {
		if kind == "ORGANIZATIONAL_UNIT" && or(u.Parent, Root) == parent {
			out = append(out, map[string]any{"Id": u.ID, "Type": kind})
		}
	}
	return map[string]any{"Children": out}, nil
}

func listParents(o *Organization, c *Call) (any, error) {
	parent := ""
	for _, a := range o.Accounts {
		if string(a.ID) == c.Text("ChildId") {
			parent = or(a.Parent, Root)
		}
	}
	for _, u := range o.Units {
		if u.ID == c.Text("ChildId") {
			parent = or(u.Parent, Root)
		}
	}
	if parent == "" {
		return nil, &Error{Code: "ChildNotFoundException", Message: "We can't find an organizational unit or account with that id.", Status: 400}
	}
	kind := "ORGANIZATIONAL_UNIT"
	if parent == Root {
		kind = "ROOT"
	}
	return map[string]any{"Parents": []any{map[string]any{"Id": parent, "Type": kind}}}, nil
}

func policyTypes() []any {
	var out []any
	for _, t := range []string{"SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY", "DECLARATIVE_POLICY_EC2", "TAG_POLICY", "BACKUP_POLICY", "AISERVICES_OPT_OUT_POLICY"} {
		out = append(out, map[string]any{"Type": t, "Status": "ENABLED"})
	}
	return out
}

func listRoots(o *Organization, _ *Call) (any, error) {
	return map[string]any{"Roots": []any{map[string]any{
		"Id": Root, "Arn": o.arn("root", o.ID+"/"+Root), "Name": "Root", "PolicyTypes": policyTypes(),
	}}}, nil
}

func (o *Organization) summary(p Policy) map[string]any {
	return map[string]any{"Id": p.ID, "Arn": o.arn("policy", o.ID+"/"+p.ID), "Name": p.Name, "Description": "", "Type": p.Type, "AwsManaged": p.AWS}
}

func describePolicy(o *Organization, c *Call) (any, error) {
	for _, p := range o.Policies {
		if p.ID == c.Text("PolicyId") {
			return map[string]any{"Policy": map[string]any{"PolicySummary": o.summary(p), "Content": p.Content}}, nil
		}
	}
	return nil, &Error{Code: "PolicyNotFoundException", Message: "We can't find a policy with that id.", Status: 400}
}

// listPolicies answers ListPolicies and ListPoliciesForTarget.
func listPolicies(o *Organization, c *Call) (any, error) {
	out := []any{}
	target := c.Text("TargetId")
	for _, p := range o.Policies {
		if p.Type == c.Text("Filter") && (target == "" || p.on(target)) {
			out = append(out, o.summary(p))
		}
	}
	return map[string]any{"Policies": out}, nil
}

func (p *Policy) on(target string) bool {
	for _, t := range p.Targets {
		if t == target {
			return true
		}
	}
	return false
}

func listTargets(o *Organization, c *Call) (any, error) {
	out := []any{}
	for _, p := range o.Policies {
		if p.ID != c.Text("PolicyId") {
			continue
		}
		for _, t := range p.Targets {
			out = append(out, o.target(t))
		}
	}
	return map[string]any{"Targets": out}, nil
}

func (o *Organization) target(id string) map[string]any {
	for _, a := range o.Accounts {
		if string(a.ID) == id {
			return map[string]any{"TargetId": id, "Arn": o.arn("account", o.ID+"/"+id), "Name": a.Name, "Type": "ACCOUNT"}
		}
	}
	for _, u := range o.Units {
		if u.ID == id {
			return map[string]any{"TargetId": id, "Arn": o.arn("ou", o.ID+"/"+id), "Name": u.Name, "Type": "ORGANIZATIONAL_UNIT"}
		}
	}
	return map[string]any{"TargetId": id, "Arn": o.arn("root", o.ID+"/"+id), "Name": "Root", "Type": "ROOT"}
}

func listAccountTags(o *Organization, c *Call) (any, error) {
	out := []any{}
	for _, a := range o.Accounts {
		if string(a.ID) != c.Text("ResourceId") {
			continue
		}
		for k, v := range a.Tags {
			out = append(out, map[string]any{"Key": k, "Value": v})
		}
	}
	return map[string]any{"Tags": out}, nil
}

func listDelegated(o *Organization, _ *Call) (any, error) {
	out := []any{}
	for _, a := range o.Accounts {
		for _, d := range o.Delegated {
			if a.ID == d {
				out = append(out, o.account(a))
			}
		}
	}
	return map[string]any{"DelegatedAdministrators": out}, nil
}
