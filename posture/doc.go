// Package posture compiles controls and runs them over a snapshot.
//
// A control is a YAML file: a resource type, a CEL expression that must hold,
// and what a person needs to act on it. [Load] checks every file against the
// schemas, [Catalog.Run] judges a snapshot, [Catalog.Test] tries the tests that
// stand beside the controls, [Catalog.Explain] takes one verdict apart.
//
// What could not be read stands as an unknown value in the data (document.go)
// and travels through the expression by Kleene's rules, so that it gives the
// verdict unknown and never pass. cel-go does most of that; where it would
// overlook an unknown within a list or a map, a step of the program is replaced
// (decorate.go) and a macro expands otherwise (macro.go). A property test holds
// every function that a control may use to it: an expression that answers although
// something is unknown gives the same answer for everything that may stand there.
//
// Not its job: reading accounts (inventory/live), deciding what a policy permits
// (iam) or what a packet reaches (reach), and how findings look (internal/report).
//
// CEL: https://github.com/google/cel-spec/blob/master/doc/langdef.md (read 2026-11-24).
package posture
