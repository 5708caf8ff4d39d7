// Command schema distils the CloudFormation resource types out of the npm
// package @aws-cdk/aws-service-spec into the file that package inventory embeds.
//
//	go run ./internal/generate/schema PACKAGE/db.json.gz OUT.txt.gz
//
// The package's own package.json beside it gives the version. The output is a
// row of gzip members, so that one type can be read without the others: first an
// index, then the types of a few services each. Everything is text (zcat shows
// it); package inventory describes it where it decodes it (schema_cloudformation.go).
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// memberSize is the text one gzip member holds at least: smaller members
// compress worse, larger ones make a single type slower to reach.
const memberSize = 48 << 10

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: schema PACKAGE/db.json.gz OUT.txt.gz")
	}
	version, err := readVersion(filepath.Join(filepath.Dir(args[0]), "package.json"))
	if err != nil {
		return err
	}
	spec, err := readSpec(args[0])
	if err != nil {
		return fmt.Errorf("read %s: %w", args[0], err)
	}
	out, err := distil(spec, version)
	if err != nil {
		return err
	}
	return os.WriteFile(args[1], out, 0o644)
}

// readVersion gives the package's name and version in one line.
func readVersion(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var pkg struct{ Name, Version string }
	if err := json.Unmarshal(data, &pkg); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	if pkg.Name == "" || pkg.Version == "" {
		return "", fmt.Errorf("read %s: no name or version", path)
	}
	return pkg.Name + " " + pkg.Version, nil
}

// spec is the part of the database that is used.
type spec struct {
	Schema struct {
		Resource       struct{ Entities []resource }
		TypeDefinition struct{ Entities []definition }
	}
}

type resource struct {
	Type              string              `json:"cloudFormationType"`
	PrimaryIdentifier []string            `json:"primaryIdentifier"`
	RefIdentifier     []string            `json:"cfnRefIdentifier"`
	ARN               string              `json:"arnTemplate"`
	Properties        map[string]property `json:"properties"`
	Attributes        map[string]property `json:"attributes"`
	Tag               *struct {
		Property string `json:"tagPropertyName"`
	} `json:"tagInformation"`
}

type definition struct {
	ID         string              `json:"$id"`
	Name       string              `json:"name"`
	Properties map[string]property `json:"properties"`
}

type property struct {
	Type     shape `json:"type"`
	Required bool  `json:"required"`
}

// shape is a type of the database: string, integer, number, boolean, date-time,
// json, tag, array, map, ref or union.
type shape struct {
	Type      string  `json:"type"`
	Element   *shape  `json:"element"`
	Types     []shape `json:"types"`
	Reference *struct {
		Ref string `json:"$ref"`
	} `json:"reference"`
}

func readSpec(path string) (*spec, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	s := new(spec)
	if err := json.Unmarshal(data, s); err != nil {
		return nil, err
	}
	if len(s.Schema.Resource.Entities) == 0 || len(s.Schema.TypeDefinition.Entities) == 0 {
		return nil, errors.New("no resource types: the database has another form")
	}
	return s, nil
}

// distil writes the members: types sorted by name, a member ended at the first
// service that makes it large enough.
func distil(s *spec, version string) ([]byte, error) {
	defs := make(map[string]*definition)
	for i := range s.Schema.TypeDefinition.Entities {
		d := &s.Schema.TypeDefinition.Entities[i]
		defs[d.ID] = d
	}
	types := s.Schema.Resource.Entities
	slices.SortFunc(types, func(a, b resource) int { return strings.Compare(a.Type, b.Type) })

	index := bytes.NewBufferString(version + "\n")
	var members, text bytes.Buffer
	var names []string
	flush := func() error {
		z, err := compress(text.Bytes())
		if err != nil {
			return err
		}
		fmt.Fprintf(index, "%d %s\n", len(z), strings.Join(names, " "))
		members.Write(z)
		text.Reset()
		names = names[:0]
		return nil
	}
	service := ""
	for i := range types {
		r := &types[i]
		own := strings.Split(r.Type, "::")
		if len(own) != 3 {
			return nil, fmt.Errorf("type %q does not have three parts", r.Type)
		}
		if own[1] != service && text.Len() >= memberSize {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		service = own[1]
		names = append(names, r.Type)
		w := &writer{out: &text, defs: defs}
		if err := w.resource(r); err != nil {
			return nil, fmt.Errorf("type %s: %w", r.Type, err)
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	head, err := compress(index.Bytes())
	if err != nil {
		return nil, err
	}
	return append(head, members.Bytes()...), nil
}

func compress(text []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(text); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
