package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"merlon.dev/merlon"
)

// Coverage says whether the resources of a type in an account and region were read.
type Coverage struct {
	// Complete: every resource of the type is in the snapshot.
	Complete bool
	// Gaps are the list calls that failed.
	Gaps []merlon.Gap
	// OutOfScope: nothing was asked for; Reason says what.
	OutOfScope bool
	Reason     string
}

// Unknowns gives the coverage as the unknowns a relation carries; none when complete.
func (c *Coverage) Unknowns() []merlon.Unknown {
	if c.Complete {
		return nil
	}
	if c.OutOfScope {
		return []merlon.Unknown{{Reason: c.Reason}}
	}
	var out []merlon.Unknown
	for i := range c.Gaps {
		out = append(out, merlon.Unknown{Reason: c.Gaps[i].Text(), Gap: c.Gaps[i].Key()})
	}
	return out
}

// partGap is a failed call about one resource, of the type per ("" where the
// resource itself is not there), that would have given resources of another type.
type partGap struct {
	merlon.Gap
	per string
}

func (s *Snapshot) loadPartGaps(ctx context.Context) error {
	s.partGaps = map[string][]partGap{}
	rows, err := s.db.QueryContext(ctx, `SELECT gap_type.type, gap.doc,
coalesce((SELECT resource.type FROM resource WHERE resource.arn = gap_type.resource AND resource.arn <> '' LIMIT 1), '')
FROM gap_type JOIN gap ON gap.key = gap_type.key AND gap.unit = gap_type.unit WHERE gap_type.resource <> '' ORDER BY gap.key`)
	if err != nil {
		return translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		var typ, per string
		var raw []byte
		if err := rows.Scan(&typ, &raw, &per); err != nil {
			return translate(err)
		}
		g, err := decodeGap(raw)
		if err != nil {
			return err
		}
		if f := strings.SplitN(g.Resource, "/", 4); per == "" && len(f) == 4 && !strings.HasPrefix(g.Resource, "arn:") {
			per = f[2]
		}
		s.partGaps[typ] = append(s.partGaps[typ], partGap{*g, per})
	}
	return translate(rows.Err())
}

// Coverage of a type in one account and region. A failed call about one resource
// that would have given resources of the type counts: what it would have given
// is missing.
func (s *Snapshot) Coverage(typ string, account merlon.AccountID, region merlon.Region) Coverage {
	return s.coverage(typ, account, region, func(*partGap) bool { return true })
}

// coverage is Coverage with only those failed calls about one resource that
// matter to whoever asks.
func (s *Snapshot) coverage(typ string, account merlon.AccountID, region merlon.Region, matters func(*partGap) bool) Coverage {
	if s.meta.Kind == KindTemplate {
		if strings.HasPrefix(typ, "AWS::") {
			return Coverage{Complete: true}
		}
		return Coverage{OutOfScope: true, Reason: "a template cannot tell " + typ + ": it is a fact of the account"}
	}
	svc, ok := s.meta.service(typ)
	if !ok {
		return Coverage{OutOfScope: true, Reason: typ + " was not asked for (out of scope)"}
	}
	unitRegion := region
	if svc.Global {
		unitRegion = merlon.PartitionOf(region).GlobalRegion()
	}
	var gaps []merlon.Gap
	for _, g := range s.listGaps[typ] {
		// A gap without an account or a region stands for all of them.
		if (g.Account == "" || g.Account == account) && (g.Region == "" || g.Region == region || svc.Global) {
			gaps = append(gaps, g)
		}
	}
	for i := range s.partGaps[typ] {
		if g := &s.partGaps[typ][i]; g.Account == account && (g.Region == region || svc.Global) && matters(g) {
			gaps = append(gaps, g.Gap)
		}
	}
	if len(gaps) > 0 {
		return Coverage{Gaps: gaps}
	}
	unit := Unit{account, unitRegion, svc.Name}
	if reason, ok := s.outside[outsideKey{unit, typ}]; ok {
		return Coverage{OutOfScope: true, Reason: reason}
	}
	if !s.units[unit] {
		return Coverage{OutOfScope: true, Reason: fmt.Sprintf("%s in %s/%s was not read (out of scope)", svc.Name, account, unitRegion)}
	}
	return Coverage{Complete: true}
}

// accountCoverage joins the coverage of a type over all regions of an account.
func (s *Snapshot) accountCoverage(typ string, account merlon.AccountID) Coverage {
	acc, ok := s.meta.account(account)
	if !ok && s.meta.Kind != KindTemplate {
		return Coverage{OutOfScope: true, Reason: fmt.Sprintf("account %s was not read (out of scope)", account)}
	}
	joined := Coverage{Complete: true}
	for _, r := range acc.Regions {
		c := s.Coverage(typ, account, r)
		if c.Complete {
			continue
		}
		joined.Complete = false
		if c.OutOfScope && len(joined.Gaps) == 0 {
			joined.OutOfScope, joined.Reason = true, c.Reason
		}
		for _, g := range c.Gaps {
			if !slices.ContainsFunc(joined.Gaps, func(h merlon.Gap) bool { return h.Key() == g.Key() }) {
				joined.Gaps = append(joined.Gaps, g)
			}
		}
	}
	if len(joined.Gaps) > 0 {
		joined.OutOfScope = false
	}
	if len(acc.Regions) == 0 {
		return s.Coverage(typ, account, "")
	}
	return joined
}

// Subject is what a relation starts from.
type Subject struct {
	Row     int64
	Type    string
	ID      string
	ARN     merlon.ARN
	Account merlon.AccountID
	Region  merlon.Region
}

// Key is the key of the resource.
func (s *Subject) Key() string {
	r := merlon.Resource{Type: s.Type, ID: s.ID, ARN: s.ARN, Account: s.Account, Region: s.Region}
	return r.Key()
}

// Related calls fn with every resource that the subject's relation leads to, in
// a fixed order, and returns why there may be more: a denied list call, a
// reference to something that was not read. An unknown relation is an error.
func (s *Snapshot) Related(ctx context.Context, from Subject, relation string, fn func(*Document) error) ([]merlon.Unknown, error) {
	t, ok := s.schemas.Type(from.Type)
	if !ok {
		return nil, fmt.Errorf("relation %s of %s: no such type", relation, from.Type)
	}
	rel, ok := t.Relations[relation]
	if !ok {
		return nil, fmt.Errorf("relation %s of %s: no such relation", relation, from.Type)
	}
	p := perhaps{s: s, from: from, fn: fn}
	var unknowns []merlon.Unknown
	var err error
	switch {
	case rel.Within != ScopeNone:
		unknowns, err = s.within(ctx, from, rel, p.take(ctx))
	case len(rel.By) > 0:
		unknowns, err = s.forward(ctx, from, relation, rel, p.take(ctx))
	default:
		unknowns, err = s.inverse(ctx, from, rel, p.take(ctx))
	}
	return append(unknowns, p.unknowns...), err
}

func (s *Snapshot) within(ctx context.Context, from Subject, rel *Relation, fn func(*Document) error) ([]merlon.Unknown, error) {
	query, args := "SELECT "+documentColumns+" FROM resource WHERE type = ? AND account = ?", []any{rel.Target, string(from.Account)}
	cover := s.accountCoverage(rel.Target, from.Account)
	if rel.Within == ScopeRegion {
		region := from.Region
		// The resources of a global service are in one region and count in all.
		if svc, ok := s.meta.service(rel.Target); ok && svc.Global {
			region = merlon.PartitionOf(region).GlobalRegion()
		}
		query += " AND region = ?"
		args = append(args, string(region))
		cover = s.Coverage(rel.Target, from.Account, from.Region)
	}
	rows, err := s.query(ctx, query+" ORDER BY region, id", args...)
	if err != nil {
		return nil, translate(err)
	}
	return cover.Unknowns(), s.scan(rows, fn)
}

func (s *Snapshot) forward(ctx context.Context, from Subject, name string, rel *Relation, fn func(*Document) error) ([]merlon.Unknown, error) {
	rows, err := s.query(ctx, "SELECT key FROM reference WHERE n = ? AND name = ? ORDER BY key", from.Row, name)
	if err != nil {
		return nil, translate(err)
	}
	var keys []string
	for rows.Next() {
		var k string
		if err := rows.Scan(&k); err != nil {
			rows.Close()
			return nil, translate(err)
		}
		keys = append(keys, k)
	}
	if err := rows.Close(); err != nil {
		return nil, translate(err)
	}
	var unknowns []merlon.Unknown
	seen := map[int64]bool{}
	for _, k := range keys {
		if k == unknownKey {
			hidden, err := s.hidden(ctx, from, rel)
			if err != nil {
				return nil, err
			}
			unknowns = append(unknowns, hidden...)
			continue
		}
		row, err := s.find(ctx, from, rel, k)
		if err != nil {
			return nil, err
		}
		if row == 0 {
			unknowns = append(unknowns, s.dangling(from, rel, k)...)
			continue
		}
		if seen[row] {
			continue
		}
		seen[row] = true
		if err := s.one(ctx, fn, "SELECT "+documentColumns+" FROM resource WHERE n = ?", row); err != nil {
			return nil, err
		}
	}
	return unknowns, nil
}

// find gives the row of the resource that a key names: by ARN wherever it is,
// else by id in the subject's account and region, in the global region, and, for
// relations that cross accounts, anywhere if it is the only one.
func (s *Snapshot) find(ctx context.Context, from Subject, rel *Relation, key string) (int64, error) {
	number := func(query string, args ...any) (int64, error) {
		rows, err := s.query(ctx, query, args...)
		if err != nil {
			return 0, translate(err)
		}
		defer rows.Close()
		var n, found int64
		for rows.Next() {
			if err := rows.Scan(&n); err != nil {
				return 0, translate(err)
			}
			found++
		}
		if found != 1 {
			n = 0
		}
		return n, translate(rows.Err())
	}
	if p, err := merlon.ParseARN(key); err == nil {
		// A trail of the organization is in every account under one ARN; the
		// account it names holds the thing itself.
		n, err := number("SELECT n"+whereARN+" AND type = ? AND account = ?", key, rel.Target, string(p.Account))
		if n != 0 || err != nil {
			return n, err
		}
		n, err = number("SELECT n"+whereARN+" AND type = ? LIMIT 2", key, rel.Target)
		if n != 0 || err != nil {
			return n, err
		}
	}
	regions := []merlon.Region{from.Region}
	if g := merlon.PartitionOf(from.Region).GlobalRegion(); g != from.Region {
		regions = append(regions, g)
	}
	for _, r := range regions {
		n, err := number("SELECT n FROM resource WHERE type = ? AND account = ? AND region = ? AND id = ?", rel.Target, string(from.Account), string(r), key)
		if n != 0 || err != nil {
			return n, err
		}
	}
	if !rel.Anywhere {
		return 0, nil
	}
	// Named once in all that was read: S3 buckets, shared subnets.
	n, err := number("SELECT n FROM resource WHERE type = ? AND account = ? AND id = ? LIMIT 2", rel.Target, string(from.Account), key)
	if n != 0 || err != nil {
		return n, err
	}
	return number("SELECT n FROM resource WHERE type = ? AND id = ? LIMIT 2", rel.Target, key)
}

// dangling says why what a key names is not there. It is never nothing: AWS may
// hold it where this scan did not look.
func (s *Snapshot) dangling(from Subject, rel *Relation, key string) []merlon.Unknown {
	account, region := from.Account, from.Region
	if p, err := merlon.ParseARN(key); err == nil {
		if p.Account != "" {
			account = p.Account
		}
		if p.Region != "" {
			region = p.Region
		}
	}
	cover := s.Coverage(rel.Target, account, region)
	if u := cover.Unknowns(); len(u) > 0 {
		return u
	}
	return []merlon.Unknown{{Reason: fmt.Sprintf("%s refers to the %s %s, which is not among what was read", from.ID, rel.Target, key)}}
}

func (s *Snapshot) inverse(ctx context.Context, from Subject, rel *Relation, fn func(*Document) error) ([]merlon.Unknown, error) {
	// An ARN names one thing wherever it stands. An id may be a name that another
	// region uses too, so it counts in the subject's own region only, unless the
	// subject is a global service's.
	byID := "reference.key = ?4 AND (resource.region = ?6 OR ?7)"
	if !rel.Anywhere {
		byID += " AND resource.account = ?5"
	}
	// Without the list of keys SQLite would go through all references, without
	// CROSS from the resources to their references, and without the plus through
	// all resources of the type, which are in the order that is asked for.
	query := "SELECT " + documentColumns + ` FROM resource WHERE +resource.type = ?1 AND resource.n IN
(SELECT reference.n FROM reference CROSS JOIN resource ON resource.n = reference.n
 WHERE reference.name = ?2 AND reference.key IN (?3, ?4) AND (reference.key = ?3 AND ?3 <> '' OR ` + byID + `)) ORDER BY account, region, id`
	svc, _ := s.meta.service(from.Type)
	arn := string(from.ARN)
	if p, err := merlon.ParseARN(arn); err == nil && p.Account == "aws" {
		// AWS's own policies have one ARN in all accounts, and other users in each.
		arn = ""
	}
	rows, err := s.query(ctx, query, rel.Target, rel.Inverse, arn, from.ID, string(from.Account), string(from.Region), svc.Global || rel.Anywhere)
	if err != nil {
		return nil, translate(err)
	}
	if err := s.scan(rows, fn); err != nil {
		return nil, err
	}
	// What a call about a sibling would have given leads to the sibling.
	key := from.Key()
	cover := s.coverage(rel.Target, from.Account, from.Region, func(g *partGap) bool { return g.Resource == key || g.per != from.Type })
	open, err := s.mayPoint(ctx, from, rel, svc.Global || rel.Anywhere)
	return append(cover.Unknowns(), open...), err
}
