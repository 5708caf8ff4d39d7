package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

const (
	httpAPIType         = "AWS::ApiGatewayV2::Api"
	httpStageType       = "AWS::ApiGatewayV2::Stage"
	httpRouteType       = "AWS::ApiGatewayV2::Route"
	httpIntegrationType = "AWS::ApiGatewayV2::Integration"
	httpAuthorizerType  = "AWS::ApiGatewayV2::Authorizer"
	httpVPCLinkType     = "AWS::ApiGatewayV2::VpcLink"
	apiMappingType      = "AWS::ApiGatewayV2::ApiMapping"
)

var (
	apigatewayv2GetApis = operation(apigatewayv2.NewFromConfig, (*apigatewayv2.Client).GetApis, Declaration{
		Types: []string{httpAPIType}, Actions: apiGatewayRead})
	apigatewayv2GetStages = operation(apigatewayv2.NewFromConfig, (*apigatewayv2.Client).GetStages, Declaration{
		Per: httpAPIType, Types: []string{httpStageType}, Actions: apiGatewayRead, Key: []string{"ApiId"}})
	apigatewayv2GetRoutes = operation(apigatewayv2.NewFromConfig, (*apigatewayv2.Client).GetRoutes, Declaration{
		Per: httpAPIType, Types: []string{httpRouteType}, Actions: apiGatewayRead, Key: []string{"ApiId"}})
	apigatewayv2GetIntegrations = operation(apigatewayv2.NewFromConfig, (*apigatewayv2.Client).GetIntegrations, Declaration{
		Per: httpAPIType, Types: []string{httpIntegrationType}, Actions: apiGatewayRead, Key: []string{"ApiId"}})
	apigatewayv2GetAuthorizers = operation(apigatewayv2.NewFromConfig, (*apigatewayv2.Client).GetAuthorizers, Declaration{
		Per: httpAPIType, Types: []string{httpAuthorizerType}, Actions: apiGatewayRead, Key: []string{"ApiId"}})
	apigatewayv2GetVpcLinks = operation(apigatewayv2.NewFromConfig, (*apigatewayv2.Client).GetVpcLinks, Declaration{
		Types: []string{httpVPCLinkType}, Actions: apiGatewayRead, Optional: true})
	apigatewayv2GetApiMappings = operation(apigatewayv2.NewFromConfig, (*apigatewayv2.Client).GetApiMappings, Declaration{
		Per: apiDomainType, Types: []string{apiMappingType}, Actions: apiGatewayRead, Optional: true, Key: []string{"DomainName"}})
)

// httpAPIs reads HTTP and WebSocket APIs and says whether there are any, or may be.
func (s *Scope) httpAPIs(ctx context.Context) (found bool, err error) {
	whole, err := apigatewayv2GetApis.ListAll(ctx, s, &apigatewayv2.GetApisInput{}, func(out *apigatewayv2.GetApisOutput) error {
		found = found || len(out.Items) > 0
		return each(ctx, s, out.Items, s.httpAPI)
	})
	return found || !whole, err
}

func (s *Scope) httpAPI(ctx context.Context, a types.Api) error {
	id := aws.ToString(a.ApiId)
	d := s.Draft(httpAPIType, id, s.apiARN("/apis/"+id), aws.ToString(a.Name)).From(apigatewayv2GetApis.Operation, s)
	d.Fold(a, Folding{})
	// part starts something of the API.
	part := func(typ, kind, key, name string, op *Operation) *Draft {
		x := s.Draft(typ, id+"|"+key, s.apiARN("/apis/"+id+"/"+kind+"/"+key), name).From(op, s)
		x.Set("ApiId", id)
		return x
	}
	steps := []func() error{
		func() error {
			return apigatewayv2GetStages.Get(ctx, s, d, &apigatewayv2.GetStagesInput{ApiId: &id}, func(out *apigatewayv2.GetStagesOutput) error {
				for _, x := range out.Items {
					name := aws.ToString(x.StageName)
					r := part(httpStageType, "stages", name, d.Name+"/"+name, apigatewayv2GetStages.Operation)
					r.Fold(x, Folding{Drop: []string{"StageVariables"}})
					if len(x.StageVariables) > 0 {
						r.Set("StageVariables", redactedValues(x.StageVariables))
					}
					if err := s.Put(ctx, r); err != nil {
						return err
					}
				}
				return nil
			})
		},
		func() error {
			return apigatewayv2GetRoutes.Get(ctx, s, d, &apigatewayv2.GetRoutesInput{ApiId: &id}, func(out *apigatewayv2.GetRoutesOutput) error {
				for _, x := range out.Items {
					r := part(httpRouteType, "routes", aws.ToString(x.RouteId), d.Name+" "+aws.ToString(x.RouteKey), apigatewayv2GetRoutes.Operation)
					r.Fold(x, Folding{})
					if target, ok := strings.CutPrefix(aws.ToString(x.Target), "integrations/"); ok {
						r.Observe("Integration", id+"|"+target)
					}
					if x.AuthorizerId != nil {
						r.Observe("Authorizer", *x.AuthorizerId+"|"+id)
					}
					if err := s.Put(ctx, r); err != nil {
						return err
					}
				}
				return nil
			})
		},
		func() error {
			return apigatewayv2GetIntegrations.Get(ctx, s, d, &apigatewayv2.GetIntegrationsInput{ApiId: &id}, func(out *apigatewayv2.GetIntegrationsOutput) error {
				for _, x := range out.Items {
					r := part(httpIntegrationType, "integrations", aws.ToString(x.IntegrationId), "", apigatewayv2GetIntegrations.Operation)
					r.Fold(x, Folding{Drop: []string{"RequestParameters", "RequestTemplates"}})
					if len(x.RequestTemplates) > 0 {
						r.Set("RequestTemplates", redactedValues(x.RequestTemplates))
					}
					if len(x.RequestParameters) > 0 {
						r.Set("RequestParameters", httpParameters(x.RequestParameters))
					}
					r.Observe("FunctionArn", functionOf(aws.ToString(x.IntegrationUri)))
					if err := s.Put(ctx, r); err != nil {
						return err
					}
				}
				return nil
			})
		},
		func() error {
			return apigatewayv2GetAuthorizers.Get(ctx, s, d, &apigatewayv2.GetAuthorizersInput{ApiId: &id}, func(out *apigatewayv2.GetAuthorizersOutput) error {
				for _, x := range out.Items {
					key := aws.ToString(x.AuthorizerId)
					r := part(httpAuthorizerType, "authorizers", key, aws.ToString(x.Name), apigatewayv2GetAuthorizers.Operation)
					r.ID = key + "|" + id
					r.Fold(x, Folding{})
					r.Observe("FunctionArn", functionOf(aws.ToString(x.AuthorizerUri)))
					if err := s.Put(ctx, r); err != nil {
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

// httpParameters hides what an integration adds to a request of its own: what
// names a part of the request begins with a dollar sign, and with "request." or
// "route." in a WebSocket API.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html (read 2026-11-24).
func httpParameters(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		adds := strings.HasPrefix(k, "append:") || strings.HasPrefix(k, "overwrite:") || strings.HasPrefix(k, "integration.request.")
		names := strings.HasPrefix(v, "$") || strings.HasPrefix(v, "request.") || strings.HasPrefix(v, "route.") || strings.HasPrefix(v, "method.")
		if adds && !names {
			out[k] = redacted
			continue
		}
		out[k] = v
	}
	return out
}

func (s *Scope) httpVPCLinks(ctx context.Context) error {
	return apigatewayv2GetVpcLinks.List(ctx, s, &apigatewayv2.GetVpcLinksInput{}, func(out *apigatewayv2.GetVpcLinksOutput) error {
		for _, x := range out.Items {
			id := aws.ToString(x.VpcLinkId)
			d := s.Draft(httpVPCLinkType, id, s.apiARN("/vpclinks/"+id), aws.ToString(x.Name)).From(apigatewayv2GetVpcLinks.Operation, s)
			d.Fold(x, Folding{})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}
