package inventory

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// queries are prepared statements by their text: what relations ask is asked of
// each of a million resources, and to parse it anew takes as long as the answer.
// The texts are this package's own, and few.
type queries struct {
	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

// query is db.QueryContext with a statement that is prepared once.
func (s *Snapshot) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	st, err := s.queries.prepare(ctx, s.db, text)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (q *queries) prepare(ctx context.Context, db *sql.DB, text string) (*sql.Stmt, error) {
	q.mu.Lock()
	st := q.prepared[text]
	q.mu.Unlock()
	if st != nil {
		return st, nil
	}
	// Outside the lock: it waits for a connection, which another query may hold.
	st, err := db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if first := q.prepared[text]; first != nil {
		return first, st.Close()
	}
	if q.prepared == nil {
		q.prepared = map[string]*sql.Stmt{}
	}
	q.prepared[text] = st
	return st, nil
}

func (q *queries) close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	var err error
	for _, st := range q.prepared {
		err = errors.Join(err, st.Close())
	}
	q.prepared = nil
	return err
}
