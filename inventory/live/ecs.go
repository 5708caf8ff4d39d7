package live

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	ecsClusterType     = "AWS::ECS::Cluster"
	ecsServiceType     = "AWS::ECS::Service"
	taskDefinitionType = "AWS::ECS::TaskDefinition"
	taskType           = "Merlon::ECS::Task"
)

var (
	ecsListClusters = operation(ecs.NewFromConfig, (*ecs.Client).ListClusters, Declaration{
		Types: []string{ecsClusterType, ecsServiceType, taskType, taskDefinitionType}})
	ecsDescribeClusters = operation(ecs.NewFromConfig, (*ecs.Client).DescribeClusters, Declaration{
		Types: []string{ecsClusterType}, Optional: true})
	ecsListServices = operation(ecs.NewFromConfig, (*ecs.Client).ListServices, Declaration{
		Types: []string{ecsServiceType, taskDefinitionType}, Optional: true})
	ecsDescribeServices = operation(ecs.NewFromConfig, (*ecs.Client).DescribeServices, Declaration{
		Types: []string{ecsServiceType, taskDefinitionType}, Optional: true})
	ecsListTasks = operation(ecs.NewFromConfig, (*ecs.Client).ListTasks, Declaration{
		Types: []string{taskType, taskDefinitionType}, Optional: true})
	ecsDescribeTasks = operation(ecs.NewFromConfig, (*ecs.Client).DescribeTasks, Declaration{
		Types: []string{taskType, taskDefinitionType}, Optional: true})
	ecsDescribeTaskDefinition = operation(ecs.NewFromConfig, (*ecs.Client).DescribeTaskDefinition, Declaration{
		Types: []string{taskDefinitionType}, Optional: true})
)

// ecsService reads clusters, services, running tasks and the task definitions
// that these use; AWS keeps every old revision, and those that nothing runs are
// left out.
func ecsService() *Service {
	return &Service{
		Name: "ecs", Title: "Elastic Container Service",
		Operations: []*Operation{ecsListClusters.Operation, ecsDescribeClusters.Operation, ecsListServices.Operation, ecsDescribeServices.Operation,
			ecsListTasks.Operation, ecsDescribeTasks.Operation, ecsDescribeTaskDefinition.Operation},
		Collect: collectECS,
	}
}

// taskDefinitions gathers which task definitions are in use.
type taskDefinitions struct {
	mu   sync.Mutex
	used map[string]bool
}

func (t *taskDefinitions) use(arn *string) {
	if a := aws.ToString(arn); a != "" {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.used[a] = true
	}
}

func collectECS(ctx context.Context, s *Scope) error {
	var clusters []string
	err := ecsListClusters.List(ctx, s, &ecs.ListClustersInput{MaxResults: aws.Int32(100)}, func(out *ecs.ListClustersOutput) error {
		clusters = append(clusters, out.ClusterArns...)
		return nil
	})
	if err != nil || len(clusters) == 0 {
		return err
	}
	for chunk := range slices.Chunk(clusters, 100) {
		in := &ecs.DescribeClustersInput{Clusters: chunk, Include: []types.ClusterField{types.ClusterFieldConfigurations, types.ClusterFieldSettings, types.ClusterFieldTags}}
		err := ecsDescribeClusters.List(ctx, s, in, func(out *ecs.DescribeClustersOutput) error {
			for _, c := range out.Clusters {
				if err := s.Put(ctx, s.ecsCluster(c)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	used := &taskDefinitions{used: map[string]bool{}}
	err = each(ctx, s, clusters, func(ctx context.Context, cluster string) error { return s.ecsWork(ctx, cluster, used) })
	if err != nil {
		return err
	}
	var arns []string
	for a := range used.used {
		arns = append(arns, a)
	}
	slices.Sort(arns)
	return each(ctx, s, arns, s.taskDefinition)
}

func (s *Scope) ecsCluster(c types.Cluster) *Draft {
	name, arn := aws.ToString(c.ClusterName), aws.ToString(c.ClusterArn)
	d := s.Draft(ecsClusterType, name, arn, name).From(ecsDescribeClusters.Operation, s)
	d.Fold(c, Folding{Rename: map[string]string{"Settings": "ClusterSettings"}, Drop: []string{"ClusterArn"}})
	d.Set("Arn", arn)
	return d
}

// ecsWork reads what runs in a cluster.
func (s *Scope) ecsWork(ctx context.Context, cluster string, used *taskDefinitions) error {
	var services, tasks []string
	err := ecsListServices.List(ctx, s, &ecs.ListServicesInput{Cluster: &cluster, MaxResults: aws.Int32(100)}, func(out *ecs.ListServicesOutput) error {
		services = append(services, out.ServiceArns...)
		return nil
	})
	if err != nil {
		return err
	}
	// Ten is the most that one call may name:
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html (read 2026-11-24).
	for chunk := range slices.Chunk(services, 10) {
		in := &ecs.DescribeServicesInput{Cluster: &cluster, Services: chunk, Include: []types.ServiceField{types.ServiceFieldTags}}
		err := ecsDescribeServices.List(ctx, s, in, func(out *ecs.DescribeServicesOutput) error {
			for _, x := range out.Services {
				used.use(x.TaskDefinition)
				if err := s.Put(ctx, s.ecsServiceDraft(x)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	err = ecsListTasks.List(ctx, s, &ecs.ListTasksInput{Cluster: &cluster, MaxResults: aws.Int32(100)}, func(out *ecs.ListTasksOutput) error {
		tasks = append(tasks, out.TaskArns...)
		return nil
	})
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(tasks, 100) {
		in := &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: chunk, Include: []types.TaskField{types.TaskFieldTags}}
		err := ecsDescribeTasks.List(ctx, s, in, func(out *ecs.DescribeTasksOutput) error {
			for _, x := range out.Tasks {
				used.use(x.TaskDefinitionArn)
				if err := s.Put(ctx, s.ecsTask(x)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Scope) ecsServiceDraft(x types.Service) *Draft {
	name, arn, cluster := aws.ToString(x.ServiceName), aws.ToString(x.ServiceArn), aws.ToString(x.ClusterArn)
	d := s.Draft(ecsServiceType, arn+"|"+cluster, arn, name).From(ecsDescribeServices.Operation, s)
	// Events tell of the last hundred starts and stops, not of the service.
	deployed := types.Deployment{}
	for _, p := range x.Deployments {
		if aws.ToString(p.Status) == "PRIMARY" {
			deployed = p
		}
	}
	d.Fold(x, Folding{Rename: map[string]string{"ClusterArn": "Cluster", "PlacementStrategy": "PlacementStrategies", "RoleArn": "Role"},
		Drop: []string{"Events", "Deployments"}})
	d.Set("Name", name)
	d.Fit("VolumeConfigurations", deployed.VolumeConfigurations)
	d.Fit("VpcLatticeConfigurations", deployed.VpcLatticeConfigurations)
	if c := deployed.ServiceConnectConfiguration; c != nil {
		copied := *c
		copied.LogConfiguration = redactedLog(copied.LogConfiguration)
		d.Fit("ServiceConnectConfiguration", copied)
	}
	return d
}

// ecsTask is what the network needs of a running task: its interface, and what it runs.
func (s *Scope) ecsTask(x types.Task) *Draft {
	arn := aws.ToString(x.TaskArn)
	d := s.Draft(taskType, arn, arn, arn[strings.LastIndexByte(arn, '/')+1:]).From(ecsDescribeTasks.Operation, s)
	var interfaces, subnets []string
	for _, a := range x.Attachments {
		for _, kv := range a.Details {
			switch aws.ToString(kv.Name) {
			case "networkInterfaceId":
				interfaces = append(interfaces, aws.ToString(kv.Value))
			case "subnetId":
				subnets = append(subnets, aws.ToString(kv.Value))
			}
		}
	}
	if o := x.Overrides; o != nil {
		copied := *o
		copied.ContainerOverrides = slices.Clone(o.ContainerOverrides)
		for i := range copied.ContainerOverrides {
			copied.ContainerOverrides[i].Environment = redactedPairs(copied.ContainerOverrides[i].Environment)
		}
		x.Overrides = &copied
	}
	d.Fold(x, Folding{})
	d.Set("NetworkInterfaceIds", interfaces)
	d.Set("SubnetIds", subnets)
	return d
}

func (s *Scope) taskDefinition(ctx context.Context, arn string) error {
	in := &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags}}
	return ecsDescribeTaskDefinition.List(ctx, s, in, func(out *ecs.DescribeTaskDefinitionOutput) error {
		t := out.TaskDefinition
		if t == nil {
			return nil
		}
		d := s.Draft(taskDefinitionType, arn, arn, arn[strings.LastIndexByte(arn, '/')+1:]).From(ecsDescribeTaskDefinition.Operation, s)
		copied := *t
		copied.ContainerDefinitions = slices.Clone(t.ContainerDefinitions)
		for i := range copied.ContainerDefinitions {
			c := &copied.ContainerDefinitions[i]
			c.Environment = redactedPairs(c.Environment)
			c.LogConfiguration = redactedLog(c.LogConfiguration)
		}
		d.Fold(copied, Folding{Drop: []string{"RequiresAttributes"}})
		d.Tag(out.Tags)
		return s.Put(ctx, d)
	})
}

// redactedPairs keeps the names of environment variables.
func redactedPairs(pairs []types.KeyValuePair) []types.KeyValuePair {
	out := make([]types.KeyValuePair, 0, len(pairs))
	for _, p := range pairs {
		out = append(out, types.KeyValuePair{Name: p.Name, Value: aws.String(redacted)})
	}
	return out
}

// redactedLog takes the tokens of log services out of a log driver's options.
func redactedLog(c *types.LogConfiguration) *types.LogConfiguration {
	if c == nil {
		return nil
	}
	copied := *c
	copied.Options = map[string]string{}
	for k, v := range c.Options {
		lower := strings.ToLower(k)
		if strings.Contains(lower, "token") || strings.Contains(lower, "key") || strings.Contains(lower, "passw") || strings.Contains(lower, "secret") {
			v = redacted
		}
		copied.Options[k] = v
	}
	return &copied
}
