package iac

import (
	"context"
	"fmt"
	"os"
	"slices"
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
