// Package config reads merlon.yaml: what to scan, parameters of controls, and
// what has been accepted, by whom, why and until when.
//
// Its syntax is described in docs/guides/configuration.md. Not its job: deciding
// whether a finding counts (internal/cli asks it and decides).
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"merlon.dev/merlon"
)

// Name is the file's name.
const Name = "merlon.yaml"

// maxSize is the largest configuration that is read, in bytes.
const maxSize = 4 << 20

// Config is the content of merlon.yaml; the zero Config is an empty file. It is
// not changed after loading and may be read concurrently.
type Config struct {
	// Path is where it was read; empty when there was none.
	Path string `yaml:"-"`

	Scan       Scan                      `yaml:"scan"`
	Parameters map[string]map[string]any `yaml:"parameters"`
	Exceptions []Exception               `yaml:"exceptions"`
	Gaps       []AcceptedGap             `yaml:"gaps"`
}

// Scan holds defaults for the flags of the same names.
type Scan struct {
	Organization bool     `yaml:"organization"`
	Role         string   `yaml:"role"`
	ExternalID   string   `yaml:"external-id"`
	Accounts     []string `yaml:"accounts"`
	Regions      []string `yaml:"regions"`
	Services     []string `yaml:"services"`
	FailOn       string   `yaml:"fail-on"`
	Controls     []string `yaml:"controls"`
}

// Acceptance is who accepts something, why, and until when.
type Acceptance struct {
	Owner  string `yaml:"owner"`
	Reason string `yaml:"reason"`
	Until  Date   `yaml:"until"`
}

// Exception accepts findings of a control on resources; both are patterns in
// which * stands for any text. Account and Region narrow it, if given.
type Exception struct {
	Control    string `yaml:"control"`
	Resource   string `yaml:"resource"`
	Account    string `yaml:"account"`
	Region     string `yaml:"region"`
	Acceptance `yaml:",inline"`
	Line       int `yaml:"-"`
}

// AcceptedGap accepts that a call cannot be made.
type AcceptedGap struct {
	Call       string `yaml:"call"`
	Resource   string `yaml:"resource"`
	Account    string `yaml:"account"`
	Region     string `yaml:"region"`
	Acceptance `yaml:",inline"`
	Line       int `yaml:"-"`
}

// Date is a day, written YYYY-MM-DD; the zero Date is none.
type Date struct{ time.Time }

// UnmarshalYAML reads a day.
func (d *Date) UnmarshalYAML(n *yaml.Node) error {
	t, err := time.Parse(time.DateOnly, n.Value)
	if err != nil {
		return fmt.Errorf("line %d: %q is not a day such as 2027-01-31", n.Line, n.Value)
	}
	d.Time = t
	return nil
}

// Find looks for merlon.yaml from dir upwards to the root of its repository
// (the folder that holds .git), then in the user's configuration folder. It
// returns "" when there is none.
func Find(dir, userDir string) string {
	dir, err := filepath.Abs(dir)
	for err == nil {
		if p := filepath.Join(dir, Name); isFile(p) {
			return p
		}
		up := filepath.Dir(dir)
		if up == dir || exists(filepath.Join(dir, ".git")) {
			break
		}
		dir = up
	}
	if userDir != "" {
		if p := filepath.Join(userDir, "merlon", Name); isFile(p) {
			return p
		}
	}
	return ""
}

func isFile(p string) bool {
	st, err := os.Stat(p)
	return err == nil && st.Mode().IsRegular()
}

func exists(p string) bool {
	_, err := os.Lstat(p)
	return err == nil
}

// Load reads a configuration file; the path "" gives an empty Config. Errors
// name the file and the line.
func Load(path string) (*Config, error) {
	if path == "" {
		return &Config{}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if len(data) > maxSize {
		return nil, fmt.Errorf("read configuration %s: larger than %d bytes", path, maxSize)
	}
	c, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("read configuration %s: %w", path, err)
	}
	c.Path = path
	return c, nil
}

// Parse reads the text of a configuration. Words it does not know are errors.
func Parse(data []byte) (*Config, error) {
	c := &Config{}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return nil, clean(err)
	}
	// A second pass gives the lines that messages name.
	var doc struct {
		Exceptions []yaml.Node `yaml:"exceptions"`
		Gaps       []yaml.Node `yaml:"gaps"`
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, clean(err)
	}
	for i := range c.Exceptions {
		e := &c.Exceptions[i]
		e.Line = doc.Exceptions[i].Line
		if e.Control == "" || e.Resource == "" {
			return nil, fmt.Errorf("line %d: an exception needs control and resource (either may be \"*\")", e.Line)
		}
	}
	for i := range c.Gaps {
		g := &c.Gaps[i]
		g.Line = doc.Gaps[i].Line
		if g.Call == "" {
			return nil, fmt.Errorf("line %d: an accepted gap needs the call, such as \"s3:GetBucketAcl\"", g.Line)
		}
	}
	if f := c.Scan.FailOn; f != "" && f != "none" {
		if _, err := merlon.ParseSeverity(f); err != nil {
			return nil, fmt.Errorf("scan.fail-on: %w, or none", err)
		}
	}
	return c, nil
}

// clean takes the library's name for our types out of its messages.
func clean(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.ReplaceAll(text, "unmarshal errors:\n  ", "")
	for _, t := range []string{"config.Config", "config.Exception", "config.AcceptedGap", "config.Scan"} {
		text = strings.ReplaceAll(text, " not found in type "+t, " is not a word of this place")
	}
	return errors.New(text)
}
