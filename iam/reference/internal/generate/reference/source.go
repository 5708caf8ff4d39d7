package main

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// source is the package as it was read; maps are by name in lower case.
type source struct {
	Name      string `json:"name"`
	Version   string `json:"version"`
	UpdatedAt string `json:"updatedAt"`

	prefixes []string
	names    map[string]string
	rcp      []string
	services map[string]*service
}

type service struct {
	actions map[string]action
	types   map[string]resourceType
	keys    map[string]conditionKey
}

type action struct {
	Name          string           `json:"name"`
	AccessLevel   string           `json:"accessLevel"`
	ResourceTypes []actionResource `json:"resourceTypes"`
	ConditionKeys []string         `json:"conditionKeys"`
	Dependent     []string         `json:"dependentActions"`
}

type actionResource struct {
	Name          string   `json:"name"`
	Required      bool     `json:"required"`
	ConditionKeys []string `json:"conditionKeys"`
	Dependent     []string `json:"dependentActions"`
}

type resourceType struct {
	Key           string   `json:"key"`
	ARN           string   `json:"arn"`
	ConditionKeys []string `json:"conditionKeys"`
}

// arns are the type's patterns: where AWS gives several they stand in one string.
func (t resourceType) arns() []string { return strings.Split(t.ARN, ", ") }

type conditionKey struct {
	Key  string `json:"key"`
	Type string `json:"type"`
}

// readPackage reads a package's tarball.
func readPackage(r io.Reader) (*source, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	p := &source{services: map[string]*service{}}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		into := p.place(h.Name)
		if into == nil {
			continue
		}
		if err := json.NewDecoder(t).Decode(into); err != nil {
			return nil, fmt.Errorf("%s: %w", h.Name, err)
		}
	}
	if p.Name == "" || p.UpdatedAt == "" || len(p.prefixes) == 0 || len(p.names) == 0 {
		return nil, errors.New("the package has another form")
	}
	for _, prefix := range p.prefixes {
		if s := p.services[prefix]; s == nil || s.actions == nil || s.types == nil || s.keys == nil {
			return nil, fmt.Errorf("no actions, resource types or condition keys of %s", prefix)
		}
	}
	return p, nil
}

// place says where a file's content goes, nil for what is not used.
func (p *source) place(name string) any {
	switch name {
	case "package/package.json":
		return p
	case "package/data/services.json":
		return &p.prefixes
	case "package/data/serviceNames.json":
		return &p.names
	case "package/data/rcpSupportedServices.json":
		return &p.rcp
	}
	dir, file := path.Split(name)
	prefix, ok := strings.CutSuffix(file, ".json")
	if !ok {
		return nil
	}
	s := p.services[prefix]
	if s == nil {
		s = &service{}
	}
	var into any
	switch dir {
	case "package/data/actions/":
		into = &s.actions
	case "package/data/resourceTypes/":
		into = &s.types
	case "package/data/conditionKeys/":
		into = &s.keys
	default:
		return nil
	}
	p.services[prefix] = s
	return into
}
