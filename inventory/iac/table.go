package iac

import (
	"bytes"
	"embed"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"merlon.dev/merlon/inventory"
)

//go:embed identity.yaml default/*.yaml
var tableFiles embed.FS

// tables are the facts about resource types that the schemas do not hold.
type tables struct {
	identity *identityTable
	defaults map[string][]defaultRule
}

type identityTable struct {
	Global struct {
		Services []string `yaml:"services"`
		Types    []string `yaml:"types"`
	} `yaml:"global"`
	ID        map[string]string            `yaml:"id"`
	Whole     map[string]string            `yaml:"whole"`
	ARN       map[string]string            `yaml:"arn"`
	Attribute map[string]map[string]string `yaml:"attribute"`
	Ref       map[string]string            `yaml:"ref"`
}

func loadTables() (*tables, error) {
	t := &tables{identity: &identityTable{}}
	if err := readTable("identity.yaml", t.identity); err != nil {
		return nil, err
	}
	var err error
	if t.defaults, err = loadDefaults(); err != nil {
		return nil, err
	}
	return t, nil
}

func readTable(name string, into any) error {
	data, err := tableFiles.ReadFile(name)
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// isGlobal reports whether resources of the type are kept under the global region.
func isGlobal(t *identityTable, typ *inventory.Type) bool {
	words := strings.Split(typ.Name, "::")
	return slices.Contains(t.Global.Services, words[1]) || slices.Contains(t.Global.Types, typ.Name)
}
