package iac

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"merlon.dev/merlon"
)

// read reads a template or those of a folder.
func (l *loader) read(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read template: %w", err)
	}
	folder := path
	if !info.IsDir() {
		folder = filepath.Dir(path)
	}
	// A link out of the folder is not followed.
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("read template: %w", err)
	}
	l.roots = append(l.roots, root)
	dir := root.FS()
	if !info.IsDir() {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("read template: %w", err)
		}
		data, err := readAll(f)
		if err != nil {
			return fmt.Errorf("read template %s: %w", path, err)
		}
		s, err := l.add(filepath.ToSlash(path), filepath.Base(path), data)
		if err == nil {
			s.folder, s.explicit = dir, true
		}
		return err
	}
	return fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read templates in %s: %w", path, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() || !slices.Contains([]string{".json", ".yaml", ".yml", ".template"}, strings.ToLower(filepath.Ext(name))) {
			return nil
		}
		if len(l.stacks) >= maxTemplates {
			return fmt.Errorf("read templates in %s: more than %d", path, maxTemplates)
		}
		return l.addOfFolder(path, name, dir)
	})
}

// addOfFolder takes a file of a folder if it is a template.
func (l *loader) addOfFolder(folder, name string, dir fs.FS) error {
	file := filepath.ToSlash(filepath.Join(folder, filepath.FromSlash(name)))
	data, err := readFile(dir, name)
	if err == nil && !looksLikeTemplate(data) {
		l.skipped++
		return nil
	}
	if err == nil {
		var s *stack
		if s, err = l.add(file, name, data); err == nil {
			s.folder = dir
		}
	}
	switch {
	case errors.Is(err, errNoResources):
		l.skipped++
		return nil
	case errors.Is(err, ErrTemplate):
		l.gap(merlon.Gap{Call: "template:" + file, Account: l.account, Region: l.region, Cause: merlon.CauseMalformed, Message: err.Error()})
		return nil
	}
	return err
}

// looksLikeTemplate is a quick look: a template has resources with types.
func looksLikeTemplate(data []byte) bool {
	s := string(data)
	return strings.Contains(s, "Resources") && (strings.Contains(s, "Type") || strings.Contains(s, "AWSTemplateFormatVersion"))
}

func readFile(dir fs.FS, name string) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	return readAll(f)
}

// readAll reads a file of a bearable size and closes it.
func readAll(f io.ReadCloser) ([]byte, error) {
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%w: it is larger than %d bytes", ErrTemplate, maxFile)
	}
	return data, nil
}

// add parses a template and makes a stack of it. file is its path for a person,
// name what the stack's name is made of.
func (l *loader) add(file, name string, data []byte) (*stack, error) {
	l.allowed += maxWork
	root, err := parse(data)
	if err == nil {
		var s *stack
		if s, err = l.newStack(file, l.stackName(strings.TrimSuffix(name, filepath.Ext(name))), root); err == nil {
			s.inFolder = name
			if err = s.declare(); err == nil {
				for k, v := range l.opts.Parameters {
					s.given[k] = v
				}
				l.stacks = append(l.stacks, s)
				return s, nil
			}
		}
	}
	return nil, fmt.Errorf("read template %s:%w", file, err)
}

// stackName makes a name like those of stacks, letters, digits and hyphens, that
// no other template of the load has.
func (l *loader) stackName(path string) string {
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, path), "-")
	if name == "" {
		name = "stack"
	}
	free := name
	for i := 2; l.names[free]; i++ {
		free = fmt.Sprintf("%s-%d", name, i)
	}
	l.names[free] = true
	return free
}
