package awstest

// absent are the errors by which AWS says that something has not been set up.
// Codes and statuses are those of botocore's models (a test compares them); S3's
// and EC2's, which stand in no model, those that moto and the EC2 list
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html have.
// The messages are like AWS's, not its words.
var absent = map[string]Error{
	"account:GetAlternateContact": {Code: "ResourceNotFoundException", Message: "No contact of the inputted alternate contact type found.", Status: 404},

	"backup:GetBackupVaultAccessPolicy":  {Code: "ResourceNotFoundException", Message: "Backup vault access policy does not exist", Status: 400},
	"backup:GetBackupVaultNotifications": {Code: "ResourceNotFoundException", Message: "Backup vault notifications do not exist", Status: 400},

	"cloudtrail:GetInsightSelectors": {Code: "InsightNotEnabledException", Message: "The specified trail does not have Insights enabled.", Status: 400},
	"codebuild:GetResourcePolicy":    {Code: "ResourceNotFoundException", Message: "The resource policy does not exist", Status: 400},
	"dynamodb:GetResourcePolicy":     {Code: "PolicyNotFoundException", Message: "The resource policy does not exist", Status: 400},

	"ec2:DescribeSpotDatafeedSubscription": {Code: "InvalidSpotDatafeed.NotFound", Message: "Spot datafeed subscription does not exist.", Status: 400},

	"ecr:GetLifecyclePolicy":  {Code: "LifecyclePolicyNotFoundException", Message: "Lifecycle policy does not exist", Status: 400},
	"ecr:GetRegistryPolicy":   {Code: "RegistryPolicyNotFoundException", Message: "Registry policy does not exist", Status: 400},
	"ecr:GetRepositoryPolicy": {Code: "RepositoryPolicyNotFoundException", Message: "Repository policy does not exist", Status: 400},

	"efs:DescribeBackupPolicy":     {Code: "PolicyNotFound", Message: "No backup policy exists", Status: 404},
	"efs:DescribeFileSystemPolicy": {Code: "PolicyNotFound", Message: "No policy exists", Status: 404},

	"fms:GetAdminAccount":    {Code: "ResourceNotFoundException", Message: "No administrator account", Status: 400},
	"glue:GetResourcePolicy": {Code: "EntityNotFoundException", Message: "Policy not found", Status: 400},

	"iam:GetAccountPasswordPolicy": {Code: "NoSuchEntity", Message: "The Password Policy with domain name cannot be found.", Status: 404},
	"iam:GetLoginProfile":          {Code: "NoSuchEntity", Message: "Login Profile for User cannot be found.", Status: 404},

	"lambda:GetFunctionEventInvokeConfig": {Code: "ResourceNotFoundException", Message: "The function doesn't have an EventInvokeConfig", Status: 404},
	"lambda:GetFunctionUrlConfig":         {Code: "ResourceNotFoundException", Message: "The resource you requested does not exist.", Status: 404},
	"lambda:GetPolicy":                    {Code: "ResourceNotFoundException", Message: "The resource you requested does not exist.", Status: 404},

	"networkfirewall:DescribeResourcePolicy": {Code: "ResourceNotFoundException", Message: "The resource policy does not exist", Status: 400},

	"s3:GetBucketCors":                   {Code: "NoSuchCORSConfiguration", Message: "The CORS configuration does not exist", Status: 404},
	"s3:GetBucketLifecycleConfiguration": {Code: "NoSuchLifecycleConfiguration", Message: "The lifecycle configuration does not exist", Status: 404},
	"s3:GetBucketOwnershipControls":      {Code: "OwnershipControlsNotFoundError", Message: "The bucket ownership controls were not found", Status: 404},
	"s3:GetBucketPolicy":                 {Code: "NoSuchBucketPolicy", Message: "The bucket policy does not exist", Status: 404},
	"s3:GetBucketPolicyStatus":           {Code: "NoSuchBucketPolicy", Message: "The bucket policy does not exist", Status: 404},
	"s3:GetBucketReplication":            {Code: "ReplicationConfigurationNotFoundError", Message: "The replication configuration was not found", Status: 404},
	"s3:GetBucketTagging":                {Code: "NoSuchTagSet", Message: "The TagSet does not exist", Status: 404},
	"s3:GetBucketWebsite":                {Code: "NoSuchWebsiteConfiguration", Message: "The specified bucket does not have a website configuration", Status: 404},
	"s3:GetObjectLockConfiguration":      {Code: "ObjectLockConfigurationNotFoundError", Message: "Object Lock configuration does not exist for this bucket", Status: 404},
	"s3:GetPublicAccessBlock":            {Code: "NoSuchPublicAccessBlockConfiguration", Message: "The public access block configuration was not found", Status: 404},
	"s3control:GetPublicAccessBlock":     {Code: "NoSuchPublicAccessBlockConfiguration", Message: "The public access block configuration was not found", Status: 404},

	"wafv2:GetLoggingConfiguration": {Code: "WAFNonexistentItemException", Message: "AWS WAF couldn't perform the operation because your resource doesn't exist.", Status: 400},
}

// defaults are the answers of an account where nobody has changed anything.
var defaults = map[string]map[string]any{
	"ec2:DescribeVpcBlockPublicAccessOptions": {"VpcBlockPublicAccessOptions": map[string]any{"InternetGatewayBlockMode": "off", "State": "default-state"}},
	"ec2:GetAllowedImagesSettings":            {"State": "disabled"},
	"ec2:GetEbsDefaultKmsKeyId":               {"KmsKeyId": "alias/aws/ebs"},
	"ec2:GetEbsEncryptionByDefault":           {"EbsEncryptionByDefault": false},
	"ec2:GetImageBlockPublicAccessState":      {"ImageBlockPublicAccessState": "unblocked"},
	"ec2:GetInstanceMetadataDefaults":         {"AccountLevel": map[string]any{}},
	"ec2:GetSerialConsoleAccessStatus":        {"SerialConsoleAccessEnabled": false},
	"ec2:GetSnapshotBlockPublicAccessState":   {"State": "unblocked"},

	"iam:GenerateCredentialReport": {"State": "COMPLETE"},
	"iam:GetAccountSummary": {"SummaryMap": map[string]any{
		"Users": 0, "Groups": 0, "Roles": 0, "Policies": 0, "InstanceProfiles": 0, "MFADevices": 0, "MFADevicesInUse": 0,
		"AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0, "AccountSigningCertificatesPresent": 0, "AccountPasswordPresent": 1,
		"Providers": 0, "ServerCertificates": 0, "UsersQuota": 5000, "GroupsQuota": 300, "RolesQuota": 1000, "PoliciesQuota": 1500,
	}},

	// Buckets are encrypted since January 2023:
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html (read 2026-11-24).
	"s3:GetBucketEncryption": {"ServerSideEncryptionConfiguration": map[string]any{"Rules": []any{map[string]any{
		"ApplyServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": false,
	}}}},
}

// offUntilEnabled are the calls by which a scan looks at services that refuse them until
// they are enabled, with codes that clients have reported: Macie
// https://github.com/turbot/steampipe-plugin-aws/issues/2119 (some of its calls have been
// seen to use status 401: https://github.com/mondoohq/mql/pull/5988), Security Hub
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DescribeHub.html.
var offUntilEnabled = map[string][]string{
	"macie2": {
		"GetMacieSession", "GetAutomatedDiscoveryConfiguration", "GetAdministratorAccount", "ListClassificationJobs", "ListFindings",
		"ListMembers", "ListAllowLists", "ListCustomDataIdentifiers", "ListFindingsFilters", "DescribeBuckets", "DescribeOrganizationConfiguration",
		"GetFindingsPublicationConfiguration", "GetClassificationExportConfiguration", "GetBucketStatistics", "GetRevealConfiguration",
	},
	"securityhub": {
		"DescribeHub", "GetEnabledStandards", "DescribeStandardsControls", "GetFindings", "GetInsights", "ListMembers", "ListFindingAggregators",
		"ListEnabledProductsForImport", "ListAutomationRules", "DescribeOrganizationConfiguration", "GetAdministratorAccount", "DescribeActionTargets",
		"ListSecurityControlDefinitions",
	},
}
