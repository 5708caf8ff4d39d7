package inventory

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"merlon.dev/merlon"
)

// ErrTooLarge: a resource is larger than [MaxDocument].
var ErrTooLarge = errors.New("resource is too large")

// Unit is the piece of a scan that is read, written and resumed as a whole.
type Unit struct {
	Account merlon.AccountID
	Region  merlon.Region
	Service string
}

// Call is one call as it was made, for the record.
type Call struct {
	Name      string // "service:Operation"
	Resource  string // what it was about; empty for a list call
	At        time.Time
	Took      time.Duration
	Attempts  int
	Throttles int
	Code      string // the error code it ended with; empty when it succeeded
}

// Builder writes a snapshot. Its methods may be used concurrently.
type Builder struct {
	path    string
	db      *sql.DB
	schemas *SchemaSet

	mu      sync.Mutex
	tx      *sql.Tx
	stmts   map[string]*sql.Stmt
	pending int
	since   time.Time
	err     error
}

// commit limits: a crash loses at most this much of an unfinished unit.
const (
	commitRows  = 2000
	commitEvery = time.Second
)

// Create makes a new snapshot file; a file that is there already is an error.
// The path "memory:NAME" makes one that lives as long as the Builder or a
// Snapshot of it is open.
func Create(ctx context.Context, path string, schemas *SchemaSet, meta Meta) (*Builder, error) {
	if !strings.HasPrefix(path, memoryPrefix) {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("create snapshot: %w", err)
		}
		if err := f.Close(); err != nil {
			return nil, fmt.Errorf("create snapshot: %w", err)
		}
	}
	db, err := connect(path, true)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	b := &Builder{path: path, db: db, schemas: schemas}
	setup := fmt.Sprintf("PRAGMA page_size = 8192; PRAGMA application_id = %d; PRAGMA user_version = %d; BEGIN; %s COMMIT;", applicationID, formatVersion, tables)
	if _, err := db.ExecContext(ctx, setup); err != nil {
		b.discard()
		return nil, fmt.Errorf("create snapshot %s: %w", path, translate(err))
	}
	if err := b.SetMeta(ctx, meta); err != nil {
		b.discard()
		return nil, err
	}
	return b, nil
}

// discard removes a file that could not be begun: it would be in the way of the
// next attempt and holds nothing.
func (b *Builder) discard() {
	b.db.Close()
	if strings.HasPrefix(b.path, memoryPrefix) {
		return
	}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		os.Remove(b.path + suffix)
	}
}

// Resume opens an unfinished snapshot to go on with it: what belongs to units
// that were not finished is removed, the finished ones stay.
func Resume(ctx context.Context, path string, schemas *SchemaSet) (*Builder, Meta, error) {
	if err := check(ctx, path); err != nil {
		return nil, Meta{}, err
	}
	db, err := connect(path, true)
	if err != nil {
		return nil, Meta{}, err
	}
	db.SetMaxOpenConns(1)
	meta, err := readMeta(ctx, db)
	if err == nil {
		_, err = db.ExecContext(ctx, `BEGIN;
DELETE FROM reference WHERE n IN (SELECT r.n FROM resource r JOIN unit u ON u.n = r.unit WHERE u.finished IS NULL);
DELETE FROM resource WHERE unit IN (SELECT n FROM unit WHERE finished IS NULL);
DELETE FROM gap WHERE unit IN (SELECT n FROM unit WHERE finished IS NULL);
DELETE FROM gap_type WHERE unit IN (SELECT n FROM unit WHERE finished IS NULL);
DELETE FROM outside WHERE unit IN (SELECT n FROM unit WHERE finished IS NULL);
DELETE FROM call WHERE unit IN (SELECT n FROM unit WHERE finished IS NULL);
DELETE FROM unit WHERE finished IS NULL;
COMMIT;`)
	}
	if err != nil {
		db.Close()
		return nil, Meta{}, fmt.Errorf("resume snapshot %s: %w", path, translate(err))
	}
	return &Builder{path: path, db: db, schemas: schemas}, meta, nil
}

// Path is the file's path.
func (b *Builder) Path() string { return b.path }

// SetMeta replaces what the snapshot says about itself.
func (b *Builder) SetMeta(ctx context.Context, m Meta) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.exec(ctx, "INSERT INTO meta VALUES ('meta', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", string(text))
}

// Finished lists the units that are done.
func (b *Builder) Finished(ctx context.Context) (map[Unit]bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.commit(); err != nil {
		return nil, err
	}
	rows, err := b.db.QueryContext(ctx, "SELECT account, region, service FROM unit WHERE finished IS NOT NULL")
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	done := map[Unit]bool{}
	for rows.Next() {
		var u Unit
		if err := rows.Scan(&u.Account, &u.Region, &u.Service); err != nil {
			return nil, err
		}
		done[u] = true
	}
	return done, translate(rows.Err())
}

// exec runs a statement in the open transaction, beginning one if need be. The
// caller holds mu. After the first error every later call returns it: what could
// not be written must not be followed by what refers to it.
func (b *Builder) exec(ctx context.Context, query string, args ...any) error {
	_, _, err := b.insert(ctx, query, args...)
	return err
}

// insert is exec that also gives the new row's number and whether a row was written.
func (b *Builder) insert(ctx context.Context, query string, args ...any) (n int64, fresh bool, err error) {
	if b.err != nil {
		return 0, false, b.err
	}
	// The transaction outlives the call: its rows belong together whatever
	// happens to ctx, which only decides whether more is written.
	if err := ctx.Err(); err != nil {
		return 0, false, err
	}
	if b.tx == nil {
		tx, err := b.db.Begin()
		if err != nil {
			b.err = fmt.Errorf("write snapshot %s: %w", b.path, translate(err))
			return 0, false, b.err
		}
		b.tx, b.stmts, b.since = tx, map[string]*sql.Stmt{}, time.Now()
	}
	st := b.stmts[query]
	if st == nil {
		if st, err = b.tx.Prepare(query); err != nil {
			b.err = fmt.Errorf("write snapshot %s: %w", b.path, translate(err))
			return 0, false, b.err
		}
		b.stmts[query] = st
	}
	res, err := st.Exec(args...)
	if err != nil {
		b.err = fmt.Errorf("write snapshot %s: %w", b.path, translate(err))
		return 0, false, b.err
	}
	b.pending++
	affected, err := res.RowsAffected()
	if err != nil {
		return 0, false, err
	}
	if n, err = res.LastInsertId(); err != nil {
		return 0, false, err
	}
	fresh = affected > 0
	if fresh && (b.pending >= commitRows || time.Since(b.since) > commitEvery) {
		return n, fresh, b.commit()
	}
	return n, fresh, nil
}

func (b *Builder) commit() error {
	if b.tx == nil {
		return b.err
	}
	err := b.tx.Commit()
	b.tx, b.stmts, b.pending = nil, nil, 0
	if err != nil && b.err == nil {
		b.err = fmt.Errorf("write snapshot %s: %w", b.path, translate(err))
	}
	return b.err
}

// Finish marks the snapshot as complete at the given time and closes the file.
func (b *Builder) Finish(ctx context.Context, m Meta) error {
	if err := b.SetMeta(ctx, m); err != nil {
		b.Close()
		return err
	}
	b.mu.Lock()
	err := b.commit()
	if err == nil && !strings.HasPrefix(b.path, memoryPrefix) {
		// One file, without a write-ahead log beside it, can be moved about.
		_, err = b.db.ExecContext(ctx, "PRAGMA optimize; PRAGMA journal_mode = DELETE;")
		err = translate(err)
	}
	b.mu.Unlock()
	if cerr := b.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("finish snapshot %s: %w", b.path, err)
	}
	return nil
}

// FinishOpen is Finish followed by [Open], for a snapshot in memory too, which
// would be gone between the two.
func (b *Builder) FinishOpen(ctx context.Context, m Meta) (*Snapshot, error) {
	if !strings.HasPrefix(b.path, memoryPrefix) {
		if err := b.Finish(ctx, m); err != nil {
			return nil, err
		}
		return Open(ctx, b.path, b.schemas)
	}
	err := b.SetMeta(ctx, m)
	if err == nil {
		b.mu.Lock()
		err = b.commit()
		b.mu.Unlock()
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	s, err := Open(ctx, b.path, b.schemas)
	return s, errors.Join(err, b.Close())
}

// Close writes what is pending and leaves the snapshot as it is, to be resumed.
func (b *Builder) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.commit()
	if b.db != nil {
		if cerr := b.db.Close(); err == nil {
			err = translate(cerr)
		}
		b.db = nil
	}
	return err
}

// Begin starts a unit. A unit that was begun before and not finished must have
// been removed by [Resume].
func (b *Builder) Begin(ctx context.Context, u Unit, at time.Time) (*UnitWriter, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, _, err := b.insert(ctx, "INSERT INTO unit (account, region, service, started) VALUES (?, ?, ?, ?)",
		string(u.Account), string(u.Region), u.Service, at.UTC().Format(time.RFC3339Nano))
	if err != nil {
		return nil, err
	}
	return &UnitWriter{b: b, n: n}, nil
}
