package iam

import "strings"

// otherNames are the parameters, in lower case, that stand for a variable of a
// service's ARNs where the two have different names. From the requests of the
// services' API references, read 2026-11-24.
func otherNames(service, variable string) []string {
	switch service + ":" + variable {
	case "s3:bucketname", "s3express:bucketname":
		return []string{"bucket"}
	case "s3:objectname":
		return []string{"key"}
	case "dynamodb:tablename":
		return []string{"requestitems", "sourcetablename", "targettablename"}
	case "sqs:queuename":
		return []string{"queueurl"}
	case "sns:topicname", "eks:clustername", "states:statemachinename", "codebuild:projectname", "glue:tablename":
		return []string{"name"}
	case "ssm:parameternamewithoutleadingslash":
		return []string{"name", "names", "path"}
	case "secretsmanager:secretid":
		return []string{"name"}
	case "iam:rolenamewithpath":
		return []string{"rolename"}
	case "iam:usernamewithpath":
		return []string{"username"}
	case "iam:groupnamewithpath":
		return []string{"groupname"}
	case "iam:policynamewithpath":
		return []string{"policyname"}
	case "iam:instanceprofilenamewithpath":
		return []string{"instanceprofilename"}
	case "ecs:clustername":
		return []string{"cluster", "clusters"}
	case "ecs:servicename":
		return []string{"service", "services"}
	case "ecs:taskdefinitionfamilyname":
		return []string{"taskdefinition", "family"}
	case "ecs:taskdefinitionrevisionnumber":
		return []string{"taskdefinition"}
	case "ec2:securitygroupid":
		return []string{"groupid", "securitygroupids", "groupids"}
	case "ec2:keypairname":
		return []string{"keyname", "keynames"}
	case "events:rulename":
		return []string{"name", "rule"}
	case "autoscaling:groupfriendlyname":
		return []string{"autoscalinggroupname", "autoscalinggroupnames"}
	case "rds:dbinstancename":
		return []string{"dbinstanceidentifier"}
	case "rds:dbclusterinstancename":
		return []string{"dbclusteridentifier"}
	case "rds:snapshotname":
		return []string{"dbsnapshotidentifier"}
	case "rds:clustersnapshotname":
		return []string{"dbclustersnapshotidentifier"}
	case "rds:subnetgroupname":
		return []string{"dbsubnetgroupname"}
	case "rds:parametergroupname":
		return []string{"dbparametergroupname"}
	case "route53:id":
		return []string{"hostedzoneid"}
	case "cloudfront:distributionid":
		return []string{"distributionid", "id"}
	case "logs:loggroupname":
		return []string{"loggroupidentifier", "loggroupidentifiers"}
	}
	return nil
}

// special makes the resources of services whose calls do not fit the patterns of
// their types.
func (f *filler) special() ([]string, bool) {
	switch f.service.Prefix {
	case "apigateway":
		// A resource is the path of the API, and a call is about what lies below it.
		// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-create-and-manage-api.html, read 2026-11-24
		var out []string
		for _, p := range [...]struct{ parameter, path string }{{"restapiid", "restapis"}, {"apiid", "apis"}} {
			for _, id := range f.call.Parameters[p.parameter] {
				base := f.pattern("arn:${Partition}:apigateway:${Region}::/") + p.path + "/" + literalResource(id)
				out = append(out, base, base+"/*")
				f.out.widened = true
			}
		}
		return out, out != nil
	case "ec2":
		if f.action.Name != "CreateTags" && f.action.Name != "DeleteTags" {
			return nil, false
		}
		var out []string
		for _, name := range [...]string{"resourceid", "resourcesset", "resources", "resourceids"} {
			for _, id := range f.call.Parameters[name] {
				if t := ec2Type(id); t != "" {
					out = append(out, f.pattern("arn:${Partition}:ec2:${Region}:"+ec2Account(t)+":")+t+"/"+literalResource(id))
				}
			}
		}
		return out, out != nil
	}
	return nil, false
}

// ec2Account is empty for what AWS's ARNs give no account.
func ec2Account(resourceType string) string {
	if resourceType == "image" || resourceType == "snapshot" {
		return ""
	}
	return "${Account}"
}

// ec2Type is the type that an id's prefix tells, "" for one that is not listed.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html, read 2026-11-24
func ec2Type(id string) string {
	prefix, _, _ := strings.Cut(id, "-")
	switch prefix {
	case "i":
		return "instance"
	case "vol":
		return "volume"
	case "ami":
		return "image"
	case "snap":
		return "snapshot"
	case "sg":
		return "security-group"
	case "subnet":
		return "subnet"
	case "vpc":
		return "vpc"
	case "eni":
		return "network-interface"
	case "igw":
		return "internet-gateway"
	case "rtb":
		return "route-table"
	case "acl":
		return "network-acl"
	case "nat":
		return "natgateway"
	case "eipalloc":
		return "elastic-ip"
	case "lt":
		return "launch-template"
	case "vpce":
		return "vpc-endpoint"
	case "tgw":
		return "transit-gateway"
	case "pcx":
		return "vpc-peering-connection"
	}
	return ""
}
