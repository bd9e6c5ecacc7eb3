package ode

import (
	"errors"
	"math"
	"slices"
)

// errSingular says that a factorisation met a pivot that is zero or not finite.
var errSingular = errors.New("ode: singular matrix")

// symbolic is everything about a factorisation M = L U that does not depend on
// the values: the order of elimination and where L and U have entries. Rows
// and columns are renumbered by the order; the first head of them have their
// pivots on the diagonal, the rest, the tail, is a small dense block
// factorised with row exchanges.
type symbolic struct {
	order []int32 // order[k] = component eliminated k-th
	head  int

	// Factors by rows, in eliminated numbering, columns increasing. Row i of L
	// is [start[i], diag[i]), row i of U without its diagonal
	// [diag[i], start[i+1]). Tail rows hold L alone.
	start, diag []int32
	cols        []int32

	// Where the matrix entries of row i go: entry from[k] to column to[k].
	loadStart []int32
	from, to  []int32
}

// newSymbolic analyses the pattern for elimination in the given order. The
// last tail components form the dense tail; rows in full (components) are
// taken as dense, whatever the pattern says, and are loaded by the caller.
func newSymbolic(p *Pattern, order []int, tail int, full []bool) *symbolic {
	n := p.Dim()
	s := &symbolic{order: make([]int32, n), head: n - tail}
	place := make([]int32, n)
	for k, i := range order {
		s.order[k] = int32(i)
		place[i] = int32(k)
	}
	mark := make([]bool, n)
	s.start = append(s.start, 0)
	s.loadStart = append(s.loadStart, 0)
	for k, i := range order {
		clear(mark)
		mark[k] = true
		switch {
		case full != nil && full[i]:
			for j := range mark {
				mark[j] = true
			}
		default:
			for e := p.start[i]; e < p.start[i+1]; e++ {
				j := place[p.cols[e]]
				mark[j] = true
				s.from = append(s.from, e)
				s.to = append(s.to, j)
			}
		}
		s.loadStart = append(s.loadStart, int32(len(s.from)))
		lower := min(k, s.head)
		for j := range lower {
			if mark[j] {
				for _, c := range s.cols[s.diag[j]:s.start[j+1]] {
					mark[c] = true
				}
				s.cols = append(s.cols, int32(j))
			}
		}
		s.diag = append(s.diag, int32(len(s.cols)))
		if k < s.head {
			for j := k + 1; j < n; j++ {
				if mark[j] {
					s.cols = append(s.cols, int32(j))
				}
			}
		}
		s.start = append(s.start, int32(len(s.cols)))
	}
	return s
}

// cost returns the entries of L + U and the multiply-subtracts of one
// factorisation, the dense tail not counted.
func (s *symbolic) cost() (nonzeros, multiplySubtracts int) {
	for i := range s.order {
		for _, j := range s.cols[s.start[i]:s.diag[i]] {
			multiplySubtracts += int(s.start[j+1] - s.diag[j])
		}
	}
	return len(s.cols) + s.head, multiplySubtracts
}

// Fill returns the entries of the factors L + U of a matrix with this pattern,
// eliminated on the diagonal in the given order, and the multiply-subtracts of
// one factorisation.
func (p *Pattern) Fill(order []int) (nonzeros, multiplySubtracts int) {
	return newSymbolic(p, order, 0, nil).cost()
}

// lu holds the values of one factorisation. Its zero value is ready for use;
// buffers grow to what the symbolic part needs and are then reused.
type lu struct {
	sym    *symbolic
	values []float64 // L (multipliers) and U, numbered as sym.cols
	inv    []float64 // reciprocal pivots of the head
	work   []float64
	block  []float64 // tail x tail, by rows
	pivot  []int     // row exchanges of the tail
	scale  []float64
	x      []float64
}

func (f *lu) reset(s *symbolic) {
	if f.sym == s {
		return
	}
	f.sym = s
	n, tail := len(s.order), len(s.order)-s.head
	f.values = grow(f.values, len(s.cols))
	f.inv = grow(f.inv, s.head)
	f.work = grow(f.work, n)
	f.x = grow(f.x, n)
	f.block = grow(f.block, tail*tail)
	f.scale = grow(f.scale, tail)
	f.pivot = slices.Grow(f.pivot[:0], tail)[:tail]
}

func grow(x []float64, n int) []float64 {
	if cap(x) < n {
		return make([]float64, n)
	}
	return x[:n]
}

// factor computes the factors of c I - A, where a holds the entries of A in
// the pattern's numbering. Rows of components for which replace returns
// weights hold these weights instead. It does not allocate.
func (f *lu) factor(c float64, a []float64, replace [][]float64) error {
	s := f.sym
	n := len(s.order)
	tail := n - s.head
	w := f.work
	for i := range n {
		comp := s.order[i]
		lower := s.cols[s.start[i]:s.diag[i]]
		lowerValues := f.values[s.start[i]:s.diag[i]:s.diag[i]]
		upper := s.cols[s.diag[i]:s.start[i+1]]
		if rep := replace[comp]; rep != nil {
			for k, j := range s.order {
				w[k] = rep[j]
			}
		} else {
			for _, j := range lower {
				w[j] = 0
			}
			for _, j := range upper {
				w[j] = 0
			}
			if i >= s.head {
				clear(w[s.head:])
			}
			w[i] = 0
			from := s.from[s.loadStart[i]:s.loadStart[i+1]]
			to := s.to[s.loadStart[i]:s.loadStart[i+1]]
			for k, e := range from {
				w[to[k]] = -a[e]
			}
			w[i] += c
		}
		for k, j := range lower {
			m := w[j] * f.inv[j]
			lowerValues[k] = m
			if m == 0 {
				continue
			}
			lo, hi := s.diag[j], s.start[j+1]
			u := f.values[lo:hi]
			cols := s.cols[lo:hi]
			for e, uv := range u {
				w[cols[e]] -= m * uv
			}
		}
		if i >= s.head {
			copy(f.block[(i-s.head)*tail:(i-s.head+1)*tail], w[s.head:])
			continue
		}
		inv := 1 / w[i]
		if inv == 0 || math.IsInf(inv, 0) || inv != inv {
			return errSingular
		}
		f.inv[i] = inv
		u := f.values[s.diag[i]:s.start[i+1]]
		for k, j := range upper {
			u[k] = w[j]
		}
	}
	return f.factorTail(tail)
}

// factorTail factorises the dense block, exchanging rows by size relative to
// the largest entry of the row.
func (f *lu) factorTail(tail int) error {
	b := f.block
	for i := range tail {
		big := 0.0
		for _, v := range b[i*tail : (i+1)*tail] {
			big = max(big, math.Abs(v))
		}
		if big == 0 || math.IsInf(big, 0) || big != big {
			return errSingular
		}
		f.scale[i] = 1 / big
	}
	for k := range tail {
		p, best := k, -1.0
		for i := k; i < tail; i++ {
			if v := math.Abs(b[i*tail+k]) * f.scale[i]; v > best {
				p, best = i, v
			}
		}
		if best <= 0 {
			return errSingular
		}
		f.pivot[k] = p
		if p != k {
			for j := range tail {
				b[k*tail+j], b[p*tail+j] = b[p*tail+j], b[k*tail+j]
			}
			f.scale[k], f.scale[p] = f.scale[p], f.scale[k]
		}
		inv := 1 / b[k*tail+k]
		for i := k + 1; i < tail; i++ {
			m := b[i*tail+k] * inv
			b[i*tail+k] = m
			for j := k + 1; j < tail; j++ {
				b[i*tail+j] -= m * b[k*tail+j]
			}
		}
	}
	return nil
}

// solve overwrites b, in the components' own numbering, by the solution of
// M x = b. It does not allocate.
func (f *lu) solve(b []float64) {
	s, x := f.sym, f.x
	for k, i := range s.order {
		x[k] = b[i]
	}
	for i := range s.order {
		lo, hi := s.start[i], s.diag[i]
		cols := s.cols[lo:hi]
		sum := x[i]
		for k, v := range f.values[lo:hi] {
			sum -= v * x[cols[k]]
		}
		x[i] = sum
	}
	f.solveTail(x[s.head:])
	for i := s.head - 1; i >= 0; i-- {
		lo, hi := s.diag[i], s.start[i+1]
		cols := s.cols[lo:hi]
		sum := x[i]
		for k, v := range f.values[lo:hi] {
			sum -= v * x[cols[k]]
		}
		x[i] = sum * f.inv[i]
	}
	for k, i := range s.order {
		b[i] = x[k]
	}
}

func (f *lu) solveTail(x []float64) {
	tail, b := len(x), f.block
	for k := range tail {
		p := f.pivot[k]
		x[k], x[p] = x[p], x[k]
	}
	for i := range tail {
		for j := range i {
			x[i] -= b[i*tail+j] * x[j]
		}
	}
	for i := tail - 1; i >= 0; i-- {
		for j := i + 1; j < tail; j++ {
			x[i] -= b[i*tail+j] * x[j]
		}
		x[i] /= b[i*tail+i]
	}
}
