package live

// naming is how one service is called outside the SDK.
type naming struct {
	prefix string // of IAM actions
	cli    string // the AWS CLI's command
}

// namings lists the services whose IAM prefix or CLI command differs from the
// SDK's package name.
//
// Prefixes: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html,
// commands: https://docs.aws.amazon.com/cli/latest/reference/ (both read 2026-11-24).
func namings(service string) naming {
	switch service {
	case "accessanalyzer":
		return naming{"access-analyzer", "accessanalyzer"}
	case "acmpca":
		return naming{"acm-pca", "acm-pca"}
	case "apigatewayv2":
		return naming{"apigateway", "apigatewayv2"}
	case "cloudwatchlogs":
		return naming{"logs", "logs"}
	case "cognitoidentityprovider":
		return naming{"cognito-idp", "cognito-idp"}
	case "configservice":
		return naming{"config", "configservice"}
	case "efs":
		return naming{"elasticfilesystem", "efs"}
	case "elasticloadbalancing":
		return naming{"elasticloadbalancing", "elb"}
	case "elasticloadbalancingv2":
		return naming{"elasticloadbalancing", "elbv2"}
	case "emr":
		return naming{"elasticmapreduce", "emr"}
	case "eventbridge":
		return naming{"events", "events"}
	case "networkfirewall":
		return naming{"network-firewall", "network-firewall"}
	case "opensearch":
		return naming{"es", "opensearch"}
	case "s3control":
		return naming{"s3", "s3control"}
	case "sesv2":
		return naming{"ses", "sesv2"}
	case "sfn":
		return naming{"states", "stepfunctions"}
	case "ssoadmin":
		return naming{"sso", "sso-admin"}
	}
	return naming{service, service}
}

// Prefix is the service's IAM prefix: "logs" for the SDK's "cloudwatchlogs".
func Prefix(service string) string { return namings(service).prefix }

// CLI is the AWS CLI's command of the service: "elbv2" for "elasticloadbalancingv2".
func CLI(service string) string { return namings(service).cli }
