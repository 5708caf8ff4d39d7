package live

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

const (
	hostedZoneType    = "AWS::Route53::HostedZone"
	recordSetType     = "AWS::Route53::RecordSet"
	dnssecType        = "AWS::Route53::DNSSEC"
	keySigningKeyType = "AWS::Route53::KeySigningKey"
	healthCheckType   = "AWS::Route53::HealthCheck"
)

var (
	route53ListHostedZones = operation(route53.NewFromConfig, (*route53.Client).ListHostedZones, Declaration{
		Types: []string{hostedZoneType}})
	route53GetHostedZone = operation(route53.NewFromConfig, (*route53.Client).GetHostedZone, Declaration{
		Per: hostedZoneType, Fills: []string{"properties.VPCs"}, Optional: true})
	route53ListResourceRecordSets = operation(route53.NewFromConfig, (*route53.Client).ListResourceRecordSets, Declaration{
		Per: hostedZoneType, Types: []string{recordSetType}, Key: []string{"HostedZoneId", "StartRecordName", "StartRecordType", "StartRecordIdentifier"}})
	route53GetDNSSEC = operation(route53.NewFromConfig, (*route53.Client).GetDNSSEC, Declaration{
		Per: hostedZoneType, Types: []string{dnssecType, keySigningKeyType}, Fills: []string{"observed.DNSSEC"}})
	route53ListQueryLoggingConfigs = operation(route53.NewFromConfig, (*route53.Client).ListQueryLoggingConfigs, Declaration{
		Per: hostedZoneType, Fills: []string{"properties.QueryLoggingConfig"}, Shared: true, Optional: true})
	route53ListTagsForResources = operation(route53.NewFromConfig, (*route53.Client).ListTagsForResources, Declaration{
		Per: hostedZoneType, Fills: []string{"tags"}, Shared: true, Optional: true})
	route53ListHealthChecks = operation(route53.NewFromConfig, (*route53.Client).ListHealthChecks, Declaration{
		Types: []string{healthCheckType}})
)

// route53Service reads hosted zones with their records, and health checks. Route
// 53 takes five requests a second from an account, whoever makes them
// (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html,
// read 2026-11-24): a public zone costs two of them, its records and the state of
// DNSSEC, and a private one its records and its VPCs.
func route53Service() *Service {
	return &Service{
		Name: "route53", Title: "Route 53", Global: true,
		Operations: []*Operation{route53ListHostedZones.Operation, route53GetHostedZone.Operation, route53ListResourceRecordSets.Operation,
			route53GetDNSSEC.Operation, route53ListQueryLoggingConfigs.Operation, route53ListTagsForResources.Operation, route53ListHealthChecks.Operation},
		Collect: collectRoute53,
	}
}

func collectRoute53(ctx context.Context, s *Scope) error {
	var zones []*Draft
	err := route53ListHostedZones.List(ctx, s, &route53.ListHostedZonesInput{}, func(out *route53.ListHostedZonesOutput) error {
		for _, z := range out.HostedZones {
			zones = append(zones, s.hostedZone(z))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(zones) > 0 {
		if err := s.hostedZones(ctx, zones); err != nil {
			return err
		}
	}
	return route53ListHealthChecks.List(ctx, s, &route53.ListHealthChecksInput{}, func(out *route53.ListHealthChecksOutput) error {
		for _, h := range out.HealthChecks {
			id := aws.ToString(h.Id)
			d := s.Draft(healthCheckType, id, "arn:"+string(s.Partition)+":route53:::healthcheck/"+id, "").From(route53ListHealthChecks.Operation, s)
			d.Set("HealthCheckId", id)
			d.Fold(h, Folding{Drop: []string{"Id", "CallerReference"}})
			d.UnknownBecause("tags", tagsApart)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// dnsName writes a name as people and templates do: without the dot of the root,
// and with the asterisk that Route 53 escapes.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html (read 2026-11-24).
func dnsName(name string) string {
	return strings.ReplaceAll(strings.TrimSuffix(name, "."), `\052`, "*")
}

func (s *Scope) hostedZone(z types.HostedZone) *Draft {
	id := strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
	d := s.Draft(hostedZoneType, id, "arn:"+string(s.Partition)+":route53:::hostedzone/"+id, dnsName(aws.ToString(z.Name))).From(route53ListHostedZones.Operation, s)
	d.Set("Id", id)
	d.Set("Name", z.Name)
	private := false
	if c := z.Config; c != nil {
		private = c.PrivateZone
		d.Set("HostedZoneConfig.Comment", c.Comment)
	}
	d.Observe("PrivateZone", private)
	d.Observe("ResourceRecordSetCount", z.ResourceRecordSetCount)
	d.Observe("LinkedService", z.LinkedService)
	d.Observe("Features", z.Features)
	d.notAsked("properties.NameServers", "properties.HostedZoneFeatures")
	return d
}

// hostedZones reads what is told of several zones at once, and then each.
func (s *Scope) hostedZones(ctx context.Context, zones []*Draft) error {
	byID := make(map[string]*Draft, len(zones))
	for _, d := range zones {
		byID[d.ID] = d
	}
	err := route53ListQueryLoggingConfigs.Batch(ctx, s, zones, &route53.ListQueryLoggingConfigsInput{}, func(out *route53.ListQueryLoggingConfigsOutput) error {
		for _, c := range out.QueryLoggingConfigs {
			if d := byID[strings.TrimPrefix(aws.ToString(c.HostedZoneId), "/hostedzone/")]; d != nil {
				d.Set("QueryLoggingConfig.CloudWatchLogsLogGroupArn", c.CloudWatchLogsLogGroupArn)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	// Ten at a time: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListTagsForResources.html (read 2026-11-24).
	for chunk := range slices.Chunk(zones, 10) {
		var ids []string
		for _, d := range chunk {
			ids = append(ids, d.ID)
		}
		in := &route53.ListTagsForResourcesInput{ResourceIds: ids, ResourceType: types.TagResourceTypeHostedzone}
		err := route53ListTagsForResources.Batch(ctx, s, chunk, in, func(out *route53.ListTagsForResourcesOutput) error {
			for _, t := range out.ResourceTagSets {
				if d := byID[aws.ToString(t.ResourceId)]; d != nil {
					d.Tag(t.Tags)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return each(ctx, s, zones, s.readZone)
}

func (s *Scope) readZone(ctx context.Context, d *Draft) error {
	var err error
	if d.observed["PrivateZone"] == true {
		err = route53GetHostedZone.Get(ctx, s, d, &route53.GetHostedZoneInput{Id: &d.ID}, func(out *route53.GetHostedZoneOutput) error {
			d.Fit("VPCs", out.VPCs)
			return nil
		})
	} else {
		err = s.dnssec(ctx, d)
	}
	if err != nil {
		return err
	}
	if err := s.records(ctx, d); err != nil {
		return err
	}
	return s.Put(ctx, d)
}

// dnssec reads whether a public zone is signed; private ones cannot be.
func (s *Scope) dnssec(ctx context.Context, zone *Draft) error {
	return route53GetDNSSEC.Get(ctx, s, zone, &route53.GetDNSSECInput{HostedZoneId: &zone.ID}, func(out *route53.GetDNSSECOutput) error {
		zone.Observe("DNSSEC", out.Status)
		// CloudFormation says by the resource's being there that the zone is signed.
		if out.Status != nil && aws.ToString(out.Status.ServeSignature) == "SIGNING" {
			d := s.Draft(dnssecType, zone.ID, "", zone.Name).From(route53GetDNSSEC.Operation, s)
			d.Set("HostedZoneId", zone.ID)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		for _, k := range out.KeySigningKeys {
			name := aws.ToString(k.Name)
			d := s.Draft(keySigningKeyType, zone.ID+"|"+name, "", name).From(route53GetDNSSEC.Operation, s)
			d.Set("HostedZoneId", zone.ID)
			d.Fold(k, Folding{Rename: map[string]string{"KmsArn": "KeyManagementServiceArn"}})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// records reads the zone's records. The next page begins with a record, not with
// a token.
func (s *Scope) records(ctx context.Context, zone *Draft) error {
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: &zone.ID}
	for {
		var next *route53.ListResourceRecordSetsInput
		err := route53ListResourceRecordSets.Get(ctx, s, zone, in, func(out *route53.ListResourceRecordSetsOutput) error {
			for _, r := range out.ResourceRecordSets {
				if err := s.Put(ctx, s.record(zone, r)); err != nil {
					return err
				}
			}
			if out.IsTruncated && out.NextRecordName != nil {
				next = &route53.ListResourceRecordSetsInput{HostedZoneId: &zone.ID, StartRecordName: out.NextRecordName,
					StartRecordType: out.NextRecordType, StartRecordIdentifier: out.NextRecordIdentifier}
			}
			return nil
		})
		if err != nil || next == nil {
			return err
		}
		if aws.ToString(next.StartRecordName) == aws.ToString(in.StartRecordName) && next.StartRecordType == in.StartRecordType &&
			aws.ToString(next.StartRecordIdentifier) == aws.ToString(in.StartRecordIdentifier) {
			return s.listed(ctx, route53ListResourceRecordSets.Operation, "", errRepeated)
		}
		in = next
	}
}

func (s *Scope) record(zone *Draft, r types.ResourceRecordSet) *Draft {
	name := dnsName(aws.ToString(r.Name))
	id := name + "|" + zone.ID + "|" + string(r.Type)
	if r.SetIdentifier != nil {
		id += "|" + *r.SetIdentifier
	}
	d := s.Draft(recordSetType, id, "", name).From(route53ListResourceRecordSets.Operation, s)
	d.Fold(r, Folding{Drop: []string{"ResourceRecords", "Name", "TTL", "CidrRoutingConfig"}})
	d.Set("Name", name)
	d.Set("HostedZoneId", zone.ID)
	if r.TTL != nil {
		d.Set("TTL", strconv.FormatInt(*r.TTL, 10))
	}
	if c := r.CidrRoutingConfig; c != nil {
		d.Fit("CidrRoutingConfig", c)
	}
	var values []string
	for _, v := range r.ResourceRecords {
		values = append(values, aws.ToString(v.Value))
	}
	d.Set("ResourceRecords", values)
	to := ""
	switch {
	case r.AliasTarget != nil:
		to = aws.ToString(r.AliasTarget.DNSName)
	case r.Type == types.RRTypeCname && len(values) > 0:
		to = values[0]
	}
	if to != "" {
		d.Observe("Target", recordTarget(name, to))
	}
	if zone.observed["PrivateZone"] == true {
		d.Observe("PrivateZone", true)
	}
	return d
}

// recordTarget says what thing of AWS a name belongs to, as far as the name tells:
// https://docs.aws.amazon.com/general/latest/gr/s3.html and
// https://docs.aws.amazon.com/general/latest/gr/elb.html (both read 2026-11-24).
// nil for the others.
func recordTarget(record, to string) map[string]any {
	host := strings.ToLower(dnsName(to))
	labels := strings.Split(host, ".")
	n := len(labels)
	switch {
	case strings.HasSuffix(host, ".cloudfront.net"):
		return map[string]any{"Service": "cloudfront", "Name": host}
	case strings.HasSuffix(host, ".elb.amazonaws.com") && n >= 5:
		return map[string]any{"Service": "elb", "Name": strings.TrimPrefix(host, "dualstack."), "Region": labels[n-4]}
	// Network load balancers have the region after the service.
	case n >= 5 && labels[n-4] == "elb" && strings.HasSuffix(host, ".amazonaws.com"):
		return map[string]any{"Service": "elb", "Name": host, "Region": labels[n-3]}
	case strings.HasSuffix(host, ".amazonaws.com"):
		bucket, region := websiteHost(host)
		if region == "" {
			return nil
		}
		// The endpoint alone is the target of an alias; the bucket has the record's name.
		if bucket == "" {
			bucket = record
		}
		return map[string]any{"Service": "s3", "Name": bucket, "Region": region}
	}
	return nil
}

// websiteHost takes a website endpoint of S3 apart: "b.s3-website-eu-west-1.amazonaws.com",
// "b.s3-website.eu-central-1.amazonaws.com". Both are empty for other hosts; the
// bucket alone for an endpoint without one.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html (read 2026-11-24).
func websiteHost(host string) (bucket, region string) {
	rest := strings.TrimSuffix(host, ".amazonaws.com")
	at := strings.LastIndex(rest, "s3-website")
	if at < 0 || at > 0 && rest[at-1] != '.' {
		return "", ""
	}
	region = rest[at+len("s3-website"):]
	if len(region) < 2 || region[0] != '-' && region[0] != '.' || strings.Contains(region[1:], ".") {
		return "", ""
	}
	return strings.TrimSuffix(rest[:at], "."), region[1:]
}
