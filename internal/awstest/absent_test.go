package awstest

import (
	"slices"
	"testing"
)

// TestAbsentErrorsAreTheServices holds the codes and statuses against the
// models; those of EC2 and of S3's sub-resources stand in no model.
func TestAbsentErrorsAreTheServices(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if p := s.Problems(); len(p) > 0 {
		t.Fatal(p)
	}
	known := 0
	for call, e := range absent {
		service, _ := cut(call)
		model, err := s.catalog.Service(service)
		if err != nil {
			t.Fatal(err)
		}
		status, ok := model.Errors[e.Code]
		if !ok && !slices.Contains([]string{"ec2", "s3", "s3control"}, service) {
			t.Errorf("%s: the model knows no %s", call, e.Code)
		}
		if ok {
			known++
			if status != e.Status {
				t.Errorf("%s: status %d, the model says %d", call, e.Status, status)
			}
		}
	}
	if known < 20 {
		t.Errorf("only %d codes were found in models", known)
	}
}
