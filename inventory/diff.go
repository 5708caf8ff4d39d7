package inventory

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"merlon.dev/merlon"
)

// ChangeKind says what happened to a resource between two snapshots.
type ChangeKind string

// The kinds of changes.
const (
	Added   ChangeKind = "added"
	Gone    ChangeKind = "gone"
	Changed ChangeKind = "changed"
)

// Change is one resource that differs between two snapshots.
type Change struct {
	Kind    ChangeKind       `json:"kind"`
	Key     string           `json:"resource"`
	Type    string           `json:"type"`
	Name    string           `json:"name"`
	Account merlon.AccountID `json:"account"`
	Region  merlon.Region    `json:"region"`
	// Parts are the values that differ, for a changed resource; the first
	// maxParts of them.
	Parts []Part `json:"parts,omitempty"`
}

// Part is one value that differs; null stands for absent.
type Part struct {
	Path   string          `json:"path"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}

const maxParts = 50

// Diff calls fn with what differs between two snapshots, by type, account,
// region and id. Only content counts: documents and what is unknown of them, not
// when they were read. It holds one resource of each snapshot in memory.
//
// A resource whose list call failed in one of the two is neither added nor gone;
// that it cannot be told is for the caller to say, from the gaps.
func Diff(ctx context.Context, before, after *Snapshot, fn func(*Change) error) error {
	types := map[string]bool{}
	for _, s := range []*Snapshot{before, after} {
		counts, err := s.Types(ctx)
		if err != nil {
			return err
		}
		for _, t := range counts {
			types[t.Type] = true
		}
	}
	for _, t := range slices.Sorted(maps.Keys(types)) {
		if err := diffType(ctx, before, after, t, fn); err != nil {
			return fmt.Errorf("compare %s: %w", t, err)
		}
	}
	return nil
}

// item is a document that outlives its row, with what it is sorted by.
type item struct {
	doc      document
	raw      []byte
	unknowns []merlon.Unknown
}

func (i *item) compare(j *item) int {
	return cmp.Or(cmp.Compare(i.doc.Account, j.doc.Account), cmp.Compare(i.doc.Region, j.doc.Region), cmp.Compare(i.doc.ID, j.doc.ID))
}

func (i *item) change(kind ChangeKind) *Change {
	r := merlon.Resource{Type: i.doc.Type, ID: i.doc.ID, ARN: i.doc.ARN, Account: i.doc.Account, Region: i.doc.Region}
	return &Change{Kind: kind, Key: r.Key(), Type: i.doc.Type, Name: i.doc.Name, Account: i.doc.Account, Region: i.doc.Region}
}

func (s *Snapshot) items(ctx context.Context, typ string) iter.Seq2[*item, error] {
	return func(yield func(*item, error) bool) {
		err := s.Documents(ctx, typ, func(d *Document) error {
			i := &item{raw: bytes.Clone(d.JSON), unknowns: d.Unknowns}
			if err := json.Unmarshal(i.raw, &i.doc); err != nil {
				return fmt.Errorf("%w: %v", ErrDamaged, err)
			}
			if !yield(i, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && err != errEnough {
			yield(nil, err)
		}
	}
}

var errEnough = fmt.Errorf("enough")

func diffType(ctx context.Context, before, after *Snapshot, typ string, fn func(*Change) error) error {
	nextA, stopA := iter.Pull2(before.items(ctx, typ))
	defer stopA()
	nextB, stopB := iter.Pull2(after.items(ctx, typ))
	defer stopB()
	a, err, okA := nextA()
	if err != nil {
		return err
	}
	b, err, okB := nextB()
	if err != nil {
		return err
	}
	for okA || okB {
		order := 0
		switch {
		case !okB:
			order = -1
		case !okA:
			order = 1
		default:
			order = a.compare(b)
		}
		var c *Change
		switch {
		case order < 0:
			if after.Coverage(typ, a.doc.Account, a.doc.Region).Complete {
				c = a.change(Gone)
			}
		case order > 0:
			if before.Coverage(typ, b.doc.Account, b.doc.Region).Complete {
				c = b.change(Added)
			}
		case !bytes.Equal(a.raw, b.raw) || !slices.EqualFunc(a.unknowns, b.unknowns, sameUnknown):
			c = b.change(Changed)
			if c.Parts, err = parts(a.raw, b.raw); err != nil {
				return err
			}
		}
		if c != nil {
			if err := fn(c); err != nil {
				return err
			}
		}
		if order <= 0 {
			if a, err, okA = nextA(); err != nil {
				return err
			}
		}
		if order >= 0 {
			if b, err, okB = nextB(); err != nil {
				return err
			}
		}
	}
	return nil
}

func sameUnknown(x, y merlon.Unknown) bool { return x.Path == y.Path && x.Reason == y.Reason }

// parts lists the values that differ between two documents, by path.
func parts(before, after []byte) ([]Part, error) {
	var a, b any
	for _, p := range []struct {
		raw []byte
		v   *any
	}{{before, &a}, {after, &b}} {
		d := json.NewDecoder(bytes.NewReader(p.raw))
		d.UseNumber()
		if err := d.Decode(p.v); err != nil {
			return nil, fmt.Errorf("%w: %v", ErrDamaged, err)
		}
	}
	var out []Part
	var walk func(path string, a, b any) error
	walk = func(path string, a, b any) error {
		if len(out) >= maxParts || reflect.DeepEqual(a, b) {
			return nil
		}
		switch x := a.(type) {
		case map[string]any:
			if y, ok := b.(map[string]any); ok {
				keys := map[string]bool{}
				for k := range x {
					keys[k] = true
				}
				for k := range y {
					keys[k] = true
				}
				for _, k := range slices.Sorted(maps.Keys(keys)) {
					if err := walk(path+"."+k, x[k], y[k]); err != nil {
						return err
					}
				}
				return nil
			}
		case []any:
			if y, ok := b.([]any); ok && len(x) == len(y) {
				for i := range x {
					if err := walk(path+"["+strconv.Itoa(i)+"]", x[i], y[i]); err != nil {
						return err
					}
				}
				return nil
			}
		}
		p := Part{Path: path}
		var err error
		if p.Before, err = encode(a); err != nil {
			return err
		}
		if p.After, err = encode(b); err != nil {
			return err
		}
		if len(p.Path) > 0 && p.Path[0] == '.' {
			p.Path = p.Path[1:]
		}
		out = append(out, p)
		return nil
	}
	return out, walk("", a, b)
}

// Equal reports whether two snapshots have the same content, and if not, the
// first difference as a sentence.
func Equal(ctx context.Context, a, b *Snapshot) (bool, string, error) {
	difference := ""
	err := Diff(ctx, a, b, func(c *Change) error {
		difference = string(c.Kind) + ": " + c.Key
		for _, p := range c.Parts {
			difference += fmt.Sprintf("\n  %s: %s → %s", p.Path, p.Before, p.After)
		}
		return errEnough
	})
	if err != nil && difference == "" {
		return false, "", err
	}
	if difference != "" {
		return false, difference, nil
	}
	var keys [2][]string
	for i, s := range []*Snapshot{a, b} {
		if err := s.Gaps(ctx, func(g *merlon.Gap) error { keys[i] = append(keys[i], g.Key()+" "+g.Text()); return nil }); err != nil {
			return false, "", err
		}
	}
	if !slices.Equal(keys[0], keys[1]) {
		return false, fmt.Sprintf("the gaps differ: %d and %d", len(keys[0]), len(keys[1])), nil
	}
	return true, "", nil
}
