package live

// Services lists the collectors. One more is a file and a line here.
func Services() []*Service {
	return []*Service{
		accessanalyzerService(),
		accountService(),
		regionService(),
		autoscalingService(),
		cloudformationService(),
		cloudtrailService(),
		cloudwatchService(),
		configService(),
		dynamodbService(),
		ec2Service(),
		elbService(),
		elbv2Service(),
		eventbridgeService(),
		guarddutyService(),
		iamService(),
		inspectorService(),
		kmsService(),
		logsService(),
		macieService(),
		organizationsService(),
		rdsService(),
		s3Service(),
		secretsmanagerService(),
		securityhubService(),
		snsService(),
		sqsService(),
		ssoService(),
	}
}
