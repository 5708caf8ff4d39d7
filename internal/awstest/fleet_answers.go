package awstest

import (
	"fmt"
	"strings"
)

// answers are what the accounts of a fleet have, by call.
func (f Fleet) answers() map[string]func(place, *Call) any {
	one := func(member string, item func(place) any) func(place, *Call) any {
		return func(p place, _ *Call) any { return map[string]any{member: []any{item(p)}} }
	}
	each := func(member string, item func(place, int) any) func(place, *Call) any {
		return func(p place, _ *Call) any {
			return map[string]any{member: p.each(func(i int) any { return item(p, i) })}
		}
	}
	return map[string]func(place, *Call) any{
		"iam:GetAccountAuthorizationDetails": fleetAuthorization,
		"iam:ListRoles":                      func(p place, _ *Call) any { return map[string]any{"Roles": p.roles(false)} },
		"iam:ListUsers":                      one("Users", func(p place) any { return p.user() }),
		"iam:ListPolicies": func(p place, c *Call) any {
			return map[string]any{"Policies": p.policies(c.Text("Scope") == "AWS", false)}
		},
		"iam:GetPolicyVersion": func(p place, c *Call) any {
			return map[string]any{"PolicyVersion": map[string]any{"VersionId": or(c.Text("VersionId"), "v1"), "IsDefaultVersion": true, "Document": allow("s3:GetObject", "*"), "CreateDate": fleetDate}}
		},
		"iam:GetCredentialReport": fleetReport,

		"s3:ListBuckets": fleetBuckets,
		"s3:GetBucketTagging": func(place, *Call) any {
			return map[string]any{"TagSet": []any{map[string]any{"Key": "env", "Value": "test"}}}
		},

		"ec2:DescribeVpcs":              one("Vpcs", place.vpc),
		"ec2:DescribeSubnets":           func(p place, _ *Call) any { return map[string]any{"Subnets": p.subnets()} },
		"ec2:DescribeInternetGateways":  one("InternetGateways", place.gateway),
		"ec2:DescribeRouteTables":       one("RouteTables", place.routeTable),
		"ec2:DescribeNetworkAcls":       one("NetworkAcls", place.acl),
		"ec2:DescribeDhcpOptions":       one("DhcpOptions", func(p place) any { return map[string]any{"DhcpOptionsId": p.id("dopt", 0), "OwnerId": p.account} }),
		"ec2:DescribeSecurityGroups":    func(p place, _ *Call) any { return map[string]any{"SecurityGroups": p.securityGroups()} },
		"ec2:DescribeInstances":         func(p place, _ *Call) any { return map[string]any{"Reservations": p.each(p.reservation)} },
		"ec2:DescribeVolumes":           each("Volumes", place.volume),
		"ec2:DescribeNetworkInterfaces": each("NetworkInterfaces", place.networkInterface),

		"lambda:ListFunctions": each("Functions", func(p place, i int) any {
			name := fmt.Sprintf("function-%d", i)
			return map[string]any{"FunctionName": name, "FunctionArn": p.arn("lambda", "function:"+name), "Runtime": "python3.13", "Role": p.roleARN(0), "LastModified": "2026-01-02T03:04:05.000+0000", "PackageType": "Zip"}
		}),
		"sqs:ListQueues": each("QueueUrls", place.queue),
		"sqs:GetQueueAttributes": func(p place, c *Call) any {
			url := c.Text("QueueUrl")
			return map[string]any{"Attributes": map[string]any{"QueueArn": p.arn("sqs", url[strings.LastIndexByte(url, '/')+1:]), "SqsManagedSseEnabled": true}}
		},
		"sns:ListTopics": each("Topics", func(p place, i int) any { return map[string]any{"TopicArn": p.arn("sns", fmt.Sprintf("topic-%d", i))} }),
		"sns:GetTopicAttributes": func(_ place, c *Call) any {
			return map[string]any{"Attributes": map[string]any{"TopicArn": c.Text("TopicArn")}}
		},
		"cloudwatchlogs:DescribeLogGroups": each("logGroups", func(p place, i int) any {
			name := fmt.Sprintf("/aws/lambda/function-%d", i)
			return map[string]any{"logGroupName": name, "arn": p.arn("logs", "log-group:"+name+":*"), "creationTime": 1767323045000, "storedBytes": 0}
		}),
		"kms:ListKeys": each("Keys", func(p place, i int) any {
			return map[string]any{"KeyId": p.id("key", i), "KeyArn": p.arn("kms", "key/"+p.id("key", i))}
		}),
		"kms:DescribeKey": fleetKey,
		"kms:GetKeyRotationStatus": func(_ place, c *Call) any {
			return map[string]any{"KeyId": c.Text("KeyId"), "KeyRotationEnabled": true}
		},
		"kms:GetKeyPolicy": func(p place, c *Call) any {
			policy := allow("kms:*", "*")
			policy["Statement"].([]any)[0].(map[string]any)["Principal"] = map[string]any{"AWS": fmt.Sprintf("arn:aws:iam::%s:root", p.account)}
			return map[string]any{"Policy": policy, "PolicyName": "default"}
		},
		"dynamodb:ListTables": each("TableNames", func(_ place, i int) any { return fmt.Sprintf("table-%d", i) }),
		"dynamodb:DescribeTable": func(p place, c *Call) any {
			return map[string]any{"Table": map[string]any{"TableName": c.Text("TableName"), "TableArn": p.arn("dynamodb", "table/"+c.Text("TableName")), "TableStatus": "ACTIVE", "DeletionProtectionEnabled": false}}
		},
		"secretsmanager:ListSecrets": each("SecretList", func(p place, i int) any {
			name := fmt.Sprintf("secret-%d", i)
			return map[string]any{"Name": name, "ARN": p.arn("secretsmanager", "secret:"+name+"-abcdef"), "RotationEnabled": false, "CreatedDate": fleetDate}
		}),
		"cloudtrail:DescribeTrails": func(p place, _ *Call) any { return map[string]any{"trailList": []any{p.trail()}} },
		"cloudtrail:GetTrailStatus": func(place, *Call) any { return map[string]any{"IsLogging": true} },
	}
}

const fleetDate = "2026-01-02T03:04:05Z"

func (p place) roleARN(i int) string {
	return fmt.Sprintf("arn:aws:iam::%s:role/%s", p.account, p.roleName(i))
}

func (p place) roleName(i int) string {
	if i == 0 {
		return FleetRole
	}
	return fmt.Sprintf("role-%d", i)
}

// roles are one more than Items; details are as GetAccountAuthorizationDetails has them.
func (p place) roles(details bool) []any {
	var out []any
	for i := range p.f.Items + 1 {
		trust := allow("sts:AssumeRole", nil)
		st := trust["Statement"].([]any)[0].(map[string]any)
		delete(st, "Resource")
		st["Principal"] = map[string]any{"AWS": fmt.Sprintf("arn:aws:iam::%s:root", Management)}
		r := map[string]any{"RoleName": p.roleName(i), "RoleId": p.id("AROA", i), "Arn": p.roleARN(i), "Path": "/", "CreateDate": fleetDate, "AssumeRolePolicyDocument": trust}
		if details {
			r["AttachedManagedPolicies"] = []any{map[string]any{"PolicyName": "policy-0", "PolicyArn": p.policyARN(0)}}
			r["RolePolicyList"], r["InstanceProfileList"], r["Tags"] = []any{}, []any{}, []any{}
		}
		out = append(out, r)
	}
	return out
}

func (p place) user() map[string]any {
	return map[string]any{"UserName": "deploy", "UserId": p.id("AIDA", 0), "Arn": fmt.Sprintf("arn:aws:iam::%s:user/deploy", p.account), "Path": "/", "CreateDate": fleetDate}
}

func (p place) policyARN(i int) string {
	return fmt.Sprintf("arn:aws:iam::%s:policy/policy-%d", p.account, i)
}

func (p place) policies(aws, details bool) []any {
	out := []any{}
	if aws {
		return out
	}
	for i := range p.f.Items {
		e := map[string]any{"PolicyName": fmt.Sprintf("policy-%d", i), "PolicyId": p.id("ANPA", i), "Arn": p.policyARN(i), "Path": "/", "DefaultVersionId": "v1", "AttachmentCount": 1, "IsAttachable": true, "CreateDate": fleetDate, "UpdateDate": fleetDate}
		if details {
			e["PolicyVersionList"] = []any{map[string]any{"VersionId": "v1", "IsDefaultVersion": true, "Document": allow("s3:GetObject", "*"), "CreateDate": fleetDate}}
		}
		out = append(out, e)
	}
	return out
}

func fleetAuthorization(p place, c *Call) any {
	wanted := func(kind string) bool {
		filter := c.Texts("Filter")
		for _, f := range filter {
			if f == kind {
				return true
			}
		}
		return len(filter) == 0
	}
	out := map[string]any{}
	if wanted("User") {
		u := p.user()
		u["UserPolicyList"], u["GroupList"], u["AttachedManagedPolicies"], u["Tags"] = []any{}, []any{}, []any{}, []any{}
		out["UserDetailList"] = []any{u}
	}
	if wanted("Role") {
		out["RoleDetailList"] = p.roles(true)
	}
	if wanted("LocalManagedPolicy") {
		out["Policies"] = p.policies(false, true)
	}
	return out
}

func fleetReport(p place, c *Call) any {
	root, _ := credentialReport(c)
	report := root.(map[string]any)
	user := fmt.Sprintf("\ndeploy,arn:aws:iam::%s:user/deploy,2026-01-02T03:04:05+00:00,false,N/A,N/A,N/A,false,true,2026-01-02T03:04:05+00:00,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A", p.account)
	report["Content"] = append(report["Content"].([]byte), user...)
	return report
}

func fleetBuckets(p place, _ *Call) any {
	var out []any
	for _, r := range p.f.regions() {
		at := place{p.f, p.account, r}
		out = append(out, at.each(func(i int) any {
			return map[string]any{"Name": fmt.Sprintf("bucket-%s-%s-%d", p.account, r, i), "BucketRegion": r, "CreationDate": fleetDate}
		})...)
	}
	return map[string]any{"Buckets": out, "Owner": map[string]any{"ID": p.id("owner", 0)}}
}

func (p place) vpc() any {
	return map[string]any{"VpcId": p.id("vpc", 0), "OwnerId": p.account, "CidrBlock": "172.31.0.0/16", "IsDefault": true, "State": "available", "DhcpOptionsId": p.id("dopt", 0), "InstanceTenancy": "default",
		"CidrBlockAssociationSet": []any{map[string]any{"CidrBlock": "172.31.0.0/16", "AssociationId": p.id("vpc-cidr-assoc", 0), "CidrBlockState": map[string]any{"State": "associated"}}}}
}

func (p place) subnets() []any {
	var out []any
	for i, zone := range []string{"a", "b", "c"} {
		out = append(out, map[string]any{"SubnetId": p.id("subnet", i), "SubnetArn": p.arn("ec2", "subnet/"+p.id("subnet", i)), "VpcId": p.id("vpc", 0), "OwnerId": p.account,
			"CidrBlock": fmt.Sprintf("172.31.%d.0/20", i*16), "AvailabilityZone": string(p.region) + zone, "DefaultForAz": true, "MapPublicIpOnLaunch": true, "State": "available"})
	}
	return out
}

func (p place) gateway() any {
	return map[string]any{"InternetGatewayId": p.id("igw", 0), "OwnerId": p.account, "Attachments": []any{map[string]any{"VpcId": p.id("vpc", 0), "State": "available"}}}
}

func (p place) routeTable() any {
	return map[string]any{"RouteTableId": p.id("rtb", 0), "VpcId": p.id("vpc", 0), "OwnerId": p.account,
		"Associations": []any{map[string]any{"RouteTableAssociationId": p.id("rtbassoc", 0), "RouteTableId": p.id("rtb", 0), "Main": true, "AssociationState": map[string]any{"State": "associated"}}},
		"Routes": []any{
			map[string]any{"DestinationCidrBlock": "172.31.0.0/16", "GatewayId": "local", "State": "active", "Origin": "CreateRouteTable"},
			map[string]any{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": p.id("igw", 0), "State": "active", "Origin": "CreateRoute"},
		}}
}

func (p place) acl() any {
	var entries, associations []any
	for _, egress := range []bool{true, false} {
		entries = append(entries,
			map[string]any{"CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "allow", "RuleNumber": 100},
			map[string]any{"CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 32767})
	}
	for i := range 3 {
		associations = append(associations, map[string]any{"NetworkAclAssociationId": p.id("aclassoc", i), "NetworkAclId": p.id("acl", 0), "SubnetId": p.id("subnet", i)})
	}
	return map[string]any{"NetworkAclId": p.id("acl", 0), "VpcId": p.id("vpc", 0), "OwnerId": p.account, "IsDefault": true, "Entries": entries, "Associations": associations}
}

func (p place) securityGroups() []any {
	anywhere := []any{map[string]any{"CidrIp": "0.0.0.0/0"}}
	group := func(name, id string, ingress map[string]any) map[string]any {
		return map[string]any{"GroupId": id, "GroupName": name, "Description": name, "VpcId": p.id("vpc", 0), "OwnerId": p.account, "SecurityGroupArn": p.arn("ec2", "security-group/"+id),
			"IpPermissions": []any{ingress}, "IpPermissionsEgress": []any{map[string]any{"IpProtocol": "-1", "IpRanges": anywhere}}}
	}
	out := []any{group("default", p.id("sg", -1), map[string]any{"IpProtocol": "-1", "UserIdGroupPairs": []any{map[string]any{"GroupId": p.id("sg", -1), "UserId": p.account}}})}
	return append(out, p.each(func(i int) any {
		return group(fmt.Sprintf("web-%d", i), p.id("sg", i), map[string]any{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": anywhere})
	})...)
}

func (p place) reservation(i int) any {
	instance := map[string]any{"InstanceId": p.id("i", i), "ImageId": "ami-00000000000000001", "InstanceType": "t3.micro", "State": map[string]any{"Name": "running", "Code": 16},
		"VpcId": p.id("vpc", 0), "SubnetId": p.id("subnet", i%3), "PrivateIpAddress": fmt.Sprintf("172.31.0.%d", 10+i), "LaunchTime": fleetDate,
		"SecurityGroups":      []any{map[string]any{"GroupId": p.id("sg", i), "GroupName": fmt.Sprintf("web-%d", i)}},
		"MetadataOptions":     map[string]any{"HttpTokens": "required", "HttpEndpoint": "enabled", "State": "applied"},
		"BlockDeviceMappings": []any{map[string]any{"DeviceName": "/dev/sda1", "Ebs": map[string]any{"VolumeId": p.id("vol", i), "Status": "attached", "DeleteOnTermination": true}}},
		"NetworkInterfaces":   []any{map[string]any{"NetworkInterfaceId": p.id("eni", i), "SubnetId": p.id("subnet", i%3), "VpcId": p.id("vpc", 0)}},
	}
	return map[string]any{"ReservationId": p.id("r", i), "OwnerId": p.account, "Instances": []any{instance}}
}

func (p place) volume(i int) any {
	return map[string]any{"VolumeId": p.id("vol", i), "Size": 8, "Encrypted": i%2 == 0, "State": "in-use", "VolumeType": "gp3", "AvailabilityZone": string(p.region) + "a", "CreateTime": fleetDate,
		"Attachments": []any{map[string]any{"InstanceId": p.id("i", i), "VolumeId": p.id("vol", i), "Device": "/dev/sda1", "State": "attached"}}}
}

func (p place) networkInterface(i int) any {
	return map[string]any{"NetworkInterfaceId": p.id("eni", i), "VpcId": p.id("vpc", 0), "SubnetId": p.id("subnet", i%3), "OwnerId": p.account, "Status": "in-use", "InterfaceType": "interface",
		"PrivateIpAddress": fmt.Sprintf("172.31.0.%d", 10+i), "Groups": []any{map[string]any{"GroupId": p.id("sg", i), "GroupName": fmt.Sprintf("web-%d", i)}},
		"Attachment": map[string]any{"InstanceId": p.id("i", i), "AttachmentId": p.id("eni-attach", i), "Status": "attached", "DeviceIndex": 0}}
}

func (p place) queue(i int) any {
	return fmt.Sprintf("https://sqs.%s.amazonaws.com/%s/queue-%d", p.region, p.account, i)
}

func fleetKey(p place, c *Call) any {
	id := c.Text("KeyId")
	id = id[strings.LastIndexByte(id, '/')+1:]
	return map[string]any{"KeyMetadata": map[string]any{"KeyId": id, "Arn": p.arn("kms", "key/"+id), "AWSAccountId": p.account, "CreationDate": fleetDate, "Enabled": true,
		"KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS", "MultiRegion": false}}
}

func (p place) trail() any {
	return map[string]any{"Name": "organization", "TrailARN": fmt.Sprintf("arn:aws:cloudtrail:us-east-1:%s:trail/organization", Management), "HomeRegion": "us-east-1", "S3BucketName": "trail-logs",
		"IsMultiRegionTrail": true, "IsOrganizationTrail": true, "IncludeGlobalServiceEvents": true, "LogFileValidationEnabled": true, "HasCustomEventSelectors": false, "HasInsightSelectors": false}
}
