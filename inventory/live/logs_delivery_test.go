package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

func TestDeliveries(t *testing.T) {
	f := &fake{}
	answer(f, logsDescribeDeliverySources, func(Place, *cloudwatchlogs.DescribeDeliverySourcesInput) (*cloudwatchlogs.DescribeDeliverySourcesOutput, error) {
		return &cloudwatchlogs.DescribeDeliverySourcesOutput{DeliverySources: []types.DeliverySource{{Name: aws.String("cf"), LogType: aws.String("ACCESS_LOGS"), Service: aws.String("cloudfront"),
			ResourceArns: []string{"arn:aws:cloudfront::111122223333:distribution/D1"}}}}, nil
	})
	answer(f, logsDescribeDeliveries, func(Place, *cloudwatchlogs.DescribeDeliveriesInput) (*cloudwatchlogs.DescribeDeliveriesOutput, error) {
		return &cloudwatchlogs.DescribeDeliveriesOutput{Deliveries: []types.Delivery{{Id: aws.String("d-1"), DeliverySourceName: aws.String("cf"), DeliveryDestinationArn: aws.String("x"), S3DeliveryConfiguration: &types.S3DeliveryConfiguration{SuffixPath: aws.String("/y")}}}}, nil
	})
	c := collect(t, f, logsService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	if o := c.one(t, deliverySourceType, "cf"); at(o, "properties", "ResourceArn") != "arn:aws:cloudfront::111122223333:distribution/D1" {
		t.Errorf("delivery source %v", o["properties"])
	}
	if o := c.one(t, deliveryType, "d-1"); at(o, "properties", "DeliveryId") != "d-1" || at(o, "properties", "S3SuffixPath") != "/y" {
		t.Errorf("delivery %v", o["properties"])
	}
}
