package live

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	typesv2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"

	"merlon.dev/merlon"
)

const (
	testFunction    = "arn:aws:lambda:eu-west-1:111122223333:function:f"
	testFunctionURI = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/" + testFunction + ":live/invocations"
)

func restFake() *fake {
	f := &fake{}
	answer(f, apigatewayGetRestApis, func(p Place, in *apigateway.GetRestApisInput) (*apigateway.GetRestApisOutput, error) {
		if p.Region != "eu-west-1" {
			return &apigateway.GetRestApisOutput{}, nil
		}
		return &apigateway.GetRestApisOutput{Items: []types.RestApi{{Id: aws.String("a1"), Name: aws.String("shop"), ApiKeySource: types.ApiKeySourceTypeHeader, RootResourceId: aws.String("r0"),
			EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}}, Tags: map[string]string{"env": "prod"},
			Policy: aws.String(`{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"execute-api:Invoke\",\"Resource\":\"*\"}]}`)}}}, nil
	})
	answer(f, apigatewayGetStages, func(Place, *apigateway.GetStagesInput) (*apigateway.GetStagesOutput, error) {
		return &apigateway.GetStagesOutput{Item: []types.Stage{{StageName: aws.String("prod"), DeploymentId: aws.String("d"), WebAclArn: aws.String(aclARN), Variables: map[string]string{"password": "hunter2"},
			AccessLogSettings: &types.AccessLogSettings{DestinationArn: aws.String("arn:aws:logs:eu-west-1:111122223333:log-group:api"), Format: aws.String("$context.requestId")},
			MethodSettings:    map[string]types.MethodSetting{"*/*": {LoggingLevel: aws.String("ERROR"), CachingEnabled: true}, "~1pets~1{id}/GET": {DataTraceEnabled: true}, "~1/GET": {}},
			CanarySettings:    &types.CanarySettings{DeploymentId: aws.String("e"), PercentTraffic: 10, StageVariableOverrides: map[string]string{"password": "hunter3"}}}}}, nil
	})
	answer(f, apigatewayGetAuthorizers, func(Place, *apigateway.GetAuthorizersInput) (*apigateway.GetAuthorizersOutput, error) {
		return &apigateway.GetAuthorizersOutput{Items: []types.Authorizer{{Id: aws.String("z1"), Name: aws.String("token"), Type: types.AuthorizerTypeToken, AuthorizerUri: aws.String(testFunctionURI)}}}, nil
	})
	answer(f, apigatewayGetResources, func(_ Place, in *apigateway.GetResourcesInput) (*apigateway.GetResourcesOutput, error) {
		if !slices.Contains(in.Embed, "methods") {
			return nil, apiError("BadRequestException")
		}
		return &apigateway.GetResourcesOutput{Items: []types.Resource{{Id: aws.String("r0"), Path: aws.String("/")},
			{Id: aws.String("r1"), ParentId: aws.String("r0"), Path: aws.String("/pets"), PathPart: aws.String("pets"), ResourceMethods: map[string]types.Method{"GET": {HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE"), ApiKeyRequired: aws.Bool(true),
				MethodResponses: map[string]types.MethodResponse{"200": {StatusCode: aws.String("200")}},
				MethodIntegration: &types.Integration{Type: types.IntegrationTypeAwsProxy, HttpMethod: aws.String("POST"), Uri: aws.String(testFunctionURI), RequestTemplates: map[string]string{"application/json": "{hunter4}"},
					RequestParameters:    map[string]string{"integration.request.header.x-key": "'hunter5'", "integration.request.path.id": "method.request.path.id"},
					IntegrationResponses: map[string]types.IntegrationResponse{"200": {StatusCode: aws.String("200"), SelectionPattern: aws.String("5..")}}}}}}}}, nil
	})
	answer(f, apigatewayGetDomainNames, func(Place, *apigateway.GetDomainNamesInput) (*apigateway.GetDomainNamesOutput, error) {
		return &apigateway.GetDomainNamesOutput{Items: []types.DomainName{{DomainName: aws.String("api.example.com"), SecurityPolicy: types.SecurityPolicyTls10, RegionalCertificateArn: aws.String(certARN)},
			{DomainName: aws.String("private.example.com"), DomainNameId: aws.String("x1"), DomainNameArn: aws.String("arn:aws:apigateway:eu-west-1::/domainnames/private.example.com+x1"), Policy: aws.String(`{"Statement":[]}`)}}}, nil
	})
	answer(f, apigatewayv2GetApiMappings, func(Place, *apigatewayv2.GetApiMappingsInput) (*apigatewayv2.GetApiMappingsOutput, error) {
		return &apigatewayv2.GetApiMappingsOutput{Items: []typesv2.ApiMapping{{ApiId: aws.String("a1"), ApiMappingId: aws.String("m1"), Stage: aws.String("prod")}}}, nil
	})
	answer(f, apigatewayGetApiKeys, func(_ Place, in *apigateway.GetApiKeysInput) (*apigateway.GetApiKeysOutput, error) {
		if in.IncludeValues == nil || *in.IncludeValues {
			return nil, apiError("BadRequestException")
		}
		return &apigateway.GetApiKeysOutput{Items: []types.ApiKey{{Id: aws.String("k1"), Name: aws.String("partner"), Enabled: true, Value: aws.String("hunter6"), StageKeys: []string{"a1/prod"}}}}, nil
	})
	answer(f, apigatewayGetUsagePlans, func(Place, *apigateway.GetUsagePlansInput) (*apigateway.GetUsagePlansOutput, error) {
		return &apigateway.GetUsagePlansOutput{Items: []types.UsagePlan{{Id: aws.String("u1"), Name: aws.String("gold"), ApiStages: []types.ApiStage{{ApiId: aws.String("a1"), Stage: aws.String("prod")}}}}}, nil
	})
	answer(f, apigatewayGetVpcLinks, func(Place, *apigateway.GetVpcLinksInput) (*apigateway.GetVpcLinksOutput, error) {
		return &apigateway.GetVpcLinksOutput{Items: []types.VpcLink{{Id: aws.String("v1"), Name: aws.String("nlb"), TargetArns: []string{"arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/n/1"}}}}, nil
	})
	answer(f, apigatewayGetClientCertificates, func(Place, *apigateway.GetClientCertificatesInput) (*apigateway.GetClientCertificatesOutput, error) {
		return &apigateway.GetClientCertificatesOutput{Items: []types.ClientCertificate{{ClientCertificateId: aws.String("cc"), ExpirationDate: &fakeNow, PemEncodedCertificate: aws.String("-----BEGIN")}}}, nil
	})
	answer(f, apigatewayGetAccount, func(Place, *apigateway.GetAccountInput) (*apigateway.GetAccountOutput, error) {
		return &apigateway.GetAccountOutput{CloudwatchRoleArn: aws.String("arn:aws:iam::111122223333:role/api-logs")}, nil
	})
	return f
}

func TestRestAPI(t *testing.T) {
	c := collect(t, restFake(), apigatewayService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	a := c.one(t, restAPIType, "a1")
	if at(a, "properties", "Policy", "Statement", 0, "Principal") != "*" || at(a, "properties", "ApiKeySourceType") != "HEADER" || at(a, "tags", "env") != "prod" ||
		a["arn"] != "arn:aws:apigateway:eu-west-1::/restapis/a1" {
		t.Errorf("API %v", a)
	}
	s := c.one(t, restStageType, "a1|prod")
	var paths []any
	for _, m := range at(s, "properties", "MethodSettings").([]any) {
		paths = append(paths, at(m.(map[string]any), "ResourcePath"), at(m.(map[string]any), "HttpMethod"))
	}
	if diff := cmp.Diff([]any{"/*", "*", "/", "GET", "/~1pets~1{id}", "GET"}, paths); diff != "" {
		t.Error(diff)
	}
	if at(s, "properties", "AccessLogSetting", "DestinationArn") == nil || at(s, "observed", "WebAclArn") != aclARN || at(s, "properties", "CanarySetting", "PercentTraffic") != 10.0 {
		t.Errorf("stage %v", s)
	}
	m := c.one(t, restMethodType, "a1|r1|GET")
	want := map[string]any{"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": testFunctionURI, "RequestTemplates": map[string]any{"application/json": "REDACTED"},
		"RequestParameters": map[string]any{"integration.request.header.x-key": "REDACTED", "integration.request.path.id": "method.request.path.id"}, "TimeoutInMillis": 0.0,
		"IntegrationResponses": []any{map[string]any{"StatusCode": "200", "SelectionPattern": "5.."}}}
	if diff := cmp.Diff(want, at(m, "properties", "Integration")); diff != "" {
		t.Error(diff)
	}
	if at(m, "properties", "AuthorizationType") != "NONE" || at(m, "properties", "ApiKeyRequired") != true || at(m, "observed", "FunctionArn") != testFunction || m["name"] != "GET shop/pets" {
		t.Errorf("method %v", m)
	}
	if z := c.one(t, restAuthorizerType, "a1|z1"); at(z, "properties", "AuthorizerId") != "z1" || at(z, "observed", "FunctionArn") != testFunction {
		t.Errorf("authorizer %v", z)
	}
	if r := c.one(t, restResourceType, "a1|r1"); at(r, "properties", "PathPart") != "pets" {
		t.Errorf("resource %v", r)
	}
	if k := c.one(t, apiKeyType, "k1"); at(k, "properties", "APIKeyId") != "k1" || at(k, "properties", "StageKeys", 0, "StageName") != "prod" {
		t.Errorf("key %v", k)
	}
	for typ, id := range map[string]string{restVPCLinkType: "v1", usagePlanType: "u1", clientCertType: "cc", apiAccountType: "111122223333"} {
		c.one(t, typ, id)
	}
	if d := c.one(t, apiDomainType, "api.example.com"); at(d, "properties", "SecurityPolicy") != "TLS_1_0" {
		t.Errorf("domain %v", d)
	}
	if d := c.one(t, privateDomainType, "arn:aws:apigateway:eu-west-1::/domainnames/private.example.com+x1"); at(d, "properties", "Policy") == nil {
		t.Errorf("private domain %v", d)
	}
	if got := c.related(t, restAPIType, "a1", "mappings"); len(got) != 1 {
		t.Errorf("mappings %v", got)
	}
	for typ, id := range map[string]string{restStageType: "a1|prod", restMethodType: "a1|r1|GET", restAuthorizerType: "a1|z1"} {
		doc := c.one(t, typ, id)
		if text := string(must(json.Marshal(doc))); strings.Contains(text, "hunter") {
			t.Errorf("a secret is in %s", text)
		}
		if got := c.related(t, typ, id, "api"); len(got) != 1 {
			t.Errorf("%s leads to %v", typ, got)
		}
	}
}

func httpFake() *fake {
	f := &fake{}
	answer(f, apigatewayv2GetApis, func(p Place, _ *apigatewayv2.GetApisInput) (*apigatewayv2.GetApisOutput, error) {
		if p.Region != "eu-west-1" {
			return &apigatewayv2.GetApisOutput{}, nil
		}
		return &apigatewayv2.GetApisOutput{Items: []typesv2.Api{{ApiId: aws.String("h1"), Name: aws.String("http"), ProtocolType: typesv2.ProtocolTypeHttp, ApiEndpoint: aws.String("https://h1.execute-api.eu-west-1.amazonaws.com"), Tags: map[string]string{"env": "prod"}}}}, nil
	})
	answer(f, apigatewayv2GetStages, func(Place, *apigatewayv2.GetStagesInput) (*apigatewayv2.GetStagesOutput, error) {
		return &apigatewayv2.GetStagesOutput{Items: []typesv2.Stage{{StageName: aws.String("$default"), AutoDeploy: aws.Bool(true), StageVariables: map[string]string{"password": "hunter2"},
			AccessLogSettings: &typesv2.AccessLogSettings{DestinationArn: aws.String("arn:aws:logs:eu-west-1:111122223333:log-group:h")}}}}, nil
	})
	answer(f, apigatewayv2GetRoutes, func(Place, *apigatewayv2.GetRoutesInput) (*apigatewayv2.GetRoutesOutput, error) {
		return &apigatewayv2.GetRoutesOutput{Items: []typesv2.Route{{RouteId: aws.String("r1"), RouteKey: aws.String("GET /pets"), AuthorizationType: typesv2.AuthorizationTypeJwt, AuthorizerId: aws.String("z1"), Target: aws.String("integrations/i1")}}}, nil
	})
	answer(f, apigatewayv2GetIntegrations, func(Place, *apigatewayv2.GetIntegrationsInput) (*apigatewayv2.GetIntegrationsOutput, error) {
		return &apigatewayv2.GetIntegrationsOutput{Items: []typesv2.Integration{{IntegrationId: aws.String("i1"), IntegrationType: typesv2.IntegrationTypeAwsProxy, IntegrationUri: aws.String(testFunction),
			RequestParameters: map[string]string{"overwrite:header.x-key": "hunter3", "append:header.id": "$request.header.id", "QueueUrl": "https://sqs"}}}}, nil
	})
	answer(f, apigatewayv2GetAuthorizers, func(Place, *apigatewayv2.GetAuthorizersInput) (*apigatewayv2.GetAuthorizersOutput, error) {
		return &apigatewayv2.GetAuthorizersOutput{Items: []typesv2.Authorizer{{AuthorizerId: aws.String("z1"), Name: aws.String("jwt"), AuthorizerType: typesv2.AuthorizerTypeJwt,
			IdentitySource: []string{"$request.header.Authorization"}, JwtConfiguration: &typesv2.JWTConfiguration{Issuer: aws.String("https://issuer"), Audience: []string{"a"}}}}}, nil
	})
	answer(f, apigatewayv2GetVpcLinks, func(Place, *apigatewayv2.GetVpcLinksInput) (*apigatewayv2.GetVpcLinksOutput, error) {
		return &apigatewayv2.GetVpcLinksOutput{Items: []typesv2.VpcLink{{VpcLinkId: aws.String("v1"), Name: aws.String("link"), SubnetIds: []string{"subnet-1"}, SecurityGroupIds: []string{"sg-1"}}}}, nil
	})
	return f
}

func TestHTTPAPI(t *testing.T) {
	c := collect(t, httpFake(), apigatewayService())
	if len(c.gaps) != 0 {
		t.Errorf("gaps: %+v", c.gaps)
	}
	want := map[string]any{"ApiId": "h1", "Name": "http", "ProtocolType": "HTTP", "ApiEndpoint": "https://h1.execute-api.eu-west-1.amazonaws.com"}
	if diff := cmp.Diff(want, c.one(t, httpAPIType, "h1")["properties"]); diff != "" {
		t.Error(diff)
	}
	s := c.one(t, httpStageType, "h1|$default")
	if at(s, "properties", "StageVariables", "password") != "REDACTED" || at(s, "properties", "AccessLogSettings", "DestinationArn") == nil {
		t.Errorf("stage %v", s)
	}
	i := c.one(t, httpIntegrationType, "h1|i1")
	if diff := cmp.Diff(map[string]any{"overwrite:header.x-key": "REDACTED", "append:header.id": "$request.header.id", "QueueUrl": "https://sqs"}, at(i, "properties", "RequestParameters")); diff != "" {
		t.Error(diff)
	}
	for relation, want := range map[string]int{"api": 1, "integration": 1, "authorizer": 1} {
		if got := c.related(t, httpRouteType, "h1|r1", relation); len(got) != want {
			t.Errorf("%s of the route: %v", relation, got)
		}
	}
	if v := c.one(t, httpVPCLinkType, "v1"); at(v, "properties", "SubnetIds", 0) != "subnet-1" {
		t.Errorf("link %v", v)
	}
}

func TestAPIGatewayGaps(t *testing.T) {
	if c := collect(t, &fake{}, apigatewayService()); len(c.calls) != 4 { // two regions
		t.Errorf("a region without APIs costs two calls: %v", c.calls)
	}
	f := restFake()
	answer(f, apigatewayGetResources, func(Place, *apigateway.GetResourcesInput) (*apigateway.GetResourcesOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c := collect(t, f, apigatewayService())
	if len(c.gaps) != 1 || !slices.Contains(c.gaps[0].Types, restMethodType) || c.gaps[0].Resource == "" || c.gaps[0].Actions[0] != "apigateway:GET" {
		t.Errorf("gaps %v", c.gaps)
	}
	f = &fake{}
	answer(f, apigatewayGetRestApis, func(Place, *apigateway.GetRestApisInput) (*apigateway.GetRestApisOutput, error) {
		return nil, apiError("AccessDeniedException")
	})
	c = collect(t, f, apigatewayService())
	listed := func(g merlon.Gap) bool { return slices.Contains(g.Types, restStageType) }
	if len(c.gaps) != 2 || !slices.ContainsFunc(c.gaps, listed) || !slices.Contains(c.calls, "apigateway:GetDomainNames") {
		t.Errorf("gaps %v, calls %v: without the list there may be APIs", c.gaps, c.calls)
	}
}

func TestFunctionOf(t *testing.T) {
	for uri, want := range map[string]string{
		testFunctionURI: testFunction, testFunction: testFunction, testFunction + ":1": testFunction,
		"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111122223333:function:${stageVariables.f}/invocations": "",
		"https://example.com/functions/x/invocations":          "",
		"arn:aws:apigateway:eu-west-1:sqs:path/111122223333/q": "",
		"": "",
	} {
		if got := functionOf(uri); got != want {
			t.Errorf("%s: %q", uri, got)
		}
	}
}

func TestAPIPolicy(t *testing.T) {
	for _, text := range []string{`{\"Statement\":[{\"Sid\":\"a\\\"b\"}]}`, `{"Statement":[{"Sid":"a\"b"}]}`} {
		m, ok := apiPolicy(text).(map[string]any)
		if !ok || at(m, "Statement", 0, "Sid") != `a"b` {
			t.Errorf("%s: %v", text, m)
		}
	}
	if got := apiPolicy("no policy"); got != "no policy" {
		t.Errorf("what is no JSON is kept: %v", got)
	}
}
