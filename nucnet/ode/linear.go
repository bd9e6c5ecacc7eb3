package ode

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// linear is the sequence of linear systems (c I - J) x = b of one integration,
// with invariants in the place of some rows.
type linear struct {
	st       *Structure
	choice   chooser
	factors  lu
	jac      []float64
	c        float64
	full     [][]float64      // weights of the invariants
	replaced [][]float64      // by row, the weights of the invariant in its place
	keep     *mat.Dense       // inverse of the weights of the components whose rows invariants replace
	wanted   [maxTail]float64 // of the invariants
	residual []float64
	refine   bool
	checked  bool
	checkedC float64 // c of the last check
	stats    *Stats
}

func (l *linear) init(st *Structure, stats *Stats) {
	n := st.Dim()
	if l.st != st {
		l.st = st
		l.choice = chooser{}
		l.factors = lu{}
	}
	// A choice that an earlier integration left would make results depend on
	// the order in which integrations are run.
	for k := range l.choice.rows {
		l.choice.rows[k] = -1
	}
	l.stats = stats
	l.checkedC = 0
	l.jac = grow(l.jac, st.pattern.NonZeros())
	l.residual = grow(l.residual, n)
	l.full = l.full[:0]
	for _, inv := range st.invariants {
		l.full = append(l.full, inv.Weights)
	}
}

// evaluate computes the Jacobian at a state and settles which equations the
// invariants replace there.
func (l *linear) evaluate(p *Problem, t float64, y []float64) {
	p.Jacobian(t, y, l.jac)
	l.stats.Jacobians++
	if l.choice.choose(l.st, y) || l.factors.sym == nil {
		l.factors.reset(l.st.symbolic(l.choice.rows))
		l.replaced = make([][]float64, l.st.Dim())
		for k, r := range l.choice.rows {
			l.replaced[r] = l.full[k]
		}
		l.keep = inverseOf(l.full, l.choice.rows)
		l.checkedC = 0
	}
}

// factor prepares solves with c I - J.
func (l *linear) factor(c float64) error {
	l.c = c
	if !(c > l.checkedC/2 && c < 2*l.checkedC) {
		l.checked, l.refine = false, false
	}
	l.stats.Factorizations++
	return l.factors.factor(c, l.jac, l.full)
}

// solve overwrites b by x. What b holds in rows that an invariant replaces does
// not matter: x leaves the invariants as they are if off is nil, else it takes
// away what off contributes to them.
//
// The first solve looks at the residual, and so does the first one after c has
// doubled or halved since; where rounding has grown beyond what double precision
// allows, that solve and the later ones are refined by one correction each.
func (l *linear) solve(b, off []float64) error {
	l.stats.Solves++
	for k, r := range l.choice.rows {
		b[r] = 0
		if off != nil {
			b[r] = -floats.Dot(l.full[k], off)
		}
		l.wanted[k] = b[r]
	}
	for _, inv := range l.st.derived {
		b[inv.Rows[0]] = 0
		if off != nil {
			b[inv.Rows[0]] = -floats.Dot(inv.Weights, off)
		}
	}
	if l.checked && !l.refine {
		l.factors.solve(b)
		l.finish(b)
		return nil
	}
	rhs := l.residual
	copy(rhs, b)
	l.factors.solve(b)
	if err := l.backwardError(rhs, b); l.checked || err > 1e-11 {
		l.factors.solve(rhs)
		var size, correction float64
		for _, i := range l.st.coupled {
			size += math.Abs(b[i])
			correction += math.Abs(rhs[i])
			b[i] += rhs[i]
		}
		l.refine = true
		l.stats.Refinements++
		if !l.checked && !(correction <= 1e-3*size) {
			return errSingular
		}
	}
	l.finish(b)
	l.checked, l.checkedC = true, l.c
	return nil
}

// finish corrects invariants, which rounding has moved, by the components of the
// rows that they replace, and solves for components that no other depends on.
func (l *linear) finish(b []float64) {
	var off [maxTail]float64
	for k, weights := range l.full {
		off[k] = l.wanted[k] - dot(weights, b)
	}
	for k, r := range l.choice.rows {
		for j, v := range l.keep.RawRowView(k) {
			b[r] += v * off[j]
		}
	}
	p := l.st.pattern
	for _, q := range l.st.quadratures {
		var even, odd float64 // two sums do not wait for each other
		rhs := b[q.component]
		b[q.component] = 0
		lo, hi := p.start[q.component], p.start[q.component+1]
		cols, jac := p.cols[lo:hi], l.jac[lo:hi]
		k := 0
		for ; k+1 < len(cols) && k+1 < len(jac); k += 2 {
			even += jac[k] * *number(b, cols[k])
			odd += jac[k+1] * *number(b, cols[k+1])
		}
		if k < len(cols) {
			even += jac[k] * *number(b, cols[k])
		}
		b[q.component] = (rhs + even + odd) / (l.c - l.jac[q.diagonal])
	}
	for _, inv := range l.st.derived {
		r := inv.Rows[0]
		sum := b[r]
		b[r] = 0
		b[r] = (sum - dot(inv.Weights, b)) / inv.Weights[r]
	}
}

// backwardError replaces rhs by the residual rhs - M x and returns the largest
// of its components relative to the terms that it was summed from. Components
// that no other depends on are left out: they are found to rounding.
func (l *linear) backwardError(rhs, x []float64) float64 {
	worst := 0.0
	for _, i := range l.st.coupled {
		size := math.Abs(rhs[i])
		r := rhs[i]
		if weights := l.replaced[i]; weights != nil {
			for j, v := range weights {
				r -= v * x[j]
				size += math.Abs(v * x[j])
			}
		} else {
			r -= l.c * x[i]
			size += math.Abs(l.c * x[i])
			lo, hi := l.st.pattern.start[i], l.st.pattern.start[i+1]
			cols := l.st.pattern.cols[lo:hi]
			for k, v := range l.jac[lo:hi] {
				d := v * x[cols[k]]
				r += d
				size += math.Abs(d)
			}
		}
		rhs[i] = r
		if math.Abs(r) > worst*size {
			worst = math.Abs(r) / size
		}
	}
	return worst
}

// inverseOf returns the inverse of the columns cols of a matrix, zero if it has
// none, which a factorisation notices; nil without rows.
func inverseOf(rows [][]float64, cols []int) *mat.Dense {
	n := len(rows)
	if n == 0 {
		return nil
	}
	m := mat.NewDense(n, n, nil)
	for i, row := range rows {
		for j, c := range cols {
			m.Set(i, j, row[c])
		}
	}
	if err := m.Inverse(m); err != nil && errors.Is(err, mat.Condition(math.Inf(1))) {
		m.Zero()
	}
	return m
}
