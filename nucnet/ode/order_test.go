package ode

import (
	"context"
	"math"
	"testing"
)

// tangent is dy/dt = 1 + y^2, dz/dt = z cos t with the solution tan t and
// exp(sin t).
func tangent(tb testing.TB) *Problem {
	tb.Helper()
	s, err := NewStructure(Dense(2))
	if err != nil {
		tb.Fatal(err)
	}
	return &Problem{
		Structure:      s,
		Func:           func(t float64, y, dst []float64) { dst[0], dst[1] = 1+y[0]*y[0], y[1]*math.Cos(t) },
		Jacobian:       func(t float64, y, dst []float64) { dst[0], dst[1], dst[2], dst[3] = 2*y[0], 0, 0, math.Cos(t) },
		TimeDerivative: func(t float64, y, dst []float64) { dst[0], dst[1] = 0, -y[1]*math.Sin(t) },
	}
}

// TestOrder halves a fixed step.
func TestOrder(t *testing.T) {
	p := tangent(t)
	for _, c := range []struct {
		name string
		tab  *tableau
	}{{"rodas5p", &rodas5p}, {"rodas4", &rodas4}} {
		errorsOf := func(steps int) (solution, estimate float64) {
			y := []float64{0, 1}
			it := &integration{ctx: context.Background(), p: p, set: Settings{RTol: 1, ATol: 1}, tEnd: 1, y: y}
			var r rosenbrock
			if err := r.begin(it, c.tab); err != nil {
				t.Fatal(err)
			}
			h := 1 / float64(steps)
			for k := range steps {
				it.t = float64(k) * h
				if err := r.refresh(it); err != nil {
					t.Fatal(err)
				}
				estimate = r.attempt(it, h)
				copy(y, r.yNew)
			}
			return max(math.Abs(y[0]-math.Tan(1)), math.Abs(y[1]-math.Exp(math.Sin(1)))), estimate
		}
		e1, est1 := errorsOf(64)
		e2, est2 := errorsOf(128)
		if order := math.Log2(e1 / e2); math.Abs(order-float64(c.tab.order)) > 0.3 {
			t.Errorf("%v: the solution has order %.2f, want %d", c.name, order, c.tab.order)
		}
		if order := math.Log2(est1/est2) - 1; math.Abs(order-float64(c.tab.embedded)) > 0.5 {
			t.Errorf("%v: the error estimate has order %.2f, want %d", c.name, order, c.tab.embedded)
		}
	}
}

// TestOrdersOfBDF lets only orders up to one bound be used: the higher it is
// the fewer steps a given accuracy takes.
func TestOrdersOfBDF(t *testing.T) {
	last := math.MaxInt
	for order := 1; order <= bdfMaxOrder; order++ {
		y, stats := endOf(t, &BDF{MaxOrder: order}, tangent(t), []float64{0, 1}, 1, Settings{RTol: 1e-10, ATol: 1e-10})
		if e := math.Abs(y[0] - math.Tan(1)); e > 1e-4 {
			t.Errorf("order %d: error %g", order, e)
		}
		if stats.Steps >= last {
			t.Errorf("order %d: %d steps, not fewer than the order below", order, stats.Steps)
		}
		last = stats.Steps
	}
}

// TestTableau checks that the coefficients belong together: in the form with
// products of the Jacobian, alpha and d are row sums of the coefficients.
func TestTableau(t *testing.T) {
	for _, tab := range []*tableau{&rodas5p, &rodas4} {
		s := len(tab.alpha)
		// Gamma is the inverse of 1/gamma - C; solve for its row sums, then
		// alpha_i = sum_j a_ij (Gamma 1)_j.
		rowSums := make([]float64, s)
		for i := range s {
			sum := 1.0
			if i > 0 {
				for j, c := range tab.c[i-1] {
					sum += c * rowSums[j]
				}
			}
			rowSums[i] = sum * tab.gamma
			if math.Abs(rowSums[i]-tab.d[i]) > 1e-12 {
				t.Errorf("stage %d: d = %g, want %g", i+1, tab.d[i], rowSums[i])
			}
			alpha := 0.0
			if i > 0 {
				row := tab.a[min(i, len(tab.a))-1]
				for j, a := range row {
					alpha += a * rowSums[j]
				}
				for j := len(row); j < i; j++ {
					alpha += rowSums[j]
				}
			}
			if math.Abs(alpha-tab.alpha[i]) > 1e-12 {
				t.Errorf("stage %d: alpha = %g, want %g", i+1, tab.alpha[i], alpha)
			}
		}
	}
}

// TestOrderOfExtrapolation takes steps of a fixed size with one more row of the
// tableau at a time. With k rows the order is 2k - 1 (Hairer and Wanner 1996,
// section IV.9), and the error estimate is the error within a step of k - 1.
func TestOrderOfExtrapolation(t *testing.T) {
	p := tangent(t)
	for row := range 3 {
		errorsOf := func(steps int) (solution, estimate float64) {
			y := []float64{0, 1}
			it := &integration{ctx: context.Background(), p: p, set: Settings{RTol: 1, ATol: 1}, tEnd: 1, y: y}
			var b BaderDeuflhard
			if err := b.start(it); err != nil {
				t.Fatal(err)
			}
			it.h = 1 / float64(steps)
			for k := range steps {
				it.t = float64(k) * it.h
				if err := b.refresh(it); err != nil {
					t.Fatal(err)
				}
				for r := range row + 1 {
					if !b.midpoint(it, bdSubsteps[r]) {
						t.Fatal("no result")
					}
					b.extrapolate(r)
				}
				b.advance(it)
				estimate = b.norm(it)
				copy(y, b.y)
			}
			return max(math.Abs(y[0]-math.Tan(1)), math.Abs(y[1]-math.Exp(math.Sin(1)))), estimate
		}
		e1, est1 := errorsOf(8)
		e2, est2 := errorsOf(16)
		if order := math.Log2(e1 / e2); math.Abs(order-float64(2*row+1)) > 0.3 {
			t.Errorf("%d rows: order %.2f, want %d", row+1, order, 2*row+1)
		}
		if order := math.Log2(est1 / est2); row > 0 && math.Abs(order-float64(2*row)) > 0.5 {
			t.Errorf("%d rows: the error estimate has order %.2f, want %d", row+1, order, 2*row)
		}
	}
}
