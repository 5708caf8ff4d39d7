package inventory

import "strings"

// ClosestType gives the existing type whose name is nearest, or "" when none is
// near. It is meant for error messages.
func (s *SchemaSet) ClosestType(name string) string { return closest(name, s.names) }

// Closest gives the existing path nearest to one that does not exist, part by
// part, or "" when nothing is near: "properties.BucketEncyption" leads to
// "properties.BucketEncryption". It is meant for error messages.
func (t *Type) Closest(path string) string {
	parts := strings.Split(path, ".")
	roots := map[string]*Property{"properties": t.Properties, "observed": t.Observed}
	if at, ok := roots[parts[0]]; ok {
		if len(parts) == 1 {
			return path
		}
		if _, here := at.Field(parts[1]); !here {
			// It may have been looked for on the wrong side.
			other := map[string]string{"properties": "observed", "observed": "properties"}[parts[0]]
			if _, there := roots[other].Field(parts[1]); there {
				return other + "." + parts[1]
			}
		}
		return closestPath(at, parts[0], parts[1:])
	}
	if got := closestPath(t.Properties, "properties", parts); got != "" {
		return got
	}
	return closestPath(t.Observed, "observed", parts)
}

func closestPath(at *Property, path string, rest []string) string {
	for _, name := range rest {
		at, _ = at.element(false)
		switch at.Kind {
		case JSON:
			return path
		case Map:
			at, path = at.Elem, path+"."+name
			continue
		case Object:
		default:
			return path // a plain value has no parts: this is as far as it goes
		}
		next, ok := at.Field(name)
		if !ok {
			var names []string
			for n := range at.Fields() {
				names = append(names, n)
			}
			if name = closest(name, names); name == "" {
				return ""
			}
			next, _ = at.Field(name)
		}
		at, path = next, path+"."+name
	}
	return path
}

// closest gives the nearest of the names without regard to case, or "" when the
// nearest differs in more than a third of its letters.
func closest(word string, names []string) string {
	best, bestDistance := "", max(2, len(word)/3)+1
	lower := strings.ToLower(word)
	for _, n := range names {
		if d := editDistance(lower, strings.ToLower(n), bestDistance); d < bestDistance {
			best, bestDistance = n, d
		}
	}
	return best
}

// editDistance counts the letters to insert, delete or replace. Where it is
// limit or more, it gives limit.
func editDistance(a, b string, limit int) int {
	if diff := len(a) - len(b); diff >= limit || -diff >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		least := row[0]
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
			least = min(least, row[j+1])
		}
		if least >= limit {
			return limit
		}
	}
	return min(row[len(b)], limit)
}
