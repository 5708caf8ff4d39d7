package live

import (
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	ecsARN     = "arn:aws:ecs:eu-west-1:111122223333:"
	clusterARN = ecsARN + "cluster/prod"
	webTask    = ecsARN + "task-definition/web:7"
)

func ecsFake() *fake {
	f := &fake{}
	answer(f, ecsListClusters, func(p Place, _ *ecs.ListClustersInput) (*ecs.ListClustersOutput, error) {
		if p.Region != "eu-west-1" {
			return &ecs.ListClustersOutput{}, nil
		}
		return &ecs.ListClustersOutput{ClusterArns: []string{clusterARN}}, nil
	})
	answer(f, ecsDescribeClusters, func(Place, *ecs.DescribeClustersInput) (*ecs.DescribeClustersOutput, error) {
		return &ecs.DescribeClustersOutput{Clusters: []types.Cluster{{ClusterArn: aws.String(clusterARN), ClusterName: aws.String("prod"), Status: aws.String("ACTIVE"),
			Settings: []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: aws.String("enabled")}}, Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}}}}}, nil
	})
	answer(f, ecsListServices, func(Place, *ecs.ListServicesInput) (*ecs.ListServicesOutput, error) {
		out := &ecs.ListServicesOutput{}
		for i := range 11 {
			out.ServiceArns = append(out.ServiceArns, ecsARN+"service/prod/web"+strconv.Itoa(i))
		}
		return out, nil
	})
	answer(f, ecsDescribeServices, func(_ Place, in *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
		out := &ecs.DescribeServicesOutput{}
		for _, a := range in.Services {
			network := &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{AssignPublicIp: types.AssignPublicIpEnabled, Subnets: []string{"subnet-1"}}}
			out.Services = append(out.Services, types.Service{ServiceArn: &a, ServiceName: aws.String("web"), ClusterArn: aws.String(clusterARN), TaskDefinition: aws.String(webTask), NetworkConfiguration: network,
				Deployments: []types.Deployment{{Status: aws.String("PRIMARY"), ServiceConnectConfiguration: &types.ServiceConnectConfiguration{Enabled: true, LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverSplunk, Options: map[string]string{"splunk-token": "hunter2", "splunk-url": "https://s"}}}}}})
		}
		return out, nil
	})
	answer(f, ecsListTasks, func(Place, *ecs.ListTasksInput) (*ecs.ListTasksOutput, error) {
		return &ecs.ListTasksOutput{TaskArns: []string{ecsARN + "task/prod/1"}}, nil
	})
	answer(f, ecsDescribeTasks, func(_ Place, in *ecs.DescribeTasksInput) (*ecs.DescribeTasksOutput, error) {
		return &ecs.DescribeTasksOutput{Tasks: []types.Task{{TaskArn: &in.Tasks[0], ClusterArn: aws.String(clusterARN), TaskDefinitionArn: aws.String(webTask), LaunchType: types.LaunchTypeFargate,
			Overrides:   &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("c"), Environment: []types.KeyValuePair{{Name: aws.String("P"), Value: aws.String("hunter2")}}}}},
			Attachments: []types.Attachment{{Type: aws.String("ElasticNetworkInterface"), Details: []types.KeyValuePair{{Name: aws.String("networkInterfaceId"), Value: aws.String("eni-1")}, {Name: aws.String("subnetId"), Value: aws.String("subnet-1")}}}}}}}, nil
	})
	answer(f, ecsDescribeTaskDefinition, func(_ Place, in *ecs.DescribeTaskDefinitionInput) (*ecs.DescribeTaskDefinitionOutput, error) {
		return &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &types.TaskDefinition{TaskDefinitionArn: in.TaskDefinition, Family: aws.String("web"), NetworkMode: types.NetworkModeAwsvpc,
			ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("c"), Image: aws.String("i"), Privileged: aws.Bool(true),
				Environment: []types.KeyValuePair{{Name: aws.String("P"), Value: aws.String("hunter2")}},
				Secrets:     []types.Secret{{Name: aws.String("S"), ValueFrom: aws.String("arn:aws:secretsmanager:eu-west-1:111122223333:secret:s")}}}},
			Volumes: []types.Volume{{Name: aws.String("v"), EfsVolumeConfiguration: &types.EFSVolumeConfiguration{FileSystemId: aws.String("fs-1"), TransitEncryption: types.EFSTransitEncryptionEnabled}}}}}, nil
	})
	return f
}

func TestECS(t *testing.T) {
	c := collect(t, ecsFake(), ecsService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	cluster := c.one(t, ecsClusterType, "prod")
	if at(cluster, "properties", "ClusterSettings", 0, "Value") != "enabled" || at(cluster, "tags", "env") != "prod" {
		t.Errorf("cluster %v", cluster)
	}
	s := c.one(t, ecsServiceType, ecsARN+"service/prod/web10|"+clusterARN)
	if at(s, "properties", "NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp") != "ENABLED" || at(s, "properties", "Cluster") != clusterARN ||
		at(s, "properties", "ServiceConnectConfiguration", "LogConfiguration", "Options", "splunk-token") != "REDACTED" ||
		at(s, "properties", "ServiceConnectConfiguration", "LogConfiguration", "Options", "splunk-url") != "https://s" {
		t.Errorf("service %v", s["properties"])
	}
	task := c.one(t, taskType, ecsARN+"task/prod/1")
	if at(task, "properties", "NetworkInterfaceIds", 0) != "eni-1" || at(task, "observed", "Overrides", "ContainerOverrides", 0, "Environment", 0, "Value") != "REDACTED" {
		t.Errorf("task %v %v", task["properties"], task["observed"])
	}
	def := c.one(t, taskDefinitionType, webTask)
	container := at(def, "properties", "ContainerDefinitions", 0).(map[string]any)
	if at(container, "Environment", 0, "Value") != "REDACTED" || at(container, "Environment", 0, "Name") != "P" || container["Privileged"] != true || at(container, "Secrets", 0, "Name") != "S" ||
		at(def, "properties", "Volumes", 0, "EFSVolumeConfiguration", "FilesystemId") != "fs-1" {
		t.Errorf("task definition %v", def["properties"])
	}
	// One call for an empty region; clusters, services (listed, ten at a time), tasks (listed, described), one definition that all use.
	if len(c.calls) != 2+1+(1+2)+2+1 {
		t.Errorf("%d calls: %v", len(c.calls), c.calls)
	}
}

func TestECSGaps(t *testing.T) {
	f := ecsFake()
	answer(f, ecsDescribeServices, func(Place, *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	answer(f, ecsDescribeTaskDefinition, func(Place, *ecs.DescribeTaskDefinitionInput) (*ecs.DescribeTaskDefinitionOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c := collect(t, f, ecsService())
	missing := map[string]bool{}
	for _, g := range c.gaps {
		for _, typ := range g.Types {
			missing[typ] = true
		}
	}
	if !missing[ecsServiceType] || !missing[taskDefinitionType] || missing[ecsClusterType] {
		t.Errorf("missing types %v", missing)
	}
}
