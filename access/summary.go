package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"merlon.dev/merlon/iam/reference"
)

// ActionGroup are actions of one access level.
type ActionGroup struct {
	Level   string   `json:"level"` // as AWS writes it: List, Read, Tagging, Write, Permissions management
	Summary string   `json:"summary"`
	Actions []string `json:"actions"`
}

// groups sorts actions by their level, and gives the witness of the gravest.
func (x *Index) groups(actions map[string]*Witness) ([]ActionGroup, *Witness) {
	groups := x.byLevel(slices.Collect(maps.Keys(actions)))
	// Reading and writing data are what a person understands at once.
	for _, plain := range []string{"s3:GetObject", "s3:PutObject", "s3:ListBucket", "sts:AssumeRole"} {
		if w := actions[plain]; w != nil {
			return groups, w
		}
	}
	if len(groups) == 0 {
		return nil, nil
	}
	last := groups[len(groups)-1]
	return groups, actions[last.Actions[0]]
}

// byLevel sorts actions by level and name, each group with a summary.
func (x *Index) byLevel(actions []string) []ActionGroup {
	levels := map[reference.AccessLevel][]string{}
	for _, name := range actions {
		a, _ := x.reference.Action(name)
		levels[a.Level] = append(levels[a.Level], name)
	}
	var out []ActionGroup
	for _, level := range append(reference.Levels(), 0) {
		if len(levels[level]) == 0 {
			continue
		}
		name := level.String()
		if level == 0 {
			name = "not in the reference"
		}
		slices.Sort(levels[level])
		out = append(out, ActionGroup{Level: name, Summary: x.summary(levels[level], level), Actions: levels[level]})
	}
	return out
}

// summary writes sorted actions of one level short: all of a service's level by
// their number, those with one verb by a wildcard where none is left out.
func (x *Index) summary(actions []string, level reference.AccessLevel) string {
	byService := map[string][]string{}
	for _, a := range actions {
		byService[serviceOf(a)] = append(byService[serviceOf(a)], a)
	}
	var parts []string
	for _, prefix := range slices.Sorted(maps.Keys(byService)) {
		have := byService[prefix]
		service, ok := x.reference.Service(prefix)
		if !ok {
			parts = append(parts, have...)
			continue
		}
		total := map[string]int{} // of the level, by verb
		all := 0
		for a := range service.Actions() {
			if a.Level == level {
				all++
				total[verb(a.Name)]++
			}
		}
		if len(have) == all && all > 1 {
			parts = append(parts, fmt.Sprintf("all %d of %s", all, prefix))
			continue
		}
		byVerb := map[string][]string{}
		for _, a := range have {
			_, name, _ := strings.Cut(a, ":")
			byVerb[verb(name)] = append(byVerb[verb(name)], a)
		}
		for _, v := range slices.Sorted(maps.Keys(byVerb)) {
			list := byVerb[v]
			switch {
			case len(list) > 2 && len(list) == total[v]:
				parts = append(parts, fmt.Sprintf("%s:%s* (%d)", prefix, v, len(list)))
			case len(list) > 6:
				parts = append(parts, fmt.Sprintf("%s and %d more %s:%s…", strings.Join(list[:3], ", "), len(list)-3, prefix, v))
			default:
				parts = append(parts, list...)
			}
		}
	}
	return strings.Join(parts, ", ")
}

// verb is an action's first word: "Get" of GetObject.
func verb(name string) string {
	for i, c := range name {
		if i > 0 && unicode.IsUpper(c) {
			return name[:i]
		}
	}
	return name
}

// arnService is the service in an ARN.
func arnService(arn string) string {
	if parts := strings.SplitN(arn, ":", 4); len(parts) == 4 {
		return parts[2]
	}
	return ""
}
