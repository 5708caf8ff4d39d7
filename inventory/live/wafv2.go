package live

import (
	"context"
	"encoding/base64"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	"github.com/aws/aws-sdk-go-v2/service/wafv2/types"

	"merlon.dev/merlon"
)

const (
	webACLType            = "AWS::WAFv2::WebACL"
	webACLAssociationType = "AWS::WAFv2::WebACLAssociation"
	webACLLoggingType     = "AWS::WAFv2::LoggingConfiguration"
	ipSetType             = "AWS::WAFv2::IPSet"
	ruleGroupType         = "AWS::WAFv2::RuleGroup"
)

var (
	wafv2ListWebACLs = operation(wafv2.NewFromConfig, (*wafv2.Client).ListWebACLs, Declaration{
		Types: []string{webACLType}, Key: []string{"Scope"}, PerAccount: 1})
	wafv2GetWebACL = operation(wafv2.NewFromConfig, (*wafv2.Client).GetWebACL, Declaration{
		Per: webACLType, Key: []string{"Scope", "Name", "Id"}, Fills: []string{"properties.Rules", "properties.DefaultAction", "properties.VisibilityConfig",
			"properties.Capacity", "properties.CustomResponseBodies", "properties.AssociationConfig", "properties.DataProtectionConfig", "properties.TokenDomains",
			"observed.ManagedByFirewallManager", "observed.PreProcessFirewallManagerRuleGroups", "observed.PostProcessFirewallManagerRuleGroups"}})
	wafv2ListResourcesForWebACL = operation(wafv2.NewFromConfig, (*wafv2.Client).ListResourcesForWebACL, Declaration{
		Per: webACLType, Types: []string{webACLAssociationType}, Key: []string{"WebACLArn", "ResourceType"}})
	wafv2ListLoggingConfigurations = operation(wafv2.NewFromConfig, (*wafv2.Client).ListLoggingConfigurations, Declaration{
		Types: []string{webACLLoggingType}, Key: []string{"Scope"}, Optional: true})
	wafv2ListIPSets = operation(wafv2.NewFromConfig, (*wafv2.Client).ListIPSets, Declaration{
		Types: []string{ipSetType}, Key: []string{"Scope"}, Optional: true})
	wafv2GetIPSet = operation(wafv2.NewFromConfig, (*wafv2.Client).GetIPSet, Declaration{
		Per: ipSetType, Key: []string{"Scope", "Name", "Id"}, Fills: []string{"properties.Addresses", "properties.IPAddressVersion"}})
	wafv2ListRuleGroups = operation(wafv2.NewFromConfig, (*wafv2.Client).ListRuleGroups, Declaration{
		Types: []string{ruleGroupType}, Key: []string{"Scope"}, Optional: true})
	wafv2GetRuleGroup = operation(wafv2.NewFromConfig, (*wafv2.Client).GetRuleGroup, Declaration{
		Per: ruleGroupType, Key: []string{"Scope", "Name", "Id"}, Fills: []string{"properties.Rules", "properties.VisibilityConfig", "properties.Capacity"}})
)

// wafv2Service reads web ACLs, what they protect, their logging, IP sets and
// rule groups. Those of CloudFront live in one region and are read once an
// account. A region without web ACLs costs one call; sets and groups that no web
// ACL uses are not looked for there. WAF Classic is not read: AWS ended it in 2025
// (https://docs.aws.amazon.com/waf/latest/developerguide/classic-waf-chapter.html, read 2026-11-24).
func wafv2Service() *Service {
	return &Service{
		Name: "wafv2", Title: "WAF",
		Operations: []*Operation{wafv2ListWebACLs.Operation, wafv2GetWebACL.Operation, wafv2ListResourcesForWebACL.Operation,
			wafv2ListLoggingConfigurations.Operation, wafv2ListIPSets.Operation, wafv2GetIPSet.Operation, wafv2ListRuleGroups.Operation,
			wafv2GetRuleGroup.Operation},
		Collect: collectWAFv2,
	}
}

// firewalls are the web ACLs of one scope: those of a region, or CloudFront's.
type firewalls struct {
	*Scope
	scope  types.Scope
	region merlon.Region
}

// readsOnce reports whether this region's part of a service also reads what an
// account has once: the global region does, or, where that is not in scope, the first.
func (s *Scope) readsOnce() bool {
	if s.inScope(s.Partition.GlobalRegion()) {
		return s.Region == s.Partition.GlobalRegion()
	}
	return len(s.Regions) > 0 && s.Region == s.Regions[0]
}

func collectWAFv2(ctx context.Context, s *Scope) error {
	all := []*firewalls{{s, types.ScopeRegional, s.Region}}
	// CloudFront is in no other partition but China's, where WAF has no such scope.
	if s.Partition == "aws" && s.readsOnce() {
		all = append(all, &firewalls{s, types.ScopeCloudfront, s.Partition.GlobalRegion()})
	}
	// One after the other: a gap names the call and not its scope, and of two the
	// same one has to be kept each time.
	for _, f := range all {
		if err := f.collect(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (f *firewalls) collect(ctx context.Context) error {
	var acls []types.WebACLSummary
	err := wafv2ListWebACLs.ListIn(ctx, f.Scope, f.region, &wafv2.ListWebACLsInput{Scope: f.scope, Limit: aws.Int32(100)}, func(out *wafv2.ListWebACLsOutput) error {
		acls = append(acls, out.WebACLs...)
		return nil
	})
	if err != nil || len(acls) == 0 {
		return err
	}
	if err := each(ctx, f.Scope, acls, f.webACL); err != nil {
		return err
	}
	if err := f.logging(ctx); err != nil {
		return err
	}
	return f.parts(ctx)
}

// draft starts something of the scope.
func (f *firewalls) draft(typ, name, id, arn string, from *Operation) *Draft {
	d := f.Draft(typ, name+"|"+id+"|"+string(f.scope), arn, name).From(from, f.Scope)
	d.Region = f.region
	d.Set("Scope", f.scope)
	d.UnknownBecause("tags", tagsApart)
	return d
}

// protectable are the kinds of things that the web ACL of a region can protect.
// Unasked, the call tells of load balancers alone, and it takes one kind at a time.
// https://docs.aws.amazon.com/waf/latest/APIReference/API_ListResourcesForWebACL.html (read 2026-11-24).
var protectable = [...]types.ResourceType{types.ResourceTypeApplicationLoadBalancer, types.ResourceTypeApiGateway, types.ResourceTypeAppsync,
	types.ResourceTypeCognitioUserPool, types.ResourceTypeAppRunnerService, types.ResourceTypeVerifiedAccessInstance, types.ResourceTypeAmplify}

func (f *firewalls) webACL(ctx context.Context, a types.WebACLSummary) error {
	d := f.draft(webACLType, aws.ToString(a.Name), aws.ToString(a.Id), aws.ToString(a.ARN), wafv2ListWebACLs.Operation)
	d.Fold(a, Folding{Drop: []string{"LockToken"}})
	in := &wafv2.GetWebACLInput{Id: a.Id, Name: a.Name, Scope: f.scope}
	err := wafv2GetWebACL.Get(ctx, f.Scope, d, in, func(out *wafv2.GetWebACLOutput) error {
		foldRules(d, out.WebACL)
		return nil
	})
	if err != nil {
		return err
	}
	if f.scope == types.ScopeRegional {
		for _, kind := range protectable {
			if err := f.protects(ctx, d, kind); err != nil {
				return err
			}
		}
	}
	return f.Put(ctx, d)
}

// protects reads what of a kind the web ACL stands before.
func (f *firewalls) protects(ctx context.Context, acl *Draft, kind types.ResourceType) error {
	in := &wafv2.ListResourcesForWebACLInput{WebACLArn: &acl.ARN, ResourceType: kind}
	return wafv2ListResourcesForWebACL.Get(ctx, f.Scope, acl, in, func(out *wafv2.ListResourcesForWebACLOutput) error {
		for _, r := range out.ResourceArns {
			d := f.Draft(webACLAssociationType, r+"|"+acl.ARN, "", acl.Name).From(wafv2ListResourcesForWebACL.Operation, f.Scope)
			d.Set("ResourceArn", r)
			d.Set("WebACLArn", acl.ARN)
			d.Observe("ResourceType", kind)
			if err := f.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *firewalls) logging(ctx context.Context) error {
	in := &wafv2.ListLoggingConfigurationsInput{Scope: f.scope, Limit: aws.Int32(100)}
	return wafv2ListLoggingConfigurations.ListIn(ctx, f.Scope, f.region, in, func(out *wafv2.ListLoggingConfigurationsOutput) error {
		for _, c := range out.LoggingConfigurations {
			d := f.Draft(webACLLoggingType, aws.ToString(c.ResourceArn), "", "").From(wafv2ListLoggingConfigurations.Operation, f.Scope)
			d.Region = f.region
			d.Fold(c, Folding{})
			if err := f.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// parts reads what rules refer to.
func (f *firewalls) parts(ctx context.Context) error {
	err := wafv2ListIPSets.ListIn(ctx, f.Scope, f.region, &wafv2.ListIPSetsInput{Scope: f.scope, Limit: aws.Int32(100)}, func(out *wafv2.ListIPSetsOutput) error {
		return each(ctx, f.Scope, out.IPSets, func(ctx context.Context, x types.IPSetSummary) error {
			d := f.draft(ipSetType, aws.ToString(x.Name), aws.ToString(x.Id), aws.ToString(x.ARN), wafv2ListIPSets.Operation)
			d.Fold(x, Folding{Drop: []string{"LockToken"}})
			in := &wafv2.GetIPSetInput{Id: x.Id, Name: x.Name, Scope: f.scope}
			err := wafv2GetIPSet.Get(ctx, f.Scope, d, in, func(out *wafv2.GetIPSetOutput) error {
				if out.IPSet != nil {
					d.Fold(out.IPSet, Folding{})
				}
				return nil
			})
			if err != nil {
				return err
			}
			return f.Put(ctx, d)
		})
	})
	if err != nil {
		return err
	}
	return wafv2ListRuleGroups.ListIn(ctx, f.Scope, f.region, &wafv2.ListRuleGroupsInput{Scope: f.scope, Limit: aws.Int32(100)}, func(out *wafv2.ListRuleGroupsOutput) error {
		return each(ctx, f.Scope, out.RuleGroups, func(ctx context.Context, x types.RuleGroupSummary) error {
			d := f.draft(ruleGroupType, aws.ToString(x.Name), aws.ToString(x.Id), aws.ToString(x.ARN), wafv2ListRuleGroups.Operation)
			d.Fold(x, Folding{Drop: []string{"LockToken"}})
			in := &wafv2.GetRuleGroupInput{Id: x.Id, Name: x.Name, Scope: f.scope}
			err := wafv2GetRuleGroup.Get(ctx, f.Scope, d, in, func(out *wafv2.GetRuleGroupOutput) error {
				foldRules(d, out.RuleGroup)
				return nil
			})
			if err != nil {
				return err
			}
			return f.Put(ctx, d)
		})
	})
}

// foldRules maps a web ACL or rule group.
func foldRules(d *Draft, v any) {
	if m, ok := plain(v).(map[string]any); ok {
		shown(m)
		d.foldPlain(m, Folding{})
	}
}

// shown turns the plain form of a web ACL or rule group into what CloudFormation writes,
// without what may be a password: the headers that a rule adds, and what a rule
// looks for in a header or cookie, by which a server often knows its own proxy.
func shown(v any) {
	switch t := v.(type) {
	case []any:
		for _, e := range t {
			shown(e)
		}
	case map[string]any:
		field, _ := t["FieldToMatch"].(map[string]any)
		hides := field["SingleHeader"] != nil || field["Headers"] != nil || field["Cookies"] != nil
		if text, ok := t["SearchString"].(string); ok {
			// The API has bytes where CloudFormation has either of two texts.
			raw, err := base64.StdEncoding.DecodeString(text)
			switch {
			case hides:
				t["SearchString"] = redacted
			case err == nil && utf8.Valid(raw):
				t["SearchString"] = string(raw)
			default:
				delete(t, "SearchString")
				t["SearchStringBase64"] = text
			}
		}
		if _, ok := t["RegexString"]; ok && hides {
			t["RegexString"] = redacted
		}
		if list, ok := t["InsertHeaders"].([]any); ok {
			for _, e := range list {
				if h, ok := e.(map[string]any); ok {
					h["Value"] = redacted
				}
			}
		}
		for _, e := range t {
			shown(e)
		}
	}
}
