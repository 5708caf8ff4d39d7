package live

// Services lists the collectors. One more is a file and a line here.
func Services() []*Service {
	return []*Service{
		accessanalyzerService(),
		accountService(),
		regionService(),
		autoscalingService(),
		cloudtrailService(),
		dynamodbService(),
		ec2Service(),
		elbService(),
		elbv2Service(),
		iamService(),
		kmsService(),
		organizationsService(),
		rdsService(),
		s3Service(),
		secretsmanagerService(),
		ssoService(),
	}
}
