package iac

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

func TestFold(t *testing.T) {
	l := load(t, Options{}, `
Parameters:
  Open: {Type: String}
  Other: {Type: String, Default: sg-other}
Conditions:
  Maybe: !Equals [!Ref Open, x]
Resources:
  Web: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: web, VpcId: vpc-1, SecurityGroupIngress: [{IpProtocol: 6, FromPort: "443", ToPort: 443, CidrIp: 0.0.0.0/0}]}}
  In: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: !GetAtt Web.GroupId, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 10.0.0.0/8}}
  ByRef: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: !Ref Web, IpProtocol: -1, FromPort: 0, ToPort: 1, SourceSecurityGroupId: !Ref Web}}
  MaybeIn: {Type: AWS::EC2::SecurityGroupIngress, Condition: Maybe, Properties: {GroupId: !Ref Web, IpProtocol: tcp, FromPort: 1, ToPort: 1, CidrIp: 10.0.0.0/8}}
  Out: {Type: AWS::EC2::SecurityGroupEgress, Properties: {GroupId: !Ref Web, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8}}
  Foreign: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: !Ref Other, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}}
  Either: {Type: AWS::EC2::SecurityGroupIngress, Properties: {GroupId: !If [Maybe, !Ref Db, !Ref Other], IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}}
  Db: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: db, VpcId: vpc-1}}
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: app, AssumeRolePolicyDocument: {}, ManagedPolicyArns: [a]}}
  User: {Type: AWS::IAM::User, Properties: {UserName: joe}}
  Group: {Type: AWS::IAM::Group}
  Policy: {Type: AWS::IAM::Policy, Properties: {PolicyName: p, PolicyDocument: {x: 1}, Roles: [!Ref Role, elsewhere], Groups: [!Ref Group]}}
  Inline: {Type: AWS::IAM::RolePolicy, Properties: {PolicyName: q, PolicyDocument: {y: 1}, RoleName: !Ref Role}}
  Managed: {Type: AWS::IAM::ManagedPolicy, Properties: {ManagedPolicyName: m, Path: /team/, PolicyDocument: {z: 1}, Roles: [app], Users: [!Ref User]}}
  Member: {Type: AWS::IAM::UserToGroupAddition, Properties: {GroupName: !Ref Group, Users: [!Ref User]}}
`)
	managed := "arn:aws:iam::000000000000:policy/team/m"
	type m = map[string]any
	for _, c := range []struct {
		typ, id, property string
		want              any
	}{
		{"AWS::EC2::SecurityGroup", "sg-demo-Web", "SecurityGroupIngress", []any{
			m{"IpProtocol": "tcp", "FromPort": 443.0, "ToPort": 443.0, "CidrIp": "0.0.0.0/0"},
			m{"IpProtocol": "tcp", "FromPort": 22.0, "ToPort": 22.0, "CidrIp": "10.0.0.0/8"},
			m{"IpProtocol": "-1", "SourceSecurityGroupId": "sg-demo-Web"},
			nil}},
		{"AWS::EC2::SecurityGroup", "sg-demo-Web", "SecurityGroupEgress", []any{m{"IpProtocol": "tcp", "FromPort": 443.0, "ToPort": 443.0, "CidrIp": "10.0.0.0/8"}}},
		{"AWS::EC2::SecurityGroup", "sg-demo-Db", "SecurityGroupEgress", []any{m{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}}},
		{"AWS::EC2::SecurityGroup", "sg-demo-Db", "SecurityGroupIngress", []any{nil}},
		{"AWS::EC2::SecurityGroupIngress", "sgr-demo-Foreign", "GroupId", "sg-other"},
		{"AWS::IAM::Role", "app", "Policies", []any{m{"PolicyName": "p", "PolicyDocument": m{"x": 1.0}}, m{"PolicyName": "q", "PolicyDocument": m{"y": 1.0}}}},
		{"AWS::IAM::Role", "app", "ManagedPolicyArns", []any{"a", managed}},
		{"AWS::IAM::User", "joe", "ManagedPolicyArns", []any{managed}},
		{"AWS::IAM::User", "joe", "Groups", []any{"demo-Group"}},
		{"AWS::IAM::Group", "demo-Group", "Policies", []any{m{"PolicyName": "p", "PolicyDocument": m{"x": 1.0}}}},
		{"AWS::IAM::Policy", "demo-Policy", "Roles", []any{"elsewhere"}},
		{"AWS::IAM::ManagedPolicy", managed, "Roles", nil},
	} {
		if d := cmp.Diff(c.want, properties(t, l.one(t, c.typ, c.id))[c.property]); d != "" {
			t.Errorf("%s %s: %s", c.id, c.property, d)
		}
	}
	web := l.one(t, "AWS::EC2::SecurityGroup", "sg-demo-Web")
	if !unknownAt(web, "/properties/SecurityGroupIngress/3") || unknownAt(web, "/properties/SecurityGroupIngress/2") {
		t.Errorf("a rule under a condition is unknown, the others are not: %v", web.Unknowns)
	}
	if !unknownAt(l.one(t, "AWS::EC2::SecurityGroup", "sg-demo-Db"), "/properties/SecurityGroupIngress/0") {
		t.Error("a rule that may be the group's makes an element unknown")
	}
	for _, typ := range []string{"AWS::EC2::SecurityGroupEgress", "AWS::IAM::RolePolicy", "AWS::IAM::UserToGroupAddition"} {
		if err := l.snapshot.Each(t.Context(), typ, func(r *merlon.Resource) error { t.Errorf("%s %s was not folded", typ, r.ID); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	// The lines that a report shows are those of the attachments.
	if !slices.ContainsFunc(web.Calls, func(r merlon.Read) bool {
		return slices.Equal(r.Properties, []string{"properties.SecurityGroupIngress"}) && r.Call[len(r.Call)-3:] == ":10"
	}) {
		t.Errorf("no line of the folded rule: %v", web.Calls)
	}
}

// TestPerhaps: what is under an undecided condition is there and says so, and
// what relates to it is unknown.
func TestPerhaps(t *testing.T) {
	l := load(t, Options{}, `
Parameters: {Env: {Type: String}}
Conditions: {Prod: !Equals [!Ref Env, prod], Never: !Equals [a, b]}
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: b}}
  Policy: {Type: AWS::S3::BucketPolicy, Condition: Prod, Properties: {Bucket: !Ref Bucket, PolicyDocument: {}}}
  Gone: {Type: AWS::S3::Bucket, Condition: Never}
`)
	if r := l.one(t, "AWS::S3::BucketPolicy", "b"); r.Perhaps == "" {
		t.Error("a policy under an undecided condition may not be there")
	}
	var from inventory.Subject
	err := l.snapshot.Documents(t.Context(), "AWS::S3::Bucket", func(d *inventory.Document) error {
		r, err := d.Resource()
		if err != nil || r.ID != "b" {
			t.Errorf("%s %v", r.ID, err)
		}
		from = inventory.Subject{Row: d.Row, Type: r.Type, ID: r.ID, ARN: r.ARN, Account: r.Account, Region: r.Region}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	unknowns, err := l.snapshot.Related(t.Context(), from, "policy", func(d *inventory.Document) error {
		t.Errorf("the relation has %s", d.JSON)
		return nil
	})
	if err != nil || len(unknowns) != 1 {
		t.Errorf("unknown %v, error %v", unknowns, err)
	}
}
