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
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"merlon.dev/merlon/internal/generate/botocore"
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
	data, err := botocore.Find(pattern)
	if err != nil {
		return err
	}
	folders, err := os.ReadDir(data.Dir)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "# botocore %s\n", data.Version)
	for _, f := range folders {
		if !f.IsDir() {
			continue
		}
		newest, err := data.Newest(f.Name())
		if err != nil {
			return err
		}
		if newest == "" {
			continue
		}
		var m model
		if err := botocore.Read(filepath.Join(newest, "service-2.json"), &m); err != nil {
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
