// Package live reads accounts: one file an AWS service declares the calls it
// makes, what they fill, the IAM actions they need and the errors that mean "not
// there", and maps the answers to resources of CloudFormation's types.
//
// The calls are answered by a [Source]: AWS itself, or a recording (package
// inventory/awscli), so that both go through the same mapping and the same rules
// for gaps. Every call reads; a test holds the declared operations to that.
//
// Not its job: judging what is read (posture), and deciding which accounts a
// user means beyond walking an organization.
package live
