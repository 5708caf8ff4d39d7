package live

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"
)

const analyzerType = "AWS::AccessAnalyzer::Analyzer"

var (
	accessanalyzerListAnalyzers = operation(accessanalyzer.NewFromConfig, (*accessanalyzer.Client).ListAnalyzers, Declaration{
		Types: []string{analyzerType}})
	accessanalyzerListArchiveRules = operation(accessanalyzer.NewFromConfig, (*accessanalyzer.Client).ListArchiveRules, Declaration{
		Per: analyzerType, Key: []string{"AnalyzerName"}, Fills: []string{"properties.ArchiveRules"}})
	accessanalyzerGetFindingsStatistics = operation(accessanalyzer.NewFromConfig, (*accessanalyzer.Client).GetFindingsStatistics, Declaration{
		Per: analyzerType, Key: []string{"AnalyzerArn"}, Fills: []string{"observed.FindingsStatistics", "observed.ActiveFindings"}})
)

func accessanalyzerService() *Service {
	return &Service{
		Name: "accessanalyzer", Title: "IAM Access Analyzer",
		Operations: []*Operation{accessanalyzerListAnalyzers.Operation, accessanalyzerListArchiveRules.Operation, accessanalyzerGetFindingsStatistics.Operation},
		Collect: func(ctx context.Context, s *Scope) error {
			return accessanalyzerListAnalyzers.List(ctx, s, &accessanalyzer.ListAnalyzersInput{}, func(out *accessanalyzer.ListAnalyzersOutput) error {
				return each(ctx, s, out.Analyzers, s.analyzer)
			})
		},
	}
}

func (s *Scope) analyzer(ctx context.Context, a types.AnalyzerSummary) error {
	arn, name := aws.ToString(a.Arn), aws.ToString(a.Name)
	d := s.Draft(analyzerType, arn, arn, name).From(accessanalyzerListAnalyzers.Operation, s)
	d.Fold(a, Folding{Rename: map[string]string{"Name": "AnalyzerName"}, Drop: []string{"Configuration"}})
	switch c := a.Configuration.(type) {
	case *types.AnalyzerConfigurationMemberUnusedAccess:
		d.Fit("AnalyzerConfiguration.UnusedAccessConfiguration", c.Value)
	case *types.AnalyzerConfigurationMemberInternalAccess:
		if c.Value.AnalysisRule != nil {
			d.Fit("AnalyzerConfiguration.InternalAccessConfiguration.InternalAccessAnalysisRule", c.Value.AnalysisRule)
		}
	}
	var rules []map[string]any
	err := accessanalyzerListArchiveRules.Pages(ctx, s, d, &accessanalyzer.ListArchiveRulesInput{AnalyzerName: &name}, func(out *accessanalyzer.ListArchiveRulesOutput) error {
		for _, r := range out.ArchiveRules {
			rules = append(rules, map[string]any{"RuleName": aws.ToString(r.RuleName), "Filter": archiveFilter(r.Filter)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.Set("ArchiveRules", rules)
	err = accessanalyzerGetFindingsStatistics.Get(ctx, s, d, &accessanalyzer.GetFindingsStatisticsInput{AnalyzerArn: &arn}, func(out *accessanalyzer.GetFindingsStatisticsOutput) error {
		for _, f := range out.FindingsStatistics {
			// The counts are enough: which resources and accounts lead the list is the analyzer's own to say.
			switch v := f.(type) {
			case *types.FindingsStatisticsMemberExternalAccessFindingsStatistics:
				d.findings("ExternalAccessFindingsStatistics", v.Value.TotalActiveFindings, v.Value.TotalArchivedFindings, v.Value.TotalResolvedFindings)
			case *types.FindingsStatisticsMemberInternalAccessFindingsStatistics:
				d.findings("InternalAccessFindingsStatistics", v.Value.TotalActiveFindings, v.Value.TotalArchivedFindings, v.Value.TotalResolvedFindings)
			case *types.FindingsStatisticsMemberUnusedAccessFindingsStatistics:
				d.findings("UnusedAccessFindingsStatistics", v.Value.TotalActiveFindings, v.Value.TotalArchivedFindings, v.Value.TotalResolvedFindings)
			}
		}
		if len(out.FindingsStatistics) == 0 {
			d.UnknownBecause("observed.ActiveFindings", "the analyzer has not counted its findings yet")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}

func (d *Draft) findings(kind string, active, archived, resolved *int32) {
	d.Observe("FindingsStatistics."+kind+".TotalActiveFindings", active)
	d.Observe("FindingsStatistics."+kind+".TotalArchivedFindings", archived)
	d.Observe("FindingsStatistics."+kind+".TotalResolvedFindings", resolved)
	d.Observe("ActiveFindings", active)
}

// archiveFilter gives a filter in CloudFormation's form: a list where the API has a map.
func archiveFilter(filter map[string]types.Criterion) []map[string]any {
	var out []map[string]any
	for _, property := range slices.Sorted(maps.Keys(filter)) {
		m := map[string]any{"Property": property}
		if c, ok := plain(filter[property]).(map[string]any); ok {
			maps.Copy(m, c)
		}
		out = append(out, m)
	}
	return out
}
