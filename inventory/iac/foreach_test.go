package iac

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
)

// TestForEach: resources, properties and members of objects in loops.
func TestForEach(t *testing.T) {
	l := load(t, Options{}, `
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: "a-1,b"}
  Open: {Type: CommaDelimitedList}
Resources:
  Fn::ForEach::Buckets:
    - Name
    - !Ref Names
    - Bucket&{Name}:
        Type: AWS::S3::Bucket
        Properties:
          BucketName: !Sub "logs-${Name}"
          Fn::ForEach::Settings: [Setting, [AccessControl], {"${Setting}": Private}]
          Tags: [{Key: name, Value: !Ref Name}]
      Fn::ForEach::Topics:
        - Kind
        - [x, y]
        - Topic&{Name}${Kind}: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub "${Name}-${Kind}"}}
  Fn::ForEach::Unknown: [Name, !Ref Open, {"Queue${Name}": {Type: AWS::SQS::Queue}}]
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Fn::ForEach::Members: [M, [p, q], {"k${M}": !Ref M}]
        Fn::ForEach::Open: [M, !Ref Open, {"k${M}": !Ref M}]
`)
	bucket := l.one(t, "AWS::S3::Bucket", "logs-a-1")
	if properties(t, bucket)["AccessControl"] != "Private" || bucket.Tags["name"] != "a-1" {
		t.Errorf("%s %v", bucket.Properties, bucket.Tags)
	}
	l.one(t, "AWS::S3::Bucket", "logs-b")
	l.one(t, "AWS::SNS::Topic", "arn:aws:sns:us-east-1:000000000000:a-1-x")
	var topics []string
	err := l.snapshot.Each(t.Context(), "AWS::SNS::Topic", func(r *merlon.Resource) error { topics = append(topics, r.Name); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a-1-x", "a-1-y", "b-x", "b-y"}, topics); d != "" {
		t.Error(d)
	}
	// What goes over an open list adds resources that nobody knows.
	if len(l.gaps) != 1 || l.gaps[0].Code != "Fn::ForEach::Unknown" {
		t.Errorf("gaps %+v", l.gaps)
	}
	policy := l.one(t, "AWS::IAM::ManagedPolicy", "arn:aws:iam::000000000000:policy/demo-Policy")
	if !unknownAt(policy, "/properties/PolicyDocument") {
		t.Errorf("a loop over an open list within a document: %s", policy.Properties)
	}
}
