package live

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

const (
	stackType = "AWS::CloudFormation::Stack"
	// bootstrapVersion is the output by which the CDK's own stack tells its version:
	// https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html (read 2026-11-24).
	bootstrapVersion = "BootstrapVersion"
)

var (
	cloudformationListStacks = operation(cloudformation.NewFromConfig, (*cloudformation.Client).DescribeStacks, Declaration{
		Types: []string{stackType}})
	// AWS tells of the protection only where a stack is named:
	// https://github.com/aws/aws-cli/issues/2880 (read 2026-11-24).
	cloudformationDescribeStack = operation(cloudformation.NewFromConfig, (*cloudformation.Client).DescribeStacks, Declaration{
		Per: stackType, Key: []string{"StackName"}, Fills: []string{"observed.EnableTerminationProtection"}, Optional: true})
)

func cloudformationService() *Service {
	return &Service{
		Name: "cloudformation", Title: "CloudFormation stacks",
		Operations: []*Operation{cloudformationListStacks.Operation, cloudformationDescribeStack.Operation},
		Collect:    collectCloudFormation,
	}
}

func collectCloudFormation(ctx context.Context, s *Scope) error {
	return cloudformationListStacks.List(ctx, s, &cloudformation.DescribeStacksInput{}, func(out *cloudformation.DescribeStacksOutput) error {
		return each(ctx, s, out.Stacks, s.stack)
	})
}

// stack reads one stack, without its template, and without the values of its
// parameters and outputs, which may be secrets.
func (s *Scope) stack(ctx context.Context, st types.Stack) error {
	id := aws.ToString(st.StackId)
	d := s.Draft(stackType, id, id, aws.ToString(st.StackName)).From(cloudformationListStacks.Operation, s)
	d.Fold(st, Folding{
		Rename: map[string]string{"LastUpdatedTime": "LastUpdateTime"},
		Drop:   []string{"Parameters", "Outputs", "StackStatusReason", "LastOperations"},
	})
	parameters := map[string]string{}
	for _, p := range st.Parameters {
		parameters[aws.ToString(p.ParameterKey)] = redacted
	}
	if len(parameters) > 0 {
		d.Set("Parameters", parameters)
	}
	var outputs []types.Output
	for _, o := range st.Outputs {
		if n, err := strconv.ParseInt(aws.ToString(o.OutputValue), 10, 32); err == nil && aws.ToString(o.OutputKey) == bootstrapVersion {
			d.Observe(bootstrapVersion, n)
		}
		o.OutputValue = aws.String(redacted)
		outputs = append(outputs, o)
	}
	d.Fit("Outputs", outputs)
	if st.EnableTerminationProtection != nil {
		return s.Put(ctx, d)
	}
	if aws.ToString(st.RootId) != "" {
		// Its root decides.
		return s.Put(ctx, d)
	}
	err := cloudformationDescribeStack.Get(ctx, s, d, &cloudformation.DescribeStacksInput{StackName: &id}, func(out *cloudformation.DescribeStacksOutput) error {
		for _, one := range out.Stacks {
			if aws.ToString(one.StackId) == id {
				d.Observe("EnableTerminationProtection", aws.ToBool(one.EnableTerminationProtection))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}
