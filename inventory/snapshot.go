package inventory

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"merlon.dev/merlon"
)

// Snapshot reads a snapshot. Its methods may be used concurrently.
type Snapshot struct {
	path    string
	db      *sql.DB
	schemas *SchemaSet
	meta    Meta
	// listGaps are the gaps of list calls by type; they are few and asked for
	// with every relation.
	listGaps map[string][]merlon.Gap
	// partGaps are those of calls about one resource that would have given others.
	partGaps map[string][]partGap
	units    map[Unit]bool
	// outside says why a finished unit could not hold resources of a type.
	outside map[outsideKey]string
	open    openEnds
	queries queries
}

type outsideKey struct {
	unit Unit
	typ  string
}

// Open opens a snapshot for reading. An unfinished one can be read too; the
// error is then nil and [Snapshot.Unfinished] is true.
func Open(ctx context.Context, path string, schemas *SchemaSet) (*Snapshot, error) {
	if err := check(ctx, path); err != nil {
		return nil, err
	}
	db, err := connect(path, false)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{path: path, db: db, schemas: schemas}
	if err := s.load(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("open snapshot %s: %w", path, err)
	}
	return s, nil
}

func (s *Snapshot) load(ctx context.Context) error {
	var err error
	if s.meta, err = readMeta(ctx, s.db); err != nil {
		return err
	}
	s.units = map[Unit]bool{}
	rows, err := s.db.QueryContext(ctx, "SELECT account, region, service FROM unit WHERE finished IS NOT NULL")
	if err != nil {
		return translate(err)
	}
	for rows.Next() {
		var u Unit
		if err := rows.Scan(&u.Account, &u.Region, &u.Service); err != nil {
			rows.Close()
			return translate(err)
		}
		s.units[u] = true
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return translate(err)
	}
	if err := s.loadOutside(ctx); err != nil {
		return err
	}
	if err := s.loadPartGaps(ctx); err != nil {
		return err
	}
	s.listGaps = map[string][]merlon.Gap{}
	return s.Gaps(ctx, func(g *merlon.Gap) error {
		if g.Resource == "" {
			for _, t := range g.Types {
				s.listGaps[t] = append(s.listGaps[t], *g)
			}
		}
		return nil
	})
}

func (s *Snapshot) loadOutside(ctx context.Context) error {
	rows, err := s.db.QueryContext(ctx, "SELECT account, region, service, type, reason FROM outside JOIN unit ON unit.n = outside.unit")
	if err != nil {
		return translate(err)
	}
	defer rows.Close()
	s.outside = map[outsideKey]string{}
	for rows.Next() {
		var k outsideKey
		var reason string
		if err := rows.Scan(&k.unit.Account, &k.unit.Region, &k.unit.Service, &k.typ, &reason); err != nil {
			return translate(err)
		}
		s.outside[k] = reason
	}
	return translate(rows.Err())
}

// Close releases the file.
func (s *Snapshot) Close() error { return errors.Join(s.queries.close(), s.db.Close()) }

// Path is the file's path.
func (s *Snapshot) Path() string { return s.path }

// Meta is what the snapshot says about itself.
func (s *Snapshot) Meta() Meta { return s.meta }

// Unfinished reports whether the scan that wrote the snapshot did not end.
func (s *Snapshot) Unfinished() bool { return s.meta.Finished.IsZero() }

// Schemas are the schemas the snapshot was opened with.
func (s *Snapshot) Schemas() *SchemaSet { return s.schemas }

// TypeCount is a resource type and how many there are of it.
type TypeCount struct {
	Type  string `json:"type"`
	Count int    `json:"count"`
}

// Types lists the types that occur, by name.
func (s *Snapshot) Types(ctx context.Context) ([]TypeCount, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT type, count(*) FROM resource GROUP BY type ORDER BY type")
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []TypeCount
	for rows.Next() {
		var t TypeCount
		if err := rows.Scan(&t.Type, &t.Count); err != nil {
			return nil, translate(err)
		}
		out = append(out, t)
	}
	return out, translate(rows.Err())
}

// Document is a resource in its stored form. JSON is the object described in
// docs/design/contracts.md; it is valid only during the callback that gets it.
type Document struct {
	Row      int64
	JSON     []byte
	Unknowns []merlon.Unknown
	Perhaps  string // see [merlon.Resource.Perhaps]
	// Provenance is what [Calls] decodes, which most readers do not need; like
	// JSON it is valid only during the callback.
	Provenance []byte
}

// Calls decodes the calls that a document was read from.
func Calls(provenance []byte) ([]merlon.Read, error) {
	if len(provenance) == 0 {
		return nil, nil
	}
	var x extra
	if err := json.Unmarshal(provenance, &x); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	return x.Calls, nil
}

// Resource decodes the document; the result does not alias it.
func (d *Document) Resource() (*merlon.Resource, error) {
	var doc document
	if err := json.Unmarshal(d.JSON, &doc); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	calls, err := Calls(d.Provenance)
	if err != nil {
		return nil, err
	}
	r := &merlon.Resource{Type: doc.Type, ID: doc.ID, ARN: doc.ARN, Name: doc.Name, Account: doc.Account, Region: doc.Region,
		Tags: doc.Tags, Properties: doc.Properties, Observed: doc.Observed, Unknowns: d.Unknowns, Calls: calls, Perhaps: d.Perhaps}
	return r, nil
}

const documentColumns = "resource.n, resource.doc, resource.extra, resource.sum"

// whereARN says twice that there is an ARN: the index leaves out what has none,
// and SQLite takes it only where the query does too.
const whereARN = " FROM resource WHERE arn = ? AND arn <> ''"

// scan reads the rows of a query over documentColumns.
func (s *Snapshot) scan(rows *sql.Rows, fn func(*Document) error) error {
	defer rows.Close()
	var (
		d        Document
		doc, ext sql.RawBytes
		sum      int64
	)
	for rows.Next() {
		if err := rows.Scan(&d.Row, &doc, &ext, &sum); err != nil {
			return translate(err)
		}
		if int64(checksum(doc, ext)) != sum {
			return fmt.Errorf("%w: checksum of resource %d", ErrDamaged, d.Row)
		}
		d.JSON, d.Unknowns, d.Perhaps, d.Provenance = doc, nil, "", ext
		if len(ext) > 0 && !bytes.HasPrefix(ext, []byte(`{"c":`)) {
			var x extra
			if err := json.Unmarshal(ext, &x); err != nil {
				return fmt.Errorf("%w: %v", ErrDamaged, err)
			}
			d.Unknowns, d.Perhaps = x.Unknowns, x.Perhaps
		}
		if err := fn(&d); err != nil {
			return err
		}
	}
	return translate(rows.Err())
}

// Documents calls fn with every resource of the type, in the order of account,
// region and id, and stops at its first error.
func (s *Snapshot) Documents(ctx context.Context, typ string, fn func(*Document) error) error {
	rows, err := s.db.QueryContext(ctx, "SELECT "+documentColumns+" FROM resource WHERE type = ? ORDER BY type, account, region, id", typ)
	if err != nil {
		return translate(err)
	}
	return s.scan(rows, fn)
}

// Each is Documents with decoded resources.
func (s *Snapshot) Each(ctx context.Context, typ string, fn func(*merlon.Resource) error) error {
	return s.Documents(ctx, typ, func(d *Document) error {
		r, err := d.Resource()
		if err != nil {
			return err
		}
		return fn(r)
	})
}

// ErrNotFound: no resource of that key.
var ErrNotFound = errors.New("no such resource")

// Get finds a resource by its Key: an ARN, or account/region/type/id. It calls
// fn once, or returns [ErrNotFound].
func (s *Snapshot) Get(ctx context.Context, key string, fn func(*Document) error) error {
	query, args := "SELECT "+documentColumns+whereARN+" LIMIT 1", []any{key}
	if !strings.HasPrefix(key, "arn:") {
		f := strings.SplitN(key, "/", 4)
		if len(f) != 4 {
			return fmt.Errorf("%w: %q is neither an ARN nor account/region/type/id", ErrNotFound, key)
		}
		query = "SELECT " + documentColumns + " FROM resource WHERE account = ? AND region = ? AND type = ? AND id = ?"
		args = []any{f[0], f[1], f[2], f[3]}
	}
	return s.one(ctx, fn, query, args...)
}

// Lookup finds a resource by type, account, region and id.
func (s *Snapshot) Lookup(ctx context.Context, typ string, account merlon.AccountID, region merlon.Region, id string, fn func(*Document) error) error {
	return s.one(ctx, fn, "SELECT "+documentColumns+" FROM resource WHERE type = ? AND account = ? AND region = ? AND id = ?",
		typ, string(account), string(region), id)
}

func (s *Snapshot) one(ctx context.Context, fn func(*Document) error, query string, args ...any) error {
	rows, err := s.query(ctx, query, args...)
	if err != nil {
		return translate(err)
	}
	found := false
	if err := s.scan(rows, func(d *Document) error { found = true; return fn(d) }); err != nil {
		return err
	}
	if !found {
		return ErrNotFound
	}
	return nil
}

// Gaps calls fn with every gap, in the order of account, region, call and resource.
func (s *Snapshot) Gaps(ctx context.Context, fn func(*merlon.Gap) error) error {
	rows, err := s.db.QueryContext(ctx, "SELECT doc FROM gap ORDER BY account, region, call, resource")
	if err != nil {
		return translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		var raw sql.RawBytes
		if err := rows.Scan(&raw); err != nil {
			return translate(err)
		}
		g, err := decodeGap(raw)
		if err != nil {
			return err
		}
		if err := fn(g); err != nil {
			return err
		}
	}
	return translate(rows.Err())
}

func decodeGap(raw []byte) (*merlon.Gap, error) {
	var g merlon.Gap
	if err := json.Unmarshal(raw, &g); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	return &g, nil
}

// CallCount sums the calls of one operation.
type CallCount struct {
	Call      string `json:"call"`
	Calls     int    `json:"calls"`
	Attempts  int    `json:"attempts"`
	Throttles int    `json:"throttles"`
	Errors    int    `json:"errors"`
}

// Calls sums the calls that were made, by operation.
func (s *Snapshot) Calls(ctx context.Context) ([]CallCount, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT call, count(*), sum(attempts), sum(throttles), sum(code <> '') FROM call GROUP BY call ORDER BY call")
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []CallCount
	for rows.Next() {
		var c CallCount
		if err := rows.Scan(&c.Call, &c.Calls, &c.Attempts, &c.Throttles, &c.Errors); err != nil {
			return nil, translate(err)
		}
		out = append(out, c)
	}
	return out, translate(rows.Err())
}
