package live

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	queueType       = "AWS::SQS::Queue"
	queuePolicyType = "AWS::SQS::QueuePolicy"
)

var (
	sqsListQueues = operation(sqs.NewFromConfig, (*sqs.Client).ListQueues, Declaration{
		Types: []string{queueType, queuePolicyType}})
	sqsGetQueueAttributes = operation(sqs.NewFromConfig, (*sqs.Client).GetQueueAttributes, Declaration{
		Per: queueType, Key: []string{"QueueUrl"}, Types: []string{queuePolicyType}, Fills: []string{"properties.KmsMasterKeyId", "properties.KmsDataKeyReusePeriodSeconds",
			"properties.SqsManagedSseEnabled", "properties.DelaySeconds", "properties.MaximumMessageSize", "properties.MessageRetentionPeriod",
			"properties.ReceiveMessageWaitTimeSeconds", "properties.VisibilityTimeout", "properties.RedrivePolicy", "properties.RedriveAllowPolicy",
			"properties.FifoQueue", "properties.ContentBasedDeduplication", "properties.DeduplicationScope", "properties.FifoThroughputLimit",
			"observed.CreatedTimestamp", "observed.LastModifiedTimestamp"}})
)

func sqsService() *Service {
	return &Service{
		Name: "sqs", Title: "SQS",
		Operations: []*Operation{sqsListQueues.Operation, sqsGetQueueAttributes.Operation},
		Collect:    collectSQS,
	}
}

func collectSQS(ctx context.Context, s *Scope) error {
	// SQS pages only where a size is asked for, and gives the first thousand otherwise:
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html (read 2026-11-24).
	return sqsListQueues.List(ctx, s, &sqs.ListQueuesInput{MaxResults: aws.Int32(1000)}, func(out *sqs.ListQueuesOutput) error {
		return each(ctx, s, out.QueueUrls, s.queue)
	})
}

// queue reads one queue: SQS tells the attributes of one at a time.
func (s *Scope) queue(ctx context.Context, address string) error {
	name := address[strings.LastIndexByte(address, '/')+1:]
	arn := "arn:" + string(s.Partition) + ":sqs:" + string(s.Region) + ":" + string(s.Account) + ":" + name
	d := s.Draft(queueType, address, arn, name).From(sqsListQueues.Operation, s)
	d.Set("QueueUrl", address)
	d.Set("QueueName", name)
	d.Set("Arn", arn)
	d.notAsked("tags")
	err := sqsGetQueueAttributes.Get(ctx, s, d, &sqs.GetQueueAttributesInput{QueueUrl: &address, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}}, func(out *sqs.GetQueueAttributesOutput) error {
		rest := map[string]string{}
		for k, v := range out.Attributes {
			switch {
			case k == "QueueArn", k == "Policy", strings.HasPrefix(k, "ApproximateNumberOf"):
			case k == "RedrivePolicy", k == "RedriveAllowPolicy":
				d.setPlain(k, document(v))
			case k == "CreatedTimestamp", k == "LastModifiedTimestamp":
				d.Observe(k, seconds(v))
			default:
				rest[k] = v
			}
		}
		d.Fold(rest, Folding{})
		return s.policyOf(ctx, queuePolicyType, "Queues", d, sqsGetQueueAttributes.Operation, out.Attributes["Policy"])
	})
	if err != nil {
		return err
	}
	return s.Put(ctx, d)
}

// number is a whole number that AWS writes as text; the text where it is none.
func number(text string) any {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return text
	}
	return n
}

// seconds is a time that AWS writes as seconds since 1970; the text where it is none.
func seconds(text string) any {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 || n > 1e11 {
		return text
	}
	return time.Unix(int64(n), 0)
}
