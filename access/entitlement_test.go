package access

import (
	"context"
	"slices"
	"strings"
	"testing"

	"merlon.dev/merlon/iam"
	"merlon.dev/merlon/iam/reference"
)

func permissions(t *testing.T, x *Index, name string, f PermissionFilter) string {
	t.Helper()
	list, err := x.Permissions(context.Background(), x.Principal("arn:aws:iam::"+ours+":user/"+name), f)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range list {
		line := p.Action + " " + p.Resource
		if len(p.Except) > 0 {
			line += " but " + strings.Join(p.Except, " ")
		}
		if p.Decision != iam.Allowed {
			line += "?"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestPermissions(t *testing.T) {
	statement := func(effect, action, resource, more string) string {
		return `{"Effect":"` + effect + `","Action":` + action + `,"Resource":"` + resource + `"` + more + `}`
	}
	doc := func(s ...string) string {
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(s, ",") + `]}`
	}
	boundary := thing{typ: typeManagedPolicy, id: "arn:aws:iam::" + ours + ":policy/b", arn: "arn:aws:iam::" + ours + ":policy/b",
		properties: `{"ManagedPolicyName":"b","PolicyDocument":` + doc(statement("Allow", `"s3:Get*"`, "arn:aws:s3:::b/*", "")) + `}`}
	for _, test := range []struct {
		name   string
		things []thing
		filter PermissionFilter
		want   string
	}{
		{"an action takes its own kinds of resources", []thing{user("u", doc(statement("Allow", `["s3:GetObject","s3:ListBucket"]`, "arn:aws:s3:::b/*", "")))}, PermissionFilter{}, "s3:GetObject arn:aws:s3:::b/*"},
		{"everything at once says it once", []thing{user("u", doc(statement("Allow", `"s3:GetObject"`, "*", ""), statement("Allow", `"s3:GetObject"`, "arn:aws:s3:::b/*", "")))}, PermissionFilter{}, "s3:GetObject *"},
		{"a denial takes away", []thing{user("u", doc(statement("Allow", `["s3:GetObject","s3:PutObject"]`, "*", ""), statement("Deny", `"s3:Put*"`, "*", "")))}, PermissionFilter{}, "s3:GetObject *"},
		{"a denial takes a part away", []thing{user("u", doc(statement("Allow", `"s3:GetObject"`, "*", ""), statement("Deny", `"s3:*"`, "arn:aws:s3:::secret/*", "")))}, PermissionFilter{}, "s3:GetObject * but arn:aws:s3:::secret/*"},
		{"a boundary narrows", []thing{boundary, user("u", doc(statement("Allow", `["s3:GetObject","s3:PutObject"]`, "*", "")), `"PermissionsBoundary":"`+boundary.arn+`"`)}, PermissionFilter{}, "s3:GetObject arn:aws:s3:::b/*"},
		{"a condition leaves it open", []thing{user("u", doc(statement("Allow", `"s3:GetObject"`, "*", when("IpAddress", "aws:SourceIp", `"192.0.2.0/24"`))))}, PermissionFilter{}, "s3:GetObject *?"},
		{"of a level", []thing{user("u", doc(statement("Allow", `["sqs:SendMessage","sqs:GetQueueUrl","sqs:AddPermission"]`, "*", "")))}, PermissionFilter{Level: reference.PermissionsManagement}, "sqs:AddPermission *"},
		{"of a service", []thing{user("u", doc(statement("Allow", `["sqs:SendMessage","s3:GetObject"]`, "*", "")))}, PermissionFilter{Service: "sqs"}, "sqs:SendMessage *"},
		{"by a bucket's policy", []thing{user("u", ""), owned, bucketPolicy(get(`{"AWS":"arn:aws:iam::`+ours+`:user/u"}`, ""))}, PermissionFilter{}, "s3:GetObject arn:aws:s3:::b/*"},
		{"none", []thing{user("u", ""), owned}, PermissionFilter{}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := permissions(t, load(t, test.things...), "u", test.filter); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestWhatCan(t *testing.T) {
	x := load(t, user("u", allow("sts:AssumeRole", "*")),
		role("first", trust(`{"AWS":"`+ours+`"}`), allow("sts:AssumeRole", "arn:aws:iam::"+ours+":role/last")),
		role("last", trust(`{"AWS":"arn:aws:iam::`+ours+`:role/first"}`), allow("*", "*")),
		role("closed", trust(`{"Service":"ec2.amazonaws.com"}`), allow("*", "*")))
	list, err := x.WhatCan(context.Background(), x.Principal("arn:aws:iam::"+ours+":user/u"))
	if err != nil {
		t.Fatal(err)
	}
	var who []string
	for _, a := range list {
		who = append(who, a.Principal[strings.LastIndexByte(a.Principal, '/')+1:])
	}
	if strings.Join(who, " ") != "u first last" {
		t.Fatalf("got %v", who)
	}
	if got := len(list[2].Chain); got != 2 {
		t.Errorf("the chain is %v", list[2].Chain)
	}
	i := slices.IndexFunc(list[2].Can, func(c Capability) bool { return c.Service == "s3" && c.Resource == "*" })
	if i < 0 || !list[2].Can[i].All || list[2].Can[i].Count < 150 {
		t.Errorf("an administrator has all of s3: %+v", list[2].Can[max(i, 0)])
	}
	if len(list[0].Can) != 1 || list[0].Can[0].Service != "sts" {
		t.Errorf("got %+v", list[0].Can)
	}
}
