package live

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const (
	alertsTopic = "arn:aws:sns:eu-west-1:111122223333:alerts"
	openPolicy  = `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`
	jobsQueue   = "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs"
)

func snsFake() *fake {
	f := &fake{}
	says(f, snsListTopics, &sns.ListTopicsOutput{Topics: []snstypes.Topic{{TopicArn: aws.String(alertsTopic)}}})
	says(f, snsGetTopicAttributes, &sns.GetTopicAttributesOutput{Attributes: map[string]string{
		"TopicArn": alertsTopic, "Owner": "111122223333", "Policy": openPolicy, "KmsMasterKeyId": "alias/aws/sns", "FifoTopic": "false", "DisplayName": "Alerts",
		"SubscriptionsConfirmed": "2", "SubscriptionsPending": "1", "SubscriptionsDeleted": "0", "EffectiveDeliveryPolicy": `{"http":{"x":[]}}`,
		"HTTPFailureFeedbackRoleArn": "arn:aws:iam::111122223333:role/r", "HTTPSuccessFeedbackSampleRate": "10", "LambdaSuccessFeedbackSampleRate": "0"}})
	says(f, snsListSubscriptions, &sns.ListSubscriptionsOutput{Subscriptions: []snstypes.Subscription{
		{SubscriptionArn: aws.String(alertsTopic + ":1"), TopicArn: aws.String(alertsTopic), Protocol: aws.String("https"), Endpoint: aws.String("https://hooks.example.com/services/T0/B0/hidden"), Owner: aws.String("111122223333")},
		{SubscriptionArn: aws.String("PendingConfirmation"), TopicArn: aws.String(alertsTopic), Protocol: aws.String("email"), Endpoint: aws.String("ops@example.com"), Owner: aws.String("111122223333")},
		{SubscriptionArn: aws.String("Deleted"), TopicArn: aws.String(alertsTopic), Protocol: aws.String("email"), Endpoint: aws.String("old@example.com"), Owner: aws.String("111122223333")}}})
	says(f, snsListSubscriptionsByTopic, &sns.ListSubscriptionsByTopicOutput{Subscriptions: []snstypes.Subscription{
		{SubscriptionArn: aws.String(alertsTopic + ":1"), TopicArn: aws.String(alertsTopic), Protocol: aws.String("https"), Endpoint: aws.String("https://hooks.example.com/services/T0/B0/hidden"), Owner: aws.String("111122223333")},
		{SubscriptionArn: aws.String(alertsTopic + ":2"), TopicArn: aws.String(alertsTopic), Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:eu-west-1:999988887777:theirs"), Owner: aws.String("999988887777")}}})
	return f
}

func TestSNS(t *testing.T) {
	c := collect(t, snsFake(), snsService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	c.hold(t, []fact{
		{topicType, alertsTopic, way("properties"), map[string]any{"TopicArn": alertsTopic, "TopicName": "alerts", "KmsMasterKeyId": "alias/aws/sns", "FifoTopic": false, "DisplayName": "Alerts",
			"DeliveryStatusLogging": []any{map[string]any{"Protocol": "http/s", "FailureFeedbackRoleArn": "arn:aws:iam::111122223333:role/r", "SuccessFeedbackSampleRate": "10"}}}},
		{topicType, alertsTopic, way("observed"), map[string]any{"Owner": "111122223333", "SubscriptionsConfirmed": 2.0, "SubscriptionsPending": 1.0, "SubscriptionsDeleted": 0.0,
			"EffectiveDeliveryPolicy": map[string]any{"http": map[string]any{"x": []any{}}}}},
		{topicPolicyType, alertsTopic, way("properties", "Topics"), []any{alertsTopic}},
		{topicPolicyType, alertsTopic, way("properties", "PolicyDocument", "Statement", 0, "Principal"), "*"},
		{subscriptionType, alertsTopic + ":1", way("properties", "Endpoint"), "https://hooks.example.com/REDACTED"},
		{subscriptionType, alertsTopic + ":1", way("observed", "State"), "Confirmed"},
		// Another account's, which only the topic lists.
		{subscriptionType, alertsTopic + ":2", way("observed", "Owner"), "999988887777"},
	})
	pending := 0
	for _, id := range ids(t, c, subscriptionType) {
		if strings.HasPrefix(id, "PendingConfirmation|") {
			pending++
			c.hold(t, []fact{{subscriptionType, id, way("arn"), ""}, {subscriptionType, id, way("properties", "Endpoint"), "ops@example.com"}})
		}
	}
	if pending != 1 {
		t.Errorf("%d pending subscriptions", pending)
	}
	noneOf(t, c, "hidden", "hooks.example.com")
	topic := c.subject(t, topicType, alertsTopic)
	for relation, n := range map[string]int{"policies": 1, "subscriptions": 4} {
		if got := len(related(t, c, topic, relation)); got != n {
			t.Errorf("%s of the topic: %d, not %d", relation, got, n)
		}
	}
}

// TestSNSCalls: a topic whose subscriptions are all known takes one call.
func TestSNSCalls(t *testing.T) {
	f := snsFake()
	says(f, snsGetTopicAttributes, &sns.GetTopicAttributesOutput{Attributes: map[string]string{"SubscriptionsConfirmed": "1", "SubscriptionsPending": "1"}})
	c := collect(t, f, snsService())
	if n := c.cost()["sns:ListSubscriptionsByTopic"]; n != 0 {
		t.Errorf("the topic was asked for its subscriptions %d times", n)
	}
}

func TestSNSGaps(t *testing.T) {
	f := snsFake()
	fails(f, snsGetTopicAttributes, "AuthorizationError")
	c := collect(t, f, snsService())
	u := at(c.one(t, topicType, alertsTopic), "unknowns").(map[string]any)
	if u["/properties/KmsMasterKeyId"] == nil || u["/observed/SubscriptionsConfirmed"] == nil {
		t.Errorf("unknowns of a topic that may not be read: %v", u)
	}
	if _, unknowns := relatedUnknown(t, c, c.subject(t, topicType, alertsTopic), "policies"); len(unknowns) == 0 {
		t.Error("its policy must be unknown, not absent")
	}
}

func TestSQS(t *testing.T) {
	f := &fake{}
	says(f, sqsListQueues, &sqs.ListQueuesOutput{QueueUrls: []string{jobsQueue}})
	says(f, sqsGetQueueAttributes, &sqs.GetQueueAttributesOutput{Attributes: map[string]string{
		"QueueArn": "arn:aws:sqs:eu-west-1:111122223333:jobs", "Policy": openPolicy, "SqsManagedSseEnabled": "true", "VisibilityTimeout": "30", "ApproximateNumberOfMessages": "7",
		"CreatedTimestamp": "1735787045", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:dead","maxReceiveCount":5}`, "Strange": "kept"}})
	c := collect(t, f, sqsService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	c.hold(t, []fact{
		{queueType, jobsQueue, way("arn"), "arn:aws:sqs:eu-west-1:111122223333:jobs"},
		{queueType, jobsQueue, way("name"), "jobs"},
		{queueType, jobsQueue, way("properties"), map[string]any{"Arn": "arn:aws:sqs:eu-west-1:111122223333:jobs", "QueueUrl": jobsQueue, "QueueName": "jobs", "SqsManagedSseEnabled": true, "VisibilityTimeout": 30.0,
			"RedrivePolicy": map[string]any{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:111122223333:dead", "maxReceiveCount": 5.0}}},
		{queueType, jobsQueue, way("observed"), map[string]any{"CreatedTimestamp": "2025-01-02T03:04:05Z", "Strange": "kept"}},
		{queuePolicyType, jobsQueue, way("properties", "Queues"), []any{jobsQueue}},
	})
	if n := c.cost(); n["sqs:GetQueueAttributes"] != 1 || len(n) != 2 {
		t.Errorf("a queue takes one call: %v", n)
	}
	if n := len(related(t, c, c.subject(t, queueType, jobsQueue), "policies")); n != 1 {
		t.Errorf("%d policies lead to the queue", n)
	}

	fails(f, sqsGetQueueAttributes, "AccessDenied")
	c = collect(t, f, sqsService())
	u := at(c.one(t, queueType, jobsQueue), "unknowns").(map[string]any)
	if u["/properties/SqsManagedSseEnabled"] == nil || len(c.gaps) != 1 {
		t.Errorf("unknowns of a queue that may not be read: %v, gaps %+v", u, c.gaps)
	}
}

func TestHideEndpoint(t *testing.T) {
	for _, tt := range []struct{ protocol, endpoint, want string }{
		{"email", "ops@example.com", "ops@example.com"},
		{"sqs", "arn:aws:sqs:eu-west-1:1:q", "arn:aws:sqs:eu-west-1:1:q"},
		{"https", "https://example.com/", "https://example.com/"},
		{"https", "https://example.com:8443/x/key", "https://example.com:8443/REDACTED"},
		{"http", "http://user:pw@example.com", "http://example.com/REDACTED"},
		{"https", "https://example.com?key=1", "https://example.com/REDACTED"},
		{"https", "https://%zz", "REDACTED"},
		{"https", "no address", "REDACTED"},
	} {
		if got := hideEndpoint(tt.protocol, tt.endpoint); got != tt.want {
			t.Errorf("hideEndpoint(%s, %s) = %s, not %s", tt.protocol, tt.endpoint, got, tt.want)
		}
	}
}

// noneOf demands that a secret stands nowhere in the snapshot's file, where what
// is beside it does.
func noneOf(t *testing.T, c *collected, secret, beside string) {
	t.Helper()
	text, err := os.ReadFile(c.snapshot.Path())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), secret) || !strings.Contains(string(text), beside) {
		t.Errorf("the snapshot must hold %q and not %q", beside, secret)
	}
}
