package awscli

import (
	"strings"
	"testing"

	"merlon.dev/merlon"
)

// TestDemo replays the demo account of CloudMapper: what is there is found, and
// what is not there is a gap.
func TestDemo(t *testing.T) {
	s := replay(t, "testdata/cloudmapper")
	for _, want := range []struct {
		typ string
		ids []string
	}{
		{"Merlon::Account::Account", []string{"123456789012"}},
		{"Merlon::Account::Region", []string{"us-east-1"}},
		{"AWS::S3::Bucket", []string{"cloudmapper_demo"}},
		{"AWS::S3::BucketPolicy", []string{"cloudmapper_demo"}},
		{"AWS::CloudTrail::Trail", []string{"cloudtrail"}},
		{"AWS::IAM::Role", []string{"bad_role", "exfiller", "level1", "level3"}},
		{"AWS::IAM::User", []string{"USER", "USER_WITH_BAD_INLINE_POLICY"}},
	} {
		found := resources(t, s, want.typ)
		if len(found) != len(want.ids) {
			t.Errorf("%d of %s, want %d", len(found), want.typ, len(want.ids))
		}
		for _, id := range want.ids {
			if found[id] == nil {
				t.Errorf("no %s %s", want.typ, id)
			}
		}
	}
	if role := resources(t, s, "AWS::IAM::Role")["bad_role"]; role != nil && !strings.Contains(string(role.Properties), `"Principal":{"AWS":"*"}`) {
		t.Errorf("the trust of bad_role, an object in the file, was not read: %s", role.Properties)
	}
	if report := resources(t, s, "Merlon::IAM::CredentialReportEntry")["<root_account>"]; report == nil {
		t.Error("the credential report, text in the file, was not read")
	}
	bucket := resources(t, s, "AWS::S3::Bucket")["cloudmapper_demo"]
	unknown := map[string]bool{}
	for _, u := range bucket.Unknowns {
		unknown[u.Path] = true
	}
	if !unknown["/properties/BucketEncryption"] || unknown["/observed/Acl"] {
		t.Errorf("the encryption was not recorded and the ACL was: unknown are %v", unknown)
	}
	g, ok := gaps(t, s)["s3:GetBucketEncryption on arn:aws:s3:::cloudmapper_demo is not in the recording"]
	if !ok || g.Cause != merlon.CauseNotRecorded || !strings.HasSuffix(g.Message, "account-data/demo/us-east-1/s3-get-bucket-encryption/cloudmapper_demo") {
		t.Errorf("the gap must name the file that is missing: %+v", g)
	}
}
