// Package access works out of a snapshot who there is and which policies bind
// them and each resource, and asks package iam.
//
// What a scan could not read becomes an unknown policy or an unknown context
// key, so that an answer which depends on it is unknown. Of guardrails (SCPs
// and RCPs) that could not be read, [Options.StrictGuardrails] decides.
//
// Its job is not to judge: package posture has the controls, this package the
// questions they ask.
package access
