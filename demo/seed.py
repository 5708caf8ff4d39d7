#!/usr/bin/env python3
"""Fills an emulated AWS (moto) with the organization of `merlon demo`.

    python3 seed.py --endpoint http://127.0.0.1:5000 --labels labels.jsonl

Three accounts: the management account, one for logs and security, and the
production account with its products in three regions. Each kind of mistake is
made on one resource and avoided on its twin; labels.jsonl says which is which:

    {"alias": "prowler/…", "good": [name, …], "bad": [name, …], "type": …, "region": …}

The alias is the check's id in another tool, which controls carry. --copies
repeats the products, for a larger organization. The emulator must be fresh; its
random ids are seeded, so that the same organization comes out each time. boto3
comes with moto.
"""

import argparse
import io
import json
import urllib.request
import zipfile

import boto3
from botocore.config import Config

REGIONS = ["eu-central-1", "eu-west-1", "us-east-1"]
PRODUCTS = ["checkout", "ledger", "search", "media", "billing", "fraud", "notify", "catalog"]
BLOCK = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal, **more):
    return policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


class Account:
    """One account: clients by service and region, and the labels it adds to."""

    def __init__(self, args, labels, account=None):
        self.args, self.labels, self.clients = args, labels, {}
        self.keys = dict(aws_access_key_id="test", aws_secret_access_key="test")
        if account:
            got = self.aws("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole", RoleSessionName="seed")["Credentials"]
            self.clients = {}
            self.keys = dict(aws_access_key_id=got["AccessKeyId"], aws_secret_access_key=got["SecretAccessKey"], aws_session_token=got["SessionToken"])
        self.id = self.aws("sts").get_caller_identity()["Account"]

    def aws(self, service, region="us-east-1"):
        key = (service, region)
        if key not in self.clients:
            self.clients[key] = boto3.client(
                service, region_name=region, endpoint_url=self.args.endpoint,
                config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}), **self.keys)
        return self.clients[key]

    def label(self, alias, good, bad, region=""):
        """Says that the control of an alias passes the good names and fails the bad ones."""
        as_list = lambda x: [x] if isinstance(x, str) else x
        self.labels.append({"alias": "prowler/" + alias, "account": self.id, "region": region, "good": as_list(good), "bad": as_list(bad)})


class Production:
    """The products of the production account in one region."""

    def __init__(self, account, region, copies):
        self.a, self.region, self.copies = account, region, copies
        names = "ec2 s3 rds kms lambda sqs sns secretsmanager dynamodb efs ecr logs elbv2 ssm acm apigateway apigatewayv2 wafv2 s3control".split()
        self.c = {n: account.aws(n, region) for n in names}
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as z:
            z.writestr("main.py", "def handler(event, context):\n    return 1\n")
        self.code = code.getvalue()

    def name(self, product, word):
        return f"{product}-{word}-{self.region}"

    def run(self):
        self.network()
        self.firewalls()
        for i in range(self.copies):
            product = PRODUCTS[i % len(PRODUCTS)] + ("" if i < len(PRODUCTS) else str(i // len(PRODUCTS)))
            for kind in (self.buckets, self.groups, self.compute, self.databases, self.keys, self.messages,
                         self.functions, self.storage, self.logs, self.balancers, self.apis, self.doors):
                kind(product, i)

    def network(self):
        ec2 = self.c["ec2"]
        number = REGIONS.index(self.region)
        self.vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "production"}]}])["Vpc"]["VpcId"]
        self.bare = ec2.create_vpc(CidrBlock=f"10.{number + 100}.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "experiments"}]}])["Vpc"]["VpcId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        public = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=public, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        self.subnets = []
        for i, zone in enumerate("ababab"):
            subnet = ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.{number}.{i * 16}.0/20", AvailabilityZone=self.region + zone)["Subnet"]["SubnetId"]
            self.subnets.append(subnet)
            if i < 2:
                ec2.associate_route_table(RouteTableId=public, SubnetId=subnet)
        role = f"arn:aws:iam::{self.a.id}:role/flow-logs"
        self.c["logs"].create_log_group(logGroupName="/vpc/flow")
        self.c["logs"].put_retention_policy(logGroupName="/vpc/flow", retentionInDays=400)
        ec2.create_flow_logs(ResourceIds=[self.vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName="/vpc/flow", DeliverLogsPermissionArn=role)
        self.a.label("vpc_flow_logs_enabled", self.vpc, self.bare, self.region)
        # The default groups: AWS's own lets its members talk; the hardened one has no rule.
        default = {}
        for vpc in (self.vpc, self.bare):
            default[vpc] = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}])["SecurityGroups"][0]
        group = default[self.vpc]
        if group["IpPermissions"]:
            ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
        if group["IpPermissionsEgress"]:
            ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
        self.a.label("ec2_securitygroup_default_restrict_traffic", group["GroupId"], default[self.bare]["GroupId"], self.region)
        self.image = ec2.register_image(Name="golden", RootDeviceName="/dev/sda1")["ImageId"]
        self.certificate = self.c["acm"].request_certificate(DomainName="shop.example.com", ValidationMethod="DNS")["CertificateArn"]
        self.c["rds"].create_db_subnet_group(DBSubnetGroupName="private", DBSubnetGroupDescription="private subnets", SubnetIds=self.subnets[2:])

    def bucket(self, name):
        where = {} if self.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        self.c["s3"].create_bucket(Bucket=name, **where)

    def buckets(self, product, i):
        s3 = self.c["s3"]
        good, bad = f"acme-{self.name(product, 'archive')}", f"acme-{self.name(product, 'uploads')}"
        for name in (good, bad):
            self.bucket(name)
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "product", "Value": product}, {"Key": "data", "Value": "customer"}]})
        s3.put_public_access_block(Bucket=good, PublicAccessBlockConfiguration={k: True for k in BLOCK})
        s3.put_public_access_block(Bucket=bad, PublicAccessBlockConfiguration={k: k != BLOCK[i % 4] for k in BLOCK})
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
        s3.put_bucket_policy(Bucket=good, Policy=policy({**deny, "Resource": [f"arn:aws:s3:::{good}", f"arn:aws:s3:::{good}/*"]}))
        # The usual mistake: the bucket itself is forgotten.
        s3.put_bucket_policy(Bucket=bad, Policy=policy({**deny, "Resource": f"arn:aws:s3:::{bad}/*"}))
        s3.put_bucket_versioning(Bucket=good, VersioningConfiguration={"Status": "Enabled"})
        arns = [f"arn:aws:s3:::{good}", f"arn:aws:s3:::{bad}"]
        for alias in ("s3_bucket_level_public_access_block", "s3_bucket_secure_transport_policy", "s3_bucket_object_versioning"):
            self.a.label(alias, arns[0], arns[1], self.region)

    def groups(self, product, i):
        ec2 = self.c["ec2"]
        ids = []
        for word in ("web", "bastion"):
            g = ec2.create_security_group(GroupName=self.name(product, word), Description=f"{product} {word}", VpcId=self.vpc)["GroupId"]
            ids.append(g)
        ec2.authorize_security_group_ingress(GroupId=ids[0], IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
        open_to = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]} if i % 2 == 0 else {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
        ec2.authorize_security_group_ingress(GroupId=ids[1], IpPermissions=[{"IpProtocol": "tcp", "FromPort": 20, "ToPort": 25, **open_to}])
        self.web, self.bastion = ids
        self.a.label("ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22", ids[0], ids[1], self.region)
        acls = []
        for word in ("inside", "outside"):
            acl = ec2.create_network_acl(VpcId=self.vpc, TagSpecifications=[{"ResourceType": "network-acl", "Tags": [{"Key": "Name", "Value": f"{product}-{word}"}]}])["NetworkAcl"]["NetworkAclId"]
            acls.append(acl)
            # An ACL that guards no subnet says nothing about the network.
            subnet = ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.{REGIONS.index(self.region)}.{128 + 2 * i + (word == 'outside')}.0/24", AvailabilityZone=self.region + "a")["Subnet"]["SubnetId"]
            for found in ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])["NetworkAcls"]:
                for association in found["Associations"]:
                    if association["SubnetId"] == subnet:
                        ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)
        ec2.create_network_acl_entry(NetworkAclId=acls[0], RuleNumber=100, Protocol="6", RuleAction="allow", Egress=False, CidrBlock="10.0.0.0/8", PortRange={"From": 22, "To": 22})
        ec2.create_network_acl_entry(NetworkAclId=acls[1], RuleNumber=100, Protocol="6", RuleAction="allow", Egress=False, CidrBlock="0.0.0.0/0", PortRange={"From": 22, "To": 22})
        self.a.label("ec2_networkacl_allow_ingress_tcp_port_22", acls[0], acls[1], self.region)

    def compute(self, product, i):
        ec2 = self.c["ec2"]
        ids = []
        for word, tokens, group, subnet in (("api", "required", self.web, self.subnets[2]), ("bastion", "optional", self.bastion, self.subnets[0])):
            ids.append(ec2.run_instances(
                ImageId=self.image, InstanceType="t3.small", MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group],
                MetadataOptions={"HttpTokens": tokens, "HttpEndpoint": "enabled"},
                TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": f"{product}-{word}"}, {"Key": "product", "Value": product}]}],
            )["Instances"][0]["InstanceId"])
        self.a.label("ec2_instance_imdsv2_enabled", ids[0], ids[1], self.region)
        volumes = [ec2.create_volume(AvailabilityZone=self.region + "a", Size=20, Encrypted=e, TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": f"{product}-{w}"}]}])["VolumeId"]
                   for e, w in ((True, "data"), (False, "scratch"))]
        self.a.label("ec2_ebs_volume_encryption", volumes[0], volumes[1], self.region)

    def databases(self, product, i):
        rds = self.c["rds"]
        arns = []
        for word, good in (("main", True), ("reports", False)):
            arns.append(rds.create_db_instance(
                DBInstanceIdentifier=f"{product}-{word}", DBInstanceClass="db.t3.medium", Engine="postgres", AllocatedStorage=50, MasterUsername="owner", MasterUserPassword="not-a-secret-1",
                DBSubnetGroupName="private", StorageEncrypted=good, PubliclyAccessible=not good, AutoMinorVersionUpgrade=good, MultiAZ=good, DeletionProtection=good,
                BackupRetentionPeriod=14 if good else 0, Tags=[{"Key": "product", "Value": product}])["DBInstance"]["DBInstanceArn"])
        for alias in ("rds_instance_storage_encrypted", "rds_instance_minor_version_upgrade_enabled", "rds_instance_multi_az", "rds_instance_deletion_protection", "rds_instance_backup_enabled"):
            self.a.label(alias, arns[0], arns[1], self.region)
        tables = [self.c["dynamodb"].create_table(
            TableName=f"{product}-{word}", AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST")["TableDescription"]["TableArn"] for word in ("orders", "sessions")]
        self.c["dynamodb"].update_continuous_backups(TableName=f"{product}-orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
        self.a.label("dynamodb_tables_pitr_enabled", tables[0], tables[1], self.region)

    def keys(self, product, i):
        kms = self.c["kms"]
        keys = [kms.create_key(Description=f"{product} {word}", Tags=[{"TagKey": "product", "TagValue": product}])["KeyMetadata"] for word in ("data", "old")]
        kms.enable_key_rotation(KeyId=keys[0]["KeyId"])
        kms.create_alias(AliasName=f"alias/{product}", TargetKeyId=keys[0]["KeyId"])
        self.key = keys[0]["Arn"]
        self.a.label("kms_cmk_rotation_enabled", keys[0]["Arn"], keys[1]["Arn"], self.region)
        sm = self.c["secretsmanager"]
        for word in ("db-password", "partner-token"):
            sm.create_secret(Name=f"{product}/{word}", SecretString="not-a-secret", KmsKeyId=self.key)
        self.c["ssm"].put_parameter(Name=f"/{product}/url", Value="https://example.com", Type="String")

    def messages(self, product, i):
        sqs, sns = self.c["sqs"], self.c["sns"]
        arns = []
        for word in ("jobs", "inbox"):
            url = sqs.create_queue(QueueName=f"{product}-{word}")["QueueUrl"]
            arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            arns.append(arn)
            who = {"AWS": f"arn:aws:iam::{self.a.id}:root"} if word == "jobs" else "*"
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy({"Effect": "Allow", "Principal": who, "Action": "sqs:SendMessage", "Resource": arn}),
                                                               "SqsManagedSseEnabled": "true" if word == "jobs" else "false"})
        self.a.label("sqs_queues_not_publicly_accessible", arns[0], arns[1], self.region)
        self.a.label("sqs_queues_server_side_encryption_enabled", arns[0], arns[1], self.region)
        topics = []
        for word in ("events", "public-feed"):
            topics.append(sns.create_topic(Name=f"{product}-{word}", Attributes={"KmsMasterKeyId": self.key} if word == "events" else {})["TopicArn"])
        sns.set_topic_attributes(TopicArn=topics[1], AttributeName="Policy", AttributeValue=policy({"Effect": "Allow", "Principal": "*", "Action": "sns:Subscribe", "Resource": topics[1]}))
        self.a.label("sns_topics_not_publicly_accessible", topics[0], topics[1], self.region)
        self.a.label("sns_topics_kms_encryption_at_rest_enabled", topics[0], topics[1], self.region)

    def functions(self, product, i):
        fn = self.c["lambda"]
        arns = []
        for word in ("worker", "webhook"):
            arns.append(fn.create_function(FunctionName=f"{product}-{word}", Runtime="python3.12", Role=f"arn:aws:iam::{self.a.id}:role/{product}-function" if self.region == REGIONS[0] else f"arn:aws:iam::{self.a.id}:role/functions",
                                           Handler="main.handler", Code={"ZipFile": self.code}, Environment={"Variables": {"STAGE": "production"}}, Tags={"product": product})["FunctionArn"])
        fn.add_permission(FunctionName=f"{product}-worker", StatementId="events", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=f"arn:aws:events:{self.region}:{self.a.id}:rule/nightly")
        fn.add_permission(FunctionName=f"{product}-webhook", StatementId="anyone", Action="lambda:InvokeFunction", Principal="*")
        self.a.label("awslambda_function_not_publicly_accessible", arns[0], arns[1], self.region)

    def storage(self, product, i):
        efs = self.c["efs"]
        systems = [efs.create_file_system(CreationToken=f"{product}-{e}", Encrypted=e, Tags=[{"Key": "Name", "Value": f"{product}-{'shared' if e else 'legacy'}"}])["FileSystemArn"] for e in (True, False)]
        self.a.label("efs_encryption_at_rest_enabled", systems[0], systems[1], self.region)
        repos = [self.c["ecr"].create_repository(repositoryName=f"{product}/{word}", imageScanningConfiguration={"scanOnPush": scan}, imageTagMutability="IMMUTABLE" if scan else "MUTABLE")["repository"]["repositoryArn"]
                 for word, scan in (("api", True), ("tools", False))]
        self.a.label("ecr_repositories_scan_images_on_push_enabled", repos[0], repos[1], self.region)

    def logs(self, product, i):
        logs = self.c["logs"]
        names = [f"/{product}/api", f"/{product}/debug"]
        for n in names:
            logs.create_log_group(logGroupName=n)
        logs.put_retention_policy(logGroupName=names[0], retentionInDays=400)
        logs.put_retention_policy(logGroupName=names[1], retentionInDays=7)
        self.a.label("cloudwatch_log_group_retention_policy_specific_days_enabled", names[0], names[1], self.region)

    def balancers(self, product, i):
        elb = self.c["elbv2"]
        arns = [elb.create_load_balancer(Name=f"{product}-{word}", Subnets=self.subnets[:2], SecurityGroups=[self.web], Scheme="internet-facing", Type="application")["LoadBalancers"][0]["LoadBalancerArn"]
                for word in ("shop", "old")]
        elb.modify_load_balancer_attributes(LoadBalancerArn=arns[0], Attributes=[
            {"Key": "deletion_protection.enabled", "Value": "true"}, {"Key": "routing.http.drop_invalid_header_fields.enabled", "Value": "true"},
            {"Key": "access_logs.s3.enabled", "Value": "true"}, {"Key": "access_logs.s3.bucket", "Value": "acme-access-logs"}])
        group = elb.create_target_group(Name=f"{product}-targets", Protocol="HTTP", Port=80, VpcId=self.vpc)["TargetGroups"][0]["TargetGroupArn"]
        forward = [{"Type": "forward", "TargetGroupArn": group}]
        elb.create_listener(LoadBalancerArn=arns[0], Protocol="HTTPS", Port=443, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
                            Certificates=[{"CertificateArn": self.certificate}], DefaultActions=forward)
        elb.create_listener(LoadBalancerArn=arns[1], Protocol="HTTP", Port=80, DefaultActions=forward)
        for alias in ("elbv2_logging_enabled", "elbv2_deletion_protection"):
            self.a.label(alias, arns[0], arns[1], self.region)

    def firewalls(self):
        waf = self.c["wafv2"]
        visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "web"}
        managed = {"Name": "common", "Priority": 0, "OverrideAction": {"None": {}}, "VisibilityConfig": visible,
                   "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}}}
        arns = [waf.create_web_acl(Name=name, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visible, Rules=rules)["Summary"]["ARN"]
                for name, rules in (("web", [managed]), ("empty", []))]
        waf.put_logging_configuration(LoggingConfiguration={"ResourceArn": arns[0], "LogDestinationConfigs": ["arn:aws:s3:::aws-waf-logs-acme"]})
        for alias in ("wafv2_webacl_with_rules", "wafv2_webacl_logging_enabled"):
            self.a.label(alias, arns[0], arns[1], self.region)

    def apis(self, product, i):
        """A REST API and an HTTP API, each with its careless twin."""
        rest, http = self.c["apigateway"], self.c["apigatewayv2"]
        log = f"arn:aws:logs:{self.region}:{self.a.id}:log-group:/{product}/api"
        stages = []
        for word, good in (("orders", True), ("beta", False)):
            api = rest.create_rest_api(name=f"{product}-{word}", endpointConfiguration={"types": ["REGIONAL"]}, tags={"product": product})["id"]
            root = rest.get_resources(restApiId=api)["items"][0]["id"]
            rest.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="AWS_IAM" if good else "NONE")
            rest.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="AWS_PROXY", integrationHttpMethod="POST",
                                 uri=f"arn:aws:apigateway:{self.region}:lambda:path/2015-03-31/functions/arn:aws:lambda:{self.region}:{self.a.id}:function:{product}-webhook/invocations")
            deployment = rest.create_deployment(restApiId=api)["id"]
            rest.create_stage(restApiId=api, stageName="prod", deploymentId=deployment, tracingEnabled=good)
            stages.append(f"arn:aws:apigateway:{self.region}::/restapis/{api}/stages/prod")
        self.a.label("apigateway_restapi_tracing_enabled", stages[0], stages[1], self.region)
        stages, routes = [], []
        for word, good in (("web", True), ("hooks", False)):
            api = http.create_api(Name=f"{product}-{word}", ProtocolType="HTTP", Tags={"product": product})["ApiId"]
            more = {"AccessLogSettings": {"DestinationArn": log, "Format": "$context.requestId"}} if good else {}
            http.create_stage(ApiId=api, StageName="$default", AutoDeploy=True, **more)
            route = http.create_route(ApiId=api, RouteKey="GET /", AuthorizationType="AWS_IAM" if good else "NONE")["RouteId"]
            stages.append(f"arn:aws:apigateway:{self.region}::/apis/{api}/stages/$default")
            routes.append(f"arn:aws:apigateway:{self.region}::/apis/{api}/routes/{route}")
        self.a.label("apigatewayv2_api_access_logging_enabled", stages[0], stages[1], self.region)
        self.a.label("apigatewayv2_api_authorizers_enabled", routes[0], routes[1], self.region)

    def doors(self, product, i):
        """Two access points of the bucket of uploads."""
        # The client puts the account before the host, which the emulator's has no name for.
        plain = lambda request, **_: setattr(request, "url", request.url.replace(f"//{self.a.id}.", "//"))
        self.c["s3control"].meta.events.register("before-sign.s3-control", plain, unique_id="plain-host")
        arns = [self.c["s3control"].create_access_point(
            AccountId=self.a.id, Name=f"{product}-{word}", Bucket=f"acme-{self.name(product, 'uploads')}",
            PublicAccessBlockConfiguration={k: good or k != BLOCK[2] for k in BLOCK})["AccessPointArn"] for word, good in (("inside", True), ("partners", False))]
        self.a.label("s3_access_point_public_access_block", arns[0], arns[1], self.region)


def names(a):
    """The organization's domains: one is looked after, of the other the website is gone."""
    dns, logs = a.aws("route53"), a.aws("logs")
    logs.create_log_group(logGroupName="/dns/acme.example")
    zones = [dns.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"].split("/")[-1] for name in ("acme.example", "acme-old.example")]
    dns.create_query_logging_config(HostedZoneId=zones[0], CloudWatchLogsLogGroupArn=f"arn:aws:logs:us-east-1:{a.id}:log-group:/dns/acme.example:*")
    record = lambda name, kind, *values: {"Action": "CREATE", "ResourceRecordSet": {"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": v} for v in values]}}
    dns.change_resource_record_sets(HostedZoneId=zones[0], ChangeBatch={"Changes": [
        record("acme.example", "MX", "10 mx.acme.example"), record("_dmarc.acme.example", "TXT", '"v=DMARC1; p=reject"'), record("acme.example", "CAA", '0 issue "amazon.com"')]})
    dns.change_resource_record_sets(HostedZoneId=zones[1], ChangeBatch={"Changes": [
        record("acme-old.example", "MX", "10 mx.acme.example"), record("shop.acme-old.example", "CNAME", "shop.acme-old.example.s3-website.eu-central-1.amazonaws.com")]})
    arn = "arn:aws:route53:::hostedzone/"
    a.label("route53_public_hosted_zones_cloudwatch_logging_enabled", arn + zones[0], arn + zones[1])


def identity(a, copies):
    """Users, groups, roles and policies of an account."""
    iam = a.aws("iam")
    for name in ("flow-logs", "functions"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"Service": {"flow-logs": "vpc-flow-logs.amazonaws.com", "functions": "lambda.amazonaws.com"}[name]}))
    iam.create_group(GroupName="developers")
    iam.put_group_policy(GroupName="developers", PolicyName="read", PolicyDocument=policy(allow(["s3:Get*", "s3:List*", "ec2:Describe*"])))
    good, bad = [], []
    for i in range(copies):
        product = PRODUCTS[i % len(PRODUCTS)] + ("" if i < len(PRODUCTS) else str(i // len(PRODUCTS)))
        names = [f"{product}.dev", f"{product}.contractor"]
        for n in names:
            iam.create_user(UserName=n, Tags=[{"Key": "team", "Value": product}])
        iam.add_user_to_group(GroupName="developers", UserName=names[0])
        iam.put_user_policy(UserName=names[1], PolicyName="direct", PolicyDocument=policy(allow("s3:*")))
        good.append(f"arn:aws:iam::{a.id}:user/{names[0]}")
        bad.append(f"arn:aws:iam::{a.id}:user/{names[1]}")
        iam.create_role(RoleName=f"{product}-function", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
        iam.put_role_policy(RoleName=f"{product}-function", PolicyName="work", PolicyDocument=policy(allow(["dynamodb:GetItem", "dynamodb:PutItem"], f"arn:aws:dynamodb:*:{a.id}:table/{product}-*")))
        narrow = iam.create_policy(PolicyName=f"{product}-deploy", PolicyDocument=policy(allow(["lambda:UpdateFunctionCode"], f"arn:aws:lambda:*:{a.id}:function:{product}-*")))["Policy"]["Arn"]
        wide = iam.create_policy(PolicyName=f"{product}-everything", PolicyDocument=policy(allow("*")))["Policy"]["Arn"]
        for word, arn in (("deploy", narrow), ("migrate", wide)):
            iam.create_role(RoleName=f"{product}-{word}", AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{a.id}:root"}))
            iam.attach_role_policy(RoleName=f"{product}-{word}", PolicyArn=arn)
        a.label("iam_customer_attached_policy_no_administrative_privileges", narrow, wide)
    a.label("iam_policy_attached_only_to_group_or_roles", good, bad)
    # Three harmless-looking grants that make administrators of the developers:
    # they may release, a release may run functions as the janitor, and the
    # janitor may attach policies to roles of its kind.
    iam.put_group_policy(GroupName="developers", PolicyName="release", PolicyDocument=policy(allow("sts:AssumeRole", f"arn:aws:iam::{a.id}:role/release")))
    iam.create_role(RoleName="release", AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{a.id}:root"}))
    iam.put_role_policy(RoleName="release", PolicyName="functions", PolicyDocument=policy(
        allow(["lambda:CreateFunction", "lambda:InvokeFunction"], f"arn:aws:lambda:*:{a.id}:function:release-*"),
        allow("iam:PassRole", f"arn:aws:iam::{a.id}:role/janitor", Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}})))
    iam.create_role(RoleName="janitor", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
    iam.put_role_policy(RoleName="janitor", PolicyName="tidy", PolicyDocument=policy(
        allow(["iam:List*", "iam:Get*", "iam:AttachRolePolicy", "iam:DetachRolePolicy"], f"arn:aws:iam::{a.id}:role/jan*")))


def security(a, trail_bucket):
    """The account of logs: the organization's trail writes here."""
    s3 = a.aws("s3")
    s3.create_bucket(Bucket=trail_bucket)
    s3.put_public_access_block(Bucket=trail_bucket, PublicAccessBlockConfiguration={k: True for k in BLOCK})
    s3.put_bucket_versioning(Bucket=trail_bucket, VersioningConfiguration={"Status": "Enabled"})
    arn = f"arn:aws:s3:::{trail_bucket}"
    s3.put_bucket_policy(Bucket=trail_bucket, Policy=policy(
        {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:GetBucketAcl", "Resource": arn},
        {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": f"{arn}/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}))
    for region in REGIONS:
        a.aws("guardduty", region).create_detector(Enable=True)
        a.aws("ec2", region).enable_ebs_encryption_by_default()
    iam = a.aws("iam")
    iam.create_role(RoleName="security-audit", AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{a.id}:root"}))
    iam.update_account_password_policy(MinimumPasswordLength=16, PasswordReusePrevention=24, RequireSymbols=True, RequireNumbers=True, RequireUppercaseCharacters=True, RequireLowercaseCharacters=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--endpoint", required=True, help="URL of the emulator")
    p.add_argument("--labels", required=True, help="file to write the labels to")
    p.add_argument("--copies", type=int, default=2, help="products in each region (default 2)")
    args = p.parse_args()
    if "amazonaws" in args.endpoint:
        p.error("this fills an emulator, not AWS")
    urllib.request.urlopen(urllib.request.Request(args.endpoint + "/moto-api/seed?a=42", method="POST"))

    labels = []
    management = Account(args, labels)
    org = management.aws("organizations")
    org.create_organization(FeatureSet="ALL")
    root = org.list_roots()["Roots"][0]["Id"]
    units = {n: org.create_organizational_unit(ParentId=root, Name=n)["OrganizationalUnit"]["Id"] for n in ("Security", "Workloads")}
    accounts = {}
    for name, unit in (("acme-security", "Security"), ("acme-production", "Workloads")):
        made = org.create_account(AccountName=name, Email=name + "@example.com")["CreateAccountStatus"]["AccountId"]
        org.move_account(AccountId=made, SourceParentId=root, DestinationParentId=units[unit])
        accounts[name] = Account(args, labels, made)
    org.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    guard = org.create_policy(Name="keep-the-trail", Description="Nobody stops the trail or leaves", Type="SERVICE_CONTROL_POLICY", Content=policy(
        {"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "organizations:LeaveOrganization"], "Resource": "*"}))["Policy"]["PolicySummary"]["Id"]
    org.attach_policy(PolicyId=guard, TargetId=units["Workloads"])

    bucket = "acme-trail-logs"
    security(accounts["acme-security"], bucket)
    trail = management.aws("cloudtrail")
    management.aws("s3").create_bucket(Bucket="acme-legacy-trail")
    trail.create_trail(Name="organization", S3BucketName=bucket, IsMultiRegionTrail=True, EnableLogFileValidation=True, IncludeGlobalServiceEvents=True, IsOrganizationTrail=True)
    trail.start_logging(Name="organization")
    trail.create_trail(Name="legacy", S3BucketName="acme-legacy-trail", IsMultiRegionTrail=False, EnableLogFileValidation=False)
    arn = f"arn:aws:cloudtrail:us-east-1:{management.id}:trail/"
    management.label("cloudtrail_log_file_validation_enabled", arn + "organization", arn + "legacy")

    production = accounts["acme-production"]
    identity(production, args.copies)
    for region in REGIONS:
        Production(production, region, args.copies).run()
    names(production)
    with open(args.labels, "w") as f:
        for l in labels:
            f.write(json.dumps(l) + "\n")
    print(json.dumps({"management": management.id, **{n: a.id for n, a in accounts.items()}, "labels": len(labels)}))


if __name__ == "__main__":
    main()
