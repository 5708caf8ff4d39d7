package posture

import (
	"fmt"
	"strings"
	"time"
)

// Scaffold gives the files of a new control, NAME.yaml and NAME_test.yaml by
// their paths, for `merlon controls new`. They compile and their tests hold; the
// comments say what to change. The day is written as the one the source was read.
func Scaffold(id string, day time.Time) (map[string]string, error) {
	if !validID(id) {
		return nil, fmt.Errorf("the id of a control is words of a-z, 0-9 and - with / between them, such as s3/versioning, not %.80q", id)
	}
	name := id[strings.LastIndex(id, "/")+1:]
	control := strings.NewReplacer("NAME", name, "DAY", day.Format(time.DateOnly)).Replace(scaffoldControl)
	test := strings.ReplaceAll(scaffoldTest, "NAME", name)
	return map[string]string{id + ".yaml": control, id + "_test.yaml": test}, nil
}

const scaffoldControl = `# What must hold, in the words of a report: NAME.
title: S3 bucket keeps old versions of its objects
# identity, detection, infrastructure, data or incident-response
area: data
# critical, high, medium, low or info
severity: medium
# The CloudFormation type of what is judged, or one of Merlon's own. The whole
# account is Merlon::Account::Account, a region of it Merlon::Account::Region.
resource: AWS::S3::Bucket
# Numbers and words that a user may set otherwise in merlon.yaml; CEL reads them
# as params.wanted. Leave parameters out if there are none.
parameters:
  wanted: Enabled
# CEL: when does the control apply? Leave it out if always.
when: "!(resource.tags[?'versioning'].orValue('') == 'not-needed')"
# CEL: what must be true? A property that may be absent is read with .? and
# .orValue() says what holds then; what could not be read is unknown by itself.
# There is more to ask: resource.related('policy').exists(p, …), account, region,
# daysSince(resource.observed.CreationDate), statements(p.properties.PolicyDocument).
require: "resource.properties.?VersioningConfiguration.?Status.orValue('') == params.wanted"
# What was seen and what is wanted; ${…} is CEL.
message: "versioning of ${resource.name} is ${resource.properties.?VersioningConfiguration.?Status.orValue('off')}; it should be ${params.wanted}"
why: An object that was deleted or overwritten by mistake, or by ransomware, is gone.
fix:
  text: Turn on versioning.
  cli: aws s3api put-bucket-versioning --bucket NAME --versioning-configuration Status=Enabled
  terraform: |
    resource "aws_s3_bucket_versioning" "this" {
      bucket = aws_s3_bucket.this.id
      versioning_configuration {
        status = "Enabled"
      }
    }
  cloudformation: |
    VersioningConfiguration:
      Status: Enabled
# Requirements of frameworks, and the ids of the same check in other tools.
requirements: []
aliases: []
# The page this rests on and the day it was read.
source: {url: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html", read: "DAY"}
`

const scaffoldTest = `# Each case is an account: its resources and what could not be read of it. What a
# case leaves out (account, region, ARN) is filled in. At least one case must
# pass, one fail and one be unknown. Run: merlon controls test
- name: versioning is on
  resources:
    - {type: AWS::S3::Bucket, name: b, properties: {VersioningConfiguration: {Status: Enabled}}}
  expect: {b: pass}
- name: versioning is off, or was suspended
  resources:
    - {type: AWS::S3::Bucket, name: b}
    - {type: AWS::S3::Bucket, name: c, properties: {VersioningConfiguration: {Status: Suspended}}}
  expect:
    b: fail
    c: {verdict: fail, message: versioning of c is Suspended}
- name: somebody said that it is not needed
  resources: [{type: AWS::S3::Bucket, name: b, tags: {versioning: not-needed}}]
  expect: {b: not-applicable}
- name: it could not be read
  resources: [{type: AWS::S3::Bucket, name: b}]
  gaps: [{call: "s3:GetBucketVersioning", resource: b, cause: AccessDenied}]
  expect: {b: unknown}
- name: the buckets could not be listed
  gaps: [{call: "s3:ListBuckets", cause: AccessDenied}]
  expect: {account: unknown}
- name: a template does not know it yet
  resources: [{type: AWS::S3::Bucket, name: b}]
  unknowns: [{resource: b, path: properties.VersioningConfiguration.Status}]
  expect: {b: unknown}
`
