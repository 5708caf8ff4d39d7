package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

const (
	functionType           = "AWS::Lambda::Function"
	functionPermissionType = "AWS::Lambda::Permission"
	functionPolicyType     = "AWS::Lambda::ResourcePolicy"
	functionURLType        = "AWS::Lambda::Url"
	eventSourceType        = "AWS::Lambda::EventSourceMapping"
)

var (
	lambdaListFunctions = operation(lambda.NewFromConfig, (*lambda.Client).ListFunctions, Declaration{
		Types: []string{functionType}})
	lambdaGetPolicy = operation(lambda.NewFromConfig, (*lambda.Client).GetPolicy, Declaration{
		Per: functionType, Types: []string{functionPermissionType, functionPolicyType},
		Absent: []string{"ResourceNotFoundException"},
		Source: "https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html (read 2026-11-24)"})
	lambdaListFunctionUrlConfigs = operation(lambda.NewFromConfig, (*lambda.Client).ListFunctionUrlConfigs, Declaration{
		Per: functionType, Types: []string{functionURLType}})
	lambdaListEventSourceMappings = operation(lambda.NewFromConfig, (*lambda.Client).ListEventSourceMappings, Declaration{Optional: true,
		Types: []string{eventSourceType}})
)

// lambdaService reads functions, who may call them, their URLs and what feeds
// them. A function costs two calls, its policy and its URLs: a policy does not
// tell whether there is a URL, since one with IAM needs no statement, and one of
// an alias has its statement in the alias's policy, which is read then
// (https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html, read 2026-11-24).
func lambdaService() *Service {
	return &Service{
		Name: "lambda", Title: "Lambda",
		Operations: []*Operation{lambdaListFunctions.Operation, lambdaGetPolicy.Operation, lambdaListFunctionUrlConfigs.Operation,
			lambdaListEventSourceMappings.Operation},
		Collect: collectLambda,
	}
}

func collectLambda(ctx context.Context, s *Scope) error {
	some := false
	whole, err := lambdaListFunctions.ListAll(ctx, s, &lambda.ListFunctionsInput{MaxItems: aws.Int32(50)}, func(out *lambda.ListFunctionsOutput) error {
		some = some || len(out.Functions) > 0
		return each(ctx, s, out.Functions, s.function)
	})
	// Without a function there is nothing that a mapping could feed.
	if err != nil || whole && !some {
		return err
	}
	return lambdaListEventSourceMappings.List(ctx, s, &lambda.ListEventSourceMappingsInput{}, func(out *lambda.ListEventSourceMappingsOutput) error {
		for _, m := range out.EventSourceMappings {
			if err := s.Put(ctx, s.eventSource(m)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Scope) function(ctx context.Context, f types.FunctionConfiguration) error {
	name, arn := aws.ToString(f.FunctionName), aws.ToString(f.FunctionArn)
	d := s.Draft(functionType, name, arn, name).From(lambdaListFunctions.Operation, s)
	d.Fold(f, Folding{Rename: map[string]string{"ImageConfigResponse": "ImageConfig"}, Drop: []string{"Environment", "Layers", "ImageConfigResponse", "FunctionArn"}})
	d.Set("Arn", arn)
	if r := f.ImageConfigResponse; r != nil {
		d.Fit("ImageConfig", r.ImageConfig)
	}
	var layers []string
	for _, l := range f.Layers {
		layers = append(layers, aws.ToString(l.Arn))
	}
	d.Set("Layers", layers)
	if e := f.Environment; e != nil && len(e.Variables) > 0 {
		d.Set("Environment.Variables", redactedValues(e.Variables))
	}
	d.UnknownBecause("tags", tagsApart)
	for _, part := range []string{"Code", "CodeSigningConfigArn", "FunctionScalingConfig", "RecursiveLoop", "ReservedConcurrentExecutions", "RuntimeManagementConfig"} {
		d.UnknownBecause("properties."+part, "not read: it takes a call for each function")
	}
	qualified := map[string]bool{}
	err := lambdaListFunctionUrlConfigs.Get(ctx, s, d, &lambda.ListFunctionUrlConfigsInput{FunctionName: &name}, func(out *lambda.ListFunctionUrlConfigsOutput) error {
		for _, c := range out.FunctionUrlConfigs {
			id := aws.ToString(c.FunctionArn)
			u := s.Draft(functionURLType, id, "", name).From(lambdaListFunctionUrlConfigs.Operation, s)
			u.Fold(c, Folding{})
			u.Set("TargetFunctionArn", arn)
			if q, ok := strings.CutPrefix(id, arn+":"); ok {
				u.Set("Qualifier", q)
				u.Name = name + ":" + q
				qualified[q] = true
			}
			if err := s.Put(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.functionPolicy(ctx, d, ""); err != nil {
		return err
	}
	for q := range qualified {
		if err := s.functionPolicy(ctx, d, q); err != nil {
			return err
		}
	}
	return s.Put(ctx, d)
}

// functionPolicy reads the policy of a function or of one of its aliases: what
// could stand in a Permission of CloudFormation becomes one, and the rest one
// ResourcePolicy.
func (s *Scope) functionPolicy(ctx context.Context, d *Draft, qualifier string) error {
	in, target := &lambda.GetPolicyInput{FunctionName: &d.ID}, d.ID
	arn := d.ARN
	if qualifier != "" {
		in.Qualifier = &qualifier
		arn += ":" + qualifier
		target = arn
	}
	return lambdaGetPolicy.Get(ctx, s, d, in, func(out *lambda.GetPolicyOutput) error {
		if aws.ToString(out.Policy) == "" {
			return nil
		}
		policy, _ := document(*out.Policy).(map[string]any)
		statements, isList := policy["Statement"].([]any)
		var rest []any
		for _, st := range statements {
			sid, properties := permission(st, arn)
			if properties == nil {
				rest = append(rest, st)
				continue
			}
			p := s.Draft(functionPermissionType, target+"|"+sid, "", sid).From(lambdaGetPolicy.Operation, s)
			for name, v := range properties {
				p.Set(name, v)
			}
			p.Set("FunctionName", target)
			p.Set("Id", sid)
			if qualifier != "" {
				p.Observe("FunctionArn", d.ARN)
			}
			if err := s.Put(ctx, p); err != nil {
				return err
			}
		}
		if isList && rest == nil {
			return nil
		}
		p := s.Draft(functionPolicyType, arn, "", d.Name).From(lambdaGetPolicy.Operation, s)
		p.Set("ResourceArn", arn)
		if !isList {
			p.SetDocument("PolicyDocument", out.Policy)
		} else {
			policy["Statement"] = rest
			p.setPlain("PolicyDocument", policy)
		}
		if qualifier != "" {
			p.Observe("FunctionArn", d.ARN)
		}
		return s.Put(ctx, p)
	})
}

// permission gives the properties of the Permission that a statement says, or
// nil when AddPermission could not have written it:
// https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html (read 2026-11-24).
func permission(statement any, function string) (sid string, properties map[string]any) {
	m, _ := statement.(map[string]any)
	sid, _ = m["Sid"].(string)
	action, _ := m["Action"].(string)
	if sid == "" || action == "" || m["Effect"] != "Allow" || m["Resource"] != function {
		return "", nil
	}
	properties = map[string]any{"Action": action}
	switch p := m["Principal"].(type) {
	case string:
		properties["Principal"] = p
	case map[string]any:
		for _, kind := range []string{"AWS", "Service"} {
			if one, ok := p[kind].(string); ok && len(p) == 1 {
				properties["Principal"] = accountOf(one)
			}
		}
	}
	if properties["Principal"] == nil {
		return "", nil
	}
	want := 5 // Sid, Effect, Principal, Action, Resource
	if c, ok := m["Condition"]; ok {
		want++
		conditions, _ := c.(map[string]any)
		for operator, x := range conditions {
			keys, _ := x.(map[string]any)
			for key, v := range keys {
				name := permissionCondition(operator, key)
				value, isText := v.(string)
				if name == "" || !isText || properties[name] != nil {
					return "", nil
				}
				properties[name] = value
				if name == "InvokedViaFunctionUrl" {
					properties[name] = value == "true"
				}
			}
		}
	}
	// Anything else (NotAction, a second principal …) is more than a Permission says.
	if len(m) != want {
		return "", nil
	}
	return sid, properties
}

// permissionCondition is the property that a condition of AddPermission's stands for.
func permissionCondition(operator, key string) string {
	switch operator + " " + strings.ToLower(key) {
	case "ArnLike aws:sourcearn", "StringLike aws:sourcearn":
		return "SourceArn"
	case "StringEquals aws:sourceaccount":
		return "SourceAccount"
	case "StringEquals aws:principalorgid":
		return "PrincipalOrgID"
	case "StringEquals lambda:functionurlauthtype":
		return "FunctionUrlAuthType"
	case "StringEquals lambda:eventsourcetoken":
		return "EventSourceToken"
	case "Bool lambda:invokedviafunctionurl":
		return "InvokedViaFunctionUrl"
	}
	return ""
}

// accountOf gives the account id of an account's root principal, which is what
// AddPermission was told, and every other principal as it is.
func accountOf(principal string) string {
	if strings.HasPrefix(principal, "arn:") && strings.HasSuffix(principal, ":root") {
		if parts := strings.Split(principal, ":"); len(parts) == 6 && parts[2] == "iam" {
			return parts[4]
		}
	}
	return principal
}

func redactedValues(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k := range m {
		out[k] = redacted
	}
	return out
}

func (s *Scope) eventSource(m types.EventSourceMappingConfiguration) *Draft {
	id := aws.ToString(m.UUID)
	d := s.Draft(eventSourceType, id, aws.ToString(m.EventSourceMappingArn), "").From(lambdaListEventSourceMappings.Operation, s)
	d.Fold(m, Folding{Rename: map[string]string{"FunctionArn": "FunctionName"}, Drop: []string{"UUID", "SelfManagedEventSource"}})
	d.Set("Id", id)
	d.Set("Enabled", aws.ToString(m.State) == "Enabled" || aws.ToString(m.State) == "Enabling" || aws.ToString(m.State) == "Creating")
	if e := m.SelfManagedEventSource; e != nil {
		d.Set("SelfManagedEventSource.Endpoints.KafkaBootstrapServers", e.Endpoints["KAFKA_BOOTSTRAP_SERVERS"])
	}
	d.UnknownBecause("tags", tagsApart)
	return d
}
