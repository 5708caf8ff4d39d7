package posture

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// didYouMean is the end of an error message that names the word nearest to one
// that does not exist, or "" where none is near: not more than a third of its
// letters may differ.
func didYouMean(word string, words []string) string {
	best := closest(word, words)
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// closest gives the nearest of the words without regard to case, or "".
func closest(word string, words []string) string {
	best, least := "", max(2, len(word)/3)+1
	for _, w := range words {
		if d := editDistance(strings.ToLower(word), strings.ToLower(w)); d < least {
			best, least = w, d
		}
	}
	return best
}

// editDistance counts the letters to insert, delete or replace.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func keysSorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
