package posture

import "merlon.dev/merlon"

// Control is one rule, as its YAML file gives it. It is immutable after loading
// and safe for concurrent use.
type Control struct {
	// ID is the path of the file without its extension: "s3/tls-only".
	ID string `yaml:"-"`
	// File and source positions are for error messages.
	File string `yaml:"-"`

	Title    string          `yaml:"title"`
	Area     merlon.Area     `yaml:"area"`
	Severity merlon.Severity `yaml:"severity"`
	// Resource is the type of the subject.
	Resource string `yaml:"resource"`
	// When decides whether the control applies; empty means always.
	When string `yaml:"when"`
	// Require must be true.
	Require string `yaml:"require"`
	// Message says what was seen and what is wanted; ${…} is CEL.
	Message string `yaml:"message"`
	Why     string `yaml:"why"`
	Fix     Fix    `yaml:"fix"`
	// Requirements are "framework/requirement", for example "cis-7.0/2.1.4".
	Requirements []string `yaml:"requirements"`
	// Aliases are ids of the same check in other tools: "prowler/…", "securityhub/S3.1".
	Aliases []string `yaml:"aliases"`
	Source  Source   `yaml:"source"`
	// Discriminator is CEL that tells two failures of one resource apart; usually empty.
	Discriminator string `yaml:"discriminator"`
	// Parameters are numbers or words a user may set in merlon.yaml, with their
	// defaults; expressions read them as params.NAME.
	Parameters map[string]any `yaml:"parameters"`
}

// Fix says how to mend what a control found. Text is always there; the others
// where the change can be written that way.
type Fix struct {
	Text           string `yaml:"text" json:"text"`
	CLI            string `yaml:"cli" json:"cli,omitempty"`
	Terraform      string `yaml:"terraform" json:"terraform,omitempty"`
	CloudFormation string `yaml:"cloudformation" json:"cloudformation,omitempty"`
	Playbook       string `yaml:"playbook" json:"playbook,omitempty"`
}

// Source is the page a control rests on and the day it was read (YYYY-MM-DD).
type Source struct {
	URL  string `yaml:"url" json:"url"`
	Read string `yaml:"read" json:"read"`
}
