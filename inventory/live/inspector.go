package live

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/inspector2"
	"github.com/aws/aws-sdk-go-v2/service/inspector2/types"
)

const (
	inspectorStatusType  = "Merlon::InspectorV2::AccountStatus"
	inspectorScannedType = "Merlon::InspectorV2::ScannedResource"
)

var (
	inspectorGetStatus = operation(inspector2.NewFromConfig, (*inspector2.Client).BatchGetAccountStatus, Declaration{
		Types: []string{inspectorStatusType, inspectorScannedType}})
	inspectorCountFindings = operation(inspector2.NewFromConfig, (*inspector2.Client).ListFindingAggregations, Declaration{
		Per: inspectorStatusType, Key: []string{"AggregationType"}, Fills: []string{"observed.Findings"}, Optional: true})
	inspectorListCoverage = operation(inspector2.NewFromConfig, (*inspector2.Client).ListCoverage, Declaration{
		Types: []string{inspectorScannedType}, Optional: true})
	inspectorCountByResource = operation(inspector2.NewFromConfig, (*inspector2.Client).ListFindingAggregations, Declaration{
		Per: inspectorScannedType, Shared: true, Types: []string{inspectorScannedType}, Key: []string{"AggregationType"}, Fills: []string{"properties.SeverityCounts", "properties.NetworkFindings"}, Optional: true})
)

func inspectorService() *Service {
	return &Service{
		Name: "inspector2", Title: "Inspector",
		Operations: []*Operation{inspectorGetStatus.Operation, inspectorCountFindings.Operation, inspectorListCoverage.Operation, inspectorCountByResource.Operation},
		Collect:    collectInspector,
	}
}

func collectInspector(ctx context.Context, s *Scope) error {
	var state *types.AccountState
	failed := ""
	err := inspectorGetStatus.List(ctx, s, &inspector2.BatchGetAccountStatusInput{}, func(out *inspector2.BatchGetAccountStatusOutput) error {
		for i, a := range out.Accounts {
			if aws.ToString(a.AccountId) == string(s.Account) {
				state = &out.Accounts[i]
			}
		}
		for _, a := range out.FailedAccounts {
			if aws.ToString(a.AccountId) == string(s.Account) {
				failed = string(a.ErrorCode) + " " + aws.ToString(a.ErrorMessage)
			}
		}
		return nil
	})
	if err != nil || state == nil && failed == "" {
		return err
	}
	d := s.Draft(inspectorStatusType, string(s.Account), "", "Inspector").From(inspectorGetStatus.Operation, s)
	d.Set("AccountId", string(s.Account))
	if state == nil {
		d.UnknownBecause("properties.State", inspectorGetStatus.Call()+" could not tell: "+failed)
		d.UnknownBecause("properties.ResourceState", inspectorGetStatus.Call()+" could not tell: "+failed)
		return s.Put(ctx, d)
	}
	d.Fold(state, Folding{Drop: []string{"AccountId"}})
	if state.State != nil && state.State.Status == types.StatusEnabled {
		if err := s.inspectorFindings(ctx, d); err != nil {
			return err
		}
		if err := s.inspectorScanned(ctx, state.ResourceState); err != nil {
			return err
		}
	}
	return s.Put(ctx, d)
}

// ownAccount narrows an answer to the account: its administrator sees all members.
func (s *Scope) ownAccount() []types.StringFilter {
	return []types.StringFilter{{Comparison: types.StringComparisonEquals, Value: aws.String(string(s.Account))}}
}

// inspectorFindings counts the active findings of the account.
func (s *Scope) inspectorFindings(ctx context.Context, d *Draft) error {
	d.Observe("Findings", map[string]int64{"All": 0, "Critical": 0, "High": 0, "Medium": 0, "ExploitAvailable": 0, "FixAvailable": 0})
	in := &inspector2.ListFindingAggregationsInput{AggregationType: types.AggregationTypeAccount, AccountIds: s.ownAccount()}
	return inspectorCountFindings.Pages(ctx, s, d, in, func(out *inspector2.ListFindingAggregationsOutput) error {
		for _, r := range out.Responses {
			a, ok := r.(*types.AggregationResponseMemberAccountAggregation)
			if !ok || aws.ToString(a.Value.AccountId) != string(s.Account) {
				continue
			}
			m := severityCounts(a.Value.SeverityCounts)
			m["ExploitAvailable"], m["FixAvailable"] = aws.ToInt64(a.Value.ExploitAvailableCount), aws.ToInt64(a.Value.FixAvailableCount)
			d.Observe("Findings", m)
		}
		return nil
	})
}

func severityCounts(c *types.SeverityCounts) map[string]int64 {
	if c == nil {
		return map[string]int64{"All": 0, "Critical": 0, "High": 0, "Medium": 0}
	}
	return map[string]int64{"All": aws.ToInt64(c.All), "Critical": aws.ToInt64(c.Critical), "High": aws.ToInt64(c.High), "Medium": aws.ToInt64(c.Medium)}
}

// scanned are the resources that Inspector knows, by id.
type scanned struct {
	mu     sync.Mutex
	byID   map[string]*Draft
	byKind map[string][]*Draft
}

func (x *scanned) draft(s *Scope, o *Operation, id, kind, name string) *Draft {
	x.mu.Lock()
	defer x.mu.Unlock()
	if d := x.byID[id]; d != nil {
		return d
	}
	d := s.Draft(inspectorScannedType, id, "", name).From(o, s)
	d.Set("ResourceId", id)
	d.Set("ResourceType", kind)
	x.byID[id] = d
	x.byKind[kind] = append(x.byKind[kind], d)
	return d
}

// inspectorScanned reads which resources Inspector looks at, and what it found in
// each: one list, and one count for each kind of resource that is switched on.
func (s *Scope) inspectorScanned(ctx context.Context, on *types.ResourceState) error {
	x := &scanned{byID: map[string]*Draft{}, byKind: map[string][]*Draft{}}
	equals := func(values ...string) (out []types.CoverageStringFilter) {
		for _, v := range values {
			out = append(out, types.CoverageStringFilter{Comparison: types.CoverageStringComparisonEquals, Value: aws.String(v)})
		}
		return out
	}
	// Images are counted below; there may be thousands that nothing runs.
	in := &inspector2.ListCoverageInput{MaxResults: aws.Int32(200), FilterCriteria: &types.CoverageFilterCriteria{AccountId: equals(string(s.Account)),
		ResourceType: equals("AWS_EC2_INSTANCE", "AWS_ECR_REPOSITORY", "AWS_LAMBDA_FUNCTION")}}
	err := inspectorListCoverage.List(ctx, s, in, func(out *inspector2.ListCoverageOutput) error {
		for _, r := range out.CoveredResources {
			s.covered(x, r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, k := range []struct {
		kind        types.CoverageResourceType
		aggregation types.AggregationType
		state       *types.State
	}{
		{types.CoverageResourceTypeAwsEc2Instance, types.AggregationTypeAwsEc2Instance, on.Ec2},
		{types.CoverageResourceTypeAwsEcrContainerImage, types.AggregationTypeAwsEcrContainer, on.Ecr},
		{types.CoverageResourceTypeAwsLambdaFunction, types.AggregationTypeAwsLambdaFunction, on.Lambda},
	} {
		if k.state == nil || k.state.Status != types.StatusEnabled {
			continue
		}
		if err := s.inspectorCounts(ctx, x, string(k.kind), k.aggregation); err != nil {
			return err
		}
	}
	for _, d := range x.byID {
		if err := s.Put(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// covered adds a resource, as often as it is listed: once for each kind of scan.
func (s *Scope) covered(x *scanned, r types.CoveredResource) {
	if aws.ToString(r.AccountId) != string(s.Account) {
		return
	}
	id := aws.ToString(r.ResourceId)
	name := id
	if m := r.ResourceMetadata; m != nil {
		switch {
		case m.LambdaFunction != nil:
			name = aws.ToString(m.LambdaFunction.FunctionName)
		case m.EcrRepository != nil:
			name = aws.ToString(m.EcrRepository.Name)
		}
	}
	d := x.draft(s, inspectorListCoverage.Operation, id, string(r.ResourceType), name)
	scan := map[string]any{"ScanType": string(r.ScanType), "ScanMode": string(r.ScanMode)}
	if st := r.ScanStatus; st != nil {
		scan["StatusCode"], scan["Reason"] = string(st.StatusCode), string(st.Reason)
	}
	scans, _ := d.properties["Scans"].([]any)
	d.properties["Scans"] = append(scans, scan)
	if m := r.ResourceMetadata; m != nil {
		if m.LambdaFunction != nil {
			d.Set("FunctionName", m.LambdaFunction.FunctionName)
		}
		if m.EcrRepository != nil {
			d.Set("RepositoryName", m.EcrRepository.Name)
		}
	}
}

// inspectorCounts counts the findings of all resources of a kind.
func (s *Scope) inspectorCounts(ctx context.Context, x *scanned, kind string, aggregation types.AggregationType) error {
	listed := x.byKind[kind]
	in := &inspector2.ListFindingAggregationsInput{AggregationType: aggregation, AccountIds: s.ownAccount(), MaxResults: aws.Int32(100)}
	err := inspectorCountByResource.Batch(ctx, s, listed, in, func(out *inspector2.ListFindingAggregationsOutput) error {
		for _, r := range out.Responses {
			switch a := r.(type) {
			case *types.AggregationResponseMemberEc2InstanceAggregation:
				v := a.Value
				if d := s.counted(x, kind, v.AccountId, v.InstanceId, v.InstanceId, v.SeverityCounts); d != nil {
					d.Set("NetworkFindings", aws.ToInt64(v.NetworkFindings))
				}
			case *types.AggregationResponseMemberLambdaFunctionAggregation:
				v := a.Value
				if d := s.counted(x, kind, v.AccountId, v.ResourceId, v.FunctionName, v.SeverityCounts); d != nil {
					d.Set("FunctionName", v.FunctionName)
				}
			case *types.AggregationResponseMemberAwsEcrContainerAggregation:
				v := a.Value
				if d := s.counted(x, kind, v.AccountId, v.ResourceId, v.Repository, v.SeverityCounts); d != nil {
					d.Set("RepositoryName", v.Repository)
					d.Set("ImageSha", v.ImageSha)
					d.Set("ImageTags", v.ImageTags)
					d.Set("InUseCount", v.InUseCount)
					d.Set("LastInUseAt", v.LastInUseAt)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range listed {
		// What is listed and not counted has no finding.
		if d.properties["SeverityCounts"] == nil && !d.isUnknown("properties.SeverityCounts") {
			d.Set("SeverityCounts", severityCounts(nil))
		}
	}
	return nil
}

func (s *Scope) counted(x *scanned, kind string, account, id, name *string, counts *types.SeverityCounts) *Draft {
	if aws.ToString(account) != string(s.Account) || aws.ToString(id) == "" {
		return nil
	}
	d := x.draft(s, inspectorCountByResource.Operation, *id, kind, aws.ToString(name))
	d.Set("SeverityCounts", severityCounts(counts))
	return d
}
