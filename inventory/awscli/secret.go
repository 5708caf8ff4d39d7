package awscli

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// redacted stands where a secret stood, here as in snapshots.
const redacted = "REDACTED"

// secretMembers are the members of any service's answers whose whole content is
// secret or is likely to hold secrets.
var secretMembers = [...]string{
	// Secrets by their nature.
	"AccessToken", "AuthToken", "AuthorizationToken", "Base32StringSeed", "BearerToken", "BindPassword", "ClientSecret", "IdToken", "KeyMaterial",
	"MasterUserPassword", "Passphrase", "Password", "PasswordData", "PreSharedKey", "PrivateKey", "PrivateKeyPlaintext", "QRCodePNG", "RefreshToken",
	"SecretAccessKey", "SecretBinary", "SecretString", "ServicePassword", "SessionToken", "SharedSecret",
	// An XML document with the pre-shared keys of a VPN connection.
	"CustomerGatewayConfiguration",
	// What a machine is started with.
	"UserData",
}

// secretMember tells the members that are taken out, by service where the name
// alone does not tell.
func secretMember(service, typ, name string, v reflect.Value) bool {
	if slices.Contains(secretMembers[:], name) {
		return true
	}
	if v.Kind() == reflect.Map && (name == "Environment" || name == "EnvironmentVariables" || name == "StageVariables" || name == "Variables") {
		return true
	}
	switch service {
	case "apigateway":
		return typ == "ApiKey" && name == "Value"
	case "cloudformation":
		// A number tells the version of the CDK's bootstrap stack.
		return name == "ParameterValue" || name == "ResolvedValue" || name == "OutputValue" && !digits.MatchString(textOf(v))
	case "cloudfront":
		// Origins trust what such a header says.
		return typ == "OriginCustomHeader" && name == "HeaderValue"
	case "ecs":
		return typ == "KeyValuePair" && name == "Value"
	case "wafv2":
		// A rule that lets only those pass who know a header's value.
		return typ == "ByteMatchStatement" && name == "SearchString"
	case "eventbridge":
		// What a target is sent.
		return typ == "Target" && name == "Input" || typ == "InputTransformer" && name == "InputTemplate" || typ == "HttpParameters" ||
			typ == "RedshiftDataParameters" && (name == "Sql" || name == "Sqls") || typ == "RunCommandTarget" && name == "Values" || typ == "SageMakerPipelineParameter" && name == "Value"
	case "sns":
		// Whoever knows the whole address of a chat's or a pager's hook can use it.
		return typ == "Subscription" && name == "Endpoint" && strings.HasPrefix(textOf(v), "http")
	case "ssm":
		return (typ == "Parameter" || typ == "ParameterHistory") && name == "Value"
	}
	return false
}

var digits = regexp.MustCompile(`^[0-9]{1,9}$`)

var secretWords = regexp.MustCompile(`(?i)passw(or)?d|passphrase|secret|token|api[_-]?key|private[_-]?key|credential`)

// secretName tells from the name of a value in a map or a list of pairs that it
// may be a secret.
func secretName(name string) bool { return secretWords.MatchString(name) }

// secretPair tells a pair of name and value whose value may be a secret by its
// name. The parameters of database engines are settings, whatever they are called.
func secretPair(service string, v reflect.Value) bool {
	if typ := v.Type().Name(); typ == "Parameter" && service != "ssm" || typ == "EnvironmentVariable" && inManager(v) {
		return false
	} else if typ == "EnvironmentVariable" {
		return true
	}
	if !hasValue(v) {
		return false
	}
	for _, n := range []string{"Name", "Key", "ParameterKey", "AttributeName", "OptionName"} {
		if f := v.FieldByName(n); f.IsValid() && secretName(textOf(f)) {
			return true
		}
	}
	return false
}

func hasValue(v reflect.Value) bool {
	f := v.FieldByName("Value")
	return f.IsValid() && !reference(f)
}

func isValue(name string) bool {
	return name == "Value" || name == "ParameterValue" || name == "Values"
}

// inManager: the value of such a CodeBuild variable names a secret and is none.
func inManager(v reflect.Value) bool {
	t := v.FieldByName("Type")
	return t.IsValid() && (textOf(t) == "PARAMETER_STORE" || textOf(t) == "SECRETS_MANAGER")
}

// reference tells an ARN, which says where a secret is and not what it is.
func reference(v reflect.Value) bool { return strings.HasPrefix(textOf(v), "arn:") }

func textOf(v reflect.Value) string {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.String {
		return ""
	}
	return v.String()
}

// tagged tells lists and maps of tags, which are what reports show of a resource:
// only what has the form of a secret is taken out of them.
func tagged(name string) bool {
	return name == "Tags" || name == "TagList" || name == "TagSet" || name == "TagsList"
}

// shape is a secret that can be told by its form wherever it stands.
type shape struct {
	// needs are words of which one is in every text that matches.
	needs   []string
	pattern *regexp.Regexp
	// instead keeps what says what stood there.
	instead string
}

// secretShapes are the forms that are taken out of every text.
//
// Access keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids,
// signed URLs: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html (both read 2026-11-24).
var secretShapes = [...]shape{
	{[]string{"-----BEGIN "}, regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|$)`), redacted},
	{[]string{"AKIA", "ASIA"}, regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`), redacted},
	{[]string{"=", ":"}, regexp.MustCompile(`(?i)((?:secret|aws)[a-z_ -]*key[a-z_ -]*\\?["']?\s*[:=]\s*\\?["']?)[a-z0-9/+]{40}`), "${1}" + redacted},
	{[]string{"X-Amz-", "x-amz-"}, regexp.MustCompile(`(?i)(X-Amz-(?:Signature|Security-Token|Credential)=)[^&\s"'\\]+`), "${1}" + redacted},
	{[]string{"="}, regexp.MustCompile(`(?i)([a-z0-9_-]*(?:password|passwd|secret|token|api_?key)\s*=\s*)[^\s&"',;\\]{4,}`), "${1}" + redacted},
	{[]string{"://"}, regexp.MustCompile(`(://[^/\s:@"'\\]+:)[^/\s@"'\\]+@`), "${1}" + redacted + "@"},
	{[]string{"gh", "glpat-"}, regexp.MustCompile(`\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,})`), redacted},
	{[]string{"xox"}, regexp.MustCompile(`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`), redacted},
	{[]string{"hooks.slack.com"}, regexp.MustCompile(`(hooks\.slack\.com/services/)[A-Za-z0-9/_-]+`), "${1}" + redacted},
	{[]string{"_live_"}, regexp.MustCompile(`\b(?:sk|rk)_live_[A-Za-z0-9]{16,}`), redacted},
	{[]string{"AIza"}, regexp.MustCompile(`\bAIza[A-Za-z0-9_-]{35}`), redacted},
	{[]string{"eyJ"}, regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`), redacted},
}

// scrub takes what has the form of a secret out of a text.
func scrub(s string) string {
	const shortest = 12
	if len(s) < shortest {
		return s
	}
	for i := range secretShapes {
		x := &secretShapes[i]
		if slices.ContainsFunc(x.needs, func(n string) bool { return strings.Contains(s, n) }) {
			s = x.pattern.ReplaceAllString(s, x.instead)
		}
	}
	return s
}
