package access

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestCredentials(t *testing.T) {
	now := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	entry := func(name, values string) thing {
		return thing{typ: typeReportEntry, id: name, properties: `{"User":"` + name + `","Arn":"arn:aws:iam::` + ours + `:user/` + name + `","IsRoot":false` + values + `}`}
	}
	const off = `,"MfaActive":true,"AccessKey1Active":false,"AccessKey2Active":false`
	used := role("used", trust(`"*"`), "")
	used.observed = `{"CreateDate":"2020-01-01T00:00:00Z","RoleLastUsed":{"LastUsedDate":"2026-11-19T00:00:00Z"},"ServicesLastAccessed":[{"ServiceNamespace":"s3","LastAuthenticated":"2026-11-19T00:00:00Z"},{"ServiceNamespace":"sqs"}]}`
	idle := role("idle", trust(`"*"`), "")
	idle.observed = `{"CreateDate":"2020-01-01T00:00:00Z","RoleLastUsed":{}}`
	unread := role("unread", trust(`"*"`), "")
	x := load(t, used, idle, unread, user("alice", "", `"Groups":["full"]`),
		entry("alice", `,"PasswordEnabled":true,"PasswordLastChanged":"2026-01-01T00:00:00Z","PasswordLastUsed":"2026-11-19T00:00:00Z"`+strings.Replace(off, "true", "false", 1)),
		entry("bob", `,"PasswordEnabled":true,"PasswordLastChanged":"2026-01-01T00:00:00Z"`+off),
		entry("carol", `,"PasswordEnabled":false,"MfaActive":false,"AccessKey1Active":true,"AccessKey1LastRotated":"2026-01-01T00:00:00Z","AccessKey1LastUsedDate":"2026-11-19T00:00:00Z","AccessKey2Active":true,"AccessKey2LastRotated":"2026-01-01T00:00:00Z"`),
		entry("dave", ""),
		thing{typ: typeGroup, id: "full", arn: "arn:aws:iam::" + ours + ":group/full", properties: `{"GroupName":"full"}`},
		thing{typ: typeGroup, id: "empty", arn: "arn:aws:iam::" + ours + ":group/empty", properties: `{"GroupName":"empty"}`},
		thing{typ: typeManagedPolicy, id: "arn:aws:iam::" + ours + ":policy/loose", arn: "arn:aws:iam::" + ours + ":policy/loose", properties: `{"ManagedPolicyName":"loose","PolicyDocument":` + allow("s3:*", "*") + `}`})
	list, err := x.Credentials(context.Background(), now, 90*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range list {
		do, _, _ := strings.Cut(c.Do, ":")
		got = append(got, fmt.Sprintf("%s|%s|%d|%t|%s|%t", c.Owner[strings.LastIndexByte(c.Owner, ':')+1:], c.Kind, c.UnusedDays, c.Unused, do, c.Unknown != ""))
	}
	want := `group/empty|group|-1|true|delete the group|false
group/full|group|-1|false||false
policy/loose|policy|-1|true|delete the policy|false
role/idle|role|2515|true|delete the role, or keep it with a reason|false
role/unread|role|-1|false||true
role/used|role|1|false||false
role/used|service permission|-1|true|take away 1 of 2 services|false
user/alice|MFA|-1|false|there is none|false
user/alice|password|1|false||false
user/bob|password|323|true|remove the password|false
user/carol|access key 1|1|false|replace it, best by a role|false
user/carol|access key 2|323|true|delete it|false
user/dave|password, keys, MFA|-1|false|read the credential report again|true`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

func TestSamePersonAndRoleUses(t *testing.T) {
	alice := user("alice", "")
	alice.tags = map[string]string{"Email": "Alice@acme.example"}
	bob := user("bob", "")
	x := load(t, alice, bob, role("app", trust(`{"Service":"lambda.amazonaws.com"}`), ""),
		thing{typ: typeStoreUser, id: "u-1", arn: "arn:aws:identitystore:::user/u-1", properties: `{"UserId":"u-1","UserName":"alice.adams","IdentityStoreId":"d-1","DisplayName":"A","Emails":[{"Value":"alice@acme.example","Primary":true}]}`},
		thing{typ: "AWS::Lambda::Function", id: "f", arn: "arn:aws:lambda:us-east-1:" + ours + ":function:f", properties: `{"FunctionName":"f","Role":"arn:aws:iam::` + ours + `:role/app"}`},
		thing{typ: "AWS::IAM::InstanceProfile", id: "ip", arn: "arn:aws:iam::" + ours + ":instance-profile/ip", properties: `{"InstanceProfileName":"ip","Roles":["app"]}`},
		thing{typ: "AWS::EC2::Instance", id: "i-1", arn: "arn:aws:ec2:us-east-1:" + ours + ":instance/i-1", properties: `{"InstanceId":"i-1","IamInstanceProfile":"ip"}`})
	same := x.SamePerson()
	if len(same) != 1 || same[0].By != "mail" || same[0].Value != "alice@acme.example" || len(same[0].Identities) != 2 {
		t.Errorf("got %+v", same)
	}
	uses, err := x.RoleUses(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(uses) != 2 || uses[0].Role != uses[1].Role || !strings.HasSuffix(uses[0].Role, ":role/app") {
		t.Errorf("got %+v", uses)
	}
}
