// Package inventory holds what was read of an organization: the snapshot file
// and the schemas of the resources in it.
//
// A snapshot is an SQLite file. [Builder] writes one, unit by unit (an account,
// a region and a service), so that a scan that was killed goes on where it was;
// [Snapshot] reads one. Nothing in a snapshot is rewritten after it is finished.
//
// Not its job: calling AWS (inventory/live), reading recordings and templates
// (inventory/awscli, inventory/iac), or judging what it holds (posture).
package inventory
