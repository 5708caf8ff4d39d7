#!/usr/bin/env python3
"""Makes organization.zip of a recording of the seeded emulator.

    python3 finish.py RECORDING organization.zip

What the emulator cannot answer gets the answer that AWS gives where nobody has
set anything up; the credential report and a few facts get the ages and the
mistakes that an organization has after some years; two calls are denied, since
some always are. Everything else is as it was recorded.
"""

import json
import os
import sys
import urllib.parse
import zipfile

MANAGEMENT, SECURITY, PRODUCTION = "acme-management", "acme-security", "acme-production"
# The day of the recording: everything that has an age counts from it.
DAY = "2026-11-20T08:00:00+00:00"

# Where the emulator fails: the file's name (or folder) and the answer of an
# account in which nobody has touched it.
UNTOUCHED = {
    "cloudwatch-describe-alarms.json": {"MetricAlarms": [], "CompositeAlarms": []},
    "accessanalyzer-list-analyzers.json": {"Analyzers": []},
    "account-get-contact-information.json": {"ContactInformation": {
        "FullName": "Acme Ltd", "CompanyName": "Acme Ltd", "AddressLine1": "1 High Street", "City": "Dublin", "PostalCode": "D01", "CountryCode": "IE", "PhoneNumber": "+353 1 000 0000"}},
    "ec2-describe-vpc-block-public-access-options.json": {"VpcBlockPublicAccessOptions": {"State": "default-state", "InternetGatewayBlockMode": "off", "ManagedBy": "account", "ExclusionsAllowed": "allowed"}},
    "ec2-describe-vpc-block-public-access-exclusions.json": {"VpcBlockPublicAccessExclusions": []},
    "ec2-get-image-block-public-access-state.json": {"ImageBlockPublicAccessState": "unblocked", "ManagedBy": "account"},
    "ec2-get-snapshot-block-public-access-state.json": {"State": "unblocked", "ManagedBy": "account"},
    "ec2-get-serial-console-access-status.json": {"SerialConsoleAccessEnabled": False, "ManagedBy": "account"},
    "ec2-get-instance-metadata-defaults.json": {"AccountLevel": {"ManagedBy": "account"}},
    "ec2-get-ebs-default-kms-key-id.json": {"KmsKeyId": "alias/aws/ebs"},
    "ec2-describe-client-vpn-endpoints.json": {"ClientVpnEndpoints": []},
    "ec2-describe-instance-connect-endpoints.json": {"InstanceConnectEndpoints": []},
    "ec2-describe-security-group-vpc-associations.json": {"SecurityGroupVpcAssociations": []},
    "guardduty-list-members.json": {"Members": []},
    "guardduty-list-publishing-destinations.json": {"Destinations": []},
    "guardduty-get-findings-statistics.json": {"FindingStatistics": {"CountBySeverity": {}}},
    "apigateway-get-client-certificates.json": {"Items": []},
    "apigatewayv2-get-authorizers.json": {"Items": []},
    "macie2-list-classification-jobs.json": {"Items": []},
    "macie2-get-classification-export-configuration.json": {"Configuration": {}},
    "macie2-get-automated-discovery-configuration.json": {"Status": "DISABLED"},
    "efs-describe-replication-configurations.json": {"Replications": []},
    "elasticache-describe-serverless-caches.json": {"ServerlessCaches": []},
    "lambda-list-function-url-configs.json": {"FunctionUrlConfigs": []},
    "ssm-describe-instance-information.json": {"InstanceInformationList": []},
    "ssm-list-resource-compliance-summaries.json": {"ResourceComplianceSummaryItems": []},
    "ssm-get-service-setting.json": {"ServiceSetting": {"SettingId": "/ssm/documents/console/public-sharing-permission", "SettingValue": "Enable", "Status": "Default"}},
    "sso-admin-list-applications.json": {"Applications": []},
    "sso-admin-list-tags-for-resource.json": {"Tags": []},
    "iam-list-service-specific-credentials.json": {"ServiceSpecificCredentials": []},
    "iam-list-organizations-features.json": {"OrganizationId": "o-acme", "EnabledFeatures": []},
}
# Errors that say "there is none", by file.
NONE = {
    "organizations-describe-resource-policy.json": "ResourcePolicyNotFoundException",
    "sso-admin-describe-instance-access-control-attribute-configuration.json": "ResourceNotFoundException",
}
# What somebody in the audit's role may not do: the account, the files, the code.
DENIED = [
    (SECURITY, "us-east-1/s3-get-bucket-acl/acme-trail-logs", "AccessDenied"),
    (MANAGEMENT, "us-east-1/account-get-contact-information.json", "AccessDeniedException"),
]
HEAD = ("user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,"
        "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
        "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,"
        "cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated").split(",")


def row(user, arn, **facts):
    """A row of the credential report: what is not said is not there."""
    values = dict.fromkeys(HEAD, "N/A")
    values.update(user=user, arn=arn, user_creation_time="2023-02-01T09:00:00+00:00", password_enabled="false", mfa_active="false",
                  access_key_1_active="false", access_key_2_active="false", cert_1_active="false", cert_2_active="false")
    values.update(facts)
    return ",".join(values[c] for c in HEAD)


def credential_report(name, account, users):
    root = f"arn:aws:iam::{account}:root"
    if name == MANAGEMENT:
        # The root user of the organization: a key, no MFA, used last week.
        rows = [row("<root_account>", root, password_enabled="not_supported", password_last_used="2026-11-13T16:20:00+00:00",
                    access_key_1_active="true", access_key_1_last_rotated="2021-05-04T10:00:00+00:00", access_key_1_last_used_date="2026-11-13T16:25:00+00:00",
                    access_key_1_last_used_region="us-east-1", access_key_1_last_used_service="s3")]
    else:
        rows = [row("<root_account>", root, password_enabled="not_supported", mfa_active="true", password_last_used="2023-02-01T09:05:00+00:00")]
    for u in users:
        if u.endswith(".contractor"):
            # A console user without MFA whose key is older than a year.
            rows.append(row(u, f"arn:aws:iam::{account}:user/{u}", password_enabled="true", password_last_used="2026-03-02T11:00:00+00:00", password_last_changed="2024-01-10T10:00:00+00:00",
                            access_key_1_active="true", access_key_1_last_rotated="2024-01-10T10:00:00+00:00", access_key_1_last_used_date="2026-11-19T07:00:00+00:00",
                            access_key_1_last_used_region="eu-west-1", access_key_1_last_used_service="s3"))
        else:
            rows.append(row(u, f"arn:aws:iam::{account}:user/{u}", password_enabled="true", mfa_active="true", password_last_used="2026-11-19T08:00:00+00:00", password_last_changed="2026-09-01T10:00:00+00:00"))
    return {"Content": "\n".join([",".join(HEAD), *rows]), "ReportFormat": "text/csv", "GeneratedTime": DAY}


def error(code, message="no"):
    return {"Error": {"Code": code, "Message": message}}


def load(path):
    with open(path) as f:
        return json.load(f)


def main(recording, out):
    names = {}
    config = load(os.path.join(recording, "config.json"))
    for a in config["accounts"]:
        a["name"] = MANAGEMENT if a["name"] == "master" else a["name"]
        names[a["id"]] = a["name"]
    files = {"config.json": config}
    for folder, _, found in os.walk(recording):
        for f in found:
            path = os.path.join(folder, f)
            name = os.path.relpath(path, recording)
            if name != "config.json":
                files[name] = load(path)
    for name, body in list(files.items()):
        account, _, rest = name.partition("/")
        base = rest.split("/")
        last = base[1] if len(base) > 1 else ""
        failed = isinstance(body, dict) and "Error" in body
        key = last if last.endswith(".json") else last + ".json"
        if failed and key in UNTOUCHED:
            files[name] = UNTOUCHED[key]
        elif failed and key in NONE:
            files[name] = error(NONE[key])
        elif failed and last == "wafv2-list-resources-for-web-acl":
            # The web ACL "web" stands before the shops.
            where = f"{account}/{base[0]}/elbv2-describe-load-balancers.json"
            shops = "APPLICATION_LOAD_BALANCER" in name and "webacl/web/" in urllib.parse.unquote(name)
            files[name] = {"ResourceArns": [b["LoadBalancerArn"] for b in files[where]["LoadBalancers"] if b["LoadBalancerName"].endswith("-shop")] if shops else []}
        elif failed and last == "kms-get-key-policy":
            files[name] = {"PolicyName": "default", "Policy": json.dumps({"Version": "2012-10-17", "Statement": [
                {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}]})}
        elif failed and body["Error"].get("Cause") in ("Malformed", "Failed"):
            raise SystemExit(f"{name}: the emulator failed, and nothing is known to put in its place: {body}")
        if last == "ec2-describe-snapshots" and not rest.startswith("us-east-1/"):
            # The emulator calls every snapshot public; one region's are enough.
            body["Snapshots"] = []
        if last == "iam-get-account-authorization-details.json":
            # As the credential report has it, which tells a user from an earlier one by it.
            for user in body["UserDetailList"]:
                user["CreateDate"] = "2023-02-01T09:00:00+00:00"
            # AWS lists its own policies where they are attached; the emulator lists all.
            body["Policies"] = [p for p in body["Policies"] if not p["Arn"].startswith("arn:aws:iam::aws:") or p.get("AttachmentCount")]
        if last == "iam-get-credential-report.json":
            users = [u["UserName"] for u in files[f"{account}/us-east-1/iam-get-account-authorization-details.json"]["UserDetailList"]]
            files[name] = credential_report(names[account], account, users)
        if last == "iam-get-account-summary.json":
            body["SummaryMap"]["AccountMFAEnabled"] = 0 if names[account] == MANAGEMENT else 1
            body["SummaryMap"]["AccountAccessKeysPresent"] = 1 if names[account] == MANAGEMENT else 0
    for account, path, code in DENIED:
        number = next(i for i, n in names.items() if n == account)
        name = f"{number}/{path}"
        if name not in files:
            raise SystemExit(f"{name}: nothing to deny")
        files[name] = error(code, "User is not authorized to perform this action")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, (2026, 11, 20, 8, 0, 0))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            z.writestr(info, json.dumps(files[name], indent=1, ensure_ascii=False, sort_keys=True))
    print(f"{out}: {len(files)} files, {os.path.getsize(out)} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
