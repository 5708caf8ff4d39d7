package awscli

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory/live"
)

// slow is a Source with two users. The answer about the first is not ready at once
// and has two pages; the job of the second fails.
type slow struct {
	mu    sync.Mutex
	asked int
}

func (s *slow) Open(context.Context, live.Place) (live.Caller, error) { return s, nil }

func (s *slow) Call(_ context.Context, o *live.Operation, in any) (any, live.Stats, error) {
	st := live.Stats{At: scanTime, Attempts: 1}
	when := scanTime.Add(-time.Hour)
	switch in := in.(type) {
	case *iam.GetAccountAuthorizationDetailsInput:
		return &iam.GetAccountAuthorizationDetailsOutput{UserDetailList: []types.UserDetail{
			{UserName: aws.String("a"), Arn: aws.String("arn:aws:iam::111122223333:user/a")}, {UserName: aws.String("b"), Arn: aws.String("arn:aws:iam::111122223333:user/b")}}}, st, nil
	case *iam.GetCredentialReportInput:
		return &iam.GetCredentialReportOutput{Content: []byte("user,arn\n")}, st, nil
	case *iam.GenerateServiceLastAccessedDetailsInput:
		return &iam.GenerateServiceLastAccessedDetailsOutput{JobId: aws.String("job-" + filepath.Base(*in.Arn))}, st, nil
	case *iam.GetServiceLastAccessedDetailsInput:
		if *in.JobId == "job-b" {
			return &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeFailed, Error: &types.ErrorDetails{Code: aws.String("InternalError"), Message: aws.String("oh")}}, st, nil
		}
		s.mu.Lock()
		s.asked++
		first := s.asked == 1
		s.mu.Unlock()
		switch {
		case first:
			return &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeInProgress}, st, nil
		case in.Marker == nil:
			return &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeCompleted, JobCompletionDate: &when, IsTruncated: true, Marker: aws.String("2"),
				ServicesLastAccessed: []types.ServiceLastAccessed{{ServiceNamespace: aws.String("s3"), LastAuthenticated: &when,
					TrackedActionsLastAccessed: []types.TrackedActionLastAccessed{{ActionName: aws.String("DeleteBucket")}}}}}, st, nil
		}
		return &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeCompleted, JobCompletionDate: &when,
			ServicesLastAccessed: []types.ServiceLastAccessed{{ServiceNamespace: aws.String("sqs")}}}, st, nil
	}
	return o.Output(), st, nil
}

// TestRecordLastAccessed: of an answer that was waited for the recording holds the
// last, whole; of a job that failed that it did.
func TestRecordLastAccessed(t *testing.T) {
	services, err := live.Select(live.LastAccessed(live.Services()), []string{"iam"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "recording")
	targets := []live.Target{{ID: "111122223333", Partition: "aws", Regions: []merlon.Region{"us-east-1"}}}
	first := walk(t, &slow{}, targets, recorder(t, dir), services...)
	second := replay(t, dir, services...)
	users := resources(t, second, "AWS::IAM::User")
	const want = `{"ServicesLastAccessed":[{"LastAuthenticated":"2026-01-02T02:04:05Z","ServiceNamespace":"s3","TrackedActionsLastAccessed":[{"ActionName":"DeleteBucket"}]},{"ServiceNamespace":"sqs"}]}`
	if d := cmp.Diff(want, string(users["a"].Observed)); d != "" {
		t.Error(d)
	}
	if string(users["b"].Observed) != "{}" {
		t.Errorf("the job failed: %s", users["b"].Observed)
	}
	for name, s := range map[string]map[string]merlon.Gap{"live": gaps(t, first), "replayed": gaps(t, second)} {
		if len(s) != 1 {
			t.Errorf("%s: gaps %v", name, s)
		}
		for _, g := range s {
			if g.Resource != "arn:aws:iam::111122223333:user/b" || g.Cause != merlon.CauseFailed {
				t.Errorf("%s: %+v", name, g)
			}
		}
	}
}
