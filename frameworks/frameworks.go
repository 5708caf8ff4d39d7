// Package frameworks holds the standards that controls serve, as data: a YAML
// file each, with the titles of requirements. Titles are facts of the standards;
// their texts are not here.
package frameworks

import (
	"bytes"
	"embed"
	"fmt"
	"path"
	"strings"

	"gopkg.in/yaml.v3"
)

//go:embed *.yaml
var files embed.FS

// Framework is one standard.
type Framework struct {
	// ID is the file's name: "cis-7.0".
	ID    string `yaml:"-"`
	Title string `yaml:"title"`
	// Complete says that every requirement is listed.
	Complete     bool                   `yaml:"complete"`
	Source       Source                 `yaml:"source"`
	Requirements map[string]Requirement `yaml:"requirements"`
}

// Source is the page a framework was taken from and the day it was read.
type Source struct {
	URL  string `yaml:"url"`
	Read string `yaml:"read"`
}

// Requirement is one demand of a framework.
type Requirement struct {
	Title string `yaml:"title"`
	// Manual says that no program can judge it.
	Manual bool `yaml:"manual"`
}

// Load reads the frameworks, by id.
func Load() (map[string]*Framework, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read frameworks: %w", err)
	}
	out := map[string]*Framework{}
	for _, e := range entries {
		data, err := files.ReadFile(e.Name())
		if err != nil {
			return nil, fmt.Errorf("read frameworks: %w", err)
		}
		f := &Framework{ID: strings.TrimSuffix(e.Name(), path.Ext(e.Name()))}
		d := yaml.NewDecoder(bytes.NewReader(data))
		d.KnownFields(true)
		if err := d.Decode(f); err != nil {
			return nil, fmt.Errorf("read framework %s: %w", e.Name(), err)
		}
		out[f.ID] = f
	}
	return out, nil
}
