package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"
	"github.com/google/go-cmp/cmp"
)

const analyzerArn = "arn:aws:access-analyzer:eu-west-1:111122223333:analyzer/main"

func analyzerFake() *fake {
	f := &fake{}
	answer(f, accessanalyzerListAnalyzers, func(p Place, _ *accessanalyzer.ListAnalyzersInput) (*accessanalyzer.ListAnalyzersOutput, error) {
		if p.Region != "eu-west-1" {
			return &accessanalyzer.ListAnalyzersOutput{}, nil
		}
		return &accessanalyzer.ListAnalyzersOutput{Analyzers: []types.AnalyzerSummary{{Arn: aws.String(analyzerArn), Name: aws.String("main"), Type: types.TypeAccountUnusedAccess,
			Status: types.AnalyzerStatusActive, Tags: map[string]string{"a": "b"},
			Configuration: &types.AnalyzerConfigurationMemberUnusedAccess{Value: types.UnusedAccessConfiguration{UnusedAccessAge: aws.Int32(90),
				AnalysisRule: &types.AnalysisRule{Exclusions: []types.AnalysisRuleCriteria{{AccountIds: []string{"999988887777"}}}}}}}}}, nil
	})
	answer(f, accessanalyzerListArchiveRules, func(Place, *accessanalyzer.ListArchiveRulesInput) (*accessanalyzer.ListArchiveRulesOutput, error) {
		return &accessanalyzer.ListArchiveRulesOutput{ArchiveRules: []types.ArchiveRuleSummary{{RuleName: aws.String("all"), Filter: map[string]types.Criterion{
			"status": {Eq: []string{"ACTIVE"}}, "isPublic": {Exists: aws.Bool(false)}}}}}, nil
	})
	answer(f, accessanalyzerGetFindingsStatistics, func(Place, *accessanalyzer.GetFindingsStatisticsInput) (*accessanalyzer.GetFindingsStatisticsOutput, error) {
		return &accessanalyzer.GetFindingsStatisticsOutput{FindingsStatistics: []types.FindingsStatistics{
			&types.FindingsStatisticsMemberUnusedAccessFindingsStatistics{Value: types.UnusedAccessFindingsStatistics{TotalActiveFindings: aws.Int32(3), TotalArchivedFindings: aws.Int32(0)}}}}, nil
	})
	return f
}

func TestAccessAnalyzer(t *testing.T) {
	c := collect(t, analyzerFake(), accessanalyzerService())
	if len(c.gaps) != 0 || len(c.calls) != 4 {
		t.Errorf("gaps %+v, calls %v", c.gaps, c.calls)
	}
	a := c.one(t, analyzerType, analyzerArn)
	for _, tt := range []struct {
		path []any
		want any
	}{
		{[]any{"properties", "AnalyzerName"}, "main"},
		{[]any{"properties", "Type"}, "ACCOUNT_UNUSED_ACCESS"},
		{[]any{"properties", "AnalyzerConfiguration", "UnusedAccessConfiguration"}, map[string]any{"UnusedAccessAge": 90.0,
			"AnalysisRule": map[string]any{"Exclusions": []any{map[string]any{"AccountIds": []any{"999988887777"}}}}}},
		{[]any{"properties", "ArchiveRules"}, []any{map[string]any{"RuleName": "all", "Filter": []any{
			map[string]any{"Property": "isPublic", "Exists": false}, map[string]any{"Property": "status", "Eq": []any{"ACTIVE"}}}}}},
		{[]any{"observed", "Status"}, "ACTIVE"},
		{[]any{"observed", "ActiveFindings"}, 3.0},
		{[]any{"observed", "FindingsStatistics", "UnusedAccessFindingsStatistics", "TotalArchivedFindings"}, 0.0},
		{[]any{"tags", "a"}, "b"},
	} {
		if d := cmp.Diff(tt.want, at(a, tt.path...)); d != "" {
			t.Errorf("%v: %s", tt.path, d)
		}
	}
}

func TestAccessAnalyzerGaps(t *testing.T) {
	f := analyzerFake()
	answer(f, accessanalyzerGetFindingsStatistics, func(Place, *accessanalyzer.GetFindingsStatisticsInput) (*accessanalyzer.GetFindingsStatisticsOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c := collect(t, f, accessanalyzerService())
	a := c.one(t, analyzerType, analyzerArn)
	if len(c.gaps) != 1 || at(a, "unknowns", "/observed/ActiveFindings") == nil {
		t.Errorf("denied statistics are unknown: gaps %+v, %v", c.gaps, a["unknowns"])
	}
	if got := c.gaps[0].Actions; len(got) != 1 || got[0] != "access-analyzer:GetFindingsStatistics" {
		t.Errorf("actions %v", got)
	}
}
