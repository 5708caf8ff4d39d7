package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"
)

func eksFake() *fake {
	f := &fake{}
	answer(f, eksListClusters, func(p Place, _ *eks.ListClustersInput) (*eks.ListClustersOutput, error) {
		if p.Region != "eu-west-1" {
			return &eks.ListClustersOutput{}, nil
		}
		return &eks.ListClustersOutput{Clusters: []string{"k8s", "old"}}, nil
	})
	answer(f, eksDescribeCluster, func(_ Place, in *eks.DescribeClusterInput) (*eks.DescribeClusterOutput, error) {
		if *in.Name == "old" {
			return &eks.DescribeClusterOutput{Cluster: &types.Cluster{Name: in.Name, AccessConfig: &types.AccessConfigResponse{AuthenticationMode: types.AuthenticationModeConfigMap}}}, nil
		}
		return &eks.DescribeClusterOutput{Cluster: &types.Cluster{Name: in.Name, Version: aws.String("1.33"), Tags: map[string]string{"env": "prod"},
			ResourcesVpcConfig: &types.VpcConfigResponse{EndpointPublicAccess: true, PublicAccessCidrs: []string{"0.0.0.0/0"}, ClusterSecurityGroupId: aws.String("sg-1"), VpcId: aws.String("vpc-1"), SubnetIds: []string{"subnet-1"}},
			Logging: &types.Logging{ClusterLogging: []types.LogSetup{{Enabled: aws.Bool(true), Types: []types.LogType{types.LogTypeApi, types.LogTypeAudit}},
				{Enabled: aws.Bool(false), Types: []types.LogType{types.LogTypeScheduler}}}},
			EncryptionConfig: []types.EncryptionConfig{{Provider: &types.Provider{KeyArn: aws.String("k")}, Resources: []string{"secrets"}}},
			Identity:         &types.Identity{Oidc: &types.OIDC{Issuer: aws.String("https://oidc")}}}}, nil
	})
	answer(f, eksListNodegroups, func(_ Place, in *eks.ListNodegroupsInput) (*eks.ListNodegroupsOutput, error) {
		if *in.ClusterName == "old" {
			return &eks.ListNodegroupsOutput{}, nil
		}
		return &eks.ListNodegroupsOutput{Nodegroups: []string{"ng"}}, nil
	})
	answer(f, eksDescribeNodegroup, func(_ Place, in *eks.DescribeNodegroupInput) (*eks.DescribeNodegroupOutput, error) {
		return &eks.DescribeNodegroupOutput{Nodegroup: &types.Nodegroup{NodegroupName: in.NodegroupName, ClusterName: in.ClusterName, NodegroupArn: aws.String("arn:aws:eks:eu-west-1:111122223333:nodegroup/k8s/ng/1"),
			NodeRole: aws.String("r"), Subnets: []string{"subnet-1"}, RemoteAccess: &types.RemoteAccessConfig{Ec2SshKey: aws.String("key")}}}, nil
	})
	answer(f, eksListAccessEntries, func(Place, *eks.ListAccessEntriesInput) (*eks.ListAccessEntriesOutput, error) {
		return &eks.ListAccessEntriesOutput{AccessEntries: []string{"arn:aws:iam::111122223333:role/admin"}}, nil
	})
	answer(f, eksDescribeAccessEntry, func(_ Place, in *eks.DescribeAccessEntryInput) (*eks.DescribeAccessEntryOutput, error) {
		return &eks.DescribeAccessEntryOutput{AccessEntry: &types.AccessEntry{ClusterName: in.ClusterName, PrincipalArn: in.PrincipalArn, AccessEntryArn: aws.String("arn:aws:eks:eu-west-1:111122223333:access-entry/e"), Type: aws.String("STANDARD")}}, nil
	})
	answer(f, eksListAssociatedAccessPolicies, func(_ Place, in *eks.ListAssociatedAccessPoliciesInput) (*eks.ListAssociatedAccessPoliciesOutput, error) {
		p := types.AssociatedAccessPolicy{PolicyArn: aws.String("arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"), AccessScope: &types.AccessScope{Type: types.AccessScopeTypeCluster}}
		return &eks.ListAssociatedAccessPoliciesOutput{AssociatedAccessPolicies: []types.AssociatedAccessPolicy{p}}, nil
	})
	return f
}

func TestEKS(t *testing.T) {
	c := collect(t, eksFake(), eksService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	d := c.one(t, eksClusterType, "k8s")
	want := []any{map[string]any{"Type": "api"}, map[string]any{"Type": "audit"}}
	if diff := cmp.Diff(want, at(d, "properties", "Logging", "ClusterLogging", "EnabledTypes")); diff != "" {
		t.Error(diff)
	}
	for _, x := range []struct {
		want any
		path []any
	}{
		{"arn:aws:eks:eu-west-1:111122223333:cluster/k8s", []any{"arn"}},
		{"prod", []any{"tags", "env"}},
		{true, []any{"properties", "ResourcesVpcConfig", "EndpointPublicAccess"}},
		{"0.0.0.0/0", []any{"properties", "ResourcesVpcConfig", "PublicAccessCidrs", 0}},
		{"sg-1", []any{"properties", "ClusterSecurityGroupId"}},
		{"vpc-1", []any{"observed", "ResourcesVpcConfig", "VpcId"}},
		{"k", []any{"properties", "EncryptionConfig", 0, "Provider", "KeyArn"}},
		{"https://oidc", []any{"properties", "OpenIdConnectIssuerUrl"}},
	} {
		if got := at(d, x.path...); got != x.want {
			t.Errorf("%v is %v, want %v", x.path, got, x.want)
		}
	}
	if g := c.one(t, eksNodegroupType, "k8s/ng"); at(g, "properties", "RemoteAccess", "Ec2SshKey") != "key" || at(g, "properties", "Id") != "k8s/ng" {
		t.Errorf("nodegroup %v", g["properties"])
	}
	e := c.one(t, eksAccessEntryType, "arn:aws:iam::111122223333:role/admin|k8s")
	if at(e, "properties", "AccessPolicies", 0, "AccessScope", "Type") != "cluster" || at(e, "properties", "Type") != "STANDARD" || at(e, "arn") != "arn:aws:eks:eu-west-1:111122223333:access-entry/e" {
		t.Errorf("access entry %v", e)
	}
	asked := 0
	for _, call := range c.calls {
		if call == "eks:ListAccessEntries" {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("access entries were asked for %d times: a cluster in ConfigMap mode has none", asked)
	}
}

func TestEKSGaps(t *testing.T) {
	f := eksFake()
	answer(f, eksDescribeCluster, func(Place, *eks.DescribeClusterInput) (*eks.DescribeClusterOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	answer(f, eksListAssociatedAccessPolicies, func(Place, *eks.ListAssociatedAccessPoliciesInput) (*eks.ListAssociatedAccessPoliciesOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c := collect(t, f, eksService())
	d := c.one(t, eksClusterType, "k8s")
	for _, path := range []string{"/properties/ResourcesVpcConfig", "/properties/Logging", "/properties/EncryptionConfig"} {
		if at(d, "unknowns", path) == nil {
			t.Errorf("%s must be unknown: %v", path, d["unknowns"])
		}
	}
	if e := c.one(t, eksAccessEntryType, "arn:aws:iam::111122223333:role/admin|k8s"); at(e, "unknowns", "/properties/AccessPolicies") == nil {
		t.Errorf("denied access policies must be unknown: %v", e["unknowns"])
	}
}
