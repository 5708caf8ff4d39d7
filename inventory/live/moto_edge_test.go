package live

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apigatewaytypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apigatewayv2types "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	s3controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/wafv2"
	wafv2types "github.com/aws/aws-sdk-go-v2/service/wafv2/types"
)

// motoEdge fills us-east-1 with what the internet meets first, and gives the ids
// that moto made up.
func motoEdge(t *testing.T, cfg aws.Config) map[string]string {
	t.Helper()
	cfg.HTTPClient = http.DefaultClient
	ctx, ids := t.Context(), map[string]string{}

	d := route53.NewFromConfig(cfg)
	zone := must(d.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String("example.com"), CallerReference: aws.String("1")}))
	must(d.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: zone.HostedZone.Id, ChangeBatch: &route53types.ChangeBatch{Changes: []route53types.Change{
		{Action: route53types.ChangeActionCreate, ResourceRecordSet: &route53types.ResourceRecordSet{Name: aws.String("www.example.com"), Type: route53types.RRTypeCname, TTL: aws.Int64(60),
			ResourceRecords: []route53types.ResourceRecord{{Value: aws.String("d1.cloudfront.net")}}}}}}}))
	must(d.CreateHealthCheck(ctx, &route53.CreateHealthCheckInput{CallerReference: aws.String("1"), HealthCheckConfig: &route53types.HealthCheckConfig{Type: route53types.HealthCheckTypeTcp, IPAddress: aws.String("192.0.2.1"), Port: aws.Int32(443)}}))
	ids["zone"] = (*zone.HostedZone.Id)[len("/hostedzone/"):]

	ids["certificate"] = *must(acm.NewFromConfig(cfg).RequestCertificate(ctx, &acm.RequestCertificateInput{DomainName: aws.String("example.com"), ValidationMethod: acmtypes.ValidationMethodDns})).CertificateArn

	a := apigateway.NewFromConfig(cfg)
	api := must(a.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("shop"), Policy: aws.String(openPolicy)}))
	root := must(a.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: api.Id})).Items[0].Id
	must(a.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api.Id, ResourceId: root, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")}))
	must(a.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: api.Id, ResourceId: root, HttpMethod: aws.String("GET"), Type: apigatewaytypes.IntegrationTypeHttp, IntegrationHttpMethod: aws.String("GET"), Uri: aws.String("http://127.0.0.1/x")}))
	must(a.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("prod")}))
	must(a.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{Name: aws.String("partner"), Value: aws.String("hunter2-hunter2-hunter2"), Enabled: true}))
	ids["rest"], ids["root"] = *api.Id, *root

	h := apigatewayv2.NewFromConfig(cfg)
	web := must(h.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String("web"), ProtocolType: apigatewayv2types.ProtocolTypeHttp}))
	must(h.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: web.ApiId, StageName: aws.String("$default")}))
	must(h.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: web.ApiId, RouteKey: aws.String("GET /")}))
	ids["http"] = *web.ApiId

	visible := &wafv2types.VisibilityConfig{CloudWatchMetricsEnabled: true, MetricName: aws.String("m"), SampledRequestsEnabled: true}
	for _, scope := range []wafv2types.Scope{wafv2types.ScopeRegional, wafv2types.ScopeCloudfront} {
		ids[string(scope)] = *must(wafv2.NewFromConfig(cfg).CreateWebACL(ctx, &wafv2.CreateWebACLInput{Name: aws.String("guard"), Scope: scope, DefaultAction: &wafv2types.DefaultAction{Block: &wafv2types.BlockAction{}}, VisibilityConfig: visible})).Summary.Id
	}

	must(newS3(cfg).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("data")}))
	c, account := newS3Control(cfg), aws.String(motoAccount)
	must(c.CreateAccessPoint(ctx, &s3control.CreateAccessPointInput{AccountId: account, Name: aws.String("door"), Bucket: aws.String("data"),
		PublicAccessBlockConfiguration: &s3controltypes.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(false), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true)}}))
	must(c.PutAccessPointPolicy(ctx, &s3control.PutAccessPointPolicyInput{AccountId: account, Name: aws.String("door"), Policy: aws.String(openPolicy)}))
	return ids
}

func TestMotoEdge(t *testing.T) {
	cfg, src := moto(t)
	ids := motoEdge(t, cfg)
	c := collectIn(t, src, motoAccount, route53Service(), acmService(), apigatewayService(), wafv2Service(), s3AccessPointService())
	c.onlyGaps(t, "apigateway:GetClientCertificates", "apigatewayv2:GetAuthorizers", "wafv2:ListResourcesForWebACL")
	for _, want := range []struct {
		typ, id string
		path    []any
		value   any
	}{
		{hostedZoneType, ids["zone"], []any{"name"}, "example.com"},
		{recordSetType, "www.example.com|" + ids["zone"] + "|CNAME", []any{"observed", "Target", "Service"}, "cloudfront"},
		{recordSetType, "www.example.com|" + ids["zone"] + "|CNAME", []any{"properties", "TTL"}, "60"},
		{certificateType, ids["certificate"], []any{"properties", "DomainName"}, "example.com"},
		{restAPIType, ids["rest"], []any{"name"}, "shop"},
		{restStageType, ids["rest"] + "|prod", []any{"properties", "StageName"}, "prod"},
		{restMethodType, ids["rest"] + "|" + ids["root"] + "|GET", []any{"properties", "AuthorizationType"}, "NONE"},
		{restMethodType, ids["rest"] + "|" + ids["root"] + "|GET", []any{"properties", "Integration", "Type"}, "HTTP"},
		{httpAPIType, ids["http"], []any{"properties", "ProtocolType"}, "HTTP"},
		{httpStageType, ids["http"] + "|$default", []any{"properties", "StageName"}, "$default"},
		{webACLType, "guard|" + ids["REGIONAL"] + "|REGIONAL", []any{"properties", "DefaultAction"}, nil},
		{webACLType, "guard|" + ids["CLOUDFRONT"] + "|CLOUDFRONT", []any{"properties", "Scope"}, "CLOUDFRONT"},
		{accessPointType, "door", []any{"properties", "PublicAccessBlockConfiguration", "BlockPublicPolicy"}, false},
	} {
		if got := at(c.one(t, want.typ, want.id), want.path...); want.value != nil && got != want.value || want.value == nil && got == nil {
			t.Errorf("%s %s: %v is %v, not %v", want.typ, want.id, want.path, got, want.value)
		}
	}
	if at(c.one(t, accessPointType, "door"), "properties", "Policy", "Statement") == nil {
		t.Error("the access point has a policy")
	}
}
