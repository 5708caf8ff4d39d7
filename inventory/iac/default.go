package iac

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// defaultFile is one file default/SERVICE.yaml; default/README.md has the form.
type defaultFile struct {
	Read  string                   `yaml:"read"`
	Types map[string][]defaultRule `yaml:"types"`
}

// defaultRule is one property that AWS fills in.
type defaultRule struct {
	Set     string   `yaml:"set"`
	To      any      `yaml:"to"`
	Unknown string   `yaml:"unknown"`
	Because string   `yaml:"because"`
	Unless  []string `yaml:"unless"`
	Given   []string `yaml:"given"`
	// Where gives values that text properties must have.
	Where  map[string]string `yaml:"where"`
	Source string            `yaml:"source"`
}

func loadDefaults() (map[string][]defaultRule, error) {
	entries, err := tableFiles.ReadDir("default")
	if err != nil {
		return nil, err
	}
	rules := map[string][]defaultRule{}
	for _, e := range entries {
		var f defaultFile
		name := "default/" + e.Name()
		if err := readTable(name, &f); err != nil {
			return nil, err
		}
		for typ, list := range f.Types {
			if rules[typ] != nil {
				return nil, fmt.Errorf("%s: %s has defaults in another file", name, typ)
			}
			rules[typ] = list
		}
	}
	return rules, nil
}

// defaults fills in what AWS would for what is about to be created.
func (r *resource) defaults() {
	for i := range r.s.l.tables.defaults[r.typ.Name] {
		rule := &r.s.l.tables.defaults[r.typ.Name][i]
		why, applies := r.applies(rule)
		if !applies {
			continue
		}
		path, value := rule.Set, any(why)
		switch {
		case rule.Unknown != "":
			path, value = rule.Unknown, unknownf("%s", rule.Because)
		case why == nil:
			value = r.filled(rule.To)
		}
		fill(r.props, strings.Split(path, "."), value)
	}
}

// applies says whether a rule applies; an unknown where that cannot be told.
func (r *resource) applies(rule *defaultRule) (*unknown, bool) {
	var why *unknown
	for _, p := range rule.Unless {
		switch t := r.props[p].(type) {
		case nil:
		case *unknown:
			why = &unknown{reason: t.reason}
		default:
			return nil, false
		}
	}
	for p, want := range rule.Where {
		if u, ok := r.props[p].(*unknown); ok {
			why = &unknown{reason: u.reason}
		} else if t, _, ok := text(r.props[p]); !ok || t != want {
			return nil, false
		}
	}
	if len(rule.Given) == 0 {
		return why, true
	}
	for _, p := range rule.Given {
		if r.props[p] != nil {
			return why, true
		}
	}
	return nil, false
}

// filled copies a value of a rule with the stack's own account in it.
func (r *resource) filled(v any) any {
	switch t := v.(type) {
	case string:
		l := r.s.l
		own := strings.NewReplacer("${Account}", string(l.account), "${Region}", string(l.region), "${Partition}", string(merlon.PartitionOf(l.region))).Replace(t)
		return made(own, own != t)
	case int:
		return json.Number(strconv.Itoa(t))
	case []any:
		list := make([]any, len(t))
		for i, e := range t {
			list[i] = r.filled(e)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(t))
		for k, e := range t {
			m[k] = r.filled(e)
		}
		return m
	}
	return v
}

// fill sets a value at a path where there is none and its parents are there; it
// goes into each element of a list.
func fill(v any, path []string, value any) {
	switch t := v.(type) {
	case []any:
		for _, e := range t {
			fill(e, path, value)
		}
	case map[string]any:
		if len(path) > 1 {
			fill(t[path[0]], path[1:], value)
			return
		}
		if _, ok := t[path[0]]; !ok {
			t[path[0]] = clone(value)
		}
	}
}

// verifyDefaults holds the rules against the schemas.
func verifyDefaults(rules map[string][]defaultRule, schemas *inventory.SchemaSet) error {
	for typ, list := range rules {
		t, ok := schemas.Type(typ)
		if !ok {
			return fmt.Errorf("there is no type %s", typ)
		}
		for _, rule := range list {
			path := rule.Set + rule.Unknown
			if (rule.Set == "") == (rule.Unknown == "") || (rule.Unknown == "") != (rule.Because == "") || !strings.HasPrefix(rule.Source, "https://docs.aws.amazon.com/") {
				return fmt.Errorf("%s: %s: one of set and unknown, a reason for unknown, and a source are needed", typ, path)
			}
			for _, p := range slices.Concat([]string{path}, rule.Unless, rule.Given, slices.Collect(maps.Keys(rule.Where))) {
				if _, ok := t.Lookup("properties." + p); !ok {
					return fmt.Errorf("%s has no %s", typ, p)
				}
			}
		}
	}
	return nil
}
