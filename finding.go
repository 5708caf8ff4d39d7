package merlon

import (
	"encoding/json"
	"time"
)

// Finding is one verdict of one control on one resource (or, where a list call
// was denied, on an account and region), with what proves it.
type Finding struct {
	ID       string
	Control  string
	Resource string // Resource.Key(), or account/region where nothing could be listed
	Name     string // the resource's name for a person
	Type     string
	Account  AccountID
	Region   Region
	Verdict  Verdict
	Severity Severity
	Message  string
	Evidence []Evidence
	// Gaps are the keys of the gaps behind an unknown.
	Gaps []string
	// Reasons say in words what an unknown lacked.
	Reasons []string
	// OutOfScope is true for an unknown that no call of this scan could have
	// settled (what a template cannot know, a service not asked for).
	OutOfScope bool
	// Excepted is the exception of merlon.yaml that covers the finding, or nil.
	Excepted *Exception
	// Known is true where a baseline already holds the finding.
	Known bool
}

// Evidence is one value a control looked at.
type Evidence struct {
	// Path is what was read: "properties.BucketEncryption".
	Path string `json:"path"`
	// Value is JSON, cut to a size fit for a report; "null" stands for absent.
	Value json.RawMessage `json:"value"`
	// Call and At say where and when it was read; empty for templates.
	Call string    `json:"call,omitempty"`
	At   time.Time `json:"at,omitzero"`
}

// Exception is an accepted finding: by whom, why, until when.
type Exception struct {
	Control  string    `json:"control"`
	Resource string    `json:"resource"`
	Owner    string    `json:"owner"`
	Reason   string    `json:"reason"`
	Until    time.Time `json:"until"`
}

// FindingID is the identifier of a finding: a hash of control, resource,
// account and region, and a discriminator where one resource can fail twice.
func FindingID(control, resource string, account AccountID, region Region, discriminator string) string {
	return HashID(control, resource, string(account), string(region), discriminator)
}
