package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
)

const (
	distributionType = "AWS::CloudFront::Distribution"
	originAccessType = "AWS::CloudFront::OriginAccessControl"
)

var (
	cloudfrontListDistributions = operation(cloudfront.NewFromConfig, (*cloudfront.Client).ListDistributions, Declaration{
		Types: []string{distributionType}})
	cloudfrontGetDistributionConfig = operation(cloudfront.NewFromConfig, (*cloudfront.Client).GetDistributionConfig, Declaration{
		Per: distributionType, Fills: []string{"properties.DistributionConfig.Logging", "properties.DistributionConfig.DefaultRootObject",
			"properties.DistributionConfig.ContinuousDeploymentPolicyId", "properties.DistributionConfig.TenantConfig", "properties.DistributionConfig.CacheTagConfig"}})
	cloudfrontListOriginAccessControls = operation(cloudfront.NewFromConfig, (*cloudfront.Client).ListOriginAccessControls, Declaration{
		Types: []string{originAccessType}, Optional: true})
)

// cloudfrontService reads distributions. Where the newer standard logging is on,
// a delivery of CloudWatch Logs says so, not the distribution.
func cloudfrontService() *Service {
	return &Service{
		Name: "cloudfront", Title: "CloudFront", Global: true,
		Operations: []*Operation{cloudfrontListDistributions.Operation, cloudfrontGetDistributionConfig.Operation, cloudfrontListOriginAccessControls.Operation},
		Collect:    collectCloudFront,
	}
}

func collectCloudFront(ctx context.Context, s *Scope) error {
	found := false
	whole, err := cloudfrontListDistributions.ListAll(ctx, s, &cloudfront.ListDistributionsInput{MaxItems: aws.Int32(100)}, func(out *cloudfront.ListDistributionsOutput) error {
		if out.DistributionList == nil {
			return nil
		}
		found = found || len(out.DistributionList.Items) > 0
		return each(ctx, s, out.DistributionList.Items, s.distribution)
	})
	if err != nil || whole && !found {
		return err
	}
	return cloudfrontListOriginAccessControls.List(ctx, s, &cloudfront.ListOriginAccessControlsInput{MaxItems: aws.Int32(100)}, func(out *cloudfront.ListOriginAccessControlsOutput) error {
		if out.OriginAccessControlList == nil {
			return nil
		}
		for _, c := range out.OriginAccessControlList.Items {
			id := aws.ToString(c.Id)
			d := s.Draft(originAccessType, id, "arn:"+string(s.Partition)+":cloudfront::"+string(s.Account)+":origin-access-control/"+id, aws.ToString(c.Name)).
				From(cloudfrontListOriginAccessControls.Operation, s)
			d.Set("Id", id)
			c.Id = nil
			d.Fit("OriginAccessControlConfig", c)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Scope) distribution(ctx context.Context, x types.DistributionSummary) error {
	id, arn := aws.ToString(x.Id), aws.ToString(x.ARN)
	name := aws.ToString(x.DomainName)
	if a := x.Aliases; a != nil && len(a.Items) > 0 {
		name = a.Items[0]
	}
	d := s.Draft(distributionType, id, arn, name).From(cloudfrontListDistributions.Operation, s)
	d.Set("Id", id)
	d.Set("DomainName", x.DomainName)
	d.Observe("Status", x.Status)
	d.Observe("LastModifiedTime", x.LastModifiedTime)
	d.Observe("AliasICPRecordals", x.AliasICPRecordals)
	d.UnknownBecause("tags", tagsApart)
	// What the list says stands until the whole answer comes, and stays when it does not.
	config := distributionConfig(x)
	for _, k := range []string{"ARN", "Id", "DomainName", "Status", "LastModifiedTime", "AliasICPRecordals", "ETag"} {
		delete(config, k)
	}
	err := cloudfrontGetDistributionConfig.Get(ctx, s, d, &cloudfront.GetDistributionConfigInput{Id: &id}, func(out *cloudfront.GetDistributionConfigOutput) error {
		if out.DistributionConfig != nil {
			config = distributionConfig(out.DistributionConfig)
			delete(config, "CallerReference")
		}
		return nil
	})
	if err != nil {
		return err
	}
	fitDistribution(d, config)
	return s.Put(ctx, d)
}

// fitDistribution is Fit for a value whose empty objects count: an S3 origin
// without an identity is one all the same.
func fitDistribution(d *Draft, config map[string]any) {
	if d.schema == nil {
		return
	}
	p, ok := d.schema.Lookup("properties.DistributionConfig")
	if !ok {
		return
	}
	fitted, whole, ok := d.names.fit(config, p, 0)
	if ok {
		d.setPlain("DistributionConfig", fitted)
	}
	if !ok || !whole {
		d.Observe("DistributionConfig", config)
	}
}

// distributionConfig gives a distribution's configuration in CloudFormation's
// form, which writes lists where the API writes counts and items:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-cloudfront-distribution-distributionconfig.html (read 2026-11-24).
func distributionConfig(v any) map[string]any {
	m, _ := plain(v).(map[string]any)
	if l, ok := m["Logging"].(map[string]any); ok {
		if l["Enabled"] != true {
			delete(m, "Logging")
		}
		delete(l, "Enabled")
	}
	groups := m["OriginGroups"]
	delete(m, "OriginGroups")
	m = unwrapObject(m)
	if g, ok := groups.(map[string]any); ok && g["Items"] != nil {
		m["OriginGroups"] = g
	}
	return m
}

func unwrapObject(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		switch {
		case v == "":
			continue
		case k == "IsIPV6Enabled":
			out["IPV6Enabled"] = v
			continue
		case k == "AllowedMethods":
			// The cached ones stand beside the allowed ones.
			if a, ok := v.(map[string]any); ok && a["CachedMethods"] != nil {
				if c := unwrap(a["CachedMethods"]); c != nil {
					out["CachedMethods"] = c
				}
				delete(a, "CachedMethods")
			}
		case k == "GeoRestriction":
			if g, ok := v.(map[string]any); ok {
				r := map[string]any{"RestrictionType": g["RestrictionType"]}
				if g["Items"] != nil {
					r["Locations"] = g["Items"]
				}
				out[k] = r
			}
			continue
		case k == "CustomHeaders":
			// Origins trust what such a header says: the value is a password.
			if list, ok := unwrap(v).([]any); ok {
				for _, e := range list {
					if h, ok := e.(map[string]any); ok {
						h["HeaderValue"] = redacted
					}
				}
				out["OriginCustomHeaders"] = list
			}
			continue
		case k == "Certificate" || k == "CertificateSource":
			continue // the other fields of ViewerCertificate, as they were once called
		}
		if u := unwrap(v); u != nil {
			out[k] = u
		}
	}
	return out
}

// unwrap turns {Quantity, Items} into the items, nil for none.
func unwrap(v any) any {
	switch t := v.(type) {
	case map[string]any:
		if _, counted := t["Quantity"]; counted {
			return unwrap(t["Items"])
		}
		return unwrapObject(t)
	case []any:
		out := make([]any, 0, len(t))
		for _, e := range t {
			out = append(out, unwrap(e))
		}
		return out
	}
	return v
}
