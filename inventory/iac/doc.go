// Package iac reads what does not exist yet, CloudFormation templates, into the
// same snapshot as a running account, so that the same controls judge both.
//
// A template is evaluated as far as it can be without AWS: parameters with
// defaults, conditions, mappings and the intrinsic functions. What is known only
// once the stack exists becomes a [merlon.Unknown] and never a guess. A resource
// of the template gets an identity (its name, or one made up from the stack's
// and its logical id), so that what refers to it finds it.
//
// Not its job: judging (package posture), fetching templates from anywhere, and
// deciding what AWS would refuse.
//
// Rules: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-guide.html
// and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
// (read 2026-11-24).
package iac
