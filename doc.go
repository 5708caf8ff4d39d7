// Package merlon holds the words that every other package of Merlon shares:
// resource names, accounts, regions, resources, gaps, verdicts and findings.
//
// It does no input or output and knows no AWS service. What a resource looks
// like is settled by the CloudFormation resource schemas (package inventory);
// what is wrong with one, by controls (package posture).
package merlon
