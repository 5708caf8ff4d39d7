package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

const (
	alarmType          = "AWS::CloudWatch::Alarm"
	compositeAlarmType = "AWS::CloudWatch::CompositeAlarm"
)

// newCloudWatch speaks JSON where the endpoint is not AWS's own: emulators do not
// know CBOR, which the SDK prefers of the protocols that CloudWatch has.
func newCloudWatch(cfg aws.Config, fns ...func(*cloudwatch.Options)) *cloudwatch.Client {
	return cloudwatch.NewFromConfig(cfg, append(fns, func(o *cloudwatch.Options) {
		if cfg.BaseEndpoint != nil {
			o.Protocol = awsjson.New10(schemas.GraniteServiceVersion20100801)
		}
	})...)
}

var cloudwatchDescribeAlarms = operation(newCloudWatch, (*cloudwatch.Client).DescribeAlarms, Declaration{
	Types: []string{alarmType, compositeAlarmType}})

func cloudwatchService() *Service {
	return &Service{
		Name: "cloudwatch", Title: "CloudWatch alarms",
		Operations: []*Operation{cloudwatchDescribeAlarms.Operation},
		Collect:    collectCloudWatch,
	}
}

func collectCloudWatch(ctx context.Context, s *Scope) error {
	// Without the types AWS lists metric alarms only.
	in := &cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(100), AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}}
	// The data behind the state changes with every evaluation.
	f := Folding{Rename: map[string]string{"AlarmArn": "Arn"}, Drop: []string{"StateReason", "StateReasonData", "ActionsSuppressedReason"}}
	return cloudwatchDescribeAlarms.List(ctx, s, in, func(out *cloudwatch.DescribeAlarmsOutput) error {
		put := func(typ string, name, arn *string, alarm any) error {
			d := s.Draft(typ, aws.ToString(name), aws.ToString(arn), aws.ToString(name)).From(cloudwatchDescribeAlarms.Operation, s)
			d.Fold(alarm, f)
			d.notAsked("tags")
			return s.Put(ctx, d)
		}
		for _, a := range out.MetricAlarms {
			if err := put(alarmType, a.AlarmName, a.AlarmArn, a); err != nil {
				return err
			}
		}
		for _, a := range out.CompositeAlarms {
			if err := put(compositeAlarmType, a.AlarmName, a.AlarmArn, a); err != nil {
				return err
			}
		}
		return nil
	})
}
