package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory/live"
)

func newPermissions(env Environment) *cobra.Command {
	var (
		format, name, trust, external string
		services                      []string
		accessed                      bool
	)
	c := &cobra.Command{
		Use:   "permissions",
		Short: "Print the least read-only permissions that a scan needs",
		Long: `Permissions prints the IAM actions that a scan of the chosen services calls, no
more: as a policy document, or as CloudFormation or Terraform with the role that
carries it, its trust and its external id. The CloudFormation is ready for a
StackSet over an organization.`,
		Example: `  merlon permissions > merlon-read-only.json
  merlon permissions --service s3 --service iam
  merlon permissions --last-accessed > merlon-read-only.json
  merlon permissions --format cloudformation --trust arn:aws:iam::111122223333:role/security --external-id 7f3c > role.yaml
  merlon permissions --format terraform --trust 111122223333 > role.tf`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			selected, err := live.Select(live.Services(), services)
			if err != nil {
				return usage("%w", err)
			}
			if accessed {
				selected = live.LastAccessed(selected)
			}
			r := role{name: name, trust: trust, external: external, parts: live.Split(live.Actions(selected))}
			if err := r.check(format != "json"); err != nil {
				return err
			}
			switch format {
			case "json":
				return r.json(env.Stdout)
			case "cloudformation":
				return r.cloudFormation(env.Stdout)
			case "terraform":
				return r.terraform(env.Stdout)
			}
			return usage("--format %q: json, cloudformation or terraform", format)
		},
	}
	f := c.Flags()
	f.StringVar(&format, "format", "json", "json, cloudformation or terraform")
	f.StringArrayVar(&services, "service", nil, "`SERVICE` to read, or !SERVICE to leave out (repeatable)")
	f.BoolVar(&accessed, "last-accessed", false, "also what --last-accessed of collect and scan calls")
	f.StringVar(&name, "role-name", "MerlonReadOnly", "`NAME` of the role")
	f.StringVar(&trust, "trust", "", "who may assume the role: an account id or the ARN of a role or user")
	f.StringVar(&external, "external-id", "", "external id that the trust asks for")
	return c
}

// role is what the generated templates say.
type role struct {
	name, trust, external string
	parts                 [][]string
}

// check keeps what goes into a template to the characters that IAM allows.
func (r *role) check(needsTrust bool) error {
	roleName := regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	externalID := regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`)
	trustedARN := regexp.MustCompile(`^arn:aws[a-z-]*:(iam|sts)::\d{12}:[\w+=,.@/-]+$`)
	if !roleName.MatchString(r.name) {
		return usage("--role-name %q: 1 to 64 letters, digits and + = , . @ _ -", r.name)
	}
	if r.external != "" && (!externalID.MatchString(r.external) || len(r.external) > 1224) {
		return usage("--external-id %q: 2 to 1224 letters, digits and + = , . @ : / _ -", r.external)
	}
	if r.trust == "" && needsTrust {
		return usage("a role needs someone who may assume it: --trust ACCOUNT or --trust ARN")
	}
	if r.trust != "" && !trustedARN.MatchString(r.trust) && !merlon.AccountID(r.trust).Valid() {
		return usage("--trust %q is neither an account id nor the ARN of a role or user", r.trust)
	}
	return nil
}

type statement struct {
	Sid      string `json:",omitempty"`
	Effect   string
	Action   []string
	Resource string
}

// json prints one policy document, or a list of documents where one is too large
// for a managed policy.
func (r *role) json(w io.Writer) error {
	type document struct {
		Version   string
		Statement []statement
	}
	var docs []document
	for _, p := range r.parts {
		docs = append(docs, document{"2012-10-17", []statement{{"MerlonReadOnly", "Allow", p, "*"}}})
	}
	var v any = docs
	if len(docs) == 1 {
		v = docs[0]
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}

func (r *role) cloudFormation(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, `AWSTemplateFormatVersion: "2010-09-09"
Description: The role with which Merlon reads this account. It can change nothing.
Parameters:
  TrustedPrincipal:
    Type: String
    Default: %q
    Description: Account id, or ARN of the role or user, that may assume the role.
  ExternalId:
    Type: String
    Default: %q
    Description: External id that whoever assumes the role must give; empty for none.
  RoleName:
    Type: String
    Default: %q
Conditions:
  HasExternalId: !Not [!Equals [!Ref ExternalId, ""]]
Resources:
`, r.trust, r.external, r.name)
	for i, p := range r.parts {
		fmt.Fprintf(&b, `  ReadPolicy%d:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Description: What Merlon reads, part %d of %d.
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Sid: MerlonReadOnly
            Effect: Allow
            Resource: "*"
            Action:
`, i+1, i+1, len(r.parts))
		for _, a := range p {
			fmt.Fprintf(&b, "              - %s\n", a)
		}
	}
	b.WriteString(`  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Ref RoleName
      Description: Merlon reads this account with it.
      MaxSessionDuration: 14400
      ManagedPolicyArns:
`)
	for i := range r.parts {
		fmt.Fprintf(&b, "        - !Ref ReadPolicy%d\n", i+1)
	}
	b.WriteString(`      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principal:
              AWS: !Ref TrustedPrincipal
            Condition: !If
              - HasExternalId
              - StringEquals: {"sts:ExternalId": !Ref ExternalId}
              - !Ref AWS::NoValue
Outputs:
  RoleArn:
    Value: !GetAtt Role.Arn
`)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *role) terraform(w io.Writer) error {
	var b strings.Builder
	principal := r.trust
	if merlon.AccountID(principal).Valid() {
		principal = "arn:aws:iam::" + principal + ":root"
	}
	fmt.Fprintf(&b, `# The role with which Merlon reads this account. It can change nothing.
data "aws_iam_policy_document" "merlon_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [%q]
    }
`, principal)
	if r.external != "" {
		fmt.Fprintf(&b, `    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [%q]
    }
`, r.external)
	}
	fmt.Fprintf(&b, `  }
}

resource "aws_iam_role" "merlon" {
  name                 = %q
  description          = "Merlon reads this account with it."
  max_session_duration = 14400
  assume_role_policy   = data.aws_iam_policy_document.merlon_trust.json
}
`, r.name)
	for i, p := range r.parts {
		fmt.Fprintf(&b, `
data "aws_iam_policy_document" "merlon_read_%[1]d" {
  statement {
    sid       = "MerlonReadOnly"
    resources = ["*"]
    actions = [
`, i+1)
		for _, a := range p {
			fmt.Fprintf(&b, "      %q,\n", a)
		}
		fmt.Fprintf(&b, `    ]
  }
}

resource "aws_iam_policy" "merlon_read_%[1]d" {
  name   = "%[2]s-%[1]d"
  policy = data.aws_iam_policy_document.merlon_read_%[1]d.json
}

resource "aws_iam_role_policy_attachment" "merlon_read_%[1]d" {
  role       = aws_iam_role.merlon.name
  policy_arn = aws_iam_policy.merlon_read_%[1]d.arn
}
`, i+1, r.name)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
