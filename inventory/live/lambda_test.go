package live

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
)

const payARN = "arn:aws:lambda:eu-west-1:111122223333:function:pay"

func lambdaFake() *fake {
	f := &fake{}
	answer(f, lambdaListFunctions, func(p Place, _ *lambda.ListFunctionsInput) (*lambda.ListFunctionsOutput, error) {
		if p.Region != "eu-west-1" {
			return &lambda.ListFunctionsOutput{}, nil
		}
		return &lambda.ListFunctionsOutput{Functions: []types.FunctionConfiguration{{
			FunctionName: aws.String("pay"), FunctionArn: aws.String(payARN), Role: aws.String("arn:aws:iam::111122223333:role/pay"), Runtime: types.RuntimeNodejs18x,
			Environment:         &types.EnvironmentResponse{Variables: map[string]string{"TOKEN": "hunter2"}},
			Layers:              []types.Layer{{Arn: aws.String("arn:aws:lambda:eu-west-1:111122223333:layer:l:1"), CodeSize: 3}},
			VpcConfig:           &types.VpcConfigResponse{VpcId: aws.String("vpc-1"), SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{"sg-1"}},
			KMSKeyArn:           aws.String("arn:aws:kms:eu-west-1:111122223333:key/k"),
			ImageConfigResponse: &types.ImageConfigResponse{ImageConfig: &types.ImageConfig{Command: []string{"run"}}},
			TracingConfig:       &types.TracingConfigResponse{Mode: types.TracingModeActive},
		}}}, nil
	})
	answer(f, lambdaListFunctionUrlConfigs, func(Place, *lambda.ListFunctionUrlConfigsInput) (*lambda.ListFunctionUrlConfigsOutput, error) {
		return &lambda.ListFunctionUrlConfigsOutput{FunctionUrlConfigs: []types.FunctionUrlConfig{
			{AuthType: types.FunctionUrlAuthTypeNone, FunctionArn: aws.String(payARN + ":live"), FunctionUrl: aws.String("https://x.lambda-url.eu-west-1.on.aws/"),
				Cors: &types.Cors{AllowOrigins: []string{"*"}}},
			{AuthType: types.FunctionUrlAuthTypeAwsIam, FunctionArn: aws.String(payARN)}}}, nil
	})
	answer(f, lambdaGetPolicy, func(_ Place, in *lambda.GetPolicyInput) (*lambda.GetPolicyOutput, error) {
		if in.Qualifier != nil {
			return &lambda.GetPolicyOutput{Policy: aws.String(`{"Statement":[{"Sid":"url","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunctionUrl","Resource":"` +
				payARN + `:live","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}}]}`)}, nil
		}
		return &lambda.GetPolicyOutput{Policy: aws.String(`{"Version":"2012-10-17","Id":"default","Statement":[
			{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + payARN + `",
			 "Condition":{"StringEquals":{"AWS:SourceAccount":"111122223333"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}},
			{"Sid":"no","Effect":"Deny","Principal":"*","Action":"lambda:InvokeFunction","Resource":"` + payARN + `"}]}`)}, nil
	})
	answer(f, lambdaListEventSourceMappings, func(p Place, _ *lambda.ListEventSourceMappingsInput) (*lambda.ListEventSourceMappingsOutput, error) {
		if p.Region != "eu-west-1" {
			return &lambda.ListEventSourceMappingsOutput{}, nil
		}
		return &lambda.ListEventSourceMappingsOutput{EventSourceMappings: []types.EventSourceMappingConfiguration{
			{UUID: aws.String("u-1"), FunctionArn: aws.String(payARN), State: aws.String("Disabled"), EventSourceArn: aws.String("arn:aws:sqs:eu-west-1:111122223333:q"),
				SelfManagedEventSource: &types.SelfManagedEventSource{Endpoints: map[string][]string{"KAFKA_BOOTSTRAP_SERVERS": {"b:9092"}}}}}}, nil
	})
	return f
}

func TestLambda(t *testing.T) {
	c := collect(t, lambdaFake(), lambdaService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	d := c.one(t, functionType, "pay")
	for _, x := range []struct {
		want any
		path []any
	}{
		{"REDACTED", []any{"Environment", "Variables", "TOKEN"}},
		{"arn:aws:lambda:eu-west-1:111122223333:layer:l:1", []any{"Layers", 0}},
		{"subnet-1", []any{"VpcConfig", "SubnetIds", 0}},
		{"arn:aws:kms:eu-west-1:111122223333:key/k", []any{"KmsKeyArn"}},
		{"run", []any{"ImageConfig", "Command", 0}},
		{"Active", []any{"TracingConfig", "Mode"}},
		{"nodejs18.x", []any{"Runtime"}},
	} {
		if got := at(d, append([]any{"properties"}, x.path...)...); got != x.want {
			t.Errorf("%v is %v, want %v", x.path, got, x.want)
		}
	}
	if at(d, "observed", "VpcConfig", "VpcId") != "vpc-1" || at(d, "unknowns", "/properties/ReservedConcurrentExecutions") == nil {
		t.Errorf("function %v %v", d["observed"], d["unknowns"])
	}
	want := map[string]any{"FunctionName": "pay", "Id": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", "SourceAccount": "111122223333", "SourceArn": "arn:aws:s3:::b"}
	if diff := cmp.Diff(want, c.one(t, functionPermissionType, "pay|s3")["properties"]); diff != "" {
		t.Error(diff)
	}
	alias := c.one(t, functionPermissionType, payARN+":live|url")
	if at(alias, "properties", "FunctionUrlAuthType") != "NONE" || at(alias, "properties", "Principal") != "*" || at(alias, "observed", "FunctionArn") != payARN {
		t.Errorf("the alias's permission %v", alias)
	}
	rest := c.one(t, functionPolicyType, payARN)
	if at(rest, "properties", "PolicyDocument", "Statement", 0, "Sid") != "no" || at(rest, "properties", "PolicyDocument", "Statement", 1) != "no element 1" {
		t.Errorf("what no Permission can say: %v", rest["properties"])
	}
	u := c.one(t, functionURLType, payARN+":live")
	if at(u, "properties", "Qualifier") != "live" || at(u, "properties", "TargetFunctionArn") != payARN || at(u, "properties", "AuthType") != "NONE" {
		t.Errorf("url %v", u["properties"])
	}
	m := c.one(t, eventSourceType, "u-1")
	if at(m, "properties", "Enabled") != false || at(m, "properties", "FunctionName") != payARN || at(m, "properties", "SelfManagedEventSource", "Endpoints", "KafkaBootstrapServers", 0) != "b:9092" {
		t.Errorf("event source %v", m["properties"])
	}
	// One call for the empty region, two for the other, and one each for the URLs, the policy and the alias's policy.
	if len(c.calls) != 1+2+3 {
		t.Errorf("%d calls: %v", len(c.calls), c.calls)
	}
}

func TestPermission(t *testing.T) {
	const arn = "arn:aws:lambda:eu-west-1:1:function:f"
	for _, x := range []struct {
		name, statement string
		principal       any
	}{
		{"another account, as AddPermission writes it", `{"Sid":"a","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"lambda:InvokeFunction","Resource":"` + arn + `"}`, "444455556666"},
		{"everybody", `{"Sid":"a","Effect":"Allow","Principal":{"AWS":"*"},"Action":"lambda:InvokeFunction","Resource":"` + arn + `"}`, "*"},
		{"deny", `{"Sid":"a","Effect":"Deny","Principal":"*","Action":"lambda:InvokeFunction","Resource":"` + arn + `"}`, nil},
		{"two actions", `{"Sid":"a","Effect":"Allow","Principal":"*","Action":["a","b"],"Resource":"` + arn + `"}`, nil},
		{"a condition that no Permission has", `{"Sid":"a","Effect":"Allow","Principal":"*","Action":"a","Resource":"` + arn + `","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`, nil},
		{"two values of one key", `{"Sid":"a","Effect":"Allow","Principal":"*","Action":"a","Resource":"` + arn + `","Condition":{"StringEquals":{"aws:SourceAccount":["1","2"]}}}`, nil},
		{"the same property twice", `{"Sid":"a","Effect":"Allow","Principal":"*","Action":"a","Resource":"` + arn + `","Condition":{"ArnLike":{"aws:SourceArn":"x"},"StringLike":{"aws:SourceArn":"y"}}}`, nil},
		{"two principals", `{"Sid":"a","Effect":"Allow","Principal":{"AWS":"*","Service":"s3.amazonaws.com"},"Action":"a","Resource":"` + arn + `"}`, nil},
		{"everything but an action", `{"Sid":"a","Effect":"Allow","Principal":"*","NotAction":"a","Resource":"` + arn + `"}`, nil},
		{"another resource", `{"Sid":"a","Effect":"Allow","Principal":"*","Action":"a","Resource":"*"}`, nil},
		{"one member too many", `{"Sid":"a","Effect":"Allow","Principal":"*","Action":"a","Resource":"` + arn + `","NotPrincipal":"b"}`, nil},
		{"no object", `3`, nil},
	} {
		var st any
		if err := json.Unmarshal([]byte(x.statement), &st); err != nil {
			t.Fatal(err)
		}
		if _, p := permission(st, arn); p["Principal"] != x.principal {
			t.Errorf("%s: %v", x.name, p)
		}
	}
}

func TestLambdaGaps(t *testing.T) {
	f := lambdaFake()
	answer(f, lambdaGetPolicy, func(Place, *lambda.GetPolicyInput) (*lambda.GetPolicyOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	answer(f, lambdaListEventSourceMappings, func(Place, *lambda.ListEventSourceMappingsInput) (*lambda.ListEventSourceMappingsOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c := collect(t, f, lambdaService())
	found := map[string]int{}
	for _, g := range c.gaps {
		found[g.Call+" "+g.Resource]++
		if g.Call == "lambda:GetPolicy" && len(g.Types) != 2 {
			t.Errorf("the gap must name the permissions that are missing: %+v", g)
		}
	}
	if found["lambda:GetPolicy "+payARN] == 0 || found["lambda:ListEventSourceMappings "] != 1 {
		t.Errorf("gaps %v", found)
	}
}

func TestLambdaWithoutPolicy(t *testing.T) {
	f := lambdaFake()
	answer(f, lambdaGetPolicy, func(Place, *lambda.GetPolicyInput) (*lambda.GetPolicyOutput, error) {
		return nil, &types.ResourceNotFoundException{}
	})
	if c := collect(t, f, lambdaService()); len(c.gaps) != 0 {
		t.Errorf("no policy is not a gap: %+v", c.gaps)
	}
}
