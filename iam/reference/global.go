package reference

// globals are the global keys with an index by name.
type globals struct {
	keys   []ConditionKey // sorted by name in lower case
	tagged []ConditionKey // those with a variable
}

func (g *globals) find(name string) (ConditionKey, bool) {
	if i, ok := search(g.keys, name, func(k *ConditionKey) string { return k.Name }); ok {
		return g.keys[i], true
	}
	for _, k := range g.tagged {
		if k.Matches(name) {
			return k, true
		}
	}
	return ConditionKey{}, false
}

// newGlobals is the table of AWS's page on global condition keys, the keys of
// services that requests to other services carry included:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
// (the page's Markdown, read 2026-11-24). Types, which keys have many values, and
// Presence, from the paragraphs on availability, are the page's. aws:SourceOwner,
// an old key of SNS, is no longer on it and still in policies.
func newGlobals() *globals {
	single := func(name string, t ValueType, o Origin, p Presence) ConditionKey {
		return ConditionKey{Name: name, Type: t, Global: true, Origin: o, Presence: p}
	}
	many := func(name string, t ValueType, o Origin, p Presence) ConditionKey {
		k := single(name, t, o, p)
		k.Multivalued = true
		return k
	}
	sensitive := func(name string, o Origin, p Presence) ConditionKey {
		k := single(name, String, o, p)
		k.Sensitive = true
		return k
	}
	g := &globals{keys: []ConditionKey{
		single("aws:AssumedRoot", Bool, OfSession, Sometimes),
		many("aws:CalledVia", String, OfRequest, Sometimes),
		single("aws:CalledViaAWSMCP", String, OfRequest, Sometimes),
		single("aws:CalledViaFirst", String, OfRequest, Sometimes),
		single("aws:CalledViaLast", String, OfRequest, Sometimes),
		single("aws:ChatbotSourceArn", ARN, OfSession, Sometimes),
		single("aws:CurrentTime", Date, OfRequest, Always),
		single("aws:Ec2InstanceSourcePrivateIPv4", IPAddress, OfSession, Sometimes),
		single("aws:Ec2InstanceSourceVpc", String, OfSession, Sometimes),
		// Works with numeric operators as well.
		single("aws:EpochTime", Date, OfRequest, Always),
		// An ARN where the provider is none of those that AWS knows by name.
		single("aws:FederatedProvider", String, OfSession, Sometimes),
		single("aws:IsMcpServiceAction", Bool, OfRequest, Sometimes),
		single("aws:MultiFactorAuthAge", Numeric, OfSession, WithTemporaryCredentials),
		single("aws:MultiFactorAuthPresent", Bool, OfSession, WithTemporaryCredentials),
		// "anonymous" in an anonymous request.
		sensitive("aws:PrincipalAccount", OfPrincipal, Always),
		single("aws:PrincipalArn", ARN, OfPrincipal, WhenSigned),
		single("aws:PrincipalIsAWSService", Bool, OfPrincipal, WhenSigned),
		sensitive("aws:PrincipalOrgID", OfPrincipal, InOrganization),
		many("aws:PrincipalOrgPaths", String, OfPrincipal, InOrganization),
		single("aws:PrincipalServiceName", String, OfPrincipal, FromService),
		many("aws:PrincipalServiceNamesList", String, OfPrincipal, FromService),
		single("aws:PrincipalTag/${TagKey}", String, OfPrincipal, Sometimes),
		single("aws:PrincipalType", String, OfPrincipal, Always),
		single("aws:referer", String, OfRequest, Sometimes),
		single("aws:RequestedRegion", String, OfRequest, Always),
		single("aws:RequestTag/${TagKey}", String, OfRequest, Sometimes),
		// All of ebs and some actions that take part of another account lack it.
		sensitive("aws:ResourceAccount", OfResource, MostlyThere),
		sensitive("aws:ResourceOrgID", OfResource, InOrganization),
		many("aws:ResourceOrgPaths", String, OfResource, InOrganization),
		single("aws:ResourceTag/${TagKey}", String, OfResource, Sometimes),
		single("aws:SecureTransport", Bool, OfRequest, Always),
		single("aws:SignInSessionArn", ARN, OfSession, Sometimes),
		sensitive("aws:SourceAccount", OfRequest, FromService),
		single("aws:SourceArn", ARN, OfRequest, FromService),
		single("aws:SourceIdentity", String, OfSession, Sometimes),
		single("aws:SourceIp", IPAddress, OfNetwork, OutsideEndpoint),
		sensitive("aws:SourceOrgID", OfRequest, FromService),
		many("aws:SourceOrgPaths", String, OfRequest, FromService),
		single("aws:SourceOwner", String, OfRequest, Sometimes),
		sensitive("aws:SourceVpc", OfNetwork, ThroughEndpoint),
		// This key and those on the owner of an endpoint only in some services.
		single("aws:SourceVpcArn", ARN, OfNetwork, ThroughEndpoint),
		sensitive("aws:SourceVpce", OfNetwork, ThroughEndpoint),
		many("aws:TagKeys", String, OfRequest, Sometimes),
		single("aws:TokenIssueTime", Date, OfSession, WithTemporaryCredentials),
		single("aws:UserAgent", String, OfRequest, Always),
		single("aws:userid", String, OfPrincipal, Always),
		single("aws:username", String, OfPrincipal, Sometimes),
		single("aws:ViaAWSMCPService", Bool, OfRequest, Sometimes),
		single("aws:ViaAWSService", Bool, OfRequest, Always),
		sensitive("aws:VpceAccount", OfNetwork, ThroughEndpoint),
		sensitive("aws:VpceOrgID", OfNetwork, ThroughEndpoint),
		many("aws:VpceOrgPaths", String, OfNetwork, ThroughEndpoint),
		single("aws:VpcSourceIp", IPAddress, OfNetwork, ThroughEndpoint),
		single("codebuild:BuildArn", ARN, OfSession, Sometimes),
		single("codebuild:ProjectArn", ARN, OfSession, Sometimes),
		single("ec2:RoleDelivery", Numeric, OfSession, Sometimes),
		single("ec2:SourceInstanceArn", ARN, OfSession, Sometimes),
		single("glue:CredentialIssuingService", String, OfSession, Sometimes),
		single("glue:RoleAssumedBy", String, OfSession, Sometimes),
		single("identitystore:UserId", String, OfSession, Sometimes),
		single("lambda:SourceFunctionArn", ARN, OfSession, Sometimes),
		single("ssm:SourceInstanceArn", ARN, OfSession, Sometimes),
	}}
	for _, k := range g.keys {
		if _, _, ok := variable(k.Name); ok {
			g.tagged = append(g.tagged, k)
		}
	}
	return g
}
