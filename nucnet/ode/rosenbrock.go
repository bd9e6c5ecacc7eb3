package ode

import "math"

// tableau holds the coefficients of a Rosenbrock method with s stages in the
// form that needs no product with the Jacobian:
//
//	(I/(h gamma) - J) U_i = f(t + alpha_i h, y + sum_j a_ij U_j) + sum_j c_ij U_j/h + d_i h df/dt.
//
// The methods are stiffly accurate: the last stages have the row of a of the one
// before and 1 behind it, and so has the solution; its error is the last U.
//
// E. Hairer, G. Wanner, Solving Ordinary Differential Equations II (1996),
// section IV.7.
type tableau struct {
	order    int // of the solution
	embedded int // of the solution that the error estimate compares with
	gamma    float64
	a        [][]float64 // rows of the stages after the first, without those last ones
	c        [][]float64 // rows of the stages after the first
	alpha, d []float64   // of all stages
}

// maxStages bounds the stages of a method.
const maxStages = 8

// rosenbrock is the work space and the algorithm that all methods with a
// tableau share.
type rosenbrock struct {
	tab                   *tableau
	linear                linear
	u                     [][]float64
	f0, ft                []float64
	yOld, yNew            []float64 // yNew holds the arguments of the stages on the way
	lastErr               float64
	fresh, afterRejection bool
}

func (r *rosenbrock) interpolates() bool { return false }

func (r *rosenbrock) at(*integration, float64, []float64) {}

func (r *rosenbrock) begin(it *integration, tab *tableau) error {
	n := len(it.y)
	r.tab = tab
	r.u = growRows(r.u, len(tab.alpha), n)
	for _, x := range []*[]float64{&r.f0, &r.ft, &r.yOld, &r.yNew} {
		*x = grow(*x, n)
	}
	r.linear.init(it.p.Structure, &it.stats)
	r.fresh, r.afterRejection, r.lastErr = false, false, 0
	if err := r.refresh(it); err != nil {
		return err
	}
	it.h = it.firstStep(tab.order, r.f0, r.yNew, r.yOld)
	return nil
}

// refresh evaluates slope and Jacobian at the present state.
func (r *rosenbrock) refresh(it *integration) error {
	if it.p.BeginStep != nil {
		it.p.BeginStep(it.t, it.y)
	}
	it.rhs(it.t, it.y, r.f0)
	for _, f := range r.f0 {
		if f-f != 0 {
			return ErrNotFinite
		}
	}
	r.linear.evaluate(it.p, it.t, it.y)
	if it.p.TimeDerivative != nil {
		it.p.TimeDerivative(it.t, it.y, r.ft)
	}
	r.fresh = true
	return nil
}

// step takes one step with the step size control of Gustafsson (1991, ACM
// TOMS 17, 533): the size follows the trend of the last two errors.
func (r *rosenbrock) step(it *integration, limit float64) error {
	const (
		safety       = 0.9
		least, most  = 0.2, 8.0
		afterFailure = 0.25
	)
	if !r.fresh {
		if err := r.refresh(it); err != nil {
			return err
		}
	}
	power := 1 / float64(r.tab.embedded+1)
	for {
		h, wanted := it.fit(limit), it.h
		it.h = h
		if err := it.again(); err != nil {
			return err
		}
		size := r.attempt(it, h)
		if math.IsInf(size, 0) || size != size {
			it.stats.Rejected++
			r.afterRejection = true
			it.h = h * afterFailure
			continue
		}
		factor := most
		if size > 0 {
			factor = safety * math.Pow(size, -power)
		}
		if size > 1 {
			it.stats.Rejected++
			r.afterRejection = true
			it.h = h * max(least, factor)
			continue
		}
		if it.refuses(r.yNew) {
			it.stats.Rejected++
			r.afterRejection = true
			it.h = h / 2
			continue
		}
		it.stats.Steps++
		if r.lastErr > 0 && size > 0 {
			factor *= min(1, math.Pow(r.lastErr/size, 0.4*power))
		}
		factor = min(most, max(least, factor))
		if r.afterRejection {
			factor = min(1, factor)
		}
		r.afterRejection = false
		r.lastErr = max(size, 1e-4)
		it.advance(h, limit)
		it.h = h * factor
		if h < wanted {
			// The step was cut to meet an output time; it says little
			// about the size that the next one can have.
			it.h = max(it.h, min(wanted, h*most))
		}
		copy(it.y, r.yNew)
		r.fresh = false
		return nil
	}
}

// attempt computes the solution after h in r.yNew and returns its error
// relative to the tolerance, not finite if there is none.
func (r *rosenbrock) attempt(it *integration, h float64) float64 {
	tab := r.tab
	if err := r.linear.factor(1 / (h * tab.gamma)); err != nil {
		return math.Inf(1)
	}
	copy(r.yOld, it.y)
	for i, u := range r.u {
		switch {
		case i == 0:
			copy(u, r.f0)
		case i <= len(tab.a):
			combine(r.yNew, r.yOld, 1, tab.a[i-1], r.u)
		default:
			combine(r.yNew, r.yNew, 1, []float64{1}, r.u[i-1:])
		}
		if i > 0 {
			it.rhs(it.t+tab.alpha[i]*h, r.yNew, u)
			combine(u, u, 1/h, tab.c[i-1], r.u)
		}
		if it.p.TimeDerivative != nil {
			axpy(h*tab.d[i], r.ft, u)
		}
		if err := r.linear.solve(u, nil); err != nil {
			return math.Inf(1)
		}
	}
	last := r.u[len(r.u)-1:]
	combine(r.yNew, r.yNew, 1, []float64{1}, last)
	return it.norm(last[0], it.y, r.yNew)
}

// combine stores in dst what is in y and the combination of the first vectors x
// with coefficients s a. All have whole blocks.
func combine(dst, y []float64, s float64, a []float64, x [][]float64) {
	if vectorised {
		var by [maxStages]float64
		for i, v := range a {
			by[i] = s * v
		}
		blocks := tiled(len(y))
		combineBlocks(&dst[0], &y[0], blocks, by[:len(a)], &x[0][0], blocks*tileSize)
		return
	}
	copy(dst, y)
	for k, v := range a {
		axpy(s*v, x[k], dst)
	}
}

// axpy adds a x to y.
func axpy(a float64, x, y []float64) {
	if a == 0 {
		return
	}
	y = y[:len(x)]
	for i, v := range x {
		y[i] += a * v
	}
}

// growRows returns m rows of n numbers, each of whole blocks, one behind the other.
func growRows(rows [][]float64, m, n int) [][]float64 {
	if len(rows) == m && (m == 0 || len(rows[0]) == n) {
		return rows
	}
	stride := tiled(n) * tileSize
	all := make([]float64, m*stride)
	rows = make([][]float64, m)
	for i := range rows {
		rows[i] = all[i*stride:][:n:stride]
	}
	return rows
}
