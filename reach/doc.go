// Package reach says which packets can go where in the networks of a snapshot:
// through subnets, route tables, gateways, network ACLs and security groups,
// there and back.
//
// It decides about the network only. What was not collected and is needed makes
// an answer unknown and is named; nothing is guessed.
//
// The rules are those of the Amazon VPC User Guide
// (https://docs.aws.amazon.com/vpc/latest/userguide/, read 2026-11-24); each
// function that takes one from a page names it.
package reach
