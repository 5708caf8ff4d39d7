package access

import (
	"context"
	"strings"
	"testing"

	"merlon.dev/merlon"
	"merlon.dev/merlon/iam"
)

// told is a path as "gain becomes decision: technique > technique".
func told(p *Path) string {
	var ids []string
	for _, h := range p.Hops {
		ids = append(ids, h.Technique)
	}
	return string(p.Gains) + " " + p.Becomes[strings.LastIndexByte(p.Becomes, ':')+1:] + " " + p.Decision.String() + ": " + strings.Join(ids, " > ")
}

func escalates(t *testing.T, x *Index, name string) (string, string) {
	t.Helper()
	paths, unknown, err := x.Escalates(context.Background(), x.Principal("arn:aws:iam::"+ours+":"+name))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for i := range paths {
		out = append(out, told(&paths[i]))
	}
	return strings.Join(out, "\n"), unknown
}

func TestEscalates(t *testing.T) {
	const boundary = "arn:aws:iam::" + ours + ":policy/bound"
	bound := func(document string) thing {
		return thing{typ: typeManagedPolicy, id: boundary, arn: boundary, properties: `{"ManagedPolicyName":"bound","PolicyDocument":` + document + `}`}
	}
	root := trust(`{"AWS":"` + ours + `"}`)
	lambda := trust(`{"Service":"lambda.amazonaws.com"}`)
	mayPass := statements([]string{"iam:PassRole *", "lambda:CreateFunction *", "lambda:InvokeFunction *"})
	tests := []struct {
		name   string
		things []thing
		want   string
	}{
		{"an administrator has nothing to gain", []thing{user("start", allow("*", "*")), role("r", root, allow("*", "*"))}, ""},
		{"a chain of three", []thing{user("start", allow("sts:AssumeRole", "*")), role("one", root, mayPass), role("two", lambda, allow("iam:PutRolePolicy", "*"))},
			"administrator role/two Allowed: sts-001 > lambda-001 > iam-005\nprincipal role/one Allowed: sts-001\nprincipal role/two Allowed: sts-001 > lambda-001"},
		{"a role with no more is no gain", []thing{user("start", allow("*", "arn:aws:s3:::b/*"), `"Groups":[]`), role("r", trust(`{"AWS":"arn:aws:iam::`+ours+`:user/start"}`), allow("s3:GetObject", "arn:aws:s3:::b/k"))}, ""},
		{"a boundary leaves what it allows", []thing{user("start", statements([]string{"iam:PutUserPolicy *", "s3:GetObject *"}), `"PermissionsBoundary":"`+boundary+`"`), bound(statements([]string{"iam:PutUserPolicy *", "s3:* *"}))},
			"permissions user/start Allowed: iam-007"},
		{"a boundary that can be taken off", []thing{user("start", statements([]string{"iam:PutUserPolicy *", "iam:DeleteUserPermissionsBoundary *"}), `"PermissionsBoundary":"`+boundary+`"`), bound(allow("iam:*", "*"))},
			"administrator user/start Allowed: iam-007 > merlon-boundary-001\npermissions user/start Allowed: iam-007"},
		{"a condition that depends", []thing{user("start", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:PutUserPolicy","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}]}`)},
			"administrator user/start Unknown: iam-007"},
		{"a role of the kind AWS protects", []thing{user("start", allow("iam:UpdateAssumeRolePolicy", "*")),
			{typ: typeRole, id: "AWSReservedSSO_Admin_0", arn: "arn:aws:iam::" + ours + ":role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0",
				properties: `{"RoleName":"AWSReservedSSO_Admin_0","Path":"/aws-reserved/sso.amazonaws.com/","AssumeRolePolicyDocument":` + lambda + `,"ManagedPolicyArns":["arn:aws:iam::aws:policy/AdministratorAccess"]}`}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x := load(t, append(test.things, thing{typ: typeAccessKey}, thing{typ: typeInstanceProfile})...)
			got, _ := escalates(t, x, "user/start")
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if again, _ := escalates(t, x, "user/start"); again != got {
				t.Errorf("the second time:\n%s", again)
			}
		})
	}
}

// TestEscalatesUnread: what was not read makes an answer unknown, and says so.
func TestEscalatesUnread(t *testing.T) {
	lambda := trust(`{"Service":"lambda.amazonaws.com"}`)
	x := load(t, user("start", allow("lambda:UpdateFunctionCode", "*")), role("target", lambda, allow("*", "*")), role("other", trust(`{"Service":"ec2.amazonaws.com"}`), allow("*", "*")))
	got, _ := escalates(t, x, "user/start")
	if want := "administrator role/target Unknown: lambda-003"; got != want {
		t.Errorf("functions were not read: got\n%s\nwant\n%s", got, want)
	}
	start := user("start", "")
	start.unknowns = []merlon.Unknown{{Path: "/properties/Policies", Reason: "iam:GetUserPolicy was denied"}}
	x = load(t, start, role("target", lambda, allow("*", "*")))
	got, unknown := escalates(t, x, "user/start")
	if got != "" || !strings.Contains(unknown, "iam:GetUserPolicy was denied") {
		t.Errorf("policies were not read: got %q, unknown %q", got, unknown)
	}
}

func TestAdmins(t *testing.T) {
	root := trust(`{"AWS":"` + ours + `"}`)
	x := load(t, user("direct", allow("*", "*")), user("power", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*","organizations:*"],"Resource":"*"}]}`),
		user("chained", allow("sts:AssumeRole", "arn:aws:iam::"+ours+":role/boss")), user("climber", allow("iam:AttachUserPolicy", "*")), user("reader", allow("s3:Get*", "*")),
		role("boss", trust(`{"AWS":["`+ours+`","999988887777"]}`), allow("*", "*")), role("idle", root, allow("s3:*", "*")), thing{typ: typeAccessKey})
	list, _, err := x.Admins(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range list {
		if a.Account == ours {
			got = append(got, string(a.Way)+" "+a.Principal[strings.LastIndexByte(a.Principal, ':')+1:]+" "+a.Decision.String())
		}
	}
	want := "root user root Allowed\nitself role/boss Allowed\nitself user/direct Allowed\nroles 999988887777 Allowed\nroles user/chained Allowed\nroles user/power Allowed\nescalation user/climber Allowed"
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	// An SCP that keeps IAM from everyone leaves no administrator but in name.
	x.accounts[ours].SCPs = [][]*iam.Policy{{policyOf(t, escalationAdmin), policyOf(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}`)}}
	if is, _ := x.Administrator(x.Principal("arn:aws:iam::" + ours + ":user/direct")); is != iam.No {
		t.Errorf("without IAM: %v", is)
	}
}

// TestCatalogueErrors: a mistake in an entry is found when it is read.
func TestCatalogueErrors(t *testing.T) {
	const entry = "techniques:\n- {id: a, name: n, group: g, target: self, gains: policies, steps: [{action: 'iam:X', on: '{user}'}]}\n"
	if _, err := parseCatalogue([]byte(entry)); err != nil {
		t.Fatal(err)
	}
	for old, text := range map[string]string{
		"{user}": "{function}", "target: self": "target: moon", "gains: policies": "gains: gold", "iam:X": "iamX", "name: n": "nome: n",
		"target: self,": "target: passed,", "\n- {": "\n- {id: a, name: n, group: g, target: self, gains: policies, steps: [{action: 'iam:X', on: '*'}]}\n- {",
	} {
		if _, err := parseCatalogue([]byte(strings.Replace(entry, old, text, 1))); err == nil {
			t.Errorf("%q for %q is accepted", text, old)
		}
	}
}
