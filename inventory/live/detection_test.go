package live

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	events "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// says gives an answer in eu-west-1 alone.
func says[I, O any](f *fake, o op[I, O], out *O) {
	answer(f, o, there(func(*I) *O { return out }))
}

// fails gives an error with a code, and a text where it follows ": ", everywhere.
func fails[I, O any](f *fake, o op[I, O], what string) {
	answer(f, o, func(Place, *I) (*O, error) {
		code, text, _ := strings.Cut(what, ": ")
		return nil, apiErrorText(code, text)
	})
}

// facts are values of collected resources by their paths.
type fact struct {
	typ, id string
	path    []any
	want    any
}

func (c *collected) hold(t *testing.T, facts []fact) {
	t.Helper()
	for _, f := range facts {
		if d := cmp.Diff(f.want, at(c.one(t, f.typ, f.id), f.path...)); d != "" {
			t.Errorf("%s %s %v: %s", f.typ, f.id, f.path, d)
		}
	}
}

// cost is how often each call was made.
func (c *collected) cost() map[string]int {
	n := map[string]int{}
	for _, call := range c.calls {
		n[call]++
	}
	return n
}

func way(p ...any) []any { return p }

// TestDetectionEmptyRegion holds what the detection and messaging services cost
// in regions with nothing in them; two are read.
func TestDetectionEmptyRegion(t *testing.T) {
	f := &fake{}
	fails(f, securityhubDescribeHub, "InvalidAccessException: Account 111122223333 is not subscribed to AWS Security Hub")
	fails(f, macieGetSession, "AccessDeniedException: Macie is not enabled.")
	answer(f, eventsListBuses, defaultBus)
	c := collect(t, f, cloudformationService(), cloudwatchService(), configService(), eventbridgeService(), guarddutyService(), inspectorService(),
		logsService(), macieService(), securityhubService(), snsService(), sqsService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	want := map[string]int{
		"cloudformation:DescribeStacks": 2, "cloudwatch:DescribeAlarms": 2,
		"configservice:DescribeConfigurationRecorders": 2, "configservice:DescribeConfigurationAggregators": 2,
		"events:ListEventBuses": 2, "events:ListRules": 2, "guardduty:ListDetectors": 2, "inspector2:BatchGetAccountStatus": 2,
		"logs:DescribeLogGroups": 2, "logs:DescribeResourcePolicies": 2, "logs:DescribeDestinations": 2, "logs:DescribeDeliverySources": 1,
		"macie2:GetMacieSession": 2, "securityhub:DescribeHub": 2, "sns:ListTopics": 2, "sns:ListSubscriptions": 2, "sqs:ListQueues": 2,
	}
	if d := cmp.Diff(want, c.cost()); d != "" {
		t.Errorf("15 calls a region, and CloudFront's logs in the global one (-want +got):\n%s", d)
	}
}

func defaultBus(p Place, _ *eventbridge.ListEventBusesInput) (*eventbridge.ListEventBusesOutput, error) {
	return &eventbridge.ListEventBusesOutput{EventBuses: []events.EventBus{{Name: aws.String("default"), Arn: aws.String("arn:aws:events:" + string(p.Region) + ":111122223333:event-bus/default")}}}, nil
}

// subject finds a resource to follow relations from.
func (c *collected) subject(t *testing.T, typ, id string) (found inventory.Subject) {
	t.Helper()
	err := c.snapshot.Documents(t.Context(), typ, func(d *inventory.Document) error {
		if s := subjectOf(t, d); s.ID == id {
			found = s
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found.Type == "" {
		t.Fatalf("no %s %s was collected", typ, id)
	}
	return found
}

func subjectOf(t *testing.T, d *inventory.Document) inventory.Subject {
	t.Helper()
	var r struct {
		Type, ID, ARN, Account, Region string
	}
	if err := json.Unmarshal(d.JSON, &r); err != nil {
		t.Fatal(err)
	}
	return inventory.Subject{Row: d.Row, Type: r.Type, ID: r.ID, ARN: merlon.ARN(r.ARN), Account: merlon.AccountID(r.Account), Region: merlon.Region(r.Region)}
}

// ids are the ids of all resources of a type.
func ids(t *testing.T, c *collected, typ string) (out []string) {
	t.Helper()
	if err := c.snapshot.Each(t.Context(), typ, func(r *merlon.Resource) error { out = append(out, r.ID); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// relatedUnknown follows a relation.
func relatedUnknown(t *testing.T, c *collected, from inventory.Subject, relation string) (found []inventory.Subject, unknowns []merlon.Unknown) {
	t.Helper()
	unknowns, err := c.snapshot.Related(t.Context(), from, relation, func(d *inventory.Document) error {
		found = append(found, subjectOf(t, d))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, unknowns
}

// related follows a relation that must be known.
func related(t *testing.T, c *collected, from inventory.Subject, relation string) []inventory.Subject {
	t.Helper()
	found, unknowns := relatedUnknown(t, c, from, relation)
	if len(unknowns) != 0 {
		t.Errorf("%s of %s: unknown %v", relation, from.ID, unknowns)
	}
	return found
}
