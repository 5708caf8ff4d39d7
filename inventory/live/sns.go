package live

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"merlon.dev/merlon"
)

const (
	topicType        = "AWS::SNS::Topic"
	topicPolicyType  = "AWS::SNS::TopicPolicy"
	subscriptionType = "AWS::SNS::Subscription"
)

var (
	snsListTopics = operation(sns.NewFromConfig, (*sns.Client).ListTopics, Declaration{
		Types: []string{topicType, topicPolicyType}})
	snsGetTopicAttributes = operation(sns.NewFromConfig, (*sns.Client).GetTopicAttributes, Declaration{
		Per: topicType, Types: []string{topicPolicyType}, Fills: []string{"properties.KmsMasterKeyId", "properties.DisplayName", "properties.FifoTopic",
			"properties.ContentBasedDeduplication", "properties.FifoThroughputScope", "properties.SignatureVersion", "properties.TracingConfig", "properties.ArchivePolicy",
			"properties.MaximumMessageSize", "properties.DeliveryStatusLogging", "observed.DeliveryPolicy", "observed.EffectiveDeliveryPolicy", "observed.Owner",
			"observed.SubscriptionsConfirmed", "observed.SubscriptionsPending", "observed.SubscriptionsDeleted"}})
	snsListSubscriptions = operation(sns.NewFromConfig, (*sns.Client).ListSubscriptions, Declaration{
		Types: []string{subscriptionType}})
	snsListSubscriptionsByTopic = operation(sns.NewFromConfig, (*sns.Client).ListSubscriptionsByTopic, Declaration{
		Per: topicType, Types: []string{subscriptionType}, Optional: true})
)

func snsService() *Service {
	return &Service{
		Name: "sns", Title: "SNS",
		Operations: []*Operation{snsListTopics.Operation, snsGetTopicAttributes.Operation, snsListSubscriptions.Operation, snsListSubscriptionsByTopic.Operation},
		Collect:    collectSNS,
	}
}

// subscribed counts the subscriptions that were listed, by topic.
type subscribed struct {
	mu     sync.Mutex
	counts map[string]int
	seen   map[string]bool
}

// first reports whether a subscription has not been met before, and counts it
// unless it has been deleted.
func (n *subscribed) first(id, topic, state string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.seen[id] {
		return false
	}
	n.seen[id] = true
	if state != "Deleted" {
		n.counts[topic]++
	}
	return true
}

func (n *subscribed) of(topic string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.counts[topic]
}

func collectSNS(ctx context.Context, s *Scope) error {
	known := &subscribed{counts: map[string]int{}, seen: map[string]bool{}}
	// The subscriptions that this account made, to topics of its own and of others.
	whole, err := snsListSubscriptions.ListAll(ctx, s, &sns.ListSubscriptionsInput{}, func(out *sns.ListSubscriptionsOutput) error {
		return s.subscriptions(ctx, snsListSubscriptions.Operation, known, out.Subscriptions)
	})
	if err != nil {
		return err
	}
	return snsListTopics.List(ctx, s, &sns.ListTopicsInput{}, func(out *sns.ListTopicsOutput) error {
		return each(ctx, s, out.Topics, func(ctx context.Context, t types.Topic) error {
			d, subscriptions, err := s.topic(ctx, aws.ToString(t.TopicArn))
			if err != nil || !whole || subscriptions <= known.of(d.ARN) {
				return err
			}
			// Those of other accounts are listed by the topic only.
			return snsListSubscriptionsByTopic.Pages(ctx, s, d, &sns.ListSubscriptionsByTopicInput{TopicArn: t.TopicArn}, func(out *sns.ListSubscriptionsByTopicOutput) error {
				return s.subscriptions(ctx, snsListSubscriptionsByTopic.Operation, known, out.Subscriptions)
			})
		})
	})
}

// topic reads one topic, and how many subscriptions it has: SNS tells the
// attributes of one at a time.
func (s *Scope) topic(ctx context.Context, arn string) (d *Draft, subscriptions int, err error) {
	name := arn[strings.LastIndexByte(arn, ':')+1:]
	d = s.Draft(topicType, arn, arn, name).From(snsListTopics.Operation, s)
	d.Set("TopicArn", arn)
	d.Set("TopicName", name)
	d.notAsked("tags", "properties.DataProtectionPolicy")
	err = snsGetTopicAttributes.Get(ctx, s, d, &sns.GetTopicAttributesInput{TopicArn: &arn}, func(out *sns.GetTopicAttributesOutput) error {
		rest := map[string]string{}
		for k, v := range out.Attributes {
			switch k {
			case "TopicArn", "Policy":
			case "ArchivePolicy":
				d.setPlain(k, document(v))
			case "DeliveryPolicy", "EffectiveDeliveryPolicy":
				d.observePlain(k, document(v))
			case "SubscriptionsConfirmed", "SubscriptionsPending", "SubscriptionsDeleted":
				d.observePlain(k, number(v))
				if n, err := strconv.Atoi(v); err == nil && k != "SubscriptionsDeleted" {
					subscriptions += n
				}
			default:
				rest[k] = v
			}
		}
		d.setPlain("DeliveryStatusLogging", deliveryStatusLogging(rest))
		d.Fold(rest, Folding{})
		return s.policyOf(ctx, topicPolicyType, "Topics", d, snsGetTopicAttributes.Operation, out.Attributes["Policy"])
	})
	if err != nil {
		return nil, 0, err
	}
	return d, subscriptions, s.Put(ctx, d)
}

// policyOf writes the policy of a topic or queue as CloudFormation has it, as a
// resource that names its owner.
func (s *Scope) policyOf(ctx context.Context, typ, property string, owner *Draft, from *Operation, text string) error {
	if text == "" {
		return nil
	}
	p := s.Draft(typ, owner.ID, "", owner.Name).From(from, s)
	p.Set("Id", owner.ID)
	p.Set(property, []string{owner.ID})
	p.SetDocument("PolicyDocument", &text)
	return s.Put(ctx, p)
}

// deliveryStatusLogging takes the attributes that say where the fate of messages
// is logged, one set for each kind of endpoint, out of the others.
//
// https://docs.aws.amazon.com/sns/latest/dg/msg-status-sdk.html (read 2026-11-24).
func deliveryStatusLogging(attributes map[string]string) any {
	var out []any
	for _, p := range [...]struct{ attribute, protocol string }{
		{"HTTP", "http/s"}, {"SQS", "sqs"}, {"Lambda", "lambda"}, {"Firehose", "firehose"}, {"Application", "application"},
	} {
		m := map[string]any{}
		for _, name := range [...]string{"SuccessFeedbackRoleArn", "FailureFeedbackRoleArn", "SuccessFeedbackSampleRate"} {
			if v := attributes[p.attribute+name]; v != "" {
				m[name] = v
			}
			delete(attributes, p.attribute+name)
		}
		if m["SuccessFeedbackRoleArn"] != nil || m["FailureFeedbackRoleArn"] != nil {
			m["Protocol"] = p.protocol
			out = append(out, m)
		}
	}
	if out == nil {
		return nil
	}
	return out
}

// subscriptions writes a page of subscriptions. One that waits for confirmation,
// or was deleted, has a word in place of its ARN.
func (s *Scope) subscriptions(ctx context.Context, from *Operation, known *subscribed, list []types.Subscription) error {
	for _, sub := range list {
		arn, topic, protocol, endpoint := aws.ToString(sub.SubscriptionArn), aws.ToString(sub.TopicArn), aws.ToString(sub.Protocol), aws.ToString(sub.Endpoint)
		id, state := arn, "Confirmed"
		if _, err := merlon.ParseARN(arn); err != nil {
			state = arn
			id = arn + "|" + merlon.HashID(topic, protocol, endpoint)
			arn = ""
		}
		if !known.first(id, topic, state) {
			continue
		}
		d := s.Draft(subscriptionType, id, arn, protocol+" "+hideEndpoint(protocol, endpoint)).From(from, s)
		d.Set("Arn", arn)
		d.Set("TopicArn", topic)
		d.Set("Protocol", protocol)
		d.Set("Endpoint", hideEndpoint(protocol, endpoint))
		d.Observe("Owner", sub.Owner)
		d.Observe("State", state)
		d.notAsked("properties.DeliveryPolicy", "properties.FilterPolicy", "properties.FilterPolicyScope", "properties.RawMessageDelivery",
			"properties.RedrivePolicy", "properties.ReplayPolicy", "properties.SubscriptionRoleArn")
		if err := s.Put(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// hideEndpoint leaves of a web address what tells where messages go: whoever
// knows the rest of a chat's or a pager's hook can use it.
func hideEndpoint(protocol, endpoint string) string {
	if !strings.HasPrefix(protocol, "http") {
		return endpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return redacted
	}
	if u.User == nil && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == "" {
		return endpoint
	}
	return u.Scheme + "://" + u.Host + "/" + redacted
}
