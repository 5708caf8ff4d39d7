#!/usr/bin/env python3
"""Fills one region of an emulated AWS (moto) with the account that Merlon's
benchmarks scan. boto3 comes with moto.

    python3 benchmark.py --endpoint http://127.0.0.1:5000 --region eu-central-1

The mix, at --scale 1: 60 buckets, 100 users, 400 roles, 150 customer policies,
300 security groups, 200 instances with volumes and interfaces, 200 queues,
100 topics, 200 log groups, 100 functions, 60 keys, 60 secrets, 100 parameters,
60 tables, 40 databases, 40 load balancers. The emulator must be fresh: names
are the same each time. Prints what was made as one line of JSON; stops at the first
error.
"""

import argparse
import io
import json
import sys
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

MIX = {
    "buckets": 60,
    "users": 100,
    "roles": 400,
    "policies": 150,
    "security_groups": 300,
    "instances": 200,
    "queues": 200,
    "topics": 100,
    "log_groups": 200,
    "functions": 100,
    "keys": 60,
    "secrets": 60,
    "parameters": 100,
    "tables": 60,
    "databases": 40,
    "load_balancers": 40,
}

LAMBDA_TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
})


def document(action, resource="*", effect="Allow", **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": resource, **more}]})


class Seeder:
    """Makes the resources of one account and region, one method a kind.

    Each method makes the i-th of its kind. About every third has what a scanner
    has to read with a call of its own (a policy, tags, encryption), and some are
    badly configured, so that there is something to find.
    """

    def __init__(self, endpoint, region, scale):
        self.region, self.scale = region, scale
        self.options = dict(
            endpoint_url=endpoint, region_name=region, aws_access_key_id="test", aws_secret_access_key="test",
            config=Config(max_pool_connections=64, retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
        )
        # Clients may be shared by threads, sessions may not: all are made here.
        session = boto3.session.Session()
        names = "ec2 iam s3 sqs sns logs lambda kms secretsmanager ssm dynamodb rds elbv2 sts".split()
        self.aws = {n: session.client(n, **self.options) for n in names}
        self.account = self.aws["sts"].get_caller_identity()["Account"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as z:
            z.writestr("main.py", "def handler(event, context):\n    return 1\n")
        self.code = code.getvalue()

    def count(self, kind):
        return max(1, round(MIX[kind] * self.scale))

    # What the others need, made first and in order.
    def network(self):
        ec2 = self.aws["ec2"]
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        self.subnets = []
        for i, zone in enumerate("abcabc"):
            subnet = ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{i * 16}.0/20", AvailabilityZone=self.region + zone)
            self.subnets.append(subnet["Subnet"]["SubnetId"])
        for subnet in self.subnets[:3]:
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        self.image = ec2.register_image(Name="bench", RootDeviceName="/dev/sda1")["ImageId"]
        self.groups = [ec2.create_security_group(GroupName="bench-0", Description="benchmark", VpcId=self.vpc)["GroupId"]]
        self.role = self.aws["iam"].create_role(RoleName="bench-lambda", AssumeRolePolicyDocument=LAMBDA_TRUST)["Role"]["Arn"]
        self.aws["rds"].create_db_subnet_group(DBSubnetGroupName="bench", DBSubnetGroupDescription="benchmark", SubnetIds=self.subnets)
        self.lock = threading.Lock()

    def buckets(self, i):
        s3, name = self.aws["s3"], f"bench-{self.region}-{i}"
        where = {} if self.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        s3.create_bucket(Bucket=name, **where)
        if i % 3 != 0:
            # AWS's own default since April 2023, which moto does not have:
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
            s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
        if i % 3 != 0:
            block = {k: True for k in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")}
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
        if i % 3 == 0:
            deny = document("s3:*", f"arn:aws:s3:::{name}/*", "Deny", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
            s3.put_bucket_policy(Bucket=name, Policy=deny)
        if i % 2 == 0:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
            s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "env", "Value": "bench"}]})

    def users(self, i):
        iam, name = self.aws["iam"], f"bench-user-{i}"
        iam.create_user(UserName=name, Tags=[{"Key": "env", "Value": "bench"}])
        if i % 2 == 0:
            iam.create_access_key(UserName=name)
        if i % 4 == 0:
            iam.create_login_profile(UserName=name, Password="Bench-0123456789")
        if i % 5 == 0:
            iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document("s3:GetObject"))

    def policies(self, i):
        action = "*" if i % 50 == 0 else ["s3:GetObject", "ec2:Describe*", "kms:Decrypt"]
        self.aws["iam"].create_policy(PolicyName=f"bench-policy-{i}", PolicyDocument=document(action))

    def roles(self, i):
        iam, name = self.aws["iam"], f"bench-role-{i}"
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=LAMBDA_TRUST)
        # Customer policies exist by now: kinds are made in the order of ORDER.
        policy = f"arn:aws:iam::{self.account}:policy/bench-policy-{i % self.count('policies')}"
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        if i % 3 == 0:
            iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=document("logs:*"))

    def security_groups(self, i):
        ec2 = self.aws["ec2"]
        group = ec2.create_security_group(GroupName=f"bench-{i + 1}", Description="benchmark", VpcId=self.vpc)["GroupId"]
        source = "0.0.0.0/0" if i % 20 == 0 else "10.0.0.0/8"
        rule = {"IpProtocol": "tcp", "FromPort": 22 if i % 2 else 443, "ToPort": 22 if i % 2 else 443, "IpRanges": [{"CidrIp": source}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        with self.lock:
            self.groups.append(group)

    # Twenty instances a call: one call each would take moto three times as long.
    BATCH = 20

    def instances(self, i):
        n = min(self.BATCH, self.count("instances") - i * self.BATCH)
        disks = [{"DeviceName": d, "Ebs": {"VolumeSize": 8, "Encrypted": i % 2 == 0}} for d in ("/dev/sda1", "/dev/sdb")]
        self.aws["ec2"].run_instances(
            ImageId=self.image, InstanceType="t3.micro", MinCount=n, MaxCount=n, BlockDeviceMappings=disks,
            NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": self.subnets[i % 6], "Groups": [self.groups[i % len(self.groups)]]}],
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": f"bench-{i}"}]}],
        )

    def queues(self, i):
        attributes = {"SqsManagedSseEnabled": "true"} if i % 2 else {}
        self.aws["sqs"].create_queue(QueueName=f"bench-{i}", Attributes=attributes, tags={"env": "bench"})

    def topics(self, i):
        self.aws["sns"].create_topic(Name=f"bench-{i}", Tags=[{"Key": "env", "Value": "bench"}])

    def log_groups(self, i):
        logs = self.aws["logs"]
        logs.create_log_group(logGroupName=f"/bench/{i}")
        if i % 2:
            logs.put_retention_policy(logGroupName=f"/bench/{i}", retentionInDays=365)

    def functions(self, i):
        self.aws["lambda"].create_function(
            FunctionName=f"bench-{i}", Runtime="python3.12" if i % 4 else "python3.7", Role=self.role, Handler="main.handler",
            Code={"ZipFile": self.code}, Environment={"Variables": {"STAGE": "bench"}}, Tags={"env": "bench"},
        )

    def keys(self, i):
        kms = self.aws["kms"]
        key = kms.create_key(Description=f"bench {i}", Tags=[{"TagKey": "env", "TagValue": "bench"}])["KeyMetadata"]["KeyId"]
        if i % 2:
            kms.enable_key_rotation(KeyId=key)
        kms.create_alias(AliasName=f"alias/bench-{i}", TargetKeyId=key)

    def secrets(self, i):
        self.aws["secretsmanager"].create_secret(Name=f"bench-{i}", SecretString="dummy", Tags=[{"Key": "env", "Value": "bench"}])

    def parameters(self, i):
        self.aws["ssm"].put_parameter(Name=f"/bench/{i}", Value="dummy", Type="SecureString" if i % 2 else "String")

    def tables(self, i):
        self.aws["dynamodb"].create_table(
            TableName=f"bench-{i}", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )

    def databases(self, i):
        self.aws["rds"].create_db_instance(
            DBInstanceIdentifier=f"bench-{i}", DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20, MasterUsername="bench",
            MasterUserPassword="Bench-0123456789", PubliclyAccessible=i % 10 == 0, StorageEncrypted=i % 2 == 0, DBSubnetGroupName="bench",
            VpcSecurityGroupIds=[self.groups[0]],
        )

    def load_balancers(self, i):
        elb = self.aws["elbv2"]
        scheme = "internet-facing" if i % 2 else "internal"
        made = elb.create_load_balancer(Name=f"bench-{i}", Subnets=self.subnets[:2], SecurityGroups=[self.groups[0]], Scheme=scheme, Type="application")
        arn = made["LoadBalancers"][0]["LoadBalancerArn"]
        group = elb.create_target_group(Name=f"bench-{i}", Protocol="HTTP", Port=80, VpcId=self.vpc)["TargetGroups"][0]["TargetGroupArn"]
        elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])

    # Later kinds use what the earlier made.
    ORDER = [
        ["policies", "security_groups", "buckets", "users"],
        ["roles", "instances", "queues", "topics", "log_groups", "functions", "keys", "secrets", "parameters", "tables", "databases", "load_balancers"],
    ]

    def run(self, workers):
        self.network()
        made = {}
        with ThreadPoolExecutor(workers) as pool:
            for kinds in self.ORDER:
                jobs = []
                for kind in kinds:
                    n = made[kind] = self.count(kind)
                    calls = -(-n // self.BATCH) if kind == "instances" else n
                    jobs += [pool.submit(getattr(self, kind), i) for i in range(calls)]
                for job in jobs:
                    job.result()
        return made


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--endpoint", required=True, help="URL of the emulator")
    parser.add_argument("--region", default="eu-central-1")
    parser.add_argument("--scale", type=float, default=1, help="times the mix (default 1)")
    parser.add_argument("--workers", type=int, default=8, help="parallel calls (default 8)")
    args = parser.parse_args()
    if not args.endpoint.startswith(("http://127.0.0.1:", "http://localhost:")):
        sys.exit("--endpoint: only an emulator on this machine is filled, never AWS")
    began = time.monotonic()
    made = Seeder(args.endpoint, args.region, args.scale).run(args.workers)
    print(json.dumps({"resources": made, "total": sum(made.values()), "seconds": round(time.monotonic() - began, 1)}))


if __name__ == "__main__":
    main()
