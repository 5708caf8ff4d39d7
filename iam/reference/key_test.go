package reference_test

import (
	"slices"
	"strings"
	"testing"

	"merlon.dev/merlon/iam/reference"
)

func TestConditionKey(t *testing.T) {
	r := load(t)
	for _, tt := range []struct {
		name, want string
		kind       reference.ValueType
		multi      bool
		global     bool
	}{
		{"aws:SourceIp", "aws:SourceIp", reference.IPAddress, false, true},
		{"AWS:SOURCEIP", "aws:SourceIp", reference.IPAddress, false, true},
		{"aws:RequestTag/env", "aws:RequestTag/${TagKey}", reference.String, false, true},
		{"aws:requesttag/a/b:c", "aws:RequestTag/${TagKey}", reference.String, false, true},
		{"aws:RequestTag/${TagKey}", "aws:RequestTag/${TagKey}", reference.String, false, true},
		{"aws:TagKeys", "aws:TagKeys", reference.String, true, true},
		{"aws:PrincipalOrgPaths", "aws:PrincipalOrgPaths", reference.String, true, true},
		{"aws:PrincipalOrgID", "aws:PrincipalOrgID", reference.String, false, true},
		{"aws:MultiFactorAuthAge", "aws:MultiFactorAuthAge", reference.Numeric, false, true},
		{"aws:CurrentTime", "aws:CurrentTime", reference.Date, false, true},
		{"aws:SourceArn", "aws:SourceArn", reference.ARN, false, true},
		{"ec2:SourceInstanceARN", "ec2:SourceInstanceArn", reference.ARN, false, true},
		{"s3:prefix", "s3:prefix", reference.String, false, false},
		{"s3:max-keys", "s3:max-keys", reference.Numeric, false, false},
		{"s3:ExistingObjectTag/class", "s3:ExistingObjectTag/<key>", reference.String, false, false},
		{"iam:PassedToService", "iam:PassedToService", reference.String, false, false},
		{"kms:EncryptionContext:AppName", "kms:EncryptionContext:${EncryptionContextKey}", reference.String, false, false},
		{"kms:EncryptionContextKeys", "kms:EncryptionContextKeys", reference.String, true, false},
		{"ec2:ResourceTag/x", "ec2:ResourceTag/${TagKey}", reference.String, false, false},
		{"saml:aud", "saml:aud", reference.String, false, false},
		{"token.actions.githubusercontent.com:repository", "token.actions.githubusercontent.com:repository", reference.String, false, false},
		{"token.actions.mine.ghe.com:ref", "token.actions.${Domain}.ghe.com:ref", reference.String, false, false},
		{"oidc.circleci.com/org/1:oidc.circleci.com/project-id", "oidc.circleci.com/org/${OrgId}:oidc.circleci.com/project-id", reference.String, false, false},
		{"cognito-identity.amazonaws.com:aud", "cognito-identity.amazonaws.com:aud", reference.String, false, false},
		{"dynamodb:LeadingKeys", "dynamodb:LeadingKeys", reference.String, true, false},
		{"codebuild:secondarySources/x.location", "codebuild:secondarySources/${sourceIdentifier}.location", reference.String, false, false},
	} {
		k, ok := r.ConditionKey(tt.name)
		if !ok || k.Name != tt.want || k.Type != tt.kind || k.Multivalued != tt.multi || k.Global != tt.global {
			t.Errorf("%s: %+v, %t", tt.name, k, ok)
		}
	}
	for _, name := range []string{"", ":", "aws", "aws:", "aws:RequestTag", "aws:RequestTag/", "aws:Nothing", "s3:nothing", "nowhere:key", "aws:Source\u0131p", strings.Repeat("a", 1<<20)} {
		if k, ok := r.ConditionKey(name); ok {
			t.Errorf("%.40q is %v", name, k.Name)
		}
	}
}

// TestGlobalKeys holds the table to its order, which the search relies on, and
// each key to being found.
func TestGlobalKeys(t *testing.T) {
	r := load(t)
	keys := slices.Collect(r.GlobalKeys())
	if len(keys) != 62 {
		t.Errorf("%d global keys", len(keys))
	}
	if !slices.IsSortedFunc(keys, func(a, b reference.ConditionKey) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	}) {
		t.Error("not sorted")
	}
	for _, k := range keys {
		if got, ok := r.ConditionKey(strings.ToUpper(strings.ReplaceAll(k.Name, "${TagKey}", "x"))); !ok || got != k {
			t.Errorf("%s: %+v, %t", k.Name, got, ok)
		}
		if k.Origin == 0 || k.Type == 0 || !k.Global {
			t.Errorf("%+v", k)
		}
	}
	var sensitive []string
	for _, k := range keys {
		if k.Sensitive {
			sensitive = append(sensitive, k.Name)
		}
	}
	if want := "aws:PrincipalAccount aws:PrincipalOrgID aws:ResourceAccount aws:ResourceOrgID aws:SourceAccount aws:SourceOrgID aws:SourceVpc aws:SourceVpce aws:VpceAccount aws:VpceOrgID"; strings.Join(sensitive, " ") != want {
		t.Errorf("sensitive: %v", sensitive)
	}
	for name, want := range map[string]reference.Presence{
		"aws:SecureTransport": reference.Always, "aws:PrincipalArn": reference.WhenSigned,
		"aws:ViaAWSService": reference.Always, "aws:MultiFactorAuthPresent": reference.WithTemporaryCredentials,
		"aws:ResourceAccount": reference.MostlyThere, "aws:SourceArn": reference.FromService, "aws:SourceVpce": reference.ThroughEndpoint,
		"aws:SourceIp": reference.OutsideEndpoint, "aws:PrincipalOrgID": reference.InOrganization, "s3:prefix": reference.Sometimes,
	} {
		if k, _ := r.ConditionKey(name); k.Presence != want {
			t.Errorf("%s: presence %d, want %d", name, k.Presence, want)
		}
	}
}

// TestKeysFound: each key that a service lists can be looked up from its name
// with something in place of the variables.
func TestKeysFound(t *testing.T) {
	r := load(t)
	for s := range r.Services() {
		for k := range s.ConditionKeys() {
			name := k.Name
			for {
				i := strings.Index(name, "${")
				if i < 0 {
					break
				}
				name = name[:i] + "x" + name[i+strings.Index(name[i:], "}")+1:]
			}
			got, ok := s.ConditionKey(name)
			if !ok || !got.Matches(name) {
				t.Errorf("%s: %s as %s: %v", s.Prefix, k.Name, name, got)
			}
			if _, ok := r.ConditionKey(name); !ok {
				t.Errorf("%s: %s is not found without the service", s.Prefix, name)
			}
		}
	}
}

func TestKnows(t *testing.T) {
	r := load(t)
	for _, tt := range []struct {
		action, key string
		want        bool
	}{
		{"s3:ListBucket", "s3:prefix", true},
		{"s3:GetObject", "s3:prefix", false},
		{"s3:GetObject", "aws:SourceIp", true},
		{"s3:GetObject", "aws:RequestTag/x", false},
		{"s3:GetObject", "s3:ExistingObjectTag/x", true},
		{"ec2:RunInstances", "aws:RequestTag/x", true},
		{"ec2:RunInstances", "EC2:instancetype", true},
		{"ec2:TerminateInstances", "aws:ResourceTag/x", true},
		{"iam:PassRole", "iam:PassedToService", true},
		{"iam:GetRole", "iam:PassedToService", false},
		{"kms:Decrypt", "kms:EncryptionContext:a", true},
		{"kms:ListKeys", "kms:EncryptionContext:a", false},
	} {
		a, ok := r.Action(tt.action)
		if !ok {
			t.Fatal(tt.action)
		}
		if got := r.Knows(a, tt.key); got != tt.want {
			t.Errorf("%s knows %s: %t", tt.action, tt.key, got)
		}
	}
}

func TestSuggest(t *testing.T) {
	r := load(t)
	for _, tt := range []struct{ kind, in, want string }{
		{"action", "s3:GetObjects", "s3:GetObject"},
		{"action", "s3:getobjcet", "s3:GetObject"},
		{"action", "s3:ListBukcets", "s3:ListBucket"},
		{"action", "ec:RunInstances", ""}, // nothing tells ec2 from ecr and ecs
		{"action", "lamda:InvokeFunction", "lambda:InvokeFunction"},
		{"action", "s3:CompletelyDifferentThing", ""},
		{"action", "", ""},
		{"action", "s3:" + strings.Repeat("x", 100000), ""},
		{"service", "lamda", "lambda"},
		{"service", "dynamo-db", "dynamodb"},
		{"service", "zzzzzzzz", ""},
		{"key", "aws:SourceIP4", "aws:SourceIp"},
		{"key", "aws:PrincipalOrgId2", "aws:PrincipalOrgID"},
		{"key", "aws:ReqeustTag/env", "aws:RequestTag/env"},
		{"key", "s3:perfix", "s3:prefix"},
		{"key", "aws:NothingLikeIt", ""},
	} {
		suggest := map[string]func(string) string{"action": r.SuggestAction, "service": r.SuggestService, "key": r.SuggestConditionKey}[tt.kind]
		if got := suggest(tt.in); got != tt.want {
			t.Errorf("%s %.40q: %q, want %q", tt.kind, tt.in, got, tt.want)
		}
	}
}
