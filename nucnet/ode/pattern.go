package ode

import (
	"fmt"
	"slices"
)

// Pattern is the fixed set of entries of a square sparse matrix that may
// differ from zero. Entries are numbered row by row, by column within a row;
// arrays of values follow that numbering.
type Pattern struct {
	start []int32 // entries of row i: start[i] to start[i+1]
	cols  []int32
}

// NewPattern returns the pattern of an n x n matrix with the given (row,
// column) entries, in any order, repetitions allowed. The diagonal always
// belongs to it.
func NewPattern(n int, entries [][2]int) (*Pattern, error) {
	rows := make([][]int32, n)
	for i := range rows {
		rows[i] = []int32{int32(i)}
	}
	for _, e := range entries {
		if e[0] < 0 || e[0] >= n || e[1] < 0 || e[1] >= n {
			return nil, fmt.Errorf("ode: entry (%d, %d) lies outside a %d x %d matrix", e[0], e[1], n, n)
		}
		rows[e[0]] = append(rows[e[0]], int32(e[1]))
	}
	p := &Pattern{start: make([]int32, 1, n+1)}
	for _, r := range rows {
		slices.Sort(r)
		p.cols = append(p.cols, slices.Compact(r)...)
		p.start = append(p.start, int32(len(p.cols)))
	}
	return p, nil
}

// Dense returns the pattern of a full n x n matrix.
func Dense(n int) *Pattern {
	p := &Pattern{start: make([]int32, 1, n+1)}
	for range n {
		for j := range n {
			p.cols = append(p.cols, int32(j))
		}
		p.start = append(p.start, int32(len(p.cols)))
	}
	return p
}

// Dim returns the number of rows.
func (p *Pattern) Dim() int { return len(p.start) - 1 }

// NonZeros returns the number of entries.
func (p *Pattern) NonZeros() int { return len(p.cols) }

// Index returns the number of the entry at (row, column), or -1 if the pattern
// has none there.
func (p *Pattern) Index(row, col int) int {
	r := p.row(row)
	if k, ok := slices.BinarySearch(r, int32(col)); ok {
		return int(p.start[row]) + k
	}
	return -1
}

// row returns the columns of row i.
func (p *Pattern) row(i int) []int32 { return p.cols[p.start[i]:p.start[i+1]] }
