package ode

import (
	"math"
	"math/bits"
	"slices"
)

// Markowitz returns an elimination order for diagonal pivots: at every step
// the pivot with the least product (entries in its column - 1) x (entries in
// its row - 1) of the matrix that is left, so that little fills in. The
// components listed in last are eliminated after all others, ordered among
// themselves by the same rule. Ties go to the lower index.
//
// H. M. Markowitz, Management Science 3 (1957) 255, restricted to the diagonal.
func Markowitz(p *Pattern, last []int) []int {
	n := p.Dim()
	rows := newBitMatrix(n)
	cols := newBitMatrix(n)
	for i := range n {
		for _, j := range p.row(i) {
			rows.set(i, int(j))
			cols.set(int(j), i)
		}
	}
	late := make([]bool, n)
	for _, i := range last {
		late[i] = true
	}
	done := make([]bool, n)
	order := make([]int, 0, n)
	for len(order) < n {
		best, bestCost, bestLate := -1, 0, false
		for i := range n {
			if done[i] {
				continue
			}
			cost := (rows.count(i) - 1) * (cols.count(i) - 1)
			if best < 0 || bestLate && !late[i] || bestLate == late[i] && cost < bestCost {
				best, bestCost, bestLate = i, cost, late[i]
			}
		}
		done[best] = true
		order = append(order, best)
		// Remove the pivot's row and column; what is left of them fills in.
		rows.clear(best, best)
		cols.clear(best, best)
		rows.each(best, func(j int) { cols.clear(j, best) })
		cols.each(best, func(i int) { rows.clear(i, best) })
		cols.each(best, func(i int) { rows.or(i, best) })
		rows.each(best, func(j int) { cols.or(j, best) })
	}
	return order
}

// cluster orders components for elimination by tiles, which fill in as a whole.
// A tile begins with the component that has the fewest neighbours. Then come
// those that add few neighbours to it, measured by how many they have
// themselves. Ties go to the lower index.
func cluster(p *Pattern, components []int) []int {
	n := len(components)
	place := make([]int, p.Dim())
	for i := range place {
		place[i] = -1
	}
	for k, i := range components {
		place[i] = k
	}
	near := newBitMatrix(n) // neighbours that are left, and the component itself
	for k, i := range components {
		near.set(k, k)
		for _, c := range p.row(i) {
			if j := place[c]; j >= 0 {
				near.set(k, j)
				near.set(j, k)
			}
		}
	}
	order := make([]int, 0, n)
	left := make([]int, n) // components that are left
	for k := range left {
		left[k] = k
	}
	union := bitMatrix{near.words, make([]uint64, near.words)}
	for len(left) > 0 {
		clear(union.bits)
		var chosen []int
		for range min(tileSize, len(left)) {
			best, bestCost := 0, math.MaxInt
			for at, k := range left {
				both, own := 0, 0
				for w, u := range union.bits {
					v := near.row(k)[w]
					both += bits.OnesCount64(u | v)
					own += bits.OnesCount64(v)
				}
				if cost := 2*both - own; cost < bestCost {
					best, bestCost = at, cost
				}
			}
			k := left[best]
			left = slices.Delete(left, best, best+1)
			chosen = append(chosen, k)
			order = append(order, components[k])
			for w, v := range near.row(k) {
				union.bits[w] |= v
			}
		}
		// Neighbours of the tile become neighbours of each other.
		for _, k := range chosen {
			union.clear(0, k)
		}
		for _, k := range left {
			if !union.has(0, k) {
				continue
			}
			for w, v := range union.bits {
				near.row(k)[w] |= v
			}
			for _, c := range chosen {
				near.clear(k, c)
			}
		}
	}
	return order
}

// bitMatrix is a square matrix of bits, stored by rows.
type bitMatrix struct {
	words int
	bits  []uint64
}

func newBitMatrix(n int) bitMatrix {
	words := (n + 63) / 64
	return bitMatrix{words, make([]uint64, n*words)}
}

func (m bitMatrix) row(i int) []uint64 { return m.bits[i*m.words : (i+1)*m.words] }
func (m bitMatrix) set(i, j int)       { m.row(i)[j/64] |= 1 << (j % 64) }
func (m bitMatrix) clear(i, j int)     { m.row(i)[j/64] &^= 1 << (j % 64) }

func (m bitMatrix) has(i, j int) bool {
	return m.row(i)[j/64]>>(j%64)&1 != 0
}

func (m bitMatrix) count(i int) int {
	c := 0
	for _, w := range m.row(i) {
		c += bits.OnesCount64(w)
	}
	return c
}

// or adds row j to row i.
func (m bitMatrix) or(i, j int) {
	a, b := m.row(i), m.row(j)
	for k := range a {
		a[k] |= b[k]
	}
}

// orBeyond adds to row i the columns of row j beyond j.
func (m bitMatrix) orBeyond(i, j int) {
	a, b := m.row(i), m.row(j)
	k := j / 64
	a[k] |= b[k] &^ (1<<(j%64) | (1<<(j%64) - 1))
	for k++; k < len(a); k++ {
		a[k] |= b[k]
	}
}

// each calls f with the columns of row i in increasing order.
func (m bitMatrix) each(i int, f func(j int)) {
	for k, w := range m.row(i) {
		for ; w != 0; w &= w - 1 {
			f(k*64 + bits.TrailingZeros64(w))
		}
	}
}
