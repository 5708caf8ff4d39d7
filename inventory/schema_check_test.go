package inventory

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
)

func TestCheck(t *testing.T) {
	tests := []struct {
		name, typ, doc string
		want           []string
	}{
		{"a bucket", "AWS::S3::Bucket", `{"name":"b","properties":{"BucketName":"b","Tags":[{"Key":"a","Value":"b"}],"ObjectLockEnabled":true},
			"observed":{"CreationDate":"2026-11-24T10:00:00Z"}}`, nil},
		{"nothing", "AWS::S3::Bucket", `{}`, nil},
		{"what a template must set may be absent", "AWS::S3::BucketPolicy", `{"properties":{}}`, nil},
		{"a property that does not exist", "AWS::S3::Bucket", `{"properties":{"BucketNam":"b","VersioningConfiguration":{"Statuss":"x","Zzzzzzz":1}}}`, []string{
			"/properties/BucketNam: there is no such property; did you mean BucketName?",
			"/properties/VersioningConfiguration/Statuss: there is no such property; did you mean Status?",
			"/properties/VersioningConfiguration/Zzzzzzz: there is no such property"}},
		{"wrong kinds", "AWS::S3::Bucket", `{"properties":{"BucketName":1,"ObjectLockEnabled":"true","Tags":{"a":"b"},"VersioningConfiguration":[],
			"CorsConfiguration":{"CorsRules":[{"MaxAge":"5","AllowedMethods":[null],"AllowedOrigins":[]}]},"OwnershipControls":null}}`, []string{
			"/properties/BucketName: 1 is not of kind string",
			`/properties/CorsConfiguration/CorsRules/0/AllowedMethods/0: null is not of kind string`,
			`/properties/CorsConfiguration/CorsRules/0/MaxAge: "5" is not of kind integer`,
			`/properties/ObjectLockEnabled: "true" is not of kind boolean`,
			"/properties/OwnershipControls: null is not of kind object",
			`/properties/Tags: {"a":"b"} is not of kind list`,
			"/properties/VersioningConfiguration: [] is not of kind object"}},
		{"numbers", "AWS::CloudWatch::Alarm", `{"properties":{"Threshold":0.5,"Period":60.0,"EvaluationPeriods":1.5}}`, []string{
			"/properties/EvaluationPeriods: 1.5 is not of kind integer"}},
		{"anything", "AWS::IAM::Role", `{"properties":{"AssumeRolePolicyDocument":null}}`, nil},
		{"a time", "AWS::S3::Bucket", `{"observed":{"CreationDate":"yesterday","MfaDelete":7}}`, []string{
			`/observed/CreationDate: "yesterday" is not a time in the form of RFC 3339`,
			"/observed/MfaDelete: 7 is not of kind string"}},
		{"a fact that is not declared", "AWS::S3::Bucket", `{"observed":{"Unheard":1,"Acl":{"Owner":{"Unheard":true}}}}`, nil},
		{"our own, nothing there", "Merlon::S3::AccountPublicAccessBlock", `{"properties":{"AccountId":"111122223333","BlockPublicAcls":false,"IgnorePublicAcls":true}}`, []string{
			"/properties/BlockPublicPolicy: is missing",
			"/properties/RestrictPublicBuckets: is missing"}},
		{"a map", "Merlon::KMS::Grant", `{"properties":{"GrantId":"g","KeyId":"k","Constraints":{"EncryptionContextEquals":{"a/b~c":1,"d":"e"}}}}`, []string{
			"/properties/Constraints/EncryptionContextEquals/a~1b~0c: 1 is not of kind string"}},
		{"no objects", "AWS::S3::Bucket", `{"properties":[],"observed":"x"}`, []string{
			"/properties: [] is not of kind object",
			`/observed: "x" is not of kind object`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var doc map[string]any
			if err := json.Unmarshal([]byte(tt.doc), &doc); err != nil {
				t.Fatal(err)
			}
			typ := builtInType(t, tt.typ)
			if d := cmp.Diff(tt.want, problems(typ.Check(doc))); d != "" {
				t.Error(d)
			}
		})
	}
}

func problems(list []Problem) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.String())
	}
	return out
}

func TestCheckResource(t *testing.T) {
	typ := builtInType(t, "Merlon::S3::AccountPublicAccessBlock")
	r := &merlon.Resource{Type: typ.Name, Properties: []byte(`{"AccountId":"111122223333","BlockPublicAcls":true,"IgnorePublicAcls":true,"BlockPublicPolicy":12345678901234567890}`),
		Unknowns: []merlon.Unknown{{Path: "/properties/RestrictPublicBuckets"}}}
	want := []string{"/properties/BlockPublicPolicy: 12345678901234567890 is not of kind boolean"}
	if d := cmp.Diff(want, problems(typ.CheckResource(r))); d != "" {
		t.Error(d)
	}
	// With everything unknown nothing is missed.
	r = &merlon.Resource{Type: typ.Name, Unknowns: []merlon.Unknown{{Path: "/properties"}}}
	if got := typ.CheckResource(r); got != nil {
		t.Errorf("problems %v", got)
	}
	r = &merlon.Resource{Type: typ.Name, Properties: []byte(`{"AccountId":`), Observed: []byte(`{}`)}
	if got := problems(typ.CheckResource(r)); len(got) == 0 || !strings.HasPrefix(got[0], "/properties: not JSON") {
		t.Errorf("problems %v", got)
	}
	if got := typ.CheckResource(&merlon.Resource{Type: "AWS::S3::Bucket"}); len(got) != 1 {
		t.Errorf("a bucket passed for a %s: %v", typ.Name, got)
	}
}

// What an account's owner can make large does not make the answer large.
func TestCheckIsBounded(t *testing.T) {
	m := map[string]any{}
	for i := range 10_000 {
		m[fmt.Sprintf("Wrong%d", i)] = strings.Repeat("é", 1000)
	}
	got := builtInType(t, "AWS::S3::Bucket").Check(map[string]any{"properties": m})
	if len(got) != maxProblems {
		t.Errorf("%d problems, want %d", len(got), maxProblems)
	}
	long := builtInType(t, "AWS::S3::Bucket").Check(map[string]any{"properties": map[string]any{"ObjectLockEnabled": strings.Repeat("é", 1000)}})
	if len(long) != 1 || len(long[0].Message) > 200 {
		t.Errorf("problems %v", long)
	}
}
