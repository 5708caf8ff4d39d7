package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/google/go-cmp/cmp"
)

func cloudfrontFake() *fake {
	behavior := &types.DefaultCacheBehavior{TargetOriginId: aws.String("o"), ViewerProtocolPolicy: types.ViewerProtocolPolicyAllowAll,
		AllowedMethods: &types.AllowedMethods{Quantity: aws.Int32(2), Items: []types.Method{"GET", "HEAD"}, CachedMethods: &types.CachedMethods{Quantity: aws.Int32(1), Items: []types.Method{"GET"}}},
		TrustedSigners: &types.TrustedSigners{Enabled: aws.Bool(false), Quantity: aws.Int32(0)}}
	origins := &types.Origins{Quantity: aws.Int32(1), Items: []types.Origin{{Id: aws.String("o"), DomainName: aws.String("b.s3.amazonaws.com"), OriginPath: aws.String(""),
		S3OriginConfig: &types.S3OriginConfig{OriginAccessIdentity: aws.String("")}, OriginAccessControlId: aws.String("E1"),
		CustomHeaders: &types.CustomHeaders{Quantity: aws.Int32(1), Items: []types.OriginCustomHeader{{HeaderName: aws.String("X-Secret"), HeaderValue: aws.String("hunter2")}}}}}}
	f := &fake{}
	answer(f, cloudfrontListDistributions, func(Place, *cloudfront.ListDistributionsInput) (*cloudfront.ListDistributionsOutput, error) {
		return &cloudfront.ListDistributionsOutput{DistributionList: &types.DistributionList{IsTruncated: aws.Bool(false), Items: []types.DistributionSummary{
			{Id: aws.String("D1"), ARN: aws.String("arn:aws:cloudfront::111122223333:distribution/D1"), DomainName: aws.String("d1.cloudfront.net"), Enabled: aws.Bool(true), Origins: origins, DefaultCacheBehavior: behavior,
				Aliases: &types.Aliases{Quantity: aws.Int32(1), Items: []string{"www.example.com"}}}}}}, nil
	})
	answer(f, cloudfrontGetDistributionConfig, func(Place, *cloudfront.GetDistributionConfigInput) (*cloudfront.GetDistributionConfigOutput, error) {
		return &cloudfront.GetDistributionConfigOutput{DistributionConfig: &types.DistributionConfig{CallerReference: aws.String("r"), Enabled: aws.Bool(true), Origins: origins, DefaultCacheBehavior: behavior,
			Aliases:        &types.Aliases{Quantity: aws.Int32(1), Items: []string{"www.example.com"}},
			CacheBehaviors: &types.CacheBehaviors{Quantity: aws.Int32(0)},
			Logging:        &types.LoggingConfig{Enabled: aws.Bool(true), Bucket: aws.String("logs.s3.amazonaws.com"), Prefix: aws.String(""), IncludeCookies: aws.Bool(false)},
			IsIPV6Enabled:  aws.Bool(true),
			Restrictions:   &types.Restrictions{GeoRestriction: &types.GeoRestriction{Quantity: aws.Int32(1), RestrictionType: types.GeoRestrictionTypeWhitelist, Items: []string{"DE"}}},
			//lint:ignore SA1019 what AWS still sends must not get in the way
			ViewerCertificate: &types.ViewerCertificate{ACMCertificateArn: aws.String("c"), MinimumProtocolVersion: types.MinimumProtocolVersionTLSv122021, SSLSupportMethod: types.SSLSupportMethodSniOnly, Certificate: aws.String("c")},
			OriginGroups: &types.OriginGroups{Quantity: aws.Int32(1), Items: []types.OriginGroup{{Id: aws.String("g"), Members: &types.OriginGroupMembers{Quantity: aws.Int32(1), Items: []types.OriginGroupMember{{OriginId: aws.String("o")}}},
				FailoverCriteria: &types.OriginGroupFailoverCriteria{StatusCodes: &types.StatusCodes{Quantity: aws.Int32(1), Items: []int32{500}}}}}}}}, nil
	})
	answer(f, cloudfrontListOriginAccessControls, func(Place, *cloudfront.ListOriginAccessControlsInput) (*cloudfront.ListOriginAccessControlsOutput, error) {
		return &cloudfront.ListOriginAccessControlsOutput{OriginAccessControlList: &types.OriginAccessControlList{Items: []types.OriginAccessControlSummary{
			{Id: aws.String("E1"), Name: aws.String("oac"), SigningBehavior: types.OriginAccessControlSigningBehaviorsAlways, SigningProtocol: types.OriginAccessControlSigningProtocolsSigv4, OriginAccessControlOriginType: types.OriginAccessControlOriginTypesS3}}}}, nil
	})
	return f
}

func TestCloudFront(t *testing.T) {
	c := collect(t, cloudfrontFake(), cloudfrontService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	d := c.one(t, distributionType, "D1")
	want := map[string]any{
		"Enabled": true, "IPV6Enabled": true, "Aliases": []any{"www.example.com"},
		"DefaultCacheBehavior": map[string]any{"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "AllowedMethods": []any{"GET", "HEAD"}, "CachedMethods": []any{"GET"}},
		"Origins": []any{map[string]any{"Id": "o", "DomainName": "b.s3.amazonaws.com", "S3OriginConfig": map[string]any{}, "OriginAccessControlId": "E1",
			"OriginCustomHeaders": []any{map[string]any{"HeaderName": "X-Secret", "HeaderValue": "REDACTED"}}}},
		"Logging":           map[string]any{"Bucket": "logs.s3.amazonaws.com", "IncludeCookies": false},
		"Restrictions":      map[string]any{"GeoRestriction": map[string]any{"RestrictionType": "whitelist", "Locations": []any{"DE"}}},
		"ViewerCertificate": map[string]any{"AcmCertificateArn": "c", "MinimumProtocolVersion": "TLSv1.2_2021", "SslSupportMethod": "sni-only"},
		"OriginGroups": map[string]any{"Quantity": 1.0, "Items": []any{map[string]any{"Id": "g", "Members": map[string]any{"Quantity": 1.0, "Items": []any{map[string]any{"OriginId": "o"}}},
			"FailoverCriteria": map[string]any{"StatusCodes": map[string]any{"Quantity": 1.0, "Items": []any{500.0}}}}}},
	}
	if diff := cmp.Diff(want, at(d, "properties", "DistributionConfig")); diff != "" {
		t.Error(diff)
	}
	if d["region"] != "us-east-1" || d["name"] != "www.example.com" {
		t.Errorf("region %v name %v", d["region"], d["name"])
	}
	if o := c.one(t, originAccessType, "E1"); at(o, "properties", "OriginAccessControlConfig", "SigningBehavior") != "always" {
		t.Errorf("origin access %v", o["properties"])
	}
}

func TestCloudFrontGaps(t *testing.T) {
	f := cloudfrontFake()
	answer(f, cloudfrontGetDistributionConfig, func(Place, *cloudfront.GetDistributionConfigInput) (*cloudfront.GetDistributionConfigOutput, error) {
		return nil, apiError("AccessDenied")
	})
	c := collect(t, f, cloudfrontService())
	d := c.one(t, distributionType, "D1")
	if at(d, "unknowns", "/properties/DistributionConfig/Logging") == nil || len(c.gaps) != 1 {
		t.Errorf("logging must be unknown: %v, gaps %v", d["unknowns"], c.gaps)
	}
	if at(d, "properties", "DistributionConfig", "DefaultCacheBehavior", "ViewerProtocolPolicy") != "allow-all" {
		t.Errorf("what the list says is known: %v", d["properties"])
	}

	f = cloudfrontFake()
	answer(f, cloudfrontListDistributions, func(Place, *cloudfront.ListDistributionsInput) (*cloudfront.ListDistributionsOutput, error) {
		return nil, apiError("AccessDenied")
	})
	if c := collect(t, f, cloudfrontService()); len(c.gaps) != 1 || len(c.calls) != 2 {
		t.Errorf("gaps %v, calls %v", c.gaps, c.calls)
	}
	if c := collect(t, &fake{}, cloudfrontService()); len(c.calls) != 1 {
		t.Errorf("an account without distributions costs one call: %v", c.calls)
	}
}
