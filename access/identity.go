package access

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"merlon.dev/merlon"
)

// Same are identities that seem to be of one person.
type Same struct {
	By         string   `json:"by"` // name, mail or tag
	Value      string   `json:"value"`
	Identities []string `json:"identities"` // ARNs of users; of people of Identity Center their ARN or name
}

// SamePerson finds identities of one person: IAM users and people of Identity
// Center of one name, one mail address, or one value of a tag that names people
// (mail, email, owner, person, employee). Letters count without regard to case.
func (x *Index) SamePerson() []Same {
	by := map[[2]string][]string{}
	add := func(kind, value, who string) {
		if value = strings.ToLower(strings.TrimSpace(value)); value != "" {
			by[[2]string{kind, value}] = appendNew(by[[2]string{kind, value}], who)
		}
	}
	mail := func(kind, value, who string) {
		if strings.Contains(value, "@") {
			add("mail", value, who)
		} else {
			add(kind, value, who)
		}
	}
	for _, p := range x.principals {
		if p.Type != typeUser {
			continue
		}
		mail("name", p.Name, p.ARN)
		for k, v := range p.Tags {
			switch strings.ToLower(k) {
			case "mail", "email", "e-mail", "person", "owner", "employee", "employee-id":
				mail("tag", v, p.ARN)
			}
		}
	}
	for _, p := range x.people {
		who := p.ARN
		if who == "" {
			who = p.Name
		}
		mail("name", p.Name, who)
		add("mail", p.Email, who)
		// An owner's tag may hold what stands before the @.
		mail("tag", p.Name, who)
	}
	var out []Same
	for _, key := range slices.SortedFunc(maps.Keys(by), func(a, b [2]string) int { return strings.Compare(a[0]+"\x00"+a[1], b[0]+"\x00"+b[1]) }) {
		if list := by[key]; len(list) > 1 {
			out = append(out, Same{By: key[0], Value: key[1], Identities: list})
		}
	}
	return out
}

// RoleUse is a resource that acts with a role.
type RoleUse struct {
	Role     string `json:"role"`
	Resource string `json:"resource"`
	Type     string `json:"type"`
	As       string `json:"as"` // the property that names the role
}

// roleProperties are the properties by which resources act with roles; an instance
// profile leads on to its roles.
var roleProperties = []struct{ typ, property string }{
	{"AWS::Lambda::Function", "Role"}, {"AWS::ECS::TaskDefinition", "TaskRoleArn"}, {"AWS::ECS::TaskDefinition", "ExecutionRoleArn"},
	{"AWS::EKS::Cluster", "RoleArn"}, {"AWS::EKS::Nodegroup", "NodeRole"}, {"AWS::CloudTrail::Trail", "CloudWatchLogsRoleArn"},
	{"AWS::EC2::FlowLog", "DeliverLogsPermissionArn"}, {"AWS::Config::ConfigurationRecorder", "RoleARN"}, {"AWS::RDS::DBInstance", "MonitoringRoleArn"},
	{"AWS::Events::Rule", "RoleArn"}, {"AWS::StepFunctions::StateMachine", "RoleArn"}, {"AWS::CodeBuild::Project", "ServiceRole"},
	{"AWS::EC2::Instance", "IamInstanceProfile"}, {"AWS::AutoScaling::LaunchConfiguration", "IamInstanceProfile"},
}

// RoleUses lists which resource acts with which role, by role.
func (x *Index) RoleUses(ctx context.Context) ([]RoleUse, error) {
	profiles := map[string][]string{} // by account/name and ARN
	err := x.snapshot.Each(ctx, "AWS::IAM::InstanceProfile", func(r *merlon.Resource) error {
		var p struct{ Roles []string }
		if err := decode(r, &p, nil); err != nil {
			return err
		}
		profiles[string(r.Account)+"/"+r.Name], profiles[r.Key()] = p.Roles, p.Roles
		return nil
	})
	if err != nil {
		return nil, err
	}
	named := map[string]string{}
	for _, p := range x.principals {
		if p.Type == typeRole {
			named[p.Account+"/"+p.Name] = p.ARN
		}
	}
	var out []RoleUse
	for _, u := range roleProperties {
		err := x.snapshot.Each(ctx, u.typ, func(r *merlon.Resource) error {
			value := strings.Trim(string(at(r.Properties, u.property)), `"`)
			if value == "" || value == "null" {
				return nil
			}
			roles := []string{value}
			if u.property == "IamInstanceProfile" {
				if roles = profiles[value]; roles == nil {
					roles = profiles[string(r.Account)+"/"+value]
				}
				if roles == nil {
					roles = []string{"the role of instance profile " + value}
				}
			}
			for _, role := range roles {
				if arn := named[string(r.Account)+"/"+role]; arn != "" {
					role = arn
				}
				out = append(out, RoleUse{Role: role, Resource: r.Key(), Type: r.Type, As: u.property})
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("roles of %s: %w", u.typ, err)
		}
	}
	slices.SortFunc(out, func(a, b RoleUse) int {
		return strings.Compare(a.Role+"\x00"+a.Resource+"\x00"+a.As, b.Role+"\x00"+b.Resource+"\x00"+b.As)
	})
	return out, nil
}
