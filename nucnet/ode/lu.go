package ode

import (
	"errors"
	"math"
)

// errSingular says that a factorisation met a pivot that is zero or not finite.
var errSingular = errors.New("ode: singular matrix")

// symbolic is everything about a factorisation M = L U that does not depend on
// the values: the order of elimination and where L and U have entries. Rows
// and columns are renumbered by the order. The first of them, the head, have
// their pivots on the diagonal; the rest, the tail, are a few full rows, whose
// part beyond the head is factorised with row exchanges.
type symbolic struct {
	order []int32 // order[k] = component eliminated k-th
	head  int

	// Rows of the head in L and U, both without the diagonal, in eliminated
	// numbering: row i of L is lowerCols[lower[i]:lower[i+1]], increasing.
	lower, upper         []int32
	lowerCols, upperCols []int32

	// Entries load[i] to load[i+1] of the matrix go to row i: entry from[k] to
	// column to[k].
	load     []int32
	from, to []int32
}

// newSymbolic analyses the pattern for elimination in the given order, which
// need not name all components: equations and unknowns of the others are left
// out. The last tail components have full rows, whatever the pattern says.
func newSymbolic(p *Pattern, order []int, tail int) *symbolic {
	n := len(order)
	s := &symbolic{order: make([]int32, n), head: n - tail}
	place := make([]int32, p.Dim())
	for i := range place {
		place[i] = -1
	}
	for k, i := range order {
		s.order[k] = int32(i)
		place[i] = int32(k)
	}
	mark := make([]bool, n)
	s.lower, s.upper, s.load = []int32{0}, []int32{0}, []int32{0}
	for k, i := range order[:s.head] {
		clear(mark)
		mark[k] = true
		for e := p.start[i]; e < p.start[i+1]; e++ {
			if j := place[p.cols[e]]; j >= 0 {
				mark[j] = true
				s.from = append(s.from, e)
				s.to = append(s.to, j)
			}
		}
		s.load = append(s.load, int32(len(s.from)))
		for j := range k {
			if mark[j] {
				for _, c := range s.upperCols[s.upper[j]:s.upper[j+1]] {
					mark[c] = true
				}
				s.lowerCols = append(s.lowerCols, int32(j))
			}
		}
		for j := k + 1; j < n; j++ {
			if mark[j] {
				s.upperCols = append(s.upperCols, int32(j))
			}
		}
		s.lower = append(s.lower, int32(len(s.lowerCols)))
		s.upper = append(s.upper, int32(len(s.upperCols)))
	}
	return s
}

// cost returns the entries of L + U and the multiply-subtracts of one
// factorisation, the tail not counted.
func (s *symbolic) cost() (nonzeros, multiplySubtracts int) {
	for _, j := range s.lowerCols {
		multiplySubtracts += int(s.upper[j+1] - s.upper[j])
	}
	return len(s.lowerCols) + len(s.upperCols) + s.head, multiplySubtracts
}

// Fill returns the entries of the factors L + U of a matrix with this pattern,
// eliminated on the diagonal in the given order, and the multiply-subtracts of
// one factorisation.
func (p *Pattern) Fill(order []int) (nonzeros, multiplySubtracts int) {
	return newSymbolic(p, order, 0).cost()
}

// maxTail bounds the number of full rows. They are worked on side by side.
const maxTail = 4

// lu holds the values of one factorisation. Its zero value is ready for use;
// buffers grow to what the symbolic part needs and are then reused.
type lu struct {
	sym          *symbolic
	lower, upper []float64          // numbered as the symbolic part's columns
	inv          []float64          // reciprocal pivots of the head
	work         []float64          // one row
	tail         [][maxTail]float64 // tail[j][r]: column j of the r-th full row, multipliers within the head
	block        [maxTail][maxTail]float64
	exchange     [maxTail]int
	x            []float64
}

func (f *lu) reset(s *symbolic) {
	if f.sym == s {
		return
	}
	f.sym = s
	n := len(s.order)
	f.lower = grow(f.lower, len(s.lowerCols))
	f.upper = grow(f.upper, len(s.upperCols))
	f.inv = grow(f.inv, s.head)
	f.work = grow(f.work, n)
	f.x = grow(f.x, n)
	if cap(f.tail) < n {
		f.tail = make([][maxTail]float64, n)
	}
	f.tail = f.tail[:n]
}

func grow(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n)
	}
	return x[:n]
}

// factor computes the factors of c I - A, where a holds the entries of A in
// the pattern's numbering, and full, in the components' numbering, the rows of
// the tail. It does not allocate.
func (f *lu) factor(c float64, a []float64, full [][]float64) error {
	s := f.sym
	w, inv := f.work, f.inv
	for i := range s.head {
		lower := s.lowerCols[s.lower[i]:s.lower[i+1]]
		upper := s.upperCols[s.upper[i]:s.upper[i+1]]
		for _, j := range lower {
			w[j] = 0
		}
		for _, j := range upper {
			w[j] = 0
		}
		w[i] = 0
		from := s.from[s.load[i]:s.load[i+1]]
		to := s.to[s.load[i]:s.load[i+1]]
		to = to[:len(from)]
		for k, e := range from {
			w[to[k]] = -a[e]
		}
		w[i] += c
		multipliers := f.lower[s.lower[i]:s.lower[i+1]]
		multipliers = multipliers[:len(lower)]
		for k, j := range lower {
			m := w[j] * inv[j]
			multipliers[k] = m
			lo, hi := s.upper[j], s.upper[j+1]
			u, cols := f.upper[lo:hi], s.upperCols[lo:hi]
			cols = cols[:len(u)]
			for e, v := range u {
				w[cols[e]] -= m * v
			}
		}
		p := 1 / w[i]
		if p == 0 || p-p != 0 {
			return errSingular
		}
		inv[i] = p
		u := f.upper[s.upper[i]:s.upper[i+1]]
		u = u[:len(upper)]
		for k, j := range upper {
			u[k] = w[j]
		}
	}
	if len(full) == 0 {
		return nil
	}
	return f.factorTail(full)
}

func (f *lu) factorTail(full [][]float64) error {
	s, t := f.sym, f.tail
	for k, i := range s.order {
		t[k] = [maxTail]float64{}
		for r, row := range full {
			t[k][r] = row[i]
		}
	}
	for j := range s.head {
		m := &t[j]
		p := f.inv[j]
		m0, m1, m2, m3 := m[0]*p, m[1]*p, m[2]*p, m[3]*p
		m[0], m[1], m[2], m[3] = m0, m1, m2, m3
		lo, hi := s.upper[j], s.upper[j+1]
		u, cols := f.upper[lo:hi], s.upperCols[lo:hi]
		cols = cols[:len(u)]
		for e, v := range u {
			x := &t[cols[e]]
			x[0] -= m0 * v
			x[1] -= m1 * v
			x[2] -= m2 * v
			x[3] -= m3 * v
		}
	}
	n := len(full)
	b := &f.block
	var scale [maxTail]float64
	for r := range n {
		big := 0.0
		for c := range n {
			b[r][c] = t[s.head+c][r]
			big = max(big, math.Abs(b[r][c]))
		}
		if big == 0 || big-big != 0 {
			return errSingular
		}
		scale[r] = 1 / big
	}
	for k := range n {
		p, best := k, -1.0
		for r := k; r < n; r++ {
			if v := math.Abs(b[r][k]) * scale[r]; v > best {
				p, best = r, v
			}
		}
		if best <= 0 {
			return errSingular
		}
		f.exchange[k] = p
		b[k], b[p] = b[p], b[k]
		scale[k], scale[p] = scale[p], scale[k]
		for r := k + 1; r < n; r++ {
			m := b[r][k] / b[k][k]
			b[r][k] = m
			for c := k + 1; c < n; c++ {
				b[r][c] -= m * b[k][c]
			}
		}
	}
	return nil
}

// solve overwrites b, in the components' own numbering, by the solution of
// M x = b. It does not allocate.
func (f *lu) solve(b []float64) {
	s, x := f.sym, f.x
	var full [maxTail]float64
	e := s.lower[0]
	for i := range s.head {
		v := b[s.order[i]]
		var odd float64
		end := s.lower[i+1]
		for ; e+1 < end; e += 2 {
			v -= f.lower[e] * x[s.lowerCols[e]]
			odd += f.lower[e+1] * x[s.lowerCols[e+1]]
		}
		if e < end {
			v -= f.lower[e] * x[s.lowerCols[e]]
			e++
		}
		v -= odd
		x[i] = v
		t := &f.tail[i]
		full[0] += t[0] * v
		full[1] += t[1] * v
		full[2] += t[2] * v
		full[3] += t[3] * v
	}
	for r, i := range s.order[s.head:] {
		x[s.head+r] = b[i] - full[r]
	}
	f.solveTail(x[s.head:])
	e = s.upper[s.head]
	for i := s.head - 1; i >= 0; i-- {
		v := x[i]
		var odd float64
		end := s.upper[i]
		for e -= 2; e >= end; e -= 2 {
			v -= f.upper[e] * x[s.upperCols[e]]
			odd += f.upper[e+1] * x[s.upperCols[e+1]]
		}
		e += 2
		if e > end {
			e--
			v -= f.upper[e] * x[s.upperCols[e]]
		}
		x[i] = (v - odd) * f.inv[i]
	}
	for k, i := range s.order {
		b[i] = x[k]
	}
}

func (f *lu) solveTail(x []float64) {
	b := &f.block
	for k := range x {
		p := f.exchange[k]
		x[k], x[p] = x[p], x[k]
	}
	for r := range x {
		for c := range r {
			x[r] -= b[r][c] * x[c]
		}
	}
	for r := len(x) - 1; r >= 0; r-- {
		for c := r + 1; c < len(x); c++ {
			x[r] -= b[r][c] * x[c]
		}
		x[r] /= b[r][r]
	}
}
