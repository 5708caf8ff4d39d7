package iam

import (
	"strings"

	"merlon.dev/merlon"
)

// grantRules concern what an identity policy allows on resources that it does
// not name.
func grantRules() []LintRule {
	kinds := []PolicyKind{IdentityPolicy}
	reach := func(code, title, why, fix, source string, severity merlon.Severity, what string, actions ...string) LintRule {
		return LintRule{Code: code, Title: title, Severity: severity, Why: why, Fix: fix, Source: source, Kinds: kinds,
			statement: func(r *lintRun, s *Statement) { r.reaches(s, what, actions) }}
	}
	return []LintRule{
		{Code: "admin", Title: "Everything is allowed", Severity: merlon.High, Source: pageBest, Kinds: kinds, statement: admin,
			Why: "Whoever holds the policy is an administrator of the account.",
			Fix: "Grant what is needed; keep administrators few and temporary."},
		{Code: "pass-role-any", Title: "Any role may be passed to any service", Severity: merlon.High, Source: pagePassRole, Kinds: kinds, statement: passRoleAny,
			Why: "Who may start something with a role of his choice has the permissions of the most powerful role that any service may assume.",
			Fix: "Name the roles, and the service in a condition on iam:PassedToService."},
		{Code: "pass-role-any-to-service", Title: "Any role may be passed to a service", Severity: merlon.Medium, Source: pagePassRole, Kinds: kinds, statement: passRoleService,
			Why: "Every role that trusts the service can be used, an administrator's included.",
			Fix: "Name the roles, or give those that may be passed a path of their own."},
		reach("iam-escalation", "Permissions may be changed on anyone", "Who may change policies, trusts, keys or passwords of principals that the policy does not name can make himself an administrator.",
			"Name the users, roles or policies; or ask for a boundary with iam:PermissionsBoundary.", "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html", merlon.High, "may take over any principal",
			"iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:AttachUserPolicy", "iam:AttachRolePolicy", "iam:AttachGroupPolicy", "iam:PutUserPolicy", "iam:PutRolePolicy", "iam:PutGroupPolicy",
			"iam:AddUserToGroup", "iam:UpdateAssumeRolePolicy", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile", "iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary",
			"iam:PutRolePermissionsBoundary", "iam:PutUserPermissionsBoundary", "iam:CreateServiceSpecificCredential", "iam:ResetServiceSpecificCredential", "iam:UpdateOpenIDConnectProviderThumbprint", "iam:UpdateSAMLProvider", "iam:AddClientIDToOpenIDConnectProvider"),
		reach("assume-role-any", "Any role may be assumed", "Every role that trusts the account, or an account elsewhere, is open to whoever holds the policy.",
			"Name the roles.", "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_permissions-to-switch.html", merlon.High, "may assume any role", "sts:AssumeRole"),
		reach("decrypt-any", "Any key may decrypt", "Whatever the account's keys protect is open, together with the permission to read it.",
			"Name the keys, or ask for kms:ViaService.", "https://docs.aws.amazon.com/kms/latest/developerguide/iam-policies-best-practices.html", merlon.Medium, "may use any key", "kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant"),
		reach("secrets-any", "Any secret may be read", "All passwords and keys in the account are open.",
			"Name the secrets or parameters, or ask for a tag.", "https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html", merlon.High, "may read any secret",
			"secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue"),
		reach("parameters-any", "Any parameter may be read", "Parameters often hold passwords and keys, the encrypted ones at least.",
			"Name the parameters' path.", "https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html", merlon.Medium, "may read any parameter",
			"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:GetParameterHistory"),
		reach("s3-read-any", "Any object of any bucket may be read", "The data of every bucket are open, those that will be made later too.",
			"Name the buckets.", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-policies-s3.html", merlon.Medium, "may read all buckets", "s3:GetObject", "s3:GetObjectVersion"),
		reach("s3-write-any", "Any object of any bucket may be written or deleted", "Data, logs and backups of every bucket can be replaced or destroyed.",
			"Name the buckets.", "https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-policies-s3.html", merlon.Medium, "may write to all buckets", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:DeleteBucket"),
		reach("data-read-any", "Any table or stream may be read", "The data of all tables, queues or streams are open.",
			"Name the resources.", pageBest, merlon.Medium, "may read the data of any",
			"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:PartiQLSelect", "dynamodb:ExportTableToPointInTime", "rds-data:ExecuteStatement", "rds-db:connect", "redshift-data:ExecuteStatement",
			"redshift:GetClusterCredentials", "kinesis:GetRecords", "sqs:ReceiveMessage", "athena:GetQueryResults"),
		reach("snapshot-share-any", "Any snapshot or image may be given away", "A copy of a disk or database leaves the account without its data ever being read in it.",
			"Name the resources, or take the action out.", pageBest, merlon.Medium, "may give away any copy",
			"ec2:ModifySnapshotAttribute", "ec2:ModifyImageAttribute", "rds:ModifyDBSnapshotAttribute", "rds:ModifyDBClusterSnapshotAttribute"),
		reach("remote-shell-any", "A shell on any instance", "Who may run commands on every machine has the permissions of each machine's role.",
			"Name the instances, or ask for a tag with ssm:resourceTag.", "https://docs.aws.amazon.com/systems-manager/latest/userguide/security_iam_id-based-policy-examples.html", merlon.Medium, "may run commands anywhere",
			"ssm:SendCommand", "ssm:StartSession", "ec2-instance-connect:SendSSHPublicKey", "ec2-instance-connect:SendSerialConsoleSSHPublicKey", "ecs:ExecuteCommand"),
		reach("code-change-any", "The code of any function may be changed", "Who may change a function's code has the permissions of its role.",
			"Name the functions.", pageBest, merlon.Medium, "may change any function's code", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration", "codebuild:UpdateProject", "glue:UpdateJob", "glue:UpdateDevEndpoint", "cloudformation:UpdateStack"),
		reach("resource-policy-any", "The policy of any resource may be changed", "Who may change resource policies can open data to other accounts, whatever identity policies say.",
			"Name the resources.", pageBest, merlon.Medium, "may open any resource",
			"s3:PutBucketPolicy", "s3:PutBucketAcl", "s3:PutObjectAcl", "s3:PutBucketPublicAccessBlock", "s3:PutAccountPublicAccessBlock", "kms:PutKeyPolicy", "secretsmanager:PutResourcePolicy", "lambda:AddPermission",
			"sns:AddPermission", "sqs:AddPermission", "ecr:SetRepositoryPolicy", "dynamodb:PutResourcePolicy", "backup:PutBackupVaultAccessPolicy", "es:UpdateDomainConfig", "elasticfilesystem:PutFileSystemPolicy"),
		reach("tamper-logging", "Logging and detection may be switched off", "What happens afterwards leaves no trace and raises no alarm.",
			"Take the actions out; deny them in an SCP.", pageBest, merlon.Medium, "may switch logging or detection off",
			"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors", "config:StopConfigurationRecorder", "config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel",
			"guardduty:DeleteDetector", "guardduty:UpdateDetector", "securityhub:DisableSecurityHub", "ec2:DeleteFlowLogs", "logs:DeleteLogGroup", "access-analyzer:DeleteAnalyzer", "macie2:DisableMacie"),
		{Code: "service-linked-role-any", Title: "Service-linked roles of any service may be created", Severity: merlon.Low, Source: pageChecks, Kinds: kinds, statement: serviceLinkedAny,
			Why: "A service that nobody here uses gets permissions in the account.",
			Fix: "Name the service in a condition on iam:AWSServiceName, or the role's ARN."},
		{Code: "service-wide", Title: "All actions of a service on all resources", Severity: merlon.Low, Source: pageBest, Kinds: kinds, statement: serviceWide,
			Why: "Deleting, sharing and changing permissions are among them.",
			Fix: "List the actions that are used."},
	}
}

// broad reports whether a Resource value reaches resources that it does not
// name: "*", or an ARN with nothing but wildcards behind the type.
func broad(text string) bool {
	plain := withoutVariables(text)
	if isStar(plain) {
		return true
	}
	if plain != text {
		return false // a variable narrows
	}
	parts, six := arnFields(plain)
	if !six {
		return shortPattern(plain)
	}
	rest := parts[5]
	if strings.Trim(rest, "*/:") == "" && rest != "" {
		return true
	}
	if parts[2] == "s3" || parts[2] == "sqs" || parts[2] == "sns" {
		return false // there is no type before the name
	}
	at := strings.IndexAny(rest, "/:")
	return at > 0 && !wild(rest[:at]) && strings.Trim(rest[at:], "*/:") == "" && strings.Contains(rest[at:], "*")
}

// broadly reports whether an Allow statement reaches resources that it does not name.
func broadly(s *Statement) bool {
	if s.Effect != Allow || s.invalid != "" {
		return false
	}
	if s.NotResource {
		return true
	}
	for _, e := range s.Resources {
		if broad(e.Text) {
			return true
		}
	}
	return false
}

// limited reports whether a condition narrows the resources or the way: tags,
// keys of the service itself, or calls through a service.
func limited(s *Statement) bool {
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if c.compiled.set == forAllValues || c.compiled.ifExists {
			continue
		}
		k := c.compiled.key
		if !strings.HasPrefix(k, "aws:") || strings.HasPrefix(k, "aws:resourcetag/") || strings.HasPrefix(k, "aws:requesttag/") || strings.HasPrefix(k, "aws:calledvia") || k == "aws:viaawsservice" || k == "aws:resourceaccount" {
			return true
		}
	}
	return false
}

func everything(s *Statement) bool {
	if s.Effect != Allow || s.NotAction || !broadly(s) {
		return false
	}
	for _, a := range s.Actions {
		if isStar(a.Text) || a.Text == "*:*" {
			return true
		}
	}
	return false
}

func admin(r *lintRun, s *Statement) {
	if everything(s) && !s.NotResource {
		r.report(s.Offset, "all actions on all resources%s", conditionText(s))
	}
}

func conditionText(s *Statement) string {
	if len(s.Conditions) > 0 {
		return " (under a condition)"
	}
	return ""
}

// through is the entry of the statement that grants an action; with NotAction
// the statement itself.
func (s *Statement) through(action string) (Element, bool) {
	if s.NotAction {
		return Element{Text: "NotAction", Offset: s.Offset}, s.matchesAction(action)
	}
	for i := range s.actions {
		if s.actions[i].match(action, nil) == Yes {
			return s.Actions[i], true
		}
	}
	return Element{}, false
}

// reaches reports once a statement, at the entry that grants the first, which of
// the actions it allows on resources that it does not name.
func (r *lintRun) reaches(s *Statement, what string, actions []string) {
	if !broadly(s) || everything(s) || limited(s) || len(s.actions) > 20_000 {
		return
	}
	var at Element
	var names []string
	for _, a := range actions {
		// An ARN of another service's does not reach the action.
		if !r.spend(len(s.actions)*len(a)) || !r.onBroad(s, a) {
			continue
		}
		if e, ok := s.through(a); ok {
			if names == nil {
				at = e
			}
			names = append(names, a)
		}
	}
	if names == nil {
		return
	}
	more := ""
	if len(names) > 3 {
		more, names = " …", names[:3]
	}
	r.report(at.Offset, "%s: %s%s", what, strings.Join(names, ", "), more)
}

// onBroad reports whether one of the broad resources can be the action's.
func (r *lintRun) onBroad(s *Statement, action string) bool {
	if s.NotResource {
		return true
	}
	prefix, _, _ := strings.Cut(action, ":")
	for _, e := range s.Resources {
		if !broad(e.Text) {
			continue
		}
		parts, six := arnFields(e.Text)
		if !six || wild(parts[2]) {
			return true
		}
		// The ARN of an action's resource can belong to another service: ssm
		// runs commands on ec2's instances.
		a, ok := r.linter.reference.Action(action)
		if parts[2] == prefix && !ok || ok && takesOne(a, r.typeSet([]Element{e})) {
			return true
		}
	}
	return false
}

func passesRole(r *lintRun, s *Statement) (Element, bool) {
	if !broadly(s) || everything(s) || !r.onBroad(s, "iam:PassRole") {
		return Element{}, false
	}
	return s.through("iam:PassRole")
}

func passRoleAny(r *lintRun, s *Statement) {
	if e, ok := passesRole(r, s); ok && !hasKey(s, "iam:passedtoservice", "iam:associatedresourcearn", "iam:resourcetag/", "aws:resourcetag/") {
		r.report(e.Offset, "%s lets any role be passed to any service", e.Text)
	}
}

func passRoleService(r *lintRun, s *Statement) {
	if e, ok := passesRole(r, s); ok && hasKey(s, "iam:passedtoservice") && !hasKey(s, "iam:resourcetag/", "aws:resourcetag/", "iam:associatedresourcearn") {
		r.report(e.Offset, "any role may be passed to the services of the condition")
	}
}

func serviceLinkedAny(r *lintRun, s *Statement) {
	if !broadly(s) || everything(s) || hasKey(s, "iam:awsservicename") || !r.onBroad(s, "iam:CreateServiceLinkedRole") {
		return
	}
	// iam:* is reported for worse.
	if e, ok := s.through("iam:CreateServiceLinkedRole"); ok && !strings.EqualFold(e.Text, "iam:*") {
		r.report(e.Offset, "%s creates the service-linked roles of any service", e.Text)
	}
}

func serviceWide(r *lintRun, s *Statement) {
	if !broadly(s) || limited(s) {
		return
	}
	r.named(s, func(e Element, prefix, name string) {
		if service, ok := r.linter.reference.Service(prefix); ok && isStar(name) && !s.NotAction {
			r.report(e.Offset, "all actions of %s on resources that the statement does not name", service.Name)
		}
	})
}
