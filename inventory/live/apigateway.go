package live

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const (
	restAPIType        = "AWS::ApiGateway::RestApi"
	restStageType      = "AWS::ApiGateway::Stage"
	restAuthorizerType = "AWS::ApiGateway::Authorizer"
	restResourceType   = "AWS::ApiGateway::Resource"
	restMethodType     = "AWS::ApiGateway::Method"
	restVPCLinkType    = "AWS::ApiGateway::VpcLink"
	apiKeyType         = "AWS::ApiGateway::ApiKey"
	usagePlanType      = "AWS::ApiGateway::UsagePlan"
	clientCertType     = "AWS::ApiGateway::ClientCertificate"
	apiAccountType     = "AWS::ApiGateway::Account"
	apiDomainType      = "AWS::ApiGateway::DomainName"
	privateDomainType  = "AWS::ApiGateway::DomainNameV2"
)

// API Gateway's actions are those of HTTP:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html (read 2026-11-24).
var apiGatewayRead = []string{"apigateway:GET"}

var (
	apigatewayGetRestApis = operation(apigateway.NewFromConfig, (*apigateway.Client).GetRestApis, Declaration{
		Types: []string{restAPIType}, Actions: apiGatewayRead})
	apigatewayGetStages = operation(apigateway.NewFromConfig, (*apigateway.Client).GetStages, Declaration{
		Per: restAPIType, Types: []string{restStageType}, Actions: apiGatewayRead})
	apigatewayGetAuthorizers = operation(apigateway.NewFromConfig, (*apigateway.Client).GetAuthorizers, Declaration{
		Per: restAPIType, Types: []string{restAuthorizerType}, Actions: apiGatewayRead})
	apigatewayGetResources = operation(apigateway.NewFromConfig, (*apigateway.Client).GetResources, Declaration{
		Per: restAPIType, Types: []string{restResourceType, restMethodType}, Actions: apiGatewayRead})
	apigatewayGetDomainNames = operation(apigateway.NewFromConfig, (*apigateway.Client).GetDomainNames, Declaration{
		Types: []string{apiDomainType, privateDomainType}, Actions: apiGatewayRead, Optional: true})
	apigatewayGetVpcLinks = operation(apigateway.NewFromConfig, (*apigateway.Client).GetVpcLinks, Declaration{
		Types: []string{restVPCLinkType}, Actions: apiGatewayRead, Optional: true})
	apigatewayGetApiKeys = operation(apigateway.NewFromConfig, (*apigateway.Client).GetApiKeys, Declaration{
		Types: []string{apiKeyType}, Actions: apiGatewayRead, Optional: true})
	apigatewayGetUsagePlans = operation(apigateway.NewFromConfig, (*apigateway.Client).GetUsagePlans, Declaration{
		Types: []string{usagePlanType}, Actions: apiGatewayRead, Optional: true})
	apigatewayGetClientCertificates = operation(apigateway.NewFromConfig, (*apigateway.Client).GetClientCertificates, Declaration{
		Types: []string{clientCertType}, Actions: apiGatewayRead, Optional: true})
	apigatewayGetAccount = operation(apigateway.NewFromConfig, (*apigateway.Client).GetAccount, Declaration{
		Types: []string{apiAccountType}, Actions: apiGatewayRead, Optional: true})
)

// apigatewayService reads REST, HTTP and WebSocket APIs. A region without any
// costs two calls. Domain names are the same ones in both versions of the
// service; only the older tells of those of CloudFront and of private ones.
func apigatewayService() *Service {
	return &Service{
		Name: "apigateway", Title: "API Gateway",
		Operations: []*Operation{apigatewayGetRestApis.Operation, apigatewayGetStages.Operation, apigatewayGetAuthorizers.Operation,
			apigatewayGetResources.Operation, apigatewayGetDomainNames.Operation, apigatewayGetVpcLinks.Operation, apigatewayGetApiKeys.Operation,
			apigatewayGetUsagePlans.Operation, apigatewayGetClientCertificates.Operation, apigatewayGetAccount.Operation,
			apigatewayv2GetApis.Operation, apigatewayv2GetStages.Operation, apigatewayv2GetRoutes.Operation, apigatewayv2GetIntegrations.Operation,
			apigatewayv2GetAuthorizers.Operation, apigatewayv2GetVpcLinks.Operation, apigatewayv2GetApiMappings.Operation},
		Collect: collectAPIGateway,
	}
}

const apiPage = 500 // the most that a page of the older version may have

func collectAPIGateway(ctx context.Context, s *Scope) error {
	rest := false
	whole, err := apigatewayGetRestApis.ListAll(ctx, s, &apigateway.GetRestApisInput{Limit: aws.Int32(apiPage)}, func(out *apigateway.GetRestApisOutput) error {
		rest = rest || len(out.Items) > 0
		return each(ctx, s, out.Items, s.restAPI)
	})
	if err != nil {
		return err
	}
	rest = rest || !whole
	others, err := s.httpAPIs(ctx)
	if err != nil || !rest && !others {
		return err
	}
	// What serves any API. A private integration of either may go through a link of the newer kind.
	if err := s.apiDomains(ctx); err != nil {
		return err
	}
	if err := s.httpVPCLinks(ctx); err != nil || !rest {
		return err
	}
	return s.restSettings(ctx)
}

// apiARN is the ARN of something of API Gateway, which names no account.
func (s *Scope) apiARN(path string) string {
	return "arn:" + string(s.Partition) + ":apigateway:" + string(s.Region) + "::" + path
}

// apiPolicy parses a resource policy. API Gateway gives it with its quotes
// escaped, as it would stand within a JSON text.
func apiPolicy(text string) any {
	if strings.HasPrefix(strings.TrimSpace(text), `{\`) {
		var plain string
		if json.Unmarshal([]byte(`"`+text+`"`), &plain) == nil {
			text = plain
		}
	}
	return document(text)
}

func (s *Scope) restAPI(ctx context.Context, a types.RestApi) error {
	id := aws.ToString(a.Id)
	d := s.Draft(restAPIType, id, s.apiARN("/restapis/"+id), aws.ToString(a.Name)).From(apigatewayGetRestApis.Operation, s)
	d.Fold(a, Folding{Rename: map[string]string{"ApiKeySource": "ApiKeySourceType"}, Drop: []string{"Id", "Policy"}})
	d.Set("RestApiId", id)
	if p := aws.ToString(a.Policy); p != "" {
		d.setPlain("Policy", apiPolicy(p))
	}
	steps := []func() error{
		func() error {
			return apigatewayGetStages.Get(ctx, s, d, &apigateway.GetStagesInput{RestApiId: &id}, func(out *apigateway.GetStagesOutput) error {
				for _, x := range out.Item {
					if err := s.Put(ctx, s.restStage(d, x)); err != nil {
						return err
					}
				}
				return nil
			})
		},
		func() error {
			return apigatewayGetAuthorizers.Get(ctx, s, d, &apigateway.GetAuthorizersInput{RestApiId: &id, Limit: aws.Int32(apiPage)}, func(out *apigateway.GetAuthorizersOutput) error {
				for _, x := range out.Items {
					name := aws.ToString(x.Id)
					r := s.Draft(restAuthorizerType, id+"|"+name, s.apiARN("/restapis/"+id+"/authorizers/"+name), aws.ToString(x.Name)).From(apigatewayGetAuthorizers.Operation, s)
					r.Fold(x, Folding{Rename: map[string]string{"Id": "AuthorizerId"}})
					r.Set("RestApiId", id)
					r.Observe("FunctionArn", functionOf(aws.ToString(x.AuthorizerUri)))
					if err := s.Put(ctx, r); err != nil {
						return err
					}
				}
				return nil
			})
		},
		func() error {
			in := &apigateway.GetResourcesInput{RestApiId: &id, Embed: []string{"methods"}, Limit: aws.Int32(apiPage)}
			return apigatewayGetResources.Get(ctx, s, d, in, func(out *apigateway.GetResourcesOutput) error {
				for _, x := range out.Items {
					if err := s.restResource(ctx, d, x); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	if err := each(ctx, s, steps, func(_ context.Context, step func() error) error { return step() }); err != nil {
		return err
	}
	return s.Put(ctx, d)
}

func (s *Scope) restStage(api *Draft, x types.Stage) *Draft {
	name := aws.ToString(x.StageName)
	d := s.Draft(restStageType, api.ID+"|"+name, s.apiARN("/restapis/"+api.ID+"/stages/"+name), api.Name+"/"+name).From(apigatewayGetStages.Operation, s)
	d.Fold(x, Folding{Rename: map[string]string{"AccessLogSettings": "AccessLogSetting"}, Drop: []string{"Variables", "CanarySettings", "MethodSettings"}})
	d.Set("RestApiId", api.ID)
	if len(x.Variables) > 0 {
		d.Set("Variables", redactedValues(x.Variables))
	}
	if c := x.CanarySettings; c != nil {
		canary := *c
		canary.StageVariableOverrides = nil
		d.Fit("CanarySetting", canary)
		if len(c.StageVariableOverrides) > 0 {
			d.Set("CanarySetting.StageVariableOverrides", redactedValues(c.StageVariableOverrides))
		}
	}
	d.Fit("MethodSettings", methodSettings(x.MethodSettings))
	return d
}

// methodSettings gives the settings as CloudFormation lists them; the API has
// them by "{path}/{method}", "*/*" for all:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigateway-stage-methodsetting.html (read 2026-11-24).
func methodSettings(settings map[string]types.MethodSetting) []any {
	var out []any
	for _, key := range sortedKeys(settings) {
		m, _ := plain(settings[key]).(map[string]any)
		path, method := key, ""
		if at := strings.LastIndex(key, "/"); at >= 0 {
			path, method = key[:at], key[at+1:]
		}
		switch path {
		case "~1":
			path = "/"
		default:
			path = "/" + path
		}
		m["ResourcePath"], m["HttpMethod"] = path, method
		out = append(out, m)
	}
	return out
}

// restResource writes one path of an API and its methods.
func (s *Scope) restResource(ctx context.Context, api *Draft, x types.Resource) error {
	id, path := aws.ToString(x.Id), aws.ToString(x.Path)
	if x.ParentId != nil { // the root is part of the API
		d := s.Draft(restResourceType, api.ID+"|"+id, s.apiARN("/restapis/"+api.ID+"/resources/"+id), path).From(apigatewayGetResources.Operation, s)
		d.Set("RestApiId", api.ID)
		d.Set("ResourceId", id)
		d.Set("ParentId", x.ParentId)
		d.Set("PathPart", x.PathPart)
		d.Observe("Path", path)
		if err := s.Put(ctx, d); err != nil {
			return err
		}
	}
	for _, verb := range sortedKeys(x.ResourceMethods) {
		m := x.ResourceMethods[verb]
		d := s.Draft(restMethodType, api.ID+"|"+id+"|"+verb, s.apiARN("/restapis/"+api.ID+"/resources/"+id+"/methods/"+verb), verb+" "+api.Name+path).
			From(apigatewayGetResources.Operation, s)
		d.Fold(m, Folding{Drop: []string{"MethodIntegration", "MethodResponses", "HttpMethod"}})
		d.Set("RestApiId", api.ID)
		d.Set("ResourceId", id)
		d.Set("HttpMethod", verb)
		d.Observe("Path", path)
		if i := m.MethodIntegration; i != nil {
			restIntegration(d, *i)
		}
		d.Fit("MethodResponses", methodResponses(m.MethodResponses))
		if err := s.Put(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func methodResponses(responses map[string]types.MethodResponse) []types.MethodResponse {
	var out []types.MethodResponse
	for _, code := range sortedKeys(responses) {
		r := responses[code]
		r.StatusCode = aws.String(code)
		out = append(out, r)
	}
	return out
}

// restIntegration sets a method's integration. Templates are programs, and what
// stands between quotes among the parameters is often a password of what is behind.
func restIntegration(d *Draft, i types.Integration) {
	m, _ := plain(i).(map[string]any)
	m["IntegrationHttpMethod"] = m["HttpMethod"]
	delete(m, "HttpMethod")
	if i.HttpMethod == nil {
		delete(m, "IntegrationHttpMethod")
	}
	if len(i.RequestTemplates) > 0 {
		m["RequestTemplates"] = redactedValues(i.RequestTemplates)
	}
	if len(i.RequestParameters) > 0 {
		m["RequestParameters"] = redactedConstants(i.RequestParameters)
	}
	delete(m, "IntegrationResponses")
	var responses []any
	for _, code := range sortedKeys(i.IntegrationResponses) {
		r := i.IntegrationResponses[code]
		x, _ := plain(r).(map[string]any)
		x["StatusCode"] = code
		if len(r.ResponseTemplates) > 0 {
			x["ResponseTemplates"] = redactedValues(r.ResponseTemplates)
		}
		responses = append(responses, x)
	}
	if responses != nil {
		m["IntegrationResponses"] = responses
	}
	d.Fit("Integration", m)
	d.Observe("FunctionArn", functionOf(aws.ToString(i.Uri)))
}
