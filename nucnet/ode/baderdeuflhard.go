package ode

import "math"

// BaderDeuflhard extrapolates the semi-implicit midpoint rule. A step of size H
// is taken by the rule with m = 2, 6, 10, 14, 22, ... substeps of size h = H/m,
//
//	(1/h - J) d_0 = f(t_0, y_0) + h df/dt,                    y_1 = y_0 + d_0,
//	(1/h - J) (d_k - d_{k-1}) = 2 (f(t_k, y_k) - d_{k-1}/h),  y_{k+1} = y_k + d_k,
//	(1/h - J) (y - y_m) = f(t_m, y_m) - d_{m-1}/h,
//
// whose results y have an expansion in h^2, until the polynomial through them is
// accurate enough at h = 0. One Jacobian, from the beginning, serves the whole
// step. The last equation smooths what the midpoint rule leaves of fast modes,
// but does not remove it: where modes are far faster than the step the method
// takes more steps than one that is L-stable.
//
// G. Bader, P. Deuflhard, A semi-implicit mid-point rule for stiff systems of
// ordinary differential equations, Numer. Math. 41 (1983) 373; P. Deuflhard,
// Order and stepsize control in extrapolation methods, Numer. Math. 41 (1983)
// 399.
type BaderDeuflhard struct {
	// Clip, if not nil, makes a state admissible: that in which a step begins,
	// and those after substeps before the right-hand side is evaluated there.
	// Errors are then relative to the state in which a step begins alone, or to
	// what makes the relative tolerance the absolute one where that is larger.
	Clip func(y []float64)

	linear  linear
	results [][]float64 // the last row of the tableau, as changes of y
	f0, ft  []float64
	y, d, f []float64
	change  []float64 // of y since the step began
	errs    []float64

	work   [bdRows]float64         // evaluations and solves up to a row
	ease   [bdRows][bdRows]float64 // ease[k][q]: of the size that row q can do, what row k can
	excess [bdRows]float64         // inverse of the factor on the size that a row could have done
	last   int                     // row in use
	target int                     // row that is expected to converge
	open   bool                    // to convergence of any row, not just those about the target
	fresh  bool
	next   float64 // size for which target was chosen
}

// bdSubsteps are the numbers of substeps in the rows of the tableau. The last
// one only tells what another row would cost.
var bdSubsteps = [...]int{2, 6, 10, 14, 22, 34, 50, 70}

const (
	bdRows   = len(bdSubsteps)
	bdMargin = 0.25 // of the tolerance that errors aim at
)

// String returns "bader-deuflhard".
func (*BaderDeuflhard) String() string { return "bader-deuflhard" }

func (*BaderDeuflhard) interpolates() bool { return false }

func (*BaderDeuflhard) at(*integration, float64, []float64) {}

func (b *BaderDeuflhard) start(it *integration) error {
	n := len(it.y)
	b.results = growRows(b.results, bdRows, n)
	for _, x := range []*[]float64{&b.f0, &b.ft, &b.y, &b.d, &b.f, &b.change, &b.errs} {
		*x = grow(*x, n)
	}
	b.linear.init(it.p.Structure, &it.stats)
	counted := n
	for _, s := range it.set.Scale {
		if math.IsInf(s, 1) {
			counted-- // any error of it is tolerated
		}
	}
	b.costs(counted, it.set.RTol)
	if err := b.refresh(it); err != nil {
		return err
	}
	it.h = it.firstStep(4, b.f0, b.y, b.f)
	b.next = 0
	return nil
}

// costs fills in what the choice of order depends on, for n components and a
// relative tolerance.
func (b *BaderDeuflhard) costs(n int, rtol float64) {
	w := &b.work
	sum := 1.0
	for k, m := range bdSubsteps {
		sum += float64(m)
		w[k] = sum
	}
	for q := range bdRows {
		for k := range q {
			power := (w[k] - w[q]) / ((w[q] - w[0] + 1) * float64(2*k+1))
			b.ease[k][q] = math.Pow(bdMargin*rtol, power)
		}
	}
	for k := range w {
		w[k] += float64(n) // the Jacobian
	}
	b.last = 1
	for b.last < bdRows-2 && w[b.last+1] <= w[b.last]*b.ease[b.last][b.last+1] {
		b.last++
	}
}

// refresh evaluates slope and Jacobian at the present state.
func (b *BaderDeuflhard) refresh(it *integration) error {
	if b.Clip != nil {
		b.Clip(it.y)
	}
	if it.p.BeginStep != nil {
		it.p.BeginStep(it.t, it.y)
	}
	it.rhs(it.t, it.y, b.f0)
	for _, f := range b.f0 {
		if f-f != 0 {
			return ErrNotFinite
		}
	}
	b.linear.evaluate(it.p, it.t, it.y)
	if it.p.TimeDerivative != nil {
		it.p.TimeDerivative(it.t, it.y, b.ft)
	}
	b.fresh = true
	return nil
}

func (b *BaderDeuflhard) step(it *integration, limit float64) error {
	const (
		least, most  = 1e-5, 0.7 // factors after a step that failed
		afterFailure = 0.1       // factor where there is no result
	)
	if !b.fresh {
		if err := b.refresh(it); err != nil {
			return err
		}
	}
	wanted, left := it.h, it.left(limit)
	if it.h >= left*0.999 {
		it.h = left
	}
	cut := it.h < wanted
	if it.h != b.next {
		b.open, b.target = true, b.last
	}
	reduced := false
	for {
		if err := it.again(); err != nil {
			return err
		}
		row, factor, ok := b.attempt(it)
		if ok && it.refuses(b.y) {
			ok, factor = false, 0.5
		}
		if ok {
			h := it.h
			it.advance(h, limit)
			copy(it.y, b.y)
			it.stats.Steps++
			it.h = h * b.choose(row, !reduced)
			b.next = it.h
			if cut && !reduced {
				// The step was cut to meet an output time; it says little
				// about the size that the next one can have.
				it.h = max(it.h, min(wanted, 10*h))
			}
			b.open, b.fresh = false, false
			return nil
		}
		it.stats.Rejected++
		reduced = true
		if factor == 0 {
			it.h *= afterFailure
		} else {
			it.h *= min(most, max(least, factor))
		}
	}
}

// attempt fills rows of the tableau until one has converged, with the solution in
// b.y, or until it appears that none will. Then it returns the factor on the step
// size with which the target would converge, 0 if nothing is known about it.
func (b *BaderDeuflhard) attempt(it *integration) (row int, factor float64, ok bool) {
	const safety = 0.7
	for k := 0; ; k++ {
		if !b.midpoint(it, bdSubsteps[k]) {
			return k, 0, false
		}
		b.extrapolate(k)
		if k == 0 {
			continue
		}
		b.advance(it)
		size := b.norm(it)
		if math.IsInf(size, 0) || size != size {
			return k, 0, false
		}
		e := math.Pow(max(size, 1e-30)/bdMargin, 1/float64(2*k+1))
		b.excess[k] = e
		if k < b.target-1 && !b.open {
			continue
		}
		switch {
		case size < 1:
			return k, 1, true
		case k == b.last || k == b.target+1:
			return k, safety / e, false
		case k == b.target:
			if b.ease[k][k+1] < e {
				return k, 1 / e, false
			}
		case b.target == b.last:
			if b.ease[k][b.last] < e {
				return k, b.ease[k][b.last] * safety / e, false
			}
		case b.ease[k][b.target+1] < e:
			return k, b.ease[k][b.target] / e, false
		}
	}
}

// choose sets the target of the next step after one that converged in a row, and
// returns the factor on its size. raise allows for a higher order.
func (b *BaderDeuflhard) choose(row int, raise bool) float64 {
	const least = 0.1 // inverse of the largest factor
	cheapest := math.Inf(1)
	divisor := 1.0
	for k := 1; k <= row; k++ {
		d := max(b.excess[k], least)
		if w := d * b.work[k]; w < cheapest {
			cheapest, divisor, b.target = w, d, k
		}
	}
	if t := b.target; raise && t == row && t != b.last {
		if d := max(divisor/b.ease[t][t+1], least); d*b.work[t+1] <= cheapest {
			b.target, divisor = t+1, d
		}
	}
	return 1 / divisor
}

// midpoint stores the change by m substeps in b.change. It reports whether there
// is one.
func (b *BaderDeuflhard) midpoint(it *integration, m int) bool {
	h := it.h / float64(m)
	inverse := 1 / h
	if err := b.linear.factor(inverse); err != nil {
		return false
	}
	y, d, f, change := b.y, b.d, b.f, b.change
	copy(d, b.f0)
	if it.p.TimeDerivative != nil {
		axpy(h, b.ft, d)
	}
	if err := b.linear.solve(d, nil); err != nil {
		return false
	}
	copy(change, d)
	for k := 1; ; k++ {
		b.advance(it)
		if b.Clip != nil {
			b.Clip(y)
			for i, v := range y {
				change[i] = v - it.y[i]
			}
		}
		it.rhs(it.t+float64(k)*h, y, f)
		axpy(-inverse, d, f)
		if err := b.linear.solve(f, nil); err != nil {
			return false
		}
		if k == m {
			axpy(1, f, change)
			return true
		}
		axpy(2, f, d)
		axpy(1, d, change)
	}
}

// advance stores in b.y the state after the change since the step began.
func (b *BaderDeuflhard) advance(it *integration) {
	for i, c := range b.change {
		b.y[i] = it.y[i] + c
	}
}

// extrapolate replaces the result of row k in b.change by the value at h = 0 of
// the polynomial through all results, and stores in b.errs by how much that
// differs from the one without the first of them. Changes instead of states keep
// rounding as small as they are.
func (b *BaderDeuflhard) extrapolate(k int) {
	y, errs := b.change, b.errs
	for j := range k {
		ratio := float64(bdSubsteps[k]) / float64(bdSubsteps[k-1-j])
		c := 1 / (ratio*ratio - 1)
		above := b.results[j][:len(y)]
		for i, v := range y {
			d := c * (v - above[i])
			above[i] = v
			y[i] = v + d
			errs[i] = d
		}
	}
	copy(b.results[k], y)
}

// norm returns the error of b.y relative to the tolerance.
func (b *BaderDeuflhard) norm(it *integration) float64 {
	if b.Clip == nil {
		return it.norm(b.errs, it.y, b.y)
	}
	worst := 0.0
	for i, e := range b.errs {
		tol := it.set.ATol
		if it.set.Scale != nil {
			tol *= it.set.Scale[i]
		}
		e = math.Abs(e) / max(tol, it.set.RTol*math.Abs(it.y[i]))
		if !(e <= worst) {
			worst = e
		}
		if e != e {
			break
		}
	}
	return worst
}
