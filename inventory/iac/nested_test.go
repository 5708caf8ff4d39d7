package iac

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
)

func TestFolder(t *testing.T) {
	l, err := loadPaths(t, Options{}, "testdata/stacks")
	if err != nil {
		t.Fatal(err)
	}
	if l.Skipped != 1 || l.Templates != 5 {
		t.Errorf("%d templates, %d other files", l.Templates, l.Skipped)
	}
	var vpcs []string
	err = l.snapshot.Each(t.Context(), "AWS::EC2::VPC", func(r *merlon.Resource) error {
		vpcs = append(vpcs, r.ID+" "+properties(t, r)["CidrBlock"].(string)+" "+r.Perhaps)
		if !strings.HasPrefix(r.Calls[0].Call, "template:testdata/stacks/network/vpc.yaml:") {
			t.Errorf("%s is said to stand at %s", r.ID, r.Calls[0].Call)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// The nested template is not judged a second time by itself.
	want := []string{"vpc-main-Network-Vpc 10.1.0.0/16 ",
		"vpc-main-Perhaps-Vpc 10.2.0.0/16 the condition Maybe cannot be decided: the parameter Open has no default and no value was given"}
	if d := cmp.Diff(want, vpcs); d != "" {
		t.Error(d)
	}
	web := l.one(t, "AWS::EC2::SecurityGroup", "sg-main-Web")
	p := properties(t, web)
	if p["VpcId"] != "vpc-main-Network-Vpc" || p["GroupDescription"] != "b" {
		t.Errorf("outputs: %v", p)
	}
	for path, want := range map[string]bool{"0": false, "1": true, "2": true} {
		if got := unknownAt(web, "/properties/SecurityGroupIngress/"+path+"/CidrIp"); got != want {
			t.Errorf("rule %s unknown: %v", path, got)
		}
	}
	var reasons []string
	for _, g := range l.gaps {
		reasons = append(reasons, string(g.Cause)+" "+g.Message)
	}
	for _, want := range []string{
		`Unsupported its template is not beside this one: "https://s3.amazonaws.com/b/t.yaml"`,
		`Unsupported its template "../../cloudformation.go" cannot be read: there is no such file in the folder`,
		`Unsupported its template "nothing.yaml" cannot be read: there is no such file in the folder`,
		`Unsupported the template nests itself`,
		`Malformed read template testdata/stacks/broken.yaml:3:3: not a CloudFormation template that can be read: "A" is set a second time, first in line 2`,
	} {
		if !slices.Contains(reasons, want) {
			t.Errorf("no gap %q", want)
		}
	}
	if len(reasons) != 5 {
		t.Errorf("gaps: %q", reasons)
	}

	app := properties(t, l.one(t, "AWS::S3::Bucket", "app"))
	if d := cmp.Diff(map[string]any{"DestinationBucketName": "central-logs"}, app["LoggingConfiguration"]); d != "" {
		t.Error(d)
	}
	// A stack's name is not known: nothing is exported under a name made of it.
	if !unknownAt(l.one(t, "AWS::S3::Bucket", "other"), "/properties/LoggingConfiguration/DestinationBucketName") {
		t.Error("an import under a stack's made-up name is known")
	}
}

// TestNestedOutputs: outputs that lead in a circle end.
func TestNestedOutputs(t *testing.T) {
	l, err := loadPaths(t, Options{}, "testdata/circle/main.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !unknownAt(l.one(t, "AWS::S3::Bucket", "main-Bucket"), "/properties/AccessControl") {
		t.Error("a value that depends on itself is known")
	}
}
