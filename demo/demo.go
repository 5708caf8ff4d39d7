// Package demo holds the organization of `merlon demo` as data: what AWS would
// answer for three accounts with a few years of habits, as a folder of AWS CLI
// output. seed.py makes it in an emulator, finish.py of a recording of that;
// `make demo-data` runs both. Labels say which resources are badly configured and
// which of them is each one's good twin.
package demo

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

//go:embed organization.zip
var organization []byte

// Day is when the organization was recorded. Ages are counted to it, so that the
// demo says the same on every day.
func Day() time.Time { return time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC) }

// maxFile is the largest file of the organization, in bytes.
const maxFile = 16 << 20

// Unpack writes the organization's folder into dir, which must exist.
func Unpack(dir string) error {
	z, err := zip.NewReader(bytes.NewReader(organization), int64(len(organization)))
	if err != nil {
		return fmt.Errorf("read the built-in organization: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("unpack the built-in organization: %w", err)
	}
	defer root.Close()
	for _, f := range z.File {
		if err := unpack(root, f); err != nil {
			return fmt.Errorf("unpack the built-in organization: %w", err)
		}
	}
	return nil
}

func unpack(root *os.Root, f *zip.File) error {
	if err := root.MkdirAll(filepath.Dir(f.Name), 0o700); err != nil {
		return err
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxFile))
	if err != nil {
		return err
	}
	return root.WriteFile(f.Name, data, 0o600)
}
