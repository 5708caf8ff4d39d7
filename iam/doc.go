// Package iam is AWS's policy language: it parses policies, decides requests
// with a trace of why, and reasons about what policies permit.
//
// It does no I/O and knows no inventory: a caller says which policies apply.
// Package access works those out from a snapshot.
//
// The rules are those of the IAM User Guide, read 2026-11-24:
//
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
//
// Where they leave a question open, the function that decides says how.
//
// What is not known is never guessed: an unread policy ([UnknownPolicy]) or an
// unknown context key makes the decision [Unknown] where it matters, and only
// there.
package iam
