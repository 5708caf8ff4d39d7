package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
)

const (
	eksClusterType     = "AWS::EKS::Cluster"
	eksNodegroupType   = "AWS::EKS::Nodegroup"
	eksAccessEntryType = "AWS::EKS::AccessEntry"
)

var (
	eksListClusters = operation(eks.NewFromConfig, (*eks.Client).ListClusters, Declaration{
		Types: []string{eksClusterType}})
	eksDescribeCluster = operation(eks.NewFromConfig, (*eks.Client).DescribeCluster, Declaration{
		Per: eksClusterType, Fills: []string{"properties.AccessConfig", "properties.BootstrapSelfManagedAddons", "properties.ClusterSecurityGroupId", "properties.ComputeConfig", "properties.DeletionProtection",
			"properties.EncryptionConfig", "properties.Endpoint", "properties.KubernetesNetworkConfig", "properties.Logging", "properties.OpenIdConnectIssuerUrl", "properties.OutpostConfig",
			"properties.RemoteNetworkConfig", "properties.ResourcesVpcConfig", "properties.RoleArn", "properties.UpgradePolicy", "properties.Version", "properties.ZonalShiftConfig",
			"observed.Status", "observed.PlatformVersion", "observed.ResourcesVpcConfig", "tags"}})
	eksListNodegroups = operation(eks.NewFromConfig, (*eks.Client).ListNodegroups, Declaration{
		Per: eksClusterType, Types: []string{eksNodegroupType}})
	eksDescribeNodegroup = operation(eks.NewFromConfig, (*eks.Client).DescribeNodegroup, Declaration{
		Per: eksClusterType, Types: []string{eksNodegroupType}, Optional: true})
	eksListAccessEntries = operation(eks.NewFromConfig, (*eks.Client).ListAccessEntries, Declaration{
		Per: eksClusterType, Types: []string{eksAccessEntryType}, Optional: true})
	eksDescribeAccessEntry = operation(eks.NewFromConfig, (*eks.Client).DescribeAccessEntry, Declaration{
		Per: eksAccessEntryType, Fills: []string{"properties.KubernetesGroups", "properties.Type", "properties.Username", "tags"}, Optional: true})
	eksListAssociatedAccessPolicies = operation(eks.NewFromConfig, (*eks.Client).ListAssociatedAccessPolicies, Declaration{
		Per: eksAccessEntryType, Fills: []string{"properties.AccessPolicies"}, Optional: true})
)

// eksService reads Kubernetes clusters, their managed node groups and which IAM
// principals may do what in them. What runs inside is Kubernetes' own to say.
func eksService() *Service {
	return &Service{
		Name: "eks", Title: "Elastic Kubernetes Service",
		Operations: []*Operation{eksListClusters.Operation, eksDescribeCluster.Operation, eksListNodegroups.Operation, eksDescribeNodegroup.Operation,
			eksListAccessEntries.Operation, eksDescribeAccessEntry.Operation, eksListAssociatedAccessPolicies.Operation},
		Collect: collectEKS,
	}
}

func collectEKS(ctx context.Context, s *Scope) error {
	return eksListClusters.List(ctx, s, &eks.ListClustersInput{MaxResults: aws.Int32(100)}, func(out *eks.ListClustersOutput) error {
		return each(ctx, s, out.Clusters, s.eksCluster)
	})
}

func (s *Scope) eksCluster(ctx context.Context, name string) error {
	arn := "arn:" + string(s.Partition) + ":eks:" + string(s.Region) + ":" + string(s.Account) + ":cluster/" + name
	d := s.Draft(eksClusterType, name, arn, name).From(eksListClusters.Operation, s)
	d.Set("Name", name)
	d.Set("Arn", arn)
	entries := true
	err := eksDescribeCluster.Get(ctx, s, d, &eks.DescribeClusterInput{Name: &name}, func(out *eks.DescribeClusterOutput) error {
		if out.Cluster == nil {
			return nil
		}
		describeEKSCluster(d, out.Cluster)
		// Without the access entry API, the aws-auth ConfigMap alone decides:
		// https://docs.aws.amazon.com/eks/latest/userguide/grant-k8s-access.html (read 2026-11-24).
		if c := out.Cluster.AccessConfig; c != nil && c.AuthenticationMode == types.AuthenticationModeConfigMap {
			entries = false
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = s.nodegroups(ctx, d)
	if err != nil {
		return err
	}
	if entries {
		if err := s.accessEntries(ctx, d); err != nil {
			return err
		}
	}
	return s.Put(ctx, d)
}

func describeEKSCluster(d *Draft, c *types.Cluster) {
	d.Fold(c, Folding{Drop: []string{"Name", "Arn", "Logging", "CertificateAuthority", "ClientRequestToken"}})
	if v := c.ResourcesVpcConfig; v != nil {
		d.Set("ClusterSecurityGroupId", v.ClusterSecurityGroupId)
	}
	if c.Identity != nil && c.Identity.Oidc != nil {
		d.Set("OpenIdConnectIssuerUrl", c.Identity.Oidc.Issuer)
	}
	if c.Logging == nil {
		return
	}
	enabled := []any{}
	for _, l := range c.Logging.ClusterLogging {
		if aws.ToBool(l.Enabled) {
			for _, t := range l.Types {
				enabled = append(enabled, map[string]any{"Type": string(t)})
			}
		}
	}
	d.setPlain("Logging.ClusterLogging.EnabledTypes", enabled)
}

func (s *Scope) nodegroups(ctx context.Context, cluster *Draft) error {
	name := cluster.ID
	var names []string
	err := eksListNodegroups.Get(ctx, s, cluster, &eks.ListNodegroupsInput{ClusterName: &name, MaxResults: aws.Int32(100)}, func(out *eks.ListNodegroupsOutput) error {
		names = append(names, out.Nodegroups...)
		return nil
	})
	if err != nil {
		return err
	}
	return each(ctx, s, names, func(ctx context.Context, group string) error {
		return eksDescribeNodegroup.Get(ctx, s, cluster, &eks.DescribeNodegroupInput{ClusterName: &name, NodegroupName: &group}, func(out *eks.DescribeNodegroupOutput) error {
			g := out.Nodegroup
			if g == nil {
				return nil
			}
			d := s.Draft(eksNodegroupType, name+"/"+group, aws.ToString(g.NodegroupArn), group).From(eksDescribeNodegroup.Operation, s)
			d.Fold(g, Folding{Drop: []string{"NodegroupArn"}})
			d.Set("Id", d.ID)
			d.Set("Arn", d.ARN)
			return s.Put(ctx, d)
		})
	})
}

func (s *Scope) accessEntries(ctx context.Context, cluster *Draft) error {
	name := cluster.ID
	var principals []string
	err := eksListAccessEntries.Get(ctx, s, cluster, &eks.ListAccessEntriesInput{ClusterName: &name, MaxResults: aws.Int32(100)}, func(out *eks.ListAccessEntriesOutput) error {
		principals = append(principals, out.AccessEntries...)
		return nil
	})
	if err != nil {
		return err
	}
	return each(ctx, s, principals, func(ctx context.Context, principal string) error {
		d := s.Draft(eksAccessEntryType, principal+"|"+name, "", principal).From(eksListAccessEntries.Operation, s)
		d.Set("ClusterName", name)
		d.Set("PrincipalArn", principal)
		err := eksDescribeAccessEntry.Get(ctx, s, d, &eks.DescribeAccessEntryInput{ClusterName: &name, PrincipalArn: &principal}, func(out *eks.DescribeAccessEntryOutput) error {
			if out.AccessEntry != nil {
				d.ARN = aws.ToString(out.AccessEntry.AccessEntryArn)
				d.Fold(out.AccessEntry, Folding{})
			}
			return nil
		})
		if err != nil {
			return err
		}
		var policies []types.AssociatedAccessPolicy
		err = eksListAssociatedAccessPolicies.Get(ctx, s, d, &eks.ListAssociatedAccessPoliciesInput{ClusterName: &name, PrincipalArn: &principal}, func(out *eks.ListAssociatedAccessPoliciesOutput) error {
			policies = append(policies, out.AssociatedAccessPolicies...)
			if out.NextToken == nil {
				d.Fit("AccessPolicies", policies)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return s.Put(ctx, d)
	})
}
