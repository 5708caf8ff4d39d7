package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// redactedConstants hides the values that do not name a part of the request: a
// constant stands between single quotes.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-parameter-mapping-sources.html (read 2026-11-24).
func redactedConstants(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		if strings.HasPrefix(v, "'") {
			out[k] = redacted
			continue
		}
		out[k] = v
	}
	return out
}

// functionOf is the ARN, without version or alias, of the Lambda function that a
// URI of API Gateway invokes, "" for other URIs and where a variable names it:
// "arn:aws:apigateway:R:lambda:path/2015-03-31/functions/ARN/invocations", or the ARN alone.
func functionOf(uri string) string {
	if _, rest, ok := strings.Cut(uri, "/functions/"); ok && strings.Contains(uri, ":lambda:path/") {
		uri, _, _ = strings.Cut(rest, "/")
	}
	f := strings.Split(uri, ":")
	if len(f) < 7 || f[0] != "arn" || f[2] != "lambda" || f[5] != "function" || strings.Contains(strings.Join(f[:7], ""), "$") {
		return ""
	}
	return strings.Join(f[:7], ":")
}

// apiDomains reads the domain names of a region and which APIs answer on them.
func (s *Scope) apiDomains(ctx context.Context) error {
	var domains []*Draft
	err := apigatewayGetDomainNames.List(ctx, s, &apigateway.GetDomainNamesInput{Limit: aws.Int32(apiPage)}, func(out *apigateway.GetDomainNamesOutput) error {
		for _, x := range out.Items {
			name := aws.ToString(x.DomainName)
			arn := aws.ToString(x.DomainNameArn)
			if arn == "" {
				arn = s.apiARN("/domainnames/" + name)
			}
			typ, id := apiDomainType, name
			if x.DomainNameId != nil { // a private one: several may have one name
				typ, id = privateDomainType, arn
			}
			d := s.Draft(typ, id, arn, name).From(apigatewayGetDomainNames.Operation, s)
			d.Fold(x, Folding{Drop: []string{"Policy", "ManagementPolicy"}})
			if p := aws.ToString(x.Policy); p != "" && typ == privateDomainType {
				d.setPlain("Policy", apiPolicy(p))
			}
			if p := aws.ToString(x.ManagementPolicy); p != "" {
				d.observePlain("ManagementPolicy", apiPolicy(p))
			}
			domains = append(domains, d)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return each(ctx, s, domains, func(ctx context.Context, d *Draft) error {
		// The newer version tells of the mappings of both, but knows no private names.
		if d.Type == apiDomainType {
			in := &apigatewayv2.GetApiMappingsInput{DomainName: &d.ID}
			err := apigatewayv2GetApiMappings.Get(ctx, s, d, in, func(out *apigatewayv2.GetApiMappingsOutput) error {
				for _, x := range out.Items {
					m := s.Draft(apiMappingType, aws.ToString(x.ApiMappingId)+"|"+d.ID, "", d.Name+"/"+aws.ToString(x.ApiMappingKey)).From(apigatewayv2GetApiMappings.Operation, s)
					m.Fold(x, Folding{})
					m.Set("DomainName", d.ID)
					if err := s.Put(ctx, m); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return s.Put(ctx, d)
	})
}

// restSettings reads what REST APIs share in a region.
func (s *Scope) restSettings(ctx context.Context) error {
	err := apigatewayGetVpcLinks.List(ctx, s, &apigateway.GetVpcLinksInput{Limit: aws.Int32(apiPage)}, func(out *apigateway.GetVpcLinksOutput) error {
		for _, x := range out.Items {
			id := aws.ToString(x.Id)
			d := s.Draft(restVPCLinkType, id, s.apiARN("/vpclinks/"+id), aws.ToString(x.Name)).From(apigatewayGetVpcLinks.Operation, s)
			d.Fold(x, Folding{Rename: map[string]string{"Id": "VpcLinkId"}})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	in := &apigateway.GetApiKeysInput{Limit: aws.Int32(apiPage), IncludeValues: aws.Bool(false)}
	err = apigatewayGetApiKeys.List(ctx, s, in, func(out *apigateway.GetApiKeysOutput) error {
		for _, x := range out.Items {
			id := aws.ToString(x.Id)
			d := s.Draft(apiKeyType, id, s.apiARN("/apikeys/"+id), aws.ToString(x.Name)).From(apigatewayGetApiKeys.Operation, s)
			d.Fold(x, Folding{Rename: map[string]string{"Id": "APIKeyId"}, Drop: []string{"Value", "StageKeys"}})
			var keys []map[string]any
			for _, k := range x.StageKeys {
				api, stage, _ := strings.Cut(k, "/")
				keys = append(keys, map[string]any{"RestApiId": api, "StageName": stage})
			}
			d.Set("StageKeys", keys)
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = apigatewayGetUsagePlans.List(ctx, s, &apigateway.GetUsagePlansInput{Limit: aws.Int32(apiPage)}, func(out *apigateway.GetUsagePlansOutput) error {
		for _, x := range out.Items {
			id := aws.ToString(x.Id)
			d := s.Draft(usagePlanType, id, s.apiARN("/usageplans/"+id), aws.ToString(x.Name)).From(apigatewayGetUsagePlans.Operation, s)
			d.Fold(x, Folding{Rename: map[string]string{"Name": "UsagePlanName"}})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = apigatewayGetClientCertificates.List(ctx, s, &apigateway.GetClientCertificatesInput{Limit: aws.Int32(apiPage)}, func(out *apigateway.GetClientCertificatesOutput) error {
		for _, x := range out.Items {
			id := aws.ToString(x.ClientCertificateId)
			d := s.Draft(clientCertType, id, s.apiARN("/clientcertificates/"+id), "").From(apigatewayGetClientCertificates.Operation, s)
			d.Fold(x, Folding{Drop: []string{"PemEncodedCertificate"}})
			if err := s.Put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return apigatewayGetAccount.List(ctx, s, &apigateway.GetAccountInput{}, func(out *apigateway.GetAccountOutput) error {
		d := s.Draft(apiAccountType, string(s.Account), s.apiARN("/account"), "").From(apigatewayGetAccount.Operation, s)
		d.Set("Id", string(s.Account))
		d.Set("CloudWatchRoleArn", out.CloudwatchRoleArn)
		d.Observe("ThrottleSettings", out.ThrottleSettings)
		return s.Put(ctx, d)
	})
}
