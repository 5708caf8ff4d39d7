package report

import (
	"encoding/json"
	"fmt"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/posture"
)

// organization is a report as people meet it: three accounts, most things well,
// some bad, a few not known, so that pictures of it can be judged.
func organization() (*Run, []merlon.Finding, *Summary) {
	rules := []struct {
		id, title       string
		area            merlon.Area
		severity        merlon.Severity
		typ, name       string
		message, why    string
		text, path, val string
		reqs            []string
		fails, unknowns int
		passes          int
	}{
		{"iam/root-access-key", "The root user has no access key", merlon.Identity, merlon.Critical, "Merlon::IAM::CredentialReportEntry", "root", "the root user has 1 active access key; wanted: none", "A root key can do everything in the account, and no policy limits it.", "Delete the root user's access keys and give programs a role.", "properties.AccessKey1Active", "true", []string{"cis-7.0/1.3", "fsbp/IAM.4"}, 1, 0, 2},
		{"rds/public-snapshot", "No database snapshot is shared with everyone", merlon.Data, merlon.Critical, "Merlon::RDS::DBSnapshot", "orders-2026-03", "%s may be restored by every AWS account; wanted: named accounts", "Whoever restores it reads every row, and nothing in your account shows it.", "Take the value \"all\" out of the snapshot's restore attribute.", "observed.RestoreAttribute", `["all"]`, []string{"fsbp/RDS.1"}, 2, 0, 31},
		{"ec2/ssh-from-anywhere", "SSH is not open to the whole internet", merlon.Infrastructure, merlon.High, "AWS::EC2::SecurityGroup", "sg-web", "%s lets 0.0.0.0/0 reach port 22; wanted: your own addresses", "Every scanner of the internet finds the port within minutes.", "Narrow the rule to your own addresses, or remove it and use Session Manager.", "properties.SecurityGroupIngress", `[{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"CidrIp":"0.0.0.0/0"}]`, []string{"cis-7.0/5.2", "fsbp/EC2.13", "pci-4.0.1/1.3.1"}, 9, 0, 284},
		{"s3/public-access-block", "S3 bucket blocks public access", merlon.Data, merlon.High, "AWS::S3::Bucket", "invoices", "%s has BlockPublicPolicy off; wanted: all four settings on", "One wrong policy or ACL and the bucket is readable by everyone.", "Turn on all four settings of Block Public Access for the bucket, better for the account.", "properties.PublicAccessBlockConfiguration", `{"BlockPublicAcls":true,"BlockPublicPolicy":false,"IgnorePublicAcls":true,"RestrictPublicBuckets":false}`, []string{"cis-7.0/2.1.4", "fsbp/S3.8", "pci-4.0.1/1.4.4"}, 6, 2, 58},
		{"guardduty/enabled", "GuardDuty watches every region in use", merlon.Detection, merlon.High, "Merlon::Account::Region", "eu-west-1", "GuardDuty is off in %s; wanted: on in every region in use", "Stolen credentials are used where nobody looks.", "Enable GuardDuty for the organization from its delegated administrator, in all regions.", "account.detectors", `[]`, []string{"fsbp/GuardDuty.1"}, 4, 3, 2},
		{"iam/user-mfa", "Every user with a password has MFA", merlon.Identity, merlon.High, "Merlon::IAM::CredentialReportEntry", "anna", "%s signs in with a password alone; wanted: a second factor", "A password that leaks is enough to be that person.", "Have the user register a passkey or hardware key, and deny everything else until it is there.", "properties.MfaActive", "false", []string{"cis-7.0/1.9", "fsbp/IAM.5", "pci-4.0.1/8.4.2"}, 7, 0, 26},
		{"s3/tls-only", "S3 bucket refuses requests without TLS", merlon.Data, merlon.Medium, "AWS::S3::Bucket", "exports", "%s answers requests that come over plain HTTP; wanted: a Deny on aws:SecureTransport false", "Whoever is on the way reads the object and can replay the signed request.", "Deny every action on the bucket and its objects when aws:SecureTransport is false.", "properties.Policy", `null`, []string{"cis-7.0/2.1.1", "fsbp/S3.5"}, 38, 5, 22},
		{"kms/rotation", "Customer-managed keys rotate", merlon.Data, merlon.Medium, "AWS::KMS::Key", "alias/payments", "%s has rotation off; wanted: every 365 days or less", "A key that never changes protects everything that was ever written.", "Turn on yearly rotation; old data stays readable.", "properties.EnableKeyRotation", "false", []string{"cis-7.0/3.6", "fsbp/KMS.4"}, 11, 6, 40},
		{"cloudtrail/log-validation", "Trails can prove that nobody changed their logs", merlon.Detection, merlon.Medium, "AWS::CloudTrail::Trail", "management-events", "%s has log file validation off; wanted: on", "An intruder who edits the log is not noticed.", "Enable log file validation on the trail.", "properties.EnableLogFileValidation", "false", []string{"cis-7.0/3.2", "fsbp/CloudTrail.4"}, 1, 0, 3},
		{"backup/plan-covers-databases", "Every database is in a backup plan", merlon.Response, merlon.Medium, "AWS::RDS::DBInstance", "ledger", "%s is in no backup plan; wanted: a daily backup kept 35 days", "Without it, the answer to ransomware is to pay.", "Add the database to a backup plan by tag.", "account.selections", `[]`, []string{"wa-security/SEC10-BP05"}, 5, 0, 14},
		{"ec2/imdsv2", "Instances answer metadata requests of version 2 alone", merlon.Infrastructure, merlon.Medium, "AWS::EC2::Instance", "i-0f3a", "%s accepts IMDSv1; wanted: HttpTokens required", "One request forged through a web server gives away the instance's role.", "Set HttpTokens to required on the instance and in its launch template.", "properties.MetadataOptions", `{"HttpTokens":"optional"}`, []string{"cis-7.0/5.7", "fsbp/EC2.8"}, 23, 0, 177},
		{"sqs/encrypted", "Queues are encrypted at rest", merlon.Data, merlon.Low, "AWS::SQS::Queue", "jobs", "%s has no server-side encryption; wanted: SSE-SQS or SSE-KMS", "Messages often carry what databases protect.", "Enable SSE-SQS; it costs nothing.", "properties.SqsManagedSseEnabled", "false", []string{"fsbp/SQS.1"}, 17, 0, 180},
		{"logs/retention", "Log groups say how long they keep logs", merlon.Detection, merlon.Low, "AWS::Logs::LogGroup", "/aws/lambda/resize", "%s keeps logs for ever; wanted: a number of days", "What is kept without end is paid and may have to be disclosed.", "Set a retention of at least a year.", "properties.RetentionInDays", "null", []string{"pci-4.0.1/10.5.1"}, 44, 0, 150},
		{"ec2/unused-address", "Elastic addresses are in use", merlon.Infrastructure, merlon.Info, "AWS::EC2::EIP", "eipalloc-7", "%s is attached to nothing; wanted: in use or released", "An address that is forgotten is paid, and may still be allowed somewhere.", "Release the address.", "properties.InstanceId", "null", nil, 3, 0, 19},
	}
	run := &Run{Version: "0.3.0", Started: noon, Controls: map[string]*posture.Control{},
		Scope: Scope{Source: "live", Path: "/home/anna/.cache/merlon/o-abc123.merlon", Accounts: []Account{{"111122223333", "production"}, {"444455556666", "development"}, {"777788889999", "security"}},
			Regions: []merlon.Region{"eu-central-1", "eu-west-1", "us-east-1"}},
		Frameworks:   map[string]string{"cis-7.0": "CIS AWS Foundations Benchmark 7.0", "fsbp": "AWS Foundational Security Best Practices", "pci-4.0.1": "PCI DSS 4.0.1", "wa-security": "Well-Architected Security Pillar"},
		Requirements: map[string]string{"cis-7.0/1.3": "Ensure no root user account access key exists", "cis-7.0/2.1.1": "Ensure S3 bucket policy is set to deny HTTP requests", "cis-7.0/5.2": "Ensure no security groups allow ingress from 0.0.0.0/0 to remote server administration ports"},
	}
	for i, region := range run.Scope.Regions {
		run.Gaps = append(run.Gaps, merlon.Gap{Call: "kms:GetKeyRotationStatus", Account: "111122223333", Region: region, Resource: fmt.Sprintf("arn:aws:kms:%s:111122223333:key/%d", region, i), Cause: merlon.CauseDenied, Code: "AccessDeniedException",
			Message: "User: arn:aws:sts::111122223333:assumed-role/audit/merlon is not authorized to perform: kms:GetKeyRotationStatus", Actions: []string{"kms:GetKeyRotationStatus"}, Statement: `{"Effect":"Allow","Action":["kms:GetKeyRotationStatus"],"Resource":"*"}`})
	}
	run.Gaps = append(run.Gaps,
		merlon.Gap{Call: "guardduty:ListDetectors", Account: "444455556666", Region: "us-east-1", Types: []string{"AWS::GuardDuty::Detector"}, Cause: merlon.CauseThrottled, Accepted: "ops@example.com"},
		merlon.Gap{Call: "s3:GetBucketPolicy", Account: "111122223333", Region: "us-east-1", Resource: "arn:aws:s3:::vault", Cause: merlon.CauseDenied, Code: "AccessDenied", Actions: []string{"s3:GetBucketPolicy"}, Statement: `{"Effect":"Allow","Action":["s3:GetBucketPolicy"],"Resource":"*"}`})
	var list []merlon.Finding
	for n, r := range rules {
		run.Controls[r.id] = &posture.Control{ID: r.id, Title: r.title, Area: r.area, Severity: r.severity, Resource: r.typ, Why: r.why, Requirements: r.reqs,
			Fix:     posture.Fix{Text: r.text, CLI: "aws service modify-thing \\\n  --name NAME \\\n  --setting on", Terraform: "resource \"aws_thing\" \"this\" {\n  name    = var.name\n  setting = true\n}", CloudFormation: "Thing:\n  Type: " + r.typ + "\n  Properties:\n    Setting: true"},
			Aliases: []string{"prowler/" + r.id, "securityhub/X." + fmt.Sprint(n)}, Source: posture.Source{URL: "https://docs.aws.amazon.com/", Read: "2026-11-24"}}
		for i := range r.fails + r.unknowns + r.passes {
			name := r.name
			if i > 0 {
				name = fmt.Sprintf("%s-%d", r.name, i+1)
			}
			account := run.Scope.Accounts[(i+n)%3].ID
			if i%4 != 0 {
				account = run.Scope.Accounts[n%2].ID
			}
			region := run.Scope.Regions[i%3]
			arn := fmt.Sprintf("arn:aws:%s:%s:%s:%s", merlon.ServiceOf(r.typ), region, account, name)
			f := merlon.Finding{ID: merlon.FindingID(r.id, arn, account, region, ""), Control: r.id, Resource: arn, Name: name, Type: r.typ, Account: account, Region: region, Severity: r.severity, Verdict: merlon.Pass, Message: name + " is as wanted",
				Evidence: []merlon.Evidence{{Path: r.path, Value: json.RawMessage(r.val), Call: merlon.ServiceOf(r.typ) + ":Describe", At: noon.Add(-time.Duration(i) * time.Second)}}}
			switch {
			case i < r.fails:
				f.Verdict, f.Message = merlon.Fail, r.message
				if r.name != "root" {
					f.Message = fmt.Sprintf(r.message, name)
				}
				if i%9 == 8 {
					f.Excepted = &merlon.Exception{Control: r.id, Resource: arn, Owner: "platform@example.com", Reason: "Replaced by the new cluster in spring; closed off by the firewall until then.", Until: noon.AddDate(0, 4, 0)}
				}
			case i < r.fails+r.unknowns:
				g := run.Gaps[(i+n)%len(run.Gaps)]
				f.Verdict, f.Message, f.Gaps, f.Reasons, f.Evidence = merlon.UnknownResult, name+" cannot be judged", []string{g.Key()}, []string{g.Text()}, nil
			}
			list = append(list, f)
		}
	}
	s := &Summary{Finished: noon.Add(3*time.Minute + 12*time.Second),
		Resources: map[string]int{"AWS::S3::Bucket": 66, "AWS::EC2::SecurityGroup": 293, "AWS::EC2::Instance": 200, "AWS::IAM::Role": 401, "AWS::SQS::Queue": 197, "AWS::Logs::LogGroup": 194, "AWS::KMS::Key": 57, "AWS::RDS::DBInstance": 19, "AWS::EC2::EIP": 22, "AWS::Lambda::Function": 100},
		Calls:     map[string]Calls{"iam": {Calls: 612, Retries: 3, Throttles: 3}, "s3": {Calls: 402}, "ec2": {Calls: 188, Retries: 1}, "kms": {Calls: 120}, "rds": {Calls: 24}, "sqs": {Calls: 203}, "logs": {Calls: 31}},
		Warnings:  []string{"The exception for ec2/ssh-from-anywhere on *bastion* (owner anna@example.com) ended on 2026-10-01; its 2 findings count again."}}
	return run, list, s
}
