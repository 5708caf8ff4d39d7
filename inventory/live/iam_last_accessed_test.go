package live

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
)

const accessPath = "/observed/ServicesLastAccessed"

// accessFake answers both calls: the job of an ARN is named by it, get is what
// the nth request for a job is answered with.
func accessFake(get func(arn string, n int, in *iam.GetServiceLastAccessedDetailsInput) (*iam.GetServiceLastAccessedDetailsOutput, error)) *fake {
	f := iamFake()
	answer(f, iamGenerateUserAccess, func(_ Place, in *iam.GenerateServiceLastAccessedDetailsInput) (*iam.GenerateServiceLastAccessedDetailsOutput, error) {
		if in.Granularity != types.AccessAdvisorUsageGranularityTypeActionLevel {
			return nil, apiErrorText("ValidationError", "actions were not asked for")
		}
		return &iam.GenerateServiceLastAccessedDetailsOutput{JobId: aws.String("job-" + *in.Arn)}, nil
	})
	var mu sync.Mutex
	asked := map[string]int{}
	answer(f, iamGetUserAccess, func(_ Place, in *iam.GetServiceLastAccessedDetailsInput) (*iam.GetServiceLastAccessedDetailsOutput, error) {
		arn := strings.TrimPrefix(*in.JobId, "job-")
		mu.Lock()
		n := asked[arn]
		asked[arn]++
		mu.Unlock()
		return get(arn, n, in)
	})
	return f
}

func accessService() *Service {
	return iamServiceReading(reportWait{first: time.Millisecond, limit: 20 * time.Millisecond}, true)
}

func timesCalled(calls []string, name string) int {
	n := 0
	for _, c := range calls {
		if c == name {
			n++
		}
	}
	return n
}

func TestLastAccessed(t *testing.T) {
	f := accessFake(func(arn string, n int, in *iam.GetServiceLastAccessedDetailsInput) (*iam.GetServiceLastAccessedDetailsOutput, error) {
		if !strings.HasSuffix(arn, "user/team/alice") {
			return &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeCompleted}, nil
		}
		switch {
		case n < 2:
			return &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeInProgress}, nil
		case aws.ToString(in.Marker) == "":
			return &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeCompleted, IsTruncated: true, Marker: aws.String("2"),
				ServicesLastAccessed: []types.ServiceLastAccessed{{ServiceName: aws.String("Amazon S3"), ServiceNamespace: aws.String("s3"),
					LastAuthenticated: &fakeNow, LastAuthenticatedRegion: aws.String("eu-west-1"), LastAuthenticatedEntity: aws.String(arn), TotalAuthenticatedEntities: aws.Int32(1),
					TrackedActionsLastAccessed: []types.TrackedActionLastAccessed{
						{ActionName: aws.String("CreateBucket"), LastAccessedTime: &fakeNow, LastAccessedRegion: aws.String("eu-west-1"), LastAccessedEntity: aws.String(arn)},
						{ActionName: aws.String("DeleteBucket")}}}}}, nil
		case *in.Marker == "2":
			// A marker without IsTruncated is the last page.
			return &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeCompleted, Marker: aws.String("2"),
				ServicesLastAccessed: []types.ServiceLastAccessed{{ServiceName: aws.String("Amazon SQS"), ServiceNamespace: aws.String("sqs"), TotalAuthenticatedEntities: aws.Int32(0)}}}, nil
		}
		return nil, apiErrorText("ValidationError", "no such page")
	})
	c := collect(t, f, accessService())
	if len(c.gaps) != 0 {
		t.Fatalf("gaps: %+v", c.gaps)
	}
	at0 := "2026-01-02T03:04:05Z"
	want := []any{
		map[string]any{"ServiceNamespace": "s3", "ServiceName": "Amazon S3", "LastAuthenticated": at0, "LastAuthenticatedRegion": "eu-west-1",
			"TrackedActionsLastAccessed": []any{
				map[string]any{"ActionName": "CreateBucket", "LastAccessedTime": at0, "LastAccessedRegion": "eu-west-1"},
				map[string]any{"ActionName": "DeleteBucket"}}},
		map[string]any{"ServiceNamespace": "sqs", "ServiceName": "Amazon SQS"},
	}
	if d := cmp.Diff(want, at(c.one(t, userType, "alice"), "observed", "ServicesLastAccessed")); d != "" {
		t.Error(d)
	}
	// Nothing that may be used is known, too: an empty list.
	for _, doc := range []map[string]any{c.one(t, userType, "bob"), c.one(t, roleType, "app")} {
		if d := cmp.Diff([]any{}, at(doc, "observed", "ServicesLastAccessed")); d != "" || at(doc, "unknowns", accessPath) != nil {
			t.Errorf("%v: %s %v", doc["id"], d, doc["unknowns"])
		}
	}
	// Three users and a role; alice's answer was not ready twice and has two pages.
	if g, d := timesCalled(c.calls, "iam:GenerateServiceLastAccessedDetails"), timesCalled(c.calls, "iam:GetServiceLastAccessedDetails"); g != 4 || d != 3+4 {
		t.Errorf("%d jobs were started and %d answers asked for", g, d)
	}
}

// TestLastAccessedNotAsked: without the flag nothing is called, and that is no gap.
func TestLastAccessedNotAsked(t *testing.T) {
	c := collect(t, iamFake(), iamService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	for _, doc := range []map[string]any{c.one(t, userType, "bob"), c.one(t, roleType, "app")} {
		if why := at(doc, "unknowns", accessPath); why != lastAccessedNotAsked {
			t.Errorf("%v: unknown because of %v", doc["id"], why)
		}
	}
	for _, call := range c.calls {
		if strings.Contains(call, "LastAccessed") {
			t.Errorf("%s was called", call)
		}
	}
}

// TestLastAccessedFails: what one user's answer lacks is a gap on that user alone,
// and never looks like nothing used.
func TestLastAccessedFails(t *testing.T) {
	done := &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeCompleted}
	for _, tt := range []struct {
		name  string
		out   *iam.GetServiceLastAccessedDetailsOutput
		err   error
		cause merlon.Cause
		words string
	}{
		{"denied", nil, apiError("AccessDenied"), merlon.CauseDenied, ""},
		{"never ready", &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeInProgress}, nil, merlon.CauseTimeout, "not ready after"},
		{"the job failed", &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeFailed, Error: &types.ErrorDetails{Code: aws.String("InternalError"), Message: aws.String("oh")}}, nil, merlon.CauseFailed, "InternalError: oh"},
		{"it failed without a reason", &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeFailed}, nil, merlon.CauseFailed, "no reason"},
		{"an empty answer", &iam.GetServiceLastAccessedDetailsOutput{}, nil, merlon.CauseFailed, "status"},
		{"pages without an end", &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeCompleted, IsTruncated: true, Marker: aws.String("2"),
			ServicesLastAccessed: []types.ServiceLastAccessed{{ServiceNamespace: aws.String("s3")}}}, nil, merlon.CauseFailed, "paging does not end"},
		{"cut off without a marker", &iam.GetServiceLastAccessedDetailsOutput{JobStatus: types.JobStatusTypeCompleted, IsTruncated: true}, nil, merlon.CauseFailed, "paging does not end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := collect(t, accessFake(func(arn string, _ int, _ *iam.GetServiceLastAccessedDetailsInput) (*iam.GetServiceLastAccessedDetailsOutput, error) {
				if strings.HasSuffix(arn, "user/bob") {
					return tt.out, tt.err
				}
				return done, nil
			}), accessService())
			bob := c.one(t, userType, "bob")
			if len(c.gaps) != 1 || c.gaps[0].Cause != tt.cause || c.gaps[0].Resource != *iamArn("user/bob") || !strings.Contains(c.gaps[0].Message, tt.words) {
				t.Fatalf("gaps %+v", c.gaps)
			}
			if at(bob, "unknowns", accessPath) == nil || at(bob, "observed", "ServicesLastAccessed") != nil {
				t.Errorf("what bob used is unknown: %v", bob)
			}
			if alice := c.one(t, userType, "alice"); at(alice, "unknowns", accessPath) != nil {
				t.Errorf("what alice used is known: %v", alice["unknowns"])
			}
		})
	}
}

func TestLastAccessedMayNotBeStarted(t *testing.T) {
	f := accessFake(func(string, int, *iam.GetServiceLastAccessedDetailsInput) (*iam.GetServiceLastAccessedDetailsOutput, error) {
		return nil, apiError("NoSuchEntity")
	})
	answer(f, iamGenerateUserAccess, func(_ Place, in *iam.GenerateServiceLastAccessedDetailsInput) (*iam.GenerateServiceLastAccessedDetailsOutput, error) {
		if strings.Contains(*in.Arn, ":role/") {
			return &iam.GenerateServiceLastAccessedDetailsOutput{}, nil
		}
		return nil, apiError("AccessDenied")
	})
	c := collect(t, f, accessService())
	causes := map[merlon.Cause]int{}
	for _, g := range c.gaps {
		causes[g.Cause]++
		if g.Cause == merlon.CauseDenied && !slices.Equal(g.Actions, []string{"iam:GenerateServiceLastAccessedDetails"}) {
			t.Errorf("the gap asks for %v", g.Actions)
		}
	}
	if d := cmp.Diff(map[merlon.Cause]int{merlon.CauseDenied: 3, merlon.CauseFailed: 1}, causes); d != "" {
		t.Errorf("three users and a role: %s", d)
	}
	if n := timesCalled(c.calls, "iam:GetServiceLastAccessedDetails"); n != 0 {
		t.Errorf("%d answers were asked for without a job", n)
	}
	for _, doc := range []map[string]any{c.one(t, userType, "bob"), c.one(t, roleType, "app")} {
		if at(doc, "unknowns", accessPath) == nil {
			t.Errorf("%v: %v", doc["id"], doc["unknowns"])
		}
	}
	if !c.snapshot.Coverage(userType, "111122223333", "us-east-1").Complete {
		t.Error("the users themselves are all known")
	}
}

// TestLastAccessedServices: the actions are asked for only with the flag.
func TestLastAccessedServices(t *testing.T) {
	const generate, get = "iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails"
	all := Services()
	without, with := Actions(all), Actions(LastAccessed(all))
	if slices.Contains(without, generate) || slices.Contains(without, get) {
		t.Error("a scan without the flag does not need them")
	}
	if !slices.Contains(with, generate) || !slices.Contains(with, get) || len(with) != len(without)+2 {
		t.Errorf("the flag adds two actions, not %d", len(with)-len(without))
	}
	if again := Actions(all); !slices.Equal(again, without) {
		t.Error("the list that was given has changed")
	}
}
