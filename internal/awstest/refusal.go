package awstest

import (
	"fmt"
	"strings"

	"merlon.dev/merlon/internal/awstest/wire"
)

// The error codes of refusals differ by protocol and service. The throttling codes
// are among those that the SDK knows (aws/retry, DefaultThrottleErrorCodes); the
// others follow https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html,
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html.

// Denied is the answer to a caller who may not make the call.
func (s *Server) Denied(c *Call) *Error {
	action := s.action(c)
	message := fmt.Sprintf("User: %s is not authorized to perform: %s because no identity-based policy allows the %s action", c.Caller(), action, action)
	switch protocol := s.protocol(c); {
	case protocol == wire.EC2:
		return &Error{Code: "UnauthorizedOperation", Message: "You are not authorized to perform this operation. " + message, Status: 403}
	case c.Service == "sns":
		return &Error{Code: "AuthorizationError", Message: message, Status: 403}
	case protocol == wire.Query || c.Service == "s3" || c.Service == "s3control" || c.Service == "route53" || c.Service == "cloudfront":
		return &Error{Code: "AccessDenied", Message: message, Status: 403}
	case protocol == wire.CBOR:
		return &Error{Code: "AccessDenied", Message: message, Status: 403}
	case protocol == wire.RESTJSON:
		return &Error{Code: "AccessDeniedException", Message: message, Status: 403}
	}
	return &Error{Code: "AccessDeniedException", Message: message, Status: 400}
}

// Throttled is the answer to a caller who calls too often.
func (s *Server) Throttled(c *Call) *Error {
	e := &Error{Code: "ThrottlingException", Message: "Rate exceeded", Status: 400}
	switch protocol := s.protocol(c); {
	case protocol == wire.EC2:
		e.Code, e.Message, e.Status = "RequestLimitExceeded", "Request limit exceeded.", 503
	case c.Service == "s3":
		e.Code, e.Message, e.Status = "SlowDown", "Please reduce your request rate.", 503
	case c.Service == "lambda" || c.Service == "apigateway" || c.Service == "apigatewayv2":
		e.Code, e.Status = "TooManyRequestsException", 429
	case c.Service == "organizations":
		e.Code = "TooManyRequestsException"
	case protocol == wire.Query || protocol == wire.RESTXML || protocol == wire.CBOR:
		e.Code = "Throttling"
	case protocol == wire.RESTJSON:
		e.Status = 429
	}
	return e
}

// ExpiredToken is the answer to a caller whose session has ended.
func (s *Server) ExpiredToken(c *Call) *Error {
	e := &Error{Code: "ExpiredTokenException", Message: "The security token included in the request is expired", Status: 400}
	switch s.protocol(c) {
	case wire.EC2:
		e.Code, e.Message = "RequestExpired", "Request has expired."
	case wire.Query, wire.CBOR:
		e.Code, e.Status = "ExpiredToken", 403
	case wire.RESTXML:
		e.Code, e.Message = "ExpiredToken", "The provided token has expired."
	case wire.RESTJSON:
		e.Status = 403
	}
	return e
}

// disabledRegion is the answer of a region that the account has not enabled.
func (s *Server) disabledRegion(c *Call) *Error {
	switch s.protocol(c) {
	case wire.EC2:
		return &Error{Code: "AuthFailure", Message: "AWS was not able to validate the provided access credentials", Status: 401}
	case wire.Query, wire.CBOR, wire.RESTXML:
		return &Error{Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid", Status: 403}
	}
	return &Error{Code: "UnrecognizedClientException", Message: "The security token included in the request is invalid.", Status: 400}
}

// invalid is the answer to a parameter that cannot be.
func invalid(req *wire.Request, message string) *Error {
	switch req.Protocol {
	case wire.EC2:
		return &Error{Code: "InvalidParameterValue", Message: message, Status: 400}
	case wire.Query, wire.CBOR:
		return &Error{Code: "ValidationError", Message: message, Status: 400}
	case wire.RESTXML:
		return &Error{Code: "InvalidArgument", Message: message, Status: 400}
	}
	return &Error{Code: "ValidationException", Message: message, Status: 400}
}

func (s *Server) protocol(c *Call) wire.Protocol {
	m, err := s.catalog.Service(c.Service)
	if err != nil {
		return wire.JSON
	}
	return m.Protocol
}

// actions are the IAM actions of calls that are named differently.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html (read 2026-11-24).
var actions = map[string]string{
	"s3:ListBuckets": "s3:ListAllMyBuckets", "s3:ListObjects": "s3:ListBucket", "s3:ListObjectsV2": "s3:ListBucket", "s3:HeadBucket": "s3:ListBucket",
	"s3:GetBucketEncryption": "s3:GetEncryptionConfiguration", "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
	"s3:GetBucketReplication": "s3:GetReplicationConfiguration", "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
	"s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock", "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
	"s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification", "s3:GetBucketCors": "s3:GetBucketCORS",
	"s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
}

// action is the IAM action that a call needs: the service's prefix and the
// operation, but for a few.
func (s *Server) action(c *Call) string {
	if a, ok := actions[c.Name()]; ok {
		return a
	}
	m, err := s.catalog.Service(c.Service)
	if err != nil {
		return c.Name()
	}
	prefix := m.Signing
	switch c.Service {
	case "cloudwatch":
		prefix = "cloudwatch"
	case "apigateway", "apigatewayv2":
		return "apigateway:GET"
	}
	return prefix + ":" + strings.TrimSuffix(c.Operation, "2015_03_31")
}
