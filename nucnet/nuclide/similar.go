package nuclide

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Similar returns those of names that look most like s, best first and at most three: fewest letters to insert, take
// out, exchange or swap with the next one, then most letters in common from the start, or from the end, then nearest in
// the number at the end. For messages about unknown names.
func Similar(s string, names []string) []string {
	s = strings.ToLower(strings.TrimSpace(s))
	if element := strings.TrimLeft(s, "0123456789"); element != "" && len(element) < len(s) {
		s = element + s[:len(s)-len(element)] // 28si as si28
	}
	type candidate struct {
		name                        string
		edits, prefix, suffix, away int
	}
	list := make([]candidate, 0, len(names))
	for _, name := range names {
		low := strings.ToLower(name)
		c := candidate{name: name, edits: edits(s, low), away: ending(s) - ending(low)}
		for c.prefix < min(len(s), len(low)) && s[c.prefix] == low[c.prefix] {
			c.prefix++
		}
		for c.suffix < min(len(s), len(low)) && s[len(s)-1-c.suffix] == low[len(low)-1-c.suffix] {
			c.suffix++
		}
		c.away = max(c.away, -c.away)
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.edits, b.edits), cmp.Compare(b.prefix, a.prefix), cmp.Compare(b.suffix, a.suffix), cmp.Compare(a.away, b.away))
	})
	var best []string
	for _, c := range list {
		if len(best) == 3 || c.edits >= max(len(s), len(c.name)) || c.edits > list[0].edits+1 {
			break
		}
		best = append(best, c.name)
	}
	return best
}

// maybe says that names might have been meant, or nothing if there are none.
func maybe(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; nearest: " + strings.Join(names, ", ")
}

// allNames holds the names of all nuclides.
var allNames = sync.OnceValue(func() []string {
	names := []string{Prot.String()}
	for _, n := range All() {
		names = append(names, n.String())
	}
	return names
})

// similar says which nuclides have names like s, unless it is too long to be like any.
func similar(s string) string {
	if len(s) > 12 {
		return ""
	}
	return maybe(Similar(s, allNames()))
}

// ending returns the number at the end of a name, 0 if there is none.
func ending(s string) int {
	n, _ := strconv.Atoi(s[len(strings.TrimRight(s, "0123456789")):])
	return n
}

// edits returns the distance of Damerau and Levenshtein (swaps of neighbours alone) between two words, in bytes.
func edits(a, b string) int {
	if len(a) > maxWord || len(b) > maxWord {
		return maxWord
	}
	var rows [3][maxWord + 1]int // of the last three letters of a
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := &rows[(i+1)%3], &rows[(i+2)%3], &rows[i%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}

// maxWord is the length of names beyond which none is like another.
const maxWord = 40
