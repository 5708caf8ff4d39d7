package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"merlon.dev/merlon/internal/generate/botocore"
)

// model is the part of a botocore service model that is used.
type model struct {
	Metadata struct {
		ServiceID      string `json:"serviceId"`
		EndpointPrefix string `json:"endpointPrefix"`
		SigningName    string `json:"signingName"`
	} `json:"metadata"`
	Operations map[string]operation `json:"operations"`
	Shapes     map[string]shape     `json:"shapes"`
}

type operation struct {
	HTTP struct {
		Method string `json:"method"`
	} `json:"http"`
	Input *member `json:"input"`
}

type shape struct {
	Type    string            `json:"type"`
	Enum    []string          `json:"enum"`
	Members map[string]member `json:"members"`
	Member  *member           `json:"member"`
	Value   *member           `json:"value"`
}

type member struct {
	Shape string `json:"shape"`
}

// signed is the name under which requests are signed.
func (m *model) signed() string { return cmp.Or(m.Metadata.SigningName, m.Metadata.EndpointPrefix) }

// readModels reads the newest model of each service, sorted by service id.
func readModels(data botocore.Data) ([]*model, error) {
	services, err := os.ReadDir(data.Dir)
	if err != nil {
		return nil, err
	}
	var models []*model
	for _, s := range services {
		newest, err := data.Newest(s.Name())
		if err != nil {
			return nil, err
		}
		if newest == "" {
			continue
		}
		m, err := readModel(filepath.Join(newest, "service-2.json"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Name(), err)
		}
		models = append(models, m)
	}
	slices.SortFunc(models, func(a, b *model) int { return cmp.Compare(a.Metadata.ServiceID, b.Metadata.ServiceID) })
	return models, nil
}

func readModel(path string) (*model, error) {
	m := new(model)
	if err := botocore.Read(path, m); err != nil {
		return nil, err
	}
	if m.Metadata.ServiceID == "" || m.Metadata.EndpointPrefix == "" {
		return nil, fmt.Errorf("no service id or endpoint prefix")
	}
	return m, nil
}

// roleName is how members are named that hold a role, or the instance profile that
// holds it. A heuristic: iam:PassRole is then possible, not certain.
var roleName = regexp.MustCompile(`(?i)(rolearns?|iamroles?|executionrole|servicerole|jobflowrole|instancerole|taskrole|accessrole|instanceprofile|^role)$`)

// harmless are the beginnings of operations that give no role to a service.
var harmless = regexp.MustCompile(`^(Get|List|Describe|Delete|BatchGet|BatchDelete|Search|Tag|Untag|Detach|Remove|Disassociate|Head|Lookup|Cancel|Stop|AssumeRole)`)

// passing are the operations whose input can hold a role, sorted. Those of IAM and
// STS are about roles and pass none.
func (m *model) passing() []string {
	switch m.Metadata.ServiceID {
	case "IAM", "STS", "SSO", "SSO Admin", "SSO OIDC", "AccessAnalyzer":
		return nil
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(m.Operations)) {
		op := m.Operations[name]
		if op.Input != nil && !harmless.MatchString(name) && m.holdsRole(op.Input.Shape, map[string]bool{}) {
			found = append(found, name)
		}
	}
	return found
}

func (m *model) holdsRole(name string, seen map[string]bool) bool {
	if seen[name] {
		return false
	}
	seen[name] = true
	s := m.Shapes[name]
	for _, inner := range []*member{s.Member, s.Value} {
		if inner != nil && m.holdsRole(inner.Shape, seen) {
			return true
		}
	}
	for field, of := range s.Members {
		if kind := m.Shapes[of.Shape]; roleName.MatchString(field) && len(kind.Enum) == 0 && kind.Type != "boolean" {
			return true
		}
		if m.holdsRole(of.Shape, seen) {
			return true
		}
	}
	return false
}
