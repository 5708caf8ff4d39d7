package posture_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
	"merlon.dev/merlon/posture"
)

// lines writes the parts of a condition, indented.
func lines(p *posture.Part, indent string) string {
	value := string(p.Value)
	for _, u := range p.Unknown {
		value = "unknown: " + u.Reason
	}
	if p.Error != "" {
		value = "error: " + p.Error
	}
	text := p.Text
	if p.Operator != "" {
		text = p.Operator
	}
	out := fmt.Sprintf("%s%s → %s\n", indent, text, value)
	for i := range p.Parts {
		out += lines(&p.Parts[i], indent+"  ")
	}
	return out
}

func TestExplain(t *testing.T) {
	w := newWorld()
	w.add("AWS::S3::Bucket", "b", acct1, "us-east-1", `{"VersioningConfiguration":{"Status":"Suspended"}}`, func(r *merlon.Resource) {
		r.ARN = "arn:aws:s3:::b"
		r.Unknowns = []merlon.Unknown{{Path: "/properties/BucketEncryption", Reason: "s3:GetBucketEncryption was denied", Gap: "g"}}
		r.Calls = []merlon.Read{{Call: "s3:ListBuckets", At: day.Add(time.Second)}}
	})
	w.add("AWS::S3::BucketPolicy", "b", acct1, "us-east-1", `{"Bucket":"b","PolicyDocument":{"Statement":{"Effect":"Allow"}}}`)
	w.gaps = append(w.gaps, merlon.Gap{Call: "s3:ListBuckets", Account: acct2, Region: "us-east-1", Types: []string{"AWS::S3::Bucket"}, Cause: merlon.CauseDenied})
	s := w.open(t)
	c := load(t, fstest.MapFS{"s3/x.yaml": control("AWS::S3::Bucket",
		"resource.properties.?VersioningConfiguration.?Status.orValue('') == params.wanted "+
			"&& !resource.related('policy').exists(p, statements(p.properties.PolicyDocument).exists(s, s.Effect == 'Allow')) "+
			"|| resource.properties.?BucketEncryption.hasValue() || {'a': true}[resource.name]",
		"when: resource.name != ''", "parameters: {wanted: Enabled}")})
	got, err := c.Explain(t.Context(), s, "s3/x", "arn:aws:s3:::b", posture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `or → unknown: s3:GetBucketEncryption was denied
  and → false
    resource.properties.?VersioningConfiguration.?Status.orValue("") == params.wanted → false
      resource.properties.?VersioningConfiguration.?Status.orValue("") → "Suspended"
      params.wanted → "Enabled"
    not → false
      resource.related("policy").exists(p, statements(p.properties.PolicyDocument).exists(s, s.Effect == "Allow")) → true
  resource.properties.?BucketEncryption.hasValue() → unknown: s3:GetBucketEncryption was denied
  {"a": true}[resource.name] → error: no such key: b
`
	if diff := cmp.Diff(want, lines(got.Require, "")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text := lines(got.When, ""); text != "resource.name != \"\" → true\n  resource.name → \"b\"\n" {
		t.Errorf("when: %s", text)
	}
	if got.Control.ID != "s3/x" || got.Finding.Verdict != merlon.UnknownResult || got.Finding.Gaps[0] != "g" || got.Calls[0].Call != "s3:ListBuckets" || !got.Calls[0].At.Equal(day.Add(time.Second)) {
		t.Errorf("got %+v", got.Finding)
	}
	findings, _ := run(t, c, s, posture.Options{})
	if got.Finding.ID != findings[0].ID && got.Finding.ID != findings[1].ID {
		t.Errorf("the run's finding has another id than %s: %v", got.Finding.ID, verdicts(findings))
	}
	if len(got.Finding.Evidence) == 0 || got.Finding.Evidence[0].Path != "properties.VersioningConfiguration.Status" {
		t.Errorf("evidence is %v", got.Finding.Evidence)
	}

	denied, err := c.Explain(t.Context(), s, "s3/x", string(acct2)+"/us-east-1", posture.Options{})
	if err != nil || denied.Finding.Verdict != merlon.UnknownResult || denied.Require != nil || denied.Finding.Reasons[0] != w.gaps[0].Text() {
		t.Errorf("of the denied list: %+v, %v", denied, err)
	}
	if _, err := c.Explain(t.Context(), s, "s3/y", "arn:aws:s3:::b", posture.Options{}); !errors.Is(err, posture.ErrNoControl) || !strings.Contains(err.Error(), "did you mean s3/x?") {
		t.Errorf("of another control: %v", err)
	}
	if _, err := c.Explain(t.Context(), s, "s3/x", "arn:aws:s3:::c", posture.Options{}); !errors.Is(err, inventory.ErrNotFound) {
		t.Errorf("of another bucket: %v", err)
	}
	if _, err := c.Explain(t.Context(), s, "s3/x", "111111111111/us-east-1/AWS::S3::BucketPolicy/b", posture.Options{}); err == nil || !strings.Contains(err.Error(), "is a AWS::S3::BucketPolicy") {
		t.Errorf("of another type: %v", err)
	}
}
