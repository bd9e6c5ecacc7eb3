package ode

import "math"

// BDF is the family of backward differentiation formulas of orders 1 to 5 with
// variable step and order, in the fixed-leading-coefficient form. The implicit
// equations are solved by Newton's method with a Jacobian that is kept for as
// long as it converges, and factors that are kept for as long as the step
// changes little.
//
// The past is stored as Nordsieck's array: z[j] = h^j y^(j)/j! of the
// polynomial through the last steps, which is also the interpolant between
// them. It steps over output times.
//
// P. N. Brown, G. D. Byrne, A. C. Hindmarsh, VODE: a variable-coefficient ODE
// solver, SIAM J. Sci. Stat. Comput. 10 (1989) 1038, and K. R. Jackson, R.
// Sacks-Davis, ACM Trans. Math. Softw. 6 (1980) 295 for the form.
type BDF struct {
	// MaxOrder is the highest order used. If it is 0 it is defaulted to 5.
	MaxOrder int

	linear                 linear
	z                      [][]float64 // Nordsieck's array, and the correction of an earlier step behind it
	correction, rhs, slope []float64
	y, difference          []float64
	order, maxOrder        int
	t, rest                float64                  // the time, and what rounding has taken from it
	h                      float64                  // step that z is scaled by
	past                   [bdfMaxOrder + 2]float64 // sizes of the last steps, from 1
	wait                   int                      // steps until a change of order is considered
	nextOrder              int
	ratio, maxRatio        float64 // of the next step to this one, and its limit
	l                      [bdfMaxOrder + 1]float64
	test                   errorConstants
	savedScale             float64 // test.scale when the correction behind z was saved

	// Newton's method.
	gamma, factoredGamma     float64
	rate                     float64 // of convergence
	steps, setupAt, jacobian int     // step counts: now, at the last factorisation, at the last Jacobian
	correctionNorm           float64
}

const bdfMaxOrder = 5

// errorConstants turn norms of differences into local errors.
type errorConstants struct {
	lower, same, higher float64 // at order - 1, order, order + 1
	scale               float64
	newton              float64 // tolerated error of Newton's method
}

// String returns "bdf".
func (*BDF) String() string { return "bdf" }

func (*BDF) interpolates() bool { return true }

// at evaluates Nordsieck's polynomial.
func (b *BDF) at(_ *integration, t float64, dst []float64) {
	s := (t - b.t - b.rest) / b.h
	copy(dst, b.z[b.order])
	for j := b.order - 1; j >= 0; j-- {
		for i, v := range b.z[j] {
			dst[i] = dst[i]*s + v
		}
	}
}

func (b *BDF) start(it *integration) error {
	n := len(it.y)
	b.maxOrder = bdfMaxOrder
	if b.MaxOrder > 0 {
		b.maxOrder = min(b.maxOrder, b.MaxOrder)
	}
	b.z = growRows(b.z, b.maxOrder+2, n)
	for _, x := range []*[]float64{&b.correction, &b.rhs, &b.slope, &b.y, &b.difference} {
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
	h := it.firstStep(1, b.slope, b.y, b.rhs)
	copy(b.z[0], it.y)
	for i, f := range b.slope {
		b.z[1][i] = h * f
	}
	b.t, b.rest, b.h = it.t, 0, h
	b.order, b.nextOrder, b.wait = 1, 1, 2
	b.past = [bdfMaxOrder + 2]float64{}
	b.ratio, b.maxRatio = 1, 1e4
	b.steps, b.setupAt, b.jacobian = 0, 0, 0
	b.factoredGamma, b.rate = 0, 1
	b.savedScale = 0
	it.h = h
	return nil
}

// step takes one step. Its constants are those of VODE and its successors.
func (b *BDF) step(it *integration, _ float64) error {
	if b.nextOrder != b.order {
		b.changeOrder(b.nextOrder)
	}
	if b.ratio != 1 {
		b.rescale(b.ratio)
	}
	if it.p.BeginStep != nil {
		it.p.BeginStep(b.t, b.z[0])
	}
	errorFailures, convergenceFailures := 0, 0
	for {
		it.h = b.h
		if err := it.again(); err != nil {
			return err
		}
		b.coefficients()
		b.predict()
		ok := b.newton(it, convergenceFailures > 0 || errorFailures >= 2)
		if !ok {
			b.retract()
			it.stats.Rejected++
			convergenceFailures++
			b.maxRatio = 1
			b.rescale(0.25)
			continue
		}
		size := b.correctionNorm * b.test.same
		if size > 1 {
			b.retract()
			it.stats.Rejected++
			errorFailures++
			b.maxRatio = 1
			if errorFailures <= 3 {
				ratio := max(0.1, stepRatio(6, size, b.order+1))
				if errorFailures >= 2 {
					ratio = min(ratio, 0.2)
				}
				b.rescale(ratio)
				continue
			}
			// The polynomial does not describe the solution: go down in order,
			// in the end to a fresh start.
			if b.order > 1 {
				b.changeOrder(b.order - 1)
				b.rescale(0.1)
				continue
			}
			b.restart(it)
			continue
		}
		if it.refuses(b.y) {
			b.retract()
			it.stats.Rejected++
			b.rescale(0.5)
			continue
		}
		it.advance(b.h, math.Inf(1))
		b.t, b.rest = it.t, it.rest
		b.accept()
		b.plan(it, size)
		it.stats.Steps++
		it.h = b.h * b.ratio
		copy(it.y, b.z[0])
		return nil
	}
}

// restart goes back to order 1 with a smaller step and the slope at z[0].
func (b *BDF) restart(it *integration) {
	b.order, b.nextOrder, b.wait = 1, 1, 10
	b.rescale(0.1)
	it.rhs(b.t, b.z[0], b.slope)
	for i, f := range b.slope {
		b.z[1][i] = b.h * f
	}
}

// stepRatio returns the change of step that brings an error, relative to the
// tolerance and enlarged by a bias, to 1.
func stepRatio(bias, size float64, power int) float64 {
	return 1 / (math.Pow(bias*size, 1/float64(power)) + 1e-6)
}

// coefficients computes for the present order and step sizes the polynomial l
// by which the correction enters z, and the constants of the error estimates.
func (b *BDF) coefficients() {
	q, h := b.order, b.h
	l := &b.l
	*l = [bdfMaxOrder + 1]float64{1, 1}
	alpha, alphaHat := -1.0, -1.0
	inverse, star := 1.0, 1.0 // 1/xi of the oldest point, and of the formula's own
	sum := h
	if q > 1 {
		for j := 2; j < q; j++ {
			sum += b.past[j-1]
			inverse = h / sum
			alpha -= 1 / float64(j)
			for i := j; i >= 1; i-- {
				l[i] += l[i-1] * inverse
			}
		}
		alpha -= 1 / float64(q)
		star = -l[1] - alpha
		sum += b.past[q-1]
		inverse = h / sum
		alphaHat = -l[1] - inverse
		for i := q; i >= 1; i-- {
			l[i] += l[i-1] * star
		}
	}
	a1 := 1 - alphaHat + alpha
	a2 := 1 + float64(q)*a1
	t := &b.test
	t.same = math.Abs(a1 / (alpha * a2))
	t.scale = math.Abs(a2 * star / (l[q] * inverse))
	if b.wait == 1 {
		t.lower = 1
		if q > 1 {
			a3 := alpha + 1/float64(q)
			a4 := alphaHat + inverse
			t.lower = math.Abs(star / l[q] * (1 - a4 + a3) / a3)
		}
		sum += b.past[q]
		inverse = h / sum
		a5 := alpha - 1/float64(q+1)
		a6 := alphaHat - inverse
		t.higher = math.Abs((1 - a6 + a5) / a2 / (inverse * float64(q+2) * a5))
	}
	t.newton = 0.1 / t.same
	b.gamma = h / l[1]
}

// predict extrapolates the polynomial to the end of the step.
func (b *BDF) predict() {
	for k := 1; k <= b.order; k++ {
		for j := b.order; j >= k; j-- {
			axpy(1, b.z[j], b.z[j-1])
		}
	}
}

// retract undoes predict.
func (b *BDF) retract() {
	for k := 1; k <= b.order; k++ {
		for j := b.order; j >= k; j-- {
			axpy(-1, b.z[j], b.z[j-1])
		}
	}
}

// newton solves y = z0 + correction, h y'(y) = l1 (correction + z1/l1) for the
// correction. It fails if that does not converge with a fresh Jacobian.
func (b *BDF) newton(it *integration, renew bool) bool {
	const (
		keepFactors  = 20  // steps
		keepJacobian = 50  // steps
		maxChange    = 0.3 // of gamma
	)
	t := b.t + b.h
	setup := renew || b.factoredGamma == 0 || b.steps >= b.setupAt+keepFactors ||
		math.Abs(b.gamma/b.factoredGamma-1) > maxChange
	fresh := false
	renew = renew || b.factoredGamma == 0 || b.steps >= b.jacobian+keepJacobian || !b.linear.choice.holds(b.z[0])
	setup = setup || renew
	for {
		copy(b.y, b.z[0])
		it.rhs(t, b.y, b.slope)
		if setup {
			if renew {
				b.linear.evaluate(it.p, t, b.y)
				b.jacobian = b.steps
				fresh = true
			}
			if err := b.linear.factor(1 / b.gamma); err != nil {
				b.factoredGamma = 0
				return false
			}
			b.factoredGamma, b.setupAt, b.rate = b.gamma, b.steps, 1
		}
		if b.iterate(it, t) {
			return true
		}
		if fresh {
			return false
		}
		setup, renew = true, true
	}
}

func (b *BDF) iterate(it *integration, t float64) bool {
	const maxIterations = 4
	clear(b.correction)
	scale := 2 / (1 + b.gamma/b.factoredGamma)
	inverse := 1 / b.gamma
	last := 0.0
	for m := 0; ; m++ {
		for i, f := range b.slope {
			b.difference[i] = b.z[1][i]/b.l[1] + b.correction[i]
			b.rhs[i] = f - b.difference[i]*inverse
		}
		if err := b.linear.solve(b.rhs, b.difference); err != nil {
			return false
		}
		for i, d := range b.rhs {
			d *= scale
			b.rhs[i] = d
			b.correction[i] += d
			b.y[i] = b.z[0][i] + b.correction[i]
		}
		change := it.norm(b.rhs, b.y, b.y)
		if change-change != 0 {
			return false
		}
		if m > 0 {
			b.rate = max(0.3*b.rate, change/last)
		}
		if change*min(1, b.rate) <= b.test.newton {
			b.correctionNorm = change
			if m > 0 {
				b.correctionNorm = it.norm(b.correction, b.y, b.y)
			}
			return true
		}
		if m+1 == maxIterations || m > 0 && change > 2*last {
			return false
		}
		last = change
		it.rhs(t, b.y, b.slope)
	}
}

// accept moves the polynomial to the end of the step.
func (b *BDF) accept() {
	b.steps++
	copy(b.past[2:b.order+1], b.past[1:b.order])
	if b.order == 1 && b.steps > 1 {
		b.past[2] = b.past[1]
	}
	b.past[1] = b.h
	for j := 0; j <= b.order; j++ {
		axpy(b.l[j], b.correction, b.z[j])
	}
	b.wait--
	if b.wait == 1 && b.order < b.maxOrder {
		b.save()
	}
}

// save keeps the correction, from whose next difference the error at the next
// higher order follows.
func (b *BDF) save() {
	copy(b.z[b.maxOrder+1], b.correction)
	b.savedScale = b.test.scale
}

// plan chooses order and size of the next step after one with the given error.
func (b *BDF) plan(it *integration, size float64) {
	const worthwhile = 1.5
	limit := b.maxRatio
	b.maxRatio = 10
	b.nextOrder, b.ratio = b.order, 1
	if limit == 1 {
		// Nothing grows right after a failure.
		b.wait = max(b.wait, 2)
		return
	}
	q := b.order
	best := stepRatio(6, size, q+1)
	if b.wait == 0 {
		b.wait = 2
		same := best
		var lower, higher float64
		if q > 1 {
			lower = stepRatio(6, it.norm(b.z[q], b.y, b.y)*b.test.lower, q)
		}
		if q < b.maxOrder && b.savedScale != 0 {
			c := b.test.scale / b.savedScale * math.Pow(b.h/b.past[2], float64(q+1))
			for i, v := range b.correction {
				b.difference[i] = v - c*b.z[b.maxOrder+1][i]
			}
			higher = stepRatio(10, it.norm(b.difference, b.y, b.y)*b.test.higher, q+2)
		}
		best = max(lower, same, higher)
		switch {
		case best < worthwhile:
			return
		case best == same:
		case best == lower:
			b.nextOrder = q - 1
		default:
			b.nextOrder = q + 1
			copy(b.z[b.maxOrder+1], b.correction)
		}
	}
	if best >= worthwhile {
		b.ratio = min(best, limit)
	}
}

// rescale changes the step size that z is scaled by.
func (b *BDF) rescale(ratio float64) {
	factor := ratio
	for j := 1; j <= b.order; j++ {
		for i := range b.z[j] {
			b.z[j][i] *= factor
		}
		factor *= ratio
	}
	b.h *= ratio
}

// changeOrder raises or lowers the degree of the polynomial by one, keeping
// what it interpolates.
func (b *BDF) changeOrder(to int) {
	q := b.order
	var l [bdfMaxOrder + 2]float64
	l[2] = 1
	if to > q {
		alpha0, alpha1, product, old := -1.0, 1.0, 1.0, 1.0
		sum := b.h
		for j := 1; j < q; j++ {
			sum += b.past[j+1]
			xi := sum / b.h
			product *= xi
			alpha0 -= 1 / float64(j+1)
			alpha1 += 1 / xi
			for i := j + 2; i >= 2; i-- {
				l[i] = l[i]*old + l[i-1]
			}
			old = xi
		}
		a := (-alpha0 - alpha1) / product
		saved, top := b.z[b.maxOrder+1], b.z[q+1]
		for i, v := range saved {
			top[i] = a * v
		}
		for j := 2; j <= q; j++ {
			axpy(l[j], top, b.z[j])
		}
	} else {
		sum := 0.0
		for j := 1; j <= q-2; j++ {
			sum += b.past[j]
			xi := sum / b.h
			for i := j + 2; i >= 2; i-- {
				l[i] = l[i]*xi + l[i-1]
			}
		}
		for j := 2; j < q; j++ {
			axpy(-l[j], b.z[q], b.z[j])
		}
	}
	b.order = to
	b.wait = to + 1
	b.nextOrder = to
}
