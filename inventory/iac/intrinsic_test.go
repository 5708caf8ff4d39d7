package iac

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// evaluated wraps an expression in a template as a part of a JSON property, so
// that it may give anything.
const evaluated = `
Parameters:
  Plain: {Type: String, Default: blue}
  Count: {Type: Number, Default: 3}
  Colors: {Type: CommaDelimitedList, Default: "red, green,blue"}
  Open: {Type: String}
  Only: {Type: String, AllowedValues: [one]}
  Secret: {Type: String, NoEcho: true, Default: hunter2}
  Image: {Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Default: /aws/ami}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>", Default: "subnet-1,subnet-2"}
Mappings:
  M: {a: {x: 1, list: [p, q]}, eu-west-1: {x: ireland}}
Conditions:
  IsBlue: !Equals [!Ref Plain, blue]
  IsNot: !Not [!Condition IsBlue]
  Maybe: !Equals [!Ref Open, x]
  Both: !And [!Condition IsBlue, !Condition Maybe]
  Either: !Or [!Condition IsBlue, !Condition Maybe]
  Region: !Equals [!Ref "AWS::Region", eu-west-1]
  Loop: !Not [!Condition Loop]
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: logs, Tags: [{Key: a, Value: b}]}}
  Made: {Type: AWS::S3::Bucket}
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Gone: {Type: AWS::S3::Bucket, Condition: IsNot}
  It:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        v: `

func TestIntrinsics(t *testing.T) {
	for _, c := range []struct {
		name, expr string
		want       string // JSON
		unknown    string // part of the reason
		opts       Options
	}{
		{name: "text", expr: `plain`, want: `"plain"`},
		{name: "date stays text", expr: `2012-10-17`, want: `"2012-10-17"`},
		{name: "an account with a zero in front", expr: `012345678901`, want: `"012345678901"`},
		{name: "numbers", expr: `[1, 2.5, -3, "4"]`, want: `[1, 2.5, -3, "4"]`},
		{name: "YAML 1.1 booleans", expr: `[yes, No, on, "yes", true]`, want: `[true, false, true, "yes", true]`},
		{name: "Ref parameter", expr: `!Ref Plain`, want: `"blue"`},
		{name: "Ref number", expr: `!Ref Count`, want: `"3"`},
		{name: "Ref list", expr: `!Ref Colors`, want: `["red","green","blue"]`},
		{name: "Ref list of ids", expr: `!Ref Subnets`, want: `["subnet-1","subnet-2"]`},
		{name: "Ref without default", expr: `!Ref Open`, unknown: "the parameter Open has no default"},
		{name: "Ref with one allowed value", expr: `!Ref Only`, want: `"one"`},
		{name: "Ref given", expr: `!Ref Open`, want: `"x"`, opts: Options{Parameters: map[string]string{"Open": "x"}}},
		{name: "given before default", expr: `!Ref Plain`, want: `"red"`, opts: Options{Parameters: map[string]string{"Plain": "red"}}},
		{name: "Ref secret", expr: `!Ref Secret`, unknown: "NoEcho"},
		{name: "Ref secret that is given", expr: `!Ref Secret`, unknown: "NoEcho", opts: Options{Parameters: map[string]string{"Secret": "hunter3"}}},
		{name: "Ref SSM parameter", expr: `!Ref Image`, unknown: "Systems Manager"},
		{name: "Ref nothing", expr: `!Ref Nothing`, unknown: "no parameter or resource"},
		{name: "Ref region", expr: `!Ref AWS::Region`, want: `"us-east-1"`},
		{name: "Ref region given", expr: `!Ref AWS::Region`, want: `"eu-west-1"`, opts: Options{Region: "eu-west-1"}},
		{name: "Ref account given", expr: `!Ref AWS::AccountId`, want: `"111122223333"`, opts: Options{Account: "111122223333"}},
		{name: "Ref partition", expr: `!Sub "${AWS::Partition} ${AWS::URLSuffix}"`, want: `"aws-cn amazonaws.com.cn"`, opts: Options{Region: "cn-north-1"}},
		{name: "NoValue", expr: `{a: !Ref AWS::NoValue, b: [1, !Ref "AWS::NoValue"]}`, want: `{"b":[1]}`},
		{name: "Ref bucket", expr: `!Ref Bucket`, want: `"logs"`},
		{name: "Ref bucket without a name", expr: `!Ref Made`, want: `"demo-Made"`},
		{name: "Ref VPC", expr: `!Ref Vpc`, want: `"vpc-demo-Vpc"`},
		{name: "Ref of what is not there", expr: `!Ref Gone`, unknown: "condition"},
		{name: "GetAtt ARN", expr: `!GetAtt Bucket.Arn`, want: `"arn:aws:s3:::logs"`},
		{name: "GetAtt long", expr: `{"Fn::GetAtt": [Made, Arn]}`, want: `"arn:aws:s3:::demo-Made"`},
		{name: "GetAtt property", expr: `!GetAtt Vpc.CidrBlock`, want: `"10.0.0.0/16"`},
		{name: "GetAtt unknown", expr: `!GetAtt Vpc.DefaultNetworkAcl`, unknown: "known only once the stack exists"},
		{name: "GetAtt nothing", expr: `!GetAtt Nothing.Arn`, unknown: "no resource"},
		{name: "Sub", expr: `!Sub "${Bucket.Arn}/${Plain}/${!x}/${AWS::AccountId}"`, want: `"arn:aws:s3:::logs/blue/${x}/000000000000"`},
		{name: "Sub with names of its own", expr: `!Sub ["${a}-${Plain}", {a: !Ref Count}]`, want: `"3-blue"`},
		{name: "Sub with an unknown", expr: `!Sub "a-${Open}"`, unknown: "the parameter Open"},
		{name: "Sub without an end", expr: `!Sub "a-${Plain"`, want: `"a-${Plain"`},
		{name: "Join", expr: `!Join [":", [arn, !Ref Plain, 1]]`, want: `"arn:blue:1"`},
		{name: "Join of a list", expr: `!Join ["", !Ref Colors]`, want: `"redgreenblue"`},
		{name: "Join with an unknown", expr: `!Join ["", [a, !ImportValue x]]`, unknown: "ImportValue"},
		{name: "Select", expr: `!Select [1, !Ref Colors]`, want: `"green"`},
		{name: "Select too far", expr: `!Select [7, !Ref Colors]`, unknown: "no element"},
		{name: "Select of zones", expr: `!Select [0, !GetAZs ""]`, unknown: "Availability Zones"},
		{name: "Split", expr: `!Split [",", "a,b"]`, want: `["a","b"]`},
		{name: "Base64", expr: `!Base64 abc`, want: `"YWJj"`},
		{name: "Cidr", expr: `!Cidr [!GetAtt Vpc.CidrBlock, 3, 8]`, want: `["10.0.0.0/24","10.0.1.0/24","10.0.2.0/24"]`},
		{name: "Cidr carries", expr: `!Select [2, !Cidr ["10.0.254.0/20", 3, 9]]`, want: `"10.0.244.0/23"`},
		{name: "Cidr has no room", expr: `!Cidr ["10.0.0.0/24", 3, 8]`, unknown: "Fn::Cidr"},
		{name: "FindInMap", expr: `!FindInMap [M, a, x]`, want: `1`},
		{name: "FindInMap of a list", expr: `!FindInMap [M, a, list]`, want: `["p","q"]`},
		{name: "FindInMap by an open region", expr: `!FindInMap [M, !Ref "AWS::Region", x]`, unknown: "looks up"},
		{name: "FindInMap by the region", expr: `!FindInMap [M, !Ref "AWS::Region", x]`, want: `"ireland"`, opts: Options{Region: "eu-west-1"}},
		{name: "FindInMap nothing", expr: `!FindInMap [M, b, x]`, unknown: "no mapping"},
		{name: "If true", expr: `!If [IsBlue, 1, 2]`, want: `1`},
		{name: "If false", expr: `!If [IsNot, 1, 2]`, want: `2`},
		{name: "If undecided", expr: `!If [Maybe, 1, 2]`, unknown: "condition Maybe"},
		{name: "If undecided with one outcome", expr: `!If [Maybe, 1, 1]`, want: `1`},
		{name: "And with an unknown", expr: `!If [Both, 1, 2]`, unknown: "condition Both"},
		{name: "Or that one part settles", expr: `!If [Either, 1, 2]`, want: `1`},
		{name: "a region that is open decides nothing", expr: `!If [Region, 1, 2]`, unknown: "condition Region"},
		{name: "a region that is given decides", expr: `!If [Region, 1, 2]`, want: `1`, opts: Options{Region: "eu-west-1"}},
		{name: "a condition on itself", expr: `!If [Loop, 1, 2]`, unknown: "depends on itself"},
		{name: "no such condition", expr: `!If [None, 1, 2]`, unknown: "no condition"},
		{name: "ImportValue", expr: `!ImportValue other`, unknown: "Fn::ImportValue cannot be known before the stack exists"},
		{name: "dynamic reference", expr: `"{{resolve:secretsmanager:x}}"`, unknown: "dynamic reference"},
		{name: "dynamic reference in Sub", expr: `!Sub "{{resolve:ssm:${Plain}}}"`, unknown: "dynamic reference"},
		{name: "Transform", expr: `{"Fn::Transform": {Name: AWS::Include}}`, unknown: "Fn::Transform"},
		{name: "Transform beside others", expr: `{"Fn::Transform": {Name: AWS::Include}, a: 1}`, unknown: "Fn::Transform"},
		{name: "a function that does not exist", expr: `!Foo bar`, unknown: "no function Fn::Foo"},
		{name: "a statement's Condition is no function", expr: `{Condition: {Bool: {"aws:SecureTransport": false}}}`, want: `{"Condition":{"Bool":{"aws:SecureTransport":false}}}`},
		{name: "wrong arguments", expr: `!Join [a]`, unknown: "Fn::Join takes a list of 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := load(t, c.opts, evaluated+c.expr+"\n")
			account := PlaceholderAccount
			if c.opts.Account != "" {
				account = c.opts.Account
			}
			partition := "aws"
			if strings.HasPrefix(string(c.opts.Region), "cn-") {
				partition = "aws-cn"
			}
			r := l.one(t, "AWS::IAM::ManagedPolicy", "arn:"+partition+":iam::"+string(account)+":policy/demo-It")
			doc, _ := properties(t, r)["PolicyDocument"].(map[string]any)
			reason := ""
			for _, u := range r.Unknowns {
				if u.Path == "/properties/PolicyDocument/v" {
					reason = u.Reason
				}
			}
			if c.unknown != "" {
				if !strings.Contains(reason, c.unknown) || doc["v"] != nil {
					t.Errorf("unknown because %q, value %v; want unknown because %q", reason, doc["v"], c.unknown)
				}
				return
			}
			var want any
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, doc["v"]); d != "" || reason != "" {
				t.Errorf("unknown %q, (-want +got):\n%s", reason, d)
			}
			for _, u := range r.Unknowns {
				if strings.Contains(u.Reason, "hunter") {
					t.Errorf("a secret in %v", u)
				}
			}
		})
	}
}
