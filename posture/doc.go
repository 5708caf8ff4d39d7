// Package posture compiles controls and runs them over a snapshot.
//
// A control is a YAML file: a resource type, a CEL expression that must hold,
// and what a person needs to act on it. Unknown values travel through the
// expression by Kleene's rules, so that what could not be read gives the verdict
// unknown and never pass.
//
// Not its job: reading accounts (inventory/live), deciding what a policy permits
// (iam) or what a packet reaches (reach), and how findings look (internal/report).
//
// CEL: https://github.com/google/cel-spec/blob/master/doc/langdef.md (read 2026-11-24).
package posture
