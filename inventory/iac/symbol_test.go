package iac

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// TestSymbols: what is named by the same unknown text is the same thing, and
// nothing else is known of the text.
func TestSymbols(t *testing.T) {
	l := load(t, Options{}, `
Parameters:
  App: {Type: String}
  Other: {Type: String}
  Secret: {Type: String, NoEcho: true}
Conditions: {Named: !Equals [!Ref App, x]}
Resources:
  Logs: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "${App}-logs-${AWS::AccountId}", Tags: [{Key: app, Value: !Ref App}]}}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Join ["-", [!Ref App, logs, !Ref "AWS::AccountId"]]
      PolicyDocument:
        same: !Sub "arn:aws:s3:::${App}-logs-${AWS::AccountId}/*"
        longer: !Sub "arn:aws:s3:::${App}-logs-${AWS::AccountId}-2/*"
        other: !Sub "arn:aws:s3:::${Other}-logs-${AWS::AccountId}/*"
        name: !Sub "${App}-logs-${AWS::AccountId}"
        part: !Select [0, !Split ["-", !Ref App]]
        chosen: !If [Named, !Ref App, a]
        literal: "\0demo/App\0"
  Stray: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref Other, PolicyDocument: {}}}
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: !Ref App, AssumeRolePolicyDocument: {}}}
  Inline: {Type: AWS::IAM::RolePolicy, Properties: {RoleName: !Ref App, PolicyName: p, PolicyDocument: {}}}
  Hidden: {Type: AWS::IAM::User, Properties: {UserName: !Ref Secret}}
`)
	bucket := l.one(t, "AWS::S3::Bucket", "demo-Logs")
	if !unknownAt(bucket, "/properties/BucketName") || !unknownAt(bucket, "/tags/app") {
		t.Errorf("the name and the tag are not known: %v", bucket.Unknowns)
	}
	policy := l.one(t, "AWS::S3::BucketPolicy", "demo-Logs")
	doc, _ := properties(t, policy)["PolicyDocument"].(map[string]any)
	want := map[string]any{"same": "arn:aws:s3:::demo-Logs/*", "literal": `"\x00demo/App\x00"`}
	if d := cmp.Diff(want, doc); d != "" {
		t.Error(d)
	}
	for _, name := range []string{"longer", "other", "name", "part", "chosen"} {
		if !unknownAt(policy, "/properties/PolicyDocument/"+name) {
			t.Errorf("%s is known", name)
		}
	}
	if n := len(properties(t, l.one(t, "AWS::IAM::Role", "demo-Role"))["Policies"].([]any)); n != 1 {
		t.Errorf("%d policies were folded", n)
	}
	// The policy of the other parameter's bucket may be any bucket's.
	err := l.snapshot.Documents(t.Context(), "AWS::S3::Bucket", func(d *inventory.Document) error {
		from := inventory.Subject{Row: d.Row, Type: "AWS::S3::Bucket", ID: bucket.ID, ARN: bucket.ARN, Account: bucket.Account, Region: bucket.Region}
		found := 0
		unknowns, err := l.snapshot.Related(t.Context(), from, "policy", func(*inventory.Document) error { found++; return nil })
		if found != 1 || len(unknowns) != 1 {
			t.Errorf("%d policies, unknown %v", found, unknowns)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, typ := range []string{"AWS::S3::Bucket", "AWS::S3::BucketPolicy", "AWS::IAM::Role", "AWS::IAM::User"} {
		err := l.snapshot.Each(t.Context(), typ, func(r *merlon.Resource) error {
			if strings.Contains(r.ID+string(r.ARN)+r.Name, "\x00") {
				t.Errorf("a symbol in %q %q %q", r.ID, r.ARN, r.Name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
