package live

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
)

const (
	configRecorderType   = "AWS::Config::ConfigurationRecorder"
	configChannelType    = "AWS::Config::DeliveryChannel"
	configAggregatorType = "AWS::Config::ConfigurationAggregator"
	configRuleType       = "AWS::Config::ConfigRule"
)

var (
	configDescribeRecorders = operation(configservice.NewFromConfig, (*configservice.Client).DescribeConfigurationRecorders, Declaration{
		Types: []string{configRecorderType}})
	configDescribeRecorderStatus = operation(configservice.NewFromConfig, (*configservice.Client).DescribeConfigurationRecorderStatus, Declaration{Optional: true,
		Per: configRecorderType, Shared: true, Fills: []string{"observed.Recording", "observed.LastStatus", "observed.LastErrorCode", "observed.LastErrorMessage",
			"observed.LastStartTime", "observed.LastStopTime", "observed.LastStatusChangeTime"}})
	configDescribeChannels = operation(configservice.NewFromConfig, (*configservice.Client).DescribeDeliveryChannels, Declaration{Optional: true,
		Types: []string{configChannelType}})
	configDescribeChannelStatus = operation(configservice.NewFromConfig, (*configservice.Client).DescribeDeliveryChannelStatus, Declaration{Optional: true,
		Per: configChannelType, Shared: true, Fills: []string{"observed.ConfigHistoryDeliveryInfo", "observed.ConfigSnapshotDeliveryInfo", "observed.ConfigStreamDeliveryInfo"}})
	configDescribeAggregators = operation(configservice.NewFromConfig, (*configservice.Client).DescribeConfigurationAggregators, Declaration{
		Types: []string{configAggregatorType}})
	configDescribeRules = operation(configservice.NewFromConfig, (*configservice.Client).DescribeConfigRules, Declaration{Optional: true,
		Types: []string{configRuleType}})
)

func configService() *Service {
	return &Service{
		Name: "config", Title: "Config",
		Operations: []*Operation{configDescribeRecorders.Operation, configDescribeRecorderStatus.Operation, configDescribeChannels.Operation,
			configDescribeChannelStatus.Operation, configDescribeAggregators.Operation, configDescribeRules.Operation},
		Collect: collectConfig,
	}
}

func collectConfig(ctx context.Context, s *Scope) error {
	var recorders []*Draft
	whole, err := configDescribeRecorders.ListAll(ctx, s, &configservice.DescribeConfigurationRecordersInput{}, func(out *configservice.DescribeConfigurationRecordersOutput) error {
		for _, r := range out.ConfigurationRecorders {
			d := s.Draft(configRecorderType, aws.ToString(r.Name), aws.ToString(r.Arn), aws.ToString(r.Name)).From(configDescribeRecorders.Operation, s)
			d.Fold(r, Folding{Rename: map[string]string{"Arn": "ResourceARN"}})
			recorders = append(recorders, d)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.configRecorders(ctx, recorders); err != nil {
		return err
	}
	if err := s.configAggregators(ctx); err != nil {
		return err
	}
	if whole && len(recorders) == 0 {
		// Without a recorder there is nothing to deliver and nothing for rules to see.
		return s.Outside(ctx, []string{configChannelType, configRuleType}, "Config has no recorder in "+string(s.Region)+": its delivery channel and rules were not asked for")
	}
	if err := s.configChannels(ctx); err != nil {
		return err
	}
	return configDescribeRules.List(ctx, s, &configservice.DescribeConfigRulesInput{}, func(out *configservice.DescribeConfigRulesOutput) error {
		for _, r := range out.ConfigRules {
			d := s.Draft(configRuleType, aws.ToString(r.ConfigRuleName), aws.ToString(r.ConfigRuleArn), aws.ToString(r.ConfigRuleName)).From(configDescribeRules.Operation, s)
			d.Fold(r, Folding{Rename: map[string]string{"ConfigRuleArn": "Arn"}})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// configRecorders adds whether each recorder records.
func (s *Scope) configRecorders(ctx context.Context, recorders []*Draft) error {
	if len(recorders) == 0 {
		return nil
	}
	byName := map[string]*Draft{}
	for _, d := range recorders {
		byName[d.ID] = d
	}
	err := configDescribeRecorderStatus.Batch(ctx, s, recorders, &configservice.DescribeConfigurationRecorderStatusInput{}, func(out *configservice.DescribeConfigurationRecorderStatusOutput) error {
		for _, st := range out.ConfigurationRecordersStatus {
			if d := byName[aws.ToString(st.Name)]; d != nil {
				d.Fold(st, Folding{Drop: []string{"Name", "Arn", "ServicePrincipal"}})
				delete(byName, d.ID)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range recorders {
		if byName[d.ID] != nil && !d.isUnknown("observed.Recording") {
			d.UnknownBecause("observed.Recording", configDescribeRecorderStatus.Call()+" did not tell of "+d.ID)
		}
		if err := s.Put(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scope) configChannels(ctx context.Context) error {
	byName := map[string]*Draft{}
	var channels []*Draft
	err := configDescribeChannels.List(ctx, s, &configservice.DescribeDeliveryChannelsInput{}, func(out *configservice.DescribeDeliveryChannelsOutput) error {
		for _, c := range out.DeliveryChannels {
			d := s.Draft(configChannelType, aws.ToString(c.Name), "", aws.ToString(c.Name)).From(configDescribeChannels.Operation, s)
			d.Fold(c, Folding{})
			byName[d.ID] = d
			channels = append(channels, d)
		}
		return nil
	})
	if err != nil || len(channels) == 0 {
		return err
	}
	err = configDescribeChannelStatus.Batch(ctx, s, channels, &configservice.DescribeDeliveryChannelStatusInput{}, func(out *configservice.DescribeDeliveryChannelStatusOutput) error {
		for _, st := range out.DeliveryChannelsStatus {
			if d := byName[aws.ToString(st.Name)]; d != nil {
				d.Fold(st, Folding{Drop: []string{"Name"}})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, d := range channels {
		if err := s.Put(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scope) configAggregators(ctx context.Context) error {
	return configDescribeAggregators.List(ctx, s, &configservice.DescribeConfigurationAggregatorsInput{}, func(out *configservice.DescribeConfigurationAggregatorsOutput) error {
		for _, a := range out.ConfigurationAggregators {
			name, arn := aws.ToString(a.ConfigurationAggregatorName), aws.ToString(a.ConfigurationAggregatorArn)
			d := s.Draft(configAggregatorType, name, arn, name).From(configDescribeAggregators.Operation, s)
			d.Fold(a, Folding{})
			d.notAsked("tags")
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
