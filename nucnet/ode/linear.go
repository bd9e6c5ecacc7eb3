package ode

import (
	"math"
	"slices"
)

// linear is the sequence of linear systems (c I - J) x = b of one integration,
// with invariants in the place of some rows.
type linear struct {
	st       *Structure
	choice   chooser
	factors  lu
	jac      []float64
	c        float64
	full     [][]float64 // weights of the invariants
	residual []float64
	refine   bool
	checked  bool
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
	}
}

// factor prepares solves with c I - J.
func (l *linear) factor(c float64) error {
	l.c = c
	l.checked, l.refine = false, false
	l.stats.Factorizations++
	return l.factors.factor(c, l.jac, l.full)
}

// solve overwrites b by x. What b holds in rows that an invariant replaces does
// not matter: x leaves the invariants as they are if off is nil, else it takes
// away what off contributes to them.
//
// The first solve after a factorisation looks at the residual; where rounding
// has grown beyond what double precision allows, that solve and the later ones
// with the same factors are refined by one correction each.
func (l *linear) solve(b, off []float64) error {
	l.stats.Solves++
	for k, r := range l.choice.rows {
		b[r] = 0
		if off != nil {
			b[r] = -dot(l.st.invariants[k].Weights, off)
		}
	}
	for _, inv := range l.st.derived {
		b[inv.Rows[0]] = 0
		if off != nil {
			b[inv.Rows[0]] = -dot(inv.Weights, off)
		}
	}
	if l.checked && !l.refine {
		l.substitute(b)
		return nil
	}
	rhs := l.residual
	copy(rhs, b)
	l.substitute(b)
	if err := l.backwardError(rhs, b); l.checked || err > 1e-11 {
		l.substitute(rhs)
		for i, d := range rhs {
			b[i] += d
		}
		l.refine = true
		l.stats.Refinements++
		if d := norm1(rhs); !l.checked && !(d <= 1e-3*norm1(b)) {
			return errSingular
		}
	}
	l.checked = true
	return nil
}

// substitute solves by the factors, and for the components that no other
// depends on afterwards.
func (l *linear) substitute(b []float64) {
	l.factors.solve(b)
	p := l.st.pattern
	for _, i := range l.st.quadratures {
		sum, diagonal := b[i], l.c
		for e := p.start[i]; e < p.start[i+1]; e++ {
			if j := int(p.cols[e]); j == i {
				diagonal -= l.jac[e]
			} else {
				sum += l.jac[e] * b[j]
			}
		}
		b[i] = sum / diagonal
	}
	for _, inv := range l.st.derived {
		r := inv.Rows[0]
		sum := b[r]
		b[r] = 0
		b[r] = (sum - dot(inv.Weights, b)) / inv.Weights[r]
	}
}

// backwardError replaces rhs by the residual rhs - M x and returns the largest
// of its components relative to the terms that it was summed from.
func (l *linear) backwardError(rhs, x []float64) float64 {
	worst := 0.0
	for i := range rhs {
		size := math.Abs(rhs[i])
		r := rhs[i]
		if weights := l.invariantAt(i); weights != nil {
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

// invariantAt returns the weights of the invariant in the place of a row, nil if
// there is none.
func (l *linear) invariantAt(row int) []float64 {
	if k := slices.Index(l.choice.rows, row); k >= 0 {
		return l.full[k]
	}
	for _, inv := range l.st.derived {
		if inv.Rows[0] == row {
			return inv.Weights
		}
	}
	return nil
}

func norm1(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += math.Abs(v)
	}
	return s
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i, v := range a {
		s += v * b[i]
	}
	return s
}
