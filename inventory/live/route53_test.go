package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/google/go-cmp/cmp"
)

func route53Fake() *fake {
	f := &fake{}
	answer(f, route53ListHostedZones, func(Place, *route53.ListHostedZonesInput) (*route53.ListHostedZonesOutput, error) {
		return &route53.ListHostedZonesOutput{HostedZones: []types.HostedZone{
			{Id: aws.String("/hostedzone/Z1"), Name: aws.String("example.com."), CallerReference: aws.String("r"), ResourceRecordSetCount: aws.Int64(3), Config: &types.HostedZoneConfig{Comment: aws.String("public")}},
			{Id: aws.String("/hostedzone/Z2"), Name: aws.String("corp.internal."), CallerReference: aws.String("r"), Config: &types.HostedZoneConfig{PrivateZone: true}}}}, nil
	})
	answer(f, route53GetHostedZone, func(_ Place, in *route53.GetHostedZoneInput) (*route53.GetHostedZoneOutput, error) {
		if *in.Id != "Z2" {
			return nil, apiError("NoSuchHostedZone") // of a public zone nobody asks
		}
		return &route53.GetHostedZoneOutput{VPCs: []types.VPC{{VPCId: aws.String("vpc-1"), VPCRegion: types.VPCRegionEuWest1}}}, nil
	})
	answer(f, route53ListQueryLoggingConfigs, func(Place, *route53.ListQueryLoggingConfigsInput) (*route53.ListQueryLoggingConfigsOutput, error) {
		return &route53.ListQueryLoggingConfigsOutput{QueryLoggingConfigs: []types.QueryLoggingConfig{
			{Id: aws.String("q"), HostedZoneId: aws.String("Z1"), CloudWatchLogsLogGroupArn: aws.String("arn:aws:logs:us-east-1:111122223333:log-group:dns")}}}, nil
	})
	answer(f, route53ListTagsForResources, func(_ Place, in *route53.ListTagsForResourcesInput) (*route53.ListTagsForResourcesOutput, error) {
		return &route53.ListTagsForResourcesOutput{ResourceTagSets: []types.ResourceTagSet{{ResourceId: aws.String("Z1"), Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}}}}}, nil
	})
	answer(f, route53GetDNSSEC, func(_ Place, in *route53.GetDNSSECInput) (*route53.GetDNSSECOutput, error) {
		if *in.HostedZoneId != "Z1" {
			return nil, apiError("InvalidArgument")
		}
		return &route53.GetDNSSECOutput{Status: &types.DNSSECStatus{ServeSignature: aws.String("SIGNING")},
			KeySigningKeys: []types.KeySigningKey{{Name: aws.String("ksk"), KmsArn: aws.String("arn:aws:kms:us-east-1:111122223333:key/k"), Status: aws.String("ACTIVE"), KeyTag: 7}}}, nil
	})
	answer(f, route53ListResourceRecordSets, func(_ Place, in *route53.ListResourceRecordSetsInput) (*route53.ListResourceRecordSetsOutput, error) {
		if *in.HostedZoneId == "Z2" {
			return &route53.ListResourceRecordSetsOutput{}, nil
		}
		if in.StartRecordName == nil {
			return &route53.ListResourceRecordSetsOutput{IsTruncated: true, NextRecordName: aws.String("www.example.com."), NextRecordType: types.RRTypeA, NextRecordIdentifier: aws.String("blue"),
				ResourceRecordSets: []types.ResourceRecordSet{{Name: aws.String(`\052.example.com.`), Type: types.RRTypeCname, TTL: aws.Int64(300), ResourceRecords: []types.ResourceRecord{{Value: aws.String("d1.cloudfront.net")}}}}}, nil
		}
		return &route53.ListResourceRecordSetsOutput{ResourceRecordSets: []types.ResourceRecordSet{{Name: aws.String("www.example.com."), Type: types.RRTypeA, SetIdentifier: aws.String("blue"), Weight: aws.Int64(0),
			HealthCheckId: aws.String("h1"), AliasTarget: &types.AliasTarget{DNSName: aws.String("s3-website-eu-west-1.amazonaws.com."), HostedZoneId: aws.String("Z3"), EvaluateTargetHealth: true}}}}, nil
	})
	answer(f, route53ListHealthChecks, func(Place, *route53.ListHealthChecksInput) (*route53.ListHealthChecksOutput, error) {
		return &route53.ListHealthChecksOutput{HealthChecks: []types.HealthCheck{{Id: aws.String("h1"), CallerReference: aws.String("r"), HealthCheckVersion: aws.Int64(1),
			HealthCheckConfig: &types.HealthCheckConfig{Type: types.HealthCheckTypeHttps, FullyQualifiedDomainName: aws.String("www.example.com"), Port: aws.Int32(443)}}}}, nil
	})
	return f
}

func TestRoute53(t *testing.T) {
	c := collect(t, route53Fake(), route53Service())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	z := c.one(t, hostedZoneType, "Z1")
	want := map[string]any{"Id": "Z1", "Name": "example.com.", "HostedZoneConfig": map[string]any{"Comment": "public"},
		"QueryLoggingConfig": map[string]any{"CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:111122223333:log-group:dns"}}
	if diff := cmp.Diff(want, z["properties"]); diff != "" {
		t.Error(diff)
	}
	if z["name"] != "example.com" || at(z, "tags", "env") != "prod" || at(z, "observed", "PrivateZone") != false {
		t.Errorf("zone %v", z)
	}
	private := c.one(t, hostedZoneType, "Z2")
	if diff := cmp.Diff([]any{map[string]any{"VPCId": "vpc-1", "VPCRegion": "eu-west-1"}}, at(private, "properties", "VPCs")); diff != "" {
		t.Error(diff)
	}
	r := c.one(t, recordSetType, "*.example.com|Z1|CNAME")
	want = map[string]any{"Name": "*.example.com", "HostedZoneId": "Z1", "Type": "CNAME", "TTL": "300", "ResourceRecords": []any{"d1.cloudfront.net"}}
	if diff := cmp.Diff(want, r["properties"]); diff != "" {
		t.Error(diff)
	}
	r = c.one(t, recordSetType, "www.example.com|Z1|A|blue")
	want = map[string]any{"Name": "www.example.com", "HostedZoneId": "Z1", "Type": "A", "SetIdentifier": "blue", "Weight": 0.0, "HealthCheckId": "h1",
		"AliasTarget": map[string]any{"DNSName": "s3-website-eu-west-1.amazonaws.com.", "HostedZoneId": "Z3", "EvaluateTargetHealth": true}}
	if diff := cmp.Diff(want, r["properties"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"Service": "s3", "Name": "www.example.com", "Region": "eu-west-1"}, at(r, "observed", "Target")); diff != "" {
		t.Error(diff)
	}
	for typ, id := range map[string]string{recordSetType: "www.example.com|Z1|A|blue", dnssecType: "Z1", keySigningKeyType: "Z1|ksk"} {
		if got := c.related(t, typ, id, "zone"); len(got) != 1 {
			t.Errorf("%s %s leads to %v", typ, id, got)
		}
	}
	if got := c.related(t, recordSetType, "www.example.com|Z1|A|blue", "healthCheck"); len(got) != 1 {
		t.Errorf("health check %v", got)
	}
}

func TestRoute53Gaps(t *testing.T) {
	f := route53Fake()
	answer(f, route53ListResourceRecordSets, func(Place, *route53.ListResourceRecordSetsInput) (*route53.ListResourceRecordSetsOutput, error) {
		return nil, apiError("AccessDenied")
	})
	answer(f, route53ListQueryLoggingConfigs, func(Place, *route53.ListQueryLoggingConfigsInput) (*route53.ListQueryLoggingConfigsOutput, error) {
		return nil, apiError("AccessDenied")
	})
	answer(f, route53GetDNSSEC, func(Place, *route53.GetDNSSECInput) (*route53.GetDNSSECOutput, error) {
		return nil, apiError("AccessDenied")
	})
	c := collect(t, f, route53Service())
	z := c.one(t, hostedZoneType, "Z1")
	if at(z, "unknowns", "/properties/QueryLoggingConfig") == nil || at(z, "unknowns", "/observed/DNSSEC") == nil {
		t.Errorf("unknowns %v", z["unknowns"])
	}
	if len(c.gaps) != 4 { // the records of two zones, DNSSEC of the public one, logging
		t.Errorf("gaps %v", c.gaps)
	}
	f = &fake{}
	answer(f, route53ListHostedZones, func(Place, *route53.ListHostedZonesInput) (*route53.ListHostedZonesOutput, error) {
		return nil, apiError("AccessDenied")
	})
	if c := collect(t, f, route53Service()); len(c.gaps) != 1 || len(c.calls) != 2 {
		t.Errorf("gaps %v, calls %v", c.gaps, c.calls)
	}
}

// A page that begins where the one before began would be asked for ever.
func TestRoute53Repeats(t *testing.T) {
	f := route53Fake()
	answer(f, route53ListResourceRecordSets, func(Place, *route53.ListResourceRecordSetsInput) (*route53.ListResourceRecordSetsOutput, error) {
		return &route53.ListResourceRecordSetsOutput{IsTruncated: true, NextRecordName: aws.String("a."), NextRecordType: types.RRTypeA}, nil
	})
	if c := collect(t, f, route53Service()); len(c.gaps) == 0 {
		t.Error("the rest of the records is missing, and nothing says so")
	}
}

func TestRecordTarget(t *testing.T) {
	for _, c := range []struct {
		to   string
		want map[string]any
	}{
		{"d111.cloudfront.net.", map[string]any{"Service": "cloudfront", "Name": "d111.cloudfront.net"}},
		{"dualstack.Web-12.eu-west-1.elb.amazonaws.com.", map[string]any{"Service": "elb", "Name": "web-12.eu-west-1.elb.amazonaws.com", "Region": "eu-west-1"}},
		{"net-34.elb.eu-central-1.amazonaws.com", map[string]any{"Service": "elb", "Name": "net-34.elb.eu-central-1.amazonaws.com", "Region": "eu-central-1"}},
		{"s3-website.eu-central-1.amazonaws.com.", map[string]any{"Service": "s3", "Name": "r.example.com", "Region": "eu-central-1"}},
		{"shop.example.s3-website-us-east-1.amazonaws.com", map[string]any{"Service": "s3", "Name": "shop.example", "Region": "us-east-1"}},
		{"bucket.s3.amazonaws.com", nil},
		{"xs3-website-eu-west-1.amazonaws.com", nil},
		{"example.net", nil},
		{"amazonaws.com", nil},
		{"", nil},
	} {
		if diff := cmp.Diff(c.want, recordTarget("r.example.com", c.to)); diff != "" {
			t.Errorf("%s: %s", c.to, diff)
		}
	}
}
