// Command routes distils the service models of botocore into the table with which
// package internal/record tells what operation an HTTP request asks for: method and
// path of each operation of the services that speak REST.
//
//	go run ./internal/generate/routes -botocore DIR -o internal/record/routes.gz
//
// botocore is Apache-2.0, Copyright Amazon.com, Inc. or its affiliates; its version
// stands in the first line. The format of its files:
// https://github.com/boto/botocore/tree/develop/botocore/data (read 2026-11-24).
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	data := flag.String("botocore", "", "folder `DIR` of botocore's data (a pattern is resolved)")
	out := flag.String("o", "routes.gz", "`file` to write")
	flag.Parse()
	if err := run(*data, *out); err != nil {
		fmt.Fprintln(os.Stderr, "routes:", err)
		os.Exit(1)
	}
}

// model is what is read of a service-2.json.
type model struct {
	Metadata struct {
		Protocol       string   `json:"protocol"`
		Protocols      []string `json:"protocols"`
		ServiceID      string   `json:"serviceId"`
		SigningName    string   `json:"signingName"`
		EndpointPrefix string   `json:"endpointPrefix"`
	} `json:"metadata"`
	Operations map[string]struct {
		HTTP struct {
			Method     string `json:"method"`
			RequestURI string `json:"requestUri"`
		} `json:"http"`
		Input struct {
			Shape string `json:"shape"`
		} `json:"input"`
	} `json:"operations"`
	Shapes map[string]struct {
		Required []string `json:"required"`
		Members  map[string]struct {
			Location     string `json:"location"`
			LocationName string `json:"locationName"`
		} `json:"members"`
	} `json:"shapes"`
}

func run(pattern, out string) error {
	dirs, err := filepath.Glob(pattern)
	if err != nil || len(dirs) != 1 {
		return fmt.Errorf("-botocore %q: want one folder, found %d (make test puts moto and botocore into .cache/venv)", pattern, len(dirs))
	}
	version, err := botocoreVersion(dirs[0])
	if err != nil {
		return err
	}
	folders, err := os.ReadDir(dirs[0])
	if err != nil {
		return err
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "# %s\n", version)
	for _, f := range folders {
		if !f.IsDir() {
			continue
		}
		versions, err := filepath.Glob(filepath.Join(dirs[0], f.Name(), "*", "service-2.json*"))
		if err != nil {
			return err
		}
		if len(versions) == 0 {
			continue
		}
		slices.Sort(versions)
		var m model
		if err := readJSON(versions[len(versions)-1], &m); err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
		m.write(&text)
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(text.Bytes()); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(out, packed.Bytes(), 0o644)
}

// write adds the lines of a service, none where it does not speak REST.
func (m *model) write(w *bytes.Buffer) {
	rest := strings.HasPrefix(m.Metadata.Protocol, "rest-")
	for _, p := range m.Metadata.Protocols {
		rest = rest || strings.HasPrefix(p, "rest-")
	}
	if !rest {
		return
	}
	signing := m.Metadata.SigningName
	if signing == "" {
		signing = m.Metadata.EndpointPrefix
	}
	fmt.Fprintf(w, "service\t%s\t%s\n", signing, m.Metadata.ServiceID)
	for _, name := range slices.Sorted(maps.Keys(m.Operations)) {
		op := m.Operations[name]
		shape := m.Shapes[op.Input.Shape]
		var query, header []string
		for _, member := range shape.Required {
			at := shape.Members[member]
			wire := at.LocationName
			if wire == "" {
				wire = member
			}
			switch at.Location {
			case "querystring":
				query = append(query, wire)
			case "header":
				header = append(header, wire)
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", name, op.HTTP.Method, op.HTTP.RequestURI, strings.Join(query, ","), strings.Join(header, ","))
	}
}

func botocoreVersion(data string) (string, error) {
	b, err := os.ReadFile(filepath.Join(filepath.Dir(data), "__init__.py"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "__version__ = "); ok {
			return "botocore " + strings.Trim(v, `'"`), nil
		}
	}
	return "", errors.New("botocore/__init__.py names no version")
}

// readJSON reads FILE.json or FILE.json.gz.
func readJSON(path string, into any) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		defer z.Close()
		r = z
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}
