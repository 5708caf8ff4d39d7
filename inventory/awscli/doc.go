// Package awscli replays folders of AWS CLI output, and writes them.
//
// [Open] gives a [live.Source] that answers each call from the file that holds
// its output, so that the collectors, their mapping and their rules for gaps are
// the same as for a running account. What has no file is not recorded: it may be
// not set, denied or failed, so it is a Gap and never an absence. What cannot be
// read is a Gap that names the file and the place in it; nothing is taken for
// empty because it was not understood.
//
// The layout is CloudMapper's (https://github.com/duo-labs/cloudmapper,
// commands/collect.py and collect_commands.yaml, read 2026-11-24):
//
//	ACCOUNT/describe-regions.json
//	ACCOUNT/REGION/COMMAND-VERB.json           a list call
//	ACCOUNT/REGION/COMMAND-VERB/VALUE          one call a resource
//	ACCOUNT/REGION/COMMAND-VERB/VALUE/VALUE    … of a resource within another
//
// COMMAND and VERB are the AWS CLI's or boto3's, VALUE is percent-encoded as
// Python's quote_plus does it, the body is the answer with all pages in one.
// A [Recorder] writes the same, with two additions: the error that a call ended
// with stands in the member "Error", as boto3 gives it, and a second request that
// differs from the first only in what no file name shows has a "," and a hash
// behind its name.
//
// A page token in a file says that there is more, whoever wrote the file: the AWS
// CLI leaves one where it was told to stop, CloudMapper one where it went on. The
// list is then taken for what it holds, with a Gap.
//
// Not its job: what the answers mean (inventory/live).
package awscli

//go:generate go run ./internal/generate/unions
