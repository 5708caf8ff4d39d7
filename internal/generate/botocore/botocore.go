// Package botocore reads the service models of botocore, which comes with moto,
// for the generators.
//
// botocore is Apache-2.0, Copyright Amazon.com, Inc. or its affiliates. The format
// of its files: https://github.com/boto/botocore/tree/develop/botocore/data
// (read 2026-11-24).
package botocore

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Data is botocore's data folder and the version of the package it is in.
type Data struct {
	Dir     string
	Version string
}

// Find resolves a pattern, which must name one folder.
func Find(pattern string) (Data, error) {
	dirs, err := filepath.Glob(pattern)
	if err != nil || len(dirs) != 1 {
		return Data{}, fmt.Errorf("-botocore %q: want botocore's data folder, found %d (make moto puts one into .cache/venv)", pattern, len(dirs))
	}
	b, err := os.ReadFile(filepath.Join(filepath.Dir(dirs[0]), "__init__.py"))
	if err != nil {
		return Data{}, err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "__version__ = "); ok {
			return Data{dirs[0], strings.Trim(v, `'"`)}, nil
		}
	}
	return Data{}, errors.New("botocore/__init__.py names no version")
}

// Newest is the newest version of a service's folder; "" where it has no model.
func (d Data) Newest(folder string) (string, error) {
	versions, err := filepath.Glob(filepath.Join(d.Dir, folder, "*", "service-2.json*"))
	if err != nil || len(versions) == 0 {
		return "", err
	}
	return filepath.Dir(slices.Max(versions)), nil
}

// Read decodes a JSON file, or the one of that name that gzip packed.
func Read(path string, into any) error {
	f, err := os.Open(path)
	packed := errors.Is(err, fs.ErrNotExist)
	if packed {
		f, err = os.Open(path + ".gz")
	}
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	if packed {
		if r, err = gzip.NewReader(f); err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	if err := json.NewDecoder(r).Decode(into); err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	return nil
}
