// Package record gets hold of the API calls that programs make: from files of
// CloudTrail, from the metrics that SDKs send, and as a proxy between a program
// and AWS. What the calls need is package iam's to say.
//
// Listeners are bound to 127.0.0.1 and want a secret that only the program that
// was started has. Nothing of a request is kept but its operation and the names
// of resources: no credentials, no bodies.
package record
