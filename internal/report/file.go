package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// file is a report that appears under its name only when it is whole.
type file struct {
	*os.File
	// path is where the file goes at the end; empty where it is written in
	// place, and where it has been put there or given up.
	path string
	done bool
}

// createFile starts a report file. A path to something that is not a regular
// file (a pipe, /dev/null) is written to directly, since replacing it would take
// it away; a symbolic link keeps pointing where it does. New files are readable
// by their owner alone: they name every weakness of an account.
func createFile(path string) (*file, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode := fs.FileMode(0o600)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder\nhint: name a file in it", Clean(path))
	case !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &file{File: f}, nil
	default:
		mode = info.Mode().Perm()
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.part")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w\nhint: create the folder %s first", err, Clean(dir))
	}
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(mode); err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	return &file{File: f, path: path}, nil
}

// Commit puts the file in its place.
func (f *file) Commit() error {
	if f.done {
		return nil
	}
	f.done = true
	if f.path == "" {
		return f.Close()
	}
	err := f.Sync()
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// Abort removes the unfinished file.
func (f *file) Abort() {
	if f.done {
		return
	}
	f.done = true
	f.Close()
	if f.path != "" {
		os.Remove(f.Name())
	}
}

// samePath reports whether two paths lead to one file, as far as can be told.
func samePath(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	if x, err := os.Stat(a); err == nil {
		if y, err := os.Stat(b); err == nil {
			return x.Mode().IsRegular() && os.SameFile(x, y)
		}
	}
	x, errX := filepath.Abs(a)
	y, errY := filepath.Abs(b)
	return errX == nil && errY == nil && x == y
}
