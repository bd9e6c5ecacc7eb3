package cell

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// Nearest returns the candidate that a misspelt word most likely means: one or two letters away, or the same but for
// case. It is "" when there is none.
func Nearest(word string, candidates []string) string {
	best, at := "", 3
	if len(word) < 4 {
		at = 2
	}
	for _, c := range candidates {
		if c == word {
			continue // it cannot be used here
		}
		d := distance(word, c)
		if strings.EqualFold(word, c) {
			d = 1
		}
		if d < at && d < len(word) {
			best, at = c, d
		}
	}
	return best
}

// distance counts the insertions, removals, replacements and swaps of neighbours that make b of a.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next := make([]int, len(b)+1)
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j+1]+1, next[j]+1, row[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// suggest adds to the message about an undefined name what may have been meant.
func (a *analysis) suggest(msg string) string {
	name, ok := strings.CutPrefix(msg, "undefined: ")
	if !ok {
		return msg
	}
	if t := a.n.lost[name]; t != "" {
		return fmt.Sprintf("%s is out of reach: its type %s was declared anew with other contents; define %s again", name, t, name)
	}
	var candidates []string
	pkg, member, qualified := strings.Cut(name, ".")
	if qualified {
		path := a.cell.imports[pkg]
		if path == "" {
			path = a.n.imports[pkg]
		}
		p, err := a.n.loader.Import(path)
		if path == "" || err != nil {
			return msg
		}
		for _, n := range p.Scope().Names() {
			if p.Scope().Lookup(n).Exported() {
				candidates = append(candidates, n)
			}
		}
		name = member
	} else {
		for n := range a.n.imports {
			candidates = append(candidates, n)
		}
		for n := range a.n.names {
			candidates = append(candidates, n)
		}
		for n := range a.declared {
			candidates = append(candidates, n)
		}
		candidates = append(candidates, types.Universe.Names()...)
	}
	slices.Sort(candidates)
	if best := Nearest(name, candidates); best != "" {
		return msg + " (did you mean " + best + "?)"
	}
	return msg
}
