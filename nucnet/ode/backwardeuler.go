package ode

import "math"

// BackwardEuler is the implicit formula y(t+h) = y(t) + h f(t+h, y(t+h)), solved by
// Newton's method with a new Jacobian in every iteration. It is of order 1 and
// needs many steps for few digits, but no formula is more stable: its solution
// goes where the equations lead, however long the step.
//
// Steps are as long as no component changes by more than sqrt(RTol) of itself,
// since the error of a step is about half the square of that. Components that
// stay below ATol/RTol are left out.
//
// E. Hairer, G. Wanner, Solving Ordinary Differential Equations II (1996),
// section IV.3 for the formula; F. X. Timmes, ApJS 124 (1999) 241, section 3.1
// for this control of its steps in reaction networks.
type BackwardEuler struct {
	linear             linear
	slope, rhs, change []float64
	yNew               []float64
}

// String returns "backward-euler".
func (*BackwardEuler) String() string { return "backward-euler" }

func (*BackwardEuler) interpolates() bool { return false }

func (*BackwardEuler) at(*integration, float64, []float64) {}

func (b *BackwardEuler) start(it *integration) error {
	n := len(it.y)
	for _, x := range []*[]float64{&b.slope, &b.rhs, &b.change, &b.yNew} {
		*x = grow(*x, n)
	}
	b.linear.init(it.p.Structure, &it.stats)
	if it.p.BeginStep != nil {
		it.p.BeginStep(it.t, it.y)
	}
	it.rhs(it.t, it.y, b.slope)
	for _, f := range b.slope {
		if f-f != 0 {
			return ErrNotFinite
		}
	}
	it.h = it.firstStep(1, b.slope, b.yNew, b.rhs)
	return nil
}

func (b *BackwardEuler) step(it *integration, limit float64) error {
	const (
		safety       = 0.9
		least, most  = 0.2, 2.0
		afterFailure = 0.25
	)
	if it.p.BeginStep != nil {
		it.p.BeginStep(it.t, it.y)
	}
	grow := most
	for {
		wanted := it.h
		it.h = it.fit(limit)
		if err := it.again(); err != nil {
			return err
		}
		h := it.h
		size := math.Inf(1)
		if b.attempt(it, h) {
			size = it.norm(b.change, it.y, b.yNew) * math.Sqrt(it.set.RTol)
		}
		switch {
		case math.IsInf(size, 0) || size != size:
			it.h = h * afterFailure
		case size > 1:
			it.h = h * max(least, safety/size)
		case it.refuses(b.yNew):
			it.h = h / 2
		default:
			it.stats.Steps++
			it.advance(h, limit)
			copy(it.y, b.yNew)
			it.h = max(h*min(grow, safety/size), min(wanted, h*grow))
			return nil
		}
		it.stats.Rejected++
		grow = 1
	}
}

// attempt computes the solution after h in b.yNew. It reports whether Newton's
// method has converged.
func (b *BackwardEuler) attempt(it *integration, h float64) bool {
	const (
		iterations = 12
		enough     = 1e-2 // of the tolerance
	)
	clear(b.change)
	copy(b.yNew, it.y)
	last := math.Inf(1)
	for m := range iterations {
		it.rhs(it.t+h, b.yNew, b.slope)
		b.linear.evaluate(it.p, it.t+h, b.yNew)
		if err := b.linear.factor(1 / h); err != nil {
			return false
		}
		for i, f := range b.slope {
			b.rhs[i] = f - b.change[i]/h
		}
		if err := b.linear.solve(b.rhs, b.change); err != nil {
			return false
		}
		for i, d := range b.rhs {
			b.change[i] += d
			b.yNew[i] = it.y[i] + b.change[i]
		}
		size := it.norm(b.rhs, it.y, b.yNew)
		switch {
		case size <= enough:
			return true
		case size-size != 0 || m > 2 && size > 2*last:
			return false
		}
		last = size
	}
	return false
}
