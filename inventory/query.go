package inventory

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"unicode"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Query runs a SELECT over the snapshot with the views that [Snapshot.Views]
// lists. fn is called with the column names first, then with each row; values
// are nil, int64, float64, string or []byte. The file cannot be changed by it.
func (s *Snapshot) Query(ctx context.Context, query string, fn func(row []any) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return translate(err)
	}
	defer conn.Close()
	if err := s.prepare(ctx, conn); err != nil {
		return err
	}
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("query: %w", translate(err))
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return translate(err)
	}
	row := make([]any, len(names))
	into := make([]any, len(names))
	for i, n := range names {
		row[i], into[i] = n, &row[i]
	}
	if err := fn(row); err != nil {
		return err
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return translate(err)
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("query: %w", translate(err))
	}
	return nil
}

// prepare makes the views on a connection and keeps it from opening other files.
func (s *Snapshot) prepare(ctx context.Context, conn *sql.Conn) error {
	views, err := s.Views(ctx)
	if err != nil {
		return err
	}
	for _, v := range views {
		if _, err := conn.ExecContext(ctx, "CREATE TEMP VIEW IF NOT EXISTS "+quote(v.Name)+" AS "+v.query); err != nil {
			return fmt.Errorf("make view %s: %w", v.Name, translate(err))
		}
	}
	// The file is open for reading; nor may a query open or make another one.
	if _, err := sqlite.Limit(conn, sqlite3.SQLITE_LIMIT_ATTACHED, 0); err != nil {
		return translate(err)
	}
	return nil
}

// View is a table of a snapshot as a person sees it.
type View struct {
	Name    string
	Columns []string
	Rows    int

	query string
}

// Views are resources, gaps, calls, and one for each type that occurs, named
// "s3_bucket" for AWS::S3::Bucket, with a column for each property and each
// observed fact. Objects and lists are JSON, for json_extract and json_each.
func (s *Snapshot) Views(ctx context.Context) ([]View, error) {
	fixed := []string{"account", "region", "id", "name", "arn", "tags"}
	column := func(path, name string) string {
		return "json_extract(doc, '" + strings.ReplaceAll(path, "'", "''") + "') AS " + quote(name)
	}
	base := "account, region, id, " + column("$.name", "name") + ", arn, " + column("$.tags", "tags")
	views := []View{
		{Name: "resources", Columns: append([]string{"type"}, append(fixed, "properties", "observed")...),
			query: "SELECT type, " + base + ", " + column("$.properties", "properties") + ", " + column("$.observed", "observed") + " FROM main.resource"},
		{Name: "gaps", Columns: []string{"account", "region", "call", "resource", "cause", "code", "message", "statement"},
			query: "SELECT account, region, call, resource, cause, " + column("$.code", "code") + ", " + column("$.message", "message") + ", " + column("$.statement", "statement") + " FROM main.gap"},
		{Name: "calls", Columns: []string{"account", "region", "service", "call", "resource", "at", "milliseconds", "attempts", "throttles", "code"},
			query: "SELECT account, region, service, call, resource, at, milliseconds, attempts, throttles, code FROM main.call JOIN main.unit ON unit.n = call.unit"},
	}
	types, err := s.Types(ctx)
	if err != nil {
		return nil, err
	}
	for _, tc := range types {
		t, ok := s.schemas.Type(tc.Type)
		if !ok {
			continue
		}
		v := View{Name: ViewName(tc.Type), Columns: append([]string{}, fixed...), Rows: tc.Count}
		q := "SELECT " + base
		seen := map[string]bool{}
		for _, n := range fixed {
			seen[n] = true
		}
		add := func(part, name string) {
			// SQLite's names ignore case.
			if k := strings.ToLower(name); !seen[k] {
				seen[k] = true
				v.Columns = append(v.Columns, name)
				q += ", " + column("$."+part+`."`+name+`"`, name)
			}
		}
		for name := range t.Properties.Fields() {
			add("properties", name)
		}
		for name := range t.Observed.Fields() {
			add("observed", name)
		}
		v.query = q + " FROM main.resource WHERE type = '" + strings.ReplaceAll(tc.Type, "'", "''") + "'"
		views = append(views, v)
	}
	return views, nil
}

// ViewName is the name of a type's view: "ec2_security_group" for
// AWS::EC2::SecurityGroup.
func ViewName(typ string) string {
	parts := strings.Split(typ, "::")
	if len(parts) > 1 {
		parts = parts[1:]
	}
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteByte('_')
		}
		if i == 0 {
			b.WriteString(strings.ToLower(p))
			continue
		}
		r := []rune(p)
		for j, c := range r {
			// A word begins where a small letter ends, or a row of capitals.
			if j > 0 && unicode.IsUpper(c) && (!unicode.IsUpper(r[j-1]) || j+1 < len(r) && unicode.IsLower(r[j+1])) {
				b.WriteByte('_')
			}
			b.WriteRune(unicode.ToLower(c))
		}
	}
	return b.String()
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
