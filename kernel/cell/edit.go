package cell

import (
	"sort"
	"strings"
)

// edit replaces the bytes from start to end of a source.
type edit struct {
	start, end int
	text       string
}

// replace records an edit. Of edits at one byte, those recorded first come first; an edit inside another is dropped.
func (u *unit) replace(start, end int, text string) {
	u.edits = append(u.edits, edit{start, end, text})
}

// render returns the source from one byte to another with its edits.
func (u *unit) render(from, to int) string {
	var inside []edit
	for _, e := range u.edits {
		if from <= e.start && e.end <= to {
			inside = append(inside, e)
		}
	}
	// At one byte insertions precede replacements, and the longest replacement wins.
	sort.SliceStable(inside, func(i, j int) bool {
		a, b := inside[i], inside[j]
		if a.start != b.start {
			return a.start < b.start
		}
		if (a.start == a.end) != (b.start == b.end) {
			return a.start == a.end
		}
		return a.start != a.end && a.end > b.end
	})
	var out strings.Builder
	at := from
	for _, e := range inside {
		if e.start < at {
			continue
		}
		out.WriteString(u.src[at:e.start])
		out.WriteString(e.text)
		at = e.end
	}
	out.WriteString(u.src[at:to])
	return out.String()
}
