package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"merlon.dev/merlon"
)

// unknownKey stands among the references for a value that is not known: the
// resource may point at anything of the relation's target.
const unknownKey = "\x00"

// hiding gives the unknowns that may hide a value of a relation's path: those at
// the path, above it, and at elements of lists on it.
func hiding(unknowns []merlon.Unknown, by []string) []merlon.Unknown {
	side := "properties"
	if by[0] == "observed" {
		side, by = by[0], by[1:]
	}
	var out []merlon.Unknown
	for _, u := range unknowns {
		rest, ok := strings.CutPrefix(u.Path, "/"+side)
		if u.Path == "" || u.Path == "/" {
			rest, ok = "", true
		}
		if !ok || rest != "" && rest[0] != '/' {
			continue
		}
		at := 0
		for _, step := range strings.Split(rest, "/") {
			if step == "" || isIndex(step) {
				continue
			}
			if at == len(by) || by[at] != step {
				ok = false
				break
			}
			at++
		}
		if ok {
			out = append(out, u)
		}
	}
	return out
}

func isIndex(step string) bool {
	for _, c := range step {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// extraOf reads what stands beside a resource's document.
func (s *Snapshot) extraOf(ctx context.Context, row int64) (extra, error) {
	var raw []byte
	if err := s.db.QueryRowContext(ctx, "SELECT extra FROM resource WHERE n = ?", row).Scan(&raw); err != nil {
		return extra{}, translate(err)
	}
	var x extra
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &x); err != nil {
			return extra{}, fmt.Errorf("%w: %v", ErrDamaged, err)
		}
	}
	return x, nil
}

// hidden says why it is not known what the subject points at.
func (s *Snapshot) hidden(ctx context.Context, from Subject, rel *Relation) ([]merlon.Unknown, error) {
	x, err := s.extraOf(ctx, from.Row)
	if err != nil {
		return nil, err
	}
	var out []merlon.Unknown
	for _, u := range hiding(x.Unknowns, rel.By) {
		out = append(out, merlon.Unknown{Reason: u.Reason, Gap: u.Gap})
	}
	return out, nil
}

// perhaps keeps what may not be there out of a relation and remembers why. What
// is there under the same condition as the subject is there whenever that is.
type perhaps struct {
	s        *Snapshot
	from     Subject
	fn       func(*Document) error
	loaded   bool
	own      string
	unknowns []merlon.Unknown
}

func (p *perhaps) take(ctx context.Context) func(*Document) error {
	return func(d *Document) error {
		if d.Perhaps == "" {
			return p.fn(d)
		}
		if !p.loaded {
			x, err := p.s.extraOf(ctx, p.from.Row)
			if err != nil {
				return err
			}
			p.loaded, p.own = true, x.Perhaps
		}
		if p.own == d.Perhaps {
			return p.fn(d)
		}
		r, err := d.Resource()
		if err != nil {
			return err
		}
		p.unknowns = append(p.unknowns, merlon.Unknown{Reason: fmt.Sprintf("the %s %s may not be there: %s", r.Type, r.Name, d.Perhaps)})
		return nil
	}
}
