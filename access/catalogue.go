package access

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

//go:embed escalations.yaml
var escalationsYAML []byte

// Technique is one way from a principal to more: an entry of the catalogue,
// whose file says what its words mean.
type Technique struct {
	ID       string
	Name     string
	Group    string // self-escalation, principal-access, new-passrole, existing-passrole
	Target   string // self, user, role, group, passed, held, executed
	Kind     string
	Through  string
	Gains    string // principal, policies, both, joins, unbounded
	Services []string
	Thing    string
	With     []struct{ Name, Thing string }
	New      []struct{ Name, ARN string }
	Where    struct{ Keys, Password string }
	Profile  bool
	Waits    string
	Steps    []step

	thing *thingKind
}

// step is one permission that a technique needs.
type step struct {
	Action  string
	On      string
	Context map[string]string
	By      string
	Trust   string
	Call    string
}

// thingKind is a type of resource that has a role of its own.
type thingKind struct {
	Type    string
	ARN     string
	Role    []string
	Profile []string
	Service string
	Where   []string
}

type catalogue struct {
	Source     string
	Things     map[string]*thingKind
	Techniques []*Technique
}

var (
	techniqueTargets = []string{"self", "user", "role", "group", "passed", "held", "executed"}
	techniqueGains   = []string{"principal", "policies", "both", "joins", "unbounded"}
)

// Techniques are the entries of the built-in catalogue, in its order.
func Techniques() ([]*Technique, error) {
	c, err := parseCatalogue(escalationsYAML)
	if err != nil {
		return nil, err
	}
	return c.Techniques, nil
}

// parseCatalogue reads a catalogue and holds each entry to what the
// interpreter can do.
func parseCatalogue(source []byte) (*catalogue, error) {
	var c catalogue
	d := yaml.NewDecoder(bytes.NewReader(source))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		return nil, fmt.Errorf("read catalogue of escalations: %w", err)
	}
	seen := map[string]bool{}
	for _, t := range c.Techniques {
		if err := c.check(t); err != nil {
			return nil, fmt.Errorf("catalogue of escalations: entry %q: %w", t.ID, err)
		}
		if seen[t.ID] {
			return nil, fmt.Errorf("catalogue of escalations: entry %q stands twice", t.ID)
		}
		seen[t.ID] = true
	}
	return &c, nil
}

func (c *catalogue) check(t *Technique) error {
	switch {
	case t.ID == "" || t.Name == "" || t.Group == "" || len(t.Steps) == 0:
		return fmt.Errorf("id, name, group and steps must be there")
	case !slices.Contains(techniqueTargets, t.Target):
		return fmt.Errorf("target %q is none of %s", t.Target, strings.Join(techniqueTargets, ", "))
	case !slices.Contains(techniqueGains, t.Gains):
		return fmt.Errorf("gains %q is none of %s", t.Gains, strings.Join(techniqueGains, ", "))
	case (t.Target == "passed" || t.Target == "executed" && t.Thing == "") && len(t.Services) == 0:
		return fmt.Errorf("target %s needs services", t.Target)
	}
	known := []string{"partition", "region", "account", "self", "self.name"}
	bind := func(names ...string) {
		for _, n := range names {
			known = append(known, n, n+".name")
		}
	}
	switch t.Target {
	case "self":
		bind("user", "role")
	case "user", "role", "group":
		bind(t.Target)
	case "passed":
		bind("role")
		known = append(known, "service-principal")
	case "held":
		bind("role", "thing")
	case "executed":
		bind("role", "relay", "thing")
		known = append(known, "service-principal")
	}
	if t.Through != "" {
		bind("policy", "group")
	}
	if t.Profile {
		bind("profile")
	}
	if t.Thing != "" {
		if t.thing = c.Things[t.Thing]; t.thing == nil {
			return fmt.Errorf("there is no thing %q", t.Thing)
		}
	} else if t.Target == "held" {
		return fmt.Errorf("target held needs a thing")
	}
	for _, w := range t.With {
		if c.Things[w.Thing] == nil {
			return fmt.Errorf("there is no thing %q", w.Thing)
		}
		bind(w.Name)
	}
	for _, n := range t.New {
		if strings.Count(n.ARN, "{name}") != 1 {
			return fmt.Errorf("the ARN of %q has {name} once", n.Name)
		}
		if err := checkVariables(n.ARN, append(known, "name")); err != nil {
			return err
		}
		bind(n.Name)
	}
	for _, s := range t.Steps {
		if !strings.Contains(s.Action, ":") {
			return fmt.Errorf("%q is no action", s.Action)
		}
		for _, text := range append([]string{s.On}, values(s.Context)...) {
			if err := checkVariables(text, known); err != nil {
				return fmt.Errorf("%s: %w", s.Action, err)
			}
		}
	}
	return nil
}

func values(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

func checkVariables(text string, known []string) error {
	for _, v := range variables(text) {
		if !slices.Contains(known, v) {
			return fmt.Errorf("nothing binds {%s}", v)
		}
	}
	return nil
}

// variables are the names in braces.
func variables(text string) []string {
	var out []string
	for {
		_, rest, found := strings.Cut(text, "{")
		if !found {
			return out
		}
		name, after, found := strings.Cut(rest, "}")
		if !found {
			return out
		}
		out = append(out, name)
		text = after
	}
}

// fill puts values into braces; what is not bound stays.
func fill(text string, bound map[string]string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if v, ok := bound[name]; ok && closed {
			b.WriteString(v)
			text = after
			continue
		}
		b.WriteString("{")
		text = rest
	}
}

// needs says whether a step's question depends on one of the variables.
func (s *step) needs(names []string) bool {
	if needs(s.On, names) {
		return true
	}
	for _, text := range s.Context {
		if needs(text, names) {
			return true
		}
	}
	return false
}

func needs(text string, names []string) bool {
	if !strings.Contains(text, "{") {
		return false
	}
	for _, v := range variables(text) {
		v, _, _ = strings.Cut(v, ".")
		if slices.Contains(names, v) {
			return true
		}
	}
	return false
}
