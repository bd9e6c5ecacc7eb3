package ode

import (
	"errors"
	"math"
)

// errSingular says that a factorisation met a pivot that is zero or not finite.
var errSingular = errors.New("ode: singular matrix")

// maxTail bounds the number of full rows.
const maxTail = 5

// lu holds the values of one factorisation. Its zero value is ready for use;
// buffers grow to what the symbolic part needs and are then reused.
type lu struct {
	sym      *symbolic
	values   []float64 // of panels, then multipliers of the tail
	work     []float64 // rows of one panel, or of the tail, zero between uses
	block    [maxTail][maxTail]float64
	exchange [maxTail]int
	x        []float64
}

func (f *lu) reset(s *symbolic) {
	if f.sym == s {
		return
	}
	f.sym = s
	n := len(s.order)
	f.values = grow(f.values, s.values)
	f.work = grow(f.work, n*max(maxWidth, maxTail))
	f.x = grow(f.x, n)
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
	clear(f.work) // a factorisation that failed leaves something
	for k := range s.panels {
		q := &s.panels[k]
		for r := range q.width {
			i := q.first + r
			w := f.row(r)
			from := s.from[s.load[i]:s.load[i+1]]
			to := s.to[s.load[i]:s.load[i+1]]
			to = to[:len(from)]
			for e, at := range from {
				w[to[e]] = -a[at]
			}
			w[i] += c
		}
		f.act(k, q.first)
		for r := 0; r < q.width; r++ {
			w, below := f.row(r), f.values[q.block+r*q.width:]
			if r+1 < q.width {
				w2, below2 := f.row(r+1), below[q.width:]
				f.eliminate2(q, r, w, w2, below, below2)
				if !f.finish(q, r, w) {
					return errSingular
				}
				r++
				f.eliminate(q, r-1, r, w2, below2)
				w = w2
			} else {
				f.eliminate(q, 0, r, w, below)
			}
			if !f.finish(q, r, w) {
				return errSingular
			}
		}
	}
	return f.factorTail(full)
}

// row returns the work space of the r-th of the rows that are being eliminated.
func (f *lu) row(r int) []float64 {
	n := len(f.sym.order)
	return f.work[r*n : (r+1)*n]
}

// act lets panels before the k-th act on it, whose rows start at first, or on
// the tail behind all panels.
func (f *lu) act(k, first int) {
	s := f.sym
	for _, a := range s.acting[s.start[k]:s.start[k+1]] {
		q := &s.panels[a.panel]
		m := f.values[a.multipliers:]
		r := a.rows
		for ; len(r) >= 2; r = r[2:] {
			f.eliminate2(q, q.width, f.row(int(r[0])-first), f.row(int(r[1])-first), m, m[a.stride:])
			if len(r) > 2 {
				m = m[2*a.stride:]
			}
		}
		if len(r) > 0 {
			f.eliminate(q, 0, q.width, f.row(int(r[0])-first), m)
		}
	}
}

// finish stores the r-th row of a panel, of which nothing is left to eliminate,
// and clears it. It reports whether there is a pivot.
func (f *lu) finish(q *panel, r int, w []float64) bool {
	i := q.first + r
	p := 1 / w[i]
	if p == 0 || p-p != 0 {
		return false
	}
	w[i] = p
	own := w[i : q.first+q.width]
	copy(f.values[q.block+r*q.width+r:], own)
	clear(own)
	u := f.values[q.upper+r*len(q.cols):][:len(q.cols)]
	for e, j := range q.cols {
		u[e] = w[j]
		w[j] = 0
	}
	return true
}

// eliminate takes rows from to to of a panel off the row w, so that its entries
// in their columns vanish, and stores the multipliers.
func (f *lu) eliminate(q *panel, from, to int, w, multipliers []float64) {
	cols := q.cols
	m := len(cols)
	own := w[q.first : q.first+q.width]
	block := f.values[q.block:]
	for r := from; r < to; r++ {
		b := block[r*q.width:][:len(own)]
		v := own[r] * b[r]
		own[r] = 0
		multipliers[r] = v
		for k := r + 1; k < len(own); k++ {
			own[k] -= v * b[k]
		}
	}
	mult := multipliers[from:to]
	u := f.values[q.upper+from*m:]
	switch len(mult) {
	case 1:
		m0, u0 := mult[0], u[:len(cols)]
		for e, j := range cols {
			w[j] -= m0 * u0[e]
		}
	case 2:
		m0, m1 := mult[0], mult[1]
		u0, u1 := u[:len(cols)], u[m:][:len(cols)]
		for e, j := range cols {
			w[j] -= m0*u0[e] + m1*u1[e]
		}
	case 3:
		m0, m1, m2 := mult[0], mult[1], mult[2]
		u0, u1, u2 := u[:len(cols)], u[m:][:len(cols)], u[2*m:][:len(cols)]
		for e, j := range cols {
			w[j] -= m0*u0[e] + m1*u1[e] + m2*u2[e]
		}
	case 4:
		m0, m1, m2, m3 := mult[0], mult[1], mult[2], mult[3]
		u0, u1, u2, u3 := u[:len(cols)], u[m:][:len(cols)], u[2*m:][:len(cols)], u[3*m:][:len(cols)]
		for e, j := range cols {
			w[j] -= m0*u0[e] + m1*u1[e] + (m2*u2[e] + m3*u3[e])
		}
	}
}

// eliminate2 does with the first rows of a panel what eliminate does, to two
// rows at once.
func (f *lu) eliminate2(q *panel, rows int, w, x, mw, mx []float64) {
	if rows == 4 {
		f.eliminate2by4(q, w, x, (*[4]float64)(mw), (*[4]float64)(mx))
		return
	}
	cols := q.cols
	m := len(cols)
	x = x[:len(w)]
	own, ownX := w[q.first:q.first+q.width], x[q.first:q.first+q.width]
	ownX = ownX[:len(own)]
	block := f.values[q.block:]
	mw, mx = mw[:rows], mx[:rows]
	u := f.values[q.upper:]
	for r := range mw {
		b := block[r*q.width:][:len(own)]
		v, z := own[r]*b[r], ownX[r]*b[r]
		own[r], ownX[r] = 0, 0
		mw[r], mx[r] = v, z
		for k := r + 1; k < len(own); k++ {
			own[k] -= v * b[k]
			ownX[k] -= z * b[k]
		}
	}
	if len(mw) >= 2 {
		m0, m1, n0, n1 := mw[0], mw[1], mx[0], mx[1]
		u0, u1 := u[:len(cols)], u[m:][:len(cols)]
		for e, j := range cols {
			a, b := u0[e], u1[e]
			w[j] -= m0*a + m1*b
			x[j] -= n0*a + n1*b
		}
		u, mw, mx = u[2*m:], mw[2:], mx[2:]
	}
	if len(mw) > 0 {
		m0, n0 := mw[0], mx[0]
		for e, a := range u[:len(cols)] {
			j := cols[e]
			w[j] -= m0 * a
			x[j] -= n0 * a
		}
	}
}

// eliminate2by4 is eliminate2 for a panel of four rows, where nearly all the
// work is.
func (f *lu) eliminate2by4(q *panel, w, x []float64, mw, mx *[4]float64) {
	cols := q.cols
	m := len(cols)
	x = x[:len(w)]
	b := (*[16]float64)(f.values[q.block:])
	p, s := (*[4]float64)(w[q.first:]), (*[4]float64)(x[q.first:])
	m0, n0 := p[0]*b[0], s[0]*b[0]
	m1, n1 := (p[1]-m0*b[1])*b[5], (s[1]-n0*b[1])*b[5]
	m2, n2 := (p[2]-m0*b[2]-m1*b[6])*b[10], (s[2]-n0*b[2]-n1*b[6])*b[10]
	m3, n3 := (p[3]-m0*b[3]-m1*b[7]-m2*b[11])*b[15], (s[3]-n0*b[3]-n1*b[7]-n2*b[11])*b[15]
	*p, *s = [4]float64{}, [4]float64{}
	*mw, *mx = [4]float64{m0, m1, m2, m3}, [4]float64{n0, n1, n2, n3}
	u := f.values[q.upper:][:4*m]
	u0, u1, u2, u3 := u[:len(cols)], u[m:][:len(cols)], u[2*m:][:len(cols)], u[3*m:][:len(cols)]
	for e, j := range cols {
		a, b, c, d := u0[e], u1[e], u2[e], u3[e]
		w[j] -= m0*a + m1*b + (m2*c + m3*d)
		x[j] -= n0*a + n1*b + (n2*c + n3*d)
	}
}

func (f *lu) factorTail(full [][]float64) error {
	s, b := f.sym, &f.block
	n := len(full)
	var scale [maxTail]float64
	for r, row := range full {
		w := f.row(r)
		for k, i := range s.order {
			w[k] = row[i]
		}
	}
	f.act(len(s.panels), s.head)
	for r := range full {
		rest := f.row(r)[s.head:]
		big := 0.0
		for c, v := range rest {
			b[r][c] = v
			big = max(big, math.Abs(v))
		}
		clear(rest)
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
	for k, i := range s.order {
		x[k] = b[i]
	}
	for k := range s.panels {
		f.forward(&s.panels[k])
	}
	head := x[:s.head]
	for r := range x[s.head:] {
		l := f.values[s.multipliers+r*s.head:][:len(head)]
		var sum, odd float64
		for k := 0; k < len(head)-1; k += 2 {
			sum += l[k] * head[k]
			odd += l[k+1] * head[k+1]
		}
		if last := len(head) - 1; len(head)%2 == 1 {
			sum += l[last] * head[last]
		}
		x[s.head+r] -= sum + odd
	}
	f.solveTail(x[s.head:])
	for k := len(s.panels) - 1; k >= 0; k-- {
		f.backward(&s.panels[k])
	}
	for k, i := range s.order {
		b[i] = x[k]
	}
}

// forward solves with the part of L in a panel's columns.
func (f *lu) forward(q *panel) {
	x := f.x
	own := x[q.first : q.first+q.width]
	for r := 1; r < len(own); r++ {
		l := f.values[q.block+r*q.width:][:r]
		v := own[r]
		for k, m := range l {
			v -= m * own[k]
		}
		own[r] = v
	}
	l := f.values[q.lower:]
	switch len(own) {
	case 1:
		a, l := own[0], l[:len(q.rows)]
		for k, i := range q.rows {
			x[i] -= l[k] * a
		}
	case 2:
		a, b := own[0], own[1]
		for _, i := range q.rows {
			m := (*[2]float64)(l)
			x[i] -= m[0]*a + m[1]*b
			l = l[2:]
		}
	case 3:
		a, b, c := own[0], own[1], own[2]
		for _, i := range q.rows {
			m := (*[3]float64)(l)
			x[i] -= m[0]*a + m[1]*b + m[2]*c
			l = l[3:]
		}
	default:
		a, b, c, d := own[0], own[1], own[2], own[3]
		for _, i := range q.rows {
			m := (*[4]float64)(l)
			x[i] -= m[0]*a + m[1]*b + (m[2]*c + m[3]*d)
			l = l[4:]
		}
	}
}

// backward solves with a panel's rows of U.
func (f *lu) backward(q *panel) {
	x, cols := f.x, q.cols
	m := len(cols)
	own := x[q.first : q.first+q.width]
	u := f.values[q.upper:]
	r := 0
	for ; r+4 <= len(own); r += 4 {
		var s0, s1, s2, s3 float64
		u0, u1, u2, u3 := u[:m], u[m:2*m], u[2*m:3*m], u[3*m:4*m]
		u0, u1, u2, u3 = u0[:len(cols)], u1[:len(cols)], u2[:len(cols)], u3[:len(cols)]
		for e, j := range cols {
			v := x[j]
			s0 += u0[e] * v
			s1 += u1[e] * v
			s2 += u2[e] * v
			s3 += u3[e] * v
		}
		own[r] -= s0
		own[r+1] -= s1
		own[r+2] -= s2
		own[r+3] -= s3
		u = u[4*m:]
	}
	for ; r+2 <= len(own); r += 2 {
		var s0, s1 float64
		u0, u1 := u[:m], u[m:2*m]
		u0, u1 = u0[:len(cols)], u1[:len(cols)]
		for e, j := range cols {
			v := x[j]
			s0 += u0[e] * v
			s1 += u1[e] * v
		}
		own[r] -= s0
		own[r+1] -= s1
		u = u[2*m:]
	}
	if r < len(own) {
		var s0, s1 float64
		u0 := u[:len(cols)]
		e := 0
		for ; e+1 < len(cols); e += 2 {
			s0 += u0[e] * x[cols[e]]
			s1 += u0[e+1] * x[cols[e+1]]
		}
		if e < len(cols) {
			s0 += u0[e] * x[cols[e]]
		}
		own[r] -= s0 + s1
	}
	for r := len(own) - 1; r >= 0; r-- {
		b := f.values[q.block+r*q.width:][:len(own)]
		v := own[r]
		for k := r + 1; k < len(own); k++ {
			v -= b[k] * own[k]
		}
		own[r] = v * b[r]
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
