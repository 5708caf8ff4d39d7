package reference

import "strings"

// SuggestService is the prefix closest to one that is unknown; "" where none is
// close.
func (r *Reference) SuggestService(prefix string) string {
	b := newBest(prefix)
	for _, e := range r.entries {
		b.offer(e.prefix)
	}
	return b.name
}

// SuggestAction is the action closest to one that is unknown, as "s3:GetObject":
// of the same service if that exists, else of the service closest in name. "" where
// nothing is close.
func (r *Reference) SuggestAction(action string) string {
	prefix, name, _ := strings.Cut(action, ":")
	s, ok := r.Service(prefix)
	if !ok {
		near := r.SuggestService(prefix)
		if s, ok = r.Service(near); !ok {
			return ""
		}
		if a, ok := s.Action(name); ok {
			return a.String()
		}
	}
	b := newBest(name)
	for i := range s.actions {
		b.offer(s.actions[i].Name)
	}
	if b.name == "" {
		return ""
	}
	return s.Prefix + ":" + b.name
}

// SuggestConditionKey is the condition key closest to one that is unknown, among
// the global ones and those of the service that it begins with; "" where none is
// close. What stands in place of a variable is kept: "aws:RequestTga/env" gives
// "aws:RequestTag/env".
func (r *Reference) SuggestConditionKey(name string) string {
	prefix := keyPrefix(name)
	head, tag, tagged := strings.Cut(name, "/")
	b := newBest(name)
	offer := func(k ConditionKey) {
		start, end, ok := variable(k.Name)
		switch {
		case !ok:
			b.offer(k.Name)
		case tagged && end == len(k.Name) && strings.HasSuffix(k.Name[:start], "/") && len(tag) > 0:
			b.compare(k.Name[:start-1]+"/"+tag, k.Name[:start-1], head)
		}
	}
	for _, k := range r.global().keys {
		offer(k)
	}
	s, ok := r.Service(prefix)
	if !ok && !strings.EqualFold(prefix, "aws") {
		if s, ok = r.Service(r.SuggestService(prefix)); ok && !tagged {
			if _, rest, cut := strings.Cut(name, ":"); cut {
				if k, found := s.ConditionKey(s.Prefix + ":" + rest); found {
					return k.Name
				}
			}
		}
	}
	if ok {
		for _, k := range s.keys {
			offer(k)
		}
	}
	return b.name
}

// best keeps the name with the fewest edits from the one that was wanted.
type best struct {
	want  string
	limit int
	name  string
}

// maxSuggest bounds the names for which something close is looked for.
const maxSuggest = 128

// newBest allows an edit for every four characters.
func newBest(want string) *best {
	if len(want) > maxSuggest {
		want = ""
	}
	return &best{want: want, limit: max(1, len(want)/4)}
}

func (b *best) offer(name string) { b.compare(name, name, b.want) }

// compare offers name for the distance between a part of it and a part of what
// was wanted.
func (b *best) compare(name, part, want string) {
	if b.want == "" || len(want) > maxSuggest || abs(len(part)-len(want)) > b.limit {
		return
	}
	if d := distance(lower(part), lower(want)); d <= b.limit {
		b.limit, b.name = d-1, name
	}
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// distance counts insertions, deletions, changes and swaps of neighbours (the
// optimal string alignment distance), in bytes.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
