package live

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/opensearch/types"
)

func opensearchFake(domains int) *fake {
	f := &fake{}
	answer(f, opensearchListDomainNames, func(p Place, _ *opensearch.ListDomainNamesInput) (*opensearch.ListDomainNamesOutput, error) {
		out := &opensearch.ListDomainNamesOutput{}
		for i := range domains {
			if p.Region == "eu-west-1" {
				out.DomainNames = append(out.DomainNames, types.DomainInfo{DomainName: aws.String(fmt.Sprintf("d%d", i))})
			}
		}
		return out, nil
	})
	answer(f, opensearchDescribeDomains, func(_ Place, in *opensearch.DescribeDomainsInput) (*opensearch.DescribeDomainsOutput, error) {
		if len(in.DomainNames) > opensearchBatch {
			return nil, apiError("ValidationException")
		}
		out := &opensearch.DescribeDomainsOutput{}
		for _, n := range in.DomainNames {
			if n == "d3" {
				continue // deleted meanwhile
			}
			out.DomainStatusList = append(out.DomainStatusList, types.DomainStatus{
				DomainName: aws.String(n), DomainId: aws.String("111122223333/" + n), ARN: aws.String("arn:aws:es:eu-west-1:111122223333:domain/" + n),
				AccessPolicies: aws.String(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"es:*"}]}`), EngineVersion: aws.String("OpenSearch_2.11"),
				EncryptionAtRestOptions:     &types.EncryptionAtRestOptions{Enabled: aws.Bool(true), KmsKeyId: aws.String("k")},
				NodeToNodeEncryptionOptions: &types.NodeToNodeEncryptionOptions{Enabled: aws.Bool(false)},
				DomainEndpointOptions:       &types.DomainEndpointOptions{EnforceHTTPS: aws.Bool(true), TLSSecurityPolicy: types.TLSSecurityPolicyPolicyMinTls12201907},
				VPCOptions:                  &types.VPCDerivedInfo{VPCId: aws.String("vpc-1"), SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{"sg-1"}},
				LogPublishingOptions:        map[string]types.LogPublishingOption{"AUDIT_LOGS": {Enabled: aws.Bool(true), CloudWatchLogsLogGroupArn: aws.String("arn")}},
				ClusterConfig:               &types.ClusterConfig{InstanceCount: aws.Int32(3), ZoneAwarenessEnabled: aws.Bool(true)},
				AdvancedSecurityOptions:     &types.AdvancedSecurityOptions{Enabled: aws.Bool(true), InternalUserDatabaseEnabled: aws.Bool(false)},
				ServiceSoftwareOptions:      &types.ServiceSoftwareOptions{UpdateAvailable: aws.Bool(true)},
			})
		}
		return out, nil
	})
	return f
}

func TestOpenSearch(t *testing.T) {
	c := collect(t, opensearchFake(12), opensearchService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	p := c.one(t, domainType, "d11")["properties"].(map[string]any)
	for _, x := range []struct {
		want any
		path []any
	}{
		{"*", []any{"AccessPolicies", "Statement", 0, "Principal", "AWS"}},
		{true, []any{"EncryptionAtRestOptions", "Enabled"}},
		{false, []any{"NodeToNodeEncryptionOptions", "Enabled"}},
		{true, []any{"DomainEndpointOptions", "EnforceHTTPS"}},
		{"subnet-1", []any{"VPCOptions", "SubnetIds", 0}},
		{true, []any{"LogPublishingOptions", "AUDIT_LOGS", "Enabled"}},
		{3.0, []any{"ClusterConfig", "InstanceCount"}},
		{true, []any{"AdvancedSecurityOptions", "Enabled"}},
		{true, []any{"ServiceSoftwareOptions", "UpdateAvailable"}},
		{"111122223333/d11", []any{"Id"}},
	} {
		if got := at(p, x.path...); got != x.want {
			t.Errorf("%v is %v, want %v", x.path, got, x.want)
		}
	}
	if n := count(c.calls, "opensearch:DescribeDomains"); n != 3 {
		t.Errorf("%d calls for 12 domains", n)
	}
	all, err := c.snapshot.Types(t.Context())
	if err != nil || len(all) != 1 || all[0].Count != 11 {
		t.Errorf("a domain that is gone must not be there with nothing set: %v %v", all, err)
	}
}

func TestOpenSearchGaps(t *testing.T) {
	f := opensearchFake(2)
	answer(f, opensearchDescribeDomains, func(Place, *opensearch.DescribeDomainsInput) (*opensearch.DescribeDomainsOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c := collect(t, f, opensearchService())
	d := c.one(t, domainType, "d0")
	for _, path := range []string{"/properties/AccessPolicies", "/properties/EncryptionAtRestOptions", "/properties/VPCOptions", "/properties/LogPublishingOptions"} {
		if at(d, "unknowns", path) == nil {
			t.Errorf("%s must be unknown: %v", path, d["unknowns"])
		}
	}
	if len(c.gaps) != 1 || c.gaps[0].Actions[0] != "es:DescribeDomains" {
		t.Errorf("gaps %+v", c.gaps)
	}
}
