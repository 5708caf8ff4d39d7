package iam

// nearestName gives the name nearest to text, in any case, or "" when none is near:
// at most a third of its letters differ.
func nearestName(text string, names []string) string {
	if len(text) == 0 || len(text) > maxName {
		return ""
	}
	best, found := len(text)/3+1, ""
	for _, n := range names {
		if d := len(n) - len(text); d >= best || -d >= best {
			continue
		}
		if d := distance(text, n); d < best {
			best, found = d, n
		}
	}
	return found
}

// distance is how many letters must be added, dropped, changed or swapped with
// their neighbour to make b of a. Case does not count.
func distance(a, b string) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	lower := func(c byte) byte {
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if lower(a[i]) == lower(b[j]) {
				cost = 0
			}
			next[j+1] = min(row[j]+cost, row[j+1]+1, next[j]+1)
			if i > 0 && j > 0 && lower(a[i]) == lower(b[j-1]) && lower(a[i-1]) == lower(b[j]) {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
