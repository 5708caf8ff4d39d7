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
	"sort"
	"strings"
	"time"

	"merlon.dev/merlon"
	"merlon.dev/merlon/inventory"
)

// Unit is the service of the units that templates are written as, one a template.
const Unit = "template"

// What stands for the account and the region where [Options] do not say them.
// Comparing with them decides nothing: a condition over AWS::Region is then unknown.
const (
	PlaceholderAccount merlon.AccountID = "000000000000"
	PlaceholderRegion  merlon.Region    = "us-east-1"
)

// Options say what a template cannot.
type Options struct {
	// Account and Region are where the stack will be; empty where that is open.
	Account merlon.AccountID
	Region  merlon.Region
	// Parameters are values for parameters by name; those that a template does not
	// declare are left alone. They go before defaults.
	Parameters map[string]string
	// Now is the time of the load; the zero time for the clock's.
	Now time.Time
}

// Note is something about a template that a person should know and that makes no
// resource's verdict wrong: a property that does not exist, a custom resource.
type Note struct {
	File         string
	Line, Column int // from 1
	Message      string
}

// String is "FILE:LINE:COLUMN: message".
func (n Note) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", n.File, n.Line, n.Column, n.Message)
}

// Result says what a load gave.
type Result struct {
	Templates int // that were read
	Skipped   int // files of a folder that are not templates
	Resources int
	// Notes are in the order of files and lines, at most [MaxNotes].
	Notes []Note
	// Accounts and Services belong into the snapshot's [inventory.Meta].
	Accounts []inventory.Account
	Services []inventory.Service
}

// MaxNotes bounds [Result.Notes].
const MaxNotes = 1000

const (
	maxTemplates = 10_000
	maxResources = 100_000
)

// CloudFormation reads templates into a snapshot whose Kind is
// [inventory.KindTemplate]. A path is a template (JSON or YAML) or a folder,
// which is searched for *.json, *.yaml, *.yml and *.template; files of a folder
// that are no templates are counted, links are not followed.
//
// The stack's name is made of the file's: "network/vpc.yaml" of a folder is the
// stack "network-vpc". A path that cannot be read or is no template is an error
// that wraps [ErrTemplate] or the file system's; a broken template among the
// files of a folder is a Gap.
func CloudFormation(ctx context.Context, b *inventory.Builder, schemas *inventory.SchemaSet, paths []string, opts Options) (*Result, error) {
	t, err := loadTables()
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	l, err := newLoader(schemas, t, opts)
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	defer l.close()
	for _, path := range paths {
		if err := l.read(ctx, path); err != nil {
			return nil, err
		}
	}
	if err := l.evaluate(ctx); err != nil {
		return nil, err
	}
	// A folder's template that another one nests is judged as it is used there.
	l.stacks = slices.DeleteFunc(l.stacks, func(s *stack) bool { return s.outer == nil && !s.explicit && l.nested[s.file] })
	l.fold()
	return l.write(ctx, b)
}

// loader is one load. It is used by one goroutine.
type loader struct {
	schemas *inventory.SchemaSet
	tables  *tables
	opts    Options
	account merlon.AccountID
	region  merlon.Region

	stacks []*stack
	names  map[string]bool
	// nested are the files that were read as nested stacks; importing the exports
	// being looked up.
	nested, importing map[string]bool
	roots             []*os.Root
	index             owners
	gaps              []merlon.Gap
	notes             []Note
	noted             map[Note]bool
	work              int // done
	allowed           int // at most
	skipped           int
}

func newLoader(schemas *inventory.SchemaSet, t *tables, opts Options) (*loader, error) {
	l := &loader{schemas: schemas, tables: t, opts: opts, account: opts.Account, region: opts.Region, names: map[string]bool{}, nested: map[string]bool{}, importing: map[string]bool{}, noted: map[Note]bool{}}
	if l.account == "" {
		l.account = PlaceholderAccount
	}
	if l.region == "" {
		l.region = PlaceholderRegion
	}
	if !l.account.Valid() {
		return nil, fmt.Errorf("the account %q is not twelve digits", string(l.account))
	}
	if l.opts.Now.IsZero() {
		l.opts.Now = time.Now()
	}
	return l, nil
}

func (l *loader) close() {
	for _, r := range l.roots {
		r.Close()
	}
}

func (l *loader) note(n Note) {
	if len(l.notes) < MaxNotes && !l.noted[n] {
		l.noted[n] = true
		l.notes = append(l.notes, n)
	}
}

func (l *loader) gap(g merlon.Gap) { l.gaps = append(l.gaps, g) }

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

// evaluate decides what there is, nested stacks joining the list while it is gone
// through, and then evaluates it.
func (l *loader) evaluate(ctx context.Context) error {
	total := 0
	for i := 0; i < len(l.stacks); i++ {
		s := l.stacks[i]
		s.resources = slices.DeleteFunc(s.resources, func(r *resource) bool { return !s.keep(r) })
		if total += len(s.resources); total > maxResources {
			return fmt.Errorf("read template %s: %w: more than %d resources", s.file, ErrTemplate, maxResources)
		}
	}
	for _, s := range l.stacks {
		for _, r := range s.resources {
			if err := ctx.Err(); err != nil {
				return err
			}
			r.evaluate()
		}
		if l.work > l.allowed {
			return fmt.Errorf("read template %s: %w: %s", s.file, ErrTemplate, errWork.reason)
		}
	}
	return nil
}

// write finishes the resources and writes them, a unit a template.
func (l *loader) write(ctx context.Context, b *inventory.Builder) (*Result, error) {
	out := &Result{Templates: len(l.stacks), Skipped: l.skipped}
	for _, s := range l.stacks {
		u, err := b.Begin(ctx, inventory.Unit{Account: l.account, Region: l.region, Service: Unit + ":" + s.name}, l.opts.Now)
		if err != nil {
			return nil, err
		}
		for _, r := range s.resources {
			done, err := r.finish()
			if err != nil {
				return nil, fmt.Errorf("read template %s: %s: %w", s.file, r.logical, err)
			}
			err = u.Put(ctx, done)
			if errors.Is(err, inventory.ErrTooLarge) {
				l.gap(merlon.Gap{Call: s.place(r.at.line), Account: l.account, Region: l.region, Resource: done.Key(), Types: []string{done.Type}, Cause: merlon.CauseTooLarge})
				continue
			}
			if err != nil {
				return nil, err
			}
			out.Resources++
		}
		for i := range l.gaps {
			if err := u.Gap(ctx, &l.gaps[i]); err != nil {
				return nil, err
			}
		}
		l.gaps = nil
		if err := u.Done(ctx, l.opts.Now); err != nil {
			return nil, err
		}
	}
	if len(l.gaps) > 0 {
		u, err := b.Begin(ctx, inventory.Unit{Account: l.account, Region: l.region, Service: Unit}, l.opts.Now)
		if err != nil {
			return nil, err
		}
		for i := range l.gaps {
			if err := u.Gap(ctx, &l.gaps[i]); err != nil {
				return nil, err
			}
		}
		if err := u.Done(ctx, l.opts.Now); err != nil {
			return nil, err
		}
	}
	sort.SliceStable(l.notes, func(i, j int) bool {
		a, b := l.notes[i], l.notes[j]
		return a.File < b.File || a.File == b.File && a.Line < b.Line
	})
	out.Notes = l.notes
	out.Accounts, out.Services = l.scope()
	return out, nil
}

// scope is what the snapshot's Meta says of a template.
func (l *loader) scope() ([]inventory.Account, []inventory.Service) {
	regions := []merlon.Region{l.region}
	if g := merlon.PartitionOf(l.region).GlobalRegion(); g != l.region {
		regions = append(regions, g)
	}
	regional, global := inventory.Service{Name: Unit}, inventory.Service{Name: Unit + "-global", Global: true}
	for _, name := range l.schemas.Names() {
		t, ok := l.schemas.Type(name)
		switch {
		case !ok || t.Own():
		case isGlobal(l.tables.identity, t):
			global.Types = append(global.Types, name)
		default:
			regional.Types = append(regional.Types, name)
		}
	}
	return []inventory.Account{{ID: l.account, Regions: regions}}, []inventory.Service{regional, global}
}
