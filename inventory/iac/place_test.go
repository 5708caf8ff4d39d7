package iac

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
)

// TestPlaces: JSON and YAML give the same resources, and each says its lines.
func TestPlaces(t *testing.T) {
	dir := t.TempDir()
	yaml := `Resources:
  Logs:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub "logs-${AWS::AccountId}"
      VersioningConfiguration:
        Status: Enabled
      Tags:
        - {Key: a, Value: !Ref Logs}
`
	json := `{
  "Resources": {
    "Logs": {
      "Type": "AWS::S3::Bucket",
      "Properties": {
        "BucketName": {"Fn::Sub": "logs-${AWS::AccountId}"},
        "VersioningConfiguration": {
	"Status": "Enabled"},
        "Tags": [{"Key": "a", "Value": {"Ref": "Logs"}}]}}}}`
	var docs []*merlon.Resource
	for name, text := range map[string]string{"t.yaml": yaml, "t.json": json} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"t.yaml", "t.json"} {
		path := filepath.Join(dir, name)
		l, err := loadPaths(t, Options{}, path)
		if err != nil {
			t.Fatal(err)
		}
		r := l.one(t, "AWS::S3::Bucket", "logs-000000000000")
		lines := map[string][3]string{"t.yaml": {"2", "5", "6"}, "t.json": {"3", "6", "7"}}[name]
		want := []merlon.Read{
			{Call: "template:" + path + ":" + lines[0]},
			{Call: "template:" + path + ":" + lines[1], Properties: []string{"properties.BucketName"}},
			{Call: "template:" + path + ":" + lines[2], Properties: []string{"properties.VersioningConfiguration"}}}
		if d := cmp.Diff(want, r.Calls[:3]); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		r.Calls = nil
		docs = append(docs, r)
	}
	if d := cmp.Diff(docs[0], docs[1]); d != "" {
		t.Error(d)
	}
}

// TestShapes: values get the kinds of the schema as CloudFormation gives them,
// and what does not fit is unknown and noted with its line.
func TestShapes(t *testing.T) {
	l := load(t, Options{}, `Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: 42
      VisibilityTimeout: "30"
      DelaySeconds: 1.0
      FifoQueue: "TRUE"
      ContentBasedDeduplication: maybe
      MessageRetentionPeriod: [1]
      KmsMasterKeyID: alias/a
      RedrivePolicy: '{"maxReceiveCount": 3}'
      Arn: x
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: yes
      SecurityGroupIngress: {IpProtocol: tcp}
      SecurityGroupEgress: []
`)
	queue := l.one(t, "AWS::SQS::Queue", "https://sqs.us-east-1.amazonaws.com/000000000000/42")
	p := properties(t, queue)
	want := map[string]any{"QueueName": "42", "VisibilityTimeout": 30.0, "DelaySeconds": 1.0, "FifoQueue": true,
		"RedrivePolicy": map[string]any{"maxReceiveCount": 3.0}, "SqsManagedSseEnabled": true, "MaximumMessageSize": 1048576.0, "ReceiveMessageWaitTimeSeconds": 0.0,
		"QueueUrl": queue.ID}
	if d := cmp.Diff(want, p); d != "" {
		t.Error(d)
	}
	group := l.one(t, "AWS::EC2::SecurityGroup", "sg-demo-Group")
	if got := properties(t, group)["GroupDescription"]; got != "true" {
		t.Errorf("yes as text is %v", got)
	}
	for path, r := range map[string]*merlon.Resource{"/properties/ContentBasedDeduplication": queue, "/properties/MessageRetentionPeriod": queue,
		"/properties/SecurityGroupIngress": group} {
		if !unknownAt(r, path) {
			t.Errorf("%s is not unknown", path)
		}
	}
	var notes []string
	for _, n := range l.Notes {
		notes = append(notes, n.String()[len(filepath.Dir(n.File))+1:])
	}
	wantNotes := []string{
		`demo.yaml:9:34: ContentBasedDeduplication is text where true or false is wanted`,
		`demo.yaml:10:31: MessageRetentionPeriod is a list where a whole number is wanted`,
		`demo.yaml:11:23: there is no property AWS::SQS::Queue."KmsMasterKeyID"; did you mean KmsMasterKeyId?`,
		`demo.yaml:13:12: Arn of AWS::SQS::Queue cannot be set`,
		`demo.yaml:18:29: SecurityGroupIngress is an object where a list is wanted`,
	}
	if d := cmp.Diff(wantNotes, notes); d != "" {
		t.Error(d)
	}
}
