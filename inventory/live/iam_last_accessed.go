package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"merlon.dev/merlon"
)

// The first call starts a job that looks the data up and leaves nothing behind in
// the account; the second gives what the job found.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateServiceLastAccessedDetails.html (read 2026-11-24).
var (
	iamGenerateUserAccess = operation(iam.NewFromConfig, (*iam.Client).GenerateServiceLastAccessedDetails, Declaration{
		Per: userType, Key: []string{"Arn"}, Fills: []string{servicesLastAccessed}})
	iamGetUserAccess = operation(iam.NewFromConfig, (*iam.Client).GetServiceLastAccessedDetails, Declaration{
		Per: userType, Key: []string{"JobId"}, Fills: []string{servicesLastAccessed}})
	iamGenerateRoleAccess = operation(iam.NewFromConfig, (*iam.Client).GenerateServiceLastAccessedDetails, Declaration{
		Per: roleType, Key: []string{"Arn"}, Fills: []string{servicesLastAccessed}})
	iamGetRoleAccess = operation(iam.NewFromConfig, (*iam.Client).GetServiceLastAccessedDetails, Declaration{
		Per: roleType, Key: []string{"JobId"}, Fills: []string{servicesLastAccessed}})
)

const servicesLastAccessed = "observed.ServicesLastAccessed"

// lastAccessedNotAsked is why a scan does not know it; no Gap: nothing failed.
const lastAccessedNotAsked = "not asked for; --last-accessed reads it"

// LastAccessed makes the collector of IAM among the services also read which
// services and actions each user and role used, and when: two calls for each of
// them, more where the answer is not ready or has several pages. The list that is
// given stays as it is.
func LastAccessed(services []*Service) []*Service {
	out := slices.Clone(services)
	for i, s := range out {
		if s.Name == iamName {
			out[i] = iamServiceReading(defaultReportWait, true)
		}
	}
	return out
}

// accessJob is a job that was started for a user or a role.
type accessJob struct {
	of  *Draft
	get *Operation
	id  *string
}

// lastAccessed adds what each user and role used. All jobs are started before the
// first answer is asked for, so that most are done by then.
func (s *Scope) lastAccessed(ctx context.Context, all *details, wait reportWait) error {
	var jobs []*accessJob
	for _, d := range all.users {
		jobs = append(jobs, &accessJob{of: d, get: iamGetUserAccess.Operation})
	}
	for _, d := range all.roles {
		jobs = append(jobs, &accessJob{of: d, get: iamGetRoleAccess.Operation})
	}
	if err := each(ctx, s, jobs, s.startAccessJob); err != nil {
		return err
	}
	jobs = slices.DeleteFunc(jobs, func(j *accessJob) bool { return j.id == nil })
	return each(ctx, s, jobs, func(ctx context.Context, j *accessJob) error {
		list, err := s.accessed(ctx, j, wait)
		if err != nil {
			return s.accessUnknown(ctx, j.of, j.get, err)
		}
		j.of.observePlain("ServicesLastAccessed", list)
		return nil
	})
}

// errAccessJob: the job did not end as AWS says that jobs end.
var errAccessJob = errors.New("last-accessed data could not be gathered")

func (s *Scope) startAccessJob(ctx context.Context, j *accessJob) error {
	o := iamGenerateUserAccess.Operation
	if j.of.Type == roleType {
		o = iamGenerateRoleAccess.Operation
	}
	in := &iam.GenerateServiceLastAccessedDetailsInput{Arn: &j.of.ARN, Granularity: types.AccessAdvisorUsageGranularityTypeActionLevel}
	out, read, err := s.call(ctx, o, "", j.of.Key(), in)
	if err != nil {
		return s.accessUnknown(ctx, j.of, o, err)
	}
	got, ok := out.(*iam.GenerateServiceLastAccessedDetailsOutput)
	if !ok {
		return stop(fmt.Errorf("%s: the source answered with %T", o.Call(), out))
	}
	if aws.ToString(got.JobId) == "" {
		return s.accessUnknown(ctx, j.of, o, fmt.Errorf("%w: the answer names no job", errAccessJob))
	}
	read.Properties = o.Fills
	j.of.read(read)
	j.id = got.JobId
	return nil
}

// accessed waits for a job and gives all that it found.
func (s *Scope) accessed(ctx context.Context, j *accessJob, wait reportWait) ([]any, error) {
	in := &iam.GetServiceLastAccessedDetailsInput{JobId: j.id, MaxItems: iamPage}
	list := []any{} // nothing found is an answer too
	seen := map[string]bool{}
	waited, pause := time.Duration(0), wait.first
	for {
		// Each call has an input of its own: a recorder may keep it.
		ask := *in
		out, read, err := s.call(ctx, j.get, "", j.of.Key(), &ask)
		if err != nil {
			return nil, err
		}
		got, ok := out.(*iam.GetServiceLastAccessedDetailsOutput)
		if !ok {
			return nil, stop(fmt.Errorf("%s: the source answered with %T", j.get.Call(), out))
		}
		switch got.JobStatus {
		case types.JobStatusTypeCompleted:
		case types.JobStatusTypeInProgress:
			if waited >= wait.limit {
				return nil, fmt.Errorf("%w: not ready after %v", context.DeadlineExceeded, waited)
			}
			if err := sleep(ctx, pause); err != nil {
				return nil, err
			}
			waited += pause
			pause = min(2*pause, maxReportPause)
			continue
		case types.JobStatusTypeFailed:
			return nil, fmt.Errorf("%w: %s", errAccessJob, jobError(got.Error))
		default:
			return nil, fmt.Errorf("%w: the job's status is %.40q", errAccessJob, got.JobStatus)
		}
		read.Properties = j.get.Fills
		if got.JobCompletionDate != nil {
			read.At = *got.JobCompletionDate // the facts are of then, in a recording too
		}
		j.of.read(read)
		for i := range got.ServicesLastAccessed {
			list = append(list, accessOf(&got.ServicesLastAccessed[i]))
		}
		marker := aws.ToString(got.Marker)
		if !got.IsTruncated {
			return list, nil
		}
		if marker == "" || seen[marker] {
			return nil, fmt.Errorf("%s: %w", j.get.Call(), errRepeated)
		}
		seen[marker] = true
		in.Marker = &marker
	}
}

func jobError(e *types.ErrorDetails) string {
	if e == nil {
		return "AWS gives no reason"
	}
	return aws.ToString(e.Code) + ": " + aws.ToString(e.Message)
}

// accessOf leaves out who used the service: it is the user or role itself. A
// service of which AWS lists no action has no list, which is not an empty one.
func accessOf(a *types.ServiceLastAccessed) map[string]any {
	m := map[string]any{}
	set(m, "ServiceNamespace", plain(a.ServiceNamespace))
	set(m, "ServiceName", plain(a.ServiceName))
	set(m, "LastAuthenticated", plain(a.LastAuthenticated))
	set(m, "LastAuthenticatedRegion", plain(a.LastAuthenticatedRegion))
	if a.TrackedActionsLastAccessed == nil {
		return m
	}
	actions := make([]any, 0, len(a.TrackedActionsLastAccessed))
	for i := range a.TrackedActionsLastAccessed {
		t := &a.TrackedActionsLastAccessed[i]
		one := map[string]any{}
		set(one, "ActionName", plain(t.ActionName))
		set(one, "LastAccessedTime", plain(t.LastAccessedTime))
		set(one, "LastAccessedRegion", plain(t.LastAccessedRegion))
		actions = append(actions, one)
	}
	m["TrackedActionsLastAccessed"] = actions
	return m
}

// accessUnknown records why it is not known what one user or role used.
func (s *Scope) accessUnknown(ctx context.Context, d *Draft, o *Operation, err error) error {
	if fatal(err) {
		return err
	}
	g := s.gap(o, "", err)
	g.Resource = d.Key()
	if errors.Is(err, errAccessJob) {
		g.Cause = merlon.CauseFailed
	}
	d.unknown(o.Fills, g)
	return stop(s.writer.Gap(ctx, g))
}
