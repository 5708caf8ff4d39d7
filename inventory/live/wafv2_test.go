package live

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
)

const (
	aclARN     = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/web/1"
	edgeACLARN = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/edge/2"
)

func wafFake() *fake {
	f := &fake{}
	visible := &types.VisibilityConfig{CloudWatchMetricsEnabled: true, MetricName: aws.String("m"), SampledRequestsEnabled: true}
	answer(f, wafv2ListWebACLs, func(p Place, in *wafv2.ListWebACLsInput) (*wafv2.ListWebACLsOutput, error) {
		switch {
		case in.Scope == types.ScopeCloudfront && p.Region == "us-east-1":
			return &wafv2.ListWebACLsOutput{WebACLs: []types.WebACLSummary{{Name: aws.String("edge"), Id: aws.String("2"), ARN: aws.String(edgeACLARN), LockToken: aws.String("l")}}}, nil
		case in.Scope == types.ScopeRegional && p.Region == "eu-west-1":
			return &wafv2.ListWebACLsOutput{WebACLs: []types.WebACLSummary{{Name: aws.String("web"), Id: aws.String("1"), ARN: aws.String(aclARN), Description: aws.String("d")}}}, nil
		}
		return &wafv2.ListWebACLsOutput{}, nil
	})
	answer(f, wafv2GetWebACL, func(_ Place, in *wafv2.GetWebACLInput) (*wafv2.GetWebACLOutput, error) {
		if in.Scope == types.ScopeCloudfront {
			return &wafv2.GetWebACLOutput{WebACL: &types.WebACL{ARN: aws.String(edgeACLARN), Id: in.Id, Name: in.Name, DefaultAction: &types.DefaultAction{Block: &types.BlockAction{}}, VisibilityConfig: visible}}, nil
		}
		header := &types.FieldToMatch{SingleHeader: &types.SingleHeader{Name: aws.String("x-origin-verify")}}
		none := []types.TextTransformation{{Priority: 0, Type: types.TextTransformationTypeNone}}
		return &wafv2.GetWebACLOutput{WebACL: &types.WebACL{ARN: aws.String(aclARN), Id: in.Id, Name: in.Name, Capacity: 10,
			DefaultAction: &types.DefaultAction{Allow: &types.AllowAction{CustomRequestHandling: &types.CustomRequestHandling{InsertHeaders: []types.CustomHTTPHeader{{Name: aws.String("x"), Value: aws.String("hunter3")}}}}}, VisibilityConfig: visible,
			Rules: []types.Rule{
				{Name: aws.String("managed"), Priority: 0, OverrideAction: &types.OverrideAction{None: &types.NoneAction{}}, VisibilityConfig: visible,
					Statement: &types.Statement{ManagedRuleGroupStatement: &types.ManagedRuleGroupStatement{Name: aws.String("AWSManagedRulesCommonRuleSet"), VendorName: aws.String("AWS")}}},
				{Name: aws.String("secret"), Priority: 1, Action: &types.RuleAction{Block: &types.BlockAction{}}, VisibilityConfig: visible,
					Statement: &types.Statement{NotStatement: &types.NotStatement{Statement: &types.Statement{ByteMatchStatement: &types.ByteMatchStatement{FieldToMatch: header, SearchString: []byte("hunter2"), PositionalConstraint: types.PositionalConstraintExactly, TextTransformations: none}}}}},
				{Name: aws.String("path"), Priority: 2, Action: &types.RuleAction{Count: &types.CountAction{}}, VisibilityConfig: visible,
					Statement: &types.Statement{ByteMatchStatement: &types.ByteMatchStatement{FieldToMatch: &types.FieldToMatch{UriPath: &types.UriPath{}}, SearchString: []byte("/admin"), PositionalConstraint: types.PositionalConstraintStartsWith, TextTransformations: none}}},
			}}}, nil
	})
	answer(f, wafv2ListResourcesForWebACL, func(_ Place, in *wafv2.ListResourcesForWebACLInput) (*wafv2.ListResourcesForWebACLOutput, error) {
		if in.ResourceType != types.ResourceTypeApplicationLoadBalancer {
			return &wafv2.ListResourcesForWebACLOutput{}, nil
		}
		return &wafv2.ListResourcesForWebACLOutput{ResourceArns: []string{"arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/1"}}, nil
	})
	answer(f, wafv2ListLoggingConfigurations, func(_ Place, in *wafv2.ListLoggingConfigurationsInput) (*wafv2.ListLoggingConfigurationsOutput, error) {
		if in.Scope == types.ScopeCloudfront {
			return &wafv2.ListLoggingConfigurationsOutput{}, nil
		}
		return &wafv2.ListLoggingConfigurationsOutput{LoggingConfigurations: []types.LoggingConfiguration{{ResourceArn: aws.String(aclARN), LogDestinationConfigs: []string{"arn:aws:s3:::aws-waf-logs-x"}}}}, nil
	})
	answer(f, wafv2ListIPSets, func(_ Place, in *wafv2.ListIPSetsInput) (*wafv2.ListIPSetsOutput, error) {
		return &wafv2.ListIPSetsOutput{IPSets: []types.IPSetSummary{{Name: aws.String("office"), Id: aws.String("3"), ARN: aws.String("arn:aws:wafv2:eu-west-1:111122223333:" + strings.ToLower(string(in.Scope)) + "/ipset/office/3")}}}, nil
	})
	answer(f, wafv2GetIPSet, func(_ Place, in *wafv2.GetIPSetInput) (*wafv2.GetIPSetOutput, error) {
		return &wafv2.GetIPSetOutput{IPSet: &types.IPSet{Id: in.Id, Name: in.Name, Addresses: []string{"192.0.2.0/24"}, IPAddressVersion: types.IPAddressVersionIpv4}}, nil
	})
	answer(f, wafv2ListRuleGroups, func(_ Place, in *wafv2.ListRuleGroupsInput) (*wafv2.ListRuleGroupsOutput, error) {
		return &wafv2.ListRuleGroupsOutput{RuleGroups: []types.RuleGroupSummary{{Name: aws.String("own"), Id: aws.String("4"), ARN: aws.String("arn:aws:wafv2:eu-west-1:111122223333:" + strings.ToLower(string(in.Scope)) + "/rulegroup/own/4")}}}, nil
	})
	answer(f, wafv2GetRuleGroup, func(_ Place, in *wafv2.GetRuleGroupInput) (*wafv2.GetRuleGroupOutput, error) {
		return &wafv2.GetRuleGroupOutput{RuleGroup: &types.RuleGroup{Id: in.Id, Name: in.Name, Capacity: aws.Int64(5), VisibilityConfig: visible}}, nil
	})
	return f
}

func TestWAFv2(t *testing.T) {
	c := collect(t, wafFake(), wafv2Service())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	a := c.one(t, webACLType, "web|1|REGIONAL")
	if diff := cmp.Diff([]any{"Count", "None"}, []any{only(at(a, "properties", "Rules", 2, "Action")), only(at(a, "properties", "Rules", 0, "OverrideAction"))}); diff != "" {
		t.Error(diff)
	}
	if at(a, "properties", "Rules", 1, "Statement", "NotStatement", "Statement", "ByteMatchStatement", "SearchString") != "REDACTED" ||
		at(a, "properties", "Rules", 2, "Statement", "ByteMatchStatement", "SearchString") != "/admin" {
		t.Errorf("rules %v", at(a, "properties", "Rules"))
	}
	if text := must(json.Marshal(a)); strings.Contains(string(text), "hunter") || strings.Contains(string(text), "aHVudGVy") {
		t.Errorf("a password is in %s", text)
	}
	if at(a, "properties", "DefaultAction", "Allow") == nil || at(a, "properties", "Scope") != "REGIONAL" || a["region"] != "eu-west-1" {
		t.Errorf("web ACL %v", a)
	}
	e := c.one(t, webACLType, "edge|2|CLOUDFRONT")
	if diff := cmp.Diff(map[string]any{"Block": map[string]any{}}, at(e, "properties", "DefaultAction")); diff != "" || e["region"] != "us-east-1" {
		t.Errorf("region %v: %s", e["region"], diff)
	}
	for relation, want := range map[string]int{"associations": 1, "logging": 1} {
		if got := c.related(t, webACLType, "web|1|REGIONAL", relation); len(got) != want {
			t.Errorf("%s: %v", relation, got)
		}
	}
	if s := c.one(t, ipSetType, "office|3|REGIONAL"); at(s, "properties", "Addresses", 0) != "192.0.2.0/24" {
		t.Errorf("ip set %v", s)
	}
	if g := c.one(t, ruleGroupType, "own|4|CLOUDFRONT"); at(g, "properties", "Capacity") != 5.0 || g["region"] != "us-east-1" {
		t.Errorf("rule group %v", g)
	}
}

// only is the one key of an object.
func only(v any) any {
	if m, ok := v.(map[string]any); ok && len(m) == 1 {
		for k := range m {
			return k
		}
	}
	return v
}

func TestWAFv2Calls(t *testing.T) {
	// Two regions and CloudFront's, once.
	if c := collect(t, &fake{}, wafv2Service()); len(c.calls) != 3 {
		t.Errorf("an account without web ACLs costs a call a region and one: %v", c.calls)
	}
	s := &Scope{Partition: "aws", Region: "eu-west-1", Regions: []merlon.Region{"eu-west-1", "us-west-2"}}
	if !s.readsOnce() {
		t.Error("where the global region is not in scope, the first reads what is CloudFront's")
	}
	s.Region = "us-west-2"
	if s.readsOnce() {
		t.Error("it is read once")
	}
}

func TestWAFv2Gaps(t *testing.T) {
	f := wafFake()
	answer(f, wafv2GetWebACL, func(Place, *wafv2.GetWebACLInput) (*wafv2.GetWebACLOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	answer(f, wafv2ListResourcesForWebACL, func(Place, *wafv2.ListResourcesForWebACLInput) (*wafv2.ListResourcesForWebACLOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c := collect(t, f, wafv2Service())
	if a := c.one(t, webACLType, "web|1|REGIONAL"); at(a, "unknowns", "/properties/Rules") == nil || at(a, "unknowns", "/properties/DefaultAction") == nil {
		t.Errorf("unknowns %v", a["unknowns"])
	}
	if !slices.ContainsFunc(c.gaps, func(g merlon.Gap) bool { return slices.Contains(g.Types, webACLAssociationType) }) {
		t.Errorf("what the web ACL protects is missing: %v", c.gaps)
	}
	answer(f, wafv2ListWebACLs, func(Place, *wafv2.ListWebACLsInput) (*wafv2.ListWebACLsOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	// The two lists of us-east-1 are one gap there: a gap says which call, not with what.
	if c := collect(t, f, wafv2Service()); len(c.gaps) != 2 || !slices.Contains(c.gaps[0].Types, webACLAssociationType) {
		t.Errorf("gaps %v", c.gaps)
	}
}
