package live

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
)

const domainType = "AWS::OpenSearchService::Domain"

var (
	opensearchListDomainNames = operation(opensearch.NewFromConfig, (*opensearch.Client).ListDomainNames, Declaration{
		Types: []string{domainType}})
	opensearchDescribeDomains = operation(opensearch.NewFromConfig, (*opensearch.Client).DescribeDomains, Declaration{
		Per: domainType, Key: []string{"DomainNames"}, Fills: []string{"properties.AccessPolicies", "properties.AdvancedOptions",
			"properties.AdvancedSecurityOptions", "properties.ClusterConfig", "properties.CognitoOptions", "properties.DomainEndpoint",
			"properties.DomainEndpointOptions", "properties.DomainEndpoints", "properties.EBSOptions", "properties.EncryptionAtRestOptions",
			"properties.EngineVersion", "properties.IdentityCenterOptions", "properties.LogPublishingOptions", "properties.NodeToNodeEncryptionOptions",
			"properties.OffPeakWindowOptions", "properties.ServiceSoftwareOptions", "properties.SnapshotOptions", "properties.SoftwareUpdateOptions",
			"properties.VPCOptions", "observed.VpcId", "observed.Deleted"}})
)

// opensearchBatch is how many domains one call describes.
// https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_DescribeDomains.html (read 2026-11-24).
const opensearchBatch = 5

// opensearchService reads search domains, of OpenSearch and of Elasticsearch: one
// call a region and one for each five of them.
func opensearchService() *Service {
	return &Service{
		Name: "opensearch", Title: "OpenSearch Service",
		Operations: []*Operation{opensearchListDomainNames.Operation, opensearchDescribeDomains.Operation},
		Collect:    collectOpenSearch,
	}
}

func collectOpenSearch(ctx context.Context, s *Scope) error {
	return opensearchListDomainNames.List(ctx, s, &opensearch.ListDomainNamesInput{}, func(out *opensearch.ListDomainNamesOutput) error {
		var names []string
		for _, n := range out.DomainNames {
			names = append(names, aws.ToString(n.DomainName))
		}
		return each(ctx, s, slices.Collect(slices.Chunk(names, opensearchBatch)), s.domains)
	})
}

func (s *Scope) domains(ctx context.Context, names []string) error {
	drafts, byName := make([]*Draft, 0, len(names)), map[string]*Draft{}
	for _, name := range names {
		arn := "arn:" + string(s.Partition) + ":es:" + string(s.Region) + ":" + string(s.Account) + ":domain/" + name
		d := s.Draft(domainType, name, arn, name).From(opensearchListDomainNames.Operation, s)
		d.Set("DomainName", name)
		d.Set("Arn", arn)
		d.Set("DomainArn", arn)
		d.UnknownBecause("tags", tagsApart)
		drafts, byName[name] = append(drafts, d), d
	}
	err := opensearchDescribeDomains.Batch(ctx, s, drafts, &opensearch.DescribeDomainsInput{DomainNames: names}, func(out *opensearch.DescribeDomainsOutput) error {
		for _, t := range out.DomainStatusList {
			d := byName[aws.ToString(t.DomainName)]
			if d == nil {
				continue
			}
			delete(byName, d.ID)
			if v := t.VPCOptions; v != nil {
				d.Observe("VpcId", v.VPCId)
			}
			d.Fold(t, Folding{
				Rename: map[string]string{"DomainId": "Id", "Endpoint": "DomainEndpoint", "EndpointV2": "DomainEndpointV2", "Endpoints": "DomainEndpoints"},
				Drop:   []string{"ARN", "DomainName", "ChangeProgressDetails", "ModifyingProperties"},
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range drafts {
		// One that was deleted in between is left out of the answer.
		if byName[d.ID] != nil && !d.isUnknown("properties.AccessPolicies") {
			continue
		}
		if err := s.Put(ctx, d); err != nil {
			return err
		}
	}
	return nil
}
