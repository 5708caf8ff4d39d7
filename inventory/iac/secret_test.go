package iac

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
)

func TestSecrets(t *testing.T) {
	l := load(t, Options{}, `
Parameters:
  Password: {Type: String, NoEcho: "true", Default: hunter2-a}
Resources:
  Hard: {Type: AWS::RDS::DBInstance, Properties: {DBInstanceIdentifier: hard, MasterUsername: root, MasterUserPassword: hunter2-b}}
  Asked: {Type: AWS::RDS::DBInstance, Properties: {DBInstanceIdentifier: asked, MasterUserPassword: !Ref Password}}
  Joined: {Type: AWS::RDS::DBInstance, Properties: {DBInstanceIdentifier: joined, MasterUsername: !Sub "x${Password}"}}
  Function: {Type: AWS::Lambda::Function, Properties: {FunctionName: f, Role: r, Code: {S3Bucket: b}, Environment: {Variables: {TOKEN: hunter2-c, OTHER: !Ref Password}}}}
  Task: {Type: AWS::ECS::TaskDefinition, Properties: {Family: t, ContainerDefinitions: [{Name: c, Image: i, Environment: [{Name: TOKEN, Value: hunter2-d}]}]}}
  Project:
    Type: AWS::CodeBuild::Project
    Properties:
      Name: p
      Environment:
        Image: i
        EnvironmentVariables: [{Name: TOKEN, Value: hunter2-e}, {Name: KEPT, Type: PARAMETER_STORE, Value: /a}]
  Parameter: {Type: AWS::SSM::Parameter, Properties: {Name: n, Type: String, Value: hunter2-f}}
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: s, SecretString: hunter2-g}}
  User: {Type: AWS::IAM::User, Properties: {UserName: u, LoginProfile: {Password: hunter2-h, PasswordResetRequired: true}}}
  Instance: {Type: AWS::EC2::Instance, Properties: {UserData: !Base64 hunter2-i}}
`)
	data, err := os.ReadFile(l.snapshot.Path())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "aHVudGVyMi1p"} {
		if strings.Contains(string(data), secret) {
			t.Errorf("the snapshot holds %s", secret)
		}
	}
	type m = map[string]any
	for _, c := range []struct {
		typ, id, property string
		want              any
		unknown           string
	}{
		{typ: "AWS::RDS::DBInstance", id: "hard", property: "MasterUserPassword", want: "REDACTED"},
		{typ: "AWS::RDS::DBInstance", id: "hard", property: "MasterUsername", want: "root"},
		{typ: "AWS::RDS::DBInstance", id: "asked", property: "MasterUserPassword", unknown: "/properties/MasterUserPassword"},
		{typ: "AWS::RDS::DBInstance", id: "joined", property: "MasterUsername", unknown: "/properties/MasterUsername"},
		{typ: "AWS::Lambda::Function", id: "f", property: "Environment", want: m{"Variables": m{"TOKEN": "REDACTED"}}, unknown: "/properties/Environment/Variables/OTHER"},
		{typ: "AWS::CodeBuild::Project", id: "p", property: "Environment", want: m{"Image": "i", "EnvironmentVariables": []any{
			m{"Name": "TOKEN", "Value": "REDACTED"}, m{"Name": "KEPT", "Type": "PARAMETER_STORE", "Value": "/a"}}}},
		{typ: "AWS::IAM::User", id: "u", property: "LoginProfile", want: m{"Password": "REDACTED", "PasswordResetRequired": true}},
		{typ: "AWS::SSM::Parameter", id: "n", property: "Type", want: "String"},
	} {
		r := l.one(t, c.typ, c.id)
		if d := cmp.Diff(c.want, properties(t, r)[c.property]); d != "" {
			t.Errorf("%s: %s", c.id, d)
		}
		if c.unknown != "" && !unknownAt(r, c.unknown) {
			t.Errorf("%s: %s is not unknown", c.id, c.unknown)
		}
	}
	err = l.snapshot.Each(t.Context(), "AWS::ECS::TaskDefinition", func(r *merlon.Resource) error {
		if !strings.Contains(string(r.Properties), `"Environment":[{"Name":"TOKEN","Value":"REDACTED"}]`) {
			t.Errorf("%s", r.Properties)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
