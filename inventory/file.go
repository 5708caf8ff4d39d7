package inventory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"modernc.org/sqlite" // also registers the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that callers may tell apart.
var (
	// ErrNotSnapshot: the file is something else.
	ErrNotSnapshot = errors.New("not a Merlon snapshot")
	// ErrNewer: the snapshot was written by a newer Merlon.
	ErrNewer = errors.New("snapshot of a newer format")
	// ErrDamaged: the file is cut or its content does not match its checksums.
	ErrDamaged = errors.New("snapshot is damaged")
	// ErrUnfinished: the scan that wrote it did not end; it can be resumed.
	ErrUnfinished = errors.New("snapshot is unfinished")
	// ErrFull: there is no room left on the disk.
	ErrFull = errors.New("no space left for the snapshot")
)

const (
	// applicationID marks the file as ours ("MRLN").
	applicationID = 0x4d524c4e
	// formatVersion grows when an older Merlon could not read the file rightly.
	formatVersion = 1
)

const tables = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE unit (
  n INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, service TEXT NOT NULL,
  started TEXT NOT NULL, finished TEXT,
  UNIQUE (account, region, service));
CREATE TABLE resource (
  n INTEGER PRIMARY KEY, unit INTEGER NOT NULL,
  type TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL, arn TEXT NOT NULL,
  doc BLOB NOT NULL, extra BLOB, sum INTEGER NOT NULL);
CREATE TABLE reference (n INTEGER NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (n, name, key)) WITHOUT ROWID;
CREATE TABLE gap (
  unit INTEGER NOT NULL, key TEXT NOT NULL, call TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
  resource TEXT NOT NULL, cause TEXT NOT NULL, doc BLOB NOT NULL, PRIMARY KEY (key, unit)) WITHOUT ROWID;
CREATE TABLE gap_type (key TEXT NOT NULL, unit INTEGER NOT NULL, type TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
  resource TEXT NOT NULL, PRIMARY KEY (type, account, region, resource, key, unit)) WITHOUT ROWID;
CREATE TABLE outside (unit INTEGER NOT NULL, type TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (unit, type)) WITHOUT ROWID;
CREATE TABLE call (
  unit INTEGER NOT NULL, call TEXT NOT NULL, resource TEXT NOT NULL, at TEXT NOT NULL, milliseconds INTEGER NOT NULL,
  attempts INTEGER NOT NULL, throttles INTEGER NOT NULL, code TEXT NOT NULL);
CREATE UNIQUE INDEX resource_id ON resource (type, account, region, id);
CREATE INDEX resource_arn ON resource (arn) WHERE arn <> '';
CREATE INDEX resource_unit ON resource (unit);
CREATE INDEX reference_key ON reference (key, name);
`

// memoryPrefix marks the name of a snapshot that lives in memory only.
const memoryPrefix = "memory:"

// connect opens the database file with the pragmas that both sides need.
func connect(path string, write bool) (*sql.DB, error) {
	q := url.Values{}
	add := func(p string) { q.Add("_pragma", p) }
	add("busy_timeout(10000)")
	add("cache_size(-4096)")
	add("temp_store(memory)")
	name := ""
	switch {
	case strings.HasPrefix(path, memoryPrefix):
		q.Set("vfs", "memdb")
		name = "file:/" + strings.TrimPrefix(path, memoryPrefix)
	default:
		name = "file:" + (&url.URL{Path: path}).EscapedPath()
		if write {
			q.Set("_txlock", "immediate")
			add("journal_mode(WAL)")
			add("synchronous(NORMAL)")
			add("wal_autocheckpoint(4000)")
		} else {
			q.Set("mode", "ro")
		}
	}
	db, err := sql.Open("sqlite", name+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open snapshot %s: %w", path, err)
	}
	return db, nil
}

// check says whether the file at path is a snapshot this program can read.
func check(ctx context.Context, path string) error {
	if strings.HasPrefix(path, memoryPrefix) {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open snapshot: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open snapshot: %w", err)
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("open snapshot %s: %w: it is not a file", path, ErrNotSnapshot)
	}
	var head [100]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return fmt.Errorf("open snapshot %s: %w", path, ErrNotSnapshot)
	}
	be := func(i int) uint32 {
		return uint32(head[i])<<24 | uint32(head[i+1])<<16 | uint32(head[i+2])<<8 | uint32(head[i+3])
	}
	// The header is described at https://www.sqlite.org/fileformat2.html (read 2026-11-24).
	if string(head[:16]) != "SQLite format 3\x00" || be(68) != applicationID {
		return fmt.Errorf("open snapshot %s: %w", path, ErrNotSnapshot)
	}
	if v := be(60); v > formatVersion {
		return fmt.Errorf("open snapshot %s: %w: format %d, this Merlon reads up to %d", path, ErrNewer, v, formatVersion)
	}
	size := int64(head[16])<<8 | int64(head[17])
	if size == 1 {
		size = 65536
	}
	if want := size * int64(be(28)); st.Size() < want && be(24) == be(92) {
		return fmt.Errorf("open snapshot %s: %w: %d bytes of %d", path, ErrDamaged, st.Size(), want)
	}
	return nil
}

// translate turns SQLite's own errors into ours where a person can act on them.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var se *sqlite.Error
	if errors.As(err, &se) {
		switch se.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return fmt.Errorf("%w: %v", ErrFull, err)
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return fmt.Errorf("%w: %v", ErrDamaged, err)
		case sqlite3.SQLITE_IOERR:
			switch se.Code() {
			case sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_TRUNCATE:
				return fmt.Errorf("%w: %v", ErrFull, err)
			}
		}
	}
	return err
}
