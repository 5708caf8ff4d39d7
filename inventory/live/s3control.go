package live

import (
	"context"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
)

// newS3Control keeps the host of an endpoint that is not AWS's own; the service
// would put the account id before it.
func newS3Control(cfg aws.Config, fns ...func(*s3control.Options)) *s3control.Client {
	if cfg.BaseEndpoint != nil {
		fns = append(fns, s3control.WithEndpointResolverV2(fixedHost(*cfg.BaseEndpoint)),
			func(o *s3control.Options) { o.BaseEndpoint = nil })
	}
	return s3control.NewFromConfig(cfg, fns...)
}

type fixedHost string

func (h fixedHost) ResolveEndpoint(context.Context, s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	u, err := url.Parse(string(h))
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	return smithyendpoints.Endpoint{URI: *u}, nil
}
