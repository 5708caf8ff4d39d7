package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

const (
	deliverySourceType = "AWS::Logs::DeliverySource"
	deliveryType       = "AWS::Logs::Delivery"
)

var (
	logsDescribeDeliverySources = operation(cloudwatchlogs.NewFromConfig, (*cloudwatchlogs.Client).DescribeDeliverySources, Declaration{Optional: true,
		Types: []string{deliverySourceType}})
	logsDescribeDeliveries = operation(cloudwatchlogs.NewFromConfig, (*cloudwatchlogs.Client).DescribeDeliveries, Declaration{
		Types: []string{deliveryType}, Optional: true})
)

// deliveries reads what services log through CloudWatch Logs, among them the
// standard logging of CloudFront, in the global region:
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html (read 2026-11-24).
func (s *Scope) deliveries(ctx context.Context) error {
	found := false
	whole, err := logsDescribeDeliverySources.ListAll(ctx, s, &cloudwatchlogs.DescribeDeliverySourcesInput{Limit: aws.Int32(50)}, func(out *cloudwatchlogs.DescribeDeliverySourcesOutput) error {
		found = found || len(out.DeliverySources) > 0
		for _, x := range out.DeliverySources {
			name := aws.ToString(x.Name)
			d := s.Draft(deliverySourceType, name, aws.ToString(x.Arn), name).From(logsDescribeDeliverySources.Operation, s)
			d.Fold(x, Folding{})
			if len(x.ResourceArns) > 0 {
				d.Set("ResourceArn", x.ResourceArns[0])
			}
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || whole && !found {
		return err
	}
	return logsDescribeDeliveries.List(ctx, s, &cloudwatchlogs.DescribeDeliveriesInput{Limit: aws.Int32(50)}, func(out *cloudwatchlogs.DescribeDeliveriesOutput) error {
		for _, x := range out.Deliveries {
			id := aws.ToString(x.Id)
			d := s.Draft(deliveryType, id, aws.ToString(x.Arn), id).From(logsDescribeDeliveries.Operation, s)
			d.Fold(x, Folding{Rename: map[string]string{"Id": "DeliveryId"}, Drop: []string{"S3DeliveryConfiguration"}})
			if c := x.S3DeliveryConfiguration; c != nil {
				d.Set("S3SuffixPath", c.SuffixPath)
				d.Set("S3EnableHiveCompatiblePath", c.EnableHiveCompatiblePath)
			}
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
