package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"merlon.dev/merlon"
)

// maxOpenEnds bounds how many resources are named that may point at a subject.
const maxOpenEnds = 5

// openEnds remembers which references are unknown. They depend on the place of a
// subject and not on the subject itself, and subjects come place by place, so one
// place is kept for each relation: asked anew for every subject, ten thousand
// unknown references would be sorted for each of ten thousand subjects.
type openEnds struct {
	mu   sync.Mutex
	last map[openRelation]*openPlace
}

// openRelation is a relation of a target's by which it may point at a subject.
type openRelation struct{ target, name string }

// openPlace is where subjects are, "" for anywhere, and what may point there.
type openPlace struct {
	account  merlon.AccountID
	region   merlon.Region
	unknowns []merlon.Unknown
}

// mayPoint names resources of the relation's target that may point at the
// subject, because what they point at is not known.
func (s *Snapshot) mayPoint(ctx context.Context, from Subject, rel *Relation, anyRegion bool) ([]merlon.Unknown, error) {
	target, ok := s.schemas.Type(rel.Target)
	if !ok || target.Relations[rel.Inverse] == nil {
		return nil, nil
	}
	key, at := openRelation{rel.Target, rel.Inverse}, openPlace{account: from.Account, region: from.Region}
	if rel.Anywhere {
		at.account = ""
	}
	if anyRegion {
		at.region = ""
	}
	s.open.mu.Lock()
	last := s.open.last[key]
	s.open.mu.Unlock()
	if last != nil && last.account == at.account && last.region == at.region {
		return slices.Clone(last.unknowns), nil
	}
	var err error
	if at.unknowns, err = s.openIn(ctx, key, at, target.Relations[rel.Inverse].By); err != nil {
		return nil, err
	}
	s.open.mu.Lock()
	defer s.open.mu.Unlock()
	if s.open.last == nil {
		s.open.last = map[openRelation]*openPlace{}
	}
	s.open.last[key] = &at
	return slices.Clone(at.unknowns), nil
}

func (s *Snapshot) openIn(ctx context.Context, key openRelation, at openPlace, by []string) ([]merlon.Unknown, error) {
	// CROSS: the few references first, and not all resources of the type.
	rows, err := s.query(ctx, `SELECT resource.id, resource.extra FROM reference CROSS JOIN resource ON resource.n = reference.n
WHERE reference.key = ?1 AND reference.name = ?2 AND resource.type = ?3 AND (resource.account = ?4 OR ?4 = '') AND (resource.region = ?5 OR ?5 = '')
ORDER BY resource.account, resource.region, resource.id LIMIT ?6`,
		unknownKey, key.name, key.target, string(at.account), string(at.region), maxOpenEnds)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	var out []merlon.Unknown
	for rows.Next() {
		var id string
		var raw []byte
		if err := rows.Scan(&id, &raw); err != nil {
			return nil, translate(err)
		}
		var x extra
		if err := json.Unmarshal(raw, &x); err != nil {
			return nil, fmt.Errorf("%w: %v", ErrDamaged, err)
		}
		u := merlon.Unknown{Reason: fmt.Sprintf("the %s %s may belong to it", key.target, id)}
		if h := hiding(x.Unknowns, by); len(h) > 0 {
			u.Reason, u.Gap = u.Reason+": "+h[0].Reason, h[0].Gap
		}
		out = append(out, u)
	}
	return out, translate(rows.Err())
}
